/*
 * consensus/wire.h - encodings of headers, votes and certificates (DESIGN 4). Base only: the client
 * links this file to check proofs against a certificate.
 */
#ifndef SR_CONSENSUS_WIRE_H
#define SR_CONSENSUS_WIRE_H

#include "base/crypto.h"

/* f = floor((n-1)/3), q = floor((n+f)/2)+1: 4:3, 7:5, 10:7, 100:67. n = 3 is crash-only: f=0,
 * q=2. */
uint32_t consensus_faults(uint32_t n);
uint32_t consensus_quorum(uint32_t n);

enum consensus_flag {
	CONSENSUS_CLOSE = 1u << 0,       /* the epoch's last block: two more roots are set */
	CONSENSUS_INGRESS_OK = 1u << 1,  /* >= f+1 VOTE_INGRESS in the parent's certificate */
};

/* slot 0 of an epoch is its genesis G_e: never proposed, always final. height counts final
 * blocks over all epochs; G_e has the height of the CLOSE block before it (0 for the first
 * epoch). */
struct consensus_header {
	struct sr_hash32 chain_id;
	uint64_t epoch, slot, height, parent_slot;
	struct sr_hash32 parent_hash;
	uint64_t time_ms;                /* unix */
	uint32_t author;                 /* index in the roster, = slot mod n */
	uint32_t flags;
	struct sr_hash32 ops_root;       /* sr_hash of the body's bytes */
	struct sr_hash32 pre_state_root; /* the state's root before this block = after its parent */
	struct sr_hash32 next_roster_root, post_state_root; /* encoded only with CONSENSUS_CLOSE */
};

#define CONSENSUS_HEADER_MAX 320u

void consensus_header_write(struct sr_writer *w, const struct consensus_header *h);
void consensus_header_read(struct consensus_header *h, struct sr_reader *r);
/* Domain-separated hash of the encoding: the block's hash. */
struct sr_hash32 consensus_header_hash(const struct consensus_header *h);
/* The author's signature over its block: what makes two proposals for one slot provable. */
void consensus_proposal_sign(struct sr_sig64 *out, const struct sr_hash32 *block,
    const struct sr_edsk *sk);
SR_MUST_CHECK enum sr_error consensus_proposal_verify(const struct sr_hash32 *block,
    const struct sr_sig64 *sig, const struct sr_edpk *key);
/* Hash standing for slot 0 of an epoch: H(epoch, previous CLOSE block's hash or 0, roster root,
 * state root). */
struct sr_hash32 consensus_genesis_hash(const struct sr_hash32 *chain_id, uint64_t epoch,
    const struct sr_hash32 *close_hash, const struct sr_hash32 *roster_root,
    const struct sr_hash32 *state_root);

enum consensus_vote_kind { CONSENSUS_NOTAR = 1, CONSENSUS_SKIP = 2, CONSENSUS_FINAL = 3 };
enum consensus_vote_flag { CONSENSUS_VOTE_INGRESS = 1u << 0 }; /* "my ingress works" (NOTAR only) */

struct consensus_vote {
	enum consensus_vote_kind kind;
	uint64_t epoch, slot;
	struct sr_hash32 hash;           /* zero for SKIP */
	uint8_t flags;
	uint32_t voter;
	struct sr_sig64 sig;
};

void consensus_vote_write(struct sr_writer *w, const struct consensus_vote *v);
void consensus_vote_read(struct consensus_vote *v, struct sr_reader *r);
void consensus_vote_sign(struct consensus_vote *v, const struct sr_hash32 *chain_id,
    const struct sr_edsk *sk);
SR_MUST_CHECK enum sr_error consensus_vote_verify(const struct consensus_vote *v,
    const struct sr_hash32 *chain_id, const struct sr_edpk *key);

/* q (or more) distinct signatures over the same kind, epoch, slot, hash; flags differ per
 * signer. */
struct consensus_cert {
	enum consensus_vote_kind kind;
	uint64_t epoch, slot;
	struct sr_hash32 hash;
	uint32_t signers_n;
	struct {
		uint32_t voter;          /* strictly rising */
		uint8_t flags;
		struct sr_sig64 sig;
	} signers[SR_MEMBERS_MAX];
};

void consensus_cert_write(struct sr_writer *w, const struct consensus_cert *c);
void consensus_cert_read(struct consensus_cert *c, struct sr_reader *r);
/* As many signers as there are: consensus_cert_bytes(c) is room enough for out, which must then not
 * be copied as a struct. */
void consensus_cert_copy(struct consensus_cert *out, const struct consensus_cert *c);
size_t consensus_cert_bytes(const struct consensus_cert *c);
/* What can be told without a signature check: kind, q of n distinct, voters in range. */
SR_MUST_CHECK enum sr_error consensus_cert_check(const struct consensus_cert *c, uint32_t n);
/* The index-th signer's vote (index < signers_n). */
struct consensus_vote consensus_cert_vote(const struct consensus_cert *c, uint32_t index);
/* All signatures, q of n distinct, voters in range. keys: n vote keys in roster order. */
SR_MUST_CHECK enum sr_error consensus_cert_verify(const struct consensus_cert *c,
    const struct sr_hash32 *chain_id, const struct sr_edpk *keys, uint32_t n);
uint32_t consensus_cert_ingress(const struct consensus_cert *c); /* how many carry VOTE_INGRESS */

#endif
