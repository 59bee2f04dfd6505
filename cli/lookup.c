#include "cli/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"

#define PAGES_MAX 4096u

void looked_free(struct looked *self)
{
	client_answer_free(self->p, self->n);
	*self = (struct looked){ 0 };
}

/* Asks, and leaves a reader over the answer. */
static enum sr_error fetch(struct client *c, const struct key *key, enum vault_get_kind kind,
    struct sr_writer *params, struct looked *bytes, struct sr_reader *r)
{
	enum sr_error error = sr_writer_finish(params);

	*bytes = (struct looked){ 0 };
	if (error == SR_OK)
		error = client_get(
		    c, key, kind, (struct sr_bytes){ params->p, params->n }, &bytes->p, &bytes->n);
	sr_writer_clear(params);
	if (error == SR_OK)
		sr_reader_init(r, bytes->p, bytes->n);
	return error;
}

static enum sr_error finish(struct sr_reader *r, struct looked *bytes)
{
	enum sr_error error = sr_reader_finish(r);

	if (error != SR_OK)
		looked_free(bytes);
	return error;
}

enum sr_error lookup_nft(struct client *c, const struct key *key, uint64_t id,
    struct vault_nft *out, struct looked *bytes)
{
	struct sr_writer w;
	struct sr_reader r;

	sr_writer_init(&w, 64);
	sr_write_u64(&w, id);
	SR_TRY(fetch(c, key, VAULT_GET_NFT, &w, bytes, &r));
	vault_nft_read(out, &r);
	if (r.error == SR_OK && out->id != id)
		sr_reader_fail(&r, SR_ERR_BINDING);
	return finish(&r, bytes);
}

enum sr_error lookup_secret(struct client *c, const struct key *key,
    const struct vault_secret_id *id, struct vault_secret *out, struct looked *bytes)
{
	struct sr_writer w;
	struct sr_reader r;

	sr_writer_init(&w, 64);
	sr_write_copy(&w, id->b, sizeof id->b);
	SR_TRY(fetch(c, key, VAULT_GET_SECRET, &w, bytes, &r));
	vault_secret_read(out, &r);
	if (r.error == SR_OK && memcmp(out->id.b, id->b, sizeof id->b) != 0)
		sr_reader_fail(&r, SR_ERR_BINDING);
	return finish(&r, bytes);
}

enum sr_error lookup_version(struct client *c, const struct key *key,
    const struct vault_secret_id *id, uint64_t version, struct vault_version *out,
    struct looked *bytes)
{
	struct sr_writer w;
	struct sr_reader r;

	sr_writer_init(&w, 64);
	sr_write_copy(&w, id->b, sizeof id->b);
	sr_write_u64(&w, version);
	SR_TRY(fetch(c, key, VAULT_GET_VERSION, &w, bytes, &r));
	vault_version_read(out, &r);
	if (r.error == SR_OK && (memcmp(out->id.b, id->b, sizeof id->b) != 0 ||
	    (version != 0 && out->version != version)))
		sr_reader_fail(&r, SR_ERR_BINDING);
	return finish(&r, bytes);
}

enum sr_error lookup_switch(struct client *c, const struct key *key, uint64_t id,
    struct vault_switch *out, struct looked *bytes)
{
	struct sr_writer w;
	struct sr_reader r;

	sr_writer_init(&w, 64);
	sr_write_u64(&w, id);
	SR_TRY(fetch(c, key, VAULT_GET_SWITCH, &w, bytes, &r));
	vault_switch_read(out, &r);
	if (r.error == SR_OK && out->id != id)
		sr_reader_fail(&r, SR_ERR_BINDING);
	return finish(&r, bytes);
}

enum sr_error lookup_ticket(struct client *c, const struct key *key, const struct sr_hash32 *id,
    struct vault_ticket *out, struct looked *bytes)
{
	struct sr_writer w;
	struct sr_reader r;

	sr_writer_init(&w, 64);
	sr_write_hash(&w, id);
	SR_TRY(fetch(c, key, VAULT_GET_TICKET, &w, bytes, &r));
	vault_ticket_read(out, &r);
	if (r.error == SR_OK && !sr_hash32_equal(&out->id, id))
		sr_reader_fail(&r, SR_ERR_BINDING);
	return finish(&r, bytes);
}

/* --- lists --- */

static enum sr_error page(struct client *c, const struct key *key, enum vault_get_kind kind,
    struct sr_bytes head, uint8_t *after, size_t after_n, lookup_visit *visit, void *ctx,
    bool *more)
{
	struct looked bytes;
	struct sr_writer w;
	struct sr_reader r;
	uint32_t count;
	bool go_on = true;

	sr_writer_init(&w, 256);
	sr_write_copy(&w, head.p, head.n);
	sr_write_copy(&w, after, after_n);
	SR_TRY(fetch(c, key, kind, &w, &bytes, &r));
	count = sr_read_u32(&r);
	*more = sr_read_bool(&r);
	for (uint32_t i = 0; i < count && r.error == SR_OK && go_on; i++) {
		struct sr_bytes record = sr_read_blob(&r, CLIENT_ANSWER_MAX);

		if (r.error == SR_OK)
			go_on = visit(ctx, record, after);
	}
	if (!go_on || count == 0)
		*more = false;
	enum sr_error error = go_on ? sr_reader_finish(&r) : r.error;
	looked_free(&bytes);
	return error;
}

enum sr_error lookup_list(struct client *c, const struct key *key, enum vault_get_kind kind,
    struct sr_bytes head, size_t after_n, lookup_visit *visit, void *ctx)
{
	uint8_t after[16] = { 0 };
	bool more = true;

	for (unsigned i = 0; more && i < PAGES_MAX; i++)
		SR_TRY(page(c, key, kind, head, after, after_n, visit, ctx, &more));
	return SR_OK;
}

/* --- by name --- */

bool lookup_is_id(struct vault_secret_id *out, const char *text)
{
	return sr_hex_decode(out->b, sizeof out->b, text, strlen(text)) == SR_OK;
}

struct name_search {
	struct client *client;
	const struct key *key;
	const char *name;
	struct vault_secret_id secret;
	uint64_t number;
	unsigned found;
	enum sr_error error;
};

static bool same_name(const char *name, struct sr_bytes text)
{
	return strlen(name) == text.n && memcmp(name, text.p, text.n) == 0;
}

static bool secret_named(void *ctx, struct sr_bytes record, uint8_t after[16])
{
	struct name_search *s = ctx;
	struct vault_secret secret;
	struct sr_reader r;

	sr_reader_init(&r, record.p, record.n);
	vault_secret_read(&secret, &r);
	s->error = sr_reader_finish(&r);
	if (s->error != SR_OK)
		return false;
	memcpy(after, secret.id.b, sizeof secret.id.b);
	if (!secret.deleted && same_name(s->name, secret.name) &&
	    (s->found == 0 || memcmp(s->secret.b, secret.id.b, sizeof secret.id.b) != 0)) {
		s->secret = secret.id;
		s->found++;
	}
	return true;
}

static bool nft_secrets(void *ctx, struct sr_bytes record, uint8_t after[16])
{
	struct name_search *s = ctx;
	struct vault_nft nft;
	struct sr_reader r;
	uint8_t id[8];

	sr_reader_init(&r, record.p, record.n);
	vault_nft_read(&nft, &r);
	s->error = sr_reader_finish(&r);
	if (s->error != SR_OK)
		return false;
	for (unsigned i = 0; i < 8; i++)
		after[i] = id[i] = (uint8_t)(nft.id >> (8 * i));
	s->error = lookup_list(s->client, s->key, VAULT_GET_SECRETS_OF_NFT,
	    (struct sr_bytes){ id, 8 }, 16, secret_named, s);
	return s->error == SR_OK;
}

enum cli_exit lookup_secret_id(struct client *c, const struct key *key, const char *text,
    struct vault_secret_id *out)
{
	struct name_search s = { .client = c, .key = key, .name = text };
	struct sr_writer account;
	struct sr_bytes head;
	enum sr_error error;

	if (lookup_is_id(out, text))
		return CLI_DONE;
	if (!sr_name_valid((const uint8_t *)text, strlen(text)))
		return cli_usage(c->cli, SR_ERR_NAME_BAD, "the secret '%s'", text);
	sr_writer_init(&account, 64);
	vault_account_write(&account, &key->account);
	error = sr_writer_finish(&account);
	head = (struct sr_bytes){ account.p, account.n };
	/* A member that lags answers with an older list: only a round of all says that there is
	 * none. */
	for (uint32_t i = 0; i < c->epoch->n && error == SR_OK && s.found == 0; i++) {
		error = lookup_list(c, key, VAULT_GET_SECRETS, head, 16, secret_named, &s);
		if (error == SR_OK && s.found == 0)
			error = lookup_list(c, key, VAULT_GET_NFTS, head, 8, nft_secrets, &s);
		if (s.found == 0)
			client_rotate(c);
	}
	sr_writer_clear(&account);
	if (error == SR_OK)
		error = s.error;
	if (error != SR_OK)
		return client_fail(c, error, "looking for the secret's name");
	if (s.found == 0)
		return cli_fail(c->cli, SR_ERR_NO_SUCH_SECRET,
		    "this key neither owns a secret named '%s' nor holds an NFT that one names; "
		    "its id may help",
		    text);
	if (s.found > 1)
		return cli_fail(
		    c->cli, SR_ERR_DUPLICATE, "several secrets are named '%s': give the id", text);
	*out = s.secret;
	return CLI_DONE;
}

static bool switch_named(void *ctx, struct sr_bytes record, uint8_t after[16])
{
	struct name_search *s = ctx;
	struct vault_switch w;
	struct sr_reader r;

	sr_reader_init(&r, record.p, record.n);
	vault_switch_read(&w, &r);
	s->error = sr_reader_finish(&r);
	if (s->error != SR_OK)
		return false;
	for (unsigned i = 0; i < 8; i++)
		after[i] = (uint8_t)(w.id >> (8 * i));
	if (same_name(s->name, w.name)) {
		s->number = w.id;
		s->found++;
	}
	return true;
}

enum cli_exit lookup_switch_id(struct client *c, const struct key *key, const char *text,
    uint64_t *out)
{
	struct name_search s = { .client = c, .key = key, .name = text };
	struct sr_writer account;
	enum sr_error error;

	if (cli_parse_number(out, text, 1, UINT64_MAX) == SR_OK)
		return CLI_DONE;
	if (!sr_name_valid((const uint8_t *)text, strlen(text)))
		return cli_usage(c->cli, SR_ERR_NAME_BAD, "the switch '%s'", text);
	sr_writer_init(&account, 64);
	vault_account_write(&account, &key->account);
	error = sr_writer_finish(&account);
	for (uint32_t i = 0; i < c->epoch->n && error == SR_OK && s.found == 0; i++) {
		client_rotate(c);
		error = lookup_list(c, key, VAULT_GET_SWITCHES,
		    (struct sr_bytes){ account.p, account.n }, 8, switch_named, &s);
	}
	sr_writer_clear(&account);
	if (error == SR_OK)
		error = s.error;
	if (error != SR_OK)
		return client_fail(c, error, "looking for the switch's name");
	if (s.found != 1)
		return cli_fail(c->cli, s.found == 0 ? SR_ERR_NO_SUCH_SWITCH : SR_ERR_DUPLICATE,
		    "the switch '%s': give its number", text);
	*out = s.number;
	return CLI_DONE;
}
