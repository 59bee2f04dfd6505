/* What a core takes back from its disk: rows and records bound to where and when they were. */
#include <stdlib.h>
#include <string.h>

#include "enclave/internal.h"
#include "tests/lib/check_main.h"
#include "tests/lib/cluster.h"

#define NODES 4u

static struct cluster *start(uint64_t seed)
{
	struct cluster *c = cluster_new(&(struct cluster_options){ .n = NODES, .seed = seed });

	c->quiet = true;
	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	cluster_run(c, 2000);
	return c;
}

static void stop(struct cluster *c, uint32_t node)
{
	cluster_event(c, node, &(struct enclave_event){ .kind = ENCLAVE_EV_STOP });
	ck_assert(c->nodes[node].stopped);
	cluster_kill(c, node, true);
}

static void refuses_to_start(struct cluster *c, uint32_t node, const char *text)
{
	cluster_start(c, node);
	ck_assert(c->nodes[node].fatal);
	ck_error(c->nodes[node].error, SR_ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(c->nodes[node].fatal_text, text));
}

START_TEST(a_record_taken_out_of_the_middle_of_the_log_is_noticed)
{
	struct cluster *c = start(71);
	struct cluster_records *log = &c->nodes[3].log;

	cluster_kill(c, 3, true);
	ck_assert_uint_gt(log->n, 10);
	free(log->list[5].p);
	memmove(&log->list[5], &log->list[6], (log->n - 6) * sizeof(log->list[0]));
	log->synced = --log->n;
	refuses_to_start(c, 3, "bad record before");
	cluster_free(c);
}
END_TEST

static struct cluster_records log_copy(const struct cluster_records *log)
{
	struct cluster_records copy = { .n = log->n, .capacity = log->n, .synced = log->n };

	copy.list = calloc(log->n, sizeof(*copy.list));
	ck_assert_ptr_nonnull(copy.list);
	for (size_t i = 0; i < log->n; i++) {
		copy.list[i].n = log->list[i].n;
		copy.list[i].p = malloc(log->list[i].n);
		ck_assert_ptr_nonnull(copy.list[i].p);
		memcpy(copy.list[i].p, log->list[i].p, log->list[i].n);
	}
	return copy;
}

static void log_free(struct cluster_records *log)
{
	for (size_t i = 0; i < log->n; i++)
		free(log->list[i].p);
	free(log->list);
}

/* One checkpoint back is a stop between store and log; two are another time. */
START_TEST(a_log_from_before_the_store_s_checkpoint_is_refused)
{
	struct cluster *c = start(72);
	struct cluster_records old;

	old = log_copy(&c->nodes[3].log);
	stop(c, 3);
	cluster_start(c, 3);
	ck_assert(!c->nodes[3].fatal);
	cluster_run(c, 2000);
	stop(c, 3);
	log_free(&c->nodes[3].log);
	c->nodes[3].log = old;
	refuses_to_start(c, 3, "not from the same time");
	cluster_free(c);
}
END_TEST

START_TEST(a_row_opens_under_its_own_name_alone)
{
	struct cluster *c = start(73);
	struct cluster_row *rows, swap;

	stop(c, 2);
	rows = c->nodes[2].store.list;
	ck_assert_uint_gt(c->nodes[2].store.n, 2);
	swap = rows[0];
	rows[0].value = rows[1].value;
	rows[0].value_n = rows[1].value_n;
	rows[1].value = swap.value;
	rows[1].value_n = swap.value_n;
	refuses_to_start(c, 2, "does not open");
	cluster_free(c);
}
END_TEST

/* Even of a machine that shares the sealing key. */
START_TEST(a_row_opens_under_its_name_at_its_own_member_of_its_own_chain_alone)
{
	const struct sr_key32 seed = { { 3 } };
	const struct sr_hash32 name = { { 4 } }, other = { { 5 } };
	struct cluster *c = start(74);
	struct enclave_core *core = c->nodes[1].core;
	struct sr_writer w;
	uint8_t *plain;
	size_t n;

	sr_drbg_init(&core->drbg, &seed);
	sr_writer_init(&w, 1000);
	ck_ok(seal_row_put(&w, core, &name, (const uint8_t *)"row", 3));
	ck_ok(seal_row_open(&plain, &n, false, core, &name, w.p, w.n));
	free(plain);
	ck_error(seal_row_open(&plain, &n, false, core, &other, w.p, w.n), SR_ERR_DECRYPT_FAILED);
	core->keys->id_sk.b[32] ^= 1;
	ck_error(seal_row_open(&plain, &n, false, core, &name, w.p, w.n), SR_ERR_DECRYPT_FAILED);
	core->keys->id_sk.b[32] ^= 1;
	core->genesis->chain_id.b[0] ^= 1;
	ck_error(seal_row_open(&plain, &n, false, core, &name, w.p, w.n), SR_ERR_DECRYPT_FAILED);
	core->genesis->chain_id.b[0] ^= 1;
	sr_writer_clear(&w);
	cluster_free(c);
}
END_TEST

START_TEST(a_log_without_its_store_is_refused)
{
	struct cluster *c = start(75);

	cluster_kill(c, 1, true);
	while (c->nodes[1].store.n > 0) {
		struct cluster_row *row = &c->nodes[1].store.list[--c->nodes[1].store.n];

		free(row->key);
		free(row->value);
	}
	refuses_to_start(c, 1, "lost its checkpoint");
	cluster_free(c);
}
END_TEST

START_TEST(a_program_that_the_genesis_does_not_list_does_not_run)
{
	struct cluster *c = cluster_new(&(struct cluster_options){ .n = NODES, .seed = 76 });

	c->quiet = true;
	c->measurement.b[0] ^= 1;
	cluster_start(c, 0);
	ck_assert(c->nodes[0].fatal);
	ck_error(c->nodes[0].error, SR_ERR_MEASUREMENT);
	cluster_free(c);
}
END_TEST

/* It knows from its identity that it has voted: the others are asked first. */
START_TEST(who_lost_his_disk_does_not_believe_he_never_voted)
{
	struct cluster *c = cluster_new(&(struct cluster_options){ .n = NODES, .seed = 77 });
	struct consensus_status s;

	c->quiet = true;
	cluster_start_all(c);
	consensus_status_get(&s, enclave_core_consensus(c->nodes[0].core));
	ck_assert(!s.recovering);
	cluster_kill(c, 0, true);
	cluster_wipe(c, 0);
	cluster_start(c, 0);
	ck_assert(!c->nodes[0].fatal);
	consensus_status_get(&s, enclave_core_consensus(c->nodes[0].core));
	ck_assert(s.recovering);
	cluster_free(c);
}
END_TEST

START_TEST(the_vote_key_of_a_closed_epoch_is_wiped)
{
	static const struct sr_edsk nothing;
	struct cluster *c = start(78);

	for (uint32_t i = 0; i < NODES; i++) {
		const struct enclave_core *core = c->nodes[i].core;

		ck_assert_ptr_nonnull(core->old);
		ck_assert_mem_eq(core->old->vote, &nothing, sizeof(nothing));
		ck_assert_mem_eq(&core->keys->genesis_vote_seed, &nothing, 32);
		ck_assert(!core->keys->genesis_vote);
	}
	cluster_free(c);
}
END_TEST

static void count_records(void *ctx, struct cluster *c, uint32_t node,
    const struct enclave_effect *fx)
{
	(void)c;
	*(unsigned *)ctx += node == 2 && fx->kind == ENCLAVE_FX_PERSIST;
}

START_TEST(a_node_whose_disk_is_full_writes_nothing)
{
	struct cluster *c = start(79);
	unsigned records = 0;

	cluster_event(c, 2, &(struct enclave_event){ .kind = ENCLAVE_EV_DISK, .number = 1 });
	c->hooks.ctx = &records;
	c->hooks.effect = count_records;
	cluster_run(c, 15000);
	ck_assert_uint_eq(records, 0);
	/* Nor does it skip the slots of those who have gone. */
	cluster_kill(c, 0, false);
	cluster_kill(c, 1, false);
	cluster_kill(c, 3, false);
	cluster_run(c, 30000);
	ck_assert_uint_eq(records, 0);
	cluster_event(c, 2, &(struct enclave_event){ .kind = ENCLAVE_EV_DISK, .number = 0 });
	cluster_run(c, 30000);
	ck_assert_uint_gt(records, 0);
	cluster_free(c);
}
END_TEST

static bool in_epoch_one(struct cluster *c, void *ctx)
{
	(void)ctx;
	return enclave_core_epoch(c->nodes[3].core)->epoch == 1;
}

/* It may have voted there before it fell: the others are asked. */
START_TEST(who_was_restarted_asks_before_it_votes_in_the_next_epoch)
{
	struct cluster *c = cluster_new(&(struct cluster_options){ .n = NODES, .seed = 84 });
	struct consensus_status s;

	c->quiet = true;
	cluster_start_all(c);
	ck_assert(cluster_run_height(c, 1, 10000));
	cluster_kill(c, 3, true);
	cluster_start(c, 3);
	ck_assert(!in_epoch_one(c, NULL));
	ck_assert(cluster_run_until(c, in_epoch_one, NULL, 120000));
	consensus_status_get(&s, enclave_core_consensus(c->nodes[3].core));
	ck_assert(s.recovering);
	cluster_free(c);
}
END_TEST

/* What node 3 says of itself, and whether it votes below the slot that it names. */
struct told { uint64_t older, again, slot; };

static void told_note(void *ctx, struct cluster *c, uint32_t node, const struct enclave_effect *fx)
{
	struct told *t = ctx;
	char text[400];

	if (node != 3 || fx->kind != ENCLAVE_FX_NOTE)
		return;
	ck_assert_uint_lt(fx->a.n, sizeof(text));
	memcpy(text, fx->a.p, fx->a.n);
	text[fx->a.n] = '\0';
	t->older += strstr(text, "the disk is an older copy") != NULL;
	if (strstr(text, "it votes again") == NULL)
		return;
	t->again++;
	(void)consensus_abstains(enclave_core_consensus(c->nodes[3].core), &t->slot);
	/* Before that it says nothing of the kind. */
	ck_assert_uint_eq(t->older, t->again);
}

START_TEST(who_has_an_old_copy_of_its_disk_says_so_and_votes_again_by_itself)
{
	struct cluster *c = start(85);
	struct consensus_status s;
	struct cluster_disk *old;
	struct told told = { 0 };

	cluster_kill(c, 3, false);
	old = cluster_disk_copy(c, 3);
	cluster_start(c, 3);
	cluster_run(c, 20000);
	cluster_kill(c, 3, false);
	cluster_disk_back(c, 3, old);
	c->hooks = (struct cluster_hooks){ .ctx = &told, .effect = told_note };
	cluster_start(c, 3);
	cluster_run(c, 20000);
	ck_assert_uint_eq(told.older, 1);
	ck_assert_uint_eq(told.again, 1);
	ck_assert_uint_gt(told.slot, 0);
	consensus_status_get(&s, enclave_core_consensus(c->nodes[3].core));
	ck_assert(!s.recovering);
	/* Its vote counts: three of four decide. */
	cluster_kill(c, 0, false);
	ck_assert(cluster_run_height(c, cluster_height(c, 3) + 5, 60000));
	/* And a restart from what it has says nothing. */
	cluster_kill(c, 3, false);
	cluster_start(c, 3);
	cluster_run(c, 20000);
	ck_assert_uint_eq(told.older, 1);
	cluster_free(c);
}
END_TEST

START_TEST(a_share_that_is_not_this_member_s_of_its_epoch_is_refused)
{
	struct cluster *c = start(86);

	c->nodes[3].core->keys->now.share.b[3] ^= 1;
	c->nodes[3].core->checkpoint_due = true;
	cluster_run(c, 1000);
	cluster_kill(c, 3, false);
	refuses_to_start(c, 3, "not this member's");
	cluster_free(c);
}
END_TEST

TEST_MAIN("enclave disk",
	a_record_taken_out_of_the_middle_of_the_log_is_noticed,
	a_log_from_before_the_store_s_checkpoint_is_refused,
	a_row_opens_under_its_own_name_alone,
	a_row_opens_under_its_name_at_its_own_member_of_its_own_chain_alone,
	a_log_without_its_store_is_refused,
	a_program_that_the_genesis_does_not_list_does_not_run,
	who_lost_his_disk_does_not_believe_he_never_voted,
	the_vote_key_of_a_closed_epoch_is_wiped,
	a_node_whose_disk_is_full_writes_nothing,
	who_was_restarted_asks_before_it_votes_in_the_next_epoch,
	who_has_an_old_copy_of_its_disk_says_so_and_votes_again_by_itself,
	a_share_that_is_not_this_member_s_of_its_epoch_is_refused)
