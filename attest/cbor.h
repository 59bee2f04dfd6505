/*
 * attest/cbor.h - the CBOR (RFC 8949) that signed documents use: shortest lengths, definite
 * strings, definite or indefinite lists. All failures are the reader's.
 */
#ifndef SR_ATTEST_CBOR_H
#define SR_ATTEST_CBOR_H

#include "base/buf.h"

struct cbor_list { uint64_t left; bool indefinite; };

uint64_t cbor_uint(struct sr_reader *r);
struct sr_bytes cbor_bytes(struct sr_reader *r);      /* borrowed */
struct sr_bytes cbor_text(struct sr_reader *r);       /* borrowed; not checked to be UTF-8 */
struct cbor_list cbor_array(struct sr_reader *r);
struct cbor_list cbor_map(struct sr_reader *r);       /* left counts pairs */
/* Another item, or pair, comes; takes the break of an indefinite list. */
bool cbor_more(struct sr_reader *r, struct cbor_list *list);
/* Takes a null when one comes. */
bool cbor_null(struct sr_reader *r);
/* Takes that tag when it comes. */
void cbor_tag(struct sr_reader *r, uint8_t tag);

#endif
