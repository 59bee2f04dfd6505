/* What a person's machine does with keys: key files, signatures, payloads, the DEK. */
#include <stdlib.h>
#include <unistd.h>

#include "base/hex.h"
#include "cli/crypt.h"
#include "cli/keyfile.h"
#include "shamir/tdh2.h"
#include "tests/ct/ct.h"

static const struct sr_hash32 label = { { 9 } };

/* As a key file has it. */
static void hexadecimal(void)
{
	struct sr_key32 key, back;
	char hex[65];

	ct_key(&key);
	SECRET(&key, sizeof key);
	sr_hex_encode(hex, key.b, sizeof key.b);
	ct_must(sr_hex_decode(back.b, sizeof back.b, hex, 64));
	ct_use(&back, sizeof back);
}

static void ed25519_keys(void)
{
	uint8_t sig[65];
	struct sr_key32 seed;
	struct key *key;
	size_t n;

	ct_key(&seed);
	SECRET(&seed, sizeof seed);
	ct_must(key_from_seed(&key, VAULT_ACCOUNT_ED25519, &seed));
	PUBLIC(&key->account, sizeof key->account);
	PUBLIC(&key->box_public, sizeof key->box_public);
	ct_must(key_sign(sig, &n, key, "domain", "title", (const uint8_t *)"message", 7));
	ct_use(sig, sizeof sig);
	key_free(key);
	printf("  SKIPPED: Ethereum keys: libsecp256k1 branches on what it makes public, and only "
	    "its own tests can tell\n");
}

/* Fills its bucket: whether padding is zeros is a verdict, too. The length is public once open. */
static void payload(void)
{
	static uint8_t plain[256], back[256], sealed[CRYPT_HEAD + sizeof plain + SR_GCM_TAG];
	struct crypt_stream stream;
	struct sr_key32 dek;
	size_t n;

	ct_key(&dek);
	SECRET(&dek, sizeof dek);
	SECRET(plain, sizeof plain);
	ct_must(crypt_seal(sealed, &dek, plain, sizeof plain));
	PUBLIC(sealed, sizeof sealed);
	ct_must(crypt_start(&stream, &dek, sizeof plain));
	ct_must(crypt_open_head(&stream, sealed));
	PUBLIC(&stream.bytes, sizeof stream.bytes);
	ct_must(crypt_open_chunk(&stream, back, &n, sealed + CRYPT_HEAD));
	ct_use(back, sizeof back);
	crypt_wipe(&stream);
}

/* The DEK under the vault key and under the owner's; what two members' shares combine to. */
static void wrapped_key(void)
{
	struct sr_key32 dek, owner, got, kem;
	struct shamir_tdh2_share shares[2];
	struct shamir_index indices[2] = { { 1 }, { 2 } }, bad;
	struct vault_wrapped_key wrapped;
	struct shamir_tdh2_ct ct;
	struct shamir_poly poly;
	struct sr_scalar x[2];
	struct sr_point y, keys[2];
	struct sr_xpk owner_public;
	struct sr_reader r;

	ct_must(shamir_poly_init(&poly, 2, NULL, &ct_drbg));
	sr_point_base_mul(&y, &poly.a[0]);
	ct_key(&dek);
	ct_key(&owner);
	sr_x25519_public(&owner_public, &owner);
	SECRET(&dek, sizeof dek);
	SECRET(&owner, sizeof owner);
	ct_must(crypt_wrap(&wrapped, &dek, y.b, &label, &owner_public, &ct_drbg));
	PUBLIC(&wrapped, sizeof wrapped);
	ct_must(crypt_unwrap_owner(&got, &wrapped, &label, &owner));
	ct_use(&got, sizeof got);
	sr_reader_init(&r, wrapped.tdh2, sizeof wrapped.tdh2);
	shamir_tdh2_ct_read(&ct, &r);
	ct_must(sr_reader_finish(&r));
	for (unsigned i = 0; i < 2; i++) {
		ct_must(shamir_poly_eval(&x[i], &poly, indices[i]));
		sr_point_base_mul(&keys[i], &x[i]);
		ct_must(shamir_tdh2_share_make(&shares[i], &x[i], &ct, label.b, 32, &ct_drbg));
	}
	/* Sealed to who asks: whoever has t of them has the key. The points have been checked. */
	ct_must(shamir_tdh2_combine(&kem, &bad, &ct, label.b, 32, indices, keys, shares, 2, 2));
	SECRET(&kem, sizeof kem);
	ct_must(crypt_unwrap_kem(&got, &wrapped, &label, &kem));
	ct_use(&got, sizeof got);
	shamir_poly_clear(&poly);
}

int main(int argc, char **argv)
{
	static const struct ct_test tests[] = {
		{ "hexadecimal", hexadecimal }, { "Ed25519 keys", ed25519_keys },
		{ "payload", payload }, { "the DEK", wrapped_key },
	};

	return ct_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
