/* The whole host against a FAKE enclave (tests/lib/fake_enclave.h): this program is both. */
#define _GNU_SOURCE /* prctl, kill */
#include "node/loop.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/log.h"
#include "net/links.h"
#include "node/http.h"
#include "node/serve.h"
#include "tests/lib/check_main.h"
#include "tests/lib/fake_enclave.h"
#include "tests/lib/scratch.h"
#include "tests/lib/tls_client.h"

#define DEADLINE_MS 30000u
#define MEMBERS 4u

static struct config config;
static struct genesis genesis;
static uint16_t rpc_port, link_ports[MEMBERS];
static struct sr_hash32 pin;
static pid_t host;

/* --- A node's folder --- */

static void member_make(struct genesis_member *m, unsigned i)
{
	struct sr_key32 seed = { { (uint8_t)(i + 1) } };
	struct sr_writer w;
	struct sr_edsk operator_key, other;
	uint8_t report[64];

	m->name_n = (size_t)snprintf((char *)m->name, sizeof m->name, "operator %u", i);
	sr_ed25519_keypair(&operator_key, &m->operator_key, &seed);
	seed.b[1] = 1;
	sr_ed25519_keypair(&other, &m->id_key, &seed);
	seed.b[1] = 2;
	sr_ed25519_keypair(&other, &m->vote_key, &seed);
	memset(m->box_key, (int)(0x40 + i), sizeof m->box_key);
	snprintf(m->url, sizeof m->url, "https://127.0.0.1:%u", 1000 + i);
	snprintf(m->link, sizeof m->link, "tcp://127.0.0.1:%u", link_ports[i]);
	genesis_report_data(report, &m->operator_key, &m->id_key, &m->vote_key, m->box_key,
	    &genesis.nonce);
	sr_writer_init(&w, GENESIS_EVIDENCE_MAX);
	genesis_software_evidence(&w, &(struct sr_hash32){ { 0 } }, report, &operator_key);
	ck_ok(sr_writer_finish(&w));
	m->evidence = (struct sr_bytes){ w.p, w.n }; /* kept for the life of the test */
	genesis_member_sign(m, &genesis.nonce, &operator_key);
}

static void node_make(void)
{
	struct sr_writer w;
	char self[400];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	ck_assert_int_gt(n, 0);
	self[n] = '\0';
	memcpy(genesis.name, "test", 4);
	genesis.name_n = 4;
	genesis.created_ms = 1;
	genesis.nonce.b[0] = 1;
	attest_policy_default(&genesis.policy);
	genesis.slot_ms = 300;
	genesis.slot_min_ms = 20;
	genesis.threshold = 3;
	ck_ok(genesis_measurement_add(&genesis, &(struct sr_hash32){ { 0 } }));
	genesis.members_n = MEMBERS;
	rpc_port = scratch_port();
	for (unsigned i = 0; i < MEMBERS; i++) {
		link_ports[i] = scratch_port();
		member_make(&genesis.members[i], i);
	}
	sr_writer_init(&w, GENESIS_FILE_MAX);
	ck_ok(genesis_encode(&w, &genesis));
	scratch_write(scratch_path("genesis"), w.p, w.n);
	sr_writer_clear(&w);
	ck_ok(https_make(&pin, scratch_path("node")));
	scratch_write(scratch_path("node/identity"), "fake identity", 13);
	config_init(&config);
	snprintf(config.data_dir, sizeof config.data_dir, "%s", scratch_path("node"));
	snprintf(config.genesis, sizeof config.genesis, "%s", scratch_path("genesis"));
	snprintf(config.https_key, sizeof config.https_key, "%s", scratch_path("node/https.key"));
	snprintf(config.https_cert, sizeof config.https_cert, "%s", scratch_path("node/https.crt"));
	snprintf(config.rpc_listen, sizeof config.rpc_listen, "127.0.0.1:%u", rpc_port);
	snprintf(
	    config.link_listen, sizeof config.link_listen, "tcp://127.0.0.1:%u", link_ports[0]);
	snprintf(config.enclave_program, sizeof config.enclave_program, "%s", self);
	config.request_timeout_s = 60;
}

/* --- The host, as a process of its own --- */

static int host_main(void)
{
	static struct loop loop;
	enum sr_error err;
	int code;

	sr_log_set(getenv("SR_TEST_LOG") != NULL ? SR_LOG_DEBUG : SR_LOG_ERROR, false);
	err = loop_open(&loop, &config);
	if (err != SR_OK)
		return 100 + (int)err;
	err = node_serve(&loop, &config);
	code = err == SR_OK ? 0 : loop.fatal ? 78 : 1;
	loop_close(&loop);
	return code;
}

static void host_start(void)
{
	fflush(NULL);
	host = fork();
	ck_assert_int_ge(host, 0);
	if (host == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(host_main());
	}
}

static int host_wait(void)
{
	int status;

	ck_assert_int_eq(waitpid(host, &status, 0), host);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int host_stop(int signal_number)
{
	ck_assert_int_eq(kill(host, signal_number), 0);
	return host_wait();
}

/* --- Talking to it --- */

static json_t *rpc(const char *body)
{
	char *text;
	size_t n;
	int status = https_request(rpc_port, "POST", "/", NULL, body, strlen(body), &text, &n);
	json_t *json = status == 200 ? json_loads(text, 0, NULL) : NULL;

	free(text);
	return json;
}

/* What the fake enclave replies, malloc'd; NULL: an error, whose name goes to why. */
static char *say(const char *words, char why[64])
{
	char body[20000];
	char *hex = malloc(2 * strlen(words) + 1), *reply = NULL;
	const char *answer;
	json_t *json, *data;

	sr_hex_encode(hex, (const uint8_t *)words, strlen(words));
	snprintf(body, sizeof body,
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"author_submitExtrinsic\","
	    "\"params\":[\"%s\"]}",
	    hex);
	free(hex);
	why[0] = '\0';
	json = rpc(body);
	answer = json_string_value(json_object_get(json_object_get(json, "result"), "answer"));
	data = json_object_get(json_object_get(json, "error"), "data");
	if (answer != NULL) {
		reply = calloc(1, strlen(answer) / 2 + 1);
		ck_ok(sr_hex_decode((uint8_t *)reply, strlen(answer) / 2, answer, strlen(answer)));
	} else {
		snprintf(why, 64, "%s", json_is_object(data) ?
		    json_string_value(json_object_get(data, "name")) : "no answer");
	}
	json_decref(json);
	return reply;
}

static void expect(const char *words, const char *want)
{
	char why[64];
	char *reply = say(words, why);

	ck_assert_msg(reply != NULL, "%s: %s", words, why);
	ck_assert_msg(strcmp(reply, want) == 0, "%s: %s, not %s", words, reply, want);
	free(reply);
}

/* Until words get this reply. */
static void eventually(const char *words, const char *want)
{
	uint64_t due = scratch_now_ms() + DEADLINE_MS;
	char why[64], last[256] = "";

	while (scratch_now_ms() < due) {
		char *reply = say(words, why);
		bool same = reply != NULL && strcmp(reply, want) == 0;

		snprintf(last, sizeof last, "%s", reply != NULL ? reply : why);
		free(reply);
		if (same)
			return;
		scratch_moment();
	}
	ck_abort_msg("%s: %s, not %s", words, last, want);
}

static void host_up(void)
{
	host_start();
	eventually("hello:there", "there");
}

START_TEST(what_was_persisted_before_a_reply_is_replayed_after_a_kill)
{
	node_make();
	host_up();
	expect("replay", "rows=0 records=0 fresh=1 row= record=");
	for (unsigned i = 1; i <= 20; i++) {
		char words[32], want[32];

		snprintf(words, sizeof words, "persist:r%u", i);
		snprintf(want, sizeof want, "r%u", i);
		expect(words, want);
	}
	expect("order", "done");
	host_stop(SIGKILL);
	host_up();
	expect("replay", "rows=0 records=23 fresh=0 row= record=c");
	ck_assert_int_eq(host_stop(SIGTERM), 0);
}
END_TEST

START_TEST(a_checkpoint_moves_rows_to_the_store_and_begins_a_fresh_log)
{
	node_make();
	host_up();
	expect("persist:old", "old");
	expect("state:one", "one");
	expect("persist:new", "new");
	host_stop(SIGKILL);
	host_up();
	expect("replay", "rows=1 records=1 fresh=0 row=one record=new");
	expect("identity:another one", "another one");
	ck_assert_int_eq(host_stop(SIGTERM), 0);
	ck_assert_int_eq(access(scratch_path("node/clean"), F_OK), 0);
	size_t n;
	uint8_t *identity = scratch_read(scratch_path("node/identity"), &n);

	ck_assert_str_eq((char *)identity, "another one");
	free(identity);
	host_up();
	/* The fake's last record, from STOP. */
	expect("replay", "rows=1 records=2 fresh=0 row=one record=stopped");
	ck_assert_int_eq(host_stop(SIGINT), 0);
}
END_TEST

START_TEST(an_enclave_that_dies_is_started_again_with_what_it_had)
{
	char why[64];

	node_make();
	host_up();
	expect("persist:kept", "kept");
	ck_assert_ptr_null(say("crash", why));
	ck_assert_str_eq(why, "not_ready");
	eventually("replay", "rows=0 records=1 fresh=0 row= record=kept");
	ck_assert_ptr_null(say("exit", why));
	eventually("replay", "rows=0 records=1 fresh=0 row= record=kept");
	ck_assert_ptr_null(say("garbage", why));
	eventually("replay", "rows=0 records=1 fresh=0 row= record=kept");
	ck_assert_int_eq(host_stop(SIGTERM), 0);
}
END_TEST

START_TEST(fatal_ends_the_host_for_good)
{
	char why[64];

	node_make();
	host_up();
	(void)say("fatal", why);
	ck_assert_int_eq(host_wait(), 78);
	ck_assert_int_ne(access(scratch_path("node/clean"), F_OK), 0);
}
END_TEST

START_TEST(a_shortage_ends_the_host_for_another_start)
{
	char why[64];

	node_make();
	host_up();
	(void)say("fatal:memory", why);
	ck_assert_int_eq(host_wait(), 1);
}
END_TEST

START_TEST(time_passes_for_the_enclave)
{
	uint64_t due = scratch_now_ms() + DEADLINE_MS;
	char why[64];
	long ticks = 0;

	node_make();
	host_up();
	while (ticks < 5 && scratch_now_ms() < due) {
		char *reply = say("ticks", why);

		ticks = reply != NULL ? strtol(reply, NULL, 10) : 0;
		free(reply);
		scratch_moment();
	}
	ck_assert_int_ge(ticks, 5);
	ck_assert_int_eq(host_stop(SIGTERM), 0);
}
END_TEST

START_TEST(the_machine_is_asked_for_the_enclave_and_its_answer_comes_back)
{
	char why[64], *reply;

	node_make();
	host_up();
	reply = say("evidence", why);
	ck_assert_str_eq(reply, "not_supported");
	free(reply);
	ck_assert_int_eq(host_stop(SIGTERM), 0);
	/* Where no TPM is. */
	config.platform = PLATFORM_TPM;
	snprintf(config.platform_tcti, sizeof config.platform_tcti, "device:/nowhere/tpm");
	host_up();
	reply = say("evidence", why);
	ck_assert_str_eq(reply, "platform");
	free(reply);
	ck_assert_int_eq(host_stop(SIGTERM), 0);
}
END_TEST

START_TEST(a_question_without_an_answer_times_out_and_the_enclave_is_told)
{
	char why[64];

	node_make();
	config.request_timeout_s = 1;
	host_up();
	ck_assert_ptr_null(say("silent", why));
	ck_assert_str_eq(why, "timed_out");
	eventually("gone", "1");
	ck_assert_int_eq(host_stop(SIGTERM), 0);
}
END_TEST

START_TEST(the_archive_answers_the_enclave)
{
	node_make();
	host_up();
	for (unsigned h = 1; h <= 70; h++) {
		char words[32], want[32];

		snprintf(words, sizeof words, "archive:%u", h);
		snprintf(want, sizeof want, "%u", h);
		expect(words, want);
	}
	expect("read:1", "70");
	expect("read:71", "0");
	ck_assert_int_eq(host_stop(SIGTERM), 0);
	host_up();
	expect("read:60", "11");
	ck_assert_int_eq(host_stop(SIGTERM), 0);
}
END_TEST

/* --- Links --- */

static char heard[64];
static bool peer_up;

static void on_message(void *ctx, uint32_t member, const uint8_t *bytes, size_t n)
{
	(void)ctx;
	ck_assert_uint_eq(member, 0);
	snprintf(heard, sizeof heard, "%.*s", (int)n, (const char *)bytes);
}

static void on_link(void *ctx, uint32_t member, bool up)
{
	(void)ctx;
	if (member == 0)
		peer_up = up;
}

static void pump(struct net_links *links, unsigned ms)
{
	uint64_t due = scratch_now_ms() + ms;

	while (scratch_now_ms() < due) {
		net_links_step(links, true, scratch_now_ms());
		scratch_moment();
	}
}

START_TEST(messages_go_both_ways_between_enclave_and_peer)
{
	struct net_settings settings = { .self = 1, .boot = 5,
		.ports = { NULL, on_message, on_link } };
	struct net_links *links;
	char listen[64];
	uint64_t due;

	node_make();
	snprintf(listen, sizeof listen, "tcp://127.0.0.1:%u", link_ports[1]);
	settings.listen = listen;
	memcpy(&settings.cluster, genesis.chain_id.b, sizeof settings.cluster);
	for (unsigned i = 0; i < MEMBERS; i++)
		settings.peers[i] = genesis.members[i].link;
	host_up();
	ck_ok(net_links_new(&links, &settings, scratch_now_ms()));
	for (due = scratch_now_ms() + DEADLINE_MS; !peer_up && scratch_now_ms() < due;)
		pump(links, 10);
	ck_assert(peer_up);
	ck_ok(net_links_send(links, 0, 1, (const uint8_t *)"from a peer", 11, scratch_now_ms()));
	pump(links, 100);
	eventually("inbox", "from a peer");
	for (due = scratch_now_ms() + DEADLINE_MS; heard[0] == '\0' && scratch_now_ms() < due;) {
		expect("send:to a peer", "to a peer");
		pump(links, 50);
	}
	ck_assert_str_eq(heard, "to a peer");
	net_links_free(links);
	ck_assert_int_eq(host_stop(SIGTERM), 0);
}
END_TEST

START_TEST(peers_are_whom_the_enclave_names_by_seat)
{
	struct net_settings settings = { .self = 70, .boot = 5,
		.ports = { NULL, on_message, on_link } };
	struct net_links *links;
	char listen[64], words[100];
	uint64_t due;

	node_make();
	snprintf(listen, sizeof listen, "tcp://127.0.0.1:%u", scratch_port());
	settings.listen = listen;
	memcpy(&settings.cluster, genesis.chain_id.b, sizeof settings.cluster);
	settings.peers[0] = genesis.members[0].link;
	host_up();
	ck_ok(net_links_new(&links, &settings, scratch_now_ms()));
	ck_ok(net_links_send(links, 0, 1, (const uint8_t *)"a stranger", 10, scratch_now_ms()));
	pump(links, 300);
	expect("inbox", "");
	ck_assert(!peer_up);
	snprintf(words, sizeof words, "peer:70=%s", listen);
	expect(words, words + 5);
	for (due = scratch_now_ms() + DEADLINE_MS; !peer_up && scratch_now_ms() < due;)
		pump(links, 10);
	ck_assert(peer_up);
	ck_ok(net_links_send(links, 0, 1, (const uint8_t *)"a joiner", 8, scratch_now_ms()));
	pump(links, 100);
	eventually("inbox", "a joiner");
	expect("peer:70=", "70=");
	ck_ok(net_links_send(links, 0, 1, (const uint8_t *)"one gone", 8, scratch_now_ms()));
	pump(links, 300);
	expect("inbox", "a joiner");
	expect("peer:0=tcp://127.0.0.1:1", "0=tcp://127.0.0.1:1"); /* itself: nothing to do */
	expect("peer:100=tcp://127.0.0.1:1", "100=tcp://127.0.0.1:1");
	net_links_free(links);
	ck_assert_int_eq(host_stop(SIGTERM), 0);
}
END_TEST

/* --- Joining and leaving --- */

START_TEST(a_node_that_joins_is_told_the_trail_until_its_store_holds_rows)
{
	static uint8_t file[4 + 8 * 3 * (4 + 60000)] = { 8 };
	char want[200];

	/* Steps that are too much for one piece. */
	for (size_t at = 4; at < sizeof file; at += 4 + 60000)
		memcpy(file + at, (uint8_t[4]){ 0x60, 0xea, 0, 0 }, 4);
	node_make();
	scratch_write(scratch_path("trail"), file, sizeof file);
	snprintf(config.trail, sizeof config.trail, "%s", scratch_path("trail"));
	memset(config.checkpoint, 'a', 66);
	memcpy(config.checkpoint, "7:", 2);
	config.member = SR_MEMBERS_MAX - 1;          /* a seat that no genesis knows */
	snprintf(want, sizeof want, "0+6 pinned=0700000000000000%.64s rows=0;6+2 pinned= rows=0;",
	    config.checkpoint + 2);
	host_up();
	expect("trail", want);
	expect("persist:on the way", "on the way");
	ck_assert_int_eq(host_stop(SIGKILL), -SIGKILL);
	config.checkpoint[0] = '\0';
	host_up();
	expect("trail", "0+6 pinned= rows=0;6+2 pinned= rows=0;");
	expect("replay", "rows=0 records=1 fresh=0 row= record=on the way");
	expect("state:here", "here");
	expect("get", "1 here");
	ck_assert_int_eq(host_stop(SIGTERM), 0);
	host_up();
	expect("trail", "");
	ck_assert_int_eq(host_stop(SIGTERM), 0);
}
END_TEST

START_TEST(a_trail_that_is_not_there_or_cut_off_ends_the_host)
{
	node_make();
	snprintf(config.trail, sizeof config.trail, "%s", scratch_path("trail"));
	host_start();
	ck_assert_int_eq(host_wait(), 1);
	scratch_write(config.trail, (const uint8_t *)"\1\0\0\0\5\0\0\0cut", 11);
	host_start();
	ck_assert_int_eq(host_wait(), 1);
}
END_TEST

START_TEST(a_node_that_is_no_member_any_more_stops_for_good_and_undamaged)
{
	static const char *const ends[] = { "fatal:left", "fatal:refused" };
	char why[64];

	node_make();
	for (unsigned i = 0; i < 2; i++) {
		host_up();
		(void)say(ends[i], why);
		ck_assert_int_eq(host_wait(), 78);
		ck_assert_int_eq(access(scratch_path("node/clean"), F_OK), 0);
	}
}
END_TEST

/* --- HTTPS --- */

static char *get(const char *path, int want)
{
	char *text;
	size_t n;
	int status = https_request(rpc_port, "GET", path, NULL, NULL, 0, &text, &n);

	ck_assert_msg(status == want, "%s: %d", path, status);
	return text;
}

START_TEST(figures_and_health_tell_how_it_is)
{
	char *text;

	node_make();
	host_up();
	text = get("/metrics", 200);
	ck_assert_ptr_nonnull(
	    strstr(text, "# TYPE strongroom_running gauge\nstrongroom_running 1\n"));
	ck_assert_ptr_nonnull(strstr(text, "strongroom_enclave_starts_total 1\n"));
	ck_assert_ptr_nonnull(strstr(text, "strongroom_link_dropped_total{class=\"sync\"} 0\n"));
	free(text);
	text = get("/healthz", 200);
	ck_assert_str_eq(text, "ok");
	free(text);
	free(get("/nothing", 404));
	free(get("/", 405));
	ck_assert_int_eq(host_stop(SIGTERM), 0);
}
END_TEST

START_TEST(only_tls_1_3_is_spoken_and_the_pin_is_the_printed_one)
{
	struct tls_client *client;
	uint8_t seen[32];
	struct sr_hash32 again;

	node_make();
	host_up();
	ck_assert_ptr_null(tls_open(rpc_port, "NORMAL:-VERS-ALL:+VERS-TLS1.2"));
	client = tls_open(rpc_port, "NORMAL:-VERS-ALL:+VERS-TLS1.3");
	ck_assert_ptr_nonnull(client);
	ck_assert(tls_pin(client, seen));
	ck_assert_mem_eq(seen, pin.b, 32);
	tls_close(client);
	ck_ok(https_make(&again, scratch_path("node"))); /* what is there stays */
	ck_assert_mem_eq(again.b, pin.b, 32);
	ck_assert_int_eq(host_stop(SIGTERM), 0);
}
END_TEST

START_TEST(watchers_see_blocks_and_status)
{
	static const char request[] = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";
	struct tls_client *client;
	char text[65536];
	size_t n = 0;
	uint64_t due;

	node_make();
	host_up();
	client = tls_open(rpc_port, NULL);
	ck_assert_ptr_nonnull(client);
	ck_assert(tls_send(client, request, strlen(request)));
	for (due = scratch_now_ms() + DEADLINE_MS; scratch_now_ms() < due;) {
		long got = tls_receive(client, text + n, sizeof text - n - 1, 5000);

		ck_assert_int_gt(got, 0);
		n += (size_t)got;
		text[n] = '\0';
		if (strstr(text, "retry: 1000") != NULL && strstr(text, "event: block") == NULL)
			expect("block", "done");
		if (strstr(text,
			"event: block\ndata: {\"height\":3,\"epoch\":1,\"slot\":2,\"author\":1,"
			"\"time_ms\":4,\"operations\":5,")
			!= NULL
		    && strstr(text, "event: status\ndata: {\"running\":true") != NULL)
			break;
	}
	ck_assert_ptr_nonnull(strstr(text, "text/event-stream"));
	ck_assert_ptr_nonnull(strstr(text, "event: block"));
	ck_assert_ptr_nonnull(strstr(text, "event: status"));
	/* A stop ends the stream rather than wait for it. */
	ck_assert_int_eq(host_stop(SIGTERM), 0);
	while (tls_receive(client, text, sizeof text, 5000) > 0)
		;
	tls_close(client);
}
END_TEST

START_TEST(pieces_go_up_and_come_back_in_ranges)
{
	size_t n = 3000000, got_n;
	uint8_t *p = malloc(n);
	struct sr_hash32 hash;
	char path[100], keep[100], *got;

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 7 + i / 1000);
	hash = sr_hash(p, n);
	snprintf(path, sizeof path, "/blob/");
	sr_hex_encode(path + 6, hash.b, 32);
	snprintf(keep, sizeof keep, "keep:%s", path + 6);
	node_make();
	host_up();
	free(get(path, 404));
	ck_assert_int_eq(https_request(rpc_port, "PUT", path, NULL, p, n, &got, &got_n), 201);
	free(got);
	ck_assert_int_eq(https_request(rpc_port, "PUT", path, NULL, p, 1000, &got, &got_n), 200);
	free(got); /* it is here already */
	ck_assert_int_eq(https_request(rpc_port, "GET", path, NULL, NULL, 0, &got, &got_n), 200);
	ck_assert_uint_eq(got_n, n);
	ck_assert(memcmp(got, p, n) == 0);
	free(got);
	static const struct { const char *header; int status; size_t from, n;
	} ranges[] = {
		{ "Range: bytes=0-0\r\n", 206, 0, 1 },
		{ "Range: bytes=100-199\r\n", 206, 100, 100 },
		{ "Range: bytes=2999999-\r\n", 206, 2999999, 1 },
		{ "Range: bytes=-5\r\n", 206, 2999995, 5 },
		{ "Range: bytes=2999990-9999999\r\n", 206, 2999990, 10 },
		{ "Range: bytes=-9999999\r\n", 206, 0, 3000000 },
		{ "Range: bytes=3000000-\r\n", 416, 0, 0 },
		{ "Range: bytes=-0\r\n", 416, 0, 0 },
		{ "Range: bytes=5-4\r\n", 200, 0, 3000000 },
		{ "Range: lines=1-2\r\n", 200, 0, 3000000 },
		{ "Range: bytes=x-\r\n", 200, 0, 3000000 },
		{ "Range: bytes=0-1,5-6\r\n", 200, 0, 3000000 },
	};
	for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
		int status = https_request(
		    rpc_port, "GET", path, ranges[i].header, NULL, 0, &got, &got_n);

		ck_assert_msg(status == ranges[i].status && got_n == ranges[i].n,
		    "%s: %d, %zu bytes", ranges[i].header, status, got_n);
		ck_assert(memcmp(got, p + ranges[i].from, got_n) == 0);
		free(got);
	}
	p[0] ^= 1;
	path[6] = path[6] == '0' ? '1' : '0';
	ck_assert_int_eq(https_request(rpc_port, "PUT", path, NULL, p, n, &got, &got_n), 400);
	ck_assert_ptr_nonnull(strstr(got, "bad_hash"));
	free(got);
	ck_assert_int_eq(
	    https_request(rpc_port, "PUT", "/blob/123", NULL, p, 10, &got, &got_n), 400);
	ck_assert_ptr_nonnull(strstr(got, "bad_hex"));
	free(got);
	expect(keep, keep + 5);
	ck_assert_int_eq(access(scratch_path("node/blobs/kept"), F_OK), 0);
	ck_assert_int_eq(host_stop(SIGTERM), 0);
	struct stat st;
	char kept[200];

	snprintf(kept, sizeof kept, "node/blobs/kept/%s", keep + 5);
	ck_assert_int_eq(stat(scratch_path(kept), &st), 0);
	ck_assert_int_eq(st.st_size, (off_t)n);
	free(p);
}
END_TEST

START_TEST(bodies_over_their_limits_are_refused)
{
	size_t n = 3u << 20, got_n;
	char *big = malloc(n), *got;

	memset(big, ' ', n);
	node_make();
	host_up();
	ck_assert_int_eq(
	    https_request(rpc_port, "POST", "/", NULL, big, (1u << 20) + 1, &got, &got_n), 413);
	free(got);
	ck_assert_int_eq(
	    https_request(rpc_port, "POST", "/elsewhere", NULL, "{}", 2, &got, &got_n), 404);
	free(got);
	ck_assert_int_eq(https_request(rpc_port, "DELETE", "/", NULL, NULL, 0, &got, &got_n), 405);
	free(got);
	ck_assert_int_eq(https_request(rpc_port, "POST", "/", NULL, "", 0, &got, &got_n), 200);
	ck_assert_ptr_nonnull(strstr(got, "-32700"));
	free(got);
	expect("still:alive", "alive");
	ck_assert_int_eq(host_stop(SIGTERM), 0);
	free(big);
}
END_TEST

START_TEST(large_answers_come_through)
{
	char why[64], *reply;

	node_make();
	host_up();
	reply = say("big:4000000", why);
	ck_assert_msg(reply != NULL, "%s", why);
	free(reply);
	ck_assert_int_eq(host_stop(SIGTERM), 0);
}
END_TEST

/* --- What may not start --- */

START_TEST(a_second_host_or_a_foreign_or_damaged_folder_does_not_start)
{
	pid_t first;
	uint8_t *log;
	size_t n;

	node_make();
	host_up();
	first = host;
	host_start();
	ck_assert_int_eq(host_wait(), 100 + SR_ERR_IN_USE);
	host = first;
	for (unsigned i = 0; i < 10; i++)
		expect("persist:0123456789", "0123456789");
	ck_assert_int_eq(host_stop(SIGTERM), 0);
	config.member = 2;
	host_start();
	ck_assert_int_eq(host_wait(), 100 + SR_ERR_FOREIGN_DATA);
	config.member = MEMBERS;                     /* a seat, but not the one of this data */
	host_start();
	ck_assert_int_eq(host_wait(), 100 + SR_ERR_FOREIGN_DATA);
	config.member = 0;
	log = scratch_read(scratch_path("node/safety.log"), &n);
	log[100] ^= 1;
	scratch_write(scratch_path("node/safety.log"), log, n);
	host_start();
	ck_assert_int_eq(host_wait(), 100 + SR_ERR_DAMAGED);
	log[100] ^= 1;
	scratch_write(scratch_path("node/safety.log"), log, n);
	host_up();
	expect("state:x", "x");
	ck_assert_int_eq(host_stop(SIGTERM), 0);
	unlink(scratch_path("node/safety.log"));
	host_start();
	ck_assert_int_eq(host_wait(), 100 + SR_ERR_DAMAGED);
	free(log);
}
END_TEST

START_TEST(a_nearly_full_disk_is_told_to_the_enclave_and_the_host_goes_on_answering)
{
	char *text;

	node_make();
	config.free_space_min_bytes = UINT64_MAX / 4;
	host_up();
	eventually("disk", "1");
	text = get("/healthz", 503);
	ck_assert_str_eq(text, "the disk is nearly full");
	free(text);
	text = get("/metrics", 200);
	ck_assert_ptr_nonnull(strstr(text, "strongroom_disk_low 1\n"));
	free(text);
	ck_assert_int_eq(host_stop(SIGTERM), 0);
}
END_TEST

/* A limit on file sizes stands for the full disk: no reply before it is written, and after all it
 * is gone from the enclave's memory too. */
START_TEST(what_a_full_disk_did_not_take_is_never_answered)
{
	struct rlimit limit;
	char words[6000] = "persist:", why[64];

	memset(words + 8, 'x', 5000);
	node_make();
	host_up();
	expect("persist:kept", "kept");
	ck_assert_int_eq(prlimit(host, RLIMIT_FSIZE, NULL, &limit), 0);
	limit.rlim_cur = 4000;
	ck_assert_int_eq(prlimit(host, RLIMIT_FSIZE, &limit, NULL), 0);
	/* Up to 16 MiB had been promised before the limit; a promise is not a file size. */
	ck_assert_ptr_null(say(words, why));
	ck_assert_str_eq(why, "not_ready");
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(prlimit(host, RLIMIT_FSIZE, &limit, NULL), 0);
	eventually("replay", "rows=0 records=1 fresh=0 row= record=kept");
	expect("persist:more", "more");
	ck_assert_int_eq(host_stop(SIGTERM), 0);
}
END_TEST

int main(int argc, char **argv)
{
	const TTest *const tests[] = { what_a_full_disk_did_not_take_is_never_answered,
		what_was_persisted_before_a_reply_is_replayed_after_a_kill,
		a_checkpoint_moves_rows_to_the_store_and_begins_a_fresh_log,
		an_enclave_that_dies_is_started_again_with_what_it_had,
		fatal_ends_the_host_for_good, a_shortage_ends_the_host_for_another_start,
		time_passes_for_the_enclave,
		the_machine_is_asked_for_the_enclave_and_its_answer_comes_back,
		a_question_without_an_answer_times_out_and_the_enclave_is_told,
		the_archive_answers_the_enclave, messages_go_both_ways_between_enclave_and_peer,
		peers_are_whom_the_enclave_names_by_seat,
		a_node_that_joins_is_told_the_trail_until_its_store_holds_rows,
		a_trail_that_is_not_there_or_cut_off_ends_the_host,
		a_node_that_is_no_member_any_more_stops_for_good_and_undamaged,
		figures_and_health_tell_how_it_is,
		only_tls_1_3_is_spoken_and_the_pin_is_the_printed_one,
		watchers_see_blocks_and_status, pieces_go_up_and_come_back_in_ranges,
		bodies_over_their_limits_are_refused, large_answers_come_through,
		a_second_host_or_a_foreign_or_damaged_folder_does_not_start,
		a_nearly_full_disk_is_told_to_the_enclave_and_the_host_goes_on_answering };

	if (fake_enclave_wanted(argc, argv))
		return fake_enclave_run();
	return test_main("node_loop", tests, sizeof tests / sizeof tests[0]);
}
