local VPC = "vpc-0123456789abcdef0"

local function log(id, destination, traffic)
  return {
    FlowLogId = id, ResourceId = VPC, FlowLogStatus = "ACTIVE", TrafficType = traffic or "ALL",
    LogDestinationType = "s3", LogDestination = destination,
  }
end

local function describe(...)
  return { "ec2:DescribeFlowLogs", { Filter = { { Name = "resource-id", Values = { VPC } } } },
    gives = { FlowLogs = { ... } } }
end

local function create(destination, traffic, answer)
  return { "ec2:CreateFlowLogs", {
    ResourceIds = { VPC }, ResourceType = "VPC", TrafficType = traffic, LogDestinationType = "s3",
    LogDestination = destination },
    gives = answer or { FlowLogIds = { "fl-1" }, Unsuccessful = {} } }
end

return {
  remediation = "AWS.EC2.EnableVpcFlowLogsToS3",
  resource    = { Id = VPC, AccountId = "123456789012", Region = "eu-west-1" },
  parameters  = { TargetBucketName = "logs" },

  { "creates a flow log of all traffic; an empty list of failures is none",
    calls = { describe(), create("arn:aws:s3:::logs", "ALL"),
              describe(log("fl-1", "arn:aws:s3:::logs")) },
    status = "fixed" },

  { "delivers below a prefix, and only what is asked for",
    parameters = { TargetBucketName = "logs", TargetPrefix = "vpc", TrafficType = "REJECT" },
    calls = {
      describe(log("fl-0", "arn:aws:s3:::logs/vpc", "ACCEPT")),
      create("arn:aws:s3:::logs/vpc", "REJECT", { FlowLogIds = { "fl-1" } }),
      describe(log("fl-1", "arn:aws:s3:::logs/vpc/", "REJECT")),
    },
    status = "fixed" },

  { "writes nothing the second time",
    calls = { describe(log("fl-1", "arn:aws:s3:::logs")) },
    status = "compliant" },

  { "fails when EC2 says that it was unsuccessful",
    calls = { describe(), create("arn:aws:s3:::logs", "ALL", { FlowLogIds = {}, Unsuccessful = { {
      ResourceId = VPC, Error = { Code = "400", Message = "LogDestination: logs is undeliverable" },
    } } }) },
    status = "failed", error = "logs is undeliverable" },

  { "refuses traffic of no known type, and a missing bucket",
    parameters = { TrafficType = "SOME" },
    calls = {},
    status = "failed", error = "InvalidParameter" },

  { "says so when it is not allowed to",
    calls = { { "ec2:DescribeFlowLogs",
                raises = { code = "UnauthorizedOperation", status = 403 } } },
    status = "failed", error = "UnauthorizedOperation" },

  { "deletes the flow log that it made, and no other",
    run = "undo", before = { FlowLogIds = { "fl-0" } },
    calls = {
      describe(log("fl-0", "arn:aws:s3:::logs"), log("fl-1", "arn:aws:s3:::logs")),
      { "ec2:DeleteFlowLogs", { FlowLogIds = { "fl-1" } }, gives = {} },
      describe(log("fl-0", "arn:aws:s3:::logs")),
    },
    status = "undone" },
}
