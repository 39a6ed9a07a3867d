-- aws.policy: reads, changes and writes an IAM policy document.

local core = ...

local policy = {}

local Policy = {}
local META = { __index = Policy, __metatable = false }

local function complain(message)
  core.raise { code = "ParamValidation", message = message }
end

-- One value and a list of one mean the same in a policy.
local function as_list(value)
  if value == nil then return {} end
  if type(value) == "table" and (value[1] ~= nil or next(value) == nil) then return value end
  return { value }
end

-- Does a member hold what is wanted: the same text, or a list or map that has it?
local function holds(value, wanted)
  if type(wanted) == "table" then
    if type(value) ~= "table" then return false end
    for key, inner in pairs(wanted) do
      if not holds(value[key], inner) then return false end
    end
    return true
  end
  for _, item in ipairs(as_list(value)) do
    if item == wanted then return true end
  end
  return false
end

-- IAM gives documents percent-encoded.
local function read(text)
  if string.find(text, "^%s*%%7[Bb]") then
    text = string.gsub(text, "%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
  end
  local ok, document = pcall(json.decode, text)
  if not ok or type(document) ~= "table" then
    complain("the policy document is not a JSON object")
  end
  return document
end

-- The statements that hold every member of `wanted`, such as { Effect = "Allow", Principal = "*" }.
function Policy:find(wanted)
  local found = {}
  for _, statement in ipairs(self.statements) do
    if holds(statement, wanted) then found[#found + 1] = statement end
  end
  return found
end

-- Takes away the statements of that Sid, those like a table, or those that a function says.
-- Gives their number.
function Policy:remove(which)
  local kept, removed = {}, 0
  for _, statement in ipairs(self.statements) do
    local gone
    if type(which) == "function" then
      gone = which(statement)
    elseif type(which) == "table" then
      gone = holds(statement, which)
    else
      gone = statement.Sid == which
    end
    if gone then removed = removed + 1 else kept[#kept + 1] = statement end
  end
  self.statements = core.list(kept)
  return removed
end

-- Adds a statement; one with the same Sid is replaced.
function Policy:add(statement)
  if type(statement) ~= "table" then complain("a statement is a table") end
  if statement.Sid then self:remove(statement.Sid) end
  self.statements[#self.statements + 1] = statement
  return self
end

-- The whole document as a table, its other members as they were read.
function Policy:document()
  local document = {}
  for name, value in pairs(self.members) do
    document[name] = value
  end
  document.Statement = self.statements
  return document
end

function Policy:to_json()
  return json.encode(self:document())
end

META.__tostring = Policy.to_json

-- From JSON text (percent-encoded or not), a table, or nothing: an empty policy.
function policy.make(from)
  local members = {}
  if from == nil then from = { Version = "2012-10-17" } end
  if type(from) == "string" then from = read(from) end
  if type(from) ~= "table" then complain("aws.policy takes JSON text or a table") end
  for name, value in pairs(from) do
    if name ~= "Statement" then members[name] = value end
  end
  local statements = {}
  for i, statement in ipairs(as_list(from.Statement)) do
    if type(statement) ~= "table" then
      complain("statement " .. i .. " of the policy is not an object")
    end
    statements[i] = statement
  end
  return core.with_metatable({ members = members, statements = core.list(statements) }, META)
end

return policy
