-- Sends the flow logs of one VPC to an S3 bucket.
local aws = require "aws"
local given = require "given"

-- arn:aws:s3:::bucket, or arn:aws:s3:::bucket/prefix
local function destination_of(session, parameters)
  local path = parameters.TargetBucketName
  local prefix = given(parameters.TargetPrefix)
  if prefix then path = path .. "/" .. prefix end
  return tostring(aws.arn { partition = session.partition, service = "s3", resource = path })
end

-- The VPC's flow logs to that destination; one of all traffic is as good as one of some.
local function flow_logs(session, resource, parameters)
  local destination = destination_of(session, parameters)
  local found = aws.list {}
  local all = session:client("ec2"):items("describe_flow_logs", {
    Filter = { { Name = "resource-id", Values = { resource.Id } } },
  })
  for log in all do
    local traffic = log.TrafficType == "ALL" or log.TrafficType == parameters.TrafficType
    if traffic and (log.LogDestination or ""):gsub("/$", "") == destination:gsub("/$", "") then
      found[#found + 1] = log
    end
  end
  return found
end

local function is_active(logs)
  for _, log in ipairs(logs) do
    if log.FlowLogStatus == "ACTIVE" then return true end
  end
  return false
end

local function ids_of(logs)
  local ids = aws.list {}
  for i, log in ipairs(logs) do ids[i] = log.FlowLogId end
  return ids
end

-- EC2 answers 200 and tells in Unsuccessful what it did not do.
local function raise_unsuccessful(answer)
  for _, entry in ipairs(answer.Unsuccessful or {}) do
    error(entry.ResourceId .. ": " .. entry.Error.Code .. ": " .. entry.Error.Message, 0)
  end
end

return {
  id          = "AWS.EC2.EnableVpcFlowLogsToS3",
  description = "Sends the flow logs of a VPC to an S3 bucket, whose policy must let "
    .. "delivery.logs.amazonaws.com write. Undo deletes the flow log; what it "
    .. "delivered stays.",
  resource    = "AWS::EC2::VPC",
  parameters  = {
    TargetBucketName = { type = "string", required = true },
    TargetPrefix = "",
    TrafficType = { type = "string", default = "ALL", enum = { "ALL", "ACCEPT", "REJECT" } },
  },
  permissions = {
    "ec2:CreateFlowLogs", "ec2:DeleteFlowLogs", "ec2:DescribeFlowLogs",
    "logs:CreateLogDelivery", "logs:DeleteLogDelivery",
  },
  controls    = { "EC2.6", "vpc-flow-logs-enabled", "vpc_flow_logs_enabled" },

  check = function(session, resource, parameters)
    local logs = flow_logs(session, resource, parameters)
    return is_active(logs), { FlowLogIds = ids_of(logs) }
  end,

  fix = function(session, resource, parameters)
    raise_unsuccessful(session:client("ec2"):create_flow_logs {
      ResourceIds = { resource.Id },
      ResourceType = "VPC",
      TrafficType = parameters.TrafficType,
      LogDestinationType = "s3",
      LogDestination = destination_of(session, parameters),
    })
  end,

  undo = function(session, resource, parameters, before)
    local kept, ours = {}, aws.list {}
    for _, id in ipairs(before.FlowLogIds) do kept[id] = true end
    for _, id in ipairs(ids_of(flow_logs(session, resource, parameters))) do
      if not kept[id] then ours[#ours + 1] = id end
    end
    if #ours > 0 then
      raise_unsuccessful(session:client("ec2"):delete_flow_logs { FlowLogIds = ours })
    end
  end,
}
