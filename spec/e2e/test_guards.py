"""The guards as a user meets them: balm stop, balm start, explain, and what a run says."""

import json

import pytest

from harness import ACCOUNT, remediate

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
    assert answers["kill_switch"] == "allows" and answers["managed"] == "refuses"
    assert told["outcome"] == "it would be skipped: managed"
    assert ACCOUNT in json.dumps(told) and standin.operations() == []
