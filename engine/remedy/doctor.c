#include "remedy/doctor_internal.h"

#include "aws/retry.h"
#include "remedy/result.h"

#include <stdarg.h>

/* ---- one check ---- */

struct balm_value balm_doctor_check(struct balm_doctor *doctor, const char *name)
{
    struct balm_value check = balm_map(doctor->arena);

    balm_map_set(doctor->arena, check, "check", balm_string(name));
    balm_map_set(doctor->arena, check, "status", balm_string("unknown"));
    balm_list_push(doctor->arena, doctor->checks, check);
    return check;
}

void balm_doctor_about(struct balm_doctor *doctor, struct balm_value check, const char *key,
                       const char *text)
{
    if (text) balm_map_set(doctor->arena, check, key, balm_string(text));
}

__attribute__((format(printf, 4, 0))) static void answer(struct balm_doctor *doctor,
                                                         struct balm_value check,
                                                         const char *status, const char *format,
                                                         va_list args)
{
    const char *detail = balm_arena_vprintf(doctor->arena, format, args);

    balm_map_set(doctor->arena, check, "status", balm_string(status));
    if (detail) balm_map_set(doctor->arena, check, "detail", balm_string(detail));
}

void balm_doctor_ok(struct balm_doctor *doctor, struct balm_value check, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    answer(doctor, check, "ok", format, args);
    va_end(args);
}

void balm_doctor_unknown(struct balm_doctor *doctor, struct balm_value check, const char *format,
                         ...)
{
    va_list args;

    va_start(args, format);
    answer(doctor, check, "unknown", format, args);
    va_end(args);
}

void balm_doctor_failed(struct balm_doctor *doctor, struct balm_value check,
                        const struct balm_err *err)
{
    struct balm_arena *arena = doctor->arena;

    if (balm_err_is_authorisation(err)) {
        doctor->denied = true;
    } else {
        doctor->failed = true;
    }
    balm_map_set(arena, check, "status", balm_string("failed"));
    balm_map_set(arena, check, "detail", balm_text(arena, err->message));
    balm_map_set(arena, check, "error", balm_error_value(err, balm_null(), arena));
}

/* ---- all of them ---- */

enum balm_code balm_doctor_look(const struct balm_doctor_options *options, struct balm_arena *arena,
                                struct balm_value *checks, int *exit, struct balm_err *err)
{
    struct balm_doctor doctor = {.options = options, .arena = arena, .checks = balm_list(arena)};
    struct balm_policy *policy = balm_policy_source_current(options->engine->policies);
    struct balm_doctor_case *cases = NULL;
    size_t count = 0;
    bool can_ask = balm_doctor_basics(&doctor);
    enum balm_code code = balm_doctor_scripts(&doctor, policy, &cases, &count, err);

    if (!code && can_ask) balm_doctor_accounts(&doctor, cases, count);
    for (size_t i = 0; i < count; i++) {
        balm_version_release(cases[i].version);
    }
    balm_policy_release(policy);
    *checks = doctor.checks;
    *exit = doctor.failed ? 1 : doctor.denied ? 3 : 0;
    return code ? code : balm_arena_status(arena, err);
}
