-- Stops sharing one image with everybody; accounts that it is shared with by name keep it.
local EVERYBODY = { { Group = "all" } }

return {
  id          = "AWS.EC2.SetAMIPrivate",
  description = "Stops sharing an image with everybody. Accounts that it is shared with by name "
    .. "keep it.",
  resource    = "AWS::EC2::Image",
  parameters  = {},
  permissions = { "ec2:DescribeImageAttribute", "ec2:ModifyImageAttribute" },
  controls    = { "ec2_ami_public" },

  check = function(session, resource)
    local answer = session:client("ec2"):describe_image_attribute {
      ImageId = resource.Id,
      Attribute = "launchPermission",
    }
    for _, permission in ipairs(answer.LaunchPermissions or {}) do
      if permission.Group == "all" then return false end
    end
    return true
  end,

  fix = function(session, resource)
    session:client("ec2"):modify_image_attribute {
      ImageId = resource.Id,
      LaunchPermission = { Remove = EVERYBODY },
    }
  end,

  undo = function(session, resource)
    session:client("ec2"):modify_image_attribute {
      ImageId = resource.Id,
      LaunchPermission = { Add = EVERYBODY },
    }
  end,
}
