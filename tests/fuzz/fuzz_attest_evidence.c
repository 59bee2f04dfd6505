/* tests/fuzz/fuzz_attest_evidence.c - evidence of any kind, from whoever wants to join: one
 * encoding, and nothing that is made here is genuine but what its operator signed. */
#include <stdlib.h>
#include <string.h>

#include "attest/evidence.h"
#include "attest/tpm_public.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/fake_intel.h"

static struct attest_evidence evidence;
static struct sr_edsk sk;
static struct sr_edpk operator_key;
static bool made;

static void setup(void)
{
	struct sr_key32 seed = { { 7 } };

	if (!made)
		sr_ed25519_keypair(&sk, &operator_key, &seed);
	made = true;
}

static void blob(const uint8_t *p, size_t n)
{
	struct attest_trust trust = { .operator_key = &operator_key };
	struct sr_bytes bytes = { p, n };
	struct attest_facts f;
	struct sr_writer w;

	if (attest_evidence_read(&evidence, bytes) != SR_OK) {
		FUZZ_CHECK(attest_evidence_verify(&f, bytes, &trust, 1) == SR_ERR_EVIDENCE_FORMAT);
		return;
	}
	sr_writer_init(&w, ATTEST_EVIDENCE_MAX);
	attest_evidence_write(&w, &evidence);
	fuzz_same(&w, p, n);
	if (attest_evidence_verify(&f, bytes, &trust, FAKE_INTEL_NOW) == SR_OK)
		FUZZ_CHECK(f.kind == ATTEST_KIND_SOFTWARE);
}

static void key(const uint8_t *p, size_t n)
{
	struct tpm_public ak;

	if (tpm_attestation_key_read(&ak, (struct sr_bytes){ p, n }) == SR_OK)
		FUZZ_CHECK(ak.spki_n > 64 && ak.name[1] == 0x0b);
}

/* input = which u8 | bytes */
void fuzz_attest_evidence(const uint8_t *p, size_t n)
{
	setup();
	if (n == 0)
		return;
	if (p[0] % 2 == 0)
		blob(p + 1, n - 1);
	else
		key(p + 1, n - 1);
}

static void seed(const char *label)
{
	struct sr_writer w;

	sr_writer_init(&w, ATTEST_EVIDENCE_MAX);
	attest_evidence_write(&w, &evidence);
	fuzz_seed_of(0, label, &w);
}

static void seed_key(const uint8_t *head, size_t head_n, size_t body_n)
{
	struct sr_writer w;

	sr_writer_init(&w, 1024);
	sr_write_copy(&w, head, head_n);
	for (size_t i = 0; i < body_n; i++)
		sr_write_u8(&w, i == 32 && body_n == 66 ? 0 : i == 33 && body_n == 66 ? 32 : 0xc5);
	fuzz_seed_of(1, "key", &w);
}

static void seed_intel(void)
{
	struct fake_intel_options o;
	struct fake_intel f;

	fake_intel_defaults(&o);
	fake_intel_make(&f, &o);
	evidence.kind = ATTEST_KIND_SGX;
	evidence.dcap = (struct attest_evidence_dcap){ f.in.quote, f.in.tcb_info,
		f.in.qe_identity, f.in.pck_crl, f.in.root_crl, f.in.tcb_signing, f.in.qe_signing };
	seed("sgx");
	fake_intel_clear(&f);
}

void seed_attest_evidence(void)
{
	static const uint8_t some[] = "some bytes", report[1184] = { 2 };
	static const uint8_t rsa[] = { 0, 1, 0, 0x0b, 0, 5, 0, 0x72, 0, 0, 0, 0x10, 0, 0x14, 0,
		0x0b, 8, 0, 0, 0, 0, 0, 1, 0 };
	static const uint8_t ecc[] = { 0, 0x23, 0, 0x0b, 0, 5, 0, 0x72, 0, 0, 0, 0x10, 0, 0x18, 0,
		0x0b, 0, 3, 0, 0x10, 0, 32 };
	struct sr_bytes b = { some, sizeof some };
	uint8_t report_data[64] = { 1 };

	setup();
	memset(&evidence, 0, sizeof evidence);
	evidence.kind = ATTEST_KIND_SOFTWARE;
	attest_software_sign(&evidence.software, &(struct sr_hash32){ { 2 } }, report_data, &sk);
	seed("software");
	seed_intel();
	evidence.kind = ATTEST_KIND_SNP;
	evidence.snp = (struct attest_evidence_snp){ { report, sizeof report }, b, b, b };
	seed("snp");
	evidence.kind = ATTEST_KIND_NITRO;
	evidence.nitro = b;
	seed("nitro");
	evidence.kind = ATTEST_KIND_TPM;
	evidence.tpm = (struct attest_evidence_tpm){ .quote = b, .ak = b, .vouchers_n = 2 };
	evidence.tpm.vouchers[1].key.b[0] = 1;
	seed("tpm");
	evidence.kind = ATTEST_KIND_AZURE;
	evidence.azure = (struct attest_evidence_azure){ .tee = ATTEST_KIND_SNP, .quote = b };
	seed("azure");
	evidence.azure.tee = ATTEST_KIND_TDX;
	seed("azure");
	seed_key(rsa, sizeof rsa, 256);
	seed_key(ecc, sizeof ecc, 66);
}
