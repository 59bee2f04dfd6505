#include "blob/code.h"

#include <isa-l/erasure_code.h>
#include <stdlib.h>
#include <string.h>

enum sr_error blob_check(const struct vault_payload *p)
{
	if (p->inlined || p->data_pieces == 0 || p->data_pieces > p->pieces_n ||
	    p->pieces_n > VAULT_BLOB_PIECES_MAX || p->stripe_bytes == 0 ||
	    p->stripe_bytes > VAULT_STRIPE_BYTES_MAX || p->cipher_bytes == 0 ||
	    p->cipher_bytes > VAULT_BLOB_CIPHER_MAX)
		return SR_ERR_OUT_OF_RANGE;
	return SR_OK;
}

uint64_t blob_piece_bytes(const struct vault_payload *payload)
{
	uint64_t stripe = (uint64_t)payload->stripe_bytes * payload->data_pieces;

	return (payload->cipher_bytes + stripe - 1) / stripe * payload->stripe_bytes;
}

enum sr_error blob_tables_parity(uint8_t *tables, uint32_t k, uint32_t n)
{
	uint8_t *matrix = malloc((size_t)n * k);

	if (matrix == NULL)
		return SR_ERR_NO_MEMORY;
	gf_gen_cauchy1_matrix(matrix, (int)n, (int)k);
	if (n > k)
		ec_init_tables((int)k, (int)(n - k), matrix + k * k, tables);
	free(matrix);
	return SR_OK;
}

static bool pieces_valid(uint32_t k, uint32_t n, const uint32_t *which)
{
	for (uint32_t i = 0; i < k; i++)
		if (which[i] >= n)
			return false;
	return true;
}

/* What makes data of the pieces at hand: their rows, inverted. all: the whole matrix. */
static enum sr_error rows_invert(
    uint8_t *inverse, const uint8_t *all, uint32_t k, const uint32_t *which)
{
	uint8_t *rows = malloc((size_t)k * k);
	enum sr_error err = SR_ERR_NO_MEMORY;

	if (rows != NULL) {
		for (size_t i = 0; i < k; i++)
			memcpy(rows + i * k, all + (size_t)which[i] * k, k);
		err = gf_invert_matrix(rows, inverse, (int)k) == 0 ? SR_OK
								   : SR_ERR_SHARE_DUPLICATE;
	}
	free(rows);
	return err;
}

/* One row of the matrix times the inverse: a piece straight from other pieces. */
static void row_of_piece(uint8_t *row, const uint8_t *of_data, const uint8_t *inverse, uint32_t k)
{
	for (uint32_t j = 0; j < k; j++) {
		row[j] = 0;
		for (uint32_t i = 0; i < k; i++)
			row[j] ^= gf_mul(of_data[i], inverse[(size_t)i * k + j]);
	}
}

static enum sr_error tables_make(uint8_t *tables, uint32_t k, uint32_t n, const uint32_t *which,
    const uint32_t *piece)
{
	uint8_t *all, *inverse, row[VAULT_BLOB_PIECES_MAX];
	enum sr_error err = SR_ERR_NO_MEMORY;

	if (k == 0 || n > VAULT_BLOB_PIECES_MAX || k > n || !pieces_valid(k, n, which) ||
	    (piece != NULL && *piece >= n))
		return SR_ERR_OUT_OF_RANGE;
	all = malloc((size_t)n * k);
	inverse = malloc((size_t)k * k);
	if (all != NULL && inverse != NULL) {
		gf_gen_cauchy1_matrix(all, (int)n, (int)k);
		err = rows_invert(inverse, all, k, which);
	}
	if (err == SR_OK && piece == NULL) {
		ec_init_tables((int)k, (int)k, inverse, tables);
	} else if (err == SR_OK) {
		row_of_piece(row, all + (size_t)*piece * k, inverse, k);
		ec_init_tables((int)k, 1, row, tables);
	}
	free(all);
	free(inverse);
	return err;
}

enum sr_error blob_tables_data(uint8_t *tables, uint32_t k, uint32_t n, const uint32_t *which)
{
	return tables_make(tables, k, n, which, NULL);
}

enum sr_error blob_tables_piece(
    uint8_t *tables, uint32_t k, uint32_t n, const uint32_t *which, uint32_t piece)
{
	return tables_make(tables, k, n, which, &piece);
}

void blob_code(uint8_t *const *out, uint32_t out_n, const uint8_t *tables, uint8_t *const *in,
    uint32_t k, size_t bytes)
{
	/* ISA-L takes its arguments without const, and changes none of them. */
	ec_encode_data((int)bytes, (int)k, (int)out_n, (uint8_t *)(uintptr_t)tables,
	    (uint8_t **)(uintptr_t)in, (uint8_t **)(uintptr_t)out);
}
