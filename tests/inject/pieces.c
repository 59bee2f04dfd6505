/*
 * The parts by themselves: everything that takes memory, locked memory, random bytes or a key file,
 * with the n-th of these calls failing, for every n. Each either does all of its work or says what
 * it lacks; never a weak key, never a half-made output taken for a whole one.
 *
 *   pieces [--planted]
 */
#define _GNU_SOURCE /* unlink and the like */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hpke.h"
#include "cli/crypt.h"
#include "cli/keyfile.h"
#include "enclave/client_wire.h"
#include "enclave/core.h"
#include "enclave/shell_measure.h"
#include "shamir/share_file.h"
#include "shamir/tdh2.h"
#include "tests/inject/fault.h"
#include "tests/lib/scratch.h"

#define NOT_RIGHT SR_ERR_INTERNAL       /* it said that all was well, and it was not */
#define FILE_CALLS                                                                                 \
	(FAULT_BIT(FAULT_OPEN) | FAULT_BIT(FAULT_READ) | FAULT_BIT(FAULT_WRITE) |                  \
	    FAULT_BIT(FAULT_FSYNC) | FAULT_BIT(FAULT_RENAME))

static struct sr_drbg drbg;
static uint8_t text[3000];
static const struct sr_hash32 label = { { 7 } };
static const char *path;

/* A secret that was not made is not there: zeros, or what was there before. */
static bool blank(const void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (((const uint8_t *)p)[i] != 0)
			return false;
	return true;
}

static enum sr_error right(bool good)
{
	return good ? SR_OK : NOT_RIGHT;
}

static enum sr_error system_random(void)
{
	uint8_t out[64], before[64];
	enum sr_error error;

	memset(out, 0xaa, sizeof out);
	memcpy(before, out, sizeof out);
	error = sr_random_system(out, sizeof out);
	if (error != SR_OK)
		return blank(out, sizeof out) ? error : NOT_RIGHT;
	/* All of it is new: no eight bytes as they were. */
	for (size_t i = 0; i + 8 <= sizeof out; i++)
		if (memcmp(out + i, before + i, 8) == 0)
			return NOT_RIGHT;
	return SR_OK;
}

static enum sr_error generator(void)
{
	struct sr_drbg own = drbg;
	uint8_t out[100] = { 1 };
	enum sr_error error = sr_drbg_fill(&own, out, sizeof out);

	return error == SR_OK ? SR_OK : blank(out, sizeof out) ? error : NOT_RIGHT;
}

static enum sr_error sealed_message(void)
{
	static uint8_t sealed[sizeof text + SR_HPKE_OVERHEAD], out[sizeof text];
	struct sr_key32 sk = { { 5 } }, ephemeral = { { 6 } };
	struct sr_xpk pk;

	sr_x25519_public(&pk, &sk);
	SR_TRY(sr_hpke_seal(sealed, &pk, &ephemeral, "info", NULL, 0, text, sizeof text));
	memset(out, 1, sizeof out);
	SR_TRY(sr_hpke_open(out, &sk, "info", NULL, 0, sealed, sizeof sealed));
	return right(memcmp(out, text, sizeof text) == 0);
}

static enum sr_error request(void)
{
	struct sr_key32 sk = { { 5 } }, ephemeral = { { 6 } };
	struct sr_hash32 hash, chain = { { 1 } };
	struct sr_xpk pk, answer = { { 9 } };
	struct sr_writer w;
	uint8_t *plain = NULL;
	uint64_t epoch = 0;
	size_t n = 0;
	enum sr_error error;

	sr_x25519_public(&pk, &sk);
	sr_writer_init(&w, CLIENT_REQUEST_MAX);
	error = client_request_seal(&w, &hash, CLIENT_SUBMIT, &chain, 3, &pk, &ephemeral, &answer,
	    text, sizeof text);
	if (error == SR_OK)
		error = sr_writer_finish(&w);
	if (error == SR_OK)
		error = client_request_epoch(&epoch, w.p, w.n);
	if (error == SR_OK)
		error = client_request_open(
		    &answer, &plain, &n, &hash, CLIENT_SUBMIT, &chain, &sk, &pk, w.p, w.n);
	if (error == SR_OK)
		error = right(epoch == 3 && n == sizeof text && memcmp(plain, text, n) == 0);
	free(plain);
	sr_writer_clear(&w);
	return error;
}

static enum sr_error payload(void)
{
	uint64_t bucket = crypt_bucket(sizeof text);
	uint8_t *sealed = malloc((size_t)crypt_stream_bytes(bucket)), *out = malloc((size_t)bucket);
	struct sr_key32 dek = { { 4 } };
	size_t n = 0;
	enum sr_error error = sealed != NULL && out != NULL ? SR_OK : SR_ERR_NO_MEMORY;

	if (error == SR_OK)
		error = crypt_seal(sealed, &dek, text, sizeof text);
	if (error == SR_OK)
		error = crypt_open(out, &n, &dek, bucket, sealed, crypt_stream_bytes(bucket));
	if (error == SR_OK)
		error = right(n == sizeof text && memcmp(out, text, n) == 0);
	free(sealed);
	free(out);
	return error;
}

static enum sr_error threshold(void)
{
	struct shamir_index indices[2] = { { 1 }, { 2 } }, bad;
	struct shamir_tdh2_share shares[2];
	struct sr_key32 key, again;
	struct shamir_tdh2_ct ct;
	struct shamir_poly poly;
	struct sr_point y, keys[2];
	struct sr_scalar x;
	enum sr_error error = shamir_poly_init(&poly, 2, NULL, &drbg);

	if (error != SR_OK)
		return error;
	sr_point_base_mul(&y, &poly.a[0]);
	error = shamir_tdh2_encrypt(&ct, &key, &y, label.b, 32, &drbg);
	for (unsigned i = 0; i < 2 && error == SR_OK; i++) {
		error = shamir_poly_eval(&x, &poly, indices[i]);
		sr_point_base_mul(&keys[i], &x);
		if (error == SR_OK)
			error = shamir_tdh2_share_make(&shares[i], &x, &ct, label.b, 32, &drbg);
	}
	if (error == SR_OK)
		error = shamir_tdh2_combine(
		    &again, &bad, &ct, label.b, 32, indices, keys, shares, 2, 2);
	if (error == SR_OK)
		error = right(memcmp(&key, &again, sizeof key) == 0);
	shamir_poly_clear(&poly);
	return error;
}

static enum sr_error split_and_join(void)
{
	static uint8_t body[3][sizeof text], trailer[3][SHAMIR_FILE_TRAILER_MAX], out[sizeof text];
	uint8_t *bodies[3] = { body[0], body[1], body[2] }, header[SHAMIR_FILE_HEADER];
	uint8_t *trailers[3] = { trailer[0], trailer[1], trailer[2] };
	const uint8_t *in[2] = { body[2], body[0] }, *ends[2] = { trailer[2], trailer[0] };
	struct shamir_file_header headers[2];
	struct shamir_splitter *splitter = NULL;
	struct shamir_joiner *joiner = NULL;
	unsigned bad;
	enum sr_error error = shamir_splitter_new(&splitter, 2, 3, sizeof text, &drbg);

	if (error == SR_OK)
		error = shamir_splitter_update(splitter, bodies, text, sizeof text);
	for (unsigned i = 0; i < 2 && error == SR_OK; i++) {
		shamir_splitter_header(splitter, i == 0 ? 3 : 1, header);
		error = shamir_file_header_read(&headers[i], header);
	}
	if (error == SR_OK)
		error = shamir_splitter_finish(splitter, trailers);
	if (error == SR_OK)
		error = shamir_joiner_new(&joiner, headers, 2, &bad);
	if (error == SR_OK)
		error = shamir_joiner_update(joiner, out, in, sizeof text);
	if (error == SR_OK)
		error = shamir_joiner_finish(joiner, ends, &bad);
	if (error == SR_OK)
		error = right(memcmp(out, text, sizeof text) == 0);
	shamir_splitter_free(splitter);
	shamir_joiner_free(joiner);
	return error;
}

/* A key file is whole or not there; a key that was refused is not there either. */
static enum sr_error key_file(void)
{
	struct key *key = NULL, *back = NULL;
	const char *why = "";
	struct stat st;
	enum sr_error error;

	unlink(path);
	error = key_new(&key, VAULT_ACCOUNT_ED25519);
	if (error != SR_OK)
		return key == NULL ? error : NOT_RIGHT;
	error = keyfile_write(key, path);
	if (error == SR_OK)
		error = keyfile_read(&back, &why, path);
	if (error == SR_OK)
		error = right(memcmp(&key->seed, &back->seed, sizeof key->seed) == 0);
	else if (stat(path, &st) == 0 && st.st_size < 70)
		error = NOT_RIGHT;
	key_free(key);
	key_free(back);
	return error;
}

static enum sr_error sealing_key(void)
{
	struct sr_key32 key = { { 1 } }, back;
	struct stat st;
	enum sr_error error;

	unlink(path);
	error = shell_sealing_key(&key, path, true);
	if (error != SR_OK)
		return blank(&key, sizeof key) && stat(path, &st) != 0 ? error : NOT_RIGHT;
	if (blank(&key, sizeof key))
		return NOT_RIGHT;
	error = shell_sealing_key(&back, path, false);
	if (error != SR_OK)
		/* DAMAGED: a read that failed; nothing is made anew over it. */
		return error == SR_ERR_DAMAGED ? SR_ERR_IO : error;
	return right(memcmp(&key, &back, sizeof key) == 0);
}

static enum sr_error identity(void)
{
	static const struct sr_hash32 measurement = { { 1 } };
	struct sr_key32 sealing = { { 2 } }, seed = { { 3 } };
	struct genesis_identity public_half;
	struct enclave_core *core;
	struct sr_writer sealed;
	enum sr_error error;

	sr_writer_init(&sealed, 65536);
	error = enclave_identity_new(&public_half, &sealed, &sealing, &measurement, &seed);
	if (error == SR_OK)
		error = sr_writer_finish(&sealed);
	if (error == SR_OK)
		error = right(sealed.n > 128);
	sr_writer_clear(&sealed);
	SR_TRY(error);
	core = enclave_core_new(&sealing, &measurement);
	enclave_core_free(core);
	return core != NULL ? SR_OK : SR_ERR_NO_LOCKED_MEMORY;
}

/* Planted: a key that is used although it was not made. */
static enum sr_error weak_key(void)
{
	struct sr_key32 key = { { 0 } };

	(void)!sr_random_system(key.b, sizeof key.b);
	return right(!blank(&key, sizeof key));
}

struct piece { const char *name; unsigned calls; enum sr_error (*run)(void); };

static const struct piece pieces[] = {
	{ "system random", FAULT_BIT(FAULT_GETRANDOM), system_random },
	{ "generator", FAULT_MEMORY, generator },
	{ "sealed message", FAULT_MEMORY, sealed_message },
	{ "request", FAULT_MEMORY, request },
	{ "payload", FAULT_MEMORY, payload },
	{ "threshold encryption", FAULT_MEMORY, threshold },
	{ "split and join", FAULT_MEMORY, split_and_join },
	{ "key file", FAULT_MEMORY | FAULT_BIT(FAULT_GETRANDOM) | FILE_CALLS, key_file },
	{ "sealing key", FAULT_BIT(FAULT_GETRANDOM) | FILE_CALLS, sealing_key },
	{ "identity, core", FAULT_MEMORY, identity },
};
static const struct piece planted = { "weak key", FAULT_BIT(FAULT_GETRANDOM), weak_key };

static uint64_t tried, failed;

static bool allowed(enum sr_error error)
{
	return sr_error_is_shortage(error) || error == SR_ERR_IO || error == SR_ERR_DISK_FULL;
}

static bool try_one(const struct piece *p, enum fault_how how, uint64_t n)
{
	struct fault fault = { .calls = p->calls, .nth = n, .how = how };
	enum sr_error error;

	fault_arm(&fault);
	error = p->run();
	fault_disarm();
	if (!fault_fired()) {
		if (error == SR_OK)
			return false;
		printf("FAILED: %s without a fault: %s\n", p->name, sr_error_name(error));
		failed++;
		return false;
	}
	tried++;
	if (error != SR_OK && !allowed(error)) {
		printf("FAILED: %s, %s call %" PRIu64 ": %s\n", p->name, fault_fired_call(), n,
		    sr_error_name(error));
		failed++;
	}
	return true;
}

static void sweep(const struct piece *p)
{
	static const enum fault_how hows[] = { FAULT_ONCE, FAULT_ON, FAULT_HALF };

	for (size_t h = 0; h < sizeof hows / sizeof hows[0]; h++)
		for (uint64_t n = 1; try_one(p, hows[h], n); n++)
			;
}

int main(int argc, char **argv)
{
	struct sr_key32 seed = { { 8 } };

	path = strdup(scratch_path("key"));
	if (path == NULL || sr_crypto_init() != SR_OK)
		return 2;
	sr_drbg_init(&drbg, &seed);
	if (sr_drbg_fill(&drbg, text, sizeof text) != SR_OK)
		return 2;
	if (argc == 2 && strcmp(argv[1], "--planted") == 0)
		sweep(&planted);
	else
		for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
			sweep(&pieces[i]);
	printf("%" PRIu64 " passed, %" PRIu64 " failed, 0 skipped\n", tried - failed, failed);
	return failed == 0 && tried > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
