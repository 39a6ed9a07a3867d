"""KMS: keys and their rotation."""

from ..errors import AwsError
from ..store import uuid_text


def new_key(account, region, key_id, created, **more):
    return {"KeyId": key_id, "AWSAccountId": account, "CreationDate": created, "Enabled": True,
            "Arn": f"arn:aws:kms:{region}:{account}:key/{key_id}", "KeyUsage": "ENCRYPT_DECRYPT",
            "KeyState": "Enabled", "Origin": "AWS_KMS", "KeyManager": "CUSTOMER",
            "KeySpec": "SYMMETRIC_DEFAULT", "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "MultiRegion": False, "Description": "", "_rotates": False, **more}


def _key(call, params):
    key_id = params["KeyId"]
    if ":alias/" in key_id or key_id.startswith("alias/"):
        key_id = call.table("aliases").get(key_id.rpartition("alias/")[2], {}).get("TargetKeyId")
    elif key_id.startswith("arn:"):
        key_id = key_id.rpartition("/")[2]
    key = call.table("keys").get(key_id)
    if key is None:
        raise AwsError("NotFoundException", f"Key '{call.arn('key/' + params['KeyId'])}' does not exist")
    return key


def describe_key(call, params):
    return {"KeyMetadata": {name: value for name, value in _key(call, params).items()
                            if not name.startswith("_")}}


def create_key(call, params):
    key = new_key(call.account, call.region, uuid_text(), int(call.now()),
                  Description=params.get("Description", ""))
    call.table("keys")[key["KeyId"]] = key
    return {"KeyMetadata": {name: value for name, value in key.items() if not name.startswith("_")}}


def _rotatable(call, params, write):
    key = _key(call, params)
    if key["KeyState"] in ("PendingDeletion", "PendingImport", "Unavailable"):
        raise AwsError("KMSInvalidStateException", f"{key['Arn']} is {key['KeyState']}.")
    if key["KeySpec"] != "SYMMETRIC_DEFAULT" or key["Origin"] != "AWS_KMS":
        raise AwsError("UnsupportedOperationException", "")
    if write and key["KeyManager"] == "AWS":
        raise AwsError("AccessDeniedException", f"User: {call.identity.arn} is not authorized to "
                       f"perform: kms:{call.operation} on resource: {key['Arn']}")
    if write and not key["Enabled"]:
        raise AwsError("DisabledException", f"{key['Arn']} is disabled.")
    return key


def get_key_rotation_status(call, params):
    return {"KeyRotationEnabled": _rotatable(call, params, write=False)["_rotates"]}


def enable_key_rotation(call, params):
    _rotatable(call, params, write=True)["_rotates"] = True


def disable_key_rotation(call, params):
    _rotatable(call, params, write=True)["_rotates"] = False
