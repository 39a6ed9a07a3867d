"""STS: roles are assumed, and callers told who they are."""

import re

from ..errors import AwsError
from ..identity import read_policy
from ..store import GLOBAL

_ROLE_ARN = re.compile(r"arn:(aws|aws-cn|aws-us-gov):iam::(\d{12}):role/([\w+=,.@/-]+)")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}")


def assume_role(call, params):
    role_arn, session_name = params["RoleArn"], params["RoleSessionName"]
    if not _ROLE_ARN.fullmatch(role_arn):
        raise AwsError("ValidationError", f"{role_arn} is invalid")
    if not _SESSION_NAME.fullmatch(session_name):
        raise _constraint("roleSessionName", session_name)
    duration = params.get("DurationSeconds", 3600)
    if not 900 <= duration <= 43200:
        raise _constraint("durationSeconds", duration)
    statements = read_policy(params["Policy"]) if "Policy" in params else None
    _trusts(call, role_arn, params.get("ExternalId"))
    identity = call.keys.assume(role_arn, session_name, duration, statements)
    answer = {
        "Credentials": {"AccessKeyId": identity.access_key, "SecretAccessKey": identity.secret,
                        "SessionToken": identity.token, "Expiration": int(identity.expires)},
        "AssumedRoleUser": {"AssumedRoleId": identity.user_id, "Arn": identity.arn},
    }
    if statements is not None:
        answer["PackedPolicySize"] = min(100, 1 + len(params["Policy"]) * 100 // 2048)
    return answer


def _constraint(name, value):
    return AwsError("ValidationError", f"1 validation error detected: Value '{value}' at '{name}' "
                                       "failed to satisfy constraint")


def _trusts(call, role_arn, external_id):
    """A role that is not there, and one that does not trust the caller, are told alike."""
    account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    role = None
    if account in call.store.accounts:
        role = call.store.table(account, GLOBAL, "iam", "roles").get(name)
    if role is not None and role.get("ExternalId") in (None, external_id):
        return
    raise AwsError("AccessDenied", f"User: {call.identity.arn} is not authorized to perform: "
                                   f"sts:AssumeRole on resource: {role_arn}", 403)


def get_caller_identity(call, _params):
    return {"UserId": call.identity.user_id, "Account": call.account, "Arn": call.identity.arn}
