local KEY = "11111111-2222-4333-8444-555555555555"

local function get(on)
  return { "kms:GetKeyRotationStatus", { KeyId = KEY }, gives = { KeyRotationEnabled = on } }
end

return {
  remediation = "AWS.KMS.EnableKeyRotation",
  resource    = { Id = KEY, AccountId = "123456789012", Region = "eu-west-1" },

  { "turns rotation on",
    calls = { get(false), { "kms:EnableKeyRotation", { KeyId = KEY } }, get(true) },
    status = "fixed" },

  { "writes nothing the second time",
    calls = { get(true) },
    status = "compliant" },

  { "says so when the key cannot be rotated",
    calls = { { "kms:GetKeyRotationStatus",
                raises = { code = "UnsupportedOperationException", status = 400 } } },
    status = "failed", error = "UnsupportedOperationException" },

  { "refuses a parameter that it does not have",
    parameters = { Days = 90 },
    calls = {},
    status = "failed", error = "InvalidParameter" },

  { "says so when it is not allowed to",
    calls = { { "kms:GetKeyRotationStatus",
                raises = { code = "AccessDeniedException", status = 400 } } },
    status = "failed", error = "AccessDeniedException" },

  { "turns rotation off again",
    run = "undo",
    calls = { { "kms:DisableKeyRotation", { KeyId = KEY } }, get(false) },
    status = "undone" },
}
