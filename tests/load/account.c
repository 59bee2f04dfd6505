#include "tests/load/account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "cli/json.h"
#include "tests/load/load.h"

#define VALID_MS 300000u                 /* of an operation */

void load_must(enum sr_error error, const char *what)
{
	if (error != SR_OK) {
		fprintf(stderr, "load: %s: %s\n", what, sr_error_name((unsigned)error));
		exit(2);
	}
}

void account_servers(struct wire_server *servers, const struct client *c)
{
	for (uint32_t i = 0; i < c->epoch->n; i++) {
		load_must(wire_server_parse(&servers[i], c->epoch->members[i].url), "a URL");
		servers[i].pinned = true;
		servers[i].pin = c->epoch->members[i].url_pin;
	}
}

void account_sign(struct asked *out, struct account *a, const struct client *c,
    enum vault_op_kind kind, const union vault_op_body *body)
{
	uint8_t signature[65];
	struct vault_op op;
	size_t n;

	memset(out, 0, sizeof *out);
	sr_writer_init(&out->op, SR_OP_MAX);
	vault_op_write_signed(&out->op, &c->genesis->chain_id, c->epoch->epoch, &a->key->account,
	    a->nonce++, cli_now_ms() + VALID_MS, kind, body);
	load_must(out->op.error, "an operation");
	load_must(key_sign(signature, &n, a->key, "strongroom op v1", "Strongroom operation",
		      out->op.p, out->op.n),
	    "signing");
	vault_op_write_signature(&out->op, signature, n);
	load_must(sr_writer_finish(&out->op), "an operation");
	load_must(vault_op_decode(&op, out->op.p, out->op.n), "an operation");
	out->hash = op.hash;
}

void account_mint(struct asked *out, struct account *a, const struct client *c)
{
	union vault_op_body body;

	memset(&body, 0, sizeof body);
	body.nft_mint.to = a->key->account;
	body.nft_mint.name = (struct sr_bytes){ (const uint8_t *)"load", 4 };
	account_sign(out, a, c, VAULT_OP_NFT_MINT, &body);
}

void asked_seal(struct asked *self, struct client *c, const struct wire_server *server)
{
	SR_KEY32_AUTO ephemeral;
	struct sr_xpk answer;
	struct sr_writer sealed;
	char *hex, *json;

	load_must(sr_drbg_fill(&c->drbg, self->secret.b, sizeof self->secret.b), "random");
	load_must(sr_drbg_fill(&c->drbg, ephemeral.b, sizeof ephemeral.b), "random");
	sr_x25519_public(&answer, &self->secret);
	sr_writer_init(&sealed, CLIENT_REQUEST_MAX);
	load_must(client_request_seal(&sealed, &self->request, CLIENT_SUBMIT,
		      &c->genesis->chain_id, c->epoch->epoch, &c->epoch->shielding_key,
		      &ephemeral, &answer, self->op.p, self->op.n),
	    "sealing");
	load_must(sr_writer_finish(&sealed), "sealing");
	hex = malloc(2 * sealed.n + 1);
	load_must(hex != NULL ? SR_OK : SR_ERR_NO_MEMORY, "a request");
	sr_hex_encode(hex, sealed.p, sealed.n);
	json = json_rpc_request("author_submitExtrinsic", hex);
	load_must(json != NULL ? SR_OK : SR_ERR_NO_MEMORY, "a request");
	free(self->http);
	self->http = wire_post(&self->http_n, server, "/", json);
	load_must(self->http != NULL ? SR_OK : SR_ERR_NO_MEMORY, "a request");
	free(json);
	free(hex);
	sr_writer_clear(&sealed);
}

/* The text is looked at, not parsed: this runs while something is measured. */
bool asked_passing(const struct wire_answer *answer)
{
	return answer->error != SR_OK || answer->status != 200
	    || strstr((const char *)answer->body, "\"answer\"") == NULL;
}

enum sr_error asked_keep(struct asked *self, const struct wire_answer *answer)
{
	free(self->answer);
	self->answer = malloc(answer->n + 1);
	if (self->answer == NULL)
		return SR_ERR_NO_MEMORY;
	memcpy(self->answer, answer->body, answer->n);
	self->answer[answer->n] = '\0';
	self->answer_n = answer->n;
	return SR_OK;
}

static enum sr_error receipt_read(const struct asked *self, const struct client *c,
    struct vault_receipt *receipt, const uint8_t *bytes, size_t bytes_n)
{
	enum sr_error code = SR_OK, error;
	struct sr_reader r;
	uint8_t *plain = NULL;
	uint32_t member;
	size_t n = 0;

	SR_TRY(client_answer_open(&code, &member, &plain, &n, &self->secret, &self->request,
	    c->keys, c->epoch->n, bytes, bytes_n));
	sr_reader_init(&r, plain, n);
	vault_receipt_read(receipt, &r);
	error = n > 0 ? sr_reader_finish(&r) : code;
	client_answer_free(plain, n);
	SR_TRY(error);
	return sr_hash32_equal(&receipt->op, &self->hash) ? (enum sr_error)receipt->code :
	    SR_ERR_BINDING;
}

enum sr_error asked_judge(const struct asked *self, const struct client *c,
    struct vault_receipt *receipt)
{
	char *text = NULL;
	uint8_t *bytes;
	size_t n;
	enum sr_error error;

	SR_TRY(json_rpc_answer(&text, self->answer, self->answer_n, "answer"));
	n = strlen(text) / 2;
	bytes = malloc(n + 1);
	error = bytes != NULL ? sr_hex_decode(bytes, n, text, strlen(text)) : SR_ERR_NO_MEMORY;
	if (error == SR_OK)
		error = receipt_read(self, c, receipt, bytes, n);
	free(bytes);
	free(text);
	return error;
}

void asked_clear(struct asked *self)
{
	sr_writer_clear(&self->op);
	sr_key32_wipe(&self->secret);
	free(self->http);
	free(self->answer);
	memset(self, 0, sizeof *self);
}
