/* tests/fuzz/fuzz_frame.c - frames of a link, as any stranger may send them: the clear header, then
 * fragments put together again. */
#include <stdlib.h>
#include <string.h>

#include "net/frame.h"
#include "tests/fuzz/fuzz.h"

static bool header_read(struct net_header *h, const uint8_t *p, size_t n)
{
	uint8_t again[NET_HEADER_BYTES];
	if (net_header_read(h, p, n) != SR_OK)
		return false;
	net_header_write(again, h);
	FUZZ_CHECK(memcmp(again, p, sizeof(again)) == 0);
	return true;
}

static void frame_add(struct net_reassembly *all, const uint8_t *p, size_t n)
{
	struct net_header h;
	struct sr_bytes whole;
	uint64_t broken = 0;
	/* links.c looks at the sender, and at whether the frame is of this cluster. */
	if (!header_read(&h, p, n) || h.kind != NET_DATA || h.sender >= SR_MEMBERS_MAX)
		return;
	if (net_reassembly_add(all, &broken, &h, p + NET_HEADER_BYTES, n - NET_HEADER_BYTES,
		&whole) == SR_OK) {
		FUZZ_CHECK(whole.n == h.total);
		net_reassembly_release(all, h.sender, h.class);
	}
	FUZZ_CHECK(all->bytes <= NET_REASSEMBLY_BYTES_MAX);
}

/* Large fragments are slow and tell little: only the largest and one more. */
static size_t size_read(struct sr_reader *r)
{
	size_t size = sr_read_u16(r);
	return size < 0xff00 ? size % 4096 : NET_FRAGMENT_MAX + size % 2;
}

/* input = (size u16 | header 40)...: each a frame with so many bytes behind its header. */
void fuzz_frame(const uint8_t *p, size_t n)
{
	struct net_reassembly *all = calloc(1, sizeof(*all));
	struct sr_reader r;
	FUZZ_CHECK(all != NULL);
	sr_reader_init(&r, p, n);
	while (r.left > 0) {
		size_t size = size_read(&r);
		size_t head = r.left < NET_HEADER_BYTES ? r.left : NET_HEADER_BYTES;
		uint8_t *frame = calloc(1, head + size + 1);
		FUZZ_CHECK(frame != NULL);
		sr_read_copy(&r, frame, head);
		frame_add(all, frame, head + size);
		free(frame);
	}
	for (uint32_t i = 0; i < SR_MEMBERS_MAX; i++)
		net_reassembly_forget(all, i);
	FUZZ_CHECK(all->bytes == 0);
	free(all);
}

static void put(struct sr_writer *w, const struct net_header *h, uint16_t size)
{
	uint8_t bytes[NET_HEADER_BYTES];
	net_header_write(bytes, h);
	sr_write_u16(w, size);
	sr_write_copy(w, bytes, sizeof(bytes));
}

void seed_frame(void)
{
	struct sr_writer w;
	struct net_header h = { .kind = NET_HEARTBEAT, .cluster = 7, .boot = 9, .total = 12 };
	sr_writer_init(&w, 8192);
	put(&w, &h, 0);
	h = (struct net_header){ .kind = NET_DATA, .sender = 3, .class = 2, .total = 1000 };
	put(&w, &h, 600);
	h.offset = 600;
	put(&w, &h, 400);
	h.offset = 400;                          /* a gap */
	put(&w, &h, 600);
	fuzz_seed("whole", w.p, w.n);
	sr_writer_reset(&w);
	/* More than all peers together may have waiting. */
	for (uint32_t i = 0; i < 70; i++) {
		h = (struct net_header){ .kind = NET_DATA, .sender = i, .total = NET_MESSAGE_MAX };
		put(&w, &h, 0xff00);
	}
	fuzz_seed("full", w.p, w.n);
	sr_writer_clear(&w);
}
