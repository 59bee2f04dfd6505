/*
 * The plan of a run: which faults, when, of whom. Made from the seed before anything happens, with
 * random numbers that nothing else draws from: leaving an entry out leaves all the others where
 * they are, and so does another number of members or a shorter run.
 */
#include <stdio.h>
#include <string.h>

#include "tests/sim/sim.h"

#define HONEST_CLOCK_MS 200
#define FOR_EVER UINT64_MAX

static const char *const names[] = {
#define FAULT_NAME(name, text, what) text,
	SIM_FAULTS(FAULT_NAME)
#undef FAULT_NAME
};

static const char *const whats[] = {
#define FAULT_WHAT(name, text, what) what,
	SIM_FAULTS(FAULT_WHAT)
#undef FAULT_WHAT
};

const char *sim_fault_name(enum sim_fault_kind kind)
{
	return names[kind];
}

const char *sim_fault_what(enum sim_fault_kind kind)
{
	return whats[kind];
}

/* --- making it --- */

static uint64_t draw(struct sim *s)
{
	return sim_random_of(s->plan_random);
}

static uint64_t draw_below(struct sim *s, uint64_t n)
{
	return draw(s) % n;
}

static bool is_lie(enum sim_fault_kind kind)
{
	return kind >= SIM_FAULT_EQUIVOCATE;
}

/* What operators do, and how a joiner fares. */
static bool is_change(enum sim_fault_kind kind)
{
	return kind >= SIM_FAULT_JOIN && kind <= SIM_FAULT_OLD_TRAIL;
}

/* Its member is one of the f, with this role. */
static bool of_role(enum sim_fault_kind kind, enum sim_role *role)
{
	if (is_lie(kind) || kind == SIM_FAULT_CLOCK_WILD)
		*role = SIM_LIAR;
	else if (kind == SIM_FAULT_TWINS || kind == SIM_FAULT_TWIN_SIDES)
		*role = SIM_TWINS;
	else if (kind == SIM_FAULT_ROLLBACK || kind == SIM_FAULT_CLONE ||
	    kind == SIM_FAULT_DISK_FLIP || kind == SIM_FAULT_DISK_ASTRAY)
		*role = SIM_SET_BACK;
	else
		return false;
	return true;
}

/* Which member an entry means. false: there is none such in a run of this size. */
static bool resolve(struct sim *s, struct sim_fault *f)
{
	enum sim_role role;
	uint32_t candidates[SIM_NODES_MAX], count = 0;
	if (!of_role(f->kind, &role)) {
		f->member = (uint32_t)(f->pick % s->n);
		return true;
	}
	for (uint32_t i = 0; i < s->faulty_n; i++)
		if (s->nodes[s->faulty[i]].role == role)
			candidates[count++] = s->faulty[i];
	if (count == 0)
		return false;
	f->member = candidates[f->pick % count];
	return true;
}

/* only: of this member; EPOCH_NOBODY: of one by chance. */
static void add_of(struct sim *s, enum sim_fault_kind kind, uint64_t at_ms, uint64_t until_ms,
    uint64_t param, uint32_t only)
{
	uint64_t pick = draw(s);
	if (s->plan_n == SIM_PLAN_MAX)
		return;
	uint32_t ordinal = s->plan_n++;
	struct sim_fault *f = &s->plan[ordinal];
	*f = (struct sim_fault){ .kind = kind, .at_us = at_ms * 1000, .pick = pick,
		.param = param };
	f->until_us = until_ms == FOR_EVER ? FOR_EVER : until_ms * 1000;
	f->member = only;
	f->off = s->options.calm || (only == EPOCH_NOBODY && !resolve(s, f)) ||
	    at_ms > s->options.fault_ms ||
	    (s->options.without_kinds >> kind & 1) != 0 ||
	    (s->options.has_only && (s->options.only[ordinal / 64] >> ordinal % 64 & 1) == 0);
}

static void add(struct sim *s, enum sim_fault_kind kind, uint64_t at_ms, uint64_t until_ms,
    uint64_t param)
{
	add_of(s, kind, at_ms, until_ms, param, EPOCH_NOBODY);
}

static void add_weather(struct sim *s, uint64_t span_ms)
{
	static const struct { enum sim_fault_kind kind; uint32_t chance, least, most; } all[] = {
		{ SIM_FAULT_DROP, 900, 1, 80 },
		{ SIM_FAULT_DUPLICATE, 900, 1, 50 },
		{ SIM_FAULT_TAIL, 900, 1, 200 },
		{ SIM_FAULT_LATE_FINAL, 400, 300, 1000 },
		{ SIM_FAULT_CRASH_POINT, 800, 1, 60 }, /* of 100,000 effects */
		{ SIM_FAULT_CLOCK_OFFSET, 900, 0, 1000000 },
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		uint64_t param = all[i].least + draw_below(s, all[i].most - all[i].least);
		if (draw_below(s, 1000) < all[i].chance)
			add(s, all[i].kind, 0, span_ms, param);
	}
}

static void add_events(struct sim *s, uint64_t span_ms)
{
	static const enum sim_fault_kind kinds[] = { SIM_FAULT_PARTITION, SIM_FAULT_DEAF,
		SIM_FAULT_MUTE, SIM_FAULT_ONE_WAY, SIM_FAULT_CRASH, SIM_FAULT_CRASH,
		SIM_FAULT_CRASH, SIM_FAULT_CLOCK_JUMP, SIM_FAULT_CLOCK_DRIFT };
	for (uint64_t at = 100 + draw_below(s, 500); at < span_ms;
	     at += 300 + draw_below(s, 1700)) {
		enum sim_fault_kind kind = kinds[draw_below(s, sizeof kinds / sizeof kinds[0])];
		uint64_t lasts = kind == SIM_FAULT_CRASH ? 20 + draw_below(s, 5000)
							  : 200 + draw_below(s, 2500);
		add(s, kind, at, at + lasts, draw(s));
	}
}

static void add_lies(struct sim *s, uint64_t span_ms)
{
	uint32_t lies = 3 + (uint32_t)draw_below(s, 10);
	for (uint32_t i = 0; i < lies; i++) {
		enum sim_fault_kind kind = (enum sim_fault_kind)(SIM_FAULT_EQUIVOCATE +
		    draw_below(s, SIM_FAULT_FALSE_SNAPSHOT - SIM_FAULT_EQUIVOCATE));
		uint64_t at = draw_below(s, 3) == 0 ? 0 : draw_below(s, span_ms);
		uint64_t until = draw_below(s, 4) == 0 ? FOR_EVER
						       : at + 500 + draw_below(s, span_ms);
		if (kind == SIM_FAULT_WRONG_SHARE || kind == SIM_FAULT_SELECT_CLIENTS)
			at = 0; /* users are few */
		add(s, kind, at, until, draw(s));
	}
	uint64_t wild_at = draw_below(s, span_ms);
	if (draw_below(s, 3) == 0)
		add(s, SIM_FAULT_CLOCK_WILD, wild_at, span_ms, draw(s));
}

static void add_twins(struct sim *s, uint64_t span_ms)
{
	for (uint32_t i = 0; i < 3; i++) {
		uint64_t until = draw_below(s, 3) == 0 ? FOR_EVER : span_ms;
		add(s, SIM_FAULT_TWINS, 0, until, draw(s));
	}
	for (uint64_t at = 0; at < span_ms; at += 200 + draw_below(s, 2000))
		add(s, SIM_FAULT_TWIN_SIDES, at, 0, draw(s));
	for (uint32_t i = 0; i < 3; i++) {
		uint64_t at = draw_below(s, span_ms), until = at + 20 + draw_below(s, 3000);
		add(s, SIM_FAULT_ROLLBACK, at, until, draw(s));
	}
	uint64_t clone_at = draw_below(s, span_ms);
	add(s, SIM_FAULT_CLONE, clone_at, span_ms, draw(s));
}

static void add_disks(struct sim *s, uint64_t span_ms)
{
	static const struct { enum sim_fault_kind kind; uint32_t chance, most; } all[] = {
		{ SIM_FAULT_DISK_ERROR, 400, 3 },
		{ SIM_FAULT_DISK_FULL, 300, 2 },
		{ SIM_FAULT_DISK_SLOW, 250, 2 },
		{ SIM_FAULT_DISK_FLIP, 700, 3 },
		{ SIM_FAULT_DISK_ASTRAY, 500, 1 },
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		for (uint64_t left = 1 + draw_below(s, all[i].most); left > 0; left--) {
			uint64_t at = draw_below(s, span_ms), lasts = 100 + draw_below(s, 3000);
			uint64_t param = draw(s);
			if (draw_below(s, 1000) < all[i].chance)
				add(s, all[i].kind, at, at + lasts, param);
		}
}

/* Whose fault it may be: at most f, each with a way of his own. */
static void choose_faulty(struct sim *s)
{
	uint64_t many = draw(s), order[SIM_MEMBERS_MAX], roles[SIM_MEMBERS_MAX];
	for (uint32_t i = 0; i < SIM_MEMBERS_MAX; i++) {
		order[i] = draw(s);
		roles[i] = draw(s) % 100;
	}
	if (s->faults == 0 || s->options.calm || many % 10 < 3)
		return;
	s->faulty_n = 1 + (uint32_t)(many / 10 % s->faults);
	for (uint32_t i = 0, taken = 0; taken < s->faulty_n; i++) {
		struct sim_node *node = &s->nodes[order[i % SIM_MEMBERS_MAX] % s->n];
		while (node->role != SIM_HONEST)
			node = &s->nodes[(node->index + 1) % s->n];
		node->role = roles[i] < 65 ? SIM_LIAR : roles[i] < 85 ? SIM_TWINS : SIM_SET_BACK;
		node->liar = true;
		s->faulty[taken++] = node->index;
	}
}

/* --- rosters that change --- */

/* A liar among those who come, when there may be one more. */
static void joiner_lies(struct sim *s, uint32_t joiner, uint64_t span_ms)
{
	if (consensus_faults(s->n + 1) <= s->faulty_n || s->options.calm)
		return;
	s->nodes[joiner].role = SIM_LIAR;
	s->nodes[joiner].liar = true;
	s->faulty[s->faulty_n++] = joiner;
	for (int i = 0; i < 6; i++) {
		enum sim_fault_kind kind = (enum sim_fault_kind)(SIM_FAULT_EQUIVOCATE +
		    draw_below(s, SIM_FAULT_KINDS - SIM_FAULT_EQUIVOCATE));
		uint64_t at = draw_below(s, span_ms), param = draw(s);
		add_of(s, kind, at, at + 500 + draw_below(s, span_ms), param, joiner);
	}
}

/* It is a node like others: it crashes, and its disk is as bad. */
static void joiner_faults(struct sim *s, uint32_t joiner, uint64_t from_ms)
{
	static const enum sim_fault_kind kinds[] = { SIM_FAULT_CRASH, SIM_FAULT_CRASH,
		SIM_FAULT_CRASH, SIM_FAULT_DEAF, SIM_FAULT_MUTE, SIM_FAULT_DISK_ERROR,
		SIM_FAULT_DISK_FULL, SIM_FAULT_DISK_SLOW };
	for (uint64_t left = draw_below(s, 4); left > 0; left--) {
		uint64_t at = from_ms + draw_below(s, 4000), param = draw(s);
		enum sim_fault_kind kind = kinds[draw_below(s, sizeof kinds / sizeof kinds[0])];
		add_of(s, kind, at, at + 20 + draw_below(s, 2500), param, joiner);
	}
}

static void add_join(struct sim *s, uint64_t at_ms, uint64_t span_ms)
{
	uint32_t joiner = s->people;
	uint64_t way = draw_below(s, 100);
	if (s->people == s->n + SIM_JOINERS_MAX)
		return;
	s->people++;
	add_of(s, SIM_FAULT_JOIN, at_ms, 0, 0, joiner);
	if (way < 8)
		add_of(s, SIM_FAULT_ABSENT, at_ms, 0, 0, joiner);
	if (way % 5 == 0)
		add_of(s, SIM_FAULT_OLD_TRAIL, at_ms, 0, 0, joiner);
	if (way % 5 == 1)
		add_of(s, SIM_FAULT_FALSE_TRAIL, at_ms, 0, draw(s), joiner);
	if (way % 7 == 0)
		joiner_lies(s, joiner, span_ms);
	joiner_faults(s, joiner, at_ms);
}

/* Everybody, one after the other. */
static void add_replacement(struct sim *s, uint64_t span_ms)
{
	for (uint32_t i = 0; i < SIM_JOINERS_MAX; i++) {
		uint64_t at = 200 + i * span_ms / SIM_JOINERS_MAX;
		add_join(s, at, span_ms);
		add_of(s, SIM_FAULT_LEAVE, at + draw_below(s, 1500), 0, 0, i % s->n);
	}
}

static void add_one_change(struct sim *s, uint64_t at_ms, uint64_t span_ms)
{
	uint64_t kind = draw_below(s, 100);
	if (kind < 45)
		add_join(s, at_ms, span_ms);
	else
		add(s, kind < 70 ? SIM_FAULT_LEAVE : SIM_FAULT_REFRESH, at_ms, 0, 0);
}

/* What liars do about a change. */
static void add_change_lies(struct sim *s, uint64_t span_ms)
{
	for (enum sim_fault_kind k = SIM_FAULT_FALSE_SNAPSHOT; k < SIM_FAULT_KINDS; k++) {
		uint64_t at = draw_below(s, span_ms / 2), lasts = 500 + draw_below(s, span_ms);
		bool shows = k == SIM_FAULT_FALSE_SNAPSHOT || k == SIM_FAULT_OLD_SNAPSHOT;
		if (draw_below(s, 100) < 60)
			add(s, k, shows ? 0 : at, shows ? FOR_EVER : at + lasts, draw(s));
	}
}

static void add_changes(struct sim *s, uint64_t span_ms)
{
	uint64_t way = draw_below(s, 100), n = 1 + draw_below(s, 4), at = 0;
	bool planned = way < 40 && s->n <= 13;
	s->changes = planned || s->options.changes;
	if (!planned)
		return;
	if (way < 5)
		add_replacement(s, span_ms);
	for (uint64_t i = 0; i < n && way >= 5; i++) {
		if (i == 0 || draw_below(s, 3) > 0) /* else at the same time as the last */
			at = 100 + draw_below(s, span_ms - 2000);
		add_one_change(s, at, span_ms);
	}
	add_change_lies(s, span_ms);
}

void sim_plan_make(struct sim *s)
{
	/* Another length of the run cuts the plan off, and changes nothing before. */
	uint64_t span_ms = 9000;
	choose_faulty(s);
	s->genesis_faults = draw_below(s, 10) < 3 && !s->options.calm;
	add_weather(s, span_ms);
	add_lies(s, span_ms);
	add_twins(s, span_ms);
	add_events(s, span_ms);
	add_disks(s, span_ms);
	s->people = s->n;
	add_changes(s, span_ms);
}

/* --- carrying it out --- */

static void weather(struct sim *s)
{
	uint32_t *rate[] = { [SIM_FAULT_DROP] = &s->drop_per_mille,
		[SIM_FAULT_DUPLICATE] = &s->duplicate_per_mille,
		[SIM_FAULT_TAIL] = &s->tail_per_mille,
		[SIM_FAULT_LATE_FINAL] = &s->late_final_per_mille };
	for (size_t k = 0; k < sizeof rate / sizeof rate[0]; k++)
		*rate[k] = 0;
	s->crash_per_mille = 0;
	for (uint32_t i = 0; i < s->plan_n; i++) {
		const struct sim_fault *f = &s->plan[i];
		if (f->active && f->kind <= SIM_FAULT_LATE_FINAL)
			*rate[f->kind] = (uint32_t)f->param;
		if (f->active && f->kind == SIM_FAULT_CRASH_POINT)
			s->crash_per_mille = (uint32_t)f->param;
	}
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t state[4] = { a, b, a ^ 0x9e3779b97f4a7c15ull, ~b };
	for (int i = 0; i < 4; i++)
		(void)sim_random_of(state);
	return sim_random_of(state);
}

static bool cut_by(const struct sim *s, const struct sim_fault *f, uint32_t a, uint32_t b)
{
	switch ((unsigned)f->kind) {
	case SIM_FAULT_PARTITION:
		return ((f->param >> a ^ f->param >> b) & 1) != 0;
	case SIM_FAULT_DEAF:
		return b == f->member;
	case SIM_FAULT_MUTE:
		return a == f->member;
	case SIM_FAULT_ONE_WAY:
		return mix(f->param, (uint64_t)a * s->n + b) % 1000 < 200;
	default:
		return false;
	}
}

static void cuts(struct sim *s)
{
	memset(s->cut, 0, sizeof s->cut);
	for (uint32_t i = 0; i < s->plan_n; i++) {
		const struct sim_fault *f = &s->plan[i];
		if (!f->active || f->kind < SIM_FAULT_PARTITION || f->kind > SIM_FAULT_ONE_WAY)
			continue;
		for (uint32_t a = 0; a < s->people; a++)
			for (uint32_t b = 0; b < s->people; b++)
				s->cut[a][b] = s->cut[a][b] || cut_by(s, f, a, b);
	}
}

/* Honest clocks stay within the bound that people are told to keep. */
static void clock_set(struct sim_node *node, int64_t offset_ms)
{
	if (offset_ms > HONEST_CLOCK_MS)
		offset_ms = HONEST_CLOCK_MS;
	if (offset_ms < -HONEST_CLOCK_MS)
		offset_ms = -HONEST_CLOCK_MS;
	node->clock_offset_ms = offset_ms;
	node->drift_ppm = 0;
}

static int64_t clock_offset(const struct sim_node *node)
{
	return (int64_t)sim_node_now_ms(node) - (int64_t)sim_now_ms(node->sim);
}

/* The drift that keeps the clock within the bound until its end. */
static void drift_begin(struct sim *s, struct sim_node *node, const struct sim_fault *f)
{
	int64_t offset = clock_offset(node);
	int64_t lasts_ms = (int64_t)(f->until_us - f->at_us) / 1000;
	int64_t end = (int64_t)(f->param % (2 * HONEST_CLOCK_MS + 1)) - HONEST_CLOCK_MS;
	clock_set(node, offset);
	node->drift_since_us = s->now_us;
	node->drift_ppm = (end - node->clock_offset_ms) * 1000000 / (lasts_ms + 1);
}

static void clock_fault(struct sim *s, struct sim_fault *f, bool begins)
{
	struct sim_node *node = &s->nodes[f->member];
	switch ((unsigned)f->kind) {
	case SIM_FAULT_CLOCK_OFFSET:
		for (uint32_t i = 0; begins && i < s->processes; i++)
			clock_set(&s->nodes[i], (int64_t)(mix(f->param, i) % 201) - 100);
		break;
	case SIM_FAULT_CLOCK_JUMP:
		if (begins)
			clock_set(node, (int64_t)(f->param % 401) - 200);
		break;
	case SIM_FAULT_CLOCK_DRIFT:
		if (begins)
			drift_begin(s, node, f);
		else
			clock_set(node, clock_offset(node));
		break;
	default:
		if (begins)
			node->clock_offset_ms = f->param % 2 == 0
			    ? (int64_t)(f->param / 2 % 7200000) - 3600000
			    : (int64_t)(f->param / 2 % 40000) - 20000;
		else
			node->clock_offset_ms = 0;
		break;
	}
}

static void crash_fault(struct sim *s, struct sim_fault *f)
{
	struct sim_node *node = &s->nodes[f->member];
	struct sim_event up = { .kind = SIM_RESTART, .node = node->process };
	if (node->core == NULL)
		return;
	sim_plan_hit(s, f);
	sim_node_crash(node, true);
	sim_push(s, f->until_us - f->at_us, up);
}

static void member_fault(struct sim *s, struct sim_fault *f, bool begins)
{
	struct sim_node *node = &s->nodes[f->member];
	switch ((unsigned)f->kind) {
	case SIM_FAULT_CRASH:
		if (begins)
			crash_fault(s, f);
		break;
	case SIM_FAULT_TWIN_SIDES:
		sim_twins_sides(s, f->member, f->param);
		sim_plan_hit(s, f);
		break;
	case SIM_FAULT_TWINS: /* from the genesis on: world.c has begun them */
		if (begins)
			sim_plan_hit(s, f);
		break;
	case SIM_FAULT_ROLLBACK: /* the image is of the beginning; the older disk of the end */
		if (begins) {
			sim_host_image(node);
		} else {
			sim_plan_hit(s, f);
			sim_node_rollback(node);
		}
		break;
	default: /* CLONE */
		if (begins) {
			sim_plan_hit(s, f);
			sim_node_clone(node);
		}
		break;
	}
}

static void carry_out(struct sim *s, struct sim_fault *f, bool begins)
{
	f->active = begins && f->until_us > 0;
	sim_say(s, "fault %u %s of member %u: %s", (unsigned)(f - s->plan),
	    sim_fault_name(f->kind), f->member, begins ? "begins" : "ends");
	if (is_lie(f->kind))
		return;
	if (is_change(f->kind)) {
		if (begins && f->kind <= SIM_FAULT_REFRESH)
			sim_change_begin(s, f);
		return;
	}
	if (f->kind <= SIM_FAULT_LATE_FINAL || f->kind == SIM_FAULT_CRASH_POINT) {
		weather(s);
	} else if (f->kind <= SIM_FAULT_ONE_WAY) {
		cuts(s);
		if (begins)
			sim_plan_hit(s, f);
	} else if (f->kind >= SIM_FAULT_CLOCK_OFFSET && f->kind <= SIM_FAULT_CLOCK_WILD) {
		clock_fault(s, f, begins);
		if (begins)
			sim_plan_hit(s, f);
	} else if (f->kind >= SIM_FAULT_DISK_ERROR && f->kind <= SIM_FAULT_DISK_ASTRAY) {
		sim_disk_fault(s, f, begins);
	} else {
		member_fault(s, f, begins);
	}
}

void sim_plan_event(struct sim *s, uint64_t number)
{
	struct sim_fault *f = &s->plan[number / 2];
	bool begins = number % 2 == 0;
	if (s->healed || (!begins && !f->active))
		return;
	carry_out(s, f, begins);
}

void sim_plan_begin(struct sim *s)
{
	s->faults_on = true;
	s->faults_began_us = s->now_us;
	for (uint32_t i = 0; i < s->plan_n; i++) {
		struct sim_fault *f = &s->plan[i];
		struct sim_event ev = { .kind = SIM_FAULT, .number = 2ull * i };
		if (f->off || (f->active && is_lie(f->kind)))
			continue;
		sim_push(s, f->at_us, ev);
		ev.number++;
		if (f->until_us > 0 && f->until_us != FOR_EVER)
			sim_push(s, f->until_us, ev);
	}
}

void sim_plan_end(struct sim *s)
{
	for (uint32_t i = 0; i < s->plan_n; i++) {
		struct sim_fault *f = &s->plan[i];
		if (f->until_us == FOR_EVER && !f->off && is_lie(f->kind))
			f->active = true;
		else if (f->active && f->until_us != FOR_EVER)
			carry_out(s, f, false);
	}
	for (uint32_t i = 0; i < s->processes; i++)
		if (!s->nodes[i].liar)
			s->nodes[i].drift_ppm = 0;
	weather(s);
	cuts(s);
}

struct sim_fault *sim_plan_ever(struct sim *s, enum sim_fault_kind kind, uint32_t member)
{
	for (uint32_t i = 0; i < s->plan_n; i++) {
		struct sim_fault *f = &s->plan[i];
		if (f->kind == kind && f->member == member && !f->off)
			return f;
	}
	return NULL;
}

struct sim_fault *sim_plan_active(struct sim *s, enum sim_fault_kind kind, uint32_t member)
{
	for (uint32_t i = 0; i < s->plan_n; i++) {
		struct sim_fault *f = &s->plan[i];
		if (f->active && f->kind == kind && f->member == member)
			return f;
	}
	return NULL;
}

void sim_plan_hit(struct sim *s, struct sim_fault *f)
{
	f->hits++;
	s->injected[f->kind]++;
	if (is_lie(f->kind))
		s->lies++;
}

bool sim_plan_crash_point(struct sim_node *node)
{
	struct sim *s = node->sim;
	if (s->healed || s->crash_per_mille == 0 || sim_below(s, 100000) >= s->crash_per_mille)
		return false;
	s->injected[SIM_FAULT_CRASH_POINT]++;
	for (uint32_t i = 0; i < s->plan_n; i++)
		if (s->plan[i].kind == SIM_FAULT_CRASH_POINT)
			s->plan[i].hits++;
	return true;
}

void sim_plan_print(const struct sim *s)
{
	static const char *const roles[] = { "", "liar", "twins", "set back" };
	printf("  %u members, quorum %u; faulty:", s->n, consensus_quorum(s->n));
	for (uint32_t i = 0; i < s->faulty_n; i++)
		printf(" %u (%s)", s->faulty[i], roles[s->nodes[s->faulty[i]].role]);
	printf("%s; faults begin at %llu ms%s\n", s->faulty_n == 0 ? " none" : "",
	    (unsigned long long)(s->faults_began_us / 1000),
	    s->genesis_faults ? ", in the genesis" : "");
	for (uint32_t i = 0; i < s->plan_n; i++) {
		const struct sim_fault *f = &s->plan[i];
		bool weather = f->kind <= SIM_FAULT_LATE_FINAL && s->injected[f->kind] > 0;
		if (f->off || (f->hits == 0 && !weather))
			continue;
		printf("  fault %3u  +%5llu ms", i, (unsigned long long)(f->at_us / 1000));
		if (f->until_us == FOR_EVER)
			printf(" for ever");
		else if (f->until_us > 0)
			printf(" for %4llu ms",
			    (unsigned long long)(f->until_us - f->at_us) / 1000);
		if (weather)
			printf("  %s (%s), %llu times\n", names[f->kind], whats[f->kind],
			    (unsigned long long)s->injected[f->kind]);
		else
			printf("  %s of member %u (%s), %llu times\n", names[f->kind],
			    f->member, whats[f->kind], (unsigned long long)f->hits);
	}
}
