/* The one file of base that includes libsodium: Ed25519, X25519, wiping and locked memory. */
#include "base/crypto.h"

#include <sodium.h>
#include <string.h>

#include "base/crypto_private.h"

/* More than any call into a library needs. */
#define STACK_BYTES 8192u

enum sr_error sr_sodium_start(void)
{
	return sodium_init() < 0 ? SR_ERR_INTERNAL : SR_OK;
}

void sr_wipe(void *p, size_t n)
{
	if (n > 0)
		sodium_memzero(p, n);
}

void sr_wipe_stack(void)
{
	sodium_stackzero(STACK_BYTES);
}

void sr_key32_wipe(struct sr_key32 *k)
{
	sodium_memzero(k, sizeof *k);
}

bool sr_ct_equal(const void *a, const void *b, size_t n)
{
	return sodium_memcmp(a, b, n) == 0;
}

void *sr_secret_alloc(size_t n)
{
	/* The region ends at its guard page; a multiple of 16 aligns its start for any type. */
	size_t rounded = n == 0 ? 16 : (n + 15) & ~(size_t)15;
	void *p;

	if (rounded < n)
		return NULL;
	p = sodium_malloc(rounded);
	if (p == NULL)
		return NULL;
	/* sodium_malloc goes on without a word when locking fails. */
	if (sodium_mlock(p, rounded) != 0) {
		sodium_free(p);
		return NULL;
	}
	memset(p, 0, rounded);
	return p;
}

void sr_secret_free(void *p)
{
	sodium_free(p);
}

enum sr_error sr_secret_bytes_init(struct sr_secret_bytes *self, size_t n)
{
	self->p = sr_secret_alloc(n);
	self->n = self->p != NULL ? n : 0;
	return self->p != NULL ? SR_OK : SR_ERR_NO_LOCKED_MEMORY;
}

void sr_secret_bytes_clear(struct sr_secret_bytes *self)
{
	sr_secret_free(self->p);
	self->p = NULL;
	self->n = 0;
}

void sr_edsk_wipe(struct sr_edsk *sk)
{
	sodium_memzero(sk, sizeof *sk);
}

void sr_ed25519_keypair(struct sr_edsk *sk, struct sr_edpk *pk, const struct sr_key32 *seed)
{
	SR_ASSERT(crypto_sign_seed_keypair(pk->b, sk->b, seed->b) == 0);
	sr_wipe_stack();
}

void sr_ed25519_sign_raw(
    struct sr_sig64 *out, const struct sr_edsk *sk, const uint8_t *msg, size_t n)
{
	SR_ASSERT(crypto_sign_detached(out->b, NULL, msg, n, sk->b) == 0);
}

enum sr_error sr_ed25519_verify_raw(const struct sr_edpk *pk, const struct sr_sig64 *sig,
    const uint8_t *msg, size_t n)
{
	bool good = crypto_sign_verify_detached(sig->b, msg, n, pk->b) == 0;

	return good ? SR_OK : SR_ERR_BAD_SIGNATURE;
}

void sr_sign(struct sr_sig64 *out, const struct sr_edsk *sk, const char *domain, const uint8_t *msg,
    size_t msg_n)
{
	struct sr_bytes part = { msg, msg_n };
	struct sr_hash32 digest = sr_hash_domain(domain, &part, 1);

	sr_ed25519_sign_raw(out, sk, digest.b, sizeof digest.b);
}

enum sr_error sr_verify(const struct sr_edpk *pk, const struct sr_sig64 *sig, const char *domain,
    const uint8_t *msg, size_t msg_n)
{
	struct sr_bytes part = { msg, msg_n };
	struct sr_hash32 digest = sr_hash_domain(domain, &part, 1);

	return sr_ed25519_verify_raw(pk, sig, digest.b, sizeof digest.b);
}

void sr_x25519_public(struct sr_xpk *pk, const struct sr_key32 *sk)
{
	SR_ASSERT(crypto_scalarmult_base(pk->b, sk->b) == 0);
	sr_wipe_stack();
}

enum sr_error sr_x25519(struct sr_key32 *out, const struct sr_key32 *sk, const struct sr_xpk *pk)
{
	bool good = crypto_scalarmult(out->b, sk->b, pk->b) == 0;

	sr_wipe_stack();
	if (!good) {
		sr_key32_wipe(out);
		return SR_ERR_BAD_PUBLIC_KEY;
	}
	return SR_OK;
}
