#include "node/fetch.h"

#include <curl/curl.h>
#include <string.h>

#include "base/hex.h"
#include "node/file.h"

#define CONNECT_MS 10000L
#define STALL_S 30L              /* so long without STALL_BYTES a second ends it */
#define STALL_BYTES 1024L

struct transfer {
	const struct fetch *what;
	struct sr_sha256 sha;
	uint64_t bytes;
	enum sr_error error;             /* our own reason to end it */
};

static size_t on_bytes(char *p, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;

	n *= size;
	if (n > t->what->bytes_max - t->bytes)
		t->error = SR_ERR_TOO_LONG;
	else
		t->error = file_write_all(t->what->fd, (const uint8_t *)p, n);
	if (t->error != SR_OK)
		return 0;
	sr_sha256_update(&t->sha, p, n);
	t->bytes += n;
	return n;
}

static int on_progress(void *ctx, curl_off_t all, curl_off_t now, curl_off_t up_all,
    curl_off_t up_now)
{
	const struct transfer *t = ctx;

	(void)all;
	(void)now;
	(void)up_all;
	(void)up_now;
	return t->what->stop != NULL && t->what->stop(t->what->ctx);
}

static bool options_set(CURL *c, struct transfer *t)
{
	char pin[64] = "sha256//";

	sr_base64_encode(pin + 8, t->what->pin.b, sizeof t->what->pin.b);
	return curl_easy_setopt(c, CURLOPT_URL, t->what->url) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L) == CURLE_OK
	    /* The pin is the trust: checked after the handshake, before anything is sent. */
	    && curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_CAINFO, NULL) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_CAPATH, NULL) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_PINNEDPUBLICKEY, pin) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, STALL_S) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_MAX_RECV_SPEED_LARGE,
		   (curl_off_t)t->what->bytes_per_s) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_WRITEDATA, t) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_XFERINFODATA, t) == CURLE_OK;
}

/* The answer to a question, whatever the type it is labelled with. */
static bool body_set(CURL *c, struct curl_slist **headers, const char *body)
{
	if (body == NULL)
		return true;
	*headers = curl_slist_append(NULL, "Content-Type: application/json");
	return *headers != NULL
	    && curl_easy_setopt(c, CURLOPT_HTTPHEADER, *headers) == CURLE_OK
	    && curl_easy_setopt(c, CURLOPT_POSTFIELDS, body) == CURLE_OK;
}

static enum sr_error outcome(CURL *c, CURLcode code, const struct transfer *t)
{
	long status = 0;

	if (t->error != SR_OK)
		return t->error;
	switch ((int)code) {
	case CURLE_OK:
		return SR_OK;
	case CURLE_ABORTED_BY_CALLBACK:
		return SR_ERR_CANCELLED;
	case CURLE_OPERATION_TIMEDOUT:
		return SR_ERR_TIMED_OUT;
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return SR_ERR_BINDING;
	case CURLE_HTTP_RETURNED_ERROR:
		(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
		return status == 404 ? SR_ERR_NOT_FOUND : SR_ERR_NOT_REACHED;
	default:
		return SR_ERR_NOT_REACHED;
	}
}

enum sr_error fetch_init(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? SR_OK : SR_ERR_INTERNAL;
}

enum sr_error fetch_get(struct sr_hash32 *hash, uint64_t *bytes, const struct fetch *what)
{
	struct transfer t = { .what = what };
	enum sr_error err = sr_sha256_init(&t.sha);
	struct curl_slist *headers = NULL;
	CURL *c;

	if (err != SR_OK)
		return err;
	c = curl_easy_init();
	err = c != NULL && options_set(c, &t) && body_set(c, &headers, what->body)
	    ? SR_OK : SR_ERR_NO_MEMORY;
	if (err == SR_OK)
		err = outcome(c, curl_easy_perform(c), &t);
	if (c != NULL)
		curl_easy_cleanup(c);
	curl_slist_free_all(headers);
	*bytes = t.bytes;
	*hash = sr_sha256_finish(&t.sha);
	return err;
}
