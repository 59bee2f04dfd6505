/* enclave/client_wire.c - sealed requests to the epoch's shielding key, sealed and signed answers
 * back. */
#include "enclave/client_wire.h"

#include <stdlib.h>
#include <string.h>

#define EPOCH_BYTES 8u
#define AAD_BYTES (1u + 32u + 8u)
#define ANSWER_FIXED (2u + 4u + 64u)

static const char request_info[] = "strongroom request v1";
static const char answer_info[] = "strongroom answer v1";

static void request_aad(uint8_t out[AAD_BYTES], enum client_method method,
    const struct sr_hash32 *chain_id, uint64_t epoch)
{
	out[0] = (uint8_t)method;
	memcpy(out + 1, chain_id->b, 32);
	for (size_t i = 0; i < 8; i++)
		out[33 + i] = (uint8_t)(epoch >> (8 * i));
}

enum sr_error client_request_seal(struct sr_writer *w, struct sr_hash32 *request_hash,
    enum client_method method, const struct sr_hash32 *chain_id, uint64_t epoch,
    const struct sr_xpk *shielding_key, const struct sr_key32 *ephemeral,
    const struct sr_xpk *answer_key, const uint8_t *payload, size_t n)
{
	uint8_t aad[AAD_BYTES];
	uint8_t *plain, *sealed;
	size_t plain_n = 32 + n, sealed_n = plain_n + SR_HPKE_OVERHEAD;
	enum sr_error error;

	if (n > CLIENT_REQUEST_MAX - CLIENT_REQUEST_OVERHEAD)
		return SR_ERR_TOO_LONG;
	plain = malloc(plain_n);
	sealed = malloc(EPOCH_BYTES + sealed_n);
	error = plain != NULL && sealed != NULL ? SR_OK : SR_ERR_NO_MEMORY;
	if (error == SR_OK) {
		request_aad(aad, method, chain_id, epoch);
		memcpy(plain, answer_key->b, 32);
		if (n > 0)
			memcpy(plain + 32, payload, n);
		memcpy(sealed, aad + 33, EPOCH_BYTES);
		error = sr_hpke_seal(sealed + EPOCH_BYTES, shielding_key, ephemeral, request_info,
		    aad, sizeof(aad), plain, plain_n);
	}
	if (error == SR_OK) {
		*request_hash = sr_hash(sealed, EPOCH_BYTES + sealed_n);
		sr_write_copy(w, sealed, EPOCH_BYTES + sealed_n);
		error = w->error;
	}
	if (plain != NULL)
		sr_wipe(plain, plain_n);
	free(plain);
	free(sealed);
	return error;
}

enum sr_error client_request_epoch(uint64_t *epoch, const uint8_t *bytes, size_t n)
{
	struct sr_reader r;

	if (n < CLIENT_REQUEST_OVERHEAD)
		return SR_ERR_TRUNCATED;
	if (n > CLIENT_REQUEST_MAX)
		return SR_ERR_TOO_LONG;
	sr_reader_init(&r, bytes, n);
	*epoch = sr_read_u64(&r);
	return SR_OK;
}

enum sr_error client_request_open(struct sr_xpk *answer_key, uint8_t **payload,
    size_t *payload_n, struct sr_hash32 *request_hash, enum client_method method,
    const struct sr_hash32 *chain_id, const struct sr_key32 *shielding_sk,
    const struct sr_xpk *shielding_key, const uint8_t *bytes, size_t n)
{
	uint8_t aad[AAD_BYTES];
	uint64_t epoch;
	uint8_t *plain;
	size_t plain_n;
	enum sr_error error;

	*payload = NULL;
	*payload_n = 0;
	SR_TRY(client_request_epoch(&epoch, bytes, n));
	plain_n = n - EPOCH_BYTES - SR_HPKE_OVERHEAD;
	plain = malloc(plain_n);
	if (plain == NULL)
		return SR_ERR_NO_MEMORY;
	request_aad(aad, method, chain_id, epoch);
	error = sr_hpke_open_pair(plain, shielding_sk, shielding_key, request_info, aad,
	    sizeof(aad), bytes + EPOCH_BYTES, n - EPOCH_BYTES);
	if (error != SR_OK) {
		sr_wipe(plain, plain_n);
		free(plain);
		return error;
	}
	*request_hash = sr_hash(bytes, n);
	memcpy(answer_key->b, plain, 32);
	memmove(plain, plain + 32, plain_n - 32);
	sr_wipe(plain + plain_n - 32, 32);
	*payload = plain;
	*payload_n = plain_n - 32;
	return SR_OK;
}

/* What the member signs: request hash | code | payload. */
static enum sr_error answer_message(struct sr_writer *w, const struct sr_hash32 *request_hash,
    uint16_t code, const uint8_t *payload, size_t n)
{
	sr_writer_init(w, 32 + 2 + n);
	sr_write_hash(w, request_hash);
	sr_write_u16(w, code);
	sr_write_copy(w, payload, n);
	return sr_writer_finish(w);
}

enum sr_error client_answer_seal(struct sr_writer *w, const struct sr_xpk *answer_key,
    const struct sr_key32 *ephemeral, const struct sr_hash32 *request_hash, enum sr_error code,
    uint32_t member, const struct sr_edsk *vote_key, const uint8_t *payload, size_t n)
{
	struct sr_writer message, plain;
	struct sr_sig64 sig;
	uint8_t *sealed;
	enum sr_error error;

	if (n > CLIENT_ANSWER_MAX)
		return SR_ERR_TOO_LONG;
	SR_TRY(answer_message(&message, request_hash, (uint16_t)code, payload, n));
	sr_sign(&sig, vote_key, answer_info, message.p, message.n);
	sr_writer_clear(&message);
	sr_writer_init(&plain, ANSWER_FIXED + n);
	sr_write_u16(&plain, (uint16_t)code);
	sr_write_u32(&plain, member);
	sr_write_sig(&plain, &sig);
	sr_write_copy(&plain, payload, n);
	error = sr_writer_finish(&plain);
	if (error != SR_OK)
		return error;
	sealed = malloc(plain.n + SR_HPKE_OVERHEAD);
	error = sealed == NULL ? SR_ERR_NO_MEMORY :
	    sr_hpke_seal(sealed, answer_key, ephemeral, answer_info, request_hash->b, 32, plain.p,
		plain.n);
	if (error == SR_OK) {
		sr_write_copy(w, sealed, plain.n + SR_HPKE_OVERHEAD);
		error = w->error;
	}
	free(sealed);
	sr_writer_clear(&plain);
	return error;
}

static enum sr_error answer_verify(uint32_t member, uint16_t code, const struct sr_sig64 *sig,
    const struct sr_hash32 *request_hash, const struct sr_edpk *keys, uint32_t n_keys,
    const uint8_t *payload, size_t n)
{
	struct sr_writer message;
	enum sr_error error;

	if (member >= n_keys)
		return SR_ERR_NOT_A_MEMBER;
	SR_TRY(answer_message(&message, request_hash, code, payload, n));
	error = sr_verify(&keys[member], sig, answer_info, message.p, message.n);
	sr_writer_clear(&message);
	return error;
}

enum sr_error client_answer_open(enum sr_error *code, uint32_t *member, uint8_t **payload,
    size_t *payload_n, const struct sr_key32 *answer_sk, const struct sr_hash32 *request_hash,
    const struct sr_edpk *keys, uint32_t n_keys, const uint8_t *bytes, size_t n)
{
	struct sr_reader r;
	struct sr_sig64 sig;
	uint16_t number;
	uint8_t *plain;
	size_t plain_n;
	enum sr_error error;

	*payload = NULL;
	*payload_n = 0;
	if (n < SR_HPKE_OVERHEAD + ANSWER_FIXED)
		return SR_ERR_TRUNCATED;
	if (n > CLIENT_ANSWER_MAX + SR_HPKE_OVERHEAD + ANSWER_FIXED)
		return SR_ERR_TOO_LONG;
	plain_n = n - SR_HPKE_OVERHEAD;
	plain = malloc(plain_n);
	if (plain == NULL)
		return SR_ERR_NO_MEMORY;
	error = sr_hpke_open(plain, answer_sk, answer_info, request_hash->b, 32, bytes, n);
	if (error == SR_OK) {
		sr_reader_init(&r, plain, plain_n);
		number = sr_read_u16(&r);
		*member = sr_read_u32(&r);
		sig = sr_read_sig(&r);
		*code = sr_error_from_number(number);
		error = answer_verify(*member, number, &sig, request_hash, keys, n_keys,
		    plain + ANSWER_FIXED, plain_n - ANSWER_FIXED);
	}
	if (error != SR_OK) {
		sr_wipe(plain, plain_n);
		free(plain);
		return error;
	}
	memmove(plain, plain + ANSWER_FIXED, plain_n - ANSWER_FIXED);
	*payload = plain;
	*payload_n = plain_n - ANSWER_FIXED;
	return SR_OK;
}
