/*
 * enclave/epoch.h - an epoch change as everybody sees it: members' operations and their records
 * in the state (DESIGN 5). Public data only; who deals and what is secret is enclave/epoch_keys.c.
 *
 *   DEAL x n ──► set complete ──► ACK x n ──► ready ──► CLOSE block ──► next epoch
 *                    ▲               │
 *                    └── COMPLAINT ──┘   a proven one excludes the dealer, and ACKs start again
 *
 * The set of dealers is a function of the finalised state: all who have dealt, without those
 * excluded. An ACK names its set, so one for another set counts for nothing.
 *
 * A member's operation is a vault operation of kind 0x100 and up, by the account of its vote key,
 * with nonce 0 and no expiry: each can be applied once, so there is nothing to replay.
 *   DEAL      vote_key 32 | contribution commitment 32 | proof of the boxes' r 64 | commitments |
 *             n share boxes | n contribution boxes
 *   COMPLAINT dealer u32 | about u8 (0 share, 1 contribution) | complaint 96
 *   ACK       set 16 | proof 64 | shielding key 32
 */
#ifndef SR_ENCLAVE_EPOCH_H
#define SR_ENCLAVE_EPOCH_H

#include "enclave/genesis.h"
#include "shamir/subshare.h"
#include "vault/op.h"
#include "vault/tree.h"

enum epoch_op_kind { EPOCH_OP_DEAL = 0x100, EPOCH_OP_COMPLAINT = 0x101, EPOCH_OP_ACK = 0x102 };
enum epoch_about { EPOCH_ABOUT_SHARE = 0, EPOCH_ABOUT_CONTRIBUTION = 1 };

#define EPOCH_CONTEXT_BYTES 49u

struct epoch_set { uint8_t b[16]; };     /* a bit per member */
bool epoch_set_has(const struct epoch_set *s, uint32_t member);
void epoch_set_add(struct epoch_set *s, uint32_t member);
uint32_t epoch_set_count(const struct epoch_set *s);

/* One change under way: how far it is. */
struct epoch_change {
	uint64_t target;                 /* the epoch that it makes */
	uint32_t n, threshold;
	uint64_t started_ms;
	struct epoch_set dealt, excluded, acked;
};

struct epoch_deal {
	struct sr_edpk vote_key;
	struct sr_hash32 contribution;   /* shamir_contribution_commit */
	struct shamir_proof boxes;       /* shamir_boxes_prove: all boxes have one r */
	struct shamir_commitments c;
	struct shamir_box shares[SR_MEMBERS_MAX], contributions[SR_MEMBERS_MAX];
};

/* The last sum of dealings: every ACK of a change is checked against the same one. */
struct epoch_memo {
	bool have;
	struct sr_hash32 dealings;       /* which ones */
	struct shamir_commitments group;
};

/* What everyone knows when operations of a change are applied. */
struct epoch_context {
	struct sr_hash32 chain_id;
	const struct epoch_record *now;
	struct epoch_memo *memo;         /* may be NULL; only saves time */
};

/* The state of epoch 0 begins with the change to epoch 1. */
SR_MUST_CHECK enum sr_error epoch_genesis(struct vault_tree **t, const struct epoch_record *now,
    uint64_t time_ms);
/* false: no change is under way. */
bool epoch_change_get(struct epoch_change *out, const struct vault_tree *t);
struct epoch_set epoch_dealers(const struct epoch_change *change);
/* May members ACK: is the set of dealers settled as far as the state knows? */
bool epoch_set_complete(const struct epoch_change *change, const struct epoch_record *now);
/* Must the next block be the CLOSE block? */
bool epoch_ready(const struct vault_tree *t, const struct epoch_record *now);
/* NOT_FOUND when that member has not dealt. deal is large: allocate it. */
SR_MUST_CHECK enum sr_error epoch_deal_get(struct epoch_deal *deal, const struct vault_tree *t,
    const struct epoch_change *change, uint32_t dealer);
/* The group of the current set: C_0 is the vault key. memo may be NULL. */
SR_MUST_CHECK enum sr_error epoch_group(struct shamir_commitments *out, const struct vault_tree *t,
    const struct epoch_change *change, struct epoch_memo *memo);
/* The record of the next epoch; only when epoch_ready. */
SR_MUST_CHECK enum sr_error epoch_next(struct epoch_record *next, const struct vault_tree *t,
    const struct epoch_record *now);
/* What the CLOSE block does to the state: the record is kept, the change and its dealings go. */
SR_MUST_CHECK enum sr_error epoch_close(struct vault_tree **t, const struct epoch_record *next);

/* Binds a box to where it belongs. */
void epoch_context_bytes(uint8_t out[EPOCH_CONTEXT_BYTES], const struct sr_hash32 *chain_id,
    uint64_t target, uint32_t dealer, uint32_t receiver, enum epoch_about about);
/* What a dealer's proof that he knows his boxes' r is bound to. */
void epoch_boxes_context(uint8_t out[EPOCH_CONTEXT_BYTES], const struct sr_hash32 *chain_id,
    uint64_t target, uint32_t dealer);
/* What an ACK's proof is bound to. */
void epoch_ack_context(uint8_t out[56], const struct sr_hash32 *chain_id, uint64_t target,
    const struct epoch_set *set);

/* Decoding, chain, epoch, membership, signature; the verdict depends on the bytes and the roster
 * alone. */
SR_MUST_CHECK enum sr_error epoch_op_check(struct vault_op *op, uint32_t *member,
    const struct epoch_context *ctx, const uint8_t *bytes, size_t n);
/* Applies a checked operation, or refuses it and changes nothing. EPOCH_STEP: not now, or not
 * twice. */
SR_MUST_CHECK enum sr_error epoch_apply(struct vault_tree **t, const struct epoch_context *ctx,
    const struct vault_op *op, uint32_t member);
/* A signed member's operation. */
SR_MUST_CHECK enum sr_error epoch_op_write(struct sr_writer *w, const struct epoch_context *ctx,
    enum epoch_op_kind kind, const struct sr_edsk *vote_key, const uint8_t *body, size_t n);

void epoch_deal_write(struct sr_writer *w, const struct epoch_deal *deal, uint32_t n);
/* Sets n boxes of each kind; those above stay as they are. */
void epoch_deal_read(struct epoch_deal *deal, struct sr_reader *r, uint32_t n, uint32_t threshold);

#endif
