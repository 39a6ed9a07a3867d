-- The words of JMESPath: names, numbers, literals and symbols, and where each begins.

local core = ...

local tokens = {}

-- Longer ones first.
local SYMBOLS = {
  "[]", "[?", "||", "&&", "==", "!=", "<=", ">=", "<", ">", "!", ".", "*", "[", "]", "(", ")", "{",
  "}", ",", ":", "|", "@", "&",
}

function tokens.refuse(text, what)
  core.raise {
    code = "InvalidPath",
    message = "the path expression `" .. text .. "` is not valid: " .. what,
  }
end

-- What stands between two delimiters, the first of them at `from`, and where the second is.
local function delimited(text, from, delimiter)
  local at = from + 1
  while true do
    at = string.find(text, "[\\" .. delimiter .. "]", at)
    if not at then
      tokens.refuse(text, "the " .. delimiter .. " at " .. from .. " has no counterpart")
    end
    if string.sub(text, at, at) == delimiter then return string.sub(text, from + 1, at - 1), at end
    at = at + 2
  end
end

local function quoted_name(text, from)
  local inner, last = delimited(text, from, '"')
  local ok, name = pcall(json.decode, '"' .. inner .. '"')
  if not ok then tokens.refuse(text, "the name at " .. from .. " is no JSON string") end
  return name, last
end

-- JSON; what is none is taken for a text without its quotes, as old expressions have it.
local function literal(text, from)
  local inner, last = delimited(text, from, "`")
  inner = string.gsub(inner, "\\`", "`")
  local ok, value = pcall(json.decode, inner)
  if not ok then
    ok, value = pcall(json.decode, '"' .. string.gsub(inner, "^%s+", "") .. '"')
  end
  if not ok then tokens.refuse(text, "the literal at " .. from .. " is no JSON") end
  return value, last
end

local function raw_string(text, from)
  local inner, last = delimited(text, from, "'")
  return (string.gsub(inner, "\\'", "'")), last
end

local DELIMITED = {
  ['"'] = { "quoted name", quoted_name },
  ["`"] = { "literal", literal },
  ["'"] = { "literal", raw_string },
}

local function symbol_at(text, at)
  for _, symbol in ipairs(SYMBOLS) do
    if string.sub(text, at, at + #symbol - 1) == symbol then return symbol end
  end
  return tokens.refuse(text, "the character at " .. at .. " means nothing")
end

local function number_at(text, at, digits)
  return math.tointeger(tonumber(digits))
    or tokens.refuse(text, "the number at " .. at .. " is too large")
end

-- The token that begins at `at`, and where it ends.
local function token_at(text, at)
  local name = string.match(text, "^[%a_][%w_]*", at)
  if name then return { kind = "name", value = name }, at + #name - 1 end
  local digits = string.match(text, "^%-?%d+", at)
  if digits then
    return { kind = "number", value = number_at(text, at, digits) }, at + #digits - 1
  end
  local reader = DELIMITED[string.sub(text, at, at)]
  if reader then
    local value, last = reader[2](text, at)
    return { kind = reader[1], value = value }, last
  end
  local symbol = symbol_at(text, at)
  return { kind = symbol }, at + #symbol - 1
end

-- All tokens of text; { kind = "end" } is the last.
function tokens.of(text)
  local found = {}
  local at = string.find(text, "[^ \t\r\n]")
  while at do
    local token, last = token_at(text, at)
    token.at = at
    found[#found + 1] = token
    at = string.find(text, "[^ \t\r\n]", last + 1)
  end
  found[#found + 1] = { kind = "end", at = #text + 1 }
  return found
end

return tokens
