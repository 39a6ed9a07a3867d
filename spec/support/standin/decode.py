"""Requests to parameters, by the operation's model.

Strict on purpose: what the model does not know, or a value of another type, is an error, since the
senders tested here have no excuse for it.
"""

import base64
import json
import urllib.parse
import xml.etree.ElementTree as ElementTree

from .scalars import malformed, parse_json, parse_text


def decode(service, operation, request, labels):
    shape = operation.input_shape
    if service.protocol in ("query", "ec2"):
        return _decode_form(service, operation, request)
    if service.protocol == "json":
        _want_content_type(service, request)
        return _from_json(shape, _json_body(request), "json") if shape else {}
    return _decode_rest(service, operation, request, labels) if shape else {}


def _want_content_type(service, request):
    wanted = f"application/x-amz-json-{service.model.metadata['jsonVersion']}"
    if request.header("content-type") != wanted:
        raise malformed(f"Content-Type must be {wanted}")


# ---- query and ec2 ----

def _decode_form(service, operation, request):
    try:
        pairs = request.form()
    except (ValueError, UnicodeDecodeError) as error:
        raise malformed(f"the form cannot be read: {error}") from error
    tree = _tree([pair for pair in pairs if pair[0] not in ("Action", "Version")])
    if operation.input_shape is None:
        if tree:
            raise malformed(f"unknown parameters: {sorted(tree)}")
        return {}
    return _FORMS[service.protocol]().structure(operation.input_shape, tree, "")


def _tree(pairs):
    """{"A.B.1": "x"} as {"A": {"B": {"1": "x"}}}; a list that is empty is the text ""."""
    root = {}
    for name, value in pairs:
        node = root
        *parents, last = name.split(".")
        for part in parents:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                raise malformed(f"{name}: a value and members at once")
        if last in node:
            raise malformed(f"{name} is given twice")
        node[last] = value
    return root


class _QueryForm:
    protocol = "query"

    def name_of(self, name, shape):
        return shape.serialization.get("name", name)

    def value(self, shape, node, path):
        if shape.type_name == "structure":
            return self.structure(shape, node, path)
        if shape.type_name == "list":
            return self.list_of(shape, node, path)
        if shape.type_name == "map":
            return self.map_of(shape, node, path)
        if isinstance(node, dict):
            raise malformed(f"{path} is a {shape.type_name} and cannot have members")
        return parse_text(shape, node, self.protocol)

    def structure(self, shape, node, path):
        if node == "":
            return {}
        params, names = {}, {}
        for name, member in shape.members.items():
            names[self._list_name(name, member)] = (name, member)
        for wire_name, child in node.items():
            if wire_name not in names:
                raise malformed(f"unknown parameter {path}{wire_name}")
            name, member = names[wire_name]
            params[name] = self.value(member, child, f"{path}{wire_name}.")
        return params

    def _list_name(self, name, member):
        """A flattened list goes by the name of its element, where that has one."""
        if member.type_name == "list" and member.serialization.get("flattened"):
            return member.member.serialization.get("name") or self.name_of(name, member)
        return self.name_of(name, member)

    def list_of(self, shape, node, path):
        if node == "":
            return []
        if not shape.serialization.get("flattened"):
            inner = shape.member.serialization.get("name", "member")
            node = self._only_child(node, inner, path)
        return [self.value(shape.member, child, path) for child in _numbered(node, path)]

    def map_of(self, shape, node, path):
        if node == "":
            return {}
        if not shape.serialization.get("flattened"):
            node = self._only_child(node, "entry", path)
        key_name = shape.key.serialization.get("name", "key")
        value_name = shape.value.serialization.get("name", "value")
        entries = {}
        for entry in _numbered(node, path):
            if set(entry) != {key_name, value_name}:
                raise malformed(f"{path} wants {key_name} and {value_name} in each entry")
            entries[entry[key_name]] = self.value(shape.value, entry[value_name], path)
        return entries

    def _only_child(self, node, name, path):
        if set(node) != {name}:
            raise malformed(f"{path} wants {name}, has {sorted(node)}")
        return node[name]


class _Ec2Form(_QueryForm):
    protocol = "ec2"

    def name_of(self, name, shape):
        if "queryName" in shape.serialization:
            return shape.serialization["queryName"]
        if "name" not in shape.serialization:
            return name
        wire_name = shape.serialization["name"]
        return wire_name[:1].upper() + wire_name[1:]

    def _list_name(self, name, member):
        return self.name_of(name, member)

    def list_of(self, shape, node, path):
        return [self.value(shape.member, child, path) for child in _numbered(node, path)]


_FORMS = {"query": _QueryForm, "ec2": _Ec2Form}


def _numbered(node, path):
    """The children 1, 2, 3 ... of a node; a gap is an error."""
    if not isinstance(node, dict):
        raise malformed(f"{path} wants numbered members")
    wanted = [str(i + 1) for i in range(len(node))]
    if set(wanted) != set(node):
        raise malformed(f"{path} is not numbered 1 to {len(node)}: {sorted(node)}")
    return [node[i] for i in wanted]


# ---- JSON ----

def _json_body(request):
    try:
        return json.loads(request.body or b"{}", parse_constant=_no_constant)
    except ValueError as error:
        raise malformed(f"the body is no JSON: {error}") from error


def _no_constant(name):
    raise ValueError(f"{name} is no JSON")


def _from_json(shape, value, protocol):
    kind = shape.type_name
    if kind == "structure":
        return _structure_from_json(shape, value, protocol)
    if kind == "list":
        _want(value, list, shape)
        return [_from_json(shape.member, item, protocol) for item in value]
    if kind == "map":
        _want(value, dict, shape)
        return {key: _from_json(shape.value, item, protocol) for key, item in value.items()}
    return parse_json(shape, value, protocol)


def _structure_from_json(shape, value, protocol, only=None):
    _want(value, dict, shape)
    if getattr(shape, "is_document_type", False):
        return value
    names = {member.serialization.get("name", name): (name, member)
             for name, member in shape.members.items() if only is None or name in only}
    params = {}
    for wire_name, item in value.items():
        if wire_name not in names:
            raise malformed(f"unknown member {wire_name} of {shape.name}")
        name, member = names[wire_name]
        params[name] = _from_json(member, item, protocol)
    return params


def _want(value, kind, shape):
    if not isinstance(value, kind):
        raise malformed(f"{shape.name} wants a JSON {kind.__name__}, has {value!r}")


# ---- REST ----

def _decode_rest(service, operation, request, labels):
    shape, params, body_members = operation.input_shape, {}, {}
    pairs = _grouped(request.query_pairs())
    _refuse_unknown_query(operation, pairs)
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        wire_name = member.serialization.get("name", name)
        if location == "uri":
            text = urllib.parse.unquote(labels[wire_name])
            params[name] = parse_text(member, text, service.protocol, "uri")
        elif location == "querystring":
            _from_query(service, params, name, member, pairs)
        elif location == "header":
            _from_header(service, params, name, member, request)
        elif location == "headers":
            _from_header_map(params, name, wire_name, request)
        else:
            body_members[name] = member
    _from_body(service, shape, params, body_members, request)
    return params


def _refuse_unknown_query(operation, pairs):
    known = {"x-id"}
    for pair in operation.http["requestUri"].partition("?")[2].split("&"):
        known.add(pair.partition("=")[0])
    for name, member in operation.input_shape.members.items():
        if member.serialization.get("location") == "querystring":
            if member.type_name == "map":
                return
            known.add(member.serialization.get("name", name))
    unknown = sorted(set(pairs) - known)
    if unknown:
        raise malformed(f"unknown in the query: {unknown}")


def _grouped(pairs):
    groups = {}
    for name, value in pairs:
        groups.setdefault(name, []).append(value or "")
    return groups


def _from_query(service, params, name, member, pairs):
    wire_name = member.serialization.get("name", name)
    if member.type_name == "map":
        many = member.value.type_name == "list"
        params[name] = {key: texts if many else texts[0] for key, texts in pairs.items()}
    elif wire_name in pairs:
        texts = pairs[wire_name]
        if member.type_name == "list":
            params[name] = [parse_text(member.member, text, service.protocol, "querystring")
                            for text in texts]
        else:
            params[name] = parse_text(member, texts[0], service.protocol, "querystring")


def _from_header(service, params, name, member, request):
    text = request.header(member.serialization.get("name", name))
    if text is None:
        return
    if member.type_name == "list":
        params[name] = [parse_text(member.member, part.strip(), service.protocol, "header")
                        for part in text.split(",")]
    elif member.serialization.get("jsonvalue"):
        params[name] = json.loads(base64.b64decode(text))
    else:
        params[name] = parse_text(member, text, service.protocol, "header")


def _from_header_map(params, name, prefix, request):
    found = {given[len(prefix):]: value for given, value in request.headers
             if given.lower().startswith(prefix.lower())}
    if found:
        params[name] = found


def _from_body(service, shape, params, body_members, request):
    payload = shape.serialization.get("payload")
    if payload:
        member = shape.members[payload]
        if member.type_name in ("blob", "string"):
            _from_raw_body(params, payload, member, request)
        elif request.body:
            params[payload] = _document(service, member, request)
    elif body_members and request.body:
        params.update(_document(service, shape, request, set(body_members)))


def _from_raw_body(params, name, member, request):
    if request.body:
        params[name] = request.body if member.type_name == "blob" else request.body.decode()


def _document(service, shape, request, only=None):
    if service.protocol == "rest-json":
        return _structure_from_json(shape, _json_body(request), "rest-json", only)
    try:
        root = ElementTree.fromstring(request.body)
    except ElementTree.ParseError as error:
        raise malformed(f"the body is no XML: {error}") from error
    if _local(root.tag) != shape.serialization.get("name", _local(root.tag)):
        raise malformed(f"the root is {_local(root.tag)}, not {shape.serialization['name']}")
    return _structure_from_xml(shape, root, only)


# ---- XML ----

def _local(tag):
    return tag.rpartition("}")[2]


def _from_xml(shape, elements):
    """elements: all siblings of the member's name (more than one for a flattened list)."""
    if shape.type_name == "list":
        return _list_from_xml(shape, elements)
    if len(elements) > 1:
        raise malformed(f"{_local(elements[0].tag)} occurs {len(elements)} times")
    if shape.type_name == "structure":
        return _structure_from_xml(shape, elements[0])
    if shape.type_name == "map":
        return _map_from_xml(shape, elements[0])
    return parse_text(shape, elements[0].text or "", "rest-xml")


def _list_from_xml(shape, elements):
    if shape.serialization.get("flattened"):
        items = elements
    else:
        items = list(elements[0])
        wanted = shape.member.serialization.get("name", "member")
        if any(_local(item.tag) != wanted for item in items):
            raise malformed(f"{_local(elements[0].tag)} wants {wanted} elements")
    return [_from_xml(shape.member, [item]) for item in items]


def _map_from_xml(shape, element):
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    entries = {}
    for entry in element:
        parts = {_local(child.tag): child for child in entry}
        entries[parts[key_name].text] = _from_xml(shape.value, [parts[value_name]])
    return entries


def _structure_from_xml(shape, element, only=None):
    names = {}
    for name, member in shape.members.items():
        if only is None or name in only:
            names[member.serialization.get("name", name)] = (name, member)
    siblings, params = {}, {}
    for child in element:
        siblings.setdefault(_local(child.tag), []).append(child)
    for wire_name, children in siblings.items():
        if wire_name not in names:
            raise malformed(f"unknown element {wire_name} in {_local(element.tag)}")
        name, member = names[wire_name]
        params[name] = _from_xml(member, children)
    for key, text in element.attrib.items():
        for name, member in shape.members.items():
            wire_name = member.serialization.get("name", name).rpartition(":")[2]
            if member.serialization.get("xmlAttribute") and wire_name == _local(key):
                params[name] = text
    return params
