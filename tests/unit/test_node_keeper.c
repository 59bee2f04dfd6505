#include "node/keeper.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/check_main.h"
#include "tests/lib/scratch.h"
#include "tests/lib/syncs.h"

static const struct sr_hash32 chain = { { 1, 2, 3 } };
static char note[NODE_LOG_NOTE_MAX];

static enum sr_error open_keeper(struct keeper *k)
{
	return keeper_open(k, scratch_dir(), &chain, 2, 1000, note);
}

/* What other effects saw of the log: its bytes when each was carried out. */
struct seen { struct keeper *keeper; uint64_t synced[8]; size_t n, stop_after; };

static bool see(void *ctx, const struct enclave_effect *fx)
{
	struct seen *s = ctx;

	(void)fx;
	s->synced[s->n++] = s->keeper->log.synced;
	return s->n != s->stop_after;
}

static struct enclave_effect persist(const char *text, bool sync)
{
	struct enclave_effect fx = { .kind = ENCLAVE_FX_PERSIST, .number = sync };

	fx.a = (struct sr_bytes){ (const uint8_t *)text, strlen(text) };
	return fx;
}

static struct enclave_effect checkpoint(void)
{
	static const uint8_t records[] = { 1, 0, 0, 0, 1, 0, 0, 0, 'S' };
	struct enclave_effect fx = { .kind = ENCLAVE_FX_CHECKPOINT };

	fx.a = (struct sr_bytes){ records, sizeof records };
	return fx;
}

static struct enclave_effect row(const char *key, const char *value)
{
	struct enclave_effect fx = { .kind = ENCLAVE_FX_STATE_PUT };

	fx.a = (struct sr_bytes){ (const uint8_t *)key, strlen(key) };
	fx.b = (struct sr_bytes){ (const uint8_t *)value, strlen(value) };
	return fx;
}

START_TEST(records_of_a_stretch_are_synced_before_anything_else_leaves)
{
	const struct enclave_effect send = { .kind = ENCLAVE_FX_SEND };
	struct enclave_effect fx[] = { send, persist("a", true), send, checkpoint(), send,
		persist("b", true) };
	struct keeper k;
	struct seen seen = { .keeper = &k };

	ck_ok(open_keeper(&k));
	ck_ok(keeper_run(&k, fx, sizeof fx / sizeof fx[0], see, &seen));
	ck_assert_uint_eq(seen.n, 3);
	ck_assert_uint_eq(seen.synced[0], 1);
	ck_assert_uint_eq(seen.synced[1], 1);
	ck_assert_uint_eq(seen.synced[2], 2);
	keeper_close(&k, true);
}
END_TEST

START_TEST(nothing_is_carried_out_behind_the_effect_that_ended_it)
{
	const struct enclave_effect send = { .kind = ENCLAVE_FX_SEND };
	struct enclave_effect fx[] = { send, row("k", "v"), send, checkpoint(), send };
	struct keeper k;
	struct seen seen = { .keeper = &k, .stop_after = 2 };

	ck_ok(open_keeper(&k));
	ck_ok(keeper_run(&k, fx, sizeof fx / sizeof fx[0], see, &seen));
	ck_assert_uint_eq(seen.n, 2);
	ck_assert_uint_eq(k.log.rotated, 0);
	keeper_close(&k, true);
}
END_TEST

START_TEST(an_enclave_is_told_rows_then_records)
{
	struct enclave_effect fx[] = { row("k", "v"), checkpoint(), persist("a", true) };
	const char *want[] = { "v", "S", "a" };
	struct enclave_event ev;
	struct keeper k;
	uint8_t *bytes, *identity;
	size_t n;

	scratch_write(scratch_path("identity"), "me", 2);
	ck_ok(open_keeper(&k));
	ck_assert(keeper_fresh(&k));
	ck_ok(keeper_run(&k, fx, sizeof fx / sizeof fx[0], NULL, NULL));
	keeper_close(&k, true);
	ck_ok(open_keeper(&k));
	ck_assert(!keeper_fresh(&k));
	ck_ok(keeper_rewind(&k, &identity, &n));
	ck_assert_uint_eq(n, 2);
	free(identity);
	for (size_t i = 0; i < 3; i++) {
		const struct sr_bytes *b = i == 0 ? &ev.b : &ev.a;

		ck_ok(keeper_next(&k, &ev, &bytes));
		ck_assert_int_eq(ev.kind, i == 0 ? ENCLAVE_EV_STORE_ROW : ENCLAVE_EV_LOG_RECORD);
		ck_assert_uint_eq(b->n, 1);
		ck_assert_int_eq(b->p[0], want[i][0]);
		free(bytes);
	}
	ck_error(keeper_next(&k, &ev, &bytes), SR_ERR_NOT_FOUND);
	keeper_close(&k, true);
}
END_TEST

/* What was voted is not known any more, however often it is asked. */
START_TEST(a_log_that_is_missing_beside_rows_is_refused_at_every_start)
{
	struct enclave_effect fx[] = { row("k", "v"), checkpoint() };
	struct keeper k;

	ck_ok(open_keeper(&k));
	ck_ok(keeper_run(&k, fx, 2, NULL, NULL));
	keeper_close(&k, true);
	ck_assert_int_eq(unlink(scratch_path(NODE_LOG_NAME)), 0);
	for (int i = 0; i < 3; i++) {
		ck_error(open_keeper(&k), SR_ERR_DAMAGED);
		ck_assert_str_eq(k.doing, "safety.log");
		ck_assert_ptr_nonnull(strstr(note, "missing"));
		keeper_close(&k, false);
	}
}
END_TEST

START_TEST(one_record_that_asks_for_it_is_enough_for_a_sync)
{
	const struct enclave_effect send = { .kind = ENCLAVE_FX_SEND };
	struct enclave_effect fx[] = { persist("a", true), persist("b", false), send };
	struct keeper k;
	struct seen seen = { .keeper = &k };

	ck_ok(open_keeper(&k));
	syncs_begin();
	ck_ok(keeper_run(&k, fx, 3, see, &seen));
	ck_assert_str_eq(syncs_story(), "d");
	ck_assert_uint_eq(seen.synced[0], 1);
	keeper_close(&k, true);
}
END_TEST

START_TEST(nothing_leaves_when_a_record_could_not_be_made_durable)
{
	const struct enclave_effect send = { .kind = ENCLAVE_FX_SEND };
	struct enclave_effect fx[] = { send, persist("a", true), send };
	struct keeper k;
	struct seen seen = { .keeper = &k };

	ck_ok(open_keeper(&k));
	syncs_fail(true);
	ck_error(keeper_run(&k, fx, 3, see, &seen), SR_ERR_IO);
	syncs_fail(false);
	ck_assert_uint_eq(seen.n, 0);
	keeper_close(&k, false);
}
END_TEST

START_TEST(the_identity_is_written_between_the_records_around_it)
{
	struct enclave_effect fx[] = { persist("a", true), { .kind = ENCLAVE_FX_IDENTITY },
		persist("b", true) };
	struct keeper k;

	fx[1].a = (struct sr_bytes){ (const uint8_t *)"me", 2 };
	ck_ok(open_keeper(&k));
	syncs_begin();
	ck_ok(keeper_run(&k, fx, 3, NULL, NULL));
	ck_assert_str_eq(syncs_story(), "dfrDd");
	keeper_close(&k, true);
}
END_TEST

/* The other way round a stop in between would leave a fresh log beside old rows. */
START_TEST(a_checkpoint_commits_the_rows_before_it_touches_the_log)
{
	struct enclave_effect fx[] = { row("k", "v"), checkpoint() };
	struct node_store_figures figures;
	struct keeper k;

	ck_ok(open_keeper(&k));
	fx[1].a.n--; /* a log that does not parse */
	ck_assert_int_ne(keeper_run(&k, fx, 2, NULL, NULL), SR_OK);
	node_store_figures(&figures, k.store);
	ck_assert_uint_eq(figures.state_rows, 1);
	ck_assert_uint_eq(k.log.rotated, 0);
	keeper_close(&k, true);
}
END_TEST

START_TEST(rows_of_a_checkpoint_that_never_came_are_dropped)
{
	struct enclave_effect fx[] = { row("k", "v") };
	struct keeper k;

	ck_ok(open_keeper(&k));
	ck_ok(keeper_run(&k, fx, 1, NULL, NULL));
	keeper_close(&k, true);
	ck_ok(open_keeper(&k));
	ck_assert(keeper_fresh(&k));
	keeper_close(&k, true);
}
END_TEST

START_TEST(what_waits_to_be_folded_is_work_until_it_is_done)
{
	struct enclave_effect fx[] = { row("k", "v"), checkpoint() };
	struct node_store_figures figures;
	struct keeper k;

	ck_ok(open_keeper(&k));
	ck_assert(!keeper_busy(&k));
	node_store_fold_from(k.store, 1);
	ck_ok(keeper_run(&k, fx, 2, NULL, NULL));
	ck_assert(keeper_busy(&k));
	while (keeper_busy(&k))
		ck_ok(keeper_work(&k));
	node_store_figures(&figures, k.store);
	ck_assert_uint_eq(figures.folds, 1);
	keeper_close(&k, true);
}
END_TEST

START_TEST(a_low_disk_is_low_until_there_is_a_quarter_more)
{
	struct keeper k;

	ck_ok(open_keeper(&k));
	ck_assert(!keeper_low(&k, false, 100, 100));
	ck_assert(keeper_low(&k, false, 99, 100));
	ck_assert(keeper_low(&k, true, 124, 100));
	ck_assert(!keeper_low(&k, true, 125, 100));
	keeper_close(&k, true);
}
END_TEST

TEST_MAIN("node_keeper", records_of_a_stretch_are_synced_before_anything_else_leaves,
    nothing_is_carried_out_behind_the_effect_that_ended_it, an_enclave_is_told_rows_then_records,
    a_log_that_is_missing_beside_rows_is_refused_at_every_start,
    one_record_that_asks_for_it_is_enough_for_a_sync,
    nothing_leaves_when_a_record_could_not_be_made_durable,
    the_identity_is_written_between_the_records_around_it,
    a_checkpoint_commits_the_rows_before_it_touches_the_log,
    rows_of_a_checkpoint_that_never_came_are_dropped,
    what_waits_to_be_folded_is_work_until_it_is_done,
    a_low_disk_is_low_until_there_is_a_quarter_more)
