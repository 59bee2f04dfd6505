/*
 * tests/sim/fake_crypto.h - what the fakes share: the field of 2^61 - 1 elements, and a name that
 * no product may hold. A program links either base/crypto*.c and shamir/group.c, or the fakes.
 */
#ifndef SR_TESTS_SIM_FAKE_CRYPTO_H
#define SR_TESTS_SIM_FAKE_CRYPTO_H

#include <stdint.h>

/* Says which fakes; weak, so that it is NULL in a program with the real cryptography. */
extern const char fake_crypto_linked[] __attribute__((weak));

#define FAKE_FIELD_ORDER ((UINT64_C(1) << 61) - 1)
#define FAKE_FIELD_BASE UINT64_C(0x0f1e2d3c4b5a6978)    /* any element but 0 and 1 */

static inline uint64_t fake_field(uint64_t v)
{
	v = (v & FAKE_FIELD_ORDER) + (v >> 61);
	return v >= FAKE_FIELD_ORDER ? v - FAKE_FIELD_ORDER : v;
}

/* Of elements: below the order. */
static inline uint64_t fake_field_add(uint64_t a, uint64_t b)
{
	return fake_field(a + b);
}

static inline uint64_t fake_field_mul(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;

	return fake_field((uint64_t)(product & FAKE_FIELD_ORDER) + (uint64_t)(product >> 61));
}

#endif
