/* enclave/roster.c - the rows of a roster: policy, clock, candidates, members, votes, and what is
 * still to be verified. */
#include "enclave/epoch_state.h"

#include "consensus/wire.h"

#include <stdlib.h>
#include <string.h>

#define ROW_VERSION 1u
#define MEMBER_ROW_MAX (96u + ATTEST_FACTS_MAX)
#define CANDIDATE_ROW_MAX (GENESIS_EVIDENCE_MAX + ATTEST_FACTS_MAX + 4096u)
#define REATTEST_ROW_MAX (GENESIS_EVIDENCE_MAX + 256u)
#define VOTES_ROW_MAX (5u + SR_MEMBERS_MAX * 36u)

static const char policy_domain[] = "strongroom policy v1";
static const char subject_domain[] = "strongroom genesis subject v1";

static void version_read(struct sr_reader *r)
{
	if (sr_read_u8(r) != ROW_VERSION)
		sr_reader_fail(r, SR_ERR_BAD_VERSION);
}

static void facts_write(struct sr_writer *w, bool have, const struct attest_facts *facts)
{
	sr_write_bool(w, have);
	if (have)
		attest_facts_write(w, facts);
}

static bool facts_read(struct attest_facts *facts, struct sr_reader *r)
{
	bool have = sr_read_bool(r);

	memset(facts, 0, sizeof(*facts));
	if (have)
		attest_facts_read(facts, r);
	return have;
}

/* --------------------------------------------------------------------------------------- policy */

enum sr_error roster_policy_get(struct attest_policy *p, const struct vault_tree *t)
{
	struct sr_bytes value = epoch_row_get(t, EPOCH_ROW_POLICY, 0);
	struct sr_reader r;

	if (value.p == NULL)
		return SR_ERR_NOT_FOUND;
	sr_reader_init(&r, value.p, value.n);
	attest_policy_read(p, &r);
	return sr_reader_finish(&r);
}

enum sr_error roster_policy_put(struct vault_tree **t, const struct attest_policy *p)
{
	struct vault_key key = epoch_row_key(EPOCH_ROW_POLICY, 0);
	struct sr_writer w;

	sr_writer_init(&w, ATTEST_POLICY_MAX);
	attest_policy_write(&w, p);
	SR_TRY(epoch_row_put(t, &key, &w));
	return epoch_row_delete(t, EPOCH_ROW_POLICY, 1);
}

enum sr_error roster_policy_announced(struct attest_policy *p, uint64_t *from_ms,
    const struct vault_tree *t)
{
	struct sr_bytes value = epoch_row_get(t, EPOCH_ROW_POLICY, 1);
	struct sr_reader r;

	if (value.p == NULL)
		return SR_ERR_NOT_FOUND;
	sr_reader_init(&r, value.p, value.n);
	*from_ms = sr_read_u64(&r);
	attest_policy_read(p, &r);
	return sr_reader_finish(&r);
}

enum sr_error roster_policy_announce(struct vault_tree **t, const struct attest_policy *p,
    uint64_t from_ms)
{
	struct vault_key key = epoch_row_key(EPOCH_ROW_POLICY, 1);
	struct sr_writer w;

	sr_writer_init(&w, ATTEST_POLICY_MAX + 8u);
	sr_write_u64(&w, from_ms);
	attest_policy_write(&w, p);
	return epoch_row_put(t, &key, &w);
}

enum sr_error roster_policy_message(struct sr_writer *w, const struct sr_hash32 *chain_id,
    const struct attest_policy *p)
{
	sr_writer_init(w, ATTEST_POLICY_MAX + 32u);
	sr_write_hash(w, chain_id);
	attest_policy_write(w, p);
	return sr_writer_finish(w);
}

void roster_policy_sign(struct sr_sig64 *sig, const struct sr_edsk *operator_key,
    const uint8_t *message, size_t n)
{
	sr_sign(sig, operator_key, policy_domain, message, n);
}

uint32_t roster_operators_quorum(const struct epoch_record *now)
{
	uint32_t distinct = 0;

	for (uint32_t i = 0; i < now->n; i++) {
		bool seen = false;

		for (uint32_t k = 0; k < i; k++)
			seen = seen || memcmp(now->members[i].operator_key.b,
			    now->members[k].operator_key.b, 32) == 0;
		distinct += seen ? 0 : 1;
	}
	return consensus_quorum(distinct);
}

struct attest_trust roster_trust(const struct attest_policy *p, const struct sr_edpk *operator_key)
{
	return (struct attest_trust){
		.makers = p->makers, .makers_n = p->makers_n,
		.provisioners = p->provisioners, .provisioners_n = p->provisioners_n,
		.operator_key = operator_key,
	};
}

/* ---------------------------------------------------------------------------------------- clock */

void roster_clock_get(struct roster_clock *c, const struct vault_tree *t)
{
	struct sr_bytes value = epoch_row_get(t, EPOCH_ROW_CLOCK, 0);
	struct sr_reader r;

	memset(c, 0, sizeof(*c));
	if (value.p == NULL)
		return;
	sr_reader_init(&r, value.p, value.n);
	version_read(&r);
	c->began_ms = sr_read_u64(&r);
	c->before_ms = sr_read_u64(&r);
	c->lapse_rest_ms = sr_read_u64(&r);
	c->refresh_asked = sr_read_bool(&r);
	c->attempts = sr_read_u32(&r);
	c->pause_until_ms = sr_read_u64(&r);
	SR_ASSERT(sr_reader_finish(&r) == SR_OK);
}

enum sr_error roster_clock_put(struct vault_tree **t, const struct roster_clock *c)
{
	struct vault_key key = epoch_row_key(EPOCH_ROW_CLOCK, 0);
	struct sr_writer w;

	sr_writer_init(&w, 64);
	sr_write_u8(&w, ROW_VERSION);
	sr_write_u64(&w, c->began_ms);
	sr_write_u64(&w, c->before_ms);
	sr_write_u64(&w, c->lapse_rest_ms);
	sr_write_bool(&w, c->refresh_asked);
	sr_write_u32(&w, c->attempts);
	sr_write_u64(&w, c->pause_until_ms);
	return epoch_row_put(t, &key, &w);
}

/* ----------------------------------------------------------------------------------- candidates */

static enum sr_error candidate_read(struct roster_candidate *c, const struct vault_key *key,
    struct sr_bytes value)
{
	struct sr_reader r;

	sr_reader_init(&r, value.p, value.n);
	version_read(&r);
	c->seat = epoch_row_index(key);
	c->state = (enum roster_candidate_state)sr_read_u8(&r);
	c->code = (enum sr_error)sr_read_u16(&r);
	c->asked_ms = sr_read_u64(&r);
	c->decided_ms = sr_read_u64(&r);
	c->subject = sr_read_hash(&r);
	c->nonce = sr_read_hash(&r);
	c->nonce_ms = sr_read_u64(&r);
	c->has_facts = facts_read(&c->facts, &r);
	genesis_member_read(&c->entry, &r);
	return sr_reader_finish(&r);
}

enum sr_error roster_candidate_get(struct roster_candidate *c, const struct vault_tree *t,
    uint32_t seat)
{
	struct vault_key key = epoch_row_key(EPOCH_ROW_CANDIDATE, seat);
	struct sr_bytes value = vault_tree_get(t, &key);

	return value.p != NULL ? candidate_read(c, &key, value) : SR_ERR_NOT_FOUND;
}

/* c's entry may borrow from *t: it is written out before the tree changes. */
enum sr_error roster_candidate_put(struct vault_tree **t, const struct roster_candidate *c)
{
	struct vault_key key = epoch_row_key(EPOCH_ROW_CANDIDATE, c->seat);
	struct sr_writer w;

	sr_writer_init(&w, CANDIDATE_ROW_MAX);
	sr_write_u8(&w, ROW_VERSION);
	sr_write_u8(&w, (uint8_t)c->state);
	sr_write_u16(&w, (uint16_t)c->code);
	sr_write_u64(&w, c->asked_ms);
	sr_write_u64(&w, c->decided_ms);
	sr_write_hash(&w, &c->subject);
	sr_write_hash(&w, &c->nonce);
	sr_write_u64(&w, c->nonce_ms);
	facts_write(&w, c->has_facts, &c->facts);
	genesis_member_write(&w, &c->entry);
	return epoch_row_put(t, &key, &w);
}

struct candidates_walk {
	bool (*visit)(void *ctx, const struct roster_candidate *c);
	void *ctx;
	struct roster_candidate c;
	enum sr_error error;
};

static bool candidates_visit(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct candidates_walk *walk = ctx;

	walk->error = candidate_read(&walk->c, key, value);
	return walk->error == SR_OK && walk->visit(walk->ctx, &walk->c);
}

enum sr_error roster_candidates_walk(const struct vault_tree *t,
    bool (*visit)(void *ctx, const struct roster_candidate *c), void *ctx)
{
	struct candidates_walk walk = { .visit = visit, .ctx = ctx };

	epoch_rows_walk(t, EPOCH_ROW_CANDIDATE, candidates_visit, &walk);
	return walk.error;
}

struct candidate_find { const struct sr_edpk *id_key; struct roster_candidate *out; bool found; };

static bool find_visit(void *ctx, const struct roster_candidate *c)
{
	struct candidate_find *find = ctx;

	if (memcmp(c->entry.id_key.b, find->id_key->b, 32) != 0)
		return true;
	*find->out = *c;
	find->found = true;
	/* One that was refused may have asked again. */
	return !roster_candidate_live(c);
}

enum sr_error roster_candidate_find(struct roster_candidate *c, const struct vault_tree *t,
    const struct sr_edpk *id_key)
{
	struct candidate_find find = { id_key, c, false };

	SR_TRY(roster_candidates_walk(t, find_visit, &find));
	return find.found ? SR_OK : SR_ERR_NOT_FOUND;
}

bool roster_candidate_live(const struct roster_candidate *c)
{
	return c->state != ROSTER_REFUSED;
}

enum sr_error roster_candidate_refuse(struct vault_tree **t, struct roster_candidate *c,
    enum sr_error code, uint64_t epoch, uint64_t time_ms)
{
	c->state = ROSTER_REFUSED;
	c->code = code;
	c->decided_ms = time_ms;
	c->has_facts = false;
	/* It may borrow from the tree as it was. */
	SR_TRY(roster_candidate_put(t, c));
	if (roster_spent_room(*t))
		SR_TRY(roster_spend(t, epoch, &c->subject));
	return roster_votes_drop(t, &c->subject);
}

/* --------------------------------------------------------------------------- operators who wait */

struct wait { uint32_t tries; uint64_t until_ms; };

static struct vault_key wait_key(const struct sr_edpk *operator_key)
{
	struct sr_hash32 hash = sr_hash(operator_key->b, sizeof(operator_key->b));

	return epoch_row_hash(EPOCH_ROW_WAIT, &hash);
}

static struct wait wait_read(struct sr_bytes value)
{
	struct wait wait = { 0 };
	struct sr_reader r;

	if (value.p == NULL)
		return wait;
	sr_reader_init(&r, value.p, value.n);
	version_read(&r);
	wait.tries = sr_read_u32(&r);
	wait.until_ms = sr_read_u64(&r);
	SR_ASSERT(sr_reader_finish(&r) == SR_OK);
	return wait;
}

bool roster_operator_waits(const struct vault_tree *t, const struct sr_edpk *operator_key,
    uint64_t time_ms)
{
	struct vault_key key = wait_key(operator_key);

	return time_ms < wait_read(vault_tree_get(t, &key)).until_ms;
}

struct waits { uint32_t n; struct vault_key first; uint64_t first_ms; };

static bool waits_visit(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	uint64_t until_ms = wait_read(value).until_ms;
	struct waits *waits = ctx;

	if (waits->n++ == 0 || until_ms < waits->first_ms) {
		waits->first = *key;
		waits->first_ms = until_ms;
	}
	return true;
}

enum sr_error roster_operator_drop(struct vault_tree **t, const struct sr_edpk *operator_key,
    uint64_t time_ms)
{
	struct vault_key key = wait_key(operator_key);
	struct wait wait = wait_read(vault_tree_get(*t, &key));
	uint64_t span = ROSTER_WAIT_MS;
	struct waits waits = { 0 };
	struct sr_writer w;

	/* Who did not ask for so long begins anew. */
	if (wait.until_ms + ROSTER_WAIT_MAX_MS < time_ms)
		wait.tries = 0;
	for (uint32_t i = 0; i < wait.tries && span < ROSTER_WAIT_MAX_MS; i++)
		span *= 2;
	epoch_rows_walk(*t, EPOCH_ROW_WAIT, waits_visit, &waits);
	if (waits.n >= ROSTER_WAITS_MAX && vault_tree_get(*t, &key).p == NULL)
		SR_TRY(vault_tree_delete(t, &waits.first));
	sr_writer_init(&w, 16);
	sr_write_u8(&w, ROW_VERSION);
	sr_write_u32(&w, wait.tries < UINT32_MAX ? wait.tries + 1 : wait.tries);
	sr_write_u64(&w, time_ms + (span < ROSTER_WAIT_MAX_MS ? span : ROSTER_WAIT_MAX_MS));
	return epoch_row_put(t, &key, &w);
}

static enum sr_error operator_settled(struct vault_tree **t, const struct sr_edpk *operator_key)
{
	struct vault_key key = wait_key(operator_key);

	return vault_tree_delete(t, &key);
}

/* -------------------------------------------------------------------------------------- members */

enum sr_error roster_member_get(struct roster_member *m, const struct vault_tree *t, uint32_t seat)
{
	struct sr_bytes value = epoch_row_get(t, EPOCH_ROW_MEMBER, seat);
	struct sr_reader r;

	if (value.p == NULL)
		return SR_ERR_NOT_FOUND;
	sr_reader_init(&r, value.p, value.n);
	version_read(&r);
	m->seat = seat;
	m->flags = sr_read_u32(&r);
	m->code = (enum sr_error)sr_read_u16(&r);
	m->since_epoch = sr_read_u64(&r);
	m->verified_ms = sr_read_u64(&r);
	m->nonce_ms = sr_read_u64(&r);
	m->due_ms = sr_read_u64(&r);
	m->stalls = sr_read_u32(&r);
	for (size_t i = 0; i < 2; i++) {
		m->rest_until_ms[i] = sr_read_u64(&r);
		m->tries[i] = sr_read_u32(&r);
	}
	m->has_facts = facts_read(&m->facts, &r);
	return sr_reader_finish(&r);
}

enum sr_error roster_member_put(struct vault_tree **t, const struct roster_member *m)
{
	struct vault_key key = epoch_row_key(EPOCH_ROW_MEMBER, m->seat);
	struct sr_writer w;

	sr_writer_init(&w, MEMBER_ROW_MAX);
	sr_write_u8(&w, ROW_VERSION);
	sr_write_u32(&w, m->flags);
	sr_write_u16(&w, (uint16_t)m->code);
	sr_write_u64(&w, m->since_epoch);
	sr_write_u64(&w, m->verified_ms);
	sr_write_u64(&w, m->nonce_ms);
	sr_write_u64(&w, m->due_ms);
	sr_write_u32(&w, m->stalls);
	for (size_t i = 0; i < 2; i++) {
		sr_write_u64(&w, m->rest_until_ms[i]);
		sr_write_u32(&w, m->tries[i]);
	}
	facts_write(&w, m->has_facts, &m->facts);
	return epoch_row_put(t, &key, &w);
}

enum sr_error roster_member_reason(const struct roster_member *m)
{
	if (m->flags & ROSTER_FAULTY)
		return SR_ERR_DEALING_BAD;
	if (m->flags & ROSTER_LAPSED)
		return m->code != SR_OK ? m->code : SR_ERR_EVIDENCE_LAPSED;
	if (m->flags & ROSTER_STALLS)
		return SR_ERR_CHANGE_STALLED;
	if (m->flags & ROSTER_SILENT)
		return SR_ERR_TIMED_OUT;
	return m->flags & ROSTER_LEAVES ? SR_ERR_LEFT : SR_OK;
}

/* ------------------------------------------------------------------------------------- evidence */

void roster_member_report(uint8_t out[ATTEST_REPORT_DATA], const struct epoch_context *ctx,
    uint32_t index)
{
	const struct epoch_member *m = &ctx->now->members[index];
	struct sr_hash32 nonce = epoch_record_nonce(ctx->now, ctx->genesis);

	genesis_report_data(out, &m->operator_key, &m->id_key, &m->vote_key, m->box_key, &nonce);
}

enum sr_error roster_report_before(uint8_t out[ATTEST_REPORT_DATA], const struct vault_tree *t,
    const struct epoch_context *ctx, uint32_t index)
{
	struct epoch_record *old = malloc(sizeof(*old));
	enum sr_error error = old != NULL ? epoch_old_get(old, t) : SR_ERR_NO_MEMORY;
	struct epoch_context before = { .now = old, .genesis = ctx->genesis };
	uint32_t was = EPOCH_NOBODY;

	if (error == SR_OK)
		was = epoch_record_id(old, &ctx->now->members[index].id_key);
	if (error == SR_OK && was == EPOCH_NOBODY)
		error = SR_ERR_NOT_FOUND;
	if (error == SR_OK)
		roster_member_report(out, &before, was);
	free(old);
	return error;
}

enum sr_error roster_reattest_read(struct roster_reattest *out, const struct vault_key *key,
    struct sr_bytes value)
{
	struct sr_reader r;

	sr_reader_init(&r, value.p, value.n);
	version_read(&r);
	out->seat = epoch_row_index(key) / 2;
	out->own = epoch_row_index(key) % 2 == 1;
	out->epoch = sr_read_u64(&r);
	out->asked_ms = sr_read_u64(&r);
	out->subject = sr_read_hash(&r);
	out->evidence = sr_read_blob(&r, GENESIS_EVIDENCE_MAX);
	return sr_reader_finish(&r);
}

enum sr_error roster_reattest_put(struct vault_tree **t, const struct roster_reattest *in)
{
	struct vault_key key = epoch_row_key(EPOCH_ROW_REATTEST,
	    2 * in->seat + (in->own ? 1u : 0u));
	struct sr_writer w;

	sr_writer_init(&w, REATTEST_ROW_MAX);
	sr_write_u8(&w, ROW_VERSION);
	sr_write_u64(&w, in->epoch);
	sr_write_u64(&w, in->asked_ms);
	sr_write_hash(&w, &in->subject);
	sr_write_blob(&w, in->evidence.p, in->evidence.n);
	return epoch_row_put(t, &key, &w);
}

/* Its form is checked when the genesis is read, and software evidence is no more than form. */
static void software_facts(struct attest_facts *f, const struct genesis_member *m)
{
	memset(f, 0, sizeof(*f));
	f->kind = ATTEST_KIND_SOFTWARE;
	f->status = ATTEST_UP_TO_DATE;
	f->measurement_n = attest_kind_measurement_n(ATTEST_KIND_SOFTWARE);
	memcpy(f->measurement, m->evidence.p + 1, 32);
	memcpy(f->report_data, m->evidence.p + 33, ATTEST_REPORT_DATA);
	f->valid_to_s = UINT64_MAX;
}

/* What is said of vendors' evidence must come out of equal verdicts: until then there are no
 * facts. */
enum sr_error roster_genesis(struct vault_tree **t, const struct genesis *g)
{
	struct roster_clock clock = { .began_ms = g->created_ms,
		.before_ms = g->created_ms };

	SR_TRY(roster_policy_put(t, &g->policy));
	SR_TRY(roster_clock_put(t, &clock));
	for (uint32_t i = 0; i < g->members_n; i++) {
		struct roster_member m = { .seat = i, .verified_ms = g->created_ms,
			.nonce_ms = g->created_ms };

		m.has_facts = g->members[i].evidence.p[0] == ATTEST_KIND_SOFTWARE;
		if (m.has_facts)
			software_facts(&m.facts, &g->members[i]);
		SR_TRY(roster_member_put(t, &m));
	}
	return SR_OK;
}

struct sr_hash32 roster_genesis_subject(const struct genesis *g, uint32_t seat)
{
	uint8_t b[4] = { (uint8_t)seat, (uint8_t)(seat >> 8), (uint8_t)(seat >> 16),
		(uint8_t)(seat >> 24) };
	struct sr_bytes parts[] = { { g->chain_id.b, 32 }, { b, sizeof(b) } };

	return sr_hash_domain(subject_domain, parts, 2);
}

enum sr_error roster_genesis_check(const struct genesis *g,
    enum sr_error (*verify)(struct attest_facts *facts, struct sr_bytes evidence,
    const struct attest_trust *trust, uint64_t time_s))
{
	for (uint32_t i = 0; i < g->members_n; i++) {
		const struct genesis_member *m = &g->members[i];
		struct attest_trust trust = roster_trust(&g->policy, &m->operator_key);
		uint8_t report[ATTEST_REPORT_DATA];
		struct attest_facts facts;

		genesis_report_data(report, &m->operator_key, &m->id_key, &m->vote_key,
		    m->box_key, &g->nonce);
		SR_TRY(verify(&facts, m->evidence, &trust, g->created_ms / 1000));
		SR_TRY(attest_policy_judge(&g->policy, &facts, report, g->created_ms));
	}
	return SR_OK;
}

bool roster_spent(const struct vault_tree *t, const struct sr_hash32 *hash)
{
	struct vault_key key = epoch_row_hash(EPOCH_ROW_SPENT, hash);

	return vault_tree_get(t, &key).p != NULL;
}

static struct sr_hash32 evidence_name(const struct sr_edpk *id_key, struct sr_bytes evidence)
{
	struct sr_bytes parts[2] = { { NULL, 0 }, evidence };

	if (id_key == NULL)
		return sr_hash(evidence.p, evidence.n);
	parts[0] = (struct sr_bytes){ id_key->b, sizeof(id_key->b) };
	return sr_hash_domain("strongroom spent evidence v1", parts, 2);
}

bool roster_evidence_spent(const struct vault_tree *t, const struct sr_edpk *id_key,
    struct sr_bytes evidence)
{
	struct sr_hash32 anyone = evidence_name(NULL, evidence);
	struct sr_hash32 own = evidence_name(id_key, evidence);

	return roster_spent(t, &anyone) || roster_spent(t, &own);
}

enum sr_error roster_evidence_spend(struct vault_tree **t, uint64_t epoch,
    const struct sr_edpk *id_key, struct sr_bytes evidence)
{
	struct sr_hash32 name = evidence_name(id_key, evidence);

	return roster_spend(t, epoch, &name);
}

enum sr_error roster_spend(struct vault_tree **t, uint64_t epoch, const struct sr_hash32 *hash)
{
	struct vault_key key = epoch_row_hash(EPOCH_ROW_SPENT, hash);
	struct sr_writer w;

	sr_writer_init(&w, 16);
	sr_write_u8(&w, ROW_VERSION);
	sr_write_u64(&w, epoch);
	return epoch_row_put(t, &key, &w);
}

static bool spent_count(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	uint32_t *count = ctx;

	(void)key;
	(void)value;
	return ++*count < ROSTER_SPENT_MAX;
}

bool roster_spent_room(const struct vault_tree *t)
{
	uint32_t count = 0;

	epoch_rows_walk(t, EPOCH_ROW_SPENT, spent_count, &count);
	return count < ROSTER_SPENT_MAX;
}

/* ---------------------------------------------------------------------------------------- votes */

enum sr_error roster_votes_get(struct roster_votes *v, const struct vault_tree *t,
    const struct sr_hash32 *subject)
{
	struct vault_key key = epoch_row_hash(EPOCH_ROW_VOTES, subject);
	struct sr_bytes value = vault_tree_get(t, &key);
	struct sr_reader r;

	v->n = 0;
	if (value.p == NULL)
		return SR_OK;
	sr_reader_init(&r, value.p, value.n);
	version_read(&r);
	v->n = sr_read_u32(&r);
	if (v->n > SR_MEMBERS_MAX)
		v->n = 0;
	for (uint32_t i = 0; i < v->n; i++) {
		v->list[i].member = sr_read_u32(&r);
		v->list[i].said = sr_read_hash(&r);
	}
	return sr_reader_finish(&r);
}

bool roster_votes_has(const struct roster_votes *v, uint32_t member)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (v->list[i].member == member)
			return true;
	return false;
}

enum sr_error roster_votes_put(struct vault_tree **t, const struct sr_hash32 *subject,
    const struct roster_votes *v)
{
	struct vault_key key = epoch_row_hash(EPOCH_ROW_VOTES, subject);
	struct sr_writer w;

	sr_writer_init(&w, VOTES_ROW_MAX);
	sr_write_u8(&w, ROW_VERSION);
	sr_write_u32(&w, v->n);
	for (uint32_t i = 0; i < v->n; i++) {
		sr_write_u32(&w, v->list[i].member);
		sr_write_hash(&w, &v->list[i].said);
	}
	return epoch_row_put(t, &key, &w);
}

enum sr_error roster_votes_drop(struct vault_tree **t, const struct sr_hash32 *subject)
{
	struct vault_key key = epoch_row_hash(EPOCH_ROW_VOTES, subject);

	return vault_tree_delete(t, &key);
}

/* ------------------------------------------------------------------------------------- subjects */

struct subject_search {
	const struct vault_tree *t;
	const struct epoch_context *ctx;
	const struct sr_hash32 *after;
	uint32_t member;
	bool found;
	struct roster_subject *out;
	enum sr_error error;
};

/* Is this the next one so far? Then it is for the caller to fill in. */
static bool subject_take(struct subject_search *s, const struct sr_hash32 *subject)
{
	struct roster_votes *votes;
	bool take;

	if ((s->after != NULL && sr_hash32_compare(subject, s->after) <= 0) ||
	    (s->found && sr_hash32_compare(subject, &s->out->subject) >= 0))
		return false;
	votes = malloc(sizeof(*votes));
	s->error = votes != NULL ? roster_votes_get(votes, s->t, subject) : SR_ERR_NO_MEMORY;
	take = s->error == SR_OK && !roster_votes_has(votes, s->member);
	free(votes);
	if (!take)
		return false;
	s->found = true;
	s->out->subject = *subject;
	return true;
}

static bool subject_candidate(void *ctx, const struct roster_candidate *c)
{
	struct subject_search *s = ctx;

	if (c->state != ROSTER_WAITING || !subject_take(s, &c->subject))
		return s->error == SR_OK;
	s->out->evidence = c->entry.evidence;
	s->out->operator_key = c->entry.operator_key;
	s->out->time_ms = c->asked_ms;
	genesis_report_data(s->out->report_data, &c->entry.operator_key, &c->entry.id_key,
	    &c->entry.vote_key, c->entry.box_key, &c->nonce);
	return true;
}

static bool subject_reattest(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct subject_search *s = ctx;
	struct roster_reattest r;
	uint32_t index;

	s->error = roster_reattest_read(&r, key, value);
	if (s->error != SR_OK)
		return false;
	index = epoch_record_seat(s->ctx->now, r.seat);
	if (index == EPOCH_NOBODY || !subject_take(s, &r.subject))
		return s->error == SR_OK;
	s->out->evidence = r.evidence;
	s->out->operator_key = s->ctx->now->members[index].operator_key;
	s->out->time_ms = r.asked_ms;
	roster_member_report(s->out->report_data, s->ctx, index);
	if (r.epoch != s->ctx->now->epoch)
		s->error = roster_report_before(s->out->report_data, s->t, s->ctx, index);
	return s->error == SR_OK;
}

/* Members of the genesis whose evidence says nothing yet. */
static void subject_genesis(struct subject_search *s)
{
	const struct genesis *g = s->ctx->genesis;

	for (uint32_t i = 0; s->error == SR_OK && i < g->members_n; i++) {
		const struct genesis_member *e = &g->members[i];
		struct sr_hash32 subject;
		struct roster_member m;

		if (roster_member_get(&m, s->t, i) != SR_OK || m.since_epoch > 0 ||
		    m.has_facts || m.code != SR_OK)
			continue;
		subject = roster_genesis_subject(g, i);
		if (!subject_take(s, &subject))
			continue;
		s->out->evidence = e->evidence;
		s->out->operator_key = e->operator_key;
		s->out->time_ms = g->created_ms;
		genesis_report_data(s->out->report_data, &e->operator_key, &e->id_key,
		    &e->vote_key, e->box_key, &g->nonce);
	}
}

enum sr_error roster_subject_next(struct roster_subject *out, const struct vault_tree *t,
    const struct epoch_context *ctx, uint32_t member, const struct sr_hash32 *after)
{
	struct subject_search s = { .t = t, .ctx = ctx, .after = after, .member = member,
		.out = out };

	memset(out, 0, sizeof(*out));
	SR_TRY(roster_candidates_walk(t, subject_candidate, &s));
	if (s.error == SR_OK)
		epoch_rows_walk(t, EPOCH_ROW_REATTEST, subject_reattest, &s);
	if (s.error == SR_OK)
		subject_genesis(&s);
	if (s.error != SR_OK)
		return s.error;
	return s.found ? SR_OK : SR_ERR_NOT_FOUND;
}

void roster_verdict_write(struct sr_writer *w, const struct sr_hash32 *subject, enum sr_error code,
    const struct attest_facts *facts)
{
	uint8_t bytes[ATTEST_FACTS_MAX];
	struct sr_writer inner;

	sr_writer_init_over(&inner, bytes, sizeof(bytes));
	if (code == SR_OK)
		attest_facts_write(&inner, facts);
	sr_writer_fail(w, inner.error);
	sr_write_hash(w, subject);
	sr_write_u16(w, (uint16_t)code);
	sr_write_blob(w, inner.p, inner.n);
}

/* ---------------------------------------------------------------------------------------- close */

static enum sr_error member_begin(struct vault_tree **t, const struct epoch_record *next,
    const struct epoch_member *member)
{
	struct roster_member m = { .seat = member->seat, .since_epoch = next->epoch };
	struct roster_candidate c;

	SR_TRY(roster_candidate_get(&c, *t, member->seat));
	m.verified_ms = c.asked_ms;
	m.nonce_ms = c.nonce_ms;
	m.has_facts = c.has_facts;
	m.facts = c.facts;
	SR_TRY(operator_settled(t, &member->operator_key));
	SR_TRY(epoch_row_delete(t, EPOCH_ROW_CANDIDATE, c.seat));
	return roster_member_put(t, &m);
}

/* Who was asked to take part in this change did so: nobody in the next roster is silent, or keeps a
 * change from getting through. */
static enum sr_error member_stay(struct vault_tree **t, uint32_t seat)
{
	struct roster_member m;

	SR_TRY(roster_member_get(&m, *t, seat));
	m.flags &= ~(uint32_t)(ROSTER_SILENT | ROSTER_STALLS);
	m.stalls = 0;
	m.tries[0] = m.tries[1] = 0;
	return roster_member_put(t, &m);
}

/* Who went as LAPSED, or not: is it time for the next one after this one only? */
static enum sr_error member_end(struct vault_tree **t, const struct epoch_context *ctx,
    uint32_t seat, struct roster_clock *clock)
{
	struct attest_policy policy;
	struct roster_member m;

	SR_TRY(roster_member_get(&m, *t, seat));
	if (m.flags & ROSTER_LAPSED) {
		SR_TRY(roster_policy_get(&policy, *t));
		clock->lapse_rest_ms = ctx->time_ms + policy.window_ms;
	}
	return epoch_row_delete(t, EPOCH_ROW_MEMBER, seat);
}

/* What a CLOSE leaves of evidence that waits and of what counted: the closing epoch's, since its
 * nonce counts in the next one, too. */
struct leave { struct vault_tree **t; uint64_t epoch; const struct epoch_record *next;
	enum sr_error error; };

static bool reattest_leave(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct leave *l = ctx;
	struct roster_reattest r;

	l->error = roster_reattest_read(&r, key, value);
	if (l->error == SR_OK && (r.epoch != l->epoch ||
	    epoch_record_seat(l->next, r.seat) == EPOCH_NOBODY))
		l->error = vault_tree_delete(l->t, key);
	return l->error == SR_OK;
}

static bool spent_leave(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct leave *l = ctx;
	struct sr_reader r;

	sr_reader_init(&r, value.p, value.n);
	version_read(&r);
	if (sr_read_u64(&r) != l->epoch || r.error != SR_OK)
		l->error = vault_tree_delete(l->t, key);
	return l->error == SR_OK;
}

static enum sr_error evidence_close(struct vault_tree **t, uint64_t epoch,
    const struct epoch_record *next)
{
	struct leave l = { .t = t, .epoch = epoch, .next = next };
	struct vault_tree *before = vault_tree_ref(*t);

	epoch_rows_walk(before, EPOCH_ROW_REATTEST, reattest_leave, &l);
	if (l.error == SR_OK)
		epoch_rows_walk(before, EPOCH_ROW_SPENT, spent_leave, &l);
	vault_tree_unref(before);
	return l.error;
}

enum sr_error roster_close(struct vault_tree **t, const struct epoch_context *ctx,
    const struct epoch_record *next)
{
	struct roster_clock old, clock = { .began_ms = ctx->time_ms };

	roster_clock_get(&old, *t);
	clock.before_ms = old.began_ms;
	clock.lapse_rest_ms = old.lapse_rest_ms;
	for (uint32_t i = 0; i < ctx->now->n; i++)
		if (epoch_record_id(next, &ctx->now->members[i].id_key) == EPOCH_NOBODY)
			SR_TRY(member_end(t, ctx, ctx->now->members[i].seat, &clock));
	for (uint32_t i = 0; i < next->n; i++) {
		const struct epoch_member *m = &next->members[i];

		if (epoch_record_id(ctx->now, &m->id_key) == EPOCH_NOBODY)
			SR_TRY(member_begin(t, next, m));
		else
			SR_TRY(member_stay(t, m->seat));
	}
	/* Votes are by index. */
	SR_TRY(epoch_rows_clear(t, EPOCH_ROW_VOTES));
	SR_TRY(epoch_rows_clear(t, EPOCH_ROW_SILENCE));
	SR_TRY(evidence_close(t, ctx->now->epoch, next));
	return roster_clock_put(t, &clock);
}
