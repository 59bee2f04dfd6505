/* tests/fuzz/fuzz_client_roster.c - a member's roster at the client: what reads has one
 * encoding. */
#include <stdlib.h>
#include <string.h>

#include "enclave/client_roster.h"
#include "tests/fuzz/fuzz.h"

void fuzz_client_roster(const uint8_t *p, size_t n)
{
	struct client_roster *roster = malloc(sizeof(*roster));
	struct sr_reader r;
	struct sr_writer w;

	FUZZ_CHECK(roster != NULL);
	sr_reader_init(&r, p, n);
	client_roster_read(roster, &r);
	if (sr_reader_finish(&r) == SR_OK) {
		sr_writer_init(&w, CLIENT_ROSTER_MAX);
		client_roster_write(&w, roster);
		FUZZ_CHECK(w.error == SR_OK && w.n == n && memcmp(w.p, p, n) == 0);
		sr_writer_clear(&w);
	}
	free(roster);
}

static void member_sample(struct client_roster *r)
{
	struct client_roster_member *m = &r->members[r->members_n++];

	m->seat = r->members_n;
	m->has_facts = r->members_n == 1;
	m->facts.kind = ATTEST_KIND_SOFTWARE;
	m->facts.status = ATTEST_UP_TO_DATE;
	m->facts.measurement_n = 32;
}

static void candidate_sample(struct client_roster *r)
{
	struct client_roster_candidate *c = &r->candidates[r->candidates_n++];

	c->who.seat = 4 + r->candidates_n;
	memcpy(c->who.name, "n", c->who.name_n = 1);
	memcpy(c->who.url, "https://a:1", 12);
	memcpy(c->who.link, "tcp://a:2", 10);
	c->state = CLIENT_CANDIDATE_REFUSED;
	c->code = SR_ERR_MEASUREMENT;
}

void seed_client_roster(void)
{
	struct client_roster *r = calloc(1, sizeof(*r));
	struct sr_writer w;

	FUZZ_CHECK(r != NULL);
	attest_policy_default(&r->policy);
	attest_policy_default(&r->announced);
	for (uint8_t i = 0; i < 3; i++) {
		r->changing = i == 1;
		r->change.kind = 2;
		r->has_announced = i == 2;
		if (i > 0)
			member_sample(r);
		if (i > 1)
			candidate_sample(r);
		sr_writer_init(&w, CLIENT_ROSTER_MAX);
		client_roster_write(&w, r);
		FUZZ_CHECK(w.error == SR_OK);
		fuzz_seed("roster", w.p, w.n);
		sr_writer_clear(&w);
	}
	free(r);
}
