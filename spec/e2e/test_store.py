"""The run store over DynamoDB, as the stand-in plays it: the suite of every store, answers that are lost,
tables that are not there, other processes, and what each operation costs."""

import json
import signal
import subprocess
import threading
import time

import pytest

from harness import ACCOUNT, BUILD, ENGINE_ACCOUNT, clean_environment, remediate, wait_until

BUILT = BUILD / "spec/engine/remedy"
LARGE = 900_000  # three pieces


class Store:
    """A process that has the store open."""

    def __init__(self, url, **env):
        self.process = subprocess.Popen([BUILT / "tool_store", url], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env=clean_environment(**env))

    def together(self, *operations):
        """Operations under way at once, and their outcomes."""
        self.process.stdin.write(json.dumps(operations) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def commit(self, *changes):
        return self.together({"commit": changes})[0]

    def read(self, **query):
        outcome = self.together({"read": query})[0]
        return outcome["items"] if "items" in outcome else outcome

    def get(self, sort):
        items = self.read(**{"from": sort, "to": sort})
        return items[0] if items else None

    def put(self, sort, value, **more):
        return self.commit({"sort": sort, "value": value, **more})

    def close(self):
        self.process.stdin.close()
        warnings = self.process.stderr.read()
        assert self.process.wait(20) == 0
        self.process.stdout.close()
        self.process.stderr.close()
        return warnings


@pytest.fixture
def opened(standin):
    """Opens the same table as often as asked."""
    stores = []

    def open_one():
        stores.append(Store("dynamodb:runs", AWS_ENDPOINT_URL=standin.url))
        return stores[-1]

    yield open_one
    for store in stores:
        if not store.process.stdin.closed:
            store.close()


@pytest.fixture
def store(opened, standin):
    """A store whose table is there and empty."""
    made = opened()
    assert made.put("first", {})["ok"] and made.put("first", None)["ok"]
    return made


def table(standin):
    return standin.state("dynamodb", "tables", "runs", account=ENGINE_ACCOUNT)


def operations(standin, since):
    return [entry["operation"] for entry in standin.log(service="dynamodb", since=since)]


def now(standin):
    log = standin.log()
    return log[-1]["n"] if log else 0


def test_it_does_what_every_store_does(standin):
    done = subprocess.run([BUILT / "test_store"], capture_output=True, text=True, timeout=280, check=False,
                          env=clean_environment(AWS_ENDPOINT_URL=standin.url, BALM_TEST_DYNAMODB="1"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[  PASSED  ]" in done.stdout + done.stderr
    assert standin.log(service="dynamodb", operation="TransactWriteItems")


# ---- the table ----

def test_a_read_needs_no_table(opened, standin):
    assert opened().read() == []
    assert operations(standin, 0) == ["Query"]


def test_the_first_commit_makes_the_table_with_its_ttl(opened, standin):
    store = opened()
    outcomes = store.together(*[{"commit": [{"sort": str(i), "value": {}}]} for i in range(5)])
    assert all(outcome["ok"] for outcome in outcomes)
    assert operations(standin, 0).count("CreateTable") == 1
    assert table(standin)["_ttl"] == {"Enabled": True, "AttributeName": "x"}
    assert len(store.read()) == 5


def test_two_processes_may_make_it_at_once(opened):
    both = [opened(), opened()]
    outcomes = []
    threads = [threading.Thread(target=lambda s=s, i=i: outcomes.append(s.put(str(i), {})))
               for i, s in enumerate(both)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [outcome["ok"] for outcome in outcomes] == [True, True]
    assert len(both[0].read()) == 2


def test_a_table_that_may_not_be_made_is_an_error_that_says_how(opened, standin):
    standin.fault(service="dynamodb", operation="CreateTable", status=400, code="AccessDeniedException",
                  times=100)
    store = opened()
    outcomes = store.together(*[{"commit": [{"sort": str(i), "value": {}}]} for i in range(3)])
    for outcome in outcomes:
        for said in ("dynamodb:runs", "eu-west-1", "AccessDenied", "pk", "sk", "TTL"):
            assert said in outcome["error"]
    standin.reset()
    assert store.put("a", {})["ok"]  # once it may, it is


def test_ttl_that_may_not_be_turned_on_is_a_warning(opened, standin):
    standin.fault(service="dynamodb", operation="UpdateTimeToLive", status=400,
                  code="AccessDeniedException")
    store = opened()
    assert store.put("a", {})["ok"]
    assert "TTL" in store.close()


def test_credentials_that_may_not_use_it_are_an_error_that_says_whose(store, standin):
    standin.fault(service="dynamodb", operation="PutItem", status=400, code="AccessDeniedException")
    error = store.put("a", {})["error"]
    assert "own credentials" in error and "dynamodb:runs" in error


# ---- what it costs ----

def test_one_small_change_is_one_write(store, standin):
    since = now(standin)
    version = store.put("a", {"n": 1}, **{"if": "absent"})["version"]
    store.put("a", {"n": 2}, **{"if": "as_read", "version": version})
    store.put("a", {"n": 3})
    store.put("a", None)
    assert operations(standin, since) == ["PutItem", "PutItem", "PutItem", "DeleteItem"]


def test_several_changes_are_one_transaction(store, standin):
    since = now(standin)
    assert store.commit({"sort": "a", "value": {}}, {"sort": "b", "value": {}, "if": "absent"},
                        {"sort": "c", "if": "absent", "check": True})["ok"]
    assert operations(standin, since) == ["TransactWriteItems"]


def test_one_item_is_one_consistent_read(store, standin):
    since = now(standin)
    store.get("a")
    store.read()
    seen = standin.log(service="dynamodb", since=since)
    assert [entry["operation"] for entry in seen] == ["GetItem", "Query"]
    assert all(entry["params"]["ConsistentRead"] for entry in seen)


def test_a_conflict_is_told_after_one_look(store, standin):
    store.put("a", {})
    since = now(standin)
    assert store.put("a", {}, **{"if": "absent"}) == {"conflict": True}
    assert operations(standin, since) == ["PutItem", "BatchGetItem"]


# ---- answers that are lost ----

def lose(standin, operation, times=1):
    standin.fault(service="dynamodb", operation=operation, when="after", close=True, times=times)


@pytest.mark.parametrize("condition", ["absent", "always"])
def test_a_write_whose_answer_was_lost_knows_itself_again(store, standin, condition):
    lose(standin, "PutItem")
    outcome = store.put("a", {"n": 1}, **{"if": condition})
    assert outcome["ok"] and outcome["version"] == store.get("a")["version"]


def test_so_does_a_transaction(store, standin):
    lose(standin, "TransactWriteItems")
    outcome = store.commit({"sort": "a", "value": {}, "if": "absent"},
                           {"sort": "b", "value": {}, "if": "absent"})
    assert outcome["ok"] and outcome["version"] == store.get("a")["version"]


def test_so_does_a_removal(store, standin):
    version = store.put("a", {})["version"]
    lose(standin, "TransactWriteItems")
    assert store.put("a", None, **{"if": "as_read", "version": version})["ok"]
    assert store.get("a") is None


def test_a_write_that_is_never_answered_is_unknown(store, standin):
    lose(standin, "PutItem", times=10)
    outcome = store.put("a", {"n": 1})
    assert outcome["code"] == "Network" and "dynamodb:runs" in outcome["error"]


def test_a_transaction_that_meets_another_is_tried_again(store, standin):
    body = {"__type": "x#TransactionCanceledException", "Message": "[TransactionConflict]",
            "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}]}
    standin.fault(service="dynamodb", operation="TransactWriteItems", times=3, status=400,
                  body=json.dumps(body), content_type="application/x-amz-json-1.0")
    assert store.commit({"sort": "a", "value": {}}, {"sort": "b", "value": {}})["ok"]
    standin.fault(service="dynamodb", operation="PutItem", status=400,
                  code="TransactionConflictException")
    assert store.put("a", {})["ok"]


def test_a_transaction_that_is_malformed_is_not(store, standin):
    body = {"__type": "x#TransactionCanceledException", "Message": "[ValidationError]",
            "CancellationReasons": [{"Code": "ValidationError"}, {"Code": "None"}]}
    standin.fault(service="dynamodb", operation="TransactWriteItems", status=400,
                  body=json.dumps(body), content_type="application/x-amz-json-1.0")
    assert "ValidationError" in store.commit({"sort": "a", "value": {}}, {"sort": "b", "value": {}})["error"]


# ---- large documents ----

def test_pieces_go_with_their_item(store, standin):
    store.put("a", {"x": "1" * LARGE})
    assert len(table(standin)["_items"]) == 4
    store.put("a", {"x": "2" * LARGE})
    assert len(table(standin)["_items"]) == 4
    store.put("a", {"n": 1})
    assert len(table(standin)["_items"]) == 1
    store.put("a", {"x": "é" * (LARGE // 2)})
    assert store.get("a")["value"] == {"x": "é" * (LARGE // 2)}
    store.put("a", None)
    assert table(standin)["_items"] == {}


def test_a_reader_never_sees_half(store, opened):
    reader, wrong = opened(), []
    store.put("a", {"x": "0" * LARGE})

    def write():
        for i in range(1, 12):
            if not store.put("a", {"x": str(i % 10) * LARGE}).get("ok"):
                wrong.append(i)

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while writer.is_alive():
        text = reader.get("a")["value"]["x"]
        assert len(text) == LARGE and len(set(text)) == 1
        seen.add(text[0])
    writer.join()
    assert not wrong and len(seen) > 1


def test_a_reader_whose_item_is_replaced_meanwhile_reads_again(store, opened, standin):
    other = opened()
    store.put("a", {"x": "1" * LARGE})
    standin.fault(service="dynamodb", operation="GetItem", delay_ms=600)
    since, read = now(standin), []
    reader = threading.Thread(target=lambda: read.append(store.get("a")))
    reader.start()
    time.sleep(0.2)
    other.put("a", {"x": "2" * LARGE})
    reader.join()
    assert read[0]["value"] == {"x": "2" * LARGE}
    assert [name for name in operations(standin, since) if name.endswith("GetItem")] == [
        "GetItem", "BatchGetItem", "BatchGetItem", "GetItem", "BatchGetItem"]


# ---- other processes ----

def count_up(store, times):
    while times:
        item = store.get("n")
        outcome = store.put("n", {"n": item["value"]["n"] + 1 if item else 1}, **{"if": "as_read"},
                            version=item["version"] if item else 0)
        assert "error" not in outcome
        times -= "ok" in outcome


def test_no_count_is_lost_between_processes(opened):
    stores = [opened() for _ in range(3)]
    threads = [threading.Thread(target=count_up, args=(store, 15)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stores[0].get("n")["value"] == {"n": 45}


def test_operations_that_share_no_item_go_side_by_side(store, standin):
    standin.fault(service="dynamodb", operation="PutItem", times=20, delay_ms=300)
    begun = time.monotonic()
    store.together(*[{"commit": [{"sort": str(i), "value": {}}]} for i in range(20)])
    assert time.monotonic() - begun < 3


def test_a_read_that_nobody_waits_for_any_more_holds_back_no_write(balm, standin):
    """What three guards read is on its way when the command is ended; the run's end is written all the same."""
    first = remediate("AWS.S3.EnableBucketVersioning", {"Name": f"demo-{ACCOUNT}"})
    balm("run", "-", "--store", "dynamodb:runs", stdin=json.dumps(first))  # makes the table
    before = len(standin.log(service="dynamodb", operation="Query"))
    standin.fault(service="dynamodb", operation="Query", times=3, delay_ms=20000)
    running = balm.start("run", "-", "--store", "dynamodb:runs")
    running.stdin.write(json.dumps(first))
    running.stdin.close()
    wait_until(lambda: len(standin.log(service="dynamodb", operation="Query")) == before + 3)
    began = time.monotonic()
    running.send_signal(signal.SIGINT)
    time.sleep(0.2)
    running.send_signal(signal.SIGINT)
    running.wait(25)
    assert time.monotonic() - began < 5
    told = json.loads(running.stdout.read())
    running.stdout.close()
    running.stderr.close()
    kept = balm("history", told["run"], "--store", "dynamodb:runs")
    assert (told["error"]["code"], kept.line["status"]) == ("Cancelled", "failed"), kept


def test_it_needs_a_region(tmp_path):
    done = subprocess.run([BUILT / "tool_store", "dynamodb:runs"], capture_output=True, text=True,
                          env=clean_environment(AWS_REGION=None), cwd=tmp_path, timeout=20, check=False)
    assert done.returncode == 2 and "region" in done.stderr
