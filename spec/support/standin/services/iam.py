"""IAM: users, access keys, the password policy, and what a role may do."""

from ..errors import AwsError
from ..identity import decision
from ..store import visible

_KEYS_MAX = 2
_POLICY_DEFAULTS = {"MinimumPasswordLength": 6, "RequireSymbols": False, "RequireNumbers": False,
                    "RequireUppercaseCharacters": False, "RequireLowercaseCharacters": False,
                    "AllowUsersToChangePassword": False}
_POLICY_RANGES = {"MinimumPasswordLength": (6, 128), "MaxPasswordAge": (1, 1095),
                  "PasswordReusePrevention": (1, 24)}


def _no_such(what, name):
    return AwsError("NoSuchEntity", f"The {what} with name {name} cannot be found.", 404)


def _user(call, name):
    user = call.table("users").get(name)
    if user is None:
        raise _no_such("user", name)
    return user


def new_user(account, name, created):
    return {"Path": "/", "UserName": name, "UserId": "AIDA" + name.upper().ljust(16, "0")[:16],
            "Arn": f"arn:aws:iam::{account}:user/{name}", "CreateDate": created}


def _page(items, params):
    start, size = int(params.get("Marker") or 0), params.get("MaxItems", 100)
    answer = {"IsTruncated": start + size < len(items)}
    if answer["IsTruncated"]:
        answer["Marker"] = str(start + size)
    return items[start:start + size], answer


def list_users(call, params):
    users, answer = _page([user for _, user in sorted(call.table("users").items())
                           if user["Path"].startswith(params.get("PathPrefix", "/"))], params)
    return {"Users": [visible(user) for user in users], **answer}


def get_user(call, params):
    return {"User": visible(_user(call, params["UserName"]))}


def create_user(call, params):
    name = params["UserName"]
    if name in call.table("users"):
        raise AwsError("EntityAlreadyExists", f"User with name {name} already exists.", 409)
    user = new_user(call.account, name, int(call.now()))
    call.table("users")[name] = user
    return {"User": user}


# ---- access keys ----

def new_access_key(user_name, key_id, status, created):
    return {"UserName": user_name, "AccessKeyId": key_id, "Status": status, "CreateDate": created}


def list_access_keys(call, params):
    name = params.get("UserName")
    _user(call, name)
    keys, answer = _page([key for _, key in sorted(call.table("access_keys").items())
                          if key["UserName"] == name], params)
    return {"AccessKeyMetadata": [visible(key) for key in keys], **answer}


def _access_key(call, params):
    key = call.table("access_keys").get(params["AccessKeyId"])
    if key is None or key["UserName"] != params.get("UserName", key["UserName"]):
        raise AwsError("NoSuchEntity", f"The Access Key with id {params['AccessKeyId']} cannot be "
                                       "found.", 404)
    return key


def delete_access_key(call, params):
    if "UserName" in params:
        _user(call, params["UserName"])
    key = _access_key(call, params)
    del call.table("access_keys")[key["AccessKeyId"]]


def update_access_key(call, params):
    if params["Status"] not in ("Active", "Inactive"):
        raise AwsError("ValidationError", "Status must be Active or Inactive")
    _access_key(call, params)["Status"] = params["Status"]


def get_access_key_last_used(call, params):
    key = call.table("access_keys").get(params["AccessKeyId"])
    if key is None:  # IAM does not tell that a key is unknown
        raise AwsError("AccessDenied", "Not authorized to perform iam:GetAccessKeyLastUsed", 403)
    last = key.get("_last_used", {"ServiceName": "N/A", "Region": "N/A"})
    return {"UserName": key["UserName"], "AccessKeyLastUsed": last}


# ---- the password policy ----

def get_account_password_policy(call, _params):
    policy = call.table("account").get("password_policy")
    if not policy:
        raise AwsError("NoSuchEntity", f"The Password Policy with domain name {call.account} cannot be "
                                       "found.", 404)
    return {"PasswordPolicy": policy}


def update_account_password_policy(call, params):
    """What is not given goes back to its default: the members are not kept."""
    for name, (least, most) in _POLICY_RANGES.items():
        if name in params and not least <= params[name] <= most:
            raise AwsError("ValidationError", f"1 validation error detected: Value '{params[name]}' at "
                           f"'{name}' failed to satisfy constraint: between {least} and {most}")
    policy = {**_POLICY_DEFAULTS, **params}
    policy["ExpirePasswords"] = "MaxPasswordAge" in params
    call.table("account")["password_policy"] = policy


def delete_account_password_policy(call, _params):
    if not call.table("account").pop("password_policy", None):
        raise AwsError("NoSuchEntity", "The account policy with name PasswordPolicy cannot be found.",
                       404)


# ---- what a role may do ----

def simulate_principal_policy(call, params):
    name = params["PolicySourceArn"].rpartition("/")[2]
    role = call.table("roles").get(name)
    if role is None:
        raise _no_such("role", name)
    asked = [(action, resource) for action in params["ActionNames"]
             for resource in params.get("ResourceArns") or ["*"]]
    results, answer = _page(asked, params)
    return {"EvaluationResults": [
        {"EvalActionName": action, "EvalResourceName": resource,
         "EvalDecision": decision(role, action, resource)} for action, resource in results], **answer}
