/*
 * Random operations against a small model of ownership and of switches, written from the rules and
 * sharing no code with vault/. Also: the same operations give the same root, whatever was admitted
 * or kept meanwhile; and under random outages no switch fires earlier than its owner could have
 * beaten (I9).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"
#include "tests/lib/vault_world.h"

#define NFTS 12u
#define SWITCHES 6u
#define NOBODY 99u

/* --- the model --- */

struct model_nft {
	unsigned owner, approved;
	uint64_t version, locked_until;  /* locked_until: of the open ticket, 0 none */
	uint8_t locked_to;               /* E of the open ticket */
	struct sr_hash32 ticket;
};

enum phase { ARMED, WARNED, PENDING, FIRED, PAUSED, CANCELLED };

struct model_switch {
	enum phase phase;
	bool frozen;
	unsigned owner, heartbeat, duress, guardian; /* guardian: NOBODY, or must confirm */
	uint64_t interval, grace;
	uint64_t beat_u, pending_u, paused_until;
	bool confirmed;
};

struct model {
	struct model_nft nft[NFTS + 1];
	struct model_switch sw[SWITCHES + 1];
	uint64_t nfts, switches, uptime, now, nonce[WORLD_PEOPLE];
	struct vault_secret_id secret[NFTS + 1]; /* secret n: holder(n) */
	bool forgets_to_clear_approvals;         /* the planted fault */
};

static void model_block(struct model *m, uint64_t dt)
{
	m->now += dt;
	m->uptime += dt;
	for (uint64_t i = 1; i <= m->switches; i++) {
		struct model_switch *s = &m->sw[i];

		if (s->phase == PAUSED && m->now >= s->paused_until) {
			s->phase = ARMED;
			s->beat_u = m->uptime;
		}
		if (s->phase == PENDING && !s->frozen && m->uptime - s->pending_u >= s->grace &&
		    (s->guardian == NOBODY || s->confirmed))
			s->phase = FIRED;
		if (s->phase == ARMED && m->uptime - s->beat_u >= s->interval / 2)
			s->phase = WARNED;
		if (s->phase == WARNED && m->uptime - s->beat_u >= s->interval) {
			s->phase = PENDING;
			s->pending_u = m->uptime;
			s->confirmed = false;
		}
	}
}

static bool locked(const struct model *m, const struct model_nft *n)
{
	return n->locked_until > m->now;
}

static enum sr_error model_transfer(struct model *m, unsigned who, uint64_t id, uint64_t version,
    unsigned to)
{
	struct model_nft *n = &m->nft[id];

	if (id == 0 || id > m->nfts)
		return SR_ERR_NO_SUCH_NFT;
	if (n->owner == NOBODY)
		return SR_ERR_DELETED;
	if (n->owner != who && n->approved != who)
		return SR_ERR_NOT_APPROVED;
	if (n->version != version)
		return SR_ERR_NFT_VERSION;
	if (locked(m, n))
		return SR_ERR_TICKET_OPEN;
	n->owner = to;
	n->version++;
	n->locked_until = 0;
	if (!m->forgets_to_clear_approvals)
		n->approved = NOBODY;
	return SR_OK;
}

static enum sr_error model_own(const struct model *m, unsigned who, uint64_t id, uint64_t version)
{
	if (id == 0 || id > m->nfts)
		return SR_ERR_NO_SUCH_NFT;
	if (m->nft[id].owner == NOBODY)
		return SR_ERR_DELETED;
	if (m->nft[id].owner != who)
		return SR_ERR_NOT_OWNER;
	return m->nft[id].version == version ? SR_OK : SR_ERR_NFT_VERSION;
}

static enum sr_error model_retrieve(
    struct model *m, unsigned who, uint64_t id, uint64_t version, uint8_t to)
{
	struct model_nft *n = &m->nft[id];

	if (n->owner != who)
		return SR_ERR_NOT_HOLDER;
	if (n->version != version)
		return SR_ERR_NFT_VERSION;
	if (locked(m, n) && n->locked_to != to)
		return SR_ERR_TICKET_OPEN;
	n->locked_until = m->now + 60000;
	n->locked_to = to;
	return SR_OK;
}

static enum sr_error model_beat(struct model *m, struct model_switch *s, unsigned who)
{
	if (who != s->owner && who != s->heartbeat && who != s->duress)
		return SR_ERR_WRONG_KEY;
	if (s->phase == FIRED || s->phase == CANCELLED)
		return SR_ERR_SWITCH_STATE;
	s->beat_u = m->uptime;
	if (s->phase != PAUSED)
		s->phase = ARMED;
	if (who == s->duress)
		s->frozen = true;
	return SR_OK;
}

static enum sr_error model_veto(struct model *m, struct model_switch *s, unsigned who)
{
	if (who != s->owner)
		return SR_ERR_WRONG_KEY;
	if (s->phase != PENDING)
		return SR_ERR_SWITCH_STATE;
	s->phase = ARMED;
	s->beat_u = m->uptime;
	return SR_OK;
}

static enum sr_error model_confirm(struct model_switch *s, unsigned who)
{
	if (who != s->guardian)
		return SR_ERR_NOT_GUARDIAN;
	if (s->phase != PENDING)
		return SR_ERR_SWITCH_STATE;
	if (s->confirmed)
		return SR_ERR_CONFIRM_DUPLICATE;
	s->confirmed = true;
	return SR_OK;
}

static enum sr_error model_pause(
    struct model *m, struct model_switch *s, unsigned who, uint64_t until)
{
	if (who != s->owner)
		return SR_ERR_NOT_OWNER;
	if (s->phase == FIRED || s->phase == CANCELLED)
		return SR_ERR_SWITCH_STATE;
	s->phase = until == 0 ? ARMED : PAUSED;
	s->paused_until = until;
	s->beat_u = m->uptime;
	if (until == 0)
		s->frozen = false;
	return SR_OK;
}

static enum sr_error model_cancel(struct model_switch *s, unsigned who)
{
	if (who != s->owner)
		return SR_ERR_NOT_OWNER;
	if (s->phase == FIRED || s->phase == CANCELLED)
		return SR_ERR_SWITCH_STATE;
	s->phase = CANCELLED;
	s->frozen = false;
	return SR_OK;
}

/* --- the run --- */

struct run {
	struct vault_world *w;
	struct model m;
	struct sr_drbg rng;
	struct vault_tree *twin,
	    *kept; /* the same operations elsewhere; an old state that someone holds */
	unsigned mismatches, accepted;
};

static unsigned pick(struct run *r, unsigned below)
{
	return test_below(&r->rng, below);
}

static unsigned index_of(const struct vault_world *w, const struct vault_account *a)
{
	for (unsigned i = 0; i < WORLD_PEOPLE; i++)
		if (vault_account_equal(a, &w->who[i]))
			return i;
	return NOBODY;
}

static void differ(struct run *r, const char *what, int is, int should)
{
	r->mismatches++;
	if (!r->m.forgets_to_clear_approvals)
		fprintf(stderr, "%s: is %d, should be %d\n", what, is, should);
}

/* Signs, applies to both trees, and compares the code with the model's. */
static void submit(struct run *r, unsigned who, enum vault_op_kind kind,
    const union vault_op_body *body, enum sr_error should)
{
	struct vault_receipt said, other;
	struct vault_op op;
	enum sr_error is;

	world_sign_as(r->w, who, kind, body, r->m.nonce[who], r->w->block.time_ms + 60000);
	ck_ok(vault_op_check(&op, &r->w->block, r->w->bytes, r->w->bytes_n));
	ck_ok(vault_admit(r->w->t, &said, &r->w->block, &op));
	is = world_apply(r->w);
	ck_ok(vault_apply(&r->twin, &other, &r->w->block, &op));
	r->m.nonce[who]++;
	ck_assert_uint_eq(said.code, r->w->receipt.code);
	ck_assert_uint_eq(other.code, r->w->receipt.code);
	r->accepted += is == SR_OK;
	if (is != should) {
		fprintf(stderr, "%s by %u: ", vault_op_kind_name(kind), who);
		differ(r, "code", (int)is, (int)should);
	}
}

static void random_nft_op(struct run *r)
{
	struct model *m = &r->m;
	unsigned who = pick(r, WORLD_PEOPLE), to = pick(r, WORLD_PEOPLE);
	uint64_t id = 1 + pick(r, NFTS);
	uint64_t version = id <= m->nfts && pick(r, 8) != 0 ? m->nft[id].version : pick(r, 4) + 1;
	union vault_op_body b;
	enum sr_error should;

	if (id <= m->nfts && m->nft[id].owner != NOBODY && pick(r, 2) == 0)
		who = m->nft[id].owner;
	switch (pick(r, 8)) {
	case 0:
		b = (union vault_op_body){ .nft_approve = { id, version, r->w->who[to] } };
		should = model_own(m, who, id, version);
		if (should == SR_OK)
			m->nft[id].approved = to;
		submit(r, who, VAULT_OP_NFT_APPROVE, &b, should);
		return;
	case 1:
		if (pick(r, 20) != 0)
			return;
		b = (union vault_op_body){ .nft_burn = { id, version } };
		should = model_own(m, who, id, version);
		if (should == SR_OK && locked(m, &m->nft[id]))
			should = SR_ERR_TICKET_OPEN;
		if (should == SR_OK)
			m->nft[id].owner = m->nft[id].approved = NOBODY;
		if (should == SR_OK)
			m->nft[id].version++;
		submit(r, who, VAULT_OP_NFT_BURN, &b, should);
		return;
	case 2:
	case 3:
		if (id > m->nfts)
			return;
		b = (union vault_op_body){ .retrieve = { .id = m->secret[id], .nft_id = id,
			.nft_version = version } };
		memset(b.retrieve.to.b, 1 + (int)pick(r, 2), 32);
		should = model_retrieve(m, who, id, version, b.retrieve.to.b[0]);
		submit(r, who, VAULT_OP_RETRIEVE, &b, should);
		if (should == SR_OK)
			m->nft[id].ticket = r->w->op.hash;
		return;
	case 4:
		if (id > m->nfts || !locked(m, &m->nft[id]))
			return;
		b = (union vault_op_body){ .ticket_close = { m->nft[id].ticket } };
		should = who == m->nft[id].owner ? SR_OK : SR_ERR_WRONG_KEY;
		if (should == SR_OK)
			m->nft[id].locked_until = 0;
		submit(r, who, VAULT_OP_TICKET_CLOSE, &b, should);
		return;
	default:
		b = (union vault_op_body){ .nft_transfer = { id, version, r->w->who[to] } };
		if (id <= m->nfts && m->nft[id].approved != NOBODY && pick(r, 2) == 0)
			who = m->nft[id].approved;
		should = model_transfer(m, who, id, version, to);
		submit(r, who, VAULT_OP_NFT_TRANSFER, &b, should);
	}
}

static void random_switch_op(struct run *r)
{
	struct model *m = &r->m;
	uint64_t id = 1 + pick(r, SWITCHES), until;
	struct model_switch *s = &m->sw[id];
	unsigned who = pick(r, WORLD_PEOPLE), what = pick(r, 100);
	union vault_op_body b = { .switch_ref = { id } };

	if (pick(r, 2) == 0)
		who = s->owner;
	if (what < 40) {
		submit(r, who, VAULT_OP_SWITCH_HEARTBEAT, &b, model_beat(m, s, who));
	} else if (what < 60) {
		submit(r, who, VAULT_OP_SWITCH_VETO, &b, model_veto(m, s, who));
	} else if (what < 80) {
		who = s->guardian != NOBODY && pick(r, 2) == 0 ? s->guardian : who;
		submit(r, who, VAULT_OP_SWITCH_CONFIRM, &b, model_confirm(s, who));
	} else if (what < 98) {
		until = pick(r, 2) == 0 ? 0 : m->now + 1 + pick(r, 20000);
		b = (union vault_op_body){ .switch_pause = { id, until } };
		submit(r, who, VAULT_OP_SWITCH_PAUSE, &b, model_pause(m, s, who, until));
	} else if (pick(r, 4) == 0) {
		submit(r, who, VAULT_OP_SWITCH_CANCEL, &b, model_cancel(s, who));
	}
}

static enum phase phase_of(const struct vault_switch *w)
{
	switch (w->state) {
	case VAULT_SWITCH_WARN: return WARNED;
	case VAULT_SWITCH_PENDING: return PENDING;
	case VAULT_SWITCH_FIRED: return FIRED;
	case VAULT_SWITCH_PAUSED: return PAUSED;
	case VAULT_SWITCH_CANCELLED: return CANCELLED;
	case VAULT_SWITCH_ARMED:
	case VAULT_SWITCH_FROZEN:
		break;
	}
	return ARMED;
}

static void compare(struct run *r)
{
	struct model *m = &r->m;
	struct sr_hash32 root = world_root(r->w), twin = vault_tree_root(r->twin);

	ck_assert(sr_hash32_equal(&root, &twin));
	for (uint64_t i = 1; i <= m->nfts; i++) {
		struct vault_nft nft = world_nft(r->w, i);

		if (index_of(r->w, &nft.owner) != m->nft[i].owner
		    || nft.version != m->nft[i].version)
			differ(r, "owner", (int)index_of(r->w, &nft.owner), (int)m->nft[i].owner);
	}
	for (uint64_t i = 1; i <= m->switches; i++) {
		struct vault_switch w = world_switch(r->w, i);
		bool frozen = w.state == VAULT_SWITCH_FROZEN;

		if (frozen != m->sw[i].frozen)
			differ(r, "frozen", frozen, m->sw[i].frozen);
		if (!frozen && phase_of(&w) != m->sw[i].phase)
			differ(r, "phase", (int)phase_of(&w), (int)m->sw[i].phase);
	}
}

static void begin(struct run *r, uint64_t dt)
{
	world_block(r->w, dt);
	ck_ok(vault_begin_block(&r->twin, &r->w->block));
	model_block(&r->m, dt);
}

static void add_switch(struct run *r)
{
	struct model *m = &r->m;
	struct model_switch *s = &m->sw[m->switches + 1];
	struct vault_switch_settings set = world_settings(
	    2000 + pick(r, 20000), 1000 + pick(r, 5000));
	union vault_op_body b = { .switch_create = { { (const uint8_t *)"w", 1 }, set } };

	*s = (struct model_switch){ .owner = pick(r, 2),
		.heartbeat = 2 + pick(r, 2),
		.duress = 4 + pick(r, 2),
		.guardian = pick(r, 2) == 0 ? NOBODY : 6 + pick(r, 2),
		.interval = set.interval_ms,
		.grace = set.grace_ms,
		.beat_u = m->uptime };
	b.switch_create.settings.heartbeat = r->w->who[s->heartbeat];
	b.switch_create.settings.duress = r->w->who[s->duress];
	if (s->guardian != NOBODY) {
		b.switch_create.settings.guardians_n = b.switch_create.settings.guardians_k = 1;
		b.switch_create.settings.guardians[0] = r->w->who[s->guardian];
	}
	m->switches++;
	submit(r, s->owner, VAULT_OP_SWITCH_CREATE, &b, SR_OK);
}

/* A new NFT and a secret that its holder may have. */
static void add_nft(struct run *r)
{
	struct model *m = &r->m;
	unsigned owner = pick(r, WORLD_PEOPLE);
	union vault_op_body b = { .nft_mint = {
				      0, r->w->who[owner], { (const uint8_t *)"n", 1 } } };
	uint8_t policy[VAULT_POLICY_BYTES_MAX];
	char text[32], name[32];

	m->nfts++;
	m->nft[m->nfts] = (struct model_nft){ .owner = owner, .approved = NOBODY, .version = 1 };
	submit(r, ALICE, VAULT_OP_NFT_MINT, &b, SR_OK);
	snprintf(text, sizeof text, "holder(%u)", (unsigned)m->nfts);
	snprintf(name, sizeof name, "secret %u", (unsigned)m->nfts);
	b = world_put_body(r->w, ALICE, name, text, policy);
	m->secret[m->nfts] = b.secret_put.id;
	submit(r, ALICE, VAULT_OP_SECRET_PUT, &b, SR_OK);
}

static struct run *run_new(const char *name, bool planted)
{
	struct run *r = calloc(1, sizeof *r);

	ck_assert_ptr_nonnull(r);
	test_drbg(&r->rng, name);
	r->w = world_new();
	r->twin = vault_tree_ref(r->w->t);
	r->m.uptime = WORLD_SLOT_MS;
	r->m.now = r->w->block.time_ms;
	r->m.forgets_to_clear_approvals = planted;
	return r;
}

static void run_free(struct run *r)
{
	vault_tree_unref(r->twin);
	vault_tree_unref(r->kept);
	world_free(r->w);
	free(r);
}

static void run_random(struct run *r, unsigned blocks)
{
	for (unsigned i = 0; i < blocks && r->mismatches == 0; i++) {
		begin(r, 1 + pick(r, 3000));
		if (r->m.nfts < NFTS && pick(r, 8) == 0)
			add_nft(r);
		if (r->m.switches < SWITCHES && pick(r, 8) == 0)
			add_switch(r);
		for (unsigned n = pick(r, 6); n > 0; n--) {
			if (pick(r, 3) != 0)
				random_nft_op(r);
			else if (r->m.switches == SWITCHES)
				random_switch_op(r);
		}
		compare(r);
		if (pick(r, 10) == 0) { /* someone keeps an old state: changes must not reach it */
			vault_tree_unref(r->kept);
			r->kept = vault_tree_ref(r->w->t);
		}
	}
}

START_TEST(random_operations_agree_with_the_model)
{
	unsigned accepted = 0;

	for (unsigned round = 0; round < 20; round++) {
		char name[32];
		struct run *r;

		snprintf(name, sizeof name, "model %u", round);
		r = run_new(name, false);
		run_random(r, 150);
		ck_assert_uint_eq(r->mismatches, 0);
		accepted += r->accepted;
		run_free(r);
	}
	ck_assert_uint_gt(accepted, 1000);
}
END_TEST

START_TEST(a_model_that_forgets_a_rule_is_caught)
{
	unsigned caught = 0;

	for (unsigned round = 0; round < 20 && caught == 0; round++) {
		char name[32];
		struct run *r;

		snprintf(name, sizeof name, "planted %u", round);
		r = run_new(name, true);
		run_random(r, 150);
		caught += r->mismatches;
		run_free(r);
	}
	ck_assert_uint_gt(caught, 0);
}
END_TEST

START_TEST(a_kept_state_never_changes)
{
	struct run *r = run_new("kept", false);
	struct sr_hash32 before, after;

	run_random(r, 20);
	vault_tree_unref(r->kept);
	r->kept = vault_tree_ref(r->w->t);
	before = vault_tree_root(r->kept);
	for (unsigned i = 0; i < 50; i++) {
		begin(r, 300);
		random_nft_op(r);
	}
	after = vault_tree_root(r->kept);
	ck_assert(sr_hash32_equal(&before, &after));
	run_free(r);
}
END_TEST

/* --- I9 --- */

struct watch {
	uint64_t beat_ms;        /* last accepted heartbeat */
	uint64_t working_ms;     /* ingress that worked since then: what the owner had to beat in */
	uint64_t calm_ms;        /* of it, since the last outage */
	bool was_pending, was_fired, cut; /* cut: an outage since the heartbeat */
};

/* What each block changes for the owner, told from outside the state. */
static void watch_block(struct watch *x, uint64_t dt, bool ingress, uint64_t *stall)
{
	*stall = ingress && dt <= 3000 ? 0 : *stall + dt;
	if (ingress)
		x->working_ms += dt < 3000 ? dt : 3000;
	x->calm_ms += ingress && dt <= 3000 ? dt : 0;
	if (*stall > 3000) {
		x->calm_ms = 0;
		x->cut = true;
	}
}

START_TEST(no_switch_fires_earlier_than_its_owner_could_have_beaten)
{
	unsigned fired = 0, cut = 0;

	for (unsigned round = 0; round < 60; round++) {
		struct vault_switch_settings s;
		struct watch x = { 0 };
		struct sr_drbg rng;
		struct vault_world *w = world_new();
		char name[32];
		uint64_t stall = 0, id, amnesty;

		snprintf(name, sizeof name, "i9 %u", round);
		test_drbg(&rng, name);
		s = world_settings(1000 + test_below(&rng, 200000), 1000 + test_below(&rng, 30000));
		amnesty = s.interval_ms / 10 < 60000 ? s.interval_ms / 10 : 60000;
		ck_ok(world_switch_new(w, ALICE, &s, &id));
		x.beat_ms = w->block.time_ms;
		for (unsigned i = 0; i < 3000 && !x.was_fired; i++) {
			uint64_t dt = test_below(&rng, 40) == 0 ? 1 + test_below(&rng, 100000) :
			    1 + test_below(&rng, 1000);
			enum vault_switch_state state;

			if (test_below(&rng, 20) == 0)
				w->block.ingress_ok = !w->block.ingress_ok;
			world_block(w, dt);
			watch_block(&x, dt, w->block.ingress_ok, &stall);
			state = world_switch(w, id).state;
			if (state == VAULT_SWITCH_PENDING && !x.was_pending) {
				ck_assert_uint_ge(x.working_ms, s.interval_ms);
				ck_assert(!x.cut || x.calm_ms >= amnesty);
				ck_assert(w->block.ingress_ok);
				x.was_pending = true;
			}
			if (state == VAULT_SWITCH_FIRED) {
				ck_assert(x.was_pending);
				ck_assert_uint_ge(x.working_ms, s.interval_ms + s.grace_ms);
				ck_assert_uint_ge(
				    w->block.time_ms - x.beat_ms, s.interval_ms + s.grace_ms);
				ck_assert(!x.cut || x.calm_ms >= amnesty);
				ck_assert(w->block.ingress_ok);
				x.was_fired = true;
				fired++;
				cut += x.cut;
				break;
			}
			if (test_below(&rng, 400) == 0) {
				ck_ok(world_switch_op(w, ALICE, VAULT_OP_SWITCH_HEARTBEAT, id));
				ck_assert_int_eq(world_switch(w, id).state, VAULT_SWITCH_ARMED);
				x = (struct watch){ .beat_ms = w->block.time_ms };
			}
		}
		world_free(w);
	}
	/* The test says something only if switches do fire, through outages too. */
	ck_assert_uint_gt(fired, 10);
	ck_assert_uint_gt(cut, 5);
}
END_TEST

TEST_MAIN("vault random", random_operations_agree_with_the_model,
    a_model_that_forgets_a_rule_is_caught, a_kept_state_never_changes,
    no_switch_fires_earlier_than_its_owner_could_have_beaten)
