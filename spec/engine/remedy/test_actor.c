#include "remedy/actor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ROLE "arn:aws:iam::111122223333:role/security/BalmRemediationRole"
#define RUN  "01a2076b-447b-7000-8000-000000000000"

static void a_role_is_known_by_its_own_arn_and_by_those_of_its_sessions(void **state)
{
    (void)state;
    assert_true(balm_actor_is_role(ROLE, ROLE));
    assert_true(
        balm_actor_is_role("arn:aws:sts::111122223333:assumed-role/BalmRemediationRole/x", ROLE));
    assert_false(
        balm_actor_is_role("arn:aws:sts::111122223333:assumed-role/BalmRemediationRole2/x", ROLE));
    assert_false(
        balm_actor_is_role("arn:aws:sts::111122223333:assumed-role/x/BalmRemediationRole", ROLE));
    assert_false(balm_actor_is_role("arn:aws:iam::111122223333:root", ROLE));
    assert_false(balm_actor_is_role("", ROLE));
}

static void a_run_is_known_by_its_id_behind_the_program_s_name(void **state)
{
    (void)state;
    assert_true(balm_actor_is_run("balm/1.0 " RUN));
    assert_true(balm_actor_is_run("[balm/1.0 " RUN "]"));
    assert_false(balm_actor_is_run("balm/1.0")); /* `balm call`, in somebody's hand */
    assert_false(balm_actor_is_run("balm/1.0 " RUN "0"));
    assert_false(balm_actor_is_run("balm/1.0 x1a2076b-447b-7000-8000-000000000000"));
    assert_false(balm_actor_is_run("aws-cli/2 " RUN));
    assert_false(balm_actor_is_run(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_role_is_known_by_its_own_arn_and_by_those_of_its_sessions),
        cmocka_unit_test(a_run_is_known_by_its_id_behind_the_program_s_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
