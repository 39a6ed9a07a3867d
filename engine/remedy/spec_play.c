/*
 * spec_play: plays a spec's cases through the engine and holds what came against what was expected.
 */
#include "remedy/run.h"
#include "remedy/spec.h"

#include <string.h>

struct playing {
    const struct balm_engine *engine;
    const struct balm_spec_case *played;
    struct balm_arena arena;
    struct balm_gate_spec gate;
    struct balm_run *run;
    struct balm_value result;
    bool done;
};

static void expect(struct playing *playing, const char *what, const char *wanted, const char *came)
{
    if (!wanted || strcmp(wanted, came) == 0) return;
    balm_list_push(&playing->arena, playing->gate.problems,
                   balm_textf(&playing->arena, "%s: expected %s, got %s", what, wanted,
                              *came ? came : "none"));
}

/* By its code, or by words of its message. */
static void expect_error(struct playing *playing)
{
    struct balm_value error = balm_get(playing->result, "error");
    const char *wanted = playing->played->error;

    if (wanted && strstr(balm_get_string(error, "message", ""), wanted)) return;
    expect(playing, "error", wanted, balm_get_string(error, "code", ""));
}

/* An error that the case does not speak of explains the other problems. */
static void tell_error(struct playing *playing)
{
    struct balm_value error = balm_get(playing->result, "error");
    const char *file = balm_get_string(error, "file", NULL);

    if (error.type != BALM_MAP) return;
    balm_list_push(&playing->arena, playing->gate.problems,
                   file ? balm_textf(&playing->arena, "the run's error: %s: %s (%s:%lld)",
                                     balm_get_string(error, "code", ""),
                                     balm_get_string(error, "message", ""), file,
                                     (long long)balm_get_int(error, "line", 0))
                        : balm_textf(&playing->arena, "the run's error: %s: %s",
                                     balm_get_string(error, "code", ""),
                                     balm_get_string(error, "message", "")));
}

static void hold_against(struct playing *playing)
{
    const struct balm_spec_case *played = playing->played;
    struct balm_value verified = balm_get(playing->result, "verified");
    size_t before;

    balm_gate_spec_end(&playing->gate);
    before = balm_list_len(playing->gate.problems);
    expect(playing, "status", played->status, balm_get_string(playing->result, "status", ""));
    expect_error(playing);
    expect(playing, "reason", played->reason, balm_get_string(playing->result, "reason", ""));
    if (!balm_is_null(played->verified)) {
        expect(playing, "verified", played->verified.as.boolean ? "true" : "false",
               balm_is_null(verified) ? ""
               : verified.as.boolean  ? "true"
                                      : "false");
    }
    if (balm_list_len(playing->gate.problems) > before) tell_error(playing);
}

static void on_result(void *owner, struct balm_run *run, const struct balm_result *result)
{
    struct playing *playing = owner;

    (void)run;
    playing->result = balm_copy(&playing->arena, result->value);
    playing->done = true;
    balm_loop_stop(playing->engine->loop);
}

static bool look_again(void *owner)
{
    struct playing *playing = owner;

    return balm_gate_spec_expects_more(&playing->gate);
}

static enum balm_code play(struct playing *playing, const struct balm_spec *spec,
                           struct balm_err *err)
{
    const struct balm_spec_case *played = playing->played;
    struct balm_engine engine = *playing->engine;
    struct balm_finding finding;
    struct balm_order order = {.finding = &finding,
                               .action = played->action,
                               .by_hand = true,
                               .before = played->before,
                               .instead_of_aws = &playing->gate.link,
                               .look_again = look_again,
                               .owner = playing};

    engine.allow_destructive = played->allow_destructive;
    balm_gate_spec_init(&playing->gate, played->calls, played->call_count, &playing->arena);
    if (balm_finding_manual(&finding, spec->remediation, played->resource, played->parameters, NULL,
                            &playing->arena, err)) {
        return balm_err_prefix(err, "%s: case \"%s\"", spec->path, played->name);
    }
    if (balm_run_start(&playing->run, &engine, &order, on_result, playing, err)) return err->code;
    balm_loop_run(engine.loop);
    balm_run_release(playing->run);
    if (!playing->done) {
        return balm_fail(err, BALM_E_SCRIPT, "%s: case \"%s\" waits for what never comes",
                         spec->path, played->name);
    }
    hold_against(playing);
    return balm_arena_status(&playing->arena, err);
}

enum balm_code balm_spec_play(const struct balm_spec *spec, const struct balm_engine *engine,
                              void (*told)(void *owner, const struct balm_spec_outcome *outcome),
                              void *owner, struct balm_err *err)
{
    enum balm_code code = BALM_OK;

    for (size_t i = 0; !code && i < spec->count; i++) {
        struct playing playing = {.engine = engine, .played = &spec->cases[i]};
        code = play(&playing, spec, err);
        if (!code) {
            struct balm_spec_outcome outcome = {spec, playing.played, playing.gate.problems,
                                                playing.result};
            told(owner, &outcome);
        }
        balm_arena_free(&playing.arena);
    }
    return code;
}
