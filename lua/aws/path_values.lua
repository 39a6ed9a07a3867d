-- What JMESPath thinks of values: their types, truth, equality and order. Its null is core.null.

local core = ...

local values = {}
local null = core.null

function values.is_list(value)
  return type(value) == "table" and (value[1] ~= nil or core.is_list(value))
end

function values.kind(value)
  if value == null then return "null" end
  local kind = type(value)
  if kind ~= "table" then return kind end
  return values.is_list(value) and "array" or "object"
end

function values.is_true(value)
  if value == null or value == false or value == "" then return false end
  return type(value) ~= "table" or next(value) ~= nil
end

function values.equal(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  if values.is_list(a) ~= values.is_list(b) then return false end
  for key, value in pairs(a) do
    local other = b[key]
    if other == nil or not values.equal(value, other) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

local ORDER = {
  ["<"] = function(a, b) return a < b end,
  ["<="] = function(a, b) return a <= b end,
  [">"] = function(a, b) return a > b end,
  [">="] = function(a, b) return a >= b end,
}

-- The specification orders numbers alone; the SDKs' implementation texts, too.
function values.compare(operator, a, b)
  if operator == "==" then return values.equal(a, b) end
  if operator == "!=" then return not values.equal(a, b) end
  local kind = values.kind(a)
  if kind ~= values.kind(b) or kind ~= "number" and kind ~= "string" then return null end
  return ORDER[operator](a, b)
end

-- The members of a map, in the order of their names.
function values.members(map)
  local found = core.list {}
  for _, value in pairs(map) do
    found[#found + 1] = value
  end
  return found
end

return values
