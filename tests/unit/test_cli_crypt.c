/* What leaves a client: the payload stream and the wrapped key. */
#include "cli/crypt.h"

#include <stdlib.h>
#include <string.h>

#include "shamir/feldman.h"
#include "shamir/tdh2.h"
#include "tests/lib/check_main.h"
#include "tests/lib/seed.h"

static const size_t sizes[] = { 0, 1, 255, 256, 257, 4096, 65535, 65536, 65537, 131072, 200000,
	1048577 };
#define SIZES (sizeof sizes / sizeof sizes[0])

START_TEST(buckets_hide_the_size_and_cost_little)
{
	uint64_t before = 0;

	for (uint64_t n = 0; n < 300000; n += 1 + n / 97) {
		uint64_t b = crypt_bucket(n);

		ck_assert_uint_ge(b, n);
		ck_assert_uint_ge(b, 256);
		ck_assert_uint_ge(b, before);
		ck_assert_uint_eq(crypt_bucket(b), b);
		ck_assert_msg(n < 256 || (b - n) * 100 <= n * 12, "%llu in %llu",
		    (unsigned long long)n, (unsigned long long)b);
		before = b;
	}
	ck_assert_uint_eq(crypt_bucket(65536), 65536);
	ck_assert_uint_eq(crypt_bucket(SR_PAYLOAD_MAX), SR_PAYLOAD_MAX);
	ck_assert_uint_eq(crypt_bucket(SR_PAYLOAD_MAX - 1), SR_PAYLOAD_MAX);
	ck_assert_uint_le(crypt_stream_bytes(65536), VAULT_INLINE_BYTES_MAX);
	ck_assert_uint_le(crypt_stream_bytes(SR_PAYLOAD_MAX), VAULT_BLOB_CIPHER_MAX);
}
END_TEST

struct sealed {
	struct sr_key32 dek;
	uint8_t *plain, *sealed, *opened;
	size_t n, sealed_n;
	uint64_t bucket;
};

static void seal(struct sealed *s, struct sr_drbg *drbg, size_t n)
{
	s->n = n;
	s->bucket = crypt_bucket(n);
	s->sealed_n = (size_t)crypt_stream_bytes(s->bucket);
	s->plain = malloc(n + 1);
	s->sealed = malloc(s->sealed_n);
	s->opened = malloc((size_t)s->bucket);
	ck_ok(sr_drbg_fill(drbg, s->dek.b, sizeof s->dek.b));
	ck_ok(sr_drbg_fill(drbg, s->plain, n));
	ck_ok(crypt_seal(s->sealed, &s->dek, s->plain, n));
}

static void unseal(struct sealed *s)
{
	free(s->plain);
	free(s->sealed);
	free(s->opened);
}

START_TEST(every_size_comes_back)
{
	struct sr_drbg drbg;

	test_drbg(&drbg, "every_size_comes_back");
	for (size_t i = 0; i < SIZES; i++) {
		struct sealed s;
		size_t n;

		seal(&s, &drbg, sizes[i]);
		ck_ok(crypt_open(s.opened, &n, &s.dek, s.bucket, s.sealed, s.sealed_n));
		ck_assert_uint_eq(n, s.n);
		ck_assert(memcmp(s.opened, s.plain, n) == 0);
		unseal(&s);
	}
}
END_TEST

START_TEST(a_changed_byte_anywhere_is_found)
{
	struct sr_drbg drbg;
	struct sealed s;
	size_t n;

	test_drbg(&drbg, "a_changed_byte_anywhere_is_found");
	seal(&s, &drbg, 70000);
	for (size_t at = 0; at < s.sealed_n; at += 1 + at % 211) {
		s.sealed[at] ^= 1;
		ck_error(crypt_open(s.opened, &n, &s.dek, s.bucket, s.sealed, s.sealed_n),
		    SR_ERR_DECRYPT_FAILED);
		ck_assert_uint_eq(n, 0);
		s.sealed[at] ^= 1;
	}
	ck_ok(crypt_open(s.opened, &n, &s.dek, s.bucket, s.sealed, s.sealed_n));
	unseal(&s);
}
END_TEST

START_TEST(chunks_cannot_be_dropped_swapped_or_moved_to_another_bucket)
{
	const size_t chunk = CRYPT_CHUNK + SR_GCM_TAG;
	struct sr_drbg drbg;
	struct sealed s;
	uint8_t *swapped;
	size_t n;

	test_drbg(&drbg, "chunks_cannot_be_dropped");
	seal(&s, &drbg, 3 * CRYPT_CHUNK);
	swapped = malloc(s.sealed_n);
	memcpy(swapped, s.sealed, s.sealed_n);
	memcpy(swapped + CRYPT_HEAD, s.sealed + CRYPT_HEAD + chunk, chunk);
	memcpy(swapped + CRYPT_HEAD + chunk, s.sealed + CRYPT_HEAD, chunk);
	ck_error(
	    crypt_open(s.opened, &n, &s.dek, s.bucket, swapped, s.sealed_n), SR_ERR_DECRYPT_FAILED);
	/* The last chunk's flag: two of three are not a shorter payload. */
	ck_error(crypt_open(s.opened, &n, &s.dek, crypt_bucket(2 * CRYPT_CHUNK), s.sealed,
	    (size_t)crypt_stream_bytes(2 * CRYPT_CHUNK)), SR_ERR_DECRYPT_FAILED);
	ck_error(
	    crypt_open(s.opened, &n, &s.dek, s.bucket, s.sealed, s.sealed_n - 1), SR_ERR_TRUNCATED);
	ck_error(crypt_open(s.opened, &n, &s.dek, s.bucket, s.sealed, s.sealed_n + 1),
	    SR_ERR_TRAILING_BYTES);
	ck_error(crypt_open(s.opened, &n, &s.dek, s.bucket - 1, s.sealed, s.sealed_n),
	    SR_ERR_BAD_ENCODING);
	free(swapped);
	unseal(&s);
}
END_TEST

/* A vault key, its shares, and the owner of a secret. */
struct wrapping {
	struct sr_drbg drbg;
	struct sr_point y, keys[3];
	struct sr_scalar x[3];
	struct sr_key32 dek, owner;
	struct sr_xpk owner_public;
	struct sr_hash32 label, other;
	struct vault_wrapped_key wrapped;
};

static void wrapping_make(struct wrapping *w)
{
	struct shamir_poly poly;
	struct shamir_commitments c;

	test_drbg(&w->drbg, "wrapping");
	ck_ok(shamir_deal_fresh(&poly, &c, 2, &w->drbg));
	w->y = c.a[0];
	ck_ok(shamir_feldman_keys(w->keys, 3, &c));
	for (uint32_t i = 0; i < 3; i++)
		ck_ok(shamir_poly_eval(&w->x[i], &poly, (struct shamir_index){ i + 1 }));
	shamir_poly_clear(&poly);
	ck_ok(sr_drbg_fill(&w->drbg, w->dek.b, 32));
	ck_ok(sr_drbg_fill(&w->drbg, w->owner.b, 32));
	sr_x25519_public(&w->owner_public, &w->owner);
	w->label = sr_hash("label", 5);
	w->other = sr_hash("other", 5);
	ck_ok(crypt_wrap(&w->wrapped, &w->dek, w->y.b, &w->label, &w->owner_public, &w->drbg));
}

START_TEST(shares_and_the_owner_each_open_the_same_key)
{
	struct wrapping w;
	struct shamir_tdh2_ct ct;
	struct shamir_tdh2_share shares[2];
	struct shamir_index indices[2] = { { 1 }, { 3 } }, bad;
	struct sr_point keys[2];
	struct sr_key32 kem, dek;
	struct sr_reader r;

	wrapping_make(&w);
	keys[0] = w.keys[0];
	keys[1] = w.keys[2];
	sr_reader_init(&r, w.wrapped.tdh2, sizeof w.wrapped.tdh2);
	shamir_tdh2_ct_read(&ct, &r);
	ck_ok(sr_reader_finish(&r));
	for (unsigned i = 0; i < 2; i++)
		ck_ok(shamir_tdh2_share_make(&shares[i], &w.x[2 * i], &ct, w.label.b, 32, &w.drbg));
	ck_ok(shamir_tdh2_combine(&kem, &bad, &ct, w.label.b, 32, indices, keys, shares, 2, 2));
	ck_ok(crypt_unwrap_kem(&dek, &w.wrapped, &w.label, &kem));
	ck_assert(memcmp(dek.b, w.dek.b, 32) == 0);
	ck_ok(crypt_unwrap_owner(&dek, &w.wrapped, &w.label, &w.owner));
	ck_assert(memcmp(dek.b, w.dek.b, 32) == 0);
}
END_TEST

START_TEST(under_another_label_or_key_nothing_opens)
{
	struct wrapping w;
	struct sr_key32 dek, stranger = { { 1 } };

	wrapping_make(&w);
	ck_error(crypt_unwrap_owner(&dek, &w.wrapped, &w.other, &w.owner), SR_ERR_DECRYPT_FAILED);
	ck_error(crypt_unwrap_owner(&dek, &w.wrapped, &w.label, &stranger), SR_ERR_DECRYPT_FAILED);
	ck_error(crypt_unwrap_kem(&dek, &w.wrapped, &w.label, &stranger), SR_ERR_DECRYPT_FAILED);
	w.wrapped.owner_dek[40] ^= 1;
	ck_error(crypt_unwrap_owner(&dek, &w.wrapped, &w.label, &w.owner), SR_ERR_DECRYPT_FAILED);
}
END_TEST

TEST_MAIN("cli crypt", buckets_hide_the_size_and_cost_little, every_size_comes_back,
    a_changed_byte_anywhere_is_found,
    chunks_cannot_be_dropped_swapped_or_moved_to_another_bucket,
    shares_and_the_owner_each_open_the_same_key, under_another_label_or_key_nothing_opens)
