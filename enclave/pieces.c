/*
 * enclave/pieces.c - which pieces of larger payloads this member must keep, or may drop: told by
 * the versions of secrets that came and went.
 *
 * Whoever may read a version knows its pieces' hashes and can name them in a secret of his own. So
 * a piece is counted over all secrets, and goes only with the last version that names it. The
 * counts are a tree from piece to count, since a tree stays flat whatever hashes are chosen.
 */
#include "enclave/internal.h"

#include <string.h>

static uint64_t count_get(const struct enclave_core *self, const struct vault_key *piece)
{
	struct sr_bytes value = vault_tree_get(self->pieces, piece);
	uint64_t n = 0;

	for (size_t i = 0; i < value.n; i++)
		n |= (uint64_t)value.p[i] << (8 * i);
	return n;
}

static void count_set(struct enclave_core *self, const struct vault_key *piece, uint64_t n)
{
	uint8_t value[8];
	enum sr_error error;

	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (uint8_t)(n >> (8 * i));
	error = n > 0 ? vault_tree_put(&self->pieces, piece, value, sizeof(value)) :
	    vault_tree_delete(&self->pieces, piece);
	/* A wrong count could drop what is still named: better to start over. */
	if (error != SR_OK)
		self->broken = error;
}

/* My piece of a version. false: it is no version, or has none for me. */
static bool version_piece(struct vault_version *v, struct vault_key *piece,
    const struct enclave_core *self, const struct vault_key *key, struct sr_bytes value)
{
	struct sr_reader r;

	if (key->b[0] != VAULT_REC_VERSION || value.p == NULL)
		return false;
	sr_reader_init(&r, value.p, value.n);
	vault_version_read(v, &r);
	if (sr_reader_finish(&r) != SR_OK || v->payload.inlined ||
	    self->seat >= v->payload.pieces_n)
		return false;
	memcpy(piece->b, v->payload.piece_hash[self->seat].b, sizeof(piece->b));
	return true;
}

static void piece_effect(struct enclave_core *self, enum enclave_effect_kind kind,
    const struct vault_version *v)
{
	struct enclave_effect fx = { .kind = kind };

	fx.a = (struct sr_bytes){ v->payload.piece_hash[self->seat].b, 32 };
	if (v->payload.data_pieces > 0)
		fx.number = (v->payload.cipher_bytes + v->payload.data_pieces - 1) /
		    v->payload.data_pieces;
	fx_push(self, &fx);
}

static bool count_visit(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct enclave_core *self = ctx;
	struct vault_version v;
	struct vault_key piece;

	if (version_piece(&v, &piece, self, key, value))
		count_set(self, &piece, count_get(self, &piece) + 1);
	return true;
}

void pieces_count(struct enclave_core *self, const struct vault_tree *t)
{
	struct vault_key first = { { VAULT_REC_VERSION } };

	pieces_clear(self);
	vault_tree_walk(t, &first, 1, count_visit, self);
}

void pieces_clear(struct enclave_core *self)
{
	vault_tree_unref(self->pieces);
	self->pieces = NULL;
}

static bool take_visit(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct enclave_core *self = ctx;
	struct vault_version v;
	struct vault_key piece;

	if (!version_piece(&v, &piece, self, key, value))
		return true;
	if (count_get(self, &piece) == 0)
		piece_effect(self, ENCLAVE_FX_BLOB_KEEP, &v);
	count_set(self, &piece, count_get(self, &piece) + 1);
	return self->broken == SR_OK;
}

void pieces_take(struct enclave_core *self, const struct vault_tree *t)
{
	struct vault_key first = { { VAULT_REC_VERSION } };

	pieces_clear(self);
	vault_tree_walk(t, &first, 1, take_visit, self);
}

struct change { struct enclave_core *core; const struct vault_tree *before; };

static void come_visit(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct change *c = ctx;
	struct vault_version v;
	struct vault_key piece;

	if (!version_piece(&v, &piece, c->core, key, value))
		return;
	count_set(c->core, &piece, count_get(c->core, &piece) + 1);
	piece_effect(c->core, ENCLAVE_FX_BLOB_KEEP, &v);
}

static void go_visit(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct change *c = ctx;
	struct vault_version v;
	struct vault_key piece;
	uint64_t n;

	(void)value;
	if (!version_piece(&v, &piece, c->core, key, vault_tree_get(c->before, key)))
		return;
	n = count_get(c->core, &piece);
	if (n == 0)
		return;
	count_set(c->core, &piece, n - 1);
	if (n == 1)
		piece_effect(c->core, ENCLAVE_FX_BLOB_DROP, &v);
}

/* Who comes first: a piece that one version leaves to another in the same block stays. */
void pieces_settle(struct enclave_core *self, const struct vault_tree *before,
    const struct vault_tree *after)
{
	struct change c = { self, vault_tree_kind(before, VAULT_REC_VERSION) };

	after = vault_tree_kind(after, VAULT_REC_VERSION);
	vault_tree_diff(c.before, after, come_visit, &c);
	vault_tree_diff(c.before, after, go_visit, &c);
}
