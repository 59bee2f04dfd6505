#include "tests/load/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 256
#define READ_BYTES 16384u
#define CONNECT_AT_ONCE 64u
#define STILL_S 10.0

enum stage { CLOSED, CONNECTING, SHAKING, QUIET, SENDING, READING };

struct connection {
	const struct wire_server *server;
	gnutls_session_t tls;
	int fd;
	enum stage stage;
	bool failed_early;               /* told by the next turn */
	uint32_t watched;                /* epoll's events */
	const uint8_t *request;
	size_t request_n, sent;
	uint8_t *in;
	size_t in_n, in_room;
};

struct wire {
	struct connection *list;
	uint32_t n;
	int epoll;
	unsigned failed;
	gnutls_certificate_credentials_t credentials;
	wire_taker *take;
	void *ctx;
};

enum sr_error wire_new(struct wire **out, uint32_t connections)
{
	struct wire *self = calloc(1, sizeof *self);

	*out = self;
	if (self == NULL)
		return SR_ERR_NO_MEMORY;
	self->list = calloc(connections, sizeof *self->list);
	self->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (self->list == NULL || self->epoll < 0
	    || gnutls_certificate_allocate_credentials(&self->credentials) != 0) {
		wire_free(self);
		*out = NULL;
		return SR_ERR_NO_MEMORY;
	}
	self->n = connections;
	for (uint32_t i = 0; i < connections; i++)
		self->list[i].fd = -1;
	return SR_OK;
}

static void connection_close(struct connection *c)
{
	if (c->tls != NULL)
		gnutls_deinit(c->tls);
	if (c->fd >= 0)
		close(c->fd);
	free(c->in);
	c->tls = NULL;
	c->fd = -1;
	c->in = NULL;
	c->in_n = c->in_room = 0;
	c->stage = CLOSED;
}

void wire_free(struct wire *self)
{
	if (self == NULL)
		return;
	for (uint32_t i = 0; i < self->n; i++)
		connection_close(&self->list[i]);
	free(self->list);
	if (self->epoll >= 0)
		close(self->epoll);
	if (self->credentials != NULL)
		gnutls_certificate_free_credentials(self->credentials);
	free(self);
}

enum sr_error wire_server_parse(struct wire_server *out, const char *url)
{
	unsigned port = 0;

	memset(out, 0, sizeof *out);
	if (sscanf(url, "https://%63[0-9.]:%5u", out->host, &port) != 2 || port > UINT16_MAX)
		return SR_ERR_BAD_SYNTAX;
	out->port = (uint16_t)port;
	return SR_OK;
}

void wire_lead(struct wire *self, uint32_t connection, const struct wire_server *server)
{
	struct connection *c = &self->list[connection];

	if (c->server != server)
		connection_close(c);
	c->server = server;
}

/* --- one connection --- */

static void tell(struct wire *self, struct connection *c, const struct wire_answer *what)
{
	struct wire_answer answer = *what;

	answer.connection = (uint32_t)(c - self->list);
	self->take(self->ctx, &answer);
}

static void fail(struct wire *self, struct connection *c, enum sr_error error)
{
	bool busy = c->stage != QUIET;   /* else the server closed what nobody waits for */

	connection_close(c);
	if (busy)
		tell(self, c, &(struct wire_answer){ .error = error });
}

static void watch(struct wire *self, struct connection *c, uint32_t events)
{
	struct epoll_event e = { .events = events, .data = { .ptr = c } };

	if (c->watched == events)
		return;
	c->watched = events;
	(void)epoll_ctl(self->epoll, EPOLL_CTL_MOD, c->fd, &e);
}

static bool start(struct wire *self, struct connection *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(c->server->port) };
	struct epoll_event e = { .events = EPOLLOUT, .data = { .ptr = c } };
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd < 0 || inet_pton(AF_INET, c->server->host, &to.sin_addr) != 1
	    || fcntl(c->fd, F_SETFL, O_NONBLOCK) != 0
	    || fcntl(c->fd, F_SETFD, FD_CLOEXEC) != 0
	    || setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0
	    || gnutls_init(&c->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK) != 0
	    || gnutls_set_default_priority(c->tls) != 0
	    || gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, self->credentials) != 0)
		return false;
	gnutls_transport_set_int(c->tls, c->fd);
	c->stage = CONNECTING;
	c->watched = EPOLLOUT;
	if (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)
		return false;
	return epoll_ctl(self->epoll, EPOLL_CTL_ADD, c->fd, &e) == 0;
}

/* Whoever asks is not in the middle of a turn: failures wait for the next one. */
static void begin(struct wire *self, struct connection *c)
{
	if (c->stage == CLOSED && !start(self, c)) {
		connection_close(c);
		c->failed_early = true;
		self->failed++;
	} else if (c->stage == QUIET) {
		c->stage = SENDING;
		watch(self, c, EPOLLIN | EPOLLOUT);
	}
}

static bool key_fits(struct connection *c)
{
	unsigned count = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(c->tls, &count);
	gnutls_x509_crt_t cert = NULL;
	gnutls_pubkey_t key = NULL;
	gnutls_datum_t der = { NULL, 0 };
	struct sr_hash32 hash;
	bool fits = false;

	if (chain != NULL && count > 0 && gnutls_x509_crt_init(&cert) == 0
	    && gnutls_x509_crt_import(cert, &chain[0], GNUTLS_X509_FMT_DER) == 0
	    && gnutls_pubkey_init(&key) == 0 && gnutls_pubkey_import_x509(key, cert, 0) == 0
	    && gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der) == 0) {
		hash = sr_hash(der.data, der.size);
		fits = sr_hash32_equal(&hash, &c->server->pin);
	}
	gnutls_free(der.data);
	if (key != NULL)
		gnutls_pubkey_deinit(key);
	if (cert != NULL)
		gnutls_x509_crt_deinit(cert);
	return fits;
}

static void shake(struct wire *self, struct connection *c)
{
	int rc = gnutls_handshake(c->tls);

	if (rc == GNUTLS_E_AGAIN || rc == GNUTLS_E_INTERRUPTED) {
		watch(self, c, gnutls_record_get_direction(c->tls) == 1 ? EPOLLOUT : EPOLLIN);
		return;
	}
	if (rc != 0 || (c->server->pinned && !key_fits(c))) {
		fail(self, c, rc != 0 ? SR_ERR_NOT_REACHED : SR_ERR_BINDING);
		return;
	}
	c->stage = c->request != NULL ? SENDING : QUIET;
	watch(self, c, c->request != NULL ? EPOLLIN | EPOLLOUT : EPOLLIN);
	if (c->request == NULL)
		tell(self, c, &(struct wire_answer){ .error = SR_OK });
}

static void push(struct wire *self, struct connection *c)
{
	while (c->sent < c->request_n) {
		ssize_t n = gnutls_record_send(
		    c->tls, c->request + c->sent, c->request_n - c->sent);

		if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
			return;
		if (n <= 0) {
			fail(self, c, SR_ERR_NOT_REACHED);
			return;
		}
		c->sent += (size_t)n;
	}
	c->stage = READING;
	watch(self, c, EPOLLIN);
}

void wire_send(struct wire *self, uint32_t connection, const uint8_t *request, size_t n)
{
	struct connection *c = &self->list[connection];

	c->request = request;
	c->request_n = n;
	c->sent = 0;
	c->in_n = 0;
	begin(self, c);
}

/* --- answers --- */

/* The head's end, or 0; status and length of the body. BAD_ENCODING: without a length. */
static enum sr_error head_read(const struct connection *c, size_t *head_n, int *status,
    size_t *body_n)
{
	const char *text = (const char *)c->in, *end, *line;

	*head_n = 0;
	end = strstr(text, "\r\n\r\n");
	if (end == NULL)
		return SR_OK;
	if (sscanf(text, "HTTP/1.1 %3d", status) != 1)
		return SR_ERR_BAD_ENCODING;
	for (line = strstr(text, "\r\n"); line != NULL && line < end;
	     line = strstr(line + 2, "\r\n")) {
		if (strncasecmp(line + 2, "content-length:", 15) != 0)
			continue;
		*body_n = (size_t)strtoul(line + 17, NULL, 10);
		*head_n = (size_t)(end - text) + 4;
		return *body_n <= WIRE_ANSWER_MAX ? SR_OK : SR_ERR_TOO_LONG;
	}
	return SR_ERR_BAD_ENCODING;
}

static void answer_look(struct wire *self, struct connection *c)
{
	struct wire_answer answer = { .error = SR_OK };
	size_t head_n, body_n = 0;
	enum sr_error error = head_read(c, &head_n, &answer.status, &body_n);

	if (error != SR_OK) {
		fail(self, c, error);
		return;
	}
	if (head_n == 0 || c->in_n < head_n + body_n)
		return;
	answer.body = c->in + head_n;
	answer.n = body_n;
	c->stage = QUIET;
	tell(self, c, &answer);
}

static bool room_make(struct connection *c)
{
	size_t room = c->in_room == 0 ? READ_BYTES : 2 * c->in_room;
	uint8_t *p;

	if (c->in_room - c->in_n > READ_BYTES / 2)
		return true;
	p = room <= 2 * WIRE_ANSWER_MAX ? realloc(c->in, room) : NULL;
	if (p == NULL)
		return false;
	c->in = p;
	c->in_room = room;
	return true;
}

static void pull(struct wire *self, struct connection *c)
{
	ssize_t n = 0;

	do {
		if (!room_make(c)) {
			fail(self, c, SR_ERR_TOO_LONG);
			return;
		}
		n = gnutls_record_recv(c->tls, c->in + c->in_n, c->in_room - c->in_n - 1);
		if (n > 0)
			c->in_n += (size_t)n;
	} while (n > 0 && gnutls_record_check_pending(c->tls) > 0);
	if (n == 0 || (n < 0 && gnutls_error_is_fatal((int)n) != 0)) {
		fail(self, c, SR_ERR_NOT_REACHED);
		return;
	}
	c->in[c->in_n] = '\0';
	if (n > 0 && c->stage == READING)
		answer_look(self, c);
}

static void move(struct wire *self, struct connection *c)
{
	if (c->stage == CONNECTING)
		c->stage = SHAKING;      /* a refused connection fails its handshake */
	if (c->stage == SHAKING)
		shake(self, c);
	else if (c->stage == SENDING)
		push(self, c);
	else if (c->stage == READING || c->stage == QUIET)
		pull(self, c);
}

static void failures_tell(struct wire *self)
{
	for (uint32_t i = 0; self->failed > 0 && i < self->n; i++) {
		if (!self->list[i].failed_early)
			continue;
		self->list[i].failed_early = false;
		self->failed--;
		tell(self, &self->list[i], &(struct wire_answer){ .error = SR_ERR_NOT_REACHED });
	}
}

void wire_turn(struct wire *self, unsigned wait_ms, wire_taker *take, void *ctx)
{
	struct epoll_event events[EVENTS];
	int n;

	self->take = take;
	self->ctx = ctx;
	n = epoll_wait(self->epoll, events, EVENTS, self->failed > 0 ? 0 : (int)wait_ms);
	for (int i = 0; i < n; i++)
		move(self, events[i].data.ptr);
	if (self->failed > 0)
		failures_tell(self);
}

/* --- connecting ahead --- */

struct joining { uint32_t busy, held; double moved_s; };

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void joined(void *ctx, const struct wire_answer *answer)
{
	struct joining *j = ctx;

	j->busy--;
	j->held += answer->error == SR_OK;
	j->moved_s = now_s();
}

uint32_t wire_connect_all(struct wire *self)
{
	struct joining j = { .moved_s = now_s() };
	uint32_t begun = 0;

	while ((begun < self->n || j.busy > 0) && now_s() < j.moved_s + STILL_S) {
		for (; begun < self->n && j.busy < CONNECT_AT_ONCE; begun++, j.busy++) {
			self->list[begun].request = NULL;
			begin(self, &self->list[begun]);
		}
		wire_turn(self, 100, joined, &j);
	}
	return j.held;
}

uint32_t wire_quiet(const struct wire *self)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < self->n; i++)
		n += self->list[i].stage == QUIET;
	return n;
}

uint8_t *wire_post(size_t *n, const struct wire_server *server, const char *path,
    const char *json)
{
	size_t room = strlen(json) + strlen(path) + 256;
	char *text = malloc(room);

	if (text == NULL)
		return NULL;
	*n = (size_t)snprintf(text, room,
	    "POST %s HTTP/1.1\r\nHost: %s:%u\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    path, server->host, server->port, strlen(json), json);
	return (uint8_t *)text;
}
