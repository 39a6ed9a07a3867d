local function get(target, prefix)
  return { "s3:GetBucketLogging", { Bucket = "data" },
    gives = { LoggingEnabled = { TargetBucket = target, TargetPrefix = prefix } } }
end

local function put(target, prefix)
  return { "s3:PutBucketLogging", { Bucket = "data", BucketLoggingStatus = {
    LoggingEnabled = { TargetBucket = target, TargetPrefix = prefix } } } }
end

local none = { "s3:GetBucketLogging", { Bucket = "data" }, gives = {} }

return {
  remediation = "AWS.S3.EnableBucketLogging",
  resource    = { Name = "data", AccountId = "123456789012", Region = "eu-west-1" },
  parameters  = { TargetBucket = "logs" },

  { "turns logging on",
    calls = { none, put("logs", ""), get("logs", "") },
    status = "fixed" },

  { "logs below a prefix",
    parameters = { TargetBucket = "logs", TargetPrefix = "data/" },
    calls = { none, put("logs", "data/"), get("logs", "data/") },
    status = "fixed" },

  { "writes nothing the second time",
    calls = { get("logs", "") },
    status = "compliant" },

  { "is content with any prefix where none is asked for",
    calls = { get("logs", "here/") },
    status = "compliant" },

  { "moves the logs to the bucket that is asked for",
    calls = { get("elsewhere", ""), put("logs", ""), get("logs", "") },
    status = "fixed" },

  { "refuses to run without a target",
    parameters = { TargetBucket = "" },
    calls = {},
    status = "failed", error = "InvalidParameter" },

  { "refuses to let a bucket log to itself",
    parameters = { TargetBucket = "data" },
    calls = { none },
    status = "failed", error = "must not log to itself" },

  { "says so when it is not allowed to",
    calls = { { "s3:GetBucketLogging", raises = { code = "AccessDenied", status = 403 } } },
    status = "failed", error = "AccessDenied" },

  { "turns logging off where it was off",
    run = "undo", before = {},
    calls = { { "s3:PutBucketLogging", { Bucket = "data", BucketLoggingStatus = {} } }, none },
    status = "undone" },

  { "puts the earlier target back",
    run = "undo",
    before = { LoggingEnabled = { TargetBucket = "elsewhere", TargetPrefix = "" } },
    calls = { put("elsewhere", ""), get("elsewhere", "") },
    status = "undone" },
}
