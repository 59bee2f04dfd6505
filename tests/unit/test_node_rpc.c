#include "node/rpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/drbg.h"
#include "consensus/wire.h"
#include "enclave/client_wire.h"
#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

static struct desk desk;
static struct rpc_batch batch;
static unsigned ready_n;

static void ready(void *owner)
{
	ck_assert_ptr_eq(owner, &batch);
	ready_n++;
}

static void begin(bool running)
{
	ready_n = 0;
	ck_ok(desk_init(&desk));
	desk.figures.running = running;
	desk.figures.status_known = true;
	desk.figures.status = (struct enclave_status){ .members_n = 4, .threshold = 3, .self = 1,
		.final_height = 77, .pool = 5, .vault_ready = true };
	desk.figures.status.members[2].connected = true;
	desk.figures.status.members[1].connected = true;
}

static void end(void)
{
	desk_close(&desk);
	desk_clear(&desk);
}

/* Sends a body through; what the enclave would be asked is answered with code and bytes. */
static json_t *ask_code(
    const char *body, size_t n, enum sr_error code, const void *bytes, size_t bytes_n)
{
	uint64_t token;
	uint32_t method;
	uint8_t *question;
	size_t question_n;
	json_t *answer;
	char *text;

	rpc_parse(&batch, (const uint8_t *)body, n);
	desk_lock(&desk);
	rpc_ask(&batch, &desk, 1000, ready, &batch);
	desk_unlock(&desk);
	while (desk_take(&desk, &token, &method, &question, &question_n) == SR_OK) {
		free(question);
		desk_reply(&desk, token, code, bytes, bytes_n);
	}
	ck_assert_uint_eq(batch.pending, 0);
	text = rpc_finish(&batch);
	answer = text != NULL ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
	ck_assert(text == NULL || answer != NULL);
	free(text);
	rpc_clear(&batch);
	return answer;
}

static json_t *ask(const char *body)
{
	return ask_code(body, strlen(body), SR_OK, (const uint8_t *)"abc", 3);
}

static const char *error_name(const json_t *answer)
{
	const char *name = json_string_value(json_object_get(
	    json_object_get(json_object_get(answer, "error"), "data"), "name"));

	return name != NULL ? name : "(none)";
}

static json_int_t error_code(const json_t *answer)
{
	return json_integer_value(json_object_get(json_object_get(answer, "error"), "code"));
}

#define CALL(method, params)                                                                       \
	"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"" method "\",\"params\":" params "}"

static const struct { const char *body; int code; const char *name, *field;
} bad[] = {
	{ "", -32700, "bad_syntax", NULL },
	{ "{", -32700, "bad_syntax", NULL },
	{ "nonsense", -32700, "bad_syntax", NULL },
	{ "{\"jsonrpc\":\"2.0\",\"jsonrpc\":\"2.0\"}", -32700, "bad_syntax", NULL },
	{ "{} {}", -32700, "bad_syntax", NULL },
	{ "\"\\u0000\"", -32700, "bad_syntax", NULL },
	{ "[]", -32600, "empty", NULL },
	{ "7", -32600, "bad_kind", NULL },
	{ "null", -32600, "bad_kind", NULL },
	{ "\"text\"", -32600, "bad_kind", NULL },
	{ "{}", -32600, "bad_version", "jsonrpc" },
	{ "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"system_name\"}", -32600, "bad_version",
	    "jsonrpc" },
	{ "{\"jsonrpc\":2,\"id\":1,\"method\":\"system_name\"}", -32600, "bad_version", "jsonrpc" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"system_name\"}", -32600, "bad_kind", "id" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"system_name\"}", -32600, "bad_kind",
	    "id" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1}", -32600, "bad_kind", "method" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}", -32600, "bad_kind", "method" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"no_such\"}", -32601, "not_found", "method" },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\"}", -32601, "not_found", "method" },
	{ CALL("system_name", "{}"), -32602, "bad_kind", "params" },
	{ CALL("system_name", "5"), -32602, "bad_kind", "params" },
	{ CALL("system_name", "[1]"), -32602, "out_of_range", "params" },
	{ CALL("author_getShieldingKey", "[\"00\"]"), -32602, "out_of_range", "params[0]" },
	{ CALL("author_getShieldingKey", "[1, 2]"), -32602, "out_of_range", "params" },
	{ CALL("author_submitExtrinsic", "[]"), -32602, "out_of_range", "params" },
	{ CALL("author_submitExtrinsic", "[\"00\",\"00\"]"), -32602, "out_of_range", "params" },
	{ CALL("author_submitExtrinsic", "[5]"), -32602, "bad_hex", "params[0]" },
	{ CALL("author_submitExtrinsic", "[null]"), -32602, "bad_hex", "params[0]" },
	{ CALL("author_submitExtrinsic", "[\"\"]"), -32602, "empty", "params[0]" },
	{ CALL("author_submitExtrinsic", "[\"0x\"]"), -32602, "empty", "params[0]" },
	{ CALL("author_submitExtrinsic", "[\"0\"]"), -32602, "bad_hex", "params[0]" },
	{ CALL("author_submitExtrinsic", "[\"0g\"]"), -32602, "bad_hex", "params[0]" },
	{ CALL("state_executeGetter", "[\" 00\"]"), -32602, "bad_hex", "params[0]" },
	{ CALL("state_getProof", "[[]]"), -32602, "bad_hex", "params[0]" },
	{ CALL("vault_getShare", "[\"zz\"]"), -32602, "bad_hex", "params[0]" },
	{ CALL("attesteer_forwardDcapQuote", "[]"), -32602, "out_of_range", "params" },
	{ CALL("attesteer_get", "[\"zz\"]"), -32602, "bad_hex", "params[0]" },
	{ CALL("attesteer_forwardIasAttestationReport", "[\"00\"]"), SR_ERR_EVIDENCE_KIND,
	    "evidence_kind", NULL },
	{ CALL("attesteer_forwardIasAttestationReport", "{}"), SR_ERR_EVIDENCE_KIND,
	    "evidence_kind", NULL },
	{ CALL("chain_getBlock", "[-1]"), -32602, "out_of_range", "params[0]" },
	{ CALL("chain_getBlock", "[1.5]"), -32602, "out_of_range", "params[0]" },
	{ CALL("chain_getBlock", "[\"1\"]"), -32602, "out_of_range", "params[0]" },
	{ CALL("chain_getBlock", "[1,2]"), -32602, "out_of_range", "params" },
	{ CALL("chain_getBlock", "[99999999999999999999]"), -32700, "bad_syntax", NULL },
};

START_TEST(every_bad_body_gets_its_named_error)
{
	begin(true);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		json_t *answer = ask(bad[i].body), *data;
		const char *field;

		ck_assert_msg(json_is_object(answer), "%s", bad[i].body);
		ck_assert_str_eq(json_string_value(json_object_get(answer, "jsonrpc")), "2.0");
		ck_assert_msg(json_object_get(answer, "id") != NULL, "%s", bad[i].body);
		ck_assert_msg(error_code(answer) == bad[i].code, "%s: %d", bad[i].body,
		    (int)error_code(answer));
		ck_assert_msg(strcmp(error_name(answer), bad[i].name) == 0, "%s: %s", bad[i].body,
		    error_name(answer));
		data = json_object_get(json_object_get(answer, "error"), "data");
		field = json_string_value(json_object_get(data, "field"));
		ck_assert_msg((field == NULL) == (bad[i].field == NULL)
			&& (field == NULL || strcmp(field, bad[i].field) == 0),
		    "%s: %s", bad[i].body, field);
		ck_assert_ptr_null(json_object_get(answer, "result"));
		json_decref(answer);
	}
	end();
}
END_TEST

/* Cut, doubled and flipped: never a crash, always an answer that is JSON-RPC or none for
 * notifications. */
START_TEST(bodies_changed_at_random_never_break_it)
{
	static const char good[] = "[" CALL("author_submitExtrinsic", "[\"00ff\"]") ","
	    CALL("chain_getBlock", "[12]") "," CALL("system_health", "[]") "]";
	struct sr_drbg rng;

	test_drbg(&rng, "rpc");
	begin(true);
	for (unsigned round = 0; round < 20000; round++) {
		char body[2 * sizeof good];
		size_t n = sizeof good - 1;
		json_t *answer;

		memcpy(body, good, n);
		for (uint32_t k = test_below(&rng, 4); k > 0; k--)
			body[test_below(&rng, (uint32_t)n)] = (char)test_below(&rng, 256);
		if (test_below(&rng, 3) == 0)
			n = test_below(&rng, (uint32_t)n + 1);
		answer = ask_code(body, n, SR_OK, "abc", 3);
		ck_assert(answer == NULL || json_is_object(answer) || json_is_array(answer));
		json_decref(answer);
	}
	ck_assert_uint_eq(desk.open_n, 0);
	end();
}
END_TEST

START_TEST(the_host_answers_what_it_knows)
{
	json_t *answer, *result;

	begin(true);
	answer = ask(CALL("system_name", "[]"));
	ck_assert_str_eq(json_string_value(json_object_get(answer, "result")), "Strongroom");
	ck_assert_int_eq(json_integer_value(json_object_get(answer, "id")), 7);
	json_decref(answer);
	answer = ask("{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"rpc_methods\"}");
	result = json_object_get(json_object_get(answer, "result"), "methods");
	ck_assert_uint_eq(json_array_size(result), 17);
	ck_assert_str_eq(json_string_value(json_object_get(answer, "id")), "a");
	json_decref(answer);
	answer = ask(CALL("system_health", "[]"));
	result = json_object_get(answer, "result");
	ck_assert_int_eq(
	    json_integer_value(json_object_get(result, "peers")), 1); /* not counting itself */
	ck_assert(json_is_false(json_object_get(result, "isSyncing")));
	json_decref(answer);
	answer = ask(CALL("vault_status", "[]"));
	result = json_object_get(answer, "result");
	ck_assert_int_eq(json_integer_value(json_object_get(result, "final_height")), 77);
	ck_assert_uint_eq(json_array_size(json_object_get(result, "members")), 4);
	ck_assert(json_is_string(json_object_get(result, "raw")));
	json_decref(answer);
	desk.figures.status_known = false;
	answer = ask(CALL("vault_status", "[]"));
	ck_assert_str_eq(error_name(answer), "not_ready");
	json_decref(answer);
	end();
}
END_TEST

START_TEST(what_the_enclave_answers_is_passed_on)
{
	static const uint8_t two[4] = { 2, 0, 0, 0 };
	json_t *answer;

	begin(true);
	answer = ask(CALL("author_submitExtrinsic", "[\"0x00FF\"]"));
	ck_assert_str_eq(
	    json_string_value(json_object_get(json_object_get(answer, "result"), "answer")),
	    "616263");
	json_decref(answer);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const calls[] = { CALL("attesteer_forwardDcapQuote", "[\"00\"]"),
			CALL("attesteer_list", "[\"00\"]"), CALL("attesteer_get", "[\"00\"]") };

		answer = ask(calls[i]);
		ck_assert_str_eq(json_string_value(json_object_get(
				     json_object_get(answer, "result"), "answer")), "616263");
		json_decref(answer);
	}
	answer = ask(CALL("author_getShieldingKey", "[]"));
	ck_assert_str_eq(
	    json_string_value(json_object_get(json_object_get(answer, "result"), "trail")),
	    "616263");
	json_decref(answer);
	answer = ask_code(CALL("author_pendingExtrinsics", "[]"),
	    strlen(CALL("author_pendingExtrinsics", "[]")), SR_OK, two, 4);
	ck_assert_int_eq(json_integer_value(json_object_get(answer, "result")), 2);
	json_decref(answer);
	answer = ask(CALL("chain_getBlock", "[]"));       /* "abc" is no block */
	ck_assert_str_eq(error_name(answer), "bad_encoding");
	json_decref(answer);
	end();
}
END_TEST

START_TEST(a_sealed_answer_counts_more_than_the_code_beside_it)
{
	static const char body[] = CALL("author_submitExtrinsic", "[\"00\"]");
	json_t *answer;

	begin(true);
	answer = ask_code(body, strlen(body), SR_ERR_NONCE_REPLAYED, "abc", 3);
	ck_assert_str_eq(
	    json_string_value(json_object_get(json_object_get(answer, "result"), "answer")),
	    "616263");
	json_decref(answer);
	answer = ask_code(body, strlen(body), SR_ERR_WRONG_EPOCH, NULL, 0);
	ck_assert_str_eq(error_name(answer), "wrong_epoch");
	ck_assert_int_eq(error_code(answer), SR_ERR_WRONG_EPOCH);
	json_decref(answer);
	end();
}
END_TEST

static void add(char *text, size_t n, const char *more)
{
	size_t at = strlen(text);

	snprintf(text + at, n - at, "%s", more);
}

START_TEST(lists_are_answered_as_lists_and_have_a_limit)
{
	char body[4000] = "[";
	json_t *answer;

	begin(true);
	answer = ask("[" CALL("system_name",
	    "[]") ",5,{\"jsonrpc\":\"2.0\",\"method\":\"system_name\"}," CALL("chain_getBlock",
	    "[\"x\"]") "," CALL("vault_getShare", "[\"00\"]") "]");
	ck_assert_uint_eq(json_array_size(answer), 4);     /* the notification gets none */
	ck_assert_str_eq(error_name(json_array_get(answer, 1)), "bad_kind");
	ck_assert_str_eq(error_name(json_array_get(answer, 2)), "out_of_range");
	ck_assert(json_object_get(json_array_get(answer, 3), "result") != NULL);
	json_decref(answer);
	ck_assert_ptr_null(ask("{\"jsonrpc\":\"2.0\",\"method\":\"system_name\"}"));
	for (unsigned i = 0; i < RPC_BATCH_MAX; i++)
		add(body, sizeof body,
		    i > 0 ? "," CALL("vault_getShare", "[\"00\"]")
			  : CALL("vault_getShare", "[\"00\"]"));
	add(body, sizeof body, "]");
	answer = ask(body);
	ck_assert_uint_eq(json_array_size(answer), RPC_BATCH_MAX);
	ck_assert_uint_eq(ready_n, 2);                     /* once a body that asks, however long */
	json_decref(answer);
	body[strlen(body) - 1] = '\0';
	add(body, sizeof body, "," CALL("system_name", "[]") "]");
	answer = ask(body);
	ck_assert_str_eq(error_name(answer), "too_many");
	json_decref(answer);
	end();
}
END_TEST

START_TEST(a_body_over_its_limit_is_refused)
{
	char *body = malloc(RPC_BODY_MAX + 1);
	json_t *answer;

	begin(true);
	memset(body, ' ', RPC_BODY_MAX + 1);
	memcpy(body, "[", 1);
	body[RPC_BODY_MAX - 1] = ']';
	answer = ask_code(body, RPC_BODY_MAX, SR_OK, NULL, 0);
	ck_assert_str_eq(error_name(answer), "empty");
	json_decref(answer);
	answer = ask_code(body, RPC_BODY_MAX + 1, SR_OK, NULL, 0);
	ck_assert_str_eq(error_name(answer), "too_long");
	json_decref(answer);
	free(body);
	end();
}
END_TEST

START_TEST(without_an_enclave_the_host_says_not_ready)
{
	json_t *answer;

	begin(false);
	answer = ask(CALL("author_submitExtrinsic", "[\"00\"]"));
	ck_assert_str_eq(error_name(answer), "not_ready");
	json_decref(answer);
	answer = ask(CALL("system_health", "[]"));
	ck_assert(json_is_true(json_object_get(json_object_get(answer, "result"), "isSyncing")));
	json_decref(answer);
	end();
}
END_TEST

/* --- The desk --- */

static unsigned done_n;

static void done(void *owner)
{
	(void)owner;
	done_n++;
}

static uint64_t put(struct desk_answer *answer, uint64_t due_ms)
{
	uint64_t token = 0;
	uint8_t *bytes = malloc(1);

	desk_lock(&desk);
	ck_ok(desk_ask(&desk, &token, 3, bytes, 1, due_ms, answer, done, NULL));
	desk_unlock(&desk);
	return token;
}

START_TEST(a_question_gets_one_answer_and_late_or_unknown_ones_are_ignored)
{
	struct desk_answer a = { .done = false };
	uint64_t token, taken;
	uint32_t method;
	uint8_t *bytes;
	size_t n;

	begin(true);
	token = put(&a, 100);
	ck_ok(desk_take(&desk, &taken, &method, &bytes, &n));
	free(bytes);
	ck_assert_uint_eq(taken, token);
	desk_reply(&desk, token + DESK_CALLS_MAX, SR_OK, (const uint8_t *)"x", 1);
	desk_reply(&desk, 0, SR_OK, (const uint8_t *)"x", 1);
	ck_assert(!a.done);
	desk_reply(&desk, token, SR_ERR_EXPIRED, (const uint8_t *)"xy", 2);
	ck_assert(a.done && a.code == SR_ERR_EXPIRED && a.n == 2 && done_n == 1);
	desk_reply(&desk, token, SR_OK, (const uint8_t *)"z", 1);
	ck_assert_uint_eq(done_n, 1);
	free(a.bytes);
	end();
}
END_TEST

START_TEST(questions_time_out_and_the_enclave_is_told_only_of_those_it_saw)
{
	struct desk_answer a[3];
	uint64_t tokens[8], token;
	uint32_t method;
	uint8_t *bytes;
	size_t n;

	memset(a, 0, sizeof a);
	begin(true);
	token = put(&a[0], 100);
	put(&a[1], 200);
	ck_ok(desk_take(&desk, &token, &method, &bytes, &n));
	free(bytes);
	put(&a[2], 150);
	ck_assert_uint_eq(desk_expire(&desk, 99, tokens, 8), 0);
	ck_assert_uint_eq(desk_expire(&desk, 150, tokens, 8), 1);
	ck_assert_uint_eq(tokens[0], token);
	ck_assert(a[0].done && a[0].code == SR_ERR_TIMED_OUT && a[2].done && !a[1].done);
	ck_ok(
	    desk_take(&desk, &token, &method, &bytes, &n)); /* the second; the third has expired */
	free(bytes);
	ck_error(desk_take(&desk, &token, &method, &bytes, &n), SR_ERR_NOT_FOUND);
	desk_lock(&desk);
	desk_forget(&desk, token);                                  /* its owner is gone */
	desk_unlock(&desk);
	desk_reply(&desk, token, SR_OK, (const uint8_t *)"x", 1);
	ck_assert(!a[1].done);
	ck_assert_uint_eq(desk.open_n, 0);
	end();
}
END_TEST

START_TEST(the_desk_is_bounded_and_empties_when_the_enclave_is_gone)
{
	static struct desk_answer answers[DESK_CALLS_MAX];
	struct desk_answer more = { .done = false };
	uint64_t token;
	uint8_t *bytes = malloc(1);

	begin(true);
	for (uint32_t i = 0; i < DESK_CALLS_MAX; i++)
		put(&answers[i], 100);
	desk_lock(&desk);
	ck_error(desk_ask(&desk, &token, 3, bytes, 1, 100, &more, done, NULL), SR_ERR_TOO_MANY);
	desk_unlock(&desk);
	free(bytes);
	desk_reply_all(&desk, SR_ERR_NOT_READY);
	for (uint32_t i = 0; i < DESK_CALLS_MAX; i++)
		ck_assert(answers[i].done && answers[i].code == SR_ERR_NOT_READY);
	ck_assert_uint_eq(desk.open_n, 0);
	end();
}
END_TEST

/* --- Blocks --- */

START_TEST(a_block_is_shown_field_by_field)
{
	struct consensus_header h = { .epoch = 2,
		.slot = 9,
		.height = 31,
		.parent_slot = 8,
		.time_ms = 1700,
		.author = 1,
		.flags = CONSENSUS_CLOSE };
	static struct consensus_cert c = {
		.kind = CONSENSUS_FINAL, .epoch = 2, .slot = 9, .signers_n = 2
	};
	struct sr_writer w, part;
	json_t *json;

	c.signers[0].voter = 0;
	c.signers[1].voter = 3;
	sr_writer_init(&w, 1u << 16);
	sr_writer_init(&part, 1u << 16);
	consensus_header_write(&part, &h);
	sr_write_blob(&w, part.p, part.n);
	sr_writer_reset(&part);
	consensus_cert_write(&part, &c);
	sr_write_blob(&w, part.p, part.n);
	sr_write_u32(&w, 0);
	sr_write_u32(&w, 17);
	ck_ok(sr_writer_finish(&w));
	json = rpc_block_json(w.p, w.n);
	ck_assert_ptr_nonnull(json);
	ck_assert_int_eq(json_integer_value(json_object_get(json, "height")), 31);
	ck_assert_int_eq(json_integer_value(json_object_get(json, "operations")), 17);
	ck_assert(json_is_true(json_object_get(json, "close")));
	ck_assert(json_is_string(json_object_get(json, "post_state_root")));
	ck_assert_uint_eq(
	    json_array_size(json_object_get(json_object_get(json, "certificate"), "signers")), 2);
	ck_assert_uint_eq(json_string_length(json_object_get(json, "raw")), 2 * w.n);
	json_decref(json);
	for (size_t n = 0; n < w.n - 8; n++)
		ck_assert_ptr_null(rpc_block_json(w.p, n));
	sr_writer_clear(&w);
	sr_writer_clear(&part);
}
END_TEST

TEST_MAIN("node_rpc", every_bad_body_gets_its_named_error, bodies_changed_at_random_never_break_it,
    the_host_answers_what_it_knows, what_the_enclave_answers_is_passed_on,
    a_sealed_answer_counts_more_than_the_code_beside_it,
    lists_are_answered_as_lists_and_have_a_limit, a_body_over_its_limit_is_refused,
    without_an_enclave_the_host_says_not_ready,
    a_question_gets_one_answer_and_late_or_unknown_ones_are_ignored,
    questions_time_out_and_the_enclave_is_told_only_of_those_it_saw,
    the_desk_is_bounded_and_empties_when_the_enclave_is_gone, a_block_is_shown_field_by_field)
