/* tests/fuzz/fuzz_get.c - a client's questions about the state: any parameters, anyone who asks. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/samples.h"

static struct vault_world *world;
static struct vault_secret_id ids[2];
static struct sr_hash32 ticket, waiting, attested;

static void world_make(void)
{
	world = sample_world(ids, &ticket);
	waiting = sample_attest(world, 1);
	attested = sample_attest(world, 3);
}

static struct vault_account requester(uint8_t who)
{
	struct vault_account none = { .kind = VAULT_ACCOUNT_NONE };
	return who % 9 < WORLD_PEOPLE ? world->who[who % 9] : none;
}

/* The duress key of Alice's switch is hers alone to see. */
static bool shows_duress_key(const struct sr_writer *answer)
{
	for (size_t i = 0; i + 32 <= answer->n; i++) {
		if (memcmp(answer->p + i, world->who[HEIDI].b, 32) == 0)
			return true;
	}
	return false;
}

/* input = kind u8 | who u8 | parameters */
void fuzz_get(const uint8_t *p, size_t n)
{
	struct sr_reader r;
	struct sr_writer w;
	struct vault_key key;
	size_t size;
	if (!world)
		world_make();
	sr_reader_init(&r, p, n);
	enum vault_get_kind kind = (enum vault_get_kind)sr_read_u8(&r);
	struct vault_account who = requester(sr_read_u8(&r));
	uint8_t *bytes = fuzz_take(&r, &size, SIZE_MAX);
	struct sr_bytes params = { bytes, size };
	sr_writer_init(&w, VAULT_LIST_BYTES_MAX + 64);
	enum sr_error e = vault_get(&w, world->t, kind, params, &who);
	FUZZ_CHECK(e != SR_OK || w.error == SR_OK);
	if (kind == VAULT_GET_SWITCH && !vault_account_equal(&who, &world->who[ALICE]))
		FUZZ_CHECK(!shows_duress_key(&w));
	sr_writer_clear(&w);
	(void)!vault_get_key(&key, kind, params);
	free(bytes);
}

static void put(uint8_t kind, uint8_t who, const void *a, size_t a_n, const void *b, size_t b_n)
{
	struct sr_writer w;
	sr_writer_init(&w, 256);
	sr_write_u8(&w, who);
	sr_write_copy(&w, a, a_n);
	sr_write_copy(&w, b, b_n);
	fuzz_seed_of(kind, "question", &w);
}

void seed_get(void)
{
	static const uint8_t zero[32];
	static const uint8_t one[16] = { 1 }, two[8] = { 2 };
	static const uint8_t subjects[3] = { VAULT_SUBJECT_NFT, VAULT_SUBJECT_SECRET,
		VAULT_SUBJECT_SWITCH };
	uint8_t event[17];
	uint8_t alice[33] = { VAULT_ACCOUNT_ED25519 };
	uint8_t measurement[36] = { 32 };
	world_make();
	memcpy(alice + 1, world->who[ALICE].b, 32);
	for (uint8_t who = 0; who < 9; who++) {
		put(VAULT_GET_ACCOUNT, who, alice, 33, NULL, 0);
		put(VAULT_GET_NFT, who, two, 8, NULL, 0);
		put(VAULT_GET_NFTS, who, alice, 33, zero, 8);
		put(VAULT_GET_COLLECTION, who, one, 8, NULL, 0);
		put(VAULT_GET_SECRET, who, ids[0].b, 16, NULL, 0);
		put(VAULT_GET_SECRETS, who, alice, 33, zero, 16);
		put(VAULT_GET_SECRETS_OF_NFT, who, two, 8, zero, 16);
		put(VAULT_GET_VERSION, who, ids[0].b, 16, zero, 8);
		put(VAULT_GET_VERSION, who, ids[1].b, 16, one, 8);
		put(VAULT_GET_HISTORY, who, ids[0].b, 16, zero, 8);
		put(VAULT_GET_SWITCH, who, one, 8, NULL, 0);
		put(VAULT_GET_SWITCHES, who, alice, 33, zero, 8);
		for (size_t i = 0; i < 3; i++) {
			event[0] = subjects[i];
			memcpy(event + 1, i == 1 ? ids[0].b : one, 16);
			put(VAULT_GET_EVENTS, who, event, 17, zero, 8);
		}
		put(VAULT_GET_RECEIPT, who, ticket.b, 32, NULL, 0);
		put(VAULT_GET_TICKET, who, ticket.b, 32, NULL, 0);
		put(VAULT_GET_META, who, NULL, 0, NULL, 0);
		put(VAULT_GET_ATTESTATION, who, waiting.b, 32, NULL, 0);
		put(VAULT_GET_ATTESTATION, who, attested.b, 32, NULL, 0);
		put(VAULT_GET_ATTESTATIONS, who, zero, 8, NULL, 0);
		memset(measurement + 4, 0xa1, 32);
		put(VAULT_GET_ATTESTATIONS_OF, who, measurement, 36, zero, 8);
		event[0] = VAULT_SUBJECT_ATTESTATION;
		memcpy(event + 1, attested.b, 16);
		put(VAULT_GET_EVENTS, who, event, 17, zero, 8);
	}
	put(99, 0, NULL, 0, NULL, 0);
}
