/* Every genuine case of every kind, as evidence that is carried and verified; and what must not be
 * accepted, each with its own error. */
#define _DEFAULT_SOURCE                      /* MAP_ANONYMOUS */
#include "attest/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "attest/attest.h"
#include "attest/policy.h"
#include "attest/tpm_public.h"
#include "base/hex.h"
#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"
#include "tests/lib/sweep.h"
#include "tests/lib/vectors.h"

#define SKIP "genuine evidence"
#define OWNED_MAX 64u

static const struct attest_trust nobody;
static struct attest_evidence evidence;      /* large: not on the stack of each */
static struct attest_facts facts;
static uint8_t *owned[OWNED_MAX];
static size_t owned_n;

/* How many cases came out right, by kind; each test is a process of its own. */
static struct { size_t dcap, snp, nitro, tpm, azure, negatives; } *cases;

static struct sr_bytes file(const char *folder, const char *name)
{
	char path[256];
	size_t n = 0;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	ck_assert_uint_lt(owned_n, OWNED_MAX);
	owned[owned_n] = test_vectors_bytes(path, &n, SKIP);
	return (struct sr_bytes){ owned[owned_n++], n };
}

static struct sr_bytes member(const char *folder, const json_t *v, const char *name)
{
	return file(folder, json_string_value(json_object_get(v, name)));
}

static void done(void)
{
	while (owned_n > 0)
		free(owned[--owned_n]);
}

static enum sr_error recode(struct sr_writer *again, struct sr_bytes bytes)
{
	static struct attest_evidence e;

	SR_TRY(attest_evidence_read(&e, bytes));
	attest_evidence_write(again, &e);
	return SR_OK;
}

/* What is in `evidence`, through its bytes. */
static enum sr_error verify(const struct attest_trust *trust, uint64_t time_s)
{
	struct sr_writer w, again;
	enum sr_error err;

	sr_writer_init(&w, ATTEST_EVIDENCE_MAX);
	attest_evidence_write(&w, &evidence);
	ck_ok(sr_writer_finish(&w));
	sr_writer_init(&again, ATTEST_EVIDENCE_MAX);
	ck_ok(recode(&again, (struct sr_bytes){ w.p, w.n }));
	ck_assert_uint_eq(w.n, again.n);
	ck_assert_mem_eq(w.p, again.p, w.n);
	err = attest_evidence_verify(&facts, (struct sr_bytes){ w.p, w.n }, trust, time_s);
	sr_writer_clear(&w);
	sr_writer_clear(&again);
	return err;
}

/* Verified facts can be written, and judged: they pass a policy that is made for them. */
static void acceptable(uint64_t time_s)
{
	static struct attest_policy p;
	struct sr_hash32 hash = attest_facts_hash(&facts);
	enum sr_error err;

	ck_assert(!sr_hash32_is_zero(&hash));
	attest_policy_default(&p);
	p.kinds = ATTEST_KIND_BIT(facts.kind);
	p.statuses = 0x1fe;
	p.measurements_n = 1;
	p.measurements[0].kind = facts.kind;
	p.measurements[0].measurement_n = facts.measurement_n;
	memcpy(p.measurements[0].measurement, facts.measurement, facts.measurement_n);
	p.advisories_n = facts.advisories_n;
	memcpy(p.advisories, facts.advisories, sizeof p.advisories);
	p.provisioners_n = p.provisioners_k = facts.vouchers_n;
	memcpy(p.provisioners, facts.vouchers, sizeof p.provisioners);
	p.makers_n = facts.kind == ATTEST_KIND_TPM;
	ck_ok(attest_policy_check(&p));
	err = attest_policy_judge(&p, &facts, facts.report_data, time_s * 1000);
	if (facts.debug)
		ck_error(err, SR_ERR_DEBUG_ENCLAVE);
	else if (facts.status == ATTEST_NOT_SUPPORTED)
		ck_error(err, SR_ERR_TCB_STATUS);
	else
		ck_ok(err);
}

static void refused(const struct attest_trust *trust, uint64_t time_s, enum sr_error error)
{
	static const struct attest_facts zero;
	enum sr_error err = verify(trust, time_s);

	ck_assert_msg(err == error, "%s, not %s", sr_error_name((unsigned)err),
	    sr_error_name((unsigned)error));
	ck_assert_mem_eq(&facts, &zero, sizeof zero);
	cases->negatives++;
}

static void hex_is(const json_t *e, const char *name, const uint8_t *p, size_t n)
{
	uint8_t want[64];

	test_vectors_hex_into(want, n, e, name);
	ck_assert_msg(memcmp(want, p, n) == 0, "%s differs", name);
}

/* --- Intel --- */

static uint64_t dcap_load(const json_t *v)
{
	bool tdx = strcmp(json_string_value(
	    json_object_get(json_object_get(v, "expect"), "tee")), "TDX") == 0;

	memset(&evidence, 0, sizeof evidence);
	evidence.kind = tdx ? ATTEST_KIND_TDX : ATTEST_KIND_SGX;
	evidence.dcap.quote = member("dcap", v, "quote");
	evidence.dcap.tcb_info = member("dcap", v, "tcb_info");
	evidence.dcap.qe_identity = member("dcap", v, "qe_identity");
	evidence.dcap.pck_crl = member("dcap", v, "pck_crl");
	evidence.dcap.root_crl = member("dcap", v, "root_crl");
	evidence.dcap.tcb_signing = member("dcap", v, "tcb_signing_cert");
	evidence.dcap.qe_signing = member("dcap", v, "qe_signing_cert");
	return (uint64_t)json_integer_value(json_object_get(v, "verify_time"));
}

static void dcap_advisories(const json_t *e)
{
	const json_t *list = json_object_get(e, "advisories");

	for (size_t k = 0; k < json_array_size(list); k++) {
		const char *want = json_string_value(json_array_get(list, k));
		bool found = false;

		for (uint32_t i = 0; i < facts.advisories_n; i++)
			found = found || strcmp(facts.advisories[i], want) == 0;
		ck_assert_msg(found, "%s is not there", want);
	}
}

/* The stated debug is the attribute of that name; a TD that may be migrated has MIGRATABLE. */
static bool migrates(const json_t *e)
{
	const char *hex = json_string_value(json_object_get(e, "td_attributes"));
	uint8_t attributes[8] = { 0 };

	if (hex != NULL)
		ck_ok(sr_hex_decode(attributes, sizeof attributes, hex, strlen(hex)));
	return (attributes[3] & 0x20u) != 0;
}

static void dcap_says(const json_t *v)
{
	const json_t *e = json_object_get(v, "expect");
	bool tdx = facts.kind == ATTEST_KIND_TDX;

	ck_assert_str_eq(attest_status_name(facts.status),
	    json_string_value(json_object_get(e, "final_status")));
	ck_assert_int_eq(facts.debug, json_is_true(json_object_get(e, "debug")) || migrates(e));
	hex_is(e, "report_data", facts.report_data, 64);
	if (tdx)
		hex_is(e, "mrtd", facts.signer, 48);
	else
		hex_is(e, "mrenclave", facts.measurement, 32);
	ck_assert_uint_eq(facts.measurement_n, 32);
	ck_assert_uint_eq(
	    facts.valid_from_s, (uint64_t)json_integer_value(json_object_get(v, "valid_from")));
	ck_assert_uint_eq(
	    facts.valid_to_s, (uint64_t)json_integer_value(json_object_get(v, "valid_to")));
	ck_assert_uint_gt(facts.evaluation, 0);
	ck_assert(!sr_hash32_is_zero(&facts.platform) && !sr_hash32_is_zero(&facts.collateral));
	ck_assert_uint_eq(facts.product, 0);
	dcap_advisories(e);
}

START_TEST(each_genuine_quote_of_intel_comes_out_right)
{
	json_t *all = test_vectors_load("dcap/vectors.json", SKIP), *v;
	size_t i;

	if (all == NULL)
		return;
	json_array_foreach(all, i, v) {
		uint64_t time_s = dcap_load(v);
		enum sr_error err = verify(&nobody, time_s);

		ck_assert_msg(err == SR_OK, "case %lld: %s",
		    json_integer_value(json_object_get(v, "id")), sr_error_name((unsigned)err));
		dcap_says(v);
		acceptable(time_s);
		cases->dcap++;
		if (json_is_true(json_object_get(v, "core"))) {
			uint64_t to = facts.valid_to_s, from = facts.valid_from_s;

			refused(&nobody, to + 1, SR_ERR_COLLATERAL_TIME);
			refused(&nobody, from - 1, SR_ERR_COLLATERAL_TIME);
		}
		done();
	}
	json_decref(all);
}
END_TEST

START_TEST(forged_and_mismatched_quotes_of_intel_are_refused)
{
	static const char *const forged[] = { "fortanix_pck_chain_corrupted.bin",
		"fortanix_pck_chain_type5.bin", "fortanix_raw_tcb_ct3.bin",
		"oe_sgx_cert_rsa_bad.bin" };
	json_t *all = test_vectors_load("dcap/vectors.json", SKIP), *v;
	struct attest_evidence_dcap good;
	struct sr_bytes tcb = { NULL, 0 };
	uint64_t time_s;
	size_t i;
	bool tdx = false, sgx = false;

	if (all == NULL)
		return;
	json_array_foreach(all, i, v) {
		time_s = dcap_load(v);
		if (evidence.kind == ATTEST_KIND_SGX && !sgx) {
			sgx = true;
			evidence.kind = ATTEST_KIND_TDX;
			refused(&nobody, time_s, SR_ERR_EVIDENCE_FORMAT);
			evidence.kind = ATTEST_KIND_SGX;
			good = evidence.dcap;
			evidence.dcap.tcb_signing.n = 0;     /* though it is known */
			refused(&nobody, time_s, SR_ERR_EVIDENCE_FORMAT);
			evidence.dcap = good;
			evidence.dcap.qe_signing.n = 0;
			refused(&nobody, time_s, SR_ERR_EVIDENCE_FORMAT);
			evidence.dcap = good;
			tcb = evidence.dcap.tcb_info;
			for (size_t k = 0; k < 4; k++) {
				evidence.dcap.quote = file("dcap/negative", forged[k]);
				ck_assert_int_ne((int)verify(&nobody, time_s), (int)SR_OK);
				cases->negatives++;
			}
		} else if (evidence.kind == ATTEST_KIND_TDX && !tdx && sgx) {
			tdx = true;
			evidence.kind = ATTEST_KIND_SGX;
			refused(&nobody, time_s, SR_ERR_EVIDENCE_FORMAT);
			evidence.kind = ATTEST_KIND_TDX;
			evidence.dcap.tcb_info = tcb;
			refused(&nobody, time_s, SR_ERR_COLLATERAL_OTHER);
			break;
		} else {
			/* What is loaded stays: tcb is one of them. */
			while (owned_n > 14)
				free(owned[--owned_n]);
		}
	}
	ck_assert(sgx && tdx);
	json_decref(all);
	done();
}
END_TEST

/* --- AMD --- */

START_TEST(each_genuine_report_of_amd_comes_out_right)
{
	static const char *const forged[] = { "negative/no_chain_597d1fae.bin",
		"negative/no_chain_94739f63.bin", "negative/no_chain_c696a46d.bin" };
	json_t *all = test_vectors_load("snp/vectors.json", SKIP), *v;
	size_t i;

	if (all == NULL)
		return;
	json_array_foreach(all, i, v) {
		const json_t *e = json_object_get(v, "expect");
		uint64_t from = (uint64_t)json_integer_value(
		    json_array_get(json_object_get(v, "leaf_valid"), 0));
		bool vlek = strcmp(json_string_value(json_object_get(e, "signing_key")), "vlek")
		    == 0;
		static const char *const products[] = { "", "milan", "genoa", "turin" };

		memset(&evidence, 0, sizeof evidence);
		evidence.kind = ATTEST_KIND_SNP;
		evidence.snp.report = member("snp", v, "report");
		evidence.snp.leaf = member("snp", v, "leaf");
		evidence.snp.ask = member("snp", v, "ask");
		evidence.snp.ark = member("snp", v, "ark");
		ck_ok(verify(&nobody, from + 86400));
		hex_is(e, "measurement", facts.measurement, 48);
		hex_is(e, "report_data", facts.report_data, 64);
		ck_assert_int_eq(facts.debug, json_is_true(json_object_get(e, "debug_allowed")) ||
		    json_is_true(json_object_get(e, "migrate_ma")));
		ck_assert_str_eq(products[facts.product],
		    json_string_value(json_object_get(e, "product")));
		ck_assert_int_eq(facts.svns[3], json_integer_value(json_object_get(
		    json_object_get(e, "reported_tcb"), "microcode")));
		ck_assert(sr_hash32_is_zero(&facts.platform) == vlek);
		acceptable(from + 86400);
		cases->snp++;
		refused(&nobody, from - 1, SR_ERR_COLLATERAL_TIME);
		for (size_t k = 0; i == 0 && k < 3; k++) {
			evidence.snp.report = file("snp", forged[k]);
			refused(&nobody, from + 86400, SR_ERR_EVIDENCE_BAD);
		}
		done();
	}
	json_decref(all);
}
END_TEST

/* --- AWS --- */

/* dstack's files put four bytes of their own in front and more behind. */
static struct sr_bytes document(const char *name)
{
	struct sr_bytes b = file("nitro", name);

	if (b.p == NULL || b.p[0] == 0x84)
		return b;
	return (struct sr_bytes){ b.p + 4, (size_t)(b.p[2] | b.p[3] << 8) >> 2 };
}

START_TEST(each_document_of_aws_comes_out_right)
{
	static const struct { const char *name; bool debug; uint64_t time_s;
	} documents[] = { { "dstack_prod.bin", false, 1766668537 }, { "dstack_debug.bin", true, 0 },
		{ "fortanix_proper.bin", true, 0 } };
	struct attest_result *r = calloc(1, sizeof *r);
	struct attest_nitro_input in = { .time_s = 0 };

	ck_assert_ptr_nonnull(r);
	for (size_t i = 0; i < 3; i++) {
		uint64_t time_s;

		memset(&evidence, 0, sizeof evidence);
		evidence.kind = ATTEST_KIND_NITRO;
		evidence.nitro = document(documents[i].name);
		if (evidence.nitro.p == NULL)
			break;
		in.document = evidence.nitro;
		ck_ok(attest_nitro_verify(r, &in));  /* for its own time */
		time_s = r->nitro.time_ms / 1000;
		ck_assert(documents[i].time_s == 0 || documents[i].time_s == time_s);
		ck_ok(verify(&nobody, time_s));
		ck_assert_int_eq(facts.debug, documents[i].debug);
		ck_assert_mem_eq(facts.measurement, r->nitro.pcrs[0], 48);
		ck_assert(sr_hash32_is_zero(&facts.platform));
		acceptable(time_s);
		cases->nitro++;
		refused(&nobody, r->valid_to + 1, SR_ERR_COLLATERAL_TIME);
		refused(&nobody, 0, SR_ERR_COLLATERAL_TIME);
		if (i == 2) {
			evidence.nitro = document("fortanix_tampered_certificate.bin");
			ck_assert_int_ne((int)verify(&nobody, time_s), (int)SR_OK);
			cases->nitro++;      /* which comes out right by being refused */
		}
		done();
	}
	free(r);
}
END_TEST

/* --- Software --- */

START_TEST(software_is_what_its_operator_signed)
{
	struct sr_edsk sk;
	struct sr_edpk key, other;
	struct sr_key32 seed = { { 1 } };
	struct attest_trust trust = { .operator_key = &key };
	struct sr_hash32 measurement = { { 3 } };
	uint8_t report_data[64] = { 4 };

	sr_ed25519_keypair(&sk, &other, &(struct sr_key32){ { 2 } });
	sr_ed25519_keypair(&sk, &key, &seed);
	memset(&evidence, 0, sizeof evidence);
	evidence.kind = ATTEST_KIND_SOFTWARE;
	attest_software_sign(&evidence.software, &measurement, report_data, &sk);
	ck_ok(verify(&trust, 0));
	ck_assert_mem_eq(facts.measurement, measurement.b, 32);
	ck_assert_mem_eq(facts.report_data, report_data, 64);
	acceptable(1800000000);
	refused(&nobody, 0, SR_ERR_EVIDENCE_BAD);
	trust.operator_key = &other;
	refused(&trust, 0, SR_ERR_EVIDENCE_BAD);
	trust.operator_key = &key;
	evidence.software.report_data[63] ^= 1;
	refused(&trust, 0, SR_ERR_EVIDENCE_BAD);
	evidence.software.report_data[63] ^= 1;
	evidence.software.measurement.b[0] ^= 1;
	refused(&trust, 0, SR_ERR_EVIDENCE_BAD);
	sr_edsk_wipe(&sk);
}
END_TEST

/* --- TPM --- */

#define TPM_TIME 1800000000u
#define ATTRIBUTES_AT 4u

struct tpm_case {
	uint8_t ak[88], pcrs[24 * 32], chain[8192];
	struct sr_edsk provisioners[3];
	struct sr_edpk keys[3];
	struct sr_hash32 maker;
	struct attest_trust trust;
};
static struct tpm_case tpm;

static void der_of_pem(uint8_t *out, size_t *n, struct sr_bytes pem)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = strchr((const char *)pem.p, '\n'), *d;
	uint32_t bits = 0, have = 0;

	for (*n = 0; p != NULL && *p != '-' && *p != '\0'; p++) {
		d = *p != '\n' && *p != '=' ? strchr(digits, *p) : NULL;
		if (d == NULL)
			continue;
		bits = bits << 6 | (uint32_t)(d - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[(*n)++] = (uint8_t)(bits >> have);
		}
	}
}

/* tpm2-tools: a selection, then at most eight values a list, each 2 + 64 bytes; the quoted ones. */
static void swtpm_pcrs(uint8_t out[24 * 32], struct sr_bytes f, uint32_t mask)
{
	size_t k = 0;

	memset(out, 0, 24 * 32);
	for (uint32_t i = 0; i < 24; i++)
		if ((mask >> i & 1u) != 0) {
			memcpy(out + (size_t)i * 32, f.p + 136 + k / 8 * 532 + 4 + k % 8 * 66 + 2,
			    32);
			k++;
		}
}

/* The sample's key, as the TPM had it: its name says whether we have it right. */
static void swtpm_key(uint8_t out[88], uint32_t attributes)
{
	static const uint8_t head[] = { 0, 0x23, 0, 0x0b, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0x18, 0,
		0x0b, 0, 3, 0, 0x10, 0, 32 };
	uint8_t spki[256];
	size_t n;

	der_of_pem(spki, &n, file("tpm/swtpm_sample", "ak.pub"));
	ck_assert_uint_eq(n, 91);
	memcpy(out, head, sizeof head);
	for (size_t i = 0; i < 4; i++)
		out[ATTRIBUTES_AT + i] = (uint8_t)(attributes >> (24 - 8 * i));
	memcpy(out + 22, spki + 27, 32);
	out[54] = 0;
	out[55] = 32;
	memcpy(out + 56, spki + 59, 32);
}

static void vouch(void)
{
	struct tpm_public ak;
	struct attest_evidence_tpm *e = &evidence.tpm;

	if (tpm_attestation_key_read(&ak, e->ak) != SR_OK)
		return;
	e->vouchers_n = 3;
	for (size_t i = 0; i < 3; i++)
		attest_voucher_sign(&e->vouchers[i], &tpm.provisioners[i], &tpm.keys[i],
		    e->ek_certificate, ak.name);
}

static bool tpm_load(void)
{
	struct attest_evidence_tpm *e = &evidence.tpm;
	struct sr_bytes issuer, root = file("tpm/swtpm_sample", "swtpm-localca-rootca-cert.pem");
	uint8_t der[2048];
	size_t n;

	if (root.p == NULL)
		return false;
	der_of_pem(der, &n, root);
	tpm.maker = sr_hash(der, n);
	issuer = file("tpm/swtpm_sample", "issuercert.pem");
	memcpy(tpm.chain, issuer.p, issuer.n);
	memcpy(tpm.chain + issuer.n, root.p, root.n);
	for (uint8_t i = 0; i < 3; i++) {
		struct sr_key32 seed = { { i } };

		sr_ed25519_keypair(&tpm.provisioners[i], &tpm.keys[i], &seed);
		for (uint8_t k = i; k > 0 && memcmp(&tpm.keys[k - 1], &tpm.keys[k], 32) > 0; k--) {
			struct sr_edpk key = tpm.keys[k];
			struct sr_edsk sk = tpm.provisioners[k];

			tpm.keys[k] = tpm.keys[k - 1];
			tpm.provisioners[k] = tpm.provisioners[k - 1];
			tpm.keys[k - 1] = key;
			tpm.provisioners[k - 1] = sk;
		}
	}
	tpm.trust = (struct attest_trust){ &tpm.maker, 1, tpm.keys, 2, NULL };
	memset(&evidence, 0, sizeof evidence);
	evidence.kind = ATTEST_KIND_TPM;
	e->quote = file("tpm/swtpm_sample", "quote.msg");
	e->signature = file("tpm/swtpm_sample", "quote.sig");
	swtpm_key(tpm.ak, 0x00050072);
	e->ak = (struct sr_bytes){ tpm.ak, sizeof tpm.ak };
	swtpm_pcrs(tpm.pcrs, file("tpm/swtpm_sample", "quote.pcrs"), 0x48ff);
	e->pcrs = (struct sr_bytes){ tpm.pcrs, sizeof tpm.pcrs };
	e->ek_certificate = file("tpm/swtpm_sample", "ek_rsa.der");
	e->ek_chain = (struct sr_bytes){ tpm.chain, issuer.n + root.n };
	vouch();
	return true;
}

START_TEST(a_quote_of_a_tpm_comes_out_right)
{
	struct tpm_public ak;
	struct sr_bytes name, hex;
	uint8_t nonce[32];
	static const uint8_t zero[32];

	if (!tpm_load())
		return;
	name = file("tpm/swtpm_sample", "ak.name");
	hex = file("tpm/swtpm_sample", "nonce.hex");
	ck_ok(tpm_attestation_key_read(&ak, evidence.tpm.ak));
	ck_assert_mem_eq(ak.name, name.p, TPM_NAME);
	ck_ok(verify(&tpm.trust, TPM_TIME));
	ck_ok(sr_hex_decode(nonce, 32, (const char *)hex.p, 64));
	ck_assert_mem_eq(facts.report_data, nonce, 32);
	ck_assert_mem_eq(facts.report_data + 32, zero, 32);
	ck_assert_uint_eq(facts.vouchers_n, 2);      /* the third is not trusted */
	ck_assert_mem_eq(facts.vouchers, tpm.keys, 64);
	ck_assert(!sr_hash32_is_zero(&facts.platform) && !sr_hash32_is_zero(&facts.collateral));
	acceptable(TPM_TIME);
	cases->tpm++;
	done();
}
END_TEST

START_TEST(a_quote_of_a_tpm_is_refused_for_anything_that_is_wrong)
{
	struct attest_evidence_tpm *e = &evidence.tpm;
	struct sr_hash32 other = { { 1 } };
	uint8_t *quote;

	if (!tpm_load())
		return;
	tpm.pcrs[0] ^= 1;
	refused(&tpm.trust, TPM_TIME, SR_ERR_EVIDENCE_BAD);
	tpm.pcrs[0] ^= 1;
	quote = malloc(e->quote.n);
	ck_assert_ptr_nonnull(quote);
	memcpy(quote, e->quote.p, e->quote.n);
	e->quote.p = quote;
	quote[50] ^= 1;                      /* another nonce */
	refused(&tpm.trust, TPM_TIME, SR_ERR_EVIDENCE_BAD);
	quote[50] ^= 1;
	tpm.trust.makers = &other;
	refused(&tpm.trust, TPM_TIME, SR_ERR_CHAIN_BAD);
	tpm.trust.makers_n = 0;
	refused(&tpm.trust, TPM_TIME, SR_ERR_CHAIN_BAD);
	tpm.trust.makers = &tpm.maker;
	tpm.trust.makers_n = 1;
	refused(&tpm.trust, 1, SR_ERR_COLLATERAL_TIME);
	e->vouchers[1].signature.b[0] ^= 1;
	refused(&tpm.trust, TPM_TIME, SR_ERR_EVIDENCE_BAD);
	tpm.trust.provisioners_n = 1;        /* his word is not asked for */
	ck_ok(verify(&tpm.trust, TPM_TIME));
	ck_assert_uint_eq(facts.vouchers_n, 1);
	e->vouchers[0] = e->vouchers[1];     /* of another key than it names */
	e->vouchers[0].key = tpm.keys[0];
	e->vouchers_n = 1;
	refused(&tpm.trust, TPM_TIME, SR_ERR_EVIDENCE_BAD);
	e->vouchers_n = 0;
	ck_ok(verify(&tpm.trust, TPM_TIME)); /* genuine, and nobody vouches: the policy's affair */
	ck_assert_uint_eq(facts.vouchers_n, 0);
	free(quote);
	done();
}
END_TEST

START_TEST(a_voucher_is_for_one_ak_and_one_ek)
{
	struct attest_voucher v;
	struct tpm_public ak;
	struct sr_bytes ek;

	if (!tpm_load())
		return;
	v = evidence.tpm.vouchers[0];
	ek = evidence.tpm.ek_certificate;
	ck_ok(tpm_attestation_key_read(&ak, evidence.tpm.ak));
	ck_ok(attest_voucher_verify(&v, ek, ak.name));
	ak.name[33] ^= 1;
	ck_error(attest_voucher_verify(&v, ek, ak.name), SR_ERR_EVIDENCE_BAD);
	ak.name[33] ^= 1;
	ek.n--;
	ck_error(attest_voucher_verify(&v, ek, ak.name), SR_ERR_EVIDENCE_BAD);
	done();
}
END_TEST

START_TEST(a_key_that_may_leave_its_tpm_or_sign_anything_is_refused)
{
	static const uint32_t bad[] = { 0x00050070, 0x00050062, 0x00050052, 0x00040072, 0x00010072,
		0x00070072, 0x00030072, 0 };

	if (!tpm_load())
		return;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		swtpm_key(tpm.ak, bad[i]);
		vouch();
		refused(&tpm.trust, TPM_TIME, SR_ERR_EVIDENCE_BAD);
	}
	done();
}
END_TEST

/* RSA with exponents 0 (65537) and 65537, and what it must not be. */
START_TEST(public_areas_are_read_exactly)
{
	static const uint8_t head[] = { 0, 1, 0, 0x0b, 0, 5, 0, 0x72, 0, 0, 0, 0x10, 0, 0x14, 0,
		0x0b, 8, 0, 0, 0, 0, 0, 1, 0 };
	static const struct { size_t at; uint8_t value; } bad[] = { { 1, 8 }, { 3, 0x0c },
		{ 11, 6 }, { 13, 0x16 }, { 15, 4 }, { 16, 4 }, { 17, 8 }, { 22, 2 }, { 23, 1 } };
	uint8_t area[sizeof head + 256];
	struct sr_bytes b = { area, sizeof area };
	struct tpm_public one, two;

	memcpy(area, head, sizeof head);
	memset(area + sizeof head, 0xc5, 256);
	ck_ok(tpm_attestation_key_read(&one, b));
	area[19] = 1;
	area[21] = 1;
	ck_ok(tpm_attestation_key_read(&two, b));
	ck_assert_uint_eq(one.spki_n, two.spki_n);
	ck_assert_mem_eq(one.spki, two.spki, one.spki_n);
	ck_assert_mem_ne(one.name, two.name, TPM_NAME);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		uint8_t before = area[bad[i].at];

		area[bad[i].at] = bad[i].value;
		ck_error(tpm_attestation_key_read(&two, b), SR_ERR_EVIDENCE_FORMAT);
		ck_assert_uint_eq(two.spki_n, 0);
		area[bad[i].at] = before;
	}
	for (size_t n = 0; n < sizeof area; n++)
		ck_error(tpm_attestation_key_read(&two, (struct sr_bytes){ area, n }),
		    SR_ERR_EVIDENCE_FORMAT);
}
END_TEST

/* --- Azure --- */

static size_t unbase64url(uint8_t *out, const char *text)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0, have = 0;
	size_t n = 0;

	for (; *text != '\0' && *text != '='; text++) {
		const char *d = strchr(digits, *text);

		ck_assert_ptr_nonnull(d);
		bits = bits << 6 | (uint32_t)(d - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (uint8_t)(bits >> have);
		}
	}
	return n;
}

static struct sr_bytes own(uint8_t *p, size_t n)
{
	ck_assert_uint_lt(owned_n, OWNED_MAX);
	owned[owned_n++] = p;
	return (struct sr_bytes){ p, n };
}

static struct sr_bytes base64_member(const json_t *v, const char *name)
{
	const char *text = json_string_value(json_object_get(v, name));
	uint8_t *p = malloc(strlen(text));
	size_t n;

	ck_assert_ptr_nonnull(p);
	n = unbase64url(p, text);
	return own(p, n);
}

static void azure_quote(const json_t *quote)
{
	const json_t *values = json_object_get(quote, "pcrs");
	struct attest_evidence_azure *e = &evidence.azure;
	uint8_t *pcrs = malloc(24 * 32);
	size_t n = 0;

	ck_assert_ptr_nonnull(pcrs);
	e->quote = own(test_vectors_hex(quote, "message", &n), 0);
	e->quote.n = n;
	e->signature = own(test_vectors_hex(quote, "signature", &n), 0);
	e->signature.n = n;
	for (size_t i = 0; i < 24; i++)
		ck_ok(sr_hex_decode(
		    pcrs + i * 32, 32, json_string_value(json_array_get(values, i)), 64));
	e->pcrs = own(pcrs, 24 * 32);
}

/* What is wrong with a good case of either TEE. */
static void azure_negatives(uint64_t time_s)
{
	struct attest_evidence_azure *e = &evidence.azure, good = *e;
	uint8_t *hcl = malloc(e->hcl_report.n), *pcrs = malloc(e->pcrs.n);

	ck_assert(hcl != NULL && pcrs != NULL);
	memcpy(hcl, e->hcl_report.p, e->hcl_report.n);
	memcpy(pcrs, e->pcrs.p, e->pcrs.n);
	e->hcl_report.p = hcl;
	hcl[1300] ^= 1;                      /* another key in the JSON */
	refused(&nobody, time_s, SR_ERR_BINDING);
	*e = good;
	e->pcrs.p = pcrs;
	pcrs[0] ^= 1;
	refused(&nobody, time_s, SR_ERR_EVIDENCE_BAD);
	*e = good;
	e->quote.n--;
	refused(&nobody, time_s, SR_ERR_EVIDENCE_FORMAT);
	*e = good;
	free(hcl);
	free(pcrs);
}

static void azure_says(void)
{
	struct sr_hash32 h = { { 0 } };

	ck_assert_uint_eq(facts.measurement_n, 32);
	ck_assert_uint_eq(facts.signer_n, 48);
	ck_assert(!sr_hash32_is_zero(&facts.platform) && !sr_hash32_is_zero(&facts.collateral));
	ck_assert_mem_ne(facts.measurement, h.b, 32);
	ck_assert_mem_ne(facts.report_data, h.b, 32);
}

START_TEST(azures_vtpms_vouched_for_by_snp_come_out_right)
{
	static const char *const names[] = { "tpm/azure_snp_vtpm/evidence-v1.json",
		"tpm/azure_snp_vtpm/evidence-v2.json" };
	struct attest_evidence_azure *e = &evidence.azure;

	for (size_t i = 0; i < 2; i++) {
		json_t *v = test_vectors_load(names[i], SKIP);

		if (v == NULL)
			return;
		memset(&evidence, 0, sizeof evidence);
		evidence.kind = ATTEST_KIND_AZURE;
		e->tee = ATTEST_KIND_SNP;
		e->hcl_report = base64_member(v, "hcl_report");
		e->snp.leaf = base64_member(v, "vcek");
		e->snp.ask = file("snp/certs", "sev-milan_67d303bd.der");
		e->snp.ark = file("snp/certs", "ark-milan_69d063b4.der");
		azure_quote(json_object_get(v, "tpm_quote"));
		ck_ok(verify(&nobody, 1790000000));
		azure_says();
		ck_assert_uint_eq(facts.product, ATTEST_MILAN);
		acceptable(1790000000);
		cases->azure++;
		refused(&nobody, 1, SR_ERR_COLLATERAL_TIME);
		azure_negatives(1790000000);
		e->tee = ATTEST_KIND_TDX;
		refused(&nobody, 1790000000, SR_ERR_EVIDENCE_FORMAT);
		json_decref(v);
		done();
	}
}
END_TEST

/* Azure's service puts zeros behind a quote, which is to be exactly as long as it says. */
static struct sr_bytes unpadded(struct sr_bytes quote)
{
	const uint8_t *n = quote.p + 48 + 584;

	ck_assert_uint_gt(quote.n, 636);
	return (struct sr_bytes){ quote.p, 636 + (size_t)(n[0] | n[1] << 8) };
}

/* The quote has no collateral of its own here: that of another machine of its family will do. */
START_TEST(azures_vtpms_vouched_for_by_tdx_come_out_right)
{
	json_t *all = test_vectors_load("dcap/vectors.json", SKIP), *v;
	json_t *sample = test_vectors_load("tpm/azure_tdx_vtpm/evidence-v1.json", SKIP);
	struct attest_evidence_azure *e = &evidence.azure;
	struct attest_evidence_dcap dcap;
	uint64_t time_s = 0;
	size_t i, good = 0;

	if (all == NULL || sample == NULL)
		return;
	json_array_foreach(all, i, v) {
		const json_t *x = json_object_get(v, "expect");

		if (strcmp(json_string_value(json_object_get(x, "fmspc")), "00806F050000") != 0 ||
		    strcmp(json_string_value(json_object_get(x, "tee")), "TDX") != 0 || good > 0)
			continue;
		time_s = dcap_load(v);
		dcap = evidence.dcap;
		memset(&evidence, 0, sizeof evidence);
		evidence.kind = ATTEST_KIND_AZURE;
		e->tee = ATTEST_KIND_TDX;
		e->dcap = dcap;
		e->dcap.quote = base64_member(sample, "td_quote");
		refused(&nobody, time_s, SR_ERR_EVIDENCE_FORMAT);
		e->dcap.quote = unpadded(e->dcap.quote);
		e->hcl_report = base64_member(sample, "hcl_report");
		azure_quote(json_object_get(sample, "tpm_quote"));
		ck_ok(verify(&nobody, time_s));
		azure_says();
		ck_assert_uint_gt(facts.evaluation, 0);
		ck_assert_uint_eq(facts.product, 0);
		acceptable(time_s);
		cases->azure++;
		azure_negatives(time_s);
		e->tee = ATTEST_KIND_SNP;
		refused(&nobody, time_s, SR_ERR_EVIDENCE_FORMAT);
		good++;
		done();
	}
	ck_assert_uint_eq(good, 1);
	json_decref(all);
	json_decref(sample);
}
END_TEST

/* --- Facts of a result, of which there are no genuine samples --- */

static struct attest_result *result_of(enum attest_tee tee)
{
	struct attest_result *r = calloc(1, sizeof *r);

	ck_assert_ptr_nonnull(r);
	r->tee = tee;
	r->status = ATTEST_UP_TO_DATE;
	r->measurement_n = tee == ATTEST_SGX ? 32 : 48;
	r->report_data_n = 64;
	r->valid_to = 1;
	return r;
}

START_TEST(what_can_be_read_from_outside_counts_as_debug)
{
	static const struct attest_tpm vtpm;
	struct attest_result *r = result_of(ATTEST_TDX);

	ck_ok(attest_result_facts(&facts, r));
	ck_assert(!facts.debug);
	for (unsigned bit = 0; bit < 8; bit++) {
		r->dcap.td_attributes[0] = (uint8_t)(1u << bit);
		ck_ok(attest_result_facts(&facts, r));
		ck_assert(facts.debug);
	}
	r->dcap.td_attributes[0] = 0;
	/* Of all other attributes MIGRATABLE alone lets another TD in, its operator's. */
	for (unsigned bit = 8; bit < 64; bit++) {
		memset(r->dcap.td_attributes, 0, 8);
		r->dcap.td_attributes[bit / 8] = (uint8_t)(1u << bit % 8);
		ck_ok(attest_result_facts(&facts, r));
		ck_assert(facts.debug == (bit == 29));
		ck_ok(attest_result_facts_azure(&facts, r, &vtpm));
		ck_assert_uint_eq(facts.kind, ATTEST_KIND_AZURE);
		ck_assert(facts.debug == (bit == 29));
	}
	free(r);
	r = result_of(ATTEST_SNP);
	ck_ok(attest_result_facts(&facts, r));
	ck_assert(!facts.debug);
	r->snp.migrate_ma = true;
	ck_ok(attest_result_facts(&facts, r));
	ck_assert(facts.debug);
	ck_ok(attest_result_facts_azure(&facts, r, &vtpm));
	ck_assert(facts.debug);
	r->snp.vmpl = 1;
	ck_error(attest_result_facts(&facts, r), SR_ERR_BINDING);
	free(r);
}
END_TEST

START_TEST(advisories_of_platform_and_parts_are_one_sorted_list)
{
	struct attest_result *r = result_of(ATTEST_SGX);

	snprintf(r->advisories.id[0], ATTEST_ADVISORY_MAX, "INTEL-SA-00615");
	snprintf(r->advisories.id[1], ATTEST_ADVISORY_MAX, "INTEL-SA-00334");
	snprintf(r->parts.id[0], ATTEST_ADVISORY_MAX, "INTEL-SA-00615");
	snprintf(r->parts.id[1], ATTEST_ADVISORY_MAX, "INTEL-SA-00500");
	r->advisories.n = r->parts.n = 2;
	ck_ok(attest_result_facts(&facts, r));
	ck_assert_uint_eq(facts.advisories_n, 3);
	ck_assert_str_eq(facts.advisories[0], "INTEL-SA-00334");
	ck_assert_str_eq(facts.advisories[1], "INTEL-SA-00500");
	ck_assert_str_eq(facts.advisories[2], "INTEL-SA-00615");
	r->parts.id[1][3] = '\n';
	ck_error(attest_result_facts(&facts, r), SR_ERR_COLLATERAL_BAD);
	for (unsigned i = 0; i < ATTEST_ADVISORIES_MAX; i++) {
		snprintf(r->advisories.id[i], ATTEST_ADVISORY_MAX, "A%u", i);
		snprintf(r->parts.id[i], ATTEST_ADVISORY_MAX, "A%u", i);
	}
	r->advisories.n = r->parts.n = ATTEST_ADVISORIES_MAX;
	ck_ok(attest_result_facts(&facts, r));
	ck_assert_uint_eq(facts.advisories_n, ATTEST_ADVISORIES_MAX);
	r->parts.id[0][0] = 'B';
	ck_error(attest_result_facts(&facts, r), SR_ERR_COLLATERAL_BAD);
	ck_assert_uint_eq(facts.advisories_n, 0);
	r->advisories.n = r->parts.n = 0;
	r->report_data_n = 65;
	ck_error(attest_result_facts(&facts, r), SR_ERR_EVIDENCE_FORMAT);
	free(r);
}
END_TEST

/* --- The blob --- */

static void blob_fill(enum attest_kind kind)
{
	static const uint8_t some[] = "0123456789";
	struct sr_bytes b = { some, 3 };
	struct attest_evidence_dcap dcap = { b, b, { NULL, 0 }, b, b, b, b };

	memset(&evidence, 0, sizeof evidence);
	evidence.kind = kind;
	switch (kind) {
	case ATTEST_KIND_SOFTWARE: evidence.software.report_data[3] = 5; return;
	case ATTEST_KIND_SGX:
	case ATTEST_KIND_TDX: evidence.dcap = dcap; return;
	case ATTEST_KIND_SNP: evidence.snp = (struct attest_evidence_snp){ b, b, b, b }; return;
	case ATTEST_KIND_NITRO: evidence.nitro = b; return;
	case ATTEST_KIND_TPM:
		evidence.tpm = (struct attest_evidence_tpm){ b, b, b, b, b, b, 2, { { { { 1 } },
			{ { 2 } } }, { { { 2 } }, { { 2 } } } } };
		return;
	case ATTEST_KIND_AZURE:
		evidence.azure = (struct attest_evidence_azure){ ATTEST_KIND_SNP, b, b, b, b,
			{ { NULL, 0 }, b, b, b }, { .quote = { NULL, 0 } } };
		return;
	}
}

START_TEST(evidence_has_one_encoding)
{
	for (unsigned kind = 1; kind <= ATTEST_KINDS + 1; kind++) {
		struct sr_writer w;
		enum attest_kind have;

		blob_fill((enum attest_kind)(kind <= ATTEST_KINDS ? kind : ATTEST_KIND_AZURE));
		if (kind > ATTEST_KINDS) {
			evidence.azure.tee = ATTEST_KIND_TDX;
			evidence.azure.dcap.quote = evidence.azure.quote;
		}
		sr_writer_init(&w, ATTEST_EVIDENCE_MAX);
		attest_evidence_write(&w, &evidence);
		ck_ok(sr_writer_finish(&w));
		ck_ok(attest_evidence_kind(&have, (struct sr_bytes){ w.p, w.n }));
		ck_assert_uint_eq(have, evidence.kind);
		ck_assert_uint_eq(test_sweep("evidence", recode, (struct sr_bytes){ w.p, w.n }), 0);
		sr_writer_clear(&w);
	}
}
END_TEST

START_TEST(vouchers_come_in_their_order)
{
	static struct attest_evidence e;
	struct sr_writer w;
	size_t first;

	blob_fill(ATTEST_KIND_TPM);
	sr_writer_init(&w, ATTEST_EVIDENCE_MAX);
	attest_evidence_write(&w, &evidence);
	ck_ok(sr_writer_finish(&w));
	first = w.n - 2 * 96;
	ck_ok(attest_evidence_read(&e, (struct sr_bytes){ w.p, w.n }));
	w.p[first] = 2;                      /* twice */
	ck_error(attest_evidence_read(&e, (struct sr_bytes){ w.p, w.n }), SR_ERR_EVIDENCE_FORMAT);
	w.p[first] = 3;                      /* falling */
	ck_error(attest_evidence_read(&e, (struct sr_bytes){ w.p, w.n }), SR_ERR_EVIDENCE_FORMAT);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(what_is_no_evidence_is_refused)
{
	static uint8_t large[ATTEST_EVIDENCE_MAX + 1] = { ATTEST_KIND_NITRO };
	enum attest_kind kind;
	struct sr_bytes b = { large, 0 };
	struct sr_writer w;

	ck_error(attest_evidence_kind(&kind, b), SR_ERR_EVIDENCE_FORMAT);
	ck_error(attest_evidence_verify(&facts, b, &nobody, 1), SR_ERR_EVIDENCE_FORMAT);
	b.n = 5;
	ck_error(attest_evidence_verify(&facts, b, &nobody, 1), SR_ERR_EVIDENCE_FORMAT);
	b.n = sizeof large;
	large[1] = (uint8_t)(sizeof large - 5);
	large[2] = (uint8_t)((sizeof large - 5) >> 8);
	large[3] = (uint8_t)((sizeof large - 5) >> 16);
	ck_error(attest_evidence_verify(&facts, b, &nobody, 1), SR_ERR_EVIDENCE_FORMAT);
	large[0] = 8;
	ck_error(attest_evidence_kind(&kind, b), SR_ERR_EVIDENCE_FORMAT);
	large[0] = 0;
	ck_error(attest_evidence_kind(&kind, b), SR_ERR_EVIDENCE_FORMAT);
	for (unsigned i = 0; i < 4; i++) {
		blob_fill(i < 3 ? ATTEST_KIND_TPM : ATTEST_KIND_AZURE);
		if (i == 0)
			evidence.tpm.vouchers_n = 9;
		else if (i == 1)
			evidence.tpm.vouchers[1].key = evidence.tpm.vouchers[0].key;
		else if (i == 2)
			evidence.kind = (enum attest_kind)8;
		else
			evidence.azure.tee = ATTEST_KIND_SGX;
		sr_writer_init(&w, ATTEST_EVIDENCE_MAX);
		attest_evidence_write(&w, &evidence);
		ck_error(sr_writer_finish(&w), SR_ERR_OUT_OF_RANGE);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { each_genuine_quote_of_intel_comes_out_right,
		forged_and_mismatched_quotes_of_intel_are_refused,
		each_genuine_report_of_amd_comes_out_right, each_document_of_aws_comes_out_right,
		software_is_what_its_operator_signed, a_quote_of_a_tpm_comes_out_right,
		a_quote_of_a_tpm_is_refused_for_anything_that_is_wrong,
		a_voucher_is_for_one_ak_and_one_ek,
		a_key_that_may_leave_its_tpm_or_sign_anything_is_refused,
		public_areas_are_read_exactly, azures_vtpms_vouched_for_by_snp_come_out_right,
		azures_vtpms_vouched_for_by_tdx_come_out_right, evidence_has_one_encoding,
		what_can_be_read_from_outside_counts_as_debug,
		advisories_of_platform_and_parts_are_one_sorted_list,
		vouchers_come_in_their_order, what_is_no_evidence_is_refused };
	int rc;

	cases = mmap(
	    NULL, sizeof *cases, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (cases == MAP_FAILED)
		return 1;
	rc = test_main("attest/evidence", tests, sizeof tests / sizeof tests[0]);
	printf("attestation cases: dcap %zu, snp %zu, nitro %zu, tpm %zu, azure %zu, "
	       "negatives %zu\n", cases->dcap, cases->snp, cases->nitro, cases->tpm, cases->azure,
	    cases->negatives);
	return rc;
}
