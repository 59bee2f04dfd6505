/* tests/fuzz/fuzz_hpke.c - opening sealed messages: a changed one never opens, an unchanged one
 * gives back what was sealed. */
#include <stdlib.h>
#include <string.h>

#include "base/hpke.h"
#include "tests/fuzz/fuzz.h"

#define INFO "strongroom fuzz v1"

static const struct sr_key32 receiver = { { 7, 7, 7 } };

static void any_bytes(const uint8_t *p, size_t n)
{
	size_t plain_n = n < SR_HPKE_OVERHEAD ? 0 : n - SR_HPKE_OVERHEAD;
	uint8_t *plain = malloc(plain_n + 1);
	FUZZ_CHECK(plain != NULL);
	/* Nobody has sealed anything to this key. */
	FUZZ_CHECK(sr_hpke_open(plain, &receiver, INFO, NULL, 0, p, n) == SR_ERR_DECRYPT_FAILED);
	free(plain);
}

/* input = place u16 | change u8 | ephemeral 32 | aad u8 | aad, plaintext */
static void sealed(struct sr_reader *r)
{
	size_t place = sr_read_u16(r), n, aad_n;
	uint8_t change = sr_read_u8(r);
	struct sr_key32 ephemeral;
	struct sr_xpk to;
	sr_read_copy(r, ephemeral.b, sizeof(ephemeral.b));
	uint8_t *aad = fuzz_take(r, &aad_n, sr_read_u8(r)), *plain = fuzz_take(r, &n, SIZE_MAX);
	uint8_t *box = malloc(n + SR_HPKE_OVERHEAD), *open = malloc(n + 1);
	FUZZ_CHECK(box != NULL && open != NULL);
	sr_x25519_public(&to, &receiver);
	if (sr_hpke_seal(box, &to, &ephemeral, INFO, aad, aad_n, plain, n) == SR_OK) {
		/* X25519 ignores the topmost bit of a public key; the key schedule does not. */
		box[place % (n + SR_HPKE_OVERHEAD)] ^= change;
		enum sr_error e =
		    sr_hpke_open(open, &receiver, INFO, aad, aad_n, box, n + SR_HPKE_OVERHEAD);
		FUZZ_CHECK(e == (change ? SR_ERR_DECRYPT_FAILED : SR_OK));
		FUZZ_CHECK(change || n == 0 || memcmp(open, plain, n) == 0);
		for (size_t i = 0; change && i < n; i++)
			FUZZ_CHECK(open[i] == 0);
	}
	free(aad);
	free(plain);
	free(box);
	free(open);
}

void fuzz_hpke(const uint8_t *p, size_t n)
{
	struct sr_reader r;
	sr_reader_init(&r, p, n);
	if (sr_read_u8(&r) % 2 == 0)
		any_bytes(r.p, r.left);
	else
		sealed(&r);
}

static void put(uint8_t which, uint8_t fill, uint8_t change, size_t n)
{
	struct sr_writer w;
	sr_writer_init(&w, 512);
	if (which == 1) {
		sr_write_u16(&w, 20);
		sr_write_u8(&w, change);
	}
	for (size_t i = 0; i < n; i++)
		sr_write_u8(&w, fill);
	fuzz_seed_of(which, "box", &w);
}

void seed_hpke(void)
{
	put(0, 9, 0, 100);
	put(0, 0, 0, 100);                       /* no shared value with this key */
	put(0, 9, 0, 10);
	put(1, 5, 0, 100);
	put(1, 5, 1, 100);
	put(1, 5, 0, 33);
}
