-- Stops sharing database snapshots with everybody; accounts that they are shared with by name keep
-- them.
local aws = require "aws"

-- An event is about an instance, whose snapshots are in SnapshotAttributes, or about one snapshot.
local function ids_of(resource)
  if not resource.SnapshotAttributes then return { resource.Id } end
  local ids = {}
  for i, attributes in ipairs(resource.SnapshotAttributes) do ids[i] = attributes.Id end
  return ids
end

local function is_public(rds, id, may_be_gone)
  local ok, answer = pcall(rds.describe_db_snapshot_attributes, rds, { DBSnapshotIdentifier = id })
  if not ok and may_be_gone and aws.is_error(answer, "DBSnapshotNotFound") then return false end
  if not ok then error(answer, 0) end
  for _, attribute in ipairs(answer.DBSnapshotAttributesResult.DBSnapshotAttributes or {}) do
    for _, value in ipairs(attribute.AttributeValues or {}) do
      if attribute.AttributeName == "restore" and value == "all" then return true end
    end
  end
  return false
end

local function public_snapshots(rds, resource)
  local public = aws.list {}
  -- A snapshot that has been deleted since is shared with nobody; but an id that is not known to be
  -- a snapshot's may be something else, such as a cluster's snapshot.
  local are_snapshots = resource.SnapshotAttributes ~= nil
  for _, id in ipairs(ids_of(resource)) do
    if is_public(rds, id, are_snapshots) then public[#public + 1] = id end
  end
  return public
end

-- A snapshot that was deleted since it was looked at needs no change, and must not keep the others
-- from theirs.
local function change(rds, id, changes)
  changes.DBSnapshotIdentifier = id
  changes.AttributeName = "restore"
  local ok, err = pcall(rds.modify_db_snapshot_attribute, rds, changes)
  if not ok and not aws.is_error(err, "DBSnapshotNotFound") then error(err, 0) end
end

return {
  id          = "AWS.RDS.DisableSnapshotPublicAccess",
  description = "Stops sharing an RDS instance's snapshots with everybody.",
  resource    = "AWS::RDS::DBSnapshot",
  parameters  = {},
  permissions = { "rds:DescribeDBSnapshotAttributes", "rds:ModifyDBSnapshotAttribute" },
  controls    = { "RDS.1", "rds-snapshots-public-prohibited", "rds_snapshots_public_access" },

  check = function(session, resource)
    local public = public_snapshots(session:client("rds"), resource)
    return #public == 0, { PublicSnapshots = public }
  end,

  fix = function(session, resource)
    local rds = session:client("rds")
    for _, id in ipairs(public_snapshots(rds, resource)) do
      change(rds, id, { ValuesToRemove = { "all" } })
    end
  end,

  undo = function(session, resource, parameters, before)
    local rds = session:client("rds")
    for _, id in ipairs(before.PublicSnapshots) do
      change(rds, id, { ValuesToAdd = { "all" } })
    end
  end,
}
