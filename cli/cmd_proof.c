/*
 * strongroom proof: a record of the state with everything that shows it, in one file, and its check
 * without any network: the pinned genesis, the trail of epochs from it, the block's header under
 * the FINAL signatures of its epoch's quorum, the path from the record to the state root in the
 * header.
 *
 * file = "SRPROOF1" | record kind u8 | key 32 | blob trail | blob (blob header | blob cert | blob
 * path)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "cli/lookup.h"

#define MAGIC "SRPROOF1"
#define TRAIL_BYTES_MAX CLIENT_TRAIL_BYTES_MAX
#define PROOF_FILE_MAX (TRAIL_BYTES_MAX + 4u * 1024u * 1024u)

/* --- which record --- */

struct wanted { enum vault_get_kind kind; struct vault_key key; struct sr_writer params; };

static enum cli_exit wanted_read(struct client *c, const struct key *k, struct wanted *w)
{
	struct cli *cli = c->cli;
	const char *what = cli->args[0], *which = cli->args[1];
	struct vault_secret_id id;
	struct vault_account account;
	uint64_t number;
	enum cli_exit rc = CLI_DONE;

	if (strcmp(what, "account") == 0) {
		if (!cli_account(cli, &account, "the account", which))
			return CLI_USAGE;
		w->kind = VAULT_GET_ACCOUNT;
		w->key = vault_key_account(&account);
		vault_account_write(&w->params, &account);
	} else if (strcmp(what, "nft") == 0) {
		if (!cli_number(cli, &number, "the NFT", which, 1, UINT64_MAX))
			return CLI_USAGE;
		w->kind = VAULT_GET_NFT;
		w->key = vault_key_number(VAULT_REC_NFT, number);
		sr_write_u64(&w->params, number);
	} else if (strcmp(what, "switch") == 0) {
		rc = lookup_switch_id(c, k, which, &number);
		w->kind = VAULT_GET_SWITCH;
		w->key = vault_key_number(VAULT_REC_SWITCH, number);
		sr_write_u64(&w->params, number);
	} else if (strcmp(what, "secret") == 0) {
		rc = lookup_secret_id(c, k, which, &id);
		w->kind = VAULT_GET_SECRET;
		w->key = vault_key_secret(&id);
		sr_write_copy(&w->params, id.b, sizeof id.b);
	} else {
		return cli_usage(cli, SR_ERR_BAD_KIND,
		    "proofs are of an account, nft, secret or switch, not '%s'", what);
	}
	return rc;
}

static enum sr_error file_write(const char *path, const uint8_t *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool ok = fd >= 0 && write(fd, p, n) == (ssize_t)n;

	if (fd >= 0 && close(fd) != 0)
		ok = false;
	return ok ? SR_OK : SR_ERR_IO;
}

static enum sr_error proof_write(struct client *c, const struct wanted *w, struct sr_bytes proof,
    const char *path)
{
	struct sr_writer out, trail;
	enum sr_error error;

	sr_writer_init(&trail, TRAIL_BYTES_MAX);
	sr_writer_init(&out, PROOF_FILE_MAX);
	error = client_trail_cut(&trail, c, c->epoch->epoch);
	if (error == SR_OK) {
		sr_write_copy(&out, (const uint8_t *)MAGIC, 8);
		sr_write_u8(&out, (uint8_t)w->kind);
		sr_write_copy(&out, w->key.b, sizeof w->key.b);
		sr_write_blob(&out, trail.p, trail.n);
		sr_write_blob(&out, proof.p, proof.n);
		error = sr_writer_finish(&out);
	}
	if (error == SR_OK)
		error = file_write(path, out.p, out.n);
	sr_writer_clear(&trail);
	sr_writer_clear(&out);
	return error;
}

static enum cli_exit run_get(struct cli *cli)
{
	const char *path = cli_value(cli, "output");
	struct client *c = NULL;
	struct key *k = NULL;
	struct wanted w = { .kind = VAULT_GET_META };
	uint8_t *value = NULL, *proof = NULL;
	size_t value_n = 0, proof_n = 0;
	enum sr_error error;
	enum cli_exit rc;

	if (path == NULL)
		return cli_usage(cli, SR_ERR_USAGE, "-o FILE says where the proof goes");
	sr_writer_init(&w.params, 256);
	rc = keyfile_open(cli, &k);
	if (rc == CLI_DONE)
		rc = client_connect(cli, &c);
	if (rc == CLI_DONE)
		rc = wanted_read(c, k, &w);
	if (rc == CLI_DONE) {
		error = sr_writer_finish(&w.params);
		if (error == SR_OK)
			error = client_get_proven(c, k, w.kind,
			    (struct sr_bytes){ w.params.p, w.params.n }, &w.key, &value, &value_n,
			    &proof, &proof_n);
		if (error == SR_OK)
			error = proof_write(c, &w, (struct sr_bytes){ proof, proof_n }, path);
		if (error != SR_OK)
			rc = client_fail(c, error, "the proof");
	}
	if (rc == CLI_DONE) {
		cli_put_text(cli, "file", path);
		cli_put_number(cli, "epoch", c->epoch->epoch);
		cli_say(cli, "%s: check it anywhere with strongroom proof verify %s\n", path, path);
	}
	client_answer_free(value, value_n);
	client_answer_free(proof, proof_n);
	sr_writer_clear(&w.params);
	client_close(c);
	key_free(k);
	return rc;
}

/* --- verifying --- */

static void account_say(struct cli *cli, const char *name, const struct vault_account *a)
{
	char text[VAULT_ACCOUNT_TEXT_MAX];

	vault_account_text(text, a);
	cli_put_text(cli, name, text);
	cli_say(cli, "  %-9s %s\n", name, text);
}

static void number_say(struct cli *cli, const char *name, uint64_t v)
{
	cli_put_number(cli, name, v);
	cli_say(cli, "  %-9s %llu\n", name, (unsigned long long)v);
}

/* What the record says, and that it stands under its own key. */
static enum sr_error record_say(
    struct cli *cli, enum vault_get_kind kind, const struct vault_key *key, struct sr_bytes value)
{
	struct vault_account_record account;
	struct vault_nft nft;
	struct vault_secret secret;
	struct vault_switch sw;
	struct vault_key own = { { 0 } };
	struct sr_reader r;

	sr_reader_init(&r, value.p, value.n);
	if (kind == VAULT_GET_ACCOUNT) {
		vault_account_record_read(&account, &r);
		SR_TRY(sr_reader_finish(&r));
		own = vault_key_account(&account.account);
		account_say(cli, "account", &account.account);
		number_say(cli, "nonce", account.nonce);
	} else if (kind == VAULT_GET_NFT) {
		vault_nft_read(&nft, &r);
		SR_TRY(sr_reader_finish(&r));
		own = vault_key_number(VAULT_REC_NFT, nft.id);
		number_say(cli, "nft_id", nft.id);
		account_say(cli, "account", &nft.owner);
		number_say(cli, "version", nft.version);
	} else if (kind == VAULT_GET_SECRET) {
		char id[33];

		vault_secret_read(&secret, &r);
		SR_TRY(sr_reader_finish(&r));
		own = vault_key_secret(&secret.id);
		sr_hex_encode(id, secret.id.b, sizeof secret.id.b);
		cli_put_text(cli, "secret_id", id);
		cli_say(cli, "  secret_id %s\n", id);
		account_say(cli, "account", &secret.owner);
		number_say(cli, "version", secret.version);
	} else if (kind == VAULT_GET_SWITCH) {
		vault_switch_read(&sw, &r);
		SR_TRY(sr_reader_finish(&r));
		own = vault_key_number(VAULT_REC_SWITCH, sw.id);
		number_say(cli, "switch_id", sw.id);
		account_say(cli, "account", &sw.owner);
		cli_put_text(cli, "state", vault_switch_state_name(sw.state));
		cli_say(cli, "  state     %s\n", vault_switch_state_name(sw.state));
	} else {
		return SR_ERR_BAD_KIND;
	}
	return memcmp(own.b, key->b, sizeof own.b) == 0 ? SR_OK : SR_ERR_BINDING;
}

static enum sr_error verify(struct client *c, struct sr_bytes file, struct consensus_header *header)
{
	struct epoch_record *epoch = malloc(sizeof *epoch);
	struct sr_hash32 close_hash;
	struct sr_bytes magic, trail, proof, value;
	struct vault_key key;
	struct sr_reader r;
	uint8_t kind;
	bool present = false;
	enum sr_error error = epoch != NULL ? SR_OK : SR_ERR_NO_MEMORY;

	sr_reader_init(&r, file.p, file.n);
	magic = sr_read_view(&r, 8);
	if (error == SR_OK && (r.error != SR_OK || memcmp(magic.p, MAGIC, 8) != 0))
		error = SR_ERR_BAD_KIND;
	kind = sr_read_u8(&r);
	sr_read_copy(&r, key.b, sizeof key.b);
	trail = sr_read_blob(&r, TRAIL_BYTES_MAX);
	proof = sr_read_blob(&r, PROOF_FILE_MAX);
	if (error == SR_OK)
		error = sr_reader_finish(&r);
	if (error == SR_OK)
		error = epoch_trail_verify(epoch, &close_hash, c->genesis, trail.p, trail.n);
	if (error == SR_OK)
		error = client_proof_check(
		    &c->genesis->chain_id, epoch, &key, proof, header, &present, &value);
	if (error == SR_OK && !present)
		error = SR_ERR_NOT_FOUND;
	if (error == SR_OK)
		error = record_say(c->cli, (enum vault_get_kind)kind, &key, value);
	free(epoch);
	return error;
}

static enum cli_exit run_verify(struct cli *cli)
{
	uint8_t *p = malloc(PROOF_FILE_MAX);
	struct consensus_header header;
	struct client *c = NULL;
	char at[CLI_TIME_TEXT];
	ssize_t n = -1;
	int fd = open(cli->args[0], O_RDONLY | O_CLOEXEC);
	enum sr_error error;
	enum cli_exit rc;

	if (fd >= 0 && p != NULL)
		n = read(fd, p, PROOF_FILE_MAX);
	if (fd >= 0)
		close(fd);
	if (n < 0) {
		free(p);
		return cli_usage(cli, SR_ERR_IO, "reading %s", cli->args[0]);
	}
	rc = client_open(cli, &c);
	if (rc == CLI_DONE) {
		error = verify(c, (struct sr_bytes){ p, (size_t)n }, &header);
		cli_put_bool(cli, "valid", error == SR_OK);
		if (error != SR_OK)
			rc = cli_fail(cli, error, "%s does not prove anything about this cluster",
			    cli->args[0]);
	}
	if (rc == CLI_DONE) {
		cli_time_text(at, header.time_ms);
		cli_put_number(cli, "height", header.height);
		cli_put_number(cli, "time_ms", header.time_ms);
		cli_say(cli, "valid: so it was before block %llu of epoch %llu, %s\n",
		    (unsigned long long)header.height, (unsigned long long)header.epoch, at);
	}
	client_close(c);
	free(p);
	return rc;
}

static const struct cli_option options_get[] = {
	{ "output", "FILE", "where the proof goes, also -o", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cli_commands_proof[] = {
	{ "proof", "get", "nft|account|secret|switch WHICH",
	    "save a record with the proof that it is in the state", NULL, 2, 2, options_get,
	    run_get },
	{ "proof", "verify", "FILE", "check such a file against the pinned genesis, offline", NULL,
	    1, 1, NULL, run_verify },
	{ 0 },
};
