/*
 * enclave/overtaken.c - a member that slept through more than one change of epochs. No member
 * speaks of its epoch any more, and who does not know it takes no channel from it; so its host asks
 * any of them for the epoch trail, and what that shows is checked here from this member's own epoch
 * on: each step by a quorum of the roster before it.
 *
 *   in no roster of them ──► it is out: wiped, LEFT
 *   in all of them       ──► it acknowledged each, and its disk knows of none: too old
 */
#include "enclave/internal.h"

#include <stdlib.h>

/* So many changes this member follows by itself: their blocks are still spoken of. */
#define FOLLOWED 1u

/* Steps behind this epoch, up to the first roster without me. out: there is one. */
static enum sr_error walk_run(struct epoch_trail_walk *walk, bool *out,
    const struct enclave_core *self, uint64_t first, struct sr_reader *r, uint32_t count)
{
	uint64_t epoch = self->now->record.epoch;
	struct sr_hash32 close;
	struct sr_bytes step;
	struct sr_edpk id;

	*out = false;
	(void)core_id(self, &id);
	for (uint32_t k = 0; k < count && !*out; k++) {
		if (first + k < epoch) {
			SR_TRY(epoch_trail_step_read(&step, &close, r));
			continue;
		}
		SR_TRY(epoch_trail_step(walk, r));
		*out = epoch_record_id(walk->now, &id) == EPOCH_NOBODY;
	}
	return SR_OK;
}

static enum sr_error walk_result(struct enclave_core *self, uint64_t reached, bool out)
{
	if (out)
		return epoch_leave(self);
	if (reached <= self->now->record.epoch + FOLLOWED)
		return SR_OK;
	return core_fatal(self, SR_ERR_EPOCH_STEP, "the data directory is older than what this "
	    "member acknowledged: its shares since then are not there; restore the newest copy, or "
	    "have it leave and join again");
}

enum sr_error overtaken_trail(struct enclave_core *self, const struct enclave_event *ev)
{
	struct sr_hash32 none = { { 0 } };
	struct epoch_trail_walk walk;
	struct sr_reader r;
	enum sr_error error;
	uint64_t reached = 0;
	uint32_t count;
	bool out = false;

	if (self->now->self >= self->now->record.n || ev->number > self->now->record.epoch)
		return SR_OK;
	sr_reader_init(&r, ev->a.p, ev->a.n);
	count = sr_read_u32(&r);
	error = epoch_trail_resume(&walk, self->genesis, &self->now->record, &none);
	if (error == SR_OK) {
		error = walk_run(&walk, &out, self, ev->number, &r, count);
		reached = walk.now->epoch;
	}
	epoch_trail_end(&walk);
	if (sr_error_is_shortage(error))
		return error;
	/* What follows from my own epoch counts, whatever comes behind it. */
	if (error != SR_OK)
		fx_note(self, NOTE_WARN, "an epoch trail that does not follow from this epoch");
	return walk_result(self, reached, out);
}
