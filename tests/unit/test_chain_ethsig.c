/* Ethereum message signatures: digests, recovery, refusals, address text, signing. */
#include "chain/ethsig.h"

#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "chain/ethkey.h"
#include "chain/keccak.h"
#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"
#include "tests/lib/vectors.h"

static const struct sr_key32 blind = { { 9 } };

static struct chain_eth_address address_member(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));
	struct chain_eth_address out;

	ck_assert_ptr_nonnull(text);
	ck_ok(chain_eth_address_parse(&out, text, strlen(text)));
	return out;
}

/* The key of the EIP-191 and EIP-712 examples: keccak256("cow"). */
static struct sr_key32 cow(void)
{
	struct sr_hash32 hash = chain_keccak256("cow", 3);
	struct sr_key32 key;

	memcpy(key.b, hash.b, sizeof key.b);
	return key;
}

/* One {message, hash, signature} by `signer`. */
static void check_personal(const json_t *row, const struct chain_eth_address *signer)
{
	const char *message = json_string_value(json_object_get(row, "message"));
	struct sr_hash32 digest =
	    chain_eth_personal_digest((const uint8_t *)message, strlen(message));
	struct chain_eth_sig sig;
	struct chain_eth_address got;
	uint8_t expected[32];

	test_vectors_hex_into(expected, sizeof expected, row, "hash");
	ck_assert_mem_eq(digest.b, expected, 32);
	test_vectors_hex_into(sig.b, sizeof sig.b, row, "signature");
	ck_ok(chain_eth_recover(&got, &digest, &sig));
	ck_assert_mem_eq(got.b, signer->b, 20);
	sig.b[64] = (uint8_t)(sig.b[64] - 27);          /* 0 and 1 mean the same */
	ck_ok(chain_eth_recover(&got, &digest, &sig));
	ck_assert_mem_eq(got.b, signer->b, 20);
	digest.b[0] ^= 1;
	if (chain_eth_recover(&got, &digest, &sig) == SR_OK)
		ck_assert_mem_ne(got.b, signer->b, 20);
}

START_TEST(personal_messages_are_hashed_and_their_signers_found)
{
	json_t *file = test_vectors_load("eth/eip191.json", "EIP-191 (5 cases)"), *row;
	struct chain_eth_address signer;
	size_t i;

	if (file == NULL)
		return;
	json_array_foreach(json_object_get(file, "cases"), i, row) {
		signer = address_member(row, "address");
		check_personal(row, &signer);
	}
	ck_assert_uint_ge(i, 5);
	json_decref(file);
}
END_TEST

START_TEST(signatures_by_a_local_chains_owner_are_recovered)
{
	json_t *file = test_vectors_load("eth/anvil/erc721_proofs.json", "anvil signatures (2)");
	json_t *all = json_object_get(file, "signatures"), *typed;
	struct chain_eth_address signer, got;
	struct sr_hash32 digest;
	struct chain_eth_sig sig;

	if (file == NULL)
		return;
	signer = address_member(all, "signer");
	check_personal(json_object_get(all, "personal_sign"), &signer);
	typed = json_object_get(all, "eip712");
	test_vectors_hex_into(digest.b, sizeof digest.b, typed, "digest");
	test_vectors_hex_into(sig.b, sizeof sig.b, typed, "signature");
	ck_ok(chain_eth_recover(&got, &digest, &sig));
	ck_assert_mem_eq(got.b, signer.b, 20);
	json_decref(file);
}
END_TEST

START_TEST(signing_gives_the_published_signatures)
{
	json_t *file = test_vectors_load("eth/eip191.json", "EIP-191 signing (5 cases)"), *row;
	struct sr_key32 key = cow();
	struct chain_eth_address address, expected_address;
	struct chain_eth_sig sig, expected;
	size_t i;

	if (file == NULL)
		return;
	ck_ok(chain_eth_address_of(&address, &key));
	json_array_foreach(json_object_get(file, "cases"), i, row) {
		const char *message = json_string_value(json_object_get(row, "message"));
		struct sr_hash32 digest =
		    chain_eth_personal_digest((const uint8_t *)message, strlen(message));

		expected_address = address_member(row, "address");
		ck_assert_mem_eq(address.b, expected_address.b, 20);
		test_vectors_hex_into(expected.b, sizeof expected.b, row, "signature");
		ck_ok(chain_eth_sign(&sig, &key, &digest, &blind));
		ck_assert_mem_eq(sig.b, expected.b, 65);
	}
	json_decref(file);
}
END_TEST

START_TEST(typed_data_is_hashed_and_its_signer_found)
{
	json_t *file = test_vectors_load("eth/eip712.json", "EIP-712 (1 case)"), *part;
	struct chain_eth_address address, got;
	struct sr_hash32 domain, message, digest;
	struct chain_eth_sig sig;
	uint8_t expected[32];

	if (file == NULL)
		return;
	test_vectors_hex_into(domain.b, 32, file, "domainSeparator");
	test_vectors_hex_into(message.b, 32, file, "structHashMail");
	test_vectors_hex_into(expected, 32, file, "digest");
	digest = chain_eth_typed_digest(&domain, &message);
	ck_assert_mem_eq(digest.b, expected, 32);
	part = json_object_get(file, "signature");
	test_vectors_hex_into(sig.b, 32, part, "r");
	test_vectors_hex_into(sig.b + 32, 32, part, "s");
	sig.b[64] = (uint8_t)json_integer_value(json_object_get(part, "v"));
	address = address_member(file, "address");
	ck_ok(chain_eth_recover(&got, &digest, &sig));
	ck_assert_mem_eq(got.b, address.b, 20);
	json_decref(file);
}
END_TEST

/* n - s: the same signature's other half. */
static void negate_s(uint8_t s[32])
{
	static const uint8_t order[32] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
		0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b,
		0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
	};
	int borrow = 0;

	for (unsigned i = 32; i-- > 0;) {
		int v = order[i] - s[i] - borrow;

		borrow = v < 0;
		s[i] = (uint8_t)(v + 256 * borrow);
	}
}

START_TEST(a_high_s_or_another_v_is_refused)
{
	struct sr_key32 key = cow();
	struct sr_hash32 digest = chain_eth_personal_digest((const uint8_t *)"x", 1);
	struct chain_eth_address address, got, zero = { { 0 } };
	struct chain_eth_sig sig, changed;
	unsigned accepted_n = 0;

	ck_ok(chain_eth_address_of(&address, &key));
	ck_ok(chain_eth_sign(&sig, &key, &digest, &blind));
	changed = sig;
	negate_s(changed.b + 32);
	changed.b[64] ^= 7;                             /* 27 and 28 change places: still true */
	ck_error(chain_eth_recover(&got, &digest, &changed), SR_ERR_BAD_SIGNATURE);
	ck_assert_mem_eq(got.b, zero.b, 20);
	for (unsigned v = 0; v < 256; v++) {
		changed = sig;
		changed.b[64] = (uint8_t)v;
		if (chain_eth_recover(&got, &digest, &changed) == SR_OK &&
		    memcmp(got.b, address.b, 20) == 0)
			accepted_n++;
	}
	ck_assert_uint_eq(accepted_n, 2);               /* v and v - 27 */
	memset(&changed, 0, sizeof changed);
	ck_error(chain_eth_recover(&got, &digest, &changed), SR_ERR_BAD_SIGNATURE);
	memset(changed.b, 0xff, 64);
	ck_error(chain_eth_recover(&got, &digest, &changed), SR_ERR_BAD_SIGNATURE);
}
END_TEST

/* Does either v recover the key's address? */
static bool recovers(const struct sr_hash32 *digest, const uint8_t rs[64],
    const struct chain_eth_address *address)
{
	struct chain_eth_sig sig;
	struct chain_eth_address got;

	memcpy(sig.b, rs, 64);
	for (unsigned v = 0; v < 2; v++) {
		sig.b[64] = (uint8_t)v;
		if (chain_eth_recover(&got, digest, &sig) == SR_OK &&
		    memcmp(got.b, address->b, 20) == 0)
			return true;
	}
	return false;
}

static const char half_order[] =
    "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0";

struct tally { unsigned good_n, high_n, bad_n, refused_n; };

static void wycheproof_case(struct tally *tally, const json_t *row,
    const struct chain_eth_address *address)
{
	const bool valid = strcmp(json_string_value(json_object_get(row, "result")), "valid") == 0;
	size_t msg_n, sig_n, half_n;
	uint8_t *msg = test_vectors_hex(row, "msg", &msg_n);
	uint8_t *sig = test_vectors_hex(row, "sig", &sig_n);
	uint8_t *half = test_vectors_unhex(half_order, &half_n);
	struct sr_hash32 digest = sr_hash(msg, msg_n);

	if (sig_n != 64) {
		ck_assert(!valid);                      /* not 65 bytes with v: can't be given */
		tally->refused_n++;
	} else if (valid && memcmp(sig + 32, half, 32) <= 0) {
		tally->good_n += recovers(&digest, sig, address);
		tally->refused_n += !recovers(&digest, sig, address);
	} else {
		ck_assert(!recovers(&digest, sig, address));
		tally->high_n += valid;
		tally->bad_n += !valid;
	}
	free(msg);
	free(sig);
	free(half);
}

START_TEST(wycheproof_signatures_are_judged_right)
{
	json_t *file = test_vectors_load("crypto/wycheproof/"
	    "ecdsa_secp256k1_sha256_p1363_test.json", "Wycheproof secp256k1 (252 cases)");
	json_t *group, *row;
	struct tally tally = { 0 };
	size_t i, k, n;

	if (file == NULL)
		return;
	json_array_foreach(json_object_get(file, "testGroups"), i, group) {
		uint8_t *key = test_vectors_hex(json_object_get(group, "publicKey"),
		    "uncompressed", &n);
		struct chain_eth_address address = chain_eth_address_of_public(key + 1);

		ck_assert_uint_eq(n, 65);
		json_array_foreach(json_object_get(group, "tests"), k, row)
			wycheproof_case(&tally, row, &address);
		free(key);
	}
	fprintf(stderr, "Wycheproof: %u accepted, %u refused for a high s, %u invalid refused, "
	    "%u not expressible with v\n", tally.good_n, tally.high_n, tally.bad_n,
	    tally.refused_n);
	ck_assert_uint_eq(tally.good_n, 95);
	ck_assert_uint_eq(tally.high_n, 72);
	ck_assert_uint_eq(tally.bad_n, 67);
	ck_assert_uint_eq(tally.refused_n, 18);         /* all of them of another length than 64 */
	json_decref(file);
}
END_TEST

START_TEST(address_text_follows_eip_55)
{
	json_t *file = test_vectors_load("eth/eip55.json", "EIP-55 (12 cases)"), *row;
	struct chain_eth_address address;
	char text[CHAIN_ETH_TEXT];
	size_t i;

	if (file == NULL)
		return;
	json_array_foreach(json_object_get(file, "valid"), i, row) {
		const char *expected = json_string_value(row);

		ck_ok(chain_eth_address_parse(&address, expected, strlen(expected)));
		chain_eth_address_text(text, &address);
		ck_assert_str_eq(text, expected);
	}
	json_array_foreach(json_object_get(file, "invalid"), i, row)
		ck_error(chain_eth_address_parse(&address, json_string_value(row), 42),
		    SR_ERR_BAD_HEX);
	json_decref(file);
}
END_TEST

START_TEST(one_case_is_taken_and_other_shapes_are_not)
{
	static const char lower[] = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed";
	static const char upper[] = "0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED";
	static const char *const bad[] = {
		"5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
		"0X5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
		"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae",
		"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaedd",
		"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaeg", "0x", "",
	};
	struct chain_eth_address a, b;

	ck_ok(chain_eth_address_parse(&a, lower, strlen(lower)));
	ck_ok(chain_eth_address_parse(&b, upper, strlen(upper)));
	ck_assert_mem_eq(a.b, b.b, 20);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_error(chain_eth_address_parse(&a, bad[i], strlen(bad[i])), SR_ERR_BAD_HEX);
}
END_TEST

START_TEST(signatures_of_random_keys_are_recovered)
{
	struct sr_drbg drbg;
	struct sr_key32 key;
	struct sr_hash32 digest;
	struct chain_eth_address address, got;
	struct chain_eth_sig sig;

	test_drbg(&drbg, "random keys");
	for (unsigned i = 0; i < 50; i++) {
		ck_ok(sr_drbg_fill(&drbg, key.b, sizeof key.b));
		ck_ok(sr_drbg_fill(&drbg, digest.b, sizeof digest.b));
		ck_ok(chain_eth_address_of(&address, &key));
		ck_ok(chain_eth_sign(&sig, &key, &digest, &blind));
		ck_ok(chain_eth_recover(&got, &digest, &sig));
		ck_assert_mem_eq(got.b, address.b, 20);
		sig.b[test_below(&drbg, 64)] ^= 1;
		if (chain_eth_recover(&got, &digest, &sig) == SR_OK)
			ck_assert_mem_ne(got.b, address.b, 20);
	}
}
END_TEST

START_TEST(zero_and_too_large_keys_are_refused)
{
	struct sr_key32 key = { { 0 } };
	struct sr_hash32 digest = { { 1 } };
	struct chain_eth_address address;
	struct chain_eth_sig sig, zero = { { 0 } };

	for (unsigned i = 0; i < 2; i++) {
		ck_error(chain_eth_address_of(&address, &key), SR_ERR_BAD_SCALAR);
		ck_error(chain_eth_sign(&sig, &key, &digest, &blind), SR_ERR_BAD_SCALAR);
		ck_assert_mem_eq(sig.b, zero.b, 65);
		memset(key.b, 0xff, sizeof key.b);
	}
}
END_TEST

TEST_MAIN("chain/ethsig", personal_messages_are_hashed_and_their_signers_found,
    signatures_by_a_local_chains_owner_are_recovered, signing_gives_the_published_signatures,
    typed_data_is_hashed_and_its_signer_found, a_high_s_or_another_v_is_refused,
    wycheproof_signatures_are_judged_right, address_text_follows_eip_55,
    one_case_is_taken_and_other_shapes_are_not, signatures_of_random_keys_are_recovered,
    zero_and_too_large_keys_are_refused)
