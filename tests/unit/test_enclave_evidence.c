/* The software evidence that a genesis carries is evidence of its kind, to the byte. */
#include "attest/evidence_blob.h"

#include <string.h>

#include "enclave/genesis.h"
#include "tests/lib/check_main.h"

START_TEST(the_software_evidence_of_a_genesis_is_evidence_of_its_kind)
{
	struct sr_hash32 measurement = { { 1 } };
	uint8_t report_data[ATTEST_REPORT_DATA] = { 2 };
	struct sr_key32 seed = { { 3 } };
	struct attest_evidence e;
	struct sr_writer old, new;
	struct sr_edsk sk;
	struct sr_edpk key;

	sr_ed25519_keypair(&sk, &key, &seed);
	sr_writer_init(&old, ATTEST_EVIDENCE_MAX);
	genesis_software_evidence(&old, &measurement, report_data, &sk);
	ck_ok(sr_writer_finish(&old));
	ck_ok(attest_evidence_read(&e, (struct sr_bytes){ old.p, old.n }));
	ck_assert_int_eq(e.kind, ATTEST_KIND_SOFTWARE);
	ck_ok(attest_software_verify(&e.software, &key));
	memset(&e, 0, sizeof e);
	e.kind = ATTEST_KIND_SOFTWARE;
	attest_software_sign(&e.software, &measurement, report_data, &sk);
	sr_writer_init(&new, ATTEST_EVIDENCE_MAX);
	attest_evidence_write(&new, &e);
	ck_ok(sr_writer_finish(&new));
	ck_assert_uint_eq(old.n, new.n);
	ck_assert_mem_eq(old.p, new.p, old.n);
	report_data[0] ^= 1;
	memcpy(e.software.report_data, report_data, sizeof report_data);
	ck_error(attest_software_verify(&e.software, &key), SR_ERR_EVIDENCE_BAD);
	sr_writer_clear(&old);
	sr_writer_clear(&new);
	sr_edsk_wipe(&sk);
}
END_TEST

TEST_MAIN("enclave/evidence", the_software_evidence_of_a_genesis_is_evidence_of_its_kind)
