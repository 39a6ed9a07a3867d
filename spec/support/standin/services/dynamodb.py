"""DynamoDB: tables and their encryption, which takes a while to change; items are in dynamodb_items."""

from ..errors import AwsError
from ..expression import project
from ..store import becomes, settle, uuid_text, visible
from .dynamodb_items import Items, batch_get, query as query_items, transact, write_one


def new_table(account, region, name, created):
    return {"TableName": name, "TableStatus": "ACTIVE", "CreationDateTime": created,
            "TableArn": f"arn:aws:dynamodb:{region}:{account}:table/{name}", "TableId": uuid_text(),
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
            "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0,
                                      "WriteCapacityUnits": 0},
            "TableSizeBytes": 0, "ItemCount": 0}


def _table(call, params):
    name = params["TableName"].rpartition("/")[2]
    table = call.table("tables").get(name)
    if table is None:
        raise AwsError("ResourceNotFoundException", "Requested resource not found: Table: "
                                                    f"{name} not found")
    return settle(table)


def describe_table(call, params):
    return {"Table": visible(_table(call, params))}


def create_table(call, params):
    name, tables = params["TableName"], call.table("tables")
    if name in tables:
        raise AwsError("ResourceInUseException", f"Table already exists: {name}")
    table = new_table(call.account, call.region, name, int(call.now()))
    table.update({key: params[key] for key in ("KeySchema", "AttributeDefinitions")})
    table["TableStatus"] = "CREATING"
    becomes(call, table, {"TableStatus": "ACTIVE"})
    tables[name] = table
    return {"TableDescription": visible(table)}


def delete_table(call, params):
    table = _table(call, params)
    del call.table("tables")[table["TableName"]]
    return {"TableDescription": {**visible(table), "TableStatus": "DELETING"}}


def update_time_to_live(call, params):
    table = _active(call, params)
    wanted = params["TimeToLiveSpecification"]
    if table.get("_ttl", {}).get("Enabled") == wanted["Enabled"]:
        raise AwsError("ValidationException", "TimeToLive is already enabled")
    table["_ttl"] = wanted
    return {"TimeToLiveSpecification": wanted}


def _active(call, params):
    table = _table(call, params)
    if table["TableStatus"] == "CREATING":
        raise AwsError("ResourceNotFoundException", "Requested resource not found")
    return table


def _items(call, params):
    return Items(_active(call, params))


def get_item(call, params):
    items = _items(call, params)
    item = items.get(items.name_of(params["Key"]))
    return {} if item is None else {"Item": project(item, params.get("ProjectionExpression"))}


def batch_get_item(call, params):
    return batch_get(lambda asked: _items(call, asked), params)


def query(call, params):
    return query_items(_items(call, params), params)


def put_item(call, params):
    return write_one(_items(call, params), "Put", params)


def delete_item(call, params):
    return write_one(_items(call, params), "Delete", params)


def transact_write_items(call, params):
    return transact(lambda asked: _items(call, asked), params, call.table("transactions"))


def update_table(call, params):
    table = _table(call, params)
    if table["TableStatus"] != "ACTIVE":
        raise AwsError("ResourceInUseException", "Attempt to change a resource which is still in use: "
                       f"Table is being updated: {table['TableName']}")
    if "SSESpecification" in params:
        _encrypt(call, table, params["SSESpecification"])
    return {"TableDescription": visible(table)}


def _encrypt(call, table, wanted):
    now = table.get("SSEDescription")
    if wanted.get("SSEType") == "AES256":
        raise _invalid("Unsupported SSEType value: AES256")
    if not wanted.get("Enabled"):
        if now is None:
            raise _invalid("Table is already encrypted with AWS owned key")
        table["TableStatus"], table["SSEDescription"] = "UPDATING", {**now, "Status": "DISABLING"}
        becomes(call, table, {"TableStatus": "ACTIVE", "SSEDescription": None})
        return
    key = _key_arn(call, wanted.get("KMSMasterKeyId", "alias/aws/dynamodb"))
    if now and now.get("KMSMasterKeyArn") == key:
        raise _invalid("Table is already encrypted by given KMSMasterKeyId")
    done = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}
    table["TableStatus"], table["SSEDescription"] = "UPDATING", {**done, "Status": "UPDATING"}
    becomes(call, table, {"TableStatus": "ACTIVE", "SSEDescription": done})


def _invalid(why):
    return AwsError("ValidationException", f"One or more parameter values were invalid: {why}")


def _key_arn(call, key_id):
    if key_id == "alias/aws/dynamodb":
        return call.arn("key/00000000-0000-4000-8000-0000000000dd", "kms")
    return key_id if key_id.startswith("arn:") else call.arn(f"key/{key_id}", "kms")
