/*
 * attest/attest.h - is this evidence genuine, and what does it say? Pure: the time is an argument,
 * nothing is fetched. "Verified" and "acceptable" are two answers: these functions give the first
 * and the facts; whoever has a policy decides the second.
 *
 *   dcap.c    Intel SGX v3 and TDX v4, v5 ECDSA quotes, with their collateral
 *   snp.c     AMD SEV-SNP reports, VCEK and VLEK
 *   nitro.c   AWS Nitro documents
 *   tpm.c     TPM 2.0 quotes by a key that something else vouches for; who vouches on Azure:
 * azure.c
 *
 * Sources: Intel SGX/TDX DCAP quote library API and PCS v4 documents; AMD 56860 (SNP ABI) and 57230
 * (VCEK); AWS Nitro Enclaves attestation process; TPM 2.0 Library part 2 (structures); RFC 5280,
 * 8949, 9052.
 */
#ifndef SR_ATTEST_ATTEST_H
#define SR_ATTEST_ATTEST_H

#include "attest/facts.h"

#define ATTEST_QUOTE_MAX (64u * 1024u)
#define ATTEST_COLLATERAL_MAX (1024u * 1024u)
#define ATTEST_ADVISORIES_MAX ATTEST_FACTS_ADVISORIES_MAX
#define ATTEST_ADVISORY_MAX ATTEST_FACTS_ADVISORY_MAX

enum attest_tee {
	ATTEST_SGX = 1,
	ATTEST_TDX,
	ATTEST_SNP,
	ATTEST_NITRO
};

const char *attest_tee_name(enum attest_tee tee);

/* What only Intel's quotes have. 0: not known, or not of this kind. */
struct attest_dcap {
	uint16_t quote_version, td_report;   /* td_report: 10, 15 */
	uint8_t fmspc[6], tee_tcb_svn[16], td_attributes[8], mr_signer_seam[48], rtmrs[4 * 48];
	uint16_t isv_prod_id, isv_svn;
	enum attest_status level, module, qe;
	bool pck_platform;                   /* issued by the platform CA, not the processor CA */
};

/* What only AMD's reports have. */
struct attest_snp {
	uint32_t version, vmpl, guest_svn;
	uint64_t policy;
	bool vlek, migrate_ma, smt;
	uint8_t host_data[32], chip_id[64];
	uint8_t boot_loader, tee, snp, microcode, fmc;
	char product[16];                    /* milan, genoa, turin */
};

/* What only AWS's documents have. */
struct attest_nitro {
	uint64_t time_ms;
	uint8_t nonce[512], public_key[1024], pcrs[16][48];
	size_t nonce_n, public_key_n;
	uint32_t pcrs_known;                 /* bit i: PCR i is there */
};

struct attest_advisories { char id[ATTEST_ADVISORIES_MAX][ATTEST_ADVISORY_MAX]; size_t n; };

struct attest_result {
	enum attest_tee tee;
	enum attest_status status;
	bool debug;
	uint8_t measurement[48],
	    signer[48]; /* MRENCLAVE, MRTD, MEASUREMENT, PCR0; MRSIGNER, MRSIGNERSEAM */
	size_t measurement_n, signer_n;
	uint8_t report_data[512];            /* 64 bytes; Nitro: user data of at most 512 */
	size_t report_data_n;
	uint64_t valid_from, valid_to; /* unix s: the time in which all that was used is valid */
	uint64_t tcb_date;
	uint32_t evaluation;                 /* the smaller tcbEvaluationDataNumber; 0: none */
	struct attest_advisories advisories,
	    parts;                           /* of the platform's level; of its module and QE */
	struct sr_hash32 collateral;         /* over all inputs but the evidence itself */
	struct sr_hash32 platform;           /* names the machine (PPID, chip id); zero: not told */
	struct attest_dcap dcap;
	struct attest_snp snp;
	struct attest_nitro nitro;
};

/* All borrowed. Certificates are DER or PEM, one or a chain, leaf first. Without a signing
 * certificate those that Intel publishes are tried. */
struct attest_dcap_input {
	struct sr_bytes quote, tcb_info, qe_identity, pck_crl, root_crl;
	struct sr_bytes tcb_signing, qe_signing;
	uint64_t time_s;
};
struct attest_snp_input {
	struct sr_bytes report, leaf, ask, ark;
	uint64_t time_s;
};
/* root: empty, or the AWS root to look at; only the pinned one is ever trusted. */
struct attest_nitro_input {
	struct sr_bytes document, root;
	uint64_t time_s;                     /* 0: the document's own */
};

/* A quote by an attestation key. key: SubjectPublicKeyInfo, DER or PEM. signature: TPMT_SIGNATURE,
 * or the bare RSASSA bytes. pcrs: the values of SHA-256 PCRs 0.. in order, 32 bytes each. nonce:
 * what the quote must have been asked with; empty: any, and the caller looks at it. */
struct attest_tpm_input { struct sr_bytes quote, signature, key, pcrs, nonce; };
struct attest_tpm {
	uint32_t pcr_mask;                   /* the PCRs that the quote covers */
	struct sr_hash32 pcr_digest;
	uint8_t nonce[64];
	size_t nonce_n;
	uint64_t clock_ms, firmware;
	uint32_t reset_count, restart_count;
	bool clock_safe;
};

/* An Azure confidential VM: the platform's evidence vouches for the JSON that names the vTPM's key.
 */
struct attest_azure { uint8_t key[512]; size_t key_n; struct sr_hash32 runtime; };

/*
 * SR_OK: every signature, chain and binding holds at that time; out says what the evidence says,
 * which may be an outdated or a debug enclave. On an error out holds zeros.
 *   EVIDENCE_FORMAT   not such a quote, or not exactly as long as it says
 *   EVIDENCE_BAD      a signature or binding inside of the evidence does not verify
 *   CHAIN_BAD         certificates that do not lead to the pinned root
 *   COLLATERAL_TIME   genuine, but not valid at this time
 *   COLLATERAL_BAD    collateral that does not parse or verify
 *   COLLATERAL_OTHER  collateral of another platform
 *   KEY_REVOKED       a certificate is on its issuer's list
 */
SR_MUST_CHECK enum sr_error attest_dcap_verify(
    struct attest_result *out, const struct attest_dcap_input *in);
SR_MUST_CHECK enum sr_error attest_snp_verify(
    struct attest_result *out, const struct attest_snp_input *in);
SR_MUST_CHECK enum sr_error attest_nitro_verify(
    struct attest_result *out, const struct attest_nitro_input *in);
SR_MUST_CHECK enum sr_error attest_tpm_verify(
    struct attest_tpm *out, const struct attest_tpm_input *in);
/*
 * What a verified result says, as members vote on it; zeros on an error:
 *   EVIDENCE_FORMAT  more than 64 bytes of report data
 *   BINDING          SNP: asked for by what runs above VMPL 0, which the measurement does not tell
 *   COLLATERAL_BAD   advisories that are none, or too many
 * Debug is also a TD with any bit of TUD, and a guest that a migration agent or TD may read.
 */
SR_MUST_CHECK enum sr_error attest_result_facts(
    struct attest_facts *out, const struct attest_result *r);
/* The same of an Azure machine: r as attest_azure_key took it, vtpm a quote by that key. */
SR_MUST_CHECK enum sr_error attest_result_facts_azure(
    struct attest_facts *out, const struct attest_result *r, const struct attest_tpm *vtpm);
/* Is this endorsement key's certificate from one of these makers (SHA-256 of their root
 * certificates)? above: what is above it, in any order. platform: a hash of its key. */
struct attest_endorsement { struct sr_hash32 platform; uint64_t valid_from, valid_to; };
SR_MUST_CHECK enum sr_error attest_tpm_endorsed(struct attest_endorsement *out,
    struct sr_bytes certificate, struct sr_bytes above, const struct sr_hash32 *makers,
    size_t makers_n, uint64_t time_s);
/* What such a list names a root by; DER or PEM, one certificate. CHAIN_BAD. */
SR_MUST_CHECK enum sr_error attest_root_hash(struct sr_hash32 *out, struct sr_bytes certificate);
/* What an HCL report (2600 bytes) says of the vTPM's key, which evidence (verified SNP or TDX of
 * the same machine) vouches for: its report data begin with the hash of the runtime JSON. */
SR_MUST_CHECK enum sr_error attest_azure_key(struct attest_azure *out, struct sr_bytes hcl_report,
    const struct attest_result *evidence);
/* The SNP report inside of it, for attest_snp_verify. */
SR_MUST_CHECK enum sr_error attest_azure_snp_report(
    struct sr_bytes *out, struct sr_bytes hcl_report);

#endif
