"""balm history, and the store of runs as it looks from outside."""

import hashlib
import json
import os
import pty
import sqlite3
import stat
import subprocess

import pytest

from harness import ACCOUNT, BALM, OTHER_ACCOUNT, remediate

BUCKET = f"demo-{ACCOUNT}"
VERSIONING, BLOCK = "AWS.S3.EnableBucketVersioning", "AWS.S3.BlockBucketPublicAccess"


def event(remediation=VERSIONING, account=ACCOUNT, **parameters):
    return json.dumps(remediate(remediation, {"Name": f"demo-{account}"}, parameters, account=account))


def run(balm, *words, **more):
    return balm("run", "-", *words, stdin=event(**more)).line


# ---- what is kept ----

def test_a_run_is_kept_as_it_was_printed(balm):
    done = run(balm)
    kept = balm("history", done["run"]).line
    assert {name: kept[name] for name in done} == done
    assert kept["engine"]["pid"] > 0 and kept["engine"]["host"] and kept["engine"]["user"]
    assert kept["action"] == "fix"


@pytest.mark.parametrize("more, status", [
    ({}, "fixed"), ({"parameters": 1}, "failed"), ({"remediation": "AWS.S3.NoSuch"}, "failed"),
    ({"account": "555566667777"}, "failed"),
])
def test_every_end_is_kept(balm, more, status):
    done = run(balm, **more)
    assert done["status"] == status
    assert [head["run"] for head in balm("history").lines] == [done["run"]]


def test_a_plan_and_a_call_leave_nothing_behind(balm, tmp_path):
    assert balm("plan", "-", stdin=event()).status == 0
    assert balm("call", "sts", "get_caller_identity").status == 0
    assert not (tmp_path / "store").exists()


def test_a_run_in_plan_mode_is_kept(balm, tmp_path):
    (tmp_path / "balm.lua").write_text('return { mode = "plan" }')
    assert run(balm)["status"] == "planned"
    assert balm("history", "--status", "planned").line["writes"] == 0


def test_the_store_is_its_owner_s_alone(balm, tmp_path):
    run(balm)
    assert stat.S_IMODE((tmp_path / "store/balm.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "store").stat().st_mode) == 0o700


def test_the_store_lies_in_the_user_s_state_directory(balm, tmp_path):
    for env, path in (({"XDG_STATE_HOME": str(tmp_path / "state"), "HOME": None}, "state/balm/balm.db"),
                      ({"XDG_STATE_HOME": None, "HOME": str(tmp_path / "home")},
                       "home/.local/state/balm/balm.db")):
        done = balm("run", "-", stdin=event(), BALM_STORE=None, **env)
        assert done.status == 0, done
        assert (tmp_path / path).exists()


def test_without_any_place_for_the_store_nothing_is_run(balm, standin):
    done = balm("run", "-", stdin=event(), BALM_STORE=None, XDG_STATE_HOME=None, HOME=None)
    assert done.status == 2 and "--store" in done.err, done
    assert standin.log() == []
    assert balm("plan", "-", stdin=event(), BALM_STORE=None, XDG_STATE_HOME=None, HOME=None).status == 0


@pytest.mark.parametrize("url", ["nonsense", "sqlite:", "postgres:x", ""])
def test_a_store_that_is_none_is_wrong_usage(balm, standin, url):
    done = balm("run", "-", "--store", url, stdin=event())
    assert done.status == 2, done
    assert standin.log() == []


# ---- stores that fail ----

# They read the store as well, and would end the run before it came to a write.
WITHOUT_GUARDS = [word for name in ("held", "flapping", "breaker", "budget")
                  for word in ("--skip-guard", name)]


def damage(path):
    path.parent.mkdir(parents=True)
    path.write_bytes(b"This is no database, and what it holds matters to somebody." * 100)


def make_read_only(path):
    path.parent.mkdir(parents=True)
    sqlite3.connect(f"file:{path}?mode=rwc", uri=True).execute("CREATE TABLE other (x)").connection.close()


def make_folder(path):
    path.mkdir(parents=True)


@pytest.mark.parametrize("spoil", [damage, make_read_only, make_folder])
def test_a_store_that_cannot_be_used_stops_writes_before_they_are_made(balm, standin, tmp_path, spoil):
    spoil(tmp_path / "store/balm.db")
    done = balm("run", "-", *WITHOUT_GUARDS, stdin=event())
    assert (done.status, done.line["status"]) == (1, "failed"), done
    assert done.line["error"]["code"] == "StoreUnavailable", done
    assert "balm.db" in done.line["error"]["message"]
    assert "PutBucketVersioning" not in [entry["operation"] for entry in standin.log()]
    assert "could not be recorded" in done.err


def test_a_run_that_changed_nothing_and_cannot_be_recorded_is_no_success(balm, tmp_path):
    run(balm)
    (tmp_path / "store/balm.db").write_bytes(b"This is no database any more." * 100)
    done = balm("run", "-", *WITHOUT_GUARDS, stdin=event())
    assert (done.line["status"], done.status) == ("compliant", 1), done
    assert "could not be recorded" in done.err


def test_a_locked_store_stops_writes(balm, standin, tmp_path):
    run(balm)
    with sqlite3.connect(tmp_path / "store/balm.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        done = balm("run", "-", *WITHOUT_GUARDS, stdin=event(BLOCK))
    assert done.line["error"]["code"] == "StoreUnavailable", done
    assert "PutPublicAccessBlock" not in [entry["operation"] for entry in standin.log()]


# ---- lists ----

@pytest.fixture
def three_runs(balm):
    return [run(balm)["run"], run(balm)["run"], run(balm, remediation=BLOCK, account=OTHER_ACCOUNT)["run"]]


@pytest.mark.parametrize("words, expected", [
    ((), [2, 1, 0]),
    (("--limit", "2"), [2, 1]),
    (("--account", OTHER_ACCOUNT), [2]),
    (("--remediation", VERSIONING), [1, 0]),
    (("--remediation", "aws_s3_enable_bucket_versioning"), [1, 0]),
    (("--status", "compliant"), [1]),
    (("--resource", BUCKET), [1, 0]),
    (("--resource", "demo-*"), [2, 1, 0]),
    (("--resource", "DEMO-*"), []),
    (("--since", "1h"), [2, 1, 0]),
    (("--since", "2026-01-01"), [2, 1, 0]),
    (("--since", "2999-01-01T00:00:00Z"), []),
    (("--account", ACCOUNT, "--status", "fixed"), [0]),
    (("--unfinished",), []),
    (("--unverified",), []),
])
def test_runs_are_listed_newest_first(balm, three_runs, words, expected):
    listed = balm("history", *words)
    assert listed.status == 0, listed
    assert [head["run"] for head in listed.lines] == [three_runs[i] for i in expected]


def test_a_list_without_a_store_is_empty_and_makes_none(balm, tmp_path):
    assert balm("history").out == ""
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("words, said", [
    (("--since", "yesterday"), "--since"),
    (("--limit", "0"), "--limit"),
    (("--status", "fixd"), "but running, unfinished, fixed, compliant,"),
    (("--unfinished", "--unverified"), "exclude"),
    (("01a213ed", "--status", "fixed"), "--status"),
    (("01a213ed", "b"), "know what to do with"),
])
def test_what_makes_no_sense_is_wrong_usage(balm, words, said):
    done = balm("history", *words)
    assert done.status == 2 and said in done.err, done


def test_json_may_be_asked_for(balm, three_runs):
    assert balm("history", "--json", "--limit", "1").line["run"] == three_runs[2]


def test_a_person_reads_a_table(balm, three_runs):
    rows = balm("history", "--output", "text").out.splitlines()
    assert len(rows) == 3
    assert [row.split()[-1] for row in rows] == three_runs[::-1]
    assert rows[2].split()[1:5] == ["fixed", VERSIONING, ACCOUNT, BUCKET]
    assert len({row.index(name) for row, name in zip(rows, ("AWS", "AWS", "AWS"))}) == 1


def test_a_terminal_gets_text(balm, three_runs):
    parent, child = pty.openpty()
    done = subprocess.run([BALM, "history", three_runs[0][:18]], stdout=child, env=balm.env,
                          cwd=balm.cwd, check=False, timeout=60)
    os.close(child)
    told = os.read(parent, 1 << 16).decode()
    os.close(parent)
    assert done.returncode == 0 and VERSIONING in told and "s3:PutBucketVersioning" in told


def test_names_from_outside_do_not_drive_a_terminal(balm):
    done = balm("run", "-", stdin=json.dumps(remediate(VERSIONING, {"Name": "a\x1b[2Jb"})))
    assert "\x1b" not in balm("history", "--output", "text").out
    assert balm("history").line["run"] == done.line["run"]


# ---- the record ----

def test_a_record_has_a_line_for_each_run(balm, tmp_path):
    first = run(balm, "--record", "record.ndjson")
    second = run(balm, "--record", "record.ndjson")
    undone = balm("undo", first["run"], "--force", "--record", "record.ndjson").line
    lines = [json.loads(line) for line in (tmp_path / "record.ndjson").read_text().splitlines()]
    for line, result in zip(lines, (first, second, undone), strict=True):
        assert {name: line[name] for name in result} == result
    assert lines[0]["prev"] == "0" * 64 and lines[2]["prev"] == lines[1]["hash"]
    verified = balm("history", "--verify", "record.ndjson")
    assert (verified.status, verified.line["intact"], verified.line["lines"]) == (0, True, 3), verified
    assert verified.line["last"] == lines[2]["hash"]
    assert stat.S_IMODE((tmp_path / "record.ndjson").stat().st_mode) == 0o600


def test_anyone_can_check_the_record(balm, tmp_path):
    """SHA-256 of each line without its hash."""
    run(balm, "--record", "record.ndjson")
    line = (tmp_path / "record.ndjson").read_text().rstrip("\n")
    bare, told = line[:-75], line[-66:-2]
    assert hashlib.sha256((bare + "}").encode()).hexdigest() == told == json.loads(line)["hash"]


def test_the_configuration_may_name_the_record(balm, tmp_path):
    (tmp_path / "balm.lua").write_text('return { record = "record.ndjson" }')
    run(balm)
    assert balm("history", "--verify").line["lines"] == 1
    assert balm("plan", "-", stdin=event()).status == 0
    assert balm("history", "--verify").line["lines"] == 1


def test_a_broken_record_is_told(balm, tmp_path):
    path = tmp_path / "record.ndjson"
    for _ in range(3):
        run(balm, "--record", path)
    path.write_text(path.read_text().replace('"status":"compliant"', '"status":"fixed"', 1))
    told = balm("history", "--verify", path)
    assert (told.status, told.line["intact"], told.line["lines"]) == (1, False, 1), told
    assert "line 2" in told.line["broken"]


@pytest.mark.parametrize("path, status", [("missing/record", 2), ("balm.lua", 2), (".", 2)])
def test_a_record_that_cannot_be_kept_stops_the_command(balm, standin, tmp_path, path, status):
    (tmp_path / "balm.lua").write_text("return {}")
    done = balm("run", "-", "--record", path, stdin=event())
    assert done.status == status and path in done.err, done
    assert standin.log() == []


def test_a_record_that_is_full_is_told_and_the_results_are_too(balm):
    done = balm("run", "-", "--record", "/dev/full", stdin=event())
    assert (done.status, done.line["status"]) == (1, "fixed"), done
    assert "the record /dev/full cannot be written" in done.err.replace(": cannot", " cannot")


def test_without_a_record_there_is_nothing_to_verify(balm):
    told = balm("history", "--verify")
    assert told.status == 2 and "record" in told.err, told


def test_processes_share_a_record(balm, tmp_path):
    """Eight at once, each with twenty runs."""
    (tmp_path / "events.ndjson").write_text((event() + "\n") * 20)
    running = [balm.start("run", "events.ndjson", "--record", "record.ndjson",
                          BALM_STORE=f"sqlite:{tmp_path}/{i}.db") for i in range(8)]
    for process in running:
        process.communicate(timeout=60)
    verified = balm("history", "--verify", "record.ndjson").line
    assert (verified["intact"], verified["lines"]) == (True, 160)
