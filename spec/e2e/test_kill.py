"""kill -9 at any point of a batch: no write without a record, and every run that began is found and
can be put back. BALM_KILLS=200 kills more often."""

import json
import os
import random
import time

import pytest

from harness import ACCOUNT, remediate, wait_until

KILLS = int(os.environ.get("BALM_KILLS", "40"))
BUCKETS = [f"kill-{i}" for i in range(24)]
EVENTS = "".join(json.dumps(remediate("AWS.S3.BlockBucketPublicAccess", {"Name": name})) + "\n"
                 for name in BUCKETS)


@pytest.fixture
def batch(standin, tmp_path):
    """Makes the buckets anew, and says what the command is."""
    path = tmp_path / "events.ndjson"
    path.write_text(EVENTS)

    def prepare():
        standin.reset()
        template = standin.state("s3", "buckets", f"demo-{ACCOUNT}")
        for name in BUCKETS:
            standin.set_state("s3", "buckets", name, template)
        return ["run", path, "--concurrency", "6"]
    return prepare


def writes(standin):
    """(run, bucket) of each write that AWS received; the run's id stands in the User-Agent."""
    return [(entry["user_agent"].split()[-1], entry["params"]["Bucket"])
            for entry in standin.log(operation="PutPublicAccessBlock")]


def blocked(standin):
    return {name for name in BUCKETS
            if standin.state("s3", "buckets", name).get("PublicAccessBlock")}


def kill_after(balm, command, seconds, **env):
    running = balm.start(*command, **env)
    time.sleep(seconds)
    running.kill()
    running.communicate()


def put_back(balm, run, **env):
    """An unfinished run is listed as that, shows the write that was recorded, and can be undone."""
    listed = balm("history", "--status", "unfinished", **env).lines
    assert (run, "unfinished") in [(head["run"], head["status"]) for head in listed], listed
    shown = balm("history", run, **env).line
    assert shown["status"] == "unfinished"
    assert [call["operation"] for call in shown["calls"]] == ["PutPublicAccessBlock"]
    assert shown["calls"][0]["params"]["Bucket"] == shown["resource"]["Name"]
    undone = balm("undo", run, **env)
    assert (undone.status, undone.line["status"], undone.line["residue"]) == (0, "undone", []), undone
    return shown["resource"]["Name"]


def check_after_kill(balm, standin, **env):
    """Returns how many runs were unfinished."""
    heads = {head["run"]: head for head in balm("history", "--limit", "1000", **env).lines}
    unfinished = [head["run"] for head in balm("history", "--unfinished", **env).lines]
    for run, bucket in writes(standin):
        assert run in heads, "a write without a record"
        assert heads[run]["resource"] == bucket
        assert heads[run]["status"] == "fixed" or run in unfinished, heads[run]
    was_put_back = {put_back(balm, run, **env) for run in unfinished}
    assert blocked(standin) == {bucket for _run, bucket in writes(standin)} - was_put_back
    assert balm("history", "--unfinished", **env).lines == []
    return len(unfinished)


def test_no_kill_leaves_a_write_without_a_record(balm, standin, batch, tmp_path):
    command = batch()
    began = time.monotonic()
    assert balm(*command, BALM_STORE=f"sqlite:{tmp_path}/whole.db").status == 0
    took = time.monotonic() - began
    assert blocked(standin) == set(BUCKETS)

    chance = random.Random(4)
    unfinished = 0
    for i in range(KILLS):
        env = {"BALM_STORE": f"sqlite:{tmp_path}/{i}.db"}
        kill_after(balm, batch(), chance.uniform(0, took), **env)
        unfinished += check_after_kill(balm, standin, **env)
    assert unfinished > 0, "no kill met a run under way"


def test_what_a_write_came_to_is_known_although_the_run_never_ended(balm, standin, tmp_path):
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "own_slow.lua").write_text("""
      return { id = "Own.Slow", parameters = {}, verify_seconds = 60,
        permissions = { "s3:GetBucketVersioning", "s3:PutBucketVersioning" },
        check = function(session, resource)
          local versioning = session:client("s3"):get_bucket_versioning { Bucket = resource.Name }
          return false, versioning
        end,
        fix = function(session, resource)
          session:client("s3"):put_bucket_versioning { Bucket = resource.Name,
            VersioningConfiguration = { Status = "Enabled" } }
        end,
        undo = function(session, resource, parameters, before)
          session:client("s3"):put_bucket_versioning { Bucket = resource.Name,
            VersioningConfiguration = { Status = before.Status or "Suspended" } }
        end }""")
    (tmp_path / "event").write_text(json.dumps(remediate("Own.Slow", {"Name": f"demo-{ACCOUNT}"})))
    running = balm.start("run", tmp_path / "event", "--remediations", scripts)
    wait_until(lambda: standin.log(operation="PutBucketVersioning"))
    time.sleep(0.5)
    assert balm("history", "--unfinished").lines == [], "it is under way"
    run = balm("history", "--status", "running").line["run"]
    refused = balm("undo", run)
    assert refused.status == 2 and "still running" in refused.err, refused
    running.kill()
    running.communicate()

    shown = balm("history", run).line
    assert shown["status"] == "unfinished"
    (call,) = shown["calls"]
    assert (call["operation"], call["status"]) == ("PutBucketVersioning", 200)
    assert call["request_id"]
