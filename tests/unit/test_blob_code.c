#include "blob/code.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

#define N_MAX 7u
#define BYTES 97u

static uint8_t pieces[VAULT_BLOB_PIECES_MAX][BYTES];

static void pieces_make(struct sr_drbg *rng, uint32_t k, uint32_t n)
{
	uint8_t *tables = malloc((size_t)k * n * BLOB_TABLE_BYTES), *at[VAULT_BLOB_PIECES_MAX];

	for (uint32_t i = 0; i < n; i++)
		at[i] = pieces[i];
	for (uint32_t i = 0; i < k; i++)
		ck_ok(sr_drbg_fill(rng, pieces[i], BYTES));
	ck_ok(blob_tables_parity(tables, k, n));
	blob_code(at + k, n - k, tables, at, k, BYTES);
	free(tables);
}

/* Every piece, from these k. */
static void check_set(uint32_t k, uint32_t n, const uint32_t *which)
{
	uint8_t tables[N_MAX * N_MAX * BLOB_TABLE_BYTES], out[N_MAX][BYTES];
	uint8_t *in[N_MAX], *to[N_MAX];

	for (uint32_t i = 0; i < k; i++)
		in[i] = pieces[which[i]];
	for (uint32_t i = 0; i < N_MAX; i++)
		to[i] = out[i];
	for (uint32_t piece = 0; piece < n; piece++) {
		ck_ok(blob_tables_piece(tables, k, n, which, piece));
		blob_code(to, 1, tables, in, k, BYTES);
		ck_assert_mem_eq(out[0], pieces[piece], BYTES);
	}
	ck_ok(blob_tables_data(tables, k, n, which));
	blob_code(to, k, tables, in, k, BYTES);
	for (uint32_t i = 0; i < k; i++)
		ck_assert_mem_eq(out[i], pieces[i], BYTES);
}

START_TEST(any_data_pieces_give_every_piece_back)
{
	struct sr_drbg rng;

	test_drbg(&rng, "blob code");
	for (uint32_t n = 1; n <= N_MAX; n++)
		for (uint32_t k = 1; k <= n; k++) {
			pieces_make(&rng, k, n);
			for (uint32_t set = 0; set < 1u << n; set++) {
				uint32_t which[N_MAX], m = 0;

				for (uint32_t i = n; i-- > 0;)
					if ((set >> i & 1) != 0 && m < N_MAX)
						which[m++] = i;
				if (m == k)
					check_set(k, n, which);
			}
		}
}
END_TEST

START_TEST(the_largest_cluster_has_its_pieces)
{
	uint8_t *tables = malloc(VAULT_BLOB_PIECES_MAX * BLOB_TABLE_BYTES), out[BYTES], *to = out;
	uint8_t *in[34];
	uint32_t which[34];
	struct sr_drbg rng;

	test_drbg(&rng, "blob code");
	pieces_make(&rng, 34, 100);
	for (uint32_t i = 0; i < 34; i++) {
		which[i] = 99 - 2 * i;
		in[i] = pieces[which[i]];
	}
	ck_ok(blob_tables_piece(tables, 34, 100, which, 50));
	blob_code(&to, 1, tables, in, 34, BYTES);
	ck_assert_mem_eq(out, pieces[50], BYTES);
	free(tables);
}
END_TEST

START_TEST(pieces_that_do_not_belong_together_are_refused)
{
	uint8_t tables[4 * 4 * BLOB_TABLE_BYTES];
	uint32_t which[2] = { 1, 1 };

	ck_error(blob_tables_piece(tables, 2, 4, which, 0), SR_ERR_SHARE_DUPLICATE);
	ck_error(blob_tables_data(tables, 2, 4, which), SR_ERR_SHARE_DUPLICATE);
	which[1] = 4;
	ck_error(blob_tables_piece(tables, 2, 4, which, 0), SR_ERR_OUT_OF_RANGE);
	which[1] = 3;
	ck_error(blob_tables_piece(tables, 2, 4, which, 4), SR_ERR_OUT_OF_RANGE);
	ck_error(blob_tables_piece(tables, 0, 4, which, 0), SR_ERR_OUT_OF_RANGE);
	ck_error(blob_tables_piece(tables, 2, 1, which, 0), SR_ERR_OUT_OF_RANGE);
	ck_error(blob_tables_piece(tables, 2, VAULT_BLOB_PIECES_MAX + 1, which, 0),
	    SR_ERR_OUT_OF_RANGE);
}
END_TEST

START_TEST(sizes_that_do_not_fit_are_refused)
{
	struct vault_payload good = { .cipher_bytes = 1000, .data_pieces = 2, .pieces_n = 4,
		.stripe_bytes = 64 }, p;

	ck_ok(blob_check(&good));
	ck_assert_uint_eq(blob_piece_bytes(&good), 8 * 64);
	p = good, p.inlined = true;
	ck_error(blob_check(&p), SR_ERR_OUT_OF_RANGE);
	p = good, p.data_pieces = 0;
	ck_error(blob_check(&p), SR_ERR_OUT_OF_RANGE);
	p = good, p.data_pieces = 5;
	ck_error(blob_check(&p), SR_ERR_OUT_OF_RANGE);
	p = good, p.pieces_n = VAULT_BLOB_PIECES_MAX + 1;
	ck_error(blob_check(&p), SR_ERR_OUT_OF_RANGE);
	p = good, p.stripe_bytes = 0;
	ck_error(blob_check(&p), SR_ERR_OUT_OF_RANGE);
	p = good, p.stripe_bytes = VAULT_STRIPE_BYTES_MAX + 1;
	ck_error(blob_check(&p), SR_ERR_OUT_OF_RANGE);
	p = good, p.cipher_bytes = 0;
	ck_error(blob_check(&p), SR_ERR_OUT_OF_RANGE);
	p = good, p.cipher_bytes = VAULT_BLOB_CIPHER_MAX + 1;
	ck_error(blob_check(&p), SR_ERR_OUT_OF_RANGE);
}
END_TEST

TEST_MAIN("blob code", any_data_pieces_give_every_piece_back, the_largest_cluster_has_its_pieces,
    pieces_that_do_not_belong_together_are_refused, sizes_that_do_not_fit_are_refused)
