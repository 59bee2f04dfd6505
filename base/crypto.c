#include "base/crypto.h"

#include <string.h>

#include "base/crypto_private.h"
#include "base/hex.h"

/* FIPS 180-4 "abc"; a build whose hash is wrong must not touch anyone's data. */
static enum sr_error check_sha256(void)
{
	struct sr_hash32 got = sr_hash("abc", 3), want;

	SR_TRY(sr_hex_decode(want.b, sizeof want.b,
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 64));
	return sr_hash32_equal(&got, &want) ? SR_OK : SR_ERR_INTERNAL;
}

/* The GCM specification's test case 14: one zero block under a zero key. */
static enum sr_error check_gcm(void)
{
	static const struct sr_key32 zero_key;
	static const uint8_t zeros[16];
	uint8_t got[32], want[32];

	SR_TRY(sr_hex_decode(want, sizeof want,
	    "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919", 64));
	SR_TRY(sr_gcm_seal(got, &zero_key, zeros, NULL, 0, zeros, sizeof zeros));
	return sr_ct_equal(got, want, sizeof got) ? SR_OK : SR_ERR_INTERNAL;
}

/* RFC 8032 7.1 test 1, and a signature that must not verify. */
static enum sr_error check_ed25519(void)
{
	struct sr_key32 seed;
	struct sr_edsk sk;
	struct sr_edpk pk, want;
	struct sr_sig64 sig;

	SR_TRY(sr_hex_decode(seed.b, sizeof seed.b,
	    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", 64));
	SR_TRY(sr_hex_decode(want.b, sizeof want.b,
	    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", 64));
	sr_ed25519_keypair(&sk, &pk, &seed);
	sr_sign(&sig, &sk, "strongroom self-test", pk.b, sizeof pk.b);
	sr_edsk_wipe(&sk);
	if (memcmp(pk.b, want.b, sizeof pk.b) != 0)
		return SR_ERR_INTERNAL;
	SR_TRY(sr_verify(&pk, &sig, "strongroom self-test", pk.b, sizeof pk.b));
	if (sr_verify(&pk, &sig, "strongroom other", pk.b, sizeof pk.b) == SR_OK)
		return SR_ERR_INTERNAL;
	return SR_OK;
}

enum sr_error sr_crypto_init(void)
{
	SR_TRY(sr_sodium_start());
	SR_TRY(sr_gcrypt_start());
	SR_TRY(check_sha256());
	SR_TRY(check_gcm());
	return check_ed25519();
}
