/* What concerns keys and shares: I7, I8, I10. The cores are in our memory, so their shares can be
 * put together. */
#include <stdlib.h>
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

/* An epoch as the first honest node that was in it saw it, and its shares. */
struct sim_epoch {
	struct epoch_record record;
	struct sr_hash32 root;
	bool have[SR_MEMBERS_MAX], looked;
	struct sr_scalar shares[SR_MEMBERS_MAX];    /* by index */
	uint32_t shares_n;
};

void sim_epochs_clear(struct sim *s)
{
	for (uint32_t i = 0; i < SIM_EPOCHS_MAX; i++)
		free(s->epochs[i]);
	s->newest = NULL;
}

bool sim_member_now(const struct sim_node *node)
{
	const struct sim *s = node->sim;
	if (s->newest == NULL)
		return node->index < s->n;
	return epoch_record_id(s->newest, &node->id) != EPOCH_NOBODY;
}

static struct sim_epoch *epoch_new(struct sim *s, const struct epoch_record *record)
{
	struct sim_epoch *e = calloc(1, sizeof *e);
	SR_ASSERT(e != NULL);
	e->record = *record;
	e->root = epoch_record_root(record);
	s->epochs[record->epoch] = e;
	if (s->newest == NULL || record->epoch > s->newest->epoch)
		s->newest = &e->record;
	for (uint32_t i = 0; i < s->people; i++)
		if (s->nodes[i].gone && !s->nodes[i].liar && sim_member_now(&s->nodes[i]))
			sim_violate(s, "I10: node %u has ended itself and is in epoch %llu", i,
			    (unsigned long long)record->epoch);
	return e;
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
	if (s->epochs[record->epoch] == NULL)
		(void)epoch_new(s, record);
	if (!sr_hash32_equal(&root, &s->epochs[record->epoch]->root))
		sim_violate(s, "I10: node %u has another roster of epoch %llu", node->index,
		    (unsigned long long)record->epoch);
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
	for (uint32_t i = 0; i < s->people; i++) {
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
	for (uint32_t i = 0; i < s->people; i++) {
		const struct sim_node *node = &s->nodes[i];
		if (node->liar || node->core == NULL || !node->core->keys->now.has_share ||
		    node->core->keys->now.epoch != epoch ||
		    node->core->now == NULL || node->core->now->record.epoch != epoch)
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

/* Do these shares of an epoch, as many as listed, give its vault key? */
static bool list_gives(const struct sim_epoch *e, const struct sr_scalar *const *shares,
    const uint32_t *places, uint32_t n)
{
	struct shamir_index set[SR_MEMBERS_MAX];
	struct sr_scalar list[SR_MEMBERS_MAX], x;
	struct sr_point key;
	for (uint32_t i = 0; i < n; i++) {
		set[i].v = places[i] + 1;
		list[i] = *shares[i];
	}
	if (shamir_interpolate(&x, set, list, n) != SR_OK)
		return false;
	sr_point_base_mul(&key, &x);
	return memcmp(key.b, e->record.vault_key, sizeof key.b) == 0;
}

/* Some of this epoch and some of the one before, by chance; each place once. */
static void mixed_look(struct sim *s, const struct sim_epoch *e, const struct sim_epoch *before)
{
	const struct sr_scalar *shares[SR_MEMBERS_MAX] = { NULL };
	uint32_t places[SR_MEMBERS_MAX] = { 0 }, n = 0, old = 0;
	for (uint32_t i = 0; i < SR_MEMBERS_MAX && n < e->record.threshold; i++) {
		if (!e->have[i] && !before->have[i])
			continue;
		bool new = e->have[i] && (!before->have[i] || (n - old > 0 && sim_chance(s, 500)) ||
		    (n == old && n + 1 == e->record.threshold));
		shares[n] = new ? &e->shares[i] : &before->shares[i];
		places[n++] = i;
		old += !new;
	}
	if (n < e->record.threshold || old == 0 || old == n)
		return;
	if (list_gives(e, shares, places, n))
		sim_violate(s, "I7: shares of epochs %llu and %llu together give the vault key",
		    (unsigned long long)before->record.epoch, (unsigned long long)e->record.epoch);
	s->i7_looks++;
}

/* Enough honest members are in it: t give the key, which is the one of all epochs, t - 1 do not,
 * nor do mixed ones. */
static void epoch_look(struct sim *s, const struct sim_epoch *e)
{
	const struct sr_scalar *shares[SR_MEMBERS_MAX] = { NULL };
	uint32_t places[SR_MEMBERS_MAX] = { 0 }, n = 0;
	const struct sim_epoch *before =
	    e->record.epoch > 1 ? s->epochs[e->record.epoch - 1] : NULL;
	for (uint32_t i = 0; i < e->record.n && n < e->record.threshold; i++)
		if (e->have[i]) {
			places[n] = i;
			shares[n++] = &e->shares[i];
		}
	if (!list_gives(e, shares, places, n))
		sim_violate(s, "I7: %u shares of epoch %llu do not give the vault key", n,
		    (unsigned long long)e->record.epoch);
	if (n > 1 && list_gives(e, shares, places, n - 1))
		sim_violate(s, "I7: %u shares of epoch %llu give the vault key", n - 1,
		    (unsigned long long)e->record.epoch);
	s->i7_looks++;
	for (uint64_t i = 1; i < e->record.epoch; i++)
		if (s->epochs[i] != NULL && memcmp(s->epochs[i]->record.vault_key,
		    e->record.vault_key, sizeof e->record.vault_key) != 0)
			sim_violate(s, "I7: epoch %llu has another vault key than epoch %llu",
			    (unsigned long long)e->record.epoch, (unsigned long long)i);
	if (before != NULL)
		mixed_look(s, e, before);
}

void sim_check_shares(struct sim_node *node)
{
	struct sim *s = node->sim;
	const struct core_epoch_keys *keys = &node->core->keys->now;
	struct sim_epoch *e = keys->epoch < SIM_EPOCHS_MAX ? s->epochs[keys->epoch] : NULL;
	uint32_t place = e == NULL ? EPOCH_NOBODY : epoch_record_id(&e->record, &node->id);
	struct sr_point key;
	if (!keys->has_share || place == EPOCH_NOBODY || node->share_epoch == keys->epoch + 1)
		return;
	node->share_epoch = keys->epoch + 1;
	sr_point_base_mul(&key, &keys->share);
	if (memcmp(key.b, e->record.members[place].verify_key, sizeof key.b) != 0)
		sim_violate(s, "I7: node %u's share of epoch %llu is not the roster's", node->index,
		    (unsigned long long)keys->epoch);
	e->shares_n += !e->have[place];
	e->have[place] = true;
	e->shares[place] = keys->share;
	if (e->shares_n >= e->record.threshold && !e->looked) {
		e->looked = true;
		epoch_look(s, e);
	}
}

/* --- I8 --- */

/* How many others it has heard of in the time in which heads are fresh. */
static uint32_t heard_lately(const struct sim_node *node)
{
	const struct sim *s = node->sim;
	uint32_t count = 0;
	for (uint32_t i = 0; i < s->people; i++)
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
