/*
 * consensus/rules.c - when a vote may be cast, and casting it. The safety of everything rests on
 * this file: each rule quotes DESIGN 4.
 */
#include "consensus/internal.h"

bool cons_may_vote(const struct consensus *self)
{
	if (cons_is_observer(self))
		return false;
	return self->started && !self->handshake && !self->closed && self->stopped == SR_OK;
}

static bool is_last_final(const struct consensus *self, const struct consensus_header *h)
{
	return h->parent_slot == self->top_slot &&
	    sr_hash32_equal(&h->parent_hash, &self->top_hash);
}

/* "SKIP certificate for each gap slot": nothing below the last final block is a gap any more. */
static bool gap_proven(const struct consensus *self, const struct consensus_header *h)
{
	uint64_t slot = h->parent_slot > self->top_slot ? h->parent_slot : self->top_slot;

	for (slot++; slot < h->slot; slot++)
		if (cons_cert_of(self, CONSENSUS_SKIP, slot) == NULL)
			return false;
	return true;
}

/* "a voter waits until its own clock >= time_ms - 500 ms" */
static bool clock_reached(struct consensus *self, uint64_t time_ms)
{
	uint64_t at = time_ms > CONS_CLOCK_EARLY_MS ? time_ms - CONS_CLOCK_EARLY_MS : 0;

	if (self->now_ms >= at)
		return true;
	if (self->early_ms == 0 || at < self->early_ms)
		self->early_ms = at;
	return false;
}

/*
 * "NOTAR(s,h): s >= floor, s >= frontier, none cast for s; parent notarised - and if parent slot
 * <= last final, the parent *is* the last final block; SKIP certificate for each gap slot;
 * ancestors present; block valid."
 */
enum sr_error cons_rule_notar(struct consensus *self, struct cons_block *block)
{
	const struct consensus_header *h = &block->header;
	const struct cons_slot *s = cons_slot_find(self, h->slot);
	const struct cons_block *parent;

	if (h->slot < self->floor)
		return SR_ERR_RECOVERING;
	if (h->slot < self->frontier)
		return SR_ERR_STALE;
	if (s == NULL || s->own.notar)
		return SR_ERR_DUPLICATE;
	if (h->parent_slot <= self->top_slot && !is_last_final(self, h))
		return SR_ERR_BAD_PARENT;
	parent = cons_tree_parent(self, block);
	if (parent == NULL)
		return SR_ERR_MISSING_ANCESTOR;
	if (!cons_tree_certified(self, parent))
		return SR_ERR_BAD_PARENT;
	if (!gap_proven(self, h))
		return SR_ERR_GAP_UNPROVEN;
	if (!clock_reached(self, h->time_ms))
		return SR_ERR_TOO_EARLY;
	return cons_block_validate(self, block);
}

/* "FINAL(s,h): NOTAR certificate, block present and valid, I did not SKIP s, no FINAL cast for
 * s" */
enum sr_error cons_rule_final(struct consensus *self, uint64_t slot)
{
	const struct consensus_cert *notar = cons_cert_of(self, CONSENSUS_NOTAR, slot);
	const struct cons_slot *s = cons_slot_find(self, slot);
	const struct cons_block *block;

	if (slot < self->floor)
		return SR_ERR_RECOVERING;
	if (slot <= self->top_slot)
		return SR_ERR_STALE;
	if (s == NULL || notar == NULL)
		return SR_ERR_BAD_QUORUM;
	block = cons_tree_find(self, slot, &notar->hash);
	if (block == NULL || block->validity != CONS_VALID)
		return SR_ERR_NOT_FOUND;
	if (s->own.skip)
		return SR_ERR_STALE;
	if (s->own.final)
		return SR_ERR_DUPLICATE;
	return SR_OK;
}

/* "SKIP(s): s = frontier, timer expired, no FINAL cast for s" */
enum sr_error cons_rule_skip(struct consensus *self, uint64_t slot)
{
	const struct cons_slot *s = cons_slot_find(self, slot);

	if (slot < self->floor)
		return SR_ERR_RECOVERING;
	if (slot != self->frontier)
		return SR_ERR_STALE;
	if (slot > self->top_slot + CONS_AHEAD)
		return SR_ERR_TOO_FAR_AHEAD;
	if (self->now_ms - self->frontier_since_ms < cons_skip_timeout_ms(self))
		return SR_ERR_TOO_EARLY;
	if (s != NULL && s->own.skip)
		return SR_ERR_DUPLICATE;
	if (s != NULL && s->own.final)
		return SR_ERR_STALE;
	return SR_OK;
}

/* --- cast --- */

void cons_own_set(struct cons_own *own, const struct consensus_vote *v)
{
	switch (v->kind) {
	case CONSENSUS_NOTAR:
		own->notar = true;
		own->notar_hash = v->hash;
		break;
	case CONSENSUS_SKIP:
		own->skip = true;
		break;
	case CONSENSUS_FINAL:
		own->final = true;
		own->final_hash = v->hash;
		break;
	}
}

/* "cast = check the rule, append to the log (with the block body for NOTAR), fdatasync, only
 * then send and self-deliver." */
static enum sr_error cast(struct consensus *self, enum consensus_vote_kind kind, uint64_t slot,
    struct cons_block *block)
{
	struct consensus_vote v = {
		.kind = kind, .epoch = self->config.epoch, .slot = slot, .voter = self->config.self,
	};
	struct cons_slot *s;

	SR_TRY(cons_slot_get(self, &s, slot));
	if (block != NULL)
		v.hash = block->hash;
	if (kind == CONSENSUS_NOTAR && self->ports.ingress_ok(self->ports.ctx))
		v.flags = CONSENSUS_VOTE_INGRESS;
	consensus_vote_sign(&v, &self->config.chain_id, self->config.vote_key);
	SR_TRY(cons_log_vote(self, &v, kind == CONSENSUS_NOTAR ? block : NULL));
	cons_own_set(&s->own, &v);
	cons_send_vote(self, &v);
	return cons_pool_vote(self, self->config.self, &v);
}

static enum sr_error notar_try(struct consensus *self, struct cons_slot *s)
{
	for (struct cons_block *b = s->blocks; b != NULL && !s->own.notar; b = b->next) {
		enum sr_error error;

		if (b->validity == CONS_INVALID || b->committed)
			continue;
		error = cons_rule_notar(self, b);
		if (self->stopped != SR_OK)
			return self->stopped;
		if (error == SR_OK)
			return cast(self, CONSENSUS_NOTAR, s->slot, b);
	}
	return SR_OK;
}

/* A certified block is checked as soon as its ancestors are, told to the application, and then
 * FINAL. */
static enum sr_error certified_try(struct consensus *self, struct cons_slot *s)
{
	const struct consensus_cert *notar = s->certs[CONSENSUS_NOTAR - 1];
	struct cons_block *block;
	enum sr_error error;

	if (notar == NULL)
		return SR_OK;
	block = cons_tree_find(self, s->slot, &notar->hash);
	if (block == NULL) {
		cons_want(self, s->slot, &notar->hash);
		return SR_OK;
	}
	error = cons_block_validate(self, block);
	if (error == SR_ERR_MISSING_ANCESTOR)
		cons_want(self, block->header.parent_slot, &block->header.parent_hash);
	if (error != SR_OK)
		return self->stopped;
	if (!block->told) {
		struct consensus_block view = cons_block_view(block);

		block->told = true;
		SR_TRY(cons_log_block(self, block, false));
		self->ports.certified(self->ports.ctx, &view);
	}
	if (cons_may_vote(self) && cons_rule_final(self, s->slot) == SR_OK)
		return cast(self, CONSENSUS_FINAL, s->slot, block);
	return SR_OK;
}

/* Everything that may be cast now, lowest slot first. Normally this looks at one or two slots. */
enum sr_error cons_vote_all(struct consensus *self)
{
	for (uint64_t slot = cons_first_open(self); slot <= self->highest_slot; slot++) {
		struct cons_slot *s = cons_slot_find(self, slot);

		if (s == NULL)
			continue;
		SR_TRY(certified_try(self, s));
		cons_frontier_advance(self);
		if (cons_may_vote(self))
			SR_TRY(notar_try(self, s));
	}
	if (cons_may_vote(self) && cons_rule_skip(self, self->frontier) == SR_OK)
		return cast(self, CONSENSUS_SKIP, self->frontier, NULL);
	return SR_OK;
}
