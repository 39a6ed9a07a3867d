"""A resource that somebody changes back again and again is left alone, and who that is, is said."""

import json
import re
import signal
import time

import pytest

from harness import ACCOUNT, OTHER_ACCOUNT, account_key, remediate, wait_until

ID = "AWS.S3.EnableBucketVersioning"
BUCKET = f"demo-{ACCOUNT}"
EVENT = json.dumps(remediate(ID, {"Name": BUCKET}))
OFF = json.dumps({"Bucket": BUCKET, "VersioningConfiguration": {"Status": "Suspended"}})
LOOKUP = {"service": "cloudtrail", "operation": "LookupEvents"}


@pytest.fixture
def deploy(balm, standin):
    """Turns versioning off, as a pipeline of the account does that knows nothing of Balm."""
    standin.set_state("iam", "roles", "Deploy", {"RoleName": "Deploy"})
    made = balm("call", "sts", "assume_role", json.dumps(
        {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/Deploy", "RoleSessionName": "ci"}))
    key = made.line["Credentials"]

    def turn_off():
        done = balm("call", "s3", "put_bucket_versioning", OFF, AWS_ACCESS_KEY_ID=key["AccessKeyId"],
                    AWS_SECRET_ACCESS_KEY=key["SecretAccessKey"], AWS_SESSION_TOKEN=key["SessionToken"])
        assert done.status == 0, done
    return turn_off


@pytest.fixture
def run(balm, tmp_path):
    (tmp_path / "balm.lua").write_text("return { guards = { flapping = { times = 2, hours = 1 } } }")

    def once(*words, stdin=EVENT, **env):
        return balm("run", "-", *words, stdin=stdin, **env)
    return once


def fixed_twice(run, change_back, *words, **env):
    for _ in range(2):
        done = run(*words, **env)
        assert done.line["status"] == "fixed", done
        change_back()


def refused(done):
    """Why; whatever CloudTrail says, nothing else comes of it."""
    assert (done.status, done.line["status"], done.line["reason"]) == (4, "skipped", "flapping"), done
    assert done.line["calls"] == [] and "something changes it back" in done.line["detail"], done
    return done.line["detail"]


# ---- who it was ----

def test_who_changes_it_back_is_named(run, standin, deploy):
    fixed_twice(run, deploy)
    assert re.search(r"it 2 times within 1 hours, last in run [0-9a-f-]{36}, and something changes it back; "
                     rf"last changed by arn:aws:sts::{ACCOUNT}:assumed-role/Deploy/ci: PutBucketVersioning at "
                     r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$", refused(run()))

    [asked] = standin.log(**LOOKUP)
    assert asked["params"]["LookupAttributes"] == [{"AttributeKey": "ResourceName", "AttributeValue": BUCKET}]
    assert (asked["account"], asked["region"]) == (ACCOUNT, "eu-west-1")
    assumed = standin.log(operation="AssumeRole")[-1]["params"]
    assert assumed["RoleArn"] == f"arn:aws:iam::{ACCOUNT}:role/BalmRemediationRole"
    [statement] = json.loads(assumed["Policy"])["Statement"]
    assert statement == {"Effect": "Allow", "Action": "cloudtrail:LookupEvents", "Resource": "*"}


def test_who_only_looked_or_was_not_let_changed_nothing(run, balm, standin, deploy):
    fixed_twice(run, deploy)
    standin.set_state("iam", "roles", "Admin", {"Deny": ["s3:PutBucketVersioning"]})
    admin = ("--role-arn", f"arn:aws:iam::{ACCOUNT}:role/Admin")
    assert balm("call", "s3", "put_bucket_versioning", OFF, *admin).status == 1
    for _ in range(60):  # more than a page of them
        assert balm("call", "s3", "get_bucket_versioning", json.dumps({"Bucket": BUCKET}), *admin).status == 0
    assert "assumed-role/Deploy/ci: PutBucketVersioning" in refused(run())
    assert len(standin.log(**LOOKUP)) == 2


def test_balms_own_changes_are_left_out(run, standin):
    def elsewhere():
        """Where this CloudTrail does not see it."""
        standin.set_state("s3", "buckets", BUCKET, {"Versioning": {"Status": "Suspended"}})

    fixed_twice(run, elsewhere)
    assert "CloudTrail tells of no change by others" in refused(run())
    assert len(standin.operations(operation="PutBucketVersioning")) == 2


def test_without_a_role_balms_changes_are_known_by_their_runs(run, balm, standin):
    """The same key, in a person's hand, is somebody else."""
    own = account_key(ACCOUNT)

    def by_hand():
        assert balm("call", "s3", "put_bucket_versioning", OFF, **own).status == 0

    fixed_twice(run, by_hand, "--no-assume-role", **own)
    [first, second] = [entry["n"] for entry in standin.log(operation="PutBucketVersioning")][-2:]
    assert first < second
    assert f"arn:aws:iam::{ACCOUNT}:root: PutBucketVersioning" in refused(run("--no-assume-role", **own))


def test_a_key_is_found_by_its_arn(balm, run, standin, tmp_path):
    key = json.dumps({"KeyId": standin_key(standin)})
    arn = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{standin_key(standin)}"
    event = json.dumps(remediate("AWS.KMS.EnableKeyRotation", {"Id": standin_key(standin), "Arn": arn}))

    def turn_off():
        assert balm("call", "kms", "disable_key_rotation", key, **account_key(ACCOUNT)).status == 0

    fixed_twice(run, turn_off, stdin=event)
    assert f"{ACCOUNT}:root: DisableKeyRotation" in refused(run(stdin=event))
    assert [entry["params"]["LookupAttributes"][0]["AttributeValue"] for entry in standin.log(**LOOKUP)] == \
        [standin_key(standin), arn]


def standin_key(standin):
    return next(iter(standin.everything()["eu-west-1"]["kms"]["keys"]))


# ---- where it is not told ----

def test_a_role_that_may_not_ask_cloudtrail_refuses_all_the_same(run, standin, deploy):
    fixed_twice(run, deploy)
    standin.set_state("iam", "roles", "BalmRemediationRole", {"Deny": ["cloudtrail:LookupEvents"]})
    detail = refused(run())
    assert "by whom is not known: " in detail and "not authorized to perform: cloudtrail:LookupEvents" in detail


@pytest.mark.parametrize("fault, said", [
    ({"code": "ThrottlingException", "status": 400, "message": "Rate exceeded"}, "Rate exceeded"),
    ({"body": "<html>", "status": 200}, "by whom is not known: "),
    ({"close": True}, "by whom is not known: "),
    ({"delay_ms": 20000}, "CloudTrail did not answer within 4 seconds"),
])
def test_whatever_goes_wrong_the_answer_is_the_same_and_comes_soon(run, standin, deploy, fault, said):
    fixed_twice(run, deploy)
    standin.fault(**LOOKUP, times=10, **fault)
    began = time.monotonic()
    assert said in refused(run())
    assert time.monotonic() - began < 6


def test_a_role_that_cannot_be_assumed_any_more_is_a_reason(run, standin, deploy):
    fixed_twice(run, deploy)
    standin.set_state("iam", "roles", "BalmRemediationRole", None)
    assert "sts:AssumeRole" in refused(run())


def test_no_other_account_is_asked(run, standin, deploy):
    fixed_twice(run, deploy)
    detail = refused(run("--role-arn", f"arn:aws:iam::{OTHER_ACCOUNT}:role/BalmRemediationRole"))
    assert "by whom is not known: " in detail and OTHER_ACCOUNT in detail
    assert standin.log(**LOOKUP) == []


# ---- how often, and when not ----

def test_explain_makes_no_call(run, balm, standin, deploy):
    fixed_twice(run, deploy)
    before = len(standin.log())
    told = balm("explain", "-", stdin=EVENT).line
    [flapping] = [guard for guard in told["guards"] if guard["guard"] == "flapping"]
    assert flapping["answer"] == "refuses" and flapping["detail"].endswith("something changes it back")
    assert len(standin.log()) == before


def test_one_answer_serves_all_who_ask_about_a_resource(run, standin, deploy):
    fixed_twice(run, deploy)
    done = run("--concurrency", 8, stdin="\n".join([EVENT] * 40))
    assert len(done.lines) == 40 and all("Deploy/ci" in line["detail"] for line in done.lines), done
    assert len(standin.log(**LOOKUP)) == 1


def test_a_command_that_is_stopped_meanwhile_ends_at_once(balm, run, standin, deploy):
    fixed_twice(run, deploy)
    standin.fault(**LOOKUP, times=10, delay_ms=20000)
    asking = balm.start("run", "-")
    asking.stdin.write(EVENT)
    asking.stdin.close()
    wait_until(lambda: standin.log(**LOOKUP))
    began = time.monotonic()
    asking.send_signal(signal.SIGINT)  # nothing new is begun
    time.sleep(0.2)
    asking.send_signal(signal.SIGINT)  # what is under way ends
    assert asking.wait(10) != 0 and time.monotonic() - began < 2, asking.stderr.read()
    asking.stdout.close()
    asking.stderr.close()
