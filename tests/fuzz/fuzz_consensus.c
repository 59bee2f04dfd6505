/*
 * tests/fuzz/fuzz_consensus.c - one member of four among puppets that say anything: raw messages,
 * and votes, certificates, proposals, blocks and rows that are properly signed. The fleet's own
 * checks hold as long as nobody else signs with its key: one block per height, no vote twice,
 * nothing sent before it is durable.
 */
#include <stdlib.h>
#include <string.h>

#include "consensus/internal.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/consensus_puppet.h"

#define MEMBERS 4u
#define STEPS_MAX 160u
#define BLOCKS 16u
#define MESSAGE_MAX 6000u

struct run { struct puppet *p; struct puppet_block blocks[BLOCKS]; size_t blocks_n; };

static const struct puppet_block *block_pick(const struct run *run, struct sr_reader *r)
{
	return &run->blocks[sr_read_u8(r) % run->blocks_n];
}

static uint64_t slot_pick(const struct run *run, struct sr_reader *r)
{
	uint8_t v = sr_read_u8(r);
	if (v >= 250)
		return UINT64_MAX - (v - 250u);
	return 1 + puppet_status(run->p).final_slot + v % 12 - (v >= 128 && v % 12 > 0 ? 1 : 0);
}

static void say_raw(struct run *run, struct sr_reader *r)
{
	uint32_t from = 1 + sr_read_u8(r) % (MEMBERS - 1);
	size_t n;
	uint8_t *p = fuzz_take(r, &n, sr_read_u16(r) % MESSAGE_MAX);
	(void)!consensus_receive(puppet_consensus(run->p), run->p->c->now_ms, from, p, n);
	free(p);
}

/* Its key has a second user: what it has "said" may now contradict itself. */
static void cloned(struct run *run)
{
	run->p->c->expect_broken = true;
}

/* Also in the real one's own name. */
static void say_vote(struct run *run, struct sr_reader *r)
{
	uint32_t voter = sr_read_u8(r) % MEMBERS;
	enum consensus_vote_kind kind = (enum consensus_vote_kind)(1 + sr_read_u8(r) % 3);
	const struct puppet_block *b = block_pick(run, r);
	uint64_t slot = b == run->blocks || kind == CONSENSUS_SKIP ? slot_pick(run, r)
								   : b->header.slot;
	struct consensus_vote v = puppet_vote(run->p, voter, kind, slot,
	    kind == CONSENSUS_SKIP ? NULL : &b->hash);
	if (voter == 0)
		cloned(run);
	(void)!puppet_say_vote(run->p, &v);
}

static struct consensus_cert cert_read(struct run *run, struct sr_reader *r)
{
	enum consensus_vote_kind kind = (enum consensus_vote_kind)(1 + sr_read_u8(r) % 3);
	const struct puppet_block *b = block_pick(run, r);
	uint64_t slot = kind == CONSENSUS_SKIP ? slot_pick(run, r) : b->header.slot;
	uint32_t mask = 1u + sr_read_u8(r) % 15u;
	if (mask & 1)
		cloned(run);
	return puppet_cert(run->p, kind, slot, kind == CONSENSUS_SKIP ? NULL : &b->hash, mask);
}

static void say_cert(struct run *run, struct sr_reader *r)
{
	struct consensus_cert c = cert_read(run, r);
	if (c.slot > 0)
		(void)!puppet_say_cert(run->p, 1 + sr_read_u8(r) % (MEMBERS - 1), &c);
}

/* parent u8 | gap u8 | body u8 | flags u8 */
static struct puppet_block *block_make(struct run *run, struct sr_reader *r)
{
	static const char *const bodies[] = { NULL, "one", "two", "three" };
	const struct puppet_block *parent = block_pick(run, r);
	uint64_t slot = parent->header.slot + 1 + sr_read_u8(r) % 6;
	struct puppet_block b = puppet_block(run->p, parent, slot, bodies[sr_read_u8(r) % 4]);
	uint8_t flags = sr_read_u8(r);
	b.header.flags = flags & 3;
	if (flags & 4)
		b.header.time_ms += (uint64_t)flags << 6;
	if (flags & 8)
		b.header.height++;
	if (flags & 16)
		b.header.author = (b.header.author + 1) % MEMBERS;
	puppet_rehash(&b);
	size_t at = run->blocks_n < BLOCKS ? run->blocks_n++ : 1u + flags % (BLOCKS - 1);
	run->blocks[at] = b;
	return &run->blocks[at];
}

static void say_propose(struct run *run, struct sr_reader *r)
{
	const struct puppet_block *b = block_make(run, r);
	struct consensus_cert parent, skips[6];
	uint8_t how = sr_read_u8(r);
	uint32_t n = 0;
	parent = puppet_cert(run->p, CONSENSUS_NOTAR, b->header.parent_slot, &b->header.parent_hash,
	    how & 1 ? 0xe : 0x6);
	for (uint64_t s = b->header.parent_slot + 1; s < b->header.slot && n < 6; s++) {
		if (!(how & 2))
			skips[n++] = puppet_cert(run->p, CONSENSUS_SKIP, s, NULL, 0xe);
	}
	bool first = b->header.parent_slot == 0 || (how & 4);
	(void)!puppet_say_propose(run->p, b->header.author, b, first ? NULL : &parent, skips, n);
}

static void rows_put(struct sr_writer *w, const struct run *run, struct sr_reader *r)
{
	uint16_t n = sr_read_u8(r) % 6;
	sr_write_u16(w, n);
	for (uint16_t i = 0; i < n; i++) {
		const struct puppet_block *b = block_pick(run, r);
		struct consensus_block view = { .header = b->header, .hash = b->hash,
			.body = b->body };
		uint8_t certs = sr_read_u8(r);
		struct sr_writer row;
		struct consensus_cert notar = puppet_cert(run->p, CONSENSUS_NOTAR, b->header.slot,
		    &b->hash, certs & 4 ? 0x6 : 0xe), final = puppet_cert(run->p,
		    CONSENSUS_FINAL, b->header.slot, &b->hash, certs & 8 ? 0x6 : 0xe);
		sr_writer_init(&row, 65536);
		consensus_archive_row_write(&row, &view, certs & 1 ? &notar : NULL,
		    certs & 2 ? &final : NULL);
		sr_write_blob(w, row.p, row.n);
		sr_writer_clear(&row);
	}
}

static void say_rows(struct run *run, struct sr_reader *r)
{
	uint32_t from = 1 + sr_read_u8(r) % (MEMBERS - 1);
	struct sr_writer w;
	puppet_begin(&w, CONS_ROWS);
	rows_put(&w, run, r);
	(void)!puppet_say(run->p, from, &w);
	sr_writer_clear(&w);
}

/* What the real one asked for by hash. */
static void say_block(struct run *run, struct sr_reader *r)
{
	const struct puppet_block *b = block_pick(run, r);
	uint32_t from = 1 + sr_read_u8(r) % (MEMBERS - 1);
	struct sr_sig64 sig;
	struct sr_writer w;
	consensus_proposal_sign(&sig, &b->hash, &run->p->c->nodes[b->header.author % MEMBERS].key);
	puppet_begin(&w, CONS_BLOCK);
	consensus_header_write(&w, &b->header);
	sr_write_bool(&w, true);
	sr_write_sig(&w, &sig);
	sr_write_blob(&w, b->body.p, b->body.n);
	bool notar = sr_read_u8(r) % 2;
	sr_write_bool(&w, notar);
	if (notar) {
		struct consensus_cert c = puppet_cert(run->p, CONSENSUS_NOTAR, b->header.slot,
		    &b->hash, 0xe);
		consensus_cert_write(&w, &c);
	}
	(void)!puppet_say(run->p, from, &w);
	sr_writer_clear(&w);
}

/* from u8 | boot id u8 | recovering u8 | certs u8 | votes u8 | proposals u8, each with its own:
 * what the real one has said before its restart, as peers have it or make it up */
static void say_status(struct run *run, struct sr_reader *r)
{
	uint32_t from = 1 + sr_read_u8(r) % (MEMBERS - 1);
	struct sr_hash32 boot_id = puppet_consensus(run->p)->boot_id;
	struct sr_writer w;
	uint16_t n;
	cloned(run);
	boot_id.b[0] ^= sr_read_u8(r) == 255;
	puppet_begin(&w, CONS_STATUS);
	sr_write_hash(&w, &boot_id);
	sr_write_bool(&w, sr_read_u8(r) >= 192);
	sr_write_u64(&w, 5);
	sr_write_u64(&w, 9);
	sr_write_u16(&w, n = sr_read_u8(r) % 3);
	for (; n > 0; n--) {
		struct consensus_cert c = cert_read(run, r);
		consensus_cert_write(&w, &c);
	}
	sr_write_u16(&w, n = sr_read_u8(r) % 4);
	for (; n > 0; n--) {
		enum consensus_vote_kind kind = (enum consensus_vote_kind)(1 + sr_read_u8(r) % 3);
		struct consensus_vote v = puppet_vote(run->p, sr_read_u8(r) == 255 ? 1 : 0, kind,
		    slot_pick(run, r), kind == CONSENSUS_SKIP ? NULL : &block_pick(run, r)->hash);
		consensus_vote_write(&w, &v);
	}
	sr_write_u16(&w, n = sr_read_u8(r) % 3);
	for (; n > 0; n--) {
		const struct puppet_block *b = block_make(run, r);
		struct sr_sig64 sig;
		consensus_proposal_sign(&sig, &b->hash, &run->p->c->nodes[0].key);
		consensus_header_write(&w, &b->header);
		sr_write_sig(&w, &sig);
	}
	(void)!puppet_say(run->p, from, &w);
	sr_writer_clear(&w);
}

/* from u8 | what u8 | ... */
static void say_question(struct run *run, struct sr_reader *r)
{
	uint32_t from = 1 + sr_read_u8(r) % (MEMBERS - 1);
	unsigned what = sr_read_u8(r) % 3;
	struct sr_writer w;
	puppet_begin(&w, what == 0 ? CONS_STATUS_REQ : what == 1 ? CONS_REQ_ROWS : CONS_REQ_BLOCK);
	if (what == 0) {
		sr_write_hash(&w, &block_pick(run, r)->hash);
	} else if (what == 1) {
		sr_write_u64(&w, sr_read_u8(r));
		sr_write_u32(&w, sr_read_u16(r) * 1024u);
	} else {
		const struct puppet_block *b = block_pick(run, r);
		sr_write_u64(&w, b->header.slot);
		sr_write_hash(&w, &b->hash);
	}
	(void)!puppet_say(run->p, from, &w);
	sr_writer_clear(&w);
}

/* The owner answers with rows of its disk, which may be anything. */
static void archive_answer(struct run *run, struct sr_reader *r)
{
	struct sr_bytes rows[6];
	struct sr_writer w;
	struct sr_reader in;
	sr_writer_init(&w, 65536);
	rows_put(&w, run, r);
	size_t place = sr_read_u16(r);
	w.p[2 + place % (w.n > 2 ? w.n - 2 : 1)] ^= w.n > 2 ? sr_read_u8(r) : 0;
	sr_reader_init(&in, w.p, w.n);
	size_t n = sr_read_u16(&in);
	for (size_t i = 0; i < n; i++)
		rows[i] = sr_read_blob(&in, 65536);
	if (in.error == SR_OK)
		(void)!consensus_archive_rows(puppet_consensus(run->p), run->p->c->now_ms,
		    1 + sr_read_u8(r) % MEMBERS, rows, n);
	sr_writer_clear(&w);
}

static void step(struct run *run, struct sr_reader *r)
{
	uint8_t how;
	switch (sr_read_u8(r) % 12) {
	case 0: say_raw(run, r); return;
	case 1:
	case 2: say_vote(run, r); return;
	case 3: say_cert(run, r); return;
	case 4: say_propose(run, r); return;
	case 5: say_rows(run, r); return;
	case 6: say_block(run, r); return;
	case 7: archive_answer(run, r); return;
	case 10: say_status(run, r); return;
	case 11: say_question(run, r); return;
	case 8:
		how = sr_read_u8(r);
		puppet_pass(run->p, how < 200 ? how : how * 40u);
		return;
	default:
		fleet_crash(run->p->c, 0, sr_read_u8(r) % 2);
		fleet_restart(run->p->c, 0);
		return;
	}
}

void fuzz_consensus(const uint8_t *p, size_t n)
{
	struct run *run = calloc(1, sizeof(*run));
	struct sr_reader r;
	FUZZ_CHECK(run != NULL);
	run->p = puppet_new(MEMBERS, 0);
	run->blocks[0] = puppet_genesis(run->p);
	run->blocks_n = 1;
	sr_reader_init(&r, p, n);
	for (unsigned i = 0; i < STEPS_MAX && r.left > 0; i++) {
		step(run, &r);
		FUZZ_CHECK(run->p->sent_n < PUPPET_SENT_MAX / 2);
		puppet_sent_clear(run->p);
	}
	puppet_free(run->p);
	free(run);
}

/* --- seeds: what a real fleet says to its first member --- */

struct capture { struct sr_writer w; unsigned kinds[16]; size_t programs; };

static bool capture(struct fleet *c, uint32_t from, uint32_t to, const uint8_t *msg, size_t n)
{
	struct capture *all = c->lose_ctx;
	struct sr_writer one;
	if (to != 0 && to != CONSENSUS_ALL)
		return false;
	/* In order, as a whole program, and each kind on its own. */
	if (n < MESSAGE_MAX && all->w.n + n < 7000) {
		sr_write_u8(&all->w, 0);
		sr_write_u8(&all->w, (uint8_t)(from + 2));
		sr_write_u16(&all->w, (uint16_t)n);
		sr_write_copy(&all->w, msg, n);
	}
	if (n < MESSAGE_MAX && n > 1 && all->kinds[msg[1] % 16]++ < 6) {
		sr_writer_init(&one, 8192);
		sr_write_u8(&one, (uint8_t)(from + 2));
		sr_write_u16(&one, (uint16_t)n);
		sr_write_copy(&one, msg, n);
		fuzz_seed_of(0, "message", &one);
	}
	return false;
}

static void seed_fleet(void)
{
	struct capture all = { .programs = 0 };
	struct fleet *c = fleet_new(MEMBERS, 1);
	sr_writer_init(&all.w, 8192);
	c->lose = capture;
	c->lose_ctx = &all;
	fleet_start(c);
	fleet_work(c, 20);
	/* Each is away once, the first one also for long: they ask, and are asked. */
	for (uint32_t i = 0; i < MEMBERS; i++) {
		fleet_run(c, 600);
		fleet_crash(c, i, true);
		fleet_run(c, 300);
		fleet_restart(c, i);
	}
	fleet_run(c, 3000);
	for (uint32_t i = 0; i < 2; i++) {
		fleet_crash(c, i, true);
		fleet_run(c, 12000);
		fleet_restart(c, i);
		fleet_run(c, 3000);
	}
	fuzz_seed("fleet", all.w.p, all.w.n);
	sr_writer_clear(&all.w);
	fleet_free(c);
}

void seed_consensus(void)
{
	static const uint8_t programs[][52] = {
		/* a chain of three that becomes final */
		{ 8, 100, 4, 0, 0, 1, 0, 1, 3, 0, 1, 13, 1, 4, 1, 0, 2, 0, 1, 3, 0, 2, 13, 1, 3, 2,
		    2,
		    13, 1, 8, 90, 9, 0, 8, 100 },
		/* a gap, with proofs and without */
		{ 8, 100, 4, 0, 3, 1, 0, 1, 4, 0, 4, 1, 0, 3, 8, 250, 3, 1, 0, 2, 13, 0 },
		/* a fault, a bad block, rows */
		{ 8, 100, 4, 0, 0, 1, 0, 1, 4, 0, 0, 2, 0, 1, 4, 0, 0, 1, 8, 1, 5, 1, 1, 1, 3, 5, 1,
		    2,
		    1, 0, 2, 3, 8, 230 },
		/* far behind: a certificate ahead, then rows and blocks */
		{ 8, 100, 4, 0, 0, 1, 16, 1, 4, 1, 5, 1, 0, 1, 4, 2, 5, 1, 0, 1, 3, 2, 3, 13, 1, 8,
		    220,
		    5, 1, 3, 1, 3, 2, 3, 3, 3, 6, 3, 1, 8, 220, 7, 2, 1, 3, 0, 0, 0 },
		/* blocks, rows and status are asked for, before a restart and after it */
		{ 8, 100, 4, 0, 0, 1, 0, 1, 3, 0, 1, 13, 1, 3, 2, 1, 13, 1, 8, 90, 11, 0, 2, 1, 11,
		    1,
		    1, 0, 9, 0, 11, 2, 0, 1, 9, 0, 11, 2, 0, 1, 10, 0, 0, 0, 0, 0, 0, 10 },
		{ 8, 100, 9, 0, 10, 0, 0, 0, 1, 0, 0, 13, 1, 0, 0, 1, 0, 1, 0, 0, 3, 1, 0, 1, 8, 90,
		    10, 1, 0,
		    200, 0, 0, 0, 10, 2, 0, 0, 0, 0, 0, 8, 200 },
		/* a rolled-back disk: its own votes come back */
		{ 8, 100, 1, 0, 0, 0, 1, 1, 0, 1, 0, 2, 1, 0, 2, 0, 3, 8, 250, 9, 1, 8, 250, 8,
		    250 },
	};
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		fuzz_seed("program", programs[i], sizeof(programs[i]));
	seed_fleet();
}
