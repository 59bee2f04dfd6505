/*
 * consensus/evidence.c - proofs of a fault, which anyone can check: two proposals or two NOTAR
 * votes in a slot, SKIP with FINAL, two FINAL (DESIGN 4).
 */
#include "consensus/internal.h"

#define EVIDENCE_VERSION 1u
#define EVIDENCE_MAX 2048u

enum evidence_kind { EVIDENCE_PROPOSALS = 1, EVIDENCE_VOTES = 2 };

static bool votes_conflict(const struct consensus_vote *a, const struct consensus_vote *b)
{
	if (a->epoch != b->epoch || a->slot != b->slot || a->voter != b->voter)
		return false;
	if (a->kind == b->kind)
		return a->kind != CONSENSUS_SKIP && !sr_hash32_equal(&a->hash, &b->hash);
	/* NOTAR may follow an own SKIP, and goes before FINAL. */
	return a->kind != CONSENSUS_NOTAR && b->kind != CONSENSUS_NOTAR;
}

static void evidence_emit(struct consensus *self, uint32_t culprit, uint64_t slot,
    struct sr_writer *w)
{
	bool news = self->started && culprit != self->config.self &&
	    self->evidence_slot[culprit] != slot;

	if (sr_writer_finish(w) == SR_OK && news && self->ports.evidence != NULL) {
		self->evidence_slot[culprit] = slot;
		self->ports.evidence(self->ports.ctx, culprit, w->p, w->n);
	}
	sr_writer_clear(w);
}

void cons_evidence_votes(struct consensus *self, const struct consensus_vote *a,
    const struct consensus_vote *b)
{
	struct sr_writer w;

	if (!votes_conflict(a, b))
		return;
	sr_writer_init(&w, EVIDENCE_MAX);
	sr_write_u8(&w, EVIDENCE_VERSION);
	sr_write_u8(&w, EVIDENCE_VOTES);
	consensus_vote_write(&w, a);
	consensus_vote_write(&w, b);
	evidence_emit(self, a->voter, a->slot, &w);
}

void cons_evidence_proposals(struct consensus *self, const struct consensus_header *a,
    const struct sr_sig64 *a_sig, const struct consensus_header *b, const struct sr_sig64 *b_sig)
{
	struct sr_writer w;

	sr_writer_init(&w, EVIDENCE_MAX);
	sr_write_u8(&w, EVIDENCE_VERSION);
	sr_write_u8(&w, EVIDENCE_PROPOSALS);
	consensus_header_write(&w, a);
	sr_write_sig(&w, a_sig);
	consensus_header_write(&w, b);
	sr_write_sig(&w, b_sig);
	evidence_emit(self, a->author, a->slot, &w);
}

static enum sr_error proposals_verify(uint32_t *culprit, struct sr_reader *r,
    const struct sr_hash32 *chain_id, uint64_t epoch, const struct sr_edpk *keys, uint32_t members)
{
	struct consensus_header h[2];
	struct sr_sig64 sig[2];
	struct sr_hash32 hash[2];

	for (size_t i = 0; i < 2; i++) {
		consensus_header_read(&h[i], r);
		sig[i] = sr_read_sig(r);
	}
	SR_TRY(sr_reader_finish(r));
	for (size_t i = 0; i < 2; i++) {
		if (!sr_hash32_equal(&h[i].chain_id, chain_id))
			return SR_ERR_WRONG_CHAIN;
		if (h[i].epoch != epoch)
			return SR_ERR_WRONG_EPOCH;
		if (h[i].author >= members || h[i].author != h[i].slot % members)
			return SR_ERR_WRONG_AUTHOR;
		hash[i] = consensus_header_hash(&h[i]);
	}
	if (h[0].slot != h[1].slot || sr_hash32_equal(&hash[0], &hash[1]))
		return SR_ERR_BAD_PROOF;
	for (size_t i = 0; i < 2; i++)
		SR_TRY(consensus_proposal_verify(&hash[i], &sig[i], &keys[h[i].author]));
	*culprit = h[0].author;
	return SR_OK;
}

static enum sr_error votes_verify(uint32_t *culprit, struct sr_reader *r,
    const struct sr_hash32 *chain_id, uint64_t epoch, const struct sr_edpk *keys, uint32_t members)
{
	struct consensus_vote v[2];

	for (size_t i = 0; i < 2; i++)
		consensus_vote_read(&v[i], r);
	SR_TRY(sr_reader_finish(r));
	if (v[0].epoch != epoch)
		return SR_ERR_WRONG_EPOCH;
	if (v[0].voter >= members)
		return SR_ERR_NOT_A_MEMBER;
	if (!votes_conflict(&v[0], &v[1]))
		return SR_ERR_BAD_PROOF;
	for (size_t i = 0; i < 2; i++)
		SR_TRY(consensus_vote_verify(&v[i], chain_id, &keys[v[i].voter]));
	*culprit = v[0].voter;
	return SR_OK;
}

enum sr_error consensus_evidence_verify(uint32_t *culprit, const uint8_t *bytes, size_t n,
    const struct sr_hash32 *chain_id, uint64_t epoch, const struct sr_edpk *keys, uint32_t members)
{
	struct sr_reader r;
	unsigned kind;

	if (members == 0 || members > SR_MEMBERS_MAX)
		return SR_ERR_OUT_OF_RANGE;
	if (n > EVIDENCE_MAX)
		return SR_ERR_TOO_LONG;
	sr_reader_init(&r, bytes, n);
	if (sr_read_u8(&r) != EVIDENCE_VERSION)
		sr_reader_fail(&r, SR_ERR_BAD_VERSION);
	kind = sr_read_u8(&r);
	if (kind == EVIDENCE_PROPOSALS)
		return proposals_verify(culprit, &r, chain_id, epoch, keys, members);
	if (kind == EVIDENCE_VOTES)
		return votes_verify(culprit, &r, chain_id, epoch, keys, members);
	sr_reader_fail(&r, SR_ERR_BAD_KIND);
	return r.error;
}
