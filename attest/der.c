#include "attest/der.h"

static size_t length(struct sr_reader *r)
{
	uint8_t first = sr_read_u8(r);
	size_t n = 0;

	if (first < 0x80)
		return first;
	if (first < 0x81 || first > 0x83) {
		sr_reader_fail(r, SR_ERR_BAD_ENCODING);
		return 0;
	}
	for (unsigned i = 0; i < (first & 0x7fu); i++)
		n = n << 8 | sr_read_u8(r);
	if (n < (first == 0x81 ? 0x80u : first == 0x82 ? 0x100u : 0x10000u))
		sr_reader_fail(r, SR_ERR_BAD_ENCODING);
	return n;
}

struct sr_bytes der_next(struct sr_reader *r, uint8_t *tag)
{
	size_t n;

	*tag = sr_read_u8(r);
	n = length(r);
	return sr_read_view(r, n);
}

struct sr_bytes der_expect(struct sr_reader *r, uint8_t tag)
{
	struct sr_bytes content;
	uint8_t have;

	content = der_next(r, &have);
	if (have != tag)
		sr_reader_fail(r, SR_ERR_BAD_ENCODING);
	return content;
}

uint32_t der_u32(struct sr_reader *r)
{
	struct sr_bytes b = der_expect(r, DER_INTEGER);
	uint32_t v = 0;

	if (r->error != SR_OK)
		return 0;
	if (b.n == 0 || b.p[0] >= 0x80 || b.n > 5 || (b.n == 5 && b.p[0] != 0) ||
	    (b.n > 1 && b.p[0] == 0 && b.p[1] < 0x80)) {
		sr_reader_fail(r, SR_ERR_BAD_ENCODING);
		return 0;
	}
	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[i];
	return v;
}
