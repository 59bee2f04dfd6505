/*
 * node/store.h - what a data directory holds besides the safety record: the state (rows of the last
 * checkpoint; node/state.h), the archive (final blocks by height; node/archive.h), and the
 * clean-stop mark (DESIGN 8).
 */
#ifndef SR_NODE_STORE_H
#define SR_NODE_STORE_H

#include "base/buf.h"
#include "node/row.h"

#define NODE_STORE_STATE "state.tcb"
#define NODE_STORE_DELTA "state.delta."      /* and a number */
#define NODE_STORE_STATE_LETTER 's'          /* of its rows */
#define NODE_STORE_KEY_MAX ROW_KEY_MAX
#define NODE_STORE_VALUE_MAX ROW_VALUE_MAX
#define NODE_STORE_BUFFER_MAX                                                                      \
	(256u * 1024u * 1024u) /* rows waiting for a checkpoint, or for the disk */
#define NODE_STORE_ASIDE_BYTES (256u * 1024u) /* of them, of the state */
#define NODE_STORE_ARCHIVE_BATCH 64u
#define NODE_STORE_SPARE_BYTES (8u * 1024u * 1024u) /* that a commit leaves free */
/* Changes are folded once they are that much, or half of what is there. Enough that folding, which
 * writes all of the state, is rare; little enough to be read at a start in a second. */
#define NODE_STORE_FOLD_BYTES (64u * 1024u * 1024u)
#define NODE_STORE_FOLD_SPARE_BYTES (64u * 1024u * 1024u) /* that folding leaves free */
#define NODE_STORE_NOTE_MAX 512u

struct node_store;

struct node_store_figures {
	uint64_t state_rows;                 /* at most: what is not folded may count twice */
	uint64_t archive_rows;               /* at most: there may be gaps */
	uint64_t archive_first, archive_last;
	uint64_t checkpoints, checkpoints_put_off, damaged_rows, buffered_bytes;
	uint64_t delta_bytes, folds, folds_dropped;
	bool created, unclean;
};

/* After an unclean stop every row of the state is checked, and the newest of the archive always.
 * Blocks that are damaged are left out and counted (peers have them), now or when they are read.
 * A damaged state is DAMAGED: note says how to recover. */
SR_MUST_CHECK enum sr_error node_store_open(struct node_store **out, const char *dir,
    uint64_t archive_blocks, char note[NODE_STORE_NOTE_MAX]);
/* clean: all is written; leaves the mark. After an error IO the process must end: the tables are
 * left as they are. */
void node_store_close(struct node_store *self, bool clean);

/* Part of the open checkpoint; an empty value deletes. Waits in memory up to
 * NODE_STORE_ASIDE_BYTES, then in a batch on the disk that counts for nothing before the commit.
 * TOO_MANY: the buffer is full. DISK_FULL, IO. */
SR_MUST_CHECK enum sr_error node_store_state_put(struct node_store *self, const uint8_t *key,
    size_t key_n, const uint8_t *value, size_t n);
/* Archive and state rows since the last commit, durable on SR_OK; it takes as long as what it
 * writes. DISK_FULL: nothing of the state was written; its rows are kept, and where that can't be
 * each put and commit says so until they are abandoned. IO: rolled back; the process must end. */
SR_MUST_CHECK enum sr_error node_store_commit(struct node_store *self);

/* Is there work to do between commits? Then node_store_work does about so many bytes of it, and
 * comes to its end when it is called again and again. What fails of it is dropped and tried again
 * later: note says so, once. IO: the process must end. */
bool node_store_busy(const struct node_store *self);
SR_MUST_CHECK enum sr_error node_store_work(
    struct node_store *self, size_t bytes, char note[NODE_STORE_NOTE_MAX]);
/* Folds once so many bytes have changed, instead of NODE_STORE_FOLD_BYTES or half of the state. */
void node_store_fold_from(struct node_store *self, uint64_t bytes);
/* Rows wait on the disk from so many bytes on, instead of NODE_STORE_ASIDE_BYTES. */
void node_store_aside_from(struct node_store *self, size_t bytes);

/* Forgets what an enclave that died had put since its last checkpoint. */
void node_store_abandon(struct node_store *self);

/* Every row, in order of keys. at: starts all zero. NOT_FOUND at the end; DAMAGED. Values are
 * malloc'd. */
struct node_store_cursor { uint8_t *key; size_t key_n; bool started; };
SR_MUST_CHECK enum sr_error node_store_state_next(struct node_store *self,
    struct node_store_cursor *at, uint8_t **value, size_t *n);
void node_store_cursor_clear(struct node_store_cursor *at);

/* A committed row; malloc'd. NOT_FOUND; DAMAGED. */
SR_MUST_CHECK enum sr_error node_store_state_get(struct node_store *self, const uint8_t *key,
    size_t key_n, uint8_t **value, size_t *n);

/* Kept in memory until enough has come together or a commit. Full disk: kept. */
SR_MUST_CHECK enum sr_error node_store_archive_put(struct node_store *self, uint64_t height,
    const struct sr_hash32 *block, const uint8_t *row, size_t n);
/* Writes u32 count, blobs: rows from height on without a gap, about max_bytes of them but at least
 * one. */
SR_MUST_CHECK enum sr_error node_store_archive_read(struct node_store *self, uint64_t height,
    size_t max_bytes, struct sr_writer *out);
void node_store_figures(struct node_store_figures *out, const struct node_store *self);

#endif
