/* The primitives against Wycheproof and the RFCs' own vectors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/hex.h"
#include "base/hpke.h"
#include "tests/lib/check_main.h"
#include "tests/lib/vectors.h"

#define WYCHEPROOF "crypto/wycheproof/"
#define RFC9180 "crypto/hpke/rfc9180_x25519_hkdf_sha256.json"

/* The text of a member, or "" when there is none. */
static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

static uint8_t *member(const json_t *object, const char *key, size_t *n)
{
	return test_vectors_unhex(text_of(object, key), n);
}

static char *rfc_text(const char *path, const char *what)
{
	size_t n;

	return (char *)test_vectors_bytes(path, &n, what);
}

/* Walks over every test of a Wycheproof file; the groups carry the sizes. */
typedef void wycheproof_case(const json_t *group, const json_t *test);

static size_t cases_run;

static void wycheproof(const char *name, wycheproof_case *each)
{
	json_t *root = test_vectors_load(name, name), *group, *test;
	size_t i, j, told = 0;

	if (root == NULL)
		return;
	cases_run = 0;
	json_array_foreach(json_object_get(root, "testGroups"), i, group)
		json_array_foreach(json_object_get(group, "tests"), j, test) {
			each(group, test);
			told++;
		}
	printf("%s: %zu of %zu cases are for these sizes\n", name, cases_run, told);
	ck_assert_uint_gt(cases_run, 0);
	json_decref(root);
}

static long long id_of(const json_t *test)
{
	return json_integer_value(json_object_get(test, "tcId"));
}

static bool is_valid(const json_t *test)
{
	return strcmp(text_of(test, "result"), "valid") == 0;
}

static long long number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static struct sr_key32 key_member(const json_t *test, const char *name)
{
	struct sr_key32 key;
	size_t n;
	uint8_t *bytes = member(test, name, &n);

	ck_assert_uint_eq(n, sizeof key.b);
	memcpy(key.b, bytes, n);
	free(bytes);
	return key;
}

static void gcm_case(const json_t *group, const json_t *test)
{
	struct sr_key32 key;
	uint8_t *iv, *aad, *msg, *ct, *tag, *sealed, *out;
	size_t iv_n, aad_n, n, ct_n, tag_n;

	if (number(group, "keySize") != 256 || number(group, "ivSize") != 96
	    || number(group, "tagSize") != 128)
		return;
	cases_run++;
	key = key_member(test, "key");
	iv = member(test, "iv", &iv_n);
	aad = member(test, "aad", &aad_n);
	msg = member(test, "msg", &n);
	ct = member(test, "ct", &ct_n);
	tag = member(test, "tag", &tag_n);
	ck_assert_uint_eq(iv_n, SR_GCM_NONCE);
	ck_assert_uint_eq(tag_n, SR_GCM_TAG);
	sealed = malloc(ct_n + tag_n);
	out = malloc(ct_n + tag_n);
	memcpy(sealed, ct, ct_n);
	memcpy(sealed + ct_n, tag, tag_n);
	if (is_valid(test)) {
		ck_assert_int_eq(
		    sr_gcm_open(out, &key, iv, aad, aad_n, sealed, ct_n + tag_n), SR_OK);
		ck_assert(n == 0 || memcmp(out, msg, n) == 0);
		ck_assert_int_eq(sr_gcm_seal(out, &key, iv, aad, aad_n, msg, n), SR_OK);
		ck_assert_msg(memcmp(out, sealed, ct_n + tag_n) == 0, "case %lld", id_of(test));
	} else {
		ck_assert_msg(sr_gcm_open(out, &key, iv, aad, aad_n, sealed, ct_n + tag_n)
			== SR_ERR_DECRYPT_FAILED,
		    "case %lld", id_of(test));
	}
	free(iv), free(aad), free(msg), free(ct), free(tag), free(sealed), free(out);
}

START_TEST(aes_gcm_agrees_with_wycheproof)
{
	wycheproof(WYCHEPROOF "aes_gcm_test.json", gcm_case);
}
END_TEST

static void hkdf_case(const json_t *group, const json_t *test)
{
	size_t ikm_n, salt_n, info_n, okm_n, n = (size_t)number(test, "size");
	uint8_t *ikm = member(test, "ikm", &ikm_n);
	uint8_t *salt = member(test, "salt", &salt_n);
	uint8_t *info = member(test, "info", &info_n);
	uint8_t *okm = member(test, "okm", &okm_n);
	uint8_t *out = malloc(n);

	(void)group;
	cases_run++;
	if (is_valid(test)) {
		ck_assert_int_eq(sr_hkdf(out, n, ikm, ikm_n, salt, salt_n, info, info_n), SR_OK);
		ck_assert_uint_eq(okm_n, n);
		ck_assert_msg(memcmp(out, okm, n) == 0, "case %lld", id_of(test));
	} else {
		ck_assert_int_eq(sr_hkdf(out, n, ikm, ikm_n, salt, salt_n, info, info_n),
		    SR_ERR_OUT_OF_RANGE);
	}
	free(ikm), free(salt), free(info), free(okm), free(out);
}

START_TEST(hkdf_agrees_with_wycheproof)
{
	wycheproof(WYCHEPROOF "hkdf_sha256_test.json", hkdf_case);
}
END_TEST

static void hmac_case(const json_t *group, const json_t *test)
{
	size_t key_n, msg_n, tag_n;
	uint8_t *key = member(test, "key", &key_n);
	uint8_t *msg = member(test, "msg", &msg_n);
	uint8_t *tag = member(test, "tag", &tag_n);
	/* In two parts, so that joining them is tested too. */
	struct sr_bytes parts[2] = { { msg, msg_n / 3 }, { msg + msg_n / 3, msg_n - msg_n / 3 } };
	struct sr_hash32 out;

	(void)group;
	cases_run++;
	sr_hmac_sha256(&out, key, key_n, parts, 2);
	ck_assert_uint_le(tag_n, sizeof out.b);
	ck_assert_msg((memcmp(out.b, tag, tag_n) == 0) == is_valid(test), "case %lld", id_of(test));
	free(key), free(msg), free(tag);
}

START_TEST(hmac_agrees_with_wycheproof)
{
	wycheproof(WYCHEPROOF "hmac_sha256_test.json", hmac_case);
}
END_TEST

static void x25519_case(const json_t *group, const json_t *test)
{
	static const struct sr_key32 zero;
	struct sr_key32 sk = key_member(test, "private"), want = key_member(test, "shared"), out;
	struct sr_key32 public = key_member(test, "public");
	struct sr_xpk pk;
	enum sr_error error;

	(void)group;
	cases_run++;
	memcpy(pk.b, public.b, sizeof pk.b);
	error = sr_x25519(&out, &sk, &pk);
	if (memcmp(want.b, zero.b, sizeof zero.b) == 0)
		ck_assert_msg(error == SR_ERR_BAD_PUBLIC_KEY, "case %lld", id_of(test));
	else
		ck_assert_msg(error == SR_OK && memcmp(out.b, want.b, 32) == 0, "case %lld",
		    id_of(test));
}

START_TEST(x25519_agrees_with_wycheproof_and_refuses_the_zero_secret)
{
	wycheproof(WYCHEPROOF "x25519_test.json", x25519_case);
}
END_TEST

static void ed25519_case(const json_t *group, const json_t *test)
{
	struct sr_key32 pk_bytes = key_member(json_object_get(group, "publicKey"), "pk");
	size_t msg_n, sig_n;
	uint8_t *msg = member(test, "msg", &msg_n);
	uint8_t *sig_bytes = member(test, "sig", &sig_n);
	struct sr_edpk pk;
	struct sr_sig64 sig;

	if (sig_n == sizeof sig.b) {
		cases_run++;
		memcpy(pk.b, pk_bytes.b, sizeof pk.b);
		memcpy(sig.b, sig_bytes, sizeof sig.b);
		ck_assert_msg(sr_ed25519_verify_raw(&pk, &sig, msg, msg_n)
			== (is_valid(test) ? SR_OK : SR_ERR_BAD_SIGNATURE),
		    "case %lld", id_of(test));
	} else {
		/* The type allows no other length; the vector agrees that it is wrong. */
		ck_assert(!is_valid(test));
	}
	free(msg), free(sig_bytes);
}

START_TEST(ed25519_agrees_with_wycheproof)
{
	wycheproof(WYCHEPROOF "ed25519_test.json", ed25519_case);
}
END_TEST

/* Reads "NAME = hex" lines of a file of RFC vectors, one after another. NULL at the end. */
static uint8_t *rfc_next(char **cursor, const char *name, size_t *n)
{
	size_t name_n = strlen(name);

	while (*cursor != NULL && **cursor != '\0') {
		char *line = *cursor, *end = strchr(line, '\n'), *value;

		*cursor = end != NULL ? end + 1 : NULL;
		if (end != NULL)
			*end = '\0';
		if (strncmp(line, name, name_n) != 0
		    || (line[name_n] != ' ' && line[name_n] != '='))
			continue;
		value = strchr(line, '=') + 1;
		value += strspn(value, " ");
		return test_vectors_unhex(value, n);
	}
	return NULL;
}

START_TEST(hkdf_agrees_with_rfc_5869)
{
	size_t ikm_n, salt_n, info_n, okm_n, count = 0;
	char *text = rfc_text("crypto/rfc/rfc5869_hkdf_sha256.txt", "HKDF"), *at = text;
	uint8_t *ikm, *salt, *info, *okm, out[128];

	if (text == NULL)
		return;
	while ((ikm = rfc_next(&at, "IKM", &ikm_n)) != NULL) {
		salt = rfc_next(&at, "salt", &salt_n);
		info = rfc_next(&at, "info", &info_n);
		okm = rfc_next(&at, "OKM", &okm_n);
		ck_assert(salt != NULL && info != NULL && okm != NULL && okm_n <= sizeof out);
		ck_assert_int_eq(
		    sr_hkdf(out, okm_n, ikm, ikm_n, salt, salt_n, info, info_n), SR_OK);
		ck_assert_mem_eq(out, okm, okm_n);
		free(ikm), free(salt), free(info), free(okm);
		count++;
	}
	ck_assert_uint_eq(count, 3);
	free(text);
}
END_TEST

START_TEST(x25519_agrees_with_rfc_7748)
{
	size_t scalar_n, u_n, want_n, count = 0;
	char *text = rfc_text("crypto/rfc/rfc7748_x25519.txt", "X25519"), *at = text;
	uint8_t *scalar, *u, *want;

	if (text == NULL)
		return;
	while ((scalar = rfc_next(&at, "INPUT_SCALAR", &scalar_n)) != NULL) {
		struct sr_key32 sk, out;
		struct sr_xpk pk;

		u = rfc_next(&at, "INPUT_U", &u_n);
		want = rfc_next(&at, "OUTPUT_U", &want_n);
		ck_assert(u != NULL && want != NULL && scalar_n == 32 && u_n == 32 && want_n == 32);
		memcpy(sk.b, scalar, 32);
		memcpy(pk.b, u, 32);
		ck_assert_int_eq(sr_x25519(&out, &sk, &pk), SR_OK);
		ck_assert_mem_eq(out.b, want, 32);
		free(scalar), free(u), free(want);
		count++;
	}
	ck_assert_uint_ge(count, 2);
	free(text);
}
END_TEST

/* Our interface is single shot: sequence number 0 of base mode with AES-256-GCM. */
static void hpke_case(const json_t *test)
{
	const json_t *first = json_array_get(json_object_get(test, "encryptions"), 0);
	struct sr_key32 eph = key_member(test, "skEm"), sk = key_member(test, "skRm");
	struct sr_key32 pk_bytes = key_member(test, "pkRm");
	size_t info_n, aad_n, pt_n, ct_n, enc_n;
	uint8_t *info_bytes = member(test, "info", &info_n);
	uint8_t *enc = member(test, "enc", &enc_n);
	uint8_t *aad = member(first, "aad", &aad_n);
	uint8_t *pt = member(first, "pt", &pt_n);
	uint8_t *ct = member(first, "ct", &ct_n);
	uint8_t *out = malloc(pt_n + SR_HPKE_OVERHEAD), *back = malloc(pt_n);
	char *info = calloc(1, info_n + 1);
	struct sr_xpk pk;

	memcpy(info, info_bytes, info_n);
	memcpy(pk.b, pk_bytes.b, sizeof pk.b);
	ck_assert_uint_eq(strlen(info), info_n);
	ck_assert_int_eq(sr_hpke_seal(out, &pk, &eph, info, aad, aad_n, pt, pt_n), SR_OK);
	ck_assert_uint_eq(pt_n + SR_HPKE_OVERHEAD, enc_n + ct_n);
	ck_assert_mem_eq(out, enc, enc_n);
	ck_assert_mem_eq(out + enc_n, ct, ct_n);
	ck_assert_int_eq(sr_hpke_open(back, &sk, info, aad, aad_n, out, pt_n + SR_HPKE_OVERHEAD),
	    SR_OK);
	ck_assert_mem_eq(back, pt, pt_n);
	free(info_bytes), free(enc), free(aad), free(pt), free(ct), free(out), free(back),
	    free(info);
}

START_TEST(hpke_agrees_with_rfc_9180)
{
	json_t *root = test_vectors_load(RFC9180, "HPKE"), *test;
	size_t i, count = 0;

	if (root == NULL)
		return;
	json_array_foreach(root, i, test)
		if (number(test, "mode") == 0 && number(test, "kem_id") == 0x20
		    && number(test, "kdf_id") == 1 && number(test, "aead_id") == 2) {
			hpke_case(test);
			count++;
		}
	ck_assert_uint_eq(count, 1);
	json_decref(root);
}
END_TEST

/* FIPS 180-4 and the NIST examples: one block, two blocks, a million "a". */
START_TEST(sha2_agrees_with_the_standards_examples)
{
	const char *two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	struct sr_bytes abc = { (const uint8_t *)"abc", 3 };
	struct sr_sha256 stream;
	struct sr_hash32 h;
	uint8_t long_out[64];
	char hex[129];

	h = sr_hash(two, strlen(two));
	sr_hex_encode(hex, h.b, 32);
	ck_assert_str_eq(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	h = sr_hash(NULL, 0);
	sr_hex_encode(hex, h.b, 32);
	ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	ck_assert_int_eq(sr_sha256_init(&stream), SR_OK);
	for (int i = 0; i < 1000000; i += 100)
		sr_sha256_update(&stream, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 100);
	h = sr_sha256_finish(&stream);
	sr_hex_encode(hex, h.b, 32);
	ck_assert_str_eq(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	sr_sha512(long_out, &abc, 1);
	sr_hex_encode(hex, long_out, 64);
	ck_assert_str_eq(hex, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
	ck_assert_int_eq(sr_sha256_init(&stream), SR_OK);
	sr_sha256_abandon(&stream);
	sr_sha256_abandon(&stream);
}
END_TEST

/* SP 800-38A F.5.5: CTR-AES256; the key stream is its plaintext XOR its ciphertext. */
START_TEST(the_key_stream_agrees_with_sp_800_38a)
{
	struct sr_key32 key;
	uint8_t iv[16], plain[16], cipher[16], out[16];

	ck_assert_int_eq(sr_hex_decode(key.b, 32,
	    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", 64), SR_OK);
	ck_assert_int_eq(sr_hex_decode(iv, 16, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", 32), SR_OK);
	ck_assert_int_eq(sr_hex_decode(plain, 16, "6bc1bee22e409f96e93d7e117393172a", 32), SR_OK);
	ck_assert_int_eq(sr_hex_decode(cipher, 16, "601ec313775789a5b7a7f504bbf3d228", 32), SR_OK);
	ck_assert_int_eq(sr_ctr_stream(out, sizeof out, &key, iv), SR_OK);
	for (size_t i = 0; i < 16; i++)
		ck_assert_uint_eq(out[i], plain[i] ^ cipher[i]);
}
END_TEST

/* RFC 3720 B.4. */
START_TEST(crc32c_agrees_with_rfc_3720_whole_or_in_pieces)
{
	uint8_t bytes[32];

	memset(bytes, 0, sizeof bytes);
	ck_assert_uint_eq(sr_crc32c(0, bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, sizeof bytes);
	ck_assert_uint_eq(sr_crc32c(0, bytes, 32), 0x62a8ab43);
	for (uint8_t i = 0; i < 32; i++)
		bytes[i] = i;
	ck_assert_uint_eq(sr_crc32c(0, bytes, 32), 0x46dd794e);
	ck_assert_uint_eq(sr_crc32c(0, "123456789", 9), 0xe3069283);
	for (size_t cut = 0; cut <= 32; cut++)
		ck_assert_uint_eq(sr_crc32c(sr_crc32c(0, bytes, cut), bytes + cut, 32 - cut),
		    0x46dd794e);
}
END_TEST

TEST_MAIN("base crypto",
    aes_gcm_agrees_with_wycheproof,
    hkdf_agrees_with_wycheproof,
    hmac_agrees_with_wycheproof,
    x25519_agrees_with_wycheproof_and_refuses_the_zero_secret,
    ed25519_agrees_with_wycheproof,
    hkdf_agrees_with_rfc_5869,
    x25519_agrees_with_rfc_7748,
    hpke_agrees_with_rfc_9180,
    sha2_agrees_with_the_standards_examples,
    the_key_stream_agrees_with_sp_800_38a,
    crc32c_agrees_with_rfc_3720_whole_or_in_pieces)
