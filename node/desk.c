#include "node/desk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define NONE UINT32_MAX

enum sr_error desk_init(struct desk *self)
{
	memset(self, 0, sizeof *self);
	self->calls = calloc(DESK_CALLS_MAX, sizeof *self->calls);
	self->asked = calloc(DESK_CALLS_MAX, sizeof *self->asked);
	self->events = calloc(DESK_EVENTS_MAX, sizeof *self->events);
	self->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (self->calls == NULL || self->asked == NULL || self->events == NULL || self->wake_fd < 0
	    || pthread_mutex_init(&self->lock, NULL) != 0) {
		free(self->calls);
		free(self->asked);
		free(self->events);
		if (self->wake_fd >= 0)
			close(self->wake_fd);
		memset(self, 0, sizeof *self);
		self->wake_fd = -1;
		return SR_ERR_NO_MEMORY;
	}
	for (uint32_t i = 0; i < DESK_CALLS_MAX; i++)
		self->calls[i].next_free = i + 1 < DESK_CALLS_MAX ? i + 1 : NONE;
	self->next_token = DESK_CALLS_MAX;
	self->next_event = 1;
	return SR_OK;
}

void desk_clear(struct desk *self)
{
	for (uint32_t i = 0; i < DESK_CALLS_MAX; i++)
		free(self->calls[i].bytes);
	free(self->calls);
	free(self->asked);
	free(self->events);
	close(self->wake_fd);
	pthread_mutex_destroy(&self->lock);
}

void desk_lock(struct desk *self)
{
	SR_ASSERT(pthread_mutex_lock(&self->lock) == 0);
}

void desk_unlock(struct desk *self)
{
	SR_ASSERT(pthread_mutex_unlock(&self->lock) == 0);
}

static void wake(const struct desk *self)
{
	uint64_t one = 1;

	(void)!write(self->wake_fd, &one, sizeof one);
}

static struct desk_call *find(struct desk *self, uint64_t token)
{
	struct desk_call *call = &self->calls[token % DESK_CALLS_MAX];

	return token != 0 && call->token == token ? call : NULL;
}

static void release(struct desk *self, struct desk_call *call)
{
	uint32_t i = (uint32_t)(call - self->calls);

	free(call->bytes);
	memset(call, 0, sizeof *call);
	call->next_free = self->free_first;
	self->free_first = i;
	self->open_n--;
}

enum sr_error desk_ask(struct desk *self, uint64_t *token, uint32_t method, uint8_t *bytes,
    size_t n, uint64_t due_ms, struct desk_answer *answer, desk_done *done, void *owner)
{
	uint32_t i = self->free_first;
	struct desk_call *call;

	if (!self->figures.running || self->closing)
		return SR_ERR_NOT_READY;
	if (i == NONE || self->ask_n == DESK_CALLS_MAX)
		return SR_ERR_TOO_MANY;
	call = &self->calls[i];
	self->free_first = call->next_free;
	self->next_token += DESK_CALLS_MAX;
	*call = (struct desk_call){ .token = self->next_token + i, .method = method, .bytes = bytes,
		.n = n, .due_ms = due_ms, .answer = answer, .done = done, .owner = owner };
	self->open_n++;
	self->asked[(self->asked_first + self->ask_n++) % DESK_CALLS_MAX] = i;
	*token = call->token;
	wake(self);
	return SR_OK;
}

void desk_forget(struct desk *self, uint64_t token)
{
	struct desk_call *call = find(self, token);

	if (call == NULL)
		return;
	call->gone = true;
	call->answer = NULL;
	wake(self);
}

enum sr_error desk_take(struct desk *self, uint64_t *token, uint32_t *method, uint8_t **bytes,
    size_t *n)
{
	enum sr_error err = SR_ERR_NOT_FOUND;

	desk_lock(self);
	while (err != SR_OK && self->ask_n > 0) {
		struct desk_call *call = &self->calls[self->asked[self->asked_first]];

		self->asked_first = (self->asked_first + 1) % DESK_CALLS_MAX;
		self->ask_n--;
		/* Ended before it was taken, and perhaps used again: then it stands in the ring
		 * again. */
		if (call->token == 0 || call->taken)
			continue;
		if (call->gone) {
			release(self, call);
			continue;
		}
		call->taken = true;
		*token = call->token;
		*method = call->method;
		*bytes = call->bytes;
		*n = call->n;
		call->bytes = NULL;
		err = SR_OK;
	}
	desk_unlock(self);
	return err;
}

/* Lock held. */
static void answer(
    struct desk *self, struct desk_call *call, enum sr_error code, const uint8_t *bytes, size_t n)
{
	desk_done *done = call->done;
	void *owner = call->owner;
	bool gone = call->gone;

	if (!gone) {
		*call->answer = (struct desk_answer){ .done = true, .code = code };
		if (n > 0) {
			call->answer->bytes = malloc(n);
			if (call->answer->bytes == NULL) {
				call->answer->code = SR_ERR_NO_MEMORY;
			} else {
				memcpy(call->answer->bytes, bytes, n);
				call->answer->n = n;
			}
		}
	}
	release(self, call);
	if (!gone)
		done(owner);
}

void desk_reply(
    struct desk *self, uint64_t token, enum sr_error code, const uint8_t *bytes, size_t n)
{
	struct desk_call *call;

	desk_lock(self);
	call = find(self, token);
	if (call != NULL)
		answer(self, call, code, bytes, n);
	desk_unlock(self);
}

size_t desk_expire(struct desk *self, uint64_t now_ms, uint64_t *tokens, size_t max)
{
	size_t n = 0;

	desk_lock(self);
	for (uint32_t i = 0; i < DESK_CALLS_MAX && n < max && self->open_n > 0; i++) {
		struct desk_call *call = &self->calls[i];

		if (call->token == 0 || (!call->gone && now_ms < call->due_ms))
			continue;
		if (call->taken)
			tokens[n++] = call->token;
		self->timed_out += !call->gone;
		answer(self, call, SR_ERR_TIMED_OUT, NULL, 0);
	}
	desk_unlock(self);
	return n;
}

void desk_reply_all(struct desk *self, enum sr_error code)
{
	desk_lock(self);
	for (uint32_t i = 0; i < DESK_CALLS_MAX && self->open_n > 0; i++)
		if (self->calls[i].token != 0)
			answer(self, &self->calls[i], code, NULL, 0);
	desk_unlock(self);
}

void desk_announce(struct desk *self, const char *format, ...)
{
	struct desk_event *event;
	va_list args;
	int n;

	desk_lock(self);
	event = &self->events[self->next_event % DESK_EVENTS_MAX];
	va_start(args, format);
	n = vsnprintf(event->text, sizeof event->text, format, args);
	va_end(args);
	event->n = n > 0 && (size_t)n < sizeof event->text ? (size_t)n : 0;
	event->id = self->next_event++;
	if (self->announce != NULL)
		self->announce(self->announce_owner);
	desk_unlock(self);
}

void desk_close(struct desk *self)
{
	desk_lock(self);
	self->closing = true;
	if (self->announce != NULL)
		self->announce(self->announce_owner);
	desk_unlock(self);
	desk_reply_all(self, SR_ERR_CANCELLED);
}
