-- A batch of SQS messages, as Lambda hands it on: each body is an event again.

local sqs = {}

function sqs.decode(event)
  local found = {}
  for i, record in ipairs(event.Records) do
    local body = type(record) == "table" and (record.body or record.Body)
    local ok, value = pcall(json.decode, body)
    if not ok then error("Records[" .. i .. "].body is not JSON", 0) end
    found[#found + 1] = { again = value }
  end
  return found
end

return sqs
