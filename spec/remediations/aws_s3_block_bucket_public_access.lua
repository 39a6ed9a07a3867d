local function settings(acls, ignore, policy, restrict)
  return {
    BlockPublicAcls = acls, IgnorePublicAcls = ignore,
    BlockPublicPolicy = policy, RestrictPublicBuckets = restrict,
  }
end

local ALL_ON = settings(true, true, true, true)

local function get(configuration)
  return { "s3:GetPublicAccessBlock", { Bucket = "logs" },
    gives = { PublicAccessBlockConfiguration = configuration } }
end

local function put(configuration)
  return { "s3:PutPublicAccessBlock",
    { Bucket = "logs", PublicAccessBlockConfiguration = configuration } }
end

local none = { "s3:GetPublicAccessBlock", { Bucket = "logs" },
  raises = { code = "NoSuchPublicAccessBlockConfiguration", status = 404 } }

return {
  remediation = "AWS.S3.BlockBucketPublicAccess",
  resource    = { Name = "logs", AccountId = "123456789012", Region = "eu-west-1" },

  { "turns all four settings on where none were set",
    calls = { none, none, put(ALL_ON), get(ALL_ON) },
    status = "fixed" },

  { "writes nothing the second time",
    calls = { get(ALL_ON) },
    status = "compliant" },

  { "asks for those that the parameters name, and keeps the others",
    parameters = { BlockPublicPolicy = "false", RestrictPublicBuckets = false },
    calls = {
      get(settings(false, false, true, false)), get(settings(false, false, true, false)),
      put(settings(true, true, true, false)), get(settings(true, true, true, false)),
    },
    status = "fixed" },

  { "leaves alone what is stricter than asked",
    parameters = { BlockPublicPolicy = false },
    calls = { get(ALL_ON) },
    status = "compliant" },

  { "refuses a parameter that is not true or false",
    parameters = { BlockPublicAcls = "maybe" },
    calls = {},
    status = "failed", error = "InvalidParameter" },

  { "says so when it is not allowed to",
    calls = { { "s3:GetPublicAccessBlock", raises = { code = "AccessDenied", status = 403 } } },
    status = "failed", error = "AccessDenied" },

  { "puts the earlier settings back",
    run = "undo",
    before = { PublicAccessBlockConfiguration = settings(true, false, true, false) },
    calls = { put(settings(true, false, true, false)), get(settings(true, false, true, false)) },
    status = "undone" },

  { "takes the block away where there was none",
    run = "undo", before = {},
    calls = { { "s3:DeletePublicAccessBlock", { Bucket = "logs" } }, none },
    status = "undone" },
}
