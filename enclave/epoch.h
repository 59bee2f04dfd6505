/*
 * enclave/epoch.h - an epoch change as everybody sees it: operations and their records in the state
 * (DESIGN 5). Public data only; who deals and what is secret is enclave/epoch_keys.c. Who may come
 * and who must go is enclave/roster.h.
 *
 *   begin ──► DEAL x n ──► set fixed ──► ACK x n' ──► ready ──► CLOSE block ──► next epoch
 *     ▲            │          ▲            │
 *     │            │          └─ COMPLAINT ┘   a proven one excludes the dealer, ACKs start again
 *     └── pause ◄──┴── a step's window over: given up, the old epoch serves on
 *
 * The first change (DKG) makes the vault key: dealers and receivers are the genesis roster. Every
 * later one (RESHARE) moves it from the current roster to the next one: current members deal their
 * shares (A_0 == Y_i), the next members receive. A member has an index in each roster it is part
 * of; dealt and excluded go by the index now, acked by the index in the next roster.
 *
 * The set of dealers is fixed by the state (`fixed`): once all current members have dealt; or, in a
 * RESHARE, once all who stay have dealt, there are dealers enough and EPOCH_FIX_WAIT_MS are over
 * since the change began. No DEAL counts after that. An ACK names the set, so one for another set
 * counts for nothing.
 *
 * All operations here have nonce 0 and no expiry and are bound to the epoch. Those that are applied
 * can't be applied again, so there is nothing to replay; a DEAL names its attempt, since a change
 * that was given up is begun again in the same epoch.
 *
 * A member's operation (0x100 to 0x17f) is by the account of its vote key; a joiner's by the vote
 * key of its JOIN.
 *   DEAL      attempt u32 | vote_key 32 | its signature 64 (epoch_vote_sign) | contribution
 *             commitment 32 | proof of the boxes' r 64 | commitments | n' share boxes |
 *             n' contribution boxes
 *             vote_key: the dealer's for the next epoch (of no use when it leaves)
 *   COMPLAINT dealer u32 (now) | about u8 (0 share, 1 contribution) | complaint 96
 *   ACK       set 16 | proof 64 | shielding key 32
 *   VERDICT   subject 32 | code u16 | facts blob (attest/facts.h; empty unless code is OK)
 *   SILENT    seat u32 | time u64: not heard at this time for the policy's silence; a multiple of
 *             roster_silence_step, not after the block's
 * An open operation (0x180 to 0x1ff) is by an Ed25519 account and comes from anyone:
 *   JOIN      an entry (genesis_member_write) whose nonce is epoch_record_nonce; account: its
 *             operator key
 *   LEAVE     seat u32; account: the seat's operator key or vote key
 *   REFRESH   nothing; account: a member's operator key
 *   POLICY    policy blob | u32 n | n times operator key 32, signature 64 (keys rising) over
 *             roster_policy_message; account: one of them
 *   REATTEST  seat u32 | evidence blob; account: anyone's
 *   FAULT     evidence for consensus_evidence_verify; account: anyone's
 */
#ifndef SR_ENCLAVE_EPOCH_H
#define SR_ENCLAVE_EPOCH_H

#include "enclave/genesis.h"
#include "shamir/subshare.h"
#include "vault/op.h"
#include "vault/tree.h"

enum epoch_op_kind {
	EPOCH_OP_DEAL = 0x100, EPOCH_OP_COMPLAINT = 0x101, EPOCH_OP_ACK = 0x102,
	EPOCH_OP_VERDICT = 0x103, EPOCH_OP_SILENT = 0x104,
	EPOCH_OP_JOIN = 0x180, EPOCH_OP_LEAVE = 0x181, EPOCH_OP_REFRESH = 0x182,
	EPOCH_OP_POLICY = 0x183, EPOCH_OP_REATTEST = 0x184, EPOCH_OP_FAULT = 0x185,
};
/* Clients may submit these; of what is at or above VAULT_OP_MEMBER_FIRST, nothing else. */
bool epoch_kind_is_open(unsigned kind);

enum epoch_about { EPOCH_ABOUT_SHARE = 0, EPOCH_ABOUT_CONTRIBUTION = 1 };
enum epoch_change_kind { EPOCH_CHANGE_DKG = 1, EPOCH_CHANGE_RESHARE = 2 };

#define EPOCH_CONTEXT_BYTES 49u
#define EPOCH_FIX_WAIT_MS 2000u          /* for the dealings of those who leave or are slow */
#define EPOCH_REST_MS 1000u              /* no change sooner than this after an epoch began */
#define EPOCH_PAUSE_MS 30000u            /* after a change was given up; doubled each time */
#define EPOCH_PAUSE_MAX_MS 3600000u
#define EPOCH_MEMBERS_MIN 4u             /* who leaves or is silent stays when fewer would */
#define EPOCH_MEMBERS_LEAST 3u           /* a proven fault may lead down to here */

struct epoch_set { uint8_t b[16]; };     /* a bit per index */
bool epoch_set_has(const struct epoch_set *s, uint32_t member);
void epoch_set_add(struct epoch_set *s, uint32_t member);
uint32_t epoch_set_count(const struct epoch_set *s);
bool epoch_set_equal(const struct epoch_set *a, const struct epoch_set *b);
bool epoch_set_within(const struct epoch_set *inner, const struct epoch_set *outer);

/* One change under way: how far it is. */
struct epoch_change {
	uint64_t target;                 /* the epoch that it makes */
	enum epoch_change_kind kind;
	uint32_t attempt;                /* 0, and one more for each that was given up before */
	uint32_t n, threshold;           /* of the next roster */
	uint64_t started_ms;
	uint64_t since_ms;               /* this step's: begun, fixed, or another dealer excluded */
	bool fixed;                      /* the set of dealers */
	/* by index of now; stay: is a member of the next roster, too */
	struct epoch_set stay, dealt, excluded;
	struct epoch_set acked;          /* by index of next */
};

struct epoch_deal {
	uint32_t attempt;
	struct sr_edpk vote_key;
	struct sr_sig64 vote_proof;      /* epoch_vote_sign */
	struct sr_hash32 contribution;   /* shamir_contribution_commit */
	struct shamir_proof boxes;       /* shamir_boxes_prove: all boxes have one r */
	struct shamir_commitments c;
	/* by index of next */
	struct shamir_box shares[SR_MEMBERS_MAX], contributions[SR_MEMBERS_MAX];
};

/* The last sum of dealings: every ACK of a change is checked against the same one. */
struct epoch_memo {
	bool have;
	struct sr_hash32 dealings;       /* which ones */
	struct shamir_commitments group;
};

/* What everyone knows when operations are applied. Zero-initialise: fields may be added. */
struct vault_block;
struct epoch_context {
	struct sr_hash32 chain_id;
	const struct epoch_record *now;
	struct epoch_memo *memo;         /* may be NULL; only saves time */
	const struct genesis *genesis;
	uint64_t time_ms, parent_ms;     /* of the block and of its parent */
	const struct vault_block *block; /* NULL: the registry's subjects are NOT_FOUND */
};

/* Who someone is in the rosters. */
struct epoch_role { uint32_t now, next; };       /* indices; EPOCH_NOBODY when none */

/* The state of epoch 0: the policy, the members' rows, and the change to epoch 1. */
SR_MUST_CHECK enum sr_error epoch_genesis(struct vault_tree **t, const struct genesis *g);
/* Before a block's operations: fixes a due set of dealers, gives up a late change, begins a due
 * one, lets evidence lapse. Does nothing when the CLOSE block is due. Only NO_MEMORY. */
SR_MUST_CHECK enum sr_error epoch_begin_block(struct vault_tree **t,
    const struct epoch_context *ctx);
/* false: no change is under way. */
bool epoch_change_get(struct epoch_change *out, const struct vault_tree *t);
/* The next roster as far as it is known: members, seats, n and threshold; vote keys of joiners and
 * of those who have dealt (else zero); verify keys and shielding key zero. NOT_FOUND: no change is
 * under way. next is large: allocate it. */
SR_MUST_CHECK enum sr_error epoch_change_roster(struct epoch_record *next,
    const struct vault_tree *t, const struct epoch_record *now);
/* By vote key (now's, or a joiner's) or id key. NOT_FOUND: neither. Only NO_MEMORY is no answer. */
SR_MUST_CHECK enum sr_error epoch_role(struct epoch_role *out, const struct vault_tree *t,
    const struct epoch_record *now, const struct sr_edpk *key);
struct epoch_set epoch_dealers(const struct epoch_change *change);
/* How many dealers a change needs: a quorum, and in a RESHARE at least the old threshold. */
uint32_t epoch_dealers_min(const struct epoch_change *change, const struct epoch_record *now);
/* May members ACK: is the set fixed, and large enough? */
bool epoch_set_complete(const struct epoch_change *change, const struct epoch_record *now);
/* Must the next block be the CLOSE block? */
bool epoch_ready(const struct vault_tree *t, const struct epoch_record *now);
/* NOT_FOUND when that member (index now) has not dealt. deal is large: allocate it. */
SR_MUST_CHECK enum sr_error epoch_deal_get(struct epoch_deal *deal, const struct vault_tree *t,
    const struct epoch_change *change, uint32_t dealer);
/* The group of the current set: C_0 is the vault key; in a RESHARE it is the same as before
 * (DEALING_BAD otherwise). memo may be NULL. */
SR_MUST_CHECK enum sr_error epoch_group(struct shamir_commitments *out, const struct vault_tree *t,
    const struct epoch_change *change, const struct epoch_record *now, struct epoch_memo *memo);
/* The record of the next epoch; only when epoch_ready. */
SR_MUST_CHECK enum sr_error epoch_next(struct epoch_record *next, const struct vault_tree *t,
    const struct epoch_record *now);
/* What the CLOSE block does to the state: the records of both epochs are kept, the change, its
 * dealings and all votes go, members' rows follow the roster. */
SR_MUST_CHECK enum sr_error epoch_close(struct vault_tree **t, const struct epoch_context *ctx,
    const struct epoch_record *next);
/* The record of the epoch before this one, so that its faults can still be shown. NOT_FOUND. */
SR_MUST_CHECK enum sr_error epoch_old_get(struct epoch_record *old, const struct vault_tree *t);

/* Binds a box to where it belongs. dealer: index now; receiver: index in the next roster. */
void epoch_context_bytes(uint8_t out[EPOCH_CONTEXT_BYTES], const struct sr_hash32 *chain_id,
    uint64_t target, uint32_t dealer, uint32_t receiver, enum epoch_about about);
/* What a dealer's proof that he knows his boxes' r is bound to. */
void epoch_boxes_context(uint8_t out[EPOCH_CONTEXT_BYTES], const struct sr_hash32 *chain_id,
    uint64_t target, uint32_t dealer);
/* Whoever brings a vote key has it: domain "strongroom next vote key v1", chain id | target u64 |
 * attempt u32 | dealer u32, so that nobody else can take it first. dealer: index now. */
void epoch_vote_sign(struct sr_sig64 *sig, const struct sr_edsk *vote,
    const struct sr_hash32 *chain_id, uint64_t target, uint32_t attempt, uint32_t dealer);
/* BAD_SIGNATURE, and what sr_verify says of a malformed key. */
SR_MUST_CHECK enum sr_error epoch_vote_verify(const struct epoch_deal *deal,
    const struct sr_hash32 *chain_id, uint64_t target, uint32_t dealer);
/* What an ACK's proof is bound to. */
void epoch_ack_context(uint8_t out[56], const struct sr_hash32 *chain_id, uint64_t target,
    const struct epoch_set *set);

/* Decoding, chain, epoch, membership, signature. A joiner is known by the state's next roster.
 * role: nobody's for an open operation by a stranger. */
SR_MUST_CHECK enum sr_error epoch_op_check(struct vault_op *op, struct epoch_role *role,
    const struct epoch_context *ctx, const struct vault_tree *t, const uint8_t *bytes, size_t n);
/* Applies a checked operation, or refuses it and changes nothing. EPOCH_STEP: not now, or not
 * twice. The other refusals stand at enclave/roster.h. */
SR_MUST_CHECK enum sr_error epoch_apply(struct vault_tree **t, const struct epoch_context *ctx,
    const struct vault_op *op, const struct epoch_role *role);
/* A DEAL or ACK that is not in time on t (EPOCH_STEP) but can still become so: a dealing of this
 * attempt by who has not dealt, an acknowledgement of a set that may still come about. */
bool epoch_step_is_early(const struct epoch_context *ctx, const struct vault_tree *t,
    const struct vault_op *op);
/* A signed operation of any of these kinds. key: the vote key, or the open operation's account. */
SR_MUST_CHECK enum sr_error epoch_op_write(struct sr_writer *w, const struct epoch_context *ctx,
    enum epoch_op_kind kind, const struct sr_edsk *key, const uint8_t *body, size_t n);

void epoch_deal_write(struct sr_writer *w, const struct epoch_deal *deal, uint32_t n);
/* Sets n boxes of each kind; those above stay as they are. */
void epoch_deal_read(struct epoch_deal *deal, struct sr_reader *r, uint32_t n, uint32_t threshold);

#endif
