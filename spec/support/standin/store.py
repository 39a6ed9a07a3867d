"""What exists: account -> region -> service -> kind -> name -> a plain JSON value."""

import copy
import secrets
import time
import uuid

ENGINE_ACCOUNT = "999999999999"
GLOBAL = "aws-global"
_GLOBAL_SERVICES = ("iam", "sts", "s3")  # S3: one name space for all regions of an account
# How long what AWS does behind one's back takes here (a table that encrypts, an instance that stops).
DEFAULT_SETTLE_MS = 150


class Store:
    """Kept as plain JSON, so that a test can read and write any of it through the control plane."""

    def __init__(self):
        self.accounts = {}

    def add_account(self, account):
        """A new account has the role that Balm assumes, and Admin; both trust anyone."""
        if account in self.accounts:
            return
        self.accounts[account] = {"settings": {"settle_ms": DEFAULT_SETTLE_MS}, "regions": {}}
        for role in ("BalmRemediationRole", "Admin"):
            self.table(account, GLOBAL, "iam", "roles")[role] = {"RoleName": role}

    def settings(self, account):
        return self.accounts[account]["settings"]

    def table(self, account, region, service, kind):
        """name -> value; made when first asked for."""
        region = GLOBAL if service in _GLOBAL_SERVICES else region
        node = self.accounts[account]["regions"]
        for key in (region, service, kind):
            node = node.setdefault(key, {})
        return node

    def regions_of(self, account):
        return list(self.accounts[account]["regions"])

    def snapshot(self):
        return copy.deepcopy(self.accounts)

    def restore(self, accounts):
        self.accounts = copy.deepcopy(accounts)


class Call:
    """What a handler knows of the request it answers."""

    def __init__(self, store, identity, service, operation, region):
        self.store = store
        self.identity = identity
        self.service = service
        self.operation = operation
        self.region = region
        self.headers = []  # further headers of the reply

    @property
    def account(self):
        return self.identity.account

    @property
    def partition(self):
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    def table(self, kind, region=None, service=None):
        return self.store.table(self.account, region or self.region, service or self.service, kind)

    def tables_everywhere(self, kind):
        """(region, table) for each region of the account."""
        return [(region, self.table(kind, region)) for region in self.store.regions_of(self.account)]

    def setting(self, name, default=None):
        return self.store.settings(self.account).get(name, default)

    def arn(self, rest, service=None):
        return f"arn:{self.partition}:{service or self.service}:{self.region}:{self.account}:{rest}"

    def settles_at(self):
        return time.time() + self.setting("settle_ms", DEFAULT_SETTLE_MS) / 1000

    def now(self):
        return time.time()


def settle(item):
    """Moves item on to its "_then" members once their time has come, and gives it back."""
    then = item.get("_then")
    if then and time.time() >= then["at"]:
        del item["_then"]
        item.update(then["members"])
    return item


def becomes(call, item, members):
    """item will have these members a little later."""
    item["_then"] = {"at": call.settles_at(), "members": members}


def visible(item):
    """item without what only the stand-in knows."""
    return {name: value for name, value in item.items() if not name.startswith("_")}


def hex_id(prefix, digits=17):
    return f"{prefix}{secrets.token_hex(16)[:digits]}"


def uuid_text():
    return str(uuid.uuid4())
