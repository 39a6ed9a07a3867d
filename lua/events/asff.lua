-- Findings of AWS Security Hub in its own format (ASFF), bare or as GetFindings answers with them.
-- One normal form for each resource of each finding.

local resources = require "events.resources"
local types = require "events.types"

local asff = {}

local function text(value)
  return type(value) == "string" and value ~= "" and value or nil
end

local function member(value, name)
  if type(value) ~= "table" then return nil end
  local found = value[name]
  if type(found) == "userdata" then return nil end
  return found
end

-- The control within an id that Security Hub made: of consolidated findings, then of those that
-- belong to one standard.
local function control_in(id)
  if not id then return nil end
  return string.match(id, "security%-control/([^/]+)")
    or string.match(id, ":subscription/.+/v/[^/]+/(.+)/finding/")
    or string.match(id, "/v/[^/]+/rule/([^/]+)$")
    or string.match(id, "/v/[^/]+/([^/]+)$")
end

-- Names of the Config rules behind a finding, and what they are without Security Hub's frame.
local function add_config_rules(fields, add)
  for i = 0, 9 do
    local name = text(fields["RelatedAWSResources:" .. i .. "/name"])
    if not name then return end
    if fields["RelatedAWSResources:" .. i .. "/type"] == "AWS::Config::ConfigRule" then
      add(name)
      add(string.match(name, "^securityhub%-(.+)%-%w+$"))
    end
  end
end

-- The policy's id, and what else it is called.
local function policy_of(finding)
  local fields = member(finding, "ProductFields")
  if type(fields) ~= "table" then fields = {} end
  local generator = text(finding.GeneratorId)
  local names, seen = {}, {}
  local function add(name)
    if name and not seen[name] then
      seen[name] = true
      names[#names + 1] = name
    end
  end
  add(text(member(finding.Compliance, "SecurityControlId")))
  add(control_in(text(finding.Id)))
  add(control_in(generator))
  add(text(fields.ControlId))
  add(text(fields.RuleId))
  add(generator)
  add(generator and string.match(generator, "^prowler%-(.+)$"))
  add(text(fields.StandardsControlArn))
  add_config_rules(fields, add)
  return table.remove(names, 1), names
end

local COMPLIANCE = { FAILED = "fail", PASSED = "pass" }
local CLOSED = { SUPPRESSED = "suppressed", RESOLVED = "pass" }

-- by_hand: a person chose this finding, and need not wait for Security Hub's own opinion of it.
local function status_of(finding, by_hand)
  local workflow = text(member(finding.Workflow, "Status")) or text(finding.WorkflowState)
  if finding.RecordState == "ARCHIVED" then return "archived" end
  if CLOSED[workflow] then return CLOSED[workflow] end
  if by_hand then return "fail" end
  if workflow == "NOTIFIED" then return "suppressed" end
  return COMPLIANCE[member(finding.Compliance, "Status")] or "unknown"
end

-- "AWS::IAM::AccessKey:AKIA...|null": the user stands in the details.
local function fill_access_key(about, details)
  about.attributes.UserName = text(details.UserName) or text(details.PrincipalName)
  about.attributes.AccessKeyId = text(details.AccessKeyId)
    or string.match(about.id, "AWS::IAM::AccessKey:(%w+)")
end

local function region_of(finding, resource, about)
  local own = resources.arn(finding.Id or "")
  if about.region and about.region ~= "global" then return about.region end
  return text(resource.Region) or text(finding.Region) or (own and text(own.region)) or about.region
end

local function resource_of(finding, resource)
  local kind = types[resource.Type] or text(resource.Type)
  local about = resources.of_id(resource.Id, kind)
  local details = member(resource.Details, resource.Type)
  about.account = finding.AwsAccountId
  about.region = region_of(finding, resource, about)
  about.partition = text(resource.Partition) or about.partition
  about.tags = member(resource, "Tags")
  about.attributes.Tags = about.tags
  about.attributes.Details = details
  if kind == "AWS::IAM::AccessKey" then
    fill_access_key(about, type(details) == "table" and details or {})
  end
  return about
end

-- The normal forms of one finding, added to found.
function asff.add(found, finding, by_hand)
  if type(finding) ~= "table" or not text(finding.Id) then
    error("a Security Hub finding must be an object with an Id", 0)
  end
  if type(finding.Resources) ~= "table" or #finding.Resources == 0 then
    error("the finding " .. finding.Id .. " has no Resources", 0)
  end
  local policy, aliases = policy_of(finding)
  for i, resource in ipairs(finding.Resources) do
    if type(resource) ~= "table" or not text(resource.Id) then
      error("the finding " .. finding.Id .. " has no Id in Resources[" .. i .. "]", 0)
    end
    local about = resource_of(finding, resource)
    found[#found + 1] = {
      source = "securityhub",
      event_id = finding.Id,
      dedupe_key = finding.Id .. "@" .. (text(finding.UpdatedAt) or ""),
      time = text(finding.UpdatedAt),
      account = about.account,
      region = about.region,
      partition = about.partition,
      policy_id = policy,
      policy_aliases = aliases,
      status = status_of(finding, by_hand),
      severity = text(member(finding.Severity, "Label")),
      resource = about,
    }
  end
end

function asff.decode(event)
  local found = {}
  local findings = member(event, "Findings") or { event }
  if type(findings) ~= "table" then error("Findings must be a list of findings", 0) end
  for _, finding in ipairs(findings) do asff.add(found, finding) end
  return found
end

return asff
