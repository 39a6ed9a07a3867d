"""Signature Version 4 held against botocore's own signers.

Seeded random requests are signed by botocore; the C test signs the same ones and compares the
whole Authorization header.
"""

import datetime
import json
import os
import random
import subprocess
from unittest import mock
from urllib.parse import quote

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from harness import BUILD

TOOL = BUILD / "spec/engine/aws/test_sigv4"
LETTERS = "abcXYZ019-_.~ !$&'()*+,;=:@/?#[]%\"<>\\^`{|}\u00e9\u4e2d\U0001f600"
PATH_PIECES = ["a", "b c", ".", "..", "", "%2F", "~", "\u00e9", "x+y", "a:b", "$", "a*b", "=", "@"]


def text(rng, most):
    return "".join(rng.choice(LETTERS) for _ in range(rng.randint(0, most)))


def header_value(rng):
    words = ["a", "b=1", "text/plain;", "", " ", "  ", "\t", '"q  q"']
    return " ".join(rng.choice(words) for _ in range(rng.randint(0, 5)))


def make_request(rng):
    names = [f"x-amz-{rng.choice('abcdef')}{i}" for i in range(rng.randint(0, 4))]
    usual = ["Content-Type", "Range", "User-Agent", "Expect", "X-Amz-Meta-B", "Accept"]
    names += rng.sample(usual, 3)
    pairs = [(text(rng, 6) or "n", text(rng, 8)) for _ in range(rng.randint(0, 5))]
    pairs += [(name, text(rng, 3)) for name, _ in pairs if rng.random() < 0.3]
    segments = [rng.choice(PATH_PIECES) for _ in range(rng.randint(0, 6))]
    return {
        "s3": rng.random() < 0.5,
        "method": rng.choice(["GET", "PUT", "POST", "DELETE", "HEAD"]),
        "host": rng.choice(["b.s3.eu-west-1.amazonaws.com", "localhost:4566", "iam.amazonaws.com"]),
        "path": quote("/" + "/".join(segments), safe="/~"),
        "query": pairs,
        "headers": [(name, header_value(rng)) for name in names],
        "body": text(rng, 40),
        "access_key": "AKID" + str(rng.randint(0, 999)),
        "secret_key": text(rng, 40) or "s",
        "token": rng.choice([None, "FwoGZXIvYXdzE//token+/=="]),
        "region": rng.choice(["us-east-1", "cn-north-1", "eu-central-2"]),
        "service": rng.choice(["s3", "iam", "execute-api"]),
        "now": rng.randint(0, 4_000_000_000),
    }


def sign(vector):
    query = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in vector["query"])
    url = f"https://{vector['host']}{vector['path']}" + (f"?{query}" if query else "")
    request = botocore.awsrequest.AWSRequest(vector["method"], url, data=vector["body"].encode())
    for name, value in vector["headers"]:
        request.headers[name] = value
    credentials = botocore.credentials.Credentials(
        vector["access_key"], vector["secret_key"], vector["token"])
    signer = botocore.auth.S3SigV4Auth if vector["s3"] else botocore.auth.SigV4Auth
    clock = mock.Mock(wraps=datetime)
    clock.datetime.utcnow = lambda: datetime.datetime.utcfromtimestamp(vector["now"])
    clock.datetime.strptime = datetime.datetime.strptime
    with mock.patch("botocore.auth.datetime", clock):
        signer(credentials, vector["service"], vector["region"]).add_auth(request)
    return request.headers["Authorization"]


def test_random_requests_are_signed_as_botocore_signs_them(tmp_path):
    rng = random.Random(20261125)
    vectors = [make_request(rng) for _ in range(1500)]
    for vector in vectors:
        vector["authorization"] = sign(vector)
    path = tmp_path / "vectors.json"
    path.write_text(json.dumps(vectors))
    outcome = subprocess.run([TOOL], env={**os.environ, "SPEC_SIGV4_VECTORS": str(path)},
                             capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "SKIPPED" not in outcome.stdout + outcome.stderr
