/*
 * attest/quote.h - Intel's ECDSA quotes taken apart: SGX v3, and v4 and v5 of SGX and TDX. Nothing
 * is verified here; every length must fit exactly.
 */
#ifndef SR_ATTEST_QUOTE_H
#define SR_ATTEST_QUOTE_H

#include "base/buf.h"

/* An SGX REPORTBODY (Intel SDM vol. 3D). */
struct quote_report {
	struct sr_bytes raw;                 /* 384 bytes */
	uint8_t miscselect[4], attributes[16], mrenclave[32], mrsigner[32], report_data[64];
	uint16_t isv_prod_id, isv_svn;
};

struct quote_td {
	bool td15;
	uint8_t tee_tcb_svn[16], tee_tcb_svn2[16], mr_signer_seam[48], seam_attributes[8];
	uint8_t attributes[8], mrtd[48], rtmrs[4 * 48], report_data[64];
};

/* Borrows from the quote. */
struct quote {
	uint16_t version;
	bool tdx;
	struct quote_report sgx;             /* !tdx */
	struct quote_td td;                  /* tdx */
	struct sr_bytes signed_part;         /* header and body */
	const uint8_t *signature, *key;      /* r || s; x || y of the attestation key */
	struct quote_report qe;
	const uint8_t *qe_signature;
	struct sr_bytes auth, pck_chain;     /* PEM */
};

SR_MUST_CHECK enum sr_error quote_read(struct quote *out, struct sr_bytes bytes);

#endif
