/*
 * doctor_accounts: each role in each account: is it assumed, is it the right account, is the region
 * enabled, may it do what the scripts declare?
 */
#include "remedy/doctor_internal.h"

#include "aws/reference.h"
#include "aws/retry.h"
#include "remedy/culprit.h"
#include "remedy/intent.h"
#include "remedy/tags_asked.h"

#include <string.h>

#define ACTIONS_MAX 50 /* of one question to the simulator */
#define ARN_MAX     2048
/* It is granted for single services, by conditions that the simulator would have to be told. */
#define LINKED_ROLE "iam:CreateServiceLinkedRole"

/* What the doctor's own session may do, whatever the role could. */
static const char only_asking[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":["
    "\"iam:SimulatePrincipalPolicy\",\"ec2:DescribeRegions\"],\"Resource\":\"*\"}]}";

/* A remediation that runs with a role. */
struct row {
    struct row *next;
    const struct balm_version *version;
    struct balm_value check;
};

/* Actions on the same kinds of resources, for one question. */
struct question {
    struct question *next;
    struct balm_value arns, actions; /* lists; arns null: any */
};

struct rounds;

/* A role in an account. */
struct post {
    struct post *next;
    struct rounds *rounds;
    const char *account, *role_arn, *external_id, *partition, *region;
    struct balm_value role, enabled; /* checks; enabled null: another post of this account asks */
    struct balm_value flapping;      /* a check: may the guard ask who changed a resource? */
    struct balm_value tags;          /* may a resource's be asked for? null: nobody does */
    struct row *rows, **last_row, *row;
    struct question *questions, *question;
    struct balm_value marker;    /* of the question's next page */
    struct balm_value decisions; /* action -> true where it is granted */
    const char *why_not;         /* the permissions could not be asked for */
    struct balm_err err;         /* or they could, and it failed */
    struct balm_session *session;
    struct balm_call *call;
};

struct rounds {
    struct balm_doctor *doctor;
    struct post *posts, **last, *waiting;
    size_t running;
    bool pumping, looping;
};

static struct balm_arena *arena_of(const struct post *post)
{
    return post->rounds->doctor->arena;
}

/* ---- what is looked at ---- */

static struct question *question_for(struct post *post, struct balm_value arns)
{
    struct balm_arena *arena = arena_of(post);
    struct question **at = &post->questions;

    while (*at &&
           (!balm_equal((*at)->arns, arns) || balm_list_len((*at)->actions) >= ACTIONS_MAX)) {
        at = &(*at)->next;
    }
    if (!*at) {
        *at = balm_arena_zalloc(arena, sizeof **at);
        if (*at) **at = (struct question){.arns = arns, .actions = balm_list(arena)};
    }
    return *at;
}

/* The ARN pattern for this account and region. What its resource leaves open stays a star, which a
   policy that is as wide allows. */
static struct balm_value filled(const struct post *post, const char *pattern)
{
    const char *const instead[] = {NULL, post->partition, NULL, post->region, post->account};
    struct balm_buf text = BALM_BUF_INIT(ARN_MAX);
    struct balm_value arn;

    for (size_t i = 0; i < sizeof instead / sizeof *instead; i++) {
        size_t len = strcspn(pattern, ":");
        bool is_open = pattern[0] == '*' || pattern[0] == '{';
        if (instead[i] && is_open) {
            (void)balm_buf_adds(&text, instead[i]);
        } else {
            (void)balm_buf_add(&text, pattern, len);
        }
        (void)balm_buf_addc(&text, ':');
        pattern += pattern[len] ? len + 1 : len;
    }
    (void)balm_buf_adds(&text, pattern);
    arn = balm_text_n(arena_of(post), text.bytes, text.len);
    balm_buf_free(&text);
    return arn;
}

static struct balm_value arns_of(const struct post *post, const char *action)
{
    struct balm_value patterns =
        balm_reference_find(post->rounds->doctor->options->resources, action, arena_of(post));

    for (size_t i = 0; i < balm_list_len(patterns); i++) {
        struct balm_value *pattern = balm_list_at(patterns, i);
        if (pattern->type == BALM_STRING) *pattern = filled(post, pattern->as.text);
    }
    return patterns;
}

static bool is_linked(struct balm_value action)
{
    return balm_is_text(action, LINKED_ROLE);
}

static void add_action(struct post *post, struct balm_value action)
{
    struct balm_arena *arena = arena_of(post);
    struct question *question;

    if (balm_map_get(post->decisions, action.as.text) || is_linked(action)) return;
    balm_map_set(arena, post->decisions, action.as.text, balm_bool(false));
    question = question_for(post, arns_of(post, action.as.text));
    if (question) balm_list_push(arena, question->actions, action);
}

static void add_actions(struct post *post, const struct balm_version *version)
{
    struct balm_value permissions = balm_get(balm_version_declaration(version), "permissions");

    for (size_t i = 0; i < balm_list_len(permissions); i++) {
        add_action(post, *balm_list_at(permissions, i));
    }
}

static struct balm_value check_of(struct post *post, const char *name)
{
    struct balm_doctor *doctor = post->rounds->doctor;
    struct balm_value check = balm_doctor_check(doctor, name);

    balm_doctor_about(doctor, check, "account", post->account);
    return check;
}

static bool is_same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* The post for a role in an account, made with its checks where there is none yet. */
static struct post *post_for(struct rounds *rounds, const struct balm_intent *intent)
{
    struct balm_doctor *doctor = rounds->doctor;
    const struct balm_guard_settings *settings = balm_policy_guards(intent->policy);
    bool asked = false;
    struct post *post;

    for (post = rounds->posts; post; post = post->next) {
        if (strcmp(post->account, intent->finding->account) != 0) continue;
        if (is_same(post->role_arn, intent->role_arn) &&
            is_same(post->external_id, intent->external_id)) {
            return post;
        }
        asked = true;
    }
    post = balm_arena_zalloc(doctor->arena, sizeof *post);
    if (!post) return NULL;
    *post = (struct post){.rounds = rounds,
                          .account = intent->finding->account,
                          .role_arn = intent->role_arn,
                          .external_id = intent->external_id,
                          .partition = intent->partition,
                          .region = intent->region,
                          .last_row = &post->rows,
                          .enabled = balm_null(),
                          .tags = balm_null(),
                          .marker = balm_null(),
                          .decisions = balm_map(doctor->arena)};
    *rounds->last = post;
    rounds->last = &post->next;
    post->role = check_of(post, "role");
    balm_doctor_about(doctor, post->role, "role", post->role_arn);
    if (!asked) {
        post->enabled = check_of(post, "region");
        balm_doctor_about(doctor, post->enabled, "region", post->region);
    }
    post->flapping = check_of(post, "flapping");
    balm_doctor_about(doctor, post->flapping, "role", post->role_arn);
    add_action(post, balm_string(BALM_CULPRIT_ACTION));
    if (settings->asks_tags) {
        post->tags = check_of(post, "tags");
        balm_doctor_about(doctor, post->tags, "role", post->role_arn);
        add_action(post, balm_string(BALM_TAGS_ACTION));
    }
    return post;
}

static void add_row(struct post *post, const struct balm_doctor_case *with)
{
    struct balm_doctor *doctor = post->rounds->doctor;
    struct row *row;

    for (row = post->rows; row; row = row->next) {
        if (row->version == with->version) return; /* two policies lead to it */
    }
    row = balm_arena_zalloc(doctor->arena, sizeof *row);
    if (!row) return;
    row->version = with->version;
    row->check = check_of(post, "permissions");
    balm_doctor_about(doctor, row->check, "remediation", with->remediation);
    *post->last_row = row;
    post->last_row = &row->next;
    add_actions(post, with->version);
}

static void add_case(struct rounds *rounds, const char *account,
                     const struct balm_doctor_case *with)
{
    struct balm_doctor *doctor = rounds->doctor;
    struct balm_finding *finding = balm_arena_zalloc(doctor->arena, sizeof *finding);
    struct balm_intent intent;
    struct post *post = NULL;
    struct balm_err err;

    if (!finding) return;
    *finding = (struct balm_finding){.account = account,
                                     .region = doctor->options->region,
                                     .partition = "",
                                     .policy_id = with->policy_id,
                                     .remediation = with->policy_id[0] ? "" : with->remediation};
    balm_intent_init(&intent, doctor->options->engine, finding, doctor->arena);
    if (balm_intent_associate(&intent, &err) || balm_intent_locate(&intent, &err)) {
        struct balm_value check = balm_doctor_check(doctor, "role");
        balm_doctor_about(doctor, check, "account", account);
        balm_doctor_about(doctor, check, "remediation", with->remediation);
        balm_doctor_failed(doctor, check, &err);
    } else {
        post = post_for(rounds, &intent);
    }
    if (post) add_row(post, with);
    balm_intent_free(&intent);
}

/* ---- going round ---- */

static void pump(struct rounds *rounds);

static void end_call(struct post *post)
{
    balm_call_release(post->call);
    if (post->session) balm_session_release(post->session);
    post->call = NULL;
    post->session = NULL;
}

static void end(struct post *post)
{
    struct rounds *rounds = post->rounds;

    end_call(post);
    rounds->running--;
    if (!rounds->pumping) pump(rounds);
}

static enum balm_code open_session(struct post *post, const char *policy, const char *name,
                                   struct balm_err *err)
{
    const struct balm_session_options options = {.role_arn = post->role_arn,
                                                 .external_id = post->external_id,
                                                 .session_name = name,
                                                 .session_policy = policy,
                                                 .region = post->region,
                                                 .account = post->account};

    return balm_session_open(&post->session, post->rounds->doctor->options->engine->aws, &options,
                             err);
}

/* A call of the open session. */
static enum balm_code make(struct post *post, const char *service, const char *operation,
                           struct balm_value params, struct balm_err *err)
{
    balm_call_release(post->call);
    post->call = NULL;
    return balm_call_named(&post->call, post->session, service, operation, params, err);
}

/* ---- what the scripts declare ---- */

static void next_row(struct post *post);

static void tell_missing(struct post *post, const struct row *row, struct balm_value missing)
{
    struct balm_doctor *doctor = post->rounds->doctor;
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_err err;

    for (size_t i = 0; i < balm_list_len(missing); i++) {
        (void)balm_buf_addf(&text, "%s%s", i ? ", " : "", balm_list_at(missing, i)->as.text);
    }
    balm_fail(&err, BALM_E_AUTH, "the role is not granted %s", text.len ? text.bytes : "all");
    balm_map_set(doctor->arena, row->check, "missing", missing);
    balm_doctor_failed(doctor, row->check, &err);
    balm_buf_free(&text);
}

static void judge(struct post *post, const struct row *row)
{
    struct balm_doctor *doctor = post->rounds->doctor;
    struct balm_value permissions = balm_get(balm_version_declaration(row->version), "permissions");
    struct balm_value missing = balm_list(doctor->arena);
    size_t asked = 0, count = balm_list_len(permissions);

    for (size_t i = 0; i < count; i++) {
        struct balm_value action = *balm_list_at(permissions, i);
        if (is_linked(action)) continue;
        asked++;
        if (!balm_get_bool(post->decisions, action.as.text, false)) {
            balm_list_push(doctor->arena, missing, action);
        }
    }
    if (balm_is_null(permissions)) {
        balm_doctor_unknown(doctor, row->check,
                            "it declares none, and may do whatever the role may");
    } else if (post->err.code) {
        balm_doctor_failed(doctor, row->check, &post->err);
    } else if (post->why_not) {
        balm_doctor_unknown(doctor, row->check, "%s", post->why_not);
    } else if (balm_list_len(missing) > 0) {
        tell_missing(post, row, missing);
    } else {
        balm_doctor_ok(doctor, row->check, "%zu granted%s", asked,
                       asked < count ? "; " LINKED_ROLE " depends on the service" : "");
    }
}

/* Without it every finding whose event tells no tags is skipped. */
static void judge_tags(const struct post *post)
{
    struct balm_doctor *doctor = post->rounds->doctor;
    struct balm_err err;

    if (post->err.code) {
        balm_doctor_failed(doctor, post->tags, &post->err);
    } else if (post->why_not) {
        balm_doctor_unknown(doctor, post->tags, "%s", post->why_not);
    } else if (balm_get_bool(post->decisions, BALM_TAGS_ACTION, false)) {
        balm_doctor_ok(doctor, post->tags, "they can be asked for");
    } else {
        balm_fail(
            &err, BALM_E_AUTH,
            "the configuration says tags = \"ask\": the role is not granted " BALM_TAGS_ACTION);
        balm_doctor_failed(doctor, post->tags, &err);
    }
}

/* A role without it is as good as before: the guard refuses all the same, and tells less. */
static void judge_flapping(const struct post *post)
{
    struct balm_doctor *doctor = post->rounds->doctor;

    if (post->err.code) {
        balm_doctor_unknown(doctor, post->flapping, "may not be asked for: %s", post->err.message);
    } else if (post->why_not) {
        balm_doctor_unknown(doctor, post->flapping, "%s", post->why_not);
    } else if (balm_get_bool(post->decisions, BALM_CULPRIT_ACTION, false)) {
        balm_doctor_ok(doctor, post->flapping, "it can be told who changes a resource back");
    } else {
        balm_doctor_unknown(doctor, post->flapping,
                            "it cannot be told who changes a resource back: the role is not "
                            "granted " BALM_CULPRIT_ACTION);
    }
}

/* The role was assumed as a run would, or not: nothing was sent with it. */
static void on_row(void *owner, const struct balm_request *request, const struct balm_err *err)
{
    struct post *post = owner;
    const struct row *row = post->row;

    if (request) {
        judge(post, row);
    } else {
        balm_doctor_failed(post->rounds->doctor, row->check, err);
    }
    post->row = row->next;
    next_row(post);
}

static void next_row(struct post *post)
{
    struct balm_doctor *doctor = post->rounds->doctor;
    bool plain = doctor->options->engine->no_session_policy;

    end_call(post);
    for (; post->row; post->row = post->row->next) {
        const struct balm_version *version = post->row->version;
        const char *name = balm_arena_printf(doctor->arena, "balm-%s", balm_version_id(version));
        struct balm_err err;
        if (!open_session(post, plain ? NULL : balm_version_session_policy(version), name, &err) &&
            !make(post, "sts", "GetCallerIdentity", balm_map(doctor->arena), &err)) {
            balm_call_sign_only(post->call, on_row, post);
            return;
        }
        balm_doctor_failed(doctor, post->row->check, &err);
        end_call(post);
    }
    end(post);
}

/* ---- is it granted? ---- */

static void ask_permissions(struct post *post);

static void take_decisions(struct post *post, struct balm_value results)
{
    for (size_t i = 0; i < balm_list_len(results); i++) {
        struct balm_value result = *balm_list_at(results, i);
        const char *action = balm_get_string(result, "EvalActionName", "");
        struct balm_value *decision = balm_map_get(post->decisions, action);
        if (decision && balm_is_text(balm_get(result, "EvalDecision"), "allowed")) {
            *decision = balm_bool(true);
        }
    }
}

static void on_permissions(void *owner, const struct balm_call_result *result)
{
    struct post *post = owner;
    struct balm_value answer = result->answer;

    if (result->err.code && balm_err_is_authorisation(&result->err)) {
        post->why_not = balm_arena_printf(
            arena_of(post), "may not be asked for: the role lacks iam:SimulatePrincipalPolicy");
        post->question = NULL;
    } else if (result->err.code) {
        post->err = result->err;
        post->question = NULL;
    } else {
        take_decisions(post, balm_get(answer, "EvaluationResults"));
        post->marker = balm_copy(arena_of(post), balm_get(answer, "Marker"));
        if (balm_is_null(post->marker)) post->question = post->question->next;
    }
    ask_permissions(post);
}

static void ask_permissions(struct post *post)
{
    struct balm_arena *arena = arena_of(post);
    const struct question *question = post->question;
    struct balm_value params = balm_map(arena);

    if (question) {
        balm_map_set(arena, params, "PolicySourceArn", balm_string(post->role_arn));
        balm_map_set(arena, params, "ActionNames", question->actions);
        if (!balm_is_null(question->arns)) {
            balm_map_set(arena, params, "ResourceArns", question->arns);
        }
        if (!balm_is_null(post->marker)) balm_map_set(arena, params, "Marker", post->marker);
        if (!make(post, "iam", "SimulatePrincipalPolicy", params, &post->err)) {
            balm_call_send(post->call, on_permissions, post);
            return;
        }
    }
    judge_flapping(post);
    if (!balm_is_null(post->tags)) judge_tags(post);
    post->row = post->rows;
    next_row(post);
}

/* ---- is the region enabled? ---- */

static void begin_permissions(struct post *post)
{
    post->question = post->questions;
    if (!post->role_arn) {
        post->question = NULL;
        post->why_not = "not asked for: no role is assumed";
    }
    ask_permissions(post);
}

static void on_region(void *owner, const struct balm_call_result *result)
{
    struct post *post = owner;
    struct balm_doctor *doctor = post->rounds->doctor;
    const char *status = balm_get_string(balm_path(result->answer, "Regions.0"), "OptInStatus", "");
    struct balm_err err;

    if (result->err.code && balm_err_is_authorisation(&result->err)) {
        balm_doctor_unknown(doctor, post->enabled,
                            "may not be asked for: the role lacks ec2:DescribeRegions");
    } else if (result->err.code) {
        balm_doctor_failed(doctor, post->enabled, &result->err);
    } else if (strcmp(status, "opted-in") == 0 || strcmp(status, "opt-in-not-required") == 0) {
        balm_doctor_ok(doctor, post->enabled, "enabled: %.40s", status);
    } else {
        balm_fail(&err, BALM_E_ARG, "%s is not enabled in this account: %.40s", post->region,
                  status[0] ? status : "not listed");
        balm_doctor_failed(doctor, post->enabled, &err);
    }
    begin_permissions(post);
}

/* In a region that is not enabled no call would tell so: the partition's first one is asked. */
static void ask_region(struct post *post)
{
    struct balm_doctor *doctor = post->rounds->doctor;
    struct balm_arena *arena = doctor->arena;
    struct balm_value params = balm_map(arena), names = balm_list(arena);
    struct balm_err err;

    if (balm_is_null(post->enabled)) {
        begin_permissions(post);
        return;
    }
    balm_list_push(arena, names, balm_string(post->region));
    balm_map_set(arena, params, "RegionNames", names);
    balm_map_set(arena, params, "AllRegions", balm_bool(true));
    if (make(post, "ec2", "DescribeRegions", params, &err)) {
        balm_doctor_failed(doctor, post->enabled, &err);
        begin_permissions(post);
    } else {
        balm_call_send(post->call, on_region, post);
    }
}

/* ---- is it assumed? ---- */

static void without_role(struct post *post, const struct balm_err *err)
{
    struct balm_doctor *doctor = post->rounds->doctor;

    balm_doctor_failed(doctor, post->role, err);
    if (!balm_is_null(post->enabled)) {
        balm_doctor_unknown(doctor, post->enabled, "not asked for: there is no role to ask with");
    }
    balm_doctor_unknown(doctor, post->flapping, "not asked for: there is no role to ask with");
    if (!balm_is_null(post->tags)) {
        balm_doctor_unknown(doctor, post->tags, "not asked for: there is no role to ask with");
    }
    for (const struct row *row = post->rows; row; row = row->next) {
        balm_doctor_unknown(doctor, row->check, "not asked for: there is no role to ask with");
    }
    end(post);
}

static void on_role(void *owner, const struct balm_call_result *result)
{
    struct post *post = owner;

    if (result->err.code) {
        without_role(post, &result->err);
        return;
    }
    balm_doctor_ok(post->rounds->doctor, post->role, "assumed: %s",
                   balm_get_string(result->answer, "Arn", "(no ARN)"));
    ask_region(post);
}

static void begin(struct post *post)
{
    struct balm_err err;

    if (open_session(post, post->role_arn ? only_asking : NULL, "balm-doctor", &err) ||
        make(post, "sts", "GetCallerIdentity", balm_map(arena_of(post)), &err)) {
        without_role(post, &err);
    } else {
        balm_call_send(post->call, on_role, post);
    }
}

static void pump(struct rounds *rounds)
{
    const struct balm_doctor_options *options = rounds->doctor->options;

    rounds->pumping = true;
    while (rounds->waiting && rounds->running < options->concurrency) {
        struct post *post = rounds->waiting;
        rounds->waiting = post->next;
        rounds->running++;
        begin(post);
    }
    rounds->pumping = false;
    if (rounds->running == 0 && rounds->looping) balm_loop_stop(options->engine->loop);
}

void balm_doctor_accounts(struct balm_doctor *doctor, struct balm_doctor_case *cases, size_t count)
{
    struct rounds rounds = {.doctor = doctor, .last = &rounds.posts};
    struct balm_value accounts = doctor->options->accounts;

    for (size_t i = 0; i < balm_list_len(accounts); i++) {
        for (size_t k = 0; k < count; k++) {
            if (cases[k].version) add_case(&rounds, balm_list_at(accounts, i)->as.text, &cases[k]);
        }
    }
    rounds.waiting = rounds.posts;
    pump(&rounds);
    rounds.looping = true;
    if (rounds.running > 0) balm_loop_run(doctor->options->engine->loop);
}
