/*
 * node/table.h - rows (node/row.h) by key in one file, in order of keys. The only place that knows
 * Tokyo Cabinet: it dies of SIGBUS on a full disk, so the part that it maps is reserved first; it
 * takes calls that failed for done, so errno is looked at; what it does not undo after a crash,
 * node/mend.h does.
 *
 * A table is either written in synced transactions (table_open), or made once, in order of keys,
 * and then only read (table_make, table_read).
 */
#ifndef SR_NODE_TABLE_H
#define SR_NODE_TABLE_H

#include "base/buf.h"

#define TABLE_NOTE_MAX 512u
#define TABLE_REBUILD ".rebuild"         /* a mark: it is damaged and to be made anew */
#define TABLE_ROOM_BYTES (4u * 1024u * 1024u) /* that an empty one may take */

struct table;

/* Opens or creates; what a transaction left open is undone. One that could not be written though
 * the disk did its work is made anew from its rows, which needs as much free space again
 * (DISK_FULL): note says so, and damaged grows by the rows that were left out. DAMAGED: it does not
 * open. letter: of its rows. */
SR_MUST_CHECK enum sr_error table_open(struct table **out, const char *dir, const char *name,
    char letter, uint64_t *damaged, char note[TABLE_NOTE_MAX]);
/* true: all of it is on the disk. leave, or in a transaction that is open or failed: it is left as
 * a crash would leave it. */
bool table_close(struct table *self, bool leave);

/* For reading only: nothing is changed, not even by closing it. DAMAGED; NOT_FOUND. */
SR_MUST_CHECK enum sr_error table_read(
    struct table **out, const char *dir, const char *name, char letter);
/* A new one aside, as dir/name.new, empty; rows are then put in order of keys, without a
 * transaction. */
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
/* Removes what belongs to the table beside it: another is to take its place. */
SR_MUST_CHECK enum sr_error table_forget(const char *dir, const char *name);

/* A transaction; durable when it has ended. What fails within one ends the process, and the next
 * start undoes it. */
SR_MUST_CHECK enum sr_error table_begin(struct table *self);
SR_MUST_CHECK enum sr_error table_end(struct table *self);
/* Takes it back, as far as a damaged table can. */
void table_abort(struct table *self);
/* value_n 0 removes. */
SR_MUST_CHECK enum sr_error table_put(struct table *self, const uint8_t *key, size_t key_n,
    const uint8_t *value, size_t value_n);
SR_MUST_CHECK enum sr_error table_remove_first(struct table *self);

/* row: malloc'd, to be freed also when it is DAMAGED; value: within it. NOT_FOUND. */
SR_MUST_CHECK enum sr_error table_get(struct table *self, uint8_t **row, struct sr_bytes *value,
    const uint8_t *key, size_t key_n);
uint64_t table_rows(const struct table *self);
uint64_t table_bytes(const struct table *self);
/* The key of the first or the last row into out. NOT_FOUND: none of n bytes. */
SR_MUST_CHECK enum sr_error table_edge(struct table *self, bool last, uint8_t *out, size_t n);

/* Checks the last rows. Damaged ones: removed (drop, in a transaction) and counted, else DAMAGED at
 * once. IO: what the table holds is not known. */
SR_MUST_CHECK enum sr_error table_check(
    struct table *self, uint64_t last, bool drop, uint64_t *damaged);

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
