/* node/dir.h - what makes a directory one node's: the lock file, and VERSION (chain id, member). */
#ifndef SR_NODE_DIR_H
#define SR_NODE_DIR_H

#include "base/error.h"
#include "base/types.h"

#define NODE_DIR_NOTE_MAX 512u

struct node_dir { char path[1024]; int lock; };

/* Creates it when needed, locks it, checks or writes VERSION. IN_USE, FOREIGN_DATA, BAD_VERSION:
 * note says what to do. */
SR_MUST_CHECK enum sr_error node_dir_open(struct node_dir *self, const char *path,
    const struct sr_hash32 *chain_id, uint32_t member, char note[NODE_DIR_NOTE_MAX]);
void node_dir_close(struct node_dir *self);

#endif
