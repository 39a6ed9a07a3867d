#include "remedy/ledger_internal.h"

#include "core/file.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BOOT_ID   "/proc/sys/kernel/random/boot_id"
#define PID_SPACE "/proc/self/ns/pid"

static const char *user_name(struct balm_arena *arena)
{
    const char *name = getenv("LOGNAME");

    if (!name || !name[0]) name = getenv("USER");
    if (name && name[0]) return balm_arena_strdup(arena, name);
    return balm_arena_printf(arena, "%lu", (unsigned long)getuid());
}

static const char *host_name(struct balm_arena *arena)
{
    char name[256] = "";

    if (gethostname(name, sizeof name - 1) != 0) return "";
    return balm_arena_strdup(arena, name);
}

enum balm_code balm_ledger_new(struct balm_ledger **out, const struct balm_ledger_setup *setup,
                               struct balm_err *err)
{
    struct balm_ledger *ledger = calloc(1, sizeof *ledger);

    if (!ledger) return balm_nomem(err);
    ledger->loop = setup->loop;
    ledger->store = setup->store;
    ledger->seal = setup->seal;
    ledger->log = setup->log;
    balm_arena_init(&ledger->arena, 0);
    ledger->closures = balm_map(&ledger->arena);
    ledger->engine = balm_map(&ledger->arena);
    balm_map_set(&ledger->arena, ledger->engine, "user", balm_string(user_name(&ledger->arena)));
    balm_map_set(&ledger->arena, ledger->engine, "host", balm_string(host_name(&ledger->arena)));
    balm_map_set(&ledger->arena, ledger->engine, "pid", balm_int(getpid()));
    if (balm_arena_status(&ledger->arena, err)) {
        balm_ledger_release(ledger);
        return err->code;
    }
    *out = ledger;
    return BALM_OK;
}

void balm_ledger_release(struct balm_ledger *ledger)
{
    if (!ledger) return;
    while (ledger->ends) {
        balm_ledger_drop_end(ledger->ends);
    }
    balm_arena_free(&ledger->arena);
    free(ledger);
}

bool balm_ledger_settle(struct balm_ledger *ledger)
{
    size_t failed;

    ledger->settling = true;
    if (ledger->ends) balm_loop_run(ledger->loop);
    ledger->settling = false;
    failed = ledger->failed;
    ledger->failed = 0;
    if (failed > 1) {
        balm_log(ledger->log, BALM_LOG_ERROR, "the ends of %zu runs could not be recorded", failed);
    }
    return failed == 0;
}

/* ---- processes ---- */

/* The first line of a small file of the kernel's; "" where there is none. */
static const char *line_of(const char *path, struct balm_arena *arena)
{
    struct balm_buf text = BALM_BUF_INIT(4096);
    const char *line = "";
    struct balm_err err;

    if (!balm_file_read(&text, path, &err)) {
        line = balm_arena_copy(arena, text.bytes, strcspn(text.bytes, "\n"));
    }
    balm_buf_free(&text);
    return line ? line : "";
}

/* When a process was started, in the kernel's ticks since boot: field 22 of its stat, counted
   behind its name, which may hold anything. 0: there is no such process. */
static int64_t birth_of(int64_t pid, struct balm_arena *arena)
{
    char path[64];
    const char *at;

    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    at = strrchr(line_of(path, arena), ')');
    for (int field = 2; at && field < 22; field++) {
        at = strchr(at + 1, ' ');
    }
    return at ? strtoll(at, NULL, 10) : 0;
}

/* "pid:[4026531836]"; "" where it is not told. */
static const char *pid_space(struct balm_arena *arena)
{
    char name[64];
    ssize_t len = readlink(PID_SPACE, name, sizeof name);

    return len > 0 ? balm_arena_copy(arena, name, (size_t)len) : "";
}

struct balm_value balm_ledger_process(struct balm_arena *arena)
{
    struct balm_value process = balm_map(arena);
    int64_t pid = getpid();

    balm_map_set(arena, process, "host", balm_string(host_name(arena)));
    balm_map_set(arena, process, "boot", balm_string(line_of(BOOT_ID, arena)));
    balm_map_set(arena, process, "space", balm_string(pid_space(arena)));
    balm_map_set(arena, process, "pid", balm_int(pid));
    balm_map_set(arena, process, "birth", balm_int(birth_of(pid, arena)));
    return process;
}

bool balm_ledger_is_gone(struct balm_value process)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    bool is_gone = false;

    if (balm_is_text(balm_get(process, "host"), host_name(&arena))) {
        bool is_visible = balm_is_text(balm_get(process, "space"), pid_space(&arena));
        int64_t pid = balm_get_int(process, "pid", 0);
        is_gone = !balm_is_text(balm_get(process, "boot"), line_of(BOOT_ID, &arena)) ||
                  (is_visible && birth_of(pid, &arena) != balm_get_int(process, "birth", 0));
    }
    balm_arena_free(&arena);
    return is_gone;
}
