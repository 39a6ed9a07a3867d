local ID = "i-0123456789abcdef0"

local function get(state)
  return { "ec2:DescribeInstances", { InstanceIds = { ID } }, gives = {
    Reservations = { { Instances = { { InstanceId = ID, State = { Name = state } } } } } } }
end

local stop = { "ec2:StopInstances", { InstanceIds = { ID } }, gives = {} }

return {
  remediation = "AWS.EC2.StopInstance",
  resource    = { Id = ID, AccountId = "123456789012", Region = "eu-west-1" },
  allow_destructive = true,

  { "stops the instance, and waits until it is",
    calls = { get("running"), stop, get("stopping"), get("stopped") },
    status = "fixed" },

  { "writes nothing the second time",
    calls = { get("stopped") },
    status = "compliant" },

  { "asks to come back where the instance just starts",
    calls = { get("pending"), { "ec2:StopInstances",
                                raises = { code = "IncorrectInstanceState", status = 400 } } },
    status = "deferred", reason = "retry_later" },

  { "asks to come back where the instance that is to start again still stops",
    run = "undo", before = { State = "running" },
    calls = { { "ec2:StartInstances",
                raises = { code = "IncorrectInstanceState", status = 400 } } },
    status = "deferred", reason = "retry_later" },

  { "counts an instance that is gone as stopped",
    calls = { { "ec2:DescribeInstances",
                raises = { code = "InvalidInstanceID.NotFound", status = 400 } } },
    status = "compliant" },

  { "leaves an instance alone that is being terminated",
    calls = { get("shutting-down") },
    status = "compliant" },

  { "does nothing unless it may be destructive",
    allow_destructive = false,
    calls = {},
    status = "skipped", reason = "destructive" },

  { "refuses a parameter that it does not have",
    parameters = { Force = true },
    calls = {},
    status = "failed", error = "InvalidParameter" },

  { "says so when it is not allowed to",
    calls = { get("running"),
              { "ec2:StopInstances", raises = { code = "UnauthorizedOperation", status = 403 } } },
    status = "failed", error = "UnauthorizedOperation" },

  { "starts again what was running",
    run = "undo", before = { State = "running" },
    calls = { { "ec2:StartInstances", { InstanceIds = { ID } }, gives = {} }, get("running") },
    status = "undone" },
}
