"""Organizations: where an account hangs. Parents are set by tests: {"parents": {child: parent}}."""

from ..errors import AwsError


def list_parents(call, params):
    parent = call.table("parents").get(params["ChildId"])
    if parent is None:
        raise AwsError("ChildNotFoundException", "You specified a child that doesn't exist.")
    kind = "ROOT" if parent["Id"].startswith("r-") else "ORGANIZATIONAL_UNIT"
    return {"Parents": [{"Id": parent["Id"], "Type": kind}]}
