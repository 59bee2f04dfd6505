/*
 * node/desk.h - where the HTTPS thread and the loop meet. The HTTPS thread puts a question on the
 * desk and suspends its connection; the loop takes questions to the enclave and lays the answers
 * down. Also the figures that the loop publishes and the events it announces. One lock over all of
 * it, held briefly.
 */
#ifndef SR_NODE_DESK_H
#define SR_NODE_DESK_H

#include <pthread.h>

#include "enclave/host_wire.h"
#include "net/links.h"
#include "node/repair.h"
#include "node/store.h"

#define DESK_CALLS_MAX 16384u          /* questions open at a time */
#define DESK_EVENTS_MAX 512u           /* kept for slow watchers */
#define DESK_EVENT_BYTES_MAX 2048u

struct desk_answer { bool done; enum sr_error code; uint8_t *bytes; size_t n; };

/* Called with the lock held, from the thread that answers. */
typedef void desk_done(void *owner);

struct desk_call {
	uint64_t token;                      /* 0: free */
	uint32_t method;
	uint8_t *bytes;                      /* the question, until taken */
	size_t n;
	bool taken, gone;
	uint64_t due_ms;
	struct desk_answer *answer;          /* of owner; not touched once gone */
	desk_done *done;
	void *owner;
	uint32_t next_free;
};

/* What the loop tells /metrics and system_health. */
struct desk_figures {
	bool running;                        /* the enclave has been booted */
	bool status_known;
	struct enclave_status status;
	uint64_t status_at_ms;               /* monotonic */
	struct net_figures links;
	struct node_store_figures store;
	struct repair_figures repair;
	uint64_t log_bytes, log_written_bytes, log_syncs, log_rotations, log_sync_us,
	    log_sync_max_us, store_us, store_max_us;
	uint64_t free_bytes, enclave_starts, effects, events, messages_dropped, enclave_queue_bytes;
	bool disk_low, links_up[SR_MEMBERS_MAX];
	uint64_t started_ms;                 /* monotonic */
};

struct desk_event { uint64_t id; size_t n; char text[DESK_EVENT_BYTES_MAX]; };

struct desk {
	pthread_mutex_t lock;
	int wake_fd;                         /* eventfd: the loop polls it */
	struct desk_call *calls;
	uint32_t free_first, open_n, ask_n;
	uint32_t *asked;                     /* ring of call numbers not yet taken */
	uint32_t asked_first;
	uint64_t next_token;
	struct desk_figures figures;
	struct desk_event *events;           /* ring */
	uint64_t next_event;
	desk_done *announce;                 /* a new event: wakes the watchers */
	void *announce_owner;
	bool closing;
	uint64_t timed_out;
};

SR_MUST_CHECK enum sr_error desk_init(struct desk *self);
void desk_clear(struct desk *self);
void desk_lock(struct desk *self);
void desk_unlock(struct desk *self);

/* --- HTTPS thread; lock held --- takes bytes over on SR_OK. TOO_MANY; NOT_READY while the enclave
 * is not there. */
SR_MUST_CHECK enum sr_error desk_ask(struct desk *self, uint64_t *token, uint32_t method,
    uint8_t *bytes, size_t n, uint64_t due_ms, struct desk_answer *answer, desk_done *done,
    void *owner);
/* The owner is going away: nothing of it is touched any more. */
void desk_forget(struct desk *self, uint64_t token);

/* --- Loop; these lock --- */
/* Next question, NOT_FOUND. The caller frees bytes. */
SR_MUST_CHECK enum sr_error desk_take(struct desk *self, uint64_t *token, uint32_t *method,
    uint8_t **bytes, size_t *n);
/* Copies bytes. Unknown tokens are ignored. */
void desk_reply(
    struct desk *self, uint64_t token, enum sr_error code, const uint8_t *bytes, size_t n);
/* Ends what is due or gone; writes at most max tokens that the enclave should forget. */
size_t desk_expire(struct desk *self, uint64_t now_ms, uint64_t *tokens, size_t max);
/* Ends everything with this code. */
void desk_reply_all(struct desk *self, enum sr_error code);
__attribute__((format(printf, 2, 3)))
void desk_announce(struct desk *self, const char *format, ...);
/* No questions any more; watchers end. */
void desk_close(struct desk *self);

#endif
