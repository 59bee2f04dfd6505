#include "attest/tpm_public.h"

#include <string.h>

#include "attest/cert.h"

#define ALG_RSA 0x0001u
#define ALG_NULL 0x0010u
#define ALG_ECC 0x0023u
#define CURVE_P256 0x0003u

/* TPMA_OBJECT (part 2, 8.3). */
#define FIXED_TPM (1u << 1)
#define FIXED_PARENT (1u << 4)
#define SENSITIVE_DATA_ORIGIN (1u << 5)
#define RESTRICTED (1u << 16)
#define DECRYPT (1u << 17)
#define SIGN (1u << 18)
#define NEEDED (FIXED_TPM | FIXED_PARENT | SENSITIVE_DATA_ORIGIN | RESTRICTED | SIGN)

/* --- The TPM's encoding --- */

uint16_t tpm_read_u16(struct sr_reader *r)
{
	uint8_t hi = sr_read_u8(r);

	return (uint16_t)(hi << 8 | sr_read_u8(r));
}

uint32_t tpm_read_u32(struct sr_reader *r)
{
	uint32_t hi = tpm_read_u16(r);

	return hi << 16 | tpm_read_u16(r);
}

uint64_t tpm_read_u64(struct sr_reader *r)
{
	uint64_t hi = tpm_read_u32(r);

	return hi << 32 | tpm_read_u32(r);
}

struct sr_bytes tpm_read_sized(struct sr_reader *r, size_t max)
{
	size_t n = tpm_read_u16(r);

	if (n > max)
		sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
	return sr_read_view(r, r->error == SR_OK ? n : 0);
}

/* --- Public areas --- */

/* A signing key has no symmetric algorithm; its scheme is ours. */
static bool scheme_read(struct sr_reader *r, uint16_t scheme)
{
	return tpm_read_u16(r) == ALG_NULL && tpm_read_u16(r) == scheme &&
	    tpm_read_u16(r) == TPM_ALG_SHA256;
}

static enum sr_error rsa_read(struct tpm_public *out, struct sr_reader *r)
{
	static const uint8_t f4[] = { 1, 0, 1 };
	uint8_t given[4];
	struct sr_bytes modulus, exponent = { f4, sizeof f4 };
	uint32_t bits, e;

	if (!scheme_read(r, TPM_ALG_RSASSA))
		return SR_ERR_EVIDENCE_FORMAT;
	bits = tpm_read_u16(r);
	e = tpm_read_u32(r);                 /* 0 stands for 65537 */
	modulus = tpm_read_sized(r, 512);
	if (sr_reader_finish(r) != SR_OK || bits < 2048 || bits % 8 != 0 || modulus.n != bits / 8)
		return SR_ERR_EVIDENCE_FORMAT;
	if (e != 0) {
		for (size_t i = 0; i < sizeof given; i++)
			given[i] = (uint8_t)(e >> (24 - 8 * i));
		exponent = (struct sr_bytes){ given, sizeof given };
	}
	return cert_key_rsa_spki(out->spki, &out->spki_n, sizeof out->spki, modulus, exponent);
}

static enum sr_error ecc_read(struct tpm_public *out, struct sr_reader *r)
{
	uint8_t point[64] = { 0 };
	struct sr_bytes x, y;

	if (!scheme_read(r, TPM_ALG_ECDSA) || tpm_read_u16(r) != CURVE_P256 ||
	    tpm_read_u16(r) != ALG_NULL)
		return SR_ERR_EVIDENCE_FORMAT;
	x = tpm_read_sized(r, 32);
	y = tpm_read_sized(r, 32);
	if (sr_reader_finish(r) != SR_OK || x.n == 0 || y.n == 0)
		return SR_ERR_EVIDENCE_FORMAT;
	memcpy(point + 32 - x.n, x.p, x.n);
	memcpy(point + 64 - y.n, y.p, y.n);
	cert_key_p256_spki(out->spki, point);
	out->spki_n = CERT_P256_SPKI;
	return SR_OK;
}

static enum sr_error key_read(struct tpm_public *out, struct sr_bytes bytes)
{
	struct sr_hash32 hash = sr_hash(bytes.p, bytes.n);
	struct sr_reader r;
	uint16_t type, name_alg;
	uint32_t attributes;
	enum sr_error err;

	sr_reader_init(&r, bytes.p, bytes.n);
	type = tpm_read_u16(&r);
	name_alg = tpm_read_u16(&r);
	attributes = tpm_read_u32(&r);
	tpm_read_sized(&r, 64);              /* policy */
	if (r.error != SR_OK || name_alg != TPM_ALG_SHA256 || (type != ALG_RSA && type != ALG_ECC))
		return SR_ERR_EVIDENCE_FORMAT;
	out->name[1] = TPM_ALG_SHA256;
	memcpy(out->name + 2, hash.b, sizeof hash.b);
	err = type == ALG_RSA ? rsa_read(out, &r) : ecc_read(out, &r);
	SR_TRY(err);
	if ((attributes & NEEDED) != NEEDED || (attributes & DECRYPT) != 0)
		return SR_ERR_EVIDENCE_BAD;
	return SR_OK;
}

enum sr_error tpm_attestation_key_read(struct tpm_public *out, struct sr_bytes tpmt_public)
{
	enum sr_error err;

	memset(out, 0, sizeof *out);
	err = key_read(out, tpmt_public);
	if (err != SR_OK)
		memset(out, 0, sizeof *out);
	return err;
}
