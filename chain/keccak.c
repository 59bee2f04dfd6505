/* chain/keccak.c - the sponge around nettle's Keccak-f[1600]; nettle's own SHA-3 pads
 * differently. */
#include "chain/keccak.h"

#include <string.h>

#include <nettle/sha3.h>

#define RATE 136u                       /* 200 - 2 * 32 */

struct sponge { struct sha3_state state; uint8_t block[RATE]; size_t used; };

static void absorb_block(struct sponge *self)
{
	for (size_t i = 0; i < RATE; i++)
		self->state.a[i / 8] ^= (uint64_t)self->block[i] << (8 * (i % 8));
	sha3_permute(&self->state);
	self->used = 0;
}

static void absorb(struct sponge *self, const uint8_t *p, size_t n)
{
	while (n > 0) {
		size_t now = RATE - self->used < n ? RATE - self->used : n;

		memcpy(self->block + self->used, p, now);
		self->used += now;
		p += now;
		n -= now;
		if (self->used == RATE)
			absorb_block(self);
	}
}

static struct sr_hash32 finish(struct sponge *self)
{
	struct sr_hash32 out;

	memset(self->block + self->used, 0, RATE - self->used);
	self->block[self->used] = 0x01;
	self->block[RATE - 1] |= 0x80;
	absorb_block(self);
	for (size_t i = 0; i < sizeof out.b; i++)
		out.b[i] = (uint8_t)(self->state.a[i / 8] >> (8 * (i % 8)));
	return out;
}

struct sr_hash32 chain_keccak256_parts(const struct sr_bytes *parts, size_t parts_n)
{
	struct sponge sponge = { 0 };

	for (size_t i = 0; i < parts_n; i++)
		absorb(&sponge, parts[i].p, parts[i].n);
	return finish(&sponge);
}

struct sr_hash32 chain_keccak256(const void *p, size_t n)
{
	struct sr_bytes part = { p, n };

	return chain_keccak256_parts(&part, 1);
}
