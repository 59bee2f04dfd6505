#include "cli/policy_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

static struct attest_policy policy, again;
static char error[POLICY_JSON_ERROR];

static enum sr_error parse(const char *text)
{
	return policy_json_parse(&policy, error, text, strlen(text));
}

static struct sr_writer text_of(const struct attest_policy *p)
{
	struct sr_writer w;

	sr_writer_init(&w, POLICY_JSON_MAX);
	policy_json_write(&w, p);
	ck_ok(sr_writer_finish(&w));
	return w;
}

static void fill(struct sr_drbg *drbg)
{
	attest_policy_default(&policy);
	policy.number = 1 + test_below(drbg, 1000000);
	policy.kinds = 2 + 2 * test_below(drbg, 127);
	policy.statuses = 2 + 2 * test_below(drbg, 255);
	policy.evaluation_min = test_below(drbg, 50);
	policy.tcb_date_min_s = test_below(drbg, UINT32_MAX);
	policy.collateral_age_max_ms = test_below(drbg, UINT32_MAX);
	for (size_t i = 0; i < sizeof policy.snp_min; i++)
		policy.snp_min[i / ATTEST_SVNS][i % ATTEST_SVNS] = (uint8_t)test_below(drbg, 256);
	policy.reattest_ms = 1000ull * test_below(drbg, 1000000);
	policy.lapse_ms = 60000ull * test_below(drbg, 10000);
	policy.measurement_delay_ms = 3600000ull * test_below(drbg, 1000);
	policy.per_operator_max = test_below(drbg, 101);
	policy.operators_open = test_below(drbg, 2) == 1;
	policy.operators_n = test_below(drbg, 4);
	policy.makers_n = 1 + test_below(drbg, 3);
	policy.provisioners_n = 1 + test_below(drbg, 8);
	policy.provisioners_k = 1 + test_below(drbg, policy.provisioners_n);
	for (uint8_t i = 0; i < 8; i++)
		policy.operators[i].b[0] = policy.makers[i].b[0] = policy.provisioners[i].b[0] = i;
	for (uint32_t i = 0; i < 8; i++) {
		if (i >= policy.operators_n)
			memset(&policy.operators[i], 0, 32);
		if (i >= policy.makers_n)
			memset(&policy.makers[i], 0, 32);
		if (i >= policy.provisioners_n)
			memset(&policy.provisioners[i], 0, 32);
	}
	policy.advisories_n = test_below(drbg, 5);
	for (uint32_t i = 0; i < policy.advisories_n; i++)
		snprintf(policy.advisories[i], ATTEST_FACTS_ADVISORY_MAX, "INTEL-SA-%05u", i);
	policy.measurements_n = test_below(drbg, 17);
	for (uint32_t i = 0; i < policy.measurements_n; i++) {
		struct attest_policy_measurement *m = &policy.measurements[i];

		m->kind = (enum attest_kind)(1 + i / 3);
		m->measurement_n = attest_kind_measurement_n(m->kind);
		ck_ok(sr_drbg_fill(drbg, m->measurement, m->measurement_n));
		m->measurement[0] = (uint8_t)i;
		m->from_ms = test_below(drbg, UINT32_MAX);
		m->until_ms = test_below(drbg, 2) == 1 ? m->from_ms + 1000 : 0;
	}
	ck_ok(attest_policy_check(&policy));
}

START_TEST(a_policy_comes_back_from_its_text)
{
	struct sr_drbg drbg;

	test_drbg(&drbg, "policy json");
	for (unsigned i = 0; i < 300; i++) {
		struct sr_writer w;

		fill(&drbg);
		w = text_of(&policy);
		attest_policy_default(&again);
		ck_assert_msg(policy_json_parse(&again, error, (const char *)w.p, w.n) == SR_OK,
		    "%s", error);
		ck_assert_mem_eq(&policy, &again, sizeof policy);
		sr_writer_clear(&w);
	}
}
END_TEST

START_TEST(what_is_not_named_stays_and_lists_come_in_any_order)
{
	attest_policy_default(&policy);
	again = policy;
	ck_ok(parse("{}"));
	ck_assert_mem_eq(&policy, &again, sizeof policy);
	ck_ok(parse("{\"number\": 2, \"window\": \"90s\", \"advisories\": [\"B\", \"A\"],"
		    "\"tcb_date_min\": \"2025-01-01\", \"snp_min\": {\"turin\": {\"fmc\": 3}},"
		    "\"kinds\": [\"tdx\", \"sgx\"], \"measurements\": [{\"kind\": \"software\","
		    "\"measurement\": \"0000000000000000000000000000000000000000000000000000000000"
		    "000001\", \"from\": \"2027-01-31\", \"until\": 1900000000000}]}"));
	ck_assert_uint_eq(policy.number, 2);
	ck_assert_uint_eq(policy.window_ms, 90000);
	ck_assert_uint_eq(policy.tcb_date_min_s, 1735689600);
	ck_assert_uint_eq(policy.snp_min[2][4], 3);
	ck_assert_uint_eq(policy.kinds, 0x0c);
	ck_assert_str_eq(policy.advisories[0], "A");
	ck_assert_uint_eq(policy.measurements[0].from_ms, 1801353600000);
	ck_assert_uint_eq(policy.silence_ms, again.silence_ms);
}
END_TEST

START_TEST(mistakes_name_their_key_and_change_nothing)
{
#define HASH "\"1111111111111111111111111111111111111111111111111111111111111111\""
	static const struct { const char *text, *error; } cases[] = {
		{ "", "line 1: '[' or '{' expected near end of file" },
		{ "[]", "not a JSON object of at most 262144 bytes" },
		{ "{\"number\": 1, \"number\": 2}",
		    "line 1: duplicate object key near '\"number\"'" },
		{ "{\"numbr\": 1}", "numbr: there is no such key" },
		{ "{\"number\": \"1\"}",
		    "number: not a whole number up to 9223372036854775807" },
		{ "{\"evaluation_min\": -1}",
		    "evaluation_min: not a whole number up to 4294967295" },
		{ "{\"window\": 5}",
		    "window: not a time like \"30d\", \"12h\", \"15m\" or \"0s\"" },
		{ "{\"operators_open\": 1}", "operators_open: not true or false" },
		{ "{\"tcb_date_min\": \"+5d\"}",
		    "tcb_date_min: not a time like \"2027-01-31\" or \"2027-01-31T12:00:00Z\"" },
		{ "{\"kinds\": \"sgx\"}", "kinds: not a list" },
		{ "{\"kinds\": [\"sgx\", \"SGX\"]}", "kinds[1]: there is no SGX" },
		{ "{\"statuses\": [7]}", "statuses[0]: there is no such thing" },
		{ "{\"operators\": [\"ed25519:12\"]}", "operators[0]: not 64 hexadecimal digits" },
		{ "{\"makers\": [" HASH "," HASH "]}", "makers: the same twice" },
		{ "{\"provisioners\": [1,2,3,4,5,6,7,8,9]}", "provisioners: more than 8" },
		{ "{\"advisories\": [\"A\", \"B C\"]}",
		    "advisories[1]: not the name of an advisory" },
		{ "{\"advisories\": [\"ABCDEFGHIJKLMNOPQRSTUVWX\"]}",
		    "advisories[0]: not the name of an advisory" },
		{ "{\"measurements\": [1]}", "measurements[0]: not an object" },
		{ "{\"measurements\": [{\"kind\": \"x\"}]}",
		    "measurements[0].kind: no kind of evidence" },
		{ "{\"measurements\": [{\"kind\": \"sgx\"}]}",
		    "measurements[0].measurement: missing" },
		{ "{\"measurements\": [{\"kind\": \"snp\", \"measurement\": " HASH "}]}",
		    "measurements[0].measurement: not 96 hexadecimal digits" },
		{ "{\"measurements\": [{\"kind\": \"sgx\", \"measurement\": " HASH
		  ", \"to\": 5}]}", "measurements[0].to: there is no such key" },
		{ "{\"measurements\": [{\"kind\": \"sgx\", \"measurement\": " HASH
		  ", \"from\": \"soon\"}]}", "measurements[0].from: not a time like "
		    "\"2027-01-31\" or \"2027-01-31T12:00:00Z\"" },
		{ "{\"snp_min\": {\"rome\": {}}}", "snp_min.rome: milan, genoa and turin are" },
		{ "{\"snp_min\": {\"milan\": {\"ucode\": 1}}}",
		    "snp_min.milan.ucode: there is no such key" },
		{ "{\"snp_min\": {\"milan\": {\"snp\": 256}}}",
		    "snp_min.milan.snp: not a whole number up to 255" },
		{ "{\"kinds\": []}", "as a whole: a number outside its range" },
		{ "{\"kinds\": [\"tpm\"]}", "as a whole: the threshold is out of range" },
	};

	attest_policy_default(&policy);
	again = policy;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		ck_assert_int_ne((int)parse(cases[i].text), (int)SR_OK);
		ck_assert_str_eq(error, cases[i].error);
		ck_assert_mem_eq(&policy, &again, sizeof policy);
	}
}
END_TEST

/* The planted fault: a text in which one number is another must not come back as the same. */
START_TEST(another_text_is_another_policy)
{
	struct sr_writer w;
	char *at;

	attest_policy_default(&policy);
	w = text_of(&policy);
	sr_write_u8(&w, 0);
	at = strstr((char *)w.p, "\"window\": \"5m\"");
	ck_assert_ptr_nonnull(at);
	at[11] = '6';
	again = policy;
	ck_ok(policy_json_parse(&again, error, (const char *)w.p, w.n - 1));
	ck_assert_uint_eq(again.window_ms, 360000);
	ck_assert_mem_ne(&policy, &again, sizeof policy);
	sr_writer_clear(&w);
}
END_TEST

/* docs/policy-sample.json is read where it stands, when the tests run in the source. */
START_TEST(the_sample_is_a_policy)
{
	static char text[POLICY_JSON_MAX];
	FILE *f = fopen("docs/policy-sample.json", "r");
	size_t n;

	if (f == NULL) {
		fprintf(stderr, "SKIPPED 1 file: no docs/policy-sample.json here\n");
		return;
	}
	n = fread(text, 1, sizeof text, f);
	fclose(f);
	attest_policy_default(&policy);
	ck_assert_msg(policy_json_parse(&policy, error, text, n) == SR_OK, "%s", error);
	ck_assert_uint_gt(policy.measurements_n, 2);
}
END_TEST

TEST_MAIN("cli/policy_json", a_policy_comes_back_from_its_text,
    what_is_not_named_stays_and_lists_come_in_any_order,
    mistakes_name_their_key_and_change_nothing, another_text_is_another_policy,
    the_sample_is_a_policy)
