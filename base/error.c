#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>

#define NAME_MAX_CHARS 40

struct row {
	unsigned number;
	char name[NAME_MAX_CHARS];
	const char *message;
};

static struct row rows[] = {
#define SR_ERROR(name, number, text) { number, #name, text },
#include "base/error.def"
#undef SR_ERROR
};
static const size_t rows_n = sizeof rows / sizeof rows[0];

/* The list is in capitals, for the enum; the public names are lower-case. Once, before main. */
__attribute__((constructor)) static void lower_the_names(void)
{
	for (size_t i = 0; i < rows_n; i++)
		for (char *c = rows[i].name; *c != '\0'; c++)
			if (*c >= 'A' && *c <= 'Z')
				*c = (char)(*c - 'A' + 'a');
}

static const struct row *find(unsigned code)
{
	for (size_t i = 0; i < rows_n; i++)
		if (rows[i].number == code)
			return &rows[i];
	return NULL;
}

const char *sr_error_name(unsigned code)
{
	const struct row *row = find(code);

	return row != NULL ? row->name : "unknown_error";
}

const char *sr_error_message(unsigned code)
{
	const struct row *row = find(code);

	return row != NULL ? row->message : "an error this build does not know";
}

enum sr_error sr_error_from_number(unsigned code)
{
	return find(code) != NULL ? (enum sr_error)code : SR_ERR_INTERNAL;
}

bool sr_error_is_shortage(enum sr_error error)
{
	return error == SR_ERR_NO_MEMORY || error == SR_ERR_NO_LOCKED_MEMORY ||
	    error == SR_ERR_RANDOM_FAILED;
}

void sr_assert_failed(const char *file, int line, const char *cond)
{
	fprintf(stderr, "strongroom: internal check failed: %s:%d: %s\n", file, line, cond);
	abort();
}
