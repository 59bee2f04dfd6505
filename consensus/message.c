/* consensus/message.c - messages between members: the envelope, and the ones that carry
 * consensus. */
#include "consensus/internal.h"

#define MESSAGE_VERSION 1u
#define VOTES_MAX 2048u
#define CERTS_MAX 1024u

void cons_message_begin(const struct consensus *self, struct sr_writer *w, enum cons_message kind)
{
	sr_write_u8(w, MESSAGE_VERSION);
	sr_write_u8(w, (uint8_t)kind);
	sr_write_u64(w, self->config.epoch);
}

void cons_message_send(struct consensus *self, uint32_t to, enum consensus_class class,
    struct sr_writer *w)
{
	if (sr_writer_finish(w) == SR_OK && !cons_alone(self) && to != self->config.self)
		self->ports.send(self->ports.ctx, to, class, w->p, w->n);
	sr_writer_clear(w);
}

void cons_block_write(struct sr_writer *w, const struct cons_block *block)
{
	consensus_header_write(w, &block->header);
	sr_write_bool(w, block->has_sig);
	if (block->has_sig)
		sr_write_sig(w, &block->sig);
	sr_write_blob(w, block->body, block->body_n);
}

/* A block as it stands in a message: nothing copied yet. */
struct parsed_block {
	struct consensus_header header;
	struct sr_sig64 sig;
	struct sr_bytes body;
	bool has_sig;
};

static void block_parse(struct parsed_block *b, struct sr_reader *r)
{
	consensus_header_read(&b->header, r);
	b->has_sig = sr_read_bool(r);
	if (b->has_sig)
		b->sig = sr_read_sig(r);
	b->body = sr_read_blob(r, SR_BLOCK_MAX);
}

enum sr_error cons_block_read(struct cons_block **out, struct sr_reader *r)
{
	struct parsed_block b;

	*out = NULL;
	block_parse(&b, r);
	if (r->error != SR_OK)
		return r->error;
	return cons_block_new(out, &b.header, b.has_sig ? &b.sig : NULL, b.body);
}

void cons_send_vote(struct consensus *self, const struct consensus_vote *v)
{
	struct sr_writer w;

	sr_writer_init(&w, 1024);
	cons_message_begin(self, &w, CONS_VOTES);
	sr_write_u16(&w, 1);
	consensus_vote_write(&w, v);
	cons_message_send(self, CONSENSUS_ALL, CONSENSUS_CLASS_VOTE, &w);
}

/* --- PROPOSE --- */

/* The parent's certificate: must fit, and must bear out the INGRESS_OK bit. */
static enum sr_error parent_cert_receive(struct consensus *self, const struct consensus_header *h,
    struct sr_reader *r)
{
	bool ingress = (h->flags & CONSENSUS_INGRESS_OK) != 0;
	struct consensus_cert c;

	if (!sr_read_bool(r))
		return ingress ? SR_ERR_BAD_QUORUM : SR_OK;
	consensus_cert_read(&c, r);
	if (c.kind == CONSENSUS_SKIP || c.slot != h->parent_slot ||
	    !sr_hash32_equal(&c.hash, &h->parent_hash))
		return SR_ERR_BAD_PARENT;
	if (ingress && consensus_cert_ingress(&c) <= self->faults)
		return SR_ERR_BAD_QUORUM;
	return cons_pool_cert(self, &c, false, ingress);
}

static enum sr_error gap_certs_receive(struct consensus *self, const struct consensus_header *h,
    struct sr_reader *r)
{
	uint64_t last = h->parent_slot;
	struct consensus_cert c;

	for (uint32_t n = sr_read_u16(r); n > 0; n--) {
		consensus_cert_read(&c, r);
		if (c.kind != CONSENSUS_SKIP || c.slot <= last || c.slot >= h->slot)
			return SR_ERR_GAP_UNPROVEN;
		last = c.slot;
		SR_TRY(cons_pool_cert(self, &c, false, false));
	}
	return SR_OK;
}

static enum sr_error propose_shape(struct parsed_block *b, struct sr_reader *r)
{
	struct consensus_cert c;
	uint32_t n;

	if (sr_read_bool(r))
		consensus_cert_read(&c, r);
	n = sr_read_u16(r);
	if (n > CONS_AHEAD)
		return SR_ERR_TOO_LONG;
	while (n-- > 0 && r->error == SR_OK)
		consensus_cert_read(&c, r);
	SR_TRY(sr_reader_finish(r));
	return b->has_sig ? SR_OK : SR_ERR_BAD_SIGNATURE;
}

/* What the slot holds already decides whether the body is worth looking at. */
static enum sr_error propose_rival(struct consensus *self, const struct parsed_block *b,
    const struct sr_hash32 *hash)
{
	const struct cons_slot *s = cons_slot_find(self, b->header.slot);

	for (const struct cons_block *o = s != NULL ? s->blocks : NULL; o != NULL; o = o->next) {
		if (!o->has_sig || sr_hash32_equal(&o->hash, hash))
			continue;
		cons_evidence_proposals(self, &o->header, &o->sig, &b->header, &b->sig);
		return SR_ERR_DUPLICATE;
	}
	return SR_OK;
}

static enum sr_error propose_cheap(struct consensus *self, uint32_t from,
    const struct consensus_header *h)
{
	if (h->slot > self->top_slot + CONS_AHEAD) {
		cons_call(self, from);
		return SR_ERR_TOO_FAR_AHEAD;
	}
	/* DESIGN 4: "treats time_ms > clock + 10 s as absent" */
	if (h->time_ms > self->now_ms + CONS_CLOCK_ABSENT_MS)
		return SR_ERR_BAD_TIME;
	return h->author == cons_author(self, h->slot) ? SR_OK : SR_ERR_WRONG_AUTHOR;
}

static enum sr_error propose_keep(struct consensus *self, const struct parsed_block *b)
{
	struct cons_block *block;
	enum sr_error error;

	SR_TRY(cons_block_new(&block, &b->header, &b->sig, b->body));
	error = cons_tree_add(self, block);
	if (error != SR_OK)
		cons_block_free(block);
	return error;
}

static enum sr_error receive_propose(struct consensus *self, uint32_t from, struct sr_reader *r)
{
	struct sr_reader certs, shape;
	struct parsed_block b;
	struct sr_hash32 hash;

	block_parse(&b, r);
	certs = shape = *r;
	SR_TRY(propose_shape(&b, &shape));
	if (b.header.slot <= self->top_slot)
		return SR_OK;
	SR_TRY(propose_cheap(self, from, &b.header));
	hash = consensus_header_hash(&b.header);
	if (cons_tree_find(self, b.header.slot, &hash) != NULL)
		return SR_OK;
	SR_TRY(consensus_proposal_verify(&hash, &b.sig, &self->config.keys[b.header.author]));
	if (b.header.author == self->config.self)
		return cons_recover_proposal(self, &b.header, &b.sig);
	SR_TRY(propose_rival(self, &b, &hash));
	SR_TRY(cons_block_form(self, &b.header, b.body));
	SR_TRY(parent_cert_receive(self, &b.header, &certs));
	SR_TRY(gap_certs_receive(self, &b.header, &certs));
	return propose_keep(self, &b);
}

/* --- votes and certificates --- */

static enum sr_error receive_votes(struct consensus *self, uint32_t from, struct sr_reader *r)
{
	uint32_t n = sr_read_u16(r);
	struct sr_reader shape = *r;
	struct consensus_vote v;
	enum sr_error error = SR_OK;

	if (n == 0 || n > VOTES_MAX)
		return SR_ERR_OUT_OF_RANGE;
	for (uint32_t i = 0; i < n && shape.error == SR_OK; i++)
		consensus_vote_read(&v, &shape);
	SR_TRY(sr_reader_finish(&shape));
	for (uint32_t i = 0; i < n && error == SR_OK; i++) {
		consensus_vote_read(&v, r);
		error = cons_pool_vote(self, from, &v);
	}
	if (error == SR_ERR_TOO_FAR_AHEAD)
		cons_call(self, from);
	return error;
}

static enum sr_error receive_certs(struct consensus *self, uint32_t from, struct sr_reader *r)
{
	uint32_t n = sr_read_u16(r);
	struct sr_reader shape = *r;
	struct consensus_cert c;
	enum sr_error error = SR_OK;

	if (n == 0 || n > CERTS_MAX)
		return SR_ERR_OUT_OF_RANGE;
	for (uint32_t i = 0; i < n && shape.error == SR_OK; i++)
		consensus_cert_read(&c, &shape);
	SR_TRY(sr_reader_finish(&shape));
	for (uint32_t i = 0; i < n && error == SR_OK; i++) {
		consensus_cert_read(&c, r);
		error = cons_pool_cert(self, &c, false, false);
	}
	if (error == SR_ERR_TOO_FAR_AHEAD)
		cons_call(self, from);
	return error;
}

/* A guest may say where it stands, and ask. */
static bool guest_may(unsigned kind)
{
	return kind == CONS_HEAD || kind == CONS_REQ_BLOCK || kind == CONS_REQ_ROWS;
}

enum sr_error cons_receive(struct consensus *self, uint32_t from, const uint8_t *msg, size_t n)
{
	struct sr_reader r;
	unsigned kind;

	if (n > CONSENSUS_MESSAGE_MAX)
		return SR_ERR_TOO_LONG;
	sr_reader_init(&r, msg, n);
	if (sr_read_u8(&r) != MESSAGE_VERSION)
		sr_reader_fail(&r, SR_ERR_BAD_VERSION);
	kind = sr_read_u8(&r);
	if (sr_read_u64(&r) != self->config.epoch)
		sr_reader_fail(&r, SR_ERR_WRONG_EPOCH);
	if (r.error != SR_OK)
		return r.error;
	if (from >= self->config.n && !guest_may(kind))
		return SR_ERR_NOT_A_MEMBER;
	switch (kind) {
	case CONS_PROPOSE:
		return receive_propose(self, from, &r);
	case CONS_VOTES:
		return receive_votes(self, from, &r);
	case CONS_CERTS:
		return receive_certs(self, from, &r);
	case CONS_HEAD:
		return cons_receive_head(self, from, &r);
	case CONS_REQ_BLOCK:
		return cons_receive_req_block(self, from, &r);
	case CONS_BLOCK:
		return cons_receive_block(self, from, &r);
	case CONS_STATUS_REQ:
		return cons_receive_status_req(self, from, &r);
	case CONS_STATUS:
		return cons_receive_status(self, from, &r);
	case CONS_REQ_ROWS:
		return cons_receive_req_rows(self, from, &r);
	case CONS_ROWS:
		return cons_receive_rows(self, from, &r);
	default:
		return SR_ERR_BAD_KIND;
	}
}
