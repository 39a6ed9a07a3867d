#include "remedy/culprit.h"

#include "core/clock.h"
#include "core/json.h"
#include "core/text.h"
#include "core/time.h"
#include "remedy/actor.h"
#include "remedy/resource.h"

#include <stdlib.h>
#include <string.h>

#define SECOND_NS   INT64_C(1000000000)
#define SECOND_US   INT64_C(1000000)
#define PATIENCE_S  4             /* for one resource, the turns of others before it included */
#define FRESH_S     300           /* so long an answer is given again */
#define PAGES_MAX   6             /* for one name; a page has 50 events, those of readers too */
#define SHOWN       ((size_t)200) /* bytes of an error */
#define NOT_NAMED   "CloudTrail does not know it by a name"
#define NOT_CHANGED "CloudTrail tells of no change by others since then; it takes some minutes"
#define NOT_NEWEST  "among the newest 300 calls that CloudTrail tells is no change by others"

static const char only_asking[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
    "\"Action\":\"" BALM_CULPRIT_ACTION "\",\"Resource\":\"*\"}]}";

enum state { IN_TURN, ASKED, TOLD };

struct balm_lookup {
    struct balm_lookup *next;
    struct balm_culprits *culprits;
    struct balm_arena arena; /* of all texts */
    const char *key;         /* the question as a text */
    struct balm_culprit_question question;
    const char *names[BALM_RESOURCE_LOGGED_MAX];
    size_t name_count, name, pages; /* name: the one that is asked about */
    bool is_cut;                    /* of a name there were more pages */
    enum state state;
    struct balm_session *session; /* these two: while it is asked */
    struct balm_call *call;
    struct balm_timer timer;           /* the end of all patience */
    bool telling;                      /* some of whom it told may ask again from within */
    struct balm_culprit_wait *waiting; /* told in any order */
    struct balm_culprit culprit;
    int64_t fresh_until; /* monotonic */
};

struct balm_culprits {
    struct balm_aws *aws;
    struct balm_loop *loop;
    struct balm_lookup *lookups; /* oldest first, so that all get their turn */
    struct balm_task task;       /* whose turn is it? */
};

static void take_turns(void *owner);

/* ---- the end of one lookup ---- */

static void stop_asking(struct balm_lookup *lookup)
{
    balm_timer_stop(lookup->culprits->loop, &lookup->timer);
    balm_call_release(lookup->call);
    if (lookup->session) balm_session_release(lookup->session);
    lookup->call = NULL;
    lookup->session = NULL;
}

static void lookup_free(struct balm_lookup *lookup)
{
    stop_asking(lookup);
    balm_arena_free(&lookup->arena);
    free(lookup);
}

static void tell_waiting(struct balm_lookup *lookup)
{
    lookup->telling = true;
    while (lookup->waiting) {
        struct balm_culprit_wait *wait = lookup->waiting;
        lookup->waiting = wait->next;
        wait->lookup = NULL;
        wait->done(wait->owner, &lookup->culprit);
    }
    lookup->telling = false;
}

/* who and why_not as in the culprit, in the lookup's arena or static. What was not asked is not
   remembered either. */
static void settle(struct balm_lookup *lookup, const char *who, const char *why_not)
{
    struct balm_culprits *culprits = lookup->culprits;

    if (!who && !why_not) why_not = "out of memory";
    lookup->culprit = (struct balm_culprit){who, why_not};
    lookup->fresh_until =
        lookup->state == ASKED ? balm_clock_mono() + FRESH_S * SECOND_NS : INT64_C(0);
    lookup->state = TOLD;
    stop_asking(lookup);
    tell_waiting(lookup);
    balm_task_add(culprits->loop, &culprits->task, take_turns, culprits);
}

static void fail(struct balm_lookup *lookup, const struct balm_err *err)
{
    size_t len = balm_text_cut(err->message, strlen(err->message), SHOWN);

    settle(lookup, NULL, balm_arena_copy(&lookup->arena, err->message, len));
}

static void on_impatience(void *owner)
{
    struct balm_lookup *lookup = owner;

    settle(lookup, NULL,
           balm_arena_printf(&lookup->arena, "CloudTrail %s %d seconds",
                             lookup->state == ASKED ? "did not answer within"
                                                    : "was asked about others of the account for",
                             PATIENCE_S));
}

/* ---- what CloudTrail tells ---- */

static bool is_change_by_others(const struct balm_lookup *lookup, struct balm_value event,
                                struct balm_value record)
{
    const char *arn = balm_get_string(balm_get(record, "userIdentity"), "arn", "");
    const char *role = lookup->question.role_arn;

    return !balm_is_text(balm_get(event, "ReadOnly"), "true") &&
           !balm_get_bool(record, "readOnly", false) &&
           !balm_get_string(record, "errorCode", "")[0] && /* it was not let */
           !(role && balm_actor_is_role(arn, role)) &&
           !balm_actor_is_run(balm_get_string(record, "userAgent", ""));
}

static const char *who_is(struct balm_lookup *lookup, struct balm_value event,
                          struct balm_value record)
{
    struct balm_value identity = balm_get(record, "userIdentity");
    const char *arn = balm_get_string(identity, "arn", "");
    const char *service = balm_get_string(identity, "invokedBy", "");
    struct balm_value at = balm_get(event, "EventTime");
    char time[BALM_TIME_MAX] = "an unknown time";

    if (!arn[0] && service[0]) { /* a service on its own account */
        arn = service;
        service = "";
    }
    if (!arn[0]) arn = balm_get_string(event, "Username", "somebody who is not named");
    if (at.type == BALM_TIME) balm_time_iso8601(time, at.as.integer);
    return balm_arena_printf(&lookup->arena, "%.300s%s%.100s: %.100s at %s", arn,
                             service[0] ? " through " : "", service,
                             balm_get_string(event, "EventName", "?"), time);
}

/* The newest change by others among the events, which come newest first; NULL: there is none. */
static const char *find_change(struct balm_lookup *lookup, struct balm_value events)
{
    const char *who = NULL;

    for (size_t i = 0; !who && i < balm_list_len(events); i++) {
        struct balm_arena arena = BALM_ARENA_INIT;
        struct balm_value event = *balm_list_at(events, i);
        struct balm_value text = balm_get(event, "CloudTrailEvent"), record = balm_null();
        struct balm_err err;

        if (text.type != BALM_STRING ||
            balm_json_parse(&arena, text.as.text, text.len, &record, &err)) {
            record = balm_null(); /* then the event's own members must do */
        }
        if (is_change_by_others(lookup, event, record)) who = who_is(lookup, event, record);
        balm_arena_free(&arena);
    }
    return who;
}

/* ---- asking it ---- */

static void on_events(void *owner, const struct balm_call_result *result);

static struct balm_value params_of(const struct balm_lookup *lookup, struct balm_value token,
                                   struct balm_arena *arena)
{
    struct balm_value params = balm_map(arena), wanted = balm_list(arena),
                      attribute = balm_map(arena);
    int64_t since = lookup->question.since;

    balm_map_set(arena, attribute, "AttributeKey", balm_string("ResourceName"));
    balm_map_set(arena, attribute, "AttributeValue", balm_string(lookup->names[lookup->name]));
    balm_list_push(arena, wanted, attribute);
    balm_map_set(arena, params, "LookupAttributes", wanted);
    balm_map_set(arena, params, "StartTime", balm_time_value(since - since % SECOND_US));
    if (!balm_is_null(token)) balm_map_set(arena, params, "NextToken", token);
    return params;
}

/* Asks for a page of the current name, the first where token is null. */
static enum balm_code ask(struct balm_lookup *lookup, struct balm_value token, struct balm_err *err)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_call *call = NULL;
    struct balm_value params = params_of(lookup, token, &arena);
    enum balm_code code = balm_arena_status(&arena, err); /* without a name all would be told */

    if (!code) {
        code = balm_call_named(&call, lookup->session, "cloudtrail", "LookupEvents", params, err);
    }
    balm_arena_free(&arena);
    balm_call_release(lookup->call); /* token was its */
    lookup->call = call;
    lookup->pages++;
    if (!code) balm_call_send(call, on_events, lookup);
    return code;
}

/* The next page, else the next name, else the end. */
static void ask_on(struct balm_lookup *lookup, struct balm_value token)
{
    struct balm_err err;

    if (balm_is_null(token) || lookup->pages == PAGES_MAX) {
        if (!balm_is_null(token)) lookup->is_cut = true;
        lookup->name++;
        lookup->pages = 0;
        token = balm_null();
    }
    if (lookup->name == lookup->name_count) {
        settle(lookup, NULL, lookup->is_cut ? NOT_NEWEST : NOT_CHANGED);
    } else if (ask(lookup, token, &err)) {
        fail(lookup, &err);
    }
}

static void on_events(void *owner, const struct balm_call_result *result)
{
    struct balm_lookup *lookup = owner;
    const char *who;

    if (result->err.code) {
        fail(lookup, &result->err);
        return;
    }
    who = find_change(lookup, balm_get(result->answer, "Events"));
    if (who || lookup->arena.code) {
        settle(lookup, who, NULL);
    } else {
        ask_on(lookup, balm_get(result->answer, "NextToken"));
    }
}

static void begin(struct balm_lookup *lookup)
{
    const struct balm_culprit_question *question = &lookup->question;
    const struct balm_session_options options = {.role_arn = question->role_arn,
                                                 .external_id = question->external_id,
                                                 .session_name = "balm-flapping",
                                                 .session_policy = only_asking,
                                                 .region = question->region,
                                                 .partition = question->partition,
                                                 .account = question->account};
    struct balm_err err;

    lookup->state = ASKED;
    if (lookup->name_count == 0) {
        settle(lookup, NULL, NOT_NAMED);
    } else if (balm_session_open(&lookup->session, lookup->culprits->aws, &options, &err) ||
               ask(lookup, balm_null(), &err)) {
        fail(lookup, &err);
    }
}

/* ---- one of an account at a time ---- */

static bool is_busy(const struct balm_culprits *culprits, const char *account)
{
    const struct balm_lookup *lookup = culprits->lookups;

    while (lookup && (lookup->state != ASKED || strcmp(lookup->question.account, account) != 0)) {
        lookup = lookup->next;
    }
    return lookup != NULL;
}

static void take_turns(void *owner)
{
    struct balm_culprits *culprits = owner;

    for (struct balm_lookup *lookup = culprits->lookups; lookup; lookup = lookup->next) {
        if (lookup->state == TOLD) {
            tell_waiting(lookup);
        } else if (lookup->state == IN_TURN && lookup->waiting &&
                   !is_busy(culprits, lookup->question.account)) {
            begin(lookup);
        }
    }
}

/* ---- who asks ---- */

/* What nobody needs any more is forgotten. */
static void sweep(struct balm_culprits *culprits)
{
    int64_t now = balm_clock_mono();

    for (struct balm_lookup **at = &culprits->lookups; *at;) {
        struct balm_lookup *lookup = *at;
        if (lookup->waiting || lookup->telling ||
            (lookup->state == TOLD && now < lookup->fresh_until) || lookup->state == ASKED) {
            at = &lookup->next;
        } else {
            *at = lookup->next;
            lookup_free(lookup);
        }
    }
}

static const char *kept(struct balm_lookup *lookup, const char *text)
{
    return text ? balm_arena_strdup(&lookup->arena, text) : NULL;
}

static enum balm_code fill(struct balm_lookup *lookup, const struct balm_culprit_question *question,
                           struct balm_err *err)
{
    struct balm_arena *arena = &lookup->arena;

    lookup->question =
        (struct balm_culprit_question){.account = kept(lookup, question->account),
                                       .region = kept(lookup, question->region),
                                       .partition = kept(lookup, question->partition),
                                       .role_arn = kept(lookup, question->role_arn),
                                       .external_id = kept(lookup, question->external_id),
                                       .since = question->since};
    lookup->name_count = balm_resource_logged_names(question->resource, arena, lookup->names);
    if (balm_arena_status(arena, err)) return err->code;
    lookup->key = balm_arena_printf(arena, "%s %s %s %s %lld %s %s", question->account,
                                    question->region, question->role_arn ? question->role_arn : "-",
                                    question->external_id ? question->external_id : "-",
                                    (long long)question->since,
                                    lookup->name_count > 0 ? lookup->names[0] : "-",
                                    lookup->name_count > 1 ? lookup->names[1] : "-");
    return balm_arena_status(arena, err);
}

static struct balm_lookup *lookup_new(struct balm_culprits *culprits,
                                      const struct balm_culprit_question *question,
                                      struct balm_err *err)
{
    struct balm_lookup *lookup = calloc(1, sizeof *lookup);

    if (!lookup) {
        balm_nomem(err);
        return NULL;
    }
    lookup->culprits = culprits;
    if (fill(lookup, question, err)) {
        lookup_free(lookup);
        return NULL;
    }
    return lookup;
}

enum balm_code balm_culprits_ask(struct balm_culprits *culprits,
                                 const struct balm_culprit_question *question,
                                 struct balm_culprit_wait *wait, struct balm_err *err)
{
    struct balm_lookup *lookup = lookup_new(culprits, question, err), **at = &culprits->lookups;

    if (!lookup) return err->code;
    sweep(culprits);
    while (*at && strcmp((*at)->key, lookup->key) != 0) {
        at = &(*at)->next;
    }
    if (*at) {
        lookup_free(lookup); /* it is asked already, or known */
    } else if (balm_timer_set(culprits->loop, &lookup->timer, PATIENCE_S * SECOND_NS, on_impatience,
                              lookup)) {
        lookup_free(lookup);
        return balm_nomem(err);
    } else {
        *at = lookup;
    }
    wait->lookup = *at;
    wait->next = (*at)->waiting;
    (*at)->waiting = wait;
    balm_task_add(culprits->loop, &culprits->task, take_turns, culprits);
    return BALM_OK;
}

void balm_culprit_forget(struct balm_culprit_wait *wait)
{
    struct balm_culprit_wait **at;

    if (!wait->lookup) return;
    at = &wait->lookup->waiting;
    while (*at != wait) {
        at = &(*at)->next;
    }
    *at = wait->next;
    wait->lookup = NULL;
}

/* ---- all of them ---- */

enum balm_code balm_culprits_new(struct balm_culprits **out, struct balm_aws *aws,
                                 struct balm_err *err)
{
    struct balm_culprits *culprits = calloc(1, sizeof *culprits);

    if (!culprits) return balm_nomem(err);
    culprits->aws = aws;
    culprits->loop = balm_aws_loop(aws);
    *out = culprits;
    return BALM_OK;
}

void balm_culprits_release(struct balm_culprits *culprits)
{
    if (!culprits) return;
    balm_task_cancel(culprits->loop, &culprits->task);
    while (culprits->lookups) {
        struct balm_lookup *lookup = culprits->lookups;
        culprits->lookups = lookup->next;
        lookup_free(lookup);
    }
    free(culprits);
}
