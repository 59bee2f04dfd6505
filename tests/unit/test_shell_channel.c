/* Channels between real cores, joined by a queue that loses, repeats and changes what it carries.
 */
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#include "enclave/shell_channel.h"
#include "tests/lib/check_main.h"
#include "tests/lib/cluster.h"
#include "tests/lib/seed.h"

#define ENDS 3u
#define FRAMES_MAX 16384u
#define GOT_MAX 256u
#define HEADER 25u                      /* type, session, sequence */

enum { HELLO = 1, DATA = 2, KICK = 3 };

struct frame { uint32_t from, to, class; uint8_t *p; size_t n; };
struct got { uint32_t from; uint8_t *p; size_t n; };

struct net;
struct end {
	struct net *net;
	uint32_t self;
	const struct enclave_core *core;
	struct shell_cert cert;
	struct shell_channels *channels;
	struct got got[GOT_MAX];
	enum sr_error refused;                  /* the last certificate, why */
	size_t got_n, heard;                    /* heard: also those that are not kept */
};

struct net {
	struct cluster *cluster;
	shell_cert_verifier *verify;
	uint64_t now_ms;
	struct end ends[ENDS];
	struct frame frames[FRAMES_MAX];
	size_t first, last;
};

static void on_frame(void *ctx, uint32_t member, uint32_t class, const uint8_t *bytes, size_t n)
{
	struct end *e = ctx;
	struct frame *f = &e->net->frames[e->net->last++];

	ck_assert_uint_lt(e->net->last, FRAMES_MAX);
	*f = (struct frame){ e->self, member, class, malloc(n), n };
	ck_assert_ptr_nonnull(f->p);
	memcpy(f->p, bytes, n);
}

static void on_message(void *ctx, uint32_t member, const uint8_t *bytes, size_t n)
{
	struct end *e = ctx;

	e->heard++;
	if (e->got_n == GOT_MAX)
		return;
	e->got[e->got_n] = (struct got){ member, malloc(n + 1), n };
	ck_assert_ptr_nonnull(e->got[e->got_n].p);
	memcpy(e->got[e->got_n++].p, bytes, n);
}

static void on_refused(void *ctx, uint32_t member, enum sr_error why)
{
	struct end *e = ctx;

	(void)member;
	e->refused = why;
}

static void got_forget(struct end *e)
{
	while (e->got_n > 0)
		free(e->got[--e->got_n].p);
	e->heard = 0;
}

static void end_start(struct end *e)
{
	struct shell_channel_ports ports = { .ctx = e, .frame = on_frame, .message = on_message,
		.refused = on_refused, .verify = e->net->verify };
	struct sr_hash32 nonce;

	ck_ok(sr_random_system(nonce.b, sizeof(nonce.b)));
	ck_ok(shell_cert_init(&e->cert, e->core, &e->net->cluster->measurement, &nonce,
	    e->net->now_ms));
	e->channels = shell_channels_new(e->core, &e->cert, &ports);
	ck_assert_ptr_nonnull(e->channels);
}

static void end_stop(struct end *e)
{
	shell_channels_free(e->channels);
	shell_cert_clear(&e->cert);
	e->channels = NULL;
}

static struct cluster *cluster_booted(uint64_t seed)
{
	struct cluster_options options = { .n = 4, .seed = seed };
	struct cluster *c = cluster_new(&options);

	c->quiet = true;
	cluster_start_all(c);
	return c;
}

static struct net *net_new(void)
{
	struct net *net = calloc(1, sizeof(*net));

	ck_assert_ptr_nonnull(net);
	net->cluster = cluster_booted(7);
	net->now_ms = net->cluster->now_ms;
	for (uint32_t i = 0; i < ENDS; i++) {
		net->ends[i].net = net;
		net->ends[i].self = i;
		net->ends[i].core = net->cluster->nodes[i].core;
		end_start(&net->ends[i]);
	}
	return net;
}

/* The oldest frame; the caller frees it. */
static bool take(struct net *net, struct frame *f)
{
	if (net->first == net->last) {
		net->first = net->last = 0;
		return false;
	}
	*f = net->frames[net->first++];
	return true;
}

static void hand_over(struct net *net, const struct frame *f)
{
	struct end *to = &net->ends[f->to];
	/* A copy of its own size, so that a sanitizer sees a read beyond the end. */
	uint8_t *exact = malloc(f->n > 0 ? f->n : 1);

	ck_assert_ptr_nonnull(exact);
	if (f->n > 0)
		memcpy(exact, f->p, f->n);
	shell_channels_receive(to->channels, f->from, exact, f->n, net->now_ms);
	free(exact);
}

static size_t drop_all(struct net *net)
{
	struct frame f;
	size_t n = 0;

	for (; take(net, &f); n++)
		free(f.p);
	return n;
}

static void pump(struct net *net)
{
	struct frame f;

	for (unsigned i = 0; take(net, &f); i++) {
		ck_assert_uint_lt(i, FRAMES_MAX);
		hand_over(net, &f);
		free(f.p);
	}
}

static void net_free(struct net *net)
{
	drop_all(net);
	for (uint32_t i = 0; i < ENDS; i++) {
		end_stop(&net->ends[i]);
		got_forget(&net->ends[i]);
	}
	cluster_free(net->cluster);
	free(net);
}

static void pass(struct net *net, uint64_t ms)
{
	net->now_ms += ms;
	for (uint32_t i = 0; i < ENDS; i++)
		shell_channels_tick(net->ends[i].channels, net->now_ms);
}

static void link_up(struct net *net, uint32_t a, uint32_t b)
{
	shell_channels_link(net->ends[a].channels, b, true, net->now_ms);
	shell_channels_link(net->ends[b].channels, a, true, net->now_ms);
}

/* 0 and 1 have a session. */
static struct net *net_joined(void)
{
	struct net *net = net_new();

	link_up(net, 0, 1);
	pump(net);
	ck_assert(shell_channels_up(net->ends[0].channels, 1));
	ck_assert(shell_channels_up(net->ends[1].channels, 0));
	return net;
}

static void say(struct net *net, uint32_t from, uint32_t to, const char *text)
{
	shell_channels_send(net->ends[from].channels, to, 2, (const uint8_t *)text, strlen(text),
	    net->now_ms);
}

static bool heard(const struct end *e, size_t i, uint32_t from, const char *text)
{
	return i < e->got_n && e->got[i].from == from && e->got[i].n == strlen(text) &&
	    memcmp(e->got[i].p, text, strlen(text)) == 0;
}

/* The frame that a message becomes, taken out of the queue. */
static struct frame sealed(struct net *net, uint32_t from, uint32_t to, const char *text)
{
	struct frame f;

	pump(net);
	say(net, from, to, text);
	ck_assert(take(net, &f));
	ck_assert_uint_eq(f.p[0], DATA);
	ck_assert_uint_eq(net->first, net->last);
	return f;
}

static uint64_t bad_frames(const struct end *e)
{
	struct shell_channel_figures f;

	shell_channels_figures(&f, e->channels);
	return f.frames_bad;
}

static uint64_t dropped(const struct end *e)
{
	struct shell_channel_figures f;

	shell_channels_figures(&f, e->channels);
	return f.dropped;
}

static uint64_t handshakes(const struct end *e)
{
	struct shell_channel_figures f;

	shell_channels_figures(&f, e->channels);
	return f.handshakes;
}

static uint64_t failures(const struct end *e)
{
	struct shell_channel_figures f;

	shell_channels_figures(&f, e->channels);
	return f.handshakes_failed;
}

/* Messages flow from a to b again within so long, resent as consensus would. */
static void recovers(struct net *net, uint32_t a, uint32_t b, uint64_t limit_ms)
{
	size_t before = net->ends[b].heard;

	for (uint64_t ms = 0; net->ends[b].heard == before && ms <= limit_ms; ms += 250) {
		say(net, a, b, "again");
		pump(net);
		pass(net, 250);
		pump(net);
	}
	ck_assert_uint_gt(net->ends[b].heard, before);
	ck_assert(heard(&net->ends[b], net->ends[b].got_n - 1, a, "again"));
}

/* --- handshakes --- */

START_TEST(a_link_brings_a_channel_and_messages_both_ways)
{
	struct net *net = net_new();

	ck_assert(!shell_channels_up(net->ends[0].channels, 1));
	link_up(net, 0, 1);
	link_up(net, 1, 2);
	pump(net);
	say(net, 0, 1, "from nought");
	say(net, 1, 0, "from one");
	say(net, 2, 1, "from two");
	say(net, 1, 1, "to itself");
	say(net, 1, 77, "to nobody");
	pump(net);
	ck_assert_uint_eq(net->ends[0].got_n, 1);
	ck_assert(heard(&net->ends[0], 0, 1, "from one"));
	ck_assert_uint_eq(net->ends[1].got_n, 2);
	ck_assert(heard(&net->ends[1], 0, 0, "from nought"));
	ck_assert(heard(&net->ends[1], 1, 2, "from two"));
	ck_assert_uint_eq(handshakes(&net->ends[1]), 2);
	ck_assert(!shell_channels_up(net->ends[0].channels, 2));
	net_free(net);
}
END_TEST

START_TEST(the_lower_index_starts_and_the_higher_only_asks)
{
	struct net *net = net_new();
	struct frame f;

	shell_channels_link(net->ends[1].channels, 0, true, net->now_ms);
	ck_assert(take(net, &f));
	ck_assert_uint_eq(f.p[0], KICK);
	ck_assert_uint_eq(f.n, 17);
	hand_over(net, &f);
	free(f.p);
	ck_assert(take(net, &f));
	ck_assert_uint_eq(f.p[0], HELLO);
	ck_assert_uint_eq(f.from, 0);
	hand_over(net, &f);
	free(f.p);
	pump(net);
	ck_assert(shell_channels_up(net->ends[1].channels, 0));
	net_free(net);
}
END_TEST

START_TEST(a_lost_flight_of_the_handshake_is_made_good)
{
	for (unsigned lost = 0; lost < 3; lost++) {
		struct net *net = net_new();
		struct frame f;

		shell_channels_link(net->ends[0].channels, 1, true, net->now_ms);
		for (unsigned i = 0; i < lost; i++) {
			ck_assert(take(net, &f));
			hand_over(net, &f);
			free(f.p);
		}
		ck_assert(take(net, &f));
		ck_assert_uint_eq(f.p[0], HELLO);
		free(f.p);
		ck_assert(!shell_channels_up(net->ends[1].channels, 0));
		recovers(net, 0, 1, 5000);
		recovers(net, 1, 0, 5000);
		net_free(net);
	}
}
END_TEST

START_TEST(late_flights_and_noise_do_not_end_a_handshake_under_way)
{
	struct net *net = net_new();
	struct frame old, f, noise;
	uint8_t bytes[64] = { HELLO };

	/* The third flight of one handshake is held back ... */
	shell_channels_link(net->ends[0].channels, 1, true, net->now_ms);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert(take(net, &f));
		hand_over(net, &f);
		free(f.p);
	}
	ck_assert(take(net, &old));
	drop_all(net);
	/* ... until the next one has begun. */
	pass(net, SHELL_CHANNEL_RENEW_MS);
	ck_assert(take(net, &f));
	ck_assert_uint_eq(f.p[0], HELLO);
	hand_over(net, &f);
	free(f.p);
	hand_over(net, &old);
	free(old.p);
	for (unsigned n = 17; n <= sizeof(bytes); n++) {
		noise = (struct frame){ .from = 0, .to = 1, .p = bytes, .n = n };
		ck_ok(sr_random_system(bytes + 1, n - 1));
		bytes[17] = 23;
		hand_over(net, &noise);
	}
	pump(net);
	ck_assert(shell_channels_up(net->ends[1].channels, 0));
	say(net, 1, 0, "through");
	pump(net);
	ck_assert(heard(&net->ends[0], 0, 1, "through"));
	net_free(net);
}
END_TEST

START_TEST(data_that_overtakes_the_last_flight_starts_nothing_new)
{
	struct net *net = net_new();
	struct frame f, finished;

	shell_channels_link(net->ends[0].channels, 1, true, net->now_ms);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert(take(net, &f));
		hand_over(net, &f);
		free(f.p);
	}
	ck_assert(take(net, &finished));
	f = sealed(net, 0, 1, "early");
	hand_over(net, &f);
	free(f.p);
	ck_assert_uint_eq(drop_all(net), 0);    /* no KICK */
	hand_over(net, &finished);
	free(finished.p);
	ck_assert(shell_channels_up(net->ends[1].channels, 0));
	say(net, 0, 1, "later");
	pump(net);
	ck_assert(heard(&net->ends[1], 0, 0, "later"));
	ck_assert_uint_eq(handshakes(&net->ends[0]), 1);
	net_free(net);
}
END_TEST

START_TEST(a_clock_set_back_an_hour_stops_no_handshake)
{
	struct net *net = net_new();

	link_up(net, 0, 1);
	drop_all(net);
	net->now_ms -= 3600000;
	recovers(net, 0, 1, 5000);
	ck_assert(shell_channels_up(net->ends[1].channels, 0));
	net_free(net);
}
END_TEST

/* --- data --- */

START_TEST(no_truncation_of_a_frame_is_taken)
{
	struct net *net = net_joined();
	struct frame f = sealed(net, 0, 1, "whole or not at all"), part = f;

	for (part.n = 0; part.n < f.n; part.n++)
		hand_over(net, &part);
	pump(net);
	ck_assert_uint_eq(net->ends[1].heard, 0);
	ck_assert_uint_eq(bad_frames(&net->ends[1]), f.n);
	hand_over(net, &f);
	ck_assert(heard(&net->ends[1], 0, 0, "whole or not at all"));
	free(f.p);
	net_free(net);
}
END_TEST

START_TEST(no_changed_bit_of_a_frame_is_taken)
{
	struct net *net = net_joined();
	struct frame f = sealed(net, 0, 1, "every bit counts");

	for (size_t bit = 0; bit < f.n * 8; bit++) {
		uint64_t before = bad_frames(&net->ends[1]);

		f.p[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		hand_over(net, &f);
		f.p[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		ck_assert_uint_eq(net->ends[1].heard, 0);
		if (bit / 8 >= 17)
			ck_assert_uint_eq(bad_frames(&net->ends[1]), before + 1);
	}
	/* Forgeries burn no number: the true frame still counts, once. */
	hand_over(net, &f);
	ck_assert(heard(&net->ends[1], 0, 0, "every bit counts"));
	free(f.p);
	drop_all(net);
	recovers(net, 0, 1, 5000);
	net_free(net);
}
END_TEST

START_TEST(a_frame_counts_once_however_often_it_comes)
{
	struct net *net = net_joined();
	struct frame f = sealed(net, 0, 1, "once");

	for (unsigned i = 0; i < 5; i++)
		hand_over(net, &f);
	ck_assert_uint_eq(net->ends[1].heard, 1);
	ck_assert_uint_eq(bad_frames(&net->ends[1]), 4);
	/* Nor is it taken by whom it was not for, or as the answer to itself. */
	f.to = 2;
	hand_over(net, &f);
	f.from = 1;
	f.to = 0;
	hand_over(net, &f);
	f.from = 2;
	f.to = 1;
	hand_over(net, &f);
	ck_assert_uint_eq(net->ends[0].heard + net->ends[1].heard + net->ends[2].heard, 1);
	free(f.p);
	pump(net);
	say(net, 0, 1, "next");
	pump(net);
	ck_assert(heard(&net->ends[1], 1, 0, "next"));
	net_free(net);
}
END_TEST

START_TEST(frames_may_be_lost_and_overtake_each_other)
{
	struct net *net = net_joined();
	struct frame f[5];
	static const char *const texts[5] = { "a", "b", "c", "d", "e" };

	for (unsigned i = 0; i < 5; i++)
		f[i] = sealed(net, 0, 1, texts[i]);
	for (unsigned i = 5; i-- > 0;)
		if (i != 2)                     /* c is lost */
			hand_over(net, &f[i]);
	ck_assert_uint_eq(net->ends[1].got_n, 4);
	ck_assert(heard(&net->ends[1], 0, 0, "e"));
	ck_assert(heard(&net->ends[1], 1, 0, "d"));
	ck_assert(heard(&net->ends[1], 2, 0, "b"));
	ck_assert(heard(&net->ends[1], 3, 0, "a"));
	for (unsigned i = 0; i < 5; i++)
		free(f[i].p);
	net_free(net);
}
END_TEST

START_TEST(the_window_against_replay_ends_where_it_says)
{
	struct net *net = net_joined();
	struct frame too_old = sealed(net, 0, 1, "too old"), edge = sealed(net, 0, 1, "edge");
	size_t before;

	/* 8,192 numbers are remembered, the newest one among them. */
	for (unsigned i = 0; i < 8191; i++) {
		struct frame f = sealed(net, 0, 1, "x");

		hand_over(net, &f);
		free(f.p);
	}
	before = net->ends[1].heard;
	ck_assert_uint_eq(before, 8191);
	hand_over(net, &too_old);
	ck_assert_uint_eq(net->ends[1].heard, before);
	hand_over(net, &edge);
	ck_assert_uint_eq(net->ends[1].heard, before + 1);
	hand_over(net, &edge);
	ck_assert_uint_eq(net->ends[1].heard, before + 1);
	free(too_old.p);
	free(edge.p);
	net_free(net);
}
END_TEST

START_TEST(frames_of_every_other_kind_are_refused)
{
	struct net *net = net_joined();
	struct frame f = sealed(net, 0, 1, "kind");

	for (unsigned kind = 0; kind < 256; kind++) {
		if (kind == HELLO || kind == DATA || kind == KICK)
			continue;
		f.p[0] = (uint8_t)kind;
		hand_over(net, &f);
	}
	ck_assert_uint_eq(bad_frames(&net->ends[1]), 253);
	f.p[0] = DATA;
	f.from = 1;                     /* from itself; from nobody */
	hand_over(net, &f);
	f.from = UINT32_MAX;
	hand_over(net, &f);
	ck_assert_uint_eq(bad_frames(&net->ends[1]), 255);
	ck_assert_uint_eq(net->ends[1].heard, 0);
	free(f.p);
	net_free(net);
}
END_TEST

START_TEST(the_largest_message_arrives_and_one_more_byte_does_not)
{
	struct net *net = net_joined();
	size_t n = SHELL_CHANNEL_MESSAGE_MAX + 1;
	uint8_t *msg = malloc(n);

	ck_assert_ptr_nonnull(msg);
	memset(msg, 0xa5, n);
	shell_channels_send(net->ends[0].channels, 1, 3, msg, n, net->now_ms);
	ck_assert_uint_eq(dropped(&net->ends[0]), 1);
	shell_channels_send(net->ends[0].channels, 1, 3, msg, n - 1, net->now_ms);
	shell_channels_send(net->ends[0].channels, 1, 3, msg, 0, net->now_ms);
	pump(net);
	ck_assert_uint_eq(net->ends[1].got_n, 2);
	ck_assert_uint_eq(net->ends[1].got[0].n, n - 1);
	ck_assert_mem_eq(net->ends[1].got[0].p, msg, n - 1);
	ck_assert_uint_eq(net->ends[1].got[1].n, 0);
	free(msg);
	net_free(net);
}
END_TEST

/* --- restarts, kicks, new keys --- */

START_TEST(a_peer_that_started_again_is_met_again)
{
	for (uint32_t who = 0; who < 2; who++) {
		struct net *net = net_joined();

		end_stop(&net->ends[who]);
		end_start(&net->ends[who]);
		say(net, !who, who, "into the void");
		pump(net);
		pass(net, SHELL_CHANNEL_RETRY_MS);
		pump(net);
		ck_assert(shell_channels_up(net->ends[who].channels, !who));
		ck_assert_uint_eq(net->ends[who].heard, 0);
		recovers(net, !who, who, 0);
		recovers(net, who, !who, 0);
		net_free(net);
	}
}
END_TEST

START_TEST(frames_from_before_a_restart_are_worth_nothing_after)
{
	struct net *net = net_joined();
	struct frame f = sealed(net, 0, 1, "yesterday");

	end_stop(&net->ends[1]);
	end_start(&net->ends[1]);
	hand_over(net, &f);
	recovers(net, 0, 1, 5000);
	hand_over(net, &f);
	for (size_t i = 0; i < net->ends[1].got_n; i++)
		ck_assert(!heard(&net->ends[1], i, 0, "yesterday"));
	free(f.p);
	net_free(net);
}
END_TEST

START_TEST(a_forged_kick_drops_no_session_and_costs_little)
{
	struct net *net = net_joined();
	struct frame held = sealed(net, 0, 1, "held"), back = sealed(net, 1, 0, "back");
	uint8_t kick[17] = { KICK };

	for (unsigned i = 0; i < 400; i++) {
		struct frame f = { .from = i & 1, .to = !(i & 1), .p = kick, .n = sizeof(kick) };

		if (i & 2)
			memcpy(kick + 1, held.p + 1, 16);
		else
			ck_ok(sr_random_system(kick + 1, 16));
		hand_over(net, &f);
		ck_assert(shell_channels_up(net->ends[0].channels, 1));
		ck_assert(shell_channels_up(net->ends[1].channels, 0));
	}
	ck_assert_uint_le(drop_all(net), 2);    /* one try each, whatever is asked */
	hand_over(net, &held);
	hand_over(net, &back);
	ck_assert(heard(&net->ends[1], 0, 0, "held"));
	ck_assert(heard(&net->ends[0], 0, 1, "back"));
	free(held.p);
	free(back.p);
	net_free(net);
}
END_TEST

START_TEST(new_keys_each_hour_and_no_message_lost)
{
	struct net *net = net_joined();
	struct frame old = sealed(net, 0, 1, "sealed with the old keys"), f;
	struct frame older = sealed(net, 0, 1, "too late");

	pass(net, SHELL_CHANNEL_RENEW_MS - 1);
	ck_assert_uint_eq(drop_all(net), 0);
	pass(net, 1);
	say(net, 0, 1, "during");
	pump(net);
	ck_assert(heard(&net->ends[1], 0, 0, "during"));
	ck_assert_uint_eq(handshakes(&net->ends[0]), 2);
	ck_assert_uint_eq(handshakes(&net->ends[1]), 2);
	f = sealed(net, 0, 1, "after");
	ck_assert(memcmp(f.p + 1, old.p + 1, 16) != 0);
	hand_over(net, &f);
	hand_over(net, &old);
	hand_over(net, &old);
	ck_assert_uint_eq(net->ends[1].got_n, 3);
	ck_assert(heard(&net->ends[1], 1, 0, "after"));
	ck_assert(heard(&net->ends[1], 2, 0, "sealed with the old keys"));
	free(f.p);
	free(old.p);
	/* Two renewals later the first keys are gone. */
	pass(net, SHELL_CHANNEL_RENEW_MS);
	pump(net);
	hand_over(net, &older);
	ck_assert_uint_eq(net->ends[1].got_n, 3);
	free(older.p);
	net_free(net);
}
END_TEST

/* --- waiting --- */

START_TEST(so_many_messages_wait_and_the_oldest_go)
{
	struct net *net = net_new();
	uint8_t number[2];

	for (unsigned i = 0; i < 1000; i++) {
		number[0] = (uint8_t)i;
		number[1] = (uint8_t)(i >> 8);
		shell_channels_send(net->ends[0].channels, 1, 1, number, 2, net->now_ms);
	}
	ck_assert_uint_eq(dropped(&net->ends[0]), 1000 - SHELL_CHANNEL_WAITING_MAX);
	pump(net);
	ck_assert_uint_eq(net->ends[1].got_n, SHELL_CHANNEL_WAITING_MAX);
	for (size_t i = 0; i < net->ends[1].got_n; i++) {
		size_t want = 1000 - SHELL_CHANNEL_WAITING_MAX + i;

		ck_assert_uint_eq(net->ends[1].got[i].p[0] + 256u * net->ends[1].got[i].p[1], want);
	}
	net_free(net);
}
END_TEST

START_TEST(so_many_bytes_wait)
{
	struct net *net = net_new();
	size_t n = SHELL_CHANNEL_WAITING_BYTES_MAX;
	uint8_t *msg = calloc(1, n + 1);

	ck_assert_ptr_nonnull(msg);
	shell_channels_send(net->ends[0].channels, 1, 1, msg, n + 1, net->now_ms);
	ck_assert_uint_eq(dropped(&net->ends[0]), 1);
	shell_channels_send(net->ends[0].channels, 1, 1, msg, n / 2, net->now_ms);
	shell_channels_send(net->ends[0].channels, 1, 1, msg, n / 2, net->now_ms);
	ck_assert_uint_eq(dropped(&net->ends[0]), 1);
	shell_channels_send(net->ends[0].channels, 1, 1, msg, 1, net->now_ms);
	ck_assert_uint_eq(dropped(&net->ends[0]), 2);
	shell_channels_send(net->ends[0].channels, 1, 1, msg, n, net->now_ms);
	ck_assert_uint_eq(dropped(&net->ends[0]), 4);
	pump(net);
	ck_assert_uint_eq(net->ends[1].got_n, 1);
	ck_assert_uint_eq(net->ends[1].got[0].n, n);
	free(msg);
	net_free(net);
}
END_TEST

/* --- certificates --- */

/* What a forger may choose; forge_honest() makes the true one of a member. */
struct forgery {
	const char *role;
	struct sr_hash32 chain_id, measurement, nonce;
	uint32_t member;
	struct sr_edsk id;
	struct sr_edpk id_key;           /* as the binding names it */
	const uint8_t *evidence;         /* what it carries besides; NULL: nothing */
	size_t evidence_n;
	uint8_t report_data[64];         /* set: what evidence has to be over */
	bool no_certificate, no_extension, other_spki, bad_signature, trailing, short_binding;
	uint8_t kind, tag_last;
};

static struct sr_edsk identity_of(const struct cluster *c, uint32_t member)
{
	struct sr_key32 seed = cluster_identity_seed(c, member), id_seed;
	struct sr_drbg drbg;
	struct sr_edsk sk;
	struct sr_edpk pk;

	sr_drbg_init(&drbg, &seed);
	ck_ok(sr_drbg_fill(&drbg, id_seed.b, sizeof(id_seed.b)));
	sr_ed25519_keypair(&sk, &pk, &id_seed);
	ck_assert_mem_eq(pk.b, c->genesis->members[member].id_key.b, 32);
	return sk;
}

static struct forgery forge_honest(const struct cluster *c, uint32_t member)
{
	struct forgery f = { .role = "validateer", .chain_id = c->genesis->chain_id,
		.measurement = c->measurement, .member = member, .kind = 1, .tag_last = 2 };

	f.nonce = sr_hash("fresh", 5);
	f.id = identity_of(c, member);
	f.id_key = c->genesis->members[member].id_key;
	return f;
}

static void forge_extension(struct sr_writer *w, const struct forgery *f, gnutls_x509_crt_t crt)
{
	static const uint8_t tag[4] = { 0xda, 0x73, 0x72, 0x00 };
	struct sr_writer b;
	struct sr_sig64 sig;
	struct sr_hash32 spki;
	size_t n = 32;

	ck_assert_int_eq(gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, spki.b, &n), 0);
	spki.b[0] ^= f->other_spki;
	sr_writer_init(&b, 256);
	sr_write_copy(&b, (const uint8_t *)f->role, strlen(f->role));
	sr_write_hash(&b, &f->chain_id);
	sr_write_u32(&b, f->member);
	sr_write_copy(&b, f->id_key.b, 32);
	sr_write_hash(&b, &f->measurement);
	sr_write_hash(&b, &f->nonce);
	sr_write_hash(&b, &spki);
	if (f->short_binding)
		b.n--;
	sr_sign(&sig, &f->id, "strongroom channel v1", b.p, b.n);
	sig.b[0] ^= f->bad_signature;
	sr_write_copy(w, tag, 4);
	sr_write_u8(w, f->tag_last);
	sr_write_u8(w, 0x84);
	sr_write_u8(w, f->kind);
	sr_write_u8(w, 0x58);
	sr_write_u8(w, (uint8_t)b.n);
	sr_write_copy(w, b.p, b.n);
	sr_write_u8(w, 0x58);
	sr_write_u8(w, 64);
	sr_write_sig(w, &sig);
	if (f->evidence_n > 0) {                 /* a byte string of two bytes' length */
		sr_write_u8(w, 0x59);
		sr_write_u8(w, (uint8_t)(f->evidence_n >> 8));
		sr_write_u8(w, (uint8_t)f->evidence_n);
		sr_write_copy(w, f->evidence, f->evidence_n);
	} else {
		sr_write_u8(w, 0x40);
	}
	if (f->trailing)
		sr_write_u8(w, 0);
	sr_writer_clear(&b);
}

/* out: credentials and the certificate as DER (the caller frees der.data with gnutls_free). */
static void forge(struct shell_cert *out, gnutls_datum_t *der, const struct forgery *f)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	struct sr_writer w;

	ck_assert_int_eq(gnutls_x509_privkey_init(&key), 0);
	ck_assert_int_eq(gnutls_x509_crt_init(&crt), 0);
	ck_assert_int_eq(gnutls_certificate_allocate_credentials(&out->credentials), 0);
	ck_assert_int_eq(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
	    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0), 0);
	ck_assert_int_eq(gnutls_x509_crt_set_version(crt, 3), 0);
	ck_assert_int_eq(gnutls_x509_crt_set_key(crt, key), 0);
	ck_assert_int_eq(gnutls_x509_crt_set_serial(crt, "\x01", 1), 0);
	ck_assert_int_eq(gnutls_x509_crt_set_activation_time(crt, 1700000000), 0);
	ck_assert_int_eq(gnutls_x509_crt_set_expiration_time(crt, 1900000000), 0);
	sr_writer_init(&w, 1024);
	forge_extension(&w, f, crt);
	ck_ok(sr_writer_finish(&w));
	if (!f->no_extension)
		ck_assert_int_eq(gnutls_x509_crt_set_extension_by_oid(crt, SHELL_CERT_OID, w.p, w.n,
		    0), 0);
	ck_assert_int_eq(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
	if (!f->no_certificate)
		ck_assert_int_eq(
		    gnutls_certificate_set_x509_key(out->credentials, &crt, 1, key), 0);
	ck_assert_int_eq(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, der), 0);
	sr_writer_clear(&w);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
}

static enum sr_error verdict(const struct cluster *c, uint32_t member, const struct forgery *f)
{
	struct shell_cert cert = { .credentials = NULL };
	gnutls_datum_t der;
	struct sr_hash32 nonce;
	enum sr_error err;

	forge(&cert, &der, f);
	err = shell_cert_verify(&nonce, c->nodes[0].core, member, der.data, der.size, NULL,
	    c->now_ms);
	if (err == SR_OK)
		ck_assert_mem_eq(nonce.b, f->nonce.b, 32);
	gnutls_free(der.data);
	shell_cert_clear(&cert);
	return err;
}

START_TEST(each_flaw_of_a_certificate_has_its_error)
{
	struct cluster *c = cluster_booted(7), *other = cluster_booted(8);
	struct forgery good = forge_honest(c, 1), f;
	static const uint8_t more[300] = { 1 };

	ck_ok(verdict(c, 1, &good));
	ck_error(verdict(c, 2, &good), SR_ERR_EVIDENCE_SEAT);
	ck_error(verdict(c, 4, &good), SR_ERR_NOT_A_MEMBER);
	ck_error(verdict(c, UINT32_MAX, &good), SR_ERR_NOT_A_MEMBER);
	f = good, f.member = 4;
	ck_error(verdict(c, 4, &f), SR_ERR_NOT_A_MEMBER);
	f = good, f.member = 2;
	ck_error(verdict(c, 1, &f), SR_ERR_EVIDENCE_SEAT);
	ck_error(verdict(c, 2, &f), SR_ERR_EVIDENCE_SEAT);      /* 1 on 2's seat */
	f.id_key = c->genesis->members[2].id_key;
	ck_error(verdict(c, 2, &f), SR_ERR_BAD_SIGNATURE);      /* 1's key for 2's name */
	f = forge_honest(other, 1);
	ck_error(verdict(c, 1, &f), SR_ERR_WRONG_CHAIN);
	f.chain_id = good.chain_id;
	f.measurement = good.measurement;
	ck_error(verdict(c, 1, &f), SR_ERR_EVIDENCE_SEAT);
	f.id_key = good.id_key;
	ck_error(verdict(c, 1, &f), SR_ERR_BAD_SIGNATURE);
	f = good, f.no_extension = true;
	ck_error(verdict(c, 1, &f), SR_ERR_EVIDENCE_BAD);
	f = good, f.other_spki = true;
	ck_error(verdict(c, 1, &f), SR_ERR_BINDING);
	f = good, f.role = "validatees";
	ck_error(verdict(c, 1, &f), SR_ERR_EVIDENCE_ROLE);
	f = good, f.short_binding = true;
	ck_error(verdict(c, 1, &f), SR_ERR_EVIDENCE_ROLE);
	f = good, f.measurement.b[5] ^= 1;
	ck_error(verdict(c, 1, &f), SR_ERR_MEASUREMENT);
	f = good, f.bad_signature = true;
	ck_error(verdict(c, 1, &f), SR_ERR_BAD_SIGNATURE);
	f = good, f.trailing = true;
	ck_error(verdict(c, 1, &f), SR_ERR_TRAILING_BYTES);
	f = good, f.kind = 2;
	ck_error(verdict(c, 1, &f), SR_ERR_EVIDENCE_KIND);
	f = good, f.tag_last = 1;
	ck_error(verdict(c, 1, &f), SR_ERR_EVIDENCE_KIND);
	f = good, f.evidence = more, f.evidence_n = sizeof(more);
	ck_error(verdict(c, 1, &f), SR_ERR_TRAILING_BYTES);
	cluster_free(other);
	cluster_free(c);
}
END_TEST

START_TEST(bytes_that_are_no_certificate_are_refused)
{
	struct cluster *c = cluster_booted(7);
	struct forgery good = forge_honest(c, 1);
	struct shell_cert cert = { .credentials = NULL };
	gnutls_datum_t der;
	uint8_t *long_one = calloc(1, SHELL_CERT_BYTES_MAX + 1);
	struct sr_hash32 nonce;

	forge(&cert, &der, &good);
	for (unsigned n = 0; n < der.size; n++) {
		uint8_t *cut = malloc(n + 1);

		ck_assert_ptr_nonnull(cut);
		memcpy(cut, der.data, n);
		ck_error(shell_cert_verify(&nonce, c->nodes[0].core, 1, cut, n, NULL, 0),
		    SR_ERR_BAD_ENCODING);
		free(cut);
	}
	ck_error(shell_cert_verify(&nonce, c->nodes[0].core, 1, long_one, SHELL_CERT_BYTES_MAX + 1,
	    NULL, 0), SR_ERR_TOO_LONG);
	free(long_one);
	gnutls_free(der.data);
	shell_cert_clear(&cert);
	cluster_free(c);
}
END_TEST

/* --- Evidence of machines --- */

/* A FAKE of attest_evidence_verify: evidence = kind | debug | report data 64 | measurement 32. What
 * is genuine is tested with attest/; here only what the channels make of it. */
static enum sr_error fake_verify(struct attest_facts *facts, struct sr_bytes evidence,
    const struct attest_trust *trust, uint64_t time_s)
{
	ck_assert_ptr_nonnull(trust);
	ck_assert_uint_gt(time_s, 0);
	if (evidence.n != 98)
		return SR_ERR_EVIDENCE_FORMAT;
	memset(facts, 0, sizeof *facts);
	facts->kind = (enum attest_kind)evidence.p[0];
	facts->debug = evidence.p[1] != 0;
	facts->status = ATTEST_UP_TO_DATE;
	facts->valid_to_s = UINT64_MAX;
	memcpy(facts->report_data, evidence.p + 2, 64);
	memcpy(facts->measurement, evidence.p + 66, 32);
	facts->measurement_n = 32;
	return SR_OK;
}

struct draft { struct shell_cert cert; struct sr_hash32 nonce; uint8_t evidence[98]; };

/* Member 1's certificate that waits for evidence, and the right one. */
static void draft_begin(struct draft *d, const struct cluster *c, uint8_t nonce)
{
	memset(d, 0, sizeof *d);
	d->nonce.b[0] = nonce;
	ck_ok(shell_cert_begin(
	    &d->cert, c->nodes[1].core, &c->measurement, &d->nonce, c->now_ms));
	d->evidence[0] = ATTEST_KIND_SNP;
	memcpy(d->evidence + 2, d->cert.report_data, 64);
	memcpy(d->evidence + 66, c->measurement.b, 32);
}

static enum sr_error draft_verdict(struct draft *d, const struct cluster *c, size_t evidence_n,
    shell_cert_verifier *verify)
{
	gnutls_x509_crt_t *crts;
	gnutls_datum_t der;
	struct sr_hash32 nonce;
	unsigned n;
	enum sr_error err;

	ck_ok(shell_cert_finish(
	    &d->cert, c->nodes[1].core, (struct sr_bytes){ d->evidence, evidence_n }));
	ck_assert_int_ge(gnutls_certificate_get_x509_crt(d->cert.credentials, 0, &crts, &n), 0);
	ck_assert_int_eq(gnutls_x509_crt_export2(crts[0], GNUTLS_X509_FMT_DER, &der), 0);
	err = shell_cert_verify(
	    &nonce, c->nodes[0].core, 1, der.data, der.size, verify, c->now_ms);
	gnutls_free(der.data);
	for (unsigned i = 0; i < n; i++)
		gnutls_x509_crt_deinit(crts[i]);
	gnutls_free(crts);
	shell_cert_clear(&d->cert);
	return err;
}

/* What verified evidence says is judged by the core, and a cluster of software members takes no
 * other kind. */
START_TEST(evidence_is_verified_by_its_kind_and_then_judged)
{
	struct cluster *c = cluster_booted(7);
	struct draft d, other;

	draft_begin(&d, c, 1);
	ck_error(draft_verdict(&d, c, 98, NULL), SR_ERR_EVIDENCE_KIND);
	draft_begin(&d, c, 1);
	ck_error(draft_verdict(&d, c, 98, attest_evidence_verify), SR_ERR_EVIDENCE_FORMAT);
	draft_begin(&d, c, 1);
	ck_error(draft_verdict(&d, c, 97, fake_verify), SR_ERR_EVIDENCE_FORMAT);
	draft_begin(&d, c, 1);
	ck_error(draft_verdict(&d, c, 98, fake_verify), SR_ERR_EVIDENCE_KIND);
	/* The kind that the certificate names is not the kind that was verified. */
	draft_begin(&d, c, 1);
	d.evidence[0] = ATTEST_KIND_SOFTWARE;
	ck_error(draft_verdict(&d, c, 98, fake_verify), SR_ERR_TRAILING_BYTES);
	/* Two drafts ask for two evidences. */
	draft_begin(&d, c, 1);
	draft_begin(&other, c, 1);
	ck_assert(memcmp(d.cert.report_data, other.cert.report_data, 64) != 0);
	shell_cert_clear(&d.cert);
	shell_cert_clear(&other.cert);
	cluster_free(c);
}
END_TEST

START_TEST(the_largest_evidence_fits_a_certificate)
{
	struct cluster *c = cluster_booted(7);
	struct sr_hash32 nonce = { { 1 } };
	uint8_t *evidence = calloc(1, ATTEST_EVIDENCE_MAX);
	struct shell_cert cert;

	ck_ok(shell_cert_begin(&cert, c->nodes[1].core, &c->measurement, &nonce, c->now_ms));
	evidence[0] = ATTEST_KIND_SGX;
	ck_ok(shell_cert_finish(
	    &cert, c->nodes[1].core, (struct sr_bytes){ evidence, ATTEST_EVIDENCE_MAX }));
	shell_cert_clear(&cert);
	free(evidence);
	cluster_free(c);
}
END_TEST

START_TEST(a_certificate_that_was_replaced_is_not_taken_again)
{
	struct net *net = net_new();
	struct end *e = &net->ends[1];
	struct shell_cert old, next;
	struct sr_hash32 nonce = { { 9 } };

	ck_ok(shell_cert_init(
	    &next, e->core, &net->cluster->measurement, &nonce, net->now_ms));
	link_up(net, 0, 1);
	pump(net);
	ck_assert(shell_channels_up(net->ends[0].channels, 1));
	old = e->cert;
	e->cert = next;
	shell_channels_renew(e->channels, &e->cert);
	pass(net, SHELL_CHANNEL_RENEW_MS);
	pump(net);
	ck_assert_uint_eq(handshakes(&net->ends[0]), 2);
	recovers(net, 0, 1, 0);
	/* Whoever has the old key, now, is refused by its name. */
	e->cert = old;
	shell_channels_renew(e->channels, &e->cert);
	pass(net, SHELL_CHANNEL_RENEW_MS);
	pump(net);
	ck_assert_uint_eq(handshakes(&net->ends[0]), 2);
	ck_assert_int_eq(net->ends[0].refused, SR_ERR_REPLAYED);
	e->cert = next;
	shell_channels_renew(e->channels, &e->cert);
	pass(net, SHELL_CHANNEL_RETRY_MS);
	pump(net);
	ck_assert_uint_eq(handshakes(&net->ends[0]), 3);
	shell_cert_clear(&old);
	net_free(net);
}
END_TEST

START_TEST(a_handshake_under_way_goes_on_with_the_new_certificate)
{
	struct net *net = net_new();
	struct end *e = &net->ends[0];
	struct shell_cert old = e->cert;
	struct sr_hash32 nonce = { { 9 } };

	shell_channels_link(e->channels, 1, true, net->now_ms);
	ck_ok(shell_cert_init(
	    &e->cert, e->core, &net->cluster->measurement, &nonce, net->now_ms));
	shell_channels_renew(e->channels, &e->cert);
	shell_cert_clear(&old);
	recovers(net, 0, 1, 2000);
	net_free(net);
}
END_TEST

/* Member 1's end is in a stranger's hands; 0 and 2 are honest, so that it is both server and
 * client. */
static void stranger_fails(struct net *net, const struct forgery *f, bool may_pose)
{
	struct end *e = &net->ends[1];
	struct shell_channel_ports ports = { .ctx = e, .frame = on_frame, .message = on_message,
		.refused = on_refused, .verify = e->net->verify };
	gnutls_datum_t der;

	end_stop(e);
	forge(&e->cert, &der, f);
	gnutls_free(der.data);
	e->channels = shell_channels_new(e->core, &e->cert, &ports);
	link_up(net, 0, 1);
	link_up(net, 1, 2);
	for (unsigned i = 0; i < 20; i++) {
		say(net, 1, 0, "let me in");
		say(net, 1, 2, "let me in");
		say(net, 0, 1, "for member 1 alone");
		say(net, 2, 1, "for member 1 alone");
		pump(net);
		pass(net, SHELL_CHANNEL_RETRY_MS);
		pump(net);
	}
	ck_assert(shell_channels_up(net->ends[0].channels, 1) == may_pose);
	ck_assert(shell_channels_up(net->ends[2].channels, 1) == may_pose);
	ck_assert((net->ends[0].heard > 0) == may_pose);
	ck_assert((net->ends[2].heard > 0) == may_pose);
	ck_assert((e->heard > 0) == may_pose);
	/* However fast it fails, it is tried no more often than that. */
	ck_assert_uint_le(failures(&net->ends[0]), 21);
	ck_assert_uint_le(failures(&net->ends[2]), 21);
}

START_TEST(a_stranger_without_a_members_key_gets_no_channel)
{
	struct net *net = net_new();
	struct forgery f = forge_honest(net->cluster, 1);

	f.id = identity_of(net->cluster, 3);
	stranger_fails(net, &f, false);
	net_free(net);
	net = net_new();
	f = forge_honest(net->cluster, 3);      /* another member, as itself, in 1's place */
	stranger_fails(net, &f, false);
	net_free(net);
	net = net_new();
	f = forge_honest(net->cluster, 1);
	f.no_extension = true;
	stranger_fails(net, &f, false);
	net_free(net);
	net = net_new();
	f.no_certificate = true;
	stranger_fails(net, &f, false);
	net_free(net);
}
END_TEST

/* The check above can fail: whoever has the identity key is let in. */
START_TEST(the_members_key_is_all_that_a_stranger_lacks)
{
	struct net *net = net_new();
	struct forgery f = forge_honest(net->cluster, 1);

	stranger_fails(net, &f, true);
	net_free(net);
}
END_TEST

START_TEST(a_member_does_not_talk_to_its_own_reflection)
{
	struct net *net = net_new();
	struct frame f;

	link_up(net, 0, 1);
	for (unsigned i = 0; i < 50 && take(net, &f); i++) {
		f.to = f.from;                  /* everything 0 says comes back as if from 1 */
		f.from = !f.to;
		hand_over(net, &f);
		free(f.p);
	}
	ck_assert(!shell_channels_up(net->ends[0].channels, 1));
	ck_assert(!shell_channels_up(net->ends[1].channels, 0));
	net_free(net);
}
END_TEST

/* Its place in the window is that of a newer one, which was lost. */
START_TEST(a_frame_from_before_the_window_does_not_pass_for_a_lost_one)
{
	struct net *net = net_joined();
	struct frame old = sealed(net, 0, 1, "old"), lost, newest;
	size_t before;

	for (unsigned i = 0; i < 8191; i++) {
		struct frame f = sealed(net, 0, 1, "x");

		hand_over(net, &f);
		free(f.p);
	}
	lost = sealed(net, 0, 1, "lost");
	newest = sealed(net, 0, 1, "newest");
	hand_over(net, &newest);
	before = net->ends[1].heard;
	hand_over(net, &old);
	ck_assert_uint_eq(net->ends[1].heard, before);
	hand_over(net, &lost);
	ck_assert_uint_eq(net->ends[1].heard, before + 1);
	free(old.p);
	free(lost.p);
	free(newest.p);
	net_free(net);
}
END_TEST

TEST_MAIN("shell channels",
    a_link_brings_a_channel_and_messages_both_ways,
    the_lower_index_starts_and_the_higher_only_asks,
    a_lost_flight_of_the_handshake_is_made_good,
    late_flights_and_noise_do_not_end_a_handshake_under_way,
    data_that_overtakes_the_last_flight_starts_nothing_new,
    a_clock_set_back_an_hour_stops_no_handshake,
    no_truncation_of_a_frame_is_taken,
    no_changed_bit_of_a_frame_is_taken,
    a_frame_counts_once_however_often_it_comes,
    frames_may_be_lost_and_overtake_each_other,
    the_window_against_replay_ends_where_it_says,
    frames_of_every_other_kind_are_refused,
    the_largest_message_arrives_and_one_more_byte_does_not,
    a_peer_that_started_again_is_met_again,
    frames_from_before_a_restart_are_worth_nothing_after,
    a_forged_kick_drops_no_session_and_costs_little,
    new_keys_each_hour_and_no_message_lost,
    so_many_messages_wait_and_the_oldest_go,
    so_many_bytes_wait,
    each_flaw_of_a_certificate_has_its_error,
    bytes_that_are_no_certificate_are_refused,
    evidence_is_verified_by_its_kind_and_then_judged,
    the_largest_evidence_fits_a_certificate,
    a_certificate_that_was_replaced_is_not_taken_again,
    a_handshake_under_way_goes_on_with_the_new_certificate,
    a_stranger_without_a_members_key_gets_no_channel,
    the_members_key_is_all_that_a_stranger_lacks,
    a_member_does_not_talk_to_its_own_reflection,
    a_frame_from_before_the_window_does_not_pass_for_a_lost_one)
