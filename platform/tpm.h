/*
 * platform/tpm.h - what only a platform of kind tpm does: the node's side of distributor-level
 * attestation (platform/vouch.h), and the measurement of what starts.
 *
 * Two keys. The endorsement key (EK) is the TPM's own, from the standard template L-1 (TCG EK
 * Credential Profile 2.5, B.3.3: RSA-2048), and its maker signed a certificate for it. The
 * attestation key (AK) is ECC P-256, restricted, fixedTPM, made anew from the endorsement seed
 * whenever it is needed: the same key each time, with nothing to keep. All authorisations are
 * empty: whoever may talk to the TPM may ask it.
 */
#ifndef SR_PLATFORM_TPM_H
#define SR_PLATFORM_TPM_H

#include "platform/platform.h"
#include "platform/vouch.h"

/* What quotes and seals cover: firmware, boot loader, secure boot's keys (0 to 7), what GRUB
 * measures of kernel, initrd and command line (8, 9), and ours. */
#define PLATFORM_TPM_PCR 11u
#define PLATFORM_TPM_PCR_MASK (0x3ffu | 1u << PLATFORM_TPM_PCR)
#define PLATFORM_TPM_MEASURED_MAX 8u

/* self: of kind tpm. All: PLATFORM. */

/* The public file. NOT_FOUND when neither the TPM nor the collateral folder has a certificate. */
SR_MUST_CHECK enum sr_error platform_tpm_public(struct platform *self, struct sr_writer *w);
/* Opens a challenge. DECRYPT_FAILED: for another TPM or another AK. */
SR_MUST_CHECK enum sr_error platform_tpm_activate(struct platform *self, struct sr_key32 *secret,
    struct platform_ak_name *ak, const struct platform_challenge *c);

/* What quotes will say of the PCRs as they are now, and what a policy lists (attest/facts.h). */
SR_MUST_CHECK enum sr_error platform_tpm_measurement(struct platform *self, struct sr_hash32 *out);
/*
 * Extends PCR 11 by these digests in order, once per boot: nothing is done when the PCR holds
 * exactly them already (*done false). When it holds anything else: IN_USE, unless others is set
 * (systemd-stub measures into the same PCR).
 */
SR_MUST_CHECK enum sr_error platform_tpm_measure(struct platform *self, bool *done,
    const struct sr_hash32 *digests, size_t n, bool others);

#endif
