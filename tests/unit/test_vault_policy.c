#include "vault/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"
#include "tests/lib/sweep.h"

#define ED "ed25519:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define ETH "0x00112233445566778899aabbccddeeff00112233"
#define M32 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define M48 M32 "00112233445566778899aabbccddeeff"

static struct sr_writer text_of(const struct vault_policy *p)
{
	struct sr_writer w;

	sr_writer_init(&w, 4 * VAULT_POLICY_TEXT_MAX);
	vault_policy_text(&w, p);
	sr_write_u8(&w, 0);
	ck_ok(w.error);
	return w;
}

static struct sr_writer bytes_of(const struct vault_policy *p)
{
	struct sr_writer w;

	sr_writer_init(&w, VAULT_POLICY_BYTES_MAX);
	vault_policy_write(&w, p);
	ck_ok(w.error);
	return w;
}

static void parse_ok(struct vault_policy *p, const char *text)
{
	size_t at;
	enum sr_error error = vault_policy_parse(p, &at, text, strlen(text));

	ck_assert_msg(error == SR_OK, "%s: %s at %zu", text, sr_error_name(error), at);
	ck_assert_uint_eq(at, 0);
}

static enum sr_error decode_prefix(const struct sr_writer *w)
{
	struct vault_policy p;

	return vault_policy_decode(&p, (struct sr_bytes){ w->p, w->n });
}

START_TEST(text_is_read_and_written_canonically)
{
	static const struct {
		const char *text, *canonical;
	} rows[] = {
		{ "holder(12)", "holder(12)" },
		{ "  holder ( 12 )\n", "holder(12)" },
		{ "holder(18446744073709551615)", "holder(18446744073709551615)" },
		{ "attested(" M32 ")", "attested(" M32 ")" },
		{ "attested( " M48 " ,UpToDate )", "attested(" M48 ")" },
		{ "attested(" M32 ", SWHardeningNeeded)", "attested(" M32 ", SWHardeningNeeded)" },
		{ "attested(" M48 ",OutOfDateConfigurationNeeded)",
		    "attested(" M48 ", OutOfDateConfigurationNeeded)" },
		{ "account(" ED ")", "account(" ED ")" },
		{ "account( " ETH " )", "account(" ETH ")" },
		{ "heir(3)", "heir(3)" },
		{ "switch(3, fired)", "switch(3, fired)" },
		{ "switch(3,fired,2)", "switch(3, fired, 2)" },
		{ "switch(0, armed)", "switch(0, armed)" },
		{ "switch(1, warn) or switch(1, pending) or switch(1, paused) or switch(1, "
		  "cancelled)",
		    "switch(1, warn) or switch(1, pending) or switch(1, paused) or switch(1, "
		    "cancelled)" },
		{ "after(0)", "after(1970-01-01)" },
		{ "after(2027-01-31)", "after(2027-01-31)" },
		{ "after(1801353600000)", "after(2027-01-31)" },
		{ "before(2027-01-31T12:00:00Z)", "before(2027-01-31T12:00:00Z)" },
		{ "before(2027-01-31T00:00:00Z)", "before(2027-01-31)" },
		{ "before(1801353600001)", "before(1801353600001)" },
		{ "before(2028-02-29)", "before(2028-02-29)" },
		{ "before(9999-12-31T23:59:59Z)", "before(9999-12-31T23:59:59Z)" },
		{ "before(253402300799999)", "before(253402300799999)" },
		{ "held_for(30d)", "held_for(30d)" },
		{ "held_for(24h)", "held_for(1d)" },
		{ "held_for(90s)", "held_for(90s)" },
		{ "held_for(900s)", "held_for(15m)" },
		{ "held_for( 1500ms )", "held_for(1500ms)" },
		{ "not holder(1)", "not holder(1)" },
		{ "not not holder(1)", "not not holder(1)" },
		{ "not(holder(1))", "not holder(1)" },
		{ "not (holder(1) and holder(2))", "not (holder(1) and holder(2))" },
		{ "holder(1) or holder(2) and holder(3)", "holder(1) or holder(2) and holder(3)" },
		{ "(holder(1) or holder(2)) and holder(3)",
		    "(holder(1) or holder(2)) and holder(3)" },
		{ "holder(1) or (holder(2) and holder(3))",
		    "holder(1) or holder(2) and holder(3)" },
		{ "not holder(1) and not holder(2)", "not holder(1) and not holder(2)" },
		{ "(holder(1) and holder(2)) and (holder(3) and (holder(4)))",
		    "holder(1) and holder(2) and holder(3) and holder(4)" },
		{ "holder(1) or (holder(2) or (holder(3) or holder(4)))",
		    "holder(1) or holder(2) or holder(3) or holder(4)" },
		{ "2 of (holder(1), holder(2), holder(3))",
		    "2 of (holder(1), holder(2), holder(3))" },
		{ "2of(holder(1),holder(2))", "2 of (holder(1), holder(2))" },
		{ "1 of (holder(1))", "1 of (holder(1))" },
		{ "2 of (holder(1) and after(0), (holder(2) or holder(3)), not heir(9)) and "
		  "heir(4)",
		    "2 of (holder(1) and after(1970-01-01), holder(2) or holder(3), not heir(9)) "
		    "and heir(4)" },
		{ "not 2 of (holder(1), holder(2))", "not 2 of (holder(1), holder(2))" },
		{ "((((((((((holder(1)))))))))))", "holder(1)" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct vault_policy p, again;
		struct sr_writer text, bytes, back;

		parse_ok(&p, rows[i].text);
		text = text_of(&p);
		ck_assert_str_eq((const char *)text.p, rows[i].canonical);
		bytes = bytes_of(&p);
		ck_ok(vault_policy_decode(&again, (struct sr_bytes){ bytes.p, bytes.n }));
		ck_assert_mem_eq(&p, &again, sizeof p); /* parser and decoder lay nodes out alike */
		parse_ok(&again, (const char *)text.p);
		back = bytes_of(&again);
		ck_assert_uint_eq(bytes.n, back.n);
		ck_assert_mem_eq(bytes.p, back.p, bytes.n);
		sr_writer_clear(&text);
		sr_writer_clear(&bytes);
		sr_writer_clear(&back);
	}
}
END_TEST

START_TEST(errors_point_at_the_character_that_does_not_fit)
{
	static const struct { const char *text; enum sr_error error; size_t at; } rows[] = {
		{ "", SR_ERR_EMPTY, 0 },
		{ "   ", SR_ERR_EMPTY, 3 },
		{ "holdr(1)", SR_ERR_BAD_SYNTAX, 0 },
		{ "holder", SR_ERR_BAD_SYNTAX, 6 },
		{ "holder(", SR_ERR_BAD_SYNTAX, 7 },
		{ "holder()", SR_ERR_BAD_SYNTAX, 7 },
		{ "holder(1", SR_ERR_BAD_SYNTAX, 8 },
		{ "holder(1))", SR_ERR_BAD_SYNTAX, 9 },
		{ "holder(0)", SR_ERR_OUT_OF_RANGE, 7 },
		{ "holder(18446744073709551616)", SR_ERR_OUT_OF_RANGE, 7 },
		{ "holder(99999999999999999999999)", SR_ERR_OUT_OF_RANGE, 7 },
		{ "holder(-1)", SR_ERR_BAD_SYNTAX, 7 },
		{ "holder(1) and", SR_ERR_BAD_SYNTAX, 13 },
		{ "holder(1) and  or holder(2)", SR_ERR_BAD_SYNTAX, 15 },
		{ "holder(1) holder(2)", SR_ERR_BAD_SYNTAX, 10 },
		{ "holder(1) And holder(2)", SR_ERR_BAD_SYNTAX, 10 },
		{ "holder(1) && holder(2)", SR_ERR_BAD_SYNTAX, 10 },
		{ "(holder(1) or holder(2)", SR_ERR_BAD_SYNTAX, 23 },
		{ "not", SR_ERR_BAD_SYNTAX, 3 },
		{ "account(none)", SR_ERR_BAD_SYNTAX, 8 },
		{ "account(0x12)", SR_ERR_BAD_SYNTAX, 8 },
		{ "account(" ED "0)", SR_ERR_BAD_SYNTAX, 8 },
		{ "switch(1)", SR_ERR_BAD_SYNTAX, 8 },
		{ "switch(1, broken)", SR_ERR_BAD_SYNTAX, 10 },
		{ "switch(1, frozen)", SR_ERR_BAD_SYNTAX, 10 },
		{ "switch(1, firedx)", SR_ERR_BAD_SYNTAX, 10 },
		{ "switch(1, armed, 1)", SR_ERR_BAD_SYNTAX, 15 },
		{ "switch(1, fired, 0)", SR_ERR_OUT_OF_RANGE, 17 },
		{ "switch(1, fired, 17)", SR_ERR_OUT_OF_RANGE, 17 },
		{ "attested(" M32 ", uptodate)", SR_ERR_BAD_SYNTAX, 75 },
		{ "attested(" M32 ", UpToDat)", SR_ERR_BAD_SYNTAX, 75 },
		{ "attested(" M32 "00)", SR_ERR_BAD_SYNTAX, 9 },
		{ "attested()", SR_ERR_BAD_SYNTAX, 9 },
		{ "after(2027-13-01)", SR_ERR_OUT_OF_RANGE, 11 },
		{ "after(2027-00-01)", SR_ERR_OUT_OF_RANGE, 11 },
		{ "after(2027-02-29)", SR_ERR_OUT_OF_RANGE, 14 },
		{ "after(2100-02-29)", SR_ERR_OUT_OF_RANGE, 14 },
		{ "after(2027-1-01)", SR_ERR_BAD_SYNTAX, 12 },
		{ "after(1969-12-31)", SR_ERR_OUT_OF_RANGE, 6 },
		{ "after(12027-01-01)", SR_ERR_OUT_OF_RANGE, 6 },
		{ "after(2027-01-31T24:00:00Z)", SR_ERR_OUT_OF_RANGE, 17 },
		{ "after(2027-01-31T12:60:00Z)", SR_ERR_OUT_OF_RANGE, 20 },
		{ "after(2027-01-31T12:00:00)", SR_ERR_BAD_SYNTAX, 25 },
		{ "after(2027-01-31T12:00Z)", SR_ERR_BAD_SYNTAX, 22 },
		{ "after(253402300800000)", SR_ERR_OUT_OF_RANGE, 6 },
		{ "held_for(30)", SR_ERR_BAD_SYNTAX, 11 },
		{ "held_for(30w)", SR_ERR_BAD_SYNTAX, 11 },
		{ "held_for(0s)", SR_ERR_OUT_OF_RANGE, 9 },
		{ "held_for(36526d)", SR_ERR_OUT_OF_RANGE, 9 },
		{ "0 of (holder(1))", SR_ERR_OUT_OF_RANGE, 0 },
		{ "3 of (holder(1), holder(2))", SR_ERR_OUT_OF_RANGE, 0 },
		{ "1 from (holder(1))", SR_ERR_BAD_SYNTAX, 2 },
		{ "1 of holder(1)", SR_ERR_BAD_SYNTAX, 5 },
		{ "1 of ()", SR_ERR_BAD_SYNTAX, 6 },
		{ "1 of (holder(1),)", SR_ERR_BAD_SYNTAX, 16 },
		{ "1 of (holder(1) holder(2))", SR_ERR_BAD_SYNTAX, 16 },
		{ "not not not not not not not holder(1)", SR_OK, 0 },
		{ "not not not not not not not not holder(1)", SR_ERR_POLICY_TOO_DEEP, 32 },
		{ "\xc3\xbc", SR_ERR_BAD_SYNTAX, 0 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct vault_policy p;
		size_t at;
		enum sr_error error = vault_policy_parse(
		    &p, &at, rows[i].text, strlen(rows[i].text));

		ck_assert_msg(error == rows[i].error && at == rows[i].at, "%s: %s at %zu",
		    rows[i].text, sr_error_name(error), at);
	}
}
END_TEST

START_TEST(text_inside_a_longer_buffer_is_not_read_past_its_length)
{
	static const char text[] = "holder(12) and holder(3)";
	char *exact;
	struct vault_policy p;
	size_t at;

	ck_ok(vault_policy_parse(&p, &at, text, 10));
	ck_assert_uint_eq(p.nodes_n, 1);
	for (size_t n = 0; n < sizeof text; n++) { /* a sanitizer sees any read past n */
		exact = malloc(n + 1);
		ck_assert_ptr_nonnull(exact);
		exact = realloc(exact, n > 0 ? n : 1);
		memcpy(exact, text, n);
		(void)!vault_policy_parse(&p, &at, exact, n);
		ck_assert_uint_le(at, n);
		free(exact);
	}
}
END_TEST

static void append(struct sr_writer *w, const char *text)
{
	sr_write_copy(w, (const uint8_t *)text, strlen(text));
}

START_TEST(sixty_four_nodes_fit_and_one_more_does_not)
{
	struct vault_policy p;
	struct sr_writer w, bytes;
	size_t at;

	sr_writer_init(&w, VAULT_POLICY_TEXT_MAX);
	for (unsigned i = 0; i < 63; i++)
		append(&w, i == 0 ? "holder(1)" : " or holder(1)");
	ck_ok(vault_policy_parse(&p, &at, (const char *)w.p, w.n));
	ck_assert_uint_eq(p.nodes_n, 64);
	bytes = bytes_of(&p);
	ck_ok(decode_prefix(&bytes));
	append(&w, " or holder(1)");
	ck_error(vault_policy_parse(&p, &at, (const char *)w.p, w.n), SR_ERR_POLICY_TOO_LARGE);
	ck_assert_uint_eq(at, w.n - 9);
	/* The same 65th node in bytes: one child more, in the count and at the end. */
	bytes.p[2]++;
	sr_write_u8(&bytes, VAULT_POLICY_HOLDER);
	sr_write_u64(&bytes, 1);
	ck_error(decode_prefix(&bytes), SR_ERR_POLICY_TOO_LARGE);
	sr_writer_clear(&w);
	sr_writer_clear(&bytes);
}
END_TEST

START_TEST(a_policy_is_eight_levels_deep_and_no_deeper)
{
	for (unsigned depth = 8; depth <= 9; depth++) {
		struct sr_writer w;

		sr_writer_init(&w, 100);
		sr_write_u8(&w, 1);
		for (unsigned i = 1; i < depth; i++)
			sr_write_u8(&w, VAULT_POLICY_NOT);
		sr_write_u8(&w, VAULT_POLICY_HEIR);
		sr_write_u64(&w, 1);
		ck_error(decode_prefix(&w), depth == 8 ? SR_OK : SR_ERR_POLICY_TOO_DEEP);
		sr_writer_clear(&w);
	}
}
END_TEST

START_TEST(brackets_may_nest_but_not_without_end)
{
	struct vault_policy p;
	struct sr_writer w;
	size_t at;

	for (unsigned brackets = 1; brackets <= 5000; brackets += 1 + brackets / 2) {
		sr_writer_init(&w, VAULT_POLICY_TEXT_MAX);
		for (unsigned i = 0; i < brackets; i++)
			append(&w, "(");
		append(&w, "holder(1)");
		for (unsigned i = 0; i < brackets; i++)
			append(&w, ")");
		ck_error(vault_policy_parse(&p, &at, (const char *)w.p, w.n),
		    brackets < 64 ? SR_OK : SR_ERR_POLICY_TOO_DEEP);
		sr_writer_clear(&w);
	}
	sr_writer_init(&w, VAULT_POLICY_TEXT_MAX + 1);
	while (w.n <= VAULT_POLICY_TEXT_MAX)
		append(&w, " ");
	ck_error(vault_policy_parse(&p, &at, (const char *)w.p, w.n), SR_ERR_TOO_LONG);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(bytes_are_as_documented)
{
	static const uint8_t expected[] = { 1, VAULT_POLICY_ALL, 2, VAULT_POLICY_K_OF, 2, 2,
		VAULT_POLICY_HOLDER, 0x39, 0x30, 0, 0, 0, 0, 0, 0, VAULT_POLICY_NOT,
		VAULT_POLICY_SWITCH, 3, 0, 0, 0, 0, 0, 0, 0, VAULT_SWITCH_FIRED, 2,
		VAULT_POLICY_HELD_FOR, 0xe8, 3, 0, 0, 0, 0, 0, 0 };
	struct vault_policy p;
	struct sr_writer w;

	parse_ok(&p, "2 of (holder(12345), not switch(3, fired, 2)) and held_for(1s)");
	w = bytes_of(&p);
	ck_assert_uint_eq(w.n, sizeof expected);
	ck_assert_mem_eq(w.p, expected, sizeof expected);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(bytes_that_no_writer_makes_are_refused_by_name)
{
#define LEAF VAULT_POLICY_HEIR, 1, 0, 0, 0, 0, 0, 0, 0
	static const struct {
		uint8_t n, bytes[56];
		enum sr_error error;
	} rows[] = {
		{ 0, { 0 }, SR_ERR_TRUNCATED },
		{ 1, { 1 }, SR_ERR_TRUNCATED },
		{ 10, { 2, LEAF }, SR_ERR_BAD_VERSION },
		{ 10, { 1, LEAF }, SR_OK },
		{ 11, { 1, LEAF, 0 }, SR_ERR_TRAILING_BYTES },
		{ 2, { 1, 0 }, SR_ERR_BAD_KIND },
		{ 2, { 1, 13 }, SR_ERR_BAD_KIND },
		{ 10, { 1, VAULT_POLICY_HOLDER, 0 }, SR_ERR_OUT_OF_RANGE },
		{ 3, { 1, VAULT_POLICY_ACCOUNT, 0 }, SR_ERR_EMPTY },
		{ 12, { 1, VAULT_POLICY_ALL, 1, LEAF }, SR_ERR_OUT_OF_RANGE },
		{ 3, { 1, VAULT_POLICY_ANY, 0 }, SR_ERR_OUT_OF_RANGE },
		{ 21, { 1, VAULT_POLICY_ANY, 2, LEAF, LEAF }, SR_OK },
		{ 32, { 1, VAULT_POLICY_ANY, 2, VAULT_POLICY_ANY, 2, LEAF, LEAF, LEAF },
		    SR_ERR_BAD_ENCODING },
		{ 32, { 1, VAULT_POLICY_ALL, 2, LEAF, VAULT_POLICY_ALL, 2, LEAF, LEAF },
		    SR_ERR_BAD_ENCODING },
		{ 32, { 1, VAULT_POLICY_ALL, 2, LEAF, VAULT_POLICY_ANY, 2, LEAF, LEAF }, SR_OK },
		{ 13, { 1, VAULT_POLICY_K_OF, 0, 1, LEAF }, SR_ERR_OUT_OF_RANGE },
		{ 13, { 1, VAULT_POLICY_K_OF, 2, 1, LEAF }, SR_ERR_OUT_OF_RANGE },
		{ 13, { 1, VAULT_POLICY_K_OF, 1, 1, LEAF }, SR_OK },
		{ 4, { 1, VAULT_POLICY_K_OF, 0, 0 }, SR_ERR_OUT_OF_RANGE },
		{ 12, { 1, VAULT_POLICY_SWITCH, 1, 0, 0, 0, 0, 0, 0, 0, VAULT_SWITCH_ARMED, 0 },
		    SR_OK },
		{ 12, { 1, VAULT_POLICY_SWITCH, 1, 0, 0, 0, 0, 0, 0, 0, VAULT_SWITCH_ARMED, 1 },
		    SR_ERR_OUT_OF_RANGE },
		{ 12, { 1, VAULT_POLICY_SWITCH, 1, 0, 0, 0, 0, 0, 0, 0, VAULT_SWITCH_FROZEN, 0 },
		    SR_ERR_OUT_OF_RANGE },
		{ 12, { 1, VAULT_POLICY_SWITCH, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
		    SR_ERR_OUT_OF_RANGE },
		{ 12, { 1, VAULT_POLICY_SWITCH, 1, 0, 0, 0, 0, 0, 0, 0, 8, 0 },
		    SR_ERR_OUT_OF_RANGE },
		{ 12, { 1, VAULT_POLICY_SWITCH, 1, 0, 0, 0, 0, 0, 0, 0, VAULT_SWITCH_FIRED, 16 },
		    SR_OK },
		{ 12, { 1, VAULT_POLICY_SWITCH, 1, 0, 0, 0, 0, 0, 0, 0, VAULT_SWITCH_FIRED, 17 },
		    SR_ERR_OUT_OF_RANGE },
		{ 36, { 1, VAULT_POLICY_ATTESTED, ATTEST_UP_TO_DATE, 32, 9 }, SR_OK },
		{ 52, { 1, VAULT_POLICY_ATTESTED, ATTEST_OUT_OF_DATE, 48, 9 }, SR_OK },
		{ 36, { 1, VAULT_POLICY_ATTESTED, VAULT_POLICY_STATUS_WORST, 32, 9 }, SR_OK },
		{ 36, { 1, VAULT_POLICY_ATTESTED, ATTEST_REVOKED, 32, 9 }, SR_ERR_OUT_OF_RANGE },
		{ 36, { 1, VAULT_POLICY_ATTESTED, ATTEST_NOT_SUPPORTED, 32, 9 },
		    SR_ERR_OUT_OF_RANGE },
		{ 36, { 1, VAULT_POLICY_ATTESTED, 0, 32, 9 }, SR_ERR_OUT_OF_RANGE },
		{ 35, { 1, VAULT_POLICY_ATTESTED, 1, 31, 9 }, SR_ERR_OUT_OF_RANGE },
		{ 53, { 1, VAULT_POLICY_ATTESTED, 1, 49, 9 }, SR_ERR_OUT_OF_RANGE },
		{ 35, { 1, VAULT_POLICY_ATTESTED, 1, 32, 9 }, SR_ERR_TRUNCATED },
		{ 10, { 1, VAULT_POLICY_HELD_FOR, 0 }, SR_ERR_OUT_OF_RANGE },
		{ 10, { 1, VAULT_POLICY_HELD_FOR, 1, 0, 0, 0, 0, 0, 0, 1 }, SR_ERR_OUT_OF_RANGE },
		{ 10, { 1, VAULT_POLICY_AFTER, 0, 0, 0, 0, 0, 0, 0, 1 }, SR_ERR_OUT_OF_RANGE },
	};
	struct vault_policy p;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum sr_error error = vault_policy_decode(&p,
		    (struct sr_bytes){ rows[i].bytes, rows[i].n });

		ck_assert_msg(error == rows[i].error, "row %zu: %s", i, sr_error_name(error));
	}
}
END_TEST

static enum sr_error recode(struct sr_writer *again, struct sr_bytes bytes)
{
	struct vault_policy p;

	SR_TRY(vault_policy_decode(&p, bytes));
	vault_policy_write(again, &p);
	return SR_OK;
}

START_TEST(a_policy_has_one_encoding)
{
	static const char *const texts[] = { "holder(1)", "account(" ETH ")",
		"attested(" M32 ") or attested(" M48 ", OutOfDate)",
		"not switch(3, fired, 2) and (heir(3) or held_for(3d)) and before(2030-01-01)",
		"2 of (holder(5), account(" ED
		"), after(7) and before(9), 1 of (heir(2), heir(3)))" };

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct vault_policy p;
		struct sr_writer w;

		parse_ok(&p, texts[i]);
		w = bytes_of(&p);
		ck_assert_uint_eq(test_sweep(texts[i], recode, (struct sr_bytes){ w.p, w.n }), 0);
		sr_writer_clear(&w);
	}
}
END_TEST

/* --- random policies --- */

static const enum vault_switch_state states[] = { VAULT_SWITCH_ARMED, VAULT_SWITCH_WARN,
	VAULT_SWITCH_PENDING, VAULT_SWITCH_FIRED, VAULT_SWITCH_PAUSED, VAULT_SWITCH_CANCELLED };

static void random_leaf(struct sr_drbg *rng, struct vault_policy_node *node)
{
	static const enum vault_policy_kind leaves[] = { VAULT_POLICY_HOLDER, VAULT_POLICY_ACCOUNT,
		VAULT_POLICY_AFTER, VAULT_POLICY_BEFORE, VAULT_POLICY_SWITCH, VAULT_POLICY_HELD_FOR,
		VAULT_POLICY_HEIR, VAULT_POLICY_ATTESTED };
	static const uint64_t scales[] = { 1, 1000, 60000, 3600000, 86400000 };

	node->kind = leaves[test_below(rng, 8)];
	node->number = 1 + test_below(rng, 30000) * scales[test_below(rng, 5)];
	if (node->kind != VAULT_POLICY_HOLDER && node->number > 1)
		node->number--;
	if (node->kind == VAULT_POLICY_ACCOUNT) {
		node->number = 0;
		node->account.kind = (uint8_t)(1 + test_below(rng, 2));
		ck_ok(sr_drbg_fill(rng, node->account.b, node->account.kind == 1 ? 32 : 20));
	} else if (node->kind == VAULT_POLICY_ATTESTED) {
		node->number = 0;
		node->state = 1 + test_below(rng, VAULT_POLICY_STATUS_WORST);
		node->measurement_n = test_below(rng, 2) == 0 ? 32 : 48;
		ck_ok(sr_drbg_fill(rng, node->measurement, node->measurement_n));
	} else if (node->kind == VAULT_POLICY_SWITCH) {
		node->state = states[test_below(rng, 6)];
		node->stage = node->state == VAULT_SWITCH_FIRED ? test_below(rng, 17) : 0;
	}
}

static uint16_t random_node(struct sr_drbg *rng, struct vault_policy *p, unsigned depth,
    enum vault_policy_kind parent)
{
	static const enum vault_policy_kind groups[] = { VAULT_POLICY_ALL, VAULT_POLICY_ANY,
		VAULT_POLICY_K_OF, VAULT_POLICY_NOT };
	uint16_t index = (uint16_t)p->nodes_n++, *link = &p->nodes[index].first_child;
	struct vault_policy_node *node = &p->nodes[index];

	node->kind = groups[test_below(rng, 4)];
	if (depth == 8 || p->nodes_n > 50 || test_below(rng, 3) == 0 ||
	    (node->kind == parent && (parent == VAULT_POLICY_ALL || parent == VAULT_POLICY_ANY))) {
		random_leaf(rng, node);
		return index;
	}
	node->children_n = node->kind == VAULT_POLICY_NOT ? 1 : (uint16_t)(2 + test_below(rng, 2));
	if (node->kind == VAULT_POLICY_K_OF)
		node->number = 1 + test_below(rng, node->children_n);
	for (unsigned i = 0; i < node->children_n; i++) {
		*link = random_node(rng, p, depth + 1, node->kind);
		link = &p->nodes[*link].next_sibling;
	}
	return index;
}

START_TEST(random_policies_survive_bytes_and_text)
{
	struct sr_drbg rng;
	unsigned done = 0;

	test_drbg(&rng, "random policies");
	while (done < 3000) {
		struct vault_policy p = { 0 }, decoded, parsed;
		struct sr_writer bytes, text;
		size_t at;

		random_node(&rng, &p, 1, VAULT_POLICY_NOT);
		if (p.nodes_n > VAULT_POLICY_NODES_MAX)
			continue;
		bytes = bytes_of(&p);
		text = text_of(&p);
		ck_ok(vault_policy_decode(&decoded, (struct sr_bytes){ bytes.p, bytes.n }));
		ck_assert_mem_eq(&p, &decoded, sizeof p);
		ck_ok(vault_policy_parse(&parsed, &at, (const char *)text.p, text.n - 1));
		ck_assert_mem_eq(&p, &parsed, sizeof p);
		sr_writer_clear(&bytes);
		sr_writer_clear(&text);
		done++;
	}
}
END_TEST

START_TEST(changed_text_never_breaks_the_parser)
{
	static const char text[] = "2 of (holder(5), not account(" ETH
				   "), after(2027-01-31T12:00:00Z) and "
				   "switch(3, fired, 2), held_for(15m) or heir(7))";
	static const char letters[] = "()0123456789 ,abdefhnorstTZ:-_xm";
	struct sr_drbg rng;

	test_drbg(&rng, "changed text");
	for (unsigned i = 0; i < 200000; i++) {
		char changed[sizeof text];
		struct vault_policy p, again;
		struct sr_writer w;
		size_t at;

		memcpy(changed, text, sizeof text);
		for (uint32_t j = 1 + test_below(&rng, 3); j > 0; j--)
			changed[test_below(&rng, sizeof text - 1)] =
			    letters[test_below(&rng, sizeof letters - 1)];
		if (vault_policy_parse(&p, &at, changed, sizeof text - 1) != SR_OK) {
			ck_assert_uint_lt(at, sizeof text);
			continue;
		}
		w = bytes_of(&p);
		ck_ok(vault_policy_decode(&again, (struct sr_bytes){ w.p, w.n }));
		sr_writer_clear(&w);
	}
}
END_TEST

START_TEST(every_day_up_to_the_year_9999_is_printed_and_read)
{
	static const uint8_t lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	uint64_t ms = 0;
	unsigned checked = 0;

	for (unsigned y = 1970; y <= 9999; y++) {
		bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

		for (unsigned m = 1; m <= 12; m++) {
			unsigned days = lengths[m - 1] + (m == 2 && leap ? 1u : 0u);

			for (unsigned d = 1; d <= days; d++, ms += 86400000) {
				char text[32];
				struct vault_policy p;
				struct sr_writer w;

				if (d > 1 && d < days && (y * 372 + m * 31 + d) % 23 != 0)
					continue; /* ends of months always, a sample between */
				snprintf(text, sizeof text, "after(%04u-%02u-%02u)", y, m, d);
				parse_ok(&p, text);
				ck_assert_uint_eq(p.nodes[0].number, ms);
				w = text_of(&p);
				ck_assert_str_eq((const char *)w.p, text);
				sr_writer_clear(&w);
				checked++;
			}
		}
	}
	ck_assert_uint_gt(checked, 200000);
	ck_assert_uint_eq(ms - 1, VAULT_POLICY_TIME_MAX_MS);
}
END_TEST

/* --- evaluation --- */

/* holder(i) is true when bit i - 1 of the mask is set. */
static bool mask_leaf(void *ctx, const struct vault_policy_node *node)
{
	return *(const unsigned *)ctx >> (node->number - 1) & 1;
}

static bool eval(const struct vault_policy *p, unsigned mask, uint32_t *why)
{
	struct vault_policy_facts facts = { &mask, mask_leaf };

	return vault_policy_eval(p, &facts, why);
}

static unsigned ones(unsigned v)
{
	return (unsigned)__builtin_popcount(v);
}

START_TEST(truth_tables_are_those_of_the_words)
{
	struct vault_policy and_, or_, not_, mixed, nested, k[4];

	parse_ok(&and_, "holder(1) and holder(2) and holder(3)");
	parse_ok(&or_, "holder(1) or holder(2) or holder(3)");
	parse_ok(&not_, "not holder(1)");
	parse_ok(&mixed, "holder(1) or not holder(2) and holder(3)");
	parse_ok(&nested, "not (holder(1) or holder(2)) and (holder(3) or not not holder(4))");
	parse_ok(&k[0], "1 of (holder(1), holder(2), holder(3), holder(4))");
	parse_ok(&k[1], "2 of (holder(1), holder(2), holder(3), holder(4))");
	parse_ok(&k[2], "3 of (holder(1), holder(2), holder(3), holder(4))");
	parse_ok(&k[3], "4 of (holder(1), holder(2), holder(3), holder(4))");
	for (unsigned mask = 0; mask < 16; mask++) {
		bool a = mask & 1, b = mask & 2, c = mask & 4, d = mask & 8;

		ck_assert_int_eq(eval(&and_, mask, NULL), a && b && c);
		ck_assert_int_eq(eval(&or_, mask, NULL), a || b || c);
		ck_assert_int_eq(eval(&not_, mask, NULL), !a);
		ck_assert_int_eq(eval(&mixed, mask, NULL), a || (!b && c));
		ck_assert_int_eq(eval(&nested, mask, NULL), !(a || b) && (c || d));
		for (unsigned i = 0; i < 4; i++)
			ck_assert_int_eq(eval(&k[i], mask, NULL), ones(mask) >= i + 1);
	}
}
END_TEST

START_TEST(why_names_the_node_that_failed)
{
	/* 0 all, 1 h1, 2 any, 3 h2, 4 h3, 5 not, 6 h4, 7 2-of, 8 h5, 9 all, 10 h6, 11 h7 */
	static const char text[] = "holder(1) and (holder(2) or holder(3)) and not holder(4) and "
	    "2 of (holder(5), holder(6) and holder(7))";
	static const struct { unsigned mask; bool holds; uint32_t why; } rows[] = {
		{ 0x00, false, 1 }, { 0x01, false, 2 }, { 0x03, false, 7 }, { 0x0b, false, 5 },
		{ 0x05, false, 7 }, { 0x15, false, 7 }, { 0x75, true, 0 }, { 0x35, false, 7 },
		{ 0x7d, false, 5 }, { 0x74, false, 1 }, { 0x71, false, 2 },
	};
	struct vault_policy p;

	parse_ok(&p, text);
	ck_assert_uint_eq(p.nodes_n, 12);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint32_t why = 99;

		ck_assert_int_eq(eval(&p, rows[i].mask, &why), rows[i].holds);
		ck_assert_uint_eq(why, rows[i].why);
	}
	parse_ok(&p, "holder(1) and (holder(2) or holder(3) and holder(4))");
	for (unsigned mask = 0; mask < 16; mask++) {
		uint32_t why = 99;
		bool holds = eval(&p, mask, &why);

		/* All-of inside all-of is the only place where a deeper node is to blame. */
		ck_assert_uint_eq(why, holds ? 0 : (mask & 1) == 0 ? 1 : 2);
	}
}
END_TEST

START_TEST(an_empty_policy_lets_nobody_in)
{
	const struct vault_policy p = { 0 };
	struct sr_writer w;

	ck_assert(!eval(&p, 0xffff, NULL));
	sr_writer_init(&w, 100);
	vault_policy_write(&w, &p);
	ck_error(sr_writer_finish(&w), SR_ERR_EMPTY);
}
END_TEST

START_TEST(a_writer_refuses_broken_links)
{
	struct vault_policy p, broken;
	struct sr_writer w;

	parse_ok(&p, "holder(1) or holder(2)");
	for (unsigned i = 0; i < 3; i++) {
		broken = p;
		if (i == 0)
			broken.nodes[0].first_child = 0;   /* to itself */
		else if (i == 1)
			broken.nodes[1].next_sibling = 60; /* past the end */
		else
			broken.nodes[0].children_n = 3;    /* one too many */
		sr_writer_init(&w, VAULT_POLICY_BYTES_MAX);
		vault_policy_write(&w, &broken);
		ck_error(sr_writer_finish(&w), SR_ERR_BAD_ENCODING);
	}
}
END_TEST

TEST_MAIN("vault policy",
    text_is_read_and_written_canonically,
    errors_point_at_the_character_that_does_not_fit,
    text_inside_a_longer_buffer_is_not_read_past_its_length,
    sixty_four_nodes_fit_and_one_more_does_not,
    a_policy_is_eight_levels_deep_and_no_deeper,
    brackets_may_nest_but_not_without_end,
    bytes_are_as_documented,
    bytes_that_no_writer_makes_are_refused_by_name,
    a_policy_has_one_encoding,
    random_policies_survive_bytes_and_text,
    changed_text_never_breaks_the_parser,
    every_day_up_to_the_year_9999_is_printed_and_read,
    truth_tables_are_those_of_the_words,
    why_names_the_node_that_failed,
    an_empty_policy_lets_nobody_in,
    a_writer_refuses_broken_links)
