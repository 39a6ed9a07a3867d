-- Turns on the yearly rotation of one KMS key.
return {
  id          = "AWS.KMS.EnableKeyRotation",
  description = "Turns on the yearly rotation of a symmetric customer-managed KMS key.",
  resource    = "AWS::KMS::Key",
  parameters  = {},
  permissions = { "kms:DisableKeyRotation", "kms:EnableKeyRotation", "kms:GetKeyRotationStatus" },
  controls    = { "KMS.4", "cmk-backing-key-rotation-enabled", "kms_cmk_rotation_enabled" },

  check = function(session, resource)
    local status = session:client("kms"):get_key_rotation_status { KeyId = resource.Id }
    return status.KeyRotationEnabled
  end,

  fix = function(session, resource)
    session:client("kms"):enable_key_rotation { KeyId = resource.Id }
  end,

  undo = function(session, resource)
    session:client("kms"):disable_key_rotation { KeyId = resource.Id }
  end,
}
