/* tests/inject/fault.c - see fault.h. */
#define _GNU_SOURCE /* RTLD_NEXT, the names that are defined here */
#undef _FORTIFY_SOURCE /* has some of these names itself, inline */
#include "tests/inject/fault.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *const call_names[FAULT_CALLS] = { "malloc", "mmap", "mlock", "getrandom", "open",
	"read", "write", "fsync", "fallocate", "ftruncate", "rename", "send" };
static const int call_errors[FAULT_CALLS] = { ENOMEM, ENOMEM, EAGAIN, ENOSYS, EMFILE, EIO, EIO, EIO,
	ENOSPC, EIO, EIO, ENOBUFS };

static struct fault armed;
static bool all_threads, fired, quiet;
static pthread_t thread;
static const char *fired_call = "";
static __thread const void *asked_from;
static __thread size_t asked_bytes;
static const void *fired_from;
static uint64_t counted;

/* --- Counting --- */

enum verdict { GO_ON, FAIL, HALVE };
#define HALVED                                                                                     \
	(FAULT_BIT(FAULT_GETRANDOM) | FAULT_BIT(FAULT_READ) | FAULT_BIT(FAULT_WRITE) |             \
	    FAULT_BIT(FAULT_SEND))

static void tell(const char *name, uint64_t n)
{
	char line[96];
	int length = snprintf(line, sizeof line, "inject: %s call %llu fails\n", name,
	    (unsigned long long)n);

	if (length > 0)
		(void)!syscall(SYS_write, STDERR_FILENO, line, (size_t)length);
}

static enum verdict judge(enum fault_call call)
{
	uint64_t n;

	if ((armed.calls & FAULT_BIT(call)) == 0 ||
	    (call == FAULT_MALLOC && asked_bytes < armed.at_least) ||
	    (!all_threads && !pthread_equal(pthread_self(), thread)))
		return GO_ON;
	n = __atomic_add_fetch(&counted, 1, __ATOMIC_RELAXED);
	if (armed.nth == 0 || n < armed.nth || (n > armed.nth && armed.how == FAULT_ONCE))
		return GO_ON;
	if (n == armed.nth) {
		fired = true;
		fired_call = call_names[call];
		fired_from = asked_from;
		if (!quiet)
			tell(call_names[call], n);
	}
	if (n == armed.nth && armed.how == FAULT_HALF && (FAULT_BIT(call) & HALVED) != 0)
		return HALVE;
	errno = armed.error != 0 ? armed.error : call_errors[call];
	return FAIL;
}

void fault_arm(const struct fault *fault)
{
	armed.calls = 0;
	thread = pthread_self();
	fired = false;
	fired_call = "";
	fired_from = NULL;
	quiet = true;
	__atomic_store_n(&counted, 0, __ATOMIC_RELAXED);
	armed = *fault;
}

uint64_t fault_disarm(void)
{
	armed.calls = 0;
	return __atomic_load_n(&counted, __ATOMIC_RELAXED);
}

bool fault_fired(void)
{
	return fired;
}

const char *fault_fired_call(void)
{
	return fired_call;
}

const char *fault_fired_from(void)
{
	const char *slash;
	Dl_info info;

	if (fired_from == NULL || dladdr(fired_from, &info) == 0 || info.dli_fname == NULL)
		return "";
	slash = strrchr(info.dli_fname, '/');
	return slash != NULL ? slash + 1 : info.dli_fname;
}

/* --- The preloaded shim --- */

static unsigned calls_of(const char *text, size_t n)
{
	unsigned bits = 0;

	while (n > 0) {
		size_t part = 0;

		while (part < n && text[part] != ',')
			part++;
		for (unsigned i = 0; i < FAULT_CALLS; i++)
			if (strlen(call_names[i]) == part && memcmp(call_names[i], text, part) == 0)
				bits |= FAULT_BIT(i);
		text += part < n ? part + 1 : part;
		n -= part < n ? part + 1 : part;
	}
	return bits;
}

static enum fault_how how_of(const char *text)
{
	if (strcmp(text, "on") == 0)
		return FAULT_ON;
	return strcmp(text, "half") == 0 ? FAULT_HALF : FAULT_ONCE;
}

__attribute__((constructor)) static void from_environment(void)
{
	const char *text = getenv("INJECT"), *colon;
	struct fault fault = { 0 };
	char *end;

	colon = text != NULL ? strchr(text, ':') : NULL;
	if (colon == NULL)
		return;
	fault.calls = calls_of(text, (size_t)(colon - text));
	fault.nth = strtoull(colon + 1, &end, 10);
	if (*end == ':')
		fault.error = (int)strtol(end + 1, &end, 10);
	if (*end == ':')
		fault.how = how_of(end + 1);
	if (fault.calls == 0) {
		fprintf(stderr, "inject: INJECT names no call\n");
		abort();
	}
	all_threads = true;
	fault_arm(&fault);
	quiet = false;
	unsetenv("INJECT");
	unsetenv("LD_PRELOAD");
}

__attribute__((destructor)) static void count_tell(void)
{
	if (all_threads)
		fprintf(stderr, "inject: %llu calls were counted\n",
		    (unsigned long long)__atomic_load_n(&counted, __ATOMIC_RELAXED));
}

/* --- Freed blocks --- */

static uint8_t watched[FAULT_SECRETS_MAX][32];
static size_t watched_n;
static uint64_t watched_found; /* a bit per secret */

void fault_watch(const uint8_t (*secrets)[32], size_t count)
{
	if (count > FAULT_SECRETS_MAX)
		abort();
	memcpy(watched, secrets, count * sizeof *watched);
	watched_n = count;
	watched_found = 0;
}

uint64_t fault_watch_found(void)
{
	return watched_found;
}

static void look_into(const void *p)
{
	const uint8_t *b = p;
	size_t n = p != NULL && watched_n > 0 ? malloc_usable_size((void *)(uintptr_t)p) : 0;

	for (size_t at = 0; at + 32 <= n; at++)
		for (size_t i = 0; i < watched_n; i++)
			if (b[at] == watched[i][0] && memcmp(b + at, watched[i], 32) == 0)
				watched_found |= 1ull << i;
}

/* --- The library's names --- */

/* The definition behind ours. dlsym may itself ask for memory, or free some of an error before;
 * volatile, since it is declared never to come back here. */
static __thread volatile bool resolving;
#define NEXT_OR(name, otherwise)                                                                   \
	static __typeof__(&name) next;                                                             \
	if (next == NULL) {                                                                        \
		void *found;                                                                       \
                                                                                                   \
		if (resolving)                                                                     \
			otherwise;                                                                 \
		resolving = true;                                                                  \
		found = dlsym(RTLD_NEXT, #name);                                                   \
		resolving = false;                                                                 \
		memcpy(&next, &found, sizeof next);                                                \
	}
#define NEXT(name) NEXT_OR(name, abort())

void *malloc(size_t n)
{
	NEXT_OR(malloc, return NULL)
	asked_from = __builtin_return_address(0);
	asked_bytes = n;
	return judge(FAULT_MALLOC) == GO_ON ? next(n) : NULL;
}

void *calloc(size_t count, size_t n)
{
	NEXT_OR(calloc, return NULL)
	asked_from = __builtin_return_address(0);
	asked_bytes = count * n;
	return judge(FAULT_MALLOC) == GO_ON ? next(count, n) : NULL;
}

void *realloc(void *p, size_t n)
{
	NEXT_OR(realloc, return NULL)
	asked_from = __builtin_return_address(0);
	asked_bytes = n;
	if (judge(FAULT_MALLOC) != GO_ON)
		return NULL;
	look_into(p);
	return next(p, n);
}

int posix_memalign(void **out, size_t alignment, size_t n)
{
	NEXT(posix_memalign)
	asked_from = __builtin_return_address(0);
	asked_bytes = n;
	return judge(FAULT_MALLOC) == GO_ON ? next(out, alignment, n) : ENOMEM;
}

void *aligned_alloc(size_t alignment, size_t n)
{
	NEXT(aligned_alloc)
	asked_from = __builtin_return_address(0);
	asked_bytes = n;
	return judge(FAULT_MALLOC) == GO_ON ? next(alignment, n) : NULL;
}

void free(void *p)
{
	NEXT_OR(free, return)
	look_into(p);
	next(p);
}

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
	NEXT(mmap)
	return judge(FAULT_MMAP) == GO_ON ? next(at, n, protection, flags, fd, offset) : MAP_FAILED;
}

int mlock(const void *p, size_t n)
{
	NEXT(mlock)
	return judge(FAULT_MLOCK) == GO_ON ? next(p, n) : -1;
}

int mlockall(int flags)
{
	NEXT(mlockall)
	return judge(FAULT_MLOCK) == GO_ON ? next(flags) : -1;
}

ssize_t getrandom(void *out, size_t n, unsigned flags)
{
	enum verdict verdict = judge(FAULT_GETRANDOM);
	NEXT(getrandom)

	if (verdict == FAIL)
		return -1;
	return next(out, verdict == HALVE ? n / 2 : n, flags);
}

static mode_t mode_of(int flags, va_list args)
{
	return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? (mode_t)va_arg(args, unsigned) : 0;
}

#define OPEN(name)                                                                                 \
	int name(const char *path, int flags, ...)                                                 \
	{                                                                                          \
		va_list args;                                                                      \
		mode_t mode;                                                                       \
		NEXT(name)                                                                         \
                                                                                                   \
		va_start(args, flags);                                                             \
		mode = mode_of(flags, args);                                                       \
		va_end(args);                                                                      \
		return judge(FAULT_OPEN) == GO_ON ? next(path, flags, mode) : -1;                  \
	}
OPEN(open)
OPEN(open64)

int openat(int dir, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;
	NEXT(openat)

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return judge(FAULT_OPEN) == GO_ON ? next(dir, path, flags, mode) : -1;
}

/* Half of n bytes, and at least one; what follows fails. */
static size_t part_of(enum verdict verdict, size_t n)
{
	return verdict == HALVE && n > 1 ? n / 2 : n;
}

ssize_t read(int fd, void *out, size_t n)
{
	enum verdict verdict = judge(FAULT_READ);
	NEXT(read)

	return verdict == FAIL ? -1 : next(fd, out, part_of(verdict, n));
}

ssize_t pread(int fd, void *out, size_t n, off_t offset)
{
	enum verdict verdict = judge(FAULT_READ);
	NEXT(pread)

	return verdict == FAIL ? -1 : next(fd, out, part_of(verdict, n), offset);
}

ssize_t write(int fd, const void *p, size_t n)
{
	enum verdict verdict = judge(FAULT_WRITE);
	NEXT(write)

	return verdict == FAIL ? -1 : next(fd, p, part_of(verdict, n));
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	NEXT(writev)
	return judge(FAULT_WRITE) == FAIL ? -1 : next(fd, parts, count);
}

#define PWRITE(name)                                                                               \
	ssize_t name(int fd, const void *p, size_t n, off_t offset)                                \
	{                                                                                          \
		enum verdict verdict = judge(FAULT_WRITE);                                         \
		NEXT(name)                                                                         \
                                                                                                   \
		return verdict == FAIL ? -1 : next(fd, p, part_of(verdict, n), offset);            \
	}
PWRITE(pwrite)
PWRITE(pwrite64)

#define FD_ONLY(name, call)                                                                        \
	int name(int fd)                                                                           \
	{                                                                                          \
		NEXT(name)                                                                         \
		return judge(call) == GO_ON ? next(fd) : -1;                                       \
	}
FD_ONLY(fsync, FAULT_FSYNC)
FD_ONLY(fdatasync, FAULT_FSYNC)

int sync_file_range(int fd, off64_t at, off64_t n, unsigned flags)
{
	NEXT(sync_file_range)
	return judge(FAULT_FSYNC) == GO_ON ? next(fd, at, n, flags) : -1;
}

int msync(void *p, size_t n, int flags)
{
	NEXT(msync)
	return judge(FAULT_FSYNC) == GO_ON ? next(p, n, flags) : -1;
}

#define FALLOCATE(name)                                                                            \
	int name(int fd, int mode, off_t offset, off_t n)                                          \
	{                                                                                          \
		NEXT(name)                                                                         \
		return judge(FAULT_FALLOCATE) == GO_ON ? next(fd, mode, offset, n) : -1;           \
	}
FALLOCATE(fallocate)
FALLOCATE(fallocate64)

#define FTRUNCATE(name)                                                                            \
	int name(int fd, off_t n)                                                                  \
	{                                                                                          \
		NEXT(name)                                                                         \
		return judge(FAULT_FTRUNCATE) == GO_ON ? next(fd, n) : -1;                         \
	}
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

int rename(const char *from, const char *to)
{
	NEXT(rename)
	return judge(FAULT_RENAME) == GO_ON ? next(from, to) : -1;
}

ssize_t send(int fd, const void *p, size_t n, int flags)
{
	enum verdict verdict = judge(FAULT_SEND);
	NEXT(send)

	return verdict == FAIL ? -1 : next(fd, p, part_of(verdict, n), flags);
}

ssize_t sendto(int fd, const void *p, size_t n, int flags, __CONST_SOCKADDR_ARG to, socklen_t to_n)
{
	NEXT(sendto)
	return judge(FAULT_SEND) == FAIL ? -1 : next(fd, p, n, flags, to, to_n);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	NEXT(sendmsg)
	return judge(FAULT_SEND) == FAIL ? -1 : next(fd, message, flags);
}
