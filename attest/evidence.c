#include "attest/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "attest/attest.h"
#include "attest/tpm_public.h"

/* --- Facts of a TEE's result --- */

static enum attest_product product_of(const char *name)
{
	static const char *const names[] = { "milan", "genoa", "turin" };

	for (unsigned i = 0; i < ATTEST_PRODUCTS; i++)
		if (strcmp(names[i], name) == 0)
			return (enum attest_product)(i + 1);
	return (enum attest_product)0;
}

static int advisory_compare(const void *a, const void *b)
{
	return memcmp(a, b, ATTEST_FACTS_ADVISORY_MAX);
}

/* The platform's and its parts', sorted, each once. */
static enum sr_error advisories_tell(struct attest_facts *f, const struct attest_result *r)
{
	const struct attest_advisories *both[] = { &r->advisories, &r->parts };
	char ids[2 * ATTEST_ADVISORIES_MAX][ATTEST_FACTS_ADVISORY_MAX];
	size_t n = 0;

	memset(ids, 0, sizeof ids);
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < both[k]->n; i++, n++)
			memcpy(ids[n], both[k]->id[i],
			    strnlen(both[k]->id[i], ATTEST_FACTS_ADVISORY_MAX - 1));
	qsort(ids, n, sizeof ids[0], advisory_compare);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && memcmp(ids[i - 1], ids[i], sizeof ids[i]) == 0)
			continue;
		if (f->advisories_n == ATTEST_FACTS_ADVISORIES_MAX ||
		    !attest_advisory_valid(ids[i]))
			return SR_ERR_COLLATERAL_BAD;
		memcpy(f->advisories[f->advisories_n++], ids[i], sizeof ids[i]);
	}
	return SR_OK;
}

static void svns_tell(struct attest_facts *f, const struct attest_result *r)
{
	const uint8_t svns[ATTEST_SVNS] = { r->snp.boot_loader, r->snp.tee, r->snp.snp,
		r->snp.microcode, r->snp.fmc };

	f->product = (uint8_t)product_of(r->snp.product);
	memcpy(f->svns, svns, sizeof svns);
}

/* Any bit of TUD is a TD under debug. Bit 29 is MIGRATABLE: its memory's key is open to a migration
 * TD, which its operator chose. */
static bool td_readable(const uint8_t attributes[8])
{
	return attributes[0] != 0 || (attributes[3] & 0x20u) != 0;
}

/* All but measurement, signer and report data. */
static enum sr_error result_tell(struct attest_facts *f, const struct attest_result *r)
{
	f->status = r->status;
	f->debug = r->debug;
	f->platform = r->platform;
	f->collateral = r->collateral;
	f->evaluation = r->evaluation;
	f->tcb_date_s = r->tcb_date;
	f->valid_from_s = r->valid_from;
	f->valid_to_s = r->valid_to;
	if (r->tee == ATTEST_SNP) {
		svns_tell(f, r);
		/* An agent that may move the guest may read it. */
		f->debug = f->debug || r->snp.migrate_ma;
	}
	if (r->tee == ATTEST_TDX)
		f->debug = f->debug || td_readable(r->dcap.td_attributes);
	return advisories_tell(f, r);
}

static enum sr_error tee_tell(struct attest_facts *f, const struct attest_result *r)
{
	struct sr_hash32 td;

	if (r->report_data_n > sizeof f->report_data)
		return SR_ERR_EVIDENCE_FORMAT;
	/* What was launched is at VMPL 0; its measurement does not tell what it let run above. */
	if (r->tee == ATTEST_SNP && r->snp.vmpl != 0)
		return SR_ERR_BINDING;
	memcpy(f->report_data, r->report_data, r->report_data_n);
	memcpy(f->measurement, r->measurement, r->measurement_n);
	f->measurement_n = r->measurement_n;
	memcpy(f->signer, r->signer, r->signer_n);
	f->signer_n = r->signer_n;
	if (r->tee == ATTEST_TDX) {
		td = attest_measurement_tdx(r->measurement, r->dcap.rtmrs);
		memset(f->measurement, 0, sizeof f->measurement);
		memcpy(f->measurement, td.b, sizeof td.b);
		f->measurement_n = sizeof td.b;
		memcpy(f->signer, r->measurement, r->measurement_n);
		f->signer_n = r->measurement_n;
	}
	return result_tell(f, r);
}

enum sr_error attest_result_facts(struct attest_facts *out, const struct attest_result *r)
{
	static const enum attest_kind kinds[] = { [ATTEST_SGX] = ATTEST_KIND_SGX,
		[ATTEST_TDX] = ATTEST_KIND_TDX, [ATTEST_SNP] = ATTEST_KIND_SNP,
		[ATTEST_NITRO] = ATTEST_KIND_NITRO };
	enum sr_error err;

	memset(out, 0, sizeof *out);
	out->kind = kinds[r->tee];
	err = tee_tell(out, r);
	if (err != SR_OK)
		memset(out, 0, sizeof *out);
	return err;
}

/* --- Vendors' evidence --- */

static enum sr_error dcap_result(struct attest_result *r, const struct attest_evidence_dcap *e,
    enum attest_tee tee, uint64_t time_s)
{
	struct attest_dcap_input in = { .quote = e->quote, .tcb_info = e->tcb_info,
		.qe_identity = e->qe_identity, .pck_crl = e->pck_crl, .root_crl = e->root_crl,
		.tcb_signing = e->tcb_signing, .qe_signing = e->qe_signing, .time_s = time_s };

	/* Those that Intel publishes would be tried, and which fits depends on who looks when. */
	if (in.tcb_signing.n == 0 || in.qe_signing.n == 0)
		return SR_ERR_EVIDENCE_FORMAT;
	SR_TRY(attest_dcap_verify(r, &in));
	return r->tee == tee ? SR_OK : SR_ERR_EVIDENCE_FORMAT;
}

static enum sr_error snp_result(struct attest_result *r, const struct attest_evidence_snp *e,
    struct sr_bytes report, uint64_t time_s)
{
	struct attest_snp_input in = { .report = report, .leaf = e->leaf, .ask = e->ask,
		.ark = e->ark, .time_s = time_s };

	return attest_snp_verify(r, &in);
}

static enum sr_error tee_verify(struct attest_facts *f, struct attest_result *r,
    const struct attest_evidence *e, uint64_t time_s)
{
	struct attest_nitro_input nitro = { .document = e->nitro, .time_s = time_s };

	if (e->kind == ATTEST_KIND_SNP)
		SR_TRY(snp_result(r, &e->snp, e->snp.report, time_s));
	else if (e->kind == ATTEST_KIND_NITRO)
		SR_TRY(time_s != 0 ? attest_nitro_verify(r, &nitro) : SR_ERR_COLLATERAL_TIME);
	else
		SR_TRY(dcap_result(r, &e->dcap,
		    e->kind == ATTEST_KIND_SGX ? ATTEST_SGX : ATTEST_TDX, time_s));
	return attest_result_facts(f, r);
}

/* --- Software --- */

static enum sr_error software_verify(struct attest_facts *f,
    const struct attest_evidence_software *e, const struct attest_trust *trust)
{
	if (trust->operator_key == NULL)
		return SR_ERR_EVIDENCE_BAD;
	SR_TRY(attest_software_verify(e, trust->operator_key));
	f->status = ATTEST_UP_TO_DATE;
	memcpy(f->measurement, e->measurement.b, sizeof e->measurement.b);
	f->measurement_n = sizeof e->measurement.b;
	memcpy(f->report_data, e->report_data, sizeof f->report_data);
	f->valid_to_s = UINT64_MAX;
	return SR_OK;
}

/* --- TPM --- */

static void report_data_tell(struct attest_facts *f, const struct attest_tpm *quote)
{
	memcpy(f->report_data, quote->nonce, quote->nonce_n);
}

static void measurement_tell(struct attest_facts *f, const struct sr_hash32 *measurement)
{
	memcpy(f->measurement, measurement->b, sizeof measurement->b);
	f->measurement_n = sizeof measurement->b;
}

static bool trusted(const struct attest_trust *trust, const struct sr_edpk *key)
{
	for (size_t i = 0; i < trust->provisioners_n; i++)
		if (memcmp(&trust->provisioners[i], key, sizeof *key) == 0)
			return true;
	return false;
}

static enum sr_error vouchers_verify(struct attest_facts *f, const struct attest_evidence_tpm *e,
    const struct tpm_public *ak, const struct attest_trust *trust)
{
	for (uint32_t i = 0; i < e->vouchers_n; i++) {
		if (!trusted(trust, &e->vouchers[i].key))
			continue;
		SR_TRY(attest_voucher_verify(&e->vouchers[i], e->ek_certificate, ak->name));
		f->vouchers[f->vouchers_n++] = e->vouchers[i].key;
	}
	return SR_OK;
}

static enum sr_error tpm_verify(struct attest_facts *f, const struct attest_evidence_tpm *e,
    const struct attest_trust *trust, uint64_t time_s)
{
	struct attest_tpm_input in = { .quote = e->quote, .signature = e->signature,
		.pcrs = e->pcrs };
	struct sr_hash32 hashes[2] = { sr_hash(e->ek_certificate.p, e->ek_certificate.n),
		sr_hash(e->ek_chain.p, e->ek_chain.n) };
	struct sr_bytes parts[2] = { { hashes[0].b, 32 }, { hashes[1].b, 32 } };
	struct attest_endorsement endorsement;
	struct attest_tpm quote;
	struct tpm_public ak;
	struct sr_hash32 measurement;

	SR_TRY(tpm_attestation_key_read(&ak, e->ak));
	in.key = (struct sr_bytes){ ak.spki, ak.spki_n };
	SR_TRY(attest_tpm_verify(&quote, &in));
	SR_TRY(attest_tpm_endorsed(&endorsement, e->ek_certificate, e->ek_chain, trust->makers,
	    trust->makers_n, time_s));
	SR_TRY(vouchers_verify(f, e, &ak, trust));
	measurement = attest_measurement_pcrs(quote.pcr_mask, &quote.pcr_digest);
	measurement_tell(f, &measurement);
	report_data_tell(f, &quote);
	f->status = ATTEST_UP_TO_DATE;
	f->platform = endorsement.platform;
	f->collateral = sr_hash_domain("strongroom collateral v1", parts, 2);
	f->valid_from_s = endorsement.valid_from;
	f->valid_to_s = endorsement.valid_to;
	return SR_OK;
}

/* --- Azure --- */

static enum sr_error azure_result(struct attest_result *r, const struct attest_evidence_azure *e,
    uint64_t time_s)
{
	struct sr_bytes report;

	if (e->tee == ATTEST_KIND_TDX)
		return dcap_result(r, &e->dcap, ATTEST_TDX, time_s);
	SR_TRY(attest_azure_snp_report(&report, e->hcl_report));
	return snp_result(r, &e->snp, report, time_s);
}

enum sr_error attest_result_facts_azure(
    struct attest_facts *out, const struct attest_result *r, const struct attest_tpm *vtpm)
{
	struct sr_hash32 measurement = attest_measurement_pcrs(vtpm->pcr_mask, &vtpm->pcr_digest);
	enum sr_error err;

	memset(out, 0, sizeof *out);
	out->kind = ATTEST_KIND_AZURE;
	measurement = attest_measurement_azure(
	    r->tee == ATTEST_TDX ? ATTEST_KIND_TDX : ATTEST_KIND_SNP, r->measurement, &measurement);
	measurement_tell(out, &measurement);
	memcpy(out->signer, r->measurement, r->measurement_n);
	out->signer_n = r->measurement_n;
	report_data_tell(out, vtpm);
	err = result_tell(out, r);
	if (err != SR_OK)
		memset(out, 0, sizeof *out);
	return err;
}

static enum sr_error azure_verify(struct attest_facts *f, struct attest_result *r,
    const struct attest_evidence_azure *e, uint64_t time_s)
{
	struct attest_tpm_input in = { .quote = e->quote, .signature = e->signature,
		.pcrs = e->pcrs };
	struct attest_azure azure;
	struct attest_tpm quote;

	SR_TRY(azure_result(r, e, time_s));
	SR_TRY(attest_azure_key(&azure, e->hcl_report, r));
	in.key = (struct sr_bytes){ azure.key, azure.key_n };
	SR_TRY(attest_tpm_verify(&quote, &in));
	return attest_result_facts_azure(f, r, &quote);
}

/* --- All of them --- */

static enum sr_error verify(struct attest_facts *f, struct attest_result *r,
    const struct attest_evidence *e, const struct attest_trust *trust, uint64_t time_s)
{
	f->kind = e->kind;
	switch (e->kind) {
	case ATTEST_KIND_SOFTWARE: return software_verify(f, &e->software, trust);
	case ATTEST_KIND_SGX:
	case ATTEST_KIND_TDX:
	case ATTEST_KIND_SNP:
	case ATTEST_KIND_NITRO: return tee_verify(f, r, e, time_s);
	case ATTEST_KIND_TPM: return tpm_verify(f, &e->tpm, trust, time_s);
	case ATTEST_KIND_AZURE: return azure_verify(f, r, &e->azure, time_s);
	}
	return SR_ERR_EVIDENCE_FORMAT;
}

enum sr_error attest_evidence_verify(struct attest_facts *facts, struct sr_bytes evidence,
    const struct attest_trust *trust, uint64_t time_s)
{
	struct attest_result *r;
	struct attest_evidence e;
	enum sr_error err;

	memset(facts, 0, sizeof *facts);
	SR_TRY(attest_evidence_read(&e, evidence));
	r = calloc(1, sizeof *r);
	if (r == NULL)
		return SR_ERR_NO_MEMORY;
	err = verify(facts, r, &e, trust, time_s);
	free(r);
	if (err != SR_OK)
		memset(facts, 0, sizeof *facts);
	return err;
}
