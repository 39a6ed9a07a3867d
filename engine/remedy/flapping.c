#include "remedy/flapping.h"

#include "core/text.h"
#include "remedy/culprit.h"
#include "remedy/guard_read.h"
#include "remedy/trail.h"

#include <stdlib.h>

#define HOUR_US ((int64_t)3600 * 1000000)

struct balm_flapping {
    struct balm_guard guard;
    struct balm_culprits *culprits;
};

static const char *last_run(const struct balm_guard_read *read)
{
    return balm_trail_run(read->request.items[0].sort);
}

/* culprit NULL: it was not asked for. */
static void refuse(struct balm_guard_read *read, const struct balm_culprit *culprit)
{
    const struct balm_intent *intent = read->guarding->intent;
    const struct balm_guard_settings *settings = balm_policy_guards(intent->policy);
    const char *lead = "", *more = "";

    if (culprit) {
        lead = culprit->who ? "; last changed by " : "; by whom is not known: ";
        more = culprit->who ? culprit->who : culprit->why_not;
    }
    balm_guard_read_refuse(
        read,
        balm_arena_printf(&read->arena,
                          "%s has fixed it %lld times within %lld hours, last in run %s, and "
                          "something changes it back%s%s",
                          intent->association.remediation, (long long)settings->flapping_times,
                          (long long)settings->flapping_hours, last_run(read), lead, more));
}

static void on_culprit(void *owner, const struct balm_culprit *culprit)
{
    refuse(owner, culprit);
}

/* Since the last fix began, which its run's id tells: who watches for changes may have made theirs
   before that run had ended. */
static enum balm_code ask_for_culprit(struct balm_guard_read *read, struct balm_err *err)
{
    const struct balm_flapping *flapping = read->guard->owner;
    struct balm_intent *intent = read->guarding->intent;
    struct balm_culprit_wait *wait = balm_arena_zalloc(&read->arena, sizeof *wait);
    struct balm_culprit_question question = {.resource = intent->finding->resource,
                                             .account = intent->finding->account};
    int64_t ended;

    if (!wait) return balm_nomem(err);
    if (balm_intent_locate(intent, err)) return err->code;
    (void)balm_text_uuid_span(last_run(read), &question.since, &ended);
    question.region = intent->region;
    question.partition = intent->partition;
    question.role_arn = intent->role_arn;
    question.external_id = intent->external_id;
    *wait = (struct balm_culprit_wait){.done = on_culprit, .owner = read};
    read->own = wait;
    return balm_culprits_ask(flapping->culprits, &question, wait, err);
}

/* It is a no by now. Who is to blame is only told. */
static void on_fixes(struct balm_guard_read *read)
{
    const struct balm_intent *intent = read->guarding->intent;
    const struct balm_guard_settings *settings = balm_policy_guards(intent->policy);
    struct balm_err err;

    if ((int64_t)read->request.count < settings->flapping_times) {
        balm_guard_read_allow(read);
    } else if (read->guarding->alone) {
        refuse(read, NULL);
    } else if (ask_for_culprit(read, &err)) {
        refuse(read, &(struct balm_culprit){.why_not = err.message});
    }
}

static bool question(const struct balm_guard *guard, struct balm_guarding *guarding,
                     struct balm_store_query *query)
{
    const struct balm_intent *intent = guarding->intent;
    const struct balm_guard_settings *settings = balm_policy_guards(intent->policy);

    (void)guard;
    query->newest_first = true;
    query->partition = balm_trail_fixes(intent, intent->arena);
    query->from =
        balm_trail_sort(guarding->now - settings->flapping_hours * HOUR_US, NULL, intent->arena);
    query->limit = (size_t)settings->flapping_times;
    if (!query->from) query->partition = NULL;
    return true;
}

static void forget(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    const struct balm_guard_read *read = guarding->of_guard;

    if (read && read->own) balm_culprit_forget(read->own);
    balm_guard_read_forget(guard, guarding);
}

enum balm_code balm_flapping_new(struct balm_flapping **out, struct balm_aws *aws,
                                 struct balm_store *store, struct balm_err *err)
{
    static const struct balm_guard_reading reading = {question, on_fixes};
    struct balm_flapping *flapping = calloc(1, sizeof *flapping);

    if (!flapping) return balm_nomem(err);
    if (balm_culprits_new(&flapping->culprits, aws, err)) {
        free(flapping);
        return err->code;
    }
    flapping->guard = (struct balm_guard){.name = "flapping",
                                          .can_be_skipped = true,
                                          .actions = 1u << BALM_ACTION_FIX,
                                          .moments = 1u << BALM_BEFORE_RUN,
                                          .ask = balm_guard_read_ask,
                                          .forget = forget,
                                          .owner = flapping,
                                          .reading = &reading,
                                          .store = store};
    *out = flapping;
    return BALM_OK;
}

void balm_flapping_release(struct balm_flapping *flapping)
{
    if (!flapping) return;
    balm_culprits_release(flapping->culprits);
    free(flapping);
}

const struct balm_guard *balm_flapping_guard(const struct balm_flapping *flapping)
{
    return &flapping->guard;
}
