/*
 * guard_set: the guards that look beyond the configuration: the kill switch, who manages a
 * resource, and what other runs did, which the store remembers. For balm_engine's `guards`.
 */
#ifndef BALM_REMEDY_GUARD_SET_H
#define BALM_REMEDY_GUARD_SET_H

#include "remedy/guard.h"
#include "remedy/store.h"

struct balm_guard_set;

struct balm_guard_set_setup {
    struct balm_loop *loop;
    struct balm_aws *aws;     /* what guards ask AWS, the kill switch's parameter for one */
    struct balm_store *store; /* NULL: without the guards that need it */
};

enum balm_code balm_guard_set_new(struct balm_guard_set **out,
                                  const struct balm_guard_set_setup *setup, struct balm_err *err);
/* All runs released before; accepts NULL. */
void balm_guard_set_release(struct balm_guard_set *set);
/* In the order of asking; they live as long as the set. */
const struct balm_guard *const *balm_guard_set_list(const struct balm_guard_set *set,
                                                    size_t *count);

#endif
