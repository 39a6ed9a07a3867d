"""S3's access control lists: canned ones, and those given in headers or in a body."""

from ..errors import AwsError

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
_CANNED = {
    "private": [],
    "public-read": [(ALL_USERS, "READ")],
    "public-read-write": [(ALL_USERS, "READ"), (ALL_USERS, "WRITE")],
    "authenticated-read": [(AUTHENTICATED, "READ")],
    "log-delivery-write": [(LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")],
}
_HEADERS = {"GrantFullControl": "FULL_CONTROL", "GrantRead": "READ", "GrantReadACP": "READ_ACP",
            "GrantWrite": "WRITE", "GrantWriteACP": "WRITE_ACP"}


def _group(uri, permission):
    return {"Grantee": {"Type": "Group", "URI": uri}, "Permission": permission}


def _user(user_id, permission):
    return {"Grantee": {"Type": "CanonicalUser", "ID": user_id}, "Permission": permission}


def canned_acl(name, owner):
    if name not in _CANNED:
        raise AwsError("InvalidArgument", "", ArgumentName="x-amz-acl", ArgumentValue=name)
    grants = [_user(owner, "FULL_CONTROL")] + [_group(*grant) for grant in _CANNED[name]]
    return {"Owner": {"ID": owner}, "Grants": grants}


def is_public(acl):
    return any(grant["Grantee"].get("URI") in (ALL_USERS, AUTHENTICATED) for grant in acl["Grants"])


def acl_of(params, owner):
    """The one that a PutBucketAcl asks for; it must ask in one way alone."""
    headers = [name for name in _HEADERS if name in params]
    ways = ("ACL" in params) + ("AccessControlPolicy" in params) + bool(headers)
    if ways > 1:
        raise AwsError("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed")
    if ways == 0:
        raise AwsError("MissingSecurityHeader", "Your request was missing a required header",
                       MissingHeaderName="x-amz-acl")
    if "ACL" in params:
        return canned_acl(params["ACL"], owner)
    if headers:
        grants = [grant for name in headers for grant in _granted(params[name], _HEADERS[name])]
        return {"Owner": {"ID": owner}, "Grants": grants}
    return _explicit(params["AccessControlPolicy"], owner)


def _explicit(policy, owner):
    if policy.get("Owner", {}).get("ID") != owner:
        raise AwsError("AccessDenied", "Access Denied", 403)
    return {"Owner": policy["Owner"], "Grants": policy.get("Grants", [])}


def _granted(text, permission):
    """The grants of a header such as: uri="http://...", id="0123"."""
    for part in text.split(","):
        kind, _, value = part.strip().partition("=")
        value = value.strip('"')
        if kind == "uri":
            yield _group(value, permission)
        elif kind == "id":
            yield _user(value, permission)
        else:
            raise AwsError("InvalidArgument", "Argument format not recognized", ArgumentValue=part)
