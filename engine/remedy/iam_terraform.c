#include "remedy/iam_terraform.h"

#include "core/text.h"

#include <stdio.h>
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

static const char role_resource[] =
    "\n"
    "resource \"aws_iam_role\" \"balm\" {\n"
    "  name                 = var.role_name\n"
    "  description          = \"" BALM_IAM_DESCRIPTION "\"\n"
    "  max_session_duration = 3600\n"
    "  assume_role_policy   = data.aws_iam_policy_document.trust.json\n"
    "  permissions_boundary = var.permissions_boundary == \"\" ? null : "
    "var.permissions_boundary\n"
    "}\n";

static const char output[] = "\n"
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

/* A list of texts, ARNs in the partition that the module is used in. */
static void add_texts(struct balm_buf *out, const char *name, struct balm_value texts)
{
    balm_buf_addf(out, "\n    %s = [\n", name);
    for (size_t i = 0; i < balm_list_len(texts); i++) {
        const char *text = balm_list_at(texts, i)->as.text;
        bool is_arn = balm_text_starts(text, BALM_IAM_PARTITION);
        if (is_arn) text += strlen(BALM_IAM_PARTITION);
        balm_buf_addf(out, "      \"%s%s\",\n",
                      is_arn ? "arn:${data.aws_partition.current.partition}" : "", text);
    }
    balm_buf_adds(out, "    ]\n");
}

static void add_condition(struct balm_buf *out, const char *test, struct balm_value condition)
{
    for (size_t i = 0; i < balm_map_len(condition); i++) {
        const struct balm_entry *entry = balm_map_at(condition, i);
        const struct balm_value *values = balm_list_at(entry->value, 0);
        size_t count = values ? balm_list_len(entry->value) : 1;
        balm_buf_addf(out,
                      "\n    condition {\n"
                      "      test     = \"%s\"\n"
                      "      variable = \"%s\"\n"
                      "      values   = [",
                      test, entry->key);
        for (size_t k = 0; k < count; k++) {
            balm_buf_addf(out, "%s\"%s\"", k > 0 ? ", " : "",
                          values ? values[k].as.text : entry->value.as.text);
        }
        balm_buf_adds(out, "]\n    }\n");
    }
}

static void add_statement(struct balm_buf *out, struct balm_value statement)
{
    struct balm_value conditions = balm_get(statement, "Condition");
    struct balm_value resource = balm_get(statement, "Resource");

    balm_buf_addf(out, "\n  statement {\n    sid = \"%s\"\n",
                  balm_get_string(statement, "Sid", ""));
    add_texts(out, "actions", balm_get(statement, "Action"));
    if (resource.type == BALM_LIST) {
        add_texts(out, "resources", resource);
    } else {
        balm_buf_adds(out, "\n    resources = [\"*\"]\n");
    }
    for (size_t i = 0; i < balm_map_len(conditions); i++) {
        add_condition(out, balm_map_at(conditions, i)->key, balm_map_at(conditions, i)->value);
    }
    balm_buf_adds(out, "  }\n");
}

static void add_document(struct balm_buf *out, struct balm_value document, const char *number)
{
    struct balm_value statements = balm_get(document, "Statement");

    balm_buf_addf(out, "\ndata \"aws_iam_policy_document\" \"remediations%s\" {", number);
    for (size_t i = 0; i < balm_list_len(statements); i++) {
        add_statement(out, *balm_list_at(statements, i));
    }
    balm_buf_adds(out, "}\n");
}

static void add_inline(struct balm_buf *out)
{
    balm_buf_adds(out, "\nresource \"aws_iam_role_policy\" \"balm\" {\n"
                       "  name   = \"" BALM_IAM_POLICY_NAME "\"\n"
                       "  role   = aws_iam_role.balm.id\n"
                       "  policy = data.aws_iam_policy_document.remediations.json\n"
                       "}\n");
}

static void add_managed(struct balm_buf *out, const char *number)
{
    balm_buf_addf(out,
                  "\nresource \"aws_iam_policy\" \"balm%s\" {\n"
                  "  name   = \"${var.role_name}%s\"\n"
                  "  policy = data.aws_iam_policy_document.remediations%s.json\n"
                  "}\n"
                  "\n"
                  "resource \"aws_iam_role_policy_attachment\" \"balm%s\" {\n"
                  "  role       = aws_iam_role.balm.name\n"
                  "  policy_arn = aws_iam_policy.balm%s.arn\n"
                  "}\n",
                  number, number, number, number, number);
}

static void add_policies(struct balm_buf *out, struct balm_value policies)
{
    size_t count = balm_list_len(policies);

    for (size_t i = 0; i < count; i++) {
        char number[24] = "";
        if (count > 1) (void)snprintf(number, sizeof number, "%zu", i + 1);
        add_document(out, *balm_list_at(policies, i), number);
        if (count > 1) {
            add_managed(out, number);
        } else {
            add_inline(out);
        }
    }
}

void balm_iam_terraform(struct balm_buf *out, const struct balm_iam_role *role)
{
    balm_buf_adds(out, head);
    add_variable(out, "trusted_principal", BALM_IAM_ABOUT_TRUST, role->trust,
                 BALM_IAM_PRINCIPAL_PATTERN);
    add_variable(out, "external_id", BALM_IAM_ABOUT_EXTERNAL_ID,
                 role->external_id ? role->external_id : "", NULL);
    add_variable(out, "role_name", BALM_IAM_ABOUT_NAME, role->name, NULL);
    add_variable(out, "permissions_boundary", BALM_IAM_ABOUT_BOUNDARY,
                 role->boundary ? role->boundary : "", NULL);
    balm_buf_adds(out, "\ndata \"aws_partition\" \"current\" {}\n");
    balm_buf_adds(out, trust);
    balm_buf_adds(out, role_resource);
    add_policies(out, role->policies);
    balm_buf_adds(out, output);
}
