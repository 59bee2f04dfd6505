/*
 * attest/evidence.h - is evidence of any kind genuine, and what does it say? "Verified" is this
 * file's answer; "acceptable" is the policy's (attest/policy.h).
 */
#ifndef SR_ATTEST_EVIDENCE_H
#define SR_ATTEST_EVIDENCE_H

#include "attest/evidence_blob.h"

/* What some kinds are rooted in besides their vendors' pinned keys. */
struct attest_trust {
	const struct sr_hash32 *makers;          /* TPM makers' roots: SHA-256 of the certificate */
	size_t makers_n;
	const struct sr_edpk *provisioners;
	size_t provisioners_n;
	const struct sr_edpk *operator_key;      /* SOFTWARE: who must have signed; NULL: nobody */
};

/*
 * SR_OK: genuine at that time; facts say what it says (zeros otherwise). Errors as attest/attest.h;
 * besides: EVIDENCE_FORMAT for a quote of another TEE than the kind says, for Nitro's user data of
 * more than 64 bytes; EVIDENCE_BAD for a key that may leave its TPM or sign anything, and for a
 * signature of a trusted provisioner that does not verify. Other provisioners are ignored. Report
 * data shorter than 64 bytes are followed by zeros. NO_MEMORY, and nothing else, when memory was
 * short: all other errors are the evidence's, and the same for everybody.
 */
SR_MUST_CHECK enum sr_error attest_evidence_verify(struct attest_facts *facts,
    struct sr_bytes evidence, const struct attest_trust *trust, uint64_t time_s);

#endif
