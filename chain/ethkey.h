/* chain/ethkey.h - an Ethereum private key at a client: its address and its signatures. */
#ifndef SR_CHAIN_ETHKEY_H
#define SR_CHAIN_ETHKEY_H

#include "base/secret.h"
#include "chain/ethsig.h"

/* BAD_SCALAR unless 0 < key < the group's order. */
SR_MUST_CHECK enum sr_error chain_eth_address_of(struct chain_eth_address *out,
    const struct sr_key32 *key);
/* RFC 6979 nonce, low s, v = 27 or 28. blind: 32 random bytes against side channels; they do not
 * change the signature. */
SR_MUST_CHECK enum sr_error chain_eth_sign(struct chain_eth_sig *out, const struct sr_key32 *key,
    const struct sr_hash32 *digest, const struct sr_key32 *blind);

#endif
