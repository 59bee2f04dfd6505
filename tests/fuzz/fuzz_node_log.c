/*
 * tests/fuzz/fuzz_node_log.c - safety.log, and a log of whole batches, as the host finds them after
 * a crash or on a bad disk: any bytes, and a good log cut or changed. What opens, opens again the
 * same and takes more records; what one changed byte leaves is the beginning of what was written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "node/log.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/scratch.h"

#define RECORDS_MAX 12u
#define EDITS_MAX 6u

static const struct sr_hash32 chain = { { 1, 2, 3 } };
static char note[NODE_LOG_NOTE_MAX];

static const struct node_log_kind whole_kind = { "SRWHOLE1", "", true, false };
static bool whole;

static bool log_open(struct node_log *log)
{
	enum sr_error e = whole
	    ? node_log_open_as(log, scratch_dir(), NODE_LOG_NAME, &whole_kind, &chain, 2, note)
	    : node_log_open(log, scratch_dir(), &chain, 2, note);
	FUZZ_CHECK(e == SR_OK || note[0] != '\0');
	return e == SR_OK;
}

/* Record i: its number, and as many bytes as that says. */
static size_t record(uint8_t out[64], uint32_t i)
{
	memset(out, (int)i, 64);
	return 1 + i * 5 % 60;
}

/* How many records there are; of good ones, each must be the next. */
static uint32_t replay(struct node_log *log, bool good)
{
	uint64_t position = 0;
	uint32_t n = 0;
	uint8_t *p, want[64];
	size_t size;
	enum sr_error e;
	while ((e = node_log_next(log, &position, &p, &size)) == SR_OK) {
		FUZZ_CHECK(!good || (size == record(want, n) && memcmp(p, want, size) == 0));
		n++;
		free(p);
	}
	FUZZ_CHECK(e == SR_ERR_NOT_FOUND);
	return n;
}

/* Whatever was there: open, go on, close, and find it all again. */
static void live_on(bool good, uint32_t written)
{
	struct node_log log;
	uint8_t more[] = { 'm', 'o', 'r', 'e' }, *last = NULL;
	uint64_t position = 0;
	size_t size = 0;
	if (!log_open(&log))
		return;
	uint32_t n = replay(&log, good), again = 0;
	FUZZ_CHECK(!good || n <= written);
	FUZZ_CHECK(node_log_append(&log, more, sizeof(more)) == SR_OK);
	FUZZ_CHECK(node_log_write(&log, true) == SR_OK);
	node_log_close(&log);
	FUZZ_CHECK(log_open(&log) && note[0] == '\0');
	for (uint8_t *p; node_log_next(&log, &position, &p, &size) == SR_OK; again++) {
		free(last);
		last = p;
		if (again == n)
			FUZZ_CHECK(size == sizeof(more) && memcmp(p, more, size) == 0);
	}
	FUZZ_CHECK(again == n + 1);
	free(last);
	node_log_close(&log);
}

static uint32_t good_log(struct sr_reader *r)
{
	struct node_log log;
	uint8_t b[64];
	uint32_t n = sr_read_u8(r) % RECORDS_MAX;
	uint16_t syncs = sr_read_u16(r);
	remove(scratch_path(NODE_LOG_NAME));
	FUZZ_CHECK(log_open(&log));
	for (uint32_t i = 0; i < n; i++) {
		FUZZ_CHECK(node_log_append(&log, b, record(b, i)) == SR_OK);
		if (syncs & 1u << i)
			FUZZ_CHECK(node_log_write(&log, syncs & 0x8000u || i % 2) == SR_OK);
	}
	FUZZ_CHECK(node_log_write(&log, true) == SR_OK);
	node_log_close(&log);
	return n;
}

/* records u8 | syncs u16 | cut u16 | edits u8 | (place u16, value u8)... */
static void changed(struct sr_reader *r)
{
	uint32_t written = good_log(r);
	size_t n, edits;
	uint8_t *p = scratch_read(scratch_path(NODE_LOG_NAME), &n);
	size_t cut = sr_read_u16(r);
	n = cut < n ? n - cut : n;
	edits = sr_read_u8(r) % EDITS_MAX;
	for (size_t i = 0; i < edits && n > 0; i++) {
		size_t place = sr_read_u16(r) % n;
		p[place] = sr_read_u8(r);
	}
	scratch_write(scratch_path(NODE_LOG_NAME), p, n);
	free(p);
	/* More edits could forge a checksum. */
	live_on(edits <= 1, written);
}

void fuzz_node_log(const uint8_t *p, size_t n)
{
	struct sr_reader r;
	uint8_t what;
	sr_reader_init(&r, p, n);
	what = sr_read_u8(&r);
	whole = what & 2;
	if (what % 2 == 1) {
		changed(&r);
		return;
	}
	scratch_write(scratch_path(NODE_LOG_NAME), r.p, r.left);
	live_on(false, 0);
}

/* A good beginning of another member's log, another cluster's, another version. */
static void seed_foreign(uint32_t version, uint8_t member, uint8_t first)
{
	uint8_t h[NODE_LOG_HEADER_BYTES] = { 'S', 'R', 'S', 'A', 'F', 'E', 'L', 'G' };
	struct sr_writer w;
	uint32_t crc;
	h[8] = (uint8_t)version;
	h[12] = member;
	memcpy(h + 16, chain.b, 32);
	h[16] = first;
	crc = sr_crc32c(0, h, 48);
	for (size_t i = 0; i < 4; i++)
		h[48 + i] = (uint8_t)(crc >> 8 * i);
	sr_writer_init(&w, sizeof(h));
	sr_write_copy(&w, h, sizeof(h));
	fuzz_seed_of(0, "header", &w);
}

void seed_node_log(void)
{
	static const uint8_t programs[][12] = { { 1, 5, 0xff, 0, 0, 0, 0 },
		{ 1, 9, 0x24, 0, 0, 0, 0 }, { 1, 9, 0x24, 0x80, 9, 0, 0 }, { 1, 9, 2, 0, 40, 0, 0 },
		{ 1, 5, 0xff, 0x80, 0, 0, 1, 60, 0, 9 }, { 1, 5, 0xff, 0x80, 0, 0, 1, 52, 0, 9 },
		{ 1, 5, 0xff, 0x80, 0, 0, 1, 0, 0, 9 }, { 1, 5, 0xff, 0x80, 0, 0, 1, 9, 0, 9 },
		{ 1, 5, 0xff, 0x80, 0, 0, 1, 14, 0, 9 }, { 1, 5, 0xff, 0x80, 0, 0, 1, 200, 0, 9 },
		{ 1, 3, 0, 0, 0, 1 }, { 1, 0, 0, 0, 0, 0 }, { 1, 11, 0, 4, 1, 0, 1, 99, 0, 7 },
		{ 3, 5, 0xff, 0, 0, 0, 0 }, { 3, 9, 0x24, 0x80, 0, 0, 0 },
		{ 3, 9, 0x24, 0x80, 9, 0, 0 }, { 3, 9, 0x24, 0x80, 0, 0, 1, 99, 0, 7 } };
	struct sr_reader r;
	struct sr_writer w;
	size_t n;
	seed_foreign(1, 3, 1);
	seed_foreign(1, 2, 9);
	seed_foreign(2, 2, 1);
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		fuzz_seed("change", programs[i], sizeof(programs[i]));
	sr_reader_init(&r, programs[1] + 1, 3);
	(void)good_log(&r);
	uint8_t *p = scratch_read(scratch_path(NODE_LOG_NAME), &n);
	for (size_t cut = 0; cut < n; cut += 37) {
		sr_writer_init(&w, n);
		sr_write_copy(&w, p, n - cut);
		fuzz_seed_of(0, "file", &w);
	}
	free(p);
}
