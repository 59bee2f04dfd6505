/* tests/fuzz/fuzz_policy.c - policies as bytes: one condition has one encoding, which its text
 * gives back. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/lib/vault_world.h"
#include "vault/policy.h"

#define ACCOUNT \
	"account(ed25519:1111111111111111111111111111111111111111111111111111111111111111)"

#define ATTESTED(status) \
	"attested(1111111111111111111111111111111111111111111111111111111111111111" status ")"

static bool leaf(void *ctx, const struct vault_policy_node *node)
{
	return (node->number + (uint64_t)(uintptr_t)ctx) % 2 == 0;
}

static void text_and_back(const struct vault_policy *p, struct sr_bytes bytes)
{
	struct vault_policy again;
	struct sr_writer text, w;
	size_t at;
	sr_writer_init(&text, VAULT_POLICY_TEXT_MAX);
	vault_policy_text(&text, p);
	FUZZ_CHECK(sr_writer_finish(&text) == SR_OK);
	FUZZ_CHECK(vault_policy_parse(&again, &at, (const char *)text.p, text.n) == SR_OK);
	sr_writer_clear(&text);
	sr_writer_init(&w, VAULT_POLICY_BYTES_MAX);
	vault_policy_write(&w, &again);
	fuzz_same(&w, bytes.p, bytes.n);
}

void fuzz_policy(const uint8_t *p, size_t n)
{
	struct vault_policy policy;
	struct sr_bytes bytes = { p, n };
	struct sr_writer w;
	uint32_t why;
	if (vault_policy_decode(&policy, bytes) != SR_OK)
		return;
	FUZZ_CHECK(policy.nodes_n >= 1 && policy.nodes_n <= VAULT_POLICY_NODES_MAX);
	sr_writer_init(&w, VAULT_POLICY_BYTES_MAX);
	vault_policy_write(&w, &policy);
	fuzz_same(&w, p, n);
	text_and_back(&policy, bytes);
	for (uintptr_t odd = 0; odd < 2; odd++) {
		struct vault_policy_facts facts = { (void *)odd, leaf };
		bool holds = vault_policy_eval(&policy, &facts, &why);
		FUZZ_CHECK(holds ? why == 0 : why < policy.nodes_n);
	}
}

void seed_policy(void)
{
	static const char *const texts[] = { "holder(12)", "heir(3)", "switch(3, fired, 2)",
		"switch(1, armed)", "after(2027-01-31)", "before(2027-01-31T12:00:00Z)",
		"held_for(30d)", "not holder(1)", "holder(1) and holder(2) or heir(1) and after(5)",
		"2 of (holder(1), holder(2), not heir(3))", "1 of (holder(4))",
		ACCOUNT, ATTESTED(""), ATTESTED(", OutOfDate") " or heir(1)",
		"account(0x2222222222222222222222222222222222222222)",
		"not not not not not not not holder(1)" };
	uint8_t out[VAULT_POLICY_BYTES_MAX];
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct sr_bytes bytes = world_policy(out, texts[i]);
		fuzz_seed("tree", bytes.p, bytes.n);
	}
	/* Too deep, too many. */
	memset(out, VAULT_POLICY_NOT, 20);
	out[0] = 1;
	fuzz_seed("deep", out, 20);
	out[1] = VAULT_POLICY_K_OF;
	out[2] = 1;
	out[3] = 200;
	memset(out + 4, 0, 9 * 80);
	for (size_t i = 0; i < 80; i++)
		out[4 + 9 * i] = VAULT_POLICY_HEIR;
	fuzz_seed("many", out, 4 + 9 * 80);
}
