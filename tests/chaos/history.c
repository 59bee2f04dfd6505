/*
 * Checks a history of `make chaos`:   history FILE [SLACK_MS]
 * Says what was done how often, and every violation. Exit 1: there is one.
 */
#include <stdlib.h>

#include "tests/chaos/check.h"

#define SLACK_MS 2000u

int main(int argc, char **argv)
{
	struct check_report report;
	FILE *in = argc == 2 || argc == 3 ? fopen(argv[1], "r") : NULL;

	if (in == NULL) {
		fputs("usage: history FILE [SLACK_MS]\n", stderr);
		return 2;
	}
	check_history(&report, in, stdout, argc == 3 ? strtoull(argv[2], NULL, 10) : SLACK_MS);
	fclose(in);
	printf("%-10s %8s %8s %8s\n", "operation", "ok", "refused", "unknown");
	for (unsigned i = 0; i < CHECK_KINDS; i++)
		printf("%-10s %8lu %8lu %8lu\n", check_kind_names[i], report.counts[i][CHECK_OK],
		    report.counts[i][CHECK_FAIL], report.counts[i][CHECK_UNKNOWN]);
	printf("%lu operations on %lu keys, %u switches fired, %lu violations\n", report.operations,
	    report.keys, report.fired, report.violations);
	return report.violations > 0 ? 1 : 0;
}
