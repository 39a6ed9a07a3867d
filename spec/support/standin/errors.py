"""The one exception of the stand-in: an AWS error, in no protocol yet."""


class AwsError(Exception):
    """`extra` holds the error shape's other members, such as BucketName."""

    def __init__(self, code, message="", status=400, **extra):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.extra = extra


class NotHttp(Exception):
    """What came is no HTTP request."""


# One failure of authentication has another name in each protocol: (code, status).
_AUTH_CODES = {
    "unknown_key": {
        "query": ("InvalidClientTokenId", 403),
        "ec2": ("AuthFailure", 401),
        "json": ("UnrecognizedClientException", 400),
        "rest-json": ("UnrecognizedClientException", 403),
        "rest-xml": ("InvalidClientTokenId", 403),
        "s3": ("InvalidAccessKeyId", 403),
    },
    "bad_token": {
        "query": ("InvalidClientTokenId", 403),
        "ec2": ("AuthFailure", 401),
        "json": ("UnrecognizedClientException", 400),
        "rest-json": ("UnrecognizedClientException", 403),
        "rest-xml": ("InvalidClientTokenId", 403),
        "s3": ("InvalidToken", 400),
    },
    "expired": {
        "query": ("ExpiredToken", 403),
        "ec2": ("RequestExpired", 400),
        "json": ("ExpiredTokenException", 400),
        "rest-json": ("ExpiredTokenException", 403),
        "rest-xml": ("ExpiredToken", 403),
        "s3": ("ExpiredToken", 400),
    },
    "mismatch": {
        "query": ("SignatureDoesNotMatch", 403),
        "ec2": ("AuthFailure", 401),
        "json": ("InvalidSignatureException", 400),
        "rest-json": ("InvalidSignatureException", 403),
        "rest-xml": ("SignatureDoesNotMatch", 403),
        "s3": ("SignatureDoesNotMatch", 403),
    },
    "skewed": {
        "query": ("SignatureDoesNotMatch", 403),
        "ec2": ("RequestExpired", 400),
        "json": ("InvalidSignatureException", 400),
        "rest-json": ("InvalidSignatureException", 403),
        "rest-xml": ("SignatureDoesNotMatch", 403),
        "s3": ("RequestTimeTooSkewed", 403),
    },
    "unsigned": {
        "query": ("MissingAuthenticationToken", 403),
        "ec2": ("AuthFailure", 401),
        "json": ("MissingAuthenticationTokenException", 400),
        "rest-json": ("MissingAuthenticationTokenException", 403),
        "rest-xml": ("MissingAuthenticationToken", 403),
        "s3": ("AccessDenied", 403),
    },
    "body_hash": {
        "query": ("SignatureDoesNotMatch", 403),
        "ec2": ("AuthFailure", 401),
        "json": ("InvalidSignatureException", 400),
        "rest-json": ("InvalidSignatureException", 403),
        "rest-xml": ("SignatureDoesNotMatch", 403),
        "s3": ("XAmzContentSHA256Mismatch", 400),
    },
    "denied": {
        "query": ("AccessDenied", 403),
        "ec2": ("UnauthorizedOperation", 403),
        "json": ("AccessDeniedException", 400),
        "rest-json": ("AccessDeniedException", 403),
        "rest-xml": ("AccessDenied", 403),
        "s3": ("AccessDenied", 403),
    },
}


class AuthError(Exception):
    """A failure to be named in the protocol's own words."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind
        self.message = message

    def in_protocol(self, service):
        names = _AUTH_CODES[self.kind]
        code, status = names["s3"] if service.name == "s3" else names[service.wire]
        return AwsError(code, self.message, status)
