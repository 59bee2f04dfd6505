#include "attest/policy.h"

#include <string.h>

#define SECOND_MS 1000ull
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define SPAN_MAX_MS (3652 * DAY_MS)
#define TIME_MAX_MS 253402300799999ull               /* the end of the year 9999 */

#define KINDS_MASK (((1u << (ATTEST_KINDS + 1)) - 1u) & ~1u)
/* A platform that Intel gave up, or knows nothing of, is never a question of policy. */
#define STATUSES_MASK (((1u << ATTEST_REVOKED) - 1u) & ~1u)

void attest_policy_default(struct attest_policy *p)
{
	memset(p, 0, sizeof *p);
	p->number = 1;
	p->kinds = ATTEST_KIND_BIT(ATTEST_KIND_SOFTWARE);
	p->statuses = ATTEST_STATUS_BIT(ATTEST_UP_TO_DATE);
	p->reattest_ms = DAY_MS;
	p->lapse_ms = 12 * HOUR_MS;
	p->measurement_delay_ms = DAY_MS;
	p->per_operator_max = p->per_platform_max = 1;
	p->refresh_ms = DAY_MS;
	p->refresh_min_ms = 10 * MINUTE_MS;
	p->window_ms = 5 * MINUTE_MS;
	p->silence_ms = HOUR_MS;
}

/* --- By itself --- */

static int measurement_compare(const struct attest_policy_measurement *a,
    const struct attest_policy_measurement *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return memcmp(a->measurement, b->measurement, sizeof a->measurement);
}

static enum sr_error measurements_check(const struct attest_policy *p)
{
	for (uint32_t i = 0; i < p->measurements_n; i++) {
		const struct attest_policy_measurement *m = &p->measurements[i];
		size_t n = attest_kind_measurement_n(m->kind);

		if (n == 0 || m->measurement_n != n || m->from_ms > TIME_MAX_MS ||
		    m->until_ms > TIME_MAX_MS || (m->until_ms != 0 && m->until_ms <= m->from_ms))
			return SR_ERR_OUT_OF_RANGE;
		if (i > 0 && measurement_compare(m - 1, m) >= 0)
			return SR_ERR_BAD_ENCODING;
	}
	return SR_OK;
}

static bool spans_valid(const struct attest_policy *p)
{
	const uint64_t spans[] = { p->collateral_age_max_ms, p->reattest_ms, p->lapse_ms,
		p->measurement_delay_ms, p->refresh_ms, p->refresh_min_ms, p->window_ms,
		p->silence_ms };

	for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++)
		if (spans[i] > SPAN_MAX_MS)
			return false;
	return p->window_ms > 0 && p->tcb_date_min_s <= TIME_MAX_MS / 1000;
}

static bool counts_valid(const struct attest_policy *p)
{
	return p->operators_n <= ATTEST_POLICY_OPERATORS_MAX &&
	    p->measurements_n <= ATTEST_POLICY_MEASUREMENTS_MAX &&
	    p->advisories_n <= ATTEST_POLICY_ADVISORIES_MAX &&
	    p->makers_n <= ATTEST_POLICY_MAKERS_MAX &&
	    p->provisioners_n <= ATTEST_POLICY_PROVISIONERS_MAX;
}

static enum sr_error vouching_check(const struct attest_policy *p)
{
	bool tpm = (p->kinds & ATTEST_KIND_BIT(ATTEST_KIND_TPM)) != 0;

	if (p->provisioners_k > p->provisioners_n ||
	    (p->provisioners_k == 0 && p->provisioners_n > 0))
		return SR_ERR_THRESHOLD;
	return tpm && (p->provisioners_k == 0 || p->makers_n == 0) ? SR_ERR_THRESHOLD : SR_OK;
}

enum sr_error attest_policy_check(const struct attest_policy *p)
{
	if (p->number == 0 || p->kinds == 0 || (p->kinds & ~KINDS_MASK) != 0 || p->statuses == 0 ||
	    (p->statuses & ~STATUSES_MASK) != 0 || !counts_valid(p) || !spans_valid(p) ||
	    p->per_operator_max > SR_MEMBERS_MAX || p->per_platform_max > SR_MEMBERS_MAX)
		return SR_ERR_OUT_OF_RANGE;
	SR_TRY(measurements_check(p));
	if (!attest_rising(p->operators, p->operators_n) ||
	    !attest_advisories_valid(p->advisories, p->advisories_n) ||
	    !attest_rising(p->makers, p->makers_n) ||
	    !attest_rising(p->provisioners, p->provisioners_n))
		return SR_ERR_BAD_ENCODING;
	return vouching_check(p);
}

/* --- One after the other --- */

static const struct attest_policy_measurement *listed(const struct attest_policy *p,
    enum attest_kind kind, const uint8_t *measurement, size_t n)
{
	for (uint32_t i = 0; i < p->measurements_n; i++) {
		const struct attest_policy_measurement *m = &p->measurements[i];

		if (m->kind == kind && m->measurement_n == n &&
		    memcmp(m->measurement, measurement, n) == 0)
			return m;
	}
	return NULL;
}

static bool accepts(const struct attest_policy *p, enum attest_kind kind)
{
	return kind >= ATTEST_KIND_SOFTWARE && kind <= ATTEST_KIND_AZURE &&
	    (p->kinds & ATTEST_KIND_BIT(kind)) != 0;
}

static bool begins_anew(const struct attest_policy *now, const struct attest_policy_measurement *m,
    uint64_t time_ms)
{
	const struct attest_policy_measurement *before =
	    listed(now, m->kind, m->measurement, m->measurement_n);

	return before == NULL || !accepts(now, m->kind) || m->from_ms < before->from_ms ||
	    (before->until_ms != 0 && before->until_ms <= time_ms);
}

enum sr_error attest_policy_follows(const struct attest_policy *now,
    const struct attest_policy *next, uint64_t time_ms)
{
	SR_TRY(attest_policy_check(next));
	if (next->number <= now->number)
		return SR_ERR_STALE;
	if (next->number - 1 != now->number)
		return SR_ERR_TOO_FAR_AHEAD;
	if (next->measurement_delay_ms < now->measurement_delay_ms)
		return SR_ERR_OUT_OF_RANGE;
	for (uint32_t i = 0; i < next->measurements_n; i++) {
		const struct attest_policy_measurement *m = &next->measurements[i];

		if (begins_anew(now, m, time_ms) && (m->from_ms < time_ms ||
		    m->from_ms - time_ms < now->measurement_delay_ms))
			return SR_ERR_TOO_EARLY;
	}
	return SR_OK;
}

/* Of spans where 0 means none: does the other one last longer? */
static bool span_longer(uint64_t now, uint64_t next)
{
	return now != 0 && (next == 0 || next > now);
}

/* Sets of 32 bytes: is one in next that is not in now? */
static bool keys_more(const uint8_t *now, uint32_t now_n, const uint8_t *next, uint32_t next_n)
{
	for (uint32_t i = 0; i < next_n; i++) {
		bool found = false;

		for (uint32_t k = 0; k < now_n && !found; k++)
			found = memcmp(now + 32u * k, next + 32u * i, 32) == 0;
		if (!found)
			return true;
	}
	return false;
}

static bool advisory_accepted(const struct attest_policy *p, const char *id)
{
	for (uint32_t i = 0; i < p->advisories_n; i++)
		if (memcmp(p->advisories[i], id, ATTEST_FACTS_ADVISORY_MAX) == 0)
			return true;
	return false;
}

static bool lists_loosen(const struct attest_policy *now, const struct attest_policy *next)
{
	for (uint32_t i = 0; i < next->advisories_n; i++)
		if (!advisory_accepted(now, next->advisories[i]))
			return true;
	return keys_more(now->makers[0].b, now->makers_n, next->makers[0].b, next->makers_n) ||
	    keys_more(now->provisioners[0].b, now->provisioners_n, next->provisioners[0].b,
	    next->provisioners_n) ||
	    next->provisioners_k < now->provisioners_k;
}

static bool versions_loosen(const struct attest_policy *now, const struct attest_policy *next)
{
	for (size_t i = 0; i < ATTEST_PRODUCTS; i++)
		for (size_t k = 0; k < ATTEST_SVNS; k++)
			if (next->snp_min[i][k] < now->snp_min[i][k])
				return true;
	return next->evaluation_min < now->evaluation_min ||
	    next->tcb_date_min_s < now->tcb_date_min_s;
}

bool attest_policy_loosens(const struct attest_policy *now, const struct attest_policy *next)
{
	return (next->kinds & ~now->kinds) != 0 || (next->statuses & ~now->statuses) != 0 ||
	    (next->operators_open && !now->operators_open) || lists_loosen(now, next) ||
	    versions_loosen(now, next) ||
	    span_longer(now->collateral_age_max_ms, next->collateral_age_max_ms) ||
	    span_longer(now->reattest_ms, next->reattest_ms) || next->lapse_ms > now->lapse_ms;
}

/* --- Writing --- */

static void measurements_write(struct sr_writer *w, const struct attest_policy *p)
{
	sr_write_u8(w, (uint8_t)p->measurements_n);
	for (uint32_t i = 0; i < p->measurements_n; i++) {
		const struct attest_policy_measurement *m = &p->measurements[i];

		sr_write_u8(w, (uint8_t)m->kind);
		sr_write_copy(w, m->measurement, m->measurement_n);
		sr_write_u64(w, m->from_ms);
		sr_write_u64(w, m->until_ms);
	}
}

static void lists_write(struct sr_writer *w, const struct attest_policy *p)
{
	sr_write_u8(w, (uint8_t)p->operators_n);
	for (uint32_t i = 0; i < p->operators_n; i++)
		sr_write_edpk(w, &p->operators[i]);
	measurements_write(w, p);
	sr_write_u8(w, (uint8_t)p->advisories_n);
	for (uint32_t i = 0; i < p->advisories_n; i++)
		sr_write_copy(w, (const uint8_t *)p->advisories[i], sizeof p->advisories[i]);
	sr_write_u8(w, (uint8_t)p->makers_n);
	for (uint32_t i = 0; i < p->makers_n; i++)
		sr_write_hash(w, &p->makers[i]);
	sr_write_u8(w, (uint8_t)p->provisioners_k);
	sr_write_u8(w, (uint8_t)p->provisioners_n);
	for (uint32_t i = 0; i < p->provisioners_n; i++)
		sr_write_edpk(w, &p->provisioners[i]);
}

void attest_policy_write(struct sr_writer *w, const struct attest_policy *p)
{
	enum sr_error err = attest_policy_check(p);

	if (err != SR_OK) {
		sr_writer_fail(w, err);
		return;
	}
	sr_write_u8(w, ATTEST_POLICY_VERSION);
	sr_write_u64(w, p->number);
	sr_write_u32(w, p->kinds);
	sr_write_u32(w, p->statuses);
	sr_write_u32(w, p->evaluation_min);
	sr_write_u64(w, p->tcb_date_min_s);
	sr_write_u64(w, p->collateral_age_max_ms);
	sr_write_copy(w, p->snp_min[0], sizeof p->snp_min);
	sr_write_u64(w, p->reattest_ms);
	sr_write_u64(w, p->lapse_ms);
	sr_write_u64(w, p->measurement_delay_ms);
	sr_write_u32(w, p->per_operator_max);
	sr_write_u32(w, p->per_platform_max);
	sr_write_bool(w, p->operators_open);
	lists_write(w, p);
	sr_write_u64(w, p->refresh_ms);
	sr_write_u64(w, p->refresh_min_ms);
	sr_write_u64(w, p->window_ms);
	sr_write_u64(w, p->silence_ms);
}

struct sr_hash32 attest_policy_hash(const struct attest_policy *p)
{
	struct sr_hash32 hash = { { 0 } };
	struct sr_writer w;

	sr_writer_init(&w, ATTEST_POLICY_MAX);
	attest_policy_write(&w, p);
	if (sr_writer_finish(&w) == SR_OK)
		hash = sr_hash_domain(
		    "strongroom attest policy v1", &(struct sr_bytes){ w.p, w.n }, 1);
	sr_writer_clear(&w);
	return hash;
}

/* --- Reading --- */

static uint32_t count_read(struct sr_reader *r, uint32_t most)
{
	uint32_t n = sr_read_u8(r);

	if (n > most)
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
	return r->error == SR_OK ? n : 0;
}

static void measurement_read(struct attest_policy_measurement *m, struct sr_reader *r)
{
	unsigned kind = sr_read_u8(r);

	m->kind = (enum attest_kind)kind;
	m->measurement_n = attest_kind_measurement_n(kind);
	if (m->measurement_n == 0)
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
	sr_read_copy(r, m->measurement, m->measurement_n);
	m->from_ms = sr_read_u64(r);
	m->until_ms = sr_read_u64(r);
}

static void lists_read(struct attest_policy *p, struct sr_reader *r)
{
	p->operators_n = count_read(r, ATTEST_POLICY_OPERATORS_MAX);
	for (uint32_t i = 0; i < p->operators_n; i++)
		p->operators[i] = sr_read_edpk(r);
	p->measurements_n = count_read(r, ATTEST_POLICY_MEASUREMENTS_MAX);
	for (uint32_t i = 0; i < p->measurements_n; i++)
		measurement_read(&p->measurements[i], r);
	p->advisories_n = count_read(r, ATTEST_POLICY_ADVISORIES_MAX);
	for (uint32_t i = 0; i < p->advisories_n; i++)
		sr_read_copy(r, (uint8_t *)p->advisories[i], sizeof p->advisories[i]);
	p->makers_n = count_read(r, ATTEST_POLICY_MAKERS_MAX);
	for (uint32_t i = 0; i < p->makers_n; i++)
		p->makers[i] = sr_read_hash(r);
	p->provisioners_k = sr_read_u8(r);
	p->provisioners_n = count_read(r, ATTEST_POLICY_PROVISIONERS_MAX);
	for (uint32_t i = 0; i < p->provisioners_n; i++)
		p->provisioners[i] = sr_read_edpk(r);
}

static void fields_read(struct attest_policy *p, struct sr_reader *r)
{
	if (sr_read_u8(r) != ATTEST_POLICY_VERSION)
		sr_reader_fail(r, SR_ERR_BAD_VERSION);
	p->number = sr_read_u64(r);
	p->kinds = sr_read_u32(r);
	p->statuses = sr_read_u32(r);
	p->evaluation_min = sr_read_u32(r);
	p->tcb_date_min_s = sr_read_u64(r);
	p->collateral_age_max_ms = sr_read_u64(r);
	sr_read_copy(r, p->snp_min[0], sizeof p->snp_min);
	p->reattest_ms = sr_read_u64(r);
	p->lapse_ms = sr_read_u64(r);
	p->measurement_delay_ms = sr_read_u64(r);
	p->per_operator_max = sr_read_u32(r);
	p->per_platform_max = sr_read_u32(r);
	p->operators_open = sr_read_bool(r);
	lists_read(p, r);
	p->refresh_ms = sr_read_u64(r);
	p->refresh_min_ms = sr_read_u64(r);
	p->window_ms = sr_read_u64(r);
	p->silence_ms = sr_read_u64(r);
}

void attest_policy_read(struct attest_policy *p, struct sr_reader *r)
{
	enum sr_error err;

	memset(p, 0, sizeof *p);
	fields_read(p, r);
	if (r->error == SR_OK) {
		err = attest_policy_check(p);
		if (err != SR_OK)
			sr_reader_fail(r, err);
	}
	if (r->error != SR_OK)
		memset(p, 0, sizeof *p);
}

/* --- Judging --- */

/* Where Intel's collateral was used. */
static bool of_intel(const struct attest_facts *f)
{
	return f->kind == ATTEST_KIND_SGX || f->kind == ATTEST_KIND_TDX ||
	    (f->kind == ATTEST_KIND_AZURE && f->product == 0);
}

static enum sr_error time_judge(
    const struct attest_policy *p, const struct attest_facts *f, uint64_t time_ms)
{
	uint64_t time_s = time_ms / 1000;

	if (time_s < f->valid_from_s || time_s > f->valid_to_s)
		return SR_ERR_COLLATERAL_TIME;
	if (of_intel(f) && p->collateral_age_max_ms != 0 &&
	    time_s - f->valid_from_s > p->collateral_age_max_ms / 1000)
		return SR_ERR_COLLATERAL_TIME;
	return SR_OK;
}

static enum sr_error measurement_judge(
    const struct attest_policy *p, const struct attest_facts *f, uint64_t time_ms)
{
	const struct attest_policy_measurement *m =
	    listed(p, f->kind, f->measurement, f->measurement_n);

	if (m == NULL)
		return SR_ERR_MEASUREMENT;
	if (time_ms < m->from_ms)
		return SR_ERR_MEASUREMENT_EARLY;
	return m->until_ms != 0 && time_ms >= m->until_ms ? SR_ERR_MEASUREMENT_ENDED : SR_OK;
}

static enum sr_error tcb_judge(const struct attest_policy *p, const struct attest_facts *f)
{
	if (f->status < ATTEST_UP_TO_DATE || f->status > ATTEST_NOT_SUPPORTED ||
	    (p->statuses & ATTEST_STATUS_BIT(f->status)) == 0)
		return SR_ERR_TCB_STATUS;
	for (size_t i = 0; f->product >= 1 && f->product <= ATTEST_PRODUCTS && i < ATTEST_SVNS; i++)
		if (f->svns[i] < p->snp_min[f->product - 1][i])
			return SR_ERR_TCB_STATUS;
	if (of_intel(f) &&
	    (f->evaluation < p->evaluation_min || f->tcb_date_s < p->tcb_date_min_s))
		return SR_ERR_TCB_EVALUATION;
	return SR_OK;
}

/* Those that were trusted when the evidence was verified may not be any more. */
static enum sr_error vouching_judge(const struct attest_policy *p, const struct attest_facts *f)
{
	uint32_t n = 0;

	if (f->kind != ATTEST_KIND_TPM)
		return SR_OK;
	for (uint32_t i = 0; i < f->vouchers_n; i++)
		for (uint32_t j = 0; j < p->provisioners_n; j++)
			n += memcmp(&f->vouchers[i], &p->provisioners[j], sizeof(struct sr_edpk))
			    == 0;
	return p->provisioners_k > 0 && n >= p->provisioners_k ? SR_OK : SR_ERR_NOT_VOUCHED;
}

enum sr_error attest_policy_judge(const struct attest_policy *p, const struct attest_facts *f,
    const uint8_t report_data[ATTEST_REPORT_DATA], uint64_t time_ms)
{
	if (!accepts(p, f->kind))
		return SR_ERR_EVIDENCE_KIND;
	if (f->debug)
		return SR_ERR_DEBUG_ENCLAVE;
	if (!attest_facts_bound(f, report_data))
		return SR_ERR_BINDING;
	SR_TRY(time_judge(p, f, time_ms));
	SR_TRY(measurement_judge(p, f, time_ms));
	SR_TRY(tcb_judge(p, f));
	for (uint32_t i = 0; i < f->advisories_n; i++)
		if (!advisory_accepted(p, f->advisories[i]))
			return SR_ERR_ADVISORY;
	return vouching_judge(p, f);
}

bool attest_policy_operator(const struct attest_policy *p, const struct sr_edpk *operator_key)
{
	if (p->operators_open)
		return true;
	for (uint32_t i = 0; i < p->operators_n; i++)
		if (memcmp(&p->operators[i], operator_key, sizeof *operator_key) == 0)
			return true;
	return false;
}
