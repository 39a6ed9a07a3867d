"""Answers as a service would write them: the other half of botocore's serialisers, from its models."""

import base64
import calendar
import email.utils
import json
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

import cbor2

CBOR = "smithy-rpc-v2-cbor"
TIMES = {"query": "iso8601", "ec2": "iso8601", "rest-xml": "iso8601", "json": "unixtimestamp", "rest-json": "unixtimestamp"}
NAMESPACE = "http://example.com/doc/2026-11-23/"


def written(protocol, operation, output, request_id="id-1"):
    """(status, headers, body) of a good answer that says output."""
    return Writer(protocol).answer(operation, output, request_id)


def failed(protocol, service, shape, output, code, message, request_id="id-1"):
    """The same for an error: shape and output are what its model has beside code and message, or None."""
    return Writer(protocol).failure(service, shape, output, code, message, request_id)


def time_text(value, form):
    if form == "iso8601":
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if form == "rfc822":
        return email.utils.formatdate(calendar.timegm(value.timetuple()), usegmt=True)
    return calendar.timegm(value.timetuple())


def namesakes(shape):
    """The names that more than one member of a structure goes by."""
    names = [member.serialization.get("name", name) for name, member in shape.members.items()
             if "location" not in member.serialization]
    return {name for name in names if names.count(name) > 1}


class Writer:
    def __init__(self, protocol):
        self.protocol = protocol

    def answer(self, operation, output, request_id):
        shape = operation.output_shape
        headers = {"x-amzn-RequestId": request_id}
        if self.protocol in ("rest-json", "rest-xml"):
            status, body = self.rest(shape, output, headers)
        elif self.protocol == "json":
            status, body = 200, self.json_body(shape, output)
        elif self.protocol == CBOR:
            headers["smithy-protocol"] = "rpc-v2-cbor"
            status, body = 200, cbor2.dumps(self.json(shape, output)) if shape is not None else b""
        else:
            status, body = 200, self.query_body(operation, shape, output, request_id)
        return status, headers, body

    # ---- bytes: what a disguise has otherwise ----

    def xml_bytes(self, root):
        return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)

    def json_bytes(self, value):
        return json.dumps(value).encode()

    # ---- scalars ----

    def scalar(self, shape, value, default=None):
        kind = shape.type_name
        if self.protocol == CBOR:
            return cbor2.CBORTag(1, calendar.timegm(value.timetuple())) if kind == "timestamp" else value
        if kind == "timestamp":
            return time_text(value, shape.serialization.get("timestampFormat", default or TIMES[self.protocol]))
        if kind == "blob":
            return base64.b64encode(value).decode()
        return value

    def text(self, shape, value, default=None):
        value = self.scalar(shape, value, default)
        if isinstance(value, bool):
            return "true" if value else "false"
        return value if isinstance(value, str) else repr(value)

    # ---- JSON ----

    def json_body(self, shape, output, where="body"):
        if shape is None:
            return b"{}" if self.protocol == "json" else b""
        return self.json_bytes(self.json(shape, output, where))

    def json(self, shape, value, where="anywhere"):
        kind = shape.type_name
        if kind == "structure" and not shape.is_document_type:
            made = {}
            for name, each in value.items():
                member = shape.members[name]
                if where == "body" and "location" in member.serialization:
                    continue
                made[member.serialization.get("name", name)] = self.json(member, each)
            return made
        if kind == "list":
            return [self.json(shape.member, each) for each in value]
        if kind == "map":
            return {key: self.json(shape.value, each) for key, each in value.items()}
        return value if kind == "structure" else self.scalar(shape, value)

    # ---- XML ----

    def query_body(self, operation, shape, output, request_id):
        root = ElementTree.Element(f"{operation.name}Response", {"xmlns": NAMESPACE})
        if shape is not None:
            wrapper = shape.serialization.get("resultWrapper")
            self.members(ElementTree.SubElement(root, wrapper) if wrapper else root, shape, output)
        if self.protocol == "ec2":
            ElementTree.SubElement(root, "requestId").text = request_id
        else:
            metadata = ElementTree.SubElement(root, "ResponseMetadata")
            ElementTree.SubElement(metadata, "RequestId").text = request_id
        return self.xml_bytes(root)

    def members(self, node, shape, value, where="anywhere"):
        for name, each in value.items():
            member = shape.members[name]
            serialization = member.serialization
            if where == "body" and "location" in serialization:
                continue
            if serialization.get("xmlAttribute"):
                prefix, local = serialization["name"].split(":")
                node.set(f"{{http://example.com/{prefix}}}{local}", each)
            else:
                self.element(node, serialization.get("name", name), member, each)
        for name in namesakes(shape):  # given twice, the one that is no list is no text to botocore
            for twin in node.findall(name)[1:]:
                node.remove(twin)

    def element(self, node, name, shape, value):
        kind = shape.type_name
        flat = shape.serialization.get("flattened")
        if kind == "list":
            parent = node if flat else ElementTree.SubElement(node, name)
            own = shape.member.serialization.get("name")
            for each in value:
                self.element(parent, own or (name if flat else "member"), shape.member, each)
        elif kind == "map":
            parent = node if flat else ElementTree.SubElement(node, name)
            for key, each in value.items():
                entry = ElementTree.SubElement(parent, name if flat else "entry")
                self.element(entry, shape.key.serialization.get("name", "key"), shape.key, key)
                self.element(entry, shape.value.serialization.get("name", "value"), shape.value, each)
        elif kind == "structure":
            self.members(ElementTree.SubElement(node, name), shape, value)
        else:
            ElementTree.SubElement(node, name).text = self.text(shape, value)

    # ---- the two rest protocols ----

    def rest(self, shape, output, headers):
        if shape is None:
            return 200, b""
        status = 200
        for name, each in output.items():
            member = shape.members[name]
            place = member.serialization.get("location")
            header = member.serialization.get("name", name)
            if place == "statusCode":
                status = each
            elif place == "headers":
                headers.update({header + key: value for key, value in each.items()})
            elif place == "header":
                headers[header] = self.header(member, each)
        body = self.rest_body(shape, output)
        headers.update({name: str(len(body)) for name in headers if name.lower() == "content-length"})
        return status, body

    def header(self, shape, value):
        if shape.type_name == "list":
            return ",".join(self.header(shape.member, each) for each in value)
        if shape.serialization.get("jsonvalue"):
            return base64.b64encode(json.dumps(value).encode()).decode()
        return self.text(shape, value, "rfc822")

    def rest_body(self, shape, output):
        payload = shape.serialization.get("payload")
        if payload:
            member, value = shape.members[payload], output.get(payload)
            if member.type_name in ("blob", "string"):
                value = value or b""
                return value if isinstance(value, bytes) else value.encode()
            return self.document(member, value, "anywhere") if value is not None else b""
        return self.document(shape, output, "body")

    def document(self, shape, output, where):
        if self.protocol == "rest-json":
            return self.json_body(shape, output, where)
        root = ElementTree.Element(shape.serialization.get("name", shape.name), {"xmlns": NAMESPACE})
        if shape.name == "GetBucketLocationOutput":  # its one member is the root's own text
            root.text = output.get("LocationConstraint")
        else:
            self.members(root, shape, output, where)
        return self.xml_bytes(root)

    # ---- errors ----

    def failure(self, service, shape, output, code, message, request_id):
        status = shape.metadata.get("error", {}).get("httpStatusCode", 400) if shape is not None else 400
        headers = {"x-amzn-RequestId": request_id}
        output = output or {}
        if self.protocol in ("json", "rest-json", CBOR):
            told = {"message": message}
            if shape is not None:
                told.update(self.json(shape, output, "body"))
            if self.protocol != "rest-json":
                told["__type"] = f"com.example#{code}"
            else:
                headers["x-amzn-ErrorType"] = f"{code}:http://internal.example.com/"
                self.error_headers(shape, output, headers)
            return status, headers, cbor2.dumps(told) if self.protocol == CBOR else self.json_bytes(told)
        return status, headers, self.failure_xml(service, shape, output, code, message, request_id)

    def error_headers(self, shape, output, headers):
        for name, each in output.items():
            member = shape.members[name]
            if member.serialization.get("location") == "header":
                headers[member.serialization.get("name", name)] = self.header(member, each)

    def failure_xml(self, service, shape, output, code, message, request_id):
        if service == "s3":
            root = error = ElementTree.Element("Error")
        elif self.protocol == "ec2":
            root = ElementTree.Element("Response")
            error = ElementTree.SubElement(ElementTree.SubElement(root, "Errors"), "Error")
        else:
            root = ElementTree.Element("ErrorResponse", {"xmlns": NAMESPACE})
            error = ElementTree.SubElement(root, "Error")
            ElementTree.SubElement(error, "Type").text = "Sender"
        ElementTree.SubElement(error, "Code").text = code
        ElementTree.SubElement(error, "Message").text = message
        if shape is not None:
            self.members(error, shape, output)
        ElementTree.SubElement(root, "RequestID" if self.protocol == "ec2" else "RequestId").text = request_id
        return self.xml_bytes(root)


class Disguise(Writer):
    """Writes what means the same, in as many ways as each protocol has."""

    def __init__(self, protocol, dice):
        super().__init__(protocol)
        self.dice = dice
        self.features = {name for name in ("cdata", "entities", "comments", "space", "prefix", "unknown", "mark",
                                           "declaration", "escapes", "nulls", "twice") if dice.random() < 0.4}

    def has(self, feature, share=0.3):
        return feature in self.features and self.dice.random() < share

    def answer(self, operation, output, request_id):
        status, headers, body = super().answer(operation, output, request_id)
        if "unknown" in self.features:
            headers["x-amz-unknown"] = "?"
        if self.dice.random() < 0.5:
            prefixes = [member.serialization["name"] for member in self.members_of(operation.output_shape)
                        if member.serialization.get("location") == "headers"]
            headers = {name if any(name.startswith(prefix) for prefix in prefixes) else
                       self.dice.choice([name.lower(), name.upper(), name]): text for name, text in headers.items()}
        return status, headers, body

    @staticmethod
    def members_of(shape):
        return shape.members.values() if shape is not None else []

    # ---- JSON ----

    def json(self, shape, value, where="anywhere"):
        made = super().json(shape, value, where)
        if shape.type_name != "structure" or shape.is_document_type or shape.is_tagged_union:
            return made
        if self.has("unknown"):
            made["Unknown-\u00e9"] = self.dice.choice([None, 1, [{"a": []}], {"b": {"c": None}}, "text"])
        if self.has("nulls"):
            missing = [name for name, member in shape.members.items()
                       if name not in value and "location" not in member.serialization]
            made.update({shape.members[name].serialization.get("name", name): None for name in missing[:2]})
        return made

    def json_bytes(self, value):
        space = "space" in self.features
        text = json.dumps(value, ensure_ascii="escapes" in self.features, indent=self.dice.choice([1, "\t"]) if space else None)
        if "twice" in self.features and text.startswith("{\""):  # of a name that comes twice the last counts
            name = json.dumps(next(iter(value)))
            text = f'{{{name}: {{"first": [0]}}, {text[1:]}'
        return (f"\r\n {text} \n" if space else text).encode("utf-8", "surrogatepass")

    # ---- XML ----

    def members(self, node, shape, value, where="anywhere"):
        super().members(node, shape, value, where)
        if self.has("unknown") and not shape.is_tagged_union:
            unknown = ElementTree.SubElement(node, "Unknown")
            ElementTree.SubElement(ElementTree.SubElement(unknown, "member"), "Name").text = "x"

    def xml_bytes(self, root):
        head = ""
        if "declaration" in self.features:
            head = self.dice.choice(["<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n", "<?xml version=\"1.0\"?>"])
        text = head + self.element_text(root, True)
        return (b"\xef\xbb\xbf" if "mark" in self.features else b"") + text.encode()

    def element_text(self, node, is_root=False):
        namespace, name = node.tag[1:].split("}") if node.tag.startswith("{") else (node.get("xmlns"), node.tag)
        prefix = "ns0:" if "prefix" in self.features and not name.startswith("xml") else ""
        attributes = ""
        for key, value in node.attrib.items():
            if key.startswith("{"):
                uri, local = key[1:].split("}")
                attributes += f" xmlns:xsi={quoteattr(uri)} xsi:{local}={quoteattr(value)}"
        if is_root and prefix:
            attributes += ' xmlns:ns0="http://example.com/another/"'
        elif is_root and namespace:
            attributes += f" xmlns={quoteattr(namespace)}"
        inner = self.inner_text(node)
        if not inner and self.dice.random() < 0.5:
            return f"<{prefix}{name}{attributes}/>"
        return f"<{prefix}{name}{attributes}>{inner}</{prefix}{name}{' ' if self.has('space') else ''}>"

    def inner_text(self, node):
        if not len(node):
            return self.text_text(node.text or "")
        parts = []
        for child in node:
            if self.has("comments"):
                parts.append("<!-- <a>&amp; -->")
            if self.has("comments"):
                parts.append("<?target data?>")
            if "space" in self.features:
                parts.append("\n  ")
            parts.append(self.element_text(child))
        return "".join(parts) + ("\n" if "space" in self.features else "")

    def text_text(self, text):
        if self.has("cdata") and text and "\r" not in text:
            return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"
        if self.has("comments") and len(text) > 1:
            return self.escaped(text[:1]) + "<!-- between -->" + self.escaped(text[1:])
        return self.escaped(text)

    def escaped(self, text):
        if self.has("entities"):
            return "".join(self.dice.choice([f"&#{ord(c)};", f"&#x{ord(c):X};"]) for c in text)
        return escape(text, {"\r": "&#13;", '"': "&quot;", "'": "&apos;"})
