"""EC2: instances, launch permissions of images, flow logs, and regions."""

import datetime

from ..errors import AwsError
from ..store import GLOBAL, becomes, hex_id, settle, visible

_STATES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64,
           "stopped": 80}
_TRAFFIC = ("ACCEPT", "REJECT", "ALL")


def _state(name):
    return {"Code": _STATES[name], "Name": name}


def _time(seconds):
    stamp = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)
    return stamp.strftime("%Y-%m-%dT%H:%M:%SZ")


def _filtered(items, filters, fields):
    """The items that match every filter; fields: filter name -> how an item answers it."""
    for wanted in filters or ():
        if wanted["Name"] not in fields:
            raise AwsError("InvalidParameterValue", f"The filter '{wanted['Name']}' is invalid")
        items = [item for item in items if fields[wanted["Name"]](item) in wanted["Values"]]
    return items


# ---- instances ----

def new_instance(instance_id, created, **more):
    return {"InstanceId": instance_id, "ImageId": "ami-0a1b2c3d4e5f60718", "InstanceType": "t3.micro",
            "LaunchTime": _time(created), "State": _state("running"), "_api_termination": True,
            "_api_stop": True, "RootDeviceType": "ebs", "Tags": [], **more}


def _instance(call, instance_id):
    instance = call.table("instances").get(instance_id)
    if instance is None:
        raise AwsError("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")
    return settle(instance)


def describe_instances(call, params):
    ids = params.get("InstanceIds") or sorted(call.table("instances"))
    found = [_instance(call, instance_id) for instance_id in ids]
    found = _filtered(found, params.get("Filters"),
                      {"instance-state-name": lambda item: item["State"]["Name"],
                       "instance-id": lambda item: item["InstanceId"]})
    start, size = int(params.get("NextToken") or 0), params.get("MaxResults", 1000)
    answer = {"Reservations": [{"ReservationId": "r-" + item["InstanceId"][2:], "OwnerId": call.account,
                                "Groups": [], "Instances": [visible(item)]}
                               for item in found[start:start + size]]}
    if start + size < len(found):
        answer["NextToken"] = str(start + size)
    return answer


def _change(call, instance, through, to):
    """The instance goes through one state to another; tells what it was and is."""
    before = instance["State"]
    if before["Name"] not in (through, to):
        instance["State"] = _state(through)
        becomes(call, instance, {"State": _state(to)})
    return {"InstanceId": instance["InstanceId"], "PreviousState": before,
            "CurrentState": instance["State"]}


def _alive(instance):
    if instance["State"]["Name"] in ("terminated", "shutting-down"):
        raise AwsError("IncorrectInstanceState", f"The instance '{instance['InstanceId']}' is not in a "
                                                 "state from which it can be changed.")
    return instance


def stop_instances(call, params):
    instances = [_alive(_instance(call, instance_id)) for instance_id in params["InstanceIds"]]
    for instance in instances:
        if not instance["_api_stop"]:
            raise AwsError("OperationNotPermitted", f"The instance '{instance['InstanceId']}' may not "
                           "be stopped. Modify its 'disableApiStop' instance attribute and try again.")
        if instance["RootDeviceType"] == "instance-store":
            raise AwsError("UnsupportedOperation", "You can't stop the instance "
                           f"'{instance['InstanceId']}': its root device is an instance store.")
    return {"StoppingInstances": [_change(call, instance, "stopping", "stopped")
                                  for instance in instances]}


def start_instances(call, params):
    instances = [_alive(_instance(call, instance_id)) for instance_id in params["InstanceIds"]]
    return {"StartingInstances": [_change(call, instance, "pending", "running")
                                  for instance in instances]}


def terminate_instances(call, params):
    instances = [_instance(call, instance_id) for instance_id in params["InstanceIds"]]
    for instance in instances:
        if not instance["_api_termination"]:
            raise AwsError("OperationNotPermitted", f"The instance '{instance['InstanceId']}' may not "
                           "be terminated. Modify its 'disableApiTermination' instance attribute and "
                           "try again.")
    return {"TerminatingInstances": [_change(call, instance, "shutting-down", "terminated")
                                     for instance in instances]}


# ---- images ----

def new_image(account, image_id, groups=(), accounts=()):
    return {"ImageId": image_id, "OwnerId": account, "Name": image_id, "State": "available",
            "_permissions": [{"Group": group} for group in groups]
                            + [{"UserId": user} for user in accounts]}


def _image(call, image_id):
    image = call.table("images").get(image_id)
    if image is None:
        raise AwsError("InvalidAMIID.NotFound", f"The image id '[{image_id}]' does not exist")
    return image


def describe_images(call, params):
    images = [_image(call, image_id) for image_id in params.get("ImageIds") or call.table("images")]
    return {"Images": [{**visible(image), "Public": {"Group": "all"} in image["_permissions"]}
                       for image in images]}


def describe_image_attribute(call, params):
    if params["Attribute"] != "launchPermission":
        raise AwsError("InvalidParameterValue", f"{params['Attribute']} is not played here")
    return {"ImageId": params["ImageId"],
            "LaunchPermissions": _image(call, params["ImageId"])["_permissions"]}


def modify_image_attribute(call, params):
    image = _image(call, params["ImageId"])
    change = params.get("LaunchPermission")
    if not change:
        raise AwsError("InvalidParameterCombination", "No attributes specified.")
    kept = [item for item in image["_permissions"] if item not in change.get("Remove", ())]
    image["_permissions"] = kept + [item for item in change.get("Add", ()) if item not in kept]


# ---- flow logs ----

def describe_flow_logs(call, params):
    logs = [log for _, log in sorted(call.table("flow_logs").items())]
    if params.get("FlowLogIds"):
        logs = [log for log in logs if log["FlowLogId"] in params["FlowLogIds"]]
    logs = _filtered(logs, params.get("Filter"),
                     {"resource-id": lambda item: item["ResourceId"],
                      "log-destination-type": lambda item: item["LogDestinationType"],
                      "traffic-type": lambda item: item["TrafficType"]})
    start, size = int(params.get("NextToken") or 0), params.get("MaxResults", 1000)
    answer = {"FlowLogs": logs[start:start + size]}
    if start + size < len(logs):
        answer["NextToken"] = str(start + size)
    return answer


def _flow_log_problem(call, resource_id, params):
    """(code, message) of why there can be no flow log for this resource; else None."""
    if resource_id not in call.table("vpcs"):
        return "InvalidVpcId.NotFound", f"The vpc ID '{resource_id}' does not exist"
    bucket = params["LogDestination"].split(":::")[-1].split("/")[0]
    if not any(bucket in call.store.table(account, GLOBAL, "s3", "buckets")
               for account in call.store.accounts):
        return "400", f"LogDestination: {bucket} is undeliverable"
    for log in call.table("flow_logs").values():
        if (log["ResourceId"], log["LogDestination"], log["TrafficType"]) == (
                resource_id, params["LogDestination"], params["TrafficType"]):
            return "FlowLogAlreadyExists", "There is an existing Flow Log with the same configuration " \
                                           "and log destination."
    return None


def create_flow_logs(call, params):
    if params.get("LogDestinationType") != "s3" or params.get("ResourceType") != "VPC":
        raise AwsError("InvalidParameter", "Only flow logs of a VPC to S3 are played here.")
    if params.get("TrafficType") not in _TRAFFIC:
        raise AwsError("InvalidParameter", "TrafficType is not valid.")
    if params.get("LogGroupName") == "" or params.get("DeliverLogsPermissionArn") == "":
        raise AwsError("InvalidParameter", "An empty name is not valid.")
    answer = {"FlowLogIds": [], "Unsuccessful": [], "ClientToken": params.get("ClientToken", "")}
    for resource_id in params["ResourceIds"]:
        problem = _flow_log_problem(call, resource_id, params)
        if problem:
            answer["Unsuccessful"].append({"ResourceId": resource_id, "Error":
                                           {"Code": problem[0], "Message": problem[1]}})
            continue
        log = {"FlowLogId": hex_id("fl-"), "ResourceId": resource_id, "FlowLogStatus": "ACTIVE",
               "DeliverLogsStatus": "SUCCESS", "TrafficType": params["TrafficType"],
               "LogDestinationType": "s3", "LogDestination": params["LogDestination"],
               "CreationTime": _time(call.now()), "MaxAggregationInterval": 600}
        call.table("flow_logs")[log["FlowLogId"]] = log
        answer["FlowLogIds"].append(log["FlowLogId"])
    return answer


def delete_flow_logs(call, params):
    unsuccessful = []
    for log_id in params["FlowLogIds"]:
        if call.table("flow_logs").pop(log_id, None) is None:
            unsuccessful.append({"ResourceId": log_id, "Error": {
                "Code": "InvalidFlowLogId.NotFound", "Message": f"The flow log '{log_id}' is unknown"}})
    return {"Unsuccessful": unsuccessful}


# ---- regions ----

def describe_regions(call, params):
    """The account's setting opted_out lists regions that are not enabled."""
    names = params.get("RegionNames") or ["eu-west-1", "me-south-1", "us-east-1"]
    return {"Regions": [
        {"RegionName": name, "Endpoint": f"ec2.{name}.amazonaws.com",
         "OptInStatus": "not-opted-in" if name in call.setting("opted_out", ()) else "opt-in-not-required"}
        for name in names]}
