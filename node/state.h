/* node/state.h - the rows of the last checkpoint. */
#ifndef SR_NODE_STATE_H
#define SR_NODE_STATE_H

#include "node/row.h"
#include "node/store.h"
#include "node/table.h"

struct state {
	char dir[1024];
	struct table *table;
	struct pile pile;
	uint64_t damaged; /* figure */
};

/* check: all rows are, after an unclean stop. DAMAGED: note says how to recover. */
SR_MUST_CHECK enum sr_error state_open(
    struct state *self, const char *dir, bool check, char note[TABLE_NOTE_MAX]);
/* leave, true: as of a table. */
bool state_close(struct state *self, bool leave);
/* DISK_FULL: nothing was written, all is kept. IO: the process must end. */
SR_MUST_CHECK enum sr_error state_commit(struct state *self);
/* node_store_state_next, node_store_state_get */
SR_MUST_CHECK enum sr_error state_next(
    struct state *self, struct node_store_cursor *at, uint8_t **value, size_t *n);
SR_MUST_CHECK enum sr_error state_get(struct state *self, const uint8_t *key, size_t key_n,
    uint8_t **value, size_t *n);

#endif
