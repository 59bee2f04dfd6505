/* strongroom key: this user's own keys. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/drbg.h"
#include "base/hex.h"
#include "cli/keyfile.h"

static enum sr_error directories_make(char *path)
{
	for (char *p = path + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST) {
			*p = c;
			return SR_ERR_IO;
		}
		*p = c;
		if (c == '\0')
			return SR_OK;
	}
}

static void key_say(struct cli *cli, const char *name, const char *path, const struct key *k)
{
	char text[VAULT_ACCOUNT_TEXT_MAX];

	vault_account_text(text, &k->account);
	cli_put_text(cli, "name", name);
	cli_put_text(cli, "account", text);
	cli_put_text(cli, "file", path);
	cli_say(cli, "%s\n", text);
}

/* A key pair that things are encrypted to; prints what report data must begin with. */
static enum sr_error x25519_new(struct cli *cli, const char *name, const char *path)
{
	SR_KEY32_AUTO secret;
	char text[2 * sizeof ((struct sr_xpk *)0)->b + 1];
	struct sr_xpk pk;

	SR_TRY(sr_random_system(secret.b, sizeof secret.b));
	SR_TRY(keyfile_x25519_write(&secret, path));
	sr_x25519_public(&pk, &secret);
	sr_hex_encode(text, pk.b, sizeof pk.b);
	cli_put_text(cli, "name", name);
	cli_put_text(cli, "public", text);
	cli_put_text(cli, "file", path);
	cli_say(cli, "%s\n", text);
	return SR_OK;
}

static enum cli_exit run_new(struct cli *cli)
{
	const char *name = cli->args_n > 0 ? cli->args[0] : "default",
		   *kind = cli_value(cli, "kind");
	char path[CLI_PATH_MAX], directory[CLI_PATH_MAX];
	enum vault_account_kind which = VAULT_ACCOUNT_ED25519;
	bool x25519 = kind != NULL && strcmp(kind, "x25519") == 0;
	struct key *k = NULL;
	enum sr_error error;
	enum cli_exit rc = CLI_DONE;

	if (kind != NULL && strcmp(kind, "ethereum") == 0)
		which = VAULT_ACCOUNT_ETHEREUM;
	else if (kind != NULL && strcmp(kind, "ed25519") != 0 && !x25519)
		return cli_usage(cli, SR_ERR_BAD_KIND,
		    "--kind is ed25519, ethereum or x25519, not '%s'", kind);
	error = keyfile_path(cli, path, name);
	if (error != SR_OK)
		return cli_usage(cli, error, "the key's name '%s'", name);
	if (strchr(name, '/') == NULL) {
		error = keyfile_directory(cli, directory);
		if (error == SR_OK)
			error = directories_make(directory);
		if (error != SR_OK)
			return cli_fail(cli, error, "making the directory of keys");
	}
	error = x25519 ? x25519_new(cli, name, path) : key_new(&k, which);
	if (error == SR_OK && !x25519)
		error = keyfile_write(k, path);
	if (error == SR_ERR_IN_USE)
		rc = cli_fail(
		    cli, error, "the key %s is there already; it is not overwritten", path);
	else if (error != SR_OK)
		rc = cli_fail(cli, error, "the key %s", path);
	else if (!x25519)
		key_say(cli, name, path, k);
	key_free(k);
	return rc;
}

static enum cli_exit run_show(struct cli *cli)
{
	char path[CLI_PATH_MAX];
	struct key *k;
	enum cli_exit rc;

	if (cli->args_n > 0)
		cli->key = cli->args[0];
	rc = keyfile_open(cli, &k);
	if (rc != CLI_DONE)
		return rc;
	const char *name = cli->key != NULL ? cli->key : "default";
	if (keyfile_path(cli, path, name) != SR_OK)
		path[0] = '\0';
	key_say(cli, name, path, k);
	key_free(k);
	return CLI_DONE;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

#define KEYS_MAX 1024u

static enum cli_exit run_list(struct cli *cli)
{
	char directory[CLI_PATH_MAX], *names[KEYS_MAX];
	unsigned n = 0;
	struct cli_table table;
	struct dirent *entry;
	DIR *d;

	if (keyfile_directory(cli, directory) != SR_OK)
		return cli_fail(cli, SR_ERR_NOT_FOUND, "the directory of keys");
	d = opendir(directory);
	while (d != NULL && n < KEYS_MAX && (entry = readdir(d)) != NULL)
		if (entry->d_name[0] != '.' && (names[n] = strdup(entry->d_name)) != NULL)
			n++;
	if (d != NULL)
		closedir(d);
	qsort(names, n, sizeof names[0], by_name);
	cli_table_init(&table, 2);
	cli_list_begin(cli, "keys");
	for (unsigned i = 0; i < n; i++) {
		struct vault_account account;
		char text[VAULT_ACCOUNT_TEXT_MAX];

		if (keyfile_account_of_name(cli, &account, names[i]) == SR_OK) {
			vault_account_text(text, &account);
			cli_list_item(cli);
			cli_put_text(cli, "name", names[i]);
			cli_put_text(cli, "account", text);
			cli_table_cell(&table, "%s", names[i]);
			cli_table_cell(&table, "%s", text);
		}
		free(names[i]);
	}
	cli_list_end(cli);
	cli_table_print(cli, &table);
	return CLI_DONE;
}

static const struct cli_option options_new[] = {
	{ "kind", "KIND", "ed25519 (default), ethereum, or x25519: no account, for --to-key",
	    false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cli_commands_key[] = {
	{ "key", "new", "[NAME]", "make a key; prints its account",
	    "The file is readable by its owner alone and is not encrypted otherwise: keep it as "
	    "you\n"
	    "would keep an SSH key. NAME is 'default' when left out; a name with a slash is a "
	    "path.\n",
	    0, 1, options_new, run_new },
	{ "key", "show", "[NAME]", "print a key's account", NULL, 0, 1, NULL, run_show },
	{ "key", "list", "", "list the keys at hand", NULL, 0, 0, NULL, run_list },
	{ 0 },
};
