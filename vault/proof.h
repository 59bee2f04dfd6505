/* vault/proof.h - offline check of a state proof. Base only. */
#ifndef SR_VAULT_PROOF_H
#define SR_VAULT_PROOF_H

#include "base/buf.h"
#include "vault/tree.h"

#define VAULT_PROOF_MAX (16u * 1024u + VAULT_VALUE_MAX)

/* SR_OK: under root, key has value (present) or is absent (present = false). value borrowed. */
SR_MUST_CHECK enum sr_error vault_proof_check(bool *present, struct sr_bytes *value,
    const struct sr_hash32 *root, const struct vault_key *key, const uint8_t *proof, size_t n);

#endif
