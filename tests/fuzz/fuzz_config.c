/* tests/fuzz/fuzz_config.c - a node's YAML file and the texts in it: what is taken lies within its
 * row's range, what is not is explained. */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "tests/fuzz/fuzz.h"

static void in_range(const struct config *c)
{
	for (size_t i = 0; i < config_rows_n; i++) {
		const struct config_row *row = &config_rows[i];
		uint64_t v;
		if (row->type != CONFIG_NUMBER && row->type != CONFIG_SECONDS &&
		    row->type != CONFIG_BYTES)
			continue;
		memcpy(&v, (const uint8_t *)c + row->offset, sizeof(v));
		FUZZ_CHECK(v >= row->min && v <= row->max);
	}
}

static void file(const uint8_t *p, size_t n)
{
	struct config c;
	struct config_error error = { "" };
	enum sr_error e = config_parse(&c, "/etc/sr/node.yaml", p, n, &error);
	FUZZ_CHECK(memchr(error.text, '\0', sizeof(error.text)) != NULL);
	FUZZ_CHECK((e == SR_OK) == (error.text[0] == '\0'));
	FUZZ_CHECK(strchr(error.text, '\n') == NULL);
	if (e == SR_OK)
		in_range(&c);
}

/* row u8 | text */
static void value(struct sr_reader *r)
{
	char host[CONFIG_TEXT_MAX], why[CONFIG_ERROR_MAX] = "";
	struct config c;
	uint16_t port;
	size_t row = sr_read_u8(r) % config_rows_n, n;
	uint8_t *p = fuzz_take(r, &n, SIZE_MAX);
	char *text = malloc(n + 1);
	FUZZ_CHECK(text != NULL);
	memcpy(text, p, n);
	text[n] = '\0';
	config_init(&c);
	if (config_set(&c, config_rows[row].name, text, why) == SR_OK)
		in_range(&c);
	else
		FUZZ_CHECK(why[0] != '\0');
	if (config_address(host, &port, text) == SR_OK)
		FUZZ_CHECK(strlen(host) < strlen(text));
	free(text);
	free(p);
}

void fuzz_config(const uint8_t *p, size_t n)
{
	struct sr_reader r;
	sr_reader_init(&r, p, n);
	if (sr_read_u8(&r) % 2 == 0)
		file(r.p, r.left);
	else
		value(&r);
}

static void put_file(const char *text)
{
	struct sr_writer w;
	sr_writer_init(&w, 65536);
	sr_write_copy(&w, (const uint8_t *)text, strlen(text));
	fuzz_seed_of(0, "file", &w);
}

#define START "data_dir: /d\nmember: 1\n"

void seed_config(void)
{
	static const char *const files[] = { START, "data_dir: a/b\nmember: 0\ngenesis: g\n", "",
		"member: 1\n", START "member: 2\n", START "nothing: 1\n", "- 1\n- 2\n",
		START "log_level: [a]\n", START "? [a]\n: b\n", "a: b: c\n", "\t",
		    START "---\na: b\n",
		START "member: &x 1\nlog_level: *x\n", START "log_level: \"a\\0b\"\n",
		    "%YAML 9.9\n",
		START "rpc_listen: '[::1]:443'\nlog_level: debug\nlog_json: true\n"
		      "blob_quota_bytes: 1T\nblob_unreferenced_s: 60\narchive_blocks: 100000\n",
		"\xff\xfe", "{data_dir: /d, member: 1}\n" };
	static const char *const texts[] = { "", "1", "-1", "99999999999999999999", "16G", "1.5G",
	    "1X",
		"true", "yes", "/a/b", "127.0.0.1:7700", "[::1]:1", "[::1:1", "::1:1", "1.2.3.4",
		"1.2.3.4:0", "1.2.3.4:65536", "tcp://1.2.3.4:5", "tcp://", "name", "keys", "debug",
		"300", "localhost:1" };
	char sample[16384];
	FUZZ_CHECK(config_sample(sample, sizeof(sample)) < sizeof(sample));
	put_file(sample);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		put_file(files[i]);
	for (size_t row = 0; row < config_rows_n; row++) {
		for (size_t i = row % 3; i < sizeof(texts) / sizeof(texts[0]); i += 3) {
			struct sr_writer w;
			sr_writer_init(&w, 256);
			sr_write_u8(&w, (uint8_t)row);
			sr_write_copy(&w, (const uint8_t *)texts[i], strlen(texts[i]));
			fuzz_seed_of(1, "value", &w);
		}
	}
}
