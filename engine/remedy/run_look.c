/*
 * run_look: the script's phases, what check says, and how long it is asked again.
 */
#include "aws/retry.h"
#include "core/clock.h"
#include "remedy/run_internal.h"

#include <stdio.h>

#define LOOK_AGAIN_NS (BALM_SECOND_NS / 4) /* after the first look; doubled up to the most */
#define LOOK_MOST_NS  (5 * BALM_SECOND_NS)

void balm_run_phase(struct balm_run *run, enum balm_phase phase, struct balm_value extra,
                    void (*done)(void *owner, const struct balm_outcome *outcome))
{
    balm_instance_run(run->instance, phase, extra, done, run);
}

bool balm_run_took_verdict(struct balm_run *run, const struct balm_outcome *outcome, bool *holds)
{
    struct balm_err err;

    if (outcome->first.type == BALM_BOOL || balm_is_null(outcome->first)) {
        *holds = outcome->first.type == BALM_BOOL && outcome->first.as.boolean;
        return true;
    }
    balm_fail(&err, BALM_E_SCRIPT, "check must return true or false first, not %s",
              balm_type_name((enum balm_type)outcome->first.type));
    snprintf(err.aws_code, sizeof err.aws_code, "InvalidCheck");
    balm_run_end_failed(run, &err, balm_null());
    return false;
}

bool balm_run_may_pass(const struct balm_err *err)
{
    return (err->code == BALM_E_AWS || err->code == BALM_E_NET) && !balm_err_is_authorisation(err);
}

void balm_run_start_looking(struct balm_run *run)
{
    int64_t seconds = balm_get_int(run->intent.declaration, "verify_seconds", BALM_VERIFY_SECONDS);

    run->looks_began = balm_clock_mono();
    run->look_until = run->looks_began + seconds * BALM_SECOND_NS;
    run->look_after = LOOK_AGAIN_NS;
}

bool balm_run_looks_again(struct balm_run *run, void (*look)(void *owner))
{
    int64_t left = run->look_until - balm_clock_mono();
    int64_t pause = run->look_after < left ? run->look_after : left;

    if (run->order.look_again) {
        if (!run->order.look_again(run->order.owner)) return false;
        pause = 0;
    } else if (left <= 0) {
        return false;
    }
    run->look_after = 2 * run->look_after < LOOK_MOST_NS ? 2 * run->look_after : LOOK_MOST_NS;
    return balm_timer_set(run->engine->loop, &run->timer, pause, look, run) == BALM_OK;
}
