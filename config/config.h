/*
 * config/config.h - what a node can be told. One table row per key: name, type, range, default and
 * one sentence; the reader, the sample and the errors are all made from the table.
 */
#ifndef SR_CONFIG_CONFIG_H
#define SR_CONFIG_CONFIG_H

#include "base/error.h"
#include "base/crypto.h"

#define CONFIG_TEXT_MAX 512u
#define CONFIG_FILE_MAX (64u * 1024u)
#define CONFIG_ERROR_MAX 1024u
#define CONFIG_KEYS_MAX 32u

enum config_lock { CONFIG_LOCK_ALL, CONFIG_LOCK_KEYS };

struct config {
	char data_dir[CONFIG_TEXT_MAX], genesis[CONFIG_TEXT_MAX];
	uint64_t member;
	char rpc_listen[CONFIG_TEXT_MAX], link_listen[CONFIG_TEXT_MAX];
	char https_key[CONFIG_TEXT_MAX], https_cert[CONFIG_TEXT_MAX];
	char trail[CONFIG_TEXT_MAX], checkpoint[CONFIG_TEXT_MAX]; /* empty: none */
	char enclave_program[CONFIG_TEXT_MAX], enclave_user[CONFIG_TEXT_MAX];
	uint64_t enclave_lock;           /* enum config_lock */
	uint64_t log_level;              /* enum sr_log_level */
	bool log_json;
	uint64_t blob_quota_bytes, blob_unreferenced_s, free_space_min_bytes;
	uint64_t archive_blocks, clients_max, request_timeout_s;
	uint64_t platform;               /* enum platform_kind */
	char platform_tcti[CONFIG_TEXT_MAX];
	char platform_collateral[CONFIG_TEXT_MAX], platform_vouchers[CONFIG_TEXT_MAX];
};

/* One sentence: file:line, the key, what is wrong and what is allowed. */
struct config_error { char text[CONFIG_ERROR_MAX]; };

enum config_type {
	CONFIG_PATH,     /* relative ones start at the configuration's folder */
	CONFIG_LISTEN,   /* ip:port, [ip6]:port */
	CONFIG_LINK,     /* tcp://ip:port */
	CONFIG_USER,
	CONFIG_POINT,    /* epoch:hash, a place in the epoch trail */
	CONFIG_NUMBER,
	CONFIG_SECONDS,
	CONFIG_BYTES,    /* a number with K, M, G or T behind it, or none */
	CONFIG_BOOL,
	CONFIG_CHOICE,
	CONFIG_TCTI,     /* a TPM, as tpm2-tss names it */
};

struct config_row {
	const char *name;
	enum config_type type;
	size_t offset;
	uint64_t min, max;
	const char *choices;             /* CHOICE: "a|b|c" */
	const char *fallback;            /* the default as text; NULL: must be given; "": see doc */
	const char *doc;
};

extern const struct config_row config_rows[];
extern const size_t config_rows_n;

/* Everything at its default; what has none is empty. */
void config_init(struct config *self);
/* Sets one key from text. why: what is wrong and what is allowed, CONFIG_ERROR_MAX bytes. */
SR_MUST_CHECK enum sr_error config_set(struct config *self, const char *key, const char *text,
    char *why);
/* Row number, or config_rows_n. */
size_t config_find(const char *key);
/* Fills in what depends on other keys and on the folder the file is in. */
SR_MUST_CHECK enum sr_error config_complete(struct config *self, const bool *given,
    const char *path, struct config_error *error);

/* Reads a YAML file: CONFIG with error filled, or IO. */
SR_MUST_CHECK enum sr_error config_read(struct config *self, const char *path,
    struct config_error *error);
/* The same from memory; path is for messages and relative paths. */
SR_MUST_CHECK enum sr_error config_parse(struct config *self, const char *path,
    const uint8_t *text, size_t n, struct config_error *error);

/* The sample: every key with its sentence, range and default. Returns bytes needed, like snprintf.
 */
size_t config_sample(char *out, size_t out_n);

/* "ip:port" or "[ip6]:port" in parts. host: CONFIG_TEXT_MAX bytes. */
SR_MUST_CHECK enum sr_error config_address(char *host, uint16_t *port, const char *text);

/* "epoch:hash" in parts; the hash is 64 hex digits. */
SR_MUST_CHECK enum sr_error config_point(uint64_t *epoch, struct sr_hash32 *hash, const char *text);

#endif
