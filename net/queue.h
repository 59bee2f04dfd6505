/* net/queue.h - what waits for one peer: a queue for each class, oldest and least urgent dropped
 * first. */
#ifndef SR_NET_QUEUE_H
#define SR_NET_QUEUE_H

#include "net/links.h"

struct net_item {
	struct net_item *next;
	uint64_t id, queued_ms;
	size_t n, sent; /* bytes; a message larger than a fragment goes in parts */
	uint8_t bytes[];
};

struct net_queue {
	struct { struct net_item *first, *last; size_t messages, bytes; } classes[NET_CLASSES];
	size_t bytes, bytes_max;
};

/* Copies. TOO_MANY: dropped this one. dropped: counts per class. */
SR_MUST_CHECK enum sr_error net_queue_push(struct net_queue *self, uint64_t *dropped,
    uint32_t class, uint64_t id, const uint8_t *bytes, size_t n, uint64_t now_ms);
/* The most urgent item and its class; NULL when empty. Items older than NET_STALE_MS are dropped.
 */
struct net_item *net_queue_first(struct net_queue *self, uint64_t *dropped, uint32_t *class,
    uint64_t now_ms);
/* At most so many bytes from now on: the oldest of the least urgent go. */
void net_queue_limit(struct net_queue *self, uint64_t *dropped, size_t bytes_max);
void net_queue_pop(struct net_queue *self, uint32_t class);
void net_queue_clear(struct net_queue *self);

#endif
