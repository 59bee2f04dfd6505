/* Genuine SEV-SNP reports and AWS Nitro documents. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/attest.h"
#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"
#include "tests/lib/vectors.h"

#define SKIP "genuine SNP reports"

struct loaded { struct attest_snp_input in; uint8_t *p[4]; };

static struct sr_bytes file(struct loaded *l, size_t i, const char *name)
{
	char path[256];
	size_t n = 0;

	snprintf(path, sizeof path, "snp/%s", name);
	l->p[i] = test_vectors_bytes(path, &n, SKIP);
	ck_assert_ptr_nonnull(l->p[i]);
	return (struct sr_bytes){ l->p[i], n };
}

static void load(struct loaded *l, const json_t *v, const char *report)
{
	const json_t *valid = json_object_get(v, "leaf_valid");

	l->in.report = file(
	    l, 0, report != NULL ? report : json_string_value(json_object_get(v, "report")));
	l->in.leaf = file(l, 1, json_string_value(json_object_get(v, "leaf")));
	l->in.ask = file(l, 2, json_string_value(json_object_get(v, "ask")));
	l->in.ark = file(l, 3, json_string_value(json_object_get(v, "ark")));
	l->in.time_s = (uint64_t)json_integer_value(json_array_get(valid, 0)) + 86400;
}

static void unload(struct loaded *l)
{
	for (size_t i = 0; i < 4; i++)
		free(l->p[i]);
}

static void hex_is(const json_t *e, const char *name, const uint8_t *p, size_t n)
{
	uint8_t want[64];

	test_vectors_hex_into(want, n, e, name);
	ck_assert_msg(memcmp(want, p, n) == 0, "%s differs", name);
}

static void says(const json_t *e, const struct attest_result *r)
{
	const json_t *tcb = json_object_get(e, "reported_tcb");

	ck_assert_str_eq(r->snp.product, json_string_value(json_object_get(e, "product")));
	ck_assert_int_eq(r->snp.version, json_integer_value(json_object_get(e, "version")));
	ck_assert_uint_eq(r->snp.policy,
	    strtoull(json_string_value(json_object_get(e, "guest_policy")), NULL, 16));
	ck_assert_int_eq(r->debug, json_is_true(json_object_get(e, "debug_allowed")));
	ck_assert_int_eq(r->snp.migrate_ma, json_is_true(json_object_get(e, "migrate_ma")));
	ck_assert_int_eq(r->snp.smt, json_is_true(json_object_get(e, "smt_allowed")));
	ck_assert_int_eq(r->snp.vmpl, json_integer_value(json_object_get(e, "vmpl")));
	ck_assert_int_eq(r->snp.guest_svn, json_integer_value(json_object_get(e, "guest_svn")));
	ck_assert_int_eq(
	    r->snp.boot_loader, json_integer_value(json_object_get(tcb, "boot_loader")));
	ck_assert_int_eq(r->snp.tee, json_integer_value(json_object_get(tcb, "tee")));
	ck_assert_int_eq(r->snp.snp, json_integer_value(json_object_get(tcb, "snp")));
	ck_assert_int_eq(r->snp.microcode, json_integer_value(json_object_get(tcb, "microcode")));
	hex_is(e, "measurement", r->measurement, 48);
	hex_is(e, "report_data", r->report_data, 64);
	hex_is(e, "host_data", r->snp.host_data, 32);
	hex_is(e, "chip_id", r->snp.chip_id, 64);
}

START_TEST(each_genuine_report_gets_its_stated_answer)
{
	json_t *all = test_vectors_load("snp/vectors.json", SKIP), *v;
	struct attest_result r;
	size_t i;

	json_array_foreach(all, i, v) {
		const json_t *valid = json_object_get(v, "leaf_valid");
		struct loaded l;

		load(&l, v, NULL);
		ck_ok(attest_snp_verify(&r, &l.in));
		says(json_object_get(v, "expect"), &r);
		ck_assert_int_le(
		    json_integer_value(json_array_get(valid, 0)), (int64_t)r.valid_from);
		l.in.time_s = (uint64_t)json_integer_value(json_array_get(valid, 1)) + 1;
		ck_error(attest_snp_verify(&r, &l.in), SR_ERR_COLLATERAL_TIME);
		l.in.time_s = (uint64_t)json_integer_value(json_array_get(valid, 0)) - 1;
		ck_error(attest_snp_verify(&r, &l.in), SR_ERR_COLLATERAL_TIME);
		unload(&l);
	}
	printf("%zu reports\n", i);
	json_decref(all);
}
END_TEST

START_TEST(reports_of_other_chips_and_other_tcbs_do_not_verify)
{
	static const char *const negative[] = { "negative/no_chain_597d1fae.bin",
		"negative/no_chain_94739f63.bin", "negative/no_chain_c696a46d.bin" };
	json_t *all = test_vectors_load("snp/vectors.json", SKIP), *v, *w;
	struct attest_result r;
	size_t i, k;

	json_array_foreach(all, i, v) {
		for (k = 0; k < 3; k++) {
			struct loaded l;

			load(&l, v, negative[k]);
			ck_assert_int_ne((int)attest_snp_verify(&r, &l.in), (int)SR_OK);
			unload(&l);
		}
		json_array_foreach(all, k, w) {
			struct loaded l;

			if (strcmp(json_string_value(json_object_get(v, "leaf")),
				json_string_value(json_object_get(w, "leaf"))) == 0)
				continue;
			load(&l, v, json_string_value(json_object_get(w, "report")));
			ck_assert_int_ne((int)attest_snp_verify(&r, &l.in), (int)SR_OK);
			unload(&l);
		}
	}
	json_decref(all);
}
END_TEST

START_TEST(no_bit_of_a_report_or_its_chain_can_be_another)
{
	json_t *all = test_vectors_load("snp/vectors.json", SKIP);
	bool every = getenv("SR_SWEEP") != NULL;
	struct attest_result r;
	struct sr_drbg drbg;
	struct loaded l;

	if (all == NULL)
		return;
	test_drbg(&drbg, "snp");
	load(&l, json_array_get(all, 0), NULL);
	ck_ok(attest_snp_verify(&r, &l.in));
	for (size_t i = 0; i < 4; i++) {
		const struct sr_bytes *in[] = { &l.in.report, &l.in.leaf, &l.in.ask, &l.in.ark };
		size_t bits = in[i]->n * 8, n = every ? bits : i == 0 ? 1500 : 200;

		for (size_t k = 0; k < n; k++) {
			size_t bit = every ? k : test_below(&drbg, (uint32_t)bits);

			l.p[i][bit / 8] ^= (uint8_t)(1u << bit % 8);
			ck_assert_msg(
			    attest_snp_verify(&r, &l.in) != SR_OK, "input %zu, bit %zu", i, bit);
			l.p[i][bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
	unload(&l);
	json_decref(all);
}
END_TEST

/* dstack's files put four bytes of their own in front and more behind. */
static struct sr_bytes document(const char *name, uint8_t **owned)
{
	char path[256];
	size_t n = 0;

	snprintf(path, sizeof path, "nitro/%s", name);
	*owned = test_vectors_bytes(path, &n, "Nitro documents");
	if (*owned == NULL)
		return (struct sr_bytes){ NULL, 0 };
	if ((*owned)[0] == 0x84)
		return (struct sr_bytes){ *owned, n };
	return (struct sr_bytes){ *owned + 4, (size_t)((*owned)[2] | (*owned)[3] << 8) >> 2 };
}

START_TEST(each_nitro_document_gets_its_stated_answer)
{
	static const struct { const char *name; bool ok, debug;
	} cases[] = { { "dstack_prod.bin", true, false }, { "dstack_debug.bin", true, true },
		{ "fortanix_proper.bin", true, true },
		{ "fortanix_tampered_certificate.bin", false, false } };
	struct attest_nitro_input in;
	struct attest_result r;
	uint8_t *p;

	for (size_t i = 0; i < 4; i++) {
		memset(&in, 0, sizeof in);
		in.document = document(cases[i].name, &p);
		if (p == NULL)
			return;
		ck_assert_msg((attest_nitro_verify(&r, &in) == SR_OK) == cases[i].ok, "%s: %s",
		    cases[i].name, sr_error_name((unsigned)attest_nitro_verify(&r, &in)));
		ck_assert_int_eq(r.debug, cases[i].debug);
		if (i == 0) {
			ck_assert_uint_eq(r.nitro.time_ms / 1000, 1766668537);
			in.time_s = r.valid_to + 1;
			ck_error(attest_nitro_verify(&r, &in), SR_ERR_COLLATERAL_TIME);
		}
		free(p);
	}
}
END_TEST

START_TEST(no_bit_of_a_nitro_document_can_be_another)
{
	struct attest_nitro_input in = { .time_s = 1766668537 };
	struct attest_result r;
	struct sr_drbg drbg;
	uint8_t *p, *q;
	bool every = getenv("SR_SWEEP") != NULL;
	size_t bits;

	in.document = document("dstack_prod.bin", &p);
	if (p == NULL)
		return;
	test_drbg(&drbg, "nitro");
	q = malloc(in.document.n);
	memcpy(q, in.document.p, in.document.n);
	in.document.p = q;
	ck_ok(attest_nitro_verify(&r, &in));
	bits = in.document.n * 8;
	for (size_t i = 0; i < (every ? bits : 500); i++) {
		size_t bit = every ? i : test_below(&drbg, (uint32_t)bits);

		q[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_msg(attest_nitro_verify(&r, &in) != SR_OK, "bit %zu", bit);
		q[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	free(q);
	free(p);
}
END_TEST

TEST_MAIN("attest/snp", each_genuine_report_gets_its_stated_answer,
    reports_of_other_chips_and_other_tcbs_do_not_verify,
    no_bit_of_a_report_or_its_chain_can_be_another, each_nitro_document_gets_its_stated_answer,
    no_bit_of_a_nitro_document_can_be_another)
