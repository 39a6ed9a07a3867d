#include "engine/remedy/values.h"
#include "remedy/scrub.h"

static struct balm_scrub scrub;

/* A scrub that has seen text as a member that a model marks. */
static void learn(const char *text)
{
    struct balm_value answer = balm_map(&arena), secret = balm_string(text);

    secret.secret = 1;
    balm_map_set(&arena, answer, "Password", secret);
    balm_scrub_init(&scrub, &arena);
    balm_scrub_learn(&scrub, answer);
}

static void shows(struct balm_value value, const char *expected)
{
    assert_string_equal(as_json(balm_scrub_value(&scrub, value, &arena)), expected);
}

static void a_learned_text_is_shown_nowhere(void **state)
{
    (void)state;
    learn("hunter2hunter2");
    shows(json("{\"a\":[\"x hunter2hunter2 y\",{\"b\":\"hunter2hunter2\"}],\"c\":\"hunter2\"}"),
          "{\"a\":[\"x (sensitive) y\",{\"b\":\"(sensitive)\"}],\"c\":\"hunter2\"}");
}

static void short_texts_are_left(void **state)
{
    (void)state;
    learn("true");
    shows(json("\"it is true\""), "\"it is true\"");
}

static void a_learned_text_within_an_unknown_is_hidden(void **state)
{
    (void)state;
    learn("hunter2hunter2");
    shows(balm_unknown("\"hunter2hunter2/\" .. ec2:CreateVolume.VolumeId"),
          "{\"unknown\":\"\\\"(sensitive)/\\\" .. ec2:CreateVolume.VolumeId\"}");
}

static void a_learned_text_is_hidden_as_an_unknown_quotes_it(void **state)
{
    (void)state;
    learn("say \"open\" \x01 now");
    shows(balm_unknown("\"say \\\"open\\\" \\x01 now\" .. ec2:CreateVolume.VolumeId"),
          "{\"unknown\":\"\\\"(sensitive)\\\" .. ec2:CreateVolume.VolumeId\"}");
}

static void what_holds_a_learned_text_can_be_marked_instead(void **state)
{
    struct balm_value marked;

    (void)state;
    learn("hunter2hunter2");
    marked = balm_scrub_mark(&scrub, json("{\"a\":\"x hunter2hunter2\",\"b\":\"x\"}"), &arena);
    assert_true(balm_get(marked, "a").secret);
    assert_true(balm_is_text(balm_get(marked, "a"), "x hunter2hunter2"));
    assert_false(balm_get(marked, "b").secret);
    assert_string_equal(as_json(marked), "{\"a\":\"(sensitive)\",\"b\":\"x\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN(a_learned_text_is_shown_nowhere),
        CLEAN(short_texts_are_left),
        CLEAN(a_learned_text_within_an_unknown_is_hidden),
        CLEAN(a_learned_text_is_hidden_as_an_unknown_quotes_it),
        CLEAN(what_holds_a_learned_text_can_be_marked_instead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
