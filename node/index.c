#include "node/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "node/row.h"

#define CHUNK_BYTES (1024u * 1024u)
#define ROW_BYTES_MAX (sizeof(struct index_row) + ROW_KEY_MAX + 8u)

/* Rows are never freed one by one: clearing many of them must not take long. */
struct index_chunk {
	struct index_chunk *next;
	size_t used;
	_Alignas(8) uint8_t bytes[CHUNK_BYTES];
};

int index_compare(const uint8_t *a, size_t a_n, const uint8_t *b, size_t b_n)
{
	int order = memcmp(a, b, a_n < b_n ? a_n : b_n);

	return order != 0 ? order : (a_n > b_n) - (a_n < b_n);
}

static size_t bucket_of(const uint8_t *key, size_t key_n)
{
	return ((size_t)key[0] << 8 | (key_n > 1 ? key[1] : 0u)) / (65536u / INDEX_BUCKETS);
}

static size_t row_bytes(size_t key_n)
{
	return (sizeof(struct index_row) + key_n + 7u) / 8u * 8u;
}

enum sr_error index_init(struct index *self)
{
	memset(self, 0, sizeof *self);
	self->buckets = calloc(INDEX_BUCKETS, sizeof *self->buckets);
	return self->buckets != NULL ? SR_OK : SR_ERR_NO_MEMORY;
}

static void chunks_free(struct index_chunk *chunk)
{
	while (chunk != NULL) {
		struct index_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
}

void index_clear(struct index *self)
{
	chunks_free(self->chunks);
	chunks_free(self->spare);
	free(self->buckets);
	memset(self, 0, sizeof *self);
}

enum sr_error index_room(struct index *self, size_t rows, size_t key_bytes)
{
	/* A chunk is left when the longest row would not fit any more. */
	size_t per_chunk = CHUNK_BYTES - ROW_BYTES_MAX;
	size_t wanted = rows == 0 ? 0 : (rows * row_bytes(8) + key_bytes) / per_chunk + 1;

	for (const struct index_chunk *c = self->spare; c != NULL && wanted > 0; c = c->next)
		wanted--;
	for (; wanted > 0; wanted--) {
		struct index_chunk *chunk = malloc(sizeof *chunk);

		if (chunk == NULL)
			return SR_ERR_NO_MEMORY;
		chunk->next = self->spare;
		chunk->used = 0;
		self->spare = chunk;
	}
	return SR_OK;
}

static struct index_row *row_new(struct index *self, const uint8_t *key, size_t key_n)
{
	struct index_chunk *chunk = self->chunks;
	struct index_row *row;

	if (chunk == NULL || CHUNK_BYTES - chunk->used < row_bytes(key_n)) {
		chunk = self->spare;
		SR_ASSERT(chunk != NULL);
		self->spare = chunk->next;
		chunk->next = self->chunks;
		self->chunks = chunk;
	}
	row = (struct index_row *)(void *)(chunk->bytes + chunk->used);
	chunk->used += row_bytes(key_n);
	memset(row, 0, sizeof *row);
	row->key_n = (uint16_t)key_n;
	row->weight = sr_crc32c(0, key, key_n);
	memcpy(row->key, key, key_n);
	return row;
}

static int order(const struct index_row *a, const struct index_row *b)
{
	return index_compare(a->key, a->key_n, b->key, b->key_n);
}

/* Below all that weigh more; what is under its place is split at its name. */
static void row_insert(struct index_row **root, struct index_row *row)
{
	struct index_row *rest, **left = &row->left, **right = &row->right;

	while (*root != NULL && (*root)->weight >= row->weight)
		root = order(row, *root) < 0 ? &(*root)->left : &(*root)->right;
	rest = *root;
	*root = row;
	while (rest != NULL) {
		if (order(rest, row) < 0) {
			*left = rest;
			left = &rest->right;
			rest = rest->right;
		} else {
			*right = rest;
			right = &rest->left;
			rest = rest->left;
		}
	}
	*left = *right = NULL;
}

static struct index_row *find(const struct index *self, const uint8_t *key, size_t key_n)
{
	struct index_row *row = self->buckets[bucket_of(key, key_n)];

	while (row != NULL) {
		int above = index_compare(key, key_n, row->key, row->key_n);

		if (above == 0)
			break;
		row = above < 0 ? row->left : row->right;
	}
	return row;
}

const struct index_row *index_find(const struct index *self, const uint8_t *key, size_t key_n)
{
	return find(self, key, key_n);
}

void index_put(struct index *self, const uint8_t *key, size_t key_n, uint64_t at, uint32_t n,
    bool removed)
{
	struct index_row *row = find(self, key, key_n);
	size_t bucket = bucket_of(key, key_n);

	if (row == NULL) {
		row = row_new(self, key, key_n);
		row_insert(&self->buckets[bucket], row);
		self->filled[bucket / 64] |= 1ull << bucket % 64;
		self->rows++;
	}
	self->removed += (uint64_t)removed - (uint64_t)row->removed;
	row->removed = removed;
	row->at = at;
	row->n = n;
}

/* The first of the buckets from this one on. */
static const struct index_row *first_from(const struct index *self, size_t bucket)
{
	const struct index_row *row;
	uint64_t bits;

	if (bucket >= INDEX_BUCKETS)
		return NULL;
	bits = self->filled[bucket / 64] & ~0ull << bucket % 64;
	for (size_t i = bucket / 64; bits == 0;) {
		if (++i == INDEX_BUCKETS / 64)
			return NULL;
		bits = self->filled[i];
		bucket = i * 64;
	}
	while ((bits >> bucket % 64 & 1) == 0)
		bucket++;
	for (row = self->buckets[bucket]; row->left != NULL;)
		row = row->left;
	return row;
}

const struct index_row *index_after(
    const struct index *self, const uint8_t *after, size_t after_n)
{
	const struct index_row *row, *best = NULL;

	if (after == NULL)
		return first_from(self, 0);
	row = self->buckets[bucket_of(after, after_n)];
	while (row != NULL) {
		bool behind = index_compare(row->key, row->key_n, after, after_n) > 0;

		best = behind ? row : best;
		row = behind ? row->left : row->right;
	}
	return best != NULL ? best : first_from(self, bucket_of(after, after_n) + 1);
}
