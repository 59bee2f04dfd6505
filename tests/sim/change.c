/*
 * Operators. One joins a node, one takes his own out, one asks for fresh shares: each is a client
 * who submits one operation and goes when it was answered. What must come of it is for check.c.
 */
#include <stdlib.h>
#include <string.h>

#include "enclave/internal.h"
#include "enclave/roster.h"
#include "tests/sim/client.h"

struct sim_change {
	struct sim_client client;
	enum sim_fault_kind kind;
	uint32_t member;
};

static struct sim_change *change_of(struct sim_client *c)
{
	return (struct sim_change *)c; /* its first member */
}

void sim_entry_sign(struct genesis_member *m, const struct sr_edsk *operator_key,
    const struct sr_hash32 *nonce, struct sr_writer *evidence)
{
	struct sr_hash32 measurement = { { 7 } };
	uint8_t report[64];
	genesis_report_data(report, &m->operator_key, &m->id_key, &m->vote_key, m->box_key, nonce);
	genesis_software_evidence(evidence, &measurement, report, operator_key);
	SR_ASSERT(sr_writer_finish(evidence) == SR_OK);
	m->evidence = (struct sr_bytes){ evidence->p, evidence->n };
	genesis_member_sign(m, nonce, operator_key);
}

/* --- asking --- */

static void op_submit(struct sim_change *ch, enum epoch_op_kind kind, const struct sr_writer *body)
{
	struct sim_client *c = &ch->client;
	struct epoch_context ctx = { .chain_id = c->sim->parsed->chain_id, .now = &c->epoch,
		.genesis = c->sim->parsed };
	struct sr_writer w;
	sr_writer_init(&w, SR_OP_MAX);
	SR_ASSERT(epoch_op_write(&w, &ctx, kind, &c->sim->nodes[ch->member].operator_key, body->p,
		      body->n) == SR_OK);
	client_submit_op(c, w.p, w.n);
	sr_writer_clear(&w);
}

static void join_write(struct sim_change *ch, struct sr_writer *body)
{
	struct sim *s = ch->client.sim;
	struct sim_node *node = &s->nodes[ch->member];
	struct sr_hash32 nonce = epoch_record_nonce(&ch->client.epoch, s->parsed);
	struct sr_writer evidence;
	sr_writer_init(&evidence, GENESIS_EVIDENCE_MAX);
	sim_entry_sign(node->entry, &node->operator_key, &nonce, &evidence);
	genesis_member_write(body, node->entry);
	sr_writer_clear(&evidence);
}

/* For the epoch that the client knows. */
static void change_submit(struct sim_client *c)
{
	struct sim_change *ch = change_of(c);
	uint32_t place = epoch_record_id(&c->epoch, &c->sim->nodes[ch->member].id);
	struct sr_writer body;
	if (ch->kind != SIM_FAULT_JOIN && place == EPOCH_NOBODY) {
		client_done(c); /* no member any more, nor is his word worth anything */
		return;
	}
	sr_writer_init(&body, SR_OP_MAX);
	if (ch->kind == SIM_FAULT_JOIN)
		join_write(ch, &body);
	if (ch->kind == SIM_FAULT_LEAVE)
		sr_write_u32(&body, c->epoch.members[place].seat);
	SR_ASSERT(body.error == SR_OK);
	op_submit(ch, ch->kind == SIM_FAULT_JOIN ? EPOCH_OP_JOIN
	    : ch->kind == SIM_FAULT_LEAVE	 ? EPOCH_OP_LEAVE
						 : EPOCH_OP_REFRESH, &body);
	sr_writer_clear(&body);
}

/* --- a node comes --- */

static void trail_show(struct sim_node *node, struct sr_bytes trail)
{
	free(node->trail.p);
	node->trail = sim_copy(trail.p, trail.n);
}

static void invite(struct sim_change *ch)
{
	struct sim *s = ch->client.sim;
	struct sim_node *node = &s->nodes[ch->member];
	struct sim_fault *old = sim_plan_ever(s, SIM_FAULT_OLD_TRAIL, ch->member);
	struct sim_fault *false_one = sim_plan_ever(s, SIM_FAULT_FALSE_TRAIL, ch->member);
	struct sim_fault *absent = sim_plan_ever(s, SIM_FAULT_ABSENT, ch->member);
	if (node->invited)
		return;
	if (absent != NULL) {
		sim_plan_hit(s, absent);
		return;
	}
	trail_show(node, (struct sr_bytes){ ch->client.trail.p, ch->client.trail.n });
	if (old != NULL && s->first_trail.p != NULL) {
		sim_plan_hit(s, old);
		trail_show(node, (struct sr_bytes){ s->first_trail.p, s->first_trail.n });
	}
	if (false_one != NULL && false_one->hits == 0) {
		sim_plan_hit(s, false_one);
		node->trail.p[false_one->param % node->trail.n] ^= 1;
	}
	node->invited = true;
	s->joined++;
	sim_node_boot(node);
}

/* It saw that its past was none: somebody shows it another, after a while. */
bool sim_joiner_ended(struct sim_node *node)
{
	struct sim *s = node->sim;
	struct sim_fault *f = sim_plan_ever(s, SIM_FAULT_FALSE_TRAIL, node->index);
	if (f == NULL || f->hits != 1)
		return false;
	sim_plan_hit(s, f);
	node->trail.p[f->param % node->trail.n] ^= 1;
	sim_node_restart_later(node, 500000);
	return true;
}

/* --- answers --- */

static void change_submitted(struct sim_client *c, enum sr_error code,
    const struct vault_receipt *receipt)
{
	struct sim_change *ch = change_of(c);
	sim_say(c->sim, "operator of node %u: %s: %s", ch->member, sim_fault_name(ch->kind),
	    sr_error_name((unsigned)code));
	(void)receipt;
	/* DUPLICATE: it was accepted in the epoch before, or the answer was lost. */
	if (ch->kind == SIM_FAULT_JOIN && (code == SR_OK || code == SR_ERR_DUPLICATE))
		invite(ch);
	client_done(c);
}

static void change_got(struct sim_client *c, struct sr_bytes payload)
{
	(void)c;
	(void)payload;
}

static void change_check(struct sim_client *c, struct vault_tree *state)
{
	(void)c;
	(void)state;
}

static const struct client_kind operators = {
	.begin = change_submit, .submitted = change_submitted, .got = change_got,
	.again = change_submit, .renew = change_submit, .check = change_check,
};

/* --- when --- */

/* With so many who go, may as many be faulty as there are? */
static bool may_leave(struct sim *s, const struct sim_node *node)
{
	uint32_t n, faulty = 0;
	if (s->newest == NULL || !sim_member_now(node) || node->leaves)
		return false;
	n = s->newest->n - 1;
	for (uint32_t i = 0; i < s->people; i++) {
		n -= s->nodes[i].leaves && sim_member_now(&s->nodes[i]);
		faulty += s->nodes[i].liar && &s->nodes[i] != node && sim_member_now(&s->nodes[i]);
	}
	return faulty <= consensus_faults(n);
}

void sim_change_begin(struct sim *s, struct sim_fault *f)
{
	struct sim_node *node = &s->nodes[f->member];
	struct sim_change *ch;
	if (s->clients_n == SIM_CLIENTS_MAX || (f->kind == SIM_FAULT_LEAVE && !may_leave(s, node)))
		return;
	sim_plan_hit(s, f);
	node->leaves = node->leaves || f->kind == SIM_FAULT_LEAVE;
	ch = calloc(1, sizeof *ch);
	SR_ASSERT(ch != NULL);
	ch->kind = f->kind;
	ch->member = f->member;
	client_add(s, &ch->client, &operators);
}

/* --- what is due --- */

static bool candidate_due(void *ctx, const struct roster_candidate *c)
{
	bool *due = ctx;
	*due = *due || c->state != ROSTER_REFUSED;
	return true;
}

bool sim_change_due(const struct vault_tree *state, const struct epoch_record *now)
{
	struct epoch_change change;
	struct roster_clock clock;
	struct roster_member *m = calloc(1, sizeof *m);
	uint32_t leave = 0;
	bool due = epoch_change_get(&change, state);
	SR_ASSERT(m != NULL);
	roster_clock_get(&clock, state);
	due = due || clock.refresh_asked;
	SR_ASSERT(roster_candidates_walk(state, candidate_due, &due) == SR_OK);
	for (uint32_t i = 0; i < now->n; i++)
		leave += roster_member_get(m, state, now->members[i].seat) == SR_OK &&
		    (m->flags & ROSTER_LEAVES) != 0;
	free(m);
	return due || (leave > 0 && now->n > EPOCH_MEMBERS_MIN);
}
