/* cli/http.h: requests that are held back. Nobody speaks TLS: one port is silent, one closed. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/http.h"
#include "tests/lib/check_main.h"

/* A port where connections are taken and nothing is said; closed: where nobody listens. */
static int port_open(uint16_t *port, bool closed)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*port = ntohs(a.sin_port);
	/* Bound but not listening: nobody else gets it. */
	if (!closed)
		ck_assert_int_eq(listen(fd, 8), 0);
	return fd;
}

struct world {
	struct http *http;
	int silent_fd, closed_fd;
	struct http_request silent, held;
	struct http_request *list[2];
	bool stop_at_held;
	unsigned ended;
};

static struct world begin(uint64_t hold_ms)
{
	struct world w = { 0 };
	uint16_t silent, closed;

	w.silent_fd = port_open(&silent, false);
	w.closed_fd = port_open(&closed, true);
	ck_ok(http_new(&w.http));
	w.silent = (struct http_request){ .verb = HTTP_POST, .fd = -1, .answer_max = 100,
		.timeout_ms = 20000, .body = { (const uint8_t *)"x", 1 } };
	w.held = w.silent;
	w.held.hold_ms = hold_ms;
	snprintf(w.silent.url, sizeof w.silent.url, "https://127.0.0.1:%u/", silent);
	snprintf(w.held.url, sizeof w.held.url, "https://127.0.0.1:%u/", closed);
	return w;
}

static bool done(void *ctx, struct http_request *r)
{
	struct world *w = ctx;

	w->ended++;
	return w->stop_at_held && r == &w->held;
}

/* How long it took. */
static uint64_t run(struct world *w)
{
	uint64_t since = cli_monotonic_ms();

	w->list[0] = &w->silent;
	w->list[1] = &w->held;
	http_run(w->http, w->list, 2, done, NULL, w);
	return cli_monotonic_ms() - since;
}

static void end(struct world *w)
{
	http_request_clear(&w->silent);
	http_request_clear(&w->held);
	http_free(w->http);
	close(w->silent_fd);
	close(w->closed_fd);
}

START_TEST(one_that_is_held_begins_when_its_time_has_come)
{
	struct world w = begin(250);
	uint64_t took_ms;

	w.stop_at_held = true;
	took_ms = run(&w);
	ck_assert_uint_ge(took_ms, 250);
	ck_assert_uint_lt(took_ms, 15000);
	ck_error(w.held.error, SR_ERR_NOT_REACHED);
	ck_error(w.silent.error, SR_ERR_CANCELLED);
	end(&w);
}
END_TEST

START_TEST(it_begins_at_once_when_no_other_is_under_way)
{
	struct world w = begin(60000);
	uint64_t took_ms;

	memcpy(w.silent.url, w.held.url, sizeof w.silent.url);
	took_ms = run(&w);
	ck_assert_uint_lt(took_ms, 15000);
	ck_assert_uint_eq(w.ended, 2);
	ck_error(w.silent.error, SR_ERR_NOT_REACHED);
	ck_error(w.held.error, SR_ERR_NOT_REACHED);
	end(&w);
}
END_TEST

START_TEST(one_that_never_began_is_cancelled)
{
	struct world w = begin(0);

	w.silent.hold_ms = 60000;
	w.stop_at_held = true;
	(void)run(&w);
	ck_error(w.silent.error, SR_ERR_CANCELLED);
	ck_assert_uint_eq(w.ended, 1);
	end(&w);
}
END_TEST

TEST_MAIN("cli_http",
	one_that_is_held_begins_when_its_time_has_come,
	it_begins_at_once_when_no_other_is_under_way,
	one_that_never_began_is_cancelled)
