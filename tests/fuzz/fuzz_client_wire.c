/* tests/fuzz/fuzz_client_wire.c - sealed requests at the enclave and sealed answers at the client:
 * changed ones do not open, and no member answers in another's name. */
#include <stdlib.h>
#include <string.h>

#include "enclave/client_wire.h"
#include "tests/fuzz/fixture.h"
#include "tests/fuzz/fuzz.h"

static const struct sr_key32 answer_sk = { { 3, 1, 4 } };
static const struct sr_hash32 request_hash = { { 7 } };

static enum sr_error request_open(const uint8_t *p, size_t n, uint8_t **payload, size_t *size)
{
	const struct fixture *f = fixture();
	struct sr_xpk answer_key;
	struct sr_hash32 hash;
	uint64_t epoch;
	enum sr_error e = client_request_open(&answer_key, payload, size, &hash, CLIENT_GET,
	    &f->c->genesis->chain_id, &f->shielding, &f->epoch.shielding_key, p, n);
	FUZZ_CHECK(e != SR_OK || client_request_epoch(&epoch, p, n) == SR_OK);
	return e;
}

static enum sr_error answer_open(const uint8_t *p, size_t n, uint32_t *member)
{
	const struct fixture *f = fixture();
	struct sr_edpk keys[FIXTURE_NODES];
	enum sr_error code;
	uint8_t *payload;
	size_t size;
	for (uint32_t i = 0; i < FIXTURE_NODES; i++)
		keys[i] = f->epoch.members[i].vote_key;
	enum sr_error e = client_answer_open(&code, member, &payload, &size, &answer_sk,
	    &request_hash, keys, FIXTURE_NODES, p, n);
	FUZZ_CHECK(e == SR_OK || (payload == NULL && size == 0));
	free(payload);
	return e;
}

/* input = place u16 | change u8 | epoch u64 | payload */
static void request_changed(struct sr_reader *r)
{
	const struct fixture *f = fixture();
	size_t place = sr_read_u16(r), n, size;
	uint8_t change = sr_read_u8(r), *open;
	uint64_t epoch = sr_read_u64(r);
	struct sr_key32 ephemeral = { { 5 } };
	struct sr_xpk answer_key;
	struct sr_hash32 hash;
	struct sr_writer w;
	uint8_t *payload = fuzz_take(r, &n, SIZE_MAX);
	sr_x25519_public(&answer_key, &answer_sk);
	sr_writer_init(&w, CLIENT_REQUEST_MAX);
	FUZZ_CHECK(client_request_seal(&w, &hash, CLIENT_GET, &f->c->genesis->chain_id, epoch,
		&f->epoch.shielding_key, &ephemeral, &answer_key, payload, n) == SR_OK);
	w.p[place % w.n] ^= change;
	enum sr_error e = request_open(w.p, w.n, &open, &size);
	FUZZ_CHECK((e == SR_OK) == (change == 0));
	FUZZ_CHECK(e != SR_OK || (size == n && (n == 0 || memcmp(open, payload, n) == 0)));
	free(open);
	free(payload);
	sr_writer_clear(&w);
}

/* input = plaintext: sealed to the client as anyone can who knows his answer key */
static void answer_forged(const uint8_t *p, size_t n)
{
	struct sr_key32 ephemeral = { { 6 } };
	struct sr_xpk to;
	uint32_t member = 99;
	uint8_t *sealed = malloc(n + SR_HPKE_OVERHEAD);
	FUZZ_CHECK(sealed != NULL);
	sr_x25519_public(&to, &answer_sk);
	FUZZ_CHECK(sr_hpke_seal(sealed, &to, &ephemeral, "strongroom answer v1", request_hash.b, 32,
		p, n) == SR_OK);
	if (answer_open(sealed, n + SR_HPKE_OVERHEAD, &member) == SR_OK)
		FUZZ_CHECK(member < FIXTURE_NODES);
	free(sealed);
}

/* input = signer u8 | named u8 | code u16 | payload */
static void answer_signed(struct sr_reader *r)
{
	const struct fixture *f = fixture();
	uint32_t signer = sr_read_u8(r) % FIXTURE_NODES, named = sr_read_u8(r) % 8, member = 99;
	enum sr_error code = (enum sr_error)sr_read_u16(r);
	struct sr_key32 ephemeral = { { 6 } };
	struct sr_xpk to;
	struct sr_writer w;
	size_t n;
	uint8_t *payload = fuzz_take(r, &n, SIZE_MAX);
	sr_x25519_public(&to, &answer_sk);
	sr_writer_init(&w, CLIENT_ANSWER_MAX);
	FUZZ_CHECK(client_answer_seal(&w, &to, &ephemeral, &request_hash, code, named,
		&f->vote[signer], payload, n) == SR_OK);
	enum sr_error e = answer_open(w.p, w.n, &member);
	FUZZ_CHECK((e == SR_OK) == (signer == named));
	sr_writer_clear(&w);
	free(payload);
}

void fuzz_client_wire(const uint8_t *p, size_t n)
{
	struct sr_reader r;
	uint8_t *payload;
	size_t size;
	uint32_t member;
	sr_reader_init(&r, p, n);
	switch (sr_read_u8(&r) % 5) {
	case 0:
		FUZZ_CHECK(request_open(r.p, r.left, &payload, &size) != SR_OK);
		return;
	case 1:
		FUZZ_CHECK(answer_open(r.p, r.left, &member) != SR_OK);
		return;
	case 2: request_changed(&r); return;
	case 3: answer_forged(r.p, r.left); return;
	default: answer_signed(&r); return;
	}
}

void seed_client_wire(void)
{
	static const uint8_t sizes[] = { 0, 40, 87, 88, 120, 200 };
	struct sr_writer w;
	for (uint8_t choice = 0; choice < 5; choice++) {
		for (size_t i = 0; i < sizeof(sizes); i++) {
			sr_writer_init(&w, 256);
			for (size_t k = 0; k < sizes[i]; k++)
				sr_write_u8(&w, (uint8_t)(choice == 2 || k > 1 ? i & 1 : 1));
			fuzz_seed_of(choice, "bytes", &w);
		}
	}
}
