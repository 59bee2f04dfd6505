/*
 * vault/op_dealt.h - a key that its owner dealt to members of his choice (decision 0013), instead
 * of wrapping it under the vault key. Base only: points and boxes are opaque here, the hooks of
 * vault/vault.h look into them.
 *
 * dealt = generation u64 | threshold u32 | holders u32 | holders x holder | threshold x
 *         commitment 32 | generation 0: proof of the boxes' r 64
 * holder = seat u32 | bad bool | box key 32 | box 112 (shamir/subshare.h: a pair of
 *          shamir/pedersen.h)
 *
 * The share index of a holder is its seat + 1. Holders are in the order of their seats. Generation
 * 0 is the owner's dealing; each reshare among the holders makes the next one.
 */
#ifndef SR_VAULT_OP_DEALT_H
#define SR_VAULT_OP_DEALT_H

#include "base/crypto.h"

#define VAULT_HOLDERS_MAX 32u
#define VAULT_HOLDERS_MIN_T 2u           /* one holder alone would be no sharing */
#define VAULT_PAIR_BOX_BYTES 112u
#define VAULT_HOLDER_BYTES (4u + 1u + 32u + VAULT_PAIR_BOX_BYTES)
#define VAULT_DEALT_BYTES_MAX (16u + VAULT_HOLDERS_MAX * (VAULT_HOLDER_BYTES + 32u) + 64u)
#define VAULT_DEALER_OWNER UINT32_MAX    /* as a dealer's seat */
#define VAULT_EVERYBODY UINT32_MAX       /* as a receiver's seat: what is bound to all of them */

struct vault_holder {
	uint32_t seat;
	bool bad;                        /* it has shown that its box holds no share */
	uint8_t key[32];                 /* its box key */
	uint8_t box[VAULT_PAIR_BOX_BYTES];
};
struct vault_dealt {
	uint64_t generation;
	uint32_t threshold, holders_n;
	struct vault_holder holders[VAULT_HOLDERS_MAX];
	uint8_t commitments[VAULT_HOLDERS_MAX][32];
	uint8_t proof[64];               /* zeros above generation 0 */
};

void vault_dealt_write(struct sr_writer *w, const struct vault_dealt *d);
/* 2 <= threshold <= holders <= 32 (THRESHOLD, TOO_MANY); seats rising (DUPLICATE), below
 * SR_MEMBERS_MAX. */
void vault_dealt_read(struct vault_dealt *d, struct sr_reader *r);
SR_MUST_CHECK enum sr_error vault_dealt_decode(struct vault_dealt *d, struct sr_bytes bytes);
/* VAULT_HOLDERS_MAX when it holds none. */
uint32_t vault_dealt_holder(const struct vault_dealt *d, uint32_t seat);
/* How many can still give a share, as far as is known. */
uint32_t vault_dealt_good(const struct vault_dealt *d);

/* What a box, or the proof of its r, is bound to. Whoever copies a box to a secret of his own has
 * another label there, so that it does not open. */
#define VAULT_DEALT_CONTEXT 48u
void vault_dealt_context(uint8_t out[VAULT_DEALT_CONTEXT], const struct sr_hash32 *label,
    uint64_t generation, uint32_t dealer, uint32_t receiver);

#endif
