/*
 * base/buf.h - bounded readers and writers with sticky failure.
 *
 * Integers are little-endian. A reader never copies unless asked and never reads past its end;
 * after the first failure every further read yields zeros and the failure stays. A writer grows up
 * to a stated maximum; after the first failure it ignores further writes and sr_writer_finish
 * reports it.
 */
#ifndef SR_BASE_BUF_H
#define SR_BASE_BUF_H

#include "base/error.h"
#include "base/types.h"

struct sr_reader {
	const uint8_t *p;
	size_t left;
	enum sr_error error;
};

void sr_reader_init(struct sr_reader *self, const uint8_t *bytes, size_t n);
uint8_t sr_read_u8(struct sr_reader *self);
uint16_t sr_read_u16(struct sr_reader *self);
uint32_t sr_read_u32(struct sr_reader *self);
uint64_t sr_read_u64(struct sr_reader *self);
bool sr_read_bool(struct sr_reader *self); /* 0 or 1, else BAD_ENCODING */
void sr_read_copy(struct sr_reader *self, uint8_t *out, size_t n);    /* zeros on failure */
struct sr_bytes sr_read_view(struct sr_reader *self, size_t n);       /* borrowed from the input */
/* u32 length, then that many bytes; TOO_LONG above max. Borrowed. */
struct sr_bytes sr_read_blob(struct sr_reader *self, size_t max);
struct sr_hash32 sr_read_hash(struct sr_reader *self);
struct sr_edpk sr_read_edpk(struct sr_reader *self);
struct sr_xpk sr_read_xpk(struct sr_reader *self);
struct sr_sig64 sr_read_sig(struct sr_reader *self);
void sr_reader_fail(struct sr_reader *self, enum sr_error error);     /* the first failure wins */
/* The sticky error, or TRAILING_BYTES when something is left over. */
SR_MUST_CHECK enum sr_error sr_reader_finish(const struct sr_reader *self);

struct sr_writer {
	uint8_t *p;          /* owned; malloc'd, unless it is over the caller's bytes */
	size_t n, capacity, max;
	bool over;
	enum sr_error error;
};

/* Holds nothing until the first write. max: most bytes it may ever hold (else TOO_LONG). */
void sr_writer_init(struct sr_writer *self, size_t max);
/* Over the caller's bytes: allocates nothing, so within n it cannot fail. Never taken; cleared, it
 * is wiped and still the caller's. */
void sr_writer_init_over(struct sr_writer *self, uint8_t *bytes, size_t n);
void sr_write_u8(struct sr_writer *self, uint8_t v);
void sr_write_u16(struct sr_writer *self, uint16_t v);
void sr_write_u32(struct sr_writer *self, uint32_t v);
void sr_write_u64(struct sr_writer *self, uint64_t v);
void sr_write_bool(struct sr_writer *self, bool v);
void sr_write_copy(struct sr_writer *self, const uint8_t *p, size_t n);
void sr_write_blob(struct sr_writer *self, const uint8_t *p, size_t n); /* u32 length first */
void sr_write_hash(struct sr_writer *self, const struct sr_hash32 *h);
void sr_write_edpk(struct sr_writer *self, const struct sr_edpk *k);
void sr_write_xpk(struct sr_writer *self, const struct sr_xpk *k);
void sr_write_sig(struct sr_writer *self, const struct sr_sig64 *s);
void sr_writer_fail(struct sr_writer *self, enum sr_error error);
/* The sticky error. On error the buffer is freed. On SR_OK the bytes stay in p, n until cleared. */
SR_MUST_CHECK enum sr_error sr_writer_finish(struct sr_writer *self);
/* Takes the bytes away (caller frees with free()) and leaves the writer empty. */
uint8_t *sr_writer_take(struct sr_writer *self, size_t *n);
void sr_writer_reset(struct sr_writer *self); /* n = 0, error cleared, memory kept */
void sr_writer_clear(struct sr_writer *self);                  /* wipes, frees */

#endif
