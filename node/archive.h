/* node/archive.h - final blocks by height, in a table. What is lost of it peers have. */
#ifndef SR_NODE_ARCHIVE_H
#define SR_NODE_ARCHIVE_H

#include "node/row.h"
#include "node/table.h"

struct archive {
	char dir[1024];
	struct table *table;
	struct pile pile;
	uint64_t blocks_max;
	uint64_t first, last, damaged; /* figures */
};

/* An archive that does not open is moved aside; note says so. check: the newest rows are, after an
 * unclean stop. */
SR_MUST_CHECK enum sr_error archive_open(struct archive *self, const char *dir,
    uint64_t blocks_max, bool check, char note[TABLE_NOTE_MAX]);
/* leave, true: as of a table, and nothing waits. */
bool archive_close(struct archive *self, bool leave);
/* Kept in memory, and written when enough has come together. room: as of a pile. */
SR_MUST_CHECK enum sr_error archive_put(struct archive *self, size_t room, uint64_t height,
    const struct sr_hash32 *block, const uint8_t *row, size_t n);
/* DISK_FULL: nothing was written, all is kept. IO: the process must end. */
SR_MUST_CHECK enum sr_error archive_commit(struct archive *self);
/* Writes u32 count, blobs: rows from height on without a gap, about max_bytes of them but at least
 * one. */
SR_MUST_CHECK enum sr_error archive_read(
    struct archive *self, uint64_t height, size_t max_bytes, struct sr_writer *out);

#endif
