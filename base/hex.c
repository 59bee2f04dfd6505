#include "base/hex.h"

/* Key files are hexadecimal: neither a table nor a branch may see a digit. */
static char hex_char(unsigned v)
{
	return (char)('0' + v + ((9u - v) >> 8 & ('a' - '9' - 1u)));
}

void sr_hex_encode(char *out, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = hex_char(bytes[i] >> 4);
		out[2 * i + 1] = hex_char(bytes[i] & 15u);
	}
	out[2 * n] = '\0';
}

/* All bits where low <= c <= high, else none. */
static unsigned within(unsigned c, unsigned low, unsigned high)
{
	return ~((c - low) >> 8 | (high - c) >> 8) & 0xffu;
}

/* The digit's value; *bad gets a bit when it is none. */
static unsigned hex_value(char text, unsigned *bad)
{
	unsigned c = (unsigned char)text;
	unsigned digit = within(c, '0', '9'), lower = within(c, 'a', 'f');
	unsigned upper = within(c, 'A', 'F');

	*bad |= ~(digit | lower | upper) & 1u;
	return (digit & (c - '0')) | (lower & (c - 'a' + 10)) | (upper & (c - 'A' + 10));
}

/* Not inlined: the verdict, which is public, is the only branch of its caller, and the
 * constant-time tests let that one pass. out may be NULL. */
__attribute__((noinline)) static unsigned hex_values(uint8_t *out, const char *text, size_t n)
{
	unsigned bad = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned high = hex_value(text[2 * i], &bad);
		unsigned low = hex_value(text[2 * i + 1], &bad);

		if (out != NULL)
			out[i] = (uint8_t)(high << 4 | low);
	}
	return bad;
}

enum sr_error sr_hex_decode(uint8_t *out, size_t n, const char *text, size_t text_n)
{
	if (text_n % 2 != 0 || text_n / 2 != n || hex_values(NULL, text, n) != 0)
		return SR_ERR_BAD_HEX;
	(void)hex_values(out, text, n);
	return SR_OK;
}

void sr_base64_encode(char *out, const uint8_t *bytes, size_t n)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)bytes[i] << 16;

		v |= i + 1 < n ? (uint32_t)bytes[i + 1] << 8 : 0;
		v |= i + 2 < n ? bytes[i + 2] : 0;
		*out++ = digits[v >> 18];
		*out++ = digits[v >> 12 & 63];
		*out++ = i + 1 < n ? digits[v >> 6 & 63] : '=';
		*out++ = i + 2 < n ? digits[v & 63] : '=';
	}
	*out = '\0';
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

enum sr_error sr_base64_decode(uint8_t *out, size_t *out_n, const char *text, size_t text_n)
{
	size_t pad = 0, n = 0;

	*out_n = 0;
	if (text_n % 4 != 0)
		return SR_ERR_BAD_ENCODING;
	while (pad < 2 && pad < text_n && text[text_n - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; i < text_n; i += 4) {
		size_t chars = i + 4 == text_n ? 4 - pad : 4;
		uint32_t v = 0;

		for (size_t j = 0; j < 4; j++) {
			int d = j < chars ? base64_digit(text[i + j]) : 0;

			if (d < 0)
				return SR_ERR_BAD_ENCODING;
			v = v << 6 | (uint32_t)d;
		}
		/* One value, one encoding: the bits that carry nothing must be zero. */
		if ((chars == 3 && (v & 0xff) != 0) || (chars == 2 && (v & 0xffff) != 0))
			return SR_ERR_BAD_ENCODING;
		for (size_t j = 0; j + 1 < chars; j++)
			out[n++] = (uint8_t)(v >> (16 - 8 * j));
	}
	*out_n = n;
	return SR_OK;
}
