local ARN = "arn:aws:cloudtrail:eu-west-1:123456789012:trail/AutoRemediationTrail"

local function trail(fields)
  local whole = {
    Name = "AutoRemediationTrail", TrailARN = ARN, HomeRegion = "eu-west-1", S3BucketName = "logs",
    IsMultiRegionTrail = true, IncludeGlobalServiceEvents = true, LogFileValidationEnabled = true,
    IsOrganizationTrail = false,
  }
  for name, value in pairs(fields or {}) do whole[name] = value end
  return whole
end

local function describe(...)
  return { "cloudtrail:DescribeTrails", gives = { trailList = { ... } } }
end

local function status(logging)
  return { "cloudtrail:GetTrailStatus", { Name = ARN }, gives = { IsLogging = logging } }
end

local nothing = { "cloudtrail:DescribeTrails", {}, gives = { trailList = {} } }
local start = { "cloudtrail:StartLogging", { Name = "AutoRemediationTrail" } }

return {
  remediation = "AWS.CloudTrail.CreateTrail",
  resource    = { AccountId = "123456789012", Region = "eu-west-1" },
  parameters  = { TargetBucketName = "logs" },

  { "creates a trail with validation, and starts it; empty parameters are not sent",
    calls = {
      nothing, nothing,
      { "cloudtrail:CreateTrail", {
        Name = "AutoRemediationTrail", S3BucketName = "logs", IsMultiRegionTrail = true,
        IncludeGlobalServiceEvents = true, IsOrganizationTrail = false,
        EnableLogFileValidation = true } },
      start, describe(trail()), status(true),
    },
    status = "fixed" },

  { "sends what is given",
    parameters = {
      TargetBucketName = "logs", Name = "audit", TargetPrefix = "trails", SnsTopicName = "alarms",
      KmsKeyId = "alias/trail", IsMultiRegionTrail = "false",
    },
    calls = {
      nothing, nothing,
      { "cloudtrail:CreateTrail", {
        Name = "audit", S3BucketName = "logs", S3KeyPrefix = "trails", SnsTopicName = "alarms",
        KmsKeyId = "alias/trail", IsMultiRegionTrail = false, IncludeGlobalServiceEvents = true,
        IsOrganizationTrail = false, EnableLogFileValidation = true } },
      { "cloudtrail:StartLogging", { Name = "audit" } },
      describe(trail { Name = "audit", KmsKeyId = "alias/trail" }), status(true),
    },
    status = "fixed" },

  { "writes nothing the second time",
    calls = { describe(trail()), status(true) },
    status = "compliant" },

  { "is content with another trail that does as much",
    calls = { describe(trail { Name = "ours", HomeRegion = "us-east-1" }), status(true) },
    status = "compliant" },

  { "starts its own trail where that was stopped",
    calls = { describe(trail()), status(false), describe(trail()), start, describe(trail()),
              status(true) },
    status = "fixed" },

  { "does not touch a trail of that name that is another",
    calls = { describe(trail { IsMultiRegionTrail = false }),
              describe(trail { IsMultiRegionTrail = false }) },
    status = "failed", error = "is not as the parameters ask" },

  { "refuses to run without a bucket, and a switch that is neither on nor off",
    parameters = { IsMultiRegionTrail = "perhaps" },
    calls = {},
    status = "failed", error = "InvalidParameter" },

  { "says so when it is not allowed to",
    calls = { { "cloudtrail:DescribeTrails",
                raises = { code = "AccessDeniedException", status = 400 } } },
    status = "failed", error = "AccessDeniedException" },

  { "deletes the trail that it made",
    run = "undo", before = { TrailExists = false },
    calls = { { "cloudtrail:DeleteTrail", { Name = "AutoRemediationTrail" } }, nothing },
    status = "undone" },

  { "stops the trail that it started",
    run = "undo", before = { TrailExists = true },
    calls = { { "cloudtrail:StopLogging", { Name = "AutoRemediationTrail" } }, describe(trail()),
              status(false) },
    status = "undone" },
}
