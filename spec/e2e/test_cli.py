"""The command line from outside: help, wrong usage, and streams that cannot be used."""

import json
import os
import shlex
import subprocess

import pytest

from harness import ACCOUNT, BALM, remediate

COMMANDS = ("run", "plan", "apply", "undo", "verify", "history", "explain", "doctor", "list", "show", "test", "iam", "call", "endpoint",
            "models", "stop", "start")
BY_HAND = ("run", "--remediation", "AWS.S3.EnableBucketVersioning", "--resource")


def in_shell(offline, command):
    """A command line as a shell has it, where streams can be closed and sent elsewhere."""
    return subprocess.run(["sh", "-c", command.replace("balm", shlex.quote(BALM), 1)],
                          env=offline.env, cwd=offline.cwd, capture_output=True, text=True, timeout=60,
                          check=False)


# ---- help ----

@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_tells_its_options(offline, command):
    told = offline(command, "--help")
    assert told.status == 0 and told.err == ""
    assert told.out == offline("help", command).out
    assert f"Usage: balm {command}" in told.out and "--help" in told.out
    assert not [line for line in told.out.splitlines() if line != line.rstrip()]


def test_the_overview_names_every_command_and_exit_status(offline):
    told = offline("help").out
    assert all(f"\n  {command} " in told for command in COMMANDS)
    assert all(f" {status} " in told for status in range(6))


# ---- wrong usage ----

@pytest.mark.parametrize("words, said", [
    (("rum",), "did you mean run?"),
    (("",), "no command"),
    (("run",), "name files of events"),
    (("run", "--regoin", "x"), "--region?"),
    (("run", "-x"), "no option -x;"),
    (("run", "--region"), "--region wants a value: REGION"),
    (("run", "-", "--fips=yes"), "--fips takes no value"),
    (("run", "-", "--region", "a", "--region", "b"), "--region is given twice"),
    (("run", "-", "--concurrency", "0"), "from 1 to"),
    (("run", "-", "--concurrency", "99999999999999999999"), "from 1 to"),
    (("plan", "-", "--expires", "1h"), "belongs to --out"),
    (("plan", "-", "--out", "missing/plan.json"), "missing/plan.json"),
    (("apply",), "wants more words"),
    (("apply", "a", "b"), '"b"'),
    (("apply", "missing.json"), "missing.json"),
    (("run", "-", "--skip-guard", "kill_switch"), "kill_switch"),
    (("run", "-", "--remediations", "missing"), "missing"),
    (("run", "-", "--config", "missing.lua"), "missing.lua"),
    (("run", "-", "--models", "missing.pack"), "missing.pack"),
    (("run", "-", "--profile", "missing"), "missing"),
    (("run", "-", "--endpoint-url", "ftp://aws"), "it must be http:// or https://"),
    ((*BY_HAND, "missing.json"), "missing.json"),
    ((*BY_HAND, "{"), "line 1"),
    ((*BY_HAND, '{"Name":"b","AccountId":"1","Region":"eu-west-1"}'), "12 digits"),
    (("explain", "missing.json"), "missing.json"),
    (("call", "s3"), "balm help call"),
    (("call", "s33", "list_buckets"), 'did you mean "s3"'),
    (("call", "s3", "list_bucket"), "did you mean"),
    (("call", "s3", "list_buckets", "@missing"), "missing"),
    (("call", "s3", "list_buckets", "[]"), "JSON object"),
    (("endpoint", "s33"), 'did you mean "s3"'),
    (("endpoint", "s3", "--region", ""), "no region"),
    (("endpoint", "s3", "--param", "x"), "NAME=VALUE"),
    (("models",), "balm help models"),
    (("models", "list", "s3"), "s3"),
    (("models", "build", "missing", "-o", "x.pack"), "missing"),
    (("models", "build", "missing", "-o", "a", "-o", "b"), "-o is given twice"),
    (("test", "missing.lua"), "missing.lua"),
    (("iam", "--format", "xml"), "terraform"),
    (("list", "--output", "xml"), "json or text"),
])
def test_wrong_usage_is_told_and_ends_with_2(offline, words, said):
    done = offline(*words)
    assert done.status == 2, done
    assert said in json.loads(done.err.splitlines()[0])["error"], done
    assert done.out == ""


def test_a_folder_without_specs_does_not_pass(offline, tmp_path):
    (tmp_path / "specs").mkdir()
    done = offline("test", "specs")
    assert done.status == 2 and "no specs" in done.err, done


def test_an_endpoint_that_the_rules_refuse_is_no_wrong_usage(offline):
    done = offline("endpoint", "s3", "--param", "Bucket=logs", "--param", "Accelerate=true", "--fips",
                   AWS_ENDPOINT_URL=None)
    assert done.status == 1 and "Accelerate" in done.err, done


def test_a_password_in_an_endpoint_is_not_printed(offline):
    done = offline("call", "sts", "get_caller_identity", "--endpoint-url", "http://user:pa@ss@host/")
    assert done.status == 2 and "host" in done.err, done
    assert "pa" not in done.err.replace("path", "") and "ss@" not in done.err, done


# ---- streams ----

@pytest.mark.parametrize("command", ["list", "list --output text", "list --panther", "iam", "help", "--version",
                                     "show AWS.S3.EnableBucketVersioning", "models list", "models show sts",
                                     "models show sts --output text", "endpoint sts", "test",
                                     "call sts get_caller_identity --dry-run", "run event.json"])
@pytest.mark.parametrize("sent", [">/dev/full", ">&-"])
def test_output_that_cannot_be_written_is_told_once(offline, tmp_path, command, sent):
    (tmp_path / "event.json").write_text('{"action":"listRemediations"}')
    done = in_shell(offline, f"balm {command} {sent}")
    told = [json.loads(line)["error"] for line in done.stderr.splitlines()]
    assert done.returncode == 1 and len(told) == 1, done
    assert told[0].startswith("standard output: ")


def test_standard_input_that_is_closed_is_told(offline):
    done = in_shell(offline, "balm call sts get_caller_identity - <&-")
    assert done.returncode == 2 and "standard input" in done.stderr, done
    assert in_shell(offline, "balm run - <&-").returncode == 0  # there are no events


def test_nothing_else_takes_the_place_of_a_closed_stream(offline, tmp_path):
    """What is said on standard error must not end up in a socket or a file."""
    (tmp_path / "event.json").write_text(json.dumps(remediate("AWS.S3.EnableBucketVersioning", {"Name": "b"})))
    done = in_shell(offline, "balm run event.json nofile --log-level debug <&- 2>&-")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 2 and len(lines) == 2, done
    assert [line["account"] for line in lines if "account" in line] == [ACCOUNT]


def test_a_home_is_not_needed(offline):
    done = offline("list", "--json", HOME=None, AWS_CONFIG_FILE=None, AWS_SHARED_CREDENTIALS_FILE=None)
    assert done.status == 0 and len(done.lines) == 19


def test_a_read_only_folder_is_enough(offline, tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir()
    os.chmod(folder, 0o500)
    offline.cwd = folder
    assert len(offline("list", "--json").lines) == 19
