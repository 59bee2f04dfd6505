/* tests/fuzz/libfuzzer.c - the targets under libFuzzer: the program's own name says which. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const struct fuzz_target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	const char *name = strrchr(**argv, '/');
	target = fuzz_target_find(name ? name + 1 : **argv);
	if (!target) {
		fprintf(stderr, "%s is no fuzz target\n", **argv);
		exit(2);
	}
	fuzz_start();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	target->run(p, n);
	return 0;
}
