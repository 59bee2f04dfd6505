#include "tests/load/pace.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "tests/load/load.h"

#define DRAIN_US 20000000u               /* for what is under way at the end */

struct turn { uint64_t since_us, pause_until_us; bool busy, ended; };

struct loop {
	struct wire *wire;
	const struct pace *pace;
	const struct pace_source *source;
	struct pace_result *result;
	struct turn *clients;
	uint32_t *free, free_first, free_n; /* a ring: who was free first is next */
	uint32_t busy, pausing, ended;
	uint64_t now, start, from, until, taken;
	bool draining;
};

static double cpu_s(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

static bool measured(const struct loop *l, uint64_t at)
{
	return at >= l->from && at < l->until;
}

void pace_sample(struct pace_result *r, uint64_t us)
{
	if (r->us_n == r->us_room) {
		size_t room = r->us_room == 0 ? 4096 : 2 * r->us_room;
		uint32_t *p = realloc(r->us, room * sizeof *p);

		if (p == NULL)
			load_die("memory");
		r->us = p;
		r->us_room = room;
	}
	r->us[r->us_n++] = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

static void set_free(struct loop *l, uint32_t client)
{
	l->free[(l->free_first + l->free_n++) % l->pace->clients] = client;
}

static void go(struct loop *l, uint32_t i, uint64_t since, bool again)
{
	struct turn *c = &l->clients[i];
	const uint8_t *request;
	size_t n;

	if (!l->source->next(l->source->ctx, l->wire, i, again, &request, &n)) {
		c->ended = true;
		l->ended++;
		return;
	}
	c->busy = true;
	c->since_us = since;
	l->busy++;
	wire_send(l->wire, i, request, n);
}

/* --- answers --- */

static void take(void *ctx, const struct wire_answer *answer)
{
	struct loop *l = ctx;
	struct turn *c = &l->clients[answer->connection];
	enum pace_verdict verdict = l->source->answer(l->source->ctx, answer);

	l->now = load_now_us();
	c->busy = false;
	l->busy--;
	if (verdict == PACE_AGAIN) {
		l->result->again += measured(l, l->now);
		c->pause_until_us = l->now + PACE_PAUSE_US;
		l->pausing++;
		return;
	}
	if (measured(l, l->now)) {
		l->result->good += verdict == PACE_GOOD;
		l->result->bad += verdict == PACE_BAD;
	}
	if (verdict == PACE_GOOD && measured(l, c->since_us))
		pace_sample(l->result, l->now - c->since_us);
	set_free(l, answer->connection);
}

/* --- who goes next --- */

static void again(struct loop *l)
{
	for (uint32_t i = 0; l->pausing > 0 && i < l->pace->clients; i++) {
		struct turn *c = &l->clients[i];

		if (c->pause_until_us == 0 || c->pause_until_us > l->now)
			continue;
		c->pause_until_us = 0;
		l->pausing--;
		go(l, i, c->since_us, true);
	}
}

static uint64_t due(const struct loop *l)
{
	return (uint64_t)((double)(l->now - l->start) * 1e-6 * l->pace->rate) + 1;
}

static bool wanted(const struct loop *l)
{
	return l->free_n > 0 && (l->pace->rate <= 0 || l->taken < due(l));
}

static void next(struct loop *l)
{
	while (!l->draining && wanted(l)) {
		uint32_t i = l->free[l->free_first];
		uint64_t since = l->pace->rate <= 0 ? l->now :
		    l->start + (uint64_t)((double)l->taken * 1e6 / l->pace->rate);

		l->free_first = (l->free_first + 1) % l->pace->clients;
		l->free_n--;
		l->taken++;
		go(l, i, since, false);
	}
}

/* --- the loop --- */

static bool over(const struct loop *l)
{
	return l->pace->run_s > 0 ? l->now >= l->until : l->ended == l->pace->clients;
}

static unsigned wait_ms(const struct loop *l)
{
	return l->pace->rate > 0 || l->pausing > 0 ? 1 : 100;
}

static void loop_run(struct loop *l)
{
	double cpu = 0;
	bool counting = false;

	while (!load_ending && !over(l)) {
		wire_turn(l->wire, wait_ms(l), take, l);
		l->now = load_now_us();
		if (!counting && l->now >= l->from) {
			cpu = cpu_s();
			counting = true;
		}
		again(l);
		next(l);
	}
	l->result->cpu_s = cpu_s() - cpu;
	l->result->seconds = (double)(l->now - l->from) * 1e-6;
	l->result->behind = l->pace->rate > 0 && due(l) > l->taken ? due(l) - l->taken : 0;
}

/* What is under way is still waited for: its time belongs to the window. */
static void drain(struct loop *l)
{
	uint64_t end = l->now + DRAIN_US;

	l->draining = true;
	while (!load_ending && l->pace->run_s > 0 && l->busy + l->pausing > 0 && l->now < end) {
		wire_turn(l->wire, 1, take, l);
		l->now = load_now_us();
		again(l);
	}
	l->result->bad += l->busy + l->pausing;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void clients_make(struct loop *l)
{
	for (uint32_t i = 0; i < l->pace->clients; i++) {
		set_free(l, i);
		if (l->source->server != NULL)
			wire_lead(l->wire, i, l->source->server(l->source->ctx, i));
	}
	if (l->source->server != NULL)
		(void)wire_connect_all(l->wire);
}

void pace_sort(struct pace_result *self)
{
	if (self->us_n > 0)
		qsort(self->us, self->us_n, sizeof *self->us, compare);
}

enum sr_error pace_run(struct pace_result *out, const struct pace *pace,
    const struct pace_source *source)
{
	struct loop l = { .pace = pace, .source = source, .result = out };
	enum sr_error error;

	*out = (struct pace_result){ 0 };
	l.clients = calloc(pace->clients, sizeof *l.clients);
	l.free = calloc(pace->clients, sizeof *l.free);
	error = l.clients != NULL && l.free != NULL ? wire_new(&l.wire, pace->clients) :
	    SR_ERR_NO_MEMORY;
	if (error == SR_OK) {
		clients_make(&l);
		l.start = l.now = load_now_us();
		l.from = l.start + (uint64_t)(pace->warm_s * 1e6);
		l.until = pace->run_s > 0 ? l.from + (uint64_t)(pace->run_s * 1e6) : UINT64_MAX;
		next(&l);
		loop_run(&l);
		drain(&l);
		pace_sort(out);
	}
	wire_free(l.wire);
	free(l.clients);
	free(l.free);
	return error;
}

double pace_share(const struct pace_result *self, double share)
{
	size_t i = (size_t)(share * (double)self->us_n);

	if (self->us_n == 0)
		return 0;
	return self->us[i < self->us_n ? i : self->us_n - 1] * 1e-3;
}

void pace_print(const struct pace_result *self, const char *more)
{
	printf("{\"seconds\":%.3f,\"good\":%" PRIu64 ",\"bad\":%" PRIu64 ",\"again\":%" PRIu64
	       ",\"behind\":%" PRIu64 ",\"per_s\":%.2f,\"p50_ms\":%.3f,\"p90_ms\":%.3f,"
	       "\"p99_ms\":%.3f,\"max_ms\":%.3f,\"samples\":%zu,\"generator_cpu\":%.3f%s}\n",
	    self->seconds, self->good, self->bad, self->again, self->behind,
	    (double)self->good / self->seconds, pace_share(self, 0.5), pace_share(self, 0.9),
	    pace_share(self, 0.99), pace_share(self, 1), self->us_n,
	    self->cpu_s / self->seconds, more);
}

void pace_clear(struct pace_result *self)
{
	free(self->us);
	*self = (struct pace_result){ 0 };
}
