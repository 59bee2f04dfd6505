/*
 * blob/code.h - the erasure code of large payloads: any data_pieces of their pieces give the data,
 * or any other piece, back. The only place that includes ISA-L. Ciphertext only: its tables are
 * indexed by data.
 *
 * Piece i < k carries the data itself, the others sums under the Cauchy matrix of ISA-L
 * (gf_gen_cauchy1_matrix), in which any k rows can be inverted. k: data pieces; n: pieces.
 */
#ifndef SR_BLOB_CODE_H
#define SR_BLOB_CODE_H

#include "base/error.h"
#include "vault/op.h"

#define BLOB_TABLE_BYTES 32u             /* ISA-L's, for each coefficient */

/* Do the sizes of a payload in pieces fit together? OUT_OF_RANGE. */
SR_MUST_CHECK enum sr_error blob_check(const struct vault_payload *payload);
/* Of each piece; the payload is checked. */
uint64_t blob_piece_bytes(const struct vault_payload *payload);

/* Tables for blob_code. SHARE_DUPLICATE: a piece twice; OUT_OF_RANGE: a piece that is none. */
/* k pieces in, pieces k to n - 1 out: k * (n - k) coefficients. */
SR_MUST_CHECK enum sr_error blob_tables_parity(uint8_t *tables, uint32_t k, uint32_t n);
/* Pieces which[0..k-1] in, pieces 0 to k - 1 out: k * k coefficients. */
SR_MUST_CHECK enum sr_error blob_tables_data(
    uint8_t *tables, uint32_t k, uint32_t n, const uint32_t *which);
/* Pieces which[0..k-1] in, one piece out: k coefficients. */
SR_MUST_CHECK enum sr_error blob_tables_piece(
    uint8_t *tables, uint32_t k, uint32_t n, const uint32_t *which, uint32_t piece);
/* bytes of each of k pieces in, as many of each of out_n pieces out. */
void blob_code(uint8_t *const *out, uint32_t out_n, const uint8_t *tables, uint8_t *const *in,
    uint32_t k, size_t bytes);

#endif
