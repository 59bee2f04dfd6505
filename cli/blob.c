#include "cli/blob.h"
#include "cli/io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "consensus/wire.h"

/* A crash-only cluster (n = 3) still has to live through one lost member. */
static uint32_t faults(uint32_t members)
{
	uint32_t f = consensus_faults(members);

	return f > 0 ? f : (members - 1) / 2;
}

uint32_t blob_data_pieces(uint32_t members)
{
	return members - 2 * faults(members);
}

uint32_t blob_needed(uint32_t members)
{
	return members - faults(members);
}

/* --- coding --- */

struct blob_coder {
	uint32_t k, n, stripe;
	uint64_t left;                   /* bytes of ciphertext still to come */
	size_t filled;                   /* of the stripe under way */
	uint8_t *buffer;                 /* n pieces of one stripe, one after another */
	uint8_t *tables;
	int fds[VAULT_BLOB_PIECES_MAX];
	struct sr_sha256 hash[VAULT_BLOB_PIECES_MAX];
};

enum sr_error blob_coder_new(struct blob_coder **out, struct vault_payload *payload,
    uint64_t cipher_bytes, uint32_t members, uint32_t pieces, const int *fds)
{
	struct blob_coder *self = calloc(1, sizeof *self);
	uint32_t k = blob_data_pieces(members);
	uint64_t piece = (cipher_bytes + k - 1) / k;
	enum sr_error error;

	*out = NULL;
	if (self == NULL)
		return SR_ERR_NO_MEMORY;
	payload->inlined = false;
	payload->cipher_bytes = cipher_bytes;
	payload->data_pieces = self->k = k;
	payload->pieces_n = self->n = pieces;
	payload->stripe_bytes = self->stripe = piece < BLOB_STRIPE_MAX ? (uint32_t)piece
								       : BLOB_STRIPE_MAX;
	self->left = cipher_bytes;
	error = blob_check(payload);
	if (error == SR_OK) {
		self->buffer = malloc((size_t)self->n * self->stripe);
		self->tables = malloc((size_t)self->k * self->n * BLOB_TABLE_BYTES);
		error = self->buffer != NULL && self->tables != NULL
		    ? blob_tables_parity(self->tables, self->k, self->n) : SR_ERR_NO_MEMORY;
	}
	for (uint32_t i = 0; i < pieces && error == SR_OK; i++) {
		self->fds[i] = fds[i];
		error = sr_sha256_init(&self->hash[i]);
	}
	if (error != SR_OK) {
		blob_coder_free(self);
		return error;
	}
	*out = self;
	return SR_OK;
}

static enum sr_error stripe_out(struct blob_coder *self)
{
	uint8_t *pieces[VAULT_BLOB_PIECES_MAX];

	memset(self->buffer + self->filled, 0, (size_t)self->k * self->stripe - self->filled);
	for (uint32_t i = 0; i < self->n; i++)
		pieces[i] = self->buffer + (size_t)i * self->stripe;
	if (self->n > self->k)
		blob_code(pieces + self->k, self->n - self->k, self->tables, pieces, self->k,
		    self->stripe);
	for (uint32_t i = 0; i < self->n; i++) {
		sr_sha256_update(&self->hash[i], pieces[i], self->stripe);
		if (self->fds[i] >= 0)
			SR_TRY(io_write_all(self->fds[i], pieces[i], self->stripe));
	}
	self->filled = 0;
	return SR_OK;
}

enum sr_error blob_coder_update(struct blob_coder *self, const uint8_t *p, size_t n)
{
	size_t room = (size_t)self->k * self->stripe;

	if (n > self->left)
		return SR_ERR_TOO_LONG;
	self->left -= n;
	while (n > 0) {
		size_t take = n < room - self->filled ? n : room - self->filled;

		memcpy(self->buffer + self->filled, p, take);
		self->filled += take;
		p += take;
		n -= take;
		if (self->filled == room)
			SR_TRY(stripe_out(self));
	}
	return SR_OK;
}

enum sr_error blob_coder_finish(struct blob_coder *self, struct vault_payload *payload)
{
	if (self->left > 0)
		return SR_ERR_TRUNCATED;
	if (self->filled > 0)
		SR_TRY(stripe_out(self));
	for (uint32_t i = 0; i < self->n; i++) {
		payload->piece_hash[i] = sr_sha256_finish(&self->hash[i]);
		self->hash[i].handle = NULL;
	}
	return SR_OK;
}

void blob_coder_free(struct blob_coder *self)
{
	if (self == NULL)
		return;
	for (uint32_t i = 0; i < self->n; i++)
		if (self->hash[i].handle != NULL)
			sr_sha256_abandon(&self->hash[i]);
	free(self->buffer);
	free(self->tables);
	free(self);
}

/* --- restoring --- */

struct blob_reader {
	uint32_t k, stripe;
	uint64_t left;
	size_t have, at; /* bytes of the restored stripe, and how many are handed out */
	uint8_t *in, *out, *tables;
	int fds[VAULT_BLOB_PIECES_MAX];
};

enum sr_error blob_reader_new(struct blob_reader **out, const struct vault_payload *payload,
    const uint32_t *which, const int *fds)
{
	struct blob_reader *self;
	enum sr_error error;

	*out = NULL;
	SR_TRY(blob_check(payload));
	self = calloc(1, sizeof *self);
	if (self == NULL)
		return SR_ERR_NO_MEMORY;
	self->k = payload->data_pieces;
	self->stripe = payload->stripe_bytes;
	self->left = payload->cipher_bytes;
	self->in = malloc((size_t)self->k * self->stripe);
	self->out = malloc((size_t)self->k * self->stripe);
	self->tables = malloc((size_t)self->k * self->k * BLOB_TABLE_BYTES);
	memcpy(self->fds, fds, self->k * sizeof fds[0]);
	error = self->in != NULL && self->out != NULL && self->tables != NULL
	    ? blob_tables_data(self->tables, self->k, payload->pieces_n, which)
	    : SR_ERR_NO_MEMORY;
	if (error != SR_OK) {
		blob_reader_free(self);
		return error;
	}
	*out = self;
	return SR_OK;
}

static enum sr_error stripe_in(struct blob_reader *self)
{
	uint8_t *in[VAULT_BLOB_PIECES_MAX], *out[VAULT_BLOB_PIECES_MAX];

	for (uint32_t i = 0; i < self->k; i++) {
		in[i] = self->in + (size_t)i * self->stripe;
		out[i] = self->out + (size_t)i * self->stripe;
		SR_TRY(io_read_all(self->fds[i], in[i], self->stripe));
	}
	blob_code(out, self->k, self->tables, in, self->k, self->stripe);
	self->have = (size_t)self->k * self->stripe;
	self->at = 0;
	return SR_OK;
}

enum sr_error blob_reader_read(struct blob_reader *self, uint8_t *out, size_t n)
{
	if (n > self->left)
		return SR_ERR_TRUNCATED;
	self->left -= n;
	while (n > 0) {
		size_t take;

		if (self->at == self->have)
			SR_TRY(stripe_in(self));
		take = n < self->have - self->at ? n : self->have - self->at;
		memcpy(out, self->out + self->at, take);
		self->at += take;
		out += take;
		n -= take;
	}
	return SR_OK;
}

void blob_reader_free(struct blob_reader *self)
{
	if (self == NULL)
		return;
	free(self->in);
	free(self->out);
	free(self->tables);
	free(self);
}
