/* The one file that includes libgcrypt: SHA-2, HMAC, HKDF, AES-256-GCM and AES-256-CTR; for TPMs
 * RSA-OAEP and AES-128-CFB. */
#include "base/crypto.h"

#include <gcrypt.h>
#include <string.h>

#include "base/crypto_private.h"

/* Cipher handles hold expanded keys, so they live in libgcrypt's locked pool, a few KiB each. */
#define LOCKED_POOL_BYTES (256 * 1024)
#define PARTS_ON_STACK 24
#define HMAC_BLOCK 64u
#define HKDF_MAX (255u * 32u)

enum sr_error sr_gcrypt_start(void)
{
	if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P))
		return SR_OK;
	if (gcry_check_version("1.10.0") == NULL)
		return SR_ERR_INTERNAL;
	gcry_control(GCRYCTL_SUSPEND_SECMEM_WARN);
	if (gcry_control(GCRYCTL_INIT_SECMEM, LOCKED_POOL_BYTES, 0) != 0)
		return SR_ERR_NO_LOCKED_MEMORY;
	gcry_control(GCRYCTL_RESUME_SECMEM_WARN);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	return SR_OK;
}

/* libgcrypt's vector has no const; it only reads. Set in place: a copy of fields that were just
 * written waits for them, which is a quarter of what a short hash costs. */
static void buffer_set(gcry_buffer_t *out, const void *p, size_t n)
{
	out->size = n;
	out->off = 0;
	out->len = n;
	out->data = (void *)(uintptr_t)p;
}

/* Hashes head, then the parts. Without an allocation when there are few parts, as nearly always. */
static void digest(uint8_t *out, int algorithm, struct sr_bytes head, const struct sr_bytes *parts,
    size_t parts_n)
{
	gcry_buffer_t vector[PARTS_ON_STACK + 1];
	gcry_md_hd_t handle = NULL;

	if (parts_n <= PARTS_ON_STACK) {
		buffer_set(&vector[0], head.p, head.n);
		for (size_t i = 0; i < parts_n; i++)
			buffer_set(&vector[i + 1], parts[i].p, parts[i].n);
		SR_ASSERT(gcry_md_hash_buffers(algorithm, 0, out, vector, (int)parts_n + 1) == 0);
		return;
	}
	SR_ASSERT(gcry_md_open(&handle, algorithm, 0) == 0);
	gcry_md_write(handle, head.p, head.n);
	for (size_t i = 0; i < parts_n; i++)
		gcry_md_write(handle, parts[i].p, parts[i].n);
	memcpy(out, gcry_md_read(handle, algorithm), gcry_md_get_algo_dlen(algorithm));
	gcry_md_close(handle);
}

enum sr_error sr_sha256_init(struct sr_sha256 *self)
{
	gcry_md_hd_t handle = NULL;

	self->handle = NULL;
	if (gcry_md_open(&handle, GCRY_MD_SHA256, 0) != 0)
		return SR_ERR_NO_MEMORY;
	self->handle = handle;
	return SR_OK;
}

void sr_sha256_update(struct sr_sha256 *self, const void *p, size_t n)
{
	if (n > 0)
		gcry_md_write((gcry_md_hd_t)self->handle, p, n);
}

struct sr_hash32 sr_sha256_finish(struct sr_sha256 *self)
{
	struct sr_hash32 out;

	memcpy(out.b, gcry_md_read((gcry_md_hd_t)self->handle, GCRY_MD_SHA256), sizeof out.b);
	sr_sha256_abandon(self);
	return out;
}

void sr_sha256_abandon(struct sr_sha256 *self)
{
	gcry_md_close((gcry_md_hd_t)self->handle);
	self->handle = NULL;
}

struct sr_hash32 sr_hash(const void *p, size_t n)
{
	struct sr_hash32 out;

	gcry_md_hash_buffer(GCRY_MD_SHA256, out.b, p, n);
	return out;
}

struct sr_hash32 sr_hash_domain(const char *domain, const struct sr_bytes *parts, size_t parts_n)
{
	struct sr_hash32 out;
	uint8_t head[1 + 255];
	size_t n = strlen(domain);

	SR_ASSERT(n <= 255);
	head[0] = (uint8_t)n;
	memcpy(head + 1, domain, n);
	digest(out.b, GCRY_MD_SHA256, (struct sr_bytes){ head, n + 1 }, parts, parts_n);
	return out;
}

void sr_sha512(uint8_t out[64], const struct sr_bytes *parts, size_t parts_n)
{
	digest(out, GCRY_MD_SHA512, (struct sr_bytes){ NULL, 0 }, parts, parts_n);
}

/* RFC 2104: H(K ^ opad, H(K ^ ipad, text)). */
void sr_hmac_sha256(struct sr_hash32 *out, const uint8_t *key, size_t key_n,
    const struct sr_bytes *parts, size_t parts_n)
{
	uint8_t pad[HMAC_BLOCK] = { 0 };
	struct sr_hash32 inner;
	struct sr_bytes inner_part = { inner.b, sizeof inner.b };

	if (key_n > HMAC_BLOCK) {
		struct sr_hash32 short_key = sr_hash(key, key_n);

		memcpy(pad, short_key.b, sizeof short_key.b);
		sr_wipe(&short_key, sizeof short_key);
	} else if (key_n > 0) {
		memcpy(pad, key, key_n);
	}
	for (size_t i = 0; i < HMAC_BLOCK; i++)
		pad[i] ^= 0x36;
	digest(inner.b, GCRY_MD_SHA256, (struct sr_bytes){ pad, sizeof pad }, parts, parts_n);
	for (size_t i = 0; i < HMAC_BLOCK; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	digest(out->b, GCRY_MD_SHA256, (struct sr_bytes){ pad, sizeof pad }, &inner_part, 1);
	sr_wipe(pad, sizeof pad);
	sr_wipe(&inner, sizeof inner);
}

/* RFC 5869 2.3: T(i) = HMAC(PRK, T(i-1) | info | i). info comes in two pieces. */
static enum sr_error hkdf_expand(uint8_t *out, size_t out_n, const struct sr_hash32 *prk,
    struct sr_bytes info1, struct sr_bytes info2)
{
	struct sr_hash32 t = { { 0 } };
	uint8_t counter = 0;
	size_t done = 0;

	if (out_n > HKDF_MAX)
		return SR_ERR_OUT_OF_RANGE;
	while (done < out_n) {
		size_t take = out_n - done < sizeof t.b ? out_n - done : sizeof t.b;
		struct sr_bytes parts[4] = { { t.b, counter == 0 ? 0 : sizeof t.b }, info1, info2,
			{ &counter, 1 } };

		counter++;
		sr_hmac_sha256(&t, prk->b, sizeof prk->b, parts, 4);
		memcpy(out + done, t.b, take);
		done += take;
	}
	sr_wipe(&t, sizeof t);
	return SR_OK;
}

enum sr_error sr_hkdf(uint8_t *out, size_t out_n, const uint8_t *ikm, size_t ikm_n,
    const uint8_t *salt, size_t salt_n, const uint8_t *info, size_t info_n)
{
	struct sr_bytes ikm_part = { ikm, ikm_n };
	struct sr_hash32 prk;
	enum sr_error error;

	sr_hmac_sha256(&prk, salt, salt_n, &ikm_part, 1);
	error = hkdf_expand(out, out_n, &prk, (struct sr_bytes){ info, info_n },
	    (struct sr_bytes){ NULL, 0 });
	sr_wipe(&prk, sizeof prk);
	sr_wipe_stack();
	return error;
}

/* info = length of label as u8 | label | context, so that no two pairs give the same bytes. */
enum sr_error sr_key_derive(struct sr_key32 *out, const struct sr_key32 *from, const char *label,
    const uint8_t *context, size_t context_n)
{
	struct sr_bytes ikm = { from->b, sizeof from->b };
	uint8_t head[1 + 255];
	size_t n = strlen(label);
	struct sr_hash32 prk;
	enum sr_error error;

	SR_ASSERT(n <= 255);
	head[0] = (uint8_t)n;
	memcpy(head + 1, label, n);
	sr_hmac_sha256(&prk, NULL, 0, &ikm, 1);
	error = hkdf_expand(out->b, sizeof out->b, &prk, (struct sr_bytes){ head, n + 1 },
	    (struct sr_bytes){ context, context_n });
	sr_wipe(&prk, sizeof prk);
	sr_wipe_stack();
	return error;
}

static enum sr_error cipher_open(gcry_cipher_hd_t *handle, int mode, const struct sr_key32 *key)
{
	if (gcry_cipher_open(handle, GCRY_CIPHER_AES256, mode, GCRY_CIPHER_SECURE) != 0)
		return SR_ERR_NO_LOCKED_MEMORY;
	if (gcry_cipher_setkey(*handle, key->b, sizeof key->b) != 0) {
		gcry_cipher_close(*handle);
		return SR_ERR_INTERNAL;
	}
	return SR_OK;
}

static enum sr_error gcm_open_handle(gcry_cipher_hd_t *handle, const struct sr_key32 *key,
    const uint8_t *nonce, const uint8_t *aad, size_t aad_n)
{
	SR_TRY(cipher_open(handle, GCRY_CIPHER_MODE_GCM, key));
	if (gcry_cipher_setiv(*handle, nonce, SR_GCM_NONCE) != 0
	    || (aad_n > 0 && gcry_cipher_authenticate(*handle, aad, aad_n) != 0)) {
		gcry_cipher_close(*handle);
		return SR_ERR_INTERNAL;
	}
	return SR_OK;
}

enum sr_error sr_gcm_seal(uint8_t *out, const struct sr_key32 *key,
    const uint8_t nonce[SR_GCM_NONCE], const uint8_t *aad, size_t aad_n, const uint8_t *in,
    size_t n)
{
	gcry_cipher_hd_t handle = NULL;
	gcry_error_t failed = 0;

	SR_TRY(gcm_open_handle(&handle, key, nonce, aad, aad_n));
	if (n > 0)
		failed = gcry_cipher_encrypt(handle, out, n, in == out ? NULL : in,
		    in == out ? 0 : n);
	if (failed == 0)
		failed = gcry_cipher_gettag(handle, out + n, SR_GCM_TAG);
	gcry_cipher_close(handle);
	if (failed != 0) {
		sr_wipe(out, n + SR_GCM_TAG);
		return SR_ERR_INTERNAL;
	}
	return SR_OK;
}

enum sr_error sr_gcm_open(uint8_t *out, const struct sr_key32 *key,
    const uint8_t nonce[SR_GCM_NONCE], const uint8_t *aad, size_t aad_n, const uint8_t *in,
    size_t n)
{
	gcry_cipher_hd_t handle = NULL;
	gcry_error_t failed = 0;
	uint8_t tag[SR_GCM_TAG];
	enum sr_error error;

	if (n < SR_GCM_TAG)
		return SR_ERR_DECRYPT_FAILED;
	n -= SR_GCM_TAG;
	memcpy(tag, in + n, sizeof tag);
	error = gcm_open_handle(&handle, key, nonce, aad, aad_n);
	if (error != SR_OK) {
		sr_wipe(out, n);
		return error;
	}
	if (n > 0)
		failed = gcry_cipher_decrypt(handle, out, n, in == out ? NULL : in,
		    in == out ? 0 : n);
	if (failed == 0)
		failed = gcry_cipher_checktag(handle, tag, sizeof tag);
	gcry_cipher_close(handle);
	if (failed != 0) {
		sr_wipe(out, n);
		return SR_ERR_DECRYPT_FAILED;
	}
	return SR_OK;
}

enum sr_error sr_ctr_init(struct sr_ctr *self, const struct sr_key32 *key, const uint8_t iv[16])
{
	gcry_cipher_hd_t handle = NULL;

	self->handle = NULL;
	SR_TRY(cipher_open(&handle, GCRY_CIPHER_MODE_CTR, key));
	self->handle = handle;
	return gcry_cipher_setctr(handle, iv, 16) == 0 ? SR_OK : SR_ERR_INTERNAL;
}

enum sr_error sr_ctr_next(struct sr_ctr *self, uint8_t *out, size_t n)
{
	/* Zeros from elsewhere: out is written once, and need not be read. */
	static const uint8_t zeros[4096] = { 0 };
	gcry_error_t failed = 0;

	for (size_t done = 0; done < n && failed == 0; done += sizeof zeros) {
		size_t take = n - done < sizeof zeros ? n - done : sizeof zeros;

		failed = gcry_cipher_encrypt(self->handle, out + done, take, zeros, take);
	}
	if (failed != 0) {
		sr_wipe(out, n);
		return SR_ERR_INTERNAL;
	}
	return SR_OK;
}

void sr_ctr_clear(struct sr_ctr *self)
{
	gcry_cipher_close(self->handle);                /* NULL: nothing */
	self->handle = NULL;
}

enum sr_error sr_ctr_stream(uint8_t *out, size_t n, const struct sr_key32 *key,
    const uint8_t iv[16])
{
	struct sr_ctr stream;
	enum sr_error error = sr_ctr_init(&stream, key, iv);

	if (error == SR_OK)
		error = sr_ctr_next(&stream, out, n);
	else
		sr_wipe(out, n);
	sr_ctr_clear(&stream);
	return error;
}

/* --- What a TPM's protocols ask for --- */

/* NULL on failure; the data block is in locked memory when the message is. */
static gcry_sexp_t oaep_data(
    struct sr_bytes label, const struct sr_key32 *message, const uint8_t seed[32])
{
	uint8_t *locked = gcry_malloc_secure(sizeof message->b);
	gcry_sexp_t data = NULL;

	if (locked == NULL)
		return NULL;
	memcpy(locked, message->b, sizeof message->b);
	if (gcry_sexp_build(&data, NULL,
		"(data (flags oaep) (hash-algo sha256) (label %b) (random-override %b) (value %b))",
		(int)label.n, label.p, 32, seed, (int)sizeof message->b, locked) != 0)
		data = NULL;
	sr_wipe(locked, sizeof message->b);
	gcry_free(locked);
	return data;
}

static gcry_sexp_t rsa_key(struct sr_bytes modulus, struct sr_bytes exponent)
{
	gcry_mpi_t n = NULL, e = NULL;
	gcry_sexp_t key = NULL;

	if (gcry_mpi_scan(&n, GCRYMPI_FMT_USG, modulus.p, modulus.n, NULL) == 0 &&
	    gcry_mpi_scan(&e, GCRYMPI_FMT_USG, exponent.p, exponent.n, NULL) == 0 &&
	    gcry_sexp_build(&key, NULL, "(public-key (rsa (n %m) (e %m)))", n, e) != 0)
		key = NULL;
	gcry_mpi_release(n);
	gcry_mpi_release(e);
	return key;
}

/* The number of (enc-val (rsa (a A))), to size bytes. */
static bool sealed_take(uint8_t *out, size_t size, gcry_sexp_t sealed)
{
	gcry_sexp_t list = gcry_sexp_find_token(sealed, "a", 0);
	gcry_mpi_t a = list != NULL ? gcry_sexp_nth_mpi(list, 1, GCRYMPI_FMT_USG) : NULL;
	size_t n = 0;
	bool ok = a != NULL && gcry_mpi_print(GCRYMPI_FMT_USG, NULL, 0, &n, a) == 0 && n <= size;

	if (ok) {
		memset(out, 0, size);
		ok = gcry_mpi_print(GCRYMPI_FMT_USG, out + size - n, n, &n, a) == 0;
	}
	gcry_mpi_release(a);
	gcry_sexp_release(list);
	return ok;
}

enum sr_error sr_rsa_oaep_seal(uint8_t *out, struct sr_bytes modulus, struct sr_bytes exponent,
    struct sr_bytes label, const struct sr_key32 *message, const uint8_t seed[32])
{
	gcry_sexp_t key = rsa_key(modulus, exponent), data = oaep_data(label, message, seed);
	gcry_sexp_t sealed = NULL;
	enum sr_error err = SR_ERR_BAD_PUBLIC_KEY;

	if (data == NULL)
		err = SR_ERR_NO_LOCKED_MEMORY;
	else if (key != NULL && gcry_pk_encrypt(&sealed, data, key) == 0 &&
	    sealed_take(out, modulus.n, sealed))
		err = SR_OK;
	gcry_sexp_release(sealed);
	gcry_sexp_release(data);
	gcry_sexp_release(key);
	return err;
}

enum sr_error sr_cfb128_seal(uint8_t *out, const uint8_t key[16], const uint8_t *in, size_t n)
{
	static const uint8_t iv[16];
	gcry_cipher_hd_t handle = NULL;
	gcry_error_t failed;

	if (gcry_cipher_open(
		&handle, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_CFB, GCRY_CIPHER_SECURE) != 0)
		return SR_ERR_NO_LOCKED_MEMORY;
	failed = gcry_cipher_setkey(handle, key, 16);
	if (failed == 0)
		failed = gcry_cipher_setiv(handle, iv, sizeof iv);
	if (failed == 0)
		failed = gcry_cipher_encrypt(
		    handle, out, n, in == out ? NULL : in, in == out ? 0 : n);
	gcry_cipher_close(handle);
	if (failed != 0)
		sr_wipe(out, n);
	return failed == 0 ? SR_OK : SR_ERR_INTERNAL;
}
