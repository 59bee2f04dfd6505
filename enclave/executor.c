/*
 * enclave/executor.c - execution over a tree of blocks. Each block that passed its check has the
 * state after it; final ones are kept only as the root of what is still open.
 *
 * body = for each operation a blob (u32 length, bytes), nothing else; no bytes at all is an empty
 * block.
 */
#include "enclave/internal.h"

#include "chain/ethsig.h"

#include <stdlib.h>
#include <string.h>

/* DESIGN 4: "Execution fills at most 35 % of a slot by limit." Costs in microseconds, measured
 * roughly and the same for everyone: they are part of what makes a block valid. */
#define BUDGET_PERCENT 35u
#define COST_PLAIN_US 120u
#define COST_SEALED_KEY_US 320u
#define COST_MEMBER_US 1000u
#define COST_HOLD_BYTES 2u               /* of a holders' batch, for a microsecond */
#define COST_POLICY_US 6000u             /* a hundred operators' signatures */
/* Who builds a block may try in vain as much as goes into one. */
#define EFFORT_BUDGETS 2u

/* ---------------------------------------------------------------------------------------- hooks */

static enum sr_error hook_recover(uint8_t address[20], const char *text, size_t text_n,
    const uint8_t signature[65])
{
	struct sr_hash32 digest = chain_eth_personal_digest((const uint8_t *)text, text_n);
	struct chain_eth_address a;
	struct chain_eth_sig sig;

	memcpy(sig.b, signature, sizeof(sig.b));
	SR_TRY(chain_eth_recover(&a, &digest, &sig));
	memcpy(address, a.b, sizeof(a.b));
	return SR_OK;
}

static enum sr_error hook_key_check(const uint8_t tdh2[VAULT_TDH2_BYTES],
    const struct sr_hash32 *label)
{
	struct shamir_tdh2_ct ct;
	struct sr_reader r;

	sr_reader_init(&r, tdh2, VAULT_TDH2_BYTES);
	shamir_tdh2_ct_read(&ct, &r);
	SR_TRY(sr_reader_finish(&r));
	return shamir_tdh2_check(&ct, label->b, sizeof(label->b));
}

static const struct vault_hooks hooks = { hook_recover, hook_key_check, dealt_check };

/* --------------------------------------------------------------------------------------- blocks */

static struct exec_block *block_find(const struct enclave_core *self, const struct sr_hash32 *hash)
{
	for (struct exec_block *b = self->blocks; b != NULL; b = b->next)
		if (sr_hash32_equal(&b->hash, hash))
			return b;
	return NULL;
}

static void block_free(struct exec_block *b)
{
	vault_tree_unref(b->tree);
	free(b->ops);
	free(b);
}

static void block_forget(struct enclave_core *self, struct exec_block *b)
{
	struct exec_block **at = &self->blocks;

	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
	block_free(b);
}

static void built_drop(struct enclave_core *self)
{
	vault_tree_unref(self->built.tree);
	free(self->built.ops);
	memset(&self->built, 0, sizeof(self->built));
}

void exec_clear(struct enclave_core *self)
{
	while (self->blocks != NULL)
		block_forget(self, self->blocks);
	self->final = NULL;
	built_drop(self);
	pieces_clear(self);
	exec_proof_drop(self);
}

struct exec_block *exec_tip(struct enclave_core *self)
{
	struct exec_block *b = block_find(self, &self->tip);

	return b != NULL ? b : self->final;
}

unsigned exec_pending(const struct enclave_core *self, const struct sr_hash32 *op)
{
	for (const struct exec_block *b = self->blocks; b != NULL; b = b->next)
		for (uint32_t i = 0; b != self->final && i < b->ops_n; i++)
			if (sr_hash32_equal(&b->ops[i].hash, op))
				return b->ops[i].kind;
	return 0;
}

enum sr_error exec_genesis(struct enclave_core *self, const struct core_instance *i,
    struct vault_tree *tree)
{
	struct exec_block *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return SR_ERR_NO_MEMORY;
	while (self->blocks != NULL)
		block_forget(self, self->blocks);
	built_drop(self);
	b->hash = i->start_hash;
	b->header.chain_id = self->genesis->chain_id;
	b->header.epoch = i->record.epoch;
	b->header.slot = i->start_slot;
	b->header.height = i->start_height;
	b->header.time_ms = i->start_time_ms;
	b->tree = tree;
	self->blocks = b;
	self->final = b;
	self->tip = b->hash;
	return SR_OK;
}

void exec_proof_drop(struct enclave_core *self)
{
	vault_tree_unref(self->proof.tree);
	memset(&self->proof, 0, sizeof(self->proof));
}

struct vault_block exec_vault_block(const struct enclave_core *self,
    const struct consensus_header *header, const struct exec_block *parent)
{
	struct vault_block b = {
		.chain_id = self->genesis->chain_id,
		.epoch = header->epoch,
		.height = header->height,
		.time_ms = header->time_ms,
		.parent_time_ms = parent->header.time_ms,
		.ingress_ok = (header->flags & CONSENSUS_INGRESS_OK) != 0,
		.members_n = seats_end(&self->now->record),
		.hooks = &hooks,
		.roster = dealt_roster(self, header->epoch),
	};

	return b;
}

/* ------------------------------------------------------------------------------------- verdicts */

static struct sr_hash32 *verdict_slot(const struct enclave_core *self, const struct sr_hash32 *op)
{
	return &self->verdicts[((size_t)op->b[0] | (size_t)op->b[1] << 8) % CORE_VERDICTS];
}

enum sr_error exec_op_verdict(struct enclave_core *self, const struct vault_op *op,
    const struct vault_block *block)
{
	struct sr_hash32 *slot = verdict_slot(self, &op->hash);

	/* Each signature is checked once; the verdict depends on the operation alone. */
	if (op->epoch == block->epoch && sr_hash32_equal(slot, &op->hash))
		return SR_OK;
	SR_TRY(vault_op_judge(op, block));
	*slot = op->hash;
	self->verdicts_n++;
	return SR_OK;
}

/* Another epoch, other verdicts. The table is large and, in the first epoch, untouched. */
void exec_verdicts_forget(struct enclave_core *self)
{
	if (self->verdicts_n > 0)
		memset(self->verdicts, 0, CORE_VERDICTS * sizeof(*self->verdicts));
	self->verdicts_n = 0;
}

/* ------------------------------------------------------------------------------------ execution */

struct run {
	struct enclave_core *core;
	struct core_instance *instance;
	struct vault_block block;
	struct vault_tree *tree;
	struct exec_op *ops;
	uint32_t ops_n, capacity;
	uint64_t budget_us;
	uint64_t effort_us;                     /* the budget of all that is tried */
	uint32_t tried;
};

uint64_t exec_cost_us(unsigned kind, size_t n)
{
	if (vault_hold_is(kind))
		return COST_MEMBER_US + n / COST_HOLD_BYTES;
	if (kind == EPOCH_OP_POLICY)
		return COST_POLICY_US;
	if (kind >= VAULT_OP_MEMBER_FIRST)
		return COST_MEMBER_US;
	switch (kind) {
	case VAULT_OP_SECRET_PUT:
	case VAULT_OP_SECRET_UPDATE:
	case VAULT_OP_SECRET_RESTORE:
	case VAULT_OP_SECRET_POLICY:
		return COST_SEALED_KEY_US;
	default:
		return COST_PLAIN_US;
	}
}

static struct epoch_context run_context(const struct run *r)
{
	struct epoch_context ctx = {
		.chain_id = r->core->genesis->chain_id, .now = &r->instance->record,
		.memo = &r->core->dealings, .genesis = r->core->genesis,
		.time_ms = r->block.time_ms, .parent_ms = r->block.parent_time_ms,
		.block = &r->block,
	};

	return ctx;
}

static enum sr_error run_begin(struct run *r, struct enclave_core *self, struct core_instance *i,
    const struct consensus_header *header, const struct exec_block *parent)
{
	struct epoch_context ctx;

	memset(r, 0, sizeof(*r));
	r->core = self;
	r->instance = i;
	r->block = exec_vault_block(self, header, parent);
	r->tree = vault_tree_ref(parent->tree);
	/* Members' work of an epoch change must always fit. */
	r->budget_us = (uint64_t)self->genesis->slot_ms * 10u * BUDGET_PERCENT;
	if (r->budget_us < 10u * COST_MEMBER_US)
		r->budget_us = 10u * COST_MEMBER_US;
	r->effort_us = EFFORT_BUDGETS * r->budget_us;
	ctx = run_context(r);
	SR_TRY(vault_begin_block(&r->tree, &r->block));
	return epoch_begin_block(&r->tree, &ctx);
}

static void run_clear(struct run *r)
{
	vault_tree_unref(r->tree);
	free(r->ops);
	memset(r, 0, sizeof(*r));
}

static enum sr_error run_record(struct run *r, const struct vault_op *op,
    const struct vault_receipt *receipt)
{
	if (r->ops_n == r->capacity) {
		uint32_t capacity = r->capacity == 0 ? 16 : r->capacity * 2;
		struct exec_op *ops = realloc(r->ops, capacity * sizeof(*ops));

		if (ops == NULL)
			return SR_ERR_NO_MEMORY;
		r->ops = ops;
		r->capacity = capacity;
	}
	r->ops[r->ops_n].hash = op->hash;
	r->ops[r->ops_n].kind = (unsigned)op->kind;
	r->ops[r->ops_n].receipt = *receipt;
	r->ops_n++;
	return SR_OK;
}

static enum sr_error run_member_op(struct run *r, const uint8_t *bytes, size_t n)
{
	struct epoch_context ctx = run_context(r);
	struct vault_receipt receipt = { 0 };
	struct epoch_role role;
	struct vault_op op;

	SR_TRY(epoch_op_check(&op, &role, &ctx, r->tree, bytes, n));
	SR_TRY(epoch_apply(&r->tree, &ctx, &op, &role));
	receipt.op = op.hash;
	receipt.height = r->block.height;
	return run_record(r, &op, &receipt);
}

/* Of holders of dealt secrets: vault/hold.h. */
static enum sr_error run_hold_op(struct run *r, const uint8_t *bytes, size_t n)
{
	const struct epoch_record *now = &r->instance->record;
	struct vault_receipt receipt = { 0 };
	struct vault_op op;
	uint32_t member;

	SR_TRY(hold_op_check(&op, &member, &r->core->genesis->chain_id, now, bytes, n));
	SR_TRY(vault_hold_apply(&r->tree, &r->block, &hold_hooks, (unsigned)op.kind, op.body,
	    now->members[member].seat));
	receipt.op = op.hash;
	receipt.height = r->block.height;
	return run_record(r, &op, &receipt);
}

/* An operation that leaves no trace in the state has no place in a block. */
static enum sr_error run_client_op(struct run *r, const struct vault_op *op)
{
	struct vault_receipt receipt = { 0 };

	/* A verdict on the block, not on this moment: NOT_READY would be asked for ever. */
	if (r->instance->record.epoch == 0)
		return SR_ERR_EPOCH_STEP;
	SR_TRY(exec_op_verdict(r->core, op, &r->block));
	SR_TRY(vault_apply(&r->tree, &receipt, &r->block, op));
	if (vault_code_is_traceless((enum sr_error)receipt.code))
		return (enum sr_error)receipt.code;
	return run_record(r, op, &receipt);
}

/* Deterministic: the same verdict at every member. BLOCK_LIMIT: it does not fit any more. In a
 * block that is checked all operations but the last succeed: there the effort lasts as long as
 * the budget. */
static enum sr_error run_op(struct run *r, const uint8_t *bytes, size_t n)
{
	struct vault_op op;
	enum sr_error error = vault_op_decode(&op, bytes, n);
	unsigned kind = error == SR_OK ? (unsigned)op.kind : 0;
	uint64_t cost = exec_cost_us(kind, n);

	if (r->ops_n >= CORE_BLOCK_OPS_MAX || cost > r->budget_us || cost > r->effort_us)
		return SR_ERR_BLOCK_LIMIT;
	/* What fails took its time as well. */
	r->effort_us -= cost;
	r->tried++;
	SR_TRY(error);
	SR_TRY(vault_hold_is(kind) ? run_hold_op(r, bytes, n) :
	    kind >= VAULT_OP_MEMBER_FIRST ? run_member_op(r, bytes, n) :
	    run_client_op(r, &op));
	r->budget_us -= cost;
	return SR_OK;
}

static enum sr_error run_body(struct run *r, struct sr_bytes body)
{
	struct sr_reader reader;

	sr_reader_init(&reader, body.p, body.n);
	while (reader.left > 0) {
		struct sr_bytes op = sr_read_blob(&reader, SR_OP_MAX);

		if (reader.error != SR_OK)
			return reader.error;
		SR_TRY(run_op(r, op.p, op.n));
	}
	return sr_reader_finish(&reader);
}

/* DESIGN 5, step 5: what a CLOSE block says about the next epoch. */
static enum sr_error run_close(struct run *r, const struct exec_block *parent,
    struct sr_hash32 *next_root, struct sr_hash32 *post_root)
{
	struct epoch_context ctx = run_context(r);
	struct epoch_record *next = malloc(sizeof(*next));
	enum sr_error error = next != NULL ? SR_OK : SR_ERR_NO_MEMORY;

	if (error == SR_OK)
		error = epoch_next(next, parent->tree, &r->instance->record);
	if (error == SR_OK)
		error = epoch_close(&r->tree, &ctx, next);
	if (error == SR_OK) {
		*next_root = epoch_record_root(next);
		*post_root = vault_tree_root(r->tree);
	}
	free(next);
	return error;
}

/* ---------------------------------------------------------------------------------------- build */

/* None of these expire: what does not fit any more would be tried for ever, and fill its account's
 * room. Whoever owes it offers it again with each final state; steps of a change may be early. */
static void late_op_drop(struct enclave_core *self, struct pool_entry *e, enum sr_error error)
{
	struct epoch_context ctx = core_epoch_context(self);
	struct vault_op op;

	if (e->included > 0 || e->kind < VAULT_OP_MEMBER_FIRST ||
	    vault_op_decode_unhashed(&op, e->p, e->n) != SR_OK)
		return;
	if (error == SR_ERR_EPOCH_STEP && epoch_step_is_early(&ctx, self->final->tree, &op))
		return;
	clients_refused(self, &e->hash, error);
	pool_remove(self->pool, e);
}

/* What is in a block already fails at once, and there is no more of it than blocks hold. */
static enum sr_error entry_run(struct run *r, const struct pool_entry *e)
{
	uint64_t effort_us = r->effort_us;
	enum sr_error error = run_op(r, e->p, e->n);

	if (error != SR_OK && e->included > 0)
		r->effort_us = effort_us;
	return error;
}

/* cut: the block is full, and something was left untried. */
static enum sr_error body_fill(bool *cut, struct run *r, struct sr_writer *body)
{
	struct pool *pool = r->core->pool;
	struct pool_entry *e;

	*cut = false;
	pool_iterate(pool);
	while ((e = pool_next(pool)) != NULL) {
		enum sr_error error;

		if (e->n + 4 > SR_BLOCK_MAX - body->n) {
			pool_account_skip(pool, e->account);
			continue;
		}
		error = entry_run(r, e);
		if (error == SR_ERR_NO_MEMORY)
			return error;
		if (error == SR_ERR_BLOCK_LIMIT) {
			pool_turn_keep(pool);
			*cut = true;
			break;
		}
		if (error == SR_OK)
			sr_write_blob(body, e->p, e->n);
		else if (error == SR_ERR_NONCE_AHEAD)
			pool_account_skip(pool, e->account);
		else
			late_op_drop(r->core, e, error);
	}
	return SR_OK;
}

static void built_keep(struct enclave_core *self, const struct consensus_header *header,
    struct run *r)
{
	built_drop(self);
	self->built.parent = header->parent_hash;
	self->built.ops_root = header->ops_root;
	self->built.time_ms = header->time_ms;
	self->built.flags = header->flags;
	self->built.tree = r->tree;
	self->built.ops = r->ops;
	self->built.ops_n = r->ops_n;
	self->built.tried = r->tried;
	r->tree = NULL;
	r->ops = NULL;
}

enum sr_error exec_build(struct enclave_core *self, struct core_instance *i,
    struct consensus_header *header, struct sr_writer *body)
{
	struct exec_block *parent = block_find(self, &header->parent_hash);
	struct run r;
	enum sr_error error;
	bool cut;

	if (parent == NULL || self->disk_full)
		return SR_ERR_NOT_READY;
	header->pre_state_root = vault_tree_root(parent->tree);
	header->ops_root = sr_hash(NULL, 0);
	if (parent->closing)
		return SR_OK;
	error = run_begin(&r, self, i, header, parent);
	if (error == SR_OK && epoch_ready(parent->tree, &i->record)) {
		error = run_close(&r, parent, &header->next_roster_root, &header->post_state_root);
		header->flags |= CONSENSUS_CLOSE;
	} else if (error == SR_OK) {
		error = body_fill(&cut, &r, body);
		if (error == SR_OK)
			header->ops_root = sr_hash(body->p, body->n);
		pool_work_seen(self->pool, body->n > 0 || cut);
	}
	if (error == SR_OK)
		built_keep(self, header, &r);
	run_clear(&r);
	return error;
}

/* ---------------------------------------------------------------------------------------- check */

static bool built_fits(const struct enclave_core *self, const struct consensus_header *h)
{
	return self->built.tree != NULL && self->built.time_ms == h->time_ms &&
	    self->built.flags == h->flags &&
	    sr_hash32_equal(&self->built.parent, &h->parent_hash) &&
	    sr_hash32_equal(&self->built.ops_root, &h->ops_root) &&
	    (h->flags & CONSENSUS_CLOSE) == 0;
}

static enum sr_error execute(struct run *r, struct enclave_core *self, struct core_instance *i,
    const struct consensus_block *block, const struct exec_block *parent)
{
	const struct consensus_header *h = &block->header;
	bool close = (h->flags & CONSENSUS_CLOSE) != 0;
	struct sr_hash32 next_root, post_root;

	SR_TRY(run_begin(r, self, i, h, parent));
	if (close != epoch_ready(parent->tree, &i->record))
		return SR_ERR_EPOCH_STEP;
	if (!close)
		return run_body(r, block->body);
	if (block->body.n > 0)
		return SR_ERR_EPOCH_STEP;
	SR_TRY(run_close(r, parent, &next_root, &post_root));
	if (!sr_hash32_equal(&next_root, &h->next_roster_root) ||
	    !sr_hash32_equal(&post_root, &h->post_state_root))
		return SR_ERR_BAD_STATE_ROOT;
	return SR_OK;
}

static enum sr_error block_keep(struct enclave_core *self, const struct consensus_block *block,
    const struct exec_block *parent, struct run *r)
{
	struct exec_block *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return SR_ERR_NO_MEMORY;
	b->hash = block->hash;
	b->parent = block->header.parent_hash;
	b->header = block->header;
	b->close = (block->header.flags & CONSENSUS_CLOSE) != 0;
	b->closing = b->close || parent->closing;
	b->tree = r->tree;
	b->ops = r->ops;
	b->ops_n = r->ops_n;
	r->tree = NULL;
	r->ops = NULL;
	b->next = self->blocks;
	self->blocks = b;
	for (uint32_t i = 0; i < b->ops_n; i++)
		pool_mark(self->pool, &b->ops[i].hash, true);
	return SR_OK;
}

enum sr_error exec_check(struct enclave_core *self, struct core_instance *i,
    const struct consensus_block *block)
{
	const struct consensus_header *h = &block->header;
	struct exec_block *parent = block_find(self, &h->parent_hash);
	struct sr_hash32 root;
	struct run r = { 0 };
	enum sr_error error = SR_OK;

	if (block_find(self, &block->hash) != NULL)
		return SR_OK;
	/* The log has the certificate that ended this epoch before the blocks that were final with
	 * it: they were checked when they were logged, and their states are gone. */
	if (i != self->now && self->phase == CORE_REPLAYING)
		return SR_OK;
	if (parent == NULL)
		return SR_ERR_NOT_READY;
	root = vault_tree_root(parent->tree);
	if (!sr_hash32_equal(&root, &h->pre_state_root))
		return SR_ERR_BAD_STATE_ROOT;
	if (parent->closing) {
		if (block->body.n > 0 || (h->flags & CONSENSUS_CLOSE))
			return SR_ERR_EPOCH_STEP;
		r.tree = vault_tree_ref(parent->tree);
	} else if (built_fits(self, h)) {
		r.tree = self->built.tree;
		r.ops = self->built.ops;
		r.ops_n = self->built.ops_n;
		memset(&self->built, 0, sizeof(self->built));
	} else {
		error = execute(&r, self, i, block, parent);
	}
	if (error == SR_OK)
		error = block_keep(self, block, parent, &r);
	run_clear(&r);
	return error;
}

void exec_certified(struct enclave_core *self, const struct consensus_block *block)
{
	struct exec_block *tip = exec_tip(self);

	if (block_find(self, &block->hash) != NULL && block->header.slot > tip->header.slot)
		self->tip = block->hash;
}

void exec_abandon(struct enclave_core *self, const struct sr_hash32 *hash)
{
	struct exec_block *b = block_find(self, hash);

	if (b == NULL || b == self->final)
		return;
	for (uint32_t i = 0; i < b->ops_n; i++)
		pool_mark(self->pool, &b->ops[i].hash, false);
	block_forget(self, b);
}

bool exec_has_work(struct enclave_core *self, struct core_instance *i)
{
	uint64_t highest = 0;

	if (i != self->now || self->closing.open)
		return false;
	for (const struct exec_block *b = self->blocks; b != NULL; b = b->next)
		if (b->header.height > highest)
			highest = b->header.height;
	/* "Releases wait until a child certificate has agreed on the state root." */
	if (self->agree_height > 0 && highest <= self->agree_height)
		return true;
	return pool_has_work(self->pool) || epoch_ready(exec_tip(self)->tree, &i->record);
}

/* --------------------------------------------------------------------------------------- commit */

static void archive_put(struct enclave_core *self, const struct consensus_block *block,
    const struct consensus_cert *notar, const struct consensus_cert *final)
{
	struct enclave_effect fx = { .kind = ENCLAVE_FX_ARCHIVE_PUT };
	struct sr_writer row, sealed;

	sr_writer_init(&row, CORE_MESSAGE_MAX);
	sr_writer_init(&sealed, CORE_MESSAGE_MAX + SEAL_OVERHEAD);
	consensus_archive_row_write(&row, block, notar, final);
	if (sr_writer_finish(&row) == SR_OK &&
	    seal_put(&sealed, &self->drbg, &self->keys->archive, NULL, 0, row.p, row.n) == SR_OK &&
	    sr_writer_finish(&sealed) == SR_OK) {
		fx.number = block->header.height;
		fx.a = (struct sr_bytes){ block->hash.b, 32 };
		fx.b = (struct sr_bytes){ sealed.p, sealed.n };
		fx_push(self, &fx);
	} else {
		self->broken = SR_ERR_NO_MEMORY;
	}
	sr_writer_clear(&row);
	sr_writer_clear(&sealed);
}

static void block_announce(struct enclave_core *self, const struct exec_block *b)
{
	struct enclave_effect fx = { .kind = ENCLAVE_FX_BLOCK, .number = b->header.height,
		.member = b->ops_n };
	struct sr_writer w;

	sr_writer_init(&w, CONSENSUS_HEADER_MAX);
	consensus_header_write(&w, &b->header);
	if (sr_writer_finish(&w) == SR_OK) {
		fx.a = (struct sr_bytes){ w.p, w.n };
		fx_push(self, &fx);
	}
	sr_writer_clear(&w);
}

static void proof_keep(struct enclave_core *self, const struct exec_block *parent,
    const struct consensus_block *block, const struct consensus_cert *final)
{
	if (final == NULL)
		return;
	vault_tree_unref(self->proof.tree);
	self->proof.have = true;
	self->proof.header = block->header;
	self->proof.parent = parent->header;
	consensus_cert_copy(&self->proof.cert, final);
	self->proof.tree = vault_tree_ref(parent->tree);
}

/* What a final block means for those who wait, and for the pool. */
static void ops_settle(struct enclave_core *self, const struct consensus_block *block,
    const struct exec_block *b)
{
	struct sr_reader r;

	/* What did not fit on the state before may fit now. */
	if (b->ops_n > 0)
		pool_work_seen(self->pool, true);
	sr_reader_init(&r, block->body.p, block->body.n);
	for (uint32_t i = 0; i < b->ops_n; i++) {
		struct sr_bytes bytes = sr_read_blob(&r, SR_OP_MAX);
		struct pool_entry *e = pool_find(self->pool, &b->ops[i].hash);
		struct vault_op op;

		if (e != NULL)
			pool_remove(self->pool, e);
		if (epoch_kind_is_open(b->ops[i].kind))
			clients_receipt(self, &b->ops[i].hash, &b->ops[i].receipt);
		if (b->ops[i].kind >= VAULT_OP_MEMBER_FIRST)
			continue;
		if (b->ops[i].receipt.code == SR_OK)
			self->operations_final++;
		else
			self->operations_refused++;
		if (b->ops[i].kind == VAULT_OP_RETRIEVE && b->ops[i].receipt.code == SR_OK)
			self->agree_height = b->header.height;
		clients_receipt(self, &b->ops[i].hash, &b->ops[i].receipt);
		if (vault_op_decode_unhashed(&op, bytes.p, bytes.n) != SR_OK)
			continue;
		while ((e = pool_stale(self->pool, &op.account, op.nonce)) != NULL) {
			clients_refused(self, &e->hash, SR_ERR_NONCE_REPLAYED);
			pool_remove(self->pool, e);
		}
	}
}

static enum sr_error close_begin(struct enclave_core *self, struct core_instance *i,
    const struct exec_block *parent, const struct exec_block *b)
{
	struct core_closing *c = &self->closing;

	SR_TRY(epoch_next(&c->next, parent->tree, &i->record));
	c->open = true;
	c->certified = false;
	c->close_hash = b->hash;
	c->next_root = b->header.next_roster_root;
	c->state_root = b->header.post_state_root;
	c->height = b->header.height;
	c->time_ms = b->header.time_ms;
	c->tree = vault_tree_ref(b->tree);
	c->headers_n = 0;
	return SR_OK;
}

/* The CLOSE block itself is often final only through a descendant: the trail needs the headers
 * between. */
static void close_prove(struct enclave_core *self, const struct exec_block *b,
    const struct consensus_cert *final)
{
	struct core_closing *c = &self->closing;

	if (!c->open || c->certified || c->headers_n >= CORE_CLOSE_HEADERS_MAX)
		return;
	c->headers[c->headers_n++] = b->header;
	if (final != NULL) {
		consensus_cert_copy(&c->cert, final);
		c->certified = true;
	}
}

static void siblings_forget(struct enclave_core *self, const struct exec_block *final)
{
	struct exec_block *b = self->blocks, *next;

	for (; b != NULL; b = next) {
		next = b->next;
		if (b != final && b->header.height <= final->header.height)
			exec_abandon(self, &b->hash);
	}
}

static enum sr_error commit_apply(struct enclave_core *self, struct core_instance *i,
    const struct consensus_block *block, struct exec_block *b, struct exec_block *parent,
    const struct consensus_cert *final)
{
	proof_keep(self, parent, block, final);
	if (b->close)
		SR_TRY(close_begin(self, i, parent, b));
	pieces_settle(self, parent->tree, b->tree);
	ops_settle(self, block, b);
	if (self->phase == CORE_RUNNING)
		block_announce(self, b);
	self->final = b;
	self->state_moved = true;
	if (exec_tip(self)->header.slot < b->header.slot)
		self->tip = b->hash;
	siblings_forget(self, b);
	return SR_OK;
}

enum sr_error exec_commit(struct enclave_core *self, struct core_instance *i,
    const struct consensus_block *block, const struct consensus_cert *notar,
    const struct consensus_cert *final)
{
	struct exec_block *b, *parent;

	archive_put(self, block, notar, final);
	/* An old epoch's instance goes on after its CLOSE block only to prove it. */
	if (i != self->now)
		return SR_OK;
	b = block_find(self, &block->hash);
	if (b == NULL) {
		SR_TRY(exec_check(self, i, block));
		b = block_find(self, &block->hash);
	}
	parent = block_find(self, &block->header.parent_hash);
	if (b == NULL || parent == NULL || parent != self->final)
		return SR_ERR_INTERNAL;
	if (!b->closing || b->close)
		SR_TRY(commit_apply(self, i, block, b, parent, final));
	close_prove(self, b, final);
	if (b->closing && !b->close) {
		self->final = b;
		siblings_forget(self, b);
	}
	self->status_due = true;
	return SR_OK;
}
