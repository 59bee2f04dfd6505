/* shamir/gf256.c - sharing byte strings: coefficients, blocks, interpolation and cross-checks. */
#include "shamir/gf256_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* A block's coefficients and all its shares before the next block: so short that the shares are
 * still on their way to memory while the next coefficients are made. */
#define BLOCK_MAX 2048u
#define BLOCK_MIN 256u
#define ROWS_MAX (32u * 1024u)
/* A whole number of blocks. */
#define PAGE 4096u
/* What shares are compared in. */
#define CHECK_MAX (16u * 1024u)
/* Outputs this large would only push other things out of the cache. */
#define STREAM_FROM (4u * 1024u * 1024u)

const struct shamir_gf_kernel *shamir_gf_kernel_get(unsigned i)
{
	switch (i) {
	case 0:
		return &shamir_gf_portable;
	case 1:
		return shamir_gf_avx2();
	case 2:
		return shamir_gf_gfni();
	default:
		return NULL;
	}
}

const struct shamir_gf_kernel *shamir_gf_kernel_best(void)
{
	unsigned i = SHAMIR_GF_KERNELS - 1;

	while (shamir_gf_kernel_get(i) == NULL)
		i--;                                    /* kernel 0 is always there */
	return shamir_gf_kernel_get(i);
}

uint8_t shamir_gf_mul(uint8_t a, uint8_t b)
{
	unsigned product = 0, v = a;

	for (unsigned bit = 0; bit < 8; bit++) {
		product ^= v & (0u - ((unsigned)(b >> bit) & 1u));
		v = (v << 1) ^ ((v >> 7) * 0x11bu);
	}
	return (uint8_t)product;
}

uint8_t shamir_gf_inv(uint8_t a)
{
	uint8_t square = a, product = 1;

	/* a^254 = a^-1: 254 is 2 + 4 + ... + 128 */
	for (unsigned i = 0; i < 7; i++) {
		square = shamir_gf_mul(square, square);
		product = shamir_gf_mul(product, square);
	}
	return product;
}

enum sr_error shamir_gf_lagrange(uint8_t *lambda, const uint8_t *indices, unsigned m, uint8_t at)
{
	if (m == 0)
		return SR_ERR_EMPTY;
	if (m > SHAMIR_GF_SHARES_MAX)
		return SR_ERR_TOO_MANY;
	for (unsigned i = 0; i < m; i++) {
		uint8_t above = 1, below = 1;

		if (indices[i] == 0)
			return SR_ERR_SHARE_INDEX;
		for (unsigned k = 0; k < m; k++) {
			if (k == i)
				continue;
			if (indices[k] == indices[i])
				return SR_ERR_SHARE_DUPLICATE;
			above = shamir_gf_mul(above, indices[k] ^ at);
			below = shamir_gf_mul(below, indices[k] ^ indices[i]);
		}
		lambda[i] = shamir_gf_mul(above, shamir_gf_inv(below));
	}
	return SR_OK;
}

/* --- splitting --- */

/* Smaller blocks for more coefficients, so that all rows together stay small. */
static size_t block_size(unsigned t)
{
	size_t size = BLOCK_MAX;

	while (size > BLOCK_MIN && t * size > ROWS_MAX)
		size /= 2;
	return size;
}

enum sr_error shamir_gf_split_init(struct shamir_gf_split *self, unsigned t, unsigned n,
    const struct sr_key32 *fresh_key, const struct shamir_gf_kernel *kernel)
{
	static const uint8_t counter[16] = { 0 };
	enum sr_error error;

	*self = (struct shamir_gf_split){ 0 };
	if (t < 1 || t > n || n > SHAMIR_GF_SHARES_MAX)
		return SR_ERR_THRESHOLD;
	error = sr_ctr_init(&self->stream, fresh_key, counter);
	if (error == SR_OK) {
		self->rows = sr_secret_alloc(t * block_size(t));
		error = self->rows != NULL ? SR_OK : SR_ERR_NO_LOCKED_MEMORY;
	}
	if (error != SR_OK) {
		shamir_gf_split_clear(self);
		return error;
	}
	self->kernel = kernel != NULL ? kernel : shamir_gf_kernel_best();
	self->t = t;
	self->n = n;
	return SR_OK;
}

void shamir_gf_split_clear(struct shamir_gf_split *self)
{
	sr_secret_free(self->rows);
	sr_ctr_clear(&self->stream);
	*self = (struct shamir_gf_split){ 0 };
}

/* Streaming stores become visible in order again. */
static void settle(bool stream)
{
#if defined(__x86_64__)
	if (stream)
		_mm_sfence();
#else
	(void)stream;
#endif
}

/* Asks for the page after the one at `at`, of everything: a store that must first look up where
 * its page is holds up all behind it. Addresses are public. */
static void next_pages(const struct shamir_gf_split *self, uint8_t *const *out, const uint8_t *in,
    size_t at, size_t size)
{
	if (at % PAGE != 0 || size - at <= PAGE)
		return;
	at += PAGE;
	__builtin_prefetch(in + at);
	for (unsigned i = 0; i < self->n; i++)
		__builtin_prefetch(out[i] + at, 1);
}

/* All shares of n bytes of secret whose coefficients are in self->rows, n to a row. */
static void evaluate(const struct shamir_gf_split *self, uint8_t *const *out, size_t at,
    const uint8_t *in, size_t n, bool stream)
{
	const uint8_t *rows[SHAMIR_GF_SHARES_MAX];

	rows[0] = in + at;
	for (unsigned k = 1; k < self->t; k++)
		rows[k] = self->rows + (k - 1) * n;
	for (unsigned i = 0; i < self->n; i++)
		self->kernel->eval(out[i] + at, (uint8_t)(i + 1), rows, self->t, n, stream);
}

enum sr_error shamir_gf_split_update(struct shamir_gf_split *self, uint8_t *const *out,
    const uint8_t *in, size_t size)
{
	const size_t block = block_size(self->t);
	const bool stream = size > STREAM_FROM / self->n;
	enum sr_error error = SR_OK;

	SR_ASSERT(self->rows != NULL);
	for (size_t at = 0; at < size && error == SR_OK; at += block) {
		size_t now = size - at < block ? size - at : block;

		if (stream)
			next_pages(self, out, in, at, size);
		if (self->t > 1)
			error = sr_ctr_next(&self->stream, self->rows, (self->t - 1) * now);
		if (error == SR_OK)
			evaluate(self, out, at, in, now, stream);
	}
	settle(stream);
	for (unsigned i = 0; i < self->n && error != SR_OK; i++)
		sr_wipe(out[i], size);
	return error;
}

/* --- combining --- */

/* A set of shares without one of them (skip = m: with all), as the kernel wants them. */
struct subset {
	uint8_t indices[SHAMIR_GF_SHARES_MAX];
	const uint8_t *rows[SHAMIR_GF_SHARES_MAX];
	unsigned m;
};

static void subset_make(struct subset *self, const uint8_t *indices, const uint8_t *const *shares,
    unsigned m, unsigned skip)
{
	self->m = 0;
	for (unsigned i = 0; i < m; i++) {
		if (i == skip)
			continue;
		self->indices[self->m] = indices[i];
		self->rows[self->m++] = shares[i];
	}
}

/* Whether every share beyond the first t is what those t say it must be. Learns only this bit. */
static enum sr_error subset_agrees(bool *agrees, const struct subset *set, unsigned t, size_t size,
    uint8_t *scratch, const struct shamir_gf_kernel *kernel)
{
	uint8_t lambda[SHAMIR_GF_SHARES_MAX];
	const uint8_t *rows[SHAMIR_GF_SHARES_MAX];

	*agrees = true;
	for (unsigned i = t; i < set->m; i++) {
		SR_TRY(shamir_gf_lagrange(lambda, set->indices, t, set->indices[i]));
		for (size_t at = 0; at < size; at += CHECK_MAX) {
			size_t now = size - at < CHECK_MAX ? size - at : CHECK_MAX;

			for (unsigned k = 0; k < t; k++)
				rows[k] = set->rows[k] + at;
			kernel->dot(scratch, lambda, rows, t, now, false);
			*agrees &= sr_ct_equal(scratch, set->rows[i] + at, now);
		}
	}
	return SR_OK;
}

/* SR_OK when all agree; else who is at fault, if leaving out one makes at least t + 1 agree. At
 * most one can: two such sets have t shares in common, hence one polynomial. */
static enum sr_error cross_check(uint8_t *bad, const uint8_t *indices, const uint8_t *const *shares,
    unsigned m, unsigned t, size_t size, uint8_t *scratch, const struct shamir_gf_kernel *kernel)
{
	struct subset set;
	bool agrees;

	subset_make(&set, indices, shares, m, m);
	SR_TRY(subset_agrees(&agrees, &set, t, size, scratch, kernel));
	if (agrees)
		return SR_OK;
	for (unsigned skip = 0; skip < m && m >= t + 2; skip++) {
		subset_make(&set, indices, shares, m, skip);
		SR_TRY(subset_agrees(&agrees, &set, t, size, scratch, kernel));
		if (agrees) {
			*bad = indices[skip];
			return SR_ERR_SHARE_BAD;
		}
	}
	return SR_ERR_SHARE_MISMATCH;
}

enum sr_error shamir_gf_combine(uint8_t *out, uint8_t *bad, const uint8_t *indices,
    const uint8_t *const *shares, unsigned m, unsigned t, size_t size,
    const struct shamir_gf_kernel *kernel)
{
	uint8_t lambda[SHAMIR_GF_SHARES_MAX];
	uint8_t *scratch;
	enum sr_error error;

	*bad = 0;
	if (kernel == NULL)
		kernel = shamir_gf_kernel_best();
	if (t < 1 || t > SHAMIR_GF_SHARES_MAX)
		return SR_ERR_THRESHOLD;
	if (m < t)
		return SR_ERR_SHARE_TOO_FEW;
	SR_TRY(shamir_gf_lagrange(lambda, indices, m, 0));      /* also refuses 0 and duplicates */
	if (m > t) {
		scratch = sr_secret_alloc(CHECK_MAX);
		if (scratch == NULL)
			return SR_ERR_NO_LOCKED_MEMORY;
		error = cross_check(bad, indices, shares, m, t, size, scratch, kernel);
		sr_secret_free(scratch);
		if (error != SR_OK) {
			sr_wipe(out, size);
			return error;
		}
	}
	SR_TRY(shamir_gf_lagrange(lambda, indices, t, 0));
	kernel->dot(out, lambda, shares, t, size, size >= STREAM_FROM);
	settle(size >= STREAM_FROM);
	return SR_OK;
}
