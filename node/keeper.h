/*
 * node/keeper.h - keeps what the enclave must find again: the directory, its identity, safety.log
 * and the store, and the order in which effects reach them. Of a list of effects, first the records
 * of a stretch into the log and one fdatasync, then what may leave. A CHECKPOINT or IDENTITY ends a
 * stretch.
 */
#ifndef SR_NODE_KEEPER_H
#define SR_NODE_KEEPER_H

#include "enclave/host_wire.h"
#include "node/dir.h"
#include "node/log.h"
#include "node/store.h"

struct keeper {
	struct node_dir dir;
	struct node_log log;
	struct node_store *store;
	struct node_store_cursor cursor;       /* what the enclave was told so far */
	uint64_t log_position, replayed;
	bool rows_told;
	const char *doing;                     /* a sentence, when something failed */
	uint64_t sync_us, sync_max_us;         /* figures: of safety.log */
	uint64_t store_us, store_max_us;       /* of rows, blocks and checkpoints */
};

/* Opens or creates all. A torn tail, a damaged archive and an unclean stop are logged. Otherwise
 * doing names what failed, and note may say why and what to do. */
SR_MUST_CHECK enum sr_error keeper_open(struct keeper *self, const char *path,
    const struct sr_hash32 *chain_id, uint32_t member, uint64_t archive_blocks,
    char note[NODE_LOG_NOTE_MAX]);
/* clean: all went well; what waits is written. Also after a failed keeper_open. */
void keeper_close(struct keeper *self, bool clean);

/* --- An enclave that starts --- */

/* The sealed identity, malloc'd. Forgets what an enclave before had put since its checkpoint, and
 * begins at the first row. */
SR_MUST_CHECK enum sr_error keeper_rewind(struct keeper *self, uint8_t **identity, size_t *n);
/* The next row or record that it must be told; bytes: for free(). NOT_FOUND: READY comes now. */
SR_MUST_CHECK enum sr_error keeper_next(
    struct keeper *self, struct enclave_event *ev, uint8_t **bytes);
/* Log and store hold nothing. */
bool keeper_fresh(const struct keeper *self);
/* The store holds nothing: a node that joins has not come to its first checkpoint. */
bool keeper_blank(const struct keeper *self);

/* --- Its effects --- */

/* Carries out an effect that the keeper does not; false: no more. */
typedef bool keeper_other(void *ctx, const struct enclave_effect *fx);

/* DISK_FULL: the enclave believes that something is written that is not, so it must forget that:
 * it begins again from the disk once there is room. Other errors end the process. After either
 * nothing more leaves; doing says what was tried. */
SR_MUST_CHECK enum sr_error keeper_run(struct keeper *self, const struct enclave_effect *fx,
    size_t n, keeper_other *other, void *ctx);
/* Does the disk want work between effects? keeper_work does some of it, which takes a millisecond
 * or so; IO ends the process. */
bool keeper_busy(const struct keeper *self);
SR_MUST_CHECK enum sr_error keeper_work(struct keeper *self);
/* The answer to an ARCHIVE_READ. */
SR_MUST_CHECK enum sr_error keeper_archive_read(
    struct keeper *self, const struct enclave_effect *fx, struct sr_writer *out);
/* The answer to a STATE_READ. */
SR_MUST_CHECK enum sr_error keeper_state_read(
    struct keeper *self, const struct enclave_effect *fx, struct sr_writer *out);

/* Is there less room than that? Once low, a quarter more is asked for. */
bool keeper_low(struct keeper *self, bool was_low, uint64_t free_bytes, uint64_t min_bytes);

#endif
