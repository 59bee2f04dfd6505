#include "vault/internal.h"

#include <string.h>

/*
 * The dead-man switch (DESIGN 7).
 *
 *        beat, veto, resume: the interval starts anew
 *     ┌──────────────┬─────────────────┐
 *     ▼              │                 │
 *   ARMED ───────► WARN ──────────► PENDING ──────────► FIRED ──┐ stages
 *     │ ▲  50/75/90 %   I is over      │   G is over, and   ▲   │
 *     │ │              since the beat  │   k guardians      └───┘
 *     │ │resume, date                  │
 *     ▼ │                              │                 CANCELLED
 *   PAUSED ◄──────── pause ────────────┘                 from everywhere before FIRED
 *
 * FROZEN is not a place of its own: it hides one of ARMED, WARN, PENDING or PAUSED and moves as
 * that one does, so that no reader can tell, but never goes on to FIRED. The hidden state is read
 * off the other fields.
 */
enum cause {
	CAUSE_BEAT,
	CAUSE_WARN,
	CAUSE_LAPSE,
	CAUSE_FIRE,
	CAUSE_STAGE,
	CAUSE_PAUSE,
	CAUSE_RESUME,
	CAUSE_VETO,
	CAUSE_CONFIRM,
	CAUSE_DELEGATE,
	CAUSE_CANCEL,
};

#define IN(state) (1u << VAULT_SWITCH_##state)
#define BEFORE_FIRED (IN(ARMED) | IN(WARN) | IN(PENDING) | IN(PAUSED))
#define STAY 0

static const struct move {
	unsigned from;
	enum cause cause;
	int to;
} moves[] = {
	{ IN(ARMED) | IN(WARN) | IN(PENDING), CAUSE_BEAT, VAULT_SWITCH_ARMED },
	{ IN(PAUSED), CAUSE_BEAT, STAY }, /* a stray heartbeat does not end a pause */
	{ IN(ARMED) | IN(WARN), CAUSE_WARN, VAULT_SWITCH_WARN },
	{ IN(ARMED) | IN(WARN), CAUSE_LAPSE, VAULT_SWITCH_PENDING },
	{ IN(PENDING), CAUSE_FIRE, VAULT_SWITCH_FIRED },
	{ IN(FIRED), CAUSE_STAGE, STAY },
	{ BEFORE_FIRED, CAUSE_PAUSE, VAULT_SWITCH_PAUSED },
	{ BEFORE_FIRED, CAUSE_RESUME, VAULT_SWITCH_ARMED },
	{ IN(PENDING), CAUSE_VETO, VAULT_SWITCH_ARMED },
	{ IN(PENDING), CAUSE_CONFIRM, STAY },
	{ BEFORE_FIRED, CAUSE_DELEGATE, STAY },
	{ BEFORE_FIRED, CAUSE_CANCEL, VAULT_SWITCH_CANCELLED },
};

enum vault_switch_state vault_switch_shown(const struct vault_switch *w)
{
	if (w->state != VAULT_SWITCH_FROZEN)
		return w->state;
	if (w->paused_until_ms != 0)
		return VAULT_SWITCH_PAUSED;
	if (w->pending_uptime_ms != 0)
		return VAULT_SWITCH_PENDING;
	return w->warn_level != 0 ? VAULT_SWITCH_WARN : VAULT_SWITCH_ARMED;
}

static enum sr_error move_find(const struct vault_switch *w, enum cause cause, int *to)
{
	unsigned from = 1u << vault_switch_shown(w);

	for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
		if (moves[i].cause == cause && (moves[i].from & from) != 0) {
			*to = moves[i].to;
			return SR_OK;
		}
	}
	return SR_ERR_SWITCH_STATE;
}

/* A new interval: U_hb and t_hb are now, and what grew since the last one is gone. */
static void beat(struct vault_switch *w, const struct vault_tx *tx)
{
	w->heartbeat_uptime_ms = tx->meta.uptime_ms;
	w->heartbeat_ms = tx->block->time_ms;
	w->warn_level = 0;
	w->pending_uptime_ms = 0;
	w->confirmed = 0;
}

/* The fields that belong to the state being entered. */
static void enter(struct vault_switch *w, const struct vault_tx *tx, enum vault_switch_state to)
{
	if (to == VAULT_SWITCH_ARMED || to == VAULT_SWITCH_PAUSED)
		beat(w, tx);
	if (to == VAULT_SWITCH_ARMED || to == VAULT_SWITCH_CANCELLED)
		w->paused_until_ms = 0;
	if (to == VAULT_SWITCH_PENDING) {
		w->pending_uptime_ms = tx->meta.uptime_ms;
		w->confirmed = 0;
	}
	if (to == VAULT_SWITCH_FIRED) {
		w->fired_uptime_ms = tx->meta.uptime_ms;
		w->fired_ms = tx->block->time_ms;
		w->stage = 0;
	}
}

static enum sr_error switch_move(
    struct vault_switch *w, const struct vault_tx *tx, enum cause cause)
{
	bool frozen = w->state == VAULT_SWITCH_FROZEN;
	int to;

	SR_TRY(move_find(w, cause, &to));
	if (to == STAY)
		return SR_OK;
	SR_ASSERT(!frozen || to != VAULT_SWITCH_FIRED);
	enter(w, tx, (enum vault_switch_state)to);
	/* Only the owner thaws: by CANCEL, or by ending a pause (vault_switch_pause). */
	w->state = frozen && to != VAULT_SWITCH_CANCELLED ? VAULT_SWITCH_FROZEN :
	    (enum vault_switch_state)to;
	return SR_OK;
}

/* --- when it is due next --- */

#define NEVER UINT64_MAX

static unsigned confirmations(const struct vault_switch *w)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < w->settings.guardians_n; i++)
		n += w->confirmed >> i & 1;
	return n;
}

static uint64_t lapse_uptime_ms(const struct vault_switch *w)
{
	return vault_add_capped(w->heartbeat_uptime_ms, w->settings.interval_ms);
}

/* The index of the next warning in warn_ms; 3: none is left. */
static unsigned warning_next(const struct vault_switch *w)
{
	return w->warn_level >= 90 ? 3 : w->warn_level >= 75 ? 2 : w->warn_level >= 50 ? 1 : 0;
}

/* A function of the record alone, so that the queue's entry can be found again. */
static uint64_t next_due(const struct vault_switch *w, enum vault_clock *clock)
{
	enum vault_switch_state shown = vault_switch_shown(w);

	*clock = shown == VAULT_SWITCH_PAUSED ? VAULT_CLOCK_WALL : VAULT_CLOCK_UPTIME;
	if (shown == VAULT_SWITCH_PAUSED)
		return w->paused_until_ms;
	if ((shown == VAULT_SWITCH_ARMED || shown == VAULT_SWITCH_WARN) && warning_next(w) < 3)
		return vault_add_capped(
		    w->heartbeat_uptime_ms, w->settings.warn_ms[warning_next(w)]);
	if (shown == VAULT_SWITCH_ARMED || shown == VAULT_SWITCH_WARN)
		return lapse_uptime_ms(w);
	if (shown == VAULT_SWITCH_PENDING && w->state != VAULT_SWITCH_FROZEN &&
	    confirmations(w) >= w->settings.guardians_k)
		return vault_add_capped(w->pending_uptime_ms, w->settings.grace_ms);
	if (shown == VAULT_SWITCH_FIRED && w->stage < w->settings.stages_n)
		return vault_add_capped(w->fired_uptime_ms, w->settings.stage_delay_ms[w->stage]);
	return NEVER;
}

static bool deadline_of(const struct vault_switch *w, struct vault_deadline *d)
{
	memset(d, 0, sizeof *d);
	d->kind = VAULT_DEADLINE_SWITCH;
	d->due_ms = next_due(w, &d->clock);
	vault_put_be64(d->id + 24, w->id);
	return d->due_ms != NEVER;
}

/* before: as it is in the state, NULL when it is new or off the queue. */
static enum sr_error switch_save(struct vault_tx *tx, const struct vault_switch *before,
    const struct vault_switch *w)
{
	struct vault_deadline d;

	if (before != NULL && deadline_of(before, &d))
		SR_TRY(vault_deadline_drop(tx, &d));
	if (deadline_of(w, &d))
		SR_TRY(vault_deadline_add(tx, &d));
	return vault_switch_store(tx, w);
}

/* --- events --- */

static enum sr_error switch_event(struct vault_tx *tx, enum vault_event_kind kind,
    const struct vault_switch *w, const struct vault_account *actor, uint64_t detail)
{
	struct vault_event e = vault_event_of_number(kind, VAULT_SUBJECT_SWITCH, w->id);

	if (actor != NULL)
		e.actor = *actor;
	e.detail = detail;
	return vault_audit(tx, &e);
}

/* --- the clock's part --- */

/* Holds a step back until U = until by moving what it counts from. */
static void postpone(struct vault_switch *w, uint64_t until_uptime_ms)
{
	if (vault_switch_shown(w) == VAULT_SWITCH_PENDING)
		w->pending_uptime_ms = until_uptime_ms - w->settings.grace_ms;
	else
		w->heartbeat_uptime_ms = until_uptime_ms - w->settings.interval_ms;
}

/* PENDING and FIRED need the wall clock's consent and no amnesty (vault.h). */
static bool held_back(struct vault_switch *w, const struct vault_tx *tx,
    const struct vault_aux *aux, uint64_t span_ms)
{
	uint64_t until = vault_amnesty_until(aux, w->settings.interval_ms);
	uint64_t wall = vault_add_capped(w->heartbeat_ms, span_ms);

	if (tx->block->time_ms < wall)
		until = vault_add_capped(tx->meta.uptime_ms, wall - tx->block->time_ms);
	if (until <= tx->meta.uptime_ms)
		return false;
	postpone(w, until);
	return true;
}

static enum sr_error warn(struct vault_tx *tx, struct vault_switch *w)
{
	static const uint32_t levels[3] = { 50, 75, 90 };
	uint32_t level = levels[warning_next(w)];

	SR_TRY(switch_move(w, tx, CAUSE_WARN));
	w->warn_level = level;
	return switch_event(tx, VAULT_EVENT_WARN, w, NULL, level);
}

/* One step of a switch whose time has come. */
static enum sr_error step(struct vault_tx *tx, const struct vault_aux *aux, struct vault_switch *w)
{
	const struct vault_switch_settings *s = &w->settings;
	enum vault_switch_state shown = vault_switch_shown(w);

	if (shown == VAULT_SWITCH_PAUSED) {
		SR_TRY(switch_move(w, tx, CAUSE_RESUME));
		return switch_event(tx, VAULT_EVENT_REARMED, w, NULL, 0);
	}
	if (shown == VAULT_SWITCH_FIRED) {
		SR_TRY(switch_move(w, tx, CAUSE_STAGE));
		w->stage++;
		return switch_event(tx, VAULT_EVENT_STAGE, w, NULL, w->stage);
	}
	if (shown == VAULT_SWITCH_PENDING) {
		if (held_back(w, tx, aux, s->interval_ms + s->grace_ms))
			return SR_OK;
		SR_TRY(switch_move(w, tx, CAUSE_FIRE));
		return switch_event(tx, VAULT_EVENT_FIRED, w, NULL, 0);
	}
	if (warning_next(w) < 3)
		return warn(tx, w);
	if (held_back(w, tx, aux, s->interval_ms))
		return SR_OK;
	SR_TRY(switch_move(w, tx, CAUSE_LAPSE));
	return switch_event(tx, VAULT_EVENT_PENDING, w, NULL, 0);
}

enum sr_error vault_switch_due(struct vault_tx *tx, const struct vault_aux *aux, uint64_t id)
{
	struct vault_switch w;
	enum vault_clock clock;

	if (vault_switch_load(tx->t, &w, id) != SR_OK)
		return SR_ERR_DAMAGED;
	/* Each step moves the next due time on; a pause's end waits for the next block's uptime. */
	for (;;) {
		uint64_t due = next_due(&w, &clock);

		if (due > (clock == VAULT_CLOCK_WALL ? tx->block->time_ms : tx->meta.uptime_ms))
			break;
		SR_TRY(step(tx, aux, &w));
	}
	return switch_save(tx, NULL, &w);
}

/* --- who --- */

static const struct vault_account *heartbeat_account(const struct vault_switch *w)
{
	return w->settings.heartbeat.kind != VAULT_ACCOUNT_NONE ? &w->settings.heartbeat
								: &w->owner;
}

static bool may_beat(
    const struct vault_switch *w, const struct vault_account *who, uint64_t time_ms)
{
	if (vault_account_is(&w->owner, who) || vault_account_is(heartbeat_account(w), who))
		return true;
	for (uint32_t i = 0; i < w->delegates_n; i++)
		if (vault_account_is(&w->delegates[i], who) && w->delegate_until_ms[i] > time_ms)
			return true;
	return false;
}

bool vault_switch_concerns(const struct vault_switch *w, const struct vault_account *who)
{
	const struct vault_switch_settings *s = &w->settings;
	bool any = vault_account_is(&w->owner, who) || vault_account_is(&s->heartbeat, who) ||
	    vault_account_is(&s->vetoer, who);

	for (uint32_t i = 0; i < w->delegates_n; i++)
		any |= vault_account_is(&w->delegates[i], who);
	for (uint32_t i = 0; i < s->guardians_n; i++)
		any |= vault_account_is(&s->guardians[i], who);
	for (uint32_t i = 0; i < s->heirs_n; i++)
		any |= vault_account_is(&s->heirs[i], who);
	return any;
}

/* Everyone of settings but the duress key, whose list must not tell. */
static enum sr_error index_concerned(struct vault_tx *tx, const struct vault_switch *w)
{
	const struct vault_switch_settings *s = &w->settings;

	SR_TRY(vault_index_put_number(tx, VAULT_INDEX_SWITCHES, &w->owner, w->id));
	if (s->heartbeat.kind != VAULT_ACCOUNT_NONE)
		SR_TRY(vault_index_put_number(tx, VAULT_INDEX_SWITCHES, &s->heartbeat, w->id));
	if (s->vetoer.kind != VAULT_ACCOUNT_NONE)
		SR_TRY(vault_index_put_number(tx, VAULT_INDEX_SWITCHES, &s->vetoer, w->id));
	for (uint32_t i = 0; i < s->guardians_n; i++)
		SR_TRY(vault_index_put_number(tx, VAULT_INDEX_SWITCHES, &s->guardians[i], w->id));
	for (uint32_t i = 0; i < s->heirs_n; i++)
		SR_TRY(vault_index_put_number(tx, VAULT_INDEX_SWITCHES, &s->heirs[i], w->id));
	return SR_OK;
}

/* --- operations --- */

/* Between fields; each alone was checked by its decoder. */
static enum sr_error settings_check(const struct vault_switch_settings *s,
    const struct vault_account *owner)
{
	if (s->interval_ms < VAULT_SPAN_MIN_MS || s->interval_ms > VAULT_SPAN_MAX_MS ||
	    s->grace_ms < VAULT_SPAN_MIN_MS || s->grace_ms > VAULT_SPAN_MAX_MS)
		return SR_ERR_SWITCH_SETTINGS;
	if (s->guardians_k > s->guardians_n || (s->guardians_k == 0) != (s->guardians_n == 0))
		return SR_ERR_SWITCH_SETTINGS;
	/* The duress key must be told apart from those that beat in earnest. */
	if (vault_account_is(&s->duress, owner) || vault_account_is(&s->duress, &s->heartbeat) ||
	    vault_account_is(&s->duress, &s->vetoer))
		return SR_ERR_SWITCH_SETTINGS;
	return SR_OK;
}

enum sr_error vault_switch_create(struct vault_tx *tx, const struct vault_op_switch_create *b)
{
	struct vault_switch w = { .owner = tx->op->account,
		.name = b->name,
		.settings = b->settings,
		.created_ms = tx->block->time_ms,
		.state = VAULT_SWITCH_ARMED };

	SR_TRY(settings_check(&b->settings, &w.owner));
	if (!sr_name_valid(b->name.p, b->name.n))
		return SR_ERR_NAME_BAD;
	if (tx->meta.switches >= VAULT_SWITCHES_MAX)
		return SR_ERR_TOO_MANY;
	SR_TRY(vault_account_gain(tx, &w.owner, VAULT_HOLDS_SWITCHES));
	w.id = ++tx->meta.switches;
	tx->meta_changed = true;
	tx->receipt->id = w.id;
	beat(&w, tx);
	SR_TRY(index_concerned(tx, &w));
	SR_TRY(switch_save(tx, NULL, &w));
	return switch_event(tx, VAULT_EVENT_SWITCH_CREATED, &w, &w.owner, 0);
}

/*
 * HEARTBEAT and DURESS are one operation to every observer, and the key decides: the duress key
 * freezes whichever it signs, the owner freezes with DURESS, and from the other keys DURESS is a
 * heartbeat. The event of a freeze names the heartbeat account, as an honest one would.
 */
enum sr_error vault_switch_heartbeat(struct vault_tx *tx, uint64_t id, bool duress)
{
	const struct vault_account *signer = &tx->op->account, *actor = signer;
	struct vault_switch w, before;
	bool forced;

	SR_TRY(vault_switch_load(tx->t, &w, id));
	forced = vault_account_is(&w.settings.duress, signer);
	if (!forced && !may_beat(&w, signer, tx->block->time_ms))
		return SR_ERR_WRONG_KEY;
	before = w;
	SR_TRY(switch_move(&w, tx, CAUSE_BEAT));
	beat(&w, tx);
	if (forced || (duress && vault_account_is(&w.owner, signer)))
		w.state = VAULT_SWITCH_FROZEN;
	if (forced)
		actor = heartbeat_account(&w);
	SR_TRY(switch_save(tx, &before, &w));
	return switch_event(tx, VAULT_EVENT_HEARTBEAT, &w, actor, 0);
}

enum sr_error vault_switch_veto(struct vault_tx *tx, uint64_t id)
{
	const struct vault_account *signer = &tx->op->account;
	struct vault_switch w, before;

	SR_TRY(vault_switch_load(tx->t, &w, id));
	if (!vault_account_is(&w.owner, signer) && !vault_account_is(&w.settings.vetoer, signer))
		return SR_ERR_WRONG_KEY;
	before = w;
	SR_TRY(switch_move(&w, tx, CAUSE_VETO));
	SR_TRY(switch_save(tx, &before, &w));
	return switch_event(tx, VAULT_EVENT_VETOED, &w, signer, 0);
}

enum sr_error vault_switch_confirm(struct vault_tx *tx, uint64_t id)
{
	const struct vault_account *signer = &tx->op->account;
	struct vault_switch w, before;
	uint32_t i = 0;

	SR_TRY(vault_switch_load(tx->t, &w, id));
	while (i < w.settings.guardians_n && !vault_account_is(&w.settings.guardians[i], signer))
		i++;
	if (i == w.settings.guardians_n)
		return SR_ERR_NOT_GUARDIAN;
	before = w;
	SR_TRY(switch_move(&w, tx, CAUSE_CONFIRM));
	if ((w.confirmed >> i & 1) != 0)
		return SR_ERR_CONFIRM_DUPLICATE;
	w.confirmed |= 1u << i;
	SR_TRY(switch_save(tx, &before, &w));
	return switch_event(tx, VAULT_EVENT_CONFIRMED, &w, signer, confirmations(&w));
}

static enum sr_error owned(const struct vault_tx *tx, struct vault_switch *w, uint64_t id)
{
	SR_TRY(vault_switch_load(tx->t, w, id));
	return vault_account_is(&w->owner, &tx->op->account) ? SR_OK : SR_ERR_NOT_OWNER;
}

enum sr_error vault_switch_cancel(struct vault_tx *tx, uint64_t id)
{
	struct vault_switch w, before;

	SR_TRY(owned(tx, &w, id));
	before = w;
	SR_TRY(switch_move(&w, tx, CAUSE_CANCEL));
	SR_TRY(switch_save(tx, &before, &w));
	return switch_event(tx, VAULT_EVENT_CANCELLED, &w, &w.owner, 0);
}

/*
 * Until a date, or 0: the interval starts anew now. 0 is taken in every state before FIRED, so that
 * its receipt does not tell a frozen switch, which it thaws, from an armed one.
 */
enum sr_error vault_switch_pause(struct vault_tx *tx, const struct vault_op_switch_pause *b)
{
	uint64_t now_ms = tx->block->time_ms;
	struct vault_switch w, before;

	SR_TRY(owned(tx, &w, b->switch_id));
	before = w;
	if (b->until_ms == 0) {
		SR_TRY(switch_move(&w, tx, CAUSE_RESUME));
		w.state = VAULT_SWITCH_ARMED;
		SR_TRY(switch_save(tx, &before, &w));
		return switch_event(tx, VAULT_EVENT_REARMED, &w, &w.owner, 0);
	}
	if (b->until_ms <= now_ms || b->until_ms - now_ms > VAULT_PAUSE_MAX_MS)
		return SR_ERR_OUT_OF_RANGE;
	SR_TRY(switch_move(&w, tx, CAUSE_PAUSE));
	w.paused_until_ms = b->until_ms;
	SR_TRY(switch_save(tx, &before, &w));
	return switch_event(tx, VAULT_EVENT_PAUSED, &w, &w.owner, b->until_ms);
}

static void delegate_remove(struct vault_switch *w, uint32_t i)
{
	for (w->delegates_n--; i < w->delegates_n; i++) {
		w->delegates[i] = w->delegates[i + 1];
		w->delegate_until_ms[i] = w->delegate_until_ms[i + 1];
	}
}

static uint32_t delegate_find(const struct vault_switch *w, const struct vault_account *who)
{
	uint32_t i = 0;

	while (i < w->delegates_n && !vault_account_is(&w->delegates[i], who))
		i++;
	return i;
}

static enum sr_error delegate_add(struct vault_switch *w, const struct vault_op_switch_delegate *b,
    uint64_t now_ms)
{
	uint32_t i;

	if (b->until_ms <= now_ms)
		return SR_ERR_OUT_OF_RANGE;
	for (i = w->delegates_n; i-- > 0; )
		if (w->delegate_until_ms[i] <= now_ms)
			delegate_remove(w, i);
	i = delegate_find(w, &b->to);
	if (i == VAULT_DELEGATES_MAX)
		return SR_ERR_TOO_MANY;
	if (i == w->delegates_n)
		w->delegates[w->delegates_n++] = b->to;
	w->delegate_until_ms[i] = b->until_ms;
	return SR_OK;
}

enum sr_error vault_switch_delegate(struct vault_tx *tx, const struct vault_op_switch_delegate *b)
{
	struct vault_switch w;
	uint32_t i;

	SR_TRY(owned(tx, &w, b->switch_id));
	SR_TRY(switch_move(&w, tx, CAUSE_DELEGATE));
	if (vault_account_is(&w.settings.duress, &b->to))
		return SR_ERR_SWITCH_SETTINGS;
	if (b->add) {
		SR_TRY(delegate_add(&w, b, tx->block->time_ms));
		SR_TRY(vault_index_put_number(tx, VAULT_INDEX_SWITCHES, &b->to, w.id));
	} else {
		i = delegate_find(&w, &b->to);
		if (i == w.delegates_n)
			return SR_ERR_NOT_FOUND;
		delegate_remove(&w, i);
	}
	SR_TRY(vault_switch_store(tx, &w));
	return switch_event(tx, VAULT_EVENT_DELEGATED, &w, &w.owner, b->add ? b->until_ms : 0);
}
