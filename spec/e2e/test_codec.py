"""What Balm sends and reads, held against botocore, operation by operation, over all services.

The C tool does in bulk what `balm call` does one by one (test_differential.py goes through that); see
sweep.py for the environment variables.
"""

import base64
import random

import answer
import botocore.exceptions
import pytest
from differential import (APART, SEED, Oracle, Values, asymmetric, botocore_error, by_value, refusal, refused_by_both,
                          request_differences, shown_difference)
from sweep import Tool, sweep


def request_faults(tool, oracle, service, name):
    operation = oracle.operation(service, name)
    values = Values(f"{SEED}.{service}.{name}")
    params = values.structure(operation.input_shape) if operation.input_shape else {}
    refused = refusal(service, operation)
    if not refused:
        if f"request {service}" not in APART:
            yield from signed_faults(tool, oracle, service, name, params)
        return
    got = tool(service=service, operation=name, params=params)
    if refused not in got.get("error", ""):
        yield f"is not refused: {got}"


def signed_faults(tool, oracle, service, name, params):
    got = tool(service=service, operation=name, params=params)
    try:
        wanted = oracle.request(service, name, params)
    except botocore_error as error:
        if not refused_by_both(error, got):
            yield f"botocore refuses: {error}"
        return
    if "error" in got:
        yield got["error"]
        return
    yield from request_differences(wanted, got)
    signature = asymmetric(wanted["headers"])
    if signature:
        told = tool(service=service, operation=name, params=params, signature=signature[1],
                    signing_name=signature[0].split("/")[2])
        if told != {"verifies": True}:
            yield f"botocore's signature does not hold: {told}"


def answer_of(tool, service, name, params, reply):
    status, headers, body = reply
    return tool(service=service, operation=name, params=params, status=status, headers=headers,
                body=base64.b64encode(body).decode())


def given_to(operation):
    """What the call was made with whose answer is read."""
    values = Values(f"{SEED}.in.{operation.service_model.service_name}.{operation.name}")
    return values.structure(operation.input_shape) if operation.input_shape else {}


def header_maps(operation, value):
    """value, the names in its maps of headers in lower case, as Balm keeps them."""
    members = operation.output_shape.members if operation.output_shape else {}
    for name, member in members.items():
        if member.serialization.get("location") == "headers" and name in value:
            value[name] = {header.lower(): text for header, text in value[name].items()}
    return value


def answer_faults(tool, oracle, service, name):
    yield from read_faults(tool, oracle, service, name, answer.Writer)


def disguised_faults(tool, oracle, service, name):
    """The same, written as a service might as well."""
    dice = random.Random(f"{SEED}.as.{service}.{name}")
    yield from read_faults(tool, oracle, service, name, lambda protocol: answer.Disguise(protocol, dice))


def read_faults(tool, oracle, service, name, writer):
    operation = oracle.operation(service, name)
    values = Values(f"{SEED}.{service}.{name}", answers=True)
    output = values.structure(operation.output_shape) if operation.output_shape else {}
    if name == "GetConsoleOutput" and "Output" in output:  # which the model calls a text
        output["Output"] = base64.b64encode(output["Output"].encode()).decode()
    reply = writer(operation.service_model.protocol).answer(operation, output, "id-1")
    given = given_to(operation)
    got = answer_of(tool, service, name, given, reply)
    if refusal(service, operation) or f"answer {service}:{name}" in APART:
        return
    try:
        wanted = by_value(oracle.reads(service, name, given, reply))
    except botocore.exceptions.ClientError as error:  # a good status that hides an error
        told = got.get("detail", {}).get("Error")
        if not told or error.response.get("Error", told) != told:
            yield f"botocore reads an error: {error}"
        return
    except Exception as error:  # botocore raises anything where an answer is not what it should be
        if not refused_by_both(error, got):
            yield f"botocore cannot read: {error!r}"
        return
    if "answer" not in got:
        yield f"Balm cannot read: {got}"
        return
    wanted, read = (header_maps(operation, each) for each in (wanted, by_value(got["answer"])))
    if wanted != read:
        yield shown_difference(wanted, read)


def error_faults(tool, oracle, service, name):
    operation = oracle.operation(service, name)
    model = operation.service_model
    if refusal(service, operation):
        return
    values = Values(f"{SEED}.{service}.{name}", answers=True)
    shapes = [shape for shape in operation.error_shapes or []
              if shape.name != "InvalidEndpointException"]  # botocore would go on asking where to go
    shape = values.random.choice(shapes) if shapes and values.chance(0.9) else None
    members = values.structure(shape) if shape is not None else None
    for member in list(members or {}):  # what the writer itself sets
        header = shape.members[member].serialization.get("name", "").lower()
        if member.lower() in ("message", "code", "type", "requestid") or header == "x-amzn-errortype":
            del members[member]
    code = (shape.metadata.get("error", {}).get("code") or shape.name) if shape is not None else "SomeCode"
    reply = answer.failed(model.protocol, service, shape, members, code, "It failed: é, <&>")
    try:
        oracle.reads(service, name, given_to(operation), reply)
        yield "botocore sees no error"
        return
    except oracle.client(service).exceptions.ClientError as error:
        wanted = by_value(error.response)
    except botocore_error:
        return  # refused before anything is sent: not about answers
    metadata = wanted["ResponseMetadata"]
    wanted["ResponseMetadata"] = {name: metadata[name] for name in ("HTTPStatusCode", "RequestId")}
    got = answer_of(tool, service, name, {}, reply)
    error = got.get("detail", {}).get("Error", {})
    for key in [key for key, text in error.items() if text == "" and key not in wanted["Error"]]:
        del error[key]  # an empty element is none, to botocore
    for key, kept in wanted["Error"].items():
        if key in error:
            error[key] = first_of_each(error[key], kept)
    if wanted != got.get("detail"):
        yield shown_difference(wanted, got.get("detail"))


def first_of_each(value, kept):
    """Of elements of one name within an error botocore keeps the first, and of it only what is in it."""
    if isinstance(value, list) and not isinstance(kept, list):
        value = value[0] if isinstance(value[0], dict) else {}
    if isinstance(value, dict) and isinstance(kept, dict):
        return {name: first_of_each(each, kept.get(name)) for name, each in value.items()}
    return value


@pytest.fixture(scope="module")
def faults(tell):
    count, found = sweep(request_faults, answer_faults, disguised_faults, error_faults)
    tell(f"{count} operations, each a request, two answers and an error: "
         f"{sum(map(len, found.values()))} differences")
    return found


@pytest.fixture(scope="module")
def oracle():
    return Oracle()


@pytest.fixture(scope="module")
def tool():
    running = Tool()
    yield running
    running.close()


def test_every_request_is_botocores(faults):
    assert faults["request_faults"] == []


def test_every_answer_reads_as_in_botocore(faults):
    assert faults["answer_faults"] == []


def test_every_answer_reads_the_same_in_disguise(faults):
    assert faults["disguised_faults"] == []


def test_every_error_reads_as_in_botocore(faults):
    assert faults["error_faults"] == []


@pytest.mark.parametrize("guard, signs", [
    ({}, False), ({"ChecksumAlgorithm": "SHA256"}, False), ({"ContentMD5": "kAFQmDzST7DWlj99KOF/cg=="}, False),
    ({"ChecksumSHA1": "qZk+NkcGgWq6PiVxeFDCbJzQ2J0="}, True)])
def test_a_stream_that_a_checksum_of_the_sdk_guards_is_not_signed(tool, oracle, guard, signs):
    params = {"Bucket": "logs", "Key": "k", "Body": b"abc", **guard}
    assert list(signed_faults(tool, oracle, "s3", "PutObject", params)) == []
    sent = tool(service="s3", operation="PutObject", params=params)
    assert (sent["headers"]["X-Amz-Content-SHA256"] != "UNSIGNED-PAYLOAD") == signs


BUCKETS = ["logs", "my.logs", "Logs", "logs--use1-az4--x-s3",
           "arn:aws:s3:eu-west-1:123456789012:accesspoint:reports",
           "arn:aws:s3:us-west-2:123456789012:accesspoint/reports",
           "arn:aws:s3::123456789012:accesspoint:mfzwi23gnjvgw.mrap",
           "arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-01234567890123456/accesspoint/reports",
           "arn:aws:s3-object-lambda:us-east-1:123456789012:accesspoint/banner"]


@pytest.mark.parametrize("name", ["GetObject", "PutObject", "ListObjectsV2", "CopyObject", "DeleteObjects"])
@pytest.mark.parametrize("bucket", BUCKETS)
def test_buckets_of_every_kind_are_addressed_and_signed_as_by_botocore(tool, oracle, bucket, name):
    params = Values(f"{SEED}.{bucket}.{name}").structure(oracle.operation("s3", name).input_shape)
    params["Bucket"] = bucket
    assert list(signed_faults(tool, oracle, "s3", name, params)) == []


@pytest.mark.parametrize("service, name", [
    ("iam", "GetUser"), ("s3", "PutObject"), ("dynamodb", "ListTables"), ("ec2", "CopySnapshot"),
    ("rds", "CopyDBSnapshot"), ("neptune", "CreateDBCluster"), ("events", "PutEvents"), ("sts", "AssumeRoleWithSAML")])
def test_temporary_credentials_are_sent_and_signed_as_by_botocore(service, name):
    token = "a/token+of=some;length" * 20
    oracle, tool = Oracle(token=token), Tool(AWS_SESSION_TOKEN=token)
    params = Values(f"{SEED}.{service}.{name}").structure(oracle.operation(service, name).input_shape)
    if service in ("rds", "neptune"):
        params["SourceRegion"] = "us-east-2"
    if service == "events":
        params["EndpointId"] = "abc123.456"
    params.pop("PreSignedUrl", None)
    params.pop("PresignedUrl", None)
    assert list(signed_faults(tool, oracle, service, name, params)) == []
    tool.close()


# One operation of each way to speak, and errors of every shape that any of them has. What botocore makes of
# the stranger ones is an accident of its version, so that code and message stand here.
XML = [("iam", "GetUser"), ("ec2", "DescribeVolumes"), ("s3", "HeadObject"), ("s3", "GetBucketAcl"),
       ("cloudfront", "GetDistribution")]
JSON = [("dynamodb", "ListTables"), ("lambda", "GetFunction"), ("glacier", "ListVaults")]
REST_JSON = JSON[1:]
ALL = XML + JSON
S3 = [("s3", "GetBucketAcl"), ("s3", "CopyObject"), ("s3", "CompleteMultipartUpload")]
ERRORS = [
    (JSON, 400, {}, '{"__type": "Bad", "message": "m"}', "Bad", "m"),
    (JSON, 400, {}, '{"__type": "com.example.v1#Bad", "Message": "m"}', "Bad", "m"),
    (JSON, 400, {}, '{"__type": "Bad:http://internal.example/", "message": "m"}', "Bad", "m"),
    (JSON, 400, {"x-amzn-ErrorType": "Bad"}, '{"message": "m"}', "Bad", "m"),
    (JSON, 400, {"X-Amzn-Errortype": "Bad:http://internal.example/"}, '{"Message": "m"}', "Bad", "m"),
    (JSON, 400, {"x-amzn-errortype": "com.example#Bad:http://internal.example/"}, "{}", "Bad", ""),
    (JSON, 400, {"x-amzn-errortype": "Bad"}, "", "Bad", ""),
    (JSON, 400, {"x-amzn-query-error": "Old.Bad;Sender"}, '{"__type": "x#Bad", "message": "m"}', "Old.Bad", "m"),
    (JSON, 400, {"x-amzn-query-error": "no semicolon"}, '{"__type": "Bad", "message": "m"}', "Bad", "m"),
    (REST_JSON, 400, {}, '{"code": "Bad", "message": "m"}', "Bad", "m"),
    (REST_JSON, 400, {}, '{"Code": "Bad", "errorMessage": "m"}', "Bad", "m"),
    ([("sso-oidc", "CreateToken")], 400, {}, '{"error": "invalid_grant", "error_description": "m"}',
     "invalid_grant", "m"),
    (JSON, 413, {}, '{"message": "m"}', "413", "m"),
    (JSON, 400, {}, '{"message": null, "__type": null}', "400", "Bad Request"),
    (JSON, 400, {}, "[]", "400", "Bad Request"),
    (JSON, 400, {}, '"text"', "400", "Bad Request"),
    (JSON, 400, {}, "<Error><Code>Bad</Code></Error>", "400", "Bad Request"),
    (XML, 400, {}, "<ErrorResponse xmlns='http://x/'><Error><Type>Sender</Type><Code>Bad</Code>"
                   "<Message>m</Message></Error><RequestId>r</RequestId></ErrorResponse>", "Bad", "m"),
    (XML, 400, {}, "<ErrorResponse><Error><Code>Bad</Code></Error></ErrorResponse>", "Bad", ""),
    (XML, 400, {}, "<Response><Errors><Error><Code>Bad</Code><Message>m</Message></Error></Errors>"
                   "<RequestID>r</RequestID></Response>", "Bad", "m"),
    (XML, 404, {}, "<?xml version='1.0' encoding='UTF-8'?>\n<Error><Code>NoSuchKey</Code><Message>m</Message>"
                   "<Key>k</Key><RequestId>r</RequestId><HostId>h</HostId></Error>", "NoSuchKey", "m"),
    (XML, 400, {}, '{"__type": "Bad", "message": "m"}', "400", "Bad Request"),
    (XML, 400, {}, "<ErrorResponse><Error><Code>Bad</Code>", "400", "Bad Request"),
    (XML, 400, {}, "<Unexpected><Code>Bad</Code><Message>m</Message></Unexpected>", "400", "Bad Request"),
    (ALL, 404, {"x-amz-request-id": "r", "x-amz-id-2": "h"}, "", "404", "Not Found"),
    (ALL, 403, {}, "", "403", "Forbidden"),
    (ALL, 301, {"x-amz-bucket-region": "eu-central-1"}, "", "301", "Moved Permanently"),
    (ALL, 304, {}, "", "304", "Not Modified"),
    (ALL, 599, {}, "", "599", ""),
    (ALL, 503, {}, "<html><head><title>503</title></head><body>busy</body></html>", "503", "Service Unavailable"),
    (ALL, 502, {}, "<!DOCTYPE html>\n<html><body>bad gateway", "502", "Bad Gateway"),
    (ALL, 502, {}, "<HTML><BODY>bad gateway</BODY></HTML>", "502", "Bad Gateway"),
    (ALL, 500, {}, "plain words", "500", "Internal Server Error"),
    (S3, 200, {}, "<?xml version='1.0' encoding='UTF-8'?>\n\n<Error><Code>SlowDown</Code><Message>m</Message>"
                  "</Error>", "SlowDown", "m"),
    (S3, 200, {}, "   \n <Error><Code>InternalError</Code><Message>m</Message></Error>", "InternalError", "m"),
    (S3[1:], 200, {}, "   \n", "500", "Internal Server Error"),
    (S3[1:], 200, {}, "<CopyObjectResult><ETag>", "500", "Internal Server Error"),
]


@pytest.mark.parametrize("service, name, reply, code, message", [
    (service, name, reply, code, message)
    for speakers, *reply, code, message in ERRORS for service, name in speakers])
def test_errors_of_every_shape(tool, service, name, reply, code, message):
    status, headers, body = reply
    got = answer_of(tool, service, name, {}, (status, headers, body.encode()))
    assert (got["detail"]["Error"]["Code"], got["detail"]["Error"]["Message"]) == (code, message)
    assert got["detail"]["ResponseMetadata"]["HTTPStatusCode"] == (500 if status == 200 else status)
