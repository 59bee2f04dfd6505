/* PCRs, and quotes over them as evidence. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include <tss2/tss2_mu.h>

#include "platform/tpm_internal.h"

#define QUOTE_TRIES 3

TPML_PCR_SELECTION tpm_selection(uint32_t mask)
{
	return (TPML_PCR_SELECTION){ 1, { { TPM2_ALG_SHA256, 3,
	    { (BYTE)mask, (BYTE)(mask >> 8), (BYTE)(mask >> 16) } } } };
}

/* A TPM hands out eight values at most at a time, and none of a bank that is off. */
static enum sr_error pcrs_some(struct tpm *self, struct sr_hash32 *out, uint32_t *left)
{
	TPML_PCR_SELECTION asked = tpm_selection(*left), *got = NULL;
	TPML_DIGEST *values = NULL;
	uint32_t mask = 0;
	UINT32 n = 0;

	SR_TRY(tpm_check(self, Esys_PCR_Read(self->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
	    &asked, NULL, &got, &values), "reading PCRs"));
	if (got->count == 1 && got->pcrSelections[0].sizeofSelect >= 2)
		mask = (uint32_t)(got->pcrSelections[0].pcrSelect[0] |
		    got->pcrSelections[0].pcrSelect[1] << 8) & *left;
	for (unsigned i = 0; i < PCRS_READ; i++) {
		if ((mask >> i & 1u) == 0)
			continue;
		if (n == values->count || values->digests[n].size != sizeof out[i].b)
			break;
		memcpy(out[i].b, values->digests[n++].buffer, sizeof out[i].b);
		*left &= ~(1u << i);
	}
	Esys_Free(got);
	Esys_Free(values);
	return n > 0 ? SR_OK : platform_fail(&self->base, SR_ERR_PLATFORM,
	    "the TPM's bank of SHA-256 PCRs is off (the firmware's settings turn it on)");
}

enum sr_error tpm_pcrs(struct tpm *self, struct sr_hash32 out[PCRS_READ])
{
	uint32_t left = (1u << PCRS_READ) - 1;

	while (left != 0)
		SR_TRY(pcrs_some(self, out, &left));
	return SR_OK;
}

struct sr_hash32 tpm_pcrs_digest(const struct sr_hash32 pcrs[PCRS_READ])
{
	struct sr_hash32 quoted[PCRS_READ];
	size_t n = 0;

	for (unsigned i = 0; i < PCRS_READ; i++)
		if ((PLATFORM_TPM_PCR_MASK >> i & 1u) != 0)
			quoted[n++] = pcrs[i];
	return sr_hash(quoted, n * sizeof quoted[0]);
}

enum sr_error platform_tpm_measurement(struct platform *base, struct sr_hash32 *out)
{
	struct sr_hash32 pcrs[PCRS_READ], digest;

	SR_ASSERT(base->kind == PLATFORM_TPM);
	SR_TRY(tpm_pcrs((struct tpm *)base, pcrs));
	digest = tpm_pcrs_digest(pcrs);
	*out = attest_measurement_pcrs(PLATFORM_TPM_PCR_MASK, &digest);
	return SR_OK;
}

static struct sr_hash32 extended(const struct sr_hash32 *pcr, const struct sr_hash32 *digest)
{
	struct sr_hash32 both[2] = { *pcr, *digest };

	return sr_hash(both, sizeof both);
}

static enum sr_error extend(struct tpm *self, const struct sr_hash32 *digest)
{
	TPML_DIGEST_VALUES values = { .count = 1,
	    .digests[0].hashAlg = TPM2_ALG_SHA256 };

	memcpy(values.digests[0].digest.sha256, digest->b, sizeof digest->b);
	return tpm_check(self, Esys_PCR_Extend(self->esys, PLATFORM_TPM_PCR, ESYS_TR_PASSWORD,
	    ESYS_TR_NONE, ESYS_TR_NONE, &values), "extending the PCR");
}

enum sr_error platform_tpm_measure(struct platform *base, bool *done,
    const struct sr_hash32 *digests, size_t n, bool others)
{
	struct tpm *self = (struct tpm *)base;
	struct sr_hash32 pcrs[PCRS_READ], wanted = { { 0 } };
	const struct sr_hash32 *now = &pcrs[PLATFORM_TPM_PCR];

	SR_ASSERT(base->kind == PLATFORM_TPM);
	*done = false;
	SR_TRY(tpm_pcrs(self, pcrs));
	for (size_t i = 0; i < n; i++)
		wanted = extended(&wanted, &digests[i]);
	if (sr_hash32_equal(now, &wanted))
		return SR_OK;
	if (!sr_hash32_is_zero(now) && !others)
		return platform_fail(base, SR_ERR_IN_USE,
		    "PCR %u holds other measurements of this boot", PLATFORM_TPM_PCR);
	for (size_t i = 0; i < n; i++)
		SR_TRY(extend(self, &digests[i]));
	*done = true;
	return SR_OK;
}

/* ----------------------------------------------------------------------------------- vouchers */

/* In its place, rising by provisioner, none twice. */
static void voucher_insert(struct attest_evidence_tpm *e, const struct attest_voucher *v)
{
	uint32_t at = 0;
	int order = 1;

	while (at < e->vouchers_n &&
	       (order = memcmp(v->key.b, e->vouchers[at].key.b, sizeof v->key.b)) > 0)
		at++;
	if (e->vouchers_n == ATTEST_FACTS_VOUCHERS_MAX || (at < e->vouchers_n && order == 0))
		return;
	memmove(&e->vouchers[at + 1], &e->vouchers[at],
	    (e->vouchers_n - at) * sizeof e->vouchers[0]);
	e->vouchers[at] = *v;
	e->vouchers_n++;
}

/* Only those for this TPM and this key; other files are no concern of ours. */
static void voucher_take(struct attest_evidence_tpm *e, const char *folder, const char *name)
{
	struct platform_ak_name ak = platform_ak_name(e->ak);
	struct sr_hash32 ek = sr_hash(e->ek_certificate.p, e->ek_certificate.n);
	struct platform_file file;
	struct platform_vouch v;

	if (platform_file_read(&file, folder, name) != SR_OK)
		return;
	if (platform_vouch_read(&v, (struct sr_bytes){ file.p, file.n }) == SR_OK &&
	    sr_hash32_equal(&v.ek, &ek) && memcmp(v.ak.b, ak.b, sizeof ak.b) == 0 &&
	    attest_voucher_verify(&v.voucher, e->ek_certificate, ak.b) == SR_OK)
		voucher_insert(e, &v.voucher);
	platform_file_clear(&file);
}

static enum sr_error vouchers_take(struct tpm *self, struct attest_evidence_tpm *e)
{
	const char *folder = self->base.options.vouchers;
	DIR *dir;

	if (folder == NULL || folder[0] == '\0')
		return SR_OK;
	dir = opendir(folder);
	if (dir == NULL)
		return platform_fail(&self->base, SR_ERR_NOT_FOUND, "the vouchers' folder");
	for (struct dirent *d = readdir(dir); d != NULL; d = readdir(dir)) {
		const char *dot = strrchr(d->d_name, '.');

		if (dot != NULL && strcmp(dot, ".vouch") == 0)
			voucher_take(e, folder, d->d_name);
	}
	closedir(dir);
	return SR_OK;
}

/* ----------------------------------------------------------------------------------- evidence */

struct quote {
	TPM2B_ATTEST *attest;
	uint8_t signature[sizeof(TPMT_SIGNATURE)];
	size_t signature_n;
	struct sr_hash32 pcrs[PCRS_READ];
};

static enum sr_error quote_once(struct tpm *self, struct quote *q, bool *fits, ESYS_TR ak,
    const TPM2B_DATA *qualifying)
{
	const TPMT_SIG_SCHEME of_key = { .scheme = TPM2_ALG_NULL };
	const TPML_PCR_SELECTION selection = tpm_selection(PLATFORM_TPM_PCR_MASK);
	struct sr_hash32 digest;
	TPMT_SIGNATURE *signature = NULL;
	TPMS_ATTEST said;
	enum sr_error error;
	size_t at = 0;

	SR_TRY(tpm_check(self, Esys_Quote(self->esys, ak, ESYS_TR_PASSWORD, ESYS_TR_NONE,
	    ESYS_TR_NONE, qualifying, &of_key, &selection, &q->attest, &signature), "quoting"));
	q->signature_n = 0;
	error = tpm_check(self, Tss2_MU_TPMT_SIGNATURE_Marshal(signature, q->signature,
	    sizeof q->signature, &q->signature_n), "the quote's signature");
	Esys_Free(signature);
	if (error == SR_OK)
		error = tpm_check(self, Tss2_MU_TPMS_ATTEST_Unmarshal(q->attest->attestationData,
		    q->attest->size, &at, &said), "the quote");
	if (error == SR_OK)
		error = tpm_pcrs(self, q->pcrs);
	SR_TRY(error);
	digest = tpm_pcrs_digest(q->pcrs);
	*fits = said.attested.quote.pcrDigest.size == sizeof digest.b &&
	    memcmp(said.attested.quote.pcrDigest.buffer, digest.b, sizeof digest.b) == 0;
	return SR_OK;
}

/* PCRs may be extended between the quote and the reading of their values. */
static enum sr_error quote_make(struct tpm *self, struct quote *q, ESYS_TR ak,
    const uint8_t report_data[ATTEST_REPORT_DATA])
{
	TPM2B_DATA qualifying = { .size = ATTEST_SHORT_REPORT_DATA };
	uint8_t bound[ATTEST_REPORT_DATA];
	bool fits = false;

	attest_report_data_short(bound, report_data);
	memcpy(qualifying.buffer, bound, ATTEST_SHORT_REPORT_DATA);
	for (int i = 0; i < QUOTE_TRIES && !fits; i++) {
		Esys_Free(q->attest);
		q->attest = NULL;
		SR_TRY(quote_once(self, q, &fits, ak, &qualifying));
	}
	return fits ? SR_OK : platform_fail(&self->base, SR_ERR_PLATFORM,
	    "the PCRs change all the time");
}

static enum sr_error evidence_write(struct tpm *self, struct sr_writer *w, const struct quote *q,
    struct sr_bytes ak)
{
	struct attest_evidence e = { .kind = ATTEST_KIND_TPM, .tpm = {
		.quote = { q->attest->attestationData, q->attest->size },
		.signature = { q->signature, q->signature_n },
		.ak = ak,
		.pcrs = { (const uint8_t *)q->pcrs, sizeof q->pcrs },
	} };
	struct platform_files files = { .n = 0 };
	struct sr_writer ek;
	enum sr_error error;

	sr_writer_init(&ek, PLATFORM_CERTIFICATES_MAX);
	error = tpm_ek_certificate(self, &ek);
	e.tpm.ek_certificate = (struct sr_bytes){ ek.p, ek.n };
	if (error == SR_OK)
		error = platform_collateral(
		    &self->base, &e.tpm.ek_chain, &files, "ek-chain.pem", false);
	if (error == SR_OK)
		error = vouchers_take(self, &e.tpm);
	if (error == SR_OK)
		attest_evidence_write(w, &e);
	platform_files_clear(&files);
	sr_writer_clear(&ek);
	return error == SR_OK ? w->error : error;
}

enum sr_error tpm_evidence(struct platform *base, struct sr_writer *w,
    const uint8_t report_data[ATTEST_REPORT_DATA])
{
	struct tpm *self = (struct tpm *)base;
	struct quote q = { .attest = NULL };
	struct sr_writer ak;
	ESYS_TR handle = ESYS_TR_NONE;
	enum sr_error error;

	sr_writer_init(&ak, PLATFORM_TPM_PUBLIC_MAX);
	error = tpm_ak(self, &handle, &ak);
	if (error == SR_OK)
		error = quote_make(self, &q, handle, report_data);
	tpm_flush(self, &handle);
	if (error == SR_OK)
		error = evidence_write(self, w, &q, (struct sr_bytes){ ak.p, ak.n });
	Esys_Free(q.attest);
	sr_writer_clear(&ak);
	return error;
}
