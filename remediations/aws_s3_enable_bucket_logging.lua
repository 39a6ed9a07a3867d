-- Delivers the access logs of one S3 bucket to another.
local given = require "given"

return {
  id          = "AWS.S3.EnableBucketLogging",
  description = "Delivers the access logs of an S3 bucket to TargetBucket, which must lie in "
    .. "the same region and account and let logging.s3.amazonaws.com write.",
  resource    = "AWS::S3::Bucket",
  parameters  = {
    TargetBucket = { type = "string", required = true, description = "Where the logs go." },
    TargetPrefix = {
      type = "string", default = "",
      description = "What their keys begin with; empty: nothing, and any that stands will do.",
    },
  },
  permissions = { "s3:GetBucketLogging", "s3:PutBucketLogging" },
  controls    = {
    "S3.9", "CloudTrail.7", "s3-bucket-logging-enabled", "cloudtrail-s3-bucket-access-logging",
    "s3_bucket_server_access_logging_enabled",
  },

  check = function(session, resource, parameters)
    local answer = session:client("s3"):get_bucket_logging { Bucket = resource.Name }
    local logging = answer.LoggingEnabled or {}
    local prefix = given(parameters.TargetPrefix)
    local holds = logging.TargetBucket == parameters.TargetBucket
      and (not prefix or logging.TargetPrefix == prefix)
    return holds, { LoggingEnabled = answer.LoggingEnabled }
  end,

  fix = function(session, resource, parameters)
    if parameters.TargetBucket == resource.Name then
      error("a bucket must not log to itself: each log entry would make another", 0)
    end
    session:client("s3"):put_bucket_logging {
      Bucket = resource.Name,
      BucketLoggingStatus = {
        -- S3 asks for a prefix, also for an empty one.
        LoggingEnabled = {
          TargetBucket = parameters.TargetBucket,
          TargetPrefix = parameters.TargetPrefix,
        },
      },
    }
  end,

  undo = function(session, resource, parameters, before)
    session:client("s3"):put_bucket_logging {
      Bucket = resource.Name,
      BucketLoggingStatus = { LoggingEnabled = before.LoggingEnabled },
    }
  end,
}
