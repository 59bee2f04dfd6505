/* attest/der.h - the little of DER (X.690) that vendors put into certificate extensions. */
#ifndef SR_ATTEST_DER_H
#define SR_ATTEST_DER_H

#include "base/buf.h"

#define DER_INTEGER 0x02u
#define DER_BITS 0x03u
#define DER_OCTETS 0x04u
#define DER_OID 0x06u
#define DER_ENUM 0x0au
#define DER_IA5 0x16u
#define DER_SEQUENCE 0x30u

/* One element: its tag and content. Fails the reader on anything but a short canonical length. */
struct sr_bytes der_next(struct sr_reader *r, uint8_t *tag);
/* The content of an element with that tag; BAD_ENCODING otherwise. */
struct sr_bytes der_expect(struct sr_reader *r, uint8_t tag);
/* A non-negative integer of at most 32 bits. */
uint32_t der_u32(struct sr_reader *r);

#endif
