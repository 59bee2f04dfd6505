/* enclave/seal.c - everything that leaves the enclave for the disk is sealed under keys from the
 * platform's sealing key. */
#include "enclave/internal.h"

#include <stdlib.h>
#include <string.h>

enum sr_error seal_keys_derive(struct core_keys *keys)
{
	SR_TRY(sr_key_derive(&keys->log, &keys->sealing, "strongroom log v1", NULL, 0));
	SR_TRY(sr_key_derive(&keys->rows, &keys->sealing, "strongroom rows v1", NULL, 0));
	SR_TRY(sr_key_derive(&keys->blind, &keys->sealing, "strongroom row names v1", NULL, 0));
	return sr_key_derive(&keys->archive, &keys->sealing, "strongroom archive v1", NULL, 0);
}

/* Random nonces: after a lost tail the same place in a log is written twice. */
enum sr_error seal_put(struct sr_writer *w, struct sr_drbg *drbg, const struct sr_key32 *key,
    const uint8_t *aad, size_t aad_n, const uint8_t *plain, size_t n)
{
	uint8_t nonce[SR_GCM_NONCE];
	uint8_t *sealed;
	enum sr_error error;

	SR_TRY(sr_drbg_fill(drbg, nonce, sizeof(nonce)));
	sealed = malloc(n + SR_GCM_TAG);
	if (sealed == NULL)
		return SR_ERR_NO_MEMORY;
	error = sr_gcm_seal(sealed, key, nonce, aad, aad_n, plain, n);
	if (error == SR_OK) {
		sr_write_copy(w, nonce, sizeof(nonce));
		sr_write_copy(w, sealed, n + SR_GCM_TAG);
		error = w->error;
	}
	free(sealed);
	return error;
}

static enum sr_error open_into(uint8_t *plain, const struct sr_key32 *key, const uint8_t *aad,
    size_t aad_n, const uint8_t *p, size_t n)
{
	return sr_gcm_open(plain, key, p, aad, aad_n, p + SR_GCM_NONCE, n - SR_GCM_NONCE);
}

enum sr_error seal_open_secret(uint8_t **plain, size_t *plain_n, const struct sr_key32 *key,
    const uint8_t *aad, size_t aad_n, const uint8_t *p, size_t n)
{
	uint8_t *out;
	enum sr_error error;

	if (n < SEAL_OVERHEAD)
		return SR_ERR_TRUNCATED;
	out = sr_secret_alloc(n - SEAL_OVERHEAD + 1);
	if (out == NULL)
		return SR_ERR_NO_LOCKED_MEMORY;
	error = open_into(out, key, aad, aad_n, p, n);
	if (error != SR_OK) {
		sr_secret_free(out);
		return error;
	}
	*plain = out;
	*plain_n = n - SEAL_OVERHEAD;
	return SR_OK;
}

enum sr_error seal_open(uint8_t **plain, size_t *plain_n, const struct sr_key32 *key,
    const uint8_t *aad, size_t aad_n, const uint8_t *p, size_t n)
{
	uint8_t *out;
	enum sr_error error;

	if (n < SEAL_OVERHEAD)
		return SR_ERR_TRUNCATED;
	out = malloc(n - SEAL_OVERHEAD + 1);
	if (out == NULL)
		return SR_ERR_NO_MEMORY;
	error = open_into(out, key, aad, aad_n, p, n);
	if (error != SR_OK) {
		free(out);
		return error;
	}
	*plain = out;
	*plain_n = n - SEAL_OVERHEAD;
	return SR_OK;
}

/* The host sees which rows change, never which records they are. */
void seal_row_name(struct sr_hash32 *out, const struct core_keys *keys, const struct vault_key *key)
{
	struct sr_bytes parts[] = { { (const uint8_t *)"row", 4 }, { key->b, sizeof(key->b) } };

	sr_hmac_sha256(out, keys->blind.b, sizeof(keys->blind.b), parts, 2);
}

void seal_meta_name(struct sr_hash32 *out, const struct core_keys *keys)
{
	struct sr_bytes part = { (const uint8_t *)"meta", 5 };

	sr_hmac_sha256(out, keys->blind.b, sizeof(keys->blind.b), &part, 1);
}

void seal_step_name(struct sr_hash32 *out, const struct core_keys *keys, uint32_t number)
{
	uint8_t b[4] = { (uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16),
		(uint8_t)(number >> 24) };
	struct sr_bytes parts[] = { { (const uint8_t *)"step", 5 }, { b, sizeof(b) } };

	sr_hmac_sha256(out, keys->blind.b, sizeof(keys->blind.b), parts, 2);
}

#define ROW_AAD_BYTES 96u

static enum sr_error row_aad(uint8_t aad[ROW_AAD_BYTES], struct sr_key32 *key,
    const struct enclave_core *self, const struct sr_hash32 *name)
{
	memcpy(aad, self->genesis->chain_id.b, 32);
	memcpy(aad + 32, self->keys->id_sk.b + 32, 32);
	memcpy(aad + 64, name->b, 32);
	return sr_key_derive(key, &self->keys->rows, "strongroom row v1", name->b, 32);
}

enum sr_error seal_row_put(struct sr_writer *w, struct enclave_core *self,
    const struct sr_hash32 *name, const uint8_t *plain, size_t n)
{
	SR_KEY32_AUTO key;
	uint8_t aad[ROW_AAD_BYTES];

	SR_TRY(row_aad(aad, &key, self, name));
	return seal_put(w, &self->drbg, &key, aad, sizeof(aad), plain, n);
}

enum sr_error seal_row_open(uint8_t **plain, size_t *plain_n, bool secret,
    const struct enclave_core *self, const struct sr_hash32 *name, const uint8_t *p, size_t n)
{
	SR_KEY32_AUTO key;
	uint8_t aad[ROW_AAD_BYTES];

	SR_TRY(row_aad(aad, &key, self, name));
	return secret ? seal_open_secret(plain, plain_n, &key, aad, sizeof(aad), p, n) :
	    seal_open(plain, plain_n, &key, aad, sizeof(aad), p, n);
}
