-- JMESPath, the language in which the paginators and waiters of the service models point into
-- answers: all of it, as https://jmespath.org/specification.html defines it.
--
-- An expression is compiled into functions of a value, by the strength with which its operators
-- bind. Within, null is core.null; nil is what callers give and get.

local core = ...
local functions = core.module("path_functions")
local tokens = core.module("path_tokens")
local values = core.module("path_values")

local path = {}

local null = core.null
local DEPTH_MAX = 200 -- of expressions within expressions

-- How strongly an operator binds what stands before it. A projection ends at what binds less than
-- PROJECTION_STOP.
local POWER = {
  ["|"] = 1, ["||"] = 2, ["&&"] = 3,
  ["=="] = 5, ["!="] = 5, ["<"] = 5, ["<="] = 5, [">"] = 5, [">="] = 5,
  ["[]"] = 9, ["*"] = 20, ["[?"] = 21, ["."] = 40, ["!"] = 45, ["{"] = 50, ["["] = 55, ["("] = 60,
}
local PROJECTION_STOP = 10
local COMPARISON = 5

-- ---- reading ----

local function refuse_token(state, token)
  local what = token.kind == "end" and "it ends too early"
    or "there is a " .. token.kind .. " at " .. token.at
  return state.refuse(what)
end

local function advance(state)
  local token = state.tokens[state.at]
  state.at = state.at + 1
  return token
end

local function peek(state, ahead)
  local token = state.tokens[state.at + (ahead or 0)]
  return token and token.kind or "end"
end

local function expect(state, kind)
  if peek(state) ~= kind then refuse_token(state, state.tokens[state.at]) end
  return advance(state)
end

-- Is the next token this one? Then it is passed.
local function accept(state, kind)
  if peek(state) ~= kind then return false end
  advance(state)
  return true
end

-- ---- what expressions do ----

local function itself(value)
  return value
end

local function member(name)
  return function(value)
    if values.kind(value) ~= "object" then return null end
    local found = value[name]
    return found == nil and null or found
  end
end

local function if_list(value)
  return values.is_list(value) and value or null
end

local function values_of(value)
  return values.kind(value) == "object" and values.members(value) or null
end

local function flattened(value)
  if not values.is_list(value) then return null end
  local flat = core.list {}
  for _, item in ipairs(value) do
    if values.is_list(item) then
      table.move(item, 1, #item, #flat + 1, flat)
    else
      flat[#flat + 1] = item
    end
  end
  return flat
end

local function index_of(index)
  return function(value)
    if not values.is_list(value) then return null end
    local found = value[index < 0 and #value + index + 1 or index + 1]
    return found == nil and null or found
  end
end

-- The end of a slice as a position from 0, held within what there is.
local function bound(position, count, low, high)
  if position < 0 then position = position + count end
  return math.max(low, math.min(position, high))
end

local function slice_of(start, stop, step)
  return function(value)
    if not values.is_list(value) then return null end
    local found, count = core.list {}, #value
    local low, high = 0, count
    if step < 0 then
      low, high = -1, count - 1
    end
    local from = start and bound(start, count, low, high) or step > 0 and low or high
    local to = stop and bound(stop, count, low, high) or step > 0 and high or low
    for at = from, to + (step > 0 and -1 or 1), step do
      found[#found + 1] = value[at + 1]
    end
    return found
  end
end

-- each of every item that items_of finds in what source finds; what is null is left out.
local function projection(source, items_of, each)
  return function(value)
    local items = items_of(source(value))
    if items == null then return null end
    local found = core.list {}
    for _, item in ipairs(items) do
      local result = each(item)
      if result ~= null then found[#found + 1] = result end
    end
    return found
  end
end

-- ---- the grammar ----

local expression

local function listed(state)
  local finds = {}
  repeat
    finds[#finds + 1] = expression(state, 0)
  until not accept(state, ",")
  expect(state, "]")
  return function(value)
    if value == null then return null end
    local found = core.list {}
    for i, find in ipairs(finds) do
      found[i] = find(value)
    end
    return found
  end
end

local function named(state)
  local names, finds = {}, {}
  repeat
    local name = advance(state)
    if name.kind ~= "name" and name.kind ~= "quoted name" then refuse_token(state, name) end
    expect(state, ":")
    names[#names + 1] = name.value
    finds[#finds + 1] = expression(state, 0)
  until not accept(state, ",")
  expect(state, "}")
  return function(value)
    if value == null then return null end
    local found = {}
    for i, find in ipairs(finds) do
      found[names[i]] = find(value)
    end
    return found
  end
end

-- What stands after a dot.
local function after_dot(state, power)
  local kind = peek(state)
  if kind == "name" or kind == "quoted name" or kind == "*" then return expression(state, power) end
  if accept(state, "[") then return listed(state) end
  if accept(state, "{") then return named(state) end
  return refuse_token(state, state.tokens[state.at])
end

-- What follows a projection and is applied to each of its items.
local function projected(state, power)
  local kind = peek(state)
  if (POWER[kind] or 0) < PROJECTION_STOP then return itself end
  if kind == "[" or kind == "[?" then return expression(state, power) end
  if accept(state, ".") then return after_dot(state, power) end
  return refuse_token(state, state.tokens[state.at])
end

local function wildcard(state, source)
  return projection(source, values_of, projected(state, POWER["*"]))
end

local function flatten(state, source)
  return projection(source, flattened, projected(state, POWER["[]"]))
end

local function filter(state, source)
  local condition = expression(state, 0)
  expect(state, "]")
  local each = projected(state, POWER["[?"])
  return projection(source, if_list, function(item)
    if values.is_true(condition(item)) then return each(item) end
    return null
  end)
end

-- [start:stop:step], behind the bracket.
local function slice(state, source)
  local parts, at = {}, 1
  while not accept(state, "]") do
    if peek(state) == "number" and parts[at] == nil then
      parts[at] = advance(state).value
    elseif at < 3 then
      expect(state, ":")
      at = at + 1
    else
      refuse_token(state, state.tokens[state.at])
    end
  end
  if parts[3] == 0 then state.refuse("the step of a slice cannot be 0") end
  local cut = slice_of(parts[1], parts[2], parts[3] or 1)
  return projection(function(value) return cut(source(value)) end, itself,
    projected(state, POWER["*"]))
end

local function is_index(state)
  return peek(state) == "number" or peek(state) == ":"
end

local function indexed(state, source)
  if peek(state) == ":" or peek(state, 1) == ":" then return slice(state, source) end
  local find = index_of(advance(state).value)
  expect(state, "]")
  return function(value) return find(source(value)) end
end

local function all_items(state, source)
  expect(state, "*")
  expect(state, "]")
  return projection(source, if_list, projected(state, POWER["*"]))
end

local function call(state, name)
  local arguments = {}
  if not accept(state, ")") then
    repeat
      if accept(state, "&") then
        arguments[#arguments + 1] = { expression(state, 0) }
      else
        arguments[#arguments + 1] = expression(state, 0)
      end
    until not accept(state, ",")
    expect(state, ")")
  end
  return functions.call(name, arguments, state.refuse)
end

local PREFIX = {
  ["name"] = function(state, name)
    return accept(state, "(") and call(state, name) or member(name)
  end,
  ["quoted name"] = function(_, name) return member(name) end,
  ["literal"] = function(_, value)
    return function() return value end
  end,
  ["@"] = function() return itself end,
  ["("] = function(state)
    local inner = expression(state, 0)
    expect(state, ")")
    return inner
  end,
  ["!"] = function(state)
    local inner = expression(state, POWER["!"])
    return function(value) return not values.is_true(inner(value)) end
  end,
  ["*"] = function(state) return wildcard(state, itself) end,
  ["[]"] = function(state) return flatten(state, itself) end,
  ["[?"] = function(state) return filter(state, itself) end,
  ["["] = function(state)
    if is_index(state) then return indexed(state, itself) end
    if peek(state) == "*" and peek(state, 1) == "]" then return all_items(state, itself) end
    return listed(state)
  end,
  ["{"] = named,
}

local INFIX = {
  ["."] = function(state, source)
    if accept(state, "*") then
      return projection(source, values_of, projected(state, POWER["."]))
    end
    local rest = after_dot(state, POWER["."])
    return function(value) return rest(source(value)) end
  end,
  ["["] = function(state, source)
    return is_index(state) and indexed(state, source) or all_items(state, source)
  end,
  ["[?"] = filter,
  ["[]"] = flatten,
  ["|"] = function(state, left)
    local right = expression(state, POWER["|"])
    return function(value) return right(left(value)) end
  end,
  ["||"] = function(state, left)
    local right = expression(state, POWER["||"])
    return function(value)
      local found = left(value)
      return values.is_true(found) and found or right(value)
    end
  end,
  ["&&"] = function(state, left)
    local right = expression(state, POWER["&&"])
    return function(value)
      local found = left(value)
      if values.is_true(found) then return right(value) end
      return found
    end
  end,
}

local function comparison(state, operator, left)
  local right = expression(state, COMPARISON)
  return function(value) return values.compare(operator, left(value), right(value)) end
end

local function operated(state, left)
  local operator = advance(state)
  if POWER[operator.kind] == COMPARISON then return comparison(state, operator.kind, left) end
  local operate = INFIX[operator.kind] or refuse_token(state, operator)
  return operate(state, left)
end

function expression(state, power)
  local token = advance(state)
  local prefix = PREFIX[token.kind] or refuse_token(state, token)
  state.depth = state.depth + 1
  if state.depth > DEPTH_MAX then state.refuse("it is nested too deeply") end
  local left = prefix(state, token.value)
  while power < (POWER[peek(state)] or 0) do
    left = operated(state, left)
  end
  state.depth = state.depth - 1
  return left
end

-- The function that finds in a value what the expression names; nil where there is nothing.
function path.compile(text)
  local function refuse(what)
    return tokens.refuse(text, what)
  end
  local state = { tokens = tokens.of(text), at = 1, depth = 0, refuse = refuse }
  local find = expression(state, 0)
  if peek(state) ~= "end" then refuse_token(state, state.tokens[state.at]) end
  return function(value)
    if value == nil then value = null end
    local found = find(value)
    if found ~= null then return found end
  end
end

return path
