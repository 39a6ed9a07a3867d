"""Calls on directory buckets (S3 Express One Zone), made within a session with the bucket.

Debian's descriptions do not know them: S3 is as support/directory_buckets describes it, over those.
"""

import datetime
import http.server
import json
import subprocess
import threading
import time
import types

import pytest

from harness import ACCOUNT, BALM, ENGINE_KEY, OTHER_ACCOUNT, ROOT, Balm, clean_environment
from standin.errors import AuthError
from standin.request import Request
from standin.signature import Scope, verify

BUCKET, OTHER_BUCKET = "logs--euw1-az1--x-s3", "more--euw1-az1--x-s3"
ROLE = f"arn:aws:iam::{OTHER_ACCOUNT}:role/BalmRemediationRole"
DATA = "/usr/lib/python3/dist-packages/botocore/data"
TOKENS = ("x-amz-security-token", "x-amz-s3session-token")
LATER = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Keys:
    """A key, who has it, and the header that its token must come in."""

    def __init__(self, access_key, secret, account, bucket=None, header=None):
        self.access_key, self.secret, self.account, self.bucket = access_key, secret, account, bucket
        self.header, self.token = header, f"token/of+{access_key}" if header else None

    def as_xml(self):
        return (f"<Credentials><AccessKeyId>{self.access_key}</AccessKeyId><SecretAccessKey>{self.secret}"
                f"</SecretAccessKey><SessionToken>{self.token}</SessionToken><Expiration>{LATER}</Expiration>"
                "</Credentials>")


class DirectoryBuckets(http.server.ThreadingHTTPServer):
    """Zonal S3 beside as much of STS as a run needs; every signature is verified."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        engine = Keys(ENGINE_KEY["AWS_ACCESS_KEY_ID"], ENGINE_KEY["AWS_SECRET_ACCESS_KEY"], ACCOUNT)
        self.keys = {engine.access_key: engine}
        self.lock = threading.Lock()
        self.opened = []  # (who, bucket)
        self.objects = []  # requests: on objects and buckets
        self.refuses = False

    def new_keys(self, kind, account, bucket=None, header=None):
        with self.lock:
            access_key = f"{kind}{len(self.keys)}"
            keys = self.keys[access_key] = Keys(access_key, f"secret/of+{access_key}", account, bucket, header)
        return keys

    def answer(self, request):
        try:
            scope = Scope(request)
            keys = self.keys.get(scope.access_key)
            if keys is None:
                raise AuthError("unsigned", "no such key")
            verify(request, scope, keys, time.time())
        except AuthError as error:
            return 403, f"<Error><Code>SignatureDoesNotMatch</Code><Message>{error}</Message></Error>"
        if any(request.header(name) != (keys.token if name == keys.header else None) for name in TOKENS):
            return 403, "<Error><Code>InvalidToken</Code><Message>not this key's token</Message></Error>"
        if scope.service == "sts":
            return 200, self.sts(keys, request.body.decode())
        if scope.service != "s3express":
            return 403, "<Error><Code>AccessDenied</Code><Message>not signed for s3express</Message></Error>"
        if request.query == "session":
            return self.open(keys, request.path[1:])
        if keys.bucket not in (None, request.path.split("/")[1]):
            return 403, "<Error><Code>AccessDenied</Code><Message>another bucket's session</Message></Error>"
        self.objects.append(types.SimpleNamespace(keys=keys, request=request))
        return 200, ""

    def sts(self, keys, form):
        if "Action=AssumeRole" in form:
            role = self.new_keys("ASIA", OTHER_ACCOUNT, header="x-amz-security-token")
            return ("<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>A:b</AssumedRoleId><Arn>"
                    f"arn:aws:sts::{OTHER_ACCOUNT}:assumed-role/BalmRemediationRole/balm</Arn></AssumedRoleUser>"
                    f"{role.as_xml()}</AssumeRoleResult></AssumeRoleResponse>")
        return ("<GetCallerIdentityResponse><GetCallerIdentityResult>"
                f"<Account>{keys.account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>")

    def open(self, keys, bucket):
        self.opened.append((keys, bucket))
        if self.refuses or keys.bucket:
            return 403, "<Error><Code>AccessDenied</Code><Message>no session</Message></Error>"
        time.sleep(0.1)  # others come meanwhile
        made = self.new_keys("EXPRESS", keys.account, bucket, "x-amz-s3session-token")
        return 200, f"<CreateSessionResult>{made.as_xml()}</CreateSessionResult>"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, text = self.server.answer(Request(self.command, self.path, self.headers.items(), body))
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_PUT = do_POST = answer

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    path = tmp_path_factory.mktemp("pack") / "models.pack"
    subprocess.run([BALM, "models", "build", DATA, "--overlay", ROOT / "spec/support/directory_buckets", "-o", path],
                   check=True, stdout=subprocess.DEVNULL)
    return path


@pytest.fixture
def buckets():
    with DirectoryBuckets() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def call(buckets, pack, tmp_path):
    balm = Balm(clean_environment(AWS_ENDPOINT_URL=buckets.url), tmp_path)

    def called(operation, *words, bucket=BUCKET, env=None, **params):
        return balm("call", "s3", operation, json.dumps({"Bucket": bucket, **params}), "--models", pack, *words,
                    **(env or {}))
    return called


@pytest.fixture
def act(buckets, pack, tmp_path):
    """Runs a script of the test's own, by a command."""
    balm = Balm(clean_environment(AWS_ENDPOINT_URL=buckets.url), tmp_path)

    def acted(command, fix, permissions=("s3:GetObject", "s3:PutObject", "s3express:CreateSession")):
        (tmp_path / "r").mkdir(exist_ok=True)
        (tmp_path / "r" / "own_objects.lua").write_text(f"""
local aws = require "aws"
local B = "{BUCKET}"
return {{
  id = "Own.Objects", parameters = {{}},
  permissions = {{ {", ".join(map(json.dumps, permissions))} }},
  fix = function(session) local s3 = session:client("s3") {fix} end,
}}""")
        resource = json.dumps({"Name": BUCKET, "AccountId": ACCOUNT, "Region": "eu-west-1"})
        return balm(command, "--remediations", "r", "--remediation", "Own.Objects", "--resource", resource,
                    "--no-assume-role", "--models", pack).line
    return acted


def test_an_object_is_written_within_a_session(call, buckets):
    done = call("put_object", Key="a b", Body="aGVsbG8=")
    assert (done.status, done.out) == (0, "{}\n"), done
    [(opener, bucket)] = buckets.opened
    assert (opener.access_key, bucket) == (ENGINE_KEY["AWS_ACCESS_KEY_ID"], BUCKET)
    [put] = buckets.objects
    assert put.keys.bucket == BUCKET and put.request.body == b"hello"
    assert put.request.header("x-amz-checksum-crc32") == "NhCmhg==" and put.request.header("content-md5") is None


def test_what_a_run_does_at_once_waits_for_one_session(act, buckets):
    get = 'function() s3:get_object { Bucket = B, Key = "a" } end'
    done = act("run", f'aws.parallel {{ {", ".join([get] * 5)} }} s3:put_object {{ Bucket = B, Key = "a" }}')
    assert done["status"] == "fixed", done
    assert [bucket for _, bucket in buckets.opened] == [BUCKET]
    assert len(buckets.objects) == 6 and len({each.keys for each in buckets.objects}) == 1


def test_each_bucket_and_each_identity_has_a_session_of_its_own(act, buckets):
    other = f'aws.session {{ role_arn = "{ROLE}" }}:client("s3")'
    get = f'get_object {{ Bucket = B, Key = "a" }} s3:get_object {{ Bucket = "{OTHER_BUCKET}", Key = "a" }}'
    done = act("run", f"s3:{get} {other}:{get}")
    assert done["status"] == "fixed", done
    assert [(keys.account, bucket) for keys, bucket in buckets.opened] == [
        (ACCOUNT, BUCKET), (ACCOUNT, OTHER_BUCKET), (OTHER_ACCOUNT, BUCKET)]
    assert [(each.keys.account, each.keys.bucket) for each in buckets.objects] == [
        (ACCOUNT, BUCKET), (ACCOUNT, OTHER_BUCKET), (OTHER_ACCOUNT, BUCKET), (ACCOUNT, OTHER_BUCKET)]


def test_a_session_that_is_refused_is_what_failed(act, call, buckets):
    buckets.refuses = True
    done = call("get_object", Key="a")
    assert done.status == 3 and f"cannot open a session with the bucket {BUCKET}, by CreateSession: " in done.err, done
    failed = act("run", 's3:put_object { Bucket = B, Key = "a" }')
    assert (failed["status"], failed["error"]["code"]) == ("failed", "AccessDenied"), failed
    assert "CreateSession" in failed["error"]["message"] and not buckets.objects


def test_calls_on_the_bucket_itself_are_signed_with_the_credentials(call, buckets):
    assert call("get_bucket_policy").status == 0
    [asked] = buckets.objects
    assert asked.keys.bucket is None and not buckets.opened


def test_the_environment_may_do_without_sessions(call, buckets):
    assert call("get_object", Key="a", env={"AWS_S3_DISABLE_EXPRESS_SESSION_AUTH": "true"}).status == 0
    [asked] = buckets.objects
    assert asked.keys.bucket is None and not buckets.opened


def test_a_dry_run_opens_no_session_and_says_how_it_signs(call, buckets):
    done = call("get_object", "--dry-run", Key="a", env={"BALM_NOW": "2026-11-25T08:00:00Z"})
    without = call("get_object", "--dry-run", Key="a", env={
        "BALM_NOW": "2026-11-25T08:00:00Z", "AWS_S3_DISABLE_EXPRESS_SESSION_AUTH": "true"})
    assert done.line == without.line and "/s3express/aws4_request" in done.line["headers"]["Authorization"]
    assert "no session with the bucket is opened for a dry run" in done.err and not without.err
    assert not buckets.opened and not buckets.objects


@pytest.mark.parametrize("missing", ["s3express:CreateSession", "s3:PutObject"])
def test_a_script_declares_the_session_beside_what_it_does(act, buckets, missing):
    declared = [each for each in ("s3:PutObject", "s3express:CreateSession") if each != missing]
    done = act("run", 's3:put_object { Bucket = B, Key = "a" }', declared)
    assert (done["status"], done["error"]["code"]) == ("failed", "PermissionNotDeclared"), done
    assert missing in done["error"]["message"] and not buckets.opened and not buckets.objects
    assert act("run", 's3:put_object { Bucket = B, Key = "a" }', [*declared, missing])["status"] == "fixed"


def test_a_plan_names_both_actions_and_opens_a_session_for_reads_alone(act, buckets):
    write = 's3:put_object { Bucket = B, Key = "a" }'
    planned = act("plan", write)
    assert planned["actions"] == ["s3:PutObject", "s3express:CreateSession"], planned
    assert not buckets.opened
    act("plan", f's3:get_object {{ Bucket = B, Key = "a" }} {write}')
    assert len(buckets.opened) == 1 and [each.request.method for each in buckets.objects] == ["GET"]
