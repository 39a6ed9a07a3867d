-- Paginated operations, as the service models' paginators describe them: by page and by item.

local core = ...
local path = core.module("path")

local pages = {}

local function as_list(value)
  if value == nil then return {} end
  return type(value) == "table" and value or { value }
end

local function compile_all(expressions)
  local compiled = {}
  for i, expression in ipairs(as_list(expressions)) do
    compiled[i] = path.compile(expression)
  end
  return compiled
end

-- nil for everything that means "there is no more": also for what a plan cannot know.
local function token_in(found)
  if not core.known(found) or found == nil or found == core.null then return nil end
  if found == "" or found == false or found == 0 then return nil end
  if type(found) == "table" and next(found) == nil then return nil end
  return found
end

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for key, value in pairs(a) do
    if not same(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

local function plan_of(client, operation)
  local model, service, name = core.paginator(client, operation)
  if not model then
    core.raise {
      code = "ParamValidation", service = service, operation = name,
      message = name .. " has no pages: call it as client:" .. operation .. "{...}",
    }
  end
  return {
    service = service, operation = name,
    inputs = as_list(model.input_token),
    outputs = compile_all(model.output_token),
    more = model.more_results and path.compile(model.more_results),
    result_names = as_list(model.result_key),
    results = compile_all(model.result_key),
  }
end

-- The tokens of the next request by input name; nil at the last page.
local function next_tokens(plan, page)
  if plan.more and not token_in(plan.more(page)) then return nil end
  local tokens, any = {}, false
  for i, find in ipairs(plan.outputs) do
    local token = token_in(find(page))
    if plan.inputs[i] and token ~= nil then
      tokens[plan.inputs[i]] = token
      any = true
    end
  end
  return any and tokens or nil
end

local function iterate(client, plan, params)
  local wanted, before, finished = {}, nil, false
  for name, value in pairs(params or {}) do
    wanted[name] = value
  end
  return function()
    if finished then return nil end
    local page = core.call(client, plan.operation, wanted)
    local tokens = next_tokens(plan, page)
    if tokens and before and same(tokens, before) then
      core.raise {
        code = "RepeatedToken", service = plan.service, operation = plan.operation,
        message = "the service gave the same next token twice: its pages would never end",
      }
    end
    before, finished = tokens, tokens == nil
    for _, name in ipairs(plan.inputs) do
      wanted[name] = tokens and tokens[name]
    end
    return page
  end
end

-- for page in client:pages("list_buckets", params) do
function pages.pages(client, operation, params)
  return iterate(client, plan_of(client, operation), params)
end

-- Every item of one page with the name of the list that it stands in.
local function collect(plan, page)
  local items = {}
  for i, find in ipairs(plan.results) do
    local found = find(page)
    for _, item in ipairs(as_list(found)) do
      items[#items + 1] = { item, plan.result_names[i] }
    end
  end
  return items
end

-- for item, list_name in client:items("list_buckets", params) do
function pages.items(client, operation, params)
  local plan = plan_of(client, operation)
  local next_page = iterate(client, plan, params)
  local items, at = {}, 0
  return function()
    at = at + 1
    while at > #items do
      local page = next_page()
      if page == nil then return nil end
      items, at = collect(plan, page), 1
    end
    return items[at][1], items[at][2]
  end
end

return pages
