/*
 * vault/vault.h - the replicated state machine (DESIGN 7): deterministic, integer-only. A state is
 * a vault_tree; applying an operation makes the next tree. Refused operations change nothing (but,
 * once in a block with a valid signature and the right nonce, use up the nonce and leave a
 * receipt).
 */
#ifndef SR_VAULT_VAULT_H
#define SR_VAULT_VAULT_H

#include "vault/record.h"
#include "vault/tree.h"

/* Limits (DESIGN 10), each with its error. */
#define VAULT_ACCOUNTS_MAX 10000000u            /* new signer: ACCOUNTS_FULL; recipient: TOO_MANY */
#define VAULT_COLLECTIONS_MAX 10000000u         /* TOO_MANY, as for the next three */
#define VAULT_NFTS_MAX 10000000u                /* ever made: burned ones stay as records */
#define VAULT_SECRETS_MAX 10000000u             /* ever made: deleted ones stay as records */
#define VAULT_SWITCHES_MAX 10000000u
#define VAULT_ACCOUNT_NFTS_MAX 1000000u         /* ACCOUNT_LIMIT, as for the next two */
#define VAULT_ACCOUNT_SECRETS_MAX 100000u
#define VAULT_ACCOUNT_SWITCHES_MAX 10000u
#define VAULT_VERSIONS_KEPT 64u                 /* of a secret; the oldest goes, the latest stays */
#define VAULT_DEADLINES_PER_BLOCK 1024u
#define VAULT_TICKET_MS 600000u                 /* a ticket is open at most this long */
#define VAULT_RECEIPT_KEEP_MS 600000u           /* past the operation's expiry */
#define VAULT_EVENT_KEEP_MS (30ull * 86400000ull) /* heartbeats and refusals; other events stay */
#define VAULT_PAUSE_MAX_MS (366ull * 86400000ull)
#define VAULT_UPTIME_STEP_MAX_MS 3000u /* most a block adds to U; a longer gap is an outage */
#define VAULT_AMNESTY_MIN_MS 60000u
#define VAULT_CLOCK_SLACK_MS 10000u             /* BEFORE at release: from block to share */
#define VAULT_ATTEST_PENDING_MAX 1000u          /* TOO_MANY, as for the next but one */
#define VAULT_ATTEST_ACCOUNT_MAX 16u            /* waiting, of one account: ACCOUNT_LIMIT */
#define VAULT_ATTESTATIONS_MAX 1000000u         /* with those that wait */
#define VAULT_ATTEST_WAIT_MS 600000u            /* a submission waits so long for a quorum */
/* An attestation is valid at most so long: what the vendor's collateral says is older by then. */
#define VAULT_ATTEST_LIFE_MS (30ull * 86400000ull)
#define VAULT_ATTEST_KEEP_MS (30ull * 86400000ull) /* and stays in the registry so long after */
#define VAULT_ATTEST_REFUSED_KEEP_MS 3600000u
#define VAULT_LIST_MAX 64u
#define VAULT_LIST_BYTES_MAX (1024u * 1024u)

/*
 * The switches' clock U and its amnesty (DESIGN 7). A block adds min(dt, 3 s) to U if its ingress
 * flag is set, else nothing. A stall is a run of blocks without ingress, or further than 3 s apart;
 * once it is longer than 3 s in all it is an outage of length D, and from its last block on no
 * switch moves to PENDING or FIRED before U has advanced by min(I/10, max(D, 60 s)): an outage is
 * paid back as long as it lasted, at least a minute, at most a tenth of the interval. In a block
 * without ingress no switch moves at all. So a switch fires only after its owner had I + G of
 * working ingress since the last heartbeat, and, when an outage cut into it, working ingress
 * afterwards too (I9). The amnesty moves the switch's own U_hb (or start of PENDING), so that the
 * record always tells when it is due.
 */

/* Pure checks that live in other folders, handed in by the enclave. */
struct vault_hooks {
	/* address: 20 bytes recovered from r||s||v over EIP-191 of text. */
	enum sr_error (*ethereum_recover)(uint8_t address[20], const char *text, size_t text_n,
	    const uint8_t signature[65]);
	/* TDH2 well-formedness of 128 bytes for this label. */
	enum sr_error (*key_check)(
	    const uint8_t tdh2[VAULT_TDH2_BYTES], const struct sr_hash32 *label);
	/* An owner's dealing for this label: points, commitments, and the proof of the boxes' r. */
	enum sr_error (*dealt_check)(const struct vault_dealt *dealt,
	    const struct sr_hash32 *label);
};

/* The members of the block's epoch: those that a secret can be dealt to. */
struct vault_roster {
	uint32_t n;
	struct { uint32_t seat; uint8_t box_key[32]; } members[SR_MEMBERS_MAX];
};

struct vault_block {
	struct sr_hash32 chain_id;
	uint64_t epoch, height, time_ms, parent_time_ms;
	bool ingress_ok;             /* header flag: the uptime clock may advance */
	uint32_t members_n;
	const struct vault_hooks *hooks;
	const struct vault_roster *roster;
};

/* Stateless: chain, epoch, body, signature (and key_check for wrapped keys: label needs owner and
 * policy only) of a decoded operation. The verdict depends on the operation alone, so callers may
 * cache it by hash. */
SR_MUST_CHECK enum sr_error vault_op_judge(
    const struct vault_op *op, const struct vault_block *block);
/* Decodes and judges. */
SR_MUST_CHECK enum sr_error vault_op_check(struct vault_op *op, const struct vault_block *block,
    const uint8_t *bytes, size_t n);

/* Once per block before its operations: clock, due deadlines (switch transitions, expiries). At
 * most 1,024 deadlines a block; the rest waits for the next one (late is safe, early is not). */
SR_MUST_CHECK enum sr_error vault_begin_block(
    struct vault_tree **t, const struct vault_block *block);

/* Applies a checked operation. receipt: what a client is told. Returns SR_OK also for a refusal
 * (receipt.code); an error only when execution itself broke (no memory): the tree is then
 * to be given up. */
SR_MUST_CHECK enum sr_error vault_apply(struct vault_tree **t, struct vault_receipt *receipt,
    const struct vault_block *block, const struct vault_op *op);

/* The codes of refusals that leave the state as it was: no nonce used, no receipt stored. Any other
 * code of vault_apply has left both. Such an operation has no place in a block. */
bool vault_code_is_traceless(enum sr_error code);

/* Would it be accepted on this state now? For admission: the same checks, nothing kept. */
SR_MUST_CHECK enum sr_error vault_admit(struct vault_tree *t, struct vault_receipt *receipt,
    const struct vault_block *block, const struct vault_op *op);

/* The genesis state: meta and the open collection. */
SR_MUST_CHECK enum sr_error vault_genesis(struct vault_tree **t, uint64_t time_ms);

/* --- the registry of attested machines (vault/attest.c) --- */
/*
 * A member's verdict on evidence that someone submitted (subject: the id), as its VERDICT operation
 * says: a code and, if it is SR_OK, facts (attest/facts.h; else none). n and quorum are the
 * epoch's. When a quorum says the same, the registry gets its record. Refusals change nothing:
 *   NOT_A_MEMBER     member >= n
 *   NOT_FOUND        nothing with this id waits: never submitted, judged already, expired
 *   DUPLICATE        this member has said what it thinks in this epoch
 *   OUT_OF_RANGE     a code that is none; BAD_ENCODING and others: facts that are none
 */
SR_MUST_CHECK enum sr_error vault_attest_verdict(struct vault_tree **t,
    const struct vault_block *block, const struct sr_hash32 *subject, uint32_t member, uint32_t n,
    uint32_t quorum, uint16_t code, struct sr_bytes facts);
/* What this member has not judged in this epoch, oldest first, at most most of them. Views are
 * borrowed from the tree. */
SR_MUST_CHECK enum sr_error vault_attest_pending(struct vault_pending *out, size_t *out_n,
    size_t most, const struct vault_tree *t, uint64_t epoch, uint32_t member);

/* --- reading --- */
/* requester: NONE for anonymous. Lists: u32 count, bool more, then blobs, at most 64 entries and 1
 * MiB. FROZEN by duress is shown as the state it hides except to nobody: no reader can tell. */
SR_MUST_CHECK enum sr_error vault_get(struct sr_writer *out, struct vault_tree *t,
    enum vault_get_kind kind, struct sr_bytes params, const struct vault_account *requester);
/* The key whose proof shows the record (single-record kinds only; a proof shows the whole record,
 * so ask vault_get whether the requester may see it first). SWITCH has none (BAD_KIND): the raw
 * record would tell a frozen one. */
SR_MUST_CHECK enum sr_error vault_get_key(struct vault_key *key, enum vault_get_kind kind,
    struct sr_bytes params);
/* For releases: the ticket by id. NO_SUCH_TICKET when absent. */
SR_MUST_CHECK enum sr_error vault_ticket_find(struct vault_ticket *out, struct vault_tree *t,
    const struct sr_hash32 *id);
/* The dealing of the version that a ticket of a dealt one is for, as it is now. BAD_KIND when it is
 * under the vault key. */
SR_MUST_CHECK enum sr_error vault_ticket_dealt(struct vault_dealt *out, struct vault_tree *t,
    const struct vault_ticket *ticket);
/* Would the policy still hold at this (later) time on this state? Used by enclaves with their own
 * clock. */
SR_MUST_CHECK enum sr_error vault_ticket_recheck(
    struct vault_tree *t, const struct vault_ticket *ticket, uint64_t own_time_ms);

#endif
