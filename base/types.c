#include "base/types.h"

#include <string.h>

bool sr_hash32_equal(const struct sr_hash32 *a, const struct sr_hash32 *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

bool sr_hash32_is_zero(const struct sr_hash32 *a)
{
	static const struct sr_hash32 zero;

	return sr_hash32_equal(a, &zero);
}

int sr_hash32_compare(const struct sr_hash32 *a, const struct sr_hash32 *b)
{
	return memcmp(a->b, b->b, sizeof a->b);
}

/* Decodes one code point and moves on; UINT32_MAX for anything that is not canonical UTF-8. */
static uint32_t utf8_next(const uint8_t **p, const uint8_t *end)
{
	static const uint32_t smallest[] = { 0, 0x80, 0x800, 0x10000 };
	uint8_t first = *(*p)++;
	unsigned more = first < 0x80 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
	uint32_t c = more == 0 ? first : first & (0x3fu >> more);

	if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || (size_t)(end - *p) < more)
		return UINT32_MAX;
	for (unsigned i = 0; i < more; i++) {
		uint8_t next = *(*p)++;

		if ((next & 0xc0) != 0x80)
			return UINT32_MAX;
		c = c << 6 | (next & 0x3f);
	}
	if (c < smallest[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return UINT32_MAX;
	return c;
}

bool sr_name_valid(const uint8_t *name, size_t n)
{
	const uint8_t *p = name;

	if (n == 0 || n > SR_NAME_MAX)
		return false;
	while (p < name + n) {
		uint32_t c = utf8_next(&p, name + n);

		if (c == UINT32_MAX || c < 0x20 || (c >= 0x7f && c <= 0x9f))
			return false;
	}
	return true;
}
