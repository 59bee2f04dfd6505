/*
 * enclave/client_wire.h - what clients and enclaves say to each other through the untrusted host.
 * Base only.
 *
 * Public methods carry plain bytes. Confidential ones are sealed:
 *   request = epoch u64 | HPKE(shielding key of that epoch, info "strongroom request v1",
 *             aad = method u8 | chain_id 32 | epoch u64,   plain = answer_key 32 | payload)
 *   answer  = HPKE(answer_key, info "strongroom answer v1", aad = request's sr_hash 32,
 *             plain = code u16 | member u32 | sig 64 | payload)
 *   sig by the member's vote key of that epoch, domain "strongroom answer v1",
 *             over request hash 32 | code u16 | payload.
 * When a request can't be opened the answer is plain and empty and only the host's code tells why
 * (WRONG_EPOCH: fetch the keys again).
 */
#ifndef SR_ENCLAVE_CLIENT_WIRE_H
#define SR_ENCLAVE_CLIENT_WIRE_H

#include "base/hpke.h"

#define CLIENT_REQUEST_OVERHEAD (8u + 32u + SR_HPKE_OVERHEAD)
#define CLIENT_REQUEST_MAX (SR_OP_MAX + 4096u)    /* sealed */
#define CLIENT_ANSWER_MAX (2u * 1024u * 1024u)    /* payload of an answer */

enum client_method {
	/* public: plain in, plain out */
	/* from step u64, or nothing: 0 -> a page of the epoch trail (epoch_trail_page_write): whole
	 * steps from there on, 1 MiB at most; the last one when there are not so many */
	CLIENT_TRAIL = 1,
	CLIENT_STATUS = 2,     /* nothing            -> enclave_status (enclave/host_wire.h) */
	CLIENT_BLOCK = 3,      /* height u64, 0: newest final -> header and certificate, below */
	CLIENT_PENDING = 4,    /* nothing            -> u32 operations waiting */
	CLIENT_ROSTER = 5,     /* nothing            -> roster (enclave/client_roster.h) */
	/* sealed */
	/* operation bytes    -> receipt (vault_receipt), once it is final; idempotent by the
	 * operation's bytes */
	CLIENT_SUBMIT = 10,
	CLIENT_GET = 11,       /* getter, below      -> answer of vault_get, or a proof */
	/* ticket id 32       -> HPKE(ticket's E, info "strongroom share v1", aad = ticket id,
	 * plain = decryption share 96); of a dealt secret: info "strongroom dealt share v1",
	 * plain = generation u64 | pair 64 */
	CLIENT_SHARE = 12,
};

/*
 * CLIENT_GET payload = kind u8 | proof bool | account (vault_account, NONE: anonymous) |
 *                      time_ms u64 | params blob | signature blob
 *   The signature is empty when anonymous; else it is by the account, as for operations (Ed25519,
 *   or Ethereum over EIP-191) but with the domain "strongroom get v1" and the text "Strongroom
 *   read\n" || hex, over chain_id | answer_key | kind | proof | account | time_ms | params (the
 *   bytes alone). time_ms is within 5 minutes of the node's clock.
 * With proof: answer = blob header | blob cert | blob proof, where header.pre_state_root is the
 *   root, cert is a FINAL certificate for that header, proof is for vault_get_key(kind, params).
 * CLIENT_BLOCK answer = blob header | blob FINAL cert | u32 count | count header blobs |
 *                       u32 operations in the block
 *   count is 0 when the certificate is of this block; else the headers from its child down to the
 *   one that the certificate is for follow, child first.
 */
SR_MUST_CHECK enum sr_error client_request_seal(struct sr_writer *w, struct sr_hash32 *request_hash,
    enum client_method method, const struct sr_hash32 *chain_id, uint64_t epoch,
    const struct sr_xpk *shielding_key, const struct sr_key32 *ephemeral,
    const struct sr_xpk *answer_key, const uint8_t *payload, size_t n);
/* Epoch of a sealed request, without opening it. */
SR_MUST_CHECK enum sr_error client_request_epoch(uint64_t *epoch, const uint8_t *bytes, size_t n);
/* shielding_key: the public key of shielding_sk. payload: plaintext, caller frees with free after
 * wiping; plain_n its size. */
SR_MUST_CHECK enum sr_error client_request_open(struct sr_xpk *answer_key, uint8_t **payload,
    size_t *payload_n, struct sr_hash32 *request_hash, enum client_method method,
    const struct sr_hash32 *chain_id, const struct sr_key32 *shielding_sk,
    const struct sr_xpk *shielding_key, const uint8_t *bytes, size_t n);
SR_MUST_CHECK enum sr_error client_answer_seal(struct sr_writer *w, const struct sr_xpk *answer_key,
    const struct sr_key32 *ephemeral, const struct sr_hash32 *request_hash, enum sr_error code,
    uint32_t member, const struct sr_edsk *vote_key, const uint8_t *payload, size_t n);
/* keys: the epoch's vote keys. Verifies the signature. */
SR_MUST_CHECK enum sr_error client_answer_open(enum sr_error *code, uint32_t *member,
    uint8_t **payload, size_t *payload_n, const struct sr_key32 *answer_sk,
    const struct sr_hash32 *request_hash, const struct sr_edpk *keys, uint32_t n_keys,
    const uint8_t *bytes, size_t n);

#endif
