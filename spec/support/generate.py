"""Values that fit a botocore shape: what a caller may give, or a service may answer.

Seeded, so that a failure can be had again. Only what botocore itself validates is kept to: types,
required members, minimum lengths and values; texts are as hostile as their place on the wire allows.
"""

import datetime
import random

import newer  # noqa: F401 (before botocore, as it chooses the copy)

import botocore.httpchecksum

RECURSION = 2  # how often a shape may occur within itself
DEPTH = 5  # below it only what must be there is given

# Names that an endpoint or a host is made of: they must be valid there.
PLACES = {
    "Bucket": "a-bucket",
    "AccountId": "123456789012",
    "accountId": "123456789012",
    "OutpostId": "op-01234567890123456",
    "SourceRegion": "us-east-2",
    "StreamARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/a-stream-of-records",
    "ConsumerARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/a-stream-of-records/consumer/c:1",
    "ResourceARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/a-stream-of-records",
    "KvsARN": "arn:aws:cloudfront::123456789012:key-value-store/01234567-89ab-cdef-0123-456789abcdef",
    "EndpointId": "abc123.456",
    "PredictEndpoint": "https://realtime.machinelearning.eu-west-1.amazonaws.com",
}

FRAGMENTS = [
    "a", "Z", "0", "-", "_", ".", "~", " ", "/", "//", ":", "+", "=", "&", "?", "#", "%", "%41", "$", "@", "!",
    "'", '"', "(", ")", "*", ",", ";", "<", ">", "[", "]", "\\", "^", "`", "{", "|", "}", "é", "ß", "日本", "😀",
    "word", "two words", "..",
]
HEADER_FRAGMENTS = [f for f in FRAGMENTS if f.isascii() and f not in ('"', ",")]
CONTROLS = ["\n", "\t", "\r\n", "\x7f", "\u2028"]
# Algorithms that models name and that not every copy of botocore knows.
CHECKSUMS = ["CRC32C", "CRC64NVME", "MD5", "SHA512", "XXHASH3", "XXHASH64", "XXHASH128"]
UNKNOWN_TO_BOTOCORE = [name for name in CHECKSUMS if name.lower() not in botocore.httpchecksum._CHECKSUM_CLS]
FLOATS = [0.0, 1.0, -1.5, 0.1, 1e16, 123456789.125, 1e-7, 2.5e300, 5e-324, 1 / 3]
INTEGERS = [0, 1, 7, 255, 65536, 2**31 - 1]
LONGS = INTEGERS + [2**31, 2**53 + 1, 2**63 - 1, -1, -(2**63)]


class Values:
    def __init__(self, seed, answers=False):
        self.random = random.Random(seed)
        self.answers = answers  # for a service's side: empty texts in headers do not travel

    def chance(self, share):
        return self.random.random() < share

    def structure(self, shape, within=()):
        """A map of members of shape; within: the shapes that this one lies in."""
        if shape.is_document_type:
            return self.document()
        within = (*within, shape.name)
        names = list(shape.members)
        if shape.is_tagged_union:
            names = [self.random.choice(self.shallow(shape, names, within))]
            return {name: self.member(shape.members[name], name, within) for name in names}
        made = {}
        for name in self.random.sample(names, len(names)):
            member = shape.members[name]
            if name in shape.required_members or self.always(name) or self.wanted(member, within):
                made[name] = self.member(member, name, within)
        return made

    def always(self, name):
        """S3's listings have them, and botocore relies on it."""
        return self.answers and name in ("Key", "Prefix")

    def wanted(self, member, within):
        if member.metadata.get("idempotencyToken"):
            return True  # else each side would make up its own
        if self.endless(member, within) or len(within) > DEPTH:
            return False
        return self.chance(0.6 if len(within) < 3 else 0.4)

    def endless(self, shape, within):
        """Would giving it lead into a shape that has had its share?"""
        while shape.type_name in ("list", "map"):
            shape = shape.member if shape.type_name == "list" else shape.value
        return shape.type_name == "structure" and within.count(shape.name) >= RECURSION

    def shallow(self, shape, names, within):
        fit = [name for name in names if not self.endless(shape.members[name], within)]
        flat = [name for name in fit if shape.members[name].type_name not in ("structure", "list", "map")]
        return flat if flat and len(within) > DEPTH else fit or names

    def member(self, shape, name, within):
        if name in PLACES and shape.type_name == "string":
            return PLACES[name]
        return self.value(shape, within)

    def value(self, shape, within=()):
        return getattr(self, f"a_{shape.type_name}")(shape, within)

    def size(self, shape, within, most=3):
        least = shape.metadata.get("min", 0)
        if len(within) > DEPTH:
            return least
        return max(least, self.random.randint(0, most))

    def a_structure(self, shape, within):
        return self.structure(shape, within)

    def a_list(self, shape, within):
        inner = shape.member
        if self.endless(inner, within):
            return []
        header = shape.serialization.get("location") == "header"
        count = max(1 if header else 0, self.size(shape, within))
        if header and inner.type_name == "string":
            return [self.text(HEADER_FRAGMENTS, inner, trim=True) for _ in range(count)]
        return [self.value(inner, within) for _ in range(count)]

    def a_map(self, shape, within):
        if self.endless(shape.value, within):
            return {}
        fragments = FRAGMENTS
        place = shape.serialization.get("location")
        if place == "headers":
            fragments = ["a", "b", "1", "-", "word"]
        made = {}
        for _ in range(self.size(shape, within)):
            key = self.random.choice(shape.key.enum) if shape.key.enum else self.text(fragments, shape.key)
            if place == "headers":
                made[key] = self.text(HEADER_FRAGMENTS, shape.value, trim=True)
            else:
                made[key] = self.value(shape.value, within)
        return made

    def text(self, fragments, shape=None, trim=False):
        least = max(1, shape.metadata.get("min", 1) if shape is not None else 1)
        made = "".join(self.random.choice(fragments) for _ in range(self.random.randint(1, 6)))
        if trim:
            made = made.strip() or "x"
        return made if len(made) >= least else made + "p" * (least - len(made))

    def a_string(self, shape, within):
        place = shape.serialization.get("location")
        if shape.serialization.get("hostLabel"):
            return "a-host-label1"
        if shape.serialization.get("jsonvalue") and place == "header":
            return self.document()
        algorithm = "checksum-algorithm" in shape.serialization.get("name", "")
        if shape.enum and (algorithm or self.chance(0.9)):
            return self.random.choice([choice for choice in shape.enum if choice not in UNKNOWN_TO_BOTOCORE])
        if place == "header":
            return self.text(HEADER_FRAGMENTS, shape, trim=True)
        if place == "uri":
            # what lies behind a last slash may be all that counts, and must not be empty
            made = self.text(FRAGMENTS, shape).rstrip("/")
            return made + "x" * max(1 if not made else 0, shape.metadata.get("min", 0) - len(made))
        if not place and len(within) and shape.metadata.get("min", 0) == 0 and self.chance(0.05):
            return ""
        return self.text(FRAGMENTS + CONTROLS, shape)

    def a_character(self, shape, within):
        return self.random.choice("aZ9")

    def number(self, shape, choices):
        least = shape.metadata.get("min")
        fit = [choice for choice in choices if least is None or choice >= least]
        return self.random.choice(fit) if fit else least

    def a_integer(self, shape, within):
        if shape.serialization.get("location") == "statusCode":
            return 200
        return self.number(shape, INTEGERS)

    def a_long(self, shape, within):
        return self.number(shape, LONGS)

    def a_float(self, shape, within):
        return self.number(shape, FLOATS)

    a_double = a_float

    def a_boolean(self, shape, within):
        return self.chance(0.5)

    def a_blob(self, shape, within):
        least = shape.metadata.get("min", 0)
        return self.random.randbytes(max(least, self.random.randint(0, 40)))

    def a_timestamp(self, shape, within):
        at = datetime.datetime(1971, 1, 1, tzinfo=datetime.timezone.utc)
        at += datetime.timedelta(seconds=self.random.randint(0, 60 * 365 * 86400))
        if self.chance(0.3) and not self.answers:
            at += datetime.timedelta(microseconds=self.random.randint(1, 999999))
        return at

    def document(self, depth=0):
        kind = self.random.randint(0, 4 if depth > 2 else 6)
        if kind == 5:
            return [self.document(depth + 1) for _ in range(self.random.randint(0, 2))]
        if kind == 6 or depth == 0:
            return {self.text(FRAGMENTS): self.document(depth + 1) for _ in range(self.random.randint(0, 3))}
        return [True, None, 2**53 + 1, 0.25, self.text(FRAGMENTS)][kind]
