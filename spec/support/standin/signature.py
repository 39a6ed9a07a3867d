"""Signature Version 4, verified: botocore's signer computes again what the sender should have."""

import datetime
import hashlib
import hmac
import re

import botocore.auth
import botocore.awsrequest
import botocore.credentials
from botocore.compat import HTTPHeaders

from .errors import AuthError

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<credential>[^,\s]+),\s*"
    r"SignedHeaders=(?P<signed>[^,\s]+),\s*Signature=(?P<signature>[0-9a-f]{64})")
SKEW_S = 15 * 60
_UNSIGNED = ("UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")


class Scope:
    """What the Authorization header says, before anything is believed."""

    def __init__(self, request):
        text = request.header("authorization")
        if text is None:
            raise AuthError("unsigned", "The request is not signed.")
        found = _AUTHORIZATION.fullmatch(text.strip())
        parts = found.group("credential").split("/") if found else ()
        if len(parts) != 5 or parts[4] != "aws4_request":
            raise AuthError("mismatch", "The Authorization header cannot be read.")
        self.access_key, self.date, self.region, self.service = parts[:4]
        self.signed_headers = found.group("signed").split(";")
        self.signature = found.group("signature")


class _Canonical:
    """botocore's signer, made to read a request that arrived: the signed headers are given, and the
    query is taken as its decoded pairs."""

    def __init__(self, *args, signed_headers, **kwargs):
        super().__init__(*args, **kwargs)
        self._signed_headers = signed_headers

    def headers_to_sign(self, request):
        headers = HTTPHeaders()
        for name, value in request.context["arrived"]:
            if name in self._signed_headers:
                headers[name] = value
        return headers


class _Signer(_Canonical, botocore.auth.SigV4Auth):
    pass


class _S3Signer(_Canonical, botocore.auth.S3SigV4Auth):
    pass


def verify(request, scope, identity, now):
    """Raises AuthError where request is not what identity signed, and now."""
    _check_signed_headers(request, scope)
    timestamp = _timestamp(request, scope, now)
    _check_body_hash(request, scope)
    signer_class = _S3Signer if scope.service in ("s3", "s3-outposts", "s3express") else _Signer
    credentials = botocore.credentials.Credentials(identity.access_key, identity.secret)
    signer = signer_class(credentials, scope.service, scope.region,
                          signed_headers=scope.signed_headers)
    arrived = _as_botocore(request, timestamp)
    canonical = signer.canonical_request(arrived)
    wanted = signer.signature(signer.string_to_sign(arrived, canonical), arrived)
    if not hmac.compare_digest(wanted, scope.signature):
        raise AuthError("mismatch", "The request signature we calculated does not match the "
                                    "signature you provided. The canonical request is:\n" + canonical)


def _as_botocore(request, timestamp):
    url = f"{request.scheme}://{request.host}{request.path}"
    pairs = [(name, value or "") for name, value in request.query_pairs()]
    headers = {}
    if request.header("x-amz-content-sha256"):
        headers["X-Amz-Content-SHA256"] = request.header("x-amz-content-sha256")
    arrived = botocore.awsrequest.AWSRequest(
        method=request.method, url=url, params=pairs, data=request.body, headers=headers)
    arrived.context["timestamp"] = timestamp
    arrived.context["arrived"] = request.header_items()
    return arrived


def _check_signed_headers(request, scope):
    signed = scope.signed_headers
    if signed != sorted(signed) or len(set(signed)) != len(signed):
        raise AuthError("mismatch", "SignedHeaders is not sorted.")
    missing = [name for name in signed if request.header(name) is None]
    if missing:
        raise AuthError("mismatch", f"Signed, but not sent: {', '.join(missing)}.")
    must = {name for name, _ in request.header_items() if name.startswith("x-amz-")} | {"host"}
    left_out = sorted(must - set(signed))
    if left_out:
        raise AuthError("mismatch", f"There were headers present in the request which were not "
                                    f"signed: {', '.join(left_out)}.")


def _timestamp(request, scope, now):
    text = request.header("x-amz-date")
    try:
        moment = datetime.datetime.strptime(text or "", "%Y%m%dT%H%M%SZ")
    except ValueError:
        raise AuthError("mismatch", "X-Amz-Date is missing or no date.") from None
    moment = moment.replace(tzinfo=datetime.timezone.utc)
    if scope.date != text[:8]:
        raise AuthError("mismatch", "Date in Credential scope does not match YYYYMMDD from "
                                    "ISO-8601 version of date from HTTP.")
    if abs(moment.timestamp() - now) > SKEW_S:
        raise AuthError("skewed", f"Signature expired or not yet current: {text}.")
    return text


def _check_body_hash(request, scope):
    claimed = request.header("x-amz-content-sha256")
    if claimed is None:
        if scope.service == "s3":
            raise AuthError("body_hash", "Missing required header x-amz-content-sha256.")
        return
    if claimed in _UNSIGNED and request.scheme == "https":
        return
    if claimed != hashlib.sha256(request.body).hexdigest():
        raise AuthError("body_hash", "The provided 'x-amz-content-sha256' header does not match "
                                     "what was computed.")
