"""GuardDuty: one detector a region at most."""

import datetime

from ..errors import AwsError
from ..store import hex_id, visible

_FREQUENCIES = ("FIFTEEN_MINUTES", "ONE_HOUR", "SIX_HOURS")


def _rejected(why):
    return AwsError("BadRequestException", f"The request is rejected because {why}",
                    **{"__type": "InvalidInputException"})


def _detector(call, params):
    detector = call.table("detectors").get(params["DetectorId"])
    if detector is None:
        raise _rejected("the input detectorId is not owned by the current account.")
    return detector


def new_detector(call_or_account, enabled, frequency, created):
    account = getattr(call_or_account, "account", call_or_account)
    stamp = datetime.datetime.fromtimestamp(created, datetime.timezone.utc)
    text = stamp.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    role = f"arn:aws:iam::{account}:role/aws-service-role/guardduty.amazonaws.com/" \
           "AWSServiceRoleForAmazonGuardDuty"
    return {"CreatedAt": text, "UpdatedAt": text, "ServiceRole": role,
            "Status": "ENABLED" if enabled else "DISABLED", "FindingPublishingFrequency": frequency,
            "Tags": {}}


def list_detectors(call, params):
    ids = sorted(call.table("detectors"))
    start = int(params.get("NextToken") or 0)
    end = start + params.get("MaxResults", 50)
    return {"DetectorIds": ids[start:end], "NextToken": str(end) if end < len(ids) else ""}


def get_detector(call, params):
    return visible(_detector(call, params))


def create_detector(call, params):
    if call.table("detectors"):
        raise _rejected("a detector already exists for the current account.")
    detector = new_detector(call, params["Enable"], _frequency(params, "SIX_HOURS"), call.now())
    detector_id = hex_id("", 32)
    call.table("detectors")[detector_id] = detector
    return {"DetectorId": detector_id}


def _frequency(params, default):
    frequency = params.get("FindingPublishingFrequency", default)
    if frequency not in _FREQUENCIES:
        raise _rejected("the findingPublishingFrequency is not valid.")
    return frequency


def update_detector(call, params):
    detector = _detector(call, params)
    if "Enable" in params:
        detector["Status"] = "ENABLED" if params["Enable"] else "DISABLED"
    detector["FindingPublishingFrequency"] = _frequency(
        params, detector["FindingPublishingFrequency"])


def delete_detector(call, params):
    _detector(call, params)
    del call.table("detectors")[params["DetectorId"]]
