/* Genuine SGX and TDX quotes: each must get its stated answer at its stated time. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attest/attest.h"
#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"
#include "tests/lib/vectors.h"

#define SKIP "genuine DCAP quotes"

struct loaded { struct attest_dcap_input in; uint8_t *p[7]; };

static struct sr_bytes file(struct loaded *l, size_t i, const json_t *v, const char *member)
{
	char path[256];
	size_t n = 0;

	snprintf(path, sizeof path, "dcap/%s", json_string_value(json_object_get(v, member)));
	l->p[i] = test_vectors_bytes(path, &n, SKIP);
	ck_assert_ptr_nonnull(l->p[i]);
	return (struct sr_bytes){ l->p[i], n };
}

static void load(struct loaded *l, const json_t *v)
{
	memset(l, 0, sizeof *l);
	l->in.quote = file(l, 0, v, "quote");
	l->in.tcb_info = file(l, 1, v, "tcb_info");
	l->in.qe_identity = file(l, 2, v, "qe_identity");
	l->in.pck_crl = file(l, 3, v, "pck_crl");
	l->in.root_crl = file(l, 4, v, "root_crl");
	l->in.tcb_signing = file(l, 5, v, "tcb_signing_cert");
	l->in.qe_signing = file(l, 6, v, "qe_signing_cert");
	l->in.time_s = (uint64_t)json_integer_value(json_object_get(v, "verify_time"));
}

static void unload(struct loaded *l)
{
	for (size_t i = 0; i < 7; i++)
		free(l->p[i]);
}

static void hex_is(const json_t *e, const char *member, const uint8_t *p, size_t n)
{
	uint8_t want[64];

	if (json_is_null(json_object_get(e, member)) || json_object_get(e, member) == NULL)
		return;
	ck_assert_uint_le(n, sizeof want);
	test_vectors_hex_into(want, n, e, member);
	ck_assert_msg(memcmp(want, p, n) == 0, "%s differs", member);
}

static void status_is(const json_t *e, const char *member, enum attest_status have)
{
	const char *want = json_string_value(json_object_get(e, member));

	if (want == NULL)
		ck_assert_msg(have == 0, "%s: %s, want none", member, attest_status_name(have));
	else
		ck_assert_msg(strcmp(want, attest_status_name(have)) == 0, "%s: %s, want %s",
		    member, attest_status_name(have), want);
}

static void advisories_are(const json_t *e, const struct attest_result *r)
{
	const json_t *list = json_object_get(e, "advisories");

	ck_assert_uint_eq(json_array_size(list), r->advisories.n);
	for (size_t i = 0; i < r->advisories.n; i++) {
		bool found = false;

		for (size_t k = 0; k < json_array_size(list); k++)
			found = found
			    || strcmp(
				   json_string_value(json_array_get(list, k)), r->advisories.id[i])
				== 0;
		ck_assert_msg(found, "%s is not expected", r->advisories.id[i]);
	}
}

static void says(const json_t *v, const struct attest_result *r)
{
	const json_t *e = json_object_get(v, "expect");
	const char *date = json_string_value(json_object_get(e, "tcb_date"));
	char text[32] = "";
	time_t t = (time_t)r->tcb_date;
	struct tm tm;

	printf("case %lld\n", json_integer_value(json_object_get(v, "id")));
	status_is(e, "final_status", r->status);
	status_is(e, "tcb_level_status", r->dcap.level);
	status_is(e, "tdx_module_status", r->dcap.module);
	status_is(e, "qe_status", r->dcap.qe);
	ck_assert_int_eq(r->debug, json_is_true(json_object_get(e, "debug")));
	ck_assert_str_eq(r->tee == ATTEST_SGX ? "SGX" : "TDX",
	    json_string_value(json_object_get(e, "tee")));
	hex_is(e, "fmspc", r->dcap.fmspc, 6);
	hex_is(e, "mrenclave", r->measurement, 32);
	hex_is(e, "mrtd", r->measurement, 48);
	hex_is(e, "mrsigner", r->signer, 32);
	hex_is(e, "mr_signer_seam", r->signer, 48);
	hex_is(e, "report_data", r->report_data, 64);
	hex_is(e, "tee_tcb_svn", r->dcap.tee_tcb_svn, 16);
	hex_is(e, "td_attributes", r->dcap.td_attributes, 8);
	ck_assert_int_eq(r->dcap.pck_platform,
	    strcmp(json_string_value(json_object_get(e, "pck_ca")), "platform") == 0);
	if (r->tee == ATTEST_SGX) {
		ck_assert_int_eq(
		    r->dcap.isv_prod_id, json_integer_value(json_object_get(e, "isv_prod_id")));
		ck_assert_int_eq(
		    r->dcap.isv_svn, json_integer_value(json_object_get(e, "isv_svn")));
	}
	if (r->tcb_date != 0)
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
	ck_assert_str_eq(text, date != NULL ? date : "");
	advisories_are(e, r);
	ck_assert_uint_eq(
	    r->valid_from, (uint64_t)json_integer_value(json_object_get(v, "valid_from")));
	ck_assert_uint_eq(
	    r->valid_to, (uint64_t)json_integer_value(json_object_get(v, "valid_to")));
}

START_TEST(each_genuine_quote_gets_its_stated_answer)
{
	json_t *all = test_vectors_load("dcap/vectors.json", SKIP), *v;
	struct attest_result r;
	struct timespec a, b;
	double seconds = 0;
	size_t i;

	if (all == NULL)
		return;
	json_array_foreach(all, i, v) {
		struct loaded l;
		enum sr_error err;

		load(&l, v);
		clock_gettime(CLOCK_MONOTONIC, &a);
		err = attest_dcap_verify(&r, &l.in);
		clock_gettime(CLOCK_MONOTONIC, &b);
		seconds += (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
		ck_assert_msg(err == SR_OK, "case %lld: %s",
		    json_integer_value(json_object_get(v, "id")), sr_error_name((unsigned)err));
		says(v, &r);
		unload(&l);
	}
	printf("%zu quotes, mean %.2f ms\n", i, seconds / (double)i * 1000);
	json_decref(all);
}
END_TEST

START_TEST(outside_of_its_window_there_is_no_answer)
{
	json_t *all = test_vectors_load("dcap/vectors.json", SKIP), *v;
	struct attest_result r;
	size_t i;

	if (all == NULL)
		return;
	json_array_foreach(all, i, v) {
		struct loaded l;

		if (!json_is_true(json_object_get(v, "core")))
			continue;
		load(&l, v);
		l.in.time_s = (uint64_t)json_integer_value(json_object_get(v, "valid_to")) + 1;
		ck_error(attest_dcap_verify(&r, &l.in), SR_ERR_COLLATERAL_TIME);
		l.in.time_s = (uint64_t)json_integer_value(json_object_get(v, "valid_from")) - 1;
		ck_error(attest_dcap_verify(&r, &l.in), SR_ERR_COLLATERAL_TIME);
		ck_assert_int_eq(r.status, 0);
		unload(&l);
	}
	json_decref(all);
}
END_TEST

/* The first case of that kind. */
static json_t *first_of(json_t *all, const char *tee)
{
	json_t *v;
	size_t i;

	json_array_foreach(all, i,
	    v) if (strcmp(json_string_value(json_object_get(json_object_get(v, "expect"), "tee")),
		       tee)
	    == 0) return v;
	return NULL;
}

START_TEST(forged_quotes_are_refused)
{
	static const char *const names[] = { "dcap/negative/fortanix_pck_chain_corrupted.bin",
		"dcap/negative/fortanix_pck_chain_type5.bin",
		"dcap/negative/fortanix_raw_tcb_ct3.bin", "dcap/negative/oe_sgx_cert_rsa_bad.bin" };
	json_t *all = test_vectors_load("dcap/vectors.json", SKIP), *v;
	struct attest_result r;
	size_t i;

	if (all == NULL)
		return;
	for (size_t k = 0; k < 4; k++) {
		size_t n = 0;
		uint8_t *p = test_vectors_bytes(names[k], &n, SKIP);

		ck_assert_ptr_nonnull(p);
		json_array_foreach(all, i, v) {
			struct loaded l;
			enum sr_error err;

			if (!json_is_true(json_object_get(v, "core")))
				continue;
			load(&l, v);
			l.in.quote = (struct sr_bytes){ p, n };
			err = attest_dcap_verify(&r, &l.in);
			ck_assert_msg(err != SR_OK, "%s was accepted", names[k]);
			if (i == 0)
				printf("%s: %s\n", names[k], sr_error_name((unsigned)err));
			unload(&l);
		}
		free(p);
	}
	json_decref(all);
}
END_TEST

START_TEST(collateral_of_another_platform_is_refused)
{
	json_t *all = test_vectors_load("dcap/vectors.json", SKIP);
	struct loaded sgx, tdx;
	struct attest_result r;

	if (all == NULL)
		return;
	load(&sgx, first_of(all, "SGX"));
	load(&tdx, first_of(all, "TDX"));
	tdx.in.tcb_info = sgx.in.tcb_info;
	ck_error(attest_dcap_verify(&r, &tdx.in), SR_ERR_COLLATERAL_OTHER);
	sgx.in.pck_crl = tdx.in.pck_crl;
	ck_error(attest_dcap_verify(&r, &sgx.in), SR_ERR_COLLATERAL_BAD);
	unload(&sgx);
	unload(&tdx);
	json_decref(all);
}
END_TEST

START_TEST(intels_published_signers_are_known)
{
	json_t *all = test_vectors_load("dcap/vectors.json", SKIP), *v;
	struct attest_result r;
	size_t i;

	if (all == NULL)
		return;
	json_array_foreach(all, i, v) {
		struct loaded l;

		if (!json_is_true(json_object_get(v, "core")))
			continue;
		load(&l, v);
		l.in.tcb_signing.n = l.in.qe_signing.n = 0;
		ck_ok(attest_dcap_verify(&r, &l.in));
		says(v, &r);
		unload(&l);
	}
	json_decref(all);
}
END_TEST

/* A platform's own certificate leads to the same root as the one that signs collateral. */
START_TEST(a_platform_cannot_sign_collateral)
{
	json_t *all = test_vectors_load("dcap/vectors.json", SKIP);
	struct loaded l;
	struct attest_result r;
	const uint8_t *pem;

	if (all == NULL)
		return;
	load(&l, first_of(all, "SGX"));
	pem = memchr(l.in.quote.p + 1000, '-', l.in.quote.n - 1000);
	ck_assert_ptr_nonnull(pem);
	l.in.tcb_signing = (struct sr_bytes){ pem, l.in.quote.n - (size_t)(pem - l.in.quote.p) };
	ck_error(attest_dcap_verify(&r, &l.in), SR_ERR_CHAIN_BAD);
	unload(&l);
	json_decref(all);
}
END_TEST

/* Flips `flips` random bits of one input; or all of them (flips 0). */
static size_t sweep(struct loaded *l, struct sr_bytes *which, size_t flips, struct sr_drbg *drbg)
{
	uint8_t *p = malloc(which->n);
	struct sr_bytes genuine = *which;
	struct attest_result r;
	size_t accepted = 0, n = flips != 0 ? flips : which->n * 8;

	ck_assert_ptr_nonnull(p);
	memcpy(p, genuine.p, genuine.n);
	which->p = p;
	for (size_t i = 0; i < n; i++) {
		size_t bit = flips != 0 ? test_below(drbg, (uint32_t)genuine.n * 8) : i;

		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (attest_dcap_verify(&r, &l->in) == SR_OK) {
			printf("accepted: byte %zu of %zu, bit %zu\n", bit / 8, genuine.n, bit % 8);
			accepted++;
		}
		p[bit / 8] = genuine.p[bit / 8];
	}
	*which = genuine;
	free(p);
	return accepted;
}

/* SR_SWEEP=all: every bit, an hour or so. */
static void sweep_case(const char *tee)
{
	json_t *all = test_vectors_load("dcap/vectors.json", SKIP);
	bool every = getenv("SR_SWEEP") != NULL;
	struct loaded l;
	struct sr_drbg drbg;
	struct sr_bytes *inputs[7];
	size_t accepted = 0;

	if (all == NULL)
		return;
	test_drbg(&drbg, tee);
	load(&l, first_of(all, tee));
	inputs[0] = &l.in.quote;
	inputs[1] = &l.in.tcb_info;
	inputs[2] = &l.in.qe_identity;
	inputs[3] = &l.in.pck_crl;
	inputs[4] = &l.in.root_crl;
	inputs[5] = &l.in.tcb_signing;
	inputs[6] = &l.in.qe_signing;
	for (size_t i = 0; i < 7; i++)
		accepted += sweep(&l, inputs[i], every ? 0 : i == 0 ? 400 : 60, &drbg);
	ck_assert_uint_eq(accepted, 0);
	unload(&l);
	json_decref(all);
}

START_TEST(no_bit_of_an_sgx_case_can_be_another)
{
	sweep_case("SGX");
}
END_TEST

START_TEST(no_bit_of_a_tdx_case_can_be_another)
{
	sweep_case("TDX");
}
END_TEST

TEST_MAIN("attest/dcap", outside_of_its_window_there_is_no_answer, forged_quotes_are_refused,
    collateral_of_another_platform_is_refused, intels_published_signers_are_known,
    a_platform_cannot_sign_collateral, no_bit_of_an_sgx_case_can_be_another,
    no_bit_of_a_tdx_case_can_be_another, each_genuine_quote_gets_its_stated_answer)
