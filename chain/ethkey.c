/* chain/ethkey.c - signing with an Ethereum private key. */
#include "chain/ethkey.h"

#include <string.h>

#include <secp256k1.h>
#include <secp256k1_recovery.h>

enum sr_error chain_eth_address_of(struct chain_eth_address *out, const struct sr_key32 *key)
{
	secp256k1_context *context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
	secp256k1_pubkey public;
	uint8_t bytes[65];
	size_t bytes_n = sizeof bytes;
	bool good;

	memset(out, 0, sizeof *out);
	if (context == NULL)
		return SR_ERR_NO_MEMORY;
	good = secp256k1_ec_pubkey_create(context, &public, key->b) == 1;
	if (good) {
		(void)secp256k1_ec_pubkey_serialize(context, bytes, &bytes_n, &public,
		    SECP256K1_EC_UNCOMPRESSED);
		*out = chain_eth_address_of_public(bytes + 1);
	}
	secp256k1_context_destroy(context);
	return good ? SR_OK : SR_ERR_BAD_SCALAR;
}

enum sr_error chain_eth_sign(struct chain_eth_sig *out, const struct sr_key32 *key,
    const struct sr_hash32 *digest, const struct sr_key32 *blind)
{
	secp256k1_context *context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
	secp256k1_ecdsa_recoverable_signature sig;
	bool good;
	int id = 0;

	memset(out, 0, sizeof *out);
	if (context == NULL)
		return SR_ERR_NO_MEMORY;
	/* The library's signatures are low-s and its nonce is RFC 6979's. */
	good = secp256k1_context_randomize(context, blind->b) == 1 &&
	    secp256k1_ecdsa_sign_recoverable(context, &sig, digest->b, key->b, NULL, NULL) == 1;
	if (good) {
		(void)secp256k1_ecdsa_recoverable_signature_serialize_compact(context, out->b, &id,
		    &sig);
		out->b[64] = (uint8_t)(27 + id);
		good = id <= 1;         /* 2, 3: r above the group's order, never seen */
	}
	if (!good)
		memset(out, 0, sizeof *out);
	secp256k1_context_destroy(context);
	return good ? SR_OK : SR_ERR_BAD_SCALAR;
}
