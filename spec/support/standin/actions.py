"""The IAM actions that a request needs, where they are not service:Operation."""

_OF_S3 = {
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "ListBuckets": "ListAllMyBuckets",
    "ListObjectsV2": "ListBucket",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
_OF_TRANSACTION = {"Put": "PutItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem",
                   "Update": "UpdateItem"}
_PREFIXES = {"resourcegroupstaggingapi": "tag"}
_FREE = {("sts", "GetCallerIdentity")}


def actions_of(service, operation, params):
    if (service, operation) in _FREE:
        return []
    if service == "s3":
        return [f"s3:{_OF_S3.get(operation, operation)}"]
    if operation == "TransactWriteItems":
        return sorted({f"dynamodb:{_OF_TRANSACTION[kind]}"
                       for action in params["TransactItems"] for kind in action})
    actions = [f"{_PREFIXES.get(service, service)}:{operation}"]
    if operation == "CreateFlowLogs" and params.get("LogDestinationType") == "s3":
        actions.append("logs:CreateLogDelivery")
    if operation == "CreateTrail" and params.get("TagsList"):
        actions.append("cloudtrail:AddTags")
    if operation in ("CreateTrail", "UpdateTrail") and params.get("IsOrganizationTrail"):
        actions += ["iam:CreateServiceLinkedRole", "iam:GetRole",
                    "organizations:ListAWSServiceAccessForOrganization"]
    return actions
