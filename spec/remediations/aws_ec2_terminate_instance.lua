local ID = "i-0123456789abcdef0"

local function get(state)
  return { "ec2:DescribeInstances", { InstanceIds = { ID } }, gives = {
    Reservations = { { Instances = { { InstanceId = ID, State = { Name = state } } } } } } }
end

return {
  remediation = "AWS.EC2.TerminateInstance",
  resource    = { Id = ID, AccountId = "123456789012", Region = "eu-west-1" },
  allow_destructive = true,

  { "terminates the instance",
    calls = { get("running"), { "ec2:TerminateInstances", { InstanceIds = { ID } }, gives = {} },
              get("shutting-down") },
    status = "fixed" },

  { "writes nothing the second time",
    calls = { get("terminated") },
    status = "compliant" },

  { "counts an instance that is not known any more as terminated",
    calls = { { "ec2:DescribeInstances",
                raises = { code = "InvalidInstanceID.NotFound", status = 400 } } },
    status = "compliant" },

  { "does nothing unless it may be destructive",
    allow_destructive = false,
    calls = {},
    status = "skipped", reason = "destructive" },

  { "leaves an instance that is protected, and says so",
    calls = { get("running"), { "ec2:TerminateInstances",
                                raises = { code = "OperationNotPermitted", status = 400 } } },
    status = "failed", error = "OperationNotPermitted" },

  { "refuses a parameter that it does not have",
    parameters = { Force = true },
    calls = {},
    status = "failed", error = "InvalidParameter" },

  { "says so when it is not allowed to",
    calls = { { "ec2:DescribeInstances",
                raises = { code = "UnauthorizedOperation", status = 403 } } },
    status = "failed", error = "UnauthorizedOperation" },
}
