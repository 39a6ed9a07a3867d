-- The functions of JMESPath, with the types that their arguments must have.

local core = ...
local values = core.module("path_values")

local null = core.null
local kind = values.kind

-- The type of the items that an array must have.
local ITEMS = { ["array-number"] = "number", ["array-string"] = "string" }
local COMPARABLE = { "array-number", "array-string" }

local function is_array_of(value, item_kind)
  for _, item in ipairs(value) do
    if kind(item) ~= item_kind then return false end
  end
  return true
end

local function fits(value, wanted)
  local found = kind(value)
  for _, each in ipairs(wanted) do
    if each == "any" or each == found then return true end
    if ITEMS[each] and found == "array" and is_array_of(value, ITEMS[each]) then return true end
  end
  return false
end

-- An overflow ends in a float, as in JSON.
local function plus(a, b)
  local sum = a + b
  if math.type(sum) == "integer" and ((a ~ sum) & (b ~ sum)) < 0 then return a + 0.0 + b end
  return sum
end

local function sum(list)
  local total = 0
  for _, number in ipairs(list) do
    total = plus(total, number)
  end
  return total
end

local function map(each, list)
  local found = core.list {}
  for i, item in ipairs(list) do
    found[i] = each(item)
  end
  return found
end

-- The first item whose key comes before all others; null of an empty list.
local function first_of(list, keys, before)
  local best
  for i in ipairs(list) do
    if not best or before(keys[i], keys[best]) then best = i end
  end
  if best then return list[best] end
  return null
end

local function least(list, keys)
  return first_of(list, keys, function(a, b) return a < b end)
end

local function most(list, keys)
  return first_of(list, keys, function(a, b) return a > b end)
end

-- What pick makes of a list and of the key that each finds for its items; nil where these cannot be
-- compared.
local function by(pick)
  return function(list, each)
    local keys = map(each, list)
    if fits(keys, COMPARABLE) then return pick(list, keys) end
  end
end

-- Items of equal keys keep their order.
local function sorted(list, keys)
  local places = {}
  for i in ipairs(list) do
    places[i] = i
  end
  table.sort(places, function(a, b)
    if keys[a] == keys[b] then return a < b end
    return keys[a] < keys[b]
  end)
  return map(function(place) return list[place] end, places)
end

local function reversed(list)
  local found, count = core.list {}, #list
  for i = 1, count do
    found[i] = list[count + 1 - i]
  end
  return found
end

local function reversed_text(text)
  if not utf8.len(text) then return string.reverse(text) end
  local characters = {}
  for _, code in utf8.codes(text) do
    characters[#characters + 1] = utf8.char(code)
  end
  return table.concat(reversed(characters))
end

local function length(value)
  if type(value) == "string" then return utf8.len(value) or #value end
  return values.is_list(value) and #value or #values.members(value)
end

local function contains(subject, search)
  if type(subject) == "string" then
    return type(search) == "string" and string.find(subject, search, 1, true) ~= nil
  end
  for _, item in ipairs(subject) do
    if values.equal(item, search) then return true end
  end
  return false
end

local function names(object)
  local found = core.list {}
  for name in pairs(object) do
    found[#found + 1] = name
  end
  return found
end

local function merged(...)
  local found = {}
  for _, object in ipairs { ... } do
    for name, value in pairs(object) do
      found[name] = value
    end
  end
  return found
end

-- A text that is a number in JSON's grammar.
local function number_of(value)
  if type(value) == "number" then return value end
  if type(value) ~= "string" then return null end
  local whole, rest = string.match(value, "^%-?(%d+)(.*)$")
  if not whole or #whole > 1 and string.sub(whole, 1, 1) == "0" then return null end
  local exponent = string.match(rest, "^%.%d+(.*)$") or rest
  if exponent ~= "" and not string.find(exponent, "^[eE][+-]?%d+$") then return null end
  return tonumber(value)
end

local function first_known(...)
  for _, value in ipairs { ... } do
    if value ~= null then return value end
  end
  return null
end

local ANY, ARRAY, EXPRESSION, NUMBER = { "any" }, { "array" }, { "expref" }, { "number" }
local NUMBERS, OBJECT, STRING = { "array-number" }, { "object" }, { "string" }

-- name = { what it does, the types of its arguments, more arguments of the last type may follow }
local FUNCTIONS = {
  abs = { function(number) return number < 0 and -number or number end, { NUMBER } },
  avg = { function(list) return #list > 0 and sum(list) / #list or null end, { NUMBERS } },
  ceil = { math.ceil, { NUMBER } },
  contains = { contains, { { "array", "string" }, ANY } },
  ends_with = {
    function(text, suffix) return suffix == "" or string.sub(text, -#suffix) == suffix end,
    { STRING, STRING },
  },
  floor = { math.floor, { NUMBER } },
  join = {
    function(glue, texts) return table.concat(texts, glue) end,
    { STRING, { "array-string" } },
  },
  keys = { names, { OBJECT } },
  length = { length, { { "string", "array", "object" } } },
  map = { map, { EXPRESSION, ARRAY } },
  max = { function(list) return most(list, list) end, { COMPARABLE } },
  max_by = { by(most), { ARRAY, EXPRESSION } },
  merge = { merged, { OBJECT }, true },
  min = { function(list) return least(list, list) end, { COMPARABLE } },
  min_by = { by(least), { ARRAY, EXPRESSION } },
  not_null = { first_known, { ANY }, true },
  reverse = {
    function(value) return (type(value) == "string" and reversed_text or reversed)(value) end,
    { { "array", "string" } },
  },
  sort = { function(list) return sorted(list, list) end, { COMPARABLE } },
  sort_by = { by(sorted), { ARRAY, EXPRESSION } },
  starts_with = {
    function(text, prefix) return string.sub(text, 1, #prefix) == prefix end,
    { STRING, STRING },
  },
  sum = { sum, { NUMBERS } },
  to_array = {
    function(value) return values.is_list(value) and value or core.list { value } end,
    { ANY },
  },
  to_number = { number_of, { ANY } },
  to_string = {
    function(value) return type(value) == "string" and value or json.encode(value) end,
    { ANY },
  },
  type = { kind, { ANY } },
  values = { values.members, { OBJECT } },
}

local function check_count(name, count, wanted, is_variadic, refuse)
  if count == wanted or is_variadic and count > wanted then return end
  refuse(name .. "() takes " .. wanted .. (wanted == 1 and " argument" or " arguments")
    .. (is_variadic and " at least" or "") .. ", not " .. count)
end

local functions = {}

-- The function of a value that applies the one of that name to its arguments. An argument is the
-- function that finds it, or { an expression } where it was written with an `&`.
function functions.call(name, arguments, refuse)
  local spec = FUNCTIONS[name]
  if not spec then refuse("there is no function " .. name .. "()") end
  local apply, types, is_variadic = spec[1], spec[2], spec[3]
  check_count(name, #arguments, #types, is_variadic, refuse)

  local function refuse_argument(i, wanted, found)
    refuse(name .. "() takes " .. table.concat(wanted, " or ") .. " as argument " .. i
      .. ", not " .. found)
  end
  for i, argument in ipairs(arguments) do
    local wanted = types[i] or types[#types]
    local is_expression = type(argument) == "table"
    if (wanted == EXPRESSION) ~= is_expression then
      refuse_argument(i, wanted, is_expression and "expref" or "a value")
    end
  end
  return function(value)
    local given = {}
    for i, argument in ipairs(arguments) do
      local wanted = types[i] or types[#types]
      given[i] = wanted == EXPRESSION and argument[1] or argument(value)
      if wanted ~= EXPRESSION and not fits(given[i], wanted) then
        refuse_argument(i, wanted, kind(given[i]))
      end
    end
    local result = apply(table.unpack(given, 1, #arguments))
    if result == nil then refuse(name .. "() needs keys that are all numbers or all strings") end
    return result
  end
end

return functions
