/* MakeCredential against a TPM's side of it, written here from the specification and nothing else
 * of ours. */
#include "attest/tpm_credential.h"

#include <gcrypt.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"
#include "tests/lib/vectors.h"

#define SKIP "TPM credentials"

/* --- A fake endorsement key: RSA with a certificate of its own --- */

struct fake_ek { gcry_mpi_t n, d; uint8_t der[4096]; size_t der_n; };

static void fake_ek_make(struct fake_ek *ek, unsigned bits)
{
	gnutls_datum_t n, e, d, p, q, u, out = { NULL, 0 };
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	const uint8_t serial = 1;

	ck_assert_int_eq(gnutls_x509_privkey_init(&key), 0);
	ck_assert_int_eq(gnutls_x509_privkey_generate(key, GNUTLS_PK_RSA, bits, 0), 0);
	ck_assert_int_eq(gnutls_x509_privkey_export_rsa_raw(key, &n, &e, &d, &p, &q, &u), 0);
	ck_assert_int_eq(gcry_mpi_scan(&ek->n, GCRYMPI_FMT_USG, n.data, n.size, NULL), 0);
	ck_assert_int_eq(gcry_mpi_scan(&ek->d, GCRYMPI_FMT_USG, d.data, d.size, NULL), 0);
	ck_assert_int_eq(gnutls_x509_crt_init(&crt), 0);
	ck_assert_int_eq(gnutls_x509_crt_set_version(crt, 3), 0);
	ck_assert_int_eq(gnutls_x509_crt_set_serial(crt, &serial, 1), 0);
	ck_assert_int_eq(gnutls_x509_crt_set_activation_time(crt, 1700000000), 0);
	ck_assert_int_eq(gnutls_x509_crt_set_expiration_time(crt, 1900000000), 0);
	ck_assert_int_eq(gnutls_x509_crt_set_key(crt, key), 0);
	ck_assert_int_eq(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
	ck_assert_int_eq(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &out), 0);
	ck_assert_uint_le(out.size, sizeof ek->der);
	memcpy(ek->der, out.data, out.size);
	ek->der_n = out.size;
	gnutls_free(out.data);
	gnutls_free(n.data);
	gnutls_free(e.data);
	gnutls_free(d.data);
	gnutls_free(p.data);
	gnutls_free(q.data);
	gnutls_free(u.data);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
}

static void fake_ek_clear(struct fake_ek *ek)
{
	gcry_mpi_release(ek->n);
	gcry_mpi_release(ek->d);
}

/* --- The TPM's side --- */

static void hash(uint8_t out[32], const void *a, size_t a_n, const void *b, size_t b_n)
{
	uint8_t both[512];

	memcpy(both, a, a_n);
	if (b_n > 0)
		memcpy(both + a_n, b, b_n);
	gcry_md_hash_buffer(GCRY_MD_SHA256, out, both, a_n + b_n);
}

static void hmac(uint8_t out[32], const uint8_t key[32], const void *p, size_t n)
{
	gcry_mac_hd_t h;
	size_t size = 32;

	ck_assert_int_eq(gcry_mac_open(&h, GCRY_MAC_HMAC_SHA256, 0, NULL), 0);
	ck_assert_int_eq(gcry_mac_setkey(h, key, 32), 0);
	ck_assert_int_eq(gcry_mac_write(h, p, n), 0);
	ck_assert_int_eq(gcry_mac_read(h, out, &size), 0);
	gcry_mac_close(h);
}

static void mask(uint8_t *p, size_t n, const uint8_t *seed, size_t seed_n)
{
	uint8_t block[32], counter[4] = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (i % 32 == 0) {
			counter[3] = (uint8_t)(i / 32);
			hash(block, seed, seed_n, counter, 4);
		}
		p[i] ^= block[i % 32];
	}
}

/* RFC 8017 7.1.2, of a 32-byte message. */
static bool oaep_open(uint8_t out[32], const struct fake_ek *ek, const uint8_t cipher[256])
{
	uint8_t em[256] = { 0 }, label[32], *seed = em + 1, *db = em + 33;
	gcry_mpi_t c = NULL, m = gcry_mpi_new(2048);
	size_t n = 0, i;

	ck_assert_int_eq(gcry_mpi_scan(&c, GCRYMPI_FMT_USG, cipher, 256, NULL), 0);
	gcry_mpi_powm(m, c, ek->d, ek->n);
	ck_assert_int_eq(gcry_mpi_print(GCRYMPI_FMT_USG, NULL, 0, &n, m), 0);
	ck_assert_uint_le(n, 256);
	ck_assert_int_eq(gcry_mpi_print(GCRYMPI_FMT_USG, em + 256 - n, n, &n, m), 0);
	gcry_mpi_release(c);
	gcry_mpi_release(m);
	mask(seed, 32, db, 223);
	mask(db, 223, seed, 32);
	hash(label, "IDENTITY", 9, NULL, 0);
	if (em[0] != 0 || memcmp(db, label, 32) != 0)
		return false;
	for (i = 32; i < 223 && db[i] == 0; i++)
		continue;
	if (i != 223 - 33 || db[i] != 1)
		return false;
	memcpy(out, db + i + 1, 32);
	return true;
}

static bool fake_activate(uint8_t out[32], const struct fake_ek *ek,
    const struct attest_credential *c, const uint8_t name[34])
{
	static const uint8_t iv[16];
	uint8_t seed[32], block[32], text[128] = { 0, 0, 0, 1 }, mac[32], plain[34];
	gcry_cipher_hd_t aes;

	if (!oaep_open(seed, ek, c->secret))
		return false;
	memcpy(text + 4, "INTEGRITY\0\0\0\1\0", 14);
	hmac(block, seed, text, 18);
	memcpy(text, c->id_object + 34, 34);
	memcpy(text + 34, name, 34);
	hmac(mac, block, text, 68);
	if (c->id_object[0] != 0 || c->id_object[1] != 32 || memcmp(mac, c->id_object + 2, 32) != 0)
		return false;
	memcpy(text, "\0\0\0\1STORAGE", 12);
	memcpy(text + 12, name, 34);
	memcpy(text + 46, "\0\0\0\x80", 4);
	hmac(block, seed, text, 50);
	ck_assert_int_eq(
	    gcry_cipher_open(&aes, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_CFB, 0), 0);
	ck_assert_int_eq(gcry_cipher_setkey(aes, block, 16), 0);
	ck_assert_int_eq(gcry_cipher_setiv(aes, iv, 16), 0);
	ck_assert_int_eq(gcry_cipher_decrypt(aes, plain, 34, c->id_object + 34, 34), 0);
	gcry_cipher_close(aes);
	memcpy(out, plain + 2, 32);
	return plain[0] == 0 && plain[1] == 32;
}

START_TEST(only_the_tpm_with_both_keys_answers_a_credential)
{
	struct fake_ek ek, other;
	struct attest_credential c, again;
	struct sr_key32 answer;
	struct sr_drbg drbg;
	struct sr_bytes certificate;
	uint8_t random[64], name[ATTEST_AK_NAME] = { 0, 0x0b, 7 }, got[32];

	test_drbg(&drbg, "credential");
	fake_ek_make(&ek, 2048);
	fake_ek_make(&other, 2048);
	certificate = (struct sr_bytes){ ek.der, ek.der_n };
	for (unsigned i = 0; i < 20; i++) {
		ck_ok(sr_drbg_fill(&drbg, random, sizeof random));
		ck_ok(sr_drbg_fill(&drbg, answer.b, sizeof answer.b));
		ck_ok(attest_credential_make(&c, certificate, name, &answer, random));
		ck_assert(fake_activate(got, &ek, &c, name));
		ck_assert_mem_eq(got, answer.b, 32);
	}
	ck_assert(!fake_activate(got, &other, &c, name));
	name[33] ^= 1;                       /* another attestation key */
	ck_assert(!fake_activate(got, &ek, &c, name));
	name[33] ^= 1;
	c.id_object[40] ^= 1;
	ck_assert(!fake_activate(got, &ek, &c, name));
	c.id_object[40] ^= 1;
	ck_ok(attest_credential_make(&again, certificate, name, &answer, random));
	ck_assert_mem_eq(&c, &again, sizeof c);      /* a function of its arguments alone */
	random[63] ^= 1;                     /* the seed of OAEP */
	ck_ok(attest_credential_make(&again, certificate, name, &answer, random));
	ck_assert_mem_eq(c.id_object, again.id_object, sizeof c.id_object);
	ck_assert_mem_ne(c.secret, again.secret, sizeof c.secret);
	fake_ek_clear(&ek);
	fake_ek_clear(&other);
}
END_TEST

START_TEST(a_key_of_another_size_is_refused)
{
	static const uint8_t zero[sizeof(struct attest_credential)];
	struct fake_ek ek;
	struct attest_credential c;
	struct sr_key32 answer = { { 1 } };
	uint8_t random[64] = { 2 }, name[ATTEST_AK_NAME] = { 0 };

	fake_ek_make(&ek, 3072);
	memset(&c, 1, sizeof c);
	ck_error(attest_credential_make(
		     &c, (struct sr_bytes){ ek.der, ek.der_n }, name, &answer, random),
	    SR_ERR_BAD_PUBLIC_KEY);
	ck_assert_mem_eq(&c, zero, sizeof c);
	ck_error(attest_credential_make(
		     &c, (struct sr_bytes){ ek.der, ek.der_n - 1 }, name, &answer, random),
	    SR_ERR_CHAIN_BAD);
	fake_ek_clear(&ek);
}
END_TEST

/* What a TPM's tools made for this certificate has the sizes that ours has. */
START_TEST(a_credential_has_the_form_that_tpms_take)
{
	size_t ek_n = 0, cred_n = 0;
	uint8_t *ek = test_vectors_bytes("tpm/swtpm_sample/ek_rsa.der", &ek_n, SKIP);
	uint8_t *cred = test_vectors_bytes("tpm/swtpm_sample/cred.bin", &cred_n, SKIP);
	uint8_t random[64] = { 2 }, name[ATTEST_AK_NAME] = { 0 };
	struct sr_key32 answer = { { 1 } };
	struct attest_credential c;

	if (ek == NULL || cred == NULL)
		return;
	ck_ok(attest_credential_make(&c, (struct sr_bytes){ ek, ek_n }, name, &answer, random));
	ck_assert_uint_eq(cred_n, 8 + 2 + sizeof c.id_object + 2 + sizeof c.secret);
	ck_assert_int_eq(cred[8] << 8 | cred[9], (int)sizeof c.id_object);
	ck_assert_mem_eq(cred + 10, c.id_object, 2);
	ck_assert_int_eq(cred[78] << 8 | cred[79], (int)sizeof c.secret);
	free(ek);
	free(cred);
}
END_TEST

/* The planted fault: a label without its NUL must not be taken for the right one. */
START_TEST(another_label_is_noticed)
{
	struct fake_ek ek;
	struct sr_key32 seed = { { 5 } };
	uint8_t random[32] = { 6 }, cipher[256], modulus[256], out[32];
	struct sr_bytes n = { modulus, sizeof modulus };
	static const uint8_t e[] = { 1, 0, 1 }, label[] = "IDENTITY";
	size_t size;

	fake_ek_make(&ek, 2048);
	ck_assert_int_eq(gcry_mpi_print(GCRYMPI_FMT_USG, modulus, 256, &size, ek.n), 0);
	ck_ok(sr_rsa_oaep_seal(cipher, n, (struct sr_bytes){ e, 3 },
	    (struct sr_bytes){ label, sizeof label }, &seed, random));
	ck_assert(oaep_open(out, &ek, cipher));
	ck_assert_mem_eq(out, seed.b, 32);
	ck_ok(sr_rsa_oaep_seal(cipher, n, (struct sr_bytes){ e, 3 },
	    (struct sr_bytes){ label, sizeof label - 1 }, &seed, random));
	ck_assert(!oaep_open(out, &ek, cipher));
	fake_ek_clear(&ek);
}
END_TEST

/* SP 800-38A 6.3: C1 = P1 ^ E(0), Ci = Pi ^ E(Ci-1). */
START_TEST(cfb_is_the_cipher_of_what_was_written_before)
{
	uint8_t key[16] = { 0x2b, 0x7e, 0x15, 0x16 }, in[40], out[40], ecb[16];
	uint8_t feedback[16] = { 0 };
	gcry_cipher_hd_t aes;

	for (uint8_t i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)(i * 7);
	ck_ok(sr_cfb128_seal(out, key, in, sizeof in));
	ck_assert_int_eq(
	    gcry_cipher_open(&aes, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_ECB, 0), 0);
	ck_assert_int_eq(gcry_cipher_setkey(aes, key, 16), 0);
	for (size_t i = 0; i < sizeof in; i++) {
		if (i % 16 == 0) {
			if (i > 0)
				memcpy(feedback, out + i - 16, 16);
			ck_assert_int_eq(gcry_cipher_encrypt(aes, ecb, 16, feedback, 16), 0);
		}
		ck_assert_uint_eq(out[i], in[i] ^ ecb[i % 16]);
	}
	gcry_cipher_close(aes);
}
END_TEST

TEST_MAIN("attest/tpm_credential", only_the_tpm_with_both_keys_answers_a_credential,
    a_key_of_another_size_is_refused, a_credential_has_the_form_that_tpms_take,
    another_label_is_noticed, cfb_is_the_cipher_of_what_was_written_before)
