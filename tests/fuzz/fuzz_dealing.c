/* tests/fuzz/fuzz_dealing.c - what members deal to each other for a new key: commitments,
 * sub-shares in boxes, complaints. A changed box is proven to be the dealer's fault, and an honest
 * dealer is never blamed. */
#include <stdlib.h>
#include <string.h>

#include "shamir/subshare.h"
#include "tests/fuzz/fuzz.h"

#define T 3u
#define N 4u
#define CONTEXT ((const uint8_t *)"context"), 7

static struct {
	struct sr_drbg drbg;
	struct shamir_poly poly;
	struct shamir_commitments c;
	struct sr_scalar box_key, r, share;
	struct sr_point to;
	struct shamir_box boxes[2];              /* a share of index 1, 32 bytes */
	struct shamir_proof proof;
	struct sr_hash32 commitment;
} deal;
static bool made;

static void setup(void)
{
	struct sr_key32 payload = { { 42 } };
	fuzz_drbg(&deal.drbg, 2);
	FUZZ_CHECK(shamir_deal_fresh(&deal.poly, &deal.c, T, &deal.drbg) == SR_OK);
	FUZZ_CHECK(shamir_box_keypair(&deal.box_key, &deal.to, &deal.drbg) == SR_OK);
	FUZZ_CHECK(sr_scalar_random(&deal.r, &deal.drbg) == SR_OK);
	FUZZ_CHECK(shamir_poly_eval(&deal.share, &deal.poly, (struct shamir_index){ 1 }) == SR_OK);
	FUZZ_CHECK(shamir_subshare_seal_with(&deal.boxes[0], &deal.r, &deal.to, &deal.share,
		CONTEXT) == SR_OK);
	FUZZ_CHECK(shamir_box_seal32_with(&deal.boxes[1], &deal.r, &deal.to, &payload, CONTEXT) ==
	    SR_OK);
	FUZZ_CHECK(shamir_boxes_prove(&deal.proof, &deal.r, CONTEXT, &deal.drbg) == SR_OK);
	deal.commitment = shamir_contribution_commit(&payload);
	made = true;
}

static void commitments(struct sr_reader *r)
{
	struct shamir_commitments c;
	struct shamir_index index = { sr_read_u8(r) % 3 };
	unsigned kind = 1 + sr_read_u8(r) % 3;
	const uint8_t *p = r->p;
	size_t n = r->left;
	struct sr_writer w;
	shamir_commitments_read(&c, r, T);
	if (sr_reader_finish(r) != SR_OK)
		return;
	sr_writer_init(&w, n);
	shamir_commitments_write(&w, &c);
	fuzz_same(&w, p, n);
	enum sr_error e = shamir_commitments_check(&c, T, (enum shamir_dealing_kind)kind, &deal.to);
	FUZZ_CHECK(e != SR_OK || kind == SHAMIR_DEAL_FRESH || kind == SHAMIR_DEAL_RESHARE ||
	    sr_point_is_identity(&c.a[0]));
	FUZZ_CHECK(shamir_commitments_check(&c, T + 1, SHAMIR_DEAL_FRESH, NULL) != SR_OK);
	e = shamir_feldman_verify(&c, index, &deal.share);
	FUZZ_CHECK(e != SR_OK || index.v == 1);
}

/* Sums of lists that came from others: they may differ in length and count for the same dealer. */
static void sums(struct sr_reader *r)
{
	struct shamir_commitments lists[4], out;
	const struct shamir_commitments *dealings[4];
	struct shamir_index dealers[4];
	struct sr_scalar shares[4], sum;
	struct sr_point keys[N];
	size_t n = sr_read_u8(r) % 5;
	uint32_t old_t = sr_read_u8(r) % 4;
	for (size_t i = 0; i < n; i++) {
		lists[i] = deal.c;
		lists[i].t = sr_read_u8(r) % 4 ? T : T - 1;
		dealings[i] = &lists[i];
		dealers[i].v = sr_read_u8(r) % 5;
		sr_scalar_from_u32(&shares[i], sr_read_u8(r));
	}
	if (shamir_dkg_sum_commitments(&out, dealings, n) == SR_OK)
		FUZZ_CHECK(out.t == lists[0].t &&
		    shamir_feldman_keys(keys, N, &out) == SR_OK);
	shamir_dkg_sum_shares(&sum, shares, n);
	if (shamir_reshare_sum_commitments(&out, dealings, dealers, n, old_t, &deal.c.a[0]) ==
	    SR_OK)
		FUZZ_CHECK(sr_point_equal(&out.a[0], &deal.c.a[0]) && n >= old_t);
	if (shamir_reshare_sum_shares(&sum, shares, dealers, n, old_t) == SR_OK)
		FUZZ_CHECK(n >= old_t && n > 0);
}

/* input = which u8 | place u8 | change u8 | complaint place u8 | change u8: a box on its way, then
 * opened, complained about, judged */
static void box(struct sr_reader *r)
{
	unsigned which = sr_read_u8(r) % 2;
	struct shamir_box b = deal.boxes[which];
	uint8_t bytes[SHAMIR_COMPLAINT_SIZE], place = sr_read_u8(r), change = sr_read_u8(r);
	struct shamir_complaint complaint;
	struct sr_scalar share;
	struct sr_key32 payload;
	struct sr_reader in;
	struct sr_writer w;
	bool guilty = false;
	b.b[place % SHAMIR_BOX_SIZE] ^= change;
	enum sr_error opened = which == 0 ? shamir_subshare_open(&share, &b, &deal.box_key, CONTEXT)
		: shamir_box_open32(&payload, &b, &deal.box_key, CONTEXT);
	FUZZ_CHECK((opened == SR_OK) == (change == 0));
	FUZZ_CHECK(shamir_boxes_verify(&deal.proof, &b, &b, 1, CONTEXT) == SR_OK ||
	    (change != 0 && place % SHAMIR_BOX_SIZE < 32));
	if (shamir_box_check(&b) != SR_OK ||
	    shamir_complaint_make(&complaint, &b, &deal.box_key, CONTEXT, &deal.drbg) != SR_OK)
		return;
	sr_writer_init(&w, sizeof(bytes));
	shamir_complaint_write(&w, &complaint);
	FUZZ_CHECK(sr_writer_finish(&w) == SR_OK);
	memcpy(bytes, w.p, sizeof(bytes));
	sr_writer_clear(&w);
	place = sr_read_u8(r);
	uint8_t lie = sr_read_u8(r);
	bytes[place % sizeof(bytes)] ^= lie;
	sr_reader_init(&in, bytes, sizeof(bytes));
	shamir_complaint_read(&complaint, &in);
	if (sr_reader_finish(&in) != SR_OK)
		return;
	enum sr_error e = which == 0 ?
	    shamir_complaint_judge_share(&guilty, &complaint, &b, &deal.to, CONTEXT, &deal.c,
		(struct shamir_index){ 1 }) :
	    shamir_complaint_judge32(&guilty, &complaint, &b, &deal.to, CONTEXT, &deal.commitment);
	FUZZ_CHECK((e == SR_OK) == (lie == 0));
	FUZZ_CHECK(guilty == (e == SR_OK && change != 0));
}

static void any(struct sr_reader *r)
{
	struct shamir_complaint complaint;
	struct shamir_box b;
	bool guilty;
	shamir_box_read(&b, r);
	shamir_complaint_read(&complaint, r);
	if (sr_reader_finish(r) != SR_OK)
		return;
	(void)!shamir_complaint_judge_share(&guilty, &complaint, &b, &deal.to, CONTEXT, &deal.c,
	    (struct shamir_index){ 1 });
	(void)!shamir_complaint_judge32(&guilty, &complaint, &b, &deal.to, CONTEXT,
	    &deal.commitment);
}

/* A box that opens and holds the wrong thing. */
static void wrong_content(struct sr_reader *r)
{
	struct shamir_complaint complaint;
	struct sr_key32 payload;
	struct shamir_box b;
	bool guilty = false, other = false;
	sr_read_copy(r, payload.b, sizeof(payload.b));
	FUZZ_CHECK(shamir_box_seal32_with(&b, &deal.r, &deal.to, &payload, CONTEXT) == SR_OK);
	FUZZ_CHECK(shamir_complaint_make(&complaint, &b, &deal.box_key, CONTEXT, &deal.drbg) ==
	    SR_OK);
	FUZZ_CHECK(shamir_complaint_judge_share(&guilty, &complaint, &b, &deal.to, CONTEXT, &deal.c,
		(struct shamir_index){ 1 }) == SR_OK);
	FUZZ_CHECK(guilty == (memcmp(payload.b, deal.share.b, 32) != 0));
	FUZZ_CHECK(shamir_complaint_judge32(&other, &complaint, &b, &deal.to, CONTEXT,
		&deal.commitment) == SR_OK);
}

void fuzz_dealing(const uint8_t *p, size_t n)
{
	struct sr_reader r;
	if (!made)
		setup();
	sr_reader_init(&r, p, n);
	switch (sr_read_u8(&r) % 5) {
	case 0: commitments(&r); return;
	case 1: sums(&r); return;
	case 2: box(&r); return;
	case 3: any(&r); return;
	default: wrong_content(&r); return;
	}
}

static void seed_commitments(uint8_t kind, uint8_t index, const struct shamir_commitments *c)
{
	struct sr_writer w;
	sr_writer_init(&w, 256);
	sr_write_u8(&w, index);
	sr_write_u8(&w, kind);
	shamir_commitments_write(&w, c);
	fuzz_seed_of(0, "commitments", &w);
}

void seed_dealing(void)
{
	static const uint8_t programs[][18] = { { 1, 3, 3, 1, 1, 5, 1, 2, 5, 1, 3, 5 },
		{ 1, 3, 3, 1, 1, 5, 0, 2, 5, 1, 3, 5 }, { 1, 0 },
		{ 1, 3, 3, 1, 1, 5, 1, 1, 5, 1, 0, 5 },
		{ 1, 2, 3, 1, 1, 5, 1, 2, 5 }, { 2, 0, 0, 0, 0, 0 }, { 2, 1, 0, 0, 0, 0 },
		{ 2, 0, 40, 1, 0, 0 }, { 2, 1, 40, 1, 0, 0 }, { 2, 0, 0, 1, 0, 0 },
		{ 2, 0, 40, 1, 50, 1 }, { 4, 1, 2, 3 } };
	struct shamir_commitments c;
	struct shamir_poly poly;
	struct shamir_complaint complaint;
	struct sr_writer w;
	setup();
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		fuzz_seed("program", programs[i], sizeof(programs[i]));
	seed_commitments(0, 1, &deal.c);
	seed_commitments(1, 0, &deal.c);
	seed_commitments(2, 2, &deal.c);
	FUZZ_CHECK(shamir_deal_refresh(&poly, &c, T, &deal.drbg) == SR_OK);
	seed_commitments(1, 1, &c);
	FUZZ_CHECK(shamir_complaint_make(&complaint, &deal.boxes[0], &deal.box_key, CONTEXT,
		&deal.drbg) == SR_OK);
	sr_writer_init(&w, 256);
	shamir_box_write(&w, &deal.boxes[0]);
	shamir_complaint_write(&w, &complaint);
	fuzz_seed_of(3, "complaint", &w);
	shamir_poly_clear(&poly);
}
