/*
 * vault/hold.h - how the holders of dealt secrets share their pairs again (decision 0013): a round
 * per version and epoch, in batches of many versions.
 *
 *   DEAL ──► t dealings are final: the set ──► ACK of each next holder ──► next generation
 *     ▲                │
 *     └── COMPLAINT ◄──┘   a proven one takes the dealer out of the round
 *
 * Members' operations (kind 0x110 and up, signed like those of enclave/epoch.h). An entry that does
 * not apply (done already, or the version has changed) is passed over; an operation of which none
 * applies is refused and has no place in a block. So nothing can be applied twice.
 *   DEAL      proof 64 of the boxes' r | count u32 | entries: ref | threshold u32 | next u32 |
 *             commitments | a box for each next holder, by rising seat
 *   ACK       count u32 | entries: ref | dealers 16 (bit per seat) | box 112, to itself
 *   COMPLAINT ref | dealer's seat u32, or VAULT_DEALER_OWNER | complaint 96
 *   ref = secret id 16 | version u64 | generation u64, the one that is shared again
 */
#ifndef SR_VAULT_HOLD_H
#define SR_VAULT_HOLD_H

#include "vault/vault.h"

enum vault_hold_kind {
	VAULT_HOLD_DEAL = 0x110, VAULT_HOLD_COMPLAINT = 0x111, VAULT_HOLD_ACK = 0x112
};
bool vault_hold_is(unsigned kind);

#define VAULT_HOLD_BATCH_BYTES 16384u    /* of a body */
#define VAULT_HOLD_ENTRIES_MAX 128u
#define VAULT_HOLD_COMPLAINT_BYTES 96u   /* shamir/subshare.h */

struct vault_hold_ref { struct vault_secret_id id; uint64_t version, generation; };
struct vault_hold_deal {
	struct vault_hold_ref ref;
	uint32_t threshold, next_n;
	uint8_t commitments[VAULT_HOLDERS_MAX][32];
	uint8_t boxes[VAULT_HOLDERS_MAX][VAULT_PAIR_BOX_BYTES];
};
struct vault_hold_ack {
	struct vault_hold_ref ref;
	uint8_t dealers[16];
	uint8_t box[VAULT_PAIR_BOX_BYTES];
};
struct vault_hold_complaint {
	struct vault_hold_ref ref;
	uint32_t dealer;
	uint8_t complaint[VAULT_HOLD_COMPLAINT_BYTES];
};
void vault_hold_deal_write(struct sr_writer *w, const struct vault_hold_deal *d);
void vault_hold_deal_read(struct vault_hold_deal *d, struct sr_reader *r);
void vault_hold_ack_write(struct sr_writer *w, const struct vault_hold_ack *a);
void vault_hold_ack_read(struct vault_hold_ack *a, struct sr_reader *r);
void vault_hold_complaint_write(struct sr_writer *w, const struct vault_hold_complaint *c);
void vault_hold_complaint_read(struct vault_hold_complaint *c, struct sr_reader *r);
/* 1 to VAULT_HOLD_ENTRIES_MAX. */
uint32_t vault_hold_count_read(struct sr_reader *r);

/* One version as it is held, and its round. */
struct vault_hold {
	uint64_t epoch;                  /* since when its generation is there */
	uint64_t round;                  /* the epoch of the round under way; 0: none */
	uint32_t next_n, dealers_n;
	struct { uint32_t seat; bool acked; } next[VAULT_HOLDERS_MAX];       /* rising */
	struct { uint32_t seat; bool excluded; } dealers[VAULT_HOLDERS_MAX]; /* as they came */
};
/* The first t dealers that are not excluded, a bit per seat. false: there are fewer. */
bool vault_hold_set(uint8_t set[16], const struct vault_hold *hold, uint32_t threshold);

/* The arithmetic, which lives in shamir/. d: the version's dealing; dealings: t of them. */
struct vault_hold_hooks {
	/* Points, and the first commitment is to the dealer's own pair. */
	enum sr_error (*deal_check)(const struct vault_dealt *d, uint32_t dealer,
	    const struct vault_hold_deal *deal);
	/* The commitments of the next generation. */
	enum sr_error (*sum)(uint8_t (*out)[32], const struct vault_dealt *d,
	    const struct vault_hold_deal *dealings, const uint32_t *dealers);
	/* Is what the box holds no share? BAD_PROOF: the complaint is false. */
	enum sr_error (*judge)(bool *at_fault, const uint8_t complaint[VAULT_HOLD_COMPLAINT_BYTES],
	    const uint8_t box[VAULT_PAIR_BOX_BYTES], const uint8_t key[32],
	    const uint8_t context[VAULT_DEALT_CONTEXT], const uint8_t (*commitments)[32],
	    uint32_t threshold, uint32_t seat);
};

/* Applies a member's operation whose signature and proof were checked. seat: its signer's. An error
 * leaves the tree as it was; EPOCH_STEP: nothing of it applies. */
SR_MUST_CHECK enum sr_error vault_hold_apply(struct vault_tree **t,
    const struct vault_block *block, const struct vault_hold_hooks *hooks, unsigned kind,
    struct sr_bytes body, uint32_t seat);

/* --- reading, for who holds --- */
struct vault_hold_view {
	struct vault_hold_ref ref;
	struct sr_hash32 label;
	struct vault_dealt dealt;
	struct vault_hold hold;
	bool live;                       /* its policy is the secret's of now: may be opened */
};
/* The next version that is dealt, after *at (all zeros: the first one). NOT_FOUND at the end. */
SR_MUST_CHECK enum sr_error vault_hold_next(struct vault_hold_view *v, struct vault_key *at,
    const struct vault_tree *t, const struct sr_hash32 *chain_id);
/* The one whose row this is; NOT_FOUND when it is another kind of row, or gone. */
SR_MUST_CHECK enum sr_error vault_hold_at(struct vault_hold_view *v, const struct vault_key *key,
    const struct vault_tree *t, const struct sr_hash32 *chain_id);
/* A dealing of its round. */
SR_MUST_CHECK enum sr_error vault_hold_dealing(struct vault_hold_deal *out,
    const struct vault_tree *t, const struct vault_hold_ref *ref, uint32_t dealer);

#endif
