local OWNER = { ID = "4f2a" }
local OWN = { Grantee = { Type = "CanonicalUser", ID = "4f2a" }, Permission = "FULL_CONTROL" }

local function group(name)
  return {
    Grantee = { Type = "Group", URI = "http://acs.amazonaws.com/groups/" .. name },
    Permission = "READ",
  }
end

local PUBLIC = { Owner = OWNER, Grants = { OWN, group("global/AllUsers") } }
local PRIVATE = { Owner = OWNER, Grants = { OWN } }

local function get(acl)
  return { "s3:GetBucketAcl", { Bucket = "logs" }, gives = acl }
end

local make_private = { "s3:PutBucketAcl", { Bucket = "logs", ACL = "private" } }

return {
  remediation = "AWS.S3.BlockBucketPublicACL",
  resource    = { Name = "logs", AccountId = "123456789012", Region = "eu-west-1" },

  { "makes a public ACL private",
    calls = { get(PUBLIC), make_private, get(PRIVATE) },
    status = "fixed" },

  { "counts everybody with an AWS account as the public",
    calls = {
      get { Owner = OWNER, Grants = { group("global/AuthenticatedUsers") } }, make_private,
      get(PRIVATE),
    },
    status = "fixed" },

  { "writes nothing the second time",
    calls = { get(PRIVATE) },
    status = "compliant" },

  { "leaves alone what is granted to the log delivery group",
    calls = { get { Owner = OWNER, Grants = { OWN, group("s3/LogDelivery") } } },
    status = "compliant" },

  { "refuses a parameter that it does not have",
    parameters = { ACL = "public-read" },
    calls = {},
    status = "failed", error = "InvalidParameter" },

  { "says so when it is not allowed to",
    calls = { { "s3:GetBucketAcl", raises = { code = "AccessDenied", status = 403 } } },
    status = "failed", error = "AccessDenied" },

  { "puts the earlier grants back",
    run = "undo", before = PUBLIC,
    calls = {
      { "s3:PutBucketAcl", { Bucket = "logs", AccessControlPolicy = PUBLIC } },
      get(PUBLIC),
    },
    status = "undone" },
}
