/* consensus/timer.c - the frontier, the skip timer and what it adapts to, and when to wake. */
#include "consensus/internal.h"

uint64_t cons_jitter(struct consensus *self, uint64_t ms)
{
	uint8_t byte = 0;

	/* Without randomness the spread is lost, not the timer. */
	if (sr_drbg_fill(&self->drbg, &byte, 1) != SR_OK)
		byte = 128;
	return ms * (768u + 2u * byte) / 1024u;
}

/* A sample is the time from my proposal to its certificate, so that no single slow or lying peer
 * moves it. One in ten counts as an outage, not as the network (decision 0011): the largest of the
 * rest. */
static uint32_t rtt_p90(const struct consensus *self)
{
	uint32_t n = self->rtt_n < CONS_RTT_SAMPLES ? self->rtt_n : CONS_RTT_SAMPLES;
	uint32_t most = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t above = 0;

		for (uint32_t k = 0; k < n; k++)
			above += self->rtt_ms[k] > self->rtt_ms[i];
		if (above >= n / 10 && self->rtt_ms[i] > most)
			most = self->rtt_ms[i];
	}
	return most;
}

void cons_rtt_add(struct consensus *self, uint64_t ms)
{
	self->rtt_ms[self->rtt_n++ % CONS_RTT_SAMPLES] =
	    ms < CONS_RTT_MAX_MS ? (uint32_t)ms : CONS_RTT_MAX_MS;
	self->rtt_p90_ms = rtt_p90(self);
}

void cons_late_raise(struct consensus *self)
{
	self->late = self->late + self->late / 2;
	if (self->late > CONS_LATE_MAX)
		self->late = CONS_LATE_MAX;
}

void cons_late_lower(struct consensus *self)
{
	self->late = self->late * 98 / 100;
	if (self->late < CONS_LATE_ONE)
		self->late = CONS_LATE_ONE;
}

/* DESIGN 4: (slot + 4 rtt + 50 ms) 2^min(5, rotations without finality) late, at most 10 s. */
uint32_t cons_skip_timeout_ms(const struct consensus *self)
{
	uint64_t ms = (uint64_t)self->config.slot_ms + 4u * (uint64_t)self->rtt_p90_ms + 50u;
	uint64_t rotations = (self->frontier - 1 - self->top_slot) / self->config.n;

	if (cons_absent_hurry(self))
		return 0;
	ms <<= rotations < 5 ? rotations : 5;
	ms = ms * self->late / CONS_LATE_ONE;
	return ms < CONS_SKIP_MAX_MS ? (uint32_t)ms : CONS_SKIP_MAX_MS;
}

/* DESIGN 4: "Frontier = the smallest slot with neither a NOTAR nor a SKIP certificate nor a later
 * FINAL." */
void cons_frontier_advance(struct consensus *self)
{
	uint64_t slot = self->frontier > self->top_slot ? self->frontier : self->top_slot + 1;

	for (;; slot++) {
		const struct cons_slot *s = cons_slot_find(self, slot);

		if (s == NULL || (s->certs[CONSENSUS_NOTAR - 1] == NULL &&
		    s->certs[CONSENSUS_SKIP - 1] == NULL))
			break;
		cons_absent_settled(self, slot);
	}
	if (slot == self->frontier)
		return;
	self->frontier = slot;
	self->frontier_since_ms = self->now_ms;
	self->again = true;
	cons_progress(self);
}

static void sooner(uint64_t *at, uint64_t ms)
{
	if (ms != 0 && ms < *at)
		*at = ms;
}

static bool skip_pending(const struct consensus *self)
{
	const struct cons_slot *s = cons_slot_find(self, self->frontier);

	return cons_may_vote(self) && self->frontier >= self->floor &&
	    self->frontier <= self->top_slot + CONS_AHEAD &&
	    (s == NULL || (!s->own.skip && !s->own.final));
}

void cons_wake(struct consensus *self)
{
	struct cons_block *parent;
	uint64_t at = UINT64_MAX, due;

	if (cons_propose_due(self, &due, &parent))
		sooner(&at, due);
	if (skip_pending(self))
		sooner(&at, self->frontier_since_ms + cons_skip_timeout_ms(self));
	sooner(&at, self->early_ms);
	sooner(&at, self->retry_ms);
	if (!cons_alone(self) && !self->closed)
		sooner(&at, self->standstill_at_ms);
	if (self->handshake) {
		sooner(&at, self->status_sent_ms + CONS_STATUS_REPEAT_MS);
		if (!self->rolled_back)
			sooner(&at, self->handshake_since_ms + self->config.recover_wait_ms);
	}
	sooner(&at, cons_sync_at(self));
	if (at == UINT64_MAX || (at == self->woken_ms && at > self->now_ms))
		return;
	self->woken_ms = at;
	if (self->ports.wake != NULL)
		self->ports.wake(self->ports.ctx, at);
}

void cons_clock_back(struct consensus *self, uint64_t now_ms)
{
	uint64_t standstill_ms = self->standstill_at_ms - self->now_ms;

	self->standstill_at_ms = now_ms +
	    (self->standstill_at_ms > self->now_ms ? standstill_ms : 0);
	self->frontier_since_ms = now_ms;
	self->handshake_since_ms = now_ms;
	self->retry_ms = 0;
	self->early_ms = 0;
	self->woken_ms = 0;
	self->proposed_ms = 0;
	self->catchup.asked_ms = 0;
}
