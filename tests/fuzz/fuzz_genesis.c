/* tests/fuzz/fuzz_genesis.c - what a client or a new member is handed first: the genesis file,
 * entries and identities, epoch records, and the trail from genesis to today. */
#include <stdlib.h>
#include <string.h>

#include "consensus/wire.h"
#include "enclave/genesis.h"
#include "tests/fuzz/fixture.h"
#include "tests/fuzz/fuzz.h"

FUZZ_RECODE(identity, struct genesis_identity, genesis_identity_read, genesis_identity_write)
FUZZ_RECODE(record, struct epoch_record, epoch_record_read, epoch_record_write)
FUZZ_RECODE(member, struct genesis_member, genesis_member_read, genesis_member_write)

static void file(const uint8_t *p, size_t n)
{
	struct genesis *g = malloc(sizeof(*g));
	struct sr_writer w;
	FUZZ_CHECK(g != NULL);
	if (genesis_decode(g, p, n) == SR_OK) {
		uint32_t f = consensus_faults(g->members_n);
		FUZZ_CHECK(g->threshold > f && g->threshold <= g->members_n - f);
		sr_writer_init(&w, GENESIS_FILE_MAX);
		FUZZ_CHECK(genesis_encode(&w, g) == SR_OK);
		fuzz_same(&w, p, n);
	}
	free(g);
}

/* As a page: what is read is written the same, and its steps lie within it. */
static void page(const uint8_t *p, size_t n)
{
	struct epoch_trail_page page;
	struct sr_hash32 close;
	struct sr_bytes step;
	struct sr_reader r;
	struct sr_writer w;
	if (epoch_trail_page_read(&page, p, n) != SR_OK)
		return;
	sr_writer_init(&w, n);
	epoch_trail_page_write(&w, &page);
	fuzz_same(&w, p, n);
	sr_reader_init(&r, page.steps.p, page.steps.n);
	for (uint32_t i = 0; i < page.count; i++) {
		if (epoch_trail_step_read(&step, &close, &r) != SR_OK)
			break;
		FUZZ_CHECK(step.p >= p && step.p + step.n <= p + n);
	}
}

static void trail(const uint8_t *p, size_t n)
{
	const struct fixture *f = fixture();
	struct epoch_record *r = malloc(sizeof(*r));
	struct sr_hash32 close, real, root, got;
	FUZZ_CHECK(r != NULL);
	if (epoch_trail_verify(r, &close, f->c->genesis, p, n) == SR_OK && r->epoch > 0) {
		/* A quorum closed epoch 0 once: there is no other epoch 1. */
		FUZZ_CHECK(epoch_trail_verify(r, &real, f->c->genesis, f->trail.p, f->trail.n) ==
		    SR_OK);
		FUZZ_CHECK(r->epoch == 1 && sr_hash32_equal(&close, &real));
		root = epoch_record_root(&f->epoch);
		got = epoch_record_root(r);
		FUZZ_CHECK(sr_hash32_equal(&root, &got));
	}
	free(r);
}

/* input = one entry's fields: signed again as they stand, so that what lies behind is reached */
static void entry(const uint8_t *p, size_t n)
{
	const struct fixture *f = fixture();
	struct genesis *g = malloc(sizeof(*g)), *back = malloc(sizeof(*back));
	struct genesis_member m;
	struct sr_reader r;
	struct sr_writer w;
	struct sr_edsk sk;
	struct sr_key32 seed = { { 8 } };
	FUZZ_CHECK(g != NULL && back != NULL);
	*g = *f->c->genesis;
	sr_reader_init(&r, p, n);
	genesis_member_read(&m, &r);
	if (sr_reader_finish(&r) == SR_OK) {
		sr_ed25519_keypair(&sk, &m.operator_key, &seed);
		genesis_member_sign(&m, &g->nonce, &sk);
		g->members[2] = m;
		sr_writer_init(&w, GENESIS_FILE_MAX);
		(void)!genesis_encode(&w, g);
		sr_writer_clear(&w);
	}
	free(g);
	free(back);
}

void fuzz_genesis(const uint8_t *p, size_t n)
{
	if (n == 0)
		return;
	switch (p[0] % 6) {
	case 0: file(p + 1, n - 1); return;
	case 1: fuzz_canonical(member, p + 1, n - 1); return;
	case 2: fuzz_canonical(identity, p + 1, n - 1); return;
	case 3: fuzz_canonical(record, p + 1, n - 1); return;
	case 4: trail(p + 1, n - 1); page(p + 1, n - 1); return;
	default: entry(p + 1, n - 1); return;
	}
}

static void put(uint8_t choice, const char *label, const uint8_t *p, size_t n)
{
	struct sr_writer w;
	sr_writer_init(&w, n);
	sr_write_copy(&w, p, n);
	fuzz_seed_of(choice, label, &w);
}

/* A genesis that its encoder would refuse: the file with some bytes changed to those of another
 * place. */
static void changed(const char *label, size_t to, size_t from, size_t n)
{
	const struct fixture *f = fixture();
	uint8_t *p = malloc(f->c->genesis_n);
	FUZZ_CHECK(p != NULL && to + n <= f->c->genesis_n && from + n <= f->c->genesis_n);
	memcpy(p, f->c->genesis_bytes, f->c->genesis_n);
	memcpy(p + to, f->c->genesis_bytes + from, n);
	put(0, label, p, f->c->genesis_n);
	free(p);
}

/* Where a member's key stands in the file. */
static size_t find(const uint8_t key[32])
{
	const struct fixture *f = fixture();
	for (size_t i = 0; i + 32 <= f->c->genesis_n; i++) {
		if (memcmp(f->c->genesis_bytes + i, key, 32) == 0)
			return i;
	}
	abort();
}

void seed_genesis(void)
{
	const struct fixture *f = fixture();
	const struct genesis_member *m = f->c->genesis->members;
	struct genesis_identity id = { m[0].id_key, m[0].vote_key, { 1 }, f->c->measurement };
	struct sr_writer w;
	put(0, "file", f->c->genesis_bytes, f->c->genesis_n);
	changed("same-key", find(m[1].id_key.b), find(m[0].vote_key.b), 32);
	changed("same-name", find(m[1].operator_key.b) - m[1].name_n,
	    find(m[0].operator_key.b) - m[0].name_n, m[0].name_n);
	sr_writer_init(&w, 65536);
	genesis_identity_write(&w, &id);
	fuzz_seed_of(2, "identity", &w);
	sr_writer_init(&w, 65536);
	epoch_record_write(&w, &f->epoch);
	fuzz_seed_of(3, "record", &w);
	put(4, "trail", f->trail.p, f->trail.n);
	sr_writer_init(&w, f->trail.n + 64);
	epoch_trail_page_write(&w, &(struct epoch_trail_page){ .total = 9, .first = 0, .count = 1,
	    .steps = { f->trail.p + 4, f->trail.n - 4 } });
	fuzz_seed_of(4, "page", &w);
	for (uint8_t choice = 1; choice <= 5; choice += 4) {
		sr_writer_init(&w, 65536);
		genesis_member_write(&w, &m[2]);
		fuzz_seed_of(choice, "member", &w);
	}
}
