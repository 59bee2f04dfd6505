/* What a member owes besides dealing: fresh evidence when its own is due, one word on each subject,
 * one proof of each fault. */
#include <stdlib.h>
#include <string.h>

#include "enclave/epoch_state.h"
#include "enclave/internal.h"
#include "tests/lib/check_main.h"
#include "tests/lib/cluster.h"

/* Node 0 of a cluster, taken out of its loop. */
struct stage {
	struct cluster *c;
	struct enclave_core *core;
	struct enclave_effects effects;
};

static void stage_open(struct stage *s, uint64_t seed)
{
	const struct sr_key32 key = { { 3 } };

	memset(s, 0, sizeof(*s));
	s->c = cluster_new(&(struct cluster_options){ .n = 4, .seed = seed });
	s->c->quiet = true;
	cluster_start_all(s->c);
	ck_assert(cluster_run_epoch(s->c, 1, 60000));
	cluster_run(s->c, 2000);
	s->core = s->c->nodes[0].core;
	enclave_effects_init(&s->effects);
	s->core->out = &s->effects;
	sr_drbg_init(&s->core->drbg, &key);
}

static void stage_close(struct stage *s)
{
	s->core->out = NULL;
	enclave_effects_clear(&s->effects);
	cluster_free(s->c);
}

static const struct enclave_effect *effect_find(const struct stage *s,
    enum enclave_effect_kind kind)
{
	for (size_t i = 0; i < s->effects.n; i++)
		if (s->effects.list[i].kind == kind)
			return &s->effects.list[i];
	return NULL;
}

/* The final state says that this member's evidence is of a machine, and due. */
static void evidence_make_due(struct stage *s, enum attest_kind kind)
{
	struct vault_tree *t = vault_tree_ref(s->core->final->tree);
	struct roster_member m;

	ck_ok(roster_member_get(&m, t, 0));
	m.flags |= ROSTER_DUE;
	m.has_facts = true;
	m.facts.kind = kind;
	m.facts.status = ATTEST_UP_TO_DATE;
	m.facts.measurement_n = attest_kind_measurement_n(kind);
	ck_ok(roster_member_put(&t, &m));
	vault_tree_unref(s->core->final->tree);
	s->core->final->tree = t;
}

static void step(struct stage *s, uint64_t ms)
{
	enclave_effects_reset(&s->effects);
	s->core->now_ms += ms;
	ck_ok(duties_run(s->core));
}

START_TEST(a_machine_whose_evidence_is_due_is_asked_for_new_one)
{
	const struct enclave_effect *fx;
	const struct epoch_member *me;
	struct sr_hash32 nonce;
	struct enclave_event ev = { .kind = ENCLAVE_EV_EVIDENCE };
	uint8_t report[64];
	struct stage s;

	stage_open(&s, 600);
	step(&s, 1);
	ck_assert_ptr_null(effect_find(&s, ENCLAVE_FX_EVIDENCE));
	evidence_make_due(&s, ATTEST_KIND_SNP);
	step(&s, 1);
	fx = effect_find(&s, ENCLAVE_FX_EVIDENCE);
	ck_assert_ptr_nonnull(fx);
	me = &s.core->now->record.members[0];
	nonce = epoch_record_nonce(&s.core->now->record, s.c->genesis);
	genesis_report_data(report, &me->operator_key, &me->id_key, &me->vote_key, me->box_key,
	    &nonce);
	ck_assert_uint_eq(fx->a.n, sizeof(report));
	ck_assert_mem_eq(fx->a.p, report, sizeof(report));
	/* The platform can't: asked again, but not at every block. */
	ev.token = fx->token;
	ev.number = SR_ERR_IO;
	ck_ok(duties_evidence(s.core, &ev));
	step(&s, 300);
	ck_assert_ptr_null(effect_find(&s, ENCLAVE_FX_EVIDENCE));
	step(&s, 600000);
	ck_assert_ptr_nonnull(effect_find(&s, ENCLAVE_FX_EVIDENCE));
	stage_close(&s);
}
END_TEST

START_TEST(software_is_not_asked_its_operator_is)
{
	struct stage s;

	stage_open(&s, 601);
	evidence_make_due(&s, ATTEST_KIND_SOFTWARE);
	step(&s, 1);
	ck_assert_ptr_null(effect_find(&s, ENCLAVE_FX_EVIDENCE));
	stage_close(&s);
}
END_TEST

START_TEST(evidence_that_nobody_asked_for_is_not_sent_on)
{
	const uint8_t bytes[8] = { ATTEST_KIND_SNP };
	struct enclave_event ev = { .kind = ENCLAVE_EV_EVIDENCE, .token = 77,
		.a = { bytes, sizeof(bytes) } };
	struct stage s;

	stage_open(&s, 602);
	ck_ok(duties_evidence(s.core, &ev));
	ev.token = 0;
	ck_ok(duties_evidence(s.core, &ev));
	ck_assert_ptr_null(s.core->duties.evidence.op);
	stage_close(&s);
}
END_TEST

static unsigned verified_n;

static enum sr_error verify_counted(struct attest_facts *facts, struct sr_bytes evidence,
    const struct attest_trust *trust, uint64_t time_s)
{
	verified_n++;
	return attest_evidence_verify(facts, evidence, trust, time_s);
}

START_TEST(evidence_that_waits_is_verified_once_by_each_member)
{
	struct stage s;
	uint32_t five;

	stage_open(&s, 603);
	s.core->out = NULL;
	verified_n = 0;
	for (uint32_t i = 0; i < 4; i++)
		s.c->nodes[i].core->verify = verify_counted;
	five = cluster_node_add(s.c);
	ck_ok(cluster_node_join(s.c, five, 0));
	ck_assert(cluster_run_members(s.c, 2, 60000));
	ck_assert_uint_eq(verified_n, 4);
	stage_close(&s);
}
END_TEST

START_TEST(one_proof_of_a_member_s_fault_is_enough)
{
	const uint8_t proofs[3][4] = { { 1 }, { 2 }, { 3 } };
	struct stage s;

	stage_open(&s, 604);
	for (size_t i = 0; i < 3; i++)
		duties_fault(s.core, 1, &s.core->now->record.members[1], proofs[i], 4);
	ck_assert_uint_eq(s.core->duties.faults_n, 1);
	duties_fault(s.core, 1, &s.core->now->record.members[2], proofs[0], 4);
	ck_assert_uint_eq(s.core->duties.faults_n, 2);
	duties_forget(s.core);
	ck_assert_uint_eq(s.core->duties.faults_n, 0);
	stage_close(&s);
}
END_TEST

START_TEST(every_member_s_fault_has_a_place_and_is_said_again_in_the_next_epoch)
{
	const uint8_t proof[4] = { 1 };
	struct epoch_record *record;
	struct stage s;

	stage_open(&s, 605);
	record = &s.core->now->record;
	/* As many as there can be. */
	record->n = SR_MEMBERS_MAX;
	for (uint32_t i = 4; i < SR_MEMBERS_MAX; i++) {
		record->members[i] = record->members[3];
		record->members[i].id_key.b[1] = (uint8_t)i;
	}
	for (uint32_t i = 0; i < SR_MEMBERS_MAX; i++)
		duties_fault(s.core, 1, &record->members[i], proof, 4);
	ck_assert_uint_eq(s.core->duties.faults_n, SR_MEMBERS_MAX);
	record->n = 4;
	record->epoch = 2;
	duties_switch(s.core);
	ck_assert_uint_eq(s.core->duties.faults_n, 4);
	ck_assert_mem_eq(s.core->duties.faults[3].culprit.b, record->members[3].id_key.b, 32);
	duties_fault(s.core, 1, &record->members[3], proof, 4);
	ck_assert_uint_eq(s.core->duties.faults_n, 4);
	record->epoch = 3;
	duties_switch(s.core);
	ck_assert_uint_eq(s.core->duties.faults_n, 0);
	record->epoch = 1;
	stage_close(&s);
}
END_TEST

TEST_MAIN("enclave_duties",
	a_machine_whose_evidence_is_due_is_asked_for_new_one,
	software_is_not_asked_its_operator_is,
	evidence_that_nobody_asked_for_is_not_sent_on,
	evidence_that_waits_is_verified_once_by_each_member,
	one_proof_of_a_member_s_fault_is_enough,
	every_member_s_fault_has_a_place_and_is_said_again_in_the_next_epoch)
