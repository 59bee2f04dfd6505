#include "net/links.h"

#include <arpa/inet.h>
#include <nanomsg/nn.h>
#include <nanomsg/pipeline.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/frame.h"
#include "net/queue.h"
#include "tests/lib/check_main.h"
#include "tests/lib/scratch.h"
#include "tests/lib/seed.h"

#define CLUSTER 0x1122334455667788ull
#define DEADLINE_MS 20000u

/* One end in this process. */
struct end {
	struct net_links *links;
	struct net_settings settings;
	uint32_t got, ups, downs;
	uint32_t order[4096];                /* first bytes of what came, in order */
	uint8_t *last;
	size_t last_n;
};

static char addresses[8][64];

static void on_message(void *ctx, uint32_t member, const uint8_t *bytes, size_t n)
{
	struct end *self = ctx;

	(void)member;
	if (self->got < 4096)
		memcpy(&self->order[self->got], bytes, n < 4 ? n : 4);
	self->got++;
	free(self->last);
	self->last = malloc(n);
	memcpy(self->last, bytes, n);
	self->last_n = n;
}

static void on_link(void *ctx, uint32_t member, bool up)
{
	struct end *self = ctx;

	(void)member;
	if (up)
		self->ups++;
	else
		self->downs++;
}

static void end_settings(struct end *self, uint32_t i, uint32_t n, uint64_t boot)
{
	memset(self, 0, sizeof *self);
	self->settings = (struct net_settings){ .listen = addresses[i], .self = i,
		.cluster = CLUSTER, .boot = boot, .ports = { self, on_message, on_link } };
	for (uint32_t k = 0; k < n; k++)
		self->settings.peers[k] = addresses[k];
}

static void addresses_make(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		snprintf(addresses[i], sizeof addresses[i], "tcp://127.0.0.1:%u", scratch_port());
}

static void end_open(struct end *self, uint32_t i, uint32_t n, uint64_t boot)
{
	end_settings(self, i, n, boot);
	ck_ok(net_links_new(&self->links, &self->settings, scratch_now_ms()));
}

static void end_close(struct end *self)
{
	net_links_free(self->links);
	free(self->last);
	self->links = NULL;
	self->last = NULL;
}

static void step(struct end *ends, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ends[i].links != NULL)
			net_links_step(ends[i].links, true, scratch_now_ms());
	scratch_moment();
}

#define UNTIL(condition, ends, n)                                                                  \
	do {                                                                                       \
		uint64_t due_ = scratch_now_ms() + DEADLINE_MS;                                    \
		while (!(condition)) {                                                             \
			ck_assert_msg(scratch_now_ms() < due_, "in time: %s", #condition);         \
			step(ends, n);                                                             \
		}                                                                                  \
	} while (0)

static void send_word(struct end *from, uint32_t to, uint32_t class, uint32_t word)
{
	uint8_t b[4];

	memcpy(b, &word, 4);
	ck_ok(net_links_send(from->links, to, class, b, sizeof b, scratch_now_ms()));
}

START_TEST(two_ends_find_each_other_and_messages_arrive_in_order)
{
	struct end e[2];

	addresses_make(2);
	end_open(&e[0], 0, 2, 1);
	end_open(&e[1], 1, 2, 2);
	UNTIL(net_links_up(e[0].links, 1) && net_links_up(e[1].links, 0), e, 2);
	for (uint32_t i = 0; i < 1000; i++)
		send_word(&e[0], 1, 0, i);
	UNTIL(e[1].got == 1000, e, 2);
	for (uint32_t i = 0; i < 1000; i++)
		ck_assert_uint_eq(e[1].order[i], i);
	ck_assert_uint_eq(e[0].ups, 1);
	ck_assert_uint_eq(e[0].downs, 0);
	end_close(&e[0]);
	end_close(&e[1]);
}
END_TEST

START_TEST(large_messages_come_through_in_fragments_with_votes_between)
{
	struct end e[2];
	struct sr_drbg rng;
	size_t n = NET_MESSAGE_MAX;
	uint8_t *big = malloc(n);
	struct net_figures f;

	test_drbg(&rng, "links");
	ck_ok(sr_drbg_fill(&rng, big, n));
	addresses_make(2);
	end_open(&e[0], 0, 2, 1);
	end_open(&e[1], 1, 2, 2);
	UNTIL(net_links_up(e[0].links, 1) && net_links_up(e[1].links, 0), e, 2);
	ck_ok(net_links_send(e[0].links, 1, 3, big, n, scratch_now_ms()));
	send_word(&e[0], 1, 0, 7);
	UNTIL(e[1].got == 2, e, 2);
	/* The vote was queued behind 7 MiB, and overtook them. */
	ck_assert_uint_eq(e[1].order[0], 7);
	ck_assert_uint_eq(e[1].last_n, n);
	ck_assert(memcmp(e[1].last, big, n) == 0);
	net_links_figures(&f, e[1].links);
	ck_assert_uint_ge(f.received, n / NET_FRAGMENT_MAX);
	ck_assert_uint_eq(f.broken + f.malformed, 0);
	free(big);
	end_close(&e[0]);
	end_close(&e[1]);
}
END_TEST

START_TEST(a_peer_that_restarts_is_found_again)
{
	struct end e[2];

	addresses_make(2);
	end_open(&e[0], 0, 2, 1);
	end_open(&e[1], 1, 2, 2);
	UNTIL(net_links_up(e[0].links, 1) && net_links_up(e[1].links, 0), e, 2);
	for (uint64_t boot = 3; boot < 6; boot++) {
		uint32_t ups = e[0].ups, downs = e[0].downs;

		end_close(&e[1]);
		/* Within the time that silence needs to mean "down", so that only the boot number
		 * tells. */
		end_open(&e[1], 1, 2, boot);
		UNTIL(e[0].ups > ups && e[0].downs > downs && net_links_up(e[1].links, 0), e, 2);
		send_word(&e[0], 1, 0, (uint32_t)boot);
		send_word(&e[1], 0, 0, (uint32_t)boot);
		UNTIL(e[1].got == 1 && e[0].got == boot - 2, e, 2);
	}
	end_close(&e[0]);
	end_close(&e[1]);
}
END_TEST

START_TEST(silence_is_told_as_down_and_the_connection_is_replaced)
{
	struct end e[2];
	struct net_figures f;
	uint64_t now, later;

	addresses_make(2);
	end_open(&e[0], 0, 2, 1);
	end_open(&e[1], 1, 2, 2);
	UNTIL(net_links_up(e[0].links, 1) && net_links_up(e[1].links, 0), e, 2);
	end_close(&e[1]);
	now = scratch_now_ms();
	/* Time is an argument: nobody has to wait. */
	net_links_step(e[0].links, false, now + NET_DOWN_MS);
	ck_assert_uint_eq(e[0].downs, 1);
	ck_assert(!net_links_up(e[0].links, 1));
	later = now + NET_DOWN_MS + NET_RECONNECT_MS;
	net_links_step(e[0].links, false, later); /* and the connection is replaced */
	net_links_figures(&f, e[0].links);
	ck_assert_uint_ge(f.reconnects, 1);
	end_close(&e[0]);
}
END_TEST

START_TEST(strangers_are_counted_and_change_nothing)
{
	struct end e[2];
	struct net_figures f;
	struct net_header h = { NET_DATA, 0, 1, CLUSTER + 1, 2, 0, 4, 0 };
	uint8_t frame[NET_HEADER_BYTES + 4] = { 0 };
	uint8_t *huge = calloc(1, NET_FRAME_MAX + 1);
	int s;

	addresses_make(2);
	end_open(&e[0], 0, 2, 1);
	s = nn_socket(AF_SP, NN_PUSH);
	ck_assert_int_ge(s, 0);
	ck_assert_int_ge(nn_connect(s, addresses[0]), 0);
	net_header_write(frame, &h);                  /* another cluster */
	ck_assert_int_gt(nn_send(s, frame, sizeof frame, 0), 0);
	h.cluster = CLUSTER;
	h.sender = 0;                                 /* as myself */
	net_header_write(frame, &h);
	ck_assert_int_gt(nn_send(s, frame, sizeof frame, 0), 0);
	h.sender = 77;                                /* no such member */
	net_header_write(frame, &h);
	ck_assert_int_gt(nn_send(s, frame, sizeof frame, 0), 0);
	ck_assert_int_gt(nn_send(s, "x", 1, 0), 0);
	UNTIL((net_links_figures(&f, e[0].links), f.malformed == 4), e, 1);
	ck_assert_uint_eq(e[0].got, 0);
	ck_assert_uint_eq(e[0].ups, 0);
	/* Over the limit: nanomsg closes that connection, this process lives on. */
	ck_assert_int_gt(nn_send(s, huge, NET_FRAME_MAX + 1, 0), 0);
	nn_close(s);
	end_open(&e[1], 1, 2, 2);
	UNTIL(net_links_up(e[0].links, 1), e, 2);
	free(huge);
	end_close(&e[0]);
	end_close(&e[1]);
}
END_TEST

START_TEST(peers_come_and_go_while_it_runs)
{
	struct end e[3];

	addresses_make(3);
	for (uint32_t i = 0; i < 3; i++)
		end_open(&e[i], i, 0, i + 1);        /* with nobody known */
	ck_error(net_links_send(e[0].links, 1, 0, (const uint8_t *)"x", 1, 0), SR_ERR_NOT_FOUND);
	ck_ok(net_links_peer(e[0].links, 1, addresses[1], scratch_now_ms()));
	ck_ok(net_links_peer(e[1].links, 0, addresses[0], scratch_now_ms()));
	UNTIL(net_links_up(e[0].links, 1) && net_links_up(e[1].links, 0), e, 3);
	ck_ok(net_links_peer(e[0].links, 99, addresses[2], scratch_now_ms())); /* any seat */
	e[2].settings.self = 99;
	end_close(&e[2]);
	ck_ok(net_links_new(&e[2].links, &e[2].settings, scratch_now_ms()));
	ck_ok(net_links_peer(e[2].links, 0, addresses[0], scratch_now_ms()));
	UNTIL(net_links_up(e[0].links, 99) && net_links_up(e[2].links, 0), e, 3);
	send_word(&e[0], 99, 0, 5);
	UNTIL(e[2].got == 1, e, 3);
	ck_assert_uint_eq(e[2].order[0], 5);

	/* Named again, nothing changes; forgotten, it is gone at once, and what it says is a
	 * stranger's. */
	ck_ok(net_links_peer(e[0].links, 1, addresses[1], scratch_now_ms()));
	ck_assert(net_links_up(e[0].links, 1));
	ck_assert_uint_eq(e[0].downs, 0);
	ck_ok(net_links_peer(e[0].links, 1, NULL, scratch_now_ms()));
	ck_assert(!net_links_up(e[0].links, 1));
	ck_assert_uint_eq(e[0].downs, 1);
	ck_error(net_links_send(e[0].links, 1, 0, (const uint8_t *)"x", 1, 0), SR_ERR_NOT_FOUND);
	send_word(&e[1], 0, 0, 6);
	send_word(&e[2], 0, 0, 7);
	UNTIL(e[0].got == 1, e, 3);
	ck_assert_uint_eq(e[0].order[0], 7);
	ck_ok(net_links_peer(e[0].links, 1, addresses[1], scratch_now_ms()));
	UNTIL(net_links_up(e[0].links, 1), e, 3);
	for (uint32_t i = 0; i < 3; i++)
		end_close(&e[i]);
}
END_TEST

START_TEST(a_peer_that_moves_is_another_peer)
{
	struct end e[3];
	struct net_figures f;

	addresses_make(3);
	end_open(&e[0], 0, 0, 1);
	/* On its seat from the start: what goes into the connection of one that closes is lost. */
	end_settings(&e[1], 1, 0, 2);
	e[1].settings.self = 4;
	ck_ok(net_links_new(&e[1].links, &e[1].settings, scratch_now_ms()));
	end_open(&e[2], 2, 0, 3);
	ck_ok(net_links_peer(e[0].links, 4, "tcp://127.0.0.1:1", scratch_now_ms()));
	send_word(&e[0], 4, 0, 1);                   /* for whoever is at the old address */
	ck_ok(net_links_peer(e[0].links, 4, addresses[1], scratch_now_ms()));
	net_links_figures(&f, e[0].links);
	ck_assert_uint_eq(f.queued_bytes, 0);
	send_word(&e[0], 4, 0, 2);
	ck_ok(net_links_peer(e[1].links, 0, addresses[0], scratch_now_ms()));
	UNTIL(e[1].got == 1 && net_links_up(e[0].links, 4), e, 3);
	ck_assert_uint_eq(e[1].order[0], 2);
	ck_ok(net_links_peer(e[0].links, 4, addresses[2], scratch_now_ms()));
	ck_assert(!net_links_up(e[0].links, 4));     /* nothing was heard from there yet */
	ck_assert_uint_eq(e[0].downs, 1);
	for (uint32_t i = 0; i < 3; i++)
		end_close(&e[i]);
}
END_TEST

START_TEST(who_can_not_be_a_peer_is_refused)
{
	struct end e[1];
	char address[NET_ADDRESS_MAX + 1];

	addresses_make(1);
	end_open(&e[0], 0, 0, 1);
	memset(address, 'x', NET_ADDRESS_MAX);
	address[NET_ADDRESS_MAX] = '\0';
	ck_error(net_links_peer(e[0].links, 0, addresses[0], 0), SR_ERR_NOT_FOUND);
	ck_error(net_links_peer(e[0].links, SR_MEMBERS_MAX, addresses[0], 0), SR_ERR_NOT_FOUND);
	ck_error(net_links_peer(e[0].links, 1, address, 0), SR_ERR_TOO_LONG);
	/* Nonsense is tried, and tried again: a name may come to exist. */
	ck_ok(net_links_peer(e[0].links, 1, "nonsense", 0));
	ck_ok(net_links_peer(e[0].links, 1, NULL, 0));
	ck_ok(net_links_peer(e[0].links, 1, NULL, 0));
	end_close(&e[0]);
}
END_TEST

START_TEST(queues_of_all_peers_stay_within_their_memory_as_peers_come)
{
	struct end e[1];
	uint8_t *big = calloc(1, NET_MESSAGE_MAX);
	struct pollfd *fds = calloc(SR_MEMBERS_MAX + 1, sizeof *fds);
	struct net_figures f;
	uint64_t now = scratch_now_ms();

	addresses_make(1);
	end_open(&e[0], 0, 0, 1);
	ck_ok(net_links_peer(e[0].links, 1, "tcp://127.0.0.1:1", now));
	for (unsigned i = 0; i < 10; i++)
		ck_ok(net_links_send(e[0].links, 1, 0, big, 4u << 20, now));
	net_links_figures(&f, e[0].links);
	ck_assert_uint_eq(f.queued_bytes, NET_QUEUE_BYTES_MAX);
	for (uint32_t i = 2; i < SR_MEMBERS_MAX; i++)
		ck_ok(net_links_peer(e[0].links, i, "tcp://127.0.0.1:1", now));
	net_links_figures(&f, e[0].links);
	ck_assert_uint_eq(f.queued_bytes, 4u << 20); /* a hundredth part holds one of them */
	ck_assert_uint_eq(f.dropped[0], 2 + 7);
	ck_error(net_links_send(e[0].links, 2, 0, big, NET_MESSAGE_MAX, now), SR_ERR_TOO_MANY);
	for (uint32_t i = 2; i < SR_MEMBERS_MAX; i++)
		ck_ok(net_links_send(e[0].links, i, 0, big, 1, now));
	ck_assert_uint_le(net_links_fds(e[0].links, fds, SR_MEMBERS_MAX + 1, true), SR_MEMBERS_MAX);
	/* And there is room again when they have gone. */
	for (uint32_t i = 2; i < SR_MEMBERS_MAX; i++)
		ck_ok(net_links_peer(e[0].links, i, NULL, now));
	for (unsigned i = 0; i < 7; i++)
		ck_ok(net_links_send(e[0].links, 1, 0, big, 4u << 20, now));
	net_links_figures(&f, e[0].links);
	ck_assert_uint_eq(f.queued_bytes, NET_QUEUE_BYTES_MAX);
	free(big);
	free(fds);
	end_close(&e[0]);
}
END_TEST

START_TEST(an_address_in_use_is_refused)
{
	struct end e[2];

	addresses_make(2);
	end_open(&e[0], 0, 2, 1);
	end_settings(&e[1], 0, 2, 2);
	ck_error(net_links_new(&e[1].links, &e[1].settings, 0), SR_ERR_IN_USE);
	end_close(&e[0]);
}
END_TEST

START_TEST(what_can_not_be_sent_is_refused)
{
	struct end e[1];
	uint8_t *big = calloc(1, NET_MESSAGE_MAX + 1);
	struct net_figures f;

	addresses_make(2);
	end_open(&e[0], 0, 2, 1);
	ck_error(net_links_send(e[0].links, 0, 0, big, 1, 0), SR_ERR_NOT_FOUND);
	ck_error(net_links_send(e[0].links, 2, 0, big, 1, 0), SR_ERR_NOT_FOUND);
	ck_error(net_links_send(e[0].links, 1, NET_CLASSES, big, 1, 0), SR_ERR_OUT_OF_RANGE);
	ck_error(net_links_send(e[0].links, 1, 0, big, 0, 0), SR_ERR_EMPTY);
	ck_error(net_links_send(e[0].links, 1, 0, big, NET_MESSAGE_MAX + 1, 0), SR_ERR_TOO_LONG);
	ck_ok(net_links_send(e[0].links, 1, 0, big, NET_MESSAGE_MAX, 0));
	net_links_figures(&f, e[0].links);
	ck_assert_uint_eq(f.refused, 5);
	free(big);
	end_close(&e[0]);
}
END_TEST

/* --- The queue --- */

START_TEST(a_full_queue_drops_the_oldest_of_the_least_urgent)
{
	struct net_queue q = { .bytes_max = 100 };
	uint64_t dropped[NET_CLASSES] = { 0 };
	struct net_item *item;
	uint8_t b[60] = { 0 };
	uint32_t class;

	for (uint64_t i = 0; i < 10; i++)
		ck_ok(net_queue_push(&q, dropped, 3, i, b, 10, 0));
	ck_ok(net_queue_push(&q, dropped, 2, 100, b, 10, 0));       /* a proposal pushes sync out */
	ck_assert_uint_eq(dropped[3], 1);
	ck_ok(net_queue_push(&q, dropped, 0, 200, b, 60, 0));
	ck_assert_uint_eq(dropped[3], 7);
	item = net_queue_first(&q, dropped, &class, 0);
	ck_assert(class == 0 && item->id == 200);
	net_queue_pop(&q, class);
	item = net_queue_first(&q, dropped, &class, 0);
	ck_assert(class == 2 && item->id == 100);
	net_queue_pop(&q, class);
	item = net_queue_first(&q, dropped, &class, 0);
	ck_assert(class == 3 && item->id == 7);
	net_queue_clear(&q);
	ck_assert_uint_eq(q.bytes, 0);
}
END_TEST

START_TEST(sync_never_pushes_a_vote_out)
{
	struct net_queue q = { .bytes_max = 100 };
	uint64_t dropped[NET_CLASSES] = { 0 };
	uint8_t b[60] = { 0 };

	ck_ok(net_queue_push(&q, dropped, 0, 0, b, 60, 0));
	ck_error(net_queue_push(&q, dropped, 3, 1, b, 60, 0), SR_ERR_TOO_MANY);
	ck_assert_uint_eq(dropped[3], 1);
	ck_assert_uint_eq(dropped[0], 0);
	ck_ok(net_queue_push(&q, dropped, 0, 2, b, 60, 0)); /* a newer vote may */
	ck_assert_uint_eq(dropped[0], 1);
	net_queue_clear(&q);
}
END_TEST

START_TEST(the_queue_is_bounded_in_messages_and_in_time)
{
	struct net_queue q = { .bytes_max = 1u << 20 };
	uint64_t dropped[NET_CLASSES] = { 0 };
	uint32_t class;
	uint8_t b = 0;

	for (uint64_t i = 0; i < NET_QUEUE_MESSAGES_MAX + 10; i++)
		ck_ok(net_queue_push(&q, dropped, 1, i, &b, 1, i));
	ck_assert_uint_eq(dropped[1], 10);
	ck_assert_uint_eq(q.classes[1].messages, NET_QUEUE_MESSAGES_MAX);
	ck_assert_ptr_null(
	    net_queue_first(&q, dropped, &class, NET_QUEUE_MESSAGES_MAX + 11 + NET_STALE_MS));
	ck_assert_uint_eq(q.bytes, 0);
	ck_assert_uint_eq(dropped[1], NET_QUEUE_MESSAGES_MAX + 10);
}
END_TEST

/* --- Fragments --- */

static struct net_header fragment(
    uint32_t sender, uint64_t message, uint32_t total, uint32_t offset)
{
	return (struct net_header){ NET_DATA, 2, sender, CLUSTER, 1, message, total, offset };
}

START_TEST(a_header_survives_the_wire_and_every_wrong_one_is_refused)
{
	struct net_header h = fragment(3, 9, 100, 50), back;
	uint8_t frame[NET_HEADER_BYTES + 50] = { 0 }, again[NET_HEADER_BYTES];

	net_header_write(frame, &h);
	ck_ok(net_header_read(&back, frame, sizeof frame));
	net_header_write(again, &back);
	ck_assert_mem_eq(again, frame, NET_HEADER_BYTES);
	for (size_t n = 0; n <= NET_HEADER_BYTES; n++)
		ck_assert(net_header_read(&back, frame, n) != SR_OK);
	for (int byte = 0; byte < 4; byte++) { /* magic, version, kind, class */
		frame[byte] ^= 0x40;
		ck_assert(net_header_read(&back, frame, sizeof frame) != SR_OK);
		frame[byte] ^= 0x40;
	}
	h.total = 99;                          /* more bytes than the message has left */
	net_header_write(frame, &h);
	ck_error(net_header_read(&back, frame, sizeof frame), SR_ERR_OUT_OF_RANGE);
	h.total = NET_MESSAGE_MAX + 1;
	net_header_write(frame, &h);
	ck_error(net_header_read(&back, frame, sizeof frame), SR_ERR_OUT_OF_RANGE);
	h.total = 100;
	h.class = NET_CLASSES;
	net_header_write(frame, &h);
	ck_error(net_header_read(&back, frame, sizeof frame), SR_ERR_OUT_OF_RANGE);
	h.class = NET_CLASSES - 1;
	net_header_write(frame, &h);
	ck_ok(net_header_read(&back, frame, sizeof frame));
	h.kind = NET_HEARTBEAT;
	net_header_write(frame, &h);
	ck_ok(net_header_read(&back, frame, NET_HEADER_BYTES));
	ck_error(net_header_read(&back, frame, sizeof frame), SR_ERR_TRAILING_BYTES);
}
END_TEST

START_TEST(a_gap_loses_the_message_and_is_counted)
{
	struct net_reassembly *r = calloc(1, sizeof *r);
	struct net_header h = fragment(1, 5, 30, 0);
	struct sr_bytes whole;
	uint8_t b[30] = { 1, 2, 3 };
	uint64_t broken = 0;

	ck_error(net_reassembly_add(r, &broken, &h, b, 10, &whole), SR_ERR_NOT_READY);
	h.offset = 20;
	ck_error(net_reassembly_add(r, &broken, &h, b + 20, 10, &whole), SR_ERR_MISSING_ANCESTOR);
	ck_assert_uint_eq(broken, 1);
	ck_assert_uint_eq(r->bytes, 0);
	for (h.offset = 0; h.offset < 20; h.offset += 10)
		ck_error(
		    net_reassembly_add(r, &broken, &h, b + h.offset, 10, &whole), SR_ERR_NOT_READY);
	ck_ok(net_reassembly_add(r, &broken, &h, b + 20, 10, &whole));
	ck_assert_uint_eq(whole.n, 30);
	ck_assert_mem_eq(whole.p, b, 30);
	net_reassembly_release(r, 1, 2);
	ck_assert_uint_eq(r->bytes, 0);
	free(r);
}
END_TEST

START_TEST(unfinished_messages_of_all_peers_stay_within_their_memory)
{
	struct net_reassembly *r = calloc(1, sizeof *r);
	uint8_t *b = calloc(1, NET_FRAGMENT_MAX);
	struct sr_bytes whole;
	uint64_t broken = 0;

	for (uint32_t sender = 0; sender < SR_MEMBERS_MAX; sender++)
		for (uint32_t i = 0; i < 2; i++) {
			struct net_header h = fragment(
			    sender, 1, NET_MESSAGE_MAX, i * NET_FRAGMENT_MAX);

			ck_error(net_reassembly_add(r, &broken, &h, b, NET_FRAGMENT_MAX, &whole),
			    SR_ERR_NOT_READY);
			ck_assert_uint_le(r->bytes, NET_REASSEMBLY_BYTES_MAX);
		}
	ck_assert_uint_eq(r->bytes, NET_REASSEMBLY_BYTES_MAX);
	/* The oldest went first. */
	ck_assert_uint_eq(
	    broken, SR_MEMBERS_MAX - NET_REASSEMBLY_BYTES_MAX / (2 * NET_FRAGMENT_MAX));
	ck_assert_ptr_null(r->slots[0][2].p);
	ck_assert_ptr_nonnull(r->slots[SR_MEMBERS_MAX - 1][2].p);
	for (uint32_t sender = 0; sender < SR_MEMBERS_MAX; sender++)
		net_reassembly_forget(r, sender);
	ck_assert_uint_eq(r->bytes, 0);
	free(r);
	free(b);
}
END_TEST

START_TEST(a_fragment_has_its_limit)
{
	struct net_header h = fragment(3, 9, NET_MESSAGE_MAX, 0), back;
	uint8_t *frame = calloc(1, NET_FRAME_MAX + 1);

	net_header_write(frame, &h);
	ck_ok(net_header_read(&back, frame, NET_FRAME_MAX));
	ck_error(net_header_read(&back, frame, NET_FRAME_MAX + 1), SR_ERR_OUT_OF_RANGE);
	ck_error(net_header_read(&back, frame, NET_HEADER_BYTES), SR_ERR_OUT_OF_RANGE);
	free(frame);
}
END_TEST

START_TEST(fragments_of_two_messages_are_not_put_together)
{
	struct net_reassembly *r = calloc(1, sizeof *r);
	struct net_header h = fragment(1, 5, 20, 0), other = fragment(1, 6, 20, 10);
	struct sr_bytes whole;
	uint8_t b[10] = { 0 };
	uint64_t broken = 0;

	ck_error(net_reassembly_add(r, &broken, &h, b, 10, &whole), SR_ERR_NOT_READY);
	ck_error(net_reassembly_add(r, &broken, &other, b, 10, &whole), SR_ERR_MISSING_ANCESTOR);
	ck_assert_uint_eq(broken, 1);
	ck_error(net_reassembly_add(r, &broken, &h, b, 10, &whole), SR_ERR_NOT_READY);
	h.offset = 10;
	h.total = 21;                          /* the same message, which has become longer */
	ck_error(net_reassembly_add(r, &broken, &h, b, 10, &whole), SR_ERR_MISSING_ANCESTOR);
	ck_assert_uint_eq(broken, 2);
	ck_assert_uint_eq(r->bytes, 0);
	free(r);
}
END_TEST

TEST_MAIN("net_links", two_ends_find_each_other_and_messages_arrive_in_order,
    large_messages_come_through_in_fragments_with_votes_between,
    a_peer_that_restarts_is_found_again, silence_is_told_as_down_and_the_connection_is_replaced,
    strangers_are_counted_and_change_nothing, peers_come_and_go_while_it_runs,
    a_peer_that_moves_is_another_peer, who_can_not_be_a_peer_is_refused,
    queues_of_all_peers_stay_within_their_memory_as_peers_come, an_address_in_use_is_refused,
    what_can_not_be_sent_is_refused, a_full_queue_drops_the_oldest_of_the_least_urgent,
    sync_never_pushes_a_vote_out, the_queue_is_bounded_in_messages_and_in_time,
    a_header_survives_the_wire_and_every_wrong_one_is_refused,
    a_gap_loses_the_message_and_is_counted,
    unfinished_messages_of_all_peers_stay_within_their_memory,
    a_fragment_has_its_limit,
    fragments_of_two_messages_are_not_put_together)
