/*
 * endpoint_memo: endpoints that were resolved before.
 *
 * The rules are walked anew only for a question that was not asked lately: the same operation,
 * region, account and context parameters have the same endpoint for as long as configuration and
 * models stay. A remediation asks for the same bucket three times, a batch for the same few
 * services thousands of times.
 */
#ifndef BALM_AWS_ENDPOINT_MEMO_H
#define BALM_AWS_ENDPOINT_MEMO_H

#include "aws/endpoint.h"

struct balm_endpoint_memo;

enum balm_code balm_endpoint_memo_new(struct balm_endpoint_memo **out, struct balm_err *err);
void balm_endpoint_memo_release(struct balm_endpoint_memo *memo); /* accepts NULL */

/* As balm_endpoint_resolve(), with a configuration and partitions that are always the same; what
   it gives lives in arena, in the pack, or is question's own. */
enum balm_code balm_endpoint_recall(struct balm_endpoint_memo *memo,
                                    const struct balm_endpoint_question *question,
                                    const struct balm_aws_config *config,
                                    const struct balm_partitions *partitions,
                                    struct balm_arena *arena, struct balm_endpoint *out,
                                    struct balm_err *err);

#endif
