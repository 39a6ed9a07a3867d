#include "remedy/iam_terraform.h"

#include <string.h>

static const char head[] =
    "# The role that Balm assumes in a target account. Written by `balm iam --format terraform`.\n"
    "\n"
    "terraform {\n"
    "  required_version = \">= 1.3\"\n"
    "\n"
    "  required_providers {\n"
    "    aws = {\n"
    "      source  = \"hashicorp/aws\"\n"
    "      version = \">= 4.0\"\n"
    "    }\n"
    "  }\n"
    "}\n";

static const char trust[] = "\n"
                            "data \"aws_iam_policy_document\" \"trust\" {\n"
                            "  statement {\n"
                            "    actions = [\"sts:AssumeRole\"]\n"
                            "\n"
                            "    principals {\n"
                            "      type        = \"AWS\"\n"
                            "      identifiers = [var.trusted_principal]\n"
                            "    }\n"
                            "\n"
                            "    dynamic \"condition\" {\n"
                            "      for_each = var.external_id == \"\" ? [] : [var.external_id]\n"
                            "\n"
                            "      content {\n"
                            "        test     = \"StringEquals\"\n"
                            "        variable = \"sts:ExternalId\"\n"
                            "        values   = [condition.value]\n"
                            "      }\n"
                            "    }\n"
                            "  }\n"
                            "}\n";

static const char tail[] = "\n"
                           "resource \"aws_iam_role\" \"balm\" {\n"
                           "  name                 = var.role_name\n"
                           "  description          = \"" BALM_IAM_DESCRIPTION "\"\n"
                           "  max_session_duration = 3600\n"
                           "  assume_role_policy   = data.aws_iam_policy_document.trust.json\n"
                           "}\n"
                           "\n"
                           "resource \"aws_iam_role_policy\" \"balm\" {\n"
                           "  name   = \"BalmRemediations\"\n"
                           "  role   = aws_iam_role.balm.id\n"
                           "  policy = data.aws_iam_policy_document.remediations.json\n"
                           "}\n"
                           "\n"
                           "output \"role_arn\" {\n"
                           "  description = \"What Balm assumes.\"\n"
                           "  value       = aws_iam_role.balm.arn\n"
                           "}\n";

/* Everything quoted here was held against a character set without quotes, $ and %. */
static void add_variable(struct balm_buf *out, const char *name, const char *description,
                         const char *fallback, const char *validation)
{
    balm_buf_addf(out,
                  "\nvariable \"%s\" {\n"
                  "  description = \"%s\"\n"
                  "  type        = string\n",
                  name, description);
    if (fallback) balm_buf_addf(out, "  default     = \"%s\"\n", fallback);
    if (validation) {
        balm_buf_addf(out,
                      "\n"
                      "  validation {\n"
                      "    condition     = can(regex(\"%s\", var.%s))\n"
                      "    error_message = \"An account of 12 digits, or the ARN of a role or "
                      "user.\"\n"
                      "  }\n",
                      validation, name);
    }
    balm_buf_adds(out, "}\n");
}

static void add_statement(struct balm_buf *out, struct balm_value statement)
{
    struct balm_value actions = balm_get(statement, "Action");

    balm_buf_addf(out,
                  "  statement {\n"
                  "    sid       = \"%s\"\n"
                  "    resources = [\"*\"]\n"
                  "\n"
                  "    actions = [\n",
                  balm_get_string(statement, "Sid", ""));
    for (size_t i = 0; i < balm_list_len(actions); i++)
        balm_buf_addf(out, "      \"%s\",\n", balm_list_at(actions, i)->as.text);
    balm_buf_adds(out, "    ]\n  }\n");
}

void balm_iam_terraform(struct balm_buf *out, const struct balm_iam_role *role,
                        struct balm_value policy)
{
    struct balm_value statements = balm_get(policy, "Statement");

    balm_buf_adds(out, head);
    add_variable(out, "trusted_principal", BALM_IAM_ABOUT_TRUST, role->trust,
                 BALM_IAM_PRINCIPAL_PATTERN);
    add_variable(out, "external_id", BALM_IAM_ABOUT_EXTERNAL_ID,
                 role->external_id ? role->external_id : "", NULL);
    add_variable(out, "role_name", BALM_IAM_ABOUT_NAME, role->name, NULL);
    balm_buf_adds(out, trust);
    balm_buf_adds(out, "\ndata \"aws_iam_policy_document\" \"remediations\" {");
    for (size_t i = 0; i < balm_list_len(statements); i++) {
        balm_buf_adds(out, "\n");
        add_statement(out, *balm_list_at(statements, i));
    }
    balm_buf_adds(out, "}\n");
    balm_buf_adds(out, tail);
}
