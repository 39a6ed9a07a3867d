-- Turns GuardDuty on in one region of an account.

-- The region's detector, or nil: {DetectorId, Status}. There is one at most.
local function detector_of(session)
  local guardduty = session:client("guardduty")
  local id = (guardduty:list_detectors({}).DetectorIds or {})[1]
  if not id then return nil end
  return { DetectorId = id, Status = guardduty:get_detector({ DetectorId = id }).Status }
end

return {
  id          = "AWS.GuardDuty.CreateDetector",
  description = "Creates a GuardDuty detector in a region that has none, or turns on the one "
    .. "that is off. Undo deletes the detector, and its findings, or turns it off "
    .. "again.",
  resource    = "AWS::::Account",
  parameters  = {
    FindingPublishingFrequency = {
      type = "string", default = "FIFTEEN_MINUTES",
      enum = { "FIFTEEN_MINUTES", "ONE_HOUR", "SIX_HOURS" },
      description = "Of a new detector; one that exists keeps its own.",
    },
  },
  permissions = {
    "guardduty:CreateDetector", "guardduty:DeleteDetector", "guardduty:GetDetector",
    "guardduty:ListDetectors", "guardduty:UpdateDetector", "iam:CreateServiceLinkedRole",
  },
  controls    = { "GuardDuty.1", "guardduty-enabled-centralized", "guardduty_is_enabled" },

  check = function(session)
    local detector = detector_of(session)
    return detector ~= nil and detector.Status == "ENABLED", { Detector = detector }
  end,

  fix = function(session, resource, parameters)
    local guardduty = session:client("guardduty")
    local detector = detector_of(session)
    if detector then
      guardduty:update_detector { DetectorId = detector.DetectorId, Enable = true }
    else
      guardduty:create_detector {
        Enable = true,
        FindingPublishingFrequency = parameters.FindingPublishingFrequency,
      }
    end
  end,

  undo = function(session, resource, parameters, before)
    local guardduty = session:client("guardduty")
    local detector = detector_of(session)
    if before.Detector then
      guardduty:update_detector { DetectorId = before.Detector.DetectorId, Enable = false }
    elseif detector then
      guardduty:delete_detector { DetectorId = detector.DetectorId }
    end
  end,
}
