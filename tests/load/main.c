/*
 * People and what they do to a cluster, for what shows or measures something.
 *
 * People who go on while members come and go: what they store must open at the end, and what they
 * do must not wait long.
 *
 *   load fill CLUSTER LIST SECRETS ACCOUNTS [BYTES]
 *                                              stores that many small secrets, of so many accounts
 *                                              at once; a line of LIST each, after those
 *                                              of an earlier run
 *   load run CLUSTER LOG WORKERS               one operation after another until SIGTERM; a line
 *                                              for each: started (unix ms), took (us), error's
 *                                              name, epochs that ended meanwhile
 *   load watch CLUSTER LOG                     until SIGTERM, a line for each epoch: watch.c
 *   load roots CLUSTER LIST                    prints the roots of all secrets and all versions
 *   load open CLUSTER LIST WORKERS COUNT SEED  opens COUNT of LIST, chosen by SEED, and compares
 *                                              the bytes; prints "N opened, N wrong"
 *
 * What is measured; each prints one line of JSON. CLIENTS: connections with a request each at a
 * time. RATE 0: as fast as they are answered; else requests a second. WARM and SECONDS: not
 * measured, then measured.
 *
 *   load mint CLUSTER CLIENTS RATE WARM SECONDS      operations: from sending to finality
 *   load etcd CLIENTS RATE WARM SECONDS URL...       puts to etcd
 *   load release CLUSTER LOG WORKERS SECONDS         secrets opened by processes of their own
 *   load idle CLUSTER MEMBER CONNECTIONS             until SIGTERM; members count from 1
 */
#include "tests/load/load.h"

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
#include "tests/load/pace.h"

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
	struct sr_hash32 hash = derived("strongroom load key", account, 0);
	struct sr_key32 seed;
	struct key *key;

	memcpy(seed.b, hash.b, sizeof seed.b);
	if (key_from_seed(&key, VAULT_ACCOUNT_ED25519, &seed) != SR_OK)
		load_die("a key could not be made");
	return key;
}

void load_value(uint8_t *out, size_t n, uint32_t account, uint64_t number)
{
	struct sr_hash32 a = derived("strongroom load value", account, number);

	memcpy(out, a.b, 32);
	memcpy(out + 32, &number, 8);
	memset(out + VALUE_BYTES_MIN, (int)account, n - VALUE_BYTES_MIN);
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

static double seconds_arg(const char *text)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end != '\0' || !(v >= 0 && v <= 1e6))
		load_die("a number is out of range");
	return v;
}

/* CLIENTS RATE WARM SECONDS */
static struct pace pace_args(char **argv)
{
	return (struct pace){ number_arg(argv[0], CLIENTS_MAX), seconds_arg(argv[1]),
		seconds_arg(argv[2]), seconds_arg(argv[3]) };
}

static int run_fill(int argc, char **argv)
{
	return load_fill(argv[2], argv[3], number_arg(argv[4], 10000000),
	    number_arg(argv[5], 100000),
	    argc == 7 ? number_arg(argv[6], VALUE_BYTES_MAX) : VALUE_BYTES);
}

static int run_go_on(int argc, char **argv)
{
	(void)argc;
	return load_workers(
	    argv[2], argv[3], number_arg(argv[4], WORKERS_MAX), go_on, NULL, NULL);
}

static int run_watch(int argc, char **argv)
{
	(void)argc;
	return load_watch(argv[2], argv[3]);
}

static int run_roots(int argc, char **argv)
{
	(void)argc;
	return load_roots(argv[2], argv[3]);
}

static int run_open(int argc, char **argv)
{
	(void)argc;
	return load_open(argv[2], argv[3], number_arg(argv[4], WORKERS_MAX),
	    number_arg(argv[5], 10000000), number_arg(argv[6], UINT32_MAX));
}

static int run_mint(int argc, char **argv)
{
	struct pace pace = pace_args(argv + 3);

	(void)argc;
	return load_mint(argv[2], &pace);
}

static int run_etcd(int argc, char **argv)
{
	struct pace pace = pace_args(argv + 2);

	return load_etcd(argv + 6, (uint32_t)argc - 6, &pace);
}

static int run_release(int argc, char **argv)
{
	(void)argc;
	return load_release(
	    argv[2], argv[3], number_arg(argv[4], WORKERS_MAX), seconds_arg(argv[5]));
}

static int run_idle(int argc, char **argv)
{
	(void)argc;
	return load_idle(argv[2], number_arg(argv[3], 64) - 1, number_arg(argv[4], CLIENTS_MAX));
}

struct mode { const char *name, *args; int least, most; int (*run)(int argc, char **argv); };

static const struct mode modes[] = {
	{ "fill", "CLUSTER LIST SECRETS ACCOUNTS [BYTES]", 6, 7, run_fill },
	{ "run", "CLUSTER LOG WORKERS", 5, 5, run_go_on },
	{ "watch", "CLUSTER LOG", 4, 4, run_watch },
	{ "roots", "CLUSTER LIST", 4, 4, run_roots },
	{ "open", "CLUSTER LIST WORKERS COUNT SEED", 7, 7, run_open },
	{ "mint", "CLUSTER CLIENTS RATE WARM SECONDS", 7, 7, run_mint },
	{ "etcd", "CLIENTS RATE WARM SECONDS URL...", 7, 22, run_etcd },
	{ "release", "CLUSTER LOG WORKERS SECONDS", 6, 6, run_release },
	{ "idle", "CLUSTER MEMBER CONNECTIONS", 5, 5, run_idle },
};

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		if (argc >= modes[i].least && argc <= modes[i].most
		    && strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run(argc, argv);
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		fprintf(stderr, "usage: load %s %s\n", modes[i].name, modes[i].args);
	return 2;
}
