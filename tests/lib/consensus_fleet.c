/* tests/lib/consensus_fleet.c - the in-memory cluster of the consensus tests. */
#include "tests/lib/consensus_fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/internal.h"

enum event_kind { EVENT_MESSAGE, EVENT_ROWS };

struct fleet_event {
	uint64_t at_ms, sequence;
	enum event_kind kind;
	uint32_t from, to;
	uint8_t *p;                      /* the message */
	size_t n;
	uint64_t after;                  /* rows: heights above it, for peer `from` */
	uint32_t max_bytes;
	uint32_t boot;                   /* of the sender's instance, for rows */
};

struct said {
	uint32_t node;
	uint64_t slot;
	uint8_t kinds;
	uint16_t heard[3];               /* by whom: a bit each */
	struct sr_hash32 hash[3];
};

static void *grow(void *p, size_t n, size_t *max, size_t size)
{
	if (n < *max)
		return p;
	*max = *max > 0 ? *max * 2 : 64;
	p = realloc(p, *max * size);
	SR_ASSERT(p != NULL);
	return p;
}

static uint32_t below(struct fleet *self, uint32_t n)
{
	uint32_t v;

	if (n <= 1)
		return 0;
	SR_ASSERT(sr_drbg_fill(&self->rng, (uint8_t *)&v, sizeof(v)) == SR_OK);
	return v % n;
}

static void broken(struct fleet *self, const char *what)
{
	if (self->broken == NULL)
		self->broken = what;
	if (self->expect_broken)
		return;
	fprintf(stderr, "broken promise at %llu ms: %s\n", (unsigned long long)self->now_ms, what);
	abort();
}

static uint32_t nodes_n(const struct fleet *self)
{
	return self->n + self->guests;
}

/* --- events --- */

static bool sooner(const struct fleet_event *a, const struct fleet_event *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->sequence < b->sequence;
}

static void event_push(struct fleet *self, struct fleet_event e)
{
	size_t i = self->events_n++;

	e.sequence = self->sequence++;
	self->events = grow(self->events, i, &self->events_max, sizeof(*self->events));
	while (i > 0 && sooner(&e, &self->events[(i - 1) / 2])) {
		self->events[i] = self->events[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	self->events[i] = e;
}

static struct fleet_event event_pop(struct fleet *self)
{
	struct fleet_event top = self->events[0], e = self->events[--self->events_n];
	size_t i = 0, n = self->events_n;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= n)
			break;
		if (child + 1 < n && sooner(&self->events[child + 1], &self->events[child]))
			child++;
		if (!sooner(&self->events[child], &e))
			break;
		self->events[i] = self->events[child];
		i = child;
	}
	if (n > 0)
		self->events[i] = e;
	return top;
}

void fleet_inject(struct fleet *self, uint32_t from, uint32_t to, const uint8_t *msg, size_t n)
{
	struct fleet_event e = {
		.kind = EVENT_MESSAGE, .from = from, .to = to, .n = n, .p = malloc(n > 0 ? n : 1),
	};

	SR_ASSERT(e.p != NULL);
	memcpy(e.p, msg, n);
	e.at_ms = self->now_ms + self->delay_min_ms +
	    below(self, self->delay_max_ms - self->delay_min_ms + 1);
	event_push(self, e);
}

/* --- promises --- */

static bool log_has(const struct fleet_node *node, const uint8_t *p, size_t n)
{
	for (size_t i = node->durable_n; i-- > 0;) {
		const struct fleet_record *r = &node->log[i];

		for (size_t at = 0; at + n <= r->n && at < 256; at++)
			if (memcmp(r->p + at, p, n) == 0)
				return true;
	}
	return false;
}

static struct said *said_find(struct fleet *self, uint32_t node, uint64_t slot)
{
	struct said *all = self->votes;

	for (size_t i = self->votes_n; i-- > 0;)
		if (all[i].node == node && all[i].slot == slot)
			return &all[i];
	self->votes = grow(self->votes, self->votes_n, &self->votes_max, sizeof(struct said));
	all = self->votes;
	memset(&all[self->votes_n], 0, sizeof(*all));
	all[self->votes_n].node = node;
	all[self->votes_n].slot = slot;
	return &all[self->votes_n++];
}

static void vote_watch(struct fleet *self, struct fleet_node *node, const struct consensus_vote *v)
{
	struct said *s;
	uint8_t bit = (uint8_t)(1u << (unsigned)v->kind);

	if (v->voter != node->index)
		return;
	s = said_find(self, node->index, v->slot);
	if (s->kinds & bit) {
		if (!sr_hash32_equal(&s->hash[v->kind - 1], &v->hash))
			broken(self, "a node voted for two blocks in a slot");
		return;
	}
	if (!log_has(node, v->sig.b, sizeof(v->sig.b)))
		broken(self, "a vote left before it was durable");
	s->kinds = (uint8_t)(s->kinds | bit);
	s->hash[v->kind - 1] = v->hash;
	if ((s->kinds & (1u << CONSENSUS_SKIP)) && (s->kinds & (1u << CONSENSUS_FINAL)))
		broken(self, "a node voted SKIP and FINAL in a slot");
}

static void heard_watch(struct fleet *self, uint32_t by, const uint8_t *msg, size_t n)
{
	struct consensus_vote v;
	struct sr_reader r;

	if (n < 12 || msg[1] != CONS_VOTES)
		return;
	sr_reader_init(&r, msg + 10, n - 10);
	for (uint32_t i = sr_read_u16(&r); i > 0 && r.error == SR_OK; i--) {
		struct said *s;

		consensus_vote_read(&v, &r);
		s = said_find(self, v.voter, v.slot);
		s->heard[v.kind - 1] = (uint16_t)(s->heard[v.kind - 1] | (1u << by));
	}
}

/*
 * A vote that is no longer on its voter's disk and that reached fewer than n - q others need not
 * be among the q answers after the restart: no protocol could know of it, and the voter counts
 * as one of the f.
 */
static void unheard_forget(struct fleet *self, uint32_t node)
{
	int least = (int)(self->n - consensus_quorum(self->n));
	struct said *all = self->votes;

	for (size_t i = 0; i < self->votes_n; i++)
		for (unsigned k = 0; all[i].node == node && k < 3; k++)
			if (__builtin_popcount(all[i].heard[k]) < (least > 0 ? least : 1))
				all[i].kinds &= (uint8_t)~(2u << k);
	for (size_t i = 0; i < self->events_n; i++)
		if (self->events[i].from == node)
			self->events[i].n = 0;
}

static void send_watch(struct fleet *self, struct fleet_node *node, const uint8_t *msg, size_t n)
{
	struct consensus_vote v;
	struct sr_reader r;

	if (n < 12)
		return;
	if (node->index >= self->n && msg[1] != CONS_HEAD && msg[1] != CONS_REQ_BLOCK &&
	    msg[1] != CONS_REQ_ROWS)
		broken(self, "an observer said more than where it stands and what it lacks");
	if (msg[1] != CONS_VOTES)
		return;
	sr_reader_init(&r, msg + 10, n - 10);
	for (uint32_t i = sr_read_u16(&r); i > 0 && r.error == SR_OK; i--) {
		consensus_vote_read(&v, &r);
		vote_watch(self, node, &v);
	}
}

/* --- ports --- */

static enum sr_error port_persist(void *ctx, const uint8_t *record, size_t n, bool sync)
{
	struct fleet_node *node = ctx;

	if (node->persist_fails)
		return SR_ERR_IO;
	node->log = grow(node->log, node->log_n, &node->log_max, sizeof(*node->log));
	node->log[node->log_n].p = malloc(n);
	SR_ASSERT(node->log[node->log_n].p != NULL);
	memcpy(node->log[node->log_n].p, record, n);
	node->log[node->log_n++].n = n;
	if (sync)
		node->durable_n = node->log_n;
	return SR_OK;
}

static void send_one(struct fleet *self, uint32_t from, uint32_t to, const uint8_t *msg, size_t n)
{
	if (self->cut[from][to] || below(self, 1000) < self->drop_permille)
		return;
	if (self->lose != NULL && self->lose(self, from, to, msg, n))
		return;
	fleet_inject(self, from, to, msg, n);
	if (below(self, 1000) < self->duplicate_permille)
		fleet_inject(self, from, to, msg, n);
}

static void port_send(
    void *ctx, uint32_t to, enum consensus_class class, const uint8_t *msg, size_t n)
{
	struct fleet_node *node = ctx;
	struct fleet *self = node->fleet;

	send_watch(self, node, msg, n);
	self->sent[class]++;
	self->sent_bytes += n;
	for (uint32_t i = 0; i < nodes_n(self); i++)
		if (i != node->index && (i < self->n || node->index < self->n) &&
		    (to == CONSENSUS_ALL || to == i))
			send_one(self, node->index, i, msg, n);
}

static void port_wake(void *ctx, uint64_t at_ms)
{
	struct fleet_node *node = ctx;
	int64_t at = (int64_t)at_ms - node->clock_offset_ms;

	node->wake_ms = at > 0 ? (uint64_t)at : 0;
}

static void port_evidence(void *ctx, uint32_t culprit, const uint8_t *bytes, size_t n)
{
	struct fleet_node *node = ctx;
	uint32_t proven;

	node->evidence++;
	node->culprit = culprit;
	free(node->last_evidence.p);
	node->last_evidence.p = malloc(n);
	SR_ASSERT(node->last_evidence.p != NULL);
	memcpy(node->last_evidence.p, bytes, n);
	node->last_evidence.n = n;
	if (consensus_evidence_verify(&proven, bytes, n, &node->fleet->chain_id, node->config.epoch,
	    node->fleet->keys, node->fleet->n) != SR_OK || proven != culprit)
		broken(node->fleet, "evidence that does not hold");
}

static void port_archive_read(void *ctx, uint32_t for_peer, uint64_t after, uint32_t max_bytes)
{
	struct fleet_node *node = ctx;
	struct fleet_event e = {
		.kind = EVENT_ROWS, .from = for_peer, .to = node->index, .after = after,
		.max_bytes = max_bytes, .boot = node->boots, .at_ms = node->fleet->now_ms + 1,
	};

	event_push(node->fleet, e);
}

/* --- fake app --- */

struct sr_hash32 fake_app_next_root(const struct sr_hash32 *root, struct sr_bytes body)
{
	struct sr_bytes parts[] = { { root->b, sizeof(root->b) }, body };

	return sr_hash_domain("fake app state", parts, body.n > 0 ? 2 : 1);
}

struct sr_hash32 fake_app_root(const struct fake_app *app, const struct sr_hash32 *block)
{
	struct sr_hash32 none = { { 0 } };

	for (size_t i = app->roots_n; i-- > 0;)
		if (sr_hash32_equal(&app->roots[i].block, block))
			return app->roots[i].root;
	return none;
}

static void fake_app_put(struct fake_app *app, const struct sr_hash32 *block,
    const struct sr_hash32 *root)
{
	app->roots = grow(app->roots, app->roots_n, &app->roots_max, sizeof(*app->roots));
	app->roots[app->roots_n].block = *block;
	app->roots[app->roots_n++].root = *root;
}

static bool fake_has_work(void *ctx)
{
	return ((struct fleet_node *)ctx)->app.work;
}

static bool fake_ingress_ok(void *ctx)
{
	return !((struct fleet_node *)ctx)->app.no_ingress;
}

static enum sr_error fake_build(void *ctx, struct consensus_header *h, struct sr_writer *body)
{
	struct fleet_node *node = ctx;
	struct fake_app *app = &node->app;

	if (app->not_ready)
		return SR_ERR_NOT_READY;
	h->pre_state_root = fake_app_root(app, &h->parent_hash);
	if (app->work && !app->close) {
		sr_write_u64(body, h->slot);
		for (size_t i = 8; i < app->body_n; i++)
			sr_write_u8(body, (uint8_t)(i * 7));
	}
	if (app->close) {
		h->flags |= CONSENSUS_CLOSE;
		h->next_roster_root.b[0] = 1;
		h->post_state_root = fake_app_next_root(
		    &h->pre_state_root, (struct sr_bytes){ NULL, 0 });
		app->close = app->work = false;
	}
	h->ops_root = sr_hash(body->p, body->n);
	return SR_OK;
}

static enum sr_error fake_check(void *ctx, const struct consensus_block *b)
{
	struct fleet_node *node = ctx;
	struct sr_hash32 pre = fake_app_root(&node->app, &b->header.parent_hash), post;

	if (node->app.not_ready)
		return SR_ERR_NOT_READY;
	if (!sr_hash32_equal(&pre, &b->header.pre_state_root))
		return SR_ERR_BAD_STATE_ROOT;
	if (b->body.n >= 3 && memcmp(b->body.p, "BAD", 3) == 0)
		return SR_ERR_BLOCK_LIMIT;
	post = fake_app_next_root(&pre, b->body);
	fake_app_put(&node->app, &b->hash, &post);
	return SR_OK;
}

static void fake_certified(void *ctx, const struct consensus_block *b)
{
	(void)b;
	((struct fleet_node *)ctx)->app.certified++;
}

static void final_watch(struct fleet *self, uint64_t height, const struct sr_hash32 *hash)
{
	while (self->finals_n <= height) {
		self->finals = grow(self->finals, self->finals_n, &self->finals_max,
		    sizeof(*self->finals));
		memset(&self->finals[self->finals_n++], 0, sizeof(*self->finals));
	}
	if (sr_hash32_is_zero(&self->finals[height]))
		self->finals[height] = *hash;
	else if (!sr_hash32_equal(&self->finals[height], hash))
		broken(self, "two final blocks at one height");
}

static enum sr_error fake_commit(void *ctx, const struct consensus_block *b,
    const struct consensus_cert *notar, const struct consensus_cert *final)
{
	struct fleet_node *node = ctx;
	struct fake_app *app = &node->app;
	struct sr_writer w;

	if (b->header.height != app->height + 1 ||
	    !sr_hash32_equal(&b->header.parent_hash, &app->head))
		broken(node->fleet, "a commit out of order");
	final_watch(node->fleet, b->header.height, &b->hash);
	app->height = b->header.height;
	app->head = b->hash;
	app->ops += b->body.n > 0;
	sr_writer_init(&w, CONSENSUS_MESSAGE_MAX);
	consensus_archive_row_write(&w, b, notar, final);
	SR_ASSERT(sr_writer_finish(&w) == SR_OK);
	app->rows = grow(app->rows, app->rows_n, &app->rows_max, sizeof(*app->rows));
	app->rows[app->rows_n].p = sr_writer_take(&w, &app->rows[app->rows_n].n);
	app->rows_n++;
	return SR_OK;
}

static void fake_abandon(void *ctx, const struct sr_hash32 *hash)
{
	(void)hash;
	((struct fleet_node *)ctx)->app.abandoned++;
}

static void fake_app_reset(struct fleet_node *node)
{
	struct fake_app *app = &node->app;

	while (app->rows_n > 0)
		free(app->rows[--app->rows_n].p);
	app->roots_n = 0;
	app->height = 0;
	app->head = node->fleet->genesis;
	app->rows_first = 1;
	fake_app_put(app, &node->fleet->genesis, &node->fleet->genesis);
}

/* Execution as the checkpoint has it. */
static void fake_app_back(struct fleet_node *node)
{
	struct fake_app *app = &node->app;

	while (app->rows_n > 0 && app->rows_first + app->rows_n - 1 > node->config.start_height)
		free(app->rows[--app->rows_n].p);
	app->height = node->config.start_height;
	app->head = node->config.start_hash;
}

/* --- cluster --- */

static const struct consensus_ports fake_ports = {
	.persist = port_persist,
	.send = port_send,
	.wake = port_wake,
	.evidence = port_evidence,
	.archive_read = port_archive_read,
	.has_work = fake_has_work,
	.ingress_ok = fake_ingress_ok,
	.build = fake_build,
	.check = fake_check,
	.certified = fake_certified,
	.commit = fake_commit,
	.abandon = fake_abandon,
};

static void node_begin(struct fleet *self, uint32_t i)
{
	struct fleet_node *node = &self->nodes[i];

	node->fleet = self;
	node->index = i;
	node->wake_ms = UINT64_MAX;
	node->app.body_n = 64;
}

struct fleet *fleet_new(uint32_t n, uint64_t seed)
{
	struct fleet *self = calloc(1, sizeof(*self));
	struct sr_key32 key = { { 0 } };
	struct sr_hash32 zero = { { 0 } };

	SR_ASSERT(self != NULL && n > 0 && n <= FLEET_MAX);
	self->n = n;
	self->now_ms = 1700000000000u;
	self->delay_min_ms = 1;
	self->delay_max_ms = 4;
	self->slot_ms = 300;
	self->slot_min_ms = 20;
	self->recover_wait_ms = 15000;
	memcpy(key.b, &seed, sizeof(seed));
	sr_drbg_init(&self->rng, &key);
	memset(self->chain_id.b, 7, sizeof(self->chain_id.b));
	self->genesis = consensus_genesis_hash(&self->chain_id, 1, &zero, &zero, &zero);
	for (uint32_t i = 0; i < n; i++) {
		memset(key.b, (int)i + 1, sizeof(key.b));
		sr_ed25519_keypair(&self->nodes[i].key, &self->keys[i], &key);
		node_begin(self, i);
	}
	return self;
}

uint32_t fleet_observer_add(struct fleet *self)
{
	uint32_t i = self->n + self->guests++;

	SR_ASSERT(i < FLEET_MAX);
	node_begin(self, i);
	return i;
}

void fleet_free(struct fleet *self)
{
	for (uint32_t i = 0; i < nodes_n(self); i++) {
		struct fleet_node *node = &self->nodes[i];

		consensus_free(node->consensus);
		fake_app_reset(node);
		free(node->app.rows);
		free(node->app.roots);
		free(node->last_evidence.p);
		while (node->log_n > 0)
			free(node->log[--node->log_n].p);
		free(node->log);
	}
	while (self->events_n > 0)
		free(self->events[--self->events_n].p);
	free(self->events);
	free(self->finals);
	free(self->votes);
	free(self);
}

static uint64_t node_now(const struct fleet *self, uint32_t i)
{
	return (uint64_t)((int64_t)self->now_ms + self->nodes[i].clock_offset_ms);
}

static void config_fill(struct fleet *self, uint32_t i)
{
	struct fleet_node *node = &self->nodes[i];
	struct consensus_config *c = &node->config;

	c->chain_id = self->chain_id;
	c->epoch = 1;
	c->n = self->n;
	c->self = i < self->n ? i : CONSENSUS_OBSERVER;
	memcpy(c->keys, self->keys, sizeof(self->keys));
	c->vote_key = &node->key;
	c->genesis_hash = self->genesis;
	c->genesis_time_ms = 1700000000000u;
	c->slot_ms = self->slot_ms;
	c->slot_min_ms = self->slot_min_ms;
	c->recover_wait_ms = self->recover_wait_ms;
	c->first_boot = !node->ever_started;
	if (c->start_height == 0) {
		c->start_hash = self->genesis;
		c->start_time_ms = c->genesis_time_ms;
	}
}

static void step_note(struct fleet *self, uint32_t i, enum sr_error error)
{
	if (error == SR_OK)
		return;
	self->nodes[i].errors++;
	self->nodes[i].last_error = error;
	self->nodes[i].last_error_ms = self->now_ms;
}

void fleet_start_node(struct fleet *self, uint32_t i)
{
	struct fleet_node *node = &self->nodes[i];
	struct consensus_ports ports = fake_ports;
	struct sr_key32 random;

	ports.ctx = node;
	config_fill(self, i);
	if (node->config.start_height == 0)
		fake_app_reset(node);
	else
		fake_app_back(node);
	node->consensus = consensus_new(&node->config, &ports);
	SR_ASSERT(node->consensus != NULL);
	for (size_t k = 0; k < node->log_n; k++)
		SR_ASSERT(
		    consensus_replay(node->consensus, node->log[k].p, node->log[k].n) == SR_OK);
	SR_ASSERT(sr_drbg_fill(&self->rng, random.b, sizeof(random.b)) == SR_OK);
	node->ever_started = true;
	node->boots++;
	step_note(self, i, consensus_start(node->consensus, node_now(self, i), &random));
}

void fleet_start(struct fleet *self)
{
	for (uint32_t i = 0; i < self->n; i++)
		fleet_start_node(self, i);
}

static void log_cut(struct fleet_node *node, size_t n)
{
	while (node->log_n > n)
		free(node->log[--node->log_n].p);
	if (node->durable_n > n)
		node->durable_n = n;
}

void fleet_crash(struct fleet *self, uint32_t i, bool lose_tail)
{
	struct fleet_node *node = &self->nodes[i];

	consensus_free(node->consensus);
	node->consensus = NULL;
	node->wake_ms = UINT64_MAX;
	if (lose_tail)
		log_cut(node, node->durable_n);
	node->durable_n = node->log_n;
}

void fleet_roll_back(struct fleet *self, uint32_t i, size_t records)
{
	struct fleet_node *node = &self->nodes[i];

	SR_ASSERT(node->consensus == NULL);
	unheard_forget(self, i);
	log_cut(node, node->log_n > records ? node->log_n - records : 0);
}

void fleet_restart(struct fleet *self, uint32_t i)
{
	fleet_start_node(self, i);
}

void fleet_log_put(struct fleet *self, uint32_t i, const uint8_t *record, size_t n)
{
	SR_ASSERT(port_persist(&self->nodes[i], record, n, true) == SR_OK);
}

static enum sr_error log_emit(void *ctx, const uint8_t *record, size_t n)
{
	return port_persist(ctx, record, n, true);
}

void fleet_checkpoint(struct fleet *self, uint32_t i)
{
	struct fleet_node *node = &self->nodes[i];
	struct consensus_status st = fleet_status(self, i);

	log_cut(node, 0);
	SR_ASSERT(consensus_compact(node->consensus, log_emit, node) == SR_OK);
	node->config.start_slot = st.final_slot;
	node->config.start_height = st.final_height;
	node->config.start_time_ms = st.final_time_ms;
	node->config.start_hash = st.final_hash;
}

void fleet_partition(struct fleet *self, uint32_t side)
{
	for (uint32_t a = 0; a < self->n; a++)
		for (uint32_t b = 0; b < self->n; b++)
			self->cut[a][b] = ((side >> a) & 1u) != ((side >> b) & 1u);
}

void fleet_heal(struct fleet *self)
{
	memset(self->cut, 0, sizeof(self->cut));
}

static void rows_answer(struct fleet *self, const struct fleet_event *e)
{
	struct fleet_node *node = &self->nodes[e->to];
	struct sr_bytes rows[64];
	size_t n = 0, bytes = 0;

	if (node->consensus == NULL || node->boots != e->boot)
		return;
	for (size_t k = 0; k < node->app.rows_n && n < 64; k++) {
		if (node->app.rows_first + k <= e->after)
			continue;
		if (node->app.rows_first + k > e->after + 1 && n == 0)
			break;
		bytes += node->app.rows[k].n;
		if (bytes > e->max_bytes)
			break;
		rows[n].p = node->app.rows[k].p;
		rows[n++].n = node->app.rows[k].n;
	}
	step_note(self, e->to,
	    consensus_archive_rows(node->consensus, node_now(self, e->to), e->from, rows, n));
}

static void event_handle(struct fleet *self, const struct fleet_event *e)
{
	struct fleet_node *node = &self->nodes[e->to];

	if (e->kind == EVENT_ROWS)
		rows_answer(self, e);
	else if (node->consensus != NULL && !self->cut[e->from][e->to]) {
		heard_watch(self, e->to, e->p, e->n);
		step_note(self, e->to, consensus_receive(node->consensus, node_now(self, e->to),
		    e->from, e->p, e->n));
	}
	free(e->p);
}

/* One event or one tick, whichever is due first; false when nothing is due before the end. */
static bool fleet_step(struct fleet *self, uint64_t end_ms)
{
	uint64_t at = self->events_n > 0 ? self->events[0].at_ms : UINT64_MAX;
	uint32_t who = FLEET_MAX;

	for (uint32_t i = 0; i < nodes_n(self); i++) {
		if (self->nodes[i].consensus != NULL && self->nodes[i].wake_ms < at) {
			at = self->nodes[i].wake_ms;
			who = i;
		}
	}
	if (at > end_ms) {
		self->now_ms = end_ms;
		return false;
	}
	if (at > self->now_ms)
		self->now_ms = at;
	if (who == FLEET_MAX) {
		struct fleet_event e = event_pop(self);

		event_handle(self, &e);
		return true;
	}
	self->nodes[who].wake_ms = UINT64_MAX;
	step_note(self, who, consensus_tick(self->nodes[who].consensus, node_now(self, who)));
	return true;
}

void fleet_run(struct fleet *self, uint64_t for_ms)
{
	uint64_t end = self->now_ms + for_ms;

	while (fleet_step(self, end))
		;
}

bool fleet_run_until(struct fleet *self, bool (*done)(struct fleet *self, void *ctx), void *ctx,
    uint64_t for_ms)
{
	uint64_t end = self->now_ms + for_ms;

	while (!done(self, ctx))
		if (!fleet_step(self, end))
			return done(self, ctx);
	return true;
}

static bool height_reached(struct fleet *self, void *ctx)
{
	return fleet_height_least(self) >= *(uint64_t *)ctx;
}

bool fleet_run_to_height(struct fleet *self, uint64_t height, uint64_t for_ms)
{
	return fleet_run_until(self, height_reached, &height, for_ms);
}

struct consensus_status fleet_status(const struct fleet *self, uint32_t i)
{
	struct consensus_status st;

	consensus_status_get(&st, self->nodes[i].consensus);
	return st;
}

uint64_t fleet_height(const struct fleet *self, uint32_t i)
{
	return self->nodes[i].app.height;
}

uint64_t fleet_height_least(const struct fleet *self)
{
	uint64_t least = UINT64_MAX;

	for (uint32_t i = 0; i < nodes_n(self); i++)
		if (self->nodes[i].consensus != NULL && self->nodes[i].app.height < least)
			least = self->nodes[i].app.height;
	return least;
}

uint64_t fleet_height_most(const struct fleet *self)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < self->n; i++)
		if (self->nodes[i].app.height > most)
			most = self->nodes[i].app.height;
	return most;
}

void fleet_work(struct fleet *self, size_t body_n)
{
	for (uint32_t i = 0; i < self->n; i++) {
		self->nodes[i].app.work = body_n > 0;
		self->nodes[i].app.body_n = body_n;
		if (self->nodes[i].consensus != NULL)
			step_note(
			    self, i, consensus_work(self->nodes[i].consensus, node_now(self, i)));
	}
}
