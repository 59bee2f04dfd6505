/*
 * node/rpc.h - JSON-RPC 2.0: bodies in, questions onto the desk, bodies out. Knows no HTTP.
 *
 * Methods follow the Substrate convention (DESIGN 9). Bytes travel as hexadecimal text. An error is
 * {code, message, data: {name, code, field}}: name and data.code are ours (base/error.def); code is
 * ours too for what the node or the enclave refused, and JSON-RPC's own number for a body that is
 * not a proper request.
 */
#ifndef SR_NODE_RPC_H
#define SR_NODE_RPC_H

#include <jansson.h>

#include "node/desk.h"

#define RPC_BODY_MAX (1024u * 1024u)
#define RPC_BATCH_MAX 16u
#define RPC_SYSTEM_NAME "Strongroom"

struct rpc_method;

struct rpc_call {
	json_t *id;                          /* owned; NULL: a notification, not answered */
	const struct rpc_method *method;
	json_t *result;                      /* one of the two, once done */
	json_t *error;
	uint8_t *question;
	size_t question_n;
	uint64_t token;                      /* 0: nothing asked */
	struct desk_answer answer;
};

struct rpc_batch {
	struct rpc_call calls[RPC_BATCH_MAX];
	size_t n, pending;
	bool is_array;
	desk_done *ready;                    /* all answered; called with the desk's lock held */
	void *owner;
};

/* Reads a body. Whatever is wrong with it becomes an answer. */
void rpc_parse(struct rpc_batch *self, const uint8_t *body, size_t n);
/* Lock held. Answers what the desk's figures tell, asks the enclave the rest: wait for ready when
 * pending > 0. */
void rpc_ask(
    struct rpc_batch *self, struct desk *desk, uint64_t due_ms, desk_done *ready, void *owner);
/* The answer's text, malloc'd; NULL when nothing is to be answered (only notifications). */
char *rpc_finish(struct rpc_batch *self);
/* Lock held: the desk forgets what is still open. */
void rpc_forget(struct rpc_batch *self, struct desk *desk);
void rpc_clear(struct rpc_batch *self);

/* chain_getBlock's answer from the enclave as JSON; NULL when it does not parse. */
json_t *rpc_block_json(const uint8_t *bytes, size_t n);
json_t *rpc_status_json(const struct enclave_status *s);
json_t *rpc_hex(const uint8_t *p, size_t n);

#endif
