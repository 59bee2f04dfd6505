#include "base/hpke.h"

#include <string.h>

#include "base/crypto_private.h"

/*
 * RFC 9180 with KEM 0x0020 (X25519, HKDF-SHA256), KDF 0x0001 (HKDF-SHA256), AEAD 0x0002
 * (AES-256-GCM), mode 0 (base).
 */
static const uint8_t kem_suite[] = { 'K', 'E', 'M', 0x00, 0x20 };
static const uint8_t hpke_suite[] = { 'H', 'P', 'K', 'E', 0x00, 0x20, 0x00, 0x01, 0x00, 0x02 };
static const uint8_t version_label[] = { 'H', 'P', 'K', 'E', '-', 'v', '1' };

/* RFC 9180 4: LabeledExtract(salt, label, ikm). */
static void labeled_extract(struct sr_hash32 *out, struct sr_bytes suite, struct sr_bytes salt,
    const char *label, struct sr_bytes ikm)
{
	struct sr_bytes parts[] = {
		{ version_label, sizeof version_label },
		suite,
		{ (const uint8_t *)label, strlen(label) },
		ikm,
	};

	sr_hmac_sha256(out, salt.p, salt.n, parts, 4);
}

/* RFC 9180 4: LabeledExpand(prk, label, info, L). One HMAC block is enough: L <= 32. */
static void labeled_expand(uint8_t *out, size_t out_n, struct sr_bytes suite,
    const struct sr_hash32 *prk, const char *label, struct sr_bytes info)
{
	const uint8_t length[2] = { 0, (uint8_t)out_n };
	const uint8_t one = 1;
	struct sr_hash32 t;
	struct sr_bytes parts[] = {
		{ length, sizeof length },
		{ version_label, sizeof version_label },
		suite,
		{ (const uint8_t *)label, strlen(label) },
		info,
		{ &one, 1 },
	};

	SR_ASSERT(out_n <= sizeof t.b);
	sr_hmac_sha256(&t, prk->b, sizeof prk->b, parts, 6);
	memcpy(out, t.b, out_n);
	sr_wipe(&t, sizeof t);
}

struct message_keys {
	struct sr_key32 key;
	uint8_t nonce[SR_GCM_NONCE];
};

static void message_keys_wipe(struct message_keys *self)
{
	sr_wipe(self, sizeof *self);
}

/* RFC 9180 4.1 ExtractAndExpand, then 5.1 KeySchedule in base mode for sequence number 0. */
static void key_schedule(struct message_keys *out, const struct sr_key32 *dh,
    const uint8_t enc[32], const struct sr_xpk *to, const char *info)
{
	const struct sr_bytes kem = { kem_suite, sizeof kem_suite };
	const struct sr_bytes hpke = { hpke_suite, sizeof hpke_suite };
	const struct sr_bytes none = { NULL, 0 };
	struct sr_hash32 prk, info_hash, psk_id_hash;
	uint8_t kem_context[64], context[65];
	SR_KEY32_AUTO shared;

	memcpy(kem_context, enc, 32);
	memcpy(kem_context + 32, to->b, 32);
	labeled_extract(&prk, kem, none, "eae_prk", (struct sr_bytes){ dh->b, sizeof dh->b });
	labeled_expand(shared.b, sizeof shared.b, kem, &prk, "shared_secret",
	    (struct sr_bytes){ kem_context, sizeof kem_context });

	labeled_extract(&psk_id_hash, hpke, none, "psk_id_hash", none);
	labeled_extract(&info_hash, hpke, none, "info_hash",
	    (struct sr_bytes){ (const uint8_t *)info, strlen(info) });
	context[0] = 0; /* mode_base */
	memcpy(context + 1, psk_id_hash.b, 32);
	memcpy(context + 33, info_hash.b, 32);

	labeled_extract(&prk, hpke, (struct sr_bytes){ shared.b, sizeof shared.b }, "secret", none);
	labeled_expand(out->key.b, sizeof out->key.b, hpke, &prk, "key",
	    (struct sr_bytes){ context, sizeof context });
	labeled_expand(out->nonce, sizeof out->nonce, hpke, &prk, "base_nonce",
	    (struct sr_bytes){ context, sizeof context });
	sr_wipe(&prk, sizeof prk);
	sr_wipe_stack();
}

enum sr_error sr_hpke_seal(uint8_t *out, const struct sr_xpk *to, const struct sr_key32 *ephemeral,
    const char *info, const uint8_t *aad, size_t aad_n, const uint8_t *in, size_t n)
{
	__attribute__((cleanup(message_keys_wipe))) struct message_keys keys;
	SR_KEY32_AUTO dh;
	struct sr_xpk enc;

	SR_TRY(sr_x25519(&dh, ephemeral, to));
	sr_x25519_public(&enc, ephemeral);
	key_schedule(&keys, &dh, enc.b, to, info);
	SR_TRY(sr_gcm_seal(out + 32, &keys.key, keys.nonce, aad, aad_n, in, n));
	memcpy(out, enc.b, sizeof enc.b);
	return SR_OK;
}

enum sr_error sr_hpke_open_pair(uint8_t *out, const struct sr_key32 *sk, const struct sr_xpk *pk,
    const char *info, const uint8_t *aad, size_t aad_n, const uint8_t *in, size_t n)
{
	__attribute__((cleanup(message_keys_wipe))) struct message_keys keys;
	SR_KEY32_AUTO dh;
	struct sr_xpk enc;

	if (n < SR_HPKE_OVERHEAD)
		return SR_ERR_DECRYPT_FAILED;
	memcpy(enc.b, in, sizeof enc.b);
	if (sr_x25519(&dh, sk, &enc) != SR_OK) {
		sr_wipe(out, n - SR_HPKE_OVERHEAD);
		return SR_ERR_DECRYPT_FAILED;
	}
	key_schedule(&keys, &dh, enc.b, pk, info);
	return sr_gcm_open(out, &keys.key, keys.nonce, aad, aad_n, in + 32, n - 32);
}

enum sr_error sr_hpke_open(uint8_t *out, const struct sr_key32 *sk, const char *info,
    const uint8_t *aad, size_t aad_n, const uint8_t *in, size_t n)
{
	struct sr_xpk pk;

	sr_x25519_public(&pk, sk);
	return sr_hpke_open_pair(out, sk, &pk, info, aad, aad_n, in, n);
}
