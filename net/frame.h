/*
 * net/frame.h - the clear header of what travels on a link, and putting fragments together again.
 *
 * frame = 'S' | version u8 | kind u8 | class u8 | sender u32 | cluster u64 | boot u64 | message u64
 * | total u32 | offset u32 | bytes. A heartbeat carries in total how many milliseconds ago its
 *         sender last heard the receiver (UINT32_MAX: never), and no bytes.
 */
#ifndef SR_NET_FRAME_H
#define SR_NET_FRAME_H

#include "net/links.h"

#define NET_HEADER_BYTES 40u
#define NET_FRAME_MAX (NET_HEADER_BYTES + NET_FRAGMENT_MAX)

enum net_kind { NET_DATA = 1, NET_HEARTBEAT = 2 };

struct net_header {
	enum net_kind kind;
	uint32_t class, sender;
	uint64_t cluster, boot, message;
	uint32_t total, offset;
};

void net_header_write(uint8_t out[NET_HEADER_BYTES], const struct net_header *h);
/* Checks lengths and ranges against the frame's n bytes too. */
SR_MUST_CHECK enum sr_error net_header_read(struct net_header *h, const uint8_t *frame, size_t n);

/* One message a peer and class, growing as its fragments come in order. */
struct net_partial { uint8_t *p; size_t n, total; uint64_t message, touched; };

struct net_reassembly {
	struct net_partial slots[SR_MEMBERS_MAX][NET_CLASSES];
	size_t bytes;
	uint64_t clock;
};

/* SR_OK: whole, in message (until the next call with the same sender and class: then release it).
 * NOT_READY: more to come. Else dropped: broken counts a message lost to a gap or to the memory
 * limit. */
SR_MUST_CHECK enum sr_error net_reassembly_add(struct net_reassembly *self, uint64_t *broken,
    const struct net_header *h, const uint8_t *bytes, size_t n, struct sr_bytes *message);
void net_reassembly_release(struct net_reassembly *self, uint32_t sender, uint32_t class);
void net_reassembly_forget(struct net_reassembly *self, uint32_t sender);

#endif
