/* tests/fuzz/fuzz_attest_facts.c - facts, as other members vote on them: one value has one
 * encoding, and a judgement of it. */
#include <stdio.h>
#include <string.h>

#include "attest/policy.h"
#include "tests/fuzz/fuzz.h"

FUZZ_RECODE(recode, struct attest_facts, attest_facts_read, attest_facts_write)

/* Whatever they say, a policy that lists nothing accepts nothing. */
static void judged(const struct attest_facts *f)
{
	static struct attest_policy p;
	enum sr_error err;

	attest_policy_default(&p);
	p.kinds = 0xfe;
	err = attest_policy_judge(&p, f, f->report_data, f->valid_from_s * 1000);
	FUZZ_CHECK(err == SR_ERR_MEASUREMENT || err == SR_ERR_DEBUG_ENCLAVE ||
	    err == SR_ERR_COLLATERAL_TIME);
	FUZZ_CHECK(f->measurement_n == attest_kind_measurement_n(f->kind));
}

void fuzz_attest_facts(const uint8_t *p, size_t n)
{
	struct attest_facts f;
	struct sr_reader r;

	fuzz_canonical(recode, p, n);
	sr_reader_init(&r, p, n);
	attest_facts_read(&f, &r);
	if (r.error == SR_OK)
		judged(&f);
}

void seed_attest_facts(void)
{
	struct attest_facts f;
	struct sr_writer w;

	for (unsigned kind = 1; kind <= ATTEST_KINDS; kind++) {
		memset(&f, 0, sizeof f);
		f.kind = (enum attest_kind)kind;
		f.status = (enum attest_status)kind;
		f.measurement_n = attest_kind_measurement_n(kind);
		f.signer_n = kind * 5;
		f.valid_to_s = 1800000000;
		f.product = (uint8_t)(kind == ATTEST_KIND_SNP);
		if (kind == ATTEST_KIND_TPM) {
			f.vouchers_n = 2;
			f.vouchers[1].b[0] = 1;
		}
		for (f.advisories_n = 0; f.advisories_n < kind; f.advisories_n++)
			snprintf(f.advisories[f.advisories_n], ATTEST_FACTS_ADVISORY_MAX,
			    "INTEL-SA-%05u", f.advisories_n);
		sr_writer_init(&w, ATTEST_FACTS_MAX);
		attest_facts_write(&w, &f);
		FUZZ_CHECK(sr_writer_finish(&w) == SR_OK);
		fuzz_seed(attest_kind_name(kind), w.p, w.n);
		sr_writer_clear(&w);
	}
}
