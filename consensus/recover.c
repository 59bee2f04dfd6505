/*
 * consensus/recover.c - the handshake after a restart. DESIGN 4: "broadcast STATUS_REQ(random boot
 * id); peers answer with their certified frontier and all votes they hold from *me*; merge those. A
 * vote of mine that my log lacks proves a rolled-back disk: then wait for q answers and abstain in
 * every slot below max frontier + 2." Where certificates are missing below others, the frontier
 * that counts is above the highest (decision 0010).
 *
 *              start                     q answers, or alone for recover_wait_ms
 *   log ─────────────────► handshake ───────────────────────────────────────────► voting
 *                           │     ▲  a vote of mine that I do not know               │
 *                           ▼     └───────────────────────────────◄───────────────────┘
 *                       rolled back ── q answers ──► abstaining below the floor ──► voting
 */
#include "consensus/internal.h"

#define STATUS_VOTES_MAX (3u * CONS_RING)
#define STATUS_CERTS_MAX (CONS_AHEAD + 2u)

bool cons_recovering(const struct consensus *self)
{
	return self->handshake || self->frontier < self->floor;
}

enum sr_error cons_recover_begin(struct consensus *self)
{
	enum sr_error error = sr_drbg_fill(&self->drbg, self->boot_id.b, sizeof(self->boot_id.b));

	if (error != SR_OK)
		return cons_fatal(self, error);
	self->handshake = true;
	self->handshake_since_ms = self->now_ms;
	self->status_sent_ms = 0;
	memset(self->answered, 0, sizeof(self->answered));
	memset(self->spoken, 0, sizeof(self->spoken));
	self->again = true;
	return SR_OK;
}

static enum sr_error rollback_found(struct consensus *self)
{
	if (!self->rolled_back) {
		self->rolled_back = true;
		SR_TRY(cons_log_rolled_back(self));
	}
	return self->handshake ? SR_OK : cons_recover_begin(self);
}

bool cons_own_known(const struct cons_own *own, const struct consensus_vote *v, bool *contradicts)
{
	*contradicts = false;
	switch (v->kind) {
	case CONSENSUS_NOTAR:
		*contradicts = own->notar && !sr_hash32_equal(&own->notar_hash, &v->hash);
		return own->notar && !*contradicts;
	case CONSENSUS_SKIP:
		return own->skip;
	case CONSENSUS_FINAL:
		*contradicts = own->final && !sr_hash32_equal(&own->final_hash, &v->hash);
		return own->final && !*contradicts;
	}
	return false;
}

enum sr_error cons_recover_vote(struct consensus *self, struct cons_slot *s,
    const struct consensus_vote *v)
{
	bool contradicts;

	if (self->replaying || v->slot <= self->trusted_slot
	    || cons_own_known(&s->own, v, &contradicts))
		return SR_OK;
	if (contradicts && s->own.twin)
		return SR_OK;
	if (contradicts) {
		s->own.twin = true;
	} else {
		cons_own_set(&s->own, v);
		SR_TRY(cons_log_vote(self, v, NULL));
	}
	return rollback_found(self);
}

enum sr_error cons_recover_proposal(struct consensus *self, const struct consensus_header *header,
    const struct sr_sig64 *sig)
{
	struct sr_hash32 mine, theirs = consensus_header_hash(header);
	struct cons_slot *s;

	if (header->slot < self->low_slot || header->slot <= self->trusted_slot)
		return SR_OK;
	SR_TRY(cons_slot_get(self, &s, header->slot));
	if (s->own.proposed) {
		mine = consensus_header_hash(&s->own.proposal);
		if (sr_hash32_equal(&mine, &theirs) || s->own.twin)
			return SR_OK;
		s->own.twin = true;
	} else {
		s->own.proposed = true;
		s->own.proposal = *header;
		s->own.proposal_sig = *sig;
		SR_TRY(cons_log_proposed(self, header, sig));
	}
	return rollback_found(self);
}

/* --- the asker --- */

static uint32_t answers_needed(const struct consensus *self)
{
	return self->quorum < self->config.n ? self->quorum : self->config.n - 1;
}

static uint32_t peers_count(const struct consensus *self, const bool *set)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < self->config.n; i++)
		count += set[i];
	return count;
}

/*
 * "Cold start: without enough peers for 15-60 s, go on from disk (else abstainers deadlock)." When
 * every peer has spoken and too few are in a state to count, as after a power cut of all, waiting
 * longer would teach nothing.
 */
static bool cold_start(const struct consensus *self)
{
	if (self->rolled_back)
		return false;
	return self->now_ms - self->handshake_since_ms >= self->config.recover_wait_ms
	    || peers_count(self, self->spoken) == self->config.n - 1;
}

/*
 * The slot after the last that has a certificate, whatever is missing below: who voted in a slot
 * held one of the slot before, but perhaps none of earlier slots, so the frontier says too little.
 */
static uint64_t certified_end(const struct consensus *self)
{
	uint64_t slot = self->highest_slot;

	while (slot > self->top_slot && cons_cert_of(self, CONSENSUS_NOTAR, slot) == NULL &&
	    cons_cert_of(self, CONSENSUS_SKIP, slot) == NULL)
		slot--;
	return (slot > self->top_slot ? slot : self->top_slot) + 1;
}

static enum sr_error recover_end(struct consensus *self)
{
	cons_frontier_advance(self);
	if (self->rolled_back) {
		/* Model-checked: + 1 is not enough. */
		uint64_t floor = certified_end(self) + 2;

		if (floor > self->floor)
			self->floor = floor;
		SR_TRY(cons_log_floor(self));
		self->rolled_back = false;
	}
	self->handshake = false;
	self->frontier_since_ms = self->now_ms;
	self->again = true;
	return SR_OK;
}

enum sr_error cons_recover_run(struct consensus *self)
{
	struct sr_writer w;

	if (!self->handshake)
		return SR_OK;
	if (peers_count(self, self->answered) >= answers_needed(self))
		return recover_end(self);
	if (cold_start(self))
		return recover_end(self);
	if (self->status_sent_ms != 0
	    && self->now_ms - self->status_sent_ms < CONS_STATUS_REPEAT_MS)
		return SR_OK;
	self->status_sent_ms = self->now_ms;
	sr_writer_init(&w, 256);
	cons_message_begin(self, &w, CONS_STATUS_REQ);
	sr_write_hash(&w, &self->boot_id);
	cons_message_send(self, CONSENSUS_ALL, CONSENSUS_CLASS_CERT, &w);
	return SR_OK;
}

/* Borrowed places of the lists inside a STATUS message, checked to be well formed. */
struct status {
	struct sr_hash32 boot_id;
	bool recovering;
	uint64_t height, frontier;
	struct sr_reader certs, votes, proposals;
	uint32_t certs_n, votes_n, proposals_n;
};

static enum sr_error status_parse(struct status *st, struct sr_reader *r)
{
	struct consensus_header h;
	struct consensus_cert c;
	struct consensus_vote v;

	st->boot_id = sr_read_hash(r);
	st->recovering = sr_read_bool(r);
	st->height = sr_read_u64(r);
	st->frontier = sr_read_u64(r);
	st->certs_n = sr_read_u16(r);
	st->certs = *r;
	if (st->certs_n > STATUS_CERTS_MAX)
		return SR_ERR_TOO_LONG;
	for (uint32_t i = 0; i < st->certs_n && r->error == SR_OK; i++)
		consensus_cert_read(&c, r);
	st->votes_n = sr_read_u16(r);
	st->votes = *r;
	if (st->votes_n > STATUS_VOTES_MAX)
		return SR_ERR_TOO_LONG;
	for (uint32_t i = 0; i < st->votes_n && r->error == SR_OK; i++)
		consensus_vote_read(&v, r);
	st->proposals_n = sr_read_u16(r);
	st->proposals = *r;
	if (st->proposals_n > CONS_RING)
		return SR_ERR_TOO_LONG;
	for (uint32_t i = 0; i < st->proposals_n && r->error == SR_OK; i++) {
		consensus_header_read(&h, r);
		(void)sr_read_sig(r);
	}
	return sr_reader_finish(r);
}

static enum sr_error status_merge(struct consensus *self, uint32_t from, struct status *st)
{
	struct consensus_header h;
	struct consensus_cert c;
	struct consensus_vote v;

	for (uint32_t i = 0; i < st->certs_n; i++) {
		consensus_cert_read(&c, &st->certs);
		SR_TRY(cons_pool_cert(self, &c, false, false));
	}
	for (uint32_t i = 0; i < st->votes_n; i++) {
		consensus_vote_read(&v, &st->votes);
		if (v.voter != self->config.self)
			return SR_ERR_WRONG_KEY;
		SR_TRY(cons_pool_vote(self, from, &v));
	}
	for (uint32_t i = 0; i < st->proposals_n; i++) {
		struct sr_hash32 hash;
		struct sr_sig64 sig;

		consensus_header_read(&h, &st->proposals);
		sig = sr_read_sig(&st->proposals);
		hash = consensus_header_hash(&h);
		if (h.epoch != self->config.epoch || h.author != self->config.self)
			return SR_ERR_WRONG_KEY;
		SR_TRY(consensus_proposal_verify(&hash, &sig, &self->config.keys[h.author]));
		SR_TRY(cons_recover_proposal(self, &h, &sig));
	}
	return SR_OK;
}

enum sr_error cons_receive_status(struct consensus *self, uint32_t from, struct sr_reader *r)
{
	struct status st;

	SR_TRY(status_parse(&st, r));
	self->peer_height[from] = st.height;
	self->peer_frontier[from] = st.frontier;
	/* An answer that comes after a quorum of others is merged too: it may know of one more
	 * vote. */
	if (!sr_hash32_equal(&st.boot_id, &self->boot_id))
		return SR_OK;
	SR_TRY(status_merge(self, from, &st));
	if (sr_hash32_equal(&st.boot_id, &self->boot_id))
		self->spoken[from] = true;
	/* "A node that is itself abstaining answers RECOVERING and is not counted." */
	if (!st.recovering && sr_hash32_equal(&st.boot_id, &self->boot_id))
		self->answered[from] = true;
	self->again = true;
	return SR_OK;
}

/* --- the answerer --- */

/* How far votes may have gone: the newest FINAL certificate and one for each slot above it that
 * has any. */
static void status_certs_write(const struct consensus *self, struct sr_writer *w)
{
	const struct consensus_cert *certs[STATUS_CERTS_MAX];
	uint64_t end = certified_end(self);
	uint32_t n = 0;

	certs[n] = cons_cert_of(self, CONSENSUS_FINAL, self->top_slot);
	n += certs[n] != NULL;
	for (uint64_t slot = self->top_slot + 1; slot < end; slot++) {
		certs[n] = cons_cert_of(self, CONSENSUS_NOTAR, slot);
		if (certs[n] == NULL)
			certs[n] = cons_cert_of(self, CONSENSUS_SKIP, slot);
		n += certs[n] != NULL;
	}
	sr_write_u16(w, (uint16_t)n);
	for (uint32_t i = 0; i < n; i++)
		consensus_cert_write(w, certs[i]);
}

static uint32_t status_votes(const struct consensus *self, uint32_t voter, struct sr_writer *w)
{
	static const enum consensus_vote_kind kinds[] = {
		CONSENSUS_NOTAR, CONSENSUS_SKIP, CONSENSUS_FINAL,
	};
	uint32_t n = 0;

	for (size_t i = 0; i < CONS_RING; i++) {
		const struct cons_slot *s = self->ring[i];
		unsigned known = s != NULL && s->ballots != NULL ?
		    (unsigned)s->ballots[voter].have | s->ballots[voter].late : 0;

		for (size_t k = 0; k < 3; k++) {
			struct consensus_vote v;

			if (!(known & (1u << (unsigned)kinds[k])))
				continue;
			n++;
			if (w == NULL)
				continue;
			v = cons_ballot_vote(self, s, voter, kinds[k]);
			consensus_vote_write(w, &v);
		}
	}
	return n;
}

static uint32_t status_proposals(const struct consensus *self, uint32_t author, struct sr_writer *w)
{
	uint32_t n = 0;

	for (size_t i = 0; i < CONS_RING; i++) {
		const struct cons_slot *s = self->ring[i];

		if (s == NULL || cons_author(self, s->slot) != author)
			continue;
		for (const struct cons_block *b = s->blocks; b != NULL; b = b->next) {
			if (!b->has_sig)
				continue;
			n++;
			if (w != NULL) {
				consensus_header_write(w, &b->header);
				sr_write_sig(w, &b->sig);
			}
			break;
		}
	}
	return n;
}

enum sr_error cons_receive_status_req(struct consensus *self, uint32_t from, struct sr_reader *r)
{
	struct sr_hash32 boot_id = sr_read_hash(r);
	struct sr_writer w;

	SR_TRY(sr_reader_finish(r));
	if (self->answered_ms[from] != 0 &&
	    self->now_ms - self->answered_ms[from] < CONS_ANSWER_EVERY_MS)
		return SR_ERR_NOT_READY;
	self->answered_ms[from] = self->now_ms;
	cons_frontier_advance(self);
	sr_writer_init(&w, CONSENSUS_MESSAGE_MAX);
	cons_message_begin(self, &w, CONS_STATUS);
	sr_write_hash(&w, &boot_id);
	sr_write_bool(&w, cons_recovering(self));
	sr_write_u64(&w, self->final.height);
	sr_write_u64(&w, self->frontier);
	status_certs_write(self, &w);
	sr_write_u16(&w, (uint16_t)status_votes(self, from, NULL));
	(void)status_votes(self, from, &w);
	sr_write_u16(&w, (uint16_t)status_proposals(self, from, NULL));
	(void)status_proposals(self, from, &w);
	cons_message_send(self, from, CONSENSUS_CLASS_CERT, &w);
	return SR_OK;
}
