#include "remedy/units.h"

#include "core/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRESH_NS  (INT64_C(3600) * 1000000000)
#define DEPTH_MAX 8 /* an organization nests five deep */
#define UNIT_SIZE 72

/* One account, and the units above it, nearest first, the root last. */
struct place {
    struct place *next;
    struct balm_units *units;
    char account[13];
    char ids[DEPTH_MAX][UNIT_SIZE];
    size_t count;
    int64_t read_at; /* monotonic; 0: not known */
    struct balm_err err;
    struct balm_guarding *waiting; /* through of_guard */
    struct balm_arena arena;       /* of the call */
    struct balm_session *session;
    struct balm_call *call;
};

struct balm_units {
    struct balm_guard guard;
    struct balm_aws *aws;
    struct place *places;
};

static void ask_above(struct place *place, const char *child);

/* ---- answers ---- */

/* The intent knows them from now on, whatever is read here meanwhile: more may be found out of its
   tags. */
static void answer(const struct place *place, struct balm_guarding *guarding)
{
    struct balm_intent *intent = guarding->intent;

    if (place->err.code) {
        const char *why =
            balm_arena_printf(intent->arena, "the units above account %s cannot be found out: %s",
                              place->account, place->err.message);
        balm_guard_fail(guarding, why ? why : "out of memory");
        return;
    }
    intent->units = balm_list(intent->arena);
    for (size_t i = 0; i < place->count; i++) {
        balm_list_push(intent->arena, intent->units, balm_text(intent->arena, place->ids[i]));
    }
    balm_guard_excluded(guarding->asked, guarding);
}

static void end_call(struct place *place)
{
    balm_call_release(place->call);
    if (place->session) balm_session_release(place->session);
    place->call = NULL;
    place->session = NULL;
    balm_arena_free(&place->arena);
}

/* Known now, or known not to be: then the next who asks tries again. */
static void settle(struct place *place)
{
    struct balm_guarding *waiting = place->waiting;

    end_call(place);
    place->waiting = NULL;
    place->read_at = place->err.code ? 0 : balm_clock_mono();
    while (waiting) {
        struct balm_guarding *next = waiting->of_guard;
        answer(place, waiting);
        waiting = next;
    }
}

static void fail(struct place *place, const struct balm_err *err)
{
    place->err = *err;
    settle(place);
}

/* ---- Organizations ---- */

static void on_parents(void *owner, const struct balm_call_result *result)
{
    struct place *place = owner;
    struct balm_value parent = balm_path(result->answer, "Parents.0");
    const char *id = balm_get_string(parent, "Id", "");
    bool is_root = strcmp(balm_get_string(parent, "Type", ""), "ROOT") == 0;
    struct balm_err err;

    if (result->err.code) {
        fail(place, &result->err);
        return;
    }
    if (!id[0] || strlen(id) >= UNIT_SIZE || place->count == DEPTH_MAX) {
        balm_fail(&err, BALM_E_INPUT, "Organizations tells no parent");
        fail(place, &err);
        return;
    }
    memcpy(place->ids[place->count], id, strlen(id) + 1);
    id = place->ids[place->count++];
    if (is_root) {
        settle(place);
    } else {
        end_call(place);
        ask_above(place, id);
    }
}

static enum balm_code send(struct place *place, const char *child, struct balm_err *err)
{
    struct balm_aws *aws = place->units->aws;
    const char *region = balm_aws_config_of(aws)->region;
    const struct balm_session_options options = {.region = region ? region : "us-east-1"};
    struct balm_value params = balm_map(&place->arena);

    balm_map_set(&place->arena, params, "ChildId", balm_string(child));
    if (balm_session_open(&place->session, aws, &options, err) ||
        balm_call_named(&place->call, place->session, "organizations", "ListParents", params,
                        err)) {
        return err->code;
    }
    balm_call_send(place->call, on_parents, place);
    return BALM_OK;
}

static void ask_above(struct place *place, const char *child)
{
    struct balm_err err;

    if (send(place, child, &err)) fail(place, &err);
}

/* ---- the guard ---- */

static struct place *place_of(struct balm_units *units, const char *account)
{
    struct place *place = units->places;

    while (place && strcmp(place->account, account) != 0) {
        place = place->next;
    }
    if (place) return place;
    place = calloc(1, sizeof *place);
    if (!place) return NULL;
    (void)snprintf(place->account, sizeof place->account, "%s", account);
    place->units = units;
    place->next = units->places;
    units->places = place;
    return place;
}

static void ask(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    struct balm_units *units = guard->owner;
    const struct balm_intent *intent = guarding->intent;
    struct place *place;

    if (!balm_policy_excludes_units(intent->policy)) {
        balm_guard_allow(guarding);
        return;
    }
    place = place_of(units, intent->finding->account);
    if (!place) {
        balm_guard_fail(guarding, "out of memory");
        return;
    }
    if (place->read_at && balm_clock_mono() - place->read_at < FRESH_NS) {
        answer(place, guarding);
        return;
    }
    guarding->of_guard = place->waiting;
    place->waiting = guarding;
    if (place->call || guarding->alone) return;
    place->count = 0;
    place->err = (struct balm_err){.code = BALM_OK};
    ask_above(place, place->account);
}

static void forget(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    struct balm_units *units = guard->owner;
    struct place *place = place_of(units, guarding->intent->finding->account);

    if (place) balm_guarding_unlink(&place->waiting, guarding);
}

enum balm_code balm_units_new(struct balm_units **out, struct balm_aws *aws, struct balm_err *err)
{
    struct balm_units *units = calloc(1, sizeof *units);

    if (!units) return balm_nomem(err);
    units->aws = aws;
    units->guard = (struct balm_guard){.name = "excluded",
                                       .can_be_skipped = true,
                                       .actions = 1u << BALM_ACTION_FIX | 1u << BALM_ACTION_PLAN,
                                       .moments = 1u << BALM_BEFORE_RUN,
                                       .ask = ask,
                                       .forget = forget,
                                       .owner = units};
    *out = units;
    return BALM_OK;
}

void balm_units_release(struct balm_units *units)
{
    if (!units) return;
    while (units->places) {
        struct place *place = units->places;
        units->places = place->next;
        end_call(place);
        free(place);
    }
    free(units);
}

const struct balm_guard *balm_units_guard(const struct balm_units *units)
{
    return &units->guard;
}
