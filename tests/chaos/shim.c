/*
 * Preloaded into strongroomd by `make chaos`: another wall clock, and a disk that fails. It reads
 * the file $SRCHAOS_SHIM, one line, again before every call:
 *
 *   SEQ OFFSET_MS FAULT AFTER
 *
 * OFFSET_MS is added to CLOCK_REALTIME (the enclave has no clock: its time comes from the daemon).
 * FAULT none; or, once in a process for each SEQ, at the AFTER-th call on a regular file from then:
 *   eio-write   write fails with EIO          eio-sync   fsync or fdatasync does
 *   enospc      write fails with ENOSPC       torn       half of it is written, then SIGKILL
 * What was done is appended to $SRCHAOS_SHIM.hits.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct order {
	unsigned long seq;
	long long offset_ms;
	char fault[16];
	unsigned long after;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int control = -1;
static unsigned long seq_seen, calls;

static struct order order_read(void)
{
	struct order o = { 0, 0, "none", 0 };
	char line[128];
	ssize_t n;

	if (control < 0) {
		const char *path = getenv("SRCHAOS_SHIM");

		control = path != NULL ? (int)syscall(SYS_openat, AT_FDCWD, path,
					     O_RDONLY | O_CLOEXEC)
				       : -1;
	}
	n = control >= 0 ? pread(control, line, sizeof line - 1, 0) : 0;
	line[n > 0 ? n : 0] = '\0';
	if (sscanf(line, "%lu %lld %15s %lu", &o.seq, &o.offset_ms, o.fault, &o.after) != 4)
		o = (struct order){ 0, 0, "none", 0 };
	return o;
}

static void hit(const char *fault)
{
	const char *path = getenv("SRCHAOS_SHIM");
	char name[4096], line[32];
	int fd, n = snprintf(line, sizeof line, "%s\n", fault);

	snprintf(name, sizeof name, "%s.hits", path != NULL ? path : "");
	fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
	    0600);
	if (fd < 0)
		return;
	(void)!syscall(SYS_write, fd, line, (size_t)n);
	close(fd);
}

/* Is it now, for a call of this kind? */
static const char *strikes(int fd, int sync)
{
	static char fault[16];
	struct stat st;
	struct order o;
	const char *found = NULL;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return NULL;
	pthread_mutex_lock(&lock);
	o = order_read();
	if (strcmp(o.fault, "none") != 0 && (strcmp(o.fault, "eio-sync") == 0) == (sync != 0)) {
		if (o.seq != seq_seen) {
			seq_seen = o.seq;
			calls = 0;
		}
		if (++calls == o.after) {
			memcpy(fault, o.fault, sizeof fault);
			found = fault;
			hit(fault);
		}
	}
	pthread_mutex_unlock(&lock);
	return found;
}

typedef ssize_t write_call(int fd, const void *p, size_t n, off_t at);

static ssize_t plain_write(int fd, const void *p, size_t n, off_t at)
{
	(void)at;
	return syscall(SYS_write, fd, p, n);
}

static ssize_t plain_pwrite(int fd, const void *p, size_t n, off_t at)
{
	return syscall(SYS_pwrite64, fd, p, n, at);
}

static ssize_t any_write(write_call *plain, int fd, const void *p, size_t n, off_t at)
{
	const char *fault = strikes(fd, 0);

	if (fault == NULL)
		return plain(fd, p, n, at);
	if (strcmp(fault, "torn") == 0) {
		(void)!plain(fd, p, n / 2, at);
		kill(getpid(), SIGKILL);
	}
	errno = strcmp(fault, "enospc") == 0 ? ENOSPC : EIO;
	return -1;
}

ssize_t write(int fd, const void *p, size_t n)
{
	return any_write(plain_write, fd, p, n, 0);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	return any_write(plain_pwrite, fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{
	return any_write(plain_pwrite, fd, p, n, at);
}

int fsync(int fd)
{
	if (strikes(fd, 1) == NULL)
		return (int)syscall(SYS_fsync, fd);
	errno = EIO;
	return -1;
}

int fdatasync(int fd)
{
	if (strikes(fd, 1) == NULL)
		return (int)syscall(SYS_fdatasync, fd);
	errno = EIO;
	return -1;
}

/* --- the clock --- */

static int real_clock(clockid_t clock, struct timespec *t)
{
	static int (*next)(clockid_t, struct timespec *);

	if (next == NULL) {
		/* POSIX's way to turn the object pointer into a function. */
		void *symbol = dlsym(RTLD_NEXT, "clock_gettime");

		memcpy(&next, &symbol, sizeof next);
	}
	return next(clock, t);
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
	int rc = real_clock(clock, t);
	long long offset, ns;

	if (rc != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
		return rc;
	offset = order_read().offset_ms;
	ns = (long long)t->tv_nsec + offset % 1000 * 1000000;
	t->tv_sec += (time_t)(offset / 1000 + ns / 1000000000);
	ns %= 1000000000;
	t->tv_sec -= ns < 0;
	t->tv_nsec = (long)(ns < 0 ? ns + 1000000000 : ns);
	return 0;
}

time_t time(time_t *out)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (out != NULL)
		*out = t.tv_sec;
	return t.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec t;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	out->tv_sec = t.tv_sec;
	out->tv_usec = t.tv_nsec / 1000;
	return 0;
}
