/*
 * node/fetch.h - one file or answer from another member's HTTPS; the host's only use of curl. Trust
 * comes from the pin (SHA-256 of the server's public key) and from nothing else: no certificate
 * authority, no proxy, no redirect.
 */
#ifndef SR_NODE_FETCH_H
#define SR_NODE_FETCH_H

#include "base/crypto.h"

struct fetch {
	const char *url;
	const char *body;                /* of a question as JSON; NULL: a file is got */
	struct sr_hash32 pin;
	int fd;                          /* written to from where it stands */
	uint64_t bytes_max, bytes_per_s;
	bool (*stop)(void *ctx);         /* asked often; true: CANCELLED */
	void *ctx;
};

/* Once, before any thread. */
SR_MUST_CHECK enum sr_error fetch_init(void);
/* Blocks. bytes and hash: of all that came. NOT_FOUND (404), NOT_REACHED, TIMED_OUT, BINDING
 * (another key), TOO_LONG, CANCELLED, DISK_FULL, IO. */
SR_MUST_CHECK enum sr_error fetch_get(
    struct sr_hash32 *hash, uint64_t *bytes, const struct fetch *what);

#endif
