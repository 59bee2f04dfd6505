/*
 * attest/evidence.h - one kind of bytes for every kind of evidence, and its verification. Carried by
 * genesis entries, JOIN and REATTEST operations, channel certificates and the attesteer. Collateral
 * travels with what it is for; anyone may bring newer collateral by sending the evidence again.
 *
 * evidence = kind u8 (enum attest_kind) | fields:
 *   SOFTWARE  measurement 32 | report data 64 | signature of the operator's key (as genesis v1)
 *   SGX, TDX  blobs quote, tcb info, qe identity, pck crl, root crl, tcb signing, qe signing chain
 *   SNP       blobs report, leaf, ask, ark
 *   NITRO     blob document
 *   TPM       blobs quote (TPMS_ATTEST), signature (TPMT_SIGNATURE), AK (TPMT_PUBLIC), PCR values,
 *             EK certificate, chain above it | u32 n | n times provisioner key 32, signature 64
 *             over "strongroom ak v1": SHA-256 of the EK certificate | name of the AK.
 *             The quote's qualifying data is the report data; the name of the AK is nameAlg ||
 *             H(TPMT_PUBLIC), and its attributes must say fixedTPM, restricted, sign.
 *   AZURE     blobs HCL report, SNP leaf, ask, ark, TPM quote, signature, PCR values. The quote's
 *             qualifying data is the report data.
 */
#ifndef SR_ATTEST_EVIDENCE_H
#define SR_ATTEST_EVIDENCE_H

#include "attest/facts.h"

#define ATTEST_EVIDENCE_MAX (80u * 1024u)

/* What some kinds are rooted in besides their vendors' pinned keys. */
struct attest_trust {
	const struct sr_hash32 *makers;          /* TPM makers' roots */
	size_t makers_n;
	const struct sr_edpk *provisioners;
	size_t provisioners_n;
	const struct sr_edpk *operator_key;      /* SOFTWARE: who must have signed; NULL: nobody can */
};

/* SR_OK: genuine at that time; facts say what it says. Errors as attest/attest.h, and EVIDENCE_KIND
 * for a kind that is not known. TPM signatures by provisioners outside of trust are ignored. */
SR_MUST_CHECK enum sr_error attest_evidence_verify(struct attest_facts *facts,
    struct sr_bytes evidence, const struct attest_trust *trust, uint64_t time_s);
/* EVIDENCE_FORMAT for no bytes or an unknown kind. */
SR_MUST_CHECK enum sr_error attest_evidence_kind(enum attest_kind *kind, struct sr_bytes evidence);

#endif
