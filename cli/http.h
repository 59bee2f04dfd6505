/*
 * cli/http.h - HTTPS to members, several at once; the only file that knows curl. Trust comes from
 * the pin (SHA-256 of the server's public key, from the genesis) and from nothing else: no
 * certificate authority, no proxy, no redirect.
 */
#ifndef SR_CLI_HTTP_H
#define SR_CLI_HTTP_H

#include "base/crypto.h"

enum http_verb { HTTP_POST, HTTP_PUT, HTTP_GET };

struct http;
struct transfer;
struct http_request {
	enum http_verb verb;
	char url[384];
	struct sr_hash32 pin;
	bool unpinned;                   /* of what proves itself only: any key will do */
	const char *type;                /* POST: content type */
	struct sr_bytes body;            /* POST; borrowed */
	int fd; /* PUT: sent from its beginning. GET: written to it; else -1 */
	uint64_t fd_bytes;               /* PUT: how many */
	uint64_t answer_max;             /* bytes accepted */
	uint64_t timeout_ms;             /* from its beginning on */
	/* Begins so long after the run, or when no other is under way; done may change it. */
	uint64_t hold_ms;
	void *ctx;                       /* the caller's */

	/* results */
	bool begun, finished;
	enum sr_error error;             /* SR_OK: an answer came, whatever its status */
	long status;
	uint8_t *answer; /* owned by the request (http_request_clear) unless fd >= 0 */
	size_t answer_n;
	uint64_t moved;                  /* bytes of body up or down so far */
	struct sr_hash32 hash;           /* GET with fd: of all bytes */
	struct transfer *transfer;       /* http.c's own */
	struct sr_sha256 sha;
};

SR_MUST_CHECK enum sr_error http_new(struct http **out);
void http_free(struct http *self);

/* Runs all; returns when all are finished or done says so (the rest is then CANCELLED: nobody hears
 * of it any more, and its connection stays).
 * done (may be NULL) is called for each request that finishes; step (may be NULL) now and then. */
void http_run(struct http *self, struct http_request *const *requests, size_t n,
    bool (*done)(void *ctx, struct http_request *request), void (*step)(void *ctx), void *ctx);
void http_request_clear(struct http_request *request);

#endif
