/*
 * tests/lib/vectors.h - published vectors, read where they stand: STRONGROOM_VECTORS, by default
 * ../shared/data. Absent vectors are said aloud; they are never a silent pass.
 */
#ifndef SR_TESTS_LIB_VECTORS_H
#define SR_TESTS_LIB_VECTORS_H

#include <jansson.h>

#include "base/types.h"

/* The file's JSON (json_decref it), or NULL with a line on stderr about what is skipped. A file
 * that is there and does not parse is a failure. */
json_t *test_vectors_load(const char *path, const char *what_is_skipped);
/* The file's bytes and a NUL (free them), or NULL in the same way. */
uint8_t *test_vectors_bytes(const char *path, size_t *n, const char *what_is_skipped);
/* Hex text of a member, with or without 0x, to malloc'd bytes; aborts when it is not there. */
uint8_t *test_vectors_hex(const json_t *object, const char *member, size_t *n);
/* The same into exactly n bytes. */
void test_vectors_hex_into(uint8_t *out, size_t n, const json_t *object, const char *member);
uint8_t *test_vectors_unhex(const char *text, size_t *n);

#endif
