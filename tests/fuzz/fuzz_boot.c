/*
 * tests/fuzz/fuzz_boot.c - what the enclave reads when it starts: genesis, sealed identity, rows of
 * the last checkpoint, the safety log. The host may change the sealed bytes; who has the sealing
 * key, or an older program, what is in them. It starts, or says why not and stays dead.
 */
#include <stdlib.h>
#include <string.h>

#include "enclave/internal.h"
#include "tests/fuzz/fixture.h"
#include "tests/fuzz/fuzz.h"

#define NODE 0u
#define EDITS_MAX 8u

static const char identity_label[] = "strongroom identity v1";

struct run {
	const struct cluster_node *disk;
	struct enclave_core *core;
	struct enclave_effects fx;
	struct sr_drbg drbg;
	uint64_t now_ms;
	bool edited, fatal;
	enum sr_error error;
};

static void event(struct run *run, struct enclave_event *ev)
{
	struct sr_key32 seed;
	FUZZ_CHECK(sr_drbg_fill(&run->drbg, seed.b, sizeof(seed.b)) == SR_OK);
	ev->now_ms = run->now_ms;
	ev->seed = &seed;
	run->error = enclave_step(run->core, &run->fx, ev);
	for (size_t i = 0; i < run->fx.n; i++)
		run->fatal |= run->fx.list[i].kind == ENCLAVE_FX_FATAL;
	FUZZ_CHECK(run->error == SR_OK || run->fatal);
	enclave_effects_reset(&run->fx);
}

/* how u8: untouched; else (n u8: so long) | edits u8 | (place u16, value u8)... */
static uint8_t *edit(struct run *run, struct sr_reader *r, const uint8_t *p, size_t *n)
{
	uint8_t how = sr_read_u8(r);
	size_t size = *n;
	if (how == 0) {
		uint8_t *same = malloc(size + 1);
		FUZZ_CHECK(same != NULL);
		memcpy(same, p, size);
		return same;
	}
	run->edited = true;
	if (how % 4 == 1)
		return fuzz_take(r, n, sr_read_u16(r));
	if (how % 4 == 2)
		size = sr_read_u16(r) % (size + 1);
	uint8_t *out = malloc(size + 1);
	FUZZ_CHECK(out != NULL);
	memcpy(out, p, size);
	for (unsigned i = sr_read_u8(r) % EDITS_MAX; i > 0 && size > 0; i--) {
		size_t place = sr_read_u16(r) % size;
		out[place] = sr_read_u8(r);
	}
	*n = size;
	return out;
}

/* What a label seals: opened, edited, sealed again. */
static void identity_again(struct run *run, struct sr_reader *r, struct sr_writer *w)
{
	struct sr_key32 key;
	uint8_t *plain, *changed;
	size_t n;
	const struct cluster_node *d = run->disk;
	FUZZ_CHECK(sr_key_derive(&key, &d->sealing, identity_label, NULL, 0) == SR_OK);
	FUZZ_CHECK(seal_open(&plain, &n, &key, (const uint8_t *)identity_label,
		sizeof(identity_label), d->identity + 1, d->identity_n - 1) == SR_OK);
	changed = edit(run, r, plain, &n);
	sr_write_u8(w, 1);
	FUZZ_CHECK(seal_put(w, &run->drbg, &key, (const uint8_t *)identity_label,
		sizeof(identity_label), changed, n) == SR_OK);
	free(plain);
	free(changed);
}

static void boot(struct run *run, struct sr_reader *r, uint8_t what)
{
	const struct fixture *f = fixture();
	struct enclave_event ev = { .kind = ENCLAVE_EV_BOOT, .number = HOST_WIRE_VERSION,
		.member = NODE };
	size_t genesis_n = f->c->genesis_n, identity_n = run->disk->identity_n;
	uint8_t *genesis = NULL, *identity = NULL;
	struct sr_writer w;
	sr_writer_init(&w, 65536);
	ev.a = (struct sr_bytes){ f->c->genesis_bytes, genesis_n };
	ev.b = (struct sr_bytes){ run->disk->identity, identity_n };
	if (what == 0) {
		genesis = edit(run, r, f->c->genesis_bytes, &genesis_n);
		ev.a = (struct sr_bytes){ genesis, genesis_n };
	} else if (what == 1) {
		identity = edit(run, r, run->disk->identity, &identity_n);
		ev.b = (struct sr_bytes){ identity, identity_n };
	} else if (what == 2) {
		identity_again(run, r, &w);
		ev.b = (struct sr_bytes){ w.p, w.n };
	} else if (what == 3) {
		ev.number = sr_read_u8(r);
		ev.member = sr_read_u8(r);
		run->edited = true;
	}
	event(run, &ev);
	free(genesis);
	free(identity);
	sr_writer_clear(&w);
}

static bool row_is_meta(const struct run *run, const struct cluster_row *row)
{
	struct sr_hash32 meta;
	seal_meta_name(&meta, run->core->keys);
	return row->key_n == 32 && memcmp(row->key, meta.b, 32) == 0;
}

/* The row under its own name with other contents. */
static void row_again(struct run *run, struct sr_reader *r, const struct cluster_row *row,
    struct sr_writer *w)
{
	struct sr_hash32 name;
	uint8_t *plain, *changed;
	size_t n;
	memcpy(name.b, row->key, 32);
	FUZZ_CHECK(seal_row_open(&plain, &n, false, run->core, &name, row->value, row->value_n) ==
	    SR_OK);
	changed = edit(run, r, plain, &n);
	FUZZ_CHECK(seal_row_put(w, run->core, &name, changed, n) == SR_OK);
	free(plain);
	free(changed);
}

/* which u8: the row that is edited; the meta row is 0 */
static void rows(struct run *run, struct sr_reader *r, uint8_t what)
{
	size_t which = what >= 4 && what <= 6 ? sr_read_u8(r) : 255;
	for (size_t i = 0; i < run->disk->store.n && !run->fatal; i++) {
		const struct cluster_row *row = &run->disk->store.list[i];
		size_t key_n = row->key_n, value_n = row->value_n;
		bool mine = which == 0 ? row_is_meta(run, row) : which == 1 + i % 255;
		struct enclave_event ev = { .kind = ENCLAVE_EV_STORE_ROW,
			.a = { row->key, key_n }, .b = { row->value, value_n } };
		uint8_t *p = NULL;
		struct sr_writer w;
		sr_writer_init(&w, 1u << 20);
		if (mine && what == 4) {
			p = edit(run, r, row->key, &key_n);
			ev.a = (struct sr_bytes){ p, key_n };
		} else if (mine && what == 5) {
			p = edit(run, r, row->value, &value_n);
			ev.b = (struct sr_bytes){ p, value_n };
		} else if (mine) {
			row_again(run, r, row, &w);
			ev.b = (struct sr_bytes){ w.p, w.n };
		}
		event(run, &ev);
		free(p);
		sr_writer_clear(&w);
	}
}

/* A record that continues the chain, with other contents. */
static void record_again(struct run *run, struct sr_reader *r, const struct cluster_record *record,
    struct sr_writer *w)
{
	struct enclave_core *c = run->core;
	uint8_t aad[24], *plain, *changed;
	size_t n;
	/* Even the same contents: the records behind it hang on its tag. */
	run->edited = true;
	memcpy(aad, c->log_tag, SR_GCM_TAG);
	for (size_t i = 0; i < 8; i++)
		aad[16 + i] = (uint8_t)(c->log_counter >> (8 * i));
	if (seal_open(&plain, &n, &c->keys->log, aad, sizeof(aad), record->p, record->n) != SR_OK) {
		/* Behind an edited one. */
		n = 0;
		plain = NULL;
	}
	changed = edit(run, r, plain ? plain : (const uint8_t *)"", &n);
	FUZZ_CHECK(seal_put(w, &run->drbg, &c->keys->log, aad, sizeof(aad), changed, n) == SR_OK);
	free(plain);
	free(changed);
}

/* which u8: from this record on each is edited as the input says, for as long as it lasts */
static void records(struct run *run, struct sr_reader *r, uint8_t what)
{
	size_t which = what >= 7 ? sr_read_u8(r) % (run->disk->log.n + 1) : SIZE_MAX;
	for (size_t i = 0; i < run->disk->log.n && !run->fatal; i++) {
		const struct cluster_record *record = &run->disk->log.list[i];
		struct enclave_event ev = { .kind = ENCLAVE_EV_LOG_RECORD,
			.a = { record->p, record->n } };
		bool mine = i >= which && r->left > 0 && run->core->phase != CORE_NEW;
		size_t n = record->n;
		uint8_t *p = NULL;
		struct sr_writer w;
		sr_writer_init(&w, 1u << 20);
		if (mine && what == 7) {
			p = edit(run, r, record->p, &n);
			ev.a = (struct sr_bytes){ p, n };
		} else if (mine) {
			record_again(run, r, record, &w);
			ev.a = (struct sr_bytes){ w.p, w.n };
		}
		event(run, &ev);
		free(p);
		sr_writer_clear(&w);
	}
}

/* input = what u8 (of 9) | edits of it */
void fuzz_boot(const uint8_t *p, size_t n)
{
	const struct fixture *f = fixture();
	struct run run = { .disk = &f->c->nodes[NODE], .now_ms = f->c->now_ms };
	struct enclave_event ready = { .kind = ENCLAVE_EV_READY };
	struct sr_reader r;
	sr_reader_init(&r, p, n);
	uint8_t what = sr_read_u8(&r) % 9, with = sr_read_u8(&r);
	fuzz_drbg(&run.drbg, 4);
	enclave_effects_init(&run.fx);
	run.core = enclave_core_new(&run.disk->sealing, &f->c->measurement);
	FUZZ_CHECK(run.core != NULL);
	boot(&run, &r, what);
	run.edited |= with >= 128;
	ready.number = with >= 192;
	if (!run.fatal && with < 192)
		rows(&run, &r, what);
	if (!run.fatal && with < 128)
		records(&run, &r, what);
	if (!run.fatal)
		event(&run, &ready);
	for (unsigned i = 0; i < 3 && !run.fatal; i++) {
		run.now_ms += 2000;
		event(&run, &(struct enclave_event){ .kind = ENCLAVE_EV_TICK });
	}
	FUZZ_CHECK(!run.fatal || run.edited);
	/* Dead is dead: nothing moves it any more. */
	event(&run, &(struct enclave_event){ .kind = ENCLAVE_EV_TICK });
	enclave_core_free(run.core);
	enclave_effects_clear(&run.fx);
}

static void put(const uint8_t *p, size_t n)
{
	fuzz_seed("edit", p, n);
}

/* Keys in the log, of this epoch and of another. */
static void seed_keys(uint8_t epoch, size_t deal_n)
{
	static const uint8_t zeros[2 * EPOCH_KEYS_BYTES];
	struct sr_writer w;
	sr_writer_init(&w, 1024);
	sr_write_u8(&w, 8);
	sr_write_u8(&w, 0);
	sr_write_u8(&w, 1);
	sr_write_u8(&w, 1);
	sr_write_u16(&w, (uint16_t)(1 + sizeof(zeros) + deal_n));
	sr_write_u8(&w, CORE_LOG_KEYS);
	sr_write_u64(&w, epoch);
	sr_write_copy(&w, zeros, sizeof(zeros) - 8);
	sr_write_copy(&w, zeros, deal_n);
	put(w.p, w.n);
	sr_writer_clear(&w);
}

void seed_boot(void)
{
	seed_keys(1, 0);
	seed_keys(2, 0);
	seed_keys(1, 5);
	/* what, with, then for rows and records which; how, length, edits, (place 2, value) */
	static const uint8_t edits[][10] = { { 0, 0, 0 }, { 0, 0, 3, 1, 9, 0, 1 },
		{ 1, 0, 3, 1, 0, 0, 2 }, { 1, 0, 3, 1, 40, 0, 2 }, { 2, 0, 3, 1, 0, 0, 2 },
		{ 2, 0, 3, 1, 64, 0, 2 }, { 2, 0, 3, 1, 95, 0, 255 }, { 2, 0, 3, 1, 128, 0, 0 },
		{ 2, 0, 2, 20, 0, 0 }, { 3, 0, 2, 0 }, { 3, 0, 1, 3 }, { 4, 0, 3, 2, 10, 0, 0 },
		{ 4, 0, 3, 3, 1, 5, 0, 1 }, { 5, 0, 3, 3, 1, 50, 0, 1 }, { 6, 0, 3, 3, 1, 50, 0,
		    1 },
		{ 6, 0, 0, 0 }, { 6, 0, 0, 2, 10, 0, 0 }, { 6, 0, 0, 3, 1, 254, 0, 9 },
		{ 6, 0, 0, 3, 1, 50, 1, 9 }, { 7, 0, 0, 3, 1, 50, 0, 1 }, { 7, 0, 9, 0 },
		{ 8, 0, 0, 0 }, { 8, 0, 0, 3, 1, 0, 0, 2 }, { 8, 0, 0, 3, 1, 0, 0, 3 },
		{ 8, 0, 1, 3, 1, 0, 0, 1 }, { 8, 0, 1, 3, 1, 1, 0, 9 }, { 8, 0, 0, 2, 1, 0, 0 },
		{ 8, 200, 0 }, { 8, 150, 0 }, { 3, 250, 1, 0 }, { 2, 250, 3, 1, 128, 0, 2 },
		{ 2, 250, 3, 1, 128, 0, 0 }, { 2, 250, 3, 1, 128, 0, 3 }, { 4, 130, 200 } };
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++)
		put(edits[i], sizeof(edits[i]));
}
