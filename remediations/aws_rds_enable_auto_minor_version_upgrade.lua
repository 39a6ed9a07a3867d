-- Lets one database instance take minor engine upgrades by itself.
local rds_instance = require "rds_instance"

-- ApplyImmediately would make everything else that waits happen now, too.
local function refuse_pending(session, resource, parameters)
  if not parameters.ApplyImmediately then return end
  local pending = {}
  for name in pairs(rds_instance.get(session, resource.Id).PendingModifiedValues or {}) do
    pending[#pending + 1] = name
  end
  if #pending > 0 then
    error("other changes of " .. resource.Id .. " wait for its maintenance window, and would be "
      .. "made now: " .. table.concat(pending, ", ") .. "; set ApplyImmediately to false, or apply "
      .. "them first", 0)
  end
end

local function set_upgrades(session, resource, parameters, on)
  refuse_pending(session, resource, parameters)
  rds_instance.modify(session, {
    DBInstanceIdentifier = resource.Id,
    AutoMinorVersionUpgrade = on,
    ApplyImmediately = parameters.ApplyImmediately,
  })
end

return {
  id          = "AWS.RDS.EnableAutoMinorVersionUpgrade",
  description = "Lets an RDS instance take minor engine upgrades by itself. With other "
    .. "modifications pending it refuses to apply immediately.",
  resource    = "AWS::RDS::DBInstance",
  parameters  = { ApplyImmediately = true },
  permissions = { "rds:DescribeDBInstances", "rds:ModifyDBInstance" },
  controls    = {
    "RDS.13", "rds-automatic-minor-version-upgrade-enabled",
    "rds_instance_minor_version_upgrade_enabled",
  },
  verify_seconds = 300,

  check = function(session, resource)
    return rds_instance.get(session, resource.Id).AutoMinorVersionUpgrade
  end,

  fix = function(session, resource, parameters)
    set_upgrades(session, resource, parameters, true)
  end,

  undo = function(session, resource, parameters)
    set_upgrades(session, resource, parameters, false)
  end,
}
