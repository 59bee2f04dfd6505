/*
 * enclave/checkpoint.c - the safety log and the sealed state rows.
 *
 * log record  = seal(log key; aad = tag of the record before | counter u64; kind u8 | payload)
 *   The first record of a log is START with the log's id. The chain lets the host lose a suffix,
 *   nothing else.
 * state row   = name: HMAC of the record's key; value: seal(row key; key 32 | record)
 * step row    = one of the epoch trail (trail_store.c): no record of the state
 * meta row    = keys of this epoch | keys of the next one | public part
 */
#include "enclave/snapshot.h"

#include <stdlib.h>
#include <string.h>

#define META_VERSION 3u
#define META_MAX HOST_FRAME_MAX
#define KEYS_RECORD_MAX (SR_OP_MAX + 4096u)

/* -------------------------------------------------------------------------------------- the log */

static void log_aad(uint8_t aad[24], const struct enclave_core *self)
{
	memcpy(aad, self->log_tag, SR_GCM_TAG);
	for (size_t i = 0; i < 8; i++)
		aad[16 + i] = (uint8_t)(self->log_counter >> (8 * i));
}

static void log_advance(struct enclave_core *self, const uint8_t *record, size_t n)
{
	memcpy(self->log_tag, record + n - SR_GCM_TAG, SR_GCM_TAG);
	self->log_counter++;
	self->log_bytes += n;
}

/* plain begins with the kind. */
static enum sr_error log_seal(struct sr_writer *w, struct enclave_core *self, const uint8_t *plain,
    size_t n)
{
	size_t start = w->n;
	uint8_t aad[24];

	log_aad(aad, self);
	SR_TRY(seal_put(w, &self->drbg, &self->keys->log, aad, sizeof(aad), plain, n));
	log_advance(self, w->p + start, w->n - start);
	return SR_OK;
}

static enum sr_error log_push(struct enclave_core *self, const uint8_t *plain, size_t n, bool sync)
{
	struct enclave_effect fx = { .kind = ENCLAVE_FX_PERSIST, .number = sync ? 1 : 0 };
	struct sr_writer w;
	enum sr_error error;

	sr_writer_init(&w, CORE_MESSAGE_MAX + 64);
	error = log_seal(&w, self, plain, n);
	if (error == SR_OK) {
		fx.a = (struct sr_bytes){ w.p, w.n };
		fx_push(self, &fx);
		error = self->broken;
	}
	sr_writer_clear(&w);
	return error;
}

enum sr_error log_append(struct enclave_core *self, enum core_log_kind kind, const uint8_t *p,
    size_t n, bool sync)
{
	uint8_t *plain = malloc(n + 1);
	enum sr_error error;

	if (plain == NULL)
		return SR_ERR_NO_MEMORY;
	plain[0] = (uint8_t)kind;
	if (n > 0)
		memcpy(plain + 1, p, n);
	error = log_push(self, plain, n + 1, sync);
	free(plain);
	return error;
}

enum sr_error log_append_keys(struct enclave_core *self)
{
	size_t n = 1 + 2 * EPOCH_KEYS_BYTES + self->deal_n;
	uint8_t *plain = sr_secret_alloc(n);
	enum sr_error error;

	if (plain == NULL)
		return SR_ERR_NO_LOCKED_MEMORY;
	plain[0] = CORE_LOG_KEYS;
	epoch_keys_write(plain + 1, &self->keys->now);
	epoch_keys_write(plain + 1 + EPOCH_KEYS_BYTES, &self->keys->next);
	if (self->deal_n > 0)
		memcpy(plain + 1 + 2 * EPOCH_KEYS_BYTES, self->deal, self->deal_n);
	error = log_push(self, plain, n, true);
	sr_secret_free(plain);
	return error;
}

static enum sr_error keys_take(struct enclave_core *self, const uint8_t *now, const uint8_t *next,
    const uint8_t *deal, size_t deal_n)
{
	uint8_t *copy = NULL;

	if (deal_n > 0) {
		copy = malloc(deal_n);
		if (copy == NULL)
			return SR_ERR_NO_MEMORY;
		memcpy(copy, deal, deal_n);
	}
	free(self->deal);
	self->deal = copy;
	self->deal_n = deal_n;
	SR_TRY(epoch_keys_read(&self->keys->now, now));
	return epoch_keys_read(&self->keys->next, next);
}

static enum sr_error replay_keys(struct enclave_core *self, const uint8_t *p, size_t n)
{
	uint64_t epoch = 0;

	if (n < 2 * EPOCH_KEYS_BYTES)
		return SR_ERR_DAMAGED;
	for (size_t i = 0; i < 8; i++)
		epoch |= (uint64_t)p[i] << (8 * i);
	/* From before the checkpoint. */
	if (epoch != self->keys->now.epoch)
		return SR_OK;
	return keys_take(self, p, p + EPOCH_KEYS_BYTES, p + 2 * EPOCH_KEYS_BYTES,
	    n - 2 * EPOCH_KEYS_BYTES);
}

static enum sr_error replay_consensus(struct enclave_core *self, const uint8_t *p, size_t n)
{
	struct core_instance *i = NULL;
	struct sr_reader r;
	uint64_t epoch;

	sr_reader_init(&r, p, n);
	epoch = sr_read_u64(&r);
	if (r.error != SR_OK)
		return SR_ERR_DAMAGED;
	if (epoch == self->now->record.epoch)
		i = self->now;
	else if (self->old != NULL && epoch == self->old->record.epoch)
		i = self->old;
	else
		return epoch < self->now->record.epoch ? SR_OK : SR_ERR_DAMAGED;
	SR_TRY(consensus_replay(i->consensus, r.p, r.left));
	return epoch_switch(self);
}

static enum sr_error replay_start(struct enclave_core *self, const uint8_t *p, size_t n)
{
	struct sr_hash32 id;

	if (n != sizeof(id.b))
		return SR_ERR_DAMAGED;
	memcpy(id.b, p, sizeof(id.b));
	/* log_before: the store's checkpoint was committed, then the machine stopped before the
	 * fresh log. */
	if (!sr_hash32_equal(&id, &self->log_id) && !sr_hash32_equal(&id, &self->log_before))
		return core_fatal(self, SR_ERR_DAMAGED, "the safety log and the store are not from "
		    "the same time; restore both from one backup, or start over with an empty data "
		    "directory");
	self->log_id = id;
	return SR_OK;
}

static enum sr_error replay_plain(struct enclave_core *self, const uint8_t *p, size_t n)
{
	if (n == 0 || (self->log_counter == 0) != (p[0] == CORE_LOG_START))
		return SR_ERR_DAMAGED;
	switch (p[0]) {
	case CORE_LOG_START:
		return replay_start(self, p + 1, n - 1);
	case CORE_LOG_CONSENSUS:
		return replay_consensus(self, p + 1, n - 1);
	case CORE_LOG_KEYS:
		return replay_keys(self, p + 1, n - 1);
	default:
		return SR_ERR_DAMAGED;
	}
}

enum sr_error log_replay(struct enclave_core *self, const uint8_t *record, size_t n)
{
	/* Records with keys are small; those with blocks are no secret. */
	bool locked = n <= KEYS_RECORD_MAX;
	uint8_t aad[24];
	uint8_t *plain;
	size_t plain_n;
	enum sr_error error;

	if (self->log_bad)
		return core_fatal(self, SR_ERR_DAMAGED, "the safety log has a bad record before "
		    "good ones; restore the data directory from a backup, or start over with an "
		    "empty one");
	self->log_seen = true;
	log_aad(aad, self);
	error = locked ?
	    seal_open_secret(&plain, &plain_n, &self->keys->log, aad, sizeof(aad), record, n) :
	    seal_open(&plain, &plain_n, &self->keys->log, aad, sizeof(aad), record, n);
	if (sr_error_is_shortage(error))
		return error;
	if (error != SR_OK) {
		self->log_bad = true;
		return SR_OK;
	}
	error = replay_plain(self, plain, plain_n);
	if (locked)
		sr_secret_free(plain);
	else
		free(plain);
	if (error == SR_OK)
		log_advance(self, record, n);
	else if (self->phase != CORE_DEAD)
		error = core_fatal(self, error, "the safety log does not replay; restore the data "
		    "directory from a backup, or start over with an empty one");
	return error;
}

/* ------------------------------------------------------------------------- writing a checkpoint */

static void point_write(struct sr_writer *w, const struct sr_hash32 *hash, uint64_t slot,
    uint64_t height, uint64_t time_ms)
{
	sr_write_hash(w, hash);
	sr_write_u64(w, slot);
	sr_write_u64(w, height);
	sr_write_u64(w, time_ms);
}

static void point_read(struct sr_reader *r, struct sr_hash32 *hash, uint64_t *slot,
    uint64_t *height, uint64_t *time_ms)
{
	*hash = sr_read_hash(r);
	*slot = sr_read_u64(r);
	*height = sr_read_u64(r);
	*time_ms = sr_read_u64(r);
}

/* Where this instance begins when it is made again. */
static void instance_write(struct sr_writer *w, const struct core_instance *i)
{
	struct consensus_status *s = malloc(sizeof(*s));

	if (s == NULL) {
		sr_writer_fail(w, SR_ERR_NO_MEMORY);
		return;
	}
	consensus_status_get(s, i->consensus);
	epoch_record_write(w, &i->record);
	point_write(w, &i->genesis_hash, 0, i->genesis_height, i->genesis_time_ms);
	point_write(w, &s->final_hash, s->final_slot, s->final_height, s->final_time_ms);
	free(s);
}

static struct core_instance *instance_read(struct enclave_core *self, struct sr_reader *r)
{
	struct epoch_record *record = malloc(sizeof(*record));
	struct core_instance *i = NULL;
	uint64_t zero;

	if (record != NULL) {
		epoch_record_read(record, r);
		i = instance_new(self, record);
	}
	free(record);
	if (i == NULL) {
		sr_reader_fail(r, SR_ERR_NO_LOCKED_MEMORY);
		return NULL;
	}
	point_read(r, &i->genesis_hash, &zero, &i->genesis_height, &i->genesis_time_ms);
	point_read(r, &i->start_hash, &i->start_slot, &i->start_height, &i->start_time_ms);
	if (zero != 0)
		sr_reader_fail(r, SR_ERR_BAD_ENCODING);
	return i;
}

static void meta_public_write(struct sr_writer *w, struct enclave_core *self)
{
	struct sr_hash32 root = vault_tree_root(self->final->tree);

	sr_write_u8(w, META_VERSION);
	sr_write_hash(w, &self->log_id);
	sr_write_hash(w, &self->log_before);
	sr_write_hash(w, &root);
	sr_write_u64(w, self->agree_height);
	sr_write_u64(w, self->operations_final);
	sr_write_u64(w, self->operations_refused);
	sr_write_u64(w, self->releases);
	instance_write(w, self->now);
	sr_write_bool(w, self->old != NULL);
	if (self->old != NULL)
		instance_write(w, self->old);
	sr_write_u32(w, self->trail.n);
	sr_write_hash(w, &self->trail.sum);
	sr_write_blob(w, self->deal, self->deal_n);
}

static void state_put(struct enclave_core *self, const struct sr_hash32 *name,
    const struct sr_writer *value)
{
	struct enclave_effect fx = { .kind = ENCLAVE_FX_STATE_PUT, .a = { name->b, 32 } };

	if (value != NULL)
		fx.b = (struct sr_bytes){ value->p, value->n };
	fx_push(self, &fx);
}

static enum sr_error meta_put(struct enclave_core *self)
{
	struct sr_writer public, sealed;
	struct sr_hash32 name;
	uint8_t *plain = NULL;
	size_t n = 0;
	enum sr_error error;

	sr_writer_init(&public, META_MAX);
	sr_writer_init(&sealed, META_MAX);
	meta_public_write(&public, self);
	error = sr_writer_finish(&public);
	if (error == SR_OK) {
		n = 2 * EPOCH_KEYS_BYTES + public.n;
		plain = sr_secret_alloc(n);
		error = plain != NULL ? SR_OK : SR_ERR_NO_LOCKED_MEMORY;
	}
	if (error == SR_OK) {
		epoch_keys_write(plain, &self->keys->now);
		epoch_keys_write(plain + EPOCH_KEYS_BYTES, &self->keys->next);
		memcpy(plain + 2 * EPOCH_KEYS_BYTES, public.p, public.n);
		seal_meta_name(&name, self->keys);
		error = seal_row_put(&sealed, self, &name, plain, n);
	}
	if (error == SR_OK)
		error = sr_writer_finish(&sealed);
	if (error == SR_OK)
		state_put(self, &name, &sealed);
	sr_secret_free(plain);
	sr_writer_clear(&public);
	sr_writer_clear(&sealed);
	return error;
}

void checkpoint_put_row(void *core, const struct vault_key *key, struct sr_bytes value)
{
	struct enclave_core *self = core;
	struct sr_writer plain, sealed;
	struct sr_hash32 name;
	enum sr_error error;

	seal_row_name(&name, self->keys, key);
	if (value.p == NULL) {
		state_put(self, &name, NULL);
		return;
	}
	sr_writer_init(&plain, 32 + VAULT_VALUE_MAX);
	sr_writer_init(&sealed, 32 + VAULT_VALUE_MAX + SEAL_OVERHEAD);
	sr_write_copy(&plain, key->b, sizeof(key->b));
	sr_write_copy(&plain, value.p, value.n);
	error = sr_writer_finish(&plain);
	if (error == SR_OK)
		error = seal_row_put(&sealed, self, &name, plain.p, plain.n);
	if (error == SR_OK)
		error = sr_writer_finish(&sealed);
	if (error == SR_OK)
		state_put(self, &name, &sealed);
	else
		self->broken = error;
	sr_writer_clear(&plain);
	sr_writer_clear(&sealed);
}

void checkpoint_rows_are(struct enclave_core *self, struct vault_tree *tree)
{
	vault_tree_ref(tree);
	vault_tree_unref(self->rows_tree);
	self->rows_tree = tree;
	self->rows_ops = self->operations_final;
}

/* What is not told of yet. Of rows with one name the host takes the last. */
static enum sr_error rows_tell(struct enclave_core *self)
{
	vault_tree_diff(self->rows_tree, self->final->tree, checkpoint_put_row, self);
	checkpoint_rows_are(self, self->final->tree);
	return self->broken;
}

enum sr_error checkpoint_ahead(struct enclave_core *self)
{
	if (self->disk_full || self->operations_final < self->rows_ops + CORE_ROWS_OPS)
		return SR_OK;
	return rows_tell(self);
}

struct compact {
	struct enclave_core *core;
	uint64_t epoch;
	struct sr_writer *records;
	uint32_t n;
};

static enum sr_error compact_add(struct compact *c, enum core_log_kind kind, const uint8_t *p,
    size_t n)
{
	struct sr_writer plain, record;
	enum sr_error error;

	sr_writer_init(&plain, CORE_MESSAGE_MAX);
	sr_writer_init(&record, CORE_MESSAGE_MAX + 64);
	sr_write_u8(&plain, (uint8_t)kind);
	if (kind == CORE_LOG_CONSENSUS)
		sr_write_u64(&plain, c->epoch);
	sr_write_copy(&plain, p, n);
	error = sr_writer_finish(&plain);
	if (error == SR_OK)
		error = log_seal(&record, c->core, plain.p, plain.n);
	if (error == SR_OK) {
		sr_write_blob(c->records, record.p, record.n);
		c->n++;
		error = c->records->error;
	}
	sr_writer_clear(&plain);
	sr_writer_clear(&record);
	return error;
}

static enum sr_error compact_emit(void *ctx, const uint8_t *record, size_t n)
{
	return compact_add(ctx, CORE_LOG_CONSENSUS, record, n);
}

/* The records that the fresh log begins with. */
static enum sr_error compact_all(struct compact *c)
{
	struct enclave_core *self = c->core;

	SR_TRY(compact_add(c, CORE_LOG_START, self->log_id.b, sizeof(self->log_id.b)));
	if (self->old != NULL) {
		c->epoch = self->old->record.epoch;
		SR_TRY(consensus_compact(self->old->consensus, compact_emit, c));
	}
	c->epoch = self->now->record.epoch;
	return consensus_compact(self->now->consensus, compact_emit, c);
}

struct log_state { struct sr_hash32 id, before; uint8_t tag[SR_GCM_TAG]; uint64_t counter, bytes; };

static struct log_state log_state_get(const struct enclave_core *self)
{
	struct log_state s = { self->log_id, self->log_before, { 0 }, self->log_counter,
		self->log_bytes };

	memcpy(s.tag, self->log_tag, sizeof(s.tag));
	return s;
}

static void log_state_set(struct enclave_core *self, const struct log_state *s)
{
	self->log_id = s->id;
	self->log_before = s->before;
	memcpy(self->log_tag, s->tag, sizeof(s->tag));
	self->log_counter = s->counter;
	self->log_bytes = s->bytes;
}

static enum sr_error log_fresh(struct enclave_core *self)
{
	struct log_state s = { .before = self->log_id };

	SR_TRY(sr_drbg_fill(&self->drbg, s.id.b, sizeof(s.id.b)));
	log_state_set(self, &s);
	return SR_OK;
}

static enum sr_error checkpoint_effects(struct enclave_core *self, const struct compact *c)
{
	struct enclave_effect fx = { .kind = ENCLAVE_FX_CHECKPOINT };
	struct sr_writer w;
	enum sr_error error;

	SR_TRY(rows_tell(self));
	SR_TRY(meta_put(self));
	sr_writer_init(&w, HOST_FRAME_MAX);
	sr_write_u32(&w, c->n);
	sr_write_copy(&w, c->records->p, c->records->n);
	error = sr_writer_finish(&w);
	if (error == SR_OK) {
		fx.a = (struct sr_bytes){ w.p, w.n };
		fx_push(self, &fx);
		error = self->broken;
	}
	sr_writer_clear(&w);
	return error;
}

enum sr_error checkpoint_write(struct enclave_core *self)
{
	struct log_state before = log_state_get(self);
	struct sr_writer records;
	struct compact c = { .core = self, .records = &records };
	enum sr_error error;

	self->checkpoint_due = false;
	if (self->closing.open) {
		self->checkpoint_due = true;
		return SR_OK;
	}
	sr_writer_init(&records, CORE_CHECKPOINT_FRAME_MAX);
	error = log_fresh(self);
	if (error == SR_OK)
		error = compact_all(&c);
	if (error == SR_ERR_TOO_LONG) {
		/* Too much is open between final and notarised: later. */
		log_state_set(self, &before);
		self->checkpoint_height = self->final->header.height;
		sr_writer_clear(&records);
		return SR_OK;
	}
	if (error == SR_OK)
		error = checkpoint_effects(self, &c);
	sr_writer_clear(&records);
	if (error != SR_OK)
		return error;
	self->checkpoint_height = self->final->header.height;
	self->keys_stale = false;
	return SR_OK;
}

enum sr_error checkpoint_leave(struct enclave_core *self)
{
	struct enclave_effect fx = { .kind = ENCLAVE_FX_CHECKPOINT };
	struct sr_writer records, w;
	struct compact c = { .core = self, .records = &records };
	struct sr_hash32 name;
	enum sr_error error;

	sr_writer_init(&records, CORE_CHECKPOINT_FRAME_MAX);
	sr_writer_init(&w, HOST_FRAME_MAX);
	seal_meta_name(&name, self->keys);
	state_put(self, &name, NULL);
	error = log_fresh(self);
	if (error == SR_OK)
		error = compact_add(&c, CORE_LOG_START, self->log_id.b, sizeof(self->log_id.b));
	sr_write_u32(&w, c.n);
	sr_write_copy(&w, records.p, records.n);
	if (error == SR_OK)
		error = sr_writer_finish(&w);
	if (error == SR_OK) {
		fx.a = (struct sr_bytes){ w.p, w.n };
		fx_push(self, &fx);
	}
	sr_writer_clear(&records);
	sr_writer_clear(&w);
	return error;
}

/* ------------------------------------------------------------------------------------ restoring */

static enum sr_error row_bad(struct enclave_core *self, enum sr_error error)
{
	if (sr_error_is_shortage(error))
		return error;
	return core_fatal(self, SR_ERR_DAMAGED, "a row of the store does not open: it is damaged "
	    "or of another node; restore the data directory from a backup, or start over with an "
	    "empty one");
}

enum sr_error checkpoint_row(struct enclave_core *self, struct sr_bytes name, struct sr_bytes value)
{
	struct sr_hash32 meta, row;
	struct vault_key key;
	uint8_t *plain;
	size_t n;
	enum sr_error error;

	if (name.n != sizeof(row.b))
		return row_bad(self, SR_ERR_DAMAGED);
	if (self->join != NULL) {
		/* A trail to join with, and a store: the store is what was lived through. */
		join_free(self);
		trail_clear(self);
	}
	memcpy(row.b, name.p, sizeof(row.b));
	seal_meta_name(&meta, self->keys);
	if (sr_hash32_equal(&meta, &row)) {
		sr_secret_free(self->meta);
		self->meta = NULL;
		error = seal_row_open(&self->meta, &self->meta_n, true, self, &row, value.p,
		    value.n);
		return error == SR_OK ? SR_OK : row_bad(self, error);
	}
	error = seal_row_open(&plain, &n, false, self, &row, value.p, value.n);
	if (error == SR_OK && trail_is_row(plain, n)) {
		error = trail_row(self, &row, plain, n);
		free(plain);
		return error == SR_OK ? SR_OK : row_bad(self, error);
	}
	if (error != SR_OK || n < sizeof(key.b)) {
		if (error == SR_OK)
			free(plain);
		return row_bad(self, error);
	}
	memcpy(key.b, plain, sizeof(key.b));
	error = vault_tree_put(&self->boot_tree, &key, plain + sizeof(key.b), n - sizeof(key.b));
	free(plain);
	return error;
}

static enum sr_error meta_public_read(struct enclave_core *self, struct sr_hash32 *root,
    struct sr_bytes *deal, struct sr_reader *r)
{
	struct sr_hash32 sum;
	uint32_t steps;

	if (sr_read_u8(r) != META_VERSION)
		sr_reader_fail(r, SR_ERR_BAD_VERSION);
	self->log_id = sr_read_hash(r);
	self->log_before = sr_read_hash(r);
	*root = sr_read_hash(r);
	self->agree_height = sr_read_u64(r);
	self->operations_final = sr_read_u64(r);
	self->operations_refused = sr_read_u64(r);
	self->releases = sr_read_u64(r);
	self->now = instance_read(self, r);
	if (self->now != NULL && sr_read_bool(r)) {
		self->old = instance_read(self, r);
		if (self->old != NULL)
			self->old->wiped = !self->keys->genesis_vote;
	}
	steps = sr_read_u32(r);
	sum = sr_read_hash(r);
	*deal = sr_read_blob(r, SR_OP_MAX);
	SR_TRY(sr_reader_finish(r));
	return steps == self->trail.n && sr_hash32_equal(&sum, &self->trail.sum) ? SR_OK :
	    SR_ERR_DAMAGED;
}

/* A member's by its roster; of who joins by its candidacy, or not yet known. */
static enum sr_error seat_find(struct enclave_core *self)
{
	const struct core_instance *i = self->now;
	struct roster_candidate *c;
	struct sr_edpk id;
	enum sr_error error;

	self->seat = EPOCH_NOBODY;
	if (i->self < i->record.n) {
		self->seat = i->record.members[i->self].seat;
		return SR_OK;
	}
	c = malloc(sizeof(*c));
	if (c == NULL)
		return SR_ERR_NO_MEMORY;
	error = roster_candidate_find(c, self->final->tree, core_id(self, &id));
	if (error == SR_OK) {
		self->seat = c->seat;
		self->candidate_seen = true;
	}
	free(c);
	return error == SR_ERR_NO_MEMORY ? error : SR_OK;
}

enum sr_error checkpoint_restore(struct enclave_core *self)
{
	struct sr_hash32 root, have;
	struct sr_bytes deal;
	struct sr_reader r;
	enum sr_error error;

	if (self->meta_n < 2 * EPOCH_KEYS_BYTES)
		return row_bad(self, SR_ERR_DAMAGED);
	sr_reader_init(&r, self->meta + 2 * EPOCH_KEYS_BYTES, self->meta_n - 2 * EPOCH_KEYS_BYTES);
	error = meta_public_read(self, &root, &deal, &r);
	if (error == SR_OK)
		error = keys_take(self, self->meta, self->meta + EPOCH_KEYS_BYTES, deal.p, deal.n);
	sr_secret_free(self->meta);
	self->meta = NULL;
	if (error != SR_OK || self->keys->now.epoch != self->now->record.epoch)
		return row_bad(self, error);
	have = vault_tree_root(self->boot_tree);
	if (!sr_hash32_equal(&have, &root))
		return core_fatal(self, SR_ERR_DAMAGED, "the stored state does not have the root "
		    "that was agreed on: the store is damaged or rolled back; restore it from a "
		    "backup, or start over with an empty data directory");
	SR_TRY(instance_open(self->now,
	    self->keys->now.has_vote ? &self->keys->now.vote_seed : NULL, false));
	if (self->old != NULL)
		SR_TRY(instance_open(self->old, NULL, false));
	checkpoint_rows_are(self, self->boot_tree);
	SR_TRY(exec_genesis(self, self->now, vault_tree_ref(self->boot_tree)));
	SR_TRY(seat_find(self));
	pieces_count(self, self->boot_tree);
	self->checkpoint_height = self->final->header.height;
	return self->broken;
}
