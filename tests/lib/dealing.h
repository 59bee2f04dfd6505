/* tests/lib/dealing.h - what an owner's client makes of a secret that it deals (cli/dealt.c), with
 * one pair wrong if a test wants that. */
#ifndef SR_TESTS_LIB_DEALING_H
#define SR_TESTS_LIB_DEALING_H

#include "shamir/subshare.h"
#include "vault/op_dealt.h"

struct dealing {
	struct vault_dealt d;
	struct sr_scalar secret, r;      /* r: of all boxes */
};

#define DEALING_ALL_GOOD UINT32_MAX
/* t of the seats 0 to n - 1, whose box keys these are. wrong: the seat whose pair is another. */
void dealing_make(struct dealing *out, const struct sr_hash32 *label, uint32_t t,
    const struct sr_point *keys, uint32_t n, uint32_t wrong, struct sr_drbg *drbg);
/* The proof that the maker of the boxes knows r, for this label. */
void dealing_prove(struct vault_dealt *d, const struct sr_scalar *r, const struct sr_hash32 *label,
    struct sr_drbg *drbg);

#endif
