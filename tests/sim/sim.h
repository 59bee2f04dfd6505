/*
 * tests/sim/sim.h - whole clusters in one thread on virtual time: n unmodified enclave cores, a
 * faulty network, disks that lose what was not synced, clocks that differ, liars, and users that
 * know what must come out. One seed is one run; the trace hash shows that it is the same run.
 *
 *   main.c   seeds, options, report          world.c  events, network, clocks, faults
 *   node.c   one member: core, disk, effects check.c  invariants I1..I13 (DESIGN 11)
 *   user.c   people: put, transfer, retrieve liar.c   Byzantine members
 */
#ifndef SR_TESTS_SIM_SIM_H
#define SR_TESTS_SIM_SIM_H

#include "consensus/consensus.h"
#include "enclave/client_wire.h"
#include "enclave/core.h"
#include "vault/vault.h"

#define SIM_EPOCH_MS 1800000000000ull   /* the virtual world begins here */
#define SIM_NODES_MAX 7u
#define SIM_USERS_MAX 4u
#define SIM_HEIGHTS_MAX 4096u
#define SIM_LATENCY_MAX_MS 400u

struct sim_bytes { uint8_t *p; size_t n; };

struct sim_row { struct sim_bytes key, value; };

/* What survives a crash. */
struct sim_disk {
	struct sim_bytes *log;
	size_t log_n, log_capacity, log_durable; /* records below log_durable survive any crash */
	struct sim_row *rows, *staged;
	size_t rows_n, rows_capacity, staged_n, staged_capacity;
	struct sim_bytes *archive;                  /* by height */
	size_t archive_n;
	struct sim_bytes identity;
	bool used;
};

struct sim_node {
	struct sim *sim;
	uint32_t index;
	struct enclave_core *core;                  /* NULL: down */
	struct sim_disk disk;
	struct sr_key32 sealing_key;
	int64_t clock_offset_ms;
	uint64_t wake_generation, wake_ms, boots, crashes, persists;
	bool liar, ready;
	uint64_t final_height;                      /* of BLOCK effects since boot */
	struct enclave_effects effects;
};

enum sim_event_kind {
	SIM_DELIVER = 1,
	SIM_TICK,
	SIM_USER,
	SIM_FAULT,
	SIM_RESTART,
	SIM_ARCHIVE,
	SIM_CLIENT
};

struct sim_event {
	uint64_t at_us, order;
	enum sim_event_kind kind;
	uint32_t node, from;
	uint64_t number;
	struct sim_bytes bytes;
};

struct sim_options {
	uint64_t seed;
	uint32_t n;                                 /* 0: by seed */
	uint64_t fault_ms, heal_ms;
	bool verbose, calm;                         /* calm: no faults at all */
};

struct sim_user;
struct sim_liar;

struct sim {
	struct sim_options options;
	uint64_t random[4];
	uint64_t now_us, order;
	struct sim_event *heap;
	size_t heap_n, heap_capacity;
	uint32_t n, faults;
	struct sr_bytes genesis;
	struct sim_bytes genesis_bytes;
	struct genesis *parsed;
	struct sim_node nodes[SIM_NODES_MAX];
	struct sim_user *users[SIM_USERS_MAX];
	uint32_t users_n;
	struct sim_liar *liar;
	/* network */
	bool healed;
	uint32_t drop_per_mille, duplicate_per_mille, tail_per_mille, crash_per_mille;
	uint32_t late_final_per_mille; /* FINAL votes that crawl: notarisation runs ahead */
	bool cut[SIM_NODES_MAX][SIM_NODES_MAX];     /* one-way cuts; partitions are made of them */
	/* history for the invariants */
	struct sr_hash32 final_hash[SIM_HEIGHTS_MAX];
	struct sr_hash32 final_pre_root[SIM_HEIGHTS_MAX];
	uint64_t final_time_ms[SIM_HEIGHTS_MAX];
	bool final_known[SIM_HEIGHTS_MAX];
	uint64_t final_top;
	struct { bool used; uint32_t voter; struct consensus_vote vote; } *votes;
	size_t votes_n, votes_capacity;
	/* figures */
	uint64_t events, messages, dropped, crashes, restarts, lies, releases, acknowledged;
	uint64_t tokens;
	char violation[512];                        /* empty: none */
	struct sr_hash32 trace;
};

/* --- world.c --- */
uint64_t sim_random(struct sim *s);
uint64_t sim_below(struct sim *s, uint64_t n);
bool sim_chance(struct sim *s, uint32_t per_mille);
void sim_fill(struct sim *s, uint8_t *out, size_t n);
uint64_t sim_now_ms(const struct sim *s);
void sim_push(struct sim *s, uint64_t delay_us, struct sim_event ev);
void sim_trace(struct sim *s, const void *p, size_t n);
__attribute__((format(printf, 2, 3))) void sim_violate(struct sim *s, const char *format, ...);
__attribute__((format(printf, 2, 3))) void sim_say(const struct sim *s, const char *format, ...);
void sim_send(
    struct sim *s, uint32_t from, uint32_t to, const uint8_t *msg, size_t n, uint64_t extra_us);
bool sim_run(struct sim *s);            /* false: a violation */
SR_MUST_CHECK enum sr_error sim_init(struct sim *s, const struct sim_options *options);
void sim_clear(struct sim *s);
struct sim_bytes sim_copy(const uint8_t *p, size_t n);

/* --- node.c --- */
void sim_node_boot(struct sim_node *node);
void sim_node_crash(struct sim_node *node, bool lose_unsynced);
void sim_node_event(struct sim_node *node, struct enclave_event *ev);
void sim_node_clear(struct sim_node *node);
uint64_t sim_node_now_ms(const struct sim_node *node);

/* --- check.c --- */
void sim_check_block(struct sim_node *node, uint64_t height, const uint8_t *header, size_t n);
void sim_check_send(struct sim_node *node, const uint8_t *msg, size_t n);
void sim_check_step(struct sim_node *node);     /* after each step */
void sim_check_end(struct sim *s);              /* after healing */

/* --- user.c --- */
SR_MUST_CHECK enum sr_error sim_users_init(struct sim *s);
void sim_users_clear(struct sim *s);
void sim_user_wake(struct sim *s, uint32_t user, uint64_t token);
void sim_user_reply(struct sim *s, uint64_t token, enum sr_error code, struct sr_bytes answer,
    uint32_t from);
void sim_users_finish(struct sim *s);           /* healed: every acknowledged thing is asked for */
bool sim_users_done(const struct sim *s);
void sim_users_check(struct sim *s, struct vault_tree *state);

/* --- liar.c --- */
/* Remembers proposals of anybody. */
void sim_liar_see(struct sim *s, const uint8_t *msg, size_t n);
/* May send something else instead; true: it took care of the message. */
bool sim_liar_send(struct sim_node *node, uint32_t to, const uint8_t *msg, size_t n);
void sim_liar_clear(struct sim *s);

#endif
