-- What remediations of RDS instances share.
local rds_instance = {}

-- The instance as DescribeDBInstances tells it; one that is not there is AWS's error.
function rds_instance.get(session, id)
  local answer = session:client("rds"):describe_db_instances { DBInstanceIdentifier = id }
  return assert((answer.DBInstances or {})[1], "RDS tells of no instance " .. tostring(id))
end

return rds_instance
