/* Keccak-256 against published values, and in any cutting. */
#include "chain/keccak.h"

#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"
#include "tests/lib/vectors.h"

START_TEST(the_published_digests_come_out)
{
	json_t *file = test_vectors_load("crypto/keccak256.json", "keccak-256 (28 cases)"), *row;
	size_t i, n;

	if (file == NULL)
		return;
	json_array_foreach(json_object_get(file, "cases"), i, row) {
		uint8_t *msg = test_vectors_hex(row, "msg", &n), expected[32];
		struct sr_hash32 got = chain_keccak256(msg, n);

		test_vectors_hex_into(expected, sizeof expected, row, "keccak256");
		ck_assert_mem_eq(got.b, expected, 32);
		free(msg);
	}
	ck_assert_uint_ge(i, 28);
	json_decref(file);
}
END_TEST

START_TEST(the_digest_of_nothing_is_the_well_known_one)
{
	static const uint8_t expected[4] = { 0xc5, 0xd2, 0x46, 0x01 };
	struct sr_hash32 got = chain_keccak256(NULL, 0);

	ck_assert_mem_eq(got.b, expected, sizeof expected);
}
END_TEST

START_TEST(parts_count_as_one_message)
{
	struct sr_drbg drbg;
	uint8_t bytes[700];
	struct sr_bytes parts[4];
	struct sr_hash32 whole, cut;

	test_drbg(&drbg, "parts");
	ck_ok(sr_drbg_fill(&drbg, bytes, sizeof bytes));
	for (unsigned round = 0; round < 300; round++) {
		size_t n = test_below(&drbg, sizeof bytes), at = 0;

		for (unsigned i = 0; i < 4; i++) {
			size_t now = i == 3 ? n - at : test_below(&drbg, (uint32_t)(n - at) + 1);

			parts[i] = (struct sr_bytes){ bytes + at, now };
			at += now;
		}
		whole = chain_keccak256(bytes, n);
		cut = chain_keccak256_parts(parts, 4);
		ck_assert_mem_eq(whole.b, cut.b, 32);
	}
}
END_TEST

TEST_MAIN("chain/keccak", the_published_digests_come_out,
    the_digest_of_nothing_is_the_well_known_one, parts_count_as_one_message)
