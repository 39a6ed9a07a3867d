/* Guards that read the store: what all of them read is asked for at once. */
#include "engine/remedy/fixture.h"

#include "core/file.h"
#include "remedy/guard_read.h"

#define MOST 3

static struct fixture *fixture;
static struct balm_store *store;
static char folder[SCRATCH_MAX];
static struct balm_err err;

static size_t asked;       /* questions so far */
static size_t judged;      /* answers so far */
static size_t asked_first; /* before the first answer */
static char order[MOST + 1];
static const char *refuses; /* the guard that does */

static struct {
    struct balm_intent intent;
    struct balm_finding finding;
    struct balm_guarding guarding;
    const char *refused; /* NULL: all allowed; "?": not answered yet */
} answer;

static bool question(const struct balm_guard *guard, struct balm_guarding *guarding,
                     struct balm_store_query *query)
{
    (void)guarding;
    if (strcmp(guard->name, "needs nothing") == 0) return false;
    asked++;
    *query = (struct balm_store_query){.partition = guard->name, .limit = 1};
    return true;
}

static void judge(struct balm_guard_read *read)
{
    if (judged == 0) asked_first = asked;
    order[judged++] = read->guard->name[0];
    if (refuses && strcmp(read->guard->name, refuses) == 0) {
        balm_guard_read_refuse(read, "no");
    } else {
        balm_guard_read_allow(read);
    }
}

static const struct balm_guard_reading reading = {question, judge};

#define READER(NAME)                                                                               \
    {                                                                                              \
        .name = (NAME), .can_be_skipped = true, .actions = 1u << BALM_ACTION_FIX,                  \
        .moments = 1u << BALM_BEFORE_RUN, .ask = balm_guard_read_ask,                              \
        .forget = balm_guard_read_forget, .reading = &reading                                      \
    }

static struct balm_guard readers[] = {READER("a"), READER("needs nothing"), READER("b"),
                                      READER("c")};
static const struct balm_guard *const list[] = {&readers[0], &readers[1], &readers[2], &readers[3]};

static void on_guarded(void *owner, struct balm_guarding *guarding)
{
    (void)owner;
    assert_int_equal(guarding->err.code, BALM_OK);
    answer.refused = guarding->asked ? guarding->asked->name : NULL;
    balm_loop_stop(fixture->engine.loop);
}

static void ask(void)
{
    const struct balm_guards_question asking = {
        .intent = &answer.intent, .moment = BALM_BEFORE_RUN, .now = 1};

    asked = judged = asked_first = 0;
    memset(order, 0, sizeof order);
    answer.refused = "?";
    answer.finding = finding_for(fixture, "Own.Once");
    balm_intent_init(&answer.intent, &fixture->engine, &answer.finding, &fixture->arena);
    OK(balm_intent_associate(&answer.intent, &err));
    balm_guards_ask(&answer.guarding, &asking, on_guarded, NULL);
}

static int begin(void **with)
{
    struct balm_store_setup setup = {.url = NULL};

    if (set_up(with)) return -1;
    fixture = *with;
    if (!scratch_folder(folder)) return -1;
    write_file(fixture, "own_once.lua",
               "return { id = 'Own.Once', parameters = {}, fix = function() end }");
    open_engine(fixture, NULL);
    setup.loop = fixture->engine.loop;
    setup.url = balm_arena_printf(&fixture->arena, "sqlite:%s/balm.db", folder);
    OK(balm_store_open(&store, &setup, &err));
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        readers[i].store = store;
    }
    fixture->engine.guards = list;
    fixture->engine.guard_count = sizeof list / sizeof *list;
    refuses = NULL;
    return 0;
}

static int end(void **with)
{
    balm_intent_free(&answer.intent);
    balm_store_release(store);
    (void)remove(folder); /* nothing was written */
    return tear_down(with);
}

static void all_is_asked_for_before_the_first_answer_and_judged_in_order(void **with)
{
    (void)with;
    ask();
    balm_loop_run(fixture->engine.loop);
    assert_null(answer.refused);
    assert_int_equal(asked_first, 3);
    assert_string_equal(order, "abc");
}

static void what_was_read_for_those_behind_a_refusal_is_dropped(void **with)
{
    (void)with;
    refuses = "b";
    ask();
    balm_loop_run(fixture->engine.loop);
    assert_string_equal(answer.refused, "b");
    assert_string_equal(order, "ab");
    assert_null(answer.guarding.ahead);
}

static void a_guard_that_is_skipped_reads_nothing(void **with)
{
    static const char *const skipped[] = {"a", "c"};

    (void)with;
    fixture->engine.skipped_guards = skipped;
    fixture->engine.skipped_guard_count = 2;
    ask();
    balm_loop_run(fixture->engine.loop);
    assert_null(answer.refused);
    assert_int_equal(asked, 1);
    assert_string_equal(order, "b");
}

static void a_store_that_fails_is_told_by_the_guard_whose_turn_it_is(void **with)
{
    static const char text[] = "no database at all";
    const char *path = balm_arena_printf(&fixture->arena, "%s/balm.db", folder);
    bool exists;

    (void)with;
    OK(balm_file_create(path, text, sizeof text, 0600, &exists, &err));
    ask();
    balm_loop_run(fixture->engine.loop);
    assert_string_equal(answer.refused, "a");
    assert_true(answer.guarding.failed);
    assert_int_equal(judged, 0);
    (void)remove(path);
}

static void nothing_comes_any_more_once_it_is_forgotten(void **with)
{
    (void)with;
    ask();
    balm_guards_forget(&answer.guarding);
    balm_loop_run(fixture->engine.loop);
    assert_string_equal(answer.refused, "?");
    assert_int_equal(judged, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_is_asked_for_before_the_first_answer_and_judged_in_order),
        TEST(what_was_read_for_those_behind_a_refusal_is_dropped),
        TEST(a_guard_that_is_skipped_reads_nothing),
        TEST(a_store_that_fails_is_told_by_the_guard_whose_turn_it_is),
        TEST(nothing_comes_any_more_once_it_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
