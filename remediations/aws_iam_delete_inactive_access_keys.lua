-- Deletes the inactive access keys of one user.
local aws = require "aws"

-- The keys that the event names, id -> may it go?; nil where it names none. It is about one key, or
-- has the user's credential report.
local function reported(resource)
  if resource.AccessKeyId then return { [resource.AccessKeyId] = true } end
  local report = resource.CredentialReport or {}
  local keys, any = {}, false
  for _, number in ipairs { "1", "2" } do
    local id = report["AccessKey" .. number .. "Id"]
    if id and id ~= "" then
      keys[id] = tostring(report["AccessKey" .. number .. "Active"]) == "false"
      any = true
    end
  end
  return any and keys or nil
end

-- The event may be hours old: what counts is what IAM says now. A key that it does not call
-- inactive is not its own.
local function inactive_keys(session, resource)
  -- Without a name IAM would list the keys of whoever asks.
  local user = assert(resource.UserName, "the resource has no UserName")
  local keys, ids = reported(resource), aws.list {}
  for key in session:client("iam"):items("list_access_keys", { UserName = user }) do
    local named = not keys or keys[key.AccessKeyId]
    if named and key.Status == "Inactive" then ids[#ids + 1] = key.AccessKeyId end
  end
  return ids
end

return {
  id          = "AWS.IAM.DeleteInactiveAccessKeys",
  description = "Deletes those access keys of an IAM user that the event, or its credential "
    .. "report, calls inactive and that still are; all inactive ones where it names "
    .. "none.",
  resource    = "AWS::IAM::User",
  parameters  = {},
  permissions = { "iam:DeleteAccessKey", "iam:ListAccessKeys" },
  destructive = true,

  check = function(session, resource)
    local ids = inactive_keys(session, resource)
    return #ids == 0, { InactiveAccessKeyIds = ids }
  end,

  fix = function(session, resource)
    local iam = session:client("iam")
    for _, id in ipairs(inactive_keys(session, resource)) do
      iam:delete_access_key { UserName = resource.UserName, AccessKeyId = id }
    end
  end,
}
