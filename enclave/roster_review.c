/* enclave/roster_review.c - what time does to members' evidence and to candidates. */
#include "enclave/epoch_state.h"

#include <stdlib.h>
#include <string.h>

struct review {
	struct vault_tree **t;
	const struct epoch_context *ctx;
	const struct attest_policy *policy;
	bool changing;                   /* a change is under way */
	uint64_t began_ms;               /* this epoch */
	enum sr_error error;
};

/* Does the policy of now accept what they say, their age aside? */
static enum sr_error facts_judge(const struct attest_policy *p, const struct attest_facts *facts,
    uint64_t time_ms)
{
	struct attest_facts f = *facts;

	f.valid_from_s = time_ms / 1000;
	f.valid_to_s = UINT64_MAX;
	return attest_policy_judge(p, &f, facts->report_data, time_ms);
}

bool roster_evidence_ages(const struct attest_policy *p)
{
	return p->reattest_ms > 0 && p->kinds != ATTEST_KIND_BIT(ATTEST_KIND_SOFTWARE);
}

/* Evidence may be made any time after its nonce was known: it counts no longer than that one does,
 * and once there is a new nonce, it is renewed as soon as it is old. */
static uint64_t nonce_due(const struct review *r, const struct roster_member *m)
{
	uint64_t old = m->nonce_ms + r->policy->reattest_ms;

	return m->nonce_ms < r->began_ms ? old : old + r->policy->lapse_ms;
}

/* Old since when, at the soonest; UINT64_MAX: never. */
static uint64_t due_ms(const struct review *r, const struct roster_member *m)
{
	const struct attest_policy *p = r->policy;
	uint64_t due = UINT64_MAX;

	/* The operator's word does not get older. */
	if (p->kinds == ATTEST_KIND_BIT(ATTEST_KIND_SOFTWARE))
		return due;
	if (p->reattest_ms > 0)
		due = m->verified_ms + p->reattest_ms;
	if (p->reattest_ms > 0 && nonce_due(r, m) < due)
		due = nonce_due(r, m);
	if (m->has_facts && m->facts.valid_to_s < due / 1000)
		due = (m->facts.valid_to_s + 1) * 1000;
	return due;
}

/* Why this member's evidence must be renewed; SR_OK: it need not. */
static enum sr_error due_why(const struct review *r, const struct roster_member *m)
{
	enum sr_error judged = m->has_facts ?
	    facts_judge(r->policy, &m->facts, r->ctx->time_ms) : SR_OK;

	if (judged != SR_OK)
		return judged;
	return r->ctx->time_ms >= due_ms(r, m) ? SR_ERR_EVIDENCE_LAPSED : SR_OK;
}

/* The span to renew it in counts from the block that says so: in an outage there was none, and a
 * policy can't be foreseen. */
static void member_judge(struct roster_member *m, const struct review *r)
{
	enum sr_error why = due_why(r, m);

	/* An entry of the genesis that a quorum found not to be genuine. */
	if (!m->has_facts && (m->flags & ROSTER_LAPSED) != 0 && m->due_ms == 0)
		return;
	m->flags &= ~(uint32_t)(ROSTER_DUE | ROSTER_LAPSED);
	if (why == SR_OK) {
		m->code = m->due_ms != 0 ? SR_OK : m->code;
		m->due_ms = 0;
		return;
	}
	if (m->due_ms == 0)
		m->due_ms = r->ctx->time_ms;
	m->flags |= ROSTER_DUE;
	if (r->ctx->time_ms - m->due_ms >= r->policy->lapse_ms)
		m->flags |= ROSTER_LAPSED;
	if ((m->flags & ROSTER_LAPSED) != 0 || why != SR_ERR_EVIDENCE_LAPSED)
		m->code = why;
}

static enum sr_error member_review(struct review *r, uint32_t seat)
{
	struct roster_member m;
	uint64_t due;
	enum sr_error code;
	uint32_t flags;

	SR_TRY(roster_member_get(&m, *r->t, seat));
	flags = m.flags;
	code = m.code;
	due = m.due_ms;
	member_judge(&m, r);
	return flags == m.flags && code == m.code && due == m.due_ms ? SR_OK :
	    roster_member_put(r->t, &m);
}

static enum sr_error candidate_review(struct review *r, struct roster_candidate *c)
{
	uint64_t span = ROSTER_EXPIRE_WINDOWS * r->policy->window_ms, time_ms = r->ctx->time_ms;
	enum sr_error code;

	if (c->state == ROSTER_REFUSED)
		return time_ms >= c->decided_ms + 2 * span ?
		    epoch_row_delete(r->t, EPOCH_ROW_CANDIDATE, c->seat) : SR_OK;
	if (c->state == ROSTER_ADMITTED) {
		/* Perhaps the change that is under way is about this one. */
		if (r->changing)
			return SR_OK;
		code = facts_judge(r->policy, &c->facts, time_ms);
		if (code != SR_OK)
			return roster_candidate_refuse(r->t, c, code,
			    r->ctx->now->epoch, time_ms);
	}
	return time_ms >= c->asked_ms + span ?
	    roster_candidate_refuse(r->t, c, SR_ERR_NOT_ADMITTED, r->ctx->now->epoch,
	    time_ms) : SR_OK;
}

static bool candidate_visit(void *ctx, const struct roster_candidate *c)
{
	struct roster_candidate copy = *c;
	struct review *r = ctx;

	r->error = candidate_review(r, &copy);
	return r->error == SR_OK;
}

/* What nobody could agree on makes room. */
static bool reattest_visit(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct roster_reattest in;
	struct review *r = ctx;

	r->error = roster_reattest_read(&in, key, value);
	if (r->error != SR_OK || r->ctx->time_ms < in.asked_ms + r->policy->window_ms)
		return r->error == SR_OK;
	r->error = vault_tree_delete(r->t, key);
	if (r->error == SR_OK)
		r->error = roster_votes_drop(r->t, &in.subject);
	return r->error == SR_OK;
}

/* Its time has come. */
static enum sr_error policy_review(struct vault_tree **t, uint64_t time_ms)
{
	struct attest_policy *p = malloc(sizeof(*p));
	uint64_t from_ms = 0;
	enum sr_error error = p != NULL ? roster_policy_announced(p, &from_ms, *t) :
	    SR_ERR_NO_MEMORY;

	if (error == SR_OK && time_ms >= from_ms)
		error = roster_policy_put(t, p);
	free(p);
	return error == SR_ERR_NOT_FOUND ? SR_OK : error;
}

enum sr_error roster_review(struct vault_tree **t, const struct epoch_context *ctx)
{
	struct attest_policy policy;
	struct epoch_change change;
	struct review r = { .t = t, .ctx = ctx, .policy = &policy };
	struct vault_tree *before;
	struct roster_clock clock;

	SR_TRY(policy_review(t, ctx->time_ms));
	SR_TRY(roster_policy_get(&policy, *t));
	roster_clock_get(&clock, *t);
	r.began_ms = clock.began_ms;
	r.changing = epoch_change_get(&change, *t);
	for (uint32_t i = 0; i < ctx->now->n; i++)
		SR_TRY(member_review(&r, ctx->now->members[i].seat));
	/* A walk must not see its tree change. */
	before = vault_tree_ref(*t);
	r.error = roster_candidates_walk(before, candidate_visit, &r);
	if (r.error == SR_OK)
		epoch_rows_walk(before, EPOCH_ROW_REATTEST, reattest_visit, &r);
	vault_tree_unref(before);
	return r.error;
}
