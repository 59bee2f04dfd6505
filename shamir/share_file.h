/*
 * shamir/share_file.h - a share of a byte string as a file (docs/FORMATS-share.md), made and read
 * in pieces of any size. Pure: the caller moves the bytes.
 *
 *   header (40)     magic "SRSH", version, t, n, index, split id (16), payload length (8),
 *                   zeros (8)
 *   body            the share of the payload, one byte for each
 *   key share (32)  the share of a random check key, shared with the payload
 *   prints (32 n)   SHA-256 of each share's header, body and key share, in order of index
 *   check (32)      HMAC under the check key of a hash of split id, t, n, payload and prints
 *   end (32)        SHA-256 of prints and check
 *
 * Every share carries every share's print, so a changed share is named by the others even when its
 * own print was changed along. The prints hide the payload since each covers 32 random bytes of key
 * share.
 */
#ifndef SR_SHAMIR_SHARE_FILE_H
#define SR_SHAMIR_SHARE_FILE_H

#include "shamir/gf256.h"
#include "base/drbg.h"

#define SHAMIR_FILE_HEADER 40u
#define SHAMIR_FILE_VERSION 1u
#define SHAMIR_FILE_TRAILER_MAX (32u + 32u * SHAMIR_GF_SHARES_MAX + 64u)

struct shamir_file_header { uint8_t split_id[16]; uint8_t t, n, index; uint64_t payload_n; };

void shamir_file_header_write(uint8_t out[SHAMIR_FILE_HEADER], const struct shamir_file_header *h);
/* BAD_KIND (not a share file), BAD_VERSION, BAD_ENCODING, THRESHOLD, SHARE_INDEX, PAYLOAD_SIZE. */
SR_MUST_CHECK enum sr_error shamir_file_header_read(struct shamir_file_header *out,
    const uint8_t in[SHAMIR_FILE_HEADER]);
/* Bytes after the body: key share, prints, check, end. */
size_t shamir_file_trailer_size(unsigned n);

/* --- splitting --- */
struct shamir_splitter;         /* owned; secret memory */
/* 2 <= t <= n <= 255, payload_n <= SR_PAYLOAD_MAX and not 0 (EMPTY). */
SR_MUST_CHECK enum sr_error shamir_splitter_new(struct shamir_splitter **out, unsigned t,
    unsigned n, uint64_t payload_n, struct sr_drbg *drbg);
/* The header of share index 1..n. */
void shamir_splitter_header(const struct shamir_splitter *self, unsigned index,
    uint8_t out[SHAMIR_FILE_HEADER]);
/* out[i]: size bytes of body for share i + 1. TOO_LONG beyond payload_n. */
SR_MUST_CHECK enum sr_error shamir_splitter_update(struct shamir_splitter *self,
    uint8_t *const *out, const uint8_t *in, size_t size);
/* out[i]: shamir_file_trailer_size(n) bytes for share i + 1. TRUNCATED before payload_n bytes. */
SR_MUST_CHECK enum sr_error shamir_splitter_finish(struct shamir_splitter *self,
    uint8_t *const *out);
void shamir_splitter_free(struct shamir_splitter *self);

/* --- joining --- what update gives out is not to be used before finish has said SR_OK. */
struct shamir_joiner;
/* m headers. SHARE_TOO_FEW below t, SHARE_DUPLICATE, SHARE_MISMATCH (different splits); *bad: the
 * position (0..m-1) of the file at fault for the last two. All m shares are used and must agree. */
SR_MUST_CHECK enum sr_error shamir_joiner_new(struct shamir_joiner **out,
    const struct shamir_file_header *headers, unsigned m, unsigned *bad);
SR_MUST_CHECK enum sr_error shamir_joiner_update(struct shamir_joiner *self, uint8_t *out,
    const uint8_t *const *in, size_t size);
/* in[i]: shamir_file_trailer_size(n) bytes of file i. SHARE_BAD with the position of the damaged or
 * changed one in *bad; SHARE_MISMATCH when they don't belong together and no one can be named (*bad
 * is m); TRUNCATED before payload_n bytes. */
SR_MUST_CHECK enum sr_error shamir_joiner_finish(struct shamir_joiner *self,
    const uint8_t *const *in, unsigned *bad);
void shamir_joiner_free(struct shamir_joiner *self);

#endif
