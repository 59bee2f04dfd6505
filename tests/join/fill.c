/*
 * Storing many small secrets: each account is a client with a connection of its own, and has one
 * operation under way at a time. Each holds an NFT, and its secrets open to that NFT's holder.
 */
#include "load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "cli/crypt.h"
#include "cli/payload.h"
#include "cli/rpc.h"

#define ACCOUNTS_EACH 64u                /* of one process, within what cli/rpc.c runs at once */
#define TRIES_MAX 20u
#define ANSWER_MS 20000u
#define PROGRESS_MS 10000u

struct account {
	struct key *key;
	struct sr_writer policy;         /* holder(its NFT) */
	uint64_t nonce, number;          /* number: of the secret under way */
	bool busy;
	unsigned tries;
	uint32_t member;                 /* asked */
	struct sr_writer op, sealed;
	struct sr_hash32 hash, request;  /* of the operation; of the sealed request */
	struct sr_key32 secret;
	struct vault_secret_id id;
	struct rpc_call call;
};

struct filling {
	uint64_t secrets;
	uint32_t accounts, processes;
	const char *list;
	uint64_t began_ms, said_ms;
};

static void must(enum sr_error error, const char *what)
{
	if (error != SR_OK) {
		fprintf(stderr, "load: %s: %s\n", what, sr_error_name((unsigned)error));
		exit(2);
	}
}

/* --- an account --- */

static void account_open(struct account *a, struct worker *w, uint32_t number)
{
	union vault_op_body body;
	struct client_act act = { .kind = VAULT_OP_NFT_MINT, .body = &body };
	char text[32];

	memset(&body, 0, sizeof body);
	a->key = load_key(number);
	body.nft_mint.to = a->key->account;
	body.nft_mint.name = (struct sr_bytes){ (const uint8_t *)"load", 4 };
	load_begin(w);
	must(client_act(w->c, a->key, &act), "minting");
	must((enum sr_error)act.receipt.code, "minting");
	a->nonce = 1;
	a->member = number;
	snprintf(text, sizeof text, "holder(%" PRIu64 ")", act.receipt.id);
	sr_writer_init(&a->policy, VAULT_POLICY_BYTES_MAX);
	if (!cli_policy(&w->cli, &a->policy, text))
		load_die("a policy could not be made");
	sr_writer_init(&a->op, SR_OP_MAX);
	sr_writer_init(&a->sealed, SR_OP_MAX + 256);
}

static void account_close(struct account *a)
{
	key_free(a->key);
	sr_writer_clear(&a->policy);
	sr_writer_clear(&a->op);
	sr_writer_clear(&a->sealed);
}

/* --- its operation --- */

static enum sr_error wrap(struct account *a, struct client *c, struct vault_op_secret_put *put,
    const struct sr_key32 *dek)
{
	struct sr_hash32 policy_hash = vault_policy_hash(put->policy), label;

	a->id = put->id = vault_secret_id_derive(
	    &c->genesis->chain_id, &a->key->account, a->nonce);
	label = vault_label(&c->genesis->chain_id, &put->id, &a->key->account, &policy_hash);
	return crypt_wrap(
	    &put->key, dek, c->epoch->vault_key, &label, &a->key->box_public, &c->drbg);
}

static enum sr_error sign(struct account *a, struct client *c, const union vault_op_body *body)
{
	uint8_t signature[65];
	size_t n;
	struct vault_op op;

	sr_writer_reset(&a->op);
	vault_op_write_signed(&a->op, &c->genesis->chain_id, c->epoch->epoch, &a->key->account,
	    a->nonce, cli_now_ms() + 300000, VAULT_OP_SECRET_PUT, body);
	SR_TRY(a->op.error);
	SR_TRY(key_sign(signature, &n, a->key, "strongroom op v1", "Strongroom operation",
	    a->op.p, a->op.n));
	vault_op_write_signature(&a->op, signature, n);
	SR_TRY(sr_writer_finish(&a->op));
	SR_TRY(vault_op_decode(&op, a->op.p, a->op.n));
	a->hash = op.hash;
	return SR_OK;
}

static void put_make(struct account *a, struct client *c, uint32_t owner, uint64_t number)
{
	static uint8_t buffer[PAYLOAD_INLINE_BUFFER];
	union vault_op_body body;
	struct vault_op_secret_put *put = &body.secret_put;
	uint8_t value[VALUE_BYTES];
	SR_KEY32_AUTO dek;
	char name[32];

	memset(&body, 0, sizeof body);
	load_value(value, owner, number);
	put->name = (struct sr_bytes){ (const uint8_t *)name,
		(size_t)snprintf(name, sizeof name, "s%" PRIu64, number) };
	put->policy = (struct sr_bytes){ a->policy.p, a->policy.n };
	put->payload.inlined = true;
	put->payload.plain_bytes = crypt_bucket(sizeof value);
	put->payload.inline_bytes =
	    (struct sr_bytes){ buffer, (size_t)crypt_stream_bytes(put->payload.plain_bytes) };
	must(sr_drbg_fill(&c->drbg, dek.b, sizeof dek.b), "random");
	must(crypt_seal(buffer, &dek, value, sizeof value), "sealing");
	must(wrap(a, c, put, &dek), "wrapping");
	must(sign(a, c, &body), "signing");
	a->number = number;
	a->busy = true;
	a->tries = 0;
}

/* The same operation may be sent again: it is applied once. */
static void call_make(struct account *a, struct client *c)
{
	SR_KEY32_AUTO ephemeral;
	struct sr_xpk answer;

	must(sr_drbg_fill(&c->drbg, a->secret.b, sizeof a->secret.b), "random");
	must(sr_drbg_fill(&c->drbg, ephemeral.b, sizeof ephemeral.b), "random");
	sr_x25519_public(&answer, &a->secret);
	sr_writer_reset(&a->sealed);
	must(client_request_seal(&a->sealed, &a->request, CLIENT_SUBMIT, &c->genesis->chain_id,
		 c->epoch->epoch, &c->epoch->shielding_key, &ephemeral, &answer, a->op.p, a->op.n),
	    "sealing");
	must(sr_writer_finish(&a->sealed), "sealing");
	memset(&a->call, 0, sizeof a->call);
	client_to_member(c, &a->call, a->member % c->epoch->n);
	a->call.method = CLIENT_SUBMIT;
	a->call.payload = (struct sr_bytes){ a->sealed.p, a->sealed.n };
	a->call.timeout_ms = ANSWER_MS;
	a->call.answer_max = 65536;
}

/* The receipt, under the member's signature. */
static enum sr_error answer_read(struct account *a, const struct client *c)
{
	enum sr_error code = SR_OK, error;
	struct vault_receipt receipt;
	struct sr_reader r;
	uint8_t *answer = NULL;
	uint32_t member;
	size_t n = 0;

	SR_TRY(a->call.error);
	SR_TRY(client_answer_open(&code, &member, &answer, &n, &a->secret, &a->request, c->keys,
	    c->epoch->n, a->call.answer, a->call.answer_n));
	sr_reader_init(&r, answer, n);
	vault_receipt_read(&receipt, &r);
	error = n > 0 ? sr_reader_finish(&r) : code;
	client_answer_free(answer, n);
	SR_TRY(error);
	return sr_hash32_equal(&receipt.op, &a->hash) ? (enum sr_error)receipt.code :
	    SR_ERR_BINDING;
}

/* --- rounds --- */

static void answer_take(struct account *a, struct worker *w, uint32_t owner)
{
	enum sr_error error = answer_read(a, w->c);
	char id[33], text[128];

	rpc_clear(&a->call);
	if (error != SR_OK && ++a->tries == TRIES_MAX)
		must(error, "storing");
	if (error != SR_OK) {
		a->member++;
		return;
	}
	a->busy = false;
	a->nonce++;
	sr_hex_encode(id, a->id.b, sizeof a->id.b);
	load_line(w, text,
	    snprintf(text, sizeof text, "%u %" PRIu64 " %s\n", owner, a->number, id));
}

struct round { struct account *accounts; uint64_t next[ACCOUNTS_EACH]; uint32_t n; };

/* Whose turn it is: with its next secret, or the same once more. */
static uint32_t round_make(struct round *r, struct worker *w, const struct filling *f,
    const uint32_t *owners, struct rpc_call **list)
{
	bool again = false;
	uint32_t count = 0;

	for (uint32_t i = 0; i < r->n; i++) {
		struct account *a = &r->accounts[i];

		if (!a->busy && r->next[i] >= f->secrets)
			continue;
		again = again || a->busy;
		if (!a->busy) {
			put_make(a, w->c, owners[i], r->next[i]);
			r->next[i] += f->accounts;
		}
		call_make(a, w->c);
		list[count++] = &a->call;
	}
	if (again)
		cli_pause_ms(100);
	return count;
}

/* One operation of each account, all at once; the next round when all are answered. Secret i is
 * account i mod accounts'. */
static void rounds(struct worker *w, const struct filling *f, struct account *accounts,
    const uint32_t *owners, uint32_t n)
{
	struct round r = { .accounts = accounts, .n = n };
	struct rpc_call *list[ACCOUNTS_EACH] = { NULL };
	uint32_t count;

	for (uint32_t i = 0; i < n; i++)
		r.next[i] = owners[i];
	while (!load_ending && (count = round_make(&r, w, f, owners, list)) > 0) {
		rpc_run(w->c->http, list, count, NULL, NULL);
		for (uint32_t i = 0; i < n; i++)
			if (accounts[i].busy)
				answer_take(&accounts[i], w, owners[i]);
	}
}

static bool fill(struct worker *w, void *ctx)
{
	const struct filling *f = ctx;
	struct account *accounts = calloc(ACCOUNTS_EACH, sizeof *accounts);
	uint32_t owners[ACCOUNTS_EACH], n = 0;

	if (accounts == NULL)
		load_die("memory");
	for (uint32_t i = w->number; i < f->accounts && n < ACCOUNTS_EACH; i += f->processes) {
		owners[n] = i;
		account_open(&accounts[n++], w, i);
	}
	rounds(w, f, accounts, owners, n);
	for (uint32_t i = 0; i < n; i++)
		account_close(&accounts[i]);
	free(accounts);
	return !load_ending;
}

/* --- the whole --- */

static void progress(void *ctx)
{
	struct filling *f = ctx;
	uint64_t now = cli_monotonic_ms(), n;

	if (now < f->said_ms + PROGRESS_MS)
		return;
	f->said_ms = now;
	n = load_lines(f->list);
	printf("  %" PRIu64 " of %" PRIu64 " are stored, %" PRIu64 " a second\n", n, f->secrets,
	    n * 1000 / (now - f->began_ms));
	fflush(stdout);
}

int load_fill(const char *cluster, const char *list, uint32_t secrets, uint32_t accounts)
{
	struct filling f = { .secrets = secrets, .accounts = accounts, .list = list,
		.processes = (accounts + ACCOUNTS_EACH - 1) / ACCOUNTS_EACH };

	if (f.processes > WORKERS_MAX)
		load_die("too many accounts");
	f.began_ms = f.said_ms = cli_monotonic_ms();
	return load_workers(cluster, list, f.processes, fill, progress, &f);
}
