local function get(encryption)
  return { "dynamodb:DescribeTable", { TableName = "orders" }, gives = {
    Table = { TableName = "orders", TableStatus = "ACTIVE", SSEDescription = encryption } } }
end

local KMS = { Status = "ENABLED", SSEType = "KMS" }
local CHANGING = { Status = "UPDATING", SSEType = "KMS" }

local encrypt = { "dynamodb:UpdateTable",
  { TableName = "orders", SSESpecification = { Enabled = true, SSEType = "KMS" } } }

return {
  remediation = "AWS.DDB.EncryptTable",
  resource    = { Name = "orders", AccountId = "123456789012", Region = "eu-west-1" },

  { "encrypts with KMS, and waits until that is done",
    calls = { get(nil), encrypt, get(CHANGING), get(CHANGING), get(KMS) },
    status = "fixed" },

  { "asks to come back while the table is being changed",
    calls = { get(CHANGING), { "dynamodb:UpdateTable",
                               raises = { code = "ResourceInUseException", status = 400 } } },
    status = "deferred", reason = "retry_later" },

  { "writes nothing the second time",
    calls = { get(KMS) },
    status = "compliant" },

  { "refuses a parameter that it does not have",
    parameters = { SSEType = "AES256" },
    calls = {},
    status = "failed", error = "InvalidParameter" },

  { "says so when it is not allowed to",
    calls = { { "dynamodb:DescribeTable",
                raises = { code = "AccessDeniedException", status = 400 } } },
    status = "failed", error = "AccessDeniedException" },

  { "goes back to the key that AWS owns",
    run = "undo", before = {},
    calls = { { "dynamodb:UpdateTable",
                { TableName = "orders", SSESpecification = { Enabled = false } } }, get(nil) },
    status = "undone" },
}
