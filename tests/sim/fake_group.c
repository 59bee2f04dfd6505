/*
 * FAKE. Stands in for shamir/group.c in sim_fast and never in a product (tests/sim/fakes.sh): the
 * numbers modulo 2^61 - 1 under addition. A point is its own logarithm times a constant, so every
 * equation of Feldman, DLEQ and TDH2 holds or fails as it would in ristretto255, and nothing is
 * hidden from anybody.
 *
 * Encodings are 32 bytes and canonical as the real ones are: a scalar is a number below the order
 * with zeros behind it, a point is one with a name behind it, the identity is all zeros.
 */
#include "shamir/group.h"

#include <string.h>

#include "tests/sim/fake_crypto.h"

static const uint8_t point_name[24] = "fake group: no security!";

const struct sr_point sr_point_identity = { { 0 } };

#define NAME \
	'f', 'a', 'k', 'e', ' ', 'g', 'r', 'o', 'u', 'p', ':', ' ', 'n', 'o', ' ', 's', 'e', 'c', \
	    'u', 'r', 'i', 't', 'y', '!'

/* FAKE_FIELD_BASE. */
const struct sr_point sr_point_base = { {
	0x78, 0x69, 0x5a, 0x4b, 0x3c, 0x2d, 0x1e, 0x0f, NAME,
} };

/* sr_point_hash("strongroom G2 v1"), recomputed by a test. */
const struct sr_point sr_point_g2 = { {
	0xc5, 0xb1, 0xef, 0xb5, 0x85, 0x32, 0x9b, 0x1f, NAME,
} };

/* sr_point_hash("strongroom Pedersen H v1"), likewise. */
const struct sr_point sr_point_h = { {
	0x78, 0x4a, 0x20, 0x8b, 0x13, 0xda, 0xa6, 0x19, NAME,
} };

static uint64_t word(const uint8_t b[32])
{
	uint64_t v;

	memcpy(&v, b, sizeof v);
	return v;
}

static void scalar_set(struct sr_scalar *out, uint64_t v)
{
	memset(out, 0, sizeof *out);
	memcpy(out->b, &v, sizeof v);
}

static void point_set(struct sr_point *out, uint64_t v)
{
	memset(out, 0, sizeof *out);
	if (v == 0)
		return;
	memcpy(out->b, &v, sizeof v);
	memcpy(out->b + 8, point_name, sizeof point_name);
}

static bool point_valid(const uint8_t b[32])
{
	uint64_t v = word(b);

	if (v == 0)
		return memcmp(b, sr_point_identity.b, 32) == 0;
	return v < FAKE_FIELD_ORDER && memcmp(b + 8, point_name, sizeof point_name) == 0;
}

/* --- scalars --- */

void sr_scalar_wipe(struct sr_scalar *s)
{
	sr_wipe(s, sizeof *s);
}

enum sr_error sr_scalar_decode(struct sr_scalar *out, const uint8_t bytes[32])
{
	uint64_t v = word(bytes);
	struct sr_scalar canonical;

	scalar_set(&canonical, v);
	if (v >= FAKE_FIELD_ORDER || memcmp(canonical.b, bytes, 32) != 0) {
		memset(out, 0, sizeof *out);
		return SR_ERR_BAD_SCALAR;
	}
	*out = canonical;
	return SR_OK;
}

void sr_scalar_from_u32(struct sr_scalar *out, uint32_t v)
{
	scalar_set(out, v);
}

void sr_scalar_from_wide(struct sr_scalar *out, const uint8_t wide[64])
{
	uint64_t v = 0;

	/* 2^64 is 8 modulo the order. */
	for (size_t i = 8; i-- > 0;) {
		uint64_t part;

		memcpy(&part, wide + 8 * i, sizeof part);
		v = fake_field_add(fake_field_mul(v, 8), fake_field(part));
	}
	scalar_set(out, v);
}

static void hash_wide(uint8_t out[64], const char *domain, const struct sr_bytes *parts,
    size_t parts_n)
{
	struct sr_bytes all[2 + 16];
	size_t domain_n = strlen(domain);
	uint8_t length = (uint8_t)domain_n;

	SR_ASSERT(domain_n <= 255 && parts_n <= 16);
	all[0] = (struct sr_bytes){ &length, 1 };
	all[1] = (struct sr_bytes){ (const uint8_t *)domain, domain_n };
	for (size_t i = 0; i < parts_n; i++)
		all[2 + i] = parts[i];
	sr_sha512(out, all, 2 + parts_n);
}

void sr_scalar_hash(struct sr_scalar *out, const char *domain, const struct sr_bytes *parts,
    size_t parts_n)
{
	uint8_t wide[64];

	hash_wide(wide, domain, parts, parts_n);
	sr_scalar_from_wide(out, wide);
}

enum sr_error sr_scalar_random(struct sr_scalar *out, struct sr_drbg *drbg)
{
	uint8_t wide[64];
	enum sr_error error = sr_drbg_fill(drbg, wide, sizeof wide);

	memset(out, 0, sizeof *out);
	if (error != SR_OK)
		return error;
	sr_scalar_from_wide(out, wide);
	return sr_scalar_is_zero(out) ? SR_ERR_RANDOM_FAILED : SR_OK;
}

void sr_scalar_add(struct sr_scalar *out, const struct sr_scalar *a, const struct sr_scalar *b)
{
	scalar_set(out, fake_field_add(word(a->b), word(b->b)));
}

void sr_scalar_sub(struct sr_scalar *out, const struct sr_scalar *a, const struct sr_scalar *b)
{
	scalar_set(out, fake_field_add(word(a->b), FAKE_FIELD_ORDER - word(b->b)));
}

void sr_scalar_mul(struct sr_scalar *out, const struct sr_scalar *a, const struct sr_scalar *b)
{
	scalar_set(out, fake_field_mul(word(a->b), word(b->b)));
}

/* a^(order - 2), by squaring. */
void sr_scalar_invert(struct sr_scalar *out, const struct sr_scalar *a)
{
	uint64_t power = word(a->b), v = 1;

	for (uint64_t e = FAKE_FIELD_ORDER - 2; e > 0; e >>= 1) {
		if ((e & 1) != 0)
			v = fake_field_mul(v, power);
		power = fake_field_mul(power, power);
	}
	scalar_set(out, v);
}

bool sr_scalar_is_zero(const struct sr_scalar *a)
{
	return word(a->b) == 0;
}

bool sr_scalar_equal(const struct sr_scalar *a, const struct sr_scalar *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* --- points --- */

enum sr_error sr_point_decode_any(struct sr_point *out, const uint8_t bytes[32])
{
	bool good = point_valid(bytes);

	if (good)
		memmove(out->b, bytes, sizeof out->b);
	else
		*out = sr_point_identity;
	return good ? SR_OK : SR_ERR_BAD_POINT;
}

enum sr_error sr_point_decode(struct sr_point *out, const uint8_t bytes[32])
{
	SR_TRY(sr_point_decode_any(out, bytes));
	return sr_point_is_identity(out) ? SR_ERR_BAD_POINT : SR_OK;
}

bool sr_point_is_identity(const struct sr_point *p)
{
	return sr_point_equal(p, &sr_point_identity);
}

bool sr_point_equal(const struct sr_point *a, const struct sr_point *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

void sr_point_base_mul(struct sr_point *out, const struct sr_scalar *s)
{
	point_set(out, fake_field_mul(word(s->b), FAKE_FIELD_BASE));
}

enum sr_error sr_point_mul(struct sr_point *out, const struct sr_scalar *s,
    const struct sr_point *p)
{
	bool good = point_valid(p->b);

	point_set(out, good ? fake_field_mul(word(s->b), word(p->b)) : 0);
	return good ? SR_OK : SR_ERR_BAD_POINT;
}

enum sr_error sr_point_add(struct sr_point *out, const struct sr_point *a, const struct sr_point *b)
{
	bool good = point_valid(a->b) && point_valid(b->b);

	point_set(out, good ? fake_field_add(word(a->b), word(b->b)) : 0);
	return good ? SR_OK : SR_ERR_BAD_POINT;
}

enum sr_error sr_point_sub(struct sr_point *out, const struct sr_point *a, const struct sr_point *b)
{
	bool good = point_valid(a->b) && point_valid(b->b);

	point_set(out,
	    good ? fake_field_add(word(a->b), FAKE_FIELD_ORDER - word(b->b)) : 0);
	return good ? SR_OK : SR_ERR_BAD_POINT;
}

void sr_point_hash(struct sr_point *out, const char *domain, const struct sr_bytes *parts,
    size_t parts_n)
{
	struct sr_scalar s;

	sr_scalar_hash(&s, domain, parts, parts_n);
	point_set(out, word(s.b) != 0 ? word(s.b) : 1);
}

/* --- wire --- */

void sr_write_point(struct sr_writer *w, const struct sr_point *p)
{
	sr_write_copy(w, p->b, sizeof p->b);
}

struct sr_point sr_read_point_any(struct sr_reader *r)
{
	struct sr_point p = sr_point_identity;
	uint8_t bytes[32];

	sr_read_copy(r, bytes, sizeof bytes);
	if (sr_point_decode_any(&p, bytes) != SR_OK)
		sr_reader_fail(r, SR_ERR_BAD_POINT);
	return p;
}

struct sr_point sr_read_point(struct sr_reader *r)
{
	struct sr_point p = sr_read_point_any(r);

	if (sr_point_is_identity(&p))
		sr_reader_fail(r, SR_ERR_BAD_POINT);
	return p;
}

void sr_write_scalar(struct sr_writer *w, const struct sr_scalar *s)
{
	sr_write_copy(w, s->b, sizeof s->b);
}

struct sr_scalar sr_read_scalar(struct sr_reader *r)
{
	struct sr_scalar s;
	uint8_t bytes[32];

	sr_read_copy(r, bytes, sizeof bytes);
	if (sr_scalar_decode(&s, bytes) != SR_OK)
		sr_reader_fail(r, SR_ERR_BAD_SCALAR);
	return s;
}
