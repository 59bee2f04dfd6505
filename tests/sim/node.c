/* One member: its core, its disk, and the effects carried out in order, with crashes in between. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

struct sim_bytes sim_copy(const uint8_t *p, size_t n)
{
	struct sim_bytes out = { malloc(n + 1), n };
	SR_ASSERT(out.p != NULL);
	if (n > 0)
		memcpy(out.p, p, n);
	return out;
}

static void *grow(void *list, size_t n, size_t *capacity, size_t each)
{
	if (n < *capacity)
		return list;
	*capacity = *capacity * 2 + 16;
	list = realloc(list, *capacity * each);
	SR_ASSERT(list != NULL);
	return list;
}

uint64_t sim_node_now_ms(const struct sim_node *node)
{
	int64_t drift = node->drift_ppm == 0 ? 0 :
	    (int64_t)(node->sim->now_us - node->drift_since_us) * node->drift_ppm / 1000000000;
	return (uint64_t)((int64_t)sim_now_ms(node->sim) + node->clock_offset_ms + drift);
}

/* --- disk --- */

static void log_append(struct sim_disk *d, struct sr_bytes record, bool sync)
{
	d->log = grow(d->log, d->log_n, &d->log_capacity, sizeof *d->log);
	d->log[d->log_n++] = sim_copy(record.p, record.n);
	if (sync)
		d->log_durable = d->log_n;
}

static void log_truncate(struct sim_disk *d, size_t n)
{
	while (d->log_n > n)
		free(d->log[--d->log_n].p);
	if (d->log_durable > n)
		d->log_durable = n;
}

static void row_stage(struct sim_disk *d, struct sr_bytes key, struct sr_bytes value)
{
	d->staged = grow(d->staged, d->staged_n, &d->staged_capacity, sizeof *d->staged);
	d->staged[d->staged_n++] = (struct sim_row){ sim_copy(key.p, key.n),
		sim_copy(value.p, value.n) };
}

static void row_drop(struct sim_row *row)
{
	free(row->key.p);
	free(row->value.p);
}

static void row_commit(struct sim_disk *d, struct sim_row row)
{
	size_t i;
	for (i = 0; i < d->rows_n; i++)
		if (d->rows[i].key.n == row.key.n &&
		    memcmp(d->rows[i].key.p, row.key.p, row.key.n) == 0)
			break;
	if (i < d->rows_n) {
		row_drop(&d->rows[i]);
		d->rows[i] = row;
	} else {
		d->rows = grow(d->rows, d->rows_n, &d->rows_capacity, sizeof *d->rows);
		d->rows[d->rows_n++] = row;
	}
	if (row.value.n == 0) {
		row_drop(&d->rows[i]);
		d->rows[i] = d->rows[--d->rows_n];
	}
}

static void staged_drop(struct sim_disk *d)
{
	while (d->staged_n > 0)
		row_drop(&d->staged[--d->staged_n]);
}

/* "Commit all STATE_PUTs in one durable transaction, then start the fresh log." */
static void checkpoint(struct sim_disk *d, struct sr_bytes records)
{
	struct sr_reader r;
	for (size_t i = 0; i < d->staged_n; i++)
		row_commit(d, d->staged[i]);
	d->staged_n = 0;
	log_truncate(d, 0);
	sr_reader_init(&r, records.p, records.n);
	uint32_t n = sr_read_u32(&r);
	for (uint32_t i = 0; i < n; i++)
		log_append(d, sr_read_blob(&r, HOST_FRAME_MAX), true);
	SR_ASSERT(sr_reader_finish(&r) == SR_OK);
}

static void archive_put(struct sim_disk *d, uint64_t height, struct sr_bytes row)
{
	SR_ASSERT(height < SIM_HEIGHTS_MAX);
	if (height >= d->archive_n) {
		d->archive = realloc(d->archive, (height + 1) * sizeof *d->archive);
		SR_ASSERT(d->archive != NULL);
		memset(
		    d->archive + d->archive_n, 0, (height + 1 - d->archive_n) * sizeof *d->archive);
		d->archive_n = height + 1;
	}
	free(d->archive[height].p);
	d->archive[height] = sim_copy(row.p, row.n);
}

static void archive_read(struct sim_node *node, const struct enclave_effect *fx)
{
	struct sim_disk *d = &node->disk;
	struct sr_writer w;
	size_t most = (size_t)fx->member * 1024, count = 0, bytes = 0;
	uint64_t end = fx->number;
	while (end < d->archive_n && d->archive[end].p != NULL && bytes < most) {
		bytes += d->archive[end++].n;
		count++;
	}
	sr_writer_init(&w, HOST_FRAME_MAX);
	sr_write_u32(&w, (uint32_t)count);
	for (uint64_t h = fx->number; h < end; h++)
		sr_write_blob(&w, d->archive[h].p, d->archive[h].n);
	SR_ASSERT(sr_writer_finish(&w) == SR_OK);
	struct sim_event ev = { .kind = SIM_ARCHIVE, .node = node->process, .number = fx->token,
		.order = 0 };
	ev.from = (uint32_t)node->boots;
	ev.bytes = sim_copy(w.p, w.n);
	sr_writer_clear(&w);
	sim_push(node->sim, 200 + sim_below(node->sim, 2000), ev);
}

/* --- effects --- */

static void effect_send(struct sim_node *node, const struct enclave_effect *fx)
{
	struct sim *s = node->sim;
	SR_ASSERT(fx->member < s->n || fx->member == UINT32_MAX);
	for (uint32_t to = 0; to < s->n; to++) {
		if (to == node->index || (fx->member != UINT32_MAX && to != fx->member))
			continue;
		sim_post(node, to, fx->a.p, fx->a.n);
	}
}

static void effect(struct sim_node *node, const struct enclave_effect *fx)
{
	struct sim *s = node->sim;
	struct sim_disk *d = &node->disk;
	switch (fx->kind) {
	case ENCLAVE_FX_PERSIST:
		log_append(d, fx->a, fx->number != 0);
		node->persists++;
		break;
	case ENCLAVE_FX_SEND:
		sim_check_send(node, fx->a.p, fx->a.n);
		effect_send(node, fx);
		break;
	case ENCLAVE_FX_REPLY:
		sim_user_reply(node, fx->token, (enum sr_error)fx->number, fx->a);
		break;
	case ENCLAVE_FX_WAKE: {
		struct sim_event ev = { .kind = SIM_TICK, .node = node->process };
		uint64_t now = sim_node_now_ms(node);
		ev.number = ++node->wake_generation;
		sim_push(s, fx->number > now ? (fx->number - now) * 1000 : 1, ev);
		break;
	}
	case ENCLAVE_FX_ARCHIVE_PUT:
		archive_put(d, fx->number, fx->b);
		break;
	case ENCLAVE_FX_ARCHIVE_READ:
		archive_read(node, fx);
		break;
	case ENCLAVE_FX_STATE_PUT:
		row_stage(d, fx->a, fx->b);
		break;
	case ENCLAVE_FX_CHECKPOINT:
		checkpoint(d, fx->a);
		break;
	case ENCLAVE_FX_BLOCK:
		sim_check_block(node, fx->number, fx->a.p, fx->a.n);
		break;
	case ENCLAVE_FX_NOTE:
		sim_say(s, "node %u: %.*s", node->index, (int)fx->a.n, (const char *)fx->a.p);
		break;
	case ENCLAVE_FX_FATAL:
		if (node->liar) {
			sim_say(s, "node %u ended itself: %.*s", node->index, (int)fx->a.n,
			    (const char *)fx->a.p);
			break;
		}
		sim_violate(s, "node %u ended itself: %.*s (%s)", node->index, (int)fx->a.n,
		    (const char *)fx->a.p, sr_error_name((unsigned)fx->number));
		break;
	case ENCLAVE_FX_IDENTITY:
		free(d->identity.p);
		d->identity = sim_copy(fx->a.p, fx->a.n);
		break;
	case ENCLAVE_FX_STATUS:
	case ENCLAVE_FX_STOPPED:
	case ENCLAVE_FX_BLOB_KEEP:
	case ENCLAVE_FX_BLOB_DROP:
		break;
	}
}

static bool effect_is_crash_point(const struct enclave_effect *fx)
{
	return fx->kind == ENCLAVE_FX_PERSIST || fx->kind == ENCLAVE_FX_SEND ||
	    fx->kind == ENCLAVE_FX_CHECKPOINT || fx->kind == ENCLAVE_FX_IDENTITY;
}

void sim_node_event(struct sim_node *node, struct enclave_event *ev)
{
	struct sim *s = node->sim;
	SR_KEY32_AUTO seed;
	if (node->core == NULL)
		return;
	sim_fill(s, seed.b, sizeof seed.b);
	ev->seed = &seed;
	ev->now_ms = sim_node_now_ms(node);
	SR_ASSERT(node->effects.n == 0);
	sim_step_before(node);
	enum sr_error err = enclave_step(node->core, &node->effects, ev);
	sim_step_after(node);
	if (err != SR_OK && node->liar) { /* of the f: it may do as it likes with itself */
		for (size_t i = 0; i < node->effects.n; i++)
			effect(node, &node->effects.list[i]);
		node->dead = true;
		sim_node_crash(node, true);
		return;
	}
	if (err != SR_OK && s->violation[0] == '\0') {
		for (size_t i = 0; i < node->effects.n; i++)
			effect(node, &node->effects.list[i]);
		sim_violate(
		    s, "node %u: step failed: %s", node->index, sr_error_name((unsigned)err));
	}
	bool crash = false;
	for (size_t i = 0; i < node->effects.n && !crash && err == SR_OK; i++) {
		/* Crash right before, or right after, a durable or visible effect. */
		if (node->ready && effect_is_crash_point(&node->effects.list[i]) &&
		    sim_plan_crash_point(node))
			crash = true;
		else
			effect(node, &node->effects.list[i]);
	}
	enclave_effects_reset(&node->effects);
	if (crash) {
		sim_node_crash(node, true);
		struct sim_event again = { .kind = SIM_RESTART, .node = node->process };
		sim_push(s, 50000 + sim_below(s, 4000000), again);
	} else {
		sim_check_step(node);
	}
}

void sim_node_crash(struct sim_node *node, bool lose_unsynced)
{
	struct sim *s = node->sim;
	if (node->core == NULL)
		return;
	enclave_effects_reset(&node->effects);
	enclave_core_free(node->core);
	node->core = NULL;
	node->ready = false;
	node->wake_generation++;
	node->crashes++;
	s->crashes++;
	staged_drop(&node->disk);
	if (lose_unsynced) {
		/* Some of what was not synced may have reached the disk all the same, from the
		 * front. */
		size_t loose = node->disk.log_n - node->disk.log_durable;
		log_truncate(&node->disk, node->disk.log_durable + sim_below(s, loose + 1));
	}
	node->disk.log_durable = node->disk.log_n;
	sim_say(s, "node %u%s: down", node->index, node->process == node->index ? "" : "'");
}

void sim_node_boot(struct sim_node *node)
{
	struct sim *s = node->sim;
	struct sr_hash32 measurement = { { 7 } };
	if (node->core != NULL || node->dead)
		return;
	node->core = enclave_core_new(&node->sealing_key, &measurement);
	SR_ASSERT(node->core != NULL);
	node->boots++;
	node->final_height = 0; /* what came after the checkpoint is told again */
	s->restarts++;
	node->ready = false;
	sim_say(s, "node %u%s: up", node->index, node->process == node->index ? "" : "'");
	struct enclave_event ev = { .kind = ENCLAVE_EV_BOOT, .member = node->index,
		.number = HOST_WIRE_VERSION };
	ev.a = (struct sr_bytes){ s->genesis_bytes.p, s->genesis_bytes.n };
	ev.b = (struct sr_bytes){ node->disk.identity.p, node->disk.identity.n };
	bool used = node->disk.used;
	node->disk.used = true;
	sim_node_event(node, &ev);
	for (size_t i = 0; i < node->disk.rows_n && node->core != NULL; i++) {
		struct sim_row *row = &node->disk.rows[i];
		struct enclave_event put = { .kind = ENCLAVE_EV_STORE_ROW };
		put.a = (struct sr_bytes){ row->key.p, row->key.n };
		put.b = (struct sr_bytes){ row->value.p, row->value.n };
		sim_node_event(node, &put);
	}
	size_t records = node->disk.log_n;
	for (size_t i = 0; i < records && node->core != NULL; i++) {
		struct enclave_event rec = { .kind = ENCLAVE_EV_LOG_RECORD };
		rec.a = (struct sr_bytes){ node->disk.log[i].p, node->disk.log[i].n };
		sim_node_event(node, &rec);
	}
	struct enclave_event ready = { .kind = ENCLAVE_EV_READY, .number = !used };
	sim_node_event(node, &ready);
	node->ready = node->core != NULL;
	for (uint32_t i = 0; i < s->n && node->core != NULL; i++) {
		struct enclave_event link = { .kind = ENCLAVE_EV_LINK, .member = i, .number = 1 };
		if (i != node->index)
			sim_node_event(node, &link);
	}
}

void sim_node_clear(struct sim_node *node)
{
	struct sim_disk *d = &node->disk;
	enclave_effects_clear(&node->effects);
	if (node->core != NULL)
		enclave_core_free(node->core);
	sim_disk_clear(d);
}

void sim_disk_clear(struct sim_disk *d)
{
	log_truncate(d, 0);
	staged_drop(d);
	while (d->rows_n > 0)
		row_drop(&d->rows[--d->rows_n]);
	for (size_t i = 0; i < d->archive_n; i++)
		free(d->archive[i].p);
	free(d->log);
	free(d->rows);
	free(d->staged);
	free(d->archive);
	free(d->identity.p);
	memset(d, 0, sizeof *d);
}

static struct sim_bytes bytes_again(const struct sim_bytes *b)
{
	return b->p == NULL ? (struct sim_bytes){ NULL, 0 } : sim_copy(b->p, b->n);
}

/* What a power cut now would leave, and no more. */
void sim_disk_copy(struct sim_disk *to, const struct sim_disk *from)
{
	memset(to, 0, sizeof *to);
	for (size_t i = 0; i < from->log_durable; i++)
		log_append(to, (struct sr_bytes){ from->log[i].p, from->log[i].n }, true);
	for (size_t i = 0; i < from->rows_n; i++)
		row_commit(to, (struct sim_row){ bytes_again(&from->rows[i].key),
			bytes_again(&from->rows[i].value) });
	for (size_t i = 0; i < from->archive_n; i++)
		if (from->archive[i].p != NULL)
			archive_put(to, i,
			    (struct sr_bytes){ from->archive[i].p, from->archive[i].n });
	to->identity = bytes_again(&from->identity);
	to->used = from->used;
}
