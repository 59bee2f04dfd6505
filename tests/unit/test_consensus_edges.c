/* Edges that the stories of the other tests do not come to: counts out of range, twins of oneself,
 * an archive's broken rows, limits of what a peer is served. */
#include <string.h>

#include "consensus/internal.h"
#include "tests/lib/check_main.h"
#include "tests/lib/consensus_puppet.h"

#define OTHERS 0xeu

static enum sr_error say(struct puppet *p, uint32_t from, struct sr_writer *w)
{
	enum sr_error error = puppet_say(p, from, w);

	sr_writer_clear(w);
	return error;
}

/* --- messages --- */

START_TEST(counts_out_of_range_are_refused)
{
	static const unsigned kinds[] = { CONS_VOTES, CONS_CERTS };
	struct puppet *p = puppet_new(4, 0);
	struct sr_writer w;

	for (size_t i = 0; i < 2; i++) {
		puppet_begin(&w, kinds[i]);
		sr_write_u16(&w, 0);
		ck_error(say(p, 1, &w), SR_ERR_OUT_OF_RANGE);
		puppet_begin(&w, kinds[i]);
		sr_write_u16(&w, UINT16_MAX);
		ck_error(say(p, 1, &w), SR_ERR_OUT_OF_RANGE);
	}
	puppet_begin(&w, CONS_ROWS);
	sr_write_u16(&w, UINT16_MAX);
	ck_error(say(p, 1, &w), SR_ERR_TOO_LONG);
	puppet_begin(&w, CONS_BLOCK);
	ck_error(say(p, 1, &w), SR_ERR_TRUNCATED);
	puppet_free(p);
}
END_TEST

START_TEST(a_message_over_the_limit_is_not_even_looked_at)
{
	static uint8_t big[CONSENSUS_MESSAGE_MAX + 1];
	struct puppet *p = puppet_new(4, 0);

	ck_error(consensus_receive(puppet_consensus(p), 1, 1, big, sizeof big), SR_ERR_TOO_LONG);
	puppet_free(p);
}
END_TEST

static void proposal_begin(struct sr_writer *w, const struct puppet *p,
    const struct puppet_block *b)
{
	struct sr_sig64 sig;

	consensus_proposal_sign(&sig, &b->hash, &p->c->nodes[b->header.author].key);
	puppet_begin(w, CONS_PROPOSE);
	consensus_header_write(w, &b->header);
	sr_write_bool(w, true);
	sr_write_sig(w, &sig);
	sr_write_blob(w, b->body.p, b->body.n);
	sr_write_bool(w, false);
}

START_TEST(a_proposal_with_more_gap_certificates_than_slots_is_refused)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "op");
	struct sr_writer w;

	proposal_begin(&w, p, &b);
	sr_write_u16(&w, CONS_AHEAD + 1);
	ck_error(say(p, 1, &w), SR_ERR_TOO_LONG);
	puppet_free(p);
}
END_TEST

START_TEST(a_parent_that_is_not_below_is_refused)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, "op");
	struct sr_bytes large = { b.body.p, SR_BLOCK_MAX + 1 };

	b.header.parent_slot = 1;
	puppet_rehash(&b);
	/* Its encoding is refused before; the block's form is judged again. */
	ck_error(puppet_say_propose(p, 1, &b, NULL, NULL, 0), SR_ERR_OUT_OF_RANGE);
	ck_error(cons_block_form(puppet_consensus(p), &b.header, b.body), SR_ERR_BAD_PARENT);
	b.header.parent_slot = 0;
	ck_error(cons_block_form(puppet_consensus(p), &b.header, large), SR_ERR_BLOCK_LIMIT);
	puppet_free(p);
}
END_TEST

/* A block that was fetched by hash has no signature to be evidence with. */
START_TEST(a_rival_of_a_fetched_block_is_kept_without_evidence)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), one = puppet_block(p, &g, 1, "one");
	struct puppet_block rival = puppet_block(p, &g, 1, "rival");
	struct consensus_cert notar = puppet_cert(p, CONSENSUS_NOTAR, 1, &one.hash, OTHERS);
	struct cons_slot *s;
	struct sr_writer w;

	ck_ok(puppet_say_cert(p, 1, &notar));
	puppet_begin(&w, CONS_BLOCK);
	consensus_header_write(&w, &one.header);
	sr_write_bool(&w, false);
	sr_write_blob(&w, one.body.p, one.body.n);
	sr_write_bool(&w, false);
	ck_ok(say(p, 1, &w));
	ck_ok(puppet_say_propose(p, 1, &rival, NULL, NULL, 0));
	s = cons_slot_find(puppet_consensus(p), 1);
	ck_assert_uint_eq(s->blocks_n, 2);
	ck_assert_uint_eq(p->c->nodes[0].evidence, 0);
	/* The first-come of the list may go, too. */
	puppet_finalise(p, &one);
	ck_assert_uint_eq(cons_slot_find(puppet_consensus(p), 1)->blocks_n, 1);
	puppet_free(p);
}
END_TEST

START_TEST(a_rival_that_came_first_goes_when_the_fetched_one_is_final)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), one = puppet_block(p, &g, 1, "one");
	struct puppet_block rival = puppet_block(p, &g, 1, "rival");
	struct consensus_cert notar = puppet_cert(p, CONSENSUS_NOTAR, 1, &one.hash, OTHERS);
	struct sr_writer w;

	ck_ok(puppet_say_propose(p, 1, &rival, NULL, NULL, 0));
	ck_ok(puppet_say_cert(p, 1, &notar));
	puppet_begin(&w, CONS_BLOCK);
	consensus_header_write(&w, &one.header);
	sr_write_bool(&w, false);
	sr_write_blob(&w, one.body.p, one.body.n);
	sr_write_bool(&w, false);
	ck_ok(say(p, 1, &w));
	puppet_finalise(p, &one);
	ck_assert_uint_eq(puppet_status(p).final_slot, 1);
	ck_assert_ptr_null(cons_tree_find(puppet_consensus(p), 1, &rival.hash));
	puppet_free(p);
}
END_TEST

START_TEST(votes_of_another_epoch_or_of_no_member_are_refused)
{
	struct puppet *p = puppet_new(4, 0);
	struct consensus_vote v = puppet_vote(p, 1, CONSENSUS_SKIP, 1, NULL);

	v.epoch = 2;
	ck_error(puppet_say_vote(p, &v), SR_ERR_WRONG_EPOCH);
	v.epoch = 1;
	v.voter = 4;
	ck_error(cons_pool_vote(puppet_consensus(p), 1, &v), SR_ERR_NOT_A_MEMBER);
	puppet_free(p);
}
END_TEST

START_TEST(nothing_is_done_before_the_start)
{
	struct puppet *p = puppet_new(4, 0);
	struct consensus_ports ports = puppet_consensus(p)->ports;
	struct consensus *c = consensus_new(&p->c->nodes[0].config, &ports);
	struct consensus_header h = { .flags = 0 };

	ck_error(consensus_tick(c, 1), SR_ERR_NOT_READY);
	ck_error(consensus_work(c, 1), SR_ERR_NOT_READY);
	ck_error(consensus_receive(c, 1, 1, (const uint8_t *)&h, 1), SR_ERR_NOT_READY);
	consensus_free(c);
	puppet_free(p);
}
END_TEST

/* --- rules asked about what they are not asked about in a run --- */

START_TEST(the_rules_refuse_what_is_not_theirs_to_vote_on)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), one = puppet_block(p, &g, 1, "one");
	struct sr_hash32 any = { { 7 } };
	struct consensus_cert notar = puppet_cert(p, CONSENSUS_NOTAR, 2, &any, OTHERS);
	struct consensus *c = puppet_consensus(p);
	struct cons_block *b;

	puppet_pass(p, 100);
	ck_ok(puppet_say_propose(p, 1, &one, NULL, NULL, 0));
	b = cons_tree_find(c, 1, &one.hash);
	ck_error(cons_rule_notar(c, b), SR_ERR_DUPLICATE);
	ck_error(cons_rule_final(c, 1), SR_ERR_BAD_QUORUM);
	ck_ok(puppet_say_cert(p, 1, &notar));
	ck_error(cons_rule_final(c, 2), SR_ERR_NOT_FOUND);
	ck_error(cons_rule_skip(c, c->frontier + 1), SR_ERR_STALE);
	c->frontier = c->top_slot + CONS_AHEAD + 1;
	ck_error(cons_rule_skip(c, c->frontier), SR_ERR_TOO_FAR_AHEAD);
	puppet_free(p);
}
END_TEST

START_TEST(a_slot_below_the_window_is_gone)
{
	struct puppet *p = puppet_new(4, 0);
	struct sr_hash32 any = { { 7 } };
	struct consensus_cert final = puppet_cert(p, CONSENSUS_FINAL, 1000, &any, OTHERS);
	struct cons_slot *s;

	ck_ok(puppet_say_cert(p, 1, &final));
	ck_error(cons_slot_get(puppet_consensus(p), &s, 1), SR_ERR_STALE);
	puppet_free(p);
}
END_TEST

START_TEST(timers_stay_within_their_bounds)
{
	struct puppet *p = puppet_new(4, 0);
	struct consensus *c = puppet_consensus(p);

	for (int i = 0; i < 40; i++)
		cons_late_raise(c);
	ck_assert_uint_eq(c->late, CONS_LATE_MAX);
	c->config.slot_ms = 100;
	cons_progress(c);
	ck_assert_uint_eq(c->standstill_ms, CONS_STANDSTILL_MIN_MS);
	puppet_free(p);
}
END_TEST

/* --- twins: my key speaks elsewhere --- */

START_TEST(two_proposals_of_mine_that_differ_are_a_twin_of_me)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), a = puppet_block(p, &g, 4, "mine");
	struct puppet_block b = puppet_block(p, &g, 4, "mine too");
	struct sr_writer w;

	proposal_begin(&w, p, &a);
	sr_write_u16(&w, 0);
	ck_ok(say(p, 1, &w));
	ck_assert(puppet_consensus(p)->rolled_back);
	ck_assert(!cons_slot_find(puppet_consensus(p), 4)->own.twin);
	proposal_begin(&w, p, &b);
	sr_write_u16(&w, 0);
	ck_ok(say(p, 1, &w));
	ck_assert(cons_slot_find(puppet_consensus(p), 4)->own.twin);
	puppet_free(p);
}
END_TEST

START_TEST(a_vote_of_mine_that_contradicts_my_record_is_noted_once)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), one = puppet_block(p, &g, 1, "one");
	struct sr_hash32 other = { { 5 } }, third = { { 6 } };
	struct consensus_vote v = puppet_vote(p, 0, CONSENSUS_NOTAR, 1, &other);
	struct cons_slot *s;

	puppet_pass(p, 100);
	ck_ok(puppet_say_propose(p, 1, &one, NULL, NULL, 0));
	ck_assert(puppet_voted(p, CONSENSUS_NOTAR, 1, &one.hash));
	ck_ok(puppet_say_vote(p, &v));
	s = cons_slot_find(puppet_consensus(p), 1);
	ck_assert(s->own.twin);
	ck_assert(sr_hash32_equal(&s->own.notar_hash, &one.hash));
	ck_assert(puppet_consensus(p)->handshake);
	v = puppet_vote(p, 0, CONSENSUS_NOTAR, 1, &third);
	ck_ok(puppet_say_vote(p, &v));
	ck_assert(sr_hash32_equal(&s->own.notar_hash, &one.hash));
	puppet_free(p);
}
END_TEST

/* --- STATUS --- */

static enum sr_error status_say(struct puppet *p, uint32_t certs_n, uint32_t votes_n,
    uint32_t proposals_n)
{
	struct sr_hash32 id = { { 0 } };
	struct sr_writer w;

	puppet_begin(&w, CONS_STATUS);
	sr_write_hash(&w, &id);
	sr_write_bool(&w, false);
	sr_write_u64(&w, 0);
	sr_write_u64(&w, 1);
	sr_write_u16(&w, (uint16_t)certs_n);
	if (certs_n == 0)
		sr_write_u16(&w, (uint16_t)votes_n);
	if (certs_n == 0 && votes_n == 0)
		sr_write_u16(&w, (uint16_t)proposals_n);
	return say(p, 1, &w);
}

START_TEST(a_status_with_more_than_a_window_is_refused)
{
	struct puppet *p = puppet_new(4, 0);

	ck_error(status_say(p, 3 * CONS_RING, 0, 0), SR_ERR_TOO_LONG);
	ck_error(status_say(p, 0, 3 * CONS_RING + 1, 0), SR_ERR_TOO_LONG);
	ck_error(status_say(p, 0, 0, CONS_RING + 1), SR_ERR_TOO_LONG);
	ck_ok(status_say(p, 0, 0, 0));
	puppet_free(p);
}
END_TEST

START_TEST(a_status_with_a_proposal_of_another_is_refused)
{
	struct puppet *p = puppet_new_stopped(4, 0);
	struct puppet_block g = puppet_genesis(p), one = puppet_block(p, &g, 1, "one");
	struct sr_hash32 id;
	struct sr_sig64 sig;
	struct sr_writer w;

	p->c->nodes[0].ever_started = true;
	fleet_start_node(p->c, 0);
	memcpy(id.b, puppet_sent_last(p, CONS_STATUS_REQ)->msg.p + 10, sizeof(id.b));
	consensus_proposal_sign(&sig, &one.hash, &p->c->nodes[1].key);
	puppet_begin(&w, CONS_STATUS);
	sr_write_hash(&w, &id);
	sr_write_bool(&w, false);
	sr_write_u64(&w, 0);
	sr_write_u64(&w, 1);
	sr_write_u16(&w, 0);
	sr_write_u16(&w, 0);
	sr_write_u16(&w, 1);
	consensus_header_write(&w, &one.header);
	sr_write_sig(&w, &sig);
	ck_error(say(p, 1, &w), SR_ERR_WRONG_KEY);
	puppet_free(p);
}
END_TEST

/* --- evidence, votes and certificates as data --- */

static enum sr_error proposals_judge(const struct puppet *p, const struct puppet_block *a,
    const struct puppet_block *b)
{
	const struct puppet_block *both[2] = { a, b };
	struct sr_sig64 sig;
	uint32_t culprit;
	enum sr_error error;
	struct sr_writer w;

	sr_writer_init(&w, 4096);
	sr_write_u8(&w, 1);
	sr_write_u8(&w, 1);
	for (size_t i = 0; i < 2; i++) {
		consensus_proposal_sign(&sig, &both[i]->hash, &p->c->nodes[1].key);
		consensus_header_write(&w, &both[i]->header);
		sr_write_sig(&w, &sig);
	}
	error = consensus_evidence_verify(&culprit, w.p, w.n, &p->c->chain_id, 1, p->c->keys, 4);
	if (error == SR_OK)
		ck_assert_uint_eq(culprit, 1);
	sr_writer_clear(&w);
	return error;
}

START_TEST(evidence_of_another_chain_epoch_or_author_is_refused)
{
	static const uint8_t big[8192];
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), a = puppet_block(p, &g, 1, "one");
	struct puppet_block b = puppet_block(p, &g, 1, "two"), bad = b;
	uint32_t culprit;

	ck_ok(proposals_judge(p, &a, &b));
	ck_error(proposals_judge(p, &a, &a), SR_ERR_BAD_PROOF);
	bad.header.chain_id.b[0] ^= 1;
	ck_error(proposals_judge(p, &a, &bad), SR_ERR_WRONG_CHAIN);
	bad = b;
	bad.header.epoch = 2;
	ck_error(proposals_judge(p, &a, &bad), SR_ERR_WRONG_EPOCH);
	bad = b;
	bad.header.author = 2;
	ck_error(proposals_judge(p, &a, &bad), SR_ERR_WRONG_AUTHOR);
	ck_error(consensus_evidence_verify(
	    &culprit, big, sizeof big, &p->c->chain_id, 1, p->c->keys, 4), SR_ERR_TOO_LONG);
	puppet_free(p);
}
END_TEST

START_TEST(votes_and_certificates_of_an_impossible_form_are_refused)
{
	struct puppet *p = puppet_new(4, 0);
	struct consensus_vote v = puppet_vote(p, 1, CONSENSUS_SKIP, 1, NULL);
	struct consensus_cert c = puppet_cert(p, CONSENSUS_SKIP, 1, NULL, OTHERS), back;
	struct sr_writer w;
	struct sr_reader r;

	v.kind = (enum consensus_vote_kind)4;
	ck_error(consensus_vote_verify(&v, &p->c->chain_id, &p->c->keys[1]), SR_ERR_BAD_KIND);
	v.kind = CONSENSUS_SKIP;
	v.flags = CONSENSUS_VOTE_INGRESS;
	ck_error(consensus_vote_verify(&v, &p->c->chain_id, &p->c->keys[1]), SR_ERR_BAD_ENCODING);
	c.kind = (enum consensus_vote_kind)0;
	ck_error(consensus_cert_check(&c, 4), SR_ERR_BAD_KIND);
	c.kind = CONSENSUS_SKIP;
	c.signers_n = 1;
	sr_writer_init(&w, 4096);
	consensus_cert_write(&w, &c);
	/* Nobody signed: the count is the byte before voter, flags and signature. */
	w.p[w.n - 2 - sizeof c.signers[0].sig.b - 1] = 0;
	sr_reader_init(&r, w.p, w.n);
	consensus_cert_read(&back, &r);
	ck_error(r.error, SR_ERR_OUT_OF_RANGE);
	sr_writer_clear(&w);
	puppet_free(p);
}
END_TEST

/* --- archive and serving --- */

START_TEST(broken_rows_of_the_own_archive_are_not_sent)
{
	static const uint8_t version[] = { 9 }, cut[] = { 1 };
	struct puppet *p = puppet_new(4, 0);
	struct sr_bytes row = { version, sizeof version };

	ck_error(consensus_archive_rows(puppet_consensus(p), 1, 1, &row, 1), SR_ERR_BAD_VERSION);
	row = (struct sr_bytes){ cut, sizeof cut };
	ck_error(consensus_archive_rows(puppet_consensus(p), 1, 1, &row, 1), SR_ERR_TRUNCATED);
	ck_error(consensus_archive_rows(puppet_consensus(p), 1, 0, &row, 1), SR_ERR_NOT_A_MEMBER);
	ck_assert_uint_eq(puppet_sent_count(p, CONS_ROWS), 0);
	puppet_free(p);
}
END_TEST

START_TEST(no_peer_asks_for_more_rows_than_a_message_holds)
{
	struct puppet *p = puppet_new(4, 0);
	struct sr_writer w;

	puppet_begin(&w, CONS_REQ_ROWS);
	sr_write_u64(&w, 0);
	sr_write_u32(&w, UINT32_MAX);
	ck_ok(puppet_say(p, 1, &w));
	ck_error(puppet_say(p, 1, &w), SR_ERR_NOT_READY);
	sr_writer_clear(&w);
	puppet_free(p);
}
END_TEST

START_TEST(a_peer_is_served_so_many_bytes_a_second)
{
	static char body[1024 * 1024 + 1];
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), one;
	enum sr_error error = SR_OK;
	struct sr_writer w;
	unsigned served = 0;

	memset(body, 'x', sizeof body - 1);
	one = puppet_block(p, &g, 1, body);
	ck_ok(puppet_say_propose(p, 1, &one, NULL, NULL, 0));
	puppet_begin(&w, CONS_REQ_BLOCK);
	sr_write_u64(&w, 1);
	sr_write_hash(&w, &one.hash);
	while (error == SR_OK && served < 100) {
		error = puppet_say(p, 1, &w);
		served++;
	}
	ck_error(error, SR_ERR_TOO_MANY);
	ck_assert_uint_eq(served, CONS_SERVE_BYTES / (1024 * 1024));
	/* Another is not to suffer for it, nor is the next second. */
	ck_ok(puppet_say(p, 2, &w));
	puppet_pass(p, 1000);
	ck_ok(puppet_say(p, 1, &w));
	sr_writer_clear(&w);
	puppet_free(p);
}
END_TEST

START_TEST(a_rival_is_served_without_the_other_ones_certificate)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), one = puppet_block(p, &g, 1, "one");
	struct sr_hash32 other = { { 5 } };
	struct consensus_cert notar = puppet_cert(p, CONSENSUS_NOTAR, 1, &other, OTHERS);
	struct sr_writer w;

	ck_ok(puppet_say_propose(p, 1, &one, NULL, NULL, 0));
	ck_ok(puppet_say_cert(p, 1, &notar));
	puppet_begin(&w, CONS_REQ_BLOCK);
	sr_write_u64(&w, 1);
	sr_write_hash(&w, &one.hash);
	ck_ok(say(p, 1, &w));
	ck_assert_uint_eq(puppet_sent_count(p, CONS_BLOCK), 1);
	/* The last byte: no certificate follows. */
	ck_assert_uint_eq(puppet_sent_last(p, CONS_BLOCK)->msg.p[
	    puppet_sent_last(p, CONS_BLOCK)->msg.n - 1], 0);
	puppet_free(p);
}
END_TEST

/* --- the log --- */

static enum sr_error replay_to(const struct puppet *p, const struct sr_writer *w)
{
	struct consensus *c = consensus_new(
	    &p->c->nodes[0].config, &p->c->nodes[0].consensus->ports);
	enum sr_error error = consensus_replay(c, w->p, w->n);

	consensus_free(c);
	return error;
}

START_TEST(records_of_others_or_of_another_epoch_are_damage)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), one = puppet_block(p, &g, 1, "one");
	struct sr_sig64 sig = { { 0 } };
	struct sr_writer w;

	sr_writer_init(&w, 4096);
	sr_write_u8(&w, 1);
	sr_write_u8(&w, 2);
	consensus_header_write(&w, &one.header);
	sr_write_sig(&w, &sig);
	ck_error(replay_to(p, &w), SR_ERR_DAMAGED);
	sr_writer_clear(&w);
	one.header.epoch = 2;
	sr_writer_init(&w, 4096);
	sr_write_u8(&w, 1);
	sr_write_u8(&w, 3);
	sr_write_bool(&w, false);
	consensus_header_write(&w, &one.header);
	sr_write_bool(&w, false);
	sr_write_blob(&w, one.body.p, one.body.n);
	ck_error(replay_to(p, &w), SR_ERR_DAMAGED);
	sr_writer_clear(&w);
	puppet_free(p);
}
END_TEST

static void block_record(struct sr_writer *w, const struct puppet_block *b, bool final)
{
	sr_writer_init(w, 4096);
	sr_write_u8(w, 1);
	sr_write_u8(w, 3);
	sr_write_bool(w, final);
	consensus_header_write(w, &b->header);
	sr_write_bool(w, false);
	sr_write_blob(w, b->body.p, b->body.n);
}

START_TEST(a_log_that_says_a_thing_twice_is_read_once)
{
	struct puppet *p = puppet_new_stopped(4, 0);
	struct puppet_block g = puppet_genesis(p), one = puppet_block(p, &g, 1, "one");
	struct sr_writer w;

	for (int i = 0; i < 4; i++) {
		block_record(&w, &one, i >= 2);
		fleet_log_put(p->c, 0, w.p, w.n);
		sr_writer_clear(&w);
	}
	p->c->nodes[0].ever_started = true;
	fleet_start_node(p->c, 0);
	ck_assert_uint_eq(puppet_status(p).final_slot, 1);
	ck_assert_uint_eq(cons_slot_find(puppet_consensus(p), 1)->blocks_n, 1);
	ck_assert_uint_eq(p->c->nodes[0].app.height, 1);
	puppet_free(p);
}
END_TEST

START_TEST(a_proposal_of_mine_below_the_window_is_passed_over)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), mine = puppet_block(p, &g, 4, "mine");
	struct consensus_config config = p->c->nodes[0].config;
	struct sr_sig64 sig = { { 0 } };
	struct consensus *c;
	struct sr_writer w;

	config.start_slot = 1000;
	config.start_height = 1000;
	c = consensus_new(&config, &puppet_consensus(p)->ports);
	sr_writer_init(&w, 4096);
	sr_write_u8(&w, 1);
	sr_write_u8(&w, 2);
	consensus_header_write(&w, &mine.header);
	sr_write_sig(&w, &sig);
	ck_ok(consensus_replay(c, w.p, w.n));
	ck_assert_ptr_null(cons_slot_find(c, 4));
	sr_writer_clear(&w);
	consensus_free(c);
	puppet_free(p);
}
END_TEST

START_TEST(a_child_of_a_wrong_block_is_wrong)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), one = puppet_block(p, &g, 1, "one"), two;
	struct consensus_cert notar;
	struct cons_block *b;

	one.header.pre_state_root.b[0] ^= 1;
	puppet_rehash(&one);
	two = puppet_block(p, &one, 2, "two");
	notar = puppet_cert(p, CONSENSUS_NOTAR, 2, &two.hash, OTHERS);
	puppet_pass(p, 100);
	ck_ok(puppet_say_propose(p, 1, &one, NULL, NULL, 0));
	ck_ok(puppet_say_propose(p, 2, &two, NULL, NULL, 0));
	ck_ok(puppet_say_cert(p, 1, &notar));
	b = cons_tree_find(puppet_consensus(p), 2, &two.hash);
	ck_assert_int_eq((int)b->validity, (int)CONS_INVALID);
	ck_assert(!puppet_voted(p, CONSENSUS_NOTAR, 2, NULL));
	ck_assert(!puppet_voted(p, CONSENSUS_FINAL, 2, NULL));
	puppet_free(p);
}
END_TEST

START_TEST(only_so_many_missing_blocks_are_asked_for_at_once)
{
	struct puppet *p = puppet_new(4, 0);

	for (uint64_t slot = 1; slot <= CONS_FETCH_OPEN + 2; slot++) {
		struct sr_hash32 any = { { (uint8_t)slot } };
		struct consensus_cert c = puppet_cert(p, CONSENSUS_NOTAR, slot, &any, OTHERS);

		ck_ok(puppet_say_cert(p, 1, &c));
	}
	ck_assert_uint_eq(puppet_sent_count(p, CONS_REQ_BLOCK), CONS_FETCH_OPEN);
	puppet_free(p);
}
END_TEST

START_TEST(rows_of_the_archive_are_cut_where_a_message_ends)
{
	static char body[2 * 1024 * 1024 + 1];
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), one;
	struct consensus_block view;
	struct sr_bytes rows[4];
	struct sr_writer w;
	struct sr_reader r;

	memset(body, 'x', sizeof body - 1);
	one = puppet_block(p, &g, 1, body);
	view = (struct consensus_block){ one.header, one.hash, one.body };
	sr_writer_init(&w, CONSENSUS_MESSAGE_MAX);
	consensus_archive_row_write(&w, &view, NULL, NULL);
	for (size_t i = 0; i < 4; i++)
		rows[i] = (struct sr_bytes){ w.p, w.n };
	ck_ok(consensus_archive_rows(puppet_consensus(p), 1, 1, rows, 4));
	sr_reader_init(&r, puppet_sent_last(p, CONS_ROWS)->msg.p + 10, 2);
	ck_assert_uint_eq(sr_read_u16(&r), 2);
	sr_writer_clear(&w);
	puppet_free(p);
}
END_TEST

struct kept { struct consensus *into; unsigned n; };

static enum sr_error keep(void *ctx, const uint8_t *record, size_t n)
{
	struct kept *k = ctx;

	k->n++;
	return consensus_replay(k->into, record, n);
}

START_TEST(a_fresh_log_keeps_the_floor_and_a_rollback_that_was_found)
{
	struct puppet *p = puppet_new(4, 0);
	struct kept k = { .n = 0 };
	struct consensus *c = puppet_consensus(p);

	c->floor = 7;
	c->rolled_back = true;
	k.into = consensus_new(&c->config, &c->ports);
	ck_ok(consensus_compact(c, keep, &k));
	ck_assert_uint_eq(k.into->floor, 7);
	ck_assert(k.into->rolled_back);
	ck_assert_uint_ge(k.n, 2);
	consensus_free(k.into);
	puppet_free(p);
}
END_TEST

TEST_MAIN("consensus_edges",
	counts_out_of_range_are_refused,
	a_message_over_the_limit_is_not_even_looked_at,
	a_proposal_with_more_gap_certificates_than_slots_is_refused,
	a_parent_that_is_not_below_is_refused,
	a_rival_of_a_fetched_block_is_kept_without_evidence,
	a_rival_that_came_first_goes_when_the_fetched_one_is_final,
	votes_of_another_epoch_or_of_no_member_are_refused,
	nothing_is_done_before_the_start,
	the_rules_refuse_what_is_not_theirs_to_vote_on,
	a_slot_below_the_window_is_gone,
	timers_stay_within_their_bounds,
	two_proposals_of_mine_that_differ_are_a_twin_of_me,
	a_vote_of_mine_that_contradicts_my_record_is_noted_once,
	a_status_with_more_than_a_window_is_refused,
	a_status_with_a_proposal_of_another_is_refused,
	evidence_of_another_chain_epoch_or_author_is_refused,
	votes_and_certificates_of_an_impossible_form_are_refused,
	broken_rows_of_the_own_archive_are_not_sent,
	no_peer_asks_for_more_rows_than_a_message_holds,
	a_peer_is_served_so_many_bytes_a_second,
	a_rival_is_served_without_the_other_ones_certificate,
	records_of_others_or_of_another_epoch_are_damage,
	a_log_that_says_a_thing_twice_is_read_once,
	a_proposal_of_mine_below_the_window_is_passed_over,
	a_child_of_a_wrong_block_is_wrong,
	only_so_many_missing_blocks_are_asked_for_at_once,
	rows_of_the_archive_are_cut_where_a_message_ends,
	a_fresh_log_keeps_the_floor_and_a_rollback_that_was_found)
