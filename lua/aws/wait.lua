-- The waiters of the service models: call until the answer is as wanted.

local core = ...
local options = core.module("options")
local path = core.module("path")
local values = core.module("path_values")

local wait = {}

local OPTIONS = { delay = "seconds", attempts = "count" }

-- The list that the acceptor's expression finds; nil where it finds none, or an empty one.
local function list_of(acceptor, attempt)
  local found = attempt.answer and acceptor.find(attempt.answer)
  if values.is_list(found) and #found > 0 then return found end
end

-- Each decides whether an attempt { answer =, status =, error = } is what its acceptor names.
local MATCHERS = {
  status = function(acceptor, attempt) return attempt.status == acceptor.expected end,
  error = function(acceptor, attempt)
    if type(acceptor.expected) == "boolean" then
      return (attempt.error ~= nil) == acceptor.expected
    end
    return attempt.error ~= nil and attempt.error.code == acceptor.expected
  end,
  path = function(acceptor, attempt)
    return attempt.answer ~= nil
      and values.equal(acceptor.find(attempt.answer), acceptor.expected)
  end,
  pathAll = function(acceptor, attempt)
    local found = list_of(acceptor, attempt)
    for _, value in ipairs(found or {}) do
      if not values.equal(value, acceptor.expected) then return false end
    end
    return found ~= nil
  end,
  pathAny = function(acceptor, attempt)
    for _, value in ipairs(list_of(acceptor, attempt) or {}) do
      if values.equal(value, acceptor.expected) then return true end
    end
    return false
  end,
}

local function compile(acceptors)
  local compiled = {}
  for i, acceptor in ipairs(acceptors) do
    local matches = MATCHERS[acceptor.matcher]
    if not matches then
      core.raise {
        code = "ParamValidation",
        message = "the waiter's matcher " .. tostring(acceptor.matcher) .. " is not known",
      }
    end
    compiled[i] = {
      matches = matches, state = acceptor.state, expected = acceptor.expected,
      find = acceptor.argument and path.compile(acceptor.argument),
    }
  end
  return compiled
end

-- Only what the service answers is an attempt: a call that was refused before it was sent, or that
-- got no answer, says nothing of what is waited for.
local function try(client, operation, params)
  local ok, answer, status = pcall(core.call, client, operation, params)
  if ok then return { answer = answer, status = status } end
  if type(answer) ~= "table" or not answer.status then error(answer, 0) end
  return { error = answer, status = answer.status }
end

local function state_of(acceptors, attempt)
  for _, acceptor in ipairs(acceptors) do
    if acceptor.matches(acceptor, attempt) then return acceptor.state end
  end
  if attempt.error then error(attempt.error, 0) end
  return "retry"
end

-- client:wait("instance_stopped", params [, { delay = seconds, attempts = n }]): the last answer.
function wait.wait(client, name, params, opts)
  opts = options.check("client:wait", opts, OPTIONS)
  local waiter, service = core.waiter(client, name)
  local acceptors = compile(waiter.acceptors)
  local delay = opts.delay or waiter.delay
  local attempts = opts.attempts or waiter.maxAttempts
  if not core.may_sleep(delay) then return nil end
  for i = 1, attempts do
    local attempt = try(client, waiter.operation, params)
    local state = state_of(acceptors, attempt)
    if state == "success" then return attempt.answer end
    if state == "failure" then
      core.raise {
        code = "WaiterFailed", service = service, operation = waiter.operation,
        message = "waiting for " .. name .. " ended: it can no longer come"
          .. (attempt.error and " (" .. tostring(attempt.error.code) .. ")" or ""),
      }
    end
    if i < attempts then core.sleep(delay) end
  end
  return core.raise {
    code = "WaiterTimeout", service = service, operation = waiter.operation, retryable = true,
    message = "waiting for " .. name .. " gave up after " .. attempts .. " attempts",
  }
end

return wait
