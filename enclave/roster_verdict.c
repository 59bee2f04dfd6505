/* enclave/roster_verdict.c - verdicts on evidence: votes, and what a quorum of equal ones means.
 * What is not about a roster is the registry's (vault/attest.c). */
#include "enclave/epoch_state.h"

#include "consensus/wire.h"
#include "vault/vault.h"

#include <stdlib.h>
#include <string.h>

static const char verdict_domain[] = "strongroom verdict v1";

struct verdict {
	struct sr_hash32 subject;
	enum sr_error code;
	struct sr_bytes facts_bytes;
	struct attest_facts facts;       /* only if code is OK */
	struct sr_hash32 said;           /* equal for equal verdicts */
};

static enum sr_error verdict_read(struct verdict *v, struct sr_bytes body)
{
	struct sr_reader r;
	uint8_t code[2];
	struct sr_bytes parts[2] = { { code, 2 } };

	sr_reader_init(&r, body.p, body.n);
	v->subject = sr_read_hash(&r);
	v->code = (enum sr_error)sr_read_u16(&r);
	v->facts_bytes = sr_read_blob(&r, ATTEST_FACTS_MAX);
	SR_TRY(sr_reader_finish(&r));
	memset(&v->facts, 0, sizeof(v->facts));
	if (v->code == SR_OK) {
		sr_reader_init(&r, v->facts_bytes.p, v->facts_bytes.n);
		attest_facts_read(&v->facts, &r);
		SR_TRY(sr_reader_finish(&r));
	} else if (v->facts_bytes.n > 0) {
		return SR_ERR_BAD_ENCODING;
	}
	code[0] = (uint8_t)v->code;
	code[1] = (uint8_t)((unsigned)v->code >> 8);
	parts[1] = v->facts_bytes;
	v->said = sr_hash_domain(verdict_domain, parts, 2);
	return SR_OK;
}

/* -------------------------------------------------------------------------------------- subject */

struct subject {
	enum { SUBJECT_NONE, SUBJECT_CANDIDATE, SUBJECT_REATTEST, SUBJECT_GENESIS } kind;
	const struct sr_hash32 *hash;
	struct roster_candidate candidate;
	struct roster_reattest reattest;
	uint32_t seat;
};

static bool subject_candidate(void *ctx, const struct roster_candidate *c)
{
	struct subject *s = ctx;

	if (c->state != ROSTER_WAITING || !sr_hash32_equal(&c->subject, s->hash))
		return true;
	s->kind = SUBJECT_CANDIDATE;
	s->candidate = *c;
	return false;
}

static bool subject_reattest(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct subject *s = ctx;

	if (roster_reattest_read(&s->reattest, key, value) != SR_OK ||
	    !sr_hash32_equal(&s->reattest.subject, s->hash))
		return true;
	s->kind = SUBJECT_REATTEST;
	return false;
}

static void subject_genesis(struct subject *s, const struct vault_tree *t,
    const struct epoch_context *ctx)
{
	struct roster_member m;

	for (uint32_t i = 0; i < ctx->genesis->members_n; i++) {
		struct sr_hash32 subject = roster_genesis_subject(ctx->genesis, i);

		if (!sr_hash32_equal(&subject, s->hash) ||
		    roster_member_get(&m, t, i) != SR_OK || m.since_epoch > 0 || m.has_facts ||
		    m.code != SR_OK)
			continue;
		s->kind = SUBJECT_GENESIS;
		s->seat = i;
	}
}

static enum sr_error subject_find(struct subject *s, const struct vault_tree *t,
    const struct epoch_context *ctx, const struct sr_hash32 *hash)
{
	s->kind = SUBJECT_NONE;
	s->hash = hash;
	SR_TRY(roster_candidates_walk(t, subject_candidate, s));
	if (s->kind == SUBJECT_NONE)
		epoch_rows_walk(t, EPOCH_ROW_REATTEST, subject_reattest, s);
	if (s->kind == SUBJECT_NONE)
		subject_genesis(s, t, ctx);
	return s->kind != SUBJECT_NONE ? SR_OK : SR_ERR_NOT_FOUND;
}

/* -------------------------------------------------------------------------------------- decided */

struct platform_count { const struct sr_hash32 *platform; uint32_t except, n; };

static bool platform_candidate(void *ctx, const struct roster_candidate *c)
{
	struct platform_count *count = ctx;

	count->n += c->state == ROSTER_ADMITTED && c->seat != count->except &&
	    sr_hash32_equal(&c->facts.platform, count->platform) ? 1 : 0;
	return true;
}

static enum sr_error platform_room(const struct vault_tree *t, const struct epoch_context *ctx,
    const struct attest_policy *p, const struct roster_candidate *c,
    const struct sr_hash32 *platform)
{
	struct platform_count count = { platform, c->seat, 0 };
	struct roster_member m;

	if (p->per_platform_max == 0 || sr_hash32_is_zero(platform))
		return SR_OK;
	for (uint32_t i = 0; i < ctx->now->n; i++) {
		SR_TRY(roster_member_get(&m, t, ctx->now->members[i].seat));
		count.n += m.has_facts && sr_hash32_equal(&m.facts.platform, platform) ? 1 : 0;
	}
	SR_TRY(roster_candidates_walk(t, platform_candidate, &count));
	return count.n < p->per_platform_max ? SR_OK : SR_ERR_PLATFORM_LIMIT;
}

/* Since it asked, a member may have dealt with a key that it only named. */
static enum sr_error candidate_keys(const struct vault_tree *t, const struct epoch_context *ctx,
    const struct genesis_member *e)
{
	SR_TRY(epoch_key_unused(t, ctx->now, e->id_key.b, false));
	SR_TRY(epoch_key_unused(t, ctx->now, e->vote_key.b, false));
	return epoch_key_unused(t, ctx->now, e->box_key, false);
}

/* "Verified" is the quorum's word; "acceptable" is the policy's, at this block's time. */
static enum sr_error candidate_judge(const struct vault_tree *t, const struct epoch_context *ctx,
    const struct roster_candidate *c, const struct verdict *v)
{
	const struct genesis_member *e = &c->entry;
	uint8_t report[ATTEST_REPORT_DATA];
	struct attest_policy policy;

	if (v->code != SR_OK)
		return v->code;
	SR_TRY(roster_policy_get(&policy, t));
	genesis_report_data(report, &e->operator_key, &e->id_key, &e->vote_key, e->box_key,
	    &c->nonce);
	SR_TRY(attest_policy_judge(&policy, &v->facts, report, ctx->time_ms));
	SR_TRY(candidate_keys(t, ctx, e));
	SR_TRY(roster_operator_room(t, ctx, &policy, c));
	return platform_room(t, ctx, &policy, c, &v->facts.platform);
}

static enum sr_error candidate_decide(struct vault_tree **t, const struct epoch_context *ctx,
    struct roster_candidate *c, const struct verdict *v)
{
	enum sr_error code = candidate_judge(*t, ctx, c, v);

	if (code == SR_ERR_NO_MEMORY)
		return code;
	if (code != SR_OK)
		return roster_candidate_refuse(t, c, code, ctx->now->epoch, ctx->time_ms);
	c->state = ROSTER_ADMITTED;
	c->decided_ms = ctx->time_ms;
	c->has_facts = true;
	c->facts = v->facts;
	/* The evidence lies in the row that is about to be replaced. */
	SR_TRY(roster_evidence_spend(t, ctx->now->epoch, NULL, c->entry.evidence));
	return roster_candidate_put(t, c);
}

/* Evidence that was made before a CLOSE may come after it: the nonce of now counts, and the one
 * before. nonce_ms: when the epoch began that it is bound to. */
static enum sr_error bound_judge(uint64_t *nonce_ms, const struct vault_tree *t,
    const struct epoch_context *ctx, uint32_t index, const struct attest_facts *facts)
{
	uint8_t report[ATTEST_REPORT_DATA];
	struct attest_policy policy;
	struct roster_clock clock;
	enum sr_error error;

	SR_TRY(roster_policy_get(&policy, t));
	roster_clock_get(&clock, t);
	*nonce_ms = clock.began_ms;
	roster_member_report(report, ctx, index);
	error = attest_policy_judge(&policy, facts, report, ctx->time_ms);
	if (error != SR_ERR_BINDING)
		return error;
	*nonce_ms = clock.before_ms;
	error = roster_report_before(report, t, ctx, index);
	if (error == SR_ERR_NOT_FOUND)
		return SR_ERR_BINDING;
	return error == SR_OK ? attest_policy_judge(&policy, facts, report, ctx->time_ms) : error;
}

static enum sr_error reattest_judge(uint64_t *nonce_ms, const struct vault_tree *t,
    const struct epoch_context *ctx, const struct roster_member *m, const struct verdict *v)
{
	uint32_t index = epoch_record_seat(ctx->now, m->seat);

	if (v->code != SR_OK)
		return v->code;
	if (index == EPOCH_NOBODY)
		return SR_ERR_NOT_A_MEMBER;
	SR_TRY(bound_judge(nonce_ms, t, ctx, index, &v->facts));
	if (!m->has_facts)
		return SR_OK;
	/* A member is one machine: another one joins as another member. */
	if (v->facts.kind != m->facts.kind)
		return SR_ERR_EVIDENCE_KIND;
	return sr_hash32_equal(&v->facts.platform, &m->facts.platform) ? SR_OK :
	    SR_ERR_COLLATERAL_OTHER;
}

static void member_verified(struct roster_member *m, const struct verdict *v, uint64_t time_ms,
    uint64_t nonce_ms)
{
	m->has_facts = true;
	m->facts = v->facts;
	m->verified_ms = time_ms;
	m->nonce_ms = nonce_ms;
	m->due_ms = 0;
	m->code = SR_OK;
	m->flags &= ~(uint32_t)(ROSTER_DUE | ROSTER_LAPSED);
}

/* What is no good is not asked about again for this member; of anyone else it may be the good
 * evidence, which a thief brought first. */
static enum sr_error reattest_spend(struct vault_tree **t, const struct epoch_context *ctx,
    const struct roster_reattest *r, enum sr_error code)
{
	uint32_t index = epoch_record_seat(ctx->now, r->seat);
	const struct sr_edpk *id_key = NULL;

	if (code != SR_OK && index == EPOCH_NOBODY)
		return SR_OK;
	if (code != SR_OK)
		id_key = &ctx->now->members[index].id_key;
	return roster_evidence_spend(t, ctx->now->epoch, id_key, r->evidence);
}

static enum sr_error reattest_decide(struct vault_tree **t, const struct epoch_context *ctx,
    const struct roster_reattest *r, const struct verdict *v)
{
	uint32_t row = 2 * r->seat + (r->own ? 1u : 0u);
	struct roster_member m;
	uint64_t nonce_ms = 0;
	enum sr_error code;

	SR_TRY(roster_member_get(&m, *t, r->seat));
	code = reattest_judge(&nonce_ms, *t, ctx, &m, v);
	if (code == SR_ERR_NO_MEMORY)
		return code;
	SR_TRY(reattest_spend(t, ctx, r, code));
	if (code == SR_OK) {
		member_verified(&m, v, r->asked_ms, nonce_ms);
	} else if (r->own && (m.flags & ROSTER_LAPSED) == 0) {
		m.code = code;
	}
	SR_TRY(roster_member_put(t, &m));
	return epoch_row_delete(t, EPOCH_ROW_REATTEST, row);
}

/* Who booted from the genesis found it acceptable; a quorum that says otherwise has seen more. */
static enum sr_error genesis_decide(struct vault_tree **t, const struct epoch_context *ctx,
    uint32_t seat, const struct verdict *v)
{
	const struct genesis_member *e = &ctx->genesis->members[seat];
	const struct genesis *g = ctx->genesis;
	uint8_t report[ATTEST_REPORT_DATA];
	struct roster_member m;
	enum sr_error code = v->code;

	SR_TRY(roster_member_get(&m, *t, seat));
	genesis_report_data(report, &e->operator_key, &e->id_key, &e->vote_key, e->box_key,
	    &g->nonce);
	if (code == SR_OK)
		code = attest_policy_judge(&g->policy, &v->facts, report, g->created_ms);
	if (code == SR_OK) {
		member_verified(&m, v, g->created_ms, g->created_ms);
	} else {
		m.code = code;
		m.flags |= ROSTER_LAPSED;
	}
	return roster_member_put(t, &m);
}

static enum sr_error subject_decide(struct vault_tree **t, const struct epoch_context *ctx,
    struct subject *s, const struct verdict *v)
{
	SR_TRY(roster_votes_drop(t, s->hash));
	switch (s->kind) {
	case SUBJECT_CANDIDATE:
		return candidate_decide(t, ctx, &s->candidate, v);
	case SUBJECT_REATTEST:
		return reattest_decide(t, ctx, &s->reattest, v);
	case SUBJECT_GENESIS:
		return genesis_decide(t, ctx, s->seat, v);
	case SUBJECT_NONE:
		break;
	}
	return SR_ERR_NOT_FOUND;
}

static uint32_t equal_count(const struct roster_votes *votes, const struct sr_hash32 *said)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < votes->n; i++)
		count += sr_hash32_equal(&votes->list[i].said, said) ? 1 : 0;
	return count;
}

static enum sr_error vote_add(struct vault_tree **t, const struct epoch_context *ctx,
    struct subject *s, struct roster_votes *votes, const struct verdict *v, uint32_t member)
{
	struct vault_tree *keep;
	enum sr_error error;

	SR_TRY(roster_votes_get(votes, *t, s->hash));
	if (roster_votes_has(votes, member))
		return SR_ERR_DUPLICATE;
	SR_ASSERT(votes->n < SR_MEMBERS_MAX);
	votes->list[votes->n].member = member;
	votes->list[votes->n++].said = v->said;
	if (equal_count(votes, &v->said) < consensus_quorum(ctx->now->n))
		return roster_votes_put(t, s->hash, votes);
	/* The subject borrows from the tree as it is now. */
	keep = vault_tree_ref(*t);
	error = subject_decide(t, ctx, s, v);
	vault_tree_unref(keep);
	return error;
}

enum sr_error roster_verdict_apply(struct vault_tree **t, const struct epoch_context *ctx,
    struct sr_bytes body, uint32_t member)
{
	struct verdict *v = malloc(sizeof(*v));
	struct subject *s = malloc(sizeof(*s));
	struct roster_votes *votes = malloc(sizeof(*votes));
	enum sr_error error = SR_ERR_NO_MEMORY;

	if (v != NULL && s != NULL && votes != NULL)
		error = verdict_read(v, body);
	if (error == SR_OK)
		error = subject_find(s, *t, ctx, &v->subject);
	if (error == SR_OK)
		error = vote_add(t, ctx, s, votes, v, member);
	else if (error == SR_ERR_NOT_FOUND && ctx->block != NULL)
		error = vault_attest_verdict(t, ctx->block, &v->subject, member, ctx->now->n,
		    consensus_quorum(ctx->now->n), (uint16_t)v->code, v->facts_bytes);
	free(v);
	free(s);
	free(votes);
	return error;
}
