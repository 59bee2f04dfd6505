/*
 * Dealt secrets among real holders: members with real keys look at the state, deal, open, complain
 * and acknowledge (enclave/hold.c); what they say is checked and applied as in a block.
 */
#include "enclave/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/dealing.h"
#include "tests/lib/seed.h"
#include "tests/lib/vault_world.h"

#define N 5u
#define T 2u
#define SAID_MAX 64u

struct member {
	struct enclave_core *core;
	struct exec_block final;
	struct core_instance now;
	struct enclave_effects out;
	struct sr_edsk vote;
	bool deaf;                       /* does nothing */
};

/* An operation as it was said. */
struct said { uint8_t *p; size_t n; unsigned kind; uint32_t seat; };

static struct vault_world *w;
static struct member *members;           /* by seat */
static struct sr_drbg drbg;
static struct said said[SAID_MAX];
static uint32_t said_n;
static struct sr_scalar secret;
static uint8_t policy_bytes[VAULT_POLICY_BYTES_MAX];

static void record_fill(struct epoch_record *r, const bool *gone)
{
	struct sr_point key;

	r->n = 0;
	for (uint32_t i = 0; i < N; i++) {
		struct epoch_member *m = &r->members[r->n];

		if (gone[i])
			continue;
		m->seat = i;
		sr_point_base_mul(&key, &members[i].core->keys->box);
		memcpy(m->box_key, key.b, 32);
		memcpy(m->vote_key.b, members[i].vote.b + 32, 32);
		r->n++;
	}
}

static void epoch_begin(uint64_t epoch, const bool *gone)
{
	struct epoch_record *r = calloc(1, sizeof(*r));

	r->epoch = epoch;
	record_fill(r, gone);
	for (uint32_t i = 0; i < N; i++) {
		members[i].now.record = *r;
		dealt_roster_fill(&members[i].now.roster, r);
		members[i].deaf = gone[i];
	}
	dealt_roster_fill(&w->roster, r);
	w->block.epoch = epoch;
	free(r);
}

static const bool nobody[N];

static void member_init(struct member *m, uint32_t i)
{
	struct sr_key32 seed = { { (uint8_t)(i + 1), 77 } };
	struct sr_edpk pk;
	struct sr_point key;

	m->core = calloc(1, sizeof(*m->core));
	m->core->keys = sr_secret_alloc(sizeof(*m->core->keys));
	m->core->genesis = calloc(1, sizeof(*m->core->genesis));
	m->core->genesis->chain_id = w->block.chain_id;
	m->core->pool = pool_new();
	m->core->peers = calloc(SR_MEMBERS_MAX, sizeof(*m->core->peers));
	m->now.core = m->core;
	m->core->now = &m->now;
	m->core->final = &m->final;
	m->core->out = &m->out;
	enclave_effects_init(&m->out);
	sr_ed25519_keypair(&m->vote, &pk, &seed);
	m->now.vote = &m->vote;
	sr_drbg_init(&m->core->drbg, &seed);
	ck_ok(shamir_box_keypair(&m->core->keys->box, &key, &m->core->drbg));
}

static void setup(const char *name)
{
	test_drbg(&drbg, name);
	w = world_new();
	w->hooks.dealt_check = dealt_check;
	members = calloc(N, sizeof(*members));
	for (uint32_t i = 0; i < N; i++)
		member_init(&members[i], i);
	epoch_begin(w->block.epoch, nobody);
	said_n = 0;
}

static void said_clear(void)
{
	for (uint32_t i = 0; i < said_n; i++)
		free(said[i].p);
	said_n = 0;
}

static void teardown(void)
{
	said_clear();
	for (uint32_t i = 0; i < N; i++) {
		hold_forget(members[i].core);
		pool_free(members[i].core->pool);
		enclave_effects_clear(&members[i].out);
		sr_secret_free(members[i].core->keys);
		free(members[i].core->genesis);
		free(members[i].core->peers);
		free(members[i].core);
	}
	free(members);
	world_free(w);
}

/* --- the owner's dealing --- */

static void deal(struct dealing *out, const struct sr_hash32 *label, uint32_t t, uint32_t n,
    uint32_t wrong)
{
	struct sr_point keys[N];

	for (uint32_t i = 0; i < n; i++)
		sr_point_base_mul(&keys[i], &members[i].core->keys->box);
	dealing_make(out, label, t, keys, n, wrong, &drbg);
	secret = out->secret;
}

static struct sr_hash32 label_of(const struct vault_secret_id *id, unsigned owner,
    struct sr_bytes policy)
{
	struct sr_hash32 hash = vault_policy_hash(policy);

	return vault_label(&w->block.chain_id, id, &w->who[owner], &hash);
}

static struct vault_secret_id put_as(const char *name, uint32_t n, uint32_t wrong)
{
	uint8_t bytes[VAULT_DEALT_BYTES_MAX];
	union vault_op_body b = world_put_body(w, ALICE, name, "after(5)", policy_bytes);
	struct sr_hash32 label = label_of(&b.secret_put.id, ALICE, b.secret_put.policy);
	struct dealing dealing;

	deal(&dealing, &label, T, n, wrong);
	b.secret_put.key = world_dealt_key(bytes, &dealing.d);
	ck_ok(world_do(w, ALICE, VAULT_OP_SECRET_PUT, &b));
	return b.secret_put.id;
}

static struct vault_secret_id put(const char *name)
{
	return put_as(name, N, N);
}

/* --- what members say --- */

static void collect(uint32_t seat)
{
	struct pool *pool = members[seat].core->pool;
	struct pool_entry *e;
	struct vault_op op;

	pool_iterate(pool);
	while ((e = pool_next(pool)) != NULL) {
		ck_assert_uint_lt(said_n, SAID_MAX);
		ck_ok(vault_op_decode(&op, e->p, e->n));
		said[said_n] = (struct said){ malloc(e->n), e->n, (unsigned)op.kind, seat };
		memcpy(said[said_n++].p, e->p, e->n);
	}
	pool_drop_all(pool);
}

/* Every member looks at the state as it is. */
static void listen(void)
{
	said_clear();
	world_block(w, WORLD_SLOT_MS);
	for (uint32_t i = 0; i < N; i++) {
		members[i].final.tree = w->t;
		members[i].final.header.height = w->block.height;
		members[i].final.header.time_ms = w->block.time_ms;
		if (!members[i].deaf)
			hold_run(members[i].core);
		collect(i);
	}
}

static enum sr_error apply(const struct said *s)
{
	const struct epoch_record *now = &members[0].now.record;
	struct vault_op op;
	uint32_t member;

	SR_TRY(hold_op_check(&op, &member, &w->block.chain_id, now, s->p, s->n));
	ck_assert_uint_eq(now->members[member].seat, s->seat);
	return vault_hold_apply(&w->t, &w->block, &hold_hooks, (unsigned)op.kind, op.body,
	    s->seat);
}

/* One block: what was said is applied. How much of it. */
static uint32_t say(void)
{
	uint32_t applied = 0;

	for (uint32_t i = 0; i < said_n; i++)
		applied += apply(&said[i]) == SR_OK ? 1 : 0;
	return applied;
}

static void until_quiet(void)
{
	for (unsigned i = 0; i < 40; i++) {
		listen();
		if (said_n == 0)
			return;
		say();
	}
	ck_abort_msg("they never come to an end");
}

/* --- what is true of a secret --- */

static struct vault_hold_view view_of(const struct vault_secret_id *id)
{
	struct vault_hold_view v;
	struct vault_key at = { { 0 } };

	while (vault_hold_next(&v, &at, w->t, &w->block.chain_id) == SR_OK)
		if (memcmp(v.ref.id.b, id->b, sizeof(id->b)) == 0)
			return v;
	ck_abort_msg("no such secret");
}

/* Seats a and b open their pairs, which give this secret. */
static void opens(const struct vault_secret_id *id, uint32_t a, uint32_t b,
    const struct sr_scalar *expected)
{
	const struct vault_hold_view v = view_of(id);
	struct shamir_index set[T] = { { a + 1 }, { b + 1 } }, bad;
	struct shamir_commitments c;
	struct shamir_pair pairs[T];
	struct sr_scalar got;

	ck_ok(shamir_commitments_decode(&c, v.dealt.commitments, v.dealt.threshold));
	ck_ok(dealt_pair(&pairs[0], members[a].core, &v.dealt, &v.label));
	ck_ok(dealt_pair(&pairs[1], members[b].core, &v.dealt, &v.label));
	ck_ok(shamir_pedersen_combine(&got, &bad, &c, set, pairs, T));
	ck_assert(sr_scalar_equal(&got, expected));
}

static unsigned events(const struct vault_secret_id *id, enum vault_event_kind kind)
{
	return world_secret_events(w, kind, id);
}

/* --- the owner's dealing --- */

START_TEST(a_dealing_is_for_its_label_its_boxes_and_their_maker)
{
	struct sr_hash32 label = { { 1 } }, other = { { 2 } };
	struct dealing d, changed;
	struct sr_scalar r;

	setup("a dealing");
	deal(&d, &label, T, N, N);
	ck_ok(dealt_check(&d.d, &label));
	/* Copied to a secret of one's own. */
	ck_error(dealt_check(&d.d, &other), SR_ERR_BAD_PROOF);
	changed = d;
	ck_ok(sr_scalar_random(&r, &drbg));
	dealing_prove(&changed.d, &r, &other, &drbg);
	ck_error(dealt_check(&changed.d, &other), SR_ERR_BAD_PROOF);
	/* One box with another R. */
	changed = d;
	memcpy(changed.d.holders[3].box, sr_point_g2.b, 32);
	ck_error(dealt_check(&changed.d, &label), SR_ERR_BAD_PROOF);
	changed = d;
	memset(changed.d.commitments[1], 0, 32);
	ck_error(dealt_check(&changed.d, &label), SR_ERR_BAD_POINT);
	changed = d;
	memset(changed.d.commitments[0], 0xff, 32);
	ck_error(dealt_check(&changed.d, &label), SR_ERR_BAD_POINT);
	changed = d;
	memset(changed.d.holders[0].key, 0, 32);
	ck_error(dealt_check(&changed.d, &label), SR_ERR_BAD_POINT);
	changed = d;
	memset(changed.d.proof, 0xff, 64);
	ck_error(dealt_check(&changed.d, &label), SR_ERR_BAD_SCALAR);
	teardown();
}
END_TEST

START_TEST(holders_open_their_pairs_and_a_box_opens_nowhere_else)
{
	struct sr_hash32 other = { { 2 } };
	struct vault_secret_id id;
	struct vault_hold_view v;
	struct shamir_pair pair;

	setup("open");
	id = put_as("will", 4, N);
	opens(&id, 0, 3, &secret);
	opens(&id, 2, 1, &secret);
	v = view_of(&id);
	ck_error(dealt_pair(&pair, members[4].core, &v.dealt, &v.label), SR_ERR_NO_SHARE);
	ck_error(dealt_pair(&pair, members[0].core, &v.dealt, &other), SR_ERR_DEALING_BAD);
	ck_assert(sr_scalar_is_zero(&pair.f) && sr_scalar_is_zero(&pair.g));
	teardown();
}
END_TEST

START_TEST(who_was_dealt_no_share_proves_it_and_the_owner_is_told)
{
	struct vault_secret_id id;
	struct vault_hold_view v;
	struct said copy;

	setup("no share");
	id = put_as("will", N, 3);
	listen();
	ck_assert_uint_eq(said_n, 1);
	ck_assert_uint_eq(said[0].kind, VAULT_HOLD_COMPLAINT);
	ck_assert_uint_eq(said[0].seat, 3);
	ck_ok(apply(&said[0]));
	v = view_of(&id);
	ck_assert(v.dealt.holders[3].bad);
	ck_assert_uint_eq(vault_dealt_good(&v.dealt), N - 1);
	ck_assert_uint_eq(events(&id, VAULT_EVENT_SHARE_BAD), 1);
	ck_error(apply(&said[0]), SR_ERR_EPOCH_STEP);   /* once */
	copy = said[0];
	copy.p = malloc(copy.n);
	memcpy(copy.p, said[0].p, copy.n);
	copy.p[copy.n - 1] ^= 1;
	ck_error(apply(&copy), SR_ERR_BAD_SIGNATURE);
	free(copy.p);
	opens(&id, 0, 4, &secret);
	/* The next generation has a share for it. */
	epoch_begin(w->block.epoch + 1, nobody);
	until_quiet();
	v = view_of(&id);
	ck_assert_uint_eq(v.ref.generation, 1);
	ck_assert(!v.dealt.holders[3].bad);
	opens(&id, 0, 3, &secret);
	teardown();
}
END_TEST

/* A member's own operation with this body. */
static struct said said_by(uint32_t seat, unsigned kind, struct sr_bytes body)
{
	struct sr_writer out;
	struct said s = { NULL, 0, kind, seat };

	sr_writer_init(&out, SR_OP_MAX);
	ck_ok(hold_op_write(&out, &w->block.chain_id, w->block.epoch, kind, &members[seat].vote,
	    body));
	s.p = sr_writer_take(&out, &s.n);
	return s;
}

START_TEST(a_complaint_about_a_good_share_is_refused)
{
	struct vault_secret_id id;
	struct vault_hold_view v;
	struct vault_hold_complaint c = { .dealer = VAULT_DEALER_OWNER };
	uint8_t context[VAULT_DEALT_CONTEXT];
	struct shamir_complaint complaint;
	struct shamir_pair_box box;
	struct sr_writer out;
	struct said s;

	setup("false complaint");
	id = put("will");
	v = view_of(&id);
	c.ref = v.ref;
	memcpy(box.b, v.dealt.holders[2].box, sizeof(box.b));
	vault_dealt_context(context, &v.label, 0, VAULT_DEALER_OWNER, 2);
	ck_ok(shamir_pair_complain(&complaint, &box, &members[2].core->keys->box, context,
	    sizeof(context), &drbg));
	sr_writer_init(&out, 512);
	shamir_complaint_write(&out, &complaint);
	memcpy(c.complaint, out.p, sizeof(c.complaint));
	sr_writer_reset(&out);
	vault_hold_complaint_write(&out, &c);
	s = said_by(2, VAULT_HOLD_COMPLAINT, (struct sr_bytes){ out.p, out.n });
	ck_error(apply(&s), SR_ERR_BAD_PROOF);
	ck_assert_uint_eq(events(&id, VAULT_EVENT_SHARE_BAD), 0);
	free(s.p);
	sr_writer_clear(&out);
	teardown();
}
END_TEST

START_TEST(a_complaint_of_no_holder_or_about_no_dealer_is_refused)
{
	struct vault_hold_complaint c = { .dealer = VAULT_DEALER_OWNER };
	struct vault_secret_id id;
	struct sr_writer out;
	struct said s;

	setup("no holder");
	id = put("will");
	c.ref = view_of(&id).ref;
	sr_writer_init(&out, 512);
	vault_hold_complaint_write(&out, &c);
	ck_error(vault_hold_apply(&w->t, &w->block, &hold_hooks, VAULT_HOLD_COMPLAINT,
	    (struct sr_bytes){ out.p, out.n }, SR_MEMBERS_MAX - 1), SR_ERR_EPOCH_STEP);
	epoch_begin(w->block.epoch + 1, nobody);
	c.dealer = SR_MEMBERS_MAX - 1;
	sr_writer_reset(&out);
	vault_hold_complaint_write(&out, &c);
	s = said_by(2, VAULT_HOLD_COMPLAINT, (struct sr_bytes){ out.p, out.n });
	ck_error(apply(&s), SR_ERR_EPOCH_STEP);
	free(s.p);
	sr_writer_clear(&out);
	teardown();
}
END_TEST

START_TEST(a_batch_of_none_of_too_many_or_too_long_is_refused)
{
	static const uint8_t counts[][4] = { { 0 }, { 0xff, 0xff, 0xff, 0xff } }, one[4] = { 1 };
	static const uint8_t longer[VAULT_HOLD_BATCH_BYTES + 1];
	const struct sr_bytes too_long = { longer, sizeof(longer) };

	setup("batches");
	for (unsigned i = 0; i < 2; i++)
		ck_error(vault_hold_apply(&w->t, &w->block, &hold_hooks, VAULT_HOLD_ACK,
		    (struct sr_bytes){ counts[i], 4 }, 0), SR_ERR_OUT_OF_RANGE);
	ck_error(vault_hold_apply(&w->t, &w->block, &hold_hooks, VAULT_HOLD_ACK,
	    (struct sr_bytes){ one, 4 }, 0), SR_ERR_TRUNCATED);
	ck_error(vault_hold_apply(&w->t, &w->block, &hold_hooks, VAULT_HOLD_ACK, too_long, 0),
	    SR_ERR_TOO_LONG);
	ck_error(vault_hold_apply(&w->t, &w->block, &hold_hooks, VAULT_HOLD_ACK + 100, too_long,
	    0), SR_ERR_BAD_KIND);
	teardown();
}
END_TEST

/* --- rounds --- */

START_TEST(in_a_new_epoch_every_pair_is_another_and_the_secret_the_same)
{
	struct vault_secret_id id;
	struct vault_hold_view before, after;
	struct shamir_commitments c;
	struct shamir_pair old, new;

	setup("new epoch");
	id = put("will");
	until_quiet();
	before = view_of(&id);
	ck_ok(dealt_pair(&old, members[0].core, &before.dealt, &before.label));
	for (unsigned epoch = 1; epoch <= 3; epoch++) {
		epoch_begin(w->block.epoch + 1, nobody);
		until_quiet();
		after = view_of(&id);
		ck_assert_uint_eq(after.ref.generation, epoch);
		ck_assert_uint_eq(after.hold.round, 0);
		ck_assert_mem_eq(after.dealt.commitments[0], before.dealt.commitments[0], 32);
		ck_assert_mem_ne(after.dealt.commitments[1], before.dealt.commitments[1], 32);
		opens(&id, 1, 4, &secret);
		opens(&id, 3, 0, &secret);
		ck_ok(dealt_pair(&new, members[0].core, &after.dealt, &after.label));
		ck_assert(!sr_scalar_equal(&new.f, &old.f));
		ck_ok(shamir_commitments_decode(&c,
		    (const uint8_t (*)[32])after.dealt.commitments, T));
		ck_error(shamir_pedersen_verify(&c, (struct shamir_index){ 1 }, &old),
		    SR_ERR_DEALING_BAD);
		before = after;
		old = new;
	}
	ck_assert_uint_eq(events(&id, VAULT_EVENT_RESHARED), 3);
	/* No rows of rounds are left: one of the version alone. */
	ck_assert_uint_eq(world_count(w, VAULT_REC_DEALT), 1);
	teardown();
}
END_TEST

START_TEST(until_all_have_acknowledged_the_old_pairs_serve)
{
	struct vault_secret_id id;
	struct vault_hold_view v;

	setup("old pairs");
	id = put("will");
	epoch_begin(w->block.epoch + 1, nobody);
	members[4].deaf = true;
	until_quiet();
	v = view_of(&id);
	ck_assert_uint_eq(v.ref.generation, 0);
	opens(&id, 0, 4, &secret);
	members[4].deaf = false;
	until_quiet();
	ck_assert_uint_eq(view_of(&id).ref.generation, 1);
	opens(&id, 0, 4, &secret);
	/* And when an epoch ends before, the next one begins anew. */
	epoch_begin(w->block.epoch + 1, nobody);
	members[4].deaf = true;
	until_quiet();
	epoch_begin(w->block.epoch + 1, nobody);
	until_quiet();
	ck_assert_uint_eq(view_of(&id).ref.generation, 2);
	ck_assert_uint_eq(world_count(w, VAULT_REC_DEALT), 1);
	opens(&id, 0, 4, &secret);
	teardown();
}
END_TEST

START_TEST(who_left_gets_nothing_and_the_owner_is_told_once)
{
	static const bool one[N] = { false, true }, three[N] = { false, true, true, false, true };
	struct vault_secret_id id;
	struct vault_hold_view v;

	setup("left");
	id = put("will");
	epoch_begin(w->block.epoch + 1, one);
	until_quiet();
	v = view_of(&id);
	ck_assert_uint_eq(v.ref.generation, 1);
	ck_assert_uint_eq(v.dealt.holders_n, N - 1);
	ck_assert_uint_eq(vault_dealt_holder(&v.dealt, 1), VAULT_HOLDERS_MAX);
	ck_assert_uint_eq(events(&id, VAULT_EVENT_HOLDER_LEFT), 1);
	ck_assert_uint_eq(events(&id, VAULT_EVENT_HOLDERS_FEW), 0);
	opens(&id, 0, 4, &secret);
	epoch_begin(w->block.epoch + 1, three);
	until_quiet();
	v = view_of(&id);
	ck_assert_uint_eq(v.ref.generation, 2);
	ck_assert_uint_eq(v.dealt.holders_n, 2);
	ck_assert_uint_eq(events(&id, VAULT_EVENT_HOLDER_LEFT), 3);
	ck_assert_uint_eq(events(&id, VAULT_EVENT_HOLDERS_FEW), 1);
	opens(&id, 0, 3, &secret);
	teardown();
}
END_TEST

START_TEST(with_fewer_than_the_threshold_left_nothing_is_shared_and_the_owner_is_told_once)
{
	static const bool most[N] = { true, true, true, true, false };
	struct vault_secret_id id;
	struct vault_hold_view v;

	setup("few");
	id = put("will");
	for (unsigned i = 0; i < 2; i++) {
		epoch_begin(w->block.epoch + 1, most);
		until_quiet();
		v = view_of(&id);
		ck_assert_uint_eq(v.ref.generation, 0);
		ck_assert_uint_eq(v.hold.epoch, w->block.epoch);
		ck_assert_uint_eq(events(&id, VAULT_EVENT_HOLDER_LEFT), N - 1);
		ck_assert_uint_eq(events(&id, VAULT_EVENT_HOLDERS_FEW), 1);
	}
	teardown();
}
END_TEST

START_TEST(a_seat_that_another_has_now_is_no_holders)
{
	struct vault_secret_id id;
	struct vault_hold_view v;
	struct shamir_pair pair;
	struct sr_point key;

	setup("seat given again");
	id = put("will");
	ck_ok(shamir_box_keypair(&members[2].core->keys->box, &key, &drbg));
	epoch_begin(w->block.epoch + 1, nobody);
	until_quiet();
	v = view_of(&id);
	ck_assert_uint_eq(v.ref.generation, 1);
	ck_assert_uint_eq(v.dealt.holders_n, N - 1);
	ck_assert_uint_eq(events(&id, VAULT_EVENT_HOLDER_LEFT), 1);
	ck_error(dealt_pair(&pair, members[2].core, &v.dealt, &v.label), SR_ERR_NO_SHARE);
	teardown();
}
END_TEST

START_TEST(what_was_applied_once_is_refused_and_changes_nothing)
{
	struct vault_secret_id id;
	struct sr_hash32 root, again;

	setup("once");
	id = put("will");
	(void)id;
	epoch_begin(w->block.epoch + 1, nobody);
	for (unsigned step = 0; step < 2; step++) {
		listen();
		ck_assert_uint_eq(said_n, N);
		ck_assert_uint_eq(say(), N);
		root = world_root(w);
		ck_assert_uint_eq(say(), 0);
		for (uint32_t i = 0; i < said_n; i++)
			ck_error(apply(&said[i]), SR_ERR_EPOCH_STEP);
		again = world_root(w);
		ck_assert(sr_hash32_equal(&root, &again));
	}
	teardown();
}
END_TEST

START_TEST(a_version_that_no_policy_opens_any_more_is_left_alone)
{
	uint8_t bytes[VAULT_DEALT_BYTES_MAX], other[VAULT_POLICY_BYTES_MAX];
	struct vault_secret_id id;
	struct vault_hold_view v;
	struct vault_key at = { { 0 } };
	union vault_op_body b;
	struct sr_hash32 label;
	struct dealing dealing;

	setup("left alone");
	id = put("will");
	memset(&b, 0, sizeof(b));
	b.secret_policy.id = id;
	b.secret_policy.version = 1;
	b.secret_policy.policy = world_policy(other, "after(6)");
	label = label_of(&id, ALICE, b.secret_policy.policy);
	deal(&dealing, &label, T, N, N);
	b.secret_policy.key = world_dealt_key(bytes, &dealing.d);
	ck_ok(world_do(w, ALICE, VAULT_OP_SECRET_POLICY, &b));
	epoch_begin(w->block.epoch + 1, nobody);
	until_quiet();
	ck_ok(vault_hold_next(&v, &at, w->t, &w->block.chain_id));
	ck_assert(!v.live);
	ck_assert_uint_eq(v.ref.version, 1);
	ck_assert_uint_eq(v.ref.generation, 0);
	ck_ok(vault_hold_next(&v, &at, w->t, &w->block.chain_id));
	ck_assert(v.live);
	ck_assert_uint_eq(v.ref.version, 2);
	ck_assert_uint_eq(v.ref.generation, 1);
	ck_error(vault_hold_next(&v, &at, w->t, &w->block.chain_id), SR_ERR_NOT_FOUND);
	teardown();
}
END_TEST

/* --- dealings of liars --- */

enum lie { LIE_NONE, LIE_BOX, LIE_PAIR, LIE_OWN, LIE_R, LIE_PROOF };

static void lie_box(uint8_t *out, const struct vault_hold_view *v, uint32_t dealer, uint32_t to,
    const struct shamir_pair *pair, const struct sr_scalar *r)
{
	uint8_t context[VAULT_DEALT_CONTEXT];
	struct shamir_pair_box box;
	struct sr_point key;

	ck_ok(sr_point_decode(&key, v->dealt.holders[to].key));
	vault_dealt_context(context, &v->label, v->ref.generation + 1, dealer, to);
	ck_ok(shamir_pair_seal_with(&box, r, &key, pair, context, sizeof(context)));
	memcpy(out, box.b, sizeof(box.b));
}

/* A DEAL by `seat` for one secret that all N hold; what is wrong with it is wrong for `victim`. */
static struct said lie(uint32_t seat, const struct vault_secret_id *id, enum lie how,
    uint32_t victim)
{
	const struct vault_hold_view v = view_of(id);
	struct vault_hold_deal deal = { .ref = v.ref, .threshold = T, .next_n = N };
	uint8_t context[VAULT_DEALT_CONTEXT];
	struct sr_scalar r, other;
	struct shamir_pair_poly poly;
	struct shamir_commitments c;
	struct shamir_proof proof;
	struct shamir_pair pair;
	struct sr_writer out;
	struct said s;

	ck_ok(sr_scalar_random(&r, &drbg));
	ck_ok(sr_scalar_random(&other, &drbg));
	ck_ok(dealt_pair(&pair, members[how == LIE_OWN ? victim : seat].core, &v.dealt, &v.label));
	ck_ok(shamir_pedersen_deal_reshare(&poly, &c, T, &pair, &drbg));
	for (uint32_t k = 0; k < T; k++)
		memcpy(deal.commitments[k], c.a[k].b, 32);
	for (uint32_t i = 0; i < N; i++) {
		ck_ok(shamir_pedersen_eval(&pair, &poly, (struct shamir_index){ i + 1 }));
		if (how == LIE_PAIR && i == victim)
			pair.f = other;
		lie_box(deal.boxes[i], &v, seat, i, &pair, how == LIE_R && i == victim ? &other :
		    &r);
	}
	deal.boxes[victim][40] ^= how == LIE_BOX ? 1 : 0;
	vault_dealt_context(context, &w->block.chain_id, w->block.epoch, seat, VAULT_EVERYBODY);
	ck_ok(shamir_boxes_prove(&proof, how == LIE_PROOF ? &other : &r, context, sizeof(context),
	    &drbg));
	sr_writer_init(&out, VAULT_HOLD_BATCH_BYTES);
	shamir_proof_write(&out, &proof);
	sr_write_u32(&out, 1);
	vault_hold_deal_write(&out, &deal);
	s = said_by(seat, VAULT_HOLD_DEAL, (struct sr_bytes){ out.p, out.n });
	sr_writer_clear(&out);
	shamir_pedersen_clear(&poly);
	return s;
}

static enum sr_error lies(uint32_t seat, const struct vault_secret_id *id, enum lie how,
    uint32_t victim)
{
	struct said s = lie(seat, id, how, victim);
	enum sr_error error = apply(&s);

	free(s.p);
	return error;
}

/* Seat 0 is a liar whose dealing is final first. */
static void rubbish(enum lie how)
{
	struct vault_secret_id id;
	struct vault_hold_view v;

	setup("rubbish");
	id = put("will");
	epoch_begin(w->block.epoch + 1, nobody);
	ck_ok(lies(0, &id, how, 3));
	listen();
	ck_assert_uint_eq(said_n, N - 1);
	ck_assert_uint_eq(say(), N - 1);
	listen();
	for (uint32_t i = 0; i < said_n; i++)
		ck_assert_uint_eq(said[i].kind,
		    said[i].seat == 3 ? VAULT_HOLD_COMPLAINT : VAULT_HOLD_ACK);
	/* Seat 4 has acknowledged the set with the liar, which is none any more. */
	ck_assert_uint_eq(say(), N - 1);
	v = view_of(&id);
	ck_assert_uint_eq(v.ref.generation, 0);
	ck_assert(v.hold.dealers[0].excluded && v.hold.dealers[0].seat == 0);
	until_quiet();
	v = view_of(&id);
	ck_assert_uint_eq(v.ref.generation, 1);
	opens(&id, 3, 0, &secret);
	opens(&id, 4, 2, &secret);
	teardown();
}

START_TEST(a_dealer_of_rubbish_is_shown_and_others_take_its_place)
{
	rubbish(LIE_BOX);
	rubbish(LIE_PAIR);
}
END_TEST

START_TEST(a_dealing_too_early_twice_of_anothers_pair_or_with_anothers_boxes_is_refused)
{
	struct vault_secret_id id;

	setup("lies");
	id = put("will");
	ck_error(lies(0, &id, LIE_NONE, 0), SR_ERR_EPOCH_STEP);        /* in the epoch of the PUT */
	epoch_begin(w->block.epoch + 1, nobody);
	ck_error(lies(0, &id, LIE_OWN, 2), SR_ERR_EPOCH_STEP);
	ck_error(lies(0, &id, LIE_R, 2), SR_ERR_BAD_PROOF);
	ck_error(lies(0, &id, LIE_PROOF, 2), SR_ERR_BAD_PROOF);
	ck_ok(lies(0, &id, LIE_NONE, 0));
	ck_error(lies(0, &id, LIE_NONE, 0), SR_ERR_EPOCH_STEP);
	until_quiet();
	ck_assert_uint_eq(view_of(&id).ref.generation, 1);
	ck_error(lies(0, &id, LIE_NONE, 0), SR_ERR_EPOCH_STEP);        /* done in this epoch */
	teardown();
}
END_TEST

START_TEST(a_dealing_of_something_else_than_ones_pair_or_for_others_is_passed_over)
{
	struct vault_hold_deal deal;
	struct vault_secret_id id;
	struct vault_hold_view v;
	struct vault_op op;
	struct sr_reader r;
	uint8_t proof[64];

	setup("something else");
	id = put_as("will", 4, N);
	v = view_of(&id);
	epoch_begin(w->block.epoch + 1, nobody);
	listen();
	ck_assert_uint_eq(said_n, 4);           /* who holds nothing deals nothing */
	ck_ok(vault_op_decode(&op, said[1].p, said[1].n));
	sr_reader_init(&r, op.body.p, op.body.n);
	sr_read_copy(&r, proof, sizeof(proof));
	(void)vault_hold_count_read(&r);
	vault_hold_deal_read(&deal, &r);
	ck_ok(hold_hooks.deal_check(&v.dealt, 1, &deal));
	ck_error(hold_hooks.deal_check(&v.dealt, 2, &deal), SR_ERR_DEALING_BAD);
	memcpy(deal.commitments[0], v.dealt.commitments[0], 32);
	ck_error(hold_hooks.deal_check(&v.dealt, 1, &deal), SR_ERR_DEALING_BAD);
	/* A's dealing, said by B: the proof of r is A's. */
	struct said stolen = said_by(2, VAULT_HOLD_DEAL, op.body);
	ck_error(apply(&stolen), SR_ERR_BAD_PROOF);
	free(stolen.p);
	teardown();
}
END_TEST

static enum sr_error admit(uint32_t to, struct said s)
{
	struct vault_receipt receipt;
	struct vault_op op;
	enum sr_error error = vault_op_decode(&op, s.p, s.n);

	if (error == SR_OK)
		error = peers_admit(members[to].core, &receipt, &op, s.p, s.n);
	free(s.p);
	return error;
}

/* Else a member could fill every pool with what costs each block a computation, and goes into
 * none. */
START_TEST(what_can_not_apply_is_not_admitted)
{
	struct vault_secret_id id;

	setup("not admitted");
	id = put("will");
	epoch_begin(w->block.epoch + 1, nobody);
	listen();
	ck_error(admit(1, lie(0, &id, LIE_OWN, 2)), SR_ERR_EPOCH_STEP);
	ck_assert_uint_eq(pool_count(members[1].core->pool), 0);
	ck_ok(admit(1, lie(0, &id, LIE_NONE, 0)));
	ck_assert_uint_eq(pool_count(members[1].core->pool), 1);
	teardown();
}
END_TEST

/* Pools take so much of a member, and a change of epochs needs room as well. */
START_TEST(who_has_much_that_waits_for_a_block_says_no_more_until_it_is_in_one)
{
	struct vault_op op = { .kind = (enum vault_op_kind)VAULT_HOLD_ACK };
	struct pool *pool;

	setup("much");
	(void)put("will");
	epoch_begin(w->block.epoch + 1, nobody);
	pool = members[0].core->pool;
	op.account.kind = VAULT_ACCOUNT_ED25519;
	memcpy(op.account.b, members[0].vote.b + 32, 32);
	for (uint32_t i = 0; i < CORE_POOL_MEMBER_MAX / 2; i++) {
		op.hash.b[0] = (uint8_t)i;
		ck_ok(pool_add(pool, members[0].core, &op, (const uint8_t *)"x", 1, false));
	}
	members[0].final.tree = w->t;
	hold_run(members[0].core);
	ck_assert_uint_eq(pool_count(pool), CORE_POOL_MEMBER_MAX / 2);
	pool_remove(pool, pool_find(pool, &op.hash));
	hold_run(members[0].core);
	ck_assert_uint_eq(pool_count(pool), CORE_POOL_MEMBER_MAX / 2);
	pool_drop_all(pool);
	teardown();
}
END_TEST

START_TEST(many_secrets_are_shared_again_in_batches)
{
	static struct vault_secret_id ids[70];
	static struct sr_scalar secrets[70];
	struct vault_op op;
	char name[16];
	size_t most = 0;

	setup("many");
	for (unsigned i = 0; i < 70; i++) {
		snprintf(name, sizeof(name), "secret %u", i);
		ids[i] = put(name);
		secrets[i] = secret;
	}
	until_quiet();
	epoch_begin(w->block.epoch + 1, nobody);
	for (unsigned i = 0; i < 60; i++) {
		listen();
		if (said_n == 0)
			break;
		for (uint32_t s = 0; s < said_n; s++) {
			ck_ok(vault_op_decode(&op, said[s].p, said[s].n));
			most = op.body.n > most ? op.body.n : most;
			ck_assert_uint_le(op.body.n, VAULT_HOLD_BATCH_BYTES);
		}
		ck_assert_uint_eq(say(), said_n);
	}
	ck_assert_uint_gt(most, VAULT_HOLD_BATCH_BYTES / 2);
	for (unsigned i = 0; i < 70; i++) {
		ck_assert_uint_eq(view_of(&ids[i]).ref.generation, 1);
		opens(&ids[i], i % N, (i + 1) % N, &secrets[i]);
	}
	ck_assert_uint_eq(world_count(w, VAULT_REC_DEALT), 70);
	teardown();
}
END_TEST

START_TEST(a_version_that_goes_takes_its_round_along)
{
	struct vault_secret_id id;
	union vault_op_body b;

	setup("goes");
	id = put("will");
	epoch_begin(w->block.epoch + 1, nobody);
	listen();
	say();
	ck_assert_uint_gt(world_count(w, VAULT_REC_DEALT), 1);
	memset(&b, 0, sizeof(b));
	b.secret_delete.id = id;
	b.secret_delete.version = 1;
	ck_ok(world_do(w, ALICE, VAULT_OP_SECRET_DELETE, &b));
	ck_assert_uint_eq(world_count(w, VAULT_REC_DEALT), 0);
	until_quiet();
	teardown();
}
END_TEST

TEST_MAIN("enclave/hold", a_dealing_is_for_its_label_its_boxes_and_their_maker,
    holders_open_their_pairs_and_a_box_opens_nowhere_else,
    who_was_dealt_no_share_proves_it_and_the_owner_is_told,
    a_complaint_about_a_good_share_is_refused,
    a_complaint_of_no_holder_or_about_no_dealer_is_refused,
    a_batch_of_none_of_too_many_or_too_long_is_refused,
    in_a_new_epoch_every_pair_is_another_and_the_secret_the_same,
    until_all_have_acknowledged_the_old_pairs_serve,
    who_left_gets_nothing_and_the_owner_is_told_once,
    with_fewer_than_the_threshold_left_nothing_is_shared_and_the_owner_is_told_once,
    a_seat_that_another_has_now_is_no_holders,
    what_was_applied_once_is_refused_and_changes_nothing,
    a_dealer_of_rubbish_is_shown_and_others_take_its_place,
    a_dealing_too_early_twice_of_anothers_pair_or_with_anothers_boxes_is_refused,
    a_dealing_of_something_else_than_ones_pair_or_for_others_is_passed_over,
    many_secrets_are_shared_again_in_batches,
    what_can_not_apply_is_not_admitted,
    who_has_much_that_waits_for_a_block_says_no_more_until_it_is_in_one,
    a_version_that_goes_takes_its_round_along,
    a_version_that_no_policy_opens_any_more_is_left_alone)
