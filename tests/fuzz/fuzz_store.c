/*
 * tests/fuzz/fuzz_store.c - rows of the store that come back wrong: changed, of another key, cut,
 * missing. A state that opens has every row as it was written; of the archive, what is damaged is
 * left out. The files themselves too, cut and changed, though Tokyo Cabinet is not built to be seen
 * into.
 */
#define _GNU_SOURCE /* mkdir under strict C */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tcbdb.h>

#include "node/store.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/scratch.h"

#define ROWS 6u
#define ROWS_BASE 4u
#define DELTA NODE_STORE_DELTA "1"
#define ARCHIVE "archive.00000000000000000001"
#define ARCHIVE_MAX 1000u
#define VALUE_MAX 256u

static char note[NODE_STORE_NOTE_MAX];

static size_t row_make(uint8_t key[4], uint8_t value[40], uint32_t i)
{
	memset(key, (int)('a' + i), 4);
	memset(value, (int)('A' + i), 40);
	return 10 + i * 5;
}

static struct node_store *store_open(void)
{
	struct node_store *s = NULL;
	enum sr_error e = node_store_open(&s, scratch_dir(), ARCHIVE_MAX, note);
	FUZZ_CHECK(e == SR_OK || (e == SR_ERR_DAMAGED && note[0] != '\0'));
	return s;
}

/* Some rows in the base, the others in a delta, which removes one. clean: nothing of the base is
 * looked at before it is read. */
static void good_store(bool clean)
{
	uint8_t key[4], value[40];
	struct sr_hash32 hash = { { 1 } };
	scratch_remove(scratch_dir());
	FUZZ_CHECK(mkdir(scratch_dir(), 0700) == 0);
	struct node_store *s = store_open();
	node_store_fold_from(s, 1);
	for (uint32_t i = 0; i < ROWS; i++) {
		size_t n = row_make(key, value, i);
		FUZZ_CHECK(node_store_state_put(s, key, sizeof(key), value, n) == SR_OK);
		FUZZ_CHECK(node_store_archive_put(s, i + 1, &hash, value, n) == SR_OK);
		if (i != ROWS_BASE - 1)
			continue;
		FUZZ_CHECK(node_store_commit(s) == SR_OK);
		while (node_store_busy(s))
			FUZZ_CHECK(node_store_work(s, 1000, note) == SR_OK && note[0] == '\0');
	}
	(void)row_make(key, value, 0);
	FUZZ_CHECK(node_store_state_put(s, key, sizeof(key), value, 0) == SR_OK);
	FUZZ_CHECK(node_store_commit(s) == SR_OK);
	node_store_close(s, clean);
}

static TCBDB *table_open(const char *name)
{
	TCBDB *t = tcbdbnew();
	FUZZ_CHECK(t && tcbdbtune(t, 0, 0, 0, -1, -1, BDBTLARGE));
	FUZZ_CHECK(tcbdbopen(t, scratch_path(name), BDBOWRITER));
	return t;
}

/* how u8: 0 edited (place u8, value u8), 1 other bytes, 2 another row's, 3 gone, 4 a new key */
static void row_break(TCBDB *t, struct sr_reader *r)
{
	uint32_t i = sr_read_u8(r) % ROWS, other = sr_read_u8(r) % ROWS;
	uint8_t how = sr_read_u8(r) % 5, place = sr_read_u8(r), value = sr_read_u8(r), made[40];
	uint8_t key[8] = { 0 }, other_key[8] = { 0 };
	int key_n = 4, n;
	size_t size;
	(void)row_make(key, made, i);
	(void)row_make(other_key, made, other);
	uint8_t *row = tcbdbget(t, how == 2 ? other_key : key, key_n, &n);
	uint8_t *bytes = fuzz_take(r, &size, how == 1 || how == 4 ? place : 0);
	if (how == 4)
		key[place % 8] ^= value;
	if (how == 0 && row && n > 0)
		row[place % n] ^= value;
	if (how == 3)
		(void)tcbdbout(t, key, key_n);
	else if (how == 1 || how == 4)
		(void)tcbdbput(t, key, how == 4 ? 1 + value % 8 : key_n, bytes, (int)size);
	else if (row)
		(void)tcbdbput(t, key, key_n, row, n);
	free(bytes);
	free(row);
}

static void state_read(struct node_store *s, bool clean)
{
	struct node_store_cursor at = { 0 };
	uint8_t *value, key[4], want[40];
	size_t n;
	enum sr_error e;
	while ((e = node_store_state_next(s, &at, &value, &n)) == SR_OK) {
		bool known = false;
		for (uint32_t i = 0; i < ROWS; i++) {
			size_t size = row_make(key, want, i);
			known |= at.key_n == 4 && memcmp(at.key, key, 4) == 0 && n == size &&
			    memcmp(value, want, n) == 0;
		}
		FUZZ_CHECK(known);
		free(value);
	}
	FUZZ_CHECK(e == SR_ERR_NOT_FOUND || (clean && e == SR_ERR_DAMAGED));
	node_store_cursor_clear(&at);
}

static void archive_read(struct node_store *s, uint64_t from)
{
	struct sr_writer w;
	struct sr_reader r;
	uint8_t key[4], want[40];
	sr_writer_init(&w, 1u << 20);
	FUZZ_CHECK(node_store_archive_read(s, from, 60, &w) == SR_OK);
	sr_reader_init(&r, w.p, w.n);
	uint32_t n = sr_read_u32(&r);
	for (uint32_t i = 0; i < n; i++) {
		struct sr_bytes row = sr_read_blob(&r, 1u << 20);
		size_t size = row_make(key, want, (uint32_t)(from - 1) + i);
		FUZZ_CHECK(row.n == size && memcmp(row.p, want, size) == 0);
	}
	FUZZ_CHECK(sr_reader_finish(&r) == SR_OK);
	sr_writer_clear(&w);
}

/* edits u8 | cut u16 | (place u16, value u8)...: of the whole file */
static void file_break(const char *name, struct sr_reader *r)
{
	size_t n, edits = sr_read_u8(r) % 8, cut = sr_read_u16(r);
	uint8_t *p = scratch_read(scratch_path(name), &n);
	n = cut < n ? n - cut : n;
	for (; edits > 0 && n > 0; edits--) {
		size_t place = sr_read_u16(r) % n;
		p[place] = sr_read_u8(r);
	}
	scratch_write(scratch_path(name), p, n);
	free(p);
}

/* Bits of table: 1 the archive's file, 2 the base's, or with 128 the delta's, 64 a clean stop.
 * input = (table u8 | row u8 | other u8 | how u8 | place u8 | value u8 | bytes)... */
void fuzz_store(const uint8_t *p, size_t n)
{
	struct sr_reader r;
	struct node_store_figures figures;
	sr_reader_init(&r, p, n);
	good_store(n > 0 && (p[0] & 64));
	for (unsigned i = 0; i < 4 && r.left > 0; i++) {
		uint8_t what = sr_read_u8(&r);
		if (what % 4 != 0) {
			file_break(what & 1 ? ARCHIVE : what & 128 ? DELTA : NODE_STORE_STATE, &r);
			break;
		}
		TCBDB *t = table_open(NODE_STORE_STATE);
		row_break(t, &r);
		FUZZ_CHECK(tcbdbclose(t));
		tcbdbdel(t);
	}
	struct node_store *s = store_open();
	if (!s)
		return;
	state_read(s, n > 0 && (p[0] & 64));
	for (uint64_t from = 1; from <= ROWS; from++)
		archive_read(s, from);
	node_store_figures(&figures, s);
	FUZZ_CHECK(figures.archive_rows <= ROWS + 4);
	node_store_close(s, true);
}

void seed_store(void)
{
	static const uint8_t programs[][12] = { { 0 }, { 0, 2, 0, 0, 9, 1 }, { 1, 2, 0, 0, 9, 1 },
		{ 0, 2, 3, 2, 0, 0 }, { 1, 2, 3, 2, 0, 0 }, { 0, 1, 0, 3, 0, 0 },
		{ 1, 1, 0, 3, 0, 0 }, { 0, 1, 0, 1, 6, 0, 1, 0, 0, 0, 0, 4 },
		{ 1, 1, 0, 1, 6, 0, 1, 0, 0, 0, 0, 4 }, { 1, 1, 0, 4, 4, 3, 1, 1, 1, 1 },
		{ 64, 2, 0, 0, 9, 1 }, { 65, 2, 0, 0, 9, 1 }, { 65, 1, 0, 1, 6, 0, 1 },
		{ 2, 1, 0, 0, 40, 0, 9 }, { 3, 1, 0, 0, 40, 0, 9 }, { 2, 0, 0, 2 },
		{ 3, 0, 0, 2 }, { 2, 1, 0, 0, 0, 1, 200 }, { 3, 1, 0, 0, 30, 2, 7 },
		{ 130, 1, 0, 0, 40, 0, 9 }, { 130, 0, 30, 0 }, { 130, 0, 90, 0 },
		{ 194, 1, 0, 0, 150, 0, 9 }, { 130, 1, 0, 0, 9, 0, 9 }, { 130, 0, 200, 200 },
		{ 0, 1, 0, 4, 4, 3, 1, 1, 1, 1 }, { 1, 5, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1 } };
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		fuzz_seed("rows", programs[i], i == 0 ? 0 : sizeof(programs[i]));
}
