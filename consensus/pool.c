/*
 * consensus/pool.c - the pool of votes and certificates. Each signature is verified once: what the
 * pool holds as verified is compared, not checked again.
 */
#include "consensus/internal.h"

#include <stdlib.h>

#define BIT(kind) ((uint8_t)(1u << (unsigned)(kind)))

struct consensus_vote cons_ballot_vote(const struct consensus *self, const struct cons_slot *s,
    uint32_t voter, enum consensus_vote_kind kind)
{
	const struct cons_ballot *b = &s->ballots[voter];
	struct consensus_vote v = {
		.kind = kind,
		.epoch = self->config.epoch,
		.slot = s->slot,
		.hash = b->hash[kind - 1],
		.flags = kind == CONSENSUS_NOTAR ? b->flags : 0,
		.voter = voter,
		.sig = b->sig[kind - 1],
	};

	return v;
}

static enum sr_error ballots_make(const struct consensus *self, struct cons_slot *s)
{
	if (s->ballots == NULL)
		s->ballots = calloc(self->config.n, sizeof(*s->ballots));
	return s->ballots != NULL ? SR_OK : SR_ERR_NO_MEMORY;
}

static void ballot_put(struct cons_slot *s, const struct consensus_vote *v, bool verified)
{
	struct cons_ballot *b = &s->ballots[v->voter];

	b->hash[v->kind - 1] = v->hash;
	b->sig[v->kind - 1] = v->sig;
	if (v->kind == CONSENSUS_NOTAR)
		b->flags = v->flags;
	if (verified) {
		b->have = (uint8_t)(b->have | BIT(v->kind));
		b->late = (uint8_t)(b->late & ~BIT(v->kind));
	} else {
		b->late = (uint8_t)(b->late | BIT(v->kind));
	}
}

/* Is this very vote held as verified? */
static bool ballot_has(const struct cons_slot *s, const struct consensus_vote *v)
{
	const struct cons_ballot *b;

	if (s->ballots == NULL)
		return false;
	b = &s->ballots[v->voter];
	return (b->have & BIT(v->kind)) && sr_hash32_equal(&b->hash[v->kind - 1], &v->hash) &&
	    (v->kind != CONSENSUS_NOTAR || b->flags == v->flags) &&
	    memcmp(b->sig[v->kind - 1].b, v->sig.b, sizeof(v->sig.b)) == 0;
}

static enum sr_error vote_verify(struct consensus *self, const struct consensus_vote *v)
{
	enum sr_error error = consensus_vote_verify(v, &self->config.chain_id,
	    &self->config.keys[v->voter]);

	if (error != SR_OK)
		self->votes_bad++;
	return error;
}

/* --- certificates --- */

/* A certificate that came when I had skipped the slot already measures an outage, or a network that
 * cons_late_raise answers to: it is no round trip. */
static void notar_note(struct consensus *self, const struct consensus_cert *c,
    const struct cons_slot *s)
{
	if (c->slot > self->notar_slot)
		self->notar_slot = c->slot;
	if (c->slot == self->proposed_slot && self->proposed_ms != 0) {
		if (!s->own.skip)
			cons_rtt_add(self, self->now_ms - self->proposed_ms);
		self->proposed_ms = 0;
	}
}

static enum sr_error cert_install(struct consensus *self, const struct consensus_cert *c)
{
	struct cons_slot *s = cons_slot_find(self, c->slot);
	struct consensus_cert *copy;
	enum sr_error error;

	if (s != NULL && s->certs[c->kind - 1] != NULL)
		return SR_OK;
	/* First the memory: who says that the top is final is never sent the proof again. */
	copy = malloc(consensus_cert_bytes(c));
	if (copy == NULL)
		return SR_ERR_NO_MEMORY;
	if (c->kind == CONSENSUS_FINAL)
		cons_top_raise(self, c->slot, &c->hash);
	error = cons_slot_get(self, &s, c->slot);
	if (error != SR_OK) {
		free(copy);
		return error == SR_ERR_NO_MEMORY ? cons_fatal(self, error) : error;
	}
	consensus_cert_copy(copy, c);
	s->certs[c->kind - 1] = copy;
	if (c->kind == CONSENSUS_NOTAR)
		notar_note(self, c, s);
	if (c->kind == CONSENSUS_SKIP)
		self->slots_skipped++;
	self->again = true;
	return cons_log_cert(self, copy);
}

static bool ballot_counts(const struct cons_ballot *b, enum consensus_vote_kind kind,
    const struct sr_hash32 *hash)
{
	return (b->have & BIT(kind)) && sr_hash32_equal(&b->hash[kind - 1], hash);
}

static enum sr_error cert_install_ballots(struct consensus *self, const struct cons_slot *s,
    struct consensus_cert *c)
{
	c->signers_n = 0;
	for (uint32_t i = 0; i < self->config.n; i++) {
		const struct cons_ballot *b = &s->ballots[i];

		if (!ballot_counts(b, c->kind, &c->hash))
			continue;
		c->signers[c->signers_n].voter = i;
		c->signers[c->signers_n].flags = c->kind == CONSENSUS_NOTAR ? b->flags : 0;
		c->signers[c->signers_n].sig = b->sig[c->kind - 1];
		c->signers_n++;
	}
	return cert_install(self, c);
}

/* Do the votes held for this subject make a certificate? Most do not: counted before copied. */
static enum sr_error cert_form(struct consensus *self, struct cons_slot *s,
    enum consensus_vote_kind kind, const struct sr_hash32 *hash)
{
	struct consensus_cert c;

	if (s->certs[kind - 1] != NULL)
		return SR_OK;
	memset(&c, 0, offsetof(struct consensus_cert, signers));
	c.kind = kind;
	c.epoch = self->config.epoch;
	c.slot = s->slot;
	c.hash = *hash;
	for (uint32_t i = 0; i < self->config.n; i++)
		c.signers_n += ballot_counts(&s->ballots[i], kind, hash);
	return c.signers_n >= self->quorum ? cert_install_ballots(self, s, &c) : SR_OK;
}

/* Only a FINAL certificate may be far above the window. What is decided already is not wanted. */
static enum sr_error cert_place(const struct consensus *self, const struct consensus_cert *c,
    bool *wanted)
{
	uint64_t from = c->kind == CONSENSUS_SKIP ? self->top_slot + 1 : self->final.slot;

	if (c->epoch != self->config.epoch)
		return SR_ERR_WRONG_EPOCH;
	if (c->slot > self->top_slot + CONS_AHEAD && c->kind != CONSENSUS_FINAL)
		return SR_ERR_TOO_FAR_AHEAD;
	*wanted = c->slot >= from && c->slot >= self->low_slot;
	return SR_OK;
}

/* My own signature in a certificate is a vote of mine like any other. */
static enum sr_error cert_votes_note(struct consensus *self, const struct consensus_cert *c)
{
	struct cons_slot *s = cons_slot_find(self, c->slot);

	if (s == NULL)
		return SR_OK;
	SR_TRY(ballots_make(self, s));
	for (uint32_t i = 0; i < c->signers_n; i++) {
		struct consensus_vote v = consensus_cert_vote(c, i);
		const struct cons_ballot *b = &s->ballots[v.voter];

		if (v.kind == CONSENSUS_FINAL && v.slot > self->peer_top[v.voter])
			self->peer_top[v.voter] = v.slot;
		if (b->have & BIT(v.kind)) {
			struct consensus_vote held = cons_ballot_vote(self, s, v.voter, v.kind);

			cons_evidence_votes(self, &held, &v);
			continue;
		}
		ballot_put(s, &v, true);
		if (v.voter == self->config.self)
			SR_TRY(cons_recover_vote(self, s, &v));
	}
	return SR_OK;
}

static enum sr_error cert_check(struct consensus *self, const struct consensus_cert *c)
{
	struct cons_slot *s = cons_slot_find(self, c->slot);

	for (uint32_t i = 0; i < c->signers_n; i++) {
		struct consensus_vote v = consensus_cert_vote(c, i);

		if (s == NULL || !ballot_has(s, &v))
			SR_TRY(vote_verify(self, &v));
	}
	return SR_OK;
}

enum sr_error cons_pool_cert(struct consensus *self, const struct consensus_cert *c, bool trusted,
    bool check_anyway)
{
	const struct consensus_cert *held = cons_cert_of(self, c->kind, c->slot);
	bool wanted;

	SR_TRY(consensus_cert_check(c, self->config.n));
	SR_TRY(cert_place(self, c, &wanted));
	if (held != NULL && sr_hash32_equal(&held->hash, &c->hash))
		wanted = false;
	if (!trusted && (wanted || check_anyway))
		SR_TRY(cert_check(self, c));
	if (!wanted)
		return SR_OK;
	SR_TRY(cert_install(self, c));
	return cert_votes_note(self, c);
}

/* --- votes --- */

/* DESIGN 4: two NOTAR in a slot, SKIP with FINAL, two FINAL. */
static bool vote_conflicts(const struct cons_ballot *b, const struct consensus_vote *v,
    enum consensus_vote_kind *with)
{
	uint8_t known = (uint8_t)(b->have | b->late);

	*with = v->kind;
	if (v->kind != CONSENSUS_SKIP && (known & BIT(v->kind)) &&
	    !sr_hash32_equal(&b->hash[v->kind - 1], &v->hash))
		return true;
	if (v->kind == CONSENSUS_NOTAR)
		return false;
	*with = v->kind == CONSENSUS_SKIP ? CONSENSUS_FINAL : CONSENSUS_SKIP;
	return (known & BIT(*with)) != 0;
}

static enum sr_error conflict_note(struct consensus *self, struct cons_slot *s,
    const struct consensus_vote *v, enum consensus_vote_kind with)
{
	struct consensus_vote held = cons_ballot_vote(self, s, v->voter, with);

	if (!(s->ballots[v->voter].have & BIT(with)))
		SR_TRY(vote_verify(self, &held));
	cons_evidence_votes(self, &held, v);
	return SR_OK;
}

static void late_count(struct consensus *self, struct cons_slot *s)
{
	uint32_t count = 0;

	if (!s->own.skip || s->late_counted)
		return;
	for (uint32_t i = 0; i < self->config.n; i++)
		count += (s->ballots[i].have & BIT(CONSENSUS_NOTAR)) != 0;
	/* One voter alone may lie; with f+1 a block did arrive too late for my timer. */
	if (count <= self->faults)
		return;
	s->late_counted = true;
	cons_late_raise(self);
}

static enum sr_error vote_store(struct consensus *self, struct cons_slot *s,
    const struct consensus_vote *v)
{
	if (!(s->ballots[v->voter].have & BIT(v->kind)))
		ballot_put(s, v, true);
	if (v->kind == CONSENSUS_NOTAR)
		late_count(self, s);
	if (v->kind == CONSENSUS_FINAL && v->slot > self->peer_top[v->voter])
		self->peer_top[v->voter] = v->slot;
	self->again = true;
	return s->slot > self->top_slot ? cert_form(self, s, v->kind, &v->hash) : SR_OK;
}

/* Who votes FINAL for my last final block is at least about as far as I am. */
static void peer_final_note(struct consensus *self, uint32_t peer, const struct consensus_vote *v)
{
	if (v->slot > self->peer_top[peer])
		self->peer_top[peer] = v->slot;
	if (cons_is_final(self, v->slot, &v->hash) && self->peer_height[peer] < self->final.height)
		self->peer_height[peer] = self->final.height;
}

enum sr_error cons_pool_vote(struct consensus *self, uint32_t from, const struct consensus_vote *v)
{
	bool own = from == self->config.self, conflict;
	enum consensus_vote_kind with;
	struct cons_slot *s;
	struct cons_ballot *b;

	if (v->epoch != self->config.epoch)
		return SR_ERR_WRONG_EPOCH;
	if (v->voter >= self->config.n)
		return SR_ERR_NOT_A_MEMBER;
	if (v->slot < self->low_slot)
		return SR_OK;
	SR_TRY(cons_slot_get(self, &s, v->slot));
	SR_TRY(ballots_make(self, s));
	b = &s->ballots[v->voter];
	conflict = vote_conflicts(b, v, &with);
	if ((b->have & BIT(v->kind)) && !conflict)
		return SR_OK;
	/* Too late to count: kept as it is, in case its voter comes back with a rolled-back
	 * disk. */
	if (!own && !conflict && v->voter != self->config.self &&
	    (s->certs[v->kind - 1] != NULL || s->slot <= self->top_slot)) {
		if (from == v->voter && !(b->late & BIT(v->kind)))
			ballot_put(s, v, false);
		if (from == v->voter && v->kind == CONSENSUS_FINAL)
			peer_final_note(self, from, v);
		return SR_OK;
	}
	if (!own)
		SR_TRY(vote_verify(self, v));
	if (!own && v->voter == self->config.self)
		SR_TRY(cons_recover_vote(self, s, v));
	if (conflict && !own)
		SR_TRY(conflict_note(self, s, v, with));
	if (conflict && with == v->kind)
		return SR_OK;
	return vote_store(self, s, v);
}
