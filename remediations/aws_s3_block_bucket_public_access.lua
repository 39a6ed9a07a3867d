-- Turns on the public-access settings of one S3 bucket. A parameter that is false asks for nothing:
-- what stands is kept.
local aws = require "aws"

local SETTINGS = {
  "BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets",
}

-- The settings in force, or nil: a bucket that never had any answers with an error.
local function settings_of(session, bucket)
  local s3 = session:client("s3")
  local ok, answer = pcall(s3.get_public_access_block, s3, { Bucket = bucket })
  if ok then return answer.PublicAccessBlockConfiguration end
  if aws.is_error(answer, "NoSuchPublicAccessBlockConfiguration") then return nil end
  error(answer, 0)
end

return {
  id          = "AWS.S3.BlockBucketPublicAccess",
  description = "Turns on the public access block of an S3 bucket.",
  resource    = "AWS::S3::Bucket",
  parameters  = {
    BlockPublicAcls = true,
    IgnorePublicAcls = true,
    BlockPublicPolicy = true,
    RestrictPublicBuckets = true,
  },
  permissions = { "s3:GetBucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock" },
  controls    = {
    "S3.2", "S3.3", "S3.8", "s3-bucket-level-public-access-prohibited",
    "s3-bucket-public-read-prohibited", "s3-bucket-public-write-prohibited",
    "s3_bucket_level_public_access_block", "s3_bucket_public_access",
  },

  check = function(session, resource, parameters)
    local settings = settings_of(session, resource.Name)
    local before = { PublicAccessBlockConfiguration = settings }
    for _, name in ipairs(SETTINGS) do
      if parameters[name] and not (settings and settings[name]) then return false, before end
    end
    return true, before
  end,

  fix = function(session, resource, parameters)
    local settings = settings_of(session, resource.Name) or {}
    local wanted = {}
    for _, name in ipairs(SETTINGS) do
      wanted[name] = parameters[name] or settings[name] or false
    end
    session:client("s3"):put_public_access_block {
      Bucket = resource.Name,
      PublicAccessBlockConfiguration = wanted,
    }
  end,

  undo = function(session, resource, parameters, before)
    local s3 = session:client("s3")
    if before.PublicAccessBlockConfiguration then
      s3:put_public_access_block {
        Bucket = resource.Name,
        PublicAccessBlockConfiguration = before.PublicAccessBlockConfiguration,
      }
    else
      s3:delete_public_access_block { Bucket = resource.Name }
    end
  end,
}
