/*
 * act: what run, plan and apply share: events or kept plans in, results out.
 *
 * A command opens it, has it do one thing, and closes it, which gives the exit status. Results are
 * printed as the runs end; the first signal ends it in order, the second at once.
 */
#ifndef BALM_FRONT_ACT_H
#define BALM_FRONT_ACT_H

#include "front/rig.h"
#include "front/writer.h"
#include "remedy/batch.h"
#include "remedy/chain.h"

struct balm_act {
    struct balm_cli *cli;
    struct balm_rig rig;
    enum balm_action action;
    /* The plan (plan.h) of each run that planned; lives until it returns. NULL: nobody keeps it. */
    void (*planned)(void *owner, struct balm_value plan);
    void *owner;
    bool changes;     /* a plan has something to change */
    bool interrupted; /* by a signal: what was not begun is left */
    int exit;

    /* Its own. */
    struct balm_chain *chain; /* NULL: no record is asked for */
    struct balm_writer *writer;
    struct balm_buf text; /* of one result */
    struct balm_batch *batch;
    struct balm_run *run;             /* one alone */
    const struct balm_result *result; /* its */
    struct balm_signal *signals[2];
    bool as_text, coloured;
};

/* Options that run, plan and apply have in common. */
#define BALM_OPTIONS_ACT                                                                           \
    {"concurrency", "N", "runs at a time (16)", false},                                            \
        {"no-session-policy", NULL,                                                                \
         "do not narrow the role to what the script declares; the result records it", false},      \
    {                                                                                              \
        "skip-guard", "NAME", "leave out this guard, which the result records", true               \
    }
#define BALM_OPTION_RECORD                                                                         \
    {                                                                                              \
        "record", "FILE", "append each result to this file, which shows when it was changed",      \
            false                                                                                  \
    }
#define BALM_OPTION_ALLOW_DESTRUCTIVE                                                              \
    {                                                                                              \
        "allow-destructive", NULL, "let remediations run that lose data or stop a workload", false \
    }

/* 0, or the exit status after what failed was said; then there is nothing to close. */
int balm_act_open(struct balm_act *act, struct balm_cli *cli,
                  const struct balm_rig_options *options);
/* What the command line names: files of events, or one finding by hand. */
enum balm_code balm_act_events(struct balm_act *act, bool by_hand, struct balm_err *err);
/* Runs that are known already; from is the file that they come from. */
enum balm_code balm_act_orders(struct balm_act *act, const char *from,
                               const struct balm_order *orders, size_t count, struct balm_err *err);
/* One run, unless a signal came before. ended, which may be NULL, comes when the loop is free
   again; result lives until it returns. */
enum balm_code balm_act_run(struct balm_act *act, const struct balm_order *order,
                            void (*ended)(void *owner, const struct balm_result *result),
                            void *owner, struct balm_err *err);
/* Says err, if its code is set, and joins it to the exit status. */
void balm_act_fail(struct balm_act *act, const struct balm_err *err);
/* Each result goes to the file that --record names as well, or else the configuration. */
enum balm_code balm_act_record(struct balm_act *act, struct balm_err *err);
int balm_act_close(struct balm_act *act);

/* For run and plan: is there a stream among the words, so that it may last? */
bool balm_act_reads_a_stream(const struct balm_cli *cli);

#endif
