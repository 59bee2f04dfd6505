/*
 * node/sealing.h - where the key comes from that seals what the enclave keeps: a file of the data
 * directory, or what this machine unseals at each start (docs/PLATFORMS.md).
 */
#ifndef SR_NODE_SEALING_H
#define SR_NODE_SEALING_H

#include "platform/platform.h"

#define NODE_SEALING_KEY "sealing.key"
#define NODE_SEALING_SEALED "sealing.sealed"

/* options: borrowed. */
struct node_sealing { const char *dir; const struct platform_options *options; };

/* Is there no key but a sealed one? A file beside it comes first, and is warned of. IO. */
SR_MUST_CHECK enum sr_error node_sealing_is_sealed(bool *sealed, const char *dir);
/* child_settings.key: asks the machine, and logs why not. The caller wipes the key. NOT_FOUND,
 * TOO_LONG, IO; platform_open's and platform_unseal's. */
SR_MUST_CHECK enum sr_error node_sealing_unseal(void *sealing, struct sr_key32 *key);

#endif
