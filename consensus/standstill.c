/*
 * consensus/standstill.c - DESIGN 4: "Standstill: every 0.5-5 s (jittered) without progress,
 * re-send the latest FINAL, own votes and certificates above it, at most 32 slots and 64 kB a
 * peer."
 */
#include "consensus/internal.h"

static uint32_t standstill_min_ms(const struct consensus *self)
{
	uint32_t ms = self->config.slot_ms + 200u;

	if (ms < CONS_STANDSTILL_MIN_MS)
		return CONS_STANDSTILL_MIN_MS;
	return ms < CONS_STANDSTILL_MAX_MS ? ms : CONS_STANDSTILL_MAX_MS;
}

void cons_progress(struct consensus *self)
{
	if (!self->started)
		return;
	self->standstill_ms = standstill_min_ms(self);
	self->standstill_at_ms = self->now_ms + cons_jitter(self, self->standstill_ms);
}

static void head_send(struct consensus *self, uint32_t to)
{
	struct sr_writer w;

	sr_writer_init(&w, 256);
	cons_message_begin(self, &w, CONS_HEAD);
	sr_write_u64(&w, self->top_slot);
	sr_write_u64(&w, self->final.height);
	sr_write_u64(&w, self->frontier);
	cons_message_send(self, to, CONSENSUS_CLASS_CERT, &w);
}

/* "Here is where I stand": a peer that is ahead answers with what I lack. */
void cons_call(struct consensus *self, uint32_t peer)
{
	if (self->called_ms[peer] != 0 &&
	    self->now_ms - self->called_ms[peer] < CONS_FETCH_RETRY_MS)
		return;
	self->called_ms[peer] = self->now_ms;
	head_send(self, peer);
}

/* A message of counted items that stays inside the peer's budget. */
struct bundle {
	struct sr_writer items;
	uint32_t n;
};

static void bundle_send(struct consensus *self, struct bundle *b, uint32_t to,
    enum cons_message kind, enum consensus_class class)
{
	struct sr_writer w;

	if (b->n > 0 && sr_writer_finish(&b->items) == SR_OK) {
		sr_writer_init(&w, CONSENSUS_MESSAGE_MAX);
		cons_message_begin(self, &w, kind);
		sr_write_u16(&w, (uint16_t)b->n);
		sr_write_copy(&w, b->items.p, b->items.n);
		cons_message_send(self, to, class, &w);
	}
	sr_writer_clear(&b->items);
}

static void bundle_cert(struct bundle *b, const struct consensus_cert *c)
{
	if (c == NULL)
		return;
	consensus_cert_write(&b->items, c);
	b->n++;
}

static void bundle_votes(const struct consensus *self, struct bundle *b, const struct cons_slot *s)
{
	static const enum consensus_vote_kind kinds[] = {
		CONSENSUS_NOTAR, CONSENSUS_SKIP, CONSENSUS_FINAL,
	};

	if (s->ballots == NULL)
		return;
	for (size_t k = 0; k < 3; k++) {
		struct consensus_vote v;

		if (!(s->ballots[self->config.self].have & (1u << (unsigned)kinds[k])))
			continue;
		v = cons_ballot_vote(self, s, self->config.self, kinds[k]);
		consensus_vote_write(&b->items, &v);
		b->n++;
	}
}

/* From a little below the peer's frontier, as far as it is known, upward. */
static uint64_t resend_from(const struct consensus *self, uint32_t peer)
{
	uint64_t slot = self->peer_frontier[peer];

	if (slot > self->frontier)
		slot = self->frontier;
	slot = slot > 8 ? slot - 8 : 0;
	return slot > self->top_slot ? slot : self->top_slot + 1;
}

static void resend(struct consensus *self, uint32_t peer)
{
	struct bundle certs = { .n = 0 }, votes = { .n = 0 };
	uint64_t slot = resend_from(self, peer), end = slot + CONS_STANDSTILL_SLOTS;

	sr_writer_init(&certs.items, CONSENSUS_MESSAGE_MAX);
	sr_writer_init(&votes.items, CONSENSUS_MESSAGE_MAX);
	bundle_cert(&certs, cons_cert_of(self, CONSENSUS_FINAL, self->top_slot));
	for (; slot < end && slot <= self->highest_slot; slot++) {
		const struct cons_slot *s = cons_slot_find(self, slot);

		if (s == NULL)
			continue;
		if (certs.items.n + votes.items.n > CONS_STANDSTILL_BYTES)
			break;
		bundle_cert(&certs, s->certs[CONSENSUS_NOTAR - 1]);
		bundle_cert(&certs, s->certs[CONSENSUS_SKIP - 1]);
		bundle_votes(self, &votes, s);
	}
	bundle_send(self, &certs, peer, CONS_CERTS, CONSENSUS_CLASS_CERT);
	bundle_send(self, &votes, peer, CONS_VOTES, CONSENSUS_CLASS_VOTE);
}

void cons_standstill_run(struct consensus *self)
{
	if (cons_alone(self) || self->closed || self->now_ms < self->standstill_at_ms)
		return;
	/* Of an observer nobody takes a certificate: it says where it stands, and is answered. */
	head_send(self, CONSENSUS_ALL);
	for (uint32_t peer = 0; peer < self->config.n && !cons_is_observer(self); peer++)
		if (peer != self->config.self)
			resend(self, peer);
	self->standstill_ms *= 2;
	if (self->standstill_ms > CONS_STANDSTILL_MAX_MS)
		self->standstill_ms = CONS_STANDSTILL_MAX_MS;
	self->standstill_at_ms = self->now_ms + cons_jitter(self, self->standstill_ms);
}

enum sr_error cons_receive_head(struct consensus *self, uint32_t from, struct sr_reader *r)
{
	uint64_t top = sr_read_u64(r), height = sr_read_u64(r), frontier = sr_read_u64(r);

	SR_TRY(sr_reader_finish(r));
	self->peer_top[from] = top;
	self->peer_height[from] = height;
	self->peer_frontier[from] = frontier;
	/* Who is ahead is asked; but what a guest says is no reason for anything. */
	if (top > self->top_slot && from < self->config.n)
		cons_call(self, from);
	if (cons_is_observer(self) || (top >= self->top_slot && frontier >= self->frontier))
		return SR_OK;
	if (self->answered_ms[from] != 0 &&
	    self->now_ms - self->answered_ms[from] < CONS_ANSWER_EVERY_MS)
		return SR_OK;
	self->answered_ms[from] = self->now_ms;
	resend(self, from);
	return SR_OK;
}
