/* tests/fuzz/fuzz_platform.c - the files between a node and its provisioner, and what machines hand
 * out: SNP's table of certificates, what lies in a TPM's NV index. */
#include <stdlib.h>

#include "platform/internal.h"
#include "platform/vouch.h"
#include "tests/fuzz/fuzz.h"

#define FILE_KIND(name, type)                                                                      \
	static void name(const uint8_t *p, size_t n)                                               \
	{                                                                                          \
		struct type v;                                                                     \
		struct sr_writer w;                                                                \
                                                                                                   \
		if (type##_read(&v, (struct sr_bytes){ p, n }) != SR_OK)                           \
			return;                                                                    \
		sr_writer_init(&w, PLATFORM_FILE_BYTES_MAX);                                       \
		type##_write(&w, &v);                                                              \
		fuzz_same(&w, p, n);                                                               \
	}
FILE_KIND(public, platform_tpm_public)
FILE_KIND(challenge, platform_challenge)
FILE_KIND(answer, platform_answer)
FILE_KIND(state, platform_challenge_state)
FILE_KIND(vouch, platform_vouch)

static void table(const uint8_t *p, size_t n)
{
	struct sr_bytes found;

	if (n < 16)
		return;
	found = platform_snp_certificate((struct sr_bytes){ p + 16, n - 16 }, p);
	FUZZ_CHECK(found.n == 0 || (found.p >= p + 16 && found.p + found.n <= p + n));
}

static void der(const uint8_t *p, size_t n)
{
	FUZZ_CHECK(platform_der_size((struct sr_bytes){ p, n }) <= n);
}

/* input = which u8 | bytes */
void fuzz_platform(const uint8_t *p, size_t n)
{
	static void (*const kinds[])(const uint8_t *p, size_t n) = {
		public, challenge, answer, state, vouch, table, der };
	struct sr_reader r;
	uint8_t which, *bytes;

	sr_reader_init(&r, p, n);
	which = sr_read_u8(&r);
	bytes = fuzz_take(&r, &n, r.left);
	kinds[which % (sizeof kinds / sizeof kinds[0])](bytes, n);
	free(bytes);
}

void seed_platform(void)
{
	static const uint8_t some[40] = { 0x30, 0x82, 0, 30, 5 }, guid[16] = { 1, 2, 3 }, end[24];
	const struct sr_bytes b = { some, sizeof some };
	struct platform_challenge_state s = { .ek_certificate = b };
	struct platform_vouch v = { .ek = { { 1 } } };
	struct platform_answer a = { { { 2 } } };
	struct sr_writer w;

	sr_writer_init(&w, 4096);
	platform_tpm_public_write(&w, &(struct platform_tpm_public){ b, b, b });
	fuzz_seed_of(0, "public", &w);
	sr_writer_init(&w, 4096);
	platform_challenge_write(&w, &(struct platform_challenge){ b, b });
	fuzz_seed_of(1, "challenge", &w);
	sr_writer_init(&w, 4096);
	platform_answer_write(&w, &a);
	fuzz_seed_of(2, "answer", &w);
	sr_writer_init(&w, 4096);
	platform_challenge_state_write(&w, &s);
	fuzz_seed_of(3, "state", &w);
	sr_writer_init(&w, 4096);
	platform_vouch_write(&w, &v);
	fuzz_seed_of(4, "vouch", &w);
	/* The guid that is looked for, another row, its row, the end; one that says too much. */
	for (uint32_t length = 40; length <= 41; length++) {
		sr_writer_init(&w, 4096);
		sr_write_copy(&w, guid, 16);
		sr_write_copy(&w, some, 16);
		sr_write_u32(&w, 9999);
		sr_write_u32(&w, 9999);
		sr_write_copy(&w, guid, 16);
		sr_write_u32(&w, 3 * 24);
		sr_write_u32(&w, length);
		sr_write_copy(&w, end, sizeof end);
		sr_write_copy(&w, some, sizeof some);
		fuzz_seed_of(5, "table", &w);
	}
	sr_writer_init(&w, 4096);
	sr_write_copy(&w, some, sizeof some);
	fuzz_seed_of(6, "der", &w);
	sr_writer_init(&w, 4096);
	sr_write_copy(&w, some, 20);
	fuzz_seed_of(6, "der", &w);
}
