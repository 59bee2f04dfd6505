/*
 * tests/fuzz/fuzz_consensus_log.c - records of the safety log as consensus reads them after a
 * restart. Sealed by the enclave, so whoever gets here has its key or an older program; what comes
 * of it must be a running member or a refusal, and what it would write again must replay.
 */
#include <stdlib.h>
#include <string.h>

#include "consensus/internal.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/consensus_puppet.h"

#define RECORDS_MAX 64u
#define MEMBERS 4u

/* An application that agrees to everything and keeps nothing. */
static enum sr_error persist(void *ctx, const uint8_t *record, size_t n, bool sync)
{
	(void)ctx, (void)record, (void)n, (void)sync;
	return SR_OK;
}

static void send(void *ctx, uint32_t to, enum consensus_class class, const uint8_t *msg, size_t n)
{
	(void)ctx, (void)to, (void)class, (void)msg, (void)n;
}

static void wake(void *ctx, uint64_t at_ms)
{
	(void)ctx, (void)at_ms;
}

static void evidence(void *ctx, uint32_t culprit, const uint8_t *bytes, size_t n)
{
	(void)ctx, (void)culprit, (void)bytes, (void)n;
}

static void archive_read(void *ctx, uint32_t peer, uint64_t after, uint32_t max_bytes)
{
	(void)ctx, (void)peer, (void)after, (void)max_bytes;
}

static bool yes(void *ctx)
{
	(void)ctx;
	return true;
}

static enum sr_error build(void *ctx, struct consensus_header *header, struct sr_writer *body)
{
	(void)ctx, (void)header, (void)body;
	return SR_ERR_NOT_READY;
}

static enum sr_error check(void *ctx, const struct consensus_block *block)
{
	(void)ctx;
	return block->body.n > 0 && block->body.p[0] == 'x' ? SR_ERR_BAD_ENCODING : SR_OK;
}

static void certified(void *ctx, const struct consensus_block *block)
{
	(void)ctx, (void)block;
}

static enum sr_error commit(void *ctx, const struct consensus_block *block,
    const struct consensus_cert *notar, const struct consensus_cert *final)
{
	uint64_t *height = ctx;
	(void)notar, (void)final;
	FUZZ_CHECK(block->header.height == *height + 1);
	++*height;
	return SR_OK;
}

static void abandon(void *ctx, const struct sr_hash32 *hash)
{
	(void)ctx, (void)hash;
}

static const struct consensus_ports ports = { NULL, persist, send, wake, evidence, archive_read,
    yes,
	yes, build, check, certified, commit, abandon };

static struct fleet *fleet;      /* for its keys and its configuration */

static struct consensus *instance(uint64_t *height)
{
	struct consensus_ports mine = ports;
	struct consensus_config config;
	if (!fleet) {
		fleet = fleet_new(MEMBERS, 1);
		fleet_start_node(fleet, 0);
	}
	config = fleet->nodes[0].config;
	config.first_boot = false;
	mine.ctx = height;
	struct consensus *c = consensus_new(&config, &mine);
	FUZZ_CHECK(c != NULL);
	*height = 0;
	return c;
}

static enum sr_error replay_again(void *ctx, const uint8_t *record, size_t n)
{
	FUZZ_CHECK(consensus_replay(ctx, record, n) == SR_OK);
	return SR_OK;
}

/* input = (length u16 | record)...; what is left too short is a record too */
void fuzz_consensus_log(const uint8_t *p, size_t n)
{
	uint64_t height, height_again;
	struct sr_key32 random = { { 1 } };
	struct consensus *c = instance(&height), *again;
	enum sr_error e = SR_OK;
	struct sr_reader r;
	sr_reader_init(&r, p, n);
	for (unsigned i = 0; i < RECORDS_MAX && r.left > 0 && e == SR_OK; i++) {
		size_t size;
		uint8_t *record = fuzz_take(&r, &size, sr_read_u16(&r));
		e = consensus_replay(c, record, size);
		FUZZ_CHECK(e == SR_OK || e == SR_ERR_DAMAGED);
		free(record);
	}
	if (e == SR_OK && consensus_start(c, 1700000001000u, &random) == SR_OK) {
		if (height == 0) {
			again = instance(&height_again);
			(void)!consensus_compact(c, replay_again, again);
			consensus_free(again);
		}
		for (uint64_t t = 1; t <= 4; t++)
			(void)!consensus_tick(c, 1700000001000u + 5000 * t);
	}
	consensus_free(c);
}

/* --- seeds: the log of a real member, whole and a record at a time --- */

static void seed_log(const struct fleet_node *node)
{
	struct sr_writer all, one;
	sr_writer_init(&all, 65536);
	for (size_t i = 0; i < node->log_n && all.n + node->log[i].n < 8000; i++) {
		sr_write_u16(&all, (uint16_t)node->log[i].n);
		sr_write_copy(&all, node->log[i].p, node->log[i].n);
		if (i >= 12)
			continue;
		sr_writer_init(&one, 65536);
		sr_write_u16(&one, (uint16_t)node->log[i].n);
		sr_write_copy(&one, node->log[i].p, node->log[i].n);
		fuzz_seed("record", one.p, one.n);
		sr_writer_clear(&one);
	}
	fuzz_seed("log", all.p, all.n);
	sr_writer_clear(&all);
}

static void seed_bare(uint8_t version, uint8_t kind, const uint8_t *p, size_t n)
{
	struct sr_writer w;
	sr_writer_init(&w, 256);
	sr_write_u16(&w, (uint16_t)(2 + n));
	sr_write_u8(&w, version);
	sr_write_u8(&w, kind);
	sr_write_copy(&w, p, n);
	fuzz_seed("bare", w.p, w.n);
	sr_writer_clear(&w);
}

static void block_put(struct sr_writer *w, const struct puppet_block *b, bool final)
{
	struct sr_writer one;
	sr_writer_init(&one, 4096);
	sr_write_u8(&one, 1);
	sr_write_u8(&one, 3);
	sr_write_bool(&one, final);
	consensus_header_write(&one, &b->header);
	sr_write_bool(&one, false);
	sr_write_blob(&one, b->body.p, b->body.n);
	sr_write_u16(w, (uint16_t)one.n);
	sr_write_copy(w, one.p, one.n);
	sr_writer_clear(&one);
}

/* A chain of blocks as they are logged when final, or before; a bit per block: final. */
static void seed_blocks(unsigned finals, const char *second, uint64_t epoch)
{
	struct puppet *p = puppet_new_stopped(MEMBERS, 0);
	struct puppet_block b = puppet_genesis(p);
	struct sr_writer w;
	sr_writer_init(&w, 8192);
	for (unsigned i = 0; i < 3; i++) {
		b = puppet_block(p, &b, i + 1, i == 1 ? second : "one");
		b.header.epoch = epoch;
		puppet_rehash(&b);
		block_put(&w, &b, finals >> i & 1);
	}
	fuzz_seed("blocks", w.p, w.n);
	sr_writer_clear(&w);
	puppet_free(p);
}

void seed_consensus_log(void)
{
	for (unsigned finals = 0; finals < 8; finals++)
		seed_blocks(finals, "two", 1);
	seed_blocks(7, "x", 1);
	seed_blocks(7, "two", 2);
	static const uint8_t floor[8] = { 9 };
	struct fleet *c = fleet_new(MEMBERS, 1);
	fleet_start(c);
	fleet_work(c, 10);
	fleet_run(c, 2000);
	seed_log(&c->nodes[0]);
	fleet_crash(c, 0, true);
	fleet_roll_back(c, 0, 4);
	fleet_restart(c, 0);
	fleet_run(c, 3000);
	seed_log(&c->nodes[0]);
	fleet_checkpoint(c, 0);
	seed_log(&c->nodes[0]);
	/* What it proposed, rolled back and caught up with, whole and in pieces from behind. */
	for (uint32_t i = 0; i < 3; i++) {
		fleet_run(c, 900);
		fleet_crash(c, i, true);
		fleet_roll_back(c, i, c->nodes[i].log_n / 2);
		fleet_run(c, 1500);
		fleet_restart(c, i);
		fleet_run(c, 2500);
		seed_log(&c->nodes[i]);
	}
	fleet_free(c);
	for (uint8_t kind = 0; kind < 9; kind++)
		seed_bare(1, kind, floor, kind == 6 ? 8 : 0);
	seed_bare(2, 1, floor, 0);
}
