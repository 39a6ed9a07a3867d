-- What a resource's id tells: its type, account, region, and the attributes that scripts use.

local resources = {}

-- Services whose ARNs name no region, because theirs is the partition's own.
local GLOBAL = { iam = true, cloudfront = true, route53 = true, organizations = true }

-- "arn:aws:rds:eu-west-1:123456789012:db:orders": what is behind the fifth colon stays whole.
function resources.arn(text)
  local partition, service, region, account, rest =
    string.match(text, "^arn:([^:]*):([^:]*):([^:]*):([^:]*):(.+)$")
  if not partition then return nil end
  return { partition = partition, service = service, region = region, account = account,
    resource = rest }
end

-- "db:orders" gives "orders", "key/1234" gives "1234", "demo-bucket" itself; a name may hold more
-- of both marks.
local function name_of(rest)
  return string.match(rest, "^[%w%-]+[:/](.+)$") or rest
end

-- IAM's names have a path before them.
local function last_step(name)
  return string.match(name, "([^/]+)$") or name
end

-- Type by the ARN's service and the word before the name, for ids that come alone.
local types_by_arn = {
  ["s3:"] = "AWS::S3::Bucket",
  ["ec2:instance"] = "AWS::EC2::Instance",
  ["ec2:vpc"] = "AWS::EC2::VPC",
  ["ec2:image"] = "AWS::EC2::Image",
  ["ec2:security-group"] = "AWS::EC2::SecurityGroup",
  ["ec2:volume"] = "AWS::EC2::Volume",
  ["ec2:snapshot"] = "AWS::EC2::Snapshot",
  ["ec2:subnet"] = "AWS::EC2::Subnet",
  ["rds:db"] = "AWS::RDS::DBInstance",
  ["rds:cluster"] = "AWS::RDS::DBCluster",
  ["rds:snapshot"] = "AWS::RDS::DBSnapshot",
  ["rds:cluster-snapshot"] = "AWS::RDS::DBClusterSnapshot",
  ["kms:key"] = "AWS::KMS::Key",
  ["cloudtrail:trail"] = "AWS::CloudTrail::Trail",
  ["dynamodb:table"] = "AWS::DynamoDB::Table",
  ["guardduty:detector"] = "AWS::GuardDuty::Detector",
  ["iam:user"] = "AWS::IAM::User",
  ["iam:role"] = "AWS::IAM::Role",
  ["iam:group"] = "AWS::IAM::Group",
  ["iam:policy"] = "AWS::IAM::ManagedPolicy",
  ["lambda:function"] = "AWS::Lambda::Function",
  ["logs:log-group"] = "AWS::Logs::LogGroup",
  ["secretsmanager:secret"] = "AWS::SecretsManager::Secret",
  ["sns:"] = "AWS::SNS::Topic",
  ["sqs:"] = "AWS::SQS::Queue",
}

local function type_of(arn)
  local word = string.match(arn.resource, "^([%w%-]+)[:/]")
  return types_by_arn[arn.service .. ":" .. (word or "")] or types_by_arn[arn.service .. ":"]
end

-- The attributes that scripts use, by type, beside Id, Name and Arn that all have.
local more = {
  ["AWS::IAM::User"] = function(attributes)
    attributes.Name = last_step(attributes.Name)
    attributes.UserName = attributes.Name
  end,
  ["AWS::IAM::Role"] = function(attributes) attributes.Name = last_step(attributes.Name) end,
  ["AWS::IAM::Group"] = function(attributes) attributes.Name = last_step(attributes.Name) end,
  ["AWS::Logs::LogGroup"] = function(attributes)
    attributes.Name = string.match(attributes.Name, "^(.-):%*$") or attributes.Name
  end,
  ["AWS::RDS::DBSnapshot"] = function(attributes)
    attributes.SnapshotAttributes = { { Id = attributes.Id } }
  end,
}

local function attributes_of(id, name, kind)
  local attributes = { ResourceId = id, ResourceType = kind, Id = name, Name = name }
  if string.find(id, "^arn:") then attributes.Arn = id end
  if more[kind] then more[kind](attributes) end
  return attributes
end

-- A text that is not empty, or nil.
local function told(text)
  return text ~= "" and text or nil
end

-- Takes an id apart: an ARN, Panther's of what an account has once
-- ("123456789012:us-east-1:AWS.GuardDuty.Detector.Meta"), an account
-- ("AWS::::Account:123456789012") or a bare name. kind: the type, where it is known.
function resources.of_id(id, kind)
  local arn = resources.arn(id)
  if arn then
    kind = kind or type_of(arn)
    local attributes = attributes_of(id, name_of(arn.resource), kind)
    return {
      type = kind, id = id, arn = id, name = attributes.Name, attributes = attributes,
      account = told(arn.account), partition = told(arn.partition),
      region = told(arn.region) or (GLOBAL[arn.service] and "global" or nil),
    }
  end
  local account, region = string.match(id, "^(%d+):([%w%-]+):AWS%.")
  account = account or string.match(id, "^AWS::::Account:(%d+)$")
  if account then
    return {
      type = kind or "AWS::::Account", id = id, account = account, region = region,
      attributes = { ResourceId = id, ResourceType = kind or "AWS::::Account" },
    }
  end
  return { type = kind, id = id, name = id, attributes = attributes_of(id, id, kind) }
end

return resources
