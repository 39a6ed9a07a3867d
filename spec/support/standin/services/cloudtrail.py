"""CloudTrail: trails. A multi-region trail is seen from every region, and changed from its own alone."""

import re

from ..errors import AwsError
from ..store import GLOBAL, visible

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]")
_SETTINGS = ("S3BucketName", "S3KeyPrefix", "SnsTopicName", "IncludeGlobalServiceEvents",
             "IsMultiRegionTrail", "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "KmsKeyId",
             "IsOrganizationTrail")
_TRAILS_MAX = 5


def new_trail(account, region, name, **settings):
    return {"Name": name, "TrailARN": f"arn:aws:cloudtrail:{region}:{account}:trail/{name}",
            "HomeRegion": region, "IncludeGlobalServiceEvents": True, "IsMultiRegionTrail": False,
            "LogFileValidationEnabled": False, "HasCustomEventSelectors": False,
            "HasInsightSelectors": False, "IsOrganizationTrail": False, "_status": {"IsLogging": False},
            **settings}


def _answer(trail):
    """What creating and updating tell: a little less than GetTrail."""
    hidden = ("HomeRegion", "HasCustomEventSelectors", "HasInsightSelectors")
    return {name: value for name, value in visible(trail).items() if name not in hidden}


def _seen(call, shadows=True):
    """The trails that this region shows."""
    trails = list(call.table("trails").values())
    if shadows:
        trails += [trail for region, table in call.tables_everywhere("trails")
                   for trail in table.values()
                   if region != call.region and trail["IsMultiRegionTrail"]]
    return trails


def _trail(call, name):
    for trail in _seen(call):
        if trail["TrailARN"] == name or (trail["Name"] == name and trail["HomeRegion"] == call.region):
            return trail
    raise AwsError("TrailNotFoundException", f"Unknown trail: {name} for the user: {call.account}")


def _own_trail(call, name):
    trail = _trail(call, name)
    if trail["HomeRegion"] != call.region:
        raise AwsError("InvalidHomeRegionException", f"Trail {trail['TrailARN']} must be changed in "
                       f"its home region {trail['HomeRegion']}")
    return trail


def describe_trails(call, params):
    names = params.get("trailNameList")
    trails = _seen(call, params.get("includeShadowTrails", True))
    if names:
        trails = [trail for trail in trails if trail["Name"] in names or trail["TrailARN"] in names]
    return {"trailList": [visible(trail) for trail in trails]}


def get_trail(call, params):
    return {"Trail": visible(_trail(call, params["Name"]))}


def get_trail_status(call, params):
    return _trail(call, params["Name"])["_status"]


def create_trail(call, params):
    name, table = params["Name"], call.table("trails")
    if not _NAME.fullmatch(name):
        raise AwsError("InvalidTrailNameException", f"Trail name {name} is not valid.")
    if name in table:
        raise AwsError("TrailAlreadyExistsException", f"Trail {name} already exists for customer: "
                                                      f"{call.account}")
    if len(table) >= _TRAILS_MAX:
        raise AwsError("MaximumNumberOfTrailsExceededException",
                       f"User: {call.account} already has {_TRAILS_MAX} trails in {call.region}.")
    trail = new_trail(call.account, call.region, name)
    _apply(call, trail, params)
    table[name] = trail
    return _answer(trail)


def update_trail(call, params):
    trail = _own_trail(call, params["Name"])
    changed = dict(trail)
    _apply(call, changed, params)
    trail.update(changed)
    return _answer(trail)


def _apply(call, trail, params):
    trail.update({name: params[name] for name in _SETTINGS if name in params})
    if "EnableLogFileValidation" in params:
        trail["LogFileValidationEnabled"] = params["EnableLogFileValidation"]
    if trail["IsMultiRegionTrail"] and not trail["IncludeGlobalServiceEvents"]:
        raise AwsError("InvalidParameterCombinationException",
                       "Multi-Region trail must include global service events.")
    if params.get("IsOrganizationTrail") and not call.setting("organization"):
        raise AwsError("OrganizationsNotInUseException", "Your account is not in an organization.")
    if "S3BucketName" in params:
        _check_bucket(call, params["S3BucketName"])
    if "SnsTopicName" in params:
        trail["SnsTopicARN"] = call.arn(trail["SnsTopicName"], "sns")
    if "KmsKeyId" in params and params["KmsKeyId"] == "":
        raise AwsError("InvalidKmsKeyIdException", "The KMS key ID is not valid.")
    if params.get("S3KeyPrefix") == "" or params.get("SnsTopicName") == "":
        raise AwsError("InvalidS3PrefixException", "An empty name is not valid.")


def _check_bucket(call, name):
    """The bucket may be another account's; what counts is that it lets CloudTrail write."""
    for account in call.store.accounts:
        bucket = call.store.table(account, GLOBAL, "s3", "buckets").get(name)
        if bucket and "cloudtrail.amazonaws.com" in bucket.get("Policy", ""):
            return
        if bucket:
            raise AwsError("InsufficientS3BucketPolicyException",
                           f"Incorrect S3 bucket policy is detected for bucket: {name}")
    raise AwsError("S3BucketDoesNotExistException", f"S3 bucket {name} does not exist!")


def start_logging(call, params):
    status = _own_trail(call, params["Name"])["_status"]
    status.update(IsLogging=True, StartLoggingTime=int(call.now()))


def stop_logging(call, params):
    status = _own_trail(call, params["Name"])["_status"]
    status.update(IsLogging=False, StopLoggingTime=int(call.now()))


def delete_trail(call, params):
    trail = _own_trail(call, params["Name"])
    del call.table("trails")[trail["Name"]]
