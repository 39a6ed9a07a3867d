"""rpc-v2-cbor: the codec held against cbor2, the protocol against the Smithy specification.

No service of Debian's descriptions is offered in it alone, so that some of JSON's are made to.
"""

import base64
import datetime
import json
import math
import random
import struct
import subprocess

import cbor2
import pytest
from answer import CBOR, failed, written
from differential import SEED, Values, by_value
from harness import BUILD
from oracle import Oracle
from sweep import Tool, rewritten_pack

SERVICES = ["dynamodb", "ecs", "gamelift", "kinesis", "sagemaker"]


def reads(*items):
    """What Balm reads in each item."""
    lines = b"".join(base64.b64encode(item) + b"\n" for item in items)
    run = subprocess.run([BUILD / "spec/engine/core/tool_cbor"], input=lines, stdout=subprocess.PIPE, check=True,
                         timeout=60)
    return [json.loads(line) for line in run.stdout.splitlines()]


# ---- the codec ----


def made_up(dice, depth=0):
    """A value, and what is left of it in JSON as Balm prints it."""
    kind = dice.randrange(10 if depth < 4 else 7)
    if kind == 0:
        number = dice.choice([0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**63 - 1])
        number = dice.choice([number, -1 - number])
        return number, number
    if kind == 1:
        text = "".join(dice.choice(["a", "é", "日", "😀", "\n", '"']) for _ in range(dice.randrange(300)))
        return text, text
    if kind == 2:
        data = dice.randbytes(dice.randrange(300))
        return data, base64.b64encode(data).decode()
    if kind == 3:
        return dice.choice([(True, True), (False, False), (None, None), (cbor2.undefined, None)])
    if kind == 4:
        number = dice.choice([0.5, -1.25, 1e300, 0.1, 65504.0, 5e-324])
        return number, number
    if kind == 5:
        number = dice.choice([math.inf, -math.inf, math.nan])
        return number, {math.inf: "Infinity", -math.inf: "-Infinity"}.get(number, "NaN")
    if kind == 6:
        seconds = dice.randrange(-(2**33), 2**33)
        at = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
        return cbor2.CBORTag(1, seconds), at.isoformat().replace("+00:00", "Z")
    pairs = [made_up(dice, depth + 1) for _ in range(dice.randrange(30 if depth < 2 else 3))]
    if kind < 9:
        return [one for one, _ in pairs], [left for _, left in pairs]
    return ({f"k{i}": one for i, (one, _) in enumerate(pairs)},
            {f"k{i}": left for i, (_, left) in enumerate(pairs)})


def endless(value):
    """value with no length told anywhere: strings in pieces, lists and maps up to their end."""
    if isinstance(value, dict):
        return b"\xbf" + b"".join(endless(key) + endless(each) for key, each in value.items()) + b"\xff"
    if isinstance(value, list):
        return b"\x9f" + b"".join(map(endless, value)) + b"\xff"
    if isinstance(value, bytes):
        return b"\x5f" + cbor2.dumps(value[:3]) + cbor2.dumps(value[3:]) + b"\xff"
    if isinstance(value, str):
        return b"\x7f" + cbor2.dumps(value[:3]) + cbor2.dumps(value[3:]) + b"\xff"
    return cbor2.dumps(value)


@pytest.mark.parametrize("write", [cbor2.dumps, lambda value: cbor2.dumps(value, canonical=True), endless])
def test_what_cbor2_writes_is_read(write):
    dice = random.Random(SEED)
    made = [made_up(dice) for _ in range(1500)]
    for (value, wanted), got in zip(made, reads(*(write(value) for value, _ in made)), strict=True):
        assert got == wanted, (value, got)


def test_every_half_float_is_read():
    halves = [struct.pack(">BH", 0xF9, bits) for bits in range(65536)]
    for item, got in zip(halves, reads(*halves), strict=True):
        wanted = struct.unpack(">e", item[1:])[0]
        assert float(got) == wanted or math.isnan(wanted) and got == "NaN"


@pytest.mark.parametrize("item, word", [
    ("", "the end"), ("18", "the end"), ("61", "the end"), ("81", "the end"), ("a1", "the end"),
    ("5f41", "the end"), ("9f", "the end"), ("bf6161", "the end"), ("fb00", "the end"),
    ("9bffffffffffffffff", "the end"), ("5bffffffffffffffff00", "the end"), ("7a7fffffff", "the end"),
    ("1c", "no known size"), ("3e", "no known size"), ("f8", "the end"), ("f820", "simple value"), ("e0", "simple value"),
    ("1bffffffffffffffff", "beyond 64 bits"), ("3b8000000000000000", "beyond 64 bits"),
    ("c249010000000000000000", "a tag"), ("c074323031332d30332d32315432303a30343a30305a", "a tag"), ("c4820001", "a tag"),
    ("c16161", "no number"), ("c1fb7ff0000000000000", "bounds"), ("c1fb7e37e43c8800759c", "bounds"),
    ("ff", "nothing that began"), ("1f", "without a value"), ("df", "a tag"), ("0000", "behind the value"),
    ("61ff", "UTF-8"), ("a10000", "no text"), ("5f6161ff", "a piece"), ("5f5f4100ffff", "a piece"),
    ("81" * 129 + "00", "too deep"), ("9f" * 300, "too deep"), ("c1" * 200 + "00", "too deep"),
])
def test_what_is_damaged_or_not_spoken_is_refused_with_its_place(item, word):
    [got] = reads(bytes.fromhex(item))
    assert list(got) == ["error"]
    assert got["error"].startswith("byte ")
    assert word in got["error"]


# ---- the protocol ----


@pytest.fixture(scope="module")
def oracle():
    return Oracle()


@pytest.fixture(scope="module")
def tool(oracle, tmp_path_factory):
    """The tool with a pack whose services speak nothing else."""
    def change(model, rules):
        model["metadata"]["protocols"] = ["smithy-rpc-v2-cbor"]

    loader = oracle.session.get_component("data_loader")
    running = Tool(pack_path=rewritten_pack(tmp_path_factory.mktemp("cbor"), loader, dict.fromkeys(SERVICES, change)))
    yield running
    running.close()


def cases(oracle):
    for service in SERVICES:
        for name in oracle.operations(service):
            operation = oracle.operation(service, name)
            if not operation.has_event_stream_output:
                yield service, name, operation


def as_read(shape, value):
    """value as cbor2 reads it back."""
    kind = shape.type_name
    if value is None or (kind == "structure" and shape.is_document_type):
        return value
    if kind == "structure":
        return {name: as_read(shape.members[name], each) for name, each in value.items()}
    if kind == "list":
        return [as_read(shape.member, each) for each in value]
    if kind == "map":
        return {key: as_read(shape.value, each) for key, each in value.items()}
    if kind == "timestamp":
        return value.replace(microsecond=0)
    if kind == "float":
        return struct.unpack(">f", struct.pack(">f", value))[0] if abs(value) < 3e38 else math.copysign(math.inf, value)
    return value


def test_requests_are_the_protocols(oracle, tool):
    count = 0
    for service, name, operation in cases(oracle):
        params = Values(f"{SEED}.{service}.{name}").structure(operation.input_shape)
        got = tool(service=service, operation=name, params=params)
        assert "error" not in got, got
        body = base64.b64decode(got["body_base64"]) if "body_base64" in got else got["body"].encode()
        headers = {header.lower(): value for header, value in got["headers"].items()}
        target = operation.service_model.metadata["targetPrefix"]
        assert got["method"] == "POST"
        assert got["url"].endswith(f".amazonaws.com/service/{target}/operation/{name}")
        assert (headers["smithy-protocol"], headers["accept"], headers["content-type"]) == (
            "rpc-v2-cbor", "application/cbor", "application/cbor")
        assert "x-amz-target" not in headers
        assert cbor2.loads(body) == as_read(operation.input_shape, params), f"{service}:{name}"
        count += 1
    assert count > 500


def test_answers_and_errors_are_read(oracle, tool):
    for service, name, operation in cases(oracle):
        shape = operation.output_shape
        output = Values(f"{SEED}.{service}.{name}", answers=True).structure(shape) if shape else {}
        status, headers, body = written(CBOR, operation, output)
        got = tool(service=service, operation=name, params={}, status=status, headers=headers,
                   body=base64.b64encode(body).decode())
        assert got == {"answer": by_value(output)}, f"{service}:{name}"
        status, headers, body = failed(CBOR, service, None, None, "NoSuchThing", "It is not there")
        got = tool(service=service, operation=name, params={}, status=status, headers=headers,
                   body=base64.b64encode(body).decode())
        assert got["detail"] == {"Error": {"Code": "NoSuchThing", "Message": "It is not there"},
                                 "ResponseMetadata": {"HTTPStatusCode": 400, "RequestId": "id-1"}}


@pytest.mark.parametrize("status, headers, body, code", [
    (400, {}, cbor2.dumps({"__type": "aws.x#Bad:http://internal/", "Message": "m"}), "Bad"),
    (400, {"x-amzn-query-error": "Old.Bad;Sender"}, cbor2.dumps({"__type": "x#Bad", "message": "m"}), "Old.Bad"),
    (503, {}, b"<html><body>busy</body></html>", "503"),
    (500, {}, b"", "500"),
    (502, {}, b"\xbf\x61", "502"),
    (404, {}, cbor2.dumps({"message": "m"}), "404"),
])
def test_errors_of_every_shape(tool, status, headers, body, code):
    got = tool(service="gamelift", operation="ListBuilds", params={}, status=status, headers=headers,
               body=base64.b64encode(body).decode())
    assert got["detail"]["Error"]["Code"] == code
    assert got["detail"]["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize("body", [b"\x9f", cbor2.dumps([1]), cbor2.dumps({"Builds": {"a": 1}}), b"{}"])
def test_an_answer_that_is_none_is_an_error(tool, body):
    got = tool(service="gamelift", operation="ListBuilds", params={}, status=200, headers={},
               body=base64.b64encode(body).decode())
    assert "the answer cannot be read" in got["error"]
