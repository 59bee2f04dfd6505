/*
 * node/index.h - where in a file rows are, by name, in order of names; in memory. Names are
 * blinded, so their first bits spread evenly: a bucket is a range of names, with a treap in it for
 * those that do not. What is put must have room, so that what the disk holds can always be found.
 */
#ifndef SR_NODE_INDEX_H
#define SR_NODE_INDEX_H

#include "base/error.h"
#include "base/types.h"

#define INDEX_BUCKETS 16384u

struct index_row {
	struct index_row *left, *right;
	uint64_t at;                         /* in the file */
	uint32_t n, weight;
	uint16_t key_n;
	bool removed;                        /* the row says that there is none */
	uint8_t key[];
};

struct index_chunk;

struct index {
	struct index_row **buckets;
	uint64_t filled[INDEX_BUCKETS / 64]; /* bits: buckets with rows */
	struct index_chunk *chunks, *spare;  /* in use, the newest first; empty */
	uint64_t rows, removed;              /* of rows, those that are removed */
};

SR_MUST_CHECK enum sr_error index_init(struct index *self);
void index_clear(struct index *self);
/* For so many more rows, whose names have so many bytes together, index_put finds room. */
SR_MUST_CHECK enum sr_error index_room(struct index *self, size_t rows, size_t key_bytes);
/* Anew or instead of the one of that name. */
void index_put(struct index *self, const uint8_t *key, size_t key_n, uint64_t at, uint32_t n,
    bool removed);
/* Or NULL; good until index_clear. */
const struct index_row *index_find(const struct index *self, const uint8_t *key, size_t key_n);
/* The first (after: NULL), or the first behind that name; or NULL. */
const struct index_row *index_after(
    const struct index *self, const uint8_t *after, size_t after_n);

/* As tables order them: below, above or 0. */
int index_compare(const uint8_t *a, size_t a_n, const uint8_t *b, size_t b_n);

#endif
