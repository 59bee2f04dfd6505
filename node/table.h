/*
 * node/table.h - rows (node/row.h) by key in one file, in order of keys: made once, in that order,
 * and then only read. The only place that knows Tokyo Cabinet: it dies of SIGBUS on a full disk, so
 * the part that it maps is reserved first; it takes calls that failed for done, so errno is looked
 * at.
 */
#ifndef SR_NODE_TABLE_H
#define SR_NODE_TABLE_H

#include "base/buf.h"

#define TABLE_NOTE_MAX 512u
#define TABLE_ROOM_BYTES (4u * 1024u * 1024u) /* that an empty one takes */

struct table;

/* Nothing is changed, not even by closing it. letter: of its rows. DAMAGED; NOT_FOUND. */
SR_MUST_CHECK enum sr_error table_read(
    struct table **out, const char *dir, const char *name, char letter);
/* One that was read. */
void table_close(struct table *self);

/* A new one aside, as dir/name.new, empty; rows are then put in order of keys. */
SR_MUST_CHECK enum sr_error table_make(
    struct table **out, const char *dir, const char *name, char letter);
/* The disk promises room for about so many bytes more, and begins to write what there is.
 * DISK_FULL: what was put is as good as before. */
SR_MUST_CHECK enum sr_error table_make_room(struct table *self, uint64_t bytes);
/* All of it is on the disk, and of so many rows; it is gone in any case, after an error as one that
 * is dropped hurt. */
SR_MUST_CHECK enum sr_error table_make_end(struct table *self, uint64_t rows);
/* Closes and removes it. hurt: one of these calls failed, but for want of room, so that Tokyo
 * Cabinet must not touch it again: it stays open, and no other can be made before the process has
 * ended. */
void table_make_drop(struct table *self, bool hurt);
/* An error: it is to be dropped, hurt. */
SR_MUST_CHECK enum sr_error table_put(struct table *self, const uint8_t *key, size_t key_n,
    const uint8_t *value, size_t value_n);

/* row: malloc'd, to be freed also when it is DAMAGED; value: within it. NOT_FOUND. */
SR_MUST_CHECK enum sr_error table_get(struct table *self, uint8_t **row, struct sr_bytes *value,
    const uint8_t *key, size_t key_n);
uint64_t table_rows(const struct table *self);
uint64_t table_bytes(const struct table *self);
/* Reads every row. DAMAGED. IO: what the table holds is not known. */
SR_MUST_CHECK enum sr_error table_check(struct table *self);

/* A place in a table. */
struct table_cursor { void *at; struct table *table; struct sr_bytes key, value; };

/* At the first row, or (after: not NULL) the first behind that key. key, value: until the cursor
 * moves or the table changes. NOT_FOUND: none; DAMAGED: a row that is not whole. Always to be
 * closed. */
SR_MUST_CHECK enum sr_error table_seek(struct table_cursor *self, struct table *table,
    const uint8_t *after, size_t after_n);
SR_MUST_CHECK enum sr_error table_next(struct table_cursor *self);
void table_cursor_close(struct table_cursor *self);

#endif
