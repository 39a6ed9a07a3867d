#include "remedy/permissions.h"

#include "aws/reference.h"
#include "core/text.h"

bool balm_permissions_list(struct balm_value declared, const char *action)
{
    for (size_t i = 0; i < balm_list_len(declared); i++) {
        if (balm_text_same_nocase(balm_list_at(declared, i)->as.text, action)) return true;
    }
    return false;
}

static struct balm_value undeclared_of(struct balm_value needed, struct balm_value declared,
                                       struct balm_arena *arena)
{
    struct balm_value list = balm_list(arena);

    for (size_t i = 0; i < balm_list_len(needed); i++) {
        struct balm_value action = *balm_list_at(needed, i);
        if (!balm_permissions_list(declared, action.as.text)) balm_list_push(arena, list, action);
    }
    return list;
}

struct balm_value balm_permissions_lacking(struct balm_value declared, const char *dependents,
                                           struct balm_arena *arena)
{
    struct balm_value lacking = balm_map(arena);

    for (size_t i = 0; i < balm_list_len(declared); i++) {
        const char *action = balm_list_at(declared, i)->as.text;
        struct balm_value needed = balm_reference_find(dependents, action, arena);
        struct balm_value list = undeclared_of(needed, declared, arena);
        if (balm_list_len(list) > 0) balm_map_set(arena, lacking, action, list);
    }
    return lacking;
}

enum balm_code balm_permissions_remark(struct balm_buf *out, const struct balm_entry *lacking)
{
    balm_buf_addf(out, "%s may also need ", lacking->key);
    for (size_t i = 0; i < balm_list_len(lacking->value); i++) {
        balm_buf_addf(out, "%s%s", i ? ", " : "", balm_list_at(lacking->value, i)->as.text);
    }
    return out->code;
}
