/*
 * The tree against a sorted array. Its source is included, not linked, so that its allocations can
 * be counted and made to fail.
 */
#include <stdlib.h>

static size_t live_nodes;
static size_t failing_after = (size_t)-1; /* allocations that still succeed */

static void *counted_malloc(size_t n)
{
	void *p;

	if (failing_after == 0)
		return NULL;
	if (failing_after != (size_t)-1)
		failing_after--;
	p = malloc(n);
	if (p != NULL)
		live_nodes++;
	return p;
}

static void counted_free(void *p)
{
	if (p != NULL)
		live_nodes--;
	free(p);
}

#define malloc counted_malloc
#define free counted_free
#include "vault/tree.c"
#undef malloc
#undef free

#include <stdio.h>

#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

/* --- the model: a sorted array --- */

#define MODEL_MAX 3000u
#define MODEL_VALUE_MAX 96u              /* short ones and ones that keep their hash */

struct entry {
	struct vault_key key;
	uint8_t value[MODEL_VALUE_MAX];
	size_t n;
};

struct model {
	struct entry list[MODEL_MAX];
	size_t n;
};

static size_t model_find(const struct model *m, const struct vault_key *key, bool *found)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (memcmp(m->list[middle].key.b, key->b, 32) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = low < m->n && memcmp(m->list[low].key.b, key->b, 32) == 0;
	return low;
}

static void model_put(struct model *m, const struct vault_key *key, const uint8_t *value, size_t n)
{
	bool found;
	size_t at = model_find(m, key, &found);

	if (!found) {
		ck_assert_uint_lt(m->n, MODEL_MAX);
		memmove(&m->list[at + 1], &m->list[at], (m->n++ - at) * sizeof m->list[0]);
		m->list[at].key = *key;
	}
	memcpy(m->list[at].value, value, n);
	m->list[at].n = n;
}

static void model_delete(struct model *m, const struct vault_key *key)
{
	bool found;
	size_t at = model_find(m, key, &found);

	if (found)
		memmove(&m->list[at], &m->list[at + 1], (--m->n - at) * sizeof m->list[0]);
}

/* The root as tree.h defines it, from the sorted list: recursion over where the keys part. */
static struct sr_hash32 model_root(const struct entry *list, size_t n)
{
	struct sr_hash32 h = { { 0 } }, left, right;
	unsigned bit = 0;
	size_t split = 0;
	struct vault_key prefix = { { 0 } };
	uint8_t bit_le[2];

	if (n == 0)
		return h;
	if (n == 1) {
		struct sr_hash32 value = sr_hash(list->value, list->n);
		struct sr_bytes parts[] = { { list->key.b, 32 }, { value.b, 32 } };

		return sr_hash_domain("strongroom leaf v1", parts, 2);
	}
	while (((list[0].key.b[bit / 8] ^ list[n - 1].key.b[bit / 8]) >> (7 - bit % 8) & 1) == 0) {
		if (list->key.b[bit / 8] >> (7 - bit % 8) & 1)
			prefix.b[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
		bit++;
	}
	while ((list[split].key.b[bit / 8] >> (7 - bit % 8) & 1) == 0)
		split++;
	left = model_root(list, split);
	right = model_root(list + split, n - split);
	bit_le[0] = (uint8_t)bit;
	bit_le[1] = 0;
	{
		struct sr_bytes parts[] = { { bit_le, 2 }, { prefix.b, 32 }, { left.b, 32 },
			{ right.b, 32 } };

		return sr_hash_domain("strongroom branch v1", parts, 4);
	}
}

/* --- helpers --- */

/* Keys that share long prefixes as well as none: few values in few places. */
static struct vault_key random_key(struct sr_drbg *rng)
{
	struct vault_key key = { { 0 } };

	switch (test_below(rng, 3)) {
	case 0:
		ck_ok(sr_drbg_fill(rng, key.b, 32));
		break;
	case 1:
		key.b[0] = 'n';
		key.b[7] = (uint8_t)test_below(rng, 4);
		key.b[8] = (uint8_t)test_below(rng, 256);
		break;
	default: /* one bit anywhere, so that paths get long */
		memset(key.b, test_below(rng, 2) ? 0xff : 0, 32);
		key.b[test_below(rng, 32)] ^= (uint8_t)(1u << test_below(rng, 8));
		break;
	}
	return key;
}

static void put(struct vault_tree **t, struct model *m, const struct vault_key *key,
    const uint8_t *value, size_t n)
{
	ck_ok(vault_tree_put(t, key, value, n));
	if (m != NULL)
		model_put(m, key, value, n);
}

static void random_change(struct sr_drbg *rng, struct vault_tree **t, struct model *m)
{
	struct vault_key key = random_key(rng);
	uint8_t value[MODEL_VALUE_MAX];
	size_t n = test_below(rng, sizeof value + 1);

	if (m->n > 0 && test_below(rng, 2) == 0)
		key = m->list[test_below(rng, (uint32_t)m->n)].key;
	if (test_below(rng, 5) < (m->n > MODEL_MAX / 2 ? 4u : 2u)) {
		ck_ok(vault_tree_delete(t, &key));
		model_delete(m, &key);
		return;
	}
	ck_ok(sr_drbg_fill(rng, value, sizeof value));
	put(t, m, &key, value, n);
}

struct expected {
	const struct entry *list;
	size_t n, at;
};

static bool visit_expected(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct expected *e = ctx;

	ck_assert_uint_lt(e->at, e->n);
	ck_assert_mem_eq(key->b, e->list[e->at].key.b, 32);
	ck_assert_uint_eq(value.n, e->list[e->at].n);
	ck_assert_ptr_nonnull(value.p);
	ck_assert(value.n == 0 || memcmp(value.p, e->list[e->at].value, value.n) == 0);
	e->at++;
	return true;
}

static void same_as_model(struct vault_tree *t, const struct model *m)
{
	static const struct vault_key lowest;
	struct expected e = { m->list, m->n, 0 };
	struct sr_hash32 root = vault_tree_root(t), model = model_root(m->list, m->n);

	ck_assert_uint_eq(vault_tree_count(t), m->n);
	vault_tree_walk(t, &lowest, 0, visit_expected, &e);
	ck_assert_uint_eq(e.at, m->n);
	ck_assert_mem_eq(root.b, model.b, 32);
}

static struct vault_key numbered(uint64_t i)
{
	struct vault_key key = { { 'x' } };

	for (unsigned b = 0; b < 8; b++)
		key.b[1 + b] = (uint8_t)(i >> (56 - 8 * b));
	return key;
}

/* --- tests --- */

START_TEST(an_empty_tree_has_nothing_and_a_zero_root)
{
	const struct vault_key key = { { 1 } };
	struct vault_tree *t = NULL;
	struct sr_hash32 root = vault_tree_root(t);

	ck_assert(sr_hash32_is_zero(&root));
	ck_assert_uint_eq(vault_tree_count(t), 0);
	ck_assert_ptr_null(vault_tree_get(t, &key).p);
	ck_ok(vault_tree_delete(&t, &key));
	ck_assert_ptr_null(vault_tree_ref(t));
	vault_tree_unref(t);
}
END_TEST

START_TEST(random_changes_agree_with_a_sorted_array)
{
	static struct model m;
	struct vault_tree *t = NULL;
	struct sr_drbg rng;

	test_drbg(&rng, "random changes");
	m.n = 0;
	for (unsigned i = 0; i < 20000; i++) {
		random_change(&rng, &t, &m);
		if (i < 300 || i % 500 == 0)
			same_as_model(t, &m);
	}
	for (size_t i = 0; i < m.n; i++) {
		struct sr_bytes value = vault_tree_get(t, &m.list[i].key);

		ck_assert_ptr_nonnull(value.p);
		ck_assert_uint_eq(value.n, m.list[i].n);
	}
	for (unsigned i = 0; i < 2000; i++) {
		struct vault_key key = random_key(&rng);
		bool found;

		model_find(&m, &key, &found);
		ck_assert_int_eq(vault_tree_get(t, &key).p != NULL, found);
	}
	while (m.n > 0) { /* and down to nothing */
		struct vault_key key = m.list[test_below(&rng, (uint32_t)m.n)].key;

		ck_ok(vault_tree_delete(&t, &key));
		model_delete(&m, &key);
		if (m.n % 100 == 0)
			same_as_model(t, &m);
	}
	ck_assert_ptr_null(t);
	ck_assert_uint_eq(live_nodes, 0);
}
END_TEST

START_TEST(the_root_does_not_depend_on_the_order_of_changes)
{
	struct sr_hash32 roots[5];
	struct sr_drbg rng;

	test_drbg(&rng, "order");
	for (unsigned round = 0; round < 5; round++) {
		struct vault_tree *t = NULL;
		uint32_t order[500];

		for (uint32_t i = 0; i < 500; i++) { /* a shuffle */
			uint32_t j = test_below(&rng, i + 1);

			order[i] = order[j];
			order[j] = i;
		}
		for (unsigned i = 0; i < 500; i++) {
			struct vault_key key = numbered(order[i] * 0x9e3779b97f4a7c15u);
			struct vault_key extra = numbered(i);

			put(&t, NULL, &extra, (const uint8_t *)"gone soon", 9);
			if (round % 2)
				vault_tree_root(t); /* cached hashes must not linger */
			put(&t, NULL, &key, (const uint8_t *)&order[i], 4);
			ck_ok(vault_tree_delete(&t, &extra));
		}
		{
			struct vault_key zero = numbered(0); /* the one key that is also an extra */
			const uint32_t v = 0;

			put(&t, NULL, &zero, (const uint8_t *)&v, 4);
		}
		roots[round] = vault_tree_root(t);
		ck_assert_mem_eq(roots[round].b, roots[0].b, 32);
		vault_tree_unref(t);
	}
	ck_assert_uint_eq(live_nodes, 0);
}
END_TEST

START_TEST(old_versions_stay_as_they_were)
{
	enum { VERSIONS = 60 };
	static struct model models[VERSIONS];
	struct vault_tree *versions[VERSIONS];
	struct sr_drbg rng;

	test_drbg(&rng, "old versions");
	models[0].n = 0;
	versions[0] = NULL;
	for (unsigned i = 1; i < VERSIONS; i++) {
		unsigned parent = i - 1 - test_below(&rng, i < 4 ? i : 4); /* forks too */

		models[i] = models[parent];
		versions[i] = vault_tree_ref(versions[parent]);
		for (unsigned j = 0; j < 40; j++)
			random_change(&rng, &versions[i], &models[i]);
		if (i % 3 == 0)
			vault_tree_root(versions[i]);
	}
	for (unsigned i = 0; i < VERSIONS; i++)
		same_as_model(versions[i], &models[i]);
	for (unsigned i = 0; i < VERSIONS; i++) { /* dropped in any order, the rest stays whole */
		unsigned drop = (i * 7) % VERSIONS, other = (i * 7 + 7) % VERSIONS;

		vault_tree_unref(versions[drop]);
		if (i + 1 < VERSIONS)
			same_as_model(versions[other], &models[other]);
	}
	ck_assert_uint_eq(live_nodes, 0);
}
END_TEST

START_TEST(a_change_copies_only_the_path_and_only_when_shared)
{
	struct vault_tree *t = NULL, *old;
	size_t before;

	for (uint64_t i = 0; i < 4096; i++) {
		struct vault_key key = numbered(i);

		put(&t, NULL, &key, (const uint8_t *)"value", 5);
	}
	ck_assert_uint_eq(live_nodes, 2 * 4096 - 1);
	old = vault_tree_ref(t);
	before = live_nodes;
	{
		struct vault_key key = numbered(77);

		put(&t, NULL, &key, (const uint8_t *)"other", 5);
		/* Twelve branches and a leaf; the next change of the key swaps a leaf. */
		ck_assert_uint_eq(live_nodes - before, 13);
		put(&t, NULL, &key, (const uint8_t *)"third", 5);
		ck_assert_uint_eq(live_nodes - before, 13);
		put(&t, NULL, &key, (const uint8_t *)"third", 5);
		ck_assert_uint_eq(live_nodes - before, 13);
		ck_assert_mem_eq(vault_tree_get(old, &key).p, "value", 5);
		ck_assert_mem_eq(vault_tree_get(t, &key).p, "third", 5);
	}
	{
		struct vault_key key = numbered(77);
		struct vault_tree *same;

		/* The value it has already: neither a new leaf nor a hash to redo. */
		vault_tree_root(t);
		same = t;
		put(&t, NULL, &key, (const uint8_t *)"third", 5);
		ck_assert_ptr_eq(t, same);
		ck_assert(t->hashed);
	}
	vault_tree_unref(old);
	ck_assert_uint_eq(live_nodes, 2 * 4096 - 1);
	vault_tree_unref(t);
	ck_assert_uint_eq(live_nodes, 0);
}
END_TEST

START_TEST(the_deepest_path_has_a_branch_at_every_bit)
{
	static struct model m;
	const struct vault_key zero = { { 0 } };
	struct vault_tree *t = NULL, *old;

	m.n = 0;
	put(&t, &m, &zero, (const uint8_t *)"0", 1);
	for (unsigned bit = 0; bit < 256; bit++) {
		struct vault_key key = { { 0 } };

		key.b[bit / 8] = (uint8_t)(0x80u >> bit % 8);
		put(&t, &m, &key, (const uint8_t *)&bit, sizeof bit);
	}
	same_as_model(t, &m);
	old = vault_tree_ref(t);
	ck_ok(vault_tree_delete(&t, &zero));
	model_delete(&m, &zero);
	same_as_model(t, &m);
	ck_assert_ptr_nonnull(vault_tree_get(old, &zero).p);
	vault_tree_unref(t);
	vault_tree_unref(old);
	ck_assert_uint_eq(live_nodes, 0);
}
END_TEST

static bool stop_at_third(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	(void)key;
	(void)value;
	return ++*(unsigned *)ctx < 3;
}

/* All from a key on that share its first bytes, against the model. */
static void same_walk(struct sr_drbg *rng, const struct vault_tree *t, const struct model *m)
{
	struct vault_key from = random_key(rng);
	size_t prefix = test_below(rng, 4) == 0 ? test_below(rng, 33) : test_below(rng, 3);
	struct expected e = { m->list, 0, 0 };
	bool found;

	if (m->n > 0 && test_below(rng, 3) == 0)
		from = m->list[test_below(rng, (uint32_t)m->n)].key;
	e.at = model_find(m, &from, &found);
	e.n = e.at;
	while (e.n < m->n && memcmp(m->list[e.n].key.b, from.b, prefix) == 0)
		e.n++;
	vault_tree_walk(t, &from, prefix, visit_expected, &e);
	ck_assert_uint_eq(e.at, e.n);
}

START_TEST(a_walk_starts_at_a_key_and_stays_in_its_prefix)
{
	static struct model m;
	static const struct vault_key lowest;
	struct vault_tree *t = NULL;
	struct sr_drbg rng;
	unsigned seen = 0;

	test_drbg(&rng, "walk");
	m.n = 0;
	for (unsigned i = 0; i < 2000; i++)
		random_change(&rng, &t, &m);
	for (unsigned i = 0; i < 3000; i++)
		same_walk(&rng, t, &m);
	vault_tree_walk(t, &lowest, 0, stop_at_third, &seen);
	ck_assert_uint_eq(seen, 3);
	vault_tree_unref(t);
	ck_assert_uint_eq(live_nodes, 0);
}
END_TEST

START_TEST(the_records_of_a_kind_are_a_tree_of_their_own)
{
	static struct model m;
	static const struct vault_key lowest;
	struct vault_tree *t = NULL;
	struct sr_drbg rng;

	test_drbg(&rng, "kind");
	m.n = 0;
	ck_assert_ptr_null(vault_tree_kind(NULL, 7));
	for (unsigned i = 0; i < 300; i++) {
		random_change(&rng, &t, &m);
		for (unsigned kind = 0, at = 0; kind < 256; kind++) {
			const struct vault_tree *part = vault_tree_kind(t, (uint8_t)kind);
			struct expected e = { m.list, at, at };

			while (e.n < m.n && m.list[e.n].key.b[0] == kind)
				e.n++;
			ck_assert_uint_eq(vault_tree_count(part), e.n - at);
			vault_tree_walk(part, &lowest, 0, visit_expected, &e);
			ck_assert_uint_eq(e.at, e.n);
			at = (unsigned)e.n;
		}
	}
	vault_tree_unref(t);
	ck_assert_uint_eq(live_nodes, 0);
}
END_TEST

/* --- differences --- */

struct changes {
	const struct model *before, *after;
	size_t i, j, seen;
};

/* The next key, in order, at which the two arrays differ. False at the end. */
static bool next_change(struct changes *c, struct vault_key *key, const struct entry **after)
{
	while (c->i < c->before->n || c->j < c->after->n) {
		const struct entry *a = c->i < c->before->n ? &c->before->list[c->i] : NULL;
		const struct entry *b = c->j < c->after->n ? &c->after->list[c->j] : NULL;
		int order = a == NULL ? 1 : b == NULL ? -1 : memcmp(a->key.b, b->key.b, 32);

		c->i += order <= 0;
		c->j += order >= 0;
		if (order == 0 && a->n == b->n && memcmp(a->value, b->value, a->n) == 0)
			continue;
		*key = order <= 0 ? a->key : b->key;
		*after = order >= 0 ? b : NULL;
		return true;
	}
	return false;
}

static void visit_change(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct changes *c = ctx;
	struct vault_key expected;
	const struct entry *after;

	ck_assert(next_change(c, &expected, &after));
	ck_assert_mem_eq(key->b, expected.b, 32);
	ck_assert_int_eq(value.p != NULL, after != NULL);
	if (after != NULL) {
		ck_assert_uint_eq(value.n, after->n);
		ck_assert(value.n == 0 || memcmp(value.p, after->value, value.n) == 0);
	}
	c->seen++;
}

START_TEST(differences_are_those_of_the_arrays_in_order)
{
	static struct model a, b;
	struct sr_drbg rng;

	test_drbg(&rng, "differences");
	for (unsigned round = 0; round < 300; round++) {
		struct vault_tree *before = NULL, *after;
		struct changes c = { &a, &b, 0, 0, 0 };
		struct vault_key key;
		const struct entry *entry;

		a.n = 0;
		for (uint32_t i = test_below(&rng, 200); i > 0; i--)
			random_change(&rng, &before, &a);
		if (round % 2)
			vault_tree_root(before);
		b = a;
		after = vault_tree_ref(before);
		if (round % 5 == 0) { /* a tree that shares no node */
			vault_tree_unref(after);
			after = NULL;
			for (size_t i = 0; i < b.n; i++)
				put(&after, NULL, &b.list[i].key, b.list[i].value, b.list[i].n);
		}
		for (uint32_t i = test_below(&rng, 30); i > 0; i--)
			random_change(&rng, &after, &b);
		if (round % 3)
			vault_tree_root(after);
		vault_tree_diff(before, after, visit_change, &c);
		ck_assert(!next_change(&c, &key, &entry));
		vault_tree_unref(before);
		vault_tree_unref(after);
	}
	ck_assert_uint_eq(live_nodes, 0);
}
END_TEST

START_TEST(a_difference_with_nothing_is_everything)
{
	static struct model m, none;
	struct changes c = { &none, &m, 0, 0, 0 };
	struct vault_tree *t = NULL;
	struct sr_drbg rng;

	test_drbg(&rng, "everything");
	m.n = none.n = 0;
	for (unsigned i = 0; i < 500; i++)
		random_change(&rng, &t, &m);
	vault_tree_diff(NULL, t, visit_change, &c);
	ck_assert_uint_eq(c.seen, m.n);
	c = (struct changes){ &m, &none, 0, 0, 0 };
	vault_tree_diff(t, NULL, visit_change, &c);
	ck_assert_uint_eq(c.seen, m.n);
	vault_tree_diff(t, t, visit_change, &c);
	ck_assert_uint_eq(c.seen, m.n);
	vault_tree_unref(t);
}
END_TEST

/* --- failures --- */

START_TEST(a_change_without_memory_changes_nothing)
{
	static struct model m;
	struct vault_tree *t = NULL, *shared;
	struct sr_drbg rng;
	unsigned failed = 0;

	test_drbg(&rng, "no memory");
	m.n = 0;
	while (m.n < 600)
		random_change(&rng, &t, &m);
	for (unsigned i = 0; i < 600; i++) {
		struct vault_key key = m.list[test_below(&rng, (uint32_t)m.n)].key;
		enum sr_error error;

		if (i % 3 == 0)
			key = random_key(&rng);
		/* Every branch must be copied, so there is much to fail. */
		shared = vault_tree_ref(t);
		failing_after = test_below(&rng, 12);
		error = i % 2 ? vault_tree_put(&t, &key, (const uint8_t *)"v", 1) :
		    vault_tree_delete(&t, &key);
		failing_after = (size_t)-1;
		if (error == SR_OK && i % 2)
			model_put(&m, &key, (const uint8_t *)"v", 1);
		else if (error == SR_OK)
			model_delete(&m, &key);
		else
			failed++;
		ck_assert(error == SR_OK || error == SR_ERR_NO_MEMORY);
		same_as_model(t, &m);
		vault_tree_unref(shared);
	}
	ck_assert_uint_gt(failed, 50);
	vault_tree_unref(t);
	ck_assert_uint_eq(live_nodes, 0);
}
END_TEST

/* Whatever either of two models has is read from a draft as the second says. */
static void same_draft(struct sr_drbg *rng, const struct vault_tree *draft,
    const struct model *before, const struct model *m)
{
	static const struct vault_key lowest;
	struct expected all = { m->list, m->n, 0 };
	bool found;

	for (size_t i = 0; i < before->n; i++) {
		model_find(m, &before->list[i].key, &found);
		ck_assert((vault_tree_get(draft, &before->list[i].key).p != NULL) == found);
	}
	for (size_t i = 0; i < m->n; i++) {
		struct sr_bytes value = vault_tree_get(draft, &m->list[i].key);

		ck_assert_uint_eq(value.n, m->list[i].n);
		ck_assert(value.n == 0 || memcmp(value.p, m->list[i].value, value.n) == 0);
	}
	vault_tree_walk(draft, &lowest, 0, visit_expected, &all);
	ck_assert_uint_eq(all.at, m->n);
	for (unsigned i = 0; i < 20; i++)
		same_walk(rng, draft, m);
}

START_TEST(a_draft_reads_like_the_tree_it_becomes)
{
	static struct model m, half, whole;
	struct vault_tree *t = NULL, *draft, *kept;
	struct sr_drbg rng;

	test_drbg(&rng, "draft");
	m.n = 0;
	for (unsigned round = 0; round < 300; round++) {
		whole = m;
		draft = vault_tree_draft(t);
		ck_assert_ptr_nonnull(draft);
		for (unsigned i = test_below(&rng, 20); i > 0; i--)
			random_change(&rng, &draft, &whole);
		half = whole;
		kept = vault_tree_ref(draft);
		for (unsigned i = test_below(&rng, 20); i > 0; i--)
			random_change(&rng, &draft, &whole);
		same_draft(&rng, draft, &m, &whole);
		same_draft(&rng, kept, &m, &half);
		same_as_model(t, &m);
		vault_tree_unref(round % 3 == 0 ? draft : kept);
		if (round % 3 == 1) {
			vault_tree_unref(draft);
			continue;
		}
		ck_ok(vault_tree_settle(&t, round % 3 == 0 ? kept : draft));
		m = round % 3 == 0 ? half : whole;
		same_as_model(t, &m);
	}
	ck_assert_uint_gt(m.n, 100);
	vault_tree_unref(t);
	ck_assert_uint_eq(live_nodes, 0);
}
END_TEST

START_TEST(a_draft_copies_no_path_and_settles_in_place)
{
	struct vault_tree *t = NULL, *draft;
	size_t before;

	for (uint64_t i = 0; i < 4096; i++) {
		struct vault_key key = numbered(i);

		put(&t, NULL, &key, (const uint8_t *)"value", 5);
	}
	before = live_nodes;
	draft = vault_tree_draft(t);
	for (uint64_t i = 0; i < 3; i++) {
		struct vault_key key = numbered(i * 1000);

		put(&draft, NULL, &key, (const uint8_t *)"other", 5);
		ck_assert_mem_eq(vault_tree_get(t, &key).p, "value", 5);
	}
	/* The draft, three leaves, two branches that join them. */
	ck_assert_uint_eq(live_nodes - before, 6);
	failing_after = 0;
	ck_ok(vault_tree_settle(&t, draft));
	failing_after = (size_t)-1;
	ck_assert_uint_eq(live_nodes, before);
	vault_tree_unref(t);
	ck_assert_uint_eq(live_nodes, 0);
}
END_TEST

START_TEST(a_draft_without_memory_is_as_it_was)
{
	static struct model m, changed;
	struct vault_tree *t = NULL, *draft, *kept;
	struct sr_drbg rng;
	unsigned failed = 0;

	test_drbg(&rng, "a draft without memory");
	m.n = 0;
	while (m.n < 200)
		random_change(&rng, &t, &m);
	changed = m;
	draft = vault_tree_draft(t);
	for (unsigned i = 0; i < 300; i++) {
		struct vault_key key = i % 3 == 0 ? random_key(&rng) :
		    changed.list[test_below(&rng, (uint32_t)changed.n)].key;
		enum sr_error error;

		kept = vault_tree_ref(draft);
		failing_after = test_below(&rng, 8);
		error = i % 2 ? vault_tree_put(&draft, &key, (const uint8_t *)"v", 1) :
		    vault_tree_delete(&draft, &key);
		failing_after = (size_t)-1;
		ck_assert(error == SR_OK || error == SR_ERR_NO_MEMORY);
		failed += error == SR_OK ? 0 : 1;
		if (error == SR_OK && i % 2)
			model_put(&changed, &key, (const uint8_t *)"v", 1);
		else if (error == SR_OK)
			model_delete(&changed, &key);
		same_draft(&rng, draft, &m, &changed);
		vault_tree_unref(kept);
	}
	ck_assert_uint_gt(failed, 50);
	failing_after = 0;
	ck_assert_ptr_null(vault_tree_draft(t));
	failing_after = (size_t)-1;
	vault_tree_unref(draft);
	same_as_model(t, &m);
	vault_tree_unref(t);
	ck_assert_uint_eq(live_nodes, 0);
}
END_TEST

START_TEST(a_value_may_be_as_long_as_its_limit_and_no_longer)
{
	static const uint8_t value[VAULT_VALUE_MAX + 1];
	const struct vault_key key = { { 1 } };
	struct vault_tree *t = NULL;

	ck_error(vault_tree_put(&t, &key, value, VAULT_VALUE_MAX + 1), SR_ERR_TOO_LONG);
	ck_assert_ptr_null(t);
	ck_ok(vault_tree_put(&t, &key, value, VAULT_VALUE_MAX));
	ck_assert_uint_eq(vault_tree_get(t, &key).n, VAULT_VALUE_MAX);
	ck_ok(vault_tree_put(&t, &key, NULL, 0)); /* empty is not absent */
	ck_assert_ptr_nonnull(vault_tree_get(t, &key).p);
	ck_assert_uint_eq(vault_tree_get(t, &key).n, 0);
	vault_tree_unref(t);
	ck_assert_uint_eq(live_nodes, 0);
}
END_TEST

/* The planted faults: what the comparisons above are for. */
START_TEST(the_model_notices_a_stale_hash_and_a_leak)
{
	static struct model m;
	struct vault_key key = numbered(1);
	struct vault_tree *t = NULL;
	struct sr_hash32 root, model;

	m.n = 0;
	put(&t, &m, &key, (const uint8_t *)"a", 1);
	key = numbered(2);
	put(&t, &m, &key, (const uint8_t *)"b", 1);
	vault_tree_root(t);
	put(&t, &m, &key, (const uint8_t *)"c", 1);
	t->hashed = true; /* as if the change had forgotten the branch above */
	root = vault_tree_root(t);
	model = model_root(m.list, m.n);
	ck_assert_mem_ne(root.b, model.b, 32);
	t->hashed = false;
	same_as_model(t, &m);
	vault_tree_ref(t);
	vault_tree_unref(t);
	ck_assert_uint_ne(live_nodes, 0); /* one reference is still held */
	vault_tree_unref(t);
	ck_assert_uint_eq(live_nodes, 0);
}
END_TEST

TEST_MAIN("vault tree",
    an_empty_tree_has_nothing_and_a_zero_root,
    random_changes_agree_with_a_sorted_array,
    the_root_does_not_depend_on_the_order_of_changes,
    old_versions_stay_as_they_were,
    a_change_copies_only_the_path_and_only_when_shared,
    the_deepest_path_has_a_branch_at_every_bit,
    a_walk_starts_at_a_key_and_stays_in_its_prefix,
    the_records_of_a_kind_are_a_tree_of_their_own,
    differences_are_those_of_the_arrays_in_order,
    a_difference_with_nothing_is_everything,
    a_change_without_memory_changes_nothing,
    a_draft_reads_like_the_tree_it_becomes,
    a_draft_copies_no_path_and_settles_in_place,
    a_draft_without_memory_is_as_it_was,
    a_value_may_be_as_long_as_its_limit_and_no_longer,
    the_model_notices_a_stale_hash_and_a_leak)
