"""Where an event tells no tags of its resource, they are asked of AWS, for those who want that (`tags = "ask"`)."""

import json

import pytest

from harness import ACCOUNT, ENGINE_ACCOUNT, account_key, remediate

ID = "AWS.S3.EnableBucketVersioning"
BUCKET = f"demo-{ACCOUNT}"
ARN = f"arn:aws:s3:::{BUCKET}"
ASKED = {"service": "resourcegroupstaggingapi", "operation": "GetResources"}
EXCLUDE = """exclude = { { tag = { env = "lab" }, reason = "a lab", owner = "a@b", expires = "2999-01-01" } }"""


def event(**more):
    return json.dumps(remediate(ID, {"Name": BUCKET, "ResourceType": "AWS.S3.Bucket", **more}))


@pytest.fixture
def run(balm, tmp_path):
    def once(*words, stdin=None, config='guards = { tags = "ask" }', **env):
        (tmp_path / "balm.lua").write_text("return { %s }" % config)
        return balm("run", "-", *words, stdin=stdin or event(), **env)
    return once


@pytest.fixture
def tagged(standin):
    def tag(arn=ARN, **tags):
        standin.set_state("resourcegroupstaggingapi", "tags", arn,
                          {name.replace("__", ":").replace("_", "-"): value for name, value in tags.items()})
    return tag


def skipped(done, reason, status=0):
    assert (done.status, done.line["status"], done.line["reason"]) == (status, "skipped", reason), done
    assert done.line["calls"] == []
    return done.line["detail"]


# ---- what they decide ----

def test_what_a_stack_owns_is_left_alone(run, tagged, standin):
    tagged(aws__cloudformation__stack_name="network")
    assert "the CloudFormation stack network owns it" in skipped(run(), "managed", status=4)
    assert [entry["params"] for entry in standin.log(**ASKED)] == [{"ResourceARNList": [ARN]}]


def test_what_asks_to_be_skipped_is_skipped(run, tagged):
    tagged(balm__skip_until="2999-01-01")
    assert "balm:skip-until" in skipped(run(), "excluded")


def test_an_exclusion_by_tag_holds(run, tagged):
    tagged(env="lab")
    assert "a lab" in skipped(run(config=f'guards = {{ tags = "ask" }}, {EXCLUDE}'), "excluded")


@pytest.mark.parametrize("tags, status", [({"env": "lab"}, "skipped"), ({}, "fixed")])
def test_an_exclusion_by_unit_and_tag_holds(run, tagged, standin, tags, status):
    standin.set_state("organizations", "parents", ACCOUNT, {"Id": "r-abcd"}, account=ENGINE_ACCOUNT)
    tagged(**tags)
    both = EXCLUDE.replace("tag =", 'ou = "r-abcd", tag =')
    assert run(config=f'guards = {{ tags = "ask" }}, {both}').line["status"] == status


def test_a_plan_knows_them_too(balm, run, tagged, tmp_path):
    run(stdin="{}")  # writes the configuration
    tagged(balm__skip_until="2999-01-01")
    assert balm("plan", "-", stdin=event()).line["reason"] == "excluded"


@pytest.mark.parametrize("tags", [None, {}, {"team": "a"}])
def test_a_resource_without_such_tags_is_fixed(run, tagged, tags):
    if tags is not None:
        tagged(**tags)
    assert run().line["status"] == "fixed"


# ---- when AWS is asked, and with what ----

@pytest.mark.parametrize("more", [{"Tags": {"team": "a"}}, {"Tags": {}}, {"Tags": None}, {"TagSet": []}])
def test_an_event_that_tells_them_is_believed(run, tagged, standin, more):
    tagged(balm__skip_until="2999-01-01")
    assert run(stdin=event(**more)).line["status"] == "fixed"
    assert standin.log(**ASKED) == []


@pytest.mark.parametrize("config", ["", 'guards = { tags = "event" }'])
def test_nothing_is_asked_unless_it_is_wanted(run, tagged, standin, config):
    tagged(aws__cloudformation__stack_name="network")
    assert run(config=config).line["status"] == "fixed"
    assert standin.log(**ASKED) == []


def test_the_arn_of_the_event_is_asked_about(run, tagged, standin):
    arn = "arn:aws:s3:::another"
    tagged(arn, terraform="true")
    assert "Terraform owns it" in skipped(run(stdin=event(Arn=arn)), "managed", status=4)


def test_a_change_that_cloudtrail_tells_is_asked_about(run, tagged, standin):
    told = json.dumps({"version": "0", "id": "e", "detail-type": "AWS API Call via CloudTrail", "account": ACCOUNT,
                       "region": "eu-west-1", "source": "aws.s3", "detail": {
                           "eventSource": "s3.amazonaws.com", "eventName": "PutBucketVersioning", "eventID": "1",
                           "awsRegion": "eu-west-1", "recipientAccountId": ACCOUNT,
                           "requestParameters": {"bucketName": BUCKET}}})
    config = f'guards = {{ tags = "ask" }}, policies = {{ ["s3:PutBucketVersioning"] = "{ID}" }}'
    tagged(aws__cloudformation__stack_name="network")
    skipped(run(stdin=told, config=config), "managed", status=4)
    standin.set_state("resourcegroupstaggingapi", "tags", ARN, None)
    assert run(stdin=told, config=config).line["status"] == "fixed"


def test_it_is_asked_by_a_session_that_can_do_nothing_else(run, tagged, standin):
    run()
    [asking] = [entry["params"] for entry in standin.log(operation="AssumeRole")
                if entry["params"]["RoleSessionName"] == "balm-tags"]
    [statement] = json.loads(asking["Policy"])["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "tag:GetResources")


def test_explain_asks_nobody(balm, run, tagged, standin):
    run(stdin="{}")
    tagged(balm__skip_until="2999-01-01")
    told = balm("explain", "-", stdin=event()).line
    answers = [guard["answer"] for guard in told["guards"] if guard["guard"] == "excluded"]
    assert answers == ["asked when it runs"]
    assert standin.log(**ASKED) == []


# ---- what cannot be found out is a no ----

@pytest.mark.parametrize("fault, said", [
    ({"code": "AccessDeniedException", "status": 400, "message": "no"}, "AccessDeniedException"),
    ({"body": "<html>", "status": 200}, ""),
    ({"close": True}, ""),
])
def test_whatever_goes_wrong_is_a_no(run, standin, fault, said):
    standin.fault(**ASKED, times=10, **fault)
    detail = skipped(run(), "excluded", status=4)
    assert "the resource's tags cannot be found out: " in detail and said in detail


def test_a_role_that_may_not_is_a_no(run, standin):
    standin.set_state("iam", "roles", "BalmRemediationRole", {"Deny": ["tag:GetResources"]})
    assert "tag:GetResources" in skipped(run(), "excluded", status=4)


def test_a_resource_without_an_arn_is_a_no(run):
    stdin = json.dumps(remediate(ID, {"Name": BUCKET}))
    assert "tells no ARN" in skipped(run(stdin=stdin), "excluded", status=4)


def test_the_guard_can_be_left_out(run, standin, tagged):
    tagged(balm__skip_until="2999-01-01")
    assert run("--skip-guard", "excluded").line["status"] == "fixed"
    assert standin.log(**ASKED) == []


def test_without_a_role_the_own_credentials_ask(run, tagged):
    tagged(env="lab")
    config = f'guards = {{ tags = "ask" }}, {EXCLUDE}'
    skipped(run("--no-assume-role", config=config, **account_key(ACCOUNT)), "excluded")
