#define _XOPEN_SOURCE 700 /* nftw, mkdtemp */
#include "tests/lib/scratch.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char dir[512];
static pid_t owner;

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

void scratch_remove(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A forked child must not take its parent's folder away. */
static void remove_own(void)
{
	if (owner == getpid())
		scratch_remove(dir);
}

const char *scratch_dir(void)
{
	const char *base = getenv("TMPDIR");

	if (owner == getpid())
		return dir;
	snprintf(dir, sizeof dir, "%s/strongroom-test-XXXXXX", base != NULL ? base : "/tmp");
	must(mkdtemp(dir) != NULL, "mkdtemp");
	owner = getpid();
	must(atexit(remove_own) == 0, "atexit");
	return dir;
}

const char *scratch_path(const char *name)
{
	static char paths[8][800];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof paths[0], "%s/%s", scratch_dir(), name);
	return path;
}

void scratch_write(const char *path, const void *p, size_t n)
{
	FILE *file = fopen(path, "wb");

	must(file != NULL && fwrite(p, 1, n, file) == n && fclose(file) == 0, path);
}

uint8_t *scratch_read(const char *path, size_t *n)
{
	FILE *file = fopen(path, "rb");
	uint8_t *p;
	long size;

	must(file != NULL && fseek(file, 0, SEEK_END) == 0, path);
	size = ftell(file);
	rewind(file);
	p = malloc((size_t)size + 1);
	must(p != NULL && fread(p, 1, (size_t)size, file) == (size_t)size, path);
	fclose(file);
	p[size] = 0;
	*n = (size_t)size;
	return p;
}

/* Below the ports that the system hands out by itself: none of the tests' own connections, and no
 * other test's, takes it meanwhile. */
uint16_t scratch_port(void)
{
	static uint32_t next;

	for (unsigned tries = 0; tries < 1000; tries++) {
		struct sockaddr_in address = { .sin_family = AF_INET };
		uint32_t port = 10240 + ((uint32_t)getpid() * 97 + next++ * 7) % 9000;
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		bool is_free;

		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		address.sin_port = htons((uint16_t)port);
		must(fd >= 0, "a socket");
		is_free = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
		close(fd);
		if (is_free)
			return (uint16_t)port;
	}
	must(false, "a free port");
	return 0;
}

uint64_t scratch_now_ms(void)
{
	struct timespec t;

	must(clock_gettime(CLOCK_MONOTONIC, &t) == 0, "clock_gettime");
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

void scratch_moment(void)
{
	(void)poll(NULL, 0, 2);
}

void scratch_damage(const char *name, uint8_t byte)
{
	size_t n, run = 0;
	uint8_t *p = scratch_read(scratch_path(name), &n);

	for (size_t i = 0; i < n && run < 500; i++) {
		run = p[i] == byte ? run + 1 : 0;
		if (run == 500)
			p[i - 250] ^= 4;
	}
	must(run == 500, "no place to damage");
	scratch_write(scratch_path(name), p, n);
	free(p);
}
