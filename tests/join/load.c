/*
 * People who go on while members come and go: what they store must open at the end, and what they
 * do must not wait long.
 *
 *   load fill CLUSTER LIST SECRETS WORKERS   stores that many small secrets; a line of LIST each
 *   load run CLUSTER LOG WORKERS             one operation after another until SIGTERM; a line
 *                                            for each: started (unix ms), took (us), error's name
 *   load open CLUSTER LIST WORKERS EVERY     opens every EVERY-th of LIST and compares the bytes;
 *                                            prints "N opened, N wrong"
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/hex.h"
#include "cli/client.h"
#include "cli/crypt.h"
#include "cli/json.h"
#include "cli/payload.h"
#include "cli/retrieve.h"

#define WORKERS_MAX 256u
#define OPERATION_MS 30000u
#define VALUE_BYTES 48u

static volatile sig_atomic_t ending;

static void on_signal(int number)
{
	(void)number;
	ending = 1;
}

_Noreturn static void die(const char *what)
{
	fprintf(stderr, "load: %s\n", what);
	exit(2);
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

/* --- a worker --- */

struct worker {
	struct cli cli;
	struct client *c;
	struct key *key;
	uint32_t number;
	int out;                         /* all workers append whole lines */
};

static struct sr_hash32 derived(const char *what, uint32_t worker, uint64_t number)
{
	uint64_t numbers[2] = { worker, number };
	struct sr_bytes part = { (const uint8_t *)numbers, sizeof numbers };

	return sr_hash_domain(what, &part, 1);
}

static struct key *worker_key(uint32_t worker)
{
	struct sr_hash32 hash = derived("strongroom join load key", worker, 0);
	struct sr_key32 seed;
	struct key *key;

	memcpy(seed.b, hash.b, sizeof seed.b);
	if (key_from_seed(&key, VAULT_ACCOUNT_ED25519, &seed) != SR_OK)
		die("a key could not be made");
	return key;
}

static void value_of(uint8_t out[VALUE_BYTES], uint32_t worker, uint64_t number)
{
	struct sr_hash32 a = derived("strongroom join load value", worker, number);

	memcpy(out, a.b, 32);
	memcpy(out + 32, &number, 8);
	memset(out + 40, (int)worker, VALUE_BYTES - 40);
}

static void begin(struct worker *w)
{
	w->cli.started_ms = cli_monotonic_ms();
	w->cli.timeout_ms = OPERATION_MS;
}

static void worker_open(struct worker *w, const char *cluster)
{
	w->cli.program = "load";
	w->cli.cluster = cluster;
	begin(w);
	if (sr_crypto_init() != SR_OK || cli_json_open(&w->cli) != SR_OK
	    || client_connect(&w->cli, &w->c) != CLI_DONE)
		die("the cluster can't be reached");
	w->key = worker_key(w->number);
}

static void worker_close(struct worker *w)
{
	client_close(w->c);
	key_free(w->key);
	cli_json_close(&w->cli);
}

static void line(struct worker *w, const char *text, int n)
{
	if (write(w->out, text, (size_t)n) != n)
		die("the file can't be written");
}

/* Runs work in that many processes; the sum of what they return is whether all went well. */
static int all_workers(const char *cluster, const char *path, uint32_t n,
    bool (*work)(struct worker *w, void *ctx), void *ctx)
{
	pid_t pids[WORKERS_MAX];
	int bad = 0, status;

	for (uint32_t i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			static struct worker w;

			w.number = i;
			w.out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
			if (w.out < 0)
				die("the file can't be opened");
			worker_open(&w, cluster);
			bool good = work(&w, ctx);
			worker_close(&w);
			exit(good ? 0 : 1);
		}
		if (pids[i] < 0)
			die("fork");
	}
	for (uint32_t i = 0; i < n; i++) {
		while (waitpid(pids[i], &status, 0) < 0 && errno == EINTR)
			for (uint32_t k = i; ending && k < n; k++)
				kill(pids[k], SIGTERM);
		bad += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	}
	return bad == 0 ? 0 : 1;
}

/* --- storing --- */

struct wrapping { const struct key *key; struct sr_key32 dek; struct sr_hash32 policy_hash; };

static enum sr_error wrap(void *ctx, struct client *c, union vault_op_body *body, uint64_t nonce)
{
	struct wrapping *p = ctx;
	struct vault_op_secret_put *put = &body->secret_put;
	struct sr_hash32 label;

	put->id = vault_secret_id_derive(&c->genesis->chain_id, &p->key->account, nonce);
	label = vault_label(&c->genesis->chain_id, &put->id, &p->key->account, &p->policy_hash);
	return crypt_wrap(&put->key, &p->dek, c->epoch->vault_key, &label, &p->key->box_public,
	    &c->drbg);
}

static bool store(struct worker *w, uint64_t number, struct sr_bytes policy)
{
	struct wrapping plan = { .key = w->key, .policy_hash = vault_policy_hash(policy) };
	static uint8_t buffer[PAYLOAD_INLINE_BUFFER];
	union vault_op_body body;
	struct vault_payload *p = &body.secret_put.payload;
	struct client_act act = { .kind = VAULT_OP_SECRET_PUT, .body = &body, .fill = wrap,
		.ctx = &plan };
	uint8_t value[VALUE_BYTES];
	char name[32], id[33], text[128];

	memset(&body, 0, sizeof body);
	value_of(value, w->number, number);
	body.secret_put.name = (struct sr_bytes){ (const uint8_t *)name,
		(size_t)snprintf(name, sizeof name, "s%" PRIu64, number) };
	body.secret_put.policy = policy;
	p->inlined = true;
	p->plain_bytes = crypt_bucket(sizeof value);
	p->inline_bytes = (struct sr_bytes){ buffer, (size_t)crypt_stream_bytes(p->plain_bytes) };
	begin(w);
	if (sr_random_system(plan.dek.b, sizeof plan.dek.b) != SR_OK
	    || crypt_seal(buffer, &plan.dek, value, sizeof value) != SR_OK
	    || client_act(w->c, w->key, &act) != SR_OK || act.receipt.code != SR_OK) {
		fprintf(stderr, "load: storing: %s (%s)\n", sr_error_name(act.receipt.code),
		    w->c->trouble);
		return false;
	}
	sr_hex_encode(id, body.secret_put.id.b, sizeof body.secret_put.id.b);
	line(w, text, snprintf(text, sizeof text, "%u %" PRIu64 " %s\n", w->number, number, id));
	return true;
}

struct filling { uint64_t secrets; uint32_t workers; };

static bool fill(struct worker *w, void *ctx)
{
	const struct filling *f = ctx;
	struct sr_writer policy;
	bool good;

	sr_writer_init(&policy, VAULT_POLICY_BYTES_MAX);
	good = cli_policy(&w->cli, &policy, "after(1)");
	for (uint64_t i = w->number; good && i < f->secrets; i += f->workers)
		good = store(w, i, (struct sr_bytes){ policy.p, policy.n });
	sr_writer_clear(&policy);
	return good;
}

/* --- going on --- */

static bool go_on(struct worker *w, void *ctx)
{
	(void)ctx;
	while (!ending) {
		union vault_op_body body;
		struct client_act act = { .kind = VAULT_OP_NFT_MINT, .body = &body };
		uint64_t started = cli_now_ms(), at = now_us();
		enum sr_error error;
		char text[128];

		memset(&body, 0, sizeof body);
		body.nft_mint.to = w->key->account;
		body.nft_mint.name = (struct sr_bytes){ (const uint8_t *)"go on", 5 };
		begin(w);
		error = client_act(w->c, w->key, &act);
		if (error == SR_OK)
			error = (enum sr_error)act.receipt.code;
		line(w, text, snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64 " %s\n", started,
		    now_us() - at, sr_error_name((unsigned)error)));
	}
	return true;
}

/* --- opening --- */

static bool opens(struct worker *w, uint32_t owner, uint64_t number, const char *id, char *path)
{
	struct retrieval r = { .nft_id = 0 };
	struct key *key = worker_key(owner);
	uint8_t want[VALUE_BYTES], have[VALUE_BYTES + 1];
	uint64_t bytes = 0;
	bool good = false;
	int fd;

	value_of(want, owner, number);
	begin(w);
	if (sr_hex_decode(r.id.b, sizeof r.id.b, id, strlen(id)) == SR_OK
	    && retrieve_run(w->c, key, &r) == CLI_DONE
	    && payload_fetch(w->c, &r.record.payload, &r.dek, path, &bytes) == CLI_DONE) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		good = fd >= 0 && read(fd, have, sizeof have) == (ssize_t)sizeof want
		    && memcmp(have, want, sizeof want) == 0;
		if (fd >= 0)
			close(fd);
	}
	retrieve_close(w->c, key, &r);
	retrieve_clear(&r);
	key_free(key);
	return good;
}

struct opening { const char *list; uint32_t workers, every; };

static bool open_all(struct worker *w, void *ctx)
{
	const struct opening *o = ctx;
	char path[64], id[33], text[96];
	uint64_t number, at = 0;
	unsigned owner;
	FILE *f = fopen(o->list, "re");

	if (f == NULL)
		die("the list can't be read");
	snprintf(path, sizeof path, "/tmp/strongroom-load-%ld", (long)getpid());
	for (; fscanf(f, "%u %" SCNu64 " %32s", &owner, &number, id) == 3; at++) {
		if (at % o->every != 0 || at / o->every % o->workers != w->number)
			continue;
		bool good = opens(w, owner, number, id, path);
		line(w, text, snprintf(text, sizeof text, "%s %s\n", good ? "good" : "wrong", id));
	}
	fclose(f);
	unlink(path);
	return true;
}

static int open_count(const char *path)
{
	char word[16], id[33];
	unsigned good = 0, wrong = 0;
	FILE *f = fopen(path, "re");

	while (f != NULL && fscanf(f, "%15s %32s", word, id) == 2) {
		good += strcmp(word, "good") == 0;
		wrong += strcmp(word, "good") != 0;
	}
	if (f != NULL)
		fclose(f);
	printf("%u opened, %u wrong\n", good, wrong);
	return wrong == 0 && good > 0 ? 0 : 1;
}

static uint32_t number_arg(const char *text, uint32_t most)
{
	uint64_t n;

	if (cli_parse_number(&n, text, 1, most) != SR_OK)
		die("a number is out of range");
	return (uint32_t)n;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	if (argc == 6 && strcmp(argv[1], "fill") == 0) {
		struct filling f = { .secrets = number_arg(argv[4], 10000000),
			.workers = number_arg(argv[5], WORKERS_MAX) };

		return all_workers(argv[2], argv[3], f.workers, fill, &f);
	}
	if (argc == 5 && strcmp(argv[1], "run") == 0)
		return all_workers(
		    argv[2], argv[3], number_arg(argv[4], WORKERS_MAX), go_on, NULL);
	if (argc == 6 && strcmp(argv[1], "open") == 0) {
		struct opening o = { argv[3], number_arg(argv[4], WORKERS_MAX),
			number_arg(argv[5], 10000000) };
		char path[CLI_PATH_MAX];

		snprintf(path, sizeof path, "%.4000s.opened", argv[3]);
		unlink(path);
		(void)all_workers(argv[2], path, o.workers, open_all, &o);
		return open_count(path);
	}
	fprintf(stderr, "usage: load fill CLUSTER LIST SECRETS WORKERS | run CLUSTER LOG WORKERS | "
			"open CLUSTER LIST WORKERS EVERY\n");
	return 2;
}
