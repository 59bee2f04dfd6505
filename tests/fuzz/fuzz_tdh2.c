/* tests/fuzz/fuzz_tdh2.c - threshold ciphertexts from clients and decryption shares from members: a
 * changed ciphertext is refused, a changed share is named, and what combines is the key. */
#include <stdlib.h>
#include <string.h>

#include "shamir/feldman.h"
#include "shamir/tdh2.h"
#include "tests/fuzz/fuzz.h"

#define T 2u
#define N 3u
#define LABEL ((const uint8_t *)"label"), 5

FUZZ_RECODE(share_recode, struct shamir_tdh2_share, shamir_tdh2_share_read,
    shamir_tdh2_share_write)

/* One ciphertext and the shares of three members, any two of which open it. */
static struct {
	struct sr_drbg drbg;
	struct sr_scalar x[N];
	struct sr_point keys[N];
	struct sr_key32 key;
	uint8_t ct[SHAMIR_TDH2_CT_SIZE], shares[N][SHAMIR_TDH2_SHARE_SIZE];
} group;
static bool made;

static void to_bytes(uint8_t *out, struct sr_writer *w)
{
	FUZZ_CHECK(sr_writer_finish(w) == SR_OK);
	memcpy(out, w->p, w->n);
	sr_writer_clear(w);
}

static void setup(void)
{
	struct shamir_commitments c;
	struct shamir_poly poly;
	struct shamir_tdh2_ct ct;
	struct sr_writer w;
	fuzz_drbg(&group.drbg, 1);
	FUZZ_CHECK(shamir_deal_fresh(&poly, &c, T, &group.drbg) == SR_OK);
	FUZZ_CHECK(shamir_tdh2_encrypt(&ct, &group.key, &c.a[0], LABEL, &group.drbg) == SR_OK);
	sr_writer_init(&w, SHAMIR_TDH2_CT_SIZE);
	shamir_tdh2_ct_write(&w, &ct);
	to_bytes(group.ct, &w);
	for (uint32_t i = 0; i < N; i++) {
		struct shamir_index index = { i + 1 };
		struct shamir_tdh2_share share;
		FUZZ_CHECK(shamir_poly_eval(&group.x[i], &poly, index) == SR_OK);
		FUZZ_CHECK(shamir_feldman_key(&group.keys[i], &c, index) == SR_OK);
		FUZZ_CHECK(shamir_tdh2_share_make(&share, &group.x[i], &ct, LABEL, &group.drbg) ==
		    SR_OK);
		sr_writer_init(&w, SHAMIR_TDH2_SHARE_SIZE);
		shamir_tdh2_share_write(&w, &share);
		to_bytes(group.shares[i], &w);
	}
	shamir_poly_clear(&poly);
	made = true;
}

static void ct_recode(struct sr_writer *w, struct sr_reader *r)
{
	struct shamir_tdh2_ct ct;
	const uint8_t *from = r->p;
	shamir_tdh2_ct_read(&ct, r);
	if (r->error == SR_OK) {
		shamir_tdh2_ct_write(w, &ct);
		/* Nobody has made one but the group's. */
		FUZZ_CHECK(shamir_tdh2_check(&ct, LABEL) != SR_OK ||
		    memcmp(from, group.ct, sizeof(group.ct)) == 0);
	}
}

/* input = place u8 | change u8 */
static void ciphertext_changed(struct sr_reader *r)
{
	uint8_t bytes[SHAMIR_TDH2_CT_SIZE], place = sr_read_u8(r), change = sr_read_u8(r);
	struct shamir_tdh2_share share;
	struct shamir_tdh2_ct ct;
	struct sr_reader in;
	memcpy(bytes, group.ct, sizeof(bytes));
	bytes[place % sizeof(bytes)] ^= change;
	sr_reader_init(&in, bytes, sizeof(bytes));
	shamir_tdh2_ct_read(&ct, &in);
	if (sr_reader_finish(&in) != SR_OK)
		return;
	FUZZ_CHECK((shamir_tdh2_check(&ct, LABEL) == SR_OK) == (change == 0));
	FUZZ_CHECK((shamir_tdh2_share_make(&share, &group.x[0], &ct, LABEL, &group.drbg) == SR_OK)
	    == (change == 0));
	FUZZ_CHECK(shamir_tdh2_check(&ct, (const uint8_t *)"other", 5) != SR_OK);
}

struct combining { size_t n; uint32_t changed, t; struct shamir_index indices[4]; };

static bool combining_read(struct combining *c, struct shamir_tdh2_share *shares,
    struct sr_point *keys, struct sr_reader *r)
{
	uint8_t bytes[SHAMIR_TDH2_SHARE_SIZE];
	c->n = sr_read_u8(r) % 5;
	c->t = 1 + sr_read_u8(r) % 4;
	for (size_t i = 0; i < c->n; i++) {
		uint8_t who = sr_read_u8(r) % N, place = sr_read_u8(r), change = sr_read_u8(r);
		struct sr_reader in;
		/* The index that it claims may be another's. */
		c->indices[i].v = who + 1u + (sr_read_u8(r) == 1);
		keys[i] = group.keys[who];
		memcpy(bytes, group.shares[who], sizeof(bytes));
		bytes[place % sizeof(bytes)] ^= change;
		c->changed |= change != 0 ? 1u << i : 0;
		sr_reader_init(&in, bytes, sizeof(bytes));
		shamir_tdh2_share_read(&shares[i], &in);
		if (sr_reader_finish(&in) != SR_OK)
			return false;
	}
	return true;
}

/* input = n u8 | t u8 | (member u8 | place u8 | change u8 | index u8)... */
static void combined(struct sr_reader *r)
{
	struct combining c = { 0 };
	struct shamir_tdh2_share shares[4];
	struct sr_point keys[4];
	struct shamir_tdh2_ct ct;
	struct shamir_index bad = { 0 };
	struct sr_reader in;
	struct sr_key32 key;
	sr_reader_init(&in, group.ct, sizeof(group.ct));
	shamir_tdh2_ct_read(&ct, &in);
	if (!combining_read(&c, shares, keys, r))
		return;
	enum sr_error e = shamir_tdh2_combine(&key, &bad, &ct, LABEL, c.indices, keys, shares, c.n,
	    c.t);
	FUZZ_CHECK(e != SR_OK || (c.changed == 0 && c.n >= c.t));
	if (e == SR_ERR_SHARE_BAD) {
		bool named = false;
		for (size_t i = 0; i < c.n; i++)
			named |= c.indices[i].v == bad.v && (c.changed & 1u << i);
		FUZZ_CHECK(named);
	}
	bool own = true;
	for (size_t i = 0; i < c.n; i++)
		own &= memcmp(&keys[i], &group.keys[c.indices[i].v % 4 ? c.indices[i].v - 1 : 0],
			   sizeof(keys[i])) == 0 && c.indices[i].v <= N;
	FUZZ_CHECK(e != SR_OK || !own || c.t < T || sr_ct_equal(key.b, group.key.b, 32));
}

void fuzz_tdh2(const uint8_t *p, size_t n)
{
	struct sr_reader r;
	if (!made)
		setup();
	sr_reader_init(&r, p, n);
	switch (sr_read_u8(&r) % 4) {
	case 0: fuzz_canonical(ct_recode, r.p, r.left); return;
	case 1: fuzz_canonical(share_recode, r.p, r.left); return;
	case 2: ciphertext_changed(&r); return;
	default: combined(&r); return;
	}
}

void seed_tdh2(void)
{
	static const uint8_t programs[][17] = { { 2, 5, 0 }, { 2, 5, 1 }, { 2, 100, 4 },
		{ 3, 2, 1, 0, 0, 0, 0, 1, 0, 0, 0 },            /* two good ones */
		{ 3, 3, 1, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0 },
		{ 3, 2, 1, 0, 40, 1, 0, 1, 0, 0, 0 },           /* a bad proof */
		{ 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0 },            /* one twice */
		{ 3, 1, 1, 0, 0, 0, 0 },                        /* too few */
		{ 3, 2, 1, 0, 0, 0, 1, 2, 0, 0, 0 } };          /* under another's index */
	struct sr_writer w;
	setup();
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		fuzz_seed("program", programs[i], sizeof(programs[i]));
	sr_writer_init(&w, 256);
	sr_write_copy(&w, group.shares[1], sizeof(group.shares[1]));
	fuzz_seed_of(1, "share", &w);
	sr_writer_init(&w, 256);
	sr_write_copy(&w, group.ct, sizeof(group.ct));
	w.p[127] ^= 1;
	fuzz_seed_of(0, "ciphertext", &w);
}
