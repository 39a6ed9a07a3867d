-- Matching a parameter against the pattern that its declaration states.

local pattern = {}

-- Does text match the Lua pattern? Anchors are the pattern's own.
function pattern.matches(text, wanted)
  return string.find(text, wanted) ~= nil
end

return pattern
