local function get(public)
  return { "rds:DescribeDBInstances", { DBInstanceIdentifier = "orders" }, gives = {
    DBInstances = { { DBInstanceIdentifier = "orders", PubliclyAccessible = public } } } }
end

local function modify(public)
  return { "rds:ModifyDBInstance",
    { DBInstanceIdentifier = "orders", PubliclyAccessible = public }, gives = {} }
end

return {
  remediation = "AWS.RDS.DisableInstancePublicAccess",
  resource    = { Id = "orders", AccountId = "123456789012", Region = "eu-west-1" },

  { "takes the instance off the Internet, and waits until it is",
    calls = { get(true), modify(false), get(true), get(false) },
    status = "fixed" },

  { "writes nothing the second time",
    calls = { get(false) },
    status = "compliant" },

  { "asks to come back when the instance is busy",
    calls = { get(true), { "rds:ModifyDBInstance",
                           raises = { code = "InvalidDBInstanceState", status = 400 } } },
    status = "deferred", reason = "retry_later" },

  { "refuses a parameter that it does not have",
    parameters = { ApplyImmediately = true },
    calls = {},
    status = "failed", error = "InvalidParameter" },

  { "says so when it is not allowed to",
    calls = { { "rds:DescribeDBInstances", raises = { code = "AccessDenied", status = 403 } } },
    status = "failed", error = "AccessDenied" },

  { "puts the instance back on the Internet",
    run = "undo",
    calls = { modify(true), get(true) },
    status = "undone" },
}
