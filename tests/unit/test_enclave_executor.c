/* What makes a block valid: blocks of the test's making, offered to the executor of a real core. */
#include <stdlib.h>
#include <string.h>

#include "enclave/internal.h"
#include "tests/lib/check_main.h"
#include "tests/lib/cluster.h"

#define NODES 4u

/* Node 0 of a cluster, taken out of its loop. */
struct stage {
	struct cluster *c;
	struct enclave_core *core;
	struct enclave_effects effects;
	struct cluster_key key;
};

static void stage_take(struct stage *s)
{
	const struct sr_key32 seed = { { 3 } };

	s->core = s->c->nodes[0].core;
	enclave_effects_init(&s->effects);
	s->core->out = &s->effects;
	sr_drbg_init(&s->core->drbg, &seed);
}

static void stage_open(struct stage *s, uint64_t seed)
{
	memset(s, 0, sizeof(*s));
	s->c = cluster_new(&(struct cluster_options){ .n = NODES, .seed = seed });
	s->c->quiet = true;
	cluster_start_all(s->c);
	ck_assert(cluster_run_epoch(s->c, 1, 60000));
	cluster_key_make(&s->key, s->c);
	stage_take(s);
}

static void stage_close(struct stage *s)
{
	s->core->out = NULL;
	enclave_effects_clear(&s->effects);
	cluster_free(s->c);
}

static void rehash(struct consensus_block *b)
{
	b->header.ops_root = sr_hash(b->body.p, b->body.n);
	b->hash = consensus_header_hash(&b->header);
}

/* An empty block on the last final one. */
static struct consensus_block block_on(const struct stage *s, const struct exec_block *parent)
{
	struct consensus_block b = { .header = {
		.chain_id = s->core->genesis->chain_id,
		.epoch = s->core->now->record.epoch,
		.slot = parent->header.slot + 1,
		.height = parent->header.height + 1,
		.parent_slot = parent->header.slot,
		.parent_hash = parent->hash,
		.time_ms = parent->header.time_ms + 300,
		.pre_state_root = vault_tree_root(parent->tree),
	} };

	rehash(&b);
	return b;
}

static enum sr_error check(struct stage *s, struct consensus_block *b)
{
	rehash(b);
	return exec_check(s->core, s->core->now, b);
}

/* A mint by this key with this nonce, as it stands in a body. */
static void mint_write(struct sr_writer *body, struct stage *s, uint64_t nonce)
{
	union vault_op_body mint = { .nft_mint = { 0, s->key.account,
		{ (const uint8_t *)"x", 1 } } };
	struct sr_writer op;

	s->key.nonce = nonce;
	sr_writer_init(&op, SR_OP_MAX);
	cluster_op_write(&op, s->c, &s->key, VAULT_OP_NFT_MINT, &mint);
	sr_write_blob(body, op.p, op.n);
	ck_ok(body->error);
	sr_writer_clear(&op);
}

START_TEST(a_block_names_the_state_root_before_it)
{
	struct consensus_block b;
	struct stage s;

	stage_open(&s, 51);
	b = block_on(&s, s.core->final);
	ck_ok(check(&s, &b));
	b.header.pre_state_root.b[31] ^= 1;
	ck_error(check(&s, &b), SR_ERR_BAD_STATE_ROOT);
	stage_close(&s);
}
END_TEST

START_TEST(a_body_is_operations_and_nothing_else)
{
	struct consensus_block b;
	struct sr_writer body;
	struct stage s;

	stage_open(&s, 52);
	sr_writer_init(&body, 100000);
	mint_write(&body, &s, 0);
	b = block_on(&s, s.core->final);
	b.body = (struct sr_bytes){ body.p, body.n };
	ck_ok(check(&s, &b));
	sr_write_u8(&body, 7); /* half of a length */
	b.body = (struct sr_bytes){ body.p, body.n };
	ck_error(check(&s, &b), SR_ERR_TRUNCATED);
	sr_writer_clear(&body);
	stage_close(&s);
}
END_TEST

START_TEST(an_operation_that_leaves_no_trace_has_no_place_in_a_block)
{
	struct consensus_block b;
	struct sr_writer body;
	struct stage s;

	stage_open(&s, 53);
	sr_writer_init(&body, 100000);
	mint_write(&body, &s, 0);
	mint_write(&body, &s, 0);
	b = block_on(&s, s.core->final);
	b.body = (struct sr_bytes){ body.p, body.n };
	ck_error(check(&s, &b), SR_ERR_NONCE_REPLAYED);
	sr_writer_clear(&body);
	stage_close(&s);
}
END_TEST

/* Ten milliseconds is the least that a block may cost: 83 plain operations of 120 us. */
START_TEST(a_block_has_a_budget)
{
	struct consensus_block b;
	struct sr_writer body;
	struct stage s;

	stage_open(&s, 54);
	s.core->genesis->slot_ms = 10;
	sr_writer_init(&body, 1000000);
	for (uint64_t i = 0; i < 83; i++)
		mint_write(&body, &s, i);
	b = block_on(&s, s.core->final);
	b.body = (struct sr_bytes){ body.p, body.n };
	ck_ok(check(&s, &b));
	mint_write(&body, &s, 83);
	b.body = (struct sr_bytes){ body.p, body.n };
	ck_error(check(&s, &b), SR_ERR_BLOCK_LIMIT);
	sr_writer_clear(&body);
	stage_close(&s);
}
END_TEST

START_TEST(before_the_first_key_a_block_carries_no_clients_operations)
{
	struct consensus_block b;
	struct sr_writer body;
	struct stage s = { 0 };

	s.c = cluster_new(&(struct cluster_options){ .n = NODES, .seed = 55 });
	s.c->quiet = true;
	cluster_start(s.c, 0);
	cluster_key_make(&s.key, s.c);
	stage_take(&s);
	sr_writer_init(&body, 100000);
	mint_write(&body, &s, 0);
	b = block_on(&s, s.core->final);
	b.body = (struct sr_bytes){ body.p, body.n };
	ck_error(check(&s, &b), SR_ERR_EPOCH_STEP);
	sr_writer_clear(&body);
	stage_close(&s);
}
END_TEST

/* A remembered verdict is for one operation in one epoch. */
START_TEST(a_verdict_is_for_the_very_same_operation)
{
	struct consensus_header header;
	struct vault_block block;
	struct sr_writer body;
	struct vault_op op;
	struct stage s;
	size_t slot;

	stage_open(&s, 56);
	header = block_on(&s, s.core->final).header;
	block = exec_vault_block(s.core, &header, s.core->final);
	sr_writer_init(&body, 100000);
	mint_write(&body, &s, 0);
	body.p[body.n - 1] ^= 1; /* the signature is wrong now */
	ck_ok(vault_op_decode(&op, body.p + 4, body.n - 4));
	ck_error(exec_op_verdict(s.core, &op, &block), SR_ERR_BAD_SIGNATURE);
	slot = ((size_t)op.hash.b[0] | (size_t)op.hash.b[1] << 8) % CORE_VERDICTS;
	s.core->verdicts[slot] = op.hash;
	s.core->verdicts[slot].b[31] ^= 1;
	ck_error(exec_op_verdict(s.core, &op, &block), SR_ERR_BAD_SIGNATURE);
	body.p[body.n - 1] ^= 1;
	ck_ok(vault_op_decode(&op, body.p + 4, body.n - 4));
	ck_ok(exec_op_verdict(s.core, &op, &block));
	block.epoch++;
	ck_error(exec_op_verdict(s.core, &op, &block), SR_ERR_WRONG_EPOCH);
	sr_writer_clear(&body);
	stage_close(&s);
}
END_TEST

START_TEST(only_a_child_of_the_last_final_block_is_committed)
{
	struct consensus_block a, b;
	struct stage s;

	stage_open(&s, 57);
	a = block_on(&s, s.core->final);
	ck_ok(check(&s, &a));
	b = a;
	b.header.slot++;
	b.header.height++;
	b.header.parent_slot = a.header.slot;
	b.header.parent_hash = a.hash;
	b.header.time_ms += 300;
	b.header.pre_state_root = vault_tree_root(exec_tip(s.core)->tree);
	for (const struct exec_block *e = s.core->blocks; e != NULL; e = e->next)
		if (sr_hash32_equal(&e->hash, &a.hash))
			b.header.pre_state_root = vault_tree_root(e->tree);
	ck_ok(check(&s, &b));
	ck_error(exec_commit(s.core, s.core->now, &b, NULL, NULL), SR_ERR_INTERNAL);
	ck_ok(exec_commit(s.core, s.core->now, &a, NULL, NULL));
	ck_ok(exec_commit(s.core, s.core->now, &b, NULL, NULL));
	stage_close(&s);
}
END_TEST

/* --- CLOSE --- */

static bool may_close(struct cluster *c, void *ctx)
{
	const struct enclave_core *core = c->nodes[0].core;

	(void)ctx;
	return epoch_ready(core->final->tree, &core->now->record);
}

START_TEST(an_epoch_is_not_closed_before_its_time)
{
	struct consensus_block b;
	struct stage s;

	stage_open(&s, 58);
	b = block_on(&s, s.core->final);
	b.header.flags = CONSENSUS_CLOSE;
	ck_error(check(&s, &b), SR_ERR_EPOCH_STEP);
	stage_close(&s);
}
END_TEST

START_TEST(a_close_block_comes_when_it_must_and_says_what_follows)
{
	struct consensus_block good, b;
	struct sr_writer body;
	struct stage s = { 0 };

	s.c = cluster_new(&(struct cluster_options){ .n = NODES, .seed = 59 });
	s.c->quiet = true;
	cluster_start_all(s.c);
	ck_assert(cluster_run_until(s.c, may_close, NULL, 60000));
	stage_take(&s);
	b = block_on(&s, s.core->final);
	ck_error(check(&s, &b), SR_ERR_EPOCH_STEP);
	good = block_on(&s, s.core->final);
	sr_writer_init(&body, 1000);
	ck_ok(exec_build(s.core, s.core->now, &good.header, &body));
	ck_assert((good.header.flags & CONSENSUS_CLOSE) != 0);
	ck_assert_uint_eq(body.n, 0);
	b = good;
	b.header.next_roster_root.b[0] ^= 1;
	ck_error(check(&s, &b), SR_ERR_BAD_STATE_ROOT);
	b = good;
	b.header.post_state_root.b[0] ^= 1;
	ck_error(check(&s, &b), SR_ERR_BAD_STATE_ROOT);
	b = good;
	b.body = (struct sr_bytes){ (const uint8_t *)"x", 1 };
	ck_error(check(&s, &b), SR_ERR_EPOCH_STEP);
	ck_ok(check(&s, &good));
	stage_close(&s);
}
END_TEST

/* A verdict of a node on what nobody waits for (any more), as it lies in node 0's pool. */
static void late_verdict_pool(struct stage *s, uint32_t node, uint8_t about)
{
	struct epoch_context ctx = core_epoch_context(s->core);
	const struct sr_hash32 subject = { { 7, about } };
	struct sr_writer body, w;
	struct vault_op op;

	sr_writer_init(&body, 1000);
	sr_writer_init(&w, 1000);
	roster_verdict_write(&body, &subject, SR_ERR_BINDING, NULL);
	ck_ok(epoch_op_write(&w, &ctx, EPOCH_OP_VERDICT,
	    &s->c->nodes[node].core->keys->now.vote, body.p, body.n));
	ck_ok(vault_op_decode(&op, w.p, w.n));
	ck_ok(pool_add(s->core->pool, s->core, &op, w.p, w.n, false));
	sr_writer_clear(&body);
	sr_writer_clear(&w);
}

/* Else what came too late would fill its member's room in every pool until the epoch ends. */
START_TEST(a_member_s_operation_that_came_too_late_leaves_the_pool)
{
	struct consensus_block b;
	struct sr_writer body;
	struct stage s;

	stage_open(&s, 62);
	late_verdict_pool(&s, 1, 0);
	b = block_on(&s, s.core->final);
	sr_writer_init(&body, 1000);
	ck_ok(exec_build(s.core, s.core->now, &b.header, &body));
	ck_assert_uint_eq(body.n, 0);
	ck_assert_uint_eq(pool_count(s.core->pool), 0);
	sr_writer_clear(&body);
	stage_close(&s);
}
END_TEST

static void mint_pool(struct stage *s, uint64_t nonce)
{
	struct sr_writer body;
	struct sr_bytes bytes;
	struct sr_reader r;
	struct vault_op op;

	sr_writer_init(&body, 1000);
	mint_write(&body, s, nonce);
	sr_reader_init(&r, body.p, body.n);
	bytes = sr_read_blob(&r, SR_OP_MAX);
	ck_ok(vault_op_decode(&op, bytes.p, bytes.n));
	ck_ok(pool_add(s->core->pool, s->core, &op, bytes.p, bytes.n, false));
	sr_writer_clear(&body);
}

/* How many operations a block has that is built now. */
static uint32_t built_ops(struct stage *s)
{
	struct consensus_block b = block_on(s, s->core->final);
	struct sr_writer body;

	sr_writer_init(&body, SR_BLOCK_MAX);
	ck_ok(exec_build(s->core, s->core->now, &b.header, &body));
	sr_writer_clear(&body);
	return s->core->built.ops_n;
}

/* The least budget of ten milliseconds, twice: twenty of members' operations of one. */
START_TEST(what_fails_takes_of_a_builder_s_time_and_keeps_nobody_out)
{
	struct stage s;

	stage_open(&s, 63);
	s.core->genesis->slot_ms = 10;
	for (uint8_t i = 0; i < CORE_POOL_MEMBER_MAX; i++)
		for (uint32_t node = 1; node < NODES; node++)
			late_verdict_pool(&s, node, i);
	ck_assert_uint_eq(built_ops(&s), 0);
	ck_assert_uint_eq(s.core->built.tried, 20);
	ck_assert_uint_eq(pool_count(s.core->pool), 3 * CORE_POOL_MEMBER_MAX - 20);
	/* There may be something good among the rest. */
	ck_assert(pool_has_work(s.core->pool));
	for (uint64_t i = 0; i < 5; i++)
		mint_pool(&s, i);
	ck_assert_uint_eq(built_ops(&s), 5);
	ck_assert_uint_le(s.core->built.tried, 25);
	stage_close(&s);
}
END_TEST

/* Blocks that are not final yet may hold many times what goes into the next one. */
START_TEST(what_is_in_a_block_already_takes_nothing_of_a_builder_s_time)
{
	struct consensus_block b;
	struct sr_writer body;
	struct stage s;

	stage_open(&s, 64);
	s.core->genesis->slot_ms = 10;
	for (unsigned k = 0; k < 4; k++) {
		cluster_key_make(&s.key, s.c);
		for (uint64_t i = 0; i < 80; i++)
			mint_pool(&s, i);
		b = block_on(&s, exec_tip(s.core));
		sr_writer_init(&body, SR_BLOCK_MAX);
		ck_ok(exec_build(s.core, s.core->now, &b.header, &body));
		ck_assert_uint_eq(s.core->built.ops_n, 80);
		b.body = (struct sr_bytes){ body.p, body.n };
		ck_ok(check(&s, &b));
		exec_certified(s.core, &b);
		sr_writer_clear(&body);
	}
	stage_close(&s);
}
END_TEST

/* --- steps of a change --- */

/* A step by this node's genesis key, in epoch 0. */
static struct vault_op step_write(struct sr_writer *w, struct stage *s, uint32_t node,
    enum epoch_op_kind kind, const uint8_t *bytes, size_t n)
{
	struct epoch_context ctx = core_epoch_context(s->core);
	struct vault_op op;

	sr_writer_init(w, SR_OP_MAX);
	ck_ok(epoch_op_write(w, &ctx, kind, &s->c->nodes[node].core->keys->now.vote, bytes, n));
	ck_ok(vault_op_decode(&op, w->p, w->n));
	return op;
}

static enum sr_error step_admit(struct stage *s, uint32_t node, enum epoch_op_kind kind,
    const uint8_t *bytes, size_t n)
{
	struct vault_receipt receipt;
	struct sr_writer w;
	struct vault_op op;
	enum sr_error error;

	op = step_write(&w, s, node, kind, bytes, n);
	error = peers_admit(s->core, &receipt, &op, w.p, w.n);
	sr_writer_clear(&w);
	return error;
}

/* Is it still pooled after a block was built? */
static bool step_stays(struct stage *s, uint32_t node, enum epoch_op_kind kind,
    const uint8_t *bytes, size_t n)
{
	struct sr_writer w;
	struct vault_op op = step_write(&w, s, node, kind, bytes, n);

	if (pool_find(s->core->pool, &op.hash) == NULL)
		ck_ok(pool_add(s->core->pool, s->core, &op, w.p, w.n, false));
	sr_writer_clear(&w);
	(void)built_ops(s);
	return pool_find(s->core->pool, &op.hash) != NULL;
}

#define ACK_BYTES (sizeof(struct epoch_set) + SHAMIR_PROOF_SIZE + 32u)

/* An acknowledgement of these dealers, proven by nothing. */
static enum sr_error ack_admit(struct stage *s, uint32_t node, uint8_t dealers, bool *stays)
{
	const uint8_t ack[ACK_BYTES] = { dealers };
	enum sr_error error = step_admit(s, node, EPOCH_OP_ACK, ack, sizeof(ack));

	*stays = step_stays(s, node, EPOCH_OP_ACK, ack, sizeof(ack));
	return error;
}

START_TEST(a_dealing_of_rubbish_is_refused_at_once_and_an_early_acknowledgement_is_kept)
{
	static const uint8_t rubbish[94000];
	struct stage s = { 0 };
	bool stays;

	s.c = cluster_new(&(struct cluster_options){ .n = NODES, .seed = 65 });
	s.c->quiet = true;
	for (uint32_t i = 0; i < NODES; i++)
		cluster_start(s.c, i);
	stage_take(&s);
	ck_assert(step_admit(&s, 1, EPOCH_OP_DEAL, rubbish, sizeof(rubbish)) != SR_OK);
	ck_assert(!step_stays(&s, 1, EPOCH_OP_DEAL, rubbish, sizeof(rubbish)));
	ck_ok(ack_admit(&s, 1, 0x0f, &stays));
	ck_assert(stays);
	stage_close(&s);
}
END_TEST

static bool all_dealt(struct cluster *c, void *ctx)
{
	struct epoch_change change;

	(void)ctx;
	return c->nodes[0].core->phase == CORE_RUNNING &&
	    epoch_change_get(&change, c->nodes[0].core->final->tree) && change.fixed &&
	    epoch_set_count(&change.acked) == 0;
}

/* Else one member's dealings of rubbish would be tried with every block as long as the change
 * lasts. */
START_TEST(what_can_not_become_a_step_of_the_change_any_more_is_not_kept)
{
	static const uint8_t rubbish[94000];
	struct stage s = { 0 };
	bool stays;

	s.c = cluster_new(&(struct cluster_options){ .n = NODES, .seed = 66 });
	s.c->quiet = true;
	cluster_start_all(s.c);
	ck_assert(cluster_run_until(s.c, all_dealt, NULL, 60000));
	stage_take(&s);
	pool_drop_all(s.core->pool);
	ck_error(step_admit(&s, 3, EPOCH_OP_DEAL, rubbish, sizeof(rubbish)), SR_ERR_EPOCH_STEP);
	ck_assert(!step_stays(&s, 3, EPOCH_OP_DEAL, rubbish, sizeof(rubbish)));
	/* A complaint may still take a dealer away, and nothing adds one. */
	ck_ok(ack_admit(&s, 3, 0x07, &stays));
	ck_assert(stays);
	ck_error(ack_admit(&s, 3, 0x1f, &stays), SR_ERR_EPOCH_STEP);
	ck_assert(!stays);
	ck_assert(ack_admit(&s, 3, 0x0f, &stays) != SR_OK);
	ck_assert(!stays);
	stage_close(&s);
}
END_TEST

/* Which of my keys the record of the next epoch gets wrong. */
enum wrong { WRONG_VOTE, WRONG_SHARE, WRONG_SHIELDING };

START_TEST(nobody_goes_on_into_an_epoch_whose_record_has_other_keys_for_him)
{
	for (enum wrong wrong = WRONG_VOTE; wrong <= WRONG_SHIELDING; wrong++) {
		struct epoch_record *next;
		struct stage s;

		stage_open(&s, 90 + (uint64_t)wrong);
		s.core->keys->next = s.core->keys->now;
		s.core->keys->next.epoch++;
		s.core->closing.open = s.core->closing.certified = true;
		next = &s.core->closing.next;
		*next = s.core->now->record;
		next->epoch++;
		if (wrong == WRONG_VOTE)
			next->members[0].vote_key.b[0] ^= 1;
		if (wrong == WRONG_SHARE)
			memcpy(next->members[0].verify_key, next->members[1].verify_key, 32);
		if (wrong == WRONG_SHIELDING)
			next->shielding_key.b[0] ^= 1;
		ck_error(epoch_switch(s.core), SR_ERR_EPOCH_STEP);
		ck_assert_int_eq(s.core->phase, CORE_DEAD);
		stage_close(&s);
	}
}
END_TEST

TEST_MAIN("enclave executor",
	a_block_names_the_state_root_before_it,
	a_body_is_operations_and_nothing_else,
	an_operation_that_leaves_no_trace_has_no_place_in_a_block,
	a_block_has_a_budget,
	before_the_first_key_a_block_carries_no_clients_operations,
	a_verdict_is_for_the_very_same_operation,
	only_a_child_of_the_last_final_block_is_committed,
	an_epoch_is_not_closed_before_its_time,
	a_close_block_comes_when_it_must_and_says_what_follows,
	a_member_s_operation_that_came_too_late_leaves_the_pool,
	what_fails_takes_of_a_builder_s_time_and_keeps_nobody_out,
	what_is_in_a_block_already_takes_nothing_of_a_builder_s_time,
	a_dealing_of_rubbish_is_refused_at_once_and_an_early_acknowledgement_is_kept,
	what_can_not_become_a_step_of_the_change_any_more_is_not_kept,
	nobody_goes_on_into_an_epoch_whose_record_has_other_keys_for_him)
