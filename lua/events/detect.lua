-- What an event holds, whatever its format and however it is wrapped: a list of findings in the
-- one normal form.
--
-- A format is a module of its own, events.<format>, with decode(event). It returns a list of
-- findings, or of { again = value } where the value is an event that it was wrapped around.

local detect = {}

local NESTING_MAX = 5
local FINDINGS_MAX = 10000

local function first_record(event)
  local records = event.Records
  return type(records) == "table" and type(records[1]) == "table" and records[1] or {}
end

local function is_table(value) return type(value) == "table" end
local function is_text(value) return type(value) == "string" end

-- The first test that holds names the format: envelopes before what they may hold.
local formats = {
  { "panther", function(event)
    return event.action == "remediate" or event.action == "listRemediations"
  end },
  { "sqs", function(event) return first_record(event).eventSource == "aws:sqs" end },
  { "sns", function(event) return first_record(event).EventSource == "aws:sns" end },
  { "sns", function(event)
    return event.Type == "Notification" and is_text(event.TopicArn) and is_text(event.Message)
  end },
  { "panther", function(event)
    return is_table(event.remediateResource) or is_table(event.remediateResourceAsync)
      or is_table(event.listRemediations)
  end },
  { "panther", function(event) return is_text(event.policyId) and is_text(event.resourceId) end },
  { "eventbridge", function(event) return is_text(event["detail-type"]) end },
  { "asff", function(event)
    return event.SchemaVersion == "2018-10-08" and is_text(event.ProductArn)
  end },
  { "asff", function(event) return is_table(event.Findings) end },
}

local function keys_of(event)
  local keys = {}
  for key in pairs(event) do keys[#keys + 1] = tostring(key) end
  table.sort(keys)
  return #keys > 0 and table.concat(keys, ", ", 1, math.min(#keys, 12)) or "none"
end

-- The name of the event's format.
function detect.format_of(event)
  for _, format in ipairs(formats) do
    if format[2](event) then return format[1] end
  end
  error("unknown_format: the event is of no known format; its top-level keys are: "
    .. keys_of(event), 0)
end

local function collect(event, depth, found)
  if depth > NESTING_MAX then
    error("the event is wrapped more than " .. NESTING_MAX .. " times", 0)
  end
  if type(event) ~= "table" then
    error("an event must be a JSON object, this is "
      .. (type(event) == "userdata" and "null" or "a " .. type(event)), 0)
  end
  if event[1] ~= nil then
    for _, item in ipairs(event) do collect(item, depth + 1, found) end
    return
  end
  for _, item in ipairs(require("events." .. detect.format_of(event)).decode(event)) do
    if item.again ~= nil then
      collect(item.again, depth + 1, found)
    else
      found[#found + 1] = item
    end
    if #found > FINDINGS_MAX then
      error("one event holds more than " .. FINDINGS_MAX .. " findings", 0)
    end
  end
end

-- All findings of an event.
function detect.decode(event)
  local found = {}
  collect(event, 0, found)
  return found
end

return detect
