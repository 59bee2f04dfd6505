/*
 * enclave/internal.h - what the files of the core share. Nothing outside includes it.
 *
 *   event ──► core.c ──► boot.c | peers.c | clients.c ──► instance.c (consensus) ──► executor.c
 *                                                              └──► effects.c ──► effects, in order
 */
#ifndef SR_ENCLAVE_INTERNAL_H
#define SR_ENCLAVE_INTERNAL_H

#include "consensus/consensus.h"
#include "enclave/client_wire.h"
#include "enclave/core.h"
#include "enclave/attesteer.h"
#include "enclave/roster.h"
#include "shamir/subshare.h"
#include "shamir/tdh2.h"
#include "vault/hold.h"
#include "vault/vault.h"

#define CORE_MESSAGE_MAX (6u * 1024u * 1024u)
#define CORE_POOL_MAX 100000u                   /* DESIGN 10 */
#define CORE_POOL_BYTES_MAX (256u * 1024u * 1024u)
#define CORE_POOL_ACCOUNT_MAX 1024u
#define CORE_POOL_MEMBER_MAX 64u                /* of these, members' operations */
#define CORE_NONCE_WINDOW 1024u                 /* how far ahead of the state a nonce may be */
/* What is computed for peers' operations as they come, in the microseconds of exec_cost_us: so much
 * of the time, and so much at once, each peer an equal part of it. */
#define CORE_EFFORT_PERCENT 35u
#define CORE_EFFORT_US 400000u
#define CORE_EFFORT_LEAST_US 10000u             /* at once, of each */
#define CORE_CLIENTS_MAX 10000u
#define CORE_CLIENTS_SUBJECT_MAX 16u            /* of these, for one receipt or ticket */
#define CORE_RECEIPT_LISTS 4096u
#define CORE_VERDICTS 65536u                    /* operations whose check is remembered */
#define CORE_BLOCK_OPS_MAX 20000u
/* What is kept for an epoch I have not reached: messages and their bytes, each member's equal share
 * of them, or its least one. */
#define CORE_AHEAD_MAX 64u
#define CORE_AHEAD_LEAST 4u
#define CORE_AHEAD_BYTES_MAX (1024u * 1024u)
#define CORE_AHEAD_BYTES_LEAST (64u * 1024u)
#define CORE_ARCHIVE_READS 64u
#define CORE_CLOSE_HEADERS_MAX EPOCH_TRAIL_HEADERS_MAX
#define CORE_CHECKPOINT_BLOCKS 500u
#define CORE_ROWS_OPS 32u                /* final ones, after which their rows go to the host */
#define CORE_CHECKPOINT_BYTES (32u * 1024u * 1024u)
#define CORE_CHECKPOINT_FRAME_MAX (7u * 1024u * 1024u)
#define CORE_HEADS_MS 3000u                     /* fresh heads must come within this time */
#define CORE_SHARE_MS 30000u                    /* a SHARE request waits this long for finality */
#define CORE_GET_SKEW_MS 300000u
#define CORE_STATUS_MS 1000u
#define CORE_HEARD_MS 5000u
#define CORE_LAG_MS 2000u                       /* so long behind another epoch: I was away */

/* --- keys: one locked allocation (DESIGN 5, 6) --- */
struct core_epoch_keys {
	uint64_t epoch;
	uint32_t attempt;                       /* of the change that makes it */
	bool has_vote, has_share;
	bool made_here;                         /* by this process: nobody has voted with it */
	struct sr_key32 vote_seed;
	struct sr_edsk vote;
	struct sr_scalar share;                 /* x_i */
	/* epoch_secret, and the X25519 key derived from it */
	struct sr_key32 secret, shielding;
	struct epoch_set set;                   /* the dealers that share is the sum of */
};

struct core_keys {
	struct sr_key32 sealing, log, rows, blind, archive;
	struct sr_key32 id_seed, genesis_vote_seed;
	/* The vote key that the identity was made with is still there: a genesis member's in
	 * epoch 0, a joiner's in its first epoch. */
	bool genesis_vote;
	struct sr_edsk id_sk;
	struct sr_scalar box;
	struct core_epoch_keys now, next;
};

/* --- executed blocks --- */
struct exec_op {
	struct sr_hash32 hash;
	unsigned kind;
	struct vault_receipt receipt;
};

struct exec_block {
	struct exec_block *next;
	/* parent zero: an epoch's genesis or a checkpoint */
	struct sr_hash32 hash, parent;
	struct consensus_header header;         /* of a genesis: epoch, slot 0, height, time */
	bool closing;                           /* the CLOSE block or a descendant of it */
	bool close;                             /* the CLOSE block */
	struct vault_tree *tree;                /* the state after it */
	struct exec_op *ops;
	uint32_t ops_n;
};

/* --- consensus, one instance per epoch --- */
struct core_instance {
	struct enclave_core *core;
	struct consensus *consensus;
	struct sr_edsk *vote;                   /* locked */
	struct epoch_record record;
	struct vault_roster roster;             /* of the record: whom a secret can be dealt to */
	uint32_t self;                          /* my index, or CONSENSUS_OBSERVER */
	uint32_t guests[CONSENSUS_GUESTS_MAX];  /* the seat of each, or EPOCH_NOBODY */
	struct sr_hash32 genesis_hash, start_hash;
	uint64_t genesis_height, genesis_time_ms, start_slot, start_height, start_time_ms;
	bool started, wiped;                    /* wiped: the vote key is gone */
};

/* --- the CLOSE block on its way from final to the switch --- */
struct core_closing {
	bool open, certified;
	struct sr_hash32 close_hash, next_root, state_root;
	uint64_t height, time_ms;
	struct vault_tree *tree;
	struct epoch_record next;
	struct consensus_header headers[CORE_CLOSE_HEADERS_MAX];
	uint32_t headers_n;
	struct consensus_cert cert;
};

/* --- clients --- */
enum core_wait_kind { WAIT_RECEIPT = 1, WAIT_SHARE = 2 };
struct core_client {
	struct core_client *next;
	enum core_wait_kind kind;
	uint64_t token, since_ms, expiry_ms;
	struct sr_hash32 request, subject;      /* subject: operation or ticket */
	struct sr_xpk answer_key;
	bool in_round;
	uint64_t heads_height;                  /* what the other operators said is final */
	uint64_t heads_ms;                      /* when; 0: they have not */
	uint64_t heads_since_ms;                /* waiting for heads since; 0: for something else */
};

struct core_archive_read {
	uint64_t token;                         /* 0: free */
	bool client;
	uint64_t epoch, height, client_token;
	uint32_t peer;
};

struct core_round {
	bool open, delivered;                   /* delivered: enough have answered */
	struct sr_hash32 nonce;
	uint64_t since_ms;
	uint32_t heard_n;
	bool heard[SR_MEMBERS_MAX];
	uint64_t height[SR_MEMBERS_MAX];
};

/* Whom I talk to, by seat. */
struct core_peer {
	bool used, told;                        /* told: the host knows of it */
	bool candidate;                         /* admitted, and not yet a member */
	struct sr_edpk id;
	char link[GENESIS_URL_MAX];
	char url[GENESIS_URL_MAX];              /* where its pieces are */
	struct sr_hash32 url_pin;
	uint64_t asked_ms;                      /* for a snapshot; 0: never */
	bool get_waits;                         /* for rows, of this state, behind this key */
	bool get_after;
	struct sr_hash32 get_root;
	struct vault_key get_key;
};

struct core_effort { uint64_t us, at_ms; };     /* taken, as it was then */

/* A state that is shown to who joins: snapshot.c. */
#define CORE_SERVED 2u
struct core_served {
	bool in_use;
	uint64_t since_ms;
	struct sr_hash32 root;
	struct vault_tree *tree;
	struct consensus_header header, parent; /* header's certificate is cert */
	struct consensus_cert cert;
};

/*
 * The epoch trail (trail_store.c): each step is a row of its own in the store, written once and
 * read when somebody asks. The newest are here as well, so that what the core itself needs is: less
 * than 1 MiB, however many epochs there were.
 */
#define CORE_TRAIL_KEPT 4u
#define CORE_TRAIL_READS 16u
#define CORE_TRAIL_PAGE (1024u * 1024u)         /* bytes of steps in one answer */
struct core_trail_read {
	uint64_t token;                         /* 0: free */
	uint32_t from;
	bool client;
	uint64_t client_token;
	uint32_t seat;                          /* of a joiner */
};
struct core_trail {
	uint32_t n;                             /* epochs that are over */
	struct sr_hash32 sum;                   /* over all rows: none was lost or changed */
	struct { uint32_t number; uint8_t *p; size_t n; } kept[CORE_TRAIL_KEPT];
	struct core_trail_read reads[CORE_TRAIL_READS];
	uint64_t read_next;
};

/* from: a seat */
struct core_ahead {
	struct core_ahead *next;
	bool operation;                         /* else a message of consensus */
	uint32_t from;
	uint64_t epoch;
	uint8_t *p;
	size_t n;
};

/* What a member owes besides dealing: duties.c. */
#define CORE_DUTIES 16u
struct core_duty {
	struct sr_hash32 subject;               /* verified; op is what came of it */
	uint8_t *op;
	size_t n;
};
/* What proves a member's fault: one for each member, so that all of them have a place. */
struct core_fault {
	struct sr_edpk culprit;                 /* its identity */
	uint64_t epoch;                         /* of what it signed */
	uint8_t *evidence;
	size_t n;
	struct core_duty op;                    /* my FAULT in this epoch; none yet */
};
struct core_duties {
	struct core_duty verdicts[CORE_DUTIES];
	uint32_t next;                          /* the place to use next */
	struct core_fault faults[SR_MEMBERS_MAX];
	uint32_t faults_n;
	uint64_t silent_ms;                     /* when silence was looked at */
	/* by seat: not heard for so long while I heard a quorum, in this epoch and this process */
	uint64_t quiet_ms[SR_MEMBERS_MAX];
	uint64_t evidence_ms;                   /* when the platform was asked */
	uint64_t evidence_token;                /* 0: nothing is asked */
	struct core_duty evidence;              /* my REATTEST */
};

struct pool;

/* What this member owes dealt secrets (hold.c). */
struct core_hold {
	uint64_t epoch;                         /* that the rest is about */
	struct vault_key at;                    /* where the turn over all of them is */
	bool turning;
	struct vault_tree *seen, *said;
};

enum core_phase {
	CORE_NEW, CORE_BOOTING, CORE_REPLAYING,
	CORE_LEAVING,                           /* started after it had left: to wipe it again */
	CORE_JOINING,                           /* no state yet: join.c */
	CORE_RUNNING, CORE_STOPPED, CORE_DEAD
};

struct enclave_core {
	enum core_phase phase;
	enum sr_error dead;
	struct core_keys *keys;
	struct sr_hash32 measurement;
	struct genesis *genesis;
	uint8_t *genesis_bytes;
	uint32_t seat;                          /* mine; EPOCH_NOBODY: none yet */
	bool in_genesis;
	struct core_peer *peers;                /* SR_MEMBERS_MAX of them, by seat */
	struct core_peer *peers_next;           /* as many: room for seats_update, each block */
	uint64_t peers_version;                 /* counts changes of identities */
	bool identity_started;
	bool fresh;                             /* this process began with an empty disk */
	bool left;                              /* no member any more: all keys are wiped */

	/* this step */
	struct enclave_effects *out;
	uint64_t now_ms, booted_ms;
	struct sr_drbg drbg;
	enum sr_error broken;                   /* out of memory somewhere without a way back */
	uint64_t wake_ms, woken_ms;
	bool status_due, checkpoint_due, state_moved;
	bool abstains;                          /* as consensus_abstains said, and was noted */
	bool keys_stale;                        /* the log on the disk has keys of an old epoch */

	/* safety log */
	struct sr_hash32 log_id, log_before;    /* the chain's id, and the one it replaced */
	uint8_t log_tag[SR_GCM_TAG];
	uint64_t log_counter, log_bytes;
	bool log_seen, log_bad, log_meta_matched;

	/* boot */
	struct vault_tree *boot_tree;
	uint8_t *meta;
	size_t meta_n;                          /* locked, sr_secret_alloc */

	struct core_instance *now, *old;

	/* executor */
	struct exec_block *blocks, *final;
	struct sr_hash32 tip;                   /* the highest certified block */
	struct {                                /* the block I built last */
		struct sr_hash32 parent, ops_root;
		uint64_t time_ms;
		uint32_t flags;
		struct vault_tree *tree;
		struct exec_op *ops;
		uint32_t ops_n;
		uint32_t tried;                 /* operations, those in it and those in vain */
	} built;
	struct sr_hash32 *verdicts;
	uint64_t verdicts_n;                    /* remembered since the table was empty */
	struct {                                /* newest final block with its own certificate */
		bool have;
		struct consensus_header header, parent;
		struct consensus_cert cert;
		struct vault_tree *tree;        /* header.pre_state_root is its root */
	} proof;
	struct core_served served[CORE_SERVED];
	uint64_t served_ms, served_bytes;       /* sent to all who join since then */
	uint32_t served_next;                   /* the seat whose turn is next */
	struct core_join *join;                 /* join.c; NULL: I have a state */
	bool candidate_seen;                    /* in the state that I observe */
	struct vault_tree *pieces;              /* pieces.c: piece of mine -> versions naming it */
	struct vault_tree *rows_tree;           /* the host has been told of these rows */
	uint64_t rows_ops;                      /* operations_final with them */
	uint64_t checkpoint_height;
	uint64_t agree_height;                  /* a ticket up to here needs a child block */
	struct core_closing closing;
	struct pool *pool;

	/* epochs */
	struct core_trail trail;
	uint8_t *deal;                          /* my DEAL operation for the change under way */
	size_t deal_n;
	uint8_t *ack;                           /* my ACK for this set */
	size_t ack_n;
	struct epoch_set ack_set;
	struct epoch_memo dealings;
	uint64_t change_target;                 /* the attempt that the next two belong to */
	uint32_t change_attempt, lost_attempt;
	struct epoch_set verified, accused;     /* dealers whose boxes for me I have looked at */
	struct core_duties duties;
	struct attesteer attesteer;
	uint64_t duty_ms;                       /* more to verify then; 0: nothing */
	uint64_t evidence_last;
	/* attest_evidence_verify */
	enum sr_error (*verify)(struct attest_facts *facts, struct sr_bytes evidence,
	    const struct attest_trust *trust, uint64_t time_s);
	uint64_t ahead_since_ms;                /* when f + 1 members were in the next epoch */
	struct epoch_set ahead_from;            /* by seat: who says to be */
	struct core_ahead *ahead;
	size_t ahead_n, ahead_bytes;

	/* clients */
	struct core_client *clients;            /* who waits for a share */
	struct core_client *receipts[CORE_RECEIPT_LISTS]; /* for a receipt, by operation */
	uint32_t clients_n;                     /* in all */
	struct core_archive_read reads[CORE_ARCHIVE_READS];
	uint64_t read_next;
	struct core_round round;

	struct core_hold hold;
	bool disk_full;
	bool connected[SR_MEMBERS_MAX];         /* by seat, as heard_ms */
	uint64_t heard_ms[SR_MEMBERS_MAX];
	/* by seat, too: of holders' operations and of steps of a change, neither at the other's
	 * cost */
	struct core_effort hold_effort[SR_MEMBERS_MAX], step_effort[SR_MEMBERS_MAX];
	uint64_t status_ms;
	uint64_t operations_final, operations_refused, releases;
};

enum core_message {
	CORE_CONSENSUS = 1,                     /* epoch u64 | consensus message */
	CORE_OPERATION = 2,                     /* operation */
	CORE_HEAD_REQUEST = 3,                  /* nonce 32 */
	/* epoch u64 | nonce 32 | height u64 | hash 32 | sig 64 */
	CORE_HEAD = 4,
	/* snapshot.h */
	CORE_SNAPSHOT_ASK = 5, CORE_SNAPSHOT_HEAD = 6,
	CORE_SNAPSHOT_GET = 7, CORE_SNAPSHOT_ROWS = 8,
};

enum core_log_kind { CORE_LOG_START = 1, CORE_LOG_CONSENSUS = 2, CORE_LOG_KEYS = 3 };

/* --- effects.c --- */
void fx_push(struct enclave_core *self, const struct enclave_effect *fx);  /* copies the bytes */
void fx_note(struct enclave_core *self, unsigned level, const char *text);
void fx_note_number(struct enclave_core *self, unsigned level, const char *text, uint64_t number);
void fx_send(struct enclave_core *self, uint32_t seat, enum consensus_class class,
    const uint8_t *msg, size_t n);
/* To all members of this epoch but me. */
void fx_send_members(struct enclave_core *self, enum consensus_class class, const uint8_t *msg,
    size_t n);
void fx_reply(struct enclave_core *self, uint64_t token, enum sr_error code, const uint8_t *p,
    size_t n);
/* Ends the instance; the text names the way out. Returns error. */
enum sr_error core_fatal(struct enclave_core *self, enum sr_error error, const char *text);
enum { NOTE_ERROR = 0, NOTE_WARN = 1, NOTE_INFO = 2, NOTE_DEBUG = 3 };

/* --- seats.c --- */
SR_MUST_CHECK enum sr_error seats_new(struct enclave_core *self);
/* From the genesis, before the state is known. */
void seats_provisional(struct enclave_core *self);
/* Looks at the rosters and the candidates again: tells the host, and makes room for guests. */
SR_MUST_CHECK enum sr_error seats_update(struct enclave_core *self);
/* The peer number that a seat has in an epoch's agreement; EPOCH_NOBODY: none. */
uint32_t seats_peer(const struct core_instance *i, uint32_t seat);
/* The seat of a peer number; EPOCH_NOBODY: none, or not to be reached. */
uint32_t seats_seat(const struct core_instance *i, uint32_t peer);
/* One more than the highest seat of a roster: so many pieces has a payload. */
uint32_t seats_end(const struct epoch_record *r);
const struct sr_edpk *core_id(const struct enclave_core *self, struct sr_edpk *out);

/* Does the policy list it, at the time of the newest final block? Before that is known, at the
 * genesis'. Where software's word does not count, the platform's evidence tells others, and this
 * asks for nothing. */
bool core_measurement_listed(const struct enclave_core *self, const struct sr_hash32 *measurement);

/* --- seal.c --- */
SR_MUST_CHECK enum sr_error seal_keys_derive(struct core_keys *keys);
/* nonce 12 | AES-256-GCM; appended to w. */
SR_MUST_CHECK enum sr_error seal_put(struct sr_writer *w, struct sr_drbg *drbg,
    const struct sr_key32 *key, const uint8_t *aad, size_t aad_n, const uint8_t *plain, size_t n);
/* plain: locked, from sr_secret_alloc; free with sr_secret_free. */
SR_MUST_CHECK enum sr_error seal_open_secret(uint8_t **plain, size_t *plain_n,
    const struct sr_key32 *key, const uint8_t *aad, size_t aad_n, const uint8_t *p, size_t n);
/* plain: malloc'd, for what is no secret. */
SR_MUST_CHECK enum sr_error seal_open(uint8_t **plain, size_t *plain_n, const struct sr_key32 *key,
    const uint8_t *aad, size_t aad_n, const uint8_t *p, size_t n);
#define SEAL_OVERHEAD (SR_GCM_NONCE + SR_GCM_TAG)
/* A row of the state: its blinded name and its value. */
void seal_row_name(struct sr_hash32 *out, const struct core_keys *keys,
    const struct vault_key *key);
void seal_meta_name(struct sr_hash32 *out, const struct core_keys *keys);
void seal_step_name(struct sr_hash32 *out, const struct core_keys *keys, uint32_t number);
SR_MUST_CHECK enum sr_error seal_row_put(struct sr_writer *w, struct enclave_core *self,
    const struct sr_hash32 *name, const uint8_t *plain, size_t n);
SR_MUST_CHECK enum sr_error seal_row_open(uint8_t **plain, size_t *plain_n, bool secret,
    const struct enclave_core *self, const struct sr_hash32 *name, const uint8_t *p, size_t n);

/* --- identity.c --- */
SR_MUST_CHECK enum sr_error identity_open(struct enclave_core *self, const uint8_t *p, size_t n);
void identity_emit(struct enclave_core *self);

/* --- checkpoint.c --- */
SR_MUST_CHECK enum sr_error log_append(struct enclave_core *self, enum core_log_kind kind,
    const uint8_t *p, size_t n, bool sync);
SR_MUST_CHECK enum sr_error log_append_keys(struct enclave_core *self);
SR_MUST_CHECK enum sr_error log_replay(struct enclave_core *self, const uint8_t *record, size_t n);
SR_MUST_CHECK enum sr_error checkpoint_write(struct enclave_core *self);
/* Rows of the next checkpoint ahead of it, when there are enough: what is left for its end is
 * little. */
SR_MUST_CHECK enum sr_error checkpoint_ahead(struct enclave_core *self);
/* The host holds, or has been told of, the rows of this tree. Takes a reference. */
void checkpoint_rows_are(struct enclave_core *self, struct vault_tree *tree);
/* A row that is part of the next checkpoint; value.p NULL: deleted. */
void checkpoint_put_row(void *core, const struct vault_key *key, struct sr_bytes value);
SR_MUST_CHECK enum sr_error checkpoint_row(struct enclave_core *self, struct sr_bytes name,
    struct sr_bytes value);
SR_MUST_CHECK enum sr_error checkpoint_restore(struct enclave_core *self);
/* One without keys, and a log without any. */
SR_MUST_CHECK enum sr_error checkpoint_leave(struct enclave_core *self);

/* --- boot.c --- */
SR_MUST_CHECK enum sr_error boot_begin(struct enclave_core *self, const struct enclave_event *ev);
SR_MUST_CHECK enum sr_error boot_log_record(struct enclave_core *self,
    const struct enclave_event *ev);
SR_MUST_CHECK enum sr_error boot_ready(struct enclave_core *self, const struct enclave_event *ev);
SR_MUST_CHECK enum sr_error boot_trail(struct enclave_core *self, const struct enclave_event *ev);

/* --- instance.c --- */
struct core_instance *instance_new(struct enclave_core *self, const struct epoch_record *record);
SR_MUST_CHECK enum sr_error instance_open(struct core_instance *i, const struct sr_key32 *vote_seed,
    bool first_boot);
SR_MUST_CHECK enum sr_error instance_start(struct core_instance *i);
void instance_free(struct core_instance *i);
/* An error of the instance itself; bad input is none. */
SR_MUST_CHECK enum sr_error instance_receive(struct core_instance *i, uint32_t from,
    const uint8_t *msg, size_t n);
SR_MUST_CHECK enum sr_error instance_tick(struct enclave_core *self);
SR_MUST_CHECK enum sr_error instance_work(struct enclave_core *self);

/* --- executor.c --- */
SR_MUST_CHECK enum sr_error exec_genesis(struct enclave_core *self, const struct core_instance *i,
    struct vault_tree *tree);  /* takes the tree over; becomes final */
void exec_proof_drop(struct enclave_core *self);
enum sr_error exec_build(struct enclave_core *self, struct core_instance *i,
    struct consensus_header *header, struct sr_writer *body);
enum sr_error exec_check(struct enclave_core *self, struct core_instance *i,
    const struct consensus_block *block);
enum sr_error exec_commit(struct enclave_core *self, struct core_instance *i,
    const struct consensus_block *block, const struct consensus_cert *notar,
    const struct consensus_cert *final);
void exec_certified(struct enclave_core *self, const struct consensus_block *block);
void exec_abandon(struct enclave_core *self, const struct sr_hash32 *hash);
bool exec_has_work(struct enclave_core *self, struct core_instance *i);
struct exec_block *exec_tip(struct enclave_core *self);
/* The kind of an operation that is in a block that is not final yet; 0: it is in none. */
unsigned exec_pending(const struct enclave_core *self, const struct sr_hash32 *op);
struct vault_block exec_vault_block(const struct enclave_core *self,
    const struct consensus_header *header, const struct exec_block *parent);
/* What an operation of n bytes counts as, at most. */
uint64_t exec_cost_us(unsigned kind, size_t n);
/* Of a decoded client's operation; verdicts are remembered. */
SR_MUST_CHECK enum sr_error exec_op_verdict(struct enclave_core *self, const struct vault_op *op,
    const struct vault_block *block);
void exec_verdicts_forget(struct enclave_core *self);
void exec_clear(struct enclave_core *self);

/* --- pieces.c --- */
/* From scratch, over a whole state. No memory: broken. */
void pieces_count(struct enclave_core *self, const struct vault_tree *t);
/* The same for a seat that has just become mine: BLOB_KEEP for all its pieces. */
void pieces_take(struct enclave_core *self, const struct vault_tree *t);
/* BLOB_KEEP and BLOB_DROP for what changed between two states that follow each other. */
void pieces_settle(struct enclave_core *self, const struct vault_tree *before,
    const struct vault_tree *after);
void pieces_clear(struct enclave_core *self);

/* --- pool.c --- */
struct pool_entry {
	struct pool_entry *hash_next, *account_next;
	struct pool_account *account;
	struct sr_hash32 hash;
	uint64_t nonce, expiry_ms;
	uint32_t included;                      /* in so many blocks that are not final */
	bool ahead;                             /* waited for an earlier nonce when it came */
	unsigned kind;                          /* VAULT_OP_MEMBER_FIRST or above: nonce 0 */
	uint8_t *p;
	size_t n;
};
struct pool_account {
	struct pool_account *hash_next, *ring_next, *ring_prev;
	struct vault_account id;
	struct pool_entry *first;               /* by nonce */
	uint32_t n, member_n;
	struct pool_entry *cursor;              /* while a block is built */
};
struct pool *pool_new(void);
void pool_free(struct pool *self);
size_t pool_count(const struct pool *self);
/* Members' operations of this account. */
uint32_t pool_count_member(const struct pool *self, const struct vault_account *account);
struct pool_entry *pool_find(const struct pool *self, const struct sr_hash32 *hash);
/* ahead: its nonce is not the account's next one. */
SR_MUST_CHECK enum sr_error pool_add(struct pool *self, struct enclave_core *core,
    const struct vault_op *op, const uint8_t *p, size_t n, bool ahead);
/* So full that operations may soon be refused. */
bool pool_crowded(const struct pool *self);
void pool_remove(struct pool *self, struct pool_entry *e);
void pool_mark(struct pool *self, const struct sr_hash32 *hash, bool included);
bool pool_has_work(const struct pool *self);
void pool_work_seen(struct pool *self, bool useful);
/* Entries of the account up to this nonce (not hash itself) can't become final any more. */
struct pool_entry *pool_stale(const struct pool *self, const struct vault_account *account,
    uint64_t nonce);
void pool_expire(struct pool *self, uint64_t time_ms,
    void (*gone)(void *ctx, const struct sr_hash32 *hash), void *ctx);
/* One operation of each account in turn; NULL when each account is at its end. skip: this account
 * has no more. */
void pool_iterate(struct pool *self);
struct pool_entry *pool_next(struct pool *self);
void pool_account_skip(struct pool *self, struct pool_account *a);
/* The entry that came last did not fit: unless everyone had a turn, the next block begins with its
 * account. */
void pool_turn_keep(struct pool *self);
void pool_drop_all(struct pool *self);
/* Dealings, complaints and acknowledgements: of a change that was given up. */
void pool_drop_steps(struct pool *self);

/* --- epoch_keys.c --- */
SR_MUST_CHECK enum sr_error epoch_keys_run(struct enclave_core *self);
SR_MUST_CHECK enum sr_error epoch_keys_vote(struct core_epoch_keys *keys);
#define EPOCH_KEYS_BYTES (8u + 4u + 2u + 32u + 32u + 32u + 16u)
/* Is it the share, the vote key and the shielding key of this member of the record? */
bool epoch_keys_fit(const struct core_epoch_keys *keys, const struct epoch_record *record,
    uint32_t index);
void epoch_keys_write(uint8_t out[EPOCH_KEYS_BYTES], const struct core_epoch_keys *k);
SR_MUST_CHECK enum sr_error epoch_keys_read(struct core_epoch_keys *k,
    const uint8_t in[EPOCH_KEYS_BYTES]);
struct epoch_context core_epoch_context(const struct enclave_core *self);
/* Into my own pool and to the others; a duplicate is no news. */
SR_MUST_CHECK enum sr_error epoch_operation_offer(struct enclave_core *self, const uint8_t *p,
    size_t n);
/* By my vote key. Starts w. */
SR_MUST_CHECK enum sr_error epoch_operation_sign(struct sr_writer *w, struct enclave_core *self,
    enum epoch_op_kind kind, const struct sr_writer *body);

/* --- epoch_switch.c --- */
SR_MUST_CHECK enum sr_error epoch_switch(struct enclave_core *self);
SR_MUST_CHECK enum sr_error epoch_settle(struct enclave_core *self);
/* Wipes all keys; and, when the host listens, what is on the disk: LEFT, and the end. */
SR_MUST_CHECK enum sr_error epoch_leave(struct enclave_core *self);

/* --- overtaken.c --- */
/* EV_TRAIL while running: what members said to the host when nobody spoke of my epoch any more. */
SR_MUST_CHECK enum sr_error overtaken_trail(struct enclave_core *self,
    const struct enclave_event *ev);

/* --- duties.c --- */
/* Verdicts, silence, faults and my own evidence, on the newest final state. */
SR_MUST_CHECK enum sr_error duties_run(struct enclave_core *self);
SR_MUST_CHECK enum sr_error duties_evidence(struct enclave_core *self,
    const struct enclave_event *ev);
/* culprit: a member in that epoch, this one or the one before. */
void duties_fault(struct enclave_core *self, uint64_t epoch, const struct epoch_member *culprit,
    const uint8_t *evidence, size_t n);
/* Another epoch: what is not final of the faults is to be said again. */
void duties_switch(struct enclave_core *self);
void duties_forget(struct enclave_core *self);

/* --- peers.c --- */
SR_MUST_CHECK enum sr_error peers_receive(struct enclave_core *self, uint32_t from,
    const uint8_t *msg, size_t n);
SR_MUST_CHECK enum sr_error peers_replay_ahead(struct enclave_core *self);
void peers_ahead_drop(struct enclave_core *self);
void peers_send_operation(struct enclave_core *self, const uint8_t *p, size_t n);
void peers_head_request(struct enclave_core *self);
/* An operation from a client, a peer or myself, checked and admitted to the pool. op: what p and n
 * decode to. receipt: why not. */
SR_MUST_CHECK enum sr_error peers_admit(struct enclave_core *self, struct vault_receipt *receipt,
    struct vault_op *op, const uint8_t *p, size_t n);

/* --- clients.c --- */
SR_MUST_CHECK enum sr_error clients_request(struct enclave_core *self,
    const struct enclave_event *ev);
void clients_gone(struct enclave_core *self, uint64_t token);
/* roster_answer.c: the answer to CLIENT_ROSTER. */
SR_MUST_CHECK enum sr_error roster_answer(struct sr_writer *w, const struct enclave_core *self);
void clients_receipt(struct enclave_core *self, const struct sr_hash32 *op,
    const struct vault_receipt *receipt);
void clients_refused(struct enclave_core *self, const struct sr_hash32 *op, enum sr_error code);
void clients_drop_all(struct enclave_core *self, enum sr_error code);
void clients_answer(struct enclave_core *self, const struct core_client *c, enum sr_error code,
    const uint8_t *p, size_t n);
void clients_remove(struct enclave_core *self, struct core_client *c);
void clients_clear(struct enclave_core *self); /* without an answer */
uint64_t core_archive_ask(struct enclave_core *self, const struct core_archive_read *read,
    uint64_t first, uint32_t kib);
SR_MUST_CHECK enum sr_error core_archive_answer(struct enclave_core *self,
    const struct enclave_event *ev);
void core_status(struct enclave_core *self, struct enclave_status *s);

/* --- trail_store.c --- */
/* A verified step, the next one: kept, and a row of the next checkpoint. */
SR_MUST_CHECK enum sr_error trail_add(struct enclave_core *self, struct sr_bytes step);
/* p == NULL: not in memory, or not there at all. */
struct sr_bytes trail_kept(const struct enclave_core *self, uint64_t number);
void trail_clear(struct enclave_core *self);
/* While the store is read: a row of the state, opened. false: it is none of the trail. */
bool trail_is_row(const uint8_t *plain, size_t n);
SR_MUST_CHECK enum sr_error trail_row(struct enclave_core *self, const struct sr_hash32 *name,
    const uint8_t *plain, size_t n);
/* As many steps from there on as go into an answer, to a client or a joiner, from memory or when
 * the store has been read. */
void trail_ask(struct enclave_core *self, const struct core_trail_read *read);
SR_MUST_CHECK enum sr_error trail_answer(struct enclave_core *self,
    const struct enclave_event *ev);

/* --- trail_rows.c --- */
/* The height of the CLOSE block that ended this epoch; false: it has not ended. */
bool trail_close_height(const struct enclave_core *self, uint64_t epoch, uint64_t *height);
/* Archive rows of that block's descendants from this height on. Returns how many; each is the
 * caller's to free. */
size_t trail_rows(struct sr_bytes rows[EPOCH_TRAIL_HEADERS_MAX], const struct enclave_core *self,
    uint64_t epoch, uint64_t from_height);

/* --- dealt.c --- */
/* The members of an epoch that is running, or NULL. */
const struct vault_roster *dealt_roster(const struct enclave_core *self, uint64_t epoch);
void dealt_roster_fill(struct vault_roster *roster, const struct epoch_record *record);
/* vault_hooks.dealt_check. */
SR_MUST_CHECK enum sr_error dealt_check(const struct vault_dealt *dealt,
    const struct sr_hash32 *label);
/* My pair, opened and checked. NO_SHARE when I hold none; DEALING_BAD when what is in my box does
 * not fit. */
SR_MUST_CHECK enum sr_error dealt_pair(struct shamir_pair *pair, const struct enclave_core *self,
    const struct vault_dealt *dealt, const struct sr_hash32 *label);

/* --- hold.c --- */
extern const struct vault_hold_hooks hold_hooks;
/* Decoding, chain, epoch, membership, signature, and a DEAL's proof: from the bytes and the roster
 * alone. */
SR_MUST_CHECK enum sr_error hold_op_check(struct vault_op *op, uint32_t *member,
    const struct sr_hash32 *chain_id, const struct epoch_record *now, const uint8_t *bytes,
    size_t n);
SR_MUST_CHECK enum sr_error hold_op_write(struct sr_writer *w, const struct sr_hash32 *chain_id,
    uint64_t epoch, unsigned kind, const struct sr_edsk *vote_key, struct sr_bytes body);
void hold_run(struct enclave_core *self);
void hold_forget(struct enclave_core *self);

/* --- release.c --- */
void release_run(struct enclave_core *self);
void release_head(struct enclave_core *self, uint32_t from, uint64_t height);
uint64_t release_deadline(const struct enclave_core *self);

#endif
