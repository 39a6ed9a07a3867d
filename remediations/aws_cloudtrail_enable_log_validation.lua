-- Turns on log file validation for one trail.
return {
  id          = "AWS.CloudTrail.EnableLogValidation",
  description = "Turns on the integrity validation of a trail's log files.",
  resource    = "AWS::CloudTrail::Trail",
  parameters  = {},
  permissions = { "cloudtrail:GetTrail", "cloudtrail:UpdateTrail" },
  controls    = {
    "CloudTrail.4", "cloud-trail-log-file-validation-enabled",
    "cloudtrail_log_file_validation_enabled",
  },

  check = function(session, resource)
    local trail = session:client("cloudtrail"):get_trail({ Name = resource.Name }).Trail
    return trail.LogFileValidationEnabled
  end,

  fix = function(session, resource)
    session:client("cloudtrail"):update_trail {
      Name = resource.Name,
      EnableLogFileValidation = true,
    }
  end,

  undo = function(session, resource)
    session:client("cloudtrail"):update_trail {
      Name = resource.Name,
      EnableLogFileValidation = false,
    }
  end,
}
