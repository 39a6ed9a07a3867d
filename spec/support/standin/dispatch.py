"""The way of one request: whose is it, is it signed, what does it ask, may it, do it, answer."""

import base64
import collections
import datetime
import importlib
import time
import uuid

import botocore.validate

from . import faults as fault_rules
from .actions import actions_of
from .control import Control
from .decode import decode
from .encode import encode, encode_error
from .errors import AuthError, AwsError
from .faults import Faults
from .identity import Keys
from .models import Models, snake_case
from .signature import Scope, verify
from .store import Call, Store

LOG_MAX = 100_000
_SECRET_HEADERS = ("authorization", "x-amz-security-token")
# How each protocol calls a request that cannot be understood, and one that lacks something.
_MALFORMED = {"query": "ValidationError", "ec2": "UnknownParameter", "json": "SerializationException",
              "rest-json": "BadRequestException", "rest-xml": "MalformedXML"}
_INVALID = {"query": "ValidationError", "ec2": "MissingParameter", "json": "ValidationException",
            "rest-json": "BadRequestException", "rest-xml": "InvalidRequest"}


class StandIn:
    def __init__(self, engine_account, accounts=(), latency_ms=0):
        self.models = Models()
        self.store = Store()
        self.keys = Keys(self.store, engine_account)
        self.faults = Faults()
        self.log = collections.deque(maxlen=LOG_MAX)
        self.seen = 0
        self.latency_s = latency_ms / 1000
        self._validator = botocore.validate.ParamValidator()
        self._control = Control(self)
        for account in (engine_account, *accounts):
            self.store.add_account(account)
        self._first = self.store.snapshot()

    def remember(self):
        """What stands now is what reset() goes back to."""
        self._first = self.store.snapshot()

    def reset(self):
        self.store.restore(self._first)
        self.keys.reset()
        self.faults.clear()
        self.log.clear()

    def answer(self, request):
        if request.path.startswith("/_standin/"):
            return self._control.answer(request)
        entry = self._new_entry(request)
        self.log.append(entry)
        reply = self._answer_aws(request, entry)
        entry["status"] = reply.status
        entry["mishap"] = reply.mishap
        reply.entry = entry
        reply.delay_s += self.latency_s
        return reply

    def _new_entry(self, request):
        self.seen += 1
        headers = {name: value for name, value in request.header_items()
                   if name not in _SECRET_HEADERS}
        return {"n": self.seen, "time": time.time(), "method": request.method,
                "path": request.path, "query": request.query, "headers": headers,
                "user_agent": headers.get("user-agent"), "account": None, "region": None,
                "service": None, "operation": None, "params": None, "signature_ok": False,
                "error": None, "bytes": len(request.body)}

    def _answer_aws(self, request, entry):
        service, request_id = None, str(uuid.uuid4())
        try:
            scope = Scope(request)
            service, operation, labels = self.models.find(request, scope.service)
            _note(entry, scope, service, operation)
            identity = self._authenticate(request, scope, service, entry)
            fault = self.faults.take(service=entry["service"], operation=entry["operation"],
                                     account=identity.account)
            return self._answer_known(request, entry, identity,
                                      (service, operation, labels, scope.region), fault, request_id)
        except AuthError as error:
            named = error.in_protocol(service) if service else _unsigned(error)
            return self._error(service, named, entry, request_id)
        except AwsError as error:
            return self._error(service, error, entry, request_id)

    def _authenticate(self, request, scope, service, entry):
        if service is None:
            raise AwsError("SignatureDoesNotMatch", "Credential should be scoped to correct service: "
                           f"{scope.service!r} is none.", 403)
        identity = self.keys.check(scope, request)
        entry["account"], entry["arn"] = identity.account, identity.arn
        verify(request, scope, identity, time.time())
        entry["signature_ok"] = True
        return identity

    def _answer_known(self, request, entry, identity, asked, fault, request_id):
        service = asked[0]
        if fault and fault_rules.replaces_answer(fault):
            entry["error"] = fault.get("code", "fault")
            self._note_params(request, entry, asked)
            reply = fault_rules.own_answer(fault, service, request_id)
            return fault_rules.apply(fault, reply, service, request_id)
        try:
            reply = self._perform(request, entry, identity, asked, request_id)
        except AuthError as error:
            reply = self._error(service, error.in_protocol(service), entry, request_id)
        except AwsError as error:
            reply = self._error(service, error, entry, request_id)
        return fault_rules.apply(fault, reply, service, request_id) if fault else reply

    def _note_params(self, request, entry, asked):
        try:
            entry["params"] = jsonable(self._decode(request, *asked[:3]))
        except AwsError:
            pass

    def _perform(self, request, entry, identity, asked, request_id):
        service, operation, labels, region = asked
        if operation is None:
            raise AwsError("InvalidAction", f"{service.name} has no such operation: {request.method} "
                                            f"{request.path}?{request.query}")
        params = self._decode(request, service, operation, labels)
        entry["params"] = jsonable(params)
        self._validate(service, operation, params)
        for action in actions_of(service.name, operation.name, params):
            identity.require(action)
        call = Call(self.store, identity, service.name, operation.name, region)
        call.keys, call.log = self.keys, self.log
        result = _handler(service, operation)(call, params)
        reply = encode(service, operation, result, request_id)
        reply.headers += call.headers
        return reply

    def _decode(self, request, service, operation, labels):
        if operation is None:
            return None
        try:
            return decode(service, operation, request, labels)
        except AwsError as error:
            if error.code == "MalformedInput":
                error.code = _MALFORMED[service.protocol]
            raise

    def _validate(self, service, operation, params):
        if operation.input_shape is None:
            return
        report = self._validator.validate(params, operation.input_shape)
        if report.has_errors():
            raise AwsError(_INVALID[service.protocol], report.generate_report())

    def _error(self, service, error, entry, request_id):
        entry["error"] = error.code
        return encode_error(service, error, request_id)


def _unsigned(error):
    return AwsError("MissingAuthenticationToken", error.message, 403)


def _note(entry, scope, service, operation):
    entry["region"] = scope.region
    entry["service"] = service.name if service else scope.service
    entry["operation"] = operation.name if operation else None


def _handler(service, operation):
    try:
        module = importlib.import_module(f".services.{service.name.replace('-', '_')}", __package__)
        return getattr(module, snake_case(operation.name))
    except (ModuleNotFoundError, AttributeError):
        raise AwsError("NotImplementedByStandIn", f"The stand-in does not play {service.name}:"
                                                  f"{operation.name}.", 501) from None


def jsonable(value):
    """value with times as ISO 8601 and bytes as base64."""
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    return value
