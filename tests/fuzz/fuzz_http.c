/*
 * tests/fuzz/fuzz_http.c - bytes on an HTTPS connection, after the handshake: requests that are
 * broken, cut, repeated, of any method and path. The real server on the loopback; it answers with
 * HTTP or closes, and goes on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "node/http.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/scratch.h"
#include "tests/lib/tls_client.h"

#define QUIET_MS 8u             /* nothing more is coming */
#define READS_MAX 12u
#define TRIES_MAX 1000u

static struct desk desk;
static struct blobs *blobs;
static struct http *http;
static struct tls_client *client;
static char key_path[512], cert_path[512];

#define PIECE "piece"

/* One is there to be asked for. */
static void piece_put(void)
{
	struct sr_hash32 hash = sr_hash(PIECE, strlen(PIECE));
	struct blob_put *put;
	FUZZ_CHECK(blobs_put_begin(&put, blobs, &hash, strlen(PIECE)) == SR_OK);
	FUZZ_CHECK(blobs_put_write(put, PIECE, strlen(PIECE)) == SR_OK);
	FUZZ_CHECK(blobs_put_finish(put) == SR_OK);
}

static void setup(void)
{
	struct sr_hash32 pin;
	struct http_settings s = { .host = "127.0.0.1", .clients_max = 500,
		.request_timeout_ms = 1000, .desk = &desk };
	FUZZ_CHECK(desk_init(&desk) == SR_OK);
	desk.figures.running = desk.figures.status_known = true;
	FUZZ_CHECK(blobs_open(&blobs, scratch_dir(), 1u << 20, 60, 0) == SR_OK);
	FUZZ_CHECK(https_make(&pin, scratch_dir()) == SR_OK);
	snprintf(key_path, sizeof(key_path), "%s/https.key", scratch_dir());
	snprintf(cert_path, sizeof(cert_path), "%s/https.crt", scratch_dir());
	s.key_path = key_path;
	s.cert_path = cert_path;
	s.blobs = blobs;
	piece_put();
	FUZZ_CHECK(http_start(&http, &s) == SR_OK);
}

static void questions_answer(void)
{
	uint64_t token;
	uint32_t method;
	uint8_t *question;
	size_t n;
	while (desk_take(&desk, &token, &method, &question, &n) == SR_OK) {
		free(question);
		desk_reply(&desk, token, SR_OK, (const uint8_t *)"abc", 3);
	}
}

void fuzz_http(const uint8_t *p, size_t n)
{
	char answer[4096];
	size_t got = 0;
	if (!http)
		setup();
	/* The server may still be busy with closing the last ones. */
	client = tls_open(http_port(http), NULL);
	for (unsigned i = 0; i < TRIES_MAX && client == NULL; i++) {
		scratch_moment();
		client = tls_open(http_port(http), NULL);
	}
	FUZZ_CHECK(client != NULL);
	if (n > 0)
		(void)!tls_send(client, p, n);
	for (unsigned i = 0; i < READS_MAX; i++) {
		questions_answer();
		if (i < 2)
			desk_announce(&desk, "block %u", i);
		long more = tls_receive(client, answer + got, sizeof(answer) - got, QUIET_MS);
		questions_answer();
		if (more == 0 || (more < 0 && i > 0) || got == sizeof(answer))
			break;
		got += more > 0 ? (size_t)more : 0;
	}
	FUZZ_CHECK(got < 9 || memcmp(answer, "HTTP/1.", 7) == 0);
	tls_close(client);
}

static void put(const char *text)
{
	fuzz_seed("request", (const uint8_t *)text, strlen(text));
}

static void seed_post(const char *body)
{
	char text[512];
	snprintf(text, sizeof(text), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n%s",
	    strlen(body), body);
	put(text);
}

static void seed_blob(const char *method, const char *body, const char *headers)
{
	char hex[65], text[512];
	struct sr_hash32 hash = sr_hash(body, strlen(body));
	sr_hex_encode(hex, hash.b, 32);
	snprintf(text, sizeof(text), "%s /blob/%s HTTP/1.1\r\nHost: h\r\n%s\r\n\r\n%s", method, hex,
	    headers, body);
	put(text);
}

void seed_http(void)
{
	static const char *const requests[] = {
		"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
		"GET /events HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /events HTTP/1.1\r\nHost: h\r\nLast-Event-ID: 1\r\n\r\n",
		"GET / HTTP/1.0\r\n\r\n", "GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n",
		"HEAD /healthz HTTP/1.1\r\nHost: h\r\n\r\n",
		"DELETE / HTTP/1.1\r\nHost: h\r\n\r\n", "PUT /x HTTP/1.1\r\nHost: h\r\n\r\n",
		"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\n\r\n{}",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n{}",
		"POST / HTTP/1.1\r\nHost:\r\nTransfer-Encoding:chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\nGET /metrics HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /blob/00 HTTP/1.1\r\nHost: h\r\n\r\n", "\r\n\r\n", "G", "" };
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		put(requests[i]);
	seed_post("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"system_name\"}");
	seed_post("{\"jsonrpc\":\"2.0\",\"method\":\"system_name\"}");
	seed_post("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"chain_getBlock\",\"params\":[7]}");
	seed_blob("PUT", "piece", "Content-Length: 5");
	seed_blob("PUT", "other", "Content-Length: 9");
	seed_blob("PUT", "more!", "Transfer-Encoding: chunked");
	seed_blob("PUT", "empty", "Content-Length: 0");
	seed_blob("PUT", "large", "Content-Length: 99999999999");
	seed_blob("GET", "piece", "Range: bytes=1-2");
	seed_blob("GET", PIECE, "Range: bytes=1-");
	seed_blob("GET", PIECE, "Range: bytes=2-1");
	seed_blob("GET", PIECE, "Range: bytes=x");
	seed_blob("GET", PIECE, "Range: bytes=1x");
	seed_blob("GET", PIECE, "Range: bytes=1-x");
	seed_blob("GET", PIECE, "Range: bytes=-x");
	seed_blob("GET", PIECE, "Range: bytes=-99999999999999999999");
	seed_blob("GET", "piece", "Range: bytes=9-");
	seed_blob("GET", "piece", "Range: bytes=-2");
	seed_blob("GET", "piece", "Accept: *");
}
