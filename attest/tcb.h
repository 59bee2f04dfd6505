/* attest/tcb.h - which of Intel's levels a platform has reached, and what that means together. */
#ifndef SR_ATTEST_TCB_H
#define SR_ATTEST_TCB_H

#include "attest/collateral.h"
#include "attest/quote.h"

/* From the PCK certificate's SGX extension. */
struct tcb_platform {
	uint8_t ppid[16], sgx[16], fmspc[6], pce_id[2];
	uint16_t pce_svn;
	bool ppid_known;
};
SR_MUST_CHECK enum sr_error tcb_platform_read(struct tcb_platform *out, struct sr_bytes extension);

/* Fills status, tcb_date, advisories and dcap.{level, module, qe}. EVIDENCE_BAD: the quote's module
 * or quoting enclave is not one that Intel's collateral describes. */
SR_MUST_CHECK enum sr_error tcb_evaluate(struct attest_result *out, const struct quote *quote,
    const struct tcb_platform *platform, const struct collateral_tcb *tcb,
    const struct collateral_qe *qe);

#endif
