/* tests/fuzz/fuzz_rpc.c - JSON-RPC bodies as anyone may post them, and answers of an enclave as the
 * host turns them into JSON: what goes out is JSON, and nothing stays open. */
#include <stdlib.h>
#include <string.h>

#include "node/rpc.h"
#include "tests/fuzz/fixture.h"
#include "tests/fuzz/fuzz.h"

static struct desk desk;
static bool started;

static void ready(void *owner)
{
	(void)owner;
}

static void setup(bool running)
{
	if (!started)
		FUZZ_CHECK(desk_init(&desk) == SR_OK);
	started = true;
	desk.figures.running = desk.figures.status_known = running;
	desk.figures.status.members_n = 4;
}

/* Everything asked is answered with these bytes. */
static void post(const uint8_t *p, size_t n, enum sr_error code, struct sr_bytes answer)
{
	static struct rpc_batch batch;
	uint64_t token;
	uint32_t method;
	uint8_t *question;
	size_t question_n, asked = 0;
	rpc_parse(&batch, p, n);
	desk_lock(&desk);
	rpc_ask(&batch, &desk, 1000, ready, &batch);
	desk_unlock(&desk);
	while (desk_take(&desk, &token, &method, &question, &question_n) == SR_OK) {
		FUZZ_CHECK(question_n <= RPC_BODY_MAX && ++asked <= RPC_BATCH_MAX);
		free(question);
		desk_reply(&desk, token, code, answer.p, answer.n);
	}
	FUZZ_CHECK(batch.pending == 0);
	char *text = rpc_finish(&batch);
	if (text) {
		json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
		FUZZ_CHECK(json != NULL);
		json_decref(json);
	}
	free(text);
	rpc_clear(&batch);
}

static void block(const uint8_t *p, size_t n)
{
	json_t *json = rpc_block_json(p, n);
	if (json)
		json_decref(json);
}

/* input = choice u8 | body */
void fuzz_rpc(const uint8_t *p, size_t n)
{
	struct sr_bytes text = { (const uint8_t *)"abc", 3 };
	if (n == 0)
		return;
	setup(p[0] % 5 != 4);
	switch (p[0] % 5) {
	case 0: post(p + 1, n - 1, SR_OK, text); return;
	case 1: post(p + 1, n - 1, SR_OK, fixture()->block); return;
	case 2: post(p + 1, n - 1, SR_ERR_TIMED_OUT, (struct sr_bytes){ NULL, 0 }); return;
	case 3: block(p + 1, n - 1); return;
	default: post(p + 1, n - 1, SR_OK, text); return;
	}
}

static void put(uint8_t choice, const char *body)
{
	struct sr_writer w;
	sr_writer_init(&w, 4096);
	sr_write_copy(&w, (const uint8_t *)body, strlen(body));
	fuzz_seed_of(choice, "body", &w);
}

#define CALL(method, params)                                                                       \
	"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"" method "\",\"params\":" params "}"

void seed_rpc(void)
{
	static const char *const bodies[] = { CALL("rpc_methods", "[]"),
		CALL("author_getShieldingKey", "[]"), CALL("author_submitExtrinsic",
		    "[\"0x00ff\"]"),
		CALL("author_pendingExtrinsics", "[]"), CALL("state_executeGetter", "[\"00ff\"]"),
		CALL("system_health", "[]"), CALL("system_name", "[]"),
		CALL("system_version", "{}"), CALL("system_version", "[]"),
		CALL("author_submitExtrinsic", "[]"), CALL("chain_getBlock", "[\"x\"]"),
		CALL("chain_getBlock", "[1,2]"), CALL("chain_getBlock", "{}"),
		    CALL("chain_getBlock", "[7]"),
		CALL("chain_getBlock", "[]"), CALL("chain_getBlock", "[-1]"),
		CALL("state_getProof", "[\"00\"]"), CALL("vault_getShare", "[\"00\"]"),
		CALL("vault_status", "[]"), CALL("vault_trail", "[]"), CALL("nothing", "[]"),
		CALL("state_executeGetter", "[\"0g\"]"), CALL("state_executeGetter", "[1,2]"),
		"[" CALL("system_name", "[]") "," CALL("system_name", "[]") "]", "[]", "[1]", "{}",
		"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"system_name\"}",
		"{\"jsonrpc\":\"2.0\",\"method\":\"system_name\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"system_name\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":3}", "", "nul", "\"\\u0000\"",
		"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"system_name\",\"params\":3}" };
	struct sr_writer w;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		put(0, bodies[i]);
		put((uint8_t)(1 + i % 2 + (i % 7 == 0 ? 3 : 0)), bodies[i]);
	}
	put(1, CALL("chain_getBlock", "[7]"));
	sr_writer_init(&w, 4096);
	sr_write_copy(&w, fixture()->block.p, fixture()->block.n);
	fuzz_seed_of(3, "block", &w);
}
