/* tests/lib/consensus_puppet.c - one real node among puppets. */
#include "tests/lib/consensus_puppet.h"

#include <stdlib.h>
#include <string.h>

#include "consensus/internal.h"

static bool catch(struct fleet *c, uint32_t from, uint32_t to, const uint8_t *msg, size_t n)
{
	struct puppet *p = c->lose_ctx;
	struct puppet_sent *s = &p->sent[p->sent_n];

	(void)from;
	SR_ASSERT(p->sent_n < PUPPET_SENT_MAX);
	s->to = to;
	s->msg.p = malloc(n);
	SR_ASSERT(s->msg.p != NULL);
	memcpy(s->msg.p, msg, n);
	s->msg.n = n;
	p->sent_n++;
	return true;
}

struct puppet *puppet_new_stopped(uint32_t n, uint32_t real)
{
	struct puppet *p = calloc(1, sizeof(*p));

	SR_ASSERT(p != NULL);
	p->c = fleet_new(n, 1);
	p->c->lose = catch;
	p->c->lose_ctx = p;
	p->real = real;
	return p;
}

struct puppet *puppet_new(uint32_t n, uint32_t real)
{
	struct puppet *p = puppet_new_stopped(n, real);

	fleet_start_node(p->c, real);
	return p;
}

void puppet_sent_clear(struct puppet *p)
{
	while (p->sent_n > 0)
		free(p->sent[--p->sent_n].msg.p);
}

void puppet_free(struct puppet *p)
{
	puppet_sent_clear(p);
	fleet_free(p->c);
	free(p);
}

struct consensus *puppet_consensus(struct puppet *p)
{
	return p->c->nodes[p->real].consensus;
}

struct consensus_status puppet_status(struct puppet *p)
{
	return fleet_status(p->c, p->real);
}

struct puppet_block puppet_genesis(const struct puppet *p)
{
	struct puppet_block b = { .hash = p->c->genesis, .root = p->c->genesis };

	b.header.time_ms = 1700000000000u;
	return b;
}

void puppet_rehash(struct puppet_block *b)
{
	b->hash = consensus_header_hash(&b->header);
}

struct puppet_block puppet_block(const struct puppet *p, const struct puppet_block *parent,
    uint64_t slot, const char *body)
{
	struct puppet_block b = { .body = {
				      (const uint8_t *)body, body != NULL ? strlen(body) : 0 } };

	b.header.chain_id = p->c->chain_id;
	b.header.epoch = 1;
	b.header.slot = slot;
	b.header.height = parent->header.height + 1;
	b.header.parent_slot = parent->header.slot;
	b.header.parent_hash = parent->hash;
	b.header.time_ms = parent->header.time_ms + 100;
	b.header.author = (uint32_t)(slot % p->c->n);
	b.header.ops_root = sr_hash(b.body.p, b.body.n);
	b.header.pre_state_root = parent->root;
	b.root = fake_app_next_root(&parent->root, b.body);
	puppet_rehash(&b);
	return b;
}

struct consensus_vote puppet_vote(const struct puppet *p, uint32_t voter,
    enum consensus_vote_kind kind, uint64_t slot, const struct sr_hash32 *hash)
{
	struct consensus_vote v = { .kind = kind, .epoch = 1, .slot = slot, .voter = voter };

	if (hash != NULL)
		v.hash = *hash;
	consensus_vote_sign(&v, &p->c->chain_id, &p->c->nodes[voter].key);
	return v;
}

struct consensus_cert puppet_cert(const struct puppet *p, enum consensus_vote_kind kind,
    uint64_t slot, const struct sr_hash32 *hash, uint32_t mask)
{
	struct consensus_cert c = { .kind = kind, .epoch = 1, .slot = slot };

	if (hash != NULL)
		c.hash = *hash;
	for (uint32_t i = 0; i < p->c->n; i++) {
		struct consensus_vote v = puppet_vote(p, i, kind, slot, hash);

		if (!(mask & (1u << i)))
			continue;
		c.signers[c.signers_n].voter = i;
		c.signers[c.signers_n++].sig = v.sig;
	}
	return c;
}

void puppet_log_vote(struct puppet *p, const struct consensus_vote *v)
{
	struct sr_writer w;

	sr_writer_init(&w, 4096);
	sr_write_u8(&w, 1);
	sr_write_u8(&w, 1);
	consensus_vote_write(&w, v);
	sr_write_bool(&w, false);
	SR_ASSERT(sr_writer_finish(&w) == SR_OK);
	fleet_log_put(p->c, p->real, w.p, w.n);
	sr_writer_clear(&w);
}

void puppet_begin(struct sr_writer *w, unsigned kind)
{
	sr_writer_init(w, CONSENSUS_MESSAGE_MAX);
	sr_write_u8(w, 1);
	sr_write_u8(w, (uint8_t)kind);
	sr_write_u64(w, 1);
}

enum sr_error puppet_say(struct puppet *p, uint32_t from, const struct sr_writer *w)
{
	return consensus_receive(puppet_consensus(p), p->c->now_ms, from, w->p, w->n);
}

static enum sr_error say_and_clear(struct puppet *p, uint32_t from, struct sr_writer *w)
{
	enum sr_error error = puppet_say(p, from, w);

	sr_writer_clear(w);
	return error;
}

enum sr_error puppet_say_propose(struct puppet *p, uint32_t from, const struct puppet_block *b,
    const struct consensus_cert *parent, const struct consensus_cert *skips, uint32_t skips_n)
{
	struct sr_sig64 sig;
	struct sr_writer w;

	consensus_proposal_sign(&sig, &b->hash, &p->c->nodes[from].key);
	puppet_begin(&w, CONS_PROPOSE);
	consensus_header_write(&w, &b->header);
	sr_write_bool(&w, true);
	sr_write_sig(&w, &sig);
	sr_write_blob(&w, b->body.p, b->body.n);
	sr_write_bool(&w, parent != NULL);
	if (parent != NULL)
		consensus_cert_write(&w, parent);
	sr_write_u16(&w, (uint16_t)skips_n);
	for (uint32_t i = 0; i < skips_n; i++)
		consensus_cert_write(&w, &skips[i]);
	return say_and_clear(p, from, &w);
}

enum sr_error puppet_say_vote(struct puppet *p, const struct consensus_vote *v)
{
	struct sr_writer w;

	puppet_begin(&w, CONS_VOTES);
	sr_write_u16(&w, 1);
	consensus_vote_write(&w, v);
	return say_and_clear(p, v->voter != p->real ? v->voter : (p->real + 1) % p->c->n, &w);
}

enum sr_error puppet_say_cert(struct puppet *p, uint32_t from, const struct consensus_cert *c)
{
	struct sr_writer w;

	puppet_begin(&w, CONS_CERTS);
	sr_write_u16(&w, 1);
	consensus_cert_write(&w, c);
	return say_and_clear(p, from, &w);
}

void puppet_finalise(struct puppet *p, const struct puppet_block *b)
{
	static const enum consensus_vote_kind kinds[] = { CONSENSUS_NOTAR, CONSENSUS_FINAL };

	for (size_t k = 0; k < 2; k++) {
		for (uint32_t i = 0; i < p->c->n; i++) {
			struct consensus_vote v = puppet_vote(
			    p, i, kinds[k], b->header.slot, &b->hash);

			if (i != p->real)
				SR_ASSERT(puppet_say_vote(p, &v) == SR_OK);
		}
	}
}

void puppet_pass(struct puppet *p, uint64_t ms)
{
	fleet_run(p->c, ms);
}

bool puppet_voted(const struct puppet *p, enum consensus_vote_kind kind, uint64_t slot,
    const struct sr_hash32 *hash)
{
	for (size_t i = 0; i < p->sent_n; i++) {
		const struct fleet_record *m = &p->sent[i].msg;
		struct consensus_vote v;
		struct sr_reader r;

		if (m->n < 12 || m->p[1] != CONS_VOTES)
			continue;
		sr_reader_init(&r, m->p + 10, m->n - 10);
		for (uint32_t k = sr_read_u16(&r); k > 0; k--) {
			consensus_vote_read(&v, &r);
			if (v.kind == kind && v.slot == slot && v.voter == p->real &&
			    (hash == NULL || sr_hash32_equal(hash, &v.hash)))
				return true;
		}
	}
	return false;
}

size_t puppet_sent_count(const struct puppet *p, unsigned kind)
{
	size_t n = 0;

	for (size_t i = 0; i < p->sent_n; i++)
		n += p->sent[i].msg.n > 2 && p->sent[i].msg.p[1] == kind;
	return n;
}

const struct puppet_sent *puppet_sent_last(const struct puppet *p, unsigned kind)
{
	for (size_t i = p->sent_n; i-- > 0;)
		if (p->sent[i].msg.n > 2 && p->sent[i].msg.p[1] == kind)
			return &p->sent[i];
	return NULL;
}
