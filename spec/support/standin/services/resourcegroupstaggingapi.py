"""The tagging API: tags by ARN, as tests set them: {"tags": {arn: {name: value}}}. What has none is not listed."""


def get_resources(call, params):
    tagged = call.table("tags")
    return {"PaginationToken": "", "ResourceTagMappingList": [
        {"ResourceARN": arn, "Tags": [{"Key": name, "Value": value} for name, value in tagged[arn].items()]}
        for arn in params["ResourceARNList"] if arn in tagged]}
