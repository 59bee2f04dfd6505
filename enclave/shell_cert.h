/*
 * enclave/shell_cert.h - the certificate of an enclave's channels (DESIGN 9): a fresh key,
 * self-signed, carrying evidence in the TCG DICE extension 2.23.133.5.4.9 as tagged CBOR:
 *   tag(EVIDENCE_TAG) [ kind, binding, signature of the identity key over the binding, evidence ]
 *   binding = "validateer" | chain id 32 | seat u32 | identity key 32 | measurement 32 | nonce 32 |
 *             SHA-256 of the key's SPKI
 *   evidence (attest/evidence.h) is over report data = SHA-512("strongroom channel report v1" with
 *   its NUL | binding). For software evidence it is empty: the signature and the measurement in the
 *   binding are all there is; for other kinds the evidence says what runs.
 * The enclave verifies peers itself; the host only moves bytes. Evidence is made once for each
 * certificate, not for each handshake: TLS proves that whoever shows it has its key, which no other
 * process ever had. The channels refuse a nonce that they have seen replaced.
 */
#ifndef SR_ENCLAVE_SHELL_CERT_H
#define SR_ENCLAVE_SHELL_CERT_H

#include <gnutls/gnutls.h>

#include "attest/evidence.h"
#include "enclave/core.h"

#define SHELL_CERT_OID "2.23.133.5.4.9"
#define SHELL_CERT_EVIDENCE_TAG                                                                    \
	1936850946u /* 0x73720002: our own evidence, from the private range */
#define SHELL_CERT_BINDING (10u + 32u + 4u + 4u * 32u)
#define SHELL_CERT_BYTES_MAX (ATTEST_EVIDENCE_MAX + 8192u)

struct shell_cert {
	gnutls_certificate_credentials_t credentials;
	gnutls_x509_privkey_t key;       /* until it is finished */
	gnutls_x509_crt_t crt;
	uint8_t binding[SHELL_CERT_BINDING];
	uint8_t report_data[ATTEST_REPORT_DATA];
};

/* Makes the key and what evidence has to be over; the core must have booted and have a seat.
 * measurement: of the running program. nonce: 32 fresh random bytes. */
SR_MUST_CHECK enum sr_error shell_cert_begin(struct shell_cert *self,
    const struct enclave_core *core, const struct sr_hash32 *measurement,
    const struct sr_hash32 *nonce, uint64_t now_ms);
/* Makes the certificate. evidence: for its report data; none: software evidence. */
SR_MUST_CHECK enum sr_error shell_cert_finish(struct shell_cert *self,
    const struct enclave_core *core, struct sr_bytes evidence);
/* Both, with software evidence. */
SR_MUST_CHECK enum sr_error shell_cert_init(struct shell_cert *self,
    const struct enclave_core *core, const struct sr_hash32 *measurement,
    const struct sr_hash32 *nonce, uint64_t now_ms);
void shell_cert_clear(struct shell_cert *self);

/* attest_evidence_verify, but for tests. */
typedef enum sr_error shell_cert_verifier(struct attest_facts *facts, struct sr_bytes evidence,
    const struct attest_trust *trust, uint64_t time_s);

/*
 * Does this DER certificate belong to whoever has that seat in this chain now, and is its evidence
 * acceptable? nonce: which one it has. verify NULL: no evidence but software's is. Each refusal has
 * its error, in this order:
 *   TOO_LONG, BAD_ENCODING  no certificate
 *   EVIDENCE_BAD            no evidence in it
 *   EVIDENCE_KIND           of an unknown format, or a kind that is not verified or accepted
 *   NOT_A_MEMBER            nobody has that seat
 *   EVIDENCE_ROLE           for another role
 *   WRONG_CHAIN             for another cluster
 *   EVIDENCE_SEAT           another member's
 *   BINDING                 of another TLS key; or the evidence is over something else
 *   BAD_SIGNATURE           not by the identity key
 *   the verifier's errors, and attest_policy_judge's
 */
SR_MUST_CHECK enum sr_error shell_cert_verify(struct sr_hash32 *nonce,
    const struct enclave_core *core, uint32_t seat, const uint8_t *der, size_t n,
    shell_cert_verifier *verify, uint64_t now_ms);

#endif
