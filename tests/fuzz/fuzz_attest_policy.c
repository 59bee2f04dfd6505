/* tests/fuzz/fuzz_attest_policy.c - policies of evidence, from operations and files: one policy has
 * one encoding, makes sense by itself, and follows another only with the next number. */
#include <stdio.h>
#include <string.h>

#include "attest/policy.h"
#include "tests/fuzz/fuzz.h"

FUZZ_RECODE(recode, struct attest_policy, attest_policy_read, attest_policy_write)

void fuzz_attest_policy(const uint8_t *p, size_t n)
{
	static struct attest_policy now, next;
	struct attest_facts f;
	struct sr_reader r;
	enum sr_error err;

	fuzz_canonical(recode, p, n);
	sr_reader_init(&r, p, n);
	attest_policy_read(&next, &r);
	if (r.error != SR_OK)
		return;
	FUZZ_CHECK(attest_policy_check(&next) == SR_OK);
	attest_policy_default(&now);
	now.number = next.number - 1;
	err = attest_policy_follows(&now, &next, 1800000000000);
	FUZZ_CHECK(err == SR_OK || err == SR_ERR_TOO_EARLY || err == SR_ERR_OUT_OF_RANGE);
	/* What is listed is accepted from its time on, if anything of its kind is. */
	for (uint32_t i = 0; i < next.measurements_n; i++) {
		const struct attest_policy_measurement *m = &next.measurements[i];

		memset(&f, 0, sizeof f);
		f.kind = m->kind;
		f.status = ATTEST_UP_TO_DATE;
		f.valid_to_s = UINT64_MAX;
		f.measurement_n = m->measurement_n;
		memcpy(f.measurement, m->measurement, m->measurement_n);
		err = attest_policy_judge(&next, &f, f.report_data, m->from_ms);
		FUZZ_CHECK(err != SR_ERR_MEASUREMENT && err != SR_ERR_MEASUREMENT_EARLY &&
		    err != SR_ERR_MEASUREMENT_ENDED);
	}
}

void seed_attest_policy(void)
{
	static struct attest_policy p;
	struct sr_writer w;

	for (unsigned i = 0; i < 3; i++) {
		attest_policy_default(&p);
		if (i > 0) {
			p.kinds = 0xfe;
			p.makers_n = p.provisioners_n = p.provisioners_k = i;
			p.makers[1].b[0] = p.provisioners[1].b[0] = p.operators[1].b[0] = 1;
			p.operators_n = i;
			p.advisories_n = i;
			p.measurements_n = i == 1 ? 7 : 0;
		}
		for (uint32_t k = 0; k < p.measurements_n; k++) {
			p.measurements[k].kind = (enum attest_kind)(k + 1);
			p.measurements[k].measurement_n = attest_kind_measurement_n(k + 1);
			p.measurements[k].from_ms = k;
			p.measurements[k].until_ms = k * 5;
		}
		for (uint32_t k = 0; k < p.advisories_n; k++)
			snprintf(p.advisories[k], ATTEST_FACTS_ADVISORY_MAX, "INTEL-SA-%05u", k);
		sr_writer_init(&w, ATTEST_POLICY_MAX);
		attest_policy_write(&w, &p);
		FUZZ_CHECK(sr_writer_finish(&w) == SR_OK);
		fuzz_seed("policy", w.p, w.n);
		sr_writer_clear(&w);
	}
}
