/*
 * node/delta.h - rows that are put one after another: a file of whole batches (node/log.h), a
 * commit each, and an index of it in memory. A record is a row (node/row.h); a row without a value
 * says that there is none. Of rows with the same key the last counts.
 */
#ifndef SR_NODE_DELTA_H
#define SR_NODE_DELTA_H

#include "node/index.h"
#include "node/log.h"
#include "node/row.h"

struct place;

struct delta {
	struct node_log log;
	struct index index;
	char letter;
	struct place *first, *last;          /* where rows of the open batch are */
	size_t open_rows, open_key_bytes;
};

/* Opens or creates dir/name, and reads all of it. letter: of its rows. A batch that a crash cut
 * short is cut off. DAMAGED: note says how to recover. */
SR_MUST_CHECK enum sr_error delta_open(struct delta **out, const char *dir, const char *name,
    char letter, char note[NODE_LOG_NOTE_MAX]);
/* The same for rows that peers have too: what is damaged is left out, and counted in log.lost.
 * DAMAGED: not even its beginning is good. */
SR_MUST_CHECK enum sr_error delta_open_lossy(struct delta **out, const char *dir, const char *name,
    char letter, char note[NODE_LOG_NOTE_MAX]);
void delta_close(struct delta *self);

/* Adds to the open batch, about so many bytes at a time; nobody finds the rows yet. After an error
 * it is to be abandoned. DISK_FULL, NO_MEMORY, IO. */
SR_MUST_CHECK enum sr_error delta_put(
    struct delta *self, const struct pile *pile, size_t piece_bytes);
/* Ends the batch: durable, and to be found, on SR_OK. After an error it is to be abandoned. */
SR_MUST_CHECK enum sr_error delta_commit(struct delta *self);
/* IO: the process must end. */
SR_MUST_CHECK enum sr_error delta_abandon(struct delta *self);
/* Nothing more will be put. IO: the process must end. */
SR_MUST_CHECK enum sr_error delta_finish(struct delta *self);
/* Are there rows in an open batch? */
bool delta_begun(const struct delta *self);
/* value: within bytes, which is malloc'd. DAMAGED. */
SR_MUST_CHECK enum sr_error delta_read(const struct delta *self, uint8_t **bytes,
    struct sr_bytes *value, const struct index_row *row);
/* Of rows and what is around them. */
uint64_t delta_bytes(const struct delta *self);

#endif
