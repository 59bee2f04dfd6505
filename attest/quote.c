#include "attest/quote.h"

#include <string.h>

#define ECDSA_P256 2u
#define TEE_SGX 0u
#define TEE_TDX 0x81u
#define BODY_SGX 384u
#define BODY_TD10 584u
#define BODY_TD15 648u
#define CERT_PCK_CHAIN 5u
#define CERT_QE_REPORT 6u

static const uint8_t intel_qe[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a,
	0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };

static void report_read(struct quote_report *out, struct sr_reader *outer)
{
	struct sr_reader r;

	out->raw = sr_read_view(outer, BODY_SGX);
	if (outer->error != SR_OK)
		return;
	sr_reader_init(&r, out->raw.p, out->raw.n);
	sr_read_view(&r, 16);                /* CPUSVN */
	sr_read_copy(&r, out->miscselect, 4);
	sr_read_view(&r, 28);
	sr_read_copy(&r, out->attributes, 16);
	sr_read_copy(&r, out->mrenclave, 32);
	sr_read_view(&r, 32);
	sr_read_copy(&r, out->mrsigner, 32);
	sr_read_view(&r, 96);
	out->isv_prod_id = sr_read_u16(&r);
	out->isv_svn = sr_read_u16(&r);
	sr_read_view(&r, 60);
	sr_read_copy(&r, out->report_data, 64);
}

static void td_read(struct quote_td *out, struct sr_reader *r, bool td15)
{
	out->td15 = td15;
	sr_read_copy(r, out->tee_tcb_svn, 16);
	sr_read_view(r, 48);                 /* MRSEAM */
	sr_read_copy(r, out->mr_signer_seam, 48);
	sr_read_copy(r, out->seam_attributes, 8);
	sr_read_copy(r, out->attributes, 8);
	sr_read_view(r, 8);                  /* XFAM */
	sr_read_copy(r, out->mrtd, 48);
	sr_read_view(r, 3 * 48);             /* MRCONFIGID, MROWNER, MROWNERCONFIG */
	sr_read_copy(r, out->rtmrs, sizeof out->rtmrs);
	sr_read_copy(r, out->report_data, 64);
	if (td15) {
		sr_read_copy(r, out->tee_tcb_svn2, 16);
		sr_read_view(r, 48);         /* MRSERVICETD */
	}
}

static void body_read(struct quote *out, struct sr_reader *r, uint32_t tee)
{
	uint16_t type = tee == TEE_SGX ? 1 : 2;
	uint32_t size = tee == TEE_SGX ? BODY_SGX : BODY_TD10;

	if (out->version == 5) {
		type = sr_read_u16(r);
		size = sr_read_u32(r);
	}
	out->tdx = tee == TEE_TDX;
	if (!out->tdx && type == 1 && size == BODY_SGX)
		report_read(&out->sgx, r);
	else if (out->tdx && type == 2 && size == BODY_TD10)
		td_read(&out->td, r, false);
	else if (out->tdx && type == 3 && size == BODY_TD15)
		td_read(&out->td, r, true);
	else
		sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
}

static void header_read(struct quote *out, struct sr_reader *r, uint32_t *tee)
{
	struct sr_bytes vendor;

	out->version = sr_read_u16(r);
	if (sr_read_u16(r) != ECDSA_P256)
		sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
	*tee = sr_read_u32(r);
	sr_read_u32(r); /* QE and PCE SVN of v3; the QE report has the former */
	vendor = sr_read_view(r, 16);
	sr_read_view(r, 20);                 /* user data */
	if (r->error == SR_OK && memcmp(vendor.p, intel_qe, sizeof intel_qe) != 0)
		sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
	if (out->version < 3 || out->version > 5 || (*tee != TEE_SGX && *tee != TEE_TDX) ||
	    (out->version == 3 && *tee != TEE_SGX))
		sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
}

/* v3 has it in line; v4 and v5 inside certification data of type 6. */
static void qe_read(struct quote *out, struct sr_reader *r)
{
	struct sr_bytes view;

	report_read(&out->qe, r);
	view = sr_read_view(r, 64);
	out->qe_signature = view.p;
	out->auth = sr_read_view(r, sr_read_u16(r));
	if (sr_read_u16(r) != CERT_PCK_CHAIN)
		sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
	out->pck_chain = sr_read_view(r, sr_read_u32(r));
}

static void signature_read(struct quote *out, struct sr_reader *outer)
{
	struct sr_bytes all = sr_read_view(outer, sr_read_u32(outer)), view;
	struct sr_reader r, inner;

	if (outer->error != SR_OK)
		return;
	sr_reader_init(&r, all.p, all.n);
	view = sr_read_view(&r, 64);
	out->signature = view.p;
	view = sr_read_view(&r, 64);
	out->key = view.p;
	if (out->version == 3) {
		qe_read(out, &r);
	} else {
		if (sr_read_u16(&r) != CERT_QE_REPORT)
			sr_reader_fail(&r, SR_ERR_EVIDENCE_FORMAT);
		view = sr_read_view(&r, sr_read_u32(&r));
		if (r.error == SR_OK) {
			sr_reader_init(&inner, view.p, view.n);
			qe_read(out, &inner);
			if (sr_reader_finish(&inner) != SR_OK)
				sr_reader_fail(&r, SR_ERR_EVIDENCE_FORMAT);
		}
	}
	if (sr_reader_finish(&r) != SR_OK)
		sr_reader_fail(outer, SR_ERR_EVIDENCE_FORMAT);
}

enum sr_error quote_read(struct quote *out, struct sr_bytes bytes)
{
	struct sr_reader r;
	uint32_t tee = 0;

	memset(out, 0, sizeof *out);
	sr_reader_init(&r, bytes.p, bytes.n);
	header_read(out, &r, &tee);
	body_read(out, &r, tee);
	if (r.error != SR_OK)
		return SR_ERR_EVIDENCE_FORMAT;
	out->signed_part = (struct sr_bytes){ bytes.p, bytes.n - r.left };
	signature_read(out, &r);
	return sr_reader_finish(&r) == SR_OK ? SR_OK : SR_ERR_EVIDENCE_FORMAT;
}
