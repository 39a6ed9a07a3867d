#include "remedy/iam_policy.h"

#include "aws/reference.h"
#include "core/json.h"
#include "core/text.h"
#include "remedy/culprit.h"
#include "remedy/tags_asked.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LINKED_ROLE "iam:CreateServiceLinkedRole"
#define LINKED_ARN  "arn:{partition}:iam::*:role/aws-service-role/"
#define DOMAIN      ".amazonaws.com"

const char *const balm_iam_own[] = {BALM_CULPRIT_ACTION, BALM_TAGS_ACTION, NULL};

/* ---- what is needed ---- */

static int by_text(const void *a, const void *b)
{
    const struct balm_value *one = a;
    const struct balm_value *other = b;

    return strcmp(one->as.text, other->as.text);
}

static void sort(struct balm_value texts)
{
    if (balm_list_len(texts) < 2) return;
    qsort(balm_list_at(texts, 0), balm_list_len(texts), sizeof texts, by_text);
}

static void add_once(struct balm_arena *arena, struct balm_value texts, struct balm_value text)
{
    for (size_t i = 0; i < balm_list_len(texts); i++) {
        if (balm_equal(*balm_list_at(texts, i), text)) return;
    }
    balm_list_push(arena, texts, text);
}

/* Does its name say that it only looks? */
static bool only_looks(const char *action)
{
    static const char *const verbs[] = {"Get", "List", "Describe", "Head", "BatchGet"};
    const char *name = strchr(action, ':');

    for (size_t i = 0; name && i < sizeof verbs / sizeof *verbs; i++) {
        if (balm_text_starts(name + 1, verbs[i])) return true;
    }
    return false;
}

/* A service that the script changes something in is one that may want a role of its own. */
static void add_linked(struct balm_arena *arena, struct balm_value linked,
                       struct balm_value declared)
{
    for (size_t i = 0; i < balm_list_len(declared); i++) {
        const char *action = balm_list_at(declared, i)->as.text;
        size_t len = strcspn(action, ":");
        if (only_looks(action) || balm_text_starts(action, "iam:")) continue;
        add_once(arena, linked, balm_text_n(arena, action, len));
    }
}

static void add_version(struct balm_iam_needs *needs, const struct balm_version *version,
                        struct balm_arena *arena)
{
    struct balm_value id = balm_text(arena, balm_version_id(version));
    struct balm_value declared = balm_get(balm_version_declaration(version), "permissions");

    if (balm_is_null(declared)) balm_list_push(arena, needs->undeclared, id);
    for (size_t i = 0; i < balm_list_len(declared); i++) {
        struct balm_value action = balm_copy(arena, *balm_list_at(declared, i));
        struct balm_value *by;
        if (action.type != BALM_STRING) return; /* the arena remembers */
        by = balm_map_get(needs->by, action.as.text);
        if (!by) {
            balm_list_push(arena, needs->actions, action);
            by = balm_map_set(arena, needs->by, action.as.text, balm_list(arena));
        }
        if (by) balm_list_push(arena, *by, id);
        if (strcmp(action.as.text, LINKED_ROLE) == 0) add_linked(arena, needs->linked, declared);
    }
}

enum balm_code balm_iam_needs(struct balm_version *const *versions, size_t count,
                              struct balm_arena *arena, struct balm_iam_needs *out,
                              struct balm_err *err)
{
    *out = (struct balm_iam_needs){balm_list(arena), balm_list(arena), balm_map(arena),
                                   balm_list(arena)};
    for (size_t i = 0; i < count; i++) {
        add_version(out, versions[i], arena);
    }
    if (balm_arena_status(arena, err)) return err->code;
    sort(out->actions);
    sort(out->linked);
    return BALM_OK;
}

/* ---- statements ---- */

struct making {
    struct balm_arena *arena;
    const struct balm_iam_needs *needs;
    const char *resources;
    struct balm_value statements;
};

/* A statement's id: the service, letters and digits alone, and what tells it from another. */
static struct balm_value statement_id(struct balm_arena *arena, const char *service, size_t len,
                                      const char *more)
{
    char *id = balm_arena_alloc(arena, len + strlen(more) + 1);
    size_t kept = 0;

    if (!id) return balm_null();
    for (size_t i = 0; i < len; i++) {
        if (isalnum((unsigned char)service[i])) id[kept++] = service[i];
    }
    id[0] = (char)toupper((unsigned char)id[0]);
    memcpy(id + kept, more, strlen(more) + 1);
    return balm_string_n(id, kept + strlen(more));
}

struct balm_value balm_iam_one(struct balm_arena *arena, const char *key, struct balm_value value)
{
    struct balm_value map = balm_map(arena);

    balm_map_set(arena, map, key, value);
    return map;
}

static struct balm_value statement_of(struct balm_arena *arena, struct balm_value id,
                                      struct balm_value actions, struct balm_value resource)
{
    struct balm_value statement = balm_map(arena);
    /* A service that acts on behalf of the role may leave the key out. */
    struct balm_value tls = balm_iam_one(arena, "aws:SecureTransport", balm_string("true"));

    balm_map_set(arena, statement, "Sid", id);
    balm_map_set(arena, statement, "Effect", balm_string("Allow"));
    balm_map_set(arena, statement, "Action", actions);
    balm_map_set(arena, statement, "Resource", resource);
    balm_map_set(arena, statement, "Condition", balm_iam_one(arena, "BoolIfExists", tls));
    return statement;
}

static bool is_covered(struct balm_value arns, size_t which)
{
    const char *arn = balm_list_at(arns, which)->as.text;

    for (size_t i = 0; i < balm_list_len(arns); i++) {
        if (i != which && balm_text_glob(balm_list_at(arns, i)->as.text, arn)) return true;
    }
    return false;
}

/* Sorted, and without those that another one covers. */
static struct balm_value tidied(struct balm_arena *arena, struct balm_value arns)
{
    struct balm_value kept = balm_list(arena);

    for (size_t i = 0; i < balm_list_len(arns); i++) {
        if (!is_covered(arns, i)) balm_list_push(arena, kept, *balm_list_at(arns, i));
    }
    sort(kept);
    return kept;
}

static struct balm_value linked_arn(struct balm_arena *arena, const char *prefix, const char *name)
{
    return balm_textf(arena, LINKED_ARN "%s%s" DOMAIN "/*", prefix, name);
}

/* Of the services that want one, and of what is theirs: malware-protection.guardduty... */
static void add_linked_role(struct making *making)
{
    struct balm_arena *arena = making->arena;
    struct balm_value actions = balm_list(arena), arns = balm_list(arena), names = balm_list(arena);
    struct balm_value linked = making->needs->linked, statement;

    balm_list_push(arena, actions, balm_string(LINKED_ROLE));
    for (size_t i = 0; i < balm_list_len(linked); i++) {
        const char *name = balm_list_at(linked, i)->as.text;
        balm_list_push(arena, names, balm_textf(arena, "%s" DOMAIN, name));
        balm_list_push(arena, names, balm_textf(arena, "*.%s" DOMAIN, name));
        balm_list_push(arena, arns, linked_arn(arena, "", name));
        balm_list_push(arena, arns, linked_arn(arena, "*.", name));
    }
    if (balm_list_len(arns) == 0) balm_list_push(arena, arns, balm_string(LINKED_ARN "*"));
    statement = statement_of(arena, balm_string("ServiceLinkedRoles"), actions, arns);
    if (balm_list_len(names) > 0) {
        balm_map_set(arena, balm_get(statement, "Condition"), "StringLike",
                     balm_iam_one(arena, "iam:AWSServiceName", names));
    }
    balm_list_push(arena, making->statements, statement);
}

/* The statements of the service whose actions begin at first; returns where the next one's do. */
static size_t add_service(struct making *making, size_t first)
{
    struct balm_arena *arena = making->arena;
    struct balm_value actions = making->needs->actions;
    const char *service = balm_list_at(actions, first)->as.text;
    size_t len = strcspn(service, ":"), at = first;
    struct balm_value narrow = balm_list(arena), any = balm_list(arena), arns = balm_list(arena);

    for (; at < balm_list_len(actions); at++) {
        struct balm_value action = *balm_list_at(actions, at);
        struct balm_value found;
        if (strncmp(action.as.text, service, len + 1) != 0) break;
        if (strcmp(action.as.text, LINKED_ROLE) == 0) continue;
        found = balm_reference_find(making->resources, action.as.text, arena);
        balm_list_push(arena, balm_is_null(found) ? any : narrow, action);
        for (size_t i = 0; i < balm_list_len(found); i++) {
            struct balm_value arn = *balm_list_at(found, i);
            if (arn.type == BALM_STRING) add_once(arena, arns, arn);
        }
    }
    if (balm_list_len(narrow) > 0) {
        balm_list_push(arena, making->statements,
                       statement_of(arena, statement_id(arena, service, len, ""), narrow,
                                    tidied(arena, arns)));
    }
    if (balm_list_len(any) > 0) {
        const char *more = balm_list_len(narrow) > 0 ? "Any" : "";
        balm_list_push(
            arena, making->statements,
            statement_of(arena, statement_id(arena, service, len, more), any, balm_string("*")));
    }
    return at;
}

/* It is told apart from what scripts may do: a role works without it, and guards tell less then. */
static void add_own(struct making *making)
{
    struct balm_arena *arena = making->arena;
    struct balm_value actions = balm_list(arena);

    for (const char *const *action = balm_iam_own; *action; action++) {
        balm_list_push(arena, actions, balm_string(*action));
    }
    balm_list_push(arena, making->statements,
                   statement_of(arena, balm_string("BalmItself"), actions, balm_string("*")));
}

/* ---- documents ---- */

struct balm_value balm_iam_document(struct balm_arena *arena, struct balm_value statements)
{
    struct balm_value document = balm_map(arena);

    balm_map_set(arena, document, "Version", balm_string("2012-10-17"));
    balm_map_set(arena, document, "Statement", statements);
    return document;
}

/* As IAM counts; no partition is longer than its place. */
static size_t size_of(struct balm_value value)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    size_t size;

    balm_json_print(&text, value, BALM_JSON_COMPACT);
    size = text.code ? BALM_BUF_MAX : text.len;
    balm_buf_free(&text);
    return size;
}

/* The part of a statement from its action first on, count of them, as its number says. */
static struct balm_value part_of(struct balm_arena *arena, struct balm_value statement,
                                 size_t first, size_t count, size_t number)
{
    struct balm_value part = balm_map_again(arena, statement);
    struct balm_value actions = balm_get(statement, "Action");

    balm_map_set(arena, part, "Action", balm_list_of(arena, balm_list_at(actions, first), count));
    if (number > 1) {
        balm_map_set(arena, part, "Sid",
                     balm_textf(arena, "%s%zu", balm_get_string(statement, "Sid", ""), number));
    }
    return part;
}

static bool fits(struct balm_arena *arena, struct balm_value statements,
                 struct balm_value statement)
{
    struct balm_value with =
        balm_list_of(arena, balm_list_at(statements, 0), balm_list_len(statements));

    balm_list_push(arena, with, statement);
    return size_of(balm_iam_document(arena, with)) <= BALM_IAM_MANAGED_MAX;
}

/* The most actions of a statement, from first on, that have room beside statements. */
static size_t most_that_fit(struct balm_arena *arena, struct balm_value statements,
                            struct balm_value statement, size_t first)
{
    size_t low = 0, high = balm_list_len(balm_get(statement, "Action")) - first;

    while (low < high) {
        size_t middle = low + (high - low + 1) / 2;
        if (fits(arena, statements, part_of(arena, statement, first, middle, 99))) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

/* Fills documents with statements, one after the other, cut where one is full. False: there is one
   that no document can hold. */
static bool split(struct making *making, struct balm_value documents)
{
    struct balm_arena *arena = making->arena;
    struct balm_value current = balm_list(arena);

    for (size_t i = 0; i < balm_list_len(making->statements); i++) {
        struct balm_value statement = *balm_list_at(making->statements, i);
        size_t count = balm_list_len(balm_get(statement, "Action")), done = 0, number = 1;
        while (done < count) {
            size_t some = most_that_fit(arena, current, statement, done);
            if (some == 0 && balm_list_len(current) == 0) return false;
            if (some > 0) {
                balm_list_push(arena, current, part_of(arena, statement, done, some, number++));
                done += some;
            }
            if (done < count) {
                balm_list_push(arena, documents, balm_iam_document(arena, current));
                current = balm_list(arena);
            }
        }
    }
    balm_list_push(arena, documents, balm_iam_document(arena, current));
    return true;
}

enum balm_code balm_iam_policies(const struct balm_iam_needs *needs, const char *resources,
                                 struct balm_arena *arena, struct balm_value *out,
                                 struct balm_err *err)
{
    struct making making = {arena, needs, resources, balm_list(arena)};
    struct balm_value whole;
    bool holds = true;

    for (size_t at = 0; at < balm_list_len(needs->actions);) {
        at = add_service(&making, at);
    }
    if (balm_map_get(needs->by, LINKED_ROLE)) add_linked_role(&making);
    add_own(&making);
    whole = balm_iam_document(arena, making.statements);
    if (size_of(whole) <= BALM_IAM_INLINE_MAX) {
        balm_list_push(arena, *out, whole);
    } else {
        holds = split(&making, *out);
    }
    if (!holds || balm_list_len(*out) > BALM_IAM_MANAGED_MOST) {
        return balm_fail(err, BALM_E_LIMIT,
                         "the permissions do not fit %d managed policies of %d characters, and a "
                         "role takes no more: give each set of remediations a folder and a role of "
                         "its own",
                         BALM_IAM_MANAGED_MOST, BALM_IAM_MANAGED_MAX);
    }
    return balm_arena_status(arena, err);
}
