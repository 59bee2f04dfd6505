/*
 * vault/op.h - operations as users sign them: canonical encoding, used by client and enclave alike.
 *
 * signed bytes = version u8 | chain_id 32 | epoch u64 | account | nonce u64 | expiry_ms u64
 *                | kind u16 | body blob
 * operation    = signed bytes | signature (64 Ed25519, 65 Ethereum r||s||v over EIP-191 of the text
 *                "Strongroom operation\n" || hex of sr_hash_domain("strongroom op v1",
 *                signed bytes))
 * Ed25519 accounts sign with sr_sign("strongroom op v1", signed bytes).
 */
#ifndef SR_VAULT_OP_H
#define SR_VAULT_OP_H

#include "vault/op_dealt.h"

#define VAULT_OP_VERSION 1u
#define VAULT_POLICY_BYTES_MAX 4096u
#define VAULT_GUARDIANS_MAX 16u
#define VAULT_HEIRS_MAX 16u
#define VAULT_DELEGATES_MAX 4u
#define VAULT_BLOB_PIECES_MAX SR_MEMBERS_MAX
#define VAULT_OP_LIFETIME_MAX_MS 600000u     /* expiry at most this far past the block's time */
/* A hundred years: no span in a policy or a switch is longer, so sums of a few never overflow. */
#define VAULT_SPAN_MAX_MS 3155760000000ull
#define VAULT_SPAN_MIN_MS 1000u              /* a switch's interval and grace */
#define VAULT_STREAM_OVERHEAD_MAX 1024u      /* tags and padding marker of an inline payload */
#define VAULT_INLINE_BYTES_MAX (SR_INLINE_PAYLOAD_MAX + VAULT_STREAM_OVERHEAD_MAX)
/* A blob's bucket may hold one chunk more for the padding's marker; sealing adds a tag a chunk. */
#define VAULT_BLOB_PLAIN_MAX (SR_PAYLOAD_MAX + 65536u)
#define VAULT_BLOB_CIPHER_MAX (SR_PAYLOAD_MAX + 1048576u)
#define VAULT_STRIPE_BYTES_MAX (1024u * 1024u)
#define VAULT_ATTEST_URL_MAX 256u
#define VAULT_ATTEST_EVIDENCE_MAX (79u * 1024u) /* so that the waiting record fits a value */

enum vault_account_kind {
	VAULT_ACCOUNT_NONE = 0,
	VAULT_ACCOUNT_ED25519 = 1,
	VAULT_ACCOUNT_ETHEREUM = 2
};

/* Ethereum: 20 bytes, then zeros (enforced). NONE: all zero, only where a field is optional. */
struct vault_account { uint8_t kind; uint8_t b[32]; };

/* kind u8, 20 or 32 bytes */
void vault_account_write(struct sr_writer *w, const struct vault_account *a);
void vault_account_read(struct vault_account *a, struct sr_reader *r, bool optional);
bool vault_account_equal(const struct vault_account *a, const struct vault_account *b);
#define VAULT_ACCOUNT_TEXT_MAX 80u
/* "ed25519:<64 hex>" or "0x<40 hex>" (lower case; EIP-55 is the client's business), "none". */
void vault_account_text(char out[VAULT_ACCOUNT_TEXT_MAX], const struct vault_account *a);
SR_MUST_CHECK enum sr_error vault_account_parse(
    struct vault_account *a, const char *text, size_t n);

struct vault_secret_id { uint8_t b[16]; };
/* The id a PUT by this account with this nonce must carry. */
struct vault_secret_id vault_secret_id_derive(const struct sr_hash32 *chain_id,
    const struct vault_account *owner, uint64_t nonce);
/* The TDH2 label: H(chain_id, secret id, owner, policy hash) (DESIGN 6). */
struct sr_hash32 vault_label(const struct sr_hash32 *chain_id, const struct vault_secret_id *id,
    const struct vault_account *owner, const struct sr_hash32 *policy_hash);

enum vault_op_kind {
	VAULT_OP_COLLECTION_CREATE = 1, VAULT_OP_NFT_MINT = 2, VAULT_OP_NFT_TRANSFER = 3,
	VAULT_OP_NFT_APPROVE = 4, VAULT_OP_NFT_BURN = 5,
	VAULT_OP_SECRET_PUT = 10, VAULT_OP_SECRET_UPDATE = 11, VAULT_OP_SECRET_RESTORE = 12,
	VAULT_OP_SECRET_POLICY = 13, VAULT_OP_SECRET_DELETE = 14,
	VAULT_OP_RETRIEVE = 20, VAULT_OP_TICKET_CLOSE = 21,
	VAULT_OP_SWITCH_CREATE = 30, VAULT_OP_SWITCH_HEARTBEAT = 31, VAULT_OP_SWITCH_PAUSE = 32,
	VAULT_OP_SWITCH_VETO = 33, VAULT_OP_SWITCH_CONFIRM = 34, VAULT_OP_SWITCH_DURESS = 35,
	VAULT_OP_SWITCH_CANCEL = 36, VAULT_OP_SWITCH_DELEGATE = 37,
	VAULT_OP_ATTEST_SUBMIT = 40,
	/* 0x100 and above: members' operations (enclave/epoch.h), never from clients. */
	VAULT_OP_MEMBER_FIRST = 0x100,
};

/*
 * The DEK, wrapped under a KEM key (and sealed to its owner). The KEM key is
 *   carried by a TDH2 ciphertext under the vault key: tdh2 128 | dek 48 | owner_dek 80, or
 *   dealt by the owner: identity 32 | dealt blob | dek 48 | owner_dek 80.
 * The first 32 bytes tell: they are R of the ciphertext, which is never the identity (zeros).
 */
#define VAULT_TDH2_BYTES 128u
struct vault_wrapped_key {
	uint8_t tdh2[VAULT_TDH2_BYTES];  /* R, R2, e, z (shamir/tdh2.h); zeros when it is dealt */
	uint8_t dek[32 + SR_GCM_TAG];    /* AES-256-GCM(KEM key, zero nonce, aad = label) */
	/* HPKE to the owner's box key, info "strongroom owner dek v1" */
	uint8_t owner_dek[32 + 32 + SR_GCM_TAG];
	struct sr_bytes dealt;           /* vault/op_dealt.h, borrowed; empty: vault key */
};
bool vault_key_is_dealt(const struct vault_wrapped_key *k);

/* Where the encrypted payload is. Inline, or erasure-coded pieces at members' blob stores. */
struct vault_payload {
	uint64_t plain_bytes;            /* the bucket: padding hides the plaintext's size */
	bool inlined;
	struct sr_bytes inline_bytes;    /* borrowed; at most VAULT_INLINE_BYTES_MAX */
	uint64_t cipher_bytes;           /* blob: bytes of ciphertext before coding */
	uint32_t data_pieces, pieces_n;  /* blob: any data_pieces of pieces_n restore it */
	uint32_t stripe_bytes;           /* blob: bytes per piece per stripe (streamed coding) */
	/* sr_hash of each member's whole piece, in roster order */
	struct sr_hash32 piece_hash[VAULT_BLOB_PIECES_MAX];
};

struct vault_op_collection_create { struct sr_bytes name; };
struct vault_op_nft_mint {
	uint64_t collection_id;
	struct vault_account to;
	struct sr_bytes name;
}; /* collection 0: the open one */
struct vault_op_nft_transfer { uint64_t nft_id, nft_version; struct vault_account to; };
struct vault_op_nft_approve {
	uint64_t nft_id, nft_version;
	struct vault_account to;
}; /* NONE clears */
struct vault_op_nft_burn { uint64_t nft_id, nft_version; };
struct vault_op_secret_put {             /* also UPDATE (version = the current one, id known) */
	struct vault_secret_id id;
	uint64_t version;                /* PUT: 0. UPDATE: the version it replaces */
	struct sr_bytes name; /* 1 to SR_NAME_MAX bytes; unique per owner; UPDATE: empty keeps it */
	struct sr_bytes policy; /* canonical bytes (vault/policy.h); UPDATE: empty keeps it */
	uint64_t expiry_ms;              /* 0 never; after it nothing is released */
	struct vault_wrapped_key key;
	struct vault_payload payload;
};
struct vault_op_secret_restore {
	struct vault_secret_id id;
	uint64_t version, from_version;
	struct vault_wrapped_key key;
};
struct vault_op_secret_policy {
	struct vault_secret_id id;
	uint64_t version;
	struct sr_bytes policy;
	struct vault_wrapped_key key;
};
struct vault_op_secret_delete { struct vault_secret_id id; uint64_t version; };
struct vault_op_retrieve {
	struct vault_secret_id id;
	uint64_t version;                /* 0: the latest */
	uint64_t nft_id, nft_version;    /* 0, 0: no NFT presented */
	struct sr_xpk to;                /* E: fresh X25519 key that shares are encrypted to */
};
struct vault_op_ticket_close {
	struct sr_hash32 ticket;
}; /* ticket id = the RETRIEVE operation's hash */

/* Dead-man switch (DESIGN 7). Times in ms of uptime clock U unless said otherwise. */
struct vault_switch_settings {
	uint64_t interval_ms, grace_ms;      /* I, G: VAULT_SPAN_MIN_MS to VAULT_SPAN_MAX_MS */
	uint64_t warn_ms[3];                 /* 50/75/90 % of I: derived, not on the wire */
	struct vault_account heartbeat;      /* separate key; NONE: the owner */
	struct vault_account duress;         /* a beat by this key freezes silently; NONE: none */
	struct vault_account vetoer;         /* may veto a PENDING switch; NONE: the owner */
	uint32_t guardians_n, guardians_k;   /* k confirmations needed before FIRED; 0 of 0: none */
	struct vault_account guardians[VAULT_GUARDIANS_MAX];
	uint32_t heirs_n; /* ordered: heir i may claim from heir_delay_ms[i] after FIRED */
	struct vault_account heirs[VAULT_HEIRS_MAX];
	uint64_t heir_delay_ms[VAULT_HEIRS_MAX]; /* never falling: heirs may share a turn */
	uint32_t stages_n; /* stage k (1..) is reached stage_delay_ms[k-1] after FIRED */
	uint64_t stage_delay_ms[VAULT_HEIRS_MAX]; /* each above the one before */
};
struct vault_op_switch_create { struct sr_bytes name; struct vault_switch_settings settings; };
struct vault_op_switch_ref {
	uint64_t switch_id;
}; /* HEARTBEAT, VETO, CONFIRM, DURESS, CANCEL */
struct vault_op_switch_pause { uint64_t switch_id, until_ms; };/* unix time; 0 ends a pause */
struct vault_op_switch_delegate {
	uint64_t switch_id;
	bool add;
	struct vault_account to;
	uint64_t until_ms;
}; /* removing: until_ms = 0 */

/* Evidence of any machine (attest/evidence.h), for the registry. The members verify it. */
struct vault_op_attest_submit {
	struct sr_bytes url;             /* where the machine is; printable ASCII; may be empty */
	struct sr_bytes evidence;
};

struct vault_op {
	struct sr_hash32 chain_id;
	uint64_t epoch;
	struct vault_account account;
	uint64_t nonce, expiry_ms;
	enum vault_op_kind kind;
	struct sr_bytes body;            /* borrowed from the encoding */
	struct sr_bytes signed_bytes;    /* borrowed */
	uint8_t signature[65];
	size_t signature_n;              /* 64 or 65 */
	struct sr_hash32 hash;           /* of the whole operation's bytes */
};

/* The body of each kind; the struct type follows the kind as above. */
union vault_op_body {
	struct vault_op_collection_create collection_create;
	struct vault_op_nft_mint nft_mint;
	struct vault_op_nft_transfer nft_transfer;
	struct vault_op_nft_approve nft_approve;
	struct vault_op_nft_burn nft_burn;
	struct vault_op_secret_put secret_put;   /* PUT, UPDATE */
	struct vault_op_secret_restore secret_restore;
	struct vault_op_secret_policy secret_policy;
	struct vault_op_secret_delete secret_delete;
	struct vault_op_retrieve retrieve;
	struct vault_op_ticket_close ticket_close;
	struct vault_op_switch_create switch_create;
	struct vault_op_switch_ref switch_ref;   /* HEARTBEAT, VETO, CONFIRM, DURESS, CANCEL */
	struct vault_op_switch_pause switch_pause;
	struct vault_op_switch_delegate switch_delegate;
	struct vault_op_attest_submit attest_submit;
};

/* Header, kind and signature length; everything borrowed from bytes. Any kind is accepted here. */
SR_MUST_CHECK enum sr_error vault_op_decode(struct vault_op *op, const uint8_t *bytes, size_t n);
/* All but the hash, for who knows it or does not ask. */
SR_MUST_CHECK enum sr_error vault_op_decode_unhashed(
    struct vault_op *op, const uint8_t *bytes, size_t n);
/* Every field's type, length, range and canonical form. BAD_KIND for members' kinds. */
SR_MUST_CHECK enum sr_error vault_op_body_decode(union vault_op_body *body, enum vault_op_kind kind,
    struct sr_bytes bytes);
void vault_op_body_write(
    struct sr_writer *w, enum vault_op_kind kind, const union vault_op_body *body);
/* The signed bytes; then append the signature (vault_op_write_signature). */
void vault_op_write_signed(struct sr_writer *w, const struct sr_hash32 *chain_id, uint64_t epoch,
    const struct vault_account *account, uint64_t nonce, uint64_t expiry_ms,
    enum vault_op_kind kind, const union vault_op_body *body);
/* The same over a body that is already encoded (members' kinds, which only enclave/epoch knows). */
void vault_op_write_signed_raw(struct sr_writer *w, const struct sr_hash32 *chain_id,
    uint64_t epoch, const struct vault_account *account, uint64_t nonce, uint64_t expiry_ms,
    unsigned kind, struct sr_bytes body);
/* 64 bytes for an Ed25519 account, 65 for an Ethereum one (v = 27 or 28: one encoding). */
void vault_op_write_signature(struct sr_writer *w, const uint8_t *signature, size_t n);
/* The EIP-191 message text for Ethereum accounts, NUL-terminated, 96 bytes are enough. */
void vault_op_ethereum_text(char out[96], const struct sr_bytes *signed_bytes);
const char *vault_op_kind_name(unsigned kind);   /* "nft_transfer"; "unknown" */
void vault_wrapped_key_write(struct sr_writer *w, const struct vault_wrapped_key *k);
void vault_wrapped_key_read(struct vault_wrapped_key *k, struct sr_reader *r);
void vault_payload_write(struct sr_writer *w, const struct vault_payload *p);
void vault_payload_read(struct vault_payload *p, struct sr_reader *r);
/* Up to VAULT_ATTEST_URL_MAX printable ASCII characters, or none (BAD_UTF8). Borrowed. */
struct sr_bytes vault_url_read(struct sr_reader *r);
void vault_switch_settings_write(struct sr_writer *w, const struct vault_switch_settings *s);
void vault_switch_settings_read(struct vault_switch_settings *s, struct sr_reader *r);

#endif
