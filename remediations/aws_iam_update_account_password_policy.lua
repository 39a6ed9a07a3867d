-- Makes the password policy of one account as strict as the parameters ask, and never less strict
-- than it is.
local aws = require "aws"

local SWITCHES = {
  "RequireSymbols", "RequireNumbers", "RequireUppercaseCharacters", "RequireLowercaseCharacters",
  "AllowUsersToChangePassword",
}

-- The policy in force, or nil: an account without one answers with an error.
local function policy_of(session)
  local iam = session:client("iam")
  local ok, answer = pcall(iam.get_account_password_policy, iam, {})
  if ok then return answer.PasswordPolicy end
  if aws.is_error(answer, "NoSuchEntity") then return nil end
  error(answer, 0)
end

-- The policy to have: of each member the stricter value. IAM forgets what an update does not name,
-- so all of it is here.
local function stricter(policy, parameters)
  local wanted = {
    MinimumPasswordLength = math.max(policy.MinimumPasswordLength or 0,
                                     parameters.MinimumPasswordLength),
    MaxPasswordAge = math.min(policy.MaxPasswordAge or math.maxinteger, parameters.MaxPasswordAge),
    PasswordReusePrevention = math.max(policy.PasswordReusePrevention or 0,
                                       parameters.PasswordReusePrevention),
    HardExpiry = policy.HardExpiry,
  }
  for _, name in ipairs(SWITCHES) do wanted[name] = policy[name] or parameters[name] end
  return wanted
end

-- An update takes what a policy tells, but for what follows from the rest.
local function as_update(policy)
  local update = {}
  for name, value in pairs(policy) do
    if name ~= "ExpirePasswords" then update[name] = value end
  end
  return update
end

return {
  id          = "AWS.IAM.UpdateAccountPasswordPolicy",
  description = "Makes an account's password policy as strict as the parameters; where it is "
    .. "stricter already it stays.",
  resource    = "AWS::::Account",
  parameters  = {
    MinimumPasswordLength = { type = "integer", default = 14, min = 6, max = 128 },
    RequireSymbols = true,
    RequireNumbers = true,
    RequireUppercaseCharacters = true,
    RequireLowercaseCharacters = true,
    AllowUsersToChangePassword = true,
    MaxPasswordAge = { type = "integer", default = 90, min = 1, max = 1095 },
    PasswordReusePrevention = { type = "integer", default = 24, min = 1, max = 24 },
  },
  permissions = {
    "iam:DeleteAccountPasswordPolicy", "iam:GetAccountPasswordPolicy",
    "iam:UpdateAccountPasswordPolicy",
  },
  controls    = {
    "IAM.7", "IAM.11", "IAM.12", "IAM.13", "IAM.14", "IAM.15", "IAM.16", "IAM.17",
    "iam-password-policy", "iam_password_policy_minimum_length_14", "iam_password_policy_symbol",
    "iam_password_policy_number", "iam_password_policy_uppercase", "iam_password_policy_lowercase",
    "iam_password_policy_reuse_24",
    "iam_password_policy_expires_passwords_within_90_days_or_less",
  },

  check = function(session, resource, parameters)
    local policy = policy_of(session)
    local before = { PasswordPolicy = policy }
    for name, value in pairs(stricter(policy or {}, parameters)) do
      if (policy or {})[name] ~= value then return false, before end
    end
    return true, before
  end,

  fix = function(session, resource, parameters)
    local wanted = stricter(policy_of(session) or {}, parameters)
    session:client("iam"):update_account_password_policy(wanted)
  end,

  undo = function(session, resource, parameters, before)
    local iam = session:client("iam")
    if before.PasswordPolicy then
      iam:update_account_password_policy(as_update(before.PasswordPolicy))
    else
      iam:delete_account_password_policy {}
    end
  end,
}
