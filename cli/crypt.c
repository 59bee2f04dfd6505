#include "cli/crypt.h"

#include <string.h>

#include "base/hpke.h"
#include "shamir/tdh2.h"

#define BUCKET_MIN 256u
static const char owner_info[] = "strongroom owner dek v1";

enum { NONCE_LENGTH = 0, NONCE_CHUNK = 1, NONCE_LAST = 2 };

/* Padme: keep as many leading bits as the exponent has, round the rest up. */
uint64_t crypt_bucket(uint64_t bytes)
{
	unsigned e = 0, s = 0;
	uint64_t mask;

	if (bytes <= BUCKET_MIN)
		return BUCKET_MIN;
	while (bytes >> (e + 1) != 0)
		e++;
	while (e >> s != 0)
		s++;
	mask = (UINT64_C(1) << (e - s)) - 1;
	return (bytes + mask) & ~mask;
}

uint64_t crypt_stream_bytes(uint64_t bucket)
{
	return CRYPT_HEAD + bucket + (bucket + CRYPT_CHUNK - 1) / CRYPT_CHUNK * SR_GCM_TAG;
}

static void put_le64(uint8_t out[8], uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(v >> (8 * i));
}

static void nonce_next(struct crypt_stream *self, uint8_t nonce[SR_GCM_NONCE], uint8_t flag)
{
	memset(nonce, 0, SR_GCM_NONCE);
	put_le64(nonce, self->counter++);
	nonce[8] = flag;
}

enum sr_error crypt_start(struct crypt_stream *self, const struct sr_key32 *dek, uint64_t bucket)
{
	*self = (struct crypt_stream){ .bucket = bucket };
	if (bucket < BUCKET_MIN || bucket > SR_PAYLOAD_MAX)
		return SR_ERR_PAYLOAD_SIZE;
	if (crypt_bucket(bucket) != bucket)
		return SR_ERR_BAD_ENCODING;
	return sr_key_derive(&self->key, dek, "strongroom payload v1", NULL, 0);
}

void crypt_wipe(struct crypt_stream *self)
{
	sr_wipe(self, sizeof *self);
}

enum sr_error crypt_seal_head(struct crypt_stream *self, uint8_t out[CRYPT_HEAD], uint64_t bytes)
{
	uint8_t nonce[SR_GCM_NONCE], aad[8], length[8];

	SR_ASSERT(self->counter == 0);
	if (bytes > self->bucket)
		return SR_ERR_OUT_OF_RANGE;
	self->bytes = bytes;
	put_le64(aad, self->bucket);
	put_le64(length, bytes);
	nonce_next(self, nonce, NONCE_LENGTH);
	return sr_gcm_seal(out, &self->key, nonce, aad, sizeof aad, length, sizeof length);
}

size_t crypt_next(const struct crypt_stream *self)
{
	uint64_t left = self->bucket - self->at;

	return left < CRYPT_CHUNK ? (size_t)left : CRYPT_CHUNK;
}

enum sr_error crypt_seal_chunk(struct crypt_stream *self, uint8_t *out, const uint8_t *chunk)
{
	uint8_t nonce[SR_GCM_NONCE], aad[8];
	size_t n = crypt_next(self);

	SR_ASSERT(n > 0 && self->counter > 0);
	put_le64(aad, self->bucket);
	self->at += n;
	nonce_next(self, nonce, self->at == self->bucket ? NONCE_LAST : NONCE_CHUNK);
	return sr_gcm_seal(out, &self->key, nonce, aad, sizeof aad, chunk, n);
}

enum sr_error crypt_open_head(struct crypt_stream *self, const uint8_t in[CRYPT_HEAD])
{
	uint8_t nonce[SR_GCM_NONCE], aad[8], length[8];

	SR_ASSERT(self->counter == 0);
	put_le64(aad, self->bucket);
	nonce_next(self, nonce, NONCE_LENGTH);
	SR_TRY(sr_gcm_open(length, &self->key, nonce, aad, sizeof aad, in, CRYPT_HEAD));
	self->bytes = 0;
	for (unsigned i = 8; i-- > 0;)
		self->bytes = self->bytes << 8 | length[i];
	return self->bytes <= self->bucket ? SR_OK : SR_ERR_BAD_ENCODING;
}

enum sr_error crypt_open_chunk(
    struct crypt_stream *self, uint8_t *out, size_t *n, const uint8_t *in)
{
	uint8_t nonce[SR_GCM_NONCE], aad[8], any = 0;
	size_t size = crypt_next(self);
	uint64_t left = self->bytes > self->at ? self->bytes - self->at : 0;

	SR_ASSERT(size > 0 && self->counter > 0);
	put_le64(aad, self->bucket);
	nonce_next(self, nonce, self->at + size == self->bucket ? NONCE_LAST : NONCE_CHUNK);
	SR_TRY(sr_gcm_open(out, &self->key, nonce, aad, sizeof aad, in, size + SR_GCM_TAG));
	self->at += size;
	*n = left < size ? (size_t)left : size;
	for (size_t i = *n; i < size; i++)
		any |= out[i];
	if (any != 0) {
		sr_wipe(out, size);
		return SR_ERR_BAD_ENCODING;
	}
	return SR_OK;
}

static enum sr_error seal_chunks(struct crypt_stream *s, uint8_t *out, const uint8_t *in, size_t n)
{
	size_t size;

	SR_TRY(crypt_seal_head(s, out, n));
	out += CRYPT_HEAD;
	while ((size = crypt_next(s)) > 0) {
		size_t have = n < size ? n : size;

		if (have > 0)
			memcpy(out, in, have);
		memset(out + have, 0, size - have);
		SR_TRY(crypt_seal_chunk(s, out, out));
		in += have;
		n -= have;
		out += size + SR_GCM_TAG;
	}
	return SR_OK;
}

enum sr_error crypt_seal(uint8_t *out, const struct sr_key32 *dek, const uint8_t *in, size_t n)
{
	struct crypt_stream s;
	enum sr_error error = crypt_start(&s, dek, crypt_bucket(n));

	if (error == SR_OK)
		error = seal_chunks(&s, out, in, n);
	crypt_wipe(&s);
	return error;
}

static enum sr_error open_chunks(struct crypt_stream *s, uint8_t *out, const uint8_t *in)
{
	size_t size, n;

	SR_TRY(crypt_open_head(s, in));
	in += CRYPT_HEAD;
	while ((size = crypt_next(s)) > 0) {
		SR_TRY(crypt_open_chunk(s, out, &n, in));
		in += size + SR_GCM_TAG;
		out += size;
	}
	return SR_OK;
}

enum sr_error crypt_open(uint8_t *out, size_t *out_n, const struct sr_key32 *dek, uint64_t bucket,
    const uint8_t *in, size_t n)
{
	struct crypt_stream s;
	enum sr_error error = crypt_start(&s, dek, bucket);

	*out_n = 0;
	if (error == SR_OK && crypt_stream_bytes(bucket) != n)
		error = n < crypt_stream_bytes(bucket) ? SR_ERR_TRUNCATED : SR_ERR_TRAILING_BYTES;
	else if (error == SR_OK && (error = open_chunks(&s, out, in)) != SR_OK)
		sr_wipe(out, (size_t)bucket);
	if (error == SR_OK)
		*out_n = (size_t)s.bytes;
	crypt_wipe(&s);
	return error;
}

/* --- the DEK --- */

/* A KEM key wraps one DEK once, so a fixed nonce is right. */
static const uint8_t zero_nonce[SR_GCM_NONCE];

enum sr_error crypt_wrap_kem(struct vault_wrapped_key *out, const struct sr_key32 *dek,
    const struct sr_key32 *kem, const struct sr_hash32 *label, const struct sr_xpk *owner,
    struct sr_drbg *drbg)
{
	SR_KEY32_AUTO ephemeral;

	SR_TRY(sr_gcm_seal(
	    out->dek, kem, zero_nonce, label->b, sizeof label->b, dek->b, sizeof dek->b));
	SR_TRY(sr_drbg_fill(drbg, ephemeral.b, sizeof ephemeral.b));
	return sr_hpke_seal(out->owner_dek, owner, &ephemeral, owner_info, label->b,
	    sizeof label->b, dek->b, sizeof dek->b);
}

enum sr_error crypt_wrap(struct vault_wrapped_key *out, const struct sr_key32 *dek,
    const uint8_t vault_key[32], const struct sr_hash32 *label, const struct sr_xpk *owner,
    struct sr_drbg *drbg)
{
	SR_KEY32_AUTO kem;
	struct shamir_tdh2_ct ct;
	struct sr_point y;
	struct sr_writer w;
	enum sr_error error;

	out->dealt = (struct sr_bytes){ NULL, 0 };
	SR_TRY(sr_point_decode(&y, vault_key));
	SR_TRY(shamir_tdh2_encrypt(&ct, &kem, &y, label->b, sizeof label->b, drbg));
	sr_writer_init(&w, sizeof out->tdh2);
	shamir_tdh2_ct_write(&w, &ct);
	error = sr_writer_finish(&w);
	if (error == SR_OK) {
		SR_ASSERT(w.n == sizeof out->tdh2);
		memcpy(out->tdh2, w.p, sizeof out->tdh2);
	}
	sr_writer_clear(&w);
	SR_TRY(error);
	return crypt_wrap_kem(out, dek, &kem, label, owner, drbg);
}

enum sr_error crypt_unwrap_owner(struct sr_key32 *dek, const struct vault_wrapped_key *wrapped,
    const struct sr_hash32 *label, const struct sr_key32 *owner_box)
{
	return sr_hpke_open(dek->b, owner_box, owner_info, label->b, sizeof label->b,
	    wrapped->owner_dek, sizeof wrapped->owner_dek);
}

enum sr_error crypt_unwrap_kem(struct sr_key32 *dek, const struct vault_wrapped_key *wrapped,
    const struct sr_hash32 *label, const struct sr_key32 *kem)
{
	return sr_gcm_open(dek->b, kem, zero_nonce, label->b, sizeof label->b, wrapped->dek,
	    sizeof wrapped->dek);
}
