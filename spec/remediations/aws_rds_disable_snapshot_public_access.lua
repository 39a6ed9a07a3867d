local function get(id, ...)
  return { "rds:DescribeDBSnapshotAttributes", { DBSnapshotIdentifier = id }, gives = {
    DBSnapshotAttributesResult = { DBSnapshotIdentifier = id, DBSnapshotAttributes = {
      { AttributeName = "restore", AttributeValues = { ... } } } } } }
end

local function gone(operation)
  return { operation, raises = { code = "DBSnapshotNotFound", status = 404 } }
end

local function modify(id, how)
  return { "rds:ModifyDBSnapshotAttribute",
    { DBSnapshotIdentifier = id, AttributeName = "restore", [how] = { "all" } }, gives = {} }
end

return {
  remediation = "AWS.RDS.DisableSnapshotPublicAccess",
  resource    = {
    Id = "orders", AccountId = "123456789012", Region = "eu-west-1",
    SnapshotAttributes = { { Id = "monday" }, { Id = "tuesday" } },
  },

  { "takes back the snapshot that is public, and keeps its other readers",
    calls = {
      get("monday", "444455556666"), get("tuesday", "all", "444455556666"),
      get("monday", "444455556666"), get("tuesday", "all", "444455556666"),
      modify("tuesday", "ValuesToRemove"),
      get("monday", "444455556666"), get("tuesday", "444455556666"),
    },
    status = "fixed" },

  { "writes nothing the second time",
    calls = { get("monday"), get("tuesday") },
    status = "compliant" },

  { "takes an event about one snapshot as well",
    resource = { Id = "monday", AccountId = "123456789012", Region = "eu-west-1" },
    calls = { get("monday", "all"), get("monday", "all"), modify("monday", "ValuesToRemove"),
              get("monday") },
    status = "fixed" },

  { "passes over a snapshot that has been deleted since",
    calls = { get("monday"), gone("rds:DescribeDBSnapshotAttributes") },
    status = "compliant" },

  { "takes back the others where one is deleted meanwhile",
    calls = {
      get("monday", "all"), get("tuesday", "all"), get("monday", "all"), get("tuesday", "all"),
      gone("rds:ModifyDBSnapshotAttribute"), modify("tuesday", "ValuesToRemove"),
      gone("rds:DescribeDBSnapshotAttributes"), get("tuesday"),
    },
    status = "fixed" },

  { "does not call fine what is no instance's snapshot",
    resource = { Id = "cluster", AccountId = "123456789012", Region = "eu-west-1",
                 ResourceType = "AWS::RDS::DBClusterSnapshot" },
    calls = { gone("rds:DescribeDBSnapshotAttributes") },
    status = "failed", error = "DBSnapshotNotFound" },

  { "refuses a parameter that it does not have",
    parameters = { Values = "all" },
    calls = {},
    status = "failed", error = "InvalidParameter" },

  { "says so when it is not allowed to",
    calls = { { "rds:DescribeDBSnapshotAttributes",
                raises = { code = "AccessDenied", status = 403 } } },
    status = "failed", error = "AccessDenied" },

  { "shares again what was public",
    run = "undo", before = { PublicSnapshots = { "tuesday" } },
    calls = { modify("tuesday", "ValuesToAdd"), get("monday"), get("tuesday", "all") },
    status = "undone" },

  { "shares the others again where one has been deleted since",
    run = "undo", before = { PublicSnapshots = { "monday", "tuesday" } },
    calls = {
      gone("rds:ModifyDBSnapshotAttribute"), modify("tuesday", "ValuesToAdd"),
      gone("rds:DescribeDBSnapshotAttributes"), get("tuesday", "all"),
    },
    status = "undone" },
}
