/*
 * tests/lib/cluster.h - a whole cluster of cores in one thread and virtual time. Nothing is real
 * but the cores: each node's disk, links and clients are tables here, everything follows from the
 * seed.
 *
 * A node is known here by its number, which it keeps for ever; in the cores it has a seat. Links
 * find each other by identity, as attested channels do.
 */
#ifndef SR_TESTS_LIB_CLUSTER_H
#define SR_TESTS_LIB_CLUSTER_H

#include "base/drbg.h"
#include "enclave/client_wire.h"
#include "enclave/core.h"
#include "enclave/epoch.h"
#include "vault/op.h"
#include "vault/record.h"
#include "vault/vault.h"

#define CLUSTER_NEVER UINT64_MAX

struct cluster;

struct cluster_row { uint8_t *key, *value; size_t key_n, value_n; };
struct cluster_rows { struct cluster_row *list; size_t n, capacity; };
struct cluster_record { uint8_t *p; size_t n; };
struct cluster_records { struct cluster_record *list; size_t n, capacity, synced; };
struct cluster_block { uint64_t height; struct sr_hash32 hash; uint8_t *row; size_t n; };

struct cluster_node {
	struct enclave_core *core;              /* NULL: down */
	struct enclave_effects effects;
	struct sr_key32 sealing;
	uint8_t *identity;
	size_t identity_n;
	/* the disk */
	struct cluster_rows store, pending;     /* pending: STATE_PUTs of the open checkpoint */
	struct cluster_records log;
	struct sr_edpk id;
	uint8_t *trail, *pin;                   /* of a node that joins */
	size_t trail_n, pin_n;
	struct cluster_block *archive;
	size_t archive_n, archive_capacity;
	/* what was seen */
	uint64_t wake_ms;
	int64_t clock_ms;                       /* added to the virtual time */
	struct enclave_status status;
	bool has_status, fatal, stopped;
	enum sr_error error;
	char fatal_text[256];
	uint64_t syncs, checkpoints, blocks, kept, dropped;
};

struct cluster_reply {
	bool done;
	enum sr_error code;
	uint8_t *p;
	size_t n;
};

/* Called for each effect before it is carried out, for each message before it is queued. */
struct cluster_hooks {
	void *ctx;
	void (*effect)(void *ctx, struct cluster *c, uint32_t node,
	    const struct enclave_effect *fx);
	/* false: the message is lost. *delay_ms may be changed. */
	bool (*message)(void *ctx, struct cluster *c, uint32_t from, uint32_t to,
	    const uint8_t *msg, size_t n, uint64_t *delay_ms);
};

struct cluster {
	uint32_t n;
	struct cluster_node nodes[SR_MEMBERS_MAX];
	struct genesis *genesis;
	uint8_t *genesis_bytes;
	size_t genesis_n;
	struct sr_hash32 measurement;
	const struct sr_hash32 *claimed;        /* what evidence says instead; NULL: the truth */
	struct sr_drbg drbg;
	uint64_t now_ms, seq, messages;
	struct cluster_message *queue;          /* a heap by time */
	size_t queue_n, queue_capacity;
	struct cluster_reply *replies;
	size_t replies_n, replies_capacity;
	struct cluster_hooks hooks;
	bool quiet;                             /* no NOTEs on stderr */
};

struct cluster_options {
	uint32_t n, threshold, slot_ms, slot_min_ms;
	uint64_t seed, silence_ms, window_ms;
};

/* Makes identities and the genesis; no node runs yet. Aborts when out of memory, as everything
 * here. */
struct cluster *cluster_new(const struct cluster_options *options);
void cluster_free(struct cluster *self);
/* The seed of member i's identity: identity keys follow from it (enclave_identity_new). */
struct sr_key32 cluster_identity_seed(const struct cluster *self, uint32_t i);

/* --- changing rosters --- */
/* A node that is in no roster yet; not started. Returns its number. */
uint32_t cluster_node_add(struct cluster *self);
/* Whose operator it is. */
struct sr_edsk cluster_operator(const struct cluster *self, uint32_t node);
/* The body of a JOIN for this node in the epoch of node via. */
void cluster_join_body(struct sr_writer *w, struct cluster *self, uint32_t node, uint32_t via);
/* An operation of enclave/epoch.h by this key, submitted at a node; the answer's code. */
enum sr_error cluster_open_op(struct cluster *self, uint32_t via, const struct sr_edsk *key,
    unsigned kind, const uint8_t *body, size_t n);
/* JOIN by the node's operator, the trail fetched from via, and the node started. */
enum sr_error cluster_node_join(struct cluster *self, uint32_t node, uint32_t via);
enum sr_error cluster_leave(struct cluster *self, uint32_t node, uint32_t via);
enum sr_error cluster_refresh(struct cluster *self, uint32_t via);
void cluster_trail_fetch(struct cluster *self, uint32_t node, uint32_t via);
/* What the host of a node that hears nobody asks via for: the steps from this one on. */
void cluster_trail_show(struct cluster *self, uint32_t node, uint64_t from, uint32_t via);
/* Its place in the epoch of node via; EPOCH_NOBODY. */
uint32_t cluster_index(const struct cluster *self, uint32_t node, uint32_t via);
/* All running nodes are members of this epoch, or of one after it. */
bool cluster_run_members(struct cluster *self, uint64_t epoch, uint64_t ms);

/* Boots a node from its disk, until READY. */
void cluster_start(struct cluster *self, uint32_t node);
void cluster_start_all(struct cluster *self);
/* Kills a node; what was not synced is lost when lose is set. */
void cluster_kill(struct cluster *self, uint32_t node, bool lose);
/* A copy of the disk of a node that is down, and that copy put back in its place, which ends it. */
struct cluster_disk;
struct cluster_disk *cluster_disk_copy(const struct cluster *self, uint32_t node);
void cluster_disk_back(struct cluster *self, uint32_t node, struct cluster_disk *disk);
/* Forgets everything on the disk but the identity. */
void cluster_wipe(struct cluster *self, uint32_t node);
/* Carries them out, and clears the list. */
void cluster_effects(struct cluster *self, uint32_t i, struct enclave_effects *list);
/* One event at one node, effects carried out. */
void cluster_event(struct cluster *self, uint32_t node, const struct enclave_event *ev);
void cluster_send(struct cluster *self, uint32_t from, uint32_t to, const uint8_t *msg, size_t n,
    uint64_t delay_ms);

/* Delivers what is due next, moving the time on. false: nothing is due until limit_ms. */
bool cluster_step(struct cluster *self, uint64_t limit_ms);
void cluster_run(struct cluster *self, uint64_t ms);
/* Until done says so; false when it did not within ms. */
bool cluster_run_until(struct cluster *self, bool (*done)(struct cluster *c, void *ctx), void *ctx,
    uint64_t ms);
/* all running nodes */
bool cluster_run_epoch(struct cluster *self, uint64_t epoch, uint64_t ms);
bool cluster_run_height(struct cluster *self, uint64_t height, uint64_t ms);
uint64_t cluster_height(const struct cluster *self, uint32_t node);

/* --- clients --- */
struct cluster_key { struct sr_edsk sk; struct vault_account account; uint64_t nonce; };
void cluster_key_make(struct cluster_key *key, struct cluster *self);
/* A raw request; the token is an index into replies. */
size_t cluster_request(struct cluster *self, uint32_t node, enum client_method method,
    const uint8_t *p, size_t n);
/* A sealed request, waited for. SR_OK: code is the answer's; payload is the caller's to free. */
enum sr_error cluster_ask(struct cluster *self, uint32_t node, enum client_method method,
    const uint8_t *p, size_t n, enum sr_error *code, uint8_t **answer, size_t *answer_n,
    uint64_t limit_ms);
/* Signs (with the key's next nonce) and submits an operation; the receipt's code. */
enum sr_error cluster_submit(struct cluster *self, uint32_t node, struct cluster_key *key,
    enum vault_op_kind kind, const union vault_op_body *body, struct vault_receipt *receipt);
/* Only the signed operation. */
void cluster_op_write(struct sr_writer *w, struct cluster *self, const struct cluster_key *key,
    enum vault_op_kind kind, const union vault_op_body *body);
/* A signed read. */
enum sr_error cluster_get(struct cluster *self, uint32_t node, const struct cluster_key *key,
    enum vault_get_kind kind, bool proof, const uint8_t *params, size_t n, uint8_t **answer,
    size_t *answer_n);

#endif
