/* Members that judge submitted evidence, and genuine quotes on their way into the registry. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/attest.h"
#include "enclave/attesteer.h"
#include "tests/lib/check_main.h"
#include "tests/lib/vault_world.h"
#include "tests/lib/vectors.h"

#define N 4u
#define Q 3u
#define SKIP "genuine quotes in the registry"

static struct vault_world *w;
static struct attesteer member[N];
static struct attesteer_verdict verdict;
static const struct attest_trust nobody;
static uint64_t now_ms;

static void setup(void)
{
	w = world_new();
	memset(member, 0, sizeof member);
	now_ms = 1000;
}

static void teardown(void) { world_free(w); }

static enum sr_error submit(unsigned who, struct sr_bytes evidence, struct sr_hash32 *id)
{
	union vault_op_body b = { .attest_submit = { { NULL, 0 }, evidence } };
	enum sr_error code = world_do(w, who, VAULT_OP_ATTEST_SUBMIT, &b);

	*id = w->op.hash;
	return code;
}

static enum sr_error next(uint32_t i)
{
	return attesteer_next(&member[i], &verdict, w->t, w->block.epoch, i, &nobody, now_ms);
}

static enum sr_error vote(uint32_t i)
{
	struct sr_writer facts;
	enum sr_error error;

	sr_writer_init(&facts, ATTEST_FACTS_MAX);
	if (verdict.code == SR_OK)
		attest_facts_write(&facts, &verdict.facts);
	ck_ok(facts.error);
	error = vault_attest_verdict(&w->t, &w->block, &verdict.subject, i, N, Q,
	    (uint16_t)verdict.code, (struct sr_bytes){ facts.p, facts.n });
	sr_writer_clear(&facts);
	return error;
}

/* Every member does what it owes; a quorum suffices for each. */
static void members_work(void)
{
	for (uint32_t i = 0; i < N; i++)
		while (next(i) == SR_OK) {
			enum sr_error error = vote(i);

			ck_assert(error == SR_OK || error == SR_ERR_NOT_FOUND);
		}
}

static struct vault_attestation record(const struct sr_hash32 *id)
{
	struct vault_key key = vault_key_hash(VAULT_REC_ATTESTATION, id);
	struct sr_bytes value = vault_tree_get(w->t, &key);
	struct vault_attestation a;
	struct sr_reader r;

	ck_assert_ptr_nonnull(value.p);
	sr_reader_init(&r, value.p, value.n);
	vault_attestation_read(&a, &r);
	ck_ok(sr_reader_finish(&r));
	return a;
}

static bool releases(const struct vault_attestation *a, enum attest_status worst)
{
	char policy[200] = "attested(", name[32];
	struct vault_secret_id secret;
	union vault_op_body b = { 0 };
	static unsigned n;
	enum sr_error code;

	for (size_t i = 0; i < a->measurement_n; i++)
		snprintf(policy + strlen(policy), 3, "%02x", a->measurement[i]);
	snprintf(policy + strlen(policy), 50, ", %s)", attest_status_name(worst));
	snprintf(name, sizeof name, "s%u", n++);
	ck_ok(world_put(w, ALICE, name, policy, &secret));
	b.retrieve.id = secret;
	memcpy(b.retrieve.to.b, a->report_data, 32);
	code = world_do(w, BOB, VAULT_OP_RETRIEVE, &b);
	/* Some report data name no key at all. */
	if (code == SR_ERR_BAD_PUBLIC_KEY)
		return false;
	ck_assert(code == SR_OK || code == SR_ERR_POLICY_FALSE);
	return code == SR_OK;
}

/* --- genuine evidence --- */

struct files { uint8_t *p[7]; size_t n; };

static struct sr_bytes file(struct files *f, const char *folder, const json_t *v, const char *name)
{
	char path[256];
	size_t n = 0;

	snprintf(path, sizeof path, "%s/%s", folder, json_string_value(json_object_get(v, name)));
	f->p[f->n] = test_vectors_bytes(path, &n, SKIP);
	ck_assert_ptr_nonnull(f->p[f->n]);
	return (struct sr_bytes){ f->p[f->n++], n };
}

static void files_free(struct files *f)
{
	while (f->n > 0)
		free(f->p[--f->n]);
}

/* Submits as of this time and has the members judge it. */
static struct vault_attestation judged(const struct attest_evidence *e, uint64_t time_s)
{
	struct sr_writer blob;
	struct sr_hash32 id;

	setup();
	world_block(w, time_s * 1000 - w->block.time_ms);
	sr_writer_init(&blob, VAULT_ATTEST_EVIDENCE_MAX);
	attest_evidence_write(&blob, e);
	ck_ok(blob.error);
	ck_ok(submit(ALICE, (struct sr_bytes){ blob.p, blob.n }, &id));
	sr_writer_clear(&blob);
	members_work();
	return record(&id);
}

/* TDATTRIBUTES' bit 29, MIGRATABLE: genuine, and no more to be trusted than under debug. In a
 * version 5 quote the body stands behind its type and size. */
static bool migrates(struct sr_bytes quote)
{
	size_t at = 48 + 120 + (quote.p[0] == 5 ? 6 : 0);

	ck_assert_uint_gt(quote.n, at + 8);
	return (quote.p[at + 3] & 0x20) != 0;
}

static void dcap_case(const json_t *v, uint64_t time_s)
{
	const json_t *expect = json_object_get(v, "expect");
	bool debug = json_is_true(json_object_get(expect, "debug"));
	struct attest_evidence e = { .kind = ATTEST_KIND_SGX };
	static const uint8_t zeros[32];
	struct vault_attestation a;
	struct files f = { .n = 0 };

	if (strcmp(json_string_value(json_object_get(expect, "tee")), "TDX") == 0)
		e.kind = ATTEST_KIND_TDX;
	e.dcap.quote = file(&f, "dcap", v, "quote");
	e.dcap.tcb_info = file(&f, "dcap", v, "tcb_info");
	e.dcap.qe_identity = file(&f, "dcap", v, "qe_identity");
	e.dcap.pck_crl = file(&f, "dcap", v, "pck_crl");
	e.dcap.root_crl = file(&f, "dcap", v, "root_crl");
	e.dcap.tcb_signing = file(&f, "dcap", v, "tcb_signing_cert");
	e.dcap.qe_signing = file(&f, "dcap", v, "qe_signing_cert");
	debug = debug || (e.kind == ATTEST_KIND_TDX && migrates(e.dcap.quote));
	a = judged(&e, time_s);
	ck_assert_msg(a.code == SR_OK, "case %lld: %s",
	    json_integer_value(json_object_get(v, "id")), sr_error_name(a.code));
	ck_assert_int_eq(a.kind, e.kind);
	ck_assert_str_eq(attest_status_name(a.status),
	    json_string_value(json_object_get(expect, "final_status")));
	ck_assert_int_eq(a.debug, debug);
	if (memcmp(a.report_data, zeros, 32) != 0 && a.status <= VAULT_POLICY_STATUS_WORST) {
		ck_assert_int_eq(releases(&a, a.status), !debug);
		if (a.status > ATTEST_UP_TO_DATE)
			ck_assert(!releases(&a, (enum attest_status)(a.status - 1)));
	}
	files_free(&f);
	teardown();
}

START_TEST(genuine_intel_quotes_become_records_that_release_or_not)
{
	json_t *all = test_vectors_load("dcap/vectors.json", SKIP), *v;
	unsigned done = 0;
	size_t i;

	json_array_foreach(all, i, v) {
		json_int_t time_s = json_integer_value(json_object_get(v, "verify_time"));

		/* The world of the tests begins in November 2023. */
		if (!json_is_true(json_object_get(v, "core")) ||
		    (uint64_t)time_s * 1000 <= WORLD_START_MS + WORLD_SLOT_MS)
			continue;
		dcap_case(v, (uint64_t)time_s);
		done++;
	}
	printf("%u genuine quotes judged by %u members each\n", done, N);
	ck_assert(all == NULL || done >= 10);
	json_decref(all);
}
END_TEST

START_TEST(genuine_amd_reports_become_records_that_release_or_not)
{
	json_t *all = test_vectors_load("snp/vectors.json", SKIP), *v;
	unsigned done = 0;
	size_t i;

	json_array_foreach(all, i, v) {
		const json_t *expect = json_object_get(v, "expect");
		const char *result = json_string_value(json_object_get(expect, "result"));
		struct attest_evidence e = { .kind = ATTEST_KIND_SNP };
		struct files f = { .n = 0 };
		struct vault_attestation a;

		e.snp.report = file(&f, "snp", v, "report");
		e.snp.leaf = file(&f, "snp", v, "leaf");
		e.snp.ask = file(&f, "snp", v, "ask");
		e.snp.ark = file(&f, "snp", v, "ark");
		a = judged(&e, 1760000000);
		if (result != NULL && strcmp(result, "ok") == 0 && a.code == SR_OK) {
			done++;
			ck_assert_uint_eq(a.measurement_n, 48);
			ck_assert_uint_le(a.valid_to_ms - a.submitted_ms, VAULT_ATTEST_LIFE_MS);
		} else {
			ck_assert(!releases(&a, ATTEST_UP_TO_DATE));
		}
		files_free(&f);
		teardown();
	}
	printf("%u genuine reports\n", done);
	ck_assert(all == NULL || done > 0);
	json_decref(all);
}
END_TEST

/* The planted fault: one bit of a genuine quote. */
START_TEST(a_changed_quote_is_refused_and_releases_nothing)
{
	json_t *all = test_vectors_load("dcap/vectors.json", SKIP);
	struct attest_evidence e = { .kind = ATTEST_KIND_SGX };
	const json_t *v = json_array_get(all, 0);
	struct files f = { .n = 0 };
	struct vault_attestation a;

	if (all == NULL)
		return;
	e.dcap.quote = file(&f, "dcap", v, "quote");
	e.dcap.tcb_info = file(&f, "dcap", v, "tcb_info");
	e.dcap.qe_identity = file(&f, "dcap", v, "qe_identity");
	e.dcap.pck_crl = file(&f, "dcap", v, "pck_crl");
	e.dcap.root_crl = file(&f, "dcap", v, "root_crl");
	e.dcap.tcb_signing = file(&f, "dcap", v, "tcb_signing_cert");
	e.dcap.qe_signing = file(&f, "dcap", v, "qe_signing_cert");
	f.p[0][48 + 320] ^= 1; /* the report data's first bit */
	a = judged(&e, (uint64_t)json_integer_value(json_object_get(v, "verify_time")));
	ck_assert_uint_eq(a.code, SR_ERR_EVIDENCE_BAD);
	files_free(&f);
	json_decref(all);
	teardown();
}
END_TEST

/* --- work in small pieces --- */

static const uint8_t garbage[] = { ATTEST_KIND_NITRO, 3, 0, 0, 0, 1, 2, 3 };

START_TEST(garbage_gets_a_named_refusal)
{
	static const uint8_t unknown[] = { 99, 1, 2 };
	struct sr_hash32 id;

	setup();
	ck_ok(submit(ALICE, (struct sr_bytes){ unknown, sizeof unknown }, &id));
	members_work();
	ck_assert_uint_eq(record(&id).code, SR_ERR_EVIDENCE_FORMAT);
	teardown();
}
END_TEST

START_TEST(nobody_attests_in_software_here)
{
	struct attest_evidence e = { .kind = ATTEST_KIND_SOFTWARE };
	struct vault_attestation a;
	struct sr_edpk pk;
	struct sr_key32 seed = { { 1 } };
	struct sr_edsk sk;

	sr_ed25519_keypair(&sk, &pk, &seed);
	attest_software_sign(&e.software, &e.software.measurement, e.software.report_data, &sk);
	a = judged(&e, 1760000000);
	ck_assert_uint_eq(a.code, SR_ERR_EVIDENCE_BAD);
	teardown();
}
END_TEST

START_TEST(one_is_judged_a_step_the_oldest_first_and_none_twice)
{
	struct sr_hash32 id[3];

	setup();
	ck_error(next(0), SR_ERR_NOT_FOUND);
	for (unsigned i = 0; i < 3; i++)
		ck_ok(submit(ALICE, (struct sr_bytes){ garbage, sizeof garbage }, &id[i]));
	for (unsigned i = 0; i < 3; i++) {
		ck_ok(next(0));
		ck_assert(sr_hash32_equal(&verdict.subject, &id[i]));
		ck_assert_int_ne(verdict.code, SR_OK);
	}
	ck_error(next(0), SR_ERR_NOT_FOUND);
	teardown();
}
END_TEST

START_TEST(a_verdict_that_was_lost_is_given_again)
{
	struct sr_hash32 id;

	setup();
	ck_ok(submit(ALICE, (struct sr_bytes){ garbage, sizeof garbage }, &id));
	ck_ok(next(0));
	now_ms += ATTESTEER_AGAIN_MS - 1;
	ck_error(next(0), SR_ERR_NOT_FOUND);
	now_ms++;
	ck_ok(next(0));
	ck_ok(vote(0));
	now_ms += ATTESTEER_AGAIN_MS;
	ck_error(next(0), SR_ERR_NOT_FOUND); /* the state shows it */
	teardown();
}
END_TEST

START_TEST(another_epoch_asks_again)
{
	struct sr_hash32 id;

	setup();
	ck_ok(submit(ALICE, (struct sr_bytes){ garbage, sizeof garbage }, &id));
	ck_ok(next(0));
	ck_ok(vote(0));
	ck_error(next(0), SR_ERR_NOT_FOUND);
	w->block.epoch++;
	ck_ok(next(0));
	ck_assert(sr_hash32_equal(&verdict.subject, &id));
	/* Also for what the state of the epoch before never showed. */
	ck_error(next(0), SR_ERR_NOT_FOUND);
	w->block.epoch++;
	ck_ok(next(0));
	teardown();
}
END_TEST

START_TEST(so_many_are_on_their_way_and_no_more)
{
	struct sr_hash32 id;

	setup();
	for (unsigned i = 0; i < ATTESTEER_FLIGHT + 3; i++)
		ck_ok(submit(i % WORLD_PEOPLE, (struct sr_bytes){ garbage, sizeof garbage }, &id));
	for (unsigned i = 0; i < ATTESTEER_FLIGHT; i++)
		ck_ok(next(0));
	ck_error(next(0), SR_ERR_NOT_FOUND);
	ck_ok(vote(0)); /* the last one is final */
	ck_ok(next(0));
	ck_error(next(0), SR_ERR_NOT_FOUND);
	teardown();
}
END_TEST

TEST_MAIN("enclave attesteer",
    genuine_intel_quotes_become_records_that_release_or_not,
    genuine_amd_reports_become_records_that_release_or_not,
    a_changed_quote_is_refused_and_releases_nothing,
    garbage_gets_a_named_refusal,
    nobody_attests_in_software_here,
    one_is_judged_a_step_the_oldest_first_and_none_twice,
    a_verdict_that_was_lost_is_given_again,
    another_epoch_asks_again,
    so_many_are_on_their_way_and_no_more)
