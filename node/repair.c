#include "node/repair.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/log.h"
#include "blob/code.h"
#include "node/fetch.h"

#define CHUNK_BYTES 65536u               /* of each piece in memory */

struct peer { char url[REPAIR_URL_MAX]; struct sr_hash32 pin; uint64_t away_until_ms; };

struct repair {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	struct blobs *blobs;
	uint32_t seat;
	uint64_t grace_s;
	/* below the lock */
	struct peer peers[SR_MEMBERS_MAX];
	struct repair_figures figures;
	bool stopping, woken;
};

static void lock(struct repair *self)
{
	SR_ASSERT(pthread_mutex_lock(&self->lock) == 0);
}

static void unlock(struct repair *self)
{
	SR_ASSERT(pthread_mutex_unlock(&self->lock) == 0);
}

static bool stopping(void *ctx)
{
	struct repair *self = ctx;
	bool stop;

	lock(self);
	stop = self->stopping;
	unlock(self);
	return stop;
}

static void count(struct repair *self, uint64_t *figure)
{
	lock(self);
	(*figure)++;
	unlock(self);
}

/* --- One payload --- */

/* The pieces at hand, each a file of its own. */
struct sources { uint32_t n, which[VAULT_BLOB_PIECES_MAX]; int fds[VAULT_BLOB_PIECES_MAX]; };

static void sources_close(struct sources *s)
{
	while (s->n > 0)
		close(s->fds[--s->n]);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	SR_ASSERT(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

static bool peer_get(struct peer *out, struct repair *self, uint32_t seat)
{
	lock(self);
	*out = self->peers[seat];
	unlock(self);
	return out->url[0] != '\0' && now_ms() >= out->away_until_ms;
}

/* Who is away must not hold every piece up. */
static void peer_away(struct repair *self, uint32_t seat)
{
	lock(self);
	self->peers[seat].away_until_ms = now_ms() + REPAIR_AWAY_MS;
	unlock(self);
}

static enum sr_error piece_fetch(int fd, struct repair *self, const struct peer *peer,
    const struct sr_hash32 *want, uint64_t piece_bytes)
{
	char url[REPAIR_URL_MAX + 80], hex[65];
	struct fetch what = { .url = url, .pin = peer->pin, .fd = fd, .bytes_max = piece_bytes,
		.bytes_per_s = REPAIR_BYTES_PER_S, .stop = stopping, .ctx = self };
	struct sr_hash32 hash;
	uint64_t bytes;

	sr_hex_encode(hex, want->b, sizeof want->b);
	snprintf(url, sizeof url, "%s/blob/%s", peer->url, hex);
	SR_TRY(fetch_get(&hash, &bytes, &what));
	return bytes == piece_bytes && sr_hash32_equal(&hash, want) ? SR_OK : SR_ERR_BAD_HASH;
}

/* One more source, if that seat has its piece. */
static enum sr_error source_add(
    struct sources *s, struct repair *self, const struct vault_payload *p, uint32_t seat)
{
	struct peer peer;
	enum sr_error err;
	int fd;

	if (!peer_get(&peer, self, seat))
		return SR_OK;
	SR_TRY(blobs_scratch(&fd, self->blobs, blob_piece_bytes(p)));
	err = piece_fetch(fd, self, &peer, &p->piece_hash[seat], blob_piece_bytes(p));
	if (err == SR_OK) {
		s->which[s->n] = seat;
		s->fds[s->n++] = fd;
		return SR_OK;
	}
	close(fd);
	if (err == SR_ERR_NOT_REACHED || err == SR_ERR_TIMED_OUT || err == SR_ERR_BINDING)
		peer_away(self, seat);
	if (err == SR_ERR_BAD_HASH || err == SR_ERR_TOO_LONG) {
		count(self, &self->figures.bad);
		sr_log(SR_LOG_WARN, "repair", "seat %u gave bytes that are not its piece", seat);
	}
	return err == SR_ERR_CANCELLED || err == SR_ERR_DISK_FULL ? err : SR_OK;
}

/* From any seat on, so that members share the load. */
static enum sr_error sources_gather(
    struct sources *s, struct repair *self, const struct vault_payload *p, uint32_t own)
{
	for (uint32_t i = 1; i < p->pieces_n && s->n < p->data_pieces; i++)
		SR_TRY(source_add(s, self, p, (own + i) % p->pieces_n));
	return s->n == p->data_pieces ? SR_OK : SR_ERR_BLOB_MISSING;
}

struct weaver { uint8_t *tables, *in, *out; };

static enum sr_error chunks_weave(struct blob_put *put, const struct weaver *w,
    const struct sources *s, uint64_t piece_bytes)
{
	uint8_t *in[VAULT_BLOB_PIECES_MAX], *out = w->out;

	for (uint64_t at = 0; at < piece_bytes;) {
		size_t n = piece_bytes - at < CHUNK_BYTES ? (size_t)(piece_bytes - at)
							  : CHUNK_BYTES;

		for (uint32_t i = 0; i < s->n; i++) {
			in[i] = w->in + (size_t)i * CHUNK_BYTES;
			if (pread(s->fds[i], in[i], n, (off_t)at) != (ssize_t)n)
				return SR_ERR_IO;
		}
		blob_code(&out, 1, w->tables, in, s->n, n);
		SR_TRY(blobs_put_write(put, out, n));
		at += n;
	}
	return SR_OK;
}

/* The code works on each byte's place alone, so stripes do not matter here. */
static enum sr_error piece_weave(struct repair *self, const struct vault_payload *p,
    const struct sources *s, uint32_t own)
{
	struct weaver w = { .tables = malloc((size_t)s->n * BLOB_TABLE_BYTES),
		.in = malloc((size_t)s->n * CHUNK_BYTES), .out = malloc(CHUNK_BYTES) };
	struct blob_put *put = NULL;
	enum sr_error err = SR_ERR_NO_MEMORY;

	if (w.tables != NULL && w.in != NULL && w.out != NULL)
		err = blob_tables_piece(w.tables, s->n, p->pieces_n, s->which, own);
	if (err == SR_OK)
		err = blobs_put_begin(&put, self->blobs, &p->piece_hash[own], blob_piece_bytes(p));
	if (err == SR_OK)
		err = chunks_weave(put, &w, s, blob_piece_bytes(p));
	if (err == SR_OK)
		err = blobs_put_finish(put);
	else
		blobs_put_abort(put);
	free(w.tables);
	free(w.in);
	free(w.out);
	return err;
}

static enum sr_error payload_read(struct vault_payload *p, struct sr_bytes about)
{
	struct sr_reader r;

	sr_reader_init(&r, about.p, about.n);
	vault_payload_read(p, &r);
	SR_TRY(sr_reader_finish(&r));
	return blob_check(p);
}

/* Two seats' pieces can be the same bytes; mine is then the one on my seat. */
static uint32_t own_piece(
    const struct repair *self, const struct vault_payload *p, const struct sr_hash32 *hash)
{
	uint32_t i = self->seat;

	if (i < p->pieces_n && sr_hash32_equal(&p->piece_hash[i], hash))
		return i;
	for (i = 0; i < p->pieces_n && !sr_hash32_equal(&p->piece_hash[i], hash); i++)
		;
	return i;
}

static enum sr_error restore(
    struct repair *self, const struct sr_hash32 *hash, struct sr_bytes about)
{
	struct vault_payload *p = malloc(sizeof *p);
	struct sources s = { .n = 0 };
	uint32_t own = 0;
	enum sr_error err = p != NULL ? payload_read(p, about) : SR_ERR_NO_MEMORY;

	if (err == SR_OK) {
		own = own_piece(self, p, hash);
		err = own < p->pieces_n ? sources_gather(&s, self, p, own) : SR_ERR_BAD_HASH;
	}
	if (err == SR_OK)
		err = piece_weave(self, p, &s, own);
	sources_close(&s);
	free(p);
	return err;
}

/* --- The thread --- */

struct pass { struct repair *self; uint64_t made, failed; enum sr_error last; };

static bool on_wanted(void *ctx, const struct sr_hash32 *hash, struct sr_bytes about)
{
	struct pass *pass = ctx;
	struct repair *self = pass->self;
	enum sr_error err = restore(self, hash, about);

	if (err == SR_OK) {
		pass->made++;
		count(self, &self->figures.repaired);
	} else if (err != SR_ERR_DUPLICATE && err != SR_ERR_CANCELLED) {
		pass->failed++;
		pass->last = err;
		count(self, &self->figures.failed);
	}
	return !stopping(self);
}

static void pass_tell(const struct pass *pass)
{
	if (pass->made > 0)
		sr_log(SR_LOG_INFO, "repair", "restored pieces=%llu still_missing=%llu",
		    (unsigned long long)pass->made, (unsigned long long)pass->failed);
	else if (pass->failed > 0)
		sr_log(SR_LOG_WARN, "repair",
		    "pieces that secrets need are missing here, and can't be restored now: "
		    "pieces=%llu, the last because: %s",
		    (unsigned long long)pass->failed, sr_error_message((unsigned)pass->last));
}

/* True: woken, which shortens the pause to the least. */
static bool rest(struct repair *self, uint64_t pause_ms)
{
	uint64_t began_ms = now_ms(), due_ms = began_ms + pause_ms;
	bool woken;

	lock(self);
	while (!self->stopping && now_ms() < due_ms) {
		struct timespec due;

		if (self->woken)
			due_ms = began_ms + REPAIR_PAUSE_MIN_MS;
		due = (struct timespec){ .tv_sec = (time_t)(due_ms / 1000),
			.tv_nsec = (long)(due_ms % 1000) * 1000000 };
		(void)!pthread_cond_timedwait(&self->changed, &self->lock, &due);
	}
	woken = self->woken;
	self->woken = false;
	unlock(self);
	return woken;
}

static void *repair_main(void *ctx)
{
	struct repair *self = ctx;
	uint64_t pause_ms = REPAIR_PAUSE_MIN_MS;

	while (!stopping(self)) {
		struct pass pass = { .self = self };

		blobs_wanted(self->blobs, self->grace_s, on_wanted, &pass);
		pass_tell(&pass);
		if (rest(self, pause_ms) || pass.made > 0)
			pause_ms = REPAIR_PAUSE_MIN_MS;
		else if (pause_ms < REPAIR_PAUSE_MAX_MS)
			pause_ms = 2 * pause_ms < REPAIR_PAUSE_MAX_MS ? 2 * pause_ms
								     : REPAIR_PAUSE_MAX_MS;
	}
	return NULL;
}

static enum sr_error sync_init(struct repair *self)
{
	pthread_condattr_t attr;
	bool ok = pthread_mutex_init(&self->lock, NULL) == 0;

	ok = ok && pthread_condattr_init(&attr) == 0;
	ok = ok && pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0;
	return ok && pthread_cond_init(&self->changed, &attr) == 0 ? SR_OK : SR_ERR_NO_MEMORY;
}

enum sr_error repair_start(
    struct repair **out, struct blobs *blobs, uint32_t seat, uint64_t grace_s)
{
	struct repair *self = calloc(1, sizeof *self);
	enum sr_error err;

	if (self == NULL)
		return SR_ERR_NO_MEMORY;
	self->blobs = blobs;
	self->seat = seat;
	self->grace_s = grace_s;
	err = sync_init(self);
	if (err == SR_OK)
		err = fetch_init();
	if (err == SR_OK && pthread_create(&self->thread, NULL, repair_main, self) != 0)
		err = SR_ERR_NO_MEMORY;
	if (err != SR_OK) {
		free(self);
		return err;
	}
	*out = self;
	return SR_OK;
}

void repair_stop(struct repair *self)
{
	if (self == NULL)
		return;
	lock(self);
	self->stopping = true;
	SR_ASSERT(pthread_cond_broadcast(&self->changed) == 0);
	unlock(self);
	SR_ASSERT(pthread_join(self->thread, NULL) == 0);
	pthread_cond_destroy(&self->changed);
	pthread_mutex_destroy(&self->lock);
	free(self);
}

enum sr_error repair_peer(
    struct repair *self, uint32_t seat, const char *url, const struct sr_hash32 *pin)
{
	if (seat >= SR_MEMBERS_MAX)
		return SR_ERR_OUT_OF_RANGE;
	if (url != NULL && strlen(url) >= REPAIR_URL_MAX)
		return SR_ERR_TOO_LONG;
	lock(self);
	memset(&self->peers[seat], 0, sizeof self->peers[seat]);
	if (url != NULL) {
		snprintf(self->peers[seat].url, REPAIR_URL_MAX, "%s", url);
		self->peers[seat].pin = *pin;
	}
	unlock(self);
	return SR_OK;
}

enum sr_error repair_where(struct repair *self, uint32_t seat, char url[REPAIR_URL_MAX],
    struct sr_hash32 *pin)
{
	if (seat >= SR_MEMBERS_MAX)
		return SR_ERR_NOT_FOUND;
	lock(self);
	memcpy(url, self->peers[seat].url, REPAIR_URL_MAX);
	*pin = self->peers[seat].pin;
	unlock(self);
	return url[0] != '\0' ? SR_OK : SR_ERR_NOT_FOUND;
}

void repair_wake(struct repair *self)
{
	lock(self);
	self->woken = true;
	SR_ASSERT(pthread_cond_broadcast(&self->changed) == 0);
	unlock(self);
}

void repair_figures(struct repair_figures *out, struct repair *self)
{
	lock(self);
	*out = self->figures;
	unlock(self);
}
