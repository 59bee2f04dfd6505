/*
 * consensus/internal.h - what the files of this folder share. Nothing outside includes it.
 *
 *   messages ──► pool (votes, certificates) ──► tree (slots, blocks) ──► rules ──► cast ──► log
 *                                                     └──► commit ──► application
 */
#ifndef SR_CONSENSUS_INTERNAL_H
#define SR_CONSENSUS_INTERNAL_H

#include <string.h>

#include "consensus/consensus.h"

/* Slots are remembered from CONS_BEHIND below the newest FINAL certificate to CONS_AHEAD above
 * it. */
#define CONS_AHEAD 256u
#define CONS_BEHIND 255u
#define CONS_RING 512u
#define CONS_SLOT_BLOCKS 3u                         /* first proposal, certified block, one spare */
#define CONS_UNVERIFIED_BYTES (16u * 1024u * 1024u)
#define CONS_RETAIN_BYTES (8u * 1024u * 1024u)      /* bodies of final blocks kept for peers */
#define CONS_CLOCK_EARLY_MS 500u
#define CONS_CLOCK_ABSENT_MS 10000u
#define CONS_SKIP_MAX_MS 10000u
#define CONS_RTT_SAMPLES 64u
#define CONS_RTT_MAX_MS 2000u
#define CONS_LATE_ONE 1000u                         /* the late factor counts thousandths */
#define CONS_LATE_MAX 32000u
#define CONS_ABSENT_TURNS 64u                       /* waited for every so many turns at least */
#define CONS_ABSENT_QUIET_MS 2000u
#define CONS_RETRY_MS 50u                           /* ask the application again */
#define CONS_STANDSTILL_MIN_MS 500u
#define CONS_STANDSTILL_MAX_MS 5000u
#define CONS_STANDSTILL_SLOTS 32u
#define CONS_STANDSTILL_BYTES (64u * 1024u)
#define CONS_STATUS_REPEAT_MS 500u
#define CONS_ANSWER_EVERY_MS 50u                    /* costly answers, each peer */
#define CONS_FETCH_RETRY_MS 200u
#define CONS_FETCH_OPEN 8u
#define CONS_FETCH_TRIES 4u                         /* by hash; then by height, from archives */
#define CONS_ARCHIVE_SLOTS 16u                      /* further behind: by height, archived */
#define CONS_ARCHIVE_RETRY_MS 2000u
#define CONS_ARCHIVE_BYTES (5u * 1024u * 1024u)     /* at least one block of any size */
#define CONS_SERVE_BYTES (32u * 1024u * 1024u)      /* blocks by hash, a second, a peer */
#define CONS_BAD_PER_SECOND 256u
#define CONS_RECORD_MAX (SR_BLOCK_MAX + 16384u)

enum cons_message {
	CONS_PROPOSE = 1, CONS_VOTES, CONS_CERTS, CONS_HEAD, CONS_REQ_BLOCK, CONS_BLOCK,
	CONS_STATUS_REQ, CONS_STATUS, CONS_REQ_ROWS, CONS_ROWS,
};

enum cons_validity { CONS_UNCHECKED, CONS_VALID, CONS_INVALID };

struct cons_block {
	struct cons_block *next;         /* in the same slot */
	struct consensus_header header;
	struct sr_hash32 hash;
	struct sr_sig64 sig;             /* the author's, with has_sig */
	uint8_t *body;                   /* owned */
	size_t body_n;
	enum cons_validity validity;
	bool has_sig;
	bool logged;                     /* its body is in the safety log */
	bool closing;                    /* it or an ancestor is a CLOSE block */
	bool committed;
	bool in_tree;
	bool told;                       /* certified() was called */
	bool stump;                      /* where execution started: no header, no body */
};

/* What one member voted in one slot. Arrays by kind - 1; hash is zero for SKIP. */
struct cons_ballot {
	uint8_t have;                    /* bit 1 << kind: verified */
	uint8_t late;                    /* bit 1 << kind: after its certificate, not verified */
	uint8_t flags;                   /* of NOTAR */
	struct sr_hash32 hash[3];
	struct sr_sig64 sig[3];
};

/* DESIGN 4: "Durable per slot: rec[s] = {notar, skip, final, proposed}." */
struct cons_own {
	bool notar, skip, final, proposed;
	bool twin;                       /* a vote of mine that contradicts this record was seen */
	struct sr_hash32 notar_hash, final_hash;
	struct consensus_header proposal;
	struct sr_sig64 proposal_sig;
};

struct cons_slot {
	uint64_t slot;
	struct cons_own own;
	struct cons_ballot *ballots;     /* n of them, or NULL */
	struct consensus_cert *certs[3]; /* by kind - 1 */
	struct cons_block *blocks;
	uint32_t blocks_n;
	bool late_counted;
	bool wanted;                     /* a certified block is missing */
	struct sr_hash32 want;
	uint64_t asked_ms;
	uint32_t tries;
};

struct cons_point {
	uint64_t slot, height, time_ms;
	struct sr_hash32 hash;
	bool closing;
};

/* A row of a catch-up batch that is chained but not yet proven final. */
struct cons_row {
	struct cons_row *next;
	struct cons_block *block;
	struct consensus_cert *notar, *final;
};

struct cons_catchup {
	bool open;
	uint32_t peer;
	uint64_t asked_ms;
	struct cons_row *first, *last;
	size_t bytes;
};

struct consensus {
	struct consensus_config config;
	struct consensus_ports ports;
	uint32_t quorum, faults;
	uint64_t now_ms;
	bool started, replaying, again;
	enum sr_error stopped;           /* SR_OK while running */

	struct cons_slot *ring[CONS_RING];
	uint64_t low_slot, highest_slot; /* of the ring */
	struct cons_point final;         /* the last committed block */
	uint64_t top_slot;               /* newest FINAL certificate; its block may be missing */
	struct sr_hash32 top_hash;
	uint64_t frontier, frontier_since_ms, notar_slot;
	size_t unverified_bytes, retained_bytes;
	bool closed;

	/* restart */
	bool handshake, rolled_back;
	uint64_t floor, trusted_slot, handshake_since_ms, status_sent_ms;
	struct sr_hash32 boot_id;
	bool answered[SR_MEMBERS_MAX];   /* and was not itself recovering */
	bool spoken[SR_MEMBERS_MAX];     /* answered, recovering or not */

	/* timers */
	uint32_t late;
	uint32_t rtt_ms[CONS_RTT_SAMPLES];
	uint32_t rtt_n, rtt_p90_ms;      /* the timer is asked for at every step */
	uint32_t missed[SR_MEMBERS_MAX]; /* its last slots that were skipped, one after another */
	uint64_t proposed_slot, proposed_ms;
	uint64_t retry_ms;               /* the application was not ready; 0 none */
	uint64_t early_ms;               /* a proposal is waiting for my clock; 0 none */
	uint64_t standstill_at_ms, woken_ms;
	uint32_t standstill_ms;
	struct sr_drbg drbg;

	struct cons_catchup catchup;
	uint32_t archive_last;            /* the peer asked last */
	bool archive_only;               /* fetching by hash did not help */

	/* peers */
	uint64_t peer_height[CONSENSUS_PEERS_MAX], peer_frontier[CONSENSUS_PEERS_MAX];
	uint64_t peer_top[CONSENSUS_PEERS_MAX];
	uint64_t heard_ms[CONSENSUS_PEERS_MAX], answered_ms[CONSENSUS_PEERS_MAX];
	uint64_t called_ms[CONSENSUS_PEERS_MAX];
	uint64_t serving_ms[CONSENSUS_PEERS_MAX], bad_since_ms[CONSENSUS_PEERS_MAX];
	uint64_t serve_since_ms[CONSENSUS_PEERS_MAX];
	size_t served_bytes[CONSENSUS_PEERS_MAX];
	uint32_t bad_n[CONSENSUS_PEERS_MAX];
	uint64_t evidence_slot[SR_MEMBERS_MAX];
	uint64_t slots_skipped, blocks_committed, votes_bad;
};

static inline bool cons_is_observer(const struct consensus *self)
{
	return self->config.self == CONSENSUS_OBSERVER;
}

/* Is there nobody to talk to? */
static inline bool cons_alone(const struct consensus *self)
{
	return self->config.n == 1 && !cons_is_observer(self);
}

static inline uint32_t cons_author(const struct consensus *self, uint64_t slot)
{
	return (uint32_t)(slot % self->config.n);
}

static inline bool cons_is_final(const struct consensus *self, uint64_t slot,
    const struct sr_hash32 *hash)
{
	return slot == self->final.slot && sr_hash32_equal(hash, &self->final.hash);
}

/* The lowest remembered slot above the last committed block. */
static inline uint64_t cons_first_open(const struct consensus *self)
{
	return self->final.slot + 1 > self->low_slot ? self->final.slot + 1 : self->low_slot;
}

/* --- tree.c: slots and blocks --- */
struct cons_slot *cons_slot_find(const struct consensus *self, uint64_t slot);
SR_MUST_CHECK enum sr_error cons_slot_get(struct consensus *self, struct cons_slot **out,
    uint64_t slot);
void cons_top_raise(struct consensus *self, uint64_t slot, const struct sr_hash32 *hash);
struct cons_block *cons_tree_find(const struct consensus *self, uint64_t slot,
    const struct sr_hash32 *hash);
struct cons_block *cons_tree_parent(const struct consensus *self, const struct cons_block *block);
struct consensus_cert *cons_cert_of(const struct consensus *self, enum consensus_vote_kind kind,
    uint64_t slot);
/* Is this block notarised, by a certificate I hold or by being final? */
bool cons_tree_certified(const struct consensus *self, const struct cons_block *block);
/* Copies the body. sig may be NULL. */
SR_MUST_CHECK enum sr_error cons_block_new(struct cons_block **out,
    const struct consensus_header *header, const struct sr_sig64 *sig, struct sr_bytes body);
void cons_block_free(struct cons_block *block);
/* Takes the block over when it returns SR_OK. */
SR_MUST_CHECK enum sr_error cons_tree_add(struct consensus *self, struct cons_block *block);
void cons_block_validity_set(struct consensus *self, struct cons_block *block,
    enum cons_validity validity);
void cons_block_committed_set(struct consensus *self, struct cons_block *block);
struct cons_point cons_block_point(const struct cons_block *b);
/* Everything about a header and body that needs no parent and no signature. */
SR_MUST_CHECK enum sr_error cons_block_form(const struct consensus *self,
    const struct consensus_header *header, struct sr_bytes body);
/* Checks the block on its parent, once. MISSING_ANCESTOR, NOT_READY: ask again later. */
SR_MUST_CHECK enum sr_error cons_block_validate(struct consensus *self, struct cons_block *block);
struct consensus_block cons_block_view(const struct cons_block *block);
SR_MUST_CHECK enum sr_error cons_tree_start(struct consensus *self);
void cons_tree_forget_below(struct consensus *self);
void cons_tree_free(struct consensus *self);

/* --- pool.c: votes and certificates --- */
/* from: the sender, or self for an own vote (not verified again). */
SR_MUST_CHECK enum sr_error cons_pool_vote(struct consensus *self, uint32_t from,
    const struct consensus_vote *v);
/* trusted: from the own log. check_anyway: verify even when an equal certificate is already
 * held. */
SR_MUST_CHECK enum sr_error cons_pool_cert(struct consensus *self, const struct consensus_cert *c,
    bool trusted, bool check_anyway);

/* --- rules.c: the three rules of voting, and cast --- */
SR_MUST_CHECK enum sr_error cons_rule_notar(struct consensus *self, struct cons_block *block);
SR_MUST_CHECK enum sr_error cons_rule_final(struct consensus *self, uint64_t slot);
SR_MUST_CHECK enum sr_error cons_rule_skip(struct consensus *self, uint64_t slot);
SR_MUST_CHECK enum sr_error cons_vote_all(struct consensus *self);
bool cons_may_vote(const struct consensus *self);
void cons_own_set(struct cons_own *own, const struct consensus_vote *v);
/* Have I cast this vote? contradicts: no, but another of its kind. */
bool cons_own_known(const struct cons_own *own, const struct consensus_vote *v, bool *contradicts);

/* --- commit.c --- */
SR_MUST_CHECK enum sr_error cons_commit(struct consensus *self);
SR_MUST_CHECK enum sr_error cons_commit_one(struct consensus *self, struct cons_block *block,
    const struct consensus_cert *notar, const struct consensus_cert *final);

/* --- propose.c --- */
/* When may I propose in the frontier slot? false: not at all now. */
bool cons_propose_due(struct consensus *self, uint64_t *at_ms, struct cons_block **parent);
SR_MUST_CHECK enum sr_error cons_propose(struct consensus *self);

/* --- absent.c --- */
/* A slot was left with its certificate. */
void cons_absent_settled(struct consensus *self, uint64_t slot);
/* Before heard_ms is set. */
void cons_absent_heard(struct consensus *self, uint32_t from);
/* Is the frontier's author not worth waiting for? */
bool cons_absent_hurry(const struct consensus *self);

/* --- timer.c --- */
uint32_t cons_skip_timeout_ms(const struct consensus *self);
void cons_rtt_add(struct consensus *self, uint64_t ms);
void cons_late_raise(struct consensus *self);
void cons_late_lower(struct consensus *self);
void cons_frontier_advance(struct consensus *self);
uint64_t cons_jitter(struct consensus *self, uint64_t ms);
void cons_wake(struct consensus *self);
/* The clock was set back: nothing that was timed by it may fire early or never. */
void cons_clock_back(struct consensus *self, uint64_t now_ms);

/* --- recover.c --- */
bool cons_recovering(const struct consensus *self);
SR_MUST_CHECK enum sr_error cons_recover_begin(struct consensus *self);
SR_MUST_CHECK enum sr_error cons_recover_run(struct consensus *self);
/* A verified vote of mine that my record may lack. */
SR_MUST_CHECK enum sr_error cons_recover_vote(struct consensus *self, struct cons_slot *s,
    const struct consensus_vote *v);
SR_MUST_CHECK enum sr_error cons_recover_proposal(struct consensus *self,
    const struct consensus_header *header, const struct sr_sig64 *sig);
SR_MUST_CHECK enum sr_error cons_receive_status_req(struct consensus *self, uint32_t from,
    struct sr_reader *r);
SR_MUST_CHECK enum sr_error cons_receive_status(struct consensus *self, uint32_t from,
    struct sr_reader *r);

/* --- sync.c, archive.c --- */
void cons_want(struct consensus *self, uint64_t slot, const struct sr_hash32 *hash);
void cons_sync_run(struct consensus *self);
uint64_t cons_sync_at(const struct consensus *self);
void cons_catchup_drop(struct consensus *self);
SR_MUST_CHECK enum sr_error cons_receive_req_block(struct consensus *self, uint32_t from,
    struct sr_reader *r);
SR_MUST_CHECK enum sr_error cons_receive_block(struct consensus *self, uint32_t from,
    struct sr_reader *r);
SR_MUST_CHECK enum sr_error cons_archive_send(struct consensus *self, uint32_t peer,
    const struct sr_bytes *rows, size_t rows_n);
bool cons_catchup_needed(const struct consensus *self);
void cons_catchup_run(struct consensus *self);
SR_MUST_CHECK enum sr_error cons_receive_req_rows(struct consensus *self, uint32_t from,
    struct sr_reader *r);
SR_MUST_CHECK enum sr_error cons_receive_rows(struct consensus *self, uint32_t from,
    struct sr_reader *r);

/* --- standstill.c --- */
void cons_progress(struct consensus *self);
void cons_standstill_run(struct consensus *self);
void cons_call(struct consensus *self, uint32_t peer);
SR_MUST_CHECK enum sr_error cons_receive_head(struct consensus *self, uint32_t from,
    struct sr_reader *r);

/* --- evidence.c --- */
void cons_evidence_votes(struct consensus *self, const struct consensus_vote *a,
    const struct consensus_vote *b);
void cons_evidence_proposals(struct consensus *self, const struct consensus_header *a,
    const struct sr_sig64 *a_sig, const struct consensus_header *b, const struct sr_sig64 *b_sig);

/* --- log.c: records of the safety log --- */
/* block: NULL, or the body to keep with a NOTAR vote. Durable when it returns. */
SR_MUST_CHECK enum sr_error cons_log_vote(struct consensus *self, const struct consensus_vote *v,
    struct cons_block *block);
SR_MUST_CHECK enum sr_error cons_log_proposed(struct consensus *self,
    const struct consensus_header *header, const struct sr_sig64 *sig);
SR_MUST_CHECK enum sr_error cons_log_block(struct consensus *self, struct cons_block *block,
    bool final);
SR_MUST_CHECK enum sr_error cons_log_cert(struct consensus *self, const struct consensus_cert *c);
SR_MUST_CHECK enum sr_error cons_log_rolled_back(struct consensus *self);
SR_MUST_CHECK enum sr_error cons_log_floor(struct consensus *self);
SR_MUST_CHECK enum sr_error cons_log_closed(struct consensus *self);

/* --- message.c --- */
void cons_message_begin(const struct consensus *self, struct sr_writer *w, enum cons_message kind);
/* Sends and clears w. A message that could not be built is not sent. */
void cons_message_send(struct consensus *self, uint32_t to, enum consensus_class class,
    struct sr_writer *w);
void cons_block_write(struct sr_writer *w, const struct cons_block *block);
/* New block on SR_OK, NULL when the reader failed. */
SR_MUST_CHECK enum sr_error cons_block_read(struct cons_block **out, struct sr_reader *r);
void cons_send_vote(struct consensus *self, const struct consensus_vote *v);
SR_MUST_CHECK enum sr_error cons_receive(struct consensus *self, uint32_t from, const uint8_t *msg,
    size_t n);
struct consensus_vote cons_ballot_vote(const struct consensus *self, const struct cons_slot *s,
    uint32_t voter, enum consensus_vote_kind kind);

/* --- consensus.c --- */
SR_MUST_CHECK enum sr_error cons_run(struct consensus *self);
SR_MUST_CHECK enum sr_error cons_fatal(struct consensus *self, enum sr_error error);

#endif
