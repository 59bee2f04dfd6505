/* tests/load/load.h - what the parts of the load share: workers, their keys and their bytes. */
#ifndef SR_TESTS_LOAD_LOAD_H
#define SR_TESTS_LOAD_LOAD_H

#include <signal.h>

#include "cli/client.h"

#define WORKERS_MAX 64u
#define CLIENTS_MAX 20000u               /* connections of one process */
#define OPERATION_MS 30000u
#define VALUE_BYTES_MIN 40u
#define VALUE_BYTES 48u                  /* unless more is asked for */
#define VALUE_BYTES_MAX 65536u

extern volatile sig_atomic_t load_ending;  /* SIGTERM came */

/* A process of its own. */
struct worker {
	struct cli cli;
	struct client *c;
	struct key *key;
	uint32_t number;
	int out;                         /* all workers append whole lines */
};

_Noreturn void load_die(const char *what);
uint64_t load_now_us(void);              /* monotonic */
/* The account of that number; everyone derives the same. */
struct key *load_key(uint32_t account);
/* What that account stored as its secret of that number: n bytes, at least VALUE_BYTES_MIN. */
void load_value(uint8_t *out, size_t n, uint32_t account, uint64_t number);
/* The time that the next operation has begins now. */
void load_begin(struct worker *w);
void load_line(struct worker *w, const char *text, int n);
uint32_t load_lines(const char *path);
/* Connected, with an account of its own. */
void load_worker_open(struct worker *w, const char *cluster, uint32_t number);
void load_worker_close(struct worker *w);
/* Runs work in so many processes, each appending to path; 0 when all return true. step, if any, is
 * called every second meanwhile. */
int load_workers(const char *cluster, const char *path, uint32_t n,
    bool (*work)(struct worker *w, void *ctx), void (*step)(void *ctx), void *ctx);

/* fill.c: that many secrets of so many bytes and accounts, side by side; a line of the list each:
 * account, number, id. */
int load_fill(const char *cluster, const char *list, uint32_t secrets, uint32_t accounts,
    uint32_t bytes);
/* open.c: opens so many of the list, chosen by the seed, and compares the bytes. */
int load_open(const char *cluster, const char *list, uint32_t workers, uint32_t count,
    uint64_t seed);
/* roots.c: the roots of the subtrees with all secrets and all their versions. */
int load_roots(const char *cluster, const char *list);
/* watch.c: a line for each epoch until SIGTERM: epoch, when its change started and when it began
 * (block time, ms), members, changes given up before it. */
int load_watch(const char *cluster, const char *log);

/* What is measured: each prints one line of JSON (pace_print; idle.c says its own). */
struct pace;
/* mint.c: mints at a pace. */
int load_mint(const char *cluster, const struct pace *pace);
/* etcd.c: puts of 200 bytes at a pace, to those servers. */
int load_etcd(char **urls, uint32_t urls_n, const struct pace *pace);
/* release.c: secrets of 1 KiB opened by so many processes, one after another each. */
int load_release(const char *cluster, const char *log, uint32_t workers, double seconds);
/* idle.c: connections that say nothing. */
int load_idle(const char *cluster, uint32_t member, uint32_t connections);

#endif
