/* chain/ethsig.c - who signed a message, and how an address is written. */
#include "chain/ethsig.h"

#include <string.h>

#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include "chain/keccak.h"

#define PERSONAL "\x19" "Ethereum Signed Message:\n"

/* Decimal digits of n at the end of out; returns where they start. */
static size_t decimal(char out[20], size_t n)
{
	size_t at = 20;

	do {
		out[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	return at;
}

struct sr_hash32 chain_eth_personal_digest(const uint8_t *msg, size_t n)
{
	char digits[20];
	size_t at = decimal(digits, n);
	struct sr_bytes parts[3] = {
		{ (const uint8_t *)PERSONAL, sizeof PERSONAL - 1 },
		{ (const uint8_t *)digits + at, sizeof digits - at },
		{ msg, n },
	};

	return chain_keccak256_parts(parts, 3);
}

struct sr_hash32 chain_eth_typed_digest(const struct sr_hash32 *domain_separator,
    const struct sr_hash32 *struct_hash)
{
	static const uint8_t prefix[2] = { 0x19, 0x01 };
	struct sr_bytes parts[3] = {
		{ prefix, sizeof prefix },
		{ domain_separator->b, sizeof domain_separator->b },
		{ struct_hash->b, sizeof struct_hash->b },
	};

	return chain_keccak256_parts(parts, 3);
}

struct chain_eth_address chain_eth_address_of_public(const uint8_t xy[64])
{
	struct sr_hash32 hash = chain_keccak256(xy, 64);
	struct chain_eth_address out;

	memcpy(out.b, hash.b + 12, sizeof out.b);
	return out;
}

/* v of 0, 1, 27 or 28 to the recovery id, else -1. */
static int recovery_id(uint8_t v)
{
	if (v == 27 || v == 28)
		return v - 27;
	return v <= 1 ? v : -1;
}

/* Refuses r or s out of range, and s in the upper half: normalising changes nothing in a low s. */
static bool signature_parse(secp256k1_ecdsa_recoverable_signature *out,
    const struct chain_eth_sig *sig)
{
	const secp256k1_context *context = secp256k1_context_static;
	secp256k1_ecdsa_signature plain;
	int id = recovery_id(sig->b[64]);

	if (id < 0)
		return false;
	if (!secp256k1_ecdsa_recoverable_signature_parse_compact(context, out, sig->b, id))
		return false;
	(void)secp256k1_ecdsa_recoverable_signature_convert(context, &plain, out);
	return !secp256k1_ecdsa_signature_normalize(context, NULL, &plain);
}

enum sr_error chain_eth_recover(struct chain_eth_address *out, const struct sr_hash32 *digest,
    const struct chain_eth_sig *sig)
{
	const secp256k1_context *context = secp256k1_context_static;
	secp256k1_ecdsa_recoverable_signature parsed;
	secp256k1_pubkey key;
	uint8_t bytes[65];
	size_t bytes_n = sizeof bytes;

	memset(out, 0, sizeof *out);
	if (!signature_parse(&parsed, sig))
		return SR_ERR_BAD_SIGNATURE;
	if (!secp256k1_ecdsa_recover(context, &key, &parsed, digest->b))
		return SR_ERR_BAD_SIGNATURE;
	(void)secp256k1_ec_pubkey_serialize(context, bytes, &bytes_n, &key,
	    SECP256K1_EC_UNCOMPRESSED);
	*out = chain_eth_address_of_public(bytes + 1);
	return SR_OK;
}

/* --- EIP-55 --- */

/* A letter is upper case where the hash of the lower-case text has a digit of 8 or more. */
void chain_eth_address_text(char out[CHAIN_ETH_TEXT], const struct chain_eth_address *a)
{
	static const char digits[] = "0123456789abcdef";
	struct sr_hash32 hash;

	out[0] = '0';
	out[1] = 'x';
	for (size_t i = 0; i < sizeof a->b; i++) {
		out[2 + 2 * i] = digits[a->b[i] >> 4];
		out[3 + 2 * i] = digits[a->b[i] & 15];
	}
	out[CHAIN_ETH_TEXT - 1] = '\0';
	hash = chain_keccak256(out + 2, 40);
	for (size_t i = 0; i < 40; i++) {
		unsigned nibble = (i % 2 == 0 ? hash.b[i / 2] >> 4 : hash.b[i / 2]) & 15u;

		if (nibble >= 8 && out[2 + i] >= 'a')
			out[2 + i] = (char)(out[2 + i] - 'a' + 'A');
	}
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum sr_error chain_eth_address_parse(struct chain_eth_address *out, const char *text, size_t n)
{
	struct chain_eth_address address;
	bool upper = false, lower = false;
	char right[CHAIN_ETH_TEXT];

	if (n != CHAIN_ETH_TEXT - 1 || text[0] != '0' || text[1] != 'x')
		return SR_ERR_BAD_HEX;
	for (size_t i = 0; i < 40; i++) {
		char c = text[2 + i];
		int value = digit(c);

		if (value < 0)
			return SR_ERR_BAD_HEX;
		upper |= c >= 'A' && c <= 'F';
		lower |= c >= 'a' && c <= 'f';
		address.b[i / 2] = (uint8_t)(i % 2 == 0 ? value << 4 : address.b[i / 2] | value);
	}
	chain_eth_address_text(right, &address);
	if (upper && lower && memcmp(right, text, n) != 0)
		return SR_ERR_BAD_HEX;
	*out = address;
	return SR_OK;
}
