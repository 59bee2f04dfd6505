/* enclave/epoch_plan.c - when a change of the roster begins, to whom it leads, and when it is given
 * up. */
#include "enclave/epoch_state.h"

#include "consensus/wire.h"

#include <stdlib.h>
#include <string.h>

/* The one who comes first, goes first: a proven fault, then evidence, silence, and a wish. */
static const uint32_t causes[] = { ROSTER_FAULTY, ROSTER_LAPSED, ROSTER_SILENT, ROSTER_LEAVES };
#define CAUSES (sizeof(causes) / sizeof(causes[0]))

/* These do not wait for who comes. */
#define URGENT (ROSTER_FAULTY | ROSTER_LAPSED | ROSTER_STALLS)

struct plan {
	const struct epoch_context *ctx;
	const struct vault_tree *t;
	uint32_t churn;                  /* at most so many come, and so many go */
	uint32_t most;                   /* but for stalls: so many go in all */
	uint32_t waiting;                /* candidates, at the end of next's members; <= churn */
	uint32_t joins, goes;
	bool go[SR_MEMBERS_MAX];         /* by index now */
	uint32_t flags[SR_MEMBERS_MAX], stalls[SR_MEMBERS_MAX];
	struct epoch_record *next;
};

/* DESIGN 5: "Churn per epoch <= max(1, floor(f/2))." */
static uint32_t churn_of(uint32_t n)
{
	uint32_t half = consensus_faults(n) / 2;

	return half > 0 ? half : 1;
}

/* DESIGN 6: f+1 <= t <= n-f, and a majority stays a majority. */
static uint32_t threshold_of(const struct epoch_record *now, uint32_t n)
{
	uint32_t f = consensus_faults(n), t = now->threshold;

	if (now->threshold == now->n / 2 + 1)
		t = n / 2 + 1;
	if (t < f + 1)
		t = f + 1;
	return t > n - f ? n - f : t;
}

/* The first cause that holds for this member; CAUSES: none. */
static size_t cause_of(uint32_t flags)
{
	size_t i = 0;

	while (i < CAUSES && (flags & causes[i]) == 0)
		i++;
	return i;
}

/* Would enough remain without this one, too? */
static bool may_go(const struct plan *p, uint32_t i)
{
	uint32_t least = p->flags[i] & ROSTER_FAULTY ? EPOCH_MEMBERS_LEAST : EPOCH_MEMBERS_MIN;

	return !p->go[i] && p->ctx->now->n + p->joins >= p->goes + 1 + least;
}

/* With one of them in the next roster it would not get through either: not by the churn's measure.
 * Who kept most changes up goes first. */
static void stalls_choose(struct plan *p)
{
	uint32_t n = p->ctx->now->n;

	while (p->goes < consensus_faults(n)) {
		uint32_t worst = n;

		for (uint32_t i = 0; i < n; i++)
			if ((p->flags[i] & ROSTER_STALLS) != 0 && may_go(p, i) &&
			    (worst == n || p->stalls[i] > p->stalls[worst]))
				worst = i;
		if (worst == n)
			return;
		p->go[worst] = true;
		p->goes++;
	}
}

static void removals_choose(struct plan *p)
{
	uint32_t chosen = 0;

	stalls_choose(p);
	for (size_t cause = 0; cause < CAUSES; cause++)
		for (uint32_t i = 0; i < p->ctx->now->n; i++) {
			if (chosen >= p->churn || p->goes >= p->most ||
			    cause_of(p->flags[i]) != cause || !may_go(p, i))
				continue;
			p->go[i] = true;
			p->goes++;
			chosen++;
		}
}

/* All who wait; but when somebody must go, no more than keep the roster large enough: who comes
 * could hold that up. */
static uint32_t joins_choose(const struct plan *p)
{
	uint32_t n = p->ctx->now->n, urgent = 0, need;

	for (uint32_t i = 0; i < n; i++)
		urgent += (p->flags[i] & URGENT) != 0 ? 1 : 0;
	if (urgent == 0)
		return p->waiting;
	if (urgent > p->most)
		urgent = p->most;
	need = n < EPOCH_MEMBERS_MIN + urgent ? EPOCH_MEMBERS_MIN + urgent - n : 0;
	return need < p->waiting ? need : p->waiting;
}

static bool join_visit(void *ctx, const struct roster_candidate *c)
{
	struct plan *p = ctx;

	if (c->state != ROSTER_ADMITTED ||
	    roster_operator_waits(p->t, &c->entry.operator_key, p->ctx->time_ms))
		return true;
	epoch_member_of_entry(&p->next->members[p->next->n + p->waiting], &c->entry, c->seat);
	p->waiting++;
	return p->waiting < p->churn && p->ctx->now->n + p->waiting < SR_MEMBERS_MAX;
}

/* "Those who stay keep their order, joiners at the end." */
static void roster_build(struct plan *p)
{
	const struct epoch_record *now = p->ctx->now;
	uint32_t n = 0;

	for (uint32_t i = 0; i < now->n; i++)
		if (!p->go[i])
			p->next->members[n++] = now->members[i];
	memmove(&p->next->members[n], &p->next->members[now->n],
	    p->joins * sizeof(p->next->members[0]));
	p->next->n = n + p->joins;
	p->next->threshold = threshold_of(now, p->next->n);
}

static enum sr_error plan_read(struct plan *p, const struct vault_tree *t,
    const struct roster_clock *clock)
{
	const struct epoch_record *now = p->ctx->now;
	uint32_t f = consensus_faults(now->n), lapsed = 0;
	struct roster_member m;

	*p->next = *now;
	p->t = t;
	p->churn = churn_of(now->n);
	p->most = f > p->churn ? f : p->churn;
	for (uint32_t i = 0; i < now->n; i++) {
		SR_TRY(roster_member_get(&m, t, now->members[i].seat));
		p->flags[i] = m.flags;
		p->stalls[i] = m.stalls;
		lapsed += (m.flags & ROSTER_LAPSED) != 0 ? 1 : 0;
	}
	/* More than may fail can't be removed: one after the other, they would take the healthy
	 * with them. Nor in a row. */
	for (uint32_t i = 0; i < now->n; i++)
		if (lapsed > f || p->ctx->time_ms < clock->lapse_rest_ms)
			p->flags[i] &= ~(uint32_t)ROSTER_LAPSED;
	return now->n < SR_MEMBERS_MAX ? roster_candidates_walk(t, join_visit, p) : SR_OK;
}

/* Who comes could be why the last try failed: every second one is made without, if there is
 * anything else to do. */
static void plan_make(struct plan *p, uint32_t attempts, bool refresh)
{
	removals_choose(p);
	if (attempts % 2 == 0 || (p->goes == 0 && !refresh)) {
		p->joins = joins_choose(p);
		p->goes = 0;
		memset(p->go, 0, sizeof(p->go));
		removals_choose(p);
	}
	roster_build(p);
}

static enum sr_error change_begin(struct vault_tree **t, const struct epoch_context *ctx,
    const struct roster_clock *clock, bool refresh)
{
	struct epoch_change change = { .kind = EPOCH_CHANGE_RESHARE, .attempt = clock->attempts,
		.started_ms = ctx->time_ms, .since_ms = ctx->time_ms };
	struct plan p = { .ctx = ctx, .next = malloc(sizeof(*p.next)) };
	enum sr_error error = p.next != NULL ? plan_read(&p, *t, clock) : SR_ERR_NO_MEMORY;

	if (error == SR_OK)
		plan_make(&p, clock->attempts, refresh);
	if (error == SR_OK && (refresh || p.joins > 0 || p.goes > 0))
		error = epoch_change_begin(t, ctx->now, p.next, &change);
	free(p.next);
	return error;
}

/* One change at a time, and not at once after the last. */
static enum sr_error change_due(struct vault_tree **t, const struct epoch_context *ctx)
{
	struct attest_policy policy;
	struct roster_clock clock;
	bool refresh;

	roster_clock_get(&clock, *t);
	if (ctx->now->epoch == 0 || ctx->time_ms < clock.began_ms + EPOCH_REST_MS ||
	    ctx->time_ms < clock.pause_until_ms)
		return SR_OK;
	SR_TRY(roster_policy_get(&policy, *t));
	refresh = clock.refresh_asked || (policy.refresh_ms > 0 &&
	    ctx->time_ms >= clock.began_ms + policy.refresh_ms);
	/* Evidence is as fresh as the epoch that its nonce is of. */
	if (roster_evidence_ages(&policy))
		refresh = refresh || ctx->time_ms >= clock.began_ms + policy.reattest_ms;
	return change_begin(t, ctx, &clock, refresh);
}

/* ------------------------------------------------------------------------------------- given up */

static uint64_t pause_of(uint32_t attempts)
{
	uint64_t pause = EPOCH_PAUSE_MS;

	for (uint32_t i = 0; i < attempts && pause < EPOCH_PAUSE_MAX_MS; i++)
		pause *= 2;
	return pause < EPOCH_PAUSE_MAX_MS ? pause : EPOCH_PAUSE_MAX_MS;
}

static enum sr_error stall_count(struct vault_tree **t, uint32_t seat)
{
	struct roster_member m;

	SR_TRY(roster_member_get(&m, *t, seat));
	if (m.stalls < UINT32_MAX)
		m.stalls++;
	if (m.stalls >= ROSTER_STALLS_MAX)
		m.flags |= ROSTER_STALLS;
	return roster_member_put(t, &m);
}

/* Who stays and did not deal; or, with all dealings there, did not acknowledge. It had a window of
 * this step's own for that. */
static enum sr_error stayers_blame(struct vault_tree **t, const struct epoch_context *ctx,
    const struct epoch_change *change)
{
	struct epoch_record *next = malloc(sizeof(*next));
	enum sr_error error = next != NULL ? epoch_next_get(next, *t) : SR_ERR_NO_MEMORY;

	for (uint32_t i = 0; error == SR_OK && i < ctx->now->n; i++) {
		uint32_t index = epoch_record_id(next, &ctx->now->members[i].id_key);
		bool did = change->fixed ? epoch_set_has(&change->acked, index) :
		    epoch_set_has(&change->dealt, i);

		if (index != EPOCH_NOBODY && !did)
			error = stall_count(t, ctx->now->members[i].seat);
	}
	free(next);
	return error;
}

/* Who could have acknowledged and did not is not there. */
static enum sr_error joiners_drop(struct vault_tree **t, const struct epoch_context *ctx,
    const struct epoch_change *change)
{
	struct epoch_record *next = malloc(sizeof(*next));
	struct vault_tree *before = vault_tree_ref(*t);
	enum sr_error error = next != NULL ? epoch_next_get(next, before) : SR_ERR_NO_MEMORY;
	struct roster_candidate c;

	for (uint32_t i = 0; error == SR_OK && i < next->n; i++) {
		if (epoch_record_id(ctx->now, &next->members[i].id_key) != EPOCH_NOBODY ||
		    epoch_set_has(&change->acked, i))
			continue;
		error = roster_operator_drop(t, &next->members[i].operator_key, ctx->time_ms);
		if (error == SR_OK)
			error = roster_candidate_get(&c, before, next->members[i].seat);
		if (error == SR_OK)
			error = roster_candidate_refuse(t, &c, SR_ERR_NOT_ADMITTED,
			    ctx->now->epoch, ctx->time_ms);
	}
	vault_tree_unref(before);
	free(next);
	return error;
}

static enum sr_error change_give_up(struct vault_tree **t, const struct epoch_context *ctx,
    const struct epoch_change *change)
{
	struct roster_clock clock;

	if (epoch_set_complete(change, ctx->now))
		SR_TRY(joiners_drop(t, ctx, change));
	/* Dealings that were bad have their own flag. */
	if (!change->fixed || epoch_set_complete(change, ctx->now))
		SR_TRY(stayers_blame(t, ctx, change));
	roster_clock_get(&clock, *t);
	clock.pause_until_ms = ctx->time_ms + pause_of(clock.attempts);
	clock.attempts++;
	SR_TRY(roster_clock_put(t, &clock));
	return epoch_change_drop(t);
}

static enum sr_error change_tend(struct vault_tree **t, const struct epoch_context *ctx,
    struct epoch_change *change)
{
	struct attest_policy policy;
	bool fixed = change->fixed;

	epoch_change_fix(change, ctx);
	/* Without the first key there is nothing to serve on with. */
	if (change->kind == EPOCH_CHANGE_RESHARE) {
		SR_TRY(roster_policy_get(&policy, *t));
		if (ctx->time_ms >= change->since_ms + policy.window_ms ||
		    (change->fixed && !epoch_set_complete(change, ctx->now)))
			return change_give_up(t, ctx, change);
	}
	return change->fixed != fixed ? epoch_change_put(t, change) : SR_OK;
}

static enum sr_error block_begin(struct vault_tree **t, const struct epoch_context *ctx)
{
	bool second = ctx->time_ms / 1000 != ctx->parent_ms / 1000;
	struct epoch_change change;

	if (second)
		SR_TRY(roster_review(t, ctx));
	if (epoch_change_get(&change, *t))
		return change_tend(t, ctx, &change);
	return second ? change_due(t, ctx) : SR_OK;
}

enum sr_error epoch_begin_block(struct vault_tree **t, const struct epoch_context *ctx)
{
	struct vault_tree *changed;
	enum sr_error error;

	if (epoch_ready(*t, ctx->now))
		return SR_OK;
	changed = vault_tree_ref(*t);
	error = block_begin(&changed, ctx);
	vault_tree_unref(error == SR_OK ? *t : changed);
	if (error == SR_OK)
		*t = changed;
	return error;
}
