#include <string.h>

#include "platform/internal.h"

/* GHCB specification, SNP extended guest request: rows of guid 16, offset u32, length u32 up to a
 * row of zeros; offsets count from the table's start. */
struct sr_bytes platform_snp_certificate(struct sr_bytes table, const uint8_t guid[16])
{
	static const uint8_t end[16];
	struct sr_reader r;

	sr_reader_init(&r, table.p, table.n);
	for (;;) {
		struct sr_bytes found = sr_read_view(&r, 16);
		uint32_t offset = sr_read_u32(&r), n = sr_read_u32(&r);

		if (r.error != SR_OK || memcmp(found.p, end, 16) == 0)
			return (struct sr_bytes){ NULL, 0 };
		if (memcmp(found.p, guid, 16) != 0)
			continue;
		if (offset > table.n || n > table.n - offset)
			return (struct sr_bytes){ NULL, 0 };
		return (struct sr_bytes){ table.p + offset, n };
	}
}

/* Some TPMs fill the rest of the index: a certificate is as long as its outer SEQUENCE says. */
size_t platform_der_size(struct sr_bytes nv)
{
	size_t size;

	if (nv.n < 4 || nv.p[0] != 0x30 || nv.p[1] != 0x82)
		return 0;
	size = ((size_t)nv.p[2] << 8 | nv.p[3]) + 4;
	return size <= nv.n ? size : 0;
}
