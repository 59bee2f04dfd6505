/* shamir/subshare.c - boxes for sub-shares and contributions, and complaints about them. */
#include "shamir/subshare.h"

#include <string.h>

#define BOX_LABEL "strongroom box v1"
#define PAIR_LABEL "strongroom pair box v1"
#define COMPLAINT_DOMAIN "strongroom complaint v1"
#define CONTRIBUTION_DOMAIN "strongroom contribution v1"

/* Each key seals one box only, since no two have R, receiver and context in common: so the nonce
 * may be constant. */
static const uint8_t nonce[SR_GCM_NONCE];

#define BOX_BYTES(payload_n) (32u + (payload_n) + SR_GCM_TAG)
#define PAYLOAD_BYTES(box_n) ((box_n) - 32u - SR_GCM_TAG)

static struct sr_hash32 context_hash(const uint8_t *context, size_t context_n, size_t payload_n)
{
	struct sr_bytes part = { context, context_n };

	return sr_hash_domain(payload_n == SHAMIR_PAIR_SIZE ? PAIR_LABEL : BOX_LABEL, &part, 1);
}

/* K = HKDF(shared; label, R, P, H(context)) */
static enum sr_error box_key(struct sr_key32 *out, const struct sr_point *shared,
    const uint8_t r[32], const struct sr_point *to, const struct sr_hash32 *context)
{
	uint8_t info[sizeof BOX_LABEL + 96];

	memcpy(info, BOX_LABEL, sizeof BOX_LABEL);
	memcpy(info + sizeof BOX_LABEL, r, 32);
	memcpy(info + sizeof BOX_LABEL + 32, to->b, 32);
	memcpy(info + sizeof BOX_LABEL + 64, context->b, 32);
	return sr_hkdf(out->b, sizeof out->b, shared->b, sizeof shared->b, NULL, 0, info,
	    sizeof info);
}

enum sr_error shamir_box_keypair(struct sr_scalar *p, struct sr_point *key, struct sr_drbg *drbg)
{
	SR_TRY(sr_scalar_random(p, drbg));
	sr_point_base_mul(key, p);
	return SR_OK;
}

/* Boxes of both sizes: R, then the payload and its tag. */
static enum sr_error seal_with(uint8_t *box, const struct sr_scalar *r, const struct sr_point *to,
    struct sr_bytes payload, const uint8_t *context, size_t context_n)
{
	struct sr_hash32 about = context_hash(context, context_n, payload.n);
	struct sr_point r_point, shared = sr_point_identity;
	SR_KEY32_AUTO key;
	enum sr_error error;

	memset(box, 0, BOX_BYTES(payload.n));
	if (sr_point_is_identity(to))
		return SR_ERR_BAD_POINT;
	sr_point_base_mul(&r_point, r);
	error = sr_point_mul(&shared, r, to);
	if (error == SR_OK)
		error = box_key(&key, &shared, r_point.b, to, &about);
	if (error == SR_OK)
		error = sr_gcm_seal(box + 32, &key, nonce, about.b, sizeof about.b, payload.p,
		    payload.n);
	if (error == SR_OK)
		memcpy(box, r_point.b, sizeof r_point.b);
	sr_wipe(&shared, sizeof shared);
	return error;
}

static enum sr_error seal(uint8_t *box, const struct sr_point *to, struct sr_bytes payload,
    const uint8_t *context, size_t context_n, struct sr_drbg *drbg)
{
	SR_SCALAR_AUTO r;

	memset(box, 0, BOX_BYTES(payload.n));
	SR_TRY(sr_scalar_random(&r, drbg));
	return seal_with(box, &r, to, payload, context, context_n);
}

/* Opens with the shared point; also what everyone does with a complaint's. */
static enum sr_error open_with(uint8_t *payload, struct sr_bytes box, const struct sr_point *shared,
    const struct sr_point *to, const uint8_t *context, size_t context_n)
{
	struct sr_hash32 about = context_hash(context, context_n, PAYLOAD_BYTES(box.n));
	SR_KEY32_AUTO key;

	SR_TRY(box_key(&key, shared, box.p, to, &about));
	return sr_gcm_open(payload, &key, nonce, about.b, sizeof about.b, box.p + 32, box.n - 32);
}

static enum sr_error open_box(uint8_t *payload, struct sr_bytes box, const struct sr_scalar *p,
    const uint8_t *context, size_t context_n)
{
	struct sr_point r, to, shared;
	enum sr_error error;

	sr_wipe(payload, PAYLOAD_BYTES(box.n));
	if (sr_point_decode(&r, box.p) != SR_OK)
		return SR_ERR_DECRYPT_FAILED;
	sr_point_base_mul(&to, p);
	SR_TRY(sr_point_mul(&shared, p, &r));
	error = open_with(payload, box, &shared, &to, context, context_n);
	sr_wipe(&shared, sizeof shared);
	return error;
}

enum sr_error shamir_box_seal32(struct shamir_box *out, const struct sr_point *to,
    const struct sr_key32 *payload, const uint8_t *context, size_t context_n, struct sr_drbg *drbg)
{
	return seal(out->b, to, (struct sr_bytes){ payload->b, 32 }, context, context_n, drbg);
}

enum sr_error shamir_box_open32(struct sr_key32 *payload, const struct shamir_box *box,
    const struct sr_scalar *p, const uint8_t *context, size_t context_n)
{
	return open_box(payload->b, (struct sr_bytes){ box->b, sizeof box->b }, p, context,
	    context_n);
}

enum sr_error shamir_subshare_seal(struct shamir_box *out, const struct sr_point *to,
    const struct sr_scalar *share, const uint8_t *context, size_t context_n, struct sr_drbg *drbg)
{
	return seal(out->b, to, (struct sr_bytes){ share->b, 32 }, context, context_n, drbg);
}

enum sr_error shamir_subshare_open(struct sr_scalar *share, const struct shamir_box *box,
    const struct sr_scalar *p, const uint8_t *context, size_t context_n)
{
	SR_KEY32_AUTO payload;

	sr_wipe(share, sizeof *share);
	SR_TRY(open_box(payload.b, (struct sr_bytes){ box->b, sizeof box->b }, p, context,
	    context_n));
	return sr_scalar_decode(share, payload.b);
}

enum sr_error shamir_box_seal32_with(struct shamir_box *out, const struct sr_scalar *r,
    const struct sr_point *to, const struct sr_key32 *payload, const uint8_t *context,
    size_t context_n)
{
	return seal_with(out->b, r, to, (struct sr_bytes){ payload->b, 32 }, context, context_n);
}

enum sr_error shamir_subshare_seal_with(struct shamir_box *out, const struct sr_scalar *r,
    const struct sr_point *to, const struct sr_scalar *share, const uint8_t *context,
    size_t context_n)
{
	return seal_with(out->b, r, to, (struct sr_bytes){ share->b, 32 }, context, context_n);
}

enum sr_error shamir_boxes_prove(struct shamir_proof *out, const struct sr_scalar *r,
    const uint8_t *context, size_t context_n, struct sr_drbg *drbg)
{
	struct sr_point r_point;

	sr_point_base_mul(&r_point, r);
	return shamir_pok_prove(out, r, &r_point, context, context_n, drbg);
}

enum sr_error shamir_boxes_verify(const struct shamir_proof *proof, const struct shamir_box *first,
    const struct shamir_box *boxes, size_t n, const uint8_t *context, size_t context_n)
{
	struct sr_point r;

	for (size_t i = 0; i < n; i++)
		if (memcmp(boxes[i].b, first->b, sizeof r.b) != 0)
			return SR_ERR_BAD_PROOF;
	SR_TRY(sr_point_decode(&r, first->b));
	return shamir_pok_verify(proof, &r, context, context_n);
}

enum sr_error shamir_box_check(const struct shamir_box *box)
{
	struct sr_point r;

	return sr_point_decode(&r, box->b);
}

/* --- complaints --- */

/* The proof is bound to this box and to the context. */
static struct sr_hash32 complaint_context(struct sr_bytes box, const uint8_t *context,
    size_t context_n)
{
	struct sr_bytes parts[2] = { { box.p, box.n }, { context, context_n } };

	return sr_hash_domain(COMPLAINT_DOMAIN, parts, 2);
}

static enum sr_error complain(struct shamir_complaint *out, struct sr_bytes box,
    const struct sr_scalar *p, const uint8_t *context, size_t context_n, struct sr_drbg *drbg)
{
	struct sr_hash32 about = complaint_context(box, context, context_n);
	struct sr_point r, to;

	*out = (struct shamir_complaint){ 0 };
	SR_TRY(sr_point_decode(&r, box.p));
	sr_point_base_mul(&to, p);
	SR_TRY(sr_point_mul(&out->ecdh, p, &r));
	return shamir_dleq_prove(&out->proof, p, &sr_point_base, &to, &r, &out->ecdh, about.b,
	    sizeof about.b, drbg);
}

enum sr_error shamir_complaint_make(struct shamir_complaint *out, const struct shamir_box *box,
    const struct sr_scalar *p, const uint8_t *context, size_t context_n, struct sr_drbg *drbg)
{
	return complain(out, (struct sr_bytes){ box->b, sizeof box->b }, p, context, context_n,
	    drbg);
}

/* BAD_PROOF: a false complaint. Else *opened says whether payload holds the box's content. */
static enum sr_error complaint_open(uint8_t *payload, bool *opened,
    const struct shamir_complaint *complaint, struct sr_bytes box, const struct sr_point *to,
    const uint8_t *context, size_t context_n)
{
	struct sr_hash32 about = complaint_context(box, context, context_n);
	struct sr_point r;
	enum sr_error error;

	sr_wipe(payload, PAYLOAD_BYTES(box.n));
	*opened = false;
	/* With R no point there is nothing to prove: the box itself shows it. */
	if (sr_point_decode(&r, box.p) != SR_OK)
		return SR_OK;
	if (shamir_dleq_verify(&complaint->proof, &sr_point_base, to, &r, &complaint->ecdh, about.b,
	    sizeof about.b) != SR_OK)
		return SR_ERR_BAD_PROOF;
	error = open_with(payload, box, &complaint->ecdh, to, context, context_n);
	*opened = error == SR_OK;
	return error == SR_ERR_DECRYPT_FAILED ? SR_OK : error;
}

enum sr_error shamir_complaint_judge_share(bool *dealer_at_fault,
    const struct shamir_complaint *complaint, const struct shamir_box *box,
    const struct sr_point *to, const uint8_t *context,
    size_t context_n, const struct shamir_commitments *c, struct shamir_index index)
{
	SR_KEY32_AUTO payload;
	SR_SCALAR_AUTO share;
	bool opened;
	enum sr_error error;

	*dealer_at_fault = false;
	SR_TRY(complaint_open(payload.b, &opened, complaint,
	    (struct sr_bytes){ box->b, sizeof box->b }, to, context, context_n));
	if (!opened || sr_scalar_decode(&share, payload.b) != SR_OK) {
		*dealer_at_fault = true;
		return SR_OK;
	}
	error = shamir_feldman_verify(c, index, &share);
	*dealer_at_fault = error == SR_ERR_DEALING_BAD;
	return *dealer_at_fault ? SR_OK : error;
}

/* --- pairs --- */

/* A pair as a payload, and back. */
struct pair_bytes { uint8_t b[SHAMIR_PAIR_SIZE]; };

static void pair_bytes_wipe(struct pair_bytes *p)
{
	sr_wipe(p, sizeof *p);
}
#define PAIR_BYTES_AUTO __attribute__((cleanup(pair_bytes_wipe))) struct pair_bytes

static struct pair_bytes pair_pack(const struct shamir_pair *pair)
{
	struct pair_bytes out;

	memcpy(out.b, pair->f.b, 32);
	memcpy(out.b + 32, pair->g.b, 32);
	return out;
}

static enum sr_error pair_unpack(struct shamir_pair *pair, const struct pair_bytes *bytes)
{
	SR_TRY(sr_scalar_decode(&pair->f, bytes->b));
	return sr_scalar_decode(&pair->g, bytes->b + 32);
}

enum sr_error shamir_pair_seal(struct shamir_pair_box *out, const struct sr_point *to,
    const struct shamir_pair *pair, const uint8_t *context, size_t context_n, struct sr_drbg *drbg)
{
	PAIR_BYTES_AUTO bytes = pair_pack(pair);

	return seal(out->b, to, (struct sr_bytes){ bytes.b, sizeof bytes.b }, context, context_n,
	    drbg);
}

enum sr_error shamir_pair_seal_with(struct shamir_pair_box *out, const struct sr_scalar *r,
    const struct sr_point *to, const struct shamir_pair *pair, const uint8_t *context,
    size_t context_n)
{
	PAIR_BYTES_AUTO bytes = pair_pack(pair);

	return seal_with(out->b, r, to, (struct sr_bytes){ bytes.b, sizeof bytes.b }, context,
	    context_n);
}

enum sr_error shamir_pair_open(struct shamir_pair *pair, const struct shamir_pair_box *box,
    const struct sr_scalar *p, const uint8_t *context, size_t context_n)
{
	PAIR_BYTES_AUTO bytes;
	enum sr_error error;

	shamir_pair_wipe(pair);
	SR_TRY(open_box(bytes.b, (struct sr_bytes){ box->b, sizeof box->b }, p, context,
	    context_n));
	error = pair_unpack(pair, &bytes);
	if (error != SR_OK)
		shamir_pair_wipe(pair);
	return error;
}

enum sr_error shamir_pair_boxes_verify(const struct shamir_proof *proof,
    const struct shamir_pair_box *boxes, size_t n, const uint8_t *context, size_t context_n)
{
	struct sr_point r;

	if (n == 0)
		return SR_ERR_EMPTY;
	for (size_t i = 1; i < n; i++)
		if (memcmp(boxes[i].b, boxes[0].b, sizeof r.b) != 0)
			return SR_ERR_BAD_PROOF;
	SR_TRY(sr_point_decode(&r, boxes[0].b));
	return shamir_pok_verify(proof, &r, context, context_n);
}

enum sr_error shamir_pair_complain(struct shamir_complaint *out, const struct shamir_pair_box *box,
    const struct sr_scalar *p, const uint8_t *context, size_t context_n, struct sr_drbg *drbg)
{
	return complain(out, (struct sr_bytes){ box->b, sizeof box->b }, p, context, context_n,
	    drbg);
}

enum sr_error shamir_complaint_judge_pair(bool *dealer_at_fault,
    const struct shamir_complaint *complaint, const struct shamir_pair_box *box,
    const struct sr_point *to, const uint8_t *context, size_t context_n,
    const struct shamir_commitments *c, struct shamir_index index)
{
	PAIR_BYTES_AUTO bytes;
	SHAMIR_PAIR_AUTO pair;
	bool opened;
	enum sr_error error;

	*dealer_at_fault = false;
	SR_TRY(complaint_open(bytes.b, &opened, complaint,
	    (struct sr_bytes){ box->b, sizeof box->b }, to, context, context_n));
	if (!opened || pair_unpack(&pair, &bytes) != SR_OK) {
		*dealer_at_fault = true;
		return SR_OK;
	}
	error = shamir_pedersen_verify(c, index, &pair);
	*dealer_at_fault = error == SR_ERR_DEALING_BAD;
	return *dealer_at_fault ? SR_OK : error;
}

struct sr_hash32 shamir_contribution_commit(const struct sr_key32 *payload)
{
	struct sr_bytes part = { payload->b, sizeof payload->b };

	return sr_hash_domain(CONTRIBUTION_DOMAIN, &part, 1);
}

enum sr_error shamir_complaint_judge32(bool *dealer_at_fault,
    const struct shamir_complaint *complaint, const struct shamir_box *box,
    const struct sr_point *to, const uint8_t *context,
    size_t context_n, const struct sr_hash32 *commitment)
{
	SR_KEY32_AUTO payload;
	struct sr_hash32 got;
	bool opened;

	*dealer_at_fault = false;
	SR_TRY(complaint_open(payload.b, &opened, complaint,
	    (struct sr_bytes){ box->b, sizeof box->b }, to, context, context_n));
	got = shamir_contribution_commit(&payload);
	*dealer_at_fault = !opened || !sr_hash32_equal(&got, commitment);
	return SR_OK;
}

void shamir_box_write(struct sr_writer *w, const struct shamir_box *box)
{
	sr_write_copy(w, box->b, sizeof box->b);
}

void shamir_box_read(struct shamir_box *out, struct sr_reader *r)
{
	sr_read_copy(r, out->b, sizeof out->b);
}

void shamir_complaint_write(struct sr_writer *w, const struct shamir_complaint *complaint)
{
	sr_write_point(w, &complaint->ecdh);
	shamir_proof_write(w, &complaint->proof);
}

void shamir_complaint_read(struct shamir_complaint *out, struct sr_reader *r)
{
	out->ecdh = sr_read_point(r);
	out->proof = shamir_proof_read(r);
}
