"""S3: buckets and what is configured on them. Each account has a name space of its own here.

A new bucket is as AWS makes them since 2023: encrypted with AES256, public access blocked, ACLs off.
Those of the seed are older: nothing is set.
"""

import base64
import hashlib
import json
import re
import zlib

from ..encode import Raw
from ..errors import AwsError
from .s3_acl import acl_of, canned_acl, is_public

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
AES256 = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
                     "BucketKeyEnabled": False}]}
ALL_BLOCKED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True,
               "RestrictPublicBuckets": True}


def owner_id(account):
    return hashlib.sha256(account.encode()).hexdigest()


def new_bucket(account, region, created):
    return {"Region": region, "Created": created, "Versioning": {}, "Logging": {},
            "Encryption": AES256, "EncryptionByDefault": AES256, "PublicAccessBlock": ALL_BLOCKED,
            "Acl": canned_acl("private", owner_id(account)), "Objects": {},
            "Ownership": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}}


def old_bucket(account, region, created):
    """As before 2023: what was not set is not there."""
    bucket = new_bucket(account, region, created)
    for name in ("Encryption", "EncryptionByDefault", "PublicAccessBlock", "Ownership"):
        del bucket[name]
    return bucket


def _bucket(call, params):
    """The bucket that params name; told from any region, served in its own alone."""
    name = params["Bucket"]
    bucket = call.table("buckets").get(name)
    if bucket is None:
        raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404, BucketName=name)
    if params.get("ExpectedBucketOwner", call.account) != call.account:
        raise AwsError("AccessDenied", "Access Denied", 403)
    call.headers.append(("x-amz-bucket-region", bucket["Region"]))
    if call.region != bucket["Region"] and call.operation != "GetBucketLocation":
        raise AwsError("AuthorizationHeaderMalformed", "The authorization header is malformed; the "
                       f"region '{call.region}' is wrong; expecting '{bucket['Region']}'", 400,
                       Region=bucket["Region"])
    return bucket


# ---- buckets ----

def list_buckets(call, _params):
    return {"Buckets": [{"Name": name, "CreationDate": bucket["Created"]}
                        for name, bucket in sorted(call.table("buckets").items())],
            "Owner": {"ID": owner_id(call.account)}}


def create_bucket(call, params):
    name, buckets = params["Bucket"], call.table("buckets")
    if not _NAME.fullmatch(name):
        raise AwsError("InvalidBucketName", "The specified bucket is not valid.", BucketName=name)
    wanted = params.get("CreateBucketConfiguration", {}).get("LocationConstraint")
    if (wanted or "us-east-1") != call.region:
        raise AwsError("IllegalLocationConstraintException", f"The {wanted or 'unspecified'} location "
                       "constraint is incompatible for the region specific endpoint this request was "
                       "sent to.")
    if name in buckets and call.region != "us-east-1":
        raise AwsError("BucketAlreadyOwnedByYou", "Your previous request to create the named bucket "
                       "succeeded and you already own it.", 409, BucketName=name)
    buckets.setdefault(name, new_bucket(call.account, call.region, call.now()))
    return {"Location": f"/{name}"}


def head_bucket(call, params):
    _bucket(call, params)


def delete_bucket(call, params):
    if _bucket(call, params)["Objects"]:
        raise AwsError("BucketNotEmpty", "The bucket you tried to delete is not empty", 409)
    del call.table("buckets")[params["Bucket"]]


def get_bucket_location(call, params):
    region = _bucket(call, params)["Region"]
    text = "" if region == "us-east-1" else region
    return Raw(('<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint '
                f'xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{text}</LocationConstraint>').encode())


# ---- versioning, encryption, logging ----

def get_bucket_versioning(call, params):
    return _bucket(call, params)["Versioning"]


def put_bucket_versioning(call, params):
    bucket, wanted = _bucket(call, params), params["VersioningConfiguration"]
    if wanted.get("Status") not in ("Enabled", "Suspended"):
        raise AwsError("IllegalVersioningConfigurationException",
                       "The Versioning element must be specified")
    bucket["Versioning"] = {**bucket["Versioning"], "Status": wanted["Status"]}


def get_bucket_encryption(call, params):
    encryption = _bucket(call, params).get("Encryption")
    if encryption is None:
        raise AwsError("ServerSideEncryptionConfigurationNotFoundError", "The server side encryption "
                       "configuration was not found", 404, BucketName=params["Bucket"])
    return {"ServerSideEncryptionConfiguration": encryption}


def put_bucket_encryption(call, params):
    bucket, wanted = _bucket(call, params), params["ServerSideEncryptionConfiguration"]
    if len(wanted["Rules"]) != 1:
        raise AwsError("MalformedXML", "The XML you provided was not well-formed")
    rule = wanted["Rules"][0]
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    if default.get("SSEAlgorithm") not in ("AES256", "aws:kms"):
        raise AwsError("MalformedXML", "The XML you provided was not well-formed")
    if default["SSEAlgorithm"] == "AES256" and "KMSMasterKeyID" in default:
        raise AwsError("InvalidArgument", "a KMSMasterKeyID is not applicable if the default sse "
                       "algorithm is not aws:kms")
    if default.get("KMSMasterKeyID") == "":
        raise AwsError("MalformedXML", "The XML you provided was not well-formed")
    bucket["Encryption"] = {"Rules": [{"BucketKeyEnabled": False, **rule}]}


def delete_bucket_encryption(call, params):
    bucket = _bucket(call, params)
    bucket["Encryption"] = bucket.get("EncryptionByDefault")


def get_bucket_logging(call, params):
    return _bucket(call, params)["Logging"]


def put_bucket_logging(call, params):
    bucket, wanted = _bucket(call, params), params["BucketLoggingStatus"]
    enabled = wanted.get("LoggingEnabled")
    if enabled:
        target = call.table("buckets").get(enabled["TargetBucket"])
        if target is None:
            raise AwsError("InvalidTargetBucketForLogging", "The target bucket for logging does not "
                           "exist", TargetBucket=enabled["TargetBucket"])
        if target["Region"] != bucket["Region"]:
            raise AwsError("CrossLocationLoggingProhibitted", "Cross S3 location logging not allowed.",
                           403, TargetBucketLocation=target["Region"])
    bucket["Logging"] = wanted


# ---- who may ----

def get_public_access_block(call, params):
    block = _bucket(call, params).get("PublicAccessBlock")
    if block is None:
        raise AwsError("NoSuchPublicAccessBlockConfiguration", "The public access block configuration "
                       "was not found", 404, BucketName=params["Bucket"])
    return {"PublicAccessBlockConfiguration": block}


def put_public_access_block(call, params):
    wanted = params["PublicAccessBlockConfiguration"]
    _bucket(call, params)["PublicAccessBlock"] = {name: wanted.get(name, False) for name in ALL_BLOCKED}


def delete_public_access_block(call, params):
    _bucket(call, params).pop("PublicAccessBlock", None)


def get_bucket_ownership_controls(call, params):
    ownership = _bucket(call, params).get("Ownership")
    if ownership is None:
        raise AwsError("OwnershipControlsNotFoundError", "The bucket ownership controls were not found",
                       404, BucketName=params["Bucket"])
    return {"OwnershipControls": ownership}


def put_bucket_ownership_controls(call, params):
    _bucket(call, params)["Ownership"] = params["OwnershipControls"]


def delete_bucket_ownership_controls(call, params):
    _bucket(call, params).pop("Ownership", None)


def get_bucket_acl(call, params):
    return _bucket(call, params)["Acl"]


def put_bucket_acl(call, params):
    bucket = _bucket(call, params)
    rules = bucket.get("Ownership", {"Rules": []})["Rules"]
    if any(rule["ObjectOwnership"] == "BucketOwnerEnforced" for rule in rules):
        raise AwsError("AccessControlListNotSupported", "The bucket does not allow ACLs")
    acl = acl_of(params, owner_id(call.account))
    if is_public(acl) and bucket.get("PublicAccessBlock", {}).get("BlockPublicAcls"):
        raise AwsError("AccessDenied", "Access Denied", 403)
    bucket["Acl"] = acl


def get_bucket_policy(call, params):
    policy = _bucket(call, params).get("Policy")
    if policy is None:
        raise AwsError("NoSuchBucketPolicy", "The bucket policy does not exist", 404,
                       BucketName=params["Bucket"])
    return {"Policy": policy}


def put_bucket_policy(call, params):
    bucket = _bucket(call, params)
    try:
        json.loads(params["Policy"])["Statement"]
    except (ValueError, KeyError, TypeError):
        raise AwsError("MalformedPolicy", "Policies must be valid JSON and the first byte must be "
                       "'{'") from None
    bucket["Policy"] = params["Policy"]
    return Raw(b"", None, status=204)


def delete_bucket_policy(call, params):
    _bucket(call, params).pop("Policy", None)


# ---- objects ----

def put_object(call, params):
    body = params.get("Body", b"")
    etag = f'"{hashlib.md5(body).hexdigest()}"'
    _bucket(call, params)["Objects"][params["Key"]] = {
        "Body": base64.b64encode(body).decode(), "ETag": etag, "LastModified": int(call.now()),
        "ContentType": params.get("ContentType", "binary/octet-stream"),
        "Metadata": params.get("Metadata", {})}
    return {"ETag": etag}


def _object(call, params):
    item = _bucket(call, params)["Objects"].get(params["Key"])
    if item is None:
        raise AwsError("NoSuchKey", "The specified key does not exist.", 404, Key=params["Key"])
    return item


def get_object(call, params):
    item = _object(call, params)
    body = base64.b64decode(item["Body"])
    answer = {**item, "Body": body, "ContentLength": None}
    if params.get("ChecksumMode") == "ENABLED":
        answer["ChecksumCRC32"] = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    return answer


def head_object(call, params):
    item = _object(call, params)
    return {name: item[name] for name in ("ETag", "LastModified", "ContentType", "Metadata")}


def delete_object(call, params):
    _bucket(call, params)["Objects"].pop(params["Key"], None)


def list_objects_v2(call, params):
    prefix = params.get("Prefix", "")
    objects = sorted(_bucket(call, params)["Objects"].items())
    found = [{"Key": key, "ETag": item["ETag"], "LastModified": item["LastModified"],
              "Size": len(base64.b64decode(item["Body"])), "StorageClass": "STANDARD"}
             for key, item in objects
             if key.startswith(prefix) and key > params.get("ContinuationToken", "")]
    limit = params.get("MaxKeys", 1000)
    answer = {"Name": params["Bucket"], "Prefix": prefix, "MaxKeys": limit,
              "Contents": found[:limit], "KeyCount": len(found[:limit]),
              "IsTruncated": len(found) > limit}
    if len(found) > limit:
        answer["NextContinuationToken"] = found[limit - 1]["Key"]
    return answer
