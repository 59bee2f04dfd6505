/* TPM 2.0 quotes (Library part 2: TPMS_ATTEST, TPMT_SIGNATURE; integers are big-endian). */
#include <string.h>

#include "attest/attest.h"
#include "attest/cert.h"
#include "attest/tpm_public.h"

#define TPM_GENERATED 0xff544347u
#define ST_ATTEST_QUOTE 0x8018u
#define PCRS 24u

/* One bank, of SHA-256. */
static void selection_read(struct attest_tpm *out, struct sr_reader *r)
{
	struct sr_bytes bits;

	if (tpm_read_u32(r) != 1 || tpm_read_u16(r) != TPM_ALG_SHA256)
		sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
	bits = sr_read_view(r, sr_read_u8(r));
	if (r->error != SR_OK || bits.n != PCRS / 8) {
		sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
		return;
	}
	out->pcr_mask = (uint32_t)(bits.p[0] | bits.p[1] << 8 | bits.p[2] << 16);
}

static enum sr_error quote_read(struct attest_tpm *out, struct sr_bytes bytes)
{
	struct sr_reader r;
	struct sr_bytes b;

	sr_reader_init(&r, bytes.p, bytes.n);
	if (tpm_read_u32(&r) != TPM_GENERATED || tpm_read_u16(&r) != ST_ATTEST_QUOTE)
		return SR_ERR_EVIDENCE_FORMAT;
	tpm_read_sized(&r, 68);                       /* the qualified name of the signer */
	b = tpm_read_sized(&r, sizeof out->nonce);
	if (r.error != SR_OK)
		return SR_ERR_EVIDENCE_FORMAT;
	memcpy(out->nonce, b.p, b.n);
	out->nonce_n = b.n;
	out->clock_ms = tpm_read_u64(&r);
	out->reset_count = tpm_read_u32(&r);
	out->restart_count = tpm_read_u32(&r);
	out->clock_safe = sr_read_bool(&r);
	out->firmware = tpm_read_u64(&r);
	selection_read(out, &r);
	b = tpm_read_sized(&r, sizeof out->pcr_digest.b);
	if (sr_reader_finish(&r) != SR_OK || b.n != sizeof out->pcr_digest.b)
		return SR_ERR_EVIDENCE_FORMAT;
	memcpy(out->pcr_digest.b, b.p, b.n);
	return SR_OK;
}

/* The values that the quote covers, in order, hash to its digest. */
static enum sr_error pcrs_are(const struct attest_tpm *tpm, struct sr_bytes pcrs)
{
	struct sr_sha256 sha;
	struct sr_hash32 digest;

	if (pcrs.n % 32 != 0 || pcrs.n > PCRS * 32 || tpm->pcr_mask >> pcrs.n / 32 != 0)
		return SR_ERR_EVIDENCE_FORMAT;
	SR_TRY(sr_sha256_init(&sha));
	for (unsigned i = 0; i < PCRS; i++)
		if ((tpm->pcr_mask >> i & 1u) != 0)
			sr_sha256_update(&sha, pcrs.p + (size_t)i * 32, 32);
	digest = sr_sha256_finish(&sha);
	return sr_hash32_equal(&digest, &tpm->pcr_digest) ? SR_OK : SR_ERR_EVIDENCE_BAD;
}

/* r and s without leading zeros, each to 32 bytes. */
static bool number(uint8_t out[32], struct sr_reader *r)
{
	struct sr_bytes b = tpm_read_sized(r, 32);

	memset(out, 0, 32);
	if (r->error != SR_OK || b.n == 0)
		return false;
	memcpy(out + 32 - b.n, b.p, b.n);
	return true;
}

/* To what cert_key_verify takes. */
static enum sr_error signature_read(uint8_t out[512], size_t *n, struct sr_bytes bytes)
{
	struct sr_reader r;
	struct sr_bytes b;
	uint16_t algorithm;

	sr_reader_init(&r, bytes.p, bytes.n);
	algorithm = tpm_read_u16(&r);
	if ((algorithm != TPM_ALG_RSASSA && algorithm != TPM_ALG_ECDSA) ||
	    tpm_read_u16(&r) != TPM_ALG_SHA256) {
		/* Bare: as long as the key, and the key says whether that is right. */
		if (bytes.n < 256 || bytes.n > 512)
			return SR_ERR_EVIDENCE_FORMAT;
		memcpy(out, bytes.p, bytes.n);
		*n = bytes.n;
		return SR_OK;
	}
	if (algorithm == TPM_ALG_ECDSA) {
		if (!number(out, &r) || !number(out + 32, &r) || sr_reader_finish(&r) != SR_OK)
			return SR_ERR_EVIDENCE_FORMAT;
		*n = 64;
		return SR_OK;
	}
	b = tpm_read_sized(&r, 512);
	if (sr_reader_finish(&r) != SR_OK)
		return SR_ERR_EVIDENCE_FORMAT;
	memcpy(out, b.p, b.n);
	*n = b.n;
	return SR_OK;
}

static enum sr_error verify(struct attest_tpm *out, const struct attest_tpm_input *in)
{
	struct cert_key *key;
	uint8_t sig[512];
	size_t n = 0;
	enum sr_error err;

	SR_TRY(quote_read(out, in->quote));
	SR_TRY(signature_read(sig, &n, in->signature));
	SR_TRY(cert_key_read(&key, in->key));
	err = cert_key_verify(key, in->quote, (struct sr_bytes){ sig, n });
	cert_key_free(key);
	SR_TRY(err);
	if (in->nonce.n > 0 &&
	    (in->nonce.n != out->nonce_n || memcmp(in->nonce.p, out->nonce, out->nonce_n) != 0))
		return SR_ERR_BINDING;
	return pcrs_are(out, in->pcrs);
}

enum sr_error attest_tpm_verify(struct attest_tpm *out, const struct attest_tpm_input *in)
{
	enum sr_error err;

	memset(out, 0, sizeof *out);
	err = verify(out, in);
	if (err != SR_OK)
		memset(out, 0, sizeof *out);
	return err;
}

static enum sr_error endorsed(struct attest_endorsement *out, struct cert_chain *chain,
    const struct cert_chain *pool, const struct sr_hash32 *makers, size_t makers_n, uint64_t time_s)
{
	struct cert_window window;
	uint8_t spki[CERT_SPKI_MAX];
	size_t n;
	bool ca;

	cert_window_init(&window);
	SR_TRY(cert_chain_complete(chain, pool));
	SR_TRY(cert_chain_verify(chain, makers, makers_n, &window));
	/* What stands above endorses; it is not a TPM. */
	SR_TRY(cert_is_ca(&ca, chain->at[0]));
	if (chain->n < 2 || ca)
		return SR_ERR_CHAIN_BAD;
	if (!cert_window_holds(&window, time_s))
		return SR_ERR_COLLATERAL_TIME;
	SR_TRY(cert_spki(spki, &n, sizeof spki, chain->at[0]));
	out->platform =
	    sr_hash_domain("strongroom tpm platform v1", &(struct sr_bytes){ spki, n }, 1);
	out->valid_from = window.from;
	out->valid_to = window.to;
	return SR_OK;
}

enum sr_error attest_tpm_endorsed(struct attest_endorsement *out, struct sr_bytes certificate,
    struct sr_bytes above, const struct sr_hash32 *makers, size_t makers_n, uint64_t time_s)
{
	struct cert_chain chain = { .n = 0 }, pool = { .n = 0 };
	enum sr_error err = cert_chain_read(&chain, certificate);

	memset(out, 0, sizeof *out);
	if (err == SR_OK)
		err = cert_chain_read(&pool, above);
	if (err == SR_OK)
		err = endorsed(out, &chain, &pool, makers, makers_n, time_s);
	cert_chain_clear(&chain);
	cert_chain_clear(&pool);
	return err;
}

enum sr_error attest_root_hash(struct sr_hash32 *out, struct sr_bytes certificate)
{
	struct cert_chain chain = { .n = 0 };
	enum sr_error err = cert_chain_read(&chain, certificate);
	bool ca = false;

	*out = (struct sr_hash32){ { 0 } };
	if (err == SR_OK)
		err = cert_is_ca(&ca, chain.at[0]);
	if (err == SR_OK && (chain.n != 1 || !ca))
		err = SR_ERR_CHAIN_BAD;
	if (err == SR_OK)
		err = cert_hash(out, chain.at[0]);
	cert_chain_clear(&chain);
	return err;
}
