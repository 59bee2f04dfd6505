/* A key sealed to the PCRs, and a counter. */
#include <stdlib.h>
#include <string.h>

#include <tss2/tss2_mu.h>

#include "platform/tpm_internal.h"

/* sealed = version u8 | PCR mask u32 | TPM2B_PUBLIC blob | TPM2B_PRIVATE blob */
#define SEALED_VERSION 1u
#define PART_MAX 1024u

static const TPMT_SYM_DEF aes_cfb = {
	.algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB
};

/* Salted with the storage key and encrypting what it carries: the key does not cross the TPM's bus
 * in the clear. */
static enum sr_error session_start(struct tpm *self, ESYS_TR *session, ESYS_TR storage,
    TPM2_SE type, TPMA_SESSION direction)
{
	TPMA_SESSION flags = direction | TPMA_SESSION_CONTINUESESSION;

	SR_TRY(tpm_check(self, Esys_StartAuthSession(self->esys, storage, ESYS_TR_NONE,
	    ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, type, &aes_cfb, TPM2_ALG_SHA256,
	    session), "starting a session"));
	return tpm_check(self, Esys_TRSess_SetAttributes(self->esys, *session, flags, flags),
	    "a session's attributes");
}

/* TPM2_PolicyPCR over the values as they are now (Library part 3, 23.7); a trial session knows the
 * digest that the object must name. */
static enum sr_error policy_now(struct tpm *self, TPM2B_DIGEST *out)
{
	const TPML_PCR_SELECTION selection = tpm_selection(PLATFORM_TPM_PCR_MASK);
	const TPM2B_DIGEST current = { .size = 0 };
	const TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };
	TPM2B_DIGEST *digest = NULL;
	ESYS_TR trial = ESYS_TR_NONE;
	enum sr_error error = tpm_check(self, Esys_StartAuthSession(self->esys, ESYS_TR_NONE,
	    ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_TRIAL, &none,
	    TPM2_ALG_SHA256, &trial), "starting a session");

	if (error == SR_OK)
		error = tpm_check(self, Esys_PolicyPCR(self->esys, trial, ESYS_TR_NONE,
		    ESYS_TR_NONE, ESYS_TR_NONE, &current, &selection), "a policy of PCRs");
	if (error == SR_OK)
		error = tpm_check(self, Esys_PolicyGetDigest(self->esys, trial, ESYS_TR_NONE,
		    ESYS_TR_NONE, ESYS_TR_NONE, &digest), "a policy's digest");
	if (error == SR_OK)
		*out = *digest;
	Esys_Free(digest);
	tpm_flush(self, &trial);
	return error;
}

static enum sr_error sealed_write(struct tpm *self, struct sr_writer *w, const TPM2B_PUBLIC *public,
    const TPM2B_PRIVATE *private)
{
	uint8_t bytes[PART_MAX];
	size_t n = 0;

	sr_write_u8(w, SEALED_VERSION);
	sr_write_u32(w, PLATFORM_TPM_PCR_MASK);
	SR_TRY(tpm_check(self, Tss2_MU_TPM2B_PUBLIC_Marshal(public, bytes, sizeof bytes, &n),
	    "the sealed key's encoding"));
	sr_write_blob(w, bytes, n);
	n = 0;
	SR_TRY(tpm_check(self, Tss2_MU_TPM2B_PRIVATE_Marshal(private, bytes, sizeof bytes, &n),
	    "the sealed key's encoding"));
	sr_write_blob(w, bytes, n);
	return w->error;
}

/* No userWithAuth: the policy is the only way in. */
static enum sr_error seal(struct tpm *self, struct sr_writer *w, ESYS_TR storage, ESYS_TR session,
    const struct sr_key32 *key)
{
	TPM2B_SENSITIVE_CREATE secret = { .sensitive.data.size = sizeof key->b };
	TPM2B_PUBLIC template = { .publicArea = {
				      .type = TPM2_ALG_KEYEDHASH,
				      .nameAlg = TPM2_ALG_SHA256,
				      .objectAttributes = TPMA_OBJECT_FIXEDTPM
					  | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_NODA,
				      .parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL,
				  } };
	const TPML_PCR_SELECTION no_pcrs = { 0 };
	const TPM2B_DATA no_data = { 0 };
	TPM2B_PUBLIC *public = NULL;
	TPM2B_PRIVATE *private = NULL;
	enum sr_error error;

	SR_TRY(policy_now(self, &template.publicArea.authPolicy));
	memcpy(secret.sensitive.data.buffer, key->b, sizeof key->b);
	error = tpm_check(self, Esys_Create(self->esys, storage, session, ESYS_TR_NONE,
	    ESYS_TR_NONE, &secret, &template, &no_data, &no_pcrs, &private, &public, NULL, NULL,
	    NULL), "sealing");
	sr_wipe(&secret, sizeof secret);
	if (error == SR_OK)
		error = sealed_write(self, w, public, private);
	Esys_Free(public);
	Esys_Free(private);
	return error;
}

enum sr_error tpm_seal(struct platform *base, struct sr_writer *sealed, const struct sr_key32 *key)
{
	struct tpm *self = (struct tpm *)base;
	ESYS_TR storage = ESYS_TR_NONE, session = ESYS_TR_NONE;
	enum sr_error error = tpm_storage(self, &storage);

	if (error == SR_OK)
		error = session_start(self, &session, storage, TPM2_SE_HMAC, TPMA_SESSION_DECRYPT);
	if (error == SR_OK)
		error = seal(self, sealed, storage, session, key);
	tpm_flush(self, &session);
	tpm_flush(self, &storage);
	return error;
}

static enum sr_error sealed_read(TPM2B_PUBLIC *public, TPM2B_PRIVATE *private, uint32_t *mask,
    struct sr_bytes sealed)
{
	struct sr_reader r;
	struct sr_bytes a, b;
	size_t at = 0, bt = 0;

	sr_reader_init(&r, sealed.p, sealed.n);
	if (sr_read_u8(&r) != SEALED_VERSION)
		return SR_ERR_DAMAGED;
	*mask = sr_read_u32(&r);
	a = sr_read_blob(&r, PART_MAX);
	b = sr_read_blob(&r, PART_MAX);
	if (sr_reader_finish(&r) != SR_OK ||
	    Tss2_MU_TPM2B_PUBLIC_Unmarshal(a.p, a.n, &at, public) != TSS2_RC_SUCCESS || at != a.n ||
	    Tss2_MU_TPM2B_PRIVATE_Unmarshal(b.p, b.n, &bt, private) != TSS2_RC_SUCCESS || bt != b.n)
		return SR_ERR_DAMAGED;
	return SR_OK;
}

static enum sr_error unseal(struct tpm *self, struct sr_key32 *key, ESYS_TR item, ESYS_TR session,
    uint32_t mask)
{
	const TPML_PCR_SELECTION selection = tpm_selection(mask);
	const TPM2B_DIGEST current = { .size = 0 };
	TPM2B_SENSITIVE_DATA *data = NULL;
	enum sr_error error;

	SR_TRY(tpm_check(self, Esys_PolicyPCR(self->esys, session, ESYS_TR_NONE, ESYS_TR_NONE,
	    ESYS_TR_NONE, &current, &selection), "a policy of PCRs"));
	if (tpm_check(self, Esys_Unseal(self->esys, item, session, ESYS_TR_NONE, ESYS_TR_NONE,
	    &data), "unsealing (are the PCRs as they were when it was sealed?)") != SR_OK)
		return SR_ERR_DECRYPT_FAILED;
	error = data->size == sizeof key->b ? SR_OK : SR_ERR_DAMAGED;
	if (error == SR_OK)
		memcpy(key->b, data->buffer, sizeof key->b);
	sr_wipe(data, sizeof *data);
	Esys_Free(data);
	return error;
}

enum sr_error tpm_unseal(struct platform *base, struct sr_key32 *key, struct sr_bytes sealed)
{
	struct tpm *self = (struct tpm *)base;
	ESYS_TR storage = ESYS_TR_NONE, session = ESYS_TR_NONE, item = ESYS_TR_NONE;
	/* The library reads only into a public area that is empty. */
	TPM2B_PRIVATE private = { .size = 0 };
	TPM2B_PUBLIC public = { .size = 0 };
	enum sr_error error;
	uint32_t mask;

	SR_TRY(sealed_read(&public, &private, &mask, sealed));
	error = tpm_storage(self, &storage);
	if (error == SR_OK)
		error = session_start(
		    self, &session, storage, TPM2_SE_POLICY, TPMA_SESSION_ENCRYPT);
	/* Another TPM's storage key does not open it. */
	if (error == SR_OK
	    && tpm_check(self,
		   Esys_Load(self->esys, storage, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
		       &private, &public, &item),
		   "loading a sealed key")
		!= SR_OK) {
		item = ESYS_TR_NONE;
		error = SR_ERR_DECRYPT_FAILED;
	}
	if (error == SR_OK)
		error = unseal(self, key, item, session, mask);
	tpm_flush(self, &item);
	tpm_flush(self, &session);
	tpm_flush(self, &storage);
	return error;
}

/* ------------------------------------------------------------------------------------- counter */

/* Undefined and defined again, a counter starts above the largest that the TPM ever had (Library
 * part 1, 37.2.4): even the owner cannot set it back. */
static enum sr_error counter_define(struct tpm *self, ESYS_TR *index, uint32_t number)
{
	const TPM2B_NV_PUBLIC public = { .nvPublic = {
		.nvIndex = number,
		.nameAlg = TPM2_ALG_SHA256,
		.attributes = TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA |
		    TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT,
		.dataSize = 8,
	} };
	const TPM2B_AUTH no_auth = { .size = 0 };
	enum sr_error error = tpm_check(self, Esys_NV_DefineSpace(self->esys, ESYS_TR_RH_OWNER,
	    ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &no_auth, &public, index),
	    "defining the counter");

	if (error != SR_OK)
		*index = ESYS_TR_NONE;
	return error;
}

static enum sr_error counter_open(struct tpm *self, ESYS_TR *index, bool *written)
{
	uint32_t number = self->base.options.lease_index;
	TPM2B_NV_PUBLIC *public = NULL;
	TPMA_NV attributes;

	if (number == 0)
		number = PLATFORM_LEASE_INDEX;
	*written = false;
	if (Esys_TR_FromTPMPublic(self->esys, number, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
	    index) != TSS2_RC_SUCCESS)
		return counter_define(self, index, number);
	SR_TRY(tpm_check(self, Esys_NV_ReadPublic(self->esys, *index, ESYS_TR_NONE, ESYS_TR_NONE,
	    ESYS_TR_NONE, &public, NULL), "reading about the counter"));
	attributes = public->nvPublic.attributes;
	Esys_Free(public);
	if ((attributes & TPMA_NV_TPM2_NT_MASK) >> TPMA_NV_TPM2_NT_SHIFT != TPM2_NT_COUNTER)
		return platform_fail(&self->base, SR_ERR_IN_USE,
		    "NV 0x%08x is used, and not by a counter", number);
	*written = (attributes & TPMA_NV_WRITTEN) != 0;
	return SR_OK;
}

static enum sr_error counter_read(struct tpm *self, uint64_t *value, ESYS_TR index)
{
	TPM2B_MAX_NV_BUFFER *bytes = NULL;
	enum sr_error error;

	SR_TRY(tpm_check(self, Esys_NV_Read(self->esys, index, index, ESYS_TR_PASSWORD,
	    ESYS_TR_NONE, ESYS_TR_NONE, 8, 0, &bytes), "reading the counter"));
	*value = 0;
	for (size_t i = 0; i < 8 && i < bytes->size; i++)
		*value = *value << 8 | bytes->buffer[i];
	error = bytes->size == 8 ? SR_OK : SR_ERR_PLATFORM;
	Esys_Free(bytes);
	return error;
}

enum sr_error tpm_lease(struct platform *base, uint64_t *value, bool increase)
{
	struct tpm *self = (struct tpm *)base;
	ESYS_TR index = ESYS_TR_NONE;
	bool written;
	enum sr_error error = counter_open(self, &index, &written);

	/* A counter that never counted has no value yet. */
	if (error == SR_OK && (increase || !written))
		error = tpm_check(self, Esys_NV_Increment(self->esys, index, index,
		    ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE), "counting");
	if (error == SR_OK)
		error = counter_read(self, value, index);
	if (index != ESYS_TR_NONE)
		(void)Esys_TR_Close(self->esys, &index);
	return error;
}
