/*
 * FAKE. Stands in for attest/ in sim_fast and never in a product (tests/sim/fakes.sh): what
 * evidence says is a keyed hash of its bytes, so that no vendor's certificates, and none of their
 * libraries, are needed. The same bytes say the same to everyone; a quarter of all evidence is
 * refused. Software evidence is judged as it is by the real one: its operator signs it.
 */
#include "attest/evidence.h"

#include <string.h>

#include "tests/sim/fake_crypto.h"

const char fake_attest_linked[] = "fake (evidence is what its hash says)";

static enum sr_error software(struct attest_facts *f, const struct attest_evidence_software *e,
    const struct attest_trust *trust)
{
	if (trust == NULL || trust->operator_key == NULL)
		return SR_ERR_EVIDENCE_BAD;
	SR_TRY(attest_software_verify(e, trust->operator_key));
	f->kind = ATTEST_KIND_SOFTWARE;
	f->status = ATTEST_UP_TO_DATE;
	memcpy(f->measurement, e->measurement.b, sizeof e->measurement.b);
	f->measurement_n = sizeof e->measurement.b;
	memcpy(f->report_data, e->report_data, sizeof f->report_data);
	f->valid_to_s = UINT64_MAX;
	return SR_OK;
}

enum sr_error attest_evidence_verify(struct attest_facts *facts, struct sr_bytes evidence,
    const struct attest_trust *trust, uint64_t time_s)
{
	struct sr_hash32 h = sr_hash_domain("fake evidence", &evidence, 1);
	struct attest_evidence e;
	enum sr_error error;

	memset(facts, 0, sizeof *facts);
	SR_TRY(attest_evidence_read(&e, evidence));
	if (e.kind == ATTEST_KIND_SOFTWARE) {
		error = software(facts, &e.software, trust);
		if (error != SR_OK)
			memset(facts, 0, sizeof *facts);
		return error;
	}
	if (h.b[0] % 4 == 0)
		return SR_ERR_CHAIN_BAD;
	facts->kind = e.kind;
	facts->status = ATTEST_UP_TO_DATE;
	facts->debug = h.b[1] % 4 == 0;
	facts->measurement_n = attest_kind_measurement_n(e.kind);
	memcpy(facts->measurement, h.b, sizeof h.b);
	memcpy(facts->report_data, h.b, sizeof h.b);
	facts->platform = h;
	facts->collateral = h;
	facts->valid_from_s = time_s;
	facts->valid_to_s = time_s + 86400;
	return SR_OK;
}
