/* What verifying evidence costs: mean and worst of every genuine case, in ms of processor time;
 * judging it by a policy, in microseconds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attest/evidence.h"
#include "attest/policy.h"
#include "tests/lib/vectors.h"

#define SKIP "genuine evidence"
#define ROUNDS 3u

static struct attest_evidence evidence;
static struct attest_facts facts;
static struct attest_policy policy;
static uint8_t *owned[8];
static size_t owned_n;

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct sr_bytes file(const char *folder, const json_t *v, const char *name)
{
	char path[256];
	size_t n = 0;

	snprintf(path, sizeof path, "%s/%s", folder,
	    json_string_value(json_object_get(v, name)));
	owned[owned_n] = test_vectors_bytes(path, &n, SKIP);
	return (struct sr_bytes){ owned[owned_n++], n };
}

static uint64_t dcap_load(const json_t *v)
{
	const json_t *tee = json_object_get(json_object_get(v, "expect"), "tee");

	memset(&evidence, 0, sizeof evidence);
	evidence.kind =
	    strcmp(json_string_value(tee), "TDX") == 0 ? ATTEST_KIND_TDX : ATTEST_KIND_SGX;
	evidence.dcap = (struct attest_evidence_dcap){ file("dcap", v, "quote"),
		file("dcap", v, "tcb_info"), file("dcap", v, "qe_identity"),
		file("dcap", v, "pck_crl"), file("dcap", v, "root_crl"),
		file("dcap", v, "tcb_signing_cert"), file("dcap", v, "qe_signing_cert") };
	return (uint64_t)json_integer_value(json_object_get(v, "verify_time"));
}

static uint64_t snp_load(const json_t *v)
{
	memset(&evidence, 0, sizeof evidence);
	evidence.kind = ATTEST_KIND_SNP;
	evidence.snp = (struct attest_evidence_snp){ file("snp", v, "report"),
		file("snp", v, "leaf"), file("snp", v, "ask"), file("snp", v, "ark") };
	return (uint64_t)json_integer_value(
	    json_array_get(json_object_get(v, "leaf_valid"), 0)) + 1;
}

static double verify_s(uint64_t time_s)
{
	static const struct attest_trust nobody;
	struct sr_writer w;
	enum sr_error err = SR_OK;
	double best = 1e9, from;

	sr_writer_init(&w, ATTEST_EVIDENCE_MAX);
	attest_evidence_write(&w, &evidence);
	for (unsigned i = 0; i < ROUNDS && err == SR_OK; i++) {
		from = now_s();
		err = attest_evidence_verify(
		    &facts, (struct sr_bytes){ w.p, w.n }, &nobody, time_s);
		if (now_s() - from < best)
			best = now_s() - from;
	}
	sr_writer_clear(&w);
	if (err != SR_OK) {
		fprintf(stderr, "%s\n", sr_error_message(err));
		exit(1);
	}
	return best;
}

static void run(const char *name, const char *path, uint64_t (*load)(const json_t *v))
{
	json_t *all = test_vectors_load(path, SKIP), *v;
	double sum = 0, worst = 0;
	size_t i;

	if (all == NULL)
		return;
	json_array_foreach(all, i, v) {
		double s = verify_s(load(v));

		sum += s;
		worst = s > worst ? s : worst;
		while (owned_n > 0)
			free(owned[--owned_n]);
	}
	printf("%-24s %3zu cases, mean %6.2f ms, worst %6.2f ms\n", name, i,
	    sum / (double)i * 1000, worst * 1000);
	json_decref(all);
}

/* The largest policy that can be, with the facts that are the last to be refused. */
static void judging(void)
{
	const unsigned n = 100000;
	enum sr_error err = SR_OK;
	double from;

	attest_policy_default(&policy);
	policy.kinds = ATTEST_KIND_BIT(ATTEST_KIND_SNP);
	policy.measurements_n = ATTEST_POLICY_MEASUREMENTS_MAX;
	for (uint32_t i = 0; i < policy.measurements_n; i++) {
		policy.measurements[i].kind = ATTEST_KIND_SNP;
		policy.measurements[i].measurement_n = 48;
		policy.measurements[i].measurement[47] = (uint8_t)i;
	}
	memset(&facts, 0, sizeof facts);
	facts.kind = ATTEST_KIND_SNP;
	facts.status = ATTEST_UP_TO_DATE;
	facts.measurement_n = 48;
	facts.measurement[47] = ATTEST_POLICY_MEASUREMENTS_MAX - 1;
	facts.valid_to_s = UINT64_MAX;
	from = now_s();
	for (unsigned i = 0; i < n && err == SR_OK; i++)
		err = attest_policy_judge(&policy, &facts, facts.report_data, i);
	if (err != SR_OK)
		exit(1);
	printf("%-24s %21.2f us\n", "judging by a policy", (now_s() - from) / n * 1e6);
}

int main(void)
{
	if (sr_crypto_init() != SR_OK)
		return 1;
	run("Intel SGX and TDX", "dcap/vectors.json", dcap_load);
	run("AMD SEV-SNP", "snp/vectors.json", snp_load);
	judging();
	return 0;
}
