/*
 * vault/record.h - the records of the state, their keys and encodings. Base only: clients read them
 * in answers and proofs. Key = type byte, then fields big-endian so that walks are in order;
 * zero-padded to 32.
 */
#ifndef SR_VAULT_RECORD_H
#define SR_VAULT_RECORD_H

#include "attest/facts.h"
#include "vault/policy.h"
#include "vault/proof.h"

enum vault_record_type {
	VAULT_REC_META = 'm',       /* m: one record: counters, clock */
	VAULT_REC_ACCOUNT = 'a',    /* a | 31 bytes of H(account) */
	VAULT_REC_COLLECTION = 'c', /* c | id u64 */
	VAULT_REC_NFT = 'n',        /* n | id u64 */
	VAULT_REC_SECRET = 's',     /* s | id 16 */
	VAULT_REC_VERSION = 'v',    /* v | id 16 | version u64 */
	VAULT_REC_TICKET = 't',     /* t | 31 bytes of the ticket id */
	VAULT_REC_SWITCH = 'w',     /* w | id u64 */
	VAULT_REC_RECEIPT = 'r',    /* r | 31 bytes of the operation's hash */
	VAULT_REC_EVENT = 'e',      /* e | subject kind u8 | subject 16 | seq u64 */
	VAULT_REC_INDEX = 'i',      /* i | index kind u8 | owner 20 of H | id (8, or 10 of 16) */
	VAULT_REC_DEADLINE = 'd',   /* d | clock u8 | due u64 | kind u8 | id */
	VAULT_REC_DEALT = 'D',      /* owned by vault/hold.c: D | id 16 | version u64 | ... */
	VAULT_REC_PENDING = 'p',    /* p | 31 bytes of the submission's id */
	VAULT_REC_VOTE = 'q',       /* q | 27 bytes of the submission's id | member u32 */
	VAULT_REC_ATTESTATION = 'g', /* g | 31 bytes of the submission's id */
	VAULT_REC_EPOCH = 'E',      /* owned by enclave/epoch.h */
};

struct vault_meta {
	uint64_t collections, nfts, switches, secrets; /* how many were ever made */
	uint64_t uptime_ms;          /* U, the switches' clock (DESIGN 7) */
	uint64_t time_ms, height;    /* of the last executed block */
	uint64_t events;
};
struct vault_account_record {
	struct vault_account account;
	uint64_t nonce, nfts, secrets, switches;
};
struct vault_collection {
	uint64_t id;
	struct vault_account owner;
	struct sr_bytes name;
	uint64_t created_ms;
};
struct vault_nft {
	uint64_t id, collection_id, version, releases, minted_ms, held_since_ms;
	struct vault_account owner, approved; /* burned: owner NONE */
	struct sr_bytes name;
	struct sr_hash32 open_ticket;  /* zero: none */
	uint64_t open_ticket_until_ms;
};
struct vault_secret {
	struct vault_secret_id id;
	struct vault_account owner;
	struct sr_bytes name, policy;
	uint64_t version;            /* the latest; 1 at PUT */
	uint64_t created_ms, updated_ms, expiry_ms, releases;
	bool deleted;
};
struct vault_version {
	struct vault_secret_id id;
	uint64_t version, time_ms, from_version /* 0, or what it restored */;
	struct sr_hash32 policy_hash; /* the label's */
	struct vault_wrapped_key key;
	struct vault_payload payload;
};
struct vault_ticket {
	struct sr_hash32 id;
	struct vault_secret_id secret;
	uint64_t secret_version, nft_id, nft_version, height, issued_ms, expires_ms;
	struct vault_account requester;
	struct sr_xpk to;
	bool closed;
	struct sr_hash32 label;
	uint8_t tdh2[VAULT_TDH2_BYTES]; /* zeros: the version is dealt */
	bool time_conditioned;       /* after, before, switch, held_for: own clocks count too */
};
bool vault_ticket_is_dealt(const struct vault_ticket *ticket);
struct vault_switch {
	uint64_t id, created_ms;
	struct vault_account owner;
	struct sr_bytes name;
	struct vault_switch_settings settings;
	enum vault_switch_state state;
	uint32_t warn_level;         /* 0, 50, 75, 90 */
	uint64_t heartbeat_uptime_ms, heartbeat_ms; /* U_hb, t_hb */
	uint64_t pending_uptime_ms, fired_uptime_ms, fired_ms, paused_until_ms;
	uint32_t stage;              /* reached since FIRED */
	uint32_t confirmed;          /* bit per guardian */
	uint32_t delegates_n;
	struct vault_account delegates[VAULT_DELEGATES_MAX];
	uint64_t delegate_until_ms[VAULT_DELEGATES_MAX];
};
struct vault_receipt {
	struct sr_hash32 op;
	uint16_t code;               /* sr_error */
	uint64_t height, expires_ms;
	uint64_t id;                 /* of the new nft, switch or collection */
	uint32_t detail;             /* failing policy node */
};
/* Evidence that waits for the members' verdicts. */
struct vault_pending {
	struct sr_hash32 id;         /* the SUBMIT operation's hash */
	uint64_t number;             /* counts submissions from 1 */
	struct vault_account submitter;
	uint64_t submitted_ms, expires_ms; /* judged as of the first */
	struct sr_bytes url, evidence;
};
struct vault_vote {
	uint64_t epoch;              /* a member's index means nothing in another one */
	uint16_t code;
	struct sr_hash32 facts;      /* of their bytes */
};
/*
 * The registry: what a quorum said of evidence that anyone submitted. Verified is not acceptable:
 * an outdated or a debug enclave is here with its status, and whoever asks decides.
 * Its workload key is the first half of the report data (vault/attest.c says how it is read).
 */
struct vault_attestation {
	struct sr_hash32 id;         /* the submission's */
	uint64_t number;
	struct vault_account submitter;
	struct sr_bytes url;
	uint64_t submitted_ms, judged_ms, keep_ms; /* keep: the record goes then */
	uint16_t code;               /* SR_OK: verified; else why not, and zeros from here on */
	enum attest_kind kind;
	enum attest_status status;
	bool debug;
	uint8_t measurement[48], signer[48];
	size_t measurement_n, signer_n;
	uint8_t report_data[ATTEST_REPORT_DATA];
	struct sr_hash32 collateral;
	uint32_t evaluation, vouchers; /* vouchers: TPM: how many provisioners vouch for its key */
	uint64_t valid_from_ms, valid_to_ms; /* from: since the newest part of its collateral */
};
enum vault_event_kind {
	VAULT_EVENT_MINTED = 1,
	VAULT_EVENT_TRANSFERRED,
	VAULT_EVENT_APPROVED,
	VAULT_EVENT_BURNED,
	VAULT_EVENT_STORED,
	VAULT_EVENT_UPDATED,
	VAULT_EVENT_RESTORED,
	VAULT_EVENT_POLICY,
	VAULT_EVENT_DELETED,
	VAULT_EVENT_TICKET,
	VAULT_EVENT_REFUSED,
	VAULT_EVENT_CLOSED,
	VAULT_EVENT_SWITCH_CREATED,
	VAULT_EVENT_HEARTBEAT,
	VAULT_EVENT_WARN,
	VAULT_EVENT_PENDING,
	VAULT_EVENT_FIRED,
	VAULT_EVENT_REARMED,
	VAULT_EVENT_PAUSED,
	VAULT_EVENT_VETOED,
	VAULT_EVENT_CONFIRMED,
	VAULT_EVENT_STAGE,
	VAULT_EVENT_CANCELLED,
	VAULT_EVENT_DELEGATED,
	VAULT_EVENT_ATTESTED,
	VAULT_EVENT_NOT_ATTESTED,
	VAULT_EVENT_SHARE_BAD,
	VAULT_EVENT_HOLDER_LEFT,
	VAULT_EVENT_HOLDERS_FEW,
	VAULT_EVENT_RESHARED,
};
enum vault_subject {
	VAULT_SUBJECT_NFT = 1,
	VAULT_SUBJECT_SECRET = 2,
	VAULT_SUBJECT_SWITCH = 3,
	VAULT_SUBJECT_ATTESTATION = 4,
};
struct vault_event {
	enum vault_event_kind kind;
	enum vault_subject subject;
	/* u64 little-endian then zeros, the secret id, or half of the submission's id */
	uint8_t subject_id[16];
	uint64_t seq, height, time_ms;
	struct vault_account actor;  /* NONE: the clock */
	uint16_t code;               /* REFUSED, NOT_ATTESTED: why (sr_error) */
	/* ATTESTED: status; WARN: per cent; STAGE: number; REFUSED: policy node; SHARE_BAD,
	 * HOLDER_LEFT: seat; HOLDERS_FEW: how many are left; RESHARED: generation; versions */
	uint64_t detail;
};

/* For each record: key, write (canonical), read (refuses anything else). Views are borrowed. */
#define VAULT_RECORD(name, type)                                                                   \
	void vault_##name##_write(struct sr_writer *w, const struct type *v);                      \
	void vault_##name##_read(struct type *v, struct sr_reader *r);
VAULT_RECORD(meta, vault_meta)
VAULT_RECORD(account_record, vault_account_record)
VAULT_RECORD(collection, vault_collection)
VAULT_RECORD(nft, vault_nft)
VAULT_RECORD(secret, vault_secret)
VAULT_RECORD(version, vault_version)
VAULT_RECORD(ticket, vault_ticket)
VAULT_RECORD(switch, vault_switch)
VAULT_RECORD(receipt, vault_receipt)
VAULT_RECORD(event, vault_event)
VAULT_RECORD(pending, vault_pending)
VAULT_RECORD(vote, vault_vote)
VAULT_RECORD(attestation, vault_attestation)
#undef VAULT_RECORD

struct vault_key vault_key_meta(void);
struct vault_key vault_key_account(const struct vault_account *a);
/* collection, nft, switch */
struct vault_key vault_key_number(enum vault_record_type type, uint64_t id);
struct vault_key vault_key_secret(const struct vault_secret_id *id);
struct vault_key vault_key_version(const struct vault_secret_id *id, uint64_t version);
/* ticket, receipt, pending, attestation */
struct vault_key vault_key_hash(enum vault_record_type type, const struct sr_hash32 *h);
#define VAULT_VOTE_PREFIX 28u            /* all votes on one submission share so much */
struct vault_key vault_key_vote(const struct sr_hash32 *submission, uint32_t member);
struct vault_key vault_key_event(
    enum vault_subject subject, const uint8_t subject_id[16], uint64_t seq);

/* What a client may ask for (vault_get answers); here because both sides of the wire know it. */
enum vault_get_kind {
	/* param -> answer; who may ask */
	VAULT_GET_ACCOUNT = 1,         /* account -> account record (zeros when unknown); public */
	VAULT_GET_NFT = 2,             /* u64 -> nft; public */
	VAULT_GET_NFTS = 3,            /* account, after u64 -> list of nft; public */
	VAULT_GET_COLLECTION = 4,      /* u64 -> collection; public */
	/* secret id -> secret; the owner, whom a policy leaf names or who holds an NFT it names */
	VAULT_GET_SECRET = 5,
	VAULT_GET_SECRETS = 6,         /* account, after 16 -> list of secret; that account */
	VAULT_GET_SECRETS_OF_NFT = 7,  /* u64 nft, after 16 -> list of secret; the NFT's holder */
	VAULT_GET_VERSION = 8,         /* secret id, version (0 latest) -> version; as SECRET */
	VAULT_GET_HISTORY = 9,         /* secret id, after version -> list of version; the owner */
	/* u64 -> switch; owner, heartbeat key, delegates, guardians, vetoer, heirs (only the owner
	 * sees the duress key) */
	VAULT_GET_SWITCH = 10,
	VAULT_GET_SWITCHES = 11,       /* account = requester, after u64 -> list of switch */
	VAULT_GET_EVENTS = 12,         /* subject u8, id 16, after seq -> events; those concerned */
	VAULT_GET_RECEIPT = 13,        /* op hash -> receipt; public */
	VAULT_GET_TICKET = 14,         /* ticket id -> ticket; the requester, the owner */
	VAULT_GET_META = 15,           /* nothing -> meta; public */
	/* submission's id -> attestation; public. NOT_READY: not judged yet */
	VAULT_GET_ATTESTATION = 16,
	/* before u64 (a number; 0: from the newest) -> list of attestation, newest first; public */
	VAULT_GET_ATTESTATIONS = 17,
	/* measurement blob, before u64 -> the same of one measurement; public */
	VAULT_GET_ATTESTATIONS_OF = 18,
	VAULT_GET_LAST = VAULT_GET_ATTESTATIONS_OF,
};

#endif
