"""The guards as a user meets them: balm stop, balm start, explain, and what a run says."""

import json

import pytest

from harness import ACCOUNT, ENGINE_ACCOUNT, REGION, remediate, wait_until

ID = "AWS.S3.EnableBucketVersioning"
EVENT = json.dumps(remediate(ID, {"Name": f"demo-{ACCOUNT}"}))
SWITCH = 'return { guards = { kill_switch = { parameter = "/balm/stop" } } }'


def run(balm, *words, **env):
    return balm("run", "-", *words, stdin=EVENT, **env)


@pytest.fixture
def with_switch(tmp_path):
    """The options of a command whose configuration names a parameter of SSM."""
    config = tmp_path / "switch.lua"
    config.write_text(SWITCH)
    return "--config", config


def test_stop_ends_all_fixes_until_start(balm, tmp_path):
    where = {"XDG_STATE_HOME": str(tmp_path)}
    stopped = balm("stop", "--reason", "maintenance", **where)
    assert stopped.status == 0 and stopped.line == {
        "stopped": True, "by": f"{tmp_path}/balm/stop", "was": False}
    assert balm("stop", **where).line["was"] is True

    skipped = run(balm, **where)
    assert (skipped.status, skipped.line["status"], skipped.line["reason"]) == (
        4, "skipped", "kill_switch")
    assert "maintenance" in skipped.line["detail"] and skipped.line["calls"] == []
    planned = balm("plan", "-", stdin=EVENT, **where)
    assert planned.line["status"] == "planned"

    assert balm("start", **where).line == {"stopped": False, "by": f"{tmp_path}/balm/stop", "was": True}
    assert run(balm, **where).line["status"] == "fixed"


def test_the_kill_switch_cannot_be_left_out(balm, tmp_path):
    refused = run(balm, "--skip-guard", "kill_switch", XDG_STATE_HOME=str(tmp_path))
    assert refused.status == 2 and "the guards that can be left out are" in refused.err


def test_a_parameter_stops_a_fleet(balm, with_switch):
    assert run(balm, *with_switch).line["status"] == "fixed"  # there is none yet

    stopped = balm("stop", "--parameter", "/balm/stop", "--reason", "incident 7")
    assert stopped.status == 0, stopped
    skipped = run(balm, *with_switch).line
    assert skipped["reason"] == "kill_switch" and "incident 7" in skipped["detail"]

    assert balm("start", "--parameter", "/balm/stop").status == 0
    assert run(balm, *with_switch).line["status"] == "compliant"


def test_a_parameter_that_cannot_be_read_stops_too(balm, standin, with_switch):
    standin.fault(service="ssm", operation="GetParameter", code="AccessDeniedException", status=400)
    skipped = run(balm, *with_switch).line
    assert skipped["reason"] == "kill_switch" and "cannot be read" in skipped["detail"]


def test_another_parameter_named_meanwhile_is_asked_for_by_itself(balm, standin, tmp_path):
    """What the first one says is no answer for the second."""
    config = tmp_path / "balm.lua"
    config.write_text(SWITCH)
    balm("stop", "--parameter", "/balm/other")
    standin.fault(service="ssm", operation="GetParameter", delay_ms=1500)
    process = balm.start("run", "-")

    def ask():
        process.stdin.write(EVENT + "\n")
        process.stdin.flush()

    try:
        ask()
        wait_until(lambda: "ssm:GetParameter" in standin.operations())
        config.write_text(SWITCH.replace("/balm/stop", "/balm/other"))
        ask()
        out, _ = process.communicate(timeout=20)
    finally:
        process.kill()
    results = [json.loads(line) for line in out.splitlines()]
    assert [result["status"] for result in results if result["reason"] is None] == ["fixed"], results
    assert [result["calls"] for result in results if result["reason"] == "kill_switch"] == [[]], results


@pytest.mark.parametrize("reason", ["Off", "go", "0", ""])
def test_a_reason_that_would_read_as_go_is_refused(balm, standin, reason):
    refused = balm("stop", "--parameter", "/balm/stop", "--reason", reason)
    assert refused.status == 2 and "stops nothing" in refused.err, refused
    assert standin.operations() == []


def test_explain_calls_nothing_and_says_what_is_asked_later(balm, standin, with_switch):
    told = balm("explain", "-", *with_switch, stdin=EVENT).line
    answers = {guard["guard"]: guard["answer"] for guard in told["guards"]}
    assert answers["kill_switch"] == "asked when it runs"
    assert standin.operations() == []


def test_explain_shows_what_every_guard_says(balm, standin, tmp_path):
    where = {"XDG_STATE_HOME": str(tmp_path)}
    event = json.dumps(remediate(ID, {"Name": "logs", "Tags": {"terraform": "true"}}))
    told = balm("explain", "-", stdin=event, **where).line
    answers = {guard["guard"]: guard["answer"] for guard in told["guards"]}
    assert len(answers) == len(told["guards"]), "each guard is told once"
    assert answers["kill_switch"] == "allows" and answers["managed"] == "refuses"
    assert told["outcome"] == "it would be skipped: managed"
    assert {"flapping", "breaker", "budget", "held"} <= set(answers)
    assert all(answer in ("allows", "refuses") for answer in answers.values())
    assert ACCOUNT in json.dumps(told) and standin.operations() == []


def test_a_guard_that_is_none_is_told_those_that_can_be_left_out_once_each(balm):
    refused = balm("run", "-", "--skip-guard", "exclude", stdin=EVENT)
    assert refused.status == 2 and "exclude: the guards that can be left out are" in refused.err, refused
    assert refused.err.count("excluded") == 1, refused


# ---- organizational units ----

def excluding(tmp_path, what):
    config = tmp_path / "excluding.lua"
    config.write_text('return { exclude = { { %s, reason = "sandboxes", owner = "a@b", expires = "2999-01-01" } } }'
                      % what)
    return "--config", config


@pytest.fixture
def organization(standin):
    """ACCOUNT hangs two units below the root."""
    for child, parent in ((ACCOUNT, "ou-abcd-11111111"), ("ou-abcd-11111111", "ou-abcd-22222222"),
                          ("ou-abcd-22222222", "r-abcd")):
        standin.set_state("organizations", "parents", child, {"Id": parent}, account=ENGINE_ACCOUNT)


def test_an_account_is_excluded_with_all_units_above_it(balm, standin, organization, tmp_path):
    for unit in ("ou-abcd-11111111", "ou-abcd-22222222", "r-abcd"):
        skipped = run(balm, *excluding(tmp_path, f'ou = "{unit}"')).line
        assert (skipped["status"], skipped["reason"]) == ("skipped", "excluded")
        assert "sandboxes" in skipped["detail"]
    assert run(balm, *excluding(tmp_path, 'ou = "ou-abcd-33333333"')).line["status"] == "fixed"


def test_a_unit_that_cannot_be_found_out_is_a_no(balm, standin, tmp_path):
    skipped = run(balm, *excluding(tmp_path, 'ou = "ou-abcd-11111111"'))
    assert skipped.line["reason"] == "excluded" and "cannot be found out" in skipped.line["detail"]
    assert skipped.status == 4, "nobody decided that it may stay as it is"


# ---- Balm's own changes ----

def api_call(role, **detail):
    return {"detail-type": "AWS API Call via CloudTrail", "source": "aws.s3", "account": ACCOUNT,
            "region": REGION, "detail": {
                "eventSource": "s3.amazonaws.com", "eventName": "PutBucketVersioning", "eventID": "e-1",
                "awsRegion": REGION, "recipientAccountId": ACCOUNT, "readOnly": False,
                "userIdentity": {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {
                    "type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}"}}},
                "requestParameters": {"bucketName": f"demo-{ACCOUNT}"}, **detail}}


@pytest.fixture
def watching(tmp_path):
    config = tmp_path / "watching.lua"
    config.write_text('return { policies = { ["s3:PutBucketVersioning"] = "%s" } }' % ID)
    return "--config", config


def test_a_change_by_somebody_is_looked_at_and_one_by_balm_is_not(balm, watching):
    def told(event):
        return balm("run", "-", *watching, stdin=json.dumps(event)).line

    skipped = told(api_call("BalmRemediationRole"))
    assert (skipped["status"], skipped["reason"]) == ("skipped", "loop")
    assert "BalmRemediationRole" in skipped["detail"]
    assert told(api_call("Dev", errorCode="AccessDenied"))["reason"] == "finding_closed"
    assert told(api_call("Dev", readOnly=True))["reason"] == "finding_closed"
    assert told(api_call("Dev"))["status"] == "fixed"


def test_every_instance_that_a_call_started_is_looked_at(balm, tmp_path):
    config = tmp_path / "starting.lua"
    config.write_text('return { policies = { ["ec2:RunInstances"] = "AWS.EC2.StopInstance" } }')
    started = {"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]}}
    event = api_call("Dev", eventSource="ec2.amazonaws.com", eventName="RunInstances", responseElements=started)
    told = balm("explain", "-", "--config", config, stdin=json.dumps(event)).lines
    assert [line["event"]["resource"]["Id"] for line in told] == ["i-1", "i-2"]


# ---- the budget ----

def test_a_budget_of_ten_makes_ten_fixes_of_a_thousand_events_in_two_processes(balm, standin, tmp_path):
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "own_tag.lua").write_text("""
return {
  id = "Own.Tag", parameters = {}, permissions = { "s3:PutBucketVersioning" },
  fix = function(session, resource)
    session:client("s3"):put_bucket_versioning {
      Bucket = "demo-" .. resource.AccountId, VersioningConfiguration = { Status = "Enabled" } }
  end,
}
""")
    config = tmp_path / "budget.lua"
    config.write_text("return { guards = { per_hour = 10 } }")
    events = tmp_path / "events"
    events.write_text("".join(json.dumps(remediate("Own.Tag", {"Name": f"b{n}"})) + "\n"
                              for n in range(500)))
    words = ("run", events, "--config", config, "--remediations", scripts, "--concurrency", 64)
    both = [balm.start(*words) for _ in range(2)]
    results = [json.loads(line) for one in both for line in one.communicate(timeout=120)[0].splitlines()]

    assert len(results) == 1000
    fixed = [result for result in results if result["status"] == "fixed"]
    skipped = [result for result in results if result.get("reason") == "budget"]
    assert (len(fixed), len(skipped)) == (10, 990)
    assert standin.operations(operation="PutBucketVersioning") == ["s3:PutBucketVersioning"] * 10
