/*
 * tests/load/account.h - accounts and their operations, made ahead as whole requests: an operation
 * is signed once, sealed for each time it is sent, and applied once at most.
 */
#ifndef SR_TESTS_LOAD_ACCOUNT_H
#define SR_TESTS_LOAD_ACCOUNT_H

#include "cli/client.h"
#include "tests/load/pace.h"

struct account {
	struct key *key;
	uint64_t nonce;                  /* of the next operation that is signed */
};

/* An operation on its way. */
struct asked {
	struct sr_writer op;             /* signed */
	struct sr_hash32 hash, request;  /* of it; of the sealed request */
	struct sr_key32 secret;          /* opens the answer */
	uint8_t *http;
	size_t http_n;
	uint8_t *answer;                 /* JSON text, kept to be judged later */
	size_t answer_n;
};

/* Prints and ends the process. */
void load_must(enum sr_error error, const char *what);

/* Where members are asked; servers: c->epoch->n. */
void account_servers(struct wire_server *servers, const struct client *c);
/* Takes the account's next nonce. */
void account_sign(struct asked *out, struct account *a, const struct client *c,
    enum vault_op_kind kind, const union vault_op_body *body);
/* A mint for itself. */
void account_mint(struct asked *out, struct account *a, const struct client *c);
/* Into a request; also once more. */
void asked_seal(struct asked *self, struct client *c, const struct wire_server *server);
/* A host that could not answer: the same may be asked of another, or later. */
bool asked_passing(const struct wire_answer *answer);
/* Keeps the answer. NO_MEMORY. */
SR_MUST_CHECK enum sr_error asked_keep(struct asked *self, const struct wire_answer *answer);
/* What is kept, under a member's signature: the receipt of this operation and no other. Returns the
 * code of the member or of the receipt. */
SR_MUST_CHECK enum sr_error asked_judge(const struct asked *self, const struct client *c,
    struct vault_receipt *receipt);
void asked_clear(struct asked *self);

#endif
