/*
 * tests/fuzz/fuzz_join.c - a snapshot from both sides. A joiner reads what members answer: a trail,
 * a header with its certificate, rows; a member reads what a joiner asks. Whatever comes, no state
 * is taken but the one that the chain agreed on.
 *
 * input = u8: 0 to a member, else to the joiner | u8 how: the real answer with edits, or raw bytes
 */
#include <stdlib.h>
#include <string.h>

#include "enclave/snapshot.h"
#include "tests/fuzz/fixture.h"
#include "tests/fuzz/fuzz.h"

#define JOINER FIXTURE_NODES
#define ANSWERS 8u
#define EDITS_MAX 8u

struct run {
	struct cluster *c;
	struct { uint32_t from; uint8_t *p; size_t n; } answers[ANSWERS];
	size_t answers_n;
	bool fatal;
};

static void on_effect(void *ctx, struct cluster *c, uint32_t node, const struct enclave_effect *fx)
{
	struct run *run = ctx;
	(void)c;
	/* Nothing that comes over a channel ends a node; only the state says that it is refused. */
	FUZZ_CHECK(fx->kind != ENCLAVE_FX_FATAL ||
	    (node == JOINER && fx->number == SR_ERR_NOT_ADMITTED));
	run->fatal |= fx->kind == ENCLAVE_FX_FATAL;
}

static bool on_message(void *ctx, struct cluster *c, uint32_t from, uint32_t to,
    const uint8_t *msg, size_t n, uint64_t *delay_ms)
{
	struct run *run = ctx;
	(void)c, (void)delay_ms;
	if (to != JOINER || n < 1 || msg[0] < CORE_SNAPSHOT_ASK || run->answers_n == ANSWERS)
		return to != JOINER;
	run->answers[run->answers_n].from = from;
	run->answers[run->answers_n].p = malloc(n);
	FUZZ_CHECK(run->answers[run->answers_n].p != NULL);
	memcpy(run->answers[run->answers_n].p, msg, n);
	run->answers[run->answers_n++].n = n;
	return false;
}

static uint32_t seat_at(const struct cluster *c, uint32_t node, uint32_t other)
{
	struct sr_edpk id;
	for (uint32_t seat = 0; seat < SR_MEMBERS_MAX; seat++)
		if (enclave_core_peer_key(&id, c->nodes[node].core, seat) == SR_OK &&
		    memcmp(id.b, c->nodes[other].id.b, 32) == 0)
			return seat;
	return 0;
}

static void deliver(struct run *run, uint32_t from, uint32_t to, const uint8_t *p, size_t n)
{
	struct enclave_event ev = { .kind = ENCLAVE_EV_MESSAGE, .a = { p, n } };
	if (run->c->nodes[to].core == NULL)
		return;
	ev.member = seat_at(run->c, to, from);
	cluster_event(run->c, to, &ev);
}

/* The state that the joiner took is the members'. */
static void state_check(const struct run *run)
{
	const struct enclave_core *joiner = run->c->nodes[JOINER].core;
	const struct enclave_core *member = run->c->nodes[0].core;
	struct sr_hash32 a, b;
	if (joiner == NULL || joiner->final == NULL || !member->served[0].in_use ||
	    joiner->final->header.height + 1 != member->served[0].header.height)
		return;
	a = vault_tree_root(joiner->final->tree);
	b = member->served[0].root;
	FUZZ_CHECK(sr_hash32_equal(&a, &b));
}

static void answer_edited(struct run *run, struct sr_reader *r)
{
	size_t i = run->answers_n - 1;
	uint8_t *p = run->answers[i].p;
	size_t n = run->answers[i].n;
	for (unsigned k = sr_read_u8(r) % EDITS_MAX; k > 0; k--) {
		uint16_t at = sr_read_u16(r);
		p[at % n] ^= sr_read_u8(r);
	}
	deliver(run, run->answers[i].from, JOINER, p, n);
	free(p);
	run->answers_n--;
}

static void one(struct run *run, struct sr_reader *r)
{
	bool to_member = sr_read_u8(r) % 4 == 0;
	uint8_t how = sr_read_u8(r);
	size_t n;
	if (!to_member && how % 2 == 0 && run->answers_n > 0) {
		answer_edited(run, r);
		return;
	}
	uint8_t *p = fuzz_take(r, &n, sr_read_u16(r));
	deliver(run, to_member ? JOINER : how % FIXTURE_NODES,
	    to_member ? how % FIXTURE_NODES : JOINER, p, n);
	free(p);
}

/* The JOIN is final and the joiner asks. */
static void begin(struct run *run)
{
	uint32_t joiner;
	run->c = fixture_cluster();
	run->c->quiet = true;
	for (uint32_t i = 0; i < FIXTURE_NODES; i++)
		cluster_start(run->c, i);
	cluster_run(run->c, 3000);
	joiner = cluster_node_add(run->c);
	FUZZ_CHECK(joiner == JOINER);
	FUZZ_CHECK(cluster_node_join(run->c, joiner, 0) == SR_OK);
	run->c->hooks = (struct cluster_hooks){ run, on_effect, on_message };
	cluster_run(run->c, 1500);
}

void fuzz_join(const uint8_t *p, size_t n)
{
	struct run run = { .c = NULL };
	struct sr_reader r;
	sr_reader_init(&r, p, n);
	begin(&run);
	while (r.left > 0 && r.error == SR_OK && !run.fatal) {
		one(&run, &r);
		cluster_run(run.c, 20);
		state_check(&run);
	}
	while (run.answers_n > 0)
		free(run.answers[--run.answers_n].p);
	cluster_free(run.c);
}

void seed_join(void)
{
	static const uint8_t as_they_are[] = { 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0 };
	static const uint8_t edited[] = { 1, 0, 2, 40, 0, 1, 9, 1, 3, 1, 0, 0, 1, 0, 0 };
	static const uint8_t asked[] = { 0, 0, 5, 0, CORE_SNAPSHOT_ASK, 0, 0, 0, 0, 1, 0, 0 };
	struct sr_writer w;
	fuzz_seed("answers", as_they_are, sizeof(as_they_are));
	fuzz_seed("edited", edited, sizeof(edited));
	fuzz_seed("asked", asked, sizeof(asked));
	sr_writer_init(&w, 256);
	sr_write_u8(&w, 0);
	sr_write_u8(&w, 1);
	sr_write_u16(&w, 66);
	sr_write_u8(&w, CORE_SNAPSHOT_GET);
	for (unsigned i = 0; i < 65; i++)
		sr_write_u8(&w, 0);
	fuzz_seed("get", w.p, w.n);
	sr_writer_clear(&w);
}
