/*
 * The attesteer: anyone submits evidence of a machine, the members verify it outside of execution
 * and vote their verdicts, and what a quorum says of it is kept for everyone to read.
 *
 *   SUBMIT ──► waits ──► a quorum of equal verdicts ──► registry: verified, or refused and why
 *                └─────► no quorum in ten minutes ────► registry: refused, TIMED_OUT
 *
 * Whose key? The first 32 bytes of the report data are the workload key: either an X25519 public
 * key, or SHA-256 of an X25519 SubjectPublicKeyInfo (RFC 8410), as RA-TLS has it. Both readings
 * name keys that a share can be encrypted to. Taken for the other reading they name a key whose
 * private half nobody has: as hard to find as a discrete logarithm or a preimage.
 */
#include "vault/internal.h"

#include <string.h>

/* --- indices and counts --- */

static enum sr_error entry_put(struct vault_tx *tx, struct vault_key key,
    const struct sr_hash32 *id)
{
	return vault_tx_put(tx, &key, id->b, sizeof id->b);
}

static enum sr_error entry_drop(struct vault_tx *tx, struct vault_key key)
{
	return vault_tx_delete(tx, &key);
}

static struct sr_bytes measurement_of(const struct vault_attestation *a)
{
	return (struct sr_bytes){ a->measurement, a->measurement_n };
}

static struct vault_deadline deadline_of(const struct sr_hash32 *id, uint64_t due_ms)
{
	struct vault_deadline d = { .clock = VAULT_CLOCK_WALL, .kind = VAULT_DEADLINE_ATTEST,
		.due_ms = due_ms };

	memcpy(d.id, id->b, sizeof d.id);
	return d;
}

/* --- SUBMIT --- */

static bool count_visit(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	(void)key, (void)value;
	++*(uint32_t *)ctx;
	return true;
}

static uint32_t waiting_of(const struct vault_tree *t, const struct vault_account *a)
{
	struct vault_key from = vault_index_waiting(a, 0);
	uint32_t n = 0;

	vault_tree_walk(t, &from, VAULT_INDEX_PREFIX, count_visit, &n);
	return n;
}

static enum sr_error room(const struct vault_tx *tx, const struct vault_attest_counts *counts)
{
	if (counts->pending >= VAULT_ATTEST_PENDING_MAX ||
	    counts->pending + counts->attestations >= VAULT_ATTESTATIONS_MAX)
		return SR_ERR_TOO_MANY;
	return waiting_of(tx->t, &tx->op->account) < VAULT_ATTEST_ACCOUNT_MAX
	    ? SR_OK : SR_ERR_ACCOUNT_LIMIT;
}

enum sr_error vault_attest_submit(struct vault_tx *tx, const struct vault_op_attest_submit *b)
{
	struct vault_pending p = { .id = tx->op->hash, .submitter = tx->op->account,
		.submitted_ms = tx->block->time_ms, .url = b->url, .evidence = b->evidence };
	struct vault_attest_counts counts;
	struct vault_deadline d;

	SR_TRY(vault_attest_counts_load(tx->t, &counts));
	SR_TRY(room(tx, &counts));
	counts.submitted++;
	counts.pending++;
	p.number = counts.submitted;
	p.expires_ms = vault_add_capped(p.submitted_ms, VAULT_ATTEST_WAIT_MS);
	d = deadline_of(&p.id, p.expires_ms);
	tx->receipt->id = p.number;
	SR_TRY(vault_attest_counts_store(tx, &counts));
	SR_TRY(vault_pending_store(tx, &p));
	SR_TRY(entry_put(tx, vault_index_waiting(NULL, p.number), &p.id));
	SR_TRY(entry_put(tx, vault_index_waiting(&p.submitter, p.number), &p.id));
	return vault_deadline_add(tx, &d);
}

/* --- the registry --- */

/*
 * Which records may speak for a workload. Of a debug enclave the host can make what it likes; a
 * software signature proves nothing about a machine, nor does a TPM whose key nobody vouches for.
 */
static bool speaks(const struct vault_attestation *a)
{
	if (a->code != SR_OK || a->debug || a->kind == ATTEST_KIND_SOFTWARE)
		return false;
	return a->kind != ATTEST_KIND_TPM || a->vouchers > 0;
}

static bool valid_at(const struct vault_attestation *a, uint64_t time_ms, uint64_t slack_ms)
{
	return time_ms >= a->valid_from_ms && time_ms < vault_add_capped(a->valid_to_ms, slack_ms);
}

static bool newer_collateral(const struct vault_attestation *a, const struct vault_attestation *b)
{
	if (a->evaluation != b->evaluation)
		return a->evaluation > b->evaluation;
	return a->valid_from_ms > b->valid_from_ms;
}

/* The record that an index entry names. NOT_ATTESTED: there is none. */
static enum sr_error entry_load(const struct vault_tree *t, struct vault_attestation *a,
    struct vault_key key)
{
	struct sr_bytes value = vault_tree_get(t, &key);
	struct sr_hash32 id;

	if (value.p == NULL)
		return SR_ERR_NOT_ATTESTED;
	if (value.n != sizeof id.b)
		return SR_ERR_DAMAGED;
	memcpy(id.b, value.p, sizeof id.b);
	return vault_attestation_load(t, a, &id);
}

/*
 * One record speaks for a workload: the last one, unless it was verified with older collateral
 * than one that is still valid. Else whoever keeps last month's collateral could show a platform
 * as up to date that this month's calls outdated.
 */
static enum sr_error speaker_set(struct vault_tx *tx, const struct vault_attestation *a)
{
	struct vault_key key = vault_index_workload(measurement_of(a), a->report_data);
	struct vault_attestation now;
	enum sr_error error;

	if (!speaks(a))
		return SR_OK;
	error = entry_load(tx->t, &now, key);
	if (error == SR_OK && valid_at(&now, tx->block->time_ms, 0) && newer_collateral(&now, a))
		return SR_OK;
	if (error != SR_OK && error != SR_ERR_NOT_ATTESTED)
		return error;
	return entry_put(tx, key, &a->id);
}

static enum sr_error speaker_drop(struct vault_tx *tx, const struct vault_attestation *a)
{
	struct vault_key key = vault_index_workload(measurement_of(a), a->report_data);
	struct sr_bytes value = vault_tree_get(tx->t, &key);

	if (value.n != sizeof a->id.b || memcmp(value.p, a->id.b, sizeof a->id.b) != 0)
		return SR_OK;
	return entry_drop(tx, key);
}

static enum sr_error registry_add(struct vault_tx *tx, const struct vault_attestation *a)
{
	struct vault_event e = vault_event_of_attestation(
	    a->code == SR_OK ? VAULT_EVENT_ATTESTED : VAULT_EVENT_NOT_ATTESTED, &a->id);
	struct vault_deadline d = deadline_of(&a->id, a->keep_ms);

	SR_TRY(vault_attestation_store(tx, a));
	SR_TRY(entry_put(tx, vault_index_attested(a->number), &a->id));
	if (a->code == SR_OK) {
		SR_TRY(entry_put(tx, vault_index_measured(measurement_of(a), a->number), &a->id));
		SR_TRY(speaker_set(tx, a));
	}
	SR_TRY(vault_deadline_add(tx, &d));
	e.actor = a->submitter;
	e.code = a->code;
	e.detail = a->status;
	return vault_audit(tx, &e);
}

static enum sr_error registry_drop(struct vault_tx *tx, const struct sr_hash32 *id)
{
	struct vault_key key = vault_key_hash(VAULT_REC_ATTESTATION, id);
	struct vault_attest_counts counts;
	struct vault_attestation a;

	SR_TRY(vault_attestation_load(tx->t, &a, id));
	SR_TRY(vault_attest_counts_load(tx->t, &counts));
	if (counts.attestations == 0)
		return SR_ERR_DAMAGED;
	counts.attestations--;
	SR_TRY(vault_attest_counts_store(tx, &counts));
	SR_TRY(entry_drop(tx, vault_index_attested(a.number)));
	if (a.code == SR_OK) {
		SR_TRY(entry_drop(tx, vault_index_measured(measurement_of(&a), a.number)));
		SR_TRY(speaker_drop(tx, &a));
	}
	return vault_tx_delete(tx, &key);
}

/* --- verdicts --- */

struct votes {
	const struct vault_vote *like;
	uint32_t equal, n;
	struct vault_key keys[SR_MEMBERS_MAX];
	enum sr_error error;
};

static bool votes_visit(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct votes *votes = ctx;
	struct vault_vote v;
	struct sr_reader r;

	sr_reader_init(&r, value.p, value.n);
	vault_vote_read(&v, &r);
	if (sr_reader_finish(&r) != SR_OK || votes->n == SR_MEMBERS_MAX) {
		votes->error = SR_ERR_DAMAGED;
		return false;
	}
	votes->keys[votes->n++] = *key;
	votes->equal += v.epoch == votes->like->epoch && v.code == votes->like->code &&
	    sr_hash32_equal(&v.facts, &votes->like->facts);
	return true;
}

static enum sr_error votes_read(struct votes *votes, const struct vault_tree *t,
    const struct sr_hash32 *id, const struct vault_vote *like)
{
	struct vault_key from = vault_key_vote(id, 0);

	votes->like = like;
	votes->equal = votes->n = 0;
	votes->error = SR_OK;
	vault_tree_walk(t, &from, VAULT_VOTE_PREFIX, votes_visit, votes);
	return votes->error;
}

/* What waited waits no more; the record in the registry takes its place in the counts. */
static enum sr_error pending_drop(struct vault_tx *tx, const struct vault_pending *p)
{
	static const struct vault_vote none;
	struct vault_key key = vault_key_hash(VAULT_REC_PENDING, &p->id);
	struct vault_deadline d = deadline_of(&p->id, p->expires_ms);
	struct vault_attest_counts counts;
	struct votes votes;

	SR_TRY(vault_attest_counts_load(tx->t, &counts));
	if (counts.pending == 0)
		return SR_ERR_DAMAGED;
	counts.pending--;
	counts.attestations++;
	SR_TRY(vault_attest_counts_store(tx, &counts));
	SR_TRY(votes_read(&votes, tx->t, &p->id, &none));
	for (uint32_t i = 0; i < votes.n; i++)
		SR_TRY(vault_tx_delete(tx, &votes.keys[i]));
	SR_TRY(entry_drop(tx, vault_index_waiting(NULL, p->number)));
	SR_TRY(entry_drop(tx, vault_index_waiting(&p->submitter, p->number)));
	SR_TRY(vault_deadline_drop(tx, &d));
	return vault_tx_delete(tx, &key);
}

static uint64_t ms_of(uint64_t seconds)
{
	return seconds > UINT64_MAX / 1000 ? UINT64_MAX : seconds * 1000;
}

static void facts_take(struct vault_attestation *a, const struct attest_facts *f)
{
	uint64_t latest_ms = vault_add_capped(a->submitted_ms, VAULT_ATTEST_LIFE_MS);

	a->kind = f->kind;
	a->status = f->status;
	a->debug = f->debug;
	memcpy(a->measurement, f->measurement, sizeof a->measurement);
	memcpy(a->signer, f->signer, sizeof a->signer);
	a->measurement_n = f->measurement_n;
	a->signer_n = f->signer_n;
	memcpy(a->report_data, f->report_data, sizeof a->report_data);
	a->collateral = f->collateral;
	a->evaluation = f->evaluation;
	a->vouchers = f->vouchers_n;
	a->valid_from_ms = ms_of(f->valid_from_s);
	a->valid_to_ms = ms_of(f->valid_to_s);
	if (a->valid_to_ms > latest_ms)
		a->valid_to_ms = latest_ms;
	a->keep_ms = vault_add_capped(a->valid_to_ms, VAULT_ATTEST_KEEP_MS);
}

/* A key holds but 31 bytes of an id: the record must be of all 32. */
static enum sr_error pending_find(const struct vault_tree *t, struct vault_pending *p,
    const struct sr_hash32 *id)
{
	SR_TRY(vault_pending_load(t, p, id));
	return sr_hash32_equal(&p->id, id) ? SR_OK : SR_ERR_NOT_FOUND;
}

/* facts: NULL when the code is a refusal. */
static enum sr_error judged(struct vault_tx *tx, const struct vault_pending *p, uint16_t code,
    const struct attest_facts *facts)
{
	struct vault_attestation a = { .id = p->id, .number = p->number, .submitter = p->submitter,
		.submitted_ms = p->submitted_ms, .judged_ms = tx->block->time_ms, .code = code };
	uint8_t url[VAULT_ATTEST_URL_MAX];

	/* The waiting record, whose bytes these are, goes first. */
	if (p->url.n > 0)
		memcpy(url, p->url.p, p->url.n);
	a.url = (struct sr_bytes){ url, p->url.n };
	a.keep_ms = vault_add_capped(a.judged_ms, VAULT_ATTEST_REFUSED_KEEP_MS);
	if (facts != NULL)
		facts_take(&a, facts);
	SR_TRY(pending_drop(tx, p));
	return registry_add(tx, &a);
}

static enum sr_error facts_read(struct attest_facts *facts, uint16_t code, struct sr_bytes bytes)
{
	struct sr_reader r;

	if (code != (uint16_t)sr_error_from_number(code))
		return SR_ERR_OUT_OF_RANGE;
	if (code != SR_OK)
		return bytes.n == 0 ? SR_OK : SR_ERR_TRAILING_BYTES;
	if (bytes.n > ATTEST_FACTS_MAX)
		return SR_ERR_TOO_LONG;
	sr_reader_init(&r, bytes.p, bytes.n);
	attest_facts_read(facts, &r);
	return sr_reader_finish(&r);
}

static enum sr_error vote_new(const struct vault_tree *t, const struct vault_key *key,
    uint64_t epoch)
{
	struct sr_bytes value = vault_tree_get(t, key);
	struct vault_vote before;
	struct sr_reader r;

	if (value.p == NULL)
		return SR_OK;
	sr_reader_init(&r, value.p, value.n);
	vault_vote_read(&before, &r);
	if (sr_reader_finish(&r) != SR_OK)
		return SR_ERR_DAMAGED;
	return before.epoch == epoch ? SR_ERR_DUPLICATE : SR_OK;
}

static enum sr_error vote_cast(struct vault_tx *tx, const struct sr_hash32 *subject,
    uint32_t member, uint32_t quorum, uint16_t code, struct sr_bytes bytes)
{
	struct vault_vote vote = { tx->block->epoch, code, sr_hash(bytes.p, bytes.n) };
	struct vault_key key = vault_key_vote(subject, member);
	struct attest_facts facts;
	struct vault_pending p;
	struct votes votes;

	SR_TRY(facts_read(&facts, code, bytes));
	SR_TRY(pending_find(tx->t, &p, subject));
	SR_TRY(vote_new(tx->t, &key, vote.epoch));
	SR_TRY(vault_vote_store(tx, &key, &vote));
	SR_TRY(votes_read(&votes, tx->t, subject, &vote));
	if (votes.equal < quorum)
		return SR_OK;
	/* Views into the tree hold no longer than the tree stands still. */
	SR_TRY(pending_find(tx->t, &p, subject));
	return judged(tx, &p, code, code == SR_OK ? &facts : NULL);
}

enum sr_error vault_attest_verdict(struct vault_tree **t, const struct vault_block *block,
    const struct sr_hash32 *subject, uint32_t member, uint32_t n, uint32_t quorum, uint16_t code,
    struct sr_bytes facts)
{
	struct vault_tx tx;
	enum sr_error error;

	if (member >= n || n > SR_MEMBERS_MAX)
		return SR_ERR_NOT_A_MEMBER;
	SR_TRY(vault_tx_begin(&tx, *t, block));
	error = vote_cast(&tx, subject, member, quorum, code, facts);
	if (error == SR_OK)
		return vault_tx_commit(&tx, t);
	vault_tx_end(&tx);
	return error;
}

enum sr_error vault_attest_due(struct vault_tx *tx, const struct sr_hash32 *id)
{
	struct vault_pending p;
	enum sr_error error = vault_pending_load(tx->t, &p, id);

	if (error == SR_OK)
		return judged(tx, &p, SR_ERR_TIMED_OUT, NULL);
	return error == SR_ERR_NOT_FOUND ? registry_drop(tx, id) : error;
}

/* --- what is to do --- */

struct todo {
	struct vault_pending *out;
	size_t n, most;
	const struct vault_tree *t;
	uint64_t epoch;
	uint32_t member;
	enum sr_error error;
};

static bool todo_visit(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct todo *todo = ctx;
	struct vault_key vote;
	struct sr_hash32 id;

	(void)key;
	if (todo->n == todo->most)
		return false;
	if (value.n != sizeof id.b) {
		todo->error = SR_ERR_DAMAGED;
		return false;
	}
	memcpy(id.b, value.p, sizeof id.b);
	vote = vault_key_vote(&id, todo->member);
	todo->error = vote_new(todo->t, &vote, todo->epoch);
	if (todo->error == SR_ERR_DUPLICATE) {
		todo->error = SR_OK;
		return true;
	}
	if (todo->error == SR_OK)
		todo->error = vault_pending_load(todo->t, &todo->out[todo->n], &id);
	todo->n += todo->error == SR_OK;
	return todo->error == SR_OK;
}

enum sr_error vault_attest_pending(struct vault_pending *out, size_t *out_n, size_t most,
    const struct vault_tree *t, uint64_t epoch, uint32_t member)
{
	struct todo todo = { .out = out, .most = most, .t = t, .epoch = epoch, .member = member };
	struct vault_key from = vault_index_waiting(NULL, 0);

	vault_tree_walk(t, &from, VAULT_INDEX_PREFIX, todo_visit, &todo);
	*out_n = todo.error == SR_OK ? todo.n : 0;
	return todo.error == SR_ERR_NOT_FOUND ? SR_ERR_DAMAGED : todo.error;
}

/* --- the condition --- */

/* SHA-256 of this key's SubjectPublicKeyInfo (RFC 8410, section 4). */
static struct sr_hash32 spki_hash(const struct sr_xpk *key)
{
	static const uint8_t head[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03,
		0x21, 0x00 };
	uint8_t spki[sizeof head + sizeof key->b];

	memcpy(spki, head, sizeof head);
	memcpy(spki + sizeof head, key->b, sizeof key->b);
	return sr_hash(spki, sizeof spki);
}

enum sr_error vault_attest_holds(bool *holds, const struct vault_tree *t,
    struct sr_bytes measurement, const struct sr_xpk *to, uint32_t worst, uint64_t time_ms,
    uint64_t slack_ms)
{
	struct sr_hash32 spki = spki_hash(to);
	const uint8_t *const keys[] = { to->b, spki.b };

	*holds = false;
	for (size_t i = 0; i < 2 && !*holds; i++) {
		struct vault_attestation a;
		enum sr_error error = entry_load(t, &a, vault_index_workload(measurement, keys[i]));

		if (error == SR_ERR_NOT_ATTESTED)
			continue;
		SR_TRY(error);
		*holds = a.status <= worst && valid_at(&a, time_ms, slack_ms);
	}
	return SR_OK;
}
