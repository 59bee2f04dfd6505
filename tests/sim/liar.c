/*
 * A Byzantine member: an honest core whose words are replaced on their way out, signed with its
 * real vote key. It sees every proposal of the cluster (a stronger adversary than any one member)
 * and picks, per slot:
 *   equivocate   two proposals, each to its own half, and a NOTAR for each
 *   stale parent a block on an older notarised block, with whatever SKIP certificates there are
 *   withhold     the proposal leaves late
 *   two-faced    SKIP and FINAL, or two NOTARs, for one slot
 *   replay       an old message again
 */
#include <stdlib.h>
#include <string.h>

#include "consensus/internal.h"
#include "enclave/internal.h"
#include "tests/sim/envelope.h"
#include "tests/sim/sim.h"

#define SEEN_MAX 64u

enum lie {
	LIE_NONE,
	LIE_EQUIVOCATE,
	LIE_STALE_PARENT,
	LIE_WITHHOLD,
	LIE_TWO_FACED,
	LIE_REPLAY,
	LIES
};

struct seen {
	struct consensus_header header;
	struct sr_hash32 hash;
	bool has_cert;
	struct consensus_cert cert;     /* of its parent */
};

struct sim_liar {
	struct seen seen[SEEN_MAX];
	size_t seen_n;
	uint64_t slot;                  /* the lie below is for this slot */
	enum lie lie;
	uint64_t half;
	struct consensus_header variant;
	struct sr_hash32 variant_hash;
	struct sim_bytes forged;        /* the other proposal, enveloped */
	struct sim_bytes old;           /* to be replayed */
};

void sim_liar_clear(struct sim *s)
{
	if (s->liar == NULL)
		return;
	free(s->liar->forged.p);
	free(s->liar->old.p);
	free(s->liar);
	s->liar = NULL;
}

static const struct seen *seen_find(const struct sim_liar *l, const struct sr_hash32 *hash)
{
	for (size_t i = 0; i < l->seen_n; i++)
		if (sr_hash32_equal(&l->seen[i].hash, hash))
			return &l->seen[i];
	return NULL;
}

/* Remembers a proposal of anybody. */
static void see(struct sim *s, const struct consensus_header *h, struct sr_reader certs)
{
	struct sim_liar *l = s->liar;
	struct sr_hash32 hash = consensus_header_hash(h);
	if (seen_find(l, &hash) != NULL)
		return;
	if (l->seen_n == SEEN_MAX)
		memmove(l->seen, l->seen + 1, --l->seen_n * sizeof *l->seen);
	struct seen *at = &l->seen[l->seen_n++];
	at->header = *h;
	at->hash = hash;
	at->has_cert = sr_read_bool(&certs);
	if (at->has_cert)
		consensus_cert_read(&at->cert, &certs);
}

static void envelope_begin(struct sr_writer *w, uint64_t epoch, enum cons_message kind)
{
	sr_writer_init(w, SR_BLOCK_MAX + 65536);
	sr_write_u8(w, CORE_CONSENSUS);
	sr_write_u64(w, epoch);
	sr_write_u8(w, 1);
	sr_write_u8(w, (uint8_t)kind);
	sr_write_u64(w, epoch);
}

static const struct sr_edsk *vote_key(const struct sim_node *node)
{
	return enclave_core_consensus(node->core)->config.vote_key;
}

/* A signed proposal of this header; gap certificates as far as the core has them, when it must look
 * proper. */
static void forge(struct sim_node *node, const struct consensus_header *h, struct sr_bytes body,
    const struct consensus_cert *cert, const uint8_t *gap, size_t gap_n)
{
	struct sim_liar *l = node->sim->liar;
	struct sr_writer w;
	struct sr_sig64 sig;
	l->variant = *h;
	l->variant_hash = consensus_header_hash(h);
	consensus_proposal_sign(&sig, &l->variant_hash, vote_key(node));
	envelope_begin(&w, h->epoch, CONS_PROPOSE);
	consensus_header_write(&w, h);
	sr_write_bool(&w, true);
	sr_write_sig(&w, &sig);
	sr_write_blob(&w, body.p, body.n);
	sr_write_bool(&w, cert != NULL);
	if (cert != NULL)
		consensus_cert_write(&w, cert);
	if (gap != NULL)
		sr_write_copy(&w, gap, gap_n);
	else
		sr_write_u16(&w, 0);
	free(l->forged.p);
	l->forged.p = NULL;
	if (sr_writer_finish(&w) == SR_OK)
		l->forged = sim_copy(w.p, w.n);
	sr_writer_clear(&w);
}

/* An older notarised block as parent: the slots between have been filled, so no SKIP certificates
 * exist. */
static bool forge_stale(struct sim_node *node, const struct consensus_header *real)
{
	struct sim *s = node->sim;
	struct sim_liar *l = s->liar;
	if (l->seen_n < 3)
		return false;
	/* A child tells the state root after its parent and brings its parent's certificate. */
	for (int tries = 0; tries < 8; tries++) {
		size_t back = sim_below(s, l->seen_n < 6 ? l->seen_n : 6);
		const struct seen *child = &l->seen[l->seen_n - 1 - back];
		const struct seen *parent = seen_find(l, &child->header.parent_hash);
		if (!child->has_cert || parent == NULL || parent->header.slot + 1 >= real->slot ||
		    sr_hash32_equal(&parent->hash, &real->parent_hash) ||
		    parent->header.epoch != real->epoch || (parent->header.flags & CONSENSUS_CLOSE))
			continue;
		struct consensus_header h = *real;
		struct consensus_cert cert = child->cert;
		h.parent_slot = parent->header.slot;
		h.parent_hash = parent->hash;
		h.height = parent->header.height + 1;
		h.flags = 0;
		h.ops_root = sr_hash("", 0);
		h.pre_state_root = child->header.pre_state_root;
		forge(node, &h, (struct sr_bytes){ NULL, 0 }, &cert, NULL, 0);
		return l->forged.p != NULL;
	}
	return false;
}

/* Picks this slot's lie when the liar's own proposal passes. */
static void choose(struct sim_node *node, const struct consensus_header *h, struct sr_bytes body,
    struct sr_reader certs)
{
	struct sim *s = node->sim;
	struct sim_liar *l = s->liar;
	l->slot = h->slot;
	l->half = sim_random(s);
	l->lie = s->healed ? LIE_NONE : (enum lie)sim_below(s, LIES);
	if (l->lie == LIE_EQUIVOCATE) {
		struct consensus_header other = *h;
		struct consensus_cert cert;
		bool has = sr_read_bool(&certs);
		other.time_ms++;
		if (has)
			consensus_cert_read(&cert, &certs);
		forge(node, &other, body, has ? &cert : NULL, certs.p, certs.left);
	} else if (l->lie == LIE_STALE_PARENT && !forge_stale(node, h)) {
		l->lie = LIE_NONE;
	}
	if (l->lie != LIE_NONE)
		s->lies++;
}

static bool propose(
    struct sim_node *node, uint32_t to, const uint8_t *msg, size_t n, struct sr_bytes rest)
{
	struct sim *s = node->sim;
	struct sim_liar *l = s->liar;
	struct consensus_header h;
	struct sr_reader r;
	sr_reader_init(&r, rest.p, rest.n);
	consensus_header_read(&h, &r);
	if (sr_read_bool(&r))
		sr_read_sig(&r);
	struct sr_bytes body = sr_read_blob(&r, SR_BLOCK_MAX);
	if (r.error != SR_OK || h.author != node->index)
		return false;
	if (h.slot != l->slot)
		choose(node, &h, body, r);
	switch (l->lie) {
	case LIE_EQUIVOCATE:
		if ((l->half >> to & 1) == 0)
			return false;
		sim_send(s, node->index, to, l->forged.p, l->forged.n, 0);
		return true;
	case LIE_STALE_PARENT:
		sim_send(s, node->index, to, l->forged.p, l->forged.n, 0);
		return true;
	case LIE_WITHHOLD:
		sim_send(s, node->index, to, msg, n, sim_below(s, 3000000));
		return true;
	case LIE_REPLAY:
		if (l->old.p != NULL)
			sim_send(s, node->index, to, l->old.p, l->old.n, 0);
		free(l->old.p);
		l->old = sim_copy(msg, n);
		return false;
	case LIE_NONE: case LIE_TWO_FACED: case LIES:
		break;
	}
	return false;
}

static void vote_send(struct sim_node *node, uint32_t to, enum consensus_vote_kind kind,
    uint64_t epoch, uint64_t slot, const struct sr_hash32 *hash)
{
	struct sim *s = node->sim;
	struct consensus_vote v = {
		.kind = kind, .epoch = epoch, .slot = slot, .voter = node->index
	};
	struct sr_writer w;
	if (hash != NULL)
		v.hash = *hash;
	consensus_vote_sign(&v, &s->parsed->chain_id, vote_key(node));
	envelope_begin(&w, epoch, CONS_VOTES);
	sr_write_u16(&w, 1);
	consensus_vote_write(&w, &v);
	if (sr_writer_finish(&w) == SR_OK)
		sim_send(s, node->index, to, w.p, w.n, 0);
	sr_writer_clear(&w);
}

/* Votes for whatever each half was shown. */
static bool vote(struct sim_node *node, uint32_t to, const struct consensus_vote *v)
{
	struct sim *s = node->sim;
	struct sim_liar *l = s->liar;
	if (v->voter != node->index || s->healed)
		return false;
	bool shown = v->slot == l->slot && l->forged.p != NULL &&
	    (l->lie == LIE_STALE_PARENT ||
		(l->lie == LIE_EQUIVOCATE && (l->half >> to & 1) != 0));
	if (shown && v->kind != CONSENSUS_SKIP) {
		vote_send(node, to, CONSENSUS_NOTAR, v->epoch, v->slot, &l->variant_hash);
		vote_send(node, to, CONSENSUS_FINAL, v->epoch, v->slot, &l->variant_hash);
		return true;
	}
	if (v->kind == CONSENSUS_FINAL && sim_chance(s, 200)) {
		s->lies++;
		vote_send(node, to, CONSENSUS_SKIP, v->epoch, v->slot, NULL);
		return (sim_random(s) & 1) != 0;
	}
	if (v->kind == CONSENSUS_SKIP && sim_chance(s, 200) && l->seen_n > 0) {
		const struct seen *any = &l->seen[l->seen_n - 1];
		vote_send(
		    node, to, CONSENSUS_FINAL, any->header.epoch, any->header.slot, &any->hash);
	}
	return false;
}

void sim_liar_see(struct sim *s, const uint8_t *msg, size_t n)
{
	uint8_t kind;
	uint64_t epoch;
	struct sr_bytes rest;
	struct consensus_header h;
	struct sr_reader r;
	if (s->liar == NULL) {
		s->liar = calloc(1, sizeof *s->liar);
		SR_ASSERT(s->liar != NULL);
	}
	if (!sim_envelope_consensus(&kind, &epoch, &rest, msg, n) || kind != CONS_PROPOSE)
		return;
	sr_reader_init(&r, rest.p, rest.n);
	consensus_header_read(&h, &r);
	if (sr_read_bool(&r))
		sr_read_sig(&r);
	sr_read_blob(&r, SR_BLOCK_MAX);
	if (r.error == SR_OK)
		see(s, &h, r);
}

bool sim_liar_send(struct sim_node *node, uint32_t to, const uint8_t *msg, size_t n)
{
	uint8_t kind;
	uint64_t epoch;
	struct sr_bytes rest;
	struct consensus_vote votes[SIM_VOTES_MAX];
	if (node->sim->liar == NULL || enclave_core_consensus(node->core) == NULL ||
	    !sim_envelope_consensus(&kind, &epoch, &rest, msg, n) ||
	    epoch != enclave_core_consensus(node->core)->config.epoch)
		return false;
	if (kind == CONS_PROPOSE)
		return propose(node, to, msg, n, rest);
	if (kind == CONS_VOTES && sim_envelope_votes(votes, msg, n) == 1)
		return vote(node, to, &votes[0]);
	return false;
}
