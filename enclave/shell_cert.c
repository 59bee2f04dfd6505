#include "enclave/shell_cert.h"

#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#include "attest/policy.h"

#define ROLE "validateer"
#define EXTENSION_MAX (SHELL_CERT_BYTES_MAX - 4096u)

enum { AT_CHAIN = sizeof ROLE - 1, AT_SEAT = AT_CHAIN + 32, AT_ID = AT_SEAT + 4,
	AT_MEASUREMENT = AT_ID + 32, AT_NONCE = AT_MEASUREMENT + 32, AT_SPKI = AT_NONCE + 32 };
_Static_assert(AT_SPKI + 32 == SHELL_CERT_BINDING, "SHELL_CERT_BINDING");

static const char report_domain[] = "strongroom channel report v1";

static void binding_make(uint8_t out[SHELL_CERT_BINDING], const struct sr_hash32 *chain_id,
    uint32_t seat, const struct sr_edpk *id_key, const struct sr_hash32 *measurement,
    const struct sr_hash32 *nonce, const struct sr_hash32 *spki)
{
	memcpy(out, ROLE, AT_CHAIN);
	memcpy(out + AT_CHAIN, chain_id->b, 32);
	for (unsigned i = 0; i < 4; i++)
		out[AT_SEAT + i] = (uint8_t)(seat >> (8 * i));
	memcpy(out + AT_ID, id_key->b, 32);
	memcpy(out + AT_MEASUREMENT, measurement->b, 32);
	memcpy(out + AT_NONCE, nonce->b, 32);
	memcpy(out + AT_SPKI, spki->b, 32);
}

static void report_data_make(uint8_t out[ATTEST_REPORT_DATA],
    const uint8_t binding[SHELL_CERT_BINDING])
{
	struct sr_bytes parts[] = {
		{ (const uint8_t *)report_domain, sizeof report_domain },
		{ binding, SHELL_CERT_BINDING },
	};
	sr_sha512(out, parts, 2);
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

static enum sr_error extension_make(struct sr_writer *w, const struct shell_cert *self,
    const struct enclave_core *core, struct sr_bytes evidence)
{
	enum attest_kind kind = ATTEST_KIND_SOFTWARE;
	struct sr_sig64 sig;
	/* evidence = kind u8 | ...: the verifier reads the rest. */
	if (evidence.n > 0)
		kind = (enum attest_kind)evidence.p[0];
	SR_TRY(enclave_core_channel_sign(&sig, core, self->binding, sizeof self->binding));
	cbor_head(w, 6, SHELL_CERT_EVIDENCE_TAG);
	cbor_head(w, 4, 4);
	cbor_head(w, 0, kind);
	cbor_bytes(w, self->binding, sizeof self->binding);
	cbor_bytes(w, sig.b, sizeof sig.b);
	cbor_bytes(w, evidence.p, evidence.n);
	return sr_writer_finish(w);
}

static enum sr_error certificate_fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key,
    const struct sr_hash32 *nonce, uint64_t now_ms)
{
	time_t now = (time_t)(now_ms / 1000);
	uint8_t serial[16];
	memcpy(serial, nonce->b, sizeof serial);
	serial[0] = (serial[0] & 0x7f) | 0x40; /* RFC 5280 4.1.2.2: positive */
	return gnutls_x509_crt_set_version(crt, 3) < 0 || gnutls_x509_crt_set_key(crt, key) < 0 ||
	    gnutls_x509_crt_set_serial(crt, serial, sizeof serial) < 0 ||
	    gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, "strongroom enclave",
		18) < 0 ||
	    gnutls_x509_crt_set_activation_time(crt, now - 86400) < 0 ||
	    gnutls_x509_crt_set_expiration_time(crt, now + 366 * 86400) < 0
	    ? SR_ERR_INTERNAL : SR_OK;
}

static enum sr_error certificate_bind(struct shell_cert *self, const struct enclave_core *core,
    const struct sr_hash32 *measurement, const struct sr_hash32 *nonce)
{
	struct sr_hash32 chain_id = enclave_core_chain_id(core), spki;
	uint32_t seat = enclave_core_self(core);
	struct sr_edpk id_key;
	SR_TRY(enclave_core_own_key(&id_key, core));
	SR_TRY(spki_hash(&spki, self->crt));
	binding_make(self->binding, &chain_id, seat, &id_key, measurement, nonce, &spki);
	report_data_make(self->report_data, self->binding);
	return SR_OK;
}

enum sr_error shell_cert_begin(struct shell_cert *self, const struct enclave_core *core,
    const struct sr_hash32 *measurement, const struct sr_hash32 *nonce, uint64_t now_ms)
{
	enum sr_error err = SR_ERR_NO_MEMORY;
	memset(self, 0, sizeof *self);
	if (gnutls_x509_privkey_init(&self->key) < 0 || gnutls_x509_crt_init(&self->crt) < 0 ||
	    gnutls_certificate_allocate_credentials(&self->credentials) < 0)
		goto out;
	err = SR_ERR_RANDOM_FAILED;
	if (gnutls_x509_privkey_generate(self->key, GNUTLS_PK_ECDSA,
		GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) < 0)
		goto out;
	err = certificate_fill(self->crt, self->key, nonce, now_ms);
	if (err == SR_OK)
		err = certificate_bind(self, core, measurement, nonce);
out:
	if (err != SR_OK)
		shell_cert_clear(self);
	return err;
}

static void draft_clear(struct shell_cert *self)
{
	if (self->crt != NULL)
		gnutls_x509_crt_deinit(self->crt);
	if (self->key != NULL)
		gnutls_x509_privkey_deinit(self->key);
	self->crt = NULL;
	self->key = NULL;
}

enum sr_error shell_cert_finish(struct shell_cert *self, const struct enclave_core *core,
    struct sr_bytes evidence)
{
	struct sr_writer extension;
	if (self->crt == NULL)
		return SR_ERR_NOT_READY;
	sr_writer_init(&extension, EXTENSION_MAX);
	enum sr_error err = extension_make(&extension, self, core, evidence);
	if (err == SR_OK && (gnutls_x509_crt_set_extension_by_oid(self->crt, SHELL_CERT_OID,
				 extension.p, extension.n, 0) < 0 ||
				gnutls_x509_crt_sign2(self->crt, self->crt, self->key,
				    GNUTLS_DIG_SHA256, 0) < 0 ||
				gnutls_certificate_set_x509_key(self->credentials, &self->crt, 1,
				    self->key) < 0))
		err = SR_ERR_INTERNAL;
	sr_writer_clear(&extension);
	if (err == SR_OK)
		draft_clear(self);
	else
		shell_cert_clear(self);
	return err;
}

enum sr_error shell_cert_init(struct shell_cert *self, const struct enclave_core *core,
    const struct sr_hash32 *measurement, const struct sr_hash32 *nonce, uint64_t now_ms)
{
	SR_TRY(shell_cert_begin(self, core, measurement, nonce, now_ms));
	return shell_cert_finish(self, core, (struct sr_bytes){ NULL, 0 });
}

void shell_cert_clear(struct shell_cert *self)
{
	draft_clear(self);
	if (self->credentials != NULL)
		gnutls_certificate_free_credentials(self->credentials);
	self->credentials = NULL;
}

/* --- A peer's --- */

/* What is in an extension; borrowed from it. */
struct extension { uint32_t kind; struct sr_bytes binding, sig, evidence; };

static enum sr_error extension_read(struct extension *e, const uint8_t *bytes, size_t n)
{
	struct sr_reader r;
	sr_reader_init(&r, bytes, n);
	if (cbor_head_read(&r, 6) != SHELL_CERT_EVIDENCE_TAG || cbor_head_read(&r, 4) != 4)
		return SR_ERR_EVIDENCE_KIND;
	e->kind = cbor_head_read(&r, 0);
	e->binding = cbor_bytes_read(&r, SHELL_CERT_BINDING);
	e->sig = cbor_bytes_read(&r, sizeof(struct sr_sig64));
	e->evidence = cbor_bytes_read(&r, ATTEST_EVIDENCE_MAX);
	SR_TRY(sr_reader_finish(&r));
	return e->sig.n == sizeof(struct sr_sig64) ? SR_OK : SR_ERR_BAD_SIGNATURE;
}

/* Against what this end knows; only measurement and nonce are the peer's to say. */
static enum sr_error binding_check(const struct extension *e, const struct enclave_core *core,
    uint32_t seat, const struct sr_hash32 *spki)
{
	struct sr_hash32 chain_id = enclave_core_chain_id(core);
	const uint8_t *b = e->binding.p;
	uint32_t named = 0;
	struct sr_edpk id_key;
	struct sr_sig64 sig;
	SR_TRY(enclave_core_peer_key(&id_key, core, seat));
	if (e->binding.n != SHELL_CERT_BINDING || memcmp(b, ROLE, AT_CHAIN) != 0)
		return SR_ERR_EVIDENCE_ROLE;
	if (memcmp(b + AT_CHAIN, chain_id.b, 32) != 0)
		return SR_ERR_WRONG_CHAIN;
	for (unsigned i = 0; i < 4; i++)
		named |= (uint32_t)b[AT_SEAT + i] << (8 * i);
	if (named != seat || memcmp(b + AT_ID, id_key.b, 32) != 0)
		return SR_ERR_EVIDENCE_SEAT;
	if (memcmp(b + AT_SPKI, spki->b, 32) != 0)
		return SR_ERR_BINDING;
	memcpy(sig.b, e->sig.p, sizeof sig.b);
	return sr_verify(&id_key, &sig, "strongroom channel v1", b, e->binding.n);
}

/* Software evidence is the signature that was checked already. */
static enum sr_error facts_make(struct attest_facts *facts, const struct extension *e,
    const struct enclave_core *core, uint32_t seat, shell_cert_verifier *verify, uint64_t now_ms)
{
	uint64_t grace_ms = enclave_core_evidence_grace_ms(core, seat);
	struct attest_trust trust;
	if (e->kind == ATTEST_KIND_SOFTWARE) {
		*facts = (struct attest_facts){ .kind = ATTEST_KIND_SOFTWARE,
			.status = ATTEST_UP_TO_DATE, .measurement_n = 32,
			.valid_to_s = UINT64_MAX };
		memcpy(facts->measurement, e->binding.p + AT_MEASUREMENT, 32);
		report_data_make(facts->report_data, e->binding.p);
		return e->evidence.n == 0 ? SR_OK : SR_ERR_TRAILING_BYTES;
	}
	if (verify == NULL)
		return SR_ERR_EVIDENCE_KIND;
	struct attest_policy *room = malloc(sizeof *room);
	if (room == NULL)
		return SR_ERR_NO_MEMORY;
	enclave_core_evidence_trust(&trust, room, core);
	enum sr_error err = verify(facts, e->evidence, &trust, now_ms / 1000);
	if (err == SR_ERR_COLLATERAL_TIME && grace_ms > 0 && grace_ms < now_ms)
		err = verify(facts, e->evidence, &trust, (now_ms - grace_ms) / 1000);
	free(room);
	return err;
}

static enum sr_error extension_verify(struct sr_hash32 *nonce, const struct enclave_core *core,
    uint32_t seat, const struct sr_hash32 *spki, struct sr_bytes bytes,
    shell_cert_verifier *verify, uint64_t now_ms)
{
	struct extension e;
	uint8_t report_data[ATTEST_REPORT_DATA];
	struct attest_facts *facts;
	SR_TRY(extension_read(&e, bytes.p, bytes.n));
	SR_TRY(binding_check(&e, core, seat, spki));
	memcpy(nonce->b, e.binding.p + AT_NONCE, 32);
	report_data_make(report_data, e.binding.p);
	facts = calloc(1, sizeof *facts);
	if (facts == NULL)
		return SR_ERR_NO_MEMORY;
	enum sr_error err = facts_make(facts, &e, core, seat, verify, now_ms);
	if (err == SR_OK)
		err = enclave_core_evidence_judge(core, seat, facts, report_data, now_ms);
	free(facts);
	return err;
}

static enum sr_error extension_get(uint8_t *out, size_t *n, gnutls_x509_crt_t crt)
{
	unsigned critical;
	return gnutls_x509_crt_get_extension_by_oid(crt, SHELL_CERT_OID, 0, out, n, &critical) < 0
	    ? SR_ERR_EVIDENCE_BAD : SR_OK;
}

enum sr_error shell_cert_verify(struct sr_hash32 *nonce, const struct enclave_core *core,
    uint32_t seat, const uint8_t *der, size_t n, shell_cert_verifier *verify, uint64_t now_ms)
{
	gnutls_datum_t datum = { (unsigned char *)(uintptr_t)der, (unsigned)n };
	gnutls_x509_crt_t crt;
	struct sr_hash32 spki;
	struct sr_bytes extension = { NULL, EXTENSION_MAX };
	uint8_t *bytes;
	if (n > SHELL_CERT_BYTES_MAX)
		return SR_ERR_TOO_LONG;
	if (gnutls_x509_crt_init(&crt) < 0)
		return SR_ERR_NO_MEMORY;
	bytes = malloc(EXTENSION_MAX);
	enum sr_error err = bytes != NULL ? SR_OK : SR_ERR_NO_MEMORY;
	if (err == SR_OK && gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_DER) < 0)
		err = SR_ERR_BAD_ENCODING;
	if (err == SR_OK)
		err = spki_hash(&spki, crt);
	if (err == SR_OK)
		err = extension_get(bytes, &extension.n, crt);
	extension.p = bytes;
	if (err == SR_OK)
		err = extension_verify(nonce, core, seat, &spki, extension, verify, now_ms);
	free(bytes);
	gnutls_x509_crt_deinit(crt);
	return err;
}
