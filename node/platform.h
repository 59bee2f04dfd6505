/*
 * node/platform.h - the host asks its machine for evidence on behalf of its enclave. A TPM may take
 * a second and a TEE's firmware longer: a thread of its own does it, so that the loop, votes and
 * all, goes on.
 *
 * The machine is opened for each question and closed again: it is asked once a day, and a TPM that
 * was not there in the morning may be there at noon.
 */
#ifndef SR_NODE_PLATFORM_H
#define SR_NODE_PLATFORM_H

#include "config/config.h"
#include "platform/platform.h"

#define NODE_PLATFORM_QUEUE 4u

struct node_platform;

/* evidence: owned by who took the answer; NULL on an error. */
struct node_platform_answer { uint64_t token; enum sr_error error; uint8_t *evidence; size_t n; };

/* What the configuration says, borrowing from it. */
void node_platform_options(struct platform_options *out, const struct config *config);
/* wake_fd: an eventfd that is written to when an answer waits. options: borrowed. Signals are the
 * caller's affair (blocked before). NO_MEMORY. */
SR_MUST_CHECK enum sr_error node_platform_new(struct node_platform **out,
    const struct platform_options *options, int wake_fd);
/* Waits for a question that is being asked. NULL is fine. */
void node_platform_free(struct node_platform *self);
/* The answer comes later, whatever it is: TOO_MANY when others wait already. */
void node_platform_ask(struct node_platform *self, uint64_t token,
    const uint8_t report_data[ATTEST_REPORT_DATA]);
/* false: none is there. */
bool node_platform_take(struct node_platform *self, struct node_platform_answer *out);

#endif
