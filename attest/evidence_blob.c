#include "attest/evidence_blob.h"

#include <string.h>

#define SOFTWARE_MESSAGE (1 + 32 + ATTEST_REPORT_DATA)
#define VOUCHER_MESSAGE (32 + ATTEST_AK_NAME)

static const char software_domain[] = "strongroom software evidence v1";
static const char voucher_domain[] = "strongroom ak v1";

enum sr_error attest_evidence_kind(enum attest_kind *kind, struct sr_bytes evidence)
{
	if (evidence.n == 0 || attest_kind_measurement_n(evidence.p[0]) == 0)
		return SR_ERR_EVIDENCE_FORMAT;
	*kind = (enum attest_kind)evidence.p[0];
	return SR_OK;
}

/* --- Signatures of our own --- */

static void software_message(
    uint8_t out[SOFTWARE_MESSAGE], const struct attest_evidence_software *e)
{
	out[0] = ATTEST_KIND_SOFTWARE;
	memcpy(out + 1, e->measurement.b, 32);
	memcpy(out + 33, e->report_data, ATTEST_REPORT_DATA);
}

void attest_software_sign(struct attest_evidence_software *out, const struct sr_hash32 *measurement,
    const uint8_t report_data[ATTEST_REPORT_DATA], const struct sr_edsk *operator_key)
{
	uint8_t message[SOFTWARE_MESSAGE];

	out->measurement = *measurement;
	memcpy(out->report_data, report_data, ATTEST_REPORT_DATA);
	software_message(message, out);
	sr_sign(&out->signature, operator_key, software_domain, message, sizeof message);
}

enum sr_error attest_software_verify(
    const struct attest_evidence_software *e, const struct sr_edpk *operator_key)
{
	uint8_t message[SOFTWARE_MESSAGE];

	software_message(message, e);
	return sr_verify(operator_key, &e->signature, software_domain, message, sizeof message)
		    == SR_OK ? SR_OK : SR_ERR_EVIDENCE_BAD;
}

static void voucher_message(uint8_t out[VOUCHER_MESSAGE], struct sr_bytes ek_certificate,
    const uint8_t ak_name[ATTEST_AK_NAME])
{
	struct sr_hash32 ek = sr_hash(ek_certificate.p, ek_certificate.n);

	memcpy(out, ek.b, sizeof ek.b);
	memcpy(out + sizeof ek.b, ak_name, ATTEST_AK_NAME);
}

void attest_voucher_sign(struct attest_voucher *out, const struct sr_edsk *provisioner,
    const struct sr_edpk *provisioner_key, struct sr_bytes ek_certificate,
    const uint8_t ak_name[ATTEST_AK_NAME])
{
	uint8_t message[VOUCHER_MESSAGE];

	voucher_message(message, ek_certificate, ak_name);
	out->key = *provisioner_key;
	sr_sign(&out->signature, provisioner, voucher_domain, message, sizeof message);
}

enum sr_error attest_voucher_verify(const struct attest_voucher *v, struct sr_bytes ek_certificate,
    const uint8_t ak_name[ATTEST_AK_NAME])
{
	uint8_t message[VOUCHER_MESSAGE];

	voucher_message(message, ek_certificate, ak_name);
	return sr_verify(&v->key, &v->signature, voucher_domain, message, sizeof message) == SR_OK
	    ? SR_OK : SR_ERR_EVIDENCE_BAD;
}

/* --- Writing --- */

static void blob_write(struct sr_writer *w, struct sr_bytes b)
{
	sr_write_blob(w, b.p, b.n);
}

static void dcap_write(struct sr_writer *w, const struct attest_evidence_dcap *e)
{
	blob_write(w, e->quote);
	blob_write(w, e->tcb_info);
	blob_write(w, e->qe_identity);
	blob_write(w, e->pck_crl);
	blob_write(w, e->root_crl);
	blob_write(w, e->tcb_signing);
	blob_write(w, e->qe_signing);
}

static void chain_write(struct sr_writer *w, const struct attest_evidence_snp *e)
{
	blob_write(w, e->leaf);
	blob_write(w, e->ask);
	blob_write(w, e->ark);
}

static void tpm_write(struct sr_writer *w, const struct attest_evidence_tpm *e)
{
	blob_write(w, e->quote);
	blob_write(w, e->signature);
	blob_write(w, e->ak);
	blob_write(w, e->pcrs);
	blob_write(w, e->ek_certificate);
	blob_write(w, e->ek_chain);
	if (e->vouchers_n > ATTEST_FACTS_VOUCHERS_MAX) {
		sr_writer_fail(w, SR_ERR_OUT_OF_RANGE);
		return;
	}
	sr_write_u8(w, (uint8_t)e->vouchers_n);
	for (uint32_t i = 0; i < e->vouchers_n; i++) {
		const struct attest_voucher *v = &e->vouchers[i];

		if (i > 0 && memcmp(&e->vouchers[i - 1].key, &v->key, sizeof v->key) >= 0)
			sr_writer_fail(w, SR_ERR_OUT_OF_RANGE);
		sr_write_edpk(w, &v->key);
		sr_write_sig(w, &v->signature);
	}
}

static void azure_write(struct sr_writer *w, const struct attest_evidence_azure *e)
{
	if (e->tee != ATTEST_KIND_SNP && e->tee != ATTEST_KIND_TDX)
		sr_writer_fail(w, SR_ERR_OUT_OF_RANGE);
	sr_write_u8(w, (uint8_t)e->tee);
	blob_write(w, e->hcl_report);
	if (e->tee == ATTEST_KIND_SNP)
		chain_write(w, &e->snp);
	else
		dcap_write(w, &e->dcap);
	blob_write(w, e->quote);
	blob_write(w, e->signature);
	blob_write(w, e->pcrs);
}

void attest_evidence_write(struct sr_writer *w, const struct attest_evidence *e)
{
	sr_write_u8(w, (uint8_t)e->kind);
	switch (e->kind) {
	case ATTEST_KIND_SOFTWARE:
		sr_write_hash(w, &e->software.measurement);
		sr_write_copy(w, e->software.report_data, ATTEST_REPORT_DATA);
		sr_write_sig(w, &e->software.signature);
		return;
	case ATTEST_KIND_SGX:
	case ATTEST_KIND_TDX: dcap_write(w, &e->dcap); return;
	case ATTEST_KIND_SNP:
		blob_write(w, e->snp.report);
		chain_write(w, &e->snp);
		return;
	case ATTEST_KIND_NITRO: blob_write(w, e->nitro); return;
	case ATTEST_KIND_TPM: tpm_write(w, &e->tpm); return;
	case ATTEST_KIND_AZURE: azure_write(w, &e->azure); return;
	}
	sr_writer_fail(w, SR_ERR_OUT_OF_RANGE);
}

/* --- Reading --- */

static struct sr_bytes blob_read(struct sr_reader *r)
{
	return sr_read_blob(r, ATTEST_EVIDENCE_MAX);
}

static void dcap_read(struct attest_evidence_dcap *e, struct sr_reader *r)
{
	e->quote = blob_read(r);
	e->tcb_info = blob_read(r);
	e->qe_identity = blob_read(r);
	e->pck_crl = blob_read(r);
	e->root_crl = blob_read(r);
	e->tcb_signing = blob_read(r);
	e->qe_signing = blob_read(r);
}

static void chain_read(struct attest_evidence_snp *e, struct sr_reader *r)
{
	e->leaf = blob_read(r);
	e->ask = blob_read(r);
	e->ark = blob_read(r);
}

static void tpm_read(struct attest_evidence_tpm *e, struct sr_reader *r)
{
	uint32_t n;

	e->quote = blob_read(r);
	e->signature = blob_read(r);
	e->ak = blob_read(r);
	e->pcrs = blob_read(r);
	e->ek_certificate = blob_read(r);
	e->ek_chain = blob_read(r);
	n = sr_read_u8(r);
	if (n > ATTEST_FACTS_VOUCHERS_MAX)
		sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
	for (uint32_t i = 0; r->error == SR_OK && i < n; i++) {
		struct attest_voucher *v = &e->vouchers[e->vouchers_n++];

		v->key = sr_read_edpk(r);
		v->signature = sr_read_sig(r);
		if (i > 0 && memcmp(&v[-1].key, &v->key, sizeof v->key) >= 0)
			sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
	}
}

static void azure_read(struct attest_evidence_azure *e, struct sr_reader *r)
{
	unsigned tee = sr_read_u8(r);

	if (tee != ATTEST_KIND_SNP && tee != ATTEST_KIND_TDX)
		sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
	e->tee = (enum attest_kind)tee;
	e->hcl_report = blob_read(r);
	if (e->tee == ATTEST_KIND_SNP)
		chain_read(&e->snp, r);
	else
		dcap_read(&e->dcap, r);
	e->quote = blob_read(r);
	e->signature = blob_read(r);
	e->pcrs = blob_read(r);
}

static void fields_read(struct attest_evidence *e, struct sr_reader *r)
{
	switch (e->kind) {
	case ATTEST_KIND_SOFTWARE:
		e->software.measurement = sr_read_hash(r);
		sr_read_copy(r, e->software.report_data, ATTEST_REPORT_DATA);
		e->software.signature = sr_read_sig(r);
		return;
	case ATTEST_KIND_SGX:
	case ATTEST_KIND_TDX: dcap_read(&e->dcap, r); return;
	case ATTEST_KIND_SNP:
		e->snp.report = blob_read(r);
		chain_read(&e->snp, r);
		return;
	case ATTEST_KIND_NITRO: e->nitro = blob_read(r); return;
	case ATTEST_KIND_TPM: tpm_read(&e->tpm, r); return;
	case ATTEST_KIND_AZURE: azure_read(&e->azure, r); return;
	}
}

enum sr_error attest_evidence_read(struct attest_evidence *out, struct sr_bytes bytes)
{
	struct sr_reader r;
	enum attest_kind kind;

	memset(out, 0, sizeof *out);
	if (bytes.n > ATTEST_EVIDENCE_MAX)
		return SR_ERR_EVIDENCE_FORMAT;
	SR_TRY(attest_evidence_kind(&kind, bytes));
	out->kind = kind;
	sr_reader_init(&r, bytes.p + 1, bytes.n - 1);
	fields_read(out, &r);
	if (sr_reader_finish(&r) == SR_OK)
		return SR_OK;
	memset(out, 0, sizeof *out);
	return SR_ERR_EVIDENCE_FORMAT;
}
