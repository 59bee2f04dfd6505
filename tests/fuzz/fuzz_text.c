/* tests/fuzz/fuzz_text.c - text that people and other programs write: hexadecimal, base64, names,
 * accounts, Ethereum addresses. */
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "chain/ethsig.h"
#include "tests/fuzz/fuzz.h"
#include "vault/op.h"

static char *copy_lower(const char *text, size_t n)
{
	char *out = malloc(n + 1);
	FUZZ_CHECK(out != NULL);
	for (size_t i = 0; i < n; i++)
		out[i] = (char)(text[i] >= 'A' && text[i] <= 'F' ? text[i] + 32 : text[i]);
	out[n] = '\0';
	return out;
}

static void hex(const char *text, size_t n)
{
	uint8_t *bytes = malloc(n / 2 + 1);
	FUZZ_CHECK(bytes != NULL);
	if (sr_hex_decode(bytes, n / 2, text, n) == SR_OK) {
		char *lower = copy_lower(text, n), *again = malloc(n + 1);
		FUZZ_CHECK(again != NULL);
		sr_hex_encode(again, bytes, n / 2);
		FUZZ_CHECK(memcmp(again, lower, n) == 0);
		free(lower);
		free(again);
	}
	free(bytes);
}

static void base64(const char *text, size_t n)
{
	size_t size;
	uint8_t *bytes = malloc(n / 4 * 3 + 1);
	char *again = malloc(n + 1);
	FUZZ_CHECK(bytes != NULL && again != NULL);
	if (sr_base64_decode(bytes, &size, text, n) == SR_OK) {
		FUZZ_CHECK(size <= n / 4 * 3);
		sr_base64_encode(again, bytes, size);
		FUZZ_CHECK(strlen(again) == n && memcmp(again, text, n) == 0);
	}
	free(bytes);
	free(again);
}

static void account(const char *text, size_t n)
{
	struct vault_account a;
	char again[VAULT_ACCOUNT_TEXT_MAX];
	if (vault_account_parse(&a, text, n) != SR_OK)
		return;
	char *lower = copy_lower(text, n);
	/* "ed25519:" keeps its letters: only the digits may be of either case. */
	vault_account_text(again, &a);
	FUZZ_CHECK(strlen(again) == n && memcmp(again, lower, n) == 0);
	free(lower);
}

static void address(const char *text, size_t n)
{
	struct chain_eth_address a, b;
	char again[CHAIN_ETH_TEXT];
	if (chain_eth_address_parse(&a, text, n) != SR_OK)
		return;
	chain_eth_address_text(again, &a);
	FUZZ_CHECK(chain_eth_address_parse(&b, again, strlen(again)) == SR_OK);
	FUZZ_CHECK(memcmp(&a, &b, sizeof(a)) == 0);
}

static void name(const uint8_t *p, size_t n)
{
	if (!sr_name_valid(p, n))
		return;
	FUZZ_CHECK(n >= 1 && n <= SR_NAME_MAX);
	/* Nothing that a terminal would act on. */
	for (size_t i = 0; i < n; i++) {
		FUZZ_CHECK(p[i] >= 0x20 && p[i] != 0x7f);
		FUZZ_CHECK(p[i] != 0xc2 || (i + 1 < n && p[i + 1] >= 0xa0));
	}
}

void fuzz_text(const uint8_t *p, size_t n)
{
	if (n == 0)
		return;
	const char *text = (const char *)p + 1;
	switch (p[0] % 5) {
	case 0: hex(text, n - 1); return;
	case 1: base64(text, n - 1); return;
	case 2: account(text, n - 1); return;
	case 3: address(text, n - 1); return;
	default: name(p + 1, n - 1); return;
	}
}

static void put(uint8_t which, const char *text)
{
	struct sr_writer w;
	sr_writer_init(&w, 256);
	sr_write_copy(&w, (const uint8_t *)text, strlen(text));
	fuzz_seed_of(which, "text", &w);
}

void seed_text(void)
{
	put(0, "00ffaBCd");
	put(0, "0g");
	put(0, "000");
	put(1, "");
	put(1, "AA==");
	put(1, "Zm9vYmE=");
	put(1, "Zm9vYmFy+/09");
	put(1, "AB==");
	put(1, "AAA!");
	put(2, "none");
	put(2, "ed25519:1111111111111111111111111111111111111111111111111111111111111111");
	put(2, "0x2222222222222222222222222222222222222222");
	put(2, "0x22");
	put(2, "someone");
	put(3, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed");
	put(3, "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed");
	put(3, "0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED");
	put(3, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed");
	put(3, "0xzz");
	put(4, "Schl\xc3\xbcssel \xe2\x82\xac \xf0\x9f\x94\x91");
	put(4, "\xc2\x85");
	put(4, "\xed\xa0\x80");
	put(4, "\xf4\x90\x80\x80");
	put(4, "\xc0\x80");
	put(4, "\xe2\x82");
	put(4, "");
}
