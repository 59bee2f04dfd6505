/*
 * tests/lib/fake_members.h - a cluster as a client sees it, without a network: a test that is
 * linked with fake_rpc.c, in the place of cli/rpc.c, talks to these members. Keys, seals,
 * trails, proofs and the vault are real; that they agree is not: all members show one state, and a
 * test may make any of them lie, lag or fall silent.
 */
#ifndef SR_TESTS_LIB_FAKE_MEMBERS_H
#define SR_TESTS_LIB_FAKE_MEMBERS_H

#include "cli/rpc.h"
#include "consensus/wire.h"
#include "enclave/client_wire.h"
#include "enclave/genesis.h"
#include "tests/lib/cluster.h"
#include "tests/lib/vault_world.h"

#define FAKE_EPOCHS 5u                  /* 0 is the genesis */

struct fake_request {
	uint32_t seat;
	enum client_method method;
	enum vault_get_kind get;         /* GET */
	bool proof;
	struct sr_bytes payload;         /* SUBMIT: the operation */
	unsigned number;                 /* of this method, from 1 */
};

struct fake_answer { enum sr_error code; struct sr_writer payload; };

struct fake_members {
	struct cluster *cluster;         /* only its genesis */
	struct genesis *genesis;
	char dir[256];                   /* a cluster directory for --cluster */
	struct vault_world *world;
	uint64_t epoch;
	struct epoch_record *records[FAKE_EPOCHS];
	struct sr_edsk votes[FAKE_EPOCHS][SR_MEMBERS_MAX];     /* by index */
	struct sr_key32 shielding[FAKE_EPOCHS];
	struct { struct consensus_header header; struct consensus_cert cert; } steps[FAKE_EPOCHS];
	uint32_t page_steps;             /* of the trail, in one answer */
	/* Another past, that the vote keys of an old epoch signed: from the epoch fork on, as many
	 * epochs as total in all; and who shows it. */
	struct { uint64_t fork, total; bool by_seat[SR_MEMBERS_MAX]; } other;
	unsigned counts[32];             /* requests that arrived, by method */
	/* SR_OK: go on; CANCELLED: no answer ever comes; else the way's error. */
	enum sr_error (*before)(struct fake_members *self, const struct fake_request *r);
	/* May change what is answered; it is signed with the seat's own key. */
	void (*after)(
	    struct fake_members *self, const struct fake_request *r, struct fake_answer *a);
	/* Answers SHARE. */
	void (*share)(
	    struct fake_members *self, const struct fake_request *r, struct fake_answer *a);
	uint64_t held_ms;                /* the longest hold of a call that was answered */
	/* A proof of that request is of this older state. */
	bool (*stale)(struct fake_members *self, const struct fake_request *r);
	struct { struct vault_tree *tree; uint64_t height; } old;
	void *ctx;
};

/* Remembers the state of now as the old one. */
void fake_members_grow_old(struct fake_members *self);

/* Four members, seats 0 to 3, in epoch 1. One at a time: fake_members_run finds it. */
struct fake_members *fake_members_new(void);
void fake_members_free(struct fake_members *self);
/* The next epoch, with members on these seats: new ones are made, all get new vote keys. */
void fake_members_epoch(struct fake_members *self, const uint32_t *seats, uint32_t n);
/* Applies an operation as if some block brought it. The receipt's code. */
enum sr_error fake_members_apply(struct fake_members *self, struct sr_bytes op,
    struct vault_receipt *receipt);

/* What rpc_run does. */
void fake_members_run(struct rpc_call *const *calls, size_t n,
    bool (*done)(void *ctx, struct rpc_call *call), void *ctx);

#endif
