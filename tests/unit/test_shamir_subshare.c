/* Boxes from dealer to receiver, and complaints that everyone can judge. */
#include "shamir/subshare.h"

#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

#define T 3u

static const uint8_t context[] = "chain 1, epoch 2, dealer 3, receiver 4";
static const struct shamir_index receiver = { 4 };

/* A dealing by one dealer to one receiver. */
struct scene {
	struct sr_drbg drbg;
	struct shamir_poly poly;
	struct shamir_commitments c;
	struct sr_scalar p, share;
	struct sr_point key;
	struct shamir_box box;
};

static void scene_make(struct scene *s, const char *name)
{
	test_drbg(&s->drbg, name);
	ck_ok(shamir_box_keypair(&s->p, &s->key, &s->drbg));
	ck_ok(shamir_deal_fresh(&s->poly, &s->c, T, &s->drbg));
	ck_ok(shamir_poly_eval(&s->share, &s->poly, receiver));
	ck_ok(shamir_subshare_seal(&s->box, &s->key, &s->share, context, sizeof context,
	    &s->drbg));
	shamir_poly_clear(&s->poly);
}

/* Complains about s->box and returns the verdict. */
static bool judged_at_fault(struct scene *s)
{
	struct shamir_complaint complaint;
	bool fault;

	ck_ok(shamir_complaint_make(&complaint, &s->box, &s->p, context, sizeof context,
	    &s->drbg));
	ck_ok(shamir_complaint_judge_share(&fault, &complaint, &s->box, &s->key, context,
	    sizeof context, &s->c, receiver));
	return fault;
}

START_TEST(a_sub_share_arrives)
{
	struct scene s;
	struct sr_scalar got;

	scene_make(&s, "arrives");
	ck_ok(shamir_box_check(&s.box));
	ck_ok(shamir_subshare_open(&got, &s.box, &s.p, context, sizeof context));
	ck_assert(sr_scalar_equal(&got, &s.share));
	ck_ok(shamir_feldman_verify(&s.c, receiver, &got));
}
END_TEST

START_TEST(another_receiver_or_context_opens_nothing)
{
	struct scene s;
	struct sr_scalar other, got;
	struct sr_point key;

	scene_make(&s, "other receiver");
	ck_ok(shamir_box_keypair(&other, &key, &s.drbg));
	ck_error(shamir_subshare_open(&got, &s.box, &other, context, sizeof context),
	    SR_ERR_DECRYPT_FAILED);
	ck_assert(sr_scalar_is_zero(&got));
	ck_error(shamir_subshare_open(&got, &s.box, &s.p, context, sizeof context - 1),
	    SR_ERR_DECRYPT_FAILED);
}
END_TEST

START_TEST(every_changed_byte_of_a_box_is_found_and_the_dealer_named)
{
	struct scene s;
	struct shamir_box good;
	struct sr_scalar got;

	scene_make(&s, "changed byte");
	good = s.box;
	for (size_t i = 0; i < SHAMIR_BOX_SIZE; i++) {
		s.box = good;
		s.box.b[i] ^= 1;
		ck_error(shamir_subshare_open(&got, &s.box, &s.p, context, sizeof context),
		    SR_ERR_DECRYPT_FAILED);
		if (shamir_box_check(&s.box) == SR_OK)
			ck_assert(judged_at_fault(&s));
		else
			ck_assert_uint_lt(i, 32);       /* R itself: seen by all, no complaint */
	}
}
END_TEST

START_TEST(a_wrong_sub_share_convicts_its_dealer)
{
	struct scene s;
	struct sr_scalar wrong, got;

	scene_make(&s, "wrong sub-share");
	sr_scalar_add(&wrong, &s.share, &s.share);
	ck_ok(shamir_subshare_seal(&s.box, &s.key, &wrong, context, sizeof context, &s.drbg));
	ck_ok(shamir_subshare_open(&got, &s.box, &s.p, context, sizeof context));
	ck_error(shamir_feldman_verify(&s.c, receiver, &got), SR_ERR_DEALING_BAD);
	ck_assert(judged_at_fault(&s));
}
END_TEST

START_TEST(bytes_that_are_no_scalar_convict_their_dealer)
{
	struct scene s;
	struct sr_key32 bytes;
	struct sr_scalar got;

	scene_make(&s, "no scalar");
	memset(bytes.b, 0xff, sizeof bytes.b);
	ck_ok(shamir_box_seal32(&s.box, &s.key, &bytes, context, sizeof context, &s.drbg));
	ck_error(shamir_subshare_open(&got, &s.box, &s.p, context, sizeof context),
	    SR_ERR_BAD_SCALAR);
	ck_assert(judged_at_fault(&s));
}
END_TEST

START_TEST(a_false_complaint_does_not_convict)
{
	struct scene s;
	struct shamir_complaint complaint, changed;
	bool fault = true;

	scene_make(&s, "false complaint");
	ck_assert(!judged_at_fault(&s));                /* a good box, truthfully opened */
	ck_ok(shamir_complaint_make(&complaint, &s.box, &s.p, context, sizeof context, &s.drbg));
	changed = complaint;                            /* another point than p R */
	ck_ok(sr_point_add(&changed.ecdh, &changed.ecdh, &sr_point_base));
	ck_error(shamir_complaint_judge_share(&fault, &changed, &s.box, &s.key, context,
	    sizeof context, &s.c, receiver), SR_ERR_BAD_PROOF);
	ck_assert(!fault);
	/* A true complaint about one box says nothing about another, not even with the same R. */
	s.box.b[SHAMIR_BOX_SIZE - 1] ^= 1;
	ck_error(shamir_complaint_judge_share(&fault, &complaint, &s.box, &s.key, context,
	    sizeof context, &s.c, receiver), SR_ERR_BAD_PROOF);
	ck_ok(shamir_subshare_seal(&s.box, &s.key, &s.share, context, sizeof context, &s.drbg));
	ck_error(shamir_complaint_judge_share(&fault, &complaint, &s.box, &s.key, context,
	    sizeof context, &s.c, receiver), SR_ERR_BAD_PROOF);
}
END_TEST

START_TEST(an_R_that_is_no_point_needs_no_proof)
{
	struct scene s;
	struct shamir_complaint complaint = { 0 };
	struct sr_scalar got;
	bool fault = false;

	scene_make(&s, "no point");
	memset(s.box.b, 0, 32);
	ck_error(shamir_box_check(&s.box), SR_ERR_BAD_POINT);
	ck_error(shamir_subshare_open(&got, &s.box, &s.p, context, sizeof context),
	    SR_ERR_DECRYPT_FAILED);
	ck_error(shamir_complaint_make(&complaint, &s.box, &s.p, context, sizeof context,
	    &s.drbg), SR_ERR_BAD_POINT);
	ck_ok(shamir_complaint_judge_share(&fault, &complaint, &s.box, &s.key, context,
	    sizeof context, &s.c, receiver));
	ck_assert(fault);
}
END_TEST

START_TEST(a_contribution_other_than_the_committed_one_convicts)
{
	struct scene s;
	struct sr_key32 sent, got;
	struct sr_hash32 commitment, other;
	struct shamir_complaint complaint;
	bool fault = true;

	scene_make(&s, "contribution");
	ck_ok(sr_drbg_fill(&s.drbg, sent.b, sizeof sent.b));
	commitment = shamir_contribution_commit(&sent);
	ck_ok(shamir_box_seal32(&s.box, &s.key, &sent, context, sizeof context, &s.drbg));
	ck_ok(shamir_box_open32(&got, &s.box, &s.p, context, sizeof context));
	ck_assert_mem_eq(got.b, sent.b, 32);
	ck_ok(shamir_complaint_make(&complaint, &s.box, &s.p, context, sizeof context, &s.drbg));
	ck_ok(shamir_complaint_judge32(&fault, &complaint, &s.box, &s.key, context,
	    sizeof context, &commitment));
	ck_assert(!fault);
	other = commitment;
	other.b[31] ^= 1;
	ck_ok(shamir_complaint_judge32(&fault, &complaint, &s.box, &s.key, context,
	    sizeof context, &other));
	ck_assert(fault);
	s.box.b[40] ^= 1;                               /* now it does not decrypt */
	ck_ok(shamir_complaint_make(&complaint, &s.box, &s.p, context, sizeof context, &s.drbg));
	ck_ok(shamir_complaint_judge32(&fault, &complaint, &s.box, &s.key, context,
	    sizeof context, &commitment));
	ck_assert(fault);
}
END_TEST

START_TEST(boxes_and_complaints_survive_the_wire)
{
	struct scene s;
	struct shamir_complaint complaint, read;
	struct shamir_box box;
	struct sr_writer w;
	struct sr_reader r;

	scene_make(&s, "wire");
	ck_ok(shamir_complaint_make(&complaint, &s.box, &s.p, context, sizeof context, &s.drbg));
	sr_writer_init(&w, 1024);
	shamir_box_write(&w, &s.box);
	shamir_complaint_write(&w, &complaint);
	ck_ok(sr_writer_finish(&w));
	ck_assert_uint_eq(w.n, SHAMIR_BOX_SIZE + SHAMIR_COMPLAINT_SIZE);
	sr_reader_init(&r, w.p, w.n);
	shamir_box_read(&box, &r);
	shamir_complaint_read(&read, &r);
	ck_ok(sr_reader_finish(&r));
	ck_assert_mem_eq(&box, &s.box, sizeof box);
	ck_assert_mem_eq(&read, &complaint, sizeof read);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(the_identity_is_no_box_key)
{
	struct scene s;

	scene_make(&s, "identity key");
	ck_error(shamir_subshare_seal(&s.box, &sr_point_identity, &s.share, context,
	    sizeof context, &s.drbg), SR_ERR_BAD_POINT);
}
END_TEST

/* The header's formula, computed here a second time. */
START_TEST(a_box_is_sealed_as_the_header_says)
{
	static const char box_label[] = "strongroom box v1";
	static const uint8_t nonce[SR_GCM_NONCE];
	struct sr_bytes about = { context, sizeof context };
	uint8_t info[sizeof box_label + 96], sealed[32 + SR_GCM_TAG];
	struct sr_hash32 hash = sr_hash_domain(box_label, &about, 1);
	struct sr_point r, shared;
	struct sr_key32 key;
	struct scene s;

	scene_make(&s, "formula");
	ck_ok(sr_point_decode(&r, s.box.b));
	ck_ok(sr_point_mul(&shared, &s.p, &r));
	memcpy(info, box_label, sizeof box_label);
	memcpy(info + sizeof box_label, r.b, 32);
	memcpy(info + sizeof box_label + 32, s.key.b, 32);
	memcpy(info + sizeof box_label + 64, hash.b, 32);
	ck_ok(sr_hkdf(key.b, sizeof key.b, shared.b, sizeof shared.b, NULL, 0, info, sizeof info));
	ck_ok(sr_gcm_seal(sealed, &key, nonce, hash.b, sizeof hash.b, s.share.b, 32));
	ck_assert_mem_eq(s.box.b + 32, sealed, sizeof sealed);
}
END_TEST

/* Whose r nobody knows may be another dealer's (decision 0007). */
START_TEST(the_boxes_of_a_dealing_share_one_R_that_the_dealer_knows)
{
	struct shamir_proof proof, other_proof;
	struct shamir_box boxes[3];
	struct sr_scalar r, other;
	struct scene s;

	scene_make(&s, "boxes");
	ck_ok(sr_scalar_random(&r, &s.drbg));
	ck_ok(sr_scalar_random(&other, &s.drbg));
	for (size_t i = 0; i < 3; i++)
		ck_ok(shamir_subshare_seal_with(&boxes[i], &r, &s.key, &s.share, context,
		    sizeof context));
	ck_ok(shamir_boxes_prove(&proof, &r, context, sizeof context, &s.drbg));
	ck_ok(shamir_boxes_prove(&other_proof, &other, context, sizeof context, &s.drbg));
	ck_ok(shamir_boxes_verify(&proof, &boxes[0], boxes, 3, context, sizeof context));
	ck_error(shamir_boxes_verify(&other_proof, &boxes[0], boxes, 3, context, sizeof context),
	    SR_ERR_BAD_PROOF);
	ck_error(shamir_boxes_verify(&proof, &boxes[0], boxes, 3, context, sizeof context - 1),
	    SR_ERR_BAD_PROOF);
	ck_ok(shamir_subshare_seal_with(&boxes[2], &other, &s.key, &s.share, context,
	    sizeof context));
	ck_error(shamir_boxes_verify(&proof, &boxes[0], boxes, 3, context, sizeof context),
	    SR_ERR_BAD_PROOF);
}
END_TEST

/* --- pairs --- */

struct pair_scene {
	struct sr_drbg drbg;
	struct shamir_commitments c;
	struct sr_scalar p;
	struct shamir_pair pair;
	struct sr_point key;
	struct shamir_pair_box box;
};

static void pair_scene_make(struct pair_scene *s, const char *name)
{
	struct shamir_pair_poly poly;

	test_drbg(&s->drbg, name);
	ck_ok(shamir_box_keypair(&s->p, &s->key, &s->drbg));
	ck_ok(shamir_pedersen_deal(&poly, &s->c, T, NULL, &s->drbg));
	ck_ok(shamir_pedersen_eval(&s->pair, &poly, receiver));
	ck_ok(shamir_pair_seal(&s->box, &s->key, &s->pair, context, sizeof context, &s->drbg));
	shamir_pedersen_clear(&poly);
}

static bool pair_judged_at_fault(struct pair_scene *s)
{
	struct shamir_complaint complaint;
	bool fault;

	ck_ok(shamir_pair_complain(&complaint, &s->box, &s->p, context, sizeof context,
	    &s->drbg));
	ck_ok(shamir_complaint_judge_pair(&fault, &complaint, &s->box, &s->key, context,
	    sizeof context, &s->c, receiver));
	return fault;
}

START_TEST(a_pair_arrives_and_opens_for_nobody_else_and_nowhere_else)
{
	struct pair_scene s;
	struct sr_scalar other;
	struct sr_point other_key;
	struct shamir_pair got;

	pair_scene_make(&s, "pair arrives");
	ck_ok(shamir_pair_open(&got, &s.box, &s.p, context, sizeof context));
	ck_assert_mem_eq(&got, &s.pair, sizeof got);
	ck_ok(shamir_pedersen_verify(&s.c, receiver, &got));
	ck_assert(!pair_judged_at_fault(&s));
	ck_error(shamir_pair_open(&got, &s.box, &s.p, context, sizeof context - 1),
	    SR_ERR_DECRYPT_FAILED);
	ck_ok(shamir_box_keypair(&other, &other_key, &s.drbg));
	ck_error(shamir_pair_open(&got, &s.box, &other, context, sizeof context),
	    SR_ERR_DECRYPT_FAILED);
	ck_assert(sr_scalar_is_zero(&got.f) && sr_scalar_is_zero(&got.g));
}
END_TEST

START_TEST(every_changed_byte_of_a_pairs_box_convicts_its_dealer)
{
	struct pair_scene s;
	struct shamir_pair got;
	struct sr_point r;

	pair_scene_make(&s, "pair changed");
	for (size_t i = 0; i < sizeof s.box.b; i++) {
		s.box.b[i] ^= 1;
		ck_error(shamir_pair_open(&got, &s.box, &s.p, context, sizeof context),
		    SR_ERR_DECRYPT_FAILED);
		if (i >= 32 || sr_point_decode(&r, s.box.b) == SR_OK)
			ck_assert(pair_judged_at_fault(&s));
		s.box.b[i] ^= 1;
	}
	sr_scalar_from_u32(&s.pair.g, 7);
	ck_ok(shamir_pair_seal(&s.box, &s.key, &s.pair, context, sizeof context, &s.drbg));
	ck_assert(pair_judged_at_fault(&s));
	memset(&s.pair.f, 0xff, sizeof s.pair.f);               /* no scalar at all */
	ck_ok(shamir_pair_seal(&s.box, &s.key, &s.pair, context, sizeof context, &s.drbg));
	ck_error(shamir_pair_open(&got, &s.box, &s.p, context, sizeof context), SR_ERR_BAD_SCALAR);
	ck_assert(pair_judged_at_fault(&s));
}
END_TEST

START_TEST(a_false_complaint_about_a_pair_does_not_convict)
{
	struct pair_scene s;
	struct shamir_complaint complaint;
	struct sr_scalar other;
	struct sr_point other_key;
	bool fault;

	pair_scene_make(&s, "pair false complaint");
	ck_ok(shamir_box_keypair(&other, &other_key, &s.drbg));
	ck_ok(shamir_pair_complain(&complaint, &s.box, &other, context, sizeof context, &s.drbg));
	ck_error(shamir_complaint_judge_pair(&fault, &complaint, &s.box, &s.key, context,
	    sizeof context, &s.c, receiver), SR_ERR_BAD_PROOF);
	ck_assert(!fault);
	ck_ok(shamir_pair_complain(&complaint, &s.box, &s.p, context, sizeof context, &s.drbg));
	ck_error(shamir_complaint_judge_pair(&fault, &complaint, &s.box, &s.key, context,
	    sizeof context - 1, &s.c, receiver), SR_ERR_BAD_PROOF);
}
END_TEST

START_TEST(the_boxes_of_pairs_share_one_R_that_the_dealer_knows)
{
	struct shamir_pair_box boxes[3];
	struct shamir_proof proof;
	struct sr_scalar r, other;
	struct pair_scene s;

	pair_scene_make(&s, "pair boxes");
	ck_ok(sr_scalar_random(&r, &s.drbg));
	ck_ok(sr_scalar_random(&other, &s.drbg));
	for (size_t i = 0; i < 3; i++)
		ck_ok(shamir_pair_seal_with(&boxes[i], &r, &s.key, &s.pair, context,
		    sizeof context));
	ck_ok(shamir_boxes_prove(&proof, &r, context, sizeof context, &s.drbg));
	ck_ok(shamir_pair_boxes_verify(&proof, boxes, 3, context, sizeof context));
	ck_error(shamir_pair_boxes_verify(&proof, boxes, 0, context, sizeof context), SR_ERR_EMPTY);
	ck_error(shamir_pair_boxes_verify(&proof, boxes, 3, context, sizeof context - 1),
	    SR_ERR_BAD_PROOF);
	ck_ok(shamir_pair_seal_with(&boxes[2], &other, &s.key, &s.pair, context, sizeof context));
	ck_error(shamir_pair_boxes_verify(&proof, boxes, 3, context, sizeof context),
	    SR_ERR_BAD_PROOF);
	ck_ok(shamir_boxes_prove(&proof, &other, context, sizeof context, &s.drbg));
	ck_error(shamir_pair_boxes_verify(&proof, boxes, 1, context, sizeof context),
	    SR_ERR_BAD_PROOF);
	memset(boxes[0].b, 0, 32);
	ck_error(shamir_pair_boxes_verify(&proof, boxes, 1, context, sizeof context),
	    SR_ERR_BAD_POINT);
}
END_TEST

TEST_MAIN("shamir/subshare", a_sub_share_arrives, another_receiver_or_context_opens_nothing,
    every_changed_byte_of_a_box_is_found_and_the_dealer_named,
    a_wrong_sub_share_convicts_its_dealer, bytes_that_are_no_scalar_convict_their_dealer,
    a_false_complaint_does_not_convict, an_R_that_is_no_point_needs_no_proof,
    a_contribution_other_than_the_committed_one_convicts, boxes_and_complaints_survive_the_wire,
    the_identity_is_no_box_key,
	a_box_is_sealed_as_the_header_says,
	the_boxes_of_a_dealing_share_one_R_that_the_dealer_knows,
    a_pair_arrives_and_opens_for_nobody_else_and_nowhere_else,
    every_changed_byte_of_a_pairs_box_convicts_its_dealer,
    a_false_complaint_about_a_pair_does_not_convict,
    the_boxes_of_pairs_share_one_R_that_the_dealer_knows)
