/*
 * tests/fuzz/fuzz_enclave_step.c - whole cores under a program of events. Three honest members with
 * the disks of the fixture, a fourth whose keys the input holds: messages are delivered late,
 * twice, changed or never, members crash and come back, clients ask and submit, the disk answers
 * what it likes, the liar votes and proposes both ways. No core may end, none may be flooded by
 * its own effects, and two honest ones never have different final blocks at one height.
 */
#include <stdlib.h>
#include <string.h>

#include "enclave/internal.h"
#include "tests/fuzz/fixture.h"
#include "tests/fuzz/fuzz.h"

#define HONEST 3u
#define LIAR 3u
#define STEPS_MAX 96u
#define POOL 64u
#define BLOCKS 8u
#define FINALS 512u
#define MESSAGE_MAX 4096u
/* What one event may bring forth: far above all that is needed, far below what would hurt. */
#define EFFECTS_MAX 4096u
#define EFFECT_BYTES_MAX (32u * 1024u * 1024u)

struct held { uint32_t from, to; uint8_t *p; size_t n; };

struct run {
	struct cluster *c;
	struct held pool[POOL];                  /* messages in flight */
	size_t pool_n;
	struct consensus_header blocks[BLOCKS];  /* seen, and of the liar's making */
	size_t blocks_n;
	struct { bool known; struct sr_hash32 hash; } finals[FINALS];
	uint64_t first_height;
	size_t effects, effect_bytes;
	struct cluster_key alice, bob;
};

/* --- what the cores do --- */

static void block_note(struct run *run, const struct consensus_header *h)
{
	run->blocks[run->blocks_n++ % BLOCKS] = *h;
}

static void final_note(struct run *run, const struct enclave_effect *fx)
{
	struct consensus_header h;
	struct sr_hash32 hash;
	struct sr_reader r;
	sr_reader_init(&r, fx->a.p, fx->a.n);
	consensus_header_read(&h, &r);
	FUZZ_CHECK(sr_reader_finish(&r) == SR_OK && h.height == fx->number);
	hash = consensus_header_hash(&h);
	block_note(run, &h);
	uint64_t at = h.height - run->first_height;
	if (at >= FINALS)
		return;
	FUZZ_CHECK(!run->finals[at].known || sr_hash32_equal(&run->finals[at].hash, &hash));
	run->finals[at].known = true;
	run->finals[at].hash = hash;
}

static void on_effect(void *ctx, struct cluster *c, uint32_t node, const struct enclave_effect *fx)
{
	struct run *run = ctx;
	(void)c, (void)node;
	FUZZ_CHECK(fx->kind != ENCLAVE_FX_FATAL);
	FUZZ_CHECK(++run->effects <= EFFECTS_MAX);
	run->effect_bytes += fx->a.n + fx->b.n;
	FUZZ_CHECK(run->effect_bytes <= EFFECT_BYTES_MAX);
	if (fx->kind == ENCLAVE_FX_BLOCK)
		final_note(run, fx);
}

static void pool_drop(struct run *run, size_t i)
{
	free(run->pool[i].p);
	run->pool[i] = run->pool[--run->pool_n];
}

/* A proposal tells the liar what there is to vote for. */
static void proposal_note(struct run *run, const uint8_t *msg, size_t n)
{
	struct consensus_header h;
	struct sr_reader r;
	if (n < 20 || msg[0] != CORE_CONSENSUS || msg[10] != 1)
		return;
	sr_reader_init(&r, msg + 19, n - 19);
	consensus_header_read(&h, &r);
	if (r.error == SR_OK)
		block_note(run, &h);
}

static bool on_message(void *ctx, struct cluster *c, uint32_t from, uint32_t to,
    const uint8_t *msg, size_t n, uint64_t *delay_ms)
{
	struct run *run = ctx;
	(void)c, (void)delay_ms;
	FUZZ_CHECK(n > 0 && n <= CORE_MESSAGE_MAX);
	proposal_note(run, msg, n);
	if (to == LIAR)
		return false;
	if (run->pool_n == POOL)
		pool_drop(run, 0);
	struct held *m = &run->pool[run->pool_n++];
	*m = (struct held){ from, to, malloc(n), n };
	FUZZ_CHECK(m->p != NULL);
	memcpy(m->p, msg, n);
	return false;
}

static void event(struct run *run, uint32_t node, struct enclave_event *ev)
{
	run->effects = run->effect_bytes = 0;
	cluster_event(run->c, node, ev);
}

static void deliver(struct run *run, uint32_t from, uint32_t to, const uint8_t *p, size_t n)
{
	struct enclave_event ev = { .kind = ENCLAVE_EV_MESSAGE, .member = from, .a = { p, n } };
	event(run, to, &ev);
}

static void tick(struct run *run, uint32_t node)
{
	event(run, node, &(struct enclave_event){ .kind = ENCLAVE_EV_TICK });
}

/* --- steps --- */

/* Everything in flight arrives, in order, and time goes on: rounds of it. */
static void peace(struct run *run, struct sr_reader *r)
{
	for (unsigned round = 1 + sr_read_u8(r) % 12; round > 0; round--) {
		for (size_t k = run->pool_n; k > 0; k--) {
			struct held m = run->pool[0];
			memmove(run->pool, run->pool + 1, --run->pool_n * sizeof(m));
			deliver(run, m.from, m.to, m.p, m.n);
			free(m.p);
		}
		run->c->now_ms += 25;
		for (uint32_t i = 0; i < HONEST; i++)
			tick(run, i);
	}
}

/* which u8 | what becomes of it u8 | place u16 | change u8 */
static void one_message(struct run *run, struct sr_reader *r)
{
	uint8_t which = sr_read_u8(r), fate = sr_read_u8(r);
	if (run->pool_n == 0)
		return;
	size_t i = which % run->pool_n, place = sr_read_u16(r) % run->pool[i].n;
	struct held m = run->pool[i];
	uint8_t *copy = malloc(m.n), change = sr_read_u8(r);
	FUZZ_CHECK(copy != NULL);
	memcpy(copy, m.p, m.n);
	if (fate % 4 == 1)
		copy[place] ^= change;
	if (fate % 8 < 6)
		pool_drop(run, i);
	/* Changed ones come of the liar: the channels between the honest are sealed. */
	if (fate % 4 != 2)
		deliver(run, fate % 4 == 1 ? LIAR : m.from, m.to, copy,
		    fate % 4 == 1 && change == 0 ? place : m.n);
	free(copy);
}

static void raw_message(struct run *run, struct sr_reader *r)
{
	uint32_t to = sr_read_u8(r) % HONEST;
	size_t n;
	uint8_t *p = fuzz_take(r, &n, sr_read_u16(r) % MESSAGE_MAX);
	deliver(run, LIAR, to, p, n);
	free(p);
}

static void time_passes(struct run *run, struct sr_reader *r)
{
	uint8_t node = sr_read_u8(r), v = sr_read_u8(r);
	run->c->now_ms += v < 128 ? v : (v - 127u) * 100u;
	/* Clocks differ. */
	if (node >= 128)
		run->c->nodes[node % HONEST].clock_ms = ((int64_t)v - 128) * 8;
	for (uint32_t i = 0; i < HONEST; i++) {
		if (node % 4 == 3 || node % 4 == i)
			tick(run, i);
	}
}

static void crash(struct run *run, struct sr_reader *r)
{
	uint32_t node = sr_read_u8(r) % HONEST;
	run->effects = run->effect_bytes = 0;
	cluster_kill(run->c, node, true);
	cluster_start(run->c, node);
}

/* --- the liar --- */

static const struct consensus_header *block_pick(const struct run *run, struct sr_reader *r)
{
	size_t n = run->blocks_n < BLOCKS ? run->blocks_n : BLOCKS;
	uint8_t v = sr_read_u8(r);
	return n ? &run->blocks[v % n] : NULL;
}

static void consensus_begin(struct sr_writer *w, uint8_t kind)
{
	sr_writer_init(w, CORE_MESSAGE_MAX);
	sr_write_u8(w, CORE_CONSENSUS);
	sr_write_u64(w, 1);
	sr_write_u8(w, 1);
	sr_write_u8(w, kind);
	sr_write_u64(w, 1);
}

/* To some of them. */
static void lie(struct run *run, struct sr_writer *w, uint8_t to)
{
	FUZZ_CHECK(sr_writer_finish(w) == SR_OK);
	for (uint32_t i = 0; i < HONEST; i++) {
		if (to & 1u << i)
			deliver(run, LIAR, i, w->p, w->n);
	}
	sr_writer_clear(w);
}

static void lie_vote(struct run *run, struct sr_reader *r)
{
	const struct consensus_header *b = block_pick(run, r);
	uint8_t kind = 1 + sr_read_u8(r) % 3, to = sr_read_u8(r), ahead = sr_read_u8(r);
	struct consensus_vote v = { .kind = (enum consensus_vote_kind)kind, .epoch = 1,
		.voter = LIAR };
	struct sr_writer w;
	if (!b)
		return;
	v.slot = b->slot + (ahead < 16 ? ahead : 0);
	if (kind != CONSENSUS_SKIP)
		v.hash = consensus_header_hash(b);
	if (kind == CONSENSUS_NOTAR && ahead >= 128)
		v.flags = CONSENSUS_VOTE_INGRESS;
	consensus_vote_sign(&v, &run->c->genesis->chain_id, &fixture()->vote[LIAR]);
	consensus_begin(&w, 2);
	sr_write_u16(&w, 1);
	consensus_vote_write(&w, &v);
	lie(run, &w, to);
}

/* Two certificates that the liar could have: of his vote alone, or none at all. */
static void lie_propose(struct run *run, struct sr_reader *r)
{
	const struct consensus_header *parent = block_pick(run, r);
	uint8_t change = sr_read_u8(r), to = sr_read_u8(r);
	struct sr_hash32 hash;
	struct sr_sig64 sig;
	struct sr_writer w;
	if (!parent)
		return;
	struct consensus_header h = *parent;
	h.parent_slot = parent->slot;
	h.parent_hash = consensus_header_hash(parent);
	h.slot = parent->slot + 1;
	while (h.slot % FIXTURE_NODES != LIAR)
		h.slot++;
	h.author = LIAR;
	h.height = parent->height + 1;
	h.time_ms = parent->time_ms + 1 + (change & 15);
	h.flags = change & 0x40 ? CONSENSUS_INGRESS_OK : 0;
	h.ops_root = sr_hash(NULL, 0);
	if (change & 0x80)
		h.pre_state_root.b[0] ^= 1;
	block_note(run, &h);
	hash = consensus_header_hash(&h);
	consensus_proposal_sign(&sig, &hash, &fixture()->vote[LIAR]);
	consensus_begin(&w, 1);
	consensus_header_write(&w, &h);
	sr_write_bool(&w, true);
	sr_write_sig(&w, &sig);
	sr_write_blob(&w, NULL, 0);
	sr_write_bool(&w, false);
	sr_write_u16(&w, 0);
	lie(run, &w, to);
}

/* --- clients --- */

static const struct sr_xpk answer_key = { { 9 } };

static void sealed_ask(struct run *run, enum client_method method, uint32_t node, const uint8_t *p,
    size_t n)
{
	struct sr_key32 ephemeral = { { 1 } };
	struct sr_hash32 hash;
	struct sr_writer w;
	sr_writer_init(&w, CLIENT_REQUEST_MAX);
	FUZZ_CHECK(client_request_seal(&w, &hash, method, &run->c->genesis->chain_id, 1,
		&fixture()->epoch.shielding_key, &ephemeral, &answer_key, p, n) == SR_OK);
	run->effects = run->effect_bytes = 0;
	(void)cluster_request(run->c, node, method, w.p, w.n);
	sr_writer_clear(&w);
}

static void submit(struct run *run, struct sr_reader *r)
{
	static const uint8_t name[] = { 'n' };
	union vault_op_body b;
	struct sr_writer w;
	uint8_t kind = sr_read_u8(r), node = sr_read_u8(r);
	struct cluster_key *who = node & 4 ? &run->bob : &run->alice;
	memset(&b, 0, sizeof(b));
	sr_writer_init(&w, SR_OP_MAX);
	sr_write_u8(&w, CORE_OPERATION);
	if (kind % 3 == 0) {
		b.nft_mint = (struct vault_op_nft_mint){ 0, run->bob.account, { name, 1 } };
		cluster_op_write(&w, run->c, who, VAULT_OP_NFT_MINT, &b);
	} else if (kind % 3 == 1) {
		b.retrieve = (struct vault_op_retrieve){ .id = fixture()->secret,
			.nft_id = fixture()->nft, .nft_version = 1, .to = { { kind } } };
		cluster_op_write(&w, run->c, who, VAULT_OP_RETRIEVE, &b);
	} else {
		b.nft_transfer = (struct vault_op_nft_transfer){ fixture()->nft, 1,
			run->alice.account };
		cluster_op_write(&w, run->c, who, VAULT_OP_NFT_TRANSFER, &b);
	}
	if (sr_writer_finish(&w) != SR_OK)
		return;
	who->nonce += node & 8 ? 0 : 1;
	if (node & 16)
		sealed_ask(run, CLIENT_SUBMIT, node % HONEST, w.p + 1, w.n - 1);
	else
		deliver(run, LIAR, node % HONEST, w.p, w.n);
	sr_writer_clear(&w);
}

/* kind u8 | proof u8 | how u8 | node u8 | parameters: a read as clients sign it */
static void ask_get(struct run *run, struct sr_reader *r)
{
	uint8_t kind = sr_read_u8(r), proof = sr_read_u8(r) & 1, how = sr_read_u8(r);
	uint32_t node = sr_read_u8(r) % HONEST;
	struct vault_account who = run->alice.account;
	uint64_t time_ms = run->c->now_ms + (how & 32 ? 400000u : 0);
	uint8_t wallet[65] = { how };
	struct sr_writer message, payload;
	struct sr_sig64 sig;
	size_t n;
	uint8_t *p = fuzz_take(r, &n, sr_read_u8(r));
	if (how % 4 == 0)
		who = (struct vault_account){ .kind = VAULT_ACCOUNT_NONE };
	else if (how % 4 == 1)
		who = (struct vault_account){ .kind = VAULT_ACCOUNT_ETHEREUM, .b = { 1 } };
	sr_writer_init(&message, 4096);
	sr_write_hash(&message, &run->c->genesis->chain_id);
	sr_write_xpk(&message, &answer_key);
	sr_writer_init(&payload, 4096);
	sr_write_u8(&payload, kind);
	sr_write_bool(&payload, proof);
	vault_account_write(&payload, &who);
	sr_write_u64(&payload, time_ms);
	sr_write_copy(&message, payload.p, payload.n);
	sr_write_copy(&message, p, n);
	sr_write_blob(&payload, p, n);
	sr_sign(&sig, how & 16 ? &run->bob.sk : &run->alice.sk, "strongroom get v1", message.p,
	    message.n);
	if (how % 4 == 1)
		sr_write_blob(&payload, wallet, how & 64 ? 65 : 64);
	else
		sr_write_blob(&payload, sig.b, how % 4 == 0 && !(how & 8) ? 0 : sizeof(sig.b));
	sealed_ask(run, CLIENT_GET, node, payload.p, payload.n);
	sr_writer_clear(&message);
	sr_writer_clear(&payload);
	free(p);
}

/* method u8 | node u8 | payload: sealed as clients do, or as it is */
static void ask(struct run *run, struct sr_reader *r)
{
	enum client_method method = (enum client_method)(sr_read_u8(r) % 16);
	uint32_t node = sr_read_u8(r) % HONEST;
	size_t n;
	uint8_t *p = fuzz_take(r, &n, sr_read_u8(r));
	run->effects = run->effect_bytes = 0;
	if (method >= CLIENT_SUBMIT)
		sealed_ask(run, method, node, p, n);
	else
		(void)cluster_request(run->c, node, method, p, n);
	free(p);
}

/* Any other word of the host: links, full disks, clients gone, rows that nobody asked for. */
static void host_says(struct run *run, struct sr_reader *r)
{
	static const enum enclave_event_kind kinds[] = { ENCLAVE_EV_LINK, ENCLAVE_EV_DISK,
		ENCLAVE_EV_CLIENT_GONE, ENCLAVE_EV_ARCHIVE, ENCLAVE_EV_STORE_ROW,
		ENCLAVE_EV_LOG_RECORD, ENCLAVE_EV_READY, ENCLAVE_EV_BOOT, ENCLAVE_EV_STATE };
	struct enclave_event ev = { .kind = kinds[sr_read_u8(r) % 9], .member = sr_read_u8(r) % 5,
		.number = sr_read_u8(r) % 3, .token = sr_read_u8(r) };
	uint32_t node = sr_read_u8(r) % HONEST;
	size_t n;
	uint8_t *p = fuzz_take(r, &n, sr_read_u8(r));
	ev.a = (struct sr_bytes){ p, n };
	event(run, node, &ev);
	free(p);
}

static void step(struct run *run, struct sr_reader *r)
{
	switch (sr_read_u8(r) % 13) {
	case 0:
	case 1: peace(run, r); return;
	case 2:
	case 3: one_message(run, r); return;
	case 4: raw_message(run, r); return;
	case 5: time_passes(run, r); return;
	case 6: crash(run, r); return;
	case 7: lie_vote(run, r); return;
	case 8: lie_propose(run, r); return;
	case 9: submit(run, r); return;
	case 10: ask(run, r); return;
	case 12: ask_get(run, r); return;
	default: host_says(run, r); return;
	}
}

static struct run *run_new(void)
{
	struct run *run = calloc(1, sizeof(*run));
	FUZZ_CHECK(run != NULL);
	run->c = fixture_cluster();
	run->c->hooks = (struct cluster_hooks){ run, on_effect, on_message };
	run->alice = fixture()->alice;
	run->bob = fixture()->bob;
	run->first_height = cluster_height(fixture()->c, 0);
	for (uint32_t i = 0; i < HONEST; i++)
		cluster_start(run->c, i);
	return run;
}

static void run_free(struct run *run)
{
	while (run->pool_n > 0)
		pool_drop(run, 0);
	run->c->hooks = (struct cluster_hooks){ 0 };
	cluster_free(run->c);
	free(run);
}

void fuzz_enclave_step(const uint8_t *p, size_t n)
{
	struct run *run = run_new();
	struct sr_reader r;
	sr_reader_init(&r, p, n);
	for (unsigned i = 0; i < STEPS_MAX && r.left > 0; i++) {
		run->effects = run->effect_bytes = 0;
		step(run, &r);
		/* Archive answers come as events of their own. */
		run->effects = run->effect_bytes = 0;
		while (cluster_step(run->c, run->c->now_ms) && run->effects < EFFECTS_MAX / 2)
			;
	}
	for (uint32_t i = 0; i < HONEST; i++)
		FUZZ_CHECK(run->c->nodes[i].core != NULL && !run->c->nodes[i].fatal);
	run_free(run);
}

void seed_enclave_step(void)
{
	static const uint8_t programs[][40] = {
		{ 0, 11, 0, 11, 9, 0, 0, 0, 11, 0, 11 },
		{ 0, 11, 9, 1, 4, 0, 11, 0, 11, 9, 2, 4, 0, 11, 6, 1, 0, 11, 0, 11 },
		{ 0, 8, 8, 0, 1, 7, 0, 9, 8, 0, 2, 6, 7, 0, 0, 7, 0, 0, 8, 7, 0, 1, 7, 0, 11 },
		{ 0, 5, 2, 1, 1, 20, 0, 9, 2, 3, 7, 0, 0, 0, 6, 0, 5, 131, 200, 0, 9, 5, 3, 60, 0,
		    9 },
		{ 0, 5, 10, 1, 0, 0, 10, 2, 1, 0, 10, 3, 2, 8, 0, 0, 0, 0, 0, 0, 0, 0, 10, 4, 0, 0,
		    11, 0,
		    1, 1, 0, 0, 0, 0, 9 },
		{ 11, 1, 0, 1, 0, 0, 0, 0, 5, 11, 1, 0, 0, 0, 0, 0, 11, 3, 0, 0, 1, 1, 4, 0, 0, 0,
		    0, 0,
		    9 },
	};
	/* Read with proof after a block; a wait that is given up; the next epoch's words. */
	static const uint8_t late[][44] = {
		{ 9, 0, 0, 0, 11, 0, 11, 0, 11, 12, VAULT_GET_META, 1, 0, 0, 0, 12, VAULT_GET_META,
		    1,
		    0, 1, 0, 12, VAULT_GET_META, 1, 0, 2, 0, 0, 3 },
		{ 9, 0, 16, 11, 2, 0, 0, 0, 0, 0, 11, 2, 0, 0, 1, 0, 0, 9, 0, 20, 9, 1, 18, 0, 11,
		    0,
		    11, 9, 2, 17, 0, 11 },
		{ 4, 0, 21, 0, CORE_CONSENSUS, 2, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 0, 0, 0, 0, 0, 0, 0,
		    1,
		    0, 0, 5, 3, 200, 0, 5, 6, 0, 0, 5 },
	};
	static const uint8_t hows[] = { 0, 8, 1, 65, 2, 3, 18, 34 };
	const struct fixture *f = fixture();
	for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++)
		fuzz_seed("late", late[i], sizeof(late[i]));
	for (uint8_t i = 0; i < sizeof(hows); i++) {
		uint8_t get[] = { 0, 3, 12, VAULT_GET_NFT, i % 2, hows[i], 0, 8, (uint8_t)f->nft, 0,
		    0,
			0, 0, 0, 0, 0, 12, VAULT_GET_META, 1, hows[i], 1, 0, 9, i, 16, 0, 9 };
		fuzz_seed("get", get, sizeof(get));
	}
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		fuzz_seed("program", programs[i], sizeof(programs[i]));
	for (size_t i = 0; i < f->messages.n; i++) {
		const struct fixture_message *m = &f->messages.list[i];
		struct sr_writer w;
		if (m->n > 1500)
			continue;
		sr_writer_init(&w, 8192);
		sr_write_u8(&w, 0);
		sr_write_u8(&w, 3);
		sr_write_u8(&w, 4);
		sr_write_u8(&w, 1);
		sr_write_u16(&w, (uint16_t)m->n);
		sr_write_copy(&w, m->p, m->n);
		sr_write_u8(&w, 0);
		sr_write_u8(&w, 5);
		fuzz_seed("message", w.p, w.n);
		sr_writer_clear(&w);
	}
}
