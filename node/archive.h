/*
 * node/archive.h - final blocks by height, in files of some megabytes each (node/delta.h) whose
 * names say what the first one is: archive.HEIGHT, twenty digits. The last is written to; the
 * oldest are removed whole. What is lost of them peers have.
 */
#ifndef SR_NODE_ARCHIVE_H
#define SR_NODE_ARCHIVE_H

#include "node/delta.h"
#include "node/row.h"

#define ARCHIVE_FILE_ROWS 1024u
#define ARCHIVE_FILE_BYTES (4u * 1024u * 1024u)

struct archive {
	char dir[1024];
	uint64_t *firsts;                    /* of the files, ascending */
	size_t files, room;
	struct delta *open;                  /* the last one; NULL: none yet */
	struct delta *read;                  /* another that was read from; or NULL */
	uint64_t read_first;
	struct pile pile;
	uint64_t next;                       /* behind the highest */
	uint64_t blocks_max, file_rows;      /* a file of so many rows is full */
	uint64_t last, damaged;              /* figures */
};

/* A last file that is damaged is moved aside, and the one before it is the last; note says so. */
SR_MUST_CHECK enum sr_error archive_open(struct archive *self, const char *dir,
    uint64_t blocks_max, char note[NODE_LOG_NOTE_MAX]);
void archive_close(struct archive *self);
/* Kept in memory, and written when enough has come together. A block that is there already is not
 * put again; another one of that height takes its place. room: as of a pile. */
SR_MUST_CHECK enum sr_error archive_put(struct archive *self, size_t room, uint64_t height,
    const struct sr_hash32 *block, const uint8_t *row, size_t n);
/* Durable on SR_OK. DISK_FULL: nothing was written, all is kept. IO: the process must end. */
SR_MUST_CHECK enum sr_error archive_commit(struct archive *self);
/* Writes u32 count, blobs: rows from height on without a gap, about max_bytes of them but at least
 * one. */
SR_MUST_CHECK enum sr_error archive_read(
    struct archive *self, uint64_t height, size_t max_bytes, struct sr_writer *out);
/* In files, at most: there may be gaps. */
uint64_t archive_rows(const struct archive *self);
/* The lowest height in a file; 0: none is there. */
uint64_t archive_first(const struct archive *self);

#endif
