#include "core/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void says_what_was_wrong(void **state)
{
    struct balm_err err = {.http_status = 500, .retryable = true, .aws_code = "Old"};
    (void)state;
    assert_int_equal(balm_fail(&err, BALM_E_ARG, "region %s is empty", "x"), BALM_E_ARG);
    assert_int_equal(err.code, BALM_E_ARG);
    assert_string_equal(err.message, "region x is empty");
    assert_int_equal(err.http_status, 0);
    assert_false(err.retryable);
    assert_string_equal(err.aws_code, "");
}

static void returns_the_code_without_an_err(void **state)
{
    (void)state;
    assert_int_equal(balm_fail(NULL, BALM_E_NET, "no answer"), BALM_E_NET);
    assert_int_equal(balm_nomem(NULL), BALM_E_NOMEM);
}

static void puts_the_place_before_the_message_and_keeps_the_rest(void **state)
{
    struct balm_err err;
    (void)state;
    balm_fail(&err, BALM_E_INPUT, "unknown field");
    err.http_status = 400;
    assert_int_equal(balm_err_prefix(&err, "%s, line %d", "balm.lua", 3), BALM_E_INPUT);
    assert_string_equal(err.message, "balm.lua, line 3: unknown field");
    assert_int_equal(err.http_status, 400);
}

static void may_quote_its_own_message(void **state)
{
    struct balm_err err;
    (void)state;
    balm_fail(&err, BALM_E_IO, "first");
    balm_fail(&err, BALM_E_NET, "second after %s", err.message);
    assert_string_equal(err.message, "second after first");
}

static void cuts_a_long_message_between_characters(void **state)
{
    struct balm_err err;
    char text[2 * sizeof err.message];
    size_t i;
    (void)state;
    for (i = 0; i + 2 < sizeof text; i += 2) {
        memcpy(text + i, "\xC3\xA9", 2);
    }
    text[i] = '\0';
    balm_fail(&err, BALM_E_INPUT, "%s", text);
    assert_int_equal(strlen(err.message), sizeof err.message - 2);
    balm_fail(&err, BALM_E_INPUT, "x%s", text);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
}

static void names_every_code(void **state)
{
    int code;
    (void)state;
    for (code = BALM_OK; code <= BALM_E_CANCELLED; code++) {
        assert_non_null(balm_code_name((enum balm_code)code));
        assert_string_not_equal(balm_code_name((enum balm_code)code), "Unknown");
    }
    assert_string_equal(balm_code_name(BALM_E_LIMIT), "Limit");
    assert_string_equal(balm_code_name(BALM_E_NET), "Network");
    assert_string_equal(balm_code_name((enum balm_code)99), "Unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_was_wrong),
        cmocka_unit_test(returns_the_code_without_an_err),
        cmocka_unit_test(puts_the_place_before_the_message_and_keeps_the_rest),
        cmocka_unit_test(may_quote_its_own_message),
        cmocka_unit_test(cuts_a_long_message_between_characters),
        cmocka_unit_test(names_every_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
