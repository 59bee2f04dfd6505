/*
 * attest/tpm_public.h - a TPM's public area (TPM 2.0 Library part 2, 12.2.4 TPMT_PUBLIC) of the
 * keys that sign quotes, and the readers of the TPM's encoding. Integers are big-endian.
 */
#ifndef SR_ATTEST_TPM_PUBLIC_H
#define SR_ATTEST_TPM_PUBLIC_H

#include "base/crypto.h"

#define TPM_ALG_SHA256 0x000bu
#define TPM_ALG_RSASSA 0x0014u
#define TPM_ALG_ECDSA 0x0018u

#define TPM_NAME 34u                     /* nameAlg, SHA-256 of the public area */
#define TPM_SPKI_MAX 600u

uint16_t tpm_read_u16(struct sr_reader *r);
uint32_t tpm_read_u32(struct sr_reader *r);
uint64_t tpm_read_u64(struct sr_reader *r);
/* TPM2B: a length and so many bytes. EVIDENCE_FORMAT above max. Borrowed. */
struct sr_bytes tpm_read_sized(struct sr_reader *r, size_t max);

struct tpm_public { uint8_t name[TPM_NAME], spki[TPM_SPKI_MAX]; size_t spki_n; };

/*
 * An attestation key: RSA (2048 to 4096 bits, RSASSA) or P-256 (ECDSA), of SHA-256; it never left
 * and never leaves its TPM (fixedTPM, fixedParent, sensitiveDataOrigin) and signs only what the TPM
 * itself says (restricted, sign, not decrypt).
 * EVIDENCE_FORMAT: not such a public area, or bytes left over; EVIDENCE_BAD: other attributes.
 */
SR_MUST_CHECK enum sr_error tpm_attestation_key_read(
    struct tpm_public *out, struct sr_bytes tpmt_public);

#endif
