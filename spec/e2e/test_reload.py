"""A remediation of one's own, changed while balm run - waits for events."""

import json
import os
import pathlib

import pytest

from harness import ACCOUNT, remediate, wait_until

BUCKET = f"demo-{ACCOUNT}"


def script(status, ident="Own.Version"):
    return f"""
return {{
  id = "{ident}", parameters = {{}}, permissions = {{ "s3:PutBucketVersioning" }},
  fix = function(session, resource)
    session:client("s3"):put_bucket_versioning {{
      Bucket = resource.Name, VersioningConfiguration = {{ Status = "{status}" }} }}
  end,
}}
"""


class Waiting:
    """balm run - with a folder of remediations; ask() feeds one event and reads its result."""

    def __init__(self, balm, folder):
        self.folder = folder
        self.process = balm.start("run", "-", "--remediations", folder)

    def ask(self, remediation="Own.Version"):
        event = remediate(remediation, {"Name": BUCKET})
        self.process.stdin.write(json.dumps(event) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self):
        return self.process.communicate(timeout=20)


@pytest.fixture
def waiting(balm, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "own_version.lua").write_text(script("Enabled"))
    process = Waiting(balm, folder)
    yield process
    process.process.kill()
    process.process.communicate()


def replace(path, text):
    """As editors do: nobody ever sees half a file."""
    fresh = path.with_name(path.name + ".tmp")
    fresh.write_text(text)
    os.replace(fresh, path)


def written(result):
    call = result["calls"][0]
    return call["params"]["VersioningConfiguration"]["Status"]


def test_the_next_event_takes_what_was_saved(waiting):
    first = waiting.ask()
    assert (first["status"], first["verified"], written(first)) == ("fixed", False, "Enabled")
    (waiting.folder / "own_version.lua").write_text(script("Suspended"))
    second = waiting.ask()
    assert written(second) == "Suspended"
    assert second["script"]["version"] != first["script"]["version"]


def test_a_file_that_an_editor_replaces_is_seen(waiting):
    waiting.ask()
    replace(waiting.folder / "own_version.lua", script("Suspended"))
    assert written(waiting.ask()) == "Suspended"


def test_a_new_file_is_found(waiting):
    waiting.ask()
    (waiting.folder / "own_other.lua").write_text(script("Suspended", "Own.Other"))
    assert written(waiting.ask("Own.Other")) == "Suspended"


def test_a_bad_version_leaves_the_old_one_serving(waiting):
    waiting.ask()
    replace(waiting.folder / "own_version.lua", "return { id = ")
    assert written(waiting.ask()) == "Enabled"
    replace(waiting.folder / "own_version.lua", script("Suspended"))
    assert written(waiting.ask()) == "Suspended"
    _, err = waiting.stop()
    assert err.count("the version before it goes on serving") == 1, err


def test_a_removed_file_serves_no_more(waiting):
    waiting.ask()
    (waiting.folder / "own_version.lua").unlink()
    result = waiting.ask()
    assert result["status"] == "failed" and "Own.Version" in json.dumps(result), result


def test_a_module_beside_the_script_counts(waiting):
    (waiting.folder / "lib.lua").write_text('return { status = "Enabled" }')
    (waiting.folder / "own_version.lua").write_text(
        'local lib = require "lib"\n' + script("X").replace('"X"', "lib.status"))
    assert written(waiting.ask()) == "Enabled"
    (waiting.folder / "lib.lua").write_text('return { status = "Suspended" }')
    assert written(waiting.ask()) == "Suspended"


def test_two_files_with_one_id_are_both_refused(waiting):
    waiting.ask()
    (waiting.folder / "OwnVersion.lua").write_text(script("Suspended"))
    result = waiting.ask()
    assert result["status"] == "failed"
    assert "own_version.lua" in json.dumps(result) and "OwnVersion.lua" in json.dumps(result)


def test_runs_under_way_keep_what_they_began_with(waiting, standin):
    standin.fault(service="s3", delay_ms=800)
    event = json.dumps(remediate("Own.Version", {"Name": BUCKET})) + "\n"
    waiting.process.stdin.write(event)
    waiting.process.stdin.flush()
    wait_until(lambda: "s3:PutBucketVersioning" in standin.operations())
    pathlib.Path(waiting.folder / "own_version.lua").write_text(script("Suspended"))
    first = json.loads(waiting.process.stdout.readline())
    assert written(first) == "Enabled"
    assert written(waiting.ask()) == "Suspended"
