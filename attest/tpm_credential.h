/*
 * attest/tpm_credential.h - TPM2_MakeCredential in software (TPM 2.0 Library part 1, 24 "Credential
 * protection"; 11.4.10.2 KDFa; B.10.4 secrets to RSA keys): a challenge that only the TPM with this
 * endorsement key can answer, and only if it holds the attestation key of this name. So a
 * provisioner needs no TPM to find out whether he may vouch for a key.
 */
#ifndef SR_ATTEST_TPM_CREDENTIAL_H
#define SR_ATTEST_TPM_CREDENTIAL_H

#include "attest/evidence_blob.h"

#define ATTEST_CREDENTIAL_ID 68u         /* HMAC 2 + 32, the secret 2 + 32 encrypted */
#define ATTEST_CREDENTIAL_SECRET 256u

/* What goes into TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET of TPM2_ActivateCredential, without
 * their sizes in front. */
struct attest_credential {
	uint8_t id_object[ATTEST_CREDENTIAL_ID];
	uint8_t secret[ATTEST_CREDENTIAL_SECRET];
};

/*
 * For an RSA-2048 endorsement key of the default template (TCG EK Credential Profile, L-1: SHA-256,
 * AES-128-CFB). answer: what the TPM will return. random: never used twice. Zeros on error:
 * CHAIN_BAD for a certificate that does not parse, BAD_PUBLIC_KEY for another kind of key.
 */
SR_MUST_CHECK enum sr_error attest_credential_make(struct attest_credential *out,
    struct sr_bytes ek_certificate, const uint8_t ak_name[ATTEST_AK_NAME],
    const struct sr_key32 *answer, const uint8_t random[64]);

#endif
