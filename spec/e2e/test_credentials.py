"""Whose credentials Balm uses, held against botocore with the same files and environment.

Each case is what stands in the files and the environment. Debian's botocore finds credentials with
session.get_credentials(); Balm signs a request with those that it finds; it must be the request that
botocore's signer makes with the former. Where botocore finds none, Balm must refuse, in the words given.
"""

import datetime
import hashlib
import json
import os
import subprocess
import sys
import types

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.session
import botocore.tokens
import pytest
from harness import BALM, ROOT, Balm, clean_environment
from identity_server import METADATA, IdentityServer, pair, stamp

NOW = datetime.datetime(2026, 11, 23, 8, 0, 0)
NOW_TEXT = "2026-11-23T08:00:00Z"
REGION = "eu-west-1"
ROLE = "arn:aws:iam::111122223333:role/"
KEYS = "aws_access_key_id = AKIA{0}\naws_secret_access_key = CANARY/{0}\n"
ENV_KEYS = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "CANARY/env"}
CONTAINER = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{url}/container?id=7"}
INSTANCE = {"AWS_EC2_METADATA_DISABLED": None}
PROCESS = "credential_process = {home}/process CANARY-argument 'one word'\n"
SSO = "sso_account_id = 111122223333\nsso_role_name = Admin\n"
LEGACY_SSO = SSO + "sso_start_url = https://x.example/start\nsso_region = us-west-2\n"
SESSION = "[sso-session mine]\nsso_start_url = https://x.example/start\nsso_region = us-west-2\n"


def cached(key, **token):
    """A signed-in person's token, in the file of that name."""
    whole = {"accessToken": "CANARY-access", "expiresAt": stamp(3600), **token}
    return {f".aws/sso/cache/{hashlib.sha1(key.encode()).hexdigest()}.json": json.dumps(whole)}


def renewable(**token):
    return cached("mine", clientId="c1", clientSecret="CANARY-client", refreshToken="CANARY-again",
                  registrationExpiresAt=stamp(86400), **token)


def process(text):
    return {"process": "#!/bin/sh\n[ \"$1 $2\" = 'CANARY-argument one word' ] || exit 9\n" + text}


def says(**document):
    return process(f"echo '{json.dumps({'Version': 1, **document})}'\n")


GOOD = {"AccessKeyId": "AKIAPROC", "SecretAccessKey": "CANARY/proc"}
LEGACY = cached("https://x.example/start")


class Case:
    """config, credentials: the shared files; files: others below the home; env: the environment, {url} the
    server and {home} the home; faults, tokens: the server's; says: why there are none."""

    def __init__(self, name, config="", credentials="", **more):
        self.name, self.config, self.credentials = name, config, credentials
        self.env = more.pop("env", {})
        self.files = more.pop("files", {})
        self.profile = more.pop("profile", None)
        self.says = more.pop("says", None)
        self.server = more.pop("server", {})
        assert not more, more


CASES = [
    # the environment
    Case("keys of the environment", env=ENV_KEYS),
    Case("with a token", env={**ENV_KEYS, "AWS_SESSION_TOKEN": "CANARY-t"}),
    Case("with a token of the older name", env={**ENV_KEYS, "AWS_SECURITY_TOKEN": "CANARY-old"}),
    Case("of two tokens the older name's", env={**ENV_KEYS, "AWS_SESSION_TOKEN": "CANARY-t",
                                                "AWS_SECURITY_TOKEN": "CANARY-old"}),
    Case("that come before the files", credentials="[default]\n" + KEYS.format("FILE"), env=ENV_KEYS),
    Case("that come before AWS_PROFILE", credentials="[p]\n" + KEYS.format("FILE"),
         env={**ENV_KEYS, "AWS_PROFILE": "p"}),
    Case("that do not come before --profile", credentials="[p]\n" + KEYS.format("FILE"), env=ENV_KEYS,
         profile="p"),
    Case("a secret that is missing", env={"AWS_ACCESS_KEY_ID": "AKIAENV"}, says="set both or neither"),
    Case("empty variables are none", "[default]\n" + KEYS.format("FILE"),
         env={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}),
    Case("keys that hold still", env={**ENV_KEYS, "AWS_CREDENTIAL_EXPIRATION": stamp(7200)}),
    Case("keys that have expired", env={**ENV_KEYS, "AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z"},
         says="AWS_CREDENTIAL_EXPIRATION"),

    # keys in files
    Case("the credentials file", credentials="[default]\n" + KEYS.format("FILE")),
    Case("the config file", "[default]\n" + KEYS.format("CONF")),
    Case("both, the credentials file first", "[default]\n" + KEYS.format("CONF"),
         "[default]\n" + KEYS.format("FILE")),
    Case("tokens in a file", credentials="[default]\n" + KEYS.format("FILE") +
         "aws_session_token = CANARY-t\n"),
    Case("of two tokens in a file the older name's", credentials="[default]\n" + KEYS.format("FILE") +
         "aws_session_token = CANARY-t\naws_security_token = CANARY-old\n"),
    Case("a profile in the config file", "[profile p]\n" + KEYS.format("CONF"), profile="p"),
    Case("a profile with blanks, quoted", "[profile 'my own']\n" + KEYS.format("CONF"), profile="my own"),
    Case("of AWS_PROFILE and AWS_DEFAULT_PROFILE the latter", credentials="[a]\n" + KEYS.format("A") +
         "[b]\n" + KEYS.format("B"), env={"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"}),
    Case("a profile that there is not", profile="nobody", says='no profile "nobody"'),
    Case("a secret that is missing from a file", credentials="[default]\naws_access_key_id = AKIAX\n",
         says='profile "default": aws_access_key_id is set but aws_secret_access_key is not'),
    Case("comments, blanks, CRLF, colons and upper case",
         credentials="# one\r\n[other]\r\n; two\r\n[default]\r\nAWS_ACCESS_KEY_ID: AKIACRLF \r\n\r\n"
                     "  # three\r\naws_secret_access_key=CANARY/x=y#z\r\n"),
    Case("settings that nest, and one that goes on",
         "[default]\ns3 =\n    addressing_style = path\n    # note\n    max = 1\nnote = one\n  two\n" +
         KEYS.format("NEST")),
    Case("a byte order mark before a comment", credentials="[default]\n" + KEYS.format("BOM")),

    # roles
    Case("a role with another profile's keys",
         f"[profile r]\nrole_arn = {ROLE}r\nsource_profile = s\n", "[s]\n" + KEYS.format("SRC"), profile="r"),
    Case("the default profile's role", f"[default]\nrole_arn = {ROLE}r\nsource_profile = s\n",
         "[s]\n" + KEYS.format("SRC")),
    Case("a role and all that may be said of it",
         f"[profile r]\nrole_arn = {ROLE}r\nsource_profile = s\nexternal_id = e/1\nrole_session_name = me@x\n"
         "duration_seconds = 7200\n", "[s]\n" + KEYS.format("SRC"), profile="r"),
    Case("a role by a role by a role",
         f"[profile a]\nrole_arn = {ROLE}a\nsource_profile = b\n[profile b]\nrole_arn = {ROLE}b\n"
         f"source_profile = c\n[profile c]\nrole_arn = {ROLE}c\nsource_profile = d\n",
         "[d]\n" + KEYS.format("END"), profile="a"),
    Case("a role with its own profile's keys",
         f"[profile r]\nrole_arn = {ROLE}r\nsource_profile = r\n" + KEYS.format("OWN"), profile="r"),
    Case("keys end a chain, though their profile has a role",
         f"[profile a]\nrole_arn = {ROLE}a\nsource_profile = b\n[profile b]\nrole_arn = {ROLE}b\n"
         "source_profile = c\n" + KEYS.format("MID"), profile="a"),
    Case("a circle", f"[profile a]\nrole_arn = {ROLE}a\nsource_profile = b\n[profile b]\n"
         f"role_arn = {ROLE}b\nsource_profile = a\n", profile="a", says="circle of source_profiles"),
    Case("a circle that ends where it began", f"[profile a]\nrole_arn = {ROLE}a\nsource_profile = b\n" +
         KEYS.format("A") + f"[profile b]\nrole_arn = {ROLE}b\nsource_profile = a\n", profile="a",
         says="circle of source_profiles"),
    Case("a profile that only names itself", f"[profile a]\nrole_arn = {ROLE}a\nsource_profile = a\n",
         profile="a", says="circle of source_profiles"),
    Case("a source that there is not", f"[profile a]\nrole_arn = {ROLE}a\nsource_profile = b\n", profile="a",
         says='source_profile "b", which does not exist'),
    Case("a source without credentials", f"[profile a]\nrole_arn = {ROLE}a\nsource_profile = b\n"
         "[profile b]\nregion = x\n", profile="a", says='"b" is a source_profile but names no credentials'),
    Case("a role without a source", f"[profile a]\nrole_arn = {ROLE}a\n", profile="a",
         says="neither source_profile nor credential_source"),
    Case("a role with two sources", f"[profile a]\nrole_arn = {ROLE}a\nsource_profile = a\n"
         "credential_source = Environment\n", profile="a", says="it can have one"),
    Case("a role with the environment's keys", f"[profile a]\nrole_arn = {ROLE}a\n"
         "credential_source = Environment\n", env=ENV_KEYS, profile="a"),
    Case("a role with the container's", f"[profile a]\nrole_arn = {ROLE}a\ncredential_source = EcsContainer\n",
         env=CONTAINER, profile="a"),
    Case("a role with the instance's", f"[profile a]\nrole_arn = {ROLE}a\n"
         "credential_source = Ec2InstanceMetadata\n", env=INSTANCE, profile="a"),
    Case("a role with an environment that has none", f"[profile a]\nrole_arn = {ROLE}a\n"
         "credential_source = Environment\n", profile="a", says="from Environment, which has none"),
    Case("a role with a source of no kind", f"[profile a]\nrole_arn = {ROLE}a\ncredential_source = Elsewhere\n",
         env=ENV_KEYS, profile="a", says="none of Environment, EcsContainer and Ec2InstanceMetadata"),
    Case("a role with a process's", f"[profile a]\nrole_arn = {ROLE}a\nsource_profile = b\n[profile b]\n" +
         PROCESS, files=says(**GOOD), profile="a"),
    Case("a role with a web identity's", f"[profile a]\nrole_arn = {ROLE}a\nsource_profile = b\n[profile b]\n"
         f"role_arn = {ROLE}b\nweb_identity_token_file = {{home}}/jwt\n", files={"jwt": "CANARY-jwt"},
         profile="a"),
    Case("a role that STS refuses", f"[profile r]\nrole_arn = {ROLE}r\nsource_profile = s\n",
         "[s]\n" + KEYS.format("SRC"), profile="r", says=f"cannot assume {ROLE}r: no",
         server={"faults": {"/": (403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message>"
                                       "</Error></ErrorResponse>")}}),

    # web identity
    Case("a web identity of the environment", files={"jwt": "CANARY-jwt"},
         env={"AWS_ROLE_ARN": ROLE + "w", "AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/jwt"}),
    Case("with a session's name", files={"jwt": "CANARY-jwt"},
         env={"AWS_ROLE_ARN": ROLE + "w", "AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/jwt",
              "AWS_ROLE_SESSION_NAME": "pod-7"}),
    Case("of a profile", f"[profile w]\nrole_arn = {ROLE}w\nweb_identity_token_file = {{home}}/jwt\n"
         "role_session_name = n1\n", files={"jwt": "CANARY-jwt"}, profile="w"),
    Case("the environment's before the files' keys", credentials="[default]\n" + KEYS.format("FILE"),
         files={"jwt": "CANARY-jwt"},
         env={"AWS_ROLE_ARN": ROLE + "w", "AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/jwt"}),
    Case("not the environment's where a profile was asked for", credentials="[p]\n" + KEYS.format("FILE"),
         files={"jwt": "CANARY-jwt"}, profile="p",
         env={"AWS_ROLE_ARN": ROLE + "w", "AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/jwt"}),
    Case("a role of the profile before it", f"[default]\nrole_arn = {ROLE}r\nsource_profile = s\n",
         "[s]\n" + KEYS.format("SRC"), files={"jwt": "CANARY-jwt"},
         env={"AWS_ROLE_ARN": ROLE + "w", "AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/jwt"}),
    Case("a token without a role", files={"jwt": "CANARY-jwt"},
         env={"AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/jwt"}, says="set AWS_ROLE_ARN"),
    Case("a token that there is not", env={"AWS_ROLE_ARN": ROLE + "w",
                                           "AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/jwt"}, says="/jwt"),

    # sign-in
    Case("signed in, as older profiles have it", "[default]\n" + LEGACY_SSO, files=LEGACY),
    Case("signed in by a session", "[default]\nsso_session = mine\n" + SSO + SESSION, files=renewable()),
    Case("signed in by a session whose name has blanks",
         "[default]\nsso_session = my own\n" + SSO + SESSION.replace("mine", '"my own"'),
         files=cached("my own")),
    Case("a token that ends soon is renewed", "[default]\nsso_session = mine\n" + SSO + SESSION,
         files=renewable(expiresAt=stamp(60))),
    Case("and one that has ended", "[default]\nsso_session = mine\n" + SSO + SESSION,
         files=renewable(expiresAt=stamp(-60))),
    Case("one that cannot be renewed is used while it holds", "[default]\nsso_session = mine\n" + SSO +
         SESSION, files=renewable(expiresAt=stamp(600)), server={"faults": {"/token": (400, "{}")}}),
    Case("and not when it has ended", "[default]\nsso_session = mine\n" + SSO + SESSION,
         files=renewable(expiresAt=stamp(-60)), server={"faults": {"/token": (400, "{}")}},
         says="its token has expired; log in again: aws sso login --profile default"),
    Case("and why, where another sign-in would not help", "[default]\nsso_session = mine\n" + SSO + SESSION,
         files=renewable(expiresAt=stamp(-60)), server={"faults": {"/token": (503, "{}")}},
         says="its token has expired, and cannot be renewed: Service Unavailable"),
    Case("nobody is signed in", "[default]\nsso_session = mine\n" + SSO + SESSION, says="log in again"),
    Case("a token that is not accepted", "[default]\n" + LEGACY_SSO,
         files=cached("https://x.example/start", accessToken="CANARY-revoked"), says="log in again"),
    Case("a session that there is not", "[default]\nsso_session = other\n" + SSO + SESSION,
         says='the sso-session "other"'),
    Case("a profile that lacks a part", "[default]\nsso_session = mine\nsso_role_name = Admin\n" + SESSION,
         says="has no sso_account_id"),
    Case("a profile and a session that differ", "[default]\nsso_session = mine\nsso_region = eu-west-3\n" +
         SSO + SESSION, says="differ in sso_region"),
    Case("a sign-in before keys", "[default]\n" + LEGACY_SSO, "[default]\n" + KEYS.format("FILE"),
         files=LEGACY),
    Case("a role with a signed-in person's", f"[profile a]\nrole_arn = {ROLE}a\nsource_profile = b\n"
         "[profile b]\n" + LEGACY_SSO, files=LEGACY, profile="a"),

    # processes
    Case("a process", "[default]\n" + PROCESS, files=says(**GOOD)),
    Case("with a token and an end", "[default]\n" + PROCESS,
         files=says(**GOOD, SessionToken="CANARY-t", Expiration=stamp(7200))),
    Case("keys of the credentials file before it", "[default]\n" + PROCESS, "[default]\n" + KEYS.format("FILE"),
         files=says(**GOOD)),
    Case("but not those of the config file", "[default]\n" + KEYS.format("CONF") + PROCESS,
         files=says(**GOOD)),
    Case("a process that fails", "[default]\n" + PROCESS, files=process("echo CANARY >&2; exit 3\n"),
         says='the credential_process of profile "default": it ended with status 3'),
    Case("a process that says something else", "[default]\n" + PROCESS, files=process("echo CANARY\n"),
         says="what it wrote is not JSON"),
    Case("of another version", "[default]\n" + PROCESS, files=says(**GOOD, Version=2), says="Version"),
    Case("a process that lacks a part", "[default]\n" + PROCESS, files=says(AccessKeyId="AKIAPROC"),
         says="lacks AccessKeyId or SecretAccessKey"),
    Case("an end that is no text", "[default]\n" + PROCESS, files=says(**GOOD, Expiration=5),
         says="Expiration is not a time"),
    Case("an end at the beginning of time", "[default]\n" + PROCESS,
         files=says(**GOOD, Expiration="1970-01-01T00:00:00Z"), says="credentials that expired at 1970-01-01"),
    Case("a process that there is not", "[default]\ncredential_process = /nonexistent/x\n",
         says="cannot start /nonexistent/x"),
    Case("a command with an open quote", "[default]\ncredential_process = 'x\n", says="a quote that is not closed"),

    # containers
    Case("a container", env=CONTAINER),
    Case("with a token", env={**CONTAINER, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic CANARY"}),
    Case("the profile's keys before it", credentials="[default]\n" + KEYS.format("FILE"), env=CONTAINER),
    Case("it before the instance", env={**CONTAINER, **INSTANCE}),
    Case("a host that may not be asked", says="may not be asked",
         env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/x"}),
    Case("a name that only looks like this host", says="may not be asked",
         env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1.example.com/x"}),
    Case("an agent that refuses", env=CONTAINER, server={"faults": {"/container": (403, "CANARY")}},
         says="answered with status 403"),
    Case("an agent that says something else", env=CONTAINER,
         server={"faults": {"/container": (200, "CANARY")}}, says="is not JSON"),

    # instances
    Case("an instance", env=INSTANCE),
    Case("an instance that knows no tokens", env=INSTANCE,
         server={"faults": {"/latest/api/token": (404, "")}, "metadata_tokens": (None,)}),
    Case("an instance that gives no token", env=INSTANCE,
         server={"faults": {"/latest/api/token": (400, "")}}, says="status 400 when asked for a token"),
    Case("an instance without a role", env=INSTANCE, server={"faults": {METADATA: (404, "")}},
         says="status 404 when asked for the role's name"),
    Case("an instance whose role is not trusted", env=INSTANCE, says="AssumeRoleUnauthorizedAccess",
         server={"faults": {METADATA + "my-role": (200, json.dumps(
             {"Code": "AssumeRoleUnauthorizedAccess", "Message": "CANARY"}))}}),
    Case("an instance by its own endpoint, though IPv6 is asked for",
         env={**INSTANCE, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"}),
    Case("a mode that there is not", env={**INSTANCE, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "ipv5"},
         says="must be ipv4 or ipv6"),
    Case("a container before an instance that is forbidden",
         env={**CONTAINER, "AWS_EC2_METADATA_DISABLED": "true"}),
    Case("no instance", env={"AWS_EC2_METADATA_DISABLED": "true"}, says="AWS_EC2_METADATA_DISABLED is true"),
]

# What Balm refuses, or reads, and botocore does not; and why.
ON_PURPOSE = [
    (Case("a secret without its key", env={"AWS_SECRET_ACCESS_KEY": "CANARY/env"},
          credentials="[default]\n" + KEYS.format("FILE"), says="set both or neither"),
     "half a pair is a mistake that would end in the use of other credentials"),
    (Case("a code of a device", f"[profile r]\nrole_arn = {ROLE}r\nsource_profile = s\nmfa_serial = m\n",
          "[s]\n" + KEYS.format("SRC"), profile="r", says="mfa_serial"), "nobody is there to be asked"),
    (Case("a duration that is none", f"[profile r]\nrole_arn = {ROLE}r\nsource_profile = s\n"
          "duration_seconds = long\n", "[s]\n" + KEYS.format("SRC"), profile="r",
          says="duration_seconds that is not a whole number"), "botocore takes it for an hour"),
    (Case("a way through very many roles", "".join(f"[profile p{i}]\nrole_arn = {ROLE}r\nsource_profile = "
          f"p{i + 1}\n" for i in range(17)), "[p17]\n" + KEYS.format("SRC"), profile="p0",
          says='profile "p15" is the 16th of a chain'), "nobody means that, and it is no circle"),
    (Case("white space in a secret", env={**ENV_KEYS, "AWS_SECRET_ACCESS_KEY": "CANARY x"},
          says="white space"), "it could only fail later, and less clearly"),
    (Case("a token in a file", files={"auth": "Bearer CANARY\n"},
          env={**CONTAINER, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "{home}/auth"}),
     "EKS has it; Debian's botocore is older"),
    (Case("an instance of the first version, forbidden",
          env={**INSTANCE, "AWS_EC2_METADATA_V1_DISABLED": "true"}, says="status 404 when asked for a token",
          server={"faults": {"/latest/api/token": (404, "")}, "metadata_tokens": (None,)}),
     "Debian's botocore is older"),
    (Case("sections and settings that occur again, and a byte order mark",
          credentials="\ufeff[default]\naws_access_key_id = AKIAX\n[other]\n[default]\n" + KEYS.format("LAST")),
     "the SDKs' guide has the later count; Python's reader refuses them"),
    (Case("of [default] and [profile default] the latter", "[profile default]\n" + KEYS.format("A") +
          "[default]\n" + KEYS.format("B")), "the SDKs' guide says so; botocore takes the later"),
]


@pytest.fixture(scope="module")
def running():
    server = IdentityServer()
    yield server
    server.stop()


class Place:
    """A home as a case has it, and the environment that points there."""

    def __init__(self, case, server, home):
        self.home = home
        server.reset(**case.server)
        for name, text in {".aws/config": case.config, ".aws/credentials": case.credentials,
                           **case.files}.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("{home}", str(home)), newline="")
            path.chmod(0o700)
        known = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_CONFIG_FILE": None,
                 "AWS_SHARED_CREDENTIALS_FILE": None, "HOME": str(home),
                 "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url, "AWS_ENDPOINT_URL": server.url}
        given = {name: value and value.format(url=server.url, home=home) for name, value in case.env.items()}
        self.env = clean_environment(**{**known, **given})


def frozen_credentials(case, server, home, monkeypatch):
    """What botocore finds; None or an exception where it finds none."""
    place = Place(case, server, home)
    cache = str(home / ".aws/sso/cache")
    monkeypatch.setattr(botocore.credentials.SSOProvider, "_SSO_TOKEN_CACHE_DIR", cache)
    monkeypatch.setattr(botocore.tokens.SSOTokenProvider, "_SSO_TOKEN_CACHE_DIR", cache)
    monkeypatch.setattr(botocore.utils.ContainerMetadataFetcher, "SLEEP_TIME", 0)
    monkeypatch.setattr(os, "environ", dict(place.env))
    session = botocore.session.Session(profile=case.profile)
    create = session.create_client
    # Debian's botocore is older than AWS_ENDPOINT_URL.
    session.create_client = lambda service, region_name=None, **more: create(
        service, region_name=region_name or REGION, endpoint_url=server.url, **more)
    found = session.get_credentials()
    return found and found.get_frozen_credentials()


def signed_by_botocore(credentials, shown, monkeypatch):
    """The Authorization that botocore's signer would give the request that Balm shows."""
    frozen = types.SimpleNamespace(**vars(datetime))
    frozen.datetime = type("Frozen", (datetime.datetime,), {"utcnow": classmethod(lambda _cls: NOW)})
    monkeypatch.setattr(botocore.auth, "datetime", frozen)
    headers = {name: value for name, value in shown["headers"].items() if name == "Content-Type"}
    request = botocore.awsrequest.AWSRequest(shown["method"], shown["url"], headers, shown["body"])
    botocore.auth.SigV4Auth(credentials, "sts", REGION).add_auth(request)
    return request.headers["Authorization"]


def call(case, server, home, *more, **env):
    place = Place(case, server, home)
    profile = ["--profile", case.profile] if case.profile else []
    return Balm(place.env, home)("call", "sts", "get_caller_identity", "{}", *profile, *more, **env)


def refused(done, words):
    assert done.status != 0, done
    assert words in done.err.replace('\\"', '"'), done


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_credentials_are_those_that_botocore_finds(case, running, tmp_path, monkeypatch):
    done = call(case, running, tmp_path / "balm", "--dry-run", BALM_NOW=NOW_TEXT)
    if case.says:
        refused(done, case.says)
        try:
            assert frozen_credentials(case, running, tmp_path / "botocore", monkeypatch) is None
        except AssertionError:
            raise
        except Exception as error:  # each source has its own
            assert error
        return
    assert done.status == 0, done
    credentials = frozen_credentials(case, running, tmp_path / "botocore", monkeypatch)
    assert done.line["headers"].get("X-Amz-Security-Token") == credentials.token
    assert done.line["headers"]["Authorization"] == signed_by_botocore(credentials, done.line, monkeypatch)


UNSHARE = ["unshare", "--map-root-user", "--net"]


@pytest.mark.skipif(subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode != 0,
                    reason="this system lets nobody make a network of his own")
@pytest.mark.parametrize("variables, asked", [
    ({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/container?id=7"}, ("container", "id=7", None)),
    ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://[fd00:ec2::23]/container"}, ("container", "", None)),
    ({}, ("instance", "my-role")),
    ({"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"}, ("instance", "my-role")),
    ({"AWS_IMDS_USE_IPV6": "true"}, ("instance", "my-role")),
], ids=str)
def test_the_machine_s_services_are_asked_at_their_own_addresses_and_through_no_proxy(variables, asked, tmp_path):
    env = clean_environment(**{**dict.fromkeys(ENV_KEYS), "AWS_EC2_METADATA_DISABLED": None, **variables},
                            HOME=str(tmp_path), BALM_NOW=NOW_TEXT, http_proxy="http://127.0.0.1:9")
    done = subprocess.run(
        [*UNSHARE, sys.executable, str(ROOT / "spec/support/machine_services.py"), BALM, "call", "sts",
         "get_caller_identity", "--dry-run"], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done
    assert f"Credential={pair(*asked)[0]}/" in json.loads(done.stdout)["headers"]["Authorization"]


@pytest.mark.parametrize("case, reason", ON_PURPOSE, ids=lambda part: getattr(part, "name", ""))
def test_what_differs_from_botocore_differs_on_purpose(case, reason, running, tmp_path):
    done = call(case, running, tmp_path, "--dry-run", BALM_NOW=NOW_TEXT)
    if case.says:
        refused(done, case.says)
    else:
        assert done.status == 0, (reason, done)


@pytest.mark.parametrize("case", CASES + [case for case, _ in ON_PURPOSE], ids=lambda case: case.name)
def test_no_secret_is_ever_printed(case, running, tmp_path):
    done = call(case, running, tmp_path, "--log-level", "debug")
    assert (done.status != 0) == bool(case.says), done
    assert "CANARY" not in done.out + done.err, done
