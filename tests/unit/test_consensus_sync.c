/* Missing blocks by hash, and catching up by height: nothing is committed before it is proven
 * final. */
#include <stdlib.h>
#include <string.h>

#include "consensus/internal.h"
#include "tests/lib/check_main.h"
#include "tests/lib/consensus_puppet.h"
#include "tests/lib/seed.h"

#define OTHERS 0xeu
#define CHAIN 40u

/* A chain of blocks that the puppets have agreed on without the real node. */
struct history {
	struct puppet *p;
	struct puppet_block blocks[CHAIN];
	struct consensus_cert finals[CHAIN];
};

static struct history *history_new(uint32_t n)
{
	struct history *h = calloc(1, sizeof(*h));
	struct puppet_block parent;

	h->p = puppet_new(4, 0);
	parent = puppet_genesis(h->p);
	for (uint32_t i = 0; i < n; i++) {
		h->blocks[i] = puppet_block(h->p, &parent, i + 1, "op");
		h->finals[i] = puppet_cert(
		    h->p, CONSENSUS_FINAL, i + 1, &h->blocks[i].hash, OTHERS);
		parent = h->blocks[i];
	}
	puppet_pass(h->p, 100);
	return h;
}

static void history_free(struct history *h)
{
	puppet_free(h->p);
	free(h);
}

static void block_say(struct puppet *p, uint32_t from, const struct puppet_block *b)
{
	struct sr_writer w;

	puppet_begin(&w, CONS_BLOCK);
	consensus_header_write(&w, &b->header);
	sr_write_bool(&w, false);
	sr_write_blob(&w, b->body.p, b->body.n);
	sr_write_bool(&w, false);
	ck_ok(puppet_say(p, from, &w));
	sr_writer_clear(&w);
}

/* Rows first .. last of the history; final certificates for those in the mask by height. */
static enum sr_error rows_say(struct history *h, uint32_t from, uint32_t first, uint32_t last,
    uint64_t finals)
{
	struct sr_writer w;
	enum sr_error error;

	puppet_begin(&w, CONS_ROWS);
	sr_write_u16(&w, (uint16_t)(last - first + 1));
	for (uint32_t i = first; i <= last; i++) {
		struct consensus_block view = {
			.header = h->blocks[i - 1].header, .hash = h->blocks[i - 1].hash,
			.body = h->blocks[i - 1].body,
		};
		struct sr_writer row;

		sr_writer_init(&row, 65536);
		consensus_archive_row_write(&row, &view, NULL,
		    (finals >> i) & 1u ? &h->finals[i - 1] : NULL);
		sr_write_blob(&w, row.p, row.n);
		sr_writer_clear(&row);
	}
	error = puppet_say(h->p, from, &w);
	sr_writer_clear(&w);
	return error;
}

static uint32_t rows_asked(const struct puppet *p, uint64_t *after)
{
	const struct puppet_sent *s = puppet_sent_last(p, CONS_REQ_ROWS);
	struct sr_reader r;

	ck_assert(s != NULL);
	sr_reader_init(&r, s->msg.p + 10, s->msg.n - 10);
	*after = sr_read_u64(&r);
	return s->to;
}

START_TEST(a_certified_block_that_is_missing_is_asked_for_by_hash)
{
	struct history *h = history_new(2);
	struct consensus_cert notar = puppet_cert(
	    h->p, CONSENSUS_NOTAR, 1, &h->blocks[0].hash, OTHERS);

	ck_ok(puppet_say_cert(h->p, 1, &notar));
	ck_assert_uint_eq(puppet_sent_count(h->p, CONS_REQ_BLOCK), 1);
	/* Not the same one for ever. */
	for (int i = 0; i < 4; i++)
		puppet_pass(h->p, 1000);
	ck_assert_uint_gt(puppet_sent_count(h->p, CONS_REQ_BLOCK), 3);
	block_say(h->p, 2, &h->blocks[0]);
	ck_assert_uint_eq(h->p->c->nodes[0].app.certified, 1);
	history_free(h);
}
END_TEST

START_TEST(a_block_nobody_asked_for_is_not_kept)
{
	struct history *h = history_new(2);
	struct sr_hash32 other = { { 9 } };
	struct consensus_cert notar = puppet_cert(h->p, CONSENSUS_NOTAR, 1, &other, OTHERS);

	block_say(h->p, 1, &h->blocks[0]);
	ck_assert(cons_tree_find(puppet_consensus(h->p), 1, &h->blocks[0].hash) == NULL);
	/* Nor where another one is asked for. */
	ck_ok(puppet_say_cert(h->p, 1, &notar));
	ck_assert_uint_eq(puppet_sent_count(h->p, CONS_REQ_BLOCK), 1);
	block_say(h->p, 1, &h->blocks[0]);
	ck_assert(cons_tree_find(puppet_consensus(h->p), 1, &h->blocks[0].hash) == NULL);
	history_free(h);
}
END_TEST

START_TEST(the_walk_back_from_a_final_certificate_fetches_every_ancestor)
{
	struct history *h = history_new(5);

	ck_ok(puppet_say_cert(h->p, 1, &h->finals[4]));
	for (uint32_t i = 5; i >= 1; i--) {
		ck_assert_uint_eq(puppet_status(h->p).final_height, 0);
		block_say(h->p, 1 + i % 3, &h->blocks[i - 1]);
	}
	ck_assert_uint_eq(puppet_status(h->p).final_height, 5);
	history_free(h);
}
END_TEST

START_TEST(a_block_is_served_to_who_asks_for_its_hash)
{
	struct history *h = history_new(1);
	struct sr_writer w;

	ck_ok(puppet_say_propose(h->p, 1, &h->blocks[0], NULL, NULL, 0));
	puppet_begin(&w, CONS_REQ_BLOCK);
	sr_write_u64(&w, 1);
	sr_write_hash(&w, &h->blocks[0].hash);
	ck_ok(puppet_say(h->p, 3, &w));
	ck_assert_uint_eq(puppet_sent_count(h->p, CONS_BLOCK), 1);
	ck_assert_uint_eq(puppet_sent_last(h->p, CONS_BLOCK)->to, 3);
	sr_writer_clear(&w);
	history_free(h);
}
END_TEST

START_TEST(far_behind_it_asks_by_height_and_commits_what_is_proven)
{
	struct history *h = history_new(CHAIN);
	uint64_t after;
	uint32_t peer;

	ck_ok(puppet_say_cert(h->p, 1, &h->finals[CHAIN - 1]));
	peer = rows_asked(h->p, &after);
	ck_assert_uint_eq(after, 0);
	/* Rows 1 to 20; the last certificate in them is that of 15. */
	ck_ok(rows_say(h, peer, 1, 20, 1u << 15 | 1u << 7));
	ck_assert_uint_eq(puppet_status(h->p).final_height, 15);
	ck_assert_uint_eq(rows_asked(h->p, &after), peer);
	ck_assert_uint_eq(after, 20);
	/* The end needs no certificate in the row: its hash is the one I know to be final. */
	ck_ok(rows_say(h, peer, 21, CHAIN, 0));
	ck_assert_uint_eq(puppet_status(h->p).final_height, CHAIN);
	ck_assert_uint_eq(h->p->c->nodes[0].app.rows_n, CHAIN);
	history_free(h);
}
END_TEST

START_TEST(rows_without_a_final_certificate_commit_nothing)
{
	struct history *h = history_new(CHAIN);
	uint64_t after;

	ck_ok(puppet_say_cert(h->p, 1, &h->finals[CHAIN - 1]));
	ck_ok(rows_say(h, rows_asked(h->p, &after), 1, 30, 0));
	ck_assert_uint_eq(puppet_status(h->p).final_height, 0);
	ck_assert_uint_eq(h->p->c->nodes[0].app.height, 0);
	history_free(h);
}
END_TEST

START_TEST(rows_from_anybody_but_the_one_asked_are_ignored)
{
	struct history *h = history_new(CHAIN);
	uint64_t after;
	uint32_t peer;

	ck_ok(rows_say(h, 1, 1, 20, 1u << 20));
	ck_assert_uint_eq(puppet_status(h->p).final_height, 0);
	ck_ok(puppet_say_cert(h->p, 1, &h->finals[CHAIN - 1]));
	peer = rows_asked(h->p, &after);
	ck_ok(rows_say(h, peer % 3 + 1, 1, 20, 1u << 20));
	ck_assert_uint_eq(puppet_status(h->p).final_height, 0);
	history_free(h);
}
END_TEST

START_TEST(a_broken_chain_of_rows_is_dropped_and_another_peer_is_asked)
{
	static const enum sr_error expected[] = {
		SR_ERR_BAD_PARENT, SR_ERR_NOT_FOUND, SR_ERR_BAD_HASH, SR_ERR_WRONG_EPOCH,
		SR_ERR_WRONG_AUTHOR, SR_ERR_BAD_PROOF, SR_ERR_BAD_SIGNATURE, SR_ERR_BAD_QUORUM,
	};

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		struct history *h = history_new(CHAIN);
		struct puppet_block *b = &h->blocks[9];
		uint64_t after;
		uint32_t peer;

		ck_ok(puppet_say_cert(h->p, 1, &h->finals[CHAIN - 1]));
		peer = rows_asked(h->p, &after);
		if (i == 0)
			b->header.parent_hash.b[0] ^= 1;
		if (i == 1)
			b->header.height++;
		if (i == 2)
			b->header.ops_root.b[0] ^= 1;
		if (i == 3)
			b->header.epoch = 2;
		if (i == 4)
			b->header.author = (b->header.author + 1) % 4;
		if (i == 5)
			h->finals[9] = puppet_cert(
			    h->p, CONSENSUS_FINAL, 10, &h->blocks[8].hash, OTHERS);
		if (i == 6)
			h->finals[9].signers[1].sig.b[0] ^= 1;
		if (i == 7)
			h->finals[9].signers_n = 2;
		ck_error(rows_say(h, peer, 1, 20, 1u << 10 | 1u << 20), expected[i]);
		/* Nothing of the batch, not even what came before the fault. */
		ck_assert_uint_eq(puppet_status(h->p).final_height, 0);
		puppet_sent_clear(h->p);
		puppet_pass(h->p, 300);
		ck_assert_uint_ne(rows_asked(h->p, &after), peer);
		ck_assert_uint_eq(after, 0);
		history_free(h);
	}
}
END_TEST

START_TEST(a_peer_that_does_not_answer_is_replaced)
{
	struct history *h = history_new(CHAIN);
	uint64_t after;
	uint32_t peer;

	ck_ok(puppet_say_cert(h->p, 1, &h->finals[CHAIN - 1]));
	peer = rows_asked(h->p, &after);
	puppet_sent_clear(h->p);
	puppet_pass(h->p, 2100);
	ck_assert_uint_ne(rows_asked(h->p, &after), peer);
	history_free(h);
}
END_TEST

START_TEST(rows_that_my_own_check_refuses_stop_me)
{
	struct history *h = history_new(1);
	struct puppet_block g = puppet_genesis(h->p), parent;
	uint64_t after;
	uint32_t peer;

	parent = g;
	for (uint32_t i = 0; i < CHAIN; i++) {
		h->blocks[i] = puppet_block(h->p, &parent, i + 1, i == 5 ? "BAD" : "op");
		h->finals[i] = puppet_cert(
		    h->p, CONSENSUS_FINAL, i + 1, &h->blocks[i].hash, OTHERS);
		parent = h->blocks[i];
	}
	ck_ok(puppet_say_cert(h->p, 1, &h->finals[CHAIN - 1]));
	peer = rows_asked(h->p, &after);
	ck_assert_int_ne(rows_say(h, peer, 1, 20, 1u << 20), SR_OK);
	ck_assert(puppet_status(h->p).stopped);
	ck_assert_uint_eq(h->p->c->nodes[0].app.height, 5);
	history_free(h);
}
END_TEST

START_TEST(an_archive_row_survives_the_round_trip)
{
	struct history *h = history_new(2);
	struct consensus_cert notar = puppet_cert(
	    h->p, CONSENSUS_NOTAR, 1, &h->blocks[0].hash, OTHERS);
	struct consensus_block view = {
		.header = h->blocks[0].header, .hash = h->blocks[0].hash, .body = h->blocks[0].body,
	}, back;

	for (int i = 0; i < 4; i++) {
		struct consensus_cert n, f;
		bool has_n, has_f;
		struct sr_writer w;

		sr_writer_init(&w, 65536);
		consensus_archive_row_write(&w, &view, i & 1 ? &notar : NULL,
		    i & 2 ? &h->finals[0] : NULL);
		ck_ok(consensus_archive_row_read(&back, &n, &has_n, &f, &has_f, w.p, w.n));
		ck_assert(sr_hash32_equal(&back.hash, &view.hash));
		ck_assert(has_n == ((i & 1) != 0) && has_f == ((i & 2) != 0));
		for (size_t len = 0; len < w.n; len++)
			ck_assert_int_ne(
			    consensus_archive_row_read(&back, &n, &has_n, &f, &has_f, w.p, len),
			    SR_OK);
		sr_writer_clear(&w);
	}
	history_free(h);
}
END_TEST

START_TEST(the_archive_is_read_for_a_peer_and_rows_of_another_epoch_are_not_sent)
{
	struct history *h = history_new(2);
	struct consensus_block view = { .header = h->blocks[0].header, .body = h->blocks[0].body };
	struct sr_bytes row;
	struct sr_writer w, req;

	puppet_begin(&req, CONS_REQ_ROWS);
	sr_write_u64(&req, 0);
	sr_write_u32(&req, 100000);
	ck_ok(puppet_say(h->p, 2, &req));
	ck_error(puppet_say(h->p, 2, &req), SR_ERR_NOT_READY);
	puppet_pass(h->p, 10);
	ck_assert_uint_eq(puppet_sent_count(h->p, CONS_ROWS), 1);
	sr_writer_clear(&req);
	view.header.epoch = 2;
	sr_writer_init(&w, 65536);
	consensus_archive_row_write(&w, &view, NULL, NULL);
	row = (struct sr_bytes){ w.p, w.n };
	ck_error(consensus_archive_rows(puppet_consensus(h->p), h->p->c->now_ms, 2, &row, 1),
	    SR_ERR_WRONG_EPOCH);
	ck_ok(consensus_archive_rows(puppet_consensus(h->p), h->p->c->now_ms, 4, NULL, 0));
	ck_error(consensus_archive_rows(puppet_consensus(h->p), h->p->c->now_ms,
	    4 + CONSENSUS_GUESTS_MAX, NULL, 0), SR_ERR_NOT_A_MEMBER);
	sr_writer_clear(&w);
	history_free(h);
}
END_TEST

START_TEST(a_node_that_missed_a_thousand_blocks_catches_up_and_votes_again)
{
	struct fleet *c = fleet_new(4, test_seed());
	uint64_t height, sent;

	fleet_start(c);
	fleet_work(c, 500);
	fleet_run(c, 500);
	fleet_crash(c, 3, true);
	for (int i = 0; i < 3; i++)
		c->nodes[i].app.work = true;
	fleet_run(c, 200000);
	height = fleet_height_most(c);
	ck_assert_uint_gt(height, 1000);
	fleet_restart(c, 3);
	ck_assert(fleet_run_to_height(c, height, 20000));
	/* It takes part again: no more slots are skipped. */
	fleet_run(c, 3000);
	sent = fleet_status(c, 0).slots_skipped;
	fleet_run(c, 5000);
	ck_assert_uint_eq(fleet_status(c, 0).slots_skipped, sent);
	fleet_free(c);
}
END_TEST

START_TEST(a_new_node_with_an_empty_disk_catches_up_from_genesis)
{
	struct fleet *c = fleet_new(4, test_seed());

	for (uint32_t i = 0; i < 3; i++)
		fleet_start_node(c, i);
	fleet_work(c, 100);
	fleet_run(c, 60000);
	ck_assert_uint_gt(fleet_height_most(c), 300);
	fleet_start_node(c, 3);
	ck_assert(fleet_run_to_height(c, fleet_height_most(c), 20000));
	fleet_free(c);
}
END_TEST

static enum sr_error block_ask(struct puppet *p, uint64_t slot, const struct sr_hash32 *hash)
{
	struct sr_writer w;
	enum sr_error error;

	puppet_begin(&w, CONS_REQ_BLOCK);
	sr_write_u64(&w, slot);
	sr_write_hash(&w, hash);
	error = puppet_say(p, 2, &w);
	sr_writer_clear(&w);
	return error;
}

START_TEST(a_peer_may_make_me_send_so_much_in_a_second)
{
	struct puppet *p = puppet_new(4, 0);
	struct puppet_block g = puppet_genesis(p), b = puppet_block(p, &g, 1, NULL);
	uint8_t *body = calloc(1, SR_BLOCK_MAX);
	struct cons_block *held;

	ck_assert_ptr_nonnull(body);
	b.body = (struct sr_bytes){ body, SR_BLOCK_MAX };
	ck_ok(cons_block_new(&held, &b.header, NULL, b.body));
	ck_ok(cons_tree_add(puppet_consensus(p), held));
	for (uint32_t i = 0; i < CONS_SERVE_BYTES / SR_BLOCK_MAX - 1; i++)
		ck_ok(block_ask(p, 1, &held->hash));
	ck_error(block_ask(p, 1, &held->hash), SR_ERR_TOO_MANY);
	puppet_pass(p, 1000);
	ck_ok(block_ask(p, 1, &held->hash));
	free(body);
	puppet_free(p);
}
END_TEST

/* Rows that chain but that no certificate has proven yet. */
START_TEST(unproven_rows_stay_within_their_memory)
{
	struct history *h = history_new(CHAIN);
	struct consensus *c = puppet_consensus(h->p);
	uint64_t after;
	uint32_t from;

	ck_ok(puppet_say_cert(h->p, 1, &h->finals[CHAIN - 1]));
	from = rows_asked(h->p, &after);
	c->catchup.bytes = CONS_UNVERIFIED_BYTES - 1;
	ck_error(rows_say(h, from, 1, 1, 0), SR_ERR_TOO_MANY);
	history_free(h);
}
END_TEST

TEST_MAIN("consensus_sync",
	a_certified_block_that_is_missing_is_asked_for_by_hash,
	a_block_nobody_asked_for_is_not_kept,
	the_walk_back_from_a_final_certificate_fetches_every_ancestor,
	a_block_is_served_to_who_asks_for_its_hash,
	far_behind_it_asks_by_height_and_commits_what_is_proven,
	rows_without_a_final_certificate_commit_nothing,
	rows_from_anybody_but_the_one_asked_are_ignored,
	a_broken_chain_of_rows_is_dropped_and_another_peer_is_asked,
	a_peer_that_does_not_answer_is_replaced,
	rows_that_my_own_check_refuses_stop_me,
	an_archive_row_survives_the_round_trip,
	the_archive_is_read_for_a_peer_and_rows_of_another_epoch_are_not_sent,
	a_node_that_missed_a_thousand_blocks_catches_up_and_votes_again,
	a_new_node_with_an_empty_disk_catches_up_from_genesis,
	a_peer_may_make_me_send_so_much_in_a_second,
	unproven_rows_stay_within_their_memory)
