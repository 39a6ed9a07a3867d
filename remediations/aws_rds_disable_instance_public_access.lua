-- Takes one database instance off the Internet.
local rds_instance = require "rds_instance"

local function set_public(session, resource, public)
  rds_instance.modify(session, {
    DBInstanceIdentifier = resource.Id,
    PubliclyAccessible = public,
  })
end

return {
  id          = "AWS.RDS.DisableInstancePublicAccess",
  description = "Makes an RDS instance reachable from its VPC only. Clients outside of it are "
    .. "cut off.",
  resource    = "AWS::RDS::DBInstance",
  parameters  = {},
  permissions = { "rds:DescribeDBInstances", "rds:ModifyDBInstance" },
  controls    = { "RDS.2", "rds-instance-public-access-check", "rds_instance_no_public_access" },
  verify_seconds = 300,

  check = function(session, resource)
    return not rds_instance.get(session, resource.Id).PubliclyAccessible
  end,

  fix = function(session, resource)
    set_public(session, resource, false)
  end,

  undo = function(session, resource)
    set_public(session, resource, true)
  end,
}
