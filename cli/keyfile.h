/*
 * cli/keyfile.h - a client's keys: one file each, readable by its owner alone. Not encrypted: the
 * file's mode is its protection.
 *
 *   strongroom-key v1
 *   kind: ed25519 | ethereum | x25519
 *   secret: <64 hexadecimal digits>
 */
#ifndef SR_CLI_KEYFILE_H
#define SR_CLI_KEYFILE_H

#include "base/secret.h"
#include "cli/cli.h"

struct key {
	struct vault_account account;
	struct sr_key32 seed;            /* Ed25519 seed or secp256k1 key */
	struct sr_edsk ed;               /* Ed25519 only */
	struct sr_key32 box;             /* X25519: opens what is sealed to the owner */
	struct sr_xpk box_public;
};

/* In locked memory; key_free wipes. */
SR_MUST_CHECK enum sr_error key_new(struct key **out, enum vault_account_kind kind);
SR_MUST_CHECK enum sr_error key_from_seed(struct key **out, enum vault_account_kind kind,
    const struct sr_key32 *seed);
void key_free(struct key *k);
/* IO; DAMAGED (not a key file, or readable by others: *why says which). */
SR_MUST_CHECK enum sr_error keyfile_read(struct key **out, const char **why, const char *path);
/* IN_USE when the file exists. */
SR_MUST_CHECK enum sr_error keyfile_write(const struct key *k, const char *path);

/* A key of kind x25519 acts for nobody: what is encrypted to it is all it opens (secret get
 * --to-key). Errors as above. */
SR_MUST_CHECK enum sr_error keyfile_x25519_read(
    struct sr_key32 *out, const char **why, const char *path);
SR_MUST_CHECK enum sr_error keyfile_x25519_write(const struct sr_key32 *secret, const char *path);

/* Signature (64 or 65 bytes) by the account over domain-separated bytes; title: first line of the
 * text an Ethereum account signs. */
SR_MUST_CHECK enum sr_error key_sign(uint8_t out[65], size_t *out_n, const struct key *k,
    const char *domain, const char *title, const uint8_t *msg, size_t n);

/* Where this user's keys are: DIR/keys of --cluster, else ~/.config/strongroom/keys. */
SR_MUST_CHECK enum sr_error keyfile_directory(const struct cli *cli, char out[CLI_PATH_MAX]);
/* The file of a key's name (a name with a slash is a path). */
SR_MUST_CHECK enum sr_error keyfile_path(const struct cli *cli, char out[CLI_PATH_MAX],
    const char *name);
/* The key that acts: --key, the configuration's key:, or "default". Prints what is wrong. */
enum cli_exit keyfile_open(struct cli *cli, struct key **out);
/* "ed25519:...", "0x..." (EIP-55 checked), "none". */
SR_MUST_CHECK enum sr_error keyfile_account_parse(struct vault_account *out, const char *text);
SR_MUST_CHECK enum sr_error keyfile_account_of_name(
    const struct cli *cli, struct vault_account *out, const char *name);

#endif
