-- Encrypts one DynamoDB table with KMS instead of a key that AWS owns.
local unless_busy = require "unless_busy"

local function encryption_of(session, resource)
  local table = session:client("dynamodb"):describe_table({ TableName = resource.Name }).Table
  return table.SSEDescription
end

-- A table that is being made or changed takes no change meanwhile.
local function encrypt(session, resource, specification)
  local dynamodb = session:client("dynamodb")
  unless_busy("ResourceInUseException", dynamodb.update_table, dynamodb, {
    TableName = resource.Name,
    SSESpecification = specification,
  })
end

return {
  id          = "AWS.DDB.EncryptTable",
  description = "Encrypts a DynamoDB table with the account's KMS key for DynamoDB. A table "
    .. "that uses KMS already, with whichever key, is left alone.",
  resource    = "AWS::DynamoDB::Table",
  parameters  = {},
  permissions = {
    "dynamodb:DescribeTable", "dynamodb:UpdateTable",
    "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey",
  },
  controls    = {
    "dynamodb-table-encrypted-kms", "dynamodb-table-encryption-enabled",
    "dynamodb_tables_kms_cmk_encryption_enabled",
  },
  -- DynamoDB encrypts a table anew behind the scenes.
  verify_seconds = 180,

  check = function(session, resource)
    local encryption = encryption_of(session, resource)
    local holds = encryption and encryption.SSEType == "KMS" and encryption.Status == "ENABLED"
    return holds or false, { SSEDescription = encryption }
  end,

  fix = function(session, resource)
    encrypt(session, resource, { Enabled = true, SSEType = "KMS" })
  end,

  undo = function(session, resource)
    encrypt(session, resource, { Enabled = false })
  end,
}
