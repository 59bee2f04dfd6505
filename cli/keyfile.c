#include "cli/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/drbg.h"
#include "base/hex.h"
#include "chain/ethkey.h"
#include "cli/settings.h"

#define FIRST_LINE "strongroom-key v1\n"
#define FILE_MAX 512u

static const char *kind_name(unsigned kind)
{
	return kind == VAULT_ACCOUNT_ETHEREUM ? "ethereum" : "ed25519";
}

/* --- keys --- */

static enum sr_error key_fill(struct key *k, enum vault_account_kind kind,
    const struct sr_key32 *seed)
{
	struct sr_edpk pk;
	struct chain_eth_address address;

	k->seed = *seed;
	k->account.kind = (uint8_t)kind;
	if (kind == VAULT_ACCOUNT_ETHEREUM) {
		SR_TRY(chain_eth_address_of(&address, seed));
		memcpy(k->account.b, address.b, sizeof address.b);
	} else {
		sr_ed25519_keypair(&k->ed, &pk, seed);
		memcpy(k->account.b, pk.b, sizeof pk.b);
	}
	SR_TRY(sr_key_derive(&k->box, seed, "strongroom owner box v1", NULL, 0));
	sr_x25519_public(&k->box_public, &k->box);
	return SR_OK;
}

enum sr_error key_from_seed(struct key **out, enum vault_account_kind kind,
    const struct sr_key32 *seed)
{
	enum sr_error error;

	*out = sr_secret_alloc(sizeof **out);
	if (*out == NULL)
		return SR_ERR_NO_LOCKED_MEMORY;
	error = key_fill(*out, kind, seed);
	if (error != SR_OK) {
		key_free(*out);
		*out = NULL;
	}
	return error;
}

enum sr_error key_new(struct key **out, enum vault_account_kind kind)
{
	SR_KEY32_AUTO seed;
	enum sr_error error = SR_ERR_BAD_SCALAR;

	*out = NULL;
	/* About one in 2^128 secp256k1 candidates is not below the order. */
	for (int i = 0; i < 8 && error == SR_ERR_BAD_SCALAR; i++) {
		SR_TRY(sr_random_system(seed.b, sizeof seed.b));
		error = key_from_seed(out, kind, &seed);
	}
	return error;
}

void key_free(struct key *k)
{
	sr_secret_free(k);
}

enum sr_error key_sign(uint8_t out[65], size_t *out_n, const struct key *k, const char *domain,
    const char *title, const uint8_t *msg, size_t n)
{
	struct sr_bytes part = { msg, n };
	struct sr_hash32 h, digest;
	struct chain_eth_sig eth;
	struct sr_sig64 sig;
	SR_KEY32_AUTO blind;
	char text[96], hex[65];
	int text_n;

	if (k->account.kind == VAULT_ACCOUNT_ED25519) {
		sr_sign(&sig, &k->ed, domain, msg, n);
		memcpy(out, sig.b, sizeof sig.b);
		*out_n = sizeof sig.b;
		return SR_OK;
	}
	h = sr_hash_domain(domain, &part, 1);
	sr_hex_encode(hex, h.b, sizeof h.b);
	text_n = snprintf(text, sizeof text, "%s\n%s", title, hex);
	SR_ASSERT(text_n > 0 && (size_t)text_n < sizeof text);
	digest = chain_eth_personal_digest((const uint8_t *)text, (size_t)text_n);
	SR_TRY(sr_random_system(blind.b, sizeof blind.b));
	SR_TRY(chain_eth_sign(&eth, &k->seed, &digest, &blind));
	memcpy(out, eth.b, sizeof eth.b);
	*out_n = sizeof eth.b;
	return SR_OK;
}

/* --- files --- */

/* The secret of a file whose kind is this. */
static enum sr_error text_parse(struct sr_key32 *secret, const char *kind, const char *text,
    size_t n)
{
	char expected[FILE_MAX];
	int head = snprintf(expected, sizeof expected, FIRST_LINE "kind: %s\nsecret: ", kind);

	if (head <= 0 || n < (size_t)head || memcmp(text, expected, (size_t)head) != 0)
		return SR_ERR_BAD_KIND;
	if (n != (size_t)head + 65 || text[n - 1] != '\n')
		return SR_ERR_DAMAGED;
	return sr_hex_decode(secret->b, sizeof secret->b, text + head, 64);
}

static enum sr_error file_read(struct sr_secret_bytes *text, size_t *n, const char **why,
    const char *path)
{
	enum sr_error error = SR_ERR_DAMAGED;
	struct stat st;
	ssize_t got = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*n = 0;
	*why = "";
	if (fd < 0)
		return errno == ENOENT ? SR_ERR_NOT_FOUND : SR_ERR_IO;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		*why = "not a regular file";
	} else if ((st.st_mode & 077) != 0) {
		*why = "others may read this key file; chmod 600 it";
	} else if ((error = sr_secret_bytes_init(text, FILE_MAX)) == SR_OK) {
		while (*n < FILE_MAX && (got = read(fd, text->p + *n, FILE_MAX - *n)) > 0)
			*n += (size_t)got;
		error = got < 0 ? SR_ERR_IO : SR_OK;
		if (error != SR_OK)
			sr_secret_bytes_clear(text);
	}
	close(fd);
	return error;
}

enum sr_error keyfile_read(struct key **out, const char **why, const char *path)
{
	enum vault_account_kind kind = VAULT_ACCOUNT_ED25519;
	struct sr_secret_bytes text;
	SR_KEY32_AUTO seed;
	size_t n;
	enum sr_error error;

	*out = NULL;
	SR_TRY(file_read(&text, &n, why, path));
	error = text_parse(&seed, kind_name(kind), (const char *)text.p, n);
	if (error == SR_ERR_BAD_KIND) {
		kind = VAULT_ACCOUNT_ETHEREUM;
		error = text_parse(&seed, kind_name(kind), (const char *)text.p, n);
	}
	sr_secret_bytes_clear(&text);
	if (error == SR_ERR_BAD_KIND || error == SR_ERR_DAMAGED) {
		*why = "not a key file of this program";
		return SR_ERR_DAMAGED;
	}
	return error == SR_OK ? key_from_seed(out, kind, &seed) : error;
}

enum sr_error keyfile_x25519_read(struct sr_key32 *out, const char **why, const char *path)
{
	struct sr_secret_bytes text;
	size_t n;
	enum sr_error error;

	SR_TRY(file_read(&text, &n, why, path));
	error = text_parse(out, "x25519", (const char *)text.p, n);
	sr_secret_bytes_clear(&text);
	if (error != SR_OK)
		*why = "not an x25519 key file (strongroom key new --kind x25519)";
	return error == SR_ERR_BAD_KIND ? SR_ERR_DAMAGED : error;
}

static enum sr_error file_write(const char *kind, const struct sr_key32 *secret, const char *path)
{
	struct sr_secret_bytes text;
	enum sr_error error = SR_ERR_IO;
	int fd, n;

	SR_TRY(sr_secret_bytes_init(&text, FILE_MAX));
	n = snprintf((char *)text.p, FILE_MAX, FIRST_LINE "kind: %s\nsecret: ", kind);
	sr_hex_encode((char *)text.p + n, secret->b, sizeof secret->b);
	n += 64;
	text.p[n++] = '\n';
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		error = errno == EEXIST ? SR_ERR_IN_USE : SR_ERR_IO;
	else if (write(fd, text.p, (size_t)n) == n && fsync(fd) == 0)
		error = SR_OK;
	if (fd >= 0 && close(fd) != 0)
		error = SR_ERR_IO;
	if (fd >= 0 && error != SR_OK)
		unlink(path);
	sr_secret_bytes_clear(&text);
	return error;
}

enum sr_error keyfile_write(const struct key *k, const char *path)
{
	return file_write(kind_name(k->account.kind), &k->seed, path);
}

enum sr_error keyfile_x25519_write(const struct sr_key32 *secret, const char *path)
{
	return file_write("x25519", secret, path);
}

/* --- names --- */

enum sr_error keyfile_directory(const struct cli *cli, char out[CLI_PATH_MAX])
{
	const char *cluster = settings_cluster(cli);
	int n;

	if (cluster != NULL)
		n = snprintf(out, CLI_PATH_MAX, "%s/keys", cluster);
	else if (settings_home(out, "keys") == SR_OK)
		return SR_OK;
	else
		return SR_ERR_NOT_FOUND;
	return n > 0 && (size_t)n < CLI_PATH_MAX ? SR_OK : SR_ERR_TOO_LONG;
}

/* A name is a file in the directory of keys, never a way out of it. */
static bool name_plain(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= SR_NAME_MAX && name[0] != '.' && name[0] != '-' &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n;
}

enum sr_error keyfile_path(const struct cli *cli, char out[CLI_PATH_MAX], const char *name)
{
	char directory[CLI_PATH_MAX];
	int n;

	if (strchr(name, '/') != NULL) {
		n = snprintf(out, CLI_PATH_MAX, "%s", name);
	} else {
		if (!name_plain(name))
			return SR_ERR_NAME_BAD;
		SR_TRY(keyfile_directory(cli, directory));
		n = snprintf(out, CLI_PATH_MAX, "%s/%s", directory, name);
	}
	return n > 0 && (size_t)n < CLI_PATH_MAX ? SR_OK : SR_ERR_TOO_LONG;
}

enum cli_exit keyfile_open(struct cli *cli, struct key **out)
{
	const char *name = cli->key != NULL ? cli->key : settings_value(cli, "key"), *why;
	char path[CLI_PATH_MAX];
	enum sr_error error;

	*out = NULL;
	if (name == NULL)
		name = "default";
	error = keyfile_path(cli, path, name);
	if (error != SR_OK)
		return cli_usage(cli, error, "the key '%s'", name);
	error = keyfile_read(out, &why, path);
	if (error == SR_ERR_NOT_FOUND)
		return cli_usage(cli, error, "there is no key %s; make one: strongroom key new %s",
		    path, strchr(name, '/') == NULL ? name : "NAME");
	if (error != SR_OK)
		return cli_fail(cli, error, "the key %s: %s", path, why);
	return CLI_DONE;
}

enum sr_error keyfile_account_parse(struct vault_account *out, const char *text)
{
	struct chain_eth_address address;

	if (strncmp(text, "0x", 2) != 0)
		return vault_account_parse(out, text, strlen(text));
	SR_TRY(chain_eth_address_parse(&address, text, strlen(text)));
	memset(out, 0, sizeof *out);
	out->kind = VAULT_ACCOUNT_ETHEREUM;
	memcpy(out->b, address.b, sizeof address.b);
	return SR_OK;
}

enum sr_error keyfile_account_of_name(const struct cli *cli, struct vault_account *out,
    const char *name)
{
	char path[CLI_PATH_MAX];
	const char *why;
	struct key *k;

	SR_TRY(keyfile_path(cli, path, name));
	SR_TRY(keyfile_read(&k, &why, path));
	*out = k->account;
	key_free(k);
	return SR_OK;
}
