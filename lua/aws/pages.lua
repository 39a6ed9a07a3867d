-- Paginated operations, as the service models' paginators describe them: by page and by item.

local core = ...
local options = core.module("options")
local path = core.module("path")
local values = core.module("path_values")

local pages = {}

local OPTIONS = { page_size = "count", max_items = "count", starting_token = "token" }

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

local function refuse(plan, code, message)
  core.raise {
    code = code, service = plan.service, operation = plan.operation, message = message,
  }
end

local function plan_of(client, operation)
  local model, service, name, limit_is_text = core.paginator(client, operation)
  local plan = { service = service, operation = name }
  if not model then
    refuse(plan, "ParamValidation",
      name .. " has no pages: call it as client:" .. operation .. "{...}")
  end
  plan.inputs = as_list(model.input_token)
  plan.outputs = compile_all(model.output_token)
  plan.more = model.more_results and path.compile(model.more_results)
  plan.result_names = as_list(model.result_key)
  plan.results = compile_all(model.result_key)
  plan.limit, plan.limit_is_text = model.limit_key, limit_is_text
  return plan
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

-- A token as scripts have it: one input's value, or a table by the names of several.
local function told(plan, tokens)
  if not tokens then return nil end
  return plan.inputs[2] and tokens or tokens[plan.inputs[1]]
end

local function tokens_of(plan, token)
  if not plan.inputs[2] then return { [plan.inputs[1]] = token } end
  local names = table.concat(plan.inputs, ", ")
  if type(token) ~= "table" then
    refuse(plan, "ParamValidation", "starting_token must be a table of " .. names)
  end
  for name in pairs(token) do
    if not string.find(", " .. names .. ",", ", " .. tostring(name) .. ",", 1, true) then
      refuse(plan, "ParamValidation",
        "starting_token has " .. tostring(name) .. ", which is none of " .. names)
    end
  end
  return token
end

local function put_tokens(plan, wanted, tokens)
  for _, name in ipairs(plan.inputs) do
    wanted[name] = tokens and tokens[name]
  end
end

-- The parameters of the first request.
local function first_request(plan, params, opts)
  local wanted = {}
  for name, value in pairs(params or {}) do
    wanted[name] = value
  end
  if opts.page_size then
    if not plan.limit then
      refuse(plan, "ParamValidation", plan.operation .. " has pages of its own size")
    end
    wanted[plan.limit] = plan.limit_is_text and tostring(opts.page_size) or opts.page_size
  end
  if opts.starting_token then put_tokens(plan, wanted, tokens_of(plan, opts.starting_token)) end
  return wanted
end

-- Cuts the page's first list down to count items; returns how many there are left.
local function cut(plan, page, count)
  local list = plan.results[1] and plan.results[1](page)
  if not values.is_list(list) then return 0 end
  for i = #list, count + 1, -1 do
    list[i] = nil
  end
  return #list
end

local function iterate(client, plan, params, opts)
  local wanted = first_request(plan, params, opts)
  local left = opts.max_items
  local tokens, before, finished

  local function check_token()
    if tokens and before and values.equal(tokens, before) then
      refuse(plan, "RepeatedToken",
        "the service gave the same next token twice: its pages would never end")
    end
    before = tokens
    if tokens then put_tokens(plan, wanted, tokens) end
  end

  return function()
    if finished then return nil end
    check_token()
    local page = core.call(client, plan.operation, wanted)
    if left then left = left - cut(plan, page, left) end
    tokens = next_tokens(plan, page)
    finished = tokens == nil or left == 0
    return page, told(plan, tokens)
  end
end

-- for page, next_token in client:pages("list_buckets", params, opts) do
function pages.pages(client, operation, params, opts)
  opts = options.check("client:pages", opts, OPTIONS)
  return iterate(client, plan_of(client, operation), params, opts)
end

-- What one result key gives of a page. Numbers and texts beside lists count these, or the like.
local function items_in(plan, found)
  if values.is_list(found) then return found end
  if found == nil or type(found) ~= "table" and #plan.results > 1 then return {} end
  return { found }
end

-- Every item of one page with the name of the list that it stands in.
local function collect(plan, page)
  local items = {}
  for i, find in ipairs(plan.results) do
    for _, item in ipairs(items_in(plan, find(page))) do
      items[#items + 1] = { item, plan.result_names[i] }
    end
  end
  return items
end

-- for item, list_name in client:items("list_buckets", params, opts) do
function pages.items(client, operation, params, opts)
  opts = options.check("client:items", opts, OPTIONS)
  local plan = plan_of(client, operation)
  local next_page = iterate(client, plan, params, opts)
  local items, at, left = {}, 0, opts.max_items or math.maxinteger
  return function()
    if left == 0 then return nil end
    at = at + 1
    while at > #items do
      local page = next_page()
      if page == nil then return nil end
      items, at = collect(plan, page), 1
    end
    left = left - 1
    return items[at][1], items[at][2]
  end
end

return pages
