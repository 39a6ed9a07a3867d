-- The waiters of the service models: call until the answer is as wanted.

local core = ...
local path = core.module("path")

local wait = {}

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
    return attempt.answer ~= nil and acceptor.find(attempt.answer) == acceptor.expected
  end,
  pathAll = function(acceptor, attempt)
    local found = attempt.answer ~= nil and acceptor.find(attempt.answer)
    if type(found) ~= "table" or #found == 0 then return false end
    for _, value in ipairs(found) do
      if value ~= acceptor.expected then return false end
    end
    return true
  end,
  pathAny = function(acceptor, attempt)
    local found = attempt.answer ~= nil and acceptor.find(attempt.answer)
    if type(found) ~= "table" then return false end
    for _, value in ipairs(found) do
      if value == acceptor.expected then return true end
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

local function try(client, operation, params)
  local ok, answer, status = pcall(core.call, client, operation, params)
  if ok then return { answer = answer, status = status } end
  if type(answer) ~= "table" then error(answer, 0) end
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
  local waiter, service = core.waiter(client, name)
  local acceptors = compile(waiter.acceptors)
  local delay = opts and opts.delay or waiter.delay
  local attempts = opts and opts.attempts or waiter.maxAttempts
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
