/*
 * enclave/snapshot.h - the state for a node that joins, over the attested channel (DESIGN 5):
 *
 *   joiner                                              a member
 *     ASK  how much of the trail I have ──────────────►
 *          ◄────────── HEAD  the rest of the trail; a final header, its certificate, its parent
 *     GET  rows behind this key ──────────────────────►
 *          ◄──────────────────────────────── ROWS  so many as fit, or the last
 *
 * The header's pre_state_root is the root of the state that the rows make, and its parent is the
 * block to go on from: both follow from the certificate, and that from the trail. What does not
 * have that root is another member's to give. A member keeps the state that it serves by
 * reference, so that serving costs it no copy.
 *
 * ASK   steps u32
 * HEAD  code u16, and when that is OK: first step u32 | steps blob | more bool | snapshot bool, and
 *       with that: blobs header, certificate, parent's header (empty: the epoch's genesis)
 * GET   root 32 | after bool, key 32
 * ROWS  root 32 | after bool, key 32 | code u16 | last bool | u32 n | n times key 32, blob value |
 *       proof blob of the last of them (vault/proof.h); empty: there are none
 *
 * With the proof, the joiner sees that the rows so far are all that the state has up to there. So
 * nobody can send it more than the state, but for one message. Nor in crumbs: ROWS are as many as
 * fit, so that the answers that a member may put off are counted by the state's size.
 */
#ifndef SR_ENCLAVE_SNAPSHOT_H
#define SR_ENCLAVE_SNAPSHOT_H

#include "enclave/internal.h"

#define SNAPSHOT_CHUNK_BYTES (512u * 1024u)
/* Rows of one that is not the last: another row, of at most so much, did not fit. */
#define SNAPSHOT_CHUNK_LEAST (SNAPSHOT_CHUNK_BYTES - VAULT_VALUE_MAX - 36u)
#define SNAPSHOT_FRESH_MS 60000u         /* so long one is given to everybody who asks */
#define SNAPSHOT_KEEP_MS 600000u
#define SNAPSHOT_ASK_MS 1000u            /* a peer that asks more often is not answered */
/* To all peers together, so that votes don't wait behind rows; what is over it waits its turn. */
#define SNAPSHOT_BYTES_A_SECOND (32u * 1024u * 1024u)

/* --- the member: snapshot.c --- */
void snapshot_asked(struct enclave_core *self, uint32_t seat, struct sr_reader *r);
/* The steps that one asked for: sent with a state when they are the last. */
void snapshot_head(struct enclave_core *self, uint32_t seat, uint32_t first, uint32_t count,
    struct sr_bytes steps);
void snapshot_get(struct enclave_core *self, uint32_t seat, struct sr_reader *r);
/* Sends what waited, and lets go of what nobody needs any more. */
void snapshot_tick(struct enclave_core *self);
void snapshot_clear(struct enclave_core *self);

/* --- the joiner: join.c --- */
/* At the genesis. pin: an epoch that the operator knows, if any: u64, 32 bytes. */
SR_MUST_CHECK enum sr_error join_begin(struct enclave_core *self, struct sr_bytes pin);
/* count steps behind those that I have; each verified one is taken, the first bad one ends it. */
SR_MUST_CHECK enum sr_error join_steps(struct enclave_core *self, uint64_t first, uint64_t count,
    struct sr_bytes steps);
/* Then, once. CHECKPOINT_OTHER: the pinned epoch is not in it. EPOCH_STEP: it has no step. */
SR_MUST_CHECK enum sr_error join_ready(struct enclave_core *self);
SR_MUST_CHECK enum sr_error join_tick(struct enclave_core *self);
SR_MUST_CHECK enum sr_error join_receive(struct enclave_core *self, uint32_t seat,
    const uint8_t *msg, size_t n);
void join_free(struct enclave_core *self);
/* Whom the joiner talks to; NULL: it is none, or has its state. */
const struct epoch_record *join_roster(const struct enclave_core *self);
/* As an observer with a state: am I still a candidate, and where is my seat? */
SR_MUST_CHECK enum sr_error join_watch(struct enclave_core *self);

#endif
