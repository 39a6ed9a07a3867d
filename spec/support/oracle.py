"""botocore as the independent oracle: the request that it would send, byte for byte, and what it reads.

Debian's copy is older than what Balm promises (its current behaviour), so that a few of its habits are
brought up to date here; each has its reason beside it, and nothing else is changed. BALM_BOTOCORE_DATA
names a newer directory of descriptions (newer.py), from which a pack is then built as well.
"""

import calendar
import datetime
import enum
import functools
import json
import pathlib
import subprocess
import tempfile
import types
from urllib.parse import urlsplit

from newer import DATA  # before botocore, as it chooses the copy

import botocore.auth
import botocore.awsrequest
import botocore.client
import botocore.config
import botocore.endpoint_provider
import botocore.handlers
import botocore.httpchecksum
import botocore.loaders
import botocore.parsers
import botocore.regions
import botocore.serialize
import botocore.session
import jmespath
from botocore.compat import HAS_CRT
from harness import BALM, PACK

if HAS_CRT:
    import botocore.crt.auth

IS_OLD = tuple(map(int, botocore.__version__.split(".")[:2])) < (1, 36)
PROTOCOLS = ["json", "rest-json", "rest-xml", "smithy-rpc-v2-cbor", "query", "ec2"]  # the first offered
ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
REGION = "eu-west-1"
NOW = datetime.datetime(2026, 11, 23, 8, 0, 0)
NOW_TEXT = "2026-11-23T08:00:00Z"


class Captured(Exception):
    def __init__(self, request):
        super().__init__("captured")
        self.request = request


class Frozen(datetime.datetime):
    @classmethod
    def utcnow(cls):
        return NOW


def now(remove_tzinfo=True):
    return NOW if remove_tzinfo else NOW.replace(tzinfo=datetime.timezone.utc)


def freeze():
    """botocore signs with these modules' clocks alone."""
    frozen = types.SimpleNamespace(**vars(datetime))
    frozen.datetime = Frozen
    for module in (botocore.auth, *([botocore.crt.auth] if HAS_CRT else [])):
        module.datetime = frozen
        module.get_current_datetime = now


def sign_in_python():
    """Only asymmetric signatures are left to botocore's C library, which prints the others otherwise."""
    botocore.auth.AUTH_TYPE_MAPS.update({
        "v4": botocore.auth.SigV4Auth, "v4-query": botocore.auth.SigV4QueryAuth,
        "s3v4": botocore.auth.S3SigV4Auth, "s3v4-query": botocore.auth.S3SigV4QueryAuth,
    })


class Loader(botocore.loaders.Loader):
    """Descriptions as Balm chooses among the protocols of a service; older copies know no such list."""

    def load_service_model(self, service_name, type_name, api_version=None):
        model = super().load_service_model(service_name, type_name, api_version)
        if type_name == "service-2":
            metadata = model["metadata"]
            offered = metadata.get("protocols", [metadata["protocol"]])
            metadata["protocol"] = next((each for each in PROTOCOLS if each in offered), metadata["protocol"])
            if service_name == "simpledbv2":  # which older tables of hosts take for the first version
                metadata["endpointPrefix"] = service_name
        return model


@functools.cache
def newer_pack():
    """A folder, gone with this process, and the pack of the newer descriptions in it."""
    folder = tempfile.TemporaryDirectory(prefix="balm-newer-")
    path = pathlib.Path(folder.name, "models.pack")
    subprocess.run([BALM, "models", "build", DATA, "-o", path], check=True, stdout=subprocess.DEVNULL)
    return folder, path


def pack():
    """The pack that holds what botocore is asked about."""
    return newer_pack()[1] if DATA else PACK


# ---- today's habits ----


def checksum(request, operation_model, params, supported_algorithms=None):
    """Content-MD5, and a trailer for streams, gave way to a CRC32 header wherever a checksum is known.

    A trailer is for bodies that are not known beforehand; Balm's are, so that a header says the same.
    """
    if any(name.lower().startswith("x-amz-checksum-") for name in request["headers"]):
        return
    facts = operation_model.http_checksum
    member = facts.get("requestAlgorithmMember")
    if not member and not (operation_model.http_checksum_required or facts.get("requestChecksumRequired")):
        return
    algorithm = params.get(member) if member else None
    if algorithm is None:
        algorithm = "CRC32"
        shape = operation_model.input_shape.members.get(member) if member else None
        if shape is not None:
            request["headers"][shape.serialization["name"]] = algorithm
    name = algorithm.lower()
    request["context"].setdefault("checksum", {})["request_algorithm"] = {
        "algorithm": name, "in": "header", "name": f"x-amz-checksum-{name}",
    }


def validation_mode(params, model, **kwargs):
    """A response that can be checked is asked for its checksum."""
    member = model.http_checksum.get("requestValidationModeMember")
    if member:
        params.setdefault(member, "ENABLED")


def lower_booleans(convert):
    """A boolean in a header is `true`, not Python's `True`."""

    def converted(self, shape, value):
        return str(value).lower() if isinstance(value, bool) else convert(self, shape, value)

    return converted


class ParameterType(enum.Enum):
    """What a rule set may ask for; lists came later."""

    string = str
    boolean = bool
    stringarray = tuple  # so that it can be remembered by


def from_expressions(resolve):
    """A parameter of a rule set may also be found in a call's own by an expression."""

    def resolved(self, param_name, operation_model, call_args):
        expressions = operation_model._operation_model.get("operationContextParams", {})
        if param_name in expressions:
            found = jmespath.search(expressions[param_name]["path"], call_args)
            return tuple(found) if isinstance(found, list) else found
        return resolve(self, param_name, operation_model, call_args)

    return resolved


def of_any_name(self, builtin_name, builtins):
    """What rule sets ask the SDK itself; the account came later."""
    return builtins.get(builtin_name)


def parts_of_both_kinds(parse):
    """The resource that an ARN names is divided by colons and slashes alike."""

    def parsed(self, value):
        arn = parse(self, value)
        if arn:
            arn["resourceId"] = [part for each in arn["resourceId"] for part in each.split("/")]
        return arn

    return parsed


def named_as_sent(has_unknown):
    """The members of a union are told apart by the names that they have on the wire."""

    def found(self, shape, value):
        names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
        return has_unknown(self, shape, {names.get(name, name): each for name, each in value.items()})

    return found


def query_mode(params, model, **kwargs):
    """A service that once spoke otherwise is asked for the names of errors that it had then."""
    if "awsQueryCompatible" in model.metadata and model.metadata["protocol"] != "query":
        params["headers"]["x-amzn-query-mode"] = "true"


def keep_milliseconds(serializer):
    """The times that one service is sent are finer than the others'."""

    def seconds(time):
        return calendar.timegm(time.timetuple()) + time.microsecond // 1000 / 1000

    def text(time):
        return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"

    serializer._timestamp_unixtimestamp, serializer._timestamp_iso8601 = seconds, text


def as_headers(resolve):
    """Today's trailers as the headers that say the same, like in checksum() above."""

    def resolved(request, *args, **kwargs):
        resolve(request, *args, **kwargs)
        algorithm = request["context"].get("checksum", {}).get("request_algorithm", {})
        if isinstance(algorithm, dict) and algorithm.get("in") == "trailer":
            algorithm["in"] = "header"

    return resolved


@functools.cache
def bring_up_to_date():
    checksums = botocore.httpchecksum
    if not IS_OLD:
        checksums.resolve_request_checksum_algorithm = as_headers(checksums.resolve_request_checksum_algorithm)
        return
    checksums.resolve_request_checksum_algorithm = checksum
    serializer = botocore.serialize.BaseRestSerializer
    serializer._convert_header_value = lower_booleans(serializer._convert_header_value)
    parser = botocore.parsers.ResponseParser
    parser._has_unknown_tagged_union_member = named_as_sent(parser._has_unknown_tagged_union_member)
    botocore.endpoint_provider.ParameterType = ParameterType
    library = botocore.endpoint_provider.RuleSetStandardLibrary
    library.aws_parse_arn = parts_of_both_kinds(library.aws_parse_arn)
    resolver = botocore.regions.EndpointRulesetResolver
    resolver._resolve_param_from_context = from_expressions(resolver._resolve_param_from_context)
    resolver._resolve_param_as_builtin = of_any_name
    # A table of hosts that is not its own would else be asked before the rules.
    botocore.client.ClientEndpointBridge.resolver_uses_builtin_data = lambda bridge: True
    # Directory buckets, signed as without a session: their name for the service has S3's signature.
    botocore.auth.AUTH_TYPE_MAPS["v4-s3express"] = botocore.auth.S3SigV4Auth
    botocore.handlers.S3_SIGNING_NAMES += ("s3express",)


# ---- requests and answers ----


class Oracle:
    def __init__(self, region=REGION, token=None):
        freeze()
        sign_in_python()
        bring_up_to_date()
        self.region = region
        self.session = botocore.session.Session()
        loader = Loader([DATA], include_default_search_paths=False) if DATA else Loader()
        self.session.register_component("data_loader", loader)
        # Today's default, which Debian's copy does not have yet.
        self.session.set_config_variable("sts_regional_endpoints", "regional")
        self.session.set_credentials(ACCESS_KEY, SECRET_KEY, token)
        self.session.set_config_variable("region", region)
        self.clients, self.models = {}, {}
        self.asked = None  # the operation
        self.answer = None  # (status, headers, body) of the call under way

    def client(self, service):
        if service not in self.clients:
            config = botocore.config.Config(
                retries={"total_max_attempts": 1, "mode": "standard"},
                s3={"disable_s3_express_session_auth": True})  # as a dry run signs
            client = self.session.create_client(service, region_name=self.region, config=config)
            client.meta.events.register("before-send", self.on_send)
            client.meta.events.register("before-parameter-build", validation_mode)
            if IS_OLD:
                self.bring_client_up_to_date(client, service)
            self.clients[service] = client
        return self.clients[service]

    @staticmethod
    def bring_client_up_to_date(client, service):
        client.meta.events.register("before-call", query_mode)
        if service == "s3":  # today also of the operation that ends an upload
            client.meta.events.register("before-parameter-build.s3.CompleteMultipartUpload", botocore.handlers.sse_md5)
        if service == "bedrock-agentcore":
            keep_milliseconds(client._serializer._serializer)

    def on_send(self, request, **kwargs):
        if operation_name(request) == "DescribeEndpoints" and self.asked != "DescribeEndpoints":
            return self.discovered(request)
        if self.answer is None:
            raise Captured(request)
        status, headers, body = self.answer
        return botocore.awsrequest.AWSResponse(request.url, status, headers, Raw(body))

    @staticmethod
    def discovered(request):
        """Where discovery leads: to the service's own host, as if there had been none."""
        found = {"Endpoints": [{"Address": urlsplit(request.url).netloc + "/", "CachePeriodInMinutes": 1440}]}
        return botocore.awsrequest.AWSResponse(request.url, 200, {}, Raw(json.dumps(found).encode()))

    def model(self, service):
        """The service's model, without a client around it."""
        if service in self.clients:
            return self.clients[service].meta.service_model
        if service not in self.models:
            self.models[service] = self.session.get_service_model(service)
        return self.models[service]

    def operations(self, service):
        return self.model(service).operation_names

    def operation(self, service, operation):
        return self.model(service).operation_model(operation)

    def call(self, service, operation, params):
        self.asked = operation
        client = self.client(service)
        return client._make_api_call(operation, dict(params))  # which it changes

    def request(self, service, operation, params):
        """The signed request as `balm call --dry-run` shows it."""
        self.answer = None
        try:
            self.call(service, operation, params)
        except Captured as captured:
            return shown(captured.request)
        raise AssertionError("botocore sent nothing")

    def reads(self, service, operation, params, answer):
        """What botocore reads in an answer (status, headers, body)."""
        self.answer = answer
        read = self.call(service, operation, params)
        read.pop("ResponseMetadata", None)
        if IS_OLD and service == "s3" and "Expires" in read:  # today's habit: it may be no time
            headers = {name.lower(): value for name, value in answer[1].items()}
            read["ExpiresString"] = headers["expires"]
        return read


def operation_name(request):
    """Of a protocol that names it in a header."""
    target = request.headers.get("X-Amz-Target", b"")
    return (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]


class Raw:
    """A body as urllib3 would give it."""

    def __init__(self, body):
        self.body = body

    def read(self, amt=None, **kwargs):
        part, self.body = (self.body, b"") if amt is None else (self.body[:amt], self.body[amt:])
        return part

    def stream(self, *args, **kwargs):
        yield self.read()


def shown(request):
    body = request.body
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        body = body.encode()
    headers = {}
    for name, value in request.headers.items():
        headers[name.lower()] = value.decode() if isinstance(value, bytes) else str(value)
    return {"method": request.method, "url": request.url, "headers": headers, "body": bytes(body or b"")}

