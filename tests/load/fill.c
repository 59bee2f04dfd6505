/*
 * Storing many small secrets: each account is a client with a connection of its own, and has one
 * operation under way at a time. Each holds an NFT, and its secrets open to that NFT's holder.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "cli/crypt.h"
#include "cli/payload.h"
#include "tests/load/account.h"
#include "tests/load/load.h"

#define ACCOUNTS_EACH 64u                /* of one process */
#define TRIES_MAX 400u                   /* 50 ms after one another, at least */
#define PROGRESS_MS 10000u

struct owner {
	struct account account;
	uint32_t number;                 /* the account's */
	bool holds;                      /* an NFT: its first operation mints it */
	struct sr_writer policy;         /* holder(its NFT) */
	uint64_t next, current;          /* secrets: not yet begun, under way */
	unsigned tries;
	uint32_t member;                 /* asked */
	struct vault_secret_id id;
	struct asked asked;
};

struct filling {
	uint64_t secrets;
	uint32_t accounts, processes, bytes;
	uint32_t before;                 /* lines that the list had: these accounts come after */
	const char *list;
	uint64_t began_ms, said_ms;
};

/* What one process has. */
struct filler {
	struct worker *w;
	const struct filling *f;
	struct wire_server servers[SR_MEMBERS_MAX];
	struct owner *owners;
};

/* --- an account --- */

static void owner_open(struct owner *o, const struct filler *filler, uint32_t i)
{
	o->number = filler->f->before + i;
	o->account.key = load_key(o->number);
	o->next = i;
	o->member = i % filler->w->c->epoch->n;
	sr_writer_init(&o->policy, VAULT_POLICY_BYTES_MAX);
}

/* Its NFT is there. */
static void owner_holds(struct owner *o, struct worker *w, uint64_t nft)
{
	char text[32];

	snprintf(text, sizeof text, "holder(%" PRIu64 ")", nft);
	if (!cli_policy(&w->cli, &o->policy, text))
		load_die("a policy could not be made");
	o->holds = true;
}

static void owner_close(struct owner *o)
{
	key_free(o->account.key);
	sr_writer_clear(&o->policy);
	asked_clear(&o->asked);
}

/* --- its operation --- */

static void wrap(struct owner *o, struct client *c, struct vault_op_secret_put *put,
    const struct sr_key32 *dek)
{
	struct sr_hash32 policy_hash = vault_policy_hash(put->policy), label;
	const struct key *key = o->account.key;

	o->id = put->id =
	    vault_secret_id_derive(&c->genesis->chain_id, &key->account, o->account.nonce);
	label = vault_label(&c->genesis->chain_id, &put->id, &key->account, &policy_hash);
	load_must(crypt_wrap(&put->key, dek, c->epoch->vault_key, &label, &key->box_public,
		      &c->drbg),
	    "wrapping");
}

static void put_make(struct owner *o, struct client *c, uint32_t bytes)
{
	static uint8_t buffer[PAYLOAD_INLINE_BUFFER], value[VALUE_BYTES_MAX];
	union vault_op_body body;
	struct vault_op_secret_put *put = &body.secret_put;
	SR_KEY32_AUTO dek;
	char name[32];

	memset(&body, 0, sizeof body);
	load_value(value, bytes, o->number, o->current);
	put->name = (struct sr_bytes){ (const uint8_t *)name,
		(size_t)snprintf(name, sizeof name, "s%" PRIu64, o->current) };
	put->policy = (struct sr_bytes){ o->policy.p, o->policy.n };
	put->payload.inlined = true;
	put->payload.plain_bytes = crypt_bucket(bytes);
	put->payload.inline_bytes =
	    (struct sr_bytes){ buffer, (size_t)crypt_stream_bytes(put->payload.plain_bytes) };
	load_must(sr_drbg_fill(&c->drbg, dek.b, sizeof dek.b), "random");
	load_must(crypt_seal(buffer, &dek, value, bytes), "sealing");
	wrap(o, c, put, &dek);
	account_sign(&o->asked, &o->account, c, VAULT_OP_SECRET_PUT, &body);
}

/* Secret i is account i mod accounts'. */
static bool begin(struct filler *filler, struct owner *o)
{
	if (o->next >= filler->f->secrets)
		return false;
	o->tries = 0;
	if (!o->holds) {
		account_mint(&o->asked, &o->account, filler->w->c);
		return true;
	}
	o->current = o->next;
	o->next += filler->f->accounts;
	put_make(o, filler->w->c, filler->f->bytes);
	return true;
}

static bool next(void *ctx, struct wire *wire, uint32_t client, bool again,
    const uint8_t **request, size_t *n)
{
	struct filler *filler = ctx;
	struct owner *o = &filler->owners[client];

	if (again)
		o->member = (o->member + 1) % filler->w->c->epoch->n;
	else if (!begin(filler, o))
		return false;
	asked_seal(&o->asked, filler->w->c, &filler->servers[o->member]);
	wire_lead(wire, client, &filler->servers[o->member]);
	*request = o->asked.http;
	*n = o->asked.http_n;
	return true;
}

/* The same operation may be sent again: it is applied once. */
static enum pace_verdict answer(void *ctx, const struct wire_answer *answer)
{
	struct filler *filler = ctx;
	struct owner *o = &filler->owners[answer->connection];
	struct vault_receipt receipt;
	enum sr_error error = answer->error;
	char id[33], text[128];

	if (error == SR_OK)
		error = asked_keep(&o->asked, answer);
	if (error == SR_OK)
		error = asked_judge(&o->asked, filler->w->c, &receipt);
	if (error != SR_OK && ++o->tries == TRIES_MAX)
		load_must(error, "storing");
	if (error != SR_OK)
		return PACE_AGAIN;
	if (!o->holds) {
		owner_holds(o, filler->w, receipt.id);
		asked_clear(&o->asked);
		return PACE_GOOD;
	}
	sr_hex_encode(id, o->id.b, sizeof o->id.b);
	load_line(filler->w, text, snprintf(text, sizeof text, "%u %" PRIu64 " %s\n", o->number,
	    o->current, id));
	asked_clear(&o->asked);
	return PACE_GOOD;
}

static bool fill(struct worker *w, void *ctx)
{
	struct filler filler = { .w = w, .f = ctx };
	struct pace_source source = { &filler, next, answer, NULL };
	struct pace pace = { 0 };
	struct pace_result result;

	filler.owners = calloc(ACCOUNTS_EACH, sizeof *filler.owners);
	if (filler.owners == NULL)
		load_die("memory");
	account_servers(filler.servers, w->c);
	for (uint32_t i = w->number; i < filler.f->accounts && pace.clients < ACCOUNTS_EACH;
	     i += filler.f->processes)
		owner_open(&filler.owners[pace.clients++], &filler, i);
	load_must(pace_run(&result, &pace, &source), "storing");
	pace_clear(&result);
	for (uint32_t i = 0; i < pace.clients; i++)
		owner_close(&filler.owners[i]);
	free(filler.owners);
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
	n = load_lines(f->list) - f->before;
	printf("  %" PRIu64 " of %" PRIu64 " are stored, %" PRIu64 " a second\n", n, f->secrets,
	    n * 1000 / (now - f->began_ms));
	fflush(stdout);
}

int load_fill(const char *cluster, const char *list, uint32_t secrets, uint32_t accounts,
    uint32_t bytes)
{
	struct filling f = { .secrets = secrets, .accounts = accounts, .bytes = bytes,
		.list = list, .before = load_lines(list),
		.processes = (accounts + ACCOUNTS_EACH - 1) / ACCOUNTS_EACH };

	if (f.processes > WORKERS_MAX)
		load_die("too many accounts");
	if (bytes < VALUE_BYTES_MIN)
		load_die("too few bytes");
	f.began_ms = f.said_ms = cli_monotonic_ms();
	return load_workers(cluster, list, f.processes, fill, progress, &f);
}
