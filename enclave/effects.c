/* enclave/effects.c - the list of effects: every one owns a copy of its bytes until the list is
 * reset. */
#include "enclave/internal.h"

#include <stdlib.h>
#include <string.h>

void enclave_effects_init(struct enclave_effects *self)
{
	memset(self, 0, sizeof(*self));
}

static void effect_free(struct enclave_effect *fx)
{
	/* One allocation holds both; a is first. What goes to peers is plaintext here. */
	void *p = (void *)(uintptr_t)fx->a.p;

	if (p != NULL)
		sr_wipe(p, fx->a.n + fx->b.n);
	free(p);
	fx->a.p = NULL;
}

void enclave_effects_reset(struct enclave_effects *self)
{
	for (size_t i = 0; i < self->n; i++)
		effect_free(&self->list[i]);
	self->n = 0;
}

void enclave_effects_clear(struct enclave_effects *self)
{
	enclave_effects_reset(self);
	free(self->list);
	memset(self, 0, sizeof(*self));
}

void fx_push(struct enclave_core *self, const struct enclave_effect *fx)
{
	struct enclave_effects *out = self->out;
	uint8_t *p;

	/* Where one is missing, nothing that relies on it may follow: a row of a checkpoint, a
	 * record of the log's chain. */
	if (self->broken != SR_OK && fx->kind != ENCLAVE_FX_FATAL)
		return;
	if (out->n == out->capacity) {
		size_t capacity = out->capacity == 0 ? 64 : out->capacity * 2;
		struct enclave_effect *list = realloc(out->list, capacity * sizeof(*list));

		if (list == NULL) {
			self->broken = SR_ERR_NO_MEMORY;
			return;
		}
		out->list = list;
		out->capacity = capacity;
	}
	p = malloc(fx->a.n + fx->b.n + 1);
	if (p == NULL) {
		self->broken = SR_ERR_NO_MEMORY;
		return;
	}
	if (fx->a.n > 0)
		memcpy(p, fx->a.p, fx->a.n);
	if (fx->b.n > 0)
		memcpy(p + fx->a.n, fx->b.p, fx->b.n);
	out->list[out->n] = *fx;
	out->list[out->n].a = (struct sr_bytes){ p, fx->a.n };
	out->list[out->n].b = (struct sr_bytes){ p + fx->a.n, fx->b.n };
	out->n++;
}

void fx_note(struct enclave_core *self, unsigned level, const char *text)
{
	struct enclave_effect fx = {
		.kind = ENCLAVE_FX_NOTE, .number = level,
		.a = { (const uint8_t *)text, strlen(text) },
	};

	fx_push(self, &fx);
}

void fx_note_number(struct enclave_core *self, unsigned level, const char *text, uint64_t number)
{
	char line[256], digits[24];
	size_t n = strnlen(text, sizeof(line) - sizeof(digits)), d = 0;

	memcpy(line, text, n);
	do {
		digits[d++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	while (d > 0)
		line[n++] = digits[--d];
	line[n] = 0;
	fx_note(self, level, line);
}

void fx_send(struct enclave_core *self, uint32_t seat, enum consensus_class class,
    const uint8_t *msg, size_t n)
{
	struct enclave_effect fx = {
		.kind = ENCLAVE_FX_SEND, .number = (uint64_t)class, .member = seat,
		.a = { msg, n },
	};

	if (seat < SR_MEMBERS_MAX && self->peers[seat].used)
		fx_push(self, &fx);
}

void fx_send_members(struct enclave_core *self, enum consensus_class class, const uint8_t *msg,
    size_t n)
{
	for (uint32_t k = 0; k < self->now->record.n; k++)
		if (k != self->now->self)
			fx_send(self, seats_seat(self->now, k), class, msg, n);
}

void fx_reply(struct enclave_core *self, uint64_t token, enum sr_error code, const uint8_t *p,
    size_t n)
{
	struct enclave_effect fx = {
		.kind = ENCLAVE_FX_REPLY, .token = token, .number = (uint64_t)code, .a = { p, n },
	};

	fx_push(self, &fx);
}

enum sr_error core_fatal(struct enclave_core *self, enum sr_error error, const char *text)
{
	struct enclave_effect fx = { .kind = ENCLAVE_FX_FATAL, .number = (uint64_t)error };

	/* Nobody shall throw a data directory away because memory was short. */
	if (sr_error_is_shortage(error))
		text = sr_error_message((unsigned)error);
	fx.a = (struct sr_bytes){ (const uint8_t *)text, strlen(text) };
	if (self->phase != CORE_DEAD)
		fx_push(self, &fx);
	self->phase = CORE_DEAD;
	if (self->dead == SR_OK)
		self->dead = error;
	return error;
}
