/* The invariants of DESIGN 11 that are watched from outside the cores, on every event. */
#include <stdlib.h>
#include <string.h>

#include "consensus/internal.h"
#include "enclave/internal.h"
#include "tests/sim/envelope.h"
#include "tests/sim/history.h"
#include "tests/sim/sim.h"

static uint64_t best_clock(const struct sim *s)
{
	uint64_t best = 0;
	for (uint32_t i = 0; i < s->people; i++)
		if (!s->nodes[i].liar && sim_node_now_ms(&s->nodes[i]) > best)
			best = sim_node_now_ms(&s->nodes[i]);
	return best;
}

/* I3: a final block's parent is final. I9: the switches' clock, reckoned a second time. */
static void final_closed(struct sim *s, const struct consensus_header *h)
{
	uint64_t before = h->height - 1, dt = 0;
	if (h->height == 0 || !s->final_known[before]) {
		s->final_uptime_ms[h->height] = 0;
		if (h->height > 1)
			sim_violate(s, "I3: height %llu is final and the one before is not",
			    (unsigned long long)h->height);
		return;
	}
	/* The first block of an epoch stands on its genesis. */
	if (h->parent_slot != 0 && !sr_hash32_equal(&h->parent_hash, &s->final_hash[before]))
		sim_violate(s, "I3: the parent of the final block at height %llu is not final",
		    (unsigned long long)h->height);
	if (h->time_ms > s->final_time_ms[before])
		dt = h->time_ms - s->final_time_ms[before];
	if ((h->flags & CONSENSUS_INGRESS_OK) == 0)
		dt = 0;
	s->final_uptime_ms[h->height] = s->final_uptime_ms[before] +
	    (dt < VAULT_UPTIME_STEP_MAX_MS ? dt : VAULT_UPTIME_STEP_MAX_MS);
}

/* I12: from when all honest members are up and vote again, finality within three rotations. */
static void turn_look(struct sim_node *node, const struct consensus_header *h)
{
	struct sim *s = node->sim;
	struct consensus_status st;
	if (!s->turn_known || s->turn_done || node->liar)
		return;
	consensus_status_get(&st, enclave_core_consensus(node->core));
	if (st.epoch != s->turn_epoch)
		s->turn_done = true;
	if (s->turn_done || h->epoch != s->turn_epoch || h->slot <= s->turn_slot)
		return;
	s->turn_done = true;
	if (st.frontier_slot > s->turn_slot + 3ull * node->core->now->record.n + 1)
		sim_violate(s, "I12: no finality in three rotations after healing: slots %llu to "
			       "%llu", (unsigned long long)s->turn_slot,
		    (unsigned long long)st.frontier_slot);
}

static void turn_begin(struct sim *s)
{
	struct consensus_status st;
	uint64_t epoch = 0, slot = 0;
	for (uint32_t i = 0; i < s->people; i++) {
		if (s->nodes[i].liar || !sim_member_now(&s->nodes[i]))
			continue;
		if (s->nodes[i].core == NULL || s->nodes[i].core->now == NULL)
			return;
		consensus_status_get(&st, enclave_core_consensus(s->nodes[i].core));
		if (st.recovering)
			return;
		if (st.epoch > epoch)
			slot = 0;
		epoch = st.epoch > epoch ? st.epoch : epoch;
		if (st.epoch == epoch && st.frontier_slot > slot)
			slot = st.frontier_slot;
	}
	s->turn_known = true;
	s->turn_epoch = epoch;
	s->turn_slot = slot;
}

/* All members' shares of what comes early together, or their least ones. */
static bool ahead_too_much(const struct enclave_core *core)
{
	size_t n = core->now != NULL ? core->now->record.n : 0;
	size_t most = n * CORE_AHEAD_LEAST, bytes = n * CORE_AHEAD_BYTES_LEAST;

	return core->ahead_n > (most > CORE_AHEAD_MAX ? most : CORE_AHEAD_MAX) ||
	    core->ahead_bytes > (bytes > CORE_AHEAD_BYTES_MAX ? bytes : CORE_AHEAD_BYTES_MAX);
}

/* I11: what a member keeps for others stays within its limits. */
static void check_limits(struct sim_node *node, const struct consensus *c)
{
	const struct enclave_core *core = node->core;
	if (node->effects.capacity > 65536)
		sim_violate(node->sim, "I11: %zu effects in one step", node->effects.capacity);
	if (c->unverified_bytes > CONS_UNVERIFIED_BYTES + SR_BLOCK_MAX ||
	    ahead_too_much(core) || core->clients_n > CORE_CLIENTS_MAX ||
	    pool_count(core->pool) > CORE_POOL_MAX)
		sim_violate(node->sim, "I11: node %u keeps more than it may", node->index);
}

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
	final_closed(s, &h);
	sim_trace(s, hash.b, sizeof hash.b);
	if (height > s->final_top)
		s->final_top = height;
	if (height > 1 && s->final_known[height - 1] && h.time_ms <= s->final_time_ms[height - 1])
		sim_violate(
		    s, "I5: block time did not rise at height %llu", (unsigned long long)height);
	if (h.time_ms > best_clock(s) + 500)
		sim_violate(s, "I5: a final block %llu ms ahead of every good clock",
		    (unsigned long long)(h.time_ms - sim_now_ms(s)));
	turn_look(node, &h);
	sim_say(s, "node %u: final %llu slot %llu author %u", node->index,
	    (unsigned long long)height, (unsigned long long)h.slot, h.author);
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
		sim_history_vote(node, &votes[i]);
}

/* I4: a state root is what the next header says it is. I11: effects of a step stay bounded. */
void sim_check_step(struct sim_node *node)
{
	struct sim *s = node->sim;
	const struct consensus *c = node->core != NULL ? enclave_core_consensus(node->core) : NULL;
	if (c == NULL)
		return;
	uint64_t next = c->final.height + 1;
	if (next < SIM_HEIGHTS_MAX && s->final_known[next] && sim_chance(s, 20)) {
		struct sr_hash32 root = vault_tree_root(enclave_core_final_state(node->core));
		if (!sr_hash32_equal(&root, &s->final_pre_root[next]))
			sim_violate(s, "I4: node %u has another state root after height %llu",
			    node->index, (unsigned long long)c->final.height);
	}
	check_limits(node, c);
	sim_history_certs(node);
	if (!node->liar) {
		sim_check_roster(node);
		sim_check_shares(node);
	}
	if (s->healed && !s->turn_known)
		turn_begin(s);
}

/* One member of the f can hold a change up; without any, what is due is done after healing. */
bool sim_check_undone(const struct sim_node *node)
{
	const struct sim *s = node->sim;
	if (!s->changes)
		return false;
	for (uint32_t i = 0; i < s->faulty_n; i++)
		if (sim_member_now(&s->nodes[s->faulty[i]]))
			return false;
	return node->core->now->record.epoch != s->newest->epoch ||
	    sim_change_due(enclave_core_final_state(node->core), s->newest);
}

/* I12: after healing everybody follows. I9, I13: what was acknowledged is on every member. */
void sim_check_end(struct sim *s)
{
	if (!sim_users_done(s))
		sim_violate(s, "I12: the users' requests were not all answered after healing");
	uint64_t rotations = 3ull * s->n;
	sim_check_vault_key(s);
	if (!s->turn_known || !s->turn_done)
		sim_violate(s, "I12: nothing became final after healing");
	for (uint32_t i = 0; i < s->people; i++) {
		struct consensus_status st;
		if (s->nodes[i].liar || !sim_member_now(&s->nodes[i]))
			continue;
		if (s->nodes[i].core == NULL || s->nodes[i].core->now == NULL) {
			sim_violate(s, "I12: node %u is down after healing", i);
			return;
		}
		consensus_status_get(&st, enclave_core_consensus(s->nodes[i].core));
		if (st.recovering)
			sim_violate(s, "I12: node %u recovers for ever", i);
		if (st.final_height + rotations < s->final_top ||
		    st.final_height < s->acknowledged_height)
			sim_violate(s, "I12: node %u stayed behind: %llu of %llu", i,
			    (unsigned long long)st.final_height, (unsigned long long)s->final_top);
		if (sim_check_undone(&s->nodes[i]))
			sim_violate(s, "I12: a change of the roster is due for ever (node %u)", i);
		sim_users_check(s, enclave_core_final_state(s->nodes[i].core));
	}
}
