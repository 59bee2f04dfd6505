/*
 * enclave/epoch_keys.c - an epoch change as this member takes part in it: dealing, looking at
 * what others dealt, complaining, acknowledging, and the switch. Every secret is durable before
 * anything that depends on it is announced, so that a restart at any point goes on where it was.
 */
#include "enclave/internal.h"

#include <stdlib.h>
#include <string.h>

struct epoch_context core_epoch_context(const struct enclave_core *self)
{
	struct epoch_context ctx = {
		.chain_id = self->genesis->chain_id, .now = &self->now->record,
		.genesis = self->genesis,
	};

	return ctx;
}

/* ------------------------------------------------------------------------------------- encoding */

void epoch_keys_write(uint8_t out[EPOCH_KEYS_BYTES], const struct core_epoch_keys *k)
{
	for (size_t i = 0; i < 8; i++)
		out[i] = (uint8_t)(k->epoch >> (8 * i));
	out[8] = k->has_vote ? 1 : 0;
	out[9] = k->has_share ? 1 : 0;
	memcpy(out + 10, k->vote_seed.b, 32);
	memcpy(out + 42, k->share.b, 32);
	memcpy(out + 74, k->secret.b, 32);
	memcpy(out + 106, k->set.b, 16);
}

/* The signing key and the shielding key follow from what is kept. */
enum sr_error epoch_keys_vote(struct core_epoch_keys *keys)
{
	struct sr_edpk pk;

	if (keys->has_vote)
		sr_ed25519_keypair(&keys->vote, &pk, &keys->vote_seed);
	if (keys->has_share)
		return sr_key_derive(&keys->shielding, &keys->secret, "strongroom shielding v1",
		    NULL, 0);
	return SR_OK;
}

enum sr_error epoch_keys_read(struct core_epoch_keys *k, const uint8_t in[EPOCH_KEYS_BYTES])
{
	k->epoch = 0;
	for (size_t i = 0; i < 8; i++)
		k->epoch |= (uint64_t)in[i] << (8 * i);
	if (in[8] > 1 || in[9] > 1)
		return SR_ERR_BAD_ENCODING;
	k->has_vote = in[8] == 1;
	k->has_share = in[9] == 1;
	memcpy(k->vote_seed.b, in + 10, 32);
	SR_TRY(sr_scalar_decode(&k->share, in + 42));
	memcpy(k->secret.b, in + 74, 32);
	memcpy(k->set.b, in + 106, 16);
	return epoch_keys_vote(k);
}

/* -------------------------------------------------------------------------------- my operations */

/* Into my own pool and to the others; a duplicate is no news. */
static enum sr_error operation_offer(struct enclave_core *self, const uint8_t *p, size_t n)
{
	struct vault_receipt receipt;
	struct vault_op op;
	enum sr_error error = peers_admit(self, &receipt, &op, p, n);

	if (error == SR_OK)
		peers_send_operation(self, p, n);
	return error == SR_ERR_NO_MEMORY ? error : SR_OK;
}

static enum sr_error operation_sign(struct sr_writer *w, struct enclave_core *self,
    enum epoch_op_kind kind, const struct sr_writer *body)
{
	struct epoch_context ctx = core_epoch_context(self);

	sr_writer_init(w, SR_OP_MAX);
	SR_TRY(epoch_op_write(w, &ctx, kind, &self->keys->now.vote, body->p, body->n));
	return sr_writer_finish(w);
}


/* ----------------------------------------------------------------------------------------- DEAL */

/* What one dealing is made of while it is made. */
struct dealing {
	struct shamir_poly poly;
	struct sr_key32 *contribution;          /* locked */
	struct epoch_deal *deal;
};

static enum sr_error deal_boxes(struct dealing *d, struct enclave_core *self,
    const struct epoch_change *change)
{
	uint8_t context[EPOCH_CONTEXT_BYTES];
	SR_SCALAR_AUTO share;
	SR_SCALAR_AUTO r;
	struct sr_point to;

	SR_TRY(sr_scalar_random(&r, &self->drbg));
	epoch_boxes_context(context, &self->genesis->chain_id, change->target, self->now->self);
	SR_TRY(shamir_boxes_prove(&d->deal->boxes, &r, context, sizeof(context), &self->drbg));
	for (uint32_t k = 0; k < change->n; k++) {
		SR_TRY(sr_point_decode(&to, self->now->record.members[k].box_key));
		SR_TRY(shamir_poly_eval(&share, &d->poly, (struct shamir_index){ k + 1 }));
		epoch_context_bytes(context, &self->genesis->chain_id, change->target,
		    self->now->self, k, EPOCH_ABOUT_SHARE);
		SR_TRY(shamir_subshare_seal_with(&d->deal->shares[k], &r, &to, &share, context,
		    sizeof(context)));
		epoch_context_bytes(context, &self->genesis->chain_id, change->target,
		    self->now->self, k, EPOCH_ABOUT_CONTRIBUTION);
		SR_TRY(shamir_box_seal32_with(&d->deal->contributions[k], &r, &to, d->contribution,
		    context, sizeof(context)));
	}
	return SR_OK;
}

static enum sr_error deal_fill(struct dealing *d, struct enclave_core *self,
    const struct epoch_change *change)
{
	struct core_epoch_keys *next = &self->keys->next;

	memset(next, 0, sizeof(*next));
	next->epoch = change->target;
	SR_TRY(sr_drbg_fill(&self->drbg, next->vote_seed.b, 32));
	next->has_vote = true;
	SR_TRY(epoch_keys_vote(next));
	memcpy(d->deal->vote_key.b, next->vote.b + 32, 32);
	SR_TRY(sr_drbg_fill(&self->drbg, d->contribution->b, 32));
	d->deal->attempt = change->attempt;
	d->deal->contribution = shamir_contribution_commit(d->contribution);
	SR_TRY(shamir_deal_fresh(&d->poly, &d->deal->c, change->threshold, &self->drbg));
	return deal_boxes(d, self, change);
}

/* The polynomial lives no longer than this call: its sub-shares are in the boxes. */
static enum sr_error deal_make(struct enclave_core *self, const struct epoch_change *change)
{
	struct dealing d = { .deal = calloc(1, sizeof(*d.deal)) };
	struct sr_writer body, op;
	enum sr_error error;

	sr_writer_init(&body, SR_OP_MAX);
	sr_writer_init(&op, SR_OP_MAX);
	d.contribution = sr_secret_alloc(sizeof(*d.contribution));
	error = d.deal == NULL ? SR_ERR_NO_MEMORY :
	    d.contribution == NULL ? SR_ERR_NO_LOCKED_MEMORY : deal_fill(&d, self, change);
	if (error == SR_OK) {
		epoch_deal_write(&body, d.deal, change->n);
		error = sr_writer_finish(&body);
	}
	if (error == SR_OK)
		error = operation_sign(&op, self, EPOCH_OP_DEAL, &body);
	if (error == SR_OK) {
		free(self->deal);
		self->deal = sr_writer_take(&op, &self->deal_n);
		/* Durable first: another dealing with another vote key must never be seen. */
		error = log_append_keys(self);
	}
	shamir_poly_clear(&d.poly);
	sr_secret_free(d.contribution);
	free(d.deal);
	sr_writer_clear(&body);
	sr_writer_clear(&op);
	return error;
}

/* --------------------------------------------------------------------------------- verification */

/* SR_OK, or what is wrong with what this dealer dealt to me: about says which box. */
static enum sr_error deal_look(struct sr_scalar *share, struct sr_key32 *contribution,
    enum epoch_about *about, const struct enclave_core *self, const struct epoch_change *change,
    const struct epoch_deal *deal, uint32_t dealer)
{
	uint8_t context[EPOCH_CONTEXT_BYTES];
	struct sr_hash32 commitment;

	*about = EPOCH_ABOUT_SHARE;
	epoch_context_bytes(context, &self->genesis->chain_id, change->target, dealer,
	    self->now->self, EPOCH_ABOUT_SHARE);
	SR_TRY(shamir_subshare_open(share, &deal->shares[self->now->self], &self->keys->box,
	    context, sizeof(context)));
	SR_TRY(shamir_feldman_verify(&deal->c, (struct shamir_index){ self->now->self + 1 },
	    share));
	*about = EPOCH_ABOUT_CONTRIBUTION;
	epoch_context_bytes(context, &self->genesis->chain_id, change->target, dealer,
	    self->now->self, EPOCH_ABOUT_CONTRIBUTION);
	SR_TRY(shamir_box_open32(contribution, &deal->contributions[self->now->self],
	    &self->keys->box, context, sizeof(context)));
	commitment = shamir_contribution_commit(contribution);
	return sr_hash32_equal(&commitment, &deal->contribution) ? SR_OK : SR_ERR_DEALING_BAD;
}

static enum sr_error complain(struct enclave_core *self, const struct epoch_change *change,
    const struct epoch_deal *deal, uint32_t dealer, enum epoch_about about)
{
	const struct shamir_box *box = about == EPOCH_ABOUT_SHARE ?
	    &deal->shares[self->now->self] : &deal->contributions[self->now->self];
	uint8_t context[EPOCH_CONTEXT_BYTES];
	struct shamir_complaint complaint;
	struct sr_writer body, op;
	enum sr_error error;

	epoch_context_bytes(context, &self->genesis->chain_id, change->target, dealer,
	    self->now->self, about);
	SR_TRY(shamir_complaint_make(&complaint, box, &self->keys->box, context, sizeof(context),
	    &self->drbg));
	sr_writer_init(&body, 256);
	sr_writer_init(&op, SR_OP_MAX);
	sr_write_u32(&body, dealer);
	sr_write_u8(&body, (uint8_t)about);
	shamir_complaint_write(&body, &complaint);
	error = sr_writer_finish(&body);
	if (error == SR_OK)
		error = operation_sign(&op, self, EPOCH_OP_COMPLAINT, &body);
	if (error == SR_OK)
		error = operation_offer(self, op.p, op.n);
	sr_writer_clear(&body);
	sr_writer_clear(&op);
	fx_note_number(self, NOTE_WARN, "bad dealing in the epoch change, complaint sent; member ",
	    dealer);
	return error;
}

static enum sr_error deals_verify(struct enclave_core *self, const struct epoch_change *change)
{
	struct epoch_deal *deal = malloc(sizeof(*deal));
	enum sr_error error = deal != NULL ? SR_OK : SR_ERR_NO_MEMORY;

	for (uint32_t i = 0; error == SR_OK && i < change->n; i++) {
		SR_SCALAR_AUTO share;
		SR_KEY32_AUTO contribution;
		enum epoch_about about;

		if (!epoch_set_has(&change->dealt, i) || epoch_set_has(&change->excluded, i) ||
		    epoch_set_has(&self->verified, i) || epoch_set_has(&self->accused, i))
			continue;
		error = epoch_deal_get(deal, self->final->tree, change, i);
		if (error != SR_OK)
			break;
		if (deal_look(&share, &contribution, &about, self, change, deal, i) == SR_OK) {
			epoch_set_add(&self->verified, i);
			continue;
		}
		epoch_set_add(&self->accused, i);
		error = complain(self, change, deal, i, about);
	}
	free(deal);
	return error;
}

/* ------------------------------------------------------------------------------------------ ACK */

struct sums {
	struct sr_scalar share[SR_MEMBERS_MAX];
	struct sr_key32 contribution[SR_MEMBERS_MAX];
};

/* DESIGN 5, step 3: "epoch_secret = HKDF(all contributions)", in the dealers' order, bound to
 * their set. */
static enum sr_error secret_derive(struct core_epoch_keys *next, const struct enclave_core *self,
    const struct sums *s, size_t n)
{
	static const char info[] = "strongroom epoch secret v1";
	uint8_t salt[56];

	epoch_ack_context(salt, &self->genesis->chain_id, next->epoch, &next->set);
	return sr_hkdf(next->secret.b, 32, (const uint8_t *)s->contribution, 32 * n, salt,
	    sizeof(salt), (const uint8_t *)info, sizeof(info) - 1);
}

static enum sr_error share_sum(struct enclave_core *self, const struct epoch_change *change,
    const struct epoch_set *set)
{
	struct core_epoch_keys *next = &self->keys->next;
	struct epoch_deal *deal = malloc(sizeof(*deal));
	struct sums *s = sr_secret_alloc(sizeof(*s));
	enum sr_error error = deal == NULL ? SR_ERR_NO_MEMORY :
	    s == NULL ? SR_ERR_NO_LOCKED_MEMORY : SR_OK;
	enum epoch_about about;
	size_t n = 0;

	for (uint32_t i = 0; error == SR_OK && i < change->n; i++) {
		if (!epoch_set_has(set, i))
			continue;
		error = epoch_deal_get(deal, self->final->tree, change, i);
		if (error == SR_OK)
			error = deal_look(&s->share[n], &s->contribution[n], &about, self, change,
			    deal, i);
		n++;
	}
	if (error == SR_OK) {
		shamir_dkg_sum_shares(&next->share, s->share, n);
		next->set = *set;
		next->has_share = true;
		error = secret_derive(next, self, s, n);
	}
	if (error == SR_OK)
		error = epoch_keys_vote(next);
	sr_secret_free(s);
	free(deal);
	return error;
}

static enum sr_error ack_make(struct enclave_core *self, const struct epoch_change *change,
    const struct epoch_set *set)
{
	struct core_epoch_keys *next = &self->keys->next;
	uint8_t context[56];
	struct shamir_proof proof;
	struct sr_xpk shielding;
	struct sr_point key;
	struct sr_writer body, op;
	enum sr_error error;

	sr_point_base_mul(&key, &next->share);
	epoch_ack_context(context, &self->genesis->chain_id, change->target, set);
	SR_TRY(shamir_pok_prove(&proof, &next->share, &key, context, sizeof(context), &self->drbg));
	sr_x25519_public(&shielding, &next->shielding);
	sr_writer_init(&body, 256);
	sr_writer_init(&op, SR_OP_MAX);
	sr_write_copy(&body, set->b, sizeof(set->b));
	shamir_proof_write(&body, &proof);
	sr_write_xpk(&body, &shielding);
	error = sr_writer_finish(&body);
	if (error == SR_OK)
		error = operation_sign(&op, self, EPOCH_OP_ACK, &body);
	if (error == SR_OK) {
		free(self->ack);
		self->ack = sr_writer_take(&op, &self->ack_n);
		self->ack_set = *set;
	}
	sr_writer_clear(&body);
	sr_writer_clear(&op);
	return error;
}

static bool set_equal(const struct epoch_set *a, const struct epoch_set *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

static bool set_within(const struct epoch_set *inner, const struct epoch_set *outer)
{
	for (size_t i = 0; i < sizeof(inner->b); i++)
		if ((inner->b[i] & ~outer->b[i]) != 0)
			return false;
	return true;
}

/* ---------------------------------------------------------------------------------------- steps */

static enum sr_error deal_step(struct enclave_core *self, const struct epoch_change *change)
{
	if (epoch_set_has(&change->dealt, self->now->self))
		return SR_OK;
	if (self->deal == NULL || self->keys->next.epoch != change->target)
		SR_TRY(deal_make(self, change));
	return operation_offer(self, self->deal, self->deal_n);
}

static enum sr_error ack_step(struct enclave_core *self, const struct epoch_change *change)
{
	struct epoch_set set = epoch_dealers(change);
	struct core_epoch_keys *next = &self->keys->next;

	if (!epoch_set_complete(change, &self->now->record) ||
	    epoch_set_has(&change->acked, self->now->self) || !set_within(&set, &self->verified))
		return SR_OK;
	if (next->epoch != change->target || !next->has_vote)
		return core_fatal(self, SR_ERR_EPOCH_STEP, "this node's keys for the next epoch "
		    "are gone, so it can't follow; start the genesis again with a new identity");
	if (!next->has_share || !set_equal(&next->set, &set)) {
		SR_TRY(share_sum(self, change, &set));
		/* Durable first: who has acknowledged must be able to serve. */
		SR_TRY(log_append_keys(self));
	}
	if (self->ack == NULL || !set_equal(&self->ack_set, &set))
		SR_TRY(ack_make(self, change, &set));
	return operation_offer(self, self->ack, self->ack_n);
}

/* Looks at the newest final state and does what this member owes. */
enum sr_error epoch_keys_run(struct enclave_core *self)
{
	struct epoch_change change;

	if (self->closing.open || self->disk_full ||
	    !epoch_change_get(&change, self->final->tree) || change.kind != EPOCH_CHANGE_DKG ||
	    change.target != self->now->record.epoch + 1)
		return SR_OK;
	SR_TRY(deal_step(self, &change));
	SR_TRY(deals_verify(self, &change));
	return ack_step(self, &change);
}

/* --------------------------------------------------------------------------------------- switch */

static enum sr_error trail_add(struct enclave_core *self)
{
	struct core_closing *c = &self->closing;
	struct sr_writer headers, cert, record;

	sr_writer_init(&headers, CORE_CLOSE_HEADERS_MAX * CONSENSUS_HEADER_MAX);
	sr_writer_init(&cert, 64u + SR_MEMBERS_MAX * 70u);
	sr_writer_init(&record, EPOCH_RECORD_MAX);
	for (uint32_t i = 0; i < c->headers_n; i++)
		consensus_header_write(&headers, &c->headers[i]);
	consensus_cert_write(&cert, &c->cert);
	epoch_record_write(&record, &c->next);
	sr_write_blob(&self->trail, headers.p, headers.n);
	sr_write_blob(&self->trail, cert.p, cert.n);
	sr_write_blob(&self->trail, record.p, record.n);
	if (headers.error != SR_OK || cert.error != SR_OK || record.error != SR_OK)
		sr_writer_fail(&self->trail, SR_ERR_NO_MEMORY);
	self->trail_n++;
	sr_writer_clear(&headers);
	sr_writer_clear(&cert);
	sr_writer_clear(&record);
	return self->trail.error;
}

static enum sr_error keys_advance(struct enclave_core *self)
{
	struct core_epoch_keys *now = &self->keys->now, *next = &self->keys->next;
	const struct epoch_record *record = &self->closing.next;
	struct sr_xpk shielding;
	struct sr_point key;

	if (next->epoch != record->epoch || !next->has_vote || !next->has_share)
		return SR_ERR_EPOCH_STEP;
	sr_point_base_mul(&key, &next->share);
	sr_x25519_public(&shielding, &next->shielding);
	if (memcmp(record->members[self->now->self].vote_key.b, next->vote.b + 32, 32) != 0 ||
	    memcmp(record->members[self->now->self].verify_key, key.b, 32) != 0 ||
	    memcmp(record->shielding_key.b, shielding.b, 32) != 0)
		return SR_ERR_EPOCH_STEP;
	*now = *next;
	sr_wipe(next, sizeof(*next));
	return SR_OK;
}

/*
 * Could I have voted in the new epoch and forgotten it? Not when this process began with an empty
 * disk and the others were not there long before me. Otherwise the restart handshake answers that.
 */
static bool may_have_voted(const struct enclave_core *self)
{
	return self->phase != CORE_RUNNING || !self->fresh ||
	    (self->ahead_since_ms != 0 && self->ahead_since_ms + CORE_LAG_MS < self->now_ms);
}

static enum sr_error instance_next(struct enclave_core *self, bool first_boot)
{
	const struct core_closing *c = &self->closing;
	struct core_instance *i = instance_new(self, &c->next);

	if (i == NULL)
		return SR_ERR_NO_LOCKED_MEMORY;
	i->genesis_hash = consensus_genesis_hash(&self->genesis->chain_id, c->next.epoch,
	    &c->close_hash, &c->next_root, &c->state_root);
	i->genesis_height = c->height;
	i->genesis_time_ms = c->time_ms;
	i->start_hash = i->genesis_hash;
	i->start_height = c->height;
	i->start_time_ms = c->time_ms;
	instance_free(self->old);
	self->old = self->now;
	self->now = i;
	return instance_open(i, &self->keys->now.vote_seed, first_boot);
}

/* DESIGN 5, step 5: the CLOSE block is final, so the next epoch begins. */
enum sr_error epoch_switch(struct enclave_core *self)
{
	struct core_closing *c = &self->closing;
	bool live = self->phase == CORE_RUNNING;
	enum sr_error error;

	if (!c->open || !c->certified)
		return SR_OK;
	clients_drop_all(self, SR_ERR_WRONG_EPOCH);
	pool_drop_all(self->pool);
	error = keys_advance(self);
	if (error != SR_OK)
		return core_fatal(self, error, "this node's keys for the new epoch are not there; "
		    "restore its data directory, or have it join again");
	SR_TRY(trail_add(self));
	SR_TRY(instance_next(self, !may_have_voted(self)));
	SR_TRY(exec_genesis(self, self->now, vault_tree_ref(c->tree)));
	vault_tree_unref(self->proof.tree);
	memset(&self->proof, 0, sizeof(self->proof));
	vault_tree_unref(c->tree);
	c->tree = NULL;
	c->open = false;
	free(self->deal);
	self->deal = NULL;
	self->deal_n = 0;
	free(self->ack);
	self->ack = NULL;
	memset(&self->verified, 0, sizeof(self->verified));
	memset(&self->accused, 0, sizeof(self->accused));
	exec_verdicts_forget(self);
	self->agree_height = 0;
	self->ahead_since_ms = 0;
	self->status_due = true;
	if (!live)
		return SR_OK;
	fx_note_number(self, NOTE_INFO, "a new epoch began: ", self->now->record.epoch);
	SR_TRY(seats_update(self));
	SR_TRY(instance_start(self->now));
	return peers_replay_ahead(self);
}

/* "Old shares and vote keys are wiped once e+1 has finalised its first block." */
enum sr_error epoch_settle(struct enclave_core *self)
{
	if (self->old == NULL || self->final->header.slot == 0 || self->closing.open)
		return SR_OK;
	if (self->old->wiped)
		return SR_OK;
	sr_edsk_wipe(self->old->vote);
	self->old->wiped = true;
	if (self->keys->genesis_vote) {
		self->keys->genesis_vote = false;
		sr_key32_wipe(&self->keys->genesis_vote_seed);
		identity_emit(self);
	}
	/* The log that still has the old keys goes with the next checkpoint: now. */
	self->checkpoint_due = true;
	return SR_OK;
}
