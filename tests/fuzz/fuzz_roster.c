/*
 * tests/fuzz/fuzz_roster.c - operations about who comes and who goes, true ones and others, by
 * members, operators and strangers, between blocks of any length. A refusal changes nothing (the
 * world looks), nobody is admitted without a quorum, and every row can be read.
 */
#include <stdlib.h>
#include <string.h>

#include "consensus/wire.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/roster_world.h"

#define MEMBERS 4u
#define STEPS_MAX 24u
#define BODY_MAX 2048u
#define BODIES 8u

static struct roster_world *w;
/* One good body of each kind, for what stands in the world's state. */
static struct { unsigned kind; uint8_t p[BODY_MAX]; size_t n; } good[BODIES];
static struct vault_tree *begin;
static uint64_t begin_ms;

static void good_put(size_t i, unsigned kind, struct sr_writer *b)
{
	FUZZ_CHECK(sr_writer_finish(b) == SR_OK && b->n <= BODY_MAX);
	good[i].kind = kind;
	memcpy(good[i].p, b->p, b->n);
	good[i].n = b->n;
	sr_writer_clear(b);
}

static void policy_make(struct sr_writer *b)
{
	struct attest_policy p = roster_policy_now(w);
	struct sr_writer message;
	p.number++;
	FUZZ_CHECK(roster_policy_message(&message, &w->g->chain_id, &p) == SR_OK);
	sr_write_blob(b, message.p + 32, message.n - 32);
	sr_write_u32(b, 0);
	sr_writer_clear(&message);
}

static void fault_make(struct sr_writer *b)
{
	sr_write_u8(b, 1);
	sr_write_u8(b, 2);
	for (uint8_t i = 0; i < 2; i++) {
		struct consensus_vote v = { .kind = CONSENSUS_FINAL, .epoch = 1, .slot = 3,
			.voter = 1, .hash = { { (uint8_t)(1 + i) } } };
		consensus_vote_sign(&v, &w->g->chain_id, &w->people[1].vote);
		consensus_vote_write(b, &v);
	}
}

static uint64_t silence_time(void)
{
	return w->time_ms - w->time_ms % roster_silence_step(roster_policy_now(w).silence_ms);
}

static void bodies_make(void)
{
	static const unsigned kinds[BODIES] = { EPOCH_OP_VERDICT, EPOCH_OP_SILENT, EPOCH_OP_JOIN,
		EPOCH_OP_LEAVE, EPOCH_OP_REFRESH, EPOCH_OP_POLICY, EPOCH_OP_REATTEST,
		EPOCH_OP_FAULT };
	const struct genesis_member *e = &w->people[MEMBERS].entry;
	struct sr_hash32 nonce = epoch_record_nonce(w->now, w->g);
	uint8_t report[ATTEST_REPORT_DATA];
	struct attest_facts facts;
	genesis_report_data(report, &e->operator_key, &e->id_key, &e->vote_key, e->box_key,
	    &nonce);
	facts = roster_facts(w, report);
	for (size_t i = 0; i < BODIES; i++) {
		struct sr_writer b;
		sr_writer_init(&b, BODY_MAX);
		switch (kinds[i]) {
		case EPOCH_OP_VERDICT:
			roster_verdict_write(&b, &w->people[MEMBERS].subject, SR_OK, &facts);
			break;
		case EPOCH_OP_JOIN:
			roster_entry(w, MEMBERS + 1);
			genesis_member_write(&b, &w->people[MEMBERS + 1].entry);
			break;
		case EPOCH_OP_POLICY: policy_make(&b); break;
		case EPOCH_OP_FAULT: fault_make(&b); break;
		case EPOCH_OP_REFRESH: break;
		case EPOCH_OP_SILENT:
			sr_write_u32(&b, 2);
			sr_write_u64(&b, silence_time());
			break;
		default: sr_write_u32(&b, 2); break;
		}
		if (kinds[i] == EPOCH_OP_REATTEST)
			sr_write_blob(&b, (const uint8_t *)"\1\2\3", 3);
		if (kinds[i] == EPOCH_OP_REFRESH)
			good[i].kind = kinds[i];
		else
			good_put(i, kinds[i], &b);
	}
}

/* In epoch 1 with one candidate who waits. */
static void setup(void)
{
	if (w != NULL)
		return;
	w = roster_world_new(MEMBERS, 7, NULL);
	FUZZ_CHECK(roster_join(w, MEMBERS) == SR_OK);
	bodies_make();
	begin = vault_tree_ref(w->t);
	begin_ms = w->time_ms;
}

/* Everyone there is: votes of members, operators of all. */
static const struct sr_edsk *signer(uint8_t which)
{
	uint32_t person = which / 2 % (MEMBERS + 3);
	return which % 2 == 0 ? &w->people[person].vote : &w->people[person].operator_sk;
}

/* body u8 | signer u8 | place u16 | change u8 */
static void near(struct sr_reader *r)
{
	size_t i = sr_read_u8(r) % BODIES;
	uint8_t who = sr_read_u8(r);
	size_t place = sr_read_u16(r);
	uint8_t change = sr_read_u8(r), body[BODY_MAX];
	/* A step that is cut off would be a vote that nobody counted. */
	if (r->error != SR_OK)
		return;
	memcpy(body, good[i].p, sizeof(body));
	if (good[i].n > 0)
		body[place % good[i].n] ^= change;
	(void)!roster_do(w, (enum epoch_op_kind)good[i].kind, signer(who), body, good[i].n);
}

/* kind u8 | signer u8 | n u8 | bytes */
static void any(struct sr_reader *r)
{
	unsigned kind = good[sr_read_u8(r) % BODIES].kind;
	uint8_t who = sr_read_u8(r);
	size_t n;
	uint8_t *p = fuzz_take(r, &n, sr_read_u8(r));
	(void)!roster_do(w, (enum epoch_op_kind)kind, signer(who), p, n);
	free(p);
}

struct look { uint32_t rows; bool seats[SR_MEMBERS_MAX]; };

static bool look(void *ctx, const struct roster_candidate *c)
{
	struct look *l = ctx;
	FUZZ_CHECK(epoch_record_seat(w->now, c->seat) == EPOCH_NOBODY && !l->seats[c->seat]);
	FUZZ_CHECK((c->state == ROSTER_ADMITTED) == c->has_facts);
	l->seats[c->seat] = true;
	l->rows++;
	return true;
}

static void settle(uint32_t votes)
{
	struct look l = { 0 };
	struct roster_member m;
	struct roster_candidate c;
	struct attest_policy p = roster_policy_now(w);
	FUZZ_CHECK(roster_candidates_walk(w->t, look, &l) == SR_OK);
	FUZZ_CHECK(l.rows <= ROSTER_CANDIDATES_MAX);
	for (uint32_t i = 0; i < MEMBERS; i++)
		FUZZ_CHECK(roster_member_get(&m, w->t, i) == SR_OK);
	/* Nobody signed one. */
	FUZZ_CHECK(p.number == 1);
	if (roster_candidate_get(&c, w->t, MEMBERS) == SR_OK && c.state == ROSTER_ADMITTED)
		FUZZ_CHECK(votes >= consensus_quorum(MEMBERS));
}

void fuzz_roster(const uint8_t *p, size_t n)
{
	struct sr_reader r;
	uint32_t votes = 0;
	setup();
	w->t = vault_tree_ref(begin);
	w->time_ms = w->parent_ms = begin_ms;
	sr_reader_init(&r, p, n);
	for (unsigned i = 0; i < STEPS_MAX && r.left > 0; i++) {
		switch (sr_read_u8(&r) % 4) {
		case 0: case 1:
			votes += r.left > 0 && r.p[0] % BODIES == 0 ? 1 : 0;
			near(&r);
			break;
		case 2:
			votes += r.left > 0 && r.p[0] % BODIES == 0 ? 1 : 0;
			any(&r);
			break;
		default: roster_block(w, 1 + sr_read_u32(&r)); break;
		}
	}
	settle(votes);
	vault_tree_unref(w->t);
	w->t = NULL;
}

static void step_put(struct sr_writer *s, uint8_t body, uint8_t who, uint16_t place, uint8_t change)
{
	sr_write_u8(s, 0);
	sr_write_u8(s, body);
	sr_write_u8(s, who);
	sr_write_u16(s, place);
	sr_write_u8(s, change);
}

static void pass_put(struct sr_writer *s, uint32_t ms)
{
	sr_write_u8(s, 3);
	sr_write_u32(s, ms);
}

static void seed_put(struct sr_writer *s)
{
	FUZZ_CHECK(sr_writer_finish(s) == SR_OK);
	fuzz_seed("steps", s->p, s->n);
	sr_writer_clear(s);
}

void seed_roster(void)
{
	struct sr_writer s;
	setup();
	/* Each kind by a member, an operator and a stranger, as it is and with a change. */
	for (uint8_t body = 0; body < BODIES; body++)
		for (uint8_t change = 0; change < 3; change++) {
			sr_writer_init(&s, 512);
			step_put(&s, body, 0, (uint16_t)(change * 37u), change);
			step_put(&s, body, 5, (uint16_t)(change * 33u), change);
			step_put(&s, body, 11, 0, 0);
			pass_put(&s, 700000);
			step_put(&s, body, 5, 0, 0);
			step_put(&s, body, 4, 0, 0);
			seed_put(&s);
		}
	/* Three verdicts admit, a change begins and is given up; three do not hear the fourth. */
	sr_writer_init(&s, 512);
	for (uint8_t who = 0; who < 6; who = (uint8_t)(who + 2))
		step_put(&s, 0, who, 0, 0);
	pass_put(&s, 3000);
	pass_put(&s, 400000);
	seed_put(&s);
	sr_writer_init(&s, 512);
	step_put(&s, 1, 0, 0, 0);
	step_put(&s, 1, 2, 0, 0);
	step_put(&s, 1, 6, 0, 0);
	pass_put(&s, 3000000);
	seed_put(&s);
}
