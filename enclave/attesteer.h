/*
 * enclave/attesteer.h - a member's part in the registry (vault/vault.h): evidence that waits in the
 * final state, verified outside of execution, one at a time. Whoever calls this sends what comes
 * out as a VERDICT operation.
 */
#ifndef SR_ENCLAVE_ATTESTEER_H
#define SR_ENCLAVE_ATTESTEER_H

#include "attest/evidence.h"
#include "vault/tree.h"

#define ATTESTEER_FLIGHT 32u             /* verdicts that are on their way, at most */
#define ATTESTEER_AGAIN_MS 10000u        /* one that is not final after so long is given again */

/* What this member has said and the final state does not show yet. Zeros to begin with. */
struct attesteer {
	uint64_t epoch;
	uint32_t said_n;
	struct {
		struct sr_hash32 subject;
		uint64_t since_ms;
	} said[ATTESTEER_FLIGHT];
};

struct attesteer_verdict {
	struct sr_hash32 subject;
	enum sr_error code;
	struct attest_facts facts;       /* zeros unless code is SR_OK */
};

/*
 * The next verdict that this member owes in this epoch. At most one verification (about 4 ms, a
 * quote of Intel's) a call; it is judged as of the submission's time, so that all members see the
 * same collateral as valid. trust: the state's policy's; it must be the same for all members.
 *   NOT_FOUND   nothing to do now
 *   NO_MEMORY and the like: nothing is said; try again later
 * now_ms: the enclave's own clock.
 */
SR_MUST_CHECK enum sr_error attesteer_next(struct attesteer *self, struct attesteer_verdict *out,
    const struct vault_tree *final, uint64_t epoch, uint32_t member,
    const struct attest_trust *trust, uint64_t now_ms);

#endif
