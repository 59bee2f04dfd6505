#include "attest/dcap.h"

#include <stdlib.h>
#include <string.h>

#include "attest/signers.h"
#include "attest/tcb.h"

#define SGX_DEBUG 0x02u
#define TD_DEBUG 0x01u

/* SHA-256 of the certificate "Intel SGX Root CA" (valid 2018 to 2049). */
static const struct sr_hash32 intel_root = { { 0x44, 0xa0, 0x19, 0x6b, 0x2b, 0x99, 0xf8, 0x89, 0xb8,
    0xe1, 0x49, 0xe9, 0x5b, 0x80, 0x7a, 0x35, 0x0e, 0x74, 0x24, 0x96, 0x43, 0x99, 0xe8, 0x85, 0xa7,
    0xcb, 0xb8, 0xcc, 0xfa, 0xb6, 0x74, 0xd3 } };

struct work {
	struct quote quote;
	struct cert_chain pck;
	struct tcb_platform platform;
	struct collateral_tcb tcb;
	struct collateral_qe qe;
	struct cert_window window;
};

/* --- Certificates --- */

static enum sr_error platform_chain(struct work *w, struct attest_result *out,
    const struct attest_dcap_input *in, const struct sr_hash32 *root)
{
	struct cert_chain *c = &w->pck;
	uint8_t *extension;
	size_t n;
	enum sr_error err;

	SR_TRY(cert_chain_read(c, w->quote.pck_chain));
	SR_TRY(cert_chain_verify(c, root, 1, &w->window));
	if (c->n != 3)
		return SR_ERR_CHAIN_BAD;
	SR_TRY(cert_named(c->at[0], "Intel SGX PCK Certificate"));
	err = cert_named(c->at[1], "Intel SGX PCK Platform CA");
	out->dcap.pck_platform = err == SR_OK;
	if (err == SR_ERR_CHAIN_BAD)
		err = cert_named(c->at[1], "Intel SGX PCK Processor CA");
	SR_TRY(err);
	SR_TRY(cert_not_revoked(c->at[1], c->at[2], in->root_crl, &w->window));
	SR_TRY(cert_not_revoked(c->at[0], c->at[1], in->pck_crl, &w->window));
	SR_TRY(cert_extension(&extension, &n, c->at[0], "1.2.840.113741.1.13.1"));
	err = tcb_platform_read(&w->platform, (struct sr_bytes){ extension, n });
	free(extension);
	return err;
}

/* Only the root's own child of that name signs collateral: a PCK certificate leads to the same
 * root. */
static enum sr_error signing_chain(struct work *w, struct cert_chain *c, struct sr_bytes bytes,
    const struct attest_dcap_input *in, const struct sr_hash32 *root)
{
	SR_TRY(cert_chain_read(c, bytes));
	SR_TRY(cert_chain_complete(c, &w->pck));
	SR_TRY(cert_chain_verify(c, root, 1, &w->window));
	if (c->n != 2)
		return SR_ERR_CHAIN_BAD;
	SR_TRY(cert_named(c->at[0], "Intel SGX TCB Signing"));
	return cert_not_revoked(c->at[0], c->at[1], in->root_crl, &w->window);
}

/* --- Collateral --- */

static enum sr_error signed_json(struct sr_bytes *inner, const struct cert_chain *signer,
    struct sr_bytes file, const char *name)
{
	uint8_t sig[64];
	enum sr_error err;

	SR_TRY(collateral_signed(inner, sig, file, name));
	err = cert_verify_rs(signer->at[0], CERT_P256, *inner, sig, sig + 32);
	return err == SR_OK || sr_error_is_shortage(err) ? err : SR_ERR_COLLATERAL_BAD;
}

/* By the signer that was given, or by the published one whose time it is: both have one key. */
static enum sr_error signed_by(struct sr_bytes *inner, struct work *w, struct sr_bytes signer,
    const struct attest_dcap_input *in, struct sr_bytes file, const char *name,
    const struct sr_hash32 *root)
{
	size_t n = signer.n > 0 ? 1 : INTEL_SIGNERS;
	enum sr_error err = SR_ERR_COLLATERAL_BAD;

	for (size_t i = 0; i < n; i++) {
		struct cert_chain chain = { .n = 0 };
		struct cert_window before = w->window;

		err = signing_chain(w, &chain, signer.n > 0 ? signer : intel_signers[i], in, root);
		if (err == SR_OK)
			err = signed_json(inner, &chain, file, name);
		cert_chain_clear(&chain);
		if (sr_error_is_shortage(err) ||
		    (err == SR_OK && (i + 1 == n || cert_window_holds(&w->window, in->time_s))))
			return err;
		if (i + 1 < n)
			w->window = before;
	}
	return err;
}

static enum sr_error collateral(struct work *w, struct attest_result *out,
    const struct attest_dcap_input *in, const struct sr_hash32 *root)
{
	struct sr_bytes inner;

	SR_TRY(signed_by(&inner, w, in->tcb_signing, in, in->tcb_info, "tcbInfo", root));
	SR_TRY(collateral_tcb_read(&w->tcb, inner));
	SR_TRY(signed_by(&inner, w, in->qe_signing, in, in->qe_identity, "enclaveIdentity", root));
	SR_TRY(collateral_qe_read(&w->qe, inner));
	cert_window_cut(&w->window, w->tcb.issued, w->tcb.next);
	cert_window_cut(&w->window, w->qe.issued, w->qe.next);
	out->evaluation = w->tcb.evaluation < w->qe.evaluation ? w->tcb.evaluation
							       : w->qe.evaluation;
	if (w->tcb.tdx != w->quote.tdx || w->qe.td != w->quote.tdx ||
	    memcmp(w->tcb.fmspc, w->platform.fmspc, sizeof w->tcb.fmspc) != 0 ||
	    memcmp(w->tcb.pce_id, w->platform.pce_id, sizeof w->tcb.pce_id) != 0)
		return SR_ERR_COLLATERAL_OTHER;
	return SR_OK;
}

/* --- The quote --- */

/* The platform's key vouches for the quoting enclave, whose report vouches for the attestation key,
 * which signs the quote. */
static enum sr_error quote_verify(const struct work *w)
{
	const struct quote *q = &w->quote;
	uint8_t expected[64] = { 0 };
	struct sr_sha256 sha;
	struct sr_hash32 binding;

	SR_TRY(cert_verify_rs(
	    w->pck.at[0], CERT_P256, q->qe.raw, q->qe_signature, q->qe_signature + 32));
	SR_TRY(sr_sha256_init(&sha));
	sr_sha256_update(&sha, q->key, 64);
	sr_sha256_update(&sha, q->auth.p, q->auth.n);
	binding = sr_sha256_finish(&sha);
	memcpy(expected, binding.b, sizeof binding.b);
	if (memcmp(expected, q->qe.report_data, sizeof expected) != 0)
		return SR_ERR_EVIDENCE_BAD;
	return cert_point_verify_rs(
	    q->key, CERT_P256, q->signed_part, q->signature, q->signature + 32);
}

static void tell(struct attest_result *out, const struct work *w)
{
	const struct quote *q = &w->quote;

	out->tee = q->tdx ? ATTEST_TDX : ATTEST_SGX;
	out->dcap.quote_version = q->version;
	memcpy(out->dcap.fmspc, w->platform.fmspc, sizeof out->dcap.fmspc);
	if (w->platform.ppid_known)
		out->platform = sr_hash_domain("strongroom intel platform v1",
		    &(struct sr_bytes){ w->platform.ppid, sizeof w->platform.ppid }, 1);
	out->report_data_n = 64;
	out->measurement_n = out->signer_n = q->tdx ? 48 : 32;
	if (q->tdx) {
		out->debug = (q->td.attributes[0] & TD_DEBUG) != 0;
		memcpy(out->measurement, q->td.mrtd, 48);
		memcpy(out->signer, q->td.mr_signer_seam, 48);
		memcpy(out->report_data, q->td.report_data, 64);
		out->dcap.td_report = q->td.td15 ? 15 : 10;
		memcpy(out->dcap.tee_tcb_svn, q->td.tee_tcb_svn, 16);
		memcpy(out->dcap.td_attributes, q->td.attributes, 8);
		memcpy(out->dcap.rtmrs, q->td.rtmrs, sizeof out->dcap.rtmrs);
		memcpy(out->dcap.mr_signer_seam, q->td.mr_signer_seam, 48);
	} else {
		out->debug = (q->sgx.attributes[0] & SGX_DEBUG) != 0;
		memcpy(out->measurement, q->sgx.mrenclave, 32);
		memcpy(out->signer, q->sgx.mrsigner, 32);
		memcpy(out->report_data, q->sgx.report_data, 64);
		out->dcap.isv_prod_id = q->sgx.isv_prod_id;
		out->dcap.isv_svn = q->sgx.isv_svn;
	}
}

static struct sr_hash32 collateral_hash(const struct attest_dcap_input *in)
{
	const struct sr_bytes *all[] = { &in->tcb_info, &in->qe_identity, &in->pck_crl,
		&in->root_crl, &in->tcb_signing, &in->qe_signing };
	struct sr_hash32 each[6];
	struct sr_bytes parts[6];

	for (size_t i = 0; i < 6; i++) {
		each[i] = sr_hash(all[i]->p, all[i]->n);
		parts[i] = (struct sr_bytes){ each[i].b, sizeof each[i].b };
	}
	return sr_hash_domain("strongroom collateral v1", parts, 6);
}

static enum sr_error verify(struct work *w, struct attest_result *out,
    const struct attest_dcap_input *in, const struct sr_hash32 *root)
{
	cert_window_init(&w->window);
	SR_TRY(quote_read(&w->quote, in->quote));
	SR_TRY(platform_chain(w, out, in, root));
	SR_TRY(collateral(w, out, in, root));
	SR_TRY(quote_verify(w));
	if (!cert_window_holds(&w->window, in->time_s))
		return SR_ERR_COLLATERAL_TIME;
	tell(out, w);
	SR_TRY(tcb_evaluate(out, &w->quote, &w->platform, &w->tcb, &w->qe));
	out->valid_from = w->window.from;
	out->valid_to = w->window.to;
	out->collateral = collateral_hash(in);
	return SR_OK;
}

enum sr_error dcap_verify(struct attest_result *out, const struct attest_dcap_input *in,
    const struct sr_hash32 *root)
{
	struct work *w;
	enum sr_error err;

	memset(out, 0, sizeof *out);
	if (in->quote.n > ATTEST_QUOTE_MAX)
		return SR_ERR_EVIDENCE_FORMAT;
	w = calloc(1, sizeof *w);
	if (w == NULL)
		return SR_ERR_NO_MEMORY;
	err = verify(w, out, in, root);
	if (err != SR_OK)
		memset(out, 0, sizeof *out);
	cert_chain_clear(&w->pck);
	collateral_tcb_clear(&w->tcb);
	free(w);
	return err;
}

enum sr_error attest_dcap_verify(struct attest_result *out, const struct attest_dcap_input *in)
{
	return dcap_verify(out, in, &intel_root);
}
