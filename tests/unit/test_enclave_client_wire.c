/* Sealed requests and answers: who can open them, and what is noticed. */
#include <stdlib.h>
#include <string.h>

#include "base/hpke.h"
#include "enclave/client_wire.h"
#include "tests/lib/check_main.h"

static const struct sr_key32 shielding_sk = { { 1, 2, 3 } }, answer_sk = { { 4, 5, 6 } };
static const struct sr_key32 ephemeral = { { 7, 8, 9 } }, other_sk = { { 10 } };
static const struct sr_hash32 chain = { { 42 } };

struct pair { struct sr_edsk sk[3]; struct sr_edpk pk[3]; };

static struct pair *pair_new(void)
{
	struct pair *p = calloc(1, sizeof(*p));

	ck_assert_ptr_nonnull(p);
	for (uint8_t i = 0; i < 3; i++)
		sr_ed25519_keypair(&p->sk[i], &p->pk[i], &(struct sr_key32){ { i, 99 } });
	return p;
}

static void request(struct sr_writer *w, struct sr_hash32 *hash, const uint8_t *p, size_t n)
{
	struct sr_xpk to, answer;

	sr_x25519_public(&to, &shielding_sk);
	sr_x25519_public(&answer, &answer_sk);
	sr_writer_init(w, CLIENT_REQUEST_MAX);
	ck_ok(client_request_seal(w, hash, CLIENT_SUBMIT, &chain, 5, &to, &ephemeral, &answer, p,
	    n));
	ck_ok(sr_writer_finish(w));
}

static enum sr_error open_request(enum client_method method, const struct sr_hash32 *id,
    const struct sr_key32 *sk, const uint8_t *p, size_t n)
{
	struct sr_hash32 hash;
	struct sr_xpk key, pk;
	uint8_t *payload;
	size_t payload_n;
	enum sr_error error;

	sr_x25519_public(&pk, sk);
	error = client_request_open(&key, &payload, &payload_n, &hash, method, id, sk, &pk, p, n);
	free(payload);
	return error;
}

START_TEST(a_request_opens_with_the_shielding_key_alone)
{
	struct sr_hash32 hash, again, wrong = { { 43 } };
	struct sr_writer w;
	struct sr_xpk key, expected, pk;
	uint8_t *payload;
	uint64_t epoch;
	size_t n;

	sr_x25519_public(&pk, &shielding_sk);
	request(&w, &hash, (const uint8_t *)"payload", 7);
	ck_ok(client_request_epoch(&epoch, w.p, w.n));
	ck_assert_uint_eq(epoch, 5);
	ck_ok(client_request_open(&key, &payload, &n, &again, CLIENT_SUBMIT, &chain,
	    &shielding_sk, &pk, w.p, w.n));
	sr_x25519_public(&expected, &answer_sk);
	ck_assert_mem_eq(key.b, expected.b, 32);
	ck_assert(sr_hash32_equal(&hash, &again));
	ck_assert_uint_eq(n, 7);
	ck_assert_mem_eq(payload, "payload", 7);
	free(payload);
	ck_error(open_request(CLIENT_GET, &chain, &shielding_sk, w.p, w.n), SR_ERR_DECRYPT_FAILED);
	ck_error(open_request(CLIENT_SUBMIT, &wrong, &shielding_sk, w.p, w.n),
	    SR_ERR_DECRYPT_FAILED);
	ck_error(open_request(CLIENT_SUBMIT, &chain, &other_sk, w.p, w.n), SR_ERR_DECRYPT_FAILED);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(any_changed_or_missing_byte_of_a_request_is_noticed)
{
	struct sr_hash32 hash;
	struct sr_writer w;

	request(&w, &hash, (const uint8_t *)"payload", 7);
	for (size_t i = 0; i < w.n; i++) {
		w.p[i] ^= 4;
		ck_assert_int_ne(open_request(CLIENT_SUBMIT, &chain, &shielding_sk, w.p, w.n),
		    SR_OK);
		w.p[i] ^= 4;
		ck_assert_int_ne(open_request(CLIENT_SUBMIT, &chain, &shielding_sk, w.p, i), SR_OK);
	}
	ck_ok(open_request(CLIENT_SUBMIT, &chain, &shielding_sk, w.p, w.n));
	sr_writer_clear(&w);
}
END_TEST

START_TEST(requests_have_a_largest_size)
{
	size_t most = CLIENT_REQUEST_MAX - CLIENT_REQUEST_OVERHEAD;
	uint8_t *p = calloc(most + 1, 1);
	struct sr_hash32 hash;
	struct sr_writer w;
	struct sr_xpk key;

	ck_assert_ptr_nonnull(p);
	request(&w, &hash, p, most);
	ck_assert_uint_eq(w.n, CLIENT_REQUEST_MAX);
	ck_ok(open_request(CLIENT_SUBMIT, &chain, &shielding_sk, w.p, w.n));
	sr_writer_reset(&w);
	sr_x25519_public(&key, &shielding_sk);
	ck_error(client_request_seal(&w, &hash, CLIENT_SUBMIT, &chain, 5, &key, &ephemeral, &key, p,
	    most + 1), SR_ERR_TOO_LONG);
	sr_writer_clear(&w);
	free(p);
}
END_TEST

static enum sr_error open_answer(const struct pair *keys, uint32_t n_keys,
    const struct sr_hash32 *hash, const uint8_t *p, size_t n)
{
	enum sr_error code, error;
	uint32_t member;
	uint8_t *payload;
	size_t payload_n;

	error = client_answer_open(&code, &member, &payload, &payload_n, &answer_sk, hash, keys->pk,
	    n_keys, p, n);
	free(payload);
	return error;
}

static void answer(struct sr_writer *w, const struct pair *keys, const struct sr_hash32 *hash,
    uint32_t member, uint32_t signer)
{
	struct sr_xpk to;

	sr_x25519_public(&to, &answer_sk);
	sr_writer_init(w, 65536);
	ck_ok(client_answer_seal(w, &to, &ephemeral, hash, SR_ERR_POLICY_FALSE, member,
	    &keys->sk[signer], (const uint8_t *)"why", 3));
	ck_ok(sr_writer_finish(w));
}

START_TEST(an_answer_names_its_member_and_code)
{
	struct pair *keys = pair_new();
	struct sr_hash32 hash = { { 1 } };
	struct sr_writer w;
	enum sr_error code;
	uint32_t member;
	uint8_t *payload;
	size_t n;

	answer(&w, keys, &hash, 2, 2);
	ck_ok(client_answer_open(&code, &member, &payload, &n, &answer_sk, &hash, keys->pk, 3, w.p,
	    w.n));
	ck_error(code, SR_ERR_POLICY_FALSE);
	ck_assert_uint_eq(member, 2);
	ck_assert_uint_eq(n, 3);
	ck_assert_mem_eq(payload, "why", 3);
	free(payload);
	sr_writer_clear(&w);
	free(keys);
}
END_TEST

START_TEST(an_answer_of_another_member_request_or_byte_is_refused)
{
	struct pair *keys = pair_new();
	struct sr_hash32 hash = { { 1 } }, other = { { 2 } };
	struct sr_writer w;

	answer(&w, keys, &hash, 1, 2);
	ck_error(open_answer(keys, 3, &hash, w.p, w.n), SR_ERR_BAD_SIGNATURE);
	sr_writer_clear(&w);
	answer(&w, keys, &hash, 2, 2);
	ck_error(open_answer(keys, 2, &hash, w.p, w.n), SR_ERR_NOT_A_MEMBER);
	ck_error(open_answer(keys, 3, &other, w.p, w.n), SR_ERR_DECRYPT_FAILED);
	for (size_t i = 0; i < w.n; i++) {
		w.p[i] ^= 64;
		ck_assert_int_ne(open_answer(keys, 3, &hash, w.p, w.n), SR_OK);
		w.p[i] ^= 64;
		ck_assert_int_ne(open_answer(keys, 3, &hash, w.p, i), SR_OK);
	}
	ck_ok(open_answer(keys, 3, &hash, w.p, w.n));
	sr_writer_clear(&w);
	free(keys);
}
END_TEST

START_TEST(a_request_s_length_is_bounded_before_anything_is_opened)
{
	uint8_t *p = calloc(1, CLIENT_REQUEST_MAX + 1);
	uint64_t epoch;

	ck_assert_ptr_nonnull(p);
	ck_error(client_request_epoch(&epoch, p, CLIENT_REQUEST_OVERHEAD - 1), SR_ERR_TRUNCATED);
	ck_ok(client_request_epoch(&epoch, p, CLIENT_REQUEST_OVERHEAD));
	ck_ok(client_request_epoch(&epoch, p, CLIENT_REQUEST_MAX));
	ck_error(client_request_epoch(&epoch, p, CLIENT_REQUEST_MAX + 1), SR_ERR_TOO_LONG);
	free(p);
}
END_TEST

/* Whoever was answered once can seal that answer again, to anybody's key and request. */
START_TEST(a_member_s_answer_to_one_request_is_no_answer_to_another)
{
	static const char info[] = "strongroom answer v1";
	struct sr_hash32 mine = { { 1 } }, theirs = { { 2 } };
	struct pair *keys = pair_new();
	struct sr_writer w;
	struct sr_xpk to;
	uint8_t *plain, *again;
	size_t n;

	answer(&w, keys, &mine, 1, 1);
	n = w.n - SR_HPKE_OVERHEAD;
	plain = malloc(n);
	again = malloc(w.n);
	ck_assert(plain != NULL && again != NULL);
	ck_ok(sr_hpke_open(plain, &answer_sk, info, mine.b, 32, w.p, w.n));
	sr_x25519_public(&to, &answer_sk);
	ck_ok(sr_hpke_seal(again, &to, &ephemeral, info, mine.b, 32, plain, n));
	ck_ok(open_answer(keys, 3, &mine, again, w.n));
	ck_ok(sr_hpke_seal(again, &to, &ephemeral, info, theirs.b, 32, plain, n));
	ck_error(open_answer(keys, 3, &theirs, again, w.n), SR_ERR_BAD_SIGNATURE);
	plain[0] ^= 1; /* nor with another code */
	ck_ok(sr_hpke_seal(again, &to, &ephemeral, info, mine.b, 32, plain, n));
	ck_error(open_answer(keys, 3, &mine, again, w.n), SR_ERR_BAD_SIGNATURE);
	sr_writer_clear(&w);
	free(plain);
	free(again);
	free(keys);
}
END_TEST

TEST_MAIN("enclave client_wire", a_request_opens_with_the_shielding_key_alone,
    any_changed_or_missing_byte_of_a_request_is_noticed, requests_have_a_largest_size,
    an_answer_names_its_member_and_code, an_answer_of_another_member_request_or_byte_is_refused,
    a_request_s_length_is_bounded_before_anything_is_opened,
    a_member_s_answer_to_one_request_is_no_answer_to_another)
