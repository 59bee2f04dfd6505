/* enclave/roster_ops.c - operations about who comes and who goes. */
#include "enclave/epoch_state.h"

#include "consensus/consensus.h"
#include "consensus/wire.h"

#include <stdlib.h>
#include <string.h>

#define POLICY_SIGNERS_MAX SR_MEMBERS_MAX

static const char policy_domain[] = "strongroom policy v1";

static struct sr_edpk account_key(const struct vault_op *op)
{
	struct sr_edpk key;

	memcpy(key.b, op->account.b, sizeof(key.b));
	return key;
}

static bool key_is(const struct sr_edpk *a, const struct sr_edpk *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* The operator of that member, or the member itself. */
static bool speaks_for(const struct epoch_member *m, const struct vault_op *op)
{
	struct sr_edpk key = account_key(op);

	return key_is(&m->operator_key, &key) || key_is(&m->vote_key, &key);
}

static bool operates(const struct epoch_record *now, const struct sr_edpk *key)
{
	for (uint32_t i = 0; i < now->n; i++)
		if (key_is(&now->members[i].operator_key, key))
			return true;
	return false;
}

/* ----------------------------------------------------------------------------------------- JOIN */

/* What the candidates' rows say, in one walk. */
struct crowd {
	const struct roster_candidate *asks;
	uint32_t rows, live, of_operator;
	bool duplicate;                  /* a key or name of who asks is in use */
	bool seats[SR_MEMBERS_MAX];
	bool have_refused;               /* the oldest one */
	uint32_t refused;
	uint64_t refused_ms;
};

static bool name_is(const struct genesis_member *a, const uint8_t *name, size_t n)
{
	return a->name_n == n && memcmp(a->name, name, n) == 0;
}

static bool crowd_visit(void *ctx, const struct roster_candidate *c)
{
	struct crowd *crowd = ctx;
	const struct genesis_member *asks = &crowd->asks->entry;

	crowd->rows++;
	crowd->seats[c->seat] = true;
	if (sr_hash32_equal(&c->subject, &crowd->asks->subject))
		crowd->duplicate = true;
	if (roster_candidate_live(c)) {
		crowd->live++;
		crowd->of_operator += key_is(&c->entry.operator_key, &asks->operator_key) ? 1 : 0;
		if (name_is(asks, c->entry.name, c->entry.name_n))
			crowd->duplicate = true;
	} else if (!crowd->have_refused || c->decided_ms < crowd->refused_ms) {
		crowd->have_refused = true;
		crowd->refused = c->seat;
		crowd->refused_ms = c->decided_ms;
	}
	return true;
}

static bool except_visit(void *ctx, const struct roster_candidate *c)
{
	struct crowd *crowd = ctx;

	crowd->of_operator += roster_candidate_live(c) && c->seat != crowd->asks->seat &&
	    key_is(&c->entry.operator_key, &crowd->asks->entry.operator_key) ? 1 : 0;
	return true;
}

static uint32_t operator_members(const struct epoch_record *now, const struct sr_edpk *key)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < now->n; i++)
		n += key_is(&now->members[i].operator_key, key) ? 1 : 0;
	return n;
}

enum sr_error roster_operator_room(const struct vault_tree *t, const struct epoch_context *ctx,
    const struct attest_policy *p, const struct roster_candidate *c)
{
	struct crowd crowd = { .asks = c };

	if (p->per_operator_max == 0)
		return SR_OK;
	SR_TRY(roster_candidates_walk(t, except_visit, &crowd));
	return crowd.of_operator + operator_members(ctx->now, &c->entry.operator_key) <
	    p->per_operator_max ? SR_OK : SR_ERR_OPERATOR_LIMIT;
}

static enum sr_error join_operator(const struct vault_tree *t, const struct epoch_context *ctx,
    const struct roster_candidate *c)
{
	struct attest_policy p;

	SR_TRY(roster_policy_get(&p, t));
	if (!operates(ctx->now, &c->entry.operator_key) &&
	    !attest_policy_operator(&p, &c->entry.operator_key))
		return SR_ERR_OPERATOR_UNKNOWN;
	if (c->entry.evidence.n == 0 || c->entry.evidence.p[0] > ATTEST_KINDS ||
	    (p.kinds & ATTEST_KIND_BIT(c->entry.evidence.p[0])) == 0)
		return SR_ERR_EVIDENCE_KIND;
	return roster_operator_room(t, ctx, &p, c);
}

/* No key may serve twice, in whatever role; an operator's may, as far as the policy allows. */
static enum sr_error join_keys(const struct vault_tree *t, const struct epoch_context *ctx,
    const struct genesis_member *e)
{
	const uint8_t *keys[] = { e->operator_key.b, e->id_key.b, e->vote_key.b, e->box_key };
	struct sr_point box;

	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < i; k++)
			if (memcmp(keys[i], keys[k], 32) == 0)
				return SR_ERR_DUPLICATE;
	for (size_t i = 1; i < 4; i++)
		SR_TRY(epoch_key_unused(t, ctx->now, keys[i], true));
	for (uint32_t i = 0; i < ctx->now->n; i++) {
		const struct epoch_member *m = &ctx->now->members[i];

		if (name_is(e, m->name, m->name_n) || key_is(&e->operator_key, &m->id_key) ||
		    key_is(&e->operator_key, &m->vote_key))
			return SR_ERR_DUPLICATE;
	}
	if (roster_evidence_spent(t, &e->id_key, e->evidence))
		return SR_ERR_DUPLICATE;
	return sr_point_decode(&box, e->box_key);
}

/* The lowest free one; who was refused gives way. */
static enum sr_error join_seat(uint32_t *seat, struct vault_tree **t,
    const struct epoch_context *ctx, struct crowd *crowd)
{
	if (crowd->live >= ROSTER_CANDIDATES_MAX)
		return SR_ERR_TOO_MANY;
	for (uint32_t i = 0; i < ctx->now->n; i++)
		crowd->seats[ctx->now->members[i].seat] = true;
	if (crowd->rows >= ROSTER_CANDIDATES_MAX) {
		SR_TRY(epoch_row_delete(t, EPOCH_ROW_CANDIDATE, crowd->refused));
		crowd->seats[crowd->refused] = false;
	}
	for (uint32_t i = 0; i < SR_MEMBERS_MAX; i++)
		if (!crowd->seats[i]) {
			*seat = i;
			return SR_OK;
		}
	return SR_ERR_TOO_MANY;
}

static enum sr_error join_apply(struct vault_tree **t, const struct epoch_context *ctx,
    const struct vault_op *op)
{
	struct sr_edpk account = account_key(op);
	struct roster_candidate c = { .state = ROSTER_WAITING, .asked_ms = ctx->time_ms };
	struct crowd crowd = { .asks = &c };
	struct roster_clock clock;
	struct sr_reader r;

	roster_clock_get(&clock, *t);
	sr_reader_init(&r, op->body.p, op->body.n);
	genesis_member_read(&c.entry, &r);
	SR_TRY(sr_reader_finish(&r));
	c.subject = op->hash;
	c.nonce = epoch_record_nonce(ctx->now, ctx->genesis);
	c.nonce_ms = clock.began_ms;
	c.seat = SR_MEMBERS_MAX;
	/* What a host connects to must be another machine: "ipc://" is a file of its own. */
	if (strncmp(c.entry.link, "tcp://", 6) != 0)
		return SR_ERR_BAD_ENCODING;
	if (!key_is(&account, &c.entry.operator_key))
		return SR_ERR_WRONG_KEY;
	SR_TRY(genesis_member_verify(&c.entry, &c.nonce));
	if (roster_operator_waits(*t, &account, ctx->time_ms))
		return SR_ERR_TOO_EARLY;
	SR_TRY(roster_candidates_walk(*t, crowd_visit, &crowd));
	if (crowd.duplicate || roster_spent(*t, &op->hash))
		return SR_ERR_DUPLICATE;
	SR_TRY(join_keys(*t, ctx, &c.entry));
	SR_TRY(join_operator(*t, ctx, &c));
	SR_TRY(join_seat(&c.seat, t, ctx, &crowd));
	return roster_candidate_put(t, &c);
}

/* ------------------------------------------------------------------------------- LEAVE, REFRESH */

static bool live_visit(void *ctx, const struct roster_candidate *c)
{
	bool *live = ctx;

	*live = *live || roster_candidate_live(c);
	return !*live;
}

/* Would enough remain? Who comes with the same change counts: that is seen when it begins. */
static enum sr_error leave_room(const struct vault_tree *t, const struct epoch_context *ctx)
{
	uint32_t remain = ctx->now->n - 1;
	struct roster_member m;
	bool live = false;

	for (uint32_t i = 0; i < ctx->now->n; i++) {
		SR_TRY(roster_member_get(&m, t, ctx->now->members[i].seat));
		if (roster_member_reason(&m) != SR_OK && remain > 0)
			remain--;
	}
	SR_TRY(roster_candidates_walk(t, live_visit, &live));
	return remain >= EPOCH_MEMBERS_MIN || live ? SR_OK : SR_ERR_ROSTER_SMALL;
}

static enum sr_error leave_apply(struct vault_tree **t, const struct epoch_context *ctx,
    const struct vault_op *op)
{
	struct roster_member m;
	struct sr_reader r;
	uint32_t index;

	sr_reader_init(&r, op->body.p, op->body.n);
	index = epoch_record_seat(ctx->now, sr_read_u32(&r));
	SR_TRY(sr_reader_finish(&r));
	if (index == EPOCH_NOBODY)
		return SR_ERR_NOT_FOUND;
	if (!speaks_for(&ctx->now->members[index], op))
		return SR_ERR_WRONG_KEY;
	SR_TRY(roster_member_get(&m, *t, ctx->now->members[index].seat));
	if (roster_member_reason(&m) != SR_OK)
		return SR_ERR_CHANGE_PENDING;
	SR_TRY(leave_room(*t, ctx));
	m.flags |= ROSTER_LEAVES;
	return roster_member_put(t, &m);
}

static enum sr_error refresh_apply(struct vault_tree **t, const struct epoch_context *ctx,
    const struct vault_op *op)
{
	struct sr_edpk account = account_key(op);
	struct attest_policy p;
	struct roster_clock clock;
	struct epoch_change change;

	if (op->body.n > 0)
		return SR_ERR_TRAILING_BYTES;
	if (!operates(ctx->now, &account))
		return SR_ERR_WRONG_KEY;
	roster_clock_get(&clock, *t);
	if (clock.refresh_asked || epoch_change_get(&change, *t))
		return SR_ERR_CHANGE_PENDING;
	SR_TRY(roster_policy_get(&p, *t));
	if (ctx->time_ms < clock.began_ms + p.refresh_min_ms)
		return SR_ERR_TOO_EARLY;
	clock.refresh_asked = true;
	return roster_clock_put(t, &clock);
}

/* --------------------------------------------------------------------------------------- POLICY */

struct policy_body {
	struct sr_bytes policy;
	uint32_t n;
	struct sr_edpk keys[POLICY_SIGNERS_MAX];
	struct sr_sig64 sigs[POLICY_SIGNERS_MAX];
};

static enum sr_error policy_body_read(struct policy_body *b, struct sr_bytes body)
{
	struct sr_reader r;

	sr_reader_init(&r, body.p, body.n);
	b->policy = sr_read_blob(&r, ATTEST_POLICY_MAX);
	b->n = sr_read_u32(&r);
	if (b->n > POLICY_SIGNERS_MAX)
		sr_reader_fail(&r, SR_ERR_OUT_OF_RANGE);
	for (uint32_t i = 0; r.error == SR_OK && i < b->n; i++) {
		b->keys[i] = sr_read_edpk(&r);
		b->sigs[i] = sr_read_sig(&r);
		/* Rising: nobody counts twice. */
		if (i > 0 && memcmp(b->keys[i - 1].b, b->keys[i].b, 32) >= 0)
			sr_reader_fail(&r, SR_ERR_BAD_ENCODING);
	}
	return sr_reader_finish(&r);
}

static enum sr_error policy_signers(const struct policy_body *b, const struct epoch_context *ctx,
    const struct sr_edpk *account)
{
	uint8_t message[32u + ATTEST_POLICY_MAX];
	bool listed = false;

	for (uint32_t i = 0; i < b->n; i++) {
		if (!operates(ctx->now, &b->keys[i]))
			return SR_ERR_NOT_A_MEMBER;
		listed = listed || key_is(&b->keys[i], account);
	}
	if (!listed)
		return SR_ERR_WRONG_KEY;
	if (b->n < roster_operators_quorum(ctx->now))
		return SR_ERR_THRESHOLD;
	memcpy(message, ctx->chain_id.b, 32);
	memcpy(message + 32, b->policy.p, b->policy.n);
	for (uint32_t i = 0; i < b->n; i++)
		SR_TRY(sr_verify(&b->keys[i], &b->sigs[i], policy_domain, message,
		    32 + b->policy.n));
	return SR_OK;
}

/* What is new is new to the policy in force; its number follows the last one that was signed. */
static enum sr_error policy_follows(const struct attest_policy *now,
    const struct attest_policy *next, const struct vault_tree *t, uint64_t time_ms)
{
	struct attest_policy *base = malloc(sizeof(*base));
	uint64_t from_ms, number;
	enum sr_error error;

	if (base == NULL)
		return SR_ERR_NO_MEMORY;
	error = roster_policy_announced(base, &from_ms, t);
	number = error == SR_OK ? base->number : now->number;
	if (error == SR_OK || error == SR_ERR_NOT_FOUND) {
		*base = *now;
		base->number = number;
		error = attest_policy_follows(base, next, time_ms);
	}
	free(base);
	return error;
}

static enum sr_error policy_apply(struct vault_tree **t, const struct epoch_context *ctx,
    const struct vault_op *op)
{
	struct sr_edpk account = account_key(op);
	struct attest_policy now, next;
	struct policy_body b;
	struct sr_reader r;

	SR_TRY(policy_body_read(&b, op->body));
	sr_reader_init(&r, b.policy.p, b.policy.n);
	attest_policy_read(&next, &r);
	SR_TRY(sr_reader_finish(&r));
	SR_TRY(policy_signers(&b, ctx, &account));
	SR_TRY(roster_policy_get(&now, *t));
	SR_TRY(policy_follows(&now, &next, *t, ctx->time_ms));
	/* Whoever disagrees can leave with what is theirs before it counts. */
	if (attest_policy_loosens(&now, &next))
		return roster_policy_announce(t, &next, ctx->time_ms + now.measurement_delay_ms);
	return roster_policy_put(t, &next);
}

/* ------------------------------------------------------------------------------------- REATTEST */

/* Each one makes everyone verify. A stranger may bring newer collateral for what is due; he has a
 * place, a rest and a number of his own, so that he keeps nobody out. */
static enum sr_error reattest_ration(struct vault_tree **t, const struct epoch_context *ctx,
    struct roster_member *m, bool own)
{
	if ((!own && (m->flags & (ROSTER_DUE | ROSTER_LAPSED)) == 0) ||
	    ctx->time_ms < m->rest_until_ms[own])
		return SR_ERR_TOO_EARLY;
	if (m->tries[own] >= ROSTER_TRIES_MAX)
		return SR_ERR_TOO_MANY;
	m->tries[own]++;
	m->rest_until_ms[own] = ctx->time_ms + (own ? ROSTER_OWN_REST_MS : ROSTER_OPEN_REST_MS);
	return roster_member_put(t, m);
}

static enum sr_error reattest_apply(struct vault_tree **t, const struct epoch_context *ctx,
    const struct vault_op *op)
{
	struct roster_reattest in = { .epoch = ctx->now->epoch, .asked_ms = ctx->time_ms,
		.subject = op->hash };
	struct attest_policy p;
	struct roster_member m;
	struct sr_reader r;
	uint32_t index;

	sr_reader_init(&r, op->body.p, op->body.n);
	in.seat = sr_read_u32(&r);
	in.evidence = sr_read_blob(&r, GENESIS_EVIDENCE_MAX);
	SR_TRY(sr_reader_finish(&r));
	index = epoch_record_seat(ctx->now, in.seat);
	if (index == EPOCH_NOBODY)
		return SR_ERR_NOT_FOUND;
	in.own = speaks_for(&ctx->now->members[index], op);
	SR_TRY(roster_policy_get(&p, *t));
	if (in.evidence.n == 0 || in.evidence.p[0] > ATTEST_KINDS ||
	    (p.kinds & ATTEST_KIND_BIT(in.evidence.p[0])) == 0)
		return SR_ERR_EVIDENCE_KIND;
	if (roster_evidence_spent(*t, &ctx->now->members[index].id_key, in.evidence))
		return SR_ERR_DUPLICATE;
	if (epoch_row_get(*t, EPOCH_ROW_REATTEST, 2 * in.seat + (in.own ? 1u : 0u)).p != NULL)
		return SR_ERR_CHANGE_PENDING;
	SR_TRY(roster_member_get(&m, *t, in.seat));
	SR_TRY(reattest_ration(t, ctx, &m, in.own));
	return roster_reattest_put(t, &in);
}

/* -------------------------------------------------------------------------------- FAULT, SILENT */

static enum sr_error fault_in(struct sr_edpk *id_key, const struct epoch_context *ctx,
    const struct epoch_record *record, struct sr_bytes evidence)
{
	struct sr_edpk keys[SR_MEMBERS_MAX];
	uint32_t culprit;

	for (uint32_t i = 0; i < record->n; i++)
		keys[i] = record->members[i].vote_key;
	SR_TRY(consensus_evidence_verify(&culprit, evidence.p, evidence.n, &ctx->chain_id,
	    record->epoch, keys, record->n));
	*id_key = record->members[culprit].id_key;
	return SR_OK;
}

/* A fault of the epoch before counts, too: what it shows may come late. */
static enum sr_error fault_find(struct sr_edpk *id_key, const struct vault_tree *t,
    const struct epoch_context *ctx, struct sr_bytes evidence)
{
	enum sr_error error = fault_in(id_key, ctx, ctx->now, evidence);
	struct epoch_record *old;

	if (error != SR_ERR_WRONG_EPOCH)
		return error;
	old = malloc(sizeof(*old));
	error = old != NULL ? epoch_old_get(old, t) : SR_ERR_NO_MEMORY;
	if (error == SR_OK)
		error = fault_in(id_key, ctx, old, evidence);
	else if (error == SR_ERR_NOT_FOUND)
		error = SR_ERR_WRONG_EPOCH;
	free(old);
	return error;
}

static enum sr_error fault_apply(struct vault_tree **t, const struct epoch_context *ctx,
    const struct vault_op *op)
{
	struct roster_member m;
	struct sr_edpk id_key;
	uint32_t index;

	SR_TRY(fault_find(&id_key, *t, ctx, op->body));
	index = epoch_record_id(ctx->now, &id_key);
	if (index == EPOCH_NOBODY)
		return SR_ERR_NOT_A_MEMBER;
	SR_TRY(roster_member_get(&m, *t, ctx->now->members[index].seat));
	if (m.flags & ROSTER_FAULTY)
		return SR_ERR_CHANGE_PENDING;
	m.flags |= ROSTER_FAULTY;
	return roster_member_put(t, &m);
}

uint64_t roster_silence_step(uint64_t silence_ms)
{
	return silence_ms < 4 ? 1 : silence_ms / 4;
}

struct silence {
	uint32_t n;
	struct { uint32_t member; uint64_t time_ms; } list[SR_MEMBERS_MAX];
};

static void silence_get(struct silence *s, const struct vault_tree *t, uint32_t seat)
{
	struct sr_bytes value = epoch_row_get(t, EPOCH_ROW_SILENCE, seat);
	struct sr_reader r;

	s->n = 0;
	if (value.p == NULL)
		return;
	sr_reader_init(&r, value.p, value.n);
	s->n = sr_read_u32(&r);
	SR_ASSERT(s->n <= SR_MEMBERS_MAX);
	for (uint32_t i = 0; i < s->n; i++) {
		s->list[i].member = sr_read_u32(&r);
		s->list[i].time_ms = sr_read_u64(&r);
	}
	SR_ASSERT(sr_reader_finish(&r) == SR_OK);
}

static enum sr_error silence_put(struct vault_tree **t, uint32_t seat, const struct silence *s)
{
	struct vault_key key = epoch_row_key(EPOCH_ROW_SILENCE, seat);
	struct sr_writer w;

	sr_writer_init(&w, 4u + SR_MEMBERS_MAX * 12u);
	sr_write_u32(&w, s->n);
	for (uint32_t i = 0; i < s->n; i++) {
		sr_write_u32(&w, s->list[i].member);
		sr_write_u64(&w, s->list[i].time_ms);
	}
	return epoch_row_put(t, &key, &w);
}

/* Counts this member's vote for this time. fresh: how many are not too old at now_ms. */
static enum sr_error silence_vote(uint32_t *fresh, struct silence *s, uint32_t member,
    uint64_t time_ms, uint64_t silence_ms, uint64_t now_ms)
{
	uint32_t place = s->n;

	if (time_ms > now_ms)
		return SR_ERR_TOO_EARLY;
	if (now_ms - time_ms >= silence_ms)
		return SR_ERR_EXPIRED;
	if (time_ms % roster_silence_step(silence_ms) != 0)
		return SR_ERR_OUT_OF_RANGE;
	*fresh = 1;
	for (uint32_t i = 0; i < s->n; i++) {
		if (s->list[i].member == member)
			place = i;
		else
			*fresh += now_ms - s->list[i].time_ms < silence_ms ? 1 : 0;
	}
	if (place < s->n && s->list[place].time_ms >= time_ms)
		return SR_ERR_DUPLICATE;
	SR_ASSERT(place < SR_MEMBERS_MAX);
	s->n += place == s->n ? 1 : 0;
	s->list[place].member = member;
	s->list[place].time_ms = time_ms;
	return SR_OK;
}

static enum sr_error silent_count(struct vault_tree **t, const struct epoch_context *ctx,
    struct roster_member *m, uint32_t member, uint64_t time_ms)
{
	struct attest_policy policy;
	struct silence s;
	uint32_t fresh;

	SR_TRY(roster_policy_get(&policy, *t));
	if (policy.silence_ms == 0)
		return SR_ERR_TOO_EARLY;
	silence_get(&s, *t, m->seat);
	SR_TRY(silence_vote(&fresh, &s, member, time_ms, policy.silence_ms, ctx->time_ms));
	if (fresh < consensus_quorum(ctx->now->n))
		return silence_put(t, m->seat, &s);
	m->flags |= ROSTER_SILENT;
	SR_TRY(epoch_row_delete(t, EPOCH_ROW_SILENCE, m->seat));
	return roster_member_put(t, m);
}

static enum sr_error silent_apply(struct vault_tree **t, const struct epoch_context *ctx,
    const struct vault_op *op, uint32_t member)
{
	struct roster_member m;
	struct sr_reader r;
	uint64_t time_ms;
	uint32_t index;

	sr_reader_init(&r, op->body.p, op->body.n);
	index = epoch_record_seat(ctx->now, sr_read_u32(&r));
	time_ms = sr_read_u64(&r);
	SR_TRY(sr_reader_finish(&r));
	if (index == EPOCH_NOBODY)
		return SR_ERR_NOT_FOUND;
	if (index == member)
		return SR_ERR_OUT_OF_RANGE;
	SR_TRY(roster_member_get(&m, *t, ctx->now->members[index].seat));
	if (roster_member_reason(&m) != SR_OK)
		return SR_ERR_CHANGE_PENDING;
	return silent_count(t, ctx, &m, member, time_ms);
}

/* ---------------------------------------------------------------------------------------- apply */

enum sr_error roster_apply(struct vault_tree **t, const struct epoch_context *ctx,
    const struct vault_op *op, const struct epoch_role *role)
{
	/* Epoch 0 makes the vault key and nothing else. */
	if (ctx->now->epoch == 0)
		return SR_ERR_EPOCH_STEP;
	if (!epoch_kind_is_open((unsigned)op->kind) && role->now >= ctx->now->n)
		return SR_ERR_NOT_A_MEMBER;
	switch ((unsigned)op->kind) {
	case EPOCH_OP_VERDICT:
		return roster_verdict_apply(t, ctx, op->body, role->now);
	case EPOCH_OP_SILENT:
		return silent_apply(t, ctx, op, role->now);
	case EPOCH_OP_JOIN:
		return join_apply(t, ctx, op);
	case EPOCH_OP_LEAVE:
		return leave_apply(t, ctx, op);
	case EPOCH_OP_REFRESH:
		return refresh_apply(t, ctx, op);
	case EPOCH_OP_POLICY:
		return policy_apply(t, ctx, op);
	case EPOCH_OP_REATTEST:
		return reattest_apply(t, ctx, op);
	case EPOCH_OP_FAULT:
		return fault_apply(t, ctx, op);
	default:
		return SR_ERR_BAD_KIND;
	}
}
