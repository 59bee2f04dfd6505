/* enclave/snapshot.c - a member's half of a snapshot: what it shows, and to whom. */
#include "enclave/snapshot.h"

#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------------------------------- to whom */

static bool is_member(const struct enclave_core *self, uint32_t seat)
{
	return seats_peer(self->now, seat) < self->now->record.n;
}

/* A member, or an admitted candidate; NOT_READY: neither. */
static enum sr_error may_see(const struct enclave_core *self, uint32_t seat)
{
	struct roster_candidate *c;
	enum sr_error error;

	if (is_member(self, seat))
		return SR_OK;
	c = malloc(sizeof(*c));
	if (c == NULL)
		return SR_ERR_NOT_READY;
	error = roster_candidate_get(c, self->final->tree, seat);
	if (error != SR_OK || c->state != ROSTER_ADMITTED)
		error = SR_ERR_NOT_READY;
	free(c);
	return error;
}

/* ----------------------------------------------------------------------------------- the states */

static void served_drop(struct core_served *s)
{
	vault_tree_unref(s->tree);
	memset(s, 0, sizeof(*s));
}

void snapshot_clear(struct enclave_core *self)
{
	for (size_t i = 0; i < CORE_SERVED; i++)
		served_drop(&self->served[i]);
}

static void served_expire(struct enclave_core *self)
{
	for (size_t i = 0; i < CORE_SERVED; i++)
		if (self->served[i].in_use && (self->now_ms < self->served[i].since_ms ||
		    self->now_ms >= self->served[i].since_ms + SNAPSHOT_KEEP_MS))
			served_drop(&self->served[i]);
}

/* The clock may be set back. */
static bool elapsed(const struct enclave_core *self, uint64_t since_ms, uint64_t ms)
{
	return self->now_ms < since_ms || self->now_ms - since_ms >= ms;
}

static bool budget_left(struct enclave_core *self)
{
	if (elapsed(self, self->served_ms, 1000)) {
		self->served_ms = self->now_ms;
		self->served_bytes = 0;
	}
	return self->served_bytes < SNAPSHOT_BYTES_A_SECOND;
}

static void answer_send(struct enclave_core *self, uint32_t seat, struct sr_writer *w)
{
	if (sr_writer_finish(w) == SR_OK) {
		self->served_bytes += w->n;
		fx_send(self, seat, CONSENSUS_CLASS_SYNC, w->p, w->n);
	}
	sr_writer_clear(w);
}

static struct core_served *served_find(struct enclave_core *self, const struct sr_hash32 *root)
{
	for (size_t i = 0; i < CORE_SERVED; i++)
		if (self->served[i].in_use && sr_hash32_equal(&self->served[i].root, root))
			return &self->served[i];
	return NULL;
}

/* The start point of a core that was started again has no header to show: the next block has. */
static bool parent_known(const struct enclave_core *self)
{
	struct sr_hash32 hash;

	if (!self->proof.have)
		return false;
	if (self->proof.parent.slot == 0)
		return true;
	hash = consensus_header_hash(&self->proof.parent);
	return sr_hash32_equal(&hash, &self->proof.header.parent_hash);
}

/* The newest proven state; the same for a minute, so that many may ask. */
static struct core_served *served_now(struct enclave_core *self)
{
	struct core_served *place = &self->served[0];

	for (size_t i = 0; i < CORE_SERVED; i++) {
		struct core_served *s = &self->served[i];

		if (s->in_use && s->header.epoch == self->now->record.epoch &&
		    self->now_ms < s->since_ms + SNAPSHOT_FRESH_MS)
			return s;
		if (place->in_use && (!s->in_use || s->since_ms < place->since_ms))
			place = s;
	}
	if (!parent_known(self))
		return NULL;
	served_drop(place);
	place->in_use = true;
	place->since_ms = self->now_ms;
	place->tree = vault_tree_ref(self->proof.tree);
	place->root = self->proof.header.pre_state_root;
	place->header = self->proof.header;
	place->parent = self->proof.parent;
	consensus_cert_copy(&place->cert, &self->proof.cert);
	return place;
}

/* ----------------------------------------------------------------------------------------- HEAD */

static void header_put(struct sr_writer *w, const struct consensus_header *h)
{
	uint8_t bytes[CONSENSUS_HEADER_MAX];
	struct sr_writer one;

	sr_writer_init_over(&one, bytes, sizeof(bytes));
	consensus_header_write(&one, h);
	sr_write_blob(w, one.p, one.n);
}

static void served_put(struct sr_writer *w, const struct core_served *s)
{
	struct sr_writer cert;

	sr_write_bool(w, s != NULL);
	if (s == NULL)
		return;
	header_put(w, &s->header);
	sr_writer_init(&cert, 64u + SR_MEMBERS_MAX * 70u);
	consensus_cert_write(&cert, &s->cert);
	sr_writer_fail(w, cert.error);
	sr_write_blob(w, cert.p, cert.n);
	sr_writer_clear(&cert);
	if (s->parent.slot == 0)
		sr_write_blob(w, NULL, 0);
	else
		header_put(w, &s->parent);
}

static bool ask_allowed(struct enclave_core *self, uint32_t seat)
{
	struct core_peer *p = &self->peers[seat];

	if (p->asked_ms != 0 && !elapsed(self, p->asked_ms, SNAPSHOT_ASK_MS))
		return false;
	p->asked_ms = self->now_ms;
	return budget_left(self);
}

static void head_send(struct enclave_core *self, uint32_t seat, enum sr_error code, uint32_t first,
    struct sr_bytes steps, bool more)
{
	struct sr_writer w;

	sr_writer_init(&w, CORE_MESSAGE_MAX);
	sr_write_u8(&w, CORE_SNAPSHOT_HEAD);
	sr_write_u16(&w, (uint16_t)code);
	if (code == SR_OK) {
		sr_write_u32(&w, first);
		sr_write_blob(&w, steps.p, steps.n);
		sr_write_bool(&w, more);
		served_put(&w, more ? NULL : served_now(self));
	}
	answer_send(self, seat, &w);
}

void snapshot_head(struct enclave_core *self, uint32_t seat, uint32_t first, uint32_t count,
    struct sr_bytes steps)
{
	head_send(self, seat, SR_OK, first, steps, first + count < self->trail.n);
}

void snapshot_asked(struct enclave_core *self, uint32_t seat, struct sr_reader *r)
{
	struct core_trail_read read = { .from = sr_read_u32(r), .seat = seat };
	enum sr_error code;

	if (sr_reader_finish(r) != SR_OK || !ask_allowed(self, seat))
		return;
	code = may_see(self, seat);
	if (code != SR_OK)
		head_send(self, seat, code, 0, (struct sr_bytes){ NULL, 0 }, false);
	else
		trail_ask(self, &read);
}

/* ----------------------------------------------------------------------------------------- ROWS */

struct chunk {
	struct sr_writer rows;
	uint32_t n;
	bool has_after, full;
	struct vault_key after, last;
};

static bool chunk_visit(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct chunk *c = ctx;

	if (c->has_after && memcmp(key->b, c->after.b, sizeof(key->b)) == 0)
		return true;
	if (c->n > 0 && c->rows.n + value.n + 36 > SNAPSHOT_CHUNK_BYTES) {
		c->full = true;
		return false;
	}
	sr_write_copy(&c->rows, key->b, sizeof(key->b));
	sr_write_blob(&c->rows, value.p, value.n);
	c->last = *key;
	c->n++;
	return c->rows.error == SR_OK;
}

static void proof_put(struct sr_writer *w, const struct chunk *c, struct vault_tree *tree)
{
	struct sr_writer proof;

	sr_writer_init(&proof, VAULT_PROOF_MAX);
	if (c->n > 0)
		vault_tree_prove(&proof, tree, &c->last);
	sr_writer_fail(w, proof.error);
	sr_write_blob(w, proof.p, proof.n);
	sr_writer_clear(&proof);
}

static void rows_send(struct enclave_core *self, uint32_t seat, const struct sr_hash32 *root,
    const struct chunk *c, struct vault_tree *tree, enum sr_error code)
{
	struct sr_writer w;

	sr_writer_init(&w, CORE_MESSAGE_MAX);
	sr_write_u8(&w, CORE_SNAPSHOT_ROWS);
	sr_write_hash(&w, root);
	sr_write_bool(&w, c->has_after);
	sr_write_copy(&w, c->after.b, sizeof(c->after.b));
	sr_write_u16(&w, (uint16_t)code);
	sr_write_bool(&w, !c->full);
	sr_write_u32(&w, c->n);
	sr_write_copy(&w, c->rows.p, c->rows.n);
	sr_writer_fail(&w, c->rows.error);
	proof_put(&w, c, tree);
	answer_send(self, seat, &w);
}

static void get_answer(struct enclave_core *self, uint32_t seat)
{
	struct core_peer *p = &self->peers[seat];
	struct chunk c = { .has_after = p->get_after, .after = p->get_key };
	struct core_served *s = served_find(self, &p->get_root);

	p->get_waits = false;
	if (may_see(self, seat) != SR_OK)
		return;
	sr_writer_init(&c.rows, CORE_MESSAGE_MAX - VAULT_PROOF_MAX - 1024u);
	if (s != NULL)
		vault_tree_walk(s->tree, &c.after, 0, chunk_visit, &c);
	rows_send(self, seat, &p->get_root, &c, s != NULL ? s->tree : NULL,
	    s != NULL ? SR_OK : SR_ERR_NOT_FOUND);
	sr_writer_clear(&c.rows);
}

/* In turn, as far as this second's bytes go. */
static void gets_run(struct enclave_core *self)
{
	for (uint32_t k = 0; k < SR_MEMBERS_MAX && budget_left(self); k++) {
		uint32_t seat = self->served_next;

		self->served_next = (seat + 1) % SR_MEMBERS_MAX;
		if (self->peers[seat].get_waits)
			get_answer(self, seat);
	}
}

/* One waits for each peer: the newest. */
void snapshot_get(struct enclave_core *self, uint32_t seat, struct sr_reader *r)
{
	struct core_peer *p = &self->peers[seat];
	struct sr_hash32 root = sr_read_hash(r);
	bool after = sr_read_bool(r);
	struct vault_key key;

	sr_read_copy(r, key.b, sizeof(key.b));
	if (sr_reader_finish(r) != SR_OK || may_see(self, seat) != SR_OK)
		return;
	p->get_waits = true;
	p->get_after = after;
	p->get_root = root;
	p->get_key = key;
	gets_run(self);
}

void snapshot_tick(struct enclave_core *self)
{
	served_expire(self);
	gets_run(self);
}
