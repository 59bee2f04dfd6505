/*
 * enclave/release.c - from a ticket to this member's share (DESIGN 7, Retrieve):
 * "Each enclave sends its D_i, encrypted to E, only after: ticket final, child root agreed, fresh
 * signed heads from f+1 other operators (eclipsed enclaves stay silent), own clock check for time
 * conditions. Idempotent for the ticket, never to a second E. Retryable for ever."
 */
#include "enclave/internal.h"

#include <string.h>

#define SHARE_MAX SHAMIR_TDH2_SHARE_SIZE

/* To E and to nothing else. plain is as good as a share of the secret, and wiped. */
static enum sr_error seal_to(struct sr_writer *out, struct enclave_core *self,
    const struct vault_ticket *ticket, const char *info, struct sr_writer *plain)
{
	uint8_t sealed[SHARE_MAX + SR_HPKE_OVERHEAD];
	SR_KEY32_AUTO ephemeral;
	enum sr_error error = sr_writer_finish(plain);

	if (error == SR_OK)
		error = sr_drbg_fill(&self->drbg, ephemeral.b, sizeof(ephemeral.b));
	if (error == SR_OK)
		error = sr_hpke_seal(sealed, &ticket->to, &ephemeral, info, ticket->id.b,
		    sizeof(ticket->id.b), plain->p, plain->n);
	if (error == SR_OK)
		sr_write_copy(out, sealed, plain->n + SR_HPKE_OVERHEAD);
	if (plain->p != NULL)
		sr_wipe(plain->p, plain->n);
	sr_writer_clear(plain);
	return error == SR_OK ? out->error : error;
}

/* Of a secret under the vault key: D_i with its proof. */
static enum sr_error share_seal(struct sr_writer *out, struct enclave_core *self,
    const struct vault_ticket *ticket)
{
	struct shamir_tdh2_share share;
	struct shamir_tdh2_ct ct;
	struct sr_reader r;
	struct sr_writer plain;

	sr_reader_init(&r, ticket->tdh2, sizeof(ticket->tdh2));
	shamir_tdh2_ct_read(&ct, &r);
	SR_TRY(sr_reader_finish(&r));
	SR_TRY(shamir_tdh2_share_make(&share, &self->keys->now.share, &ct, ticket->label.b,
	    sizeof(ticket->label.b), &self->drbg));
	sr_writer_init(&plain, SHARE_MAX);
	shamir_tdh2_share_write(&plain, &share);
	sr_wipe(&share, sizeof(share));
	return seal_to(out, self, ticket, "strongroom share v1", &plain);
}

/* Of a dealt secret: the pair, and the dealing that it belongs to. */
static enum sr_error pair_seal(struct sr_writer *out, struct enclave_core *self,
    const struct vault_ticket *ticket)
{
	struct vault_dealt dealt;
	SHAMIR_PAIR_AUTO pair;
	struct sr_writer plain;

	SR_TRY(vault_ticket_dealt(&dealt, self->final->tree, ticket));
	SR_TRY(dealt_pair(&pair, self, &dealt, &ticket->label));
	sr_writer_init(&plain, SHARE_MAX);
	sr_write_u64(&plain, dealt.generation);
	shamir_pair_write(&plain, &pair);
	return seal_to(out, self, ticket, "strongroom dealt share v1", &plain);
}

static void share_answer(struct enclave_core *self, struct core_client *c,
    const struct vault_ticket *ticket)
{
	struct sr_writer out;
	enum sr_error error;

	sr_writer_init(&out, 1024);
	error = vault_ticket_is_dealt(ticket) ? pair_seal(&out, self, ticket) :
	    share_seal(&out, self, ticket);
	if (error == SR_OK)
		self->releases++;
	clients_answer(self, c, error, out.p, error == SR_OK ? out.n : 0);
	sr_writer_clear(&out);
}

/* May it still become a ticket? Nothing else does, however long one waits. */
static bool ticket_may_come(const struct enclave_core *self, const struct sr_hash32 *op)
{
	const struct pool_entry *e = pool_find(self->pool, op);

	return (e != NULL ? e->kind : exec_pending(self, op)) == VAULT_OP_RETRIEVE;
}

/* What stands in the way: SR_OK nothing, NOT_FINAL wait for blocks, ECLIPSED wait for heads, else
 * refused. */
static enum sr_error share_state(struct vault_ticket *ticket, struct enclave_core *self,
    const struct core_client *c)
{
	enum sr_error error = vault_ticket_find(ticket, self->final->tree, &c->subject);

	if (error != SR_OK)
		return ticket_may_come(self, &c->subject) ? SR_ERR_NOT_FINAL : error;
	if (!self->keys->now.has_share)
		return SR_ERR_NOT_READY;
	/* A final child carries the root after the ticket's block as its pre_state_root, checked
	 * to be mine. */
	if (self->final->header.height <= ticket->height)
		return SR_ERR_NOT_FINAL;
	if (ticket->closed)
		return SR_ERR_TICKET_CLOSED;
	SR_TRY(vault_ticket_recheck(self->final->tree, ticket, self->now_ms));
	if (c->heads_ms == 0 || c->heads_ms + CORE_HEADS_MS < self->now_ms ||
	    c->heads_height < ticket->height)
		return SR_ERR_ECLIPSED;
	/* f+1 others say that more is final than I know: what I don't know may have closed the
	 * ticket. */
	return c->heads_height > self->final->header.height ? SR_ERR_NOT_FINAL : SR_OK;
}

/* A challenge for all who wait by now. Who comes later waits for the next: what was signed before
 * he asked says nothing to him, however long the host has kept it. */
static void round_open(struct enclave_core *self)
{
	memset(&self->round, 0, sizeof(self->round));
	if (sr_drbg_fill(&self->drbg, self->round.nonce.b, 32) != SR_OK)
		return;
	self->round.open = true;
	self->round.since_ms = self->now_ms;
	for (struct core_client *c = self->clients; c != NULL; c = c->next)
		c->in_round = c->kind == WAIT_SHARE;
	peers_head_request(self);
}

/* Is there reason to ask again? newcomer: somebody waits who is not in the round. */
static bool round_over(const struct enclave_core *self, bool newcomer)
{
	return !self->round.open || (newcomer && self->round.delivered) ||
	    self->now_ms >= self->round.since_ms + CORE_HEADS_MS / 4;
}

/* The height that f+1 others have reached at least: the (f+1)-th highest answer. */
static bool round_height(const struct enclave_core *self, uint64_t *height)
{
	uint32_t n = self->now->record.n, needed = consensus_faults(n) + 1;

	if (self->round.heard_n < needed)
		return false;
	*height = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t as_high = 0;

		for (uint32_t k = 0; k < n; k++)
			if (self->round.heard[k] && self->round.height[k] >= self->round.height[i])
				as_high++;
		if (self->round.heard[i] && as_high >= needed && self->round.height[i] > *height)
			*height = self->round.height[i];
	}
	return true;
}

static void round_deliver(struct enclave_core *self, uint64_t height)
{
	for (struct core_client *c = self->clients; c != NULL; c = c->next)
		if (c->kind == WAIT_SHARE && c->in_round) {
			c->heads_ms = self->now_ms;
			c->heads_height = height;
		}
}

void release_head(struct enclave_core *self, uint32_t from, uint64_t height)
{
	uint64_t reached;

	if (self->round.heard[from])
		return;
	self->round.heard[from] = true;
	self->round.height[from] = height;
	self->round.heard_n++;
	if (round_height(self, &reached)) {
		self->round.delivered = true;
		round_deliver(self, reached);
	}
	release_run(self);
}

static bool share_overdue(struct core_client *c, uint64_t now_ms, enum sr_error error)
{
	if (error != SR_ERR_ECLIPSED)
		c->heads_since_ms = 0;
	else if (c->heads_since_ms == 0)
		c->heads_since_ms = now_ms;
	return now_ms >= c->since_ms + CORE_SHARE_MS ||
	    (c->heads_since_ms != 0 && now_ms >= c->heads_since_ms + CORE_HEADS_MS);
}

void release_run(struct enclave_core *self)
{
	struct core_client *c, *next;
	struct vault_ticket ticket;
	bool wanted = false, newcomer = false;

	for (c = self->clients; c != NULL; c = next) {
		enum sr_error error;

		next = c->next;
		if (c->kind != WAIT_SHARE)
			continue;
		error = share_state(&ticket, self, c);
		if (error == SR_OK)
			share_answer(self, c, &ticket);
		else if (error == SR_ERR_ECLIPSED || error == SR_ERR_NOT_FINAL) {
			if (!share_overdue(c, self->now_ms, error)) {
				wanted = wanted || error == SR_ERR_ECLIPSED;
				newcomer = newcomer || (error == SR_ERR_ECLIPSED && !c->in_round);
				continue;
			}
			clients_answer(self, c, error, NULL, 0);
		} else {
			clients_answer(self, c, error, NULL, 0);
		}
		clients_remove(self, c);
	}
	if (!wanted)
		self->round.open = false;
	else if (round_over(self, newcomer))
		round_open(self);
}

uint64_t release_deadline(const struct enclave_core *self)
{
	uint64_t at = UINT64_MAX;

	for (const struct core_client *c = self->clients; c != NULL; c = c->next)
		if (c->kind == WAIT_SHARE && self->now_ms + CORE_HEADS_MS / 4 < at)
			at = self->now_ms + CORE_HEADS_MS / 4;
	return at;
}
