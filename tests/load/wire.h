/*
 * tests/load/wire.h - many HTTPS connections in one thread: what moves bytes while something is
 * measured, and therefore does nothing else. One request at a time on each connection; the server's
 * key is pinned, or any will do (peers that make their own certificate).
 */
#ifndef SR_TESTS_LOAD_WIRE_H
#define SR_TESTS_LOAD_WIRE_H

#include "base/crypto.h"

#define WIRE_ANSWER_MAX (4u * 1024u * 1024u)

struct wire_server {
	char host[64];                   /* an IPv4 address */
	uint16_t port;
	bool pinned;
	struct sr_hash32 pin;            /* SHA-256 of the public key's DER form */
};

/* An answer, or why there is none (NOT_REACHED, BINDING, BAD_ENCODING, TOO_LONG). body is the
 * wire's. A connection that failed is made anew by the next request. */
struct wire_answer {
	uint32_t connection;
	enum sr_error error;
	int status;
	const uint8_t *body;
	size_t n;
};
typedef void wire_taker(void *ctx, const struct wire_answer *answer);

struct wire;
/* NO_MEMORY, IO. */
SR_MUST_CHECK enum sr_error wire_new(struct wire **out, uint32_t connections);
void wire_free(struct wire *self);
/* "https://127.0.0.1:7700". BAD_SYNTAX. */
SR_MUST_CHECK enum sr_error wire_server_parse(struct wire_server *out, const char *url);
/* Where a connection that has nothing under way leads from now on. server is borrowed. */
void wire_lead(struct wire *self, uint32_t connection, const struct wire_server *server);
/* Connects all, wherever they lead, and shakes hands, 64 at a time; returns how many it could.
 * Gives up on the rest when nothing moves for 10 s. */
uint32_t wire_connect_all(struct wire *self);
/* How many are connected and have nothing under way. */
uint32_t wire_quiet(const struct wire *self);
/* request: a whole HTTP/1.1 request; borrowed until it is answered. */
void wire_send(struct wire *self, uint32_t connection, const uint8_t *request, size_t n);
/* Moves what can be moved, waiting at most so long for it. */
void wire_turn(struct wire *self, unsigned wait_ms, wire_taker *take, void *ctx);

/* "POST path" with JSON text, for wire_send. *n: its bytes. Caller frees; NULL: no memory. */
uint8_t *wire_post(size_t *n, const struct wire_server *server, const char *path,
    const char *json);

#endif
