/* tests/fuzz/fuzz_proof.c - state proofs from a member that may lie: nothing but what the state
 * holds is ever proven. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/samples.h"
#include "vault/proof.h"

#define KEYS_MAX 64u

/* A real state, its keys, and a key next to each that is absent. */
static struct vault_world *world;
static struct vault_key keys[KEYS_MAX];
static size_t keys_n;

static bool key_visit(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	(void)ctx, (void)value;
	if (keys_n + 2 > KEYS_MAX)
		return false;
	keys[keys_n++] = *key;
	keys[keys_n] = *key;
	keys[keys_n++].b[20] ^= 0x10;
	return true;
}

static void setup(void)
{
	struct vault_secret_id ids[2];
	struct sr_hash32 ticket;
	struct vault_key first = { { 0 } };
	world = sample_world(ids, &ticket);
	vault_tree_walk(world->t, &first, 0, key_visit, NULL);
}

/* input = key u8 | proof */
void fuzz_proof(const uint8_t *p, size_t n)
{
	struct sr_hash32 root, none = { { 0 } };
	struct sr_bytes value, truth;
	bool present;
	if (n == 0)
		return;
	if (!world)
		setup();
	const struct vault_key *key = &keys[p[0] % keys_n];
	root = vault_tree_root(world->t);
	truth = vault_tree_get(world->t, key);
	if (vault_proof_check(&present, &value, &root, key, p + 1, n - 1) == SR_OK) {
		FUZZ_CHECK(present == (truth.p != NULL));
		FUZZ_CHECK(!present ||
		    (value.n == truth.n && memcmp(value.p, truth.p, value.n) == 0));
	}
	FUZZ_CHECK(vault_proof_check(&present, &value, &none, key, p + 1, n - 1) != SR_OK ||
	    !present);
}

void seed_proof(void)
{
	static const uint8_t empty[] = { 0, VAULT_PROOF_VERSION, VAULT_PROOF_EMPTY, 0, 0 };
	setup();
	for (size_t i = 0; i < keys_n; i++) {
		struct sr_writer w;
		sr_writer_init(&w, VAULT_PROOF_MAX);
		vault_tree_prove(&w, world->t, &keys[i]);
		fuzz_seed_of((uint8_t)i, vault_tree_get(world->t, &keys[i]).p ? "there" : "absent",
		    &w);
	}
	fuzz_seed("empty", empty, sizeof(empty));
}
