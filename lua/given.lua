-- given(value): value, or nil where it is an empty text. An optional parameter left empty is not
-- sent.
return function(value)
  if value == "" then return nil end
  return value
end
