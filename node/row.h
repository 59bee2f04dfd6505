/*
 * node/row.h - rows as the disk has them, and rows that wait for the next commit. Tokyo Cabinet has
 * no checksums, so every row carries one with its key and the table that it is of.
 *
 * row = version u8 | crc32c u32 of (version u8, table u8, key length u32, key, value) |
 * key blob | value
 */
#ifndef SR_NODE_ROW_H
#define SR_NODE_ROW_H

#include "base/buf.h"

#define ROW_KEY_MAX 1024u
#define ROW_VALUE_MAX (8u * 1024u * 1024u)
#define ROW_OVERHEAD 9u               /* version, crc, key length */

void row_write(struct sr_writer *w, char table, const uint8_t *key, size_t key_n,
    const uint8_t *value, size_t n);
/* value: borrowed from the row. DAMAGED unless it is this key's, whole. */
SR_MUST_CHECK enum sr_error row_read(struct sr_bytes *value, char table, const uint8_t *key,
    size_t key_n, const uint8_t *row, size_t row_n);

/* A row waiting for the next commit. */
struct waiting {
	struct waiting *next;
	size_t key_n, n;
	uint8_t bytes[];              /* key, value */
};

struct pile { struct waiting *first, *last; size_t rows, bytes; };

/* The value is a, then b; both are copied. room: bytes that it may hold more. TOO_LONG; TOO_MANY.
 */
SR_MUST_CHECK enum sr_error pile_add(struct pile *self, size_t room, const uint8_t *key,
    size_t key_n, const uint8_t *a, size_t a_n, const uint8_t *b, size_t b_n);
void pile_clear(struct pile *self);

#endif
