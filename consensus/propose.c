/* consensus/propose.c - the author of the frontier slot proposes on the highest notarised block. */
#include "consensus/internal.h"

#define PROPOSE_MAX CONSENSUS_MESSAGE_MAX

/* The highest notarised block below the slot with a SKIP certificate for every slot between. */
static struct cons_block *parent_find(const struct consensus *self, uint64_t slot)
{
	while (--slot > self->top_slot) {
		const struct consensus_cert *notar = cons_cert_of(self, CONSENSUS_NOTAR, slot);

		if (notar != NULL) {
			struct cons_block *b = cons_tree_find(self, slot, &notar->hash);

			if (b != NULL && b->validity == CONS_VALID)
				return b;
		}
		if (cons_cert_of(self, CONSENSUS_SKIP, slot) == NULL)
			return NULL;
	}
	return self->top_slot == self->final.slot ?
	    cons_tree_find(self, self->final.slot, &self->final.hash) : NULL;
}

static const struct consensus_cert *parent_cert(const struct consensus *self,
    const struct cons_block *parent)
{
	const struct consensus_cert *notar = cons_cert_of(
	    self, CONSENSUS_NOTAR, parent->header.slot);

	if (notar != NULL && sr_hash32_equal(&notar->hash, &parent->hash))
		return notar;
	return cons_cert_of(self, CONSENSUS_FINAL, parent->header.slot);
}

static uint64_t slot_min_ms(const struct consensus *self)
{
	return self->config.slot_min_ms > 0 ? self->config.slot_min_ms : 1;
}

/*
 * "Responsive: an author with operations waiting may propose as soon as its parent is notarised
 * (slot_min_ms); idle slots keep 300 ms." Paced from the parent's time, so that after an outage
 * no slot is skipped on the wall clock; and never longer than that after the slot began here, so
 * that an author whose clock is behind still proposes in time.
 */
bool cons_propose_due(struct consensus *self, uint64_t *at_ms, struct cons_block **parent)
{
	uint64_t slot = self->frontier, pace_ms = self->config.slot_ms;
	const struct cons_slot *s = cons_slot_find(self, slot);

	if (!cons_may_vote(self) || cons_author(self, slot) != self->config.self ||
	    slot < self->floor || slot > self->top_slot + CONS_AHEAD)
		return false;
	if (s != NULL && (s->own.proposed || s->own.notar))
		return false;
	*parent = parent_find(self, slot);
	if (*parent == NULL)
		return false;
	if (self->ports.has_work(self->ports.ctx))
		pace_ms = slot_min_ms(self);
	*at_ms = (*parent)->header.time_ms + pace_ms;
	if (*at_ms > self->frontier_since_ms + pace_ms)
		*at_ms = self->frontier_since_ms + pace_ms;
	if (*at_ms < self->retry_ms)
		*at_ms = self->retry_ms;
	return true;
}

static void header_begin(const struct consensus *self, struct consensus_header *h,
    const struct cons_block *parent)
{
	const struct consensus_cert *cert = parent_cert(self, parent);

	memset(h, 0, sizeof(*h));
	h->chain_id = self->config.chain_id;
	h->epoch = self->config.epoch;
	h->slot = self->frontier;
	h->height = parent->header.height + 1;
	h->parent_slot = parent->header.slot;
	h->parent_hash = parent->hash;
	h->time_ms = parent->header.time_ms + slot_min_ms(self);
	if (h->time_ms < self->now_ms)
		h->time_ms = self->now_ms;
	h->author = self->config.self;
	if (cert != NULL && consensus_cert_ingress(cert) > self->faults)
		h->flags |= CONSENSUS_INGRESS_OK;
}

static void proposal_send(struct consensus *self, const struct cons_block *block,
    const struct cons_block *parent)
{
	const struct consensus_cert *cert = parent_cert(self, parent);
	uint64_t slot;
	struct sr_writer w;

	sr_writer_init(&w, PROPOSE_MAX);
	cons_message_begin(self, &w, CONS_PROPOSE);
	cons_block_write(&w, block);
	sr_write_bool(&w, cert != NULL);
	if (cert != NULL)
		consensus_cert_write(&w, cert);
	sr_write_u16(&w, (uint16_t)(block->header.slot - parent->header.slot - 1));
	for (slot = parent->header.slot + 1; slot < block->header.slot; slot++)
		consensus_cert_write(&w, cons_cert_of(self, CONSENSUS_SKIP, slot));
	cons_message_send(self, CONSENSUS_ALL, CONSENSUS_CLASS_PROPOSAL, &w);
}

/* DESIGN 4: durable before it is sent, like a vote: two proposals in a slot are a provable
 * fault. */
static enum sr_error proposal_make(struct consensus *self, const struct cons_block *parent,
    const struct consensus_header *h, struct sr_bytes body)
{
	struct cons_block *block;
	struct cons_slot *s;
	enum sr_error error;

	SR_TRY(cons_block_form(self, h, body));
	if (parent->closing && (body.n > 0 || (h->flags & CONSENSUS_CLOSE)))
		return SR_ERR_INTERNAL;
	SR_TRY(cons_slot_get(self, &s, h->slot));
	SR_TRY(cons_block_new(&block, h, NULL, body));
	consensus_proposal_sign(&block->sig, &block->hash, self->config.vote_key);
	block->has_sig = true;
	error = cons_log_proposed(self, h, &block->sig);
	if (error == SR_OK) {
		s->own.proposed = true;
		s->own.proposal = *h;
		s->own.proposal_sig = block->sig;
		self->proposed_slot = h->slot;
		self->proposed_ms = self->now_ms;
		proposal_send(self, block, parent);
		error = cons_tree_add(self, block);
	}
	if (error != SR_OK)
		cons_block_free(block);
	return error;
}

enum sr_error cons_propose(struct consensus *self)
{
	struct consensus_header h, want;
	struct cons_block *parent;
	struct sr_writer body;
	uint64_t at_ms;
	enum sr_error error;

	if (!cons_propose_due(self, &at_ms, &parent) || at_ms > self->now_ms)
		return SR_OK;
	header_begin(self, &h, parent);
	want = h;
	sr_writer_init(&body, SR_BLOCK_MAX);
	error = self->ports.build(self->ports.ctx, &h, &body);
	if (error == SR_OK)
		error = sr_writer_finish(&body);
	/* Only what the application is asked to set may differ. */
	if (error == SR_OK && (h.slot != want.slot || h.time_ms != want.time_ms ||
	    (h.flags & ~(uint32_t)CONSENSUS_CLOSE) != want.flags))
		error = SR_ERR_INTERNAL;
	if (error == SR_OK)
		error = proposal_make(self, parent, &h, (struct sr_bytes){ body.p, body.n });
	sr_writer_clear(&body);
	if (error != SR_OK)
		self->retry_ms = self->now_ms + CONS_RETRY_MS;
	return error == SR_ERR_NOT_READY ? SR_OK : error;
}
