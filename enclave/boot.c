/* enclave/boot.c - from genesis file, identity, rows and log to a running core. */
#include "enclave/snapshot.h"

#include <stdlib.h>
#include <string.h>

static enum sr_error boot_refuse(struct enclave_core *self, enum sr_error error)
{
	const char *text = "the genesis file or the sealed identity does not fit this node";

	switch ((unsigned)error) {
	case SR_ERR_BAD_VERSION:
		text = "host and enclave, or the files, are of different versions";
		break;
	case SR_ERR_DECRYPT_FAILED:
		text = "the sealed identity does not open with this machine's sealing key";
		break;
	case SR_ERR_NOT_A_MEMBER:
		text = "the genesis file does not list this identity as a member; a node that "
		    "joins is given the epoch trail";
		break;
	case SR_ERR_MEASUREMENT:
		text = "the policy of this cluster does not list this program's measurement";
		break;
	case SR_ERR_CHECKPOINT_OTHER:
		text = "the epoch trail does not contain the pinned epoch: whoever showed it "
		    "shows another cluster, or a false past";
		break;
	default:
		break;
	}
	return core_fatal(self, error, text);
}

/* The member whose identity this is, if it is one of the genesis; the host's opinion decides
 * nothing. */
static enum sr_error member_find(struct enclave_core *self)
{
	struct sr_point box;

	for (uint32_t i = 0; i < self->genesis->members_n; i++) {
		const struct genesis_member *m = &self->genesis->members[i];

		if (memcmp(m->id_key.b, self->keys->id_sk.b + 32, 32) != 0)
			continue;
		sr_point_base_mul(&box, &self->keys->box);
		if (memcmp(box.b, m->box_key, 32) != 0)
			return SR_ERR_NOT_A_MEMBER;
		self->seat = i;
		self->in_genesis = true;
		seats_provisional(self);
	}
	return SR_OK;
}

static enum sr_error genesis_take(struct enclave_core *self, struct sr_bytes file)
{
	struct sr_point box;

	self->genesis = malloc(sizeof(*self->genesis));
	self->genesis_bytes = malloc(file.n + 1);
	if (self->genesis == NULL || self->genesis_bytes == NULL)
		return SR_ERR_NO_MEMORY;
	if (file.n > 0)
		memcpy(self->genesis_bytes, file.p, file.n);
	SR_TRY(genesis_decode(self->genesis, self->genesis_bytes, file.n));
	/* The wire file knows no group: points are checked here. */
	for (uint32_t i = 0; i < self->genesis->members_n; i++)
		SR_TRY(sr_point_decode(&box, self->genesis->members[i].box_key));
	return SR_OK;
}

enum sr_error boot_begin(struct enclave_core *self, const struct enclave_event *ev)
{
	enum sr_error error = SR_OK;

	if (self->phase != CORE_NEW)
		return SR_OK;
	if (ev->number != HOST_WIRE_VERSION)
		error = SR_ERR_BAD_VERSION;
	if (error == SR_OK)
		error = genesis_take(self, ev->a);
	if (error == SR_OK)
		error = seal_keys_derive(self->keys);
	if (error == SR_OK)
		error = identity_open(self, ev->b.p, ev->b.n);
	if (error == SR_OK)
		error = member_find(self);
	if (error != SR_OK)
		return boot_refuse(self, error);
	self->phase = CORE_BOOTING;
	self->booted_ms = ev->now_ms;
	if (!self->in_genesis && ev->member < SR_MEMBERS_MAX)
		self->seat = ev->member; /* as its operator was told; the state says it for sure */
	if (self->in_genesis && ev->member != self->seat)
		fx_note_number(self, NOTE_WARN, "the configured member index is wrong; this is "
		    "member ",
		    self->seat);
	return SR_OK;
}

/* The vault key is dealt to these members before any quorum could judge them: each judges all. */
static enum sr_error genesis_judge(struct enclave_core *self)
{
	enum sr_error error = roster_genesis_check(self->genesis, self->verify);

	if (error == SR_OK || sr_error_is_shortage(error))
		return error;
	return core_fatal(self, error, "evidence of a member in the genesis file is not genuine, "
	    "or not what its policy accepts");
}

/* Epoch 0, before anything happened. */
static enum sr_error boot_genesis(struct enclave_core *self, bool first)
{
	struct core_epoch_keys *now = &self->keys->now;
	struct epoch_record *record = malloc(sizeof(*record));
	struct vault_tree *tree = NULL;
	struct sr_hash32 zero = { { 0 } }, root, state;
	enum sr_error error;

	if (record == NULL)
		return SR_ERR_NO_MEMORY;
	epoch_record_genesis(record, self->genesis);
	self->now = instance_new(self, record);
	free(record);
	if (self->now == NULL)
		return SR_ERR_NO_LOCKED_MEMORY;
	now->vote_seed = self->keys->genesis_vote_seed;
	now->has_vote = self->keys->genesis_vote;
	SR_TRY(epoch_keys_vote(now));
	if (!now->has_vote || memcmp(now->vote.b + 32,
	    self->now->record.members[self->now->self].vote_key.b, 32) != 0)
		return core_fatal(self, SR_ERR_FOREIGN_DATA, "this node's data is gone, and its "
		    "cluster has moved on since its genesis; restore the data directory from a "
		    "backup");
	error = vault_genesis(&tree, self->genesis->created_ms);
	if (error == SR_OK)
		error = epoch_genesis(&tree, self->genesis);
	if (error == SR_OK) {
		root = epoch_record_root(&self->now->record);
		state = vault_tree_root(tree);
		self->now->genesis_hash = consensus_genesis_hash(&self->genesis->chain_id, 0, &zero,
		    &root, &state);
		self->now->genesis_time_ms = self->genesis->created_ms;
		self->now->start_hash = self->now->genesis_hash;
		self->now->start_time_ms = self->genesis->created_ms;
		error = instance_open(self->now, &now->vote_seed, first);
	}
	if (error == SR_OK)
		error = exec_genesis(self, self->now, vault_tree_ref(tree));
	vault_tree_unref(tree);
	return error;
}

static enum sr_error trail_refuse(struct enclave_core *self, enum sr_error error)
{
	if (error == SR_OK || sr_error_is_shortage(error))
		return error;
	if (error == SR_ERR_NOT_A_MEMBER || error == SR_ERR_CHECKPOINT_OTHER)
		return boot_refuse(self, error);
	return core_fatal(self, error, "the epoch trail does not follow from this genesis file; "
	    "fetch it again, from another member");
}

enum sr_error boot_trail(struct enclave_core *self, const struct enclave_event *ev)
{
	struct sr_reader r;
	uint32_t count;
	enum sr_error error = SR_OK;

	if (self->phase != CORE_BOOTING || self->left || self->in_genesis || self->meta != NULL ||
	    self->boot_tree != NULL)
		return SR_OK;
	sr_reader_init(&r, ev->a.p, ev->a.n);
	count = sr_read_u32(&r);
	if (self->join == NULL)
		error = join_begin(self, ev->b);
	if (error == SR_OK)
		error = r.error;
	if (error == SR_OK)
		error = join_steps(self, ev->number, count, (struct sr_bytes){ r.p, r.left });
	return trail_refuse(self, error);
}

/* Neither in the genesis nor with a state: a node that joins, if it has a trail. */
static enum sr_error boot_join(struct enclave_core *self, bool first)
{
	enum sr_error error = SR_ERR_NOT_A_MEMBER;

	self->fresh = first && !self->identity_started;
	if (self->join != NULL)
		error = join_ready(self);
	if (error != SR_OK)
		return trail_refuse(self, error);
	self->phase = CORE_JOINING;
	return SR_OK;
}

static enum sr_error boot_state(struct enclave_core *self, bool first, bool log)
{
	if (self->phase != CORE_BOOTING)
		return SR_OK;
	if (self->left) {
		self->phase = CORE_LEAVING;
		return SR_OK;
	}
	if (self->meta == NULL && !self->in_genesis && self->boot_tree == NULL && !log)
		return boot_join(self, first);
	self->phase = CORE_REPLAYING;
	if (self->meta != NULL)
		return checkpoint_restore(self);
	if (self->boot_tree != NULL || log)
		return core_fatal(self, SR_ERR_DAMAGED, "the store has lost its checkpoint; "
		    "restore the data directory from a backup, or start over with an empty one");
	self->fresh = first && !self->identity_started;
	SR_TRY(genesis_judge(self));
	return boot_genesis(self, self->fresh);
}

enum sr_error boot_log_record(struct enclave_core *self, const struct enclave_event *ev)
{
	SR_TRY(boot_state(self, false, true));
	return self->phase == CORE_LEAVING ? SR_OK : log_replay(self, ev->a.p, ev->a.n);
}

/* What was replayed must be what the roster says of this member: a share is proven to others by its
 * verification key alone. */
static enum sr_error keys_validate(struct enclave_core *self)
{
	const struct epoch_record *now = &self->now->record;

	if (now->epoch == 0 || self->now->self >= now->n)
		return SR_OK;
	if (!epoch_keys_fit(&self->keys->now, now, self->now->self))
		return core_fatal(self, SR_ERR_DAMAGED, "the share or the keys in the data "
		    "directory are not this member's of its epoch; restore the newest copy, or "
		    "have it leave and join again");
	fx_note_number(self, NOTE_INFO, "the share and the keys are this member's of epoch ",
	    now->epoch);
	return SR_OK;
}

enum sr_error boot_ready(struct enclave_core *self, const struct enclave_event *ev)
{
	SR_TRY(boot_state(self, ev->number == 1, false));
	vault_tree_unref(self->boot_tree);
	self->boot_tree = NULL;
	if (self->left) {
		self->phase = CORE_LEAVING;
		return epoch_leave(self);
	}
	if (!core_measurement_listed(self, &self->measurement))
		return boot_refuse(self, SR_ERR_MEASUREMENT);
	if (self->phase == CORE_JOINING) {
		if (!self->identity_started)
			identity_emit(self);
		self->status_due = true;
		return SR_OK;
	}
	self->phase = CORE_RUNNING;
	if (!self->identity_started)
		identity_emit(self);
	if (self->log_bad)
		fx_note(self, NOTE_WARN, "the last record of the safety log was torn: left out");
	SR_TRY(keys_validate(self));
	/* A log always begins with a checkpoint; a torn one is replaced. */
	if (!self->log_seen || self->log_bad)
		SR_TRY(checkpoint_write(self));
	self->log_bad = false;
	SR_TRY(seats_update(self));
	if (self->old != NULL)
		SR_TRY(instance_start(self->old));
	SR_TRY(instance_start(self->now));
	self->state_moved = true;
	self->status_due = true;
	fx_note_number(self, NOTE_INFO, "running; final height ", self->final->header.height);
	return SR_OK;
}
