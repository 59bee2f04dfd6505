/* A guest of SEV-SNP or TDX: configfs-tsm as recorded, with genuine reports. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "attest/attest.h"
#include "platform/platform.h"
#include "tests/lib/check_main.h"
#include "tests/lib/fake_tsm.h"
#include "tests/lib/scratch.h"
#include "tests/lib/vectors.h"

#define SKIP "configfs-tsm with genuine reports"
#define EVIDENCE_MAX (256u * 1024u)

struct world {
	struct fake_tsm tsm;
	struct platform *p;
	struct sr_writer w;
	json_t *vectors, *v;
	uint8_t *owned[8];
	size_t owned_n;
	char root[512], collateral[512];
};

static struct sr_bytes file(struct world *x, const char *folder, const char *member)
{
	const char *name = json_string_value(json_object_get(x->v, member));
	char path[256];
	size_t n = 0;

	ck_assert_ptr_nonnull(name);
	snprintf(path, sizeof path, "%s/%s", folder, name);
	x->owned[x->owned_n] = test_vectors_bytes(path, &n, SKIP);
	ck_assert_ptr_nonnull(x->owned[x->owned_n]);
	return (struct sr_bytes){ x->owned[x->owned_n++], n };
}

static void collateral(struct world *x, const char *name, const char *folder, const char *member)
{
	struct sr_bytes b = file(x, folder, member);
	char path[64];

	snprintf(path, sizeof path, "collateral/%s", name);
	scratch_write(scratch_path(path), b.p, b.n);
}

static bool world_begin(struct world *x, const char *vectors, const char *provider)
{
	memset(x, 0, sizeof *x);
	x->vectors = test_vectors_load(vectors, SKIP);
	if (x->vectors == NULL)
		return false;
	snprintf(x->root, sizeof x->root, "%s", scratch_path("report"));
	snprintf(x->collateral, sizeof x->collateral, "%s", scratch_path("collateral"));
	x->tsm.root = x->root;
	x->tsm.provider = provider;
	mkdir(x->tsm.root, 0700);
	mkdir(scratch_path("collateral"), 0700);
	sr_writer_init(&x->w, EVIDENCE_MAX);
	fake_tsm_use(&x->tsm);
	return true;
}

static void platform_begin(struct world *x)
{
	struct platform_options o = { .kind = PLATFORM_TSM, .root = x->tsm.root,
		.collateral = x->collateral };
	char why[PLATFORM_WHY_MAX];
	enum sr_error error = platform_open(&x->p, &o, why);

	ck_assert_msg(error == SR_OK, "%s", why);
}

static void world_end(struct world *x)
{
	platform_close(x->p);
	fake_tsm_use(NULL);
	sr_writer_clear(&x->w);
	while (x->owned_n > 0)
		free(x->owned[--x->owned_n]);
	json_decref(x->vectors);
}

static bool snp_begin(struct world *x)
{
	if (!world_begin(x, "snp/vectors.json", "sev_guest\n"))
		return false;
	x->v = json_array_get(json_is_array(x->vectors) ? x->vectors
	    : json_object_get(x->vectors, "reports"), 0);
	x->tsm.out = file(x, "snp", "report");
	return true;
}

static enum sr_error snp_judge(struct world *x)
{
	struct attest_result *r = calloc(1, sizeof *r);
	const json_t *valid = json_object_get(x->v, "leaf_valid");
	struct attest_snp_input in = {
		.time_s = (uint64_t)json_integer_value(json_array_get(valid, 0)) + 86400 };
	struct sr_reader reader;
	enum sr_error error;

	ck_assert_ptr_nonnull(r);
	sr_reader_init(&reader, x->w.p, x->w.n);
	ck_assert_uint_eq(sr_read_u8(&reader), ATTEST_KIND_SNP);
	in.report = sr_read_blob(&reader, EVIDENCE_MAX);
	in.leaf = sr_read_blob(&reader, EVIDENCE_MAX);
	in.ask = sr_read_blob(&reader, EVIDENCE_MAX);
	in.ark = sr_read_blob(&reader, EVIDENCE_MAX);
	ck_ok(sr_reader_finish(&reader));
	error = attest_snp_verify(r, &in);
	free(r);
	return error;
}

START_TEST(an_snp_report_travels_with_the_folders_certificates)
{
	struct world x;
	uint8_t report_data[64];

	if (!snp_begin(&x))
		return;
	collateral(&x, "leaf.crt", "snp", "leaf");
	collateral(&x, "ask.crt", "snp", "ask");
	collateral(&x, "ark.crt", "snp", "ark");
	memset(report_data, 0x5a, sizeof report_data);
	platform_begin(&x);
	ck_ok(platform_evidence(x.p, &x.w, report_data));
	ck_assert_uint_eq(x.tsm.in_n, 64);
	ck_assert_mem_eq(x.tsm.in, report_data, 64);
	ck_assert_uint_eq(x.tsm.entries, 0);
	ck_ok(snp_judge(&x));
	world_end(&x);
}
END_TEST

static void row(struct sr_writer *w, const char *guid_hex, uint32_t offset, size_t n)
{
	size_t guid_n;
	uint8_t *guid = test_vectors_unhex(guid_hex, &guid_n);

	ck_assert_uint_eq(guid_n, 16);
	sr_write_copy(w, guid, 16);
	sr_write_u32(w, offset);
	sr_write_u32(w, (uint32_t)n);
	free(guid);
}

/* As a hypervisor hands it to its guests; behind: so many bytes that the ARK's row says too many.
 */
static void table_make(struct sr_writer *w, struct world *x, uint32_t behind)
{
	static const uint8_t end[24];
	struct sr_bytes leaf = file(x, "snp", "leaf"), ask = file(x, "snp", "ask"),
			ark = file(x, "snp", "ark");
	uint32_t at = 4 * 24;

	sr_writer_init(w, EVIDENCE_MAX);
	row(w, "63da758de6644564adc5f4b93be8accd", at, leaf.n);
	row(w, "4ab7b379bbac4fe4a02f05aef327c782", at + (uint32_t)leaf.n, ask.n);
	row(w, "c0b406a4a803495297433fb6014cd0ae", at + (uint32_t)(leaf.n + ask.n), ark.n + behind);
	sr_write_copy(w, end, sizeof end);
	sr_write_copy(w, leaf.p, leaf.n);
	sr_write_copy(w, ask.p, ask.n);
	sr_write_copy(w, ark.p, ark.n);
	ck_ok(sr_writer_finish(w));
	x->tsm.aux = (struct sr_bytes){ w->p, w->n };
}

START_TEST(an_snp_report_travels_with_the_machines_own_certificates)
{
	struct world x;
	struct sr_writer table;
	uint8_t report_data[64] = { 1 };

	if (!snp_begin(&x))
		return;
	table_make(&table, &x, 0);
	platform_begin(&x);
	ck_ok(platform_evidence(x.p, &x.w, report_data));
	ck_ok(snp_judge(&x));
	sr_writer_clear(&table);
	world_end(&x);
}
END_TEST

START_TEST(a_table_that_points_behind_its_end_is_not_followed)
{
	struct world x;
	struct sr_writer table;
	uint8_t report_data[64] = { 1 };

	if (!snp_begin(&x))
		return;
	table_make(&table, &x, 1);
	platform_begin(&x);
	ck_error(platform_evidence(x.p, &x.w, report_data), SR_ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(platform_why(x.p), "ark.crt"));
	sr_writer_clear(&table);
	world_end(&x);
}
END_TEST

START_TEST(a_tdx_quote_travels_with_the_collateral)
{
	struct world x;
	struct attest_result *r = calloc(1, sizeof *r);
	struct attest_dcap_input in = { .time_s = 0 };
	struct sr_reader reader;
	uint8_t report_data[64] = { 2 };
	size_t i;

	ck_assert_ptr_nonnull(r);
	if (!world_begin(&x, "dcap/vectors.json", "tdx_guest\n"))
		return;
	json_array_foreach(x.vectors, i, x.v)
		if (strstr(json_string_value(json_object_get(x.v, "quote")), "tdx_v4") != NULL &&
		    strcmp(json_string_value(json_object_get(json_object_get(x.v, "expect"),
		    "signatures")), "ok") == 0)
			break;
	x.tsm.out = file(&x, "dcap", "quote");
	collateral(&x, "tcb-info.json", "dcap", "tcb_info");
	collateral(&x, "qe-identity.json", "dcap", "qe_identity");
	collateral(&x, "pck-crl.der", "dcap", "pck_crl");
	collateral(&x, "root-crl.der", "dcap", "root_crl");
	collateral(&x, "tcb-signing.crt", "dcap", "tcb_signing_cert");
	collateral(&x, "qe-signing.crt", "dcap", "qe_signing_cert");
	platform_begin(&x);
	ck_ok(platform_evidence(x.p, &x.w, report_data));
	sr_reader_init(&reader, x.w.p, x.w.n);
	ck_assert_uint_eq(sr_read_u8(&reader), ATTEST_KIND_TDX);
	in.quote = sr_read_blob(&reader, EVIDENCE_MAX);
	in.tcb_info = sr_read_blob(&reader, EVIDENCE_MAX);
	in.qe_identity = sr_read_blob(&reader, EVIDENCE_MAX);
	in.pck_crl = sr_read_blob(&reader, EVIDENCE_MAX);
	in.root_crl = sr_read_blob(&reader, EVIDENCE_MAX);
	in.tcb_signing = sr_read_blob(&reader, EVIDENCE_MAX);
	in.qe_signing = sr_read_blob(&reader, EVIDENCE_MAX);
	in.time_s = (uint64_t)json_integer_value(json_object_get(x.v, "verify_time"));
	ck_ok(sr_reader_finish(&reader));
	ck_ok(attest_dcap_verify(r, &in));
	ck_assert_int_eq(r->tee, ATTEST_TDX);
	free(r);
	world_end(&x);
}
END_TEST

START_TEST(a_report_that_others_wrote_into_is_asked_for_again)
{
	struct world x;
	struct sr_writer table;
	uint8_t report_data[64] = { 3 };

	if (!snp_begin(&x))
		return;
	table_make(&table, &x, 0);
	platform_begin(&x);
	x.tsm.others = 2;
	ck_ok(platform_evidence(x.p, &x.w, report_data));
	ck_ok(snp_judge(&x));
	x.tsm.others = 1000;
	sr_writer_reset(&x.w);
	ck_error(platform_evidence(x.p, &x.w, report_data), SR_ERR_PLATFORM);
	ck_assert_uint_eq(x.w.n, 0);
	ck_assert_uint_eq(x.tsm.entries, 0);
	sr_writer_clear(&table);
	world_end(&x);
}
END_TEST

START_TEST(an_unknown_provider_is_refused)
{
	struct world x;
	uint8_t report_data[64] = { 4 };

	if (!snp_begin(&x))
		return;
	x.tsm.provider = "arm_cca_guest\n";
	platform_begin(&x);
	ck_error(platform_evidence(x.p, &x.w, report_data), SR_ERR_PLATFORM);
	ck_assert_ptr_nonnull(strstr(platform_why(x.p), "bad_kind"));
	world_end(&x);
}
END_TEST

START_TEST(a_machine_without_configfs_tsm_is_said_so)
{
	struct platform_options o = { .kind = PLATFORM_TSM,
		.root = scratch_path("nothing-there") };
	char why[PLATFORM_WHY_MAX];
	struct platform *p;

	ck_error(platform_open(&p, &o, why), SR_ERR_PLATFORM);
	ck_assert_ptr_nonnull(strstr(why, "Linux 6.7"));
}
END_TEST

START_TEST(a_guest_has_no_seal_and_no_counter)
{
	struct platform_options o = { .kind = PLATFORM_TSM, .root = scratch_dir() };
	struct sr_key32 key = { { 1 } };
	char why[PLATFORM_WHY_MAX];
	struct platform *p;
	struct sr_writer w;
	uint64_t value;

	sr_writer_init(&w, PLATFORM_SEALED_MAX);
	ck_ok(platform_open(&p, &o, why));
	ck_error(platform_seal(p, &w, &key), SR_ERR_NOT_SUPPORTED);
	ck_error(platform_unseal(p, &key, (struct sr_bytes){ NULL, 0 }), SR_ERR_NOT_SUPPORTED);
	ck_error(platform_lease(p, &value), SR_ERR_NOT_SUPPORTED);
	ck_error(platform_lease_increase(p, &value), SR_ERR_NOT_SUPPORTED);
	platform_close(p);
}
END_TEST

TEST_MAIN("platform/tsm", an_snp_report_travels_with_the_folders_certificates,
    an_snp_report_travels_with_the_machines_own_certificates,
    a_table_that_points_behind_its_end_is_not_followed, a_tdx_quote_travels_with_the_collateral,
    a_report_that_others_wrote_into_is_asked_for_again, an_unknown_provider_is_refused,
    a_machine_without_configfs_tsm_is_said_so, a_guest_has_no_seal_and_no_counter)
