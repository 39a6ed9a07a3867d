"""A stand-in for AWS, for tests on one machine.

It verifies each request's signature with botocore's signer, reads and writes every protocol by
botocore's service models, and keeps state per account and region. It depends on Debian's python3 and
python3-botocore alone, so it is also an oracle that shares no code with Balm.

    models      service models, and which operation a request asks for
    request     one HTTP request as it came, one reply as it goes
    decode      request -> parameters, by the model
    encode      result or error -> reply, by the model
    signature   Signature Version 4, verified
    identity    access keys, roles, session policies
    store       what exists, by account, region, service and kind
    dispatch    the way of one request through all of these
    faults      answers gone wrong, on demand
    control     /_standin/: the log, the state, the faults
    http        HTTP/1.1 on asyncio
    seed        the demo accounts
    services/   one module a service, one function an operation

An operation is a function named as boto3 names it, in services/<service>.py:

    def put_bucket_versioning(call, params):
        bucket(call, params)["Versioning"] = params["VersioningConfiguration"]

`call` knows account, region and state (see store.Call); `params` are the API's own member names; what
is returned is the API's output; an AwsError is raised for the API's errors.
"""
