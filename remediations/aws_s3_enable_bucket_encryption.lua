-- Sets the default encryption of one S3 bucket. KMS is stricter than AES256 and is kept.
local aws = require "aws"
local given = require "given"

local STRICTNESS = { ["AES256"] = 1, ["aws:kms"] = 2, ["aws:kms:dsse"] = 3 }

-- The configuration in force, or nil: a bucket without one answers with an error.
local function encryption_of(session, bucket)
  local s3 = session:client("s3")
  local ok, answer = pcall(s3.get_bucket_encryption, s3, { Bucket = bucket })
  if ok then return answer.ServerSideEncryptionConfiguration end
  if aws.is_error(answer, "ServerSideEncryptionConfigurationNotFoundError") then return nil end
  error(answer, 0)
end

-- The rule that says how new objects are encrypted.
local function rule_of(configuration)
  local rules = configuration and configuration.Rules or {}
  return rules[1] or {}
end

-- A key may be named by its id, by its alias or by the ARN of either.
local function is_key(key, wanted)
  return key == wanted or (key or ""):gsub("^.*:key/", "") == wanted:gsub("^.*:key/", "")
end

local function stricter(stands, wanted)
  return (STRICTNESS[stands] or 0) > STRICTNESS[wanted] and stands or wanted
end

local function holds(default, parameters)
  local stands = default.SSEAlgorithm
  local key = given(parameters.KMSMasterKeyID)
  if stricter(stands, parameters.SSEAlgorithm) ~= stands then return false end
  return not key or is_key(default.KMSMasterKeyID, key)
end

local function check_parameters(parameters)
  if given(parameters.KMSMasterKeyID) and parameters.SSEAlgorithm == "AES256" then
    error("KMSMasterKeyID goes with SSEAlgorithm aws:kms, not with AES256", 0)
  end
end

return {
  id          = "AWS.S3.EnableBucketEncryption",
  description = "Sets the default encryption of an S3 bucket.",
  resource    = "AWS::S3::Bucket",
  parameters  = {
    SSEAlgorithm = { type = "string", default = "AES256", enum = { "AES256", "aws:kms" } },
    KMSMasterKeyID = {
      type = "string", default = "",
      description = "The key for aws:kms; empty is the account's own key for S3.",
    },
  },
  permissions = { "s3:GetEncryptionConfiguration", "s3:PutEncryptionConfiguration" },
  controls    = {
    "S3.4", "S3.17", "s3-bucket-server-side-encryption-enabled", "s3-default-encryption-kms",
    "s3_bucket_default_encryption", "s3_bucket_kms_encryption",
  },

  check = function(session, resource, parameters)
    check_parameters(parameters)
    local configuration = encryption_of(session, resource.Name)
    local default = rule_of(configuration).ApplyServerSideEncryptionByDefault or {}
    return holds(default, parameters), { ServerSideEncryptionConfiguration = configuration }
  end,

  fix = function(session, resource, parameters)
    check_parameters(parameters)
    local rule = rule_of(encryption_of(session, resource.Name))
    local default = rule.ApplyServerSideEncryptionByDefault or {}
    rule.ApplyServerSideEncryptionByDefault = {
      SSEAlgorithm = stricter(default.SSEAlgorithm, parameters.SSEAlgorithm),
      KMSMasterKeyID = given(parameters.KMSMasterKeyID),
    }
    session:client("s3"):put_bucket_encryption {
      Bucket = resource.Name,
      ServerSideEncryptionConfiguration = { Rules = { rule } },
    }
  end,

  undo = function(session, resource, parameters, before)
    local s3 = session:client("s3")
    if before.ServerSideEncryptionConfiguration then
      s3:put_bucket_encryption {
        Bucket = resource.Name,
        ServerSideEncryptionConfiguration = before.ServerSideEncryptionConfiguration,
      }
    else
      s3:delete_bucket_encryption { Bucket = resource.Name }
    end
  end,
}
