#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/scratch.h"

#define START "data_dir: /d\nmember: 1\n"

static enum sr_error parse(struct config *c, const char *text, struct config_error *error)
{
	error->text[0] = '\0';
	return config_parse(c, "/etc/sr/node.yaml", (const uint8_t *)text, strlen(text), error);
}

START_TEST(a_short_file_gets_every_default)
{
	struct config c;
	struct config_error error;

	ck_ok(parse(&c, START, &error));
	ck_assert_str_eq(c.data_dir, "/d");
	ck_assert_uint_eq(c.member, 1);
	ck_assert_str_eq(c.genesis, "/d/genesis");
	ck_assert_str_eq(c.https_key, "/d/https.key");
	ck_assert_str_eq(c.https_cert, "/d/https.crt");
	ck_assert_str_eq(c.rpc_listen, "127.0.0.1:7700");
	ck_assert_str_eq(c.link_listen, "tcp://127.0.0.1:7701");
	ck_assert_uint_eq(c.enclave_lock, CONFIG_LOCK_ALL);
	ck_assert_uint_eq(c.log_level, 2);
	ck_assert(!c.log_json);
	ck_assert_uint_eq(c.blob_quota_bytes, 16ull << 30);
	ck_assert_uint_eq(c.free_space_min_bytes, 256u << 20);
	ck_assert_uint_eq(c.clients_max, 1000);
}
END_TEST

START_TEST(relative_paths_start_at_the_file)
{
	struct config c;
	struct config_error error;

	ck_ok(parse(&c, "data_dir: a/b\nmember: 0\ngenesis: g\n", &error));
	ck_assert_str_eq(c.data_dir, "/etc/sr/a/b");
	ck_assert_str_eq(c.genesis, "/etc/sr/g");
	ck_assert_str_eq(c.https_key, "/etc/sr/a/b/https.key");
}
END_TEST

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

START_TEST(every_value_is_taken)
{
	struct config c;
	struct config_error error;
	struct sr_hash32 hash;
	uint64_t epoch;

	ck_ok(parse(&c, "data_dir: /x\nmember: 99\ngenesis: /g\nrpc_listen: '[::1]:443'\n"
	    "link_listen: tcp://0.0.0.0:1\nhttps_key: /k\nhttps_cert: /c\nenclave_program: /e\n"
	    "enclave_user: me\nenclave_lock: keys\nlog_level: debug\nlog_json: true\n"
	    "blob_quota_bytes: 1T\nblob_unreferenced_s: 60\nfree_space_min_bytes: 65536K\n"
	    "archive_blocks: 1000\nclients_max: 10000\nrequest_timeout_s: 600\n"
	    "trail: t\ncheckpoint: 12:" HASH "\n", &error));
	ck_assert_str_eq(c.trail, "/etc/sr/t");
	ck_assert_str_eq(c.checkpoint, "12:" HASH);
	ck_ok(config_point(&epoch, &hash, c.checkpoint));
	ck_assert_uint_eq(epoch, 12);
	ck_assert_uint_eq(hash.b[0], 0x01);
	ck_assert_uint_eq(hash.b[31], 0xef);
	ck_assert_str_eq(c.rpc_listen, "[::1]:443");
	ck_assert_str_eq(c.link_listen, "tcp://0.0.0.0:1");
	ck_assert_uint_eq(c.enclave_lock, CONFIG_LOCK_KEYS);
	ck_assert_uint_eq(c.log_level, 3);
	ck_assert(c.log_json);
	ck_assert_uint_eq(c.blob_quota_bytes, 1ull << 40);
	ck_assert_uint_eq(c.free_space_min_bytes, 64u << 20);
}
END_TEST

/* What is wrong, and the words the error must have: where, which key, what is allowed. */
static const struct { const char *text, *where, *words;
} wrong[] = {
	{ "", "node.yaml: ", "data_dir is missing" },
	{ "member: 0\n", "node.yaml: ", "data_dir is missing" },
	{ "data_dir: /d\n", "node.yaml: ", "member is missing" },
	{ START "colour: red\n", ":3: ", "'colour' is not a key; allowed: data_dir member" },
	{ START "member: 2\n", ":3: ", "member: given twice" },
	{ "data_dir: /d\nmember: 100\n",
	    ":2: ", "member: '100' is not allowed; allowed: a number from 0 to 99" },
	{ "data_dir: /d\nmember: -1\n", ":2: ", "a number from 0 to 99" },
	{ "data_dir: /d\nmember: 1x\n", ":2: ", "a number from 0 to 99" },
	{ "data_dir: /d\nmember: 99999999999999999999999\n", ":2: ", "a number from 0 to 99" },
	{ "data_dir: ''\nmember: 1\n", ":1: ", "data_dir: '' is not allowed; allowed: a path" },
	{ START "rpc_listen: localhost:1\n", ":3: ", "an address and a port" },
	{ START "rpc_listen: 127.0.0.1\n", ":3: ", "an address and a port" },
	{ START "rpc_listen: 127.0.0.1:0\n", ":3: ", "an address and a port" },
	{ START "rpc_listen: 127.0.0.1:65536\n", ":3: ", "an address and a port" },
	{ START "rpc_listen: '[::1:443'\n", ":3: ", "an address and a port" },
	{ START "link_listen: 127.0.0.1:1\n", ":3: ", "tcp://address:port" },
	{ START "link_listen: ws://127.0.0.1:1\n", ":3: ", "tcp://address:port" },
	{ START "link_listen: tcp://[::1]:1\n", ":3: ", "tcp://address:port" },
	{ START "checkpoint: " HASH "\n", ":3: ", "an epoch, a colon and a hash" },
	{ START "checkpoint: '12:'\n", ":3: ", "an epoch, a colon and a hash" },
	{ START "checkpoint: '12:" HASH "0'\n", ":3: ", "an epoch, a colon and a hash" },
	{ START "checkpoint: 'x:" HASH "'\n", ":3: ", "an epoch, a colon and a hash" },
	{ START "enclave_user: a b\n", ":3: ", "a user's name" },
	{ START "enclave_lock: none\n", ":3: ", "one of all|keys" },
	{ START "enclave_lock: al\n", ":3: ", "one of all|keys" },
	{ START "log_level: loud\n", ":3: ", "one of error|warn|info|debug" },
	{ START "log_json: yes\n", ":3: ", "true or false" },
	{ START "blob_quota_bytes: 12 PB\n", ":3: ", "bytes from 1M to" },
	{ START "blob_quota_bytes: 1023K\n", ":3: ", "bytes from 1M to" },
	{ START "blob_quota_bytes: 99999999999999999T\n", ":3: ", "bytes from 1M to" },
	{ START "free_space_min_bytes: 1M\n", ":3: ", "bytes from 64M" },
	{ START "blob_unreferenced_s: 59\n", ":3: ", "seconds from 60" },
	{ START "clients_max: 3\n", ":3: ", "a number from 4 to 10000" },
	{ START "clients_max: 10001\n", ":3: ", "a number from 4 to 10000" },
	{ START "clients_max: [4]\n", ":3: ", "clients_max: lists" },
	{ START "clients_max: {a: b}\n", ":3: ", "clients_max: lists" },
	{ START "clients_max: &a 4\nrequest_timeout_s: *a\n", ":4: ", "aliases" },
	{ "- data_dir\n", ":1: ", "lists" },
	{ "just text\n", ":1: ", "key: value" },
	{ START "---\nmember: 1\n", ":3: ", "more than one document" },
	{ "data_dir: \"/d\n", ":", "not YAML" },
	{ "\t\tx: y\n", ":", "not YAML" },
	{ START "\"log_level\": \"in\\0fo\"\n", ":3: ", "NUL" },
};

START_TEST(every_mistake_is_named_with_its_line_and_the_way_out)
{
	struct config c;
	struct config_error error;
	enum sr_error err = parse(&c, wrong[_i].text, &error);

	ck_assert_msg(err == SR_ERR_CONFIG, "accepted: %s", wrong[_i].text);
	ck_assert_msg(strncmp(error.text, "/etc/sr/node.yaml", 17) == 0, "%s", error.text);
	ck_assert_msg(strstr(error.text, wrong[_i].where) != NULL, "%s", error.text);
	ck_assert_msg(strstr(error.text, wrong[_i].words) != NULL, "%s", error.text);
}
END_TEST

START_TEST(what_is_quoted_in_an_error_moves_no_terminal)
{
	static const char *const texts[] = { "\"a\\nb\": 1\n", START "rpc_listen: \"a\\nb\"\n",
		START "log_level: \"\\e[2J\"\n", START "log_level: \"\\x9b2J\"\n" };
	struct config c;
	struct config_error error;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		ck_error(parse(&c, texts[i], &error), SR_ERR_CONFIG);
		for (const char *p = error.text; *p != '\0'; p++)
			ck_assert((unsigned char)*p >= ' ' && (unsigned char)*p < 0x7f);
	}
}
END_TEST

START_TEST(a_path_that_does_not_fit_is_an_error)
{
	struct config c;
	struct config_error error;
	char text[1200];
	char folder[600];

	memset(folder, 'f', sizeof folder);
	folder[511] = '\0';
	snprintf(text, sizeof text, "data_dir: /%s\nmember: 1\n", folder);
	ck_error(parse(&c, text, &error), SR_ERR_CONFIG);
	folder[505] = '\0'; /* fits alone, not with /genesis behind it */
	snprintf(text, sizeof text, "data_dir: /%s\nmember: 1\n", folder);
	ck_error(parse(&c, text, &error), SR_ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.text, "longer than"));
}
END_TEST

START_TEST(a_file_that_is_missing_or_too_long_is_an_error)
{
	struct config c;
	struct config_error error;
	char *text = malloc(CONFIG_FILE_MAX + 1);

	ck_error(config_read(&c, "/nowhere/at/all.yaml", &error), SR_ERR_IO);
	ck_assert_ptr_nonnull(strstr(error.text, "/nowhere/at/all.yaml"));
	memset(text, '#', CONFIG_FILE_MAX + 1);
	scratch_write(scratch_path("long.yaml"), text, CONFIG_FILE_MAX + 1);
	ck_error(config_read(&c, scratch_path("long.yaml"), &error), SR_ERR_CONFIG);
	memcpy(text, START, strlen(START));
	scratch_write(scratch_path("full.yaml"), text, CONFIG_FILE_MAX);
	ck_ok(config_read(&c, scratch_path("full.yaml"), &error));
	free(text);
}
END_TEST

/* Run from the project's folder, as make does. */
START_TEST(the_sample_is_what_the_table_says_and_reads_back_as_the_defaults)
{
	size_t n = config_sample(NULL, 0), have_n;
	char *want = malloc(n + 1);
	uint8_t *have = scratch_read("config/strongroomd.yaml", &have_n);
	struct config c, defaults;
	struct config_error error;

	ck_assert_uint_eq(config_sample(want, n + 1), n);
	ck_assert_str_eq((const char *)have, want);
	for (size_t i = 0; i < config_rows_n; i++)
		ck_assert_ptr_nonnull(strstr(want, config_rows[i].name));
	ck_ok(config_parse(&c, "/x/y", have, have_n, &error));
	ck_ok(parse(&defaults, "data_dir: /var/lib/strongroom\nmember: 0\n", &error));
	ck_assert_mem_eq(&c, &defaults, sizeof c);
	free(want);
	free(have);
}
END_TEST

START_TEST(the_four_example_nodes_read_and_differ)
{
	struct config c[4];
	struct config_error error;
	char path[64];

	for (unsigned i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "config/four-nodes/node%u.yaml", i);
		ck_ok(config_read(&c[i], path, &error));
		ck_assert_uint_eq(c[i].member, i);
		for (unsigned j = 0; j < i; j++) {
			ck_assert_str_ne(c[i].data_dir, c[j].data_dir);
			ck_assert_str_ne(c[i].rpc_listen, c[j].rpc_listen);
			ck_assert_str_ne(c[i].link_listen, c[j].link_listen);
			ck_assert_str_eq(c[i].genesis, c[j].genesis);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tcase = tcase_create("config");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, a_short_file_gets_every_default);
	tcase_add_test(tcase, relative_paths_start_at_the_file);
	tcase_add_test(tcase, every_value_is_taken);
	tcase_add_loop_test(tcase, every_mistake_is_named_with_its_line_and_the_way_out, 0,
	    sizeof wrong / sizeof wrong[0]);
	tcase_add_test(tcase, what_is_quoted_in_an_error_moves_no_terminal);
	tcase_add_test(tcase, a_path_that_does_not_fit_is_an_error);
	tcase_add_test(tcase, a_file_that_is_missing_or_too_long_is_an_error);
	tcase_add_test(tcase, the_sample_is_what_the_table_says_and_reads_back_as_the_defaults);
	tcase_add_test(tcase, the_four_example_nodes_read_and_differ);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
