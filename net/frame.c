#include "net/frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define FRAME_MAGIC 0x53u
#define FRAME_VERSION 1u

static void put32(uint8_t *out, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(v >> 8 * i);
}

static void put64(uint8_t *out, uint64_t v)
{
	put32(out, (uint32_t)v);
	put32(out + 4, (uint32_t)(v >> 32));
}

void net_header_write(uint8_t out[NET_HEADER_BYTES], const struct net_header *h)
{
	out[0] = FRAME_MAGIC;
	out[1] = FRAME_VERSION;
	out[2] = (uint8_t)h->kind;
	out[3] = (uint8_t)h->class;
	put32(out + 4, h->sender);
	put64(out + 8, h->cluster);
	put64(out + 16, h->boot);
	put64(out + 24, h->message);
	put32(out + 32, h->total);
	put32(out + 36, h->offset);
}

static enum sr_error data_check(const struct net_header *h, size_t n)
{
	if (h->class >= NET_CLASSES || h->total > NET_MESSAGE_MAX || h->total == 0)
		return SR_ERR_OUT_OF_RANGE;
	if (n == 0 || n > NET_FRAGMENT_MAX || h->offset >= h->total || n > h->total - h->offset)
		return SR_ERR_OUT_OF_RANGE;
	return SR_OK;
}

enum sr_error net_header_read(struct net_header *h, const uint8_t *frame, size_t n)
{
	struct sr_reader r;
	unsigned magic, version, kind;

	sr_reader_init(&r, frame, n);
	magic = sr_read_u8(&r);
	version = sr_read_u8(&r);
	kind = sr_read_u8(&r);
	h->class = sr_read_u8(&r);
	h->sender = sr_read_u32(&r);
	h->cluster = sr_read_u64(&r);
	h->boot = sr_read_u64(&r);
	h->message = sr_read_u64(&r);
	h->total = sr_read_u32(&r);
	h->offset = sr_read_u32(&r);
	if (r.error != SR_OK)
		return r.error;
	if (magic != FRAME_MAGIC || version != FRAME_VERSION)
		return SR_ERR_BAD_VERSION;
	if (kind == NET_HEARTBEAT) {
		h->kind = NET_HEARTBEAT;
		return n == NET_HEADER_BYTES ? SR_OK : SR_ERR_TRAILING_BYTES;
	}
	if (kind != NET_DATA)
		return SR_ERR_BAD_KIND;
	h->kind = NET_DATA;
	return data_check(h, n - NET_HEADER_BYTES);
}

static void partial_drop(struct net_reassembly *self, struct net_partial *p)
{
	self->bytes -= p->n;
	free(p->p);
	memset(p, 0, sizeof *p);
}

void net_reassembly_release(struct net_reassembly *self, uint32_t sender, uint32_t class)
{
	partial_drop(self, &self->slots[sender][class]);
}

void net_reassembly_forget(struct net_reassembly *self, uint32_t sender)
{
	for (uint32_t c = 0; c < NET_CLASSES; c++)
		partial_drop(self, &self->slots[sender][c]);
}

/* Of the others, the one that has waited longest. */
static struct net_partial *oldest_other(struct net_reassembly *self, const struct net_partial *keep)
{
	struct net_partial *oldest = NULL;

	for (uint32_t m = 0; m < SR_MEMBERS_MAX; m++)
		for (uint32_t c = 0; c < NET_CLASSES; c++) {
			struct net_partial *p = &self->slots[m][c];

			if (p != keep && p->p != NULL
			    && (oldest == NULL || p->touched < oldest->touched))
				oldest = p;
		}
	return oldest;
}

enum sr_error net_reassembly_add(struct net_reassembly *self, uint64_t *broken,
    const struct net_header *h, const uint8_t *bytes, size_t n, struct sr_bytes *message)
{
	struct net_partial *p = &self->slots[h->sender][h->class];
	uint8_t *grown;

	if (p->p != NULL
	    && (h->message != p->message || h->offset != p->n || h->total != p->total)) {
		partial_drop(self, p);
		++*broken;
	}
	if (p->p == NULL && h->offset != 0)
		return SR_ERR_MISSING_ANCESTOR;
	while (self->bytes + n > NET_REASSEMBLY_BYTES_MAX) {
		struct net_partial *other = oldest_other(self, p);

		SR_ASSERT(other != NULL);
		partial_drop(self, other);
		++*broken;
	}
	grown = realloc(p->p, p->n + n);
	if (grown == NULL) {
		partial_drop(self, p);
		return SR_ERR_NO_MEMORY;
	}
	memcpy(grown + p->n, bytes, n);
	*p = (struct net_partial){ .p = grown, .n = p->n + n, .total = h->total,
		.message = h->message, .touched = ++self->clock };
	self->bytes += n;
	*message = (struct sr_bytes){ p->p, p->n };
	return p->n == p->total ? SR_OK : SR_ERR_NOT_READY;
}
