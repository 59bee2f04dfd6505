/* tests/sim/envelope.h - looking inside a core's messages: which votes does it carry, is it a
 * proposal? */
#ifndef SR_TESTS_SIM_ENVELOPE_H
#define SR_TESTS_SIM_ENVELOPE_H

#include "consensus/wire.h"

#define SIM_VOTES_MAX 128u

/* The votes in a message, at most SIM_VOTES_MAX; 0 when it carries none. */
size_t sim_envelope_votes(struct consensus_vote votes[SIM_VOTES_MAX], const uint8_t *msg, size_t n);

/* A message of consensus: its kind (consensus/internal.h) and what follows the kind. false: not
 * one. */
bool sim_envelope_consensus(
    uint8_t *kind, uint64_t *epoch, struct sr_bytes *rest, const uint8_t *msg, size_t n);

#endif
