/*
 * vault/policy.h - the policy tree: canonical bytes and text. Base only (client and enclave).
 *
 * bytes: version u8 = 1, then the tree in prefix order: kind u8, operands.
 * text : holder(12) | account(ed25519:..) | heir(3) | switch(3, fired[, stage]) | after(TIME) | before(TIME)
 *        | held_for(DURATION) | not X | X and Y | X or Y | K of (X, Y, ...) | ( X ) ; not > and > or.
 *        TIME: unix ms, or 2027-01-31 or 2027-01-31T12:00:00Z. DURATION: 90s 15m 12h 30d.
 */
#ifndef SR_VAULT_POLICY_H
#define SR_VAULT_POLICY_H

#include "vault/op.h"

#define VAULT_POLICY_DEPTH_MAX 8u
#define VAULT_POLICY_NODES_MAX 64u

enum vault_policy_kind {
	VAULT_POLICY_HOLDER = 1,     /* nft: the requester holds it now, and presents its current version */
	VAULT_POLICY_ACCOUNT = 2,    /* the requester is this account */
	VAULT_POLICY_ALL = 3, VAULT_POLICY_ANY = 4, VAULT_POLICY_K_OF = 5, VAULT_POLICY_NOT = 6,
	VAULT_POLICY_AFTER = 7, VAULT_POLICY_BEFORE = 8, /* block time_ms >= / < time_ms */
	VAULT_POLICY_SWITCH = 9,     /* switch id is in this state (FIRED: and at least this stage) */
	VAULT_POLICY_HELD_FOR = 10,  /* the presented NFT has been held for this long (ms) */
	VAULT_POLICY_HEIR = 11,      /* the requester is an heir of this switch whose turn has come */
};

enum vault_switch_state {
	VAULT_SWITCH_ARMED = 1, VAULT_SWITCH_WARN = 2, VAULT_SWITCH_PENDING = 3, VAULT_SWITCH_FIRED = 4,
	VAULT_SWITCH_PAUSED = 5, VAULT_SWITCH_FROZEN = 6 /* duress */, VAULT_SWITCH_CANCELLED = 7,
};
const char *vault_switch_state_name(unsigned state); /* "armed" ... */

struct vault_policy_node {
	enum vault_policy_kind kind;
	uint64_t number;             /* nft id, switch id, time_ms, duration ms; K_OF: k */
	uint32_t state, stage;       /* SWITCH */
	struct vault_account account;
	uint16_t children_n;
	uint16_t first_child, next_sibling; /* indices into nodes; 0 = none (0 is the root) */
};

struct vault_policy {
	uint32_t nodes_n;
	struct vault_policy_node nodes[VAULT_POLICY_NODES_MAX];
};

SR_MUST_CHECK enum sr_error vault_policy_decode(struct vault_policy *p, struct sr_bytes bytes);
void vault_policy_write(struct sr_writer *w, const struct vault_policy *p);
struct sr_hash32 vault_policy_hash(struct sr_bytes bytes);
/* error_at: offset of the first character that does not fit. */
SR_MUST_CHECK enum sr_error vault_policy_parse(struct vault_policy *p, size_t *error_at,
    const char *text, size_t n);
/* Canonical text; parses back to the same bytes. */
void vault_policy_text(struct sr_writer *w, const struct vault_policy *p);

/* Evaluation is a fold over facts that the caller looks up. why: index of the node that failed it. */
struct vault_policy_facts {
	void *ctx;
	bool (*leaf)(void *ctx, const struct vault_policy_node *node);
};
bool vault_policy_eval(const struct vault_policy *p, const struct vault_policy_facts *facts,
    uint32_t *why);

#endif
