"""Runs balm as a user would, and a stand-in for AWS beside it."""

import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / os.environ.get("BALM_KIND", "release")  # BALM_KIND=san: the sanitizers' build
BALM = os.environ.get("BALM", str(BUILD / "balm"))
PACK = ROOT / "build/models.pack"
ACCOUNT, OTHER_ACCOUNT, ENGINE_ACCOUNT = "111122223333", "444455556666", "999999999999"
REGION = "eu-west-1"
ENGINE_KEY = {"AWS_ACCESS_KEY_ID": "AKIAENGINE0000000000",
              "AWS_SECRET_ACCESS_KEY": "engine/secret+for/the+stand-in/000000000"}


def account_key(account):
    """The key of an account's own administrator, to look with."""
    return {"AWS_ACCESS_KEY_ID": f"AKIA{account}ROOT",
            "AWS_SECRET_ACCESS_KEY": f"account/secret+of/{account}/0000000000"}


def clean_environment(**more):
    """The environment without anything of AWS's or Balm's, but what is given (None: left out)."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("AWS_", "BALM_")) and not name.lower().endswith("_proxy")}
    kept.update(AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null",
                AWS_REGION=REGION, AWS_EC2_METADATA_DISABLED="true", ASAN_OPTIONS="detect_leaks=1", **ENGINE_KEY)
    kept.update(more)
    return {name: value for name, value in kept.items() if value is not None}


class Outcome:
    """What a command said, and how it ended."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    @property
    def lines(self):
        """Standard output, one JSON value a line."""
        # not splitlines(): a text may hold other ends of lines
        return [json.loads(line) for line in self.out.split("\n") if line.strip()]

    @property
    def line(self):
        assert len(self.lines) == 1, self.out + self.err
        return self.lines[0]

    def __repr__(self):
        return f"exit {self.status}\n{self.out}\n{self.err}"


class Balm:
    """balm(...): a command run to its end. env and cwd are the defaults of each; runs are recorded
    below cwd."""

    def __init__(self, env, cwd):
        self.env, self.cwd = {"BALM_STORE": f"sqlite:{cwd}/store/balm.db", **env}, cwd

    def __call__(self, *words, stdin="", timeout=60, **env):
        done = subprocess.run([BALM, *map(str, words)], input=stdin, capture_output=True, text=True,
                              env=self._environment(env), cwd=self.cwd, timeout=timeout, check=False)
        return Outcome(done.returncode, done.stdout, done.stderr)

    def start(self, *words, **env):
        """A command that goes on, its three streams open."""
        return subprocess.Popen([BALM, *map(str, words)], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env=self._environment(env), cwd=self.cwd)

    def _environment(self, more):
        return {name: value for name, value in {**self.env, **more}.items() if value is not None}


class StandIn:
    """The process of aws_standin.py, and its control plane."""

    def __init__(self, *options):
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "spec/support/aws_standin.py"), "--with-parent", *options],
            stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()

    def _ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.url}/_standin/{path}", data, timeout=10) as reply:
            return json.load(reply)

    def reset(self):
        self._ask("reset", {})

    def log(self, **wanted):
        """The requests that AWS has seen."""
        return self._ask("log?" + "&".join(f"{name}={value}" for name, value in wanted.items()))

    def secrets(self):
        """Secret keys and tokens that nobody but a program's memory may hold."""
        return self._ask("secrets")

    def operations(self, **wanted):
        return [f"{entry['service']}:{entry['operation']}" for entry in self.log(**wanted)]

    def state(self, service, kind, name, account=ACCOUNT, region=REGION):
        return self._ask("state", {"account": account, "region": region, "service": service,
                                   "kind": kind, "name": name})

    def everything(self, account=ACCOUNT):
        """All that an account holds, without what is empty."""
        return _without_empty(self._ask(f"state?account={account}")["regions"])

    def set_state(self, service, kind, name, value, account=ACCOUNT, region=REGION):
        return self._ask("state", {"account": account, "region": region, "service": service,
                                   "kind": kind, "name": name, "value": value})

    def settings(self, account=ACCOUNT, **settings):
        return self._ask("state", {"account": account, "settings": settings})

    def fault(self, **fault):
        self._ask("fault", fault)


def _without_empty(node):
    if not isinstance(node, dict):
        return node
    kept = {name: _without_empty(value) for name, value in node.items()}
    return {name: value for name, value in kept.items() if value not in ({}, None)}


def remediate(remediation, resource, parameters=None, account=ACCOUNT, region=REGION):
    """An event as Panther sends it."""
    return {"action": "remediate", "payload": {
        "remediationId": remediation, "resource": {"AccountId": account, "Region": region, **resource},
        "parameters": parameters or {}}}


def wait_until(true, seconds=10):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
