"""What Balm writes and reads, held against botocore, operation by operation, over all services.

The C tool does in bulk what `balm call` does one by one (test_differential.py goes through that).
BALM_SAMPLE is how many operations are tried ("all": every one, some minutes); BALM_SEED another seed.
"""

import base64
import json
import os
import subprocess
from urllib.parse import urlsplit

import answer
import pytest
from differential import (SEED, Oracle, Values, botocore_error, by_value, plain, refused_by_both, sample,
                          shown_difference)
from harness import BUILD, PACK

TOOL = BUILD / "spec/engine/aws/tool_codec"
# What signing and sending add, and what depends on the time.
SIGNING = {"user-agent", "amz-sdk-invocation-id", "amz-sdk-request", "expect", "content-length", "x-amz-date",
           "authorization", "x-amz-content-sha256"}


class Tool:
    def __init__(self):
        self.process = subprocess.Popen([TOOL, PACK], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def __call__(self, **line):
        self.process.stdin.write(json.dumps(line, default=plain).encode() + b"\n")
        self.process.stdin.flush()
        reply = self.process.stdout.readline()
        assert reply, f"the tool ended at {line['service']}:{line['operation']}"
        return json.loads(reply)


@pytest.fixture(scope="module")
def tool():
    running = Tool()
    yield running
    running.process.stdin.close()
    assert running.process.wait() == 0


@pytest.fixture(scope="module")
def oracle():
    return Oracle()


def request_faults(tool, oracle, service, name):
    operation = oracle.operation(service, name)
    values = Values(f"{SEED}.{service}.{name}")
    params = values.structure(operation.input_shape) if operation.input_shape else {}
    got = tool(service=service, operation=name, params=params)
    try:
        wanted = oracle.request(service, name, params)
    except botocore_error as error:
        if not refused_by_both(error, got):
            yield f"botocore refuses: {error}"
        return
    if "error" in got:
        yield got["error"]
        return
    url = urlsplit(wanted["url"])
    bucket = f"/{params['Bucket']}" if name == "GetBucketLocation" else ""  # the endpoint puts it into the path
    pairs = {
        "method": (wanted["method"], got["method"]),
        "path": (url.path or "/", bucket or got["path"]),
        "query": (url.query, got["query"]),
        "headers": ({n: v for n, v in wanted["headers"].items() if n not in SIGNING},
                    {n.lower(): v for n, v in got["headers"].items() if n.lower() not in SIGNING}),
        "body": (wanted["body"], base64.b64decode(got["body"])),
    }
    for part, (theirs, ours) in pairs.items():
        if theirs != ours:
            yield f"{part}: botocore has {theirs!r}, Balm {ours!r}"


def answer_of(tool, service, name, reply):
    status, headers, body = reply
    return tool(service=service, operation=name, params={}, status=status, headers=headers,
                body=base64.b64encode(body).decode())


def answer_faults(tool, oracle, service, name):
    operation = oracle.operation(service, name)
    values = Values(f"{SEED}.{service}.{name}", answers=True)
    output = values.structure(operation.output_shape) if operation.output_shape else {}
    params = Values(f"{SEED}.in.{service}.{name}")
    reply = answer.written(operation.service_model.protocol, operation, output)
    got = answer_of(tool, service, name, reply)
    try:
        given = params.structure(operation.input_shape) if operation.input_shape else {}
        wanted = by_value(oracle.reads(service, name, given, reply))
    except Exception as error:  # botocore raises anything where an answer is not what it should be
        if not refused_by_both(error, got):
            yield f"botocore cannot read: {error!r}"
        return
    if "answer" not in got:
        yield f"Balm cannot read: {got}"
    elif wanted != got["answer"]:
        yield shown_difference(wanted, got["answer"])


def error_faults(tool, oracle, service, name):
    model = oracle.operation(service, name).service_model
    values = Values(f"{SEED}.{service}.{name}", answers=True)
    shapes = oracle.operation(service, name).error_shapes or []
    shape = values.random.choice(shapes) if shapes and values.chance(0.9) else None
    members = values.structure(shape) if shape is not None else None
    for member in list(members or {}):  # what the writer itself sets
        header = shape.members[member].serialization.get("name", "").lower()
        if member.lower() in ("message", "code", "type", "requestid") or header == "x-amzn-errortype":
            del members[member]
    code = (shape.metadata.get("error", {}).get("code") or shape.name) if shape is not None else "SomeCode"
    reply = answer.failed(model.protocol, service, shape, members, code, "It failed: é, <&>")
    params = Values(f"{SEED}.in.{service}.{name}")
    given = oracle.operation(service, name).input_shape
    try:
        oracle.reads(service, name, params.structure(given) if given else {}, reply)
        yield "botocore sees no error"
        return
    except oracle.client(service).exceptions.ClientError as error:
        wanted = by_value(error.response)
    except botocore_error:
        return  # refused before anything is sent: not about answers
    metadata = wanted["ResponseMetadata"]
    wanted["ResponseMetadata"] = {name: metadata[name] for name in ("HTTPStatusCode", "RequestId")}
    got = answer_of(tool, service, name, reply)
    if wanted != got.get("detail"):
        yield shown_difference(wanted, got.get("detail"))


def all_faults(check, tool, oracle):
    faults = []
    for service, name in sample(oracle):
        faults += [f"{service}:{name} {fault}"[:600] for fault in check(tool, oracle, service, name)]
    return faults


def test_every_request_is_botocores(tool, oracle):
    assert all_faults(request_faults, tool, oracle) == []


def test_every_answer_reads_as_in_botocore(tool, oracle):
    assert all_faults(answer_faults, tool, oracle) == []


def test_every_error_reads_as_in_botocore(tool, oracle):
    assert all_faults(error_faults, tool, oracle) == []
