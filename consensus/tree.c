/* consensus/tree.c - the window of slots and the fork tree of blocks in it. */
#include "consensus/internal.h"

#include <stdlib.h>

static uint64_t window_low(const struct consensus *self)
{
	return self->top_slot > CONS_BEHIND ? self->top_slot - CONS_BEHIND : 0;
}

struct cons_slot *cons_slot_find(const struct consensus *self, uint64_t slot)
{
	struct cons_slot *s = self->ring[slot % CONS_RING];

	return s != NULL && s->slot == slot ? s : NULL;
}

enum sr_error cons_slot_get(struct consensus *self, struct cons_slot **out, uint64_t slot)
{
	struct cons_slot *s = cons_slot_find(self, slot);

	if (s == NULL) {
		if (slot < self->low_slot)
			return SR_ERR_STALE;
		if (slot > self->top_slot + CONS_AHEAD)
			return SR_ERR_TOO_FAR_AHEAD;
		s = calloc(1, sizeof(*s));
		if (s == NULL)
			return SR_ERR_NO_MEMORY;
		SR_ASSERT(self->ring[slot % CONS_RING] == NULL);
		s->slot = slot;
		self->ring[slot % CONS_RING] = s;
		if (slot > self->highest_slot)
			self->highest_slot = slot;
	}
	*out = s;
	return SR_OK;
}

/* --- blocks --- */

enum sr_error cons_block_new(struct cons_block **out, const struct consensus_header *header,
    const struct sr_sig64 *sig, struct sr_bytes body)
{
	struct cons_block *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return SR_ERR_NO_MEMORY;
	b->header = *header;
	b->hash = consensus_header_hash(header);
	if (sig != NULL) {
		b->sig = *sig;
		b->has_sig = true;
	}
	b->body = malloc(body.n > 0 ? body.n : 1);
	if (b->body == NULL) {
		free(b);
		return SR_ERR_NO_MEMORY;
	}
	if (body.n > 0)
		memcpy(b->body, body.p, body.n);
	b->body_n = body.n;
	*out = b;
	return SR_OK;
}

void cons_block_free(struct cons_block *block)
{
	if (block == NULL)
		return;
	free(block->body);
	free(block);
}

struct cons_block *cons_tree_find(const struct consensus *self, uint64_t slot,
    const struct sr_hash32 *hash)
{
	struct cons_slot *s = cons_slot_find(self, slot);

	for (struct cons_block *b = s != NULL ? s->blocks : NULL; b != NULL; b = b->next)
		if (sr_hash32_equal(&b->hash, hash))
			return b;
	return NULL;
}

struct cons_block *cons_tree_parent(const struct consensus *self, const struct cons_block *block)
{
	return cons_tree_find(self, block->header.parent_slot, &block->header.parent_hash);
}

struct consensus_cert *cons_cert_of(const struct consensus *self, enum consensus_vote_kind kind,
    uint64_t slot)
{
	struct cons_slot *s = cons_slot_find(self, slot);

	return s != NULL ? s->certs[kind - 1] : NULL;
}

bool cons_tree_certified(const struct consensus *self, const struct cons_block *block)
{
	const struct consensus_cert *c = cons_cert_of(self, CONSENSUS_NOTAR, block->header.slot);

	return block->committed || (c != NULL && sr_hash32_equal(&c->hash, &block->hash))
	    || (block->header.slot == self->top_slot
		&& sr_hash32_equal(&block->hash, &self->top_hash));
}

static void block_count(struct consensus *self, const struct cons_block *block, bool add)
{
	size_t *bytes = block->committed ? &self->retained_bytes : &self->unverified_bytes;

	if (!block->in_tree || (!block->committed && block->validity != CONS_UNCHECKED))
		return;
	if (add)
		*bytes += block->body_n;
	else
		*bytes -= block->body_n;
}

static void block_remove(struct consensus *self, struct cons_slot *s, struct cons_block *block)
{
	struct cons_block **at = &s->blocks;

	while (*at != block)
		at = &(*at)->next;
	*at = block->next;
	s->blocks_n--;
	block_count(self, block, false);
	if (block->validity == CONS_VALID && !block->committed && self->ports.abandon != NULL)
		self->ports.abandon(self->ports.ctx, &block->hash);
	cons_block_free(block);
}

/* The unchecked, uncertified block in the highest slot above limit. */
static struct cons_block *block_least_useful(const struct consensus *self, uint64_t limit)
{
	for (uint64_t slot = self->highest_slot; slot > limit; slot--) {
		struct cons_slot *s = cons_slot_find(self, slot);

		for (struct cons_block *b = s != NULL ? s->blocks : NULL; b != NULL; b = b->next)
			if (b->validity == CONS_UNCHECKED && !cons_tree_certified(self, b))
				return b;
	}
	return NULL;
}

/* The block that can be voted on soonest is never crowded out by blocks for later slots. */
static enum sr_error room_make(struct consensus *self, const struct cons_block *block)
{
	const struct cons_slot *at = cons_slot_find(self, block->header.slot);
	bool wanted = at != NULL && at->wanted && sr_hash32_equal(&at->want, &block->hash);

	while (self->unverified_bytes + block->body_n > CONS_UNVERIFIED_BYTES) {
		struct cons_block *b = block_least_useful(self,
		    wanted ? self->final.slot : block->header.slot);

		if (b == NULL)
			return SR_ERR_TOO_MANY;
		block_remove(self, cons_slot_find(self, b->header.slot), b);
	}
	return SR_OK;
}

enum sr_error cons_tree_add(struct consensus *self, struct cons_block *block)
{
	struct cons_slot *s;

	SR_TRY(cons_slot_get(self, &s, block->header.slot));
	if (cons_tree_find(self, block->header.slot, &block->hash) != NULL)
		return SR_ERR_DUPLICATE;
	if (s->blocks_n >= CONS_SLOT_BLOCKS && !block->committed)
		return SR_ERR_TOO_MANY;
	if (!block->committed && block->validity == CONS_UNCHECKED && !self->replaying)
		SR_TRY(room_make(self, block));
	block->next = s->blocks;
	s->blocks = block;
	s->blocks_n++;
	block->in_tree = true;
	block_count(self, block, true);
	if (s->wanted && sr_hash32_equal(&s->want, &block->hash))
		s->wanted = false;
	self->again = true;
	return SR_OK;
}

void cons_block_validity_set(struct consensus *self, struct cons_block *block,
    enum cons_validity validity)
{
	block_count(self, block, false);
	block->validity = validity;
	block_count(self, block, true);
	self->again = true;
}

void cons_block_committed_set(struct consensus *self, struct cons_block *block)
{
	block_count(self, block, false);
	block->committed = true;
	block_count(self, block, true);
	self->again = true;
}

struct consensus_block cons_block_view(const struct cons_block *block)
{
	struct consensus_block view = {
		.header = block->header,
		.hash = block->hash,
		.body = { block->body, block->body_n },
	};

	return view;
}

enum sr_error cons_block_form(const struct consensus *self, const struct consensus_header *header,
    struct sr_bytes body)
{
	struct sr_hash32 root;

	if (!sr_hash32_equal(&header->chain_id, &self->config.chain_id))
		return SR_ERR_WRONG_CHAIN;
	if (header->epoch != self->config.epoch)
		return SR_ERR_WRONG_EPOCH;
	if (header->slot == 0 || header->author != cons_author(self, header->slot))
		return SR_ERR_WRONG_AUTHOR;
	if (header->parent_slot >= header->slot)
		return SR_ERR_BAD_PARENT;
	/* The genesis has no certificate to count in. */
	if (header->parent_slot == 0 && (header->flags & CONSENSUS_INGRESS_OK))
		return SR_ERR_BAD_QUORUM;
	if (body.n > SR_BLOCK_MAX)
		return SR_ERR_BLOCK_LIMIT;
	root = sr_hash(body.p, body.n);
	return sr_hash32_equal(&root, &header->ops_root) ? SR_OK : SR_ERR_BAD_HASH;
}

static bool follows_parent(const struct consensus *self, const struct cons_block *block,
    const struct cons_point *parent)
{
	const struct consensus_header *h = &block->header;
	uint64_t least_ms = self->config.slot_min_ms > 0 ? self->config.slot_min_ms : 1;

	/* DESIGN 4: time_ms > parent's, >= parent's + slot_min. */
	if (h->time_ms < least_ms || h->time_ms - least_ms < parent->time_ms)
		return false;
	if (h->height != parent->height + 1)
		return false;
	/* DESIGN 5: the first CLOSE block fixes the next genesis; its descendants are empty. */
	return !parent->closing || (block->body_n == 0 && !(h->flags & CONSENSUS_CLOSE));
}

struct cons_point cons_block_point(const struct cons_block *b)
{
	struct cons_point p = {
		.slot = b->header.slot, .height = b->header.height, .time_ms = b->header.time_ms,
		.hash = b->hash, .closing = b->closing,
	};

	return p;
}

static enum sr_error parent_point(const struct consensus *self, const struct cons_block *block,
    struct cons_point *out)
{
	const struct cons_block *parent;

	if (cons_is_final(self, block->header.parent_slot, &block->header.parent_hash)) {
		*out = self->final;
		return SR_OK;
	}
	parent = cons_tree_parent(self, block);
	if (parent == NULL || parent->validity == CONS_UNCHECKED)
		return SR_ERR_MISSING_ANCESTOR;
	if (parent->validity == CONS_INVALID)
		return SR_ERR_BAD_PARENT;
	*out = cons_block_point(parent);
	return SR_OK;
}

enum sr_error cons_block_validate(struct consensus *self, struct cons_block *block)
{
	struct consensus_block view = cons_block_view(block);
	struct cons_point parent;
	enum sr_error error;

	if (block->validity != CONS_UNCHECKED)
		return block->validity == CONS_VALID ? SR_OK : SR_ERR_BAD_PARENT;
	error = parent_point(self, block, &parent);
	if (error == SR_ERR_MISSING_ANCESTOR)
		return error;
	if (error != SR_OK || !follows_parent(self, block, &parent)) {
		cons_block_validity_set(self, block, CONS_INVALID);
		return SR_ERR_BAD_PARENT;
	}
	error = self->ports.check(self->ports.ctx, &view);
	if (error == SR_ERR_NOT_READY || error == SR_ERR_NO_MEMORY) {
		self->retry_ms = self->now_ms + CONS_RETRY_MS;
		return error;
	}
	block->closing = parent.closing || (block->header.flags & CONSENSUS_CLOSE);
	cons_block_validity_set(self, block, error == SR_OK ? CONS_VALID : CONS_INVALID);
	return error;
}

/* --- window --- */

static void slot_certs_free(struct cons_slot *s)
{
	for (size_t i = 0; i < 3; i++) {
		free(s->certs[i]);
		s->certs[i] = NULL;
	}
}

static void slot_free(struct consensus *self, struct cons_slot *s)
{
	while (s->blocks != NULL)
		block_remove(self, s, s->blocks);
	slot_certs_free(s);
	free(s->ballots);
	self->ring[s->slot % CONS_RING] = NULL;
	free(s);
}

/* FINAL moves the window: everything at or below it is decided. */
void cons_top_raise(struct consensus *self, uint64_t slot, const struct sr_hash32 *hash)
{
	uint64_t low;

	if (slot <= self->top_slot)
		return;
	self->top_slot = slot;
	self->top_hash = *hash;
	if (self->highest_slot < slot)
		self->highest_slot = slot;
	low = window_low(self);
	if (low <= self->low_slot)
		return;
	for (size_t i = 0; i < CONS_RING; i++)
		if (self->ring[i] != NULL && self->ring[i]->slot < low)
			slot_free(self, self->ring[i]);
	self->low_slot = low;
}

/* After a commit: rivals of final blocks go, and so do certificates nobody needs any more. */
void cons_tree_forget_below(struct consensus *self)
{
	uint64_t slot = self->final.slot;

	for (; slot >= self->low_slot; slot--) {
		struct cons_slot *s = cons_slot_find(self, slot);
		struct cons_block *b = s != NULL ? s->blocks : NULL;

		if (s != NULL && slot < self->final.slot) {
			if (s->certs[0] == NULL && s->certs[1] == NULL && s->certs[2] == NULL &&
			    s->blocks != NULL && s->blocks->committed && s->blocks_n == 1)
				break;
			slot_certs_free(s);
			s->wanted = false;
		}
		while (b != NULL) {
			struct cons_block *next = b->next;

			if (!b->committed)
				block_remove(self, s, b);
			b = next;
		}
		if (slot == 0)
			break;
	}
	for (slot = self->low_slot; self->retained_bytes > CONS_RETAIN_BYTES &&
	    slot < self->final.slot; slot++) {
		struct cons_slot *s = cons_slot_find(self, slot);

		while (s != NULL && s->blocks != NULL)
			block_remove(self, s, s->blocks);
	}
}

/* The block that execution starts from stands in the tree like any final one, without its body. */
enum sr_error cons_tree_start(struct consensus *self)
{
	struct cons_block *b = calloc(1, sizeof(*b));
	enum sr_error error;

	if (b == NULL)
		return SR_ERR_NO_MEMORY;
	b->header.slot = self->final.slot;
	b->header.height = self->final.height;
	b->header.time_ms = self->final.time_ms;
	b->hash = self->final.hash;
	b->validity = CONS_VALID;
	b->committed = b->logged = b->told = b->stump = true;
	self->low_slot = window_low(self);
	self->highest_slot = self->top_slot;
	error = cons_tree_add(self, b);
	if (error != SR_OK)
		cons_block_free(b);
	return error;
}

void cons_tree_free(struct consensus *self)
{
	self->ports.abandon = NULL;
	for (size_t i = 0; i < CONS_RING; i++)
		if (self->ring[i] != NULL)
			slot_free(self, self->ring[i]);
}
