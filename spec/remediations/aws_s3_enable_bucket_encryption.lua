local KEY = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-4333-8444-555555555555"

local function configuration(algorithm, key, bucket_key)
  return { Rules = { {
    ApplyServerSideEncryptionByDefault = { SSEAlgorithm = algorithm, KMSMasterKeyID = key },
    BucketKeyEnabled = bucket_key,
  } } }
end

local function get(...)
  return { "s3:GetBucketEncryption", { Bucket = "logs" },
    gives = { ServerSideEncryptionConfiguration = configuration(...) } }
end

local function put(...)
  return { "s3:PutBucketEncryption",
    { Bucket = "logs", ServerSideEncryptionConfiguration = configuration(...) } }
end

local none = { "s3:GetBucketEncryption", { Bucket = "logs" },
  raises = { code = "ServerSideEncryptionConfigurationNotFoundError", status = 404 } }

return {
  remediation = "AWS.S3.EnableBucketEncryption",
  resource    = { Name = "logs", AccountId = "123456789012", Region = "eu-west-1" },

  { "encrypts with AES256, and sends no empty key",
    calls = { none, none, put("AES256"), get("AES256") },
    status = "fixed" },

  { "writes nothing the second time",
    calls = { get("AES256") },
    status = "compliant" },

  { "keeps KMS where AES256 is asked for",
    calls = { get("aws:kms", KEY, true) },
    status = "compliant" },

  { "goes from AES256 to KMS, and keeps the bucket key",
    parameters = { SSEAlgorithm = "aws:kms", KMSMasterKeyID = KEY },
    calls = {
      get("AES256", nil, true), get("AES256", nil, true), put("aws:kms", KEY, true),
      get("aws:kms", KEY, true),
    },
    status = "fixed" },

  { "changes the key, and keeps an algorithm that is stricter than asked",
    parameters = { SSEAlgorithm = "aws:kms", KMSMasterKeyID = KEY },
    calls = {
      get("aws:kms:dsse", "other"), get("aws:kms:dsse", "other"), put("aws:kms:dsse", KEY),
      get("aws:kms:dsse", KEY),
    },
    status = "fixed" },

  { "takes a key's id and its ARN for the same",
    parameters = {
      SSEAlgorithm = "aws:kms", KMSMasterKeyID = "11111111-2222-4333-8444-555555555555",
    },
    calls = { get("aws:kms", KEY) },
    status = "compliant" },

  { "refuses an algorithm that S3 does not have",
    parameters = { SSEAlgorithm = "ROT13" },
    calls = {},
    status = "failed", error = "InvalidParameter" },

  { "refuses a key with AES256",
    parameters = { KMSMasterKeyID = KEY },
    calls = {},
    status = "failed", error = "KMSMasterKeyID goes with SSEAlgorithm aws:kms" },

  { "says so when it is not allowed to",
    calls = { { "s3:GetBucketEncryption", raises = { code = "AccessDenied", status = 403 } } },
    status = "failed", error = "AccessDenied" },

  { "puts the earlier encryption back",
    run = "undo",
    before = { ServerSideEncryptionConfiguration = configuration("AES256") },
    calls = { put("AES256"), get("AES256") },
    status = "undone" },

  { "takes the encryption away where there was none",
    run = "undo", before = {},
    calls = { { "s3:DeleteBucketEncryption", { Bucket = "logs" } }, none },
    status = "undone" },
}
