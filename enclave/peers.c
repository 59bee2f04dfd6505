/* enclave/peers.c - messages between the cores, and the way of an operation into the pool. */
#include "enclave/snapshot.h"

#include <stdlib.h>
#include <string.h>

static const char head_domain[] = "strongroom head v1";

/* ------------------------------------------------------------------------------------ admission */

/* What the next block will be like, as far as admission needs to know. */
static struct vault_block block_ahead(struct enclave_core *self, const struct exec_block *tip)
{
	struct consensus_header next = {
		.epoch = self->now->record.epoch,
		.height = tip->header.height + 1,
		.time_ms = tip->header.time_ms + 1,
	};

	if (next.time_ms < self->now_ms)
		next.time_ms = self->now_ms;
	return exec_vault_block(self, &next, tip);
}

/* What can't apply has no place: who offers it is told at once why not, and no block is held up by
 * it. */
static enum sr_error admit_hold_op(struct enclave_core *self, struct vault_op *op,
    const uint8_t *p, size_t n)
{
	const struct epoch_record *now = &self->now->record;
	struct exec_block *tip = exec_tip(self);
	struct vault_block block = block_ahead(self, tip);
	struct vault_tree *tree;
	uint32_t member;
	enum sr_error error;

	SR_TRY(hold_op_check(op, &member, &self->genesis->chain_id, now, p, n));
	tree = vault_tree_ref(tip->tree);
	error = vault_hold_apply(&tree, &block, &hold_hooks, (unsigned)op->kind, op->body,
	    now->members[member].seat);
	vault_tree_unref(tree);
	return error != SR_OK ? error : pool_add(self->pool, self, op, p, n, false);
}

static enum sr_error admit_member_op(struct enclave_core *self, struct vault_op *op,
    const uint8_t *p, size_t n)
{
	struct epoch_context ctx = core_epoch_context(self);
	struct exec_block *tip = exec_tip(self);
	struct vault_block block = block_ahead(self, tip);
	struct vault_tree *tree;
	struct epoch_role role;
	enum sr_error error;

	SR_TRY(epoch_op_check(op, &role, &ctx, tip->tree, p, n));
	if (self->disk_full && (unsigned)op->kind > EPOCH_OP_ACK)
		return SR_ERR_DISK_FULL;
	ctx.memo = &self->dealings;
	ctx.time_ms = block.time_ms;
	ctx.parent_ms = block.parent_time_ms;
	ctx.block = &block;
	tree = vault_tree_ref(tip->tree);
	error = epoch_apply(&tree, &ctx, op, &role);
	vault_tree_unref(tree);
	if (error == SR_ERR_EPOCH_STEP && epoch_step_is_early(&ctx, self->final->tree, op))
		error = SR_OK;
	return error != SR_OK ? error : pool_add(self->pool, self, op, p, n, false);
}

static bool nonce_in_window(const struct vault_tree *t, const struct vault_op *op)
{
	struct vault_key key = vault_key_account(&op->account);
	struct sr_bytes value = vault_tree_get(t, &key);
	struct vault_account_record record = { .nonce = 0 };
	struct sr_reader r;

	if (value.p != NULL) {
		sr_reader_init(&r, value.p, value.n);
		vault_account_record_read(&record, &r);
	}
	return op->nonce >= record.nonce && op->nonce - record.nonce <= CORE_NONCE_WINDOW;
}

static enum sr_error admit_client_op(struct enclave_core *self, struct vault_receipt *receipt,
    struct vault_op *op, const uint8_t *p, size_t n)
{
	struct exec_block *tip = exec_tip(self);
	struct vault_block block = block_ahead(self, tip);
	bool ahead;

	if (self->now->record.epoch == 0)
		return SR_ERR_NOT_READY;
	if (self->disk_full)
		return SR_ERR_DISK_FULL;
	SR_TRY(exec_op_verdict(self, op, &block));
	SR_TRY(vault_admit(tip->tree, receipt, &block, op));
	/* Operations of one account may be sent without waiting for each other. */
	ahead = receipt->code == SR_ERR_NONCE_AHEAD && nonce_in_window(tip->tree, op);
	if (ahead)
		receipt->code = SR_OK;
	if (receipt->code != SR_OK)
		return (enum sr_error)receipt->code;
	return pool_add(self->pool, self, op, p, n, ahead);
}

enum sr_error peers_admit(struct enclave_core *self, struct vault_receipt *receipt,
    struct vault_op *op, const uint8_t *p, size_t n)
{
	memset(receipt, 0, sizeof(*receipt));
	receipt->op = op->hash;
	if (pool_find(self->pool, &op->hash) != NULL)
		return SR_ERR_DUPLICATE;
	if (vault_hold_is((unsigned)op->kind))
		return admit_hold_op(self, op, p, n);
	return (unsigned)op->kind >= VAULT_OP_MEMBER_FIRST ? admit_member_op(self, op, p, n) :
	    admit_client_op(self, receipt, op, p, n);
}

void peers_send_operation(struct enclave_core *self, const uint8_t *p, size_t n)
{
	struct sr_writer w;

	sr_writer_init(&w, SR_OP_MAX + 16);
	sr_write_u8(&w, CORE_OPERATION);
	sr_write_copy(&w, p, n);
	if (sr_writer_finish(&w) == SR_OK)
		fx_send_members(self, CONSENSUS_CLASS_PROPOSAL, w.p, w.n);
	sr_writer_clear(&w);
}

/* Who has no place in that epoch's agreement is not heard there. */
static enum sr_error instance_hear(struct core_instance *i, uint32_t seat, const uint8_t *msg,
    size_t n)
{
	uint32_t from = seats_peer(i, seat);

	return from == EPOCH_NOBODY ? SR_OK : instance_receive(i, from, msg, n);
}

/* One liar may say that the next epoch began; f + 1 members do not. */
static void ahead_note(struct enclave_core *self, uint32_t seat)
{
	epoch_set_add(&self->ahead_from, seat);
	if (self->ahead_since_ms == 0 &&
	    epoch_set_count(&self->ahead_from) > consensus_faults(self->now->record.n))
		self->ahead_since_ms = self->now_ms;
}

/* Each member has a share of its own, of which operations take at most half: they could be
 * anyone's. */
static bool ahead_has_room(const struct enclave_core *self, uint32_t from, bool operation,
    size_t n)
{
	uint32_t share = CORE_AHEAD_MAX / self->now->record.n, kept = 0;
	size_t bytes = CORE_AHEAD_BYTES_MAX / self->now->record.n;

	if (share < CORE_AHEAD_LEAST)
		share = CORE_AHEAD_LEAST;
	if (bytes < CORE_AHEAD_BYTES_LEAST)
		bytes = CORE_AHEAD_BYTES_LEAST;
	if (operation) {
		share /= 2;
		bytes /= 2;
	}
	for (const struct core_ahead *a = self->ahead; a != NULL; a = a->next)
		if (a->from == from) {
			kept++;
			n += a->n;
		}
	return kept < share && n <= bytes;
}

/* A little is kept of what members send for the next epoch, so that the first votes there are not
 * lost, nor what clients sent to those who are there already. */
static void ahead_keep(struct enclave_core *self, uint32_t from, uint64_t epoch, bool operation,
    const uint8_t *p, size_t n)
{
	struct core_ahead **at = &self->ahead, *a;

	if (epoch != self->now->record.epoch + 1 ||
	    seats_peer(self->now, from) >= self->now->record.n)
		return;
	if (!operation)
		ahead_note(self, from);
	if (!ahead_has_room(self, from, operation, n))
		return;
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return;
	a->p = malloc(n + 1);
	if (a->p == NULL) {
		free(a);
		return;
	}
	if (n > 0)
		memcpy(a->p, p, n);
	a->n = n;
	a->from = from;
	a->epoch = epoch;
	a->operation = operation;
	while (*at != NULL)
		at = &(*at)->next;
	*at = a;
	self->ahead_n++;
	self->ahead_bytes += n;
}

void peers_ahead_drop(struct enclave_core *self)
{
	while (self->ahead != NULL) {
		struct core_ahead *a = self->ahead;

		self->ahead = a->next;
		free(a->p);
		free(a);
	}
	self->ahead_n = 0;
	self->ahead_bytes = 0;
}

static bool effort_take(const struct enclave_core *self, struct core_effort *e, uint64_t cost_us)
{
	uint64_t n = self->now->record.n, most = CORE_EFFORT_US / n, rested_us = 0;

	if (most < CORE_EFFORT_LEAST_US)
		most = CORE_EFFORT_LEAST_US;
	if (self->now_ms > e->at_ms)
		rested_us = (self->now_ms - e->at_ms) * 10u * CORE_EFFORT_PERCENT / n;
	e->us = e->us > rested_us ? e->us - rested_us : 0;
	e->at_ms = self->now_ms;
	if (e->us + cost_us > most)
		return false;
	e->us += cost_us;
	return true;
}

/* To try them takes long, and only their maker sends them: what it may take is its own. More of
 * them wait with their maker for a block of its own. */
static bool effort_left(struct enclave_core *self, uint32_t from, const struct vault_op *op)
{
	unsigned kind = (unsigned)op->kind;
	uint64_t cost_us = exec_cost_us(kind, op->body.n);

	if (vault_hold_is(kind))
		return effort_take(self, &self->hold_effort[from], cost_us);
	return kind < EPOCH_OP_DEAL || kind > EPOCH_OP_ACK ||
	    effort_take(self, &self->step_effort[from], cost_us);
}

static enum sr_error receive_operation(struct enclave_core *self, uint32_t from, const uint8_t *p,
    size_t n)
{
	struct vault_receipt receipt;
	struct vault_op op;

	if (vault_op_decode(&op, p, n) != SR_OK)
		return SR_OK;
	if (op.epoch > self->now->record.epoch) {
		ahead_keep(self, from, op.epoch, true, p, n);
		return SR_OK;
	}
	/* Who observes builds no blocks; of a guest only its part in a change is taken. */
	if (self->now->self >= self->now->record.n)
		return SR_OK;
	if (seats_peer(self->now, from) >= self->now->record.n &&
	    (unsigned)op.kind < VAULT_OP_MEMBER_FIRST)
		return SR_OK;
	if (pool_find(self->pool, &op.hash) != NULL || !effort_left(self, from, &op))
		return SR_OK;
	if (peers_admit(self, &receipt, &op, p, n) != SR_OK)
		return SR_OK;
	return instance_work(self);
}

enum sr_error peers_replay_ahead(struct enclave_core *self)
{
	struct core_ahead *list = self->ahead;
	enum sr_error error = SR_OK;

	self->ahead = NULL;
	self->ahead_n = 0;
	self->ahead_bytes = 0;
	while (list != NULL) {
		struct core_ahead *a = list;

		list = a->next;
		if (error == SR_OK && a->epoch == self->now->record.epoch)
			error = a->operation ? receive_operation(self, a->from, a->p, a->n) :
			    instance_hear(self->now, a->from, a->p, a->n);
		free(a->p);
		free(a);
	}
	return error;
}

/* ---------------------------------------------------------------------------------------- heads */

void peers_head_request(struct enclave_core *self)
{
	struct sr_writer w;

	sr_writer_init(&w, 64);
	sr_write_u8(&w, CORE_HEAD_REQUEST);
	sr_write_hash(&w, &self->round.nonce);
	if (sr_writer_finish(&w) == SR_OK)
		fx_send_members(self, CONSENSUS_CLASS_CERT, w.p, w.n);
	sr_writer_clear(&w);
}

/* chain_id | epoch | nonce | height | hash */
static enum sr_error head_message(struct sr_writer *w, const struct enclave_core *self,
    const struct sr_hash32 *nonce, uint64_t height, const struct sr_hash32 *hash)
{
	sr_writer_init(w, 256);
	sr_write_hash(w, &self->genesis->chain_id);
	sr_write_u64(w, self->now->record.epoch);
	sr_write_hash(w, nonce);
	sr_write_u64(w, height);
	sr_write_hash(w, hash);
	return sr_writer_finish(w);
}

static void receive_head_request(struct enclave_core *self, uint32_t from, struct sr_reader *r)
{
	struct sr_hash32 nonce = sr_read_hash(r);
	const struct exec_block *final = self->final;
	struct sr_writer message, w;
	struct sr_sig64 sig;

	if (sr_reader_finish(r) != SR_OK || self->closing.open || !self->keys->now.has_vote ||
	    seats_peer(self->now, from) >= self->now->record.n)
		return;
	if (head_message(&message, self, &nonce, final->header.height, &final->hash) != SR_OK)
		return;
	sr_sign(&sig, &self->keys->now.vote, head_domain, message.p, message.n);
	sr_writer_clear(&message);
	sr_writer_init(&w, 256);
	sr_write_u8(&w, CORE_HEAD);
	sr_write_u64(&w, self->now->record.epoch);
	sr_write_hash(&w, &nonce);
	sr_write_u64(&w, final->header.height);
	sr_write_hash(&w, &final->hash);
	sr_write_sig(&w, &sig);
	if (sr_writer_finish(&w) == SR_OK)
		fx_send(self, from, CONSENSUS_CLASS_CERT, w.p, w.n);
	sr_writer_clear(&w);
}

static void receive_head(struct enclave_core *self, uint32_t seat, struct sr_reader *r)
{
	uint32_t from = seats_peer(self->now, seat);
	uint64_t epoch = sr_read_u64(r), height;
	struct sr_hash32 nonce = sr_read_hash(r), hash;
	struct sr_writer message;
	struct sr_sig64 sig;
	bool good;

	height = sr_read_u64(r);
	hash = sr_read_hash(r);
	sig = sr_read_sig(r);
	if (sr_reader_finish(r) != SR_OK || epoch != self->now->record.epoch || !self->round.open ||
	    !sr_hash32_equal(&nonce, &self->round.nonce) || from >= self->now->record.n)
		return;
	if (head_message(&message, self, &nonce, height, &hash) != SR_OK)
		return;
	good = sr_verify(&self->now->record.members[from].vote_key, &sig, head_domain, message.p,
	    message.n) == SR_OK;
	sr_writer_clear(&message);
	if (good)
		release_head(self, from, height);
}

/* ------------------------------------------------------------------------------------ consensus */

static enum sr_error receive_consensus(struct enclave_core *self, uint32_t from,
    struct sr_reader *r)
{
	uint64_t epoch = sr_read_u64(r);

	if (r->error != SR_OK || self->disk_full)
		return SR_OK;
	if (epoch == self->now->record.epoch)
		return instance_hear(self->now, from, r->p, r->left);
	if (self->old != NULL && epoch == self->old->record.epoch)
		return instance_hear(self->old, from, r->p, r->left);
	if (epoch > self->now->record.epoch)
		ahead_keep(self, from, epoch, false, r->p, r->left);
	return SR_OK;
}

enum sr_error peers_receive(struct enclave_core *self, uint32_t from, const uint8_t *msg, size_t n)
{
	struct sr_reader r;

	if (from >= SR_MEMBERS_MAX || !self->peers[from].used || n > CORE_MESSAGE_MAX)
		return SR_OK;
	self->heard_ms[from] = self->now_ms;
	sr_reader_init(&r, msg, n);
	switch (sr_read_u8(&r)) {
	case CORE_CONSENSUS:
		return receive_consensus(self, from, &r);
	case CORE_OPERATION:
		return seats_peer(self->now, from) == EPOCH_NOBODY ? SR_OK :
		    receive_operation(self, from, r.p, r.left);
	case CORE_HEAD_REQUEST:
		receive_head_request(self, from, &r);
		return SR_OK;
	case CORE_HEAD:
		receive_head(self, from, &r);
		return SR_OK;
	case CORE_SNAPSHOT_ASK:
		snapshot_asked(self, from, &r);
		return SR_OK;
	case CORE_SNAPSHOT_GET:
		snapshot_get(self, from, &r);
		return SR_OK;
	default:
		return SR_OK;
	}
}
