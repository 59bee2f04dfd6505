/*
 * tests/fuzz/replay.c - runs fuzz targets over stored inputs, without libFuzzer.
 *
 *   fuzz_replay CORPUS                each target over CORPUS/NAME, in a process of its own
 *   fuzz_replay CORPUS NAME           one of them, here
 *   fuzz_replay CORPUS NAME FILE...   these inputs alone
 *   fuzz_replay --seeds CORPUS [NAME] makes the first inputs
 *   fuzz_replay --list                name, longest input, share of the time, covers
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_MAX (8u * 1024u * 1024u)
#define TARGET_SECONDS 120u

/* Which input a process is at: read by its parent when it dies. */
static char (*current)[PATH_MAX];

/* What a target reads must be its own block of just that size, so that an overread is one. */
static uint8_t *input_read(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	FUZZ_CHECK(f != NULL);
	FUZZ_CHECK(fseek(f, 0, SEEK_END) == 0);
	long size = ftell(f);
	FUZZ_CHECK(size >= 0 && size <= (long)INPUT_MAX);
	rewind(f);
	*n = (size_t)size;
	uint8_t *p = malloc(*n ? *n : 1);
	FUZZ_CHECK(p != NULL && fread(p, 1, *n, f) == *n);
	fclose(f);
	return p;
}

static void run_file(const struct fuzz_target *t, const char *path)
{
	size_t n;
	snprintf(*current, sizeof(*current), "%s", path);
	uint8_t *p = input_read(path, &n);
	t->run(p, n);
	free(p);
}

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* How many inputs there were. */
static unsigned run_folder(const struct fuzz_target *t, const char *corpus)
{
	char path[PATH_MAX];
	struct dirent **list;
	snprintf(path, sizeof(path), "%s/%s", corpus, t->name);
	int n = scandir(path, &list, visible, alphasort);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", corpus, t->name, list[i]->d_name);
		run_file(t, path);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return n > 0 ? (unsigned)n : 0;
}

static double seconds(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int run_here(const struct fuzz_target *t, const char *corpus, int files, char **file)
{
	fuzz_start();
	if (files == 0) {
		unsigned n = run_folder(t, corpus);
		printf("  %-18s %5u inputs\n", t->name, n);
		return n ? 0 : 3;
	}
	for (int i = 0; i < files; i++)
		run_file(t, file[i]);
	return 0;
}

static bool run_apart(const struct fuzz_target *t, const char *corpus)
{
	(*current)[0] = '\0';
	double began = seconds();
	fflush(stdout);
	pid_t pid = fork();
	FUZZ_CHECK(pid >= 0);
	if (pid == 0) {
		alarm(TARGET_SECONDS);
		exit(run_here(t, corpus, 0, NULL));
	}
	int status;
	FUZZ_CHECK(waitpid(pid, &status, 0) == pid);
	if (status == 0) {
		printf("  ok %-15s %.2f s\n", t->name, seconds() - began);
		return true;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
		printf("  FAILED %s: no corpus\n", t->name);
	else
		printf("  FAILED %s (status %d) at %s\n    again: fuzz_replay %s %s %s\n", t->name,
		    status, *current, corpus, t->name, *current);
	return false;
}

static int list(void)
{
	for (const struct fuzz_target *t = fuzz_targets; t->name; t++)
		printf("%s %zu %u %s\n", t->name, t->max_n, t->weight, t->covers);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list();
	if (argc >= 3 && strcmp(argv[1], "--seeds") == 0) {
		fuzz_start();
		fuzz_seeds_make(argv[2], argv[3]);
		return 0;
	}
	if (argc < 2) {
		fprintf(stderr, "usage: %s CORPUS [NAME [FILE...]] | --list\n", argv[0]);
		return 2;
	}
	current = mmap(NULL, sizeof(*current), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	    -1, 0);
	FUZZ_CHECK(current != MAP_FAILED);
	if (argc > 2) {
		const struct fuzz_target *t = fuzz_target_find(argv[2]);
		if (!t) {
			fprintf(stderr, "%s: no such target\n", argv[2]);
			return 2;
		}
		return run_here(t, argv[1], argc - 3, argv + 3);
	}
	unsigned passed = 0, failed = 0;
	for (const struct fuzz_target *t = fuzz_targets; t->name; t++) {
		if (run_apart(t, argv[1]))
			passed++;
		else
			failed++;
	}
	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	return failed ? 1 : 0;
}
