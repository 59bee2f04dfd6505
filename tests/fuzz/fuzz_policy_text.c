/* tests/fuzz/fuzz_policy_text.c - policies as people write them: what parses is canonical in bytes
 * and text, what does not is pointed at. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "vault/policy.h"

#define ACCOUNT \
	"account(ed25519:1111111111111111111111111111111111111111111111111111111111111111)"

#define ATTESTED(more) \
	"attested(1111111111111111111111111111111111111111111111111111111111111111" more ")"

static struct sr_writer bytes_of(const struct vault_policy *p)
{
	struct sr_writer w;
	sr_writer_init(&w, VAULT_POLICY_BYTES_MAX);
	vault_policy_write(&w, p);
	FUZZ_CHECK(sr_writer_finish(&w) == SR_OK);
	return w;
}

void fuzz_policy_text(const uint8_t *p, size_t n)
{
	struct vault_policy policy, again;
	struct sr_writer bytes, text, more;
	size_t at;
	/* A block of its own, as it comes: not ended by a NUL. */
	if (vault_policy_parse(&policy, &at, (const char *)p, n) != SR_OK) {
		FUZZ_CHECK(at <= n);
		return;
	}
	FUZZ_CHECK(at == 0);
	bytes = bytes_of(&policy);
	FUZZ_CHECK(vault_policy_decode(&again, (struct sr_bytes){ bytes.p, bytes.n }) == SR_OK);
	sr_writer_init(&text, VAULT_POLICY_TEXT_MAX);
	vault_policy_text(&text, &policy);
	FUZZ_CHECK(sr_writer_finish(&text) == SR_OK);
	FUZZ_CHECK(vault_policy_parse(&again, &at, (const char *)text.p, text.n) == SR_OK);
	more = bytes_of(&again);
	fuzz_same(&more, bytes.p, bytes.n);
	sr_writer_init(&more, VAULT_POLICY_TEXT_MAX);
	vault_policy_text(&more, &again);
	fuzz_same(&more, text.p, text.n);
	sr_writer_clear(&text);
	sr_writer_clear(&bytes);
}

void seed_policy_text(void)
{
	static const char *const texts[] = { "holder(12)", " heir( 3 ) ", "switch(3, fired, 2)",
		"switch(1,armed) or switch(2, warn) or switch(3, pending)",
		"switch(4, paused) or switch(5, cancelled)",
		"after(2027-01-31)", "before(2027-01-31T12:00:00Z)", "after(1234567890123)",
		"held_for(30d) and held_for(12h) and held_for(15m)",
		"held_for(90s) or held_for(500ms)",
		"not holder(1)", "holder(1) and (holder(2) or heir(1)) and after(5)",
		"2 of (holder(1), holder(2), not heir(3))", "1 of (holder(4))",
		ACCOUNT, ATTESTED(""), ATTESTED(", SWHardeningNeeded"), ATTESTED(" , Revoked"),
		ATTESTED("11111111111111111111111111111111,OutOfDate"), "attested(11)",
		"account(0x2222222222222222222222222222222222222222)",
		"not not not not not not not not not holder(1)", "", "   ", "holder", "holder(",
		"holder(0)", "holder(18446744073709551616)", "holder(1", "holder(1))", "foo(1)",
		"after(2027-02-30)", "after(2027-13-01)", "after(2024-02-29)", "after(9999-12-31)",
		"after(2027-01-31T25:00:00Z)", "held_for(99999999999d)", "held_for(1y)",
		"held_for(0s)", "switch(1, frozen)", "switch(1, armed, 1)", "switch(1, fired, 17)",
		"3 of (holder(1), holder(2))", "0 of (holder(1))", "holder(1) and", "or holder(1)",
		"account(none)", "account(bob)", "holder(1) holder(2)", "1 of ()",
		"((((holder(1)" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		fuzz_seed("text", (const uint8_t *)texts[i], strlen(texts[i]));
	struct sr_writer w;
	sr_writer_init(&w, 4096);
	for (size_t i = 0; i < 70; i++)
		sr_write_copy(&w, (const uint8_t *)"heir(1) or ", 11);
	sr_write_copy(&w, (const uint8_t *)"heir(1)", 7);
	fuzz_seed("many", w.p, w.n);
	sr_writer_clear(&w);
}
