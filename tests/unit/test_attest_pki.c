/* The answers of which no genuine quote exists, from a provisioning service that only tests trust.
 */
#include <stdio.h>
#include <string.h>

#include "attest/dcap.h"
#include "tests/lib/check_main.h"
#include "tests/lib/fake_intel.h"

static enum sr_error verify(struct attest_result *r, const struct fake_intel_options *o)
{
	struct fake_intel f;
	enum sr_error err;

	fake_intel_make(&f, o);
	err = dcap_verify(r, &f.in, &f.root);
	fake_intel_clear(&f);
	return err;
}

START_TEST(each_status_of_a_level_is_told)
{
	static const struct { const char *level, *qe, *want;
	} cases[] = {
		{ "UpToDate", "UpToDate", "UpToDate" },
		{ "SWHardeningNeeded", "UpToDate", "SWHardeningNeeded" },
		{ "ConfigurationNeeded", "UpToDate", "ConfigurationNeeded" },
		{ "ConfigurationAndSWHardeningNeeded", "UpToDate",
		    "ConfigurationAndSWHardeningNeeded" },
		{ "OutOfDate", "UpToDate", "OutOfDate" },
		{ "OutOfDateConfigurationNeeded", "UpToDate", "OutOfDateConfigurationNeeded" },
		{ "Revoked", "UpToDate", "Revoked" },
		{ "UpToDate", "OutOfDate", "OutOfDate" },
		{ "SWHardeningNeeded", "OutOfDate", "OutOfDate" },
		{ "ConfigurationNeeded", "OutOfDate", "OutOfDateConfigurationNeeded" },
		{ "UpToDate", "Revoked", "Revoked" },
		{ "Revoked", "OutOfDate", "Revoked" },
	};
	struct fake_intel_options o;
	struct attest_result r;

	fake_intel_defaults(&o);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		o.level_status = cases[i].level;
		o.qe_status = cases[i].qe;
		ck_ok(verify(&r, &o));
		ck_assert_str_eq(attest_status_name(r.status), cases[i].want);
		ck_assert_uint_eq(r.evaluation, 17);
		ck_assert_uint_eq(r.advisories.n, 1);
		ck_assert(!r.debug);
	}
	o.level_status = o.qe_status = "UpToDate";
	o.no_level = true;
	ck_ok(verify(&r, &o));
	ck_assert_str_eq(attest_status_name(r.status), "NotSupported");
	o.no_level = false;
	o.debug = true;
	ck_ok(verify(&r, &o));
	ck_assert(r.debug);
}
END_TEST

START_TEST(a_status_that_does_not_exist_is_refused)
{
	struct fake_intel_options o;
	struct attest_result r;

	fake_intel_defaults(&o);
	o.level_status = "Splendid";
	ck_error(verify(&r, &o), SR_ERR_COLLATERAL_BAD);
}
END_TEST

START_TEST(revoked_keys_are_refused)
{
	struct fake_intel_options o;
	struct attest_result r;

	fake_intel_defaults(&o);
	o.pck_revoked = true;
	ck_error(verify(&r, &o), SR_ERR_KEY_REVOKED);
	fake_intel_defaults(&o);
	o.ca_revoked = true;
	ck_error(verify(&r, &o), SR_ERR_KEY_REVOKED);
}
END_TEST

START_TEST(each_broken_link_has_its_own_error)
{
	struct fake_intel_options o;
	struct attest_result r;

	fake_intel_defaults(&o);
	o.forged_signature = true;
	ck_error(verify(&r, &o), SR_ERR_EVIDENCE_BAD);
	fake_intel_defaults(&o);
	o.qe_binding_wrong = true;
	ck_error(verify(&r, &o), SR_ERR_EVIDENCE_BAD);
	fake_intel_defaults(&o);
	o.qe_wrong_signer = true;
	ck_error(verify(&r, &o), SR_ERR_EVIDENCE_BAD);
	fake_intel_defaults(&o);
	o.collateral_by_pck = true;
	ck_error(verify(&r, &o), SR_ERR_CHAIN_BAD);
	fake_intel_defaults(&o);
	o.other_fmspc = true;
	ck_error(verify(&r, &o), SR_ERR_COLLATERAL_OTHER);
	fake_intel_defaults(&o);
	o.collateral_to = FAKE_INTEL_NOW - 1;
	ck_error(verify(&r, &o), SR_ERR_COLLATERAL_TIME);
	ck_assert_int_eq(r.status, 0);
}
END_TEST

START_TEST(the_product_trusts_nothing_of_it)
{
	struct fake_intel_options o;
	struct fake_intel f;
	struct attest_result r;

	fake_intel_defaults(&o);
	fake_intel_make(&f, &o);
	ck_ok(dcap_verify(&r, &f.in, &f.root));
	ck_error(attest_dcap_verify(&r, &f.in), SR_ERR_CHAIN_BAD);
	fake_intel_clear(&f);
}
END_TEST

TEST_MAIN("attest/pki", each_status_of_a_level_is_told, a_status_that_does_not_exist_is_refused,
    revoked_keys_are_refused, each_broken_link_has_its_own_error, the_product_trusts_nothing_of_it)
