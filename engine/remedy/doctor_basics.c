/*
 * doctor_basics: what every run needs, one after the other.
 */
#include "remedy/doctor_internal.h"

#include "core/clock.h"
#include "core/text.h"
#include "remedy/guard.h"

#include <stdlib.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)
#define SKEW_MAX  300                /* seconds that AWS lets a signature be off */
#define KEPT_US   (3600 * SECOND_US) /* so long what is written stays where removing it fails */
#define PARTITION "doctor"

struct looking {
    struct balm_doctor *doctor;
    struct balm_loop *loop;
    struct balm_session *session;          /* the own credentials' */
    const struct balm_call_result *result; /* of the call asked last */
    struct balm_store_request request;
    struct balm_arena arena; /* of a read */
    bool answered, waiting;  /* the guards have; they are waited for */
};

static void stop(void *owner)
{
    struct looking *looking = owner;

    balm_loop_stop(looking->loop);
}

/* ---- pack ---- */

static void look_at_pack(struct balm_doctor *doctor)
{
    const struct balm_doctor_options *options = doctor->options;
    struct balm_value check = balm_doctor_check(doctor, "pack");

    balm_doctor_ok(doctor, check, "%s: %zu services", options->models_path,
                   balm_pack_service_count(balm_aws_pack(options->engine->aws)));
}

/* ---- credentials and clock ---- */

static void on_answer(void *owner, const struct balm_call_result *result)
{
    struct looking *looking = owner;

    looking->result = result;
    stop(looking);
}

/* Asks with the own credentials; NULL where that failed. The call is the caller's to release. */
static struct balm_call *ask(struct looking *looking, const char *service, const char *operation,
                             struct balm_value params, struct balm_err *err)
{
    const struct balm_session_options options = {.region = looking->doctor->options->region};
    struct balm_call *call = NULL;

    if (!looking->session &&
        balm_session_open(&looking->session, looking->doctor->options->engine->aws, &options,
                          err)) {
        return NULL;
    }
    if (balm_call_named(&call, looking->session, service, operation, params, err)) {
        return NULL;
    }
    balm_call_send(call, on_answer, looking);
    balm_loop_run(looking->loop);
    *err = looking->result->err;
    return call;
}

static void look_at_clock(struct looking *looking, const struct balm_call *call)
{
    struct balm_doctor *doctor = looking->doctor;
    struct balm_value check = balm_doctor_check(doctor, "clock");
    int64_t there, off;
    struct balm_err err;

    if (!call || !balm_call_date(call, &there)) {
        balm_doctor_unknown(doctor, check, "there was no answer that tells the time");
        return;
    }
    off = (balm_clock_now() - there) / SECOND_US;
    if (llabs(off) < SKEW_MAX) {
        balm_doctor_ok(doctor, check, "%lld s from AWS's", (long long)llabs(off));
        return;
    }
    balm_fail(&err, BALM_E_ARG,
              "it is %lld s %s AWS's, which takes signatures that are off by less than %d: set it",
              (long long)llabs(off), off > 0 ? "ahead of" : "behind", SKEW_MAX);
    balm_doctor_failed(doctor, check, &err);
}

static bool look_at_credentials(struct looking *looking)
{
    struct balm_doctor *doctor = looking->doctor;
    struct balm_value check = balm_doctor_check(doctor, "credentials");
    struct balm_err err;
    struct balm_call *call =
        ask(looking, "sts", "GetCallerIdentity", balm_map(doctor->arena), &err);

    if (err.code) {
        balm_doctor_failed(doctor, check, &err);
    } else {
        struct balm_value answer = balm_copy(doctor->arena, looking->result->answer);
        balm_doctor_about(doctor, check, "account", balm_get_string(answer, "Account", NULL));
        balm_doctor_ok(doctor, check, "%s", balm_get_string(answer, "Arn", "(no ARN)"));
    }
    look_at_clock(looking, call);
    balm_call_release(call);
    return !err.code;
}

/* ---- store ---- */

static void on_store(void *owner, struct balm_store_request *request)
{
    (void)request;
    stop(owner);
}

static enum balm_code commit(struct looking *looking, const char *key, struct balm_value value,
                             struct balm_err *err)
{
    const struct balm_change change = {
        .item = {.partition = PARTITION,
                 .sort = key,
                 .value = value,
                 .expires = balm_is_null(value) ? 0 : balm_clock_now() + KEPT_US},
        .condition = BALM_ALWAYS};

    balm_store_commit(looking->doctor->options->store, &looking->request, &change, 1);
    balm_loop_run(looking->loop);
    *err = looking->request.err;
    return err->code;
}

static enum balm_code read_back(struct looking *looking, const char *key, struct balm_err *err)
{
    const struct balm_store_query query = {
        .partition = PARTITION, .from = key, .to = key, .limit = 1};

    balm_store_read(looking->doctor->options->store, &looking->request, &query);
    balm_loop_run(looking->loop);
    *err = looking->request.err;
    if (err->code || looking->request.count == 1) return err->code;
    return balm_fail(err, BALM_E_IO, "%s: what was written cannot be read again",
                     balm_store_url(looking->doctor->options->store));
}

/* A table that is not there is made with the first commit, which is not for the doctor to do. */
static bool has_table(struct looking *looking, struct balm_value check)
{
    struct balm_doctor *doctor = looking->doctor;
    const char *table = balm_store_dynamodb_table(balm_store_url(doctor->options->store));
    struct balm_value params = balm_map(doctor->arena);
    struct balm_err err;

    if (!table) return true;
    balm_map_set(doctor->arena, params, "TableName", balm_string(table));
    balm_call_release(ask(looking, "dynamodb", "DescribeTable", params, &err));
    if (!err.code) return true;
    if (strcmp(err.aws_code, "ResourceNotFoundException") == 0) {
        balm_doctor_unknown(doctor, check, "the table %s is not there yet: the first run makes it",
                            table);
    } else {
        balm_doctor_failed(doctor, check, &err);
    }
    return false;
}

static void look_at_store(struct looking *looking)
{
    struct balm_doctor *doctor = looking->doctor;
    const char *url = balm_store_url(doctor->options->store);
    struct balm_value check = balm_doctor_check(doctor, "store");
    struct balm_value item = balm_map(doctor->arena);
    struct balm_err err;
    char key[37];

    looking->request =
        (struct balm_store_request){.done = on_store, .owner = looking, .arena = &looking->arena};
    balm_text_uuid(key);
    balm_map_set(doctor->arena, item, "written", balm_time_value(balm_clock_now()));
    if (!has_table(looking, check)) return;
    if (commit(looking, key, item, &err) || read_back(looking, key, &err) ||
        commit(looking, key, balm_null(), &err)) {
        balm_doctor_failed(doctor, check, &err);
    } else {
        balm_doctor_ok(doctor, check, "%s: written, read, and removed again", url);
    }
}

static void look_at_key(struct balm_doctor *doctor)
{
    struct balm_value check = balm_doctor_check(doctor, "store_key");
    unsigned char mac[BALM_SHA256_LEN];
    struct balm_err err;

    if (balm_seal_mac(doctor->options->seal, mac, PARTITION, sizeof PARTITION - 1, &err)) {
        balm_doctor_failed(doctor, check, &err);
    } else {
        balm_doctor_ok(doctor, check, "there: secrets are sealed, plans signed");
    }
}

/* ---- kill switch ---- */

static void on_guard(void *owner, struct balm_guarding *guarding)
{
    struct looking *looking = owner;

    (void)guarding;
    looking->answered = true;
    if (looking->waiting) stop(looking);
}

/* Of the guards without a store it alone is asked before a write. */
static void look_at_switch(struct looking *looking)
{
    struct balm_doctor *doctor = looking->doctor;
    const struct balm_engine *engine = doctor->options->engine;
    struct balm_value check = balm_doctor_check(doctor, "kill_switch");
    static const struct balm_finding none;
    struct balm_intent intent;
    struct balm_guarding guarding;
    const struct balm_guards_question question = {
        .intent = &intent, .moment = BALM_BEFORE_WRITE, .now = balm_clock_now()};
    struct balm_err err;

    balm_intent_init(&intent, engine, &none, doctor->arena);
    intent.policy = balm_policy_source_current(engine->policies);
    balm_guards_ask(&guarding, &question, on_guard, looking);
    looking->waiting = true;
    if (!looking->answered) balm_loop_run(looking->loop);
    if (guarding.asked) {
        balm_fail(&err, BALM_E_REFUSED, "no fix runs: %s", guarding.detail);
        balm_doctor_failed(doctor, check, &err);
    } else {
        balm_doctor_ok(doctor, check, "not thrown");
    }
    balm_intent_free(&intent);
}

bool balm_doctor_basics(struct balm_doctor *doctor)
{
    struct looking looking = {
        .doctor = doctor, .loop = doctor->options->engine->loop, .arena = BALM_ARENA_INIT};
    bool has_credentials;

    look_at_pack(doctor);
    has_credentials = look_at_credentials(&looking);
    look_at_store(&looking);
    look_at_key(doctor);
    look_at_switch(&looking);
    if (looking.session) balm_session_release(looking.session);
    balm_arena_free(&looking.arena);
    return has_credentials;
}
