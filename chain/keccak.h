/* chain/keccak.h - Keccak-256 as Ethereum uses it: the original padding 0x01, not SHA-3's 0x06. */
#ifndef SR_CHAIN_KECCAK_H
#define SR_CHAIN_KECCAK_H

#include "base/types.h"

struct sr_hash32 chain_keccak256(const void *p, size_t n);
/* Over the parts one after another. */
struct sr_hash32 chain_keccak256_parts(const struct sr_bytes *parts, size_t parts_n);

#endif
