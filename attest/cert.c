#include "attest/cert.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#include "attest/der.h"

struct cert { gnutls_x509_crt_t crt; };

/* The windows are ours to judge, by the time that is passed in. */
#define NO_CLOCK (GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DISABLE_CRL_CHECKS)

/* Of a list GnuTLS looks at the clock all the same; those verdicts are put aside. */
#define CRL_CLOCK                                                                                  \
	((unsigned)GNUTLS_CERT_INVALID | GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED |                  \
	    GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE)

/* A lack of memory is no verdict. */
static enum sr_error verdict(int code, enum sr_error bad)
{
	if (code >= 0)
		return SR_OK;
	return code == GNUTLS_E_MEMORY_ERROR ? SR_ERR_NO_MEMORY : bad;
}

/* --- Windows --- */

void cert_window_init(struct cert_window *self)
{
	self->from = 0;
	self->to = UINT64_MAX;
}

void cert_window_cut(struct cert_window *self, uint64_t from, uint64_t to)
{
	if (from > self->from)
		self->from = from;
	if (to < self->to)
		self->to = to;
}

bool cert_window_holds(const struct cert_window *self, uint64_t time_s)
{
	return self->from <= time_s && time_s <= self->to;
}

/* --- Reading --- */

static enum sr_error chain_add(struct cert_chain *self, gnutls_x509_crt_t crt)
{
	struct cert *c = self->n < CERT_CHAIN_MAX ? malloc(sizeof *c) : NULL;

	if (c == NULL) {
		gnutls_x509_crt_deinit(crt);
		return self->n < CERT_CHAIN_MAX ? SR_ERR_NO_MEMORY : SR_ERR_CHAIN_BAD;
	}
	c->crt = crt;
	self->at[self->n++] = c;
	return SR_OK;
}

static enum sr_error read_der(struct cert_chain *self, const gnutls_datum_t *der)
{
	gnutls_x509_crt_t crt;
	enum sr_error err;

	if (gnutls_x509_crt_init(&crt) != 0)
		return SR_ERR_NO_MEMORY;
	err = verdict(gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER), SR_ERR_CHAIN_BAD);
	if (err == SR_OK)
		return chain_add(self, crt);
	gnutls_x509_crt_deinit(crt);
	return err;
}

static enum sr_error read_pem(struct cert_chain *self, const gnutls_datum_t *pem)
{
	gnutls_x509_crt_t list[CERT_CHAIN_MAX];
	unsigned n = CERT_CHAIN_MAX;
	enum sr_error err;

	SR_TRY(verdict(gnutls_x509_crt_list_import(list, &n, pem, GNUTLS_X509_FMT_PEM,
		GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED), SR_ERR_CHAIN_BAD));
	err = SR_OK;
	for (unsigned i = 0; i < n; i++) {
		if (err == SR_OK)
			err = chain_add(self, list[i]);
		else
			gnutls_x509_crt_deinit(list[i]);
	}
	return err;
}

/* What we read, written again, must be what we were given. */
static enum sr_error canonical(
    const struct cert_chain *self, size_t from, struct sr_bytes bytes, bool pem)
{
	size_t at = 0;

	for (size_t i = from; i < self->n; i++) {
		gnutls_datum_t out = { NULL, 0 };
		bool same;

		SR_TRY(verdict(gnutls_x509_crt_export2(self->at[i]->crt,
			pem ? GNUTLS_X509_FMT_PEM : GNUTLS_X509_FMT_DER, &out), SR_ERR_CHAIN_BAD));
		same = out.size <= bytes.n - at && memcmp(out.data, bytes.p + at, out.size) == 0;
		at += out.size;
		gnutls_free(out.data);
		if (!same)
			return SR_ERR_CHAIN_BAD;
	}
	return at == bytes.n || (pem && at + 1 == bytes.n && bytes.p[at] == 0) ? SR_OK
									       : SR_ERR_CHAIN_BAD;
}

enum sr_error cert_chain_read(struct cert_chain *self, struct sr_bytes bytes)
{
	uint8_t *copy;
	gnutls_datum_t in;
	size_t from = self->n;
	enum sr_error err;

	if (bytes.n == 0 || bytes.n > CERT_BYTES_MAX)
		return SR_ERR_CHAIN_BAD;
	copy = malloc(bytes.n);      /* GnuTLS's datum is not const */
	if (copy == NULL)
		return SR_ERR_NO_MEMORY;
	memcpy(copy, bytes.p, bytes.n);
	in = (gnutls_datum_t){ copy, (unsigned)bytes.n };
	err = copy[0] == 0x30 ? read_der(self, &in) : read_pem(self, &in);
	if (err == SR_OK)
		err = canonical(self, from, bytes, copy[0] != 0x30);
	free(copy);
	return err;
}

void cert_chain_clear(struct cert_chain *self)
{
	for (size_t i = 0; i < self->n; i++) {
		gnutls_x509_crt_deinit(self->at[i]->crt);
		free(self->at[i]);
	}
	self->n = 0;
}

/* --- Chains --- */

enum sr_error cert_hash(struct sr_hash32 *out, const struct cert *cert)
{
	gnutls_datum_t der = { NULL, 0 };

	*out = (struct sr_hash32){ { 0 } };
	SR_TRY(verdict(
	    gnutls_x509_crt_export2(cert->crt, GNUTLS_X509_FMT_DER, &der), SR_ERR_CHAIN_BAD));
	*out = sr_hash(der.data, der.size);
	gnutls_free(der.data);
	return SR_OK;
}

static void window_cut(struct cert_window *window, gnutls_x509_crt_t crt)
{
	time_t from = gnutls_x509_crt_get_activation_time(crt);
	time_t to = gnutls_x509_crt_get_expiration_time(crt);

	/* A time that does not parse is a window that holds nothing. */
	if (from < 0 || to < 0)
		cert_window_cut(window, UINT64_MAX, 0);
	else
		cert_window_cut(window, (uint64_t)from, (uint64_t)to);
}

/* The chain rules of RFC 5280 (names, CA flag, path length, key usage) are GnuTLS's affair; the
 * trusted end is ours: the last certificate, once it is the pinned one to the bit. */
enum sr_error cert_chain_verify(const struct cert_chain *self, const struct sr_hash32 *roots,
    size_t roots_n, struct cert_window *window)
{
	gnutls_x509_crt_t list[CERT_CHAIN_MAX];
	struct sr_hash32 last;
	unsigned status = 0;
	bool pinned = false;

	if (self->n == 0)
		return SR_ERR_CHAIN_BAD;
	SR_TRY(cert_hash(&last, self->at[self->n - 1]));
	for (size_t i = 0; i < roots_n; i++)
		pinned = pinned || sr_hash32_equal(&last, &roots[i]);
	if (!pinned || sr_hash32_is_zero(&last))
		return SR_ERR_CHAIN_BAD;
	for (size_t i = 0; i < self->n; i++) {
		list[i] = self->at[i]->crt;
		window_cut(window, list[i]);
	}
	SR_TRY(verdict(gnutls_x509_crt_list_verify(list, (unsigned)self->n, &list[self->n - 1], 1,
		NULL, 0, NO_CLOCK, &status), SR_ERR_CHAIN_BAD));
	return status == 0 ? SR_OK : SR_ERR_CHAIN_BAD;
}

enum sr_error cert_chain_complete(struct cert_chain *self, const struct cert_chain *pool)
{
	while (self->n > 0 && self->n < CERT_CHAIN_MAX) {
		gnutls_x509_crt_t last = self->at[self->n - 1]->crt;
		gnutls_datum_t der = { NULL, 0 };
		const struct cert *found = NULL;
		enum sr_error err;

		if (gnutls_x509_crt_check_issuer(last, last))
			return SR_OK;
		for (size_t i = 0; i < pool->n && found == NULL; i++)
			if (gnutls_x509_crt_check_issuer(last, pool->at[i]->crt))
				found = pool->at[i];
		if (found == NULL)
			return SR_OK;
		SR_TRY(verdict(gnutls_x509_crt_export2(found->crt, GNUTLS_X509_FMT_DER, &der),
		    SR_ERR_CHAIN_BAD));
		err = read_der(self, &der);
		gnutls_free(der.data);
		SR_TRY(err);
	}
	return SR_OK;
}

/* Whoever has no such extension is none. */
enum sr_error cert_is_ca(bool *ca, const struct cert *cert)
{
	int code = gnutls_x509_crt_get_ca_status(cert->crt, NULL);

	*ca = code > 0;
	return code == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE ? SR_OK
							     : verdict(code, SR_ERR_CHAIN_BAD);
}

enum sr_error cert_extension(uint8_t **out, size_t *n, const struct cert *cert, const char *oid)
{
	char here[128];

	for (unsigned i = 0; i < 64; i++) {
		size_t here_n = sizeof here, size = 0;
		unsigned critical;
		enum sr_error err;

		SR_TRY(verdict(gnutls_x509_crt_get_extension_info(
		    cert->crt, i, here, &here_n, &critical), SR_ERR_NOT_FOUND));
		if (strcmp(here, oid) != 0)
			continue;
		SR_TRY(verdict(gnutls_x509_crt_get_extension_data(cert->crt, i, NULL, &size),
		    SR_ERR_NOT_FOUND));
		if (size == 0 || size > CERT_BYTES_MAX)
			return SR_ERR_NOT_FOUND;
		*out = malloc(size);
		if (*out == NULL)
			return SR_ERR_NO_MEMORY;
		err = verdict(gnutls_x509_crt_get_extension_data(cert->crt, i, *out, &size),
		    SR_ERR_NOT_FOUND);
		if (err != SR_OK)
			free(*out);
		*n = size;
		return err;
	}
	return SR_ERR_NOT_FOUND;
}

enum sr_error cert_named(const struct cert *cert, const char *name)
{
	char have[64];
	size_t n = sizeof have;

	SR_TRY(verdict(gnutls_x509_crt_get_dn_by_oid(
	    cert->crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, have, &n), SR_ERR_CHAIN_BAD));
	return strcmp(have, name) == 0 ? SR_OK : SR_ERR_CHAIN_BAD;
}

static bool datum_take(uint8_t *out, size_t *n, size_t max, const gnutls_datum_t *d)
{
	size_t from = 0;

	while (from < d->size && d->data[from] == 0)
		from++;
	if (d->size - from > max || d->size == from)
		return false;
	*n = d->size - from;
	memcpy(out, d->data + from, *n);
	return true;
}

/* Written twice: libtasn1 may leave parts out that it had no memory for, and not say so. */
static enum sr_error spki_export(gnutls_datum_t der[2], gnutls_pubkey_t key)
{
	for (size_t i = 0; i < 2; i++)
		SR_TRY(verdict(gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der[i]),
		    SR_ERR_BAD_PUBLIC_KEY));
	return der[0].size == der[1].size && memcmp(der[0].data, der[1].data, der[0].size) == 0
	    ? SR_OK
	    : SR_ERR_NO_MEMORY;
}

enum sr_error cert_spki(uint8_t *out, size_t *n, size_t max, const struct cert *cert)
{
	gnutls_datum_t der[2] = { { NULL, 0 }, { NULL, 0 } };
	gnutls_pubkey_t key;
	enum sr_error err;

	if (gnutls_pubkey_init(&key) != 0)
		return SR_ERR_NO_MEMORY;
	err = verdict(gnutls_pubkey_import_x509(key, cert->crt, 0), SR_ERR_BAD_PUBLIC_KEY);
	if (err == SR_OK)
		err = spki_export(der, key);
	if (err == SR_OK && !datum_take(out, n, max, &der[0]))
		err = SR_ERR_BAD_PUBLIC_KEY;
	gnutls_free(der[0].data);
	gnutls_free(der[1].data);
	gnutls_pubkey_deinit(key);
	return err;
}

enum sr_error cert_rsa(uint8_t *modulus, size_t *modulus_n, size_t modulus_max, uint8_t *exponent,
    size_t *exponent_n, size_t exponent_max, const struct cert *cert)
{
	gnutls_datum_t m = { NULL, 0 }, e = { NULL, 0 };
	gnutls_pubkey_t key;
	enum sr_error err;

	if (gnutls_pubkey_init(&key) != 0)
		return SR_ERR_NO_MEMORY;
	err = verdict(gnutls_pubkey_import_x509(key, cert->crt, 0), SR_ERR_BAD_PUBLIC_KEY);
	if (err == SR_OK)
		err = verdict(gnutls_pubkey_export_rsa_raw(key, &m, &e), SR_ERR_BAD_PUBLIC_KEY);
	if (err == SR_OK && (!datum_take(modulus, modulus_n, modulus_max, &m) ||
		!datum_take(exponent, exponent_n, exponent_max, &e)))
		err = SR_ERR_BAD_PUBLIC_KEY;
	gnutls_free(m.data);
	gnutls_free(e.data);
	gnutls_pubkey_deinit(key);
	return err;
}

/* --- Revocation --- */

/* The algorithm is named twice and signed once; GnuTLS does not compare the two in a list. */
static bool crl_algorithms_agree(struct sr_bytes der)
{
	struct sr_reader r, whole, tbs;
	struct sr_bytes b, inner, outer, bits;

	sr_reader_init(&r, der.p, der.n);
	b = der_expect(&r, DER_SEQUENCE);
	if (sr_reader_finish(&r) != SR_OK)
		return false;
	sr_reader_init(&whole, b.p, b.n);
	b = der_expect(&whole, DER_SEQUENCE);
	outer = der_expect(&whole, DER_SEQUENCE);
	bits = der_expect(&whole, DER_BITS);
	if (sr_reader_finish(&whole) != SR_OK || bits.n == 0 || bits.p[0] != 0)
		return false;
	sr_reader_init(&tbs, b.p, b.n);
	der_expect(&tbs, DER_INTEGER);       /* version 2 */
	inner = der_expect(&tbs, DER_SEQUENCE);
	return tbs.error == SR_OK && inner.n == outer.n && memcmp(inner.p, outer.p, inner.n) == 0;
}

static enum sr_error crl_check(gnutls_x509_crl_t crl, gnutls_x509_crt_t crt,
    gnutls_x509_crt_t issuer, struct cert_window *window)
{
	unsigned status = 0;
	time_t from = gnutls_x509_crl_get_this_update(crl),
	       to = gnutls_x509_crl_get_next_update(crl);
	int revoked;

	if (gnutls_x509_crl_check_issuer(crl, issuer) != 1)
		return SR_ERR_COLLATERAL_BAD;
	SR_TRY(verdict(gnutls_x509_crl_verify(crl, &issuer, 1, NO_CLOCK, &status),
	    SR_ERR_COLLATERAL_BAD));
	if ((status & ~CRL_CLOCK) != 0 || from < 0 || to < 0)
		return SR_ERR_COLLATERAL_BAD;
	cert_window_cut(window, (uint64_t)from, (uint64_t)to);
	revoked = gnutls_x509_crt_check_revocation(crt, &crl, 1);
	SR_TRY(verdict(revoked, SR_ERR_COLLATERAL_BAD));
	return revoked == 0 ? SR_OK : SR_ERR_KEY_REVOKED;
}

enum sr_error cert_not_revoked(const struct cert *cert, const struct cert *issuer,
    struct sr_bytes bytes, struct cert_window *window)
{
	gnutls_x509_crl_t crl;
	gnutls_datum_t in;
	uint8_t *copy;
	enum sr_error err;

	if (bytes.n == 0 || bytes.n > CERT_CRL_MAX || !crl_algorithms_agree(bytes))
		return SR_ERR_COLLATERAL_BAD;
	copy = malloc(bytes.n);
	if (copy == NULL)
		return SR_ERR_NO_MEMORY;
	if (gnutls_x509_crl_init(&crl) != 0) {
		free(copy);
		return SR_ERR_NO_MEMORY;
	}
	memcpy(copy, bytes.p, bytes.n);
	in = (gnutls_datum_t){ copy, (unsigned)bytes.n };
	err = verdict(
	    gnutls_x509_crl_import(crl, &in, GNUTLS_X509_FMT_DER), SR_ERR_COLLATERAL_BAD);
	if (err == SR_OK)
		err = crl_check(crl, cert->crt, issuer->crt, window);
	gnutls_x509_crl_deinit(crl);
	free(copy);
	return err;
}

/* --- Signatures --- */

static enum sr_error verify_rs(gnutls_pubkey_t key, enum cert_curve curve, struct sr_bytes message,
    const uint8_t *r, const uint8_t *s)
{
	gnutls_sign_algorithm_t algorithm = curve == CERT_P256 ? GNUTLS_SIGN_ECDSA_SHA256
							       : GNUTLS_SIGN_ECDSA_SHA384;
	uint8_t rs[2][48];
	gnutls_datum_t sig = { NULL, 0 }, rd = { rs[0], (unsigned)curve },
		       sd = { rs[1], (unsigned)curve };
	gnutls_datum_t data;
	uint8_t *copy;
	enum sr_error err;

	memcpy(rs[0], r, curve);
	memcpy(rs[1], s, curve);
	if (message.n == 0 || message.n > CERT_SIGNED_MAX)
		return SR_ERR_EVIDENCE_BAD;
	copy = malloc(message.n);
	if (copy == NULL)
		return SR_ERR_NO_MEMORY;
	memcpy(copy, message.p, message.n);
	data = (gnutls_datum_t){ copy, (unsigned)message.n };
	err = verdict(gnutls_encode_rs_value(&sig, &rd, &sd), SR_ERR_EVIDENCE_BAD);
	if (err == SR_OK)
		err = verdict(gnutls_pubkey_verify_data2(key, algorithm, 0, &data, &sig),
		    SR_ERR_EVIDENCE_BAD);
	gnutls_free(sig.data);
	free(copy);
	return err;
}

static gnutls_ecc_curve_t gnutls_curve(enum cert_curve curve)
{
	return curve == CERT_P256 ? GNUTLS_ECC_CURVE_SECP256R1 : GNUTLS_ECC_CURVE_SECP384R1;
}

enum sr_error cert_verify_rs(const struct cert *cert, enum cert_curve curve,
    struct sr_bytes message, const uint8_t *r, const uint8_t *s)
{
	gnutls_ecc_curve_t have = GNUTLS_ECC_CURVE_INVALID;
	gnutls_pubkey_t key;
	enum sr_error err;

	if (gnutls_pubkey_init(&key) != 0)
		return SR_ERR_NO_MEMORY;
	err = verdict(gnutls_pubkey_import_x509(key, cert->crt, 0), SR_ERR_EVIDENCE_BAD);
	if (err == SR_OK)
		err = verdict(gnutls_pubkey_export_ecc_raw2(key, &have, NULL, NULL, 0),
		    SR_ERR_EVIDENCE_BAD);
	if (err == SR_OK && have != gnutls_curve(curve))
		err = SR_ERR_EVIDENCE_BAD;
	if (err == SR_OK)
		err = verify_rs(key, curve, message, r, s);
	gnutls_pubkey_deinit(key);
	return err;
}

enum sr_error cert_point_verify_rs(const uint8_t *point, enum cert_curve curve,
    struct sr_bytes message, const uint8_t *r, const uint8_t *s)
{
	uint8_t xy[2][48];
	gnutls_datum_t x = { xy[0], (unsigned)curve }, y = { xy[1], (unsigned)curve };
	gnutls_pubkey_t key;
	enum sr_error err;

	memcpy(xy[0], point, curve);
	memcpy(xy[1], point + curve, curve);
	if (gnutls_pubkey_init(&key) != 0)
		return SR_ERR_NO_MEMORY;
	err = verdict(
	    gnutls_pubkey_import_ecc_raw(key, gnutls_curve(curve), &x, &y), SR_ERR_EVIDENCE_BAD);
	if (err == SR_OK)
		err = verify_rs(key, curve, message, r, s);
	gnutls_pubkey_deinit(key);
	return err;
}

/* --- Bare keys --- */

struct cert_key { gnutls_pubkey_t key; };

enum sr_error cert_key_read(struct cert_key **out, struct sr_bytes spki)
{
	struct cert_key *k = calloc(1, sizeof *k);
	uint8_t copy[2048];
	gnutls_datum_t in = { copy, (unsigned)spki.n };
	enum sr_error err = SR_ERR_BAD_PUBLIC_KEY;

	*out = NULL;
	if (k == NULL || gnutls_pubkey_init(&k->key) != 0) {
		free(k);
		return SR_ERR_NO_MEMORY;
	}
	if (spki.n > 0 && spki.n <= sizeof copy) {
		memcpy(copy, spki.p, spki.n);
		err = verdict(gnutls_pubkey_import(k->key, &in,
			copy[0] == 0x30 ? GNUTLS_X509_FMT_DER : GNUTLS_X509_FMT_PEM), err);
	}
	if (err == SR_OK)
		*out = k;
	else
		cert_key_free(k);
	return err;
}

enum sr_error cert_key_rsa_spki(
    uint8_t *out, size_t *n, size_t max, struct sr_bytes modulus, struct sr_bytes exponent)
{
	uint8_t m[512], e[8];
	gnutls_datum_t md = { m, (unsigned)modulus.n }, ed = { e, (unsigned)exponent.n },
		       der = { NULL, 0 };
	gnutls_pubkey_t key;
	enum sr_error err;

	/* 2048 bits at least. */
	if (modulus.n < 256 || modulus.n > sizeof m || exponent.n == 0 || exponent.n > sizeof e)
		return SR_ERR_BAD_PUBLIC_KEY;
	memcpy(m, modulus.p, modulus.n);
	memcpy(e, exponent.p, exponent.n);
	if (gnutls_pubkey_init(&key) != 0)
		return SR_ERR_NO_MEMORY;
	err = verdict(gnutls_pubkey_import_rsa_raw(key, &md, &ed), SR_ERR_BAD_PUBLIC_KEY);
	if (err == SR_OK)
		err = verdict(gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der),
		    SR_ERR_BAD_PUBLIC_KEY);
	if (err == SR_OK && der.size > max)
		err = SR_ERR_BAD_PUBLIC_KEY;
	if (err == SR_OK) {
		memcpy(out, der.data, der.size);
		*n = der.size;
	}
	gnutls_free(der.data);
	gnutls_pubkey_deinit(key);
	return err;
}

void cert_key_p256_spki(uint8_t out[CERT_P256_SPKI], const uint8_t point[64])
{
	static const uint8_t head[CERT_P256_SPKI - 64] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a,
		0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
		0x01, 0x07, 0x03, 0x42, 0x00, 0x04 };

	memcpy(out, head, sizeof head);
	memcpy(out + sizeof head, point, 64);
}

static enum sr_error rsa_verify(
    gnutls_pubkey_t key, struct sr_bytes message, struct sr_bytes signature)
{
	uint8_t sig[512], *copy;
	gnutls_datum_t sd = { sig, (unsigned)signature.n }, md;
	enum sr_error err;

	if (signature.n > sizeof sig || message.n == 0 || message.n > CERT_SIGNED_MAX)
		return SR_ERR_EVIDENCE_BAD;
	copy = malloc(message.n);
	if (copy == NULL)
		return SR_ERR_NO_MEMORY;
	memcpy(copy, message.p, message.n);
	memcpy(sig, signature.p, signature.n);
	md = (gnutls_datum_t){ copy, (unsigned)message.n };
	err = verdict(gnutls_pubkey_verify_data2(key, GNUTLS_SIGN_RSA_SHA256, 0, &md, &sd),
	    SR_ERR_EVIDENCE_BAD);
	free(copy);
	return err;
}

enum sr_error cert_key_verify(
    const struct cert_key *key, struct sr_bytes message, struct sr_bytes signature)
{
	unsigned bits = 0;
	int algorithm = gnutls_pubkey_get_pk_algorithm(key->key, &bits);

	if (algorithm == GNUTLS_PK_RSA && bits >= 2048)
		return rsa_verify(key->key, message, signature);
	if (algorithm == GNUTLS_PK_ECDSA && bits == 256 && signature.n == 64)
		return verify_rs(key->key, CERT_P256, message, signature.p, signature.p + 32);
	return SR_ERR_EVIDENCE_BAD;
}

void cert_key_free(struct cert_key *key)
{
	if (key == NULL)
		return;
	gnutls_pubkey_deinit(key->key);
	free(key);
}
