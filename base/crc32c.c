/* CRC-32C (Castagnoli), by the processor's own instruction where there is one. */
#include "base/crypto.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

/* Four bits at a time over the reflected polynomial 0x82f63b78. */
static uint32_t crc32c_portable(uint32_t crc, const uint8_t *p, size_t n)
{
	static const uint32_t nibble[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362,
		0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab,
		0xe330a81a, 0xf36e6f75,
	};

	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ nibble[crc & 15];
		crc = crc >> 4 ^ nibble[crc & 15];
	}
	return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const uint8_t *p,
    size_t n)
{
	uint64_t wide = crc;

	for (; n >= 8; p += 8, n -= 8) {
		uint64_t word;

		memcpy(&word, p, sizeof word);
		wide = _mm_crc32_u64(wide, word);
	}
	return crc32c_portable((uint32_t)wide, p, n);
}
#endif

uint32_t sr_crc32c(uint32_t crc, const void *p, size_t n)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("sse4.2"))
		return ~crc32c_sse42(~crc, p, n);
#endif
	return ~crc32c_portable(~crc, p, n);
}
