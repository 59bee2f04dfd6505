/* Edges of the share code that no story of the other tests comes to. */
#include <string.h>

#include "base/drbg.h"
#include "shamir/feldman.h"
#include "shamir/gf256.h"
#include "shamir/share_file.h"
#include "shamir/tdh2.h"
#include "tests/lib/check_main.h"

START_TEST(a_kernel_that_does_not_exist_is_none)
{
	ck_assert_ptr_null(shamir_gf_kernel_get(SHAMIR_GF_KERNELS));
	ck_assert_ptr_nonnull(shamir_gf_kernel_best());
}
END_TEST

START_TEST(coefficients_for_none_or_for_too_many_are_refused)
{
	uint8_t lambda[1], indices[256] = { 1 };

	ck_error(shamir_gf_lagrange(lambda, indices, 0, 0), SR_ERR_EMPTY);
	ck_error(shamir_gf_lagrange(lambda, indices, 256, 0), SR_ERR_TOO_MANY);
}
END_TEST

START_TEST(more_keys_or_dealings_than_members_are_refused)
{
	static const struct shamir_commitments *dealings[SR_MEMBERS_MAX + 2];
	static struct shamir_commitments c, sum;
	struct sr_point key;

	for (size_t i = 0; i < SR_MEMBERS_MAX + 2; i++)
		dealings[i] = &c;
	ck_error(shamir_feldman_keys(&key, SR_MEMBERS_MAX + 1, &c), SR_ERR_TOO_MANY);
	ck_error(shamir_dkg_sum_commitments(&sum, dealings, SR_MEMBERS_MAX + 2), SR_ERR_TOO_MANY);
	ck_error(shamir_dkg_sum_commitments(&sum, dealings, 0), SR_ERR_EMPTY);
}
END_TEST

START_TEST(a_label_too_long_or_a_threshold_out_of_range_is_refused)
{
	static const uint8_t label[SHAMIR_TDH2_LABEL_MAX + 1];
	struct shamir_tdh2_ct ct = { 0 };
	struct shamir_index bad = { 9 };
	struct sr_key32 key;

	ck_error(shamir_tdh2_check(&ct, label, sizeof label), SR_ERR_TOO_LONG);
	ck_error(shamir_tdh2_combine(&key, &bad, &ct, label, 1, NULL, NULL, NULL, 0, 0),
	    SR_ERR_THRESHOLD);
	ck_error(shamir_tdh2_combine(&key, &bad, &ct, label, 1, NULL, NULL, NULL, 0,
	    SHAMIR_T_MAX + 1), SR_ERR_THRESHOLD);
	ck_assert_uint_eq(bad.v, 0);
	ck_error(shamir_tdh2_open(&key, label, 1, NULL, NULL, 0), SR_ERR_THRESHOLD);
	ck_error(shamir_tdh2_open(&key, label, 1, NULL, NULL, SHAMIR_T_MAX + 1), SR_ERR_THRESHOLD);
}
END_TEST

START_TEST(a_joiner_takes_neither_too_many_files_nor_more_bytes_than_they_say)
{
	static struct shamir_file_header headers[256];
	static uint8_t header[SHAMIR_FILE_HEADER], byte[1], out[1];
	const uint8_t *const in[2] = { byte, byte };
	struct shamir_splitter *splitter;
	struct shamir_joiner *joiner;
	struct sr_key32 seed = { { 1 } };
	struct sr_drbg drbg;
	unsigned bad;

	sr_drbg_init(&drbg, &seed);
	ck_ok(shamir_splitter_new(&splitter, 2, 2, 1, &drbg));
	for (unsigned i = 0; i < 2; i++) {
		shamir_splitter_header(splitter, i + 1, header);
		ck_ok(shamir_file_header_read(&headers[i], header));
	}
	ck_error(shamir_joiner_new(&joiner, headers, 256, &bad), SR_ERR_TOO_MANY);
	ck_ok(shamir_joiner_new(&joiner, headers, 2, &bad));
	ck_error(shamir_joiner_finish(joiner, in, &bad), SR_ERR_TRUNCATED);
	ck_error(shamir_joiner_update(joiner, out, in, 2), SR_ERR_TOO_LONG);
	shamir_joiner_free(joiner);
	shamir_joiner_free(NULL);
	shamir_splitter_free(splitter);
	sr_drbg_wipe(&drbg);
}
END_TEST

TEST_MAIN("shamir_edges",
	a_kernel_that_does_not_exist_is_none,
	coefficients_for_none_or_for_too_many_are_refused,
	more_keys_or_dealings_than_members_are_refused,
	a_label_too_long_or_a_threshold_out_of_range_is_refused,
	a_joiner_takes_neither_too_many_files_nor_more_bytes_than_they_say)
