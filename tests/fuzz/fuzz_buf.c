/* tests/fuzz/fuzz_buf.c - the bounded reader and writer themselves: what a program of reads takes
 * from the input, the same program of writes gives back. */
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define STEPS_MAX 64u
#define BLOB_MAX 512u

static void step(struct sr_writer *w, struct sr_reader *r, uint8_t what)
{
	switch (what % 12) {
	case 0: sr_write_u8(w, sr_read_u8(r)); return;
	case 1: sr_write_u16(w, sr_read_u16(r)); return;
	case 2: sr_write_u32(w, sr_read_u32(r)); return;
	case 3: sr_write_u64(w, sr_read_u64(r)); return;
	case 4: sr_write_bool(w, sr_read_bool(r)); return;
	case 5: {
		struct sr_hash32 v = sr_read_hash(r);
		sr_write_hash(w, &v);
		return;
	}
	case 6: {
		struct sr_edpk v = sr_read_edpk(r);
		sr_write_edpk(w, &v);
		return;
	}
	case 7: {
		struct sr_xpk v = sr_read_xpk(r);
		sr_write_xpk(w, &v);
		return;
	}
	case 8: {
		struct sr_sig64 v = sr_read_sig(r);
		sr_write_sig(w, &v);
		return;
	}
	case 9: {
		struct sr_bytes v = sr_read_blob(r, BLOB_MAX);
		sr_write_blob(w, v.p, v.n);
		return;
	}
	case 10: {
		struct sr_bytes v = sr_read_view(r, what);
		sr_write_copy(w, v.p, v.n);
		return;
	}
	default: {
		uint8_t v[UINT8_MAX];
		sr_read_copy(r, v, what);
		sr_write_copy(w, v, what);
		return;
	}
	}
}

/* A writer that is full, reset and used again, emptied by taking its bytes. */
static void bounded(const uint8_t *p, size_t n)
{
	struct sr_writer w;
	size_t max = n ? p[0] : 0, taken;
	sr_writer_init(&w, max);
	for (size_t i = 0; i < n; i += 7)
		sr_write_blob(&w, p + i, n - i < 7 ? n - i : 7);
	FUZZ_CHECK(w.n <= max);
	if (w.error != SR_OK) {
		FUZZ_CHECK(sr_writer_finish(&w) == SR_ERR_TOO_LONG && w.p == NULL);
		return;
	}
	sr_writer_reset(&w);
	sr_write_copy(&w, p, n < max ? n : max);
	FUZZ_CHECK(sr_writer_finish(&w) == SR_OK);
	uint8_t *bytes = sr_writer_take(&w, &taken);
	FUZZ_CHECK(taken == (n < max ? n : max) && w.p == NULL && w.n == 0);
	FUZZ_CHECK(taken == 0 || memcmp(bytes, p, taken) == 0);
	sr_writer_init(&w, taken);
	w.p = bytes, w.n = w.capacity = taken;
	sr_writer_clear(&w);
}

/* input = count u8 | kinds | what they read */
void fuzz_buf(const uint8_t *p, size_t n)
{
	struct sr_reader r;
	struct sr_writer w;
	uint8_t kinds[STEPS_MAX];
	bounded(p, n);
	sr_reader_init(&r, p, n);
	size_t count = sr_read_u8(&r) % STEPS_MAX;
	sr_read_copy(&r, kinds, count);
	const uint8_t *from = r.p;
	size_t left = r.left;
	sr_writer_init(&w, n);
	for (size_t i = 0; i < count; i++)
		step(&w, &r, kinds[i]);
	size_t read = left - r.left;
	if (r.error == SR_OK)
		fuzz_same(&w, from, read);
	else
		FUZZ_CHECK(r.left == 0 && sr_reader_finish(&r) == r.error && sr_read_u64(&r) == 0);
	FUZZ_CHECK(r.error != SR_OK ||
	    sr_reader_finish(&r) == (r.left ? SR_ERR_TRAILING_BYTES : SR_OK));
	sr_writer_clear(&w);
}

void seed_buf(void)
{
	struct sr_writer w;
	sr_writer_init(&w, 1024);
	sr_write_u8(&w, 12);
	for (uint8_t i = 0; i < 12; i++)
		sr_write_u8(&w, i);
	for (unsigned i = 0; i < 15; i++)
		sr_write_u8(&w, (uint8_t)i);
	sr_write_bool(&w, true);
	for (unsigned i = 0; i < 160; i++)
		sr_write_u8(&w, (uint8_t)i);
	sr_write_blob(&w, (const uint8_t *)"blob", 4);
	for (unsigned i = 0; i < 21; i++)
		sr_write_u8(&w, (uint8_t)i);
	fuzz_seed("all", w.p, w.n);
	fuzz_seed("short", w.p, 40);
	sr_writer_clear(&w);
}
