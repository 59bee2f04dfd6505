/* What callers rely on whatever the algorithms: the simulator's fakes must pass this, too. */
#include <string.h>

#include "base/crypto.h"
#include "base/hpke.h"
#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

static void fill(struct sr_drbg *rng, uint8_t *out, size_t n)
{
	ck_assert_int_eq(sr_drbg_fill(rng, out, n), SR_OK);
}

static struct sr_key32 a_key(struct sr_drbg *rng)
{
	struct sr_key32 key;

	fill(rng, key.b, sizeof key.b);
	return key;
}

START_TEST(hpke_refuses_every_changed_byte_and_any_other_context)
{
	const uint8_t plain[] = "the combination is 12-34-56";
	struct sr_drbg rng;
	struct sr_key32 sk, other, eph;
	uint8_t sealed[sizeof plain + SR_HPKE_OVERHEAD], out[sizeof plain];
	struct sr_xpk pk, other_pk, zero_pk = { { 0 } };

	test_drbg(&rng, "hpke");
	sk = a_key(&rng);
	other = a_key(&rng);
	eph = a_key(&rng);
	sr_x25519_public(&pk, &sk);
	sr_x25519_public(&other_pk, &other);
	ck_assert_int_eq(sr_hpke_seal(sealed, &zero_pk, &eph, "a", NULL, 0, plain, sizeof plain),
	    SR_ERR_BAD_PUBLIC_KEY);
	ck_assert_int_eq(
	    sr_hpke_seal(sealed, &pk, &eph, "a", plain, 3, plain, sizeof plain), SR_OK);
	ck_assert_int_eq(sr_hpke_open(out, &sk, "a", plain, 3, sealed, sizeof sealed), SR_OK);
	ck_assert_mem_eq(out, plain, sizeof plain);
	ck_assert_int_eq(sr_hpke_open(out, &sk, "b", plain, 3, sealed, sizeof sealed),
	    SR_ERR_DECRYPT_FAILED);
	for (size_t i = 0; i < sizeof out; i++)
		ck_assert_uint_eq(out[i], 0);
	ck_assert_int_eq(sr_hpke_open(out, &sk, "a", plain, 2, sealed, sizeof sealed),
	    SR_ERR_DECRYPT_FAILED);
	ck_assert_int_eq(sr_hpke_open(out, &other, "a", plain, 3, sealed, sizeof sealed),
	    SR_ERR_DECRYPT_FAILED);
	ck_assert_int_eq(sr_hpke_open_pair(out, &sk, &pk, "a", plain, 3, sealed, sizeof sealed),
	    SR_OK);
	ck_assert_mem_eq(out, plain, sizeof plain);
	ck_assert_int_eq(
	    sr_hpke_open_pair(out, &sk, &other_pk, "a", plain, 3, sealed, sizeof sealed),
	    SR_ERR_DECRYPT_FAILED);
	for (size_t n = 0; n < sizeof sealed; n++) {
		ck_assert_int_eq(sr_hpke_open(out, &sk, "a", plain, 3, sealed, n),
		    SR_ERR_DECRYPT_FAILED);
		sealed[n] ^= 1;
		ck_assert_int_eq(sr_hpke_open(out, &sk, "a", plain, 3, sealed, sizeof sealed),
		    SR_ERR_DECRYPT_FAILED);
		sealed[n] ^= 1;
	}
}
END_TEST

START_TEST(gcm_works_in_place_and_wipes_what_it_refuses)
{
	struct sr_drbg rng;
	uint8_t plain[200], work[200 + SR_GCM_TAG], apart[200 + SR_GCM_TAG], nonce[SR_GCM_NONCE];

	test_drbg(&rng, "gcm");
	for (size_t n = 0; n <= 200; n++) {
		struct sr_key32 key = a_key(&rng);

		fill(&rng, plain, sizeof plain);
		fill(&rng, nonce, sizeof nonce);
		memcpy(work, plain, n);
		ck_assert_int_eq(sr_gcm_seal(work, &key, nonce, plain, n / 2, work, n), SR_OK);
		ck_assert_int_eq(sr_gcm_seal(apart, &key, nonce, plain, n / 2, plain, n), SR_OK);
		ck_assert_mem_eq(work, apart, n + SR_GCM_TAG);
		ck_assert_int_eq(sr_gcm_open(work, &key, nonce, plain, n / 2, work, n + SR_GCM_TAG),
		    SR_OK);
		ck_assert(n == 0 || memcmp(work, plain, n) == 0);
		apart[test_below(&rng, (uint32_t)n + SR_GCM_TAG)] ^= 0x10;
		ck_assert_int_eq(
		    sr_gcm_open(apart, &key, nonce, plain, n / 2, apart, n + SR_GCM_TAG),
		    SR_ERR_DECRYPT_FAILED);
		for (size_t i = 0; i < n; i++)
			ck_assert_uint_eq(apart[i], 0);
	}
	for (size_t n = 0; n < SR_GCM_TAG; n++) {
		struct sr_key32 key = { { 0 } };

		ck_assert_int_eq(sr_gcm_open(apart, &key, nonce, NULL, 0, work, n),
		    SR_ERR_DECRYPT_FAILED);
	}
}
END_TEST

START_TEST(a_hash_of_parts_is_the_hash_of_them_joined)
{
	struct sr_drbg rng;
	uint8_t bytes[100 + 5] = "\4vote";
	struct sr_bytes parts[100];

	test_drbg(&rng, "parts");
	fill(&rng, bytes + 5, 100);
	for (size_t i = 0; i < 100; i++)
		parts[i] = (struct sr_bytes){ bytes + 5 + i, 1 };
	/* More parts than fit the short way, and just as many as do. */
	for (size_t n = 0; n <= 100; n++) {
		struct sr_hash32 got = sr_hash_domain("vote", parts, n),
				 want = sr_hash(bytes, n + 5);

		ck_assert(sr_hash32_equal(&got, &want));
	}
}
END_TEST

START_TEST(domains_labels_and_contexts_separate)
{
	struct sr_bytes ab = { (const uint8_t *)"ab", 2 }, b = { (const uint8_t *)"b", 1 };
	struct sr_hash32 one = sr_hash_domain("x", &ab, 1), two = sr_hash_domain("xa", &b, 1);
	struct sr_key32 from = { { 1 } }, k1, k2, k3;

	ck_assert(!sr_hash32_equal(&one, &two));
	ck_assert_int_eq(sr_key_derive(&k1, &from, "x", (const uint8_t *)"ab", 2), SR_OK);
	ck_assert_int_eq(sr_key_derive(&k2, &from, "xa", (const uint8_t *)"b", 1), SR_OK);
	ck_assert_int_eq(sr_key_derive(&k3, &from, "x", NULL, 0), SR_OK);
	ck_assert(!sr_ct_equal(&k1, &k2, 32) && !sr_ct_equal(&k1, &k3, 32));
	ck_assert(!sr_ct_equal(&k2, &k3, 32) && !sr_ct_equal(&k1, &from, 32));
}
END_TEST

START_TEST(hkdf_gives_8160_bytes_and_no_more)
{
	static uint8_t out[8161];

	ck_assert_int_eq(sr_hkdf(out, 8160, out, 0, NULL, 0, NULL, 0), SR_OK);
	ck_assert_int_eq(sr_hkdf(out, 8161, out, 0, NULL, 0, NULL, 0), SR_ERR_OUT_OF_RANGE);
}
END_TEST

START_TEST(a_signature_holds_for_its_key_domain_and_message_only)
{
	struct sr_drbg rng;
	struct sr_key32 seed;
	struct sr_edsk sk;
	struct sr_edpk pk, other;
	struct sr_sig64 sig;
	uint8_t msg[40];

	test_drbg(&rng, "sign");
	fill(&rng, msg, sizeof msg);
	seed = a_key(&rng);
	sr_ed25519_keypair(&sk, &other, &seed);
	seed = a_key(&rng);
	sr_ed25519_keypair(&sk, &pk, &seed);
	sr_sign(&sig, &sk, "vote", msg, sizeof msg);
	ck_assert_int_eq(sr_verify(&pk, &sig, "vote", msg, sizeof msg), SR_OK);
	ck_assert_int_eq(sr_verify(&pk, &sig, "block", msg, sizeof msg), SR_ERR_BAD_SIGNATURE);
	ck_assert_int_eq(sr_verify(&other, &sig, "vote", msg, sizeof msg), SR_ERR_BAD_SIGNATURE);
	ck_assert_int_eq(sr_verify(&pk, &sig, "vote", msg, sizeof msg - 1), SR_ERR_BAD_SIGNATURE);
	ck_assert_int_eq(sr_ed25519_verify_raw(&pk, &sig, msg, sizeof msg), SR_ERR_BAD_SIGNATURE);
	for (size_t i = 0; i < sizeof sig.b; i++) {
		sig.b[i] ^= 1;
		ck_assert_int_eq(sr_verify(&pk, &sig, "vote", msg, sizeof msg),
		    SR_ERR_BAD_SIGNATURE);
		sig.b[i] ^= 1;
	}
	sr_edsk_wipe(&sk);
	ck_assert_uint_eq(sk.b[0] | sk.b[63], 0);
}
END_TEST

START_TEST(both_sides_agree_on_a_key_and_a_third_does_not)
{
	struct sr_drbg rng;

	test_drbg(&rng, "agree");
	for (int i = 0; i < 20; i++) {
		struct sr_key32 a = a_key(&rng), b = a_key(&rng), c = a_key(&rng), ab, ba, cb;
		struct sr_xpk pa, pb;

		sr_x25519_public(&pa, &a);
		sr_x25519_public(&pb, &b);
		ck_ok(sr_x25519(&ab, &a, &pb));
		ck_ok(sr_x25519(&ba, &b, &pa));
		ck_ok(sr_x25519(&cb, &c, &pb));
		ck_assert_mem_eq(ab.b, ba.b, 32);
		ck_assert_mem_ne(ab.b, cb.b, 32);
	}
}
END_TEST

START_TEST(the_pieces_in_which_a_stream_is_made_do_not_show)
{
	struct sr_drbg rng;
	struct sr_key32 key;
	uint8_t iv[16] = { 0 };
	static uint8_t once[100000], pieces[100000];

	test_drbg(&rng, "stream");
	key = a_key(&rng);
	ck_ok(sr_ctr_stream(once, sizeof once, &key, iv));
	for (size_t at = 0; at < sizeof once; at += 16 * 1000) {
		size_t n = sizeof once - at < 16000 ? sizeof once - at : 16000;

		iv[15] = (uint8_t)(at / 16);
		iv[14] = (uint8_t)(at / 16 >> 8);
		ck_ok(sr_ctr_stream(pieces + at, n, &key, iv));
	}
	ck_assert_mem_eq(once, pieces, sizeof once);
	key.b[31] ^= 1;
	ck_ok(sr_ctr_stream(once, 16, &key, iv));
	ck_assert_mem_ne(once, pieces + 96000, 16);
}
END_TEST

START_TEST(each_piece_of_a_stream_goes_on_where_the_last_one_ended)
{
	struct sr_drbg rng;
	struct sr_key32 key;
	struct sr_ctr stream;
	static const uint8_t iv[16] = { 0, 1, 2, [15] = 0xfe };
	static uint8_t once[100000], pieces[100000];
	size_t at = 0, n;

	test_drbg(&rng, "stream under way");
	key = a_key(&rng);
	ck_ok(sr_ctr_stream(once, sizeof once, &key, iv));
	ck_ok(sr_ctr_init(&stream, &key, iv));
	while (at < sizeof pieces) {
		n = test_below(&rng, 2) == 0 ? test_below(&rng, 40) : test_below(&rng, 10000);
		n = n < sizeof pieces - at ? n : sizeof pieces - at;
		ck_ok(sr_ctr_next(&stream, pieces + at, n));
		at += n;
	}
	sr_ctr_clear(&stream);
	sr_ctr_clear(&stream);
	ck_assert_mem_eq(once, pieces, sizeof once);
}
END_TEST

TEST_MAIN("base crypto laws",
    both_sides_agree_on_a_key_and_a_third_does_not,
    the_pieces_in_which_a_stream_is_made_do_not_show,
    each_piece_of_a_stream_goes_on_where_the_last_one_ended,
    hpke_refuses_every_changed_byte_and_any_other_context,
    gcm_works_in_place_and_wipes_what_it_refuses,
    a_hash_of_parts_is_the_hash_of_them_joined,
    domains_labels_and_contexts_separate,
    hkdf_gives_8160_bytes_and_no_more,
    a_signature_holds_for_its_key_domain_and_message_only)
