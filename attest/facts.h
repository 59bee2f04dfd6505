/*
 * attest/facts.h - what verified evidence says, as members vote on it and as the state keeps it.
 * Base only: both sides of the wire know it. One value has one encoding.
 *
 * Evidence is verified by each member on its own, outside of block execution, because it needs
 * libraries whose versions may differ; the state machine only counts equal verdicts (a code and
 * these facts) and judges them by the policy in the state (attest/policy.h), which is our own code
 * and integer-only.
 */
#ifndef SR_ATTEST_FACTS_H
#define SR_ATTEST_FACTS_H

#include "base/crypto.h"

#define ATTEST_FACTS_VERSION 1u
#define ATTEST_FACTS_MAX 4096u           /* encoded */
#define ATTEST_FACTS_ADVISORIES_MAX 64u
#define ATTEST_FACTS_ADVISORY_MAX 24u    /* with its NUL */
#define ATTEST_REPORT_DATA 64u

/* On the wire and in the genesis: append-only. */
enum attest_kind {
	ATTEST_KIND_SOFTWARE = 1,        /* no TEE: the operator's word only */
	ATTEST_KIND_SGX = 2,
	ATTEST_KIND_TDX = 3,
	ATTEST_KIND_SNP = 4,
	ATTEST_KIND_NITRO = 5,
	ATTEST_KIND_TPM = 6,             /* a TPM 2.0 quote; the AK is vouched for by provisioners */
	ATTEST_KIND_AZURE = 7,           /* SNP vouches for a vTPM's key, which quotes */
};
#define ATTEST_KINDS 7u
const char *attest_kind_name(unsigned kind);             /* "software", "sgx" ... "unknown" */
bool attest_kind_parse(enum attest_kind *out, const char *text);

struct attest_facts {
	enum attest_kind kind;
	uint8_t status;                  /* enum attest_status; UP_TO_DATE where there are no levels */
	bool debug;
	/* MRENCLAVE, MRTD, MEASUREMENT, PCR0; TPM and Azure: the digest of the quoted PCRs;
	 * software: the measurement that the operator signed. At most 48. */
	uint8_t measurement[48], signer[48];
	size_t measurement_n, signer_n;
	uint8_t report_data[ATTEST_REPORT_DATA];
	/* Names the machine, so that limits per platform can be kept: hash of PPID-bearing PCK key,
	 * chip id, EK public key. Zero: the evidence does not tell. */
	struct sr_hash32 platform;
	struct sr_hash32 collateral;     /* over all that was used besides the evidence itself */
	uint32_t evaluation;             /* tcbEvaluationDataNumber; 0: none */
	uint64_t tcb_date_s;             /* 0: none */
	uint64_t valid_from_s, valid_to_s; /* the time in which all that was used is valid */
	/* TPM: the provisioners (indices into the trust list it was verified with do not travel; their
	 * keys do) that vouch for the AK; at most 8, rising, none twice. */
	uint32_t vouchers_n;
	struct sr_edpk vouchers[8];
	uint32_t advisories_n;
	char advisories[ATTEST_FACTS_ADVISORIES_MAX][ATTEST_FACTS_ADVISORY_MAX];
};

void attest_facts_write(struct sr_writer *w, const struct attest_facts *f);
/* BAD_ENCODING and OUT_OF_RANGE through the reader. */
void attest_facts_read(struct attest_facts *f, struct sr_reader *r);
struct sr_hash32 attest_facts_hash(const struct attest_facts *f);

#endif
