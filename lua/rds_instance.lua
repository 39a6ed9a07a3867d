-- What remediations of RDS instances share.
local unless_busy = require "unless_busy"

local rds_instance = {}

-- The instance as DescribeDBInstances tells it; one that is not there is AWS's error.
function rds_instance.get(session, id)
  local answer = session:client("rds"):describe_db_instances { DBInstanceIdentifier = id }
  return assert((answer.DBInstances or {})[1], "RDS tells of no instance " .. tostring(id))
end

-- Changes an instance. One that is being made, changed or backed up takes no change meanwhile.
function rds_instance.modify(session, changes)
  local rds = session:client("rds")
  unless_busy("InvalidDBInstanceState", rds.modify_db_instance, rds, changes)
end

return rds_instance
