#include "node/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "node/row.h"
#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

#define NAMES 3000u

/* A name of each kind: blinded, with a long common beginning, short. */
static size_t name_make(uint8_t out[ROW_KEY_MAX], uint32_t i)
{
	struct sr_hash32 hash;
	size_t n = i % 3 == 0 ? 32 : i % 3 == 1 ? 40 + i % 50 : 1 + i % 3;

	memset(out, 7, ROW_KEY_MAX);
	hash = sr_hash((const uint8_t *)&i, sizeof i);
	if (i % 3 == 1)
		memcpy(out + 36, &i, sizeof i);
	else
		memcpy(out, hash.b, sizeof hash.b);
	return n;
}

struct name { uint8_t key[ROW_KEY_MAX]; size_t n; uint64_t at; bool removed; };

static int by_name(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	return index_compare(x->key, x->n, y->key, y->n);
}

static struct name *names;
static size_t names_n;

/* Puts it, here and there. */
static void put(struct index *index, uint32_t i, uint64_t at)
{
	struct name name = { .at = at, .removed = at % 5 == 0 }, *old;

	name.n = name_make(name.key, i);
	ck_ok(index_room(index, 1, name.n));
	index_put(index, name.key, name.n, at, (uint32_t)(at % 1000), name.removed);
	for (old = names; old < names + names_n; old++)
		if (by_name(old, &name) == 0)
			break;
	*old = name;
	names_n += old == names + names_n;
}

static void same(const struct index_row *row, const struct name *name)
{
	ck_assert_ptr_nonnull(row);
	ck_assert_int_eq(index_compare(row->key, row->key_n, name->key, name->n), 0);
	ck_assert_uint_eq(row->at, name->at);
	ck_assert_uint_eq(row->n, name->at % 1000);
	ck_assert_int_eq(row->removed, name->removed);
}

START_TEST(rows_are_found_and_follow_each_other_as_in_a_sorted_list)
{
	struct index index;
	const struct index_row *row;
	uint64_t seed = test_seed(), removed = 0;
	size_t i = 0;

	names = calloc(NAMES + 1, sizeof *names);
	names_n = 0;
	ck_ok(index_init(&index));
	ck_assert_ptr_null(index_after(&index, NULL, 0));
	for (uint32_t k = 0; k < NAMES; k++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		put(&index, (uint32_t)(seed >> 40) % 2500, seed >> 20);
	}
	qsort(names, names_n, sizeof *names, by_name);
	ck_assert_uint_eq(index.rows, names_n);
	for (row = index_after(&index, NULL, 0); row != NULL; i++) {
		same(row, &names[i]);
		same(index_find(&index, names[i].key, names[i].n), &names[i]);
		removed += names[i].removed;
		row = index_after(&index, row->key, row->key_n);
	}
	ck_assert_uint_eq(i, names_n);
	ck_assert_uint_eq(index.removed, removed);
	/* Names that are not there have a place all the same. */
	for (uint32_t k = 10000; k < 12000; k++) {
		struct name other = { .n = name_make(other.key, k) };

		for (i = 0; i < names_n && by_name(&names[i], &other) <= 0; i++)
			;
		row = index_after(&index, other.key, other.n);
		if (i < names_n)
			same(row, &names[i]);
		else
			ck_assert_ptr_null(row);
		if (i == 0 || by_name(&names[i - 1], &other) != 0)
			ck_assert_ptr_null(index_find(&index, other.key, other.n));
	}
	index_clear(&index);
	free(names);
}
END_TEST

/* What the disk holds can always be put. */
START_TEST(room_that_was_made_is_enough_for_names_of_any_length)
{
	static uint8_t key[ROW_KEY_MAX];
	struct index index;

	ck_ok(index_init(&index));
	for (size_t n = 1; n <= ROW_KEY_MAX; n += n < 4 ? 1 : 340) {
		uint32_t rows = n < 3 ? 200 : 20000;

		ck_ok(index_room(&index, rows, rows * n));
		for (uint32_t i = 0; i < rows; i++) {
			memset(key, (int)n, sizeof key);
			memcpy(key, &i, n < 4 ? n : 4);
			index_put(&index, key, n, i, 1, false);
		}
	}
	ck_assert_uint_gt(index.rows, 40000);
	index_clear(&index);
}
END_TEST

TEST_MAIN("node_index", rows_are_found_and_follow_each_other_as_in_a_sorted_list,
    room_that_was_made_is_enough_for_names_of_any_length)
