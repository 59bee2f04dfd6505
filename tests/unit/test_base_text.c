/* Errors, names, hexadecimal, base64. */
#include <string.h>

#include "base/error.h"
#include "base/hex.h"
#include "base/types.h"
#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

static void fill(struct sr_drbg *rng, uint8_t *out, size_t n)
{
	ck_assert_int_eq(sr_drbg_fill(rng, out, n), SR_OK);
}

static const struct {
	unsigned number;
	const char *capitals;
} errors[] = {
#define SR_ERROR(name, number, text) { number, #name },
#include "base/error.def"
#undef SR_ERROR
};
#define ERRORS (sizeof errors / sizeof errors[0])

START_TEST(every_error_has_its_own_number_and_a_lower_case_name)
{
	for (size_t i = 0; i < ERRORS; i++) {
		const char *name = sr_error_name(errors[i].number);

		ck_assert_uint_eq(strlen(name), strlen(errors[i].capitals));
		for (size_t j = 0; name[j] != '\0'; j++)
			ck_assert_msg(
			    strchr("abcdefghijklmnopqrstuvwxyz_0123456789", name[j]) != NULL, "%s",
			    name);
		ck_assert_uint_gt(strlen(sr_error_message(errors[i].number)), 3);
		ck_assert_uint_eq(sr_error_from_number(errors[i].number), errors[i].number);
		for (size_t j = 0; j < i; j++)
			ck_assert_msg(errors[j].number != errors[i].number, "%s", name);
	}
	ck_assert_str_eq(sr_error_name(130), "nonce_replayed");
}
END_TEST

START_TEST(a_number_not_listed_is_an_internal_error)
{
	ck_assert_str_eq(sr_error_name(9999), "unknown_error");
	ck_assert_int_eq(sr_error_from_number(9999), SR_ERR_INTERNAL);
	ck_assert_ptr_nonnull(sr_error_message(9999));
}
END_TEST

static bool valid(const char *name)
{
	return sr_name_valid((const uint8_t *)name, strlen(name));
}

START_TEST(a_name_is_utf8_without_control_characters)
{
	ck_assert(valid("a"));
	ck_assert(valid("Grandma's letters, part 2"));
	ck_assert(valid("\xc3\xa9t\xc3\xa9"));
	ck_assert(valid("\xe6\x97\xa5\xe6\x9c\xac"));
	ck_assert(valid("\xf0\x9f\x94\x91"));
	ck_assert(valid("\xf4\x8f\xbf\xbf"));
	ck_assert(!valid(""));
	ck_assert(!valid("a\nb"));
	ck_assert(!valid("\x1b[31m"));
	ck_assert(!valid("\x7f"));
	ck_assert(!valid("\xc2\x80"));         /* a C1 control */
	ck_assert(!valid("\xc2\x9f"));
	ck_assert(valid("\xc2\xa0"));
	ck_assert(!valid("\xc0\xaf"));         /* overlong */
	ck_assert(!valid("\xc1\xbf"));
	ck_assert(!valid("\xe0\x80\xaf"));
	ck_assert(!valid("\xf0\x80\x80\xaf"));
	ck_assert(!valid("\xed\xa0\x80"));     /* a surrogate */
	ck_assert(!valid("\xf4\x90\x80\x80")); /* above U+10FFFF */
	ck_assert(!valid("\xf5\x80\x80\x80"));
	ck_assert(!valid("\x80"));
	ck_assert(!valid("\xc3"));             /* cut off */
	ck_assert(!valid("\xe6\x97"));
	ck_assert(!valid("\xc3(" ));
	ck_assert(!sr_name_valid((const uint8_t *)"a\0b", 3));
}
END_TEST

START_TEST(a_name_holds_sixty_four_bytes_and_no_more)
{
	uint8_t name[SR_NAME_MAX + 1];

	memset(name, 'x', sizeof name);
	ck_assert(sr_name_valid(name, SR_NAME_MAX));
	ck_assert(!sr_name_valid(name, SR_NAME_MAX + 1));
}
END_TEST

START_TEST(every_byte_goes_through_hexadecimal_and_back)
{
	for (unsigned v = 0; v < 256; v++) {
		uint8_t in = (uint8_t)v, out = 0;
		char text[3];

		sr_hex_encode(text, &in, 1);
		ck_assert_uint_eq(strlen(text), 2);
		ck_assert_int_eq(sr_hex_decode(&out, 1, text, 2), SR_OK);
		ck_assert_uint_eq(out, v);
	}
}
END_TEST

START_TEST(hexadecimal_takes_either_case_and_nothing_else)
{
	uint8_t out[2] = { 9, 9 };

	ck_assert_int_eq(sr_hex_decode(out, 2, "aBCd", 4), SR_OK);
	ck_assert_mem_eq(out, "\xab\xcd", 2);
	ck_assert_int_eq(sr_hex_decode(out, 2, "abc", 3), SR_ERR_BAD_HEX);
	ck_assert_int_eq(sr_hex_decode(out, 2, "abcdef", 6), SR_ERR_BAD_HEX);
	ck_assert_int_eq(sr_hex_decode(out, 2, "0x12", 4), SR_ERR_BAD_HEX);
	ck_assert_int_eq(sr_hex_decode(out, 2, "12g4", 4), SR_ERR_BAD_HEX);
	ck_assert_int_eq(sr_hex_decode(out, 2, " 123", 4), SR_ERR_BAD_HEX);
	ck_assert_mem_eq(out, "\xab\xcd", 2);
	ck_assert_int_eq(sr_hex_decode(out, 0, "", 0), SR_OK);
}
END_TEST

/* RFC 4648 10. */
static const struct {
	const char *plain, *encoded;
} base64_cases[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
};

START_TEST(base64_agrees_with_rfc_4648)
{
	for (size_t i = 0; i < sizeof base64_cases / sizeof base64_cases[0]; i++) {
		const char *plain = base64_cases[i].plain, *encoded = base64_cases[i].encoded;
		uint8_t out[16];
		char text[16];
		size_t n;

		sr_base64_encode(text, (const uint8_t *)plain, strlen(plain));
		ck_assert_str_eq(text, encoded);
		ck_assert_int_eq(sr_base64_decode(out, &n, text, strlen(text)), SR_OK);
		ck_assert_uint_eq(n, strlen(plain));
		ck_assert(n == 0 || memcmp(out, plain, n) == 0);
	}
}
END_TEST

START_TEST(base64_has_one_encoding_per_value)
{
	static const char *const bad[] = { "Zg", "Zg=", "Zh==", "Zm9=", "Zm9v\n", "Zm 9", "=",
		"====", "Z===", "Zg==Zg==", "Zm9v=", "Zm9-", "Zm9_" };
	uint8_t out[16];
	size_t n;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		ck_assert_msg(
		    sr_base64_decode(out, &n, bad[i], strlen(bad[i])) == SR_ERR_BAD_ENCODING, "%s",
		    bad[i]);
		ck_assert_uint_eq(n, 0);
	}
}
END_TEST

START_TEST(random_bytes_go_through_base64_and_back)
{
	struct sr_drbg rng;

	test_drbg(&rng, "base64");
	for (size_t n = 0; n < 300; n++) {
		uint8_t in[300], out[303];
		char text[405];
		size_t out_n;

		fill(&rng, in, n);
		sr_base64_encode(text, in, n);
		ck_assert_uint_eq(strlen(text), (n + 2) / 3 * 4);
		ck_assert_int_eq(sr_base64_decode(out, &out_n, text, strlen(text)), SR_OK);
		ck_assert_uint_eq(out_n, n);
		ck_assert(n == 0 || memcmp(in, out, n) == 0);
	}
}
END_TEST

START_TEST(hashes_compare_as_bytes)
{
	struct sr_hash32 a = { { 0 } }, b = { { [31] = 1 } }, c = { { 1 } };

	ck_assert(sr_hash32_is_zero(&a));
	ck_assert(!sr_hash32_is_zero(&b));
	ck_assert(!sr_hash32_equal(&a, &b));
	ck_assert(sr_hash32_equal(&b, &b));
	ck_assert_int_lt(sr_hash32_compare(&a, &b), 0);
	ck_assert_int_lt(sr_hash32_compare(&b, &c), 0);
	ck_assert_int_gt(sr_hash32_compare(&c, &a), 0);
	ck_assert_int_eq(sr_hash32_compare(&c, &c), 0);
}
END_TEST

TEST_MAIN("base text",
    every_error_has_its_own_number_and_a_lower_case_name,
    a_number_not_listed_is_an_internal_error,
    a_name_is_utf8_without_control_characters,
    a_name_holds_sixty_four_bytes_and_no_more,
    every_byte_goes_through_hexadecimal_and_back,
    hexadecimal_takes_either_case_and_nothing_else,
    base64_agrees_with_rfc_4648,
    base64_has_one_encoding_per_value,
    random_bytes_go_through_base64_and_back,
    hashes_compare_as_bytes)
