-- ARNs: arn:partition:service:region:account:resource.

local core = ...

local arn = {}

local NAMES = { "partition", "service", "region", "account", "resource" }
local KNOWN = {}
for _, name in ipairs(NAMES) do
  KNOWN[name] = true
end

local METHODS = {
  __tostring = function(self)
    local parts = { "arn" }
    for _, name in ipairs(NAMES) do
      parts[#parts + 1] = self[name]
    end
    return table.concat(parts, ":")
  end,
  __metatable = false,
}

local function complain(message)
  core.raise { code = "ParamValidation", message = message }
end

local function take_apart(text)
  local parts = table.pack(string.match(text, "^arn:([^:]*):([^:]*):([^:]*):([^:]*):(.*)$"))
  if not parts[1] then
    complain('"' .. text .. '" is not an ARN: arn:partition:service:region:account:resource')
  end
  local made = {}
  for i, name in ipairs(NAMES) do
    made[name] = parts[i]
  end
  return made
end

local function put_together(parts)
  for name in pairs(parts) do
    if not KNOWN[name] then complain("an ARN has no part " .. tostring(name)) end
  end
  local made = {}
  for _, name in ipairs(NAMES) do
    local part = parts[name] or ""
    made[name] = part
    if core.known(part) then
      if type(part) ~= "string" then complain("the " .. name .. " of an ARN must be a string") end
      if name ~= "resource" and string.find(part, ":", 1, true) then
        complain("the " .. name .. " of an ARN holds no colon")
      end
    end
  end
  if made.partition == "" then made.partition = "aws" end
  if made.service == "" or made.resource == "" then
    complain("an ARN needs a service and a resource")
  end
  return made
end

-- From text, or from a table with partition, service, region, account, resource.
function arn.make(from)
  if type(from) == "string" then return core.with_metatable(take_apart(from), METHODS) end
  if type(from) == "table" then return core.with_metatable(put_together(from), METHODS) end
  return complain("aws.arn takes a string or a table")
end

return arn
