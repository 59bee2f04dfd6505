/*
 * consensus/absent.c - authors that miss their slots again and again. Others don't wait for such a
 * one while operations do (decision 0020): else one member that is down costs a skip timer in each
 * rotation. Only a timer: what may be voted is the same.
 */
#include "consensus/internal.h"

/* Frontiers that a FINAL certificate jumps over say nothing of their author. */
void cons_absent_settled(struct consensus *self, uint64_t slot)
{
	uint32_t *missed = &self->missed[cons_author(self, slot)];

	if (cons_cert_of(self, CONSENSUS_NOTAR, slot) != NULL)
		*missed = 0;
	else if (*missed < UINT32_MAX)
		++*missed;
}

/* It was silent, and is back. */
void cons_absent_heard(struct consensus *self, uint32_t from)
{
	if (from < self->config.n && self->now_ms - self->heard_ms[from] >= CONS_ABSENT_QUIET_MS)
		self->missed[from] = 0;
}

/* Certificates show who missed how often, so that all give the same author its chance in the same
 * turns: the first, second, third, fifth, ninth ..., and each 64th. */
static bool has_a_chance(uint32_t missed)
{
	return (missed & (missed - 1)) == 0 || missed % CONS_ABSENT_TURNS == 0;
}

/* Operations wait; or the newest block has some, whose senders soon bring the next. */
static bool busy(const struct consensus *self)
{
	const struct consensus_cert *notar = cons_cert_of(self, CONSENSUS_NOTAR, self->notar_slot);
	const struct cons_block *b = notar == NULL ? NULL :
	    cons_tree_find(self, self->notar_slot, &notar->hash);

	return self->ports.has_work(self->ports.ctx) || (b != NULL && b->body_n > 0);
}

bool cons_absent_hurry(const struct consensus *self)
{
	uint32_t author = cons_author(self, self->frontier);

	/* Without finality it may be the network, and all are waited for as long as ever. */
	return self->frontier - 1 - self->top_slot < self->config.n &&
	    author != self->config.self && !has_a_chance(self->missed[author]) &&
	    busy(self);
}
