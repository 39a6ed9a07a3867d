"""balm undo and balm verify: what a run changed is put back, as AWS shows it, not as Balm says."""

import json
import signal
import sqlite3
import time

import pytest

from harness import ACCOUNT, account_key, remediate
from test_guards import api_call
from test_remediations import BUCKET, CASES, event_of

VERSIONING = "AWS.S3.EnableBucketVersioning"
ENCRYPTION = "AWS.S3.EnableBucketEncryption"
BLOCK = "AWS.S3.BlockBucketPublicAccess"
NO_UNDO = ["AWS.EC2.TerminateInstance", "AWS.IAM.DeleteInactiveAccessKeys"]
REVERSIBLE = [remediation for remediation in CASES if remediation not in NO_UNDO]
# What no call brings back: a bucket that was versioned once, a table's key.
REMAINS = {VERSIONING: [{"path": "Status", "before": None, "now": "Suspended"}]}


def event(remediation=BLOCK, **resource):
    return json.dumps(remediate(remediation, resource or {"Name": BUCKET}))


def fixed(balm, remediation=BLOCK):
    done = balm("run", "-", "--allow-destructive", stdin=event_of(remediation))
    assert done.line["status"] == "fixed", done
    return done.line["run"]


def block(balm):
    """The bucket's public access block, as the account itself sees it."""
    done = balm("call", "s3", "get_public_access_block", json.dumps({"Bucket": BUCKET}),
                **account_key(ACCOUNT))
    return done.line.get("PublicAccessBlockConfiguration")


def come_to_rest(node):
    """What is to come by itself (a change that AWS makes behind one's back) has come."""
    if not isinstance(node, dict):
        return node
    node = {**node, **node.get("_then", {}).get("members", {})}
    return {name: come_to_rest(value) for name, value in node.items() if name != "_then"}


def settled(standin):
    """All that the account holds, once it has come to rest."""
    return come_to_rest(standin.everything())


# ---- each remediation ----

@pytest.mark.parametrize("remediation", REVERSIBLE)
def test_undo_puts_back_what_the_run_changed(balm, standin, remediation):
    before = settled(standin)
    run = fixed(balm, remediation)
    assert settled(standin) != before

    undone = balm("undo", run)
    assert (undone.status, undone.line["status"]) == (0, "undone"), undone
    assert undone.line["undoes"] == run
    assert undone.line["residue"] in (REMAINS.get(remediation, []), None), undone
    if remediation not in REMAINS:
        assert settled(standin) == before


@pytest.mark.parametrize("remediation", NO_UNDO)
def test_what_cannot_be_undone_is_said_before_and_after(balm, standin, remediation):
    assert balm("plan", "-", stdin=event_of(remediation)).line["reversible"] is False
    done = balm("run", "-", "--allow-destructive", stdin=event_of(remediation))
    assert done.line["reversible"] is False
    seen = len(standin.log(account=ACCOUNT))

    refused = balm("undo", done.line["run"])
    assert refused.status == 2 and refused.line["error"]["code"] == "CannotBeUndone", refused
    assert len(standin.log(account=ACCOUNT)) == seen


# ---- which version, which resource ----

def test_the_version_that_made_the_change_undoes_it_whatever_the_disk_says(balm, standin, tmp_path):
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    script = """
      local versioning = require "versioning"
      return { id = "Own.On", parameters = { Then = "Suspended" },
        permissions = { "s3:GetBucketVersioning", "s3:PutBucketVersioning" },
        check = function(session, resource)
          return versioning.get(session, resource) == "Enabled", { Status = "whatever" }
        end,
        fix = function(session, resource) versioning.put(session, resource, "Enabled") end,
        undo = function(session, resource, parameters, before)
          versioning.put(session, resource, parameters.Then)
        end }"""
    module = """
      return {
        get = function(session, resource)
          return session:client("s3"):get_bucket_versioning({ Bucket = resource.Name }).Status
        end,
        put = function(session, resource, status)
          session:client("s3"):put_bucket_versioning { Bucket = resource.Name,
            VersioningConfiguration = { Status = status } }
        end }"""
    (scripts / "own_on.lua").write_text(script)
    (scripts / "versioning.lua").write_text(module)
    done = balm("run", "-", "--remediations", scripts, stdin=event("Own.On", Name=BUCKET))
    assert done.line["status"] == "fixed", done
    (scripts / "own_on.lua").write_text(script.replace("parameters.Then", '"Enabled"'))
    (scripts / "versioning.lua").unlink()
    undone = balm("undo", done.line["run"], "--remediations", scripts)
    assert undone.line["status"] == "undone", undone
    assert undone.line["script"]["version"] == done.line["script"]["version"]
    assert standin.log(operation="PutBucketVersioning")[-1]["params"]["VersioningConfiguration"] == \
        {"Status": "Suspended"}


def test_undo_takes_the_role_of_the_run_unless_told_otherwise(balm, standin):
    role = f"arn:aws:iam::{ACCOUNT}:role/Admin"
    run = balm("run", "-", "--role-arn", role, stdin=event()).line["run"]
    assert balm("undo", run).line["status"] == "undone"
    assert {entry["params"]["RoleArn"] for entry in standin.log(operation="AssumeRole")} == {role}


@pytest.fixture
def tenant(balm, standin, tmp_path):
    """A run under a role whose external id its policy's association alone brought. The configuration is
    gone by now."""
    standin.set_state("iam", "roles", "BalmRemediationRole", {"ExternalId": "tenant-7-id"})
    config = tmp_path / "tenant.lua"
    config.write_text('return { policies = { ["s3:PutBucketVersioning"] = '
                      '{ remediation = "%s", external_id = "tenant-7-id" } } }' % BLOCK)
    done = balm("run", "-", "--config", config, stdin=json.dumps(api_call("Dev")))
    assert done.line["status"] == "fixed", done
    config.unlink()
    return done.line["run"]


def test_undo_gives_the_external_id_of_the_run(balm, standin, tenant):
    undone = balm("undo", tenant)
    assert undone.line["status"] == "undone", undone
    again = balm("undo", undone.line["run"])
    assert again.line["status"] == "fixed", again
    assert balm("undo", again.line["run"]).line["status"] == "undone"
    assert {entry["params"]["ExternalId"] for entry in standin.log(operation="AssumeRole")} == {"tenant-7-id"}


def test_verify_gives_the_external_id_of_the_run(balm, tenant):
    assert balm("verify", tenant).line["status"] == "fixed"


def test_the_external_id_of_a_run_is_in_no_listing_and_sealed_in_the_store(balm, tmp_path, tenant):
    told = [balm("history"), balm("history", tenant), balm("undo", tenant, "--plan"), balm("undo", tenant)]
    assert all(command.status == 0 and "tenant-7-id" not in command.out + command.err for command in told), told
    assert all(b"tenant-7-id" not in file.read_bytes() for file in (tmp_path / "store").iterdir())


def test_an_external_id_that_was_replaced_since_is_told_by_the_command(balm, standin, tenant):
    standin.set_state("iam", "roles", "BalmRemediationRole", {"ExternalId": "tenant-7-new"})
    refused = balm("undo", tenant)
    assert (refused.status, refused.line["error"]["code"]) == (3, "AccessDenied"), refused
    assert balm("undo", tenant, "--external-id", "tenant-7-new").line["status"] == "undone"


def test_an_external_id_for_all_is_the_one_of_today(balm, standin, tmp_path):
    def configure(external_id):
        standin.set_state("iam", "roles", "BalmRemediationRole", {"ExternalId": external_id})
        (tmp_path / "balm.lua").write_text(f'return {{ external_id = "{external_id}" }}')

    configure("first")
    run = fixed(balm)
    configure("second")
    assert balm("undo", run).line["status"] == "undone"


# ---- plans, drift ----

def test_a_plan_of_an_undo_shows_the_writes_and_leaves_no_trace(balm, standin):
    run = fixed(balm)
    kept = balm("history").out
    planned = balm("undo", run, "--plan")
    assert (planned.status, planned.line["status"]) == (0, "planned"), planned
    assert [call["operation"] for call in planned.line["calls"] if call["write"]] == \
        ["DeletePublicAccessBlock"]
    assert block(balm)["BlockPublicAcls"] is True
    assert balm("history").out == kept


def test_what_others_changed_since_is_left_alone_unless_forced(balm, standin):
    run = fixed(balm)
    mine = {"BlockPublicAcls": True, "IgnorePublicAcls": False, "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True}
    balm("call", "s3", "put_public_access_block",
         json.dumps({"Bucket": BUCKET, "PublicAccessBlockConfiguration": mine}), **account_key(ACCOUNT))

    refused = balm("undo", run)
    assert (refused.status, refused.line["reason"]) == (4, "drift"), refused
    assert "PublicAccessBlockConfiguration.IgnorePublicAcls" in refused.line["detail"]
    assert block(balm) == mine
    forced = balm("undo", run, "--force")
    assert forced.line["status"] == "undone", forced
    assert block(balm) is None


def test_what_is_put_back_already_is_not_written_again(balm, standin):
    run = fixed(balm)
    balm("call", "s3", "delete_public_access_block", json.dumps({"Bucket": BUCKET}),
         **account_key(ACCOUNT))
    undone = balm("undo", run)
    assert undone.line["status"] == "undone" and "already" in undone.line["detail"], undone
    assert [call for call in undone.line["calls"] if call["write"]] == []


# ---- afterwards ----

def test_the_resource_is_held_until_the_undo_is_undone(balm, standin):
    undo = balm("undo", fixed(balm)).line["run"]
    held = balm("run", "-", stdin=event())
    assert (held.status, held.line["reason"]) == (0, "held"), held
    assert undo in held.line["detail"]
    other = balm("run", "-", stdin=event(VERSIONING, Name=BUCKET))
    assert other.line["status"] == "fixed", "another remediation is not held"

    again = balm("undo", undo)
    assert (again.line["status"], again.line["undoes"]) == ("fixed", undo), again
    assert block(balm)["BlockPublicAcls"] is True
    assert balm("run", "-", stdin=event()).line["status"] == "compliant"
    assert balm("undo", again.line["run"]).line["status"] == "undone"
    assert block(balm) is None


def test_an_undo_that_finds_nothing_to_do_takes_no_earlier_one_s_place(balm):
    run = fixed(balm)
    undo = balm("undo", run).line["run"]
    second = balm("undo", run).line
    assert second["status"] == "undone" and "nothing was called" in second["detail"]
    assert balm("history", run).line["undone_by"] == undo

    assert balm("undo", undo).line["status"] == "fixed"
    assert balm("run", "-", stdin=event()).line["status"] == "compliant", "no hold is left"


def test_what_others_put_back_is_held_without_an_undo_to_undo(balm):
    run = fixed(balm)
    balm("call", "s3", "delete_public_access_block", json.dumps({"Bucket": BUCKET}), **account_key(ACCOUNT))
    assert balm("undo", run).line["status"] == "undone"
    held = balm("run", "-", stdin=event()).line
    assert held["reason"] == "held" and "balm undo" not in held["detail"], held


@pytest.mark.parametrize("hold, reason", [("0", None), ("1", "held")])
def test_how_long_it_is_held_can_be_told(balm, standin, hold, reason):
    balm("undo", fixed(balm), "--hold", hold)
    assert balm("run", "-", stdin=event()).line["reason"] == reason


def test_a_hold_can_be_skipped_and_that_is_recorded(balm, standin):
    balm("undo", fixed(balm))
    done = balm("run", "-", "--skip-guard", "held", stdin=event())
    assert (done.line["status"], done.line["skipped_guards"]) == ("fixed", ["held"]), done


def test_undo_works_while_everything_else_is_stopped(balm, standin, tmp_path):
    run = fixed(balm)
    (tmp_path / "balm.lua").write_text(f"""return {{ mode = "off", require_permissions = true,
      accounts = {{ "{ACCOUNT}" }}, exclude = {{ {{ account = "{ACCOUNT}", reason = "r", owner = "o",
      expires = "2999-01-01" }} }} }}""")
    assert balm("run", "-", stdin=event(), BALM_STOP="1").line["status"] == "skipped"
    assert balm("undo", run, BALM_STOP="1").line["status"] == "undone"
    assert block(balm) is None


def test_undo_heeds_the_account(balm, standin, tmp_path):
    run = fixed(balm)
    (tmp_path / "balm.lua").write_text('return { accounts = { "444455556666" } }')
    refused = balm("undo", run)
    assert (refused.line["status"], refused.line["reason"]) == ("skipped", "account_not_enabled")
    assert block(balm)["BlockPublicAcls"] is True


def test_an_undo_that_was_interrupted_before_it_began_does_nothing(balm, standin, tmp_path):
    run = fixed(balm)
    held = sqlite3.connect(tmp_path / "store/balm.db", isolation_level=None)
    held.execute("PRAGMA locking_mode = EXCLUSIVE")
    held.execute("BEGIN EXCLUSIVE")  # the run cannot be read yet
    undoing = balm.start("undo", run)
    time.sleep(1)
    undoing.send_signal(signal.SIGINT)
    time.sleep(0.5)
    held.execute("ROLLBACK")
    held.close()
    out, err = undoing.communicate(timeout=20)
    assert undoing.returncode == 1 and "nothing was begun" in str(err), (out, err)
    assert block(balm)["BlockPublicAcls"] is True


# ---- what cannot be undone ----

def test_a_run_that_changed_nothing_has_nothing_to_undo(balm, standin):
    fixed(balm)
    run = balm("run", "-", stdin=event()).line["run"]
    refused = balm("undo", run)
    assert refused.status == 2 and "changed nothing" in refused.err, refused


@pytest.mark.parametrize("run, said", [
    ("01a213ed-3129-77c6-9028-dcede58000ba", "has no run"),
    ("01a213", "at least 8"),
    ("latest", "not a run's id"),
])
def test_what_names_no_run_is_refused(balm, run, said):
    for command in ("undo", "verify", "history"):
        refused = balm(command, run)
        assert refused.status == 2 and said in refused.err, refused


def test_a_source_that_was_changed_in_the_store_is_not_run(balm, standin, tmp_path):
    run = fixed(balm)
    with sqlite3.connect(tmp_path / "store/balm.db") as store:
        changed = store.execute("UPDATE items SET value = replace(value, 'IgnorePublicAcls', "
                                "'IgnorePublicAclz') WHERE partition = 'script'")
        assert changed.rowcount == 1
    refused = balm("undo", run)
    assert refused.status == 2 and "has been changed" in refused.err, refused
    assert block(balm)["BlockPublicAcls"] is True


@pytest.mark.parametrize("partition, was, now", [
    ("of/%", f'"Name":"{BUCKET}"', '"Name":"another"'),
    ("of/%", "role/BalmRemediationRole", "role/Administrator"),
    ("of/%", '"action":"fix"', '"action":"undo"'),
    ("of/%", '"mac":"', '"mac":"0'),
    ("of/%", '"mac":', '"nomac":'),
])
def test_what_was_changed_in_a_runs_record_is_not_acted_upon(balm, standin, tmp_path, partition, was, now):
    run = fixed(balm)
    before = settled(standin)
    with sqlite3.connect(tmp_path / "store/balm.db") as store:
        changed = store.execute("UPDATE items SET value = replace(value, ?, ?) WHERE partition LIKE ? "
                                "AND sort = 'call.00001' AND instr(value, ?)", (was, now, partition, was))
        assert changed.rowcount == 1
    for command in (["undo", run], ["undo", run, "--force"], ["verify", run]):
        refused = balm(*command)
        assert refused.status == 2 and "has been changed in the store" in refused.err, refused
    assert settled(standin) == before
    assert balm("history", run).line["status"] == "fixed"


def test_one_runs_record_does_not_stand_for_anothers(balm, standin, tmp_path):
    run, other = fixed(balm), fixed(balm, ENCRYPTION)
    with sqlite3.connect(tmp_path / "store/balm.db") as store:
        store.execute("UPDATE items SET value = (SELECT value FROM items WHERE partition = ? "
                      "AND sort = 'call.00001') WHERE partition = ? AND sort = 'call.00001'",
                      (f"of/{other}", f"of/{run}"))
    refused = balm("undo", run)
    assert refused.status == 2 and "has been changed in the store" in refused.err, refused


# ---- verify ----

def test_an_unverified_run_is_verified_later(balm, standin, tmp_path):
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "own_slow.lua").write_text("""
      return { id = "Own.Slow", parameters = {}, verify_seconds = 1,
        permissions = { "s3:GetBucketVersioning", "s3:PutBucketVersioning" },
        check = function(session, resource)
          return session:client("s3"):get_bucket_versioning({ Bucket = resource.Name }).Status
            == "Enabled"
        end,
        fix = function(session, resource)
          session:client("s3"):put_bucket_versioning { Bucket = resource.Name,
            VersioningConfiguration = { Status = "Suspended" } }
        end }""")
    done = balm("run", "-", "--remediations", scripts, stdin=event("Own.Slow", Name=BUCKET))
    assert (done.status, done.line["status"]) == (4, "unverified"), done
    run = done.line["run"]
    assert [line["run"] for line in balm("history", "--unverified").lines] == [run]

    (scripts / "own_slow.lua").unlink()
    still = balm("verify", "--unverified", "--remediations", scripts)
    assert (still.status, still.line["status"]) == (4, "unverified"), still
    balm("call", "s3", "put_bucket_versioning", json.dumps(
        {"Bucket": BUCKET, "VersioningConfiguration": {"Status": "Enabled"}}), **account_key(ACCOUNT))
    verified = balm("verify", "--unverified", "--remediations", scripts)
    assert (verified.status, verified.line["status"]) == (0, "fixed"), verified
    assert balm("history", "--unverified").lines == []
    shown = balm("history", run).line
    assert (shown["status"], shown["verified"]) == ("fixed", True)
    assert len(balm("history").lines) == 1, "looking is no run of its own"


SLOW_TO_SHOW = """
  local function status(session, resource)
    return session:client("s3"):get_bucket_versioning({ Bucket = resource.Name }).Status
  end
  local function set(session, resource, status)
    session:client("s3"):put_bucket_versioning { Bucket = resource.Name,
      VersioningConfiguration = { Status = status } }
  end
  return { id = "Own.Slow", parameters = {}, verify_seconds = 2,
    permissions = { "s3:GetBucketVersioning", "s3:PutBucketVersioning" },
    check = function(session, resource)
      local now = status(session, resource)
      return now == "Enabled" and os.time() >= %d, { Status = now }
    end,
    fix = function(session, resource) set(session, resource, "Enabled") end,
    undo = function(session, resource) set(session, resource, "Suspended") end }"""


def slow_to_show(tmp_path, seconds=0):
    """A script whose check holds in so many seconds at the earliest."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "own_slow.lua").write_text(SLOW_TO_SHOW % (time.time() + seconds))
    return "--remediations", scripts


def test_what_others_changed_after_a_later_look_is_left_alone_too(balm, standin, tmp_path):
    scripts = slow_to_show(tmp_path, seconds=5)
    done = balm("run", "-", *scripts, stdin=event("Own.Slow", Name=BUCKET))
    assert done.line["status"] == "unverified", done
    time.sleep(3)
    assert balm("verify", done.line["run"], *scripts).line["status"] == "fixed"

    balm("call", "s3", "put_bucket_versioning", json.dumps(
        {"Bucket": BUCKET, "VersioningConfiguration": {"Status": "Suspended"}}), **account_key(ACCOUNT))
    left = balm("undo", done.line["run"], *scripts)
    assert (left.status, left.line["reason"]) == (4, "drift"), left
    assert [call for call in left.line["calls"] if call["write"]] == []
    assert balm("undo", done.line["run"], "--force", *scripts).line["status"] == "undone"


def test_an_error_that_passes_after_an_undo_does_not_spoil_it(balm, standin, tmp_path):
    scripts = slow_to_show(tmp_path)
    done = balm("run", "-", *scripts, stdin=event("Own.Slow", Name=BUCKET))
    assert done.line["status"] == "fixed", done
    standin.fault(service="s3", operation="GetBucketVersioning", delay_ms=1)  # the first look is well
    standin.fault(service="s3", operation="GetBucketVersioning", code="NoSuchBucket", status=404)
    undone = balm("undo", done.line["run"], *scripts)
    assert undone.line["status"] == "undone", undone
    assert 404 in [call["status"] for call in undone.line["calls"]], undone
    assert balm("run", "-", *scripts, stdin=event("Own.Slow", Name=BUCKET)).line["reason"] == "held"


def test_a_fix_that_wrote_nothing_does_not_wait_to_be_looked_at(balm, tmp_path):
    """Nothing is kept of it by which it could be verified."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "own_idle.lua").write_text("""
      return { id = "Own.Idle", parameters = {}, verify_seconds = 0, permissions = {},
        check = function() return false end, fix = function() end }""")
    done = balm("run", "-", "--remediations", scripts, stdin=event("Own.Idle", Name=BUCKET))
    assert (done.status, done.line["status"]) == (4, "unverified"), done
    assert balm("history", "--unverified").lines == []
    looked = balm("verify", "--unverified", "--remediations", scripts)
    assert (looked.status, looked.out) == (0, ""), looked


def test_what_was_undone_is_not_made_a_success_by_looking(balm, standin):
    """Somebody fixed it by hand since; that undo still was an undo."""
    undone = balm("undo", fixed(balm)).line["run"]
    balm("call", "s3", "put_public_access_block", json.dumps(
        {"Bucket": BUCKET, "PublicAccessBlockConfiguration": dict.fromkeys(
            ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"], True)}),
        **account_key(ACCOUNT))
    assert balm("verify", undone).status == 0
    assert balm("history", undone).line["status"] == "undone"


# ---- a fleet's store ----

def test_another_machine_undoes_what_dynamodb_tells(balm, standin):
    fleet = {"BALM_STORE": "dynamodb:balm", "BALM_STORE_KEY": "ab" * 32}
    done = balm("run", "-", stdin=event(), **fleet)
    assert done.line["status"] == "fixed", done
    assert balm("history", **fleet).line["run"] == done.line["run"]
    undone = balm("undo", done.line["run"], **fleet)
    assert (undone.line["status"], undone.line["residue"]) == ("undone", []), undone
    assert block(balm) is None
    assert balm("run", "-", stdin=event(), **fleet).line["reason"] == "held"
    assert balm("history", done.line["run"], **fleet).line["undone_by"] == undone.line["run"]


def test_another_key_opens_nothing(balm, standin, tmp_path):
    """To look at what holds no secret needs no key."""
    run = balm("run", "-", stdin=event(), BALM_STORE_KEY="ab" * 32).line["run"]
    assert balm("history", run, BALM_STORE_KEY="cd" * 32).line["status"] == "fixed"
    assert not (tmp_path / "store/balm.key").exists()
