/*
 * enclave/epoch_keys.c - an epoch change as this node takes part in it: dealing its share to the
 * next roster when it is a member now; looking at what was dealt to it, complaining and
 * acknowledging when it is a member next. Every secret is durable before anything that depends on
 * it is announced, so that a restart at any point goes on where it was.
 */
#include "enclave/internal.h"

#include <stdlib.h>
#include <string.h>

struct epoch_context core_epoch_context(const struct enclave_core *self)
{
	struct epoch_context ctx = {
		.chain_id = self->genesis->chain_id, .now = &self->now->record,
		.genesis = self->genesis, .time_ms = self->final->header.time_ms,
		.parent_ms = self->final->header.time_ms,
	};

	return ctx;
}

/* ------------------------------------------------------------------------------------- encoding */

bool epoch_keys_fit(const struct core_epoch_keys *keys, const struct epoch_record *record,
    uint32_t index)
{
	const struct epoch_member *m = &record->members[index];
	struct sr_xpk shielding;
	struct sr_point key;

	if (keys->epoch != record->epoch || !keys->has_vote || !keys->has_share)
		return false;
	sr_point_base_mul(&key, &keys->share);
	sr_x25519_public(&shielding, &keys->shielding);
	return memcmp(m->vote_key.b, keys->vote.b + 32, 32) == 0 &&
	    memcmp(m->verify_key, key.b, 32) == 0 &&
	    memcmp(record->shielding_key.b, shielding.b, 32) == 0;
}

void epoch_keys_write(uint8_t out[EPOCH_KEYS_BYTES], const struct core_epoch_keys *k)
{
	for (size_t i = 0; i < 8; i++)
		out[i] = (uint8_t)(k->epoch >> (8 * i));
	for (size_t i = 0; i < 4; i++)
		out[8 + i] = (uint8_t)(k->attempt >> (8 * i));
	out[12] = k->has_vote ? 1 : 0;
	out[13] = k->has_share ? 1 : 0;
	memcpy(out + 14, k->vote_seed.b, 32);
	memcpy(out + 46, k->share.b, 32);
	memcpy(out + 78, k->secret.b, 32);
	memcpy(out + 110, k->set.b, 16);
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
	k->attempt = 0;
	k->made_here = false;
	for (size_t i = 0; i < 8; i++)
		k->epoch |= (uint64_t)in[i] << (8 * i);
	for (size_t i = 0; i < 4; i++)
		k->attempt |= (uint32_t)in[8 + i] << (8 * i);
	if (in[12] > 1 || in[13] > 1)
		return SR_ERR_BAD_ENCODING;
	k->has_vote = in[12] == 1;
	k->has_share = in[13] == 1;
	memcpy(k->vote_seed.b, in + 14, 32);
	SR_TRY(sr_scalar_decode(&k->share, in + 46));
	memcpy(k->secret.b, in + 78, 32);
	memcpy(k->set.b, in + 110, 16);
	return epoch_keys_vote(k);
}

/* -------------------------------------------------------------------------------- my operations */

/* A joiner is known by the vote key of its JOIN, with which it begins as a member. */
static const struct sr_edsk *operation_key(const struct enclave_core *self)
{
	return self->keys->now.has_vote ? &self->keys->now.vote : &self->keys->next.vote;
}

enum sr_error epoch_operation_offer(struct enclave_core *self, const uint8_t *p, size_t n)
{
	struct vault_receipt receipt;
	struct vault_op op;
	enum sr_error error = vault_op_decode(&op, p, n);

	if (error == SR_OK)
		error = peers_admit(self, &receipt, &op, p, n);
	if (error == SR_OK)
		peers_send_operation(self, p, n);
	return error == SR_ERR_NO_MEMORY ? error : SR_OK;
}

enum sr_error epoch_operation_sign(struct sr_writer *w, struct enclave_core *self,
    enum epoch_op_kind kind, const struct sr_writer *body)
{
	struct epoch_context ctx = core_epoch_context(self);

	sr_writer_init(w, SR_OP_MAX);
	SR_TRY(epoch_op_write(w, &ctx, kind, operation_key(self), body->p, body->n));
	return sr_writer_finish(w);
}

/* The change under way, and who I am in it: EPOCH_NOBODY where I am not. */
struct turn {
	struct epoch_change change;
	struct epoch_record *roster;            /* the next one */
	uint32_t now, next;
};

/* ----------------------------------------------------------------------------------------- DEAL */

/* What one dealing is made of while it is made. */
struct dealing {
	struct shamir_poly poly;
	struct sr_key32 *contribution;          /* locked */
	struct epoch_deal *deal;
};

static enum sr_error deal_box(struct dealing *d, struct enclave_core *self, const struct turn *t,
    const struct sr_scalar *r, uint32_t k)
{
	const struct sr_hash32 *chain_id = &self->genesis->chain_id;
	uint8_t context[EPOCH_CONTEXT_BYTES];
	SR_SCALAR_AUTO share;
	struct sr_point to;

	SR_TRY(sr_point_decode(&to, t->roster->members[k].box_key));
	SR_TRY(shamir_poly_eval(&share, &d->poly, (struct shamir_index){ k + 1 }));
	epoch_context_bytes(context, chain_id, t->change.target, t->now, k, EPOCH_ABOUT_SHARE);
	SR_TRY(shamir_subshare_seal_with(&d->deal->shares[k], r, &to, &share, context,
	    sizeof(context)));
	epoch_context_bytes(context, chain_id, t->change.target, t->now, k,
	    EPOCH_ABOUT_CONTRIBUTION);
	return shamir_box_seal32_with(&d->deal->contributions[k], r, &to, d->contribution, context,
	    sizeof(context));
}

static enum sr_error deal_boxes(struct dealing *d, struct enclave_core *self,
    const struct turn *t)
{
	uint8_t context[EPOCH_CONTEXT_BYTES];
	SR_SCALAR_AUTO r;

	SR_TRY(sr_scalar_random(&r, &self->drbg));
	epoch_boxes_context(context, &self->genesis->chain_id, t->change.target, t->now);
	SR_TRY(shamir_boxes_prove(&d->deal->boxes, &r, context, sizeof(context), &self->drbg));
	for (uint32_t k = 0; k < t->change.n; k++)
		SR_TRY(deal_box(d, self, t, &r, k));
	return SR_OK;
}

/* A fresh polynomial while there is no key; after that one whose constant term is my share. */
static enum sr_error deal_poly(struct dealing *d, struct enclave_core *self,
    const struct epoch_change *change)
{
	if (change->kind == EPOCH_CHANGE_DKG)
		return shamir_deal_fresh(&d->poly, &d->deal->c, change->threshold, &self->drbg);
	return shamir_deal_reshare(&d->poly, &d->deal->c, change->threshold,
	    &self->keys->now.share, &self->drbg);
}

static enum sr_error deal_fill(struct dealing *d, struct enclave_core *self,
    const struct turn *t)
{
	struct core_epoch_keys *next = &self->keys->next;

	sr_wipe(next, sizeof(*next));
	next->epoch = t->change.target;
	next->attempt = t->change.attempt;
	SR_TRY(sr_drbg_fill(&self->drbg, next->vote_seed.b, 32));
	next->has_vote = true;
	next->made_here = true;
	SR_TRY(epoch_keys_vote(next));
	d->deal->attempt = t->change.attempt;
	memcpy(d->deal->vote_key.b, next->vote.b + 32, 32);
	epoch_vote_sign(&d->deal->vote_proof, &next->vote, &self->genesis->chain_id,
	    t->change.target, t->change.attempt, t->now);
	SR_TRY(sr_drbg_fill(&self->drbg, d->contribution->b, 32));
	d->deal->contribution = shamir_contribution_commit(d->contribution);
	SR_TRY(deal_poly(d, self, &t->change));
	return deal_boxes(d, self, t);
}

/* The polynomial lives no longer than this call: its sub-shares are in the boxes. */
static enum sr_error deal_make(struct enclave_core *self, const struct turn *t)
{
	struct dealing d = { .deal = calloc(1, sizeof(*d.deal)) };
	struct sr_writer body, op;
	enum sr_error error;

	sr_writer_init(&body, SR_OP_MAX);
	sr_writer_init(&op, SR_OP_MAX);
	d.contribution = sr_secret_alloc(sizeof(*d.contribution));
	error = d.deal == NULL ? SR_ERR_NO_MEMORY :
	    d.contribution == NULL ? SR_ERR_NO_LOCKED_MEMORY : deal_fill(&d, self, t);
	if (error == SR_OK) {
		epoch_deal_write(&body, d.deal, t->change.n);
		error = sr_writer_finish(&body);
	}
	if (error == SR_OK)
		error = epoch_operation_sign(&op, self, EPOCH_OP_DEAL, &body);
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
    enum epoch_about *about, const struct enclave_core *self, const struct turn *t,
    const struct epoch_deal *deal, uint32_t dealer)
{
	uint8_t context[EPOCH_CONTEXT_BYTES];
	struct sr_hash32 commitment;

	*about = EPOCH_ABOUT_SHARE;
	epoch_context_bytes(context, &self->genesis->chain_id, t->change.target, dealer, t->next,
	    EPOCH_ABOUT_SHARE);
	SR_TRY(shamir_subshare_open(share, &deal->shares[t->next], &self->keys->box, context,
	    sizeof(context)));
	SR_TRY(shamir_feldman_verify(&deal->c, (struct shamir_index){ t->next + 1 }, share));
	*about = EPOCH_ABOUT_CONTRIBUTION;
	epoch_context_bytes(context, &self->genesis->chain_id, t->change.target, dealer, t->next,
	    EPOCH_ABOUT_CONTRIBUTION);
	SR_TRY(shamir_box_open32(contribution, &deal->contributions[t->next], &self->keys->box,
	    context, sizeof(context)));
	commitment = shamir_contribution_commit(contribution);
	return sr_hash32_equal(&commitment, &deal->contribution) ? SR_OK : SR_ERR_DEALING_BAD;
}

static enum sr_error complain(struct enclave_core *self, const struct turn *t,
    const struct epoch_deal *deal, uint32_t dealer, enum epoch_about about)
{
	const struct shamir_box *box = about == EPOCH_ABOUT_SHARE ?
	    &deal->shares[t->next] : &deal->contributions[t->next];
	uint8_t context[EPOCH_CONTEXT_BYTES];
	struct shamir_complaint complaint;
	struct sr_writer body, op;
	enum sr_error error;

	epoch_context_bytes(context, &self->genesis->chain_id, t->change.target, dealer, t->next,
	    about);
	SR_TRY(shamir_complaint_make(&complaint, box, &self->keys->box, context, sizeof(context),
	    &self->drbg));
	sr_writer_init(&body, 256);
	sr_writer_init(&op, SR_OP_MAX);
	sr_write_u32(&body, dealer);
	sr_write_u8(&body, (uint8_t)about);
	shamir_complaint_write(&body, &complaint);
	error = sr_writer_finish(&body);
	if (error == SR_OK)
		error = epoch_operation_sign(&op, self, EPOCH_OP_COMPLAINT, &body);
	if (error == SR_OK)
		error = epoch_operation_offer(self, op.p, op.n);
	sr_writer_clear(&body);
	sr_writer_clear(&op);
	fx_note_number(self, NOTE_WARN, "bad dealing in the epoch change, complaint sent; member ",
	    dealer);
	return error;
}

static enum sr_error deals_verify(struct enclave_core *self, const struct turn *t)
{
	struct epoch_deal *deal = malloc(sizeof(*deal));
	enum sr_error error = deal != NULL ? SR_OK : SR_ERR_NO_MEMORY;

	for (uint32_t i = 0; error == SR_OK && i < self->now->record.n; i++) {
		SR_SCALAR_AUTO share;
		SR_KEY32_AUTO contribution;
		enum epoch_about about;

		if (!epoch_set_has(&t->change.dealt, i) ||
		    epoch_set_has(&t->change.excluded, i) ||
		    epoch_set_has(&self->verified, i) || epoch_set_has(&self->accused, i))
			continue;
		error = epoch_deal_get(deal, self->final->tree, &t->change, i);
		if (error != SR_OK)
			break;
		if (deal_look(&share, &contribution, &about, self, t, deal, i) == SR_OK) {
			epoch_set_add(&self->verified, i);
			continue;
		}
		epoch_set_add(&self->accused, i);
		error = complain(self, t, deal, i, about);
	}
	free(deal);
	return error;
}

/* ------------------------------------------------------------------------------------------ ACK */

struct sums {
	struct sr_scalar share[SR_MEMBERS_MAX];
	struct sr_key32 contribution[SR_MEMBERS_MAX];
	struct shamir_index dealer[SR_MEMBERS_MAX];
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

static enum sr_error sums_fill(struct sums *s, size_t *n, struct enclave_core *self,
    const struct turn *t, const struct epoch_set *set)
{
	struct epoch_deal *deal = malloc(sizeof(*deal));
	enum sr_error error = deal != NULL ? SR_OK : SR_ERR_NO_MEMORY;
	enum epoch_about about;

	*n = 0;
	for (uint32_t i = 0; error == SR_OK && i < self->now->record.n; i++) {
		if (!epoch_set_has(set, i))
			continue;
		error = epoch_deal_get(deal, self->final->tree, &t->change, i);
		if (error == SR_OK)
			error = deal_look(&s->share[*n], &s->contribution[*n], &about, self, t,
			    deal, i);
		s->dealer[(*n)++] = (struct shamir_index){ i + 1 };
	}
	free(deal);
	return error;
}

static enum sr_error share_sum(struct enclave_core *self, const struct turn *t,
    const struct epoch_set *set)
{
	struct core_epoch_keys *next = &self->keys->next;
	struct sums *s = sr_secret_alloc(sizeof(*s));
	enum sr_error error = s != NULL ? SR_OK : SR_ERR_NO_LOCKED_MEMORY;
	size_t n = 0;

	if (error == SR_OK)
		error = sums_fill(s, &n, self, t, set);
	if (error == SR_OK && t->change.kind == EPOCH_CHANGE_DKG)
		shamir_dkg_sum_shares(&next->share, s->share, n);
	else if (error == SR_OK)
		error = shamir_reshare_sum_shares(&next->share, s->share, s->dealer, n,
		    self->now->record.threshold);
	if (error == SR_OK) {
		next->set = *set;
		next->has_share = true;
		error = secret_derive(next, self, s, n);
	}
	if (error == SR_OK)
		error = epoch_keys_vote(next);
	sr_secret_free(s);
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
		error = epoch_operation_sign(&op, self, EPOCH_OP_ACK, &body);
	if (error == SR_OK) {
		free(self->ack);
		self->ack = sr_writer_take(&op, &self->ack_n);
		self->ack_set = *set;
	}
	sr_writer_clear(&body);
	sr_writer_clear(&op);
	return error;
}

/* ---------------------------------------------------------------------------------------- steps */

/* What was looked at in a change that was given up says nothing about the next one. */
static void attempt_note(struct enclave_core *self, const struct epoch_change *change)
{
	if (self->change_target == change->target && self->change_attempt == change->attempt)
		return;
	self->change_target = change->target;
	self->change_attempt = change->attempt;
	memset(&self->verified, 0, sizeof(self->verified));
	memset(&self->accused, 0, sizeof(self->accused));
	free(self->ack);
	self->ack = NULL;
	self->ack_n = 0;
}

static bool keys_for(const struct core_epoch_keys *keys, const struct epoch_change *change)
{
	return keys->epoch == change->target && keys->attempt == change->attempt &&
	    keys->has_vote;
}

static enum sr_error deal_step(struct enclave_core *self, const struct turn *t)
{
	if (t->change.fixed || epoch_set_has(&t->change.dealt, t->now))
		return SR_OK;
	if (t->change.kind == EPOCH_CHANGE_RESHARE && !self->keys->now.has_share)
		return SR_OK;
	if (self->deal == NULL || !keys_for(&self->keys->next, &t->change))
		SR_TRY(deal_make(self, t));
	return epoch_operation_offer(self, self->deal, self->deal_n);
}

/* A joiner's vote key is the one that its JOIN named; there is nothing to deal. */
static enum sr_error joiner_step(struct enclave_core *self, const struct turn *t)
{
	struct core_epoch_keys *next = &self->keys->next;

	if (keys_for(next, &t->change))
		return SR_OK;
	sr_wipe(next, sizeof(*next));
	next->epoch = t->change.target;
	next->attempt = t->change.attempt;
	next->vote_seed = self->keys->genesis_vote_seed;
	next->has_vote = self->keys->genesis_vote;
	next->made_here = self->fresh;
	return epoch_keys_vote(next);
}

static enum sr_error keys_lost(struct enclave_core *self, const struct epoch_change *change)
{
	if (change->kind == EPOCH_CHANGE_DKG)
		return core_fatal(self, SR_ERR_EPOCH_STEP, "this node's keys for the next epoch "
		    "are gone, so it can't follow; start the genesis again with a new identity");
	/* The change is given up when its time is over; the next one finds this node dealing. */
	if (self->lost_attempt != change->attempt + 1)
		fx_note(self, NOTE_WARN, "this node's keys for the next epoch are gone: it waits "
		    "for the change to be tried again");
	self->lost_attempt = change->attempt + 1;
	return SR_OK;
}

static enum sr_error ack_step(struct enclave_core *self, const struct turn *t)
{
	struct epoch_set set = epoch_dealers(&t->change);
	struct core_epoch_keys *next = &self->keys->next;

	if (!epoch_set_complete(&t->change, &self->now->record) ||
	    epoch_set_has(&t->change.acked, t->next) || !epoch_set_within(&set, &self->verified))
		return SR_OK;
	if (!keys_for(next, &t->change))
		return keys_lost(self, &t->change);
	if (!next->has_share || !epoch_set_equal(&next->set, &set)) {
		SR_TRY(share_sum(self, t, &set));
		/* Durable first: who has acknowledged must be able to serve. */
		SR_TRY(log_append_keys(self));
	}
	if (self->ack == NULL || !epoch_set_equal(&self->ack_set, &set))
		SR_TRY(ack_make(self, &t->change, &set));
	return epoch_operation_offer(self, self->ack, self->ack_n);
}

static enum sr_error turn_run(struct enclave_core *self, struct turn *t)
{
	struct sr_edpk id;

	SR_TRY(epoch_change_roster(t->roster, self->final->tree, &self->now->record));
	t->now = self->now->self < self->now->record.n ? self->now->self : EPOCH_NOBODY;
	t->next = epoch_record_id(t->roster, core_id(self, &id));
	attempt_note(self, &t->change);
	if (t->now != EPOCH_NOBODY)
		SR_TRY(deal_step(self, t));
	if (t->next == EPOCH_NOBODY)
		return SR_OK;
	if (t->now == EPOCH_NOBODY)
		SR_TRY(joiner_step(self, t));
	SR_TRY(deals_verify(self, t));
	return ack_step(self, t);
}

/* Looks at the newest final state and does what this node owes. */
enum sr_error epoch_keys_run(struct enclave_core *self)
{
	struct turn t;
	enum sr_error error;

	if (self->closing.open || self->disk_full)
		return SR_OK;
	if (!epoch_change_get(&t.change, self->final->tree) ||
	    t.change.target != self->now->record.epoch + 1) {
		/* Given up: what was said in it is of no use any more. */
		if (self->change_target != 0)
			pool_drop_steps(self->pool);
		self->change_target = 0;
		return SR_OK;
	}
	t.roster = malloc(sizeof(*t.roster));
	if (t.roster == NULL)
		return SR_ERR_NO_MEMORY;
	error = turn_run(self, &t);
	free(t.roster);
	return error;
}
