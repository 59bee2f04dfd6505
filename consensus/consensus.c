/* consensus/consensus.c - the instance: its life, its entries, and the loop that does all that
 * can be done. */
#include "consensus/internal.h"

#include <stdlib.h>

struct consensus *consensus_new(const struct consensus_config *config,
    const struct consensus_ports *ports)
{
	struct consensus *self;

	SR_ASSERT(config->n > 0 && config->n <= SR_MEMBERS_MAX);
	SR_ASSERT(config->self < config->n || config->self == CONSENSUS_OBSERVER);
	self = calloc(1, sizeof(*self));
	if (self == NULL)
		return NULL;
	self->config = *config;
	self->ports = *ports;
	self->quorum = consensus_quorum(config->n);
	self->faults = consensus_faults(config->n);
	self->late = CONS_LATE_ONE;
	self->final.slot = self->top_slot = config->start_slot;
	self->final.hash = self->top_hash = config->start_hash;
	self->final.height = config->start_height;
	self->final.time_ms = config->start_time_ms;
	self->frontier = config->start_slot + 1;
	if (!cons_is_observer(self))
		self->peer_height[config->self] = config->start_height;
	if (cons_tree_start(self) != SR_OK) {
		free(self);
		return NULL;
	}
	return self;
}

void consensus_free(struct consensus *self)
{
	if (self == NULL)
		return;
	cons_catchup_drop(self);
	cons_tree_free(self);
	sr_drbg_wipe(&self->drbg);
	free(self);
}

/* The first failure that makes going on unsafe. From then on nothing is cast or sent. */
enum sr_error cons_fatal(struct consensus *self, enum sr_error error)
{
	if (error != SR_OK && self->stopped == SR_OK)
		self->stopped = error;
	return error;
}

enum sr_error cons_run(struct consensus *self)
{
	enum sr_error error = SR_OK;

	if (self->retry_ms <= self->now_ms)
		self->retry_ms = 0;
	do {
		self->again = false;
		self->early_ms = 0;
		cons_frontier_advance(self);
		SR_TRY(cons_commit(self));
		SR_TRY(cons_vote_all(self));
		SR_TRY(cons_recover_run(self));
		if (error == SR_OK)
			error = cons_propose(self);
		if (self->stopped != SR_OK)
			return self->stopped;
	} while (self->again);
	cons_sync_run(self);
	cons_catchup_run(self);
	cons_standstill_run(self);
	cons_wake(self);
	return error;
}

static enum sr_error step_begin(struct consensus *self, uint64_t now_ms)
{
	if (!self->started)
		return SR_ERR_NOT_READY;
	if (now_ms < self->now_ms)
		cons_clock_back(self, now_ms);
	self->now_ms = now_ms;
	return self->stopped;
}

enum sr_error consensus_start(
    struct consensus *self, uint64_t now_ms, const struct sr_key32 *random)
{
	SR_ASSERT(!self->started);
	sr_drbg_init(&self->drbg, random);
	self->started = true;
	self->now_ms = now_ms;
	cons_frontier_advance(self);
	self->frontier_since_ms = now_ms;
	self->trusted_slot = self->top_slot;
	cons_progress(self);
	/* Who never votes has no vote to have forgotten. */
	if (!cons_is_observer(self) && (!self->config.first_boot || self->rolled_back))
		SR_TRY(cons_recover_begin(self));
	return cons_run(self);
}

enum sr_error consensus_tick(struct consensus *self, uint64_t now_ms)
{
	SR_TRY(step_begin(self, now_ms));
	return cons_run(self);
}

enum sr_error consensus_work(struct consensus *self, uint64_t now_ms)
{
	SR_TRY(step_begin(self, now_ms));
	return cons_run(self);
}

/* What an honest peer's message may meet here is not held against it. */
static bool counts_as_bad(enum sr_error error)
{
	return error != SR_ERR_TOO_FAR_AHEAD && error != SR_ERR_NOT_READY && error != SR_ERR_STALE
	    && error != SR_ERR_BAD_TIME && error != SR_ERR_TOO_MANY && error != SR_ERR_NO_MEMORY;
}

/* A peer whose messages keep failing is not listened to for the rest of the second. */
static bool flooding(struct consensus *self, uint32_t from)
{
	if (self->now_ms - self->bad_since_ms[from] >= 1000u) {
		self->bad_since_ms[from] = self->now_ms;
		self->bad_n[from] = 0;
	}
	return self->bad_n[from] >= CONS_BAD_PER_SECOND;
}

/* Observers have no guests of their own. */
static bool peer_known(const struct consensus *self, uint32_t from)
{
	uint32_t guests = cons_is_observer(self) ? 0 : CONSENSUS_GUESTS_MAX;

	return from < self->config.n + guests && from != self->config.self;
}

enum sr_error consensus_receive(struct consensus *self, uint64_t now_ms, uint32_t from,
    const uint8_t *msg, size_t n)
{
	enum sr_error error, run;

	SR_TRY(step_begin(self, now_ms));
	if (!peer_known(self, from))
		return SR_ERR_NOT_A_MEMBER;
	if (flooding(self, from))
		return SR_ERR_TOO_MANY;
	error = cons_receive(self, from, msg, n);
	if (error == SR_OK) {
		cons_absent_heard(self, from);
		self->heard_ms[from] = now_ms;
	} else if (counts_as_bad(error))
		self->bad_n[from]++;
	if (self->stopped != SR_OK)
		return self->stopped;
	run = cons_run(self);
	return run != SR_OK ? run : error;
}

enum sr_error consensus_archive_rows(struct consensus *self, uint64_t now_ms, uint32_t for_peer,
    const struct sr_bytes *rows, size_t rows_n)
{
	SR_TRY(step_begin(self, now_ms));
	return cons_archive_send(self, for_peer, rows, rows_n);
}

bool consensus_abstains(const struct consensus *self, uint64_t *slot)
{
	*slot = self->rolled_back ? 0 : self->floor;
	return self->rolled_back || self->frontier < self->floor;
}

void consensus_status_get(struct consensus_status *out, const struct consensus *self)
{
	memset(out, 0, sizeof(*out));
	out->epoch = self->config.epoch;
	out->frontier_slot = self->frontier;
	out->frontier_author = cons_author(self, self->frontier);
	out->final_slot = self->final.slot;
	out->final_height = self->final.height;
	out->final_time_ms = self->final.time_ms;
	out->final_hash = self->final.hash;
	out->notar_slot = self->notar_slot > self->top_slot ? self->notar_slot : self->top_slot;
	out->recovering = cons_recovering(self);
	out->closed = self->closed;
	out->stopped = self->stopped != SR_OK;
	out->skip_timeout_ms = cons_skip_timeout_ms(self);
	out->slots_skipped = self->slots_skipped;
	out->blocks_committed = self->blocks_committed;
	out->votes_bad = self->votes_bad;
	memcpy(out->peer_final_height, self->peer_height, sizeof(out->peer_final_height));
	memcpy(out->peer_heard_ms, self->heard_ms, sizeof(out->peer_heard_ms));
}
