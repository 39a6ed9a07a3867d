"""What is there at the start: one of each thing that a remediation fixes, as wrong as can be.

In each account, all in eu-west-1 (IAM's are global):

    S3          bucket demo-<account>: as before 2023, public by its ACL, nothing set
                bucket logs-<account>: S3 and CloudTrail may write to it
    RDS         instance orders: public, no minor upgrades; snapshot orders-public: anyone may restore it
    IAM         password policy of 8 characters; user alice with an active and an inactive key
    EC2         instance i-0123456789abcdef0 running; image ami-0123456789abcdef0: anyone may launch it;
                vpc-0123456789abcdef0 without a flow log
    CloudTrail  trail audit: logging, without validation
    DynamoDB    table orders: AWS's own key
    KMS         key 11111111-2222-4333-8444-555555555555: not rotated
    GuardDuty   nothing
"""

import json
import time

from .services import cloudtrail, dynamodb, ec2, iam, kms, rds, s3
from .services.s3_acl import canned_acl
from .store import GLOBAL

REGION = "eu-west-1"
KEY_ID = "11111111-2222-4333-8444-555555555555"
_DAY = 86400


def demo(store, accounts):
    """Makes the above in each of accounts."""
    for account in accounts:
        store.add_account(account)
        _buckets(store, account)
        _databases(store, account)
        _iam(store, account)
        _ec2(store, account)
        _rest(store, account)


def _buckets(store, account):
    buckets = store.table(account, GLOBAL, "s3", "buckets")
    created = int(time.time()) - 1000 * _DAY
    demo_bucket = s3.old_bucket(account, REGION, created)
    demo_bucket["Acl"] = canned_acl("public-read", s3.owner_id(account))
    logs = s3.new_bucket(account, REGION, created)
    logs["Policy"] = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::logs-{account}/*",
         "Principal": {"Service": ["logging.s3.amazonaws.com", "cloudtrail.amazonaws.com",
                                   "delivery.logs.amazonaws.com"]}}]})
    buckets[f"demo-{account}"] = demo_bucket
    buckets[f"logs-{account}"] = logs


def _databases(store, account):
    store.table(account, REGION, "rds", "instances")["orders"] = rds.new_instance(
        account, REGION, "orders", PubliclyAccessible=True, AutoMinorVersionUpgrade=False)
    store.table(account, REGION, "rds", "snapshots")["orders-public"] = rds.new_snapshot(
        account, REGION, "orders-public", ["all"])


def _iam(store, account):
    created = int(time.time()) - 400 * _DAY
    store.table(account, GLOBAL, "iam", "account")["password_policy"] = {
        "MinimumPasswordLength": 8, "RequireSymbols": False, "RequireNumbers": True,
        "RequireUppercaseCharacters": False, "RequireLowercaseCharacters": False,
        "AllowUsersToChangePassword": True, "ExpirePasswords": False}
    store.table(account, GLOBAL, "iam", "users")["alice"] = iam.new_user(account, "alice", created)
    keys = store.table(account, GLOBAL, "iam", "access_keys")
    for key_id, status in ((f"AKIA{account}ACT1", "Active"), (f"AKIA{account}OLD1", "Inactive")):
        keys[key_id] = iam.new_access_key("alice", key_id, status, created)


def _ec2(store, account):
    store.table(account, REGION, "ec2", "instances")["i-0123456789abcdef0"] = ec2.new_instance(
        "i-0123456789abcdef0", time.time() - 90 * _DAY)
    store.table(account, REGION, "ec2", "images")["ami-0123456789abcdef0"] = ec2.new_image(
        account, "ami-0123456789abcdef0", groups=["all"])
    store.table(account, REGION, "ec2", "vpcs")["vpc-0123456789abcdef0"] = {}


def _rest(store, account):
    created = int(time.time()) - 90 * _DAY
    store.table(account, REGION, "cloudtrail", "trails")["audit"] = cloudtrail.new_trail(
        account, REGION, "audit", S3BucketName=f"logs-{account}", _status={"IsLogging": True})
    store.table(account, REGION, "dynamodb", "tables")["orders"] = dynamodb.new_table(
        account, REGION, "orders", created)
    store.table(account, REGION, "kms", "keys")[KEY_ID] = kms.new_key(account, REGION, KEY_ID, created)


SEEDS = {"demo": demo}
