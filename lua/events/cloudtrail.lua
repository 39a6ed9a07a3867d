-- API calls that CloudTrail tells through EventBridge. An event says what was asked, not what is:
-- the remediation that a configuration associates with it looks for itself.
--
-- The policy's id is the call's: "ec2:AuthorizeSecurityGroupIngress". What changed nothing (a read,
-- a call that failed) needs no fix.

local cloudtrail = {}

-- Where a call names what it made or changed: a path, and the resource's type. A * stands for each
-- item of a list.
local paths = {
  ["dynamodb:CreateTable"] = { "requestParameters.tableName", "AWS::DynamoDB::Table" },
  ["ec2:AuthorizeSecurityGroupIngress"] =
    { "requestParameters.groupId", "AWS::EC2::SecurityGroup" },
  ["ec2:CreateImage"] = { "responseElements.imageId", "AWS::EC2::Image" },
  ["ec2:CreateVolume"] = { "responseElements.volumeId", "AWS::EC2::Volume" },
  ["ec2:CreateVpc"] = { "responseElements.vpc.vpcId", "AWS::EC2::VPC" },
  ["ec2:ModifyImageAttribute"] = { "requestParameters.imageId", "AWS::EC2::Image" },
  ["ec2:RunInstances"] =
    { "responseElements.instancesSet.items.*.instanceId", "AWS::EC2::Instance" },
  ["iam:CreateUser"] = { "requestParameters.userName", "AWS::IAM::User" },
  ["kms:DisableKeyRotation"] = { "requestParameters.keyId", "AWS::KMS::Key" },
  ["lambda:CreateFunction20150331"] =
    { "requestParameters.functionName", "AWS::Lambda::Function" },
  ["rds:CreateDBInstance"] = { "requestParameters.dBInstanceIdentifier", "AWS::RDS::DBInstance" },
  ["rds:ModifyDBInstance"] = { "requestParameters.dBInstanceIdentifier", "AWS::RDS::DBInstance" },
  ["rds:ModifyDBSnapshotAttribute"] =
    { "requestParameters.dBSnapshotIdentifier", "AWS::RDS::DBSnapshot" },
}

-- S3 names the bucket in all of its calls.
local BUCKET = { "requestParameters.bucketName", "AWS::S3::Bucket" }

local function member(value, path)
  for step in string.gmatch(path, "[^.]+") do
    if type(value) ~= "table" then return nil end
    value = value[tonumber(step) or step]
  end
  return type(value) == "string" and value ~= "" and value or nil
end

local function call_of(detail)
  local source, name = member(detail, "eventSource"), member(detail, "eventName")
  if not source or not name then
    error("the event tells no eventSource and eventName of the call", 0)
  end
  return string.match(source, "^([^.]+)") .. ":" .. name
end

-- The texts at a path, in which a * stands for each item of a list.
local function members(value, path)
  local list, rest = string.match(path, "^(.-)%.%*%.(.+)$")
  if not list then return { member(value, path) } end
  for step in string.gmatch(list, "[^.]+") do
    value = type(value) == "table" and value[step]
  end
  local found = {}
  for _, item in ipairs(type(value) == "table" and value or {}) do
    found[#found + 1] = member(item, rest)
  end
  return found
end

local function resources_of(detail, call)
  local path = paths[call] or (string.find(call, "^s3:") and BUCKET)
  local ids = path and members(detail, path[1]) or {}
  if #ids == 0 then ids = { member(detail, "resources.1.ARN") } end
  if #ids == 0 then
    error("the event does not tell which resource " .. call .. " was about", 0)
  end
  local resources = {}
  for i, id in ipairs(ids) do
    resources[i] = require("events.resources").of_id(id, path and path[2])
  end
  return resources
end

function cloudtrail.decode(event)
  local detail = event.detail
  if type(detail) ~= "table" then error("the event has no detail, an object", 0) end
  local call = call_of(detail)
  local changed = detail.readOnly ~= true and member(detail, "errorCode") == nil
  local found = {}
  for i, resource in ipairs(resources_of(detail, call)) do
    found[i] = {
      source = "cloudtrail",
      event_id = member(detail, "eventID"),
      status = changed and "fail" or "pass",
      account = member(detail, "recipientAccountId") or event.account,
      region = member(detail, "awsRegion") or event.region,
      policy_id = call,
      policy_aliases = { member(detail, "eventSource") .. ":" .. member(detail, "eventName") },
      actor = member(detail, "userIdentity.sessionContext.sessionIssuer.arn")
        or member(detail, "userIdentity.arn"),
      resource = resource,
    }
  end
  return found
end

return cloudtrail
