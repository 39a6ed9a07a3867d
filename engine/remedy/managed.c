#include "remedy/managed.h"

#include "core/text.h"

#include <string.h>

#define FIX (1u << BALM_ACTION_FIX)

/* Tags by which teams mark what Terraform owns, as far as there is a custom. */
static bool is_terraform(const char *name, const char *value)
{
    static const char *const names[] = {"managed-by",  "managed_by",     "managedby",
                                        "provisioner", "provisioned-by", "created-by"};

    if (balm_text_same_nocase(name, "terraform")) return !balm_text_same_nocase(value, "false");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (balm_text_same_nocase(name, names[i])) {
            return balm_text_same_nocase(value, "terraform") ||
                   balm_text_same_nocase(value, "opentofu");
        }
    }
    return false;
}

static void ask(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    const struct balm_intent *intent = guarding->intent;
    struct balm_value tags = balm_intent_tags(intent, intent->arena);
    const char *stack = balm_get_string(tags, "aws:cloudformation:stack-name", NULL);
    const struct balm_guard_settings *settings = balm_policy_guards(intent->policy);

    (void)guard;
    if (settings->fixes_managed) tags = balm_null();
    if (stack && !settings->fixes_managed) {
        balm_guard_refuse(guarding,
                          "the CloudFormation stack %.128s owns it and would put it back: change "
                          "the stack, or say managed = \"fix\"",
                          stack);
        return;
    }
    for (size_t i = 0; i < balm_map_len(tags); i++) {
        const struct balm_entry *tag = balm_map_at(tags, i);
        if (!is_terraform(tag->key, tag->value.as.text)) continue;
        balm_guard_refuse(guarding,
                          "its tag %.128s says that Terraform owns it, which would put it back: "
                          "change it there, or say managed = \"fix\"",
                          tag->key);
        return;
    }
    balm_guard_allow(guarding);
}

const struct balm_guard balm_guard_managed = {.name = "managed",
                                              .can_be_skipped = true,
                                              .actions = FIX,
                                              .moments = 1u << BALM_BEFORE_RUN,
                                              .ask = ask};
