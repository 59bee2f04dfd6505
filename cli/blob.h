/*
 * cli/blob.h - a large ciphertext as erasure-coded pieces (blob/code.h), one for each seat: any
 * data_pieces of them restore it. Piece i belongs to the member on seat i; a seat nobody has leaves
 * a piece that nobody keeps, until someone takes the seat.
 *
 * The ciphertext, padded with zeros, is cut into stripes of data_pieces * stripe_bytes; each stripe
 * gives every piece stripe_bytes: piece i < data_pieces carries the data itself, the others sums
 * under a Cauchy matrix.
 */
#ifndef SR_CLI_BLOB_H
#define SR_CLI_BLOB_H

#include "base/crypto.h"
#include "blob/code.h"
#include "vault/op.h"

#define BLOB_STRIPE_MAX 65536u

/* k of n: with f faults among n members, n - f pieces arrive at put and f of those may be lost. */
uint32_t blob_data_pieces(uint32_t members);
/* How many members must take their piece before the payload counts as stored. */
uint32_t blob_needed(uint32_t members);

struct blob_coder;      /* owned */

/* --- coding: bytes in, one file per piece out --- fds[i]: piece i, -1: only its hash is wanted.
 * pieces: at least members. payload's fields but the hashes are set here, the hashes by finish. */
SR_MUST_CHECK enum sr_error blob_coder_new(struct blob_coder **out, struct vault_payload *payload,
    uint64_t cipher_bytes, uint32_t members, uint32_t pieces, const int *fds);
SR_MUST_CHECK enum sr_error blob_coder_update(struct blob_coder *self, const uint8_t *p, size_t n);
SR_MUST_CHECK enum sr_error blob_coder_finish(
    struct blob_coder *self, struct vault_payload *payload);
void blob_coder_free(struct blob_coder *self);

/* --- restoring: data_pieces files in, bytes out, from the beginning --- which[i]: the piece that
 * fds[i] holds; each read from its beginning. */
struct blob_reader;
SR_MUST_CHECK enum sr_error blob_reader_new(struct blob_reader **out,
    const struct vault_payload *payload, const uint32_t *which, const int *fds);
/* Exactly n more bytes. TRUNCATED past the end. */
SR_MUST_CHECK enum sr_error blob_reader_read(struct blob_reader *self, uint8_t *out, size_t n);
void blob_reader_free(struct blob_reader *self);

#endif
