/*
 * vault/proof.h - offline check of a state proof. Base only, and nothing of the tree's own code:
 * two programs must agree before a proof counts.
 *
 * proof = version u8 | end u8 | what stands at the end of the key's path | steps u16 | steps
 * steps = from there to the root: bit u8 | hash of the branch's other child 32; bits fall strictly
 * end   = EMPTY    nothing                                    the tree is empty
 *         PRESENT  value blob                                 the key's own leaf
 *         LEAF     key 32 | H(value) 32                       another leaf in the key's place
 *         BRANCH   bit u8 | prefix 32 | left 32 | right 32    a branch whose prefix the key lacks
 * A branch's hash covers its bit and prefix, so the root fixes the whole path and an end other than
 * PRESENT proves absence.
 */
#ifndef SR_VAULT_PROOF_H
#define SR_VAULT_PROOF_H

#include "base/crypto.h"

#define VAULT_VALUE_MAX (80u * 1024u)

struct vault_key { uint8_t b[32]; };

#define VAULT_PROOF_MAX (16u * 1024u + VAULT_VALUE_MAX)
#define VAULT_PROOF_VERSION 1u
#define VAULT_PROOF_STEPS_MAX 256u

enum vault_proof_end {
	VAULT_PROOF_EMPTY = 0,
	VAULT_PROOF_PRESENT = 1,
	VAULT_PROOF_LEAF = 2,
	VAULT_PROOF_BRANCH = 3,
};

/* SR_OK: under root, key has value (present) or is absent (present = false). value borrowed. */
SR_MUST_CHECK enum sr_error vault_proof_check(bool *present, struct sr_bytes *value,
    const struct sr_hash32 *root, const struct vault_key *key, const uint8_t *proof, size_t n);

#endif
