/*
 * enclave/shell_cert.h - the certificate of an enclave's channels (DESIGN 9): a fresh key each
 * start, self-signed, carrying evidence in the TCG DICE extension 2.23.133.5.4.9 as tagged CBOR:
 *   tag(EVIDENCE_TAG) [ kind, binding, signature of the member's identity key over the binding ]
 *   binding = "validateer" | chain id 32 | member u32 | measurement 32 | nonce 32 | SHA-256 of the
 * key's SPKI The enclave verifies peers itself; the host only moves bytes.
 */
#ifndef SR_ENCLAVE_SHELL_CERT_H
#define SR_ENCLAVE_SHELL_CERT_H

#include <gnutls/gnutls.h>

#include "enclave/core.h"

#define SHELL_CERT_OID "2.23.133.5.4.9"
#define SHELL_CERT_EVIDENCE_TAG                                                                    \
	1936850945u /* 0x73720001: software evidence, from the private range */

struct shell_cert {
	gnutls_certificate_credentials_t credentials;
};

/* Makes key and certificate; the core must have booted. nonce: 32 fresh random bytes. */
SR_MUST_CHECK enum sr_error shell_cert_init(struct shell_cert *self,
    const struct enclave_core *core, const struct sr_hash32 *measurement,
    const struct sr_hash32 *nonce, uint64_t now_ms);
void shell_cert_clear(struct shell_cert *self);

/* Does this DER certificate belong to that member of this chain? BAD_ENCODING: no certificate;
 * EVIDENCE_BAD: no evidence in it; EVIDENCE_KIND; BINDING: of another key, member, chain or role;
 * MEASUREMENT: not in the genesis; NOT_A_MEMBER; BAD_SIGNATURE: not by the member's identity key;
 * TOO_LONG. */
SR_MUST_CHECK enum sr_error shell_cert_verify(const struct enclave_core *core, uint32_t member,
    const uint8_t *der, size_t n);

#endif
