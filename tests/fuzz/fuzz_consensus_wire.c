/* tests/fuzz/fuzz_consensus_wire.c - headers, votes and certificates, and the archive's rows that
 * hold them: what clients, peers and the disk hand in. */
#include <stdlib.h>

#include "consensus/consensus.h"
#include "tests/fuzz/fixture.h"
#include "tests/fuzz/fuzz.h"

#define ROW_MAX 65536u

FUZZ_RECODE(header, struct consensus_header, consensus_header_read, consensus_header_write)
FUZZ_RECODE(vote, struct consensus_vote, consensus_vote_read, consensus_vote_write)
FUZZ_RECODE(cert, struct consensus_cert, consensus_cert_read, consensus_cert_write)

/* Nobody but the fixture's members, q of them, makes a certificate that verifies. */
static void verify(const uint8_t *p, size_t n)
{
	const struct fixture *f = fixture();
	struct consensus_cert c;
	struct sr_edpk keys[FIXTURE_NODES];
	struct sr_reader r;
	sr_reader_init(&r, p, n);
	consensus_cert_read(&c, &r);
	if (sr_reader_finish(&r) != SR_OK)
		return;
	for (uint32_t i = 0; i < FIXTURE_NODES; i++)
		keys[i] = f->epoch.members[i].vote_key;
	if (consensus_cert_verify(&c, &f->c->genesis->chain_id, keys, FIXTURE_NODES) != SR_OK)
		return;
	FUZZ_CHECK(c.signers_n >= consensus_quorum(FIXTURE_NODES));
	FUZZ_CHECK(consensus_cert_ingress(&c) <= c.signers_n);
	for (uint32_t i = 0; i < c.signers_n; i++) {
		struct consensus_vote v = consensus_cert_vote(&c, i);
		FUZZ_CHECK(v.voter < FIXTURE_NODES);
		v.slot++;
		FUZZ_CHECK(consensus_vote_verify(&v, &f->c->genesis->chain_id, &keys[v.voter]) ==
		    SR_ERR_BAD_SIGNATURE);
	}
}

static void row(const uint8_t *p, size_t n)
{
	struct consensus_block block;
	struct consensus_cert notar, final;
	bool has_notar, has_final;
	struct sr_writer w;
	if (consensus_archive_row_read(&block, &notar, &has_notar, &final, &has_final, p, n) !=
	    SR_OK)
		return;
	sr_writer_init(&w, n);
	consensus_archive_row_write(&w, &block, has_notar ? &notar : NULL,
	    has_final ? &final : NULL);
	fuzz_same(&w, p, n);
}

/* A vote's fields from the input, signed by who casts it or not. */
static void signed_vote(const uint8_t *p, size_t n)
{
	const struct fixture *f = fixture();
	const struct sr_hash32 *chain = &f->c->genesis->chain_id;
	struct sr_reader r;
	sr_reader_init(&r, p, n);
	struct consensus_vote v = { .kind = (enum consensus_vote_kind)sr_read_u8(&r),
		.epoch = sr_read_u8(&r), .slot = sr_read_u8(&r), .flags = sr_read_u8(&r),
		.voter = sr_read_u8(&r) % FIXTURE_NODES };
	v.hash.b[0] = sr_read_u8(&r);
	consensus_vote_sign(&v, chain, &f->vote[v.voter]);
	bool form = (v.kind == CONSENSUS_NOTAR && v.flags <= CONSENSUS_VOTE_INGRESS) ||
	    (v.kind == CONSENSUS_SKIP && v.flags == 0 && v.hash.b[0] == 0) ||
	    (v.kind == CONSENSUS_FINAL && v.flags == 0);
	FUZZ_CHECK((consensus_vote_verify(&v, chain, &f->epoch.members[v.voter].vote_key) == SR_OK)
	    == form);
}

void fuzz_consensus_wire(const uint8_t *p, size_t n)
{
	if (n == 0)
		return;
	switch (p[0] % 6) {
	case 0: fuzz_canonical(header, p + 1, n - 1); return;
	case 1: fuzz_canonical(vote, p + 1, n - 1); return;
	case 2: fuzz_canonical(cert, p + 1, n - 1); return;
	case 3: verify(p + 1, n - 1); return;
	case 4: row(p + 1, n - 1); return;
	default: signed_vote(p + 1, n - 1); return;
	}
}

static struct consensus_cert cert_of(enum consensus_vote_kind kind, uint32_t signers)
{
	const struct fixture *f = fixture();
	struct consensus_cert c = { .kind = kind, .epoch = 1, .slot = 5 };
	c.hash.b[0] = kind == CONSENSUS_SKIP ? 0 : 9;
	for (uint32_t i = 0; i < FIXTURE_NODES; i++) {
		struct consensus_vote v = { .kind = kind, .epoch = 1, .slot = 5, .hash = c.hash,
			.voter = i,
			.flags = kind == CONSENSUS_NOTAR ? CONSENSUS_VOTE_INGRESS : 0 };
		consensus_vote_sign(&v, &f->c->genesis->chain_id, &f->vote[i]);
		if (!(signers & 1u << i))
			continue;
		c.signers[c.signers_n].voter = i;
		c.signers[c.signers_n].flags = v.flags;
		c.signers[c.signers_n++].sig = v.sig;
	}
	return c;
}

static void seed_cert(enum consensus_vote_kind kind, uint32_t signers)
{
	struct consensus_cert c = cert_of(kind, signers);
	struct sr_writer w;
	for (uint8_t choice = 2; choice < 4; choice++) {
		sr_writer_init(&w, 4096);
		consensus_cert_write(&w, &c);
		fuzz_seed_of(choice, "cert", &w);
	}
}

static void seed_rest(enum consensus_vote_kind kind)
{
	struct consensus_cert c = cert_of(kind, 1);
	struct consensus_vote v = consensus_cert_vote(&c, 0);
	struct consensus_header h = { .epoch = 1, .slot = 7, .height = 3, .parent_slot = 6,
		.time_ms = 99, .author = 3,
		.flags = kind == CONSENSUS_NOTAR ? CONSENSUS_CLOSE : 0 };
	struct sr_writer w;
	sr_writer_init(&w, 1024);
	consensus_vote_write(&w, &v);
	fuzz_seed_of(1, "vote", &w);
	sr_writer_init(&w, 1024);
	consensus_header_write(&w, &h);
	fuzz_seed_of(0, "header", &w);
	uint8_t fields[] = { 5, (uint8_t)kind, 1, 5, 0, 2, kind == CONSENSUS_SKIP ? 0 : 9 };
	fuzz_seed("signed", fields, sizeof(fields));
}

void seed_consensus_wire(void)
{
	struct consensus_cert notar = cert_of(CONSENSUS_NOTAR, 7);
	struct consensus_cert final = cert_of(CONSENSUS_FINAL, 7);
	struct consensus_block block = { .header = { .slot = 5, .height = 2, .author = 1 },
		.body = { (const uint8_t *)"body", 4 } };
	static const enum consensus_vote_kind kinds[] = { CONSENSUS_NOTAR, CONSENSUS_SKIP,
		CONSENSUS_FINAL };
	struct sr_writer w;
	for (size_t i = 0; i < 3; i++) {
		seed_cert(kinds[i], 0xf);
		seed_cert(kinds[i], 0xe);
		seed_cert(kinds[i], 0x3);
		seed_rest(kinds[i]);
	}
	for (unsigned i = 0; i < 4; i++) {
		sr_writer_init(&w, ROW_MAX);
		consensus_archive_row_write(&w, &block, i & 1 ? &notar : NULL,
		    i & 2 ? &final : NULL);
		fuzz_seed_of(4, "row", &w);
	}
}
