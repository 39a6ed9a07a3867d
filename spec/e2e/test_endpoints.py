"""Where calls go, for every service, region and variant: held against botocore's own resolver.

The C tool resolves in bulk what `balm endpoint` resolves one by one; a sample goes through the command.
"""

import json
import os
import subprocess

import botocore.awsrequest
import botocore.session
import pytest
from botocore.exceptions import BotoCoreError, MissingDependencyException
from botocore.model import ServiceModel
from botocore.regions import EndpointResolverBuiltins as Builtin
from botocore.regions import EndpointRulesetResolver

from differential import SEED, Values, plain
from harness import BALM, BUILD
from newer import DATA
from oracle import Loader, bring_up_to_date, pack

TOOL = BUILD / "spec/engine/aws/tool_endpoints"
ACCOUNT = "123456789012"
OUTPOST = f"arn:aws:s3-outposts:us-west-2:{ACCOUNT}:outpost/op-01234567890123456"
BUCKETS = [
    "logs", "my.logs", "Logs", "my_logs", "10.0.0.1", "a" * 63, "logs--use1-az4--x-s3",
    f"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint:reports",
    f"arn:aws:s3:us-west-2:{ACCOUNT}:accesspoint/reports",
    f"arn:aws:s3::{ACCOUNT}:accesspoint:mfzwi23gnjvgw.mrap",
    f"arn:aws-cn:s3:cn-north-1:{ACCOUNT}:accesspoint:reports",
    f"{OUTPOST}/accesspoint/reports",
    f"arn:aws:s3-object-lambda:us-east-1:{ACCOUNT}:accesspoint/banner",
]

bring_up_to_date()
SESSION = botocore.session.Session()
LOADER = Loader([DATA], include_default_search_paths=False) if DATA else Loader()
SESSION.register_component("data_loader", LOADER)
PARTITIONS = LOADER.load_data("partitions")
REGIONS = [region for partition in PARTITIONS["partitions"] for region in partition["regions"]]


class Oracle:
    """botocore's resolver for one service and one set of built-ins, without a client around it."""

    def __init__(self, service):
        self.name = service
        self.model = ServiceModel(LOADER.load_service_model(service, "service-2"), service)
        self.rules = LOADER.load_service_model(service, "endpoint-rule-set-1")
        self.resolver = EndpointRulesetResolver(
            self.rules, PARTITIONS, self.model, {}, {}, SESSION.get_component("event_emitter"))

    def ask(self, question):
        s3 = question.get("s3", {})
        endpoint = question.get("endpoint")
        region = question["region"]
        path = s3.get("addressing_style") == "path"
        if endpoint:
            path = s3.get("addressing_style") != "virtual"
        self.resolver._builtins = {
            Builtin.AWS_REGION: region,
            Builtin.AWS_USE_FIPS: not endpoint and question.get("fips", False),
            Builtin.AWS_USE_DUALSTACK: not endpoint and question.get("dualstack", False),
            Builtin.AWS_STS_USE_GLOBAL_ENDPOINT: question.get("sts") == "legacy",
            Builtin.AWS_S3_USE_GLOBAL_ENDPOINT: region == "us-east-1",
            Builtin.AWS_S3_ACCELERATE: s3.get("use_accelerate_endpoint") == "true",
            Builtin.AWS_S3_FORCE_PATH_STYLE: path,
            Builtin.AWS_S3_USE_ARN_REGION: s3.get("use_arn_region", "true") == "true",
            Builtin.AWS_S3CONTROL_USE_ARN_REGION: s3.get("use_arn_region") == "true",
            Builtin.AWS_S3_DISABLE_MRAP: False,
            Builtin.SDK_ENDPOINT: endpoint,
            "AWS::Auth::AccountId": question.get("account"),
            "AWS::Auth::AccountIdEndpointMode": "preferred",
        }
        operation = self.model.operation_model(question["operation"])
        params = question.get("params", {})
        try:
            found = self.resolver.construct_endpoint(operation, params, {})
        except BotoCoreError:
            return {"error": True}
        signing = {"region": region, "signing_name": self.model.signing_name}
        scheme = "bearer" if self.model.signature_version == "bearer" else "sigv4"
        if "authSchemes" in found.properties:
            scheme, extra = self.scheme_of(found.properties["authSchemes"])
            signing.update(extra)
        if operation.auth_type == "none":
            scheme = "none"
        if region.endswith("-global") and "authSchemes" not in found.properties:
            signing["region"] = None  # botocore asks endpoints.json, which Balm does not
        return {"url": found.url, "name": signing["signing_name"], "region": signing["region"],
                "scheme": scheme,
                "headers": {name: [value] for name, value in found.headers.items()},
                "target": self.target(operation, params, found.url)}

    def scheme_of(self, schemes):
        try:
            name, signing = self.resolver.auth_schemes_to_signing_ctx(schemes)
            return "sig" + name, signing
        except MissingDependencyException:  # Signature Version 4A alone: Debian's cannot sign it
            return "sigv4a", {"region": schemes[0]["signingRegionSet"][0],
                              "signing_name": schemes[0]["signingName"]}

    @staticmethod
    def target(operation, params, url):
        prefix = (operation.endpoint or {}).get("hostPrefix")
        fixed = [param.name for param in operation.static_context_parameters]
        if prefix == "{AccountId}." and "RequiresAccountId" in fixed:
            prefix = None
        if prefix:
            prefix = prefix.format(**params)
        return botocore.awsrequest._urljoin(url, "/x", prefix)


def same(wanted, got):
    if "error" in wanted or "error" in got:
        return "error" in wanted and "error" in got
    if wanted["region"] is None:
        wanted = dict(wanted, region=got["region"])
    return all(wanted[field] == got[field] for field in wanted)


def ask_balm(questions):
    run = subprocess.run(
        [TOOL, pack()], input="".join(json.dumps(question, default=plain) + "\n" for question in questions),
        stdout=subprocess.PIPE, text=True, check=True, timeout=120)
    return [json.loads(line) for line in run.stdout.splitlines()]


def compare(questions):
    oracles = {}
    answers = ask_balm(questions)
    assert len(answers) == len(questions)
    different = []
    for question, got in zip(questions, answers):
        service = question["service"]
        if service not in oracles:
            oracles[service] = Oracle(service)
        wanted = oracles[service].ask(question)
        if not same(wanted, got):
            different.append((question, wanted, got))
    assert not different, f"{len(different)} of {len(questions)} differ, such as {different[:3]}"
    return len(questions)


def operation_of(service):
    """One that needs no parameter in its host."""
    model = ServiceModel(LOADER.load_service_model(service, "service-2"), service)
    for name in model.operation_names:
        operation = model.operation_model(name)
        if "{" not in (operation.endpoint or {}).get("hostPrefix", "") \
                and not operation.static_context_parameters:
            return name
    return model.operation_names[0]


def test_every_service_in_every_region_fips_and_dual_stack(tell):
    count = compare([
        {"service": service, "operation": operation, "region": region, "fips": fips, "dualstack": dual}
        for service in SESSION.get_available_services()
        for operation in [operation_of(service)]
        for region in REGIONS for fips in (False, True) for dual in (False, True)])
    tell(f"{count} endpoints: 0 differences")


def test_every_service_at_a_host_of_ones_own():
    compare([
        {"service": service, "operation": operation_of(service), "region": "eu-west-1",
         "endpoint": endpoint, "fips": fips}
        for service in SESSION.get_available_services()
        for endpoint in ("http://127.0.0.1:4566", "https://vpce-1.example.com/base/")
        for fips in (False, True)])


@pytest.mark.parametrize("s3", [{}, {"addressing_style": "path"}, {"addressing_style": "virtual"},
                                {"use_accelerate_endpoint": "true"}, {"use_arn_region": "false"}])
def test_buckets_of_every_kind(s3):
    compare([
        {"service": "s3", "operation": operation, "params": {"Bucket": bucket}, "region": region,
         "fips": fips, "dualstack": dual, "s3": s3, **endpoint}
        for operation in ("PutBucketVersioning", "GetBucketLocation")
        for bucket in BUCKETS
        for region in ("us-east-1", "us-west-2", "cn-north-1", "us-gov-west-1", "aws-global")
        for endpoint in ({}, {"endpoint": "https://127.0.0.1:4566"}, {"endpoint": "https://e.example/b"})
        for fips in (False, True) for dual in (False, True)])


def test_s3_control_puts_the_account_into_the_host():
    questions = [
        {"service": "s3control", "operation": operation, "region": region, "fips": fips,
         "params": {"AccountId": account, **params}}
        for operation, params in (
            ("GetPublicAccessBlock", {}),
            ("GetAccessPoint", {"Name": f"{OUTPOST}/accesspoint/reports"}),
            ("GetBucket", {"Bucket": f"{OUTPOST}/bucket/logs"}),
            ("CreateBucket", {"Bucket": "logs", "OutpostId": "op-123"}))
        for account in (ACCOUNT, "not a label")
        for region in ("us-west-2", "us-gov-east-1", "cn-north-1") for fips in (False, True)]
    # The account of an ARN is the account, whatever the parameter says: botocore refuses to differ.
    compare([question for question in questions
             if question["params"]["AccountId"] == ACCOUNT or "Name" not in question["params"]])


def test_sts_goes_to_its_region_or_where_it_once_was():
    compare([{"service": "sts", "operation": "GetCallerIdentity", "region": region, "sts": sts,
              "fips": fips, "dualstack": dual}
             for region in REGIONS for sts in ("regional", "legacy")
             for fips in (False, True) for dual in (False, True)])


def test_event_buses_with_an_endpoint_id():
    compare([{"service": "events", "operation": "PutEvents", "region": region, "fips": fips,
              "params": {"Entries": [], "EndpointId": endpoint}}
             for region in ("eu-west-1", "cn-north-1") for fips in (False, True)
             for endpoint in ("abc.123", "a b", "")])


def test_host_prefixes_of_every_operation():
    questions = []
    for service in SESSION.get_available_services():
        model = ServiceModel(LOADER.load_service_model(service, "service-2"), service)
        for name in model.operation_names:
            prefix = (model.operation_model(name).endpoint or {}).get("hostPrefix")
            if not prefix:
                continue
            params = {part.split("}")[0]: "label-1" for part in prefix.split("{")[1:]}
            questions.append({"service": service, "operation": name, "region": "eu-west-1",
                              "params": params})
    assert len(questions) > 200
    compare(questions)


def has_context(operation):
    members = operation.input_shape.members.values() if operation.input_shape else ()
    return (operation.static_context_parameters or getattr(operation, "operation_context_parameters", None)
            or any("contextParam" in member.metadata for member in members)
            or operation.context_parameters)


def test_whatever_an_operation_gives_the_rules(tell):
    questions = []
    for service in SESSION.get_available_services():
        model = ServiceModel(LOADER.load_service_model(service, "service-2"), service)
        for operation in map(model.operation_model, model.operation_names):
            if not has_context(operation):
                continue
            for number, region in enumerate(("us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1")):
                values = Values(f"{SEED}.{number}.{service}.{operation.name}")
                params = values.structure(operation.input_shape) if operation.input_shape else {}
                questions += [{"service": service, "operation": operation.name, "region": region, "params": params,
                               "fips": number == 3, "dualstack": number == 1, "account": account}
                              for account in (None, ACCOUNT)]
    assert len(questions) > 1000
    tell(f"{compare(questions)} endpoints by the parameters of operations: 0 differences")


@pytest.mark.parametrize("question", [
    {"region": "eu-west-1.evil.example"}, {"region": "x@evil.example/"}, {"region": "a#b"},
    {"region": ""}, {"region": "a" * 64}, {"region": "-a"}, {"region": "a b"}, {"region": "a/b"},
    {"region": "eu-west-1", "params": {"Bucket": "a#b"}},
    {"region": "eu-west-1", "params": {"Bucket": "x@evil.example/"}},
    {"region": "eu-west-1", "params": {"Bucket": ""}},
    {"region": "eu-west-1", "params": {"Bucket": ".."}},
    {"region": "eu-west-1", "params": {"Bucket": "a" * 256}},
    {"region": "eu-west-1", "params": {"Bucket": "a\u0000b"}},
    {"region": "eu-west-1", "params": {"Bucket": f"arn:aws:s3:evil.example/:{ACCOUNT}:accesspoint:x"}},
])
def test_an_event_cannot_choose_the_host(question):
    [answer] = ask_balm([{"service": "s3", "operation": "PutBucketVersioning", **question}])
    assert list(answer) == ["error"]


def access_point(region, name):
    return f"arn:aws:s3:{region}:{ACCOUNT}:accesspoint:{name}"


@pytest.mark.parametrize("before, question", [
    ("logs-{}", {"Bucket": "x@evil.example/"}),
    ("logs-{}", {"Bucket": ""}),
    ("logs-{}", {}),
    ("logs-{}", {"Bucket": access_point("us-west-2", "reports")}),
    (access_point("us-west-2", "reports-{}"), {"Bucket": access_point("eu-west-1", "reports")}),
    (access_point("us-west-2", "reports-{}"), {"Bucket": "arn:aws:s3:::logs"}),
    (access_point("us-west-2", "reports-{}"), {"Bucket": "logs"}),
])
def test_what_is_remembered_of_an_operation_answers_no_other_question(before, question):
    """The tool ends with a failure where an answer from memory is not the rules' own."""
    asked = [{"Bucket": before.format(number)} for number in range(4)] + [question]
    ask_balm([{"service": "s3", "operation": "PutBucketVersioning", "region": "us-west-2", "params": params,
               "s3": {"addressing_style": style}} for style in ("auto", "path") for params in asked])


def test_a_parameter_cannot_choose_the_host_by_a_prefix():
    for label in ("evil.example/", "a.b", "", "a" * 64):
        [answer] = ask_balm([{"service": "s3", "operation": "WriteGetObjectResponse",
                              "region": "eu-west-1", "params": {"RequestRoute": label}}])
        assert list(answer) == ["error"]


@pytest.mark.parametrize("service, region, params, url, name", [
    ("s3", "eu-west-1", ["Bucket=logs"], "https://logs.s3.eu-west-1.amazonaws.com", "s3"),
    ("iam", "eu-west-1", [], "https://iam.amazonaws.com", "iam"),
    ("sts", "cn-north-1", [], "https://sts.cn-north-1.amazonaws.com.cn", "sts"),
    ("ec2", "global", [], "https://ec2.us-east-1.amazonaws.com", "ec2"),  # as a call's session has it
    ("elbv2", "us-gov-west-1", ["UseFIPS=true"],
     "https://elasticloadbalancing.us-gov-west-1.amazonaws.com", "elasticloadbalancing"),
])
def test_the_command_prints_what_the_library_resolves(service, region, params, url, name):
    words = [word for param in params for word in ("--param", param)]
    run = subprocess.run([BALM, "endpoint", service, "--region", region, "--output", "json", *words],
                         stdout=subprocess.PIPE, text=True, check=True, timeout=20,
                         env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
    answer = json.loads(run.stdout)
    assert (answer["url"], answer["signingName"], answer["authScheme"]) == (url, name, "sigv4")
