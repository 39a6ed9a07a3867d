local function get(on, pending)
  return { "rds:DescribeDBInstances", { DBInstanceIdentifier = "orders" }, gives = {
    DBInstances = { { DBInstanceIdentifier = "orders", AutoMinorVersionUpgrade = on,
                      PendingModifiedValues = pending or {} } } } }
end

local function modify(on, immediately)
  return { "rds:ModifyDBInstance", { DBInstanceIdentifier = "orders",
    AutoMinorVersionUpgrade = on, ApplyImmediately = immediately }, gives = {} }
end

return {
  remediation = "AWS.RDS.EnableAutoMinorVersionUpgrade",
  resource    = { Id = "orders", AccountId = "123456789012", Region = "eu-west-1" },

  { "turns minor upgrades on",
    calls = { get(false), get(false), modify(true, true), get(false), get(true) },
    status = "fixed" },

  { "writes nothing the second time",
    calls = { get(true) },
    status = "compliant" },

  { "refuses to make other waiting changes happen now, and names them",
    calls = { get(false, { DBInstanceClass = "db.r6g.large" }),
              get(false, { DBInstanceClass = "db.r6g.large" }) },
    status = "failed", error = "DBInstanceClass" },

  { "lets them wait where it may wait itself",
    parameters = { ApplyImmediately = "false" },
    calls = { get(false, { DBInstanceClass = "db.r6g.large" }), modify(true, false), get(true) },
    status = "fixed" },

  { "refuses a switch that is neither on nor off",
    parameters = { ApplyImmediately = "soon" },
    calls = {},
    status = "failed", error = "InvalidParameter" },

  { "says so when it is not allowed to",
    calls = { { "rds:DescribeDBInstances", raises = { code = "AccessDenied", status = 403 } } },
    status = "failed", error = "AccessDenied" },

  { "turns minor upgrades off again",
    run = "undo",
    calls = { get(true), modify(false, true), get(false) },
    status = "undone" },
}
