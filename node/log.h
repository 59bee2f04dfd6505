/*
 * node/log.h - files of records that only grow: safety.log, what the enclave must find again after
 * a crash before anything that depends on it is sent (DESIGN 8), and the rows of state and archive
 * (node/delta.h).
 *
 * file   = magic 8 | version u32 | member u32 | chain id 32 | crc32c u32 of those
 * record = length u32 | crc32c u32 of the bytes | batch u64 | crc32c u32 of position, length, crc,
 * batch | bytes batch counts syncs; its lowest bit marks the last record before a sync. So after a
 * power cut a record that was never synced (a torn tail: normal) can be told from one that was
 * (damage: refused), even when the disk wrote the parts of the last batch in any order. A record of
 * no bytes only marks the end of a batch, or, in a log of whole batches, that the one before was
 * synced.
 */
#ifndef SR_NODE_LOG_H
#define SR_NODE_LOG_H

#include "base/buf.h"

#define NODE_LOG_NAME "safety.log"
#define NODE_LOG_RECORD_MAX (8u * 1024u * 1024u + 4096u)
#define NODE_LOG_FILE_MAX (8ull * 1024 * 1024 * 1024)
#define NODE_LOG_HEADER_BYTES 52u
#define NODE_LOG_RECORD_HEADER_BYTES 20u
#define NODE_LOG_NOTE_MAX 512u

struct node_log_kind {
	const char *magic;                   /* 8 characters */
	const char *loss;                    /* what its damage leaves unknown, for a message */
	/* A batch that a crash cut short counts for nothing, and one that was synced is never
	 * taken for that. */
	bool whole;
	/* What was synced and is damaged is left out and counted, and the rest counts. */
	bool lossy;
};

struct node_log {
	char dir[1024], name[32];
	const struct node_log_kind *kind;
	int fd;
	struct sr_hash32 chain_id;
	uint32_t member;
	uint64_t size, reserved;             /* bytes in the file; bytes the disk has promised */
	uint64_t synced_size;                /* of these, what ends with a batch */
	uint64_t batch;                      /* of the next record, without its mark */
	struct sr_writer pending;
	size_t pending_last;                 /* where the last record's header starts */
	uint64_t records, appended, synced, rotated, lost; /* figures; lost: stretches */
	bool created, nearly_full;
};

/* safety.log. Opens or creates. A torn tail is cut off, and note says so (else it is empty).
 * DAMAGED and FOREIGN_DATA: note says what was found and how to recover; nothing was changed. */
SR_MUST_CHECK enum sr_error node_log_open(struct node_log *self, const char *dir,
    const struct sr_hash32 *chain_id, uint32_t member, char note[NODE_LOG_NOTE_MAX]);
/* The same for a file of another kind. */
SR_MUST_CHECK enum sr_error node_log_open_as(struct node_log *self, const char *dir,
    const char *name, const struct node_log_kind *kind, const struct sr_hash32 *chain_id,
    uint32_t member, char note[NODE_LOG_NOTE_MAX]);
void node_log_close(struct node_log *self);

/* Reads records in order; position starts at 0. NOT_FOUND at the end. Free bytes with free(). */
SR_MUST_CHECK enum sr_error node_log_next(
    struct node_log *self, uint64_t *position, uint8_t **bytes, size_t *n);

/* n bytes of a record, which begin at this position. */
SR_MUST_CHECK enum sr_error node_log_read(
    const struct node_log *self, uint8_t *out, size_t n, uint64_t position);

/* Adds to the batch in memory. */
SR_MUST_CHECK enum sr_error node_log_append(struct node_log *self, const uint8_t *bytes, size_t n);
/* Writes the batch; with sync it is on the disk on return. DISK_FULL: nothing of it was written and
 * it is forgotten, in a log of whole batches also what was written of it before. IO: the file's
 * state is unknown; the process must end. */
SR_MUST_CHECK enum sr_error node_log_write(struct node_log *self, bool sync);
/* Forgets the batch; in a log of whole batches what was written of it is taken off the file. IO. */
SR_MUST_CHECK enum sr_error node_log_discard(struct node_log *self);
/* false once the disk could not promise room for some more records; looks again each time. */
bool node_log_has_room(struct node_log *self);

/* Nothing more will be written to it: gives back what the disk has promised. IO. */
SR_MUST_CHECK enum sr_error node_log_finish(struct node_log *self);

/* Replaces the log by one that begins with these records: u32 count, blobs. DISK_FULL: the old one
 * stays. */
SR_MUST_CHECK enum sr_error node_log_rotate(
    struct node_log *self, const uint8_t *records, size_t n);

#endif
