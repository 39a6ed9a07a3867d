-- unless_busy(code, call, client, parameters): what the call answers. Where AWS refuses it with
-- this code, because something else changes the resource just now, the run ends as deferred: the
-- same call can be made once that is done.
local aws = require "aws"

local SOON = 60 -- seconds

return function(code, call, client, parameters)
  local ok, answer = pcall(call, client, parameters)
  if ok then return answer end
  if aws.is_error(answer, code) then aws.retry_later(SOON, answer.message) end
  error(answer, 0)
end
