/* enclave/epoch_ops.c - operations of an epoch change: their form, who may send them, and what they
 * do. */
#include "enclave/epoch_state.h"

#include <stdlib.h>
#include <string.h>

#define VOTE_MESSAGE 48u

static const char op_domain[] = "strongroom op v1";
static const char vote_domain[] = "strongroom next vote key v1";

/* ------------------------------------------------------------------------------------- encoding */

void epoch_context_bytes(uint8_t out[EPOCH_CONTEXT_BYTES], const struct sr_hash32 *chain_id,
    uint64_t target, uint32_t dealer, uint32_t receiver, enum epoch_about about)
{
	memcpy(out, chain_id->b, 32);
	for (size_t i = 0; i < 8; i++)
		out[32 + i] = (uint8_t)(target >> (8 * i));
	for (size_t i = 0; i < 4; i++) {
		out[40 + i] = (uint8_t)(dealer >> (8 * i));
		out[44 + i] = (uint8_t)(receiver >> (8 * i));
	}
	out[48] = (uint8_t)about;
}

/* To no receiver: UINT32_MAX is no member. */
void epoch_boxes_context(uint8_t out[EPOCH_CONTEXT_BYTES], const struct sr_hash32 *chain_id,
    uint64_t target, uint32_t dealer)
{
	epoch_context_bytes(out, chain_id, target, dealer, UINT32_MAX, EPOCH_ABOUT_SHARE);
}

static void vote_message(uint8_t out[VOTE_MESSAGE], const struct sr_hash32 *chain_id,
    uint64_t target, uint32_t attempt, uint32_t dealer)
{
	memcpy(out, chain_id->b, 32);
	for (size_t i = 0; i < 8; i++)
		out[32 + i] = (uint8_t)(target >> (8 * i));
	for (size_t i = 0; i < 4; i++) {
		out[40 + i] = (uint8_t)(attempt >> (8 * i));
		out[44 + i] = (uint8_t)(dealer >> (8 * i));
	}
}

void epoch_vote_sign(struct sr_sig64 *sig, const struct sr_edsk *vote,
    const struct sr_hash32 *chain_id, uint64_t target, uint32_t attempt, uint32_t dealer)
{
	uint8_t message[VOTE_MESSAGE];

	vote_message(message, chain_id, target, attempt, dealer);
	sr_sign(sig, vote, vote_domain, message, sizeof(message));
}

enum sr_error epoch_vote_verify(const struct epoch_deal *deal, const struct sr_hash32 *chain_id,
    uint64_t target, uint32_t dealer)
{
	uint8_t message[VOTE_MESSAGE];

	vote_message(message, chain_id, target, deal->attempt, dealer);
	return sr_verify(&deal->vote_key, &deal->vote_proof, vote_domain, message,
	    sizeof(message));
}

void epoch_ack_context(uint8_t out[56], const struct sr_hash32 *chain_id, uint64_t target,
    const struct epoch_set *set)
{
	memcpy(out, chain_id->b, 32);
	for (size_t i = 0; i < 8; i++)
		out[32 + i] = (uint8_t)(target >> (8 * i));
	memcpy(out + 40, set->b, sizeof(set->b));
}

void epoch_deal_write(struct sr_writer *w, const struct epoch_deal *deal, uint32_t n)
{
	sr_write_u32(w, deal->attempt);
	sr_write_edpk(w, &deal->vote_key);
	sr_write_sig(w, &deal->vote_proof);
	sr_write_hash(w, &deal->contribution);
	shamir_proof_write(w, &deal->boxes);
	shamir_commitments_write(w, &deal->c);
	for (uint32_t i = 0; i < n; i++)
		shamir_box_write(w, &deal->shares[i]);
	for (uint32_t i = 0; i < n; i++)
		shamir_box_write(w, &deal->contributions[i]);
}

void epoch_deal_read(struct epoch_deal *deal, struct sr_reader *r, uint32_t n, uint32_t threshold)
{
	deal->attempt = sr_read_u32(r);
	deal->vote_key = sr_read_edpk(r);
	deal->vote_proof = sr_read_sig(r);
	deal->contribution = sr_read_hash(r);
	deal->boxes = shamir_proof_read(r);
	shamir_commitments_read(&deal->c, r, threshold);
	for (uint32_t i = 0; i < n && i < SR_MEMBERS_MAX; i++)
		shamir_box_read(&deal->shares[i], r);
	for (uint32_t i = 0; i < n && i < SR_MEMBERS_MAX; i++)
		shamir_box_read(&deal->contributions[i], r);
}

/* ------------------------------------------------------------------------------ check and write */

bool epoch_kind_is_open(unsigned kind)
{
	return kind >= EPOCH_OP_JOIN && kind <= EPOCH_OP_FAULT;
}

static bool kind_known(unsigned kind)
{
	return (kind >= EPOCH_OP_DEAL && kind <= EPOCH_OP_SILENT) || epoch_kind_is_open(kind);
}

/* By whom: a current member, or for what a joiner owes, a joiner. */
static enum sr_error signer_find(struct epoch_role *role, const struct epoch_context *ctx,
    const struct vault_tree *t, unsigned kind, const struct sr_edpk *key)
{
	enum sr_error error = epoch_role(role, t, ctx->now, key);
	bool known = error == SR_OK;
	bool votes = known && role->now != EPOCH_NOBODY ?
	    memcmp(ctx->now->members[role->now].vote_key.b, key->b, 32) == 0 :
	    known && (kind == EPOCH_OP_COMPLAINT || kind == EPOCH_OP_ACK);

	/* A lack of memory must not become a verdict on a block. */
	if (error == SR_ERR_NO_MEMORY)
		return error;
	if (epoch_kind_is_open(kind))
		return SR_OK;
	return votes ? SR_OK : SR_ERR_NOT_A_MEMBER;
}

enum sr_error epoch_op_check(struct vault_op *op, struct epoch_role *role,
    const struct epoch_context *ctx, const struct vault_tree *t, const uint8_t *bytes, size_t n)
{
	struct sr_sig64 sig;
	struct sr_edpk key;

	*role = (struct epoch_role){ EPOCH_NOBODY, EPOCH_NOBODY };
	SR_TRY(vault_op_decode(op, bytes, n));
	if (!kind_known((unsigned)op->kind))
		return SR_ERR_BAD_KIND;
	if (!sr_hash32_equal(&op->chain_id, &ctx->chain_id))
		return SR_ERR_WRONG_CHAIN;
	if (op->epoch != ctx->now->epoch)
		return SR_ERR_WRONG_EPOCH;
	if (op->nonce != 0 || op->expiry_ms != UINT64_MAX || op->signature_n != sizeof(sig.b))
		return SR_ERR_BAD_ENCODING;
	if (op->account.kind != VAULT_ACCOUNT_ED25519)
		return SR_ERR_NOT_A_MEMBER;
	memcpy(key.b, op->account.b, sizeof(key.b));
	SR_TRY(signer_find(role, ctx, t, (unsigned)op->kind, &key));
	memcpy(sig.b, op->signature, sizeof(sig.b));
	return sr_verify(&key, &sig, op_domain, op->signed_bytes.p, op->signed_bytes.n);
}

enum sr_error epoch_op_write(struct sr_writer *w, const struct epoch_context *ctx,
    enum epoch_op_kind kind, const struct sr_edsk *key, const uint8_t *body, size_t n)
{
	struct vault_account account = { .kind = VAULT_ACCOUNT_ED25519 };
	size_t start = w->n;
	struct sr_sig64 sig;

	memcpy(account.b, key->b + 32, 32);
	sr_write_u8(w, VAULT_OP_VERSION);
	sr_write_hash(w, &ctx->chain_id);
	sr_write_u64(w, ctx->now->epoch);
	vault_account_write(w, &account);
	sr_write_u64(w, 0);
	sr_write_u64(w, UINT64_MAX);
	sr_write_u16(w, (uint16_t)kind);
	sr_write_blob(w, body, n);
	if (w->error != SR_OK)
		return w->error;
	sr_sign(&sig, key, op_domain, w->p + start, w->n - start);
	sr_write_sig(w, &sig);
	return w->error;
}

/* ---------------------------------------------------------------------------------------- apply */

/* Whose r nobody knows may be another dealer's: a complaint would open that one's boxes. */
static enum sr_error boxes_check(const struct epoch_deal *deal, const struct epoch_context *ctx,
    const struct epoch_change *change, uint32_t dealer)
{
	const struct shamir_box *first = &deal->shares[0];
	uint8_t context[EPOCH_CONTEXT_BYTES];

	epoch_boxes_context(context, &ctx->chain_id, change->target, dealer);
	SR_TRY(shamir_boxes_verify(&deal->boxes, first, deal->shares, change->n, context,
	    sizeof(context)));
	return shamir_boxes_verify(&deal->boxes, first, deal->contributions, change->n, context,
	    sizeof(context));
}

/* DESIGN 6: a fresh part of a key when there is none yet, otherwise the dealer's own share. */
static enum sr_error commitments_check(const struct epoch_deal *deal,
    const struct epoch_context *ctx, const struct epoch_change *change, uint32_t dealer)
{
	struct sr_point share;

	if (change->kind == EPOCH_CHANGE_DKG)
		return shamir_commitments_check(&deal->c, change->threshold, SHAMIR_DEAL_FRESH,
		    NULL);
	SR_TRY(sr_point_decode(&share, ctx->now->members[dealer].verify_key));
	return shamir_commitments_check(&deal->c, change->threshold, SHAMIR_DEAL_RESHARE, &share);
}

static enum sr_error deal_check(const struct epoch_deal *deal, const struct vault_tree *t,
    const struct epoch_context *ctx, const struct epoch_change *change, uint32_t dealer)
{
	/* Of an attempt that was given up, perhaps for another roster. */
	if (deal->attempt != change->attempt)
		return SR_ERR_EPOCH_STEP;
	/* Before anything else: whose key it is not is told nothing of it. */
	SR_TRY(epoch_vote_verify(deal, &ctx->chain_id, change->target, dealer));
	SR_TRY(commitments_check(deal, ctx, change, dealer));
	SR_TRY(epoch_key_unused(t, ctx->now, deal->vote_key.b, false));
	return boxes_check(deal, ctx, change, dealer);
}

static enum sr_error deal_apply(struct vault_tree **t, const struct epoch_context *ctx,
    struct epoch_change *change, const struct vault_op *op, uint32_t dealer)
{
	struct vault_key key = epoch_row_key(EPOCH_ROW_DEAL, dealer);
	struct epoch_deal *deal;
	struct sr_reader r;
	struct sr_writer w;
	enum sr_error error;

	if (change->fixed || epoch_set_has(&change->dealt, dealer))
		return SR_ERR_EPOCH_STEP;
	deal = malloc(sizeof(*deal));
	if (deal == NULL)
		return SR_ERR_NO_MEMORY;
	sr_reader_init(&r, op->body.p, op->body.n);
	epoch_deal_read(deal, &r, change->n, change->threshold);
	error = sr_reader_finish(&r);
	if (error == SR_OK)
		error = deal_check(deal, *t, ctx, change, dealer);
	free(deal);
	if (error != SR_OK)
		return error;
	sr_writer_init(&w, VAULT_VALUE_MAX);
	sr_write_copy(&w, op->body.p, op->body.n);
	SR_TRY(epoch_row_put(t, &key, &w));
	epoch_set_add(&change->dealt, dealer);
	epoch_change_fix(change, ctx);
	return epoch_change_put(t, change);
}

/* The box key of a receiver, as the next roster has it. */
static enum sr_error receiver_key(struct sr_point *out, const struct vault_tree *t, uint32_t next)
{
	struct epoch_record *roster = malloc(sizeof(*roster));
	enum sr_error error = roster != NULL ? epoch_next_get(roster, t) : SR_ERR_NO_MEMORY;

	if (error == SR_OK && next >= roster->n)
		error = SR_ERR_NOT_A_MEMBER;
	if (error == SR_OK)
		error = sr_point_decode(out, roster->members[next].box_key);
	free(roster);
	return error;
}

/* Everyone recomputes a complaint's proof; a false one is refused. */
static enum sr_error complaint_judge(bool *guilty, const struct vault_tree *t,
    const struct epoch_context *ctx, const struct epoch_change *change, uint32_t receiver,
    uint32_t dealer, unsigned about, const struct shamir_complaint *complaint)
{
	struct epoch_deal *deal = malloc(sizeof(*deal));
	uint8_t context[EPOCH_CONTEXT_BYTES];
	struct sr_point to;
	enum sr_error error = SR_ERR_NO_MEMORY;

	epoch_context_bytes(context, &ctx->chain_id, change->target, dealer, receiver,
	    (enum epoch_about)about);
	if (deal != NULL)
		error = epoch_deal_get(deal, t, change, dealer);
	if (error == SR_OK)
		error = receiver_key(&to, t, receiver);
	if (error == SR_OK && about == EPOCH_ABOUT_SHARE)
		error = shamir_complaint_judge_share(guilty, complaint, &deal->shares[receiver],
		    &to, context, sizeof(context), &deal->c,
		    (struct shamir_index){ receiver + 1 });
	else if (error == SR_OK)
		error = shamir_complaint_judge32(guilty, complaint, &deal->contributions[receiver],
		    &to, context, sizeof(context), &deal->contribution);
	free(deal);
	return error;
}

/* Another set makes another key: what was acknowledged counts for nothing. */
static enum sr_error dealer_exclude(struct vault_tree **t, const struct epoch_context *ctx,
    struct epoch_change *change, uint32_t dealer)
{
	struct roster_member m;

	epoch_set_add(&change->excluded, dealer);
	memset(&change->acked, 0, sizeof(change->acked));
	/* Nor is anyone to blame for what it did not do for the set before. */
	if (change->fixed)
		change->since_ms = ctx->time_ms;
	SR_TRY(epoch_rows_clear(t, EPOCH_ROW_ACK));
	SR_TRY(epoch_change_put(t, change));
	SR_TRY(roster_member_get(&m, *t, ctx->now->members[dealer].seat));
	/* It takes part in this change all the same, and goes with the one after. */
	m.flags |= ROSTER_FAULTY;
	return roster_member_put(t, &m);
}

static enum sr_error complaint_apply(struct vault_tree **t, const struct epoch_context *ctx,
    struct epoch_change *change, const struct vault_op *op, uint32_t receiver)
{
	struct shamir_complaint complaint;
	struct sr_reader r;
	uint32_t dealer;
	unsigned about;
	bool guilty = false;

	sr_reader_init(&r, op->body.p, op->body.n);
	dealer = sr_read_u32(&r);
	about = sr_read_u8(&r);
	shamir_complaint_read(&complaint, &r);
	SR_TRY(sr_reader_finish(&r));
	if (about > EPOCH_ABOUT_CONTRIBUTION || dealer >= ctx->now->n)
		return SR_ERR_OUT_OF_RANGE;
	if (epoch_set_has(&change->excluded, dealer))
		return SR_ERR_EPOCH_STEP;
	SR_TRY(complaint_judge(&guilty, *t, ctx, change, receiver, dealer, about, &complaint));
	if (!guilty)
		return SR_ERR_BAD_PROOF;
	return dealer_exclude(t, ctx, change, dealer);
}

static enum sr_error ack_verify(const struct vault_tree *t, const struct epoch_context *ctx,
    const struct epoch_change *change, uint32_t member, const struct epoch_set *set,
    const struct shamir_proof *proof)
{
	struct shamir_commitments *group = malloc(sizeof(*group));
	uint8_t context[56];
	struct sr_point key;
	enum sr_error error = group != NULL ? epoch_group(group, t, change, ctx->now,
	    ctx->memo) :
	    SR_ERR_NO_MEMORY;

	epoch_ack_context(context, &ctx->chain_id, change->target, set);
	if (error == SR_OK)
		error = shamir_feldman_key(&key, group, (struct shamir_index){ member + 1 });
	if (error == SR_OK)
		error = shamir_pok_verify(proof, &key, context, sizeof(context));
	free(group);
	return error;
}

static enum sr_error ack_apply(struct vault_tree **t, const struct epoch_context *ctx,
    struct epoch_change *change, const struct vault_op *op, uint32_t member)
{
	struct vault_key key = epoch_row_key(EPOCH_ROW_ACK, member);
	struct epoch_set set, dealers = epoch_dealers(change);
	struct shamir_proof proof;
	struct sr_xpk shielding;
	struct sr_reader r;
	struct sr_writer w;

	sr_reader_init(&r, op->body.p, op->body.n);
	sr_read_copy(&r, set.b, sizeof(set.b));
	proof = shamir_proof_read(&r);
	shielding = sr_read_xpk(&r);
	SR_TRY(sr_reader_finish(&r));
	if (!epoch_set_complete(change, ctx->now) || epoch_set_has(&change->acked, member) ||
	    memcmp(set.b, dealers.b, sizeof(set.b)) != 0)
		return SR_ERR_EPOCH_STEP;
	SR_TRY(ack_verify(*t, ctx, change, member, &set, &proof));
	sr_writer_init(&w, 32);
	sr_write_xpk(&w, &shielding);
	SR_TRY(epoch_row_put(t, &key, &w));
	epoch_set_add(&change->acked, member);
	return epoch_change_put(t, change);
}

static bool deal_is_early(const struct epoch_context *ctx, const struct epoch_change *change,
    const struct vault_op *op, uint32_t dealer)
{
	struct sr_reader r;

	sr_reader_init(&r, op->body.p, op->body.n);
	return dealer < ctx->now->n && !change->fixed && !epoch_set_has(&change->dealt, dealer) &&
	    sr_read_u32(&r) == change->attempt;
}

/* Until the dealers are fixed, any set may come about; after that they only become fewer. */
static bool ack_is_early(const struct epoch_change *change, const struct vault_op *op,
    uint32_t member)
{
	struct epoch_set set, dealers = epoch_dealers(change);
	struct sr_reader r;

	sr_reader_init(&r, op->body.p, op->body.n);
	sr_read_copy(&r, set.b, sizeof(set.b));
	return member < change->n && !epoch_set_has(&change->acked, member) && r.error == SR_OK &&
	    (!change->fixed || (epoch_set_within(&set, &dealers) &&
	    !epoch_set_equal(&set, &dealers)));
}

bool epoch_step_is_early(const struct epoch_context *ctx, const struct vault_tree *t,
    const struct vault_op *op)
{
	unsigned kind = (unsigned)op->kind;
	struct epoch_change change;
	struct epoch_role role;
	struct sr_edpk key;

	if (kind != EPOCH_OP_DEAL && kind != EPOCH_OP_ACK)
		return false;
	memcpy(key.b, op->account.b, sizeof(key.b));
	if (!epoch_change_get(&change, t) || change.target != ctx->now->epoch + 1 ||
	    epoch_role(&role, t, ctx->now, &key) != SR_OK)
		return false;
	return kind == EPOCH_OP_DEAL ? deal_is_early(ctx, &change, op, role.now) :
	    ack_is_early(&change, op, role.next);
}

static enum sr_error change_apply(struct vault_tree **t, const struct epoch_context *ctx,
    const struct vault_op *op, const struct epoch_role *role)
{
	bool deals = (unsigned)op->kind == EPOCH_OP_DEAL;
	uint32_t index = deals ? role->now : role->next;
	struct epoch_change change;

	if (!epoch_change_get(&change, *t) || change.target != ctx->now->epoch + 1)
		return SR_ERR_EPOCH_STEP;
	if (index >= (deals ? ctx->now->n : change.n))
		return SR_ERR_EPOCH_STEP;
	if (deals)
		return deal_apply(t, ctx, &change, op, index);
	return (unsigned)op->kind == EPOCH_OP_ACK ? ack_apply(t, ctx, &change, op, index) :
	    complaint_apply(t, ctx, &change, op, index);
}

enum sr_error epoch_apply(struct vault_tree **t, const struct epoch_context *ctx,
    const struct vault_op *op, const struct epoch_role *role)
{
	struct vault_tree *changed = vault_tree_ref(*t);
	enum sr_error error;

	if ((unsigned)op->kind <= EPOCH_OP_ACK)
		error = change_apply(&changed, ctx, op, role);
	else
		error = roster_apply(&changed, ctx, op, role);
	vault_tree_unref(error == SR_OK ? *t : changed);
	if (error == SR_OK)
		*t = changed;
	return error;
}
