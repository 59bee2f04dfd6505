/*
 * The figures of a whole cluster: four real nodes on this machine, HTTPS from a load generator in
 * its own process, every operation's signature checked by every node. Prints one line per figure.
 *   bench_cli_cluster [--seconds S] [--loaders N] [--clients N] [--samples N]      (BIN: where the
 * programs are)
 */
#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/crypt.h"
#include "cli/rpc.h"

#define NODES 4u
#define CLIENTS_MAX 96u /* of one process: what runs side by side in cli/rpc.c */
#define LOADERS_MAX 8u
#define SAMPLES_MAX 1000u

struct bench {
	char dir[256], bin[512];
	struct cli cli;
	struct client *client;
	struct key *keys[CLIENTS_MAX];
	uint64_t nonces[CLIENTS_MAX];
	unsigned seconds, clients, samples, loaders;
};

static void die(const char *what, enum sr_error error)
{
	fprintf(stderr, "bench: %s: %s\n", what, sr_error_message((unsigned)error));
	exit(1);
}

static void must(enum sr_error error, const char *what)
{
	if (error != SR_OK)
		die(what, error);
}

/* Runs strongroom and waits. */
static int tool(const struct bench *b, const char *const *args)
{
	char path[1024];
	snprintf(path, sizeof path, "%s/strongroom", b->bin);
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		char *argv[16] = { path };
		for (int i = 0; args[i] != NULL && i < 14; i++)
			argv[i + 1] = strdup(args[i]);
		if (freopen("/dev/null", "w", stdout) == NULL)
			_exit(127);
		execv(path, argv);
		_exit(127);
	}
	int status = 0;
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void client_start(struct bench *b)
{
	memset(&b->cli, 0, sizeof b->cli);
	b->cli.cluster = b->dir;
	b->cli.program = "bench";
	b->cli.timeout_ms = 3600000;
	b->cli.started_ms = cli_monotonic_ms();
	if (client_connect(&b->cli, &b->client) != CLI_DONE)
		die("connecting", SR_ERR_NOT_REACHED);
	for (unsigned i = 0; i < b->clients; i++) {
		must(key_new(&b->keys[i], VAULT_ACCOUNT_ED25519), "a key");
		b->nonces[i] = 0;
	}
}

static void cluster_start(struct bench *b, const char *slot_min_ms)
{
	char port[16];
	snprintf(port, sizeof port, "%u", 20000u + (unsigned)getpid() % 20000u);
	const char *init[] = { "cluster", "init", b->dir, "--nodes", "4", "--slot-ms", "300",
		"--slot-min-ms", slot_min_ms, "--base-port", port, NULL };
	const char *start[] = { "cluster", "start", b->dir, NULL };
	if (tool(b, init) != 0 || tool(b, start) != 0)
		die("starting a cluster", SR_ERR_NOT_REACHED);
	client_start(b);
}

static void remove_tree(const char *dir)
{
	pid_t pid = fork();
	if (pid == 0) {
		execlp("rm", "rm", "-rf", "--", dir, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

static void cluster_stop(struct bench *b)
{
	const char *stop[] = { "cluster", "stop", b->dir, NULL };
	client_close(b->client);
	for (unsigned i = 0; i < b->clients; i++)
		key_free(b->keys[i]);
	tool(b, stop);
	remove_tree(b->dir);
}

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A signed operation of one of the accounts. */
static void op_write(struct bench *b, struct sr_writer *w, unsigned who, enum vault_op_kind kind,
    const union vault_op_body *body)
{
	uint8_t sig[65];
	size_t sig_n;
	sr_writer_reset(w);
	vault_op_write_signed(w, &b->client->genesis->chain_id, b->client->epoch->epoch,
	    &b->keys[who]->account, b->nonces[who], cli_now_ms() + 300000, kind, body);
	must(key_sign(
		 sig, &sig_n, b->keys[who], "strongroom op v1", "Strongroom operation", w->p, w->n),
	    "signing");
	vault_op_write_signature(w, sig, sig_n);
	must(sr_writer_finish(w), "an operation");
	b->nonces[who]++;
}

static void mint_write(struct bench *b, struct sr_writer *w, unsigned who)
{
	union vault_op_body body = { 0 };
	body.nft_mint.to = b->keys[who]->account;
	body.nft_mint.name = (struct sr_bytes){ (const uint8_t *)"bench", 5 };
	op_write(b, w, who, VAULT_OP_NFT_MINT, &body);
}

static uint64_t operations_final(struct bench *b)
{
	struct enclave_status status[SR_MEMBERS_MAX];
	bool ok[SR_MEMBERS_MAX];
	uint64_t most = 0;
	client_statuses(b->client, status, ok, 5000);
	for (unsigned i = 0; i < NODES; i++)
		if (ok[i] && status[i].operations_final > most)
			most = status[i].operations_final;
	return most;
}

/* --- throughput: each round one operation per account, all at once --- */

struct load {
	struct rpc_call calls[CLIENTS_MAX], *list[CLIENTS_MAX];
	struct sr_writer sealed[CLIENTS_MAX];
	struct sr_key32 secrets[CLIENTS_MAX];
	struct sr_hash32 hashes[CLIENTS_MAX];
};

static void load_make(struct bench *b, struct load *l)
{
	struct sr_writer op;
	sr_writer_init(&op, SR_OP_MAX);
	for (unsigned i = 0; i < b->clients; i++) {
		SR_KEY32_AUTO ephemeral;
		struct sr_xpk answer;
		mint_write(b, &op, i);
		must(sr_drbg_fill(&b->client->drbg, l->secrets[i].b, sizeof l->secrets[i].b),
		    "random");
		must(sr_drbg_fill(&b->client->drbg, ephemeral.b, sizeof ephemeral.b), "random");
		sr_x25519_public(&answer, &l->secrets[i]);
		sr_writer_init(&l->sealed[i], SR_OP_MAX + 256);
		must(client_request_seal(&l->sealed[i], &l->hashes[i], CLIENT_SUBMIT,
			 &b->client->genesis->chain_id, b->client->epoch->epoch,
			 &b->client->epoch->shielding_key, &ephemeral, &answer, op.p, op.n),
		    "sealing");
		must(sr_writer_finish(&l->sealed[i]), "sealing");
		memset(&l->calls[i], 0, sizeof l->calls[i]);
		client_to_member(b->client, &l->calls[i], i % NODES);
		l->calls[i].method = CLIENT_SUBMIT;
		l->calls[i].payload = (struct sr_bytes){ l->sealed[i].p, l->sealed[i].n };
		l->calls[i].timeout_ms = 20000;
		l->calls[i].answer_max = 65536;
		l->list[i] = &l->calls[i];
	}
	sr_writer_clear(&op);
}

/* What the member says of operation i, under its signature. */
static enum sr_error load_answer(struct bench *b, struct load *l, unsigned i)
{
	enum sr_error code = SR_OK;
	uint32_t member;
	uint8_t *answer = NULL;
	size_t n = 0;
	SR_TRY(l->calls[i].error);
	SR_TRY(client_answer_open(&code, &member, &answer, &n, &l->secrets[i], &l->hashes[i],
	    b->client->keys, b->client->epoch->n, l->calls[i].answer, l->calls[i].answer_n));
	client_answer_free(answer, n);
	return code;
}

static unsigned load_run(struct bench *b, struct load *l)
{
	unsigned good = 0;
	rpc_run(b->client->http, l->list, b->clients, NULL, NULL);
	for (unsigned i = 0; i < b->clients; i++) {
		enum sr_error error = load_answer(b, l, i);
		good += error == SR_OK;
		if (error != SR_OK)
			fprintf(stderr, "bench: %s\n", sr_error_name((unsigned)error));
		rpc_clear(&l->calls[i]);
		sr_writer_clear(&l->sealed[i]);
	}
	return good;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double at(double *v, size_t n, double share)
{
	qsort(v, n, sizeof *v, compare);
	size_t i = (size_t)(share * (double)n);
	return v[i < n ? i : n - 1];
}

/* A load generator of its own process: rounds until the time is over. Exit status 1 when any
 * operation failed. */
static void loader(struct bench *b)
{
	struct load *l = calloc(1, sizeof *l);
	bool bad = false;
	if (l == NULL)
		_exit(1);
	client_start(b);
	for (double start = now_s(); now_s() - start < b->seconds + 3;) {
		load_make(b, l);
		bad = load_run(b, l) < b->clients || bad;
	}
	_exit(bad);
}

static void throughput(struct bench *b)
{
	pid_t pids[LOADERS_MAX];
	double rates[600];
	size_t n = 0;
	for (unsigned i = 0; i < b->loaders; i++) {
		fflush(stdout);
		pids[i] = fork();
		if (pids[i] == 0)
			loader(b);
	}
	cli_pause_ms(2000); /* warm-up: connections, caches */
	uint64_t first = operations_final(b), before = first;
	double start = now_s(), from = start;
	while (now_s() - start < b->seconds && n < 600) {
		cli_pause_ms(1000);
		uint64_t after = operations_final(b);
		double now = now_s();
		rates[n++] = (double)(after - before) / (now - from);
		before = after;
		from = now;
	}
	double rate = (double)(before - first) / (from - start);
	unsigned bad = 0;
	for (unsigned i = 0; i < b->loaders; i++) {
		int status = 0;
		waitpid(pids[i], &status, 0);
		bad += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	}
	printf("finalised operations/s, %u clients               %8.0f        (per second: median "
	       "%.0f, 10th percentile "
	       "%.0f%s)\n",
	    b->clients * b->loaders, rate, at(rates, n, 0.5), at(rates, n, 0.1),
	    bad > 0 ? "; SOME FAILED" : "");
}

/* --- latency --- */

static double submit_one(
    struct bench *b, struct sr_writer *op, unsigned member, struct vault_receipt *receipt)
{
	enum sr_error code = SR_OK;
	uint8_t *answer = NULL;
	size_t n = 0;
	double start = now_s();
	must(client_ask(b->client, CLIENT_SUBMIT, member, (struct sr_bytes){ op->p, op->n }, 20000,
		 &code, &answer, &n),
	    "submitting");
	double took = now_s() - start;
	struct sr_reader r;
	sr_reader_init(&r, answer, n);
	vault_receipt_read(receipt, &r);
	must(sr_reader_finish(&r), "a receipt");
	must((enum sr_error)receipt->code, "an operation");
	client_answer_free(answer, n);
	return took * 1000;
}

static void latency(struct bench *b, const char *name)
{
	double ms[SAMPLES_MAX];
	struct sr_writer op;
	struct vault_receipt receipt;
	sr_writer_init(&op, SR_OP_MAX);
	for (unsigned i = 0; i < b->samples + 4; i++) {
		mint_write(b, &op, i % 8);
		double took = submit_one(b, &op, i % NODES, &receipt);
		if (i >= 4)
			ms[i - 4] = took;
		cli_pause_ms((i * 37) % 100); /* not in step with the slots */
	}
	sr_writer_clear(&op);
	printf("submit to finality, %-26s p50 %6.1f ms   p99 %6.1f ms   (%u samples)\n", name,
	    at(ms, b->samples, 0.5), at(ms, b->samples, 0.99), b->samples);
}

/* --- opening a secret --- */

struct stored {
	struct vault_secret_id id;
	struct vault_wrapped_key key;
	struct sr_hash32 label;
	uint8_t *stream;
	size_t stream_n;
};

static void store(struct bench *b, struct stored *s, const uint8_t *plain, size_t n)
{
	union vault_op_body body = { 0 };
	struct vault_policy policy = { .nodes_n = 1 };
	struct sr_writer w, op;
	SR_KEY32_AUTO dek;
	struct vault_receipt receipt;
	struct key *k = b->keys[0];
	policy.nodes[0].kind = VAULT_POLICY_ACCOUNT;
	policy.nodes[0].account = k->account;
	sr_writer_init(&w, VAULT_POLICY_BYTES_MAX);
	vault_policy_write(&w, &policy);
	must(sr_writer_finish(&w), "a policy");
	must(sr_drbg_fill(&b->client->drbg, dek.b, sizeof dek.b), "random");
	s->id = vault_secret_id_derive(&b->client->genesis->chain_id, &k->account, b->nonces[0]);
	struct sr_hash32 policy_hash = vault_policy_hash((struct sr_bytes){ w.p, w.n });
	s->label = vault_label(&b->client->genesis->chain_id, &s->id, &k->account, &policy_hash);
	must(crypt_wrap(&s->key, &dek, b->client->epoch->vault_key, &s->label, &k->box_public,
		 &b->client->drbg),
	    "wrapping");
	s->stream_n = (size_t)crypt_stream_bytes(crypt_bucket(n));
	s->stream = malloc(s->stream_n);
	if (s->stream == NULL)
		die("memory", SR_ERR_NO_MEMORY);
	must(crypt_seal(s->stream, &dek, plain, n), "sealing");
	body.secret_put.id = s->id;
	body.secret_put.name = (struct sr_bytes){ (const uint8_t *)"bench", 5 };
	body.secret_put.policy = (struct sr_bytes){ w.p, w.n };
	body.secret_put.key = s->key;
	body.secret_put.payload.inlined = true;
	body.secret_put.payload.plain_bytes = crypt_bucket(n);
	body.secret_put.payload.inline_bytes = (struct sr_bytes){ s->stream, s->stream_n };
	sr_writer_init(&op, SR_OP_MAX);
	op_write(b, &op, 0, VAULT_OP_SECRET_PUT, &body);
	submit_one(b, &op, 0, &receipt);
	sr_writer_clear(&op);
	sr_writer_clear(&w);
}

static void opening(struct bench *b)
{
	uint8_t plain[1024], out[8192];
	double ms[SAMPLES_MAX];
	struct stored s;
	struct sr_writer op;
	memset(plain, 'x', sizeof plain);
	store(b, &s, plain, sizeof plain);
	sr_writer_init(&op, SR_OP_MAX);
	for (unsigned i = 0; i < b->samples; i++) {
		union vault_op_body body = { 0 };
		SR_KEY32_AUTO e;
		SR_KEY32_AUTO kem;
		SR_KEY32_AUTO dek;
		struct vault_receipt receipt;
		size_t n = 0;
		double start = now_s();
		must(sr_drbg_fill(&b->client->drbg, e.b, sizeof e.b), "random");
		sr_x25519_public(&body.retrieve.to, &e);
		body.retrieve.id = s.id;
		op_write(b, &op, 0, VAULT_OP_RETRIEVE, &body);
		submit_one(b, &op, i % NODES, &receipt);
		must(client_shares(b->client, &receipt.op, &e, s.key.tdh2, &s.label, &kem),
		    "shares");
		must(crypt_unwrap_kem(&dek, &s.key, &s.label, &kem), "unwrapping");
		must(crypt_open(out, &n, &dek, crypt_bucket(sizeof plain), s.stream, s.stream_n),
		    "opening");
		ms[i] = (now_s() - start) * 1000;
		if (n != sizeof plain || memcmp(out, plain, n) != 0)
			die("another plaintext came back", SR_ERR_DAMAGED);
	}
	sr_writer_clear(&op);
	free(s.stream);
	printf("request to plaintext, responsive, idle          p50 %6.1f ms   p99 %6.1f ms   (%u "
	       "samples)\n",
	    at(ms, b->samples, 0.5), at(ms, b->samples, 0.99), b->samples);
}

/* --- memory --- */

static unsigned long rss_kib(const char *pid)
{
	char path[64], line[256];
	unsigned long kib = 0;
	snprintf(path, sizeof path, "/proc/%.16s/status", pid);
	FILE *f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "VmRSS: %lu", &kib) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return kib;
}

static void memory(const struct bench *b)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	unsigned long host = 0, enclave = 0;
	while (d != NULL && (e = readdir(d)) != NULL) {
		char path[300], text[4096];
		snprintf(path, sizeof path, "/proc/%.32s/cmdline", e->d_name);
		FILE *f = e->d_name[0] >= '1' && e->d_name[0] <= '9' ? fopen(path, "r") : NULL;
		if (f == NULL)
			continue;
		size_t n = fread(text, 1, sizeof text - 1, f);
		fclose(f);
		for (size_t i = 0; i < n; i++)
			if (text[i] == '\0')
				text[i] = ' ';
		text[n] = '\0';
		if (strstr(text, b->dir) == NULL)
			continue;
		if (strstr(text, "strongroom-enclave") != NULL)
			enclave += rss_kib(e->d_name);
		else if (strstr(text, "strongroomd") != NULL)
			host += rss_kib(e->d_name);
	}
	if (d != NULL)
		closedir(d);
	printf("memory per node after the run                    %5.0f MiB   (host %.0f, enclave "
	       "%.0f)\n",
	    (double)(host + enclave) / 1024 / NODES, (double)host / 1024 / NODES,
	    (double)enclave / 1024 / NODES);
}

int main(int argc, char **argv)
{
	static const struct option table[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "clients", required_argument, NULL, 'c' },
		{ "samples", required_argument, NULL, 'n' },
		{ "loaders", required_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	struct bench *b = calloc(1, sizeof *b);
	const char *bin = getenv("BIN"), *tmp = getenv("TMPDIR");
	int c;
	if (b == NULL)
		return 1;
	b->seconds = 10;
	b->clients = CLIENTS_MAX;
	b->loaders = 3;
	b->samples = 100;
	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		unsigned v = optarg != NULL ? (unsigned)strtoul(optarg, NULL, 10) : 0;
		if (c == 's' && v > 0)
			b->seconds = v;
		else if (c == 'c' && v > 8 && v <= CLIENTS_MAX)
			b->clients = v;
		else if (c == 'l' && v > 0 && v <= LOADERS_MAX)
			b->loaders = v;
		else if (c == 'n' && v > 0 && v <= SAMPLES_MAX)
			b->samples = v;
		else
			return 2;
	}
	must(sr_crypto_init(), "starting");
	snprintf(b->bin, sizeof b->bin, "%s", bin != NULL ? bin : "build/gcc/bin");
	snprintf(b->dir, sizeof b->dir, "%s/strongroom-bench-XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(b->dir) == NULL)
		die("a directory", SR_ERR_IO);
	strncat(b->dir, "/c", sizeof b->dir - strlen(b->dir) - 1);
	printf("%u nodes on this machine (%ld cores), one load generator, 300 ms slots\n", NODES,
	    sysconf(_SC_NPROCESSORS_ONLN));
	fflush(stdout);
	cluster_start(b, "20");
	latency(b, "responsive");
	opening(b);
	throughput(b);
	memory(b);
	fflush(stdout);
	cluster_stop(b);
	cluster_start(b, "300");
	latency(b, "300 ms slots");
	cluster_stop(b);
	b->dir[strlen(b->dir) - 2] = '\0';
	rmdir(b->dir);
	free(b);
	return 0;
}
