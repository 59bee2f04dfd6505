/*
 * tests/lib/roster_world.h - rosters on a vault tree: people with real keys and shares, blocks on a
 * virtual clock, operations that are encoded, signed, checked and applied as in a cluster. Evidence
 * is software's, and the verdicts on it are what the test says.
 */
#ifndef SR_TESTS_LIB_ROSTER_WORLD_H
#define SR_TESTS_LIB_ROSTER_WORLD_H

#include "enclave/roster.h"

#define ROSTER_PEOPLE 24u
#define ROSTER_START_MS 1700000000000ull

struct roster_person {
	struct sr_edsk operator_sk, id, vote, next_vote;
	struct sr_edpk operator_pk;
	struct genesis_member entry;     /* as it asked to join, or in the genesis */
	struct sr_scalar box, share, next_share;
	struct sr_hash32 subject;        /* of its last JOIN */
	bool down;                       /* neither deals nor acknowledges */
	uint8_t *evidence;
};

struct roster_world {
	struct genesis *g;
	struct epoch_record *now, *before; /* the record before the last CLOSE */
	struct vault_tree *t;
	uint64_t time_ms, parent_ms;
	const struct vault_block *block; /* given on with the context; NULL at first */
	struct sr_drbg drbg;
	struct epoch_memo *memo;
	struct sr_hash32 measurement, policy_chain; /* policies are signed for this chain */
	struct roster_person people[ROSTER_PEOPLE];
	struct sr_scalar old_share[ROSTER_PEOPLE]; /* before the last CLOSE */
};

/* In epoch 1: people 0 to n-1 are the members. tweak (may be NULL) changes the first policy. */
struct roster_world *roster_world_new(uint32_t n, uint64_t seed,
    void (*tweak)(struct attest_policy *p));
void roster_world_free(struct roster_world *w);

/* A block dt_ms after the last one. */
void roster_block(struct roster_world *w, uint64_t dt_ms);
/* Blocks of a second. */
void roster_pass(struct roster_world *w, uint64_t ms);
struct epoch_context roster_ctx(struct roster_world *w);

/* Signs with sk, checks, applies. A refusal must change nothing: that is asserted. */
enum sr_error roster_do(struct roster_world *w, enum epoch_op_kind kind, const struct sr_edsk *sk,
    const uint8_t *body, size_t n);
/* The person's entry for the current epoch, fresh evidence; then its JOIN. */
void roster_entry(struct roster_world *w, uint32_t person);
enum sr_error roster_join(struct roster_world *w, uint32_t person);
enum sr_error roster_join_entry(struct roster_world *w, uint32_t person,
    const struct sr_edsk *signer);
/* One member (a person) votes. facts: of software evidence with this report data; platform: as the
 * test wishes. */
struct attest_facts roster_facts(const struct roster_world *w,
    const uint8_t report_data[ATTEST_REPORT_DATA]);
enum sr_error roster_vote(struct roster_world *w, uint32_t member, const struct sr_hash32 *subject,
    enum sr_error code, const struct attest_facts *facts);
/* All members in turn, as far as it takes. */
void roster_verdict(struct roster_world *w, const struct sr_hash32 *subject, enum sr_error code,
    const struct attest_facts *facts);
/* JOIN and a quorum's good verdicts. */
void roster_admit(struct roster_world *w, uint32_t person);
enum sr_error roster_seat_op(struct roster_world *w, enum epoch_op_kind kind,
    const struct sr_edsk *sk, uint32_t seat);
/* A vote that the seat is silent, for the step of time that the world is in, or for this time. */
enum sr_error roster_silent(struct roster_world *w, const struct sr_edsk *sk, uint32_t seat);
enum sr_error roster_silent_at(struct roster_world *w, const struct sr_edsk *sk, uint32_t seat,
    uint64_t time_ms);
enum sr_error roster_reattest(struct roster_world *w, const struct sr_edsk *sk, uint32_t person,
    uint8_t salt, struct sr_hash32 *subject);
/* With any evidence. */
enum sr_error roster_reattest_with(struct roster_world *w, const struct sr_edsk *sk,
    uint32_t person, struct sr_bytes evidence, struct sr_hash32 *subject);
/* Signed by these people's operators. */
enum sr_error roster_policy(struct roster_world *w, const struct attest_policy *p,
    const uint32_t *people, uint32_t n);
struct attest_policy roster_policy_now(const struct roster_world *w);

/* Who is it, in the current record, in the next one? EPOCH_NOBODY. */
uint32_t roster_index(const struct roster_world *w, uint32_t person);
uint32_t roster_seat(const struct roster_world *w, uint32_t person);
struct roster_candidate roster_candidate(const struct roster_world *w, uint32_t person);
struct roster_member roster_member(const struct roster_world *w, uint32_t person);
bool roster_changing(const struct roster_world *w, struct epoch_change *change);

/* What a change wants: dealings and acknowledgements; the _all ones of everyone who is not down. */
void roster_deal_make(struct roster_world *w, uint32_t person, struct epoch_deal *deal);
enum sr_error roster_deal_send(struct roster_world *w, uint32_t person,
    const struct epoch_deal *deal);
void roster_deal_all(struct roster_world *w);
enum sr_error roster_ack(struct roster_world *w, uint32_t person);
void roster_ack_all(struct roster_world *w);
/* Closes if the change is ready: the next epoch begins. */
bool roster_close_block(struct roster_world *w);
/* Waits for a change, takes part in it as everyone should, and closes it. */
bool roster_change_through(struct roster_world *w);

/* I7: the members' shares fit their keys; any threshold of them makes the vault key. */
void roster_shares_check(struct roster_world *w);

#endif
