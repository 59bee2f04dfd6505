/*
 * enclave/roster.h - who may come, who must go: the policy, candidates, the standing of members and
 * of their evidence, and the votes that decide, all in the state (kind VAULT_REC_EPOCH).
 *
 *   JOIN ──► waiting ──verdicts──► admitted ──► member with a CLOSE
 *               └──────────────────────┴──────► refused (the code says why)
 *
 * Evidence is verified by each member outside of blocks (attest/facts.h): a VERDICT says what came
 * of it, and equal ones of a quorum decide. What is good so far is then judged by the policy in the
 * state at the block's time. Nothing here calls a library whose versions could differ.
 */
#ifndef SR_ENCLAVE_ROSTER_H
#define SR_ENCLAVE_ROSTER_H

#include "attest/evidence.h"
#include "attest/policy.h"
#include "enclave/epoch.h"

#define ROSTER_CANDIDATES_MAX 8u         /* rows; the oldest refused one makes room */
#define ROSTER_SPENT_MAX 1000u           /* JOINs that are remembered as refused */
#define ROSTER_EXPIRE_WINDOWS 4u         /* so many windows a candidate waits; refused: twice */
#define ROSTER_WAIT_MS 600000u           /* an operator whose joiner was dropped; then doubled */
#define ROSTER_WAIT_MAX_MS 86400000u
#define ROSTER_WAITS_MAX 64u             /* rows; whose wait ends first makes room */
#define ROSTER_STALLS_MAX 3u             /* changes given up because of a member: then it goes */
#define ROSTER_OPEN_REST_MS 60000u       /* between strangers' REATTESTs for one seat */
#define ROSTER_OWN_REST_MS 10000u        /* between its own ones */
#define ROSTER_TRIES_MAX 32u             /* of each, in an epoch */

/* As it stands in the state; NOT_FOUND in no state of ours. p is large, a few KB. */
SR_MUST_CHECK enum sr_error roster_policy_get(struct attest_policy *p, const struct vault_tree *t);

/* One that loosens (attest_policy_loosens) judges from from_ms on: when it was applied, plus the
 * measurement_delay_ms of then. The next one takes its place, or, if it does not loosen what is in
 * force, puts an end to it at once; its number is one higher than this one's. NOT_FOUND: none. */
SR_MUST_CHECK enum sr_error roster_policy_announced(struct attest_policy *p, uint64_t *from_ms,
    const struct vault_tree *t);

/* --- candidates --- */
enum roster_candidate_state {
	ROSTER_WAITING = 1, ROSTER_ADMITTED = 2, ROSTER_REFUSED = 3
};
struct roster_candidate {
	uint32_t seat;
	enum roster_candidate_state state;
	enum sr_error code;              /* refused: why */
	uint64_t asked_ms, decided_ms;   /* block times; decided_ms 0: waiting */
	struct sr_hash32 subject;        /* hash of the JOIN operation */
	struct sr_hash32 nonce;          /* that its entry and evidence are bound to */
	uint64_t nonce_ms;               /* when that epoch began */
	struct genesis_member entry;     /* evidence borrowed from the state */
	bool has_facts;
	struct attest_facts facts;       /* admitted */
};
/* NOT_FOUND. c is large: allocate it. Borrows from the tree. */
SR_MUST_CHECK enum sr_error roster_candidate_get(struct roster_candidate *c,
    const struct vault_tree *t, uint32_t seat);
/* By id key, whichever seat it got. */
SR_MUST_CHECK enum sr_error roster_candidate_find(struct roster_candidate *c,
    const struct vault_tree *t, const struct sr_edpk *id_key);
/* In the order of seats, until visit returns false. */
SR_MUST_CHECK enum sr_error roster_candidates_walk(const struct vault_tree *t,
    bool (*visit)(void *ctx, const struct roster_candidate *c), void *ctx);

/* --- members --- */
enum roster_flag {
	ROSTER_DUE = 1u << 0,            /* the evidence is old, or not accepted any more */
	ROSTER_LEAVES = 1u << 1,         /* its operator or itself asked to leave */
	/* voted or judged out; gone with the next change that may remove it */
	ROSTER_FAULTY = 1u << 2,         /* a FAULT was proven, or a bad dealing */
	ROSTER_LAPSED = 1u << 3,         /* and was not renewed within the policy's lapse_ms */
	ROSTER_SILENT = 1u << 4,         /* a quorum does not hear it */
	ROSTER_STALLS = 1u << 5,         /* changes did not get through because of it */
};
struct roster_member {
	uint32_t seat;
	uint32_t flags;
	enum sr_error code;              /* LAPSED: why; DUE: what the last try came to */
	uint64_t since_epoch;            /* the first epoch as a member */
	uint64_t verified_ms;            /* block time of what was last accepted */
	uint64_t nonce_ms;               /* when the epoch began that it is bound to */
	uint64_t due_ms;                 /* block time at which it became DUE; 0: it is not */
	uint32_t stalls;                 /* changes of this epoch given up because of it */
	/* REATTESTs for it, [1] by who may speak for it: no other before this, and how many there
	 * were in this epoch */
	uint64_t rest_until_ms[2];
	uint32_t tries[2];
	bool has_facts;                  /* no: a genesis entry that no quorum has judged yet */
	struct attest_facts facts;
};
/* NOT_FOUND. m is large: allocate it. */
SR_MUST_CHECK enum sr_error roster_member_get(struct roster_member *m, const struct vault_tree *t,
    uint32_t seat);
/* Why this member goes with the next change: the first that holds. SR_OK: it does not. */
enum sr_error roster_member_reason(const struct roster_member *m);

/* --- the clock of changes --- */
struct roster_clock {
	uint64_t began_ms;               /* the CLOSE block's time; epoch 0: the genesis */
	uint64_t before_ms;              /* of the epoch before */
	uint64_t lapse_rest_ms;          /* nobody goes as LAPSED before this */
	bool refresh_asked;
	uint32_t attempts;               /* changes given up in this epoch */
	uint64_t pause_until_ms;         /* no change before this */
};
void roster_clock_get(struct roster_clock *c, const struct vault_tree *t);

/* --- what members must verify --- */
struct roster_subject {
	struct sr_hash32 subject;        /* what a VERDICT names */
	struct sr_bytes evidence;        /* borrowed from the state or the genesis */
	struct sr_edpk operator_key;     /* who must have signed software evidence */
	uint8_t report_data[ATTEST_REPORT_DATA]; /* expected; the state judges it, too */
	uint64_t time_ms;                /* to verify at: the same for everyone */
};
/* The first one after this subject (NULL: of all) that the member with this index now has not voted
 * on, by rising subject. NOT_FOUND: none. The registry's subjects are vault_attest_pending's. */
SR_MUST_CHECK enum sr_error roster_subject_next(struct roster_subject *out,
    const struct vault_tree *t, const struct epoch_context *ctx, uint32_t member,
    const struct sr_hash32 *after);
/* The trust of a policy, for attest_evidence_verify. Borrows from both. */
struct attest_trust roster_trust(const struct attest_policy *p, const struct sr_edpk *operator_key);

/* At boot: is every entry's evidence genuine and acceptable at the genesis' time? verify:
 * attest_evidence_verify. */
SR_MUST_CHECK enum sr_error roster_genesis_check(const struct genesis *g,
    enum sr_error (*verify)(struct attest_facts *facts, struct sr_bytes evidence,
    const struct attest_trust *trust, uint64_t time_s));

/* How long a vote on silence speaks for itself before its member may renew it; ms, at least 1. */
uint64_t roster_silence_step(uint64_t silence_ms);

/* --- bodies --- */
void roster_verdict_write(struct sr_writer *w, const struct sr_hash32 *subject, enum sr_error code,
    const struct attest_facts *facts);
/* What a POLICY's operators sign: domain "strongroom policy v1", chain id | policy bytes. */
SR_MUST_CHECK enum sr_error roster_policy_message(struct sr_writer *w,
    const struct sr_hash32 *chain_id, const struct attest_policy *p);
void roster_policy_sign(struct sr_sig64 *sig, const struct sr_edsk *operator_key,
    const uint8_t *message, size_t n);
/* How many operators of the roster must sign: a quorum of the distinct ones. */
uint32_t roster_operators_quorum(const struct epoch_record *now);

/*
 * Refusals of epoch_apply, besides encodings:
 *   JOIN      BAD_ENCODING (a link that leads nowhere but into a host), WRONG_KEY (not the entry's
 *             operator), BAD_SIGNATURE (the entry's, or its nonce), OPERATOR_UNKNOWN,
 *             OPERATOR_LIMIT, DUPLICATE (a key, a name, or the evidence is in use),
 *             EVIDENCE_KIND, BAD_POINT (box key), TOO_MANY (candidates), TOO_EARLY (its
 *             operator's last one held a change up)
 *   LEAVE     NOT_FOUND (no member on that seat), WRONG_KEY, CHANGE_PENDING, ROSTER_SMALL
 *   REFRESH   WRONG_KEY, CHANGE_PENDING, TOO_EARLY
 *   POLICY    WRONG_KEY, NOT_A_MEMBER (a signer), BAD_SIGNATURE, THRESHOLD (too few signers), and
 *             attest_policy_follows
 *   REATTEST  NOT_FOUND, EVIDENCE_KIND, DUPLICATE (evidence that counted already), CHANGE_PENDING
 *             (one waits), TOO_EARLY (a stranger's, when nothing is due; or soon after the
 *             last one), TOO_MANY (of this epoch)
 *   FAULT     consensus_evidence_verify's, NOT_A_MEMBER (any more), CHANGE_PENDING
 *   VERDICT   NOT_FOUND (no such subject, or decided), DUPLICATE (voted already)
 *   SILENT    NOT_FOUND, OUT_OF_RANGE (itself, or a time that is no whole step), DUPLICATE (voted
 *             for this time or a later one), CHANGE_PENDING, TOO_EARLY (the time is not here
 *             yet, or silence_ms is 0), EXPIRED (the time is silence_ms ago)
 *   all, in epoch 0, but what makes epoch 1: EPOCH_STEP
 */

#endif
