/*
 * node/repair.h - a piece that a finalised secret needs and that is not here is made from other
 * members' pieces: after a client that did not reach this node, or when this node has joined. A
 * thread of its own that looks at what is wanted (node/blobs.h), one piece at a time: fetched ones
 * are checked against their hashes and lie on the disk, not in memory.
 *
 * A payload that can't be restored now is tried again, with growing pauses.
 */
#ifndef SR_NODE_REPAIR_H
#define SR_NODE_REPAIR_H

#include "node/blobs.h"

#define REPAIR_BYTES_PER_S (32u * 1024u * 1024u)
#define REPAIR_PAUSE_MIN_MS 1000u
#define REPAIR_PAUSE_MAX_MS 300000u      /* after passes that made nothing */
#define REPAIR_AWAY_MS 30000u            /* a peer that can not be reached is left alone */
#define REPAIR_GRACE_S 10u               /* the client may still be sending it */
#define REPAIR_URL_MAX 256u

struct repair;
struct repair_figures {
	uint64_t repaired, failed;       /* pieces, tries */
	uint64_t bad;                    /* what others gave and was not their piece */
};

/* blobs is borrowed and must outlive it. grace_s: REPAIR_GRACE_S. */
SR_MUST_CHECK enum sr_error repair_start(struct repair **out, struct blobs *blobs, uint32_t seat,
    uint64_t grace_s);
/* Ends a transfer under way, too. */
void repair_stop(struct repair *self);
/* Who has that seat's pieces from now on; url NULL: nobody. TOO_LONG. */
SR_MUST_CHECK enum sr_error repair_peer(struct repair *self, uint32_t seat, const char *url,
    const struct sr_hash32 *pin);
/* NOT_FOUND: nobody is there. */
SR_MUST_CHECK enum sr_error repair_where(struct repair *self, uint32_t seat,
    char url[REPAIR_URL_MAX], struct sr_hash32 *pin);
/* A piece is wanted, or may be had: no pause now. */
void repair_wake(struct repair *self);
void repair_figures(struct repair_figures *out, struct repair *self);

#endif
