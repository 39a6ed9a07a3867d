local get = { "s3:GetBucketVersioning", { Bucket = "logs" }, gives = {} }
local enabled = { "s3:GetBucketVersioning", gives = { Status = "Enabled" } }

local function put(status)
  return { "s3:PutBucketVersioning",
    { Bucket = "logs", VersioningConfiguration = { Status = status } } }
end

return {
  remediation = "AWS.S3.EnableBucketVersioning",
  resource    = { Name = "logs", AccountId = "123456789012", Region = "eu-west-1" },

  { "turns versioning on",
    calls = { get, put("Enabled"), enabled },
    status = "fixed" },

  { "writes nothing the second time",
    calls = { enabled },
    status = "compliant" },

  { "turns on what was suspended",
    calls = { { "s3:GetBucketVersioning", gives = { Status = "Suspended" } }, put("Enabled"),
              enabled },
    status = "fixed" },

  { "refuses a parameter that it does not have",
    parameters = { Status = "Enabled" },
    calls = {},
    status = "failed", error = "InvalidParameter" },

  { "says so when it may not look",
    calls = { { "s3:GetBucketVersioning", raises = { code = "AccessDenied", status = 403 } } },
    status = "failed", error = "AccessDenied" },

  { "says so when it may not write",
    calls = { get, { "s3:PutBucketVersioning", raises = { code = "AccessDenied", status = 403 } } },
    status = "failed", error = "AccessDenied" },

  { "plans one write",
    run = "plan",
    calls = { get, put("Enabled") },
    status = "planned" },

  { "suspends again what was suspended before",
    run = "undo", before = { Status = "Suspended" },
    calls = { put("Suspended"), { "s3:GetBucketVersioning", gives = { Status = "Suspended" } } },
    status = "undone" },

  { "can only suspend what never was on",
    run = "undo", before = {},
    calls = { put("Suspended"), { "s3:GetBucketVersioning", gives = { Status = "Suspended" } } },
    status = "undone" },
}
