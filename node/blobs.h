/*
 * node/blobs.h - pieces of large payloads, as files named by their SHA-256. Ciphertext only; anyone
 * may put one, so what nothing needs has half of the quota and expires.
 *
 * blobs/loose/HASH  nobody needs it yet       blobs/kept/HASH  a finalised secret needs it
 * blobs/wanted/HASH needed, not here yet      blobs/coming/N   being received
 *   (in it: what it is a piece of)
 *
 * May be used from two threads.
 */
#ifndef SR_NODE_BLOBS_H
#define SR_NODE_BLOBS_H

#include "base/crypto.h"

#define BLOBS_PIECE_MAX                                                                            \
	(1181116006ull) /* 1.1 GiB: a payload of 1 GiB in one piece, with its overhead */
#define BLOBS_COMING_MAX 64u                 /* uploads at a time */
#define BLOBS_FILES_MAX 1000000u
#define BLOBS_ABOUT_MAX 8192u
#define BLOBS_WANTED_MAX 65536u              /* each a file; those beyond are told at a restart */

struct blobs;
struct blob_put;

struct blobs_figures {
	uint64_t bytes, loose_bytes, files, loose_files, coming, refused, expired;
	uint64_t wanted;                     /* pieces needed, not here */
};

SR_MUST_CHECK enum sr_error blobs_open(struct blobs **out, const char *dir, uint64_t quota_bytes,
    uint64_t unreferenced_s, uint64_t free_min_bytes);
void blobs_close(struct blobs *self);

/* bytes: how many will come. DUPLICATE: it is here already; DISK_FULL; TOO_MANY; TOO_LONG; EMPTY.
 */
SR_MUST_CHECK enum sr_error blobs_put_begin(struct blob_put **out, struct blobs *self,
    const struct sr_hash32 *hash, uint64_t bytes);
SR_MUST_CHECK enum sr_error blobs_put_write(struct blob_put *put, const void *p, size_t n);
/* Durable on SR_OK. BAD_HASH, TRUNCATED. Ends put whatever it returns. */
SR_MUST_CHECK enum sr_error blobs_put_finish(struct blob_put *put);
void blobs_put_abort(struct blob_put *put);

/* An open file for the caller to close, or NOT_FOUND. */
SR_MUST_CHECK enum sr_error blobs_get(int *fd, uint64_t *bytes, struct blobs *self,
    const struct sr_hash32 *hash);

/* A finalised secret needs it, or no longer does. Durable. about: what it is a piece of (may be
 * empty), for who restores it. missing (may be NULL): it is not here. TOO_MANY are missing. */
SR_MUST_CHECK enum sr_error blobs_keep(struct blobs *self, bool *missing,
    const struct sr_hash32 *hash, struct sr_bytes about);
SR_MUST_CHECK enum sr_error blobs_drop(struct blobs *self, const struct sr_hash32 *hash);
/* Removes loose ones older than unreferenced_s; now_s: unix. */
void blobs_expire(struct blobs *self, uint64_t now_s);
/* Every piece that has been missing for grace_s, until each says false. Not locked meanwhile. */
void blobs_wanted(struct blobs *self, uint64_t grace_s,
    bool (*each)(void *ctx, const struct sr_hash32 *hash, struct sr_bytes about), void *ctx);
/* A file without a name, for the caller to close. DISK_FULL when so many bytes have no room. */
SR_MUST_CHECK enum sr_error blobs_scratch(int *fd, struct blobs *self, uint64_t bytes);
void blobs_figures(struct blobs_figures *out, struct blobs *self);

#endif
