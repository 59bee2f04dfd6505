/*
 * chain/ethsig.h - Ethereum addresses and signatures of messages: EIP-191 (personal_sign), EIP-712
 * (typed data, given its two hashes), EIP-55 (address text). Checking only; signing is
 * chain/ethkey.h.
 */
#ifndef SR_CHAIN_ETHSIG_H
#define SR_CHAIN_ETHSIG_H

#include "base/error.h"
#include "base/types.h"

struct chain_eth_address { uint8_t b[20]; };
struct chain_eth_sig { uint8_t b[65]; };        /* r || s || v */

/* EIP-191 version 0x45: keccak256("\x19Ethereum Signed Message:\n" || decimal length ||
 * message). */
struct sr_hash32 chain_eth_personal_digest(const uint8_t *msg, size_t n);
/* EIP-712: keccak256(0x19 0x01 || domain separator || hashStruct(message)). */
struct sr_hash32 chain_eth_typed_digest(const struct sr_hash32 *domain_separator,
    const struct sr_hash32 *struct_hash);
/* Who signed. v is 0, 1, 27 or 28; s must be in the lower half (EIP-2), so that there is one
 * signature for one signing. BAD_SIGNATURE otherwise, and when there is no such key. */
SR_MUST_CHECK enum sr_error chain_eth_recover(struct chain_eth_address *out,
    const struct sr_hash32 *digest, const struct chain_eth_sig *sig);
/* The last 20 bytes of keccak256 of an uncompressed public key without its first byte. */
struct chain_eth_address chain_eth_address_of_public(const uint8_t xy[64]);

#define CHAIN_ETH_TEXT 43u      /* "0x", 40 digits, NUL */
void chain_eth_address_text(char out[CHAIN_ETH_TEXT], const struct chain_eth_address *a);
/* "0x" and 40 digits: all of one case, or mixed with a right EIP-55 checksum. BAD_HEX otherwise. */
SR_MUST_CHECK enum sr_error chain_eth_address_parse(struct chain_eth_address *out,
    const char *text, size_t n);

#endif
