"""What the SDKs do around a model that Debian's descriptions do not state, or that takes a second call."""

import base64
import gzip
import http.server
import json
import threading
from urllib.parse import parse_qs

import pytest
from harness import Balm, clean_environment
from oracle import Oracle
from sweep import Tool, rewritten_pack


@pytest.fixture(scope="module")
def loader():
    return Oracle().session.get_component("data_loader")


# ---- compressed requests ----


@pytest.fixture(scope="module")
def metrics(loader, tmp_path_factory):
    def change(model, rules):
        model["metadata"].update(protocol="query", protocols=["query"])
        model["operations"]["PutMetricData"]["requestcompression"] = {"encodings": ["zstd", "gzip"]}

    running = Tool(pack_path=rewritten_pack(tmp_path_factory.mktemp("gzip"), loader, {"cloudwatch": change}))
    yield running
    running.close()


def put(tool, length, name="PutMetricData"):
    params = {"Namespace": "n" * length, "MetricData": []} if name == "PutMetricData" else {"AlarmNames": ["n" * length]}
    got = tool(service="cloudwatch", operation=name, params=params)
    body = base64.b64decode(got["body_base64"]) if "body_base64" in got else got["body"].encode()
    return got["headers"].get("Content-Encoding"), body


def test_a_large_body_is_compressed_where_the_model_lets_it(metrics):
    encoding, body = put(metrics, 20000)
    assert encoding == "gzip"
    assert len(body) < 1000
    assert parse_qs(gzip.decompress(body).decode())["Namespace"] == ["n" * 20000]


def test_a_small_body_or_one_of_another_operation_is_sent_as_it_is(metrics):
    around = len(put(metrics, 1)[1]) - 1
    assert put(metrics, 10239 - around)[0] is None
    assert put(metrics, 10240 - around)[0] == "gzip"
    encoding, body = put(metrics, 20000, "DeleteAlarms")
    assert encoding is None
    assert b"n" * 20000 in body


@pytest.mark.parametrize("settings, encoding", [
    ({"AWS_DISABLE_REQUEST_COMPRESSION": "true"}, None),
    ({"AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES": "50000"}, None),
    ({"AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES": "100"}, "gzip"),
])
def test_the_settings_of_compression_are_heeded(metrics, settings, encoding):
    tool = Tool(pack_path=metrics.pack, **settings)
    assert put(tool, 20000)[0] == encoding
    tool.close()


def test_a_setting_that_is_no_size_is_named(metrics):
    tool = Tool(pack_path=metrics.pack, AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES="10k")
    got = tool(service="cloudwatch", operation="PutMetricData", params={"Namespace": "n", "MetricData": []})
    assert "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES" in got["error"]
    tool.close()


# ---- hosts that the service names ----


class Cells(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers["X-Amz-Target"].partition(".")[2]
        self.server.seen.append((operation, self.headers["Host"]))
        status, answer = self.server.answer(operation, self.headers["Host"])
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def timestream(loader, tmp_path):
    """(a server, a function that cancels a query of a service whose first host it is)."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cells)
    server.seen = []
    host = f"127.0.0.1:{server.server_address[1]}"
    server.cell = f"localhost:{server.server_address[1]}"

    def change(model, rules):
        rules.update(parameters={}, rules=[
            {"conditions": [], "endpoint": {"url": f"http://{host}"}, "type": "endpoint"}])

    balm = Balm(clean_environment(), tmp_path)
    pack = rewritten_pack(tmp_path, loader, {"timestream-query": change})
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server, lambda *options: balm("call", "timestream-query", "cancel_query", '{"QueryId": "q"}', "--models",
                                        pack, *options)
    server.shutdown()
    server.server_close()


def names_a_cell(server, cell=None, minutes=5):
    def answer(operation, host):
        if operation == "DescribeEndpoints":
            return 200, {"Endpoints": [{"Address": cell or server.cell, "CachePeriodInMinutes": minutes}]}
        return 200, {"CancellationMessage": "gone"}

    return answer


def test_a_service_is_asked_where_it_says(timestream):
    server, cancel = timestream
    server.answer = names_a_cell(server)
    outcome = cancel()
    assert outcome.line == {"CancellationMessage": "gone"}
    assert [name for name, _ in server.seen] == ["DescribeEndpoints", "CancelQuery"]
    assert server.seen[1][1] == server.cell


def test_a_host_that_is_no_longer_right_is_asked_for_anew_once(timestream):
    server, cancel = timestream
    good = names_a_cell(server)

    def answer(operation, host):
        if operation == "CancelQuery":
            return 421, {"__type": "InvalidEndpointException", "message": "moved"}
        return good(operation, host)

    server.answer = answer
    outcome = cancel()
    assert outcome.status == 1
    assert outcome.line["Error"]["Code"] == "InvalidEndpointException"
    assert [name for name, _ in server.seen] == ["DescribeEndpoints", "CancelQuery"] * 2


@pytest.mark.parametrize("cell, minutes", [("evil.example/x?", 5), ("a b", 5), ("user@evil.example", 5), ("", 5),
                                           ("fine.example", 0), ("fine.example", 10**12)])
def test_an_answer_that_names_no_host_ends_the_call(timestream, cell, minutes):
    server, cancel = timestream
    server.answer = lambda operation, host: (
        200, {"Endpoints": [{"Address": cell, "CachePeriodInMinutes": minutes}]})
    outcome = cancel()
    assert outcome.status != 0
    assert [name for name, _ in server.seen] == ["DescribeEndpoints"]


def test_when_the_host_cannot_be_learned_the_error_says_so(timestream):
    server, cancel = timestream
    server.answer = lambda operation, host: (403, {"__type": "AccessDeniedException", "message": "no"})
    outcome = cancel()
    assert outcome.status in (1, 3)
    assert "cannot learn where to send the call, by DescribeEndpoints" in outcome.err + outcome.out


def test_a_host_of_ones_own_is_asked_as_it_is(timestream):
    server, cancel = timestream
    server.answer = names_a_cell(server)
    assert cancel("--endpoint-url", f"http://{server.cell}").line == {"CancellationMessage": "gone"}
    assert [name for name, _ in server.seen] == ["CancelQuery"]


def test_nothing_is_asked_when_nothing_is_sent(timestream):
    server, cancel = timestream
    assert cancel("--dry-run").line["method"] == "POST"
    assert server.seen == []


# ---- accounts in host names ----


@pytest.mark.parametrize("mode, host", [(None, "preferred"), ("disabled", "disabled"), ("required", "required")])
def test_the_rules_are_told_whether_hosts_may_name_accounts(loader, tmp_path, mode, host):
    outcome = account_mode(loader, tmp_path, mode)
    assert outcome.line["url"] == f"https://{host}.example.com/"


def test_a_mode_that_is_none_is_named(loader, tmp_path):
    outcome = account_mode(loader, tmp_path, "sometimes")
    assert outcome.status != 0
    assert "AWS_ACCOUNT_ID_ENDPOINT_MODE" in outcome.err + outcome.out


def account_mode(loader, folder, mode):
    def change(model, rules):
        rules.update(
            parameters={"AccountIdEndpointMode": {"builtIn": "AWS::Auth::AccountIdEndpointMode", "type": "String",
                                                  "required": False}},
            rules=[{"conditions": [], "endpoint": {"url": "https://{AccountIdEndpointMode}.example.com"},
                    "type": "endpoint"}])

    pack = rewritten_pack(folder, loader, {"dynamodb": change})
    balm = Balm(clean_environment(AWS_ACCOUNT_ID_ENDPOINT_MODE=mode), folder)
    return balm("call", "dynamodb", "list_tables", "--dry-run", "--models", pack)
