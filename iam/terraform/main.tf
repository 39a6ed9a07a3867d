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

data "aws_iam_policy_document" "remediations" {
  statement {
    sid       = "Cloudtrail"
    resources = ["*"]

    actions = [
      "cloudtrail:CreateTrail",
      "cloudtrail:DeleteTrail",
      "cloudtrail:DescribeTrails",
      "cloudtrail:GetTrail",
      "cloudtrail:GetTrailStatus",
      "cloudtrail:StartLogging",
      "cloudtrail:StopLogging",
      "cloudtrail:UpdateTrail",
    ]
  }

  statement {
    sid       = "Dynamodb"
    resources = ["*"]

    actions = [
      "dynamodb:DescribeTable",
      "dynamodb:UpdateTable",
    ]
  }

  statement {
    sid       = "Ec2"
    resources = ["*"]

    actions = [
      "ec2:CreateFlowLogs",
      "ec2:DeleteFlowLogs",
      "ec2:DescribeFlowLogs",
      "ec2:DescribeImageAttribute",
      "ec2:DescribeInstances",
      "ec2:ModifyImageAttribute",
      "ec2:StartInstances",
      "ec2:StopInstances",
      "ec2:TerminateInstances",
    ]
  }

  statement {
    sid       = "Guardduty"
    resources = ["*"]

    actions = [
      "guardduty:CreateDetector",
      "guardduty:DeleteDetector",
      "guardduty:GetDetector",
      "guardduty:ListDetectors",
      "guardduty:UpdateDetector",
    ]
  }

  statement {
    sid       = "Iam"
    resources = ["*"]

    actions = [
      "iam:CreateServiceLinkedRole",
      "iam:DeleteAccessKey",
      "iam:DeleteAccountPasswordPolicy",
      "iam:GetAccountPasswordPolicy",
      "iam:ListAccessKeys",
      "iam:UpdateAccountPasswordPolicy",
    ]
  }

  statement {
    sid       = "Kms"
    resources = ["*"]

    actions = [
      "kms:CreateGrant",
      "kms:Decrypt",
      "kms:DescribeKey",
      "kms:DisableKeyRotation",
      "kms:EnableKeyRotation",
      "kms:GetKeyRotationStatus",
    ]
  }

  statement {
    sid       = "Logs"
    resources = ["*"]

    actions = [
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
    ]
  }

  statement {
    sid       = "Organizations"
    resources = ["*"]

    actions = [
      "organizations:DescribeOrganization",
      "organizations:ListAWSServiceAccessForOrganization",
    ]
  }

  statement {
    sid       = "Rds"
    resources = ["*"]

    actions = [
      "rds:DescribeDBInstances",
      "rds:DescribeDBSnapshotAttributes",
      "rds:ModifyDBInstance",
      "rds:ModifyDBSnapshotAttribute",
    ]
  }

  statement {
    sid       = "S3"
    resources = ["*"]

    actions = [
      "s3:GetBucketAcl",
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
  }
}

resource "aws_iam_role" "balm" {
  name                 = var.role_name
  description          = "Balm assumes this role to fix resources of this account; it may do what the remediations declare, and nothing else."
  max_session_duration = 3600
  assume_role_policy   = data.aws_iam_policy_document.trust.json
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
