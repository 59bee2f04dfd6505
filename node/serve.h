/* node/serve.h - the loop with its HTTPS threads around it. */
#ifndef SR_NODE_SERVE_H
#define SR_NODE_SERVE_H

#include "node/loop.h"

/* Serves an opened loop until it ends; everybody who waits gets an answer. */
SR_MUST_CHECK enum sr_error node_serve(struct loop *loop, const struct config *config);

#endif
