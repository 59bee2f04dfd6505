/*
 * vault/internal.h - what the state machine's files share: one change in the making (vault_tx),
 * typed loads and stores, and the doors between the ideas (accounts, NFTs, secrets, tickets,
 * switches, clock, audit).
 *
 * Two kinds of error: a refusal is the operation's own fault and becomes its receipt's code; a
 * breakage (vault_is_breakage) means that execution itself failed and nothing may be kept.
 */
#ifndef SR_VAULT_INTERNAL_H
#define SR_VAULT_INTERNAL_H

#include "vault/vault.h"

struct vault_tx {
	struct vault_tree *t;            /* the tree being made: a draft */
	const struct vault_block *block;
	const struct vault_op *op;       /* NULL outside operations */
	struct vault_key account_key;    /* of its account's record */
	struct vault_receipt *receipt;
	struct vault_meta meta;
	bool meta_changed;
	bool refusal_watched;            /* a refusal from here on leaves an event at this secret */
	struct vault_secret_id watched;
	struct sr_writer w;              /* one buffer for all records of the change */
};

/* Kept beside meta under 'm', 1: how many accounts there are, and the clock's amnesty. */
struct vault_aux {
	uint64_t accounts;
	uint64_t stalled_ms;             /* length of the stall that is going on; 0: none */
	uint64_t outage_uptime_ms;       /* U at the last block of the last outage */
	uint64_t hold_until_uptime_ms;   /* U until which outages hold switches back at most */
};

/* Beside them under 'm', 2: the attesteer's counters. */
struct vault_attest_counts {
	uint64_t submitted;              /* ever */
	uint64_t pending, attestations;  /* now */
};

bool vault_is_breakage(enum sr_error error);

/* --- state.c: a change, and records in it --- */
SR_MUST_CHECK enum sr_error vault_tx_begin(struct vault_tx *tx, struct vault_tree *t,
    const struct vault_block *block);
void vault_tx_end(struct vault_tx *tx); /* drops the tree that was made */
SR_MUST_CHECK enum sr_error vault_tx_commit(
    struct vault_tx *tx, struct vault_tree **t); /* and ends */
SR_MUST_CHECK enum sr_error vault_tx_put(struct vault_tx *tx, const struct vault_key *key,
    const uint8_t *value, size_t n);
SR_MUST_CHECK enum sr_error vault_tx_delete(
    struct vault_tx *tx, const struct vault_key *key); /* absent is fine */

/* Loads: the named refusal when absent, DAMAGED when it does not decode. Views are borrowed from
 * the tree. */
SR_MUST_CHECK enum sr_error vault_meta_load(const struct vault_tree *t, struct vault_meta *v);
SR_MUST_CHECK enum sr_error vault_aux_load(const struct vault_tree *t, struct vault_aux *v);
SR_MUST_CHECK enum sr_error vault_collection_load(
    const struct vault_tree *t, struct vault_collection *v, uint64_t id);
SR_MUST_CHECK enum sr_error vault_nft_load(
    const struct vault_tree *t, struct vault_nft *v, uint64_t id);
SR_MUST_CHECK enum sr_error vault_secret_load(
    const struct vault_tree *t, struct vault_secret *v, const struct vault_secret_id *id);
SR_MUST_CHECK enum sr_error vault_version_load(const struct vault_tree *t, struct vault_version *v,
    const struct vault_secret_id *id, uint64_t version);
SR_MUST_CHECK enum sr_error vault_ticket_load(
    const struct vault_tree *t, struct vault_ticket *v, const struct sr_hash32 *id);
SR_MUST_CHECK enum sr_error vault_switch_load(
    const struct vault_tree *t, struct vault_switch *v, uint64_t id);
SR_MUST_CHECK enum sr_error vault_pending_load(
    const struct vault_tree *t, struct vault_pending *v, const struct sr_hash32 *id);
SR_MUST_CHECK enum sr_error vault_attestation_load(
    const struct vault_tree *t, struct vault_attestation *v, const struct sr_hash32 *id);
/* Zeros when nothing was ever submitted. */
SR_MUST_CHECK enum sr_error vault_attest_counts_load(
    const struct vault_tree *t, struct vault_attest_counts *v);
/* key: vault_key_account(a). Zeros (but for the account) when it is unknown. */
SR_MUST_CHECK enum sr_error vault_account_load(const struct vault_tree *t,
    struct vault_account_record *v, bool *known, const struct vault_account *a,
    const struct vault_key *key);
SR_MUST_CHECK enum sr_error vault_meta_store(struct vault_tx *tx);
SR_MUST_CHECK enum sr_error vault_aux_store(struct vault_tx *tx, const struct vault_aux *v);
SR_MUST_CHECK enum sr_error vault_collection_store(
    struct vault_tx *tx, const struct vault_collection *v);
SR_MUST_CHECK enum sr_error vault_nft_store(struct vault_tx *tx, const struct vault_nft *v);
SR_MUST_CHECK enum sr_error vault_secret_store(struct vault_tx *tx, const struct vault_secret *v);
SR_MUST_CHECK enum sr_error vault_version_store(struct vault_tx *tx, const struct vault_version *v);
SR_MUST_CHECK enum sr_error vault_ticket_store(struct vault_tx *tx, const struct vault_ticket *v);
SR_MUST_CHECK enum sr_error vault_switch_store(struct vault_tx *tx, const struct vault_switch *v);
SR_MUST_CHECK enum sr_error vault_receipt_store(struct vault_tx *tx, const struct vault_receipt *v);
SR_MUST_CHECK enum sr_error vault_pending_store(struct vault_tx *tx, const struct vault_pending *v);
SR_MUST_CHECK enum sr_error vault_vote_store(
    struct vault_tx *tx, const struct vault_key *key, const struct vault_vote *v);
SR_MUST_CHECK enum sr_error vault_attestation_store(
    struct vault_tx *tx, const struct vault_attestation *v);
SR_MUST_CHECK enum sr_error vault_attest_counts_store(
    struct vault_tx *tx, const struct vault_attest_counts *v);
SR_MUST_CHECK enum sr_error vault_event_store(
    struct vault_tx *tx, const struct vault_key *key, const struct vault_event *v);

void vault_put_be64(uint8_t out[8], uint64_t v);
uint64_t vault_get_be64(const uint8_t in[8]);
uint64_t vault_add_capped(uint64_t a, uint64_t b);     /* UINT64_MAX instead of wrapping */
bool vault_account_is(
    const struct vault_account *a, const struct vault_account *who); /* never for NONE */

/* --- accounts.c --- */
enum vault_holding { VAULT_HOLDS_NFTS, VAULT_HOLDS_SECRETS, VAULT_HOLDS_SWITCHES };
/* The nonce and room rules that leave no trace when broken. key: of the account's record. */
SR_MUST_CHECK enum sr_error vault_account_admits(
    const struct vault_tree *t, const struct vault_op *op, const struct vault_key *key);
SR_MUST_CHECK enum sr_error vault_account_use_nonce(struct vault_tx *tx);
SR_MUST_CHECK enum sr_error vault_account_gain(
    struct vault_tx *tx, const struct vault_account *a, enum vault_holding what);
SR_MUST_CHECK enum sr_error vault_account_lose(
    struct vault_tx *tx, const struct vault_account *a, enum vault_holding what);

/* --- index.c --- */
enum vault_index {
	VAULT_INDEX_NFTS = 1,        /* account -> NFTs it owns; value: id u64 */
	VAULT_INDEX_SECRETS = 2,     /* account -> secrets it owns; value: id 16 */
	VAULT_INDEX_NAMES = 3,       /* account, hash of a name -> secret; value: id 16 */
	VAULT_INDEX_NFT_SECRETS = 4, /* NFT -> secrets whose policy names it; value: id 16 */
	VAULT_INDEX_SWITCHES = 5,    /* account -> switches that concern it; value: id u64 */
	/* Submissions; value: id 32. Those by falling number are walked newest first. */
	VAULT_INDEX_WAITING = 6,    /* nobody -> waiting ones by number */
	VAULT_INDEX_WAITING_OF = 7, /* account -> its waiting ones by number */
	VAULT_INDEX_ATTESTED = 8,   /* nobody -> judged ones by falling number */
	VAULT_INDEX_MEASURED = 9,   /* measurement -> verified ones by falling number */
	VAULT_INDEX_WORKLOAD = 10,  /* measurement and workload key -> the one that speaks for it */
};
#define VAULT_INDEX_PREFIX 22u   /* type, kind, owner */
struct vault_key vault_index_number(
    enum vault_index kind, const struct vault_account *a, uint64_t id);
struct vault_key vault_index_secret(
    const struct vault_account *a, const struct vault_secret_id *id);
struct vault_key vault_index_name(const struct vault_account *a, struct sr_bytes name);
struct vault_key vault_index_nft_secret(uint64_t nft_id, const struct vault_secret_id *id);
/* WAITING and ATTESTED: a is NULL. */
struct vault_key vault_index_waiting(const struct vault_account *a, uint64_t number);
struct vault_key vault_index_attested(uint64_t number);
struct vault_key vault_index_measured(struct sr_bytes measurement, uint64_t number);
struct vault_key vault_index_workload(struct sr_bytes measurement, const uint8_t key[32]);
SR_MUST_CHECK enum sr_error vault_index_put_number(
    struct vault_tx *tx, enum vault_index kind, const struct vault_account *a, uint64_t id);
SR_MUST_CHECK enum sr_error vault_index_put_secret(
    struct vault_tx *tx, const struct vault_key *key, const struct vault_secret_id *id);

/* --- clock.c --- */
enum vault_clock { VAULT_CLOCK_WALL = 1, VAULT_CLOCK_UPTIME = 2 };
enum vault_deadline_kind {
	VAULT_DEADLINE_SWITCH = 1,  /* id u64 */
	VAULT_DEADLINE_RECEIPT = 2, /* the operation's hash */
	VAULT_DEADLINE_TICKET = 3,  /* its id */
	VAULT_DEADLINE_EVENT = 4,   /* its key */
	VAULT_DEADLINE_ATTEST =
	    5, /* the submission's id: waits, or is in the registry, no longer */
};
struct vault_deadline {
	enum vault_clock clock;
	uint64_t due_ms;
	enum vault_deadline_kind kind;
	uint8_t id[32]; /* zeros and u64 big-endian, or 32 bytes; the last 21 go into the key */
};
SR_MUST_CHECK enum sr_error vault_deadline_add(struct vault_tx *tx, const struct vault_deadline *d);
SR_MUST_CHECK enum sr_error vault_deadline_drop(
    struct vault_tx *tx, const struct vault_deadline *d);
/* U before which an outage lets no switch of this interval go on (see vault.h). */
uint64_t vault_amnesty_until(const struct vault_aux *aux, uint64_t interval_ms);

/* --- audit.c --- */
struct vault_event vault_event_of_number(
    enum vault_event_kind kind, enum vault_subject subject, uint64_t id);
struct vault_event vault_event_of_attestation(
    enum vault_event_kind kind, const struct sr_hash32 *id);
struct vault_event vault_event_of_secret(
    enum vault_event_kind kind, const struct vault_secret_id *id);
/* Fills in number, block and time. The actor is the caller's to set. */
SR_MUST_CHECK enum sr_error vault_audit(struct vault_tx *tx, struct vault_event *e);

/* --- nft.c --- */
SR_MUST_CHECK enum sr_error vault_collection_create(
    struct vault_tx *tx, const struct vault_op_collection_create *b);
SR_MUST_CHECK enum sr_error vault_nft_mint(struct vault_tx *tx, const struct vault_op_nft_mint *b);
SR_MUST_CHECK enum sr_error vault_nft_transfer(
    struct vault_tx *tx, const struct vault_op_nft_transfer *b);
SR_MUST_CHECK enum sr_error vault_nft_approve(
    struct vault_tx *tx, const struct vault_op_nft_approve *b);
SR_MUST_CHECK enum sr_error vault_nft_burn(struct vault_tx *tx, const struct vault_op_nft_burn *b);

/* --- secret.c --- */
SR_MUST_CHECK enum sr_error vault_secret_put(
    struct vault_tx *tx, const struct vault_op_secret_put *b);
SR_MUST_CHECK enum sr_error vault_secret_update(
    struct vault_tx *tx, const struct vault_op_secret_put *b);
SR_MUST_CHECK enum sr_error vault_secret_restore(
    struct vault_tx *tx, const struct vault_op_secret_restore *b);
SR_MUST_CHECK enum sr_error vault_secret_policy(
    struct vault_tx *tx, const struct vault_op_secret_policy *b);
SR_MUST_CHECK enum sr_error vault_secret_delete(
    struct vault_tx *tx, const struct vault_op_secret_delete *b);

/* --- dealt.c: keys that owners deal --- */
/* Made for this label; what does not depend on the state. */
SR_MUST_CHECK enum sr_error vault_key_check(const struct vault_wrapped_key *key,
    const struct vault_block *block, const struct sr_hash32 *label);
/* A dealt one: each holder is a member, by this box key. HOLDER_UNKNOWN. */
SR_MUST_CHECK enum sr_error vault_key_holders(const struct vault_tx *tx,
    const struct vault_wrapped_key *key);
/* Does it stand for the same KEM key as far as can be seen? */
bool vault_key_same(const struct vault_wrapped_key *a, const struct vault_wrapped_key *b);

/* --- hold.c --- */
/* A version whose key is dealt comes, or goes (fine when it was under the vault key). */
SR_MUST_CHECK enum sr_error vault_hold_begin(struct vault_tx *tx,
    const struct vault_secret_id *id, uint64_t version);
SR_MUST_CHECK enum sr_error vault_hold_end(struct vault_tx *tx, const struct vault_secret_id *id,
    uint64_t version);

/* --- facts.c: a policy judged on a state --- */
struct vault_facts {
	const struct vault_tree *t;
	const struct vault_policy *policy;
	const struct vault_account *who;
	const struct sr_xpk *to; /* E; NULL: nobody has named one, the question is who may ask */
	uint64_t nft_id;             /* the presented one; 0: none */
	uint64_t time_ms, uptime_ms;
	uint64_t before_slack_ms;
	bool own_clock; /* time_ms is an enclave's own clock: switches must agree with it too */
	uint64_t negated;            /* bit per node: under an odd number of NOTs (filled in) */
	uint64_t truth;              /* bit per node: a leaf that holds (filled in) */
};
/* Looks every leaf up once. */
SR_MUST_CHECK enum sr_error vault_facts_judge(struct vault_facts *f);
/* Does the policy hold when the leaves in without are taken as false? why as in vault_policy_eval.
 */
bool vault_facts_hold(const struct vault_facts *f, uint64_t without, uint32_t *why);
/* The policy's answer depends on a clock. */
bool vault_policy_timed(const struct vault_policy *p);
bool vault_policy_names_nft(const struct vault_policy *p, uint64_t nft_id);

/* --- ticket.c --- */
/* An open ticket, unexpired and unclosed, blocks the NFT. open: that ticket; may be NULL. */
SR_MUST_CHECK enum sr_error vault_nft_unlocked(const struct vault_tree *t,
    const struct vault_nft *nft, uint64_t time_ms, struct vault_ticket *open);
SR_MUST_CHECK enum sr_error vault_ticket_retrieve(
    struct vault_tx *tx, const struct vault_op_retrieve *b);
SR_MUST_CHECK enum sr_error vault_ticket_close(
    struct vault_tx *tx, const struct vault_op_ticket_close *b);

/* --- attest.c --- */
SR_MUST_CHECK enum sr_error vault_attest_submit(
    struct vault_tx *tx, const struct vault_op_attest_submit *b);
/* Its deadline has come (and is off the queue). */
SR_MUST_CHECK enum sr_error vault_attest_due(struct vault_tx *tx, const struct sr_hash32 *id);
/* Is what is encrypted to this key read by a workload with this measurement only, attested as no
 * worse than worst and valid at this time (and slack_ms after)? */
SR_MUST_CHECK enum sr_error vault_attest_holds(bool *holds, const struct vault_tree *t,
    struct sr_bytes measurement, const struct sr_xpk *to, uint32_t worst, uint64_t time_ms,
    uint64_t slack_ms);

/* --- switch.c --- */
/* The state that every reader sees: FROZEN is shown as the state it hides. */
enum vault_switch_state vault_switch_shown(const struct vault_switch *w);
bool vault_switch_concerns(const struct vault_switch *w, const struct vault_account *who);
SR_MUST_CHECK enum sr_error vault_switch_create(
    struct vault_tx *tx, const struct vault_op_switch_create *b);
/* HEARTBEAT and DURESS: the key decides, not the kind. */
SR_MUST_CHECK enum sr_error vault_switch_heartbeat(struct vault_tx *tx, uint64_t id, bool duress);
SR_MUST_CHECK enum sr_error vault_switch_veto(struct vault_tx *tx, uint64_t id);
SR_MUST_CHECK enum sr_error vault_switch_confirm(struct vault_tx *tx, uint64_t id);
SR_MUST_CHECK enum sr_error vault_switch_cancel(struct vault_tx *tx, uint64_t id);
SR_MUST_CHECK enum sr_error vault_switch_pause(
    struct vault_tx *tx, const struct vault_op_switch_pause *b);
SR_MUST_CHECK enum sr_error vault_switch_delegate(
    struct vault_tx *tx, const struct vault_op_switch_delegate *b);
/* Its deadline has come (and is off the queue). */
SR_MUST_CHECK enum sr_error vault_switch_due(
    struct vault_tx *tx, const struct vault_aux *aux, uint64_t id);

#endif
