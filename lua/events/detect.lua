-- Which format is this? The first test that holds names it; events.<format> takes the value apart.

local detect = {}

-- A value that Lua sees as a table with these members, all of them present.
local function has(value, ...)
  for _, name in ipairs { ... } do
    if value[name] == nil then return false end
  end
  return true
end

local function first_record(event)
  local records = event.Records
  return type(records) == "table" and type(records[1]) == "table" and records[1] or {}
end

-- In this order: envelopes before what they may hold, exact marks before looser ones.
local formats = {
  { "sqs", function(event) return first_record(event).eventSource == "aws:sqs" end },
  { "sns", function(event) return first_record(event).EventSource == "aws:sns" end },
  { "sns", function(event)
    return event.Type == "Notification" and has(event, "TopicArn", "Message")
  end },
  { "panther", function(event)
    return event.action == "remediate" or event.action == "listRemediations"
  end },
  { "panther", function(event)
    local count = 0
    for _, name in ipairs { "remediateResource", "remediateResourceAsync", "listRemediations" } do
      if type(event[name]) == "table" then count = count + 1 end
    end
    return count == 1
  end },
  { "panther", function(event) return has(event, "policyId", "resourceId") end },
  { "eventbridge", function(event) return has(event, "detail-type") end },
  { "asff", function(event)
    return event.SchemaVersion == "2018-10-08" and event.ProductArn ~= nil
  end },
  { "asff", function(event) return type(event.Findings) == "table" end },
}

local function keys_of(event)
  local keys = {}
  for key in pairs(event) do keys[#keys + 1] = tostring(key) end
  table.sort(keys)
  return #keys > 0 and table.concat(keys, ", ", 1, math.min(#keys, 12)) or "none"
end

function detect.format_of(event)
  for _, format in ipairs(formats) do
    if format[2](event) then return format[1] end
  end
  error("unknown_format: the event is of no known format; its top-level keys are: "
    .. keys_of(event), 0)
end

return detect
