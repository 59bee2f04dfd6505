/*
 * tests/lib/fake_intel.h - a provisioning service of our own: root, CAs, lists, signed collateral
 * and quotes, for the answers of which no genuine sample exists. Its root is not the pinned one:
 * product code refuses all of it.
 */
#ifndef SR_TESTS_LIB_FAKE_INTEL_H
#define SR_TESTS_LIB_FAKE_INTEL_H

#include "attest/attest.h"

#define FAKE_INTEL_NOW 1800000000u

/* What to make; the zero value, then fake_intel_defaults, gives an up-to-date SGX platform. */
struct fake_intel_options {
	const char *level_status;            /* tcbStatus of the level that the platform reaches */
	const char *qe_status;
	bool pck_revoked, ca_revoked, no_level, collateral_by_pck, debug, forged_signature;
	bool other_fmspc, qe_wrong_signer, qe_binding_wrong;
	uint64_t collateral_from, collateral_to;
};
void fake_intel_defaults(struct fake_intel_options *out);

struct fake_intel {
	struct attest_dcap_input in;
	struct sr_hash32 root;
	uint8_t *owned[8];
	size_t n;
};
/* Aborts when the machine can't. */
void fake_intel_make(struct fake_intel *out, const struct fake_intel_options *options);
void fake_intel_clear(struct fake_intel *self);

#endif
