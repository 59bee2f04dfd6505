/*
 * enclave/hold.c - this member's part in the rounds of dealt secrets (vault/hold.h): it deals what
 * it holds, opens what others deal to it, and says when something is no share. Everything it says
 * is decided on the final state; nothing is kept but a note of what was said, so that it is not
 * said with every block.
 */
#include "enclave/internal.h"
#include "vault/hold.h"

#include <stdlib.h>
#include <string.h>

#define LOOKS_PER_BLOCK 256u
#define WORK_PER_BLOCK 32u               /* of those looks, the ones that compute */
#define AGAIN_BLOCKS 64u                 /* what was not taken after so many blocks is said again */

/* --- the arithmetic for the state machine --- */

static enum sr_error dealing_commitments(struct shamir_commitments *c,
    const struct vault_hold_deal *deal)
{
	return shamir_commitments_decode(c, deal->commitments, deal->threshold);
}

static enum sr_error hook_deal_check(const struct vault_dealt *d, uint32_t dealer,
    const struct vault_hold_deal *deal)
{
	struct shamir_commitments now, c;
	struct sr_point own;

	SR_TRY(shamir_commitments_decode(&now, d->commitments, d->threshold));
	SR_TRY(dealing_commitments(&c, deal));
	SR_TRY(shamir_feldman_key(&own, &now,
	    (struct shamir_index){ d->holders[dealer].seat + 1 }));
	return shamir_commitments_check(&c, d->threshold, SHAMIR_DEAL_RESHARE, &own);
}

static enum sr_error hook_sum(uint8_t (*out)[32], const struct vault_dealt *d,
    const struct vault_hold_deal *dealings, const uint32_t *dealers)
{
	struct shamir_commitments *lists = calloc(d->threshold, sizeof(*lists)), now, sum;
	const struct shamir_commitments *pointers[VAULT_HOLDERS_MAX];
	struct shamir_index indices[VAULT_HOLDERS_MAX];
	enum sr_error error;

	if (lists == NULL)
		return SR_ERR_NO_MEMORY;
	error = shamir_commitments_decode(&now, d->commitments, d->threshold);
	for (uint32_t i = 0; i < d->threshold && error == SR_OK; i++) {
		error = dealing_commitments(&lists[i], &dealings[i]);
		pointers[i] = &lists[i];
		indices[i].v = dealers[i] + 1;
	}
	if (error == SR_OK)
		error = shamir_reshare_sum_commitments(&sum, pointers, indices, d->threshold,
		    d->threshold, &now.a[0]);
	for (uint32_t k = 0; k < d->threshold && error == SR_OK; k++)
		memcpy(out[k], sum.a[k].b, 32);
	free(lists);
	return error;
}

static enum sr_error hook_judge(bool *at_fault,
    const uint8_t complaint[VAULT_HOLD_COMPLAINT_BYTES], const uint8_t box[VAULT_PAIR_BOX_BYTES],
    const uint8_t key[32], const uint8_t context[VAULT_DEALT_CONTEXT],
    const uint8_t (*commitments)[32], uint32_t threshold, uint32_t seat)
{
	struct shamir_complaint said;
	struct shamir_commitments c;
	struct shamir_pair_box b;
	struct sr_point to;
	struct sr_reader r;

	*at_fault = false;
	sr_reader_init(&r, complaint, VAULT_HOLD_COMPLAINT_BYTES);
	shamir_complaint_read(&said, &r);
	SR_TRY(sr_reader_finish(&r));
	SR_TRY(shamir_commitments_decode(&c, commitments, threshold));
	SR_TRY(sr_point_decode(&to, key));
	memcpy(b.b, box, sizeof(b.b));
	return shamir_complaint_judge_pair(at_fault, &said, &b, &to, context,
	    VAULT_DEALT_CONTEXT, &c, (struct shamir_index){ seat + 1 });
}

const struct vault_hold_hooks hold_hooks = { hook_deal_check, hook_sum, hook_judge };

/* --- operations of members --- */

static void batch_context(uint8_t out[VAULT_DEALT_CONTEXT], const struct sr_hash32 *chain_id,
    uint64_t epoch, uint32_t seat)
{
	vault_dealt_context(out, chain_id, epoch, seat, VAULT_EVERYBODY);
}

/* All boxes of a batch have one R, whose r the dealer knows; entries can be read. */
static enum sr_error deal_body_check(struct sr_bytes body, const struct sr_hash32 *chain_id,
    uint64_t epoch, uint32_t seat)
{
	struct vault_hold_deal *deal = malloc(sizeof(*deal));
	uint8_t context[VAULT_DEALT_CONTEXT];
	struct shamir_pair_box first = { { 0 } };
	struct shamir_proof proof;
	struct sr_reader r;
	uint32_t count;
	bool one = true;

	if (deal == NULL)
		return SR_ERR_NO_MEMORY;
	sr_reader_init(&r, body.p, body.n);
	proof = shamir_proof_read(&r);
	count = vault_hold_count_read(&r);
	for (uint32_t i = 0; i < count && r.error == SR_OK; i++) {
		vault_hold_deal_read(deal, &r);
		if (i == 0)
			memcpy(first.b, deal->boxes[0], sizeof(first.b));
		for (uint32_t k = 0; k < deal->next_n; k++)
			one = one && memcmp(deal->boxes[k], first.b, 32) == 0;
	}
	free(deal);
	SR_TRY(sr_reader_finish(&r));
	if (!one)
		return SR_ERR_BAD_PROOF;
	batch_context(context, chain_id, epoch, seat);
	return shamir_pair_boxes_verify(&proof, &first, 1, context, sizeof(context));
}

static const char op_domain[] = "strongroom hold op v1";

static enum sr_error signer_find(uint32_t *member, const struct epoch_record *now,
    const struct vault_account *account)
{
	for (uint32_t i = 0; i < now->n && account->kind == VAULT_ACCOUNT_ED25519; i++)
		if (memcmp(now->members[i].vote_key.b, account->b, 32) == 0) {
			*member = i;
			return SR_OK;
		}
	return SR_ERR_NOT_A_MEMBER;
}

enum sr_error hold_op_check(struct vault_op *op, uint32_t *member,
    const struct sr_hash32 *chain_id, const struct epoch_record *now, const uint8_t *bytes,
    size_t n)
{
	struct sr_sig64 sig;

	SR_TRY(vault_op_decode(op, bytes, n));
	if (!vault_hold_is((unsigned)op->kind))
		return SR_ERR_BAD_KIND;
	if (!sr_hash32_equal(&op->chain_id, chain_id))
		return SR_ERR_WRONG_CHAIN;
	if (op->epoch != now->epoch)
		return SR_ERR_WRONG_EPOCH;
	if (op->nonce != 0 || op->expiry_ms != UINT64_MAX || op->signature_n != sizeof(sig.b))
		return SR_ERR_BAD_ENCODING;
	if (op->body.n > VAULT_HOLD_BATCH_BYTES)
		return SR_ERR_TOO_LONG;
	SR_TRY(signer_find(member, now, &op->account));
	memcpy(sig.b, op->signature, sizeof(sig.b));
	SR_TRY(sr_verify(&now->members[*member].vote_key, &sig, op_domain, op->signed_bytes.p,
	    op->signed_bytes.n));
	/* Entries of the other kinds are read, and refused, as they are applied. */
	return (unsigned)op->kind == VAULT_HOLD_DEAL ? deal_body_check(op->body, chain_id,
	    now->epoch, now->members[*member].seat) : SR_OK;
}

enum sr_error hold_op_write(struct sr_writer *w, const struct sr_hash32 *chain_id, uint64_t epoch,
    unsigned kind, const struct sr_edsk *vote_key, struct sr_bytes body)
{
	struct vault_account account = { .kind = VAULT_ACCOUNT_ED25519 };
	size_t start = w->n;
	struct sr_sig64 sig;

	memcpy(account.b, vote_key->b + 32, 32);
	vault_op_write_signed_raw(w, chain_id, epoch, &account, 0, UINT64_MAX, kind, body);
	if (w->error != SR_OK)
		return w->error;
	sr_sign(&sig, vote_key, op_domain, w->p + start, w->n - start);
	sr_write_sig(w, &sig);
	return w->error;
}

/* --- what there is to do --- */

struct batch { struct sr_writer w; uint32_t n; struct sr_scalar r; /* secret */ };

struct holding {
	struct enclave_core *core;
	uint64_t epoch;
	uint32_t seat;
	struct sr_point key;
	struct vault_hold_view view;
	struct vault_hold_deal deal;     /* read, or being made */
	struct batch deals, acks;
	uint32_t work;
	bool complained, full;           /* full: something is left for the next block */
};

/* --- what was said already --- */

enum said { SAID_DEAL = 1, SAID_ACK, SAID_COMPLAINT, SAID_LOOKED };

/* detail: the dealer, or the set: another one is another thing to say. */
static struct vault_key said_key(const struct holding *h, enum said what,
    const uint8_t *detail, size_t n)
{
	const struct vault_hold_ref *ref = &h->view.ref;
	const uint8_t kind = (uint8_t)what;
	uint8_t numbers[16];
	struct sr_bytes parts[4] = { { ref->id.b, sizeof(ref->id.b) },
		{ numbers, sizeof(numbers) }, { &kind, 1 }, { detail, n } };
	struct sr_hash32 hash;
	struct vault_key key;

	for (unsigned i = 0; i < 8; i++) {
		numbers[i] = (uint8_t)(ref->version >> (8 * i));
		numbers[8 + i] = (uint8_t)(ref->generation >> (8 * i));
	}
	hash = sr_hash_domain("strongroom hold said v1", parts, 4);
	memcpy(key.b, hash.b, sizeof(key.b));
	return key;
}

/* true: not lately; it counts as said from now on. Without memory it is only said too often. */
static bool say_now(struct holding *h, enum said what, const uint8_t *detail, size_t n)
{
	struct core_hold *hold = &h->core->hold;
	struct vault_key key = said_key(h, what, detail, n);
	struct sr_bytes before = vault_tree_get(hold->said, &key);
	uint64_t height = h->core->final->header.height, at;

	if (before.n == sizeof(at)) {
		memcpy(&at, before.p, sizeof(at));
		if (what == SAID_LOOKED || height < at + AGAIN_BLOCKS)
			return false;
	}
	if (vault_tree_put(&hold->said, &key, (const uint8_t *)&height, sizeof(height)) != SR_OK)
		return true;
	return true;
}

static bool still_member(const struct holding *h, const struct vault_holder *who)
{
	const struct epoch_record *record = &h->core->now->record;
	uint32_t at = epoch_record_seat(record, who->seat);

	return at != EPOCH_NOBODY && memcmp(record->members[at].box_key, who->key, 32) == 0;
}

/* My place among the holders; VAULT_HOLDERS_MAX: none. */
static uint32_t me(const struct holding *h)
{
	uint32_t at = vault_dealt_holder(&h->view.dealt, h->seat);

	return at < h->view.dealt.holders_n &&
	    memcmp(h->view.dealt.holders[at].key, h->key.b, 32) == 0 ? at : VAULT_HOLDERS_MAX;
}

/* --- dealing --- */

static enum sr_error box_make(struct holding *h, uint8_t *out,
    const struct shamir_pair_poly *poly, const struct vault_holder *to)
{
	uint8_t context[VAULT_DEALT_CONTEXT];
	SHAMIR_PAIR_AUTO pair;
	struct shamir_pair_box box;
	struct sr_point key;

	SR_TRY(sr_point_decode(&key, to->key));
	SR_TRY(shamir_pedersen_eval(&pair, poly, (struct shamir_index){ to->seat + 1 }));
	vault_dealt_context(context, &h->view.label, h->view.ref.generation + 1, h->seat, to->seat);
	SR_TRY(shamir_pair_seal_with(&box, &h->deals.r, &key, &pair, context, sizeof(context)));
	memcpy(out, box.b, sizeof(box.b));
	return SR_OK;
}

static enum sr_error deal_make(struct holding *h)
{
	const struct vault_dealt *d = &h->view.dealt;
	struct shamir_pair_poly poly;
	struct shamir_commitments c;
	SHAMIR_PAIR_AUTO own;
	enum sr_error error;

	memset(&h->deal, 0, sizeof(h->deal));
	h->deal.ref = h->view.ref;
	h->deal.threshold = d->threshold;
	SR_TRY(dealt_pair(&own, h->core, d, &h->view.label));
	SR_TRY(shamir_pedersen_deal_reshare(&poly, &c, d->threshold, &own, &h->core->drbg));
	for (uint32_t k = 0; k < d->threshold; k++)
		memcpy(h->deal.commitments[k], c.a[k].b, 32);
	error = SR_OK;
	for (uint32_t i = 0; i < d->holders_n && error == SR_OK; i++)
		if (still_member(h, &d->holders[i]))
			error = box_make(h, h->deal.boxes[h->deal.next_n++], &poly,
			    &d->holders[i]);
	shamir_pedersen_clear(&poly);
	return error;
}

static bool batch_has_room(const struct batch *b, size_t n)
{
	return b->n < VAULT_HOLD_ENTRIES_MAX &&
	    b->w.n + n + 64 + 4 <= VAULT_HOLD_BATCH_BYTES;
}

#define DEAL_ENTRY_BYTES(t, n) (32u + 8u + (t) * 32u + (n) * VAULT_PAIR_BOX_BYTES)
#define ACK_ENTRY_BYTES (32u + 16u + VAULT_PAIR_BOX_BYTES)

static bool dealt_already(const struct holding *h)
{
	const struct vault_hold *hold = &h->view.hold;

	if (hold->round != h->epoch)
		return false;
	for (uint32_t i = 0; i < hold->dealers_n; i++)
		if (hold->dealers[i].seat == h->seat)
			return true;
	return false;
}

/* --- what was dealt to me --- */

static void submit(struct holding *h, unsigned kind, struct sr_writer *body)
{
	struct vault_receipt receipt;
	struct vault_op op;
	struct sr_writer w;

	sr_writer_init(&w, SR_OP_MAX);
	if (sr_writer_finish(body) == SR_OK &&
	    hold_op_write(&w, &h->core->genesis->chain_id, h->epoch, kind,
	    h->core->now->vote, (struct sr_bytes){ body->p, body->n }) == SR_OK &&
	    vault_op_decode(&op, w.p, w.n) == SR_OK &&
	    peers_admit(h->core, &receipt, &op, w.p, w.n) == SR_OK)
		peers_send_operation(h->core, w.p, w.n);
	sr_writer_clear(&w);
}

/* At most one a block: it opens every box to me that has this R. */
static void complain(struct holding *h, uint32_t dealer, uint64_t generation,
    const uint8_t *bytes)
{
	struct vault_hold_complaint c = { .ref = h->view.ref, .dealer = dealer };
	uint8_t context[VAULT_DEALT_CONTEXT];
	struct shamir_complaint said;
	struct shamir_pair_box box;
	struct sr_writer w;

	if (h->complained || !say_now(h, SAID_COMPLAINT, (const uint8_t *)&dealer, sizeof(dealer)))
		return;
	memcpy(box.b, bytes, sizeof(box.b));
	vault_dealt_context(context, &h->view.label, generation, dealer, h->seat);
	if (shamir_pair_complain(&said, &box, &h->core->keys->box, context, sizeof(context),
	    &h->core->drbg) != SR_OK)
		return;
	h->complained = true;
	sr_writer_init(&w, VAULT_HOLD_COMPLAINT_BYTES);
	shamir_complaint_write(&w, &said);
	if (sr_writer_finish(&w) == SR_OK)
		memcpy(c.complaint, w.p, sizeof(c.complaint));
	sr_writer_clear(&w);
	sr_writer_init(&w, 512);
	vault_hold_complaint_write(&w, &c);
	submit(h, VAULT_HOLD_COMPLAINT, &w);
	sr_writer_clear(&w);
	fx_note_number(h->core, NOTE_WARN, "what was dealt to this member is no share; dealer",
	    dealer);
}

/* What this dealer of the round dealt to me; DEALING_BAD after I have complained. */
static enum sr_error part_open(struct shamir_pair *pair, struct holding *h, uint32_t dealer,
    uint32_t mine)
{
	const uint64_t generation = h->view.ref.generation + 1;
	uint8_t context[VAULT_DEALT_CONTEXT];
	struct shamir_commitments c;
	struct shamir_pair_box box;
	enum sr_error error;

	SR_TRY(vault_hold_dealing(&h->deal, h->core->final->tree, &h->view.ref, dealer));
	SR_TRY(dealing_commitments(&c, &h->deal));
	memcpy(box.b, h->deal.boxes[mine], sizeof(box.b));
	vault_dealt_context(context, &h->view.label, generation, dealer, h->seat);
	error = shamir_pair_open(pair, &box, &h->core->keys->box, context, sizeof(context));
	if (error == SR_OK)
		error = shamir_pedersen_verify(&c, (struct shamir_index){ h->seat + 1 }, pair);
	if (error == SR_OK || error == SR_ERR_NO_MEMORY)
		return error;
	complain(h, dealer, generation, h->deal.boxes[mine]);
	return SR_ERR_DEALING_BAD;
}

/* My pair of the next generation. */
static enum sr_error parts_sum(struct shamir_pair *out, struct holding *h, uint32_t mine)
{
	const struct vault_hold *hold = &h->view.hold;
	const uint32_t t = h->view.dealt.threshold;
	struct shamir_pair *parts = sr_secret_alloc(t * sizeof(*parts));
	struct shamir_index dealers[VAULT_HOLDERS_MAX];
	enum sr_error error = parts != NULL ? SR_OK : SR_ERR_NO_LOCKED_MEMORY;
	uint32_t n = 0;

	for (uint32_t i = 0; i < hold->dealers_n && n < t && error == SR_OK; i++) {
		if (hold->dealers[i].excluded)
			continue;
		error = part_open(&parts[n], h, hold->dealers[i].seat, mine);
		dealers[n++].v = hold->dealers[i].seat + 1;
	}
	if (error == SR_OK)
		error = shamir_pedersen_reshare_sum(out, parts, dealers, n, t);
	sr_secret_free(parts);
	return error;
}

static enum sr_error ack_make(struct vault_hold_ack *a, struct holding *h, uint32_t mine)
{
	uint8_t context[VAULT_DEALT_CONTEXT];
	struct shamir_pair_box box;
	SHAMIR_PAIR_AUTO pair;

	memset(a, 0, sizeof(*a));
	a->ref = h->view.ref;
	if (!vault_hold_set(a->dealers, &h->view.hold, h->view.dealt.threshold))
		return SR_ERR_EPOCH_STEP;
	SR_TRY(parts_sum(&pair, h, mine));
	vault_dealt_context(context, &h->view.label, h->view.ref.generation + 1, h->seat, h->seat);
	SR_TRY(shamir_pair_seal(&box, &h->key, &pair, context, sizeof(context), &h->core->drbg));
	memcpy(a->box, box.b, sizeof(a->box));
	return SR_OK;
}

/* --- one version --- */

/* The owner's box, when the record is new: that I can't open it is for him to know at once. */
static void first_look(struct holding *h, uint32_t at)
{
	SHAMIR_PAIR_AUTO pair;

	if (h->view.dealt.generation != 0 || h->view.dealt.holders[at].bad ||
	    !say_now(h, SAID_LOOKED, NULL, 0))
		return;
	h->work++;
	if (dealt_pair(&pair, h->core, &h->view.dealt, &h->view.label) == SR_ERR_DEALING_BAD)
		complain(h, VAULT_DEALER_OWNER, 0, h->view.dealt.holders[at].box);
}

static void look_deal(struct holding *h, uint32_t at)
{
	const struct vault_dealt *d = &h->view.dealt;

	if (d->holders[at].bad || dealt_already(h))
		return;
	if (!batch_has_room(&h->deals, DEAL_ENTRY_BYTES(d->threshold, d->holders_n))) {
		h->full = true;
		return;
	}
	if (!say_now(h, SAID_DEAL, NULL, 0))
		return;
	h->work++;
	if (deal_make(h) == SR_OK) {
		vault_hold_deal_write(&h->deals.w, &h->deal);
		h->deals.n++;
	}
}

static uint32_t next_place(const struct vault_hold *hold, uint32_t seat)
{
	for (uint32_t i = 0; i < hold->next_n; i++)
		if (hold->next[i].seat == seat)
			return i;
	return VAULT_HOLDERS_MAX;
}

static void look_ack(struct holding *h)
{
	const struct vault_hold *hold = &h->view.hold;
	const uint32_t mine = next_place(hold, h->seat);
	struct vault_hold_ack ack;
	uint8_t set[16];

	if (hold->round != h->epoch || mine == VAULT_HOLDERS_MAX ||
	    hold->next[mine].acked || !vault_hold_set(set, hold, h->view.dealt.threshold))
		return;
	if (!batch_has_room(&h->acks, ACK_ENTRY_BYTES)) {
		h->full = true;
		return;
	}
	if (!say_now(h, SAID_ACK, set, sizeof(set)))
		return;
	h->work++;
	if (ack_make(&ack, h, mine) == SR_OK) {
		vault_hold_ack_write(&h->acks.w, &ack);
		h->acks.n++;
	}
}

/* What there is to do for the version in view. */
static void look(struct holding *h)
{
	const uint32_t at = me(h);

	/* What no policy opens any more is left alone: its owner would deal it anew. */
	if (at == VAULT_HOLDERS_MAX || !h->view.live)
		return;
	if (h->work >= WORK_PER_BLOCK) {
		h->full = true;
		return;
	}
	if (h->view.hold.epoch >= h->epoch) {
		first_look(h, at);
		return;
	}
	look_deal(h, at);
	look_ack(h);
}

/* --- batches --- */

static enum sr_error proof_write(struct holding *h, struct sr_writer *body)
{
	uint8_t context[VAULT_DEALT_CONTEXT];
	struct shamir_proof proof;

	batch_context(context, &h->core->genesis->chain_id, h->epoch, h->seat);
	SR_TRY(shamir_boxes_prove(&proof, &h->deals.r, context, sizeof(context),
	    &h->core->drbg));
	shamir_proof_write(body, &proof);
	return SR_OK;
}

static void batch_send(struct holding *h, struct batch *b, unsigned kind)
{
	struct sr_writer body;
	enum sr_error error = sr_writer_finish(&b->w);

	if (b->n == 0)
		return;
	sr_writer_init(&body, VAULT_HOLD_BATCH_BYTES);
	if (error == SR_OK && kind == VAULT_HOLD_DEAL)
		error = proof_write(h, &body);
	sr_write_u32(&body, b->n);
	sr_write_copy(&body, b->w.p, b->w.n);
	if (error == SR_OK)
		submit(h, kind, &body);
	sr_writer_clear(&body);
}

/* --- when --- */

/* What changed since the last look. */
static void changed_visit(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct holding *h = ctx;

	if (value.p != NULL && vault_hold_at(&h->view, key, h->core->final->tree,
	    &h->core->genesis->chain_id) == SR_OK)
		look(h);
}

/* Once in an epoch all dealt versions, so many a block. */
static void turn(struct holding *h)
{
	struct core_hold *hold = &h->core->hold;
	enum sr_error error = SR_OK;

	for (uint32_t i = 0; i < LOOKS_PER_BLOCK && !h->full; i++) {
		struct vault_key at = hold->at;

		error = vault_hold_next(&h->view, &at, h->core->final->tree,
		    &h->core->genesis->chain_id);
		if (error != SR_OK)
			break;
		look(h);
		if (!h->full)
			hold->at = at;
	}
	hold->turning = error == SR_OK;
}

void hold_forget(struct enclave_core *self)
{
	vault_tree_unref(self->hold.said);
	vault_tree_unref(self->hold.seen);
	memset(&self->hold, 0, sizeof(self->hold));
}

static void hold_look(struct holding *h)
{
	struct enclave_core *self = h->core;
	struct core_hold *hold = &self->hold;
	struct vault_tree *tree = self->final->tree;

	vault_tree_diff(vault_tree_kind(hold->seen, VAULT_REC_DEALT),
	    vault_tree_kind(tree, VAULT_REC_DEALT), changed_visit, h);
	if (h->full) {
		hold->turning = true;
		memset(&hold->at, 0, sizeof(hold->at));
	} else if (hold->turning) {
		turn(h);
	}
	vault_tree_unref(hold->seen);
	hold->seen = vault_tree_ref(tree);
	batch_send(h, &h->deals, VAULT_HOLD_DEAL);
	batch_send(h, &h->acks, VAULT_HOLD_ACK);
}

static void hold_begin(struct enclave_core *self)
{
	hold_forget(self);
	self->hold.epoch = self->now->record.epoch;
	self->hold.turning = true;
	self->hold.seen = vault_tree_ref(self->final->tree);
}

/* My seat in this epoch; false: I only follow it. */
static bool seat_find(struct holding *h)
{
	const struct epoch_record *record = &h->core->now->record;

	sr_point_base_mul(&h->key, &h->core->keys->box);
	for (uint32_t i = 0; i < record->n; i++)
		if (memcmp(record->members[i].box_key, h->key.b, sizeof(h->key.b)) == 0) {
			h->seat = record->members[i].seat;
			return true;
		}
	return false;
}

/* What I said and nobody has put into a block yet: more would find no room in the pools, and leave
 * none to what an epoch change asks of me. */
static bool said_enough(const struct enclave_core *self)
{
	struct vault_account me = { .kind = VAULT_ACCOUNT_ED25519 };

	memcpy(me.b, self->now->vote->b + 32, 32);
	return pool_count_member(self->pool, &me) >= CORE_POOL_MEMBER_MAX / 2;
}

/* Looks at the newest final state and does what this member owes the dealt secrets. What fails for
 * want of memory is tried again. */
void hold_run(struct enclave_core *self)
{
	struct holding *h;

	if (self->now == NULL || self->now->record.epoch == 0 || self->closing.open ||
	    self->disk_full || self->final == NULL ||
	    vault_tree_kind(self->final->tree, VAULT_REC_DEALT) == NULL)
		return;
	if (self->hold.epoch != self->now->record.epoch)
		hold_begin(self);
	if (!self->hold.turning && vault_tree_kind(self->hold.seen, VAULT_REC_DEALT) ==
	    vault_tree_kind(self->final->tree, VAULT_REC_DEALT))
		return;
	if (said_enough(self))
		return;
	h = sr_secret_alloc(sizeof(*h));
	if (h == NULL)
		return;
	h->core = self;
	h->epoch = self->now->record.epoch;
	sr_writer_init(&h->deals.w, VAULT_HOLD_BATCH_BYTES);
	sr_writer_init(&h->acks.w, VAULT_HOLD_BATCH_BYTES);
	if (seat_find(h) && sr_scalar_random(&h->deals.r, &self->drbg) == SR_OK)
		hold_look(h);
	sr_writer_clear(&h->deals.w);
	sr_writer_clear(&h->acks.w);
	sr_secret_free(h);
}
