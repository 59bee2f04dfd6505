/* cli/submit.h - a signed operation, brought to members until one says that it is final. */
#ifndef SR_CLI_SUBMIT_H
#define SR_CLI_SUBMIT_H

#include "cli/client.h"

/* The same bytes to one member after another: an operation is applied once, however often it comes.
 * SR_OK: one member told this receipt of it (code SR_OK), or a quorum refused it (another code): a
 * member that lies, or has fallen behind, may refuse alone (ask.c says why). WRONG_EPOCH: there is
 * a newer epoch, to sign for. TIMED_OUT. */
SR_MUST_CHECK enum sr_error submit_op(struct client *c, struct sr_bytes op,
    const struct sr_hash32 *hash, struct vault_receipt *receipt);
/* From an answer's bytes. */
SR_MUST_CHECK enum sr_error submit_receipt(struct vault_receipt *out, const uint8_t *p, size_t n);

#endif
