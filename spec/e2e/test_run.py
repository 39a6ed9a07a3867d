"""balm run from outside: events, roles, accounts, the configuration, batches, mishaps."""

import json
import os
import signal
import time

import pytest

from harness import (ACCOUNT, ENGINE_ACCOUNT, ENGINE_KEY, OTHER_ACCOUNT, account_key, remediate,
                     wait_until)
from transport import Server, answer, read_head

BUCKET = f"demo-{ACCOUNT}"
VERSIONING = "AWS.S3.EnableBucketVersioning"
TOKEN = "IQoJb3JpZ2luX2VjEHAaCWV1LXdlc3QtMSJHMEUCIQ/+token=="
EVENT = remediate(VERSIONING, {"Name": BUCKET})


def text(*events):
    return "".join(json.dumps(event) + "\n" for event in events)


def seen_in_account(standin, account=ACCOUNT):
    return [operation for operation in standin.operations(account=account)
            if not operation.startswith("sts:")]


def asff(control="S3.14", **more):
    return {"SchemaVersion": "2018-10-08", "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/securityhub",
            "Id": f"arn:aws:securityhub:eu-west-1:{ACCOUNT}:security-control/{control}/finding/f-1",
            "GeneratorId": f"security-control/{control}", "AwsAccountId": ACCOUNT, "Region": "eu-west-1",
            "Types": [], "CreatedAt": "2026-01-01T00:00:00Z", "UpdatedAt": "2026-01-02T00:00:00Z",
            "Severity": {"Label": "LOW"}, "Title": "t", "Description": "d",
            "Resources": [{"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::{BUCKET}", "Partition": "aws",
                           "Region": "eu-west-1"}],
            "Compliance": {"Status": "FAILED", "SecurityControlId": control},
            "Workflow": {"Status": "NEW"}, "RecordState": "ACTIVE", **more}


def configure(tmp_path, body):
    path = tmp_path / "balm.lua"
    path.write_text(f"return {{ {body} }}\n")
    return path


# ---- one event ----

def test_a_result_says_all_that_happened(balm):
    result = balm("run", "-", stdin=text(EVENT)).line
    assert result["remediation"] == VERSIONING
    assert (result["account"], result["region"]) == (ACCOUNT, "eu-west-1")
    assert result["resource"]["Name"] == BUCKET
    assert len(result["script"]["version"]) == 64
    assert [(call["service"], call["operation"], call["write"]) for call in result["calls"]] == [
        ("s3", "GetBucketVersioning", False), ("s3", "PutBucketVersioning", True),
        ("s3", "GetBucketVersioning", False)]
    assert all(call["status"] == 200 and call["request_id"] and call["ms"] >= 0
               for call in result["calls"])
    assert result["started"].endswith("Z") and result["ms"] > 0 and result["run"]


def test_the_run_s_id_stands_in_the_user_agent(balm, standin):
    result = balm("run", "-", stdin=text(EVENT)).line
    assert all(result["run"] in entry["user_agent"] for entry in standin.log(service="s3"))


def test_a_remediation_may_be_asked_for_by_hand(balm):
    resource = json.dumps({"Name": BUCKET, "AccountId": ACCOUNT, "Region": "eu-west-1"})
    done = balm("run", "--remediation", "AWS.S3.EnableBucketEncryption", "--resource", resource,
                "--param", "SSEAlgorithm=aws:kms")
    assert (done.status, done.line["status"]) == (0, "fixed"), done
    assert done.line["parameters"]["SSEAlgorithm"] == "aws:kms"


def test_global_is_the_partition_s_home_region(balm, standin):
    event = remediate("AWS.IAM.UpdateAccountPasswordPolicy", {}, region="global")
    assert balm("run", "-", stdin=text(event)).line["status"] == "fixed"
    assert {entry["region"] for entry in standin.log(service="iam")} == {"us-east-1"}


@pytest.mark.parametrize("event, said", [
    ("{", "line 1"),
    ("[]x", "line 1"),
    ('"text"\n', "object"),
    ("5", "must be a JSON object, this is a number"),
    ('{"hello":"world"}', "hello"),
    (json.dumps(remediate(VERSIONING, {"Name": BUCKET}, account="12")), "12 digits"),
    (json.dumps(remediate(VERSIONING, {"Name": BUCKET}, region="eu-west-1.evil.example")), "region"),
    (json.dumps(remediate("AWS.S3.EnableBucketVersionin", {"Name": BUCKET})), VERSIONING),
    (json.dumps(remediate(VERSIONING, {"Name": BUCKET}, {"Stauts": "x"})), "Stauts"),
    ('{"action":"explode","payload":{}}', "unknown_format"),
])
def test_a_bad_event_is_told_and_nothing_is_sent(balm, standin, event, said):
    done = balm("run", "-", stdin=event)
    assert done.status == 2, done
    assert said in done.out + done.err, done
    assert seen_in_account(standin) == []


def test_a_bucket_name_cannot_choose_the_host(balm, standin):
    for name in ("evil.example/x?", "a@evil.example", "a#b", "..", "", "x" * 300):
        done = balm("run", "-", "--skip-guard", "breaker",
                    stdin=text(remediate(VERSIONING, {"Name": name})))
        assert done.line["status"] == "failed", done
    assert [entry for entry in standin.log(service="s3") if entry["status"] == 200] == []


# ---- accounts and roles ----

def test_another_account_s_role_is_the_wrong_account(balm, standin):
    role = f"arn:aws:iam::{OTHER_ACCOUNT}:role/BalmRemediationRole"
    done = balm("run", "-", "--role-arn", role, stdin=text(EVENT))
    assert (done.status, done.line["error"]["code"]) == (3, "WrongAccount"), done
    assert seen_in_account(standin, OTHER_ACCOUNT) == seen_in_account(standin) == []


def test_own_credentials_are_held_against_the_account_too(balm, standin):
    done = balm("run", "-", "--no-assume-role", stdin=text(EVENT))
    assert done.line["error"]["code"] == "WrongAccount"
    assert set(standin.operations()) <= {"sts:GetCallerIdentity"}
    assert seen_in_account(standin, ENGINE_ACCOUNT) == []

    own = balm("run", "-", "--no-assume-role", stdin=text(EVENT), **account_key(ACCOUNT))
    assert own.line["status"] == "fixed"


def test_the_role_is_a_template(balm, standin):
    done = balm("run", "-", "--role-arn", "arn:{partition}:iam::{account}:role/Admin",
                stdin=text(EVENT))
    assert done.line["status"] == "fixed"
    assert standin.log(operation="AssumeRole")[0]["params"]["RoleArn"] == \
        f"arn:aws:iam::{ACCOUNT}:role/Admin"


def test_an_unknown_brace_in_the_template_is_refused(balm, standin):
    done = balm("run", "-", "--role-arn", "arn:aws:iam::{acount}:role/Admin", stdin=text(EVENT))
    assert done.status == 2 and "acount" in done.out + done.err, done
    assert standin.log() == []


def test_the_session_bears_the_remediation_s_name(balm, standin):
    balm("run", "-", stdin=text(EVENT))
    assert standin.log(operation="AssumeRole")[0]["params"]["RoleSessionName"] == f"balm-{VERSIONING}"


def test_an_external_id_is_given_when_asked_for(balm, standin, tmp_path):
    standin.set_state("iam", "roles", "BalmRemediationRole", {"ExternalId": "s3cret-id"})
    refused = balm("run", "-", stdin=text(EVENT))
    assert (refused.status, refused.line["error"]["code"]) == (3, "AccessDenied"), refused

    assert balm("run", "-", "--external-id", "s3cret-id", stdin=text(EVENT)).line["status"] == "fixed"
    configure(tmp_path, 'external_id = "s3cret-id"')
    assert balm("run", "-", stdin=text(EVENT)).line["status"] == "compliant"


def test_one_role_is_assumed_once_for_many_events(balm, standin):
    # fixed by several at once, it would be flapping, and that guard asks CloudTrail in a session of its own
    done = balm("run", "-", "--concurrency", 16, "--skip-guard", "flapping", stdin=text(*[EVENT] * 60))
    assert len(done.lines) == 60
    assert standin.operations().count("sts:AssumeRole") == 1


# ---- credentials ----

def test_a_profile_of_the_shared_files_signs(balm, tmp_path):
    (tmp_path / "credentials").write_text(
        "# keys\n[engine]\r\naws_access_key_id = " + ENGINE_KEY["AWS_ACCESS_KEY_ID"] +
        "\r\naws_secret_access_key=" + ENGINE_KEY["AWS_SECRET_ACCESS_KEY"] + "\n")
    done = balm("run", "-", "--profile", "engine", stdin=text(EVENT), AWS_ACCESS_KEY_ID=None,
                AWS_SECRET_ACCESS_KEY=None, AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "credentials"))
    assert done.line["status"] == "fixed", done


def test_no_credentials_say_what_was_tried(balm, standin):
    done = balm("run", "-", stdin=text(EVENT), AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    assert done.status == 3, done
    assert "AWS_ACCESS_KEY_ID" in done.out and "profile" in done.out.lower(), done
    assert standin.log() == []


def test_half_a_key_pair_is_told(balm):
    done = balm("run", "-", stdin=text(EVENT), AWS_SECRET_ACCESS_KEY=None)
    assert done.status == 3 and "AWS_SECRET_ACCESS_KEY" in done.out, done


def test_a_wrong_secret_is_an_authorisation_failure(balm):
    done = balm("run", "-", stdin=text(EVENT), AWS_SECRET_ACCESS_KEY="wrong")
    assert (done.status, done.line["error"]["code"]) == (3, "SignatureDoesNotMatch"), done


def test_no_secret_is_ever_printed(balm, standin):
    """Also where all goes wrong, and at the most talkative level."""
    standin.fault(service="s3", status=500, times=20, message="it broke")
    done = balm("run", "-", "--log-level", "debug", stdin=text(EVENT))
    assert done.line["status"] == "failed"
    said = done.out + done.err
    for secret in (ENGINE_KEY["AWS_SECRET_ACCESS_KEY"], "Signature=", "AWS4-HMAC", "SessionToken"):
        assert secret not in said


def test_an_error_that_quotes_the_token_is_told_without_it(balm):
    """A signature that does not match is answered with the request that was signed, its token included."""
    def quotes(server, connection):
        head = read_head(connection)
        server.heads.append(head)
        body = ("<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>The Canonical String should be "
                f"{head} and again {TOKEN}</Message></Error></ErrorResponse>")
        connection.sendall(answer(body, "403 Forbidden"))

    with Server(quotes) as server:
        done = balm("call", "sts", "GetCallerIdentity", "--log-level", "debug", AWS_ENDPOINT_URL=server.url,
                    AWS_SESSION_TOKEN=TOKEN)
    assert TOKEN in server.heads[0] and "SignatureDoesNotMatch" in done.out, done
    assert done.status == 1 and done.out.count("*" * len(TOKEN)) == 2
    assert TOKEN[:16] not in done.out + done.err


# ---- batches ----

def test_a_bad_event_does_not_stop_the_others(balm):
    events = text(EVENT) + "{not json}\n" + text(EVENT) + '{"un":"known"}\n' + text(EVENT)
    done = balm("run", "-", "--concurrency", 1, stdin=events)
    assert done.status == 2
    assert [line["status"] for line in done.lines if line.get("remediation")] == \
        ["fixed", "compliant", "compliant"]
    assert "2" in done.err and "4" in done.err, done


def test_events_come_in_every_form(balm):
    pretty = json.dumps(EVENT, indent=2)
    for form in (f"[{pretty},\n{pretty}]", pretty + "\n" + pretty, pretty + pretty,
                 text(EVENT, EVENT).replace("\n", "\r\n")):
        assert len(balm("run", "-", stdin=form).lines) == 2


def test_many_files_make_one_batch(balm, tmp_path):
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(json.dumps(EVENT))
    assert len(balm("run", "a.json", "b.json").lines) == 2
    missing = balm("run", "a.json", "c.json")
    assert missing.status == 2 and "c.json" in missing.err, missing


def test_a_named_pipe_waits_for_its_writer(balm, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    process = balm.start("run", "pipe", "--concurrency", 1)
    time.sleep(0.3)
    assert process.poll() is None
    (tmp_path / "pipe").write_text(text(EVENT, EVENT))
    out, err = process.communicate(timeout=20)
    assert [json.loads(line)["status"] for line in out.splitlines()] == ["fixed", "compliant"], err


def test_a_named_pipe_that_nobody_writes_to_does_not_hold_up_a_signal(balm, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    process = balm.start("run", "pipe")
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=20)[0] == "" and process.returncode in (0, 4)


def test_no_run_waits_for_another(balm, standin):
    standin.fault(service="s3", operation="GetBucketVersioning", delay_ms=400, times=200)
    begun = time.monotonic()
    done = balm("run", "-", "--concurrency", 40, stdin=text(*[EVENT] * 40))
    assert len(done.lines) == 40
    # Each waits 400 ms twice or once; one after another would be 16 s at least.
    assert time.monotonic() - begun < 4


def test_two_runs_make_the_same_calls(balm, standin):
    logs = []
    for _ in range(2):
        standin.reset()
        balm("run", "-", stdin=text(remediate("AWS.S3.BlockBucketPublicAccess", {"Name": BUCKET})))
        logs.append([(entry["operation"], entry["params"]) for entry in standin.log(service="s3")])
    assert logs[0] == logs[1] and len(logs[0]) == 4


def test_a_signal_ends_it_after_the_runs_under_way(balm, standin):
    standin.fault(service="s3", operation="GetBucketVersioning", delay_ms=700)
    process = balm.start("run", "-")
    process.stdin.write(text(EVENT))
    process.stdin.flush()
    wait_until(lambda: "s3:GetBucketVersioning" in standin.operations())
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert json.loads(out)["status"] == "fixed", (out, err)


def test_a_reader_that_reads_nothing_does_not_hold_up_a_signal(balm, tmp_path):
    """All runs are recorded by then: what is left is to tell them to somebody who does not listen."""
    events = tmp_path / "events.ndjson"
    events.write_text(text(*[remediate("Own.None", {"Name": BUCKET, "Note": "x" * 2000})] * 1000))
    process = balm.start("run", events)

    def ended():
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        return process.poll() is not None
    try:
        time.sleep(1)  # until the pipe is full
        wait_until(ended)
    finally:
        process.kill()
        process.communicate()
    assert all(head["status"] == "failed" for head in balm("history", "--limit", "1000").lines)


def test_the_list_of_remediations_is_panther_s(balm):
    listed = balm("run", "-", stdin='{"action":"listRemediations"}').line
    assert listed["AWS.S3.EnableBucketEncryption"] == {"SSEAlgorithm": "AES256", "KMSMasterKeyID": ""}
    assert listed["AWS.RDS.EnableAutoMinorVersionUpgrade"] == {"ApplyImmediately": "true"}
    assert listed["AWS.IAM.UpdateAccountPasswordPolicy"]["MaxPasswordAge"] == "90"
    assert len(listed) == 19


# ---- what goes wrong on the way ----

def test_throttling_and_server_errors_are_tried_again(balm, standin):
    standin.fault(service="s3", status=503, code="SlowDown")
    standin.fault(service="s3", status=500, code="InternalError")
    assert balm("run", "-", stdin=text(EVENT)).line["status"] == "fixed"


def test_attempts_are_counted(balm, standin):
    standin.fault(service="s3", status=503, code="SlowDown", times=10)
    done = balm("run", "-", stdin=text(EVENT), AWS_MAX_ATTEMPTS="2")
    assert (done.status, done.line["error"]["code"]) == (1, "SlowDown"), done
    assert len(standin.log(service="s3")) == 2


def test_a_broken_connection_is_tried_again(balm, standin):
    standin.fault(service="s3", close=True)
    standin.fault(service="s3", operation="PutBucketVersioning", close=True, when="after")
    assert balm("run", "-", stdin=text(EVENT)).line["status"] == "fixed"


def test_a_proxy_s_page_is_no_answer(balm, standin):
    standin.fault(service="s3", status=403, body="<html><body>Blocked by policy</body></html>", times=9)
    done = balm("run", "-", stdin=text(EVENT))
    assert (done.status, done.line["status"]) == (3, "failed"), done
    standin.reset()
    standin.fault(service="s3", status=200, body="<html>Welcome", times=9)
    done = balm("run", "-", stdin=text(EVENT))
    assert (done.status, done.line["status"]) == (1, "failed"), done


def test_nobody_listens(offline):
    done = offline("run", "-", stdin=text(EVENT), AWS_MAX_ATTEMPTS="1")
    assert (done.status, done.line["status"]) == (1, "failed"), done
    assert done.line["error"]["retryable"] is True


def test_a_write_that_does_not_take_is_unverified(balm, standin, tmp_path):
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "own_never.lua").write_text("""
return {
  id = "Own.Never", parameters = {}, verify_seconds = 1,
  check = function(session, resource)
    session:client("s3"):get_bucket_versioning { Bucket = resource.Name }
    return false
  end,
  fix = function(session, resource)
    session:client("s3"):put_bucket_versioning {
      Bucket = resource.Name, VersioningConfiguration = { Status = "Enabled" } }
  end,
}""")
    done = balm("run", "-", "--remediations", "r", stdin=text(remediate("Own.Never", {"Name": BUCKET})))
    assert (done.status, done.line["status"]) == (4, "unverified"), done


# ---- the configuration ----

@pytest.mark.parametrize("body, said", [
    ('acounts = {}', "acounts"),
    ('accounts = { 111122223333 }', "accounts"),
    ('accounts = { "11112222333" }', "12 digits"),
    ('mode = "fixx"', "mode"),
    ('policies = { ["S3.8"] = "AWS.S3.BlockBucketPublicAcces" }', "there is no remediation"),
    ('guards = { per_hourr = 3 }', "per_hourr"),
    ('exclude = { { account = "111122223333", reason = "r", owner = "o", expires = "2027-13-01" } }',
     "exclude[1].expires"),
    ('exclude = { { account = "111122223333" } }', "reason"),
    ('role = function() end', "role"),
    ('mode = ', "balm.lua:1"),
])
def test_a_typo_in_the_configuration_opens_no_door(balm, standin, tmp_path, body, said):
    configure(tmp_path, body)
    done = balm("run", "-", stdin=text(EVENT))
    assert done.status == 2 and said in done.err and "balm.lua" in done.err, done
    assert standin.log() == []


def test_balm_acts_in_the_accounts_that_are_enabled(balm, standin, tmp_path):
    configure(tmp_path, f'accounts = {{ "{OTHER_ACCOUNT}" }}')
    done = balm("run", "-", stdin=text(EVENT))
    assert (done.status, done.line["status"], done.line["reason"]) == \
        (4, "skipped", "account_not_enabled"), done
    assert standin.log() == []


def test_what_is_excluded_is_skipped_with_its_reason(balm, tmp_path):
    configure(tmp_path, f'exclude = {{ {{ account = "{ACCOUNT}", reason = "sandbox", '
                        'owner = "sec@example.com", expires = "2099-01-01" } }')
    done = balm("run", "-", stdin=text(EVENT))
    assert (done.status, done.line["reason"]) == (0, "excluded"), done
    assert "sandbox" in done.out


@pytest.mark.parametrize("mode, status, reason", [("plan", "planned", None), ("off", "skipped", "off"),
                                                  ("fix", "fixed", None)])
def test_a_mode_that_is_stated_is_heeded(balm, tmp_path, mode, status, reason):
    configure(tmp_path, f'mode = "{mode}"')
    done = balm("run", "-", stdin=text(EVENT))
    assert (done.status, done.line["status"]) == (0, status), done
    if reason:
        assert done.line["reason"] == reason


def test_a_policy_finds_its_remediation(balm, tmp_path):
    configure(tmp_path, f'policies = {{ ["S3.14"] = "{VERSIONING}" }}')
    envelope = {"version": "0", "id": "e", "detail-type": "Security Hub Findings - Imported",
                "source": "aws.securityhub", "account": "210987654321", "region": "us-east-1",
                "time": "2026-01-02T03:04:05Z", "resources": [], "detail": {"findings": [asff()]}}
    statuses = [balm("run", "-", stdin=text(form)).line["status"]
                for form in (asff(), {"Findings": [asff()]}, envelope)]
    assert statuses == ["fixed", "compliant", "compliant"]


def test_a_policy_without_a_remediation_is_skipped(balm, standin):
    done = balm("run", "-", stdin=text(asff()))
    assert (done.status, done.line["reason"]) == (4, "no_association"), done
    assert standin.log() == []


def test_a_closed_finding_is_skipped(balm, standin, tmp_path):
    configure(tmp_path, f'policies = {{ ["S3.14"] = "{VERSIONING}" }}')
    for closed in ({"RecordState": "ARCHIVED"}, {"Workflow": {"Status": "SUPPRESSED"}},
                   {"Compliance": {"Status": "PASSED", "SecurityControlId": "S3.14"}}):
        done = balm("run", "-", stdin=text(asff(**closed)))
        assert (done.status, done.line["reason"]) == (0, "finding_closed"), done
    assert standin.log() == []


def test_explain_says_what_was_understood_and_calls_nothing(balm, standin, tmp_path):
    configure(tmp_path, f'policies = {{ ["S3.14"] = "{VERSIONING}" }}, mode = "plan"')
    told = balm("explain", "-", stdin=text(asff()))
    assert told.status == 0, told
    for word in (VERSIONING, "S3.14", ACCOUNT, "eu-west-1", "plan",
                 f"arn:aws:iam::{ACCOUNT}:role/BalmRemediationRole"):
        assert word in told.out, word
    assert standin.log() == []


# ---- plan ----

def test_plan_can_say_by_its_exit_status_that_there_is_something_to_change(balm):
    assert balm("plan", "-", "--exit-code", stdin=text(EVENT)).status == 5
    balm("run", "-", stdin=text(EVENT))
    assert balm("plan", "-", "--exit-code", stdin=text(EVENT)).status == 0
