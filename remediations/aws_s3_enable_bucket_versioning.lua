-- Turns on versioning for one S3 bucket.
return {
  id          = "AWS.S3.EnableBucketVersioning",
  description = "Turns on versioning for an S3 bucket. Once on it can only be suspended: undo "
    .. "suspends it where it never was on.",
  resource    = "AWS::S3::Bucket",
  parameters  = {},
  permissions = { "s3:GetBucketVersioning", "s3:PutBucketVersioning" },
  controls    = { "S3.14", "s3-bucket-versioning-enabled", "s3_bucket_object_versioning" },

  check = function(session, resource)
    local versioning = session:client("s3"):get_bucket_versioning { Bucket = resource.Name }
    return versioning.Status == "Enabled", versioning
  end,

  fix = function(session, resource)
    session:client("s3"):put_bucket_versioning {
      Bucket = resource.Name,
      VersioningConfiguration = { Status = "Enabled" },
    }
  end,

  undo = function(session, resource, parameters, before)
    session:client("s3"):put_bucket_versioning {
      Bucket = resource.Name,
      VersioningConfiguration = { Status = before.Status or "Suspended" },
    }
  end,
}
