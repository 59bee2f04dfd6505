/* consensus/wire.c - encodings of headers, votes and certificates. */
#include "consensus/wire.h"

#include <string.h>

#define HEADER_VERSION 1u
#define HEADER_FLAGS (CONSENSUS_CLOSE | CONSENSUS_INGRESS_OK)
#define VOTE_MESSAGE_MAX 128u

static const char header_domain[] = "strongroom block v1";
static const char proposal_domain[] = "strongroom proposal v1";
static const char vote_domain[] = "strongroom vote v1";
static const char genesis_domain[] = "strongroom genesis v1";

uint32_t consensus_faults(uint32_t n)
{
	return n == 0 ? 0 : (n - 1) / 3;
}

uint32_t consensus_quorum(uint32_t n)
{
	return (n + consensus_faults(n)) / 2 + 1;
}

/* --- header --- */

void consensus_header_write(struct sr_writer *w, const struct consensus_header *h)
{
	sr_write_u8(w, HEADER_VERSION);
	sr_write_hash(w, &h->chain_id);
	sr_write_u64(w, h->epoch);
	sr_write_u64(w, h->slot);
	sr_write_u64(w, h->height);
	sr_write_u64(w, h->parent_slot);
	sr_write_hash(w, &h->parent_hash);
	sr_write_u64(w, h->time_ms);
	sr_write_u32(w, h->author);
	sr_write_u32(w, h->flags);
	sr_write_hash(w, &h->ops_root);
	sr_write_hash(w, &h->pre_state_root);
	if (h->flags & CONSENSUS_CLOSE) {
		sr_write_hash(w, &h->next_roster_root);
		sr_write_hash(w, &h->post_state_root);
	}
}

void consensus_header_read(struct consensus_header *h, struct sr_reader *r)
{
	memset(h, 0, sizeof(*h));
	if (sr_read_u8(r) != HEADER_VERSION)
		sr_reader_fail(r, SR_ERR_BAD_VERSION);
	h->chain_id = sr_read_hash(r);
	h->epoch = sr_read_u64(r);
	h->slot = sr_read_u64(r);
	h->height = sr_read_u64(r);
	h->parent_slot = sr_read_u64(r);
	h->parent_hash = sr_read_hash(r);
	h->time_ms = sr_read_u64(r);
	h->author = sr_read_u32(r);
	h->flags = sr_read_u32(r);
	h->ops_root = sr_read_hash(r);
	h->pre_state_root = sr_read_hash(r);
	if (h->flags & CONSENSUS_CLOSE) {
		h->next_roster_root = sr_read_hash(r);
		h->post_state_root = sr_read_hash(r);
	}
	if ((h->flags & ~(uint32_t)HEADER_FLAGS) != 0)
		sr_reader_fail(r, SR_ERR_BAD_ENCODING);
	/* Slot 0 is the genesis and has no header; a parent is always older than its child. */
	if (h->parent_slot >= h->slot || h->author >= SR_MEMBERS_MAX)
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
}

struct sr_hash32 consensus_header_hash(const struct consensus_header *h)
{
	uint8_t bytes[CONSENSUS_HEADER_MAX];
	struct sr_writer w;

	/* A block is its hash: there is no "not this time". */
	sr_writer_init_over(&w, bytes, sizeof bytes);
	consensus_header_write(&w, h);
	SR_ASSERT(w.error == SR_OK);
	return sr_hash_domain(header_domain, &(struct sr_bytes){ w.p, w.n }, 1);
}

void consensus_proposal_sign(struct sr_sig64 *out, const struct sr_hash32 *block,
    const struct sr_edsk *sk)
{
	sr_sign(out, sk, proposal_domain, block->b, sizeof(block->b));
}

enum sr_error consensus_proposal_verify(const struct sr_hash32 *block, const struct sr_sig64 *sig,
    const struct sr_edpk *key)
{
	return sr_verify(key, sig, proposal_domain, block->b, sizeof(block->b));
}

struct sr_hash32 consensus_genesis_hash(const struct sr_hash32 *chain_id, uint64_t epoch,
    const struct sr_hash32 *close_hash, const struct sr_hash32 *roster_root,
    const struct sr_hash32 *state_root)
{
	uint8_t number[8];
	struct sr_bytes parts[] = {
		{ chain_id->b, sizeof(chain_id->b) },
		{ number, sizeof(number) },
		{ close_hash->b, sizeof(close_hash->b) },
		{ roster_root->b, sizeof(roster_root->b) },
		{ state_root->b, sizeof(state_root->b) },
	};

	for (size_t i = 0; i < sizeof(number); i++)
		number[i] = (uint8_t)(epoch >> (8 * i));
	return sr_hash_domain(genesis_domain, parts, sizeof(parts) / sizeof(parts[0]));
}

/* --- vote --- */

static bool kind_valid(unsigned kind)
{
	return kind == CONSENSUS_NOTAR || kind == CONSENSUS_SKIP || kind == CONSENSUS_FINAL;
}

/* Only a NOTAR vote says something about its voter's ingress. */
static bool flags_valid(enum consensus_vote_kind kind, uint8_t flags)
{
	return flags == 0 || (kind == CONSENSUS_NOTAR && flags == CONSENSUS_VOTE_INGRESS);
}

/* What votes and certificates share: kind, epoch, slot and, except for SKIP, the hash. */
static void subject_write(struct sr_writer *w, enum consensus_vote_kind kind, uint64_t epoch,
    uint64_t slot, const struct sr_hash32 *hash)
{
	sr_write_u8(w, (uint8_t)kind);
	sr_write_u64(w, epoch);
	sr_write_u64(w, slot);
	if (kind != CONSENSUS_SKIP)
		sr_write_hash(w, hash);
}

static void subject_read(struct sr_reader *r, enum consensus_vote_kind *kind, uint64_t *epoch,
    uint64_t *slot, struct sr_hash32 *hash)
{
	unsigned k = sr_read_u8(r);

	if (!kind_valid(k)) {
		sr_reader_fail(r, SR_ERR_BAD_KIND);
		k = CONSENSUS_SKIP;
	}
	*kind = (enum consensus_vote_kind)k;
	*epoch = sr_read_u64(r);
	*slot = sr_read_u64(r);
	memset(hash, 0, sizeof(*hash));
	if (*kind != CONSENSUS_SKIP)
		*hash = sr_read_hash(r);
	if (*slot == 0)
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
}

void consensus_vote_write(struct sr_writer *w, const struct consensus_vote *v)
{
	subject_write(w, v->kind, v->epoch, v->slot, &v->hash);
	sr_write_u8(w, v->flags);
	sr_write_u32(w, v->voter);
	sr_write_sig(w, &v->sig);
}

void consensus_vote_read(struct consensus_vote *v, struct sr_reader *r)
{
	memset(v, 0, sizeof(*v));
	subject_read(r, &v->kind, &v->epoch, &v->slot, &v->hash);
	v->flags = sr_read_u8(r);
	v->voter = sr_read_u32(r);
	v->sig = sr_read_sig(r);
	if (!flags_valid(v->kind, v->flags))
		sr_reader_fail(r, SR_ERR_BAD_ENCODING);
	if (v->voter >= SR_MEMBERS_MAX)
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
}

struct signed_bytes {
	uint8_t b[VOTE_MESSAGE_MAX];
	size_t n;
};

static void signed_put(struct signed_bytes *m, const void *p, size_t n)
{
	SR_ASSERT(m->n + n <= sizeof(m->b));
	memcpy(m->b + m->n, p, n);
	m->n += n;
}

static void signed_put_number(struct signed_bytes *m, uint64_t v)
{
	uint8_t b[8];

	for (size_t i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t)(v >> (8 * i));
	signed_put(m, b, sizeof(b));
}

/* Fixed size, so that no two votes have the same signed bytes. */
static void vote_message(struct signed_bytes *m, const struct consensus_vote *v,
    const struct sr_hash32 *chain_id)
{
	uint8_t kind = (uint8_t)v->kind;

	m->n = 0;
	signed_put(m, chain_id->b, sizeof(chain_id->b));
	signed_put(m, &kind, 1);
	signed_put_number(m, v->epoch);
	signed_put_number(m, v->slot);
	signed_put(m, v->hash.b, sizeof(v->hash.b));
	signed_put(m, &v->flags, 1);
	signed_put_number(m, v->voter);
}

void consensus_vote_sign(struct consensus_vote *v, const struct sr_hash32 *chain_id,
    const struct sr_edsk *sk)
{
	struct signed_bytes m;

	vote_message(&m, v, chain_id);
	sr_sign(&v->sig, sk, vote_domain, m.b, m.n);
}

enum sr_error consensus_vote_verify(
    const struct consensus_vote *v, const struct sr_hash32 *chain_id, const struct sr_edpk *key)
{
	struct signed_bytes m;

	if (!kind_valid((unsigned)v->kind))
		return SR_ERR_BAD_KIND;
	if (!flags_valid(v->kind, v->flags))
		return SR_ERR_BAD_ENCODING;
	if (v->kind == CONSENSUS_SKIP && !sr_hash32_is_zero(&v->hash))
		return SR_ERR_BAD_ENCODING;
	vote_message(&m, v, chain_id);
	return sr_verify(key, &v->sig, vote_domain, m.b, m.n);
}

/* --- certificate --- */

void consensus_cert_write(struct sr_writer *w, const struct consensus_cert *c)
{
	if (c->signers_n == 0 || c->signers_n > SR_MEMBERS_MAX) {
		sr_writer_fail(w, SR_ERR_OUT_OF_RANGE);
		return;
	}
	subject_write(w, c->kind, c->epoch, c->slot, &c->hash);
	sr_write_u8(w, (uint8_t)c->signers_n);
	for (uint32_t i = 0; i < c->signers_n; i++) {
		sr_write_u8(w, (uint8_t)c->signers[i].voter);
		sr_write_u8(w, c->signers[i].flags);
		sr_write_sig(w, &c->signers[i].sig);
	}
}

void consensus_cert_read(struct consensus_cert *c, struct sr_reader *r)
{
	memset(c, 0, offsetof(struct consensus_cert, signers));
	subject_read(r, &c->kind, &c->epoch, &c->slot, &c->hash);
	c->signers_n = sr_read_u8(r);
	if (c->signers_n == 0 || c->signers_n > SR_MEMBERS_MAX) {
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
		c->signers_n = 0;
	}
	for (uint32_t i = 0; i < c->signers_n; i++) {
		c->signers[i].voter = sr_read_u8(r);
		c->signers[i].flags = sr_read_u8(r);
		c->signers[i].sig = sr_read_sig(r);
		if (c->signers[i].voter >= SR_MEMBERS_MAX)
			sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
		/* Strictly rising: one encoding for a set of signers, and nobody counts twice. */
		if (i > 0 && c->signers[i].voter <= c->signers[i - 1].voter)
			sr_reader_fail(r, SR_ERR_DUPLICATE);
		if (!flags_valid(c->kind, c->signers[i].flags))
			sr_reader_fail(r, SR_ERR_BAD_ENCODING);
	}
}

size_t consensus_cert_bytes(const struct consensus_cert *c)
{
	return offsetof(struct consensus_cert, signers) + c->signers_n * sizeof(c->signers[0]);
}

void consensus_cert_copy(struct consensus_cert *out, const struct consensus_cert *c)
{
	memcpy(out, c, consensus_cert_bytes(c));
}

enum sr_error consensus_cert_check(const struct consensus_cert *c, uint32_t n)
{
	if (!kind_valid((unsigned)c->kind))
		return SR_ERR_BAD_KIND;
	if (c->signers_n < consensus_quorum(n) || c->signers_n > n || n > SR_MEMBERS_MAX)
		return SR_ERR_BAD_QUORUM;
	for (uint32_t i = 0; i < c->signers_n; i++) {
		if (c->signers[i].voter >= n)
			return SR_ERR_NOT_A_MEMBER;
		if (i > 0 && c->signers[i].voter <= c->signers[i - 1].voter)
			return SR_ERR_DUPLICATE;
	}
	return SR_OK;
}

struct consensus_vote consensus_cert_vote(const struct consensus_cert *c, uint32_t index)
{
	struct consensus_vote v = {
		.kind = c->kind, .epoch = c->epoch, .slot = c->slot, .hash = c->hash,
		.flags = c->signers[index].flags, .voter = c->signers[index].voter,
		.sig = c->signers[index].sig,
	};

	return v;
}

enum sr_error consensus_cert_verify(const struct consensus_cert *c,
    const struct sr_hash32 *chain_id, const struct sr_edpk *keys, uint32_t n)
{
	SR_TRY(consensus_cert_check(c, n));
	for (uint32_t i = 0; i < c->signers_n; i++) {
		struct consensus_vote v = consensus_cert_vote(c, i);

		SR_TRY(consensus_vote_verify(&v, chain_id, &keys[v.voter]));
	}
	return SR_OK;
}

uint32_t consensus_cert_ingress(const struct consensus_cert *c)
{
	uint32_t count = 0;

	if (c->kind != CONSENSUS_NOTAR)
		return 0;
	for (uint32_t i = 0; i < c->signers_n; i++)
		count += (c->signers[i].flags & CONSENSUS_VOTE_INGRESS) != 0;
	return count;
}
