-- Makes the ACL of one S3 bucket private where it grants something to everybody.
local PUBLIC_GROUPS = {
  ["http://acs.amazonaws.com/groups/global/AllUsers"] = true,
  ["http://acs.amazonaws.com/groups/global/AuthenticatedUsers"] = true,
}

local function is_public(acl)
  for _, grant in ipairs(acl.Grants or {}) do
    if PUBLIC_GROUPS[grant.Grantee.URI] then return true end
  end
  return false
end

return {
  id          = "AWS.S3.BlockBucketPublicACL",
  description = "Replaces the ACL of an S3 bucket that grants something to everybody by the "
    .. "private one: every grant but the owner's goes.",
  resource    = "AWS::S3::Bucket",
  parameters  = {},
  permissions = { "s3:GetBucketAcl", "s3:PutBucketAcl" },
  controls    = {
    "S3.2", "S3.3", "S3.12", "s3-bucket-acl-prohibited", "s3_bucket_acl_prohibited",
    "s3_bucket_public_list_acl", "s3_bucket_public_write_acl",
  },

  check = function(session, resource)
    local acl = session:client("s3"):get_bucket_acl { Bucket = resource.Name }
    return not is_public(acl), { Owner = acl.Owner, Grants = acl.Grants }
  end,

  fix = function(session, resource)
    session:client("s3"):put_bucket_acl { Bucket = resource.Name, ACL = "private" }
  end,

  undo = function(session, resource, parameters, before)
    session:client("s3"):put_bucket_acl {
      Bucket = resource.Name,
      AccessControlPolicy = { Owner = before.Owner, Grants = before.Grants },
    }
  end,
}
