/*
 * rules_way: the ways that evaluations took through rule sets.
 *
 * Where an evaluation ends depends on little that changes from call to call: region, FIPS and the
 * like stay, a bucket's name does not. So the way of one evaluation is kept under the parameters
 * that stay, as the conditions that looked at what does not: the next one goes it again by asking
 * these alone, and as long as each comes out as it did it ends with the same rule. Another outcome,
 * and the rule set is walked from its root.
 */
#ifndef BALM_AWS_RULES_WAY_H
#define BALM_AWS_RULES_WAY_H

#include "aws/key.h"
#include "aws/rules.h"

#define BALM_WAY_MAX 200 /* steps of a way that is kept */

/* One condition on the way: it looked at what changes, or assigned a variable. */
struct balm_way_step {
    const struct balm_node *condition;
    uint32_t scope_len; /* variables there were before it */
    bool open;          /* it looked at what changes */
    bool holds;
};

struct balm_way {
    const struct balm_node *rule; /* the one it ended with */
    uint32_t scope_len;           /* variables there were then */
    uint32_t len;
    struct balm_way_step steps[BALM_WAY_MAX];
};

/* NULL where none is kept under this key; it lives until the next balm_ways_keep(). */
const struct balm_way *balm_ways_find(const struct balm_ways *ways, const struct balm_key *key);
/* Copies both, and takes steps out of way that lead nowhere: assignments that nobody looked at.
   Another way's place may be taken. Where memory runs out nothing is kept. */
void balm_ways_keep(struct balm_ways *ways, const struct balm_key *key, struct balm_way *way);

/* One of one's own, in arena. NULL where memory ran out. */
struct balm_way *balm_way_copy(const struct balm_way *way, struct balm_arena *arena);

#endif
