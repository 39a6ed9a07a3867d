-- Panther's own events: the payload of its remediation Lambda, the requests of its remediation
-- API, and the messages of its remediation queue.

local panther = {}

-- Where Panther's name of a type is not CloudFormation's with other dots.
local types = {
  ["AWS.CloudTrail"] = "AWS::CloudTrail::Trail",
  ["AWS.EC2.AMI"] = "AWS::EC2::Image",
  ["AWS.ELBV2.ApplicationLoadBalancer"] = "AWS::ElasticLoadBalancingV2::LoadBalancer",
  ["AWS.GuardDuty.Detector.Meta"] = "AWS::::Account",
  ["AWS.CloudTrail.Meta"] = "AWS::::Account",
  ["AWS.PasswordPolicy"] = "AWS::::Account",
  ["AWS.IAM.RootUser"] = "AWS::IAM::User",
  ["AWS.RDS.Instance"] = "AWS::RDS::DBInstance",
  ["AWS.Redshift.Cluster"] = "AWS::Redshift::Cluster",
}

local function cloudformation_type(name)
  return types[name] or (string.gsub(name, "%.", "::"))
end

local function text_or_nil(value)
  return type(value) == "string" and value ~= "" and value or nil
end

local function table_or_nil(value)
  return type(value) == "table" and value or nil
end

local function remediate(payload)
  if type(payload) ~= "table" then
    error("InvalidInput: action remediate needs a payload, an object", 0)
  end
  local resource = payload.resource
  if not text_or_nil(payload.remediationId) then
    error("InvalidInput: payload.remediationId must be the id of a remediation", 0)
  end
  if type(resource) ~= "table" then
    error("InvalidInput: payload.resource must be an object, the resource's attributes", 0)
  end
  local parameters = payload.parameters
  if type(parameters) == "userdata" then parameters = nil end
  if parameters ~= nil and type(parameters) ~= "table" then
    error("InvalidInput: payload.parameters must be an object", 0)
  end
  local kind = text_or_nil(resource.ResourceType)
  return { {
    source = "panther",
    status = "fail",
    account = resource.AccountId,
    region = resource.Region,
    remediation_id = payload.remediationId,
    parameters = parameters,
    resource = {
      type = kind and cloudformation_type(kind),
      id = text_or_nil(resource.ResourceId) or text_or_nil(resource.Arn)
        or text_or_nil(resource.Id) or text_or_nil(resource.Name),
      arn = text_or_nil(resource.Arn),
      name = text_or_nil(resource.Name),
      attributes = resource,
    },
  } }
end

-- Only a policy and a resource's id: enough where the id tells the account, the region and what
-- the resource is called. Else Panther would look the resource up in its own store.
local function policy_failure(event)
  local resources = require "events.resources"
  local about = resources.of_id(event.resourceId)
  if not about.account or not about.region then
    error("needs_lookup: " .. event.resourceId .. " does not tell the account and the region of "
      .. "the resource, and Balm has no store to look them up in; send Panther's remediate "
      .. "payload, which holds the resource", 0)
  end
  return { {
    source = "panther",
    status = "fail",
    account = about.account,
    region = about.region,
    partition = about.partition,
    policy_id = event.policyId,
    resource = about,
  } }
end

function panther.decode(event)
  if event.action == "remediate" then return remediate(event.payload) end
  if event.action == "listRemediations" or type(event.listRemediations) == "table" then
    return { { source = "panther", kind = "list" } }
  end
  local request = table_or_nil(event.remediateResource)
    or table_or_nil(event.remediateResourceAsync) or event
  if type(request.policyId) ~= "string" or type(request.resourceId) ~= "string" then
    error("InvalidInput: policyId and resourceId must be texts", 0)
  end
  return policy_failure(request)
end

return panther
