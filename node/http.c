/* node/http.c - the only file that includes libmicrohttpd. */
#include "node/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/log.h"
#include "node/file.h"
#include "node/rpc.h"

#define THREADS 4u
#define CONNECTION_BYTES (64u * 1024u)
#define CONNECTION_IDLE_S 60u
#define PEM_MAX 65536u
#define DISCARD_MAX                                                                                \
	(2u * 1024u * 1024u) /* a refused body this small is read to its end, so that the answer   \
				arrives */
#define STREAM_BLOCK 16384u

enum work {
	WORK_RPC,
	WORK_PUT,
	WORK_GET_BLOB,
	WORK_EVENTS,
	WORK_METRICS,
	WORK_HEALTH,
	WORK_REFUSE
};

/* One watcher of /events. */
struct stream {
	struct http *http;
	struct MHD_Connection *connection;
	struct stream *next, *previous;
	uint64_t next_event;
	bool suspended, listed;
	size_t n, at;
	char text[DESK_EVENT_BYTES_MAX + 64];
};

struct request {
	struct http *http;
	struct MHD_Connection *connection;
	enum work work;
	unsigned status;                     /* WORK_REFUSE, or once something went wrong */
	enum sr_error error;
	struct sr_writer body;
	struct rpc_batch batch;
	bool asked, suspended;
	struct blob_put *put;
	struct sr_hash32 hash;
	uint64_t taken;                      /* bytes of the body so far, or since it was refused */
};

struct http {
	struct http_settings settings;
	struct MHD_Daemon *daemon;
	uint8_t *key, *cert;
	size_t key_n;
	struct stream *streams;              /* under the desk's lock, as the figures */
	struct http_figures figures;
};

static uint64_t monotonic_ms(void)
{
	struct timespec t;

	SR_ASSERT(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

/* --- Answers --- */

static enum MHD_Result queue(struct MHD_Connection *connection, unsigned status,
    struct MHD_Response *response, const char *type)
{
	enum MHD_Result done;

	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (type != NULL)
		MHD_add_response_header(response, "Content-Type", type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD, POST, PUT");
	done = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return done;
}

/* text: malloc'd; taken over. */
static enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned status, char *text,
    const char *type)
{
	if (text == NULL)
		return MHD_NO;
	return queue(connection, status,
	    MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE), type);
}

static enum MHD_Result answer_error(struct MHD_Connection *connection, unsigned status,
    enum sr_error err)
{
	char text[512];
	int n = snprintf(text, sizeof text,
	    "{\"error\":{\"code\":%d,\"message\":\"%s\",\"data\":{\"name\":\"%s\"}}}\n", (int)err,
	    sr_error_message((unsigned)err), sr_error_name((unsigned)err));

	SR_ASSERT(n > 0 && (size_t)n < sizeof text);
	return queue(connection, status,
	    MHD_create_response_from_buffer((size_t)n, text, MHD_RESPMEM_MUST_COPY),
	    "application/json");
}

static unsigned status_of(enum sr_error err)
{
	if (err == SR_ERR_NOT_FOUND)
		return MHD_HTTP_NOT_FOUND;
	if (err == SR_ERR_TOO_LONG)
		return MHD_HTTP_CONTENT_TOO_LARGE;
	if (err == SR_ERR_DISK_FULL)
		return MHD_HTTP_INSUFFICIENT_STORAGE;
	if (err == SR_ERR_TOO_MANY || err == SR_ERR_NOT_READY)
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	if (err == SR_ERR_IO || err == SR_ERR_NO_MEMORY || err == SR_ERR_INTERNAL)
		return MHD_HTTP_INTERNAL_SERVER_ERROR;
	return MHD_HTTP_BAD_REQUEST;
}

static void refuse(struct request *r, unsigned status, enum sr_error err)
{
	r->work = WORK_REFUSE;
	r->taken = 0;
	r->status = status;
	r->error = err;
}

/* --- Routes --- */

static uint64_t content_length(struct MHD_Connection *connection, bool *given)
{
	const char *text = MHD_lookup_connection_value(
	    connection, MHD_HEADER_KIND, "Content-Length");
	char *end;
	uint64_t n;

	*given = false;
	if (text == NULL || text[0] < '0' || text[0] > '9')
		return 0;
	errno = 0;
	n = strtoull(text, &end, 10);
	*given = *end == '\0' && errno == 0;
	return n;
}

static void route_put(struct request *r, const char *hex)
{
	bool given;
	uint64_t n = content_length(r->connection, &given);
	enum sr_error err;

	if (sr_hex_decode(r->hash.b, sizeof r->hash.b, hex, strlen(hex)) != SR_OK) {
		refuse(r, MHD_HTTP_BAD_REQUEST, SR_ERR_BAD_HEX);
		return;
	}
	if (!given) {
		refuse(r, MHD_HTTP_LENGTH_REQUIRED, SR_ERR_EMPTY);
		return;
	}
	r->work = WORK_PUT;
	err = blobs_put_begin(&r->put, r->http->settings.blobs, &r->hash, n);
	if (err == SR_ERR_DUPLICATE)
		refuse(r, MHD_HTTP_OK, SR_OK); /* it is here: that is what was wanted */
	else if (err != SR_OK)
		refuse(r, status_of(err), err);
}

static void route_get(struct request *r, const char *url)
{
	if (strcmp(url, "/events") == 0)
		r->work = WORK_EVENTS;
	else if (strcmp(url, "/metrics") == 0)
		r->work = WORK_METRICS;
	else if (strcmp(url, "/healthz") == 0)
		r->work = WORK_HEALTH;
	else if (strncmp(url, "/blob/", 6) != 0)
		refuse(r, strcmp(url, "/") == 0 ? MHD_HTTP_METHOD_NOT_ALLOWED : MHD_HTTP_NOT_FOUND,
		    SR_ERR_NOT_FOUND);
	else if (sr_hex_decode(r->hash.b, sizeof r->hash.b, url + 6, strlen(url + 6)) != SR_OK)
		refuse(r, MHD_HTTP_BAD_REQUEST, SR_ERR_BAD_HEX);
	else
		r->work = WORK_GET_BLOB;
}

static void route_post(struct request *r, const char *url)
{
	bool given;
	uint64_t n = content_length(r->connection, &given);

	if (strcmp(url, "/") != 0)
		refuse(r, MHD_HTTP_NOT_FOUND, SR_ERR_NOT_FOUND);
	else if (given && n > RPC_BODY_MAX)
		refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, SR_ERR_TOO_LONG);
	else
		r->work = WORK_RPC;
}

static void route(struct request *r, const char *method, const char *url)
{
	if (strcmp(method, "POST") == 0)
		route_post(r, url);
	else if (strcmp(method, "PUT") == 0 && strncmp(url, "/blob/", 6) == 0)
		route_put(r, url + 6);
	else if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		route_get(r, url);
	else
		refuse(r, MHD_HTTP_METHOD_NOT_ALLOWED, SR_ERR_BAD_KIND);
}

/* --- Bodies --- */

static void body_take(struct request *r, const char *p, size_t n)
{
	enum sr_error err = SR_OK;

	r->taken += n;
	if (r->work == WORK_RPC) {
		sr_write_copy(&r->body, (const uint8_t *)p, n);
		if (r->body.error != SR_OK)
			refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, SR_ERR_TOO_LONG);
	} else if (r->work == WORK_PUT) {
		err = blobs_put_write(r->put, p, n);
	}
	if (err != SR_OK) {
		blobs_put_abort(r->put);
		r->put = NULL;
		refuse(r, status_of(err), err);
	}
}

static enum MHD_Result put_finish(struct request *r)
{
	struct blob_put *put = r->put;
	enum sr_error err;

	r->put = NULL;
	err = blobs_put_finish(put);
	if (err != SR_OK)
		return answer_error(r->connection, status_of(err), err);
	return answer_text(r->connection, MHD_HTTP_CREATED, strdup("{\"stored\":true}\n"),
	    "application/json");
}

/* --- JSON-RPC --- */

/* Lock held, from the loop's thread, once the last answer is there. */
static void request_ready(void *owner)
{
	struct request *r = owner;

	if (r->suspended) {
		r->suspended = false;
		MHD_resume_connection(r->connection);
	}
}

static enum MHD_Result rpc_answer(struct request *r)
{
	struct desk *desk = r->http->settings.desk;
	char *text = rpc_finish(&r->batch);
	uint64_t errors = 0;

	for (size_t i = 0; i < r->batch.n; i++)
		errors += r->batch.calls[i].error != NULL;
	desk_lock(desk);
	r->http->figures.rpc_calls += r->batch.n;
	r->http->figures.rpc_errors += errors;
	desk_unlock(desk);
	if (text == NULL)
		return queue(r->connection, MHD_HTTP_NO_CONTENT,
		    MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT), NULL);
	return answer_text(r->connection, MHD_HTTP_OK, text, "application/json");
}

/* Called again when the connection has been resumed. */
static enum MHD_Result rpc_step(struct request *r)
{
	struct desk *desk = r->http->settings.desk;
	bool wait;

	if (!r->asked)
		rpc_parse(&r->batch, r->body.p, r->body.n);
	desk_lock(desk);
	if (!r->asked)
		rpc_ask(&r->batch, desk, monotonic_ms() + r->http->settings.request_timeout_ms,
		    request_ready, r);
	r->asked = true;
	wait = r->batch.pending > 0;
	if (wait) {
		/* Under the lock, so that the answer can't come in between. */
		r->suspended = true;
		MHD_suspend_connection(r->connection);
	}
	desk_unlock(desk);
	return wait ? MHD_YES : rpc_answer(r);
}

/* --- Pieces --- */

/* One range as RFC 9110 14.1.2 has it: a-b, a-, -n. false: ignored, the whole is sent. */
static bool range_parse(
    uint64_t *from, uint64_t *n, bool *satisfiable, const char *text, uint64_t size)
{
	uint64_t first, last = UINT64_MAX;
	char *end;

	if (text == NULL || strncmp(text, "bytes=", 6) != 0)
		return false;
	text += 6;
	errno = 0;
	if (text[0] == '-') {
		if (text[1] < '0' || text[1] > '9')
			return false;
		last = strtoull(text + 1, &end, 10);
		if (*end != '\0' || errno != 0)
			return false;
		*satisfiable = last > 0 && size > 0;
		*n = last < size ? last : size;
		*from = size - *n;
		return true;
	}
	if (text[0] < '0' || text[0] > '9')
		return false;
	first = strtoull(text, &end, 10);
	if (*end != '-' || errno != 0)
		return false;
	text = end + 1;
	if (*text != '\0') {
		if (text[0] < '0' || text[0] > '9')
			return false;
		last = strtoull(text, &end, 10);
		if (*end != '\0' || errno != 0 || last < first)
			return false;
	}
	*satisfiable = first < size;
	*from = first;
	if (*satisfiable)
		*n = last < size - 1 ? last - first + 1 : size - first;
	return true;
}

static enum MHD_Result range_refuse(struct request *r, uint64_t size)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    0, NULL, MHD_RESPMEM_PERSISTENT);
	char text[64];

	if (response == NULL)
		return MHD_NO;
	snprintf(text, sizeof text, "bytes */%llu", (unsigned long long)size);
	MHD_add_response_header(response, "Content-Range", text);
	return queue(r->connection, MHD_HTTP_RANGE_NOT_SATISFIABLE, response, NULL);
}

static enum MHD_Result blob_answer(struct request *r)
{
	const char *asked = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Range");
	uint64_t size = 0, from = 0, n = 0;
	struct MHD_Response *response;
	bool ranged, satisfiable = true;
	char text[96];
	int fd = -1;
	enum sr_error err = blobs_get(&fd, &size, r->http->settings.blobs, &r->hash);

	if (err != SR_OK)
		return answer_error(r->connection, status_of(err), err);
	ranged = range_parse(&from, &n, &satisfiable, asked, size);
	if (!satisfiable) {
		close(fd);
		return range_refuse(r, size);
	}
	if (!ranged)
		n = size;
	response = MHD_create_response_from_fd_at_offset64(n, fd, from);
	if (response == NULL) {
		close(fd);
		return MHD_NO;
	}
	MHD_add_response_header(response, "Accept-Ranges", "bytes");
	if (ranged) {
		snprintf(text, sizeof text, "bytes %llu-%llu/%llu", (unsigned long long)from,
		    (unsigned long long)(from + n - 1), (unsigned long long)size);
		MHD_add_response_header(response, "Content-Range", text);
	}
	return queue(r->connection, ranged ? MHD_HTTP_PARTIAL_CONTENT : MHD_HTTP_OK, response,
	    "application/octet-stream");
}

/* --- Events --- */

/* Lock held. */
static void stream_unlist(struct stream *s)
{
	if (!s->listed)
		return;
	if (s->previous != NULL)
		s->previous->next = s->next;
	else
		s->http->streams = s->next;
	if (s->next != NULL)
		s->next->previous = s->previous;
	s->listed = false;
	s->http->figures.watchers--;
}

/* Lock held. Who was too slow is told so and goes on with what is still there. */
static bool stream_load(struct stream *s, const struct desk *desk)
{
	const struct desk_event *event;

	if (s->next_event >= desk->next_event)
		return false;
	if (desk->next_event - s->next_event >= DESK_EVENTS_MAX) {
		s->next_event = desk->next_event - DESK_EVENTS_MAX + 1;
		s->n = (size_t)snprintf(s->text, sizeof s->text, "event: lost\ndata: {}\n\n");
		s->at = 0;
		return true;
	}
	event = &desk->events[s->next_event++ % DESK_EVENTS_MAX];
	memcpy(s->text, event->text, event->n);
	s->n = event->n;
	s->at = 0;
	return true;
}

static ssize_t stream_read(void *cls, uint64_t position, char *out, size_t max)
{
	struct stream *s = cls;
	struct desk *desk = s->http->settings.desk;
	ssize_t n = 0;

	(void)position;
	desk_lock(desk);
	if (desk->closing) {
		n = MHD_CONTENT_READER_END_OF_STREAM;
	} else if (s->at == s->n && !stream_load(s, desk)) {
		s->suspended = true;
		MHD_suspend_connection(s->connection);
	} else {
		size_t part = s->n - s->at < max ? s->n - s->at : max;

		memcpy(out, s->text + s->at, part);
		s->at += part;
		n = (ssize_t)part;
	}
	desk_unlock(desk);
	return n;
}

static void stream_free(void *cls)
{
	struct stream *s = cls;
	struct desk *desk = s->http->settings.desk;

	desk_lock(desk);
	stream_unlist(s);
	desk_unlock(desk);
	free(s);
}

/* Lock held: something for the watchers. */
static void streams_wake(void *owner)
{
	struct http *self = owner;

	for (struct stream *s = self->streams; s != NULL; s = s->next)
		if (s->suspended) {
			s->suspended = false;
			MHD_resume_connection(s->connection);
		}
}

static enum MHD_Result events_answer(struct request *r)
{
	struct http *self = r->http;
	struct stream *s = calloc(1, sizeof *s);
	struct desk *desk = self->settings.desk;
	struct MHD_Response *response;
	bool full;

	if (s == NULL)
		return MHD_NO;
	s->http = self;
	s->connection = r->connection;
	s->n = (size_t)snprintf(s->text, sizeof s->text, "retry: 1000\n\n");
	desk_lock(desk);
	full = self->figures.watchers >= self->settings.clients_max / 2 || desk->closing;
	if (!full) {
		s->next_event = desk->next_event;
		s->next = self->streams;
		if (s->next != NULL)
			s->next->previous = s;
		self->streams = s;
		s->listed = true;
		self->figures.watchers++;
	}
	desk_unlock(desk);
	if (full) {
		free(s);
		return answer_error(r->connection, MHD_HTTP_SERVICE_UNAVAILABLE, SR_ERR_TOO_MANY);
	}
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, stream_read, s,
	    stream_free);
	if (response == NULL) {
		stream_free(s);
		return MHD_NO;
	}
	return queue(r->connection, MHD_HTTP_OK, response, "text/event-stream");
}

/* --- Figures --- */

static enum MHD_Result metrics_answer(struct request *r)
{
	struct http *self = r->http;
	struct desk *desk = self->settings.desk;
	struct desk_figures *f = malloc(sizeof *f);
	struct http_figures h;
	struct blobs_figures b;
	char *text;

	if (f == NULL)
		return MHD_NO;
	blobs_figures(&b, self->settings.blobs);
	desk_lock(desk);
	*f = desk->figures;
	h = self->figures;
	h.timed_out = desk->timed_out;
	desk_unlock(desk);
	text = metrics_text(f, &b, &h, monotonic_ms());
	free(f);
	return answer_text(
	    r->connection, MHD_HTTP_OK, text, "text/plain; version=0.0.4; charset=utf-8");
}

static enum MHD_Result health_answer(struct request *r)
{
	struct desk *desk = r->http->settings.desk;
	const struct desk_figures *f = &desk->figures;
	const char *what = "ok";

	desk_lock(desk);
	if (!f->running || !f->status_known)
		what = "starting or stopping";
	else if (f->disk_low || f->status.disk_full)
		what = "the disk is nearly full";
	else if (f->status.recovering)
		what = "recovering";
	desk_unlock(desk);
	return answer_text(r->connection,
	    strcmp(what, "ok") == 0 ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, strdup(what),
	    "text/plain; charset=utf-8");
}

/* --- libmicrohttpd's side --- */

static enum MHD_Result request_answer(struct request *r)
{
	switch (r->work) {
	case WORK_RPC:
		return rpc_step(r);
	case WORK_PUT:
		return put_finish(r);
	case WORK_GET_BLOB:
		return blob_answer(r);
	case WORK_EVENTS:
		return events_answer(r);
	case WORK_METRICS:
		return metrics_answer(r);
	case WORK_HEALTH:
		return health_answer(r);
	case WORK_REFUSE:
		break;
	}
	if (r->error == SR_OK)
		return answer_text(
		    r->connection, r->status, strdup("{\"stored\":true}\n"), "application/json");
	return answer_error(r->connection, r->status, r->error);
}

static enum MHD_Result request_begin(struct http *self, struct MHD_Connection *connection,
    const char *method, const char *url, void **slot)
{
	struct request *r = calloc(1, sizeof *r);
	bool given;

	if (r == NULL)
		return MHD_NO;
	r->http = self;
	r->connection = connection;
	sr_writer_init(&r->body, RPC_BODY_MAX);
	*slot = r;
	route(r, method, url);
	desk_lock(self->settings.desk);
	self->figures.requests++;
	self->figures.refused += r->work == WORK_REFUSE && r->error != SR_OK;
	desk_unlock(self->settings.desk);
	/* Before a large body: the sender is told to keep it. */
	if (r->work == WORK_REFUSE && content_length(connection, &given) > DISCARD_MAX)
		return request_answer(r);
	return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_n, void **slot)
{
	struct request *r = *slot;

	(void)version;
	if (r == NULL)
		return request_begin(cls, connection, method, url, slot);
	if (*upload_n > 0) {
		body_take(r, upload, *upload_n);
		*upload_n = 0;
		return r->work == WORK_REFUSE && r->taken > DISCARD_MAX ? MHD_NO : MHD_YES;
	}
	return request_answer(r);
}

static void on_end(void *cls, struct MHD_Connection *connection, void **slot,
    enum MHD_RequestTerminationCode why)
{
	struct request *r = *slot;
	struct desk *desk;

	(void)cls;
	(void)connection;
	(void)why;
	if (r == NULL)
		return;
	desk = r->http->settings.desk;
	desk_lock(desk);
	rpc_forget(&r->batch, desk);
	desk_unlock(desk);
	rpc_clear(&r->batch);
	blobs_put_abort(r->put);
	sr_writer_clear(&r->body);
	free(r);
	*slot = NULL;
}

__attribute__((format(printf, 2, 0)))
static void on_log(void *cls, const char *format, va_list args)
{
	char text[512];

	(void)cls;
	vsnprintf(text, sizeof text, format, args);
	text[strcspn(text, "\n")] = '\0';
	sr_log(SR_LOG_DEBUG, "http", "%s", text);
}

static bool address_make(struct sockaddr_storage *out, const struct http_settings *s)
{
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof *out);
	if (inet_pton(AF_INET, s->host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(s->port);
		return true;
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(s->port);
	return inet_pton(AF_INET6, s->host, &six->sin6_addr) == 1;
}

static enum sr_error daemon_start(struct http *self)
{
	struct sockaddr_storage address;
	unsigned flags = MHD_USE_TLS | MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
			 MHD_USE_ERROR_LOG;
	unsigned clients = self->settings.clients_max < THREADS ? THREADS
								: self->settings.clients_max;

	if (!address_make(&address, &self->settings))
		return SR_ERR_OUT_OF_RANGE;
	if (address.ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	self->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, self,
	    MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
	    MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
	    MHD_OPTION_HTTPS_MEM_KEY, self->key, MHD_OPTION_HTTPS_MEM_CERT, self->cert,
	    MHD_OPTION_HTTPS_PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.3",
	    MHD_OPTION_THREAD_POOL_SIZE, THREADS, MHD_OPTION_CONNECTION_LIMIT, clients,
	    MHD_OPTION_CONNECTION_TIMEOUT, CONNECTION_IDLE_S,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
	    MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL,
	    MHD_OPTION_LISTEN_BACKLOG_SIZE, 511u,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	return self->daemon != NULL ? SR_OK : SR_ERR_IN_USE;
}

enum sr_error http_start(struct http **out, const struct http_settings *settings)
{
	struct http *self = calloc(1, sizeof *self);
	size_t cert_n;
	enum sr_error err;

	if (self == NULL)
		return SR_ERR_NO_MEMORY;
	self->settings = *settings;
	err = file_read(&self->key, &self->key_n, settings->key_path, PEM_MAX);
	if (err == SR_OK)
		self->key[self->key_n] = '\0'; /* file_read leaves a byte for it */
	if (err == SR_OK)
		err = file_read(&self->cert, &cert_n, settings->cert_path, PEM_MAX);
	if (err == SR_OK)
		self->cert[cert_n] = '\0';
	if (err == SR_OK)
		err = daemon_start(self);
	if (err != SR_OK) {
		http_stop(self);
		return err;
	}
	desk_lock(settings->desk);
	settings->desk->announce = streams_wake;
	settings->desk->announce_owner = self;
	desk_unlock(settings->desk);
	*out = self;
	return SR_OK;
}

uint16_t http_port(const struct http *self)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(
	    self->daemon, MHD_DAEMON_INFO_BIND_PORT);

	return info != NULL ? info->port : 0;
}

void http_stop(struct http *self)
{
	if (self == NULL)
		return;
	if (self->daemon != NULL)
		MHD_stop_daemon(self->daemon);
	desk_lock(self->settings.desk);
	self->settings.desk->announce = NULL;
	desk_unlock(self->settings.desk);
	if (self->key != NULL)
		sr_wipe(self->key, self->key_n);
	free(self->key);
	free(self->cert);
	free(self);
}
