#define _DEFAULT_SOURCE /* MAP_ANONYMOUS under strict C */
/*
 * Opening secrets: from the signed request over the final ticket and t verified shares to the
 * plaintext, by the product's own client. Each worker is a process with a secret and a connection
 * to each member of its own, and opens it again and again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/crypt.h"
#include "tests/load/account.h"
#include "tests/load/load.h"

#define PLAIN_BYTES 1024u
#define GATE_MS 30000u

struct stored {
	struct vault_secret_id id;
	struct vault_wrapped_key key;
	struct sr_hash32 label;
	struct sr_writer policy;         /* its owner alone */
	uint8_t plain[PLAIN_BYTES];
	uint8_t *stream;
	size_t stream_n;
};

static void submit(struct worker *w, struct asked *op, uint32_t member,
    struct vault_receipt *receipt)
{
	enum sr_error code = SR_OK;
	uint8_t *answer = NULL;
	struct sr_reader r;
	size_t n = 0;

	load_begin(w);
	load_must(client_ask(w->c, CLIENT_SUBMIT, member,
		      (struct sr_bytes){ op->op.p, op->op.n }, OPERATION_MS, &code, &answer, &n),
	    "submitting");
	load_must(code, "an operation");
	sr_reader_init(&r, answer, n);
	vault_receipt_read(receipt, &r);
	load_must(sr_reader_finish(&r), "a receipt");
	load_must((enum sr_error)receipt->code, "an operation");
	client_answer_free(answer, n);
}

static void policy_make(struct stored *s, const struct account *a)
{
	static struct vault_policy policy;

	policy.nodes_n = 1;
	policy.nodes[0].kind = VAULT_POLICY_ACCOUNT;
	policy.nodes[0].account = a->key->account;
	sr_writer_init(&s->policy, VAULT_POLICY_BYTES_MAX);
	vault_policy_write(&s->policy, &policy);
	load_must(sr_writer_finish(&s->policy), "a policy");
}

static void seal(struct worker *w, struct stored *s, struct account *a)
{
	struct sr_bytes policy = { s->policy.p, s->policy.n };
	struct sr_hash32 policy_hash = vault_policy_hash(policy);
	SR_KEY32_AUTO dek;

	load_must(sr_drbg_fill(&w->c->drbg, dek.b, sizeof dek.b), "random");
	load_must(sr_drbg_fill(&w->c->drbg, s->plain, sizeof s->plain), "random");
	s->id = vault_secret_id_derive(&w->c->genesis->chain_id, &a->key->account, a->nonce);
	s->label =
	    vault_label(&w->c->genesis->chain_id, &s->id, &a->key->account, &policy_hash);
	load_must(crypt_wrap(&s->key, &dek, w->c->epoch->vault_key, &s->label,
		      &a->key->box_public, &w->c->drbg),
	    "wrapping");
	s->stream_n = (size_t)crypt_stream_bytes(crypt_bucket(PLAIN_BYTES));
	s->stream = malloc(s->stream_n);
	load_must(s->stream != NULL ? SR_OK : SR_ERR_NO_MEMORY, "a payload");
	load_must(crypt_seal(s->stream, &dek, s->plain, PLAIN_BYTES), "sealing");
}

static void store(struct worker *w, struct stored *s, struct account *a)
{
	union vault_op_body body;
	struct vault_receipt receipt;
	struct asked op;

	policy_make(s, a);
	seal(w, s, a);
	memset(&body, 0, sizeof body);
	body.secret_put.id = s->id;
	body.secret_put.name = (struct sr_bytes){ (const uint8_t *)"load", 4 };
	body.secret_put.policy = (struct sr_bytes){ s->policy.p, s->policy.n };
	body.secret_put.key = s->key;
	body.secret_put.payload.inlined = true;
	body.secret_put.payload.plain_bytes = crypt_bucket(PLAIN_BYTES);
	body.secret_put.payload.inline_bytes = (struct sr_bytes){ s->stream, s->stream_n };
	account_sign(&op, a, w->c, VAULT_OP_SECRET_PUT, &body);
	submit(w, &op, w->number % w->c->epoch->n, &receipt);
	asked_clear(&op);
}

/* From nothing to the plaintext. */
static void open_once(struct worker *w, const struct stored *s, struct account *a, uint32_t member)
{
	uint8_t out[2 * PLAIN_BYTES];
	union vault_op_body body;
	struct vault_receipt receipt;
	struct asked op;
	size_t n = 0;
	SR_KEY32_AUTO e;
	SR_KEY32_AUTO kem;
	SR_KEY32_AUTO dek;

	memset(&body, 0, sizeof body);
	load_must(sr_drbg_fill(&w->c->drbg, e.b, sizeof e.b), "random");
	sr_x25519_public(&body.retrieve.to, &e);
	body.retrieve.id = s->id;
	account_sign(&op, a, w->c, VAULT_OP_RETRIEVE, &body);
	submit(w, &op, member, &receipt);
	load_must(client_shares(w->c, &receipt.op, &e, s->key.tdh2, &s->label, &kem), "shares");
	load_must(crypt_unwrap_kem(&dek, &s->key, &s->label, &kem), "unwrapping");
	load_must(crypt_bucket(PLAIN_BYTES) <= sizeof out ? SR_OK : SR_ERR_TOO_LONG, "opening");
	load_must(crypt_open(out, &n, &dek, crypt_bucket(PLAIN_BYTES), s->stream, s->stream_n),
	    "opening");
	if (n != PLAIN_BYTES || memcmp(out, s->plain, n) != 0)
		load_die("another plaintext came back");
	asked_clear(&op);
}

/* Where workers wait for one another, in memory that all see. */
struct gate {
	_Atomic uint32_t ready;
	_Atomic uint64_t start_us;       /* 0: not all are there */
	uint32_t workers;
	double seconds;
};

static void gate_pass(struct gate *gate)
{
	uint64_t end = cli_monotonic_ms() + GATE_MS;

	if (++gate->ready == gate->workers)
		gate->start_us = load_now_us();
	while (gate->start_us == 0 && !load_ending) {
		if (cli_monotonic_ms() > end)
			load_die("a worker did not come");
		cli_pause_ms(1);
	}
}

/* A line of the log each: when it ended (us after the start), how long it took (us). One worker
 * alone shows what one person waits: it pauses, so as not to go in step with the slots. */
static bool opening(struct worker *w, void *ctx)
{
	struct gate *gate = ctx;
	struct account a = { .nonce = 0 };
	struct stored s;
	uint64_t at, now = 0;
	char text[64];

	load_must(key_new(&a.key, VAULT_ACCOUNT_ED25519), "a key");
	store(w, &s, &a);
	open_once(w, &s, &a, w->number % w->c->epoch->n);
	gate_pass(gate);
	for (uint32_t i = w->number; !load_ending && (double)now < gate->seconds * 1e6; i++) {
		if (gate->workers == 1)
			cli_pause_ms(i * 37 % 100);
		at = load_now_us();
		open_once(w, &s, &a, i % w->c->epoch->n);
		now = load_now_us() - gate->start_us;
		load_line(w, text, snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64 "\n", now,
		    now + gate->start_us - at));
	}
	sr_writer_clear(&s.policy);
	free(s.stream);
	key_free(a.key);
	return true;
}

/* What the workers wrote. */
static void sum(const struct gate *gate, const char *log)
{
	struct pace_result r = { .seconds = gate->seconds };
	uint64_t ended, took;
	FILE *f = fopen(log, "re");

	if (f == NULL)
		load_die("the log can't be read");
	while (fscanf(f, "%" SCNu64 " %" SCNu64, &ended, &took) == 2) {
		if ((double)ended >= gate->seconds * 1e6)
			continue;
		r.good++;
		pace_sample(&r, took);
	}
	fclose(f);
	pace_sort(&r);
	pace_print(&r, "");
	pace_clear(&r);
}

int load_release(const char *cluster, const char *log, uint32_t workers, double seconds)
{
	struct gate *gate = mmap(NULL, sizeof *gate, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int rc;

	if (gate == MAP_FAILED)
		load_die("memory");
	gate->workers = workers;
	gate->seconds = seconds;
	(void)unlink(log);
	rc = load_workers(cluster, log, workers, opening, NULL, gate);
	if (rc == 0)
		sum(gate, log);
	munmap(gate, sizeof *gate);
	return rc;
}
