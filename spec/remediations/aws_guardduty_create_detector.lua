local function list(...)
  return { "guardduty:ListDetectors", {}, gives = { DetectorIds = { ... } } }
end

local function get(status)
  return { "guardduty:GetDetector", { DetectorId = "d1" }, gives = {
    Status = status, ServiceRole = "arn:aws:iam::123456789012:role/x" } }
end

local function create(frequency)
  return { "guardduty:CreateDetector",
    { Enable = true, FindingPublishingFrequency = frequency }, gives = { DetectorId = "d1" } }
end

local function update(on)
  return { "guardduty:UpdateDetector", { DetectorId = "d1", Enable = on } }
end

return {
  remediation = "AWS.GuardDuty.CreateDetector",
  resource    = { AccountId = "123456789012", Region = "eu-west-1" },

  { "creates a detector where there is none",
    calls = { list(), list(), create("FIFTEEN_MINUTES"), list("d1"), get("ENABLED") },
    status = "fixed" },

  { "publishes as often as it is asked to",
    parameters = { FindingPublishingFrequency = "SIX_HOURS" },
    calls = { list(), list(), create("SIX_HOURS"), list("d1"), get("ENABLED") },
    status = "fixed" },

  { "turns on a detector that is off",
    calls = { list("d1"), get("DISABLED"), list("d1"), get("DISABLED"), update(true), list("d1"),
              get("ENABLED") },
    status = "fixed" },

  { "writes nothing the second time",
    calls = { list("d1"), get("ENABLED") },
    status = "compliant" },

  { "refuses a frequency that GuardDuty does not have",
    parameters = { FindingPublishingFrequency = "HOURLY" },
    calls = {},
    status = "failed", error = "InvalidParameter" },

  { "says so when it is not allowed to",
    calls = { { "guardduty:ListDetectors",
                raises = { code = "AccessDeniedException", status = 403 } } },
    status = "failed", error = "AccessDeniedException" },

  { "deletes the detector that it made",
    run = "undo", before = {},
    calls = { list("d1"), get("ENABLED"),
              { "guardduty:DeleteDetector", { DetectorId = "d1" } }, list() },
    status = "undone" },

  { "turns off the detector that it turned on",
    run = "undo", before = { Detector = { DetectorId = "d1", Status = "DISABLED" } },
    calls = { list("d1"), get("ENABLED"), update(false), list("d1"), get("DISABLED") },
    status = "undone" },
}
