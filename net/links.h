/*
 * net/links.h - datagram-like links between the members over nanomsg: one bound PULL, one connected
 * PUSH to each peer (DESIGN 9). Nothing is assumed delivered: queues are bounded, drops are
 * counted, and who sent a message is only a hint (the enclaves' channels authenticate).
 *
 * Peers go by seat, and come and go while this runs. What waits for one that is forgotten, or that
 * has moved to another address, is dropped.
 *
 * Single-threaded; never blocks. Time comes in as monotonic milliseconds.
 */
#ifndef SR_NET_LINKS_H
#define SR_NET_LINKS_H

#include "base/error.h"
#include "base/types.h"

#define NET_CLASSES 4u /* votes, certificates, proposals, sync: most urgent first */
#define NET_MESSAGE_MAX (7u * 1024u * 1024u)
#define NET_FRAGMENT_MAX (256u * 1024u)
#define NET_QUEUE_MESSAGES_MAX 4096u          /* a peer and class */
#define NET_QUEUE_BYTES_MAX (32u * 1024u * 1024u) /* a peer; less in large clusters */
#define NET_QUEUES_BYTES_MAX (512u * 1024u * 1024u) /* of all peers */
#define NET_ADDRESS_MAX 300u
#define NET_REASSEMBLY_BYTES_MAX (16u * 1024u * 1024u) /* of all peers */
#define NET_HEARTBEAT_MS 1000u
#define NET_HEARTBEAT_SOON_MS 250u            /* to a peer that is down */
#define NET_DOWN_MS 4000u                     /* silence after which a peer is down */
#define NET_RECONNECT_MS 8000u /* a new connection to a peer that stays deaf or silent */
#define NET_STALE_MS 10000u                   /* a queued message that old is worth nothing */

struct pollfd;
struct net_links;

struct net_ports {
	void *ctx;
	/* seat: whose the sender says it is. bytes are valid during the call. */
	void (*message)(void *ctx, uint32_t seat, const uint8_t *bytes, size_t n);
	/* Also down, then up, when a peer has restarted; down when it is forgotten. */
	void (*link)(void *ctx, uint32_t seat, bool up);
};

struct net_settings {
	const char *listen;                   /* tcp://ip:port */
	uint32_t self;                        /* own seat */
	/* By seat: tcp://host:port, or NULL; self's is not used. */
	const char *peers[SR_MEMBERS_MAX];
	uint64_t cluster; /* first bytes of the chain id: strangers' traffic is dropped */
	uint64_t boot;                        /* random: tells a restart */
	struct net_ports ports;
};

struct net_figures {
	uint64_t sent, sent_bytes, received, received_bytes;
	uint64_t dropped[NET_CLASSES];        /* from full queues, or too old */
	uint64_t refused;                     /* too large or no such class or peer */
	uint64_t malformed, broken, reconnects, queued_bytes;
};

/* IN_USE when the address is taken. */
SR_MUST_CHECK enum sr_error net_links_new(
    struct net_links **out, const struct net_settings *settings, uint64_t now_ms);
void net_links_free(struct net_links *self);

/* Who has that seat from now on, copied; address NULL: nobody. The same address again changes
 * nothing; another one is another peer. NOT_FOUND for self or no such seat; TOO_LONG. */
SR_MUST_CHECK enum sr_error net_links_peer(
    struct net_links *self, uint32_t seat, const char *address, uint64_t now_ms);

/* Queues a copy. TOO_MANY when this message itself had to be dropped (older and less urgent ones go
 * first); NOT_FOUND when nobody is known at that seat; TOO_LONG. */
SR_MUST_CHECK enum sr_error net_links_send(struct net_links *self, uint32_t seat, uint32_t class,
    const uint8_t *bytes, size_t n, uint64_t now_ms);

/* What to poll for; at most SR_MEMBERS_MAX entries, since nobody is his own peer. */
size_t net_links_fds(struct net_links *self, struct pollfd *fds, size_t max, bool receive);
/* Sends what is queued, heartbeats, and - when receive - takes in what has come, calling the ports.
 */
void net_links_step(struct net_links *self, bool receive, uint64_t now_ms);
/* Sends what is queued. */
void net_links_flush(struct net_links *self, uint64_t now_ms);
/* When net_links_step is due even if nothing happens. */
uint64_t net_links_deadline(const struct net_links *self);
bool net_links_up(const struct net_links *self, uint32_t seat);
void net_links_figures(struct net_figures *out, const struct net_links *self);

#endif
