#include "tests/lib/fake_intel.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"

#define MUST(call)                                                                                 \
	do {                                                                                       \
		int must_rc = (call);                                                              \
                                                                                                   \
		if (must_rc < 0) {                                                                 \
			fprintf(stderr, "fake_intel: %s: %s\n", #call, gnutls_strerror(must_rc));  \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct party { gnutls_x509_privkey_t key; gnutls_privkey_t signer; gnutls_x509_crt_t crt; };

void fake_intel_defaults(struct fake_intel_options *out)
{
	memset(out, 0, sizeof *out);
	out->level_status = out->qe_status = "UpToDate";
	out->collateral_from = FAKE_INTEL_NOW - 86400;
	out->collateral_to = FAKE_INTEL_NOW + 29 * 86400;
}

/* --- Certificates --- */

static void party_key(struct party *p)
{
	MUST(gnutls_x509_privkey_init(&p->key));
	MUST(gnutls_x509_privkey_generate(
	    p->key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
	MUST(gnutls_privkey_init(&p->signer));
	MUST(gnutls_privkey_import_x509(p->signer, p->key, GNUTLS_PRIVKEY_IMPORT_COPY));
}

/* The SGX extension: SEQUENCE of { OID, value }. Sizes stay below 128 or are patched as 0x82. */
static size_t sgx_extension(uint8_t *out)
{
	static const uint8_t oid[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01 };
	uint8_t svns[512], body[1024];
	size_t s = 0, b = 0;

	for (uint8_t i = 1; i <= 17; i++) {
		const uint8_t head[] = { 0x30, 0x10, 0x06, 0x0b };

		memcpy(svns + s, head, 4);
		s += 4;
		memcpy(svns + s, oid, sizeof oid);
		s += sizeof oid;
		svns[s++] = 2;
		svns[s++] = i;
		svns[s++] = 0x02;
		svns[s++] = 0x01;
		svns[s++] = i == 17 ? 11 : 5;
	}
	/* TCB */
	body[b++] = 0x30;
	body[b++] = 0x82;
	body[b++] = (uint8_t)((s + 16) >> 8);
	body[b++] = (uint8_t)(s + 16);
	body[b++] = 0x06;
	body[b++] = 0x0a;
	memcpy(body + b, oid, sizeof oid);
	b += sizeof oid;
	body[b++] = 2;
	body[b++] = 0x30;
	body[b++] = 0x82;
	body[b++] = (uint8_t)(s >> 8);
	body[b++] = (uint8_t)s;
	memcpy(body + b, svns, s);
	b += s;
	/* PCEID, FMSPC, and one that nobody knows yet */
	for (size_t i = 0; i < 3; i++) {
		uint8_t which = i < 2 ? (uint8_t)(3 + i) : 34, n = which == 3 ? 2 : 6;

		body[b++] = 0x30;
		body[b++] = (uint8_t)(12 + 2 + n);
		body[b++] = 0x06;
		body[b++] = 0x0a;
		memcpy(body + b, oid, sizeof oid);
		b += sizeof oid;
		body[b++] = which;
		body[b++] = 0x04;
		body[b++] = n;
		memset(body + b, which == 3 ? 0 : 0xab, n);
		b += n;
	}
	out[0] = 0x30;
	out[1] = 0x82;
	out[2] = (uint8_t)(b >> 8);
	out[3] = (uint8_t)b;
	memcpy(out + 4, body, b);
	return b + 4;
}

static void party_make(struct party *p, const struct party *issuer, const char *name,
    uint8_t serial, bool ca, bool pck)
{
	uint8_t extension[1200];

	party_key(p);
	MUST(gnutls_x509_crt_init(&p->crt));
	MUST(gnutls_x509_crt_set_version(p->crt, 3));
	MUST(gnutls_x509_crt_set_serial(p->crt, &serial, 1));
	MUST(gnutls_x509_crt_set_activation_time(p->crt, FAKE_INTEL_NOW - 365 * 86400));
	MUST(gnutls_x509_crt_set_expiration_time(p->crt, FAKE_INTEL_NOW + 365 * 86400));
	MUST(gnutls_x509_crt_set_dn_by_oid(p->crt, GNUTLS_OID_X520_COMMON_NAME, 0, name,
	    (unsigned)strlen(name)));
	MUST(gnutls_x509_crt_set_basic_constraints(p->crt, ca, -1));
	MUST(gnutls_x509_crt_set_key_usage(p->crt,
	    ca ? GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN : GNUTLS_KEY_DIGITAL_SIGNATURE));
	MUST(gnutls_x509_crt_set_key(p->crt, p->key));
	if (pck)
		MUST(gnutls_x509_crt_set_extension_by_oid(
		    p->crt, "1.2.840.113741.1.13.1", extension, sgx_extension(extension), 0));
	MUST(gnutls_x509_crt_sign2(p->crt, issuer != NULL ? issuer->crt : p->crt,
	    issuer != NULL ? issuer->key : p->key, GNUTLS_DIG_SHA256, 0));
}

static void party_clear(struct party *p)
{
	gnutls_x509_crt_deinit(p->crt);
	gnutls_privkey_deinit(p->signer);
	gnutls_x509_privkey_deinit(p->key);
}

static struct sr_bytes keep(struct fake_intel *self, const void *p, size_t n)
{
	uint8_t *copy = malloc(n + 1);

	SR_ASSERT(copy != NULL && self->n < 8);
	memcpy(copy, p, n);
	self->owned[self->n++] = copy;
	return (struct sr_bytes){ copy, n };
}

static struct sr_bytes list_make(struct fake_intel *self, const struct party *issuer,
    uint8_t revoked, const struct fake_intel_options *o)
{
	gnutls_x509_crl_t crl;
	gnutls_datum_t der;
	struct sr_bytes out;
	uint8_t number = 1;

	MUST(gnutls_x509_crl_init(&crl));
	MUST(gnutls_x509_crl_set_version(crl, 2));
	MUST(gnutls_x509_crl_set_this_update(crl, (time_t)o->collateral_from));
	MUST(gnutls_x509_crl_set_next_update(crl, (time_t)o->collateral_to));
	MUST(gnutls_x509_crl_set_number(crl, &number, 1));
	if (revoked != 0)
		MUST(gnutls_x509_crl_set_crt_serial(crl, &revoked, 1, (time_t)o->collateral_from));
	MUST(gnutls_x509_crl_sign2(crl, issuer->crt, issuer->key, GNUTLS_DIG_SHA256, 0));
	MUST(gnutls_x509_crl_export2(crl, GNUTLS_X509_FMT_DER, &der));
	out = keep(self, der.data, der.size);
	gnutls_free(der.data);
	gnutls_x509_crl_deinit(crl);
	return out;
}

/* --- Signatures, collateral --- */

static void number32(uint8_t out[32], const gnutls_datum_t *d)
{
	size_t skip = d->size > 32 ? d->size - 32 : 0;

	memset(out, 0, 32);
	memcpy(out + 32 - (d->size - skip), d->data + skip, d->size - skip);
}

static void sign(uint8_t out[64], const struct party *p, const void *msg, size_t n)
{
	gnutls_datum_t data = { NULL, (unsigned)n }, sig, r, s;

	data.data = malloc(n);
	SR_ASSERT(data.data != NULL);
	memcpy(data.data, msg, n);
	MUST(gnutls_privkey_sign_data2(p->signer, GNUTLS_SIGN_ECDSA_SHA256, 0, &data, &sig));
	MUST(gnutls_decode_rs_value(&sig, &r, &s));
	number32(out, &r);
	number32(out + 32, &s);
	gnutls_free(r.data);
	gnutls_free(s.data);
	gnutls_free(sig.data);
	free(data.data);
}

static struct sr_bytes signed_json(
    struct fake_intel *self, const struct party *signer, const char *name, const char *inner)
{
	uint8_t sig[64];
	char hex[129], text[8192];

	sign(sig, signer, inner, strlen(inner));
	sr_hex_encode(hex, sig, 64);
	snprintf(text, sizeof text, "{\"%s\":%s,\"signature\":\"%s\"}", name, inner, hex);
	return keep(self, text, strlen(text));
}

static void time_text(char out[32], uint64_t t)
{
	time_t at = (time_t)t;
	struct tm tm;

	strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
}

static struct sr_bytes tcb_make(
    struct fake_intel *self, const struct party *signer, const struct fake_intel_options *o)
{
	char from[32], to[32], inner[4096], levels[2048] = "";
	const char *const status[2] = { o->level_status, "OutOfDate" };

	time_text(from, o->collateral_from);
	time_text(to, o->collateral_to);
	for (int l = 0; l < 2; l++) {
		size_t at = strlen(levels);

		at += (size_t)snprintf(levels + at, sizeof levels - at,
		    "%s{\"tcb\":{\"sgxtcbcomponents\":[", l > 0 ? "," : "");
		for (int i = 0; i < 16; i++)
			at += (size_t)snprintf(levels + at, sizeof levels - at, "%s{\"svn\":%d}",
			    i > 0 ? "," : "", o->no_level ? 9 : l == 0 ? 5 : 2);
		snprintf(levels + at, sizeof levels - at,
		    "],\"pcesvn\":%d},\"tcbDate\":\"2026-01-01T00:00:00Z\",\"tcbStatus\":\"%s\","
		    "\"advisoryIDs\":[\"INTEL-SA-%05d\"]}",
		    l == 0 ? 11 : 5, status[l], l + 1);
	}
	snprintf(inner, sizeof inner,
	    "{\"id\":\"SGX\",\"version\":3,\"issueDate\":\"%s\",\"nextUpdate\":\"%s\",\"fmspc\":\"%"
	    "s\","
	    "\"pceId\":\"0000\",\"tcbType\":0,\"tcbEvaluationDataNumber\":18,\"tcbLevels\":[%s]}",
	    from, to, o->other_fmspc ? "ABABABABABAC" : "ABABABABABAB", levels);
	return signed_json(self, signer, "tcbInfo", inner);
}

static struct sr_bytes qe_make(
    struct fake_intel *self, const struct party *signer, const struct fake_intel_options *o)
{
	char from[32], to[32], inner[4096], mrsigner[65];

	time_text(from, o->collateral_from);
	time_text(to, o->collateral_to);
	memset(mrsigner, o->qe_wrong_signer ? 'd' : 'c', 64);
	mrsigner[64] = '\0';
	snprintf(inner, sizeof inner,
	    "{\"id\":\"QE\",\"version\":2,\"issueDate\":\"%s\",\"nextUpdate\":\"%s\","
	    "\"tcbEvaluationDataNumber\":17,\"miscselect\":\"00000000\",\"miscselectMask\":"
	    "\"FFFFFFFF\","
	    "\"attributes\":\"11000000000000000000000000000000\","
	    "\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\",\"mrsigner\":\"%s\","
	    "\"isvprodid\":1,"
	    "\"tcbLevels\":[{\"tcb\":{\"isvsvn\":8},\"tcbDate\":\"2026-01-01T00:00:00Z\","
	    "\"tcbStatus\":\"%s\"}]}",
	    from, to, mrsigner, o->qe_status);
	return signed_json(self, signer, "enclaveIdentity", inner);
}

/* --- The quote --- */

static void report_make(uint8_t out[384], bool qe, bool debug)
{
	memset(out, 0, 384);
	out[48] = qe ? 0x11 : debug ? 0x07 : 0x05;
	memset(out + 64, qe ? 0x31 : 0x41, 32);
	memset(out + 128, qe ? 0xcc : 0x51, 32);
	out[256] = qe ? 1 : 3;
	out[258] = qe ? 8 : 4;
	memset(out + 320, qe ? 0 : 0x61, 64);
}

static struct sr_bytes quote_make(struct fake_intel *self, const struct party *chain[3],
    const struct fake_intel_options *o)
{
	static const uint8_t vendor[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94,
		0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };
	struct party attestation;
	uint8_t q[16384] = { 3, 0, 2, 0 }, key[64], auth[32] = { 7 }, bound[96];
	gnutls_datum_t x, y;
	gnutls_ecc_curve_t curve;
	size_t n = 48 + 384, sig_at;
	struct sr_hash32 binding;

	party_key(&attestation);
	MUST(gnutls_privkey_export_ecc_raw2(attestation.signer, &curve, &x, &y, NULL, 0));
	number32(key, &x);
	number32(key + 32, &y);
	gnutls_free(x.data);
	gnutls_free(y.data);
	memcpy(q + 12, vendor, 16);
	report_make(q + 48, false, o->debug);
	sig_at = n + 4;
	sign(q + sig_at, &attestation, q, n);
	if (o->forged_signature)
		sign(q + sig_at, chain[0], q, n);
	memcpy(q + sig_at + 64, key, 64);
	report_make(q + sig_at + 128, true, false);
	memcpy(bound, key, 64);
	memcpy(bound + 64, auth, 32);
	binding = sr_hash(bound, sizeof bound);
	memcpy(q + sig_at + 128 + 320, binding.b, 32);
	q[sig_at + 128 + 320] ^= o->qe_binding_wrong;
	sign(q + sig_at + 128 + 384, chain[0], q + sig_at + 128, 384);
	n = sig_at + 128 + 384 + 64;
	q[n] = sizeof auth;
	memcpy(q + n + 2, auth, sizeof auth);
	n += 2 + sizeof auth;
	q[n] = 5;
	n += 6;
	for (size_t i = 0, from = n; i < 3; i++) {
		gnutls_datum_t pem;

		MUST(gnutls_x509_crt_export2(chain[i]->crt, GNUTLS_X509_FMT_PEM, &pem));
		SR_ASSERT(n + pem.size < sizeof q);
		memcpy(q + n, pem.data, pem.size);
		n += pem.size;
		gnutls_free(pem.data);
		q[from - 4] = (uint8_t)(n - from);
		q[from - 3] = (uint8_t)((n - from) >> 8);
	}
	q[48 + 384] = (uint8_t)(n - sig_at);
	q[48 + 385] = (uint8_t)((n - sig_at) >> 8);
	gnutls_privkey_deinit(attestation.signer);
	gnutls_x509_privkey_deinit(attestation.key);
	return keep(self, q, n);
}

void fake_intel_make(struct fake_intel *out, const struct fake_intel_options *o)
{
	struct party root, ca, pck, signing;
	const struct party *chain[3] = { &pck, &ca, &root }, *signer;
	gnutls_datum_t der;

	memset(out, 0, sizeof *out);
	party_make(&root, NULL, "Intel SGX Root CA", 1, true, false);
	party_make(&ca, &root, "Intel SGX PCK Processor CA", 2, true, false);
	party_make(&pck, &ca, "Intel SGX PCK Certificate", 3, false, true);
	party_make(&signing, &root, "Intel SGX TCB Signing", 4, false, false);
	signer = o->collateral_by_pck ? &pck : &signing;
	MUST(gnutls_x509_crt_export2(root.crt, GNUTLS_X509_FMT_DER, &der));
	out->root = sr_hash(der.data, der.size);
	gnutls_free(der.data);
	MUST(gnutls_x509_crt_export2(signer->crt, GNUTLS_X509_FMT_DER, &der));
	out->in.tcb_signing = out->in.qe_signing = keep(out, der.data, der.size);
	gnutls_free(der.data);
	out->in.root_crl = list_make(out, &root, o->ca_revoked ? 2 : 0, o);
	out->in.pck_crl = list_make(out, &ca, o->pck_revoked ? 3 : 0, o);
	out->in.tcb_info = tcb_make(out, signer, o);
	out->in.qe_identity = qe_make(out, signer, o);
	out->in.quote = quote_make(out, chain, o);
	out->in.time_s = FAKE_INTEL_NOW;
	party_clear(&root);
	party_clear(&ca);
	party_clear(&pck);
	party_clear(&signing);
}

void fake_intel_clear(struct fake_intel *self)
{
	while (self->n > 0)
		free(self->owned[--self->n]);
}
