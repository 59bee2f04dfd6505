/* enclave/core.c - the step: one event in, ordered effects out. */
#include "enclave/snapshot.h"
#include "attest/evidence.h"

#include <stdlib.h>
#include <string.h>

struct enclave_core *enclave_core_new(const struct sr_key32 *sealing_key,
    const struct sr_hash32 *measurement)
{
	struct enclave_core *self = calloc(1, sizeof(*self));

	if (self == NULL)
		return NULL;
	self->keys = sr_secret_alloc(sizeof(*self->keys));
	self->verdicts = calloc(CORE_VERDICTS, sizeof(*self->verdicts));
	self->pool = pool_new();
	self->seat = EPOCH_NOBODY;
	self->verify = attest_evidence_verify;
	if (self->keys == NULL || self->verdicts == NULL || self->pool == NULL ||
	    seats_new(self) != SR_OK) {
		enclave_core_free(self);
		return NULL;
	}
	self->keys->sealing = *sealing_key;
	self->measurement = *measurement;
	return self;
}

void enclave_core_free(struct enclave_core *self)
{
	if (self == NULL)
		return;
	clients_clear(self);
	peers_ahead_drop(self);
	/* Consensus forgets its blocks through the executor: it goes first. */
	instance_free(self->old);
	self->old = NULL;
	instance_free(self->now);
	self->now = NULL;
	exec_clear(self);
	hold_forget(self);
	pool_free(self->pool);
	vault_tree_unref(self->closing.tree);
	vault_tree_unref(self->rows_tree);
	vault_tree_unref(self->boot_tree);
	snapshot_clear(self);
	join_free(self);
	duties_forget(self);
	sr_secret_free(self->meta);
	sr_secret_free(self->keys);
	trail_clear(self);
	sr_drbg_wipe(&self->drbg);
	free(self->verdicts);
	free(self->peers);
	free(self->peers_next);
	free(self->deal);
	free(self->ack);
	free(self->genesis);
	free(self->genesis_bytes);
	free(self);
}

/* --------------------------------------------------------------------------------------- status */

static void status_members(struct enclave_core *self, struct enclave_status *s,
    const struct consensus_status *c)
{
	const struct epoch_record *record = &self->now->record;

	for (uint32_t i = 0; i < record->n; i++) {
		uint32_t seat = record->members[i].seat;
		bool me = i == self->now->self;

		s->members[i].seat = seat;
		s->members[i].name_n = record->members[i].name_n;
		memcpy(s->members[i].name, record->members[i].name, record->members[i].name_n);
		s->members[i].final_height = me ? s->final_height : c->peer_final_height[i];
		s->members[i].heard_ms = me ? self->now_ms : self->heard_ms[seat];
		s->members[i].connected = me || self->connected[seat] ||
		    (self->heard_ms[seat] != 0 &&
		    self->heard_ms[seat] + CORE_HEARD_MS >= self->now_ms);
	}
}

/* The weakest kind that is accepted: software is the first. */
static uint32_t attestation_number(const struct attest_policy *p)
{
	uint32_t kind = ATTEST_KIND_SOFTWARE;

	while (kind < ATTEST_KINDS && (p->kinds & ATTEST_KIND_BIT(kind)) == 0)
		kind++;
	return kind;
}

void core_status(struct enclave_core *self, struct enclave_status *s)
{
	struct consensus_status *c = malloc(sizeof(*c));

	memset(s, 0, sizeof(*s));
	if (c == NULL) {
		self->broken = SR_ERR_NO_MEMORY;
		return;
	}
	s->chain_id = self->genesis->chain_id;
	s->measurement = self->measurement;
	s->attestation = attestation_number(&self->genesis->policy);
	s->uptime_ms = self->now_ms > self->booted_ms ? self->now_ms - self->booted_ms : 0;
	s->self = s->seat = EPOCH_NOBODY;
	s->disk_full = self->disk_full;
	s->recovering = true;
	if (self->now == NULL) {
		s->role = ENCLAVE_ROLE_JOINING;
		if (join_roster(self) != NULL)
			s->epoch = join_roster(self)->epoch;
		free(c);
		return;
	}
	consensus_status_get(c, self->now->consensus);
	s->role = self->now->self < self->now->record.n ? ENCLAVE_ROLE_MEMBER :
	    ENCLAVE_ROLE_OBSERVER;
	s->final_hash = self->final->hash;
	s->state_root = vault_tree_root(self->final->tree);
	s->epoch = self->now->record.epoch;
	s->slot = c->frontier_slot;
	s->final_slot = self->final->header.slot;
	s->final_height = self->final->header.height;
	s->final_time_ms = self->final->header.time_ms;
	s->author = c->frontier_author;
	s->self = self->now->self < self->now->record.n ? self->now->self : EPOCH_NOBODY;
	s->seat = self->seat;
	s->members_n = self->now->record.n;
	s->threshold = self->now->record.threshold;
	s->recovering = c->recovering;
	s->vault_ready = self->now->record.epoch > 0;
	s->operations_final = self->operations_final;
	s->operations_refused = self->operations_refused;
	s->pool = pool_count(self->pool);
	s->releases = self->releases;
	s->slots_skipped = c->slots_skipped;
	s->records = vault_tree_count(self->final->tree);
	status_members(self, s, c);
	free(c);
}

static void status_emit(struct enclave_core *self)
{
	struct enclave_effect fx = { .kind = ENCLAVE_FX_STATUS };
	struct enclave_status *s = malloc(sizeof(*s));
	struct sr_writer w;

	sr_writer_init(&w, 65536);
	if (s != NULL) {
		core_status(self, s);
		enclave_status_write(&w, s);
	}
	if (s != NULL && sr_writer_finish(&w) == SR_OK) {
		fx.a = (struct sr_bytes){ w.p, w.n };
		fx_push(self, &fx);
	}
	sr_writer_clear(&w);
	free(s);
	self->status_ms = self->now_ms;
	self->status_due = false;
}

/* --------------------------------------------------------------------------------------- events */

static void operation_expired(void *ctx, const struct sr_hash32 *hash)
{
	clients_refused(ctx, hash, SR_ERR_EXPIRED);
}

static enum sr_error on_tick(struct enclave_core *self)
{
	if (self->now_ms >= self->status_ms + CORE_STATUS_MS || self->now_ms < self->status_ms) {
		self->status_due = true;
		pool_expire(self->pool, self->final->header.time_ms, operation_expired, self);
	}
	release_run(self);
	if (self->duty_ms != 0 && self->now_ms >= self->duty_ms)
		SR_TRY(duties_run(self));
	return self->disk_full ? SR_OK : instance_tick(self);
}

/* A checkpoint that does not fit on the disk makes the host start the enclave again (decision
 * 0006): whoever is here to hear that there is room has lost none. */
static void disk_change(struct enclave_core *self, bool full)
{
	if (self->disk_full && !full)
		self->checkpoint_due = true;
	if (self->disk_full != full)
		fx_note(self, NOTE_WARN, full ?
		    "the disk is nearly full: not voting until there is room" :
		    "there is room on the disk again: voting");
	self->disk_full = full;
	self->status_due = true;
}

static enum sr_error on_stop(struct enclave_core *self)
{
	struct enclave_effect fx = { .kind = ENCLAVE_FX_STOPPED };

	/* With the CLOSE block final and its certificate missing, the log alone tells it all. */
	if (!self->disk_full && !self->closing.open)
		SR_TRY(checkpoint_write(self));
	fx_push(self, &fx);
	self->phase = CORE_STOPPED;
	return SR_OK;
}

static enum sr_error on_running(struct enclave_core *self, const struct enclave_event *ev)
{
	switch (ev->kind) {
	case ENCLAVE_EV_TICK:
		return on_tick(self);
	case ENCLAVE_EV_MESSAGE:
		return peers_receive(self, ev->member, ev->a.p, ev->a.n);
	case ENCLAVE_EV_CLIENT:
		return clients_request(self, ev);
	case ENCLAVE_EV_ARCHIVE:
		return core_archive_answer(self, ev);
	case ENCLAVE_EV_STATE:
		return trail_answer(self, ev);
	case ENCLAVE_EV_DISK:
		disk_change(self, ev->number == 1);
		return SR_OK;
	case ENCLAVE_EV_LINK:
		if (ev->member < SR_MEMBERS_MAX)
			self->connected[ev->member] = ev->number == 1;
		return SR_OK;
	case ENCLAVE_EV_STOP:
		return on_stop(self);
	case ENCLAVE_EV_CLIENT_GONE:
		clients_gone(self, ev->token);
		return SR_OK;
	case ENCLAVE_EV_BOOT:
	case ENCLAVE_EV_STORE_ROW:
	case ENCLAVE_EV_LOG_RECORD:
	case ENCLAVE_EV_READY:
		break;
	case ENCLAVE_EV_TRAIL:
		return overtaken_trail(self, ev);
	case ENCLAVE_EV_EVIDENCE:
		return duties_evidence(self, ev);
	}
	return SR_OK;
}

/* What a client may ask of a node that has no state yet. */
static enum sr_error joining_client(struct enclave_core *self, const struct enclave_event *ev)
{
	if (ev->number == CLIENT_STATUS || ev->number == CLIENT_TRAIL)
		return clients_request(self, ev);
	fx_reply(self, ev->token, SR_ERR_NOT_READY, NULL, 0);
	return SR_OK;
}

static enum sr_error on_joining(struct enclave_core *self, const struct enclave_event *ev)
{
	struct enclave_effect stopped = { .kind = ENCLAVE_FX_STOPPED };

	switch (ev->kind) {
	case ENCLAVE_EV_TICK:
		self->status_due = self->status_due ||
		    self->now_ms >= self->status_ms + CORE_STATUS_MS ||
		    self->now_ms < self->status_ms;
		return SR_OK;
	case ENCLAVE_EV_MESSAGE:
		return join_receive(self, ev->member, ev->a.p, ev->a.n);
	case ENCLAVE_EV_CLIENT:
		return joining_client(self, ev);
	case ENCLAVE_EV_DISK:
		disk_change(self, ev->number == 1);
		return SR_OK;
	case ENCLAVE_EV_LINK:
		if (ev->member < SR_MEMBERS_MAX)
			self->connected[ev->member] = ev->number == 1;
		return SR_OK;
	case ENCLAVE_EV_STOP:
		fx_push(self, &stopped);
		self->phase = CORE_STOPPED;
		return SR_OK;
	case ENCLAVE_EV_BOOT:
	case ENCLAVE_EV_STORE_ROW:
	case ENCLAVE_EV_LOG_RECORD:
	case ENCLAVE_EV_READY:
	case ENCLAVE_EV_ARCHIVE:
	case ENCLAVE_EV_STATE:
	case ENCLAVE_EV_CLIENT_GONE:
	case ENCLAVE_EV_TRAIL:
	case ENCLAVE_EV_EVIDENCE:
		break;
	}
	return SR_OK;
}

static enum sr_error on_booting(struct enclave_core *self, const struct enclave_event *ev)
{
	switch (ev->kind) {
	case ENCLAVE_EV_BOOT:
		return boot_begin(self, ev);
	case ENCLAVE_EV_STORE_ROW:
		return self->phase == CORE_BOOTING && !self->left ?
		    checkpoint_row(self, ev->a, ev->b) : SR_OK;
	case ENCLAVE_EV_TRAIL:
		return boot_trail(self, ev);
	case ENCLAVE_EV_LOG_RECORD:
		return self->phase == CORE_NEW ? SR_OK : boot_log_record(self, ev);
	case ENCLAVE_EV_READY:
		return self->phase == CORE_NEW ? SR_OK : boot_ready(self, ev);
	case ENCLAVE_EV_CLIENT:
		fx_reply(self, ev->token, SR_ERR_NOT_READY, NULL, 0);
		return SR_OK;
	case ENCLAVE_EV_DISK:
		self->disk_full = ev->number == 1;
		return SR_OK;
	case ENCLAVE_EV_TICK:
	case ENCLAVE_EV_MESSAGE:
	case ENCLAVE_EV_ARCHIVE:
	case ENCLAVE_EV_STATE:
	case ENCLAVE_EV_LINK:
	case ENCLAVE_EV_STOP:
	case ENCLAVE_EV_CLIENT_GONE:
	case ENCLAVE_EV_EVIDENCE:
		break;
	}
	return SR_OK;
}

/* What follows from a moved final state, until nothing moves any more. */
static enum sr_error settle(struct enclave_core *self)
{
	for (int turn = 0; turn < 16 && (self->state_moved || self->closing.certified); turn++) {
		bool moved = self->state_moved;

		self->state_moved = false;
		SR_TRY(seats_update(self));
		if (self->closing.open && self->closing.certified) {
			SR_TRY(epoch_switch(self));
			self->state_moved = true;
			continue;
		}
		self->closing.certified = self->closing.certified && self->closing.open;
		if (!moved)
			continue;
		SR_TRY(epoch_settle(self));
		SR_TRY(join_watch(self));
		SR_TRY(epoch_keys_run(self));
		hold_run(self);
		SR_TRY(duties_run(self));
		release_run(self);
		SR_TRY(instance_work(self));
	}
	return SR_OK;
}

/*
 * Members write their checkpoints at different heights and sizes of their logs: a disk that is slow
 * at it does not hold up a quorum. 309: 500 by the golden ratio, which spreads any number of seats.
 */
static bool checkpoint_turn(const struct enclave_core *self, uint64_t height)
{
	uint64_t turn = (uint64_t)self->seat * 309u % CORE_CHECKPOINT_BLOCKS;
	uint64_t shift = CORE_CHECKPOINT_BLOCKS - turn;
	uint64_t bytes = CORE_CHECKPOINT_BYTES / 2 +
	    CORE_CHECKPOINT_BYTES / 2 * turn / CORE_CHECKPOINT_BLOCKS;

	return (height + shift) / CORE_CHECKPOINT_BLOCKS >
	    (self->checkpoint_height + shift) / CORE_CHECKPOINT_BLOCKS ||
	    (self->log_bytes > bytes && height > self->checkpoint_height);
}

static bool checkpoint_wanted(const struct enclave_core *self)
{
	uint64_t height = self->final->header.height;

	return !self->disk_full && (self->checkpoint_due ||
	    (self->keys_stale && height > self->checkpoint_height) ||
	    checkpoint_turn(self, height));
}

static void wake_emit(struct enclave_core *self)
{
	struct enclave_effect fx = { .kind = ENCLAVE_FX_WAKE };
	uint64_t at = self->wake_ms, deadline = release_deadline(self);

	/* A full disk: agreement rests, and what it wanted to be woken for with it. */
	if (at == 0 || at > self->now_ms + CORE_STATUS_MS || self->disk_full)
		at = self->now_ms + CORE_STATUS_MS;
	if (deadline < at)
		at = deadline;
	if (self->duty_ms != 0 && self->duty_ms < at)
		at = self->duty_ms;
	fx.number = at;
	fx_push(self, &fx);
}

/* An old copy of the disk: whoever looks after this node should know. */
static void abstaining_tell(struct enclave_core *self)
{
	uint64_t slot;
	bool abstains = consensus_abstains(self->now->consensus, &slot);

	if (abstains && !self->abstains)
		fx_note(self, NOTE_WARN, "the disk is an older copy: other members hold votes of "
		    "this one that it does not know. It abstains until no slot is left that it may "
		    "have voted in, and then goes on by itself");
	if (!abstains && self->abstains)
		fx_note_number(self, NOTE_INFO, "it votes again, from this slot on: ", slot);
	self->abstains = abstains;
}

static enum sr_error step_running(struct enclave_core *self, const struct enclave_event *ev)
{
	SR_TRY(on_running(self, ev));
	if (self->phase != CORE_RUNNING)
		return self->broken;
	SR_TRY(settle(self));
	abstaining_tell(self);
	snapshot_tick(self);
	if (checkpoint_wanted(self))
		SR_TRY(checkpoint_write(self));
	else
		SR_TRY(checkpoint_ahead(self));
	if (self->status_due)
		status_emit(self);
	wake_emit(self);
	return self->broken;
}

static enum sr_error step_joining(struct enclave_core *self, const struct enclave_event *ev)
{
	SR_TRY(on_joining(self, ev));
	/* Whatever comes, and something always does, puts the next tick off: so not on ticks. */
	if (self->phase == CORE_JOINING)
		SR_TRY(join_tick(self));
	if (self->phase == CORE_RUNNING)
		SR_TRY(settle(self));
	if (self->phase != CORE_RUNNING && self->phase != CORE_JOINING)
		return self->broken;
	if (self->status_due)
		status_emit(self);
	wake_emit(self);
	return self->broken;
}

static enum sr_error step_booting(struct enclave_core *self, const struct enclave_event *ev)
{
	SR_TRY(on_booting(self, ev));
	if (self->phase != CORE_RUNNING && self->phase != CORE_JOINING)
		return self->broken;
	if (self->phase == CORE_RUNNING)
		SR_TRY(settle(self));
	if (self->status_due)
		status_emit(self);
	wake_emit(self);
	return self->broken;
}

enum sr_error enclave_step(struct enclave_core *self, struct enclave_effects *out,
    const struct enclave_event *event)
{
	enum sr_error error;

	if (self->phase == CORE_DEAD)
		return self->dead;
	if (self->phase == CORE_STOPPED)
		return SR_OK;
	if (event->seed == NULL)
		return SR_ERR_RANDOM_FAILED;
	self->out = out;
	self->now_ms = event->now_ms;
	sr_drbg_init(&self->drbg, event->seed);
	error = self->phase == CORE_RUNNING ? step_running(self, event) :
	    self->phase == CORE_JOINING ? step_joining(self, event) : step_booting(self, event);
	sr_drbg_wipe(&self->drbg);
	if (error != SR_OK)
		(void)core_fatal(self, error, sr_error_message((unsigned)error));
	self->out = NULL;
	return self->phase == CORE_DEAD ? self->dead : SR_OK;
}

/* ----------------------------------------------------------------------------------- for others */

enum sr_error enclave_core_peer_key(struct sr_edpk *id_key, const struct enclave_core *self,
    uint32_t seat)
{
	if (seat >= SR_MEMBERS_MAX || !self->peers[seat].used)
		return SR_ERR_NOT_A_MEMBER;
	*id_key = self->peers[seat].id;
	return SR_OK;
}

enum sr_error enclave_core_own_key(struct sr_edpk *id_key, const struct enclave_core *self)
{
	if (self->phase == CORE_NEW || self->phase == CORE_DEAD)
		return SR_ERR_NOT_READY;
	(void)core_id(self, id_key);
	return SR_OK;
}

uint64_t enclave_core_peers_version(const struct enclave_core *self)
{
	return self->peers_version;
}

enum sr_error enclave_core_channel_sign(struct sr_sig64 *out, const struct enclave_core *self,
    const uint8_t *binding, size_t n)
{
	if (self->phase == CORE_NEW || self->phase == CORE_DEAD)
		return SR_ERR_NOT_READY;
	sr_sign(out, &self->keys->id_sk, "strongroom channel v1", binding, n);
	return SR_OK;
}

static bool policy_lists(const struct attest_policy *p, const struct sr_hash32 *measurement,
    uint64_t time_ms)
{
	for (uint32_t i = 0; i < p->measurements_n; i++) {
		const struct attest_policy_measurement *m = &p->measurements[i];

		if (m->measurement_n == sizeof(measurement->b) &&
		    memcmp(m->measurement, measurement->b, sizeof(measurement->b)) == 0 &&
		    time_ms >= m->from_ms && (m->until_ms == 0 || time_ms < m->until_ms))
			return true;
	}
	return false;
}

bool core_measurement_listed(const struct enclave_core *self, const struct sr_hash32 *measurement)
{
	struct attest_policy *p;
	bool listed;

	if (self->genesis == NULL)
		return false;
	/* Who joins does not know what was decided since: the members check it, and it checks
	 * itself when it has the state. */
	if (self->final == NULL)
		return self->phase == CORE_JOINING ||
		    genesis_measurement_listed(self->genesis, measurement);
	p = malloc(sizeof(*p));
	listed = p != NULL && roster_policy_get(p, self->final->tree) == SR_OK &&
	    ((p->kinds & ATTEST_KIND_BIT(ATTEST_KIND_SOFTWARE)) == 0 ||
	    policy_lists(p, measurement, self->final->header.time_ms));
	free(p);
	return listed;
}

/* By the state's policy; who joins has none yet, and goes by the genesis'. */
static bool policy_known(const struct enclave_core *self, struct attest_policy *p)
{
	return self->final != NULL && roster_policy_get(p, self->final->tree) == SR_OK;
}

static bool policy_floor(const struct enclave_core *self, struct attest_policy *p)
{
	if (self->phase != CORE_JOINING || self->genesis == NULL)
		return false;
	*p = self->genesis->policy;
	/* Where the operator's word is enough, no kind of evidence is less. */
	if ((p->kinds & ATTEST_KIND_BIT(ATTEST_KIND_SOFTWARE)) != 0)
		for (uint32_t kind = ATTEST_KIND_SOFTWARE; kind <= ATTEST_KINDS; kind++)
			p->kinds |= ATTEST_KIND_BIT(kind);
	return true;
}

static bool trail_names(const struct enclave_core *self, uint32_t seat)
{
	const struct epoch_record *record = join_roster(self);

	return record != NULL && seat < SR_MEMBERS_MAX && self->peers[seat].used &&
	    epoch_record_id(record, &self->peers[seat].id) != EPOCH_NOBODY;
}

/* A program that the genesis does not list may be newer than it: a member's may be, and the rest
 * has to hold of it all the same. The state says later whether it is listed. p is changed. */
static enum sr_error judge_joining(const struct enclave_core *self, struct attest_policy *p,
    uint32_t seat, const struct attest_facts *facts, const uint8_t report_data[64], uint64_t now_ms)
{
	struct attest_policy_measurement *m = &p->measurements[0];
	enum sr_error error = attest_policy_judge(p, facts, report_data, now_ms);

	if ((error != SR_ERR_MEASUREMENT && error != SR_ERR_MEASUREMENT_ENDED) ||
	    !trail_names(self, seat))
		return error;
	p->measurements_n = 1;
	memset(m, 0, sizeof(*m));
	m->kind = facts->kind;
	m->measurement_n = facts->measurement_n;
	memcpy(m->measurement, facts->measurement, sizeof(m->measurement));
	return attest_policy_judge(p, facts, report_data, now_ms);
}

/* What the state says of whoever has a seat: a member of this epoch, or an admitted candidate. */
struct standing {
	bool known;                             /* its evidence was judged by a quorum: facts */
	bool good;                              /* a member, and nothing is held against it */
	struct attest_facts facts;
};

static void standing_member(struct standing *out, const struct enclave_core *self, uint32_t seat)
{
	struct roster_member *m = malloc(sizeof(*m));

	if (m != NULL && roster_member_get(m, self->final->tree, seat) == SR_OK && m->has_facts) {
		out->known = true;
		out->good = (m->flags & (ROSTER_LAPSED | ROSTER_FAULTY)) == 0;
		out->facts = m->facts;
	}
	free(m);
}

static void standing_candidate(struct standing *out, const struct enclave_core *self,
    uint32_t seat)
{
	struct roster_candidate *c = malloc(sizeof(*c));

	if (c != NULL && roster_candidate_get(c, self->final->tree, seat) == SR_OK &&
	    c->state == ROSTER_ADMITTED && c->has_facts) {
		out->known = true;
		out->facts = c->facts;
	}
	free(c);
}

/* id: whom that seat has to be. */
static void standing_get(struct standing *out, const struct enclave_core *self, uint32_t seat,
    const struct sr_edpk *id)
{
	uint32_t index;

	memset(out, 0, sizeof(*out));
	if (self->final == NULL || self->now == NULL || seat >= SR_MEMBERS_MAX)
		return;
	index = epoch_record_id(&self->now->record, id);
	if (index == EPOCH_NOBODY)
		standing_candidate(out, self, seat);
	else if (self->now->record.members[index].seat == seat)
		standing_member(out, self, seat);
}

static void standing_peer(struct standing *out, const struct enclave_core *self, uint32_t seat)
{
	memset(out, 0, sizeof(*out));
	if (seat < SR_MEMBERS_MAX && self->peers[seat].used)
		standing_get(out, self, seat, &self->peers[seat].id);
}

static uint64_t later(uint64_t time, uint64_t span)
{
	return time > UINT64_MAX - span ? UINT64_MAX : time + span;
}

/* A vendor's service that is down must not keep members apart that are started again: what only
 * time speaks against holds for lapse_ms more, as in the state. Changes both. */
static void grace_give(struct attest_policy *p, struct attest_facts *facts)
{
	facts->valid_to_s = later(facts->valid_to_s, p->lapse_ms / 1000);
	if (p->collateral_age_max_ms != 0)
		p->collateral_age_max_ms = later(p->collateral_age_max_ms, p->lapse_ms);
	for (uint32_t i = 0; i < p->measurements_n; i++)
		if (p->measurements[i].until_ms != 0)
			p->measurements[i].until_ms =
			    later(p->measurements[i].until_ms, p->lapse_ms);
}

/* A member is one machine of one kind, in its channels as in the state. */
static enum sr_error standing_check(const struct standing *s, const struct attest_facts *facts)
{
	if (!s->known)
		return SR_OK;
	if (facts->kind != s->facts.kind)
		return SR_ERR_EVIDENCE_KIND;
	return sr_hash32_equal(&facts->platform, &s->facts.platform) ? SR_OK :
	    SR_ERR_COLLATERAL_OTHER;
}

static enum sr_error judge_known(const struct enclave_core *self, struct attest_policy *p,
    uint32_t seat, const struct attest_facts *facts, const uint8_t report_data[64], uint64_t now_ms)
{
	struct standing *s = malloc(sizeof(*s));
	struct attest_facts *longer = malloc(sizeof(*longer));
	enum sr_error error = SR_ERR_NO_MEMORY;

	if (s != NULL && longer != NULL) {
		standing_peer(s, self, seat);
		error = attest_policy_judge(p, facts, report_data, now_ms);
		if (s->good &&
		    (error == SR_ERR_COLLATERAL_TIME || error == SR_ERR_MEASUREMENT_ENDED)) {
			*longer = *facts;
			grace_give(p, longer);
			error = attest_policy_judge(p, longer, report_data, now_ms);
		}
		if (error == SR_OK)
			error = standing_check(s, facts);
	}
	free(s);
	free(longer);
	return error;
}

uint64_t enclave_core_evidence_grace_ms(const struct enclave_core *self, uint32_t seat)
{
	struct standing *s = malloc(sizeof(*s));
	struct attest_policy *p = malloc(sizeof(*p));
	uint64_t ms = 0;

	if (s != NULL && p != NULL && policy_known(self, p)) {
		standing_peer(s, self, seat);
		ms = s->good ? p->lapse_ms : 0;
	}
	free(s);
	free(p);
	return ms;
}

enum sr_error enclave_core_evidence_judge(const struct enclave_core *self, uint32_t seat,
    const struct attest_facts *facts, const uint8_t report_data[64], uint64_t now_ms)
{
	struct attest_policy *p = malloc(sizeof(*p));
	enum sr_error error;

	if (p == NULL)
		return SR_ERR_NO_MEMORY;
	if (policy_known(self, p))
		error = judge_known(self, p, seat, facts, report_data, now_ms);
	else
		error = policy_floor(self, p) ?
		    judge_joining(self, p, seat, facts, report_data, now_ms) : SR_ERR_NOT_READY;
	free(p);
	return error;
}

void enclave_core_evidence_trust(struct attest_trust *out, struct attest_policy *room,
    const struct enclave_core *self)
{
	*out = policy_known(self, room) || policy_floor(self, room) ? roster_trust(room, NULL) :
	    (struct attest_trust){ .makers_n = 0 };
}

bool enclave_core_evidence_software(const struct enclave_core *self)
{
	struct attest_policy *p = malloc(sizeof(*p));
	struct standing *s = malloc(sizeof(*s));
	uint32_t kinds = 0;
	struct sr_edpk id;

	if (p != NULL && s != NULL && policy_known(self, p)) {
		standing_get(s, self, self->seat, core_id(self, &id));
		kinds = !s->known || s->facts.kind == ATTEST_KIND_SOFTWARE ? p->kinds : 0;
	} else if (self->genesis != NULL && self->phase != CORE_JOINING)
		kinds = self->genesis->policy.kinds;
	free(p);
	free(s);
	return (kinds & ATTEST_KIND_BIT(ATTEST_KIND_SOFTWARE)) != 0;
}

bool enclave_core_evidence_known(const struct enclave_core *self)
{
	return self->final != NULL && self->phase != CORE_JOINING;
}

uint32_t enclave_core_self(const struct enclave_core *self)
{
	return self->seat;
}

uint32_t enclave_core_members(const struct enclave_core *self)
{
	uint32_t end = self->seat == EPOCH_NOBODY ? 0 : self->seat + 1;

	for (uint32_t seat = end; seat < SR_MEMBERS_MAX; seat++)
		if (self->peers[seat].used)
			end = seat + 1;
	return end;
}

struct sr_hash32 enclave_core_chain_id(const struct enclave_core *self)
{
	return self->genesis != NULL ? self->genesis->chain_id : (struct sr_hash32){ { 0 } };
}

const struct consensus *enclave_core_consensus(const struct enclave_core *self)
{
	return self->now != NULL ? self->now->consensus : NULL;
}

struct vault_tree *enclave_core_final_state(const struct enclave_core *self)
{
	return self->final != NULL ? self->final->tree : NULL;
}

const struct epoch_record *enclave_core_epoch(const struct enclave_core *self)
{
	return self->now != NULL ? &self->now->record : NULL;
}
