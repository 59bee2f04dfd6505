/* What a member answers to CLIENT_ROSTER, out of its final state. */
#include "enclave/client_roster.h"
#include "enclave/internal.h"
#include "enclave/roster.h"

#include <stdlib.h>

_Static_assert((int)CLIENT_OP_JOIN == (int)EPOCH_OP_JOIN &&
	(int)CLIENT_OP_LEAVE == (int)EPOCH_OP_LEAVE &&
	(int)CLIENT_OP_REFRESH == (int)EPOCH_OP_REFRESH &&
	(int)CLIENT_OP_POLICY == (int)EPOCH_OP_POLICY &&
	(int)CLIENT_OP_REATTEST == (int)EPOCH_OP_REATTEST &&
	(int)CLIENT_OP_FAULT == (int)EPOCH_OP_FAULT, "the same kinds on both sides");
_Static_assert((int)CLIENT_MEMBER_DUE == (int)ROSTER_DUE &&
	(int)CLIENT_MEMBER_LEAVES == (int)ROSTER_LEAVES &&
	(int)CLIENT_MEMBER_FAULTY == (int)ROSTER_FAULTY &&
	(int)CLIENT_MEMBER_LAPSED == (int)ROSTER_LAPSED &&
	(int)CLIENT_MEMBER_SILENT == (int)ROSTER_SILENT &&
	(int)CLIENT_CANDIDATE_WAITING == (int)ROSTER_WAITING &&
	(int)CLIENT_CANDIDATE_ADMITTED == (int)ROSTER_ADMITTED &&
	(int)CLIENT_CANDIDATE_REFUSED == (int)ROSTER_REFUSED &&
	ROSTER_CANDIDATES_MAX <= CLIENT_ROSTER_CANDIDATES_MAX,
    "the same flags and states on both sides");

static void change_take(struct client_roster *out, const struct vault_tree *t)
{
	struct epoch_change c;

	out->changing = epoch_change_get(&c, t);
	if (!out->changing)
		return;
	out->change = (struct client_roster_change){ .target = c.target, .kind = (uint8_t)c.kind,
		.attempt = c.attempt, .n = c.n, .started_ms = c.started_ms, .fixed = c.fixed,
		.dealt = epoch_set_count(&c.dealt), .excluded = epoch_set_count(&c.excluded),
		.acked = epoch_set_count(&c.acked) };
}

static enum sr_error members_take(struct client_roster *out, const struct vault_tree *t)
{
	struct roster_member *row = malloc(sizeof(*row));
	enum sr_error error = row != NULL ? SR_OK : SR_ERR_NO_MEMORY;

	for (uint32_t seat = 0; seat < SR_MEMBERS_MAX && error == SR_OK; seat++) {
		struct client_roster_member *m = &out->members[out->members_n];

		error = roster_member_get(row, t, seat);
		if (error == SR_ERR_NOT_FOUND) {
			error = SR_OK;
			continue;
		}
		*m = (struct client_roster_member){ .seat = seat, .flags = row->flags,
			.code = row->code, .since_epoch = row->since_epoch,
			.verified_ms = row->verified_ms, .has_facts = row->has_facts };
		if (row->has_facts)
			m->facts = row->facts;
		out->members_n++;
	}
	free(row);
	return error;
}

static bool candidate_take(void *ctx, const struct roster_candidate *row)
{
	struct client_roster *out = ctx;
	struct client_roster_candidate *c = &out->candidates[out->candidates_n++];

	epoch_member_of_entry(&c->who, &row->entry, row->seat);
	c->state = (enum client_candidate_state)row->state;
	c->code = row->code;
	c->asked_ms = row->asked_ms;
	c->decided_ms = row->decided_ms;
	c->subject = row->subject;
	c->has_facts = row->has_facts;
	if (row->has_facts)
		c->facts = row->facts;
	return out->candidates_n < CLIENT_ROSTER_CANDIDATES_MAX;
}

static enum sr_error roster_take(struct client_roster *out, const struct enclave_core *self)
{
	const struct vault_tree *t = self->final->tree;
	struct roster_clock clock;
	enum sr_error error;

	out->epoch = self->final->header.epoch;
	out->height = self->final->header.height;
	out->time_ms = self->final->header.time_ms;
	roster_clock_get(&clock, t);
	out->began_ms = clock.began_ms;
	out->refresh_asked = clock.refresh_asked;
	out->attempts = clock.attempts;
	out->pause_until_ms = clock.pause_until_ms;
	change_take(out, t);
	SR_TRY(members_take(out, t));
	SR_TRY(roster_candidates_walk(t, candidate_take, out));
	SR_TRY(roster_policy_get(&out->policy, t));
	error = roster_policy_announced(&out->announced, &out->announced_from_ms, t);
	out->has_announced = error == SR_OK;
	return error == SR_ERR_NOT_FOUND ? SR_OK : error;
}

enum sr_error roster_answer(struct sr_writer *w, const struct enclave_core *self)
{
	struct client_roster *r = calloc(1, sizeof(*r));
	enum sr_error error = r != NULL ? roster_take(r, self) : SR_ERR_NO_MEMORY;

	if (error == SR_OK) {
		client_roster_write(w, r);
		error = sr_writer_finish(w);
	}
	free(r);
	return error;
}
