/* strongroom secret: what is kept. */
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "cli/dealt.h"
#include "cli/payload.h"
#include "cli/retrieve.h"

static void id_put(struct cli *cli, const struct vault_secret_id *id)
{
	cli_put_hex(cli, "secret_id", id->b, sizeof id->b);
}

static void id_text(char out[33], const struct vault_secret_id *id)
{
	sr_hex_encode(out, id->b, sizeof id->b);
}

/* --- wrapping: the DEK under the label that id, owner and policy make --- */

struct wrapping {
	const struct key *key;
	const struct sr_key32 *dek;
	struct sr_hash32 policy_hash;
	struct vault_secret_id *id;
	bool derive;                     /* PUT: the id follows the nonce */
	const struct dealt_choice *choice;
	struct sr_writer dealt;          /* what out borrows from when it is dealt */
	struct vault_wrapped_key *out;
};

static enum sr_error wrap(void *ctx, struct client *c, union vault_op_body *body, uint64_t nonce)
{
	struct wrapping *w = ctx;
	struct sr_hash32 label;

	(void)body;
	if (w->derive)
		*w->id = vault_secret_id_derive(&c->genesis->chain_id, &w->key->account, nonce);
	label = vault_label(&c->genesis->chain_id, w->id, &w->key->account, &w->policy_hash);
	if (w->choice->dealt)
		return dealt_wrap(w->out, &w->dealt, c, w->choice, w->dek, &label,
		    &w->key->box_public);
	return crypt_wrap(
	    w->out, w->dek, c->epoch->vault_key, &label, &w->key->box_public, &c->drbg);
}

/* --- put, update --- */

struct put_plan {
	struct sr_writer policy;
	uint64_t expiry_ms;
	const char *file;
	struct payload_source *source;
	struct dealt_choice choice;
};

static bool plan_read(struct cli *cli, struct put_plan *plan, const char *file)
{
	const char *policy = cli_value(cli, "policy"), *expires = cli_value(cli, "expires");

	sr_writer_init(&plan->policy, VAULT_POLICY_BYTES_MAX);
	plan->expiry_ms = 0;
	plan->file = file;
	plan->source = NULL;
	if (policy != NULL && !cli_policy(cli, &plan->policy, policy))
		return false;
	return expires == NULL || cli_time(cli, &plan->expiry_ms, "--expires", expires);
}

static void plan_clear(struct put_plan *plan)
{
	payload_source_close(plan->source);
	sr_writer_clear(&plan->policy);
}

static enum cli_exit put_say(struct cli *cli, const struct put_plan *plan,
    const struct vault_op_secret_put *put, uint64_t version, uint64_t height)
{
	char id[33], size[CLI_TIME_TEXT];

	id_text(id, &put->id);
	id_put(cli, &put->id);
	cli_put_number(cli, "version", version);
	cli_put_number(cli, "height", height);
	cli_put_number(cli, "bytes", payload_source_bytes(plan->source));
	cli_put_number(cli, "bucket_bytes", put->payload.plain_bytes);
	cli_put_bool(cli, "inline", put->payload.inlined);
	cli_bytes_text(size, payload_source_bytes(plan->source));
	cli_say(cli, "%s  version %llu, %s, final at height %llu\n", id,
	    (unsigned long long)version, size, (unsigned long long)height);
	return CLI_DONE;
}

/* Payload first, then the operation that names it. */
static enum cli_exit put_run(struct client *c, struct key *k, struct put_plan *plan,
    enum vault_op_kind kind, union vault_op_body *body, const struct sr_hash32 *policy_hash)
{
	uint8_t *buffer = malloc(PAYLOAD_INLINE_BUFFER);
	SR_KEY32_AUTO dek;
	struct vault_op_secret_put *put = &body->secret_put;
	struct wrapping w = { .key = k, .dek = &dek, .policy_hash = *policy_hash, .id = &put->id,
		.derive = kind == VAULT_OP_SECRET_PUT, .choice = &plan->choice, .out = &put->key };
	struct client_act act = { .kind = kind, .body = body, .fill = wrap, .ctx = &w };
	enum cli_exit rc = CLI_DONE;

	sr_writer_init(&w.dealt, VAULT_DEALT_BYTES_MAX);
	if (buffer == NULL || sr_random_system(dek.b, sizeof dek.b) != SR_OK)
		rc = cli_fail(
		    c->cli, buffer == NULL ? SR_ERR_NO_MEMORY : SR_ERR_RANDOM_FAILED, "starting");
	if (rc == CLI_DONE)
		rc = payload_store(c, plan->source, &dek, &put->payload, buffer);
	if (rc == CLI_DONE)
		rc = client_act_say(
		    c, k, &act, kind == VAULT_OP_SECRET_PUT ? "storing" : "updating", NULL);
	if (rc == CLI_DONE)
		rc = put_say(c->cli, plan, put, put->version + 1, act.receipt.height);
	sr_writer_clear(&w.dealt);
	free(buffer);
	return rc;
}

static enum cli_exit run_put(struct cli *cli)
{
	/* With --name the first argument is the file. */
	const char *name = cli_value(cli, "name"), *file = cli->args_n > 0 ? cli->args[0] : NULL;
	union vault_op_body body;
	struct put_plan plan;
	struct client *c = NULL;
	struct key *k = NULL;
	struct sr_hash32 policy_hash;
	enum cli_exit rc;
	bool given;

	memset(&body, 0, sizeof body);
	if (name == NULL) {
		name = file;
		file = cli->args_n > 1 ? cli->args[1] : NULL;
	} else if (cli->args_n > 1) {
		return cli_usage(cli, SR_ERR_USAGE, "with --name there is only the file");
	}
	if (name == NULL)
		return cli_usage(cli, SR_ERR_USAGE, "the secret needs a name");
	if (!sr_name_valid((const uint8_t *)name, strlen(name)))
		return cli_usage(cli, SR_ERR_NAME_BAD, "the secret's name");
	if (!cli_has(cli, "policy"))
		return cli_usage(cli, SR_ERR_USAGE,
		    "--policy says who may have it: 'holder(12)', see strongroom(1)");
	if (!plan_read(cli, &plan, file)) {
		plan_clear(&plan);
		return CLI_USAGE;
	}
	rc = payload_source_open(cli, plan.file, &plan.source);
	if (rc == CLI_DONE)
		rc = client_begin(cli, &c, &k);
	if (rc == CLI_DONE)
		rc = dealt_choice_read(c, &plan.choice, &given);
	if (rc == CLI_DONE) {
		body.secret_put.name = (struct sr_bytes){ (const uint8_t *)name, strlen(name) };
		body.secret_put.policy = (struct sr_bytes){ plan.policy.p, plan.policy.n };
		body.secret_put.expiry_ms = plan.expiry_ms;
		policy_hash = vault_policy_hash(body.secret_put.policy);
		rc = put_run(c, k, &plan, VAULT_OP_SECRET_PUT, &body, &policy_hash);
	}
	plan_clear(&plan);
	return client_end(c, k, rc);
}

/* The record of a secret of one's own, by id or name. */
static enum cli_exit mine(struct client *c, const struct key *k, const char *text,
    struct vault_secret *secret, struct looked *bytes)
{
	struct vault_secret_id id;
	enum cli_exit rc = lookup_secret_id(c, k, text, &id);
	enum sr_error error;

	if (rc != CLI_DONE)
		return rc;
	error = lookup_secret(c, k, &id, secret, bytes);
	if (error != SR_OK)
		return client_fail(c, error, "looking up the secret");
	return CLI_DONE;
}

/* What the options say, or else as that version is held. */
static enum cli_exit choice_of(struct client *c, const struct key *k,
    const struct vault_secret_id *id, uint64_t version, struct dealt_choice *choice)
{
	struct vault_version v;
	struct looked bytes;
	bool given;
	enum cli_exit rc = dealt_choice_read(c, choice, &given);
	enum sr_error error;

	if (rc != CLI_DONE || given)
		return rc;
	error = lookup_version(c, k, id, version, &v, &bytes);
	if (error != SR_OK)
		return client_fail(c, error, "reading the version");
	error = dealt_choice_keep(c, choice, &v.key);
	looked_free(&bytes);
	if (error != SR_OK)
		return cli_fail(c->cli, error, "choose with --mode, --threshold and --members");
	return CLI_DONE;
}

static enum cli_exit run_update(struct cli *cli)
{
	union vault_op_body body;
	struct put_plan plan;
	struct client *c = NULL;
	struct key *k = NULL;
	struct vault_secret secret;
	struct looked bytes = { 0 };
	struct sr_hash32 policy_hash;
	const char *name = cli_value(cli, "name");
	enum cli_exit rc;

	memset(&body, 0, sizeof body);
	if (name != NULL && !sr_name_valid((const uint8_t *)name, strlen(name)))
		return cli_usage(cli, SR_ERR_NAME_BAD, "--name");
	if (!plan_read(cli, &plan, cli->args_n > 1 ? cli->args[1] : NULL)) {
		plan_clear(&plan);
		return CLI_USAGE;
	}
	rc = payload_source_open(cli, plan.file, &plan.source);
	if (rc == CLI_DONE)
		rc = client_begin(cli, &c, &k);
	if (rc == CLI_DONE)
		rc = mine(c, k, cli->args[0], &secret, &bytes);
	if (rc == CLI_DONE)
		rc = choice_of(c, k, &secret.id, secret.version, &plan.choice);
	if (rc == CLI_DONE) {
		body.secret_put.id = secret.id;
		body.secret_put.version = secret.version;
		body.secret_put.expiry_ms = cli_has(cli, "expires") ? plan.expiry_ms
								    : secret.expiry_ms;
		body.secret_put.policy = (struct sr_bytes){ plan.policy.p, plan.policy.n };
		if (name != NULL)
			body.secret_put.name = (struct sr_bytes){ (const uint8_t *)name,
				strlen(name) };
		policy_hash = vault_policy_hash(
		    plan.policy.n > 0 ? body.secret_put.policy : secret.policy);
		rc = put_run(c, k, &plan, VAULT_OP_SECRET_UPDATE, &body, &policy_hash);
	}
	looked_free(&bytes);
	plan_clear(&plan);
	return client_end(c, k, rc);
}

/* --- restore, policy: the same DEK under a new label --- */

static enum sr_error dek_own(struct client *c, const struct key *k, const struct vault_version *v,
    struct sr_key32 *dek)
{
	struct sr_hash32 label = vault_label(
	    &c->genesis->chain_id, &v->id, &k->account, &v->policy_hash);

	return crypt_unwrap_owner(dek, &v->key, &label, &k->box);
}

static enum cli_exit rewrap_run(struct client *c, const struct key *k,
    const struct vault_secret *secret, uint64_t from_version, enum vault_op_kind kind,
    union vault_op_body *body, struct vault_wrapped_key *out, struct sr_bytes policy,
    const char *what, uint64_t *height)
{
	SR_KEY32_AUTO dek;
	struct vault_secret_id id = secret->id;
	struct dealt_choice choice;
	struct wrapping w = { .key = k,
		.dek = &dek,
		.policy_hash = vault_policy_hash(policy),
		.id = &id,
		.choice = &choice,
		.out = out };
	struct client_act act = { .kind = kind, .body = body, .fill = wrap, .ctx = &w };
	struct vault_version version;
	struct looked bytes;
	enum sr_error error = lookup_version(c, k, &secret->id, from_version, &version, &bytes);
	enum cli_exit rc;

	if (error != SR_OK)
		return client_fail(c, error, "reading the version");
	error = dek_own(c, k, &version, &dek);
	looked_free(&bytes);
	if (error != SR_OK)
		return cli_fail(
		    c->cli, error, "the secret's key is sealed to its owner; this key is not");
	rc = choice_of(c, k, &secret->id, secret->version, &choice);
	if (rc != CLI_DONE)
		return rc;
	sr_writer_init(&w.dealt, VAULT_DEALT_BYTES_MAX);
	rc = client_act_say(c, k, &act, what, NULL);
	sr_writer_clear(&w.dealt);
	*height = act.receipt.height;
	return rc;
}

static enum cli_exit run_restore(struct cli *cli)
{
	union vault_op_body body;
	struct client *c = NULL;
	struct key *k = NULL;
	struct vault_secret secret;
	struct looked bytes = { 0 };
	uint64_t from, height = 0;
	enum cli_exit rc;

	memset(&body, 0, sizeof body);
	if (!cli_number(cli, &from, "the version", cli->args[1], 1, UINT64_MAX))
		return CLI_USAGE;
	rc = client_begin(cli, &c, &k);
	if (rc == CLI_DONE)
		rc = mine(c, k, cli->args[0], &secret, &bytes);
	if (rc == CLI_DONE) {
		body.secret_restore.id = secret.id;
		body.secret_restore.version = secret.version;
		body.secret_restore.from_version = from;
		rc = rewrap_run(c, k, &secret, from, VAULT_OP_SECRET_RESTORE, &body,
		    &body.secret_restore.key, secret.policy, "restoring", &height);
	}
	if (rc == CLI_DONE) {
		id_put(cli, &secret.id);
		cli_put_number(cli, "version", secret.version + 1);
		cli_put_number(cli, "from_version", from);
		cli_say(cli, "version %llu has what version %llu had\n",
		    (unsigned long long)secret.version + 1, (unsigned long long)from);
	}
	looked_free(&bytes);
	return client_end(c, k, rc);
}

static void policy_text(struct sr_writer *out, struct sr_bytes bytes)
{
	struct vault_policy *policy = malloc(sizeof *policy);

	sr_writer_init(out, VAULT_POLICY_BYTES_MAX * 16);
	if (policy != NULL && vault_policy_decode(policy, bytes) == SR_OK)
		vault_policy_text(out, policy);
	free(policy);
}

static void policy_put(struct cli *cli, struct sr_bytes bytes)
{
	struct sr_writer text;

	policy_text(&text, bytes);
	if (sr_writer_finish(&text) == SR_OK)
		cli_put_bytes(cli, "policy", (struct sr_bytes){ text.p, text.n });
	sr_writer_clear(&text);
}

static void policy_say(struct cli *cli, const char *before, struct sr_bytes bytes)
{
	struct sr_writer text;

	policy_text(&text, bytes);
	if (sr_writer_finish(&text) == SR_OK)
		cli_say(
		    cli, "%s%.*s\n", before, (int)text.n, text.n > 0 ? (const char *)text.p : "");
	sr_writer_clear(&text);
}

static enum cli_exit run_policy(struct cli *cli)
{
	union vault_op_body body;
	struct client *c = NULL;
	struct key *k = NULL;
	struct vault_secret secret;
	struct looked bytes = { 0 };
	struct sr_writer policy;
	struct sr_bytes now;
	uint64_t height = 0;
	enum cli_exit rc;

	memset(&body, 0, sizeof body);
	sr_writer_init(&policy, VAULT_POLICY_BYTES_MAX);
	if (cli->args_n > 1 && !cli_policy(cli, &policy, cli->args[1]))
		return CLI_USAGE;
	rc = client_begin(cli, &c, &k);
	if (rc == CLI_DONE)
		rc = mine(c, k, cli->args[0], &secret, &bytes);
	if (rc == CLI_DONE)
		now = secret.policy;
	if (rc == CLI_DONE && cli->args_n > 1) {
		now = (struct sr_bytes){ policy.p, policy.n };
		body.secret_policy.id = secret.id;
		body.secret_policy.version = secret.version;
		body.secret_policy.policy = now;
		rc = rewrap_run(c, k, &secret, secret.version, VAULT_OP_SECRET_POLICY, &body,
		    &body.secret_policy.key, now, "changing the policy", &height);
	}
	if (rc == CLI_DONE) {
		id_put(cli, &secret.id);
		policy_put(cli, now);
		policy_say(cli, "", now);
	}
	sr_writer_clear(&policy);
	looked_free(&bytes);
	return client_end(c, k, rc);
}

static enum cli_exit run_delete(struct cli *cli)
{
	union vault_op_body body;
	struct client_act act = { .kind = VAULT_OP_SECRET_DELETE, .body = &body };
	struct client *c = NULL;
	struct key *k = NULL;
	struct vault_secret secret;
	struct looked bytes = { 0 };
	enum cli_exit rc = client_begin(cli, &c, &k);

	memset(&body, 0, sizeof body);
	if (rc == CLI_DONE)
		rc = mine(c, k, cli->args[0], &secret, &bytes);
	if (rc == CLI_DONE) {
		body.secret_delete.id = secret.id;
		body.secret_delete.version = secret.version;
		rc = client_act_say(c, k, &act, "deleting", NULL);
	}
	if (rc == CLI_DONE) {
		id_put(cli, &secret.id);
		cli_put_text(cli, "state", "deleted");
		cli_say(cli, "deleted at height %llu\n", (unsigned long long)act.receipt.height);
	}
	looked_free(&bytes);
	return client_end(c, k, rc);
}

/* --- get --- */

/* The owner's own copy of the key: no release, no ticket. */
static enum cli_exit get_own(struct client *c, const struct key *k, struct retrieval *r)
{
	enum sr_error error = lookup_version(c, k, &r->id, r->version, &r->record, &r->bytes);

	if (error != SR_OK)
		return client_fail(c, error, "reading the secret's record");
	error = dek_own(c, k, &r->record, &r->dek);
	if (error != SR_OK)
		return cli_fail(
		    c->cli, SR_ERR_NOT_OWNER, "--own-copy opens with the owner's key alone");
	return CLI_DONE;
}

/* The key pair that --to-key names; *to stays NULL without one. */
static enum cli_exit to_key_read(struct cli *cli, struct sr_key32 *key, const struct sr_key32 **to)
{
	const char *name = cli_value(cli, "to-key"), *why = "";
	char path[CLI_PATH_MAX];
	enum sr_error error;

	if (name == NULL)
		return CLI_DONE;
	error = keyfile_path(cli, path, name);
	if (error != SR_OK)
		return cli_usage(cli, error, "the key '%s'", name);
	error = keyfile_x25519_read(key, &why, path);
	if (error != SR_OK)
		return cli_fail(cli, error, "the key %s: %s", path, why);
	*to = key;
	return CLI_DONE;
}

static enum cli_exit run_get(struct cli *cli)
{
	const char *path = cli_value(cli, "output");
	SR_KEY32_AUTO to_key;
	struct retrieval r = { .version = 0 };
	struct client *c = NULL;
	struct key *k = NULL;
	uint64_t bytes = 0;
	char size[CLI_TIME_TEXT];
	enum cli_exit rc;

	if (path != NULL && strcmp(path, "-") == 0)
		path = NULL;
	if (cli->json && path == NULL)
		return cli_usage(
		    cli, SR_ERR_USAGE, "--json needs -o FILE: the secret and the object would mix");
	if (!cli_option_number(cli, &r.nft_id, "nft", 1, UINT64_MAX) ||
	    !cli_option_number(cli, &r.version, "version", 1, UINT64_MAX))
		return CLI_USAGE;
	if (cli_has(cli, "own-copy") && cli_has(cli, "to-key"))
		return cli_usage(cli, SR_ERR_USAGE, "--own-copy releases nothing, to no key");
	rc = to_key_read(cli, &to_key, &r.to);
	if (rc == CLI_DONE)
		rc = client_begin(cli, &c, &k);
	if (rc == CLI_DONE)
		rc = lookup_secret_id(c, k, cli->args[0], &r.id);
	if (rc == CLI_DONE) {
		id_put(cli, &r.id);
		rc = cli_has(cli, "own-copy") ? get_own(c, k, &r) : retrieve_run(c, k, &r);
	}
	if (rc == CLI_DONE)
		rc = payload_fetch(c, &r.record.payload, &r.dek, path, &bytes);
	if (c != NULL)
		retrieve_close(c, k, &r);
	if (rc == CLI_DONE) {
		cli_put_number(cli, "version", r.record.version);
		cli_put_number(cli, "bytes", bytes);
		if (path != NULL) {
			cli_put_text(cli, "file", path);
			cli_bytes_text(size, bytes);
			cli_say(cli, "%s: version %llu, %s\n", path,
			    (unsigned long long)r.record.version, size);
		}
	}
	retrieve_clear(&r);
	return client_end(c, k, rc);
}

/* --- looking --- */

static const char *secret_state(const struct vault_secret *s)
{
	if (s->deleted)
		return "deleted";
	return s->expiry_ms != 0 && s->expiry_ms <= cli_now_ms() ? "expired" : "kept";
}

static void secret_put(struct cli *cli, const struct vault_secret *s)
{
	id_put(cli, &s->id);
	cli_put_bytes(cli, "name", s->name);
	cli_put_account(cli, "account", &s->owner);
	cli_put_number(cli, "version", s->version);
	cli_put_text(cli, "state", secret_state(s));
	policy_put(cli, s->policy);
	cli_put_number(cli, "created_ms", s->created_ms);
	cli_put_number(cli, "updated_ms", s->updated_ms);
	cli_put_number(cli, "expiry_ms", s->expiry_ms);
	cli_put_number(cli, "releases", s->releases);
}

/* Who holds the latest version's key. */
static void show_key(struct client *c, const struct key *k, const struct vault_secret *secret)
{
	struct vault_version version;
	struct looked bytes;

	if (lookup_version(c, k, &secret->id, secret->version, &version, &bytes) != SR_OK)
		return;                         /* deleted ones have none */
	dealt_show(c, &version.key);
	looked_free(&bytes);
}

static enum cli_exit run_show(struct cli *cli)
{
	struct client *c = NULL;
	struct key *k = NULL;
	struct vault_secret secret;
	struct looked bytes = { 0 };
	char name[SR_NAME_MAX + 1], id[33], owner[VAULT_ACCOUNT_TEXT_MAX];
	char created[CLI_TIME_TEXT], updated[CLI_TIME_TEXT], expiry[CLI_TIME_TEXT];
	enum cli_exit rc = client_begin(cli, &c, &k);

	if (rc == CLI_DONE)
		rc = mine(c, k, cli->args[0], &secret, &bytes);
	if (rc == CLI_DONE) {
		secret_put(cli, &secret);
		cli_name_text(name, secret.name);
		id_text(id, &secret.id);
		vault_account_text(owner, &secret.owner);
		cli_time_text(created, secret.created_ms);
		cli_time_text(updated, secret.updated_ms);
		cli_time_text(expiry, secret.expiry_ms);
		cli_say(cli, "%s  %s\n  owner     %s\n  version   %llu, %s\n", id, name, owner,
		    (unsigned long long)secret.version, secret_state(&secret));
		policy_say(cli, "  policy    ", secret.policy);
		show_key(c, k, &secret);
		cli_say(cli, "  created   %s\n  updated   %s\n  expires   %s\n  releases  %llu\n",
		    created, updated, expiry, (unsigned long long)secret.releases);
	}
	looked_free(&bytes);
	return client_end(c, k, rc);
}

struct listing { struct cli *cli; struct cli_table table; enum sr_error error; };

static bool list_one(void *ctx, struct sr_bytes record, uint8_t after[16])
{
	struct listing *l = ctx;
	struct vault_secret s;
	struct sr_reader r;
	char name[SR_NAME_MAX + 1], id[33], updated[CLI_TIME_TEXT];

	sr_reader_init(&r, record.p, record.n);
	vault_secret_read(&s, &r);
	l->error = sr_reader_finish(&r);
	if (l->error != SR_OK)
		return false;
	memcpy(after, s.id.b, sizeof s.id.b);
	cli_list_item(l->cli);
	secret_put(l->cli, &s);
	cli_name_text(name, s.name);
	id_text(id, &s.id);
	cli_time_text(updated, s.updated_ms);
	cli_table_cell(&l->table, "%s", id);
	cli_table_cell(&l->table, "%s", name);
	cli_table_cell(&l->table, "%llu", (unsigned long long)s.version);
	cli_table_cell(&l->table, "%s", secret_state(&s));
	cli_table_cell(&l->table, "%llu", (unsigned long long)s.releases);
	cli_table_cell(&l->table, "%s", updated);
	return true;
}

static enum cli_exit run_list(struct cli *cli)
{
	static const char *const head[] = { "SECRET", "NAME", "VERSION", "STATE", "RELEASES",
		"UPDATED" };
	struct listing l = { .cli = cli };
	struct client *c = NULL;
	struct key *k = NULL;
	struct sr_writer w;
	uint64_t nft = 0;
	enum sr_error error;
	enum cli_exit rc;

	if (!cli_option_number(cli, &nft, "nft", 1, UINT64_MAX))
		return CLI_USAGE;
	rc = client_begin(cli, &c, &k);
	if (rc != CLI_DONE)
		return client_end(c, k, rc);
	cli_table_init(&l.table, 6);
	for (unsigned i = 0; i < 6; i++)
		cli_table_cell(&l.table, "%s", head[i]);
	sr_writer_init(&w, 64);
	if (nft != 0)
		sr_write_u64(&w, nft);
	else
		vault_account_write(&w, &k->account);
	cli_put_account(cli, "account", &k->account);
	cli_list_begin(cli, "secrets");
	error = sr_writer_finish(&w);
	if (error == SR_OK)
		error = lookup_list(c, k, nft != 0 ? VAULT_GET_SECRETS_OF_NFT : VAULT_GET_SECRETS,
		    (struct sr_bytes){ w.p, w.n }, 16, list_one, &l);
	sr_writer_clear(&w);
	cli_list_end(cli);
	cli_table_print(cli, &l.table);
	if (error == SR_OK)
		error = l.error;
	if (error != SR_OK)
		rc = client_fail(c, error, "listing");
	return client_end(c, k, rc);
}

static bool history_one(void *ctx, struct sr_bytes record, uint8_t after[16])
{
	struct listing *l = ctx;
	struct vault_version v;
	struct sr_reader r;
	char at[CLI_TIME_TEXT], size[CLI_TIME_TEXT];

	sr_reader_init(&r, record.p, record.n);
	vault_version_read(&v, &r);
	l->error = sr_reader_finish(&r);
	if (l->error != SR_OK)
		return false;
	for (unsigned i = 0; i < 8; i++)
		after[i] = (uint8_t)(v.version >> (8 * i));
	cli_list_item(l->cli);
	cli_put_number(l->cli, "version", v.version);
	cli_put_number(l->cli, "time_ms", v.time_ms);
	cli_put_number(l->cli, "bucket_bytes", v.payload.plain_bytes);
	cli_put_number(l->cli, "from_version", v.from_version);
	cli_put_hex(l->cli, "policy_hash", v.policy_hash.b, sizeof v.policy_hash.b);
	cli_time_text(at, v.time_ms);
	cli_bytes_text(size, v.payload.plain_bytes);
	cli_table_cell(&l->table, "%llu", (unsigned long long)v.version);
	cli_table_cell(&l->table, "%s", at);
	cli_table_cell(&l->table, "%s", size);
	if (v.from_version != 0)
		cli_table_cell(&l->table, "version %llu again", (unsigned long long)v.from_version);
	else
		cli_table_cell(&l->table, "%s", "");
	return true;
}

static enum cli_exit run_history(struct cli *cli)
{
	static const char *const head[] = { "VERSION", "TIME", "SIZE UP TO", "" };
	struct listing l = { .cli = cli };
	struct client *c = NULL;
	struct key *k = NULL;
	struct vault_secret_id id;
	enum sr_error error;
	enum cli_exit rc = client_begin(cli, &c, &k);

	if (rc == CLI_DONE)
		rc = lookup_secret_id(c, k, cli->args[0], &id);
	if (rc != CLI_DONE)
		return client_end(c, k, rc);
	cli_table_init(&l.table, 4);
	for (unsigned i = 0; i < 4; i++)
		cli_table_cell(&l.table, "%s", head[i]);
	id_put(cli, &id);
	cli_list_begin(cli, "versions");
	error = lookup_list(
	    c, k, VAULT_GET_HISTORY, (struct sr_bytes){ id.b, sizeof id.b }, 8, history_one, &l);
	cli_list_end(cli);
	cli_table_print(cli, &l.table);
	if (error == SR_OK)
		error = l.error;
	if (error != SR_OK)
		rc = client_fail(c, error, "reading the history");
	return client_end(c, k, rc);
}

/* --- the table --- */

static const struct cli_option options_put[] = {
	{ "name", "NAME", "its name; the only argument is then the file", false },
	{ "policy", "TEXT", "who may have it, and when", false },
	{ "expires", "TIME", "after it nothing is released", false },
	{ "mode", "MODE", "who holds the key: vault (all members, the default) or dealt", false },
	{ "threshold", "T", "dealt: how many holders' shares open it", false },
	{ "members", "NAMES", "dealt: the holders, names of members with commas", false },
	{ NULL, NULL, NULL, false },
};
static const struct cli_option options_update[] = {
	{ "policy", "TEXT", "a new policy", false },
	{ "expires", "TIME", "a new end", false },
	{ "name", "NAME", "a new name", false },
	{ "mode", "MODE", "who holds the key: vault (all members, the default) or dealt", false },
	{ "threshold", "T", "dealt: how many holders' shares open it", false },
	{ "members", "NAMES", "dealt: the holders, names of members with commas", false },
	{ NULL, NULL, NULL, false },
};
static const struct cli_option options_again[] = {
	{ "mode", "MODE", "who holds the key: vault (all members, the default) or dealt", false },
	{ "threshold", "T", "dealt: how many holders' shares open it", false },
	{ "members", "NAMES", "dealt: the holders, names of members with commas", false },
	{ NULL, NULL, NULL, false },
};
static const struct cli_option options_get[] = {
	{ "output", "FILE", "where to write it, also -o (default: standard output)", false },
	{ "nft", "ID", "the NFT to present (default: the first of the policy's that you hold)",
	    false },
	{ "version", "N", "an earlier version", false },
	{ "to-key", "KEY",
	    "the x25519 key to release to, where the policy asks for an attested one", false },
	{ "own-copy", NULL, "as its owner: open your own copy of the key, without a release",
	    false },
	{ NULL, NULL, NULL, false },
};
static const struct cli_option options_list[] = {
	{ "nft", "ID", "the secrets whose policies name this NFT of yours", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cli_commands_secret[] = {
	{ "secret", "put", "NAME [FILE]", "keep a file (or standard input) as a secret",
	    "Encrypted here; up to 64 KiB go into the operation, more (up to 1 GiB) to the "
	    "members' stores in\n"
	    "pieces of which some suffice. POLICY examples:\n"
	    "  'holder(12)'   'holder(12) or (switch(3, fired) and holder(13))'   "
	    "'account(0x...)'\n"
	    "  '2 of (holder(1), holder(2), account(ed25519:...))'   'after(2030-01-01) and "
	    "heir(3)'\n"
	    "Its key is kept under the vault key, which takes any t of all members. With --mode "
	    "dealt you deal\n"
	    "it yourself to members of your choice, at least two: only --threshold of these "
	    "open it.\n",
	    0, 2, options_put, run_put },
	{ "secret", "get", "SECRET", "fetch and decrypt a secret",
	    "SECRET is an id, or a name among your own or among those of NFTs that you hold.\n", 1,
	    1, options_get, run_get },
	{ "secret", "update", "SECRET [FILE]", "a new version", NULL, 1, 2, options_update,
	    run_update },
	{ "secret", "restore", "SECRET VERSION", "make an earlier version the newest again", NULL,
	    2, 2, options_again, run_restore },
	{ "secret", "policy", "SECRET [TEXT]", "show the policy, or give it a new one", NULL, 1, 2,
	    options_again, run_policy },
	{ "secret", "delete", "SECRET", "delete all its versions", NULL, 1, 1, NULL, run_delete },
	{ "secret", "list", "", "your secrets", NULL, 0, 0, options_list, run_list },
	{ "secret", "show", "SECRET", "what the vault says about it", NULL, 1, 1, NULL, run_show },
	{ "secret", "history", "SECRET", "its versions", NULL, 1, 1, NULL, run_history },
	{ 0 },
};
