/* The pool: limits at their edges, order, and fairness. */
#include <stdlib.h>
#include <string.h>

#include "enclave/internal.h"
#include "tests/lib/check_main.h"

static const struct enclave_core idle_core;     /* no blocks: nothing is pending */

static struct enclave_core *core(void)
{
	struct enclave_core *c = malloc(sizeof(*c));

	ck_assert_ptr_nonnull(c);
	*c = idle_core;
	return c;
}

static struct vault_op op_of(uint8_t account, uint64_t nonce)
{
	struct vault_op op = { .nonce = nonce, .expiry_ms = 1000 + nonce };
	uint8_t unique[16] = { account };

	memcpy(unique + 8, &nonce, 8);
	op.account.kind = VAULT_ACCOUNT_ED25519;
	op.account.b[0] = account;
	op.hash = sr_hash(unique, sizeof(unique));
	return op;
}

static enum sr_error add(struct pool *p, struct enclave_core *c, uint8_t account, uint64_t nonce)
{
	struct vault_op op = op_of(account, nonce);

	return pool_add(p, c, &op, (const uint8_t *)"bytes", 5, false);
}

START_TEST(the_same_operation_is_kept_once)
{
	struct enclave_core *c = core();
	struct pool *p = pool_new();
	struct vault_op op = op_of(1, 0);

	ck_assert_ptr_nonnull(p);
	ck_ok(add(p, c, 1, 0));
	ck_error(add(p, c, 1, 0), SR_ERR_DUPLICATE);
	ck_assert_uint_eq(pool_count(p), 1);
	pool_remove(p, pool_find(p, &op.hash));
	ck_assert_ptr_null(pool_find(p, &op.hash));
	ck_ok(add(p, c, 1, 0));
	pool_free(p);
	free(c);
}
END_TEST

START_TEST(an_account_may_hold_so_many_and_others_are_not_kept_out)
{
	struct enclave_core *c = core();
	struct pool *p = pool_new();

	ck_assert_ptr_nonnull(p);
	for (uint64_t i = 0; i < CORE_POOL_ACCOUNT_MAX; i++)
		ck_ok(add(p, c, 1, i));
	ck_error(add(p, c, 1, CORE_POOL_ACCOUNT_MAX), SR_ERR_POOL_FULL);
	ck_ok(add(p, c, 2, 0));
	pool_free(p);
	free(c);
}
END_TEST

/* They have no nonces that would put them in order, and cost more than a client's. */
START_TEST(of_members_operations_an_account_may_hold_fewer)
{
	struct enclave_core *c = core();
	struct pool *p = pool_new();
	struct vault_op op = op_of(1, 0);

	ck_assert_ptr_nonnull(p);
	op.kind = (enum vault_op_kind)EPOCH_OP_VERDICT;
	for (uint32_t i = 0; i < CORE_POOL_MEMBER_MAX; i++) {
		op.hash.b[4] = (uint8_t)i;
		ck_ok(pool_add(p, c, &op, (const uint8_t *)"bytes", 5, false));
	}
	ck_assert_uint_eq(pool_count_member(p, &op.account), CORE_POOL_MEMBER_MAX);
	op.hash.b[4]++;
	ck_error(pool_add(p, c, &op, (const uint8_t *)"bytes", 5, false), SR_ERR_POOL_FULL);
	ck_ok(add(p, c, 1, 1));
	op.hash.b[4]--;
	pool_remove(p, pool_find(p, &op.hash));
	ck_assert_uint_eq(pool_count_member(p, &op.account), CORE_POOL_MEMBER_MAX - 1);
	ck_ok(pool_add(p, c, &op, (const uint8_t *)"bytes", 5, false));
	pool_free(p);
	free(c);
}
END_TEST

START_TEST(the_pool_holds_a_hundred_thousand_and_no_more)
{
	struct enclave_core *c = core();
	struct pool *p = pool_new();
	struct vault_op op = op_of(0, 0);

	ck_assert_ptr_nonnull(p);
	for (uint32_t i = 0; i < CORE_POOL_MAX; i++)
		ck_ok(add(p, c, (uint8_t)(i % 250), i / 250));
	ck_error(add(p, c, 251, 0), SR_ERR_POOL_FULL);
	pool_remove(p, pool_find(p, &op.hash));
	ck_ok(add(p, c, 251, 0));
	pool_free(p);
	free(c);
}
END_TEST

START_TEST(accounts_take_turns_and_nonces_rise)
{
	struct enclave_core *c = core();
	struct pool *p = pool_new();
	uint64_t next[4] = { 0 };

	ck_assert_ptr_nonnull(p);
	for (uint64_t i = 0; i < 50; i++)
		ck_ok(add(p, c, 1, 49 - i));
	for (uint8_t a = 2; a < 4; a++)
		ck_ok(add(p, c, a, 0));
	pool_iterate(p);
	for (unsigned i = 0; i < 52; i++) {
		struct pool_entry *e = pool_next(p);
		uint8_t a;

		ck_assert_ptr_nonnull(e);
		a = e->account->id.b[0];
		ck_assert_uint_eq(e->nonce, next[a]++);
		/* Whoever has one operation does not wait for who has fifty. */
		if (i == 2)
			ck_assert(next[1] == 1 && next[2] == 1 && next[3] == 1);
	}
	ck_assert_ptr_null(pool_next(p));
	pool_free(p);
	free(c);
}
END_TEST

START_TEST(there_is_work_while_something_is_in_no_block)
{
	struct enclave_core *c = core();
	struct pool *p = pool_new();
	struct vault_op op = op_of(1, 0);

	ck_assert_ptr_nonnull(p);
	ck_assert(!pool_has_work(p));
	ck_ok(add(p, c, 1, 0));
	ck_assert(pool_has_work(p));
	pool_mark(p, &op.hash, true);
	ck_assert(!pool_has_work(p));
	pool_mark(p, &op.hash, false);
	ck_assert(pool_has_work(p));
	/* Nothing fitted: no empty blocks for its sake, until something changes. */
	pool_work_seen(p, false);
	ck_assert(!pool_has_work(p));
	ck_ok(add(p, c, 1, 1));
	ck_assert(pool_has_work(p));
	pool_free(p);
	free(c);
}
END_TEST

static void expired_count(void *ctx, const struct sr_hash32 *hash)
{
	size_t *n = ctx;

	(void)hash;
	++*n;
}

static size_t expire(struct pool *p, uint64_t time_ms)
{
	size_t n = 0;

	pool_expire(p, time_ms, expired_count, &n);
	return n;
}

START_TEST(many_accounts_expire_in_one_pass_and_the_rest_stays)
{
	struct enclave_core *c = core();
	struct pool *p = pool_new();

	ck_assert_ptr_nonnull(p);
	for (uint8_t a = 1; a <= 200; a++)
		for (uint64_t i = 0; i < (a % 2 == 0 ? 3u : 5u); i++)
			ck_ok(add(p, c, a, i + (a % 3 == 0 ? 100 : 0)));
	ck_assert_uint_eq(expire(p, 1100), 67u * 5u + 67u * 3u);
	ck_assert_uint_eq(pool_count(p), 33u * 5u + 33u * 3u);
	ck_assert_uint_eq(expire(p, 1100), 0);
	ck_assert_uint_eq(expire(p, 2000), 33u * 5u + 33u * 3u);
	ck_assert_uint_eq(pool_count(p), 0);
	ck_ok(add(p, c, 1, 0));
	pool_free(p);
	free(c);
}
END_TEST

START_TEST(what_waits_for_a_nonce_leaves_half_of_the_room_to_others)
{
	struct enclave_core *c = core();
	struct pool *p = pool_new();
	struct vault_op op;

	ck_assert_ptr_nonnull(p);
	for (uint32_t i = 0; i < CORE_POOL_MAX / 2; i++) {
		op = op_of((uint8_t)(i % 200), 1 + i / 200);
		ck_ok(pool_add(p, c, &op, (const uint8_t *)"bytes", 5, true));
	}
	op = op_of(201, 1);
	ck_error(pool_add(p, c, &op, (const uint8_t *)"bytes", 5, true), SR_ERR_POOL_FULL);
	ck_ok(pool_add(p, c, &op, (const uint8_t *)"bytes", 5, false));
	ck_assert(!pool_crowded(p));
	/* Room that one of them leaves is room for another. */
	op = op_of(0, 1);
	pool_remove(p, pool_find(p, &op.hash));
	ck_ok(pool_add(p, c, &op, (const uint8_t *)"bytes", 5, true));
	for (uint32_t i = 0; i <= CORE_POOL_MAX / 10 * 4; i++)
		ck_ok(add(p, c, (uint8_t)(202 + i % 50), i / 50));
	ck_assert(pool_crowded(p));
	pool_free(p);
	free(c);
}
END_TEST

START_TEST(expired_and_overtaken_operations_are_found)
{
	struct enclave_core *c = core();
	struct pool *p = pool_new();
	struct vault_op op = op_of(1, 3);

	ck_assert_ptr_nonnull(p);
	for (uint64_t i = 0; i < 6; i++)
		ck_ok(add(p, c, 1, i));
	ck_assert_uint_eq(expire(p, 1000), 0);
	ck_assert_uint_eq(pool_count(p), 6);
	ck_assert_uint_eq(expire(p, 1002), 2);
	ck_assert_uint_eq(pool_count(p), 4);
	while (pool_stale(p, &op.account, 3) != NULL)
		pool_remove(p, pool_stale(p, &op.account, 3));
	ck_assert_uint_eq(pool_count(p), 2);
	pool_drop_all(p);
	ck_assert_uint_eq(pool_count(p), 0);
	ck_assert_ptr_null(pool_stale(p, &op.account, 3));
	pool_free(p);
	free(c);
}
END_TEST

START_TEST(the_pool_s_bytes_have_a_bound)
{
	const size_t n = CORE_POOL_BYTES_MAX / 4;
	struct enclave_core *c = core();
	struct pool *p = pool_new();
	uint8_t *bytes = calloc(1, n);
	struct vault_op op;

	ck_assert(p != NULL && bytes != NULL);
	for (uint64_t i = 0; i < 4; i++) {
		op = op_of(1, i);
		ck_ok(pool_add(p, c, &op, bytes, n, false));
	}
	op = op_of(1, 4);
	ck_error(pool_add(p, c, &op, bytes, 1, false), SR_ERR_POOL_FULL);
	pool_free(p);
	free(bytes);
	free(c);
}
END_TEST

/* The account of the n-th operation of this block, which did not fit. */
static uint8_t turn_end(struct pool *p, unsigned n)
{
	struct pool_entry *e = NULL;

	pool_iterate(p);
	for (unsigned i = 0; i < n; i++)
		e = pool_next(p);
	ck_assert_ptr_nonnull(e);
	pool_turn_keep(p);
	return e->account->id.b[0];
}

START_TEST(who_had_no_turn_in_a_block_has_the_first_one_in_the_next)
{
	struct enclave_core *c = core();
	struct pool *p = pool_new();
	uint8_t first;

	ck_assert_ptr_nonnull(p);
	for (uint8_t k = 1; k <= 5; k++)
		for (uint64_t i = 0; i < 3; i++)
			ck_ok(add(p, c, k, i));
	first = turn_end(p, 4);
	ck_assert_uint_eq(turn_end(p, 1), first);
	/* Everyone had a turn: the next one begins. */
	first = turn_end(p, 6);
	ck_assert_uint_ne(turn_end(p, 1), first);
	pool_free(p);
	free(c);
}
END_TEST

START_TEST(every_block_begins_with_another_account_and_nobody_is_served_twice_before_all_are)
{
	struct enclave_core *c = core();
	struct pool *p = pool_new();

	ck_assert_ptr_nonnull(p);
	for (uint8_t a = 1; a < 4; a++)
		for (uint64_t i = 0; i < 3; i++)
			ck_ok(add(p, c, a, i));
	for (unsigned block = 0; block < 3; block++) {
		unsigned seen[4] = { 0 };

		pool_iterate(p);
		for (unsigned i = 0; i < 9; i++) {
			seen[pool_next(p)->account->id.b[0]]++;
			for (unsigned a = 1; a < 4; a++)
				ck_assert(seen[a] == i / 3 || seen[a] == i / 3 + 1);
		}
	}
	pool_free(p);
	free(c);
}
END_TEST

TEST_MAIN("enclave pool", the_same_operation_is_kept_once,
    an_account_may_hold_so_many_and_others_are_not_kept_out,
    of_members_operations_an_account_may_hold_fewer,
    who_had_no_turn_in_a_block_has_the_first_one_in_the_next,
    the_pool_holds_a_hundred_thousand_and_no_more, accounts_take_turns_and_nonces_rise,
    there_is_work_while_something_is_in_no_block,
    many_accounts_expire_in_one_pass_and_the_rest_stays,
    what_waits_for_a_nonce_leaves_half_of_the_room_to_others,
    expired_and_overtaken_operations_are_found,
    the_pool_s_bytes_have_a_bound,
    every_block_begins_with_another_account_and_nobody_is_served_twice_before_all_are)
