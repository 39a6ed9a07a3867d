/*
 * by_hand: a finding from the command line: --remediation ID --resource FILE|JSON [--param
 * NAME=VALUE]...
 */
#ifndef BALM_FRONT_BY_HAND_H
#define BALM_FRONT_BY_HAND_H

#include "front/cli.h"
#include "remedy/finding.h"

/* For a command's table of options. */
#define BALM_OPTIONS_BY_HAND                                                                       \
    {"remediation", "ID", "the remediation to run, instead of events", false},                     \
        {"resource", "FILE|JSON", "the resource's attributes, with AccountId and Region", false},  \
    {                                                                                              \
        "param", "NAME=VALUE", "a parameter of the remediation", true                              \
    }

/* Was --remediation given? Checks that what belongs together is, and that there are no events
   beside it; else that there are events. */
enum balm_code balm_by_hand_asked(const struct balm_cli *cli, bool *asked, struct balm_err *err);
/* In the command's arena. default_region may be NULL. */
enum balm_code balm_by_hand_finding(struct balm_cli *cli, const char *default_region,
                                    struct balm_finding *out, struct balm_err *err);

#endif
