#include "tests/chaos/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

static void *must(void *p)
{
	if (p == NULL) {
		fputs("history: out of memory\n", stderr);
		exit(2);
	}
	return p;
}

/* A list of calls and returns in time; an operation in an order tried is taken out of it. */
struct entry { uint32_t op, prev, next; uint64_t t; bool is_return; };

struct search {
	const struct search_op *ops;
	size_t n, words;
	struct entry *entries;       /* [0] is the head */
	uint32_t *call, *back;       /* entries of an operation; back NONE: never returned */
	uint64_t *done;              /* bits: in the order */
	uint64_t *memory;            /* open hash of done | version | writer */
	size_t slots, used;
};

struct state { uint64_t version; uint32_t writer; };

static int entry_order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->t != y->t)
		return x->t < y->t ? -1 : 1;
	/* At the same moment, calls come first: what may overlap does. */
	return x->is_return != y->is_return ? (x->is_return ? 1 : -1) : 0;
}

static void search_start(struct search *s)
{
	uint32_t m = 1;

	s->words = (s->n + 63) / 64;
	s->entries = must(calloc(2 * s->n + 1, sizeof *s->entries));
	s->call = must(calloc(s->n, sizeof *s->call));
	s->back = must(calloc(s->n, sizeof *s->back));
	s->done = must(calloc(s->words, sizeof *s->done));
	s->slots = 1024;
	s->memory = must(calloc(s->slots * (s->words + 2), sizeof *s->memory));
	for (uint32_t i = 0; i < s->n; i++) {
		s->back[i] = NONE;
		s->entries[m++] = (struct entry){ .op = i, .t = s->ops[i].from_us };
		if (s->ops[i].returned)
			s->entries[m++] = (struct entry){ .op = i, .t = s->ops[i].to_us,
				.is_return = true };
	}
	qsort(s->entries + 1, m - 1, sizeof *s->entries, entry_order);
	for (uint32_t i = 0; i < m; i++) {
		s->entries[i].prev = i == 0 ? NONE : i - 1;
		s->entries[i].next = i + 1 == m ? NONE : i + 1;
		if (i > 0)
			*(s->entries[i].is_return ? &s->back[s->entries[i].op]
						  : &s->call[s->entries[i].op]) = i;
	}
}

static void search_free(struct search *s)
{
	free(s->entries);
	free(s->call);
	free(s->back);
	free(s->done);
	free(s->memory);
}

static void unlink_entry(struct search *s, uint32_t i)
{
	struct entry *e = &s->entries[i];

	s->entries[e->prev].next = e->next;
	if (e->next != NONE)
		s->entries[e->next].prev = e->prev;
}

static void relink_entry(struct search *s, uint32_t i)
{
	struct entry *e = &s->entries[i];

	s->entries[e->prev].next = i;
	if (e->next != NONE)
		s->entries[e->next].prev = i;
}

static bool applies(const struct search *s, uint32_t op, const struct state *at, struct state *next)
{
	const struct search_op *o = &s->ops[op];

	*next = *at;
	if (o->writes) {
		*next = (struct state){ o->version, op };
		return at->version + 1 == o->version;
	}
	return at->version == o->version && at->writer != NONE
	    && strcmp(s->ops[at->writer].value, o->value) == 0;
}

static uint64_t memory_hash(const uint64_t *p, size_t n)
{
	uint64_t h = 1469598103934665603u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x9e3779b97f4a7c15u ^ h >> 29;
	return h;
}

static bool memory_put(struct search *s, const uint64_t *row)
{
	size_t width = s->words + 2, at = memory_hash(row, width) & (s->slots - 1);

	/* The last word is the writer + 1: never 0 in a used slot. */
	while (s->memory[at * width + width - 1] != 0) {
		if (memcmp(&s->memory[at * width], row, width * sizeof *row) == 0)
			return false;
		at = (at + 1) & (s->slots - 1);
	}
	memcpy(&s->memory[at * width], row, width * sizeof *row);
	s->used++;
	return true;
}

static void memory_grow(struct search *s)
{
	size_t width = s->words + 2, old_slots = s->slots;
	uint64_t *old = s->memory;

	s->slots *= 2;
	s->used = 0;
	s->memory = must(calloc(s->slots * width, sizeof *s->memory));
	for (size_t i = 0; i < old_slots; i++)
		if (old[i * width + width - 1] != 0)
			memory_put(s, &old[i * width]);
	free(old);
}

/* True when this set of operations has not led to this state before. */
static bool is_new(struct search *s, uint32_t op, const struct state *next)
{
	uint64_t row[SEARCH_OPS_MAX / 64 + 2];

	memcpy(row, s->done, s->words * sizeof *row);
	row[op / 64] |= 1ull << op % 64;
	row[s->words] = next->version;
	row[s->words + 1] = (uint64_t)next->writer + 1;
	if (s->used * 2 > s->slots)
		memory_grow(s);
	return memory_put(s, row);
}

struct taken { uint32_t op; struct state before; };

/* An order in which all acknowledged operations fit. *stuck: the return that none got past. */
static bool search_run(struct search *s, unsigned long *steps, size_t *stuck)
{
	struct taken *stack = must(calloc(s->n + 1, sizeof *stack));
	struct state at = { 0, NONE }, next;
	size_t depth = 0, left = 0;
	uint32_t i = s->entries[0].next, furthest = 0;
	bool found = true;

	for (size_t k = 0; k < s->n; k++)
		left += s->back[k] != NONE;
	while (left > 0 && found) {
		struct entry *e = i == NONE ? NULL : &s->entries[i];

		if (++*steps > SEARCH_STEPS_MAX) {
			found = false;
		} else if (e != NULL && !e->is_return) {
			if (!applies(s, e->op, &at, &next) || !is_new(s, e->op, &next)) {
				i = e->next;
				continue;
			}
			stack[depth++] = (struct taken){ e->op, at };
			s->done[e->op / 64] |= 1ull << e->op % 64;
			unlink_entry(s, i);
			if (s->back[e->op] != NONE) {
				unlink_entry(s, s->back[e->op]);
				left--;
			}
			at = next;
			i = s->entries[0].next;
		} else if (depth > 0) {
			uint32_t op = stack[--depth].op;

			if (i != NONE && i > furthest)
				furthest = i;
			if (s->back[op] != NONE) {
				relink_entry(s, s->back[op]);
				left++;
			}
			relink_entry(s, s->call[op]);
			s->done[op / 64] &= ~(1ull << op % 64);
			at = stack[depth].before;
			i = s->entries[s->call[op]].next;
		} else {
			if (i != NONE && i > furthest)
				furthest = i;
			found = false;
		}
	}
	*stuck = s->entries[furthest].op;
	free(stack);
	return found;
}

bool search_order(const struct search_op *ops, size_t n, unsigned long *steps, size_t *stuck)
{
	struct search s = { .ops = ops, .n = n };
	bool found;

	*stuck = 0;
	if (n == 0 || n > SEARCH_OPS_MAX)
		return n == 0;
	search_start(&s);
	found = search_run(&s, steps, stuck);
	search_free(&s);
	return found;
}
