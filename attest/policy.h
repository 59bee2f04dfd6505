/*
 * attest/policy.h - which evidence is acceptable: the part of the state that says who may join and
 * who may stay. "Verified" (attest/evidence.h) and "acceptable" are two answers. Base only,
 * integer-only, the same verdict at every member.
 *
 * Changed only by an operation that a quorum of the roster's operators signed (enclave/epoch.h).
 */
#ifndef SR_ATTEST_POLICY_H
#define SR_ATTEST_POLICY_H

#include "attest/facts.h"

#define ATTEST_POLICY_VERSION 1u
#define ATTEST_POLICY_MAX (32u * 1024u)  /* encoded */
#define ATTEST_POLICY_MEASUREMENTS_MAX 16u
#define ATTEST_POLICY_ADVISORIES_MAX 64u
#define ATTEST_POLICY_OPERATORS_MAX 100u
#define ATTEST_POLICY_MAKERS_MAX 16u
#define ATTEST_POLICY_PROVISIONERS_MAX 8u

struct attest_policy_measurement {
	enum attest_kind kind;
	uint8_t measurement[48];
	size_t measurement_n;
	uint64_t from_ms, until_ms;      /* block time; until 0: no end */
};

struct attest_policy {
	uint64_t number;                 /* 1 in the genesis; each change is one higher */
	uint32_t kinds;                  /* ATTEST_KIND_BIT: accepted */
	uint32_t statuses;               /* ATTEST_STATUS_BIT; never Revoked, NotSupported */
	/* SGX, TDX, and Azure where TDX vouches (below: Intel's). */
	uint32_t evaluation_min;         /* smallest tcbEvaluationDataNumber; 0: any */
	uint64_t tcb_date_min_s;         /* 0: any */
	uint64_t collateral_age_max_ms;  /* since the last of it became valid; 0: until valid_to */
	/* SNP, and Azure where SNP vouches: least security version numbers, by product - 1. */
	uint8_t snp_min[ATTEST_PRODUCTS][ATTEST_SVNS];
	uint64_t reattest_ms;            /* evidence older than this is due (a day); 0: never */
	uint64_t lapse_ms;               /* so long after that the member is voted out */
	/* A new measurement counts no sooner than this after its policy was applied; never less. */
	uint64_t measurement_delay_ms;
	uint32_t per_operator_max, per_platform_max; /* members; 0: no limit */
	bool operators_open;             /* anyone may ask to join, not only those listed */
	uint32_t operators_n;            /* besides those of current members; rising */
	struct sr_edpk operators[ATTEST_POLICY_OPERATORS_MAX];
	uint32_t measurements_n;         /* rising by kind, measurement */
	struct attest_policy_measurement measurements[ATTEST_POLICY_MEASUREMENTS_MAX];
	uint32_t advisories_n;           /* accepted ones; rising */
	char advisories[ATTEST_POLICY_ADVISORIES_MAX][ATTEST_FACTS_ADVISORY_MAX];
	/* TPM: SHA-256 of the makers' root certificates; who may vouch that an AK lives in the TPM
	 * of an EK certificate, and how many of them must. Rising. */
	uint32_t makers_n, provisioners_n, provisioners_k;
	struct sr_hash32 makers[ATTEST_POLICY_MAKERS_MAX];
	struct sr_edpk provisioners[ATTEST_POLICY_PROVISIONERS_MAX];
	/* epochs */
	uint64_t refresh_ms;             /* from one epoch to the next (a day); 0: when asked for */
	uint64_t refresh_min_ms;         /* one that an operator asks for: no sooner than this */
	uint64_t window_ms;              /* an epoch change that takes longer is given up */
	uint64_t silence_ms;             /* not heard for so long: may be voted out; 0: never */
};

/* Software evidence only and no measurement yet, UpToDate only, members' operators only, one member
 * an operator and machine, a day's delay, days and minutes as said above. */
void attest_policy_default(struct attest_policy *p);
/*
 * policy = version u8 | number u64 | kinds u32 | statuses u32 | evaluation u32 | tcb date u64
 *        | collateral age u64 | snp_min 15 | reattest u64 | lapse u64 | delay u64
 *        | per operator u32 | per platform u32 | open u8 | operators n u8, 32 each
 *        | measurements n u8, each: kind u8, bytes as long as its kind's, from u64, until u64
 *        | advisories n u8, 24 each | makers n u8, 32 each | provisioners k u8, n u8, 32 each
 *        | refresh u64 | refresh_min u64 | window u64 | silence u64
 * Both directions ask attest_policy_check; what is read is zeros when the reader has failed.
 */
void attest_policy_write(struct sr_writer *w, const struct attest_policy *p);
void attest_policy_read(struct attest_policy *p, struct sr_reader *r);
struct sr_hash32 attest_policy_hash(const struct attest_policy *p);
/*
 * Does it make sense by itself?
 *   OUT_OF_RANGE  a count, kind, status, time or span (at most ten years) that can't be; no kind or
 *                 no status; a measurement that ends before it begins
 *   BAD_ENCODING  a list that does not rise, a malformed advisory
 *   THRESHOLD     not 1 <= k <= n provisioners; TPM accepted without makers or provisioners
 */
SR_MUST_CHECK enum sr_error attest_policy_check(const struct attest_policy *p);
/*
 * May next replace now at this block time? Besides attest_policy_check:
 *   STALE, TOO_FAR_AHEAD  its number is not now's + 1
 *   OUT_OF_RANGE          a shorter measurement_delay_ms than now's: who relies on the delay would
 *                         lose it in two steps
 *   TOO_EARLY             something new begins sooner than time_ms + now's delay. New is what now
 *                         does not list or has ended, what it lists for later, and each measurement
 *                         of a kind that now does not accept.
 */
SR_MUST_CHECK enum sr_error attest_policy_follows(const struct attest_policy *now,
    const struct attest_policy *next, uint64_t time_ms);

/*
 * Does next accept anything that now refuses, besides measurements (which wait by themselves) and
 * operators that it lists? A kind, a status, an advisory, a maker, a provisioner or fewer of them,
 * lower least versions, older collateral, evidence that serves longer, or anyone's asking to join.
 */
bool attest_policy_loosens(const struct attest_policy *now, const struct attest_policy *next);

/*
 * Are these facts acceptable at this time, for this report data? Each refusal has its own error, in
 * this order:
 *   EVIDENCE_KIND    a kind that is not accepted
 *   DEBUG_ENCLAVE    a debug enclave: never
 *   BINDING          bound to another key, nonce, role or chain (attest_facts_bound)
 *   COLLATERAL_TIME  not valid at this time, or Intel's older than collateral_age_max
 *   MEASUREMENT      not listed; MEASUREMENT_EARLY, MEASUREMENT_ENDED: not yet, not any more
 *   TCB_STATUS       a status that is not accepted (OutOfDate ...); AMD's versions below the least
 *   TCB_EVALUATION   Intel's evaluation number or TCB date below the least accepted
 *   ADVISORY         an advisory that is not accepted
 *   NOT_VOUCHED      TPM: fewer than k provisioners
 */
SR_MUST_CHECK enum sr_error attest_policy_judge(const struct attest_policy *p,
    const struct attest_facts *f, const uint8_t report_data[ATTEST_REPORT_DATA], uint64_t time_ms);
/* May this operator ask to join: listed, or anyone may. Members' own are the caller's affair. */
bool attest_policy_operator(const struct attest_policy *p, const struct sr_edpk *operator_key);

#endif
