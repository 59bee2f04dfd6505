/* tests/fuzz/fuzz_cli_text.c - what the command line reads from people and their files: arguments,
 * numbers, times, accounts, key files, the pinned settings. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/keyfile.h"
#include "cli/lookup.h"
#include "cli/settings.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/scratch.h"

#define ARGS_MAX 24

/* What it says to people goes nowhere. */
static int hush(int fds[2])
{
	int null = open("/dev/null", O_WRONLY);
	fflush(stdout);
	fds[0] = dup(1);
	fds[1] = dup(2);
	FUZZ_CHECK(null >= 0 && dup2(null, 1) == 1 && dup2(null, 2) == 2);
	return close(null);
}

static void speak(const int fds[2])
{
	fflush(stdout);
	FUZZ_CHECK(dup2(fds[0], 1) == 1 && dup2(fds[1], 2) == 2);
	close(fds[0]);
	close(fds[1]);
}

static void values(const char *text)
{
	struct vault_account account;
	struct vault_secret_id id;
	uint64_t v;
	if (cli_parse_number(&v, text, 5, 1000) == SR_OK)
		FUZZ_CHECK(v >= 5 && v <= 1000);
	if (cli_parse_duration(&v, text) == SR_OK)
		FUZZ_CHECK(v <= VAULT_SPAN_MAX_MS);
	if (cli_parse_time(&v, text, 1000) == SR_OK)
		FUZZ_CHECK(v <= VAULT_POLICY_TIME_MAX_MS + VAULT_SPAN_MAX_MS);
	if (keyfile_account_parse(&account, text) == SR_OK)
		FUZZ_CHECK(account.kind <= VAULT_ACCOUNT_ETHEREUM);
	if (lookup_is_id(&id, text))
		FUZZ_CHECK(strlen(text) == 2 * sizeof(id.b));
}

/* Arguments with a NUL behind each. */
static void arguments(char *text, size_t n)
{
	struct cli cli = { .program = "strongroom" };
	char program[] = "strongroom", *argv[ARGS_MAX + 2] = { program };
	int argc = 1, fds[2];
	uint64_t v;
	for (size_t at = 0; at < n && argc <= ARGS_MAX; at += strlen(text + at) + 1)
		argv[argc++] = text + at;
	hush(fds);
	if (cli_parse(&cli, argc, argv) == CLI_DONE) {
		FUZZ_CHECK(cli.help || cli.command != NULL);
		FUZZ_CHECK(cli.args_n <= CLI_ARGS_MAX && cli.given_n <= CLI_OPTIONS_MAX);
		cli_help(&cli);
		if (cli.args_n > 0) {
			struct vault_account account;
			struct sr_writer w;
			sr_writer_init(&w, VAULT_POLICY_BYTES_MAX);
			(void)cli_time(&cli, &v, "the time", cli.args[0]);
			(void)cli_duration(&cli, &v, "the time", cli.args[0]);
			(void)cli_number(&cli, &v, "the number", cli.args[0], 1, 9);
			(void)cli_account(&cli, &account, "the account", cli.args[0]);
			(void)cli_policy(&cli, &w, cli.args[0]);
			sr_writer_clear(&w);
		}
	}
	speak(fds);
}

static void key_file(const uint8_t *p, size_t n)
{
	struct key *k = NULL, *again = NULL;
	const char *why;
	const char *path = scratch_path("key");
	scratch_write(path, p, n);
	FUZZ_CHECK(chmod(path, 0600) == 0);
	if (keyfile_read(&k, &why, path) == SR_OK) {
		remove(path);
		FUZZ_CHECK(keyfile_write(k, path) == SR_OK);
		FUZZ_CHECK(keyfile_read(&again, &why, path) == SR_OK);
		FUZZ_CHECK(vault_account_equal(&k->account, &again->account));
		key_free(again);
	}
	key_free(k);
}

static void settings(const uint8_t *p, size_t n)
{
	struct cli cli = { .program = "strongroom" };
	char path[CLI_PATH_MAX];
	int fds[2];
	FUZZ_CHECK(setenv("XDG_CONFIG_HOME", scratch_dir(), 1) == 0);
	FUZZ_CHECK(mkdir(scratch_path("strongroom"), 0700) == 0 || scratch_dir() != NULL);
	scratch_write(scratch_path("strongroom/config.yaml"), p, n);
	hush(fds);
	if (settings_load(&cli) == CLI_DONE) {
		const char *key = settings_value(&cli, "key");
		FUZZ_CHECK(!key || strlen(key) < CLI_PATH_MAX);
		(void)settings_genesis(&cli, path);
	}
	speak(fds);
}

void fuzz_cli_text(const uint8_t *p, size_t n)
{
	if (n == 0)
		return;
	char *text = malloc(n);
	FUZZ_CHECK(text != NULL);
	memcpy(text, p + 1, n - 1);
	text[n - 1] = '\0';
	switch (p[0] % 4) {
	case 0: values(text); break;
	case 1: arguments(text, n - 1); break;
	case 2: key_file(p + 1, n - 1); break;
	default: settings(p + 1, n - 1); break;
	}
	free(text);
}

static void put(uint8_t choice, const char *text, size_t n)
{
	struct sr_writer w;
	sr_writer_init(&w, 4096);
	sr_write_copy(&w, (const uint8_t *)text, n);
	fuzz_seed_of(choice, "text", &w);
}

static void seed_values(void)
{
	static const char *const texts[] = { "5", "1001", "x", "", "30d", "1h30m", "500ms",
	    "36526d",
		"1w", "2027-01-31", "2027-01-31T12:00:00Z", "2023-02-29", "2024-02-29", "+1h", "+",
		"1801353600000", "none", "soon", "2027-13-01", "99999999999999999999999d",
		"ed25519:1111111111111111111111111111111111111111111111111111111111111111",
		"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "00112233445566778899aabbccddeeff" };
	static const char *const files[] = {
		"strongroom-key v1\nkind: ed25519\nsecret: "
		"1111111111111111111111111111111111111111111111111111111111111111\n",
		"strongroom-key v1\nkind: ethereum\nsecret: "
		"1111111111111111111111111111111111111111111111111111111111111111\n",
		"strongroom-key v1\nkind: ethereum\nsecret: "
		"0000000000000000000000000000000000000000000000000000000000000000\n",
		"strongroom-key v2\n", "strongroom-key v1\nkind: rsa\nsecret: 00\n", "" };
	static const char *const pins[] = { "genesis: /g\nnode: https://h:1\nkey: me\n", "", "\n",
		"what: ever\n", "genesis\n", "key: a\nkey: b\n", "# a remark\nnode:   x  \n" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		put(0, texts[i], strlen(texts[i]));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		put(2, files[i], strlen(files[i]));
	for (size_t i = 0; i < sizeof(pins) / sizeof(pins[0]); i++)
		put(3, pins[i], strlen(pins[i]));
}

void seed_cli_text(void)
{
	seed_values();
	for (size_t g = 0; cli_groups[g]; g++) {
		for (const struct cli_command *c = cli_groups[g]; c->group; c++) {
			char text[256];
			int n = snprintf(text, sizeof(text), "%s%c%s%c--%s%cholder(1)%c5", c->group,
			    0,
			    c->name, 0, c->options ? c->options[0].name : "json", 0, 0);
			FUZZ_CHECK(n > 0);
			put(1, text, (size_t)n);
			put(1, text, strlen(text) + 1 + strlen(c->name));
		}
	}
	static const char all[] = "--cluster\0d\0--node\0https://h:1\0--key\0k\0--timeout\0" "9s\0"
				  "secret\0put\0name";
	put(1, all, sizeof(all) - 1);
	put(1, "secret\0--help", 13);
	put(1, "secret\0put\0--help", 17);
	put(1, "--cluster", 9);
	put(1, "--key\0a\0--key\0b\0status", 21);
	put(1, "--help", 6);
	put(1, "--json\0status\0--nothing", 23);
	put(1, "--timeout\0x\0status", 18);
	put(1, "split\0file\0--\0--shares", 22);
}
