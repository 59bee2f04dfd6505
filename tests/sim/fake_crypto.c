/*
 * FAKE. Stands in for base/crypto*.c in sim_fast and never in a product (tests/sim/fakes.sh): the
 * same functions, so cheap that a simulated cluster runs for hours in seconds.
 *
 *   SHA-2, HMAC, HKDF   one keyed 256-bit hash of four multiplied lanes
 *   AES-GCM, AES-CTR    a key stream and a tag out of that hash
 *   Ed25519             the hash of the public key and the message: anybody could forge one, and
 *                       the simulator's liars do not
 *   X25519              multiplication modulo 2^61 - 1: both sides agree, and so would a listener
 *
 * What the simulator relies on holds: different inputs give different outputs, what was changed
 * does not verify, what was sealed for one does not open for another.
 */
#include "base/crypto.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto_private.h"
#include "tests/sim/fake_crypto.h"

#define LANES 4u
#define BLOCK (8u * LANES)
#define HKDF_MAX (255u * 32u)

const char fake_crypto_linked[] = "fake (keyed hashes, a group of 61 bits)";

/* One for each use, so that no two functions agree on anything. */
enum purpose {
	FAKE_HASH = 1,
	FAKE_HASH_WIDE,
	FAKE_HMAC,
	FAKE_HKDF,
	FAKE_DERIVE,
	FAKE_STREAM,
	FAKE_SEAL,
	FAKE_TAG,
	FAKE_KEY,
	FAKE_SIGNATURE
};

enum sr_error sr_crypto_init(void)
{
	return SR_OK;
}

/* --- the hash --- */

struct fake_hash {
	uint64_t lane[LANES];
	uint64_t n;             /* bytes so far; n % BLOCK of them wait in block */
	uint8_t block[BLOCK];
};

static uint64_t rotl(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

/* Every step can be undone, so two states never become one. */
static void stir(uint64_t v[LANES])
{
	v[0] = (v[0] ^ v[0] >> 32) * 0x9e3779b97f4a7c15ull;
	v[1] = (v[1] ^ v[1] >> 31) * 0xc2b2ae3d27d4eb4full;
	v[2] = (v[2] ^ v[2] >> 33) * 0xd6e8feb86659fd93ull;
	v[3] = (v[3] ^ v[3] >> 30) * 0xa0761d6478bd642full;
	v[0] += v[1];
	v[2] += v[3];
	v[1] ^= rotl(v[2], 23);
	v[3] ^= rotl(v[0], 41);
}

static void stir_well(uint64_t v[LANES])
{
	for (int i = 0; i < 3; i++)
		stir(v);
}

static void absorb(uint64_t v[LANES], const uint8_t block[BLOCK])
{
	uint64_t word[LANES];

	memcpy(word, block, sizeof word);
	for (size_t i = 0; i < LANES; i++)
		v[i] ^= word[i];
	stir(v);
}

static void hash_begin(struct fake_hash *h, enum purpose purpose)
{
	h->lane[0] = 0x243f6a8885a308d3ull ^ (uint64_t)purpose;
	h->lane[1] = 0x13198a2e03707344ull;
	h->lane[2] = 0xa4093822299f31d0ull;
	h->lane[3] = 0x082efa98ec4e6c89ull;
	h->n = 0;
}

static void hash_add(struct fake_hash *h, const void *from, size_t n)
{
	const uint8_t *p = from;
	size_t waiting = h->n % BLOCK;

	if (n == 0)
		return;
	h->n += n;
	if (waiting + n < BLOCK) {
		memcpy(h->block + waiting, p, n);
		return;
	}
	if (waiting > 0) {
		memcpy(h->block + waiting, p, BLOCK - waiting);
		absorb(h->lane, h->block);
		p += BLOCK - waiting;
		n -= BLOCK - waiting;
	}
	for (; n >= BLOCK; p += BLOCK, n -= BLOCK)
		absorb(h->lane, p);
	memcpy(h->block, p, n);
}

/* With its length before it, where a caller's parts could be cut elsewhere. */
static void hash_add_sized(struct fake_hash *h, const void *p, size_t n)
{
	uint64_t size = n;

	hash_add(h, &size, sizeof size);
	hash_add(h, p, n);
}

static void hash_add_parts(struct fake_hash *h, const struct sr_bytes *parts, size_t parts_n)
{
	for (size_t i = 0; i < parts_n; i++)
		hash_add(h, parts[i].p, parts[i].n);
}

static void hash_end(uint8_t out[32], struct fake_hash *h)
{
	memset(h->block + h->n % BLOCK, 0, BLOCK - h->n % BLOCK);
	absorb(h->lane, h->block);
	h->lane[0] ^= h->n;
	stir_well(h->lane);
	memcpy(out, h->lane, 32);
}

static void hash_end_wide(uint8_t out[64], struct fake_hash *h)
{
	hash_end(out, h);
	h->lane[1] ^= 1;
	stir_well(h->lane);
	memcpy(out + 32, h->lane, 32);
}

enum sr_error sr_sha256_init(struct sr_sha256 *self)
{
	struct fake_hash *h = malloc(sizeof *h);

	self->handle = h;
	if (h == NULL)
		return SR_ERR_NO_MEMORY;
	hash_begin(h, FAKE_HASH);
	return SR_OK;
}

void sr_sha256_update(struct sr_sha256 *self, const void *p, size_t n)
{
	hash_add(self->handle, p, n);
}

struct sr_hash32 sr_sha256_finish(struct sr_sha256 *self)
{
	struct sr_hash32 out;

	hash_end(out.b, self->handle);
	sr_sha256_abandon(self);
	return out;
}

void sr_sha256_abandon(struct sr_sha256 *self)
{
	free(self->handle);
	self->handle = NULL;
}

struct sr_hash32 sr_hash(const void *p, size_t n)
{
	struct sr_hash32 out;
	struct fake_hash h;

	hash_begin(&h, FAKE_HASH);
	hash_add(&h, p, n);
	hash_end(out.b, &h);
	return out;
}

struct sr_hash32 sr_hash_domain(const char *domain, const struct sr_bytes *parts, size_t parts_n)
{
	struct sr_hash32 out;
	struct fake_hash h;
	size_t n = strlen(domain);
	uint8_t length = (uint8_t)n;

	SR_ASSERT(n <= 255);
	hash_begin(&h, FAKE_HASH);
	hash_add(&h, &length, 1);
	hash_add(&h, domain, n);
	hash_add_parts(&h, parts, parts_n);
	hash_end(out.b, &h);
	return out;
}

void sr_sha512(uint8_t out[64], const struct sr_bytes *parts, size_t parts_n)
{
	struct fake_hash h;

	hash_begin(&h, FAKE_HASH_WIDE);
	hash_add_parts(&h, parts, parts_n);
	hash_end_wide(out, &h);
}

void sr_hmac_sha256(struct sr_hash32 *out, const uint8_t *key, size_t key_n,
    const struct sr_bytes *parts, size_t parts_n)
{
	struct fake_hash h;

	hash_begin(&h, FAKE_HMAC);
	hash_add_sized(&h, key, key_n);
	hash_add_parts(&h, parts, parts_n);
	hash_end(out->b, &h);
}

/* --- streams out of it --- */

/* 32 bytes of a key's stream. The key is added at the end, so that it can't be stirred back out. */
static void stream_block(uint64_t out[LANES], const uint64_t key[LANES], uint64_t counter)
{
	uint64_t v[LANES] = { key[0] ^ counter, key[1], key[2], key[3] };

	stir_well(v);
	for (size_t i = 0; i < LANES; i++)
		out[i] = v[i] + key[i];
}

/* out = in ^ stream; in NULL stands for zeros. first: the byte of the stream to begin with. */
static void stream_xor(uint8_t *out, const uint8_t *in, size_t n, const uint64_t key[LANES],
    uint64_t first)
{
	uint64_t stream[LANES], text[LANES] = { 0 };

	for (size_t done = 0; done < n;) {
		size_t skip = (first + done) % BLOCK, take = BLOCK - skip;

		if (take > n - done)
			take = n - done;
		stream_block(stream, key, (first + done) / BLOCK);
		if (in != NULL)
			memcpy((uint8_t *)text + skip, in + done, take);
		for (size_t i = 0; i < LANES; i++)
			stream[i] ^= text[i];
		memcpy(out + done, (uint8_t *)stream + skip, take);
		done += take;
	}
}

struct fake_ctr { uint64_t lanes[LANES], at; };

static void ctr_begin(struct fake_ctr *c, const struct sr_key32 *key, const uint8_t iv[16])
{
	uint64_t counter = 0;
	struct fake_hash h;

	for (size_t i = 8; i < 16; i++)
		counter = counter << 8 | iv[i];
	hash_begin(&h, FAKE_STREAM);
	hash_add(&h, key->b, sizeof key->b);
	hash_add(&h, iv, 8);
	hash_end((uint8_t *)c->lanes, &h);
	c->at = 16 * counter;
}

enum sr_error sr_ctr_init(struct sr_ctr *self, const struct sr_key32 *key, const uint8_t iv[16])
{
	self->handle = malloc(sizeof(struct fake_ctr));
	if (self->handle == NULL)
		return SR_ERR_NO_LOCKED_MEMORY;
	ctr_begin(self->handle, key, iv);
	return SR_OK;
}

enum sr_error sr_ctr_next(struct sr_ctr *self, uint8_t *out, size_t n)
{
	struct fake_ctr *c = self->handle;

	stream_xor(out, NULL, n, c->lanes, c->at);
	c->at += n;
	return SR_OK;
}

void sr_ctr_clear(struct sr_ctr *self)
{
	free(self->handle);
	self->handle = NULL;
}

enum sr_error sr_ctr_stream(uint8_t *out, size_t n, const struct sr_key32 *key,
    const uint8_t iv[16])
{
	struct fake_ctr c;

	ctr_begin(&c, key, iv);
	stream_xor(out, NULL, n, c.lanes, c.at);
	return SR_OK;
}

static void hkdf(uint8_t *out, size_t out_n, struct fake_hash *h)
{
	uint64_t lanes[LANES];

	hash_end((uint8_t *)lanes, h);
	stream_xor(out, NULL, out_n, lanes, 0);
}

enum sr_error sr_hkdf(uint8_t *out, size_t out_n, const uint8_t *ikm, size_t ikm_n,
    const uint8_t *salt, size_t salt_n, const uint8_t *info, size_t info_n)
{
	struct fake_hash h;

	if (out_n > HKDF_MAX)
		return SR_ERR_OUT_OF_RANGE;
	hash_begin(&h, FAKE_HKDF);
	hash_add_sized(&h, ikm, ikm_n);
	hash_add_sized(&h, salt, salt_n);
	hash_add(&h, info, info_n);
	hkdf(out, out_n, &h);
	return SR_OK;
}

enum sr_error sr_key_derive(struct sr_key32 *out, const struct sr_key32 *from, const char *label,
    const uint8_t *context, size_t context_n)
{
	struct fake_hash h;

	hash_begin(&h, FAKE_DERIVE);
	hash_add(&h, from->b, sizeof from->b);
	hash_add_sized(&h, label, strlen(label));
	hash_add(&h, context, context_n);
	hkdf(out->b, sizeof out->b, &h);
	return SR_OK;
}

static void gcm_key(uint64_t lanes[LANES], const struct sr_key32 *key, const uint8_t *nonce,
    const uint8_t *aad, size_t aad_n)
{
	struct fake_hash h;

	hash_begin(&h, FAKE_SEAL);
	hash_add(&h, key->b, sizeof key->b);
	hash_add(&h, nonce, SR_GCM_NONCE);
	hash_add(&h, aad, aad_n);
	hash_end((uint8_t *)lanes, &h);
}

static void gcm_tag(uint8_t tag[SR_GCM_TAG], const uint64_t lanes[LANES], const uint8_t *sealed,
    size_t n)
{
	uint8_t wide[32];
	struct fake_hash h;

	hash_begin(&h, FAKE_TAG);
	hash_add(&h, lanes, BLOCK);
	hash_add(&h, sealed, n);
	hash_end(wide, &h);
	memcpy(tag, wide, SR_GCM_TAG);
}

enum sr_error sr_gcm_seal(uint8_t *out, const struct sr_key32 *key,
    const uint8_t nonce[SR_GCM_NONCE], const uint8_t *aad, size_t aad_n, const uint8_t *in,
    size_t n)
{
	uint64_t lanes[LANES];

	gcm_key(lanes, key, nonce, aad, aad_n);
	stream_xor(out, in, n, lanes, 0);
	gcm_tag(out + n, lanes, out, n);
	return SR_OK;
}

enum sr_error sr_gcm_open(uint8_t *out, const struct sr_key32 *key,
    const uint8_t nonce[SR_GCM_NONCE], const uint8_t *aad, size_t aad_n, const uint8_t *in,
    size_t n)
{
	uint64_t lanes[LANES];
	uint8_t tag[SR_GCM_TAG];

	if (n < SR_GCM_TAG)
		return SR_ERR_DECRYPT_FAILED;
	n -= SR_GCM_TAG;
	gcm_key(lanes, key, nonce, aad, aad_n);
	gcm_tag(tag, lanes, in, n);
	if (memcmp(tag, in + n, sizeof tag) != 0) {
		sr_wipe(out, n);
		return SR_ERR_DECRYPT_FAILED;
	}
	stream_xor(out, in, n, lanes, 0);
	return SR_OK;
}

/* --- signatures --- */

void sr_edsk_wipe(struct sr_edsk *sk)
{
	sr_wipe(sk, sizeof *sk);
}

void sr_ed25519_keypair(struct sr_edsk *sk, struct sr_edpk *pk, const struct sr_key32 *seed)
{
	struct fake_hash h;

	hash_begin(&h, FAKE_KEY);
	hash_add(&h, seed->b, sizeof seed->b);
	hash_end(pk->b, &h);
	memcpy(sk->b, seed->b, sizeof seed->b);
	memcpy(sk->b + 32, pk->b, sizeof pk->b);
}

static void signature(struct sr_sig64 *out, const uint8_t pk[32], const uint8_t *msg, size_t n)
{
	struct fake_hash h;

	hash_begin(&h, FAKE_SIGNATURE);
	hash_add(&h, pk, 32);
	hash_add(&h, msg, n);
	hash_end_wide(out->b, &h);
}

void sr_ed25519_sign_raw(
    struct sr_sig64 *out, const struct sr_edsk *sk, const uint8_t *msg, size_t n)
{
	signature(out, sk->b + 32, msg, n);
}

enum sr_error sr_ed25519_verify_raw(const struct sr_edpk *pk, const struct sr_sig64 *sig,
    const uint8_t *msg, size_t n)
{
	struct sr_sig64 right;

	signature(&right, pk->b, msg, n);
	return memcmp(right.b, sig->b, sizeof right.b) == 0 ? SR_OK : SR_ERR_BAD_SIGNATURE;
}

void sr_sign(struct sr_sig64 *out, const struct sr_edsk *sk, const char *domain, const uint8_t *msg,
    size_t msg_n)
{
	struct sr_bytes part = { msg, msg_n };
	struct sr_hash32 digest = sr_hash_domain(domain, &part, 1);

	sr_ed25519_sign_raw(out, sk, digest.b, sizeof digest.b);
}

enum sr_error sr_verify(const struct sr_edpk *pk, const struct sr_sig64 *sig, const char *domain,
    const uint8_t *msg, size_t msg_n)
{
	struct sr_bytes part = { msg, msg_n };
	struct sr_hash32 digest = sr_hash_domain(domain, &part, 1);

	return sr_ed25519_verify_raw(pk, sig, digest.b, sizeof digest.b);
}

/* --- Diffie-Hellman --- */

/* Of any 32 bytes; every one of them counts. */
static uint64_t fold(const uint8_t b[32])
{
	uint64_t word[4], sum = 0;

	memcpy(word, b, sizeof word);
	for (size_t i = 0; i < 4; i++)
		sum = fake_field_add(sum, fake_field_mul(fake_field(word[i]), 2 * i + 1));
	return sum;
}

static void unfold(uint8_t b[32], uint64_t v)
{
	memset(b, 0, 32);
	memcpy(b, &v, sizeof v);
}

/* Never zero, as a clamped X25519 key is never a multiple of the order. */
static uint64_t exponent(const struct sr_key32 *sk)
{
	uint64_t v = fold(sk->b);

	return v != 0 ? v : 1;
}

void sr_x25519_public(struct sr_xpk *pk, const struct sr_key32 *sk)
{
	unfold(pk->b, fake_field_mul(exponent(sk), FAKE_FIELD_BASE));
}

enum sr_error sr_x25519(struct sr_key32 *out, const struct sr_key32 *sk, const struct sr_xpk *pk)
{
	uint64_t v = fake_field_mul(exponent(sk), fold(pk->b));

	unfold(out->b, v);
	return v != 0 ? SR_OK : SR_ERR_BAD_PUBLIC_KEY;
}

/* --- memory: nothing here is worth a guard page --- */

void sr_wipe_stack(void)
{
}

void sr_wipe(void *p, size_t n)
{
	if (n == 0)
		return;
	memset(p, 0, n);
	__asm__ volatile("" : : "r"(p) : "memory");
}

void sr_key32_wipe(struct sr_key32 *k)
{
	sr_wipe(k, sizeof *k);
}

bool sr_ct_equal(const void *a, const void *b, size_t n)
{
	return n == 0 || memcmp(a, b, n) == 0;
}

void *sr_secret_alloc(size_t n)
{
	return calloc(1, n == 0 ? 1 : n);
}

void sr_secret_free(void *p)
{
	free(p);
}

enum sr_error sr_secret_bytes_init(struct sr_secret_bytes *self, size_t n)
{
	self->p = sr_secret_alloc(n);
	self->n = self->p != NULL ? n : 0;
	return self->p != NULL ? SR_OK : SR_ERR_NO_LOCKED_MEMORY;
}

void sr_secret_bytes_clear(struct sr_secret_bytes *self)
{
	sr_secret_free(self->p);
	self->p = NULL;
	self->n = 0;
}
