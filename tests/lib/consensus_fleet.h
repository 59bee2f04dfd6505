/*
 * tests/lib/consensus_fleet.h - a cluster of consensus instances in one thread: virtual time, a
 * network that loses, delays and cuts, disks that lose what was not synced. The application is
 * fake_app: a block's state root is the hash of its parent's and its body. Every step is
 * checked: one block per height, nobody votes twice, nothing leaves before it is durable.
 */
#ifndef SR_TESTS_LIB_CONSENSUS_FLEET_H
#define SR_TESTS_LIB_CONSENSUS_FLEET_H

#include "consensus/consensus.h"

#define FLEET_MAX 16u

struct fleet;

struct fleet_record { uint8_t *p; size_t n; };

struct fake_root { struct sr_hash32 block, root; };

struct fake_app {
	struct fake_root *roots;
	size_t roots_n, roots_max;
	struct fleet_record *rows;     /* rows[i]: the archive row of height rows_first + i */
	size_t rows_n, rows_max;
	uint64_t rows_first;
	uint64_t height;
	struct sr_hash32 head;
	uint64_t certified, abandoned, ops;
	bool work, close;                /* has operations; proposes CLOSE next */
	bool no_ingress, not_ready;
	size_t body_n;                   /* size of a body while there is work */
};

struct fleet_node {
	struct fleet *fleet;
	uint32_t index;
	struct consensus *consensus;     /* NULL while it is down */
	struct sr_edsk key;
	struct fake_app app;
	struct fleet_record *log;
	size_t log_n, log_max, durable_n;
	uint64_t wake_ms;                /* UINT64_MAX: none */
	int64_t clock_offset_ms;
	bool persist_fails, ever_started;
	struct consensus_config config;
	uint32_t boots;
	uint64_t errors, evidence, last_error_ms;
	enum sr_error last_error;
	uint32_t culprit;
	struct fleet_record last_evidence;
};

struct fleet_event;

struct fleet {
	uint32_t n, guests;              /* nodes n and up are observers */
	uint64_t now_ms, sequence;
	struct fleet_node nodes[FLEET_MAX];
	struct sr_edpk keys[FLEET_MAX];
	struct sr_hash32 chain_id, genesis;
	struct sr_drbg rng;
	bool cut[FLEET_MAX][FLEET_MAX];
	uint32_t delay_min_ms, delay_max_ms, drop_permille, duplicate_permille;
	uint32_t slot_ms, slot_min_ms, recover_wait_ms;
	struct fleet_event *events;    /* a heap by time */
	size_t events_n, events_max;
	/* What everybody must agree on. */
	struct sr_hash32 *finals;        /* by height */
	size_t finals_n, finals_max;
	void *votes;                     /* what each node has said, to catch contradictions */
	size_t votes_n, votes_max;
	uint64_t sent[8], sent_bytes;
	/* Returns true to lose the message. */
	bool (*lose)(struct fleet *self, uint32_t from, uint32_t to, const uint8_t *msg, size_t n);
	void *lose_ctx;
	const char *broken;              /* the first broken promise, or NULL */
	bool expect_broken;              /* a planted fault: remember it, do not abort */
};

struct fleet *fleet_new(uint32_t n, uint64_t seed);
/* Adds a node that is no member; it runs once it is started. Returns its number. */
uint32_t fleet_observer_add(struct fleet *self);
void fleet_free(struct fleet *self);
/* Starts every node for the first time. */
void fleet_start(struct fleet *self);
void fleet_start_node(struct fleet *self, uint32_t i);
/* The instance is gone; with lose_tail what was not synced is too. */
void fleet_crash(struct fleet *self, uint32_t i, bool lose_tail);
/* Replays the log and starts again. */
void fleet_restart(struct fleet *self, uint32_t i);
/* While down: the disk goes back to an earlier state. What it had sent and too few have received
 * is lost. */
void fleet_roll_back(struct fleet *self, uint32_t i, size_t records);
/* Appends to a node's log. */
void fleet_log_put(struct fleet *self, uint32_t i, const uint8_t *record, size_t n);
/* Replaces the log by consensus_compact's, with execution at the last final block. */
void fleet_checkpoint(struct fleet *self, uint32_t i);
/* Two sides that don't hear each other: a bit per node. */
void fleet_partition(struct fleet *self, uint32_t side);
void fleet_heal(struct fleet *self);
void fleet_run(struct fleet *self, uint64_t for_ms);
/* Runs until every running node has this final height; false after for_ms. */
bool fleet_run_to_height(struct fleet *self, uint64_t height, uint64_t for_ms);
bool fleet_run_until(struct fleet *self, bool (*done)(struct fleet *self, void *ctx), void *ctx,
    uint64_t for_ms);
uint64_t fleet_height(const struct fleet *self, uint32_t i);
uint64_t fleet_height_least(const struct fleet *self);
uint64_t fleet_height_most(const struct fleet *self);
struct consensus_status fleet_status(const struct fleet *self, uint32_t i);
/* Puts a message on the wire as if `from` had sent it. */
void fleet_inject(struct fleet *self, uint32_t from, uint32_t to, const uint8_t *msg, size_t n);
void fleet_work(struct fleet *self, size_t body_n);
struct sr_hash32 fake_app_root(const struct fake_app *app, const struct sr_hash32 *block);
struct sr_hash32 fake_app_next_root(const struct sr_hash32 *root, struct sr_bytes body);

#endif
