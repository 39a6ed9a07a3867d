"""SSM: parameters, plain texts only."""

from ..errors import AwsError


def get_parameter(call, params):
    name = params["Name"]
    parameter = call.table("parameters").get(name)
    if parameter is None:
        raise AwsError("ParameterNotFound", "")
    return {"Parameter": {"Name": name, "Type": "String", **parameter}}


def put_parameter(call, params):
    table, name = call.table("parameters"), params["Name"]
    if name in table and not params.get("Overwrite"):
        raise AwsError("ParameterAlreadyExists", "The parameter already exists.")
    version = table.get(name, {}).get("Version", 0) + 1
    table[name] = {"Value": params["Value"], "Version": version}
    return {"Version": version, "Tier": "Standard"}
