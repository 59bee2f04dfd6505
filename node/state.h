/*
 * node/state.h - the rows of the last checkpoint: a base and what has changed since. A commit costs
 * what it changes, however large the state is.
 *
 *   state.tcb       the base: a table that is never changed in place
 *   state.delta.N   rows put since (node/delta.h); N is 0, 1, 2, 0, ... At most two are there: the
 *                   older is closed, and being folded
 *
 * A fold merges base and closed delta into a new table, puts that in the place of the base, and
 * only then removes the delta. A stop at any point does no harm: a delta that the base already
 * holds says the same again.
 */
#ifndef SR_NODE_STATE_H
#define SR_NODE_STATE_H

#include "node/delta.h"
#include "node/row.h"
#include "node/store.h"
#include "node/table.h"

enum fold_phase { FOLD_NONE, FOLD_MERGE, FOLD_SYNC, FOLD_REPLACE, FOLD_REMOVE, FOLD_FREE };

/* A fold under way. */
struct fold {
	enum fold_phase phase;
	struct table *to;
	struct table_cursor base;            /* the row that comes next, when has_base */
	const struct index_row *row;         /* of the closed delta; NULL: none any more */
	bool has_base, wanted, hurt, told;   /* hurt: no other in this process; told: it failed */
	uint64_t rows;                       /* put so far */
	int old[2];                          /* files without a name, to be freed; or -1 */
};

struct state {
	char dir[1024];
	struct table *base;
	struct delta *closed, *open;         /* closed: or NULL */
	unsigned number;                     /* of the open one */
	struct pile pile;                    /* rows of the open batch that are not in the file */
	bool lost;                           /* of the open batch something is gone */
	struct fold fold;
	uint64_t fold_from;                  /* bytes in the open delta; 0: as the base is large */
	size_t aside_from;                   /* bytes in the pile */
	uint64_t damaged, folds, folds_dropped; /* figures */
};

/* check: all rows of the base are, after an unclean stop; those of deltas always. DAMAGED: note
 * says how to recover. */
SR_MUST_CHECK enum sr_error state_open(
    struct state *self, const char *dir, bool check, char note[TABLE_NOTE_MAX]);
/* leave: a write failed, so nothing more is written. */
void state_close(struct state *self, bool leave);
/* node_store_state_put, node_store_commit, node_store_abandon */
SR_MUST_CHECK enum sr_error state_put(struct state *self, size_t room, const uint8_t *key,
    size_t key_n, const uint8_t *value, size_t n);
SR_MUST_CHECK enum sr_error state_commit(struct state *self);
SR_MUST_CHECK enum sr_error state_abandon(struct state *self);
/* node_store_state_next, node_store_state_get */
SR_MUST_CHECK enum sr_error state_next(
    struct state *self, struct node_store_cursor *at, uint8_t **value, size_t *n);
SR_MUST_CHECK enum sr_error state_get(struct state *self, const uint8_t *key, size_t key_n,
    uint8_t **value, size_t *n);
/* At most: a row of the base that a delta has anew counts twice. 0: there is none. */
uint64_t state_rows(const struct state *self);

/* node/fold.c: node_store_busy, node_store_work */
bool fold_busy(const struct state *self);
SR_MUST_CHECK enum sr_error fold_work(
    struct state *self, size_t bytes, char note[TABLE_NOTE_MAX]);
/* Drops it. */
void fold_clear(struct state *self);
/* A name of state.delta.N. */
void state_delta_name(char out[32], unsigned number);

#endif
