/* tests/fuzz/seed.c - writes the first inputs of the targets. */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

static char folder[PATH_MAX / 2];
static unsigned written;

void fuzz_seed(const char *label, const uint8_t *p, size_t n)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/seed-%s-%03u", folder, label, written++);
	FILE *f = fopen(path, "wb");
	FUZZ_CHECK(f != NULL);
	FUZZ_CHECK(fwrite(p, 1, n, f) == n);
	FUZZ_CHECK(fclose(f) == 0);
}

void fuzz_seed_of(uint8_t choice, const char *label, struct sr_writer *w)
{
	struct sr_writer whole;
	FUZZ_CHECK(sr_writer_finish(w) == SR_OK);
	sr_writer_init(&whole, w->n + 1);
	sr_write_u8(&whole, choice);
	sr_write_copy(&whole, w->p, w->n);
	FUZZ_CHECK(sr_writer_finish(&whole) == SR_OK);
	fuzz_seed(label, whole.p, whole.n);
	sr_writer_clear(&whole);
	sr_writer_clear(w);
}

static void old_ones_remove(void)
{
	char pattern[PATH_MAX];
	glob_t found;
	snprintf(pattern, sizeof(pattern), "%s/seed-*", folder);
	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			FUZZ_CHECK(unlink(found.gl_pathv[i]) == 0);
		globfree(&found);
	}
}

void fuzz_seeds_make(const char *corpus, const char *only)
{
	for (const struct fuzz_target *t = fuzz_targets; t->name; t++) {
		if (only && strcmp(only, t->name) != 0)
			continue;
		snprintf(folder, sizeof(folder), "%s/%s", corpus, t->name);
		FUZZ_CHECK(mkdir(folder, 0777) == 0 || errno == EEXIST);
		old_ones_remove();
		written = 0;
		t->seed();
		printf("  %-18s %5u seeds\n", t->name, written);
	}
}
