/* TPM 2.0 quotes: a swtpm's own, and the vTPMs of Azure's confidential VMs that SNP or TDX vouch
 * for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/attest.h"
#include "base/hex.h"
#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"
#include "tests/lib/vectors.h"

#define SKIP "TPM quotes"
#define OWNED_MAX 16u

static uint8_t *owned[OWNED_MAX];
static size_t owned_n;

static struct sr_bytes file(const char *path)
{
	size_t n = 0;
	uint8_t *p = test_vectors_bytes(path, &n, SKIP);

	ck_assert_uint_lt(owned_n, OWNED_MAX);
	owned[owned_n++] = p;
	return (struct sr_bytes){ p, n };
}

static void done(void)
{
	while (owned_n > 0)
		free(owned[--owned_n]);
}

/* tpm2-tools: a selection, then at most eight values a list, each 2 + 64 bytes; the quoted ones. */
static void swtpm_pcrs(uint8_t out[24 * 32], struct sr_bytes f, uint32_t mask)
{
	size_t k = 0;

	memset(out, 0, 24 * 32);
	for (uint32_t i = 0; i < 24; i++) {
		size_t at;

		if ((mask >> i & 1u) == 0)
			continue;
		at = 136 + k / 8 * 532 + 4 + k % 8 * 66;
		ck_assert_uint_eq(f.p[at], 32);
		memcpy(out + (size_t)i * 32, f.p + at + 2, 32);
		k++;
	}
}

static void swtpm_load(struct attest_tpm_input *in, uint8_t pcrs[24 * 32], uint8_t nonce[32])
{
	struct sr_bytes hex = file("tpm/swtpm_sample/nonce.hex");

	in->quote = file("tpm/swtpm_sample/quote.msg");
	in->signature = file("tpm/swtpm_sample/quote.sig");
	in->key = file("tpm/swtpm_sample/ak.pub");
	if (hex.p == NULL)
		return;
	ck_ok(sr_hex_decode(nonce, 32, (const char *)hex.p, 64));
	in->nonce = (struct sr_bytes){ nonce, 32 };
	swtpm_pcrs(pcrs, file("tpm/swtpm_sample/quote.pcrs"), 0x48ff);
	in->pcrs = (struct sr_bytes){ pcrs, 24 * 32 };
}

START_TEST(a_quote_of_a_tpm_is_verified_with_its_pcrs_and_its_nonce)
{
	struct attest_tpm_input in;
	struct attest_tpm tpm;
	uint8_t pcrs[24 * 32], nonce[32];

	swtpm_load(&in, pcrs, nonce);
	if (in.quote.p == NULL)
		return;
	ck_ok(attest_tpm_verify(&tpm, &in));
	ck_assert_uint_eq(tpm.pcr_mask, 0x48ff);
	nonce[0] ^= 1;
	ck_error(attest_tpm_verify(&tpm, &in), SR_ERR_BINDING);
	nonce[0] ^= 1;
	pcrs[0] ^= 1;
	ck_error(attest_tpm_verify(&tpm, &in), SR_ERR_EVIDENCE_BAD);
	pcrs[0] ^= 1;
	pcrs[8 * 32] ^= 1;                   /* not covered */
	ck_ok(attest_tpm_verify(&tpm, &in));
	in.pcrs.n = 8 * 32;                  /* covered, and not there */
	ck_error(attest_tpm_verify(&tpm, &in), SR_ERR_EVIDENCE_FORMAT);
	in.quote = file("tpm/swtpm_sample/nv.attest");
	in.signature = file("tpm/swtpm_sample/nv.sig");
	ck_error(attest_tpm_verify(&tpm, &in), SR_ERR_EVIDENCE_FORMAT);
	done();
}
END_TEST

START_TEST(no_bit_of_a_tpm_quote_can_be_another)
{
	struct attest_tpm_input in;
	struct attest_tpm tpm;
	uint8_t pcrs[24 * 32], nonce[32];

	swtpm_load(&in, pcrs, nonce);
	if (in.quote.p == NULL)
		return;
	for (size_t k = 0; k < 2; k++) {
		uint8_t *p = owned[1 + k];
		size_t n = k == 0 ? in.quote.n : in.signature.n;

		for (size_t bit = 0; bit < n * 8; bit++) {
			p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			ck_assert_msg(
			    attest_tpm_verify(&tpm, &in) != SR_OK, "input %zu bit %zu", k, bit);
			p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
	done();
}
END_TEST

START_TEST(an_endorsement_certificate_leads_to_its_maker)
{
	struct sr_bytes ek = file("tpm/swtpm_sample/ek_rsa.der");
	struct sr_bytes issuer = file("tpm/swtpm_sample/issuercert.pem");
	struct sr_bytes root = file("tpm/swtpm_sample/swtpm-localca-rootca-cert.pem");
	struct sr_hash32 maker, other = { { 1 } };
	struct attest_endorsement e;
	uint8_t der[4096], above[8192];
	struct sr_bytes both = { above, 0 };
	size_t n = 0, body_n;
	uint64_t at = 1800000000;            /* 2027 */
	const char *body;

	if (ek.p == NULL)
		return;
	/* The fingerprint of the root, from its PEM. */
	body = (const char *)root.p + strlen("-----BEGIN CERTIFICATE-----\n");
	body_n = (size_t)(strstr(body, "-----END") - body);
	{
		static const char digits[] =
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
		uint32_t bits = 0, have = 0;

		for (size_t i = 0; i < body_n; i++) {
			const char *d = memchr(digits, body[i], 64);

			if (d == NULL)
				continue;
			bits = bits << 6 | (uint32_t)(d - digits);
			have += 6;
			if (have >= 8) {
				have -= 8;
				der[n++] = (uint8_t)(bits >> have);
			}
		}
	}
	maker = sr_hash(der, n);
	ck_assert_uint_lt(issuer.n + root.n, sizeof above);
	memcpy(above, issuer.p, issuer.n);
	memcpy(above + issuer.n, root.p, root.n);
	both.n = issuer.n + root.n;
	ck_ok(attest_tpm_endorsed(&e, ek, both, &maker, 1, at));
	ck_assert(!sr_hash32_is_zero(&e.platform) && e.valid_from < at && at < e.valid_to);
	ck_error(attest_tpm_endorsed(&e, ek, both, &other, 1, at), SR_ERR_CHAIN_BAD);
	ck_assert(sr_hash32_is_zero(&e.platform));
	ck_error(attest_tpm_endorsed(&e, ek, root, &maker, 1, at), SR_ERR_CHAIN_BAD);
	/* Those above endorse; they are no endorsement keys. */
	ck_error(attest_tpm_endorsed(&e, issuer, root, &maker, 1, at), SR_ERR_CHAIN_BAD);
	ck_error(attest_tpm_endorsed(&e, root, root, &maker, 1, at), SR_ERR_CHAIN_BAD);
	ck_error(attest_tpm_endorsed(&e, ek, both, &maker, 1, 1), SR_ERR_COLLATERAL_TIME);
	done();
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
		const char *d = memchr(digits, *text, 64);

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

static void azure_quote(const json_t *quote, const struct attest_azure *azure)
{
	const json_t *values = json_object_get(quote, "pcrs");
	struct attest_tpm_input in = { .key = { azure->key, azure->key_n } };
	struct attest_tpm tpm;
	uint8_t pcrs[24 * 32], *message, *signature;

	message = test_vectors_hex(quote, "message", &in.quote.n);
	signature = test_vectors_hex(quote, "signature", &in.signature.n);
	in.quote.p = message;
	in.signature.p = signature;
	for (size_t i = 0; i < 24; i++)
		ck_ok(sr_hex_decode(
		    pcrs + i * 32, 32, json_string_value(json_array_get(values, i)), 64));
	in.pcrs = (struct sr_bytes){ pcrs, sizeof pcrs };
	ck_ok(attest_tpm_verify(&tpm, &in));
	message[20] ^= 1;
	ck_assert_int_ne((int)attest_tpm_verify(&tpm, &in), (int)SR_OK);
	free(message);
	free(signature);
}

START_TEST(snp_vouches_for_the_key_of_an_azure_vtpm)
{
	static const char *const names[] = { "tpm/azure_snp_vtpm/evidence-v1.json",
		"tpm/azure_snp_vtpm/evidence-v2.json" };

	for (size_t i = 0; i < 2; i++) {
		json_t *v = test_vectors_load(names[i], SKIP);
		uint8_t hcl[4096], vcek[4096];
		struct sr_bytes report = { hcl, 0 };
		struct attest_snp_input in = { .time_s = 1790000000 };
		struct attest_azure azure;
		struct attest_result r;

		if (v == NULL)
			return;
		report.n = unbase64url(hcl, json_string_value(json_object_get(v, "hcl_report")));
		in.leaf.n = unbase64url(vcek, json_string_value(json_object_get(v, "vcek")));
		in.leaf.p = vcek;
		in.ask = file("snp/certs/sev-milan_67d303bd.der");
		in.ark = file("snp/certs/ark-milan_69d063b4.der");
		ck_ok(attest_azure_snp_report(&in.report, report));
		ck_ok(attest_snp_verify(&r, &in));
		ck_ok(attest_azure_key(&azure, report, &r));
		azure_quote(json_object_get(v, "tpm_quote"), &azure);
		r.snp.vmpl = 2;              /* by the guest, of a JSON of its own */
		ck_error(attest_azure_key(&azure, report, &r), SR_ERR_BINDING);
		r.snp.vmpl = 0;
		hcl[1300] ^= 1;              /* another key in the JSON */
		ck_error(attest_azure_key(&azure, report, &r), SR_ERR_BINDING);
		ck_assert(sr_hash32_is_zero(&azure.runtime));
		json_decref(v);
		done();
	}
}
END_TEST

START_TEST(tdx_vouches_for_the_key_of_an_azure_vtpm)
{
	json_t *v = test_vectors_load("tpm/azure_tdx_vtpm/tpm-quote-v1.json", SKIP);
	struct sr_bytes report, quote;
	struct attest_azure azure;
	struct attest_result r = { .tee = ATTEST_TDX, .report_data_n = 64 };

	if (v == NULL)
		return;
	report = file("tpm/azure_tdx_vtpm/hcl-report.bin");
	quote = file("tpm/azure_tdx_vtpm/td-quote.bin");
	/* The quote's own verification has its vectors; here its report data, where a v4 quote has
	 * them. */
	memcpy(r.report_data, quote.p + 48 + 520, 64);
	ck_ok(attest_azure_key(&azure, report, &r));
	azure_quote(v, &azure);
	json_decref(v);
	done();
}
END_TEST

TEST_MAIN("attest/tpm", a_quote_of_a_tpm_is_verified_with_its_pcrs_and_its_nonce,
    no_bit_of_a_tpm_quote_can_be_another, an_endorsement_certificate_leads_to_its_maker,
    snp_vouches_for_the_key_of_an_azure_vtpm, tdx_vouches_for_the_key_of_an_azure_vtpm)
