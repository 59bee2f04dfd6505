/*
 * enclave/join.c - the joiner's half of a snapshot. Everything is checked from the genesis: the
 * trail, the header by a quorum of the newest roster in it, the rows by that header's state root. A
 * member can withhold, which another makes good; it can't make a state up.
 *
 *   trail ──► ASK ──HEAD──► GET ──ROWS──► GET ... last ──► root fits ──► checkpoint ──► observer
 *              ▲                                             │ no: those rows go, another member
 *              └─────────────────────────────────────────────┘
 */
#include "enclave/snapshot.h"

#include <stdlib.h>
#include <string.h>

#define ASK_WAIT_MS 3000u
#define ROWS_WAIT_MS 3000u
#define ROWS_TRIES 3u                    /* answers may be lost, or this node stood still */
#define PAUSE_MS 1000u                   /* before the next member is asked */
#define GONE_WAIT_MS 600000u             /* not in the state for so long: refused long ago */
#define SILENT_MS 600000u                /* no answer for so long: its operator should know */

/* Where the newest epoch of the trail begins. */
struct join_genesis { struct sr_hash32 hash; uint64_t height, time_ms; };

struct core_join {
	struct epoch_trail_walk walk;
	struct epoch_record record;             /* the newest of the trail */
	struct join_genesis genesis;
	bool pinned, pin_met;
	uint64_t pin_epoch;
	struct sr_hash32 pin;
	uint32_t asked;                         /* index in record, of whom I ask */
	uint64_t asked_ms, pause_ms;            /* 0: nobody, not waiting */
	bool have;                              /* a proven header: now its rows */
	uint32_t tries;                         /* of the rows behind last */
	struct sr_hash32 root;
	struct sr_hash32 start_hash;
	uint64_t start_slot, start_height, start_time_ms;
	struct vault_tree *tree;
	bool any;
	struct vault_key last;                  /* the highest key so far */
	uint64_t heard_ms;                      /* the last answer, or the beginning */
};

static void rows_drop(struct enclave_core *self)
{
	/* What the host holds for the next checkpoint goes, too. */
	vault_tree_diff(self->join->tree, NULL, checkpoint_put_row, self);
	vault_tree_unref(self->join->tree);
	self->join->tree = NULL;
	self->join->any = false;
	self->join->have = false;
}

void join_free(struct enclave_core *self)
{
	if (self->join == NULL)
		return;
	vault_tree_unref(self->join->tree);
	epoch_trail_end(&self->join->walk);
	free(self->join);
	self->join = NULL;
}

const struct epoch_record *join_roster(const struct enclave_core *self)
{
	return self->join != NULL ? &self->join->record : NULL;
}

/* ------------------------------------------------------------------------------------ the trail */

/* The operator knows an epoch of this chain: its roster, or the CLOSE block that began it. */
static enum sr_error pin_read(struct core_join *j, struct sr_bytes pin)
{
	struct sr_reader r;

	sr_reader_init(&r, pin.p, pin.n);
	j->pinned = true;
	j->pin_epoch = sr_read_u64(&r);
	j->pin = sr_read_hash(&r);
	return sr_reader_finish(&r);
}

static enum sr_error pin_check(struct core_join *j)
{
	struct sr_hash32 root;

	if (!j->pinned || j->walk.now->epoch != j->pin_epoch)
		return SR_OK;
	root = epoch_record_root(j->walk.now);
	j->pin_met = sr_hash32_equal(&root, &j->pin) ||
	    sr_hash32_equal(&j->walk.close_hash, &j->pin);
	return j->pin_met ? SR_OK : SR_ERR_CHECKPOINT_OTHER;
}

static void genesis_point(struct core_join *j, const struct enclave_core *self)
{
	const struct epoch_trail_walk *w = &j->walk;
	struct sr_hash32 root = epoch_record_root(w->now);

	j->record = *w->now;
	j->genesis.hash = consensus_genesis_hash(&self->genesis->chain_id, w->now->epoch,
	    &w->close_hash, &root, &w->close_state_root);
	j->genesis.height = w->close_height;
	j->genesis.time_ms = w->close_time_ms;
}

enum sr_error join_begin(struct enclave_core *self, struct sr_bytes pin)
{
	self->join = calloc(1, sizeof(*self->join));
	if (self->join == NULL)
		return SR_ERR_NO_MEMORY;
	SR_TRY(epoch_trail_begin(&self->join->walk, self->genesis));
	return pin.n > 0 ? pin_read(self->join, pin) : SR_OK;
}

enum sr_error join_steps(struct enclave_core *self, uint64_t first, uint64_t count,
    struct sr_bytes steps)
{
	struct core_join *j = self->join;
	enum sr_error error = SR_OK;
	struct sr_reader r;
	uint64_t done = 0;

	if (first != self->trail.n)
		return SR_ERR_STALE;
	sr_reader_init(&r, steps.p, steps.n);
	while (done < count && error == SR_OK) {
		const uint8_t *from = r.p;

		error = epoch_trail_step(&j->walk, &r);
		if (error == SR_OK)
			error = pin_check(j);
		if (error == SR_OK)
			error = trail_add(self,
			    (struct sr_bytes){ from, (size_t)(r.p - from) });
		done += error == SR_OK;
	}
	if (done > 0)
		genesis_point(j, self);
	return error != SR_OK ? error : sr_reader_finish(&r);
}

enum sr_error join_ready(struct enclave_core *self)
{
	struct core_join *j = self->join;
	uint8_t first = 0;

	if (self->trail.n == 0)
		return SR_ERR_EPOCH_STEP;
	if (j->pinned && !j->pin_met)
		return SR_ERR_CHECKPOINT_OTHER;
	SR_TRY(sr_drbg_fill(&self->drbg, &first, 1));
	j->asked = first % j->record.n;
	return seats_update(self);
}

/* --------------------------------------------------------------------------------------- asking */

static uint32_t seat_asked(const struct core_join *j)
{
	return j->record.members[j->asked].seat;
}

static void ask(struct enclave_core *self)
{
	struct sr_writer w;

	sr_writer_init(&w, 64);
	sr_write_u8(&w, CORE_SNAPSHOT_ASK);
	sr_write_u32(&w, self->trail.n);
	if (sr_writer_finish(&w) == SR_OK)
		fx_send(self, seat_asked(self->join), CONSENSUS_CLASS_CERT, w.p, w.n);
	sr_writer_clear(&w);
	self->join->asked_ms = self->now_ms;
}

static void get(struct enclave_core *self)
{
	struct core_join *j = self->join;
	struct sr_writer w;

	sr_writer_init(&w, 128);
	sr_write_u8(&w, CORE_SNAPSHOT_GET);
	sr_write_hash(&w, &j->root);
	sr_write_bool(&w, j->any);
	sr_write_copy(&w, j->last.b, sizeof(j->last.b));
	if (sr_writer_finish(&w) == SR_OK)
		fx_send(self, seat_asked(j), CONSENSUS_CLASS_CERT, w.p, w.n);
	sr_writer_clear(&w);
	j->asked_ms = self->now_ms;
}

/* What this member began is dropped; the next one, a little later. */
static void next_member(struct enclave_core *self)
{
	struct core_join *j = self->join;

	if (j->have)
		rows_drop(self);
	j->tries = 0;
	j->asked = (j->asked + 1) % j->record.n;
	j->asked_ms = 0;
	j->pause_ms = self->now_ms + PAUSE_MS;
}

/* Members know nobody but whom they have admitted: who is refused hears nothing. */
static void silence_tell(struct enclave_core *self)
{
	struct core_join *j = self->join;

	if (j->heard_ms == 0 || j->heard_ms > self->now_ms)
		j->heard_ms = self->now_ms;
	if (self->now_ms - j->heard_ms < SILENT_MS)
		return;
	j->heard_ms = self->now_ms;
	fx_note(self, NOTE_WARN, "no member answers: none is to be reached, or this node is not "
	    "admitted; ask a member for the candidates");
}

enum sr_error join_tick(struct enclave_core *self)
{
	struct core_join *j = self->join;
	uint64_t wait_ms = j->have ? ROWS_WAIT_MS : ASK_WAIT_MS;

	silence_tell(self);
	if (self->disk_full)
		return SR_OK;
	if (j->asked_ms != 0 && self->now_ms < j->asked_ms + wait_ms &&
	    self->now_ms >= j->asked_ms)
		return SR_OK;
	if (j->asked_ms != 0 && j->have && ++j->tries < ROWS_TRIES) {
		get(self);
		return self->broken;
	}
	if (j->asked_ms != 0)
		next_member(self);
	if (j->pause_ms == 0 || self->now_ms >= j->pause_ms ||
	    j->pause_ms > self->now_ms + PAUSE_MS)
		ask(self);
	return self->broken;
}

/* ----------------------------------------------------------------------------------------- HEAD */

/* More steps behind those that I have. What verified is taken even when the next one does not. */
static enum sr_error steps_take(struct enclave_core *self, uint32_t first, struct sr_bytes steps)
{
	struct core_join *j = self->join;
	uint32_t before = self->trail.n;
	struct sr_hash32 close;
	struct sr_bytes step;
	struct sr_reader r;
	uint64_t n = 0;
	enum sr_error error = SR_OK, seats;

	sr_reader_init(&r, steps.p, steps.n);
	for (; r.left > 0 && error == SR_OK; n += error == SR_OK)
		error = epoch_trail_step_read(&step, &close, &r);
	if (error == SR_OK)
		error = join_steps(self, first, n, steps);
	if (self->trail.n == before)
		return error;
	/* Another roster: places in it mean others. */
	j->asked %= j->record.n;
	seats = seats_update(self);
	return seats != SR_OK ? seats : error;
}

static enum sr_error cert_check(const struct enclave_core *self,
    const struct consensus_header *h, struct sr_bytes bytes)
{
	const struct epoch_record *record = &self->join->record;
	struct consensus_cert *cert = malloc(sizeof(*cert));
	struct sr_edpk *keys = malloc(SR_MEMBERS_MAX * sizeof(*keys));
	struct sr_hash32 hash = consensus_header_hash(h);
	struct sr_reader r;
	enum sr_error error = SR_ERR_NO_MEMORY;

	if (cert != NULL && keys != NULL) {
		sr_reader_init(&r, bytes.p, bytes.n);
		consensus_cert_read(cert, &r);
		error = sr_reader_finish(&r);
	}
	if (error == SR_OK && (cert->kind != CONSENSUS_FINAL || cert->epoch != record->epoch ||
	    cert->slot != h->slot || !sr_hash32_equal(&cert->hash, &hash)))
		error = SR_ERR_BAD_HASH;
	for (uint32_t k = 0; error == SR_OK && k < record->n; k++)
		keys[k] = record->members[k].vote_key;
	if (error == SR_OK)
		error = consensus_cert_verify(cert, &self->genesis->chain_id, keys, record->n);
	free(cert);
	free(keys);
	return error;
}

/* Where execution goes on: at the parent, whose state the header names. */
static enum sr_error start_take(struct core_join *j, const struct consensus_header *h,
    struct sr_bytes parent_bytes)
{
	struct consensus_header parent;
	struct sr_hash32 hash;
	struct sr_reader r;

	if (parent_bytes.n == 0) {
		if (h->parent_slot != 0 || !sr_hash32_equal(&h->parent_hash, &j->genesis.hash))
			return SR_ERR_BAD_PARENT;
		j->start_hash = j->genesis.hash;
		j->start_slot = 0;
		j->start_height = j->genesis.height;
		j->start_time_ms = j->genesis.time_ms;
		return SR_OK;
	}
	sr_reader_init(&r, parent_bytes.p, parent_bytes.n);
	consensus_header_read(&parent, &r);
	SR_TRY(sr_reader_finish(&r));
	hash = consensus_header_hash(&parent);
	if (!sr_hash32_equal(&hash, &h->parent_hash))
		return SR_ERR_BAD_PARENT;
	j->start_hash = hash;
	j->start_slot = parent.slot;
	j->start_height = parent.height;
	j->start_time_ms = parent.time_ms;
	return SR_OK;
}

static enum sr_error head_take(struct enclave_core *self, struct sr_bytes header,
    struct sr_bytes cert, struct sr_bytes parent)
{
	struct core_join *j = self->join;
	struct consensus_header h;
	struct sr_reader r;

	sr_reader_init(&r, header.p, header.n);
	consensus_header_read(&h, &r);
	SR_TRY(sr_reader_finish(&r));
	if (!sr_hash32_equal(&h.chain_id, &self->genesis->chain_id))
		return SR_ERR_WRONG_CHAIN;
	if (h.epoch != j->record.epoch)
		return SR_ERR_WRONG_EPOCH;
	SR_TRY(cert_check(self, &h, cert));
	SR_TRY(start_take(j, &h, parent));
	j->root = h.pre_state_root;
	j->have = true;
	j->any = false;
	memset(&j->last, 0, sizeof(j->last));
	return SR_OK;
}

static enum sr_error head_parse(struct enclave_core *self, struct sr_reader *r, bool *more)
{
	uint32_t first = sr_read_u32(r);
	struct sr_bytes steps = sr_read_blob(r, HOST_FRAME_MAX), header, cert, parent;
	bool snapshot;

	*more = sr_read_bool(r);
	snapshot = sr_read_bool(r);
	if (!snapshot) {
		SR_TRY(sr_reader_finish(r));
		SR_TRY(steps_take(self, first, steps));
		return *more ? SR_OK : SR_ERR_NOT_READY;
	}
	header = sr_read_blob(r, CONSENSUS_HEADER_MAX);
	cert = sr_read_blob(r, 64u + SR_MEMBERS_MAX * 70u);
	parent = sr_read_blob(r, CONSENSUS_HEADER_MAX);
	SR_TRY(sr_reader_finish(r));
	SR_TRY(steps_take(self, first, steps));
	return head_take(self, header, cert, parent);
}

static enum sr_error receive_head(struct enclave_core *self, struct sr_reader *r)
{
	struct core_join *j = self->join;
	uint16_t code = sr_read_u16(r);
	bool more = false;
	enum sr_error error;

	if (j->have || r->error != SR_OK)
		return SR_OK;
	error = code != SR_OK ? (enum sr_error)code : head_parse(self, r, &more);
	if (code == SR_OK && sr_error_is_shortage(error))
		return error;
	if (error == SR_OK && j->have) {
		get(self);
	} else if (error == SR_OK && more) {
		/* Nobody answers twice in a second. */
		j->asked = (j->asked + 1) % j->record.n;
		ask(self);
	} else {
		next_member(self);
	}
	return SR_OK;
}

/* ----------------------------------------------------------------------------------------- ROWS */

static enum sr_error row_take(struct enclave_core *self, struct sr_reader *r)
{
	struct core_join *j = self->join;
	struct vault_key key;
	struct sr_bytes value;

	sr_read_copy(r, key.b, sizeof(key.b));
	value = sr_read_blob(r, VAULT_VALUE_MAX);
	if (r->error != SR_OK)
		return r->error;
	/* In order, each once: nobody makes me take the same rows for ever. */
	if (j->any && memcmp(key.b, j->last.b, sizeof(key.b)) <= 0)
		return SR_ERR_SNAPSHOT_BAD;
	SR_TRY(vault_tree_put(&j->tree, &key, value.p, value.n));
	checkpoint_put_row(self, &key, value);
	j->last = key;
	j->any = true;
	return self->broken;
}

/* bit u8, hash 32 of each branch on a proof's way; what stands at its end is skipped. */
static void steps_open(struct sr_reader *r, uint32_t *n, struct sr_bytes proof)
{
	sr_reader_init(r, proof.p, proof.n);
	(void)sr_read_u8(r);
	(void)sr_read_u8(r);
	(void)sr_read_blob(r, VAULT_VALUE_MAX);
	*n = sr_read_u16(r);
}

static bool goes_right(const struct vault_key *key, unsigned bit)
{
	return ((unsigned)key->b[bit / 8] >> (7 - bit % 8) & 1u) != 0;
}

/* What is left of the last key, in the state and in what I have. Nothing of mine is right of it. */
static bool left_equal(struct sr_bytes theirs, struct sr_bytes mine, const struct vault_key *key)
{
	struct sr_reader a, b;
	uint32_t a_n, b_n;

	steps_open(&a, &a_n, theirs);
	steps_open(&b, &b_n, mine);
	while (a_n-- > 0) {
		unsigned bit = sr_read_u8(&a);
		struct sr_hash32 hash = sr_read_hash(&a), own;

		if (!goes_right(key, bit))
			continue;
		if (b_n-- == 0 || sr_read_u8(&b) != bit)
			return false;
		own = sr_read_hash(&b);
		if (!sr_hash32_equal(&hash, &own))
			return false;
	}
	return b_n == 0 && a.error == SR_OK && b.error == SR_OK;
}

/* The rows so far are those of the state up to the last of them, neither more nor less. */
static enum sr_error rows_check(const struct core_join *j, struct sr_bytes proof)
{
	struct sr_bytes value;
	struct sr_writer own;
	bool present;
	enum sr_error error;

	if (vault_proof_check(&present, &value, &j->root, &j->last, proof.p, proof.n) != SR_OK ||
	    !present)
		return SR_ERR_SNAPSHOT_BAD;
	sr_writer_init(&own, VAULT_PROOF_MAX);
	vault_tree_prove(&own, j->tree, &j->last);
	error = sr_writer_finish(&own);
	if (error == SR_OK && !left_equal(proof, (struct sr_bytes){ own.p, own.n }, &j->last))
		error = SR_ERR_SNAPSHOT_BAD;
	sr_writer_clear(&own);
	return error;
}

static enum sr_error chunk_take(struct enclave_core *self, struct sr_reader *r, bool *last)
{
	struct core_join *j = self->join;
	struct sr_hash32 root = sr_read_hash(r), have;
	struct vault_key after;
	bool has_after = sr_read_bool(r);
	struct sr_bytes proof;
	uint16_t code;
	uint32_t n, left;
	size_t bytes;

	sr_read_copy(r, after.b, sizeof(after.b));
	code = sr_read_u16(r);
	*last = sr_read_bool(r);
	n = sr_read_u32(r);
	if (r->error != SR_OK)
		return r->error;
	if (!sr_hash32_equal(&root, &j->root) || has_after != j->any ||
	    memcmp(after.b, j->last.b, sizeof(after.b)) != 0)
		return SR_ERR_STALE;
	if (code != SR_OK)
		return SR_ERR_NOT_FOUND; /* whatever it says that it lacks, I don't */
	bytes = r->left;
	for (left = n; left > 0; left--)
		SR_TRY(row_take(self, r));
	bytes -= r->left;
	/* A right row at a time would be progress, and would hold me for ever. */
	if (!*last && bytes < SNAPSHOT_CHUNK_LEAST)
		return SR_ERR_SNAPSHOT_BAD;
	proof = sr_read_blob(r, VAULT_PROOF_MAX);
	SR_TRY(sr_reader_finish(r));
	if (n > 0)
		SR_TRY(rows_check(j, proof));
	else if (!*last || proof.n > 0)
		return SR_ERR_SNAPSHOT_BAD;
	if (!*last)
		return SR_OK;
	have = vault_tree_root(j->tree);
	return sr_hash32_equal(&have, &j->root) ? SR_OK : SR_ERR_SNAPSHOT_BAD;
}

/* The state is here and proven: from now on like everybody, but without a vote. */
static enum sr_error observe(struct enclave_core *self)
{
	struct core_join *j = self->join;
	struct core_instance *i = instance_new(self, &j->record);

	if (i == NULL)
		return SR_ERR_NO_LOCKED_MEMORY;
	self->now = i;
	if (i->self < i->record.n)
		return core_fatal(self, SR_ERR_FOREIGN_DATA, "this node is a member already, and "
		    "its data is gone; restore the data directory from a backup, or have it "
		    "replaced by one with a new identity");
	i->genesis_hash = j->genesis.hash;
	i->genesis_height = j->genesis.height;
	i->genesis_time_ms = j->genesis.time_ms;
	i->start_hash = j->start_hash;
	i->start_slot = j->start_slot;
	i->start_height = j->start_height;
	i->start_time_ms = j->start_time_ms;
	self->keys->now.epoch = j->record.epoch;
	SR_TRY(instance_open(i, NULL, true));
	/* The host has all the rows. */
	checkpoint_rows_are(self, j->tree);
	SR_TRY(exec_genesis(self, i, vault_tree_ref(j->tree)));
	join_free(self);
	if (!core_measurement_listed(self, &self->measurement))
		return core_fatal(self, SR_ERR_MEASUREMENT, "the policy of this cluster does not "
		    "list this program's measurement");
	self->phase = CORE_RUNNING;
	SR_TRY(checkpoint_write(self));
	SR_TRY(seats_update(self));
	self->state_moved = true;
	self->status_due = true;
	fx_note_number(self, NOTE_INFO, "the state is here; following from height ",
	    self->final->header.height);
	return instance_start(i);
}

static enum sr_error receive_rows(struct enclave_core *self, struct sr_reader *r)
{
	bool last = false;
	enum sr_error error;

	if (!self->join->have)
		return SR_OK;
	error = chunk_take(self, r, &last);
	if (error == SR_ERR_STALE)
		return SR_OK;
	if (sr_error_is_shortage(error) || self->broken != SR_OK)
		return error;
	if (error == SR_OK && last)
		return observe(self);
	if (error == SR_OK) {
		self->join->tries = 0;
		get(self);
		return SR_OK;
	}
	if (error != SR_ERR_NOT_FOUND)
		fx_note_number(self, NOTE_WARN, "a snapshot that is not the agreed state, by the "
		    "member on seat ", seat_asked(self->join));
	next_member(self);
	return SR_OK;
}

enum sr_error join_receive(struct enclave_core *self, uint32_t seat, const uint8_t *msg, size_t n)
{
	struct sr_reader r;

	if (seat != seat_asked(self->join) || self->join->asked_ms == 0 || n > CORE_MESSAGE_MAX)
		return SR_OK;
	self->heard_ms[seat] = self->join->heard_ms = self->now_ms;
	sr_reader_init(&r, msg, n);
	switch (sr_read_u8(&r)) {
	case CORE_SNAPSHOT_HEAD:
		return receive_head(self, &r);
	case CORE_SNAPSHOT_ROWS:
		return receive_rows(self, &r);
	default:
		return SR_OK;
	}
}

/* ------------------------------------------------------------------------------------ observing */

static enum sr_error refused_fatal(struct enclave_core *self, enum sr_error code)
{
	fx_note(self, NOTE_ERROR, sr_error_message((unsigned)code));
	return core_fatal(self, SR_ERR_NOT_ADMITTED, "the cluster does not admit this node; the "
	    "note before this one says why. With that put right, join again with a new identity");
}

/* The seat is mine from the JOIN on; its pieces with it. */
static enum sr_error seat_take(struct enclave_core *self, uint32_t seat)
{
	if (self->seat == seat)
		return SR_OK;
	self->seat = seat;
	self->peers_version++;
	pieces_take(self, self->final->tree);
	return self->broken;
}

enum sr_error join_watch(struct enclave_core *self)
{
	struct roster_candidate *c;
	struct sr_edpk id;
	enum sr_error error;

	if (self->now->self < self->now->record.n || self->closing.open)
		return SR_OK;
	c = malloc(sizeof(*c));
	if (c == NULL)
		return SR_ERR_NO_MEMORY;
	error = roster_candidate_find(c, self->final->tree, core_id(self, &id));
	if (error == SR_OK && c->state == ROSTER_REFUSED)
		error = refused_fatal(self, c->code);
	else if (error == SR_OK) {
		self->candidate_seen = true;
		error = seat_take(self, c->seat);
	} else if (error == SR_ERR_NOT_FOUND) {
		/* The state that was shown may be older than the JOIN. */
		error = self->candidate_seen || self->now_ms >= self->booted_ms + GONE_WAIT_MS ?
		    refused_fatal(self, SR_ERR_NOT_ADMITTED) : SR_OK;
	}
	free(c);
	return error;
}
