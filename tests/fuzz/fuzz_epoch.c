/*
 * tests/fuzz/fuzz_epoch.c - members' operations of an epoch change: real dealings, acknowledgements
 * and complaints in any order, changed anywhere. No honest dealer is ever excluded, and the next
 * epoch comes of a complete set alone.
 */
#include <stdlib.h>
#include <string.h>

#include "enclave/internal.h"
#include "tests/fuzz/fixture.h"
#include "tests/fuzz/fuzz.h"

#define STEPS_MAX 16u
#define BODY_MAX 4096u

struct body { uint8_t p[BODY_MAX]; size_t n; };

static struct {
	struct vault_tree *tree;
	struct epoch_record record;
	struct epoch_context ctx;
	struct sr_edsk vote[FIXTURE_NODES];
	struct sr_scalar box[FIXTURE_NODES];
	struct body deal[FIXTURE_NODES], ack[FIXTURE_NODES];
	struct sr_drbg drbg;
} world;
static bool made;

static void keys_make(const struct fixture *f, uint32_t i)
{
	struct sr_key32 seed = cluster_identity_seed(f->c, i), id, vote;
	struct sr_drbg drbg;
	struct sr_point point;
	struct sr_edpk pk;
	sr_drbg_init(&drbg, &seed);
	FUZZ_CHECK(sr_drbg_fill(&drbg, id.b, 32) == SR_OK);
	FUZZ_CHECK(sr_drbg_fill(&drbg, vote.b, 32) == SR_OK);
	FUZZ_CHECK(shamir_box_keypair(&world.box[i], &point, &drbg) == SR_OK);
	sr_ed25519_keypair(&world.vote[i], &pk, &vote);
}

/* What the members really said on the way to epoch 1. */
static void bodies_take(const struct fixture *f)
{
	for (size_t i = 0; i < f->messages.n; i++) {
		const struct fixture_message *m = &f->messages.list[i];
		struct vault_op op;
		struct epoch_role role;
		if (m->p[0] != CORE_OPERATION ||
		    epoch_op_check(&op, &role, &world.ctx, world.tree, m->p + 1, m->n - 1) != SR_OK)
			continue;
		struct body *b = (unsigned)op.kind == EPOCH_OP_DEAL ? &world.deal[role.now]
								    : &world.ack[role.now];
		FUZZ_CHECK(op.body.n <= BODY_MAX);
		memcpy(b->p, op.body.p, op.body.n);
		b->n = op.body.n;
	}
	for (size_t i = 0; i < FIXTURE_NODES; i++)
		FUZZ_CHECK(world.deal[i].n > 0 && world.ack[i].n > 0);
}

static void setup(void)
{
	const struct fixture *f = fixture();
	fuzz_drbg(&world.drbg, 3);
	epoch_record_genesis(&world.record, f->c->genesis);
	world.ctx.chain_id = f->c->genesis->chain_id;
	world.ctx.now = &world.record;
	world.ctx.genesis = f->c->genesis;
	FUZZ_CHECK(vault_genesis(&world.tree, f->c->genesis->created_ms) == SR_OK);
	FUZZ_CHECK(epoch_genesis(&world.tree, f->c->genesis) == SR_OK);
	for (uint32_t i = 0; i < FIXTURE_NODES; i++)
		keys_make(f, i);
	bodies_take(f);
	made = true;
}

struct run { struct vault_tree *t; bool liar[FIXTURE_NODES]; };

static enum sr_error say(struct run *run, uint32_t member, unsigned kind, const uint8_t *p,
    size_t n)
{
	struct vault_op op;
	struct sr_writer w;
	struct epoch_role from;
	enum sr_error e;
	sr_writer_init(&w, SR_OP_MAX);
	FUZZ_CHECK(epoch_op_write(&w, &world.ctx, (enum epoch_op_kind)kind, &world.vote[member], p,
		n) == SR_OK);
	e = epoch_op_check(&op, &from, &world.ctx, run->t, w.p, w.n);
	FUZZ_CHECK((e == SR_OK) == (kind >= EPOCH_OP_DEAL && kind <= EPOCH_OP_SILENT));
	if (e == SR_OK) {
		FUZZ_CHECK(from.now == member);
		e = epoch_apply(&run->t, &world.ctx, &op, &from);
	}
	sr_writer_clear(&w);
	return e;
}

/* member u8 | place u16 | change u8: what the member said, or something close to it */
static void repeat(struct run *run, struct sr_reader *r, unsigned kind, const struct body *said)
{
	uint32_t member = sr_read_u8(r) % FIXTURE_NODES;
	struct body b = said[member];
	size_t place = sr_read_u16(r) % b.n;
	uint8_t change = sr_read_u8(r);
	b.p[place] ^= change;
	enum sr_error e = say(run, member, kind, b.p, b.n);
	if (e == SR_OK && kind == EPOCH_OP_DEAL)
		run->liar[member] = change != 0;
	/* An ACK proves the share and fixes the set; the key it names is the member's to say. */
	FUZZ_CHECK(e != SR_OK || kind != EPOCH_OP_ACK || change == 0 || place >= 80);
}

/* member u8 | dealer u8 | about u8 | place u8 | change u8 */
static void complain(struct run *run, struct sr_reader *r)
{
	uint32_t member = sr_read_u8(r) % FIXTURE_NODES, dealer = sr_read_u8(r) % FIXTURE_NODES;
	enum epoch_about about = sr_read_u8(r) % 2 ? EPOCH_ABOUT_CONTRIBUTION : EPOCH_ABOUT_SHARE;
	uint8_t context[EPOCH_CONTEXT_BYTES], place = sr_read_u8(r), change = sr_read_u8(r);
	struct epoch_deal *deal = malloc(sizeof(*deal));
	struct shamir_complaint complaint;
	struct epoch_change now;
	struct sr_writer w;
	FUZZ_CHECK(deal != NULL);
	if (epoch_change_get(&now, run->t) && epoch_deal_get(deal, run->t, &now, dealer) == SR_OK) {
		epoch_context_bytes(context, &world.ctx.chain_id, 1, dealer, member, about);
		sr_writer_init(&w, 256);
		sr_write_u32(&w, dealer);
		sr_write_u8(&w, (uint8_t)about);
		if (shamir_complaint_make(&complaint, about ? &deal->contributions[member] :
			&deal->shares[member], &world.box[member], context, sizeof(context),
			&world.drbg) == SR_OK)
			shamir_complaint_write(&w, &complaint);
		w.p[place % w.n] ^= change;
		(void)!say(run, member, EPOCH_OP_COMPLAINT, w.p, w.n);
		sr_writer_clear(&w);
	}
	free(deal);
}

static void any(struct run *run, struct sr_reader *r)
{
	uint32_t member = sr_read_u8(r) % FIXTURE_NODES;
	unsigned kind = EPOCH_OP_DEAL + sr_read_u8(r) % 6;
	size_t n;
	uint8_t *p = fuzz_take(r, &n, sr_read_u16(r) % BODY_MAX);
	(void)!say(run, member, kind, p, n);
	free(p);
}

static void settle(struct run *run)
{
	struct epoch_record *next = malloc(sizeof(*next));
	struct epoch_change change;
	struct sr_writer w;
	FUZZ_CHECK(next != NULL && epoch_change_get(&change, run->t));
	for (uint32_t i = 0; i < FIXTURE_NODES; i++)
		FUZZ_CHECK(run->liar[i] || !epoch_set_has(&change.excluded, i));
	enum sr_error e = epoch_next(next, run->t, &world.record);
	FUZZ_CHECK((e == SR_OK) == epoch_ready(run->t, &world.record));
	if (e == SR_OK) {
		FUZZ_CHECK(epoch_set_count(&change.dealt) == FIXTURE_NODES && next->epoch == 1);
		sr_writer_init(&w, EPOCH_RECORD_MAX);
		epoch_record_write(&w, next);
		FUZZ_CHECK(sr_writer_finish(&w) == SR_OK);
		sr_writer_clear(&w);
		FUZZ_CHECK(epoch_close(&run->t, &world.ctx, next) == SR_OK);
		FUZZ_CHECK(!epoch_change_get(&change, run->t));
	}
	free(next);
}

/* Operations as they come from strangers. */
static void raw(struct sr_reader *r)
{
	struct vault_op op;
	struct epoch_role role;
	FUZZ_CHECK(epoch_op_check(&op, &role, &world.ctx, world.tree, r->p, r->left) != SR_OK ||
	    role.now < FIXTURE_NODES || epoch_kind_is_open((unsigned)op.kind));
}

void fuzz_epoch(const uint8_t *p, size_t n)
{
	struct run run = { NULL, { false } };
	struct sr_reader r;
	if (!made)
		setup();
	sr_reader_init(&r, p, n);
	if (sr_read_u8(&r) % 2 == 1) {
		raw(&r);
		return;
	}
	run.t = vault_tree_ref(world.tree);
	for (unsigned i = 0; i < STEPS_MAX && r.left > 0; i++) {
		switch (sr_read_u8(&r) % 4) {
		case 0: repeat(&run, &r, EPOCH_OP_DEAL, world.deal); break;
		case 1: repeat(&run, &r, EPOCH_OP_ACK, world.ack); break;
		case 2: complain(&run, &r); break;
		default: any(&run, &r); break;
		}
	}
	settle(&run);
	vault_tree_unref(run.t);
}

static void deals_put(struct sr_writer *w, uint16_t place, uint8_t change)
{
	sr_write_u8(w, 0);
	for (uint8_t i = 0; i < FIXTURE_NODES; i++) {
		sr_write_u8(w, 0);
		sr_write_u8(w, i);
		sr_write_u16(w, i == 2 ? place : 0);
		sr_write_u8(w, i == 2 ? change : 0);
	}
}

/* All deal, one of them with a changed byte; one complains about it; all acknowledge. */
static void seed_change(uint16_t place, uint8_t change, uint8_t about, uint8_t lie)
{
	struct sr_writer w;
	const uint8_t complaint[] = { 2, 0, 2, about, 50, lie };
	sr_writer_init(&w, 256);
	deals_put(&w, place, change);
	if (change || lie)
		sr_write_copy(&w, complaint, sizeof(complaint));
	for (uint8_t i = 0; i < FIXTURE_NODES; i++) {
		sr_write_u8(&w, 1);
		sr_write_u8(&w, i);
		sr_write_u16(&w, 0);
		sr_write_u8(&w, 0);
	}
	fuzz_seed("change", w.p, w.n);
	sr_writer_clear(&w);
}

static void seed_raw(void)
{
	struct sr_writer w;
	for (unsigned kind = EPOCH_OP_DEAL; kind <= EPOCH_OP_ACK; kind++) {
		const struct body *b = kind == EPOCH_OP_ACK ? &world.ack[1] : &world.deal[1];
		sr_writer_init(&w, SR_OP_MAX);
		FUZZ_CHECK(epoch_op_write(&w, &world.ctx, (enum epoch_op_kind)kind, &world.vote[1],
			b->p, b->n) == SR_OK);
		fuzz_seed_of(1, "operation", &w);
		sr_writer_init(&w, SR_OP_MAX);
		sr_write_u8(&w, 3);
		sr_write_u8(&w, 1);
		sr_write_u8(&w, (uint8_t)(kind - EPOCH_OP_DEAL));
		sr_write_u16(&w, (uint16_t)b->n);
		sr_write_copy(&w, b->p, b->n);
		fuzz_seed_of(0, "body", &w);
	}
}

void seed_epoch(void)
{
	setup();
	/* attempt 4, vote key 32, contribution 32, proof 64, t and 3 commitments 100, 4 + 4 boxes
	 * of 80 */
	seed_change(0, 0, 0, 0);
	seed_change(232 + 40, 1, 0, 0);
	seed_change(232 + 40, 1, 0, 1);
	seed_change(232 + 320 + 40, 1, 1, 0);
	seed_change(0, 1, 0, 0);
	seed_change(40, 1, 1, 0);
	seed_change(70, 1, 0, 0);
	seed_change(140, 1, 0, 0);
	seed_change(0, 0, 0, 1);
	seed_raw();
}
