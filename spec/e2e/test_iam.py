"""The role that Balm makes: enough for every remediation, and no more."""

import itertools
import json
import pathlib

import pytest

import test_remediations as cases
from harness import ACCOUNT, ENGINE_ACCOUNT

OWN = """
return {{
  id = "Own.Fix{number}",
  parameters = {{}},
  permissions = {{ {permissions} }},
  fix = function() end,
}}
"""


@pytest.fixture(scope="module")
def allowed(tmp_path_factory):
    """The actions of the role as it stands in iam/, which the tree's own check holds fresh."""
    text = pathlib.Path(__file__, "../../../iam/role.json").resolve().read_text()
    return [action for statement in json.loads(text)["PolicyDocument"]["Statement"]
            for action in statement["Action"]]


def own(offline, *scripts):
    """The options for a folder with scripts that declare so many permissions each."""
    folder = pathlib.Path(offline.cwd, "own")
    folder.mkdir()
    for number, permissions in enumerate(scripts):
        quoted = ", ".join(f'"{action}"' for action in permissions)
        (folder / f"own_fix{number}.lua").write_text(OWN.format(number=number, permissions=quoted))
    return "--remediations", str(folder)


def role(offline, *options):
    made = offline("iam", "--format", "json", *options)
    assert made.status == 0, made
    return json.loads(made.out)


def statements(offline, *options):
    return {statement["Sid"]: statement
            for statement in role(offline, *options)["PolicyDocument"]["Statement"]}


# What Balm itself asks, whatever the scripts declare.
ITSELF = {"Sid": "BalmItself", "Effect": "Allow", "Action": ["cloudtrail:LookupEvents", "tag:GetResources"],
          "Resource": "*",
          "Condition": {"BoolIfExists": {"aws:SecureTransport": "true"}}}


def size(value):
    return len("".join(json.dumps(value, separators=(",", ":")).split()))


# ---- what it is good for ----

@pytest.mark.parametrize("remediation", cases.CASES)
def test_each_remediation_runs_with_the_role_and_its_session_policy(balm, standin, allowed, remediation):
    standin.set_state("iam", "roles", "BalmRemediationRole", {"Allow": allowed})
    done = balm("run", "-", "--allow-destructive", stdin=cases.event_of(remediation))
    assert done.line["status"] == "fixed", done
    [assumed] = standin.log(operation="AssumeRole")
    declared = balm("show", remediation, "--output", "json").line["permissions"]
    [statement] = json.loads(assumed["params"]["Policy"])["Statement"]
    assert sorted(statement["Action"]) == sorted(declared)


@pytest.mark.parametrize("remediation", cases.CASES)
def test_each_remediation_fails_cleanly_without_one_of_its_actions(balm, standin, allowed, remediation):
    declared = balm("show", remediation, "--output", "json").line["permissions"]
    needed = []
    for number, action in enumerate(declared):
        balm.env["BALM_STORE"] = f"sqlite:{balm.cwd}/store{number}.db"  # else it would be flapping
        standin.reset()
        standin.set_state("iam", "roles", "BalmRemediationRole",
                          {"Allow": [other for other in allowed if other != action]})
        done = balm("run", "-", "--allow-destructive", stdin=cases.event_of(remediation))
        if done.line["status"] == "fixed":
            continue  # undo needs it, or AWS does on Balm's behalf
        needed.append(action)
        assert (done.status, done.line["status"]) == (3, "failed"), (action, done)
        assert done.line["error"]["code"] in ("AccessDenied", "AccessDeniedException",
                                              "UnauthorizedOperation"), (action, done)
        made = [call["operation"] for call in done.line["calls"]
                if call["write"] and call["status"] == 200]
        assert made == [entry["operation"] for entry in standin.log(account=ACCOUNT)
                        if entry["status"] == 200 and entry["operation"] in made], (action, done)
    assert len(needed) >= 2, needed  # the look and the change, at the least


def test_a_role_may_be_used_without_a_session_policy(balm, standin):
    event = cases.event_of("AWS.S3.EnableBucketVersioning")
    for command in ("plan", "run"):
        done = balm(command, "-", "--no-session-policy", stdin=event)
        assert done.line["session_policy"] is False, done
    assert not [entry for entry in standin.log(operation="AssumeRole") if "Policy" in entry["params"]]
    again = balm("run", "-", stdin=event)
    assert "session_policy" not in again.line
    assert "Policy" in standin.log(operation="AssumeRole")[-1]["params"]


def test_a_script_stays_within_its_permissions_without_a_session_policy(balm, standin):
    folder = pathlib.Path(balm.cwd, "own")
    folder.mkdir()
    (folder / "own_fix.lua").write_text("""
return {
  id = "Own.Fix", parameters = {}, permissions = { "s3:GetBucketVersioning" },
  fix = function(session, resource)
    session:client("s3"):delete_bucket { Bucket = resource.Name }
  end,
}
""")
    done = balm("run", "-", "--no-session-policy", "--remediations", folder,
                stdin=json.dumps(cases.remediate("Own.Fix", {"Name": cases.BUCKET})))
    assert done.line["error"]["code"] == "PermissionNotDeclared", done
    assert standin.operations(service="s3") == []


def test_undeclared_permissions_can_be_refused(balm, standin):
    folder = pathlib.Path(balm.cwd, "own")
    folder.mkdir()
    (folder / "own_fix.lua").write_text(
        'return { id = "Own.Fix", parameters = {}, fix = function() end }')
    pathlib.Path(balm.cwd, "balm.lua").write_text("return { require_permissions = true }")
    done = balm("run", "-", "--remediations", folder,
                stdin=json.dumps(cases.remediate("Own.Fix", {"Name": "b"})))
    assert (done.status, done.line["error"]["code"]) == (2, "PermissionsUndeclared"), done
    assert standin.operations() == []


# ---- what it is ----

def test_every_statement_wants_tls(offline):
    for statement in statements(offline).values():
        assert statement["Effect"] == "Allow"
        assert statement["Condition"]["BoolIfExists"] == {"aws:SecureTransport": "true"}


def test_an_action_is_allowed_on_what_it_acts_on_alone(offline):
    made = statements(offline, *own(offline, [
        "s3:PutBucketVersioning", "s3:ListAllMyBuckets", "ec2:ModifyImageAttribute",
        "dynamodb:UpdateTable", "own-service:DoIt"]))
    assert made["S3"]["Action"] == ["s3:PutBucketVersioning"]
    assert made["S3"]["Resource"] == ["arn:aws:s3:::*"]
    assert made["S3Any"] == {**made["S3Any"], "Action": ["s3:ListAllMyBuckets"], "Resource": "*"}
    assert made["Ec2"]["Resource"] == ["arn:aws:ec2:*::image/*"]
    assert made["Dynamodb"]["Resource"] == ["arn:aws:dynamodb:*:*:table/*"]
    assert made["Ownservice"]["Resource"] == "*"  # what the reference does not know is not narrowed


def test_what_balm_itself_asks_stands_apart_in_each_format(offline):
    options = own(offline, ["s3:PutBucketVersioning"])
    assert list(statements(offline, *options).values())[1:] == [ITSELF]
    template = json.loads(offline("iam", *options).out)
    policy = template["Resources"]["Role"]["Properties"]["Policies"][0]["PolicyDocument"]
    assert policy["Statement"][-1] == ITSELF
    module = offline("iam", "--format", "terraform", *options).out
    assert '"BalmItself"' in module and '"cloudtrail:LookupEvents"' in module


def test_the_partition_is_the_one_that_is_asked_for(offline):
    options = own(offline, ["s3:PutBucketVersioning"])
    assert statements(offline, *options, "--partition", "aws-cn")["S3"]["Resource"] == ["arn:aws-cn:s3:::*"]
    template = json.loads(offline("iam", *options).out)
    statement = template["Resources"]["Role"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]
    assert statement["Resource"] == [{"Fn::Sub": "arn:${AWS::Partition}:s3:::*"}]
    module = offline("iam", "--format", "terraform", *options).out
    assert '"arn:${data.aws_partition.current.partition}:s3:::*"' in module


def test_a_service_linked_role_is_of_the_script_s_own_service(offline):
    made = statements(offline, *own(offline, [
        "guardduty:CreateDetector", "iam:CreateServiceLinkedRole", "organizations:DescribeOrganization"],
        ["rds:ModifyDBInstance"]))["ServiceLinkedRoles"]
    names = ["guardduty.amazonaws.com", "*.guardduty.amazonaws.com"]
    assert made["Condition"]["StringLike"] == {"iam:AWSServiceName": names}
    assert made["Resource"] == [f"arn:aws:iam::*:role/aws-service-role/{name}/*" for name in names]
    assert made["Action"] == ["iam:CreateServiceLinkedRole"]


# ---- what it may lack ----

def remarks(done):
    return [line["message"] for line in map(json.loads, done.err.splitlines()) if line["level"] == "info"]


def test_what_aws_may_need_beside_an_action_is_remarked_on_and_not_added(offline):
    made = offline("iam", "--format", "json", *own(offline, [
        "ec2:RunInstances", "ec2:CreateTags"], ["s3:GetBucketAcl"], ["lambda:CreateFunction", "iam:PassRole",
                                                                     "lambda:PassCapacityProvider"]))
    assert remarks(made) == ["Own.Fix0: ec2:RunInstances may also need iam:PassRole, ssm:GetParameters, "
                             "which it does not declare"]
    assert "ssm:GetParameters" not in made.out


def test_show_tells_what_a_permission_may_need_besides(offline):
    options = own(offline, ["ec2:RunInstances", "ec2:CreateTags"], ["s3:GetBucketAcl"])
    may_need = [offline("show", script, "--output", "json", *options).line["may_need"]
                for script in ("Own.Fix0", "Own.Fix1")]
    assert may_need == [{"ec2:RunInstances": ["iam:PassRole", "ssm:GetParameters"]}, {}]
    text = [offline("show", script, "--output", "text", *options).out
            for script in ("Own.Fix0", "Own.Fix1")]
    assert "\nremark        ec2:RunInstances may also need iam:PassRole, ssm:GetParameters\n" in text[0]
    assert "remark" not in text[1]


BOUNDARY = "arn:aws:iam::111122223333:policy/Boundary"


def test_a_boundary_may_bound_it(offline):
    assert role(offline, "--boundary", BOUNDARY)["PermissionsBoundary"] == BOUNDARY
    assert "PermissionsBoundary" not in role(offline)
    template = json.loads(offline("iam", "--boundary", BOUNDARY).out)
    assert template["Parameters"]["PermissionsBoundary"]["Default"] == BOUNDARY
    assert template["Resources"]["Role"]["Properties"]["PermissionsBoundary"] == {
        "Fn::If": ["HasPermissionsBoundary", {"Ref": "PermissionsBoundary"}, {"Ref": "AWS::NoValue"}]}
    assert f'default     = "{BOUNDARY}"' in offline("iam", "--format", "terraform", "--boundary", BOUNDARY).out


@pytest.mark.parametrize("options, said", [
    (("--boundary", "Boundary"), "managed policy"),
    (("--boundary", "arn:aws:iam::1:policy/B"), "managed policy"),
    (("--boundary", "arn:aws:iam::111122223333:role/B"), "managed policy"),
    (("--boundary", "arn:aws:iam::111122223333:policy/"), "managed policy"),
    (("--format", "json", "--partition", "azure"), "no partition"),
    (("--partition", "aws-cn"), "--format json"),
    (("--trust", "me"), "12 digits"),
    (("--role-name", "a b"), "no name of a role"),
    (("--external-id", "x"), "external id"),
    (("--format", "yaml"), "terraform or json"),
])
def test_a_part_that_is_not_valid_is_named(offline, options, said):
    refused = offline("iam", *options)
    assert (refused.status, refused.out) == (2, "") and said in refused.err


def test_who_may_assume_it_is_told_or_left_open(offline):
    trusting = role(offline, "--trust", ENGINE_ACCOUNT, "--external-id", "balm-1")
    [statement] = trusting["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"AWS": ENGINE_ACCOUNT}
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": "balm-1"}}
    assert "AssumeRolePolicyDocument" not in role(offline)


# ---- more than a role holds ----

def many(count, service="s3"):
    """Scripts of 30 actions each that are count in all."""
    actions = [f"{service}:OwnMadeUpActionNumber{number:05}" for number in range(count)]
    return [actions[at:at + 30] for at in range(0, count, 30)]


def documents(offline, *options):
    return [policy["PolicyDocument"] for policy in role(offline, *options)["ManagedPolicies"]]


def test_what_is_too_much_for_a_role_becomes_managed_policies(offline):
    scripts = many(500) + [["dynamodb:UpdateTable", "kms:DescribeKey"]]
    options = own(offline, *scripts)
    made = documents(offline, *options)
    assert 2 <= len(made) <= 10
    assert all(size(document) <= 6144 for document in made)
    sids = [statement["Sid"] for document in made for statement in document["Statement"]]
    assert all(sid.isalnum() for sid in sids) and len(set(sids)) == len(sids)
    found = [action for document in made for statement in document["Statement"]
             for action in statement["Action"]]
    assert sorted(found) == sorted(itertools.chain(*scripts, ITSELF["Action"]))

    template = json.loads(offline("iam", *options).out)["Resources"]
    assert "Policies" not in template["Role"]["Properties"]
    managed = [resource for resource in template.values() if resource["Type"] == "AWS::IAM::ManagedPolicy"]
    assert len(managed) == len(made)
    assert all(resource["Properties"]["Roles"] == [{"Ref": "Role"}] for resource in managed)
    module = offline("iam", "--format", "terraform", *options).out
    assert module.count('resource "aws_iam_role_policy_attachment"') == len(made)


def test_what_is_just_enough_stands_within_the_role(offline):
    options = own(offline, *many(280))
    assert "PolicyDocument" in role(offline, *options)
    assert size(role(offline, *options)["PolicyDocument"]) <= 10240


def test_what_no_role_can_hold_is_refused(offline):
    refused = offline("iam", *own(offline, *many(2400)))
    assert refused.status != 0 and refused.out == ""
    assert "10 managed policies" in refused.err


# ---- --diff ----

@pytest.mark.parametrize("form", ["json", "cloudformation"])
def test_a_role_of_the_same_scripts_differs_in_nothing(offline, form):
    earlier = pathlib.Path(offline.cwd, "earlier.json")
    earlier.write_text(offline("iam", "--format", form, "--trust", ENGINE_ACCOUNT).out)
    same = offline("iam", "--diff", earlier)
    assert (same.status, same.line) == (0, {"added": [], "removed": []})


@pytest.mark.parametrize("form", ["json", "cloudformation"])
def test_what_a_change_of_scripts_adds_and_removes_is_told(offline, form):
    folder = own(offline, ["s3:PutBucketAcl", "s3:GetBucketAcl"], ["s3:GetBucketAcl"])[1]
    earlier = pathlib.Path(offline.cwd, "earlier.json")
    earlier.write_text(offline("iam", "--format", form, "--remediations", folder).out)
    pathlib.Path(folder, "own_fix0.lua").write_text(
        OWN.format(number=0, permissions='"s3:PutBucketPolicy", "s3:GetBucketAcl"'))
    changed = offline("iam", "--diff", earlier, "--remediations", folder)
    assert changed.status == 5
    assert changed.line == {"added": [{"action": "s3:PutBucketPolicy", "by": ["Own.Fix0"]}],
                            "removed": ["s3:PutBucketAcl"]}
    told = offline("iam", "--diff", earlier, "--remediations", folder, "--output", "text")
    assert (told.status, told.out) == (5, "+ s3:PutBucketPolicy  for Own.Fix0\n- s3:PutBucketAcl\n")


def test_a_role_that_lacks_what_balm_itself_asks_differs_in_that(offline):
    folder = own(offline, ["s3:GetBucketAcl"])[1]
    earlier = pathlib.Path(offline.cwd, "earlier.json")
    earlier.write_text(json.dumps({"Statement": [{"Effect": "Allow", "Action": "s3:GetBucketAcl"}]}))
    changed = offline("iam", "--diff", earlier, "--remediations", folder)
    assert changed.status == 5
    assert changed.line == {"added": [{"action": "cloudtrail:LookupEvents", "by": []},
                                      {"action": "tag:GetResources", "by": []}], "removed": []}
    told = offline("iam", "--diff", earlier, "--remediations", folder, "--output", "text")
    assert told.out == "+ cloudtrail:LookupEvents  for Balm itself\n+ tag:GetResources  for Balm itself\n"


def test_managed_policies_are_compared_too(offline):
    folder = own(offline, *many(500))[1]
    earlier = pathlib.Path(offline.cwd, "earlier.json")
    earlier.write_text(offline("iam", "--format", "json", "--remediations", folder).out)
    assert offline("iam", "--diff", earlier, "--remediations", folder).status == 0


@pytest.mark.parametrize("text, said", [("{", "line 1"), ("{}", "no policy"), ("[1]", "no policy")])
def test_what_is_no_role_cannot_be_compared(offline, text, said):
    earlier = pathlib.Path(offline.cwd, "earlier.json")
    earlier.write_text(text)
    refused = offline("iam", "--diff", earlier)
    assert refused.status == 2 and said in refused.err and "earlier.json" in refused.err
    assert offline("iam", "--diff", "missing.json").status == 2
