/*
 * tests/sim/client.h - somebody who asks members for something: requests are sealed as the command
 * line seals them, sent to one member after the other until one answers, and answers are opened
 * and checked. What is asked and what must come out is the affair of user.c and race.c.
 */
#ifndef SR_TESTS_SIM_CLIENT_H
#define SR_TESTS_SIM_CLIENT_H

#include "shamir/tdh2.h"
#include "tests/sim/sim.h"

struct sim_client;

struct client_kind {
	void (*begin)(struct sim_client *c);            /* the epoch is known */
	/* NULL receipt: refused by this member alone, perhaps only now. */
	void (*submitted)(struct sim_client *c, enum sr_error code,
	    const struct vault_receipt *receipt);
	void (*got)(struct sim_client *c, struct sr_bytes payload);
	void (*shared)(struct sim_client *c, enum sr_error code, struct sr_bytes payload,
	    struct sim_node *from);
	void (*again)(struct sim_client *c);            /* a GET or SHARE was not answered */
	/* Another epoch; the operation under way has another hash, if it had one. May be NULL. */
	void (*moved)(struct sim_client *c, const struct sr_hash32 *before);
	void (*finish)(struct sim_client *c);           /* healed: come to an end; may be NULL */
	void (*renew)(struct sim_client *c);            /* makes the operation anew; may be NULL */
	void (*check)(struct sim_client *c, struct vault_tree *state);
};

struct client_account {
	struct sr_edsk sk;
	struct vault_account id;
	uint64_t nonce;
};

struct sim_client {
	struct sim *sim;
	uint32_t index;
	const struct client_kind *kind;
	struct epoch_record epoch;
	bool finishing, done, retrying;
	uint64_t sequence;                      /* of the request under way */
	enum client_method method, resume;
	bool following;                         /* fetches the trail, then goes on with resume */
	struct client_account signer;
	struct sim_bytes op;                    /* SUBMIT: the same bytes, over all retries */
	struct sim_bytes sealed;
	struct sim_bytes trail;                 /* the last one that it followed */
	struct sr_hash32 op_hash, request_hash;
	struct sr_key32 answer_sk;
	uint32_t target;
};

/* Registers it; asks for the epoch trail after a while. */
void client_add(struct sim *s, struct sim_client *c, const struct client_kind *kind);
void client_clear(struct sim_client *c);
void client_account_init(struct sim *s, struct client_account *a);
void client_submit(struct sim_client *c, const struct client_account *a, enum vault_op_kind kind,
    const union vault_op_body *body);
void client_get(struct sim_client *c, enum vault_get_kind kind, const uint8_t *params, size_t n);
void client_get_number(struct sim_client *c, enum vault_get_kind kind, uint64_t number);
void client_get_account(struct sim_client *c, const struct vault_account *a);
void client_share(struct sim_client *c, const struct sr_hash32 *ticket);
void client_done(struct sim_client *c);
/* Signed already; for who has a renew. */
void client_submit_op(struct sim_client *c, const uint8_t *p, size_t n);
/* The node to be asked after this one: a member, as far as the client knows. */
uint32_t client_next(const struct sim_client *c, uint32_t node);
/* The node with this index in the client's epoch. */
uint32_t client_node(const struct sim_client *c, uint32_t index);

/* A key under the vault key and a policy, and a payload: the body of a PUT or UPDATE. */
struct client_secret {
	struct vault_secret_id id;
	struct sr_key32 key;                    /* what TDH2 must give back */
	struct shamir_tdh2_ct ct;
	struct sr_hash32 label;
	uint64_t version;                       /* 0: not stored yet */
};
void client_secret_body(struct sim_client *c, struct client_secret *secret,
    const struct vault_account *owner, struct sr_bytes policy, struct sr_bytes name,
    uint8_t payload[96], struct vault_op_secret_put *put);

#endif
