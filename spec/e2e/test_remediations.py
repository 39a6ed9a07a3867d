"""Each of the 19 remediations, as an event of Panther's, in another account, over HTTP."""

import json

import pytest

from harness import ACCOUNT, REGION, account_key, remediate
from standin.seed import KEY_ID

BUCKET, LOGS = f"demo-{ACCOUNT}", f"logs-{ACCOUNT}"
INSTANCE, IMAGE, VPC = "i-0123456789abcdef0", "ami-0123456789abcdef0", "vpc-0123456789abcdef0"
OLD_KEY = f"AKIA{ACCOUNT}OLD1"
ALICE = {"UserName": "alice", "CredentialReport": {
    "AccessKey1Active": True, "AccessKey1Id": f"AKIA{ACCOUNT}ACT1",
    "AccessKey2Active": False, "AccessKey2Id": OLD_KEY}}
STRICT = {"MinimumPasswordLength": 14, "RequireSymbols": True, "RequireNumbers": True,
          "RequireUppercaseCharacters": True, "RequireLowercaseCharacters": True,
          "AllowUsersToChangePassword": True, "ExpirePasswords": True, "MaxPasswordAge": 90,
          "PasswordReusePrevention": 24}

# remediation: (resource, parameters, the call that shows the state, what must be found in its answer)
CASES = {
    "AWS.CloudTrail.CreateTrail": (
        {}, {"TargetBucketName": LOGS}, ("cloudtrail", "get_trail_status", {"Name": "AutoRemediationTrail"}),
        lambda answer: answer["IsLogging"]),
    "AWS.CloudTrail.EnableLogValidation": (
        {"Name": "audit"}, {}, ("cloudtrail", "get_trail", {"Name": "audit"}),
        lambda answer: answer["Trail"]["LogFileValidationEnabled"]),
    "AWS.DDB.EncryptTable": (
        {"Name": "orders"}, {}, ("dynamodb", "describe_table", {"TableName": "orders"}),
        lambda answer: answer["Table"]["SSEDescription"]["SSEType"] == "KMS"),
    "AWS.EC2.EnableVpcFlowLogsToS3": (
        {"Id": VPC}, {"TargetBucketName": LOGS, "TargetPrefix": "vpc"}, ("ec2", "describe_flow_logs", {}),
        lambda answer: answer["FlowLogs"][0]["LogDestination"] == f"arn:aws:s3:::{LOGS}/vpc"),
    "AWS.EC2.SetAMIPrivate": (
        {"Id": IMAGE}, {},
        ("ec2", "describe_image_attribute", {"ImageId": IMAGE, "Attribute": "launchPermission"}),
        lambda answer: answer["LaunchPermissions"] == []),
    "AWS.EC2.StopInstance": (
        {"Id": INSTANCE}, {}, ("ec2", "describe_instances", {"InstanceIds": [INSTANCE]}),
        lambda answer: answer["Reservations"][0]["Instances"][0]["State"]["Name"] == "stopped"),
    "AWS.EC2.TerminateInstance": (
        {"Id": INSTANCE}, {}, ("ec2", "describe_instances", {"InstanceIds": [INSTANCE]}),
        lambda answer: answer["Reservations"][0]["Instances"][0]["State"]["Name"]
        in ("shutting-down", "terminated")),
    "AWS.GuardDuty.CreateDetector": (
        {}, {}, ("guardduty", "list_detectors", {}), lambda answer: len(answer["DetectorIds"]) == 1),
    "AWS.IAM.DeleteInactiveAccessKeys": (
        ALICE, {}, ("iam", "list_access_keys", {"UserName": "alice"}),
        lambda answer: [key["Status"] for key in answer["AccessKeyMetadata"]] == ["Active"]),
    "AWS.IAM.UpdateAccountPasswordPolicy": (
        {"Region": "global"}, {}, ("iam", "get_account_password_policy", {}),
        lambda answer: answer["PasswordPolicy"] == STRICT),
    "AWS.KMS.EnableKeyRotation": (
        {"Id": KEY_ID}, {}, ("kms", "get_key_rotation_status", {"KeyId": KEY_ID}),
        lambda answer: answer["KeyRotationEnabled"]),
    "AWS.RDS.DisableInstancePublicAccess": (
        {"Id": "orders"}, {}, ("rds", "describe_db_instances", {"DBInstanceIdentifier": "orders"}),
        lambda answer: not answer["DBInstances"][0]["PubliclyAccessible"]),
    "AWS.RDS.DisableSnapshotPublicAccess": (
        {"Id": "orders", "SnapshotAttributes": [{"Id": "orders-public"}]}, {},
        ("rds", "describe_db_snapshot_attributes", {"DBSnapshotIdentifier": "orders-public"}),
        lambda answer: answer["DBSnapshotAttributesResult"]["DBSnapshotAttributes"][0]
        ["AttributeValues"] == []),
    "AWS.RDS.EnableAutoMinorVersionUpgrade": (
        {"Id": "orders"}, {}, ("rds", "describe_db_instances", {"DBInstanceIdentifier": "orders"}),
        lambda answer: answer["DBInstances"][0]["AutoMinorVersionUpgrade"]),
    "AWS.S3.BlockBucketPublicAccess": (
        {"Name": BUCKET}, {}, ("s3", "get_public_access_block", {"Bucket": BUCKET}),
        lambda answer: set(answer["PublicAccessBlockConfiguration"].values()) == {True}),
    "AWS.S3.BlockBucketPublicACL": (
        {"Name": BUCKET}, {}, ("s3", "get_bucket_acl", {"Bucket": BUCKET}),
        lambda answer: [grant["Permission"] for grant in answer["Grants"]] == ["FULL_CONTROL"]),
    "AWS.S3.EnableBucketEncryption": (
        {"Name": BUCKET}, {}, ("s3", "get_bucket_encryption", {"Bucket": BUCKET}),
        lambda answer: answer["ServerSideEncryptionConfiguration"]["Rules"][0]
        ["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}),
    "AWS.S3.EnableBucketLogging": (
        {"Name": BUCKET}, {"TargetBucket": LOGS}, ("s3", "get_bucket_logging", {"Bucket": BUCKET}),
        lambda answer: answer["LoggingEnabled"]["TargetBucket"] == LOGS),
    "AWS.S3.EnableBucketVersioning": (
        {"Name": BUCKET}, {}, ("s3", "get_bucket_versioning", {"Bucket": BUCKET}),
        lambda answer: answer["Status"] == "Enabled"),
}


def event_of(remediation):
    resource, parameters, _look, _holds = CASES[remediation]
    return json.dumps(remediate(remediation, resource, parameters))


def holds(balm, remediation):
    """Does the account itself show what the remediation promises?"""
    _resource, _parameters, (service, operation, params), found = CASES[remediation]
    answer = balm("call", service, operation, json.dumps(params), **account_key(ACCOUNT))
    try:
        return answer.status == 0 and bool(found(answer.line))
    except (KeyError, IndexError):  # what is not set is not told
        return False


def writes(standin):
    return [entry["operation"] for entry in standin.log(account=ACCOUNT)
            if not entry["operation"].startswith(("Get", "List", "Describe"))]


@pytest.mark.parametrize("remediation", CASES)
def test_fixes_the_resource_once(balm, standin, remediation):
    assert not holds(balm, remediation)

    first = balm("run", "-", "--allow-destructive", stdin=event_of(remediation))
    assert (first.status, first.line["status"]) == (0, "fixed"), first
    assert first.line["verified"] is True
    assert holds(balm, remediation)
    assert [call["operation"] for call in first.line["calls"] if call["write"]] == writes(standin)

    again = balm("run", "-", "--allow-destructive", stdin=event_of(remediation))
    assert (again.status, again.line["status"]) == (0, "compliant"), again
    assert [call for call in again.line["calls"] if call["write"]] == []


def writes_of(outcome):
    """The writes and what they carry, but for the token that makes each call its own."""
    return [(call["operation"], {name: value for name, value in call["params"].items()
                                 if name != "ClientToken"})
            for call in outcome.line["calls"] if call["write"]]


@pytest.mark.parametrize("remediation", CASES)
def test_plans_what_it_then_does(balm, standin, remediation):
    planned = balm("plan", "-", stdin=event_of(remediation))
    assert (planned.status, planned.line["status"]) == (0, "planned"), planned
    assert writes(standin) == []
    assert not holds(balm, remediation)

    done = balm("run", "-", "--allow-destructive", stdin=event_of(remediation))
    assert writes_of(planned) == writes_of(done)


@pytest.mark.parametrize("remediation", CASES)
def test_says_so_when_it_is_not_allowed_to(balm, standin, remediation):
    standin.set_state("iam", "roles", "BalmRemediationRole", {"Allow": []})
    denied = balm("run", "-", "--allow-destructive", stdin=event_of(remediation))
    assert (denied.status, denied.line["status"]) == (3, "failed"), denied
    assert denied.line["error"]["code"] in ("AccessDenied", "AccessDeniedException",
                                            "UnauthorizedOperation")
    assert writes(standin) == []


def test_needs_no_permission_that_it_does_not_declare(balm, standin):
    """The role allows exactly the declared actions."""
    for remediation in CASES:
        shown = balm("show", remediation, "--output", "json").line
        standin.reset()
        standin.set_state("iam", "roles", "BalmRemediationRole", {"Allow": shown["permissions"]})
        done = balm("run", "-", "--allow-destructive", stdin=event_of(remediation))
        assert done.line["status"] == "fixed", (remediation, done)


def test_an_organization_s_trail_needs_no_permission_that_is_not_declared(balm, standin):
    remediation = "AWS.CloudTrail.CreateTrail"
    allowed = balm("show", remediation, "--output", "json").line["permissions"]
    event = json.dumps(remediate(remediation, {}, {"TargetBucketName": LOGS, "IsOrganizationTrail": True}))
    dependent = {"iam:CreateServiceLinkedRole", "iam:GetRole",
                 "organizations:ListAWSServiceAccessForOrganization"}
    standin.settings(organization=True)
    for lacking in sorted(dependent):
        standin.set_state("iam", "roles", "BalmRemediationRole",
                          {"Allow": [action for action in allowed if action != lacking]})
        denied = balm("run", "-", "--skip-guard", "flapping", stdin=event)
        assert (denied.status, denied.line["status"]) == (3, "failed"), (lacking, denied)
    standin.set_state("iam", "roles", "BalmRemediationRole", {"Allow": allowed})
    done = balm("run", "-", "--skip-guard", "flapping", stdin=event)
    assert done.line["status"] == "fixed", done


@pytest.mark.parametrize("remediation", ["AWS.EC2.StopInstance", "AWS.EC2.TerminateInstance",
                                         "AWS.IAM.DeleteInactiveAccessKeys"])
def test_destroys_nothing_unless_it_may(balm, standin, remediation):
    kept = balm("run", "-", stdin=event_of(remediation))
    assert (kept.status, kept.line["status"], kept.line["reason"]) == (4, "skipped", "destructive")
    assert standin.operations(account=ACCOUNT) == []


def test_the_cases_are_all_there_are(balm):
    listed = [shown["id"] for shown in balm("list", "--json").lines]
    assert sorted(listed) == sorted(CASES)


def test_the_region_is_the_resource_s(balm, standin):
    balm("run", "-", stdin=event_of("AWS.KMS.EnableKeyRotation"), AWS_REGION="us-east-2")
    assert {entry["region"] for entry in standin.log(service="kms")} == {REGION}
