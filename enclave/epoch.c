/* enclave/epoch.c - an epoch change in the state: how far it is, and what it makes. */
#include "enclave/epoch_state.h"

#include "consensus/wire.h"

#include <stdlib.h>
#include <string.h>

#define CHANGE_VERSION 3u
#define DEAL_PREFIX 4u                   /* the attempt, in front of a dealing's vote key */

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

bool epoch_set_equal(const struct epoch_set *a, const struct epoch_set *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

bool epoch_set_within(const struct epoch_set *inner, const struct epoch_set *outer)
{
	for (size_t i = 0; i < sizeof(inner->b); i++)
		if ((inner->b[i] & ~outer->b[i]) != 0)
			return false;
	return true;
}

struct epoch_set epoch_dealers(const struct epoch_change *change)
{
	struct epoch_set out;

	for (size_t i = 0; i < sizeof(out.b); i++)
		out.b[i] = (uint8_t)(change->dealt.b[i] & ~change->excluded.b[i]);
	return out;
}

uint32_t epoch_dealers_min(const struct epoch_change *change, const struct epoch_record *now)
{
	uint32_t quorum = consensus_quorum(now->n);

	/* Fewer shares than the old threshold do not make the key. */
	if (change->kind == EPOCH_CHANGE_RESHARE && now->threshold > quorum)
		return now->threshold;
	return quorum;
}

bool epoch_set_complete(const struct epoch_change *change, const struct epoch_record *now)
{
	struct epoch_set dealers = epoch_dealers(change);

	return change->fixed && epoch_set_count(&dealers) >= epoch_dealers_min(change, now);
}

/* Every member of the next roster needs a fresh vote key, and that comes with its dealing. */
void epoch_change_fix(struct epoch_change *change, const struct epoch_context *ctx)
{
	struct epoch_set dealers = epoch_dealers(change);

	if (change->fixed)
		return;
	if (epoch_set_count(&change->dealt) == ctx->now->n)
		change->fixed = true;
	else if (change->kind == EPOCH_CHANGE_RESHARE &&
	    epoch_set_within(&change->stay, &change->dealt) &&
	    epoch_set_count(&dealers) >= epoch_dealers_min(change, ctx->now) &&
	    ctx->time_ms >= change->started_ms + EPOCH_FIX_WAIT_MS)
		change->fixed = true;
	if (change->fixed)
		change->since_ms = ctx->time_ms;
}

/* ------------------------------------------------------------------------------------ the state */

enum sr_error epoch_change_put(struct vault_tree **t, const struct epoch_change *change)
{
	struct vault_key key = epoch_row_key(EPOCH_ROW_CHANGE, 0);
	struct sr_writer w;

	sr_writer_init(&w, 128);
	sr_write_u8(&w, CHANGE_VERSION);
	sr_write_u64(&w, change->target);
	sr_write_u8(&w, (uint8_t)change->kind);
	sr_write_u32(&w, change->attempt);
	sr_write_u32(&w, change->n);
	sr_write_u32(&w, change->threshold);
	sr_write_u64(&w, change->started_ms);
	sr_write_u64(&w, change->since_ms);
	sr_write_bool(&w, change->fixed);
	sr_write_copy(&w, change->stay.b, sizeof(change->stay.b));
	sr_write_copy(&w, change->dealt.b, sizeof(change->dealt.b));
	sr_write_copy(&w, change->excluded.b, sizeof(change->excluded.b));
	sr_write_copy(&w, change->acked.b, sizeof(change->acked.b));
	return epoch_row_put(t, &key, &w);
}

bool epoch_change_get(struct epoch_change *out, const struct vault_tree *t)
{
	struct sr_bytes value = epoch_row_get(t, EPOCH_ROW_CHANGE, 0);
	struct sr_reader r;

	memset(out, 0, sizeof(*out));
	if (value.p == NULL)
		return false;
	sr_reader_init(&r, value.p, value.n);
	if (sr_read_u8(&r) != CHANGE_VERSION)
		sr_reader_fail(&r, SR_ERR_BAD_VERSION);
	out->target = sr_read_u64(&r);
	out->kind = sr_read_u8(&r) == EPOCH_CHANGE_DKG ? EPOCH_CHANGE_DKG : EPOCH_CHANGE_RESHARE;
	out->attempt = sr_read_u32(&r);
	out->n = sr_read_u32(&r);
	out->threshold = sr_read_u32(&r);
	out->started_ms = sr_read_u64(&r);
	out->since_ms = sr_read_u64(&r);
	out->fixed = sr_read_bool(&r);
	sr_read_copy(&r, out->stay.b, sizeof(out->stay.b));
	sr_read_copy(&r, out->dealt.b, sizeof(out->dealt.b));
	sr_read_copy(&r, out->excluded.b, sizeof(out->excluded.b));
	sr_read_copy(&r, out->acked.b, sizeof(out->acked.b));
	/* We wrote it: a state that does not read back never had the right root. */
	SR_ASSERT(sr_reader_finish(&r) == SR_OK);
	return true;
}

static enum sr_error record_get(struct epoch_record *out, const struct vault_tree *t,
    enum epoch_row row)
{
	struct sr_bytes value = epoch_row_get(t, row, 0);
	struct sr_reader r;

	if (value.p == NULL)
		return SR_ERR_NOT_FOUND;
	sr_reader_init(&r, value.p, value.n);
	epoch_record_read(out, &r);
	return sr_reader_finish(&r);
}

static enum sr_error record_put(struct vault_tree **t, enum epoch_row row,
    const struct epoch_record *record)
{
	struct vault_key key = epoch_row_key(row, 0);
	struct sr_writer w;

	sr_writer_init(&w, EPOCH_RECORD_MAX);
	epoch_record_write(&w, record);
	return epoch_row_put(t, &key, &w);
}

enum sr_error epoch_next_get(struct epoch_record *next, const struct vault_tree *t)
{
	return record_get(next, t, EPOCH_ROW_NEXT);
}

enum sr_error epoch_old_get(struct epoch_record *old, const struct vault_tree *t)
{
	return record_get(old, t, EPOCH_ROW_OLD);
}

/* Begins a change to this roster: members' places, seats and box keys, joiners' vote keys. */
enum sr_error epoch_change_begin(struct vault_tree **t, const struct epoch_record *now,
    struct epoch_record *next, struct epoch_change *change)
{
	memset(&change->stay, 0, sizeof(change->stay));
	for (uint32_t i = 0; i < next->n; i++) {
		uint32_t before = epoch_record_id(now, &next->members[i].id_key);

		memset(next->members[i].verify_key, 0, sizeof(next->members[i].verify_key));
		if (before == EPOCH_NOBODY)
			continue;
		epoch_set_add(&change->stay, before);
		memset(&next->members[i].vote_key, 0, sizeof(next->members[i].vote_key));
	}
	next->epoch = now->epoch + 1;
	memset(next->vault_key, 0, sizeof(next->vault_key));
	memset(&next->shielding_key, 0, sizeof(next->shielding_key));
	change->target = next->epoch;
	change->n = next->n;
	change->threshold = next->threshold;
	SR_TRY(record_put(t, EPOCH_ROW_NEXT, next));
	return epoch_change_put(t, change);
}

enum sr_error epoch_change_drop(struct vault_tree **t)
{
	SR_TRY(epoch_row_delete(t, EPOCH_ROW_CHANGE, 0));
	SR_TRY(epoch_row_delete(t, EPOCH_ROW_NEXT, 0));
	SR_TRY(epoch_rows_clear(t, EPOCH_ROW_DEAL));
	return epoch_rows_clear(t, EPOCH_ROW_ACK);
}

enum sr_error epoch_genesis(struct vault_tree **t, const struct genesis *g)
{
	struct epoch_record *now = malloc(sizeof(*now)), *next = malloc(sizeof(*next));
	struct epoch_change change = {
		.kind = EPOCH_CHANGE_DKG, .started_ms = g->created_ms,
		.since_ms = g->created_ms,
	};
	struct vault_tree *changed = vault_tree_ref(*t);
	enum sr_error error = now != NULL && next != NULL ? SR_OK : SR_ERR_NO_MEMORY;

	if (error == SR_OK) {
		epoch_record_genesis(now, g);
		*next = *now;
		error = epoch_change_begin(&changed, now, next, &change);
	}
	if (error == SR_OK)
		error = roster_genesis(&changed, g);
	free(now);
	free(next);
	vault_tree_unref(error == SR_OK ? *t : changed);
	if (error == SR_OK)
		*t = changed;
	return error;
}

static struct sr_edpk deal_vote_key(const struct vault_tree *t, uint32_t dealer)
{
	struct sr_bytes deal = epoch_row_get(t, EPOCH_ROW_DEAL, dealer);
	struct sr_edpk key = { { 0 } };

	if (deal.p != NULL && deal.n >= DEAL_PREFIX + sizeof(key.b))
		memcpy(key.b, deal.p + DEAL_PREFIX, sizeof(key.b));
	return key;
}

enum sr_error epoch_change_roster(struct epoch_record *next, const struct vault_tree *t,
    const struct epoch_record *now)
{
	SR_TRY(epoch_next_get(next, t));
	for (uint32_t i = 0; i < next->n; i++) {
		uint32_t before = epoch_record_id(now, &next->members[i].id_key);

		if (before != EPOCH_NOBODY)
			next->members[i].vote_key = deal_vote_key(t, before);
	}
	return SR_OK;
}

static bool key_is(const struct sr_edpk *a, const struct sr_edpk *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* A key of a joiner, or the id key of any. */
static uint32_t next_index(const struct epoch_record *next, const struct epoch_record *now,
    const struct sr_edpk *key)
{
	for (uint32_t i = 0; i < next->n; i++) {
		const struct epoch_member *m = &next->members[i];

		if (key_is(&m->id_key, key))
			return i;
		if (key_is(&m->vote_key, key) && epoch_record_id(now, &m->id_key) == EPOCH_NOBODY)
			return i;
	}
	return EPOCH_NOBODY;
}

enum sr_error epoch_role(struct epoch_role *out, const struct vault_tree *t,
    const struct epoch_record *now, const struct sr_edpk *key)
{
	struct epoch_record *next;

	*out = (struct epoch_role){ EPOCH_NOBODY, EPOCH_NOBODY };
	for (uint32_t i = 0; i < now->n; i++)
		if (key_is(&now->members[i].vote_key, key) || key_is(&now->members[i].id_key, key))
			out->now = i;
	next = malloc(sizeof(*next));
	if (next == NULL)
		return SR_ERR_NO_MEMORY;
	if (epoch_next_get(next, t) == SR_OK)
		out->next = next_index(next, now,
		    out->now != EPOCH_NOBODY ? &now->members[out->now].id_key : key);
	free(next);
	return out->now != EPOCH_NOBODY || out->next != EPOCH_NOBODY ? SR_OK : SR_ERR_NOT_FOUND;
}

static bool member_uses(const struct epoch_member *m, const uint8_t key[32])
{
	return memcmp(m->operator_key.b, key, 32) == 0 || memcmp(m->id_key.b, key, 32) == 0 ||
	    memcmp(m->vote_key.b, key, 32) == 0 || memcmp(m->box_key, key, 32) == 0;
}

struct key_search { const uint8_t *key; bool waiting, found; };

static bool candidate_uses(void *ctx, const struct roster_candidate *c)
{
	struct key_search *search = ctx;
	struct epoch_member m;

	epoch_member_of_entry(&m, &c->entry, c->seat);
	search->found = (c->state == ROSTER_ADMITTED ||
	    (search->waiting && c->state == ROSTER_WAITING)) && member_uses(&m, search->key);
	return !search->found;
}

static bool deal_uses(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct key_search *search = ctx;

	(void)key;
	search->found = value.n >= DEAL_PREFIX + 32 &&
	    memcmp(value.p + DEAL_PREFIX, search->key, 32) == 0;
	return !search->found;
}

/* Who joins is a candidate until the CLOSE. */
enum sr_error epoch_key_unused(const struct vault_tree *t, const struct epoch_record *now,
    const uint8_t key[32], bool waiting)
{
	struct key_search search = { key, waiting, false };

	for (uint32_t i = 0; i < now->n; i++)
		if (member_uses(&now->members[i], key))
			return SR_ERR_DUPLICATE;
	SR_TRY(roster_candidates_walk(t, candidate_uses, &search));
	if (!search.found)
		epoch_rows_walk(t, EPOCH_ROW_DEAL, deal_uses, &search);
	return search.found ? SR_ERR_DUPLICATE : SR_OK;
}

/* -------------------------------------------------------------------------------- what it makes */

enum sr_error epoch_deal_get(struct epoch_deal *deal, const struct vault_tree *t,
    const struct epoch_change *change, uint32_t dealer)
{
	struct sr_bytes value = epoch_row_get(t, EPOCH_ROW_DEAL, dealer);
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
	struct sr_bytes value = epoch_row_get(t, EPOCH_ROW_DEAL, dealer);
	struct sr_reader r;

	if (value.p == NULL)
		return SR_ERR_NOT_FOUND;
	sr_reader_init(&r, value.p, value.n);
	(void)sr_read_u32(&r);
	(void)sr_read_edpk(&r);
	(void)sr_read_sig(&r);
	(void)sr_read_hash(&r);
	(void)sr_read_view(&r, SHAMIR_PROOF_SIZE);
	*out = sr_read_view(&r, 4 + 32 * (size_t)change->threshold);
	return r.error;
}

/* The dealings of a change's set. */
struct dealings {
	size_t n;
	struct sr_bytes encoded[SR_MEMBERS_MAX];
	struct shamir_index dealers[SR_MEMBERS_MAX];
};

static enum sr_error dealings_collect(struct dealings *d, const struct vault_tree *t,
    const struct epoch_change *change, const struct epoch_record *now)
{
	struct epoch_set dealers = epoch_dealers(change);

	d->n = 0;
	for (uint32_t i = 0; i < now->n; i++) {
		if (!epoch_set_has(&dealers, i))
			continue;
		SR_TRY(deal_commitments(&d->encoded[d->n], t, change, i));
		d->dealers[d->n++] = (struct shamir_index){ i + 1 };
	}
	return SR_OK;
}

static enum sr_error dealings_sum(struct shamir_commitments *out,
    const struct epoch_change *change, const struct epoch_record *now, const struct dealings *d)
{
	const struct shamir_commitments *list[SR_MEMBERS_MAX];
	struct shamir_commitments *all = calloc(d->n > 0 ? d->n : 1, sizeof(*all));
	enum sr_error error = all != NULL ? SR_OK : SR_ERR_NO_MEMORY;
	struct sr_point key;
	struct sr_reader r;

	for (size_t i = 0; error == SR_OK && i < d->n; i++) {
		sr_reader_init(&r, d->encoded[i].p, d->encoded[i].n);
		shamir_commitments_read(&all[i], &r, change->threshold);
		error = sr_reader_finish(&r);
		list[i] = &all[i];
	}
	if (error == SR_OK && change->kind == EPOCH_CHANGE_DKG)
		error = shamir_dkg_sum_commitments(out, list, d->n);
	else if (error == SR_OK && (error = sr_point_decode(&key, now->vault_key)) == SR_OK)
		error = shamir_reshare_sum_commitments(out, list, d->dealers, d->n, now->threshold,
		    &key);
	free(all);
	return error;
}

/* The sum is threshold times dealers multiplications in the group; the hash of what is summed is
 * cheap. All encodings of a change are of one length, so that joined they are of one meaning. */
enum sr_error epoch_group(struct shamir_commitments *out, const struct vault_tree *t,
    const struct epoch_change *change, const struct epoch_record *now, struct epoch_memo *memo)
{
	struct epoch_set dealers = epoch_dealers(change);
	struct sr_bytes parts[SR_MEMBERS_MAX + 1];
	struct sr_hash32 about;
	struct dealings d;

	SR_TRY(dealings_collect(&d, t, change, now));
	if (memo == NULL)
		return dealings_sum(out, change, now, &d);
	memcpy(parts, d.encoded, d.n * sizeof(parts[0]));
	parts[d.n] = (struct sr_bytes){ dealers.b, sizeof(dealers.b) };
	about = sr_hash_domain("strongroom dealings v2", parts, d.n + 1);
	if (!memo->have || !sr_hash32_equal(&about, &memo->dealings)) {
		memo->have = false;
		SR_TRY(dealings_sum(&memo->group, change, now, &d));
		memo->dealings = about;
		memo->have = true;
	}
	*out = memo->group;
	return SR_OK;
}

/* The shielding key that the ACK of a member names. */
static bool ack_get(struct sr_xpk *out, const struct vault_tree *t, uint32_t member)
{
	struct sr_bytes value = epoch_row_get(t, EPOCH_ROW_ACK, member);

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

static enum sr_error next_fill(struct epoch_record *next, const struct vault_tree *t,
    const struct epoch_change *change, const struct shamir_commitments *group)
{
	struct sr_point key;

	if (!shielding_agreed(&next->shielding_key, t, change))
		return SR_ERR_EPOCH_STEP;
	memcpy(next->vault_key, group->a[0].b, 32);
	for (uint32_t i = 0; i < next->n; i++) {
		SR_TRY(shamir_feldman_key(&key, group, (struct shamir_index){ i + 1 }));
		memcpy(next->members[i].verify_key, key.b, 32);
	}
	return SR_OK;
}

enum sr_error epoch_next(struct epoch_record *next, const struct vault_tree *t,
    const struct epoch_record *now)
{
	struct shamir_commitments *group;
	struct epoch_change change;
	enum sr_error error;

	if (!epoch_ready(t, now) || !epoch_change_get(&change, t))
		return SR_ERR_EPOCH_STEP;
	group = malloc(sizeof(*group));
	error = group != NULL ? epoch_group(group, t, &change, now, NULL) : SR_ERR_NO_MEMORY;
	if (error == SR_OK)
		error = epoch_change_roster(next, t, now);
	if (error == SR_OK)
		error = next_fill(next, t, &change, group);
	free(group);
	return error;
}

static enum sr_error close_rows(struct vault_tree **t, const struct epoch_context *ctx,
    const struct epoch_record *next)
{
	SR_TRY(record_put(t, EPOCH_ROW_OLD, ctx->now));
	SR_TRY(record_put(t, EPOCH_ROW_RECORD, next));
	SR_TRY(epoch_change_drop(t));
	return roster_close(t, ctx, next);
}

enum sr_error epoch_close(struct vault_tree **t, const struct epoch_context *ctx,
    const struct epoch_record *next)
{
	struct vault_tree *changed = vault_tree_ref(*t);
	enum sr_error error = close_rows(&changed, ctx, next);

	vault_tree_unref(error == SR_OK ? *t : changed);
	if (error == SR_OK)
		*t = changed;
	return error;
}
