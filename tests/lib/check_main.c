/* tests/lib/check_main.c - see check_main.h. */
#include "tests/lib/check_main.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "tests/lib/seed.h"

int test_main(const char *name, const TTest *const *tests, size_t n)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	SRunner *runner;
	int failed;

	if (sr_crypto_init() != SR_OK) {
		fprintf(stderr, "the crypto libraries do not start\n");
		return EXIT_FAILURE;
	}
	(void)test_seed();              /* before Check forks, so that all its children share it */
	tcase_set_timeout(tcase, 300);
	for (size_t i = 0; i < n; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
