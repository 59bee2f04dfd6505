/* AWS Nitro documents: COSE_Sign1 with ES384 over a CBOR map (aws-nitro-enclaves-nsm-api). */
#include <stdlib.h>
#include <string.h>

#include "attest/attest.h"
#include "attest/cbor.h"
#include "attest/cert.h"

#define DOCUMENT_MAX (16u * 1024u)
#define CABUNDLE_MAX (CERT_CHAIN_MAX - 1)

/* SHA-256 of the certificate "aws.nitro-enclaves" (G1). */
static const struct sr_hash32 aws_root = { { 0x64, 0x1a, 0x03, 0x21, 0xa3, 0xe2, 0x44, 0xef, 0xe4,
    0x56, 0x46, 0x31, 0x95, 0xd6, 0x06, 0x31, 0x7e, 0xd7, 0xcd, 0xcc, 0x3c, 0x17, 0x56, 0xe0, 0x98,
    0x93, 0xf3, 0xc6, 0x8f, 0x79, 0xbb, 0x5b } };

/* {1: -35}: ES384 and nothing else. */
static const uint8_t es384[4] = { 0xa1, 0x01, 0x38, 0x22 };

struct document {
	struct sr_bytes payload, signature, certificate, cabundle[CABUNDLE_MAX];
	size_t cabundle_n;
	uint32_t seen;
};

/* --- The map --- */

enum { MODULE = 1, DIGEST = 2, TIME = 4, PCRS = 8, CERTIFICATE = 16, CABUNDLE = 32, OPTIONAL = 64 };

static void pcrs_read(struct attest_nitro *out, struct sr_reader *r)
{
	struct cbor_list map = cbor_map(r);

	while (cbor_more(r, &map)) {
		uint64_t i = cbor_uint(r);
		struct sr_bytes v = cbor_bytes(r);

		/* Several kinds of hash exist; SHA-384 is the one that AWS uses. */
		if (i > 31 || (v.n != 48 && r->error == SR_OK) ||
		    (i < 16 && (out->pcrs_known >> i & 1u) != 0)) {
			sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
		} else if (i < 16 && r->error == SR_OK) {
			memcpy(out->pcrs[i], v.p, 48);
			out->pcrs_known |= 1u << i;
		}
	}
}

static void cabundle_read(struct document *d, struct sr_reader *r)
{
	struct cbor_list list = cbor_array(r);

	while (cbor_more(r, &list)) {
		struct sr_bytes der = cbor_bytes(r);

		if (d->cabundle_n == CABUNDLE_MAX)
			sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
		else
			d->cabundle[d->cabundle_n++] = der;
	}
}

static void optional(uint8_t *out, size_t *out_n, size_t max, struct sr_reader *r)
{
	struct sr_bytes v;

	if (cbor_null(r))
		return;
	v = cbor_bytes(r);
	if (v.n > max)
		sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
	if (r->error != SR_OK)
		return;
	memcpy(out, v.p, v.n);
	*out_n = v.n;
}

static bool is(struct sr_bytes key, const char *name)
{
	return key.n == strlen(name) && memcmp(key.p, name, key.n) == 0;
}

static uint32_t member(
    struct attest_result *out, struct document *d, struct sr_bytes key, struct sr_reader *r)
{
	if (is(key, "module_id")) {
		cbor_text(r);
		return MODULE;
	} else if (is(key, "digest")) {
		if (!is(cbor_text(r), "SHA384"))
			sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
		return DIGEST;
	} else if (is(key, "timestamp")) {
		out->nitro.time_ms = cbor_uint(r);
		return TIME;
	} else if (is(key, "pcrs")) {
		pcrs_read(&out->nitro, r);
		return PCRS;
	} else if (is(key, "certificate")) {
		d->certificate = cbor_bytes(r);
		return CERTIFICATE;
	} else if (is(key, "cabundle")) {
		cabundle_read(d, r);
		return CABUNDLE;
	} else if (is(key, "public_key")) {
		optional(out->nitro.public_key, &out->nitro.public_key_n,
		    sizeof out->nitro.public_key, r);
		return OPTIONAL;
	} else if (is(key, "user_data")) {
		optional(out->report_data, &out->report_data_n, sizeof out->report_data, r);
		return OPTIONAL << 1;
	} else if (is(key, "nonce")) {
		optional(out->nitro.nonce, &out->nitro.nonce_n, sizeof out->nitro.nonce, r);
		return OPTIONAL << 2;
	}
	sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
	return 0;
}

static enum sr_error map_read(struct attest_result *out, struct document *d)
{
	struct sr_reader r;
	struct cbor_list map;

	sr_reader_init(&r, d->payload.p, d->payload.n);
	map = cbor_map(&r);
	while (cbor_more(&r, &map)) {
		struct sr_bytes key = cbor_text(&r);
		uint32_t bit = member(out, d, key, &r);

		if ((d->seen & bit) != 0)
			sr_reader_fail(&r, SR_ERR_EVIDENCE_FORMAT);
		d->seen |= bit;
	}
	if (sr_reader_finish(&r) != SR_OK || (d->seen & (OPTIONAL - 1)) != OPTIONAL - 1 ||
	    (out->nitro.pcrs_known & 1u) == 0)
		return SR_ERR_EVIDENCE_FORMAT;
	return SR_OK;
}

/* --- COSE_Sign1 (RFC 9052) --- */

static enum sr_error sign1_read(struct document *d, struct sr_bytes bytes)
{
	struct sr_reader r;
	struct cbor_list outer, headers;
	struct sr_bytes protected;

	sr_reader_init(&r, bytes.p, bytes.n);
	cbor_tag(&r, 18);
	outer = cbor_array(&r);
	protected = cbor_bytes(&r);
	headers = cbor_map(&r);
	d->payload = cbor_bytes(&r);
	d->signature = cbor_bytes(&r);
	if (sr_reader_finish(&r) != SR_OK || outer.left != 4 || headers.left != 0 ||
	    headers.indefinite || protected.n != sizeof es384 ||
	    memcmp(protected.p, es384, sizeof es384) != 0 || d->signature.n != 96 ||
	    d->payload.n < 256 || d->payload.n > DOCUMENT_MAX)
		return SR_ERR_EVIDENCE_FORMAT;
	return SR_OK;
}

/* Sig_structure: ["Signature1", protected, empty, payload]. */
static enum sr_error signature_verify(const struct cert *leaf, const struct document *d)
{
	static const uint8_t head[] = { 0x84, 0x6a, 'S', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e',
		'1', 0x44, 0xa1, 0x01, 0x38, 0x22, 0x40, 0x59 };
	struct sr_writer w;
	enum sr_error err;

	sr_writer_init(&w, DOCUMENT_MAX + 64);
	sr_write_copy(&w, head, sizeof head);
	sr_write_u8(&w, (uint8_t)(d->payload.n >> 8));
	sr_write_u8(&w, (uint8_t)d->payload.n);
	sr_write_copy(&w, d->payload.p, d->payload.n);
	err = sr_writer_finish(&w);
	if (err == SR_OK)
		err = cert_verify_rs(leaf, CERT_P384, (struct sr_bytes){ w.p, w.n }, d->signature.p,
		    d->signature.p + 48);
	sr_writer_clear(&w);
	return err;
}

/* The leaf, then the bundle from its end: AWS puts the root first. */
static enum sr_error chain_read(struct cert_chain *chain, const struct document *d)
{
	SR_TRY(cert_chain_read(chain, d->certificate));
	for (size_t i = d->cabundle_n; i-- > 0;)
		SR_TRY(cert_chain_read(chain, d->cabundle[i]));
	return chain->n == d->cabundle_n + 1 ? SR_OK : SR_ERR_CHAIN_BAD;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	uint8_t any = 0;

	for (size_t i = 0; i < n; i++)
		any |= p[i];
	return any == 0;
}

static enum sr_error verify(struct attest_result *out, struct cert_chain *chain,
    const struct attest_nitro_input *in)
{
	struct document d;
	struct cert_window window;

	memset(&d, 0, sizeof d);
	cert_window_init(&window);
	SR_TRY(sign1_read(&d, in->document));
	SR_TRY(map_read(out, &d));
	SR_TRY(chain_read(chain, &d));
	SR_TRY(cert_chain_verify(chain, &aws_root, 1, &window));
	SR_TRY(signature_verify(chain->at[0], &d));
	if (!cert_window_holds(&window, in->time_s != 0 ? in->time_s : out->nitro.time_ms / 1000))
		return SR_ERR_COLLATERAL_TIME;
	out->tee = ATTEST_NITRO;
	out->status = ATTEST_UP_TO_DATE;
	/* An enclave in debug mode has PCRs of zeros. */
	out->debug = all_zero(out->nitro.pcrs[0], 48);
	memcpy(out->measurement, out->nitro.pcrs[0], 48);
	out->measurement_n = 48;
	if ((out->nitro.pcrs_known >> 8 & 1u) != 0) {
		memcpy(out->signer, out->nitro.pcrs[8], 48);
		out->signer_n = 48;
	}
	out->valid_from = window.from;
	out->valid_to = window.to;
	return SR_OK;
}

enum sr_error attest_nitro_verify(struct attest_result *out, const struct attest_nitro_input *in)
{
	struct cert_chain chain = { .n = 0 };
	enum sr_error err;

	memset(out, 0, sizeof *out);
	err = verify(out, &chain, in);
	cert_chain_clear(&chain);
	if (err != SR_OK)
		memset(out, 0, sizeof *out);
	return err;
}
