/* A TPM 2.0 through tpm2-tss: opening it, and the node's side of the ceremony with a provisioner.
 */
#include "platform/tpm.h"

#include <stdlib.h>
#include <string.h>

#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include "platform/tpm_internal.h"

enum sr_error tpm_check(struct tpm *self, TSS2_RC rc, const char *step)
{
	if (rc == TSS2_RC_SUCCESS)
		return SR_OK;
	return platform_fail(&self->base, SR_ERR_PLATFORM, "%s: %s", step, Tss2_RC_Decode(rc));
}

void tpm_flush(struct tpm *self, ESYS_TR *handle)
{
	if (*handle == ESYS_TR_NONE)
		return;
	/* Persistent keys are only let go; the rest would fill the TPM's few slots. */
	if (Esys_FlushContext(self->esys, *handle) != TSS2_RC_SUCCESS)
		(void)Esys_TR_Close(self->esys, handle);
	*handle = ESYS_TR_NONE;
}

static void tpm_close(struct platform *base)
{
	struct tpm *self = (struct tpm *)base;

	if (self->esys != NULL)
		Esys_Finalize(&self->esys);
	if (self->tcti != NULL)
		Tss2_TctiLdr_Finalize(&self->tcti);
	free(self);
}

static const struct platform_ops tpm_ops = {
	.close = tpm_close,
	.evidence = tpm_evidence,
	.seal = tpm_seal,
	.unseal = tpm_unseal,
	.lease = tpm_lease,
};

enum sr_error platform_tpm_open(struct platform **out, const struct platform_options *o)
{
	struct tpm *self = calloc(1, sizeof *self);

	if (self == NULL)
		return SR_ERR_NO_MEMORY;
	self->base = (struct platform){ PLATFORM_TPM, &tpm_ops, *o, "" };
	*out = &self->base;
	if (o->tcti == NULL || o->tcti[0] == '\0')
		return platform_fail(&self->base, SR_ERR_CONFIG,
		    "a TPM's address is missing (device:/dev/tpmrm0)");
	/* The library would write to stderr by itself, past the log; its words come with the code.
	 */
	if (setenv("TSS2_LOG", "all+NONE", 0) != 0)
		return SR_ERR_NO_MEMORY;
	SR_TRY(tpm_check(self, Tss2_TctiLdr_Initialize(o->tcti, &self->tcti), "opening the TPM"));
	return tpm_check(
	    self, Esys_Initialize(&self->esys, self->tcti, NULL), "starting the TPM's library");
}

/* --------------------------------------------------------------------------- with a provisioner */

enum sr_error platform_tpm_public(struct platform *base, struct sr_writer *w)
{
	struct tpm *self = (struct tpm *)base;
	struct platform_files files = { .n = 0 };
	struct sr_bytes above;
	struct sr_writer ek, ak;
	ESYS_TR handle = ESYS_TR_NONE;
	enum sr_error error;

	SR_ASSERT(base->kind == PLATFORM_TPM);
	sr_writer_init(&ek, PLATFORM_CERTIFICATES_MAX);
	sr_writer_init(&ak, PLATFORM_TPM_PUBLIC_MAX);
	error = tpm_ek_certificate(self, &ek);
	if (error == SR_OK)
		error = platform_collateral(base, &above, &files, "ek-chain.pem", false);
	if (error == SR_OK)
		error = tpm_ak(self, &handle, &ak);
	tpm_flush(self, &handle);
	if (error == SR_OK)
		platform_tpm_public_write(w, &(struct platform_tpm_public){
		    { ek.p, ek.n }, above, { ak.p, ak.n } });
	platform_files_clear(&files);
	sr_writer_clear(&ek);
	sr_writer_clear(&ak);
	return error == SR_OK ? w->error : error;
}

static enum sr_error credential_read(struct tpm *self, TPM2B_ID_OBJECT *id,
    TPM2B_ENCRYPTED_SECRET *secret, const struct platform_challenge *c)
{
	if (c->id_object.n == 0 || c->id_object.n > sizeof id->credential ||
	    c->secret.n == 0 || c->secret.n > sizeof secret->secret)
		return platform_fail(&self->base, SR_ERR_BAD_ENCODING, "the challenge's size");
	id->size = (UINT16)c->id_object.n;
	memcpy(id->credential, c->id_object.p, c->id_object.n);
	secret->size = (UINT16)c->secret.n;
	memcpy(secret->secret, c->secret.p, c->secret.n);
	return SR_OK;
}

/* Template L-1 lets the EK act only after PolicySecret with the endorsement hierarchy. */
static enum sr_error ek_session(struct tpm *self, ESYS_TR *session)
{
	const TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };

	SR_TRY(tpm_check(self, Esys_StartAuthSession(self->esys, ESYS_TR_NONE, ESYS_TR_NONE,
	    ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_POLICY, &none,
	    TPM2_ALG_SHA256, session), "starting a session"));
	return tpm_check(self, Esys_PolicySecret(self->esys, ESYS_TR_RH_ENDORSEMENT, *session,
	    ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL, NULL, 0, NULL, NULL),
	    "the endorsement hierarchy's consent");
}

/* What ActivateCredential answers to a credential of another key (INTEGRITY) or another TPM: what
 * the EK decrypts is no OAEP message then, and libtpms calls that a failure. */
static bool is_other(TSS2_RC rc)
{
	TSS2_RC plain = rc & 0x0bfu;     /* format one, without the parameter's number */

	if ((rc & TPM2_RC_FMT1) == 0)
		return rc == TPM2_RC_FAILURE;
	return plain == TPM2_RC_INTEGRITY || plain == TPM2_RC_VALUE || plain == TPM2_RC_SIZE;
}

static enum sr_error activate(struct tpm *self, struct sr_key32 *out, ESYS_TR ak, ESYS_TR ek,
    ESYS_TR session, const struct platform_challenge *c)
{
	TPM2B_ENCRYPTED_SECRET secret = { .size = 0 };
	TPM2B_ID_OBJECT id = { .size = 0 };
	TPM2B_DIGEST *opened = NULL;
	enum sr_error error;
	TSS2_RC rc;

	SR_TRY(credential_read(self, &id, &secret, c));
	rc = Esys_ActivateCredential(self->esys, ak, ek, ESYS_TR_PASSWORD, session, ESYS_TR_NONE,
	    &id, &secret, &opened);
	error = tpm_check(self, rc, "opening the challenge");
	if (error != SR_OK)
		return is_other(rc) ? SR_ERR_DECRYPT_FAILED : error;
	if (opened->size == sizeof out->b)
		memcpy(out->b, opened->buffer, sizeof out->b);
	else
		error = platform_fail(&self->base, SR_ERR_BAD_ENCODING, "the challenge's secret");
	sr_wipe(opened, sizeof *opened);
	Esys_Free(opened);
	return error;
}

enum sr_error platform_tpm_activate(struct platform *base, struct sr_key32 *secret,
    struct platform_ak_name *name, const struct platform_challenge *c)
{
	struct tpm *self = (struct tpm *)base;
	ESYS_TR ak = ESYS_TR_NONE, ek = ESYS_TR_NONE, session = ESYS_TR_NONE;
	struct sr_writer tpmt_public;
	enum sr_error error;

	SR_ASSERT(base->kind == PLATFORM_TPM);
	sr_writer_init(&tpmt_public, PLATFORM_TPM_PUBLIC_MAX);
	error = tpm_ak(self, &ak, &tpmt_public);
	if (error == SR_OK) {
		*name = platform_ak_name((struct sr_bytes){ tpmt_public.p, tpmt_public.n });
		error = tpm_ek(self, &ek);
	}
	if (error == SR_OK)
		error = ek_session(self, &session);
	if (error == SR_OK)
		error = activate(self, secret, ak, ek, session, c);
	tpm_flush(self, &session);
	tpm_flush(self, &ek);
	tpm_flush(self, &ak);
	sr_writer_clear(&tpmt_public);
	return error;
}
