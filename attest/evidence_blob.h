/*
 * attest/evidence_blob.h - one kind of bytes for every kind of evidence, written by platforms and
 * read by attest/evidence.h. Base only: who produces evidence need not be able to verify it.
 * Collateral travels with what it is for; anyone may bring newer by sending the evidence again.
 *
 * evidence = kind u8 (enum attest_kind) | fields (blob: u32 length, bytes):
 *   SOFTWARE  measurement 32 | report data 64 | signature 64 of the operator's key over "strongroom
 *             software evidence v1": kind | measurement | report data
 *   SGX, TDX  blobs quote, tcb info, qe identity, pck crl, root crl, tcb signing, qe signing
 *   SNP       blobs report, leaf, ask, ark
 *   NITRO     blob document; its user data are the report data
 *   TPM       blobs quote (TPMS_ATTEST), signature (TPMT_SIGNATURE), AK (TPMT_PUBLIC), values of
 *             the SHA-256 PCRs 0.. in order (32 each), EK certificate, chain above it
 *           | vouchers n u8 (at most 8), each: provisioner's key 32, signature 64 over
 *             "strongroom ak v1": SHA-256 of the EK certificate | name of the AK 34; keys rise
 *   AZURE     tee u8 (ATTEST_KIND_SNP, ATTEST_KIND_TDX) | blob HCL report
 *           | SNP: blobs leaf, ask, ark; TDX: as TDX
 *           | blobs TPM quote, signature, PCR values
 * Each of Intel's signing certificates must be there, so that facts do not depend on the time.
 * A quote is exactly as long as it says: who fetches it cuts what a service puts behind.
 * The qualifying data of a TPM's quote are the report data, or attest_report_data_short's 32 bytes.
 */
#ifndef SR_ATTEST_EVIDENCE_BLOB_H
#define SR_ATTEST_EVIDENCE_BLOB_H

#include "attest/facts.h"

#define ATTEST_EVIDENCE_MAX (80u * 1024u)
#define ATTEST_AK_NAME 34u

/* All borrowed. */
struct attest_evidence_software {
	struct sr_hash32 measurement;
	uint8_t report_data[ATTEST_REPORT_DATA];
	struct sr_sig64 signature;
};
struct attest_evidence_dcap {
	struct sr_bytes quote, tcb_info, qe_identity, pck_crl, root_crl, tcb_signing, qe_signing;
};
struct attest_evidence_snp { struct sr_bytes report, leaf, ask, ark; };
struct attest_voucher { struct sr_edpk key; struct sr_sig64 signature; };
struct attest_evidence_tpm {
	struct sr_bytes quote, signature, ak, pcrs, ek_certificate, ek_chain;
	uint32_t vouchers_n;                 /* rising by key, none twice */
	struct attest_voucher vouchers[ATTEST_FACTS_VOUCHERS_MAX];
};
struct attest_evidence_azure {
	enum attest_kind tee;                /* SNP, TDX */
	struct sr_bytes hcl_report, quote, signature, pcrs;
	struct attest_evidence_snp snp;      /* but for the report, which the HCL report holds */
	struct attest_evidence_dcap dcap;
};

struct attest_evidence {
	enum attest_kind kind;               /* says which of these is there; the others are zero */
	struct attest_evidence_software software;
	struct attest_evidence_dcap dcap;
	struct attest_evidence_snp snp;
	struct sr_bytes nitro;
	struct attest_evidence_tpm tpm;
	struct attest_evidence_azure azure;
};

/* A kind that does not exist, or vouchers out of order, fail the writer (OUT_OF_RANGE). */
void attest_evidence_write(struct sr_writer *w, const struct attest_evidence *e);
/* EVIDENCE_FORMAT; borrows from the bytes. */
SR_MUST_CHECK enum sr_error attest_evidence_read(
    struct attest_evidence *out, struct sr_bytes bytes);
/* EVIDENCE_FORMAT for no bytes or an unknown kind. */
SR_MUST_CHECK enum sr_error attest_evidence_kind(enum attest_kind *kind, struct sr_bytes evidence);

void attest_software_sign(struct attest_evidence_software *out, const struct sr_hash32 *measurement,
    const uint8_t report_data[ATTEST_REPORT_DATA], const struct sr_edsk *operator_key);
/* EVIDENCE_BAD. */
SR_MUST_CHECK enum sr_error attest_software_verify(
    const struct attest_evidence_software *e, const struct sr_edpk *operator_key);

/* A provisioner's word that this AK lives in the TPM of this EK, which answered its challenge
 * (attest/tpm_credential.h). */
void attest_voucher_sign(struct attest_voucher *out, const struct sr_edsk *provisioner,
    const struct sr_edpk *provisioner_key, struct sr_bytes ek_certificate,
    const uint8_t ak_name[ATTEST_AK_NAME]);
/* EVIDENCE_BAD. */
SR_MUST_CHECK enum sr_error attest_voucher_verify(const struct attest_voucher *v,
    struct sr_bytes ek_certificate, const uint8_t ak_name[ATTEST_AK_NAME]);

#endif
