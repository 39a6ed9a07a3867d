"""Texts of the wire to Python scalars and back, by shape."""

import base64
import datetime
import email.utils
import math

from .errors import AwsError

UTC = datetime.timezone.utc
_DEFAULT_FORMATS = {"query": "iso8601", "ec2": "iso8601", "rest-xml": "iso8601",
                    "json": "unixtimestamp", "rest-json": "unixtimestamp"}
_LOCATION_FORMATS = {"header": "rfc822", "querystring": "iso8601", "uri": "iso8601"}
_FLOAT_NAMES = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def malformed(message):
    return AwsError("MalformedInput", message, 400)


def timestamp_format(shape, protocol, location=None):
    own = shape.serialization.get("timestampFormat")
    default = _LOCATION_FORMATS.get(location) or _DEFAULT_FORMATS[protocol]
    return (own or default).lower()


def _parse_time(text, wanted):
    if wanted == "unixtimestamp":
        return datetime.datetime.fromtimestamp(float(text), UTC)
    if wanted == "rfc822":
        return email.utils.parsedate_to_datetime(text).astimezone(UTC)
    if not text.endswith("Z"):
        raise ValueError("an ISO 8601 time on the wire ends with Z")
    return datetime.datetime.fromisoformat(text)


def parse_text(shape, text, protocol, location=None):
    """A scalar that came as text: in a form, in XML, in a header, in a path."""
    try:
        return _parse_text(shape, text, protocol, location)
    except (ValueError, TypeError, OverflowError) as error:
        raise malformed(f"{text!r} is no {shape.type_name}: {error}") from error


def _parse_text(shape, text, protocol, location):
    kind = shape.type_name
    if kind in ("integer", "long"):
        return int(text)
    if kind in ("float", "double"):
        return _FLOAT_NAMES[text] if text in _FLOAT_NAMES else float(text)
    if kind == "boolean":
        if text not in ("true", "false"):
            raise ValueError("true or false")
        return text == "true"
    if kind == "timestamp":
        return _parse_time(text, timestamp_format(shape, protocol, location))
    if kind == "blob":
        return base64.b64decode(text, validate=True)
    return text


def parse_json(shape, value, protocol):
    """A scalar that came as JSON; the JSON type must be the model's."""
    kind = shape.type_name
    if kind == "timestamp":
        return parse_text(shape, str(value), protocol)
    if kind == "blob":
        return parse_text(shape, value, protocol)
    wanted = {"string": str, "boolean": bool, "integer": int, "long": int, "character": str}
    if kind in ("float", "double"):
        if isinstance(value, str) and value in _FLOAT_NAMES:
            return _FLOAT_NAMES[value]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    elif isinstance(value, wanted[kind]) and (kind == "boolean" or not isinstance(value, bool)):
        return value
    raise malformed(f"{value!r} is no {kind}")


def as_datetime(value):
    """State keeps times as epoch seconds or ISO 8601, handlers may give datetimes."""
    if isinstance(value, datetime.datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, (int, float)):
        return datetime.datetime.fromtimestamp(value, UTC)
    return datetime.datetime.fromisoformat(value)


def _format_time(value, wanted):
    moment = as_datetime(value).astimezone(UTC)
    if wanted == "unixtimestamp":
        seconds = moment.timestamp()
        return int(seconds) if seconds == int(seconds) else round(seconds, 3)
    if wanted == "rfc822":
        return email.utils.format_datetime(moment, usegmt=True)
    spec = "milliseconds" if moment.microsecond else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=spec) + "Z"


def _as_bytes(value):
    return value if isinstance(value, (bytes, bytearray)) else str(value).encode()


def format_text(shape, value, protocol, location=None):
    kind = shape.type_name
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "timestamp":
        return str(_format_time(value, timestamp_format(shape, protocol, location)))
    if kind == "blob":
        return base64.b64encode(_as_bytes(value)).decode()
    if kind in ("float", "double"):
        return _float_text(value)
    return str(value)


def format_json(shape, value, protocol):
    kind = shape.type_name
    if kind == "timestamp":
        return _format_time(value, timestamp_format(shape, protocol))
    if kind == "blob":
        return base64.b64encode(_as_bytes(value)).decode()
    if kind in ("float", "double") and not math.isfinite(value):
        return _float_text(value)
    return value


def _float_text(value):
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)
