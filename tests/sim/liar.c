/*
 * Byzantine members: honest cores whose words are replaced on their way out, signed with their real
 * keys. They know of each other, and of every proposal and certificate in the cluster: a stronger
 * adversary than any member alone. Which lies are told when is in the plan; deal.c has those of
 * the epoch change.
 */
#include "tests/sim/liar.h"

#include <stdlib.h>
#include <string.h>

static struct sim_coalition *coalition(struct sim *s)
{
	if (s->coalition == NULL) {
		s->coalition = calloc(1, sizeof *s->coalition);
		SR_ASSERT(s->coalition != NULL);
	}
	return s->coalition;
}

static struct sim_liar *lying(struct sim_node *node)
{
	if (node->lying == NULL) {
		node->lying = calloc(1, sizeof *node->lying);
		SR_ASSERT(node->lying != NULL);
		node->lying->lie = SIM_FAULT_KINDS;
	}
	return node->lying;
}

void sim_coalition_clear(struct sim *s)
{
	free(s->coalition);
	s->coalition = NULL;
}

void sim_liar_clear(struct sim_node *node)
{
	if (node->lying == NULL)
		return;
	free(node->lying->forged.p);
	free(node->lying->shown.p);
	free(node->lying->shown_rows.p);
	for (size_t i = 0; i < LIAR_OLD; i++)
		free(node->lying->old[i].p);
	free(node->lying);
	node->lying = NULL;
}

/* Does it tell this lie now? Counted. */
static bool tells(struct sim_node *node, enum sim_fault_kind kind, uint32_t per_mille)
{
	struct sim_fault *f = sim_plan_active(node->sim, kind, node->index);
	if (f == NULL || !sim_chance(node->sim, per_mille))
		return false;
	sim_plan_hit(node->sim, f);
	return true;
}

/* --- what the coalition knows --- */

static const struct liar_seen *seen_find(
    const struct sim_coalition *c, const struct sr_hash32 *hash)
{
	for (size_t i = 0; i < c->seen_n; i++)
		if (sr_hash32_equal(&c->seen[i].hash, hash))
			return &c->seen[i];
	return NULL;
}

static void skip_remember(struct sim_coalition *c, const struct consensus_cert *cert)
{
	if (cert->kind == CONSENSUS_SKIP)
		c->skips[c->skips_n++ % LIAR_SKIPS] = *cert;
}

/* A proposal of anybody; certs: what follows its body. */
static void see(struct sim *s, const struct consensus_header *h, struct sr_reader certs)
{
	struct sim_coalition *c = coalition(s);
	struct sr_hash32 hash = consensus_header_hash(h);
	struct consensus_cert gap;
	if (seen_find(c, &hash) != NULL)
		return;
	if (c->seen_n == LIAR_SEEN)
		memmove(c->seen, c->seen + 1, --c->seen_n * sizeof *c->seen);
	struct liar_seen *at = &c->seen[c->seen_n++];
	at->header = *h;
	at->hash = hash;
	at->has_cert = sr_read_bool(&certs);
	if (at->has_cert)
		consensus_cert_read(&at->cert, &certs);
	for (uint32_t n = sr_read_u16(&certs); n > 0 && certs.error == SR_OK; n--) {
		consensus_cert_read(&gap, &certs);
		if (certs.error == SR_OK)
			skip_remember(c, &gap);
	}
}

static bool proposal_read(struct consensus_header *h, struct sr_bytes *body, struct sr_reader *r,
    struct sr_bytes rest)
{
	sr_reader_init(r, rest.p, rest.n);
	consensus_header_read(h, r);
	if (sr_read_bool(r))
		sr_read_sig(r);
	*body = sr_read_blob(r, SR_BLOCK_MAX);
	return r->error == SR_OK;
}

void sim_liar_see(struct sim *s, const uint8_t *msg, size_t n)
{
	uint8_t kind;
	uint64_t epoch;
	struct sr_bytes rest, body;
	struct consensus_header h;
	struct sr_reader r;
	if (s->faulty_n == 0 || !sim_envelope_consensus(&kind, &epoch, &rest, msg, n))
		return;
	if (kind == CONS_PROPOSE && proposal_read(&h, &body, &r, rest))
		see(s, &h, r);
}

/* --- forging proposals --- */

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

static void forged_set(struct sim_node *node, struct sr_writer *w)
{
	struct sim_liar *l = lying(node);
	free(l->forged.p);
	l->forged = (struct sim_bytes){ NULL, 0 };
	if (sr_writer_finish(w) == SR_OK)
		l->forged = sim_copy(w->p, w->n);
	sr_writer_clear(w);
}

/* A signed proposal of this header; gap: the bytes of its SKIP certificates, if any. */
static void forge(struct sim_node *node, const struct consensus_header *h, struct sr_bytes body,
    const struct consensus_cert *cert, const struct sr_bytes *gap)
{
	struct sr_writer w;
	struct sr_sig64 sig;
	struct sr_hash32 hash = consensus_header_hash(h);
	consensus_proposal_sign(&sig, &hash, vote_key(node));
	envelope_begin(&w, h->epoch, CONS_PROPOSE);
	consensus_header_write(&w, h);
	sr_write_bool(&w, true);
	sr_write_sig(&w, &sig);
	sr_write_blob(&w, body.p, body.n);
	sr_write_bool(&w, cert != NULL);
	if (cert != NULL)
		consensus_cert_write(&w, cert);
	if (gap != NULL)
		sr_write_copy(&w, gap->p, gap->n);
	else
		sr_write_u16(&w, 0);
	forged_set(node, &w);
}

/* All liars vote for this variant towards these members. */
static void variant_announce(struct sim *s, const struct consensus_header *h, uint64_t half)
{
	struct sim_coalition *c = coalition(s);
	struct liar_variant *v = &c->variants[c->variants_n++ % LIAR_VARIANTS];
	v->epoch = h->epoch;
	v->slot = h->slot;
	v->half = half;
	v->hash = consensus_header_hash(h);
}

static bool forge_equivocation(struct sim_node *node, const struct consensus_header *h,
    struct sr_bytes body, struct sr_reader certs)
{
	struct consensus_header other = *h;
	struct consensus_cert cert;
	bool has = sr_read_bool(&certs);
	other.time_ms++;
	if (has)
		consensus_cert_read(&cert, &certs);
	struct sr_bytes gap = { certs.p, certs.left };
	forge(node, &other, body, has ? &cert : NULL, &gap);
	lying(node)->half = sim_random(node->sim);
	variant_announce(node->sim, &other, lying(node)->half);
	return true;
}

/* SKIP certificates of whatever slots, in the place of those of the gap. */
static struct sr_bytes gap_borrowed(struct sim *s, struct sr_writer *w, uint64_t first,
    uint64_t slots)
{
	struct sim_coalition *c = coalition(s);
	size_t have = c->skips_n < LIAR_SKIPS ? c->skips_n : LIAR_SKIPS;
	bool renamed = sim_chance(s, 500);
	uint64_t most = slots < 8 ? slots : 8;
	sr_writer_init(w, 65536);
	sr_write_u16(w, (uint16_t)(have == 0 ? 0 : most));
	for (uint64_t i = 0; i < most && have > 0; i++) {
		struct consensus_cert cert = c->skips[sim_below(s, have)];
		if (renamed)
			cert.slot = first + i;
		consensus_cert_write(w, &cert);
	}
	return (struct sr_bytes){ w->p, w->n };
}

/* An older notarised block as parent: the slots between have been filled, so no SKIP certificates
 * exist. A child tells the state root after its parent and brings its parent's certificate. */
static bool forge_stale(struct sim_node *node, const struct consensus_header *real, bool gap_wrong)
{
	struct sim *s = node->sim;
	struct sim_coalition *c = coalition(s);
	for (int tries = 0; tries < 8 && c->seen_n >= 3; tries++) {
		size_t back = sim_below(s, c->seen_n < 8 ? c->seen_n : 8);
		const struct liar_seen *child = &c->seen[c->seen_n - 1 - back];
		const struct liar_seen *parent = seen_find(c, &child->header.parent_hash);
		if (!child->has_cert || parent == NULL || parent->header.slot + 1 >= real->slot ||
		    sr_hash32_equal(&parent->hash, &real->parent_hash) ||
		    parent->header.epoch != real->epoch ||
		    (parent->header.flags & CONSENSUS_CLOSE))
			continue;
		struct consensus_header h = *real;
		struct consensus_cert cert = child->cert;
		struct sr_writer w;
		h.parent_slot = parent->header.slot;
		h.parent_hash = parent->hash;
		h.height = parent->header.height + 1;
		h.flags = 0;
		h.ops_root = sr_hash("", 0);
		h.pre_state_root = child->header.pre_state_root;
		struct sr_bytes gap = gap_borrowed(
		    s, &w, h.parent_slot + 1, h.slot - h.parent_slot - 1);
		forge(node, &h, (struct sr_bytes){ NULL, 0 }, &cert, gap_wrong ? &gap : NULL);
		sr_writer_clear(&w);
		variant_announce(s, &h, UINT64_MAX);
		return lying(node)->forged.p != NULL;
	}
	return false;
}

/* Its own proposal, but without what fills the gap, or with what does not. */
static bool forge_gap(struct sim_node *node, const struct consensus_header *h, struct sr_bytes body,
    struct sr_reader certs, bool wrong)
{
	struct consensus_cert cert;
	struct sr_writer w;
	if (h->parent_slot + 1 == h->slot)
		return forge_stale(node, h, wrong);
	bool has = sr_read_bool(&certs);
	if (has)
		consensus_cert_read(&cert, &certs);
	struct sr_bytes gap = gap_borrowed(node->sim, &w, h->parent_slot + 1,
	    h->slot - h->parent_slot - 1);
	forge(node, h, body, has ? &cert : NULL, wrong ? &gap : NULL);
	sr_writer_clear(&w);
	return true;
}

/* Too few who signed, one of them twice, another epoch, a signature that is none. */
static void cert_spoil(struct sim *s, struct consensus_cert *cert)
{
	uint32_t q = consensus_quorum(s->n);
	switch (sim_below(s, 5)) {
	case 0:
		cert->signers_n = cert->signers_n < q ? cert->signers_n : q;
		if (cert->signers_n > 1)
			cert->signers[cert->signers_n - 1] = cert->signers[0];
		break;
	case 1:
		cert->epoch++;
		break;
	case 2:
		cert->signers_n = q > 1 ? q - 1 : 1;
		break;
	case 3:
		cert->signers[0].sig.b[sim_below(s, 64)] ^= 1;
		break;
	default:
		cert->signers_n = q;
		for (uint32_t i = 0; i < q; i++) {
			cert->signers[i] = cert->signers[0];
			cert->signers[i].voter = i;
		}
		break;
	}
}

static bool forge_cert(struct sim_node *node, const struct consensus_header *h,
    struct sr_bytes body, struct sr_reader certs)
{
	struct consensus_cert cert;
	if (!sr_read_bool(&certs))
		return false;
	consensus_cert_read(&cert, &certs);
	cert_spoil(node->sim, &cert);
	struct sr_bytes gap = { certs.p, certs.left };
	forge(node, h, body, &cert, &gap);
	return true;
}

/* --- proposals --- */

/* This slot's lie, when the liar's own proposal passes. */
static void choose(struct sim_node *node, const struct consensus_header *h, struct sr_bytes body,
    struct sr_reader certs)
{
	static const enum sim_fault_kind kinds[] = { SIM_FAULT_EQUIVOCATE, SIM_FAULT_STALE_PARENT,
		SIM_FAULT_GAP_MISSING, SIM_FAULT_GAP_WRONG, SIM_FAULT_WITHHOLD,
		SIM_FAULT_FORGED_CERT };
	size_t n = sizeof kinds / sizeof kinds[0];
	struct sim *s = node->sim;
	struct sim_liar *l = lying(node);
	size_t first = sim_below(s, n);
	l->slot = h->slot;
	l->lie = SIM_FAULT_KINDS;
	for (size_t i = 0; i < n && l->lie == SIM_FAULT_KINDS; i++) {
		enum sim_fault_kind kind = kinds[(first + i) % n];
		struct sim_fault *f = sim_plan_active(s, kind, node->index);
		bool made = true;
		if (f == NULL || !sim_chance(s, h->epoch == 0 ? 200 : 700))
			continue;
		if (kind == SIM_FAULT_EQUIVOCATE)
			made = forge_equivocation(node, h, body, certs);
		else if (kind == SIM_FAULT_STALE_PARENT)
			made = forge_stale(node, h, false);
		else if (kind == SIM_FAULT_GAP_MISSING || kind == SIM_FAULT_GAP_WRONG)
			made = forge_gap(node, h, body, certs, kind == SIM_FAULT_GAP_WRONG);
		else if (kind == SIM_FAULT_FORGED_CERT)
			made = forge_cert(node, h, body, certs);
		else
			l->half = sim_random(s);
		if (made) {
			l->lie = kind;
			sim_plan_hit(s, f);
		}
	}
}

static bool propose(
    struct sim_node *node, uint32_t to, const uint8_t *msg, size_t n, struct sr_bytes rest)
{
	struct sim_liar *l = lying(node);
	struct sr_bytes body;
	struct consensus_header h;
	struct sr_reader r;
	if (!proposal_read(&h, &body, &r, rest) || h.author != sim_place(node, h.epoch))
		return false;
	if (h.slot != l->slot)
		choose(node, &h, body, r);
	if (l->lie == SIM_FAULT_KINDS)
		return false;
	if (l->lie == SIM_FAULT_WITHHOLD) {
		if ((l->half >> to & 1) == 0)
			sim_send(node, to, msg, n, 100000 + sim_below(node->sim, 3000000));
		return true;
	}
	if (l->lie == SIM_FAULT_EQUIVOCATE && (l->half >> to & 1) == 0)
		return false;
	if (l->forged.p != NULL)
		sim_send(node, to, l->forged.p, l->forged.n, 0);
	return true;
}

/* --- votes --- */

static void vote_send(struct sim_node *node, uint32_t to, enum consensus_vote_kind kind,
    uint64_t epoch, uint64_t slot, const struct sr_hash32 *hash, uint8_t flags)
{
	struct consensus_vote v = {
		.kind = kind, .epoch = epoch,
		.slot = slot, .voter = sim_place(node, epoch), .flags = flags
	};
	struct sr_writer w;
	if (hash != NULL)
		v.hash = *hash;
	consensus_vote_sign(&v, &node->sim->parsed->chain_id, vote_key(node));
	envelope_begin(&w, epoch, CONS_VOTES);
	sr_write_u16(&w, 1);
	consensus_vote_write(&w, &v);
	if (sr_writer_finish(&w) == SR_OK)
		sim_send(node, to, w.p, w.n, 0);
	sr_writer_clear(&w);
}

static const struct liar_variant *variant_find(const struct sim_coalition *c,
    const struct consensus_vote *v, uint32_t to)
{
	for (size_t i = 0; i < LIAR_VARIANTS; i++)
		if (c->variants[i].epoch == v->epoch && c->variants[i].slot == v->slot &&
		    (c->variants[i].half >> to & 1) != 0)
			return &c->variants[i];
	return NULL;
}

/* For whatever each half was shown. */
static bool vote(struct sim_node *node, uint32_t to, const struct consensus_vote *v)
{
	struct sim *s = node->sim;
	struct sim_coalition *c = coalition(s);
	if (v->voter != sim_place(node, v->epoch))
		return false;
	const struct liar_variant *shown = variant_find(c, v, to);
	if (shown != NULL && v->kind != CONSENSUS_SKIP) {
		vote_send(node, to, CONSENSUS_NOTAR, v->epoch, v->slot, &shown->hash, 0);
		vote_send(node, to, CONSENSUS_FINAL, v->epoch, v->slot, &shown->hash, 0);
		return true;
	}
	if (sim_plan_active(s, SIM_FAULT_VOTE_WITHHOLD, node->index) != NULL &&
	    (to + v->slot) % 2 == 0 && tells(node, SIM_FAULT_VOTE_WITHHOLD, 800))
		return true;
	if (v->kind == CONSENSUS_FINAL && tells(node, SIM_FAULT_TWO_FACED, 400)) {
		vote_send(node, to, CONSENSUS_SKIP, v->epoch, v->slot, NULL, 0);
		return (sim_random(s) & 1) != 0;
	}
	if (v->kind == CONSENSUS_SKIP && c->seen_n > 0 && tells(node, SIM_FAULT_TWO_FACED, 400)) {
		const struct liar_seen *any = &c->seen[c->seen_n - 1];
		vote_send(node, to, CONSENSUS_FINAL, any->header.epoch, any->header.slot,
		    &any->hash, 0);
	}
	if (v->kind == CONSENSUS_NOTAR && tells(node, SIM_FAULT_INGRESS, 900)) {
		vote_send(node, to, v->kind, v->epoch, v->slot, &v->hash,
		    v->flags ^ CONSENSUS_VOTE_INGRESS);
		return true;
	}
	return false;
}

/* --- to a restarted peer, and about heads --- */

static bool status(struct sim_node *node, uint32_t to, uint64_t epoch, struct sr_bytes rest)
{
	struct sim *s = node->sim;
	struct sr_reader r;
	struct sr_writer w;
	sr_reader_init(&r, rest.p, rest.n);
	struct sr_hash32 boot_id = sr_read_hash(&r);
	bool recovering = sr_read_bool(&r);
	uint64_t height = sr_read_u64(&r), frontier = sr_read_u64(&r);
	if (r.error != SR_OK || !tells(node, SIM_FAULT_LYING_STATUS, 900))
		return false;
	uint64_t way = sim_below(s, 4);
	envelope_begin(&w, epoch, CONS_STATUS);
	sr_write_hash(&w, &boot_id);
	sr_write_bool(&w, way == 0 ? !recovering : false);
	sr_write_u64(&w, way == 1 ? height + sim_below(s, 100000) : sim_below(s, height + 1));
	sr_write_u64(&w, way == 2 ? frontier + sim_below(s, 100000) : sim_below(s, frontier + 1));
	sr_write_u16(&w, 0); /* no certificates, none of your votes, none of your proposals */
	sr_write_u16(&w, 0);
	sr_write_u16(&w, 0);
	if (sr_writer_finish(&w) == SR_OK)
		sim_send(node, to, w.p, w.n, 0);
	sr_writer_clear(&w);
	return true;
}

static bool head(struct sim_node *node, uint32_t to, const uint8_t *msg, size_t n)
{
	struct sim *s = node->sim;
	struct sr_reader r;
	struct sr_writer signed_bytes, w;
	struct sr_sig64 sig;
	if (!tells(node, SIM_FAULT_LYING_HEAD, 900))
		return false;
	sr_reader_init(&r, msg + 1, n - 1);
	uint64_t epoch = sr_read_u64(&r);
	struct sr_hash32 nonce = sr_read_hash(&r);
	uint64_t height = sr_read_u64(&r);
	struct sr_hash32 hash = sr_read_hash(&r);
	height = sim_chance(s, 500) ? height + sim_below(s, 100000) : sim_below(s, height + 1);
	sr_writer_init(&signed_bytes, 256);
	sr_write_hash(&signed_bytes, &s->parsed->chain_id);
	sr_write_u64(&signed_bytes, epoch);
	sr_write_hash(&signed_bytes, &nonce);
	sr_write_u64(&signed_bytes, height);
	sr_write_hash(&signed_bytes, &hash);
	SR_ASSERT(sr_writer_finish(&signed_bytes) == SR_OK);
	sr_sign(&sig, &node->core->keys->now.vote, "strongroom head v1", signed_bytes.p,
	    signed_bytes.n);
	sr_writer_clear(&signed_bytes);
	sr_writer_init(&w, 256);
	sr_write_u8(&w, CORE_HEAD);
	sr_write_u64(&w, epoch);
	sr_write_hash(&w, &nonce);
	sr_write_u64(&w, height);
	sr_write_hash(&w, &hash);
	sr_write_sig(&w, &sig);
	if (sr_writer_finish(&w) == SR_OK)
		sim_send(node, to, w.p, w.n, 0);
	sr_writer_clear(&w);
	return true;
}

/* --- noise --- */

static void flood(struct sim_node *node, uint32_t to)
{
	struct sim *s = node->sim;
	const struct consensus *c = enclave_core_consensus(node->core);
	struct sr_hash32 hash;
	for (int i = 0; i < 200; i++) {
		enum consensus_vote_kind kind =
		    sim_chance(s, 500) ? CONSENSUS_NOTAR : CONSENSUS_FINAL;
		uint64_t slot = sim_below(s, c->frontier + 600);
		sim_fill(s, hash.b, sizeof hash.b);
		vote_send(node, to, kind, c->config.epoch, slot, &hash, 0);
	}
}

static void oversize(struct sim_node *node, uint32_t to)
{
	size_t n = CORE_MESSAGE_MAX + 1;
	uint8_t *p = calloc(1, n);
	SR_ASSERT(p != NULL);
	p[0] = CORE_CONSENSUS;
	sim_send(node, to, p, n, 0);
	free(p);
}

static void garbage(struct sim_node *node, uint32_t to, const uint8_t *msg, size_t n)
{
	struct sim *s = node->sim;
	struct sim_bytes copy = sim_copy(msg, n);
	size_t left = sim_chance(s, 300) ? sim_below(s, n + 1) : n;
	for (uint64_t flips = 1 + sim_below(s, 3); flips > 0; flips--) {
		size_t at = sim_below(s, n);
		copy.p[at] ^= (uint8_t)(1 + sim_below(s, 255));
	}
	sim_send(node, to, copy.p, left, 0);
	free(copy.p);
}

static void noise(struct sim_node *node, uint32_t to, const uint8_t *msg, size_t n)
{
	struct sim *s = node->sim;
	struct sim_liar *l = lying(node);
	if (tells(node, SIM_FAULT_REPLAY, 50)) {
		const struct sim_bytes *old = &l->old[sim_below(s, LIAR_OLD)];
		if (old->p != NULL)
			sim_send(node, to, old->p, old->n, 0);
	}
	if (sim_chance(s, 20)) {
		struct sim_bytes *keep = &l->old[l->old_n++ % LIAR_OLD];
		free(keep->p);
		*keep = sim_copy(msg, n);
	}
	if (tells(node, SIM_FAULT_FLOOD, 4))
		flood(node, to);
	if (tells(node, SIM_FAULT_OVERSIZE, 3))
		oversize(node, to);
	if (n > 0 && tells(node, SIM_FAULT_GARBAGE, 50))
		garbage(node, to, msg, n);
}

/* Whoever keeps its dealing to itself stops the genesis, which needs everybody: not in epoch 0. */
static bool unserved(struct sim_node *node, uint32_t to, uint64_t epoch)
{
	struct sim_fault *f = sim_plan_active(node->sim, SIM_FAULT_SELECT_PEERS, node->index);
	if (epoch == 0 || f == NULL || (f->param >> to & 1) == 0)
		return false;
	sim_plan_hit(node->sim, f);
	return true;
}

bool sim_liar_serves(struct sim_node *node, uint32_t user)
{
	struct sim_fault *f = sim_plan_active(node->sim, SIM_FAULT_SELECT_CLIENTS, node->index);
	if (node->role != SIM_LIAR || f == NULL || (f->param >> user & 1) == 0)
		return true;
	sim_plan_hit(node->sim, f);
	return false;
}

/* --- to a joiner --- */

/* Bytes of its own making, or what it showed somebody before. */
static bool snapshot(struct sim_node *node, uint32_t to, const uint8_t *msg, size_t n)
{
	struct sim *s = node->sim;
	struct sim_liar *l = lying(node);
	struct sim_bytes *old = msg[0] == CORE_SNAPSHOT_HEAD ? &l->shown : &l->shown_rows;
	if (old->p == NULL)
		*old = sim_copy(msg, n);
	if (tells(node, SIM_FAULT_OLD_SNAPSHOT, 700)) {
		sim_send(node, to, old->p, old->n, 0);
		return true;
	}
	if (!tells(node, SIM_FAULT_FALSE_SNAPSHOT, 700))
		return false;
	struct sim_bytes copy = sim_copy(msg, n);
	copy.p[1 + sim_below(s, n - 1)] ^= (uint8_t)(1 + sim_below(s, 255));
	sim_send(node, to, copy.p, copy.n, 0);
	free(copy.p);
	return true;
}

bool sim_liar_send(struct sim_node *node, uint32_t to, const uint8_t *msg, size_t n)
{
	uint8_t kind;
	uint64_t epoch;
	struct sr_bytes rest;
	struct consensus_vote votes[SIM_VOTES_MAX];
	const struct consensus *c = enclave_core_consensus(node->core);
	if (c == NULL || n == 0)
		return false;
	if (unserved(node, to, c->config.epoch) || sim_liar_deal_hides(node, msg, n) ||
	    sim_liar_withholds(node, msg, n))
		return true;
	noise(node, to, msg, n);
	if ((msg[0] == CORE_SNAPSHOT_HEAD || msg[0] == CORE_SNAPSHOT_ROWS) && n > 1)
		return snapshot(node, to, msg, n);
	if (msg[0] == CORE_HEAD)
		return head(node, to, msg, n);
	if (!sim_envelope_consensus(&kind, &epoch, &rest, msg, n) || epoch != c->config.epoch)
		return false;
	if (kind == CONS_PROPOSE)
		return propose(node, to, msg, n, rest);
	if (kind == CONS_STATUS)
		return status(node, to, epoch, rest);
	if (kind == CONS_VOTES && sim_envelope_votes(votes, msg, n) == 1)
		return vote(node, to, &votes[0]);
	return false;
}

/* --- its memory --- */

void sim_liar_before(struct sim_node *node)
{
	struct core_keys *keys = node->core->keys;
	if (node->role != SIM_LIAR || keys == NULL || !keys->now.has_share ||
	    sim_plan_active(node->sim, SIM_FAULT_WRONG_SHARE, node->index) == NULL)
		return;
	struct sim_liar *l = lying(node);
	struct sr_scalar one;
	sr_scalar_from_u32(&one, 1);
	l->share = keys->now.share;
	sr_scalar_add(&l->wrong, &l->share, &one);
	keys->now.share = l->wrong;
	l->swapped = true;
}

void sim_liar_after(struct sim_node *node)
{
	struct sim_liar *l = node->lying;
	if (node->role != SIM_LIAR)
		return;
	if (l != NULL && l->swapped && sr_scalar_equal(&node->core->keys->now.share, &l->wrong))
		node->core->keys->now.share = l->share;
	if (l != NULL)
		l->swapped = false;
	sim_liar_deal(node, lying(node));
	sim_liar_withhold(node);
	sim_liar_complain(node, lying(node));
}
