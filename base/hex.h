/* base/hex.h - lower-case hexadecimal, and base64 for public data. */
#ifndef SR_BASE_HEX_H
#define SR_BASE_HEX_H

#include "base/error.h"
#include "base/types.h"

/* Writes 2n digits and a NUL. out must hold 2n + 1. */
void sr_hex_encode(char *out, const uint8_t *bytes, size_t n);
/* Exactly 2n digits (either case), n bytes out. BAD_HEX otherwise; out is untouched then. */
SR_MUST_CHECK enum sr_error sr_hex_decode(uint8_t *out, size_t n, const char *text, size_t text_n);
/* Standard alphabet with padding. out must hold 4*((n+2)/3) + 1. */
void sr_base64_encode(char *out, const uint8_t *bytes, size_t n);
/* out must hold text_n/4*3. BAD_ENCODING for anything not canonical. */
SR_MUST_CHECK enum sr_error sr_base64_decode(uint8_t *out, size_t *out_n, const char *text,
    size_t text_n);

#endif
