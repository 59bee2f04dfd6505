/* Pieces restored from real HTTPS servers of other members, all in this process. */
#include "node/repair.h"

#include <arpa/inet.h>
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

static struct vault_payload payload;
static uint8_t *pieces[PIECES];
static struct sr_writer about;

struct server { struct blobs *blobs; struct desk desk; struct http *http; char dir[64], url[64]; };
static struct server servers[PIECES];
static struct blobs *mine;
static struct repair *repair;
static struct sr_hash32 pin;

static void payload_make(void)
{
	uint8_t *tables = malloc(DATA * (PIECES - DATA) * BLOB_TABLE_BYTES);
	struct sr_drbg rng;
	size_t n;

	test_drbg(&rng, "repair");
	payload = (struct vault_payload){ .plain_bytes = 1, .cipher_bytes = CIPHER,
		.data_pieces = DATA, .pieces_n = PIECES, .stripe_bytes = STRIPE };
	n = blob_piece_bytes(&payload);
	for (unsigned i = 0; i < PIECES; i++) {
		pieces[i] = malloc(n);
		if (i < DATA)
			ck_ok(sr_drbg_fill(&rng, pieces[i], n));
	}
	ck_ok(blob_tables_parity(tables, DATA, PIECES));
	blob_code(pieces + DATA, PIECES - DATA, tables, pieces, DATA, n);
	for (unsigned i = 0; i < PIECES; i++)
		payload.piece_hash[i] = sr_hash(pieces[i], n);
	free(tables);
	sr_writer_init(&about, BLOBS_ABOUT_MAX);
	vault_payload_write(&about, &payload);
	ck_ok(sr_writer_finish(&about));
}

static struct blobs *store_open(const char *name)
{
	struct blobs *blobs = NULL;

	ck_assert(mkdir(scratch_path(name), 0700) == 0);
	ck_ok(blobs_open(&blobs, scratch_path(name), 100 * MIB, 1000, 0));
	return blobs;
}

static void piece_store(struct blobs *blobs, unsigned i)
{
	struct blob_put *put;
	size_t n = blob_piece_bytes(&payload);

	ck_ok(blobs_put_begin(&put, blobs, &payload.piece_hash[i], n));
	ck_ok(blobs_put_write(put, pieces[i], n));
	ck_ok(blobs_put_finish(put));
}

/* Member i, with its piece. */
static void server_start(unsigned i)
{
	struct server *s = &servers[i];
	struct http_settings settings = { .host = "127.0.0.1", .clients_max = 10,
		.request_timeout_ms = 10000, .desk = &s->desk };
	char key[300], cert[300];

	snprintf(s->dir, sizeof s->dir, "member%u", i);
	s->blobs = store_open(s->dir);
	piece_store(s->blobs, i);
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

static void setup(void)
{
	payload_make();
	ck_assert(mkdir(scratch_path("https"), 0700) == 0);
	for (unsigned i = 0; i < OWN; i++)
		server_start(i);
	mine = store_open("mine");
	ck_ok(repair_start(&repair, mine, OWN, 0));
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
	for (unsigned i = 0; i < PIECES; i++)
		free(pieces[i]);
	sr_writer_clear(&about);
}

static void knows(unsigned i)
{
	ck_ok(repair_peer(repair, i, servers[i].url, &pin));
}

static void need(void)
{
	bool missing;

	ck_ok(blobs_keep(mine, &missing, &payload.piece_hash[OWN],
	    (struct sr_bytes){ about.p, about.n }));
	ck_assert(missing);
	repair_wake(repair);
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

static void is_restored(void)
{
	size_t n = blob_piece_bytes(&payload);
	uint8_t *back = malloc(n);
	uint64_t bytes;
	int fd;

	UNTIL(wanted() == 0);
	ck_ok(blobs_get(&fd, &bytes, mine, &payload.piece_hash[OWN]));
	ck_assert_uint_eq(bytes, n);
	ck_assert(read(fd, back, n) == (ssize_t)n);
	ck_assert(memcmp(back, pieces[OWN], n) == 0);
	close(fd);
	free(back);
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
	sr_hex_encode(hex, payload.piece_hash[1].b, 32);
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
	memcpy(bad, about.p, 150);
	ck_ok(blobs_keep(mine, &missing, &hash, (struct sr_bytes){ bad, 150 }));
	hash.b[0]++;
	ck_ok(blobs_keep(mine, &missing, &hash, (struct sr_bytes){ NULL, 0 }));
	hash.b[0]++;                            /* a payload that it is no piece of */
	ck_ok(blobs_keep(mine, &missing, &hash, (struct sr_bytes){ about.p, about.n }));
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
	ck_ok(repair_start(&repair, mine, OWN, 0));
	for (unsigned i = 0; i < OWN; i++)
		knows(i);
	is_restored();
	teardown();
}
END_TEST

START_TEST(a_stop_does_not_wait_for_a_member_that_says_nothing)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t n = sizeof address;
	int silent = socket(AF_INET, SOCK_STREAM, 0);
	char url[64];
	uint64_t began;

	setup();
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(silent, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(listen(silent, 5), 0);
	ck_assert_int_eq(getsockname(silent, (struct sockaddr *)&address, &n), 0);
	snprintf(url, sizeof url, "https://127.0.0.1:%u", ntohs(address.sin_port));
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
    a_stop_does_not_wait_for_a_member_that_says_nothing)
