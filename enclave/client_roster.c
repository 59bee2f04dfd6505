#include "enclave/client_roster.h"

#include <string.h>

/* --- facts --- */

static void facts_write(struct sr_writer *w, bool have, const struct attest_facts *f)
{
	sr_write_bool(w, have);
	if (have)
		attest_facts_write(w, f);
}

static bool facts_read(struct attest_facts *f, struct sr_reader *r)
{
	if (!sr_read_bool(r))
		return false;
	attest_facts_read(f, r);
	return true;
}

static enum sr_error code_read(struct sr_reader *r)
{
	return (enum sr_error)sr_read_u16(r);
}

/* --- members --- */

static void member_write(struct sr_writer *w, const struct client_roster_member *m)
{
	sr_write_u32(w, m->seat);
	sr_write_u32(w, m->flags);
	sr_write_u16(w, (uint16_t)m->code);
	sr_write_u64(w, m->since_epoch);
	sr_write_u64(w, m->verified_ms);
	facts_write(w, m->has_facts, &m->facts);
}

static void member_read(struct client_roster_member *m, struct sr_reader *r)
{
	m->seat = sr_read_u32(r);
	m->flags = sr_read_u32(r);
	m->code = code_read(r);
	m->since_epoch = sr_read_u64(r);
	m->verified_ms = sr_read_u64(r);
	m->has_facts = facts_read(&m->facts, r);
	if (m->seat >= SR_MEMBERS_MAX)
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
}

/* --- candidates --- */

static void candidate_write(struct sr_writer *w, const struct client_roster_candidate *c)
{
	epoch_member_write(w, &c->who);
	sr_write_u8(w, (uint8_t)c->state);
	sr_write_u16(w, (uint16_t)c->code);
	sr_write_u64(w, c->asked_ms);
	sr_write_u64(w, c->decided_ms);
	sr_write_hash(w, &c->subject);
	facts_write(w, c->has_facts, &c->facts);
}

static void candidate_read(struct client_roster_candidate *c, struct sr_reader *r)
{
	uint8_t state;

	epoch_member_read(&c->who, r);
	state = sr_read_u8(r);
	c->code = code_read(r);
	c->asked_ms = sr_read_u64(r);
	c->decided_ms = sr_read_u64(r);
	c->subject = sr_read_hash(r);
	c->has_facts = facts_read(&c->facts, r);
	if (state < CLIENT_CANDIDATE_WAITING || state > CLIENT_CANDIDATE_REFUSED)
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
	c->state = (enum client_candidate_state)state;
}

/* --- the change --- */

static void change_write(struct sr_writer *w, const struct client_roster_change *c)
{
	sr_write_u64(w, c->target);
	sr_write_u8(w, c->kind);
	sr_write_u32(w, c->attempt);
	sr_write_u32(w, c->n);
	sr_write_u64(w, c->started_ms);
	sr_write_bool(w, c->fixed);
	sr_write_u32(w, c->dealt);
	sr_write_u32(w, c->excluded);
	sr_write_u32(w, c->acked);
}

static void change_read(struct client_roster_change *c, struct sr_reader *r)
{
	c->target = sr_read_u64(r);
	c->kind = sr_read_u8(r);
	c->attempt = sr_read_u32(r);
	c->n = sr_read_u32(r);
	c->started_ms = sr_read_u64(r);
	c->fixed = sr_read_bool(r);
	c->dealt = sr_read_u32(r);
	c->excluded = sr_read_u32(r);
	c->acked = sr_read_u32(r);
	if (c->kind < 1 || c->kind > 2 || c->n > SR_MEMBERS_MAX)
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
}

/* --- all of it --- */

void client_roster_write(struct sr_writer *w, const struct client_roster *r)
{
	if (r->members_n > SR_MEMBERS_MAX || r->candidates_n > CLIENT_ROSTER_CANDIDATES_MAX) {
		sr_writer_fail(w, SR_ERR_OUT_OF_RANGE);
		return;
	}
	sr_write_u8(w, CLIENT_ROSTER_VERSION);
	sr_write_u64(w, r->epoch);
	sr_write_u64(w, r->height);
	sr_write_u64(w, r->time_ms);
	sr_write_u64(w, r->began_ms);
	sr_write_bool(w, r->refresh_asked);
	sr_write_u32(w, r->attempts);
	sr_write_u64(w, r->pause_until_ms);
	sr_write_bool(w, r->changing);
	if (r->changing)
		change_write(w, &r->change);
	sr_write_u32(w, r->members_n);
	for (uint32_t i = 0; i < r->members_n; i++)
		member_write(w, &r->members[i]);
	sr_write_u32(w, r->candidates_n);
	for (uint32_t i = 0; i < r->candidates_n; i++)
		candidate_write(w, &r->candidates[i]);
	attest_policy_write(w, &r->policy);
	sr_write_bool(w, r->has_announced);
	if (!r->has_announced)
		return;
	sr_write_u64(w, r->announced_from_ms);
	attest_policy_write(w, &r->announced);
}

static uint32_t count_read(struct sr_reader *r, uint32_t most)
{
	uint32_t n = sr_read_u32(r);

	if (n <= most && r->error == SR_OK)
		return n;
	sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
	return 0;
}

static void members_read(struct client_roster *roster, struct sr_reader *r)
{
	roster->members_n = count_read(r, SR_MEMBERS_MAX);
	for (uint32_t i = 0; i < roster->members_n && r->error == SR_OK; i++) {
		member_read(&roster->members[i], r);
		if (i > 0 && roster->members[i].seat <= roster->members[i - 1].seat)
			sr_reader_fail(r, SR_ERR_BAD_ENCODING);
	}
}

static void candidates_read(struct client_roster *roster, struct sr_reader *r)
{
	const struct client_roster_candidate *c = roster->candidates;

	roster->candidates_n = count_read(r, CLIENT_ROSTER_CANDIDATES_MAX);
	for (uint32_t i = 0; i < roster->candidates_n && r->error == SR_OK; i++) {
		candidate_read(&roster->candidates[i], r);
		if (i > 0 && c[i].who.seat <= c[i - 1].who.seat)
			sr_reader_fail(r, SR_ERR_BAD_ENCODING);
	}
}

void client_roster_read(struct client_roster *roster, struct sr_reader *r)
{
	memset(roster, 0, sizeof(*roster));
	if (sr_read_u8(r) != CLIENT_ROSTER_VERSION)
		sr_reader_fail(r, SR_ERR_BAD_VERSION);
	roster->epoch = sr_read_u64(r);
	roster->height = sr_read_u64(r);
	roster->time_ms = sr_read_u64(r);
	roster->began_ms = sr_read_u64(r);
	roster->refresh_asked = sr_read_bool(r);
	roster->attempts = sr_read_u32(r);
	roster->pause_until_ms = sr_read_u64(r);
	roster->changing = sr_read_bool(r);
	if (roster->changing)
		change_read(&roster->change, r);
	members_read(roster, r);
	candidates_read(roster, r);
	attest_policy_read(&roster->policy, r);
	roster->has_announced = sr_read_bool(r);
	if (roster->has_announced) {
		roster->announced_from_ms = sr_read_u64(r);
		attest_policy_read(&roster->announced, r);
	}
	if (r->error != SR_OK)
		roster->members_n = roster->candidates_n = 0;
}
