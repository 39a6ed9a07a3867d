-- aws.retry: calls a function again while it fails in a way that passes.

local core = ...
local options = core.module("options")

local retry = {}

local OPTIONS = { attempts = "count", delay = "seconds", on = "codes" }

local DELAY_MAX = 30 -- seconds

local function codes_of(on)
  if on == nil then return nil end
  return type(on) == "table" and on or { on }
end

local function passes(err, codes)
  if type(err) ~= "table" then return false end
  if not codes then return err.retryable == true end
  return core.is_error(err, table.unpack(codes))
end

-- aws.retry({ attempts = 3, delay = 1, on = { "Code" } }, f): what f returns. The delay doubles.
-- Without `on` it tries again what is marked retryable.
function retry.retry(opts, f)
  if type(opts) ~= "table" or type(f) ~= "function" then
    error("aws.retry takes a table of options and a function", 3)
  end
  opts = options.check("aws.retry", opts, OPTIONS)
  local attempts, delay = opts.attempts or 3, opts.delay or 1
  local codes = codes_of(opts.on)
  for attempt = 1, attempts do
    local results = table.pack(pcall(f))
    if results[1] then return table.unpack(results, 2, results.n) end
    if attempt >= attempts or not passes(results[2], codes) then error(results[2], 0) end
    core.sleep(math.min(delay, DELAY_MAX))
    delay = delay * 2
  end
end

return retry
