local AMI = "ami-0123456789abcdef0"

local function get(...)
  return { "ec2:DescribeImageAttribute", { ImageId = AMI, Attribute = "launchPermission" },
    gives = { ImageId = AMI, LaunchPermissions = { ... } } }
end

local function modify(how)
  return { "ec2:ModifyImageAttribute",
    { ImageId = AMI, LaunchPermission = { [how] = { { Group = "all" } } } } }
end

return {
  remediation = "AWS.EC2.SetAMIPrivate",
  resource    = { Id = AMI, AccountId = "123456789012", Region = "eu-west-1" },

  { "takes the image back from everybody, and from nobody else",
    calls = {
      get({ UserId = "444455556666" }, { Group = "all" }), modify("Remove"),
      get { UserId = "444455556666" },
    },
    status = "fixed" },

  { "writes nothing the second time",
    calls = { get() },
    status = "compliant" },

  { "refuses a parameter that it does not have",
    parameters = { Group = "all" },
    calls = {},
    status = "failed", error = "InvalidParameter" },

  { "says so when it is not allowed to",
    calls = { { "ec2:DescribeImageAttribute",
                raises = { code = "UnauthorizedOperation", status = 403 } } },
    status = "failed", error = "UnauthorizedOperation" },

  { "shares the image with everybody again",
    run = "undo",
    calls = { modify("Add"), get { Group = "all" } },
    status = "undone" },
}
