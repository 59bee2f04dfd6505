/* A trail of thousands of epochs: kept row by row, read again after a restart, shown in pages, and
 * told in pieces to who joins. The steps are made here and signed with the members' own keys. */
#include <stdlib.h>
#include <string.h>

#include "enclave/internal.h"
#include "tests/lib/check_main.h"
#include "tests/lib/cluster.h"

#define NODES 4u
#define STEPS 6000u

struct story {
	struct cluster *c;
	struct sr_edsk votes[NODES];            /* of epoch 1, and of all that are made here */
	struct epoch_record record;
};

static void cert_make(struct consensus_cert *cert, const struct consensus_header *h,
    const struct sr_edsk *votes)
{
	memset(cert, 0, sizeof(*cert));
	cert->kind = CONSENSUS_FINAL;
	cert->epoch = h->epoch;
	cert->slot = h->slot;
	cert->hash = consensus_header_hash(h);
	cert->signers_n = 3;
	for (uint32_t i = 0; i < 3; i++) {
		struct consensus_vote v;

		cert->signers[i].voter = i;
		v = consensus_cert_vote(cert, i);
		consensus_vote_sign(&v, &h->chain_id, &votes[i]);
		cert->signers[i].sig = v.sig;
	}
}

static void blob_of(struct sr_writer *out, struct sr_writer *part)
{
	ck_ok(sr_writer_finish(part));
	sr_write_blob(out, part->p, part->n);
	sr_writer_clear(part);
}

/* From the record's epoch to the next one, with the same members. */
static void step_make(struct sr_writer *out, struct story *s)
{
	struct consensus_header h = { .chain_id = s->c->genesis->chain_id,
		.epoch = s->record.epoch, .slot = 9, .height = 9 + s->record.epoch,
		.parent_slot = 8, .flags = CONSENSUS_CLOSE };
	struct consensus_cert *cert = malloc(sizeof(*cert));
	struct sr_writer part;

	ck_assert_ptr_nonnull(cert);
	s->record.epoch++;
	h.next_roster_root = epoch_record_root(&s->record);
	cert_make(cert, &h, s->votes);
	sr_writer_init(&part, CONSENSUS_HEADER_MAX);
	consensus_header_write(&part, &h);
	blob_of(out, &part);
	sr_writer_init(&part, 10000);
	consensus_cert_write(&part, cert);
	blob_of(out, &part);
	sr_writer_init(&part, EPOCH_RECORD_MAX);
	epoch_record_write(&part, &s->record);
	blob_of(out, &part);
	free(cert);
}

/* Node 0 has lived through as many epochs more, as far as its trail knows. */
static struct story *story_new(uint32_t steps)
{
	struct story *s = calloc(1, sizeof(*s));
	struct enclave_core *core;

	ck_assert_ptr_nonnull(s);
	s->c = cluster_new(&(struct cluster_options){ .n = NODES, .seed = 91 });
	s->c->quiet = true;
	cluster_start_all(s->c);
	ck_assert(cluster_run_epoch(s->c, 1, 60000));
	cluster_run(s->c, 1000);
	core = s->c->nodes[0].core;
	s->record = core->now->record;
	for (uint32_t i = 0; i < NODES; i++)
		s->votes[i] = s->c->nodes[i].core->keys->now.vote;
	for (uint32_t i = 0; i < steps; i++) {
		struct enclave_effects fx = { 0 };
		struct sr_writer w;

		sr_writer_init(&w, EPOCH_STEP_MAX);
		step_make(&w, s);
		/* What a switch does, with the host listening. */
		core->out = &fx;
		ck_ok(trail_add(core, (struct sr_bytes){ w.p, w.n }));
		core->out = NULL;
		cluster_effects(s->c, 0, &fx);
		sr_writer_clear(&w);
	}
	return s;
}

static void story_free(struct story *s)
{
	cluster_free(s->c);
	free(s);
}

static void node_again(struct story *s)
{
	cluster_event(s->c, 0, &(struct enclave_event){ .kind = ENCLAVE_EV_STOP });
	cluster_kill(s->c, 0, true);
	cluster_start(s->c, 0);
}

static size_t memory(const struct enclave_core *core)
{
	size_t n = 0;

	for (uint32_t i = 0; i < CORE_TRAIL_KEPT; i++)
		n += core->trail.kept[i].p != NULL ? core->trail.kept[i].n : 0;
	return n;
}

START_TEST(thousands_of_epochs_are_kept_shown_in_pages_and_followed)
{
	struct story *s = story_new(STEPS);
	struct epoch_record *record = malloc(sizeof(*record));
	struct sr_hash32 close;

	ck_assert_ptr_nonnull(record);
	for (unsigned boots = 0; boots < 2; boots++) {
		node_again(s);
		ck_assert(!s->c->nodes[0].fatal);
		ck_assert_uint_eq(s->c->nodes[0].core->trail.n, STEPS + 1);
		ck_assert_uint_lt(memory(s->c->nodes[0].core), 64 * 1024);
	}
	cluster_trail_fetch(s->c, 1, 0);
	/* No frame ever carried all of it. */
	ck_assert_uint_gt(s->c->nodes[1].trail_n, HOST_FRAME_MAX);
	ck_ok(epoch_trail_verify(record, &close, s->c->genesis, s->c->nodes[1].trail,
	    s->c->nodes[1].trail_n));
	ck_assert_uint_eq(record->epoch, STEPS + 1);
	free(record);
	story_free(s);
}
END_TEST

static struct epoch_trail_page page_of(struct story *s, uint64_t from, size_t size)
{
	struct epoch_trail_page page;
	uint8_t b[9] = { 0 };
	size_t token;

	for (int k = 0; k < 8; k++)
		b[k] = (uint8_t)(from >> 8 * k);
	token = cluster_request(s->c, 0, CLIENT_TRAIL, b, size);
	cluster_run(s->c, 1);
	ck_assert(s->c->replies[token].done);
	ck_ok(s->c->replies[token].code);
	ck_assert_uint_le(s->c->replies[token].n, CLIENT_ANSWER_MAX);
	ck_ok(epoch_trail_page_read(&page, s->c->replies[token].p, s->c->replies[token].n));
	return page;
}

START_TEST(a_page_has_whole_steps_from_where_it_was_asked)
{
	struct story *s = story_new(800);
	struct epoch_trail_page page;
	struct sr_bytes step;
	struct sr_hash32 close;
	struct sr_reader r;
	size_t token;

	node_again(s);
	page = page_of(s, 0, 0);
	ck_assert_uint_eq(page.total, 801);
	ck_assert_uint_eq(page.first, 0);
	ck_assert_uint_gt(page.count, 100);
	ck_assert_uint_lt(page.count, 801);
	sr_reader_init(&r, page.steps.p, page.steps.n);
	for (uint32_t i = 0; i < page.count; i++)
		ck_ok(epoch_trail_step_read(&step, &close, &r));
	ck_ok(sr_reader_finish(&r));
	page = page_of(s, 798, 8); /* from memory */
	ck_assert_uint_eq(page.first, 798);
	ck_assert_uint_eq(page.count, 3);
	/* Who asks for what is not there sees the last step. */
	page = page_of(s, 801, 8);
	ck_assert_uint_eq(page.first, 800);
	ck_assert_uint_eq(page.count, 1);
	page = page_of(s, UINT64_MAX, 8);
	ck_assert_uint_eq(page.first, 800);
	token = cluster_request(s->c, 0, CLIENT_TRAIL, (const uint8_t[9]){ 0 }, 9);
	ck_error(s->c->replies[token].code, SR_ERR_TRAILING_BYTES);
	story_free(s);
}
END_TEST

static struct cluster_row *row_of_step(struct story *s, uint32_t number)
{
	struct cluster_rows *rows = &s->c->nodes[0].store;
	struct sr_hash32 name;

	seal_step_name(&name, s->c->nodes[0].core->keys, number);
	for (size_t k = 0; k < rows->n; k++)
		if (memcmp(rows->list[k].key, name.b, 32) == 0)
			return &rows->list[k];
	ck_abort_msg("no such row");
	return NULL;
}

/* Lost, changed, or another step's in its place. */
START_TEST(a_store_without_every_step_is_damaged)
{
	struct story *s = story_new(20);
	struct cluster_row *row, *other, kept;

	cluster_event(s->c, 0, &(struct enclave_event){ .kind = ENCLAVE_EV_STOP });
	row = row_of_step(s, 7);
	other = row_of_step(s, 9);
	kept = *row;
	if (_i == 0) {
		row->value[40] ^= 1;
	} else if (_i == 1) {
		row->value = other->value;
		row->value_n = other->value_n;
	} else {
		*row = s->c->nodes[0].store.list[--s->c->nodes[0].store.n];
	}
	cluster_kill(s->c, 0, true);
	cluster_start(s->c, 0);
	ck_assert(s->c->nodes[0].fatal);
	ck_error(s->c->nodes[0].error, SR_ERR_DAMAGED);
	if (_i == 2) {
		free(kept.key);
		free(kept.value);
	} else {
		row->value = kept.value;
		row->value_n = kept.value_n;
	}
	story_free(s);
}
END_TEST

/* A host that gives what nobody asked for, or another row: the client is told, and nobody else
 * is harmed. */
START_TEST(a_host_that_reads_other_rows_shows_no_steps)
{
	struct story *s = story_new(20);
	struct enclave_core *core;
	struct cluster_row *row;
	struct sr_writer w;
	size_t token;

	node_again(s);
	core = s->c->nodes[0].core;
	token = cluster_request(s->c, 0, CLIENT_TRAIL, NULL, 0);
	row = row_of_step(s, 1);
	sr_writer_init(&w, 100000);
	sr_write_u32(&w, 1);
	sr_write_blob(&w, row->value, row->value_n);
	for (uint32_t i = 0; i < CORE_TRAIL_READS; i++)
		if (core->trail.reads[i].token != 0)
			cluster_event(s->c, 0, &(struct enclave_event){ .kind = ENCLAVE_EV_STATE,
			    .token = core->trail.reads[i].token, .a = { w.p, w.n } });
	ck_assert(s->c->replies[token].done);
	ck_error(s->c->replies[token].code, SR_ERR_NOT_FOUND);
	cluster_event(s->c, 0, &(struct enclave_event){ .kind = ENCLAVE_EV_STATE, .token = 77,
	    .a = { w.p, w.n } });
	ck_assert(!s->c->nodes[0].fatal);
	sr_writer_clear(&w);
	story_free(s);
}
END_TEST

/* In pieces, in order; the whole of it is then its own to show. */
START_TEST(a_joiner_is_told_thousands_of_epochs_in_pieces)
{
	struct story *s = story_new(STEPS);
	uint32_t five = cluster_node_add(s->c);
	struct cluster_node *node = &s->c->nodes[five];

	node_again(s);
	cluster_trail_fetch(s->c, five, 0);
	cluster_start(s->c, five);
	ck_assert(!node->fatal);
	ck_assert_uint_eq(node->core->phase, CORE_JOINING);
	ck_assert_uint_eq(node->core->trail.n, STEPS + 1);
	ck_assert_uint_lt(memory(node->core), 64 * 1024);
	ck_assert_uint_ge(node->pending.n, STEPS + 1);
	story_free(s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("enclave trail store");
	TCase *t = tcase_create("all");
	SRunner *runner;
	int failed;

	if (sr_crypto_init() != SR_OK)
		return 1;
	tcase_set_timeout(t, 300);
	tcase_add_test(t, thousands_of_epochs_are_kept_shown_in_pages_and_followed);
	tcase_add_test(t, a_page_has_whole_steps_from_where_it_was_asked);
	tcase_add_loop_test(t, a_store_without_every_step_is_damaged, 0, 3);
	tcase_add_test(t, a_host_that_reads_other_rows_shows_no_steps);
	tcase_add_test(t, a_joiner_is_told_thousands_of_epochs_in_pieces);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
