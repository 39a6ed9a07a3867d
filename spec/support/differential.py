"""What the differential tests share: which operations, how values compare, and what differs and why."""

import base64
import datetime
import os
import random

from newer import DATA  # before botocore, as it chooses the copy

import botocore.exceptions
from generate import Values
from oracle import Oracle

__all__ = ["APART", "Oracle", "SEED", "Values", "asymmetric", "botocore_error", "by_value", "plain", "refusal", "refused_by_both",
           "request_differences", "sample", "shown_difference"]

SEED = os.environ.get("BALM_SEED", "1")
SAMPLE = os.environ.get("BALM_SAMPLE", "all")

# What the remediations ask of AWS.
ASKED = {
    "cloudtrail": ["CreateTrail", "DescribeTrails", "GetTrail", "GetTrailStatus", "StartLogging", "UpdateTrail"],
    "dynamodb": ["DescribeTable", "UpdateTable"],
    "ec2": ["CreateFlowLogs", "DescribeFlowLogs", "DescribeImageAttribute", "DescribeInstances",
            "ModifyImageAttribute", "StartInstances", "StopInstances", "TerminateInstances"],
    "guardduty": ["CreateDetector", "GetDetector", "ListDetectors", "UpdateDetector"],
    "iam": ["DeleteAccessKey", "GetAccountPasswordPolicy", "ListAccessKeys", "UpdateAccountPasswordPolicy"],
    "kms": ["DescribeKey", "DisableKeyRotation", "EnableKeyRotation", "GetKeyRotationStatus"],
    "rds": ["DescribeDBInstances", "DescribeDBSnapshotAttributes", "ModifyDBInstance",
            "ModifyDBSnapshotAttribute"],
    "s3": ["DeleteBucketEncryption", "DeletePublicAccessBlock", "GetBucketAcl", "GetBucketEncryption",
           "GetBucketLocation", "GetBucketLogging", "GetBucketVersioning", "GetPublicAccessBlock", "PutBucketAcl",
           "PutBucketEncryption", "PutBucketLogging", "PutBucketVersioning", "PutPublicAccessBlock"],
    "sts": ["AssumeRole", "GetCallerIdentity"],
}

# What Balm refuses, and a word of how it says so; event streams besides.
REFUSED = {
    "codecatalyst": "bearer token",
    "sdb": "Signature Version 2",
}

# Where a newer botocore, with BALM_BOTOCORE_DATA, is not followed; by what is compared, service and operation.
# Debian's is everywhere.
APART = {
    "request health": "signed for a region that botocore takes from its older endpoint data",
    "answer s3:CopyObject": "nothing behind a good status is no copy, though today's botocore takes it for one",
    "answer s3:UploadPartCopy": "the same",
    "answer s3:CompleteMultipartUpload": "the same",
} if DATA else {}

botocore_error = (botocore.exceptions.BotoCoreError, ValueError)


def sample(oracle, size=SAMPLE):
    """What the remediations use, and size others over all services ("all": every one)."""
    chosen = {(service, name) for service, names in ASKED.items() for name in names}
    others = []
    for service in oracle.session.get_available_services():
        others += [(service, name) for name in oracle.operations(service)]
    if size != "all":
        others = random.Random(SEED).sample(others, int(size))
    return sorted(chosen.union(others))


# Headers that are not compared, and why.
NOT_COMPARED = {
    "user-agent": "each SDK has its own name",
    "amz-sdk-invocation-id": "botocore's own book-keeping",
    "amz-sdk-request": "the same",
    "expect": "Balm never waits to be asked for the body",
    "content-length": "libcurl adds it",
    "host": "botocore leaves it to its HTTP library",
}


def asymmetric(headers):
    """(all but the signature, the signature) of an authorisation whose signatures are never alike, or None."""
    value = next((text for name, text in headers.items() if name.lower() == "authorization"), "")
    if not value.startswith("AWS4-ECDSA-P256-SHA256"):
        return None
    told, _, signature = value.rpartition(" Signature=")
    return told, base64.b64encode(bytes.fromhex(signature)).decode()


def compared(headers):
    if asymmetric(headers):
        headers = {**headers, "authorization": asymmetric(headers)[0]}
        headers.pop("Authorization", None)
    return {name.lower(): value for name, value in headers.items() if name.lower() not in NOT_COMPARED}


def request_differences(wanted, got):
    """botocore's request and one of `balm call --dry-run`, part by part."""
    body = base64.b64decode(got["body_base64"]) if "body_base64" in got else got["body"].encode()
    pairs = {
        "method": (wanted["method"], got["method"]),
        "url": (wanted["url"].removesuffix("?"), got["url"]),  # a query of nothing, to botocore
        "headers": (compared(wanted["headers"]), compared(got["headers"])),
        "body": (wanted["body"], body),
    }
    for part, (theirs, ours) in pairs.items():
        if theirs != ours:
            yield shown_difference(theirs, ours, part)


def refusal(service, operation):
    """A word of the error with which Balm refuses an operation altogether; "" where it does not."""
    if operation.has_event_stream_input or operation.has_event_stream_output:
        return "event stream"
    return REFUSED.get(service, "")


def refused_by_both(error, got):
    return "error" in got and isinstance(error, botocore_error)


def plain(value):
    """What JSON has no type for, as DESIGN's `balm call` has it."""
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        value = value.astimezone(datetime.timezone.utc)
        fraction = f".{value.microsecond:06}".rstrip("0") if value.microsecond else ""
        return value.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"
    return base64.b64encode(value.read()).decode()  # a stream


def by_value(value):
    """value as it is after JSON."""
    if isinstance(value, dict):
        return {key: by_value(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [by_value(each) for each in value]
    return value if value is None or isinstance(value, (str, int, float)) else plain(value)


def shown_difference(theirs, ours, path="answer"):
    """The first place where two values differ."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in [*theirs, *ours]:
            if theirs.get(key) != ours.get(key):
                return shown_difference(theirs.get(key), ours.get(key), f"{path}.{key}")
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for place, (one, other) in enumerate(zip(theirs, ours)):
            if one != other:
                return shown_difference(one, other, f"{path}[{place}]")
    return f"{path}: botocore has {theirs!r}, Balm {ours!r}"
