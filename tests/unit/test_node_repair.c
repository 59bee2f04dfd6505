/* Pieces restored from real HTTPS servers of other members, all in this process. */
#include "node/repair.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "blob/code.h"
#include "node/http.h"
#include "tests/lib/check_main.h"
#include "tests/lib/scratch.h"
#include "tests/lib/seed.h"

#define PIECES 4u
#define DATA 2u
#define OWN 3u
#define CIPHER 700001u
#define STRIPE 4096u
#define MIB (1024u * 1024u)
#define DEADLINE_MS 30000u

struct whole { struct vault_payload payload; uint8_t *pieces[PIECES]; struct sr_writer about; };
static struct whole wholes[2];           /* of one size */

struct server { struct blobs *blobs; struct desk desk; struct http *http; char dir[64], url[64]; };
static struct server servers[PIECES];
static struct blobs *mine;
static struct repair *repair;
static struct sr_hash32 pin;

static void payload_make(struct whole *w, struct sr_drbg *rng)
{
	uint8_t *tables = malloc(DATA * (PIECES - DATA) * BLOB_TABLE_BYTES);
	size_t n;

	w->payload = (struct vault_payload){ .plain_bytes = 1, .cipher_bytes = CIPHER,
		.data_pieces = DATA, .pieces_n = PIECES, .stripe_bytes = STRIPE };
	n = blob_piece_bytes(&w->payload);
	for (unsigned i = 0; i < PIECES; i++) {
		w->pieces[i] = malloc(n);
		if (i < DATA)
			ck_ok(sr_drbg_fill(rng, w->pieces[i], n));
	}
	ck_ok(blob_tables_parity(tables, DATA, PIECES));
	blob_code(w->pieces + DATA, PIECES - DATA, tables, w->pieces, DATA, n);
	for (unsigned i = 0; i < PIECES; i++)
		w->payload.piece_hash[i] = sr_hash(w->pieces[i], n);
	free(tables);
	sr_writer_init(&w->about, BLOBS_ABOUT_MAX);
	vault_payload_write(&w->about, &w->payload);
	ck_ok(sr_writer_finish(&w->about));
}

static struct blobs *store_open(const char *name)
{
	struct blobs *blobs = NULL;

	ck_assert(mkdir(scratch_path(name), 0700) == 0);
	ck_ok(blobs_open(&blobs, scratch_path(name), 100 * MIB, 1000, 0));
	return blobs;
}

static void piece_store(struct blobs *blobs, const struct whole *w, unsigned i)
{
	struct blob_put *put;
	size_t n = blob_piece_bytes(&w->payload);

	ck_ok(blobs_put_begin(&put, blobs, &w->payload.piece_hash[i], n));
	ck_ok(blobs_put_write(put, w->pieces[i], n));
	ck_ok(blobs_put_finish(put));
}

/* Member i, with its pieces. */
static void server_start(unsigned i)
{
	struct server *s = &servers[i];
	struct http_settings settings = { .host = "127.0.0.1", .clients_max = 10,
		.request_timeout_ms = 10000, .desk = &s->desk };
	char key[300], cert[300];

	snprintf(s->dir, sizeof s->dir, "member%u", i);
	s->blobs = store_open(s->dir);
	for (unsigned k = 0; k < 2; k++)
		piece_store(s->blobs, &wholes[k], i);
	ck_ok(https_make(&pin, scratch_path("https")));
	snprintf(key, sizeof key, "%s", scratch_path("https/https.key"));
	snprintf(cert, sizeof cert, "%s", scratch_path("https/https.crt"));
	settings.key_path = key;
	settings.cert_path = cert;
	settings.blobs = s->blobs;
	ck_ok(desk_init(&s->desk));
	ck_ok(http_start(&s->http, &settings));
	snprintf(s->url, sizeof s->url, "https://127.0.0.1:%u", http_port(s->http));
}

static void start(uint64_t patience_s)
{
	ck_ok(repair_start(&repair, mine, &(struct repair_settings){ OWN, 0, patience_s }));
}

static void setup_for(uint64_t patience_s)
{
	struct sr_drbg rng;

	test_drbg(&rng, "repair");
	for (unsigned k = 0; k < 2; k++)
		payload_make(&wholes[k], &rng);
	ck_assert(mkdir(scratch_path("https"), 0700) == 0);
	for (unsigned i = 0; i < OWN; i++)
		server_start(i);
	mine = store_open("mine");
	start(patience_s);
}

static void setup(void)
{
	setup_for(REPAIR_PATIENCE_S);
}

static void teardown(void)
{
	repair_stop(repair);
	blobs_close(mine);
	for (unsigned i = 0; i < OWN; i++) {
		desk_close(&servers[i].desk);
		http_stop(servers[i].http);
		blobs_close(servers[i].blobs);
		desk_clear(&servers[i].desk);
	}
	for (unsigned k = 0; k < 2; k++) {
		for (unsigned i = 0; i < PIECES; i++)
			free(wholes[k].pieces[i]);
		sr_writer_clear(&wholes[k].about);
	}
}

static void knows(unsigned i)
{
	ck_ok(repair_peer(repair, i, servers[i].url, &pin));
}

static void need_of(const struct whole *w)
{
	bool missing;

	ck_ok(blobs_keep(mine, &missing, &w->payload.piece_hash[OWN],
	    (struct sr_bytes){ w->about.p, w->about.n }));
	ck_assert(missing);
	repair_wake(repair);
}

static void need(void)
{
	need_of(&wholes[0]);
}

static struct repair_figures figures(void)
{
	struct repair_figures f;

	repair_figures(&f, repair);
	return f;
}

static uint64_t wanted(void)
{
	struct blobs_figures f;

	blobs_figures(&f, mine);
	return f.wanted;
}

#define UNTIL(condition)                                                                           \
	do {                                                                                       \
		uint64_t due_ = scratch_now_ms() + DEADLINE_MS;                                    \
		while (!(condition)) {                                                             \
			ck_assert_msg(scratch_now_ms() < due_, "in time: %s", #condition);         \
			scratch_moment();                                                          \
		}                                                                                  \
	} while (0)

static void is_here(const struct whole *w)
{
	size_t n = blob_piece_bytes(&w->payload);
	uint8_t *back = malloc(n);
	uint64_t bytes;
	int fd;

	ck_ok(blobs_get(&fd, &bytes, mine, &w->payload.piece_hash[OWN]));
	ck_assert_uint_eq(bytes, n);
	ck_assert(read(fd, back, n) == (ssize_t)n);
	ck_assert(memcmp(back, w->pieces[OWN], n) == 0);
	close(fd);
	free(back);
}

static void is_restored(void)
{
	UNTIL(wanted() == 0);
	is_here(&wholes[0]);
	UNTIL(figures().repaired == 1);
}

START_TEST(a_missing_piece_is_made_of_others)
{
	setup();
	for (unsigned i = 0; i < OWN; i++)
		knows(i);
	need();
	ck_assert_uint_eq(wanted(), 1);
	is_restored();
	ck_assert_uint_eq(figures().failed, 0);
	teardown();
}
END_TEST

START_TEST(what_one_member_lacks_or_spoils_another_has)
{
	char path[200], hex[65];
	uint8_t *bytes;
	size_t n;

	setup();
	sr_hex_encode(hex, wholes[0].payload.piece_hash[1].b, 32);
	snprintf(path, sizeof path, "%s/blobs/loose/%s", servers[1].dir, hex);
	bytes = scratch_read(scratch_path(path), &n);
	bytes[n - 1] ^= 1;
	scratch_write(scratch_path(path), bytes, n);
	free(bytes);
	for (unsigned i = 0; i < OWN; i++)
		knows(i);
	need();
	is_restored();
	ck_assert_uint_eq(figures().bad, 1);
	teardown();
}
END_TEST

START_TEST(too_few_pieces_are_too_few_until_another_member_comes)
{
	static const struct sr_hash32 other = { { 1 } };

	setup();
	knows(0);
	ck_ok(repair_peer(repair, 1, servers[1].url, &other)); /* another key: not member 1 */
	ck_ok(repair_peer(repair, 2, "https://127.0.0.1:1", &pin));
	ck_ok(repair_peer(repair, SR_MEMBERS_MAX - 1, servers[2].url, &pin));
	ck_error(repair_peer(repair, SR_MEMBERS_MAX, servers[2].url, &pin), SR_ERR_OUT_OF_RANGE);
	need();
	UNTIL(figures().failed > 0);
	ck_assert_uint_eq(wanted(), 1);
	knows(2);
	repair_wake(repair);
	is_restored();
	teardown();
}
END_TEST

START_TEST(what_is_no_payload_is_left_alone)
{
	struct sr_hash32 hash = { { 5 } };
	uint8_t bad[200];
	bool missing;

	setup();
	for (unsigned i = 0; i < OWN; i++)
		knows(i);
	memcpy(bad, wholes[0].about.p, 150);
	ck_ok(blobs_keep(mine, &missing, &hash, (struct sr_bytes){ bad, 150 }));
	hash.b[0]++;
	ck_ok(blobs_keep(mine, &missing, &hash, (struct sr_bytes){ NULL, 0 }));
	hash.b[0]++;                            /* a payload that it is no piece of */
	ck_ok(blobs_keep(mine, &missing, &hash,
	    (struct sr_bytes){ wholes[0].about.p, wholes[0].about.n }));
	ck_assert_uint_eq(wanted(), 3);
	need();
	UNTIL(figures().repaired == 1 && figures().failed >= 3);
	ck_assert_uint_eq(wanted(), 3);
	teardown();
}
END_TEST

START_TEST(what_is_missing_is_known_after_a_restart)
{
	setup();
	need();
	repair_stop(repair);
	blobs_close(mine);
	ck_ok(blobs_open(&mine, scratch_path("mine"), 100 * MIB, 1000, 0));
	ck_assert_uint_eq(wanted(), 1);
	start(REPAIR_PATIENCE_S);
	for (unsigned i = 0; i < OWN; i++)
		knows(i);
	is_restored();
	teardown();
}
END_TEST

/* --- A member that takes its time --- */

/* A line to a good server, whose answers come at so many bytes a second after the first ones. */
struct fake_slow_line {
	pthread_t thread;
	int listener;
	uint16_t to;
	uint64_t first, bytes_per_s;
	bool ends;                      /* this and the next: of both threads */
	unsigned connections;
	char url[64];
};

static void line_wait(int a, int b, int ms)
{
	struct pollfd fds[2] = { { .fd = a, .events = POLLIN }, { .fd = b, .events = POLLIN } };

	(void)!poll(fds, b < 0 ? 1 : 2, ms);
}

/* What the one says is given to the other, and counted; false: it has hung up. */
static bool line_move(int from, int to, uint64_t most, uint64_t *moved)
{
	uint8_t b[4096];
	ssize_t n = recv(from, b, most < sizeof b ? (size_t)most : sizeof b, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN;
	*moved += (uint64_t)n;
	return n > 0 && send(to, b, (size_t)n, MSG_NOSIGNAL) == n;
}

static int line_connect(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

/* Twenty times a second, once the first ones are through. */
static void line_serve(struct fake_slow_line *l, int client)
{
	int server = line_connect(l->to);
	uint64_t next_ms = 0, said = 0, moved = 0;
	bool up = true;

	while (up && !__atomic_load_n(&l->ends, __ATOMIC_RELAXED)) {
		line_wait(client, next_ms <= scratch_now_ms() ? server : -1, 50);
		up = line_move(client, server, UINT64_MAX, &said);
		if (!up || scratch_now_ms() < next_ms)
			continue;
		up = line_move(server, client, moved < l->first ? UINT64_MAX : l->bytes_per_s / 20,
		    &moved);
		next_ms = moved < l->first ? 0 : scratch_now_ms() + 50;
	}
	close(server);
	close(client);
}

static void *line_main(void *ctx)
{
	struct fake_slow_line *l = ctx;

	while (!__atomic_load_n(&l->ends, __ATOMIC_RELAXED)) {
		int client;

		line_wait(l->listener, -1, 50);
		client = accept(l->listener, NULL, NULL);
		if (client < 0)
			continue;
		__atomic_add_fetch(&l->connections, 1, __ATOMIC_RELAXED);
		line_serve(l, client);
	}
	return NULL;
}

static int listen_here(char url[64])
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t n = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(listen(fd, 5), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &n), 0);
	snprintf(url, 64, "https://127.0.0.1:%u", ntohs(address.sin_port));
	return fd;
}

#define HANDSHAKE_BYTES 8192u

static void line_start(
    struct fake_slow_line *l, unsigned i, uint64_t first, uint64_t bytes_per_s)
{
	*l = (struct fake_slow_line){ .to = http_port(servers[i].http), .first = first,
		.bytes_per_s = bytes_per_s };
	l->listener = listen_here(l->url);
	ck_assert_int_eq(fcntl(l->listener, F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(pthread_create(&l->thread, NULL, line_main, l), 0);
	ck_ok(repair_peer(repair, i, l->url, &pin));
}

static void line_end(struct fake_slow_line *l)
{
	__atomic_store_n(&l->ends, true, __ATOMIC_RELAXED);
	ck_assert_int_eq(pthread_join(l->thread, NULL), 0);
	close(l->listener);
}

/* It is the first that is asked, of both pieces. */
START_TEST(one_slow_member_holds_up_no_piece_that_others_can_give)
{
	struct fake_slow_line line;

	setup_for(2);
	line_start(&line, 0, HANDSHAKE_BYTES, 2048);
	knows(1);
	knows(2);
	need_of(&wholes[0]);
	need_of(&wholes[1]);
	UNTIL(wanted() == 0);
	is_here(&wholes[0]);
	is_here(&wholes[1]);
	ck_assert_uint_eq(figures().slow, 1);
	ck_assert_uint_eq(__atomic_load_n(&line.connections, __ATOMIC_RELAXED), 1);
	line_end(&line);
	teardown();
}
END_TEST

START_TEST(bytes_at_once_do_not_excuse_crumbs_afterwards)
{
	struct fake_slow_line line;

	setup_for(1);
	ck_assert_uint_gt(blob_piece_bytes(&wholes[0].payload), 340000);
	line_start(&line, 0, 300000, 2048);
	knows(1);
	knows(2);
	need();
	is_restored();
	ck_assert_uint_eq(figures().slow, 1);
	line_end(&line);
	teardown();
}
END_TEST

/* A small piece may be slow and in time; the next one is asked of others first. */
START_TEST(who_took_long_for_a_piece_is_asked_last_for_the_next)
{
	struct fake_slow_line line;

	setup();
	line_start(&line, 0, HANDSHAKE_BYTES, 65536);
	knows(1);
	knows(2);
	need();
	is_restored();
	ck_assert_uint_eq(__atomic_load_n(&line.connections, __ATOMIC_RELAXED), 1);
	need_of(&wholes[1]);
	UNTIL(wanted() == 0);
	is_here(&wholes[1]);
	ck_assert_uint_eq(__atomic_load_n(&line.connections, __ATOMIC_RELAXED), 1);
	ck_assert_uint_eq(figures().slow, 0);
	line_end(&line);
	teardown();
}
END_TEST

/* For an hour, and its other pieces are not tried meanwhile. */
START_TEST(who_gave_other_bytes_is_left_alone)
{
	char path[200], hex[65];

	setup();
	for (unsigned k = 0; k < 2; k++) {
		sr_hex_encode(hex, wholes[k].payload.piece_hash[0].b, 32);
		snprintf(path, sizeof path, "%s/blobs/loose/%s", servers[0].dir, hex);
		scratch_write(scratch_path(path), "no piece", 8);
	}
	for (unsigned i = 0; i < OWN; i++)
		knows(i);
	need_of(&wholes[0]);
	need_of(&wholes[1]);
	UNTIL(wanted() == 0);
	ck_assert_uint_eq(figures().bad, 1);
	ck_assert_uint_eq(figures().failed, 0);
	teardown();
}
END_TEST

/* A wake is for what is new: it does not have those that failed tried again at once. */
START_TEST(a_piece_that_failed_waits_longer_each_time)
{
	uint64_t due;

	setup();
	knows(0);
	need();
	UNTIL(figures().failed == 1);
	due = scratch_now_ms() + 6000;
	while (scratch_now_ms() < due) {
		knows(0);                       /* nobody new */
		repair_wake(repair);
		scratch_moment();
	}
	ck_assert_uint_ge(figures().failed, 2);
	ck_assert_uint_le(figures().failed, 3);
	knows(2);
	repair_wake(repair);
	is_restored();
	teardown();
}
END_TEST

START_TEST(a_stop_does_not_wait_for_a_member_that_says_nothing)
{
	char url[64];
	int silent = listen_here(url);
	uint64_t began;

	setup();
	ck_ok(repair_peer(repair, 0, url, &pin));
	need();
	ck_assert_int_ge(accept(silent, NULL, NULL), 0); /* the transfer is under way */
	began = scratch_now_ms();
	teardown();
	ck_assert_uint_lt(scratch_now_ms() - began, 5000);
	close(silent);
}
END_TEST

TEST_MAIN("node repair", a_missing_piece_is_made_of_others,
    what_one_member_lacks_or_spoils_another_has,
    too_few_pieces_are_too_few_until_another_member_comes, what_is_no_payload_is_left_alone,
    what_is_missing_is_known_after_a_restart,
    one_slow_member_holds_up_no_piece_that_others_can_give,
    bytes_at_once_do_not_excuse_crumbs_afterwards,
    who_took_long_for_a_piece_is_asked_last_for_the_next, who_gave_other_bytes_is_left_alone,
    a_piece_that_failed_waits_longer_each_time,
    a_stop_does_not_wait_for_a_member_that_says_nothing)
