/* consensus/commit.c - "on a FINAL certificate, all uncommitted ancestors in order" (DESIGN 4). */
#include "consensus/internal.h"

enum sr_error cons_commit_one(struct consensus *self, struct cons_block *block,
    const struct consensus_cert *notar, const struct consensus_cert *final)
{
	struct consensus_block view = cons_block_view(block);

	SR_TRY(cons_log_block(self, block, true));
	SR_TRY(cons_fatal(self, self->ports.commit(self->ports.ctx, &view, notar, final)));
	self->final = cons_block_point(block);
	cons_block_committed_set(self, block);
	/* From the archive, or from the log: its certificate may come after it. */
	cons_top_raise(self, self->final.slot, &self->final.hash);
	if (!cons_is_observer(self))
		self->peer_height[self->config.self] = self->final.height;
	for (uint32_t i = 0; i < self->config.n; i++)
		if (self->peer_top[i] >= self->final.slot
		    && self->peer_height[i] < self->final.height)
			self->peer_height[i] = self->final.height;
	self->blocks_committed++;
	cons_late_lower(self);
	cons_progress(self);
	if (self->final.closing && !self->closed) {
		self->closed = true;
		SR_TRY(cons_log_closed(self));
	}
	return SR_OK;
}

/* The way from the newest FINAL certificate down to the last committed block, oldest first. */
static enum sr_error path_find(struct consensus *self, struct cons_block **path, size_t *n)
{
	uint64_t slot = self->top_slot;
	struct sr_hash32 hash = self->top_hash;

	*n = 0;
	while (!cons_is_final(self, slot, &hash)) {
		struct cons_block *b;

		/* A final block that does not descend from mine: more than f members lied. */
		if (slot <= self->final.slot)
			return cons_fatal(self, SR_ERR_INTERNAL);
		b = cons_tree_find(self, slot, &hash);
		if (b == NULL) {
			cons_want(self, slot, &hash);
			return SR_ERR_MISSING_ANCESTOR;
		}
		SR_ASSERT(*n < CONS_RING);
		path[(*n)++] = b;
		slot = b->header.parent_slot;
		hash = b->header.parent_hash;
	}
	return SR_OK;
}

enum sr_error cons_commit(struct consensus *self)
{
	struct cons_block *path[CONS_RING];
	enum sr_error error;
	size_t n;

	if (self->top_slot == self->final.slot)
		return self->stopped;
	error = path_find(self, path, &n);
	if (error != SR_OK)
		return self->stopped;
	while (n > 0) {
		struct cons_block *b = path[--n];
		const struct consensus_cert *notar = cons_cert_of(
		    self, CONSENSUS_NOTAR, b->header.slot);
		const struct consensus_cert *final = cons_cert_of(
		    self, CONSENSUS_FINAL, b->header.slot);

		error = cons_block_validate(self, b);
		if (error == SR_ERR_NOT_READY || error == SR_ERR_NO_MEMORY)
			return SR_OK;
		/* Final by a quorum, and wrong by my own check: I must not go on. */
		SR_TRY(cons_fatal(self, error));
		SR_TRY(cons_commit_one(self, b,
		    notar != NULL && sr_hash32_equal(&notar->hash, &b->hash) ? notar : NULL,
		    final != NULL && sr_hash32_equal(&final->hash, &b->hash) ? final : NULL));
	}
	cons_tree_forget_below(self);
	return SR_OK;
}
