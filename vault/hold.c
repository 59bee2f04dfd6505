#include "vault/hold.h"

#include <stdlib.h>
#include <string.h>

#include "vault/internal.h"

#define HOLD_VERSION 1u

enum part { PART_HOLD = 0, PART_DEALING = 1, PART_ACK = 2 };

/* D | id 16 | version u64 | part u8 | seat u8: a version's rows are one run. */
static struct vault_key hold_key(const struct vault_secret_id *id, uint64_t version,
    enum part part, uint32_t seat)
{
	struct vault_key key = { { VAULT_REC_DEALT } };

	memcpy(key.b + 1, id->b, sizeof id->b);
	vault_put_be64(key.b + 17, version);
	key.b[25] = (uint8_t)part;
	key.b[26] = (uint8_t)seat;
	return key;
}

bool vault_hold_is(unsigned kind)
{
	return kind == VAULT_HOLD_DEAL || kind == VAULT_HOLD_COMPLAINT || kind == VAULT_HOLD_ACK;
}

/* --- encodings --- */

static void ref_write(struct sr_writer *w, const struct vault_hold_ref *ref)
{
	sr_write_copy(w, ref->id.b, sizeof ref->id.b);
	sr_write_u64(w, ref->version);
	sr_write_u64(w, ref->generation);
}

static void ref_read(struct vault_hold_ref *ref, struct sr_reader *r)
{
	sr_read_copy(r, ref->id.b, sizeof ref->id.b);
	ref->version = sr_read_u64(r);
	ref->generation = sr_read_u64(r);
}

static uint32_t limited_read(struct sr_reader *r, uint32_t least, uint32_t most)
{
	uint32_t v = sr_read_u32(r);

	if (r->error == SR_OK && (v < least || v > most))
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
	return r->error == SR_OK ? v : 0;
}

uint32_t vault_hold_count_read(struct sr_reader *r)
{
	return limited_read(r, 1, VAULT_HOLD_ENTRIES_MAX);
}

void vault_hold_deal_write(struct sr_writer *w, const struct vault_hold_deal *d)
{
	ref_write(w, &d->ref);
	sr_write_u32(w, d->threshold);
	sr_write_u32(w, d->next_n);
	for (uint32_t k = 0; k < d->threshold; k++)
		sr_write_copy(w, d->commitments[k], sizeof d->commitments[k]);
	for (uint32_t i = 0; i < d->next_n; i++)
		sr_write_copy(w, d->boxes[i], sizeof d->boxes[i]);
}

void vault_hold_deal_read(struct vault_hold_deal *d, struct sr_reader *r)
{
	memset(d, 0, sizeof *d);
	ref_read(&d->ref, r);
	d->threshold = limited_read(r, VAULT_HOLDERS_MIN_T, VAULT_HOLDERS_MAX);
	d->next_n = limited_read(r, 1, VAULT_HOLDERS_MAX);
	for (uint32_t k = 0; k < d->threshold; k++)
		sr_read_copy(r, d->commitments[k], sizeof d->commitments[k]);
	for (uint32_t i = 0; i < d->next_n; i++)
		sr_read_copy(r, d->boxes[i], sizeof d->boxes[i]);
}

void vault_hold_ack_write(struct sr_writer *w, const struct vault_hold_ack *a)
{
	ref_write(w, &a->ref);
	sr_write_copy(w, a->dealers, sizeof a->dealers);
	sr_write_copy(w, a->box, sizeof a->box);
}

void vault_hold_ack_read(struct vault_hold_ack *a, struct sr_reader *r)
{
	memset(a, 0, sizeof *a);
	ref_read(&a->ref, r);
	sr_read_copy(r, a->dealers, sizeof a->dealers);
	sr_read_copy(r, a->box, sizeof a->box);
}

void vault_hold_complaint_write(struct sr_writer *w, const struct vault_hold_complaint *c)
{
	ref_write(w, &c->ref);
	sr_write_u32(w, c->dealer);
	sr_write_copy(w, c->complaint, sizeof c->complaint);
}

void vault_hold_complaint_read(struct vault_hold_complaint *c, struct sr_reader *r)
{
	memset(c, 0, sizeof *c);
	ref_read(&c->ref, r);
	c->dealer = sr_read_u32(r);
	sr_read_copy(r, c->complaint, sizeof c->complaint);
}

static void hold_write(struct sr_writer *w, const struct vault_hold *h)
{
	sr_write_u8(w, HOLD_VERSION);
	sr_write_u64(w, h->epoch);
	sr_write_u64(w, h->round);
	sr_write_u32(w, h->next_n);
	sr_write_u32(w, h->dealers_n);
	for (uint32_t i = 0; i < h->next_n; i++) {
		sr_write_u32(w, h->next[i].seat);
		sr_write_bool(w, h->next[i].acked);
	}
	for (uint32_t i = 0; i < h->dealers_n; i++) {
		sr_write_u32(w, h->dealers[i].seat);
		sr_write_bool(w, h->dealers[i].excluded);
	}
}

static enum sr_error hold_read(struct vault_hold *h, struct sr_bytes value)
{
	struct sr_reader r;

	memset(h, 0, sizeof *h);
	sr_reader_init(&r, value.p, value.n);
	if (sr_read_u8(&r) != HOLD_VERSION)
		return SR_ERR_DAMAGED;
	h->epoch = sr_read_u64(&r);
	h->round = sr_read_u64(&r);
	h->next_n = limited_read(&r, 0, VAULT_HOLDERS_MAX);
	h->dealers_n = limited_read(&r, 0, VAULT_HOLDERS_MAX);
	for (uint32_t i = 0; i < h->next_n; i++) {
		h->next[i].seat = sr_read_u32(&r);
		h->next[i].acked = sr_read_bool(&r);
	}
	for (uint32_t i = 0; i < h->dealers_n; i++) {
		h->dealers[i].seat = sr_read_u32(&r);
		h->dealers[i].excluded = sr_read_bool(&r);
	}
	return sr_reader_finish(&r) == SR_OK ? SR_OK : SR_ERR_DAMAGED;
}

bool vault_hold_set(uint8_t set[16], const struct vault_hold *hold, uint32_t threshold)
{
	uint32_t n = 0;

	memset(set, 0, 16);
	for (uint32_t i = 0; i < hold->dealers_n && n < threshold; i++) {
		if (hold->dealers[i].excluded)
			continue;
		set[hold->dealers[i].seat / 8] |= (uint8_t)(1u << hold->dealers[i].seat % 8);
		n++;
	}
	return n == threshold;
}

/* --- rows --- */

static enum sr_error row_store(struct vault_tx *tx, const struct vault_key *key)
{
	if (tx->w.error != SR_OK)
		return tx->w.error == SR_ERR_NO_MEMORY ? SR_ERR_NO_MEMORY : SR_ERR_INTERNAL;
	return vault_tx_put(tx, key, tx->w.p, tx->w.n);
}

static enum sr_error hold_store(struct vault_tx *tx, const struct vault_hold_ref *ref,
    const struct vault_hold *h)
{
	struct vault_key key = hold_key(&ref->id, ref->version, PART_HOLD, 0);

	sr_writer_reset(&tx->w);
	hold_write(&tx->w, h);
	return row_store(tx, &key);
}

enum sr_error vault_hold_begin(struct vault_tx *tx, const struct vault_secret_id *id,
    uint64_t version)
{
	struct vault_hold_ref ref = { *id, version, 0 };
	struct vault_hold h = { .epoch = tx->block->epoch };

	return hold_store(tx, &ref, &h);
}

static enum sr_error round_clear(struct vault_tx *tx, const struct vault_secret_id *id,
    uint64_t version, const struct vault_hold *h)
{
	struct vault_key key;

	for (uint32_t i = 0; i < h->dealers_n; i++) {
		key = hold_key(id, version, PART_DEALING, h->dealers[i].seat);
		SR_TRY(vault_tx_delete(tx, &key));
	}
	for (uint32_t i = 0; i < h->next_n; i++) {
		key = hold_key(id, version, PART_ACK, h->next[i].seat);
		SR_TRY(vault_tx_delete(tx, &key));
	}
	return SR_OK;
}

enum sr_error vault_hold_end(struct vault_tx *tx, const struct vault_secret_id *id,
    uint64_t version)
{
	struct vault_key key = hold_key(id, version, PART_HOLD, 0);
	struct sr_bytes value = vault_tree_get(tx->t, &key);
	struct vault_hold h;

	if (value.p == NULL)
		return SR_OK;                   /* under the vault key */
	SR_TRY(hold_read(&h, value));
	SR_TRY(round_clear(tx, id, version, &h));
	return vault_tx_delete(tx, &key);
}

/* --- one version at work --- */

struct work {
	struct vault_tx *tx;
	const struct vault_hold_hooks *hooks;
	uint32_t seat;                   /* who signs */
	struct vault_hold_ref ref;
	struct vault_version version;
	struct vault_dealt dealt;
	struct vault_hold hold;
};

/* EPOCH_STEP: not, or not any more, what the entry is about. */
static enum sr_error work_load(struct work *k, const struct vault_hold_ref *ref)
{
	struct vault_key key = hold_key(&ref->id, ref->version, PART_HOLD, 0);
	struct sr_bytes value = vault_tree_get(k->tx->t, &key);

	k->ref = *ref;
	if (value.p == NULL)
		return SR_ERR_EPOCH_STEP;
	SR_TRY(hold_read(&k->hold, value));
	if (vault_version_load(k->tx->t, &k->version, &ref->id, ref->version) != SR_OK ||
	    vault_dealt_decode(&k->dealt, k->version.key.dealt) != SR_OK)
		return SR_ERR_DAMAGED;
	return k->dealt.generation == ref->generation ? SR_OK : SR_ERR_EPOCH_STEP;
}

static bool is_member_still(const struct work *k, const struct vault_holder *h)
{
	const struct vault_roster *roster = k->tx->block->roster;

	for (uint32_t i = 0; roster != NULL && i < roster->n; i++)
		if (roster->members[i].seat == h->seat)
			return memcmp(roster->members[i].box_key, h->key, sizeof h->key) == 0;
	return false;
}

/* The signer's place among the holders, or VAULT_HOLDERS_MAX: a seat may have been given again. */
static uint32_t signer(const struct work *k)
{
	uint32_t at = vault_dealt_holder(&k->dealt, k->seat);

	return at < k->dealt.holders_n && is_member_still(k, &k->dealt.holders[at]) ? at :
	    VAULT_HOLDERS_MAX;
}

static enum sr_error tell(const struct work *k, enum vault_event_kind kind, uint64_t detail)
{
	struct vault_event e = vault_event_of_secret(kind, &k->ref.id);

	e.detail = detail;
	return vault_audit(k->tx, &e);
}

/* The version with k->dealt instead of what it had. */
static enum sr_error dealt_store(struct work *k)
{
	struct sr_writer bytes;
	enum sr_error error;

	sr_writer_init(&bytes, VAULT_DEALT_BYTES_MAX);
	vault_dealt_write(&bytes, &k->dealt);
	error = sr_writer_finish(&bytes);
	if (error == SR_OK) {
		k->version.key.dealt = (struct sr_bytes){ bytes.p, bytes.n };
		error = vault_version_store(k->tx, &k->version);
	}
	sr_writer_clear(&bytes);
	return error == SR_OK || error == SR_ERR_NO_MEMORY ? error : SR_ERR_INTERNAL;
}

static uint32_t next_find(const struct vault_hold *h, uint32_t seat)
{
	for (uint32_t i = 0; i < h->next_n; i++)
		if (h->next[i].seat == seat)
			return i;
	return VAULT_HOLDERS_MAX;
}

/* --- DEAL --- */

/* The round of this epoch as it begins: who holds now and is a member still holds next. */
static struct vault_hold round_new(const struct work *k)
{
	struct vault_hold next = { .epoch = k->hold.epoch, .round = k->tx->block->epoch };

	for (uint32_t i = 0; i < k->dealt.holders_n; i++)
		if (is_member_still(k, &k->dealt.holders[i]))
			next.next[next.next_n++].seat = k->dealt.holders[i].seat;
	return next;
}

/* The owner is told once who left, and that there is nobody to spare any more. */
static enum sr_error left_tell(const struct work *k, const struct vault_hold *next)
{
	bool told = false;

	for (uint32_t i = 0; i < k->dealt.holders_n; i++) {
		const uint32_t seat = k->dealt.holders[i].seat;

		if (next_find(next, seat) != VAULT_HOLDERS_MAX ||
		    (k->hold.round != 0 && next_find(&k->hold, seat) == VAULT_HOLDERS_MAX))
			continue;
		told = true;
		SR_TRY(tell(k, VAULT_EVENT_HOLDER_LEFT, seat));
	}
	return told && next->next_n <= k->dealt.threshold ?
	    tell(k, VAULT_EVENT_HOLDERS_FEW, next->next_n) : SR_OK;
}

static enum sr_error round_begin(struct work *k, const struct vault_hold *next)
{
	SR_TRY(left_tell(k, next));
	SR_TRY(round_clear(k->tx, &k->ref.id, k->ref.version, &k->hold));
	k->hold = *next;
	return SR_OK;
}

static bool has_dealt(const struct vault_hold *h, uint32_t seat)
{
	for (uint32_t i = 0; i < h->dealers_n; i++)
		if (h->dealers[i].seat == seat)
			return true;
	return false;
}

static enum sr_error dealing_add(struct work *k, const struct vault_hold_deal *d)
{
	struct vault_key key = hold_key(&k->ref.id, k->ref.version, PART_DEALING, k->seat);

	sr_writer_reset(&k->tx->w);
	vault_hold_deal_write(&k->tx->w, d);
	SR_TRY(row_store(k->tx, &key));
	k->hold.dealers[k->hold.dealers_n].seat = k->seat;
	k->hold.dealers[k->hold.dealers_n++].excluded = false;
	return hold_store(k->tx, &k->ref, &k->hold);
}

/* Checks everything before it changes anything: an entry that does not apply leaves no trace. */
static enum sr_error deal_apply(struct work *k, const struct vault_hold_deal *d)
{
	const uint64_t epoch = k->tx->block->epoch;
	struct vault_hold now;
	uint32_t at;
	bool few;

	SR_TRY(work_load(k, &d->ref));
	at = signer(k);
	if (at == VAULT_HOLDERS_MAX || k->dealt.holders[at].bad || k->hold.epoch >= epoch)
		return SR_ERR_EPOCH_STEP;
	now = k->hold.round == epoch ? k->hold : round_new(k);
	few = now.next_n < k->dealt.threshold;
	if (d->threshold != k->dealt.threshold || d->next_n != now.next_n ||
	    has_dealt(&now, k->seat) || k->hooks->deal_check(&k->dealt, at, d) != SR_OK)
		return SR_ERR_EPOCH_STEP;       /* deal_check needs no memory: it says no, or yes */
	if (k->hold.round != epoch)
		SR_TRY(round_begin(k, &now));
	if (!few)
		return dealing_add(k, d);
	k->hold.epoch = epoch;                  /* nothing can be shared in this epoch */
	return hold_store(k->tx, &k->ref, &k->hold);
}

/* --- ACK --- */

enum sr_error vault_hold_dealing(struct vault_hold_deal *out, const struct vault_tree *t,
    const struct vault_hold_ref *ref, uint32_t dealer)
{
	struct vault_key key = hold_key(&ref->id, ref->version, PART_DEALING, dealer);
	struct sr_bytes value = vault_tree_get(t, &key);
	struct sr_reader r;

	if (value.p == NULL)
		return SR_ERR_NOT_FOUND;
	sr_reader_init(&r, value.p, value.n);
	vault_hold_deal_read(out, &r);
	return sr_reader_finish(&r) == SR_OK ? SR_OK : SR_ERR_DAMAGED;
}

/* The commitments of the set's sum. */
static enum sr_error set_sum(struct work *k, uint8_t (*out)[32])
{
	struct vault_hold_deal *dealings = calloc(k->dealt.threshold, sizeof *dealings);
	uint32_t dealers[VAULT_HOLDERS_MAX], n = 0;
	enum sr_error error = dealings != NULL ? SR_OK : SR_ERR_NO_MEMORY;

	for (uint32_t i = 0; i < k->hold.dealers_n && n < k->dealt.threshold; i++) {
		if (error != SR_OK || k->hold.dealers[i].excluded)
			continue;
		dealers[n] = k->hold.dealers[i].seat;
		error = vault_hold_dealing(&dealings[n], k->tx->t, &k->ref, dealers[n]);
		n++;
	}
	if (error == SR_OK)
		error = k->hooks->sum(out, &k->dealt, dealings, dealers);
	free(dealings);
	/* Each was checked when it came. */
	return error == SR_OK || error == SR_ERR_NO_MEMORY ? error : SR_ERR_INTERNAL;
}

/* All have said that they have their pairs: from here on these are the ones. */
static enum sr_error round_finish(struct work *k)
{
	struct vault_dealt next = { .generation = k->dealt.generation + 1,
		.threshold = k->dealt.threshold, .holders_n = k->hold.next_n };
	struct vault_hold settled = { .epoch = k->tx->block->epoch };

	SR_TRY(set_sum(k, next.commitments));
	for (uint32_t i = 0; i < next.holders_n; i++) {
		const uint32_t seat = k->hold.next[i].seat;
		struct vault_key key = hold_key(&k->ref.id, k->ref.version, PART_ACK, seat);
		struct sr_bytes box = vault_tree_get(k->tx->t, &key);

		if (box.n != VAULT_PAIR_BOX_BYTES)
			return SR_ERR_DAMAGED;
		next.holders[i] = k->dealt.holders[vault_dealt_holder(&k->dealt, seat)];
		next.holders[i].bad = false;
		memcpy(next.holders[i].box, box.p, box.n);
	}
	SR_TRY(round_clear(k->tx, &k->ref.id, k->ref.version, &k->hold));
	k->dealt = next;
	SR_TRY(dealt_store(k));
	SR_TRY(hold_store(k->tx, &k->ref, &settled));
	return tell(k, VAULT_EVENT_RESHARED, next.generation);
}

static bool all_acked(const struct vault_hold *h)
{
	for (uint32_t i = 0; i < h->next_n; i++)
		if (!h->next[i].acked)
			return false;
	return true;
}

static enum sr_error ack_apply(struct work *k, const struct vault_hold_ack *a)
{
	struct vault_key key;
	uint8_t set[16];
	uint32_t at;

	SR_TRY(work_load(k, &a->ref));
	at = next_find(&k->hold, k->seat);
	if (k->hold.round != k->tx->block->epoch || signer(k) == VAULT_HOLDERS_MAX ||
	    at == VAULT_HOLDERS_MAX || k->hold.next[at].acked ||
	    !vault_hold_set(set, &k->hold, k->dealt.threshold) ||
	    memcmp(set, a->dealers, sizeof set) != 0)
		return SR_ERR_EPOCH_STEP;
	key = hold_key(&k->ref.id, k->ref.version, PART_ACK, k->seat);
	SR_TRY(vault_tx_put(k->tx, &key, a->box, sizeof a->box));
	k->hold.next[at].acked = true;
	return all_acked(&k->hold) ? round_finish(k) : hold_store(k->tx, &k->ref, &k->hold);
}

/* --- COMPLAINT --- */

static enum sr_error judge(const struct work *k, const struct vault_hold_complaint *c,
    const uint8_t *box, const uint8_t (*commitments)[32], uint64_t generation)
{
	struct sr_hash32 label;
	uint8_t context[VAULT_DEALT_CONTEXT];
	struct vault_secret secret;
	bool at_fault;

	SR_TRY(vault_secret_load(k->tx->t, &secret, &k->ref.id));
	label = vault_label(&k->tx->block->chain_id, &k->ref.id, &secret.owner,
	    &k->version.policy_hash);
	vault_dealt_context(context, &label, generation, c->dealer, k->seat);
	SR_TRY(k->hooks->judge(&at_fault, c->complaint, box,
	    k->dealt.holders[vault_dealt_holder(&k->dealt, k->seat)].key, context, commitments,
	    k->dealt.threshold, k->seat));
	return at_fault ? SR_OK : SR_ERR_BAD_PROOF;
}

/* About the owner's dealing: he is told, and the holder is not counted on. */
static enum sr_error owner_complaint(struct work *k, const struct vault_hold_complaint *c,
    uint32_t at)
{
	if (k->dealt.generation != 0 || k->dealt.holders[at].bad)
		return SR_ERR_EPOCH_STEP;
	SR_TRY(judge(k, c, k->dealt.holders[at].box,
	    (const uint8_t (*)[32])k->dealt.commitments, 0));
	k->dealt.holders[at].bad = true;
	SR_TRY(dealt_store(k));
	return tell(k, VAULT_EVENT_SHARE_BAD, k->seat);
}

/* About a holder's: it is out of this round, and who has acknowledged does so again. */
static enum sr_error dealer_complaint(struct work *k, const struct vault_hold_complaint *c)
{
	struct vault_hold_deal *deal;
	const uint32_t to = next_find(&k->hold, k->seat);
	uint32_t i = 0;
	enum sr_error error;

	while (i < k->hold.dealers_n && k->hold.dealers[i].seat != c->dealer)
		i++;
	if (k->hold.round != k->tx->block->epoch || i == k->hold.dealers_n ||
	    k->hold.dealers[i].excluded || to == VAULT_HOLDERS_MAX)
		return SR_ERR_EPOCH_STEP;
	deal = malloc(sizeof *deal);
	if (deal == NULL)
		return SR_ERR_NO_MEMORY;
	error = vault_hold_dealing(deal, k->tx->t, &k->ref, c->dealer);
	if (error == SR_OK)
		error = judge(k, c, deal->boxes[to], (const uint8_t (*)[32])deal->commitments,
		    k->dealt.generation + 1);
	free(deal);
	SR_TRY(error);
	k->hold.dealers[i].excluded = true;
	for (uint32_t n = 0; n < k->hold.next_n; n++)
		k->hold.next[n].acked = false;
	return hold_store(k->tx, &k->ref, &k->hold);
}

static enum sr_error complaint_apply(struct work *k, struct sr_bytes body)
{
	struct vault_hold_complaint c;
	struct sr_reader r;
	uint32_t at;

	sr_reader_init(&r, body.p, body.n);
	vault_hold_complaint_read(&c, &r);
	SR_TRY(sr_reader_finish(&r));
	SR_TRY(work_load(k, &c.ref));
	at = signer(k);
	if (at == VAULT_HOLDERS_MAX)
		return SR_ERR_EPOCH_STEP;
	return c.dealer == VAULT_DEALER_OWNER ? owner_complaint(k, &c, at) :
	    dealer_complaint(k, &c);
}

/* --- batches --- */

union entry { struct vault_hold_deal deal; struct vault_hold_ack ack; };

/* How many of the entries applied. */
static enum sr_error entries_apply(struct work *k, unsigned kind, struct sr_reader *r,
    union entry *entry, uint32_t *applied)
{
	uint32_t count = vault_hold_count_read(r);
	enum sr_error error;

	for (uint32_t i = 0; i < count && r->error == SR_OK; i++) {
		if (kind == VAULT_HOLD_DEAL)
			vault_hold_deal_read(&entry->deal, r);
		else
			vault_hold_ack_read(&entry->ack, r);
		if (r->error != SR_OK)
			break;
		error = kind == VAULT_HOLD_DEAL ? deal_apply(k, &entry->deal) :
		    ack_apply(k, &entry->ack);
		if (error != SR_OK && error != SR_ERR_EPOCH_STEP)
			return error;
		*applied += error == SR_OK ? 1 : 0;
	}
	return sr_reader_finish(r);
}

static enum sr_error batch_apply(struct work *k, unsigned kind, struct sr_bytes body)
{
	union entry *entry = malloc(sizeof *entry);
	struct sr_reader r;
	uint8_t proof[64];
	uint32_t applied = 0;
	enum sr_error error;

	if (entry == NULL)
		return SR_ERR_NO_MEMORY;
	sr_reader_init(&r, body.p, body.n);
	if (kind == VAULT_HOLD_DEAL)
		sr_read_copy(&r, proof, sizeof proof);
	error = entries_apply(k, kind, &r, entry, &applied);
	free(entry);
	return error == SR_OK && applied == 0 ? SR_ERR_EPOCH_STEP : error;
}

enum sr_error vault_hold_apply(struct vault_tree **t, const struct vault_block *block,
    const struct vault_hold_hooks *hooks, unsigned kind, struct sr_bytes body, uint32_t seat)
{
	struct vault_tx tx;
	struct work *k;
	enum sr_error error;

	if (!vault_hold_is(kind))
		return SR_ERR_BAD_KIND;
	if (body.n > VAULT_HOLD_BATCH_BYTES)
		return SR_ERR_TOO_LONG;
	k = calloc(1, sizeof *k);
	if (k == NULL)
		return SR_ERR_NO_MEMORY;
	error = vault_tx_begin(&tx, *t, block);
	if (error == SR_OK) {
		k->tx = &tx;
		k->hooks = hooks;
		k->seat = seat;
		error = kind == VAULT_HOLD_COMPLAINT ? complaint_apply(k, body) :
		    batch_apply(k, kind, body);
		if (error == SR_OK)
			error = vault_tx_commit(&tx, t);
		else
			vault_tx_end(&tx);
	}
	free(k);
	return error;
}

/* --- reading --- */

struct finding { struct vault_key at, key; bool found; };

static bool find_hold(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct finding *f = ctx;

	(void)value;
	if (key->b[25] != PART_HOLD || memcmp(key->b, f->at.b, sizeof key->b) <= 0)
		return true;
	f->key = *key;
	f->found = true;
	return false;
}

static enum sr_error view_fill(struct vault_hold_view *v, const struct vault_tree *t,
    const struct vault_key *key, const struct sr_hash32 *chain_id)
{
	struct vault_version version;
	struct vault_secret secret;
	struct sr_hash32 policy;

	memcpy(v->ref.id.b, key->b + 1, sizeof v->ref.id.b);
	v->ref.version = vault_get_be64(key->b + 17);
	SR_TRY(hold_read(&v->hold, vault_tree_get(t, key)));
	SR_TRY(vault_version_load(t, &version, &v->ref.id, v->ref.version));
	SR_TRY(vault_secret_load(t, &secret, &v->ref.id));
	SR_TRY(vault_dealt_decode(&v->dealt, version.key.dealt));
	v->ref.generation = v->dealt.generation;
	policy = vault_policy_hash(secret.policy);
	v->live = sr_hash32_equal(&policy, &version.policy_hash);
	v->label = vault_label(chain_id, &v->ref.id, &secret.owner, &version.policy_hash);
	return SR_OK;
}

enum sr_error vault_hold_at(struct vault_hold_view *v, const struct vault_key *key,
    const struct vault_tree *t, const struct sr_hash32 *chain_id)
{
	if (key->b[0] != VAULT_REC_DEALT || key->b[25] != PART_HOLD ||
	    vault_tree_get(t, key).p == NULL)
		return SR_ERR_NOT_FOUND;
	return view_fill(v, t, key, chain_id) == SR_OK ? SR_OK : SR_ERR_DAMAGED;
}

enum sr_error vault_hold_next(struct vault_hold_view *v, struct vault_key *at,
    const struct vault_tree *t, const struct sr_hash32 *chain_id)
{
	struct finding f = { .at = *at };

	if (f.at.b[0] != VAULT_REC_DEALT)
		f.at = (struct vault_key){ { VAULT_REC_DEALT } };
	vault_tree_walk(t, &f.at, 1, find_hold, &f);
	if (!f.found)
		return SR_ERR_NOT_FOUND;
	*at = f.key;
	return view_fill(v, t, &f.key, chain_id) == SR_OK ? SR_OK : SR_ERR_DAMAGED;
}
