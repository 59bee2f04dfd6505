/*
 * consensus/consensus.h - slot-Simplex for one epoch (DESIGN 4): AURA's round-robin author
 * proposes; NOTAR, SKIP and FINAL votes decide. Pure: time, randomness and bytes come in as
 * arguments; everything it does goes out, in order, through its ports. One instance serves one
 * epoch of one member.
 *
 * An observer is an instance without a place in the roster: it follows, executes and commits, and
 * asks for what it lacks, but never votes, proposes or takes part in a restart's handshake. To the
 * members it is a guest: a peer number behind theirs (n and up). Of a guest only HEAD, block and
 * archive requests are answered, and nothing that it says counts for anything.
 *
 * Order is the contract: a vote's persist call comes before its send call, and the owner must
 * make everything persisted (sync = true) durable before it lets any later send leave.
 */
#ifndef SR_CONSENSUS_CONSENSUS_H
#define SR_CONSENSUS_CONSENSUS_H

#include "base/drbg.h"
#include "consensus/wire.h"

/* Highest priority first: what a full link keeps. */
enum consensus_class {
	CONSENSUS_CLASS_VOTE, CONSENSUS_CLASS_CERT, CONSENSUS_CLASS_PROPOSAL, CONSENSUS_CLASS_SYNC,
};

#define CONSENSUS_ALL UINT32_MAX        /* send to every other member, and to the guests */
#define CONSENSUS_OBSERVER (UINT32_MAX - 1u) /* config.self of an observer */
#define CONSENSUS_GUESTS_MAX 8u
#define CONSENSUS_PEERS_MAX (SR_MEMBERS_MAX + CONSENSUS_GUESTS_MAX)
#define CONSENSUS_MESSAGE_MAX (6u * 1024u * 1024u) /* a full block and its certificates */

struct consensus_block {
	struct consensus_header header;
	struct sr_hash32 hash;
	struct sr_bytes body;           /* borrowed for the time of the call */
};

struct consensus_ports {
	void *ctx;

	/* --- effects, in order --- */
	/* Appends to the safety log. sync: must be durable before any later send. A failure is
	 * fatal: the instance stops voting and returns the error from the step. */
	enum sr_error (*persist)(void *ctx, const uint8_t *record, size_t n, bool sync);
	void (*send)(
	    void *ctx, uint32_t to, enum consensus_class class, const uint8_t *msg, size_t n);
	/* Asks for consensus_tick at or soon after this time; the latest call wins. */
	void (*wake)(void *ctx, uint64_t at_ms);
	/* A provable fault: encoding for consensus_evidence_verify. */
	void (*evidence)(void *ctx, uint32_t culprit, const uint8_t *bytes, size_t n);
	/* Asks the archive for final blocks with height > after, oldest first, at most max_bytes
	 * in all; the owner answers with consensus_archive_rows, now or later (or never). */
	void (*archive_read)(
	    void *ctx, uint32_t for_peer, uint64_t after_height, uint32_t max_bytes);

	/* --- the application: deterministic execution over a tree of blocks --- */
	/* Are there operations (or unagreed releases) that make proposing early worthwhile? */
	bool (*has_work)(void *ctx);
	/* "my ingress works", put into NOTAR votes. */
	bool (*ingress_ok)(void *ctx);
	/*
	 * Builds a body on parent. header comes with everything but flags' CLOSE bit, ops_root,
	 * pre_state_root, next_roster_root and post_state_root set; sets those. body: owned by
	 * the writer, at most SR_BLOCK_MAX. With a CLOSE block among the ancestors the body must
	 * stay empty and CLOSE unset. NOT_READY: asked again a little later. check is called for
	 * the built block like for any other.
	 */
	enum sr_error (*build)(void *ctx, struct consensus_header *header, struct sr_writer *body);
	/* Is the block valid on its parent (already checked or final): body encoding, limits,
	 * operation signatures, pre_state_root, CLOSE fields. Must give the same answer at every
	 * member. NOT_READY and NO_MEMORY are no answer: asked again a little later. */
	enum sr_error (*check)(void *ctx, const struct consensus_block *block);
	/* A NOTAR certificate exists for this checked block. Not called for blocks that are
	 * final when they arrive. */
	void (*certified)(void *ctx, const struct consensus_block *block);
	/* Final, called in chain order, each block once (also when replayed from the log after a
	 * restart: blocks at or below start_height are not repeated). cert: FINAL certificate of
	 * this block, or NULL when it is final through a descendant; notar may be NULL too. */
	enum sr_error (*commit)(void *ctx, const struct consensus_block *block,
	    const struct consensus_cert *notar, const struct consensus_cert *final);
	/* Will never become final; forget any execution result held for it. */
	void (*abandon)(void *ctx, const struct sr_hash32 *hash);
};

struct consensus_config {
	struct sr_hash32 chain_id;
	uint64_t epoch;
	uint32_t n, self;                /* self: CONSENSUS_OBSERVER, vote_key is not used */
	struct sr_edpk keys[SR_MEMBERS_MAX];
	const struct sr_edsk *vote_key;  /* borrowed, locked, for the instance's life */
	struct sr_hash32 genesis_hash;   /* slot 0 */
	uint64_t genesis_height, genesis_time_ms;
	/* Where execution already stands (from a checkpoint): the last final block; = genesis at
	 * first. */
	uint64_t start_slot, start_height, start_time_ms;
	struct sr_hash32 start_hash;
	uint32_t slot_ms;                /* 300 */
	uint32_t slot_min_ms;            /* 10; = slot_ms is AURA-strict */
	uint32_t recover_wait_ms;        /* cold start: this long alone, then from disk (15000) */
	bool first_boot;                 /* fresh instance that never ran: no restart handshake */
};

struct consensus;

/* Returns NULL when out of memory. ports is copied. */
struct consensus *consensus_new(const struct consensus_config *config,
    const struct consensus_ports *ports);
void consensus_free(struct consensus *self);

/* Replays one record from the log, oldest first, before consensus_start. DAMAGED for nonsense. */
SR_MUST_CHECK enum sr_error consensus_replay(
    struct consensus *self, const uint8_t *record, size_t n);
/* random: for the boot id and jitter. */
SR_MUST_CHECK enum sr_error consensus_start(struct consensus *self, uint64_t now_ms,
    const struct sr_key32 *random);
SR_MUST_CHECK enum sr_error consensus_tick(struct consensus *self, uint64_t now_ms);
/* from: the authenticated sender; n to n + CONSENSUS_GUESTS_MAX - 1 are guests. Bad input is an
 * error, changes nothing, and is not fatal. */
SR_MUST_CHECK enum sr_error consensus_receive(
    struct consensus *self, uint64_t now_ms, uint32_t from, const uint8_t *msg, size_t n);
/* New work arrived: may propose at once. */
SR_MUST_CHECK enum sr_error consensus_work(struct consensus *self, uint64_t now_ms);
/* rows: each an archive row as made by consensus_archive_row; sent on to the peer that asked. */
SR_MUST_CHECK enum sr_error consensus_archive_rows(struct consensus *self, uint64_t now_ms,
    uint32_t for_peer, const struct sr_bytes *rows, size_t rows_n);
/* The archive encoding of a final block with its certificates (for commit to store). */
void consensus_archive_row_write(struct sr_writer *w, const struct consensus_block *block,
    const struct consensus_cert *notar, const struct consensus_cert *final);
SR_MUST_CHECK enum sr_error consensus_archive_row_read(struct consensus_block *block,
    struct consensus_cert *notar, bool *has_notar, struct consensus_cert *final, bool *has_final,
    const uint8_t *row, size_t n);

/* Writes, through emit, the records a fresh log must begin with (after a checkpoint): all votes
 * at or above the floor, uncommitted blocks, the newest FINAL certificate. Replaying them gives
 * this instance's safety state. Order as persisted. */
SR_MUST_CHECK enum sr_error consensus_compact(struct consensus *self,
    enum sr_error (*emit)(void *ctx, const uint8_t *record, size_t n), void *ctx);

struct consensus_status {
	uint64_t epoch, frontier_slot, final_slot, final_height, final_time_ms, notar_slot;
	struct sr_hash32 final_hash;
	uint32_t frontier_author;
	bool recovering, closed, stopped;
	uint32_t skip_timeout_ms;
	uint64_t slots_skipped, blocks_committed, votes_bad;
	uint64_t peer_final_height[SR_MEMBERS_MAX]; /* newest known, self included */
	uint64_t peer_heard_ms[SR_MEMBERS_MAX];     /* when last heard; 0 never */
};
/* Between finding a vote of its own that its log does not have (DESIGN 4, Restart) and the first
 * slot that it can't have voted in: until the next process, if it does not end before. slot: of the
 * latter, or 0 when it is not known yet. */
bool consensus_abstains(const struct consensus *self, uint64_t *slot);
void consensus_status_get(struct consensus_status *out, const struct consensus *self);

/* Was this fault committed by the member with this key? culprit: set on SR_OK. */
SR_MUST_CHECK enum sr_error consensus_evidence_verify(uint32_t *culprit, const uint8_t *bytes,
    size_t n, const struct sr_hash32 *chain_id, uint64_t epoch, const struct sr_edpk *keys,
    uint32_t members);

#endif
