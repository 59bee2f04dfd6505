#include "enclave/shell_cert.h"

#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#define ROLE "validateer"
#define BINDING_MAX 160u
#define EXTENSION_MAX 512u

static void binding_write(struct sr_writer *w, const struct sr_hash32 *chain_id, uint32_t member,
    const struct sr_hash32 *measurement, const struct sr_hash32 *nonce,
    const struct sr_hash32 *spki)
{
	sr_write_copy(w, (const uint8_t *)ROLE, sizeof ROLE - 1);
	sr_write_hash(w, chain_id);
	sr_write_u32(w, member);
	sr_write_hash(w, measurement);
	sr_write_hash(w, nonce);
	sr_write_hash(w, spki);
}

/* CBOR (RFC 8949) heads, shortest form only: major type 0..7 with an argument below 2^32. */
static void cbor_head(struct sr_writer *w, uint8_t major, uint32_t n)
{
	uint8_t top = (uint8_t)(major << 5);
	if (n < 24) {
		sr_write_u8(w, (uint8_t)(top | n));
	} else if (n < 256) {
		sr_write_u8(w, (uint8_t)(top | 24));
		sr_write_u8(w, (uint8_t)n);
	} else if (n < 65536) {
		sr_write_u8(w, (uint8_t)(top | 25));
		sr_write_u8(w, (uint8_t)(n >> 8));
		sr_write_u8(w, (uint8_t)n);
	} else {
		sr_write_u8(w, (uint8_t)(top | 26));
		for (int shift = 24; shift >= 0; shift -= 8)
			sr_write_u8(w, (uint8_t)(n >> shift));
	}
}

static uint32_t cbor_head_read(struct sr_reader *r, uint8_t major)
{
	uint8_t first = sr_read_u8(r);
	uint8_t info = first & 31;
	uint32_t n = info;
	if (first >> 5 != major || info > 26) {
		sr_reader_fail(r, SR_ERR_BAD_ENCODING);
		return 0;
	}
	if (info >= 24) {
		n = 0;
		for (int left = 1 << (info - 24); left > 0; left--)
			n = n << 8 | sr_read_u8(r);
		uint32_t least = info == 24 ? 24u : info == 25 ? 256u : 65536u;
		if (n < least)
			sr_reader_fail(r, SR_ERR_BAD_ENCODING);
	}
	return n;
}

static void cbor_bytes(struct sr_writer *w, const uint8_t *p, size_t n)
{
	cbor_head(w, 2, (uint32_t)n);
	sr_write_copy(w, p, n);
}

static struct sr_bytes cbor_bytes_read(struct sr_reader *r, size_t max)
{
	uint32_t n = cbor_head_read(r, 2);
	if (n > max)
		sr_reader_fail(r, SR_ERR_TOO_LONG);
	return sr_read_view(r, r->error == SR_OK ? n : 0);
}

static enum sr_error spki_hash(struct sr_hash32 *out, gnutls_x509_crt_t crt)
{
	size_t n = sizeof out->b;
	int rc = gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, out->b, &n);
	return rc == 0 && n == sizeof out->b ? SR_OK : SR_ERR_BAD_PUBLIC_KEY;
}

static enum sr_error extension_make(struct sr_writer *w, const struct enclave_core *core,
    const struct sr_hash32 *measurement, const struct sr_hash32 *nonce,
    const struct sr_hash32 *spki)
{
	struct sr_hash32 chain_id = enclave_core_chain_id(core);
	struct sr_writer binding;
	struct sr_sig64 sig;
	sr_writer_init(&binding, BINDING_MAX);
	binding_write(&binding, &chain_id, enclave_core_self(core), measurement, nonce, spki);
	enum sr_error err = sr_writer_finish(&binding);
	if (err == SR_OK)
		err = enclave_core_channel_sign(&sig, core, binding.p, binding.n);
	if (err == SR_OK) {
		cbor_head(w, 6, SHELL_CERT_EVIDENCE_TAG);
		cbor_head(w, 4, 3);
		cbor_head(w, 0, ATTEST_KIND_SOFTWARE);
		cbor_bytes(w, binding.p, binding.n);
		cbor_bytes(w, sig.b, sizeof sig.b);
		err = sr_writer_finish(w);
	}
	sr_writer_clear(&binding);
	return err;
}

static enum sr_error certificate_fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key,
    const struct enclave_core *core, const struct sr_hash32 *measurement,
    const struct sr_hash32 *nonce, uint64_t now_ms)
{
	time_t now = (time_t)(now_ms / 1000);
	struct sr_hash32 spki;
	struct sr_writer extension;
	uint8_t serial[16];
	memcpy(serial, nonce->b, sizeof serial);
	serial[0] = (serial[0] & 0x7f) | 0x40; /* RFC 5280 4.1.2.2: positive */
	if (gnutls_x509_crt_set_version(crt, 3) < 0 ||
	    gnutls_x509_crt_set_key(crt, key) < 0 ||
	    gnutls_x509_crt_set_serial(crt, serial, sizeof serial) < 0 ||
	    gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, "strongroom enclave",
		18) < 0 ||
	    gnutls_x509_crt_set_activation_time(crt, now - 86400) < 0 ||
	    gnutls_x509_crt_set_expiration_time(crt, now + 366 * 86400) < 0)
		return SR_ERR_INTERNAL;
	SR_TRY(spki_hash(&spki, crt));
	sr_writer_init(&extension, EXTENSION_MAX);
	enum sr_error err = extension_make(&extension, core, measurement, nonce, &spki);
	if (err == SR_OK && (gnutls_x509_crt_set_extension_by_oid(crt, SHELL_CERT_OID, extension.p,
				 extension.n, 0) < 0 ||
				gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0) < 0))
		err = SR_ERR_INTERNAL;
	sr_writer_clear(&extension);
	return err;
}

enum sr_error shell_cert_init(struct shell_cert *self, const struct enclave_core *core,
    const struct sr_hash32 *measurement, const struct sr_hash32 *nonce, uint64_t now_ms)
{
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crt_t crt = NULL;
	enum sr_error err = SR_ERR_NO_MEMORY;
	self->credentials = NULL;
	if (gnutls_x509_privkey_init(&key) < 0 || gnutls_x509_crt_init(&crt) < 0 ||
	    gnutls_certificate_allocate_credentials(&self->credentials) < 0)
		goto out;
	err = SR_ERR_RANDOM_FAILED;
	if (gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
		GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) < 0)
		goto out;
	err = certificate_fill(crt, key, core, measurement, nonce, now_ms);
	if (err == SR_OK && gnutls_certificate_set_x509_key(self->credentials, &crt, 1, key) < 0)
		err = SR_ERR_INTERNAL;
out:
	if (crt != NULL)
		gnutls_x509_crt_deinit(crt);
	if (key != NULL)
		gnutls_x509_privkey_deinit(key);
	if (err != SR_OK)
		shell_cert_clear(self);
	return err;
}

void shell_cert_clear(struct shell_cert *self)
{
	if (self->credentials != NULL)
		gnutls_certificate_free_credentials(self->credentials);
	self->credentials = NULL;
}

static enum sr_error extension_verify(const struct enclave_core *core, uint32_t member,
    const struct sr_hash32 *spki, const uint8_t *bytes, size_t n)
{
	struct sr_reader r;
	sr_reader_init(&r, bytes, n);
	if (cbor_head_read(&r, 6) != SHELL_CERT_EVIDENCE_TAG || cbor_head_read(&r, 4) != 3 ||
	    cbor_head_read(&r, 0) != ATTEST_KIND_SOFTWARE)
		return SR_ERR_EVIDENCE_KIND;
	struct sr_bytes binding = cbor_bytes_read(&r, BINDING_MAX);
	struct sr_bytes sig_bytes = cbor_bytes_read(&r, sizeof(struct sr_sig64));
	SR_TRY(sr_reader_finish(&r));

	/* Recompute the binding from what this end knows; only measurement and nonce are the
	 * peer's. */
	struct sr_hash32 chain_id = enclave_core_chain_id(core);
	size_t own = sizeof ROLE - 1 + 32 + 4;
	if (binding.n != own + 96 || sig_bytes.n != sizeof(struct sr_sig64))
		return SR_ERR_BINDING;
	struct sr_hash32 measurement, nonce;
	struct sr_edpk id_key;
	struct sr_sig64 sig;
	memcpy(measurement.b, binding.p + own, 32);
	memcpy(nonce.b, binding.p + own + 32, 32);
	memcpy(sig.b, sig_bytes.p, sizeof sig.b);
	struct sr_writer w;
	sr_writer_init(&w, BINDING_MAX);
	binding_write(&w, &chain_id, member, &measurement, &nonce, spki);
	enum sr_error err = sr_writer_finish(&w);
	if (err == SR_OK && memcmp(w.p, binding.p, binding.n) != 0)
		err = SR_ERR_BINDING;
	if (err == SR_OK && !enclave_core_measurement_listed(core, &measurement))
		err = SR_ERR_MEASUREMENT;
	if (err == SR_OK)
		err = enclave_core_peer_key(&id_key, core, member);
	if (err == SR_OK)
		err = sr_verify(&id_key, &sig, "strongroom channel v1", w.p, w.n);
	sr_writer_clear(&w);
	return err;
}

enum sr_error shell_cert_verify(const struct enclave_core *core, uint32_t member,
    const uint8_t *der, size_t n)
{
	gnutls_datum_t datum = { (unsigned char *)(uintptr_t)der, (unsigned)n };
	gnutls_x509_crt_t crt;
	struct sr_hash32 spki;
	uint8_t extension[EXTENSION_MAX];
	size_t extension_n = sizeof extension;
	unsigned critical;
	if (n > 8192)
		return SR_ERR_TOO_LONG;
	if (gnutls_x509_crt_init(&crt) < 0)
		return SR_ERR_NO_MEMORY;
	enum sr_error err = SR_OK;
	if (gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_DER) < 0)
		err = SR_ERR_BAD_ENCODING;
	if (err == SR_OK)
		err = spki_hash(&spki, crt);
	if (err == SR_OK && gnutls_x509_crt_get_extension_by_oid(crt, SHELL_CERT_OID, 0, extension,
				&extension_n, &critical) < 0)
		err = SR_ERR_EVIDENCE_BAD;
	if (err == SR_OK)
		err = extension_verify(core, member, &spki, extension, extension_n);
	gnutls_x509_crt_deinit(crt);
	return err;
}
