/*
 * enclave/epoch_state.h - the rows of epochs and rosters in the state, and what enclave/epoch*.c
 * and enclave/roster*.c need of each other. All functions with a tree to change may leave it half
 * changed on failure: epoch_apply and epoch_begin_block work on a tree of their own.
 */
#ifndef SR_ENCLAVE_EPOCH_STATE_H
#define SR_ENCLAVE_EPOCH_STATE_H

#include "enclave/roster.h"

/* Key = VAULT_REC_EPOCH | row u8 | index u32 big-endian, or 30 bytes of a hash. */
enum epoch_row {
	EPOCH_ROW_CHANGE = 0,
	EPOCH_ROW_DEAL = 1,              /* by index now */
	EPOCH_ROW_ACK = 2,               /* by index in the next roster */
	EPOCH_ROW_RECORD = 3,
	EPOCH_ROW_NEXT = 4,              /* the next roster as it was when its change began */
	EPOCH_ROW_OLD = 5,
	EPOCH_ROW_POLICY = 6,            /* 0: in force; 1: announced */
	EPOCH_ROW_CLOCK = 7,
	EPOCH_ROW_MEMBER = 8,            /* by seat */
	EPOCH_ROW_CANDIDATE = 9,         /* by seat */
	EPOCH_ROW_REATTEST = 10,         /* by 2 * seat, + 1: from who may speak for the member */
	EPOCH_ROW_VOTES = 11,            /* by subject */
	EPOCH_ROW_SILENCE = 12,          /* by seat: who said so, and when */
	EPOCH_ROW_SPENT = 13,            /* by hash of evidence, or of a JOIN: the epoch */
	EPOCH_ROW_WAIT = 14,             /* by hash of an operator key whose joiner was dropped */
};

struct vault_key epoch_row_key(enum epoch_row row, uint32_t index);
struct vault_key epoch_row_hash(enum epoch_row row, const struct sr_hash32 *hash);
struct sr_bytes epoch_row_get(const struct vault_tree *t, enum epoch_row row, uint32_t index);
/* Takes the writer's bytes, on failure too. */
SR_MUST_CHECK enum sr_error epoch_row_put(struct vault_tree **t, const struct vault_key *key,
    struct sr_writer *w);
SR_MUST_CHECK enum sr_error epoch_row_delete(struct vault_tree **t, enum epoch_row row,
    uint32_t index);
/* All rows of a kind. */
SR_MUST_CHECK enum sr_error epoch_rows_clear(struct vault_tree **t, enum epoch_row row);
void epoch_rows_walk(const struct vault_tree *t, enum epoch_row row,
    bool (*visit)(void *ctx, const struct vault_key *key, struct sr_bytes value), void *ctx);
/* The index in a row's key. */
uint32_t epoch_row_index(const struct vault_key *key);

/* --- epoch.c --- */
SR_MUST_CHECK enum sr_error epoch_change_put(struct vault_tree **t,
    const struct epoch_change *change);
/* next loses what its own epoch will bring. change: kind, attempt and started_ms are set. */
SR_MUST_CHECK enum sr_error epoch_change_begin(struct vault_tree **t,
    const struct epoch_record *now, struct epoch_record *next, struct epoch_change *change);
SR_MUST_CHECK enum sr_error epoch_change_drop(struct vault_tree **t);
/* Sets change->fixed when it is time. */
void epoch_change_fix(struct epoch_change *change, const struct epoch_context *ctx);
/* NOT_FOUND. Vote keys of those who stay are zero. */
SR_MUST_CHECK enum sr_error epoch_next_get(struct epoch_record *next, const struct vault_tree *t);
/* Is this key used in either roster, by a candidate or in a dealing? waiting: those count, too,
 * whose evidence nobody has judged yet: they may have named anyone's. */
SR_MUST_CHECK enum sr_error epoch_key_unused(const struct vault_tree *t,
    const struct epoch_record *now, const uint8_t key[32], bool waiting);

/* --- roster.c --- */
SR_MUST_CHECK enum sr_error roster_policy_put(struct vault_tree **t, const struct attest_policy *p);
/* In force from then on; it replaces what was announced before. */
SR_MUST_CHECK enum sr_error roster_policy_announce(struct vault_tree **t,
    const struct attest_policy *p, uint64_t from_ms);
SR_MUST_CHECK enum sr_error roster_member_put(struct vault_tree **t, const struct roster_member *m);
SR_MUST_CHECK enum sr_error roster_candidate_put(struct vault_tree **t,
    const struct roster_candidate *c);
SR_MUST_CHECK enum sr_error roster_clock_put(struct vault_tree **t, const struct roster_clock *c);
/* The votes on it go, too. In this epoch the same JOIN is no new one. */
SR_MUST_CHECK enum sr_error roster_candidate_refuse(struct vault_tree **t,
    struct roster_candidate *c, enum sr_error code, uint64_t epoch, uint64_t time_ms);
bool roster_candidate_live(const struct roster_candidate *c);
SR_MUST_CHECK enum sr_error roster_genesis(struct vault_tree **t, const struct genesis *g);
/* The rows after a CLOSE. */
SR_MUST_CHECK enum sr_error roster_close(struct vault_tree **t, const struct epoch_context *ctx,
    const struct epoch_record *next);

/* An operator whose joiner held a change up waits before the next one, longer each time. */
bool roster_operator_waits(const struct vault_tree *t, const struct sr_edpk *operator_key,
    uint64_t time_ms);
SR_MUST_CHECK enum sr_error roster_operator_drop(struct vault_tree **t,
    const struct sr_edpk *operator_key, uint64_t time_ms);

/* Evidence that waits for verdicts on a member. */
struct roster_reattest {
	uint32_t seat;
	bool own;                        /* from who may speak for the member */
	uint64_t epoch;                  /* in which it was asked */
	uint64_t asked_ms;
	struct sr_hash32 subject;
	struct sr_bytes evidence;        /* borrowed from the state */
};
SR_MUST_CHECK enum sr_error roster_reattest_read(struct roster_reattest *r,
    const struct vault_key *key, struct sr_bytes value);
SR_MUST_CHECK enum sr_error roster_reattest_put(struct vault_tree **t,
    const struct roster_reattest *r);
struct sr_hash32 roster_genesis_subject(const struct genesis *g, uint32_t seat);
void roster_member_report(uint8_t out[ATTEST_REPORT_DATA], const struct epoch_context *ctx,
    uint32_t index);
/* Of the member with this index now, as of the epoch before. NOT_FOUND: it was none, or there was
 * none. */
SR_MUST_CHECK enum sr_error roster_report_before(uint8_t out[ATTEST_REPORT_DATA],
    const struct vault_tree *t, const struct epoch_context *ctx, uint32_t index);
/* By anyone, or as this member's or candidate's. */
bool roster_evidence_spent(const struct vault_tree *t, const struct sr_edpk *id_key,
    struct sr_bytes evidence);
/* In this epoch: it is kept until the next one is over, since the nonce counts as long. id_key
 * NULL: for everyone. */
SR_MUST_CHECK enum sr_error roster_evidence_spend(struct vault_tree **t, uint64_t epoch,
    const struct sr_edpk *id_key, struct sr_bytes evidence);
/* By hash of anything. */
bool roster_spent(const struct vault_tree *t, const struct sr_hash32 *hash);
SR_MUST_CHECK enum sr_error roster_spend(struct vault_tree **t, uint64_t epoch,
    const struct sr_hash32 *hash);
/* Fewer than ROSTER_SPENT_MAX? */
bool roster_spent_room(const struct vault_tree *t);

/* Votes on a subject: who said what. */
struct roster_votes {
	uint32_t n;
	struct { uint32_t member; struct sr_hash32 said; } list[SR_MEMBERS_MAX];
};
SR_MUST_CHECK enum sr_error roster_votes_get(struct roster_votes *v, const struct vault_tree *t,
    const struct sr_hash32 *subject);
bool roster_votes_has(const struct roster_votes *v, uint32_t member);
SR_MUST_CHECK enum sr_error roster_votes_put(struct vault_tree **t,
    const struct sr_hash32 *subject, const struct roster_votes *v);
SR_MUST_CHECK enum sr_error roster_votes_drop(struct vault_tree **t,
    const struct sr_hash32 *subject);

/* --- roster_review.c --- */
/* Does the policy accept evidence that gets older? */
bool roster_evidence_ages(const struct attest_policy *p);
/* Once a second of block time: members' evidence and candidates. */
SR_MUST_CHECK enum sr_error roster_review(struct vault_tree **t, const struct epoch_context *ctx);
/* --- roster_verdict.c --- */
SR_MUST_CHECK enum sr_error roster_verdict_apply(struct vault_tree **t,
    const struct epoch_context *ctx, struct sr_bytes body, uint32_t member);
/* --- roster_ops.c --- */
SR_MUST_CHECK enum sr_error roster_apply(struct vault_tree **t, const struct epoch_context *ctx,
    const struct vault_op *op, const struct epoch_role *role);
SR_MUST_CHECK enum sr_error roster_operator_room(const struct vault_tree *t,
    const struct epoch_context *ctx, const struct attest_policy *p,
    const struct roster_candidate *c);

#endif
