/*
 * tests/fuzz/fuzz_hold.c - dealt keys as clients and holders send them: encodings, an owner's
 * dealing with something changed, and what holders say in any order, changed anywhere. Whatever
 * they say, the secret's own commitment never changes, a generation follows the one before, and
 * what is refused leaves the state as it was.
 */
#include <string.h>

#include "enclave/internal.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/vault_world.h"

#define HOLDERS 3u
#define T 2u
#define STEPS_MAX 24u

static struct {
	struct vault_world *w;
	struct vault_secret_id id;
	struct sr_hash32 label;
	struct vault_dealt dealt;
	struct shamir_pair pairs[HOLDERS];
	struct sr_scalar box[HOLDERS], r;
	struct sr_drbg drbg;
	uint8_t policy[VAULT_POLICY_BYTES_MAX], bytes[VAULT_DEALT_BYTES_MAX];
} world;
static bool made;

FUZZ_RECODE(dealt_recode, struct vault_dealt, vault_dealt_read, vault_dealt_write)
FUZZ_RECODE(key_recode, struct vault_wrapped_key, vault_wrapped_key_read, vault_wrapped_key_write)
FUZZ_RECODE(deal_recode, struct vault_hold_deal, vault_hold_deal_read, vault_hold_deal_write)
FUZZ_RECODE(ack_recode, struct vault_hold_ack, vault_hold_ack_read, vault_hold_ack_write)
FUZZ_RECODE(complaint_recode, struct vault_hold_complaint, vault_hold_complaint_read,
    vault_hold_complaint_write)

/* --- a world with one dealt secret, an epoch later --- */

static void box_seal(uint8_t *out, uint32_t to, const struct shamir_pair *pair, uint64_t generation,
    uint32_t dealer)
{
	uint8_t context[VAULT_DEALT_CONTEXT];
	struct shamir_pair_box box;
	struct sr_point key;
	sr_point_base_mul(&key, &world.box[to]);
	vault_dealt_context(context, &world.label, generation, dealer, to);
	FUZZ_CHECK(shamir_pair_seal_with(&box, &world.r, &key, pair, context, sizeof(context)) ==
	    SR_OK);
	memcpy(out, box.b, sizeof(box.b));
}

static void proof_make(uint8_t out[64], uint64_t generation, const struct sr_hash32 *label)
{
	uint8_t context[VAULT_DEALT_CONTEXT];
	struct shamir_proof proof;
	struct sr_writer w;
	vault_dealt_context(context, label, generation, VAULT_DEALER_OWNER, VAULT_EVERYBODY);
	FUZZ_CHECK(shamir_boxes_prove(&proof, &world.r, context, sizeof(context), &world.drbg) ==
	    SR_OK);
	sr_writer_init(&w, 64);
	shamir_proof_write(&w, &proof);
	FUZZ_CHECK(sr_writer_finish(&w) == SR_OK);
	memcpy(out, w.p, 64);
	sr_writer_clear(&w);
}

static void dealing_make(void)
{
	struct shamir_pair_poly poly;
	struct shamir_commitments c;
	struct sr_point key;
	FUZZ_CHECK(sr_scalar_random(&world.r, &world.drbg) == SR_OK);
	FUZZ_CHECK(shamir_pedersen_deal(&poly, &c, T, NULL, &world.drbg) == SR_OK);
	world.dealt = (struct vault_dealt){ .threshold = T, .holders_n = HOLDERS };
	for (uint32_t k = 0; k < T; k++)
		memcpy(world.dealt.commitments[k], c.a[k].b, 32);
	for (uint32_t i = 0; i < HOLDERS; i++) {
		struct vault_holder *h = &world.dealt.holders[i];
		h->seat = i;
		FUZZ_CHECK(shamir_box_keypair(&world.box[i], &key, &world.drbg) == SR_OK);
		memcpy(h->key, key.b, 32);
		memcpy(world.w->roster.members[i].box_key, key.b, 32);
		FUZZ_CHECK(shamir_pedersen_eval(&world.pairs[i], &poly,
			       (struct shamir_index){ i + 1 }) == SR_OK);
		box_seal(h->box, i, &world.pairs[i], 0, VAULT_DEALER_OWNER);
	}
	shamir_pedersen_clear(&poly);
	proof_make(world.dealt.proof, 0, &world.label);
}

static void setup(void)
{
	union vault_op_body b;
	struct sr_hash32 policy;
	fuzz_drbg(&world.drbg, 9);
	world.w = world_new();
	world.w->hooks.dealt_check = dealt_check;
	b = world_put_body(world.w, ALICE, "will", "after(5)", world.policy);
	world.id = b.secret_put.id;
	policy = vault_policy_hash(b.secret_put.policy);
	world.label = vault_label(&world.w->block.chain_id, &world.id, &world.w->who[ALICE],
	    &policy);
	dealing_make();
	b.secret_put.key = world_dealt_key(world.bytes, &world.dealt);
	FUZZ_CHECK(world_do(world.w, ALICE, VAULT_OP_SECRET_PUT, &b) == SR_OK);
	world.w->block.epoch++;
	made = true;
}

/* --- what holders say --- */

static struct vault_hold_ref ref_now(uint64_t generation)
{
	return (struct vault_hold_ref){ world.id, 1, generation };
}

static void deal_body(struct sr_writer *w, uint32_t seat)
{
	struct vault_hold_deal deal = { .ref = ref_now(0), .threshold = T, .next_n = HOLDERS };
	struct shamir_pair_poly poly;
	struct shamir_commitments c;
	struct shamir_pair pair;
	uint8_t proof[64];
	FUZZ_CHECK(shamir_pedersen_deal_reshare(&poly, &c, T, &world.pairs[seat], &world.drbg) ==
	    SR_OK);
	for (uint32_t k = 0; k < T; k++)
		memcpy(deal.commitments[k], c.a[k].b, 32);
	for (uint32_t i = 0; i < HOLDERS; i++) {
		FUZZ_CHECK(shamir_pedersen_eval(&pair, &poly, (struct shamir_index){ i + 1 }) ==
		    SR_OK);
		box_seal(deal.boxes[i], i, &pair, 1, seat);
	}
	shamir_pedersen_clear(&poly);
	proof_make(proof, 0, &world.label);     /* not looked at here */
	sr_write_copy(w, proof, sizeof(proof));
	sr_write_u32(w, 1);
	vault_hold_deal_write(w, &deal);
}

static void ack_body(struct sr_writer *w)
{
	struct vault_hold_ack ack = { .ref = ref_now(0), .dealers = { 3 } };
	sr_write_u32(w, 1);
	vault_hold_ack_write(w, &ack);
}

static bool commitment_get(uint8_t out[32], uint64_t *generation, struct vault_tree *t)
{
	struct vault_hold_view v;
	struct vault_key at = { { 0 } };
	if (vault_hold_next(&v, &at, t, &world.w->block.chain_id) != SR_OK)
		return false;
	memcpy(out, v.dealt.commitments[0], 32);
	*generation = v.ref.generation;
	return true;
}

/* Steps of kind u8 | seat u8 | body blob. */
static void said(struct sr_reader *r)
{
	struct vault_tree *t = vault_tree_ref(world.w->t);
	uint64_t generation, before = 0;
	uint8_t commitment[32];
	for (unsigned i = 0; i < STEPS_MAX && r->left > 0; i++) {
		unsigned kind = VAULT_HOLD_DEAL + sr_read_u8(r) % 3;
		uint32_t seat = sr_read_u8(r) % (HOLDERS + 1);
		struct sr_bytes body = sr_read_blob(r, VAULT_HOLD_BATCH_BYTES);
		struct sr_hash32 root = vault_tree_root(t), after;
		if (r->error != SR_OK)
			break;
		enum sr_error e = vault_hold_apply(&t, &world.w->block, &hold_hooks, kind, body,
		    seat);
		after = vault_tree_root(t);
		FUZZ_CHECK(e != SR_ERR_INTERNAL && e != SR_ERR_DAMAGED);
		FUZZ_CHECK(e == SR_OK || sr_hash32_equal(&root, &after));
		FUZZ_CHECK(commitment_get(commitment, &generation, t));
		FUZZ_CHECK(memcmp(commitment, world.dealt.commitments[0], 32) == 0);
		FUZZ_CHECK(generation == before || generation == before + 1);
		before = generation;
	}
	vault_tree_unref(t);
}

/* place u16 | change u8: no other dealing than the owner's is for this label, but for what nothing
 * binds (a box's content is its receiver's to judge). */
static void changed(struct sr_reader *r)
{
	uint8_t bytes[VAULT_DEALT_BYTES_MAX];
	struct vault_wrapped_key key = world_dealt_key(bytes, &world.dealt);
	size_t place = sr_read_u16(r) % key.dealt.n;
	uint8_t change = sr_read_u8(r);
	struct vault_dealt d;
	bytes[place] ^= change;
	if (vault_dealt_decode(&d, key.dealt) != SR_OK)
		return;
	enum sr_error e = dealt_check(&d, &world.label);
	FUZZ_CHECK(change != 0 || e == SR_OK);
	for (uint32_t i = 0; i < d.holders_n; i++)
		FUZZ_CHECK(e != SR_OK || memcmp(d.holders[i].box, world.dealt.holders[0].box,
		    32) == 0);
	FUZZ_CHECK(e != SR_OK || memcmp(d.proof, world.dealt.proof, 64) == 0);
}

void fuzz_hold(const uint8_t *p, size_t n)
{
	struct sr_reader r;
	if (!made)
		setup();
	sr_reader_init(&r, p, n);
	switch (sr_read_u8(&r) % 7) {
	case 0: fuzz_canonical(dealt_recode, r.p, r.left); return;
	case 1: fuzz_canonical(key_recode, r.p, r.left); return;
	case 2: fuzz_canonical(deal_recode, r.p, r.left); return;
	case 3: fuzz_canonical(ack_recode, r.p, r.left); return;
	case 4: fuzz_canonical(complaint_recode, r.p, r.left); return;
	case 5: changed(&r); return;
	default: said(&r); return;
	}
}

/* --- first inputs --- */

static void step_write(struct sr_writer *w, uint8_t kind, uint8_t seat, struct sr_writer *body)
{
	FUZZ_CHECK(sr_writer_finish(body) == SR_OK);
	sr_write_u8(w, kind);
	sr_write_u8(w, seat);
	sr_write_blob(w, body->p, body->n);
	sr_writer_reset(body);
}

/* A round from its first dealing to the next generation. */
static void seed_round(void)
{
	struct sr_writer w, body;
	sr_writer_init(&w, 8192);
	sr_writer_init(&body, VAULT_HOLD_BATCH_BYTES);
	for (uint8_t i = 0; i < HOLDERS; i++) {
		deal_body(&body, i);
		step_write(&w, 0, i, &body);
	}
	for (uint8_t i = 0; i < HOLDERS; i++) {
		ack_body(&body);
		step_write(&w, 2, i, &body);
	}
	sr_writer_clear(&body);
	fuzz_seed_of(6, "round", &w);
}

/* Each receiver opens the box that each dealer made for it, the owner too. */
static void seed_complaints(void)
{
	struct vault_hold_complaint c = { .ref = ref_now(0), .dealer = VAULT_DEALER_OWNER };
	uint8_t context[VAULT_DEALT_CONTEXT];
	struct shamir_complaint complaint;
	struct shamir_pair_box box;
	struct sr_writer w, body;
	memcpy(box.b, world.dealt.holders[1].box, sizeof(box.b));
	vault_dealt_context(context, &world.label, 0, VAULT_DEALER_OWNER, 1);
	FUZZ_CHECK(shamir_pair_complain(&complaint, &box, &world.box[1], context, sizeof(context),
		       &world.drbg) == SR_OK);
	sr_writer_init(&body, 512);
	shamir_complaint_write(&body, &complaint);
	memcpy(c.complaint, body.p, sizeof(c.complaint));
	sr_writer_reset(&body);
	sr_writer_init(&w, 1024);
	vault_hold_complaint_write(&body, &c);
	step_write(&w, 1, 1, &body);
	fuzz_seed_of(6, "complaint", &w);
	vault_hold_complaint_write(&body, &c);
	fuzz_seed_of(4, "complaint", &body);
}

void seed_hold(void)
{
	static const uint8_t places[][4] = { { 5, 0, 0, 0 }, { 5, 20, 0, 1 }, { 5, 60, 0, 1 },
		{ 5, 130, 0, 1 }, { 5, 0xd0, 1, 1 }, { 5, 0xf0, 1, 1 }, { 5, 8, 0, 3 } };
	struct vault_hold_ack ack = { .ref = ref_now(1), .dealers = { 5 } };
	struct sr_writer w;
	setup();
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		fuzz_seed("place", places[i], sizeof(places[i]));
	sr_writer_init(&w, VAULT_DEALT_BYTES_MAX);
	vault_dealt_write(&w, &world.dealt);
	fuzz_seed_of(0, "dealt", &w);
	sr_writer_init(&w, VAULT_DEALT_BYTES_MAX + 512);
	struct vault_wrapped_key key = world_dealt_key(world.bytes, &world.dealt);
	vault_wrapped_key_write(&w, &key);
	fuzz_seed_of(1, "key", &w);
	sr_writer_init(&w, 256);
	vault_hold_ack_write(&w, &ack);
	fuzz_seed_of(3, "ack", &w);
	seed_round();
	seed_complaints();
}
