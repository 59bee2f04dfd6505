/*
 * What would somebody find who reads whole machines? Looks through processes' memory and files for
 * a planted 32-byte marker that was stored as a secret, and tries everything that an attacker
 * would:
 *   - the marker itself;
 *   - any 32 bytes that open the payload (a DEK) or the wrapped DEK (what the shares combine to);
 *   - any 32 bytes that are a member's share of the vault key (x with xB = Y_i); with t of
 *     them, decrypt.
 * Prints one line per find. Exit 0: the marker was reached; 1: it was not; 2: the search failed.
 *
 *   search --cluster DIR --key NAME --secret HEX --marker FILE [--pid PID]... [--file FILE]...
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "cli/client.h"
#include "cli/crypt.h"
#include "shamir/tdh2.h"

#define MARKER_BYTES 32u
#define SOURCES_MAX 4096u
#define CHUNK (4u * 1024u * 1024u)

struct search {
	struct cli cli;
	struct client *client;
	struct vault_version version;
	uint8_t *version_bytes;
	size_t version_n;
	struct sr_hash32 label;
	struct shamir_tdh2_ct ct;
	struct sr_point keys[SR_MEMBERS_MAX];
	bool has_share[SR_MEMBERS_MAX];
	struct sr_scalar shares[SR_MEMBERS_MAX];
	unsigned shares_n;
	uint8_t marker[MARKER_BYTES];
	uint64_t windows;
	bool found;
	const char *where;
};

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "search: %s\n", what);
	exit(2);
}

static void found(struct search *s, const char *how)
{
	if (!s->found)
		printf("found: %s, in %s\n", how, s->where);
	s->found = true;
}

static bool payload_opens(struct search *s, const struct sr_key32 *dek)
{
	const struct vault_payload *p = &s->version.payload;
	uint8_t *out = malloc((size_t)p->plain_bytes + 1);
	size_t n = 0;
	bool ok = out != NULL && crypt_open(out, &n, dek, p->plain_bytes, p->inline_bytes.p,
	    p->inline_bytes.n) == SR_OK && n == MARKER_BYTES && memcmp(out, s->marker, n) == 0;
	free(out);
	return ok;
}

static bool kem_opens(struct search *s, const struct sr_key32 *kem)
{
	struct sr_key32 dek;
	return crypt_unwrap_kem(&dek, &s->version.key, &s->label, kem) == SR_OK
	    && payload_opens(s, &dek);
}

/* Random bytes have few zeros and few repeats: 32 of them have over 3 zeros, or fewer than 22
 * different values, less than once in 100,000. Most of a process's memory is not like that. */
static bool like_a_key(const uint8_t *p)
{
	uint64_t seen[4] = { 0 };
	unsigned zeros = 0, different = 0;
	for (unsigned i = 0; i < 32; i++) {
		zeros += p[i] == 0;
		different += (seen[p[i] / 64] >> (p[i] % 64) & 1) == 0;
		seen[p[i] / 64] |= 1ull << (p[i] % 64);
	}
	return zeros <= 3 && different >= 22;
}

/* One window of 32 bytes: a share at any place, a key where compilers put one. */
static void window(struct search *s, const uint8_t *p, bool as_key)
{
	struct sr_key32 key;
	struct sr_scalar x;
	struct sr_point y;
	if (!like_a_key(p))
		return;
	s->windows++;
	memcpy(key.b, p, sizeof key.b);
	if (as_key && kem_opens(s, &key))
		found(s, "a key that opens the wrapped key");
	if (as_key && payload_opens(s, &key))
		found(s, "the payload's key");
	if (p[31] > 0x10 || sr_scalar_decode(&x, p) != SR_OK)
		return;
	sr_point_base_mul(&y, &x);
	for (uint32_t i = 0; i < s->client->epoch->n; i++) {
		if (s->has_share[i] || !sr_point_equal(&y, &s->keys[i]))
			continue;
		printf("a share: member %u's, in %s\n", i, s->where);
		s->has_share[i] = true;
		s->shares[i] = x;
		s->shares_n++;
	}
}

static void scan(struct search *s, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + MARKER_BYTES <= n; i++)
		if (p[i] == s->marker[0] && memcmp(p + i, s->marker, MARKER_BYTES) == 0)
			found(s, "the marker in plain");
	for (size_t i = 0; i + 32 <= n; i++)
		window(s, p + i, i % 4 == 0);
}

static void scan_file(struct search *s, const char *path)
{
	uint8_t *buffer = malloc(CHUNK + 64);
	int fd = open(path, O_RDONLY);
	size_t kept = 0;
	ssize_t got;
	if (fd < 0 || buffer == NULL)
		die(path);
	s->where = path;
	while ((got = read(fd, buffer + kept, CHUNK)) > 0) {
		size_t n = kept + (size_t)got;
		scan(s, buffer, n);
		kept = n < 32 ? n : 32;
		memmove(buffer, buffer + n - kept, kept);
	}
	close(fd);
	free(buffer);
}

/* Every mapping, whatever its protection or dump flags say. */
static void scan_pid(struct search *s, const char *pid)
{
	char path[64], line[512], where[64];
	uint8_t *buffer = malloc(CHUNK);
	uint64_t bytes = 0;
	snprintf(path, sizeof path, "/proc/%.16s/maps", pid);
	FILE *maps = fopen(path, "r");
	snprintf(path, sizeof path, "/proc/%.16s/mem", pid);
	int mem = open(path, O_RDONLY);
	if (maps == NULL || mem < 0 || buffer == NULL)
		die("cannot read the memory of a process");
	snprintf(where, sizeof where, "memory of %.16s", pid);
	s->where = where;
	while (fgets(line, sizeof line, maps) != NULL) {
		unsigned long long from, to;
		char mode[8];
		if (sscanf(line, "%llx-%llx %7s", &from, &to, mode) != 3
		    || strstr(line, "[v") != NULL)
			continue;
		if (mode[1] != 'w' && strchr(line, '/') != NULL)
			continue; /* code and constants of a file */
		for (unsigned long long at = from; at < to;) {
			size_t want = to - at < CHUNK ? (size_t)(to - at) : CHUNK;
			ssize_t got = pread(mem, buffer, want, (off_t)at);
			if (got <= 0)
				break;
			bytes += (uint64_t)got;
			scan(s, buffer, (size_t)got);
			at += (size_t)got;
		}
	}
	fclose(maps);
	close(mem);
	free(buffer);
	if (bytes < 1024 * 1024)
		die("read less than a MiB of a process: not its memory");
}

/* With t shares: what the members together would compute. */
static void combine(struct search *s)
{
	struct shamir_index indices[SR_MEMBERS_MAX];
	struct sr_point keys[SR_MEMBERS_MAX];
	struct shamir_tdh2_share parts[SR_MEMBERS_MAX];
	struct shamir_index bad;
	struct sr_key32 kem;
	uint32_t n = 0;
	printf("shares: %u of the %u needed\n", s->shares_n, s->client->epoch->threshold);
	for (uint32_t i = 0; i < s->client->epoch->n; i++) {
		if (!s->has_share[i])
			continue;
		indices[n].v = i + 1;
		keys[n] = s->keys[i];
		if (shamir_tdh2_share_make(&parts[n], &s->shares[i], &s->ct, s->label.b,
			sizeof s->label.b, &s->client->drbg)
		    != SR_OK)
			die("making a share");
		n++;
	}
	s->where = "combined shares";
	if (shamir_tdh2_combine(&kem, &bad, &s->ct, s->label.b, sizeof s->label.b, indices, keys,
		parts, n, s->client->epoch->threshold)
		== SR_OK
	    && kem_opens(s, &kem))
		found(s, "enough shares");
}

/* The ciphertext is no secret: every disk has it. Fetched as its owner, for convenience. */
static void fetch(struct search *s, const char *secret, const char *key_name)
{
	struct vault_secret_id id;
	struct sr_writer params;
	struct sr_reader r;
	struct key *key;
	s->cli.key = key_name;
	if (client_connect(&s->cli, &s->client) != CLI_DONE
	    || keyfile_open(&s->cli, &key) != CLI_DONE)
		die("connecting");
	if (sr_hex_decode(id.b, sizeof id.b, secret, strlen(secret)) != SR_OK)
		die("--secret takes 32 hexadecimal digits");
	sr_writer_init(&params, 64);
	sr_write_copy(&params, id.b, sizeof id.b);
	sr_write_u64(&params, 0);
	if (sr_writer_finish(&params) != SR_OK ||
	    client_get(s->client, key, VAULT_GET_VERSION, (struct sr_bytes){ params.p, params.n },
		&s->version_bytes, &s->version_n) != SR_OK)
		die("fetching the ciphertext");
	sr_reader_init(&r, s->version_bytes, s->version_n);
	vault_version_read(&s->version, &r);
	if (sr_reader_finish(&r) != SR_OK || !s->version.payload.inlined)
		die("not an inline payload");
	s->label = vault_label(
	    &s->client->genesis->chain_id, &id, &key->account, &s->version.policy_hash);
	sr_reader_init(&r, s->version.key.tdh2, sizeof s->version.key.tdh2);
	shamir_tdh2_ct_read(&s->ct, &r);
	for (uint32_t i = 0; i < s->client->epoch->n; i++)
		if (sr_point_decode(&s->keys[i], s->client->epoch->members[i].verify_key) != SR_OK)
			die("a verification key");
	if (sr_reader_finish(&r) != SR_OK)
		die("the wrapped key");
	key_free(key);
	sr_writer_clear(&params);
}

int main(int argc, char **argv)
{
	static const struct option table[] = {
		{ "cluster", required_argument, NULL, 'c' },
		{ "key", required_argument, NULL, 'k' },
		{ "secret", required_argument, NULL, 's' },
		{ "marker", required_argument, NULL, 'm' },
		{ "pid", required_argument, NULL, 'p' },
		{ "file", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	struct search *s = calloc(1, sizeof *s);
	const char *secret = NULL, *key = NULL, *pids[SOURCES_MAX], *files[SOURCES_MAX];
	unsigned pids_n = 0, files_n = 0;
	int c, fd;
	if (s == NULL || sr_crypto_init() != SR_OK)
		die("starting");
	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (c) {
		case 'c': s->cli.cluster = optarg; break;
		case 'k': key = optarg; break;
		case 's': secret = optarg; break;
		case 'p': if (pids_n < SOURCES_MAX) pids[pids_n++] = optarg; break;
		case 'f': if (files_n < SOURCES_MAX) files[files_n++] = optarg; break;
		case 'm':
			fd = open(optarg, O_RDONLY);
			if (fd < 0 || read(fd, s->marker, MARKER_BYTES) != MARKER_BYTES)
				die("--marker takes a file of 32 bytes");
			close(fd);
			break;
		default: die("usage: see the head of tests/secrecy/search.c");
		}
	}
	if (secret == NULL || key == NULL || s->cli.cluster == NULL || pids_n + files_n == 0)
		die("usage: see the head of tests/secrecy/search.c");
	s->cli.program = "search";
	s->cli.timeout_ms = 60000;
	s->cli.started_ms = cli_monotonic_ms();
	fetch(s, secret, key);
	for (unsigned i = 0; i < pids_n; i++)
		scan_pid(s, pids[i]);
	for (unsigned i = 0; i < files_n; i++)
		scan_file(s, files[i]);
	combine(s);
	printf("%llu windows of 32 bytes tried: %s\n", (unsigned long long)s->windows,
	    s->found ? "REACHED the secret" : "did not reach the secret");
	return s->found ? 0 : 1;
}
