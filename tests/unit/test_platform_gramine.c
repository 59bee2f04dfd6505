/* Inside of Gramine: its /dev/attestation as recorded, with genuine quotes; software's evidence. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "attest/attest.h"
#include "enclave/genesis.h"
#include "platform/platform.h"
#include "tests/lib/check_main.h"
#include "tests/lib/scratch.h"
#include "tests/lib/vectors.h"

#define SKIP "Gramine with genuine quotes"
#define EVIDENCE_MAX (256u * 1024u)

static void copy(const json_t *v, const char *member, const char *to)
{
	char path[256];
	uint8_t *p;
	size_t n = 0;

	snprintf(path, sizeof path, "dcap/%s", json_string_value(json_object_get(v, member)));
	p = test_vectors_bytes(path, &n, SKIP);
	ck_assert_ptr_nonnull(p);
	scratch_write(scratch_path(to), p, n);
	free(p);
}

static void tree_make(const char *type)
{
	static const uint8_t zeros[64];
	static const uint8_t key[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

	mkdir(scratch_path("attestation"), 0700);
	mkdir(scratch_path("attestation/keys"), 0700);
	mkdir(scratch_path("collateral"), 0700);
	scratch_write(scratch_path("attestation/attestation_type"), type, strlen(type));
	scratch_write(scratch_path("attestation/user_report_data"), zeros, sizeof zeros);
	scratch_write(scratch_path("attestation/keys/_sgx_mrenclave"), key, sizeof key);
}

static struct platform *platform_here(void)
{
	static char root[512], folder[512];
	struct platform_options o = { .kind = PLATFORM_GRAMINE, .root = root,
		.collateral = folder };
	char why[PLATFORM_WHY_MAX];
	struct platform *p;
	enum sr_error error;

	snprintf(root, sizeof root, "%s", scratch_path("attestation"));
	snprintf(folder, sizeof folder, "%s", scratch_path("collateral"));
	error = platform_open(&p, &o, why);
	ck_assert_msg(error == SR_OK, "%s", why);
	return p;
}

static void judge(const json_t *v, struct sr_bytes evidence)
{
	struct attest_result *r = calloc(1, sizeof *r);
	struct attest_dcap_input in = { .time_s = 0 };
	struct sr_reader reader;

	ck_assert_ptr_nonnull(r);
	sr_reader_init(&reader, evidence.p, evidence.n);
	ck_assert_uint_eq(sr_read_u8(&reader), ATTEST_KIND_SGX);
	in.quote = sr_read_blob(&reader, EVIDENCE_MAX);
	in.tcb_info = sr_read_blob(&reader, EVIDENCE_MAX);
	in.qe_identity = sr_read_blob(&reader, EVIDENCE_MAX);
	in.pck_crl = sr_read_blob(&reader, EVIDENCE_MAX);
	in.root_crl = sr_read_blob(&reader, EVIDENCE_MAX);
	in.tcb_signing = sr_read_blob(&reader, EVIDENCE_MAX);
	in.qe_signing = sr_read_blob(&reader, EVIDENCE_MAX);
	in.time_s = (uint64_t)json_integer_value(json_object_get(v, "verify_time"));
	ck_ok(sr_reader_finish(&reader));
	/* The signing certificates of these are those that Intel publishes. */
	ck_assert_uint_eq(in.tcb_signing.n, 0);
	ck_ok(attest_dcap_verify(r, &in));
	ck_assert_int_eq(r->tee, ATTEST_SGX);
	free(r);
}

START_TEST(every_recorded_quote_comes_out_as_evidence_that_verifies)
{
	json_t *vectors = test_vectors_load("dcap/vectors.json", SKIP), *v;
	uint8_t report_data[64], *written;
	unsigned found = 0;
	struct sr_writer w;
	size_t i, n;

	if (vectors == NULL)
		return;
	memset(report_data, 0xa5, sizeof report_data);
	sr_writer_init(&w, EVIDENCE_MAX);
	json_array_foreach(vectors, i, v) {
		const json_t *e = json_object_get(v, "expect");
		struct platform *p;

		if (strcmp(json_string_value(json_object_get(e, "tee")), "SGX") != 0 ||
		    strcmp(json_string_value(json_object_get(e, "signatures")), "ok") != 0)
			continue;
		tree_make("dcap");
		copy(v, "quote", "attestation/quote");
		copy(v, "tcb_info", "collateral/tcb-info.json");
		copy(v, "qe_identity", "collateral/qe-identity.json");
		copy(v, "pck_crl", "collateral/pck-crl.der");
		copy(v, "root_crl", "collateral/root-crl.der");
		p = platform_here();
		sr_writer_reset(&w);
		ck_ok(platform_evidence(p, &w, report_data));
		judge(v, (struct sr_bytes){ w.p, w.n });
		written = scratch_read(scratch_path("attestation/user_report_data"), &n);
		ck_assert_uint_eq(n, 64);
		ck_assert_mem_eq(written, report_data, 64);
		free(written);
		platform_close(p);
		found++;
	}
	ck_assert_uint_gt(found, 3);
	sr_writer_clear(&w);
	json_decref(vectors);
}
END_TEST

START_TEST(missing_collateral_is_named)
{
	uint8_t report_data[64] = { 0 };
	struct platform *p;
	struct sr_writer w;

	tree_make("dcap\n");
	scratch_write(scratch_path("attestation/quote"), "quote", 5);
	sr_writer_init(&w, EVIDENCE_MAX);
	p = platform_here();
	ck_error(platform_evidence(p, &w, report_data), SR_ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(platform_why(p), "tcb-info.json"));
	platform_close(p);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(a_key_sealed_by_this_enclave_opens_again_and_nowhere_else)
{
	struct sr_key32 key = { { 9, 8, 7 } }, opened;
	uint8_t other[16] = { 0 };
	struct platform *p;
	struct sr_writer w, second;

	tree_make("dcap");
	sr_writer_init(&w, PLATFORM_SEALED_MAX);
	sr_writer_init(&second, PLATFORM_SEALED_MAX);
	p = platform_here();
	ck_ok(platform_seal(p, &w, &key));
	ck_ok(platform_seal(p, &second, &key));
	ck_assert_uint_eq(w.n, second.n);
	ck_assert_mem_ne(w.p, second.p, w.n);
	ck_ok(platform_unseal(p, &opened, (struct sr_bytes){ w.p, w.n }));
	ck_assert_mem_eq(&key, &opened, sizeof key);
	for (size_t i = 0; i < w.n; i++) {
		w.p[i] ^= 1;
		ck_assert_int_ne(platform_unseal(p, &opened, (struct sr_bytes){ w.p, w.n }), SR_OK);
		w.p[i] ^= 1;
	}
	ck_error(platform_unseal(p, &opened, (struct sr_bytes){ w.p, w.n - 1 }), SR_ERR_DAMAGED);
	scratch_write(scratch_path("attestation/keys/_sgx_mrenclave"), other, sizeof other);
	ck_error(platform_unseal(p, &opened, (struct sr_bytes){ w.p, w.n }), SR_ERR_DECRYPT_FAILED);
	scratch_write(scratch_path("attestation/keys/_sgx_mrenclave"), other, 15);
	ck_error(platform_unseal(p, &opened, (struct sr_bytes){ w.p, w.n }), SR_ERR_PLATFORM);
	platform_close(p);
	sr_writer_clear(&w);
	sr_writer_clear(&second);
}
END_TEST

START_TEST(other_kinds_of_attestation_are_refused)
{
	static const char *const types[] = { "none", "epid", "dcapture", "" };

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		struct platform_options o = { .kind = PLATFORM_GRAMINE,
			.root = scratch_path("attestation") };
		char why[PLATFORM_WHY_MAX];
		struct platform *p;

		tree_make(types[i]);
		ck_error(platform_open(&p, &o, why), SR_ERR_PLATFORM);
		ck_assert_uint_ne(strlen(why), 0);
	}
}
END_TEST

START_TEST(software_evidence_needs_the_operators_key)
{
	struct sr_hash32 measurement = { { 3 } };
	struct sr_key32 seed = { { 4 } };
	struct platform_options o = { .kind = PLATFORM_SOFTWARE };
	uint8_t report_data[64] = { 5 };
	char why[PLATFORM_WHY_MAX];
	struct sr_writer w, plain;
	struct platform *p;
	struct sr_edsk sk;
	struct sr_edpk pk;
	uint64_t value;

	sr_ed25519_keypair(&sk, &pk, &seed);
	sr_writer_init(&w, EVIDENCE_MAX);
	sr_writer_init(&plain, EVIDENCE_MAX);
	ck_ok(platform_open(&p, &o, why));
	ck_error(platform_evidence(p, &w, report_data), SR_ERR_NOT_SUPPORTED);
	ck_error(platform_lease(p, &value), SR_ERR_NOT_SUPPORTED);
	platform_close(p);
	o.operator_key = &sk;
	o.measurement = &measurement;
	ck_ok(platform_open(&p, &o, why));
	ck_ok(platform_evidence(p, &w, report_data));
	genesis_software_evidence(&plain, &measurement, report_data, &sk);
	ck_assert_uint_eq(w.n, plain.n);
	ck_assert_mem_eq(w.p, plain.p, w.n);
	platform_close(p);
	sr_writer_clear(&w);
	sr_writer_clear(&plain);
}
END_TEST

START_TEST(kinds_have_names)
{
	enum platform_kind kind;

	for (unsigned i = 0; i < PLATFORM_KINDS; i++) {
		ck_assert(platform_kind_parse(&kind, platform_kind_name((enum platform_kind)i)));
		ck_assert_uint_eq((unsigned)kind, i);
	}
	ck_assert(!platform_kind_parse(&kind, "sev"));
	ck_assert_str_eq(platform_kind_name((enum platform_kind)PLATFORM_KINDS), "unknown");
}
END_TEST

TEST_MAIN("platform/gramine", every_recorded_quote_comes_out_as_evidence_that_verifies,
    missing_collateral_is_named, a_key_sealed_by_this_enclave_opens_again_and_nowhere_else,
    other_kinds_of_attestation_are_refused, software_evidence_needs_the_operators_key,
    kinds_have_names)
