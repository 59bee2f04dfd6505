/*
 * cli/rpc.h - client methods as JSON-RPC over HTTPS: the method's name, bytes as hexadecimal text.
 */
#ifndef SR_CLI_RPC_H
#define SR_CLI_RPC_H

#include "cli/http.h"
#include "enclave/client_wire.h"

struct rpc_call {
	enum client_method method;
	uint32_t member;
	const char *url;
	struct sr_hash32 pin;
	bool unpinned;                   /* http.h */
	struct sr_bytes payload;         /* borrowed */
	uint64_t number;                 /* BLOCK: a height, 0 the newest; TRAIL: the first step */
	uint64_t timeout_ms, hold_ms;    /* http.h */
	size_t answer_max;

	/* results */
	enum sr_error error;             /* of the way, or the host's own */
	uint8_t *answer;
	size_t answer_n;
};

/* All at once. done (may be NULL): each as it ends; true stops the rest. */
void rpc_run(struct http *http, struct rpc_call *const *calls, size_t n,
    bool (*done)(void *ctx, struct rpc_call *call), void *ctx);
void rpc_clear(struct rpc_call *call);

#endif
