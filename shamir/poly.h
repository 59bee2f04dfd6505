/*
 * shamir/poly.h - Shamir's polynomials over the scalars of ristretto255 (Shamir 1979): f of degree
 * t-1, the secret is f(0), the share of index j is f(j). Index 0 would be the secret itself and is
 * refused everywhere.
 */
#ifndef SR_SHAMIR_POLY_H
#define SR_SHAMIR_POLY_H

#include "shamir/group.h"

#define SHAMIR_T_MAX SR_MEMBERS_MAX

/* A share's index, 1 and up: member i of a roster (0 and up) holds the share of index i + 1. */
struct shamir_index { uint32_t v; };

/* The coefficients, lowest first, in locked memory. */
struct shamir_poly { struct sr_scalar *a; uint32_t t; };

/* constant: f(0), or NULL for a random one. THRESHOLD unless 1 <= t <= SHAMIR_T_MAX;
 * NO_LOCKED_MEMORY; RANDOM_FAILED. On failure self is empty. */
SR_MUST_CHECK enum sr_error shamir_poly_init(struct shamir_poly *self, uint32_t t,
    const struct sr_scalar *constant, struct sr_drbg *drbg);
void shamir_poly_clear(struct shamir_poly *self);
/* f(index). SHARE_INDEX for 0. */
SR_MUST_CHECK enum sr_error shamir_poly_eval(struct sr_scalar *out, const struct shamir_poly *self,
    struct shamir_index index);

/* SR_OK when there is at least one and none is 0 or there twice; else EMPTY, SHARE_INDEX,
 * SHARE_DUPLICATE, and TOO_MANY above SHAMIR_T_MAX. */
SR_MUST_CHECK enum sr_error shamir_indices_check(const struct shamir_index *set, size_t n);
/* Lagrange coefficients at 0: lambda[i] = prod_{k != i} x_k / (x_k - x_i). lambda: n scalars.
 * Errors of shamir_indices_check. Public values. */
SR_MUST_CHECK enum sr_error shamir_lagrange(struct sr_scalar *lambda,
    const struct shamir_index *set, size_t n);
/* f(0) from n shares; n must be at least the degree + 1, which only the caller knows. */
SR_MUST_CHECK enum sr_error shamir_interpolate(struct sr_scalar *out,
    const struct shamir_index *set, const struct sr_scalar *shares, size_t n);

#endif
