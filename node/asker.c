#define _GNU_SOURCE /* memfd_create */
#include "node/asker.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/log.h"
#include "enclave/genesis.h"
#include "enclave/host_wire.h"
#include "node/fetch.h"

#define ANSWER_MAX (2u * HOST_FRAME_MAX)

struct asker {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	struct repair *repair;
	int wake_fd;
	/* the loop's alone */
	uint64_t epoch, height, moved_ms, asked_ms;
	/* below the lock */
	bool stopping, asked, have;
	uint64_t about;                  /* the epoch */
	uint32_t next;                   /* the seat */
	struct asker_answer answer;
};

static void lock(struct asker *self)
{
	SR_ASSERT(pthread_mutex_lock(&self->lock) == 0);
}

static void unlock(struct asker *self)
{
	SR_ASSERT(pthread_mutex_unlock(&self->lock) == 0);
}

static bool stopping(void *ctx)
{
	struct asker *self = ctx;
	bool stop;

	lock(self);
	stop = self->stopping;
	unlock(self);
	return stop;
}

/* --- One member --- */

/* The page in it; malloc'd. */
static enum sr_error page_parse(uint8_t **out, size_t *n, const char *text, size_t text_n)
{
	json_t *answer = json_loadb(text, text_n, 0, NULL);
	const char *hex =
	    json_string_value(json_object_get(json_object_get(answer, "result"), "trail"));
	enum sr_error err = hex != NULL ? SR_OK : SR_ERR_BAD_ENCODING;

	*out = NULL;
	*n = hex != NULL ? strlen(hex) / 2 : 0;
	if (err == SR_OK)
		*out = malloc(*n + 1);
	if (err == SR_OK && *out == NULL)
		err = SR_ERR_NO_MEMORY;
	if (err == SR_OK)
		err = sr_hex_decode(*out, *n, hex, strlen(hex));
	json_decref(answer);
	return err;
}

/* As the enclave is told it. NOT_FOUND: that member knows of no later epoch either. */
static enum sr_error page_take(
    struct asker_answer *out, uint64_t epoch, const uint8_t *bytes, size_t n)
{
	struct epoch_trail_page page;
	struct sr_writer w;
	enum sr_error err = epoch_trail_page_read(&page, bytes, n);

	if (err != SR_OK)
		return err;
	if (page.total <= epoch || page.first > epoch)
		return SR_ERR_NOT_FOUND;
	sr_writer_init(&w, HOST_FRAME_MAX);
	sr_write_u32(&w, page.count);
	sr_write_copy(&w, page.steps.p, page.steps.n);
	err = sr_writer_finish(&w);
	out->first = page.first;
	if (err == SR_OK)
		out->p = sr_writer_take(&w, &out->n);
	sr_writer_clear(&w);
	return err;
}

static enum sr_error answer_read(
    struct asker_answer *out, uint64_t epoch, int fd, uint64_t bytes)
{
	uint8_t *page = NULL;
	size_t page_n = 0;
	char *text;
	enum sr_error err;

	if (bytes == 0)
		return SR_ERR_BAD_ENCODING;
	text = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return SR_ERR_NO_MEMORY;
	err = page_parse(&page, &page_n, text, bytes);
	munmap(text, bytes);
	if (err == SR_OK)
		err = page_take(out, epoch, page, page_n);
	free(page);
	return err;
}

static enum sr_error ask(struct asker_answer *out, struct asker *self, uint32_t seat,
    uint64_t epoch)
{
	char url[REPAIR_URL_MAX + 1], body[128];
	struct fetch what = { .url = url, .body = body, .bytes_max = ANSWER_MAX,
		.bytes_per_s = REPAIR_BYTES_PER_S, .stop = stopping, .ctx = self };
	struct sr_hash32 hash;
	uint64_t bytes = 0;
	enum sr_error err;

	snprintf(body, sizeof body,
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"author_getShieldingKey\","
	    "\"params\":[%llu]}",
	    (unsigned long long)epoch);
	SR_TRY(repair_where(self->repair, seat, url, &what.pin));
	what.fd = memfd_create("trail", MFD_CLOEXEC);
	if (what.fd < 0)
		return SR_ERR_NO_MEMORY;
	strncat(url, "/", sizeof url - strlen(url) - 1);
	err = fetch_get(&hash, &bytes, &what);
	if (err == SR_OK)
		err = answer_read(out, epoch, what.fd, bytes);
	close(what.fd);
	sr_log(SR_LOG_DEBUG, "asker", "the trail from epoch %llu, of seat %u: %s",
	    (unsigned long long)epoch, seat, sr_error_name((unsigned)err));
	return err;
}

/* The next one whose place is known. */
static enum sr_error ask_next(struct asker_answer *out, struct asker *self, uint32_t *seat,
    uint64_t epoch)
{
	enum sr_error err = SR_ERR_NOT_FOUND;
	char url[REPAIR_URL_MAX];
	struct sr_hash32 pin;

	for (uint32_t i = 0; i < SR_MEMBERS_MAX; i++) {
		uint32_t at = (*seat + i) % SR_MEMBERS_MAX;

		if (repair_where(self->repair, at, url, &pin) != SR_OK)
			continue;
		err = ask(out, self, at, epoch);
		*seat = (at + 1) % SR_MEMBERS_MAX;
		break;
	}
	return err;
}

/* --- The thread --- */

static void answer_put(struct asker *self, const struct asker_answer *a)
{
	const uint64_t one = 1;

	lock(self);
	free(self->answer.p);
	self->answer = *a;
	self->have = true;
	unlock(self);
	(void)!write(self->wake_fd, &one, sizeof one);
}

static void *asker_main(void *ctx)
{
	struct asker *self = ctx;
	uint32_t seat = 0;

	lock(self);
	while (!self->stopping) {
		struct asker_answer a = { .p = NULL };
		uint64_t about = self->about;

		if (!self->asked) {
			SR_ASSERT(pthread_cond_wait(&self->changed, &self->lock) == 0);
			continue;
		}
		unlock(self);
		if (ask_next(&a, self, &seat, about) == SR_OK)
			answer_put(self, &a);
		lock(self);
		self->asked = false;
	}
	unlock(self);
	return NULL;
}

enum sr_error asker_start(struct asker **out, struct repair *repair, int wake_fd)
{
	struct asker *self = calloc(1, sizeof *self);

	if (self == NULL)
		return SR_ERR_NO_MEMORY;
	self->repair = repair;
	self->wake_fd = wake_fd;
	if (pthread_mutex_init(&self->lock, NULL) != 0 ||
	    pthread_cond_init(&self->changed, NULL) != 0 ||
	    pthread_create(&self->thread, NULL, asker_main, self) != 0) {
		free(self);
		return SR_ERR_NO_MEMORY;
	}
	*out = self;
	return SR_OK;
}

void asker_stop(struct asker *self)
{
	if (self == NULL)
		return;
	lock(self);
	self->stopping = true;
	SR_ASSERT(pthread_cond_signal(&self->changed) == 0);
	unlock(self);
	SR_ASSERT(pthread_join(self->thread, NULL) == 0);
	pthread_cond_destroy(&self->changed);
	pthread_mutex_destroy(&self->lock);
	free(self->answer.p);
	free(self);
}

void asker_watch(struct asker *self, uint64_t epoch, uint64_t height, uint64_t now_ms)
{
	if (self->moved_ms == 0 || epoch != self->epoch || height != self->height) {
		self->epoch = epoch;
		self->height = height;
		self->moved_ms = now_ms;
		return;
	}
	if (now_ms - self->moved_ms < ASKER_STUCK_MS ||
	    (self->asked_ms != 0 && now_ms - self->asked_ms < ASKER_EVERY_MS))
		return;
	self->asked_ms = now_ms;
	lock(self);
	self->about = epoch;
	self->asked = true;
	SR_ASSERT(pthread_cond_signal(&self->changed) == 0);
	unlock(self);
}

bool asker_take(struct asker *self, struct asker_answer *out)
{
	bool have;

	lock(self);
	have = self->have;
	*out = self->answer;
	self->answer = (struct asker_answer){ .p = NULL };
	self->have = false;
	unlock(self);
	return have;
}
