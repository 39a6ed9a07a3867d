-- Stops one instance.
local ec2_instance = require "ec2_instance"
local unless_busy = require "unless_busy"

local AT_REST = { ["stopped"] = true, ["shutting-down"] = true, ["terminated"] = true }

return {
  id          = "AWS.EC2.StopInstance",
  description = "Stops an EC2 instance. What lies on instance stores is lost, and a public "
    .. "address may change; undo starts it again and restores neither.",
  resource    = "AWS::EC2::Instance",
  parameters  = {},
  permissions = { "ec2:DescribeInstances", "ec2:StartInstances", "ec2:StopInstances" },
  destructive = true,
  verify_seconds = 300,

  check = function(session, resource)
    local state = ec2_instance.state(session, resource.Id)
    return AT_REST[state] or false, { State = state }
  end,

  fix = function(session, resource)
    -- One that just starts cannot be stopped yet.
    local ec2 = session:client("ec2")
    unless_busy("IncorrectInstanceState", ec2.stop_instances, ec2,
                { InstanceIds = { resource.Id } })
  end,

  undo = function(session, resource, parameters, before)
    if before.State == "running" or before.State == "pending" then
      local ec2 = session:client("ec2")
      unless_busy("IncorrectInstanceState", ec2.start_instances, ec2,
                  { InstanceIds = { resource.Id } })
    end
  end,
}
