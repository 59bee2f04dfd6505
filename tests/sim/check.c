/* The invariants of DESIGN 11 that are watched from outside the cores, on every event. */
#include <stdlib.h>
#include <string.h>

#include "consensus/internal.h"
#include "tests/sim/envelope.h"
#include "tests/sim/sim.h"

/* I1: no conflicting finals. I4: equal roots. I5: time rises, and is no further ahead than the best
 * clock + 500 ms. */
void sim_check_block(struct sim_node *node, uint64_t height, const uint8_t *bytes, size_t n)
{
	struct sim *s = node->sim;
	struct consensus_header h;
	struct sr_reader r;
	sr_reader_init(&r, bytes, n);
	consensus_header_read(&h, &r);
	if (sr_reader_finish(&r) != SR_OK || h.height != height || height >= SIM_HEIGHTS_MAX) {
		sim_violate(s, "node %u: a final header that does not parse", node->index);
		return;
	}
	struct sr_hash32 hash = consensus_header_hash(&h);
	if (height <= node->final_height && node->final_height != 0 && node->ready)
		sim_violate(s, "I4: node %u finalised height %llu again", node->index,
		    (unsigned long long)height);
	node->final_height = height;
	if (s->final_known[height]) {
		if (!sr_hash32_equal(&hash, &s->final_hash[height]))
			sim_violate(s, "I1: two final blocks at height %llu (node %u)",
			    (unsigned long long)height, node->index);
		return;
	}
	s->final_known[height] = true;
	s->final_hash[height] = hash;
	s->final_pre_root[height] = h.pre_state_root;
	s->final_time_ms[height] = h.time_ms;
	sim_trace(s, hash.b, sizeof hash.b);
	if (height > s->final_top)
		s->final_top = height;
	if (height > 1 && s->final_known[height - 1] && h.time_ms <= s->final_time_ms[height - 1])
		sim_violate(
		    s, "I5: block time did not rise at height %llu", (unsigned long long)height);
	/* Clocks differ by at most 200 ms here, either way. */
	if (h.time_ms > sim_now_ms(s) + 500 + 200)
		sim_violate(s, "I5: a final block %llu ms ahead of every good clock",
		    (unsigned long long)(h.time_ms - sim_now_ms(s)));
	sim_say(s, "node %u: final %llu slot %llu author %u", node->index,
	    (unsigned long long)height, (unsigned long long)h.slot, h.author);
}

static bool exclusive(const struct consensus_vote *a, const struct consensus_vote *b)
{
	if (a->kind == b->kind)
		return a->kind != CONSENSUS_SKIP && !sr_hash32_equal(&a->hash, &b->hash);
	return a->kind != CONSENSUS_NOTAR && b->kind != CONSENSUS_NOTAR; /* SKIP with FINAL */
}

/* I2: no honest double vote, over all restarts of the member. */
static void check_vote(struct sim_node *node, const struct consensus_vote *v)
{
	struct sim *s = node->sim;
	if (v->voter != node->index || node->liar)
		return; /* somebody else's, passed on */
	for (size_t i = s->votes_n; i-- > 0;) {
		const struct consensus_vote *w = &s->votes[i].vote;
		if (s->votes[i].voter != v->voter || w->epoch != v->epoch || w->slot != v->slot)
			continue;
		if (w->kind == v->kind && sr_hash32_equal(&w->hash, &v->hash))
			return;
		if (exclusive(w, v)) {
			sim_violate(s, "I2: member %u voted twice in slot %llu", v->voter,
			    (unsigned long long)v->slot);
			return;
		}
	}
	if (s->votes_n == s->votes_capacity) {
		s->votes_capacity = s->votes_capacity * 2 + 1024;
		s->votes = realloc(s->votes, s->votes_capacity * sizeof *s->votes);
		SR_ASSERT(s->votes != NULL);
	}
	/* Old slots are never voted in again; keep the newest few thousand. */
	if (s->votes_n > 6000) {
		memmove(s->votes, s->votes + 3000, (s->votes_n - 3000) * sizeof *s->votes);
		s->votes_n -= 3000;
	}
	s->votes[s->votes_n].used = true;
	s->votes[s->votes_n].voter = v->voter;
	s->votes[s->votes_n++].vote = *v;
}

void sim_check_send(struct sim_node *node, const uint8_t *msg, size_t n)
{
	struct sim *s = node->sim;
	struct consensus_vote votes[SIM_VOTES_MAX];
	if (n > SR_BLOCK_MAX + 256 * 1024)
		sim_violate(s, "I11: a message of %zu bytes", n);
	sim_liar_see(s, msg, n);
	size_t votes_n = sim_envelope_votes(votes, msg, n);
	for (size_t i = 0; i < votes_n; i++)
		check_vote(node, &votes[i]);
	/* I6: what is visible was durable first: nothing that asked for a sync is still loose. */
	if (node->disk.log_durable > node->disk.log_n)
		sim_violate(s, "I6: the log lost what was durable");
}

/* I4: a state root is what the next header says it is. I11: effects of a step stay bounded. */
void sim_check_step(struct sim_node *node)
{
	struct sim *s = node->sim;
	const struct consensus *c = node->core != NULL ? enclave_core_consensus(node->core) : NULL;
	if (c == NULL)
		return;
	struct consensus_status st;
	consensus_status_get(&st, c);
	uint64_t next = st.final_height + 1;
	if (next < SIM_HEIGHTS_MAX && s->final_known[next] && sim_chance(s, 20)) {
		struct sr_hash32 root = vault_tree_root(enclave_core_final_state(node->core));
		if (!sr_hash32_equal(&root, &s->final_pre_root[next]))
			sim_violate(s, "I4: node %u has another state root after height %llu",
			    node->index, (unsigned long long)st.final_height);
	}
	if (node->effects.capacity > 65536)
		sim_violate(s, "I11: %zu effects in one step", node->effects.capacity);
}

/* I12: after healing everybody follows. I9, I13: what was acknowledged is on every member. */
void sim_check_end(struct sim *s)
{
	if (!sim_users_done(s))
		sim_violate(s, "I12: the users' requests were not all answered after healing");
	uint64_t rotations = 3ull * s->n;
	for (uint32_t i = 0; i < s->n; i++) {
		struct consensus_status st;
		if (s->nodes[i].liar)
			continue;
		if (s->nodes[i].core == NULL) {
			sim_violate(s, "I12: node %u is down after healing", i);
			return;
		}
		consensus_status_get(&st, enclave_core_consensus(s->nodes[i].core));
		if (st.recovering)
			sim_violate(s, "I12: node %u recovers for ever", i);
		if (st.final_height + rotations < s->final_top)
			sim_violate(s, "I12: node %u stayed behind: %llu of %llu", i,
			    (unsigned long long)st.final_height, (unsigned long long)s->final_top);
		sim_users_check(s, enclave_core_final_state(s->nodes[i].core));
	}
}
