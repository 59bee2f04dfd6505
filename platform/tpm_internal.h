/* platform/tpm_internal.h - what the files of tpm share. */
#ifndef SR_PLATFORM_TPM_INTERNAL_H
#define SR_PLATFORM_TPM_INTERNAL_H

#include <tss2/tss2_esys.h>

#include "platform/internal.h"
#include "platform/tpm.h"

#define PCRS_READ (PLATFORM_TPM_PCR + 1u)

struct tpm {
	struct platform base;            /* first */
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys;
};

/* SR_OK, or PLATFORM with the step and the TPM's own words noted. */
SR_MUST_CHECK enum sr_error tpm_check(struct tpm *self, TSS2_RC rc, const char *step);
/* Flushes a key or session when there is one; *handle becomes none. */
void tpm_flush(struct tpm *self, ESYS_TR *handle);

/* --- tpm_key.c --- handles: ESYS_TR_NONE on an error; the caller flushes. */
SR_MUST_CHECK enum sr_error tpm_ek(struct tpm *self, ESYS_TR *handle);
/* tpmt_public: its TPMT_PUBLIC, appended. */
SR_MUST_CHECK enum sr_error tpm_ak(
    struct tpm *self, ESYS_TR *handle, struct sr_writer *tpmt_public);
SR_MUST_CHECK enum sr_error tpm_storage(struct tpm *self, ESYS_TR *handle);
/* DER. From collateral's ek.crt when there is one, else from the TPM. */
SR_MUST_CHECK enum sr_error tpm_ek_certificate(struct tpm *self, struct sr_writer *w);

/* --- tpm_quote.c --- */
TPML_PCR_SELECTION tpm_selection(uint32_t mask);
/* PCRs 0 to 11 in order. */
SR_MUST_CHECK enum sr_error tpm_pcrs(struct tpm *self, struct sr_hash32 out[PCRS_READ]);
struct sr_hash32 tpm_pcrs_digest(const struct sr_hash32 pcrs[PCRS_READ]);
SR_MUST_CHECK enum sr_error tpm_evidence(struct platform *base, struct sr_writer *w,
    const uint8_t report_data[ATTEST_REPORT_DATA]);

/* --- tpm_seal.c --- */
SR_MUST_CHECK enum sr_error tpm_seal(struct platform *base, struct sr_writer *sealed,
    const struct sr_key32 *key);
SR_MUST_CHECK enum sr_error tpm_unseal(struct platform *base, struct sr_key32 *key,
    struct sr_bytes sealed);
SR_MUST_CHECK enum sr_error tpm_lease(struct platform *base, uint64_t *value, bool increase);

#endif
