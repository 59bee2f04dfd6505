/*
 * vault/vault.h - the replicated state machine (DESIGN 7): deterministic, integer-only. A state is a
 * vault_tree; applying an operation makes the next tree. Refused operations change nothing (but, once in a
 * block with a valid signature and the right nonce, use up the nonce and leave a receipt).
 */
#ifndef SR_VAULT_VAULT_H
#define SR_VAULT_VAULT_H

#include "vault/record.h"

/* Pure checks that live in other folders, handed in by the enclave. */
struct vault_hooks {
	/* address: 20 bytes recovered from r||s||v over EIP-191 of text. */
	enum sr_error (*ethereum_recover)(uint8_t address[20], const char *text, size_t text_n,
	    const uint8_t signature[65]);
	/* TDH2 well-formedness of 128 bytes for this label. */
	enum sr_error (*key_check)(const uint8_t tdh2[VAULT_TDH2_BYTES], const struct sr_hash32 *label);
};

struct vault_block {
	struct sr_hash32 chain_id;
	uint64_t epoch, height, time_ms, parent_time_ms;
	bool ingress_ok;             /* header flag: the uptime clock may advance */
	uint32_t members_n;
	const struct vault_hooks *hooks;
};

/* Stateless: decode, chain, epoch, body, signature (and key_check for wrapped keys: label needs owner and policy only).
 * The verdict depends on the operation alone, so callers may cache it by hash. */
SR_MUST_CHECK enum sr_error vault_op_check(struct vault_op *op, const struct vault_block *block,
    const uint8_t *bytes, size_t n);

/* Once per block before its operations: clock, due deadlines (switch transitions, expiries). At most 1,024
 * deadlines a block; the rest waits for the next one (late is safe, early is not). */
SR_MUST_CHECK enum sr_error vault_begin_block(struct vault_tree **t, const struct vault_block *block);

/* Applies a checked operation. receipt: what a client is told. Returns SR_OK also for a refusal (receipt.code); an error
 * only when execution itself broke (no memory): the tree is then unchanged. */
SR_MUST_CHECK enum sr_error vault_apply(struct vault_tree **t, struct vault_receipt *receipt,
    const struct vault_block *block, const struct vault_op *op);

/* Would it be accepted on this state now? For admission: the same checks, nothing kept. */
SR_MUST_CHECK enum sr_error vault_admit(struct vault_tree *t, struct vault_receipt *receipt,
    const struct vault_block *block, const struct vault_op *op);

/* The genesis state: meta and the open collection. */
SR_MUST_CHECK enum sr_error vault_genesis(struct vault_tree **t, uint64_t time_ms);

/* --- reading --- */
enum vault_get_kind {
	VAULT_GET_ACCOUNT = 1,       /* param: account            -> account record (zeros when unknown); public */
	VAULT_GET_NFT = 2,           /* u64                       -> nft; public */
	VAULT_GET_NFTS = 3,          /* account, after u64        -> list of nft; public */
	VAULT_GET_COLLECTION = 4,    /* u64                       -> collection; public */
	VAULT_GET_SECRET = 5,        /* secret id                 -> secret; owner, or who a policy leaf names or holds an NFT it names */
	VAULT_GET_SECRETS = 6,       /* account (owner = requester), after 16 bytes -> list of secret; the owner */
	VAULT_GET_SECRETS_OF_NFT = 7,/* u64 nft, after 16         -> list of secret; the NFT's holder */
	VAULT_GET_VERSION = 8,       /* secret id, version (0 latest) -> version record; as SECRET */
	VAULT_GET_HISTORY = 9,       /* secret id, after version  -> list of version; the owner */
	VAULT_GET_SWITCH = 10,       /* u64                       -> switch; owner, heartbeat key, delegates, guardians, vetoer, heirs (duress key hidden unless owner) */
	VAULT_GET_SWITCHES = 11,     /* account = requester, after u64 -> list of switch */
	VAULT_GET_EVENTS = 12,       /* subject u8, id 16, after seq u64 -> list of event; those it concerns */
	VAULT_GET_RECEIPT = 13,      /* op hash                   -> receipt; public */
	VAULT_GET_TICKET = 14,       /* ticket id                 -> ticket; the requester, the owner */
	VAULT_GET_META = 15,         /* nothing                   -> meta; public */
};
/* requester: NONE for anonymous. Lists: u32 count, bool more, then blobs, at most 64 entries and 1 MiB. FROZEN by duress is shown
 * as the state it hides except to nobody: no reader can tell. */
SR_MUST_CHECK enum sr_error vault_get(struct sr_writer *out, struct vault_tree *t,
    enum vault_get_kind kind, struct sr_bytes params, const struct vault_account *requester);
/* The key whose proof shows the record (single-record kinds only). */
SR_MUST_CHECK enum sr_error vault_get_key(struct vault_key *key, enum vault_get_kind kind,
    struct sr_bytes params);
/* For releases: the ticket by id. NO_SUCH_TICKET when absent. */
SR_MUST_CHECK enum sr_error vault_ticket_find(struct vault_ticket *out, struct vault_tree *t,
    const struct sr_hash32 *id);
/* Would the policy still hold at this (later) time on this state? Used by enclaves with their own clock. */
SR_MUST_CHECK enum sr_error vault_ticket_recheck(struct vault_tree *t, const struct vault_ticket *ticket,
    uint64_t own_time_ms);

#endif
