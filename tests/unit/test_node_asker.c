/* The epoch trail asked from real HTTPS servers of other members, all in this process. */
#include "node/asker.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "enclave/client_wire.h"
#include "enclave/genesis.h"
#include "node/http.h"
#include "tests/lib/check_main.h"
#include "tests/lib/scratch.h"

#define MIB (1024u * 1024u)
#define DEADLINE_MS 20000u

static struct blobs *blobs;
static struct repair *repair;
static struct asker *asker;
static struct desk desk;
static struct http *http;
static struct sr_hash32 pin;
static char url[64];
static int wake_fd;

static void setup(void)
{
	struct http_settings settings = { .host = "127.0.0.1", .clients_max = 10,
		.request_timeout_ms = 10000, .desk = &desk };
	char key[300], cert[300];

	ck_assert(mkdir(scratch_path("https"), 0700) == 0);
	ck_assert(mkdir(scratch_path("blobs"), 0700) == 0);
	ck_ok(https_make(&pin, scratch_path("https")));
	snprintf(key, sizeof key, "%s", scratch_path("https/https.key"));
	snprintf(cert, sizeof cert, "%s", scratch_path("https/https.crt"));
	settings.key_path = key;
	settings.cert_path = cert;
	ck_ok(blobs_open(&blobs, scratch_path("blobs"), 100 * MIB, 1000, 0));
	settings.blobs = blobs;
	ck_ok(desk_init(&desk));
	desk.figures.running = true;
	ck_ok(http_start(&http, &settings));
	snprintf(url, sizeof url, "https://127.0.0.1:%u", http_port(http));
	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ck_assert_int_ge(wake_fd, 0);
	ck_ok(repair_start(&repair, blobs, 3, 0));
	ck_ok(asker_start(&asker, repair, wake_fd));
}

static void teardown(void)
{
	asker_stop(asker);
	repair_stop(repair);
	desk_close(&desk);
	http_stop(http);
	desk_clear(&desk);
	blobs_close(blobs);
	close(wake_fd);
}

/* What its enclave answers: this page, of as many epochs; the step that was asked for. */
static uint64_t serve(uint64_t total, uint64_t first, const char *steps)
{
	struct epoch_trail_page page = { total, first, 1,
		{ (const uint8_t *)steps, strlen(steps) } };
	struct pollfd p = { .fd = desk.wake_fd, .events = POLLIN };
	uint64_t token, asked = 0, ignored;
	struct sr_reader r;
	struct sr_writer w;
	uint32_t method;
	uint8_t *bytes;
	size_t n;

	ck_assert_int_eq(poll(&p, 1, DEADLINE_MS), 1);
	(void)!read(desk.wake_fd, &ignored, sizeof ignored);
	ck_ok(desk_take(&desk, &token, &method, &bytes, &n));
	ck_assert_uint_eq(method, CLIENT_TRAIL);
	sr_reader_init(&r, bytes, n);
	asked = sr_read_u64(&r);
	ck_ok(sr_reader_finish(&r));
	free(bytes);
	sr_writer_init(&w, 1024);
	epoch_trail_page_write(&w, &page);
	ck_ok(sr_writer_finish(&w));
	desk_reply(&desk, token, SR_OK, w.p, w.n);
	sr_writer_clear(&w);
	return asked;
}

static bool answered(struct asker_answer *out, int wait_ms)
{
	struct pollfd p = { .fd = wake_fd, .events = POLLIN };
	uint64_t ignored;

	if (poll(&p, 1, wait_ms) == 1)
		(void)!read(wake_fd, &ignored, sizeof ignored);
	return asker_take(asker, out);
}

/* So late that the next member is asked. */
static uint64_t stuck(uint64_t epoch)
{
	static uint64_t now_ms = 1000;

	asker_watch(asker, epoch, 77, now_ms);
	now_ms += ASKER_STUCK_MS;
	asker_watch(asker, epoch, 77, now_ms);
	return now_ms;
}

START_TEST(who_does_not_move_asks_a_member_for_the_steps_behind_its_epoch)
{
	struct asker_answer a;

	setup();
	ck_ok(repair_peer(repair, 2, url, &pin));
	(void)stuck(5);
	ck_assert_uint_eq(serve(8, 5, "steps"), 5);
	ck_assert(answered(&a, DEADLINE_MS));
	ck_assert_uint_eq(a.first, 5);
	ck_assert_uint_eq(a.n, 9);
	ck_assert_mem_eq(a.p, "\1\0\0\0steps", 9);
	free(a.p);
	ck_assert(!asker_take(asker, &a));
	teardown();
}
END_TEST

START_TEST(who_knows_no_more_than_oneself_tells_nothing)
{
	struct asker_answer a;

	setup();
	ck_ok(repair_peer(repair, 2, url, &pin));
	(void)stuck(5);
	(void)serve(5, 4, "last");
	ck_assert(!answered(&a, 300));
	(void)stuck(6);
	(void)serve(8, 7, "a gap");
	ck_assert(!answered(&a, 300));
	teardown();
}
END_TEST

START_TEST(one_member_is_asked_after_the_other)
{
	struct asker_answer a;
	uint64_t now_ms;

	setup();
	ck_ok(repair_peer(repair, 1, "https://127.0.0.1:1", &pin));
	ck_ok(repair_peer(repair, 2, url, &pin));
	now_ms = stuck(5);
	ck_assert(!answered(&a, 300));
	asker_watch(asker, 5, 77, now_ms + ASKER_EVERY_MS);
	ck_assert_uint_eq(serve(6, 5, "steps"), 5);
	ck_assert(answered(&a, DEADLINE_MS));
	free(a.p);
	teardown();
}
END_TEST

START_TEST(who_moves_asks_nobody)
{
	struct asker_answer a;
	uint64_t token;
	uint32_t method;
	uint8_t *bytes;
	size_t n;

	setup();
	ck_ok(repair_peer(repair, 2, url, &pin));
	for (uint64_t k = 1; k < 100; k++)
		asker_watch(asker, 5, k, k * ASKER_STUCK_MS / 2);
	ck_assert(!answered(&a, 300));
	ck_error(desk_take(&desk, &token, &method, &bytes, &n), SR_ERR_NOT_FOUND);
	teardown();
}
END_TEST

TEST_MAIN("node asker", who_does_not_move_asks_a_member_for_the_steps_behind_its_epoch,
    who_knows_no_more_than_oneself_tells_nothing, one_member_is_asked_after_the_other,
    who_moves_asks_nobody)
