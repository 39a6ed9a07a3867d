local ASKED = {
  MinimumPasswordLength = 14, RequireSymbols = true, RequireNumbers = true,
  RequireUppercaseCharacters = true, RequireLowercaseCharacters = true,
  AllowUsersToChangePassword = true, MaxPasswordAge = 90, PasswordReusePrevention = 24,
}

local function with(fields, base)
  local whole = {}
  for name, value in pairs(base or ASKED) do whole[name] = value end
  for name, value in pairs(fields) do whole[name] = value end
  return whole
end

local function get(policy)
  return { "iam:GetAccountPasswordPolicy", {}, gives = {
    PasswordPolicy = with({ ExpirePasswords = policy.MaxPasswordAge ~= nil }, policy) } }
end

local function update(policy)
  return { "iam:UpdateAccountPasswordPolicy", policy }
end

local none = { "iam:GetAccountPasswordPolicy", raises = { code = "NoSuchEntity", status = 404 } }

local WEAK = {
  MinimumPasswordLength = 8, RequireSymbols = false, RequireNumbers = true,
  RequireUppercaseCharacters = false, RequireLowercaseCharacters = false,
  AllowUsersToChangePassword = false,
}

return {
  remediation = "AWS.IAM.UpdateAccountPasswordPolicy",
  resource    = { AccountId = "123456789012", Region = "global" },

  { "sets the policy of an account that has none",
    calls = { none, none, update(ASKED), get(ASKED) },
    status = "fixed" },

  { "makes a weak policy strict",
    calls = { get(WEAK), get(WEAK), update(ASKED), get(ASKED) },
    status = "fixed" },

  { "writes nothing the second time",
    calls = { get(ASKED) },
    status = "compliant" },

  { "keeps what is stricter than asked, member by member",
    calls = {
      get(with { MinimumPasswordLength = 20, MaxPasswordAge = 30, RequireSymbols = false,
                 HardExpiry = true }),
      get(with { MinimumPasswordLength = 20, MaxPasswordAge = 30, RequireSymbols = false,
                 HardExpiry = true }),
      update(with { MinimumPasswordLength = 20, MaxPasswordAge = 30, HardExpiry = true }),
      get(with { MinimumPasswordLength = 20, MaxPasswordAge = 30, HardExpiry = true }),
    },
    status = "fixed" },

  { "leaves a policy alone that is stricter in all",
    calls = { get(with { MinimumPasswordLength = 32, MaxPasswordAge = 1 }) },
    status = "compliant" },

  { "takes numbers as text, as events carry them",
    parameters = { MinimumPasswordLength = "16", RequireSymbols = "false" },
    calls = { none, none, update(with { MinimumPasswordLength = 16, RequireSymbols = false }),
              get(with { MinimumPasswordLength = 16, RequireSymbols = false }) },
    status = "fixed" },

  { "refuses a length that IAM does not take",
    parameters = { MinimumPasswordLength = "4" },
    calls = {},
    status = "failed", error = "InvalidParameter" },

  { "says so when it is not allowed to",
    calls = { { "iam:GetAccountPasswordPolicy",
                raises = { code = "AccessDenied", status = 403 } } },
    status = "failed", error = "AccessDenied" },

  { "puts the earlier policy back",
    run = "undo", before = { PasswordPolicy = with({ ExpirePasswords = false }, WEAK) },
    calls = { update(WEAK), get(WEAK) },
    status = "undone" },

  { "deletes the policy where there was none",
    run = "undo", before = {},
    calls = { { "iam:DeleteAccountPasswordPolicy", {} }, none },
    status = "undone" },
}
