"""aws.parallel from outside: over real connections, in plans and applies, and when a branch fails."""

import json

import pytest
from harness import ACCOUNT, remediate

BUCKET = f"demo-{ACCOUNT}"
READS = 20
DELAY_MS = 50
READ = "session:client('s3'):get_bucket_versioning { Bucket = resource.Name }"
WRITES = """
  local s3 = session:client("s3")
  local function block(policy)
    return function()
      s3:put_public_access_block { Bucket = resource.Name,
        PublicAccessBlockConfiguration = { BlockPublicPolicy = policy } }
    end
  end
  local function version()
    s3:put_bucket_versioning { Bucket = resource.Name, VersioningConfiguration = { Status = "Enabled" } }
  end
"""


@pytest.fixture
def act(balm, tmp_path):
    """Runs a script of the test's own on the demo's bucket, by a command."""
    def run(command, *words, check="return false", fix=""):
        (tmp_path / "r").mkdir(exist_ok=True)
        (tmp_path / "r" / "own_side.lua").write_text(f"""
local aws = require "aws"
return {{ id = "Own.Side", parameters = {{}}, verify_seconds = 1,
  check = function(session, resource) {check} end,
  fix = function(session, resource) {fix} end }}""")
        event = json.dumps(remediate("Own.Side", {"Name": BUCKET}))
        return balm(command, "-", "--remediations", "r", *words, stdin=event)
    return run


def side_by_side(calls):
    return f"local all = {{}} for i = 1, {calls} do all[i] = function() {READ} return i end end\n" \
           "local found = { aws.parallel(all) } return true, found"


def test_many_reads_take_as_long_as_one(act, standin):
    standin.fault(operation="GetBucketVersioning", delay_ms=DELAY_MS, times=READS)
    done = act("run", check=side_by_side(READS)).line
    assert done["status"] == "compliant"
    assert done["before"] == list(range(1, READS + 1))
    asked = [entry["time"] for entry in standin.log(operation="GetBucketVersioning")]
    assert len(asked) == READS
    apart_ms = (max(asked) - min(asked)) * 1000
    assert apart_ms < READS * DELAY_MS / 4, "one waited for another"


def writes_of(done):
    return [(call["operation"], call["status"]) for call in done["calls"] if call["write"]]


def test_a_plan_tells_the_writes_in_the_order_of_the_branches_and_apply_makes_them(act, balm, standin):
    fix = WRITES + "aws.parallel { block(true), version, block(false) }"
    plan = act("plan", "--out", "plan.json", fix=fix).line
    assert plan["status"] == "planned"
    assert [call["operation"] for call in plan["calls"] if call["write"]] == \
        ["PutPublicAccessBlock", "PutBucketVersioning", "PutPublicAccessBlock"]
    applied = balm("apply", "plan.json", "--remediations", "r").line
    assert writes_of(applied) == [
        ("PutPublicAccessBlock", 200), ("PutBucketVersioning", 200), ("PutPublicAccessBlock", 200)]
    assert standin.operations(operation="PutBucketVersioning") == ["s3:PutBucketVersioning"]


def test_writes_under_way_are_awaited_when_another_branch_fails(act, standin):
    standin.fault(operation="PutBucketVersioning", delay_ms=300)
    standin.fault(operation="PutPublicAccessBlock", status=400, code="Broken", message="x")
    done = act("run", fix=WRITES + """
      aws.parallel { function() version() version() end, block(true) }""").line
    assert done["status"] == "failed"
    assert done["error"]["code"] == "Broken"
    assert sorted(writes_of(done)) == [("PutBucketVersioning", 200), ("PutPublicAccessBlock", 400)]


def test_a_spec_lists_the_calls_in_the_order_of_the_branches(act, balm, tmp_path):
    act("plan", check="return false", fix=WRITES + "aws.parallel { block(true), version, block(false) }")
    block = '{{ "s3:PutPublicAccessBlock", {{ Bucket = "logs", ' \
            'PublicAccessBlockConfiguration = {{ BlockPublicPolicy = {} }} }} }}'
    version = '{ "s3:PutBucketVersioning" }'
    spec = tmp_path / "own_side.lua"
    for calls, status in [([block.format("true"), version, block.format("false")], 0),
                          ([version, block.format("true"), block.format("false")], 1)]:
        spec.write_text(f"""
return {{ remediation = "Own.Side",
  resource = {{ Name = "logs", AccountId = "{ACCOUNT}", Region = "eu-west-1" }},
  {{ "writes side by side", calls = {{ {", ".join(calls)} }}, status = "unverified" }} }}""")
        told = balm("test", spec, "--remediations", "r")
        assert told.status == status, told
