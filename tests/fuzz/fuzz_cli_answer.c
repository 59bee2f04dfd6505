/* tests/fuzz/fuzz_cli_answer.c - what servers answer the command line: JSON, state proofs,
 * encrypted payloads and their pieces. A liar makes it fail, not err. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/blob.h"
#include "cli/client.h"
#include "cli/crypt.h"
#include "cli/json.h"
#include "tests/fuzz/fixture.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/scratch.h"

static const struct sr_key32 dek = { { 1, 2, 3 } };

static void json(const uint8_t *p, size_t n)
{
	static const char *const fields[] = { "bytes", "result", NULL };
	for (size_t i = 0; i < 3; i++) {
		char *result = NULL;
		if (json_rpc_answer(&result, p, n, fields[i]) == SR_OK)
			FUZZ_CHECK(result != NULL);
		free(result);
	}
}

/* Proofs for a record: of the fixture's newest final block nothing but what it holds. */
static void proof(const uint8_t *p, size_t n)
{
	const struct fixture *f = fixture();
	struct vault_key key = vault_key_number(VAULT_REC_NFT, f->nft);
	struct consensus_header header;
	struct sr_bytes value;
	bool present;
	if (client_proof_check(&f->c->genesis->chain_id, &f->epoch, &key, (struct sr_bytes){ p, n },
		&header, &present, &value) == SR_OK)
		FUZZ_CHECK(!present || value.n > 0);
}

/* bucket choice u8 | payload length u16 | place u16 | change u8: sealed, changed, opened */
static void payload(struct sr_reader *r)
{
	uint8_t plain[2048] = { 7 };
	size_t n = sr_read_u16(r) % sizeof(plain), out_n = 0, place = sr_read_u16(r);
	uint8_t change = sr_read_u8(r);
	uint64_t bucket = crypt_bucket(n), other = sr_read_u8(r) ? bucket : sr_read_u64(r) % 4096;
	size_t size = (size_t)crypt_stream_bytes(bucket);
	uint8_t *sealed = malloc(size), *open = malloc(4096 + size);
	FUZZ_CHECK(sealed != NULL && open != NULL);
	FUZZ_CHECK(crypt_seal(sealed, &dek, plain, n) == SR_OK);
	sealed[place % size] ^= change;
	enum sr_error e = crypt_open(open, &out_n, &dek, other, sealed, size);
	FUZZ_CHECK((e == SR_OK) == (change == 0 && other == bucket));
	FUZZ_CHECK(e != SR_OK || (out_n == n && memcmp(open, plain, n) == 0));
	free(sealed);
	free(open);
}

static int piece_file(const uint8_t *p, size_t n)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/piece-XXXXXX", scratch_dir());
	int fd = mkstemp(path);
	FUZZ_CHECK(fd >= 0 && unlink(path) == 0);
	FUZZ_CHECK(write(fd, p, n) == (ssize_t)n && lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* A version record as a member may invent it, with files of any size behind it. */
static void pieces(struct sr_reader *r)
{
	struct vault_payload p = { .plain_bytes = sr_read_u32(r), .cipher_bytes = sr_read_u32(r) };
	uint32_t which[VAULT_BLOB_PIECES_MAX] = { 0 };
	int fds[VAULT_BLOB_PIECES_MAX];
	struct blob_reader *reader;
	uint8_t out[512];
	p.data_pieces = sr_read_u8(r);
	p.pieces_n = sr_read_u8(r);
	p.stripe_bytes = sr_read_u16(r);
	for (uint32_t i = 0; i < p.data_pieces && i < VAULT_BLOB_PIECES_MAX; i++)
		which[i] = i < 4 ? sr_read_u8(r) : i;
	if (blob_check(&p) != SR_OK)
		return;
	FUZZ_CHECK(p.data_pieces >= 1 && p.data_pieces <= p.pieces_n &&
	    p.pieces_n <= VAULT_BLOB_PIECES_MAX);
	for (uint32_t i = 0; i < p.data_pieces; i++)
		fds[i] = piece_file(r->p, r->left < 300 ? r->left : 300);
	if (blob_reader_new(&reader, &p, which, fds) == SR_OK) {
		while (blob_reader_read(reader, out, 1 + p.stripe_bytes % 500) == SR_OK)
			;
		blob_reader_free(reader);
	}
	for (uint32_t i = 0; i < p.data_pieces; i++)
		close(fds[i]);
}

/* The DEK in an operation's wrapped key. */
static void unwrap(struct sr_reader *r)
{
	struct sr_hash32 label = { { 1 } };
	struct sr_key32 out, box = { { 5 } };
	struct vault_wrapped_key k;
	vault_wrapped_key_read(&k, r);
	if (sr_reader_finish(r) != SR_OK)
		return;
	FUZZ_CHECK(crypt_unwrap_owner(&out, &k, &label, &box) != SR_OK);
	FUZZ_CHECK(crypt_unwrap_kem(&out, &k, &label, &box) != SR_OK);
}

void fuzz_cli_answer(const uint8_t *p, size_t n)
{
	struct sr_reader r;
	sr_reader_init(&r, p, n);
	switch (sr_read_u8(&r) % 5) {
	case 0: json(r.p, r.left); return;
	case 1: proof(r.p, r.left); return;
	case 2: payload(&r); return;
	case 3: pieces(&r); return;
	default: unwrap(&r); return;
	}
}

static void put(uint8_t choice, const void *p, size_t n)
{
	struct sr_writer w;
	sr_writer_init(&w, 65536);
	sr_write_copy(&w, p, n);
	fuzz_seed_of(choice, "answer", &w);
}

/* A member's real answer to a read with proof. */
static void seed_proof_of(uint64_t id)
{
	struct cluster *c = fixture_cluster();
	uint8_t params[8] = { (uint8_t)id }, *answer;
	size_t n;
	for (uint32_t i = 0; i < FIXTURE_NODES; i++)
		cluster_start(c, i);
	cluster_run(c, 5000);
	if (cluster_get(c, 0, NULL, VAULT_GET_NFT, true, params, 8, &answer, &n) == SR_OK)
		put(1, answer, n);
	free(answer);
	cluster_free(c);
}

void seed_cli_answer(void)
{
	static const char *const answers[] = { "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"00ff\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"bytes\":\"00\",\"result\":\"a\"}}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":7,\"message\":\"x\"}}",
		"{\"error\":{\"data\":{\"code\":3}}}", "{\"error\":{\"code\":\"x\"}}", "[]", "{",
		"",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":7}", "{\"error\":{\"code\":123456}}" };
	static const uint8_t sealed[][16] = { { 5, 0, 0, 0, 0, 1 }, { 5, 4, 0, 0, 0, 1 },
		{ 5, 0, 9, 0, 1, 1 }, { 5, 0, 90, 0, 1, 1 }, { 5, 0, 0, 0, 0, 0, 9, 1 } };
	static const uint8_t coded[][40] = {
		{ 100, 0, 0, 0, 128, 0, 0, 0, 2, 4, 64, 0, 0, 1, 1, 2, 3, 4, 5, 6 },
		{ 100, 0, 0, 0, 128, 0, 0, 0, 2, 4, 64, 0, 1, 3, 1, 2, 3, 4, 5, 6 },
		{ 100, 0, 0, 0, 128, 0, 0, 0, 2, 4, 64, 0, 1, 1, 1, 2, 3, 4, 5, 6 },
		{ 100, 0, 0, 0, 128, 0, 0, 0, 2, 4, 64, 0, 9, 1, 1, 2, 3, 4, 5, 6 },
		{ 100, 0, 0, 0, 20, 1, 0, 0, 1, 1, 64, 0, 0 }, { 0 } };
	uint8_t key[sizeof(struct vault_wrapped_key)] = { 1 };
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		put(0, answers[i], strlen(answers[i]));
	for (size_t i = 0; i < sizeof(sealed) / sizeof(sealed[0]); i++)
		put(2, sealed[i], sizeof(sealed[i]));
	for (size_t i = 0; i < sizeof(coded) / sizeof(coded[0]); i++)
		put(3, coded[i], sizeof(coded[i]));
	put(4, key, VAULT_TDH2_BYTES + 32 + SR_GCM_TAG + 64 + SR_GCM_TAG);
	seed_proof_of(fixture()->nft);
	seed_proof_of(99);
}
