#include "cli/json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"

#define DEPTH_MAX 6u

/* The stack of containers under construction; the last is where puts go. */
struct cli_json { json_t *stack[DEPTH_MAX]; unsigned depth; };

enum sr_error cli_json_open(struct cli *cli)
{
	cli->out = calloc(1, sizeof *cli->out);
	if (cli->out == NULL)
		return SR_ERR_NO_MEMORY;
	cli->out->stack[0] = json_object();
	cli->out->depth = 1;
	return cli->out->stack[0] != NULL ? SR_OK : SR_ERR_NO_MEMORY;
}

void cli_json_close(struct cli *cli)
{
	if (cli->out == NULL)
		return;
	if (cli->json) {
		json_dumpf(cli->out->stack[0], stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
		putchar('\n');
	}
	json_decref(cli->out->stack[0]);
	free(cli->out);
	cli->out = NULL;
}

static void put(struct cli *self, const char *name, json_t *value)
{
	json_t *top;

	if (self->out == NULL || value == NULL) {
		json_decref(value);
		return;
	}
	top = self->out->stack[self->out->depth - 1];
	SR_ASSERT(json_is_object(top));
	SR_ASSERT(json_object_set_new(top, name, value) == 0);
}

void cli_put_text(struct cli *self, const char *name, const char *text)
{
	json_t *value = json_string(text);

	put(self, name, value != NULL ? value : json_string("?"));
}

void cli_put_bytes(struct cli *self, const char *name, struct sr_bytes utf8)
{
	json_t *value = json_stringn(utf8.n > 0 ? (const char *)utf8.p : "", utf8.n);

	put(self, name, value != NULL ? value : json_string("?"));
}

void cli_put_number(struct cli *self, const char *name, uint64_t v)
{
	/* JSON integers of jansson are signed; larger ones are given as text rather than wrongly.
	 */
	char text[24];

	if (v <= INT64_MAX) {
		put(self, name, json_integer((json_int_t)v));
		return;
	}
	snprintf(text, sizeof text, "%llu", (unsigned long long)v);
	cli_put_text(self, name, text);
}

void cli_put_bool(struct cli *self, const char *name, bool v)
{
	put(self, name, json_boolean(v));
}

void cli_put_hex(struct cli *self, const char *name, const uint8_t *p, size_t n)
{
	char text[2 * 64 + 1];

	SR_ASSERT(n <= 64);
	sr_hex_encode(text, p, n);
	cli_put_text(self, name, text);
}

void cli_put_account(struct cli *self, const char *name, const struct vault_account *a)
{
	char text[VAULT_ACCOUNT_TEXT_MAX];

	vault_account_text(text, a);
	cli_put_text(self, name, text);
}

void cli_put_json(struct cli *self, const char *name, const char *text)
{
	put(self, name, json_loads(text, 0, NULL));
}

void cli_put_null(struct cli *self, const char *name)
{
	put(self, name, json_null());
}

static void push(struct cli *self, json_t *container)
{
	SR_ASSERT(self->out->depth < DEPTH_MAX);
	self->out->stack[self->out->depth++] = container;
}

void cli_list_begin(struct cli *self, const char *name)
{
	json_t *list = json_array();

	put(self, name, list);
	push(self, list);
}

void cli_list_item(struct cli *self)
{
	struct cli_json *o = self->out;
	json_t *item = json_object();

	if (json_is_object(o->stack[o->depth - 1]) && o->depth > 1 &&
	    json_is_array(o->stack[o->depth - 2]))
		o->depth--;
	SR_ASSERT(json_is_array(o->stack[o->depth - 1]));
	SR_ASSERT(json_array_append_new(o->stack[o->depth - 1], item) == 0);
	push(self, item);
}

void cli_list_end(struct cli *self)
{
	struct cli_json *o = self->out;

	if (!json_is_array(o->stack[o->depth - 1]))
		o->depth--;
	SR_ASSERT(json_is_array(o->stack[o->depth - 1]));
	o->depth--;
}

void cli_list_text(struct cli *self, const char *text)
{
	SR_ASSERT(
	    json_array_append_new(self->out->stack[self->out->depth - 1], json_string(text)) == 0);
}

void cli_object_begin(struct cli *self, const char *name)
{
	json_t *object = json_object();

	if (self->out == NULL) {
		json_decref(object);
		return;
	}
	/* An error may come in the middle of a list: it belongs to the whole. */
	if (strcmp(name, "error") == 0)
		self->out->depth = 1;
	put(self, name, object);
	push(self, object);
}

void cli_object_end(struct cli *self)
{
	if (self->out != NULL && self->out->depth > 1)
		self->out->depth--;
}

/* --- JSON-RPC 2.0 --- */

char *json_rpc_request(const char *method, const char *param)
{
	json_t *request = param != NULL ? json_pack("{s:s, s:i, s:s, s:[s]}", "jsonrpc", "2.0",
			      "id", 1, "method", method, "params", param)
					: json_pack("{s:s, s:i, s:s, s:[]}", "jsonrpc", "2.0", "id",
					    1, "method", method, "params");
	char *text = request != NULL ? json_dumps(request, JSON_COMPACT) : NULL;

	json_decref(request);
	return text;
}

char *json_rpc_request_number(const char *method, uint64_t param)
{
	json_t *request = json_pack("{s:s, s:i, s:s, s:[I]}", "jsonrpc", "2.0", "id", 1, "method",
	    method, "params", (json_int_t)param);
	char *text = request != NULL ? json_dumps(request, JSON_COMPACT) : NULL;

	json_decref(request);
	return text;
}

static enum sr_error error_of(const json_t *error)
{
	const json_t *code = json_object_get(json_object_get(error, "data"), "code");

	if (!json_is_integer(code))
		code = json_object_get(error, "code");
	if (json_is_integer(code) && json_integer_value(code) > 0
	    && json_integer_value(code) < 65536)
		return sr_error_from_number((unsigned)json_integer_value(code));
	return SR_ERR_BAD_ENCODING;
}

enum sr_error json_rpc_answer(char **result, const uint8_t *p, size_t n, const char *field)
{
	json_t *root = json_loadb((const char *)p, n, JSON_REJECT_DUPLICATES, NULL);
	const json_t *value = json_object_get(json_object_get(root, "result"), field),
		     *error = json_object_get(root, "error");
	enum sr_error err = SR_ERR_BAD_ENCODING;

	*result = NULL;
	if (json_is_object(error)) {
		err = error_of(error);
	} else if (json_is_string(value)) {
		*result = strdup(json_string_value(value));
		err = *result != NULL ? SR_OK : SR_ERR_NO_MEMORY;
	}
	json_decref(root);
	return err;
}
