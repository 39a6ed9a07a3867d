local function get(on)
  return { "cloudtrail:GetTrail", { Name = "audit" },
    gives = { Trail = { Name = "audit", LogFileValidationEnabled = on } } }
end

local function update(on)
  return { "cloudtrail:UpdateTrail", { Name = "audit", EnableLogFileValidation = on } }
end

return {
  remediation = "AWS.CloudTrail.EnableLogValidation",
  resource    = { Name = "audit", AccountId = "123456789012", Region = "eu-west-1" },

  { "turns validation on",
    calls = { get(false), update(true), get(true) },
    status = "fixed" },

  { "writes nothing the second time",
    calls = { get(true) },
    status = "compliant" },

  { "refuses a parameter that it does not have",
    parameters = { Name = "other" },
    calls = {},
    status = "failed", error = "InvalidParameter" },

  { "says so when it is not allowed to",
    calls = { { "cloudtrail:GetTrail",
                raises = { code = "AccessDeniedException", status = 400 } } },
    status = "failed", error = "AccessDeniedException" },

  { "turns validation off again",
    run = "undo",
    calls = { update(false), get(false) },
    status = "undone" },
}
