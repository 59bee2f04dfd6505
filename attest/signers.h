/* attest/signers.h - Intel's published signers of collateral, by age. DER. */
#ifndef SR_ATTEST_SIGNERS_H
#define SR_ATTEST_SIGNERS_H

#include "base/types.h"

#define INTEL_SIGNERS 2u
extern const struct sr_bytes intel_signers[INTEL_SIGNERS];

#endif
