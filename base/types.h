/* base/types.h - small fixed-size values; one-member structs where two could be mixed up. */
#ifndef SR_BASE_TYPES_H
#define SR_BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sr_hash32 { uint8_t b[32]; };        /* a SHA-256 value: block hashes, roots, ids */
struct sr_sig64 { uint8_t b[64]; };         /* Ed25519 signature */
struct sr_edpk { uint8_t b[32]; };          /* Ed25519 public key */
struct sr_xpk { uint8_t b[32]; };           /* X25519 public key */

/* Bounds used everywhere (DESIGN 10). */
#define SR_MEMBERS_MAX 100u
#define SR_OP_MAX (96u * 1024u)
#define SR_BLOCK_MAX (4u * 1024u * 1024u)
#define SR_INLINE_PAYLOAD_MAX (64u * 1024u)
#define SR_PAYLOAD_MAX (1024ull * 1024ull * 1024ull)
#define SR_NAME_MAX 64u

/* A borrowed run of bytes. Never owns. */
struct sr_bytes { const uint8_t *p; size_t n; };

bool sr_hash32_equal(const struct sr_hash32 *a, const struct sr_hash32 *b); /* public data only */
bool sr_hash32_is_zero(const struct sr_hash32 *a);
/* Lexicographic, for sorted tables of public values: <0, 0, >0. */
int sr_hash32_compare(const struct sr_hash32 *a, const struct sr_hash32 *b);

/* 1 to SR_NAME_MAX bytes of valid UTF-8, no control characters. */
bool sr_name_valid(const uint8_t *name, size_t n);

#endif
