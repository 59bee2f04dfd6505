/* tests/lib/vectors.c - see vectors.h. */
#include "tests/lib/vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"

static void path_of(char *out, size_t out_n, const char *path)
{
	const char *root = getenv("STRONGROOM_VECTORS");

	snprintf(out, out_n, "%s/%s", root != NULL ? root : "../shared/data", path);
}

static void skipped(const char *full, const char *what)
{
	fprintf(stderr, "SKIPPED 1 file of vectors: %s: none at %s (set STRONGROOM_VECTORS)\n",
	    what, full);
}

json_t *test_vectors_load(const char *path, const char *what_is_skipped)
{
	char full[4096];
	json_error_t error;
	json_t *out;

	path_of(full, sizeof full, path);
	out = json_load_file(full, 0, &error);
	if (out == NULL && access(full, R_OK) == 0) {
		fprintf(stderr, "%s:%d: %s\n", full, error.line, error.text);
		abort();
	}
	if (out == NULL)
		skipped(full, what_is_skipped);
	return out;
}

uint8_t *test_vectors_bytes(const char *path, size_t *n, const char *what_is_skipped)
{
	char full[4096];
	uint8_t *out = NULL;
	size_t used = 0, room = 0, got;
	FILE *file;

	path_of(full, sizeof full, path);
	file = fopen(full, "rb");
	if (file == NULL) {
		skipped(full, what_is_skipped);
		return NULL;
	}
	do {
		if (used == room)
			out = realloc(out, room = room * 2 + 65536);
		if (out == NULL)
			abort();
		got = fread(out + used, 1, room - used, file);
		used += got;
	} while (got > 0);
	fclose(file);
	out[used] = '\0'; /* the last read got nothing, so there is room */
	*n = used;
	return out;
}

uint8_t *test_vectors_unhex(const char *text, size_t *n)
{
	size_t text_n;
	uint8_t *out;

	if (strncmp(text, "0x", 2) == 0)
		text += 2;
	text_n = strlen(text);
	out = malloc(text_n / 2 + 1);
	*n = text_n / 2;
	if (out == NULL || sr_hex_decode(out, *n, text, text_n) != SR_OK) {
		fprintf(stderr, "not hexadecimal: %s\n", text);
		abort();
	}
	return out;
}

uint8_t *test_vectors_hex(const json_t *object, const char *member, size_t *n)
{
	const char *text = json_string_value(json_object_get(object, member));

	if (text == NULL) {
		fprintf(stderr, "no %s in a vector\n", member);
		abort();
	}
	return test_vectors_unhex(text, n);
}

void test_vectors_hex_into(uint8_t *out, size_t n, const json_t *object, const char *member)
{
	size_t got;
	uint8_t *bytes = test_vectors_hex(object, member, &got);

	if (got != n) {
		fprintf(stderr, "%s has %zu bytes, not %zu\n", member, got, n);
		abort();
	}
	memcpy(out, bytes, n);
	free(bytes);
}
