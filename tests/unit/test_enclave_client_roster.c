/* What members say of their roster: one encoding, and no other is taken. */
#include "enclave/client_roster.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/check_main.h"

static struct attest_facts facts_of(uint8_t salt)
{
	struct attest_facts f = { .kind = ATTEST_KIND_SOFTWARE, .status = ATTEST_UP_TO_DATE,
		.measurement_n = 32 };

	memset(f.measurement, salt, 32);
	return f;
}

static struct client_roster *roster_new(void)
{
	struct client_roster *r = calloc(1, sizeof *r);

	ck_assert_ptr_nonnull(r);
	r->epoch = 7;
	r->height = 900;
	r->time_ms = 1800000000000;
	r->began_ms = 1700000000000;
	r->attempts = 1;
	r->changing = true;
	r->change = (struct client_roster_change){ .target = 8, .kind = 2, .n = 5, .fixed = true,
		.dealt = 4, .acked = 2 };
	r->members_n = 2;
	r->members[0] = (struct client_roster_member){ .seat = 1, .flags = CLIENT_MEMBER_DUE,
		.has_facts = true, .facts = facts_of(1) };
	r->members[1] = (struct client_roster_member){ .seat = 3, .code = SR_ERR_TCB_STATUS };
	r->candidates_n = 2;
	for (uint32_t i = 0; i < 2; i++) {
		struct client_roster_candidate *c = &r->candidates[i];

		c->who.seat = 4 + i;
		memcpy(c->who.name, "five", c->who.name_n = 4);
		memcpy(c->who.url, "https://127.0.0.1:7708", 23);
		memcpy(c->who.link, "tcp://127.0.0.1:7709", 21);
		c->state = i == 0 ? CLIENT_CANDIDATE_ADMITTED : CLIENT_CANDIDATE_REFUSED;
		c->code = i == 0 ? SR_OK : SR_ERR_MEASUREMENT;
		c->has_facts = i == 0;
		c->facts = i == 0 ? facts_of(9) : (struct attest_facts){ 0 };
	}
	attest_policy_default(&r->policy);
	r->has_announced = true;
	r->announced_from_ms = 1900000000000;
	attest_policy_default(&r->announced);
	r->announced.number = r->policy.number + 1;
	return r;
}

static enum sr_error read_back(struct client_roster *out, const uint8_t *p, size_t n)
{
	struct sr_reader reader;

	sr_reader_init(&reader, p, n);
	client_roster_read(out, &reader);
	return sr_reader_finish(&reader);
}

START_TEST(a_roster_reads_back_as_it_was_written_and_a_shorter_one_does_not)
{
	struct client_roster *r = roster_new(), *back = malloc(sizeof *back);
	struct sr_writer w, again;

	sr_writer_init(&w, CLIENT_ROSTER_MAX);
	sr_writer_init(&again, CLIENT_ROSTER_MAX);
	client_roster_write(&w, r);
	ck_ok(sr_writer_finish(&w));
	ck_ok(read_back(back, w.p, w.n));
	ck_assert_uint_eq(back->candidates[1].code, SR_ERR_MEASUREMENT);
	ck_assert_uint_eq(back->members[1].seat, 3);
	ck_assert(back->has_announced);
	ck_assert_uint_eq(back->announced_from_ms, 1900000000000);
	ck_assert_uint_eq(back->announced.number, back->policy.number + 1);
	client_roster_write(&again, back);
	ck_ok(sr_writer_finish(&again));
	ck_assert_uint_eq(again.n, w.n);
	ck_assert_mem_eq(again.p, w.p, w.n);
	for (size_t n = 0; n < w.n; n++)
		ck_assert_int_ne((int)read_back(back, w.p, n), (int)SR_OK);
	sr_writer_clear(&w);
	sr_writer_clear(&again);
	free(back);
	free(r);
}
END_TEST

static enum sr_error spoiled(void (*spoil)(struct client_roster *r))
{
	struct client_roster *r = roster_new(), *back = malloc(sizeof *back);
	struct sr_writer w;
	enum sr_error error;

	spoil(r);
	sr_writer_init(&w, CLIENT_ROSTER_MAX);
	client_roster_write(&w, r);
	ck_ok(w.error);
	error = read_back(back, w.p, w.n);
	sr_writer_clear(&w);
	free(back);
	free(r);
	return error;
}

static void same_seat(struct client_roster *r) { r->members[1].seat = 1; }
static void seats_fall(struct client_roster *r) { r->candidates[1].who.seat = 2; }
static void no_seat(struct client_roster *r) { r->members[1].seat = SR_MEMBERS_MAX; }
static void no_state(struct client_roster *r) { r->candidates[0].state = 4; }
static void no_kind(struct client_roster *r) { r->change.kind = 3; }

START_TEST(orders_seats_and_states_are_checked)
{
	ck_error(spoiled(same_seat), SR_ERR_BAD_ENCODING);
	ck_error(spoiled(seats_fall), SR_ERR_BAD_ENCODING);
	ck_error(spoiled(no_seat), SR_ERR_OUT_OF_RANGE);
	ck_error(spoiled(no_state), SR_ERR_OUT_OF_RANGE);
	ck_error(spoiled(no_kind), SR_ERR_OUT_OF_RANGE);
}
END_TEST

TEST_MAIN("enclave client_roster",
    a_roster_reads_back_as_it_was_written_and_a_shorter_one_does_not,
    orders_seats_and_states_are_checked)
