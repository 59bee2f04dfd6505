/*
 * I6 at the core: every vote and proposal of its own that a step sends stands in a log record that
 * an effect before it asked to be made durable, in this step or an earlier one. The records are
 * opened with the core's own key: what they say counts, not how many there are. (That the host
 * makes them durable before anything leaves is host.c's to see.)
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/history.h"
#include "tests/sim/liar.h"

enum { LOG_VOTE = 1, LOG_PROPOSED = 2 };        /* consensus/log.c */

/* The log's chain as it was before the step. */
static void chain_advance(struct sim_node *node, struct sr_bytes record)
{
	memcpy(node->chain_tag, record.p + record.n - SR_GCM_TAG, SR_GCM_TAG);
	node->chain_counter++;
}

static void consensus_record(struct sim_node *node, const uint8_t *p, size_t n)
{
	struct consensus_header h;
	struct consensus_vote v;
	struct sr_reader r;
	sr_reader_init(&r, p, n);
	sr_read_u64(&r);        /* the epoch */
	sr_read_u8(&r);         /* the record's version */
	switch (sr_read_u8(&r)) {
	case LOG_VOTE:
		consensus_vote_read(&v, &r);
		if (r.error == SR_OK && v.voter == sim_place(node, v.epoch))
			sim_history_logged(node, v.kind, v.epoch, v.slot, &v.hash);
		break;
	case LOG_PROPOSED: {
		consensus_header_read(&h, &r);
		struct sr_hash32 hash = consensus_header_hash(&h);
		if (r.error == SR_OK)
			sim_history_logged(node, HISTORY_PROPOSED, h.epoch, h.slot, &hash);
		break;
	}
	default:
		break;
	}
}

static void persisted(struct sim_node *node, const struct enclave_effect *fx)
{
	uint8_t aad[24], *plain;
	size_t n;
	memcpy(aad, node->chain_tag, SR_GCM_TAG);
	for (size_t i = 0; i < 8; i++)
		aad[16 + i] = (uint8_t)(node->chain_counter >> (8 * i));
	if (seal_open(&plain, &n, &node->core->keys->log, aad, sizeof aad, fx->a.p, fx->a.n)
	    != SR_OK) {
		sim_violate(node->sim, "I6: node %u: a log record that does not follow the last",
		    node->index);
		return;
	}
	chain_advance(node, fx->a);
	if (n > 0 && plain[0] == CORE_LOG_CONSENSUS && fx->number != 0)
		consensus_record(node, plain + 1, n - 1);
	free(plain);
}

static void own_proposal(struct sim_node *node, const uint8_t *msg, size_t n)
{
	struct consensus_header h;
	struct sr_bytes rest;
	struct sr_reader r;
	uint64_t epoch;
	uint8_t kind;
	if (!sim_envelope_consensus(&kind, &epoch, &rest, msg, n) || kind != CONS_PROPOSE)
		return;
	sr_reader_init(&r, rest.p, rest.n);
	consensus_header_read(&h, &r);
	struct sr_hash32 hash = consensus_header_hash(&h);
	if (r.error == SR_OK && h.author == sim_place(node, h.epoch) &&
	    !sim_history_has(node, HISTORY_PROPOSED, h.epoch, h.slot, &hash))
		sim_violate(node->sim, "I6: node %u proposed in slot %llu before it was durable",
		    node->index, (unsigned long long)h.slot);
}

static void sent(struct sim_node *node, const struct enclave_effect *fx)
{
	struct consensus_vote votes[SIM_VOTES_MAX];
	size_t n = sim_envelope_votes(votes, fx->a.p, fx->a.n);
	for (size_t i = 0; i < n; i++)
		if (votes[i].voter == sim_place(node, votes[i].epoch) &&
		    !sim_history_has(node, votes[i].kind, votes[i].epoch, votes[i].slot,
			&votes[i].hash))
			sim_violate(node->sim,
			    "I6: node %u's vote in slot %llu was sent before it was durable",
			    node->index, (unsigned long long)votes[i].slot);
	own_proposal(node, fx->a.p, fx->a.n);
}

void sim_step_before(struct sim_node *node)
{
	sim_liar_before(node);
	memcpy(node->chain_tag, node->core->log_tag, sizeof node->chain_tag);
	node->chain_counter = node->core->log_counter;
}

void sim_step_after(struct sim_node *node)
{
	bool fresh_log = false;
	sim_liar_after(node);
	sim_twins_step(node);
	for (size_t i = 0; i < node->effects.n && !node->liar; i++) {
		const struct enclave_effect *fx = &node->effects.list[i];
		/* The chain begins anew; what else this step appends can't be followed. */
		if (fx->kind == ENCLAVE_FX_CHECKPOINT)
			fresh_log = true;
		else if (fx->kind == ENCLAVE_FX_PERSIST && !fresh_log)
			persisted(node, fx);
		else if (fx->kind == ENCLAVE_FX_SEND && !fresh_log)
			sent(node, fx);
		node->sim->i6_looks += fx->kind == ENCLAVE_FX_SEND;
	}
}
