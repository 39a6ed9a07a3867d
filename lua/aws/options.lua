-- Options that scripts give to the functions of `aws`: a wrong one is an error that names it.

local core = ...

local options = {}

local KINDS = {
  count = {
    "a whole number from 1",
    function(value) return math.type(value) == "integer" and value >= 1 end,
  },
  seconds = {
    "a number of seconds",
    function(value) return type(value) == "number" and value >= 0 end,
  },
  codes = {
    "the code of an error, or a list of codes",
    function(value)
      if type(value) == "string" then return true end
      if type(value) ~= "table" or #value == 0 then return false end
      for _, code in ipairs(value) do
        if type(code) ~= "string" then return false end
      end
      return true
    end,
  },
  token = {
    "a token: a text or a table",
    function(value) return type(value) == "string" or type(value) == "table" end,
  },
}

local function refuse(what, message)
  core.raise { code = "ParamValidation", message = what .. ": " .. message }
end

local function names_of(known)
  local names = {}
  for name in pairs(known) do
    names[#names + 1] = name
  end
  return table.concat(names, ", ")
end

-- given, or {} where nothing was; known has the kind of each option. what: "client:pages"
function options.check(what, given, known)
  if given == nil then return {} end
  if type(given) ~= "table" then refuse(what, "the options must be a table") end
  for name, value in pairs(given) do
    local kind = KINDS[known[name]]
    if not kind then
      refuse(what, "there is no option " .. tostring(name) .. ", but " .. names_of(known))
    end
    if not kind[2](value) then refuse(what, name .. " must be " .. kind[1]) end
  end
  return given
end

return options
