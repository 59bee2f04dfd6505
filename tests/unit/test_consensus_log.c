/* The safety log: what is replayed is what was known, a fresh beginning says the same in less, and
 * nonsense is damage. */
#include <stdlib.h>
#include <string.h>

#include "consensus/internal.h"
#include "tests/lib/check_main.h"
#include "tests/lib/consensus_puppet.h"
#include "tests/lib/seed.h"

struct pile { struct fleet_record *records; size_t n; };

static enum sr_error pile_put(void *ctx, const uint8_t *record, size_t n)
{
	struct pile *pile = ctx;

	pile->records = realloc(pile->records, (pile->n + 1) * sizeof(*pile->records));
	ck_assert(pile->records != NULL);
	pile->records[pile->n].p = malloc(n);
	memcpy(pile->records[pile->n].p, record, n);
	pile->records[pile->n++].n = n;
	return SR_OK;
}

static struct pile pile_of(struct consensus *c)
{
	struct pile pile = { NULL, 0 };

	ck_ok(consensus_compact(c, pile_put, &pile));
	return pile;
}

static void pile_free(struct pile *pile)
{
	while (pile->n > 0)
		free(pile->records[--pile->n].p);
	free(pile->records);
}

static void piles_equal(const struct pile *a, const struct pile *b)
{
	ck_assert_uint_eq(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		ck_assert_uint_eq(a->records[i].n, b->records[i].n);
		ck_assert_mem_eq(a->records[i].p, b->records[i].p, a->records[i].n);
	}
}

/* A cluster somewhere in the middle of things, with undecided slots above the last final block. */
static struct fleet *messy(uint64_t seed)
{
	struct fleet *c = fleet_new(4, seed);

	c->drop_permille = 100;
	c->delay_max_ms = 40;
	fleet_start(c);
	fleet_work(c, 60);
	fleet_run(c, 4000);
	fleet_partition(c, 0x3);
	fleet_run(c, 2500);
	return c;
}

START_TEST(replaying_the_log_gives_the_same_safety_state)
{
	for (uint64_t seed = 0; seed < 5; seed++) {
		struct fleet *c = messy(test_seed() + seed);

		for (uint32_t i = 0; i < 4; i++) {
			struct consensus_status before = fleet_status(c, i), after;
			struct pile a = pile_of(c->nodes[i].consensus), b;

			fleet_crash(c, i, false);
			fleet_restart(c, i);
			after = fleet_status(c, i);
			b = pile_of(c->nodes[i].consensus);
			ck_assert_uint_eq(before.final_height, after.final_height);
			ck_assert_uint_eq(before.frontier_slot, after.frontier_slot);
			piles_equal(&a, &b);
			pile_free(&a);
			pile_free(&b);
		}
		fleet_free(c);
	}
}
END_TEST

static void compacted_equals(uint64_t seed)
{
	struct fleet *c = messy(seed);

	for (uint32_t i = 0; i < 4; i++) {
		struct pile a = pile_of(c->nodes[i].consensus), b;
		struct consensus_status before = fleet_status(c, i), after;
		size_t long_n = c->nodes[i].log_n;

		fleet_checkpoint(c, i);
		ck_assert_uint_lt(c->nodes[i].log_n, long_n);
		fleet_crash(c, i, false);
		fleet_restart(c, i);
		after = fleet_status(c, i);
		ck_assert_uint_eq(before.final_height, after.final_height);
		ck_assert_uint_eq(before.frontier_slot, after.frontier_slot);
		b = pile_of(c->nodes[i].consensus);
		piles_equal(&a, &b);
		pile_free(&a);
		pile_free(&b);
	}
	/* And they go on together from there. */
	fleet_heal(c);
	c->drop_permille = 0;
	ck_assert(fleet_run_to_height(c, fleet_height_most(c) + 20, 60000));
	fleet_free(c);
}

START_TEST(replaying_a_compacted_log_gives_the_same_safety_state)
{
	for (uint64_t seed = 0; seed < 5; seed++)
		compacted_equals(test_seed() + 100 + seed);
	/* Skipped slots below a final one whose block was on its way. */
	for (uint64_t seed = 0; seed < 5; seed++)
		compacted_equals(2361607508994567202u + seed);
}
END_TEST

START_TEST(a_cluster_that_checkpoints_all_the_time_stays_a_cluster)
{
	struct fleet *c = fleet_new(4, test_seed());
	struct sr_drbg rng;

	test_drbg(&rng, "checkpoint");
	fleet_start(c);
	fleet_work(c, 60);
	for (int round = 0; round < 40; round++) {
		uint32_t who = test_below(&rng, 4);

		fleet_run(c, test_below(&rng, 300));
		fleet_checkpoint(c, who);
		if (test_below(&rng, 2)) {
			fleet_run(c, test_below(&rng, 100));
			fleet_crash(c, who, true);
			fleet_run(c, test_below(&rng, 300));
			fleet_restart(c, who);
			fleet_run(c, 200);
		}
	}
	ck_assert(fleet_run_to_height(c, fleet_height_most(c) + 20, 20000));
	fleet_free(c);
}
END_TEST

/* Every byte of every record, changed: never a crash, and never a vote that was not cast. */
START_TEST(damaged_records_are_refused_or_harmless)
{
	struct fleet *c = messy(test_seed());
	struct pile pile = pile_of(c->nodes[1].consensus);
	struct consensus_ports ports = { .ctx = &c->nodes[1] };
	size_t refused = 0, tried = 0;

	ck_assert_uint_ge(pile.n, 2);
	for (size_t i = 0; i < pile.n; i++) {
		struct fleet_record *r = &pile.records[i];

		for (size_t at = 0; at < r->n && at < 64; at++) {
			struct consensus *fresh = consensus_new(&c->nodes[1].config, &ports);

			r->p[at] ^= 0x41;
			refused += consensus_replay(fresh, r->p, r->n) == SR_ERR_DAMAGED;
			tried++;
			r->p[at] ^= 0x41;
			consensus_free(fresh);
		}
		for (size_t n = 0; n < r->n; n += 5) {
			struct consensus *fresh = consensus_new(&c->nodes[1].config, &ports);

			ck_error(consensus_replay(fresh, r->p, n), SR_ERR_DAMAGED);
			consensus_free(fresh);
		}
	}
	ck_assert_uint_gt(refused * 4, tried);
	pile_free(&pile);
	fleet_free(c);
}
END_TEST

START_TEST(a_record_of_another_member_or_epoch_is_damage)
{
	struct puppet *p = puppet_new_stopped(4, 0);
	struct consensus_vote other = puppet_vote(p, 1, CONSENSUS_SKIP, 1, NULL), epoch;
	struct consensus_vote *both[2] = { &other, &epoch };

	epoch = puppet_vote(p, 0, CONSENSUS_SKIP, 1, NULL);
	epoch.epoch = 2;
	fleet_start_node(p->c, 0);
	for (int i = 0; i < 2; i++) {
		struct fleet_node *node = &p->c->nodes[0];
		struct consensus_ports ports = { .ctx = node };
		struct consensus *fresh = consensus_new(&node->config, &ports);

		puppet_log_vote(p, both[i]);
		ck_error(consensus_replay(fresh, node->log[node->log_n - 1].p,
		    node->log[node->log_n - 1].n), SR_ERR_DAMAGED);
		consensus_free(fresh);
	}
	puppet_free(p);
}
END_TEST

/* Found by fuzzing: the own record had the second vote, the ballot the first. */
START_TEST(a_second_vote_of_a_kind_in_a_slot_is_damage)
{
	struct puppet *p = puppet_new_stopped(4, 0);
	struct puppet_block genesis = puppet_genesis(p), a, b;
	struct consensus_vote votes[2];
	struct fleet_node *node = &p->c->nodes[0];

	a = puppet_block(p, &genesis, 1, "one");
	b = puppet_block(p, &genesis, 1, "two");
	fleet_start_node(p->c, 0);
	for (int kind = 0; kind < 2; kind++) {
		enum consensus_vote_kind k = kind == 0 ? CONSENSUS_NOTAR : CONSENSUS_FINAL;
		struct consensus_ports ports = { .ctx = node };
		struct consensus *fresh = consensus_new(&node->config, &ports);

		votes[0] = puppet_vote(p, 0, k, 1, &a.hash);
		votes[1] = puppet_vote(p, 0, k, 1, &b.hash);
		for (int i = 0; i < 3; i++) {
			const struct fleet_record *r;

			puppet_log_vote(p, &votes[i / 2]);
			r = &node->log[node->log_n - 1];
			ck_error(consensus_replay(fresh, r->p, r->n),
			    i < 2 ? SR_OK : SR_ERR_DAMAGED);
		}
		consensus_free(fresh);
	}
	puppet_free(p);
}
END_TEST

START_TEST(what_i_proposed_is_known_after_a_restart)
{
	struct puppet *p = puppet_new(4, 1);
	size_t sent;

	puppet_pass(p, 310);
	ck_assert_uint_eq(puppet_sent_count(p, CONS_PROPOSE), 3);
	/* Only the record of the proposal survives; NOTAR, which would give it away, is gone. */
	while (p->c->nodes[1].log_n > 1)
		free(p->c->nodes[1].log[--p->c->nodes[1].log_n].p);
	p->c->nodes[1].durable_n = 1;
	fleet_crash(p->c, 1, false);
	p->c->nodes[1].ever_started = false;
	sent = puppet_sent_count(p, CONS_PROPOSE);
	p->c->nodes[1].app.work = true;
	fleet_restart(p->c, 1);
	puppet_pass(p, 2000);
	ck_assert_uint_eq(puppet_sent_count(p, CONS_PROPOSE), sent);
	puppet_free(p);
}
END_TEST

TEST_MAIN("consensus_log",
	replaying_the_log_gives_the_same_safety_state,
	replaying_a_compacted_log_gives_the_same_safety_state,
	a_cluster_that_checkpoints_all_the_time_stays_a_cluster,
	damaged_records_are_refused_or_harmless,
	a_record_of_another_member_or_epoch_is_damage,
	a_second_vote_of_a_kind_in_a_slot_is_damage,
	what_i_proposed_is_known_after_a_restart)
