/* The pace of a load, over a wire that the test plays: what a slow answer costs those behind it. */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "tests/load/load.h"
#include "tests/load/pace.h"

#define STALL_MS 300

volatile sig_atomic_t load_ending;
static bool fake_stalls;                 /* the 100th answer is late, and all others wait for it */
static bool fake_fails;                  /* every other answer is none */
static uint32_t fake_asked[64], fake_asked_n;
static unsigned fake_count;

_Noreturn void load_die(const char *what)
{
	ck_abort_msg("%s", what);
}

uint64_t load_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

/* --- a wire that answers at the next turn --- */

static void fake_pause(long ms)
{
	nanosleep(&(struct timespec){ 0, ms * 1000000 }, NULL);
}

enum sr_error wire_new(struct wire **out, uint32_t connections)
{
	(void)connections;
	*out = NULL;
	fake_asked_n = 0;
	fake_count = 0;
	return SR_OK;
}

void wire_free(struct wire *self)
{
	(void)self;
}

void wire_lead(struct wire *self, uint32_t connection, const struct wire_server *server)
{
	(void)self;
	(void)connection;
	(void)server;
}

uint32_t wire_connect_all(struct wire *self)
{
	(void)self;
	return 0;
}

void wire_send(struct wire *self, uint32_t connection, const uint8_t *request, size_t n)
{
	(void)self;
	(void)request;
	(void)n;
	ck_assert_uint_lt(fake_asked_n, 64);
	fake_asked[fake_asked_n++] = connection;
}

void wire_turn(struct wire *self, unsigned wait_ms, wire_taker *take, void *ctx)
{
	uint32_t n = fake_asked_n, asked[64];

	(void)self;
	(void)wait_ms;
	fake_pause(1);
	for (uint32_t i = 0; i < n; i++)
		asked[i] = fake_asked[i];
	fake_asked_n = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct wire_answer answer = { .connection = asked[i], .status = 200 };

		if (++fake_count == 100 && fake_stalls)
			fake_pause(STALL_MS);
		if (fake_fails && fake_count % 2 == 0)
			answer.error = SR_ERR_NOT_REACHED;
		take(ctx, &answer);
	}
}

/* --- a source that has as much as is wanted, or a few --- */

static unsigned left, agains;

static bool next(void *ctx, struct wire *wire, uint32_t client, bool again,
    const uint8_t **request, size_t *n)
{
	(void)ctx;
	(void)wire;
	(void)client;
	*request = NULL;
	*n = 0;
	agains += again;
	if (again)
		return true;
	if (left == 0)
		return false;
	left--;
	return true;
}

static enum pace_verdict answer(void *ctx, const struct wire_answer *a)
{
	(void)ctx;
	return a->error == SR_OK ? PACE_GOOD : PACE_AGAIN;
}

static const struct pace_source source = { NULL, next, answer, NULL };

static struct pace_result run(struct pace pace, unsigned most)
{
	struct pace_result result;

	left = most;
	agains = 0;
	ck_assert_int_eq(pace_run(&result, &pace, &source), SR_OK);
	return result;
}

START_TEST(a_stall_shows_in_all_that_were_due_meanwhile)
{
	struct pace_result r;
	size_t slow = 0;

	fake_stalls = true;
	r = run((struct pace){ 50, 1000, 0, 0.8 }, 1000000);
	fake_stalls = false;
	for (size_t i = 0; i < r.us_n; i++)
		slow += r.us[i] > STALL_MS * 1000 / 3;
	/* A third of the stall and more was waited by those due in its first two thirds: 200 of
	 * them at 1,000 a second. Timed from when they were sent, 50 at most could be slow. */
	ck_assert_uint_ge(slow, 120);
	ck_assert(pace_share(&r, 1) >= STALL_MS);
	pace_clear(&r);
}
END_TEST

START_TEST(an_open_pace_sends_as_many_as_are_due)
{
	struct pace_result r = run((struct pace){ 20, 400, 0.1, 0.5 }, 1000000);

	ck_assert(r.good >= 150 && r.good <= 250);
	ck_assert_uint_eq(r.bad, 0);
	pace_clear(&r);
}
END_TEST

START_TEST(what_ends_in_the_warm_up_is_not_counted)
{
	struct pace_result all = run((struct pace){ 4, 0, 0, 0.4 }, 1000000),
			   half = run((struct pace){ 4, 0, 0.2, 0.2 }, 1000000);

	ck_assert_uint_gt(all.good, 0);
	ck_assert_uint_lt(half.good, 1 + all.good * 3 / 4);
	ck_assert_uint_ge(half.good, half.us_n > 4 ? half.us_n - 4 : 0);
	pace_clear(&all);
	pace_clear(&half);
}
END_TEST

START_TEST(without_an_end_all_are_sent_and_failures_once_more)
{
	struct pace_result r;

	fake_fails = true;
	r = run((struct pace){ 3, 0, 0, 0 }, 21);
	fake_fails = false;
	ck_assert_uint_eq(r.good, 21);
	ck_assert_uint_eq(r.again, agains);
	ck_assert_uint_gt(agains, 5);
	pace_clear(&r);
}
END_TEST

START_TEST(shares_of_the_sorted_times)
{
	struct pace_result r = { 0 };

	ck_assert(pace_share(&r, 0.5) <= 0);
	for (uint64_t i = 100; i > 0; i--)
		pace_sample(&r, i * 1000);
	pace_sort(&r);
	ck_assert(pace_share(&r, 0.5) > 50 && pace_share(&r, 0.5) < 52);
	ck_assert(pace_share(&r, 0.99) > 99);
	ck_assert(pace_share(&r, 1) > 99);
	pace_clear(&r);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("load pace");
	TCase *c = tcase_create("pace");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(c, a_stall_shows_in_all_that_were_due_meanwhile);
	tcase_add_test(c, an_open_pace_sends_as_many_as_are_due);
	tcase_add_test(c, what_ends_in_the_warm_up_is_not_counted);
	tcase_add_test(c, without_an_end_all_are_sent_and_failures_once_more);
	tcase_add_test(c, shares_of_the_sorted_times);
	suite_add_tcase(suite, c);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
