"""Attempts that fail and are made again, from outside, against the stand-in's mishaps."""

import json

import pytest
from harness import ACCOUNT, account_key, remediate

BUCKET = f"demo-{ACCOUNT}"
EVENT = json.dumps(remediate("AWS.S3.EnableBucketVersioning", {"Name": BUCKET}))
READ = "s3:GetBucketVersioning"


@pytest.fixture
def read(balm):
    """One read of the bucket's versioning by the account's own administrator."""
    def called(*words, **env):
        return balm("call", "s3", "get_bucket_versioning", json.dumps({"Bucket": BUCKET}), *words,
                    **account_key(ACCOUNT), **env)
    return called


def attempts(standin):
    return standin.operations(service="s3").count(READ)


@pytest.mark.parametrize("mishap", [
    {"status": 503, "code": "SlowDown"},
    {"status": 500, "code": "InternalError"},
    {"status": 502, "body": "<html>Bad Gateway</html>"},
    {"status": 400, "code": "RequestTimeout"},
    {"close": True},
    {"truncate": True},
], ids=lambda mishap: str(next(iter(mishap.values()))))
def test_what_may_pass_is_tried_again(standin, read, mishap):
    standin.fault(service="s3", operation="GetBucketVersioning", times=2, **mishap)
    done = read()
    assert done.status == 0, done
    assert attempts(standin) == 3


@pytest.mark.parametrize("mishap", [
    {"status": 403, "code": "AccessDenied"},
    {"status": 404, "code": "NoSuchBucket"},
    {"status": 501, "code": "NotImplemented"},
    {"status": 400, "code": "InternalError"},
    {"status": 403, "code": "SignatureDoesNotMatch"},
], ids=lambda mishap: mishap["code"])
def test_what_will_not_pass_is_not(standin, read, mishap):
    standin.fault(service="s3", operation="GetBucketVersioning", times=2, **mishap)
    assert read().status == 1
    assert attempts(standin) == 1


@pytest.mark.parametrize("variable, wanted", [("1", 1), ("2", 2), (None, 3)])
def test_as_often_as_configured(standin, read, variable, wanted):
    standin.fault(service="s3", operation="GetBucketVersioning", times=9, status=503, code="SlowDown")
    done = read(AWS_MAX_ATTEMPTS=variable)
    assert done.status == 1 and "SlowDown" in done.out, done
    assert attempts(standin) == wanted


@pytest.mark.parametrize("mode", ["standard", "adaptive", "legacy"])
def test_in_every_mode(standin, read, mode):
    standin.fault(service="s3", operation="GetBucketVersioning", status=503, code="SlowDown")
    assert read(AWS_RETRY_MODE=mode).status == 0
    assert attempts(standin) == 2


def test_a_mode_that_there_is_not_is_named(read):
    done = read(AWS_RETRY_MODE="eager")
    assert done.status == 2 and "AWS_RETRY_MODE" in done.err, done


def test_an_operator_can_see_it(standin, read):
    standin.fault(service="s3", operation="GetBucketVersioning", status=503, code="SlowDown")
    done = read("--log-level", "debug")
    assert "s3:GetBucketVersioning is tried again in " in done.err and "SlowDown" in done.err, done


def test_expired_credentials_are_replaced_once(standin, balm):
    standin.fault(service="s3", operation="GetBucketVersioning", status=400, code="ExpiredToken")
    assert balm("run", "-", stdin=EVENT).line["status"] == "fixed"
    assert standin.operations(service="sts").count("sts:AssumeRole") == 2

    standin.reset()
    standin.fault(service="s3", operation="GetBucketVersioning", times=9, status=400, code="ExpiredToken")
    result = balm("run", "-", stdin=EVENT).line
    assert (result["status"], result["error"]["code"]) == ("failed", "ExpiredToken")
    assert standin.operations(service="sts").count("sts:AssumeRole") == 2


def test_a_result_says_whether_a_retry_can_help(standin, balm):
    for code, status, helps in (("SlowDown", 503, True), ("NoSuchBucket", 404, False)):
        standin.fault(service="s3", operation="GetBucketVersioning", times=3, status=status, code=code)
        error = balm("run", "-", stdin=EVENT).line["error"]
        assert (error["code"], error["retryable"]) == (code, helps)
        standin.reset()
