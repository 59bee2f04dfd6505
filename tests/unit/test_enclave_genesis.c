/* The genesis file: one encoding, and every lie in it is found. */
#include <stdlib.h>
#include <string.h>

#include "enclave/genesis.h"
#include "tests/lib/check_main.h"
#include "tests/lib/cluster.h"
#include "tests/lib/sweep.h"

static struct cluster *made(uint32_t n, uint32_t t)
{
	return cluster_new(&(struct cluster_options){ .n = n, .threshold = t, .seed = 5 });
}

static enum sr_error recode(struct sr_writer *again, struct sr_bytes b)
{
	struct genesis *g = malloc(sizeof(*g));
	enum sr_error error = g != NULL ? genesis_decode(g, b.p, b.n) : SR_ERR_NO_MEMORY;

	if (error == SR_OK)
		error = genesis_encode(again, g);
	free(g);
	return error;
}

static enum sr_error recode_record(struct sr_writer *again, struct sr_bytes b)
{
	struct epoch_record *e = malloc(sizeof(*e));
	struct sr_reader r;
	enum sr_error error = SR_ERR_NO_MEMORY;

	sr_reader_init(&r, b.p, b.n);
	if (e != NULL) {
		epoch_record_read(e, &r);
		error = sr_reader_finish(&r);
		if (error == SR_OK)
			epoch_record_write(again, e);
	}
	free(e);
	return error;
}

START_TEST(a_genesis_is_read_as_it_was_written)
{
	struct cluster *c = made(4, 3);
	struct genesis *g = calloc(1, sizeof(*g));
	char attestation[GENESIS_ATTESTATION_MAX];

	ck_assert_ptr_nonnull(g);
	ck_ok(genesis_decode(g, c->genesis_bytes, c->genesis_n));
	ck_assert(sr_hash32_equal(&g->chain_id, &c->genesis->chain_id));
	ck_assert_uint_eq(g->members_n, 4);
	ck_assert_uint_eq(g->threshold, 3);
	ck_assert_str_eq(g->members[2].link, "tcp://127.0.0.1:9202");
	genesis_attestation_text(attestation, &g->policy);
	ck_assert_str_eq(attestation, "software");
	ck_assert_uint_eq(g->policy.number, 1);
	free(g);
	cluster_free(c);
}
END_TEST

START_TEST(every_changed_bit_of_a_genesis_is_noticed)
{
	struct cluster *c = made(3, 2);
	struct genesis *g = malloc(sizeof(*g));
	size_t accepted = 0, at = 9;
	struct sr_writer policy;

	ck_assert_ptr_nonnull(g);
	ck_ok(genesis_decode(g, c->genesis_bytes, c->genesis_n));
	/* The cluster's own name, time, pacing and policy are what it says; the rest is signed by
	 * the operators. */
	sr_writer_init(&policy, ATTEST_POLICY_MAX);
	attest_policy_write(&policy, &g->policy);
	ck_ok(sr_writer_finish(&policy));
	at += 4 + g->name_n + 8 + 32 + 12 + 4 + policy.n;
	sr_writer_clear(&policy);
	for (size_t i = 0; i < c->genesis_n; i++) {
		c->genesis_bytes[i] ^= 1;
		if (genesis_decode(g, c->genesis_bytes, c->genesis_n) == SR_OK && i >= at)
			accepted++;
		c->genesis_bytes[i] ^= 1;
	}
	ck_assert_uint_eq(accepted, 0);
	free(g);
	cluster_free(c);
}
END_TEST

START_TEST(a_genesis_has_one_encoding)
{
	struct cluster *c = made(3, 2);

	ck_assert_uint_eq(test_sweep("genesis", recode,
	    (struct sr_bytes){ c->genesis_bytes, c->genesis_n }), 0);
	cluster_free(c);
}
END_TEST

static enum sr_error encode(struct genesis *g)
{
	struct sr_writer w;
	enum sr_error error;

	sr_writer_init(&w, GENESIS_FILE_MAX);
	error = genesis_encode(&w, g);
	sr_writer_clear(&w);
	return error;
}

START_TEST(the_threshold_is_between_f_plus_one_and_n_minus_f)
{
	struct cluster *c = made(4, 3);

	c->genesis->threshold = 1;
	ck_error(encode(c->genesis), SR_ERR_THRESHOLD);
	c->genesis->threshold = 2;
	ck_ok(encode(c->genesis));
	c->genesis->threshold = 4;
	ck_error(encode(c->genesis), SR_ERR_THRESHOLD);
	c->genesis->threshold = 3;
	c->genesis->members_n = 2;
	ck_error(encode(c->genesis), SR_ERR_OUT_OF_RANGE);
	c->genesis->members_n = 4;
	c->genesis->slot_min_ms = 301;
	ck_error(encode(c->genesis), SR_ERR_OUT_OF_RANGE);
	cluster_free(c);
}
END_TEST

START_TEST(a_member_with_another_s_key_or_name_is_refused)
{
	struct cluster *c = made(4, 3);
	struct genesis_member first = c->genesis->members[0];

	memcpy(c->genesis->members[0].box_key, c->genesis->members[1].box_key, 32);
	ck_error(encode(c->genesis), SR_ERR_DUPLICATE);
	c->genesis->members[0] = first;
	c->genesis->members[0].vote_key = c->genesis->members[3].id_key;
	ck_error(encode(c->genesis), SR_ERR_DUPLICATE);
	c->genesis->members[0] = first;
	memcpy(c->genesis->members[0].name, c->genesis->members[1].name, SR_NAME_MAX);
	ck_error(encode(c->genesis), SR_ERR_DUPLICATE);
	c->genesis->members[0] = first;
	c->genesis->members[0].url[8] = 'x';
	ck_error(encode(c->genesis), SR_ERR_BAD_SIGNATURE);
	c->genesis->members[0] = first;
	memcpy(c->genesis->members[0].url, "ftps", 4);
	ck_error(encode(c->genesis), SR_ERR_BAD_SYNTAX);
	c->genesis->members[0] = first;
	ck_ok(encode(c->genesis));
	cluster_free(c);
}
END_TEST

START_TEST(forged_evidence_is_refused_for_what_is_wrong_with_it)
{
	struct cluster *c = made(4, 3);
	struct genesis *g = c->genesis;
	struct genesis_member *m = &g->members[1];
	uint8_t good[256], changed[256];
	struct sr_hash32 measurement;
	struct sr_edsk sk;
	struct sr_edpk pk;
	struct sr_writer w;
	size_t n = m->evidence.n;
	const uint8_t *owned = m->evidence.p;
	uint8_t report[64];

	ck_assert_uint_le(n, sizeof(good));
	memcpy(good, owned, n);
	ck_ok(genesis_evidence_verify(&measurement, m, g));
	ck_assert(sr_hash32_equal(&measurement, &c->measurement));
	for (size_t i = 0; i < n; i++) {
		memcpy(changed, good, n);
		changed[i] ^= 32;
		m->evidence.p = changed;
		ck_error(genesis_evidence_verify(&measurement, m, g),
		    i == 0 ? SR_ERR_EVIDENCE_KIND : SR_ERR_EVIDENCE_BAD);
	}
	m->evidence = (struct sr_bytes){ good, n };
	g->nonce.b[0] ^= 1;
	ck_error(genesis_evidence_verify(&measurement, m, g), SR_ERR_BINDING);
	g->nonce.b[0] ^= 1;
	g->policy.measurements[0].measurement[0] ^= 1;
	ck_error(genesis_evidence_verify(&measurement, m, g), SR_ERR_MEASUREMENT);
	g->policy.measurements[0].measurement[0] ^= 1;
	/* Signed, but by who is not the operator. */
	sr_ed25519_keypair(&sk, &pk, &(struct sr_key32){ { 200 } });
	genesis_report_data(report, &m->operator_key, &m->id_key, &m->vote_key, m->box_key,
	    &g->nonce);
	sr_writer_init(&w, 512);
	genesis_software_evidence(&w, &c->measurement, report, &sk);
	m->evidence = (struct sr_bytes){ w.p, w.n };
	ck_error(genesis_evidence_verify(&measurement, m, g), SR_ERR_EVIDENCE_BAD);
	sr_writer_clear(&w);
	m->evidence = (struct sr_bytes){ owned, n };
	cluster_free(c);
}
END_TEST

START_TEST(an_epoch_record_has_one_encoding)
{
	struct cluster *c = made(4, 3);
	struct epoch_record *e = malloc(sizeof(*e));
	struct sr_writer w;

	ck_assert_ptr_nonnull(e);
	epoch_record_genesis(e, c->genesis);
	sr_writer_init(&w, EPOCH_RECORD_MAX);
	epoch_record_write(&w, e);
	ck_ok(sr_writer_finish(&w));
	ck_assert_uint_eq(test_sweep("epoch record", recode_record,
	    (struct sr_bytes){ w.p, w.n }), 0);
	sr_writer_clear(&w);
	free(e);
	cluster_free(c);
}
END_TEST

START_TEST(an_empty_trail_is_the_genesis_and_nothing_may_follow_it)
{
	struct cluster *c = made(4, 3);
	struct epoch_record *e = malloc(sizeof(*e));
	struct sr_hash32 close;
	uint8_t none[5] = { 0 };

	ck_assert_ptr_nonnull(e);
	ck_ok(epoch_trail_verify(e, &close, c->genesis, none, 4));
	ck_assert_uint_eq(e->epoch, 0);
	ck_assert(sr_hash32_is_zero(&close));
	ck_error(epoch_trail_verify(e, &close, c->genesis, none, 5), SR_ERR_TRAILING_BYTES);
	none[0] = 1;
	ck_error(epoch_trail_verify(e, &close, c->genesis, none, 4), SR_ERR_TRUNCATED);
	free(e);
	cluster_free(c);
}
END_TEST

START_TEST(an_identity_has_one_encoding)
{
	struct genesis_identity a = { .box_key = { 3 } }, b;
	struct sr_writer w;
	struct sr_reader r;

	a.id_key.b[0] = 1;
	a.vote_key.b[31] = 2;
	a.measurement.b[5] = 9;
	sr_writer_init(&w, 256);
	genesis_identity_write(&w, &a);
	ck_ok(sr_writer_finish(&w));
	sr_reader_init(&r, w.p, w.n);
	genesis_identity_read(&b, &r);
	ck_ok(sr_reader_finish(&r));
	ck_assert_mem_eq(&a, &b, sizeof(a));
	sr_writer_clear(&w);
}
END_TEST

START_TEST(measurements_stand_in_rising_order_and_once)
{
	struct cluster *c = made(4, 3);
	struct genesis *g = c->genesis;

	g->policy.measurements_n = 2;
	g->policy.measurements[1] = g->policy.measurements[0];
	ck_error(encode(g), SR_ERR_BAD_ENCODING);
	memset(g->policy.measurements[1].measurement, 0, 32);
	ck_error(encode(g), SR_ERR_BAD_ENCODING);
	memset(g->policy.measurements[1].measurement, 0xff, 32);
	ck_ok(encode(g));
	/* However they come, they stand in order. */
	ck_ok(genesis_measurement_add(g, &(struct sr_hash32){ { 1 } }));
	ck_ok(genesis_measurement_add(g, &(struct sr_hash32){ { 1 } }));
	ck_assert_uint_eq(g->policy.measurements_n, 3);
	ck_ok(encode(g));
	while (g->policy.measurements_n < ATTEST_POLICY_MEASUREMENTS_MAX)
		ck_ok(genesis_measurement_add(g,
		    &(struct sr_hash32){ { 2, (uint8_t)g->policy.measurements_n } }));
	ck_ok(encode(g));
	ck_error(genesis_measurement_add(g, &(struct sr_hash32){ { 3 } }), SR_ERR_TOO_MANY);
	cluster_free(c);
}
END_TEST

/* A file of the version before, as its first bytes were: the policy was not there yet. */
START_TEST(a_genesis_without_a_policy_is_refused_by_its_version)
{
	struct cluster *c = made(4, 3);
	struct genesis *g = calloc(1, sizeof(*g));
	uint8_t *file = malloc(c->genesis_n);

	ck_assert_ptr_nonnull(g);
	ck_assert_ptr_nonnull(file);
	memcpy(file, c->genesis_bytes, c->genesis_n);
	ck_assert_uint_eq(file[8], GENESIS_VERSION);
	file[8] = 1;
	ck_error(genesis_decode(g, file, c->genesis_n), SR_ERR_BAD_VERSION);
	ck_error(genesis_decode(g, (const uint8_t *)"SRGENES1\1\4\0\0\0test", 17),
	    SR_ERR_BAD_VERSION);
	free(file);
	free(g);
	cluster_free(c);
}
END_TEST

START_TEST(evidence_of_another_kind_is_for_each_enclave_to_judge)
{
	struct cluster *c = made(4, 3);
	struct genesis *g = c->genesis;
	struct genesis_member *m = &g->members[1];
	char attestation[GENESIS_ATTESTATION_MAX];
	struct sr_edsk sk;
	struct sr_edpk pk;

	sr_ed25519_keypair(&sk, &pk, &(struct sr_key32){ { 77 } });
	m->operator_key = pk;
	((uint8_t *)(uintptr_t)m->evidence.p)[0] = ATTEST_KIND_SNP;
	genesis_member_sign(m, &g->nonce, &sk);
	ck_error(encode(g), SR_ERR_EVIDENCE_KIND);
	g->policy.kinds |= ATTEST_KIND_BIT(ATTEST_KIND_SNP);
	ck_ok(encode(g));
	genesis_attestation_text(attestation, &g->policy);
	ck_assert_str_eq(attestation, "software");
	g->policy.kinds = ATTEST_KIND_BIT(ATTEST_KIND_SNP) | ATTEST_KIND_BIT(ATTEST_KIND_SGX);
	genesis_attestation_text(attestation, &g->policy);
	ck_assert_str_eq(attestation, "sgx, snp");
	/* What is software's is not accepted any more. */
	ck_error(encode(g), SR_ERR_EVIDENCE_KIND);
	cluster_free(c);
}
END_TEST

START_TEST(a_cluster_has_three_to_a_hundred_members)
{
	struct cluster *c = made(SR_MEMBERS_MAX, 51);

	ck_ok(encode(c->genesis));
	c->genesis->members_n = 3;
	c->genesis->threshold = 2;
	ck_ok(encode(c->genesis));
	c->genesis->members_n = 2;
	ck_error(encode(c->genesis), SR_ERR_OUT_OF_RANGE);
	c->genesis->members_n = SR_MEMBERS_MAX;
	cluster_free(c);
}
END_TEST

TEST_MAIN("enclave genesis", a_genesis_is_read_as_it_was_written,
    every_changed_bit_of_a_genesis_is_noticed, a_genesis_has_one_encoding,
    the_threshold_is_between_f_plus_one_and_n_minus_f,
    a_member_with_another_s_key_or_name_is_refused,
    forged_evidence_is_refused_for_what_is_wrong_with_it, an_epoch_record_has_one_encoding,
    an_empty_trail_is_the_genesis_and_nothing_may_follow_it, an_identity_has_one_encoding,
    measurements_stand_in_rising_order_and_once,
    a_genesis_without_a_policy_is_refused_by_its_version,
    evidence_of_another_kind_is_for_each_enclave_to_judge,
    a_cluster_has_three_to_a_hundred_members)
