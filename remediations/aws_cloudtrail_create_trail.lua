-- Gives an account a trail with log file validation, and starts it.
local aws = require "aws"
local given = require "given"

-- Is the trail all that the parameters ask for? More than they ask for is as good.
local function fits(trail, parameters)
  return trail.LogFileValidationEnabled
    and (trail.IsMultiRegionTrail or not parameters.IsMultiRegionTrail)
    and (trail.IncludeGlobalServiceEvents or not parameters.IncludeGlobalServiceEvents)
    and (trail.IsOrganizationTrail or not parameters.IsOrganizationTrail)
    and (trail.KmsKeyId ~= nil or not given(parameters.KmsKeyId))
end

local function is_logging(cloudtrail, trail)
  return cloudtrail:get_trail_status({ Name = trail.TrailARN }).IsLogging
end

-- The trail that bears the name in this region, or nil.
local function named(session, trails, name)
  for _, trail in ipairs(trails) do
    if trail.Name == name and trail.HomeRegion == session.region then return trail end
  end
end

local function trails_of(cloudtrail)
  return cloudtrail:describe_trails({}).trailList or {}
end

return {
  id          = "AWS.CloudTrail.CreateTrail",
  description = "Creates a trail that delivers to TargetBucketName, with log file validation "
    .. "on, and starts it. An account with a trail that does as much already is left "
    .. "alone. Undo deletes the trail; what it delivered stays.",
  resource    = "AWS::::Account",
  parameters  = {
    Name = { type = "string", default = "AutoRemediationTrail", required = true },
    TargetBucketName = {
      type = "string", required = true,
      description = "An existing bucket whose policy lets cloudtrail.amazonaws.com write.",
    },
    TargetPrefix = "",
    SnsTopicName = "",
    IsMultiRegionTrail = true,
    KmsKeyId = "",
    IncludeGlobalServiceEvents = true,
    IsOrganizationTrail = false,
  },
  -- Those of IAM and of Organizations AWS asks for where IsOrganizationTrail is set.
  permissions = {
    "cloudtrail:CreateTrail", "cloudtrail:DeleteTrail", "cloudtrail:DescribeTrails",
    "cloudtrail:GetTrailStatus", "cloudtrail:StartLogging", "cloudtrail:StopLogging",
    "iam:CreateServiceLinkedRole", "iam:GetRole", "organizations:DescribeOrganization",
    "organizations:ListAWSServiceAccessForOrganization",
  },
  controls    = {
    "CloudTrail.1", "CloudTrail.3", "cloudtrail-enabled", "multi-region-cloudtrail-enabled",
    "cloudtrail_multi_region_enabled",
  },

  check = function(session, resource, parameters)
    local cloudtrail = session:client("cloudtrail")
    local trails = trails_of(cloudtrail)
    for _, trail in ipairs(trails) do
      if fits(trail, parameters) and is_logging(cloudtrail, trail) then return true end
    end
    return false, { TrailExists = named(session, trails, parameters.Name) ~= nil }
  end,

  fix = function(session, resource, parameters)
    local cloudtrail = session:client("cloudtrail")
    local trail = named(session, trails_of(cloudtrail), parameters.Name)
    if trail and not fits(trail, parameters) then
      error("a trail " .. parameters.Name .. " exists, and is not as the parameters ask: change it "
        .. "or give another Name", 0)
    end
    if not trail then
      cloudtrail:create_trail {
        Name = parameters.Name,
        S3BucketName = parameters.TargetBucketName,
        S3KeyPrefix = given(parameters.TargetPrefix),
        SnsTopicName = given(parameters.SnsTopicName),
        KmsKeyId = given(parameters.KmsKeyId),
        IsMultiRegionTrail = parameters.IsMultiRegionTrail,
        IncludeGlobalServiceEvents = parameters.IncludeGlobalServiceEvents,
        IsOrganizationTrail = parameters.IsOrganizationTrail,
        EnableLogFileValidation = true,
      }
    end
    cloudtrail:start_logging { Name = parameters.Name }
  end,

  undo = function(session, resource, parameters, before)
    local cloudtrail = session:client("cloudtrail")
    if before.TrailExists then
      cloudtrail:stop_logging { Name = parameters.Name }
      return
    end
    local ok, err = pcall(cloudtrail.delete_trail, cloudtrail, { Name = parameters.Name })
    if not ok and not aws.is_error(err, "TrailNotFoundException") then error(err, 0) end
  end,
}
