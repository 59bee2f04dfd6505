#include "cli/rpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "cli/json.h"

static const char *method_name(enum client_method method)
{
	switch (method) {
	case CLIENT_TRAIL: return "author_getShieldingKey";
	case CLIENT_STATUS: return "vault_status";
	case CLIENT_BLOCK: return "chain_getBlock";
	case CLIENT_PENDING: return "author_pendingExtrinsics";
	case CLIENT_ROSTER: return "vault_getRoster";
	case CLIENT_SUBMIT: return "author_submitExtrinsic";
	case CLIENT_GET: return "state_executeGetter";
	case CLIENT_SHARE: return "vault_getShare";
	}
	return "rpc_methods";
}

/* Where the bytes are in the result. */
static const char *result_field(enum client_method method)
{
	switch (method) {
	case CLIENT_TRAIL: return "trail";
	case CLIENT_ROSTER: return "roster";
	case CLIENT_STATUS: case CLIENT_BLOCK: case CLIENT_PENDING: return "raw";
	case CLIENT_SUBMIT: case CLIENT_GET: case CLIENT_SHARE: return "answer";
	}
	return "answer";
}

static char *body_make(const struct rpc_call *call)
{
	char *param, *text;

	if (call->method == CLIENT_BLOCK || call->method == CLIENT_TRAIL)
		return json_rpc_request_number(method_name(call->method), call->number);
	if (call->payload.n == 0)
		return json_rpc_request(method_name(call->method), NULL);
	param = malloc(2 * call->payload.n + 1);
	if (param == NULL)
		return NULL;
	sr_hex_encode(param, call->payload.p, call->payload.n);
	text = json_rpc_request(method_name(call->method), param);
	free(param);
	return text;
}

/* The host's error stands in the JSON; a proxy or a full server may answer without any. */
static enum sr_error answer_parse(struct rpc_call *call, const struct http_request *r)
{
	char *text;
	size_t n;
	enum sr_error error;

	if (r->error != SR_OK)
		return r->error;
	error = json_rpc_answer(&text, r->answer, r->answer_n, result_field(call->method));
	if (error == SR_ERR_BAD_ENCODING && r->status != 200)
		return r->status == 503 || r->status == 429 ? SR_ERR_TOO_MANY : SR_ERR_NOT_REACHED;
	SR_TRY(error);
	n = strlen(text) / 2;
	call->answer = malloc(n + 1);
	error = call->answer != NULL ? sr_hex_decode(call->answer, n, text, strlen(text))
				     : SR_ERR_NO_MEMORY;
	if (error == SR_OK)
		call->answer_n = n;
	free(text);
	if (error != SR_OK) {
		free(call->answer);
		call->answer = NULL;
		call->answer_n = 0;
	}
	return error;
}

struct run {
	bool (*done)(void *ctx, struct rpc_call *call);
	void *ctx;
	struct slot *slots;
	size_t n;
};

struct slot {
	struct http_request request;
	struct rpc_call *call;
	char *body;
};

static bool request_done(void *ctx, struct http_request *r)
{
	struct slot *slot = r->ctx;
	struct run *run = ctx;
	bool enough;

	slot->call->error = answer_parse(slot->call, r);
	enough = run->done != NULL && run->done(run->ctx, slot->call);
	for (size_t i = 0; i < run->n; i++)
		run->slots[i].request.hold_ms = run->slots[i].call->hold_ms;
	return enough;
}

static enum sr_error slot_fill(struct slot *slot, struct rpc_call *call)
{
	struct http_request *r = &slot->request;
	int n;

	slot->call = call;
	call->error = SR_ERR_CANCELLED;
	call->answer = NULL;
	call->answer_n = 0;
	slot->body = body_make(call);
	if (slot->body == NULL)
		return SR_ERR_NO_MEMORY;
	n = snprintf(r->url, sizeof r->url, "%s/", call->url);
	if (n <= 0 || (size_t)n >= sizeof r->url)
		return SR_ERR_TOO_LONG;
	r->verb = HTTP_POST;
	r->pin = call->pin;
	r->unpinned = call->unpinned;
	r->type = "application/json";
	r->body = (struct sr_bytes){ (const uint8_t *)slot->body, strlen(slot->body) };
	r->fd = -1;
	r->answer_max = 2 * call->answer_max + 65536;
	r->timeout_ms = call->timeout_ms;
	r->hold_ms = call->hold_ms;
	r->ctx = slot;
	return SR_OK;
}

void rpc_run(struct http *http, struct rpc_call *const *calls, size_t n,
    bool (*done)(void *ctx, struct rpc_call *call), void *ctx)
{
	struct slot *slots = calloc(n > 0 ? n : 1, sizeof *slots);
	struct run run = { done, ctx, slots, n };
	struct http_request *requests[SR_MEMBERS_MAX] = { NULL };
	size_t ready = 0;

	SR_ASSERT(n <= SR_MEMBERS_MAX);
	for (size_t i = 0; i < n; i++) {
		enum sr_error error = slots != NULL ? slot_fill(&slots[i], calls[i])
						    : SR_ERR_NO_MEMORY;

		if (error == SR_OK)
			requests[ready++] = &slots[i].request;
		else
			calls[i]->error = error;
	}
	http_run(http, requests, ready, request_done, NULL, &run);
	for (size_t i = 0; slots != NULL && i < n; i++) {
		http_request_clear(&slots[i].request);
		free(slots[i].body);
	}
	free(slots);
}

void rpc_clear(struct rpc_call *call)
{
	if (call->answer != NULL)
		sr_wipe(call->answer, call->answer_n);
	free(call->answer);
	call->answer = NULL;
	call->answer_n = 0;
}
