/* net/links.c - the only file that includes nanomsg. */
#include "net/links.h"

#include <nanomsg/nn.h>
#include <nanomsg/pipeline.h>
#include <nanomsg/tcp.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/frame.h"
#include "net/queue.h"

#define RECEIVE_BUDGET 256u                   /* frames a step, so that others get their turn */
#define SEND_BUDGET_BYTES (4u * 1024u * 1024u) /* a peer and step */

struct peer {
	char address[NET_ADDRESS_MAX];       /* empty: nobody has this seat */
	int push, send_fd;                   /* nanomsg socket, its NN_SNDFD */
	struct net_queue queue;
	bool up, heard;
	uint64_t heard_ms, boot;
	uint64_t heartbeat_due_ms, connected_ms, deaf_since_ms;
	uint64_t boot_changed_ms;
};

struct net_links {
	struct net_settings settings;
	int pull, receive_fd;
	uint32_t peers_n;
	uint64_t next_message;
	struct net_figures figures;
	struct net_reassembly reassembly;
	struct peer peers[SR_MEMBERS_MAX];
};

/* --- Sockets --- */

static bool option(int s, int level, int name, int value)
{
	return nn_setsockopt(s, level, name, &value, sizeof value) == 0;
}

static int event_fd(int s, int name)
{
	int fd = -1;
	size_t n = sizeof fd;

	return nn_getsockopt(s, NN_SOL_SOCKET, name, &fd, &n) == 0 ? fd : -1;
}

static enum sr_error pull_open(struct net_links *self)
{
	self->pull = nn_socket(AF_SP, NN_PULL);
	if (self->pull < 0)
		return SR_ERR_IO;
	/* Explicit: with -1 a stranger's length aborts the process. */
	if (!option(self->pull, NN_SOL_SOCKET, NN_RCVMAXSIZE, (int)NET_FRAME_MAX) ||
	    !option(self->pull, NN_SOL_SOCKET, NN_RCVBUF, 4 * (int)NET_FRAME_MAX))
		return SR_ERR_INTERNAL;
	if (nn_bind(self->pull, self->settings.listen) < 0)
		return nn_errno() == EADDRINUSE ? SR_ERR_IN_USE : SR_ERR_IO;
	self->receive_fd = event_fd(self->pull, NN_RCVFD);
	return self->receive_fd >= 0 ? SR_OK : SR_ERR_IO;
}

static void push_close(struct peer *p)
{
	if (p->push >= 0)
		nn_close(p->push);
	p->push = -1;
	p->send_fd = -1;
}

/* A peer whose address does not work now (no such name yet) is tried again later. */
static void push_open(struct peer *p, uint64_t now_ms)
{
	p->connected_ms = now_ms;
	p->push = nn_socket(AF_SP, NN_PUSH);
	if (p->push < 0)
		return;
	if (!option(p->push, NN_SOL_SOCKET, NN_RECONNECT_IVL, 100) ||
	    !option(p->push, NN_SOL_SOCKET, NN_RECONNECT_IVL_MAX, 1000) ||
	    !option(p->push, NN_SOL_SOCKET, NN_LINGER, 0) ||
	    !option(p->push, NN_TCP, NN_TCP_NODELAY, 1) || nn_connect(p->push, p->address) < 0) {
		push_close(p);
		return;
	}
	p->send_fd = event_fd(p->push, NN_SNDFD);
	if (p->send_fd < 0)
		push_close(p);
}

static bool is_peer(const struct net_links *self, uint32_t seat)
{
	return seat < SR_MEMBERS_MAX && self->peers[seat].address[0] != '\0';
}

/* --- Who there is --- */

/* All queues together stay within their memory, however many peers there are. */
static void queues_share(struct net_links *self)
{
	size_t share = NET_QUEUES_BYTES_MAX / (self->peers_n + 1);

	if (share > NET_QUEUE_BYTES_MAX)
		share = NET_QUEUE_BYTES_MAX;
	for (uint32_t i = 0; i < SR_MEMBERS_MAX; i++)
		net_queue_limit(&self->peers[i].queue, self->figures.dropped, share);
}

static void peer_forget(struct net_links *self, uint32_t seat)
{
	struct peer *p = &self->peers[seat];
	bool was_up = p->up;

	push_close(p);
	net_queue_clear(&p->queue);
	net_reassembly_forget(&self->reassembly, seat);
	*p = (struct peer){ .push = -1, .send_fd = -1 };
	self->peers_n--;
	if (was_up)
		self->settings.ports.link(self->settings.ports.ctx, seat, false);
}

enum sr_error net_links_peer(
    struct net_links *self, uint32_t seat, const char *address, uint64_t now_ms)
{
	struct peer *p;

	if (seat >= SR_MEMBERS_MAX || seat == self->settings.self)
		return SR_ERR_NOT_FOUND;
	p = &self->peers[seat];
	if (address == NULL)
		address = "";
	if (strlen(address) >= sizeof p->address)
		return SR_ERR_TOO_LONG;
	if (strcmp(p->address, address) == 0)
		return SR_OK;
	if (is_peer(self, seat))
		peer_forget(self, seat);
	if (address[0] != '\0') {
		snprintf(p->address, sizeof p->address, "%s", address);
		p->heartbeat_due_ms = now_ms;
		self->peers_n++;
		push_open(p, now_ms);
	}
	queues_share(self);
	return SR_OK;
}

enum sr_error net_links_new(struct net_links **out, const struct net_settings *settings,
    uint64_t now_ms)
{
	struct net_links *self = calloc(1, sizeof *self);
	enum sr_error err;

	if (self == NULL)
		return SR_ERR_NO_MEMORY;
	self->settings = *settings;
	for (uint32_t i = 0; i < SR_MEMBERS_MAX; i++)
		self->peers[i].push = self->peers[i].send_fd = -1;
	err = pull_open(self);
	for (uint32_t i = 0; err == SR_OK && i < SR_MEMBERS_MAX; i++)
		if (i != settings->self && settings->peers[i] != NULL)
			err = net_links_peer(self, i, settings->peers[i], now_ms);
	if (err != SR_OK) {
		net_links_free(self);
		return err;
	}
	*out = self;
	return SR_OK;
}

void net_links_free(struct net_links *self)
{
	if (self == NULL)
		return;
	for (uint32_t i = 0; i < SR_MEMBERS_MAX; i++) {
		push_close(&self->peers[i]);
		net_queue_clear(&self->peers[i].queue);
		net_reassembly_forget(&self->reassembly, i);
	}
	if (self->pull >= 0)
		nn_close(self->pull);
	free(self);
}

/* --- Sending --- */

static bool frame_send(struct net_links *self, struct peer *p, const struct net_header *h,
    const uint8_t *bytes, size_t n)
{
	uint8_t *msg;

	if (p->push < 0)
		return false;
	msg = nn_allocmsg(NET_HEADER_BYTES + n, 0);
	if (msg == NULL)
		return false;
	net_header_write(msg, h);
	if (n > 0)
		memcpy(msg + NET_HEADER_BYTES, bytes, n);
	if (nn_send(p->push, &msg, NN_MSG, NN_DONTWAIT) < 0) {
		nn_freemsg(msg);
		return false;
	}
	self->figures.sent++;
	self->figures.sent_bytes += NET_HEADER_BYTES + n;
	return true;
}

static struct net_header header(const struct net_links *self, enum net_kind kind)
{
	return (struct net_header){ .kind = kind, .sender = self->settings.self,
		.cluster = self->settings.cluster, .boot = self->settings.boot };
}

static void peer_flush(struct net_links *self, struct peer *p, uint64_t now_ms)
{
	struct net_item *item;
	uint32_t class;
	size_t budget = SEND_BUDGET_BYTES;

	while (budget > 0 &&
	       (item = net_queue_first(&p->queue, self->figures.dropped, &class, now_ms)) != NULL) {
		struct net_header h = header(self, NET_DATA);
		size_t n = item->n - item->sent;

		if (n > NET_FRAGMENT_MAX)
			n = NET_FRAGMENT_MAX;
		h.class = class;
		h.message = item->id;
		h.total = (uint32_t)item->n;
		h.offset = (uint32_t)item->sent;
		if (!frame_send(self, p, &h, item->bytes + item->sent, n))
			return;
		budget -= n < budget ? n : budget;
		item->sent += n;
		if (item->sent == item->n)
			net_queue_pop(&p->queue, class);
	}
}

void net_links_flush(struct net_links *self, uint64_t now_ms)
{
	struct pollfd fds[SR_MEMBERS_MAX];
	uint32_t whose[SR_MEMBERS_MAX], n = 0;

	/* Asks first who takes anything, rather than copying a fragment to find out. */
	for (uint32_t i = 0; i < SR_MEMBERS_MAX; i++) {
		struct peer *p = &self->peers[i];

		if (p->queue.bytes > 0 && p->send_fd >= 0) {
			fds[n] = (struct pollfd){ .fd = p->send_fd, .events = POLLIN };
			whose[n++] = i;
		}
	}
	if (n == 0 || poll(fds, n, 0) <= 0)
		return;
	for (uint32_t i = 0; i < n; i++)
		if ((fds[i].revents & POLLIN) != 0)
			peer_flush(self, &self->peers[whose[i]], now_ms);
}

enum sr_error net_links_send(struct net_links *self, uint32_t seat, uint32_t class,
    const uint8_t *bytes, size_t n, uint64_t now_ms)
{
	enum sr_error err = SR_OK;

	if (!is_peer(self, seat))
		err = SR_ERR_NOT_FOUND;
	else if (class >= NET_CLASSES)
		err = SR_ERR_OUT_OF_RANGE;
	else if (n == 0 || n > NET_MESSAGE_MAX)
		err = n == 0 ? SR_ERR_EMPTY : SR_ERR_TOO_LONG;
	if (err != SR_OK) {
		self->figures.refused++;
		return err;
	}
	return net_queue_push(&self->peers[seat].queue, self->figures.dropped, class,
	    self->next_message++, bytes, n, now_ms);
}

/* --- Who is there --- */

static void heartbeat(struct net_links *self, struct peer *p, uint64_t now_ms)
{
	struct net_header h = header(self, NET_HEARTBEAT);
	uint64_t ago = now_ms - p->heard_ms;

	h.total = p->heard && ago < UINT32_MAX ? (uint32_t)ago : UINT32_MAX;
	(void)frame_send(self, p, &h, NULL, 0);
	p->heartbeat_due_ms = now_ms + (p->up ? NET_HEARTBEAT_MS : NET_HEARTBEAT_SOON_MS);
}

static void peer_set(struct net_links *self, uint32_t seat, bool up, uint64_t now_ms)
{
	struct peer *p = &self->peers[seat];

	if (p->up == up)
		return;
	p->up = up;
	if (up)
		heartbeat(self, p, now_ms);
	self->settings.ports.link(self->settings.ports.ctx, seat, up);
}

/* No keepalive in nanomsg: a connection whose other end lost power looks fine until it is replaced.
 */
static void peer_reconnect(struct net_links *self, struct peer *p, uint64_t now_ms)
{
	push_close(p);
	push_open(p, now_ms);
	p->deaf_since_ms = 0;
	self->figures.reconnects++;
}

static void peer_tick(struct net_links *self, uint32_t seat, uint64_t now_ms)
{
	struct peer *p = &self->peers[seat];
	bool deaf = p->deaf_since_ms != 0 && now_ms - p->deaf_since_ms >= NET_DOWN_MS;

	if (p->up && now_ms - p->heard_ms >= NET_DOWN_MS) {
		net_reassembly_forget(&self->reassembly, seat);
		peer_set(self, seat, false, now_ms);
	}
	if ((!p->up || deaf || p->push < 0) && now_ms - p->connected_ms >= NET_RECONNECT_MS)
		peer_reconnect(self, p, now_ms);
	if (now_ms >= p->heartbeat_due_ms)
		heartbeat(self, p, now_ms);
}

/* --- Receiving --- */

static void peer_heard(struct net_links *self, const struct net_header *h, uint64_t now_ms)
{
	struct peer *p = &self->peers[h->sender];

	if (p->heard && p->boot != h->boot) {
		/* At most once a second: anyone may claim to be a peer that has restarted. */
		if (now_ms - p->boot_changed_ms < NET_HEARTBEAT_MS)
			return;
		p->boot_changed_ms = now_ms;
		net_reassembly_forget(&self->reassembly, h->sender);
		peer_set(self, h->sender, false, now_ms);
	}
	p->heard = true;
	p->boot = h->boot;
	p->heard_ms = now_ms;
	peer_set(self, h->sender, true, now_ms);
	if (h->kind != NET_HEARTBEAT)
		return;
	if (h->total < NET_DOWN_MS)
		p->deaf_since_ms = 0;
	else if (p->deaf_since_ms == 0)
		p->deaf_since_ms = now_ms;
}

static void frame_take(struct net_links *self, const uint8_t *frame, size_t n, uint64_t now_ms)
{
	const struct net_ports *ports = &self->settings.ports;
	struct net_header h;
	struct sr_bytes message;

	if (net_header_read(&h, frame, n) != SR_OK || h.cluster != self->settings.cluster ||
	    !is_peer(self, h.sender)) {
		self->figures.malformed++;
		return;
	}
	peer_heard(self, &h, now_ms);
	if (h.kind == NET_HEARTBEAT)
		return;
	frame += NET_HEADER_BYTES;
	n -= NET_HEADER_BYTES;
	if (n == h.total) {
		ports->message(ports->ctx, h.sender, frame, n);
		return;
	}
	if (net_reassembly_add(&self->reassembly, &self->figures.broken, &h, frame, n, &message) !=
	    SR_OK)
		return;
	ports->message(ports->ctx, h.sender, message.p, message.n);
	net_reassembly_release(&self->reassembly, h.sender, h.class);
}

static void receive_all(struct net_links *self, uint64_t now_ms)
{
	for (unsigned i = 0; i < RECEIVE_BUDGET; i++) {
		uint8_t *frame = NULL;
		int n = nn_recv(self->pull, &frame, NN_MSG, NN_DONTWAIT);

		if (n < 0)
			return;
		self->figures.received++;
		self->figures.received_bytes += (uint64_t)n;
		frame_take(self, frame, (size_t)n, now_ms);
		nn_freemsg(frame);
	}
}

/* --- The loop's side --- */

size_t net_links_fds(struct net_links *self, struct pollfd *fds, size_t max, bool receive)
{
	size_t n = 0;

	if (receive && n < max)
		fds[n++] = (struct pollfd){ .fd = self->receive_fd, .events = POLLIN };
	for (uint32_t i = 0; i < SR_MEMBERS_MAX && n < max; i++)
		if (self->peers[i].queue.bytes > 0 && self->peers[i].send_fd >= 0)
			fds[n++] = (struct pollfd){ .fd = self->peers[i].send_fd,
				.events = POLLIN };
	return n;
}

void net_links_step(struct net_links *self, bool receive, uint64_t now_ms)
{
	if (receive)
		receive_all(self, now_ms);
	for (uint32_t i = 0; i < SR_MEMBERS_MAX; i++)
		if (is_peer(self, i))
			peer_tick(self, i, now_ms);
	net_links_flush(self, now_ms);
}

uint64_t net_links_deadline(const struct net_links *self)
{
	uint64_t due = UINT64_MAX;

	for (uint32_t i = 0; i < SR_MEMBERS_MAX; i++)
		if (is_peer(self, i) && self->peers[i].heartbeat_due_ms < due)
			due = self->peers[i].heartbeat_due_ms;
	return due;
}

bool net_links_up(const struct net_links *self, uint32_t seat)
{
	return is_peer(self, seat) && self->peers[seat].up;
}

void net_links_figures(struct net_figures *out, const struct net_links *self)
{
	*out = self->figures;
	out->queued_bytes = 0;
	for (uint32_t i = 0; i < SR_MEMBERS_MAX; i++)
		out->queued_bytes += self->peers[i].queue.bytes;
}
