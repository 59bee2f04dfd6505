/*
 * tests/lib/check_main.h - the main of a unit test with one Check suite. Each test file names its
 * tests in a table and calls test_main.
 */
#ifndef SR_TESTS_LIB_CHECK_MAIN_H
#define SR_TESTS_LIB_CHECK_MAIN_H

#include <check.h>
#include <stdbool.h>

/* Runs the tests and returns main's value. Starts the crypto libraries first. */
int test_main(const char *name, const TTest *const *tests, size_t n);

#define TEST_MAIN(name, ...)                                                                       \
	int main(void)                                                                             \
	{                                                                                          \
		const TTest *const tests[] = { __VA_ARGS__ };                                      \
                                                                                                   \
		return test_main(name, tests, sizeof tests / sizeof tests[0]);                     \
	}

/* Check writes to a file at each assertion that holds, so that it can say where a test was that
 * crashes: in a loop that is most of a test's time. So it says what the last new line was. quiet:
 * not even that, for what a limit on files would cut in half. */
static bool check_quiet;

static inline void check_mark(const char *file, int line)
{
	static int last[64];

	if (check_quiet || last[line % 64] == line)
		return;
	last[line % 64] = line;
	_mark_point(file, line);
}
#define _mark_point(file, line) check_mark(file, line)

#define ck_ok(expr) ck_assert_int_eq((int)(expr), (int)SR_OK)
#define ck_error(expr, error) ck_assert_int_eq((int)(expr), (int)(error))

#endif
