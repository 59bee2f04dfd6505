/*
 * node/child.h - the enclave's process: started with the socket as descriptor 3 and, where the
 * machine keeps it, its sealing key to be read from descriptor 4, and nothing else of this process;
 * restarted with back-off when it dies, never after it said FATAL.
 */
#ifndef SR_NODE_CHILD_H
#define SR_NODE_CHILD_H

#include <sys/types.h>

#include "enclave/host_wire.h"

#define CHILD_OUT_MAX (64u * 1024u * 1024u)  /* events not yet taken by the enclave */
#define CHILD_OUT_BUSY (8u * 1024u * 1024u)  /* above this, peers' messages wait in the links */
#define CHILD_IN_MAX (32u * 1024u * 1024u)
#define CHILD_BACKOFF_MIN_MS 200u
#define CHILD_BACKOFF_MAX_MS 10000u
#define CHILD_STEADY_MS 60000u               /* after that long a life the back-off starts over */

/* key: gives the key that seals the enclave's state, at each start; NULL: it is in the file
 * sealing_key. */
struct child_settings {
	const char *program, *sealing_key, *user, *lock;
	enum sr_error (*key)(void *key_ctx, struct sr_key32 *out);
	void *key_ctx;
};

struct child {
	struct child_settings settings;
	pid_t pid;                           /* 0: not running */
	int fd;                              /* -1: closed */
	uint8_t *in;
	size_t in_n, in_capacity, in_used;   /* used: taken as effects, dropped by child_consume */
	struct sr_writer out;
	size_t out_sent;
	uint64_t started_ms, restart_ms, backoff_ms;
	uint64_t starts;
};

void child_init(struct child *self, const struct child_settings *settings);
/* IO, and what key says. */
SR_MUST_CHECK enum sr_error child_start(struct child *self, uint64_t now_ms);
/* Bytes into the buffer, as many as there are and fit. NOT_REACHED: the other end is closed. */
SR_MUST_CHECK enum sr_error child_read(struct child *self);
/* Next whole effect in the buffer (borrowing from it until child_consume). NOT_FOUND: none. */
SR_MUST_CHECK enum sr_error child_effect(struct child *self, struct enclave_effect *fx);
void child_consume(struct child *self);
/* Queues. TOO_MANY when the queue is full, NOT_READY when there is no process. */
SR_MUST_CHECK enum sr_error child_event(struct child *self, const struct enclave_event *ev);
SR_MUST_CHECK enum sr_error child_write(struct child *self);
size_t child_queued(const struct child *self);
/* Reaps it when it has ended: true, with a sentence for the log. */
bool child_reap(struct child *self, char *text, size_t text_n, uint64_t now_ms);
/* Closes the socket; kill: at once. */
void child_stop(struct child *self, bool kill);
void child_clear(struct child *self);

#endif
