/*
 * ledger_fixture: an engine that keeps its runs, over a store in memory that counts and fails as a
 * test wants.
 */
#ifndef SPEC_ENGINE_REMEDY_LEDGER_FIXTURE_H
#define SPEC_ENGINE_REMEDY_LEDGER_FIXTURE_H

#include "engine/remedy/fixture.h"

#include "remedy/hold.h"
#include "remedy/ledger_internal.h"
#include "support/memory_store.h"

#define GET       "s3:GetBucketVersioning"
#define PUT       "s3:PutBucketVersioning"
#define ON        "{\"Status\":\"Enabled\"}"
#define COUNT(it) (sizeof(it) / sizeof *(it))

#define SCRIPT                                                                                     \
    "local function get(s, r) return s:client('s3'):get_bucket_versioning { Bucket = r.Name } "    \
    "end\n"                                                                                        \
    "local function put(s, r, status) return s:client('s3'):put_bucket_versioning {\n"             \
    "  Bucket = r.Name, VersioningConfiguration = { Status = status } } end\n"                     \
    "return { id = 'Own.On', parameters = { Size = 3 },\n"                                         \
    "  check = function(s, r) local v = get(s, r) return v.Status == 'Enabled', v end,\n"          \
    "  fix = function(s, r) put(s, r, 'Enabled') end,\n"                                           \
    "  undo = function(s, r, p, b) put(s, r, b.Status or 'Suspended') end }\n"

/* A check that finds what a sensitive member told, in a text of its own. */
#define LEAKING                                                                                    \
    "return { id = 'Own.Leak', parameters = {},\n"                                                 \
    "  check = function(s)\n"                                                                      \
    "    local v = s:client('secretsmanager'):get_secret_value { SecretId = 'x' }\n"               \
    "    return false, { Found = 'it is ' .. v.SecretString } end,\n"                              \
    "  fix = function(s, r) s:client('s3'):put_bucket_versioning {\n"                              \
    "    Bucket = r.Name, VersioningConfiguration = { Status = 'Enabled' } } end }\n"

static const struct answer fixes[] = {
    {GET, "{}", NULL, 0}, {PUT, "{}", NULL, 0}, {GET, ON, NULL, 0}};
static const struct answer holds_at_once[] = {{GET, ON, NULL, 0}};

static struct balm_seal *seal;

/* ---- a ledger beside the engine ---- */

static inline void open_ledger(struct fixture *fixture)
{
    struct balm_store_setup store = {.url = "sqlite:memory", .loop = fixture->engine.loop};
    struct balm_ledger_setup setup = {.loop = fixture->engine.loop};
    struct balm_err err;

    setenv("BALM_STORE_KEY", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 1);
    if (!fixture->engine.store) {
        OK(balm_store_open(&fixture->engine.store, &store, &err));
        OK(balm_seal_new(&seal, "sqlite:memory", &err));
    }
    setup.store = fixture->engine.store;
    setup.seal = seal;
    OK(balm_ledger_new(&fixture->engine.ledger, &setup, &err));
}

static inline void open_configured(struct fixture *fixture, const char *config)
{
    write_file(fixture, "own_on.lua", SCRIPT);
    write_file(fixture, "own_leak.lua", LEAKING);
    open_engine(fixture, config);
    open_ledger(fixture);
}

static inline void open_all(struct fixture *fixture)
{
    open_configured(fixture, NULL);
}

static inline int close_all(void **state)
{
    struct fixture *fixture = *state;

    balm_ledger_release(fixture->engine.ledger);
    balm_store_release(fixture->engine.store);
    balm_seal_release(seal);
    seal = NULL;
    return tear_down(state);
}

static inline void run(struct fixture *fixture, const char *remediation,
                       const struct answer *answers, size_t count)
{
    struct balm_finding finding = finding_for(fixture, remediation);
    struct balm_order order = {.finding = &finding, .action = BALM_ACTION_FIX};

    expect_calls(fixture, answers, count);
    run_order(fixture, &order);
    balm_ledger_settle(fixture->engine.ledger);
}

static inline size_t count_items(struct fixture *fixture, const char *partition, const char *sort)
{
    size_t count = 0;

    for (struct kept_item *item = fixture->engine.store->items; item; item = item->next) {
        if (strstr(item->partition, partition) == item->partition &&
            strstr(item->sort, sort) == item->sort) {
            count++;
        }
    }
    return count;
}

static inline struct balm_kept load(struct fixture *fixture, const char *id)
{
    struct balm_kept kept;
    struct balm_err err;

    OK(balm_ledger_load(fixture->engine.ledger, id, &fixture->arena, &kept, &err));
    return kept;
}

/* ---- runs that never end ---- */

static inline void stop_loop(void *owner)
{
    balm_loop_stop(owner);
}

static inline void turn(struct fixture *fixture)
{
    struct balm_timer timer = {.place = 0};
    struct balm_err err;

    OK(balm_timer_set(fixture->engine.loop, &timer, 1000000, stop_loop, fixture->engine.loop));
    balm_loop_run(fixture->engine.loop);
    balm_timer_stop(fixture->engine.loop, &timer);
}

static inline void keep_head(void *owner, struct balm_value head)
{
    struct fixture *fixture = owner;

    balm_list_push(&fixture->arena, fixture->result, balm_copy(&fixture->arena, head));
}

static inline void ask_writes_in_vain(struct balm_gate *gate, struct balm_question *question)
{
    if (!balm_call_is_write(question->call)) fake_ask(gate, question);
}

/* The write is recorded, sent, and nothing more is heard. */
static inline void begin_and_vanish(struct fixture *fixture)
{
    static const struct answer answers[] = {{GET, "{}", NULL, 0}};
    struct balm_finding finding = finding_for(fixture, "Own.On");
    struct balm_order order = {
        .finding = &finding, .action = BALM_ACTION_FIX, .instead_of_aws = &fixture->fake.link};
    size_t before = count_items(fixture, "open", "");
    struct balm_err err;

    fixture->fake.link.gate.ask = ask_writes_in_vain;
    expect_calls(fixture, answers, 1);
    OK(balm_run_start(&fixture->run, &fixture->engine, &order, keep_result, fixture, &err));
    while (count_items(fixture, "open", "") == before) {
        turn(fixture);
    }
    balm_run_release(fixture->run);
}

static inline size_t count_listed(struct fixture *fixture, const struct balm_ledger_filter *filter)
{
    struct balm_err err;

    fixture->result = balm_list(&fixture->arena);
    OK(balm_ledger_list(fixture->engine.ledger, filter, keep_head, fixture, &err));
    return balm_list_len(fixture->result);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, close_all)

#endif
