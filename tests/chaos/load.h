/*
 * tests/chaos/load.h - the people of `make chaos`: what they own, what they do to it, and the
 * history they write. Every process of the load appends whole lines to one file:
 *
 *   MICROSECONDS ID invoke KIND KEY ARGUMENTS...
 *   MICROSECONDS ID ok|fail|unknown RESULTS...
 *
 * tests/chaos/check.h says what the kinds are and what is demanded of them.
 */
#ifndef SR_TESTS_CHAOS_LOAD_H
#define SR_TESTS_CHAOS_LOAD_H

#include "cli/client.h"

#define OBJECTS_MAX 256u
#define SWITCHES_MAX 128u
#define HOLDERS 3u
#define OBJECT_OPS 60u      /* then it rests until the end */

/* HALF: only the first of the two is known to have been made. */
enum stage { STAGE_NONE, STAGE_HALF, STAGE_READY, STAGE_RESTING };

/* An NFT and a secret that opens to whoever holds it. */
struct object {
	_Atomic int stage;
	_Atomic unsigned ops;
	uint64_t nft;
	struct vault_secret_id secret;
};

/* A dead-man switch and a secret that opens to the heir once it has fired. */
struct dms {
	_Atomic int stage;
	_Atomic int seen_fired;
	uint64_t id, interval_ms, grace_ms, silent_from_ms;
	struct vault_secret_id secret;
};

/* In memory that all processes of the load share. */
struct shared {
	_Atomic uint64_t next_id;
	_Atomic unsigned objects_n, switches_n;
	struct object objects[OBJECTS_MAX];
	struct dms switches[SWITCHES_MAX];
};

enum role { ROLE_OWNER = 0, ROLE_HOLDER = 1 /* and 2, 3 */, ROLE_HEIR = 4, ROLE_STRANGER = 5 };

struct worker {
	struct shared *shared;
	struct cli cli;
	struct client *c;
	uint64_t seed, random, timeout_ms;
	int history;
	char path[CLI_PATH_MAX];     /* a file of its own, for payloads */
};

/* --- load.c --- */
uint64_t load_draw(struct worker *w, uint64_t below);
/* Keys follow from the seed: every process has all of them. Caller frees. */
struct key *load_key(struct worker *w, unsigned subject, enum role role);
#define LOAD_SWITCH_SUBJECT 100000u  /* + index: subjects of switches */
/* Begins an operation's time. */
void load_begin(struct worker *w);
/* A line "T ID invoke ..."; returns the ID. */
__attribute__((format(printf, 2, 3))) uint64_t load_invoke(struct worker *w, const char *f, ...);
__attribute__((format(printf, 3, 4))) void load_end(
    struct worker *w, uint64_t id, const char *f, ...);

/* --- load_ops.c: one operation each, recorded --- */
void ops_object_new(struct worker *w);
void ops_switch_new(struct worker *w, uint64_t now_ms);
void ops_update(struct worker *w, unsigned object);
void ops_transfer(struct worker *w, unsigned object);
void ops_open(struct worker *w, unsigned object);
void ops_steal(struct worker *w, unsigned object);
void ops_look(struct worker *w, unsigned object);
void ops_beat(struct worker *w, unsigned number);
void ops_watch(struct worker *w, unsigned number);
void ops_inherit(struct worker *w, unsigned number);
/* At the end: what this one member holds. False when it did not answer itself. */
bool ops_final_object(struct worker *w, unsigned object, uint32_t member);
bool ops_final_switch(struct worker *w, unsigned number, uint32_t member);
/* One acknowledged operation of an account nobody else uses. */
bool ops_probe(struct worker *w, uint64_t nonce);

#endif
