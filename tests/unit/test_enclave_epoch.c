/* The epoch change: from a genesis to the first vault key, with faults on the way. */
#include <stdlib.h>
#include <string.h>

#include "consensus/wire.h"
#include "enclave/epoch.h"
#include "tests/lib/check_main.h"
#include "tests/lib/cluster.h"

#define OPERATION_MESSAGE 2u    /* CORE_OPERATION */

static struct cluster *made(uint32_t n, uint64_t seed)
{
	struct cluster *c = cluster_new(&(struct cluster_options){ .n = n, .seed = seed });

	c->quiet = true;
	return c;
}

static bool change_of(struct epoch_change *change, const struct cluster *c, uint32_t node)
{
	return epoch_change_get(change, enclave_core_final_state(c->nodes[node].core));
}

static void all_agree(const struct cluster *c)
{
	struct sr_hash32 root = { { 0 } }, other;
	bool first = true;

	for (uint32_t i = 0; i < c->n; i++) {
		if (c->nodes[i].core == NULL)
			continue;
		other = epoch_record_root(enclave_core_epoch(c->nodes[i].core));
		ck_assert(first || sr_hash32_equal(&root, &other));
		root = other;
		first = false;
	}
}

START_TEST(four_members_make_a_vault_key_and_enter_epoch_one)
{
	struct cluster *c = made(4, 1);

	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	all_agree(c);
	ck_assert_uint_eq(enclave_core_epoch(c->nodes[0].core)->epoch, 1);
	ck_assert(cluster_run_height(c, cluster_height(c, 0) + 5, 60000));
	cluster_free(c);
}
END_TEST

START_TEST(three_and_seven_members_do_too)
{
	static const uint32_t sizes[] = { 3, 5, 7 };

	for (size_t i = 0; i < 3; i++) {
		struct cluster *c = made(sizes[i], 100 + i);

		cluster_start_all(c);
		ck_assert(cluster_run_epoch(c, 1, 60000));
		all_agree(c);
		cluster_free(c);
	}
}
END_TEST

START_TEST(nobody_enters_epoch_one_before_all_have_acknowledged)
{
	struct cluster *c = made(4, 2);
	struct epoch_change change;

	cluster_start(c, 0);
	cluster_start(c, 1);
	cluster_start(c, 2);
	cluster_run(c, 60000);
	ck_assert(change_of(&change, c, 0));
	ck_assert_uint_eq(epoch_set_count(&change.dealt), 3);
	ck_assert_uint_eq(epoch_set_count(&change.acked), 0);
	cluster_start(c, 3);
	ck_assert(cluster_run_epoch(c, 1, 120000));
	all_agree(c);
	cluster_free(c);
}
END_TEST

/* ---------------------------------------------------------------------- a member played by hand */

struct puppet {
	struct cluster *c;
	uint32_t member;
	struct sr_edsk vote, next_vote;
	struct sr_scalar box;
	struct epoch_record *record;
	struct epoch_context ctx;
};

static struct puppet *puppet_new(struct cluster *c, uint32_t member)
{
	struct puppet *p = calloc(1, sizeof(*p));
	struct sr_key32 seed = cluster_identity_seed(c, member), id, vote;
	struct sr_drbg drbg;
	struct sr_point point;
	struct sr_edpk pk;

	ck_assert_ptr_nonnull(p);
	p->record = malloc(sizeof(*p->record));
	ck_assert_ptr_nonnull(p->record);
	sr_drbg_init(&drbg, &seed);
	ck_ok(sr_drbg_fill(&drbg, id.b, 32));
	ck_ok(sr_drbg_fill(&drbg, vote.b, 32));
	ck_ok(shamir_box_keypair(&p->box, &point, &drbg));
	sr_ed25519_keypair(&p->vote, &pk, &vote);
	epoch_record_genesis(p->record, c->genesis);
	ck_assert_mem_eq(pk.b, p->record->members[member].vote_key.b, 32);
	ck_assert_mem_eq(point.b, p->record->members[member].box_key, 32);
	p->c = c;
	p->member = member;
	p->ctx.chain_id = c->genesis->chain_id;
	p->ctx.now = p->record;
	p->ctx.genesis = c->genesis;
	return p;
}

static void puppet_free(struct puppet *p)
{
	free(p->record);
	free(p);
}

static void puppet_op(struct puppet *p, struct sr_writer *op, enum epoch_op_kind kind,
    const struct sr_writer *body)
{
	sr_writer_init(op, SR_OP_MAX + 1);
	ck_ok(epoch_op_write(op, &p->ctx, kind, &p->vote, body->p, body->n));
	ck_ok(sr_writer_finish(op));
}

static void puppet_send(struct puppet *p, enum epoch_op_kind kind, const struct sr_writer *body)
{
	struct sr_writer op, msg;

	puppet_op(p, &op, kind, body);
	sr_writer_init(&msg, SR_OP_MAX + 1);
	sr_write_u8(&msg, OPERATION_MESSAGE);
	sr_write_copy(&msg, op.p, op.n);
	ck_ok(sr_writer_finish(&msg));
	for (uint32_t i = 0; i < p->c->n; i++)
		if (i != p->member)
			cluster_send(p->c, p->member, i, msg.p, msg.n, 1);
	sr_writer_clear(&op);
	sr_writer_clear(&msg);
}

/* A dealing whose boxes are right but for the one of victim (n: none). */
static void puppet_deal(struct puppet *p, struct sr_writer *body, uint32_t victim,
    enum epoch_about about)
{
	uint32_t n = p->c->n;
	struct epoch_deal *deal = calloc(1, sizeof(*deal));
	struct sr_drbg *drbg = &p->c->drbg;
	uint8_t context[EPOCH_CONTEXT_BYTES];
	struct sr_key32 contribution, seed, wrong = { { 1 } };
	struct shamir_poly poly;
	struct sr_scalar share, one, r;
	struct sr_point to;

	ck_assert_ptr_nonnull(deal);
	ck_ok(sr_scalar_random(&r, drbg));
	epoch_boxes_context(context, &p->ctx.chain_id, 1, p->member);
	ck_ok(shamir_boxes_prove(&deal->boxes, &r, context, sizeof(context), drbg));
	ck_ok(sr_drbg_fill(drbg, seed.b, 32));
	sr_ed25519_keypair(&p->next_vote, &deal->vote_key, &seed);
	epoch_vote_sign(&deal->vote_proof, &p->next_vote, &p->ctx.chain_id, 1, 0, p->member);
	ck_ok(sr_drbg_fill(drbg, contribution.b, 32));
	deal->contribution = shamir_contribution_commit(&contribution);
	ck_ok(shamir_deal_fresh(&poly, &deal->c, p->c->genesis->threshold, drbg));
	sr_scalar_from_u32(&one, 1);
	for (uint32_t k = 0; k < n; k++) {
		bool bad = k == victim;

		ck_ok(sr_point_decode(&to, p->record->members[k].box_key));
		ck_ok(shamir_poly_eval(&share, &poly, (struct shamir_index){ k + 1 }));
		if (bad && about == EPOCH_ABOUT_SHARE)
			sr_scalar_add(&share, &share, &one);
		epoch_context_bytes(context, &p->ctx.chain_id, 1, p->member, k, EPOCH_ABOUT_SHARE);
		ck_ok(shamir_subshare_seal_with(&deal->shares[k], &r, &to, &share, context,
		    sizeof(context)));
		epoch_context_bytes(context, &p->ctx.chain_id, 1, p->member, k,
		    EPOCH_ABOUT_CONTRIBUTION);
		ck_ok(shamir_box_seal32_with(&deal->contributions[k], &r, &to,
		    bad && about == EPOCH_ABOUT_CONTRIBUTION ? &wrong : &contribution, context,
		    sizeof(context)));
	}
	shamir_poly_clear(&poly);
	sr_writer_init(body, SR_OP_MAX);
	epoch_deal_write(body, deal, n);
	ck_ok(sr_writer_finish(body));
	free(deal);
}

/* What an honest member would acknowledge, from the boxes in the state. */
static void puppet_ack(struct puppet *p, struct sr_writer *body, const struct vault_tree *state)
{
	static const char info[] = "strongroom epoch secret v1";
	struct epoch_deal *deal = malloc(sizeof(*deal));
	uint8_t context[EPOCH_CONTEXT_BYTES], salt[56];
	struct sr_scalar shares[SR_MEMBERS_MAX], sum;
	struct sr_key32 contributions[SR_MEMBERS_MAX], secret, shielding;
	struct epoch_change change;
	struct epoch_set set;
	struct shamir_proof proof;
	struct sr_point key;
	struct sr_xpk xpk;
	size_t n = 0;

	ck_assert_ptr_nonnull(deal);
	ck_assert(epoch_change_get(&change, state));
	set = epoch_dealers(&change);
	for (uint32_t i = 0; i < change.n; i++) {
		if (!epoch_set_has(&set, i))
			continue;
		ck_ok(epoch_deal_get(deal, state, &change, i));
		epoch_context_bytes(context, &p->ctx.chain_id, 1, i, p->member, EPOCH_ABOUT_SHARE);
		ck_ok(shamir_subshare_open(&shares[n], &deal->shares[p->member], &p->box, context,
		    sizeof(context)));
		epoch_context_bytes(context, &p->ctx.chain_id, 1, i, p->member,
		    EPOCH_ABOUT_CONTRIBUTION);
		ck_ok(shamir_box_open32(&contributions[n], &deal->contributions[p->member], &p->box,
		    context, sizeof(context)));
		n++;
	}
	shamir_dkg_sum_shares(&sum, shares, n);
	epoch_ack_context(salt, &p->ctx.chain_id, 1, &set);
	ck_ok(sr_hkdf(secret.b, 32, (const uint8_t *)contributions, 32 * n, salt, sizeof(salt),
	    (const uint8_t *)info, sizeof(info) - 1));
	ck_ok(sr_key_derive(&shielding, &secret, "strongroom shielding v1", NULL, 0));
	sr_x25519_public(&xpk, &shielding);
	sr_point_base_mul(&key, &sum);
	ck_ok(shamir_pok_prove(&proof, &sum, &key, salt, sizeof(salt), &p->c->drbg));
	sr_writer_init(body, 256);
	sr_write_copy(body, set.b, sizeof(set.b));
	shamir_proof_write(body, &proof);
	sr_write_xpk(body, &xpk);
	ck_ok(sr_writer_finish(body));
	free(deal);
}

struct count { uint32_t node; uint32_t dealt, excluded; };

static bool counted(struct cluster *c, void *ctx)
{
	const struct count *want = ctx;
	struct epoch_change change;

	return change_of(&change, c, want->node) && epoch_set_count(&change.dealt) >= want->dealt &&
	    epoch_set_count(&change.excluded) >= want->excluded;
}

static void bad_dealer(uint64_t seed, enum epoch_about about)
{
	struct cluster *c = made(4, seed);
	struct puppet *p = puppet_new(c, 3);
	struct epoch_change change;
	struct shamir_commitments *group = malloc(sizeof(*group));
	struct sr_writer body;

	ck_assert_ptr_nonnull(group);
	for (uint32_t i = 0; i < 3; i++)
		cluster_start(c, i);
	puppet_deal(p, &body, 1, about);
	puppet_send(p, EPOCH_OP_DEAL, &body);
	sr_writer_clear(&body);
	ck_assert(cluster_run_until(c, counted, &(struct count){ 0, 4, 1 }, 60000));
	ck_assert(change_of(&change, c, 0));
	ck_assert(epoch_set_has(&change.excluded, 3));
	ck_assert_uint_eq(epoch_set_count(&change.excluded), 1);
	cluster_run(c, 5000);
	puppet_ack(p, &body, enclave_core_final_state(c->nodes[0].core));
	ck_ok(epoch_group(group, enclave_core_final_state(c->nodes[0].core), &change, p->record,
	    NULL));
	puppet_send(p, EPOCH_OP_ACK, &body);
	sr_writer_clear(&body);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	all_agree(c);
	/* The key is the sum of the three honest dealings. */
	ck_assert_mem_eq(group->a[0].b, enclave_core_epoch(c->nodes[0].core)->vault_key, 32);
	free(group);
	puppet_free(p);
	cluster_free(c);
}

START_TEST(who_deals_a_wrong_share_is_excluded_by_a_complaint)
{
	bad_dealer(31, EPOCH_ABOUT_SHARE);
}
END_TEST

START_TEST(who_deals_different_contributions_is_excluded_by_a_complaint)
{
	bad_dealer(32, EPOCH_ABOUT_CONTRIBUTION);
}
END_TEST

static enum sr_error apply_as(struct puppet *p, struct vault_tree **t, enum epoch_op_kind kind,
    const struct sr_writer *body)
{
	struct sr_writer w;
	struct vault_op op;
	struct epoch_role role;
	enum sr_error error;

	puppet_op(p, &w, kind, body);
	ck_ok(epoch_op_check(&op, &role, &p->ctx, *t, w.p, w.n));
	ck_assert_uint_eq(role.now, p->member);
	ck_assert_uint_eq(role.next, p->member);
	error = epoch_apply(t, &p->ctx, &op, &role);
	sr_writer_clear(&w);
	return error;
}

/* The state of a change where members 0 to 2 have dealt honestly. */
static struct vault_tree *dealt_by_three(struct cluster *c)
{
	for (uint32_t i = 0; i < 3; i++)
		cluster_start(c, i);
	ck_assert(cluster_run_until(c, counted, &(struct count){ 0, 3, 0 }, 60000));
	return vault_tree_ref(enclave_core_final_state(c->nodes[0].core));
}

/* The dealing in body with what the change does to it. */
static enum sr_error changed_deal(struct puppet *p, const struct vault_tree *t,
    const struct sr_writer *body, void (*change_it)(struct epoch_deal *, const struct epoch_deal *))
{
	struct epoch_deal *deal = malloc(sizeof(*deal)), *other = malloc(sizeof(*other));
	struct vault_tree *changed = vault_tree_ref((struct vault_tree *)(uintptr_t)t);
	struct epoch_change change;
	struct sr_writer w;
	struct sr_reader r;
	enum sr_error error;

	ck_assert(deal != NULL && other != NULL);
	ck_assert(epoch_change_get(&change, t));
	ck_ok(epoch_deal_get(other, t, &change, 0));
	sr_reader_init(&r, body->p, body->n);
	epoch_deal_read(deal, &r, change.n, change.threshold);
	ck_ok(sr_reader_finish(&r));
	change_it(deal, other);
	sr_writer_init(&w, SR_OP_MAX);
	epoch_deal_write(&w, deal, change.n);
	ck_ok(sr_writer_finish(&w));
	error = apply_as(p, &changed, EPOCH_OP_DEAL, &w);
	sr_writer_clear(&w);
	vault_tree_unref(changed);
	free(deal);
	free(other);
	return error;
}

static void nothing(struct epoch_deal *deal, const struct epoch_deal *other)
{
	(void)deal;
	(void)other;
}

/* The receivers' complaints would open the other dealer's boxes. */
static void borrow_r(struct epoch_deal *deal, const struct epoch_deal *other)
{
	for (uint32_t i = 0; i < 4; i++) {
		memcpy(deal->shares[i].b, other->shares[i].b, 32);
		memcpy(deal->contributions[i].b, other->shares[i].b, 32);
	}
}

static void borrow_r_and_proof(struct epoch_deal *deal, const struct epoch_deal *other)
{
	borrow_r(deal, other);
	deal->boxes = other->boxes;
}

static void borrow_r_for_one_share(struct epoch_deal *deal, const struct epoch_deal *other)
{
	memcpy(deal->shares[2].b, other->shares[2].b, 32);
}

static void borrow_r_for_one_contribution(struct epoch_deal *deal, const struct epoch_deal *other)
{
	memcpy(deal->contributions[1].b, other->shares[1].b, 32);
}

static void same_group(const struct puppet *p, const struct vault_tree *t,
    struct epoch_memo *memo)
{
	struct shamir_commitments *got = malloc(sizeof(*got)), *want = malloc(sizeof(*want));
	struct epoch_change change;

	ck_assert(got != NULL && want != NULL);
	ck_assert(epoch_change_get(&change, t));
	ck_ok(epoch_group(want, t, &change, p->record, NULL));
	ck_ok(epoch_group(got, t, &change, p->record, memo));
	ck_assert_mem_eq(got, want, sizeof(*got));
	free(got);
	free(want);
}

START_TEST(a_remembered_sum_is_the_sum_of_just_these_dealings)
{
	struct cluster *c = made(4, 52);
	struct puppet *p = puppet_new(c, 3);
	struct vault_tree *three = dealt_by_three(c), *four = vault_tree_ref(three);
	struct vault_tree *other = vault_tree_ref(three);
	struct epoch_memo *memo = calloc(1, sizeof(*memo));
	struct shamir_commitments *group = malloc(sizeof(*group));
	struct epoch_change change;
	struct sr_writer body;

	ck_assert(memo != NULL && group != NULL);
	puppet_deal(p, &body, 4, EPOCH_ABOUT_SHARE);
	ck_ok(apply_as(p, &four, EPOCH_OP_DEAL, &body));
	sr_writer_clear(&body);
	puppet_deal(p, &body, 4, EPOCH_ABOUT_SHARE);
	ck_ok(apply_as(p, &other, EPOCH_OP_DEAL, &body));
	sr_writer_clear(&body);
	/* More dealers, and another dealing of the same dealer on another branch. */
	for (int round = 0; round < 2; round++) {
		same_group(p, three, memo);
		same_group(p, three, memo);
		same_group(p, four, memo);
		same_group(p, other, memo);
	}
	/* It is looked at: a wrong one would be told. */
	memo->group.a[0] = sr_point_base;
	ck_assert(epoch_change_get(&change, other));
	ck_ok(epoch_group(group, other, &change, p->record, memo));
	ck_assert_mem_eq(group->a[0].b, sr_point_base.b, 32);
	free(group);
	free(memo);
	vault_tree_unref(other);
	vault_tree_unref(four);
	vault_tree_unref(three);
	puppet_free(p);
	cluster_free(c);
}
END_TEST

START_TEST(a_dealer_must_know_what_his_boxes_are_sealed_with)
{
	struct cluster *c = made(4, 51);
	struct puppet *p = puppet_new(c, 3);
	struct vault_tree *t = dealt_by_three(c);
	struct sr_writer body;

	puppet_deal(p, &body, 4, EPOCH_ABOUT_SHARE);
	ck_ok(changed_deal(p, t, &body, nothing));
	ck_error(changed_deal(p, t, &body, borrow_r), SR_ERR_BAD_PROOF);
	ck_error(changed_deal(p, t, &body, borrow_r_and_proof), SR_ERR_BAD_PROOF);
	ck_error(changed_deal(p, t, &body, borrow_r_for_one_share), SR_ERR_BAD_PROOF);
	ck_error(changed_deal(p, t, &body, borrow_r_for_one_contribution), SR_ERR_BAD_PROOF);
	sr_writer_clear(&body);
	vault_tree_unref(t);
	puppet_free(p);
	cluster_free(c);
}
END_TEST

static void complaint_body(struct puppet *p, struct sr_writer *body, const struct vault_tree *t,
    uint32_t dealer)
{
	uint8_t context[EPOCH_CONTEXT_BYTES];
	struct epoch_deal *deal = malloc(sizeof(*deal));
	struct shamir_complaint complaint;
	struct epoch_change change;

	ck_assert_ptr_nonnull(deal);
	ck_assert(epoch_change_get(&change, t));
	ck_ok(epoch_deal_get(deal, t, &change, dealer));
	epoch_context_bytes(context, &p->ctx.chain_id, 1, dealer, p->member, EPOCH_ABOUT_SHARE);
	ck_ok(shamir_complaint_make(&complaint, &deal->shares[p->member], &p->box, context,
	    sizeof(context), &p->c->drbg));
	sr_writer_init(body, 256);
	sr_write_u32(body, dealer);
	sr_write_u8(body, EPOCH_ABOUT_SHARE);
	shamir_complaint_write(body, &complaint);
	ck_ok(sr_writer_finish(body));
	free(deal);
}

START_TEST(a_false_complaint_is_refused_and_a_true_one_is_not)
{
	struct cluster *c = made(4, 33);
	struct puppet *three = puppet_new(c, 3), *one = puppet_new(c, 1);
	struct vault_tree *t = dealt_by_three(c);
	struct sr_hash32 before = vault_tree_root(t), after;
	struct sr_writer body;

	complaint_body(three, &body, t, 0);
	ck_error(apply_as(three, &t, EPOCH_OP_COMPLAINT, &body), SR_ERR_BAD_PROOF);
	after = vault_tree_root(t);
	ck_assert(sr_hash32_equal(&before, &after));
	sr_writer_clear(&body);
	puppet_deal(three, &body, 1, EPOCH_ABOUT_SHARE);
	ck_ok(apply_as(three, &t, EPOCH_OP_DEAL, &body));
	sr_writer_clear(&body);
	complaint_body(one, &body, t, 3);
	ck_ok(apply_as(one, &t, EPOCH_OP_COMPLAINT, &body));
	ck_error(apply_as(one, &t, EPOCH_OP_COMPLAINT, &body), SR_ERR_EPOCH_STEP);
	sr_writer_clear(&body);
	vault_tree_unref(t);
	puppet_free(three);
	puppet_free(one);
	cluster_free(c);
}
END_TEST

START_TEST(steps_out_of_turn_are_refused)
{
	struct cluster *c = made(4, 34);
	struct puppet *p = puppet_new(c, 3), *zero = puppet_new(c, 0);
	struct vault_tree *t = dealt_by_three(c);
	struct sr_writer deal, ack;

	puppet_ack(p, &ack, t);
	ck_error(apply_as(p, &t, EPOCH_OP_ACK, &ack), SR_ERR_EPOCH_STEP);
	puppet_deal(p, &deal, 4, EPOCH_ABOUT_SHARE);
	ck_ok(apply_as(p, &t, EPOCH_OP_DEAL, &deal));
	ck_error(apply_as(p, &t, EPOCH_OP_DEAL, &deal), SR_ERR_EPOCH_STEP);
	/* The acknowledgement of the smaller set, then of another's share. */
	ck_error(apply_as(p, &t, EPOCH_OP_ACK, &ack), SR_ERR_EPOCH_STEP);
	sr_writer_clear(&ack);
	puppet_ack(p, &ack, t);
	ck_error(apply_as(zero, &t, EPOCH_OP_ACK, &ack), SR_ERR_BAD_PROOF);
	ck_ok(apply_as(p, &t, EPOCH_OP_ACK, &ack));
	ck_error(apply_as(p, &t, EPOCH_OP_ACK, &ack), SR_ERR_EPOCH_STEP);
	ck_assert(!epoch_ready(t, p->record));
	sr_writer_clear(&deal);
	sr_writer_clear(&ack);
	vault_tree_unref(t);
	puppet_free(p);
	puppet_free(zero);
	cluster_free(c);
}
END_TEST

START_TEST(a_member_s_operation_is_checked_for_chain_epoch_member_and_signature)
{
	struct cluster *c = made(4, 35);
	struct puppet *p = puppet_new(c, 2);
	struct sr_writer body, w;
	struct sr_edpk pk;
	struct vault_op op;
	struct epoch_role role;

	sr_writer_init(&body, 16);
	sr_write_u8(&body, 1);
	puppet_op(p, &w, EPOCH_OP_ACK, &body);
	ck_ok(epoch_op_check(&op, &role, &p->ctx, NULL, w.p, w.n));
	p->record->epoch = 1;
	ck_error(epoch_op_check(&op, &role, &p->ctx, NULL, w.p, w.n), SR_ERR_WRONG_EPOCH);
	p->record->epoch = 0;
	p->ctx.chain_id.b[3] ^= 1;
	ck_error(epoch_op_check(&op, &role, &p->ctx, NULL, w.p, w.n), SR_ERR_WRONG_CHAIN);
	p->ctx.chain_id.b[3] ^= 1;
	w.p[w.n - 1] ^= 1;
	ck_error(epoch_op_check(&op, &role, &p->ctx, NULL, w.p, w.n), SR_ERR_BAD_SIGNATURE);
	sr_writer_clear(&w);
	sr_ed25519_keypair(&p->vote, &pk, &(struct sr_key32){ { 77 } });
	puppet_op(p, &w, EPOCH_OP_ACK, &body);
	ck_error(epoch_op_check(&op, &role, &p->ctx, NULL, w.p, w.n), SR_ERR_NOT_A_MEMBER);
	sr_writer_clear(&w);
	sr_writer_clear(&body);
	puppet_free(p);
	cluster_free(c);
}
END_TEST

/* ------------------------------------------------------------------------------------- restarts */

struct crash { uint32_t node; unsigned at, seen; bool done; };

static void crash_hook(void *ctx, struct cluster *c, uint32_t node, const struct enclave_effect *fx)
{
	struct crash *crash = ctx;

	if (node != crash->node || crash->done || fx->kind != ENCLAVE_FX_PERSIST)
		return;
	if (++crash->seen < crash->at)
		return;
	crash->done = true;
	cluster_kill(c, node, true);
}

START_TEST(a_crash_before_any_persist_of_the_change_is_survived)
{
	unsigned at = 1;
	bool crashed = true;

	for (; crashed; at += 2) {
		struct cluster *c = made(4, 40);
		struct crash crash = { .node = 1, .at = at };

		c->hooks.ctx = &crash;
		c->hooks.effect = crash_hook;
		cluster_start_all(c);
		for (unsigned i = 0; i < 1200 && !crash.done; i++)
			if (c->nodes[1].core == NULL ||
			    enclave_core_epoch(c->nodes[1].core)->epoch == 0)
				cluster_run(c, 50);
		crashed = crash.done;
		if (crashed) {
			cluster_run(c, 700);
			cluster_start(c, 1);
		}
		ck_assert_msg(cluster_run_epoch(c, 1, 120000), "crash at persist %u", at);
		ck_assert_msg(c->nodes[1].core != NULL, "crash at persist %u", at);
		all_agree(c);
		ck_assert_msg(cluster_run_height(c, cluster_height(c, 0) + 3, 60000),
		    "crash at persist %u", at);
		cluster_free(c);
		if (at > 200)
			break;
	}
	ck_assert_uint_gt(at, 20);
}
END_TEST

static bool acked_by_three(struct cluster *c, void *ctx)
{
	struct epoch_change change;

	(void)ctx;
	return change_of(&change, c, 3) && epoch_set_has(&change.acked, 3);
}

static void laggard(uint64_t seed, bool restart_others, uint64_t away_ms)
{
	struct cluster *c = made(4, seed);

	cluster_start_all(c);
	ck_assert(cluster_run_until(c, acked_by_three, NULL, 60000));
	cluster_kill(c, 3, true);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	cluster_run(c, away_ms);
	if (restart_others)
		for (uint32_t i = 0; i < 3; i++) {
			cluster_kill(c, i, true);
			cluster_start(c, i);
			ck_assert(c->nodes[i].core != NULL);
		}
	cluster_run(c, 20000);
	cluster_start(c, 3);
	ck_assert_uint_eq(enclave_core_epoch(c->nodes[3].core)->epoch, 0);
	ck_assert(cluster_run_epoch(c, 1, 120000));
	all_agree(c);
	ck_assert(cluster_run_height(c, cluster_height(c, 0) + 5, 120000));
	cluster_free(c);
}

START_TEST(a_node_that_was_away_for_the_close_catches_up)
{
	laggard(51, false, 1000);
	laggard(52, false, 300000);
}
END_TEST

START_TEST(it_does_so_from_peers_that_restarted_meanwhile)
{
	laggard(53, true, 1000);
	laggard(54, true, 300000);
}
END_TEST

/* --------------------------------------------------------------------------------------- wiping */

static bool acked_by_all(struct cluster *c, void *ctx)
{
	struct epoch_change change;

	(void)ctx;
	return change_of(&change, c, 0) && epoch_set_count(&change.acked) == c->n;
}

/* CORE_CONSENSUS, epoch; version, VOTES, epoch; one vote: FINAL. ctx: lose it? */
static bool final_lost(void *ctx, struct cluster *c, uint32_t from, uint32_t to,
    const uint8_t *msg, size_t n, uint64_t *delay_ms)
{
	const bool *lose = ctx;

	(void)c;
	(void)from;
	(void)to;
	(void)delay_ms;
	return !*lose ||
	    !(n > 22 && msg[0] == 1 && msg[10] == 2 && msg[19] == 1 && msg[21] == 3);
}

/* As many blocks as may follow it without one being final. */
START_TEST(a_close_block_that_is_final_only_after_a_hundred_more_ends_the_epoch)
{
	struct cluster *c = made(4, 71);
	bool lose = false;

	c->hooks.ctx = &lose;
	c->hooks.message = final_lost;
	cluster_start_all(c);
	ck_assert(cluster_run_until(c, acked_by_all, NULL, 60000));
	lose = true;
	cluster_run(c, 100 * 320);
	ck_assert_uint_eq(enclave_core_epoch(c->nodes[0].core)->epoch, 0);
	lose = false;
	ck_assert(cluster_run_epoch(c, 1, 60000));
	cluster_kill(c, 2, true);
	cluster_start(c, 2);
	ck_assert(!c->nodes[2].fatal);
	ck_assert(cluster_run_height(c, cluster_height(c, 0) + 5, 60000));
	cluster_free(c);
}
END_TEST

START_TEST(the_genesis_vote_key_is_wiped_from_the_identity_in_epoch_one)
{
	struct cluster *c = made(4, 60);
	uint8_t *first;
	size_t n;

	cluster_start_all(c);
	n = c->nodes[0].identity_n;
	first = malloc(n);
	ck_assert_ptr_nonnull(first);
	memcpy(first, c->nodes[0].identity, n);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	cluster_run(c, 3000);
	ck_assert_uint_eq(c->nodes[0].identity_n, n);
	ck_assert_mem_ne(c->nodes[0].identity, first, n);
	/* Without its data the node says that it can't come back, instead of voting again in
	 * epoch 0. */
	cluster_kill(c, 0, true);
	cluster_wipe(c, 0);
	cluster_start(c, 0);
	ck_assert(c->nodes[0].fatal);
	ck_error(c->nodes[0].error, SR_ERR_FOREIGN_DATA);
	free(first);
	cluster_free(c);
}
END_TEST

/* A dealing of 0 would leave the key to the others; a lower degree would need fewer shares. */
START_TEST(a_dealing_of_zero_of_a_lower_degree_or_of_another_s_key_is_refused)
{
	struct cluster *c = made(4, 36);
	struct puppet *p = puppet_new(c, 3);
	struct vault_tree *t = dealt_by_three(c);
	struct sr_writer body;
	struct sr_sig64 sig;

	for (unsigned k = 0; k < 2; k++) {
		/* attempt, vote key, its signature, contribution, proof, count; then the
		 * commitments */
		size_t at = 4 + 32 + 64 + 32 + SHAMIR_PROOF_SIZE + 4 + 32u * k;

		puppet_deal(p, &body, 4, EPOCH_ABOUT_SHARE);
		memset(body.p + at, 0, 32); /* the identity */
		ck_error(apply_as(p, &t, EPOCH_OP_DEAL, &body), SR_ERR_DEALING_BAD);
		sr_writer_clear(&body);
	}
	/* A second use of a key would let one signer count as two. */
	puppet_deal(p, &body, 4, EPOCH_ABOUT_SHARE);
	memcpy(body.p + 4, p->record->members[0].vote_key.b, 32);
	ck_error(apply_as(p, &t, EPOCH_OP_DEAL, &body), SR_ERR_BAD_SIGNATURE);
	memcpy(body.p + 4, p->record->members[3].vote_key.b, 32);
	epoch_vote_sign(&sig, &p->vote, &p->ctx.chain_id, 1, 0, p->member);
	memcpy(body.p + 36, sig.b, sizeof(sig.b));
	ck_error(apply_as(p, &t, EPOCH_OP_DEAL, &body), SR_ERR_DUPLICATE);
	sr_writer_clear(&body);
	vault_tree_unref(t);
	puppet_free(p);
	cluster_free(c);
}
END_TEST

TEST_MAIN("enclave epoch", four_members_make_a_vault_key_and_enter_epoch_one,
    three_and_seven_members_do_too, nobody_enters_epoch_one_before_all_have_acknowledged,
    who_deals_a_wrong_share_is_excluded_by_a_complaint,
    a_remembered_sum_is_the_sum_of_just_these_dealings,
    a_dealer_must_know_what_his_boxes_are_sealed_with,
    who_deals_different_contributions_is_excluded_by_a_complaint,
    a_false_complaint_is_refused_and_a_true_one_is_not, steps_out_of_turn_are_refused,
    a_member_s_operation_is_checked_for_chain_epoch_member_and_signature,
    a_crash_before_any_persist_of_the_change_is_survived,
    a_node_that_was_away_for_the_close_catches_up,
    it_does_so_from_peers_that_restarted_meanwhile,
    a_close_block_that_is_final_only_after_a_hundred_more_ends_the_epoch,
    the_genesis_vote_key_is_wiped_from_the_identity_in_epoch_one,
    a_dealing_of_zero_of_a_lower_degree_or_of_another_s_key_is_refused)
