/*
 * Where do these keys lie? Looks through files and through processes (every mapping, their
 * arguments, environment and what /proc shows of them) for known 32-byte values, as bytes and as
 * hexadecimal. One line per find:
 *
 *   NAME in PLACE        PLACE: a path | memory of PID | unlocked memory of PID
 *
 *   needles --needle NAME:HEX... [--file FILE]... [--pid PID]...
 *
 * Exit 0: looked through all; 2: it could not.
 */
#define _GNU_SOURCE /* memmem */
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"

#define NEEDLES_MAX 64u
#define CHUNK (4u * 1024u * 1024u)
#define KEEP 64u                /* a needle may lie across two chunks */

struct needle { char name[64]; uint8_t b[32]; char hex[65]; };

static struct needle needles[NEEDLES_MAX];
static unsigned needles_n;

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "needles: %s\n", what);
	exit(2);
}

static void needle_add(const char *text)
{
	const char *colon = strchr(text, ':');
	struct needle *n = &needles[needles_n];

	if (colon == NULL || needles_n == NEEDLES_MAX || colon - text >= (long)sizeof n->name ||
	    sr_hex_decode(n->b, sizeof n->b, colon + 1, strlen(colon + 1)) != SR_OK)
		die("--needle takes NAME: and 64 hexadecimal digits");
	memcpy(n->name, text, (size_t)(colon - text));
	sr_hex_encode(n->hex, n->b, sizeof n->b);
	needles_n++;
}

/* A bit for each needle in it. */
static uint64_t look(const uint8_t *p, size_t n)
{
	uint64_t found = 0;

	for (unsigned i = 0; i < needles_n; i++)
		if (memmem(p, n, needles[i].b, 32) != NULL ||
		    memmem(p, n, needles[i].hex, 64) != NULL)
			found |= 1ull << i;
	return found;
}

static void tell(uint64_t found, const char *place)
{
	for (unsigned i = 0; i < needles_n; i++)
		if ((found >> i & 1) != 0)
			printf("%s in %s\n", needles[i].name, place);
}

static uint64_t look_file(const char *path)
{
	uint8_t *buffer = malloc(CHUNK + KEEP);
	int fd = open(path, O_RDONLY);
	uint64_t found = 0;
	size_t kept = 0;
	ssize_t got;

	if (fd < 0 || buffer == NULL)
		die(path);
	while ((got = read(fd, buffer + kept, CHUNK)) > 0) {
		size_t n = kept + (size_t)got;

		found |= look(buffer, n);
		kept = n < KEEP ? n : KEEP;
		memmove(buffer, buffer + n - kept, kept);
	}
	close(fd);
	free(buffer);
	return found;
}

static uint64_t look_region(int mem, unsigned long long from, unsigned long long to)
{
	static uint8_t buffer[CHUNK + KEEP];
	uint64_t found = 0;
	size_t kept = 0;

	while (from < to) {
		size_t want = to - from < CHUNK ? (size_t)(to - from) : CHUNK;
		ssize_t got = pread(mem, buffer + kept, want, (off_t)from);
		size_t n;

		if (got <= 0)
			break;
		n = kept + (size_t)got;
		found |= look(buffer, n);
		kept = n < KEEP ? n : KEEP;
		memmove(buffer, buffer + n - kept, kept);
		from += (unsigned long long)got;
	}
	return found;
}

/* smaps: a line with the range, then its figures; VmFlags, the last, has "lo" when it is locked. */
static void look_memory(const char *pid)
{
	char path[64], line[512], place[64];
	unsigned long long from = 0, to = 0, bytes = 0;
	uint64_t locked = 0, unlocked = 0;
	FILE *smaps;
	int mem;

	snprintf(path, sizeof path, "/proc/%.16s/smaps", pid);
	smaps = fopen(path, "r");
	snprintf(path, sizeof path, "/proc/%.16s/mem", pid);
	mem = open(path, O_RDONLY);
	if (smaps == NULL || mem < 0)
		die("cannot read the memory of a process");
	while (fgets(line, sizeof line, smaps) != NULL) {
		unsigned long long a, b;

		if (sscanf(line, "%llx-%llx ", &a, &b) == 2) {
			from = strstr(line, "[v") == NULL ? a : b;
			to = b;
		} else if (strncmp(line, "VmFlags:", 8) == 0) {
			uint64_t found = look_region(mem, from, to);

			bytes += to - from;
			*(strstr(line, " lo") != NULL ? &locked : &unlocked) |= found;
		}
	}
	fclose(smaps);
	close(mem);
	if (bytes < 1024 * 1024)
		die("read less than a MiB of a process: not its memory");
	snprintf(place, sizeof place, "memory of %.16s", pid);
	tell(locked, place);
	snprintf(place, sizeof place, "unlocked memory of %.16s", pid);
	tell(unlocked, place);
}

/* What ps and anybody with a shell may see. */
static void look_process(const char *pid)
{
	static const char *const names[] = { "cmdline", "environ", "maps", "status", "comm",
		"stat" };
	char path[64];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "/proc/%.16s/%s", pid, names[i]);
		tell(look_file(path), path);
	}
	look_memory(pid);
}

int main(int argc, char **argv)
{
	static const struct option table[] = {
		{ "needle", required_argument, NULL, 'n' },
		{ "file", required_argument, NULL, 'f' },
		{ "pid", required_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (c == 'n')
			needle_add(optarg);
		else if (c == 'f')
			tell(look_file(optarg), optarg);
		else if (c == 'p')
			look_process(optarg);
		else
			die("usage: see the head of tests/secrecy/needles.c");
	}
	return needles_n > 0 ? 0 : 2;
}
