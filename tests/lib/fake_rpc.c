/* tests/lib/fake_rpc.c - in the place of cli/rpc.c, for tests that are linked with it: calls go to
 * fake members. */
#include <stdlib.h>

#include "tests/lib/fake_members.h"

void rpc_run(struct http *http, struct rpc_call *const *calls, size_t n,
    bool (*done)(void *ctx, struct rpc_call *call), void *ctx)
{
	(void)http;
	fake_members_run(calls, n, done, ctx);
}

void rpc_clear(struct rpc_call *call)
{
	free(call->answer);
	call->answer = NULL;
	call->answer_n = 0;
}
