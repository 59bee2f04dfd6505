/*
 * People who go on while members come and go: what they store must open at the end, and what they
 * do must not wait long.
 *
 *   load fill CLUSTER LIST SECRETS ACCOUNTS    stores that many small secrets, of so many accounts
 *                                              at once; a line of LIST each
 *   load run CLUSTER LOG WORKERS               one operation after another until SIGTERM; a line
 *                                              for each: started (unix ms), took (us), error's
 *                                              name, epochs that ended meanwhile
 *   load watch CLUSTER LOG                     until SIGTERM, a line for each epoch: watch.c
 *   load roots CLUSTER LIST                    prints the roots of all secrets and all versions
 *   load open CLUSTER LIST WORKERS COUNT SEED  opens COUNT of LIST, chosen by SEED, and compares
 *                                              the bytes; prints "N opened, N wrong"
 */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/json.h"

volatile sig_atomic_t load_ending;

static void on_signal(int number)
{
	(void)number;
	load_ending = 1;
}

_Noreturn void load_die(const char *what)
{
	fprintf(stderr, "load: %s\n", what);
	exit(2);
}

uint64_t load_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

/* --- a worker --- */

static struct sr_hash32 derived(const char *what, uint32_t account, uint64_t number)
{
	uint64_t numbers[2] = { account, number };
	struct sr_bytes part = { (const uint8_t *)numbers, sizeof numbers };

	return sr_hash_domain(what, &part, 1);
}

struct key *load_key(uint32_t account)
{
	struct sr_hash32 hash = derived("strongroom join load key", account, 0);
	struct sr_key32 seed;
	struct key *key;

	memcpy(seed.b, hash.b, sizeof seed.b);
	if (key_from_seed(&key, VAULT_ACCOUNT_ED25519, &seed) != SR_OK)
		load_die("a key could not be made");
	return key;
}

void load_value(uint8_t out[VALUE_BYTES], uint32_t account, uint64_t number)
{
	struct sr_hash32 a = derived("strongroom join load value", account, number);

	memcpy(out, a.b, 32);
	memcpy(out + 32, &number, 8);
	memset(out + 40, (int)account, VALUE_BYTES - 40);
}

void load_begin(struct worker *w)
{
	w->cli.started_ms = cli_monotonic_ms();
	w->cli.timeout_ms = OPERATION_MS;
}

void load_line(struct worker *w, const char *text, int n)
{
	if (write(w->out, text, (size_t)n) != n)
		load_die("the file can't be written");
}

uint32_t load_lines(const char *path)
{
	uint32_t n = 0;
	FILE *f = fopen(path, "re");
	int c;

	while (f != NULL && (c = getc(f)) != EOF)
		n += c == '\n';
	if (f != NULL)
		fclose(f);
	return n;
}

/* Accounts that go on are not those that store. */
#define GOING_ON 1000000u

void load_worker_open(struct worker *w, const char *cluster, uint32_t number)
{
	w->number = number;
	w->cli.program = "load";
	w->cli.cluster = cluster;
	load_begin(w);
	if (sr_crypto_init() != SR_OK || cli_json_open(&w->cli) != SR_OK
	    || client_connect(&w->cli, &w->c) != CLI_DONE)
		load_die("the cluster can't be reached");
	w->key = load_key(GOING_ON + number);
}

void load_worker_close(struct worker *w)
{
	client_close(w->c);
	key_free(w->key);
	cli_json_close(&w->cli);
}

static _Noreturn void worker_run(const char *cluster, const char *path, uint32_t number,
    bool (*work)(struct worker *w, void *ctx), void *ctx)
{
	static struct worker w;
	bool good;

	w.out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (w.out < 0)
		load_die("the file can't be opened");
	load_worker_open(&w, cluster, number);
	good = work(&w, ctx);
	load_worker_close(&w);
	exit(good ? 0 : 1);
}

/* How many of them ended badly. */
static int workers_wait(pid_t *pids, uint32_t n, void (*step)(void *ctx), void *ctx)
{
	uint32_t left = n;
	int bad = 0, status;

	while (left > 0) {
		uint32_t before = left;

		for (uint32_t i = 0; i < n; i++) {
			if (pids[i] == 0)
				continue;
			if (load_ending)
				kill(pids[i], SIGTERM);
			if (waitpid(pids[i], &status, WNOHANG) != pids[i])
				continue;
			bad += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
			pids[i] = 0;
			left--;
		}
		if (left == before)
			cli_pause_ms(100);
		if (step != NULL)
			step(ctx);
	}
	return bad;
}

int load_workers(const char *cluster, const char *path, uint32_t n,
    bool (*work)(struct worker *w, void *ctx), void (*step)(void *ctx), void *ctx)
{
	pid_t pids[WORKERS_MAX];

	fflush(NULL);
	for (uint32_t i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			worker_run(cluster, path, i, work, ctx);
		if (pids[i] < 0)
			load_die("fork");
	}
	return workers_wait(pids, n, step, ctx) == 0 ? 0 : 1;
}

/* --- going on --- */

/* From the first signature to the receipt that f+1 members confirm: what a person waits for. */
static bool go_on(struct worker *w, void *ctx)
{
	(void)ctx;
	while (!load_ending) {
		union vault_op_body body;
		struct client_act act = { .kind = VAULT_OP_NFT_MINT, .body = &body };
		uint64_t started = cli_now_ms(), at = load_now_us(), epoch = w->c->epoch->epoch;
		enum sr_error error;
		char text[160];

		memset(&body, 0, sizeof body);
		body.nft_mint.to = w->key->account;
		body.nft_mint.name = (struct sr_bytes){ (const uint8_t *)"go on", 5 };
		load_begin(w);
		error = client_act(w->c, w->key, &act);
		if (error == SR_OK)
			error = (enum sr_error)act.receipt.code;
		load_line(w, text, snprintf(text, sizeof text,
		    "%" PRIu64 " %" PRIu64 " %s %" PRIu64 "\n", started, load_now_us() - at,
		    sr_error_name((unsigned)error), w->c->epoch->epoch - epoch));
	}
	return true;
}

/* --- the command line --- */

static uint32_t number_arg(const char *text, uint32_t most)
{
	uint64_t n;

	if (cli_parse_number(&n, text, 1, most) != SR_OK)
		load_die("a number is out of range");
	return (uint32_t)n;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	if (argc == 6 && strcmp(argv[1], "fill") == 0)
		return load_fill(argv[2], argv[3], number_arg(argv[4], 10000000),
		    number_arg(argv[5], 100000));
	if (argc == 5 && strcmp(argv[1], "run") == 0)
		return load_workers(argv[2], argv[3], number_arg(argv[4], WORKERS_MAX), go_on,
		    NULL, NULL);
	if (argc == 4 && strcmp(argv[1], "watch") == 0)
		return load_watch(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "roots") == 0)
		return load_roots(argv[2], argv[3]);
	if (argc == 7 && strcmp(argv[1], "open") == 0)
		return load_open(argv[2], argv[3], number_arg(argv[4], WORKERS_MAX),
		    number_arg(argv[5], 10000000), number_arg(argv[6], UINT32_MAX));
	fprintf(stderr, "usage: load fill CLUSTER LIST SECRETS ACCOUNTS | run CLUSTER LOG WORKERS"
			" | watch CLUSTER LOG | roots CLUSTER LIST"
			" | open CLUSTER LIST WORKERS COUNT SEED\n");
	return 2;
}
