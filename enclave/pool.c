/* enclave/pool.c - operations waiting for a block: by hash, and by account in nonce order. */
#include "enclave/internal.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 16384u

struct pool {
	struct pool_entry *by_hash[BUCKETS];
	struct pool_account *by_account[BUCKETS];
	struct pool_account *ring;              /* whose turn it is */
	struct pool_account *cursor;
	bool turned;                            /* everyone had a turn */
	size_t n, bytes, included, accounts, ahead_n, ahead_bytes;
	bool idle;                              /* nothing of it fits on the state as it is */
};

struct pool *pool_new(void)
{
	return calloc(1, sizeof(struct pool));
}

static size_t bucket_of(const uint8_t *b)
{
	return ((size_t)b[0] | (size_t)b[1] << 8) % BUCKETS;
}

/* Keys and addresses are as good as random. */
static struct pool_account **account_slot(struct pool *self, const struct vault_account *a)
{
	return &self->by_account[bucket_of(a->b)];
}

static struct pool_account *account_find(const struct pool *self, const struct vault_account *id)
{
	for (struct pool_account *a = self->by_account[bucket_of(id->b)]; a != NULL;
	    a = a->hash_next)
		if (vault_account_equal(&a->id, id))
			return a;
	return NULL;
}

static struct pool_account *account_get(struct pool *self, const struct vault_account *id)
{
	struct pool_account *a = account_find(self, id);

	if (a != NULL)
		return a;
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return NULL;
	a->id = *id;
	a->hash_next = *account_slot(self, id);
	*account_slot(self, id) = a;
	if (self->ring == NULL) {
		a->ring_next = a->ring_prev = a;
		self->ring = a;
	} else {
		a->ring_next = self->ring;
		a->ring_prev = self->ring->ring_prev;
		a->ring_prev->ring_next = a;
		a->ring_next->ring_prev = a;
	}
	self->accounts++;
	return a;
}

static void account_remove(struct pool *self, struct pool_account *a)
{
	struct pool_account **at = account_slot(self, &a->id);

	while (*at != a)
		at = &(*at)->hash_next;
	*at = a->hash_next;
	if (self->ring == a)
		self->ring = a->ring_next != a ? a->ring_next : NULL;
	if (self->cursor == a)
		self->cursor = a->ring_next != a ? a->ring_next : NULL;
	a->ring_prev->ring_next = a->ring_next;
	a->ring_next->ring_prev = a->ring_prev;
	self->accounts--;
	free(a);
}

size_t pool_count(const struct pool *self)
{
	return self->n;
}

uint32_t pool_count_member(const struct pool *self, const struct vault_account *account)
{
	const struct pool_account *a = account_find(self, account);

	return a != NULL ? a->member_n : 0;
}

struct pool_entry *pool_find(const struct pool *self, const struct sr_hash32 *hash)
{
	for (struct pool_entry *e = self->by_hash[bucket_of(hash->b)]; e != NULL; e = e->hash_next)
		if (sr_hash32_equal(&e->hash, hash))
			return e;
	return NULL;
}

static enum sr_error entry_new(struct pool_entry **out, const struct vault_op *op, const uint8_t *p,
    size_t n)
{
	struct pool_entry *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return SR_ERR_NO_MEMORY;
	e->p = malloc(n);
	if (e->p == NULL) {
		free(e);
		return SR_ERR_NO_MEMORY;
	}
	memcpy(e->p, p, n);
	e->n = n;
	e->hash = op->hash;
	e->kind = (unsigned)op->kind;
	e->nonce = op->nonce;
	e->expiry_ms = op->expiry_ms;
	*out = e;
	return SR_OK;
}

static bool is_member(const struct pool_entry *e)
{
	return e->kind >= VAULT_OP_MEMBER_FIRST;
}

/*
 * What waits for an earlier nonce costs its sender nothing but a signature, as long as it waits:
 * it may take half of the room, or a stranger could keep the heartbeats of others out.
 */
static bool room_for(const struct pool *self, size_t n, bool ahead)
{
	if (ahead && (self->ahead_n >= CORE_POOL_MAX / 2 ||
	    n > CORE_POOL_BYTES_MAX / 2 - self->ahead_bytes))
		return false;
	return self->n < CORE_POOL_MAX && n <= CORE_POOL_BYTES_MAX - self->bytes;
}

bool pool_crowded(const struct pool *self)
{
	return self->n > CORE_POOL_MAX / 10 * 9 || self->bytes > CORE_POOL_BYTES_MAX / 10 * 9;
}

enum sr_error pool_add(struct pool *self, struct enclave_core *core, const struct vault_op *op,
    const uint8_t *p, size_t n, bool ahead)
{
	struct pool_account *a;
	struct pool_entry *e, **at;

	if (pool_find(self, &op->hash) != NULL)
		return SR_ERR_DUPLICATE;
	if (!room_for(self, n, ahead))
		return SR_ERR_POOL_FULL;
	a = account_find(self, &op->account);
	if (a != NULL && a->n >= CORE_POOL_ACCOUNT_MAX)
		return SR_ERR_POOL_FULL;
	if ((unsigned)op->kind >= VAULT_OP_MEMBER_FIRST &&
	    pool_count_member(self, &op->account) >= CORE_POOL_MEMBER_MAX)
		return SR_ERR_POOL_FULL;
	SR_TRY(entry_new(&e, op, p, n));
	a = account_get(self, &op->account);
	if (a == NULL) {
		free(e->p);
		free(e);
		return SR_ERR_NO_MEMORY;
	}
	e->account = a;
	for (at = &a->first; *at != NULL && (*at)->nonce <= e->nonce;)
		at = &(*at)->account_next;
	e->account_next = *at;
	*at = e;
	a->n++;
	a->member_n += is_member(e) ? 1 : 0;
	e->hash_next = self->by_hash[bucket_of(e->hash.b)];
	self->by_hash[bucket_of(e->hash.b)] = e;
	self->n++;
	self->bytes += n;
	e->ahead = ahead;
	if (ahead) {
		self->ahead_n++;
		self->ahead_bytes += n;
	}
	self->idle = false;
	if (exec_pending(core, &e->hash) != 0) {
		e->included = 1;
		self->included++;
	}
	return SR_OK;
}

void pool_remove(struct pool *self, struct pool_entry *e)
{
	struct pool_account *a = e->account;
	struct pool_entry **at;

	for (at = &self->by_hash[bucket_of(e->hash.b)]; *at != e;)
		at = &(*at)->hash_next;
	*at = e->hash_next;
	for (at = &a->first; *at != e;)
		at = &(*at)->account_next;
	*at = e->account_next;
	if (a->cursor == e)
		a->cursor = e->account_next;
	a->n--;
	a->member_n -= is_member(e) ? 1 : 0;
	self->n--;
	self->bytes -= e->n;
	if (e->ahead) {
		self->ahead_n--;
		self->ahead_bytes -= e->n;
	}
	if (e->included > 0)
		self->included--;
	if (a->n == 0)
		account_remove(self, a);
	sr_wipe(e->p, e->n);
	free(e->p);
	free(e);
}

void pool_mark(struct pool *self, const struct sr_hash32 *hash, bool included)
{
	struct pool_entry *e = pool_find(self, hash);

	if (e == NULL || (!included && e->included == 0))
		return;
	if (included && e->included++ == 0)
		self->included++;
	if (!included && --e->included == 0) {
		self->included--;
		self->idle = false;
	}
}

bool pool_has_work(const struct pool *self)
{
	return self->n > self->included && !self->idle;
}

void pool_work_seen(struct pool *self, bool useful)
{
	self->idle = !useful;
}

struct pool_entry *pool_stale(const struct pool *self, const struct vault_account *account,
    uint64_t nonce)
{
	struct pool_account *a = account_find(self, account);

	return a != NULL && a->first->nonce <= nonce ? a->first : NULL;
}

/* One pass, however many there are. */
void pool_expire(struct pool *self, uint64_t time_ms,
    void (*gone)(void *ctx, const struct sr_hash32 *hash), void *ctx)
{
	struct pool_account *a = self->ring, *next_account;
	size_t accounts = self->accounts;

	for (size_t i = 0; i < accounts; i++, a = next_account) {
		struct pool_entry *e = a->first, *next;

		next_account = a->ring_next;
		for (; e != NULL; e = next) {
			next = e->account_next;
			if (e->expiry_ms >= time_ms || e->included > 0)
				continue;
			gone(ctx, &e->hash);
			pool_remove(self, e);   /* with its last entry the account goes, too */
		}
	}
}

/* DESIGN 10: fair per account. Each block begins with the account after the last one's first. */
void pool_iterate(struct pool *self)
{
	struct pool_account *a = self->ring;

	for (size_t i = 0; i < self->accounts; i++, a = a->ring_next)
		a->cursor = a->first;
	if (self->ring != NULL)
		self->ring = self->ring->ring_next;
	self->cursor = self->ring;
	self->turned = false;
}

struct pool_entry *pool_next(struct pool *self)
{
	size_t tried = 0;

	while (self->cursor != NULL && tried++ < self->accounts) {
		struct pool_account *a = self->cursor;
		struct pool_entry *e = a->cursor;

		self->cursor = a->ring_next;
		self->turned = self->turned || self->cursor == self->ring;
		if (e != NULL) {
			a->cursor = e->account_next;
			return e;
		}
	}
	return NULL;
}

void pool_account_skip(struct pool *self, struct pool_account *a)
{
	(void)self;
	a->cursor = NULL;
}

/* Else whoever keeps blocks busy in front of many others would keep them waiting for as many
 * blocks. */
void pool_turn_keep(struct pool *self)
{
	if (self->cursor != NULL && !self->turned)
		self->ring = self->cursor->ring_prev->ring_prev;
}

static bool is_step(const struct pool_entry *e)
{
	return e->kind >= EPOCH_OP_DEAL && e->kind <= EPOCH_OP_ACK;
}

void pool_drop_steps(struct pool *self)
{
	struct pool_account *a = self->ring, *next_account;
	size_t accounts = self->accounts;

	for (size_t i = 0; i < accounts; i++, a = next_account) {
		struct pool_entry *e = a->first, *next;

		next_account = a->ring_next;
		for (; e != NULL; e = next) {
			next = e->account_next;
			if (e->included == 0 && is_step(e))
				pool_remove(self, e);
		}
	}
}

void pool_drop_all(struct pool *self)
{
	while (self->ring != NULL)
		pool_remove(self, self->ring->first);
	self->idle = false;
}

void pool_free(struct pool *self)
{
	if (self == NULL)
		return;
	pool_drop_all(self);
	free(self);
}
