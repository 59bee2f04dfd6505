/* consensus/sync.c - blocks that are certified but missing, fetched by hash from those who
 * voted. */
#include "consensus/internal.h"

void cons_want(struct consensus *self, uint64_t slot, const struct sr_hash32 *hash)
{
	struct cons_slot *s;

	if (slot <= self->final.slot || cons_slot_get(self, &s, slot) != SR_OK)
		return;
	if (s->wanted && sr_hash32_equal(&s->want, hash))
		return;
	s->wanted = true;
	s->want = *hash;
	s->tries = 0;
}

static uint64_t retry_at(const struct cons_slot *s)
{
	uint32_t doublings = s->tries < 5 ? s->tries : 5;

	return s->tries == 0 ? 0 : s->asked_ms + (CONS_FETCH_RETRY_MS << doublings) / 2;
}

/* Whoever voted NOTAR has the block in its log; each try asks the next of them. */
static uint32_t holder_pick(const struct consensus *self, const struct cons_slot *s)
{
	const struct consensus_cert *c = s->certs[CONSENSUS_NOTAR - 1];
	uint32_t self_at = cons_is_observer(self) ? self->config.n - 1 : self->config.self;
	uint32_t turn = self_at + s->tries, others = self->config.n, peer;

	if (c == NULL)
		c = s->certs[CONSENSUS_FINAL - 1];
	if (c != NULL && s->tries < 2 * c->signers_n) {
		peer = c->signers[turn % c->signers_n].voter;
		if (peer != self->config.self)
			return peer;
		return c->signers[(turn + 1) % c->signers_n].voter;
	}
	if (!cons_is_observer(self))
		others--;
	return (self_at + 1 + s->tries % others) % self->config.n;
}

static void block_ask(struct consensus *self, struct cons_slot *s)
{
	struct sr_writer w;

	sr_writer_init(&w, 256);
	cons_message_begin(self, &w, CONS_REQ_BLOCK);
	sr_write_u64(&w, s->slot);
	sr_write_hash(&w, &s->want);
	cons_message_send(self, holder_pick(self, s), CONSENSUS_CLASS_SYNC, &w);
	s->asked_ms = self->now_ms;
	s->tries++;
	/* Nobody answers: their window moved on, but the archive still has it. */
	if (s->tries > CONS_FETCH_TRIES && s->slot <= self->top_slot)
		self->archive_only = true;
}

void cons_sync_run(struct consensus *self)
{
	uint32_t open = 0;

	if (cons_alone(self))
		return;
	for (uint64_t slot = cons_first_open(self); slot <= self->highest_slot; slot++) {
		struct cons_slot *s = cons_slot_find(self, slot);

		if (s == NULL || !s->wanted)
			continue;
		if (slot <= self->top_slot && cons_catchup_needed(self))
			continue;
		if (++open > CONS_FETCH_OPEN)
			return;
		if (self->now_ms >= retry_at(s))
			block_ask(self, s);
	}
}

uint64_t cons_sync_at(const struct consensus *self)
{
	uint64_t at = UINT64_MAX;
	uint32_t open = 0;

	if (cons_alone(self))
		return at;
	if (cons_catchup_needed(self))
		at = self->catchup.asked_ms + CONS_ARCHIVE_RETRY_MS;
	for (uint64_t slot = cons_first_open(self); slot <= self->highest_slot; slot++) {
		const struct cons_slot *s = cons_slot_find(self, slot);

		if (s == NULL || !s->wanted || s->tries == 0)
			continue;
		if (slot <= self->top_slot && cons_catchup_needed(self))
			continue;
		if (++open > CONS_FETCH_OPEN)
			break;
		if (retry_at(s) < at)
			at = retry_at(s);
	}
	return at;
}

/* What a peer may make me send in a second. */
static bool serve_allowed(struct consensus *self, uint32_t peer, size_t bytes)
{
	if (self->now_ms - self->serve_since_ms[peer] >= 1000u) {
		self->serve_since_ms[peer] = self->now_ms;
		self->served_bytes[peer] = 0;
	}
	if (self->served_bytes[peer] + bytes > CONS_SERVE_BYTES)
		return false;
	self->served_bytes[peer] += bytes;
	return true;
}

enum sr_error cons_receive_req_block(struct consensus *self, uint32_t from, struct sr_reader *r)
{
	uint64_t slot = sr_read_u64(r);
	struct sr_hash32 hash = sr_read_hash(r);
	const struct consensus_cert *notar;
	const struct cons_block *block;
	struct sr_writer w;

	SR_TRY(sr_reader_finish(r));
	block = cons_tree_find(self, slot, &hash);
	if (block == NULL || block->stump)
		return SR_OK;
	if (!serve_allowed(self, from, block->body_n + CONSENSUS_HEADER_MAX))
		return SR_ERR_TOO_MANY;
	notar = cons_cert_of(self, CONSENSUS_NOTAR, slot);
	if (notar != NULL && !sr_hash32_equal(&notar->hash, &hash))
		notar = NULL;
	sr_writer_init(&w, CONSENSUS_MESSAGE_MAX);
	cons_message_begin(self, &w, CONS_BLOCK);
	cons_block_write(&w, block);
	sr_write_bool(&w, notar != NULL);
	if (notar != NULL)
		consensus_cert_write(&w, notar);
	cons_message_send(self, from, CONSENSUS_CLASS_SYNC, &w);
	return SR_OK;
}

static enum sr_error block_take(struct consensus *self, struct cons_block *block)
{
	const struct cons_slot *s = cons_slot_find(self, block->header.slot);
	struct sr_bytes body = { block->body, block->body_n };
	enum sr_error error;

	/* Only what I asked for: its hash is certified, so nobody can fill my memory with it. */
	if (s == NULL || !s->wanted || !sr_hash32_equal(&s->want, &block->hash))
		return SR_ERR_STALE;
	SR_TRY(cons_block_form(self, &block->header, body));
	/* The hash vouches for the block; the signature was not checked, so it is not kept. */
	block->has_sig = false;
	error = cons_tree_add(self, block);
	if (error == SR_ERR_TOO_MANY && block->header.slot <= self->top_slot)
		self->archive_only = true;
	return error;
}

enum sr_error cons_receive_block(struct consensus *self, uint32_t from, struct sr_reader *r)
{
	struct consensus_cert notar;
	struct cons_block *block;
	bool has_notar;
	enum sr_error error;

	(void)from;
	SR_TRY(cons_block_read(&block, r));
	has_notar = sr_read_bool(r);
	if (has_notar)
		consensus_cert_read(&notar, r);
	error = sr_reader_finish(r);
	if (error == SR_OK)
		error = block_take(self, block);
	if (error != SR_OK) {
		cons_block_free(block);
		return error == SR_ERR_STALE ? SR_OK : error;
	}
	return has_notar ? cons_pool_cert(self, &notar, false, false) : SR_OK;
}
