"""balm doctor: what it finds well, what it finds ill, and that it changes nothing."""

import email.utils
import json
import pathlib
import time

import pytest

from harness import ACCOUNT, ENGINE_ACCOUNT, OTHER_ACCOUNT, REGION, ROOT

ID = "AWS.S3.EnableBucketVersioning"
CONFIG = f"""return {{
  accounts = {{ "{ACCOUNT}" }},
  policies = {{ ["AWS.S3.Bucket.Versioning"] = {{ remediation = "{ID}", mode = "fix" }} }},
}}"""


@pytest.fixture
def doctor(balm):
    """balm doctor with one account and one remediation, and the checks that it makes by their names."""
    def look(*words, config=CONFIG, **env):
        pathlib.Path(balm.cwd, "balm.lua").write_text(config)
        done = balm("doctor", *words, XDG_STATE_HOME=str(balm.cwd), **env)
        done.checks = {}
        for line in done.lines:
            done.checks.setdefault(line["check"], []).append(line)
        return done
    return look


def only(done, name):
    assert len(done.checks[name]) == 1, done
    return done.checks[name][0]


def failed(done):
    return sorted(line["check"] for line in done.lines if line["status"] == "failed")


def test_all_is_well(doctor, standin):
    before = standin.log()
    done = doctor()
    assert done.status == 0 and {line["status"] for line in done.lines} == {"ok"}, done
    assert list(done.checks) == ["pack", "credentials", "clock", "store", "store_key", "kill_switch", "script",
                                 "role", "region", "flapping", "permissions"]
    assert only(done, "credentials")["account"] == ENGINE_ACCOUNT
    assert only(done, "region")["region"] == REGION
    assert only(done, "role")["role"] == f"arn:aws:iam::{ACCOUNT}:role/BalmRemediationRole"
    assert only(done, "permissions") == {"check": "permissions", "status": "ok", "account": ACCOUNT,
                                         "remediation": ID, "detail": "2 granted"}
    assert before == []
    assert set(standin.operations()) == {"sts:GetCallerIdentity", "sts:AssumeRole", "ec2:DescribeRegions",
                                         "iam:SimulatePrincipalPolicy"}


def test_what_it_wrote_into_the_store_is_gone(doctor, balm):
    assert doctor().status == 0
    assert balm("history").lines == []


def test_people_get_a_table(balm):
    told = balm("doctor", "--account", ACCOUNT, "--output", "text").out.splitlines()
    assert told[0].startswith("ok       pack ") and told[-1] == "47 checks: 47 ok, 0 failed, 0 unknown"


def test_without_a_configuration_every_remediation_is_looked_at_in_the_account_that_is_named(balm, standin):
    done = balm("doctor", "--account", ACCOUNT, "--account", OTHER_ACCOUNT)
    checks = [line["check"] for line in done.lines]
    assert done.status == 0, done
    assert (checks.count("script"), checks.count("role"), checks.count("permissions")) == (19, 2, 38)
    policies = {entry["params"]["Policy"] for entry in standin.log(operation="AssumeRole")}
    assert len(policies) > 15  # each script's own, and the doctor's


def test_with_no_account_it_looks_at_the_rest_and_says_so(balm):
    done = balm("doctor")
    assert done.status == 0 and "--account" in done.err and "role" not in done.out


def test_the_role_that_balm_makes_is_enough(balm, standin):
    policy = json.loads((ROOT / "iam/role.json").read_text())["PolicyDocument"]["Statement"]
    standin.set_state("iam", "roles", "BalmRemediationRole", {"Policy": policy})
    done = balm("doctor", "--account", ACCOUNT)
    assert done.status == 0 and '"missing"' not in done.out, done


def test_a_role_that_is_not_there(doctor, standin):
    standin.set_state("iam", "roles", "BalmRemediationRole", None)
    done = doctor()
    assert done.status == 3 and failed(done) == ["role"], done
    assert only(done, "role")["error"]["code"] == "AccessDenied"
    assert only(done, "permissions")["status"] == "unknown"


def test_a_role_of_another_account(doctor):
    role = f"arn:aws:iam::{OTHER_ACCOUNT}:role/BalmRemediationRole"
    done = doctor(config=CONFIG.replace("return {", f'return {{ role = "{role}",'))
    assert done.status == 3 and only(done, "role")["error"]["code"] == "WrongAccount", done


def test_an_action_that_is_missing_is_named(doctor, standin):
    standin.set_state("iam", "roles", "BalmRemediationRole", {
        "Allow": ["iam:SimulatePrincipalPolicy", "ec2:DescribeRegions", "s3:GetBucketVersioning"]})
    done = doctor()
    assert done.status == 3 and failed(done) == ["permissions"], done
    assert only(done, "permissions")["missing"] == ["s3:PutBucketVersioning"]


def test_a_role_that_may_not_ask_who_changes_a_resource_back_is_told_and_does_not_fail(doctor, standin):
    standin.set_state("iam", "roles", "BalmRemediationRole", {
        "Allow": ["iam:SimulatePrincipalPolicy", "ec2:DescribeRegions", "s3:*BucketVersioning"]})
    done = doctor()
    assert done.status == 0 and only(done, "flapping")["status"] == "unknown", done
    assert "cloudtrail:LookupEvents" in only(done, "flapping")["detail"]


def test_a_role_that_may_not_ask_for_tags_fails_where_the_configuration_wants_them(doctor, standin):
    config = CONFIG.replace("return {", 'return { guards = { tags = "ask" },')
    assert only(doctor(config=config), "tags")["status"] == "ok"
    standin.set_state("iam", "roles", "BalmRemediationRole", {"Deny": ["tag:GetResources"]})
    done = doctor(config=config)
    assert done.status == 3 and failed(done) == ["tags"], done
    assert "tag:GetResources" in only(done, "tags")["detail"]


def test_what_may_not_be_asked_for_is_no_failure(doctor, standin):
    standin.set_state("iam", "roles", "BalmRemediationRole", {"Allow": ["s3:*"]})
    done = doctor()
    assert done.status == 0, done
    assert "iam:SimulatePrincipalPolicy" in only(done, "permissions")["detail"]
    assert "ec2:DescribeRegions" in only(done, "region")["detail"]


def test_a_region_that_is_not_enabled(doctor, standin):
    standin.settings(opted_out=[REGION])
    done = doctor()
    assert done.status == 1 and failed(done) == ["region"], done


def test_a_store_that_cannot_be_written(doctor, balm):
    folder = pathlib.Path(balm.cwd, "full")
    folder.mkdir()
    (folder / "balm.db").write_text("no database at all, but long enough to be taken for one" * 20)
    done = doctor("--store", f"sqlite:{folder}/balm.db")
    assert done.status == 1 and failed(done) == ["store"], done


def test_a_store_in_a_folder_that_is_read_only(doctor):
    done = doctor("--store", "sqlite:/proc/balm.db")
    assert done.status == 1 and failed(done) == ["store", "store_key"], done


def test_a_table_that_is_not_there_is_not_made(doctor, standin):
    done = doctor("--store", "dynamodb:runs")
    assert only(done, "store")["status"] == "unknown" and "runs" in only(done, "store")["detail"]
    assert "dynamodb:CreateTable" not in standin.operations()


def test_a_kill_switch_that_is_thrown(doctor, balm):
    assert balm("stop", "--reason", "maintenance", XDG_STATE_HOME=str(balm.cwd)).status == 0
    done = doctor()
    assert done.status == 1 and failed(done) == ["kill_switch"], done
    assert "maintenance" in only(done, "kill_switch")["detail"]


def test_a_kill_switch_of_a_fleet_is_asked(doctor, standin):
    config = CONFIG.replace("return {", 'return { guards = { kill_switch = { parameter = "/balm/stop" } },')
    assert doctor(config=config).status == 0
    standin.fault(service="ssm", operation="GetParameter", code="AccessDeniedException", status=400)
    done = doctor(config=config)
    assert failed(done) == ["kill_switch"] and "cannot be read" in only(done, "kill_switch")["detail"]


def test_a_script_that_does_not_load(doctor, balm):
    folder = pathlib.Path(balm.cwd, "mine")
    folder.mkdir()
    (folder / "aws_s3_enable_bucket_versioning.lua").write_text(f'return {{\n  id = "{ID}",\n  fix = 7,\n}}\n')
    done = doctor("--remediations", folder)
    assert done.status == 1 and set(failed(done)) == {"script"}, done
    assert any("versioning.lua:3:" in line["detail"] for line in done.checks["script"])
    assert "role" not in done.checks


def test_without_credentials_nothing_else_is_asked(doctor, standin):
    done = doctor(AWS_SECRET_ACCESS_KEY="wrong/secret")
    assert done.status == 3 and failed(done) == ["credentials"], done
    assert "role" not in done.checks and "wrong/secret" not in done.out + done.err
    assert only(done, "clock")["status"] == "ok"


def test_a_clock_that_is_wrong(doctor, standin):
    standin.fault(operation="GetCallerIdentity", date=email.utils.formatdate(time.time() - 600, usegmt=True))
    done = doctor()
    assert done.status == 1 and failed(done) == ["clock"], done
    assert "ahead of AWS's" in only(done, "clock")["detail"]


def test_a_service_that_cannot_be_reached(doctor):
    done = doctor(AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1")
    assert done.status == 1 and failed(done) == ["credentials"], done
    assert only(done, "clock")["status"] == "unknown"


def test_a_remediation_that_is_off_is_left_out(doctor):
    done = doctor(config=CONFIG.replace('"fix"', '"off"'))
    assert done.status == 0 and "script" not in done.checks


@pytest.mark.parametrize("words, said", [
    (("--account", "1"), "12 digits"),
    (("--account", OTHER_ACCOUNT), "not among the accounts"),
    (("--store", "nowhere"), "nowhere"),
])
def test_wrong_usage(doctor, words, said):
    done = doctor(*words)
    assert done.status == 2 and said in done.err and done.out == "", done
