/*
 * platform/vouch.h - distributor-level attestation: a provisioner, who is known to the cluster,
 * says that an attestation key (AK) lives in the TPM that an endorsement key's (EK) certificate
 * names. Five files pass between the node that has the TPM and the provisioner:
 *
 *   node         public     EK certificate, AK
 *   provisioner  challenge  a secret that only this TPM can open, and only while it holds this AK
 *   node         answer     proof that it was opened
 *   provisioner  vouch      its signature, which travels in the node's evidence from then on
 *   provisioner  state      what it must remember between challenge and vouch; secret, mode 0600
 *
 * Each is eight bytes of magic and the fields below; blobs have a u32 length. Base and wire files
 * only.
 */
#ifndef SR_PLATFORM_VOUCH_H
#define SR_PLATFORM_VOUCH_H

#include "attest/evidence_blob.h"

#define PLATFORM_CERTIFICATES_MAX (32u * 1024u)
#define PLATFORM_TPM_PUBLIC_MAX 1024u
#define PLATFORM_CREDENTIAL_MAX 512u      /* each of the two parts */
#define PLATFORM_FILE_BYTES_MAX (2u * PLATFORM_CERTIFICATES_MAX + 4096u)
#define PLATFORM_VOUCH_BYTES (8u + 32u + ATTEST_AK_NAME + 32u + 64u)

/* 0x000b (SHA-256), and the hash of the TPMT_PUBLIC. */
struct platform_ak_name { uint8_t b[ATTEST_AK_NAME]; };
struct platform_ak_name platform_ak_name(struct sr_bytes tpmt_public);

/* Borrowed from the file's bytes. above: certificates over the EK's, PEM or DER; may be empty. */
struct platform_tpm_public { struct sr_bytes ek_certificate, above, ak; };
/* What goes into TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET, without their sizes. Borrowed. */
struct platform_challenge { struct sr_bytes id_object, secret; };
struct platform_answer { struct sr_hash32 proof; };
struct platform_challenge_state {
	struct sr_bytes ek_certificate;   /* borrowed */
	struct platform_ak_name ak;
	struct sr_key32 secret;
};
struct platform_vouch {
	struct sr_hash32 ek;              /* SHA-256 of the EK certificate */
	struct platform_ak_name ak;
	struct attest_voucher voucher;    /* over both */
};

/* Readers: BAD_VERSION for another kind of file, TRUNCATED, TRAILING_BYTES, TOO_LONG. */
void platform_tpm_public_write(struct sr_writer *w, const struct platform_tpm_public *p);
SR_MUST_CHECK enum sr_error platform_tpm_public_read(struct platform_tpm_public *p,
    struct sr_bytes file);
void platform_challenge_write(struct sr_writer *w, const struct platform_challenge *c);
SR_MUST_CHECK enum sr_error platform_challenge_read(struct platform_challenge *c,
    struct sr_bytes file);
void platform_answer_write(struct sr_writer *w, const struct platform_answer *a);
SR_MUST_CHECK enum sr_error platform_answer_read(struct platform_answer *a, struct sr_bytes file);
void platform_challenge_state_write(struct sr_writer *w, const struct platform_challenge_state *s);
SR_MUST_CHECK enum sr_error platform_challenge_state_read(struct platform_challenge_state *s,
    struct sr_bytes file);
void platform_challenge_state_wipe(struct platform_challenge_state *s);
void platform_vouch_write(struct sr_writer *w, const struct platform_vouch *v);
SR_MUST_CHECK enum sr_error platform_vouch_read(struct platform_vouch *v, struct sr_bytes file);

/* What the TPM opened, as it goes back; the secret itself does not travel. */
struct platform_answer platform_answer_make(const struct sr_key32 *secret,
    const struct platform_ak_name *ak);
/* BAD_PROOF. Constant time. */
SR_MUST_CHECK enum sr_error platform_answer_check(const struct platform_answer *a,
    const struct platform_challenge_state *s);

#endif
