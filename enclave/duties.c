/*
 * enclave/duties.c - what a member owes its cluster besides dealing: a verdict on evidence that
 * waits for one, a word when another member is silent, the proof of a fault it saw, and fresh
 * evidence of its own.
 *
 * Each is an operation, offered on every final state until the state says that it is done. Evidence
 * is verified outside of blocks, at most one piece a step.
 */
#include "enclave/internal.h"

#include <stdlib.h>
#include <string.h>

#define SILENT_EVERY_MS 1000u
#define EVIDENCE_EVERY_MS 600000u        /* a platform that failed is asked again */

static void duty_clear(struct core_duty *d)
{
	free(d->op);
	memset(d, 0, sizeof(*d));
}

static void duty_set(struct core_duty *d, const struct sr_hash32 *subject, struct sr_writer *op)
{
	duty_clear(d);
	d->subject = *subject;
	d->op = sr_writer_take(op, &d->n);
}

static void fault_drop(struct core_fault *f)
{
	free(f->evidence);
	duty_clear(&f->op);
	memset(f, 0, sizeof(*f));
}

/* All but the faults. */
static void rest_forget(struct core_duties *d)
{
	for (size_t i = 0; i < CORE_DUTIES; i++)
		duty_clear(&d->verdicts[i]);
	duty_clear(&d->evidence);
	memset(d->quiet_ms, 0, sizeof(d->quiet_ms));
	d->next = 0;
	d->silent_ms = d->evidence_ms = d->evidence_token = 0;
}

void duties_forget(struct enclave_core *self)
{
	struct core_duties *d = &self->duties;

	rest_forget(d);
	for (uint32_t i = 0; i < d->faults_n; i++)
		fault_drop(&d->faults[i]);
	d->faults_n = 0;
}

/* A fault of the epoch before still counts, of who is still a member. */
void duties_switch(struct enclave_core *self)
{
	struct core_duties *d = &self->duties;
	const struct epoch_record *now = &self->now->record;
	uint32_t kept = 0;

	rest_forget(d);
	for (uint32_t i = 0; i < d->faults_n; i++) {
		struct core_fault *f = &d->faults[i];

		duty_clear(&f->op);
		if (f->epoch + 1 < now->epoch || epoch_record_id(now, &f->culprit) == EPOCH_NOBODY)
			fault_drop(f);
		else
			d->faults[kept++] = *f;
	}
	memset(&d->faults[kept], 0, (d->faults_n - kept) * sizeof(d->faults[0]));
	d->faults_n = kept;
}

/* An operation of mine from its body, which is cleared. */
static enum sr_error op_make(struct core_duty *out, struct enclave_core *self,
    enum epoch_op_kind kind, const struct sr_hash32 *subject, struct sr_writer *body)
{
	struct sr_writer op;
	enum sr_error error = sr_writer_finish(body);

	sr_writer_init(&op, SR_OP_MAX);
	if (error == SR_OK)
		error = epoch_operation_sign(&op, self, kind, body);
	if (error == SR_OK)
		duty_set(out, subject, &op);
	sr_writer_clear(&op);
	sr_writer_clear(body);
	return error;
}

/* ------------------------------------------------------------------------------------- verdicts */

static struct core_duty *verdict_find(struct core_duties *d, const struct sr_hash32 *subject)
{
	for (size_t i = 0; i < CORE_DUTIES; i++)
		if (d->verdicts[i].op != NULL &&
		    sr_hash32_equal(&d->verdicts[i].subject, subject))
			return &d->verdicts[i];
	return NULL;
}

/* Genuine or not, and what it says: judged by the policy when the votes are counted. */
static enum sr_error verdict_make(struct enclave_core *self, const struct roster_subject *s)
{
	struct attest_policy *policy = malloc(sizeof(*policy));
	struct attest_facts *facts = malloc(sizeof(*facts));
	struct core_duties *d = &self->duties;
	struct attest_trust trust;
	struct sr_writer body;
	enum sr_error error = SR_ERR_NO_MEMORY, code;

	if (policy != NULL && facts != NULL)
		error = roster_policy_get(policy, self->final->tree);
	if (error == SR_OK) {
		trust = roster_trust(policy, &s->operator_key);
		code = self->verify(facts, s->evidence, &trust, s->time_ms / 1000);
		/* What only this machine lacks says nothing about the evidence. */
		if (sr_error_is_shortage(code))
			error = code;
	}
	if (error == SR_OK) {
		sr_writer_init(&body, SR_OP_MAX);
		roster_verdict_write(&body, &s->subject, code, facts);
		error = op_make(&d->verdicts[d->next % CORE_DUTIES], self, EPOCH_OP_VERDICT,
		    &s->subject, &body);
		d->next++;
	}
	free(policy);
	free(facts);
	return error;
}

/* The registry's: anyone's evidence, kept by attesteer.c. */
static enum sr_error registry_run(struct enclave_core *self, const struct attest_policy *policy)
{
	struct attest_trust trust = roster_trust(policy, NULL);
	struct attesteer_verdict *v = malloc(sizeof(*v));
	struct core_duty op = { .op = NULL };
	struct sr_writer body;
	enum sr_error error = SR_ERR_NO_MEMORY;

	if (v != NULL)
		error = attesteer_next(&self->attesteer, v, self->final->tree,
		    self->now->record.epoch, self->now->self, &trust, self->now_ms);
	if (error == SR_OK) {
		sr_writer_init(&body, SR_OP_MAX);
		roster_verdict_write(&body, &v->subject, v->code, &v->facts);
		error = op_make(&op, self, EPOCH_OP_VERDICT, &v->subject, &body);
	}
	if (error == SR_OK) {
		error = epoch_operation_offer(self, op.op, op.n);
		self->duty_ms = self->now_ms + 1;
	}
	duty_clear(&op);
	free(v);
	/* A machine that is short of something says nothing, and tries again later. */
	return error == SR_ERR_NO_MEMORY || error == SR_ERR_NO_LOCKED_MEMORY ? error : SR_OK;
}

static enum sr_error registry_look(struct enclave_core *self)
{
	struct attest_policy *policy = malloc(sizeof(*policy));
	enum sr_error error = SR_ERR_NO_MEMORY;

	if (policy != NULL)
		error = roster_policy_get(policy, self->final->tree);
	if (error == SR_OK)
		error = registry_run(self, policy);
	free(policy);
	return error;
}

static enum sr_error verdicts_run(struct enclave_core *self)
{
	struct epoch_context ctx = core_epoch_context(self);
	struct roster_subject s;
	struct sr_hash32 after;
	bool first = true, verified = false;

	for (uint32_t k = 0; k < CORE_DUTIES; k++) {
		struct core_duty *d;
		enum sr_error error = roster_subject_next(&s, self->final->tree, &ctx,
		    self->now->self, first ? NULL : &after);

		if (error == SR_ERR_NOT_FOUND)
			return verified ? SR_OK : registry_look(self);
		SR_TRY(error);
		after = s.subject;
		first = false;
		d = verdict_find(&self->duties, &s.subject);
		if (d == NULL && verified) {
			/* The rest soon: nobody shall wait for it behind a vote. */
			self->duty_ms = self->now_ms + 1;
			return SR_OK;
		}
		if (d == NULL) {
			SR_TRY(verdict_make(self, &s));
			verified = true;
			d = verdict_find(&self->duties, &s.subject);
		}
		if (d != NULL)
			SR_TRY(epoch_operation_offer(self, d->op, d->n));
	}
	return SR_OK;
}

/* -------------------------------------------------------------------------------------- silence */

/* A clock that went back left times behind that have not come: what was heard then is heard now. */
static void heard_clamp(struct enclave_core *self)
{
	for (uint32_t seat = 0; seat < SR_MEMBERS_MAX; seat++)
		if (self->heard_ms[seat] > self->now_ms)
			self->heard_ms[seat] = self->now_ms;
}

static bool heard_since(const struct enclave_core *self, uint32_t seat, uint64_t time_ms)
{
	return self->heard_ms[seat] != 0 && self->heard_ms[seat] >= time_ms;
}

static bool heard_quorum(const struct enclave_core *self)
{
	uint64_t since_ms = self->now_ms > CORE_HEARD_MS ? self->now_ms - CORE_HEARD_MS : 0;
	uint32_t heard = 1;

	for (uint32_t k = 0; k < self->now->record.n; k++) {
		uint32_t seat = seats_seat(self->now, k);

		heard += k != self->now->self && seat != EPOCH_NOBODY &&
		    heard_since(self, seat, since_ms);
	}
	return heard >= consensus_quorum(self->now->record.n);
}

/* My vote that it is silent, unless it goes already. Within a step of time it is the same vote, and
 * counts once; a new step makes a new one, until enough members have noticed. */
static enum sr_error silent_offer(struct enclave_core *self, uint32_t seat, uint64_t silence_ms)
{
	uint64_t time_ms = self->final->header.time_ms;
	struct core_duty op = { .op = NULL };
	struct sr_hash32 none = { { 0 } };
	struct roster_member m;
	struct sr_writer body;
	enum sr_error error;

	error = roster_member_get(&m, self->final->tree, seat);
	if (error != SR_OK)
		return error == SR_ERR_NO_MEMORY ? error : SR_OK;
	if (roster_member_reason(&m) != SR_OK)
		return SR_OK;
	sr_writer_init(&body, 16);
	sr_write_u32(&body, seat);
	sr_write_u64(&body, time_ms - time_ms % roster_silence_step(silence_ms));
	error = op_make(&op, self, EPOCH_OP_SILENT, &none, &body);
	if (error == SR_OK)
		error = epoch_operation_offer(self, op.op, op.n);
	duty_clear(&op);
	return error;
}

/*
 * How long I have listened to a quorum since the last look: who hears none is the one who is cut
 * off. Listening is counted, not the clock: after an outage of all, or a long sleep of mine, who is
 * heard last was not silent while the others spoke.
 */
static uint64_t listened_ms(const struct enclave_core *self)
{
	uint64_t since_ms = self->duties.silent_ms;

	if (since_ms == 0 || self->now_ms < since_ms || !heard_quorum(self))
		return 0;
	return self->now_ms - since_ms < CORE_HEARD_MS ? self->now_ms - since_ms : CORE_HEARD_MS;
}

static void quiet_count(struct enclave_core *self)
{
	struct core_duties *d = &self->duties;
	uint64_t listened = listened_ms(self);
	uint64_t since_ms = d->silent_ms < self->now_ms ? d->silent_ms : self->now_ms;

	for (uint32_t k = 0; k < self->now->record.n; k++) {
		uint32_t seat = self->now->record.members[k].seat;

		if (heard_since(self, seat, since_ms))
			d->quiet_ms[seat] = 0;
		else
			d->quiet_ms[seat] += listened;
	}
	d->silent_ms = self->now_ms;
}

static enum sr_error silence_policy(uint64_t *silence_ms, const struct enclave_core *self)
{
	struct attest_policy *policy = malloc(sizeof(*policy));

	*silence_ms = 0;
	if (policy == NULL)
		return SR_ERR_NO_MEMORY;
	if (roster_policy_get(policy, self->final->tree) == SR_OK)
		*silence_ms = policy->silence_ms;
	free(policy);
	return SR_OK;
}

static enum sr_error silence_run(struct enclave_core *self)
{
	struct core_duties *d = &self->duties;
	uint64_t silence_ms;

	if (d->silent_ms != 0 && self->now_ms >= d->silent_ms &&
	    self->now_ms < d->silent_ms + SILENT_EVERY_MS)
		return SR_OK;
	heard_clamp(self);
	quiet_count(self);
	SR_TRY(silence_policy(&silence_ms, self));
	if (silence_ms == 0 || !heard_quorum(self))
		return SR_OK;
	for (uint32_t k = 0; k < self->now->record.n; k++) {
		uint32_t seat = self->now->record.members[k].seat;

		if (k != self->now->self && d->quiet_ms[seat] >= silence_ms)
			SR_TRY(silent_offer(self, seat, silence_ms));
	}
	return SR_OK;
}

/* --------------------------------------------------------------------------------------- faults */

/* Whose fault it is: one proof of each is enough. */
void duties_fault(struct enclave_core *self, uint64_t epoch, const struct epoch_member *culprit,
    const uint8_t *evidence, size_t n)
{
	struct core_duties *d = &self->duties;
	const struct epoch_record *now = &self->now->record;
	struct core_fault *f = &d->faults[d->faults_n];

	if (now->epoch == 0 || n > SR_OP_MAX ||
	    epoch_record_id(now, &culprit->id_key) == EPOCH_NOBODY)
		return;
	for (uint32_t i = 0; i < d->faults_n; i++)
		if (memcmp(d->faults[i].culprit.b, culprit->id_key.b, sizeof(f->culprit.b)) == 0)
			return;
	f->evidence = malloc(n + 1);
	if (f->evidence == NULL)
		return;
	memcpy(f->evidence, evidence, n);
	f->n = n;
	f->culprit = culprit->id_key;
	f->epoch = epoch;
	d->faults_n++;
}

/* Does the state know already, or is it a member no more? */
static enum sr_error fault_known(bool *known, const struct enclave_core *self,
    const struct sr_edpk *culprit)
{
	struct roster_member *m;
	uint32_t index = epoch_record_id(&self->now->record, culprit);
	enum sr_error error;

	*known = index == EPOCH_NOBODY;
	if (*known)
		return SR_OK;
	m = malloc(sizeof(*m));
	if (m == NULL)
		return SR_ERR_NO_MEMORY;
	error = roster_member_get(m, self->final->tree, self->now->record.members[index].seat);
	*known = error == SR_OK && (m->flags & ROSTER_FAULTY) != 0;
	free(m);
	return error == SR_ERR_NO_MEMORY ? error : SR_OK;
}

static enum sr_error fault_offer(struct enclave_core *self, struct core_fault *f)
{
	struct sr_hash32 none = { { 0 } };
	struct sr_writer body;

	if (f->op.op == NULL) {
		sr_writer_init(&body, SR_OP_MAX);
		sr_write_copy(&body, f->evidence, f->n);
		SR_TRY(op_make(&f->op, self, EPOCH_OP_FAULT, &none, &body));
	}
	return epoch_operation_offer(self, f->op.op, f->op.n);
}

static enum sr_error faults_run(struct enclave_core *self)
{
	for (uint32_t i = 0; i < self->duties.faults_n; i++) {
		struct core_fault *f = &self->duties.faults[i];
		bool known;

		SR_TRY(fault_known(&known, self, &f->culprit));
		if (!known)
			SR_TRY(fault_offer(self, f));
	}
	return SR_OK;
}

/* ------------------------------------------------------------------------------ my own evidence */

/* Is my evidence due, and of a kind that a platform makes? Software's is the operator's to make. */
static enum sr_error evidence_due(bool *due, const struct enclave_core *self)
{
	struct roster_member *m = malloc(sizeof(*m));
	enum sr_error error;

	*due = false;
	if (m == NULL)
		return SR_ERR_NO_MEMORY;
	error = roster_member_get(m, self->final->tree, self->seat);
	if (error == SR_OK)
		*due = (m->flags & ROSTER_DUE) != 0 && m->has_facts &&
		    m->facts.kind != ATTEST_KIND_SOFTWARE;
	free(m);
	return error == SR_ERR_NO_MEMORY ? error : SR_OK;
}

static enum sr_error evidence_ask(struct enclave_core *self)
{
	const struct epoch_member *me = &self->now->record.members[self->now->self];
	struct sr_hash32 nonce = epoch_record_nonce(&self->now->record, self->genesis);
	struct enclave_effect fx = { .kind = ENCLAVE_FX_EVIDENCE };
	uint8_t report[ATTEST_REPORT_DATA];

	genesis_report_data(report, &me->operator_key, &me->id_key, &me->vote_key, me->box_key,
	    &nonce);
	self->duties.evidence_ms = self->now_ms;
	self->duties.evidence_token = ++self->evidence_last;
	fx.token = self->duties.evidence_token;
	fx.a = (struct sr_bytes){ report, sizeof(report) };
	fx_push(self, &fx);
	return SR_OK;
}

static enum sr_error evidence_run(struct enclave_core *self)
{
	struct core_duties *d = &self->duties;
	bool due;

	SR_TRY(evidence_due(&due, self));
	if (!due) {
		duty_clear(&d->evidence);
		return SR_OK;
	}
	if (d->evidence.op != NULL)
		SR_TRY(epoch_operation_offer(self, d->evidence.op, d->evidence.n));
	if (d->evidence_ms == 0 || self->now_ms < d->evidence_ms ||
	    self->now_ms >= d->evidence_ms + EVIDENCE_EVERY_MS)
		return evidence_ask(self);
	return SR_OK;
}

enum sr_error duties_evidence(struct enclave_core *self, const struct enclave_event *ev)
{
	struct core_duties *d = &self->duties;
	struct sr_hash32 subject = sr_hash(ev->a.p, ev->a.n);
	struct sr_writer body;

	if (ev->token == 0 || ev->token != d->evidence_token || self->now->self >=
	    self->now->record.n)
		return SR_OK;
	d->evidence_token = 0;
	if (ev->number != SR_OK || ev->a.n == 0 || ev->a.n > ATTEST_EVIDENCE_MAX) {
		fx_note(self, NOTE_WARN, "the platform made no evidence: it is asked again later");
		return SR_OK;
	}
	sr_writer_init(&body, SR_OP_MAX);
	sr_write_u32(&body, self->seat);
	sr_write_blob(&body, ev->a.p, ev->a.n);
	SR_TRY(op_make(&d->evidence, self, EPOCH_OP_REATTEST, &subject, &body));
	return epoch_operation_offer(self, d->evidence.op, d->evidence.n);
}

/* ---------------------------------------------------------------------------------------------- */

enum sr_error duties_run(struct enclave_core *self)
{
	self->duty_ms = 0;
	if (self->closing.open || self->disk_full || self->now->record.epoch == 0 ||
	    self->now->self >= self->now->record.n || !self->keys->now.has_vote)
		return SR_OK;
	SR_TRY(verdicts_run(self));
	SR_TRY(silence_run(self));
	SR_TRY(faults_run(self));
	return evidence_run(self);
}
