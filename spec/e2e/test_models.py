"""The pack holds what botocore reads from the same descriptions, to the last member."""

import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.model import ServiceModel

from harness import BALM, PACK

LOADER = botocore.session.Session().get_component("data_loader")
DATA = LOADER.BUILTIN_DATA_PATH
SERVICES = LOADER.list_available_services("service-2")

METADATA = ["apiVersion", "serviceId", "endpointPrefix", "signatureVersion", "jsonVersion",
            "targetPrefix", "globalEndpoint", "protocol"]
MEMBER_TEXTS = ["location", "queryName", "timestampFormat"]
MEMBER_FLAGS = ["xmlAttribute", "flattened", "streaming", "jsonvalue", "hostLabel"]


def models(*words, **more):
    return subprocess.run([BALM, "models", *words], capture_output=True, text=True, check=False,
                          **more)


def shown(service):
    answer = models("show", service, "--output", "json", "--models", PACK)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def without_documentation(value):
    if isinstance(value, dict):
        return {key: without_documentation(item) for key, item in value.items()
                if not (key == "documentation" and isinstance(item, str))}
    if isinstance(value, list):
        return [without_documentation(item) for item in value]
    return value


def document(service, name, within=None):
    try:
        whole = LOADER.load_service_model(service, name)
    except UnknownServiceError:
        return {}
    return without_documentation(whole[within] if within else whole)


def expected_member(shape, required=False):
    """shape: what botocore makes of a reference, the reference's traits laid over the shape's."""
    serialization = shape.serialization
    namespace = serialization.get("xmlNamespace", {})
    namespace = namespace if isinstance(namespace, dict) else {"uri": namespace}
    texts = {name: serialization.get(name) for name in MEMBER_TEXTS}
    texts["shape"] = shape.name
    texts["xmlNamespace"] = namespace.get("uri")
    texts["xmlPrefix"] = namespace.get("prefix")
    texts["contextParam"] = shape.metadata.get("contextParam", {}).get("name")
    flags = {name: bool(serialization.get(name)) for name in MEMBER_FLAGS}
    flags["required"] = required
    flags["idempotencyToken"] = bool(shape.metadata.get("idempotencyToken"))
    flags["sensitive"] = bool(shape.metadata.get("sensitive"))
    want = {name: value for name, value in {**texts, **flags}.items() if value}
    if "name" in serialization:
        want["locationName"] = serialization["name"]  # stated, be it empty
    return want


def expected_shape(shape):
    raw = shape._shape_model
    want = {"type": shape.type_name}
    for name in ("union", "document", "eventstream", "flattened", "exception"):
        if raw.get(name):
            want[name] = True
    for name in ("min", "max"):
        if raw.get(name) is not None:
            want[name] = float(raw[name])  # the pack keeps bounds as doubles
    if raw.get("payload"):
        want["payload"] = raw["payload"]
    if raw.get("enum"):
        want["enum"] = raw["enum"]
    if raw.get("exception"):
        want["code"] = raw.get("error", {}).get("code", shape.name)
        if raw.get("error", {}).get("httpStatusCode"):
            want["status"] = raw["error"]["httpStatusCode"]
    if shape.type_name == "list":
        want["member"] = expected_member(shape.member)
    if shape.type_name == "map":
        want["key"] = expected_member(shape.key)
        want["value"] = expected_member(shape.value)
    if shape.type_name == "structure":
        want["members"] = {name: expected_member(member, name in shape.required_members)
                           for name, member in shape.members.items()}
    return want


def expected_operation(operation, pagination):
    raw = operation._operation_model
    checksum = raw.get("httpChecksum", {})
    want = {
        "call": xform_name(operation.name),
        "method": raw["http"]["method"],
        "requestUri": raw["http"]["requestUri"],
        "responseCode": raw["http"].get("responseCode", 200),
        "resultWrapper": raw.get("output", {}).get("resultWrapper"),
        "hostPrefix": raw.get("endpoint", {}).get("hostPrefix"),
        "authType": raw.get("authtype"),
        "checksumMember": checksum.get("requestAlgorithmMember"),
        "unsignedPayload": raw.get("authtype") == "v4-unsigned-body",
        "eventStream": operation.has_event_stream_input or operation.has_event_stream_output,
        "checksumRequired": operation.http_checksum_required
                            or checksum.get("requestChecksumRequired", False),
        "checksumResponse": "requestValidationModeMember" in checksum,
        "staticContext": raw.get("staticContextParams"),
        "paginator": pagination.get(operation.name),
    }
    want = {name: value for name, value in want.items() if value}
    if operation.input_shape:
        want["input"] = expected_member(operation.input_shape)
    if operation.output_shape:
        want["output"] = expected_member(operation.output_shape)
    want["errors"] = [shape.name for shape in operation.error_shapes]
    return want


def hold_members_in_order(got, want, where):
    assert list(got.get("members", {})) == list(want.get("members", {})), where


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_as_botocore_reads_it(service):
    model = ServiceModel(LOADER.load_service_model(service, "service-2"), service)
    pagination = document(service, "paginators-1", "pagination")
    got = shown(service)
    for name in METADATA:
        assert got["metadata"].get(name) == model.metadata.get(name), name
    assert got["metadata"]["signingName"] == model.signing_name
    assert sorted(got["operations"]) == sorted(model.operation_names)
    for name in model.operation_names:
        operation = dict(got["operations"][name])
        del operation["access"], operation["actions"], operation["dependents"]
        assert operation == expected_operation(model.operation_model(name), pagination), name
    for name, shape in got["shapes"].items():
        want = expected_shape(model.shape_for(name))
        assert shape == want, name
        hold_members_in_order(shape, want, name)


@pytest.mark.parametrize("service", SERVICES)
def test_documents_are_whole(service):
    got = shown(service)
    assert got.get("rules", {}) == document(service, "endpoint-rule-set-1")
    assert got.get("waiters", {}) == document(service, "waiters-2", "waiters")


def test_all_operations_are_there():
    rows = [json.loads(line) for line in models("list", "--models", PACK).stdout.splitlines()]
    assert [row["service"] for row in rows] == SERVICES
    assert sum(row["operations"] for row in rows) == 12819
    assert os.path.getsize(PACK) < 12_000_000


def test_what_balm_cannot_call_says_why():
    rows = [json.loads(line) for line in models("list", "--models", PACK).stdout.splitlines()]
    refused = {row["service"]: row["refusal"] for row in rows if "refusal" in row}
    assert "Signature Version 2" in refused["sdb"]
    assert "bearer" in refused["codecatalyst"]
    assert "s3" not in refused


@pytest.fixture
def tree(tmp_path):
    """A data folder with sts alone."""
    shutil.copytree(os.path.join(DATA, "sts"), tmp_path / "data" / "sts")
    return tmp_path


def test_packed_descriptions_are_read_too(tree):
    plain = tree / "data/sts/2011-06-15/service-2.json"
    with gzip.open(f"{plain}.gz", "wb") as packed:
        packed.write(plain.read_bytes())
    plain.unlink()
    answer = models("build", str(tree / "data"), "-o", str(tree / "pack"))
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["operations"] == 8


def test_a_later_folder_lies_over_the_earlier(tree):
    newer = tree / "over/sts/2099-01-01"
    newer.mkdir(parents=True)
    model = json.loads((tree / "data/sts/2011-06-15/service-2.json").read_text())
    model["metadata"]["apiVersion"] = "2099-01-01"
    del model["operations"]["GetSessionToken"]
    (newer / "service-2.json").write_text(json.dumps(model))
    answer = models("build", str(tree / "data"), "--overlay", str(tree / "over"), "-o",
                    str(tree / "pack"))
    assert json.loads(answer.stdout)["operations"] == 7
    rows = models("list", "--models", str(tree / "pack")).stdout
    assert json.loads(rows)["apiVersion"] == "2099-01-01"


def test_one_service_folder_is_enough(tree):
    answer = models("build", str(tree / "data/sts"), "-o", str(tree / "pack"))
    assert json.loads(answer.stdout)["services"] == 1


def test_bad_json_is_named_with_its_place(tree):
    path = tree / "data/sts/2011-06-15/service-2.json"
    path.write_text('{\n  "metadata": {,}\n}\n')
    answer = models("build", str(tree / "data"), "-o", str(tree / "pack"))
    assert answer.returncode == 2
    assert re.search(r"service-2\.json.*line 2", answer.stderr)
    assert not (tree / "pack").exists()


def test_a_shape_that_is_not_there_is_named(tree):
    path = tree / "data/sts/2011-06-15/service-2.json"
    path.write_text(path.read_text().replace('"shape":"tokenType"', '"shape":"tokenTipe"'))
    answer = models("build", str(tree / "data"), "-o", str(tree / "pack"))
    assert answer.returncode == 2
    assert "tokenTipe" in answer.stderr and "service-2.json" in answer.stderr


def test_a_person_sees_what_to_write():
    answer = models("show", "s3", "PutBucketVersioning", "--output", "text", "--models", PACK)
    assert "put_bucket_versioning" in answer.stdout
    assert re.search(r"Bucket +required, string", answer.stdout)
    assert re.search(r"Status +string: Enabled \| Suspended", answer.stdout)
    assert "s3:PutBucketVersioning" in answer.stdout


def test_a_person_sees_which_other_permissions_a_call_may_need():
    answer = models("show", "ec2", "run_instances", "--output", "text", "--models", PACK)
    assert "  may also need iam:PassRole, ec2:CreateTags, ssm:GetParameters\n" in answer.stdout
    none = models("show", "s3", "put_bucket_versioning", "--output", "text", "--models", PACK)
    assert "may also need" not in none.stdout


def dependents_as_published():
    """action -> what the table names beside it"""
    table = pathlib.Path(__file__).resolve().parents[2] / "engine/aws/dependents.tsv"
    rows = [line.split("\t") for line in table.read_text().splitlines() if not line.startswith("#")]
    return {f"{prefix}:{name}": named.split(",")
            for prefix, named, names in rows for name in names.split(",")}


@pytest.mark.parametrize("service", ["cloudtrail", "dynamodb", "ec2", "lambda", "rds", "s3", "sagemaker"])
def test_an_operation_may_need_what_its_actions_may(service):
    published = dependents_as_published()
    for name, operation in shown(service)["operations"].items():
        actions = operation["actions"]
        named = [other for action in actions for other in published.get(action, [])
                 if other not in actions]
        assert operation["dependents"] == list(dict.fromkeys(named)), name


def test_the_nearest_name_is_suggested():
    answer = models("show", "s3", "put_bucket_versionin", "--models", PACK)
    assert answer.returncode == 2
    assert 'did you mean \\"put_bucket_versioning\\"' in answer.stderr
