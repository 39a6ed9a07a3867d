# The role that Balm assumes in a target account. Written by `balm iam --format terraform`.

terraform {
  required_version = ">= 1.3"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 4.0"
    }
  }
}

variable "trusted_principal" {
  description = "Who may assume the role: the account that Balm runs in (12 digits), or better the ARN of Balm's own role."
  type        = string

  validation {
    condition     = can(regex("^([0-9]{12}|arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:.+)$", var.trusted_principal))
    error_message = "An account of 12 digits, or the ARN of a role or user."
  }
}

variable "external_id" {
  description = "What Balm must tell when it assumes the role. Empty: nothing."
  type        = string
  default     = ""
}

variable "role_name" {
  description = "The role's name, the same in every account."
  type        = string
  default     = "BalmRemediationRole"
}

variable "permissions_boundary" {
  description = "The ARN of the managed policy that bounds what the role may do. Empty: none."
  type        = string
  default     = ""
}

data "aws_partition" "current" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [var.trusted_principal]
    }

    dynamic "condition" {
      for_each = var.external_id == "" ? [] : [var.external_id]

      content {
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = [condition.value]
      }
    }
  }
}

resource "aws_iam_role" "balm" {
  name                 = var.role_name
  description          = "Balm assumes this role to fix resources of this account; it may do what the remediations declare, ask CloudTrail who changed a resource, and nothing else."
  max_session_duration = 3600
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.permissions_boundary == "" ? null : var.permissions_boundary
}

data "aws_iam_policy_document" "remediations" {
  statement {
    sid = "Cloudtrail"

    actions = [
      "cloudtrail:CreateTrail",
      "cloudtrail:DeleteTrail",
      "cloudtrail:GetTrail",
      "cloudtrail:GetTrailStatus",
      "cloudtrail:StartLogging",
      "cloudtrail:StopLogging",
      "cloudtrail:UpdateTrail",
    ]

    resources = [
      "arn:${data.aws_partition.current.partition}:cloudtrail:*:*:trail/*",
    ]

    condition {
      test     = "BoolIfExists"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }

  statement {
    sid = "CloudtrailAny"

    actions = [
      "cloudtrail:DescribeTrails",
    ]

    resources = ["*"]

    condition {
      test     = "BoolIfExists"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }

  statement {
    sid = "Dynamodb"

    actions = [
      "dynamodb:DescribeTable",
      "dynamodb:UpdateTable",
    ]

    resources = [
      "arn:${data.aws_partition.current.partition}:dynamodb:*:*:table/*",
    ]

    condition {
      test     = "BoolIfExists"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }

  statement {
    sid = "Ec2"

    actions = [
      "ec2:CreateFlowLogs",
      "ec2:DeleteFlowLogs",
      "ec2:DescribeImageAttribute",
      "ec2:ModifyImageAttribute",
      "ec2:StartInstances",
      "ec2:StopInstances",
      "ec2:TerminateInstances",
    ]

    resources = [
      "arn:${data.aws_partition.current.partition}:ec2:*:*:instance/*",
      "arn:${data.aws_partition.current.partition}:ec2:*:*:natgateway/*",
      "arn:${data.aws_partition.current.partition}:ec2:*:*:network-interface/*",
      "arn:${data.aws_partition.current.partition}:ec2:*:*:subnet/*",
      "arn:${data.aws_partition.current.partition}:ec2:*:*:transit-gateway-attachment/*",
      "arn:${data.aws_partition.current.partition}:ec2:*:*:transit-gateway/*",
      "arn:${data.aws_partition.current.partition}:ec2:*:*:vpc-flow-log/*",
      "arn:${data.aws_partition.current.partition}:ec2:*:*:vpc/*",
      "arn:${data.aws_partition.current.partition}:ec2:*::image/*",
      "arn:${data.aws_partition.current.partition}:license-manager:*:*:license-configuration:*",
      "arn:${data.aws_partition.current.partition}:resource-groups:*:*:group/*",
    ]

    condition {
      test     = "BoolIfExists"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }

  statement {
    sid = "Ec2Any"

    actions = [
      "ec2:DescribeFlowLogs",
      "ec2:DescribeInstances",
    ]

    resources = ["*"]

    condition {
      test     = "BoolIfExists"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }

  statement {
    sid = "Guardduty"

    actions = [
      "guardduty:DeleteDetector",
      "guardduty:GetDetector",
      "guardduty:UpdateDetector",
    ]

    resources = [
      "arn:${data.aws_partition.current.partition}:guardduty:*:*:detector/*",
    ]

    condition {
      test     = "BoolIfExists"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }

  statement {
    sid = "GuarddutyAny"

    actions = [
      "guardduty:CreateDetector",
      "guardduty:ListDetectors",
    ]

    resources = ["*"]

    condition {
      test     = "BoolIfExists"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }

  statement {
    sid = "Iam"

    actions = [
      "iam:DeleteAccessKey",
      "iam:GetRole",
      "iam:ListAccessKeys",
    ]

    resources = [
      "arn:${data.aws_partition.current.partition}:iam::*:role/*",
      "arn:${data.aws_partition.current.partition}:iam::*:user/*",
    ]

    condition {
      test     = "BoolIfExists"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }

  statement {
    sid = "IamAny"

    actions = [
      "iam:DeleteAccountPasswordPolicy",
      "iam:GetAccountPasswordPolicy",
      "iam:UpdateAccountPasswordPolicy",
    ]

    resources = ["*"]

    condition {
      test     = "BoolIfExists"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }

  statement {
    sid = "Kms"

    actions = [
      "kms:CreateGrant",
      "kms:Decrypt",
      "kms:DescribeKey",
      "kms:DisableKeyRotation",
      "kms:EnableKeyRotation",
      "kms:GetKeyRotationStatus",
    ]

    resources = [
      "arn:${data.aws_partition.current.partition}:kms:*:*:key/*",
    ]

    condition {
      test     = "BoolIfExists"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }

  statement {
    sid = "Logs"

    actions = [
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
    ]

    resources = ["*"]

    condition {
      test     = "BoolIfExists"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }

  statement {
    sid = "Organizations"

    actions = [
      "organizations:DescribeOrganization",
      "organizations:ListAWSServiceAccessForOrganization",
    ]

    resources = ["*"]

    condition {
      test     = "BoolIfExists"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }

  statement {
    sid = "Rds"

    actions = [
      "rds:DescribeDBSnapshotAttributes",
      "rds:ModifyDBInstance",
      "rds:ModifyDBSnapshotAttribute",
    ]

    resources = [
      "arn:${data.aws_partition.current.partition}:rds:*:*:db:*",
      "arn:${data.aws_partition.current.partition}:rds:*:*:og:*",
      "arn:${data.aws_partition.current.partition}:rds:*:*:pg:*",
      "arn:${data.aws_partition.current.partition}:rds:*:*:secgrp:*",
      "arn:${data.aws_partition.current.partition}:rds:*:*:snapshot:*",
      "arn:${data.aws_partition.current.partition}:rds:*:*:subgrp:*",
    ]

    condition {
      test     = "BoolIfExists"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }

  statement {
    sid = "RdsAny"

    actions = [
      "rds:DescribeDBInstances",
    ]

    resources = ["*"]

    condition {
      test     = "BoolIfExists"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }

  statement {
    sid = "S3"

    actions = [
      "s3:GetBucketLogging",
      "s3:GetBucketPublicAccessBlock",
      "s3:GetBucketVersioning",
      "s3:GetEncryptionConfiguration",
      "s3:PutBucketAcl",
      "s3:PutBucketLogging",
      "s3:PutBucketPublicAccessBlock",
      "s3:PutBucketVersioning",
      "s3:PutEncryptionConfiguration",
    ]

    resources = [
      "arn:${data.aws_partition.current.partition}:s3:::*",
    ]

    condition {
      test     = "BoolIfExists"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }

  statement {
    sid = "S3Any"

    actions = [
      "s3:GetBucketAcl",
    ]

    resources = ["*"]

    condition {
      test     = "BoolIfExists"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }

  statement {
    sid = "ServiceLinkedRoles"

    actions = [
      "iam:CreateServiceLinkedRole",
    ]

    resources = [
      "arn:${data.aws_partition.current.partition}:iam::*:role/aws-service-role/cloudtrail.amazonaws.com/*",
      "arn:${data.aws_partition.current.partition}:iam::*:role/aws-service-role/*.cloudtrail.amazonaws.com/*",
      "arn:${data.aws_partition.current.partition}:iam::*:role/aws-service-role/guardduty.amazonaws.com/*",
      "arn:${data.aws_partition.current.partition}:iam::*:role/aws-service-role/*.guardduty.amazonaws.com/*",
    ]

    condition {
      test     = "BoolIfExists"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }

    condition {
      test     = "StringLike"
      variable = "iam:AWSServiceName"
      values   = ["cloudtrail.amazonaws.com", "*.cloudtrail.amazonaws.com", "guardduty.amazonaws.com", "*.guardduty.amazonaws.com"]
    }
  }

  statement {
    sid = "BalmItself"

    actions = [
      "cloudtrail:LookupEvents",
      "tag:GetResources",
    ]

    resources = ["*"]

    condition {
      test     = "BoolIfExists"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }
}

resource "aws_iam_role_policy" "balm" {
  name   = "BalmRemediations"
  role   = aws_iam_role.balm.id
  policy = data.aws_iam_policy_document.remediations.json
}

output "role_arn" {
  description = "What Balm assumes."
  value       = aws_iam_role.balm.arn
}
