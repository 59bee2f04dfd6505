/*
 * How high the floor of a rolled-back node must be. A member may vote in a slot without holding a
 * certificate for every slot below (it asks for the parent's, not for the grandparent's), so its
 * frontier says too little about how far the others may have voted. Found by tests/model.
 */
#include <string.h>

#include "consensus/internal.h"
#include "tests/lib/check_main.h"
#include "tests/lib/consensus_puppet.h"

#define OTHERS 0xeu

/* The kinds and slots of the certificates in the last STATUS that was sent. */
static bool answered_with(const struct puppet *p, enum consensus_vote_kind kind, uint64_t slot)
{
	const struct puppet_sent *sent = puppet_sent_last(p, CONS_STATUS);
	struct consensus_cert c;
	struct sr_reader r;
	bool found = false;

	ck_assert_ptr_nonnull(sent);
	sr_reader_init(&r, sent->msg.p + 10, sent->msg.n - 10);
	(void)sr_read_hash(&r);
	(void)sr_read_bool(&r);
	(void)sr_read_u64(&r);
	(void)sr_read_u64(&r);
	for (uint32_t n = sr_read_u16(&r); n > 0; n--) {
		consensus_cert_read(&c, &r);
		found = found || (c.kind == kind && c.slot == slot);
	}
	ck_assert_int_eq(r.error, SR_OK);
	return found;
}

START_TEST(an_answer_carries_certificates_above_a_gap)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), one = puppet_block(p, &g, 1, "one");
	struct puppet_block two = puppet_block(p, &one, 2, "two");
	struct puppet_block three = puppet_block(p, &two, 3, "three");
	struct consensus_cert notar = puppet_cert(p, CONSENSUS_NOTAR, 2, &two.hash, OTHERS);
	struct sr_writer w;

	puppet_pass(p, 300);
	ck_ok(puppet_say_propose(p, 1, &one, NULL, NULL, 0));
	ck_ok(puppet_say_propose(p, 2, &two, NULL, NULL, 0));
	ck_ok(puppet_say_propose(p, 3, &three, &notar, NULL, 0));
	ck_assert(puppet_voted(p, CONSENSUS_NOTAR, 3, &three.hash));
	ck_assert_uint_eq(puppet_status(p).frontier_slot, 1);
	puppet_begin(&w, CONS_STATUS_REQ);
	sr_write_hash(&w, &one.hash);
	ck_ok(puppet_say(p, 1, &w));
	sr_writer_clear(&w);
	ck_assert(answered_with(p, CONSENSUS_NOTAR, 2));
	ck_assert(!answered_with(p, CONSENSUS_NOTAR, 1));
	puppet_free(p);
}
END_TEST

START_TEST(the_floor_is_counted_from_the_highest_certificate_not_from_the_first_gap)
{
	struct puppet *p = puppet_new_stopped(4, 0);
	struct puppet_block g = puppet_genesis(p), one = puppet_block(p, &g, 1, "one");
	struct puppet_block two = puppet_block(p, &one, 2, "two");
	struct puppet_block three = puppet_block(p, &two, 3, "three");
	struct consensus_cert notar = puppet_cert(p, CONSENSUS_NOTAR, 2, &two.hash, OTHERS);
	struct consensus_vote mine = puppet_vote(p, 0, CONSENSUS_NOTAR, 3, &three.hash);
	struct sr_writer w;
	struct sr_hash32 id;

	p->c->nodes[0].ever_started = true;
	fleet_start_node(p->c, 0);
	memcpy(id.b, puppet_sent_last(p, CONS_STATUS_REQ)->msg.p + 10, sizeof(id.b));
	for (uint32_t from = 1; from < 4; from++) {
		puppet_begin(&w, CONS_STATUS);
		sr_write_hash(&w, &id);
		sr_write_bool(&w, false);
		sr_write_u64(&w, 0);
		sr_write_u64(&w, 1);
		sr_write_u16(&w, from == 3);
		if (from == 3)
			consensus_cert_write(&w, &notar);
		sr_write_u16(&w, from == 1);
		if (from == 1)
			consensus_vote_write(&w, &mine);
		sr_write_u16(&w, 0);
		ck_ok(puppet_say(p, from, &w));
		sr_writer_clear(&w);
	}
	/* Slot 2 has a certificate, so one of the others voted in 3, so I may have voted in 4. */
	ck_assert_uint_eq(puppet_consensus(p)->floor, 5);
	ck_assert(puppet_status(p).recovering);
	puppet_free(p);
}
END_TEST

TEST_MAIN("consensus_floor",
	an_answer_carries_certificates_above_a_gap,
	the_floor_is_counted_from_the_highest_certificate_not_from_the_first_gap)
