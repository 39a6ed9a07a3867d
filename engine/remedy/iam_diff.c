#include "remedy/iam_diff.h"

#include "core/text.h"
#include "remedy/page.h"

#include <string.h>

#define SHOWN 200 /* bytes of a name that a line shows */

static bool has(struct balm_value texts, const char *text)
{
    for (size_t i = 0; i < balm_list_len(texts); i++) {
        struct balm_value item = *balm_list_at(texts, i);
        if (item.type == BALM_STRING && balm_text_same_nocase(item.as.text, text)) return true;
    }
    return false;
}

static void add(struct balm_arena *arena, struct balm_value actions, struct balm_value action)
{
    if (action.type != BALM_STRING || has(actions, action.as.text)) return;
    balm_list_push(arena, actions, action);
}

static void add_statement(struct balm_arena *arena, struct balm_value actions,
                          struct balm_value statement)
{
    struct balm_value listed = balm_get(statement, "Action");

    if (!balm_is_text(balm_get(statement, "Effect"), "Allow")) return;
    add(arena, actions, listed); /* one may stand without a list */
    for (size_t i = 0; i < balm_list_len(listed); i++) {
        add(arena, actions, *balm_list_at(listed, i));
    }
}

/* Is there a policy in value, or in what it holds? Adds what it allows. JSON's depth is bounded. */
static bool add_policies(struct balm_arena *arena, struct balm_value actions,
                         struct balm_value value)
{
    struct balm_value statements = balm_get(value, "Statement");
    bool found = !balm_is_null(statements);

    if (statements.type == BALM_MAP) add_statement(arena, actions, statements);
    for (size_t i = 0; i < balm_list_len(statements); i++) {
        add_statement(arena, actions, *balm_list_at(statements, i));
    }
    if (found) return true;
    for (size_t i = 0; i < balm_list_len(value); i++) {
        if (add_policies(arena, actions, *balm_list_at(value, i))) found = true;
    }
    for (size_t i = 0; i < balm_map_len(value); i++) {
        const struct balm_entry *entry = balm_map_at(value, i);
        if (strcmp(entry->key, "AssumeRolePolicyDocument") == 0) continue;
        if (add_policies(arena, actions, entry->value)) found = true;
    }
    return found;
}

enum balm_code balm_iam_allowed(struct balm_value role, struct balm_arena *arena,
                                struct balm_value *actions, struct balm_err *err)
{
    *actions = balm_list(arena);
    if (!add_policies(arena, *actions, role)) {
        return balm_fail(err, BALM_E_INPUT,
                         "it holds no policy: a role of balm iam --format json or cloudformation "
                         "is wanted");
    }
    return balm_arena_status(arena, err);
}

/* What the scripts declare, and what Balm itself asks. */
static struct balm_value wanted_by(const struct balm_iam_needs *needs, struct balm_arena *arena)
{
    struct balm_value wanted = balm_list(arena);

    for (size_t i = 0; i < balm_list_len(needs->actions); i++) {
        balm_list_push(arena, wanted, *balm_list_at(needs->actions, i));
    }
    for (const char *const *own = balm_iam_own; *own; own++) {
        add(arena, wanted, balm_string(*own));
    }
    return wanted;
}

struct balm_value balm_iam_diff(struct balm_value allowed, const struct balm_iam_needs *needs,
                                struct balm_arena *arena)
{
    struct balm_value diff = balm_map(arena), added = balm_list(arena), removed = balm_list(arena);
    struct balm_value wanted = wanted_by(needs, arena);

    for (size_t i = 0; i < balm_list_len(wanted); i++) {
        struct balm_value action = *balm_list_at(wanted, i), entry = balm_map(arena);
        struct balm_value by = balm_get(needs->by, action.as.text);
        if (has(allowed, action.as.text)) continue;
        balm_map_set(arena, entry, "action", action);
        balm_map_set(arena, entry, "by", balm_is_null(by) ? balm_list(arena) : by);
        balm_list_push(arena, added, entry);
    }
    for (size_t i = 0; i < balm_list_len(allowed); i++) {
        struct balm_value action = *balm_list_at(allowed, i);
        if (!has(wanted, action.as.text)) balm_list_push(arena, removed, action);
    }
    balm_map_set(arena, diff, "added", added);
    balm_map_set(arena, diff, "removed", removed);
    return diff;
}

void balm_iam_diff_text(struct balm_buf *out, struct balm_value diff)
{
    struct balm_value added = balm_get(diff, "added"), removed = balm_get(diff, "removed");

    for (size_t i = 0; i < balm_list_len(added); i++) {
        struct balm_value entry = *balm_list_at(added, i), by = balm_get(entry, "by");
        balm_buf_adds(out, "+ ");
        balm_page_value(out, balm_get(entry, "action"), SHOWN);
        if (balm_list_len(by) == 0) balm_buf_adds(out, "  for Balm itself");
        for (size_t k = 0; k < balm_list_len(by); k++) {
            balm_buf_adds(out, k > 0 ? ", " : "  for ");
            balm_page_value(out, *balm_list_at(by, k), SHOWN);
        }
        balm_buf_adds(out, "\n");
    }
    for (size_t i = 0; i < balm_list_len(removed); i++) {
        balm_buf_adds(out, "- ");
        balm_page_value(out, *balm_list_at(removed, i), SHOWN);
        balm_buf_adds(out, "\n");
    }
}
