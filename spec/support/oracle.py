"""botocore as the independent oracle: the request that it would send, byte for byte, and what it reads.

Debian's copy is older than what Balm promises (its current behaviour), so that a few of its habits are
brought up to date here; each has its reason beside it, and nothing else is changed.
"""

import datetime
import types

import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.httpchecksum
import botocore.serialize
import botocore.session

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


def freeze():
    """botocore signs with this module's clock alone."""
    frozen = types.SimpleNamespace(**vars(datetime))
    frozen.datetime = Frozen
    botocore.auth.datetime = frozen


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


def bring_up_to_date():
    botocore.httpchecksum.resolve_request_checksum_algorithm = checksum
    serializer = botocore.serialize.BaseRestSerializer
    serializer._convert_header_value = lower_booleans(serializer._convert_header_value)


# ---- requests and answers ----


class Oracle:
    def __init__(self, region=REGION):
        freeze()
        bring_up_to_date()
        self.region = region
        self.session = botocore.session.Session()
        # Today's default, which Debian's copy does not have yet.
        self.session.set_config_variable("sts_regional_endpoints", "regional")
        self.session.set_credentials(ACCESS_KEY, SECRET_KEY)
        self.session.set_config_variable("region", region)
        self.clients, self.models = {}, {}
        self.answer = None  # (status, headers, body) of the call under way

    def client(self, service):
        if service not in self.clients:
            config = botocore.config.Config(retries={"total_max_attempts": 1, "mode": "standard"})
            client = self.session.create_client(service, region_name=self.region, config=config)
            client.meta.events.register("before-send", self.on_send)
            client.meta.events.register("before-parameter-build", validation_mode)
            self.clients[service] = client
        return self.clients[service]

    def on_send(self, request, **kwargs):
        if self.answer is None:
            raise Captured(request)
        status, headers, body = self.answer
        return botocore.awsrequest.AWSResponse(request.url, status, headers, Raw(body))

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
        client = self.client(service)
        return client._make_api_call(operation, params)

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
        return read


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

