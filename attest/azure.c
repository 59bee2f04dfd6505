/*
 * Azure's confidential VMs: the paravisor makes the vTPM, and the platform's report binds its key:
 * the report data begin with SHA-256 of a JSON that names the key (HCL report, "HCLA").
 */
#include <string.h>

#include "attest/attest.h"
#include "attest/cert.h"
#include "attest/collateral.h"

#define HCL_BYTES 2600u
#define HCL_HEADER 32u
#define HCL_HARDWARE 1184u
#define HASH_SHA256 1u

struct runtime { struct sr_bytes hardware, json; uint32_t type; };

/* Report types of the runtime data. */
enum { HCL_SNP = 2, HCL_TDX = 4 };

static enum sr_error hcl_read(struct runtime *out, struct sr_bytes bytes)
{
	struct sr_reader r;
	struct sr_bytes magic;
	uint32_t json_n;

	if (bytes.n != HCL_BYTES)
		return SR_ERR_EVIDENCE_FORMAT;
	sr_reader_init(&r, bytes.p, bytes.n);
	magic = sr_read_view(&r, 4);
	sr_read_view(&r, HCL_HEADER - 4);
	out->hardware = sr_read_view(&r, HCL_HARDWARE);
	sr_read_u32(&r);
	sr_read_u32(&r);
	out->type = sr_read_u32(&r);
	if (sr_read_u32(&r) != HASH_SHA256)
		return SR_ERR_EVIDENCE_FORMAT;
	json_n = sr_read_u32(&r);
	out->json = sr_read_view(&r, json_n);
	if (r.error != SR_OK || memcmp(magic.p, "HCLA", 4) != 0 || json_n == 0)
		return SR_ERR_EVIDENCE_FORMAT;
	return SR_OK;
}

enum sr_error attest_azure_snp_report(struct sr_bytes *out, struct sr_bytes hcl_report)
{
	struct runtime rt;

	SR_TRY(hcl_read(&rt, hcl_report));
	if (rt.type != HCL_SNP)
		return SR_ERR_EVIDENCE_FORMAT;
	*out = rt.hardware;
	return SR_OK;
}

static enum sr_error key_read(struct attest_azure *out, struct sr_bytes hcl_report,
    const struct attest_result *evidence)
{
	struct runtime rt;
	uint8_t modulus[512], exponent[8];
	struct sr_bytes n = { modulus, 0 }, e = { exponent, 0 };

	SR_TRY(hcl_read(&rt, hcl_report));
	if (evidence->tee != (rt.type == HCL_SNP ? ATTEST_SNP : ATTEST_TDX) ||
	    evidence->report_data_n < 32)
		return SR_ERR_EVIDENCE_FORMAT;
	/* The paravisor is at VMPL 0; a guest above it can have a report of any data. */
	if (evidence->tee == ATTEST_SNP && evidence->snp.vmpl != 0)
		return SR_ERR_BINDING;
	out->runtime = sr_hash(rt.json.p, rt.json.n);
	if (memcmp(out->runtime.b, evidence->report_data, 32) != 0)
		return SR_ERR_BINDING;
	SR_TRY(collateral_jwk_rsa(modulus, &n.n, sizeof modulus, exponent, &e.n, sizeof exponent,
	    rt.json, "HCLAkPub"));
	return cert_key_rsa_spki(out->key, &out->key_n, sizeof out->key, n, e);
}

enum sr_error attest_azure_key(struct attest_azure *out, struct sr_bytes hcl_report,
    const struct attest_result *evidence)
{
	enum sr_error err;

	memset(out, 0, sizeof *out);
	err = key_read(out, hcl_report, evidence);
	if (err != SR_OK)
		memset(out, 0, sizeof *out);
	return err;
}
