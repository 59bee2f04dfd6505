/* The TPM's keys, by template, and its maker's certificate. */
#include <stdlib.h>
#include <string.h>

#include <tss2/tss2_mu.h>

#include "platform/tpm_internal.h"

/* TCG EK Credential Profile 2.5, 2.2.1.4 and 7.8; where vendors and swtpm_setup keep the key. */
#define EK_CERTIFICATE_NV 0x01c00002u
#define EK_PERSISTENT 0x81010001u
#define NV_CHUNK 512u            /* every TPM's NV buffer is at least that large */

/* B.3.3 (L-1): PolicySecret(TPM_RH_ENDORSEMENT). */
static const uint8_t ek_policy[32] = { 0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90,
	0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2,
	0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa };
/* Part of the template, so that it is our key and no other program's. */
static const uint8_t ak_unique[32] = "strongroom ak v1";

#define OBJECT_OURS (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | \
	TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_RESTRICTED)
#define AES_CFB { .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB }

static TPM2B_PUBLIC ek_template(void)
{
	TPM2B_PUBLIC t = { .publicArea = {
		.type = TPM2_ALG_RSA,
		.nameAlg = TPM2_ALG_SHA256,
		.objectAttributes = OBJECT_OURS | TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_DECRYPT,
		.authPolicy.size = sizeof ek_policy,
		.parameters.rsaDetail = {
			.symmetric = AES_CFB,
			.scheme.scheme = TPM2_ALG_NULL,
			.keyBits = 2048,
		},
		.unique.rsa.size = 256,
	} };

	memcpy(t.publicArea.authPolicy.buffer, ek_policy, sizeof ek_policy);
	return t;
}

static TPM2B_PUBLIC ak_template(void)
{
	TPM2B_PUBLIC t = { .publicArea = {
		.type = TPM2_ALG_ECC,
		.nameAlg = TPM2_ALG_SHA256,
		.objectAttributes = OBJECT_OURS | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA |
		    TPMA_OBJECT_SIGN_ENCRYPT,
		.parameters.eccDetail = {
			.symmetric.algorithm = TPM2_ALG_NULL,
			.scheme = { TPM2_ALG_ECDSA, { .ecdsa.hashAlg = TPM2_ALG_SHA256 } },
			.curveID = TPM2_ECC_NIST_P256,
			.kdf.scheme = TPM2_ALG_NULL,
		},
		.unique.ecc.x.size = sizeof ak_unique,
	} };

	memcpy(t.publicArea.unique.ecc.x.buffer, ak_unique, sizeof ak_unique);
	return t;
}

static TPM2B_PUBLIC storage_template(void)
{
	return (TPM2B_PUBLIC){ .publicArea = {
		.type = TPM2_ALG_ECC,
		.nameAlg = TPM2_ALG_SHA256,
		.objectAttributes = OBJECT_OURS | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA |
		    TPMA_OBJECT_DECRYPT,
		.parameters.eccDetail = {
			.symmetric = AES_CFB,
			.scheme.scheme = TPM2_ALG_NULL,
			.curveID = TPM2_ECC_NIST_P256,
			.kdf.scheme = TPM2_ALG_NULL,
		},
	} };
}

static enum sr_error primary(struct tpm *self, ESYS_TR *handle, TPM2B_PUBLIC **made,
    ESYS_TR hierarchy, const TPM2B_PUBLIC *template, const char *step)
{
	const TPM2B_SENSITIVE_CREATE no_secret = { 0 };
	const TPM2B_DATA no_data = { 0 };
	const TPML_PCR_SELECTION no_pcrs = { 0 };
	enum sr_error error = tpm_check(self, Esys_CreatePrimary(self->esys, hierarchy,
	    ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &no_secret, template, &no_data, &no_pcrs,
	    handle, made, NULL, NULL, NULL), step);

	if (error != SR_OK)
		*handle = ESYS_TR_NONE;
	return error;
}

/* Is what lies at the usual place the key of our template? Making it anew takes seconds. */
static bool ek_kept(struct tpm *self, ESYS_TR *handle)
{
	TPM2B_PUBLIC *public = NULL;
	TPM2B_PUBLIC t = ek_template();
	bool same;

	if (Esys_TR_FromTPMPublic(self->esys, EK_PERSISTENT, ESYS_TR_NONE, ESYS_TR_NONE,
	    ESYS_TR_NONE, handle) != TSS2_RC_SUCCESS)
		return false;
	same = Esys_ReadPublic(self->esys, *handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
	    &public, NULL, NULL) == TSS2_RC_SUCCESS &&
	    public->publicArea.type == TPM2_ALG_RSA &&
	    public->publicArea.objectAttributes == t.publicArea.objectAttributes &&
	    public->publicArea.authPolicy.size == sizeof ek_policy &&
	    memcmp(public->publicArea.authPolicy.buffer, ek_policy, sizeof ek_policy) == 0;
	Esys_Free(public);
	if (!same)
		(void)Esys_TR_Close(self->esys, handle);
	return same;
}

enum sr_error tpm_ek(struct tpm *self, ESYS_TR *handle)
{
	TPM2B_PUBLIC t = ek_template();

	if (ek_kept(self, handle))
		return SR_OK;
	return primary(
	    self, handle, NULL, ESYS_TR_RH_ENDORSEMENT, &t, "making the endorsement key");
}

enum sr_error tpm_ak(struct tpm *self, ESYS_TR *handle, struct sr_writer *tpmt_public)
{
	TPM2B_PUBLIC t = ak_template(), *made = NULL;
	uint8_t bytes[sizeof(TPMT_PUBLIC)];
	enum sr_error error;
	size_t n = 0;

	SR_TRY(primary(self, handle, &made, ESYS_TR_RH_ENDORSEMENT, &t,
	    "making the attestation key"));
	error = tpm_check(self, Tss2_MU_TPMT_PUBLIC_Marshal(&made->publicArea, bytes, sizeof bytes,
	    &n), "the attestation key's encoding");
	Esys_Free(made);
	if (error == SR_OK)
		sr_write_copy(tpmt_public, bytes, n);
	return error == SR_OK ? tpmt_public->error : error;
}

enum sr_error tpm_storage(struct tpm *self, ESYS_TR *handle)
{
	TPM2B_PUBLIC t = storage_template();

	return primary(self, handle, NULL, ESYS_TR_RH_OWNER, &t, "making the storage key");
}

/* ------------------------------------------------------------------------------- certificate */

static enum sr_error nv_read(struct tpm *self, struct sr_writer *w, ESYS_TR index, size_t n)
{
	for (size_t at = 0; at < n;) {
		size_t part = n - at < NV_CHUNK ? n - at : NV_CHUNK;
		TPM2B_MAX_NV_BUFFER *bytes = NULL;

		SR_TRY(tpm_check(self, Esys_NV_Read(self->esys, index, index, ESYS_TR_PASSWORD,
		    ESYS_TR_NONE, ESYS_TR_NONE, (UINT16)part, (UINT16)at, &bytes),
		    "reading the endorsement certificate"));
		sr_write_copy(w, bytes->buffer, bytes->size);
		part = bytes->size;
		Esys_Free(bytes);
		if (part == 0)
			return SR_ERR_TRUNCATED;
		at += part;
	}
	return w->error;
}

static enum sr_error certificate_from_tpm(struct tpm *self, struct sr_writer *w)
{
	ESYS_TR index = ESYS_TR_NONE;
	TPM2B_NV_PUBLIC *public = NULL;
	enum sr_error error;
	size_t n = 0, before = w->n;

	if (Esys_TR_FromTPMPublic(self->esys, EK_CERTIFICATE_NV, ESYS_TR_NONE, ESYS_TR_NONE,
	    ESYS_TR_NONE, &index) != TSS2_RC_SUCCESS)
		return platform_fail(&self->base, SR_ERR_NOT_FOUND,
		    "the TPM holds no endorsement certificate (NV 0x%08x), and the collateral "
		    "folder no ek.crt", EK_CERTIFICATE_NV);
	error = tpm_check(self, Esys_NV_ReadPublic(self->esys, index, ESYS_TR_NONE, ESYS_TR_NONE,
	    ESYS_TR_NONE, &public, NULL), "the endorsement certificate's size");
	if (error == SR_OK)
		error = nv_read(self, w, index, public->nvPublic.dataSize);
	Esys_Free(public);
	(void)Esys_TR_Close(self->esys, &index);
	SR_TRY(error);
	n = platform_der_size((struct sr_bytes){ w->p + before, w->n - before });
	if (n == 0)
		return platform_fail(&self->base, SR_ERR_BAD_ENCODING,
		    "what the TPM holds as its endorsement certificate is none");
	w->n = before + n;
	return SR_OK;
}

enum sr_error tpm_ek_certificate(struct tpm *self, struct sr_writer *w)
{
	struct platform_files files = { .n = 0 };
	struct sr_bytes kept;
	enum sr_error error = platform_collateral(&self->base, &kept, &files, "ek.crt", false);

	if (error == SR_OK && kept.n == 0)
		error = certificate_from_tpm(self, w);
	else if (error == SR_OK)
		sr_write_copy(w, kept.p, kept.n);
	platform_files_clear(&files);
	return error == SR_OK ? w->error : error;
}
