/* config/yaml.c - the only file that includes <yaml.h>: one mapping of scalars, nothing else. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "config/config.h"

struct reading {
	struct config *config;
	const char *path;
	struct config_error *error;
	bool given[CONFIG_KEYS_MAX];
	char key[65];
	size_t key_line;
	bool have_key;
};

__attribute__((format(printf, 3, 4)))
static enum sr_error refuse(struct reading *self, size_t line, const char *format, ...)
{
	char why[CONFIG_ERROR_MAX - 300];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof why, format, args);
	va_end(args);
	snprintf(self->error->text, sizeof self->error->text, "%.256s:%zu: %s", self->path,
	    line + 1, why);
	return SR_ERR_CONFIG;
}

static enum sr_error take_key(struct reading *self, const yaml_event_t *ev)
{
	const char *text = (const char *)ev->data.scalar.value;
	size_t line = ev->start_mark.line, row;

	if (ev->data.scalar.length >= sizeof self->key || strlen(text) != ev->data.scalar.length)
		return refuse(self, line, "a key is at most 64 characters");
	memcpy(self->key, text, ev->data.scalar.length + 1);
	self->key_line = line;
	self->have_key = true;
	row = config_find(self->key);
	if (row == config_rows_n) {
		char why[CONFIG_ERROR_MAX];

		if (config_set(self->config, self->key, "", why) != SR_OK)
			return refuse(self, line, "%s", why);
	} else if (self->given[row]) {
		return refuse(self, line, "%s: given twice; allowed: once", self->key);
	} else {
		self->given[row] = true;
	}
	return SR_OK;
}

static enum sr_error take_value(struct reading *self, const yaml_event_t *ev)
{
	const char *text = (const char *)ev->data.scalar.value;
	char why[CONFIG_ERROR_MAX];

	self->have_key = false;
	if (strlen(text) != ev->data.scalar.length)
		return refuse(self, ev->start_mark.line, "%s: a NUL inside", self->key);
	if (config_set(self->config, self->key, text, why) != SR_OK)
		return refuse(self, ev->start_mark.line, "%s", why);
	return SR_OK;
}

/* depth: 0 outside, 1 inside the one mapping. */
static enum sr_error take_event(struct reading *self, const yaml_event_t *ev, unsigned *depth)
{
	switch (ev->type) {
	case YAML_MAPPING_START_EVENT:
		if (*depth != 0)
			break;
		*depth = 1;
		return SR_OK;
	case YAML_MAPPING_END_EVENT:
		*depth = 0;
		return SR_OK;
	case YAML_SCALAR_EVENT:
		if (*depth == 0 && ev->data.scalar.length == 0)
			return SR_OK; /* an empty file: what is missing is told later */
		if (*depth == 0)
			return refuse(self, ev->start_mark.line, "expected lines of 'key: value'");
		return self->have_key ? take_value(self, ev) : take_key(self, ev);
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return SR_OK;
	case YAML_ALIAS_EVENT:
	case YAML_SEQUENCE_START_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		break;
	}
	return refuse(self, ev->start_mark.line,
	    "%s%slists, aliases and mappings inside are not allowed; allowed: key: value",
	    self->have_key ? self->key : "", self->have_key ? ": " : "");
}

enum sr_error config_parse(struct config *self, const char *path, const uint8_t *text, size_t n,
    struct config_error *error)
{
	struct reading reading = { .config = self, .path = path, .error = error };
	enum sr_error err = SR_OK;
	unsigned depth = 0, documents = 0;
	bool end = false;
	yaml_parser_t parser;

	config_init(self);
	if (!yaml_parser_initialize(&parser))
		return SR_ERR_NO_MEMORY;
	yaml_parser_set_input_string(&parser, text, n);
	while (err == SR_OK && !end) {
		yaml_event_t ev;

		if (!yaml_parser_parse(&parser, &ev)) {
			err = refuse(&reading, parser.problem_mark.line, "not YAML: %s",
			    parser.problem != NULL ? parser.problem : "unreadable");
			break;
		}
		documents += ev.type == YAML_DOCUMENT_START_EVENT;
		err = documents > 1 ? refuse(&reading, ev.start_mark.line, "more than one document")
				    : take_event(&reading, &ev, &depth);
		end = ev.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&ev);
	}
	yaml_parser_delete(&parser);
	return err == SR_OK ? config_complete(self, reading.given, path, error) : err;
}

static enum sr_error read_error(struct config_error *error, const char *path, const char *what,
    enum sr_error err)
{
	snprintf(error->text, sizeof error->text, "%.512s: %s", path, what);
	return err;
}

enum sr_error config_read(struct config *self, const char *path, struct config_error *error)
{
	FILE *file = fopen(path, "rbe");
	uint8_t *text;
	size_t n;
	enum sr_error err;

	if (file == NULL)
		return read_error(error, path, "cannot be opened", SR_ERR_IO);
	text = malloc(CONFIG_FILE_MAX + 1);
	n = text != NULL ? fread(text, 1, CONFIG_FILE_MAX + 1, file) : 0;
	if (text == NULL || ferror(file) != 0)
		err = read_error(error, path, "cannot be read", SR_ERR_IO);
	else if (n > CONFIG_FILE_MAX)
		err = read_error(error, path, "longer than 64 KiB", SR_ERR_CONFIG);
	else
		err = config_parse(self, path, text, n, error);
	free(text);
	fclose(file);
	return err;
}
