#include "cli/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "cli/rpc.h"
#include "cli/submit.h"

#define ROUND_MS 5000u
#define FORMS_MAX 16u

/* --- reading --- */

struct search {
	struct client *client;
	struct client_roster *best, *scratch;
	uint32_t good;
};

static bool roster_take(void *ctx, struct rpc_call *call)
{
	struct search *s = ctx;
	struct sr_reader r;
	enum sr_error error = call->error;

	if (error == SR_OK) {
		sr_reader_init(&r, call->answer, call->answer_n);
		client_roster_read(s->scratch, &r);
		error = sr_reader_finish(&r);
	}
	if (error != SR_OK) {
		client_trouble(s->client, call->member, error);
		return false;
	}
	if (s->good == 0 || s->scratch->height > s->best->height)
		*s->best = *s->scratch;
	return ++s->good > client_faults(s->client);
}

static enum sr_error round_run(struct search *s)
{
	struct client *c = s->client;
	struct rpc_call *calls = calloc(c->epoch->n, sizeof *calls), *list[SR_MEMBERS_MAX];
	uint64_t left = cli_left_ms(c->cli);

	if (calls == NULL)
		return SR_ERR_NO_MEMORY;
	for (uint32_t i = 0; i < c->epoch->n; i++) {
		calls[i].method = CLIENT_ROSTER;
		calls[i].timeout_ms = left < ROUND_MS ? left + 1 : ROUND_MS;
		calls[i].answer_max = CLIENT_ROSTER_MAX;
		client_to_member(c, &calls[i], c->order[i]);
		list[i] = &calls[i];
	}
	rpc_run(c->http, list, c->epoch->n, roster_take, s);
	for (uint32_t i = 0; i < c->epoch->n; i++)
		rpc_clear(&calls[i]);
	free(calls);
	return SR_OK;
}

enum sr_error roster_fetch(struct client *c, struct client_roster *out)
{
	struct search s = { .client = c, .best = out, .scratch = malloc(sizeof *s.scratch) };
	enum sr_error error = s.scratch != NULL ? SR_OK : SR_ERR_NO_MEMORY;

	while (error == SR_OK) {
		s.good = 0;
		error = round_run(&s);
		if (error != SR_OK || s.good > 0)
			break;
		if (cli_left_ms(c->cli) == 0)
			error = SR_ERR_TIMED_OUT;
		else if (!client_epoch_moved(c))
			cli_pause_ms(100);
	}
	free(s.scratch);
	return error;
}

const struct client_roster_member *roster_member_of(const struct client_roster *r, uint32_t seat)
{
	for (uint32_t i = 0; i < r->members_n; i++)
		if (r->members[i].seat == seat)
			return &r->members[i];
	return NULL;
}

const struct client_roster_candidate *roster_candidate_of(
    const struct client_roster *r, const struct sr_edpk *id_key)
{
	for (uint32_t i = 0; i < r->candidates_n; i++)
		if (memcmp(r->candidates[i].who.id_key.b, id_key->b, sizeof id_key->b) == 0)
			return &r->candidates[i];
	return NULL;
}

/* --- asking --- */

static enum sr_error form_make(struct sr_writer *op, struct client *c, const struct key *k,
    struct roster_ask *ask)
{
	uint8_t signature[65];
	size_t signature_n;
	struct vault_op decoded;
	struct sr_writer body;
	enum sr_error error;

	if (ask->forms++ == FORMS_MAX)
		return SR_ERR_TIMED_OUT;
	sr_writer_reset(op);
	sr_writer_init(&body, SR_OP_MAX);
	error = ask->fill != NULL ? ask->fill(ask->ctx, c, &body) : SR_OK;
	if (error == SR_OK)
		error = body.error;
	if (error == SR_OK)
		vault_op_write_signed_raw(op, &c->genesis->chain_id, c->epoch->epoch, &k->account,
		    0, UINT64_MAX, (unsigned)ask->kind, (struct sr_bytes){ body.p, body.n });
	sr_writer_clear(&body);
	SR_TRY(error);
	SR_TRY(op->error);
	SR_TRY(key_sign(signature, &signature_n, k, "strongroom op v1", "Strongroom operation",
	    op->p, op->n));
	vault_op_write_signature(op, signature, signature_n);
	SR_TRY(sr_writer_finish(op));
	SR_TRY(vault_op_decode(&decoded, op->p, op->n));
	ask->hash = decoded.hash;
	return SR_OK;
}

static enum sr_error submit(struct client *c, const struct sr_writer *op, struct roster_ask *ask)
{
	struct vault_receipt receipt;

	SR_TRY(submit_op(c, (struct sr_bytes){ op->p, op->n }, &ask->hash, &receipt));
	ask->code = (enum sr_error)receipt.code;
	ask->height = receipt.height;
	return SR_OK;
}

enum sr_error roster_ask(struct client *c, const struct key *k, struct roster_ask *ask)
{
	struct sr_writer op;
	enum sr_error error;

	ask->forms = 0;
	sr_writer_init(&op, SR_OP_MAX);
	do {
		error = form_make(&op, c, k, ask);
		if (error == SR_OK)
			error = submit(c, &op, ask);
	} while (error == SR_ERR_WRONG_EPOCH);
	sr_writer_clear(&op);
	return error;
}

enum cli_exit roster_ask_say(
    struct client *c, const struct key *k, struct roster_ask *ask, const char *what)
{
	enum sr_error error = roster_ask(c, k, ask);

	if (error != SR_OK)
		return client_fail(c, error, what);
	cli_put_number(c->cli, "height", ask->height);
	if (ask->code == SR_OK)
		return CLI_DONE;
	cli_fail(c->cli, ask->code, "%s", what);
	return CLI_REFUSED;
}

/* --- points of the trail --- */

void roster_point_text(char out[ROSTER_POINT_TEXT], const struct epoch_record *r)
{
	struct sr_hash32 root = epoch_record_root(r);
	int n = snprintf(out, ROSTER_POINT_TEXT, "%llu:", (unsigned long long)r->epoch);

	sr_hex_encode(out + n, root.b, sizeof root.b);
}

enum sr_error roster_point_check(struct client *c, const char *text)
{
	const char *colon = strchr(text, ':');
	struct epoch_record *record;
	struct sr_hash32 wanted, root;
	char number[24] = "";
	uint64_t epoch;
	enum sr_error error;

	if (colon == NULL || (size_t)(colon - text) >= sizeof number)
		return SR_ERR_BAD_SYNTAX;
	memcpy(number, text, (size_t)(colon - text));
	if (cli_parse_number(&epoch, number, 0, INT64_MAX) != SR_OK
	    || sr_hex_decode(wanted.b, sizeof wanted.b, colon + 1, strlen(colon + 1)) != SR_OK)
		return SR_ERR_BAD_SYNTAX;
	record = malloc(sizeof *record);
	if (record == NULL)
		return SR_ERR_NO_MEMORY;
	error = client_epoch_at(record, c, epoch);
	if (error == SR_OK) {
		root = epoch_record_root(record);
		error = sr_hash32_equal(&root, &wanted) ? SR_OK : SR_ERR_BAD_HASH;
	}
	free(record);
	return error;
}

uint64_t roster_policy_next(const struct client_roster *r)
{
	return (r->has_announced ? r->announced.number : r->policy.number) + 1;
}
