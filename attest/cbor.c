#include "attest/cbor.h"

enum { UINT = 0, BYTES = 2, TEXT = 3, ARRAY = 4, MAP = 5, TAG = 6 };

#define INDEFINITE 31u
#define BREAK 0xffu
#define NIL 0xf6u

static bool comes(const struct sr_reader *r, uint8_t byte)
{
	return r->error == SR_OK && r->left > 0 && r->p[0] == byte;
}

/* The head's number; *indefinite is set instead where that is allowed. */
static uint64_t head(struct sr_reader *r, uint8_t major, bool *indefinite)
{
	static const uint64_t least[4] = { 24, 0x100, 0x10000, 0x100000000u };
	uint8_t first = sr_read_u8(r), info = first & 31u;
	uint64_t v = 0;

	if (first >> 5 != major) {
		sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
		return 0;
	}
	if (info < 24)
		return info;
	if (info == INDEFINITE && indefinite != NULL) {
		*indefinite = true;
		return 0;
	}
	if (info > 27) {
		sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
		return 0;
	}
	for (unsigned i = 0; i < 1u << (info - 24); i++)
		v = v << 8 | sr_read_u8(r);
	if (v < least[info - 24])
		sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
	return r->error == SR_OK ? v : 0;
}

uint64_t cbor_uint(struct sr_reader *r)
{
	return head(r, UINT, NULL);
}

static struct sr_bytes string(struct sr_reader *r, uint8_t major)
{
	uint64_t n = head(r, major, NULL);

	if (n > r->left)
		sr_reader_fail(r, SR_ERR_EVIDENCE_FORMAT);
	return sr_read_view(r, r->error == SR_OK ? (size_t)n : 0);
}

struct sr_bytes cbor_bytes(struct sr_reader *r)
{
	return string(r, BYTES);
}

struct sr_bytes cbor_text(struct sr_reader *r)
{
	return string(r, TEXT);
}

static struct cbor_list list(struct sr_reader *r, uint8_t major)
{
	struct cbor_list l = { 0, false };

	l.left = head(r, major, &l.indefinite);
	return l;
}

struct cbor_list cbor_array(struct sr_reader *r)
{
	return list(r, ARRAY);
}

struct cbor_list cbor_map(struct sr_reader *r)
{
	return list(r, MAP);
}

bool cbor_more(struct sr_reader *r, struct cbor_list *l)
{
	if (r->error != SR_OK)
		return false;
	if (!l->indefinite)
		return l->left-- > 0;
	if (!comes(r, BREAK))
		return true;
	sr_read_u8(r);
	return false;
}

bool cbor_null(struct sr_reader *r)
{
	if (!comes(r, NIL))
		return false;
	sr_read_u8(r);
	return true;
}

void cbor_tag(struct sr_reader *r, uint8_t tag)
{
	if (comes(r, (uint8_t)(TAG << 5 | tag)))
		sr_read_u8(r);
}
