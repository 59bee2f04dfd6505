/*
 * Every invariant with a planted fault that it must notice: a calm world is run for a while, then
 * one thing is made false, in what is observed or in a core's memory. Left alone, the same world
 * must show nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/client.h"
#include "tests/sim/history.h"
#include "tests/sim/liar.h"
#include "tests/sim/run.h"

#define CALM_MS 4000u

static struct consensus_header header_of(struct sim *s, uint64_t height)
{
	struct consensus_header h = s->nodes[0].core->final->header;
	h.height = height;
	return h;
}

static void block_show(struct sim *s, const struct consensus_header *h)
{
	struct sr_writer w;
	sr_writer_init(&w, CONSENSUS_HEADER_MAX);
	consensus_header_write(&w, h);
	SR_ASSERT(sr_writer_finish(&w) == SR_OK);
	s->nodes[0].ready = false; /* as after a restart: heights are told again */
	sim_check_block(&s->nodes[0], h->height, w.p, w.n);
	sr_writer_clear(&w);
}

static void plant_conflict(struct sim *s)
{
	struct consensus_header h = header_of(s, s->final_top);
	h.time_ms++;
	block_show(s, &h);
}

static void plant_two_notarised(struct sim *s)
{
	struct consensus *c = s->nodes[0].core->now->consensus;
	struct consensus_cert *cert = cons_cert_of(c, CONSENSUS_NOTAR, c->final.slot);
	SR_ASSERT(cert != NULL);
	cert->hash.b[0] ^= 1;
	sim_check_step(&s->nodes[0]);
	cert->hash.b[0] ^= 1;
}

static struct consensus_vote vote_of(struct sim *s, enum consensus_vote_kind kind, uint64_t slot)
{
	struct consensus_vote v = { .kind = kind, .epoch = 1, .slot = slot };
	(void)s;
	return v;
}

static void plant_double_vote(struct sim *s)
{
	struct consensus_vote v = vote_of(s, CONSENSUS_NOTAR, 7);
	v.hash.b[0] = 1;
	sim_history_vote(&s->nodes[0], &v);
}

static void plant_skip_and_final(struct sim *s)
{
	struct consensus_vote skip = vote_of(s, CONSENSUS_SKIP, 900);
	struct consensus_vote final = vote_of(s, CONSENSUS_FINAL, 900);
	sim_history_vote(&s->nodes[0], &skip);
	sim_history_vote(&s->nodes[0], &final);
}

static void plant_orphan(struct sim *s)
{
	struct consensus_header h = header_of(s, s->final_top + 1);
	h.time_ms++;
	h.parent_hash.b[0] ^= 1;
	block_show(s, &h);
}

static void plant_gap(struct sim *s)
{
	struct consensus *c = s->nodes[0].core->now->consensus;
	uint64_t slot = c->highest_slot + 1;
	struct cons_slot *at;
	struct cons_block *b;
	struct consensus_header h = header_of(s, s->final_top + 1);
	h.slot = slot;
	h.parent_slot = c->final.slot - 1; /* which has a child already, and no SKIP between */
	h.parent_hash = s->final_hash[s->final_top - 1];
	SR_ASSERT(cons_slot_get(c, &at, slot) == SR_OK);
	SR_ASSERT(cons_block_new(&b, &h, NULL, (struct sr_bytes){ NULL, 0 }) == SR_OK);
	SR_ASSERT(cons_tree_add(c, b) == SR_OK);
	at->certs[CONSENSUS_NOTAR - 1] = calloc(1, sizeof *at->certs[0]);
	SR_ASSERT(at->certs[CONSENSUS_NOTAR - 1] != NULL);
	at->certs[CONSENSUS_NOTAR - 1]->hash = b->hash;
	sim_check_step(&s->nodes[0]);
}

static void plant_root(struct sim *s)
{
	s->final_pre_root[s->final_top + 1].b[0] ^= 1;
	s->final_known[s->final_top + 1] = true;
	for (int i = 0; i < 2000; i++) /* one look in fifty */
		sim_check_step(&s->nodes[0]);
}

static void plant_time_back(struct sim *s)
{
	struct consensus_header h = header_of(s, s->final_top + 1);
	h.parent_hash = s->final_hash[s->final_top];
	h.time_ms = s->final_time_ms[s->final_top];
	block_show(s, &h);
}

static void plant_time_ahead(struct sim *s)
{
	struct consensus_header h = header_of(s, s->final_top + 1);
	h.parent_hash = s->final_hash[s->final_top];
	h.time_ms = sim_now_ms(s) + 501;
	block_show(s, &h);
}

/* A vote leaves that no record tells of. */
static void plant_unlogged(struct sim *s)
{
	struct sim_node *node = &s->nodes[0];
	struct consensus_vote v = vote_of(s, CONSENSUS_SKIP, 901);
	struct enclave_effect fx = { .kind = ENCLAVE_FX_SEND };
	struct sr_writer w;
	sr_writer_init(&w, 1024);
	sr_write_u8(&w, CORE_CONSENSUS);
	sr_write_u64(&w, 1);
	sr_write_u8(&w, 1);
	sr_write_u8(&w, CONS_VOTES);
	sr_write_u64(&w, 1);
	sr_write_u16(&w, 1);
	consensus_vote_write(&w, &v);
	SR_ASSERT(sr_writer_finish(&w) == SR_OK);
	fx.a = (struct sr_bytes){ w.p, w.n };
	struct enclave_effects kept = node->effects;
	node->effects = (struct enclave_effects){ &fx, 1, 1 };
	sim_step_after(node);
	node->effects = kept;
	sr_writer_clear(&w);
}

static void plant_share(struct sim *s)
{
	struct sr_scalar one;
	sr_scalar_from_u32(&one, 1);
	for (uint32_t i = 0; i < s->n; i++) {
		struct sr_scalar *share = &s->nodes[i].core->keys->now.share;
		sr_scalar_add(share, share, &one);
	}
	sim_check_vault_key(s);
}

static void plant_threshold(struct sim *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		s->nodes[i].core->now->record.threshold++;
	sim_check_vault_key(s);
}

/* --- after a refresh --- */

static void refresh(struct sim *s)
{
	struct sim_fault f = { .kind = SIM_FAULT_REFRESH, .member = 0 };
	sim_change_begin(s, &f);
	sim_go(s, 8000);
	SR_ASSERT(s->violation[0] != '\0' || s->newest->epoch == 2);
}

/* Everybody is looked at as if the switch were now. */
static void switch_look(struct sim *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		s->nodes[i].roster_epoch = s->nodes[i].share_epoch = 0;
		sim_check_roster(&s->nodes[i]);
		sim_check_shares(&s->nodes[i]);
	}
}

static void plant_foreign_share(struct sim *s)
{
	struct sr_scalar one, *share;
	refresh(s);
	share = &s->nodes[2].core->keys->now.share;
	sr_scalar_from_u32(&one, 1);
	sr_scalar_add(share, share, &one);
	switch_look(s);
}

static void plant_other_key(struct sim *s)
{
	refresh(s);
	free(s->epochs[2]);
	s->epochs[2] = NULL;
	s->newest = NULL;
	for (uint32_t i = 0; i < s->n; i++)
		memcpy(s->nodes[i].core->now->record.vault_key,
		    s->nodes[i].core->now->record.members[0].verify_key, 32);
	switch_look(s);
}

/* A refresh that leaves the shares as they were. */
static void plant_no_refresh(struct sim *s)
{
	struct sr_scalar shares[4];
	struct epoch_record *before = malloc(sizeof *before);
	SR_ASSERT(before != NULL && s->n == 4);
	*before = s->nodes[0].core->now->record;
	for (uint32_t i = 0; i < s->n; i++)
		shares[i] = s->nodes[i].core->keys->now.share;
	refresh(s);
	free(s->epochs[2]);
	s->epochs[2] = NULL;
	s->newest = NULL;
	for (uint32_t i = 0; i < s->n; i++) {
		s->nodes[i].core->keys->now.share = shares[i];
		for (uint32_t k = 0; k < s->n; k++)
			memcpy(s->nodes[i].core->now->record.members[k].verify_key,
			    before->members[k].verify_key, 32);
	}
	free(before);
	switch_look(s);
}

static void plant_gone_member(struct sim *s)
{
	s->nodes[1].gone = true;
	refresh(s);
}

/* A change begins, and nobody finishes it. */
static void plant_undone(struct sim *s)
{
	struct sim_fault f = { .kind = SIM_FAULT_REFRESH, .member = 0 };
	uint64_t from_us;
	s->turn_known = s->turn_done = true;
	sim_users_finish(s);
	sim_go(s, 20000);
	sim_change_begin(s, &f);
	from_us = s->now_us;
	for (uint64_t ms = 1; ms < 5000 && !sim_check_undone(&s->nodes[0]); ms++)
		sim_go(s, ms - (s->now_us - from_us) / 1000);
	for (uint32_t i = 0; i < s->clients_n; i++)
		s->clients[i]->done = true;
	sim_check_end(s);
}

static void plant_refreshed(struct sim *s)
{
	refresh(s);
	sim_users_finish(s);
	s->healed = true;
	sim_go(s, 20000);
	sim_check_end(s);
}

static void plant_no_ticket(struct sim *s)
{
	struct sr_hash32 ticket = { { 1 } };
	struct vault_account nobody = { 0 };
	struct sr_xpk to = { { 0 } };
	sim_check_release(&s->nodes[0], &ticket, &nobody, &to);
}

static void plant_early(struct sim *s)
{
	struct vault_switch sw = { .state = VAULT_SWITCH_FIRED };
	sw.fired_ms = s->final_time_ms[s->final_top];
	sim_check_switch(s, s->final_top - 1, 9000, &sw);
}

static void plant_roster(struct sim *s)
{
	s->nodes[0].core->now->record.threshold++;
	s->nodes[0].roster_epoch = 0;
	sim_check_step(&s->nodes[0]);
}

static void plant_hoard(struct sim *s)
{
	s->nodes[0].core->ahead_n = CORE_AHEAD_MAX + 1;
	sim_check_step(&s->nodes[0]);
	s->nodes[0].core->ahead_n = 0;
}

static void plant_long_message(struct sim *s)
{
	static uint8_t message[SR_BLOCK_MAX + 256 * 1024 + 1];
	sim_check_send(&s->nodes[0], message, sizeof message);
}

/* Two of four hear nobody, for ever. */
static void plant_standstill(struct sim *s)
{
	s->healed = true;
	for (uint32_t a = 0; a < s->n; a++)
		for (uint32_t b = 0; b < s->n; b++)
			s->cut[a][b] = b < 2;
	sim_go(s, 3000);
	s->violation[0] = '\0';
	sim_check_end(s);
}

static void plant_down(struct sim *s)
{
	s->turn_known = s->turn_done = true;
	s->nodes[2].dead = true;
	sim_node_crash(&s->nodes[2], true);
	sim_users_finish(s);
	sim_go(s, 30000);
	sim_check_end(s);
}

static void plant_lost(struct sim *s)
{
	struct vault_tree *empty = NULL;
	SR_ASSERT(vault_genesis(&empty, SIM_EPOCH_MS) == SR_OK);
	sim_users_check(s, empty);
	vault_tree_unref(empty);
}

static void plant_nothing(struct sim *s)
{
	sim_users_finish(s);
	s->healed = true;
	sim_go(s, 20000);
	sim_check_end(s);
}

static const struct { const char *name, *expect; void (*plant)(struct sim *s); } plants[] = {
	{ "a world left alone", "", plant_nothing },
	{ "a world with a refresh", "", plant_refreshed },
	{ "another final block", "I1:", plant_conflict },
	{ "two notarised blocks in a slot", "I1:", plant_two_notarised },
	{ "a second NOTAR vote", "I2:", plant_double_vote },
	{ "SKIP and FINAL", "I2:", plant_skip_and_final },
	{ "a final block on no final parent", "I3:", plant_orphan },
	{ "a notarised block that leaves out a slot", "I3:", plant_gap },
	{ "another state root", "I4:", plant_root },
	{ "time stands still", "I5:", plant_time_back },
	{ "time runs ahead", "I5:", plant_time_ahead },
	{ "a vote that is in no log", "I6:", plant_unlogged },
	{ "shares of another key", "I7:", plant_share },
	{ "fewer shares are enough", "I7:", plant_threshold },
	{ "a share that the roster does not have", "I7:", plant_foreign_share },
	{ "another vault key after a refresh", "I7:", plant_other_key },
	{ "a refresh that changes no share", "I7:", plant_no_refresh },
	{ "a share without a ticket", "I8:", plant_no_ticket },
	{ "a switch fires early", "I9:", plant_early },
	{ "another roster", "I10:", plant_roster },
	{ "who has left is a member", "I10:", plant_gone_member },
	{ "more kept than allowed", "I11:", plant_hoard },
	{ "a message too long", "I11:", plant_long_message },
	{ "a standstill after healing", "I12:", plant_standstill },
	{ "a member that stays down", "I12:", plant_down },
	{ "a change that nobody finishes", "I12:", plant_undone },
	{ "what was acknowledged is gone", "I13:", plant_lost },
};

static bool plant_try(size_t i)
{
	struct sim_options o = { .seed = 1, .n = 4, .calm = true, .changes = true };
	struct sim *s = malloc(sizeof *s);
	SR_ASSERT(s != NULL);
	enum sr_error err = sim_init(s, &o);
	SR_ASSERT(err == SR_OK);
	sim_begin(s);
	sim_go(s, CALM_MS);
	bool quiet = s->violation[0] == '\0';
	plants[i].plant(s);
	const char *text = strstr(s->violation, ": ");
	bool noticed = plants[i].expect[0] == '\0'
	    ? s->violation[0] == '\0'
	    : text != NULL && strncmp(text + 2, plants[i].expect, strlen(plants[i].expect)) == 0;
	printf("%s %s: %s\n", quiet && noticed ? "ok  " : "FAIL", plants[i].name,
	    s->violation[0] == '\0' ? "nothing" : s->violation);
	sim_clear(s);
	free(s);
	return quiet && noticed;
}

bool run_selftest(void)
{
	size_t n = sizeof plants / sizeof plants[0], passed = 0;
	for (size_t i = 0; i < n; i++)
		passed += plant_try(i);
	printf("%zu passed, %zu failed, 0 skipped\n", passed, n - passed);
	return passed == n;
}
