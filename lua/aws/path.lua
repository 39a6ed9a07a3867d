-- The part of JMESPath that the paginators and waiters of the service models speak: names, dots,
-- indexes, flattening, wildcards, filters, comparisons, `||`, `&&`, `!`, literals and length().
-- Anything else is refused by name: a condition half understood would be worse than none.

local core = ...

local path = {}

-- How strongly an operator binds what stands before it, as in JMESPath's own grammar.
local POWER = {
  ["||"] = 2, ["&&"] = 3,
  ["=="] = 5, ["!="] = 5, ["<"] = 5, ["<="] = 5, [">"] = 5, [">="] = 5,
  ["[]"] = 9, ["*"] = 20, ["[?"] = 21, ["."] = 40, ["!"] = 45, ["["] = 55, ["("] = 60,
}
-- An operator that binds less than this ends a projection.
local PROJECTION_STOP = 10

local SYMBOLS = {
  "[]", "[?", "||", "&&", "==", "!=", "<=", ">=", "<", ">", "!", ".", "*", "[", "]", "(", ")",
}
local LITERALS = { ["true"] = true, ["false"] = false }

local function refuse(state, what)
  core.raise {
    code = "UnsupportedPath",
    message = "the path expression `" .. state.text .. "` is not understood: " .. what,
  }
end

-- A JSON scalar between backquotes.
local function literal(state, text)
  if text == "null" then return nil end
  if LITERALS[text] ~= nil then return LITERALS[text] end
  local quoted = string.match(text, '^"([^"\\]*)"$')
  if quoted then return quoted end
  return tonumber(text) or refuse(state, "the literal " .. text)
end

local function symbol_at(text, at)
  for _, symbol in ipairs(SYMBOLS) do
    if string.sub(text, at, at + #symbol - 1) == symbol then return symbol end
  end
end

-- The next token: its kind ("name", "number", "literal", a symbol or "end"), its value, its end.
local function token_at(state, at)
  local text = state.text
  at = string.find(text, "%S", at)
  if not at then return "end", nil, #text + 1 end
  local first, last, found = string.find(text, "^([%a_][%w_]*)", at)
  if first then return "name", found, last + 1 end
  first, last, found = string.find(text, '^"([^"\\]*)"', at)
  if first then return "name", found, last + 1 end
  first, last, found = string.find(text, "^(-?%d+)", at)
  if first then return "number", math.tointeger(found), last + 1 end
  first, last, found = string.find(text, "^`([^`]*)`", at)
  if first then return "literal", literal(state, found), last + 1 end
  first, last, found = string.find(text, "^'([^'\\]*)'", at)
  if first then return "literal", found, last + 1 end
  local symbol = symbol_at(text, at)
  if not symbol then refuse(state, "the character at " .. at) end
  return symbol, nil, at + #symbol
end

local function advance(state)
  local kind, value = state.kind, state.value
  state.kind, state.value, state.at = token_at(state, state.at)
  return kind, value
end

local function expect(state, kind)
  if state.kind ~= kind then refuse(state, "`" .. kind .. "` is missing") end
  advance(state)
end

local function is_list(value)
  return type(value) == "table" and (value[1] ~= nil or next(value) == nil)
end

local function is_true(value)
  if value == nil or value == false or value == "" then return false end
  return type(value) ~= "table" or next(value) ~= nil
end

local function member(name)
  return function(value)
    if type(value) ~= "table" then return nil end
    local found = value[name]
    if found ~= core.null then return found end
  end
end

local function itself(value)
  return value
end

-- Applies each to every item and keeps what is not null.
local function project(items, each)
  local found = {}
  for _, item in ipairs(items) do
    local result = each(item)
    if result ~= nil then found[#found + 1] = result end
  end
  return found
end

local function flatten(value)
  if not is_list(value) then return nil end
  local flat = {}
  for _, item in ipairs(value) do
    if is_list(item) then
      table.move(item, 1, #item, #flat + 1, flat)
    else
      flat[#flat + 1] = item
    end
  end
  return flat
end

local function values_of(value)
  if type(value) ~= "table" or value[1] ~= nil then return nil end
  local values = {}
  for _, item in pairs(value) do
    values[#values + 1] = item
  end
  return values
end

local COMPARE = {
  ["=="] = function(a, b) return a == b end,
  ["!="] = function(a, b) return a ~= b end,
  ["<"] = function(a, b) return a < b end,
  ["<="] = function(a, b) return a <= b end,
  [">"] = function(a, b) return a > b end,
  [">="] = function(a, b) return a >= b end,
}

local expression

-- What follows a projection and is applied to each of its items.
local function projected(state, power)
  if (POWER[state.kind] or 0) < PROJECTION_STOP then return itself end
  if state.kind == "." then
    advance(state)
    return expression(state, power)
  end
  if state.kind == "[" or state.kind == "[?" then return expression(state, power) end
  return refuse(state, "`" .. state.kind .. "` after a projection")
end

local function projection(state, power, source, items_of)
  local each = projected(state, power)
  return function(value)
    local items = items_of(source(value))
    if items then return project(items, each) end
  end
end

local function filter(state, source)
  local condition = expression(state, 0)
  expect(state, "]")
  return projection(state, POWER["[?"], source, function(value)
    if not is_list(value) then return nil end
    return project(value, function(item)
      if is_true(condition(item)) then return item end
    end)
  end)
end

local function bracket(state, source)
  if state.kind == "*" then
    advance(state)
    expect(state, "]")
    return projection(state, POWER["*"], source, function(value)
      if is_list(value) then return value end
    end)
  end
  local kind, index = advance(state)
  if kind ~= "number" then refuse(state, "only an index, `*` or `?` may stand in brackets") end
  expect(state, "]")
  return function(value)
    local list = source(value)
    if is_list(list) then return list[index < 0 and #list + index + 1 or index + 1] end
  end
end

local function length_of(state)
  local argument = expression(state, 0)
  expect(state, ")")
  return function(value)
    local of = argument(value)
    if type(of) == "string" then return utf8.len(of) or #of end
    if type(of) ~= "table" then
      refuse(state, "length() of what is no list, map or text")
    end
    return of[1] ~= nil and #of or #values_of(of)
  end
end

local PREFIX = {
  ["name"] = function(state, name)
    if state.kind ~= "(" then return member(name) end
    if name ~= "length" then refuse(state, "the function " .. name .. "()") end
    advance(state)
    return length_of(state)
  end,
  ["literal"] = function(_, value)
    return function() return value end
  end,
  ["("] = function(state)
    local inner = expression(state, 0)
    expect(state, ")")
    return inner
  end,
  ["!"] = function(state)
    local inner = expression(state, POWER["!"])
    return function(value) return not is_true(inner(value)) end
  end,
  ["*"] = function(state) return projection(state, POWER["*"], itself, values_of) end,
  ["[]"] = function(state) return projection(state, POWER["[]"], itself, flatten) end,
  ["["] = function(state) return bracket(state, itself) end,
  ["[?"] = function(state) return filter(state, itself) end,
}

local function dotted(state, source)
  if state.kind == "*" then
    advance(state)
    return projection(state, POWER["*"], source, values_of)
  end
  if state.kind ~= "name" then refuse(state, "a name must follow a dot") end
  local rest = expression(state, POWER["."])
  return function(value) return rest(source(value)) end
end

local INFIX = {
  ["."] = dotted,
  ["["] = bracket,
  ["[?"] = filter,
  ["[]"] = function(state, source) return projection(state, POWER["[]"], source, flatten) end,
  ["||"] = function(state, left)
    local right = expression(state, POWER["||"])
    return function(value)
      local found = left(value)
      if is_true(found) then return found end
      return right(value)
    end
  end,
  ["&&"] = function(state, left)
    local right = expression(state, POWER["&&"])
    return function(value)
      local found = left(value)
      if not is_true(found) then return found end
      return right(value)
    end
  end,
}

local function comparison(state, operator, left)
  local right = expression(state, POWER[operator])
  local compare = COMPARE[operator]
  local ordered = operator ~= "==" and operator ~= "!="
  return function(value)
    local a, b = left(value), right(value)
    if ordered and not (math.type(a) and math.type(b)) then return nil end
    return compare(a, b)
  end
end

function expression(state, power)
  local kind, value = advance(state)
  local prefix = PREFIX[kind]
  if not prefix then refuse(state, kind == "end" and "it ends too early" or "`" .. kind .. "`") end
  local left = prefix(state, value)
  while power < (POWER[state.kind] or 0) do
    local operator = advance(state)
    if COMPARE[operator] then
      left = comparison(state, operator, left)
    elseif INFIX[operator] then
      left = INFIX[operator](state, left)
    else
      refuse(state, "`" .. operator .. "`")
    end
  end
  return left
end

-- The function that finds in a value what the expression names; nil where there is nothing.
function path.compile(text)
  local state = { text = text, at = 1 }
  advance(state)
  local found = expression(state, 0)
  if state.kind ~= "end" then refuse(state, "what follows at " .. state.at) end
  return found
end

return path
