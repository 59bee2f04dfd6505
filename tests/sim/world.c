/* Events in virtual time, the network, clocks, and the faults of the safety phase. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enclave/internal.h"
#include "tests/sim/envelope.h"
#include "tests/sim/history.h"
#include "tests/sim/sim.h"

#define WINDOW_MS 10000u                        /* an epoch change may take so long */

/* xoshiro256** seeded by splitmix64 (Blackman, Vigna): for the schedule, not for secrets. */
static uint64_t rotl(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

uint64_t sim_random_of(uint64_t r[4])
{
	uint64_t out = rotl(r[1] * 5, 7) * 9, t = r[1] << 17;
	r[2] ^= r[0];
	r[3] ^= r[1];
	r[1] ^= r[2];
	r[0] ^= r[3];
	r[2] ^= t;
	r[3] = rotl(r[3], 45);
	return out;
}

uint64_t sim_random(struct sim *s)
{
	return sim_random_of(s->random);
}

static void random_seed(uint64_t r[4], uint64_t seed)
{
	for (int i = 0; i < 4; i++) {
		uint64_t z = seed += 0x9e3779b97f4a7c15ull;
		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
		z = (z ^ z >> 27) * 0x94d049bb133111ebull;
		r[i] = z ^ z >> 31;
	}
}

uint64_t sim_below(struct sim *s, uint64_t n)
{
	return n == 0 ? 0 : sim_random(s) % n;
}

bool sim_chance(struct sim *s, uint32_t per_mille)
{
	return sim_below(s, 1000) < per_mille;
}

void sim_fill(struct sim *s, uint8_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(sim_random(s) >> 32);
}

uint64_t sim_now_ms(const struct sim *s)
{
	return SIM_EPOCH_MS + s->now_us / 1000;
}

void sim_trace(struct sim *s, const void *p, size_t n)
{
	struct sr_bytes parts[2] = { { s->trace.b, sizeof s->trace.b }, { p, n } };
	s->trace = sr_hash_domain("trace", parts, 2);
}

void sim_violate(struct sim *s, const char *format, ...)
{
	va_list ap;
	if (s->violation[0] != '\0')
		return;
	int at = snprintf(s->violation, sizeof s->violation, "at %llu ms: ",
	    (unsigned long long)(s->now_us / 1000));
	va_start(ap, format);
	vsnprintf(s->violation + at, sizeof s->violation - (size_t)at, format, ap);
	va_end(ap);
}

void sim_say(const struct sim *s, const char *format, ...)
{
	va_list ap;
	if (!s->options.verbose)
		return;
	printf("%8llu.%03llu  ", (unsigned long long)(s->now_us / 1000000),
	    (unsigned long long)(s->now_us / 1000 % 1000));
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
}

/* --- the event heap --- */

static bool earlier(const struct sim_event *a, const struct sim_event *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void sim_push(struct sim *s, uint64_t delay_us, struct sim_event ev)
{
	if (s->heap_n == s->heap_capacity) {
		s->heap_capacity = s->heap_capacity * 2 + 256;
		s->heap = realloc(s->heap, s->heap_capacity * sizeof *s->heap);
		SR_ASSERT(s->heap != NULL);
	}
	ev.at_us = s->now_us + delay_us;
	ev.order = s->order++;
	size_t i = s->heap_n++;
	while (i > 0 && earlier(&ev, &s->heap[(i - 1) / 2])) {
		s->heap[i] = s->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	s->heap[i] = ev;
}

static struct sim_event pop(struct sim *s)
{
	struct sim_event top = s->heap[0], last = s->heap[--s->heap_n];
	size_t i = 0;
	for (;;) {
		size_t c = 2 * i + 1;
		if (c >= s->heap_n)
			break;
		if (c + 1 < s->heap_n && earlier(&s->heap[c + 1], &s->heap[c]))
			c++;
		if (!earlier(&s->heap[c], &last))
			break;
		s->heap[i] = s->heap[c];
		i = c;
	}
	s->heap[i] = last;
	return top;
}

/* --- the network --- */

static bool carries_final(const uint8_t *msg, size_t n)
{
	struct consensus_vote votes[SIM_VOTES_MAX];
	size_t votes_n = sim_envelope_votes(votes, msg, n);
	return votes_n == 1 && votes[0].kind == CONSENSUS_FINAL;
}

/* Most are where the genesis put them. */
static bool on_seat(const struct sim_node *node, uint32_t seat, uint32_t other)
{
	struct sr_edpk id;
	return enclave_core_peer_key(&id, node->core, seat) == SR_OK &&
	    memcmp(id.b, node->sim->nodes[other].id.b, sizeof id.b) == 0;
}

uint32_t sim_node_at(const struct sim_node *node, uint32_t seat)
{
	const struct sim *s = node->sim;
	if (seat < s->people && on_seat(node, seat, seat))
		return seat;
	for (uint32_t i = 0; i < s->people; i++)
		if (on_seat(node, seat, i))
			return i;
	return EPOCH_NOBODY;
}

uint32_t sim_seat_of(const struct sim_node *node, uint32_t other)
{
	if (on_seat(node, other, other))
		return other;
	for (uint32_t seat = 0; seat < SR_MEMBERS_MAX; seat++)
		if (on_seat(node, seat, other))
			return seat;
	return EPOCH_NOBODY;
}

static void deliver(struct sim *s, const struct sim_node *from, const struct sim_node *to,
    const uint8_t *msg, size_t n, uint64_t extra_us)
{
	struct sim_event ev = { .kind = SIM_DELIVER, .node = to->process, .from = from->index };
	bool duplicate = sim_chance(s, s->duplicate_per_mille);
	if (duplicate)
		s->injected[SIM_FAULT_DUPLICATE]++;
	for (int copies = duplicate ? 2 : 1; copies > 0; copies--) {
		uint64_t delay = 200 + sim_below(s, 3000) + n / 1000;
		if (sim_chance(s, s->tail_per_mille)) {
			s->injected[SIM_FAULT_TAIL]++;
			delay += sim_below(s, SIM_LATENCY_MAX_MS * 1000);
		}
		ev.bytes = sim_copy(msg, n);
		sim_push(s, delay + extra_us, ev);
	}
}

void sim_send(struct sim_node *from, uint32_t to, const uint8_t *msg, size_t n, uint64_t extra_us)
{
	struct sim *s = from->sim;
	s->messages++;
	if (from->busy_until_us > s->now_us) /* its host waits for the disk */
		extra_us += from->busy_until_us - s->now_us;
	if (s->cut[from->index][to]) {
		s->dropped++;
		return;
	}
	if (sim_chance(s, s->drop_per_mille)) {
		s->dropped++;
		s->injected[SIM_FAULT_DROP]++;
		return;
	}
	if (s->late_final_per_mille > 0 && carries_final(msg, n) &&
	    sim_chance(s, s->late_final_per_mille)) {
		s->injected[SIM_FAULT_LATE_FINAL]++;
		extra_us += 50000 + sim_below(s, 1500000);
	}
	for (uint32_t p = 0; p < s->processes; p++)
		if (s->nodes[p].index == to && sim_twin_hears(s, from, &s->nodes[p]))
			deliver(s, from, &s->nodes[p], msg, n, extra_us);
}

void sim_post(struct sim_node *from, uint32_t to, const uint8_t *msg, size_t n)
{
	if (from->role != SIM_LIAR || !sim_liar_send(from, to, msg, n))
		sim_send(from, to, msg, n, 0);
}

struct sim_node *sim_client_process(struct sim *s, uint32_t member)
{
	for (uint32_t p = s->people; p < s->processes; p++)
		if (s->nodes[p].index == member && s->nodes[p].core != NULL && sim_chance(s, 500))
			return &s->nodes[p];
	return &s->nodes[member];
}

static void heal(struct sim *s)
{
	sim_plan_end(s);
	s->healed = true;
	sim_say(s, "healed");
	for (uint32_t i = 0; i < s->people; i++)
		if (s->nodes[i].core == NULL)
			sim_node_boot(&s->nodes[i]);
}

/* --- running --- */

static void dispatch(struct sim *s, struct sim_event *ev)
{
	struct sim_node *node = ev->node < s->processes ? &s->nodes[ev->node] : NULL;
	struct enclave_event in = { .kind = ENCLAVE_EV_TICK };
	switch (ev->kind) {
	case SIM_DELIVER:
		in.kind = ENCLAVE_EV_MESSAGE;
		/* Channels are between identities: who is not known has none. */
		in.member = node->core != NULL ? sim_seat_of(node, ev->from) : EPOCH_NOBODY;
		in.a = (struct sr_bytes){ ev->bytes.p, ev->bytes.n };
		if (in.member == EPOCH_NOBODY)
			break;
		node->heard_us[ev->from] = s->now_us;
		sim_node_event(node, &in);
		break;
	case SIM_TICK:
		if (ev->number == node->wake_generation)
			sim_node_event(node, &in);
		break;
	case SIM_ARCHIVE:
	case SIM_STATE:
		in.kind = ev->kind == SIM_ARCHIVE ? ENCLAVE_EV_ARCHIVE : ENCLAVE_EV_STATE;
		in.token = ev->number;
		in.a = (struct sr_bytes){ ev->bytes.p, ev->bytes.n };
		if (ev->from == (uint32_t)node->boots)
			sim_node_event(node, &in);
		break;
	case SIM_RESTART:
		sim_node_boot(node);
		break;
	case SIM_FAULT:
		sim_plan_event(s, ev->number);
		break;
	case SIM_CLIENT:
		in.kind = ENCLAVE_EV_CLIENT;
		in.token = ev->number;
		in.number = ev->from;
		in.a = (struct sr_bytes){ ev->bytes.p, ev->bytes.n };
		node = sim_client_process(s, ev->node);
		if (sim_liar_serves(node, (uint32_t)(ev->number >> 40) - 1))
			sim_node_event(node, &in);
		break;
	case SIM_RESUME: /* run_until has done it */
		break;
	case SIM_WATCH:
		sim_host_watch(node);
		break;
	case SIM_USER:
		sim_user_wake(s, ev->from, ev->number);
		break;
	}
}

/* A host that waits for its disk takes nothing in: what comes meanwhile waits in order. */
static bool waits_for_disk(struct sim *s, const struct sim_event *ev)
{
	bool takes_in = ev->kind == SIM_DELIVER || ev->kind == SIM_TICK ||
	    ev->kind == SIM_ARCHIVE || ev->kind == SIM_STATE || ev->kind == SIM_CLIENT;
	struct sim_node *node = takes_in ? &s->nodes[ev->node] : NULL;
	struct sim_event resume = { .kind = SIM_RESUME, .node = ev->node };
	if (node == NULL || (node->waiting_n == 0 && node->busy_until_us <= s->now_us))
		return false;
	if (node->waiting_n == 0)
		sim_push(s, node->busy_until_us - s->now_us, resume);
	if (node->waiting_n == node->waiting_capacity) {
		node->waiting_capacity = node->waiting_capacity * 2 + 64;
		node->waiting = realloc(
		    node->waiting, node->waiting_capacity * sizeof *node->waiting);
		SR_ASSERT(node->waiting != NULL);
	}
	node->waiting[node->waiting_n++] = *ev;
	return true;
}

static void resume(struct sim *s, struct sim_node *node)
{
	struct sim_event again = { .kind = SIM_RESUME, .node = node->process };
	size_t i = 0;
	for (; i < node->waiting_n && node->busy_until_us <= s->now_us; i++) {
		dispatch(s, &node->waiting[i]);
		free(node->waiting[i].bytes.p);
	}
	node->waiting_n -= i;
	memmove(node->waiting, node->waiting + i, node->waiting_n * sizeof *node->waiting);
	if (node->waiting_n > 0)
		sim_push(s, node->busy_until_us - s->now_us, again);
}

static void run_until(struct sim *s, uint64_t end_us, bool (*done)(const struct sim *))
{
	while (s->heap_n > 0 && s->heap[0].at_us <= end_us && s->violation[0] == '\0') {
		if (done != NULL && done(s))
			return;
		struct sim_event ev = pop(s);
		uint64_t stamp[3] = { ev.at_us, (uint64_t)ev.kind << 32 | ev.node, ev.bytes.n };
		s->now_us = ev.at_us;
		if (waits_for_disk(s, &ev))
			continue;
		if (ev.kind == SIM_RESUME)
			resume(s, &s->nodes[ev.node]);
		s->events++;
		if (s->events % 16 == 0)
			sim_trace(s, stamp, sizeof stamp);
		dispatch(s, &ev);
		free(ev.bytes.p);
	}
}

static bool epoch_one(const struct sim *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->nodes[i].core == NULL || enclave_core_epoch(s->nodes[i].core) == NULL ||
		    enclave_core_epoch(s->nodes[i].core)->epoch < 1)
			return false;
	return true;
}

/* Everybody has what he asked for, and nobody honest is still making up his mind. */
static bool settled(const struct sim *s)
{
	struct consensus_status st;
	if (!sim_users_done(s) || !s->turn_done)
		return false;
	for (uint32_t i = 0; i < s->people; i++) {
		if (s->nodes[i].liar || !sim_member_now(&s->nodes[i]))
			continue;
		if (s->nodes[i].core == NULL || s->nodes[i].core->now == NULL ||
		    sim_check_undone(&s->nodes[i]))
			return false;
		consensus_status_get(&st, enclave_core_consensus(s->nodes[i].core));
		if (st.recovering || st.final_height + 3ull * s->n < s->final_top ||
		    st.final_height < s->acknowledged_height)
			return false;
	}
	return true;
}

static void twins_begin(struct sim *s)
{
	for (uint32_t i = 0; i < s->plan_n; i++)
		if (s->plan[i].kind == SIM_FAULT_TWINS && !s->plan[i].off)
			sim_twins_begin(s, s->plan[i].member);
}

void sim_begin(struct sim *s)
{
	uint64_t end_us = 10000000ull * (s->n > 7 ? 6 : 1);
	twins_begin(s);
	for (uint32_t i = 0; i < s->processes; i++)
		if (i < s->n || i >= s->people)
			sim_node_boot(&s->nodes[i]);
	if (s->genesis_faults) {
		sim_plan_begin(s);
		run_until(s, end_us, epoch_one);
		return;
	}
	run_until(s, end_us, epoch_one);
	if (s->violation[0] == '\0' && !epoch_one(s))
		sim_violate(s, "I12: the genesis did not end in epoch 1");
	sim_plan_begin(s);
}

/* A copy that is stopped leaves one member behind, which its clients can do without. */
static void twins_end(struct sim *s)
{
	for (uint32_t i = 0; i < s->plan_n; i++) {
		struct sim_fault *f = &s->plan[i];
		if (f->off || f->until_us == UINT64_MAX)
			continue;
		if (f->kind == SIM_FAULT_TWINS || f->kind == SIM_FAULT_CLONE)
			sim_twin_stop(s, f->member);
	}
}

void sim_go(struct sim *s, uint64_t ms)
{
	run_until(s, s->now_us + ms * 1000, NULL);
}

bool sim_run(struct sim *s)
{
	sim_begin(s);
	sim_go(s, s->options.fault_ms);
	if (s->violation[0] == '\0') {
		twins_end(s);
		heal(s);
	}
	sim_go(s, s->options.heal_ms < 60000 ? s->options.heal_ms / 9 : 60000 / 9);
	sim_users_finish(s);
	run_until(s, s->now_us + s->options.heal_ms * 1000, settled);
	if (s->violation[0] == '\0')
		sim_check_end(s);
	return s->violation[0] == '\0';
}

/* --- set-up --- */

/* Its keys and its entry, but for what is bound to an epoch. */
static enum sr_error member_init(struct sim *s, struct genesis_member *m, uint32_t i)
{
	struct sim_node *node = &s->nodes[i];
	struct sr_hash32 measurement = { { 7 } };
	struct genesis_identity id;
	SR_KEY32_AUTO seed;
	struct sr_writer sealed;
	sim_fill(s, node->sealing_key.b, sizeof node->sealing_key.b);
	sim_fill(s, seed.b, sizeof seed.b);
	sr_writer_init(&sealed, 65536);
	SR_TRY(enclave_identity_new(&id, &sealed, &node->sealing_key, &measurement, &seed));
	SR_TRY(sr_writer_finish(&sealed));
	sim_host_identity(node, sealed.p, sealed.n);
	sr_writer_clear(&sealed);
	sim_fill(s, seed.b, sizeof seed.b);
	sr_ed25519_keypair(&node->operator_key, &m->operator_key, &seed);
	m->name_n = (size_t)snprintf((char *)m->name, sizeof m->name, "operator-%u", i);
	m->id_key = node->id = id.id_key;
	m->vote_key = id.vote_key;
	memcpy(m->box_key, id.box_key, sizeof m->box_key);
	snprintf(m->url, sizeof m->url, "https://127.0.0.1:%u", 9000 + i);
	snprintf(m->link, sizeof m->link, "tcp://127.0.0.1:%u", 8000 + i);
	m->url_pin.b[0] = (uint8_t)(i + 1);
	return SR_OK;
}

static enum sr_error joiners_init(struct sim *s)
{
	for (uint32_t i = s->n; i < s->people; i++) {
		s->nodes[i].entry = calloc(1, sizeof *s->nodes[i].entry);
		SR_ASSERT(s->nodes[i].entry != NULL);
		SR_TRY(member_init(s, s->nodes[i].entry, i));
	}
	return SR_OK;
}

static enum sr_error genesis_init(struct sim *s)
{
	struct genesis *g = calloc(1, sizeof *g);
	struct sr_writer evidence[SIM_NODES_MAX], w;
	SR_ASSERT(g != NULL);
	g->name_n = (size_t)snprintf((char *)g->name, sizeof g->name, "simulated");
	g->created_ms = SIM_EPOCH_MS;
	sim_fill(s, g->nonce.b, sizeof g->nonce.b);
	attest_policy_default(&g->policy);
	g->slot_ms = 300;
	g->slot_min_ms = sim_chance(s, 700) ? 20 : 300;
	g->threshold = s->n / 2 + 1;
	SR_TRY(genesis_measurement_add(g, &(struct sr_hash32){ { 7 } }));
	/* In many worlds the shares are made anew again and again, while all else goes on. */
	if (sim_chance(s, 500))
		g->policy.refresh_ms = 2000 + sim_below(s, 15000);
	if (sim_chance(s, 300))
		g->policy.window_ms = 2000 + sim_below(s, 8000);
	if (s->changes) { /* anyone may ask, and what is due is done and over at the end */
		g->policy.operators_open = true;
		g->policy.refresh_ms = 0;
		g->policy.refresh_min_ms = 2000;
		g->policy.window_ms = WINDOW_MS;
	}
	g->members_n = s->n;
	for (uint32_t i = 0; i < s->n; i++) {
		sr_writer_init(&evidence[i], GENESIS_EVIDENCE_MAX);
		SR_TRY(member_init(s, &g->members[i], i));
		sim_entry_sign(&g->members[i], &s->nodes[i].operator_key, &g->nonce,
		    &evidence[i]);
	}
	sr_writer_init(&w, GENESIS_FILE_MAX);
	SR_TRY(genesis_encode(&w, g));
	SR_TRY(sr_writer_finish(&w));
	s->genesis_bytes = sim_copy(w.p, w.n);
	sr_writer_clear(&w);
	for (uint32_t i = 0; i < s->n; i++)
		sr_writer_clear(&evidence[i]);
	s->parsed = g;
	return genesis_decode(g, s->genesis_bytes.p, s->genesis_bytes.n);
}

/* Most are small; the big ones are few and short. */
static uint32_t size_by_seed(uint64_t r)
{
	static const struct { uint32_t below, n; } sizes[] = {
		{ 120, 3 }, { 630, 4 }, { 750, 5 }, { 970, 7 }, { 996, 13 }, { 1000, 31 },
	};
	size_t i = 0;
	while (r % 1000 >= sizes[i].below)
		i++;
	return sizes[i].n;
}

enum sr_error sim_init(struct sim *s, const struct sim_options *options)
{
	memset(s, 0, sizeof *s);
	s->options = *options;
	random_seed(s->random, options->seed ^ options->stir << 40);
	random_seed(s->plan_random, ~options->seed);
	uint32_t by_seed = size_by_seed(sim_random_of(s->plan_random));
	s->n = options->n != 0 ? options->n : by_seed;
	s->faults = consensus_faults(s->n);
	if (options->fault_ms == 0)
		s->options.fault_ms = s->n <= 7 ? 9000 : s->n <= 13 ? 5000 : 2000;
	memset(s->sides, 3, sizeof s->sides);
	for (uint32_t i = 0; i < SIM_NODES_MAX; i++) {
		s->nodes[i].sim = s;
		s->nodes[i].index = s->nodes[i].process = i;
	}
	sim_plan_make(s);
	s->processes = s->people;
	/* A rotation may cost 10 s for each who is down; a change that was given up, a pause. */
	if (options->heal_ms == 0)
		s->options.heal_ms = s->changes ? 200000 : 60000;
	for (uint32_t i = 0; i < s->people; i++) {
		enclave_effects_init(&s->nodes[i].effects);
		sim_host_init(&s->nodes[i]);
	}
	SR_TRY(genesis_init(s));
	SR_TRY(joiners_init(s));
	return sim_users_init(s);
}

void sim_clear(struct sim *s)
{
	sim_users_clear(s);
	for (uint32_t i = 0; i < s->processes; i++) {
		sim_liar_clear(&s->nodes[i]);
		while (s->nodes[i].waiting_n > 0)
			free(s->nodes[i].waiting[--s->nodes[i].waiting_n].bytes.p);
		free(s->nodes[i].waiting);
		free(s->nodes[i].entry);
		free(s->nodes[i].trail.p);
		sim_node_clear(&s->nodes[i]);
	}
	sim_coalition_clear(s);
	while (s->heap_n > 0)
		free(s->heap[--s->heap_n].bytes.p);
	free(s->heap);
	sim_history_clear(s);
	sim_epochs_clear(s);
	free(s->first_trail.p);
	free(s->genesis_bytes.p);
	free(s->parsed);
	memset(s, 0, sizeof *s);
}
