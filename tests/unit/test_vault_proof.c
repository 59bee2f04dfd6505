#include "vault/proof.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"
#include "vault/tree.h"

#define KEYS 400u

static struct vault_key keys[KEYS];
static struct vault_tree *tree;
static struct sr_hash32 root;
static struct sr_drbg rng;

static struct vault_key random_key(void)
{
	struct vault_key key = { { 'n' } };

	if (test_below(&rng, 2) == 0) {
		ck_ok(sr_drbg_fill(&rng, key.b, 32));
	} else {
		key.b[7] = (uint8_t)test_below(&rng, 2);
		key.b[8] = (uint8_t)test_below(&rng, 256);
		key.b[20] = (uint8_t)test_below(&rng, 2);
	}
	return key;
}

/* The value of a key is the hash of it, cut to a length that varies. */
static struct sr_hash32 value_of(const struct vault_key *key, size_t *n)
{
	struct sr_hash32 h = sr_hash(key->b, 32);

	*n = h.b[0] % 33;
	return h;
}

static void plant(void)
{
	test_drbg(&rng, "proof");
	for (unsigned i = 0; i < KEYS; i++) {
		struct sr_hash32 value;
		size_t n;

		keys[i] = random_key();
		value = value_of(&keys[i], &n);
		ck_ok(vault_tree_put(&tree, &keys[i], value.b, n));
	}
	root = vault_tree_root(tree);
}

static void fell(void)
{
	vault_tree_unref(tree);
	tree = NULL;
	root = vault_tree_root(tree);
}

static struct sr_writer prove(const struct vault_key *key)
{
	struct sr_writer w;

	sr_writer_init(&w, VAULT_PROOF_MAX);
	vault_tree_prove(&w, tree, key);
	ck_ok(w.error);
	return w;
}

static enum sr_error check(bool *present, const struct vault_key *key, const uint8_t *p, size_t n)
{
	struct sr_bytes value;

	return vault_proof_check(present, &value, &root, key, p, n);
}

static void refused(const struct vault_key *key, const uint8_t *p, size_t n)
{
	bool present = true;
	struct sr_bytes value = { p, 1 };

	ck_assert_int_ne(vault_proof_check(&present, &value, &root, key, p, n), SR_OK);
	ck_assert(!present);
	ck_assert_ptr_null(value.p);
}

START_TEST(every_key_is_proved_with_its_value)
{
	plant();
	for (unsigned i = 0; i < KEYS; i++) {
		struct sr_writer w = prove(&keys[i]);
		struct sr_bytes value;
		bool present;
		size_t n;
		struct sr_hash32 expected = value_of(&keys[i], &n);

		ck_ok(vault_proof_check(&present, &value, &root, &keys[i], w.p, w.n));
		ck_assert(present);
		ck_assert_uint_eq(value.n, n);
		ck_assert_ptr_nonnull(value.p);
		ck_assert(n == 0 || memcmp(value.p, expected.b, n) == 0);
		sr_writer_clear(&w);
	}
	fell();
}
END_TEST

START_TEST(every_absent_key_is_proved_absent)
{
	unsigned ends[4] = { 0 };

	plant();
	for (unsigned i = 0; i < 3000; i++) {
		struct vault_key key = random_key();
		struct sr_writer w;
		bool present;

		if (i % 2) {
			key = keys[test_below(&rng, KEYS)];
			key.b[test_below(&rng, 32)] ^= (uint8_t)(1u << test_below(&rng, 8));
		}
		if (vault_tree_get(tree, &key).p != NULL)
			continue;
		w = prove(&key);
		ck_ok(check(&present, &key, w.p, w.n));
		ck_assert(!present);
		ends[w.p[1]]++;
		sr_writer_clear(&w);
	}
	ck_assert_uint_gt(ends[VAULT_PROOF_LEAF], 100);
	ck_assert_uint_gt(ends[VAULT_PROOF_BRANCH], 100);
	fell();
}
END_TEST

START_TEST(an_empty_tree_proves_every_absence)
{
	const struct vault_key key = { { 1 } };
	struct sr_writer w = prove(&key);
	bool present;

	ck_ok(check(&present, &key, w.p, w.n));
	ck_assert(!present);
	plant();
	refused(&key, w.p, w.n); /* but says nothing about a full one */
	sr_writer_clear(&w);
	fell();
}
END_TEST

START_TEST(no_changed_bit_and_no_other_length_is_accepted)
{
	plant();
	for (unsigned i = 0; i < 12; i++) {
		struct vault_key key = i < 6 ? keys[i] : random_key();
		struct sr_writer w = prove(&key);
		uint8_t *exact;

		for (size_t bit = 0; bit < w.n * 8; bit++) {
			w.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			refused(&key, w.p, w.n);
			w.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		for (size_t n = 0; n < w.n; n++) {
			exact = malloc(n > 0 ? n : 1);
			ck_assert_ptr_nonnull(exact);
			memcpy(exact, w.p, n);
			refused(&key, exact, n);
			free(exact);
		}
		sr_write_u8(&w, 0);
		refused(&key, w.p, w.n);
		sr_writer_clear(&w);
	}
	fell();
}
END_TEST

START_TEST(a_proof_is_for_its_key_alone)
{
	plant();
	for (unsigned i = 0; i < KEYS; i++) {
		struct vault_key other = keys[(i + 1) % KEYS];
		struct sr_writer w = prove(&keys[i]);

		if (memcmp(other.b, keys[i].b, 32) != 0)
			refused(&other, w.p, w.n); /* one present key's for another */
		other = keys[i];
		other.b[31] ^= 1;
		if (vault_tree_get(tree, &other).p == NULL)
			refused(&other, w.p, w.n);
		sr_writer_clear(&w);
	}
	fell();
}
END_TEST

/* Another key's absence proof offered for a key that is there must not pass, whatever its end. */
START_TEST(no_absence_proof_hides_a_present_key)
{
	plant();
	for (unsigned i = 0; i < 2000; i++) {
		struct vault_key near = keys[test_below(&rng, KEYS)], hidden = near;
		struct sr_writer w;

		near.b[test_below(&rng, 32)] ^= (uint8_t)(1u << test_below(&rng, 8));
		if (vault_tree_get(tree, &near).p != NULL)
			continue;
		w = prove(&near);
		refused(&hidden, w.p, w.n);
		sr_writer_clear(&w);
	}
	fell();
}
END_TEST

/* --- forgeries that a careless checker would take --- */

/* A proof taken apart: the end as bytes, then the steps. */
struct parts {
	struct sr_bytes end;
	uint16_t steps;
	const uint8_t *step;
};

static struct parts take_apart(const struct sr_writer *w)
{
	struct parts parts = { { w->p + 2, 0 }, 0, NULL };
	struct sr_reader r;

	sr_reader_init(&r, w->p + 2, w->n - 2);
	if (w->p[1] == VAULT_PROOF_PRESENT)
		sr_read_blob(&r, VAULT_VALUE_MAX);
	else
		sr_read_view(&r,
		    w->p[1] == VAULT_PROOF_LEAF         ? 64
			: w->p[1] == VAULT_PROOF_BRANCH ? 97
							: 0);
	parts.end.n = w->n - 2 - r.left;
	parts.steps = sr_read_u16(&r);
	parts.step = r.p;
	ck_ok(r.error);
	ck_assert_uint_eq(r.left, parts.steps * 33u);
	return parts;
}

START_TEST(a_present_leaf_is_not_taken_as_another_leaf)
{
	plant();
	for (unsigned i = 0; i < KEYS; i++) {
		struct sr_writer w = prove(&keys[i]), forged;
		struct parts parts = take_apart(&w);
		size_t n;
		struct sr_hash32 value = value_of(&keys[i], &n);
		struct sr_hash32 value_hash = sr_hash(value.b, n);

		/* The hashes are right: only the rule "another leaf has another key" refuses it. */
		sr_writer_init(&forged, VAULT_PROOF_MAX);
		sr_write_u8(&forged, VAULT_PROOF_VERSION);
		sr_write_u8(&forged, VAULT_PROOF_LEAF);
		sr_write_copy(&forged, keys[i].b, 32);
		sr_write_hash(&forged, &value_hash);
		sr_write_u16(&forged, parts.steps);
		sr_write_copy(&forged, parts.step, parts.steps * 33u);
		refused(&keys[i], forged.p, forged.n);
		sr_writer_clear(&forged);
		sr_writer_clear(&w);
	}
	fell();
}
END_TEST

/* The tree's own structure, found through its proofs: the hash of a node at some step of a path. */
static struct sr_hash32 branch_hash(unsigned bit, const struct vault_key *key,
    const struct sr_hash32 *left, const struct sr_hash32 *right)
{
	uint8_t bit_le[2] = { (uint8_t)bit, 0 };
	struct vault_key prefix = *key;
	struct sr_bytes parts[] = { { bit_le, 2 }, { prefix.b, 32 }, { left->b, 32 },
		{ right->b, 32 } };

	for (unsigned b = bit; b < 256; b++)
		prefix.b[b / 8] &= (uint8_t)~(0x80u >> b % 8);
	return sr_hash_domain("strongroom branch v1", parts, 4);
}

START_TEST(a_branch_on_the_keys_own_path_does_not_prove_absence)
{
	unsigned tried = 0;

	plant();
	for (unsigned i = 0; i < KEYS; i++) {
		struct sr_writer w = prove(&keys[i]), forged;
		struct parts parts = take_apart(&w);
		size_t n;
		struct sr_hash32 value = value_of(&keys[i], &n), value_hash = sr_hash(value.b, n),
				 hash, other;
		struct sr_bytes leaf[] = { { keys[i].b, 32 }, { value_hash.b, 32 } };
		unsigned bit = parts.step[0], side = keys[i].b[bit / 8] >> (7 - bit % 8) & 1;
		struct vault_key prefix = keys[i];

		/* The lowest branch above the key, shown as the end: its prefix is the key's. */
		hash = sr_hash_domain("strongroom leaf v1", leaf, 2);
		memcpy(other.b, parts.step + 1, 32);
		for (unsigned b = bit; b < 256; b++)
			prefix.b[b / 8] &= (uint8_t)~(0x80u >> b % 8);
		sr_writer_init(&forged, VAULT_PROOF_MAX);
		sr_write_u8(&forged, VAULT_PROOF_VERSION);
		sr_write_u8(&forged, VAULT_PROOF_BRANCH);
		sr_write_u8(&forged, (uint8_t)bit);
		sr_write_copy(&forged, prefix.b, 32);
		sr_write_hash(&forged, side == 0 ? &hash : &other);
		sr_write_hash(&forged, side == 0 ? &other : &hash);
		sr_write_u16(&forged, (uint16_t)(parts.steps - 1));
		sr_write_copy(&forged, parts.step + 33, (parts.steps - 1u) * 33u);
		refused(&keys[i], forged.p, forged.n);
		/* True of a key that does part from the prefix: the forgery is well built. */
		if (parts.steps > 1) {
			struct vault_key outside = keys[i];
			unsigned up = parts.step[33] + 1u;
			bool present;

			if (up < bit) {
				outside.b[up / 8] ^= (uint8_t)(0x80u >> up % 8);
				ck_ok(check(&present, &outside, forged.p, forged.n));
				ck_assert(!present);
				tried++;
			}
		}
		sr_writer_clear(&forged);
		sr_writer_clear(&w);
	}
	ck_assert_uint_gt(tried, 20);
	fell();
}
END_TEST

/* With a root of the attacker's own making, the rules about bits still hold. */
START_TEST(steps_must_rise_and_stay_within_what_the_end_shares)
{
	const struct vault_key key = { { 0x80 } }, other = { { 0x80, 0x80 } }; /* part at bit 8 */
	const struct sr_hash32 sibling = { { 7 } }, value_hash = { { 9 } };
	static const struct {
		unsigned bits[2];
		enum sr_error error;
	} rows[] = {
		{ { 7, 3 }, SR_OK },
		{ { 7, 0 }, SR_OK },
		{ { 8, 3 }, SR_ERR_BAD_PROOF },
		{ { 9, 3 }, SR_ERR_BAD_PROOF },
		{ { 3, 3 }, SR_ERR_BAD_PROOF },
		{ { 3, 7 }, SR_ERR_BAD_PROOF },
	};
	struct sr_bytes leaf[] = { { other.b, 32 }, { value_hash.b, 32 } };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sr_hash32 hash = sr_hash_domain("strongroom leaf v1", leaf, 2);
		struct sr_writer w;
		struct sr_bytes value;
		bool present;

		sr_writer_init(&w, VAULT_PROOF_MAX);
		sr_write_u8(&w, VAULT_PROOF_VERSION);
		sr_write_u8(&w, VAULT_PROOF_LEAF);
		sr_write_copy(&w, other.b, 32);
		sr_write_hash(&w, &value_hash);
		sr_write_u16(&w, 2);
		for (unsigned j = 0; j < 2; j++) {
			unsigned bit = rows[i].bits[j];

			sr_write_u8(&w, (uint8_t)bit);
			sr_write_hash(&w, &sibling);
			hash = key.b[bit / 8] >> (7 - bit % 8) & 1
			    ? branch_hash(bit, &key, &sibling, &hash)
			    : branch_hash(bit, &key, &hash, &sibling);
		}
		ck_error(vault_proof_check(&present, &value, &hash, &key, w.p, w.n), rows[i].error);
		sr_writer_clear(&w);
	}
}
END_TEST

START_TEST(a_prefix_with_bits_past_its_end_is_refused)
{
	const struct vault_key key = { { 0x80 } };
	const struct sr_hash32 left = { { 1 } }, right = { { 2 } };

	for (unsigned extra = 0; extra < 2; extra++) {
		struct vault_key prefix = { { 0x40, 0, (uint8_t)extra } };
		uint8_t bit_le[2] = { 9, 0 };
		struct sr_bytes parts[] = { { bit_le, 2 }, { prefix.b, 32 }, { left.b, 32 },
			{ right.b, 32 } };
		struct sr_hash32 hash = sr_hash_domain("strongroom branch v1", parts, 4);
		struct sr_writer w;
		struct sr_bytes value;
		bool present;

		sr_writer_init(&w, VAULT_PROOF_MAX);
		sr_write_u8(&w, VAULT_PROOF_VERSION);
		sr_write_u8(&w, VAULT_PROOF_BRANCH);
		sr_write_u8(&w, 9);
		sr_write_copy(&w, prefix.b, 32);
		sr_write_hash(&w, &left);
		sr_write_hash(&w, &right);
		sr_write_u16(&w, 0);
		ck_error(vault_proof_check(&present, &value, &hash, &key, w.p, w.n),
		    extra ? SR_ERR_BAD_PROOF : SR_OK);
		sr_writer_clear(&w);
	}
}
END_TEST

START_TEST(the_longest_proof_fits_its_limit)
{
	static const uint8_t value[VAULT_VALUE_MAX];
	struct vault_key key = { { 0 } };
	struct sr_writer w;
	bool present;

	ck_ok(vault_tree_put(&tree, &key, value, sizeof value));
	for (unsigned bit = 0; bit < 256; bit++) {
		struct vault_key other = { { 0 } };

		other.b[bit / 8] = (uint8_t)(0x80u >> bit % 8);
		ck_ok(vault_tree_put(&tree, &other, value, 1));
	}
	root = vault_tree_root(tree);
	w = prove(&key);
	ck_assert_uint_le(w.n, VAULT_PROOF_MAX);
	ck_ok(check(&present, &key, w.p, w.n));
	ck_assert(present);
	sr_writer_clear(&w);
	fell();
}
END_TEST

START_TEST(a_branch_over_nothing_is_no_absence)
{
	struct vault_key key = { { 0 } }, prefix = { { 0 } };
	struct sr_hash32 nothing = { { 0 } }, other = { { 7 } }, top;
	uint8_t bit_le[2] = { 3, 0 };
	struct sr_bytes parts[] = { { bit_le, 2 }, { prefix.b, 32 }, { nothing.b, 32 },
		{ other.b, 32 } }, value;
	struct sr_writer w;
	bool present;

	top = sr_hash_domain("strongroom branch v1", parts, 4);
	sr_writer_init(&w, VAULT_PROOF_MAX);
	sr_write_u8(&w, VAULT_PROOF_VERSION);
	sr_write_u8(&w, VAULT_PROOF_EMPTY);
	sr_write_u16(&w, 1);
	sr_write_u8(&w, 3);
	sr_write_hash(&w, &other);
	ck_ok(w.error);
	ck_error(vault_proof_check(&present, &value, &top, &key, w.p, w.n), SR_ERR_BAD_PROOF);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(length_and_steps_are_bounded_before_anything_is_read)
{
	static uint8_t zeros[VAULT_PROOF_MAX + 1];
	struct vault_key key = { { 0 } };
	struct sr_bytes value;
	struct sr_writer w;
	bool present;

	ck_error(vault_proof_check(&present, &value, &root, &key, zeros, sizeof zeros),
	    SR_ERR_TOO_LONG);
	ck_error(vault_proof_check(&present, &value, &root, &key, zeros, VAULT_PROOF_MAX),
	    SR_ERR_BAD_VERSION);
	sr_writer_init(&w, VAULT_PROOF_MAX);
	sr_write_u8(&w, VAULT_PROOF_VERSION);
	sr_write_u8(&w, VAULT_PROOF_EMPTY);
	sr_write_u16(&w, VAULT_PROOF_STEPS_MAX + 1);
	sr_write_copy(&w, zeros, (VAULT_PROOF_STEPS_MAX + 1) * 33u);
	ck_ok(w.error);
	ck_error(vault_proof_check(&present, &value, &root, &key, w.p, w.n), SR_ERR_TOO_LONG);
	sr_writer_clear(&w);
}
END_TEST

TEST_MAIN("vault proof",
    every_key_is_proved_with_its_value,
    every_absent_key_is_proved_absent,
    an_empty_tree_proves_every_absence,
    no_changed_bit_and_no_other_length_is_accepted,
    a_proof_is_for_its_key_alone,
    no_absence_proof_hides_a_present_key,
    a_present_leaf_is_not_taken_as_another_leaf,
    a_branch_on_the_keys_own_path_does_not_prove_absence,
    steps_must_rise_and_stay_within_what_the_end_shares,
    a_prefix_with_bits_past_its_end_is_refused,
    the_longest_proof_fits_its_limit,
    a_branch_over_nothing_is_no_absence,
    length_and_steps_are_bounded_before_anything_is_read)
