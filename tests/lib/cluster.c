/* tests/lib/cluster.c - a cluster of cores in virtual time. */
#include "tests/lib/cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_MS 1800000000000ull
#define BOOT_REPLIES 1024u

struct cluster_message {
	uint64_t at_ms, seq, token;
	/* 0: from a peer; else an answer of the node's own host */
	enum enclave_event_kind host;
	uint32_t from, to;
	uint8_t *p;
	size_t n;
};

static void *must(void *p)
{
	if (p == NULL) {
		fprintf(stderr, "cluster: out of memory\n");
		abort();
	}
	return p;
}

static void must_ok(enum sr_error error, const char *what)
{
	if (error != SR_OK) {
		fprintf(stderr, "cluster: %s: %s\n", what, sr_error_name((unsigned)error));
		abort();
	}
}

static uint8_t *copy_of(const uint8_t *p, size_t n)
{
	uint8_t *copy = must(malloc(n + 1));

	if (n > 0)
		memcpy(copy, p, n);
	return copy;
}

static struct sr_key32 seed_of(const struct cluster *self, const char *what, uint32_t i)
{
	struct sr_key32 out;
	struct sr_hash32 h;
	uint8_t number[4] = { (uint8_t)i, (uint8_t)(i >> 8), 0, 0 };
	struct sr_bytes parts[] = { { self->measurement.b, 32 }, { number, 4 } };

	h = sr_hash_domain(what, parts, 2);
	memcpy(out.b, h.b, 32);
	return out;
}

struct sr_key32 cluster_identity_seed(const struct cluster *self, uint32_t i)
{
	return seed_of(self, "test identity", i);
}

static uint64_t draw(struct cluster *self, uint64_t below)
{
	uint64_t v = 0;

	must_ok(sr_drbg_fill(&self->drbg, (uint8_t *)&v, sizeof(v)), "drbg");
	return below > 0 ? v % below : 0;
}

/* -------------------------------------------------------------------------------------- genesis */

static void member_make(struct cluster *self, struct genesis_member *m, uint32_t i,
    const struct sr_hash32 *nonce)
{
	struct sr_key32 seed = cluster_identity_seed(self, i);
	struct sr_key32 op_seed = seed_of(self, "test op", i);
	struct genesis_identity id;
	struct sr_writer sealed, evidence;
	struct sr_edsk operator_sk;
	uint8_t report[64];

	self->nodes[i].sealing = seed_of(self, "test sealing", i);
	sr_writer_init(&sealed, 65536);
	must_ok(enclave_identity_new(&id, &sealed, &self->nodes[i].sealing, &self->measurement,
	    &seed), "identity");
	must_ok(sr_writer_finish(&sealed), "identity");
	if (self->nodes[i].identity == NULL) {
		self->nodes[i].identity = copy_of(sealed.p, sealed.n);
		self->nodes[i].identity_n = sealed.n;
	}
	sr_writer_clear(&sealed);
	self->nodes[i].id = id.id_key;
	sr_ed25519_keypair(&operator_sk, &m->operator_key, &op_seed);
	m->name_n = (size_t)snprintf((char *)m->name, sizeof(m->name), "member %u", i);
	m->id_key = id.id_key;
	m->vote_key = id.vote_key;
	memcpy(m->box_key, id.box_key, 32);
	snprintf(m->url, sizeof(m->url), "https://127.0.0.1:%u", 9000 + i);
	snprintf(m->link, sizeof(m->link), "tcp://127.0.0.1:%u", 9200 + i);
	genesis_report_data(report, &m->operator_key, &m->id_key, &m->vote_key, m->box_key,
	    nonce);
	sr_writer_init(&evidence, GENESIS_EVIDENCE_MAX);
	genesis_software_evidence(&evidence, self->claimed != NULL ? self->claimed :
	    &self->measurement, report, &operator_sk);
	must_ok(sr_writer_finish(&evidence), "evidence");
	m->evidence.p = copy_of(evidence.p, evidence.n);
	m->evidence.n = evidence.n;
	sr_writer_clear(&evidence);
	genesis_member_sign(m, nonce, &operator_sk);
}

struct cluster *cluster_new(const struct cluster_options *options)
{
	struct cluster *self = must(calloc(1, sizeof(*self)));
	struct genesis *g = must(calloc(1, sizeof(*g)));
	struct sr_key32 seed = { { 0 } };
	struct sr_writer w;

	must_ok(sr_crypto_init(), "crypto");
	memcpy(seed.b, &options->seed, sizeof(options->seed));
	sr_drbg_init(&self->drbg, &seed);
	self->measurement = sr_hash(seed.b, sizeof(seed.b));
	self->n = options->n;
	self->now_ms = START_MS;
	self->genesis = g;
	g->name_n = (size_t)snprintf((char *)g->name, sizeof(g->name), "test cluster");
	g->created_ms = START_MS - 1000;
	g->nonce = sr_hash("nonce", 5);
	attest_policy_default(&g->policy);
	/* Anyone may ask to join, and a refresh has not to wait for an hour. */
	g->policy.operators_open = true;
	g->policy.refresh_min_ms = 5000;
	if (options->silence_ms != 0)
		g->policy.silence_ms = options->silence_ms;
	if (options->window_ms != 0)
		g->policy.window_ms = options->window_ms;
	g->slot_ms = options->slot_ms != 0 ? options->slot_ms : 300;
	g->slot_min_ms = options->slot_min_ms != 0 ? options->slot_min_ms : 20;
	g->threshold = options->threshold != 0 ? options->threshold : options->n / 2 + 1;
	must_ok(genesis_measurement_add(g, &self->measurement), "measurement");
	g->members_n = options->n;
	for (uint32_t i = 0; i < self->n; i++)
		member_make(self, &g->members[i], i, &g->nonce);
	sr_writer_init(&w, GENESIS_FILE_MAX);
	must_ok(genesis_encode(&w, g), "genesis");
	self->genesis_bytes = sr_writer_take(&w, &self->genesis_n);
	for (uint32_t i = 0; i < self->n; i++)
		enclave_effects_init(&self->nodes[i].effects);
	return self;
}

/* ----------------------------------------------------------------------------------------- disk */

static void row_free(struct cluster_row *row)
{
	free(row->key);
	free(row->value);
}

static void rows_clear(struct cluster_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		row_free(&rows->list[i]);
	free(rows->list);
	memset(rows, 0, sizeof(*rows));
}

static void rows_add(struct cluster_rows *rows, struct sr_bytes key, struct sr_bytes value)
{
	if (rows->n == rows->capacity) {
		rows->capacity = rows->capacity == 0 ? 64 : rows->capacity * 2;
		rows->list = must(realloc(rows->list, rows->capacity * sizeof(*rows->list)));
	}
	rows->list[rows->n++] = (struct cluster_row){
		copy_of(key.p, key.n), copy_of(value.p, value.n), key.n, value.n,
	};
}

/* An empty value deletes. */
static void rows_set(struct cluster_rows *rows, const struct cluster_row *row)
{
	for (size_t i = 0; i < rows->n; i++) {
		if (rows->list[i].key_n != row->key_n ||
		    memcmp(rows->list[i].key, row->key, row->key_n) != 0)
			continue;
		row_free(&rows->list[i]);
		rows->list[i] = rows->list[--rows->n];
		break;
	}
	if (row->value_n > 0)
		rows_add(rows, (struct sr_bytes){ row->key, row->key_n },
		    (struct sr_bytes){ row->value, row->value_n });
}

static void records_add(struct cluster_records *log, const uint8_t *p, size_t n)
{
	if (log->n == log->capacity) {
		log->capacity = log->capacity == 0 ? 64 : log->capacity * 2;
		log->list = must(realloc(log->list, log->capacity * sizeof(*log->list)));
	}
	log->list[log->n].p = copy_of(p, n);
	log->list[log->n++].n = n;
}

static void records_cut(struct cluster_records *log, size_t n)
{
	while (log->n > n)
		free(log->list[--log->n].p);
	if (log->synced > log->n)
		log->synced = log->n;
}

static void checkpoint_apply(struct cluster_node *node, struct sr_bytes a)
{
	struct sr_reader r;
	uint32_t count;

	for (size_t i = 0; i < node->pending.n; i++)
		rows_set(&node->store, &node->pending.list[i]);
	rows_clear(&node->pending);
	records_cut(&node->log, 0);
	sr_reader_init(&r, a.p, a.n);
	count = sr_read_u32(&r);
	for (uint32_t i = 0; i < count; i++) {
		struct sr_bytes record = sr_read_blob(&r, HOST_FRAME_MAX);

		records_add(&node->log, record.p, record.n);
	}
	must_ok(sr_reader_finish(&r), "checkpoint frame");
	node->log.synced = node->log.n;
	node->checkpoints++;
}

static void archive_put(struct cluster_node *node, const struct enclave_effect *fx)
{
	struct cluster_block *b;

	for (size_t i = 0; i < node->archive_n; i++)
		if (node->archive[i].height == fx->number &&
		    memcmp(node->archive[i].hash.b, fx->a.p, 32) == 0)
			return;
	if (node->archive_n == node->archive_capacity) {
		node->archive_capacity = node->archive_capacity * 2 + 256;
		node->archive = must(realloc(node->archive,
		    node->archive_capacity * sizeof(*node->archive)));
	}
	b = &node->archive[node->archive_n++];
	b->height = fx->number;
	memcpy(b->hash.b, fx->a.p, 32);
	b->row = copy_of(fx->b.p, fx->b.n);
	b->n = fx->b.n;
}

static int block_compare(const void *a, const void *b)
{
	const struct cluster_block *x = a, *y = b;

	if (x->height != y->height)
		return x->height < y->height ? -1 : 1;
	return memcmp(x->hash.b, y->hash.b, 32);
}

static void queue_put(struct cluster *self, const struct cluster_message *m);

/* Answered by an event of its own, after this step's effects. */
static void archive_read(struct cluster *self, uint32_t i, const struct enclave_effect *fx)
{
	struct cluster_node *node = &self->nodes[i];
	struct cluster_message m = { .at_ms = self->now_ms, .seq = self->seq++, .token = fx->token,
		.host = ENCLAVE_EV_ARCHIVE, .to = i };
	struct sr_writer w, rows;
	size_t most = (size_t)fx->member * 1024;
	uint32_t count = 0;

	qsort(node->archive, node->archive_n, sizeof(*node->archive), block_compare);
	sr_writer_init(&rows, HOST_FRAME_MAX);
	for (size_t k = 0; k < node->archive_n; k++) {
		if (node->archive[k].height < fx->number)
			continue;
		if (count > 0 && rows.n + node->archive[k].n > most)
			break;
		sr_write_blob(&rows, node->archive[k].row, node->archive[k].n);
		count++;
	}
	sr_writer_init(&w, HOST_FRAME_MAX);
	sr_write_u32(&w, count);
	sr_write_copy(&w, rows.p, rows.n);
	must_ok(sr_writer_finish(&w), "archive frame");
	m.p = sr_writer_take(&w, &m.n);
	queue_put(self, &m);
	sr_writer_clear(&rows);
}

static const struct cluster_row *row_find(const struct cluster_node *node, const uint8_t *key)
{
	for (size_t k = 0; k < node->store.n; k++)
		if (node->store.list[k].key_n == 32 &&
		    memcmp(node->store.list[k].key, key, 32) == 0)
			return &node->store.list[k];
	return NULL;
}

static void state_read(struct cluster *self, uint32_t i, const struct enclave_effect *fx)
{
	struct cluster_message m = { .at_ms = self->now_ms, .seq = self->seq++, .token = fx->token,
		.host = ENCLAVE_EV_STATE, .to = i };
	struct sr_writer w, rows;
	uint32_t count = 0;

	sr_writer_init(&rows, HOST_FRAME_MAX);
	for (size_t at = 0; at + 32 <= fx->a.n; at += 32) {
		const struct cluster_row *row = row_find(&self->nodes[i], fx->a.p + at);

		if (row == NULL || (count > 0 && rows.n + row->value_n > fx->member * 1024u))
			break;
		sr_write_blob(&rows, row->value, row->value_n);
		count++;
	}
	sr_writer_init(&w, HOST_FRAME_MAX);
	sr_write_u32(&w, count);
	sr_write_copy(&w, rows.p, rows.n);
	must_ok(sr_writer_finish(&w), "state frame");
	m.p = sr_writer_take(&w, &m.n);
	queue_put(self, &m);
	sr_writer_clear(&rows);
}

/* ---------------------------------------------------------------------------------------- links */

static bool earlier(const struct cluster_message *a, const struct cluster_message *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->seq < b->seq;
}

static void heap_swap(struct cluster *self, size_t a, size_t b)
{
	struct cluster_message m = self->queue[a];

	self->queue[a] = self->queue[b];
	self->queue[b] = m;
}

static void queue_put(struct cluster *self, const struct cluster_message *m)
{
	size_t i = self->queue_n;

	if (self->queue_n == self->queue_capacity) {
		self->queue_capacity = self->queue_capacity == 0 ? 1024 : self->queue_capacity * 2;
		self->queue = must(realloc(self->queue,
		    self->queue_capacity * sizeof(*self->queue)));
	}
	self->queue[self->queue_n++] = *m;
	while (i > 0 && earlier(&self->queue[i], &self->queue[(i - 1) / 2])) {
		heap_swap(self, i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
}

static struct cluster_message queue_take(struct cluster *self)
{
	struct cluster_message m = self->queue[0];
	size_t i = 0;

	self->queue[0] = self->queue[--self->queue_n];
	for (;;) {
		size_t least = i;

		for (size_t k = 2 * i + 1; k <= 2 * i + 2 && k < self->queue_n; k++)
			if (earlier(&self->queue[k], &self->queue[least]))
				least = k;
		if (least == i)
			return m;
		heap_swap(self, i, least);
		i = least;
	}
}

void cluster_send(struct cluster *self, uint32_t from, uint32_t to, const uint8_t *msg, size_t n,
    uint64_t delay_ms)
{
	struct cluster_message m = {
		.at_ms = self->now_ms + delay_ms, .seq = self->seq++, .from = from, .to = to,
		.p = copy_of(msg, n), .n = n,
	};

	queue_put(self, &m);
}

/* The node with the identity that this one's core expects on a seat. */
static uint32_t node_at(const struct cluster *self, uint32_t node, uint32_t seat)
{
	struct sr_edpk id;

	if (enclave_core_peer_key(&id, self->nodes[node].core, seat) != SR_OK)
		return EPOCH_NOBODY;
	for (uint32_t i = 0; i < self->n; i++)
		if (memcmp(self->nodes[i].id.b, id.b, sizeof(id.b)) == 0)
			return i;
	return EPOCH_NOBODY;
}

/* The seat on which this core expects that node. */
static uint32_t seat_of(const struct cluster *self, uint32_t node, uint32_t other)
{
	struct sr_edpk id;

	for (uint32_t seat = 0; seat < SR_MEMBERS_MAX; seat++)
		if (enclave_core_peer_key(&id, self->nodes[node].core, seat) == SR_OK &&
		    memcmp(self->nodes[other].id.b, id.b, sizeof(id.b)) == 0)
			return seat;
	return EPOCH_NOBODY;
}

static void message_out(struct cluster *self, uint32_t from, const struct enclave_effect *fx)
{
	uint64_t delay_ms = 1 + draw(self, 3);
	uint32_t to = node_at(self, from, fx->member);

	self->messages++;
	if (to == EPOCH_NOBODY || (self->hooks.message != NULL &&
	    !self->hooks.message(self->hooks.ctx, self, from, to, fx->a.p, fx->a.n, &delay_ms)))
		return;
	cluster_send(self, from, to, fx->a.p, fx->a.n, delay_ms);
}

/* -------------------------------------------------------------------------------------- effects */

static void reply_take(struct cluster *self, const struct enclave_effect *fx)
{
	struct cluster_reply *r;

	if (fx->token >= self->replies_n || self->replies[fx->token].done)
		return;
	r = &self->replies[fx->token];
	r->done = true;
	r->code = sr_error_from_number((unsigned)fx->number);
	r->p = copy_of(fx->a.p, fx->a.n);
	r->n = fx->a.n;
}

static void status_take(struct cluster_node *node, struct sr_bytes a)
{
	struct sr_reader r;

	sr_reader_init(&r, a.p, a.n);
	enclave_status_read(&node->status, &r);
	must_ok(sr_reader_finish(&r), "status");
	node->has_status = true;
}

static void fatal_take(struct cluster *self, uint32_t i, const struct enclave_effect *fx)
{
	struct cluster_node *node = &self->nodes[i];
	size_t n = fx->a.n < sizeof(node->fatal_text) - 1 ? fx->a.n : sizeof(node->fatal_text) - 1;

	memcpy(node->fatal_text, fx->a.p, n);
	node->fatal_text[n] = 0;
	node->fatal = true;
	node->error = (enum sr_error)fx->number;
	if (!self->quiet)
		fprintf(stderr, "[%u] FATAL %s: %s\n", i, sr_error_name((unsigned)fx->number),
		    node->fatal_text);
}

static void effect_run(struct cluster *self, uint32_t i, const struct enclave_effect *fx)
{
	struct cluster_node *node = &self->nodes[i];

	switch (fx->kind) {
	case ENCLAVE_FX_PERSIST:
		records_add(&node->log, fx->a.p, fx->a.n);
		if (fx->number == 1) {
			node->log.synced = node->log.n;
			node->syncs++;
		}
		return;
	case ENCLAVE_FX_SEND:
		message_out(self, i, fx);
		return;
	case ENCLAVE_FX_REPLY:
		reply_take(self, fx);
		return;
	case ENCLAVE_FX_WAKE:
		node->wake_ms = fx->number;
		return;
	case ENCLAVE_FX_ARCHIVE_PUT:
		archive_put(node, fx);
		return;
	case ENCLAVE_FX_ARCHIVE_READ:
		archive_read(self, i, fx);
		return;
	case ENCLAVE_FX_STATE_READ:
		state_read(self, i, fx);
		return;
	case ENCLAVE_FX_STATE_PUT:
		rows_add(&node->pending, fx->a, fx->b);
		return;
	case ENCLAVE_FX_CHECKPOINT:
		checkpoint_apply(node, fx->a);
		return;
	case ENCLAVE_FX_STATUS:
		status_take(node, fx->a);
		return;
	case ENCLAVE_FX_BLOCK:
		node->blocks++;
		return;
	case ENCLAVE_FX_NOTE:
		if (!self->quiet)
			fprintf(stderr, "[%u] %.*s\n", i, (int)fx->a.n, (const char *)fx->a.p);
		return;
	case ENCLAVE_FX_FATAL:
		fatal_take(self, i, fx);
		return;
	case ENCLAVE_FX_IDENTITY:
		free(node->identity);
		node->identity = copy_of(fx->a.p, fx->a.n);
		node->identity_n = fx->a.n;
		return;
	case ENCLAVE_FX_STOPPED:
		node->stopped = true;
		return;
	case ENCLAVE_FX_BLOB_KEEP:
		node->kept++;
		return;
	case ENCLAVE_FX_BLOB_DROP:
		node->dropped++;
		return;
	case ENCLAVE_FX_PEER:
	case ENCLAVE_FX_EVIDENCE:
		return;
	}
}

void cluster_effects(struct cluster *self, uint32_t i, struct enclave_effects *list)
{
	struct cluster_node *node = &self->nodes[i];

	for (size_t k = 0; k < list->n; k++) {
		if (self->hooks.effect != NULL)
			self->hooks.effect(self->hooks.ctx, self, i, &list->list[k]);
		if (node->core != NULL)
			effect_run(self, i, &list->list[k]);
	}
	enclave_effects_clear(list);
}

void cluster_event(struct cluster *self, uint32_t i, const struct enclave_event *event)
{
	struct cluster_node *node = &self->nodes[i];
	struct enclave_event ev = *event;
	struct enclave_effects list;
	struct sr_key32 seed;

	if (node->core == NULL)
		return;
	must_ok(sr_drbg_fill(&self->drbg, seed.b, sizeof(seed.b)), "seed");
	ev.seed = &seed;
	ev.now_ms = (uint64_t)((int64_t)self->now_ms + node->clock_ms);
	/* An effect may raise an event at the same node: each has its own list. */
	enclave_effects_init(&list);
	(void)!enclave_step(node->core, &list, &ev);
	cluster_effects(self, i, &list);
	if (node->fatal && node->core != NULL) {
		enclave_core_free(node->core);
		node->core = NULL;
	}
}

/* ----------------------------------------------------------------------------------------- life */

/* A hundred steps at a time, as a host would; what is no step goes with the last of them. */
static void trail_tell(struct cluster *self, uint32_t i)
{
	struct cluster_node *node = &self->nodes[i];
	struct sr_hash32 close;
	struct sr_bytes step;
	struct sr_reader r;
	uint32_t left, at = 0;

	sr_reader_init(&r, node->trail, node->trail_n);
	left = sr_read_u32(&r);
	do {
		struct enclave_event ev = { .kind = ENCLAVE_EV_TRAIL, .number = at };
		uint32_t n = left < 100 ? left : 100;
		const uint8_t *from = r.p;
		struct sr_writer w;

		for (uint32_t k = 0; k < n; k++)
			(void)!epoch_trail_step_read(&step, &close, &r);
		left -= n;
		if (left == 0 || r.error != SR_OK) {
			r.p = node->trail + node->trail_n;
			n += left;
			left = 0;
		}
		sr_writer_init(&w, node->trail_n + 4);
		sr_write_u32(&w, n);
		sr_write_copy(&w, from, (size_t)(r.p - from));
		ev.a = (struct sr_bytes){ w.p, w.n };
		if (at == 0)
			ev.b = (struct sr_bytes){ node->pin, node->pin_n };
		cluster_event(self, i, &ev);
		sr_writer_clear(&w);
		at += n;
	} while (left > 0 && node->core != NULL);
}

void cluster_start(struct cluster *self, uint32_t i)
{
	struct cluster_node *node = &self->nodes[i];
	struct enclave_event ev = { .kind = ENCLAVE_EV_BOOT, .number = HOST_WIRE_VERSION,
		.member = i };

	node->core = must(enclave_core_new(&node->sealing, &self->measurement));
	node->fatal = node->stopped = node->has_status = false;
	node->wake_ms = 0;
	ev.a = (struct sr_bytes){ self->genesis_bytes, self->genesis_n };
	ev.b = (struct sr_bytes){ node->identity, node->identity_n };
	cluster_event(self, i, &ev);
	if (node->trail != NULL)
		trail_tell(self, i);
	for (size_t k = 0; k < node->store.n && node->core != NULL; k++) {
		ev = (struct enclave_event){ .kind = ENCLAVE_EV_STORE_ROW,
			.a = { node->store.list[k].key, node->store.list[k].key_n },
			.b = { node->store.list[k].value, node->store.list[k].value_n } };
		cluster_event(self, i, &ev);
	}
	for (size_t k = 0; k < node->log.n && node->core != NULL; k++) {
		ev = (struct enclave_event){ .kind = ENCLAVE_EV_LOG_RECORD,
			.a = { node->log.list[k].p, node->log.list[k].n } };
		cluster_event(self, i, &ev);
	}
	ev = (struct enclave_event){ .kind = ENCLAVE_EV_READY,
		.number = node->store.n == 0 && node->log.n == 0 };
	cluster_event(self, i, &ev);
}

void cluster_start_all(struct cluster *self)
{
	for (uint32_t i = 0; i < self->n; i++)
		cluster_start(self, i);
}

void cluster_kill(struct cluster *self, uint32_t i, bool lose)
{
	struct cluster_node *node = &self->nodes[i];

	enclave_core_free(node->core);
	node->core = NULL;
	rows_clear(&node->pending);
	if (lose)
		records_cut(&node->log, node->log.synced);
}

void cluster_wipe(struct cluster *self, uint32_t i)
{
	struct cluster_node *node = &self->nodes[i];

	rows_clear(&node->store);
	rows_clear(&node->pending);
	records_cut(&node->log, 0);
	for (size_t k = 0; k < node->archive_n; k++)
		free(node->archive[k].row);
	node->archive_n = 0;
}

/* Identity, rows and log: the archive is only ever read. */
struct cluster_disk {
	struct cluster_rows store;
	struct cluster_records log;
	uint8_t *identity;
	size_t identity_n;
};

static void disk_copy(struct cluster_disk *to, const struct cluster_rows *store,
    const struct cluster_records *log, const uint8_t *identity, size_t identity_n)
{
	for (size_t k = 0; k < store->n; k++) {
		const struct cluster_row *row = &store->list[k];

		rows_add(&to->store, (struct sr_bytes){ row->key, row->key_n },
		    (struct sr_bytes){ row->value, row->value_n });
	}
	for (size_t k = 0; k < log->n; k++)
		records_add(&to->log, log->list[k].p, log->list[k].n);
	to->identity = must(malloc(identity_n + 1));
	memcpy(to->identity, identity, identity_n);
	to->identity_n = identity_n;
}

struct cluster_disk *cluster_disk_copy(const struct cluster *self, uint32_t i)
{
	const struct cluster_node *node = &self->nodes[i];
	struct cluster_disk *disk = must(calloc(1, sizeof(*disk)));

	disk_copy(disk, &node->store, &node->log, node->identity, node->identity_n);
	return disk;
}

void cluster_disk_back(struct cluster *self, uint32_t i, struct cluster_disk *disk)
{
	struct cluster_node *node = &self->nodes[i];

	SR_ASSERT(node->core == NULL);
	rows_clear(&node->store);
	records_cut(&node->log, 0);
	free(node->log.list);
	free(node->identity);
	node->store = disk->store;
	node->log = disk->log;
	node->log.synced = node->log.n;
	node->identity = disk->identity;
	node->identity_n = disk->identity_n;
	free(disk);
}

void cluster_free(struct cluster *self)
{
	for (uint32_t i = 0; i < self->n; i++) {
		struct cluster_node *node = &self->nodes[i];

		cluster_kill(self, i, false);
		cluster_wipe(self, i);
		free(node->log.list);
		free(node->archive);
		free(node->identity);
		free(node->trail);
		free(node->pin);
		enclave_effects_clear(&node->effects);
	}
	for (uint32_t i = 0; i < self->genesis->members_n; i++)
		free((void *)(uintptr_t)self->genesis->members[i].evidence.p);
	for (size_t k = 0; k < self->queue_n; k++)
		free(self->queue[k].p);
	for (size_t k = 0; k < self->replies_n; k++)
		free(self->replies[k].p);
	free(self->queue);
	free(self->replies);
	free(self->genesis);
	free(self->genesis_bytes);
	sr_drbg_wipe(&self->drbg);
	free(self);
}

/* ----------------------------------------------------------------------------------------- time */

static uint64_t node_wake(const struct cluster_node *node)
{
	int64_t at = (int64_t)node->wake_ms - node->clock_ms;

	if (node->core == NULL || node->wake_ms == 0)
		return CLUSTER_NEVER;
	return at > 0 ? (uint64_t)at : 0;
}

static void deliver(struct cluster *self)
{
	struct cluster_message m = queue_take(self);
	struct enclave_event ev = { .kind = m.host != 0 ? m.host : ENCLAVE_EV_MESSAGE,
		.token = m.token, .a = { m.p, m.n } };

	if (m.at_ms > self->now_ms)
		self->now_ms = m.at_ms;
	if (self->nodes[m.to].core != NULL && m.host == 0)
		ev.member = seat_of(self, m.to, m.from);
	cluster_event(self, m.to, &ev);
	free(m.p);
}

bool cluster_step(struct cluster *self, uint64_t limit_ms)
{
	uint64_t at = CLUSTER_NEVER;
	uint32_t who = 0;

	for (uint32_t i = 0; i < self->n; i++)
		if (node_wake(&self->nodes[i]) < at) {
			at = node_wake(&self->nodes[i]);
			who = i;
		}
	if (self->queue_n > 0 && self->queue[0].at_ms <= at) {
		if (self->queue[0].at_ms > limit_ms)
			return false;
		deliver(self);
		return true;
	}
	if (at > limit_ms)
		return false;
	if (at > self->now_ms)
		self->now_ms = at;
	/* At most one tick a millisecond at one node, as the host does it. */
	self->nodes[who].wake_ms =
	    (uint64_t)((int64_t)self->now_ms + 1 + self->nodes[who].clock_ms);
	cluster_event(self, who, &(struct enclave_event){ .kind = ENCLAVE_EV_TICK });
	if (node_wake(&self->nodes[who]) <= self->now_ms)
		self->nodes[who].wake_ms =
		    (uint64_t)((int64_t)self->now_ms + 1 + self->nodes[who].clock_ms);
	return true;
}

void cluster_run(struct cluster *self, uint64_t ms)
{
	uint64_t limit = self->now_ms + ms;

	while (cluster_step(self, limit))
		;
	self->now_ms = limit;
}

bool cluster_run_until(struct cluster *self, bool (*done)(struct cluster *c, void *ctx), void *ctx,
    uint64_t ms)
{
	uint64_t limit = self->now_ms + ms;

	while (!done(self, ctx)) {
		if (!cluster_step(self, limit)) {
			self->now_ms = limit;
			return done(self, ctx);
		}
	}
	return true;
}

static bool epoch_reached(struct cluster *c, void *ctx)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->nodes[i].core != NULL && (enclave_core_epoch(c->nodes[i].core) == NULL ||
		    enclave_core_epoch(c->nodes[i].core)->epoch < *(uint64_t *)ctx))
			return false;
	return true;
}

static bool members_reached(struct cluster *c, void *ctx)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->nodes[i].core != NULL && cluster_index(c, i, i) == EPOCH_NOBODY)
			return false;
	return epoch_reached(c, ctx);
}

bool cluster_run_members(struct cluster *self, uint64_t epoch, uint64_t ms)
{
	return cluster_run_until(self, members_reached, &epoch, ms);
}

uint32_t cluster_index(const struct cluster *self, uint32_t node, uint32_t via)
{
	const struct epoch_record *r = self->nodes[via].core != NULL ?
	    enclave_core_epoch(self->nodes[via].core) : NULL;

	return r != NULL ? epoch_record_id(r, &self->nodes[node].id) : EPOCH_NOBODY;
}

bool cluster_run_epoch(struct cluster *self, uint64_t epoch, uint64_t ms)
{
	return cluster_run_until(self, epoch_reached, &epoch, ms);
}

uint64_t cluster_height(const struct cluster *self, uint32_t node)
{
	return self->nodes[node].has_status ? self->nodes[node].status.final_height : 0;
}

static bool height_reached(struct cluster *c, void *ctx)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->nodes[i].core != NULL && cluster_height(c, i) < *(uint64_t *)ctx)
			return false;
	return true;
}

bool cluster_run_height(struct cluster *self, uint64_t height, uint64_t ms)
{
	return cluster_run_until(self, height_reached, &height, ms);
}

/* -------------------------------------------------------------------------------------- clients */

void cluster_key_make(struct cluster_key *key, struct cluster *self)
{
	struct sr_key32 seed;
	struct sr_edpk pk;

	memset(key, 0, sizeof(*key));
	must_ok(sr_drbg_fill(&self->drbg, seed.b, sizeof(seed.b)), "key");
	sr_ed25519_keypair(&key->sk, &pk, &seed);
	key->account.kind = VAULT_ACCOUNT_ED25519;
	memcpy(key->account.b, pk.b, 32);
}

size_t cluster_request(struct cluster *self, uint32_t node, enum client_method method,
    const uint8_t *p, size_t n)
{
	struct enclave_event ev = { .kind = ENCLAVE_EV_CLIENT, .number = method, .a = { p, n } };

	if (self->replies_n == self->replies_capacity) {
		self->replies_capacity = self->replies_capacity == 0 ? BOOT_REPLIES :
		    self->replies_capacity * 2;
		self->replies = must(realloc(self->replies,
		    self->replies_capacity * sizeof(*self->replies)));
	}
	memset(&self->replies[self->replies_n], 0, sizeof(*self->replies));
	ev.token = self->replies_n++;
	cluster_event(self, node, &ev);
	return (size_t)ev.token;
}

static bool reply_done(struct cluster *c, void *ctx)
{
	return c->replies[*(size_t *)ctx].done;
}

struct asking { struct sr_xpk answer_key; struct sr_key32 answer_sk; struct sr_hash32 hash; };

static enum sr_error asking_seal(struct asking *a, struct sr_writer *w, struct cluster *self,
    uint32_t node, enum client_method method, const uint8_t *p, size_t n)
{
	const struct epoch_record *epoch = enclave_core_epoch(self->nodes[node].core);
	struct sr_key32 ephemeral;

	must_ok(sr_drbg_fill(&self->drbg, ephemeral.b, 32), "drbg");
	sr_writer_init(w, CLIENT_REQUEST_MAX);
	return client_request_seal(w, &a->hash, method, &self->genesis->chain_id, epoch->epoch,
	    &epoch->shielding_key, &ephemeral, &a->answer_key, p, n);
}

static void asking_begin(struct asking *a, struct cluster *self)
{
	must_ok(sr_drbg_fill(&self->drbg, a->answer_sk.b, 32), "drbg");
	sr_x25519_public(&a->answer_key, &a->answer_sk);
}

static enum sr_error asking_wait(struct asking *a, struct cluster *self, uint32_t node,
    enum client_method method, struct sr_writer *w, enum sr_error *code, uint8_t **answer,
    size_t *answer_n, uint64_t limit_ms)
{
	struct sr_edpk keys[SR_MEMBERS_MAX];
	struct epoch_record *epoch = must(malloc(sizeof(*epoch)));
	struct cluster_reply *r;
	uint32_t member;
	enum sr_error error = SR_ERR_TIMED_OUT;
	size_t token;

	*epoch = *enclave_core_epoch(self->nodes[node].core);
	for (uint32_t i = 0; i < epoch->n; i++)
		keys[i] = epoch->members[i].vote_key;
	token = cluster_request(self, node, method, w->p, w->n);
	if (cluster_run_until(self, reply_done, &token, limit_ms)) {
		r = &self->replies[token];
		error = r->code != SR_OK ? r->code : client_answer_open(code, &member, answer,
		    answer_n, &a->answer_sk, &a->hash, keys, epoch->n, r->p, r->n);
		if (error == SR_OK && member != epoch_record_id(epoch, &self->nodes[node].id))
			error = SR_ERR_NOT_A_MEMBER;
	}
	free(epoch);
	return error;
}

enum sr_error cluster_ask(struct cluster *self, uint32_t node, enum client_method method,
    const uint8_t *p, size_t n, enum sr_error *code, uint8_t **answer, size_t *answer_n,
    uint64_t limit_ms)
{
	struct asking a;
	struct sr_writer w;
	enum sr_error error;

	*answer = NULL;
	*answer_n = 0;
	asking_begin(&a, self);
	error = asking_seal(&a, &w, self, node, method, p, n);
	if (error == SR_OK)
		error = asking_wait(&a, self, node, method, &w, code, answer, answer_n, limit_ms);
	sr_writer_clear(&w);
	return error;
}

/* ----------------------------------------------------------------------------- changing rosters */

uint32_t cluster_node_add(struct cluster *self)
{
	struct genesis_member *m = must(calloc(1, sizeof(*m)));
	uint32_t i = self->n++;

	must_ok(self->n <= SR_MEMBERS_MAX ? SR_OK : SR_ERR_TOO_MANY, "nodes");
	memset(&self->nodes[i], 0, sizeof(self->nodes[i]));
	enclave_effects_init(&self->nodes[i].effects);
	/* Only the identity is wanted. */
	member_make(self, m, i, &self->genesis->nonce);
	free((void *)(uintptr_t)m->evidence.p);
	free(m);
	return i;
}

struct sr_edsk cluster_operator(const struct cluster *self, uint32_t node)
{
	struct sr_key32 seed = seed_of(self, "test op", node);
	struct sr_edsk sk;
	struct sr_edpk pk;

	sr_ed25519_keypair(&sk, &pk, &seed);
	return sk;
}

void cluster_join_body(struct sr_writer *w, struct cluster *self, uint32_t node, uint32_t via)
{
	const struct epoch_record *r = enclave_core_epoch(self->nodes[via].core);
	struct genesis_member *m = must(calloc(1, sizeof(*m)));
	struct sr_hash32 nonce = epoch_record_nonce(r, self->genesis);

	member_make(self, m, node, &nonce);
	genesis_member_write(w, m);
	free((void *)(uintptr_t)m->evidence.p);
	free(m);
}

enum sr_error cluster_open_op(struct cluster *self, uint32_t via, const struct sr_edsk *key,
    unsigned kind, const uint8_t *body, size_t n)
{
	struct epoch_context ctx = { .chain_id = self->genesis->chain_id,
		.now = enclave_core_epoch(self->nodes[via].core), .genesis = self->genesis };
	struct sr_writer w;
	enum sr_error code = SR_OK, error;
	uint8_t *answer;
	size_t answer_n;

	sr_writer_init(&w, SR_OP_MAX);
	must_ok(epoch_op_write(&w, &ctx, (enum epoch_op_kind)kind, key, body, n), "operation");
	error = cluster_ask(self, via, CLIENT_SUBMIT, w.p, w.n, &code, &answer, &answer_n, 30000);
	free(answer);
	sr_writer_clear(&w);
	return error != SR_OK ? error : code;
}

/* Page by page; a file's bytes: u32 count, then the steps. */
void cluster_trail_fetch(struct cluster *self, uint32_t node, uint32_t via)
{
	struct epoch_trail_page page = { .total = 1 };
	struct sr_writer w, steps;
	uint64_t have = 0;

	sr_writer_init(&steps, SIZE_MAX / 2);
	while (have < page.total) {
		uint8_t from[8];
		size_t token;
		struct cluster_reply *r;

		for (int k = 0; k < 8; k++)
			from[k] = (uint8_t)(have >> 8 * k);
		token = cluster_request(self, via, CLIENT_TRAIL, from, sizeof(from));
		if (!self->replies[token].done)
			cluster_run(self, 1);
		r = &self->replies[token];
		must_ok(r->done ? r->code : SR_ERR_TIMED_OUT, "trail");
		must_ok(epoch_trail_page_read(&page, r->p, r->n), "trail page");
		must_ok(page.first == have ? SR_OK : SR_ERR_STALE, "trail page");
		sr_write_copy(&steps, page.steps.p, page.steps.n);
		have += page.count;
	}
	sr_writer_init(&w, steps.n + 4);
	sr_write_u32(&w, (uint32_t)have);
	sr_write_copy(&w, steps.p, steps.n);
	must_ok(sr_writer_finish(&w), "trail");
	free(self->nodes[node].trail);
	self->nodes[node].trail = sr_writer_take(&w, &self->nodes[node].trail_n);
	sr_writer_clear(&steps);
}

void cluster_trail_show(struct cluster *self, uint32_t node, uint64_t from, uint32_t via)
{
	struct enclave_event ev = { .kind = ENCLAVE_EV_TRAIL };
	struct epoch_trail_page page;
	struct sr_writer w;
	uint8_t first[8];
	size_t token;

	for (int k = 0; k < 8; k++)
		first[k] = (uint8_t)(from >> 8 * k);
	token = cluster_request(self, via, CLIENT_TRAIL, first, sizeof(first));
	if (!self->replies[token].done)
		cluster_run(self, 1);
	must_ok(self->replies[token].done ? self->replies[token].code : SR_ERR_TIMED_OUT, "trail");
	must_ok(epoch_trail_page_read(&page, self->replies[token].p, self->replies[token].n),
	    "trail page");
	sr_writer_init(&w, page.steps.n + 4);
	sr_write_u32(&w, page.count);
	sr_write_copy(&w, page.steps.p, page.steps.n);
	must_ok(sr_writer_finish(&w), "trail");
	ev.number = page.first;
	ev.a = (struct sr_bytes){ w.p, w.n };
	cluster_event(self, node, &ev);
	sr_writer_clear(&w);
}

enum sr_error cluster_node_join(struct cluster *self, uint32_t node, uint32_t via)
{
	struct sr_edsk sk = cluster_operator(self, node);
	struct sr_writer body;
	enum sr_error error;

	sr_writer_init(&body, SR_OP_MAX);
	cluster_join_body(&body, self, node, via);
	error = cluster_open_op(self, via, &sk, EPOCH_OP_JOIN, body.p, body.n);
	sr_writer_clear(&body);
	if (error != SR_OK)
		return error;
	cluster_trail_fetch(self, node, via);
	cluster_start(self, node);
	return SR_OK;
}

enum sr_error cluster_leave(struct cluster *self, uint32_t node, uint32_t via)
{
	const struct epoch_record *r = enclave_core_epoch(self->nodes[via].core);
	struct sr_edsk sk = cluster_operator(self, node);
	uint8_t body[4] = { (uint8_t)r->members[cluster_index(self, node, via)].seat };

	return cluster_open_op(self, via, &sk, EPOCH_OP_LEAVE, body, sizeof(body));
}

enum sr_error cluster_refresh(struct cluster *self, uint32_t via)
{
	struct sr_edsk sk = cluster_operator(self, via);

	return cluster_open_op(self, via, &sk, EPOCH_OP_REFRESH, NULL, 0);
}

void cluster_op_write(struct sr_writer *w, struct cluster *self, const struct cluster_key *key,
    enum vault_op_kind kind, const union vault_op_body *body)
{
	uint64_t epoch = 0;
	size_t start = w->n;
	struct sr_sig64 sig;

	for (uint32_t i = 0; i < self->n; i++)
		if (self->nodes[i].core != NULL && enclave_core_epoch(self->nodes[i].core) != NULL)
			epoch = enclave_core_epoch(self->nodes[i].core)->epoch;
	vault_op_write_signed(w, &self->genesis->chain_id, epoch, &key->account, key->nonce,
	    self->now_ms + 300000, kind, body);
	sr_sign(&sig, &key->sk, "strongroom op v1", w->p + start, w->n - start);
	sr_write_sig(w, &sig);
}

enum sr_error cluster_submit(struct cluster *self, uint32_t node, struct cluster_key *key,
    enum vault_op_kind kind, const union vault_op_body *body, struct vault_receipt *receipt)
{
	struct sr_writer w;
	struct sr_reader r;
	enum sr_error code = SR_OK, error;
	uint8_t *answer;
	size_t n;

	memset(receipt, 0, sizeof(*receipt));
	sr_writer_init(&w, SR_OP_MAX);
	cluster_op_write(&w, self, key, kind, body);
	must_ok(sr_writer_finish(&w), "operation");
	error = cluster_ask(self, node, CLIENT_SUBMIT, w.p, w.n, &code, &answer, &n, 30000);
	sr_writer_clear(&w);
	if (error == SR_OK && n > 0) {
		sr_reader_init(&r, answer, n);
		vault_receipt_read(receipt, &r);
		error = sr_reader_finish(&r);
	}
	free(answer);
	if (error == SR_OK && receipt->height > 0)
		key->nonce++;
	return error != SR_OK ? error : code;
}

enum sr_error cluster_get(struct cluster *self, uint32_t node, const struct cluster_key *key,
    enum vault_get_kind kind, bool proof, const uint8_t *params, size_t n, uint8_t **answer,
    size_t *answer_n)
{
	struct vault_account account = { 0 };
	struct sr_writer part, payload, w;
	struct sr_sig64 sig;
	struct asking a;
	enum sr_error code = SR_OK, error;

	if (key != NULL)
		account = key->account;
	*answer = NULL;
	*answer_n = 0;
	asking_begin(&a, self);
	sr_writer_init(&part, 4096);
	sr_write_hash(&part, &self->genesis->chain_id);
	sr_write_xpk(&part, &a.answer_key);
	sr_write_u8(&part, (uint8_t)kind);
	sr_write_bool(&part, proof);
	vault_account_write(&part, &account);
	sr_write_u64(&part, self->now_ms);
	sr_write_copy(&part, params, n);
	sr_writer_init(&payload, 4096);
	sr_write_u8(&payload, (uint8_t)kind);
	sr_write_bool(&payload, proof);
	vault_account_write(&payload, &account);
	sr_write_u64(&payload, self->now_ms);
	sr_write_blob(&payload, params, n);
	if (key != NULL) {
		sr_sign(&sig, &key->sk, "strongroom get v1", part.p, part.n);
		sr_write_blob(&payload, sig.b, sizeof(sig.b));
	} else {
		sr_write_blob(&payload, NULL, 0);
	}
	must_ok(sr_writer_finish(&payload), "get");
	error = asking_seal(&a, &w, self, node, CLIENT_GET, payload.p, payload.n);
	if (error == SR_OK)
		error = asking_wait(&a, self, node, CLIENT_GET, &w, &code, answer, answer_n, 30000);
	sr_writer_clear(&w);
	sr_writer_clear(&part);
	sr_writer_clear(&payload);
	if (error == SR_OK && code != SR_OK) {
		free(*answer);
		*answer = NULL;
		error = code;
	}
	return error;
}
