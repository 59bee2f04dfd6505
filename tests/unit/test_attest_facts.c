#include "attest/facts.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"
#include "tests/lib/sweep.h"

/* Where the fields of SGX facts without a signer stand. */
enum { AT_KIND = 1, AT_STATUS = 2, AT_DEBUG = 3, AT_SIGNER_N = 36, AT_PRODUCT = 177, AT_FROM = 183,
	AT_VOUCHERS_N = 199, AT_ADVISORIES_N = 200, PLAIN_N = 201 };

static void advisories_add(struct attest_facts *f, const char *id)
{
	ck_assert_uint_lt(f->advisories_n, ATTEST_FACTS_ADVISORIES_MAX);
	snprintf(f->advisories[f->advisories_n++], ATTEST_FACTS_ADVISORY_MAX, "%s", id);
}

static void plain(struct attest_facts *f, enum attest_kind kind)
{
	memset(f, 0, sizeof *f);
	f->kind = kind;
	f->status = ATTEST_UP_TO_DATE;
	f->measurement_n = attest_kind_measurement_n(kind);
	memset(f->measurement, 0x11, f->measurement_n);
	f->valid_from_s = 1000;
	f->valid_to_s = 2000;
}

static void random_facts(struct attest_facts *f, struct sr_drbg *drbg)
{
	char id[ATTEST_FACTS_ADVISORY_MAX];
	uint32_t n;

	plain(f, (enum attest_kind)(1 + test_below(drbg, ATTEST_KINDS)));
	f->status = (enum attest_status)(1 + test_below(drbg, ATTEST_STATUSES));
	f->debug = test_below(drbg, 2) == 1;
	ck_ok(sr_drbg_fill(drbg, f->measurement, f->measurement_n));
	f->signer_n = test_below(drbg, sizeof f->signer + 1);
	ck_ok(sr_drbg_fill(drbg, f->signer, f->signer_n));
	ck_ok(sr_drbg_fill(drbg, f->report_data, sizeof f->report_data));
	ck_ok(sr_drbg_fill(drbg, f->platform.b, 32));
	ck_ok(sr_drbg_fill(drbg, f->collateral.b, 32));
	f->evaluation = test_below(drbg, 40);
	f->tcb_date_s = test_below(drbg, UINT32_MAX);
	f->product = (uint8_t)test_below(drbg, ATTEST_PRODUCTS + 1);
	if (f->product != 0)
		ck_ok(sr_drbg_fill(drbg, f->svns, sizeof f->svns));
	f->valid_from_s = test_below(drbg, UINT32_MAX);
	f->valid_to_s = f->valid_from_s + test_below(drbg, 1000);
	if (f->kind == ATTEST_KIND_TPM)
		f->vouchers_n = test_below(drbg, ATTEST_FACTS_VOUCHERS_MAX + 1);
	for (uint32_t i = 0; i < f->vouchers_n; i++) {
		ck_ok(sr_drbg_fill(drbg, f->vouchers[i].b, 32));
		f->vouchers[i].b[0] = (uint8_t)(16 * i + test_below(drbg, 16));
	}
	n = test_below(drbg, 4) == 0 ? ATTEST_FACTS_ADVISORIES_MAX : test_below(drbg, 5);
	for (uint32_t i = 0; i < n; i++) {
		snprintf(id, sizeof id, "INTEL-SA-%05u", 100 * i + test_below(drbg, 100));
		advisories_add(f, id);
	}
}

static struct sr_writer bytes_of(const struct attest_facts *f)
{
	struct sr_writer w;

	sr_writer_init(&w, ATTEST_FACTS_MAX);
	attest_facts_write(&w, f);
	ck_ok(sr_writer_finish(&w));
	return w;
}

static enum sr_error recode(struct sr_writer *again, struct sr_bytes bytes)
{
	struct attest_facts f;
	struct sr_reader r;

	sr_reader_init(&r, bytes.p, bytes.n);
	attest_facts_read(&f, &r);
	SR_TRY(sr_reader_finish(&r));
	attest_facts_write(again, &f);
	return SR_OK;
}

static enum sr_error read_error(const struct sr_writer *w)
{
	struct sr_writer again;
	enum sr_error err;

	sr_writer_init(&again, ATTEST_FACTS_MAX);
	err = recode(&again, (struct sr_bytes){ w->p, w->n });
	sr_writer_clear(&again);
	return err;
}

START_TEST(facts_come_back_as_they_were_written)
{
	struct attest_facts f, g;
	struct sr_drbg drbg;
	struct sr_hash32 a, b;

	test_drbg(&drbg, "facts");
	for (unsigned i = 0; i < 3000; i++) {
		struct sr_writer w;
		struct sr_reader r;

		random_facts(&f, &drbg);
		w = bytes_of(&f);
		sr_reader_init(&r, w.p, w.n);
		attest_facts_read(&g, &r);
		ck_ok(sr_reader_finish(&r));
		ck_assert_mem_eq(&f, &g, sizeof f);
		a = attest_facts_hash(&f);
		b = attest_facts_hash(&g);
		ck_assert(sr_hash32_equal(&a, &b) && !sr_hash32_is_zero(&a));
		g.report_data[63] ^= 1;
		b = attest_facts_hash(&g);
		ck_assert(!sr_hash32_equal(&a, &b));
		sr_writer_clear(&w);
	}
}
END_TEST

START_TEST(one_value_has_one_encoding)
{
	struct attest_facts f;
	struct sr_drbg drbg;

	test_drbg(&drbg, "facts sweep");
	for (unsigned i = 0; i < 6; i++) {
		struct sr_writer w;

		random_facts(&f, &drbg);
		if (i == 5) {                /* all at their most */
			plain(&f, ATTEST_KIND_TPM);
			f.signer_n = 48;
			f.vouchers_n = ATTEST_FACTS_VOUCHERS_MAX;
			for (uint8_t k = 0; k < f.vouchers_n; k++)
				f.vouchers[k].b[31] = k;
			while (f.advisories_n < ATTEST_FACTS_ADVISORIES_MAX) {
				char id[ATTEST_FACTS_ADVISORY_MAX];

				snprintf(id, sizeof id, "AN-ADVISORY-OF-23-CH-%02u",
				    f.advisories_n);
				advisories_add(&f, id);
			}
		}
		w = bytes_of(&f);
		ck_assert_uint_eq(test_sweep("facts", recode, (struct sr_bytes){ w.p, w.n }), 0);
		sr_writer_clear(&w);
	}
}
END_TEST

/* The planted fault: a reader that takes any truth for true. */
static enum sr_error lax_recode(struct sr_writer *again, struct sr_bytes bytes)
{
	uint8_t copy[PLAIN_N];

	if (bytes.n != sizeof copy)
		return SR_ERR_TRUNCATED;
	memcpy(copy, bytes.p, sizeof copy);
	copy[AT_DEBUG] = copy[AT_DEBUG] != 0;
	return recode(again, (struct sr_bytes){ copy, sizeof copy });
}

START_TEST(a_reader_that_takes_two_encodings_is_noticed)
{
	struct attest_facts f;
	struct sr_writer w;

	plain(&f, ATTEST_KIND_SGX);
	w = bytes_of(&f);
	ck_assert_uint_eq(test_sweep("planted", lax_recode, (struct sr_bytes){ w.p, w.n }), 7);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(what_is_out_of_its_bounds_has_its_own_error)
{
	static const struct { size_t at; uint8_t value; enum sr_error error;
	} cases[] = { { 0, 0, SR_ERR_BAD_VERSION }, { 0, 2, SR_ERR_BAD_VERSION },
		{ AT_KIND, 0, SR_ERR_BAD_KIND }, { AT_KIND, 8, SR_ERR_BAD_KIND },
		{ AT_STATUS, 0, SR_ERR_OUT_OF_RANGE }, { AT_STATUS, 11, SR_ERR_OUT_OF_RANGE },
		{ AT_STATUS, 10, SR_OK }, { AT_DEBUG, 1, SR_OK },
		{ AT_DEBUG, 2, SR_ERR_BAD_ENCODING }, { AT_SIGNER_N, 49, SR_ERR_OUT_OF_RANGE },
		{ AT_PRODUCT, 3, SR_OK }, { AT_PRODUCT, 4, SR_ERR_OUT_OF_RANGE },
		{ AT_PRODUCT + 1, 1, SR_ERR_OUT_OF_RANGE },
		{ AT_PRODUCT + 5, 1, SR_ERR_OUT_OF_RANGE },
		{ AT_FROM + 2, 1, SR_ERR_OUT_OF_RANGE }, { AT_VOUCHERS_N, 9, SR_ERR_OUT_OF_RANGE },
		{ AT_VOUCHERS_N, 8, SR_ERR_TRUNCATED },
		{ AT_ADVISORIES_N, 65, SR_ERR_OUT_OF_RANGE },
		{ AT_ADVISORIES_N, 64, SR_ERR_TRUNCATED } };
	struct attest_facts f;
	struct sr_writer w;

	plain(&f, ATTEST_KIND_SGX);
	w = bytes_of(&f);
	ck_assert_uint_eq(w.n, PLAIN_N);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t before = w.p[cases[i].at];

		w.p[cases[i].at] = cases[i].value;
		ck_assert_msg(read_error(&w) == cases[i].error, "case %zu: %s", i,
		    sr_error_name((unsigned)read_error(&w)));
		w.p[cases[i].at] = before;
	}
	ck_ok(read_error(&w));
	sr_writer_clear(&w);
}
END_TEST

/* Facts with one thing that must not be, which the writer refuses; the reader, of such bytes. */
static void refused(const struct attest_facts *f, enum sr_error error, size_t at, const void *bytes,
    size_t n, const struct attest_facts *good)
{
	struct sr_writer w;

	sr_writer_init(&w, ATTEST_FACTS_MAX);
	attest_facts_write(&w, f);
	ck_error(sr_writer_finish(&w), SR_ERR_OUT_OF_RANGE);
	w = bytes_of(good);
	ck_assert_uint_le(at + n, w.n);
	memcpy(w.p + at, bytes, n);
	ck_error(read_error(&w), error);
	sr_writer_clear(&w);
}

START_TEST(lists_rise_and_hold_what_they_may)
{
	static const char *const bad[] = { "", "with space", "tab\t", "\x7f", "\xc3\xa4" };
	struct attest_facts good, f;
	uint8_t junk[ATTEST_FACTS_ADVISORY_MAX] = "A\0B";

	plain(&good, ATTEST_KIND_SGX);
	advisories_add(&good, "B");
	advisories_add(&good, "C");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		f = good;
		memset(f.advisories[0], 0, sizeof f.advisories[0]);
		snprintf(f.advisories[0], ATTEST_FACTS_ADVISORY_MAX, "%s", bad[i]);
		refused(&f, SR_ERR_BAD_ENCODING, PLAIN_N, f.advisories[0], 24, &good);
	}
	f = good;
	memcpy(f.advisories[0], junk, sizeof junk);
	refused(&f, SR_ERR_BAD_ENCODING, PLAIN_N, junk, 24, &good);
	memset(f.advisories[0], 'A', 24);
	refused(&f, SR_ERR_BAD_ENCODING, PLAIN_N, f.advisories[0], 24, &good);
	f = good;
	memcpy(f.advisories[0], good.advisories[1], 24);             /* twice */
	refused(&f, SR_ERR_BAD_ENCODING, PLAIN_N, f.advisories[0], 24, &good);
	f.advisories[0][0] = 'D';                                    /* falling */
	refused(&f, SR_ERR_BAD_ENCODING, PLAIN_N, f.advisories[0], 24, &good);

	plain(&good, ATTEST_KIND_TPM);
	good.vouchers_n = 2;
	good.vouchers[1].b[0] = 1;
	f = good;
	f.vouchers[0].b[0] = 1;
	refused(&f, SR_ERR_BAD_ENCODING, AT_VOUCHERS_N + 1, f.vouchers[0].b, 32, &good);
	f.vouchers[0].b[0] = 2;
	refused(&f, SR_ERR_BAD_ENCODING, AT_VOUCHERS_N + 1, f.vouchers[0].b, 32, &good);
	f = good;                            /* only a TPM's key is vouched for */
	f.kind = ATTEST_KIND_SGX;
	refused(&f, SR_ERR_OUT_OF_RANGE, AT_KIND, &(uint8_t){ ATTEST_KIND_SGX }, 1, &good);
}
END_TEST

START_TEST(the_writer_refuses_lengths_that_cannot_be)
{
	struct attest_facts f;
	struct sr_hash32 h;

	for (unsigned i = 0; i < 6; i++) {
		struct sr_writer w;

		plain(&f, ATTEST_KIND_SNP);
		switch (i) {
		case 0: f.measurement_n = 32; break;
		case 1: f.signer_n = 49; break;
		case 2: f.vouchers_n = 9; break;
		case 3: f.advisories_n = 65; break;
		case 4: f.kind = (enum attest_kind)0; break;
		default: f.kind = (enum attest_kind)8; break;
		}
		sr_writer_init(&w, ATTEST_FACTS_MAX);
		attest_facts_write(&w, &f);
		ck_error(sr_writer_finish(&w), SR_ERR_OUT_OF_RANGE);
		h = attest_facts_hash(&f);
		ck_assert(sr_hash32_is_zero(&h));
	}
}
END_TEST

START_TEST(names_are_read_back)
{
	enum attest_kind kind;
	enum attest_status status;

	for (unsigned i = 1; i <= ATTEST_KINDS; i++) {
		ck_assert(attest_kind_parse(&kind, attest_kind_name(i)));
		ck_assert_uint_eq(kind, i);
		ck_assert_uint_ge(attest_kind_measurement_n(i), 32);
	}
	for (unsigned i = 1; i <= ATTEST_STATUSES; i++) {
		ck_assert(attest_status_parse(&status, attest_status_name(i)));
		ck_assert_uint_eq(status, i);
	}
	ck_assert(!attest_kind_parse(&kind, "unknown") && !attest_kind_parse(&kind, "SGX"));
	ck_assert(!attest_status_parse(&status, "unknown") && !attest_status_parse(&status, ""));
	ck_assert_str_eq(attest_kind_name(8), "unknown");
	ck_assert_str_eq(attest_status_name(11), "unknown");
	ck_assert_uint_eq(attest_kind_measurement_n(8), 0);
}
END_TEST

START_TEST(a_measurement_of_registers_tells_each_of_them)
{
	uint8_t mrtd[48] = { 0 }, rtmrs[4 * 48] = { 0 };
	struct sr_hash32 digest = { { 7 } }, a, b;

	a = attest_measurement_tdx(mrtd, rtmrs);
	for (size_t i = 0; i < 5; i++) {
		uint8_t *p = i < 4 ? rtmrs + 48 * i : mrtd;

		p[47] ^= 1;
		b = attest_measurement_tdx(mrtd, rtmrs);
		ck_assert(!sr_hash32_equal(&a, &b));
		p[47] ^= 1;
	}
	a = attest_measurement_pcrs(1u << 7, &digest);
	b = attest_measurement_pcrs(1u << 16, &digest);  /* which anyone may reset */
	ck_assert(!sr_hash32_equal(&a, &b));
	a = attest_measurement_azure(ATTEST_KIND_SNP, mrtd, &digest);
	b = attest_measurement_azure(ATTEST_KIND_TDX, mrtd, &digest);
	ck_assert(!sr_hash32_equal(&a, &b));
	mrtd[0] = 1;
	b = attest_measurement_azure(ATTEST_KIND_SNP, mrtd, &digest);
	ck_assert(!sr_hash32_equal(&a, &b));
}
END_TEST

TEST_MAIN("attest/facts", facts_come_back_as_they_were_written, one_value_has_one_encoding,
    a_reader_that_takes_two_encodings_is_noticed, what_is_out_of_its_bounds_has_its_own_error,
    lists_rise_and_hold_what_they_may, the_writer_refuses_lengths_that_cannot_be,
    names_are_read_back, a_measurement_of_registers_tells_each_of_them)
