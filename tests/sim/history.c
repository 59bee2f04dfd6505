/*
 * I2: no honest member votes twice, over all its restarts. I3: certified chains are closed: when a
 * block is notarised, its parent is, and each slot between has a SKIP certificate.
 */
#include "tests/sim/history.h"

#include <stdlib.h>
#include <string.h>

#include "consensus/internal.h"

#define EPOCHS 4u
#define WINDOW 2048u                    /* slots of an epoch */
#define BLOCKS 3u                       /* notarised in one slot: more than one breaks I1 */

struct ballot {
	uint8_t voted, logged;          /* bit 1 << kind */
	struct sr_hash32 notar, final, proposed;
};

struct history_slot {
	uint64_t epoch, slot;
	bool used, skipped;
	struct sr_hash32 notarised[BLOCKS];
	bool looked[BLOCKS];            /* at its parent and its gap */
	unsigned notarised_n;
	struct ballot *ballots;
};

struct sim_history { struct history_slot slots[EPOCHS * WINDOW]; };

void sim_history_clear(struct sim *s)
{
	for (size_t i = 0; s->history != NULL && i < EPOCHS * WINDOW; i++)
		free(s->history->slots[i].ballots);
	free(s->history);
	s->history = NULL;
}

/* NULL: its place was taken by a newer slot. */
static struct history_slot *slot_of(struct sim *s, uint64_t epoch, uint64_t slot)
{
	if (s->history == NULL) {
		s->history = calloc(1, sizeof *s->history);
		SR_ASSERT(s->history != NULL);
	}
	struct history_slot *h = &s->history->slots[epoch % EPOCHS * WINDOW + slot % WINDOW];
	if (h->used && h->epoch == epoch && h->slot == slot)
		return h;
	if (h->used && (h->epoch > epoch || (h->epoch == epoch && h->slot > slot)))
		return NULL;
	free(h->ballots);
	*h = (struct history_slot){ .used = true, .epoch = epoch, .slot = slot };
	h->ballots = calloc(s->people, sizeof *h->ballots);
	SR_ASSERT(h->ballots != NULL);
	return h;
}

static struct sr_hash32 *hash_of(struct ballot *b, unsigned kind)
{
	return kind == CONSENSUS_NOTAR ? &b->notar
	    : kind == CONSENSUS_FINAL  ? &b->final
	    : kind == HISTORY_PROPOSED ? &b->proposed
				       : NULL;
}

void sim_history_logged(struct sim_node *node, unsigned kind, uint64_t epoch, uint64_t slot,
    const struct sr_hash32 *hash)
{
	struct history_slot *h = slot_of(node->sim, epoch, slot);
	if (h == NULL)
		return;
	struct ballot *b = &h->ballots[node->index];
	b->logged = (uint8_t)(b->logged | 1u << kind);
	if (hash_of(b, kind) != NULL)
		*hash_of(b, kind) = *hash;
}

bool sim_history_has(struct sim_node *node, unsigned kind, uint64_t epoch, uint64_t slot,
    const struct sr_hash32 *hash)
{
	struct history_slot *h = slot_of(node->sim, epoch, slot);
	if (h == NULL)
		return true;
	struct ballot *b = &h->ballots[node->index];
	return (b->logged >> kind & 1) != 0 &&
	    (hash_of(b, kind) == NULL || sr_hash32_equal(hash_of(b, kind), hash));
}

void sim_history_vote(struct sim_node *node, const struct consensus_vote *v)
{
	struct sim *s = node->sim;
	if (v->voter != sim_place(node, v->epoch) || node->liar)
		return; /* somebody else's, passed on */
	struct history_slot *h = slot_of(s, v->epoch, v->slot);
	if (h == NULL)
		return;
	struct ballot *b = &h->ballots[node->index];
	struct sr_hash32 *hash = hash_of(b, v->kind);
	bool again = (b->voted >> v->kind & 1) != 0;
	b->voted = (uint8_t)(b->voted | 1u << v->kind);
	/* What was logged first has set the hash already. */
	bool known = again || (b->logged >> v->kind & 1) != 0;
	if ((known && hash != NULL && !sr_hash32_equal(hash, &v->hash)) ||
	    ((b->voted >> CONSENSUS_SKIP & 1) != 0 && (b->voted >> CONSENSUS_FINAL & 1) != 0))
		sim_violate(s, "I2: member %u voted twice in slot %llu", node->index,
		    (unsigned long long)v->slot);
	if (hash != NULL)
		*hash = v->hash;
}

/* --- I3 --- */

static bool notarised(struct sim *s, uint64_t epoch, uint64_t slot, const struct sr_hash32 *hash)
{
	struct history_slot *h = slot_of(s, epoch, slot);
	bool found = h == NULL || slot == 0;
	for (unsigned i = 0; !found && i < h->notarised_n; i++)
		found = sr_hash32_equal(&h->notarised[i], hash);
	return found;
}

static bool skipped(struct sim *s, uint64_t epoch, uint64_t slot)
{
	struct history_slot *h = slot_of(s, epoch, slot);
	return h == NULL || h->skipped;
}

static void chain_look(struct sim_node *node, const struct consensus_header *h)
{
	struct sim *s = node->sim;
	if (!notarised(s, h->epoch, h->parent_slot, &h->parent_hash))
		sim_violate(s, "I3: the block of slot %llu is notarised and its parent is not",
		    (unsigned long long)h->slot);
	for (uint64_t slot = h->parent_slot + 1; slot < h->slot; slot++)
		if (!skipped(s, h->epoch, slot))
			sim_violate(s, "I3: the block of slot %llu leaves out slot %llu",
			    (unsigned long long)h->slot, (unsigned long long)slot);
}

static void notarised_add(struct sim_node *node, const struct consensus *c, uint64_t slot)
{
	const struct consensus_cert *cert = cons_cert_of(c, CONSENSUS_NOTAR, slot);
	struct history_slot *h = slot_of(node->sim, c->config.epoch, slot);
	unsigned i = 0;
	if (cert == NULL || h == NULL)
		return;
	while (i < h->notarised_n && !sr_hash32_equal(&h->notarised[i], &cert->hash))
		i++;
	if (i == BLOCKS)
		return;
	if (i == h->notarised_n) {
		h->notarised[h->notarised_n++] = cert->hash;
		if (h->notarised_n > 1)
			sim_violate(node->sim, "I1: two notarised blocks in slot %llu",
			    (unsigned long long)slot);
	}
	const struct cons_block *b = cons_tree_find(c, slot, &cert->hash);
	if (b == NULL || b->stump || h->looked[i])
		return;
	h->looked[i] = true;
	chain_look(node, &b->header);
}

void sim_history_certs(struct sim_node *node)
{
	const struct consensus *c = enclave_core_consensus(node->core);
	uint64_t slot = c->final.slot > 2 ? c->final.slot - 2 : 1;
	/* SKIPs first: a block may come with those of its gap. */
	for (uint64_t at = slot; at <= c->highest_slot; at++) {
		struct history_slot *h = slot_of(node->sim, c->config.epoch, at);
		if (h != NULL && cons_cert_of(c, CONSENSUS_SKIP, at) != NULL)
			h->skipped = true;
	}
	for (; slot <= c->highest_slot; slot++)
		notarised_add(node, c, slot);
}
