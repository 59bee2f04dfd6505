#include "attest/tpm_credential.h"

#include <string.h>

#include "attest/cert.h"

#define DIGEST 32u

/* KDFa of one block: HMAC(key, counter | label NUL | contextU | contextV | bits), big-endian. */
static void kdfa(uint8_t *out, size_t out_n, const struct sr_key32 *key, const char *label,
    struct sr_bytes context)
{
	const uint8_t counter[4] = { 0, 0, 0, 1 };
	const uint8_t bits[4] = { 0, 0, (uint8_t)(out_n * 8 >> 8), (uint8_t)(out_n * 8) };
	struct sr_bytes parts[] = { { counter, sizeof counter },
		{ (const uint8_t *)label, strlen(label) + 1 }, context, { bits, sizeof bits } };
	struct sr_hash32 block;

	SR_ASSERT(out_n <= sizeof block.b);
	sr_hmac_sha256(&block, key->b, sizeof key->b, parts, sizeof parts / sizeof parts[0]);
	memcpy(out, block.b, out_n);
	sr_wipe(&block, sizeof block);
}

/* HMAC as TPM2B | encrypted TPM2B of the answer; the HMAC covers the latter and the name. */
static enum sr_error id_object_make(uint8_t out[ATTEST_CREDENTIAL_ID], const struct sr_key32 *seed,
    struct sr_bytes name, const struct sr_key32 *answer)
{
	uint8_t key[16], *body = out + 2 + DIGEST;
	struct sr_bytes parts[2] = { { body, 2 + DIGEST }, name };
	struct sr_hash32 mac;
	SR_KEY32_AUTO mac_key;
	enum sr_error err;

	kdfa(key, sizeof key, seed, "STORAGE", name);
	body[0] = 0;
	body[1] = DIGEST;
	memcpy(body + 2, answer->b, DIGEST);
	err = sr_cfb128_seal(body, key, body, 2 + DIGEST);
	sr_wipe(key, sizeof key);
	SR_TRY(err);
	kdfa(mac_key.b, sizeof mac_key.b, seed, "INTEGRITY", (struct sr_bytes){ NULL, 0 });
	sr_hmac_sha256(&mac, mac_key.b, sizeof mac_key.b, parts, 2);
	out[0] = 0;
	out[1] = DIGEST;
	memcpy(out + 2, mac.b, DIGEST);
	return SR_OK;
}

static enum sr_error make(struct attest_credential *out, const struct cert *ek,
    struct sr_bytes name, const struct sr_key32 *answer, const uint8_t random[64])
{
	/* With its NUL: part 1, B.4. */
	static const uint8_t label[] = "IDENTITY";
	uint8_t modulus[ATTEST_CREDENTIAL_SECRET], exponent[8];
	struct sr_bytes n = { modulus, 0 }, e = { exponent, 0 };
	SR_KEY32_AUTO seed;

	SR_TRY(cert_rsa(modulus, &n.n, sizeof modulus, exponent, &e.n, sizeof exponent, ek));
	if (n.n != sizeof modulus)
		return SR_ERR_BAD_PUBLIC_KEY;
	memcpy(seed.b, random, sizeof seed.b);
	SR_TRY(sr_rsa_oaep_seal(
	    out->secret, n, e, (struct sr_bytes){ label, sizeof label }, &seed, random + 32));
	return id_object_make(out->id_object, &seed, name, answer);
}

enum sr_error attest_credential_make(struct attest_credential *out, struct sr_bytes ek_certificate,
    const uint8_t ak_name[ATTEST_AK_NAME], const struct sr_key32 *answer, const uint8_t random[64])
{
	struct cert_chain chain = { .n = 0 };
	enum sr_error err = cert_chain_read(&chain, ek_certificate);

	if (err == SR_OK)
		err = chain.n == 1
		    ? make(out, chain.at[0], (struct sr_bytes){ ak_name, ATTEST_AK_NAME }, answer,
			  random)
		    : SR_ERR_CHAIN_BAD;
	cert_chain_clear(&chain);
	if (err != SR_OK)
		sr_wipe(out, sizeof *out);
	return err;
}
