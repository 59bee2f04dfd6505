#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

void sr_reader_init(struct sr_reader *self, const uint8_t *bytes, size_t n)
{
	self->p = bytes;
	self->left = n;
	self->error = SR_OK;
}

void sr_reader_fail(struct sr_reader *self, enum sr_error error)
{
	if (self->error == SR_OK)
		self->error = error;
	self->left = 0;
}

struct sr_bytes sr_read_view(struct sr_reader *self, size_t n)
{
	struct sr_bytes view = { self->p, n };

	if (self->error != SR_OK || n > self->left) {
		sr_reader_fail(self, SR_ERR_TRUNCATED);
		return (struct sr_bytes){ NULL, 0 };
	}
	if (n > 0)
		self->p += n;
	self->left -= n;
	return view;
}

void sr_read_copy(struct sr_reader *self, uint8_t *out, size_t n)
{
	struct sr_bytes view = sr_read_view(self, n);

	if (n == 0)
		return;
	if (self->error == SR_OK)
		memcpy(out, view.p, n);
	else
		memset(out, 0, n);
}

/* Written out: compilers make one load of each, and no loop. */
uint8_t sr_read_u8(struct sr_reader *self)
{
	const uint8_t *p = sr_read_view(self, 1).p;

	return p != NULL ? p[0] : 0;
}

uint16_t sr_read_u16(struct sr_reader *self)
{
	const uint8_t *p = sr_read_view(self, 2).p;

	return p != NULL ? (uint16_t)((unsigned)p[0] | (unsigned)p[1] << 8) : 0;
}

uint32_t sr_read_u32(struct sr_reader *self)
{
	const uint8_t *p = sr_read_view(self, 4).p;

	return p == NULL ? 0 : (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

uint64_t sr_read_u64(struct sr_reader *self)
{
	const uint8_t *p = sr_read_view(self, 8).p;

	return p == NULL ? 0 : (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
	    (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 |
	    (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

bool sr_read_bool(struct sr_reader *self)
{
	uint8_t v = sr_read_u8(self);

	if (v > 1)
		sr_reader_fail(self, SR_ERR_BAD_ENCODING);
	return v == 1;
}

struct sr_bytes sr_read_blob(struct sr_reader *self, size_t max)
{
	uint32_t n = sr_read_u32(self);

	if (n > max) {
		sr_reader_fail(self, SR_ERR_TOO_LONG);
		return (struct sr_bytes){ NULL, 0 };
	}
	return sr_read_view(self, n);
}

struct sr_hash32 sr_read_hash(struct sr_reader *self)
{
	struct sr_hash32 v;

	sr_read_copy(self, v.b, sizeof v.b);
	return v;
}

struct sr_edpk sr_read_edpk(struct sr_reader *self)
{
	struct sr_edpk v;

	sr_read_copy(self, v.b, sizeof v.b);
	return v;
}

struct sr_xpk sr_read_xpk(struct sr_reader *self)
{
	struct sr_xpk v;

	sr_read_copy(self, v.b, sizeof v.b);
	return v;
}

struct sr_sig64 sr_read_sig(struct sr_reader *self)
{
	struct sr_sig64 v;

	sr_read_copy(self, v.b, sizeof v.b);
	return v;
}

enum sr_error sr_reader_finish(const struct sr_reader *self)
{
	if (self->error != SR_OK)
		return self->error;
	return self->left == 0 ? SR_OK : SR_ERR_TRAILING_BYTES;
}

void sr_writer_init(struct sr_writer *self, size_t max)
{
	*self = (struct sr_writer){ .max = max, .error = SR_OK };
}

void sr_writer_init_over(struct sr_writer *self, uint8_t *bytes, size_t n)
{
	*self = (struct sr_writer){ .p = bytes, .capacity = n, .max = n, .over = true };
}

void sr_writer_fail(struct sr_writer *self, enum sr_error error)
{
	if (self->error == SR_OK)
		self->error = error;
}

/* Not realloc: what was written may be secret, and its old place is wiped before it is freed. */
static bool grow(struct sr_writer *self, size_t needed)
{
	size_t capacity = self->capacity < 64 ? 64 : self->capacity;
	uint8_t *p;

	while (capacity < needed)
		capacity = capacity > self->max / 2 ? self->max : capacity * 2;
	p = malloc(capacity);
	if (p == NULL) {
		sr_writer_fail(self, SR_ERR_NO_MEMORY);
		return false;
	}
	if (self->p != NULL) {
		memcpy(p, self->p, self->n);
		sr_wipe(self->p, self->n);
		free(self->p);
	}
	self->p = p;
	self->capacity = capacity;
	return true;
}

void sr_write_copy(struct sr_writer *self, const uint8_t *p, size_t n)
{
	if (self->error != SR_OK || n == 0)
		return;
	if (n > self->max - self->n) {
		sr_writer_fail(self, SR_ERR_TOO_LONG);
		return;
	}
	if (self->n + n > self->capacity && !grow(self, self->n + n))
		return;
	memcpy(self->p + self->n, p, n);
	self->n += n;
}

static void write_le(struct sr_writer *self, uint64_t v, size_t n)
{
	const uint8_t b[8] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
		(uint8_t)(v >> 24), (uint8_t)(v >> 32), (uint8_t)(v >> 40), (uint8_t)(v >> 48),
		(uint8_t)(v >> 56) };

	sr_write_copy(self, b, n);
}

void sr_write_u8(struct sr_writer *self, uint8_t v)
{
	write_le(self, v, 1);
}

void sr_write_u16(struct sr_writer *self, uint16_t v)
{
	write_le(self, v, 2);
}

void sr_write_u32(struct sr_writer *self, uint32_t v)
{
	write_le(self, v, 4);
}

void sr_write_u64(struct sr_writer *self, uint64_t v)
{
	write_le(self, v, 8);
}

void sr_write_bool(struct sr_writer *self, bool v)
{
	write_le(self, v ? 1 : 0, 1);
}

void sr_write_blob(struct sr_writer *self, const uint8_t *p, size_t n)
{
	if (n > UINT32_MAX) {
		sr_writer_fail(self, SR_ERR_TOO_LONG);
		return;
	}
	sr_write_u32(self, (uint32_t)n);
	sr_write_copy(self, p, n);
}

void sr_write_hash(struct sr_writer *self, const struct sr_hash32 *h)
{
	sr_write_copy(self, h->b, sizeof h->b);
}

void sr_write_edpk(struct sr_writer *self, const struct sr_edpk *k)
{
	sr_write_copy(self, k->b, sizeof k->b);
}

void sr_write_xpk(struct sr_writer *self, const struct sr_xpk *k)
{
	sr_write_copy(self, k->b, sizeof k->b);
}

void sr_write_sig(struct sr_writer *self, const struct sr_sig64 *s)
{
	sr_write_copy(self, s->b, sizeof s->b);
}

static void release(struct sr_writer *self)
{
	if (self->p != NULL)
		sr_wipe(self->p, self->capacity);
	if (!self->over)
		free(self->p);
	self->p = NULL;
	self->n = 0;
	self->capacity = 0;
	if (self->over)
		self->max = 0;
}

enum sr_error sr_writer_finish(struct sr_writer *self)
{
	if (self->error != SR_OK)
		release(self);
	return self->error;
}

uint8_t *sr_writer_take(struct sr_writer *self, size_t *n)
{
	uint8_t *p;

	SR_ASSERT(!self->over);
	if (self->error != SR_OK)
		release(self);
	p = self->p;
	*n = self->n;
	sr_writer_init(self, self->max);
	return p;
}

void sr_writer_reset(struct sr_writer *self)
{
	self->n = 0;
	self->error = SR_OK;
}

void sr_writer_clear(struct sr_writer *self)
{
	release(self);
	self->error = SR_OK;
}
