/*
 * enclave/epoch_switch.c - from one epoch to the next: the CLOSE block is final, so the keys move
 * on, and what belonged to the old epoch is wiped: its share and secret here and now, its vote key
 * when the new epoch has a final block, and on the disk with a checkpoint right after that. Who is
 * no member any more wipes all it has and ends.
 *
 *             in the next roster ──► new keys, new instance ──► first final block ──► old ones gone
 *   CLOSE ──► a joiner not yet   ──► observes on
 *             a member no more   ──► everything wiped ──► LEFT
 */
#include "enclave/internal.h"

#include <stdlib.h>
#include <string.h>

static enum sr_error step_add(struct enclave_core *self)
{
	struct core_closing *c = &self->closing;
	struct sr_writer headers, cert, record, step;
	enum sr_error error;

	sr_writer_init(&headers, CORE_CLOSE_HEADERS_MAX * CONSENSUS_HEADER_MAX);
	sr_writer_init(&cert, 64u + SR_MEMBERS_MAX * 70u);
	sr_writer_init(&record, EPOCH_RECORD_MAX);
	for (uint32_t i = 0; i < c->headers_n; i++)
		consensus_header_write(&headers, &c->headers[i]);
	consensus_cert_write(&cert, &c->cert);
	epoch_record_write(&record, &c->next);
	sr_writer_init(&step, EPOCH_STEP_MAX);
	sr_write_blob(&step, headers.p, headers.n);
	sr_write_blob(&step, cert.p, cert.n);
	sr_write_blob(&step, record.p, record.n);
	error = sr_writer_finish(&step);
	if (headers.error != SR_OK || cert.error != SR_OK || record.error != SR_OK)
		error = SR_ERR_NO_MEMORY;
	if (error == SR_OK)
		error = trail_add(self, (struct sr_bytes){ step.p, step.n });
	sr_writer_clear(&headers);
	sr_writer_clear(&cert);
	sr_writer_clear(&record);
	sr_writer_clear(&step);
	return error;
}

/* ----------------------------------------------------------------------------------------- keys */

static enum sr_error keys_member(struct enclave_core *self, uint32_t index)
{
	struct core_epoch_keys *now = &self->keys->now, *next = &self->keys->next;

	if (!epoch_keys_fit(next, &self->closing.next, index))
		return SR_ERR_EPOCH_STEP;
	*now = *next;
	sr_wipe(next, sizeof(*next));
	return SR_OK;
}

/* Whoever is in the next roster acknowledged a share of it: an index of its own, whatever it was
 * before. */
static enum sr_error keys_advance(struct enclave_core *self)
{
	struct core_epoch_keys *now = &self->keys->now;
	struct sr_edpk id;
	uint32_t index = epoch_record_id(&self->closing.next, core_id(self, &id));

	if (index != EPOCH_NOBODY)
		return keys_member(self, index);
	sr_wipe(&self->keys->next, sizeof(self->keys->next));
	sr_wipe(now, sizeof(*now));
	now->epoch = self->closing.next.epoch;
	return SR_OK;
}

/* -------------------------------------------------------------------------------------- leaving */

static bool leaves(const struct enclave_core *self)
{
	struct sr_edpk id;

	return self->now->self < self->now->record.n &&
	    epoch_record_id(&self->closing.next, core_id(self, &id)) == EPOCH_NOBODY;
}

static void instance_wipe(struct core_instance *i)
{
	if (i == NULL)
		return;
	sr_edsk_wipe(i->vote);
	i->wiped = true;
}

/* All that is secret but the platform's sealing key, which is not this node's to wipe. */
static void keys_wipe(struct enclave_core *self)
{
	struct core_keys *keys = self->keys;

	sr_wipe(&keys->now, sizeof(keys->now));
	sr_wipe(&keys->next, sizeof(keys->next));
	sr_key32_wipe(&keys->id_seed);
	sr_key32_wipe(&keys->genesis_vote_seed);
	keys->genesis_vote = false;
	sr_edsk_wipe(&keys->id_sk);
	sr_scalar_wipe(&keys->box);
	instance_wipe(self->now);
	instance_wipe(self->old);
}

/*
 * The identity goes first: whoever starts this node again is told, and it does the rest again. Then
 * the keys in the checkpoint, and the log that has them, too.
 */
enum sr_error epoch_leave(struct enclave_core *self)
{
	self->left = true;
	keys_wipe(self);
	if (self->phase != CORE_RUNNING && self->phase != CORE_LEAVING)
		return SR_OK;
	identity_emit(self);
	SR_TRY(checkpoint_leave(self));
	if (self->broken != SR_OK)
		return self->broken;
	return core_fatal(self, SR_ERR_LEFT, "this node is no member of its cluster any more, and "
	    "its keys are wiped; to take part again it joins with a new identity");
}

/* --------------------------------------------------------------------------------------- switch */

/*
 * Could I have voted in the new epoch and forgotten it? Not when its vote key was made while this
 * process ran, and the others were not there long before me. Otherwise the restart handshake
 * answers that.
 */
static bool may_have_voted(const struct enclave_core *self)
{
	return self->phase != CORE_RUNNING || !self->keys->now.made_here ||
	    (self->ahead_since_ms != 0 && self->ahead_since_ms + CORE_LAG_MS < self->now_ms);
}

static enum sr_error instance_next(struct enclave_core *self, bool first_boot)
{
	const struct core_closing *c = &self->closing;
	struct core_instance *i = instance_new(self, &c->next);

	if (i == NULL)
		return SR_ERR_NO_LOCKED_MEMORY;
	i->genesis_hash = consensus_genesis_hash(&self->genesis->chain_id, c->next.epoch,
	    &c->close_hash, &c->next_root, &c->state_root);
	i->genesis_height = c->height;
	i->genesis_time_ms = c->time_ms;
	i->start_hash = i->genesis_hash;
	i->start_height = c->height;
	i->start_time_ms = c->time_ms;
	instance_free(self->old);
	self->old = self->now;
	self->now = i;
	if (i->self < i->record.n)
		self->seat = i->record.members[i->self].seat;
	return instance_open(i, self->keys->now.has_vote ? &self->keys->now.vote_seed : NULL,
	    first_boot);
}

static void change_forget(struct enclave_core *self)
{
	free(self->deal);
	self->deal = NULL;
	self->deal_n = 0;
	free(self->ack);
	self->ack = NULL;
	self->ack_n = 0;
	self->change_target = 0;
	self->change_attempt = 0;
	self->lost_attempt = 0;
	memset(&self->verified, 0, sizeof(self->verified));
	memset(&self->accused, 0, sizeof(self->accused));
}

static enum sr_error switch_live(struct enclave_core *self)
{
	fx_note_number(self, NOTE_INFO, "a new epoch began: ", self->now->record.epoch);
	SR_TRY(seats_update(self));
	SR_TRY(instance_start(self->now));
	return peers_replay_ahead(self);
}

/* DESIGN 5, step 5: the CLOSE block is final, so the next epoch begins. */
enum sr_error epoch_switch(struct enclave_core *self)
{
	struct core_closing *c = &self->closing;
	bool live = self->phase == CORE_RUNNING;
	enum sr_error error;

	if (!c->open || !c->certified || self->left)
		return SR_OK;
	clients_drop_all(self, SR_ERR_WRONG_EPOCH);
	pool_drop_all(self->pool);
	change_forget(self);
	if (leaves(self))
		return epoch_leave(self);
	error = keys_advance(self);
	if (error != SR_OK)
		return core_fatal(self, error, "this node's keys for the new epoch are not there; "
		    "restore its data directory, or have it join again");
	SR_TRY(step_add(self));
	SR_TRY(instance_next(self, !may_have_voted(self)));
	SR_TRY(exec_genesis(self, self->now, vault_tree_ref(c->tree)));
	exec_proof_drop(self);
	vault_tree_unref(c->tree);
	c->tree = NULL;
	c->open = false;
	duties_switch(self);
	exec_verdicts_forget(self);
	self->agree_height = 0;
	self->ahead_since_ms = 0;
	memset(&self->ahead_from, 0, sizeof(self->ahead_from));
	self->status_due = true;
	return live ? switch_live(self) : SR_OK;
}

/* "Old shares and vote keys are wiped once e+1 has finalised its first block." */
enum sr_error epoch_settle(struct enclave_core *self)
{
	if (self->old == NULL || self->final->header.slot == 0 || self->closing.open ||
	    self->old->wiped)
		return SR_OK;
	instance_wipe(self->old);
	/* A joiner's is its vote key to be. */
	if (self->keys->genesis_vote && self->keys->now.has_vote) {
		self->keys->genesis_vote = false;
		sr_key32_wipe(&self->keys->genesis_vote_seed);
		identity_emit(self);
	}
	/* The log that still has the old keys goes with the next checkpoint: now. */
	self->checkpoint_due = true;
	self->keys_stale = true;
	return SR_OK;
}
