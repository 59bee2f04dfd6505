/*
 * node/delta.h - rows that were put since the state's base was made: a file of whole batches
 * (node/log.h), a commit each, and an index of it in memory. A record is a row (node/row.h); a row
 * without a value says that there is none. Of rows with the same key the last counts.
 */
#ifndef SR_NODE_DELTA_H
#define SR_NODE_DELTA_H

#include "node/index.h"
#include "node/log.h"
#include "node/row.h"

struct delta { struct node_log log; struct index index; char letter; };

/* Opens or creates dir/name, and reads all of it. letter: of its rows. A batch that a crash cut
 * short is cut off. DAMAGED: note says how to recover. */
SR_MUST_CHECK enum sr_error delta_open(struct delta **out, const char *dir, const char *name,
    char letter, char note[NODE_LOG_NOTE_MAX]);
void delta_close(struct delta *self);

/* One batch; durable on SR_OK. DISK_FULL, NO_MEMORY: nothing was written. IO: the process must
 * end. */
SR_MUST_CHECK enum sr_error delta_write(struct delta *self, const struct pile *pile);
/* value: within bytes, which is malloc'd. DAMAGED. */
SR_MUST_CHECK enum sr_error delta_read(const struct delta *self, uint8_t **bytes,
    struct sr_bytes *value, const struct index_row *row);
/* Of rows and what is around them. */
uint64_t delta_bytes(const struct delta *self);

#endif
