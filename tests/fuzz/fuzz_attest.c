/*
 * tests/fuzz/fuzz_attest.c - vendors' evidence and collateral, from whoever brings them: quotes,
 * documents, reports, Intel's JSON, certificates' extensions. And one changed bit anywhere in a
 * whole genuine case (of a PKI that only tests trust) must not be accepted.
 */
#include <stdlib.h>
#include <string.h>

#include "attest/collateral.h"
#include "attest/dcap.h"
#include "attest/quote.h"
#include "attest/tcb.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/fake_intel.h"

static struct fake_intel genuine;
static bool made;

static void setup(void)
{
	struct fake_intel_options o;

	if (made)
		return;
	fake_intel_defaults(&o);
	fake_intel_make(&genuine, &o);
	made = true;
}

static void quote(struct sr_bytes b)
{
	struct quote q;

	if (quote_read(&q, b) == SR_OK)
		FUZZ_CHECK(q.signed_part.n + 4 + 64 + 64 <= b.n && q.qe.raw.n == 384);
}

static void json(struct sr_bytes b)
{
	struct collateral_tcb *tcb = malloc(sizeof *tcb);
	struct collateral_qe *qe = malloc(sizeof *qe);
	struct sr_bytes inner;
	uint8_t sig[64];

	FUZZ_CHECK(tcb != NULL && qe != NULL);
	if (collateral_signed(&inner, sig, b, "tcbInfo") == SR_OK &&
	    collateral_tcb_read(tcb, inner) == SR_OK)
		collateral_tcb_clear(tcb);
	if (collateral_signed(&inner, sig, b, "enclaveIdentity") == SR_OK)
		(void)!collateral_qe_read(qe, inner);
	free(tcb);
	free(qe);
}

static void document(struct sr_bytes b)
{
	struct attest_nitro_input in = { .document = b };
	struct attest_result *r = malloc(sizeof *r);

	FUZZ_CHECK(r != NULL && attest_nitro_verify(r, &in) != SR_OK);
	free(r);
}

/* input = key n u16 | key | signature n u16 | signature | pcrs n u8 (of 32) | quote */
static void tpm(struct sr_reader *r)
{
	struct attest_tpm_input in = { .nonce = { NULL, 0 } };
	uint8_t pcrs[24 * 32] = { 0 };
	struct attest_tpm out;

	in.key = sr_read_view(r, fuzz_below(r, 1024));
	in.signature = sr_read_view(r, fuzz_below(r, 600));
	in.pcrs = (struct sr_bytes){ pcrs, (size_t)(sr_read_u8(r) % 25) * 32 };
	in.quote = (struct sr_bytes){ r->p, r->left };
	if (r->error == SR_OK)
		(void)!attest_tpm_verify(&out, &in);
}

/* input = report type u8 | JSON */
static void azure(struct sr_reader *r)
{
	uint8_t hcl[2600] = { 'H', 'C', 'L', 'A' };
	struct attest_result *evidence = calloc(1, sizeof *evidence);
	struct attest_azure key;
	struct sr_bytes report = { hcl, sizeof hcl };
	size_t n;

	FUZZ_CHECK(evidence != NULL);
	hcl[1216 + 8] = sr_read_u8(r);
	hcl[1216 + 12] = 1;
	n = r->left < sizeof hcl - 1236 ? r->left : sizeof hcl - 1236;
	hcl[1216 + 16] = (uint8_t)n;
	hcl[1216 + 17] = (uint8_t)(n >> 8);
	memcpy(hcl + 1236, r->p, n);
	evidence->tee = hcl[1216 + 8] == 2 ? ATTEST_SNP : ATTEST_TDX;
	evidence->report_data_n = 64;
	memcpy(evidence->report_data, sr_hash(r->p, n).b, 32);
	if (attest_azure_key(&key, report, evidence) == SR_OK)
		FUZZ_CHECK(key.key_n > 256);
	free(evidence);
}

/* input = which u8 | place u16 | change u8 */
static void changed(struct sr_reader *r)
{
	struct sr_bytes *all[] = { &genuine.in.quote, &genuine.in.tcb_info, &genuine.in.qe_identity,
		&genuine.in.pck_crl, &genuine.in.root_crl, &genuine.in.tcb_signing };
	struct sr_bytes *which = all[sr_read_u8(r) % 6], before = *which;
	size_t place = sr_read_u16(r) % before.n;
	uint8_t change = sr_read_u8(r), *copy = malloc(before.n);
	struct attest_result *out = malloc(sizeof *out);
	enum sr_error err;

	FUZZ_CHECK(copy != NULL && out != NULL);
	memcpy(copy, before.p, before.n);
	copy[place] ^= change;
	which->p = copy;
	err = dcap_verify(out, &genuine.in, &genuine.root);
	FUZZ_CHECK((err == SR_OK) == (change == 0));
	*which = before;
	free(copy);
	free(out);
}

void fuzz_attest(const uint8_t *p, size_t n)
{
	struct tcb_platform platform;
	struct attest_snp_input snp;
	struct attest_result *out;
	struct sr_reader r;
	struct sr_bytes rest;

	setup();
	sr_reader_init(&r, p, n);
	switch (sr_read_u8(&r) % 8) {
	case 0: rest = (struct sr_bytes){ r.p, r.left }; quote(rest); return;
	case 1: rest = (struct sr_bytes){ r.p, r.left }; json(rest); return;
	case 2: rest = (struct sr_bytes){ r.p, r.left }; document(rest); return;
	case 3: tpm(&r); return;
	case 4: azure(&r); return;
	case 5: changed(&r); return;
	case 6: (void)!tcb_platform_read(&platform, (struct sr_bytes){ r.p, r.left }); return;
	default:
		memset(&snp, 0, sizeof snp);
		snp.report = (struct sr_bytes){ r.p, r.left };
		snp.leaf = genuine.in.tcb_signing;
		out = malloc(sizeof *out);
		FUZZ_CHECK(out != NULL && attest_snp_verify(out, &snp) != SR_OK);
		free(out);
		return;
	}
}

/* --- seeds --- */

static void seed_bytes(uint8_t choice, const char *label, const void *p, size_t n)
{
	struct sr_writer w;

	sr_writer_init(&w, 65536);
	sr_write_copy(&w, p, n);
	fuzz_seed_of(choice, label, &w);
}

static void cbor_bytes_of(struct sr_writer *w, const char *name, size_t n)
{
	sr_write_u8(w, (uint8_t)(0x60 | strlen(name)));
	sr_write_copy(w, (const uint8_t *)name, strlen(name));
	sr_write_u8(w, 0x58);
	sr_write_u8(w, (uint8_t)n);
	for (size_t i = 0; i < n; i++)
		sr_write_u8(w, 0x30);
}

static void seed_document(bool indefinite)
{
	static const uint8_t head[] = { 0x84, 0x44, 0xa1, 0x01, 0x38, 0x22, 0xa0, 0x59 };
	static const uint8_t fixed[] = { 0x69, 'm', 'o', 'd', 'u', 'l', 'e', '_', 'i', 'd', 0x61,
		'x', 0x66, 'd', 'i', 'g', 'e', 's', 't', 0x66, 'S', 'H', 'A', '3', '8', '4', 0x69,
		't', 'i', 'm', 'e', 's', 't', 'a', 'm', 'p', 0x1a, 0x7f, 0, 0, 0, 0x64, 'p', 'c',
		'r', 's', 0xa1, 0, 0x58, 48 };
	static const uint8_t bundle[] = { 0x68, 'c', 'a', 'b', 'u', 'n', 'd', 'l', 'e', 0x81, 0x43,
		1, 2, 3, 0x69, 'u', 's', 'e', 'r', '_', 'd', 'a', 't', 'a', 0x43, 1, 2, 3, 0x65,
		'n', 'o', 'n', 'c', 'e', 0xf6 };
	struct sr_writer map, w;

	sr_writer_init(&map, 4096);
	sr_write_u8(&map, indefinite ? 0xbf : 0xa9);
	sr_write_copy(&map, fixed, sizeof fixed);
	for (int i = 0; i < 48; i++)
		sr_write_u8(&map, 7);
	cbor_bytes_of(&map, "certificate", 200);
	sr_write_copy(&map, bundle, sizeof bundle);
	cbor_bytes_of(&map, "public_key", 40);
	if (indefinite)
		sr_write_u8(&map, 0xff);
	else
		map.p[0] = 0xa9;
	sr_writer_init(&w, 8192);
	sr_write_copy(&w, head, sizeof head);
	sr_write_u8(&w, (uint8_t)(map.n >> 8));
	sr_write_u8(&w, (uint8_t)map.n);
	sr_write_copy(&w, map.p, map.n);
	sr_write_u8(&w, 0x58);
	sr_write_u8(&w, 96);
	for (int i = 0; i < 96; i++)
		sr_write_u8(&w, 9);
	fuzz_seed_of(2, "document", &w);
	sr_writer_clear(&map);
}

void seed_attest(void)
{
	static const char jwk[] =
	    "\2{\"keys\":[{\"kid\":\"HCLAkPub\",\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"AQAB\"}]}";
	static const uint8_t programs[][4] = { { 0, 0, 0, 0 }, { 0, 60, 0, 1 }, { 1, 40, 1, 2 },
		{ 3, 30, 0, 1 }, { 4, 200, 0, 1 }, { 5, 9, 1, 128 } };
	uint8_t report[1184] = { 2 };
	struct fake_intel_options o;
	struct fake_intel f;

	fake_intel_defaults(&o);
	fake_intel_make(&f, &o);
	seed_bytes(0, "quote", f.in.quote.p, f.in.quote.n);
	seed_bytes(1, "tcb", f.in.tcb_info.p, f.in.tcb_info.n);
	seed_bytes(1, "qe", f.in.qe_identity.p, f.in.qe_identity.n);
	seed_document(false);
	seed_document(true);
	seed_bytes(4, "azure", jwk, sizeof jwk - 1);
	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
		seed_bytes(5, "change", programs[i], 4);
	report[0x34] = 1;
	seed_bytes(7, "snp", report, sizeof report);
	fake_intel_clear(&f);
}
