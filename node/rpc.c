#include "node/rpc.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "enclave/client_wire.h"
#include "node/version.h"

enum { JSON_PARSE = -32700, JSON_REQUEST = -32600, JSON_METHOD = -32601, JSON_PARAMS = -32602 };

enum params { PARAMS_NONE, PARAMS_SEALED, PARAMS_HEIGHT, PARAMS_STEP, PARAMS_GONE };

struct rpc_method {
	const char *name;
	enum params params;
	uint32_t asks;                       /* enum client_method; 0: the host knows */
	json_t *(*local)(const struct desk *desk, enum sr_error *err);
	json_t *(*result)(const uint8_t *p, size_t n); /* NULL: it does not parse */
	const char *gone;                    /* PARAMS_GONE: why the method is no more */
};

/* --- Errors --- */

static json_t *error_json(int code, enum sr_error err, const char *field, const char *text)
{
	json_t *data = json_pack(
	    "{s:s, s:i}", "name", sr_error_name((unsigned)err), "code", (int)err);

	if (field != NULL)
		json_object_set_new(data, "field", json_string(field));
	return json_pack("{s:i, s:s, s:o}", "code", code, "message",
	    text != NULL ? text : sr_error_message((unsigned)err), "data", data);
}

/* The first one stays. */
static bool call_refuse(struct rpc_call *call, int code, enum sr_error err, const char *field,
    const char *text)
{
	if (call->error == NULL)
		call->error = error_json(code, err, field, text);
	return false;
}

/* --- What the host answers itself --- */

json_t *rpc_hex(const uint8_t *p, size_t n)
{
	char *text = malloc(2 * n + 1);
	json_t *json;

	if (text == NULL)
		return NULL;
	sr_hex_encode(text, p, n);
	json = json_stringn_nocheck(text, 2 * n);
	free(text);
	return json;
}

static json_t *hash_json(const struct sr_hash32 *h)
{
	return rpc_hex(h->b, sizeof h->b);
}

static json_t *local_name(const struct desk *desk, enum sr_error *err)
{
	(void)desk;
	(void)err;
	return json_string(RPC_SYSTEM_NAME);
}

static json_t *local_version(const struct desk *desk, enum sr_error *err)
{
	(void)desk;
	(void)err;
	return json_string(SR_VERSION);
}

static json_t *local_methods(const struct desk *desk, enum sr_error *err);

static json_t *local_health(const struct desk *desk, enum sr_error *err)
{
	const struct desk_figures *f = &desk->figures;
	const struct enclave_status *s = &f->status;
	int peers = 0;

	(void)err;
	for (uint32_t i = 0; i < s->members_n; i++)
		peers += i != s->self && s->members[i].connected;
	return json_pack("{s:b, s:i, s:b, s:b, s:b, s:b, s:b, s:I, s:I, s:b}", "isSyncing",
	    !f->running || s->recovering, "peers", peers, "shouldHavePeers", s->members_n > 1,
	    "running", f->running, "recovering", s->recovering, "disk_full",
	    f->disk_low || s->disk_full, "vault_ready", s->vault_ready, "final_height",
	    (json_int_t)s->final_height, "epoch", (json_int_t)s->epoch, "member",
	    s->role == ENCLAVE_ROLE_MEMBER);
}

json_t *rpc_status_json(const struct enclave_status *s)
{
	json_t *members = json_array(), *status;

	for (uint32_t i = 0; i < s->members_n; i++)
		json_array_append_new(members, json_pack("{s:i, s:i, s:s%, s:I, s:I, s:b}",
		    "member", (int)i, "seat", (int)s->members[i].seat, "name",
		    (const char *)s->members[i].name, s->members[i].name_n,
		    "final_height", (json_int_t)s->members[i].final_height,
		    "heard_ms", (json_int_t)s->members[i].heard_ms,
		    "connected", s->members[i].connected));
	status = json_pack("{s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I}",
	    "chain_id", hash_json(&s->chain_id), "final_hash", hash_json(&s->final_hash),
	    "state_root", hash_json(&s->state_root), "measurement", hash_json(&s->measurement),
	    "epoch", (json_int_t)s->epoch, "slot", (json_int_t)s->slot,
	    "final_slot", (json_int_t)s->final_slot, "final_height", (json_int_t)s->final_height,
	    "final_time_ms", (json_int_t)s->final_time_ms, "uptime_ms", (json_int_t)s->uptime_ms);
	json_object_update_new(status, json_pack("{s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:b}",
	    "author", (json_int_t)s->author, "self", (json_int_t)s->self,
	    "members_n", (json_int_t)s->members_n, "threshold", (json_int_t)s->threshold,
	    "attestation", (json_int_t)s->attestation, "recovering", s->recovering,
	    "disk_full", s->disk_full, "vault_ready", s->vault_ready));
	json_object_update_new(status, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
	    "operations_final", (json_int_t)s->operations_final,
	    "operations_refused", (json_int_t)s->operations_refused, "pool", (json_int_t)s->pool,
	    "releases", (json_int_t)s->releases, "slots_skipped", (json_int_t)s->slots_skipped,
	    "records", (json_int_t)s->records, "members", members));
	return status;
}

static json_t *local_status(const struct desk *desk, enum sr_error *err)
{
	struct sr_writer w;
	json_t *status;

	if (!desk->figures.status_known) {
		*err = SR_ERR_NOT_READY;
		return NULL;
	}
	status = rpc_status_json(&desk->figures.status);
	/* The same in the enclave's own encoding, for clients that have its reader. */
	sr_writer_init(&w, 16384);
	enclave_status_write(&w, &desk->figures.status);
	if (sr_writer_finish(&w) == SR_OK)
		json_object_set_new(status, "raw", rpc_hex(w.p, w.n));
	json_object_set_new(status, "running", json_boolean(desk->figures.running));
	sr_writer_clear(&w);
	return status;
}

/* --- What the enclave answers --- */

static json_t *result_trail(const uint8_t *p, size_t n)
{
	return json_pack("{s:o}", "trail", rpc_hex(p, n));
}

static json_t *result_roster(const uint8_t *p, size_t n)
{
	return json_pack("{s:o}", "roster", rpc_hex(p, n));
}

static json_t *result_answer(const uint8_t *p, size_t n)
{
	return json_pack("{s:o}", "answer", rpc_hex(p, n));
}

static json_t *result_count(const uint8_t *p, size_t n)
{
	struct sr_reader r;
	uint32_t count;

	sr_reader_init(&r, p, n);
	count = sr_read_u32(&r);
	return sr_reader_finish(&r) == SR_OK ? json_integer((json_int_t)count) : NULL;
}

#define IAS_GONE                                                                                   \
	"Intel's attestation service and its EPID reports are gone since April 2025; send a DCAP " \
	"quote with its collateral: attesteer_forwardDcapQuote"

/* The attesteer's methods have names of their own and are sealed operations and getters like all
 * others: the host cannot sign for anybody, and whoever submits is named in the registry. */
static const struct rpc_method methods[] = {
	{ "rpc_methods", PARAMS_NONE, 0, local_methods, NULL, NULL },
	{ "system_name", PARAMS_NONE, 0, local_name, NULL, NULL },
	{ "system_version", PARAMS_NONE, 0, local_version, NULL, NULL },
	{ "system_health", PARAMS_NONE, 0, local_health, NULL, NULL },
	{ "vault_status", PARAMS_NONE, 0, local_status, NULL, NULL },
	{ "author_getShieldingKey", PARAMS_STEP, CLIENT_TRAIL, NULL, result_trail, NULL },
	{ "vault_getRoster", PARAMS_NONE, CLIENT_ROSTER, NULL, result_roster, NULL },
	{ "author_pendingExtrinsics", PARAMS_NONE, CLIENT_PENDING, NULL, result_count, NULL },
	{ "author_submitExtrinsic", PARAMS_SEALED, CLIENT_SUBMIT, NULL, result_answer, NULL },
	{ "state_executeGetter", PARAMS_SEALED, CLIENT_GET, NULL, result_answer, NULL },
	{ "state_getProof", PARAMS_SEALED, CLIENT_GET, NULL, result_answer, NULL },
	{ "vault_getShare", PARAMS_SEALED, CLIENT_SHARE, NULL, result_answer, NULL },
	{ "attesteer_forwardDcapQuote", PARAMS_SEALED, CLIENT_SUBMIT, NULL, result_answer, NULL },
	{ "attesteer_forwardIasAttestationReport", PARAMS_GONE, 0, NULL, NULL, IAS_GONE },
	{ "attesteer_list", PARAMS_SEALED, CLIENT_GET, NULL, result_answer, NULL },
	{ "attesteer_get", PARAMS_SEALED, CLIENT_GET, NULL, result_answer, NULL },
	{ "chain_getBlock", PARAMS_HEIGHT, CLIENT_BLOCK, NULL, rpc_block_json, NULL },
};
#define METHODS_N (sizeof methods / sizeof methods[0])

static json_t *local_methods(const struct desk *desk, enum sr_error *err)
{
	json_t *names = json_array();

	(void)desk;
	(void)err;
	for (size_t i = 0; i < METHODS_N; i++)
		json_array_append_new(names, json_string(methods[i].name));
	return json_pack("{s:i, s:o}", "version", 1, "methods", names);
}

/* --- Reading --- */

static bool question_sealed(struct rpc_call *call, const json_t *params)
{
	const json_t *text = json_array_get(params, 0);
	const char *hex = json_string_value(text);
	size_t n = json_string_length(text);

	if (json_array_size(params) != 1)
		return call_refuse(call, JSON_PARAMS, SR_ERR_OUT_OF_RANGE, "params",
		    "params must be one text of hexadecimal digits");
	if (hex == NULL)
		return call_refuse(call, JSON_PARAMS, SR_ERR_BAD_HEX, "params[0]",
		    "params[0] must be a text of hexadecimal digits");
	if (n >= 2 && hex[0] == '0' && hex[1] == 'x') {
		hex += 2;
		n -= 2;
	}
	if (n == 0)
		return call_refuse(call, JSON_PARAMS, SR_ERR_EMPTY, "params[0]", NULL);
	if (n % 2 != 0)
		return call_refuse(call, JSON_PARAMS, SR_ERR_BAD_HEX, "params[0]",
		    "params[0] has an odd number of hexadecimal digits");
	call->question_n = n / 2;
	call->question = malloc(call->question_n);
	if (call->question == NULL)
		return call_refuse(call, SR_ERR_NO_MEMORY, SR_ERR_NO_MEMORY, NULL, NULL);
	if (sr_hex_decode(call->question, call->question_n, hex, n) != SR_OK)
		return call_refuse(call, JSON_PARAMS, SR_ERR_BAD_HEX, "params[0]", NULL);
	return true;
}

/* One number or nothing: 0. */
static bool question_number(struct rpc_call *call, const json_t *params, const char *many,
    const char *kind)
{
	const json_t *number = json_array_get(params, 0);
	uint64_t height = 0;

	if (json_array_size(params) > 1)
		return call_refuse(call, JSON_PARAMS, SR_ERR_OUT_OF_RANGE, "params", many);
	if (number != NULL && (!json_is_integer(number) || json_integer_value(number) < 0))
		return call_refuse(call, JSON_PARAMS, SR_ERR_OUT_OF_RANGE, "params[0]", kind);
	if (number != NULL)
		height = (uint64_t)json_integer_value(number);
	call->question = malloc(8);
	if (call->question == NULL)
		return call_refuse(call, SR_ERR_NO_MEMORY, SR_ERR_NO_MEMORY, NULL, NULL);
	for (int i = 0; i < 8; i++)
		call->question[i] = (uint8_t)(height >> 8 * i);
	call->question_n = 8;
	return true;
}

static bool call_params(struct rpc_call *call, const json_t *params)
{
	if (params != NULL && !json_is_array(params) && call->method->params != PARAMS_GONE)
		return call_refuse(
		    call, JSON_PARAMS, SR_ERR_BAD_KIND, "params", "params must be a list");
	switch (call->method->params) {
	case PARAMS_NONE:
		return json_array_size(params) == 0
		    || call_refuse(call, JSON_PARAMS, SR_ERR_OUT_OF_RANGE, "params",
			"this method takes no params");
	case PARAMS_SEALED:
		return question_sealed(call, params);
	case PARAMS_HEIGHT:
		return question_number(call, params,
		    "params must be one height, or nothing for the newest block",
		    "params[0] must be a height: a whole number from 0");
	case PARAMS_STEP:
		return question_number(call, params,
		    "params must be the number of a step, or nothing for the first",
		    "params[0] must be the number of a step: a whole number from 0");
	case PARAMS_GONE:
		return call_refuse(call, SR_ERR_EVIDENCE_KIND, SR_ERR_EVIDENCE_KIND, NULL,
		    call->method->gone);
	}
	return false;
}

static bool call_method(struct rpc_call *call, const json_t *name)
{
	if (!json_is_string(name))
		return call_refuse(
		    call, JSON_REQUEST, SR_ERR_BAD_KIND, "method", "method must be a text");
	for (size_t i = 0; i < METHODS_N; i++)
		if (strcmp(methods[i].name, json_string_value(name)) == 0)
			call->method = &methods[i];
	return call->method != NULL || call_refuse(call, JSON_METHOD, SR_ERR_NOT_FOUND, "method",
	    "there is no such method; rpc_methods lists them");
}

static bool id_valid(const json_t *id)
{
	return json_is_string(id) || json_is_number(id) || json_is_null(id);
}

static void call_parse(struct rpc_call *call, const json_t *request)
{
	json_t *id = json_object_get(request, "id");
	const json_t *version = json_object_get(request, "jsonrpc");

	if (!json_is_object(request)) {
		call->id = json_null();
		call_refuse(
		    call, JSON_REQUEST, SR_ERR_BAD_KIND, NULL, "a request must be an object");
		return;
	}
	call->id = id == NULL ? NULL : id_valid(id) ? json_incref(id) : json_null();
	if (id != NULL && !id_valid(id))
		call_refuse(
		    call, JSON_REQUEST, SR_ERR_BAD_KIND, "id", "id must be a text or a number");
	else if (!json_is_string(version) || strcmp(json_string_value(version), "2.0") != 0)
		call_refuse(
		    call, JSON_REQUEST, SR_ERR_BAD_VERSION, "jsonrpc", "jsonrpc must be \"2.0\"");
	else if (call_method(call, json_object_get(request, "method")))
		call_params(call, json_object_get(request, "params"));
	/* What is so wrong that it may not even be a notification gets an answer. */
	if (call->id == NULL && call->error != NULL && call->method == NULL)
		call->id = json_null();
}

static void whole_refuse(struct rpc_batch *self, int code, enum sr_error err, const char *text)
{
	self->is_array = false;
	self->n = 1;
	self->calls[0].id = json_null();
	call_refuse(&self->calls[0], code, err, NULL, text);
}

void rpc_parse(struct rpc_batch *self, const uint8_t *body, size_t n)
{
	json_error_t why;
	json_t *root;

	memset(self, 0, sizeof *self);
	if (n > RPC_BODY_MAX) {
		whole_refuse(self, JSON_REQUEST, SR_ERR_TOO_LONG, "a body is at most 1 MiB");
		return;
	}
	root = json_loadb((const char *)body, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	if (root == NULL) {
		whole_refuse(self, JSON_PARSE, SR_ERR_BAD_SYNTAX, "the body is not JSON");
		return;
	}
	self->is_array = json_is_array(root);
	if (!self->is_array) {
		self->n = 1;
		call_parse(&self->calls[0], root);
	} else if (json_array_size(root) == 0) {
		whole_refuse(self, JSON_REQUEST, SR_ERR_EMPTY, "an empty list of requests");
	} else if (json_array_size(root) > RPC_BATCH_MAX) {
		whole_refuse(self, JSON_REQUEST, SR_ERR_TOO_MANY, "at most 16 requests in a list");
	} else {
		self->n = json_array_size(root);
		for (size_t i = 0; i < self->n; i++)
			call_parse(&self->calls[i], json_array_get(root, i));
	}
	json_decref(root);
}

/* --- Asking --- */

/* Lock held, from the loop's thread. */
static void call_answered(void *owner)
{
	struct rpc_batch *self = owner;

	SR_ASSERT(self->pending > 0);
	if (--self->pending == 0)
		self->ready(self->owner);
}

static void call_ask(
    struct rpc_batch *self, struct rpc_call *call, struct desk *desk, uint64_t due_ms)
{
	enum sr_error err = SR_OK;

	if (call->error != NULL)
		return;
	if (call->method->local != NULL) {
		call->result = call->method->local(desk, &err);
	} else {
		err = desk_ask(desk, &call->token, call->method->asks, call->question,
		    call->question_n, due_ms, &call->answer, call_answered, self);
		if (err == SR_OK) {
			call->question = NULL; /* the desk's now */
			self->pending++;
		}
	}
	if (err != SR_OK)
		call_refuse(call, (int)err, err, NULL, NULL);
}

void rpc_ask(
    struct rpc_batch *self, struct desk *desk, uint64_t due_ms, desk_done *ready, void *owner)
{
	self->ready = ready;
	self->owner = owner;
	for (size_t i = 0; i < self->n; i++)
		call_ask(self, &self->calls[i], desk, due_ms);
}

void rpc_forget(struct rpc_batch *self, struct desk *desk)
{
	for (size_t i = 0; i < self->n; i++)
		if (self->calls[i].token != 0 && !self->calls[i].answer.done)
			desk_forget(desk, self->calls[i].token);
}

/* --- Answering --- */

/* A sealed answer speaks for itself, whatever the code; without one the code is all there is. */
static void call_settle(struct rpc_call *call)
{
	const struct desk_answer *a = &call->answer;

	if (call->result != NULL || call->error != NULL)
		return;
	if (!a->done)
		call_refuse(call, SR_ERR_INTERNAL, SR_ERR_INTERNAL, NULL, NULL);
	else if (a->code != SR_OK && (a->n == 0 || call->method->params != PARAMS_SEALED))
		call_refuse(call, (int)a->code, a->code, NULL, NULL);
	else
		call->result = call->method->result(a->bytes, a->n);
	if (call->result == NULL)
		call_refuse(call, SR_ERR_BAD_ENCODING, SR_ERR_BAD_ENCODING, NULL, NULL);
}

static json_t *call_json(struct rpc_call *call)
{
	json_t *answer;

	call_settle(call);
	answer = json_pack("{s:s, s:O}", "jsonrpc", "2.0", "id", call->id);
	if (call->error != NULL)
		json_object_set(answer, "error", call->error);
	else
		json_object_set(answer, "result", call->result);
	return answer;
}

char *rpc_finish(struct rpc_batch *self)
{
	json_t *list = json_array(), *whole = NULL;
	char *text = NULL;

	for (size_t i = 0; i < self->n; i++)
		if (self->calls[i].id != NULL)
			json_array_append_new(list, call_json(&self->calls[i]));
	if (json_array_size(list) > 0)
		whole = self->is_array ? list : json_array_get(list, 0);
	if (whole != NULL)
		text = json_dumps(whole, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(list);
	return text;
}

void rpc_clear(struct rpc_batch *self)
{
	for (size_t i = 0; i < self->n; i++) {
		struct rpc_call *call = &self->calls[i];

		json_decref(call->id);
		json_decref(call->result);
		json_decref(call->error);
		free(call->question);
		free(call->answer.bytes);
	}
	memset(self, 0, sizeof *self);
}
