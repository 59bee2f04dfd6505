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
#define ATTEST_FACTS_VOUCHERS_MAX 8u
#define ATTEST_REPORT_DATA 64u

/* On the wire and in the genesis: append-only. */
enum attest_kind {
	ATTEST_KIND_SOFTWARE = 1,        /* no TEE: the operator's word only */
	ATTEST_KIND_SGX = 2,
	ATTEST_KIND_TDX = 3,
	ATTEST_KIND_SNP = 4,
	ATTEST_KIND_NITRO = 5,
	ATTEST_KIND_TPM = 6,             /* a TPM 2.0 quote; provisioners vouch for its key */
	ATTEST_KIND_AZURE = 7,           /* SNP or TDX vouches for a vTPM's key, which quotes */
};
#define ATTEST_KINDS 7u
#define ATTEST_KIND_BIT(kind) (1u << (kind))
/* Bytes of a measurement of that kind; 0: no such kind. */
size_t attest_kind_measurement_n(unsigned kind);
const char *attest_kind_name(unsigned kind);             /* "software", "sgx" ... "unknown" */
bool attest_kind_parse(enum attest_kind *out, const char *text);

/* Intel's names, worst last but for NOT_SUPPORTED; what has no levels is UP_TO_DATE. On the wire.
 */
enum attest_status {
	ATTEST_UP_TO_DATE = 1,
	ATTEST_SW_HARDENING_NEEDED,
	ATTEST_CONFIGURATION_NEEDED,
	ATTEST_CONFIGURATION_AND_SW_HARDENING_NEEDED,
	ATTEST_TD_RELAUNCH_ADVISED,
	ATTEST_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,
	ATTEST_OUT_OF_DATE,
	ATTEST_OUT_OF_DATE_CONFIGURATION_NEEDED,
	ATTEST_REVOKED,
	ATTEST_NOT_SUPPORTED             /* no level covers this platform */
};
#define ATTEST_STATUSES 10u
#define ATTEST_STATUS_BIT(status) (1u << (status))
const char *attest_status_name(unsigned status);         /* "UpToDate" ... "unknown" */
bool attest_status_parse(enum attest_status *out, const char *text);

/* AMD names no levels, so its security version numbers travel: each product counts on its own. */
enum attest_product { ATTEST_MILAN = 1, ATTEST_GENOA, ATTEST_TURIN };
#define ATTEST_PRODUCTS 3u
#define ATTEST_SVNS 5u                   /* boot loader, tee, snp, microcode, fmc (Turin) */

struct attest_facts {
	enum attest_kind kind;
	enum attest_status status;       /* UP_TO_DATE where there are no levels */
	bool debug;                      /* its memory can be read: debug mode, a migration agent */
	/*
	 * What runs there. SGX: MRENCLAVE (32). SNP: MEASUREMENT, Nitro: PCR0 (48). Software: what
	 * the operator signed (32). Where several registers tell only together what runs, a hash of
	 * them (32, attest_measurement_*): TDX of MRTD and the RTMRs; TPM of the quoted PCRs'
	 * selection and digest; Azure of those and the launch measurement of the paravisor that
	 * makes the vTPM.
	 */
	uint8_t measurement[48];
	/* For people: MRSIGNER; MRTD; digest of the id key; PCR8; Azure: the launch measurement. */
	uint8_t signer[48];
	size_t measurement_n, signer_n;
	uint8_t report_data[ATTEST_REPORT_DATA];
	/* Names the machine, so that limits per platform can be kept: a hash of the PCK's public
	 * key, the chip id, the EK's public key. Zero: the evidence does not tell. */
	struct sr_hash32 platform;
	struct sr_hash32 collateral;     /* over all that was used besides the evidence itself */
	uint32_t evaluation;             /* tcbEvaluationDataNumber; 0: none */
	uint64_t tcb_date_s;             /* 0: none */
	uint8_t product;                 /* enum attest_product; 0: not AMD's */
	uint8_t svns[ATTEST_SVNS];
	uint64_t valid_from_s, valid_to_s; /* the time in which all that was used is valid */
	/* TPM: the keys of the provisioners that vouch for the AK; rising, none twice. */
	uint32_t vouchers_n;
	struct sr_edpk vouchers[ATTEST_FACTS_VOUCHERS_MAX];
	uint32_t advisories_n;           /* rising, none twice; printable ASCII, NULs behind */
	char advisories[ATTEST_FACTS_ADVISORIES_MAX][ATTEST_FACTS_ADVISORY_MAX];
};

/*
 * facts = version u8 | kind u8 | status u8 | debug u8 | measurement (as long as its kind's)
 *       | signer n u8, bytes | report data 64 | platform 32 | collateral 32 | evaluation u32
 *       | tcb date u64 | product u8 | svns 5 | valid from u64 | valid to u64
 *       | vouchers n u8, 32 each | advisories n u8, 24 each
 * Bytes of the struct behind its lengths are zero. Facts that the reader would refuse fail the
 * writer: OUT_OF_RANGE.
 */
void attest_facts_write(struct sr_writer *w, const struct attest_facts *f);
/* BAD_VERSION, BAD_KIND, OUT_OF_RANGE (a value, a count), BAD_ENCODING (order, form of an advisory)
 * through the reader; all zeros then. */
void attest_facts_read(struct attest_facts *f, struct sr_reader *r);
struct sr_hash32 attest_facts_hash(const struct attest_facts *f);

/* What TDX, TPM and Azure evidence counts as measurement; pcr_mask: bit i for PCR i. */
struct sr_hash32 attest_measurement_tdx(const uint8_t mrtd[48], const uint8_t rtmrs[4 * 48]);
struct sr_hash32 attest_measurement_pcrs(uint32_t pcr_mask, const struct sr_hash32 *pcr_digest);
struct sr_hash32 attest_measurement_azure(enum attest_kind tee, const uint8_t launch[48],
    const struct sr_hash32 *pcrs);

/*
 * Not every TPM quotes 64 bytes (a TPM2B_DATA holds its largest digest): one that does not quotes
 * the first ATTEST_SHORT_REPORT_DATA of these, a hash of the report data with zeros behind it.
 * attest_facts_bound says whether facts are bound to report data, in either form.
 */
#define ATTEST_SHORT_REPORT_DATA 32u
void attest_report_data_short(
    uint8_t out[ATTEST_REPORT_DATA], const uint8_t report_data[ATTEST_REPORT_DATA]);
bool attest_facts_bound(
    const struct attest_facts *f, const uint8_t report_data[ATTEST_REPORT_DATA]);

/* Shared with attest/policy.c. At least one printable character, then NULs to the end. */
bool attest_advisory_valid(const char id[ATTEST_FACTS_ADVISORY_MAX]);
/* Valid, rising and none twice. */
bool attest_advisories_valid(const char (*ids)[ATTEST_FACTS_ADVISORY_MAX], size_t n);
/* n keys or hashes of 32 bytes, rising and none twice. */
bool attest_rising(const void *items, size_t n);

#endif
