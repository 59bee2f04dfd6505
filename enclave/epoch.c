/* enclave/epoch.c - the on-chain half of an epoch change. */
#include "enclave/epoch.h"

#include "consensus/wire.h"
#include "vault/record.h"

#include <stdlib.h>
#include <string.h>

enum epoch_row { ROW_CHANGE = 0, ROW_DEAL = 1, ROW_ACK = 2, ROW_RECORD = 3 };

#define CHANGE_VERSION 1u
#define ACK_BYTES (16u + SHAMIR_PROOF_SIZE + 32u)
#define COMPLAINT_BYTES (4u + 1u + SHAMIR_COMPLAINT_SIZE)

static const char op_domain[] = "strongroom op v1";

/* ----------------------------------------------------------------------------------------- sets */

bool epoch_set_has(const struct epoch_set *s, uint32_t member)
{
	return member < SR_MEMBERS_MAX && (s->b[member / 8] >> (member % 8) & 1) != 0;
}

void epoch_set_add(struct epoch_set *s, uint32_t member)
{
	SR_ASSERT(member < SR_MEMBERS_MAX);
	s->b[member / 8] = (uint8_t)(s->b[member / 8] | 1u << (member % 8));
}

uint32_t epoch_set_count(const struct epoch_set *s)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < SR_MEMBERS_MAX; i++)
		count += epoch_set_has(s, i) ? 1 : 0;
	return count;
}

struct epoch_set epoch_dealers(const struct epoch_change *change)
{
	struct epoch_set out;

	for (size_t i = 0; i < sizeof(out.b); i++)
		out.b[i] = (uint8_t)(change->dealt.b[i] & ~change->excluded.b[i]);
	return out;
}

bool epoch_set_complete(const struct epoch_change *change, const struct epoch_record *now)
{
	struct epoch_set dealers = epoch_dealers(change);

	/* Every member of the next roster needs a fresh vote key, and that comes with its
	 * dealing. */
	return epoch_set_count(&change->dealt) == change->n &&
	    epoch_set_count(&dealers) >= consensus_quorum(now->n);
}

/* ------------------------------------------------------------------------------------ the state */

static struct vault_key row_key(enum epoch_row row, uint32_t member)
{
	struct vault_key key = { { VAULT_REC_EPOCH, (uint8_t)row } };

	for (size_t i = 0; i < 4; i++)
		key.b[2 + i] = (uint8_t)(member >> (24 - 8 * i));
	return key;
}

static enum sr_error row_put(struct vault_tree **t, enum epoch_row row, uint32_t member,
    struct sr_writer *w)
{
	struct vault_key key = row_key(row, member);
	enum sr_error error = sr_writer_finish(w);

	if (error == SR_OK)
		error = vault_tree_put(t, &key, w->p, w->n);
	sr_writer_clear(w);
	return error;
}

static enum sr_error row_delete(struct vault_tree **t, enum epoch_row row, uint32_t member)
{
	struct vault_key key = row_key(row, member);

	if (vault_tree_get(*t, &key).p == NULL)
		return SR_OK;
	return vault_tree_delete(t, &key);
}

static enum sr_error change_put(struct vault_tree **t, const struct epoch_change *change)
{
	struct sr_writer w;

	sr_writer_init(&w, 128);
	sr_write_u8(&w, CHANGE_VERSION);
	sr_write_u64(&w, change->target);
	sr_write_u32(&w, change->n);
	sr_write_u32(&w, change->threshold);
	sr_write_u64(&w, change->started_ms);
	sr_write_copy(&w, change->dealt.b, sizeof(change->dealt.b));
	sr_write_copy(&w, change->excluded.b, sizeof(change->excluded.b));
	sr_write_copy(&w, change->acked.b, sizeof(change->acked.b));
	return row_put(t, ROW_CHANGE, 0, &w);
}

bool epoch_change_get(struct epoch_change *out, const struct vault_tree *t)
{
	struct vault_key key = row_key(ROW_CHANGE, 0);
	struct sr_bytes value = vault_tree_get(t, &key);
	struct sr_reader r;

	memset(out, 0, sizeof(*out));
	if (value.p == NULL)
		return false;
	sr_reader_init(&r, value.p, value.n);
	if (sr_read_u8(&r) != CHANGE_VERSION)
		sr_reader_fail(&r, SR_ERR_BAD_VERSION);
	out->target = sr_read_u64(&r);
	out->n = sr_read_u32(&r);
	out->threshold = sr_read_u32(&r);
	out->started_ms = sr_read_u64(&r);
	sr_read_copy(&r, out->dealt.b, sizeof(out->dealt.b));
	sr_read_copy(&r, out->excluded.b, sizeof(out->excluded.b));
	sr_read_copy(&r, out->acked.b, sizeof(out->acked.b));
	/* We wrote it: a state that does not read back never had the right root. */
	SR_ASSERT(sr_reader_finish(&r) == SR_OK);
	return true;
}

enum sr_error epoch_genesis(struct vault_tree **t, const struct epoch_record *now, uint64_t time_ms)
{
	struct epoch_change change = {
		.target = now->epoch + 1, .n = now->n, .threshold = now->threshold,
		.started_ms = time_ms,
	};

	return change_put(t, &change);
}

enum sr_error epoch_deal_get(struct epoch_deal *deal, const struct vault_tree *t,
    const struct epoch_change *change, uint32_t dealer)
{
	struct vault_key key = row_key(ROW_DEAL, dealer);
	struct sr_bytes value = vault_tree_get(t, &key);
	struct sr_reader r;

	if (value.p == NULL)
		return SR_ERR_NOT_FOUND;
	sr_reader_init(&r, value.p, value.n);
	epoch_deal_read(deal, &r, change->n, change->threshold);
	return sr_reader_finish(&r);
}

/* The encoded commitments of a dealing, as they stand in its row. */
static enum sr_error deal_commitments(struct sr_bytes *out, const struct vault_tree *t,
    const struct epoch_change *change, uint32_t dealer)
{
	struct vault_key key = row_key(ROW_DEAL, dealer);
	struct sr_bytes value = vault_tree_get(t, &key);
	struct sr_reader r;

	if (value.p == NULL)
		return SR_ERR_NOT_FOUND;
	sr_reader_init(&r, value.p, value.n);
	(void)sr_read_edpk(&r);
	(void)sr_read_hash(&r);
	(void)sr_read_view(&r, SHAMIR_PROOF_SIZE);
	*out = sr_read_view(&r, 4 + 32 * (size_t)change->threshold);
	return r.error;
}

static enum sr_error commitments_sum(struct shamir_commitments *out,
    const struct epoch_change *change, const struct sr_bytes *encoded, size_t n)
{
	const struct shamir_commitments *list[SR_MEMBERS_MAX];
	struct shamir_commitments *all = calloc(n > 0 ? n : 1, sizeof(*all));
	enum sr_error error = all != NULL ? SR_OK : SR_ERR_NO_MEMORY;
	struct sr_reader r;

	for (size_t i = 0; error == SR_OK && i < n; i++) {
		sr_reader_init(&r, encoded[i].p, encoded[i].n);
		shamir_commitments_read(&all[i], &r, change->threshold);
		error = sr_reader_finish(&r);
		list[i] = &all[i];
	}
	if (error == SR_OK)
		error = shamir_dkg_sum_commitments(out, list, n);
	free(all);
	return error;
}

/* The sum is threshold times dealers additions in the group; the hash of what is summed is cheap.
 * All encodings of a change are of one length, so that joined they are of one meaning. */
enum sr_error epoch_group(struct shamir_commitments *out, const struct vault_tree *t,
    const struct epoch_change *change, struct epoch_memo *memo)
{
	struct sr_bytes encoded[SR_MEMBERS_MAX];
	struct epoch_set dealers = epoch_dealers(change);
	struct sr_hash32 about;
	size_t n = 0;

	for (uint32_t i = 0; i < change->n; i++)
		if (epoch_set_has(&dealers, i))
			SR_TRY(deal_commitments(&encoded[n++], t, change, i));
	if (memo == NULL)
		return commitments_sum(out, change, encoded, n);
	about = sr_hash_domain("strongroom dealings v1", encoded, n);
	if (!memo->have || !sr_hash32_equal(&about, &memo->dealings)) {
		memo->have = false;
		SR_TRY(commitments_sum(&memo->group, change, encoded, n));
		memo->dealings = about;
		memo->have = true;
	}
	*out = memo->group;
	return SR_OK;
}

/* The shielding key that the ACK of a member names. */
static bool ack_get(struct sr_xpk *out, const struct vault_tree *t, uint32_t member)
{
	struct vault_key key = row_key(ROW_ACK, member);
	struct sr_bytes value = vault_tree_get(t, &key);

	if (value.p == NULL || value.n != sizeof(out->b))
		return false;
	memcpy(out->b, value.p, sizeof(out->b));
	return true;
}

/* The shielding key that a quorum of ACKs agrees on. */
static bool shielding_agreed(struct sr_xpk *out, const struct vault_tree *t,
    const struct epoch_change *change)
{
	struct sr_xpk key, other;

	for (uint32_t i = 0; i < change->n; i++) {
		uint32_t same = 0;

		if (!ack_get(&key, t, i))
			continue;
		for (uint32_t k = 0; k < change->n; k++)
			if (ack_get(&other, t, k) && memcmp(key.b, other.b, 32) == 0)
				same++;
		if (same >= consensus_quorum(change->n)) {
			*out = key;
			return true;
		}
	}
	return false;
}

bool epoch_ready(const struct vault_tree *t, const struct epoch_record *now)
{
	struct epoch_change change;
	struct sr_xpk key;

	if (!epoch_change_get(&change, t) || change.target != now->epoch + 1)
		return false;
	if (epoch_set_count(&change.acked) < change.n || !epoch_set_complete(&change, now))
		return false;
	return shielding_agreed(&key, t, &change);
}

enum sr_error epoch_next(struct epoch_record *next, const struct vault_tree *t,
    const struct epoch_record *now)
{
	struct epoch_change change;
	struct shamir_commitments *group;
	struct epoch_deal *deal;
	struct sr_point key;
	enum sr_error error;

	if (!epoch_ready(t, now) || !epoch_change_get(&change, t))
		return SR_ERR_EPOCH_STEP;
	group = malloc(sizeof(*group));
	deal = malloc(sizeof(*deal));
	error = group != NULL && deal != NULL ? epoch_group(group, t, &change, NULL) :
	    SR_ERR_NO_MEMORY;
	*next = *now;
	next->epoch = change.target;
	if (error == SR_OK && !shielding_agreed(&next->shielding_key, t, &change))
		error = SR_ERR_EPOCH_STEP;
	if (error == SR_OK)
		memcpy(next->vault_key, group->a[0].b, 32);
	for (uint32_t i = 0; error == SR_OK && i < change.n; i++) {
		error = epoch_deal_get(deal, t, &change, i);
		if (error == SR_OK)
			error = shamir_feldman_key(&key, group, (struct shamir_index){ i + 1 });
		if (error == SR_OK) {
			next->members[i].vote_key = deal->vote_key;
			memcpy(next->members[i].verify_key, key.b, 32);
		}
	}
	free(group);
	free(deal);
	return error;
}

enum sr_error epoch_close(struct vault_tree **t, const struct epoch_record *next)
{
	struct vault_tree *changed = vault_tree_ref(*t);
	struct sr_writer w;
	enum sr_error error;

	sr_writer_init(&w, EPOCH_RECORD_MAX);
	epoch_record_write(&w, next);
	error = row_put(&changed, ROW_RECORD, 0, &w);
	if (error == SR_OK)
		error = row_delete(&changed, ROW_CHANGE, 0);
	for (uint32_t i = 0; error == SR_OK && i < SR_MEMBERS_MAX; i++) {
		error = row_delete(&changed, ROW_DEAL, i);
		if (error == SR_OK)
			error = row_delete(&changed, ROW_ACK, i);
	}
	if (error != SR_OK) {
		vault_tree_unref(changed);
		return error;
	}
	vault_tree_unref(*t);
	*t = changed;
	return SR_OK;
}

/* ----------------------------------------------------------------------------------- operations */

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
	sr_write_edpk(w, &deal->vote_key);
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
	deal->vote_key = sr_read_edpk(r);
	deal->contribution = sr_read_hash(r);
	deal->boxes = shamir_proof_read(r);
	shamir_commitments_read(&deal->c, r, threshold);
	for (uint32_t i = 0; i < n && i < SR_MEMBERS_MAX; i++)
		shamir_box_read(&deal->shares[i], r);
	for (uint32_t i = 0; i < n && i < SR_MEMBERS_MAX; i++)
		shamir_box_read(&deal->contributions[i], r);
}

static enum sr_error member_find(uint32_t *member, const struct epoch_record *now,
    const struct vault_account *account)
{
	if (account->kind != VAULT_ACCOUNT_ED25519)
		return SR_ERR_NOT_A_MEMBER;
	for (uint32_t i = 0; i < now->n; i++)
		if (memcmp(now->members[i].vote_key.b, account->b, 32) == 0) {
			*member = i;
			return SR_OK;
		}
	return SR_ERR_NOT_A_MEMBER;
}

enum sr_error epoch_op_check(struct vault_op *op, uint32_t *member, const struct epoch_context *ctx,
    const uint8_t *bytes, size_t n)
{
	struct sr_sig64 sig;

	SR_TRY(vault_op_decode(op, bytes, n));
	if ((unsigned)op->kind < EPOCH_OP_DEAL || (unsigned)op->kind > EPOCH_OP_ACK)
		return SR_ERR_BAD_KIND;
	if (!sr_hash32_equal(&op->chain_id, &ctx->chain_id))
		return SR_ERR_WRONG_CHAIN;
	if (op->epoch != ctx->now->epoch)
		return SR_ERR_WRONG_EPOCH;
	if (op->nonce != 0 || op->expiry_ms != UINT64_MAX || op->signature_n != sizeof(sig.b))
		return SR_ERR_BAD_ENCODING;
	SR_TRY(member_find(member, ctx->now, &op->account));
	memcpy(sig.b, op->signature, sizeof(sig.b));
	return sr_verify(&ctx->now->members[*member].vote_key, &sig, op_domain, op->signed_bytes.p,
	    op->signed_bytes.n);
}

enum sr_error epoch_op_write(struct sr_writer *w, const struct epoch_context *ctx,
    enum epoch_op_kind kind, const struct sr_edsk *vote_key, const uint8_t *body, size_t n)
{
	struct vault_account account = { .kind = VAULT_ACCOUNT_ED25519 };
	size_t start = w->n;
	struct sr_sig64 sig;

	memcpy(account.b, vote_key->b + 32, 32);
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
	sr_sign(&sig, vote_key, op_domain, w->p + start, w->n - start);
	sr_write_sig(w, &sig);
	return w->error;
}

static bool vote_key_used(const struct vault_tree *t, const struct epoch_record *now,
    const struct epoch_change *change, const struct sr_edpk *key)
{
	for (uint32_t i = 0; i < now->n; i++)
		if (memcmp(now->members[i].vote_key.b, key->b, 32) == 0 ||
		    memcmp(now->members[i].id_key.b, key->b, 32) == 0 ||
		    memcmp(now->members[i].operator_key.b, key->b, 32) == 0)
			return true;
	for (uint32_t i = 0; i < change->n; i++) {
		struct vault_key row = row_key(ROW_DEAL, i);
		struct sr_bytes deal = vault_tree_get(t, &row);

		if (deal.p != NULL && deal.n >= 32 && memcmp(deal.p, key->b, 32) == 0)
			return true;
	}
	return false;
}

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

static enum sr_error deal_check(const struct epoch_deal *deal, const struct vault_tree *t,
    const struct epoch_context *ctx, const struct epoch_change *change, uint32_t dealer)
{
	/* DESIGN 5: DKG when there is no key yet. */
	SR_TRY(shamir_commitments_check(&deal->c, change->threshold, SHAMIR_DEAL_FRESH, NULL));
	if (vote_key_used(t, ctx->now, change, &deal->vote_key))
		return SR_ERR_DUPLICATE;
	return boxes_check(deal, ctx, change, dealer);
}

static enum sr_error deal_apply(struct vault_tree **t, const struct epoch_context *ctx,
    struct epoch_change *change, const struct vault_op *op, uint32_t member)
{
	struct epoch_deal *deal;
	struct sr_reader r;
	struct sr_writer w;
	enum sr_error error;

	if (epoch_set_has(&change->dealt, member))
		return SR_ERR_EPOCH_STEP;
	deal = malloc(sizeof(*deal));
	if (deal == NULL)
		return SR_ERR_NO_MEMORY;
	sr_reader_init(&r, op->body.p, op->body.n);
	epoch_deal_read(deal, &r, change->n, change->threshold);
	error = sr_reader_finish(&r);
	if (error == SR_OK)
		error = deal_check(deal, *t, ctx, change, member);
	free(deal);
	if (error != SR_OK)
		return error;
	sr_writer_init(&w, VAULT_VALUE_MAX);
	sr_write_copy(&w, op->body.p, op->body.n);
	SR_TRY(row_put(t, ROW_DEAL, member, &w));
	epoch_set_add(&change->dealt, member);
	return change_put(t, change);
}

/* Everyone recomputes a complaint's proof; a false one is refused. */
static enum sr_error complaint_judge(bool *guilty, const struct vault_tree *t,
    const struct epoch_context *ctx, const struct epoch_change *change, uint32_t member,
    uint32_t dealer, unsigned about, const struct shamir_complaint *complaint)
{
	struct epoch_deal *deal = malloc(sizeof(*deal));
	uint8_t context[EPOCH_CONTEXT_BYTES];
	struct sr_point to;
	enum sr_error error = SR_ERR_NO_MEMORY;

	epoch_context_bytes(context, &ctx->chain_id, change->target, dealer, member,
	    (enum epoch_about)about);
	if (deal != NULL)
		error = epoch_deal_get(deal, t, change, dealer);
	if (error == SR_OK)
		error = sr_point_decode(&to, ctx->now->members[member].box_key);
	if (error == SR_OK && about == EPOCH_ABOUT_SHARE)
		error = shamir_complaint_judge_share(guilty, complaint, &deal->shares[member], &to,
		    context, sizeof(context), &deal->c, (struct shamir_index){ member + 1 });
	else if (error == SR_OK)
		error = shamir_complaint_judge32(guilty, complaint, &deal->contributions[member],
		    &to, context, sizeof(context), &deal->contribution);
	free(deal);
	return error;
}

static enum sr_error complaint_apply(struct vault_tree **t, const struct epoch_context *ctx,
    struct epoch_change *change, const struct vault_op *op, uint32_t member)
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
	if (about > EPOCH_ABOUT_CONTRIBUTION || dealer >= change->n)
		return SR_ERR_OUT_OF_RANGE;
	if (epoch_set_has(&change->excluded, dealer))
		return SR_ERR_EPOCH_STEP;
	SR_TRY(complaint_judge(&guilty, *t, ctx, change, member, dealer, about, &complaint));
	if (!guilty)
		return SR_ERR_BAD_PROOF;
	/* Another set makes another key: what was acknowledged counts for nothing. */
	epoch_set_add(&change->excluded, dealer);
	memset(&change->acked, 0, sizeof(change->acked));
	for (uint32_t i = 0; i < change->n; i++)
		SR_TRY(row_delete(t, ROW_ACK, i));
	return change_put(t, change);
}

static enum sr_error ack_verify(const struct vault_tree *t, const struct epoch_context *ctx,
    const struct epoch_change *change, uint32_t member, const struct epoch_set *set,
    const struct shamir_proof *proof)
{
	struct shamir_commitments *group = malloc(sizeof(*group));
	uint8_t context[56];
	struct sr_point key;
	enum sr_error error = group != NULL ? epoch_group(group, t, change, ctx->memo) :
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
	SR_TRY(row_put(t, ROW_ACK, member, &w));
	epoch_set_add(&change->acked, member);
	return change_put(t, change);
}

enum sr_error epoch_apply(struct vault_tree **t, const struct epoch_context *ctx,
    const struct vault_op *op, uint32_t member)
{
	struct vault_tree *changed;
	struct epoch_change change;
	enum sr_error error = SR_ERR_BAD_KIND;

	if (!epoch_change_get(&change, *t) || change.target != ctx->now->epoch + 1 ||
	    member >= change.n)
		return SR_ERR_EPOCH_STEP;
	changed = vault_tree_ref(*t);
	switch ((unsigned)op->kind) {
	case EPOCH_OP_DEAL:
		error = deal_apply(&changed, ctx, &change, op, member);
		break;
	case EPOCH_OP_COMPLAINT:
		error = complaint_apply(&changed, ctx, &change, op, member);
		break;
	case EPOCH_OP_ACK:
		error = ack_apply(&changed, ctx, &change, op, member);
		break;
	default:
		break;
	}
	if (error != SR_OK) {
		vault_tree_unref(changed);
		return error;
	}
	vault_tree_unref(*t);
	*t = changed;
	return SR_OK;
}
