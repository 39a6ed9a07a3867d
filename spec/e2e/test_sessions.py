"""What a script may reach beside the operations of its session: raw requests, and other accounts."""

import json
import re

import pytest

from harness import ACCOUNT, ENGINE_ACCOUNT, OTHER_ACCOUNT, Balm, clean_environment, remediate
from transport import Server, answer, sends

BUCKET = f"demo-{ACCOUNT}"
PUT = 'method = "PUT", query = { versioning = "" }, action = "s3:PutBucketVersioning",\n' \
      'body = "<VersioningConfiguration xmlns=\\"http://s3.amazonaws.com/doc/2006-03-01/\\">" ..\n' \
      '  "<Status>Enabled</Status></VersioningConfiguration>"'
GET = 'query = { versioning = "" }, action = "s3:GetBucketVersioning"'
OTHER_ROLE = f"arn:aws:iam::{OTHER_ACCOUNT}:role/BalmRemediationRole"
OTHER_BUCKET = f"demo-{OTHER_ACCOUNT}"


@pytest.fixture
def act(balm, tmp_path):
    """Runs a script of the test's own on the demo's bucket, by a command."""
    def run(command, check="return false", fix=""):
        write_script(tmp_path, check, fix)
        event = json.dumps(remediate("Own.Reach", {"Name": BUCKET}))
        return balm(command, "-", "--remediations", "r", stdin=event).line
    return run


def write_script(tmp_path, check, fix):
    (tmp_path / "r").mkdir(exist_ok=True)
    (tmp_path / "r" / "own_reach.lua").write_text(f"""
local aws = require "aws"
return {{
  id = "Own.Reach", parameters = {{}}, verify_seconds = 1,
  permissions = {{ "s3:GetBucketVersioning", "s3:PutBucketVersioning" }},
  check = function(session, resource) {check} end,
  fix = function(session, resource) {fix} end,
}}""")


def raw(request, path='"/" .. resource.Name'):
    return f'session:client("s3"):request {{ path = {path}, {request} }}'


def other_session(more=""):
    return f'aws.session {{ role_arn = "{OTHER_ROLE}", {more} }}'


def versioning(account, bucket):
    return f'{account}:client("s3"):put_bucket_versioning {{ Bucket = "{bucket}", ' \
           'VersioningConfiguration = { Status = "Enabled" } }'


# ---- client:request ----

def test_a_raw_read_gives_status_headers_and_body(act, standin):
    done = act("plan", check=f"""
      local answer = {raw(GET)}
      return false, {{ status = answer.status, body = answer.body, kind = answer.headers["content-type"] }}
    """)
    assert done["status"] == "planned" and done["complete"], done
    assert done["before"]["status"] == 200 and "<GetBucketVersioning" in done["before"]["body"], done
    assert done["before"]["kind"].endswith("/xml"), done
    [entry] = standin.log(service="s3")
    assert (entry["method"], entry["path"], entry["query"]) == ("GET", f"/{BUCKET}", "versioning=")
    assert entry["signature_ok"] and entry["account"] == ACCOUNT


def test_a_raw_write_is_sent_by_run_and_listed_by_plan(act, standin):
    check = f'return string.find({raw(GET)}.body, "Enabled", 1, true) ~= nil'
    planned = act("plan", check=check, fix=raw(PUT))
    assert planned["status"] == "planned", planned
    assert [(call["operation"], call["write"]) for call in planned["calls"]] == [
        (f"GET /{BUCKET}", False), (f"PUT /{BUCKET}", True)]
    assert "Enabled" in planned["calls"][1]["params"]["body"]
    assert {entry["method"] for entry in standin.log(service="s3")} == {"GET"}

    fixed = act("run", check=check, fix=raw(PUT))
    assert (fixed["status"], fixed["verified"]) == ("fixed", True), fixed
    assert [entry["method"] for entry in standin.log(service="s3")][-3:] == ["GET", "PUT", "GET"]


@pytest.mark.parametrize("request_", [
    'method = "PUT", query = { versioning = "" }, action = "s3:GetBucketVersioning"',
    'method = "DELETE", action = "s3:GetBucketVersioning"',
    'query = { versioning = "" }, action = "s3:PutBucketVersioning"',
])
def test_what_is_not_surely_a_read_is_a_write(act, standin, request_):
    planned = act("plan", fix=raw(request_))
    assert [call["write"] for call in planned["calls"]] == [True], planned
    assert standin.log(service="s3") == []


@pytest.mark.parametrize("request_", ['action = "s3:GetObject"', 'query = { versioning = "" }'])
def test_an_action_that_is_not_declared_is_refused(act, standin, request_):
    done = act("run", fix=raw(request_))
    assert (done["status"], done["error"]["code"]) == ("failed", "PermissionNotDeclared"), done
    assert standin.log(service="s3") == []


def test_each_header_that_is_given_is_signed(tmp_path):
    write_script(tmp_path, "return false", raw(f'headers = {{ ["X-Own"] = "a  b" }}, {GET}'))
    resource = json.dumps({"Name": BUCKET, "AccountId": ACCOUNT, "Region": "eu-west-1"})
    with Server(sends(answer())) as server:
        balm = Balm(clean_environment(AWS_ENDPOINT_URL=server.url), tmp_path)
        balm("run", "--remediations", "r", "--remediation", "Own.Reach", "--resource", resource,
             "--no-assume-role")
        head = server.heads[1]
    assert head.startswith(f"GET /{BUCKET}?versioning= HTTP/1.1"), server.heads
    signed = re.search("SignedHeaders=([^,]*)", head).group(1).split(";")
    assert {"host", "x-own", "x-amz-date", "x-amz-content-sha256"} <= set(signed)
    assert "\r\nX-Own: a  b\r\n" in head


@pytest.mark.parametrize("path", ['"logs"', '"//evil.example/"', '"/a?b=c#d"', '"/a\\r\\nX: y"'])
def test_a_path_chooses_neither_host_nor_query(act, standin, path):
    done = act("run", fix=raw(GET, path))
    assert done["status"] == "failed", done
    for entry in standin.log(service="s3"):
        assert entry["query"] == "versioning=" and "evil.example" not in entry["headers"]["host"]


# ---- aws.session ----

def test_another_session_acts_in_its_own_account(act, standin):
    done = act("run", fix=versioning(other_session(), OTHER_BUCKET))
    assert done["status"] == "unverified", done
    [entry] = standin.log(service="s3")
    assert (entry["account"], entry["region"], entry["status"]) == (OTHER_ACCOUNT, "eu-west-1", 200)
    assumed = standin.log(operation="AssumeRole")
    assert [(call["params"]["RoleArn"], call["account"]) for call in assumed][-1] == \
        (OTHER_ROLE, ENGINE_ACCOUNT)
    assert assumed[-1]["params"]["RoleSessionName"] == "balm-Own.Reach"
    # No more than the script's own permissions.
    assert "s3:PutBucketVersioning" in assumed[-1]["params"]["Policy"]


def test_another_session_may_be_in_another_region(act, standin):
    act("run", fix=versioning(other_session('region = "us-east-1"'), OTHER_BUCKET))
    # Asked there, S3 says where the bucket is.
    assert [entry["region"] for entry in standin.log(service="s3")] == ["us-east-1", "eu-west-1"]


def test_another_session_is_scoped_by_the_script_s_permissions(act):
    done = act("run", fix=f'{other_session()}:client("s3"):delete_bucket {{ Bucket = "b" }}')
    assert done["error"]["code"] == "PermissionNotDeclared", done


def test_a_plan_sends_no_write_of_another_session(act, standin):
    done = act("plan", fix=versioning(other_session(), OTHER_BUCKET))
    assert [(call["operation"], call["write"]) for call in done["calls"]] == [
        ("PutBucketVersioning", True)], done
    assert standin.log(service="s3") == []


def test_another_session_gives_its_external_id(act, standin):
    standin.set_state("iam", "roles", "BalmRemediationRole", {"ExternalId": "x-1"},
                      account=OTHER_ACCOUNT)
    put = 'external_id = "x-1"'
    refused = act("run", fix=versioning(other_session(), OTHER_BUCKET))
    assert refused["error"]["code"] == "AccessDenied", refused
    assert act("run", fix=versioning(other_session(put), OTHER_BUCKET))["status"] == "unverified"


def test_a_role_that_ends_up_in_another_account_is_the_wrong_account(act, standin):
    """What STS answers counts, whatever the role's ARN says. The script makes no call in its own
    session, so this role is the only one assumed."""
    elsewhere = f"arn:aws:sts::{ENGINE_ACCOUNT}:assumed-role/BalmRemediationRole/x"
    standin.fault(service="sts", operation="AssumeRole", status=200, content_type="text/xml", body=f"""
<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><AssumedRoleId>A:x</AssumedRoleId><Arn>{elsewhere}</Arn></AssumedRoleUser>
<Credentials><AccessKeyId>AKIA{ENGINE_ACCOUNT}ROOT</AccessKeyId>
<SecretAccessKey>account/secret+of/{ENGINE_ACCOUNT}/0000000000</SecretAccessKey>
<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>""")
    done = act("run", fix=versioning(other_session(), OTHER_BUCKET))
    assert (done["status"], done["error"]["code"]) == ("failed", "WrongAccount"), done
    assert OTHER_ACCOUNT in done["error"]["message"] and ENGINE_ACCOUNT in done["error"]["message"]
    assert standin.log(service="s3") == []


@pytest.mark.parametrize("options, said", [
    (f'role_arn = "{OTHER_ROLE}", account = "{ACCOUNT}"', "is not in account"),
    ('role_arn = "BalmRemediationRole"', "is not the ARN of a role"),
    (f'role_arn = "{OTHER_ROLE}", regoin = "eu-west-1"', "regoin"),
    (f'role_arn = "{OTHER_ROLE}", region = "eu-west-1.evil.example"', "region"),
    ('region = "eu-west-1"', "role_arn is required"),
])
def test_a_session_that_makes_no_sense_is_refused(act, standin, options, said):
    session = f"aws.session {{ {options} }}"
    done = act("run", fix=versioning(session, OTHER_BUCKET))
    assert done["status"] == "failed" and said in done["error"]["message"], done
    assert standin.log(service="s3") == []
