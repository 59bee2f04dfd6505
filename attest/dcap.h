/* attest/dcap.h - attest_dcap_verify with another root, for tests with a PKI of their own. */
#ifndef SR_ATTEST_DCAP_H
#define SR_ATTEST_DCAP_H

#include "attest/attest.h"

SR_MUST_CHECK enum sr_error dcap_verify(struct attest_result *out,
    const struct attest_dcap_input *in, const struct sr_hash32 *root);

#endif
