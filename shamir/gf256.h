/*
 * shamir/gf256.h - Shamir's scheme over GF(2^8) (polynomial 0x11b) on byte strings, each byte on
 * its own: for material outside the cluster. Share index x is 1..255, the secret byte is f(0).
 *
 * Constant time: time depends on lengths, t, n and indices (public), never on data. No table is
 * indexed by data. Three kernels (portable, avx2, gfni) give the same bytes; the fastest this CPU
 * has is used.
 *
 * Says nothing about authenticity: shamir/share_file.h adds that.
 */
#ifndef SR_SHAMIR_GF256_H
#define SR_SHAMIR_GF256_H

#include "base/crypto.h"

#define SHAMIR_GF_SHARES_MAX 255u

/* A kernel: both loops over byte strings. x, lambda, t, m, n are public, rows are secret. */
struct shamir_gf_kernel {
	const char *name;
	/* out[b] = rows[0][b] + x rows[1][b] + ... + x^(t-1) rows[t-1][b], b < n. t >= 1. stream:
	 * out is large and not read again soon; the caller fences. out overlaps no row. */
	void (*eval)(uint8_t *out, uint8_t x, const uint8_t *const *rows, unsigned t, size_t n,
	    bool stream);
	/* out[b] = sum_i lambda[i] rows[i][b]. m >= 1. */
	void (*dot)(uint8_t *out, const uint8_t *lambda, const uint8_t *const *rows, unsigned m,
	    size_t n, bool stream);
};

#define SHAMIR_GF_KERNELS 3u
/* Kernel i (0 portable, 1 avx2, 2 gfni), or NULL when this CPU or build lacks it. */
const struct shamir_gf_kernel *shamir_gf_kernel_get(unsigned i);
const struct shamir_gf_kernel *shamir_gf_kernel_best(void);

/* One product, constant time in both. */
uint8_t shamir_gf_mul(uint8_t a, uint8_t b);
uint8_t shamir_gf_inv(uint8_t a);                               /* of 0: 0 */
/* Lagrange coefficients at `at` (0 for the secret). SHARE_INDEX for index 0, SHARE_DUPLICATE,
 * EMPTY. */
SR_MUST_CHECK enum sr_error shamir_gf_lagrange(uint8_t *lambda, const uint8_t *indices, unsigned m,
    uint8_t at);

/*
 * A split under way: coefficients come from AES-256-CTR under a key that must be fresh for each
 * split. Data may be fed in pieces. kernel: NULL for the best.
 */
struct shamir_gf_split {
	const struct shamir_gf_kernel *kernel;
	struct sr_ctr stream;
	uint8_t *rows;                          /* coefficients of one block: secret memory */
	unsigned t, n;
};

/* THRESHOLD unless 1 <= t <= n <= 255 (t = 1 makes copies). NO_LOCKED_MEMORY. */
SR_MUST_CHECK enum sr_error shamir_gf_split_init(struct shamir_gf_split *self, unsigned t,
    unsigned n, const struct sr_key32 *fresh_key, const struct shamir_gf_kernel *kernel);
/* out[i] gets the size bytes of share i + 1. On failure the outputs are wiped. */
SR_MUST_CHECK enum sr_error shamir_gf_split_update(struct shamir_gf_split *self,
    uint8_t *const *out, const uint8_t *in, size_t size);
void shamir_gf_split_clear(struct shamir_gf_split *self);

/*
 * The secret of m >= t shares of the same length. All must lie on one polynomial of degree t-1:
 * when they do not, SHARE_BAD with the culprit's index in *bad if leaving out exactly one makes the
 * rest (at least t + 1) agree, else SHARE_MISMATCH with *bad = 0. out is wiped on failure. With
 * m == t nothing can be cross-checked here. kernel: NULL for the best.
 */
SR_MUST_CHECK enum sr_error shamir_gf_combine(uint8_t *out, uint8_t *bad, const uint8_t *indices,
    const uint8_t *const *shares, unsigned m, unsigned t, size_t size,
    const struct shamir_gf_kernel *kernel);

#endif
