-- What remediations of EC2 instances share.
local aws = require "aws"

local ec2_instance = {}

-- The state of an instance: "running", "stopped", ...; "terminated" also for one that is no longer
-- known.
function ec2_instance.state(session, id)
  local ec2 = session:client("ec2")
  local ok, answer = pcall(ec2.describe_instances, ec2, { InstanceIds = { id } })
  if not ok and aws.is_error(answer, "InvalidInstanceID.NotFound") then return "terminated" end
  if not ok then error(answer, 0) end
  local reservation = (answer.Reservations or {})[1] or {}
  local instance = (reservation.Instances or {})[1]
  return instance and instance.State.Name or "terminated"
end

return ec2_instance
