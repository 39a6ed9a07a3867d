"""What Balm sends and reads, held against botocore, operation by operation, over all services.

The C tool does in bulk what `balm call` does one by one (test_differential.py goes through that); see
sweep.py for the environment variables.
"""

import base64

import answer
import botocore.exceptions
import pytest
from differential import (SEED, Values, botocore_error, by_value, refused_by_both, request_differences,
                          shown_difference)
from sweep import sweep


def request_faults(tool, oracle, service, name):
    operation = oracle.operation(service, name)
    values = Values(f"{SEED}.{service}.{name}")
    params = values.structure(operation.input_shape) if operation.input_shape else {}
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


def answer_of(tool, service, name, reply):
    status, headers, body = reply
    return tool(service=service, operation=name, params={}, status=status, headers=headers,
                body=base64.b64encode(body).decode())


def answer_faults(tool, oracle, service, name):
    operation = oracle.operation(service, name)
    values = Values(f"{SEED}.{service}.{name}", answers=True)
    output = values.structure(operation.output_shape) if operation.output_shape else {}
    params = Values(f"{SEED}.in.{service}.{name}")
    reply = answer.written(operation.service_model.protocol, operation, output)
    got = answer_of(tool, service, name, reply)
    try:
        given = params.structure(operation.input_shape) if operation.input_shape else {}
        wanted = by_value(oracle.reads(service, name, given, reply))
    except botocore.exceptions.ClientError as error:  # a good status that hides an error
        if by_value(error.response)["Error"] != got.get("detail", {}).get("Error"):
            yield f"botocore reads an error: {error}"
        return
    except Exception as error:  # botocore raises anything where an answer is not what it should be
        if not refused_by_both(error, got):
            yield f"botocore cannot read: {error!r}"
        return
    if "answer" not in got:
        yield f"Balm cannot read: {got}"
    elif wanted != by_value(got["answer"]):
        yield shown_difference(wanted, by_value(got["answer"]))


def error_faults(tool, oracle, service, name):
    model = oracle.operation(service, name).service_model
    values = Values(f"{SEED}.{service}.{name}", answers=True)
    shapes = oracle.operation(service, name).error_shapes or []
    shape = values.random.choice(shapes) if shapes and values.chance(0.9) else None
    members = values.structure(shape) if shape is not None else None
    for member in list(members or {}):  # what the writer itself sets
        header = shape.members[member].serialization.get("name", "").lower()
        if member.lower() in ("message", "code", "type", "requestid") or header == "x-amzn-errortype":
            del members[member]
    code = (shape.metadata.get("error", {}).get("code") or shape.name) if shape is not None else "SomeCode"
    reply = answer.failed(model.protocol, service, shape, members, code, "It failed: é, <&>")
    params = Values(f"{SEED}.in.{service}.{name}")
    given = oracle.operation(service, name).input_shape
    try:
        oracle.reads(service, name, params.structure(given) if given else {}, reply)
        yield "botocore sees no error"
        return
    except oracle.client(service).exceptions.ClientError as error:
        wanted = by_value(error.response)
    except botocore_error:
        return  # refused before anything is sent: not about answers
    metadata = wanted["ResponseMetadata"]
    wanted["ResponseMetadata"] = {name: metadata[name] for name in ("HTTPStatusCode", "RequestId")}
    got = answer_of(tool, service, name, reply)
    if wanted != got.get("detail"):
        yield shown_difference(wanted, got.get("detail"))


@pytest.fixture(scope="module")
def faults(request):
    count, found = sweep(request_faults, answer_faults, error_faults)
    show = request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled
    with show():
        print(f"\n{count} operations, each a request, an answer and an error: "
              f"{sum(map(len, found.values()))} differences")
    return found


def test_every_request_is_botocores(faults):
    assert faults["request_faults"] == []


def test_every_answer_reads_as_in_botocore(faults):
    assert faults["answer_faults"] == []


def test_every_error_reads_as_in_botocore(faults):
    assert faults["error_faults"] == []
