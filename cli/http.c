#include "cli/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "cli/cli.h"

#define CONNECT_MS 3000L
#define POLL_MS 100
/* A transfer that moves nothing for this long is dead, whatever its timeout. */
#define STALL_S 30L

/* One that nobody waits for any more goes on by itself: a connection that is closed in the middle
 * of an answer costs the next request to that member a new handshake. */
#define LEFT_ALONE_MAX 64u

/* What curl works on: it may outlive its request. */
struct transfer {
	struct transfer *next;           /* of those left alone */
	struct http_request *request;    /* NULL: left alone */
	CURL *curl;
	struct curl_slist *headers;
};

struct http {
	CURLM *multi;
	struct transfer *alone;
	unsigned alone_n;
};

static void transfer_free(struct http *self, struct transfer *t)
{
	if (t->curl != NULL) {
		curl_multi_remove_handle(self->multi, t->curl);
		curl_easy_cleanup(t->curl);
	}
	curl_slist_free_all(t->headers);
	free(t);
}

static void alone_remove(struct http *self, struct transfer *t)
{
	struct transfer **at = &self->alone;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	self->alone_n--;
	transfer_free(self, t);
}

enum sr_error http_new(struct http **out)
{
	*out = calloc(1, sizeof **out);
	if (*out == NULL)
		return SR_ERR_NO_MEMORY;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		(*out)->multi = curl_multi_init();
	if ((*out)->multi == NULL) {
		free(*out);
		*out = NULL;
		return SR_ERR_NO_MEMORY;
	}
	/* Else it keeps four for each request under way, and a handshake costs more than most
	 * requests. */
	(void)curl_multi_setopt(
	    (*out)->multi, CURLMOPT_MAXCONNECTS, (long)(2 * SR_MEMBERS_MAX));
	return SR_OK;
}

void http_free(struct http *self)
{
	if (self == NULL)
		return;
	while (self->alone != NULL)
		alone_remove(self, self->alone);
	curl_multi_cleanup(self->multi);
	curl_global_cleanup();
	free(self);
}

/* --- bytes in and out --- */

static bool write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, p, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		p += put;
		n -= (size_t)put;
	}
	return true;
}

static bool answer_grow(struct http_request *r, size_t more)
{
	uint8_t *p = realloc(r->answer, r->answer_n + more + 1);

	if (p == NULL)
		return false;
	r->answer = p;
	return true;
}

static size_t on_bytes(char *p, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	struct http_request *r = t->request;

	n *= size;
	if (r == NULL)
		return n;
	if (n > r->answer_max - r->answer_n) {
		r->error = SR_ERR_TOO_LONG;
		return 0;
	}
	if (r->verb == HTTP_GET && r->fd >= 0) {
		if (!write_all(r->fd, (const uint8_t *)p, n)) {
			r->error = errno == ENOSPC ? SR_ERR_DISK_FULL : SR_ERR_IO;
			return 0;
		}
		sr_sha256_update(&r->sha, p, n);
		r->moved += n;
	} else {
		if (!answer_grow(r, n)) {
			r->error = SR_ERR_NO_MEMORY;
			return 0;
		}
		memcpy(r->answer + r->answer_n, p, n);
	}
	r->answer_n += n;
	return n;
}

static size_t on_send(char *p, size_t size, size_t n, void *ctx)
{
	struct http_request *r = ctx;
	uint64_t left = r->fd_bytes - r->moved;
	ssize_t got;

	n *= size;
	if (n > left)
		n = (size_t)left;
	if (n == 0)
		return 0;
	/* pread: several members may be sent the same file. */
	got = pread(r->fd, p, n, (off_t)r->moved);
	if (got <= 0) {
		r->error = SR_ERR_IO;
		return CURL_READFUNC_ABORT;
	}
	r->moved += (uint64_t)got;
	return (size_t)got;
}

static int on_seek(void *ctx, curl_off_t offset, int origin)
{
	struct http_request *r = ctx;

	if (origin != SEEK_SET || offset < 0)
		return CURL_SEEKFUNC_FAIL;
	r->moved = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* --- one request --- */

static enum sr_error request_options(struct transfer *t, struct http_request *r)
{
	CURL *c = t->curl;
	char pin[64] = "sha256//";
	struct curl_slist *headers = NULL;
	char type[128];

	sr_base64_encode(pin + 8, r->pin.b, sizeof r->pin.b);
	headers = curl_slist_append(headers, "Expect:");
	if (r->type != NULL) {
		snprintf(type, sizeof type, "Content-Type: %s", r->type);
		headers = curl_slist_append(headers, type);
	}
	t->headers = headers;
	bool ok = headers != NULL && curl_easy_setopt(c, CURLOPT_URL, r->url) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	    /* The pin is the trust: checked by curl after the handshake, before anything is sent.
	     */
	    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L) == CURLE_OK
	    /* Or curl parses the system's list of authorities for each connection. */
	    && curl_easy_setopt(c, CURLOPT_CAINFO, NULL) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_CAPATH, NULL) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_PINNEDPUBLICKEY, r->unpinned ? NULL : pin)
		== CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)r->timeout_ms) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_WRITEDATA, t) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_PRIVATE, t) == CURLE_OK;

	if (r->verb == HTTP_POST)
		ok = ok && curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK
		    && curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n)
			== CURLE_OK
		    && curl_easy_setopt(c, CURLOPT_COPYPOSTFIELDS, (const char *)r->body.p)
			== CURLE_OK;
	if (r->verb != HTTP_POST)
		ok = ok && curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK &&
		    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, STALL_S) == CURLE_OK;
	if (r->verb == HTTP_PUT)
		ok = ok && curl_easy_setopt(c, CURLOPT_UPLOAD, 1L) == CURLE_OK
		    && curl_easy_setopt(c, CURLOPT_READFUNCTION, on_send) == CURLE_OK
		    && curl_easy_setopt(c, CURLOPT_READDATA, r) == CURLE_OK
		    && curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, on_seek) == CURLE_OK
		    && curl_easy_setopt(c, CURLOPT_SEEKDATA, r) == CURLE_OK
		    && curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024) == CURLE_OK
		    && curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->fd_bytes)
			== CURLE_OK;
	return ok ? SR_OK : SR_ERR_INTERNAL;
}

static void request_end(struct http *self, struct http_request *r, enum sr_error error)
{
	if (r->transfer != NULL)
		transfer_free(self, r->transfer);
	r->transfer = NULL;
	if (r->sha.handle != NULL)
		r->hash = sr_sha256_finish(&r->sha);
	r->sha.handle = NULL;
	if (r->answer != NULL)
		r->answer[r->answer_n] = '\0';
	r->error = error;
	r->finished = true;
}

/* Files are the caller's: what reads or writes one ends with its request. */
static void request_cancel(struct http *self, struct http_request *r)
{
	struct transfer *t = r->transfer;

	if (t != NULL && r->verb == HTTP_POST && self->alone_n < LEFT_ALONE_MAX) {
		t->request = NULL;
		t->next = self->alone;
		self->alone = t;
		self->alone_n++;
		r->transfer = NULL;
	}
	request_end(self, r, SR_ERR_CANCELLED);
}

static void request_clean(struct http_request *r)
{
	r->begun = r->finished = false;
	r->error = SR_OK;
	r->status = 0;
	r->answer = NULL;
	r->answer_n = 0;
	r->moved = 0;
	r->sha.handle = NULL;
	r->transfer = NULL;
}

static void request_begin(struct http *self, struct http_request *r)
{
	enum sr_error error = SR_OK;

	r->begun = true;
	r->transfer = calloc(1, sizeof *r->transfer);
	if (r->verb == HTTP_GET && r->fd >= 0)
		error = sr_sha256_init(&r->sha);
	if (r->transfer != NULL) {
		r->transfer->request = r;
		r->transfer->curl = curl_easy_init();
	}
	if (r->transfer == NULL || r->transfer->curl == NULL)
		error = SR_ERR_NO_MEMORY;
	if (error == SR_OK)
		error = request_options(r->transfer, r);
	if (error == SR_OK
	    && curl_multi_add_handle(self->multi, r->transfer->curl) != CURLM_OK)
		error = SR_ERR_NO_MEMORY;
	if (error != SR_OK)
		request_end(self, r, error);
}

static enum sr_error error_of(CURLcode code, const struct http_request *r)
{
	if (r->error != SR_OK)
		return r->error;
	switch ((int)code) {
	case CURLE_OK:
		return SR_OK;
	case CURLE_OPERATION_TIMEDOUT:
		return SR_ERR_TIMED_OUT;
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return SR_ERR_BINDING;
	default:
		return SR_ERR_NOT_REACHED;
	}
}

/* --- several --- */

static bool collect(struct http *self, bool (*done)(void *, struct http_request *), void *ctx)
{
	CURLMsg *m;
	int queued;
	bool stop = false;

	while ((m = curl_multi_info_read(self->multi, &queued)) != NULL) {
		CURLcode code = m->data.result;
		struct transfer *t = NULL;
		struct http_request *r;
		char *private = NULL;

		if (m->msg != CURLMSG_DONE ||
		    curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private) != CURLE_OK)
			continue;
		t = (struct transfer *)(void *)private;
		r = t->request;
		if (r == NULL) {
			alone_remove(self, t);
			continue;
		}
		if (curl_easy_getinfo(m->easy_handle, CURLINFO_RESPONSE_CODE, &r->status)
		    != CURLE_OK)
			r->status = 0;
		request_end(self, r, error_of(code, r));
		if (done != NULL && done(ctx, r))
			stop = true;
	}
	return stop;
}

/* What http_run works on. */
struct run {
	struct http *http;
	struct http_request *const *requests;
	size_t n;
	bool (*done)(void *ctx, struct http_request *request);
	void *ctx;
	uint64_t since_ms;
};

static bool under_way(const struct run *run)
{
	for (size_t i = 0; i < run->n; i++)
		if (run->requests[i]->begun && !run->requests[i]->finished)
			return true;
	return false;
}

static bool begin_one(const struct run *run, struct http_request *r)
{
	request_begin(run->http, r);
	return r->finished && run->done != NULL && run->done(run->ctx, r);
}

/* Those whose time has come; one whose time has not when nothing else goes on. true: stop. */
static bool begin_due(const struct run *run)
{
	uint64_t passed_ms = cli_monotonic_ms() - run->since_ms;

	for (size_t i = 0; i < run->n; i++)
		if (!run->requests[i]->begun && run->requests[i]->hold_ms <= passed_ms &&
		    begin_one(run, run->requests[i]))
			return true;
	for (size_t i = 0; i < run->n && !under_way(run); i++)
		if (!run->requests[i]->begun && begin_one(run, run->requests[i]))
			return true;
	return false;
}

/* How long to sleep at most. */
static int pause_ms(const struct run *run)
{
	uint64_t passed_ms = cli_monotonic_ms() - run->since_ms, ms = POLL_MS;

	for (size_t i = 0; i < run->n; i++) {
		const struct http_request *r = run->requests[i];

		if (!r->begun && r->hold_ms < passed_ms + ms)
			ms = r->hold_ms > passed_ms ? r->hold_ms - passed_ms : 0;
	}
	return (int)ms;
}

void http_run(struct http *self, struct http_request *const *requests, size_t n,
    bool (*done)(void *ctx, struct http_request *request), void (*step)(void *ctx), void *ctx)
{
	struct run run = { self, requests, n, done, ctx, cli_monotonic_ms() };
	bool stop;
	int running;

	for (size_t i = 0; i < n; i++)
		request_clean(requests[i]);
	stop = begin_due(&run);
	while (!stop && under_way(&run)) {
		if (curl_multi_perform(self->multi, &running) != CURLM_OK)
			break;
		stop = collect(self, done, ctx);
		if (step != NULL)
			step(ctx);
		/* Curl knows of none, and said nothing of how it ended: not waited for. */
		if (running == 0 && under_way(&run))
			break;
		stop = stop || begin_due(&run);
		if (!stop && under_way(&run) &&
		    curl_multi_poll(self->multi, NULL, 0, pause_ms(&run), NULL) != CURLM_OK)
			break;
	}
	for (size_t i = 0; i < n; i++)
		if (!requests[i]->finished)
			request_cancel(self, requests[i]);
}

void http_request_clear(struct http_request *r)
{
	if (r->answer != NULL)
		sr_wipe(r->answer, r->answer_n);
	free(r->answer);
	r->answer = NULL;
	r->answer_n = 0;
}
