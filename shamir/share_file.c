/* shamir/share_file.c - share files: header, body, key share, prints, check, end. */
#include "shamir/share_file.h"

#include <string.h>

#define PRINT_DOMAIN "strongroom share print v1"
#define PAYLOAD_DOMAIN "strongroom share payload v1"
#define CHECK_DOMAIN "strongroom share check v1"
#define END_DOMAIN "strongroom share end v1"

static const uint8_t magic[4] = { 'S', 'R', 'S', 'H' };

/* The trailer: key share, n prints, check, end. */
#define KEY_AT 0u
#define PRINTS_AT 32u

static size_t check_at(unsigned n)
{
	return PRINTS_AT + 32u * (size_t)n;
}

size_t shamir_file_trailer_size(unsigned n)
{
	return check_at(n) + 64u;
}

/* --- header --- */

static void put_u64(uint8_t *out, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(v >> (8 * i));
}

void shamir_file_header_write(uint8_t out[SHAMIR_FILE_HEADER], const struct shamir_file_header *h)
{
	memset(out, 0, SHAMIR_FILE_HEADER);
	memcpy(out, magic, sizeof magic);
	out[4] = SHAMIR_FILE_VERSION;
	out[5] = h->t;
	out[6] = h->n;
	out[7] = h->index;
	memcpy(out + 8, h->split_id, sizeof h->split_id);
	put_u64(out + 24, h->payload_n);
}

enum sr_error shamir_file_header_read(struct shamir_file_header *out,
    const uint8_t in[SHAMIR_FILE_HEADER])
{
	static const uint8_t zeros[8];
	struct sr_reader r;
	uint8_t version;

	*out = (struct shamir_file_header){ 0 };
	if (memcmp(in, magic, sizeof magic) != 0)
		return SR_ERR_BAD_KIND;
	sr_reader_init(&r, in + sizeof magic, SHAMIR_FILE_HEADER - sizeof magic);
	version = sr_read_u8(&r);
	out->t = sr_read_u8(&r);
	out->n = sr_read_u8(&r);
	out->index = sr_read_u8(&r);
	sr_read_copy(&r, out->split_id, sizeof out->split_id);
	out->payload_n = sr_read_u64(&r);
	if (version != SHAMIR_FILE_VERSION)
		return SR_ERR_BAD_VERSION;
	if (r.left != sizeof zeros || memcmp(r.p, zeros, sizeof zeros) != 0)
		return SR_ERR_BAD_ENCODING;
	if (out->t < 2 || out->t > out->n)
		return SR_ERR_THRESHOLD;
	if (out->index < 1 || out->index > out->n)
		return SR_ERR_SHARE_INDEX;
	return out->payload_n >= 1 && out->payload_n <= SR_PAYLOAD_MAX ? SR_OK :
	    SR_ERR_PAYLOAD_SIZE;
}

/* --- hashes --- */

static enum sr_error hash_start(struct sr_sha256 *hash, const char *domain)
{
	uint8_t length = (uint8_t)strlen(domain);

	SR_TRY(sr_sha256_init(hash));
	sr_sha256_update(hash, &length, 1);
	sr_sha256_update(hash, domain, length);
	return SR_OK;
}

/* A print under way: everything of one share up to its key share. */
static enum sr_error print_start(struct sr_sha256 *hash, const struct shamir_file_header *h)
{
	uint8_t bytes[SHAMIR_FILE_HEADER];

	SR_TRY(hash_start(hash, PRINT_DOMAIN));
	shamir_file_header_write(bytes, h);
	sr_sha256_update(hash, bytes, sizeof bytes);
	return SR_OK;
}

/* HMAC(check key; domain, header without index, H(payload), prints) */
static void check_value(struct sr_hash32 *out, const uint8_t key[32],
    const struct shamir_file_header *h, const struct sr_hash32 *payload, const uint8_t *prints)
{
	struct shamir_file_header common = *h;
	uint8_t header[SHAMIR_FILE_HEADER];
	struct sr_bytes parts[4] = {
		{ (const uint8_t *)CHECK_DOMAIN, sizeof CHECK_DOMAIN },
		{ header, sizeof header },
		{ payload->b, sizeof payload->b },
		{ prints, 32u * (size_t)h->n },
	};

	common.index = 0;
	shamir_file_header_write(header, &common);
	sr_hmac_sha256(out, key, 32, parts, 4);
}

static struct sr_hash32 end_value(const uint8_t *trailer, unsigned n)
{
	struct sr_bytes part = { trailer + PRINTS_AT, 32u * (size_t)n + 32u };

	return sr_hash_domain(END_DOMAIN, &part, 1);
}

/* --- splitting --- */

struct shamir_splitter {
	struct shamir_file_header header;       /* index 0 */
	struct shamir_gf_split split;
	struct sr_key32 check_key;
	struct sr_sha256 payload;
	struct sr_sha256 prints[SHAMIR_GF_SHARES_MAX];
	uint64_t done;
};

static enum sr_error splitter_start(struct shamir_splitter *self, struct sr_drbg *drbg)
{
	struct shamir_file_header h = self->header;
	SR_KEY32_AUTO key;

	SR_TRY(sr_drbg_fill(drbg, self->header.split_id, sizeof self->header.split_id));
	SR_TRY(sr_drbg_fill(drbg, self->check_key.b, sizeof self->check_key.b));
	SR_TRY(sr_drbg_fill(drbg, key.b, sizeof key.b));
	SR_TRY(shamir_gf_split_init(&self->split, h.t, h.n, &key, NULL));
	SR_TRY(hash_start(&self->payload, PAYLOAD_DOMAIN));
	h = self->header;
	for (unsigned i = 0; i < h.n; i++) {
		h.index = (uint8_t)(i + 1);
		SR_TRY(print_start(&self->prints[i], &h));
	}
	return SR_OK;
}

enum sr_error shamir_splitter_new(struct shamir_splitter **out, unsigned t, unsigned n,
    uint64_t payload_n, struct sr_drbg *drbg)
{
	struct shamir_splitter *self;
	enum sr_error error;

	*out = NULL;
	if (t < 2 || t > n || n > SHAMIR_GF_SHARES_MAX)
		return SR_ERR_THRESHOLD;
	if (payload_n == 0)
		return SR_ERR_EMPTY;
	if (payload_n > SR_PAYLOAD_MAX)
		return SR_ERR_PAYLOAD_SIZE;
	self = sr_secret_alloc(sizeof *self);
	if (self == NULL)
		return SR_ERR_NO_LOCKED_MEMORY;
	self->header.t = (uint8_t)t;
	self->header.n = (uint8_t)n;
	self->header.payload_n = payload_n;
	error = splitter_start(self, drbg);
	if (error != SR_OK) {
		shamir_splitter_free(self);
		return error;
	}
	*out = self;
	return SR_OK;
}

void shamir_splitter_header(const struct shamir_splitter *self, unsigned index,
    uint8_t out[SHAMIR_FILE_HEADER])
{
	struct shamir_file_header h = self->header;

	SR_ASSERT(index >= 1 && index <= h.n);
	h.index = (uint8_t)index;
	shamir_file_header_write(out, &h);
}

enum sr_error shamir_splitter_update(struct shamir_splitter *self, uint8_t *const *out,
    const uint8_t *in, size_t size)
{
	if (size > self->header.payload_n - self->done)
		return SR_ERR_TOO_LONG;
	SR_TRY(shamir_gf_split_update(&self->split, out, in, size));
	self->done += size;
	sr_sha256_update(&self->payload, in, size);
	for (unsigned i = 0; i < self->header.n; i++)
		sr_sha256_update(&self->prints[i], out[i], size);
	return SR_OK;
}

enum sr_error shamir_splitter_finish(struct shamir_splitter *self, uint8_t *const *out)
{
	const unsigned n = self->header.n;
	struct sr_hash32 payload, check, end, print;

	if (self->done != self->header.payload_n)
		return SR_ERR_TRUNCATED;
	SR_TRY(shamir_gf_split_update(&self->split, out, self->check_key.b,
	    sizeof self->check_key.b));
	for (unsigned i = 0; i < n; i++) {
		sr_sha256_update(&self->prints[i], out[i] + KEY_AT, 32);
		print = sr_sha256_finish(&self->prints[i]);
		for (unsigned k = 0; k < n; k++)
			memcpy(out[k] + PRINTS_AT + 32 * (size_t)i, print.b, sizeof print.b);
	}
	payload = sr_sha256_finish(&self->payload);
	check_value(&check, self->check_key.b, &self->header, &payload, out[0] + PRINTS_AT);
	sr_wipe(&payload, sizeof payload);
	for (unsigned i = 0; i < n; i++)
		memcpy(out[i] + check_at(n), check.b, sizeof check.b);
	end = end_value(out[0], n);
	for (unsigned i = 0; i < n; i++)
		memcpy(out[i] + check_at(n) + 32, end.b, sizeof end.b);
	return SR_OK;
}

static void hash_drop(struct sr_sha256 *hash)
{
	if (hash->handle != NULL)
		sr_sha256_abandon(hash);
}

void shamir_splitter_free(struct shamir_splitter *self)
{
	if (self == NULL)
		return;
	shamir_gf_split_clear(&self->split);
	hash_drop(&self->payload);
	for (unsigned i = 0; i < SHAMIR_GF_SHARES_MAX; i++)
		hash_drop(&self->prints[i]);
	sr_secret_free(self);
}

/* --- joining --- */

struct shamir_joiner {
	struct shamir_file_header headers[SHAMIR_GF_SHARES_MAX];
	uint8_t indices[SHAMIR_GF_SHARES_MAX];
	struct sr_sha256 payload;
	struct sr_sha256 prints[SHAMIR_GF_SHARES_MAX];
	uint64_t done;
	unsigned m;
	bool disagree;                          /* the shares do not lie on one polynomial */
};

static bool same_split(const struct shamir_file_header *a, const struct shamir_file_header *b)
{
	return memcmp(a->split_id, b->split_id, sizeof a->split_id) == 0 && a->t == b->t &&
	    a->n == b->n && a->payload_n == b->payload_n;
}

/* The first header that is not of the split most of them are of; m when they all are. */
static unsigned odd_one(const struct shamir_file_header *headers, unsigned m)
{
	unsigned best = 0, best_n = 0, same_n;

	for (unsigned i = 0; i < m; i++) {
		same_n = 0;
		for (unsigned k = 0; k < m; k++)
			same_n += same_split(&headers[i], &headers[k]);
		if (same_n > best_n) {
			best = i;
			best_n = same_n;
		}
	}
	for (unsigned i = 0; i < m; i++) {
		if (!same_split(&headers[best], &headers[i]))
			return i;
	}
	return m;
}

static enum sr_error headers_check(const struct shamir_file_header *headers, unsigned m,
    unsigned *bad)
{
	*bad = m;
	if (m == 0)
		return SR_ERR_EMPTY;
	if (m > SHAMIR_GF_SHARES_MAX)
		return SR_ERR_TOO_MANY;
	*bad = odd_one(headers, m);
	if (*bad != m)
		return SR_ERR_SHARE_MISMATCH;
	for (unsigned i = 0; i < m; i++) {
		for (unsigned k = 0; k < i; k++) {
			if (headers[k].index == headers[i].index) {
				*bad = i;
				return SR_ERR_SHARE_DUPLICATE;
			}
		}
	}
	return m >= headers[0].t ? SR_OK : SR_ERR_SHARE_TOO_FEW;
}

enum sr_error shamir_joiner_new(struct shamir_joiner **out,
    const struct shamir_file_header *headers, unsigned m, unsigned *bad)
{
	struct shamir_joiner *self;
	enum sr_error error;

	*out = NULL;
	SR_TRY(headers_check(headers, m, bad));
	self = sr_secret_alloc(sizeof *self);
	if (self == NULL)
		return SR_ERR_NO_LOCKED_MEMORY;
	self->m = m;
	error = hash_start(&self->payload, PAYLOAD_DOMAIN);
	for (unsigned i = 0; i < m && error == SR_OK; i++) {
		self->headers[i] = headers[i];
		self->indices[i] = headers[i].index;
		error = print_start(&self->prints[i], &headers[i]);
	}
	if (error != SR_OK) {
		shamir_joiner_free(self);
		return error;
	}
	*out = self;
	return SR_OK;
}

/*
 * Combines one piece. Shares that disagree are only noted: finish names the culprit by the prints,
 * which also works where the algebra alone can't. The piece is then that of the first t shares.
 */
static enum sr_error join_piece(struct shamir_joiner *self, uint8_t *out, const uint8_t *const *in,
    size_t size)
{
	const unsigned t = self->headers[0].t;
	uint8_t bad;
	enum sr_error error;

	error = shamir_gf_combine(out, &bad, self->indices, in, self->m, t, size, NULL);
	if (error != SR_ERR_SHARE_BAD && error != SR_ERR_SHARE_MISMATCH)
		return error;
	self->disagree = true;
	return shamir_gf_combine(out, &bad, self->indices, in, t, t, size, NULL);
}

enum sr_error shamir_joiner_update(struct shamir_joiner *self, uint8_t *out,
    const uint8_t *const *in, size_t size)
{
	if (size > self->headers[0].payload_n - self->done)
		return SR_ERR_TOO_LONG;
	SR_TRY(join_piece(self, out, in, size));
	self->done += size;
	sr_sha256_update(&self->payload, out, size);
	for (unsigned i = 0; i < self->m; i++)
		sr_sha256_update(&self->prints[i], in[i], size);
	return SR_OK;
}

/* Each file against itself: its end, and its own print. All prints are computed, whatever comes. */
static enum sr_error files_check(struct shamir_joiner *self, const uint8_t *const *in,
    unsigned *bad)
{
	const unsigned n = self->headers[0].n;
	struct sr_hash32 print, end;

	*bad = self->m;
	for (unsigned i = 0; i < self->m; i++) {
		sr_sha256_update(&self->prints[i], in[i] + KEY_AT, 32);
		print = sr_sha256_finish(&self->prints[i]);
		end = end_value(in[i], n);
		if (*bad == self->m && (memcmp(end.b, in[i] + check_at(n) + 32, 32) != 0 ||
		    memcmp(print.b, in[i] + PRINTS_AT + 32u * (self->indices[i] - 1u), 32) != 0))
			*bad = i;
	}
	return *bad == self->m ? SR_OK : SR_ERR_SHARE_BAD;
}

/* The files against each other: more than half must carry the same prints and check. */
static enum sr_error prints_check(const struct shamir_joiner *self, const uint8_t *const *in,
    unsigned *bad)
{
	const size_t size = 32u * (size_t)self->headers[0].n + 32u;
	unsigned same_n, most = self->m, odd = self->m;

	for (unsigned i = 0; i < self->m; i++) {
		same_n = 0;
		for (unsigned k = 0; k < self->m; k++)
			same_n += memcmp(in[i] + PRINTS_AT, in[k] + PRINTS_AT, size) == 0;
		if (2 * same_n > self->m)
			most = i;
		else if (odd == self->m)
			odd = i;
	}
	*bad = most == self->m ? self->m : odd;
	if (odd == self->m)
		return SR_OK;
	return most == self->m ? SR_ERR_SHARE_MISMATCH : SR_ERR_SHARE_BAD;
}

enum sr_error shamir_joiner_finish(struct shamir_joiner *self, const uint8_t *const *in,
    unsigned *bad)
{
	SR_KEY32_AUTO key;
	struct sr_hash32 payload, check;

	*bad = self->m;
	if (self->done != self->headers[0].payload_n)
		return SR_ERR_TRUNCATED;
	SR_TRY(join_piece(self, key.b, in, sizeof key.b));      /* the key shares come first */
	SR_TRY(files_check(self, in, bad));
	SR_TRY(prints_check(self, in, bad));
	if (self->disagree)
		return SR_ERR_SHARE_MISMATCH;
	payload = sr_sha256_finish(&self->payload);
	check_value(&check, key.b, &self->headers[0], &payload, in[0] + PRINTS_AT);
	sr_wipe(&payload, sizeof payload);
	return sr_ct_equal(check.b, in[0] + check_at(self->headers[0].n), sizeof check.b) ? SR_OK :
	    SR_ERR_SHARE_MISMATCH;
}

void shamir_joiner_free(struct shamir_joiner *self)
{
	if (self == NULL)
		return;
	hash_drop(&self->payload);
	for (unsigned i = 0; i < SHAMIR_GF_SHARES_MAX; i++)
		hash_drop(&self->prints[i]);
	sr_secret_free(self);
}
