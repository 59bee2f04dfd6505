/* What concerns keys and shares: I7, I8, I10. The cores are in our memory, so their shares can be
 * put together. */
#include <string.h>

#include "enclave/internal.h"
#include "tests/sim/sim.h"

uint32_t sim_place(const struct sim_node *node, uint64_t epoch)
{
	const struct enclave_core *core = node->core;
	if (core != NULL && core->now != NULL && core->now->record.epoch == epoch)
		return core->now->self;
	if (core != NULL && core->old != NULL && core->old->record.epoch == epoch)
		return core->old->self;
	return node->index;
}

/* I10: one roster per epoch. */
void sim_check_roster(struct sim_node *node)
{
	struct sim *s = node->sim;
	const struct epoch_record *record = enclave_core_epoch(node->core);
	if (record == NULL || record->epoch >= SIM_EPOCHS_MAX ||
	    node->roster_epoch == record->epoch + 1)
		return;
	struct sr_hash32 root = epoch_record_root(record);
	node->roster_epoch = record->epoch + 1;
	if (s->roster_known[record->epoch] &&
	    !sr_hash32_equal(&root, &s->rosters[record->epoch]))
		sim_violate(s, "I10: node %u has another roster of epoch %llu", node->index,
		    (unsigned long long)record->epoch);
	s->roster_known[record->epoch] = true;
	s->rosters[record->epoch] = root;
}

/* --- I7 --- */

/* Does x, interpolated from these members' shares, belong to the vault key? */
static bool shares_give(struct sim *s, const uint32_t *members, uint32_t n)
{
	struct shamir_index set[SIM_NODES_MAX];
	struct sr_scalar shares[SIM_NODES_MAX], x;
	struct sr_point key;
	const struct epoch_record *record = enclave_core_epoch(s->nodes[members[0]].core);
	for (uint32_t i = 0; i < n; i++) {
		set[i].v = s->nodes[members[i]].core->now->self + 1;
		shares[i] = s->nodes[members[i]].core->keys->now.share;
	}
	if (shamir_interpolate(&x, set, shares, n) != SR_OK)
		return false;
	sr_point_base_mul(&key, &x);
	return memcmp(key.b, record->vault_key, sizeof key.b) == 0;
}

/* Shares of two epochs are of two polynomials: those of the newest. */
static uint64_t newest_epoch(const struct sim *s)
{
	uint64_t newest = 0;
	for (uint32_t i = 0; i < s->n; i++) {
		const struct enclave_core *core = s->nodes[i].core;
		if (core != NULL && !s->nodes[i].liar && core->keys->now.epoch > newest)
			newest = core->keys->now.epoch;
	}
	return newest;
}

/* Honest members that have a share of this epoch, in an order by chance. */
static uint32_t holders(struct sim *s, uint32_t list[SIM_NODES_MAX])
{
	uint32_t n = 0;
	uint64_t epoch = newest_epoch(s);
	for (uint32_t i = 0; i < s->n; i++) {
		const struct sim_node *node = &s->nodes[i];
		if (node->liar || node->core == NULL || !node->core->keys->now.has_share ||
		    node->core->keys->now.epoch != epoch)
			continue;
		uint32_t at = (uint32_t)sim_below(s, n + 1);
		list[n++] = list[at];
		list[at] = i;
	}
	return n;
}

void sim_check_vault_key(struct sim *s)
{
	uint32_t list[SIM_NODES_MAX] = { 0 }, n = holders(s, list);
	uint32_t t = n == 0 ? 0 : enclave_core_epoch(s->nodes[list[0]].core)->threshold;
	if (n == 0 || n < t)
		return; /* the genesis was not over */
	for (int tries = 0; tries < 3; tries++) {
		if (!shares_give(s, list, t))
			sim_violate(s, "I7: %u honest shares do not give the vault key", t);
		if (t > 1 && shares_give(s, list, t - 1))
			sim_violate(s, "I7: %u shares give the vault key", t - 1);
		(void)holders(s, list);
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct enclave_core *core = s->nodes[list[i]].core;
		const struct epoch_record *record = enclave_core_epoch(core);
		struct sr_point key;
		sr_point_base_mul(&key, &core->keys->now.share);
		if (memcmp(key.b, record->members[core->now->self].verify_key, sizeof key.b) != 0)
			sim_violate(s, "I7: node %u's share is not the roster's", list[i]);
	}
}

/* --- I8 --- */

/* How many others it has heard of in the time in which heads are fresh. */
static uint32_t heard_lately(const struct sim_node *node)
{
	const struct sim *s = node->sim;
	uint32_t count = 0;
	for (uint32_t i = 0; i < s->n; i++)
		count += i != node->index && node->heard_us[i] > 0 &&
		    node->heard_us[i] + (CORE_HEADS_MS + 100u) * 1000u >= s->now_us;
	return count;
}

void sim_check_release(struct sim_node *node, const struct sr_hash32 *ticket,
    const struct vault_account *requester, const struct sr_xpk *to)
{
	struct sim *s = node->sim;
	struct vault_ticket t;
	if (node->liar)
		return;
	if (vault_ticket_find(&t, enclave_core_final_state(node->core), ticket) != SR_OK) {
		sim_violate(s, "I8: node %u gave a share without a final ticket", node->index);
		return;
	}
	if (!vault_account_equal(&t.requester, requester) ||
	    memcmp(t.to.b, to->b, sizeof to->b) != 0)
		sim_violate(s, "I8: node %u gave a share for another's ticket", node->index);
	if (node->core->final->header.height <= t.height || !s->final_known[t.height + 1])
		sim_violate(s, "I8: node %u gave a share before the state was agreed on",
		    node->index);
	if (heard_lately(node) < consensus_faults(enclave_core_epoch(node->core)->n) + 1)
		sim_violate(s, "I8: node %u gave a share while it heard nobody", node->index);
}
