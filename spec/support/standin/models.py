"""Service models, and which operation a request asks for."""

import functools
import os
import re

import botocore.loaders
import botocore.model
from botocore import xform_name

_HEAD = re.compile(r'"(endpointPrefix|signingName|targetPrefix)"\s*:\s*"([^"]+)"')
# Services that share their signing name and their API: the one that the stand-in plays.
_PREFERRED = {"rds": "rds", "elasticloadbalancing": "elbv2"}
_TEMPLATE_PART = re.compile(r"\{([^}]+)\}")


class Route:
    """How a REST operation is recognised: method, path and what must stand in query and headers."""

    def __init__(self, operation):
        uri = operation.http["requestUri"]
        path, _, query = uri.partition("?")
        self.operation = operation
        self.method = operation.http["method"]
        self.path = re.compile(_path_regex(path.rstrip("/") or "/"))
        self.literals = len(_TEMPLATE_PART.sub("", path))
        self.query = [pair.partition("=") for pair in query.split("&")] if query else []
        self.required_query, self.required_headers = _required_members(operation)

    def match(self, request, path, pairs):
        """None, or (how specific, {label: decoded text})."""
        if request.method != self.method:
            return None
        found = self.path.fullmatch(path)
        if not found:
            return None
        for name, equals, value in self.query:
            if name not in pairs or (equals and pairs[name] != value):
                return None
        if any(name not in pairs for name in self.required_query):
            return None
        if any(request.header(name) is None for name in self.required_headers):
            return None
        extras = len(self.query) + len(self.required_query) + len(self.required_headers)
        return (extras, self.literals), found.groupdict()


def _path_regex(path):
    regex = ""
    for i, piece in enumerate(_TEMPLATE_PART.split(path)):
        if i % 2 == 0:
            regex += re.escape(piece)
        elif piece.endswith("+"):
            regex += f"(?P<{_group(piece[:-1])}>.+)"
        else:
            regex += f"(?P<{_group(piece)}>[^/]+)"
    return regex


def _group(label):
    """A label as the name of a regex group: hyphens may stand in labels, not in groups."""
    return label.replace("-", "__")


def _required_members(operation):
    query, headers = [], []
    shape = operation.input_shape
    for name in shape.required_members if shape is not None else ():
        member = shape.members[name]
        wire_name = member.serialization.get("name", name)
        if member.serialization.get("location") == "querystring":
            query.append(wire_name)
        elif member.serialization.get("location") == "header":
            headers.append(wire_name)
    return query, headers


class Service:
    def __init__(self, name, description):
        self.name = name
        self.model = botocore.model.ServiceModel(description, name)
        self.protocol = self.model.metadata["protocol"]
        self.wire = self.protocol

    @functools.lru_cache(maxsize=None)
    def operation(self, name):
        """None where the service has no such operation."""
        if name not in self.model.operation_names:
            return None
        return self.model.operation_model(name)

    @functools.cached_property
    def routes(self):
        return [Route(self.operation(name)) for name in self.model.operation_names]

    def find(self, request):
        """(operation, URI labels), or None."""
        if self.protocol in ("query", "ec2"):
            return self._find_by_action(request)
        if self.protocol == "json":
            return self._find_by_target(request)
        return self._find_by_route(request)

    def _find_by_action(self, request):
        try:
            form = dict(request.form())
        except (ValueError, UnicodeDecodeError):
            return None
        if form.get("Version") != self.model.metadata["apiVersion"]:
            return None
        operation = self.operation(form.get("Action"))
        return operation and (operation, {})

    def _find_by_target(self, request):
        prefix, _, name = request.header("x-amz-target", "").rpartition(".")
        if prefix != self.model.metadata["targetPrefix"]:
            return None
        operation = self.operation(name)
        return operation and (operation, {})

    def _find_by_route(self, request):
        path = bucket_path(request) if self.name == "s3" else request.path
        path = path.rstrip("/") or "/"
        pairs = dict(request.query_pairs())
        best = None
        for route in self.routes:
            found = route.match(request, path, pairs)
            if found and (best is None or found[0] > best[0]):
                best = (found[0], route.operation, found[1])
        if best is None:
            return None
        return best[1], {name.replace("__", "-"): text for name, text in best[2].items()}


def bucket_path(request):
    """S3's path with the bucket in it, also where the request has it in its host."""
    found = re.match(r"(.+)\.s3[.-][a-z0-9.-]*(:\d+)?$", request.host)
    if not found:
        found = re.match(r"(.+)\.localhost(:\d+)?$", request.host)
    return f"/{found.group(1)}{request.path}" if found else request.path


class Models:
    """Loads models when first asked for; knows all services by their signing names."""

    def __init__(self):
        self._loader = botocore.loaders.Loader()

    @functools.lru_cache(maxsize=None)
    def service(self, name):
        return Service(name, self._loader.load_service_model(name, "service-2"))

    @functools.lru_cache(maxsize=None)
    def candidates(self, signing_name):
        """Names of the services that sign with this name, the likeliest first."""
        names = list(self._by_signing_name.get(signing_name, ()))
        first = _PREFERRED.get(signing_name, signing_name)
        return sorted(names, key=lambda name: (name != first, name))

    @functools.cached_property
    def _by_signing_name(self):
        index = {}
        for name in self._loader.list_available_services("service-2"):
            head = dict(_HEAD.findall(self._head_of(name)))
            signing_name = head.get("signingName", head.get("endpointPrefix"))
            index.setdefault(signing_name, []).append(name)
        return index

    def _head_of(self, name):
        """The first bytes of a model: its metadata stand there, and 333 whole models take seconds."""
        version = self._loader.determine_latest_version(name, "service-2")
        for folder in self._loader.search_paths:
            path = os.path.join(folder, name, version, "service-2.json")
            if os.path.isfile(path):
                with open(path, encoding="utf-8") as file:
                    return file.read(1500)
        return ""

    def find(self, request, signing_name):
        """(service, operation, URI labels); operation None where nobody knows the request."""
        first = None
        for name in self.candidates(signing_name):
            service = self.service(name)
            first = first or service
            found = service.find(request)
            if found:
                return service, found[0], found[1]
        return first, None, {}


def snake_case(operation_name):
    return xform_name(operation_name)
