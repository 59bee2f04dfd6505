/*
 * A liar's dealing: well formed, with a proof over its boxes, and wrong for some. It draws
 * complaints that everyone can judge.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/liar.h"

/* What a flawed dealing is made of. */
struct flawed {
	struct sim_node *node;
	enum sim_fault_kind flaw;
	uint32_t victim;
	struct epoch_deal *deal;
	struct epoch_record *next;
	struct shamir_poly poly;
	struct sr_scalar r;
	struct sr_key32 contribution;
	struct sr_drbg drbg;
};

static enum sr_error box_fill(struct flawed *f, const struct epoch_change *change, uint32_t k)
{
	const struct enclave_core *core = f->node->core;
	bool victim = k == f->victim;
	struct sr_key32 contribution = f->contribution;
	uint8_t context[EPOCH_CONTEXT_BYTES];
	struct sr_scalar share, one;
	struct sr_point to;
	sr_scalar_from_u32(&one, 1);
	SR_TRY(sr_point_decode(&to, f->next->members[k].box_key));
	SR_TRY(shamir_poly_eval(&share, &f->poly, (struct shamir_index){ k + 1 }));
	if (victim && f->flaw == SIM_FAULT_BAD_SHARE)
		sr_scalar_add(&share, &share, &one);
	if (victim && f->flaw == SIM_FAULT_BAD_CONTRIBUTION)
		contribution.b[0] ^= 1;
	epoch_context_bytes(context, &core->genesis->chain_id, change->target, core->now->self, k,
	    EPOCH_ABOUT_SHARE);
	SR_TRY(shamir_subshare_seal_with(&f->deal->shares[k], &f->r, &to, &share, context,
	    sizeof context));
	epoch_context_bytes(context, &core->genesis->chain_id, change->target, core->now->self, k,
	    EPOCH_ABOUT_CONTRIBUTION);
	return shamir_box_seal32_with(&f->deal->contributions[k], &f->r, &to, &contribution,
	    context, sizeof context);
}

static enum sr_error deal_fill(struct flawed *f, const struct epoch_change *change)
{
	uint8_t context[EPOCH_CONTEXT_BYTES];
	const struct enclave_core *core = f->node->core;
	struct sr_scalar other;
	SR_TRY(sr_scalar_random(&f->r, &f->drbg));
	SR_TRY(sr_scalar_random(&other, &f->drbg));
	epoch_boxes_context(context, &core->genesis->chain_id, change->target, core->now->self);
	SR_TRY(shamir_boxes_prove(&f->deal->boxes, &f->r, context, sizeof context, &f->drbg));
	memcpy(f->deal->vote_key.b, core->keys->next.vote.b + 32, 32);
	epoch_vote_sign(&f->deal->vote_proof, &core->keys->next.vote, &core->genesis->chain_id,
	    change->target, change->attempt, core->now->self);
	f->deal->contribution = shamir_contribution_commit(&f->contribution);
	f->deal->attempt = change->attempt;
	if (change->kind == EPOCH_CHANGE_DKG)
		SR_TRY(shamir_deal_fresh(&f->poly, &f->deal->c, change->threshold, &f->drbg));
	else
		SR_TRY(shamir_deal_reshare(&f->poly, &f->deal->c, change->threshold,
		    &core->keys->now.share, &f->drbg));
	for (uint32_t k = 0; k < change->n; k++)
		SR_TRY(box_fill(f, change, k));
	if (f->flaw == SIM_FAULT_BAD_COMMITMENT)
		sr_point_base_mul(&f->deal->c.a[change->threshold - 1], &other);
	return SR_OK;
}

static enum sr_error deal_replace(struct flawed *f, const struct epoch_change *change)
{
	struct enclave_core *core = f->node->core;
	struct epoch_context ctx = core_epoch_context(core);
	struct sr_writer body, op;
	enum sr_error err = deal_fill(f, change);
	sr_writer_init(&body, SR_OP_MAX);
	sr_writer_init(&op, SR_OP_MAX);
	if (err == SR_OK) {
		epoch_deal_write(&body, f->deal, change->n);
		err = epoch_op_write(&op, &ctx, EPOCH_OP_DEAL, &core->keys->now.vote, body.p,
		    body.n);
	}
	if (err == SR_OK) {
		free(core->deal);
		core->deal = sr_writer_take(&op, &core->deal_n);
	}
	sr_writer_clear(&body);
	sr_writer_clear(&op);
	return err;
}

static struct sim_fault *flaw_planned(const struct sim_node *node)
{
	for (enum sim_fault_kind k = SIM_FAULT_BAD_SHARE; k <= SIM_FAULT_BAD_CONTRIBUTION; k++) {
		struct sim_fault *f = sim_plan_ever(node->sim, k, node->index);
		if (f != NULL)
			return f;
	}
	return NULL;
}

void sim_liar_deal(struct sim_node *node, struct sim_liar *l)
{
	struct enclave_core *core = node->core;
	/* Its log has the good one; another epoch has another. */
	if (l->dealt_boot != node->boots || (core->now != NULL &&
	    l->dealt_epoch != core->now->record.epoch))
		l->dealt = false;
	struct sim_fault *planned = flaw_planned(node);
	struct epoch_change change;
	struct vault_op op;
	if (planned == NULL || l->dealt || core->deal == NULL || core->now == NULL ||
	    core->now->self >= core->now->record.n || core->final == NULL ||
	    !epoch_change_get(&change, core->final->tree) || change.n < 2 ||
	    core->keys->next.epoch != change.target ||
	    (change.kind == EPOCH_CHANGE_RESHARE && !core->keys->now.has_share) ||
	    epoch_set_has(&change.dealt, core->now->self) ||
	    vault_op_decode(&op, core->deal, core->deal_n) != SR_OK)
		return;
	struct flawed f = { .node = node, .flaw = planned->kind };
	SR_KEY32_AUTO seed;
	struct pool_entry *good = pool_find(core->pool, &op.hash);
	uint32_t n = change.n;
	f.victim = (core->now->self + 1 + (uint32_t)(planned->param % (n - 1))) % n;
	f.deal = calloc(1, sizeof *f.deal);
	f.next = calloc(1, sizeof *f.next);
	SR_ASSERT(f.deal != NULL && f.next != NULL);
	SR_ASSERT(epoch_change_roster(f.next, core->final->tree, &core->now->record) == SR_OK);
	sim_fill(node->sim, seed.b, sizeof seed.b);
	sim_fill(node->sim, f.contribution.b, sizeof f.contribution.b);
	sr_drbg_init(&f.drbg, &seed);
	l->hidden = op.hash;
	SR_ASSERT(deal_replace(&f, &change) == SR_OK);
	if (good != NULL)
		pool_remove(core->pool, good);
	l->dealt = true;
	l->dealt_boot = node->boots;
	l->dealt_epoch = core->now->record.epoch;
	sim_plan_hit(node->sim, planned);
	sim_say(node->sim, "node %u deals badly: %s", node->index, sim_fault_name(planned->kind));
	shamir_poly_clear(&f.poly);
	free(f.deal);
	free(f.next);
}

bool sim_liar_deal_hides(const struct sim_node *node, const uint8_t *msg, size_t n)
{
	struct vault_op op;
	return node->lying != NULL && node->lying->dealt && msg[0] == CORE_OPERATION &&
	    vault_op_decode(&op, msg + 1, n - 1) == SR_OK &&
	    sr_hash32_equal(&op.hash, &node->lying->hidden);
}

/* --- keeping quiet, and false complaints --- */

static void pool_forget(struct sim_node *node, const uint8_t *p, size_t n)
{
	struct vault_op op;
	struct pool_entry *e = NULL;
	if (p != NULL && vault_op_decode(&op, p, n) == SR_OK)
		e = pool_find(node->core->pool, &op.hash);
	if (e != NULL)
		pool_remove(node->core->pool, e);
}

/* The genesis needs everybody: not there. */
static struct sim_fault *withholding(struct sim_node *node)
{
	if (node->core == NULL || node->core->now == NULL || node->core->now->record.epoch == 0)
		return NULL;
	return sim_plan_active(node->sim, SIM_FAULT_DEAL_WITHHOLD, node->index);
}

void sim_liar_withhold(struct sim_node *node)
{
	struct sim_fault *f = withholding(node);
	if (f == NULL)
		return;
	if (f->param % 3 != 1)
		pool_forget(node, node->core->ack, node->core->ack_n);
	if (f->param % 3 != 0)
		pool_forget(node, node->core->deal, node->core->deal_n);
}

static bool same_op(const uint8_t *p, size_t p_n, const uint8_t *msg, size_t n)
{
	return p != NULL && n == p_n + 1 && memcmp(msg + 1, p, p_n) == 0;
}

bool sim_liar_withholds(struct sim_node *node, const uint8_t *msg, size_t n)
{
	const struct enclave_core *core = node->core;
	struct sim_fault *f = msg[0] == CORE_OPERATION ? withholding(node) : NULL;
	bool keeps = f != NULL &&
	    ((f->param % 3 != 1 && same_op(core->ack, core->ack_n, msg, n)) ||
		(f->param % 3 != 0 && same_op(core->deal, core->deal_n, msg, n)));
	if (keeps)
		sim_plan_hit(node->sim, f);
	return keeps;
}

void sim_liar_complain(struct sim_node *node, struct sim_liar *l)
{
	struct enclave_core *core = node->core;
	struct sim_fault *f = sim_plan_active(node->sim, SIM_FAULT_FALSE_COMPLAINT, node->index);
	struct epoch_change change;
	struct sr_writer body, op;
	uint8_t complaint[96];
	if (f == NULL || core->now == NULL || core->now->self >= core->now->record.n ||
	    core->final == NULL || !epoch_change_get(&change, core->final->tree) ||
	    epoch_set_count(&change.dealt) == 0 ||
	    l->complained_epoch == core->now->record.epoch + 1)
		return;
	struct epoch_context ctx = core_epoch_context(core);
	uint32_t dealer = (uint32_t)(f->param % core->now->record.n);
	l->complained_epoch = core->now->record.epoch + 1;
	sim_plan_hit(node->sim, f);
	sim_fill(node->sim, complaint, sizeof complaint);
	sr_writer_init(&body, 256);
	sr_write_u32(&body, dealer);
	sr_write_u8(&body, (uint8_t)(f->param >> 32 & 1));
	sr_write_copy(&body, complaint, sizeof complaint);
	sr_writer_init(&op, SR_OP_MAX);
	sr_write_u8(&op, CORE_OPERATION);
	SR_ASSERT(epoch_op_write(&op, &ctx, EPOCH_OP_COMPLAINT, &core->keys->now.vote, body.p,
		      body.n) == SR_OK);
	for (uint32_t to = 0; to < node->sim->people; to++)
		if (to != node->index)
			sim_send(node, to, op.p, op.n, 0);
	sr_writer_clear(&body);
	sr_writer_clear(&op);
}
