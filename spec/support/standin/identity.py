"""Access keys, roles and session policies.

The engine's own key is fixed, and each account has one key of its own for tests that look at it
directly. Keys of assumed roles are minted.
"""

import fnmatch
import json
import secrets
import time

from .errors import AuthError, AwsError
from .store import ENGINE_ACCOUNT, GLOBAL

ENGINE_KEY = "AKIAENGINE0000000000"
ENGINE_SECRET = "engine/secret+for/the+stand-in/000000000"
POLICY_MAX = 2048


def account_key(account):
    """The key pair of an account's own administrator."""
    return f"AKIA{account}ROOT", f"account/secret+of/{account}/0000000000"


class Identity:
    def __init__(self, access_key, secret, account, arn, **more):
        self.access_key = access_key
        self.secret = secret
        self.account = account
        self.arn = arn
        self.user_id = more.get("user_id", access_key)
        self.token = more.get("token")
        self.expires = more.get("expires")
        self.role = more.get("role")  # what the store says of the assumed role
        self.policy = more.get("policy")  # the session policy's statements

    def require(self, action):
        """Raises AuthError where the session policy or the role does not allow action."""
        role = self.role or {}
        if _matches(action, role.get("Deny", ())):
            raise AuthError("denied", f"User: {self.arn} is not authorized to perform: {action} "
                                      "with an explicit deny in an identity-based policy")
        if "Allow" in role and not _matches(action, role["Allow"]):
            raise AuthError("denied", f"User: {self.arn} is not authorized to perform: {action} because "
                                      "no identity-based policy allows the action")
        if self.policy is not None and not _policy_allows(self.policy, action):
            raise AuthError("denied", f"User: {self.arn} is not authorized to perform: {action} because "
                                      "no session policy allows the action")


def _matches(action, patterns):
    return any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def decision(role, action, resource):
    """What the policy simulator says: by the role's Deny and Allow, lists of actions, else by its Policy,
    the statements of a real one."""
    if _matches(action, role.get("Deny", ())):
        return "explicitDeny"
    allowed = _matches(action, role.get("Allow", ["*"]))
    if "Policy" in role:
        allowed = any(_matches(action, statement["Action"])
                      and _matches(resource, _listed(statement["Resource"]))
                      for statement in role["Policy"])
    return "allowed" if allowed else "implicitDeny"


def _listed(value):
    return value if isinstance(value, list) else [value]


def _policy_allows(statements, action):
    allowed = False
    for statement in statements:
        if "NotAction" in statement:
            covered = not _matches(action, _listed(statement["NotAction"]))
        else:
            covered = _matches(action, _listed(statement.get("Action", [])))
        if covered and statement["Effect"] == "Deny":
            return False
        allowed = allowed or covered
    return allowed


def read_policy(text):
    """The statements of a session policy."""
    if len(text) > POLICY_MAX:
        raise AwsError("ValidationError", "1 validation error detected: Value at 'policy' failed to "
                                          "satisfy constraint: Member must have length less than or "
                                          f"equal to {POLICY_MAX}")
    try:
        document = json.loads(text)
        statements = _listed(document["Statement"])
        if document["Version"] != "2012-10-17":
            raise ValueError("Version")
        for statement in statements:
            _check_statement(statement)
    except (ValueError, KeyError, TypeError) as error:
        raise AwsError("MalformedPolicyDocument", f"The policy is not in the valid JSON format: "
                                                  f"{error}") from error
    return statements


def _check_statement(statement):
    if statement["Effect"] not in ("Allow", "Deny"):
        raise ValueError("Effect")
    if not ("Action" in statement or "NotAction" in statement):
        raise ValueError("Action")
    if not ("Resource" in statement or "NotResource" in statement):
        raise ValueError("Resource")


class Keys:
    """Every access key there is."""

    def __init__(self, store, engine_account=ENGINE_ACCOUNT):
        self._store = store
        self.engine_account = engine_account
        self._minted = {}

    def reset(self):
        self._minted.clear()

    def secrets(self):
        """Of all that was minted, and the engine's own."""
        return [ENGINE_SECRET, *(text for identity in self._minted.values()
                                 for text in (identity.secret, identity.token))]

    def find(self, access_key):
        if access_key == ENGINE_KEY:
            arn = f"arn:aws:iam::{self.engine_account}:user/engine"
            return Identity(ENGINE_KEY, ENGINE_SECRET, self.engine_account, arn,
                            user_id="AIDAENGINE0000000000")
        if access_key in self._minted:
            return self._minted[access_key]
        account = access_key[4:16]
        if account in self._store.accounts and account_key(account)[0] == access_key:
            return Identity(*account_key(account), account, f"arn:aws:iam::{account}:root",
                            user_id=account)
        return None

    def check(self, scope, request):
        """The identity whose key and token request carries; not yet that it signed it."""
        identity = self.find(scope.access_key)
        if identity is None:
            raise AuthError("unknown_key", "The security token included in the request is invalid.")
        if identity.token != request.header("x-amz-security-token"):
            raise AuthError("bad_token", "The security token included in the request is invalid.")
        if identity.expires is not None and identity.expires <= time.time():
            raise AuthError("expired", "The security token included in the request is expired")
        return identity

    def assume(self, role_arn, session_name, duration_s, policy):
        """A new identity for the role at role_arn, or None where there is no such role."""
        account, role_name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
        if account not in self._store.accounts:
            return None
        role = self._store.table(account, GLOBAL, "iam", "roles").get(role_name)
        if role is None:
            return None
        access_key = "ASIA" + secrets.token_hex(8).upper()
        partition = role_arn.split(":")[1]
        arn = f"arn:{partition}:sts::{account}:assumed-role/{role_name}/{session_name}"
        identity = Identity(access_key, secrets.token_urlsafe(30), account, arn,
                            user_id=f"AROA{role_name.upper()[:12]}:{session_name}",
                            token=secrets.token_urlsafe(120), expires=time.time() + duration_s,
                            role=role, policy=policy)
        self._minted[access_key] = identity
        return identity
