#define _GNU_SOURCE /* syscall */
/* open is an inline function with it, and here it is defined. */
#undef _FORTIFY_SOURCE
#include "tests/lib/fake_tsm.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PATH_BYTES 1024
#define GENERATION_START 7u

static struct fake_tsm *fake;
static unsigned generation;
static int inblob = -1;
static char inblob_path[PATH_BYTES];

void fake_tsm_use(struct fake_tsm *tsm)
{
	fake = tsm;
	generation = GENERATION_START;
}

static int real_open(const char *path, int flags, unsigned mode)
{
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static int real_close(int fd)
{
	return (int)syscall(SYS_close, fd);
}

static bool ours(const char *path)
{
	return fake != NULL && strncmp(path, fake->root, strlen(fake->root)) == 0 &&
	    path[strlen(fake->root)] == '/';
}

static bool is(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && strcmp(slash + 1, name) == 0;
}

static void put(const char *entry, const char *name, const void *p, size_t n)
{
	char path[PATH_BYTES];
	int fd;

	snprintf(path, sizeof path, "%s/%s", entry, name);
	fd = real_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	real_close(fd);
}

static void generation_put(const char *entry)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%u\n", generation);

	put(entry, "generation", text, (size_t)n);
}

int mkdir(const char *path, mode_t mode)
{
	int rc = (int)syscall(SYS_mkdir, path, mode);

	if (rc != 0 || !ours(path))
		return rc;
	put(path, "inblob", "", 0);
	put(path, "outblob", "", 0);
	put(path, "provider", fake->provider, strlen(fake->provider));
	generation_put(path);
	if (fake->aux.n > 0)
		put(path, "auxblob", "", 0);
	fake->entries++;
	fake->made++;
	return 0;
}

int rmdir(const char *path)
{
	static const char *const names[] = { "inblob", "outblob", "provider", "generation",
		"auxblob" };
	char file[PATH_BYTES];
	int rc;

	for (size_t i = 0; ours(path) && i < sizeof names / sizeof names[0]; i++) {
		snprintf(file, sizeof file, "%s/%s", path, names[i]);
		unlink(file);
	}
	rc = (int)syscall(SYS_rmdir, path);
	if (rc == 0 && ours(path))
		fake->entries--;
	return rc;
}

int open(const char *path, int flags, ...)
{
	unsigned mode = 0;
	va_list args;
	int fd;

	if ((flags & O_CREAT) != 0) {
		va_start(args, flags);
		mode = va_arg(args, unsigned);
		va_end(args);
	}
	fd = real_open(path, flags, mode);
	if (fd >= 0 && ours(path) && is(path, "inblob")) {
		inblob = fd;
		snprintf(inblob_path, sizeof inblob_path, "%.*s", (int)(strrchr(path, '/') - path),
		    path);
	}
	return fd;
}

/* The kernel takes a binary attribute when its file is closed. */
static void inblob_taken(void)
{
	char path[PATH_BYTES + 16];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "%s/inblob", inblob_path);
	fd = real_open(path, O_RDONLY | O_CLOEXEC, 0);
	n = read(fd, fake->in, sizeof fake->in);
	real_close(fd);
	if (n < 0)
		abort();
	fake->in_n = (size_t)n;
	generation += fake->others > 0 ? 2 : 1;
	fake->others -= fake->others > 0 ? 1 : 0;
	generation_put(inblob_path);
	put(inblob_path, "outblob", fake->out.p, fake->out.n);
	if (fake->aux.n > 0)
		put(inblob_path, "auxblob", fake->aux.p, fake->aux.n);
}

int close(int fd)
{
	int rc = real_close(fd);

	if (fd >= 0 && fd == inblob) {
		inblob = -1;
		inblob_taken();
	}
	return rc;
}
