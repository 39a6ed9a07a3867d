-- Terminates one instance.
local ec2_instance = require "ec2_instance"

local GONE = { ["shutting-down"] = true, ["terminated"] = true }

return {
  id          = "AWS.EC2.TerminateInstance",
  description = "Terminates an EC2 instance. It is gone for good; one that is protected against "
    .. "termination stays, and the run fails.",
  resource    = "AWS::EC2::Instance",
  parameters  = {},
  permissions = { "ec2:DescribeInstances", "ec2:TerminateInstances" },
  controls    = { "EC2.4", "ec2-stopped-instance", "ec2_instance_older_than_specific_days" },
  destructive = true,
  verify_seconds = 120,

  check = function(session, resource)
    local state = ec2_instance.state(session, resource.Id)
    return GONE[state] or false, { State = state }
  end,

  fix = function(session, resource)
    session:client("ec2"):terminate_instances { InstanceIds = { resource.Id } }
  end,
}
