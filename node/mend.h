/*
 * node/mend.h - what a crash leaves of a transaction of Tokyo Cabinet, which undoes it while it
 * opens a table, and does not get all cases right. Beside a table, for as long as it needs them:
 *   NAME.wal     the transaction's log, its own
 *   NAME.undo    a copy of that, until what was undone is on the disk
 *   NAME.front   head and buckets as they were before the transaction
 */
#ifndef SR_NODE_MEND_H
#define SR_NODE_MEND_H

#include "base/error.h"
#include "base/types.h"

#define MEND_WAL ".wal"
#define MEND_UNDO ".undo"
#define MEND_FRONT ".front"
/* Tokyo Cabinet maps the front of a file: it must exist on the disk. */
#define MEND_FRONT_BYTES (4u * 1024u * 1024u)

/* Around the opening of dir/name. */
SR_MUST_CHECK enum sr_error mend_before_open(const char *dir, const char *name);
SR_MUST_CHECK enum sr_error mend_after_open(const char *dir, const char *name);
/* The disk promises room for the front. DISK_FULL, IO. */
SR_MUST_CHECK enum sr_error mend_reserve(const char *path);
/* Before a transaction, while its log is empty; buckets: how many the table has. */
SR_MUST_CHECK enum sr_error mend_save(const char *dir, const char *name, uint64_t buckets);
/* After one. Its log is empty now; should a power cut bring it back, all would be undone. */
SR_MUST_CHECK enum sr_error mend_ended(const char *dir, const char *name);
/* What belongs to a table that another takes the place of must not be played into that. */
SR_MUST_CHECK enum sr_error mend_forget(const char *dir, const char *name);

#endif
