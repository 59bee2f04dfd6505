/* tests/fuzz/fuzz_evidence.c - proofs of a fault: nobody is accused who did not sign two things
 * that an honest member never signs both of. */
#include "consensus/consensus.h"
#include "tests/fuzz/fixture.h"
#include "tests/fuzz/fuzz.h"

#define EVIDENCE_BYTES 2048u

static enum sr_error judge(uint32_t *culprit, const uint8_t *p, size_t n)
{
	const struct fixture *f = fixture();
	struct sr_edpk keys[FIXTURE_NODES];
	for (uint32_t i = 0; i < FIXTURE_NODES; i++)
		keys[i] = f->epoch.members[i].vote_key;
	return consensus_evidence_verify(culprit, p, n, &f->c->genesis->chain_id, 1, keys,
	    FIXTURE_NODES);
}

static struct consensus_vote vote_read(struct sr_reader *r)
{
	const struct fixture *f = fixture();
	unsigned kind = 1 + sr_read_u8(r) % 3;
	struct consensus_vote v = { .kind = (enum consensus_vote_kind)kind };
	v.epoch = sr_read_u8(r) % 4 ? 1 : 2;
	v.slot = 1 + sr_read_u8(r) % 4;
	v.voter = sr_read_u8(r) % FIXTURE_NODES;
	v.hash.b[0] = kind == CONSENSUS_SKIP ? 0 : sr_read_u8(r) % 4;
	consensus_vote_sign(&v, &f->c->genesis->chain_id, &f->vote[v.voter]);
	return v;
}

/* Two votes that their voters did sign. */
static void votes(struct sr_reader *r)
{
	struct consensus_vote a = vote_read(r), b = vote_read(r);
	struct sr_writer w;
	uint32_t culprit;
	bool same = a.epoch == 1 && b.epoch == 1 && a.slot == b.slot && a.voter == b.voter;
	bool two_blocks = a.kind == b.kind && a.kind != CONSENSUS_SKIP &&
	    !sr_hash32_equal(&a.hash, &b.hash);
	bool skip_final = a.kind + b.kind == CONSENSUS_SKIP + CONSENSUS_FINAL && a.kind != b.kind;
	sr_writer_init(&w, EVIDENCE_BYTES);
	sr_write_u8(&w, 1);
	sr_write_u8(&w, 2);
	consensus_vote_write(&w, &a);
	consensus_vote_write(&w, &b);
	FUZZ_CHECK((judge(&culprit, w.p, w.n) == SR_OK) == (same && (two_blocks || skip_final)));
	sr_writer_clear(&w);
}

static void proposal_write(struct sr_writer *w, struct sr_reader *r, uint64_t *slot, bool *proper,
    struct sr_hash32 *hash)
{
	const struct fixture *f = fixture();
	struct sr_sig64 sig;
	struct consensus_header h = { .chain_id = f->c->genesis->chain_id,
		.epoch = sr_read_u8(r) % 4 ? 1 : 2, .slot = 1 + sr_read_u8(r) % 4,
		.author = sr_read_u8(r) % 8, .height = sr_read_u8(r) % 4 };
	*slot = h.slot;
	*proper = h.epoch == 1 && h.author == h.slot % FIXTURE_NODES;
	*hash = consensus_header_hash(&h);
	consensus_proposal_sign(&sig, hash, &f->vote[h.slot % FIXTURE_NODES]);
	consensus_header_write(w, &h);
	sr_write_sig(w, &sig);
}

static void proposals(struct sr_reader *r)
{
	struct sr_hash32 hash[2];
	uint64_t slot[2];
	bool proper[2];
	uint32_t culprit = 99;
	struct sr_writer w;
	sr_writer_init(&w, EVIDENCE_BYTES);
	sr_write_u8(&w, 1);
	sr_write_u8(&w, 1);
	for (size_t i = 0; i < 2; i++)
		proposal_write(&w, r, &slot[i], &proper[i], &hash[i]);
	bool guilty = proper[0] && proper[1] && slot[0] == slot[1] &&
	    !sr_hash32_equal(&hash[0], &hash[1]);
	FUZZ_CHECK((judge(&culprit, w.p, w.n) == SR_OK) == guilty);
	FUZZ_CHECK(!guilty || culprit == slot[0] % FIXTURE_NODES);
	sr_writer_clear(&w);
}

void fuzz_evidence(const uint8_t *p, size_t n)
{
	struct sr_reader r;
	uint32_t culprit;
	sr_reader_init(&r, p, n);
	switch (sr_read_u8(&r) % 3) {
	case 0:
		/* Bytes from nowhere accuse a member only of what he signed: see the seeds. */
		if (judge(&culprit, r.p, r.left) == SR_OK)
			FUZZ_CHECK(culprit < FIXTURE_NODES);
		return;
	case 1: votes(&r); return;
	default: proposals(&r); return;
	}
}

void seed_evidence(void)
{
	static const uint8_t pairs[][11] = { { 1, 0, 1, 1, 2, 1, 0, 1, 1, 2, 2 },
		{ 1, 1, 1, 1, 2, 2, 1, 1, 2, 3, 0 }, { 1, 0, 1, 1, 2, 1, 2, 1, 1, 2, 1 },
		{ 1, 2, 1, 1, 2, 1, 2, 1, 1, 2, 3 }, { 2, 1, 1, 2, 0, 1, 1, 2, 1, 0, 0 },
		{ 2, 1, 1, 2, 0, 1, 2, 2, 1, 0, 0 }, { 2, 0, 1, 2, 0, 1, 1, 7, 1, 0, 0 } };
	const struct fixture *f = fixture();
	struct sr_writer w;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		fuzz_seed("pair", pairs[i], sizeof(pairs[i]));
	for (uint8_t kind = 0; kind < 4; kind++) {
		sr_writer_init(&w, 2 * EVIDENCE_BYTES);
		sr_write_u8(&w, kind == 3 ? 2 : 1);
		sr_write_u8(&w, kind);
		for (uint8_t i = 0; i < 2; i++) {
			struct consensus_vote v = { .kind = CONSENSUS_FINAL, .epoch = 1, .slot = 4,
				.hash = { { i } }, .voter = 1 };
			struct consensus_header h = { .chain_id = f->c->genesis->chain_id,
				.epoch = 1, .slot = 6, .author = 2, .height = i };
			struct sr_hash32 hash = consensus_header_hash(&h);
			struct sr_sig64 sig;
			consensus_vote_sign(&v, &f->c->genesis->chain_id, &f->vote[1]);
			consensus_proposal_sign(&sig, &hash, &f->vote[2]);
			if (kind == 1)
				consensus_header_write(&w, &h);
			if (kind == 1)
				sr_write_sig(&w, &sig);
			else
				consensus_vote_write(&w, &v);
		}
		fuzz_seed_of(0, "proof", &w);
	}
}
