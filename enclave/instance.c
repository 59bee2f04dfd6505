/* enclave/instance.c - one consensus instance per epoch, and its ports into the core. */
#include "enclave/internal.h"

#include <stdlib.h>
#include <string.h>

#define RECOVER_WAIT_MS 15000u

/* ---------------------------------------------------------------------------------------- ports */

static void epoch_prefix(struct sr_writer *w, const struct core_instance *i, const uint8_t *p,
    size_t n)
{
	sr_write_u64(w, i->record.epoch);
	sr_write_copy(w, p, n);
}

static enum sr_error port_persist(void *ctx, const uint8_t *record, size_t n, bool sync)
{
	struct core_instance *i = ctx;
	struct sr_writer w;
	enum sr_error error;

	sr_writer_init(&w, CORE_MESSAGE_MAX);
	epoch_prefix(&w, i, record, n);
	error = sr_writer_finish(&w);
	if (error == SR_OK)
		error = log_append(i->core, CORE_LOG_CONSENSUS, w.p, w.n, sync);
	sr_writer_clear(&w);
	return error;
}

static void port_send(void *ctx, uint32_t to, enum consensus_class class, const uint8_t *msg,
    size_t n)
{
	struct core_instance *i = ctx;
	struct sr_writer w;

	sr_writer_init(&w, CORE_MESSAGE_MAX);
	sr_write_u8(&w, CORE_CONSENSUS);
	epoch_prefix(&w, i, msg, n);
	if (sr_writer_finish(&w) == SR_OK && to != CONSENSUS_ALL)
		fx_send(i->core, seats_seat(i, to), class, w.p, w.n);
	for (uint32_t k = 0; w.error == SR_OK && to == CONSENSUS_ALL &&
	    k < i->record.n + CONSENSUS_GUESTS_MAX; k++)
		if (k != i->self)
			fx_send(i->core, seats_seat(i, k), class, w.p, w.n);
	sr_writer_clear(&w);
}

static void port_wake(void *ctx, uint64_t at_ms)
{
	struct core_instance *i = ctx;

	/* Nothing of an old epoch is urgent: the status tick serves it. */
	if (i == i->core->now)
		i->core->wake_ms = at_ms;
}

static void port_evidence(void *ctx, uint32_t culprit, const uint8_t *bytes, size_t n)
{
	struct core_instance *i = ctx;

	duties_fault(i->core, i->record.epoch, &i->record.members[culprit], bytes, n);
	fx_note_number(i->core, NOTE_WARN, "provable fault (conflicting signatures) by member ",
	    culprit);
}

static void port_archive_read(void *ctx, uint32_t for_peer, uint64_t after_height,
    uint32_t max_bytes)
{
	struct core_instance *i = ctx;
	struct core_archive_read read = {
		.epoch = i->record.epoch, .height = after_height + 1, .peer = for_peer,
	};

	(void)core_archive_ask(i->core, &read, after_height + 1, (max_bytes + 1023u) / 1024u);
}

static bool port_has_work(void *ctx)
{
	struct core_instance *i = ctx;

	return exec_has_work(i->core, i);
}

/* Requests reach me and can be served: I hear enough of the others to be part of the cluster, and
 * there is room for what clients send. Who is refused a heartbeat must not be fired upon for it. */
static bool port_ingress_ok(void *ctx)
{
	struct core_instance *i = ctx;
	struct enclave_core *core = i->core;
	uint32_t heard = 1;

	for (uint32_t k = 0; k < i->record.n; k++) {
		uint32_t seat = seats_seat(i, k);

		if (k != i->self && seat != EPOCH_NOBODY &&
		    core->heard_ms[seat] + CORE_HEARD_MS >= core->now_ms)
			heard++;
	}
	return !core->disk_full && !pool_crowded(core->pool) &&
	    heard >= consensus_quorum(i->record.n);
}

static enum sr_error port_build(void *ctx, struct consensus_header *header, struct sr_writer *body)
{
	struct core_instance *i = ctx;

	return exec_build(i->core, i, header, body);
}

static enum sr_error port_check(void *ctx, const struct consensus_block *block)
{
	struct core_instance *i = ctx;

	return exec_check(i->core, i, block);
}

static void port_certified(void *ctx, const struct consensus_block *block)
{
	struct core_instance *i = ctx;

	if (i == i->core->now)
		exec_certified(i->core, block);
}

static enum sr_error port_commit(void *ctx, const struct consensus_block *block,
    const struct consensus_cert *notar, const struct consensus_cert *final)
{
	struct core_instance *i = ctx;

	return exec_commit(i->core, i, block, notar, final);
}

static void port_abandon(void *ctx, const struct sr_hash32 *hash)
{
	struct core_instance *i = ctx;

	if (i == i->core->now)
		exec_abandon(i->core, hash);
}

/* ----------------------------------------------------------------------------------------- life */

struct core_instance *instance_new(struct enclave_core *self, const struct epoch_record *record)
{
	struct core_instance *i = calloc(1, sizeof(*i));
	struct sr_edpk id;

	if (i == NULL)
		return NULL;
	i->vote = sr_secret_alloc(sizeof(*i->vote));
	if (i->vote == NULL) {
		free(i);
		return NULL;
	}
	i->core = self;
	i->record = *record;
	dealt_roster_fill(&i->roster, record);
	i->self = epoch_record_id(record, core_id(self, &id));
	if (i->self == EPOCH_NOBODY)
		i->self = CONSENSUS_OBSERVER;
	for (size_t g = 0; g < CONSENSUS_GUESTS_MAX; g++)
		i->guests[g] = EPOCH_NOBODY;
	return i;
}

void instance_free(struct core_instance *i)
{
	if (i == NULL)
		return;
	consensus_free(i->consensus);
	sr_secret_free(i->vote);
	free(i);
}

static const struct consensus_ports ports_template = {
	.persist = port_persist, .send = port_send, .wake = port_wake, .evidence = port_evidence,
	.archive_read = port_archive_read, .has_work = port_has_work, .ingress_ok = port_ingress_ok,
	.build = port_build, .check = port_check, .certified = port_certified,
	.commit = port_commit, .abandon = port_abandon,
};

/* vote_seed NULL: the key is gone; the instance can only serve what is final. */
enum sr_error instance_open(struct core_instance *i, const struct sr_key32 *vote_seed,
    bool first_boot)
{
	struct consensus_ports ports = ports_template;
	struct consensus_config *c = calloc(1, sizeof(*c));
	struct sr_edpk pk;

	if (c == NULL)
		return SR_ERR_NO_MEMORY;
	if (vote_seed != NULL)
		sr_ed25519_keypair(i->vote, &pk, vote_seed);
	ports.ctx = i;
	c->chain_id = i->core->genesis->chain_id;
	c->epoch = i->record.epoch;
	c->n = i->record.n;
	c->self = i->self;
	for (uint32_t k = 0; k < i->record.n; k++)
		c->keys[k] = i->record.members[k].vote_key;
	c->vote_key = i->vote;
	c->genesis_hash = i->genesis_hash;
	c->genesis_height = i->genesis_height;
	c->genesis_time_ms = i->genesis_time_ms;
	c->start_slot = i->start_slot;
	c->start_height = i->start_height;
	c->start_time_ms = i->start_time_ms;
	c->start_hash = i->start_hash;
	c->slot_ms = i->core->genesis->slot_ms;
	c->slot_min_ms = i->core->genesis->slot_min_ms;
	c->recover_wait_ms = RECOVER_WAIT_MS;
	c->first_boot = first_boot;
	i->consensus = consensus_new(c, &ports);
	free(c);
	return i->consensus != NULL ? SR_OK : SR_ERR_NO_MEMORY;
}

/* Bad input is nobody's fault here; an instance that stopped is. */
static enum sr_error instance_result(struct core_instance *i, enum sr_error error)
{
	struct consensus_status *s;
	bool stopped;

	if (error == SR_OK)
		return SR_OK;
	s = malloc(sizeof(*s));
	if (s == NULL)
		return SR_ERR_NO_MEMORY;
	consensus_status_get(s, i->consensus);
	stopped = s->stopped;
	free(s);
	if (!stopped)
		return SR_OK;
	return core_fatal(i->core, error, "consensus stopped: a final block does not fit this "
	    "node's state; keep the data directory for examination and start over with an "
	    "empty one");
}

enum sr_error instance_start(struct core_instance *i)
{
	SR_KEY32_AUTO random;

	SR_TRY(sr_drbg_fill(&i->core->drbg, random.b, sizeof(random.b)));
	i->started = true;
	return instance_result(i, consensus_start(i->consensus, i->core->now_ms, &random));
}

enum sr_error instance_receive(struct core_instance *i, uint32_t from, const uint8_t *msg, size_t n)
{
	if (!i->started)
		return SR_OK;
	return instance_result(i, consensus_receive(i->consensus, i->core->now_ms, from, msg, n));
}

enum sr_error instance_tick(struct enclave_core *self)
{
	if (self->now != NULL && self->now->started)
		SR_TRY(instance_result(self->now,
		    consensus_tick(self->now->consensus, self->now_ms)));
	if (self->old != NULL && self->old->started)
		SR_TRY(instance_result(self->old,
		    consensus_tick(self->old->consensus, self->now_ms)));
	return SR_OK;
}

enum sr_error instance_work(struct enclave_core *self)
{
	if (self->now == NULL || !self->now->started || self->disk_full)
		return SR_OK;
	return instance_result(self->now, consensus_work(self->now->consensus, self->now_ms));
}
