-- Events of EventBridge: what the envelope carries is told by its source and detail-type.

local eventbridge = {}

local function security_hub(event, by_hand)
  local asff = require "events.asff"
  local findings = type(event.detail) == "table" and event.detail.findings
  local found = {}
  if type(findings) ~= "table" then
    error("the event \"" .. event["detail-type"] .. "\" has no detail.findings", 0)
  end
  for _, finding in ipairs(findings) do asff.add(found, finding, by_hand) end
  return found
end

local function by_hand(event) return security_hub(event, true) end

local function api_call(event) return require("events.cloudtrail").decode(event) end

local readers = {
  ["AWS API Call via CloudTrail"] = api_call,
  ["Security Hub Findings - Imported"] = security_hub,
  ["Security Hub Findings - Custom Action"] = by_hand,
  ["Security Hub Findings - API Action"] = by_hand,
}

function eventbridge.decode(event)
  local reader = readers[event["detail-type"]]
  if not reader then
    error("unknown_format: Balm does not read EventBridge's \"" .. event["detail-type"]
      .. "\" events (source " .. tostring(event.source) .. ")", 0)
  end
  return reader(event, false)
end

return eventbridge
