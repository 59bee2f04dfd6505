/*
 * enclave/dealt.c - secrets that their owner deals to members of his choice (decision 0013): what
 * is checked of a dealing, and this member's own pair of one. A holder keeps nothing: its pair is
 * in the record, in a box for its box key.
 */
#include "enclave/internal.h"

#include <string.h>

void dealt_roster_fill(struct vault_roster *roster, const struct epoch_record *record)
{
	memset(roster, 0, sizeof(*roster));
	roster->n = record->n;
	for (uint32_t i = 0; i < record->n; i++) {
		roster->members[i].seat = record->members[i].seat;
		memcpy(roster->members[i].box_key, record->members[i].box_key, 32);
	}
}

const struct vault_roster *dealt_roster(const struct enclave_core *self, uint64_t epoch)
{
	if (self->now != NULL && self->now->record.epoch == epoch)
		return &self->now->roster;
	return self->old != NULL && self->old->record.epoch == epoch ? &self->old->roster : NULL;
}

enum sr_error dealt_check(const struct vault_dealt *dealt, const struct sr_hash32 *label)
{
	struct shamir_pair_box boxes[VAULT_HOLDERS_MAX];
	uint8_t context[VAULT_DEALT_CONTEXT];
	struct shamir_commitments c;
	struct shamir_proof proof;
	struct sr_point key;
	struct sr_reader r;

	SR_TRY(shamir_commitments_decode(&c, dealt->commitments, dealt->threshold));
	for (uint32_t i = 0; i < dealt->holders_n; i++) {
		SR_TRY(sr_point_decode(&key, dealt->holders[i].key));
		memcpy(boxes[i].b, dealt->holders[i].box, sizeof(boxes[i].b));
	}
	sr_reader_init(&r, dealt->proof, sizeof(dealt->proof));
	proof = shamir_proof_read(&r);
	SR_TRY(sr_reader_finish(&r));
	/* The proof is for this label: whoever copies another's boxes can't make it. */
	vault_dealt_context(context, label, 0, VAULT_DEALER_OWNER, VAULT_EVERYBODY);
	return shamir_pair_boxes_verify(&proof, boxes, dealt->holders_n, context,
	    sizeof(context));
}

/* Seats are given again; the box key says who it was dealt to. */
static const struct vault_holder *holder_me(const struct enclave_core *self,
    const struct vault_dealt *dealt)
{
	struct sr_point key;

	sr_point_base_mul(&key, &self->keys->box);
	for (uint32_t i = 0; i < dealt->holders_n; i++)
		if (memcmp(dealt->holders[i].key, key.b, sizeof(key.b)) == 0)
			return &dealt->holders[i];
	return NULL;
}

enum sr_error dealt_pair(struct shamir_pair *pair, const struct enclave_core *self,
    const struct vault_dealt *dealt, const struct sr_hash32 *label)
{
	const struct vault_holder *me = holder_me(self, dealt);
	uint8_t context[VAULT_DEALT_CONTEXT];
	struct shamir_commitments c;
	struct shamir_pair_box box;
	enum sr_error error;

	shamir_pair_wipe(pair);
	if (me == NULL)
		return SR_ERR_NO_SHARE;
	SR_TRY(shamir_commitments_decode(&c, dealt->commitments, dealt->threshold));
	memcpy(box.b, me->box, sizeof(box.b));
	vault_dealt_context(context, label, dealt->generation,
	    dealt->generation == 0 ? VAULT_DEALER_OWNER : me->seat, me->seat);
	error = shamir_pair_open(pair, &box, &self->keys->box, context, sizeof(context));
	if (error == SR_OK)
		error = shamir_pedersen_verify(&c, (struct shamir_index){ me->seat + 1 }, pair);
	if (error == SR_OK)
		return SR_OK;
	shamir_pair_wipe(pair);
	return error == SR_ERR_NO_MEMORY ? error : SR_ERR_DEALING_BAD;
}
