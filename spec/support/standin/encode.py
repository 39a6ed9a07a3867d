"""Results and errors to replies, by the operation's model."""

import base64
import json
from xml.sax.saxutils import escape, quoteattr

from .request import Reply
from .scalars import format_json, format_text

_XML = "text/xml"
_NO_BODY = (204, 304)


class Raw:
    """What a handler returns where no model tells the truth: the body as it is."""

    def __init__(self, body, content_type="application/xml", headers=(), status=200):
        self.body = body
        self.content_type = content_type
        self.headers = headers
        self.status = status


def encode(service, operation, result, request_id):
    if isinstance(result, Raw):
        return Reply(result.status, result.body, result.content_type,
                     [*result.headers, _id_header(service, request_id)])
    encoder = {"query": _query, "ec2": _ec2, "json": _json,
               "rest-json": _rest, "rest-xml": _rest}[service.protocol]
    reply = encoder(service, operation, result or {}, request_id)
    reply.headers.append(_id_header(service, request_id))
    return reply


def _id_header(service, request_id):
    name = "x-amz-request-id" if service.name == "s3" else "x-amzn-RequestId"
    return name, request_id


# ---- query and ec2 ----

def _query(service, operation, result, request_id):
    name, shape = operation.name, operation.output_shape
    namespace = service.model.metadata.get("xmlNamespace", "")
    out = [f"<{name}Response xmlns={quoteattr(namespace)}>"]
    if shape is not None:
        wrapper = shape.serialization.get("resultWrapper", f"{name}Result")
        out.append(f"<{wrapper}>")
        _xml_members(out, shape, result, service.protocol)
        out.append(f"</{wrapper}>")
    out.append(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>")
    out.append(f"</{name}Response>")
    return Reply(200, "".join(out).encode(), _XML)


def _ec2(service, operation, result, request_id):
    name = operation.name
    namespace = service.model.metadata.get("xmlNamespace", "")
    out = ['<?xml version="1.0" encoding="UTF-8"?>\n',
           f"<{name}Response xmlns={quoteattr(namespace)}>",
           f"<requestId>{request_id}</requestId>"]
    if operation.output_shape is None:
        out.append("<return>true</return>")
    else:
        _xml_members(out, operation.output_shape, result, service.protocol)
    out.append(f"</{name}Response>")
    return Reply(200, "".join(out).encode(), _XML + ";charset=UTF-8")


# ---- JSON ----

def _json(service, operation, result, _request_id):
    shape = operation.output_shape
    value = _to_json(shape, result, service.protocol) if shape is not None else {}
    version = service.model.metadata.get("jsonVersion", "1.1")
    body = json.dumps(value).encode()
    return Reply(200, body, f"application/x-amz-json-{version}")


def _to_json(shape, value, protocol):
    kind = shape.type_name
    if kind == "structure":
        if getattr(shape, "is_document_type", False):
            return value
        return {member.serialization.get("name", name): _to_json(member, value[name], protocol)
                for name, member in shape.members.items() if value.get(name) is not None}
    if kind == "list":
        return [_to_json(shape.member, item, protocol) for item in value]
    if kind == "map":
        return {key: _to_json(shape.value, item, protocol) for key, item in value.items()}
    return format_json(shape, value, protocol)


# ---- REST ----

def _rest(service, operation, result, _request_id):
    shape = operation.output_shape
    reply = Reply(operation.http.get("responseCode", 200))
    if shape is None:
        return reply
    body_members = {}
    for name, member in shape.members.items():
        if result.get(name) is None:
            continue
        location = member.serialization.get("location")
        if location == "header":
            reply.headers.append((member.serialization.get("name", name),
                                  _header_text(member, result[name], service.protocol)))
        elif location == "headers":
            prefix = member.serialization.get("name", "")
            reply.headers += [(prefix + key, text) for key, text in result[name].items()]
        elif location == "statusCode":
            reply.status = result[name]
        else:
            body_members[name] = result[name]
    if reply.status not in _NO_BODY:
        _rest_body(service, operation, body_members, reply)
    return reply


def _header_text(member, value, protocol):
    if member.type_name == "list":
        return ",".join(format_text(member.member, item, protocol, "header") for item in value)
    if member.serialization.get("jsonvalue"):
        return base64.b64encode(json.dumps(value).encode()).decode()
    return format_text(member, value, protocol, "header")


def _rest_body(service, operation, members, reply):
    shape = operation.output_shape
    payload = shape.serialization.get("payload")
    if payload and shape.members[payload].type_name in ("blob", "string"):
        value = members.get(payload, b"")
        reply.body = value.encode() if isinstance(value, str) else value
        return
    if payload:
        members, root = members.get(payload), shape.members[payload]
        if members is None:
            return
    else:
        root = shape
        if not any("location" not in member.serialization for member in shape.members.values()):
            return
    if service.protocol == "rest-json":
        reply.body = json.dumps(_to_json(root, members, service.protocol)).encode()
        reply.headers.append(("Content-Type", "application/json"))
    else:
        reply.body = _xml_document(service, operation, root, members).encode()
        reply.headers.append(("Content-Type", "application/xml"))


def _xml_document(service, operation, shape, members):
    name = shape.serialization.get("name") or shape.name or f"{operation.name}Result"
    namespace = shape.serialization.get("xmlNamespace", {}).get("uri") or \
        service.model.metadata.get("xmlNamespace") or "http://s3.amazonaws.com/doc/2006-03-01/"
    out = ['<?xml version="1.0" encoding="UTF-8"?>\n', f"<{name} xmlns={quoteattr(namespace)}>"]
    body = {key: value for key, value in members.items()}
    _xml_members(out, shape, body, service.protocol)
    out.append(f"</{name}>")
    return "".join(out)


# ---- XML ----

def _xml_members(out, shape, value, protocol):
    for name, member in shape.members.items():
        item = value.get(name)
        if item is None or member.serialization.get("xmlAttribute"):
            continue
        if member.serialization.get("location"):
            continue
        _xml(out, member, member.serialization.get("name", name), item, protocol)


def _xml(out, shape, name, value, protocol):
    kind = shape.type_name
    if kind == "structure":
        out.append(f"<{name}{_xml_attributes(shape, value)}>")
        _xml_members(out, shape, value, protocol)
        out.append(f"</{name}>")
    elif kind == "list":
        _xml_list(out, shape, name, value, protocol)
    elif kind == "map":
        _xml_map(out, shape, name, value, protocol)
    else:
        out.append(f"<{name}>{escape(format_text(shape, value, protocol))}</{name}>")


def _xml_attributes(shape, value):
    namespace = shape.serialization.get("xmlNamespace")
    text = ""
    if isinstance(namespace, dict):
        prefix = f":{namespace['prefix']}" if namespace.get("prefix") else ""
        text = f" xmlns{prefix}={quoteattr(namespace['uri'])}"
    for name, member in shape.members.items():
        if member.serialization.get("xmlAttribute") and value.get(name) is not None:
            text += f" {member.serialization['name']}={quoteattr(str(value[name]))}"
    return text


def _xml_list(out, shape, name, value, protocol):
    if shape.serialization.get("flattened"):
        for item in value:
            _xml(out, shape.member, name, item, protocol)
        return
    inner = shape.member.serialization.get("name", "member")
    out.append(f"<{name}>")
    for item in value:
        _xml(out, shape.member, inner, item, protocol)
    out.append(f"</{name}>")


def _xml_map(out, shape, name, value, protocol):
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    flattened = shape.serialization.get("flattened")
    entry = name if flattened else "entry"
    if not flattened:
        out.append(f"<{name}>")
    for key, item in value.items():
        out.append(f"<{entry}><{key_name}>{escape(str(key))}</{key_name}>")
        _xml(out, shape.value, value_name, item, protocol)
        out.append(f"</{entry}>")
    if not flattened:
        out.append(f"</{name}>")


# ---- errors ----

def encode_error(service, error, request_id):
    """service None: nobody knows for whom the request was."""
    reply = _error_encoder(service)(service, error, request_id)
    if service is not None:
        reply.headers.append(_id_header(service, request_id))
    return reply


def _error_encoder(service):
    if service is None:
        return _query_error
    if service.name == "s3":
        return _s3_error
    return {"query": _query_error, "rest-xml": _query_error, "ec2": _ec2_error,
            "json": _json_error, "rest-json": _rest_json_error}[service.protocol]


def _extra_elements(error):
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in error.extra.items())


def _query_error(service, error, request_id):
    namespace = service.model.metadata.get("xmlNamespace", "") if service else ""
    kind = "Sender" if error.status < 500 else "Receiver"
    body = (f"<ErrorResponse xmlns={quoteattr(namespace or '')}><Error><Type>{kind}</Type>"
            f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
            f"{_extra_elements(error)}</Error><RequestId>{request_id}</RequestId></ErrorResponse>")
    return Reply(error.status, body.encode(), _XML)


def _ec2_error(_service, error, request_id):
    body = ('<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>'
            f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
            f"</Error></Errors><RequestID>{request_id}</RequestID></Response>")
    return Reply(error.status, body.encode(), _XML + ";charset=UTF-8")


def _s3_error(_service, error, request_id):
    body = ('<?xml version="1.0" encoding="UTF-8"?>\n<Error>'
            f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
            f"{_extra_elements(error)}<RequestId>{request_id}</RequestId>"
            "<HostId>c3RhbmQtaW4=</HostId></Error>")
    return Reply(error.status, body.encode(), "application/xml")


def _json_error(service, error, _request_id):
    prefix = "com.amazonaws.standin#" if service.name == "dynamodb" else ""
    body = {"__type": prefix + error.code, "message": error.message, **error.extra}
    version = service.model.metadata.get("jsonVersion", "1.1")
    return Reply(error.status, json.dumps(body).encode(), f"application/x-amz-json-{version}")


def _rest_json_error(_service, error, _request_id):
    body = {"message": error.message, **error.extra}
    return Reply(error.status, json.dumps(body).encode(), "application/json",
                 [("x-amzn-ErrorType", error.code + ":http://internal.amazon.com/coral/")])
