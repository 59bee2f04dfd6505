#include "node/row.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"

#define ROW_VERSION 1u

static uint32_t row_crc(
    char table, const uint8_t *key, size_t key_n, const uint8_t *value, size_t n)
{
	uint8_t head[6] = { ROW_VERSION, (uint8_t)table };

	for (int i = 0; i < 4; i++)
		head[2 + i] = (uint8_t)(key_n >> 8 * i);
	return sr_crc32c(sr_crc32c(sr_crc32c(0, head, sizeof head), key, key_n), value, n);
}

void row_write(struct sr_writer *w, char table, const uint8_t *key, size_t key_n,
    const uint8_t *value, size_t n)
{
	sr_write_u8(w, ROW_VERSION);
	sr_write_u32(w, row_crc(table, key, key_n, value, n));
	sr_write_blob(w, key, key_n);
	sr_write_copy(w, value, n);
}

enum sr_error row_read(struct sr_bytes *value, char table, const uint8_t *key, size_t key_n,
    const uint8_t *row, size_t row_n)
{
	struct sr_reader r;
	struct sr_bytes own_key;
	uint32_t crc;

	sr_reader_init(&r, row, row_n);
	if (sr_read_u8(&r) != ROW_VERSION)
		return SR_ERR_DAMAGED;
	crc = sr_read_u32(&r);
	own_key = sr_read_blob(&r, ROW_KEY_MAX);
	*value = sr_read_view(&r, r.left);
	if (r.error != SR_OK || own_key.n != key_n || memcmp(own_key.p, key, key_n) != 0 ||
	    row_crc(table, key, key_n, value->p, value->n) != crc)
		return SR_ERR_DAMAGED;
	return SR_OK;
}

/* --- Piles --- */

enum sr_error pile_add(struct pile *self, size_t room, const uint8_t *key, size_t key_n,
    const uint8_t *a, size_t a_n, const uint8_t *b, size_t b_n)
{
	size_t n = key_n + a_n + b_n;
	struct waiting *row;

	if (key_n == 0 || key_n > ROW_KEY_MAX || a_n + b_n > ROW_VALUE_MAX)
		return SR_ERR_TOO_LONG;
	if (n > room)
		return SR_ERR_TOO_MANY;
	row = malloc(sizeof *row + n);
	if (row == NULL)
		return SR_ERR_NO_MEMORY;
	*row = (struct waiting){ NULL, key_n, a_n + b_n };
	memcpy(row->bytes, key, key_n);
	if (a_n > 0)
		memcpy(row->bytes + key_n, a, a_n);
	if (b_n > 0)
		memcpy(row->bytes + key_n + a_n, b, b_n);
	if (self->last != NULL)
		self->last->next = row;
	else
		self->first = row;
	self->last = row;
	self->rows++;
	self->bytes += n;
	return SR_OK;
}

void pile_clear(struct pile *self)
{
	while (self->first != NULL) {
		struct waiting *row = self->first;

		self->first = row->next;
		free(row);
	}
	memset(self, 0, sizeof *self);
}
