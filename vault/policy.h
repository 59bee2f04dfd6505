/*
 * vault/policy.h - the policy tree: canonical bytes and text. Base only (client and enclave).
 *
 * bytes: version u8 = 1, then the tree in prefix order: kind u8, operands (HOLDER, HEIR, AFTER,
 *        BEFORE, HELD_FOR: u64; ACCOUNT: account; ALL, ANY: count u8; K_OF: k u8, count u8;
 *        SWITCH: u64, state u8, stage u8; ATTESTED: status u8, length u8 = 32 or 48, measurement).
 *        ALL and ANY have two children or more and never stand
 *        directly below their own kind: one condition has one encoding.
 * text : holder(12) | account(ed25519:..) | heir(3) | switch(3, fired[, stage]) | after(TIME)
 *        | before(TIME) | held_for(DURATION) | attested(MEASUREMENT[, STATUS]) | not X | X and Y |
 * X or Y | K of (X, Y, ...) | ( X ) not > and > or. TIME: unix ms, or 2027-01-31 or
 * 2027-01-31T12:00:00Z. DURATION: 500ms 90s 15m 12h 30d. MEASUREMENT: 64 or 96 hexadecimal digits.
 * STATUS: UpToDate (which may be left out), SWHardeningNeeded ... OutOfDateConfigurationNeeded:
 * this one or a better one. A duress-frozen switch has no word: no policy may tell it from the
 * state it hides.
 */
#ifndef SR_VAULT_POLICY_H
#define SR_VAULT_POLICY_H

#include "attest/facts.h"
#include "vault/op.h"

#define VAULT_POLICY_DEPTH_MAX 8u
#define VAULT_POLICY_NODES_MAX 64u
#define VAULT_POLICY_TEXT_MAX 16384u
#define VAULT_POLICY_TIME_MAX_MS 253402300799999ull  /* the end of the year 9999 */

enum vault_policy_kind {
	VAULT_POLICY_HOLDER = 1, /* nft: the requester holds it and presents its current version */
	VAULT_POLICY_ACCOUNT = 2, /* the requester is this account */
	VAULT_POLICY_ALL = 3,
	VAULT_POLICY_ANY = 4,
	VAULT_POLICY_K_OF = 5,
	VAULT_POLICY_NOT = 6,
	VAULT_POLICY_AFTER = 7,
	VAULT_POLICY_BEFORE = 8, /* block time_ms >= / < time_ms */
	VAULT_POLICY_SWITCH = 9, /* switch id is in this state (FIRED: and at least this stage) */
	VAULT_POLICY_HELD_FOR = 10, /* the presented NFT has been held for this long (ms) */
	VAULT_POLICY_HEIR = 11, /* the requester is an heir of this switch whose turn has come */
	/* the key that the secret is released to is that of a workload with this measurement,
	 * attested in the registry, valid now, and no worse than this status */
	VAULT_POLICY_ATTESTED = 12,
};

enum vault_switch_state {
	VAULT_SWITCH_ARMED = 1,
	VAULT_SWITCH_WARN = 2,
	VAULT_SWITCH_PENDING = 3,
	VAULT_SWITCH_FIRED = 4,
	VAULT_SWITCH_PAUSED = 5,
	VAULT_SWITCH_FROZEN = 6 /* duress */,
	VAULT_SWITCH_CANCELLED = 7,
};
const char *vault_switch_state_name(unsigned state); /* "armed" ... */
/* The worst that ATTESTED may ask for. */
#define VAULT_POLICY_STATUS_WORST ATTEST_OUT_OF_DATE_CONFIGURATION_NEEDED
bool vault_measurement_size(size_t n); /* as long as a measurement is: 32, 48 */

struct vault_policy_node {
	enum vault_policy_kind kind;
	uint64_t number;             /* nft id, switch id, time_ms, duration ms; K_OF: k */
	uint32_t state, stage;       /* SWITCH; ATTESTED: state is the worst attest_status */
	uint8_t measurement[48];     /* ATTESTED */
	uint8_t measurement_n;       /* 32, 48 */
	struct vault_account account;
	uint16_t children_n;
	uint16_t first_child, next_sibling; /* indices into nodes; 0 = none (0 is the root) */
	/* Decoded and parsed nodes are in prefix order: an index means the same to everyone. */
};

struct vault_policy {
	uint32_t nodes_n;
	struct vault_policy_node nodes[VAULT_POLICY_NODES_MAX];
};

SR_MUST_CHECK enum sr_error vault_policy_decode(struct vault_policy *p, struct sr_bytes bytes);
void vault_policy_write(struct sr_writer *w, const struct vault_policy *p);
struct sr_hash32 vault_policy_hash(struct sr_bytes bytes);
/* error_at: offset of the first character that does not fit; 0 on success. */
SR_MUST_CHECK enum sr_error vault_policy_parse(struct vault_policy *p, size_t *error_at,
    const char *text, size_t n);
/* Canonical text; parses back to the same bytes. */
void vault_policy_text(struct sr_writer *w, const struct vault_policy *p);

/*
 * Evaluation is a fold over facts that the caller looks up, from left to right, no further than
 * needed. why (may be NULL): index of the node that failed it: the first false leaf below ALLs, or
 * the ANY, K_OF or NOT itself; 0 when the policy holds.
 */
struct vault_policy_facts {
	void *ctx;
	bool (*leaf)(void *ctx, const struct vault_policy_node *node);
};
bool vault_policy_eval(const struct vault_policy *p, const struct vault_policy_facts *facts,
    uint32_t *why);

#endif
