/* Secrets, the generator, and what a log line may hold. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/drbg.h"
#include "base/log.h"
#include "base/secret.h"
#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

/* The address sanitizer answers mlock itself and locks nothing. */
static bool locking_is_real(void)
{
#if defined(__SANITIZE_ADDRESS__)
	printf("SKIPPED 1 test of locked memory: the sanitizer takes mlock over\n");
	fflush(stdout);
	return false;
#else
	return true;
#endif
}

START_TEST(secret_memory_is_zeroed_aligned_and_writable)
{
	for (size_t n = 0; n < 100; n++) {
		uint8_t *p = sr_secret_alloc(n);

		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < n; i++)
			ck_assert_uint_eq(p[i], 0);
		memset(p, 0xaa, n);
		sr_secret_free(p);
	}
	sr_secret_free(NULL);
}
END_TEST

START_TEST(secret_memory_is_not_given_when_it_cannot_be_locked)
{
	const struct rlimit none = { 0, 0 };
	struct sr_secret_bytes bytes;

	if (!locking_is_real())
		return;
	/* Root may lock without limit, so give that up first (this runs in a child). */
	if (geteuid() == 0)
		ck_assert_int_eq(setuid(65534), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &none), 0);
	ck_assert_ptr_null(sr_secret_alloc(32));
	ck_assert_int_eq(sr_secret_bytes_init(&bytes, 32), SR_ERR_NO_LOCKED_MEMORY);
	ck_assert_ptr_null(bytes.p);
}
END_TEST

START_TEST(writing_past_secret_memory_is_fatal)
{
	pid_t child = fork();
	int status;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		volatile uint8_t *p = sr_secret_alloc(32);

		signal(SIGSEGV, SIG_DFL);
		signal(SIGABRT, SIG_DFL);
		p[32] = 1;
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
}
END_TEST

/* How many bytes the kernel counts as locked for this process. */
static long locked_kib(void)
{
	char line[256];
	long kib = -1;
	FILE *f = fopen("/proc/self/status", "r");

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, "VmLck:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	fclose(f);
	return kib;
}

START_TEST(secret_bytes_are_locked_until_cleared)
{
	struct sr_secret_bytes bytes;
	long before = locked_kib();

	if (!locking_is_real())
		return;
	ck_assert_int_eq(sr_secret_bytes_init(&bytes, 64 * 1024), SR_OK);
	ck_assert_uint_eq(bytes.n, 64 * 1024);
	ck_assert_int_ge(locked_kib(), before + 64);
	sr_secret_bytes_clear(&bytes);
	ck_assert_ptr_null(bytes.p);
	ck_assert_uint_eq(bytes.n, 0);
	ck_assert_int_eq(locked_kib(), before);
	ck_assert_int_eq(sr_secret_bytes_init(&bytes, 0), SR_OK);
	sr_secret_bytes_clear(&bytes);
}
END_TEST

START_TEST(equal_bytes_are_equal_and_any_flipped_bit_is_seen)
{
	uint8_t a[32] = { 1, 2, 3 }, b[32] = { 1, 2, 3 };

	ck_assert(sr_ct_equal(a, b, 32));
	ck_assert(sr_ct_equal(a, b, 0));
	for (size_t bit = 0; bit < 256; bit++) {
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert(!sr_ct_equal(a, b, 32));
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}
END_TEST

START_TEST(a_key_is_wiped_at_the_end_of_its_scope)
{
	struct sr_key32 *seen;

	{
		SR_KEY32_AUTO key = { { 1, 2, 3 } };

		seen = &key;
		ck_assert_uint_eq(seen->b[0], 1);
		sr_key32_wipe(seen);
		for (size_t i = 0; i < sizeof seen->b; i++)
			ck_assert_uint_eq(seen->b[i], 0);
	}
	sr_wipe(NULL, 0);
}
END_TEST

START_TEST(a_generator_repeats_itself_from_its_seed)
{
	struct sr_key32 seed = { { 7 } };
	struct sr_drbg a, b;
	uint8_t one[100], two[100];

	sr_drbg_init(&a, &seed);
	sr_drbg_init(&b, &seed);
	for (size_t n = 0; n <= 100; n++) {
		ck_assert_int_eq(sr_drbg_fill(&a, one, n), SR_OK);
		ck_assert_int_eq(sr_drbg_fill(&b, two, n), SR_OK);
		ck_assert(n == 0 || memcmp(one, two, n) == 0);
	}
	ck_assert_uint_eq(a.fills, 101);
	seed.b[31] = 1;
	sr_drbg_init(&b, &seed);
	ck_assert_int_eq(sr_drbg_fill(&a, one, 32), SR_OK);
	ck_assert_int_eq(sr_drbg_fill(&b, two, 32), SR_OK);
	ck_assert(memcmp(one, two, 32) != 0);
}
END_TEST

START_TEST(each_fill_replaces_the_key_so_the_past_is_gone)
{
	struct sr_key32 seed = { { 7 } }, key;
	struct sr_drbg rng;
	uint8_t out[64], again[64];

	sr_drbg_init(&rng, &seed);
	key = rng.key;
	ck_assert_int_eq(sr_drbg_fill(&rng, out, sizeof out), SR_OK);
	ck_assert(memcmp(key.b, rng.key.b, 32) != 0);
	/* The next key is not part of what was handed out. */
	ck_assert(memcmp(out, rng.key.b, 32) != 0 && memcmp(out + 32, rng.key.b, 32) != 0);
	/* Asking for nothing rekeys too. */
	key = rng.key;
	ck_assert_int_eq(sr_drbg_fill(&rng, out, 0), SR_OK);
	ck_assert(memcmp(key.b, rng.key.b, 32) != 0);
	ck_assert_int_eq(sr_drbg_fill(&rng, again, sizeof again), SR_OK);
	ck_assert(memcmp(out, again, sizeof out) != 0);
	sr_drbg_wipe(&rng);
	ck_assert_uint_eq(rng.key.b[0] | rng.key.b[31], 0);
}
END_TEST

START_TEST(a_reseed_depends_on_both_the_state_and_the_new_seed)
{
	struct sr_key32 seeds[2] = { { { 1 } }, { { 2 } } };
	struct sr_hash32 seen[4];

	for (size_t i = 0; i < 4; i++) {
		struct sr_drbg rng;

		sr_drbg_init(&rng, &seeds[i & 1]);
		ck_assert_int_eq(sr_drbg_reseed(&rng, &seeds[i >> 1]), SR_OK);
		ck_assert_int_eq(sr_drbg_fill(&rng, seen[i].b, 32), SR_OK);
		for (size_t j = 0; j < i; j++)
			ck_assert(!sr_hash32_equal(&seen[i], &seen[j]));
	}
}
END_TEST

START_TEST(the_stream_of_a_generator_is_balanced)
{
	static uint8_t out[1 << 20];
	struct sr_drbg rng;
	size_t ones = 0;

	test_drbg(&rng, "balance");
	ck_assert_int_eq(sr_drbg_fill(&rng, out, sizeof out), SR_OK);
	for (size_t i = 0; i < sizeof out; i++)
		ones += (size_t)__builtin_popcount(out[i]);
	/* Eight standard deviations of 2^23 coin throws are 11586. */
	ck_assert_uint_gt(ones, (1u << 22) - 11586);
	ck_assert_uint_lt(ones, (1u << 22) + 11586);
}
END_TEST

START_TEST(the_system_gives_random_bytes)
{
	uint8_t a[300] = { 0 }, b[300] = { 0 };

	ck_assert_int_eq(sr_random_system(a, sizeof a), SR_OK);
	ck_assert_int_eq(sr_random_system(b, sizeof b), SR_OK);
	ck_assert(memcmp(a, b, sizeof a) != 0);
	ck_assert_int_eq(sr_random_system(a, 0), SR_OK);
}
END_TEST

/* What one sr_log call writes to stderr. */
static size_t captured(char *out, size_t out_n, bool json, const char *text)
{
	int pipes[2];
	ssize_t n;

	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_ge(dup2(pipes[1], STDERR_FILENO), 0);
	sr_log_set(SR_LOG_INFO, json);
	sr_log(SR_LOG_DEBUG, "test", "not to be seen");
	sr_log(SR_LOG_WARN, "test", "%s key=%d", text, 5);
	ck_assert_int_eq(close(pipes[1]), 0);
	ck_assert_int_eq(fcntl(pipes[0], F_SETFL, O_NONBLOCK), 0);
	n = read(pipes[0], out, out_n - 1);
	ck_assert_int_gt(n, 0);
	out[n] = '\0';
	close(pipes[0]);
	return (size_t)n;
}

START_TEST(a_log_line_cannot_be_forged_by_what_it_quotes)
{
	char out[4096];
	size_t n = captured(out, sizeof out, false, "a\n\x1b[2J\xff\"b");

	ck_assert_ptr_nonnull(strstr(out, " warn test: a\\x0a\\x1b[2J\\xff\"b key=5\n"));
	ck_assert_ptr_eq(strchr(out, '\n'), out + n - 1);
	ck_assert_ptr_null(strstr(out, "not to be seen"));
	n = captured(out, sizeof out, true, "a\n\x1b[2J\xff\"b\\");
	ck_assert_ptr_nonnull(
	    strstr(out, "\"message\":\"a\\u000a\\u001b[2J\\u00ff\\\"b\\\\ key=5\"}\n"));
	ck_assert_ptr_eq(strchr(out, '\n'), out + n - 1);
}
END_TEST

START_TEST(a_log_line_is_at_most_a_kibibyte)
{
	char text[5000], out[8192];

	for (int json = 0; json < 2; json++) {
		for (int fill = 0; fill < 3; fill++) {
			size_t n;

			memset(text, fill == 0 ? 'x' : fill == 1 ? '\n' : '"', sizeof text - 1);
			text[sizeof text - 1] = '\0';
			n = captured(out, sizeof out, json != 0, text);
			ck_assert_uint_le(n, 1024);
			ck_assert_uint_gt(n, 900);
			ck_assert_ptr_nonnull(strstr(out, json != 0 ? "...\"}\n" : "...\n"));
		}
	}
}
END_TEST

TEST_MAIN("base secret",
    secret_memory_is_zeroed_aligned_and_writable,
    secret_memory_is_not_given_when_it_cannot_be_locked,
    writing_past_secret_memory_is_fatal,
    secret_bytes_are_locked_until_cleared,
    equal_bytes_are_equal_and_any_flipped_bit_is_seen,
    a_key_is_wiped_at_the_end_of_its_scope,
    a_generator_repeats_itself_from_its_seed,
    each_fill_replaces_the_key_so_the_past_is_gone,
    a_reseed_depends_on_both_the_state_and_the_new_seed,
    the_stream_of_a_generator_is_balanced,
    the_system_gives_random_bytes,
    a_log_line_cannot_be_forged_by_what_it_quotes,
    a_log_line_is_at_most_a_kibibyte)
