/*
 * tests/sim/history.h - what was ever voted, logged and certified, by slot: a window of slots of
 * each epoch, since nobody votes in old ones again.
 */
#ifndef SR_TESTS_SIM_HISTORY_H
#define SR_TESTS_SIM_HISTORY_H

#include "tests/sim/sim.h"

#define HISTORY_PROPOSED 4u             /* after the kinds of votes */

/* The member asked for a record of this to be durable. kind: of vote, or HISTORY_PROPOSED. */
void sim_history_logged(struct sim_node *node, unsigned kind, uint64_t epoch, uint64_t slot,
    const struct sr_hash32 *hash);
/* Did it? true also for slots too old to be remembered. */
bool sim_history_has(struct sim_node *node, unsigned kind, uint64_t epoch, uint64_t slot,
    const struct sr_hash32 *hash);
/* I2 for a vote seen on the wire. */
void sim_history_vote(struct sim_node *node, const struct consensus_vote *v);
/* I3: looks at the certificates that this core has now. */
void sim_history_certs(struct sim_node *node);
void sim_history_clear(struct sim *s);

#endif
