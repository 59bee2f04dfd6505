/*
 * node/http.h - HTTPS (libmicrohttpd with GnuTLS, TLS 1.3 only), on threads of its own:
 *   POST /             JSON-RPC 2.0, at most 1 MiB      GET /events   server-sent events
 *   PUT /blob/HASH     a piece, streamed to the disk    GET /metrics  Prometheus text
 *   GET /blob/HASH     the same back, with ranges       GET /healthz  200 or 503
 */
#ifndef SR_NODE_HTTP_H
#define SR_NODE_HTTP_H

#include "node/blobs.h"
#include "node/desk.h"

struct http;

struct http_settings {
	const char *host;                    /* numeric */
	uint16_t port;                       /* 0: any free one */
	const char *key_path, *cert_path;    /* PEM */
	unsigned clients_max;
	uint64_t request_timeout_ms;
	struct desk *desk;                   /* borrowed, as blobs */
	struct blobs *blobs;
};

SR_MUST_CHECK enum sr_error http_start(struct http **out, const struct http_settings *settings);
uint16_t http_port(const struct http *self);
/* Ends all connections. The desk must be closed before. */
void http_stop(struct http *self);

/* node/https_key.c: writes dir/https.key and dir/https.crt (EC P-256, self-signed) unless they are
 * there; pin: SHA-256 of the certificate's SubjectPublicKeyInfo, which the genesis lists. */
SR_MUST_CHECK enum sr_error https_make(struct sr_hash32 *pin, const char *dir);

/* node/metrics.c: Prometheus text, malloc'd. */
struct http_figures {
	uint64_t requests, rpc_calls, rpc_errors, refused, timed_out;
	unsigned watchers;
};
char *metrics_text(const struct desk_figures *f, const struct blobs_figures *b,
    const struct http_figures *h, uint64_t now_ms);

#endif
