-- Notifications of SNS, from Lambda's Records or as a message of their own: the Message is an
-- event again.

local sns = {}

local function inner(message, where)
  local ok, value = pcall(json.decode, message)
  if not ok then error(where .. " is not JSON", 0) end
  return { again = value }
end

function sns.decode(event)
  if event.Message then return { inner(event.Message, "the notification's Message") } end
  local found = {}
  for i, record in ipairs(event.Records) do
    local notification = type(record) == "table" and record.Sns
    if type(notification) ~= "table" then error("Records[" .. i .. "] has no Sns", 0) end
    found[#found + 1] = inner(notification.Message, "Records[" .. i .. "].Sns.Message")
  end
  return found
end

return sns
