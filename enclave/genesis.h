/*
 * enclave/genesis.h - the genesis file, members' evidence and epoch records: what a client pins
 * and what it follows from there. Base only. All encodings canonical.
 *
 * chain_id = sr_hash_domain("strongroom genesis v1", file bytes). Epoch 0 is the genesis roster;
 * each later epoch's record is fixed by next_roster_root in the CLOSE header that a quorum of the
 * epoch before finalised.
 */
#ifndef SR_ENCLAVE_GENESIS_H
#define SR_ENCLAVE_GENESIS_H

#include "attest/policy.h"
#include "base/crypto.h"

#define GENESIS_MAGIC "SRGENES1"
#define GENESIS_VERSION 2u               /* 1, without a policy, is refused: BAD_VERSION */
#define GENESIS_FILE_MAX (7u * 1024u * 1024u)
#define GENESIS_URL_MAX 256u
#define GENESIS_EVIDENCE_MAX 65536u

/* What an enclave makes at `--new-identity`: public half, and the evidence over it.
 * report_data = SHA-512(domain | operator_key | id_key | vote_key | box_key | nonce | role
 * "validateer").
 * Evidence of any kind that the policy accepts (attest/evidence.h). Software evidence = kind u8 |
 * measurement 32 | report_data 64 | signature of the operator's key over those. */
struct genesis_member {
	uint8_t name[SR_NAME_MAX];       /* the operator's name */
	size_t name_n;
	/* signs this entry and its evidence; stays with the operator */
	struct sr_edpk operator_key;
	struct sr_edpk id_key;           /* the enclave's identity: channels are bound to it */
	struct sr_edpk vote_key;         /* epoch 0 */
	uint8_t box_key[32];             /* ristretto255 point: sub-shares are encrypted to it */
	char url[GENESIS_URL_MAX];       /* https://host:port */
	/* SHA-256 of the HTTPS certificate's SubjectPublicKeyInfo */
	struct sr_hash32 url_pin;
	char link[GENESIS_URL_MAX];      /* tcp://host:port for nanomsg */
	struct sr_bytes evidence;        /* borrowed from the file bytes */
	struct sr_sig64 entry_sig;       /* operator_key over all of the above and the nonce */
};

struct genesis {
	struct sr_hash32 chain_id;       /* derived */
	uint8_t name[SR_NAME_MAX];
	size_t name_n;
	uint64_t created_ms;
	/* random; binds evidence to this cluster before chain_id exists */
	struct sr_hash32 nonce;
	uint32_t slot_ms, slot_min_ms;
	uint32_t threshold;              /* t */
	struct attest_policy policy;     /* number 1: the first one */
	uint32_t members_n;
	struct genesis_member members[SR_MEMBERS_MAX];
};

/* Checked are limits, t in f+1..n-f, distinct keys, entry signatures, the policy, and of evidence
 * what needs no vendor's library: its kind; software evidence altogether. The rest is
 * roster_genesis_check, at each enclave's boot. g is large: allocate it. Borrows from bytes. */
SR_MUST_CHECK enum sr_error genesis_decode(struct genesis *g, const uint8_t *bytes, size_t n);
/* Encodes (sets chain_id). Entries must already carry evidence and entry_sig. */
SR_MUST_CHECK enum sr_error genesis_encode(struct sr_writer *w, struct genesis *g);
/* One member's entry as a file of its own (what an operator sends to who assembles the genesis). */
void genesis_member_write(struct sr_writer *w, const struct genesis_member *m);
void genesis_member_read(struct genesis_member *m, struct sr_reader *r);
/* BAD_SIGNATURE: not this operator's, or bound to another nonce. */
SR_MUST_CHECK enum sr_error genesis_member_verify(const struct genesis_member *m,
    const struct sr_hash32 *nonce);
void genesis_member_sign(struct genesis_member *m, const struct sr_hash32 *nonce,
    const struct sr_edsk *operator_key);
/* With the operator's key in it, nobody else can bring the same evidence as his own. */
void genesis_report_data(uint8_t out[64], const struct sr_edpk *operator_key,
    const struct sr_edpk *id_key, const struct sr_edpk *vote_key, const uint8_t box_key[32],
    const struct sr_hash32 *nonce);
/* Software evidence: made by who holds the operator key, over what the enclave printed. */
void genesis_software_evidence(struct sr_writer *w, const struct sr_hash32 *measurement,
    const uint8_t report_data[64], const struct sr_edsk *operator_key);
/* For software evidence only. */
SR_MUST_CHECK enum sr_error genesis_evidence_verify(struct sr_hash32 *measurement,
    const struct genesis_member *m, const struct genesis *g);
/* Measurements of software evidence in the policy: from the genesis on, without an end. One that is
 * there already is SR_OK; TOO_MANY. */
SR_MUST_CHECK enum sr_error genesis_measurement_add(struct genesis *g,
    const struct sr_hash32 *measurement);
bool genesis_measurement_listed(const struct genesis *g, const struct sr_hash32 *measurement);
/* "software" as soon as the policy accepts that: no TEE, the operators' word only. Otherwise the
 * kinds: "sgx, snp". */
#define GENESIS_ATTESTATION_MAX 64u
void genesis_attestation_text(char out[GENESIS_ATTESTATION_MAX], const struct attest_policy *p);
bool genesis_attestation_software(const struct attest_policy *p);

/* The public side of an enclave's new identity, printed by `strongroom-enclave --new-identity` to
 * the host. */
struct genesis_identity {
	struct sr_edpk id_key, vote_key;
	uint8_t box_key[32];
	struct sr_hash32 measurement;
};
void genesis_identity_write(struct sr_writer *w, const struct genesis_identity *i);
void genesis_identity_read(struct genesis_identity *i, struct sr_reader *r);

/* A member in an epoch. Its place in the list is its index: author order, share index - 1. Its seat
 * stays while it is a member: links, channels and pieces go by it. */
struct epoch_member {
	uint32_t seat;                   /* below SR_MEMBERS_MAX; in the genesis: the index */
	uint8_t name[SR_NAME_MAX];
	size_t name_n;
	struct sr_edpk operator_key, id_key, vote_key;
	uint8_t box_key[32];
	uint8_t verify_key[32];          /* Y_i; zero in epoch 0 */
	char url[GENESIS_URL_MAX];
	struct sr_hash32 url_pin;
	char link[GENESIS_URL_MAX];
};

/* An epoch's roster and keys. Its hash is the roster root. Large: allocate it. */
#define EPOCH_RECORD_VERSION 2u
struct epoch_record {
	uint64_t epoch;
	uint32_t n, threshold;
	uint8_t vault_key[32];           /* Y; zero in epoch 0 */
	struct sr_xpk shielding_key;     /* HPKE; zero in epoch 0 */
	struct epoch_member members[SR_MEMBERS_MAX];
};
void epoch_record_write(struct sr_writer *w, const struct epoch_record *r);
void epoch_record_read(struct epoch_record *rec, struct sr_reader *r);
struct sr_hash32 epoch_record_root(const struct epoch_record *r);
void epoch_record_genesis(struct epoch_record *r, const struct genesis *g);
void epoch_member_write(struct sr_writer *w, const struct epoch_member *m);
void epoch_member_read(struct epoch_member *m, struct sr_reader *r);
/* Keys, addresses and name of a genesis entry, without a verify key. */
void epoch_member_of_entry(struct epoch_member *out, const struct genesis_member *m, uint32_t seat);
#define EPOCH_NOBODY UINT32_MAX
/* Index of who has that seat, or that identity key; EPOCH_NOBODY. */
uint32_t epoch_record_seat(const struct epoch_record *r, uint32_t seat);
uint32_t epoch_record_id(const struct epoch_record *r, const struct sr_edpk *id_key);
/* What evidence in this epoch is bound to besides its keys (genesis_report_data): known to all,
 * and to nobody before the epoch began. In epoch 0: the genesis' own nonce. */
struct sr_hash32 epoch_record_nonce(const struct epoch_record *r, const struct genesis *g);

/* One step of the trail: the CLOSE header of epoch e, its FINAL certificate by e's quorum, the
 * record of e+1. */
#define EPOCH_MEMBER_MAX (4u + 4u + SR_NAME_MAX + 6u * 32u + 2u * (4u + GENESIS_URL_MAX))
#define EPOCH_RECORD_MAX (1u + 8u + 8u + 64u + SR_MEMBERS_MAX * EPOCH_MEMBER_MAX)
/* No longer chain of notarised blocks can wait for a FINAL certificate (consensus: its window). */
#define EPOCH_TRAIL_HEADERS_MAX 257u
#define EPOCH_STEP_MAX (12u + EPOCH_TRAIL_HEADERS_MAX * 320u + 64u + SR_MEMBERS_MAX * 70u + \
	EPOCH_RECORD_MAX)
struct sr_reader;
/*
 * A walk along the trail, step by step: nothing of it is kept but where it has come to. A step is
 * blob headers, blob cert, blob record. headers: the CLOSE header; when that is final only through
 * a descendant, the headers down to the one that cert is for follow it, each the child of the one
 * before (at most EPOCH_TRAIL_HEADERS_MAX in all).
 */
struct consensus_cert;
struct epoch_trail_walk {
	const struct genesis *g;         /* borrowed */
	struct epoch_record *now;        /* the newest; the walk's own */
	struct sr_hash32 close_hash;     /* of the CLOSE header that began it; zero in epoch 0 */
	/* Of that header; only after a step. */
	uint64_t close_height, close_time_ms;
	struct sr_hash32 close_state_root;
	/* for the walk itself */
	struct epoch_record *next;
	struct sr_edpk *keys;
	struct consensus_cert *cert;
};
/* At the genesis. NO_MEMORY; epoch_trail_end after either. */
SR_MUST_CHECK enum sr_error epoch_trail_begin(struct epoch_trail_walk *w, const struct genesis *g);
/* At a point that was verified before. */
SR_MUST_CHECK enum sr_error epoch_trail_resume(struct epoch_trail_walk *w, const struct genesis *g,
    const struct epoch_record *record, const struct sr_hash32 *close_hash);
/* One step. One that does not verify leaves the walk where it is. */
SR_MUST_CHECK enum sr_error epoch_trail_step(struct epoch_trail_walk *w, struct sr_reader *steps);
void epoch_trail_end(struct epoch_trail_walk *w);
/* One step as it stands, unverified, and the hash of its CLOSE header. */
SR_MUST_CHECK enum sr_error epoch_trail_step_read(struct sr_bytes *step,
    struct sr_hash32 *close_hash, struct sr_reader *steps);

/* What CLIENT_TRAIL answers: total u64 | first u64 | count u32 | that many steps. */
struct epoch_trail_page {
	uint64_t total, first;
	uint32_t count;
	struct sr_bytes steps;           /* borrowed */
};
void epoch_trail_page_write(struct sr_writer *w, const struct epoch_trail_page *p);
/* Steps are not looked at. */
SR_MUST_CHECK enum sr_error epoch_trail_page_read(struct epoch_trail_page *p, const uint8_t *bytes,
    size_t n);

/* Walks a whole trail (a file's: u32 count, then the steps) from the genesis; the newest record is
 * left in out. close_hash: hash of the last CLOSE header (zero when the trail is empty). */
SR_MUST_CHECK enum sr_error epoch_trail_verify(struct epoch_record *out,
    struct sr_hash32 *close_hash, const struct genesis *g, const uint8_t *trail, size_t n);

#endif
