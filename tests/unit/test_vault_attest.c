/* The attesteer's registry, and the condition that a secret goes to an attested workload only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"
#include "tests/lib/vault_world.h"
#include "vault/internal.h"

#define N 4u
#define Q 3u
#define DAY_MS 86400000ull
#define M "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"

static struct vault_world *w;
static struct attest_facts facts;
static const struct sr_bytes none;

/* Facts of an SGX enclave with measurement a1.., key 07.., valid for a day around now. */
static void setup(void)
{
	w = world_new();
	memset(&facts, 0, sizeof facts);
	facts.kind = ATTEST_KIND_SGX;
	facts.status = ATTEST_UP_TO_DATE;
	facts.measurement_n = facts.signer_n = 32;
	memset(facts.measurement, 0xa1, 32);
	memset(facts.signer, 0xb2, 32);
	memset(facts.report_data, 7, 32);
	memset(facts.collateral.b, 0xcc, 32);
	facts.evaluation = 17;
	facts.valid_from_s = w->block.time_ms / 1000 - 43200;
	facts.valid_to_s = w->block.time_ms / 1000 + 43200;
}

static void teardown(void) { world_free(w); }

static struct sr_bytes text(const char *s)
{
	return (struct sr_bytes){ (const uint8_t *)s, strlen(s) };
}

static enum sr_error submit(unsigned who, struct sr_hash32 *id)
{
	union vault_op_body b = { .attest_submit = {
				      text("https://e.example"), text("evidence") } };
	enum sr_error code = world_do(w, who, VAULT_OP_ATTEST_SUBMIT, &b);

	if (id != NULL)
		*id = w->op.hash;
	return code;
}

static enum sr_error verdict_of(const struct sr_hash32 *id, uint32_t member, uint16_t code,
    const struct attest_facts *f)
{
	struct sr_writer out;
	enum sr_error error;

	sr_writer_init(&out, ATTEST_FACTS_MAX);
	if (f != NULL)
		attest_facts_write(&out, f);
	ck_ok(out.error);
	error = vault_attest_verdict(&w->t, &w->block, id, member, N, Q, code,
	    (struct sr_bytes){ out.p, out.n });
	sr_writer_clear(&out);
	return error;
}

static void attest(struct sr_hash32 *id)
{
	ck_ok(submit(ALICE, id));
	for (uint32_t i = 0; i < Q; i++)
		ck_ok(verdict_of(id, i, SR_OK, &facts));
}

static void refuse(struct sr_hash32 *id, enum sr_error code)
{
	ck_ok(submit(ALICE, id));
	for (uint32_t i = 0; i < Q; i++)
		ck_ok(verdict_of(id, i, (uint16_t)code, NULL));
}

static struct vault_attestation record(const struct sr_hash32 *id)
{
	struct vault_attestation a;

	ck_ok(vault_attestation_load(w->t, &a, id));
	return a;
}

static bool judged(const struct sr_hash32 *id)
{
	return world_has(w, vault_key_hash(VAULT_REC_ATTESTATION, id));
}

static bool waits(const struct sr_hash32 *id)
{
	return world_has(w, vault_key_hash(VAULT_REC_PENDING, id));
}

/* Does a policy hold for a key of this byte, asked for by anybody? */
static enum sr_error asked(const char *policy, uint8_t key)
{
	struct vault_secret_id id;
	char name[32];
	static unsigned n;

	snprintf(name, sizeof name, "s%u", n++);
	ck_ok(world_put(w, ALICE, name, policy, &id));
	return world_retrieve(w, BOB, &id, 0, 0, key);
}

/* --- submissions and verdicts --- */

START_TEST(a_submission_waits_with_all_that_was_said)
{
	struct vault_pending p;
	struct sr_hash32 id;

	setup();
	ck_ok(submit(ALICE, &id));
	ck_assert_uint_eq(w->receipt.id, 1);
	ck_ok(vault_pending_load(w->t, &p, &id));
	ck_assert(sr_hash32_equal(&p.id, &id));
	ck_assert_uint_eq(p.number, 1);
	ck_assert(vault_account_equal(&p.submitter, &w->who[ALICE]));
	ck_assert_uint_eq(p.submitted_ms, w->block.time_ms);
	ck_assert_uint_eq(p.expires_ms, w->block.time_ms + VAULT_ATTEST_WAIT_MS);
	ck_assert_uint_eq(p.url.n, 17);
	ck_assert_mem_eq(p.evidence.p, "evidence", 8);
	ck_assert(!judged(&id));
	teardown();
}
END_TEST

START_TEST(a_quorum_of_equal_verdicts_makes_the_record)
{
	struct vault_attestation a;
	struct sr_hash32 id;

	setup();
	ck_ok(submit(ALICE, &id));
	world_block(w, 1000);
	for (uint32_t i = 0; i < Q; i++) {
		ck_assert(waits(&id) && !judged(&id));
		ck_ok(verdict_of(&id, i + 1, SR_OK, &facts));
	}
	ck_assert(!waits(&id) && judged(&id));
	a = record(&id);
	ck_assert_uint_eq(a.number, 1);
	ck_assert(vault_account_equal(&a.submitter, &w->who[ALICE]));
	ck_assert_mem_eq(a.url.p, "https://e.example", a.url.n);
	ck_assert_uint_eq(a.url.n, 17);
	ck_assert_uint_eq(a.submitted_ms, w->block.time_ms - 1000);
	ck_assert_uint_eq(a.judged_ms, w->block.time_ms);
	ck_assert_uint_eq(a.code, SR_OK);
	ck_assert_int_eq(a.kind, ATTEST_KIND_SGX);
	ck_assert_int_eq(a.status, ATTEST_UP_TO_DATE);
	ck_assert_uint_eq(a.measurement_n, 32);
	ck_assert_uint_eq(a.signer_n, 32);
	ck_assert_uint_eq(a.signer[0], 0xb2);
	ck_assert_uint_eq(a.report_data[31], 7);
	ck_assert_uint_eq(a.collateral.b[0], 0xcc);
	ck_assert_uint_eq(a.evaluation, 17);
	ck_assert_uint_eq(a.valid_from_ms, facts.valid_from_s * 1000);
	ck_assert_uint_eq(a.valid_to_ms, facts.valid_to_s * 1000);
	ck_assert_uint_eq(a.keep_ms, a.valid_to_ms + VAULT_ATTEST_KEEP_MS);
	ck_assert_uint_eq(
	    world_events(w, VAULT_EVENT_ATTESTED, VAULT_SUBJECT_ATTESTATION, id.b), 1);
	ck_assert_uint_eq(world_count(w, VAULT_REC_VOTE), 0);
	ck_assert_uint_eq(world_count(w, VAULT_REC_PENDING), 0);
	/* Who comes late finds nothing to judge. */
	ck_error(verdict_of(&id, 0, SR_OK, &facts), SR_ERR_NOT_FOUND);
	teardown();
}
END_TEST

START_TEST(a_quorum_may_refuse_and_the_record_says_why)
{
	struct vault_attestation a;
	struct sr_hash32 id;

	setup();
	refuse(&id, SR_ERR_KEY_REVOKED);
	a = record(&id);
	ck_assert_uint_eq(a.code, SR_ERR_KEY_REVOKED);
	ck_assert_uint_eq(a.measurement_n, 0);
	ck_assert_uint_eq(
	    world_events(w, VAULT_EVENT_NOT_ATTESTED, VAULT_SUBJECT_ATTESTATION, id.b), 1);
	ck_error(asked("attested(" M ")", 7), SR_ERR_POLICY_FALSE);
	/* It goes soon: what does not verify must not fill the registry. */
	ck_assert_uint_eq(a.keep_ms, w->block.time_ms + VAULT_ATTEST_REFUSED_KEEP_MS);
	world_block(w, VAULT_ATTEST_REFUSED_KEEP_MS - 1);
	ck_assert(judged(&id));
	world_block(w, 1);
	ck_assert(!judged(&id));
	teardown();
}
END_TEST

START_TEST(verdicts_that_differ_do_not_add_up)
{
	static const enum sr_error codes[] = { SR_ERR_CHAIN_BAD, SR_ERR_KEY_REVOKED, SR_ERR_BINDING,
		SR_ERR_EVIDENCE_BAD };
	struct sr_hash32 id;

	setup();
	ck_ok(submit(ALICE, &id));
	for (uint32_t i = 0; i < N; i++) {
		facts.evaluation = i;
		ck_ok(verdict_of(&id, i, SR_OK, &facts));
	}
	ck_assert(waits(&id) && !judged(&id));
	ck_ok(submit(ALICE, &id));
	for (uint32_t i = 0; i < N; i++)
		ck_ok(verdict_of(&id, i, (uint16_t)codes[i], NULL));
	ck_assert(waits(&id) && !judged(&id));
	ck_ok(submit(ALICE, &id));
	ck_ok(verdict_of(&id, 0, SR_OK, &facts));
	ck_ok(verdict_of(&id, 1, SR_ERR_CHAIN_BAD, NULL));
	ck_ok(verdict_of(&id, 2, SR_OK, &facts));
	ck_assert(waits(&id));
	ck_ok(verdict_of(&id, 3, SR_OK, &facts)); /* three of four agree */
	ck_assert(judged(&id));
	teardown();
}
END_TEST

START_TEST(a_member_is_heard_once_and_a_stranger_never)
{
	struct sr_hash32 id, root;

	setup();
	ck_ok(submit(ALICE, &id));
	ck_ok(verdict_of(&id, 0, SR_OK, &facts));
	root = world_root(w);
	ck_error(verdict_of(&id, 0, SR_OK, &facts), SR_ERR_DUPLICATE);
	ck_error(verdict_of(&id, 0, SR_ERR_CHAIN_BAD, NULL), SR_ERR_DUPLICATE);
	ck_error(verdict_of(&id, N, SR_OK, &facts), SR_ERR_NOT_A_MEMBER);
	for (unsigned i = 0; i < 32; i++) {
		id.b[i] ^= 1;
		ck_error(verdict_of(&id, 1, SR_OK, &facts), SR_ERR_NOT_FOUND);
		id.b[i] ^= 1;
	}
	ck_assert(memcmp(root.b, world_root(w).b, 32) == 0);
	teardown();
}
END_TEST

START_TEST(verdicts_must_be_well_formed)
{
	uint8_t bytes[ATTEST_FACTS_MAX + 1] = { 0 };
	struct sr_hash32 id, root;
	struct sr_writer out;

	setup();
	ck_ok(submit(ALICE, &id));
	root = world_root(w);
	sr_writer_init(&out, ATTEST_FACTS_MAX);
	attest_facts_write(&out, &facts);
#define VERDICT(code, p, n)                                                                        \
	vault_attest_verdict(                                                                      \
	    &w->t, &w->block, &id, 0, N, Q, code, (struct sr_bytes){ p, n })
	ck_error(VERDICT(29, NULL, 0), SR_ERR_OUT_OF_RANGE);
	ck_error(VERDICT(SR_OK, NULL, 0), SR_ERR_TRUNCATED);
	ck_error(VERDICT(SR_OK, out.p, out.n - 1), SR_ERR_TRUNCATED);
	ck_error(VERDICT(SR_OK, bytes, sizeof bytes), SR_ERR_TOO_LONG);
	ck_error(VERDICT(SR_ERR_BINDING, out.p, out.n), SR_ERR_TRAILING_BYTES);
	ck_assert(memcmp(root.b, world_root(w).b, 32) == 0);
	ck_ok(VERDICT(SR_OK, out.p, out.n));
#undef VERDICT
	sr_writer_clear(&out);
	teardown();
}
END_TEST

START_TEST(verdicts_of_an_earlier_epoch_count_for_nothing)
{
	struct vault_pending todo[4];
	struct sr_hash32 id;
	size_t n;

	setup();
	ck_ok(submit(ALICE, &id));
	ck_ok(verdict_of(&id, 0, SR_OK, &facts));
	ck_ok(verdict_of(&id, 1, SR_OK, &facts));
	w->block.epoch++;
	ck_ok(vault_attest_pending(todo, &n, 4, w->t, w->block.epoch, 0));
	ck_assert_uint_eq(n, 1);
	ck_ok(verdict_of(&id, 2, SR_OK, &facts));
	ck_assert(waits(&id));
	ck_ok(verdict_of(&id, 1, SR_OK, &facts)); /* another member may have that index now */
	ck_assert(waits(&id));
	ck_ok(verdict_of(&id, 0, SR_OK, &facts));
	ck_assert(judged(&id));
	teardown();
}
END_TEST

START_TEST(what_a_member_has_not_judged_is_listed_in_order)
{
	struct sr_hash32 id[5];
	struct vault_pending todo[4];
	size_t n;

	setup();
	for (unsigned i = 0; i < 5; i++)
		ck_ok(submit(i % 2 == 0 ? ALICE : BOB, &id[i]));
	ck_ok(verdict_of(&id[1], 2, SR_ERR_CHAIN_BAD, NULL));
	ck_ok(vault_attest_pending(todo, &n, 3, w->t, w->block.epoch, 2));
	ck_assert_uint_eq(n, 3);
	ck_assert(sr_hash32_equal(&todo[0].id, &id[0]));
	ck_assert(sr_hash32_equal(&todo[1].id, &id[2]));
	ck_assert(sr_hash32_equal(&todo[2].id, &id[3]));
	ck_ok(vault_attest_pending(todo, &n, 4, w->t, w->block.epoch, 1));
	ck_assert_uint_eq(n, 4);
	ck_assert(sr_hash32_equal(&todo[1].id, &id[1]));
	refuse(&id[0], SR_ERR_CHAIN_BAD);
	ck_ok(vault_attest_pending(todo, &n, 0, w->t, w->block.epoch, 1));
	ck_assert_uint_eq(n, 0);
	teardown();
}
END_TEST

START_TEST(what_gets_no_quorum_in_time_is_refused)
{
	struct sr_hash32 id;

	setup();
	ck_ok(submit(ALICE, &id));
	ck_ok(verdict_of(&id, 0, SR_OK, &facts));
	ck_ok(verdict_of(&id, 1, SR_OK, &facts));
	world_block(w, VAULT_ATTEST_WAIT_MS - 1);
	ck_assert(waits(&id));
	world_block(w, 1);
	ck_assert(!waits(&id));
	ck_assert_uint_eq(record(&id).code, SR_ERR_TIMED_OUT);
	ck_assert_uint_eq(world_count(w, VAULT_REC_VOTE), 0);
	ck_error(verdict_of(&id, 2, SR_OK, &facts), SR_ERR_NOT_FOUND);
	ck_assert_uint_eq(
	    world_events(w, VAULT_EVENT_NOT_ATTESTED, VAULT_SUBJECT_ATTESTATION, id.b), 1);
	teardown();
}
END_TEST

START_TEST(a_record_leaves_the_registry_without_a_trace)
{
	struct vault_attest_counts counts;
	struct sr_hash32 id;
	unsigned indices, deadlines;

	setup();
	world_pass(w, 2000);
	indices = world_count(w, VAULT_REC_INDEX);
	attest(&id);
	ck_assert_uint_eq(world_count(w, VAULT_REC_INDEX), indices + 3);
	world_block(w, record(&id).keep_ms - w->block.time_ms - 1);
	ck_assert(judged(&id));
	world_block(w, 1);
	ck_assert(!judged(&id));
	ck_assert_uint_eq(world_count(w, VAULT_REC_INDEX), indices);
	ck_ok(vault_attest_counts_load(w->t, &counts));
	ck_assert_uint_eq(counts.submitted, 1);
	ck_assert_uint_eq(counts.pending, 0);
	ck_assert_uint_eq(counts.attestations, 0);
	world_block(w, VAULT_EVENT_KEEP_MS);
	deadlines = world_count(w, VAULT_REC_DEADLINE);
	ck_assert_uint_eq(deadlines, 0);
	ck_assert_uint_eq(world_count(w, VAULT_REC_EVENT), 0);
	teardown();
}
END_TEST

/* --- limits --- */

static void counts_set(uint64_t pending, uint64_t attestations)
{
	struct vault_attest_counts counts;
	struct vault_tx tx;

	ck_ok(vault_tx_begin(&tx, w->t, &w->block));
	ck_ok(vault_attest_counts_load(tx.t, &counts));
	counts.pending = pending;
	counts.attestations = attestations;
	ck_ok(vault_attest_counts_store(&tx, &counts));
	ck_ok(vault_tx_commit(&tx, &w->t));
}

START_TEST(as_many_wait_as_may_and_no_more)
{
	union vault_op_body b = { .attest_submit = { none, text("e") } };

	setup();
	counts_set(VAULT_ATTEST_PENDING_MAX - 1, 0);
	ck_ok(submit(ALICE, NULL));
	ck_assert(world_refuses(w, SR_ERR_TOO_MANY, BOB, VAULT_OP_ATTEST_SUBMIT, &b));
	teardown();
}
END_TEST

START_TEST(the_registry_is_as_full_as_it_may_be_and_no_fuller)
{
	union vault_op_body b = { .attest_submit = { none, text("e") } };
	struct sr_hash32 id;

	setup();
	counts_set(0, VAULT_ATTESTATIONS_MAX - 1);
	ck_ok(submit(ALICE, &id));
	ck_assert(world_refuses(w, SR_ERR_TOO_MANY, BOB, VAULT_OP_ATTEST_SUBMIT, &b));
	/* What was let in has its place kept. */
	for (uint32_t i = 0; i < Q; i++)
		ck_ok(verdict_of(&id, i, SR_OK, &facts));
	ck_assert(judged(&id));
	ck_assert(world_refuses(w, SR_ERR_TOO_MANY, BOB, VAULT_OP_ATTEST_SUBMIT, &b));
	/* The oldest goes when its time has come, and makes room. */
	world_block(w, record(&id).keep_ms - w->block.time_ms);
	ck_ok(submit(BOB, &id));
	teardown();
}
END_TEST

START_TEST(an_account_has_so_many_waiting_and_no_more)
{
	union vault_op_body b = { .attest_submit = { none, text("e") } };
	struct sr_hash32 id;

	setup();
	for (unsigned i = 0; i < VAULT_ATTEST_ACCOUNT_MAX; i++)
		ck_ok(submit(ALICE, &id));
	ck_assert(world_refuses(w, SR_ERR_ACCOUNT_LIMIT, ALICE, VAULT_OP_ATTEST_SUBMIT, &b));
	ck_ok(submit(BOB, NULL));
	for (uint32_t i = 0; i < Q; i++)
		ck_ok(verdict_of(&id, i, SR_OK, &facts));
	ck_ok(submit(ALICE, &id));
	teardown();
}
END_TEST

START_TEST(the_url_and_the_evidence_have_their_limits)
{
	static uint8_t bytes[VAULT_ATTEST_EVIDENCE_MAX + 1];
	union vault_op_body b, again;
	struct sr_writer out;
	static const struct { size_t url, evidence; enum sr_error error; } rows[] = {
		{ 0, 1, SR_OK },
		{ VAULT_ATTEST_URL_MAX, VAULT_ATTEST_EVIDENCE_MAX, SR_OK },
		{ VAULT_ATTEST_URL_MAX + 1, 1, SR_ERR_TOO_LONG },
		{ 0, VAULT_ATTEST_EVIDENCE_MAX + 1, SR_ERR_TOO_LONG },
		{ 0, 0, SR_ERR_EMPTY },
	};

	memset(bytes, '~', sizeof bytes);
	for (size_t i = 0; i <= sizeof rows / sizeof rows[0] + 1; i++) {
		bool letters = i >= sizeof rows / sizeof rows[0];
		size_t row = letters ? 1 : i;

		/* The last rounds: a space, and a byte above ASCII. */
		bytes[7] = !letters ? '!' : i == sizeof rows / sizeof rows[0] ? ' ' : 0x7f;
		b.attest_submit = (struct vault_op_attest_submit){ { bytes, rows[row].url },
			{ bytes, rows[row].evidence } };
		sr_writer_init(&out, SR_OP_MAX);
		vault_op_body_write(&out, VAULT_OP_ATTEST_SUBMIT, &b);
		ck_error(vault_op_body_decode(
			     &again, VAULT_OP_ATTEST_SUBMIT, (struct sr_bytes){ out.p, out.n }),
		    letters ? SR_ERR_BAD_UTF8 : rows[row].error);
		sr_writer_clear(&out);
	}
	/* The largest one can be stored. */
	setup();
	bytes[7] = '!';
	b.attest_submit = (struct vault_op_attest_submit){ { bytes, VAULT_ATTEST_URL_MAX },
		{ bytes, VAULT_ATTEST_EVIDENCE_MAX } };
	ck_ok(world_do(w, ALICE, VAULT_OP_ATTEST_SUBMIT, &b));
	teardown();
}
END_TEST

/* --- the condition --- */

START_TEST(a_secret_goes_to_the_attested_key_whoever_asks)
{
	struct vault_ticket ticket;
	struct sr_hash32 id;

	setup();
	ck_error(asked("attested(" M ")", 7), SR_ERR_POLICY_FALSE);
	attest(&id);
	ck_ok(asked("attested(" M ")", 7));
	ck_ok(vault_ticket_find(&ticket, w->t, &w->op.hash));
	ck_assert(ticket.time_conditioned);
	ck_assert_uint_eq(ticket.to.b[0], 7);
	ck_error(asked("attested(" M ")", 8), SR_ERR_POLICY_FALSE);
	/* Another measurement; the same with another length. */
	ck_error(asked("attested(b"
		       "1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1)",
		     7),
	    SR_ERR_POLICY_FALSE);
	ck_error(asked("attested(" M "00000000000000000000000000000000)", 7), SR_ERR_POLICY_FALSE);
	ck_error(asked("attested(" M ") and account(" "0x00112233445566778899aabbccddeeff00112233"
	    ")", 7), SR_ERR_POLICY_FALSE);
	ck_ok(asked("not attested(" M ")", 8));
	ck_error(asked("not attested(" M ")", 7), SR_ERR_POLICY_FALSE);
	teardown();
}
END_TEST

START_TEST(the_account_is_not_the_key)
{
	struct sr_hash32 id;

	setup();
	memcpy(facts.report_data, w->who[BOB].b, 32);
	attest(&id);
	ck_error(asked("attested(" M ")", 7), SR_ERR_POLICY_FALSE); /* BOB asks */
	teardown();
}
END_TEST

START_TEST(a_hash_of_the_key_s_spki_is_the_key_too)
{
	/* RFC 8410: SEQUENCE { SEQUENCE { OID 1.3.101.110 } BIT STRING } */
	uint8_t spki[44] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0 };
	struct sr_hash32 id, h;

	setup();
	memset(spki + 12, 9, 32);
	h = sr_hash(spki, sizeof spki);
	memcpy(facts.report_data, h.b, 32);
	attest(&id);
	ck_ok(asked("attested(" M ")", 9));
	ck_error(asked("attested(" M ")", 7), SR_ERR_POLICY_FALSE);
	teardown();
}
END_TEST

START_TEST(the_status_must_be_as_good_as_asked)
{
	char policy[200];
	struct sr_hash32 id;

	setup();
	for (unsigned have = ATTEST_UP_TO_DATE; have <= ATTEST_NOT_SUPPORTED; have++) {
		facts.status = (enum attest_status)have;
		attest(&id);
		for (unsigned ask = ATTEST_UP_TO_DATE; ask <= VAULT_POLICY_STATUS_WORST; ask++) {
			snprintf(policy, sizeof policy, "attested(" M ", %s)",
			    attest_status_name(ask));
			ck_error(asked(policy, 7), have <= ask ? SR_OK : SR_ERR_POLICY_FALSE);
			world_block(w, 300);
		}
	}
	teardown();
}
END_TEST

START_TEST(debug_enclaves_never_count)
{
	struct sr_hash32 id;

	setup();
	facts.debug = true;
	attest(&id);
	ck_assert(record(&id).debug);
	ck_error(asked("attested(" M ", OutOfDateConfigurationNeeded)", 7), SR_ERR_POLICY_FALSE);
	/* Nor do they push out a proper one of the same measurement and key. */
	facts.debug = false;
	attest(&id);
	ck_ok(asked("attested(" M ")", 7));
	facts.debug = true;
	attest(&id);
	ck_ok(asked("attested(" M ")", 7));
	teardown();
}
END_TEST

START_TEST(software_and_unvouched_tpms_never_count)
{
	struct sr_hash32 id;

	setup();
	facts.kind = ATTEST_KIND_SOFTWARE;
	attest(&id);
	ck_error(asked("attested(" M ")", 7), SR_ERR_POLICY_FALSE);
	facts.kind = ATTEST_KIND_TPM;
	attest(&id);
	ck_error(asked("attested(" M ")", 7), SR_ERR_POLICY_FALSE);
	facts.vouchers_n = 1;
	attest(&id);
	ck_ok(asked("attested(" M ")", 7));
	teardown();
}
END_TEST

START_TEST(an_attestation_ends_when_its_collateral_does)
{
	struct vault_ticket ticket;
	struct vault_attestation a;
	struct sr_hash32 id;

	setup();
	facts.valid_to_s = w->block.time_ms / 1000 + 20;
	attest(&id);
	a = record(&id);
	world_block(w, a.valid_to_ms - w->block.time_ms - 1);
	ck_ok(asked("attested(" M ")", 7));
	ck_ok(vault_ticket_find(&ticket, w->t, &w->op.hash));
	world_block(w, 1);
	ck_error(asked("attested(" M ")", 7), SR_ERR_POLICY_FALSE);
	/* The share may take a moment, by the state's time and by the enclave's own. */
	ck_ok(vault_ticket_recheck(w->t, &ticket, a.valid_to_ms + VAULT_CLOCK_SLACK_MS - 1));
	ck_error(vault_ticket_recheck(w->t, &ticket, a.valid_to_ms + VAULT_CLOCK_SLACK_MS),
	    SR_ERR_POLICY_FALSE);
	world_block(w, VAULT_CLOCK_SLACK_MS);
	ck_error(vault_ticket_recheck(w->t, &ticket, a.valid_to_ms), SR_ERR_POLICY_FALSE);
	teardown();
}
END_TEST

START_TEST(an_attestation_begins_when_its_collateral_does)
{
	struct sr_hash32 id;

	setup();
	facts.valid_from_s = w->block.time_ms / 1000 + 20;
	attest(&id);
	ck_error(asked("attested(" M ")", 7), SR_ERR_POLICY_FALSE);
	world_block(w, facts.valid_from_s * 1000 - w->block.time_ms - 1);
	ck_error(asked("attested(" M ")", 7), SR_ERR_POLICY_FALSE);
	world_block(w, 1);
	ck_ok(asked("attested(" M ")", 7));
	teardown();
}
END_TEST

START_TEST(no_attestation_is_valid_longer_than_a_month)
{
	struct sr_hash32 id;

	setup();
	facts.valid_to_s = UINT64_MAX; /* a certificate without an end */
	attest(&id);
	ck_assert_uint_eq(record(&id).valid_to_ms, w->block.time_ms + VAULT_ATTEST_LIFE_MS);
	world_block(w, VAULT_ATTEST_LIFE_MS - 1);
	ck_ok(asked("attested(" M ")", 7));
	world_block(w, 1);
	ck_error(asked("attested(" M ")", 7), SR_ERR_POLICY_FALSE);
	teardown();
}
END_TEST

START_TEST(older_collateral_does_not_whitewash)
{
	struct sr_hash32 id;

	setup();
	facts.status = ATTEST_OUT_OF_DATE;
	attest(&id);
	/* What the platform was called before: an older evaluation, an earlier issue. */
	facts.status = ATTEST_UP_TO_DATE;
	facts.evaluation = 16;
	attest(&id);
	ck_error(asked("attested(" M ")", 7), SR_ERR_POLICY_FALSE);
	facts.evaluation = 17;
	facts.valid_from_s--;
	attest(&id);
	ck_error(asked("attested(" M ")", 7), SR_ERR_POLICY_FALSE);
	/* Newer says more. */
	facts.valid_from_s += 2;
	attest(&id);
	ck_ok(asked("attested(" M ")", 7));
	facts.valid_from_s -= 2;
	facts.evaluation = 18;
	facts.status = ATTEST_SW_HARDENING_NEEDED;
	attest(&id);
	ck_error(asked("attested(" M ")", 7), SR_ERR_POLICY_FALSE);
	teardown();
}
END_TEST

START_TEST(once_it_has_ended_older_collateral_may_speak)
{
	struct sr_hash32 id;

	setup();
	facts.valid_to_s = w->block.time_ms / 1000 + 20;
	attest(&id);
	world_block(w, facts.valid_to_s * 1000 - w->block.time_ms);
	facts.evaluation = 16;
	facts.valid_to_s += 3600;
	attest(&id);
	ck_ok(asked("attested(" M ")", 7));
	teardown();
}
END_TEST

START_TEST(a_record_that_goes_leaves_a_later_one_speaking)
{
	struct sr_hash32 first, second;

	setup();
	facts.valid_to_s = w->block.time_ms / 1000 + 20;
	attest(&first);
	world_block(w, record(&first).keep_ms - w->block.time_ms - 1000);
	facts.valid_to_s = w->block.time_ms / 1000 + 3600;
	attest(&second);
	world_block(w, 1000);
	ck_assert(!judged(&first));
	ck_ok(asked("attested(" M ")", 7));
	teardown();
}
END_TEST

START_TEST(who_names_no_key_yet_may_look_but_gets_nothing)
{
	struct vault_secret_id id;
	struct sr_writer params, answer;

	setup();
	ck_ok(world_put(w, ALICE, "s", "attested(" M ")", &id));
	sr_writer_init(&params, 100);
	sr_writer_init(&answer, 4096);
	sr_write_copy(&params, id.b, sizeof id.b);
	ck_ok(vault_get(&answer, w->t, VAULT_GET_SECRET, (struct sr_bytes){ params.p, params.n },
	    &w->who[BOB]));
	ck_error(world_retrieve(w, BOB, &id, 0, 0, 7), SR_ERR_POLICY_FALSE);
	ck_ok(world_put(w, ALICE, "u", "not attested(" M ")", &id));
	sr_writer_reset(&params);
	sr_write_copy(&params, id.b, sizeof id.b);
	ck_ok(vault_get(&answer, w->t, VAULT_GET_SECRET, (struct sr_bytes){ params.p, params.n },
	    &w->who[BOB]));
	ck_ok(world_put(w, ALICE, "t", "attested(" M ") and after(2100-01-01)", &id));
	sr_writer_reset(&params);
	sr_write_copy(&params, id.b, sizeof id.b);
	ck_error(vault_get(&answer, w->t, VAULT_GET_SECRET, (struct sr_bytes){ params.p, params.n },
	    &w->who[BOB]), SR_ERR_WRONG_KEY);
	sr_writer_clear(&params);
	sr_writer_clear(&answer);
	teardown();
}
END_TEST

/* --- reading --- */

static const struct vault_account nobody;
static struct sr_writer params, answer;

static enum sr_error get(enum vault_get_kind kind)
{
	sr_writer_reset(&answer);
	return vault_get(&answer, w->t, kind, (struct sr_bytes){ params.p, params.n }, &nobody);
}

/* Numbers of the records in a list. */
static uint32_t numbers(uint64_t out[VAULT_LIST_MAX], bool *more)
{
	struct sr_reader r, one;
	uint32_t n;

	sr_reader_init(&r, answer.p, answer.n);
	n = sr_read_u32(&r);
	*more = sr_read_bool(&r);
	for (uint32_t i = 0; i < n; i++) {
		struct sr_bytes b = sr_read_blob(&r, VAULT_VALUE_MAX);
		struct vault_attestation a;

		sr_reader_init(&one, b.p, b.n);
		vault_attestation_read(&a, &one);
		ck_ok(sr_reader_finish(&one));
		out[i] = a.number;
	}
	ck_ok(sr_reader_finish(&r));
	return n;
}

START_TEST(anyone_may_read_the_registry_newest_first)
{
	uint64_t found[VAULT_LIST_MAX];
	struct sr_hash32 id;
	uint32_t n;
	bool more;

	setup();
	sr_writer_init(&params, 200);
	sr_writer_init(&answer, 1 << 20);
	ck_ok(submit(ALICE, &id));
	sr_write_hash(&params, &id);
	ck_error(get(VAULT_GET_ATTESTATION), SR_ERR_NOT_READY);
	params.p[31] ^= 1;
	ck_error(get(VAULT_GET_ATTESTATION), SR_ERR_NOT_ATTESTED);
	params.p[31] ^= 1;
	for (uint32_t i = 0; i < Q; i++)
		ck_ok(verdict_of(&id, i, SR_OK, &facts));
	ck_ok(get(VAULT_GET_ATTESTATION));
	for (unsigned i = 0; i < 32; i++) {
		params.p[i] ^= 1;
		ck_error(get(VAULT_GET_ATTESTATION), SR_ERR_NOT_ATTESTED);
		params.p[i] ^= 1;
	}
	for (unsigned i = 2; i <= 70; i++) {
		facts.measurement[0] = i % 2 == 0 ? 0xa1 : 0xee;
		if (i % 10 == 0)
			refuse(&id, SR_ERR_CHAIN_BAD);
		else
			attest(&id);
	}
	sr_writer_reset(&params);
	sr_write_u64(&params, 0);
	ck_ok(get(VAULT_GET_ATTESTATIONS));
	n = numbers(found, &more);
	ck_assert(more);
	ck_assert_uint_eq(n, 64);
	for (unsigned i = 0; i < 64; i++)
		ck_assert_uint_eq(found[i], 70 - i);
	sr_writer_reset(&params);
	sr_write_u64(&params, found[63]);
	ck_ok(get(VAULT_GET_ATTESTATIONS));
	ck_assert_uint_eq(numbers(found, &more), 6);
	ck_assert(!more);
	ck_assert_uint_eq(found[0], 6);
	sr_writer_reset(&params);
	facts.measurement[0] = 0xee;
	sr_write_blob(&params, facts.measurement, 32);
	sr_write_u64(&params, 60);
	ck_ok(get(VAULT_GET_ATTESTATIONS_OF));
	n = numbers(found, &more);
	ck_assert_uint_eq(n, 29); /* 59, 57 ... 3 */
	ck_assert_uint_eq(found[0], 59);
	ck_assert_uint_eq(found[28], 3);
	sr_writer_clear(&params);
	sr_writer_clear(&answer);
	teardown();
}
END_TEST

START_TEST(anyone_may_read_what_happened_to_a_submission)
{
	struct sr_hash32 id;

	setup();
	sr_writer_init(&params, 200);
	sr_writer_init(&answer, 1 << 20);
	attest(&id);
	sr_write_u8(&params, VAULT_SUBJECT_ATTESTATION);
	sr_write_copy(&params, id.b, 16);
	sr_write_u64(&params, 0);
	ck_ok(get(VAULT_GET_EVENTS));
	ck_assert_uint_eq(answer.p[0], 1);
	sr_writer_clear(&params);
	sr_writer_clear(&answer);
	teardown();
}
END_TEST

TEST_MAIN("vault attest",
    a_submission_waits_with_all_that_was_said,
    a_quorum_of_equal_verdicts_makes_the_record,
    a_quorum_may_refuse_and_the_record_says_why,
    verdicts_that_differ_do_not_add_up,
    a_member_is_heard_once_and_a_stranger_never,
    verdicts_must_be_well_formed,
    verdicts_of_an_earlier_epoch_count_for_nothing,
    what_a_member_has_not_judged_is_listed_in_order,
    what_gets_no_quorum_in_time_is_refused,
    a_record_leaves_the_registry_without_a_trace,
    as_many_wait_as_may_and_no_more,
    the_registry_is_as_full_as_it_may_be_and_no_fuller,
    an_account_has_so_many_waiting_and_no_more,
    the_url_and_the_evidence_have_their_limits,
    a_secret_goes_to_the_attested_key_whoever_asks,
    the_account_is_not_the_key,
    a_hash_of_the_key_s_spki_is_the_key_too,
    the_status_must_be_as_good_as_asked,
    debug_enclaves_never_count,
    software_and_unvouched_tpms_never_count,
    an_attestation_ends_when_its_collateral_does,
    an_attestation_begins_when_its_collateral_does,
    no_attestation_is_valid_longer_than_a_month,
    older_collateral_does_not_whitewash,
    once_it_has_ended_older_collateral_may_speak,
    a_record_that_goes_leaves_a_later_one_speaking,
    who_names_no_key_yet_may_look_but_gets_nothing,
    anyone_may_read_the_registry_newest_first,
    anyone_may_read_what_happened_to_a_submission)
