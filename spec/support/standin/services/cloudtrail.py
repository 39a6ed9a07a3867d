"""CloudTrail: trails, and what it tells of the calls that were made. A multi-region trail is seen from every
region, and changed from its own alone."""

import datetime
import json
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


# ---- the calls ----

_LOOKS = ("Get", "List", "Describe", "Head", "Lookup", "Simulate")
_PAGE = 50


def lookup_events(call, params):
    """All calls of the account and region at once, where the real one takes minutes; newest first."""
    attributes = params.get("LookupAttributes", [])
    if len(attributes) > 1 or any(one["AttributeKey"] != "ResourceName" for one in attributes):
        raise AwsError("InvalidLookupAttributesException", "One attribute, and ResourceName, is played here.")
    wanted = [one["AttributeValue"] for one in attributes]
    since = params.get("StartTime")
    found = [event for event in map(_event, reversed(call.log))
             if event and event["account"] == call.account and event["region"] == call.region
             and (since is None or event["time"] >= since.timestamp())
             and all(name in event["names"] for name in wanted)]
    first, size = int(params.get("NextToken", 0)), params.get("MaxResults", _PAGE)
    answer = {"Events": [_told(event) for event in found[first:first + size]]}
    if first + size < len(found):
        answer["NextToken"] = str(first + size)
    return answer


def _event(entry):
    """What CloudTrail keeps of a request; None where it is none of a known caller, or not answered yet, or
    names no resource by itself."""
    if not entry["account"] or not entry["operation"] or "status" not in entry:
        return None
    if entry["operation"] == "LookupEvents":
        return None
    names = set(_texts(entry["params"]))
    if entry["service"] == "kms":  # keys are known by their ARNs alone
        names = {name if name.startswith("arn:") else
                 f"arn:aws:kms:{entry['region']}:{entry['account']}:key/{name}" for name in names}
    return {**entry, "names": names, "looks": entry["operation"].startswith(_LOOKS)}


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def _told(event):
    record = {"eventVersion": "1.09", "userIdentity": _identity(event["arn"], event["account"]),
              "eventTime": datetime.datetime.fromtimestamp(int(event["time"]), datetime.timezone.utc)
              .strftime("%Y-%m-%dT%H:%M:%SZ"),
              "eventSource": f"{event['service']}.amazonaws.com", "eventName": event["operation"],
              "awsRegion": event["region"], "userAgent": f"[{event['user_agent']}]",
              "requestParameters": event["params"], "readOnly": event["looks"], "eventType": "AwsApiCall",
              "managementEvent": True, "recipientAccountId": event["account"]}
    if event["error"]:
        record["errorCode"] = event["error"]
    return {"EventId": f"event-{event['n']}", "EventName": event["operation"], "EventTime": int(event["time"]),
            "EventSource": record["eventSource"], "ReadOnly": str(event["looks"]).lower(),
            "Username": event["arn"].rpartition("/")[2],
            "Resources": [{"ResourceName": name} for name in sorted(event["names"])],
            "CloudTrailEvent": json.dumps(record)}


def _identity(arn, account):
    kind = "AssumedRole" if ":assumed-role/" in arn else "Root" if arn.endswith(":root") else "IAMUser"
    return {"type": kind, "arn": arn, "accountId": account}
