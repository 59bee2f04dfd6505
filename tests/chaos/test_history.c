/* The checker of histories: good ones pass, and each planted fault is named. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/chaos/check.h"
#include "tests/lib/check_main.h"

#define TAIL "9000000 0 members 1\n9900000 0 end\n"

/* How many violations; what: must be in their text when there are some. */
static unsigned long judge(const char *history, const char *what)
{
	struct check_report report;
	char *text = NULL;
	size_t n = 0;
	FILE *in = fmemopen((void *)(uintptr_t)history, strlen(history), "r");
	FILE *say = open_memstream(&text, &n);

	ck_assert(in != NULL && say != NULL);
	check_history(&report, in, say, 500);
	fclose(in);
	fclose(say);
	if (report.violations > 0 && (what == NULL || strstr(text, what) == NULL))
		ck_abort_msg("other violations: %s", text);
	free(text);
	return report.violations;
}

static void good(const char *history)
{
	ck_assert_uint_eq(judge(history, NULL), 0);
}

static void bad(const char *history, const char *what)
{
	ck_assert_uint_gt(judge(history, what), 0);
}

/* --- registers --- */

#define MADE "1000 1 invoke write s0 0 aa\n2000 2 invoke write n0 0 h1\n3000 1 ok 1\n3100 2 ok 1\n"
#define KEPT_N "9100000 90 invoke final n0 0\n9100001 90 ok 1 h1\n"
#define KEPT KEPT_N "9100002 91 invoke final s0 0\n9100003 91 ok 1 aa\n" TAIL

START_TEST(what_one_after_the_other_did_is_good)
{
	good(MADE
	    "4000 3 invoke read s0\n5000 3 ok 1 aa\n"
	    "6000 4 invoke write s0 1 bb\n7000 4 ok 2\n8000 5 invoke read s0\n8100 5 ok 2 bb\n"
	    "8200 6 invoke look n0\n8300 6 ok 1 h1\n" KEPT_N
	    "9100002 91 invoke final s0 0\n9100003 91 ok 2 bb\n" TAIL);
}
END_TEST

START_TEST(overlapping_operations_may_go_either_way)
{
	good(MADE
	    "4000 3 invoke write s0 1 bb\n4100 4 invoke read s0\n4200 4 ok 2 bb\n"
	    "4300 5 invoke read s0\n4400 5 ok 2 bb\n5000 3 ok 2\n" KEPT_N
	    "9100002 91 invoke final s0 0\n9100003 91 ok 2 bb\n" TAIL);
	good(MADE
	    "4000 3 invoke write s0 1 bb\n4100 4 invoke read s0\n4200 4 ok 1 aa\n5000 3 ok 2\n"
	    KEPT_N
	    "9100002 91 invoke final s0 0\n9100003 91 ok 2 bb\n" TAIL);
}
END_TEST

START_TEST(an_unknown_write_may_happen_late_or_never)
{
	good(MADE "4000 3 invoke write s0 1 bb\n5000 3 unknown\n6000 4 invoke read s0\n"
		  "6100 4 ok 1 aa\n7000 5 invoke read s0\n7100 5 ok 2 bb\n" KEPT_N
		  "9100002 91 invoke final s0 0\n9100003 91 ok 2 bb\n" TAIL);
	good(MADE "4000 3 invoke write s0 1 bb\n6000 4 invoke read s0\n6100 4 ok 1 aa\n" KEPT);
	good(MADE "4000 3 invoke write s0 1 bb\n5000 3 unknown\n6000 4 invoke write s0 1 cc\n"
		  "6100 4 ok 2\n" KEPT_N
		  "9100002 91 invoke final s0 0\n9100003 91 ok 2 cc\n" TAIL);
}
END_TEST

START_TEST(a_lost_write_is_found)
{
	bad(MADE "4000 3 invoke write s0 1 bb\n5000 3 ok 2\n" KEPT, "was acknowledged before it");
	bad(MADE "4000 3 invoke write s0 1 bb\n5000 3 ok 2\n6000 4 invoke write s0 1 cc\n"
		 "6100 4 ok 2\n" KEPT_N
		 "9100002 91 invoke final s0 0\n9100003 91 ok 2 cc\n" TAIL,
	    "VIOLATION s0");
	bad(MADE KEPT_N TAIL, "does not show it at the end");
}
END_TEST

START_TEST(a_stale_read_is_found)
{
	bad(MADE "4000 3 invoke write s0 1 bb\n5000 3 ok 2\n6000 4 invoke read s0\n6100 4 ok 1 aa\n"
		 KEPT_N "9100002 91 invoke final s0 0\n9100003 91 ok 2 bb\n" TAIL,
	    "no order of its operations");
	bad(MADE "4000 3 invoke write s0 1 bb\n5000 3 ok 2\n6000 4 invoke look s0\n6100 4 ok 1 aa\n"
		 KEPT_N "9100002 91 invoke final s0 0\n9100003 91 ok 2 bb\n" TAIL,
	    "was acknowledged before it");
	/* Two readers, of which the later one sees the older version. */
	bad(MADE "4000 3 invoke write s0 1 bb\n4100 4 invoke read s0\n4200 4 ok 2 bb\n"
		 "4300 5 invoke read s0\n4400 5 ok 1 aa\n5000 3 ok 2\n" KEPT_N
		 "9100002 91 invoke final s0 0\n9100003 91 ok 2 bb\n" TAIL,
	    "no order of its operations");
}
END_TEST

START_TEST(wrong_bytes_are_found)
{
	bad(MADE "4000 3 invoke read s0\n5000 3 ok 1 wrong\n" KEPT, "wrong bytes");
	bad(MADE "4000 3 invoke read s0\n5000 3 ok 1 bb\n" KEPT, "nobody wrote");
}
END_TEST

START_TEST(a_refused_write_that_happened_is_found)
{
	bad(MADE "4000 3 invoke write s0 1 bb\n5000 3 fail\n6000 4 invoke read s0\n6100 4 ok 2 bb\n"
		 KEPT_N "9100002 91 invoke final s0 0\n9100003 91 ok 2 bb\n" TAIL,
	    "nobody wrote");
}
END_TEST

START_TEST(a_former_holder_who_opens_is_found)
{
	bad(MADE "4000 3 invoke write n0 1 h2\n5000 3 ok 2\n6000 4 invoke read n0\n6100 4 ok 1 h1\n"
		 "9100000 90 invoke final n0 0\n9100001 90 ok 2 h2\n"
		 "9100002 91 invoke final s0 0\n9100003 91 ok 1 aa\n" TAIL,
	    "VIOLATION n0: no order");
	bad(MADE "4000 3 invoke steal s0\n5000 3 ok\n" KEPT, "a stranger opened it");
}
END_TEST

START_TEST(members_that_disagree_are_found)
{
	bad(MADE "4000 3 invoke write s0 1 bb\n5000 3 unknown\n5001 4 invoke write s0 1 cc\n"
		 "5100 4 unknown\n6000 5 invoke final s0 0\n6001 5 ok 2 bb\n"
		 "6002 6 invoke final s0 1\n6003 6 ok 2 cc\n"
		 "9100000 90 invoke final n0 0\n9100001 90 ok 1 h1\n"
		 "9100002 91 invoke final n0 1\n9100003 91 ok 1 h1\n"
		 "9000000 0 members 2\n9900000 0 end\n",
	    "version 2 is");
}
END_TEST

START_TEST(a_history_that_is_cut_off_is_no_proof)
{
	bad(MADE, "does not go to its end");
	bad(MADE "gibberish\n" KEPT, "not understood");
}
END_TEST

/* --- switches: interval 2 s, grace 1 s --- */

#define ARMED "1000 1 invoke create w0 2000 1000\n2000 1 ok\n"
#define BEAT "1000000 2 invoke beat w0\n1010000 2 ok\n"
#define FIRED_END "9100000 90 invoke final w0 0\n9100001 90 ok fired 1 77 1\n" TAIL

START_TEST(a_switch_that_fires_in_its_time_is_good)
{
	good(ARMED BEAT "1500000 3 invoke watch w0\n1510000 3 ok armed 1 0\n"
			"3200000 4 invoke watch w0\n3210000 4 ok pending 1 0\n"
			"4300000 5 invoke watch w0\n4310000 5 ok fired 1 77\n"
			"4400000 6 invoke beat w0\n4410000 6 fail\n"
			"5000000 7 invoke inherit w0\n5010000 7 ok aa\n" FIRED_END);
}
END_TEST

START_TEST(early_firing_is_found)
{
	bad(ARMED BEAT "3000000 3 invoke watch w0\n3010000 3 ok fired 1 77\n" FIRED_END,
	    "sees it fired 2010 ms after operation 2");
	bad(ARMED "2400000 3 invoke inherit w0\n2410000 3 ok aa\n" FIRED_END, "sees it fired");
	/* A heartbeat that was acknowledged after all, though it went out before. */
	bad(ARMED "3000000 2 invoke beat w0\n3400000 3 invoke watch w0\n3410000 3 ok fired 1 77\n"
		  "3500000 2 ok\n" FIRED_END,
	    "sees it fired 410 ms after operation 2");
}
END_TEST

START_TEST(a_heartbeat_that_does_not_rearm_is_found)
{
	bad(ARMED BEAT "1500000 3 invoke watch w0\n1510000 3 ok pending 1 0\n" FIRED_END,
	    "sees it pending");
}
END_TEST

START_TEST(double_firing_is_found)
{
	bad(ARMED "5000000 3 invoke watch w0\n5010000 3 ok fired 1 76\n" FIRED_END,
	    "it fired at 76");
	bad(ARMED "9100000 90 invoke final w0 0\n9100001 90 ok fired 1 77 2\n" TAIL,
	    "fire 2 times");
}
END_TEST

START_TEST(what_fired_stays_so)
{
	bad(ARMED "5000000 3 invoke watch w0\n5010000 3 ok fired 1 77\n6000000 4 invoke beat w0\n"
		  "6010000 4 ok\n" FIRED_END,
	    "after it had fired");
	bad(ARMED "5000000 3 invoke watch w0\n5010000 3 ok fired 1 77\n"
		  "9100000 90 invoke final w0 0\n9100001 90 ok armed 2 0 0\n" TAIL,
	    "after operation 3 saw it fired");
}
END_TEST

/* --- against chance --- */

/* A register with overlapping writers and readers, made from a real order; then one read is bent.
 */
static void random_history(FILE *f, unsigned *state, bool bent)
{
	unsigned n = 60, version = 0, bend = bent ? 30 + *state % 20 : n;

	for (unsigned i = 0; i < n; i++) {
		unsigned long t = 10000 + i * 100;

		*state = *state * 1103515245u + 12345u;
		unsigned spread = (*state >> 16) % 90;
		bool write = i == 0 || (*state >> 24) % 3 == 0;

		if (i == bend) {
			write = false;
			spread = 0;
		}
		version += write;
		fprintf(f, "%lu %u invoke ", t - spread, i + 1);
		if (write)
			fprintf(f, "write s0 %u v%u\n", version - 1, version);
		else
			fprintf(f, "read s0\n");
		if (write)
			fprintf(f, "%lu %u ok %u\n", t + spread, i + 1, version);
		else
			fprintf(f, "%lu %u ok %u v%u\n", t + spread, i + 1,
			    i == bend ? version - 3 : version, i == bend ? version - 3 : version);
	}
	fprintf(f, "9100002 999 invoke final s0 0\n9100003 999 ok %u v%u\n" TAIL, version, version);
}

START_TEST(random_histories_are_good_until_one_read_is_bent)
{
	unsigned state = 12345;

	for (unsigned i = 0; i < 200; i++) {
		char *text = NULL;
		size_t n = 0;
		FILE *f = open_memstream(&text, &n);

		ck_assert_ptr_nonnull(f);
		random_history(f, &state, i % 2 == 1);
		fclose(f);
		if (i % 2 == 1)
			bad(text, "no order of its operations");
		else
			good(text);
		free(text);
	}
}
END_TEST

TEST_MAIN("chaos history",
    what_one_after_the_other_did_is_good,
    overlapping_operations_may_go_either_way,
    an_unknown_write_may_happen_late_or_never,
    a_lost_write_is_found,
    a_stale_read_is_found,
    wrong_bytes_are_found,
    a_refused_write_that_happened_is_found,
    a_former_holder_who_opens_is_found,
    members_that_disagree_are_found,
    a_history_that_is_cut_off_is_no_proof,
    a_switch_that_fires_in_its_time_is_good,
    early_firing_is_found,
    a_heartbeat_that_does_not_rearm_is_found,
    double_firing_is_found,
    what_fired_stays_so,
    random_histories_are_good_until_one_read_is_bent)
