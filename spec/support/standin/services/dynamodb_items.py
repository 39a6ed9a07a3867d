"""DynamoDB's items: reading, writing under a condition, transactions, and the limits of each.

A table keeps them in "_items": the keys' own values, joined, -> the item as the API has it.
"""

import json

from ..errors import AwsError
from ..expression import Condition, comparable, invalid, project

_ITEM_MAX = 400 * 1024
_PAGE_MAX = 1024 * 1024
_BATCH_MAX = 16 * 1024 * 1024
_TRANSACTION_MAX = 4 * 1024 * 1024
_KEYS_MAX, _ACTIONS_MAX = 100, 100


def size_of(item):
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(attribute):
    (kind, value), = attribute.items()
    return len(value.encode()) if kind in ("S", "N") else len(json.dumps(value))


class Items:
    """The items of one table."""

    def __init__(self, table):
        self._items = table.setdefault("_items", {})
        self._keys = [part["AttributeName"] for part in table["KeySchema"]]
        self._types = {part["AttributeName"]: part["AttributeType"]
                       for part in table["AttributeDefinitions"]}

    def name_of(self, key, exact=True):
        """Where an item lies; the key must have the schema's members, and hold something."""
        if exact and set(key) != set(self._keys):
            raise invalid("The provided key element does not match the schema")
        for name in self._keys:
            if name not in key:
                raise invalid("One or more parameter values were invalid: Missing the key "
                              f"{name} in the item")
            if set(key[name]) != {self._types[name]}:
                raise invalid(f"One or more parameter values were invalid: Type mismatch for key {name}")
            if not key[name][self._types[name]]:
                raise invalid("One or more parameter values are not valid. The AttributeValue for a "
                              f"key attribute cannot contain an empty string value. Key: {name}")
        self._check_lengths(key)
        return json.dumps([key[name] for name in self._keys])

    def _check_lengths(self, key):
        for name, most in zip(self._keys, (2048, 1024)):
            if _size(key[name]) > most:
                raise invalid(f"One or more parameter values were invalid: Size of {name} has exceeded "
                              f"the maximum size limit of {most} bytes")

    def get(self, name):
        return self._items.get(name)

    def put(self, name, item):
        self._items[name] = item

    def delete(self, name):
        self._items.pop(name, None)

    def in_order(self, backwards=False):
        return sorted(self._items.values(), reverse=backwards,
                      key=lambda item: [comparable(item[name]) for name in self._keys])

    def key_of(self, item):
        return {name: item[name] for name in self._keys}


class Write:
    """One of Put, Delete and ConditionCheck, checked and ready to be done."""

    def __init__(self, items, kind, asked):
        self.items, self.kind, self.item = items, kind, asked.get("Item")
        self.name = items.name_of(asked.get("Key", self.item), exact=self.item is None)
        if self.item is not None and size_of(self.item) > _ITEM_MAX:
            raise invalid("Item size has exceeded the maximum allowed size")
        self._condition = None
        if "ConditionExpression" in asked:
            self._condition = Condition(asked["ConditionExpression"],
                                        asked.get("ExpressionAttributeNames"),
                                        asked.get("ExpressionAttributeValues"))
        elif "ExpressionAttributeValues" in asked:
            raise invalid("ExpressionAttributeValues can only be specified when using expressions")

    def holds(self):
        return self._condition is None or self._condition(self.items.get(self.name))

    def do(self):
        if self.kind == "Put":
            self.items.put(self.name, self.item)
        elif self.kind == "Delete":
            self.items.delete(self.name)

    def size(self):
        return size_of(self.item) if self.item is not None else 0


def write_one(items, kind, asked):
    write = Write(items, kind, asked)
    if not write.holds():
        raise AwsError("ConditionalCheckFailedException", "The conditional request failed")
    write.do()
    return {}


def transact(items_of, params, seen):
    """seen: the tokens of this table's earlier transactions, and what was asked with each."""
    token, asked = params.get("ClientRequestToken"), json.dumps(params["TransactItems"], sort_keys=True)
    if token in seen:
        if seen[token] != asked:
            raise AwsError("IdempotentParameterMismatchException", "")
        return {}
    writes = [Write(items_of(asked_of), kind, asked_of)
              for action in params["TransactItems"] for kind, asked_of in action.items()]
    _check_transaction(writes)
    held = [write.holds() for write in writes]
    if not all(held):
        raise _cancelled(["None" if fine else "ConditionalCheckFailed" for fine in held])
    for write in writes:
        write.do()
    if token:
        seen[token] = asked
    return {}


def _check_transaction(writes):
    if len(writes) > _ACTIONS_MAX:
        raise invalid(f"Member must have length less than or equal to {_ACTIONS_MAX}")
    if len({write.name for write in writes}) < len(writes):
        raise invalid("Transaction request cannot include multiple operations on one item")
    if sum(write.size() for write in writes) > _TRANSACTION_MAX:
        raise invalid("Collection size of items in the transaction exceeded limit")


def _cancelled(codes):
    reasons = [{"Code": code} if code == "None" else
               {"Code": code, "Message": "The conditional request failed"} for code in codes]
    return AwsError("TransactionCanceledException",
                    "Transaction cancelled, please refer cancellation reasons for specific reasons "
                    f"[{', '.join(codes)}]", CancellationReasons=reasons)


def batch_get(items_of, params):
    found, left, size = {}, {}, 0
    asked = [(table, wanted, key) for table, wanted in params["RequestItems"].items()
             for key in wanted["Keys"]]
    if len(asked) > _KEYS_MAX:
        raise invalid("Too many items requested for the BatchGetItem call")
    for table, wanted, key in asked:
        items = items_of({"TableName": table})
        item = items.get(items.name_of(key))
        found.setdefault(table, [])
        size += size_of(item) if item else 0
        if size > _BATCH_MAX:
            left.setdefault(table, {**wanted, "Keys": []})["Keys"].append(key)
        elif item:
            found[table].append(project(item, wanted.get("ProjectionExpression"),
                                        wanted.get("ExpressionAttributeNames")))
    return {"Responses": found, "UnprocessedKeys": left}


def query(items, params):
    matches = Condition(params["KeyConditionExpression"], params.get("ExpressionAttributeNames"),
                        params.get("ExpressionAttributeValues"))
    all_of = [item for item in items.in_order(not params.get("ScanIndexForward", True))
              if matches(item)]
    if "ExclusiveStartKey" in params:
        behind = items.name_of(params["ExclusiveStartKey"])
        names = [items.name_of(item, exact=False) for item in all_of]
        all_of = all_of[names.index(behind) + 1:] if behind in names else all_of
    page, size = [], 0
    for item in all_of:
        page.append(item)
        size += size_of(item)
        if len(page) == params.get("Limit") or size > _PAGE_MAX:
            break
    answer = {"Items": [project(item, params.get("ProjectionExpression")) for item in page],
              "Count": len(page), "ScannedCount": len(page)}
    if page and (len(page) < len(all_of) or len(page) == params.get("Limit")):
        answer["LastEvaluatedKey"] = items.key_of(page[-1])
    return answer
