#include "attest/policy.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"
#include "tests/lib/sweep.h"

#define NOW_MS 1800000000000ull
#define NOW_S (NOW_MS / 1000)
#define DAY_MS (24ull * 60 * 60 * 1000)

static struct attest_policy policy;          /* large: not on the stack of each */
static struct attest_facts facts;
static uint8_t report_data[ATTEST_REPORT_DATA];

static struct attest_policy_measurement measurement(enum attest_kind kind, uint8_t fill)
{
	struct attest_policy_measurement m = { .kind = kind, .from_ms = NOW_MS - DAY_MS };

	m.measurement_n = attest_kind_measurement_n(kind);
	memset(m.measurement, fill, m.measurement_n);
	return m;
}

static void advisory(char out[ATTEST_FACTS_ADVISORY_MAX], const char *id)
{
	memset(out, 0, ATTEST_FACTS_ADVISORY_MAX);
	snprintf(out, ATTEST_FACTS_ADVISORY_MAX, "%s", id);
}

/* Accepts SGX of one measurement, one advisory, and TPMs that two of three vouch for; the facts are
 * of an SGX enclave that it accepts. */
static void setup(void)
{
	attest_policy_default(&policy);
	policy.kinds = ATTEST_KIND_BIT(ATTEST_KIND_SGX) | ATTEST_KIND_BIT(ATTEST_KIND_SNP) |
	    ATTEST_KIND_BIT(ATTEST_KIND_TPM) | ATTEST_KIND_BIT(ATTEST_KIND_AZURE);
	policy.statuses |= ATTEST_STATUS_BIT(ATTEST_SW_HARDENING_NEEDED);
	policy.evaluation_min = 17;
	policy.tcb_date_min_s = NOW_S - 1000;
	policy.collateral_age_max_ms = DAY_MS;
	policy.snp_min[ATTEST_GENOA - 1][3] = 72;
	policy.measurements_n = 4;
	policy.measurements[0] = measurement(ATTEST_KIND_SGX, 0x11);
	policy.measurements[1] = measurement(ATTEST_KIND_SNP, 0x11);
	policy.measurements[2] = measurement(ATTEST_KIND_TPM, 0x11);
	policy.measurements[3] = measurement(ATTEST_KIND_AZURE, 0x11);
	policy.advisories_n = 1;
	advisory(policy.advisories[0], "INTEL-SA-00615");
	policy.makers_n = 1;
	policy.provisioners_n = 3;
	policy.provisioners_k = 2;
	for (uint8_t i = 0; i < 3; i++)
		policy.provisioners[i].b[0] = (uint8_t)(i + 1);
	ck_ok(attest_policy_check(&policy));

	memset(&facts, 0, sizeof facts);
	facts.kind = ATTEST_KIND_SGX;
	facts.status = ATTEST_UP_TO_DATE;
	facts.measurement_n = 32;
	memset(facts.measurement, 0x11, 32);
	memset(report_data, 0x22, sizeof report_data);
	memcpy(facts.report_data, report_data, sizeof report_data);
	facts.evaluation = 17;
	facts.tcb_date_s = NOW_S - 1000;
	facts.valid_from_s = NOW_S - DAY_MS / 1000;
	facts.valid_to_s = NOW_S;
}

static enum sr_error judge(void)
{
	return attest_policy_judge(&policy, &facts, report_data, NOW_MS);
}

static void facts_are(enum attest_kind kind)
{
	setup();
	facts.kind = kind;
	facts.measurement_n = attest_kind_measurement_n(kind);
	memset(facts.measurement, 0x11, facts.measurement_n);
	facts.evaluation = 0;
	facts.tcb_date_s = 0;
}

/* --- Judging --- */

START_TEST(acceptable_evidence_is_accepted_at_every_edge)
{
	setup();
	ck_ok(judge());
	facts.status = ATTEST_SW_HARDENING_NEEDED;
	ck_ok(judge());
	facts.advisories_n = 1;
	advisory(facts.advisories[0], "INTEL-SA-00615");
	ck_ok(judge());
	policy.measurements[0].from_ms = NOW_MS;
	policy.measurements[0].until_ms = NOW_MS + 1;
	ck_ok(judge());
	ck_ok(attest_policy_judge(&policy, &facts, report_data, NOW_MS));
	policy.collateral_age_max_ms = 0;
	facts.valid_from_s = 0;
	ck_ok(judge());
}
END_TEST

START_TEST(a_kind_that_is_not_accepted_is_refused)
{
	setup();
	facts.kind = ATTEST_KIND_TDX;
	ck_error(judge(), SR_ERR_EVIDENCE_KIND);
	facts.kind = (enum attest_kind)0;
	ck_error(judge(), SR_ERR_EVIDENCE_KIND);
	facts.kind = (enum attest_kind)33;
	ck_error(judge(), SR_ERR_EVIDENCE_KIND);
}
END_TEST

START_TEST(a_debug_enclave_is_refused)
{
	setup();
	facts.debug = true;
	ck_error(judge(), SR_ERR_DEBUG_ENCLAVE);
}
END_TEST

START_TEST(report_data_of_another_key_nonce_or_chain_are_refused)
{
	setup();
	for (size_t i = 0; i < sizeof report_data; i++) {
		report_data[i] ^= 0x80;
		ck_error(judge(), SR_ERR_BINDING);
		report_data[i] ^= 0x80;
	}
	ck_ok(judge());
}
END_TEST

/* Not every TPM can quote 64 bytes. */
START_TEST(a_tpm_may_quote_the_hash_of_the_report_data_and_nothing_else_may)
{
	static const enum attest_kind kinds[] = { ATTEST_KIND_TPM, ATTEST_KIND_AZURE,
		ATTEST_KIND_SNP };

	for (size_t i = 0; i < 3; i++) {
		facts_are(kinds[i]);
		facts.product = kinds[i] == ATTEST_KIND_TPM ? 0 : ATTEST_MILAN;
		facts.vouchers_n = kinds[i] == ATTEST_KIND_TPM ? 2 : 0;
		facts.vouchers[0] = policy.provisioners[0];
		facts.vouchers[1] = policy.provisioners[1];
		ck_ok(judge());
		attest_report_data_short(facts.report_data, report_data);
		if (i < 2)
			ck_ok(judge());
		else
			ck_error(judge(), SR_ERR_BINDING);
		facts.report_data[63] = 1;           /* zeros behind the hash */
		ck_error(judge(), SR_ERR_BINDING);
		facts.report_data[63] = 0;
		report_data[0] ^= 1;
		ck_error(judge(), SR_ERR_BINDING);
	}
}
END_TEST

START_TEST(expired_early_and_old_collateral_is_refused)
{
	setup();
	facts.valid_to_s = NOW_S - 1;
	ck_error(judge(), SR_ERR_COLLATERAL_TIME);
	setup();
	facts.valid_from_s = NOW_S + 1;
	facts.valid_to_s = NOW_S + 2;
	ck_error(judge(), SR_ERR_COLLATERAL_TIME);
	policy.collateral_age_max_ms = 0;
	ck_error(judge(), SR_ERR_COLLATERAL_TIME);
	setup();
	facts.valid_from_s--;                /* a second more than a day */
	ck_error(judge(), SR_ERR_COLLATERAL_TIME);
}
END_TEST

START_TEST(a_measurement_that_is_not_listed_is_refused)
{
	setup();
	facts.measurement[31] ^= 1;
	ck_error(judge(), SR_ERR_MEASUREMENT);
	setup();
	policy.kinds |= ATTEST_KIND_BIT(ATTEST_KIND_TDX);
	facts.kind = ATTEST_KIND_TDX;        /* listed, for another kind */
	ck_error(judge(), SR_ERR_MEASUREMENT);
	setup();
	policy.measurements_n = 0;
	ck_error(judge(), SR_ERR_MEASUREMENT);
}
END_TEST

START_TEST(a_measurement_before_its_time_is_refused)
{
	setup();
	policy.measurements[0].from_ms = NOW_MS + 1;
	ck_error(judge(), SR_ERR_MEASUREMENT_EARLY);
}
END_TEST

START_TEST(a_measurement_that_has_ended_is_refused)
{
	setup();
	policy.measurements[0].until_ms = NOW_MS;
	ck_error(judge(), SR_ERR_MEASUREMENT_ENDED);
}
END_TEST

START_TEST(an_outdated_tcb_is_refused)
{
	for (unsigned status = 0; status <= ATTEST_STATUSES + 1; status++) {
		setup();
		facts.status = (enum attest_status)status;
		if (status == ATTEST_UP_TO_DATE || status == ATTEST_SW_HARDENING_NEEDED)
			ck_ok(judge());
		else
			ck_error(judge(), SR_ERR_TCB_STATUS);
	}
}
END_TEST

START_TEST(amds_versions_below_the_least_are_refused)
{
	facts_are(ATTEST_KIND_SNP);
	facts.product = ATTEST_GENOA;
	facts.svns[3] = 71;
	ck_error(judge(), SR_ERR_TCB_STATUS);
	facts.svns[3] = 72;
	ck_ok(judge());
	facts.svns[3] = 0;
	facts.product = ATTEST_TURIN;        /* another product counts on its own */
	ck_ok(judge());
	facts_are(ATTEST_KIND_AZURE);
	facts.product = ATTEST_GENOA;
	ck_error(judge(), SR_ERR_TCB_STATUS);
}
END_TEST

START_TEST(older_tcb_data_than_the_least_are_refused)
{
	setup();
	facts.evaluation = 16;
	ck_error(judge(), SR_ERR_TCB_EVALUATION);
	setup();
	facts.tcb_date_s--;
	ck_error(judge(), SR_ERR_TCB_EVALUATION);
	facts_are(ATTEST_KIND_AZURE);        /* TDX vouches: no product of AMD */
	ck_error(judge(), SR_ERR_TCB_EVALUATION);
	facts_are(ATTEST_KIND_SNP);          /* where nothing is numbered, nothing is asked */
	facts.product = ATTEST_MILAN;
	ck_ok(judge());
}
END_TEST

START_TEST(the_age_of_collateral_is_intels_affair)
{
	facts_are(ATTEST_KIND_SNP);
	facts.product = ATTEST_MILAN;
	facts.valid_from_s = 0;
	ck_ok(judge());
	facts_are(ATTEST_KIND_AZURE);
	facts.valid_from_s = 0;
	ck_error(judge(), SR_ERR_COLLATERAL_TIME);
}
END_TEST

START_TEST(an_advisory_that_is_not_accepted_is_refused)
{
	setup();
	facts.advisories_n = 2;
	advisory(facts.advisories[0], "INTEL-SA-00615");
	advisory(facts.advisories[1], "INTEL-SA-00616");
	ck_error(judge(), SR_ERR_ADVISORY);
	advisory(facts.advisories[0], "INTEL-SA-006");
	facts.advisories_n = 1;
	ck_error(judge(), SR_ERR_ADVISORY);
}
END_TEST

START_TEST(too_few_provisioners_are_refused)
{
	facts_are(ATTEST_KIND_TPM);
	ck_error(judge(), SR_ERR_NOT_VOUCHED);
	facts.vouchers_n = 1;
	facts.vouchers[0] = policy.provisioners[2];
	ck_error(judge(), SR_ERR_NOT_VOUCHED);
	facts.vouchers_n = 2;
	facts.vouchers[1].b[0] = 77;         /* trusted no more */
	ck_error(judge(), SR_ERR_NOT_VOUCHED);
	facts.vouchers[1] = facts.vouchers[0];
	facts.vouchers[0] = policy.provisioners[0];
	ck_ok(judge());
	policy.provisioners_k = policy.provisioners_n = 0;   /* a policy that check refuses */
	ck_error(judge(), SR_ERR_NOT_VOUCHED);
}
END_TEST

/* Everything is wrong; each thing that is put right shows the next. */
START_TEST(refusals_come_in_their_order)
{
	static const enum sr_error order[] = { SR_ERR_EVIDENCE_KIND, SR_ERR_DEBUG_ENCLAVE,
		SR_ERR_BINDING, SR_ERR_COLLATERAL_TIME, SR_ERR_MEASUREMENT, SR_ERR_TCB_STATUS,
		SR_ERR_TCB_EVALUATION, SR_ERR_ADVISORY, SR_OK };

	setup();
	policy.kinds &= ~ATTEST_KIND_BIT(ATTEST_KIND_SGX);
	facts.debug = true;
	report_data[0] ^= 1;
	facts.valid_to_s = 0;
	facts.measurement[0] ^= 1;
	facts.status = ATTEST_OUT_OF_DATE;
	facts.evaluation = 0;
	facts.advisories_n = 1;
	advisory(facts.advisories[0], "X");
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
		ck_error(judge(), order[i]);
		switch (i) {
		case 0: policy.kinds |= ATTEST_KIND_BIT(ATTEST_KIND_SGX); break;
		case 1: facts.debug = false; break;
		case 2: report_data[0] ^= 1; break;
		case 3: facts.valid_to_s = NOW_S; break;
		case 4: facts.measurement[0] ^= 1; break;
		case 5: facts.status = ATTEST_UP_TO_DATE; break;
		case 6: facts.evaluation = 17; break;
		default: facts.advisories_n = 0; break;
		}
	}
}
END_TEST

START_TEST(an_operator_asks_when_listed_or_when_anyone_may)
{
	struct sr_edpk key = { { 9 } };

	setup();
	ck_assert(!attest_policy_operator(&policy, &key));
	policy.operators_n = 1;
	ck_assert(!attest_policy_operator(&policy, &key));
	policy.operators[0] = key;
	ck_assert(attest_policy_operator(&policy, &key));
	key.b[31] = 1;
	ck_assert(!attest_policy_operator(&policy, &key));
	policy.operators_open = true;
	ck_assert(attest_policy_operator(&policy, &key));
}
END_TEST

/* --- One after the other --- */

static struct attest_policy next;

static enum sr_error follows(void)
{
	return attest_policy_follows(&policy, &next, NOW_MS);
}

static void setup_next(void)
{
	setup();
	next = policy;
	next.number++;
}

START_TEST(numbers_rise_by_one)
{
	setup_next();
	ck_ok(follows());
	next.number = policy.number;
	ck_error(follows(), SR_ERR_STALE);
	next.number = policy.number + 2;
	ck_error(follows(), SR_ERR_TOO_FAR_AHEAD);
	next.number = 0;
	ck_error(follows(), SR_ERR_OUT_OF_RANGE);
	policy.number = UINT64_MAX;
	next.number = 1;
	ck_error(follows(), SR_ERR_STALE);
}
END_TEST

static void one_more(uint64_t from_ms)
{
	setup_next();
	next.measurements[next.measurements_n++] = measurement(ATTEST_KIND_AZURE, 0x12);
	next.measurements[next.measurements_n - 1].from_ms = from_ms;
}

START_TEST(a_new_measurement_waits)
{
	one_more(NOW_MS + DAY_MS);
	ck_ok(follows());
	one_more(NOW_MS + DAY_MS - 1);
	ck_error(follows(), SR_ERR_TOO_EARLY);
	one_more(0);
	ck_error(follows(), SR_ERR_TOO_EARLY);
	policy.measurement_delay_ms = next.measurement_delay_ms = 0;
	ck_error(follows(), SR_ERR_TOO_EARLY);       /* nor in the past */
	one_more(NOW_MS);
	policy.measurement_delay_ms = next.measurement_delay_ms = 0;
	ck_ok(follows());
}
END_TEST

START_TEST(what_was_promised_for_later_does_not_come_sooner)
{
	setup_next();
	policy.measurements[0].from_ms = NOW_MS + 10 * DAY_MS;
	next.measurements[0].from_ms = NOW_MS + DAY_MS - 1;
	ck_error(follows(), SR_ERR_TOO_EARLY);
	next.measurements[0].from_ms = NOW_MS + DAY_MS;
	ck_ok(follows());
}
END_TEST

START_TEST(what_has_ended_begins_like_new)
{
	setup_next();
	policy.measurements[0].until_ms = NOW_MS;
	ck_error(follows(), SR_ERR_TOO_EARLY);
	policy.measurements[0].until_ms = NOW_MS + 1;        /* still accepted: may be kept on */
	ck_ok(follows());
	next.measurements[0].until_ms = NOW_MS - 1;          /* or stopped at once */
	ck_ok(follows());
}
END_TEST

START_TEST(a_kind_that_was_not_accepted_brings_nothing_at_once)
{
	setup_next();
	policy.kinds &= ~ATTEST_KIND_BIT(ATTEST_KIND_SGX);
	ck_error(follows(), SR_ERR_TOO_EARLY);
	next.measurements[0].from_ms = NOW_MS + DAY_MS;
	ck_ok(follows());
}
END_TEST

START_TEST(the_delay_gets_no_shorter)
{
	setup_next();
	next.measurement_delay_ms--;
	ck_error(follows(), SR_ERR_OUT_OF_RANGE);
	next.measurement_delay_ms += 2;
	ck_ok(follows());
}
END_TEST

/* --- By itself --- */

START_TEST(the_default_makes_sense_and_accepts_no_measurement)
{
	attest_policy_default(&policy);
	ck_ok(attest_policy_check(&policy));
	memset(&facts, 0, sizeof facts);
	facts.kind = ATTEST_KIND_SOFTWARE;
	facts.status = ATTEST_UP_TO_DATE;
	facts.measurement_n = 32;
	facts.valid_to_s = UINT64_MAX;
	memset(report_data, 0, sizeof report_data);
	ck_error(judge(), SR_ERR_MEASUREMENT);
	facts.kind = ATTEST_KIND_SGX;
	ck_error(judge(), SR_ERR_EVIDENCE_KIND);
	ck_assert(!attest_policy_operator(&policy, &(struct sr_edpk){ { 1 } }));
}
END_TEST

static void spoil(unsigned i)
{
	struct attest_policy *p = &policy;

	setup();
	switch (i) {
	case 0: p->number = 0; return;
	case 1: p->kinds = 0; return;
	case 2: p->kinds |= 1; return;
	case 3: p->kinds |= 1u << 8; return;
	case 4: p->statuses = 0; return;
	case 5: p->statuses |= 1; return;
	case 6: p->statuses |= ATTEST_STATUS_BIT(ATTEST_REVOKED); return;
	case 7: p->statuses |= ATTEST_STATUS_BIT(ATTEST_NOT_SUPPORTED); return;
	case 8: p->operators_n = 101; return;
	case 9: p->measurements_n = 17; return;
	case 10: p->advisories_n = 65; return;
	case 11: p->makers_n = 17; return;
	case 12: p->provisioners_n = 9; return;
	case 13: p->per_operator_max = 101; return;
	case 14: p->per_platform_max = 101; return;
	case 15: p->window_ms = 0; return;
	case 16: p->collateral_age_max_ms = 3652 * DAY_MS + 1; return;
	case 17: p->reattest_ms = 3652 * DAY_MS + 1; return;
	case 18: p->lapse_ms = 3652 * DAY_MS + 1; return;
	case 19: p->measurement_delay_ms = 3652 * DAY_MS + 1; return;
	case 20: p->refresh_ms = 3652 * DAY_MS + 1; return;
	case 21: p->refresh_min_ms = 3652 * DAY_MS + 1; return;
	case 22: p->window_ms = 3652 * DAY_MS + 1; return;
	case 23: p->silence_ms = UINT64_MAX; return;
	case 24: p->tcb_date_min_s = 253402300800; return;
	case 25: p->measurements[0].kind = (enum attest_kind)8; return;
	case 26: p->measurements[0].measurement_n = 48; return;
	case 27: p->measurements[0].from_ms = 253402300800000; return;
	case 28: p->measurements[0].until_ms = 253402300800000; return;
	case 29: p->measurements[0].until_ms = p->measurements[0].from_ms; return;
	/* BAD_ENCODING */
	case 30: p->measurements[1] = p->measurements[0]; return;
	case 31: p->measurements[1] = p->measurements[3]; return;
	case 32: p->operators_n = 2; return;
	case 33: p->makers_n = 2; return;
	case 34: p->provisioners[0].b[0] = 3; return;
	case 35: p->advisories[0][0] = ' '; return;
	case 36: p->advisories_n = 2; advisory(p->advisories[1], "INTEL-SA-00614"); return;
	/* THRESHOLD */
	case 37: p->provisioners_k = 4; return;
	case 38: p->provisioners_k = 0; return;
	case 39: p->provisioners_k = p->provisioners_n = 0; return;
	default: p->makers_n = 0; return;
	}
}

START_TEST(what_makes_no_sense_is_refused_and_never_written)
{
	for (unsigned i = 0; i <= 40; i++) {
		enum sr_error want = i < 30 ? SR_ERR_OUT_OF_RANGE
		    : i < 37 ? SR_ERR_BAD_ENCODING : SR_ERR_THRESHOLD;
		struct sr_writer w;

		spoil(i);
		ck_assert_msg(attest_policy_check(&policy) == want, "case %u: %s", i,
		    sr_error_name((unsigned)attest_policy_check(&policy)));
		sr_writer_init(&w, ATTEST_POLICY_MAX);
		attest_policy_write(&w, &policy);
		ck_error(sr_writer_finish(&w), want);
		next = policy;
		setup();
		next.number = policy.number + 1;
		if (i != 0)
			ck_error(follows(), want);
	}
}
END_TEST

/* --- Bytes --- */

static struct sr_writer bytes_of(const struct attest_policy *p)
{
	struct sr_writer w;

	sr_writer_init(&w, ATTEST_POLICY_MAX);
	attest_policy_write(&w, p);
	ck_ok(sr_writer_finish(&w));
	return w;
}

static enum sr_error recode(struct sr_writer *again, struct sr_bytes bytes)
{
	static struct attest_policy p;
	struct sr_reader r;

	sr_reader_init(&r, bytes.p, bytes.n);
	attest_policy_read(&p, &r);
	SR_TRY(sr_reader_finish(&r));
	attest_policy_write(again, &p);
	return SR_OK;
}

static void random_policy(struct attest_policy *p, struct sr_drbg *drbg)
{
	attest_policy_default(p);
	p->number = 1 + test_below(drbg, 1000);
	p->kinds = test_below(drbg, 127) * 2 + 2;
	p->statuses = test_below(drbg, 255) * 2 + 2;
	p->evaluation_min = test_below(drbg, 40);
	p->tcb_date_min_s = test_below(drbg, UINT32_MAX);
	p->collateral_age_max_ms = test_below(drbg, UINT32_MAX);
	ck_ok(sr_drbg_fill(drbg, p->snp_min[0], sizeof p->snp_min));
	p->reattest_ms = test_below(drbg, UINT32_MAX);
	p->lapse_ms = test_below(drbg, UINT32_MAX);
	p->measurement_delay_ms = test_below(drbg, UINT32_MAX);
	p->per_operator_max = test_below(drbg, 101);
	p->per_platform_max = test_below(drbg, 101);
	p->operators_open = test_below(drbg, 2) == 1;
	p->refresh_ms = test_below(drbg, UINT32_MAX);
	p->refresh_min_ms = test_below(drbg, UINT32_MAX);
	p->window_ms = 1 + test_below(drbg, UINT32_MAX);
	p->silence_ms = test_below(drbg, UINT32_MAX);
	p->operators_n = test_below(drbg, ATTEST_POLICY_OPERATORS_MAX + 1);
	for (uint32_t i = 0; i < p->operators_n; i++)
		p->operators[i].b[0] = (uint8_t)(i + 1);
	p->measurements_n = test_below(drbg, ATTEST_POLICY_MEASUREMENTS_MAX + 1);
	for (uint32_t i = 0; i < p->measurements_n; i++)
		p->measurements[i] = measurement((enum attest_kind)(1 + i / 3), (uint8_t)i);
	p->advisories_n = test_below(drbg, 5);
	for (uint32_t i = 0; i < p->advisories_n; i++)
		snprintf(p->advisories[i], ATTEST_FACTS_ADVISORY_MAX, "INTEL-SA-%05u", i);
	p->makers_n = 1 + test_below(drbg, ATTEST_POLICY_MAKERS_MAX);
	for (uint32_t i = 0; i < p->makers_n; i++)
		p->makers[i].b[31] = (uint8_t)i;
	p->provisioners_n = 1 + test_below(drbg, ATTEST_POLICY_PROVISIONERS_MAX);
	p->provisioners_k = 1 + test_below(drbg, p->provisioners_n);
	for (uint32_t i = 0; i < p->provisioners_n; i++)
		p->provisioners[i].b[31] = (uint8_t)i;
}

START_TEST(policies_come_back_as_they_were_written)
{
	struct sr_drbg drbg;
	struct sr_hash32 a, b;

	test_drbg(&drbg, "policy");
	for (unsigned i = 0; i < 2000; i++) {
		struct sr_writer w;
		struct sr_reader r;

		random_policy(&policy, &drbg);
		w = bytes_of(&policy);
		sr_reader_init(&r, w.p, w.n);
		attest_policy_read(&next, &r);
		ck_ok(sr_reader_finish(&r));
		ck_assert_mem_eq(&policy, &next, sizeof policy);
		a = attest_policy_hash(&policy);
		next.refresh_ms ^= 1;
		b = attest_policy_hash(&next);
		ck_assert(!sr_hash32_is_zero(&a) && !sr_hash32_equal(&a, &b));
		sr_writer_clear(&w);
	}
	policy.number = 0;
	a = attest_policy_hash(&policy);
	ck_assert(sr_hash32_is_zero(&a));
}
END_TEST

START_TEST(one_policy_has_one_encoding)
{
	struct sr_writer w;

	setup();
	policy.operators_n = 1;
	w = bytes_of(&policy);
	ck_assert_uint_eq(test_sweep("policy", recode, (struct sr_bytes){ w.p, w.n }), 0);
	sr_writer_clear(&w);
	attest_policy_default(&policy);
	w = bytes_of(&policy);
	ck_assert_uint_eq(test_sweep("default", recode, (struct sr_bytes){ w.p, w.n }), 0);
	w.p[0] = 2;
	{
		struct sr_writer again;

		sr_writer_init(&again, ATTEST_POLICY_MAX);
		ck_error(recode(&again, (struct sr_bytes){ w.p, w.n }), SR_ERR_BAD_VERSION);
		sr_writer_clear(&again);
	}
	sr_writer_clear(&w);
}
END_TEST

/* The planted fault: a reader that does not mind what is behind. */
static enum sr_error lax_recode(struct sr_writer *again, struct sr_bytes bytes)
{
	static struct attest_policy p;
	struct sr_reader r;

	sr_reader_init(&r, bytes.p, bytes.n);
	attest_policy_read(&p, &r);
	if (r.error == SR_OK)
		attest_policy_write(again, &p);
	return r.error;
}

static enum sr_error read_with(size_t at, uint8_t value)
{
	struct sr_writer w, again;
	enum sr_error err;

	setup();
	w = bytes_of(&policy);
	ck_assert_uint_lt(at, w.n);
	w.p[at] = value;
	sr_writer_init(&again, ATTEST_POLICY_MAX);
	err = lax_recode(&again, (struct sr_bytes){ w.p, w.n });
	sr_writer_clear(&w);
	sr_writer_clear(&again);
	return err;
}

START_TEST(what_makes_no_sense_is_not_read)
{
	enum { NUMBER = 1, KINDS = 9, STATUSES = 13 };
	static const struct attest_policy zero;
	static struct attest_policy p;
	struct sr_writer w;
	struct sr_reader r;

	ck_ok(read_with(NUMBER, 7));
	ck_error(read_with(NUMBER, 0), SR_ERR_OUT_OF_RANGE);
	ck_error(read_with(KINDS, 1), SR_ERR_OUT_OF_RANGE);
	ck_error(read_with(KINDS + 1, 1), SR_ERR_OUT_OF_RANGE);
	ck_error(read_with(STATUSES + 1, 4), SR_ERR_OUT_OF_RANGE);
	setup();
	w = bytes_of(&policy);
	w.p[NUMBER] = 0;
	sr_reader_init(&r, w.p, w.n);
	attest_policy_read(&p, &r);
	ck_error(sr_reader_finish(&r), SR_ERR_OUT_OF_RANGE);
	ck_assert_mem_eq(&p, &zero, sizeof p);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(a_reader_that_leaves_bytes_over_is_noticed)
{
	struct sr_writer w;

	attest_policy_default(&policy);
	w = bytes_of(&policy);
	ck_assert_uint_ge(test_sweep("planted", lax_recode, (struct sr_bytes){ w.p, w.n }), 1);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(the_largest_policy_fits)
{
	struct sr_writer w;

	setup();
	policy.operators_n = ATTEST_POLICY_OPERATORS_MAX;
	for (uint32_t i = 0; i < policy.operators_n; i++)
		policy.operators[i].b[0] = (uint8_t)i;
	policy.measurements_n = ATTEST_POLICY_MEASUREMENTS_MAX;
	for (uint32_t i = 0; i < policy.measurements_n; i++)
		policy.measurements[i] = measurement(ATTEST_KIND_SNP, (uint8_t)i);
	policy.advisories_n = ATTEST_POLICY_ADVISORIES_MAX;
	memset(policy.advisories, 0, sizeof policy.advisories);
	for (uint32_t i = 0; i < policy.advisories_n; i++)
		snprintf(policy.advisories[i], ATTEST_FACTS_ADVISORY_MAX, "A%02u", i);
	policy.makers_n = ATTEST_POLICY_MAKERS_MAX;
	for (uint32_t i = 0; i < policy.makers_n; i++)
		policy.makers[i].b[0] = (uint8_t)i;
	policy.provisioners_n = policy.provisioners_k = ATTEST_POLICY_PROVISIONERS_MAX;
	for (uint32_t i = 0; i < policy.provisioners_n; i++)
		policy.provisioners[i].b[0] = (uint8_t)i;
	w = bytes_of(&policy);
	ck_assert_uint_lt(w.n, 8192);
	sr_writer_clear(&w);
}
END_TEST

/* --- What loosens --- */

static void strict(struct attest_policy *p)
{
	attest_policy_default(p);
	p->evaluation_min = 5;
	p->tcb_date_min_s = 7;
	p->snp_min[1][2] = 3;
	p->collateral_age_max_ms = 1000;
	p->provisioners_n = p->provisioners_k = 2;
	p->provisioners[1].b[0] = 1;
	p->provisioners[2].b[0] = 2;
}

static void loose_kind(struct attest_policy *p)
{
	p->kinds |= ATTEST_KIND_BIT(ATTEST_KIND_SNP);
}

static void loose_status(struct attest_policy *p)
{
	p->statuses |= ATTEST_STATUS_BIT(ATTEST_OUT_OF_DATE);
}

static void loose_open(struct attest_policy *p)
{
	p->operators_open = true;
}

static void loose_advisory(struct attest_policy *p)
{
	p->advisories_n = 1;
}

static void loose_maker(struct attest_policy *p)
{
	p->makers_n = 1;
}

static void loose_provisioner(struct attest_policy *p)
{
	p->provisioners_n++;
}

static void loose_k(struct attest_policy *p)
{
	p->provisioners_k--;
}

static void loose_evaluation(struct attest_policy *p)
{
	p->evaluation_min--;
}

static void loose_date(struct attest_policy *p)
{
	p->tcb_date_min_s--;
}

static void loose_snp(struct attest_policy *p)
{
	p->snp_min[1][2]--;
}

static void loose_collateral(struct attest_policy *p)
{
	p->collateral_age_max_ms = 0;
}

static void loose_reattest(struct attest_policy *p)
{
	p->reattest_ms++;
}

static void loose_lapse(struct attest_policy *p)
{
	p->lapse_ms++;
}

/* One field at a time, both ways. */
START_TEST(what_accepts_more_than_before_loosens)
{
	static void (*const looser[])(struct attest_policy *p) = {
		loose_kind, loose_status, loose_open, loose_advisory, loose_maker,
		loose_provisioner, loose_k, loose_evaluation, loose_date, loose_snp,
		loose_collateral, loose_reattest, loose_lapse,
	};

	for (size_t i = 0; i < sizeof looser / sizeof looser[0]; i++) {
		strict(&policy);
		next = policy;
		ck_assert(!attest_policy_loosens(&policy, &next));
		looser[i](&next);
		ck_assert_msg(attest_policy_loosens(&policy, &next), "%zu", i);
		ck_assert_msg(!attest_policy_loosens(&next, &policy), "%zu", i);
	}
}
END_TEST

TEST_MAIN("attest/policy", acceptable_evidence_is_accepted_at_every_edge,
    a_kind_that_is_not_accepted_is_refused, a_debug_enclave_is_refused,
    report_data_of_another_key_nonce_or_chain_are_refused,
    a_tpm_may_quote_the_hash_of_the_report_data_and_nothing_else_may,
    expired_early_and_old_collateral_is_refused, a_measurement_that_is_not_listed_is_refused,
    a_measurement_before_its_time_is_refused, a_measurement_that_has_ended_is_refused,
    an_outdated_tcb_is_refused, amds_versions_below_the_least_are_refused,
    older_tcb_data_than_the_least_are_refused, the_age_of_collateral_is_intels_affair,
    an_advisory_that_is_not_accepted_is_refused, too_few_provisioners_are_refused,
    refusals_come_in_their_order, an_operator_asks_when_listed_or_when_anyone_may,
    numbers_rise_by_one, a_new_measurement_waits, what_was_promised_for_later_does_not_come_sooner,
    what_has_ended_begins_like_new, a_kind_that_was_not_accepted_brings_nothing_at_once,
    the_delay_gets_no_shorter, the_default_makes_sense_and_accepts_no_measurement,
    what_makes_no_sense_is_refused_and_never_written, policies_come_back_as_they_were_written,
    one_policy_has_one_encoding, what_makes_no_sense_is_not_read,
    a_reader_that_leaves_bytes_over_is_noticed,
    the_largest_policy_fits,
    what_accepts_more_than_before_loosens)
