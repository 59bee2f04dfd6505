/* enclave/identity.c - who this enclave is: made once, sealed for the host to keep. */
#include "enclave/internal.h"

#include <string.h>

#define IDENTITY_VERSION 1u
#define IDENTITY_BYTES (32u + 32u + 32u + 32u + 1u)
#define FLAG_STARTED 1u                 /* it has voted somewhere: an empty log is a lost one */
#define FLAG_GENESIS_VOTE 2u            /* the vote key it was made with is still in it */
#define FLAG_LEFT 4u                    /* its node is no member any more: there are no keys */

static const char identity_label[] = "strongroom identity v1";

static enum sr_error identity_seal(struct sr_writer *w, const struct core_keys *keys,
    const struct sr_hash32 *measurement, uint8_t flags, struct sr_drbg *drbg)
{
	SR_KEY32_AUTO key;
	uint8_t *plain = sr_secret_alloc(IDENTITY_BYTES);
	enum sr_error error;

	if (plain == NULL)
		return SR_ERR_NO_LOCKED_MEMORY;
	memcpy(plain, keys->id_seed.b, 32);
	if (flags & FLAG_GENESIS_VOTE)
		memcpy(plain + 32, keys->genesis_vote_seed.b, 32);
	memcpy(plain + 64, keys->box.b, 32);
	memcpy(plain + 96, measurement->b, 32);
	plain[128] = flags;
	sr_write_u8(w, IDENTITY_VERSION);
	error = sr_key_derive(&key, &keys->sealing, identity_label, NULL, 0);
	if (error == SR_OK)
		error = seal_put(w, drbg, &key, (const uint8_t *)identity_label,
		    sizeof(identity_label), plain, IDENTITY_BYTES);
	sr_secret_free(plain);
	return error;
}

static enum sr_error identity_make(struct core_keys *keys, struct genesis_identity *public_half,
    struct sr_drbg *drbg)
{
	struct sr_point box;
	struct sr_edsk sk;

	SR_TRY(sr_drbg_fill(drbg, keys->id_seed.b, 32));
	SR_TRY(sr_drbg_fill(drbg, keys->genesis_vote_seed.b, 32));
	SR_TRY(shamir_box_keypair(&keys->box, &box, drbg));
	sr_ed25519_keypair(&sk, &public_half->id_key, &keys->id_seed);
	sr_ed25519_keypair(&sk, &public_half->vote_key, &keys->genesis_vote_seed);
	sr_edsk_wipe(&sk);
	memcpy(public_half->box_key, box.b, 32);
	return SR_OK;
}

enum sr_error enclave_identity_new(struct genesis_identity *public_half, struct sr_writer *sealed,
    const struct sr_key32 *sealing_key, const struct sr_hash32 *measurement,
    const struct sr_key32 *seed)
{
	struct core_keys *keys = sr_secret_alloc(sizeof(*keys));
	struct sr_drbg drbg;
	enum sr_error error;

	if (keys == NULL)
		return SR_ERR_NO_LOCKED_MEMORY;
	sr_drbg_init(&drbg, seed);
	keys->sealing = *sealing_key;
	public_half->measurement = *measurement;
	error = identity_make(keys, public_half, &drbg);
	if (error == SR_OK)
		error = identity_seal(sealed, keys, measurement, FLAG_GENESIS_VOTE, &drbg);
	sr_drbg_wipe(&drbg);
	sr_secret_free(keys);
	return error;
}

enum sr_error identity_open(struct enclave_core *self, const uint8_t *p, size_t n)
{
	struct core_keys *keys = self->keys;
	SR_KEY32_AUTO key;
	struct sr_edpk pk;
	uint8_t *plain;
	size_t plain_n;
	enum sr_error error;

	if (n < 1 || p[0] != IDENTITY_VERSION)
		return SR_ERR_BAD_VERSION;
	SR_TRY(sr_key_derive(&key, &keys->sealing, identity_label, NULL, 0));
	SR_TRY(seal_open_secret(&plain, &plain_n, &key, (const uint8_t *)identity_label,
	    sizeof(identity_label), p + 1, n - 1));
	if (plain_n != IDENTITY_BYTES) {
		sr_secret_free(plain);
		return SR_ERR_BAD_ENCODING;
	}
	memcpy(keys->id_seed.b, plain, 32);
	memcpy(keys->genesis_vote_seed.b, plain + 32, 32);
	error = sr_scalar_decode(&keys->box, plain + 64);
	self->left = (plain[128] & FLAG_LEFT) != 0;
	self->identity_started = (plain[128] & FLAG_STARTED) != 0;
	keys->genesis_vote = (plain[128] & FLAG_GENESIS_VOTE) != 0;
	sr_ed25519_keypair(&keys->id_sk, &pk, &keys->id_seed);
	sr_secret_free(plain);
	return error;
}

/* Called when it starts for the first time, when the genesis vote key is wiped, and when all is. */
void identity_emit(struct enclave_core *self)
{
	struct enclave_effect fx = { .kind = ENCLAVE_FX_IDENTITY };
	struct sr_writer w;
	uint8_t flags = FLAG_STARTED;

	if (self->keys->genesis_vote)
		flags = (uint8_t)(flags | FLAG_GENESIS_VOTE);
	if (self->left)
		flags = (uint8_t)(flags | FLAG_LEFT);
	self->identity_started = true;
	sr_writer_init(&w, 4096);
	if (identity_seal(&w, self->keys, &self->measurement, flags, &self->drbg) == SR_OK &&
	    sr_writer_finish(&w) == SR_OK) {
		fx.a = (struct sr_bytes){ w.p, w.n };
		fx_push(self, &fx);
	} else {
		self->broken = SR_ERR_NO_MEMORY;
	}
	sr_writer_clear(&w);
}
