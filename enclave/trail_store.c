/*
 * enclave/trail_store.c - the steps of the epoch trail: where they are kept, how they are shown.
 *
 * row = name: HMAC of the number; value: seal(row key; TRAIL_ROW 32 | number u32 | step)
 *
 * A step never changes, so its row is written once, with the checkpoint that follows. The sum of
 * the META row is the XOR of a hash of each: whoever loses or swaps rows is found when the store is
 * read. Steps that somebody asks for are read from the store; whoever follows a trail verifies it,
 * so that a store which withholds them withholds, and no more.
 */
#include "enclave/snapshot.h"

#include <stdlib.h>
#include <string.h>

#define TRAIL_ROW "strongroom trail row v1\0\0\0\0\0\0\0\0"
#define ROW_HEAD 36u
#define NAMES_MAX 1024u                         /* rows asked for at once */

_Static_assert(sizeof(TRAIL_ROW) == 32, "a state row begins with a key of 32 bytes");

/* ----------------------------------------------------------------------------------- in memory */

static enum sr_error keep(struct core_trail *t, uint32_t number, struct sr_bytes step)
{
	uint32_t place = number % CORE_TRAIL_KEPT;
	uint8_t *copy;

	if (t->kept[place].p != NULL && t->kept[place].number >= number)
		return SR_OK;
	copy = malloc(step.n + 1);
	if (copy == NULL)
		return SR_ERR_NO_MEMORY;
	memcpy(copy, step.p, step.n);
	free(t->kept[place].p);
	t->kept[place].p = copy;
	t->kept[place].n = step.n;
	t->kept[place].number = number;
	return SR_OK;
}

struct sr_bytes trail_kept(const struct enclave_core *self, uint64_t number)
{
	const struct core_trail *t = &self->trail;
	uint32_t place = (uint32_t)(number % CORE_TRAIL_KEPT);

	if (number >= t->n || t->kept[place].p == NULL || t->kept[place].number != number)
		return (struct sr_bytes){ NULL, 0 };
	return (struct sr_bytes){ t->kept[place].p, t->kept[place].n };
}

void trail_clear(struct enclave_core *self)
{
	for (uint32_t i = 0; i < CORE_TRAIL_KEPT; i++)
		free(self->trail.kept[i].p);
	memset(&self->trail, 0, sizeof(self->trail));
}

/* ------------------------------------------------------------------------------- in the store */

static void sum_add(struct core_trail *t, const struct sr_hash32 *name, struct sr_bytes step)
{
	struct sr_bytes parts[] = { { name->b, sizeof(name->b) }, step };
	struct sr_hash32 h = sr_hash_domain("strongroom trail row sum v1", parts, 2);

	for (size_t i = 0; i < sizeof(h.b); i++)
		t->sum.b[i] ^= h.b[i];
}

static enum sr_error row_put(struct enclave_core *self, const struct sr_hash32 *name,
    uint32_t number, struct sr_bytes step)
{
	struct enclave_effect fx = { .kind = ENCLAVE_FX_STATE_PUT, .a = { name->b, 32 } };
	struct sr_writer plain, sealed;
	enum sr_error error;

	sr_writer_init(&plain, ROW_HEAD + EPOCH_STEP_MAX);
	sr_writer_init(&sealed, ROW_HEAD + EPOCH_STEP_MAX + SEAL_OVERHEAD);
	sr_write_copy(&plain, (const uint8_t *)TRAIL_ROW, 32);
	sr_write_u32(&plain, number);
	sr_write_copy(&plain, step.p, step.n);
	error = sr_writer_finish(&plain);
	if (error == SR_OK)
		error = seal_row_put(&sealed, self, name, plain.p, plain.n);
	if (error == SR_OK)
		error = sr_writer_finish(&sealed);
	if (error == SR_OK) {
		fx.b = (struct sr_bytes){ sealed.p, sealed.n };
		fx_push(self, &fx);
		error = self->broken;
	}
	sr_writer_clear(&plain);
	sr_writer_clear(&sealed);
	return error;
}

enum sr_error trail_add(struct enclave_core *self, struct sr_bytes step)
{
	struct core_trail *t = &self->trail;
	struct sr_hash32 name;

	if (t->n == UINT32_MAX)
		return SR_ERR_TOO_MANY;
	seal_step_name(&name, self->keys, t->n);
	SR_TRY(row_put(self, &name, t->n, step));
	SR_TRY(keep(t, t->n, step));
	sum_add(t, &name, step);
	t->n++;
	return SR_OK;
}

bool trail_is_row(const uint8_t *plain, size_t n)
{
	return n > ROW_HEAD && memcmp(plain, TRAIL_ROW, 32) == 0;
}

static enum sr_error row_read(uint32_t *number, struct sr_bytes *step,
    const struct enclave_core *self, const struct sr_hash32 *name, const uint8_t *plain, size_t n)
{
	struct sr_hash32 own;
	struct sr_reader r;

	if (!trail_is_row(plain, n))
		return SR_ERR_DAMAGED;
	sr_reader_init(&r, plain + 32, n - 32);
	*number = sr_read_u32(&r);
	*step = (struct sr_bytes){ r.p, r.left };
	seal_step_name(&own, self->keys, *number);
	return sr_hash32_equal(&own, name) ? r.error : SR_ERR_DAMAGED;
}

enum sr_error trail_row(struct enclave_core *self, const struct sr_hash32 *name,
    const uint8_t *plain, size_t n)
{
	struct sr_bytes step;
	uint32_t number;

	SR_TRY(row_read(&number, &step, self, name, plain, n));
	SR_TRY(keep(&self->trail, number, step));
	sum_add(&self->trail, name, step);
	self->trail.n++;
	return SR_OK;
}

/* ------------------------------------------------------------------------------------- showing */

static void show(struct enclave_core *self, const struct core_trail_read *read,
    const struct sr_writer *steps, uint32_t count)
{
	struct epoch_trail_page page = { .total = self->trail.n, .first = read->from,
		.count = count, .steps = { steps->p, steps->n } };
	struct sr_writer w;
	enum sr_error error;

	if (!read->client) {
		snapshot_head(self, read->seat, read->from, count, page.steps);
		return;
	}
	sr_writer_init(&w, CLIENT_ANSWER_MAX);
	epoch_trail_page_write(&w, &page);
	error = count == 0 && read->from < self->trail.n ? SR_ERR_NOT_FOUND : sr_writer_finish(&w);
	fx_reply(self, read->client_token, error, w.p, error == SR_OK ? w.n : 0);
	sr_writer_clear(&w);
}

/* false: that is more than the page takes. */
static bool page_add(struct sr_writer *steps, uint32_t *count, struct sr_bytes step)
{
	if (*count > 0 && steps->n + step.n > CORE_TRAIL_PAGE)
		return false;
	sr_write_copy(steps, step.p, step.n);
	*count += steps->error == SR_OK;
	return steps->error == SR_OK;
}

static void show_kept(struct enclave_core *self, const struct core_trail_read *read)
{
	struct sr_writer steps;
	uint32_t count = 0;

	sr_writer_init(&steps, CORE_TRAIL_PAGE + EPOCH_STEP_MAX);
	for (uint32_t e = read->from; e < self->trail.n; e++)
		if (!page_add(&steps, &count, trail_kept(self, e)))
			break;
	show(self, read, &steps, count);
	sr_writer_clear(&steps);
}

static void read_emit(struct enclave_core *self, const struct core_trail_read *slot)
{
	struct enclave_effect fx = { .kind = ENCLAVE_FX_STATE_READ, .token = slot->token,
		.member = CORE_TRAIL_PAGE / 1024u };
	struct sr_hash32 name;
	struct sr_writer names;

	sr_writer_init(&names, NAMES_MAX * sizeof(name.b));
	for (uint32_t e = slot->from; e < self->trail.n && e - slot->from < NAMES_MAX; e++) {
		seal_step_name(&name, self->keys, e);
		sr_write_hash(&names, &name);
	}
	if (sr_writer_finish(&names) == SR_OK) {
		fx.a = (struct sr_bytes){ names.p, names.n };
		fx_push(self, &fx);
	} else {
		self->broken = names.error;
	}
	sr_writer_clear(&names);
}

void trail_ask(struct enclave_core *self, const struct core_trail_read *read)
{
	struct core_trail *t = &self->trail;
	struct core_trail_read *slot = NULL;

	if (read->from >= t->n || trail_kept(self, read->from).p != NULL) {
		show_kept(self, read);
		return;
	}
	for (uint32_t i = 0; i < CORE_TRAIL_READS && slot == NULL; i++)
		if (t->reads[i].token == 0)
			slot = &t->reads[i];
	/* A host that does not answer blocks nobody for ever: the oldest gives way to a joiner. */
	if (slot == NULL && read->client) {
		fx_reply(self, read->client_token, SR_ERR_TOO_MANY, NULL, 0);
		return;
	}
	if (slot == NULL)
		slot = &t->reads[t->read_next % CORE_TRAIL_READS];
	if (slot->token != 0 && slot->client)
		fx_reply(self, slot->client_token, SR_ERR_TOO_MANY, NULL, 0);
	*slot = *read;
	slot->token = ++t->read_next * CORE_TRAIL_READS + (uint64_t)(slot - t->reads);
	read_emit(self, slot);
}

enum sr_error trail_answer(struct enclave_core *self, const struct enclave_event *ev)
{
	struct core_trail_read *slot = &self->trail.reads[ev->token % CORE_TRAIL_READS], read;
	struct sr_writer steps;
	struct sr_reader r;
	uint32_t count = 0, n;

	if (ev->token == 0 || slot->token != ev->token)
		return SR_OK;
	read = *slot;
	memset(slot, 0, sizeof(*slot));
	sr_writer_init(&steps, CORE_TRAIL_PAGE + EPOCH_STEP_MAX);
	sr_reader_init(&r, ev->a.p, ev->a.n);
	n = sr_read_u32(&r);
	for (bool more = true; more && count < n && read.from + count < self->trail.n;) {
		struct sr_bytes sealed = sr_read_blob(&r, HOST_FRAME_MAX), step;
		struct sr_hash32 name;
		uint8_t *plain = NULL;
		uint32_t number;
		size_t plain_n;

		seal_step_name(&name, self->keys, read.from + count);
		more = r.error == SR_OK && seal_row_open(&plain, &plain_n, false, self, &name,
		    sealed.p, sealed.n) == SR_OK &&
		    row_read(&number, &step, self, &name, plain, plain_n) == SR_OK &&
		    page_add(&steps, &count, step);
		free(plain);
	}
	if (count > 0 || read.client)
		show(self, &read, &steps, count);
	sr_writer_clear(&steps);
	return SR_OK;
}
