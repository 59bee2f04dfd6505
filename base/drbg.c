#include "base/drbg.h"

#include "base/crypto.h"

void sr_drbg_init(struct sr_drbg *self, const struct sr_key32 *seed)
{
	self->key = *seed;
	self->fills = 0;
}

enum sr_error sr_drbg_reseed(struct sr_drbg *self, const struct sr_key32 *seed)
{
	SR_KEY32_AUTO mixed;

	SR_TRY(sr_key_derive(&mixed, &self->key, "strongroom drbg reseed v1", seed->b,
	    sizeof seed->b));
	self->key = mixed;
	return SR_OK;
}

/* Blocks 0 and 1 of the stream are the next key, the rest is the output; a key is used once. */
enum sr_error sr_drbg_fill(struct sr_drbg *self, uint8_t *out, size_t n)
{
	uint8_t iv[16] = { 0 };
	SR_KEY32_AUTO next;
	enum sr_error error = sr_ctr_stream(next.b, sizeof next.b, &self->key, iv);

	if (error == SR_OK) {
		iv[15] = 2;
		error = sr_ctr_stream(out, n, &self->key, iv);
	}
	if (error != SR_OK) {
		sr_wipe(out, n);
		return error;
	}
	self->key = next;
	self->fills++;
	return SR_OK;
}

void sr_drbg_wipe(struct sr_drbg *self)
{
	sr_wipe(self, sizeof *self);
}
