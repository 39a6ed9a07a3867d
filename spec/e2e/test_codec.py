"""What Balm sends and reads, held against botocore, operation by operation, over all services.

The C tool does in bulk what `balm call` does one by one (test_differential.py goes through that); see
sweep.py for the environment variables.
"""

import base64

import answer
import botocore.exceptions
import pytest
from differential import (APART, SEED, Values, asymmetric, botocore_error, by_value, refusal, refused_by_both,
                          request_differences, shown_difference)
from sweep import sweep


def request_faults(tool, oracle, service, name):
    operation = oracle.operation(service, name)
    values = Values(f"{SEED}.{service}.{name}")
    params = values.structure(operation.input_shape) if operation.input_shape else {}
    got = tool(service=service, operation=name, params=params)
    refused = refusal(service, operation)
    if refused:
        if refused not in got.get("error", ""):
            yield f"is not refused: {got}"
        return
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
    operation = oracle.operation(service, name)
    values = Values(f"{SEED}.{service}.{name}", answers=True)
    output = values.structure(operation.output_shape) if operation.output_shape else {}
    reply = answer.written(operation.service_model.protocol, operation, output)
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
