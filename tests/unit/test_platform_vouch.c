/* The files between a node and its provisioner, and what machines hand out. */
#include <stdlib.h>
#include <string.h>

#include "platform/internal.h"
#include "platform/vouch.h"
#include "tests/lib/check_main.h"

#define KINDS 5u

static const uint8_t some[40] = { 0x30, 0x82, 0, 30, 5 };
static const struct sr_bytes b = { some, sizeof some };

static void write_kind(struct sr_writer *w, unsigned kind)
{
	struct platform_challenge_state s = { .ek_certificate = b, .ak = { { 3 } },
		.secret = { { 4 } } };
	struct platform_vouch v = { .ek = { { 1 } }, .ak = { { 2 } } };
	struct platform_answer a = { { { 2 } } };

	if (kind == 0)
		platform_tpm_public_write(w, &(struct platform_tpm_public){ b, b, b });
	else if (kind == 1)
		platform_challenge_write(w, &(struct platform_challenge){ b, b });
	else if (kind == 2)
		platform_answer_write(w, &a);
	else if (kind == 3)
		platform_challenge_state_write(w, &s);
	else
		platform_vouch_write(w, &v);
	ck_ok(w->error);
}

static enum sr_error read_kind(unsigned kind, const uint8_t *p, size_t n)
{
	struct sr_bytes file = { p, n };
	struct platform_challenge_state s;
	struct platform_tpm_public public;
	struct platform_challenge c;
	struct platform_answer a;
	struct platform_vouch v;

	switch (kind) {
	case 0: return platform_tpm_public_read(&public, file);
	case 1: return platform_challenge_read(&c, file);
	case 2: return platform_answer_read(&a, file);
	case 3: return platform_challenge_state_read(&s, file);
	default: return platform_vouch_read(&v, file);
	}
}

START_TEST(each_file_reads_as_its_own_kind_and_whole)
{
	uint8_t longer[512];
	struct sr_writer w;

	for (unsigned kind = 0; kind < KINDS; kind++) {
		sr_writer_init(&w, 4096);
		write_kind(&w, kind);
		for (unsigned as = 0; as < KINDS; as++)
			ck_error(read_kind(as, w.p, w.n), as == kind ? SR_OK : SR_ERR_BAD_VERSION);
		for (size_t n = 0; n < w.n; n++)
			ck_assert_int_ne(read_kind(kind, w.p, n), SR_OK);
		memcpy(longer, w.p, w.n);
		longer[w.n] = 0;
		ck_error(read_kind(kind, longer, w.n + 1), SR_ERR_TRAILING_BYTES);
		sr_writer_clear(&w);
	}
}
END_TEST

START_TEST(an_answer_fits_its_secret_and_its_key_alone)
{
	struct platform_challenge_state s = { .ek_certificate = b, .ak = { { 3 } },
		.secret = { { 4 } } };
	struct platform_answer a = platform_answer_make(&s.secret, &s.ak), changed;

	ck_ok(platform_answer_check(&a, &s));
	for (unsigned bit = 0; bit < 256; bit++) {
		changed = a;
		changed.proof.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_error(platform_answer_check(&changed, &s), SR_ERR_BAD_PROOF);
	}
	s.ak.b[33] ^= 1;
	ck_error(platform_answer_check(&a, &s), SR_ERR_BAD_PROOF);
	s.ak.b[33] ^= 1;
	s.secret.b[31] ^= 1;
	ck_error(platform_answer_check(&a, &s), SR_ERR_BAD_PROOF);
	platform_challenge_state_wipe(&s);
	ck_assert_uint_eq(s.secret.b[0], 0);
}
END_TEST

START_TEST(a_keys_name_is_sha256_and_its_hash)
{
	struct platform_ak_name name = platform_ak_name(b);
	struct sr_hash32 hash = sr_hash(some, sizeof some);

	ck_assert_uint_eq(name.b[0], 0x00);
	ck_assert_uint_eq(name.b[1], 0x0b);
	ck_assert_mem_eq(name.b + 2, hash.b, 32);
}
END_TEST

START_TEST(a_certificate_in_nv_is_as_long_as_it_says)
{
	uint8_t nv[40];

	memcpy(nv, some, sizeof nv);
	ck_assert_uint_eq(platform_der_size((struct sr_bytes){ nv, 40 }), 34);
	ck_assert_uint_eq(platform_der_size((struct sr_bytes){ nv, 34 }), 34);
	for (size_t n = 0; n < 34; n++)
		ck_assert_uint_eq(platform_der_size((struct sr_bytes){ nv, n }), 0);
	nv[1] = 0x81;
	ck_assert_uint_eq(platform_der_size((struct sr_bytes){ nv, 40 }), 0);
	nv[1] = 0x82;
	nv[0] = 0xff;                    /* an erased index */
	ck_assert_uint_eq(platform_der_size((struct sr_bytes){ nv, 40 }), 0);
}
END_TEST

START_TEST(a_table_of_certificates_is_followed_to_its_end_and_no_further)
{
	uint8_t table[3 * 24 + 10] = { 0 };
	const uint8_t first[16] = { 1 }, second[16] = { 2 }, third[16] = { 3 };
	struct sr_bytes all = { table, sizeof table }, found;

	memcpy(table, first, 16);
	memcpy(table + 24, second, 16);
	table[16] = table[40] = 72;
	table[20] = 4;
	table[44] = 10;
	found = platform_snp_certificate(all, first);
	ck_assert_ptr_eq(found.p, table + 72);
	ck_assert_uint_eq(found.n, 4);
	found = platform_snp_certificate(all, second);
	ck_assert_uint_eq(found.n, 10);
	ck_assert_uint_eq(platform_snp_certificate(all, third).n, 0);
	table[44] = 11;
	ck_assert_uint_eq(platform_snp_certificate(all, second).n, 0);
	table[40] = 255;
	table[44] = 0;
	ck_assert_uint_eq(platform_snp_certificate(all, second).n, 0);
	/* Behind the row of zeros nothing counts; without one the table ends with its bytes. */
	memcpy(table + 56, third, 16);
	memset(table, 0, 16);
	ck_assert_uint_eq(platform_snp_certificate(all, second).n, 0);
	for (size_t n = 0; n < 24; n++)
		ck_assert_uint_eq(
		    platform_snp_certificate((struct sr_bytes){ table, n }, third).n, 0);
}
END_TEST

TEST_MAIN("platform/vouch", each_file_reads_as_its_own_kind_and_whole,
    an_answer_fits_its_secret_and_its_key_alone, a_keys_name_is_sha256_and_its_hash,
    a_certificate_in_nv_is_as_long_as_it_says,
    a_table_of_certificates_is_followed_to_its_end_and_no_further)
