"""RDS: instances, whose changes wait or take a while, and what snapshots are shared with."""

from ..errors import AwsError
from ..store import becomes, settle, visible

_SNAPSHOT_SHARES_MAX = 20


def new_instance(account, region, name, **more):
    return {"DBInstanceIdentifier": name, "DBInstanceClass": "db.t3.micro", "Engine": "postgres",
            "DBInstanceStatus": "available", "EngineVersion": "15.4", "PubliclyAccessible": False,
            "AutoMinorVersionUpgrade": True, "PendingModifiedValues": {}, "StorageEncrypted": True,
            "DbiResourceId": "db-" + name.upper().replace("-", ""), "ReadReplicaDBInstanceIdentifiers": [],
            "DBInstanceArn": f"arn:aws:rds:{region}:{account}:db:{name}", **more}


def _instance(call, name):
    instance = call.table("instances").get(name.rpartition(":")[2].lower())
    if instance is None:
        raise AwsError("DBInstanceNotFound", f"DBInstance {name} not found.", 404)
    return settle(instance)


def describe_db_instances(call, params):
    name = params.get("DBInstanceIdentifier")
    names = [name] if name else sorted(call.table("instances"))
    return {"DBInstances": [visible(_instance(call, each)) for each in names]}


def modify_db_instance(call, params):
    """Immediate changes make the instance busy first; others are pending until someone applies them."""
    instance = _instance(call, params["DBInstanceIdentifier"])
    if instance["DBInstanceStatus"] not in ("available", "stopped", "storage-optimization"):
        raise AwsError("InvalidDBInstanceState", f"Database instance is not in available state: "
                                                 f"{instance['DBInstanceStatus']}")
    changes = {name: params[name] for name in
               ("PubliclyAccessible", "AutoMinorVersionUpgrade", "DBInstanceClass") if name in params}
    if not params.get("ApplyImmediately"):
        instance["PendingModifiedValues"].update(
            {name: value for name, value in changes.items() if name == "DBInstanceClass"})
        changes.pop("DBInstanceClass", None)
    else:
        changes = {**instance["PendingModifiedValues"], **changes}
        instance["PendingModifiedValues"] = {}
    if changes:
        instance["DBInstanceStatus"] = "modifying"
        becomes(call, instance, {"DBInstanceStatus": "available", **changes})
    return {"DBInstance": visible(instance)}


# ---- snapshots ----

def new_snapshot(account, region, name, shared_with=(), **more):
    return {"DBSnapshotIdentifier": name, "DBInstanceIdentifier": "orders", "SnapshotType": "manual",
            "Status": "available", "Engine": "postgres", "Encrypted": False,
            "DBSnapshotArn": f"arn:aws:rds:{region}:{account}:snapshot:{name}",
            "_restore": list(shared_with), **more}


def _snapshot(call, name):
    snapshot = call.table("snapshots").get(name.partition(":snapshot:")[2] or name)
    if snapshot is None:
        raise AwsError("DBSnapshotNotFound", f"DBSnapshot {name} not found.", 404)
    return snapshot


def describe_db_snapshots(call, params):
    name = params.get("DBSnapshotIdentifier")
    names = [name] if name else sorted(call.table("snapshots"))
    return {"DBSnapshots": [visible(_snapshot(call, each)) for each in names]}


def _attributes(snapshot):
    return {"DBSnapshotAttributesResult": {
        "DBSnapshotIdentifier": snapshot["DBSnapshotIdentifier"],
        "DBSnapshotAttributes": [{"AttributeName": "restore",
                                  "AttributeValues": snapshot["_restore"]}]}}


def describe_db_snapshot_attributes(call, params):
    return _attributes(_snapshot(call, params["DBSnapshotIdentifier"]))


def modify_db_snapshot_attribute(call, params):
    snapshot = _snapshot(call, params["DBSnapshotIdentifier"])
    if params["AttributeName"] != "restore":
        raise AwsError("InvalidParameterValue", f"{params['AttributeName']} is no attribute.")
    if snapshot["SnapshotType"] != "manual":
        raise AwsError("InvalidDBSnapshotState", "Only manual snapshots can be shared.")
    kept = [value for value in snapshot["_restore"] if value not in params.get("ValuesToRemove", ())]
    added = [value for value in params.get("ValuesToAdd", ()) if value not in kept]
    if "all" in added and snapshot["Encrypted"]:
        raise AwsError("InvalidParameterValue", "Encrypted snapshots cannot be public.")
    if len(kept) + len(added) > _SNAPSHOT_SHARES_MAX:
        raise AwsError("SharedSnapshotQuotaExceeded", "Too many accounts.")
    snapshot["_restore"] = kept + added
    return _attributes(snapshot)
