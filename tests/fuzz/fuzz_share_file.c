/* tests/fuzz/fuzz_share_file.c - share files as `combine` is given them: changed, swapped, of
 * different splits. What is joined is what was split, or an error. */
#include <stdlib.h>
#include <string.h>

#include "shamir/share_file.h"
#include "tests/fuzz/fuzz.h"

#define PAYLOAD_MAX 64u
#define FILES_MAX 6u
#define FILE_BYTES (SHAMIR_FILE_HEADER + PAYLOAD_MAX + 32u + 32u * FILES_MAX + 64u)

struct files {
	unsigned t, n;
	size_t payload_n, file_n;
	uint8_t payload[PAYLOAD_MAX], joined[PAYLOAD_MAX];
	uint8_t file[FILES_MAX][FILE_BYTES];
};

static void split(struct files *f)
{
	struct shamir_splitter *s;
	struct sr_drbg drbg;
	uint8_t *out[FILES_MAX];
	fuzz_drbg(&drbg, (uint8_t)f->payload_n);
	FUZZ_CHECK(sr_drbg_fill(&drbg, f->payload, f->payload_n) == SR_OK);
	FUZZ_CHECK(shamir_splitter_new(&s, f->t, f->n, f->payload_n, &drbg) == SR_OK);
	for (unsigned i = 0; i < f->n; i++) {
		shamir_splitter_header(s, i + 1, f->file[i]);
		out[i] = f->file[i] + SHAMIR_FILE_HEADER;
	}
	FUZZ_CHECK(shamir_splitter_update(s, out, f->payload, f->payload_n) == SR_OK);
	for (unsigned i = 0; i < f->n; i++)
		out[i] += f->payload_n;
	FUZZ_CHECK(shamir_splitter_finish(s, out) == SR_OK);
	shamir_splitter_free(s);
	f->file_n = SHAMIR_FILE_HEADER + f->payload_n + shamir_file_trailer_size(f->n);
}

/* Files of sizes that follow from their headers, as `combine` makes sure. */
static enum sr_error join(struct files *f, const uint8_t *which, unsigned m)
{
	struct shamir_file_header h[FILES_MAX];
	struct shamir_joiner *joiner;
	const uint8_t *in[FILES_MAX];
	unsigned bad;
	size_t half;
	for (unsigned i = 0; i < m; i++) {
		SR_TRY(shamir_file_header_read(&h[i], f->file[which[i]]));
		if (h[i].payload_n != f->payload_n || h[i].n != f->n)
			return SR_ERR_PAYLOAD_SIZE;
		in[i] = f->file[which[i]] + SHAMIR_FILE_HEADER;
	}
	enum sr_error e = shamir_joiner_new(&joiner, h, m, &bad);
	FUZZ_CHECK(e == SR_OK || joiner == NULL);
	if (e != SR_OK)
		return e;
	/* Too much is refused and changes nothing; in two pieces. */
	FUZZ_CHECK(shamir_joiner_update(joiner, f->joined, in, f->payload_n + 1) ==
	    SR_ERR_TOO_LONG);
	half = f->payload_n / 2;
	e = shamir_joiner_update(joiner, f->joined, in, half);
	for (unsigned i = 0; i < m; i++)
		in[i] += half;
	if (e == SR_OK)
		e = shamir_joiner_update(joiner, f->joined + half, in, f->payload_n - half);
	for (unsigned i = 0; i < m; i++)
		in[i] += f->payload_n - half;
	if (e == SR_OK)
		e = shamir_joiner_finish(joiner, in, &bad);
	FUZZ_CHECK(e != SR_ERR_SHARE_BAD || bad < m);
	shamir_joiner_free(joiner);
	return e;
}

static void change(struct files *f, struct sr_reader *r)
{
	size_t file = sr_read_u8(r) % f->n, at = sr_read_u16(r) % f->file_n;
	f->file[file][at] ^= sr_read_u8(r);
}

/* input = t u8 | n u8 | payload u8 | m u8 | m positions | (file u8 | place u16 | change u8)... */
static void joined(struct sr_reader *r)
{
	struct files *f = calloc(1, sizeof(*f)), *good = malloc(sizeof(*good));
	bool changed = false;
	uint8_t which[FILES_MAX];
	FUZZ_CHECK(f != NULL && good != NULL);
	f->n = 2 + sr_read_u8(r) % (FILES_MAX - 1);
	f->t = 2 + sr_read_u8(r) % (f->n - 1);
	f->payload_n = 1 + sr_read_u8(r) % PAYLOAD_MAX;
	split(f);
	*good = *f;
	unsigned m = sr_read_u8(r) % (FILES_MAX + 1);
	for (unsigned i = 0; i < m; i++)
		which[i] = sr_read_u8(r) % (uint8_t)f->n;
	while (r->left > 0)
		change(f, r);
	enum sr_error e = join(f, which, m);
	for (unsigned i = 0; i < m; i++)
		changed |= memcmp(f->file[which[i]], good->file[which[i]], f->file_n) != 0;
	if (e == SR_OK)
		FUZZ_CHECK(!changed && m >= f->t &&
		    memcmp(f->joined, f->payload, f->payload_n) == 0);
	free(f);
	free(good);
}

static void header(const uint8_t *p, size_t n)
{
	struct shamir_file_header h;
	uint8_t again[SHAMIR_FILE_HEADER];
	if (n != SHAMIR_FILE_HEADER || shamir_file_header_read(&h, p) != SR_OK)
		return;
	shamir_file_header_write(again, &h);
	FUZZ_CHECK(memcmp(again, p, sizeof(again)) == 0);
}

void fuzz_share_file(const uint8_t *p, size_t n)
{
	struct sr_reader r;
	sr_reader_init(&r, p, n);
	if (sr_read_u8(&r) % 2 == 0)
		header(r.p, r.left);
	else
		joined(&r);
}

void seed_share_file(void)
{
	static const uint8_t programs[][16] = {
		{ 1, 3, 1, 20, 3, 0, 1, 2 },                    /* 3 of 5: all is well */
		{ 1, 3, 1, 20, 2, 0, 1 },                       /* too few */
		{ 1, 3, 1, 20, 3, 0, 1, 1 },                    /* one twice */
		{ 1, 3, 1, 20, 3, 0, 1, 2, 1, 45, 0, 1 },       /* a changed body */
		{ 1, 3, 1, 20, 4, 0, 1, 2, 3, 1, 45, 0, 1 },
		{ 1, 3, 1, 20, 4, 0, 1, 2, 3, 1, 100, 0, 1 },   /* a changed print */
		{ 1, 3, 1, 20, 3, 0, 1, 2, 1, 8, 0, 1 },        /* of another split */
		{ 1, 3, 1, 20, 3, 0, 1, 2, 1, 62, 0, 1 },       /* a changed key share */
		{ 1, 0, 0, 1, 2, 0, 1 },
		{ 1, 3, 1, 20, 0 },
	};
	struct shamir_file_header h = { { 1 }, 2, 3, 1, 50 };
	uint8_t bytes[1 + SHAMIR_FILE_HEADER] = { 0 };
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		size_t n = sizeof(programs[i]);
		while (n > 5u + programs[i][4] && n > 5 && programs[i][n - 1] == 0)
			n--;
		fuzz_seed("join", programs[i], n);
	}
	shamir_file_header_write(bytes + 1, &h);
	fuzz_seed("header", bytes, sizeof(bytes));
}
