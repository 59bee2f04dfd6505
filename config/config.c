#include "config/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"

#define ROW(key, type, min, max, choices, fallback, doc)                                           \
	{ #key, type, offsetof(struct config, key), min, max, choices, fallback, doc }
#define MIB (1024ull * 1024ull)

const struct config_row config_rows[] = {
	ROW(data_dir, CONFIG_PATH, 0, 0, NULL, NULL,
	    "where this node keeps everything; one process at a time may use it"),
	ROW(member, CONFIG_NUMBER, 0, SR_MEMBERS_MAX - 1, NULL, NULL,
	    "this node's seat: its place in the genesis, counted from 0, or given when it joined"),
	ROW(genesis, CONFIG_PATH, 0, 0, NULL, "", "the genesis file; by default data_dir/genesis"),
	ROW(trail, CONFIG_PATH, 0, 0, NULL, "",
	    "for a node that joins: the epoch trail its first start follows to the present"),
	ROW(checkpoint, CONFIG_POINT, 0, 0, NULL, "",
	    "for a node that joins: an epoch and its roster root that the trail must pass through"),
	ROW(rpc_listen, CONFIG_LISTEN, 0, 0, NULL, "127.0.0.1:7700", "HTTPS for clients"),
	ROW(link_listen, CONFIG_LINK, 0, 0, NULL, "tcp://127.0.0.1:7701",
	    "links from the other members"),
	ROW(https_key, CONFIG_PATH, 0, 0, NULL, "",
	    "private key of the HTTPS certificate; by default data_dir/https.key"),
	ROW(https_cert, CONFIG_PATH, 0, 0, NULL, "",
	    "the HTTPS certificate; by default data_dir/https.crt (strongroomd --make-https)"),
	ROW(enclave_program, CONFIG_PATH, 0, 0, NULL, "",
	    "the enclave; by default strongroom-enclave beside strongroomd"),
	ROW(enclave_user, CONFIG_USER, 0, 0, NULL, "",
	    "whom the enclave becomes when strongroomd is root; by default strongroom-enclave when "
	    "there is such a user, else nobody"),
	ROW(enclave_lock, CONFIG_CHOICE, 0, 0, "all|keys", "all",
	    "lock all of the enclave's memory, or only what holds keys (for users who may not "
	    "lock)"),
	ROW(log_level, CONFIG_CHOICE, 0, 0, "error|warn|info|debug", "info",
	    "the least important lines to log"),
	ROW(log_json, CONFIG_BOOL, 0, 0, NULL, "false", "log lines as JSON"),
	ROW(blob_quota_bytes, CONFIG_BYTES, MIB, 1024 * 1024 * MIB, NULL, "16G",
	    "space for pieces of large payloads; at most half of it for pieces nothing needs yet"),
	ROW(blob_unreferenced_s, CONFIG_SECONDS, 60, 30 * 86400, NULL, "86400",
	    "how long a piece that nothing needs is kept"),
	ROW(free_space_min_bytes, CONFIG_BYTES, 64 * MIB, 1024 * 1024 * MIB, NULL, "256M",
	    "below this much free space the node stops voting, and goes on answering"),
	ROW(archive_blocks, CONFIG_NUMBER, 1000, 1000000000, NULL, "1000000",
	    "how many of the newest blocks are kept"),
	ROW(clients_max, CONFIG_NUMBER, 4, 10000, NULL, "1000", "HTTPS connections at a time"),
	ROW(request_timeout_s, CONFIG_SECONDS, 1, 600, NULL, "60",
	    "how long a request may wait for the cluster's answer"),
	ROW(platform, CONFIG_CHOICE, 0, 0, "software|tpm|tsm|gramine", "software",
	    "what gives evidence of this machine: nothing but its operator, a TPM 2.0, Linux's "
	    "configfs-tsm (SNP, TDX), or Gramine around the enclave (SGX)"),
	ROW(platform_tcti, CONFIG_TCTI, 0, 0, NULL, "device:/dev/tpmrm0",
	    "platform tpm: where the TPM is"),
	ROW(platform_collateral, CONFIG_PATH, 0, 0, NULL, "",
	    "a folder that the operator keeps fresh: the makers' certificates and lists"),
	ROW(platform_vouchers, CONFIG_PATH, 0, 0, NULL, "",
	    "platform tpm: a folder of provisioners' *.vouch files"),
};
const size_t config_rows_n = sizeof config_rows / sizeof config_rows[0];

_Static_assert(sizeof config_rows / sizeof config_rows[0] <= CONFIG_KEYS_MAX, "CONFIG_KEYS_MAX");

static char *field_text(struct config *self, const struct config_row *row)
{
	return (char *)self + row->offset;
}

static void field_number(struct config *self, const struct config_row *row, uint64_t v)
{
	memcpy((char *)self + row->offset, &v, sizeof v);
}

/* --- What each type allows --- */

static void allowed_text(char *out, size_t n, const struct config_row *row)
{
	switch (row->type) {
	case CONFIG_PATH:
		snprintf(out, n, "a path of 1 to %u bytes", CONFIG_TEXT_MAX - 1);
		return;
	case CONFIG_LISTEN:
		snprintf(out, n, "an address and a port, such as 127.0.0.1:7700 or [::1]:7700");
		return;
	case CONFIG_LINK:
		snprintf(out, n, "tcp://address:port, such as tcp://127.0.0.1:7701");
		return;
	case CONFIG_USER:
		snprintf(out, n, "a user's name of 1 to 32 letters, digits, - and _");
		return;
	case CONFIG_POINT:
		snprintf(out, n, "an epoch, a colon and a hash of 64 hex digits");
		return;
	case CONFIG_NUMBER:
		snprintf(out, n, "a number from %llu to %llu", (unsigned long long)row->min,
		    (unsigned long long)row->max);
		return;
	case CONFIG_SECONDS:
		snprintf(out, n, "seconds from %llu to %llu", (unsigned long long)row->min,
		    (unsigned long long)row->max);
		return;
	case CONFIG_BYTES:
		snprintf(out, n,
		    "bytes from %lluM to %lluM, with K, M, G or T behind the number or not",
		    (unsigned long long)(row->min / MIB), (unsigned long long)(row->max / MIB));
		return;
	case CONFIG_BOOL:
		snprintf(out, n, "true or false");
		return;
	case CONFIG_CHOICE:
		snprintf(out, n, "one of %s", row->choices);
		return;
	case CONFIG_TCTI:
		snprintf(out, n, "device:PATH, or swtpm:host=ADDRESS,port=PORT");
		return;
	}
}

static bool number_parse(uint64_t *v, const char *text, const char **end)
{
	char *stop;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*v = strtoull(text, &stop, 10);
	*end = stop;
	return errno == 0;
}

static bool bytes_parse(uint64_t *v, const char *text)
{
	static const char suffixes[] = "KMGT";
	const char *end, *suffix;

	if (!number_parse(v, text, &end))
		return false;
	if (*end == '\0')
		return true;
	suffix = strchr(suffixes, *end);
	if (suffix == NULL || end[1] != '\0')
		return false;
	for (const char *s = suffixes; s <= suffix; s++) {
		if (*v > UINT64_MAX / 1024)
			return false;
		*v *= 1024;
	}
	return true;
}

static bool choice_parse(uint64_t *v, const char *text, const char *choices)
{
	size_t n = strlen(text);

	*v = 0;
	for (const char *c = choices; n > 0; (*v)++) {
		size_t len = strcspn(c, "|");

		if (len == n && memcmp(c, text, n) == 0)
			return true;
		if (c[len] == '\0')
			return false;
		c += len + 1;
	}
	return false;
}

static bool user_valid(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

	return n >= 1 && n <= 32 && text[n] == '\0';
}

enum sr_error config_address(char *host, uint16_t *port, const char *text)
{
	const char *colon = strrchr(text, ':'), *end;
	uint8_t address[16];
	uint64_t number;
	size_t n;
	bool six = text[0] == '[';

	if (colon == NULL || !number_parse(&number, colon + 1, &end) || *end != '\0' ||
	    number < 1 || number > 65535)
		return SR_ERR_CONFIG;
	n = (size_t)(colon - text);
	if (six) {
		if (n < 3 || text[n - 1] != ']')
			return SR_ERR_CONFIG;
		text++;
		n -= 2;
	}
	if (n >= CONFIG_TEXT_MAX)
		return SR_ERR_CONFIG;
	memcpy(host, text, n);
	host[n] = '\0';
	*port = (uint16_t)number;
	return inet_pton(six ? AF_INET6 : AF_INET, host, address) == 1 ? SR_OK : SR_ERR_CONFIG;
}

static bool link_valid(const char *text)
{
	char host[CONFIG_TEXT_MAX];
	uint16_t port;

	/* IPv4 only: nanomsg takes IPv6 only when told to, for every link at once. */
	return strncmp(text, "tcp://", 6) == 0 && text[6] != '[' &&
	    config_address(host, &port, text + 6) == SR_OK;
}

enum sr_error config_point(uint64_t *epoch, struct sr_hash32 *hash, const char *text)
{
	const char *end;

	if (!number_parse(epoch, text, &end) || *end != ':')
		return SR_ERR_CONFIG;
	return sr_hex_decode(hash->b, sizeof hash->b, end + 1, strlen(end + 1)) == SR_OK
	    ? SR_OK : SR_ERR_CONFIG;
}

/* Only what reaches a TPM: tpm2-tss knows "cmd:", which runs a program. */
static bool tcti_valid(const char *text)
{
	return (strncmp(text, "device:/", 8) == 0 && text[8] != '\0') ||
	    (strncmp(text, "swtpm:", 6) == 0 && text[6] != '\0');
}

static bool text_valid(enum config_type type, const char *text)
{
	char host[CONFIG_TEXT_MAX];
	uint16_t port;
	struct sr_hash32 hash;
	uint64_t epoch;

	if (type == CONFIG_POINT)
		return config_point(&epoch, &hash, text) == SR_OK;
	if (type == CONFIG_LISTEN)
		return config_address(host, &port, text) == SR_OK;
	if (type == CONFIG_LINK)
		return link_valid(text);
	if (type == CONFIG_TCTI)
		return tcti_valid(text);
	return type == CONFIG_USER ? user_valid(text) : true;
}

static bool row_set(struct config *self, const struct config_row *row, const char *text)
{
	uint64_t v = 0;
	const char *end;

	switch (row->type) {
	case CONFIG_PATH:
	case CONFIG_LISTEN:
	case CONFIG_LINK:
	case CONFIG_USER:
	case CONFIG_POINT:
	case CONFIG_TCTI:
		if (text[0] == '\0' || strlen(text) >= CONFIG_TEXT_MAX
		    || !text_valid(row->type, text))
			return false;
		memcpy(field_text(self, row), text, strlen(text) + 1);
		return true;
	case CONFIG_NUMBER:
	case CONFIG_SECONDS:
		if (!number_parse(&v, text, &end) || *end != '\0' || v < row->min || v > row->max)
			return false;
		field_number(self, row, v);
		return true;
	case CONFIG_BYTES:
		if (!bytes_parse(&v, text) || v < row->min || v > row->max)
			return false;
		field_number(self, row, v);
		return true;
	case CONFIG_BOOL:
		if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
			return false;
		*(bool *)((char *)self + row->offset) = text[0] == 't';
		return true;
	case CONFIG_CHOICE:
		if (!choice_parse(&v, text, row->choices))
			return false;
		field_number(self, row, v);
		return true;
	}
	return false;
}

size_t config_find(const char *key)
{
	size_t i = 0;

	while (i < config_rows_n && strcmp(config_rows[i].name, key) != 0)
		i++;
	return i;
}

void config_init(struct config *self)
{
	memset(self, 0, sizeof *self);
	for (size_t i = 0; i < config_rows_n; i++) {
		const char *fallback = config_rows[i].fallback;

		if (fallback != NULL && fallback[0] != '\0')
			SR_ASSERT(row_set(self, &config_rows[i], fallback));
	}
}

/* The file's own words are quoted to a terminal and into logs: one line, nothing that acts. */
static void quote_plain(char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text, next = (unsigned char)text[1];

		if (c < 0x20 || c == 0x7f)
			*text = '?';
		else if (c == 0xc2 && next >= 0x80 && next <= 0x9f)
			text[0] = text[1] = '?';
	}
}

enum sr_error config_set(struct config *self, const char *key, const char *text, char *why)
{
	char allowed[256];
	size_t i = config_find(key);

	if (i == config_rows_n) {
		int n = snprintf(why, CONFIG_ERROR_MAX, "'%.64s' is not a key; allowed:", key);

		for (i = 0; i < config_rows_n && n > 0 && (size_t)n < CONFIG_ERROR_MAX; i++)
			n += snprintf(why + n, CONFIG_ERROR_MAX - (size_t)n, " %s",
			    config_rows[i].name);
		quote_plain(why);
		return SR_ERR_CONFIG;
	}
	if (row_set(self, &config_rows[i], text))
		return SR_OK;
	allowed_text(allowed, sizeof allowed, &config_rows[i]);
	snprintf(
	    why, CONFIG_ERROR_MAX, "%s: '%.128s' is not allowed; allowed: %s", key, text, allowed);
	quote_plain(why);
	return SR_ERR_CONFIG;
}

/* --- What depends on other keys --- */

static bool path_join(char *out, const char *folder, size_t folder_n, const char *name)
{
	char joined[CONFIG_TEXT_MAX];
	int n = snprintf(joined, sizeof joined, "%.*s/%s", (int)folder_n, folder, name);

	if (n < 0 || (size_t)n >= sizeof joined)
		return false;
	memcpy(out, joined, (size_t)n + 1);
	return true;
}

enum sr_error config_complete(struct config *self, const bool *given, const char *path,
    struct config_error *error)
{
	const char *slash = strrchr(path, '/');
	bool fits = true;

	for (size_t i = 0; i < config_rows_n; i++) {
		char *text = field_text(self, &config_rows[i]);

		if (config_rows[i].fallback == NULL && !given[i]) {
			snprintf(error->text, sizeof error->text, "%.256s: %s is missing: %s", path,
			    config_rows[i].name, config_rows[i].doc);
			return SR_ERR_CONFIG;
		}
		if (config_rows[i].type == CONFIG_PATH && text[0] != '\0' && text[0] != '/' &&
		    slash != NULL)
			fits = path_join(text, path, (size_t)(slash - path), text) && fits;
	}
	if (self->genesis[0] == '\0')
		fits = path_join(self->genesis, self->data_dir, strlen(self->data_dir), "genesis")
		    && fits;
	if (self->https_key[0] == '\0')
		fits = path_join(
			   self->https_key, self->data_dir, strlen(self->data_dir), "https.key")
		    && fits;
	if (self->https_cert[0] == '\0')
		fits = path_join(
			   self->https_cert, self->data_dir, strlen(self->data_dir), "https.crt")
		    && fits;
	if (fits)
		return SR_OK;
	snprintf(error->text, sizeof error->text, "%.256s: a path is longer than %u bytes", path,
	    CONFIG_TEXT_MAX - 1);
	return SR_ERR_CONFIG;
}

/* --- The sample --- */

static void sample_row(char *out, size_t out_n, size_t *at, const struct config_row *row)
{
	char allowed[256];
	const char *value = row->fallback;
	bool shown = value != NULL && value[0] != '\0';
	size_t room = *at < out_n ? out_n - *at : 0;
	int n;

	allowed_text(allowed, sizeof allowed, row);
	if (row->fallback == NULL)
		value = row->type == CONFIG_PATH ? "/var/lib/strongroom" : "0";
	n = snprintf(room > 0 ? out + *at : NULL, room, "\n# %s\n# %s%s\n%s%s: %s\n", row->doc,
	    allowed, row->fallback == NULL ? "; must be given" : "",
	    row->fallback == NULL || shown ? "" : "#", row->name, value[0] != '\0' ? value : "...");
	SR_ASSERT(n > 0);
	*at += (size_t)n;
}

size_t config_sample(char *out, size_t out_n)
{
	static const char head[] =
	    "# strongroomd.yaml - every key of a node's configuration, with its default.\n"
	    "# Made by: strongroomd --sample-config. Relative paths start at this file's folder.\n";
	size_t at = (size_t)snprintf(out, out_n, "%s", head);

	for (size_t i = 0; i < config_rows_n; i++)
		sample_row(out, out_n, &at, &config_rows[i]);
	return at;
}
