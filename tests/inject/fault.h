/*
 * tests/inject/fault.h - the n-th call of a kind fails. fault.c defines the C library's own names
 * (malloc, mlock, getrandom, open, write, fsync, ...) in front of it, so that the product's objects
 * and the libraries below them fail alike: linked into a test, or preloaded into a program
 * (shim.so), which then takes its fault from the environment.
 *
 *   INJECT=CALL[,CALL...]:N[:ERRNO[:once|on|half]]   N = 0 only counts
 */
#ifndef SR_TESTS_INJECT_FAULT_H
#define SR_TESTS_INJECT_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault_call {
	FAULT_MALLOC,           /* malloc, calloc, realloc, posix_memalign, aligned_alloc */
	FAULT_MMAP,
	FAULT_MLOCK,            /* mlock, mlockall */
	FAULT_GETRANDOM,
	FAULT_OPEN,             /* open, openat */
	FAULT_READ,             /* read, pread */
	FAULT_WRITE,            /* write, writev, pwrite */
	FAULT_FSYNC,            /* fsync, fdatasync, msync, sync_file_range */
	FAULT_FALLOCATE,
	FAULT_FTRUNCATE,
	FAULT_RENAME,
	FAULT_SEND,             /* send, sendto, sendmsg */
	FAULT_CALLS,
};
#define FAULT_BIT(call) (1u << (call))
#define FAULT_MEMORY (FAULT_BIT(FAULT_MALLOC) | FAULT_BIT(FAULT_MMAP) | FAULT_BIT(FAULT_MLOCK))

enum fault_how {
	FAULT_ONCE,             /* the n-th alone */
	FAULT_ON,               /* the n-th and all later ones */
	FAULT_HALF,             /* a read or write moves half of its bytes, then FAULT_ON */
};

struct fault {
	unsigned calls;         /* bits; the count runs over all of them */
	uint64_t nth;           /* from 1; 0: none fails */
	int error;              /* errno; 0: what the call gives when it runs short */
	enum fault_how how;
	size_t at_least;        /* bytes; smaller allocations are not counted and do not fail */
};

/* Counts from here on, in the thread that armed it; the preloaded shim counts in all. */
void fault_arm(const struct fault *fault);
/* Back to normal. How many calls were counted. */
uint64_t fault_disarm(void);
/* Did the armed fault happen? Stays after fault_disarm. */
bool fault_fired(void);
/* The call that failed, by name. */
const char *fault_fired_call(void);
/* Who asked for the memory that it did not get: its object's file name, or "". */
const char *fault_fired_from(void);

/* Looks into every block that is freed for these 32-byte secrets, until count 0. */
#define FAULT_SECRETS_MAX 64u
void fault_watch(const uint8_t (*secrets)[32], size_t count);
/* Which were found in freed blocks since the watch began, a bit each. */
uint64_t fault_watch_found(void);

#endif
