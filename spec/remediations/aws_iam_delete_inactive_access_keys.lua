local function list(...)
  return { "iam:ListAccessKeys", { UserName = "alice" },
    gives = { AccessKeyMetadata = { ... }, IsTruncated = false } }
end

local function key(id, status)
  return { UserName = "alice", AccessKeyId = id, Status = status }
end

local function delete(id)
  return { "iam:DeleteAccessKey", { UserName = "alice", AccessKeyId = id } }
end

local A, B = "AKIAAAAAAAAAAAAAAAAA", "AKIABBBBBBBBBBBBBBBB"

return {
  remediation = "AWS.IAM.DeleteInactiveAccessKeys",
  resource    = {
    UserName = "alice", AccountId = "123456789012", Region = "global",
    CredentialReport = {
      AccessKey1Active = false, AccessKey1Id = A, AccessKey2Active = true, AccessKey2Id = B,
    },
  },
  allow_destructive = true,

  { "deletes the key that the report calls inactive and that is",
    calls = { list(key(A, "Inactive"), key(B, "Active")),
              list(key(A, "Inactive"), key(B, "Active")), delete(A), list(key(B, "Active")) },
    status = "fixed" },

  { "writes nothing the second time",
    calls = { list(key(B, "Active")) },
    status = "compliant" },

  { "keeps a key that has been turned on since the report",
    calls = { list(key(A, "Active"), key(B, "Active")) },
    status = "compliant" },

  { "keeps a key that the report calls active",
    calls = { list(key(B, "Inactive")) },
    status = "compliant" },

  { "deletes the one key that an event is about, and no other",
    resource = { UserName = "alice", AccessKeyId = A, AccountId = "123456789012",
                 Region = "global" },
    calls = { list(key(A, "Inactive"), key(B, "Inactive")),
              list(key(A, "Inactive"), key(B, "Inactive")), delete(A), list(key(B, "Inactive")) },
    status = "fixed" },

  { "deletes all inactive ones where the event names none",
    resource = { UserName = "alice", AccountId = "123456789012", Region = "global" },
    calls = { list(key(A, "Inactive"), key(B, "Inactive")),
              list(key(A, "Inactive"), key(B, "Inactive")), delete(A), delete(B), list() },
    status = "fixed" },

  { "never lists the keys of whoever asks",
    resource = { AccountId = "123456789012", Region = "global" },
    calls = {},
    status = "failed", error = "the resource has no UserName" },

  { "does nothing unless it may be destructive",
    allow_destructive = false,
    calls = {},
    status = "skipped", reason = "destructive" },

  { "refuses a parameter that it does not have",
    parameters = { MaxAge = 90 },
    calls = {},
    status = "failed", error = "InvalidParameter" },

  { "says so when it is not allowed to",
    calls = { { "iam:ListAccessKeys", raises = { code = "AccessDenied", status = 403 } } },
    status = "failed", error = "AccessDenied" },
}
