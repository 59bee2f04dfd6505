/* The epoch change: from a genesis to the first vault key. */
#include <stdlib.h>
#include <string.h>

#include "consensus/wire.h"
#include "tests/lib/check_main.h"
#include "tests/lib/cluster.h"

static struct cluster *start(uint32_t n, uint64_t seed)
{
	struct cluster *c = cluster_new(&(struct cluster_options){ .n = n, .seed = seed });

	cluster_start_all(c);
	return c;
}

START_TEST(four_members_make_a_vault_key_and_enter_epoch_one)
{
	struct cluster *c = start(4, 1);
	struct sr_hash32 root, other;

	ck_assert(cluster_run_epoch(c, 1, 60000));
	root = epoch_record_root(enclave_core_epoch(c->nodes[0].core));
	for (uint32_t i = 1; i < 4; i++) {
		other = epoch_record_root(enclave_core_epoch(c->nodes[i].core));
		ck_assert(sr_hash32_equal(&root, &other));
	}
	ck_assert(cluster_run_height(c, cluster_height(c, 0) + 5, 60000));
	cluster_free(c);
}
END_TEST

TEST_MAIN("enclave epoch", four_members_make_a_vault_key_and_enter_epoch_one)
