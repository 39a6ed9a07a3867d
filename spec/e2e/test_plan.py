"""Plan and apply, from outside: what was planned is written, and nothing else."""

import json
import pathlib
import stat
import time

import pytest

import test_remediations as cases
import test_undo as undoing
from harness import ACCOUNT, REGION, account_key, remediate

BUCKET = cases.BUCKET
VERSIONING = "AWS.S3.EnableBucketVersioning"


@pytest.fixture
def balm(balm, tmp_path):
    """With a store of its own, whose key seals plans."""
    balm.env["BALM_STORE"] = f"sqlite:{tmp_path}/store/balm.db"
    return balm


def plan(balm, remediation, *options):
    planned = balm("plan", "-", "--out", "plan.json", *options, stdin=cases.event_of(remediation))
    assert planned.status == 0, planned
    return planned


def apply(balm, *options, **env):
    return balm("apply", "plan.json", "--allow-destructive", *options, **env)


def plan_file(balm):
    return pathlib.Path(balm.cwd, "plan.json")


def writes_of(outcome):
    return [call for call in outcome.line["calls"] if call["write"]]


def expect_drift(outcome, path):
    assert (outcome.status, outcome.line["status"], outcome.line["reason"]) == (4, "skipped", "drift"), outcome
    assert [entry["path"] for entry in outcome.line["drift"]] == [path]
    assert path in outcome.line["detail"]


# ---- all that Balm has ----

@pytest.mark.parametrize("remediation", cases.CASES)
def test_makes_exactly_the_planned_writes(balm, standin, remediation):
    planned = plan(balm, remediation)
    assert planned.line["complete"] is True and planned.line["actions"]
    assert cases.writes(standin) == []
    [event] = json.loads(plan_file(balm).read_text())["events"]

    applied = apply(balm)
    assert (applied.status, applied.line["status"]) == (0, "fixed"), applied
    assert applied.line["applied"] == planned.line["run"] == event["run"]
    made = writes_of(applied)
    assert cases.writes_of(planned) == cases.writes_of(applied)
    assert [call["operation"] for call in made] == [write["operation"] for write in event["writes"]]
    assert [call["operation"] for call in made] == cases.writes(standin)
    assert cases.holds(balm, remediation)

    again = apply(balm)
    assert again.line["status"] in ("compliant", "skipped"), again
    assert [call["operation"] for call in made] == cases.writes(standin)


@pytest.mark.parametrize("remediation", undoing.REVERSIBLE)
def test_what_was_planned_and_applied_can_be_undone(balm, standin, remediation):
    """By what the account holds, not by what Balm says."""
    before = undoing.settled(standin)
    plan(balm, remediation)
    assert undoing.settled(standin) == before
    applied = apply(balm)
    assert applied.line["status"] == "fixed" and undoing.settled(standin) != before, applied

    undone = balm("undo", applied.line["run"])
    assert (undone.status, undone.line["status"]) == (0, "undone"), undone
    if remediation not in undoing.REMAINS:
        assert undoing.settled(standin) == before


def test_a_batch_is_kept_in_one_file_and_applied_side_by_side(balm):
    named = [VERSIONING, "AWS.S3.EnableBucketLogging", "AWS.S3.EnableBucketEncryption",
             "AWS.KMS.EnableKeyRotation", "AWS.DDB.EncryptTable", "AWS.GuardDuty.CreateDetector"]
    events = "\n".join(cases.event_of(remediation) for remediation in named)
    planned = balm("plan", "-", "--out", "plan.json", stdin=events)
    assert (planned.status, len(planned.lines)) == (0, len(named))
    applied = apply(balm, "--concurrency", "4")
    assert applied.status == 0, applied
    assert {line["remediation"]: line["status"] for line in applied.lines} == {
        name: "fixed" for name in named}
    assert [line["event"]["source"] for line in applied.lines] == ["plan.json"] * len(named)
    assert sorted(line["event"]["number"] for line in applied.lines) == list(range(1, len(named) + 1))


# ---- what is shown ----

def test_a_person_sees_what_would_change(balm):
    told = balm("plan", "-", "--output", "text",
                stdin=cases.event_of("AWS.IAM.UpdateAccountPasswordPolicy")).out
    assert "  ~ MinimumPasswordLength: 8 -> 14\n" in told
    assert "    MaxPasswordAge: 90\n" in told
    assert "  needs      iam:UpdateAccountPasswordPolicy\n" in told
    assert "can be undone" in told

    told = balm("plan", "-", "--output", "text", stdin=cases.event_of("AWS.EC2.TerminateInstance")).out
    assert "may lose data or stop a workload; cannot be undone" in told


def test_a_program_sees_what_the_plan_is(balm):
    kept = plan(balm, "AWS.S3.EnableBucketLogging").line
    assert (kept["destructive"], kept["reversible"], kept["complete"]) == (False, True, True)
    assert kept["actions"] == ["s3:PutBucketLogging"]
    lost = plan(balm, "AWS.EC2.TerminateInstance").line
    assert (lost["destructive"], lost["reversible"]) == (True, False)


def test_the_exit_status_tells_of_changes(balm):
    event = cases.event_of(VERSIONING)
    assert balm("plan", "-", "--exit-code", stdin=event).status == 5
    assert balm("plan", "-", stdin=event).status == 0
    balm("run", "-", stdin=event)
    assert balm("plan", "-", "--exit-code", stdin=event).status == 0


# ---- the file ----

def test_the_file_is_for_its_owner_alone_and_says_what_it_holds(balm):
    plan(balm, VERSIONING, "--expires", "90m")
    assert stat.S_IMODE(plan_file(balm).stat().st_mode) == 0o600
    kept = json.loads(plan_file(balm).read_text())
    assert list(kept) == ["format", "balm", "made", "expires", "config", "events", "sha256", "mac"]
    assert kept["format"] == 1 and kept["config"] is None
    [event] = kept["events"]
    assert (event["account"], event["region"]) == (ACCOUNT, REGION)
    assert event["role"] == f"arn:aws:iam::{ACCOUNT}:role/BalmRemediationRole"
    assert event["before"] == {}
    assert event["script"]["version"] == balm("show", VERSIONING, "--output", "json").line["version"]
    [write] = event["writes"]
    assert write["params"] == {"Bucket": BUCKET, "VersioningConfiguration": {"Status": "Enabled"}}


def test_no_change_is_an_empty_plan(balm):
    balm("run", "-", stdin=cases.event_of(VERSIONING))
    plan(balm, VERSIONING)
    assert json.loads(plan_file(balm).read_text())["events"] == []
    applied = apply(balm)
    assert (applied.status, applied.out) == (0, "")


def test_an_edited_plan_is_refused_before_anything_is_called(balm, standin):
    plan(balm, VERSIONING)
    plan_file(balm).write_text(plan_file(balm).read_text().replace('"Enabled"', '"Suspended"'))
    standin.reset()
    refused = apply(balm)
    assert (refused.status, refused.out) == (2, "")
    assert "plan.json" in refused.err and "it was edited" in refused.err
    assert standin.operations() == []


def test_a_plan_of_another_store_is_refused(balm, tmp_path):
    plan(balm, VERSIONING)
    refused = apply(balm, BALM_STORE=f"sqlite:{tmp_path}/other/balm.db")
    assert (refused.status, refused.out) == (2, "") and "it is foreign" in refused.err


def test_a_stale_plan_is_refused(balm):
    plan(balm, VERSIONING, "--expires", "1s")
    kept = json.loads(plan_file(balm).read_text())
    assert kept["expires"] > kept["made"]
    time.sleep(1.1)
    refused = apply(balm)
    assert (refused.status, refused.out) == (2, "") and "it is stale" in refused.err


@pytest.mark.parametrize("text, said", [("", "damaged"), ("{", "damaged"), ("{}", "no plan"),
                                        ('{"format":2,"events":[]}', "a newer Balm")])
def test_what_is_no_plan_of_this_balm_is_refused(balm, text, said):
    plan_file(balm).write_text(text)
    refused = apply(balm)
    assert refused.status == 2 and said in refused.err


def test_a_plan_that_is_not_there_is_an_error(balm):
    assert apply(balm).status == 2


@pytest.mark.parametrize("path", ["missing/plan.json", ".", "/dev/null"])
def test_a_file_that_cannot_be_written_is_told_before_anything_is_called(balm, standin, path):
    refused = balm("plan", "-", "--out", path, stdin=cases.event_of(VERSIONING))
    assert (refused.status, refused.out) == (2, "") and path in refused.err
    assert standin.operations() == []


@pytest.mark.parametrize("given", ["0s", "24", "1w", "-1h", "1hh", "h", "367d"])
def test_a_time_that_is_none_is_refused(balm, given):
    refused = balm("plan", "-", "--out", "plan.json", f"--expires={given}", stdin="")
    assert refused.status == 2 and "--expires" in refused.err


# ---- drift ----

def set_versioning(balm, status):
    done = balm("call", "s3", "put_bucket_versioning", json.dumps(
        {"Bucket": BUCKET, "VersioningConfiguration": {"Status": status}}), **account_key(ACCOUNT))
    assert done.status == 0, done


def own(balm, text, name="own_fix"):
    """A folder with one script of one's own, Own.Fix."""
    folder = pathlib.Path(balm.cwd, "own")
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.lua").write_text(text)
    balm.env["BALM_REMEDIATIONS"] = str(folder)


def own_event(parameters=None):
    return json.dumps(remediate("Own.Fix", {"Name": BUCKET}, parameters))


VERSIONED = """
return {
  id = "Own.Fix",
  parameters = { Status = "Enabled" },
  check = function(session, resource, parameters)
    local found = session:client("s3"):get_bucket_versioning { Bucket = resource.Name }
    return found.Status == parameters.Status, found
  end,
  fix = function(session, resource, parameters)
    session:client("s3"):put_bucket_versioning {
      Bucket = resource.Name, VersioningConfiguration = { Status = parameters.Status },
    }
  end,
}
"""


def test_a_resource_changed_between_is_not_touched(balm, standin):
    plan(balm, VERSIONING)
    set_versioning(balm, "Suspended")
    before = cases.writes(standin)
    expect_drift(apply(balm), "before.Status")
    assert cases.writes(standin) == before


def test_a_script_edited_between_is_not_run(balm, standin):
    own(balm, VERSIONED)
    assert balm("plan", "-", "--out", "plan.json", stdin=own_event()).status == 0
    own(balm, VERSIONED + "\n")
    expect_drift(apply(balm), "script.version")
    assert cases.writes(standin) == []


def test_a_configuration_changed_between_is_drift(balm, standin):
    config = pathlib.Path(balm.cwd, "balm.lua")
    config.write_text('return { mode = "plan" }')
    plan(balm, VERSIONING)
    config.write_text('return { mode = "plan", guards = { per_hour = 5 } }')
    expect_drift(apply(balm), "config.sha256")
    config.unlink()
    expect_drift(apply(balm), "config.sha256")
    assert cases.writes(standin) == []


def test_the_configuration_s_mode_is_for_events_not_for_plans(balm):
    pathlib.Path(balm.cwd, "balm.lua").write_text('return { mode = "plan" }')
    plan(balm, VERSIONING)
    assert apply(balm).line["status"] == "fixed"


def test_a_fix_that_cannot_be_told_whole_is_not_applied(balm, standin):
    own(balm, VERSIONED.replace("  fix = function(session, resource, parameters)",
                                "  fix = function(session, resource, parameters)\n"
                                "    session:client('s3'):delete_bucket_tagging { Bucket = resource.Name }\n"
                                "    error('no further')"))
    planned = balm("plan", "-", "--out", "plan.json", stdin=own_event())
    assert planned.line["complete"] is False
    refused = apply(balm)
    assert (refused.line["reason"], refused.status) == ("drift", 4)
    assert "not complete" in refused.line["detail"]
    assert cases.writes(standin) == []


def test_a_destructive_plan_needs_leave_like_a_fix(balm, standin):
    plan(balm, "AWS.EC2.TerminateInstance")
    kept = balm("apply", "plan.json")
    assert (kept.status, kept.line["reason"]) == (4, "destructive")
    assert standin.operations(service="ec2") == ["ec2:DescribeInstances"]


def test_the_role_is_the_plan_s(balm, standin):
    standin.set_state("iam", "roles", "Other", {"Allow": ["*"]})
    plan(balm, VERSIONING, "--role-arn", "arn:aws:iam::{account}:role/Other")
    applied = apply(balm, BALM_ROLE_ARN="arn:aws:iam::{account}:role/Nobody")
    assert applied.line["status"] == "fixed", applied
    assert {entry["params"]["RoleArn"] for entry in standin.log(operation="AssumeRole")} == {
        f"arn:aws:iam::{ACCOUNT}:role/Other"}


# ---- once ----

ONCE = """
return {
  id = "Own.Fix", parameters = {},
  fix = function(session)
    session:client("kms"):create_key { Description = "once" }
  end,
}
"""


def test_a_plan_without_a_check_is_applied_once_all_the_same(balm, standin):
    own(balm, ONCE)
    assert balm("plan", "-", "--out", "plan.json", stdin=own_event()).status == 0
    assert apply(balm).line["status"] == "fixed"
    again = apply(balm)
    expect_drift(again, "applied")
    assert again.line["detail"] == "the plan was applied before"
    assert cases.writes(standin) == ["CreateKey"]


def test_of_two_that_apply_a_plan_at_once_one_writes(balm, standin):
    own(balm, ONCE)
    assert balm("plan", "-", "--out", "plan.json", stdin=own_event()).status == 0
    both = [balm.start("apply", "plan.json") for _ in range(4)]
    told = [json.loads(process.communicate(timeout=60)[0]) for process in both]
    assert sorted(line["status"] for line in told) == ["fixed", "skipped", "skipped", "skipped"], told
    assert cases.writes(standin) == ["CreateKey"]


def test_what_wrote_nothing_may_be_applied_once_more(balm, standin):
    own(balm, VERSIONED)
    assert balm("plan", "-", "--out", "plan.json", stdin=own_event()).status == 0
    set_versioning(balm, "Suspended")
    assert apply(balm).line["reason"] == "drift"
    standin.reset()
    assert apply(balm).line["status"] == "fixed"


# ---- what is not known before ----

KEYED = """
return {
  id = "Own.Fix",
  parameters = {},
  fix = function(session, resource)
    local kms, s3 = session:client("kms"), session:client("s3")
    local key = kms:create_key({ Description = "for " .. resource.Name }).KeyMetadata
    kms:enable_key_rotation { KeyId = key.KeyId }
    s3:put_bucket_logging {
      Bucket = resource.Name, BucketLoggingStatus = { LoggingEnabled = {
        TargetBucket = "%s", TargetPrefix = "key/" .. key.KeyId .. "/",
      } },
    }
  end,
}
""" % cases.LOGS


def test_an_id_that_a_plan_could_not_know_is_filled_in(balm, standin):
    own(balm, KEYED)
    planned = balm("plan", "-", "--out", "plan.json", stdin=own_event())
    assert planned.line["complete"] is True
    source = "kms:CreateKey.KeyMetadata.KeyId"
    [_created, rotated, logged] = writes_of(planned)
    assert rotated["params"]["KeyId"] == {"unknown": source}
    prefix = f'"key/" .. {source} .. "/"'
    assert logged["params"]["BucketLoggingStatus"]["LoggingEnabled"]["TargetPrefix"] == {"unknown": prefix}
    told = balm("plan", "-", "--output", "text", stdin=own_event()).out
    assert f"KeyId: (known after apply: {source})" in told
    assert f"TargetPrefix: (known after apply: {prefix})" in told

    applied = apply(balm)
    assert applied.line["status"] == "fixed", applied
    [_created, rotated, logged] = writes_of(applied)
    key = rotated["params"]["KeyId"]
    assert logged["params"]["BucketLoggingStatus"]["LoggingEnabled"]["TargetPrefix"] == f"key/{key}/"
    shown = balm("call", "kms", "get_key_rotation_status", json.dumps({"KeyId": key}),
                 **account_key(ACCOUNT))
    assert shown.line["KeyRotationEnabled"] is True


def test_a_write_that_fails_ends_an_apply_with_what_was_written(balm, standin):
    own(balm, KEYED)
    assert balm("plan", "-", "--out", "plan.json", stdin=own_event()).status == 0
    standin.fault(service="kms", operation="EnableKeyRotation", status=400,
                  code="DisabledException", message="told by the test")
    failed = apply(balm)
    assert (failed.status, failed.line["status"]) == (1, "failed"), failed
    assert failed.line["error"]["code"] == "DisabledException"
    assert [call["operation"] for call in writes_of(failed)] == ["CreateKey", "EnableKeyRotation"]


def test_the_external_id_of_a_plan_is_sealed_and_given_all_the_same(balm, standin):
    standin.set_state("iam", "roles", "BalmRemediationRole", {"ExternalId": "tenant-7-id"})
    planned = balm("plan", "-", "--out", "plan.json", "--external-id", "tenant-7-id",
                   stdin=cases.event_of(VERSIONING))
    assert planned.line["status"] == "planned", planned
    assert "tenant-7-id" not in planned.out + planned.err + plan_file(balm).read_text()
    applied = apply(balm)
    assert applied.line["status"] == "fixed" and "tenant-7-id" not in applied.out + applied.err, applied


def test_what_is_secret_is_sealed_in_the_file_and_written_all_the_same(balm, standin):
    canary = "canary-f00d-key"
    own(balm, """
return {
  id = "Own.Fix",
  parameters = {},
  fix = function(session, resource)
    session:client("s3"):put_bucket_encryption {
      Bucket = resource.Name,
      ServerSideEncryptionConfiguration = { Rules = { { ApplyServerSideEncryptionByDefault = {
        SSEAlgorithm = "aws:kms", KMSMasterKeyID = "%s",
      } } } },
    }
  end,
}
""" % canary)
    planned = balm("plan", "-", "--out", "plan.json", stdin=own_event())
    told = balm("plan", "-", "--output", "text", stdin=own_event())
    assert canary not in planned.out + planned.err + told.out + told.err + plan_file(balm).read_text()
    applied = apply(balm)
    assert applied.line["status"] == "fixed", applied
    assert canary not in applied.out + applied.err
    assert canary in json.dumps(standin.log(operation="PutBucketEncryption")[-1]["params"])
