/* Rosters that change: who joins, who leaves, what stays, and what is wiped. Real cores, real
 * cryptography, virtual time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enclave/internal.h"
#include "shamir/tdh2.h"
#include "tests/lib/check_main.h"
#include "tests/lib/cluster.h"

static struct cluster *start(uint32_t n, uint64_t seed)
{
	struct cluster *c = cluster_new(&(struct cluster_options){ .n = n, .seed = seed });

	c->quiet = getenv("LOUD") == NULL;
	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	cluster_run(c, 1000);
	return c;
}

START_TEST(a_fifth_node_joins_a_cluster_of_four)
{
	struct cluster *c = start(4, 500);
	uint32_t five = cluster_node_add(c);

	ck_ok(cluster_join(c, five, 0));
	ck_assert(cluster_run_members(c, 2, 60000));
	ck_assert_uint_eq(enclave_core_epoch(c->nodes[0].core)->n, 5);
	ck_assert_uint_eq(cluster_index(c, five, 0), 4);
	cluster_run(c, 5000);
	ck_assert_uint_gt(cluster_height(c, five), 0);
	cluster_free(c);
}
END_TEST

START_TEST(a_member_that_leaves_is_gone_and_the_others_go_on)
{
	struct cluster *c = start(5, 501);

	ck_ok(cluster_leave(c, 1, 0));
	ck_assert(cluster_run_epoch(c, 2, 60000));
	cluster_run(c, 2000);
	ck_assert(c->nodes[1].fatal);
	ck_error(c->nodes[1].error, SR_ERR_LEFT);
	ck_assert_uint_eq(enclave_core_epoch(c->nodes[0].core)->n, 4);
	cluster_free(c);
}
END_TEST

START_TEST(a_refresh_changes_every_share_and_not_the_vault_key)
{
	struct cluster *c = start(4, 502);
	struct epoch_record before = *enclave_core_epoch(c->nodes[0].core);
	const struct epoch_record *after;

	cluster_run(c, 6000);
	ck_ok(cluster_refresh(c, 2));
	ck_assert(cluster_run_epoch(c, 2, 60000));
	after = enclave_core_epoch(c->nodes[0].core);
	ck_assert_mem_eq(after->vault_key, before.vault_key, 32);
	for (uint32_t i = 0; i < 4; i++)
		ck_assert_mem_ne(after->members[i].verify_key, before.members[i].verify_key, 32);
	cluster_free(c);
}
END_TEST

TEST_MAIN("enclave_join",
	a_fifth_node_joins_a_cluster_of_four,
	a_member_that_leaves_is_gone_and_the_others_go_on,
	a_refresh_changes_every_share_and_not_the_vault_key)
